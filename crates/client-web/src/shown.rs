//! From what the client knows to what a page shows.

use securemailbox_client::{
    contacts::{self, Contacts, Names},
    letters::{self, ReaderDelivery, Reading},
    mailbox::Mailbox,
};
use securemailbox_protocol::{
    address::Address,
    letters as wire, levels,
    sessions::{SessionRow, Sessions},
    time::Timestamp,
};

use crate::{problems::problem, views};

/// Whoever is shown beside others: the contacts, and oneself.
pub(crate) struct People<'a> {
    pub(crate) contacts: &'a Contacts,
    names: Names<'a>,
    pub(crate) own: &'a Address,
    pub(crate) own_name: &'a str,
}

impl<'a> People<'a> {
    /// Whoever `contacts` are, the contacts of `mailbox`.
    pub(crate) fn of(mailbox: &'a Mailbox, contacts: &'a Contacts) -> Self {
        Self { contacts, names: mailbox.names(contacts), own: mailbox.address(), own_name: mailbox.name() }
    }

    /// Somebody with a verified standing, and the name they claim.
    pub(crate) fn somebody(
        &self,
        address: &Address,
        claimed: Option<&str>,
        standing: contacts::Standing,
    ) -> views::Correspondent {
        let shown = if address == self.own {
            contacts::ShownName { name: Some(self.own_name.into()), alone: true }
        } else {
            self.names.shown(address, claimed)
        };
        views::Correspondent {
            address: address.as_str().into(),
            name: shown.name,
            name_may_stand_alone: shown.alone,
            standing: self::standing(standing),
        }
    }

    /// Somebody of whom only the address is known here: as the contacts have them.
    pub(crate) fn contact(&self, address: &Address) -> views::Correspondent {
        let standing = if address == self.own {
            contacts::Standing::Own
        } else {
            self.contacts.get(address).map_or(contacts::Standing::New, |contact| match contact.offered {
                Some(_) => contacts::Standing::Changed,
                None => self.contacts.standing(address, &contact.key.fingerprint),
            })
        };
        self.somebody(address, None, standing)
    }

    pub(crate) fn row(&self, row: letters::Row) -> views::Row {
        let letters::Row { entry, summary } = row;
        let (summary, damage) = match summary {
            Ok((summary, standing)) => (Some(self.summary(&summary, standing, entry.arrived)), None),
            Err(not) => {
                (None, Some(views::Problem { address: Some(entry.sender.address.as_str().into()), ..problem(&not) }))
            }
        };
        views::Row {
            id: entry.id.to_string(),
            folder: folder(entry.folder),
            read: entry.read,
            arrived: millis(entry.arrived),
            level: entry.level.map(level),
            summary,
            damage,
        }
    }

    fn summary(&self, summary: &letters::Summary, standing: contacts::Standing, arrived: Timestamp) -> views::Summary {
        views::Summary {
            from: self.somebody(&summary.from, summary.claimed_name.as_deref(), standing),
            to: summary.to.iter().map(|address| self.contact(address)).collect(),
            more_readers: summary.more_readers,
            subject: summary.subject.clone(),
            first_line: summary.first_line.clone(),
            date: millis(summary.date),
            date_is_off: summary.date_is_off(arrived),
        }
    }

    pub(crate) fn letter(&self, reading: &Reading, conversation: Vec<views::Row>) -> views::Letter {
        let Reading { letter, entry, standing, warnings, deliveries } = reading;
        views::Letter {
            id: letter.id().to_string(),
            folder: folder(entry.folder),
            arrived: millis(entry.arrived),
            date: millis(letter.date()),
            from: self.somebody(letter.from(), letter.claimed_name(), *standing),
            to: letter.to().iter().chain(letter.cc()).map(|address| self.contact(address)).collect(),
            subject: letter.subject().into(),
            text: letter.text().into(),
            warnings: warnings.clone(),
            deliveries: deliveries.iter().map(|delivery| self.delivery(delivery)).collect(),
            conversation,
        }
    }

    pub(crate) fn delivery(&self, delivery: &ReaderDelivery) -> views::Delivery {
        let read = delivery.read.and_then(Result::ok);
        views::Delivery {
            reader: self.contact(&delivery.reader),
            delivered: millis(delivery.delivered),
            notified: delivery.notified.map(millis),
            read: read.map(|read| millis(read.at)),
            level: read.map(|read| level(read.level)),
            receipt_refused: delivery.read.is_some_and(|read| read.is_err()),
        }
    }
}

pub(crate) const fn millis(time: Timestamp) -> views::Millis {
    time.unix_millis()
}

pub(crate) const fn level(level: levels::Level) -> views::Level {
    match level {
        levels::Level::Address => views::Level::Address,
        levels::Level::Phone => views::Level::Phone,
        levels::Level::Authenticator => views::Level::Authenticator,
        levels::Level::Passkey => views::Level::Passkey,
        levels::Level::Eid => views::Level::Eid,
    }
}

pub(crate) const fn standing(standing: contacts::Standing) -> views::Standing {
    match standing {
        contacts::Standing::Own => views::Standing::Own,
        contacts::Standing::New => views::Standing::New,
        contacts::Standing::Known => views::Standing::Known,
        contacts::Standing::Compared => views::Standing::Compared,
        contacts::Standing::Former => views::Standing::Former,
        contacts::Standing::Changed => views::Standing::Changed,
        contacts::Standing::Differs => views::Standing::Differs,
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

pub(crate) fn receipt(receipt: &wire::ErasureReceipt) -> views::ErasureReceipt {
    let step = |step: &wire::ErasureStep| views::ErasureStep {
        step: match step.step {
            wire::ErasureStepKind::KeysDestroyed => views::ErasureStepKind::KeysDestroyed,
            wire::ErasureStepKind::LettersOverwritten => views::ErasureStepKind::LettersOverwritten,
            wire::ErasureStepKind::LogOverwritten => views::ErasureStepKind::LogOverwritten,
            wire::ErasureStepKind::Vacuumed => views::ErasureStepKind::Vacuumed,
        },
        taken: step.taken,
        count: count(step.count),
    };
    views::ErasureReceipt {
        at: millis(receipt.at),
        erased: count(receipt.erased),
        steps: receipt.steps.iter().map(step).collect(),
    }
}

pub(crate) fn sessions(sessions: &Sessions) -> views::Sessions {
    let row = |row: &SessionRow| views::Session {
        id: row.id.to_string(),
        current: row.current,
        level: level(row.level),
        proved: millis(row.proved),
        used: millis(row.used),
        kept: row.kept,
    };
    views::Sessions { sessions: sessions.sessions.iter().map(row).collect() }
}

/// As a page counts.
pub(crate) fn count(count: impl TryInto<u32>) -> u32 {
    count.try_into().unwrap_or(u32::MAX)
}
