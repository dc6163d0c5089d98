//! From what the client knows to what a page shows.

use securemailbox_client::{
    attachments::{DraftFile, FileId},
    comparing::Comparison,
    contacts::{self, Contacts, Names},
    letters::{self, Draft, DraftRow, ReaderDelivery, Reading},
    mailbox::Mailbox,
    replica::Conversation,
    settings::turns_direction,
};
use securemailbox_protocol::{
    address::Address, ids::LetterId, letters as wire, limits, octets::Octets, time::Timestamp,
};

use securemailbox_vault::{attachments::Attachment, letters::Letter};

use crate::{problems::problem, views};

/// Whoever is shown beside others: the contacts, and oneself.
pub(crate) struct People<'a> {
    pub(crate) contacts: &'a Contacts,
    mailbox: &'a Mailbox,
    names: Names<'a>,
    pub(crate) own: &'a Address,
    pub(crate) own_name: String,
}

impl<'a> People<'a> {
    /// Whoever `contacts` are, the contacts of `mailbox`.
    pub(crate) fn of(mailbox: &'a Mailbox, contacts: &'a Contacts) -> Self {
        Self { contacts, mailbox, names: mailbox.names(contacts), own: mailbox.address(), own_name: mailbox.name() }
    }

    /// Somebody with a verified standing, and the name they claim.
    pub(crate) fn somebody(
        &self,
        address: &Address,
        claimed: Option<&str>,
        standing: contacts::Standing,
    ) -> views::Correspondent {
        let shown = if address == self.own {
            contacts::ShownName { name: Some(self.own_name.clone()), alone: true }
        } else {
            self.names.shown(address, claimed)
        };
        let check = self.contacts.get(address).and_then(contacts::Contact::number_check);
        views::Correspondent {
            address: address.clone(),
            name: shown.name,
            name_may_stand_alone: shown.alone,
            standing,
            number: check.filter(|check| check.matches).map(|check| check.phone.clone()),
            open_to_operator: self.contacts.get(address).is_some_and(contacts::Contact::is_open_to_operator),
        }
    }

    /// Somebody of whom only the address is known here: as the contacts have them.
    pub(crate) fn contact(&self, address: &Address) -> views::Correspondent {
        let standing = if address == self.own { contacts::Standing::Own } else { self.contacts.standing_of(address) };
        self.somebody(address, None, standing)
    }

    pub(crate) fn conversation(&self, conversation: Conversation, newest: letters::Row) -> views::Conversation {
        let Conversation { id, letters, is_post: _, unread, flagged } = conversation;
        let opens = unread.unwrap_or(newest.entry.id);
        views::Conversation { id, ids: letters, opens, read: unread.is_none(), flagged, newest: self.row(newest) }
    }

    pub(crate) fn row(&self, row: letters::Row) -> views::Row {
        let letters::Row { entry, summary } = row;
        let (level, summary, damage) = match summary {
            Ok((summary, standing)) => (summary.level, Some(self.summary(&summary, standing, entry.arrived)), None),
            Err(not) => {
                let (address, level) = (Some(entry.sender.address.as_str().into()), entry.level);
                (level, None, Some(views::Problem { address, level, ..problem(&not) }))
            }
        };
        views::Row {
            id: entry.id,
            folder: folder(entry.folder),
            read: entry.read,
            flagged: entry.flagged,
            arrived: entry.arrived,
            level,
            held: entry.held.map(|held| held.release),
            withdrawn: entry.withdrawn,
            erased: entry.binned.map(|binned| binned.after(limits::TRASH_LIFE)),
            summary,
            damage,
        }
    }

    fn summary(&self, summary: &letters::Summary, standing: contacts::Standing, arrived: Timestamp) -> views::Summary {
        views::Summary {
            from: self.somebody(&summary.from, summary.claimed_name.as_deref(), standing),
            to: summary.to.iter().map(|address| self.contact(address)).collect(),
            more_readers: summary.more_readers,
            subject: unturned(&summary.subject),
            first_line: unturned(&summary.first_line),
            attachments: summary.attachments,
            date: summary.date,
            // One's own letter that was held for days is dated when its readers got it.
            date_is_off: standing != contacts::Standing::Own && summary.date_is_off(arrived),
        }
    }

    pub(crate) fn letter(&self, reading: &Reading, conversation: Vec<views::Row>, row: Vec<LetterId>) -> views::Letter {
        let Reading { letter, entry, standing, warnings, deliveries, post } = reading;
        let each = post.iter().filter(|(_, sent_to)| sent_to.blind.is_none()).count() > 1;
        let to = match each {
            true => {
                post.iter().flat_map(|(_, sent_to)| &sent_to.readers).map(|(address, _)| address).collect::<Vec<_>>()
            }
            false => letter.to().iter().chain(letter.cc()).collect(),
        };
        let of_a_copy = letter.blind_reader().map(|(address, _)| address);
        let bcc: Vec<_> = match &post[..] {
            [] => of_a_copy.into_iter().collect(),
            post => post.iter().filter_map(|(_, sent_to)| sent_to.blind.as_ref()).collect(),
        };
        views::Letter {
            id: letter.id(),
            folder: folder(entry.folder),
            flagged: entry.flagged,
            arrived: entry.arrived,
            date: letter.date(),
            from: self.somebody(letter.from(), letter.claimed_name(), *standing),
            to: to.into_iter().map(|address| self.contact(address)).collect(),
            bcc: bcc.into_iter().map(|address| self.contact(address)).collect(),
            each,
            together: post.iter().map(|(id, _)| *id).collect(),
            subject: unturned(letter.subject()),
            text: letter.text().into(),
            files: self.files(letter),
            level: letter.level(),
            warnings: warnings.clone(),
            deliveries: deliveries.iter().map(|delivery| self.delivery(delivery, entry.id.made())).collect(),
            held: entry.held.map(|held| held.release),
            withdrawn: entry.withdrawn,
            conversation,
            row,
        }
    }

    fn files(&self, letter: &Letter) -> Vec<views::LetterFile> {
        let shown =
            |(Attachment { name, media_type, size, thumbnail, .. }, id): (&Attachment, FileId)| views::LetterFile {
                id,
                name: name.clone(),
                media_type: media_type.clone(),
                size: *size,
                thumbnail: thumbnail.as_ref().map(|thumbnail| Octets(thumbnail.jpeg().to_vec())),
            };
        letter.attachments().iter().zip(self.mailbox.remember_files(letter)).map(shown).collect()
    }

    /// `written`: when the letter was.
    pub(crate) fn delivery(&self, delivery: &ReaderDelivery, written: Timestamp) -> views::Delivery {
        let read = delivery.read.and_then(Result::ok);
        views::Delivery {
            reader: self.contact(&delivery.reader),
            blind: delivery.blind,
            delivered: delivery.delivered,
            notified: delivery.notified,
            notice_refused: delivery.notice_refused,
            read: read.map(|read| read.at),
            saved: delivery.saved,
            level: read.map(|read| read.level),
            receipt_refused: delivery.read.is_some_and(|read| read.is_err()),
            guest: delivery.guest,
            open_to_operator: self
                .contacts
                .get(&delivery.reader)
                .is_some_and(|contact| contact.was_open_to_operator(written)),
            ended: delivery.ended,
        }
    }
}

pub(crate) fn draft(mailbox: &Mailbox, row: &DraftRow) -> views::Draft {
    let waiting = mailbox.is_outgoing(row.id);
    let id = row.id;
    match &row.draft {
        Ok(Draft { to, cc, bcc, each, subject, text, answers, level, invite, files, saved, .. }) => views::Draft {
            id,
            to: to.clone(),
            cc: cc.clone(),
            bcc: bcc.clone(),
            each: *each,
            subject: subject.clone(),
            text: text.clone(),
            answers: answers.as_ref().map(|answers| answers.letter()),
            level: *level,
            invite: invite.iter().map(Into::into).collect(),
            files: files.iter().map(draft_file).collect(),
            saved: *saved,
            waiting,
            damage: None,
        },
        Err(error) => views::Draft {
            id,
            to: Vec::new(),
            cc: Vec::new(),
            bcc: Vec::new(),
            each: false,
            subject: String::new(),
            text: String::new(),
            answers: None,
            level: None,
            invite: Vec::new(),
            files: Vec::new(),
            saved: Timestamp::from_unix_millis(0),
            waiting,
            damage: Some(problem(error)),
        },
    }
}

fn draft_file(DraftFile { id, name, media_type, size, uploaded }: &DraftFile) -> views::DraftFile {
    let up = uploaded.is_some();
    views::DraftFile { id: *id, name: name.clone(), media_type: media_type.clone(), size: *size, up }
}

pub(crate) fn comparison(mailbox: &Mailbox, address: &Address, comparison: &Comparison) -> views::Comparison {
    let contacts = mailbox.contacts();
    views::Comparison {
        who: People::of(mailbox, &contacts).somebody(address, None, comparison.standing),
        digits: comparison.digits.to_string().split(' ').map(Into::into).collect(),
        must_be_compared: comparison.must_be_compared,
        digits_differ: comparison.differs,
    }
}

/// No entry lies among the drafts, which are records; one that a newer client put there is shown where letters are looked
/// for.
const fn folder(folder: wire::Folder) -> views::Folder {
    match folder {
        wire::Folder::Inbox | wire::Folder::Drafts => views::Folder::Inbox,
        wire::Folder::Archive => views::Folder::Archive,
        wire::Folder::Sent => views::Folder::Sent,
        wire::Folder::Trash => views::Folder::Trash,
    }
}

/// A line without what turns its direction: `txt.exe` must not read as `exe.txt`. Where words run from right to left a page
/// sees by their letters.
fn unturned(line: &str) -> String {
    line.chars().filter(|c| !turns_direction(*c)).collect()
}

/// As a page counts.
pub(crate) fn count(count: impl TryInto<u32>) -> u32 {
    count.try_into().unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_of_direction_in_a_subject_turns_nothing_round() {
        assert_eq!(unturned("Faktura\u{202e}fdp.exe"), "Fakturafdp.exe");
        assert_eq!(unturned("\u{2067}שלום\u{2069} kl. 10"), "שלום kl. 10");
    }
}
