//! A letter while it is written, and once it is addressed.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use securemailbox_protocol::{
    address::Address,
    ids::{BlobId, LetterId, ThreadId},
    levels::Level,
    limits,
    time::Timestamp,
};
use securemailbox_vault::{
    attachments::{Attachment, RowRefused},
    letters::{Letter, SealRefused},
    passphrases::Passphrase,
};

use crate::{
    attachments::DraftFile,
    failure::{Class, ClientProblem, Explained, Failure, explained},
    invitations::Invite,
};

const FORMAT: &str = "securemailbox/1 draft";

/// A letter as far as it is written.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The addresses, and whatever was typed in their place.
    pub to: Vec<String>,
    /// Those who get a copy that everybody sees, likewise.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub cc: Vec<String>,
    /// Those who get a copy that nobody else knows of, likewise.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub bcc: Vec<String>,
    /// Whether each of them gets a letter of their own.
    #[serde(default)]
    pub each: bool,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The letter that it answers.
    pub answers: Option<Answers>,
    /// How its readers are to be identified, if its writer asks for it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub level: Option<Level>,
    /// Those who are to be written to though they have no mailbox.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub invite: Vec<Invite>,
    /// The files beside it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub files: Vec<DraftFile>,
    /// When it was saved, by the clock of the device that saved it.
    pub saved: Timestamp,
    /// What a newer client added, carried along.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A letter whose readers are addresses: it can be sealed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addressed {
    /// To whom; no address twice, in the copies neither.
    pub to: Vec<Address>,
    /// Who gets a copy that everybody sees.
    #[serde(default)]
    pub cc: Vec<Address>,
    /// Who gets a copy that nobody else knows of.
    #[serde(default)]
    pub bcc: Vec<Address>,
    /// Whether each gets a letter of their own, which names nobody else. Then there are no copies.
    #[serde(default)]
    pub each: bool,
    /// The subject, one line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The letter it answers, with its conversation; none begins a new one.
    pub answers: Option<Answers>,
    /// How its readers are to be identified, if its writer asks for it (PROTOCOL §6).
    #[serde(default)]
    pub level: Option<Level>,
    /// Those of its readers who are written to though they have no mailbox.
    #[serde(default)]
    pub invite: Vec<Invite>,
    /// The files beside it, all of them whole at the server.
    #[serde(default)]
    pub files: Vec<DraftFile>,
}

impl Addressed {
    /// What the letter says of its files.
    #[must_use]
    pub fn attachments(&self) -> Vec<Attachment> {
        self.files.iter().filter_map(DraftFile::attachment).collect()
    }
}

/// Which letter is answered.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    /// Its conversation.
    pub(crate) thread: ThreadId,
    /// Itself.
    pub(crate) letter: LetterId,
    /// The letters before it, oldest first.
    pub(crate) references: Vec<LetterId>,
}

impl Answers {
    /// Which letter it is.
    #[must_use]
    pub const fn letter(&self) -> LetterId {
        self.letter
    }

    /// To this letter.
    #[must_use]
    pub fn to(letter: &Letter) -> Self {
        Self { thread: letter.thread(), letter: letter.id(), references: letter.references().to_vec() }
    }
}

/// Names what a person wrote, whenever it was saved: two texts of one print are the same text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextPrint([u8; 16]);

/// Why a draft can't be addressed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAddressed {
    /// What was typed is no address.
    #[error("one of the recipients is not an address")]
    NotAnAddress(Typed),
    /// Nobody is written to.
    #[error("the letter is to nobody")]
    NoRecipients,
    /// More than a letter may have.
    #[error("the letter has more than {} recipients", limits::READERS - 1)]
    TooManyRecipients,
    /// A file is not at the server yet, or not all of it.
    #[error("a file of the letter is not at the server yet")]
    NotUploaded(Typed),
}

/// What a person typed. Its `Debug` does not say.
#[derive(Clone, PartialEq, Eq)]
pub struct Typed(pub String);

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed")
    }
}

impl Failure for SealRefused {
    fn explain(&self) -> Explained {
        let (name, advice) = match self {
            Self::SubjectTooLong => (ClientProblem::SubjectTooLong, "Shorten the subject, and send the letter again."),
            Self::TooLong => (ClientProblem::TextTooLong, "Shorten the letter, and send it again."),
            Self::TooManyReaders => {
                (ClientProblem::TooManyRecipients, "Take some of them out, or send several letters.")
            }
            Self::NoReader => (ClientProblem::NoRecipients, "Say to whom."),
            Self::Attachments(RowRefused::TooMany) => {
                (ClientProblem::TooManyFiles, "Take some of them out, or send several letters.")
            }
            Self::Attachments(RowRefused::NotOneLine | RowRefused::Thumbnails | RowRefused::Parts) => {
                (ClientProblem::LetterRefused, "Take the file out, and add it again.")
            }
            Self::NotOneLine => (ClientProblem::LetterRefused, "Change the subject, and send the letter again."),
        };
        explained(name, Class::Refused, advice)
    }
}

/// The bytes are no draft of this protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed draft is in a form this client does not know")]
pub struct NotADraft;

#[derive(Serialize, Deserialize)]
struct File {
    format: String,
    draft: Draft,
}

impl Draft {
    /// What a letter that was to go out is again.
    #[must_use]
    pub fn of(letter: Addressed, saved: Timestamp) -> Self {
        let typed = |addresses: &[Address]| addresses.iter().map(|address| address.as_str().into()).collect();
        Self {
            to: typed(&letter.to),
            cc: typed(&letter.cc),
            bcc: typed(&letter.bcc),
            each: letter.each,
            subject: letter.subject,
            text: letter.text,
            answers: letter.answers,
            level: letter.level,
            invite: letter.invite,
            files: letter.files,
            saved,
            rest: Map::new(),
        }
    }

    /// The letter that it is, if everybody it is to has an address. Everybody once, however often and however they were
    /// typed. A subject is one line: what was pasted with breaks or tabs has spaces.
    ///
    /// # Errors
    /// [`NotAddressed`]
    pub fn addressed(self) -> Result<Addressed, NotAddressed> {
        let mut to = addresses(&self.to)?;
        let mut cc = addresses(&self.cc)?;
        cc.retain(|address| !to.contains(address));
        let mut bcc = addresses(&self.bcc)?;
        bcc.retain(|address| !to.contains(address) && !cc.contains(address));
        if self.each {
            to.append(&mut cc);
            to.append(&mut bcc);
        }
        if to.is_empty() && cc.is_empty() {
            return Err(NotAddressed::NoRecipients);
        }
        if to.len() + cc.len() + bcc.len() >= limits::READERS {
            return Err(NotAddressed::TooManyRecipients);
        }
        if let Some(file) = self.files.iter().find(|file| file.uploaded.is_none()) {
            return Err(NotAddressed::NotUploaded(Typed(file.name.clone())));
        }
        let subject = one_line(&self.subject);
        let Self { each, text, answers, level, mut invite, files, .. } = self;
        invite.retain(|invite| [&to, &cc, &bcc].iter().any(|readers| readers.contains(&invite.address)));
        Ok(Addressed { to, cc, bcc, each, subject, text, answers, level, invite, files })
    }

    /// Whether it is longer than a letter may be. It can be written on, so that nothing is lost.
    #[must_use]
    pub fn is_too_long(&self) -> bool {
        self.text.len() > limits::TEXT && self.text.chars().count() > limits::TEXT
    }

    /// What was written, without when it was saved.
    #[must_use]
    pub fn print(&self) -> TextPrint {
        let mut hash = Sha256::new();
        for parts in [&self.to[..], &self.cc, &self.bcc, &[self.subject.clone(), self.text.clone()]] {
            hash.update((parts.len() as u64).to_be_bytes());
            for part in parts {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
        }
        hash.update([u8::from(self.each)]);
        // As long as it asks for none, its print is what it was before there were any; so it is where nobody is invited.
        hash.update(self.level.map(|level| level as u8).as_slice());
        for Invite { address, phone, language: _, mailed, passphrase } in &self.invite {
            hash.update(address.as_str());
            hash.update(phone.as_str());
            hash.update([u8::from(*mailed)]);
            hash.update(passphrase.as_ref().map_or("", Passphrase::as_str));
        }
        for DraftFile { id, uploaded, .. } in &self.files {
            hash.update(id.to_string());
            hash.update([u8::from(uploaded.is_some())]);
        }
        TextPrint(hash.finalize().first_chunk().copied().unwrap_or_default())
    }

    /// The blobs of its files, which the server is told beside the sealed record.
    #[must_use]
    pub fn blobs(&self) -> Vec<BlobId> {
        self.files.iter().filter_map(DraftFile::attachment).flat_map(|file| file.parts).map(|part| part.blob).collect()
    }

    /// For the sealed record.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        #[expect(clippy::expect_used, reason = "our own type: string keys, no fallible Serialize")]
        serde_json::to_vec(&File { format: FORMAT.into(), draft: self.clone() }).expect("a draft is JSON")
    }

    /// From the sealed record.
    ///
    /// # Errors
    /// [`NotADraft`]: a fault, or the work of a client of another protocol.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotADraft> {
        let file: File = serde_json::from_slice(bytes).map_err(|_| NotADraft)?;
        if file.format == FORMAT { Ok(file.draft) } else { Err(NotADraft) }
    }
}

fn addresses(typed: &[String]) -> Result<Vec<Address>, NotAddressed> {
    let mut addresses = Vec::new();
    for typed in typed {
        let address = Address::parse(typed).map_err(|_| NotAddressed::NotAnAddress(Typed(typed.trim().into())))?;
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Ok(addresses)
}

fn one_line(subject: &str) -> String {
    subject.replace("\r\n", " ").replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use securemailbox_vault::attachments::{FileHash, Part, PartKey};

    use super::*;
    use crate::attachments::{FileId, Uploaded};

    fn draft(to: &[&str]) -> Draft {
        Draft {
            to: to.iter().map(|typed| (*typed).into()).collect(),
            cc: Vec::new(),
            bcc: Vec::new(),
            each: false,
            subject: "Provsvaren".into(),
            text: "Allt är bra.".into(),
            answers: None,
            level: None,
            invite: Vec::new(),
            files: Vec::new(),
            saved: Timestamp::from_unix_millis(0),
            rest: Map::new(),
        }
    }

    #[test]
    fn whoever_is_written_to_is_written_to_once() {
        let to = |typed: &[&str]| draft(typed).addressed().map(|letter| letter.to);
        assert_eq!(to(&["bjorn@demo.example", " Bjorn@DEMO.example "]).unwrap().len(), 1);
        assert_eq!(to(&[]), Err(NotAddressed::NoRecipients));
        let refused = to(&["bjorn@demo.example", " per.ek@"]).unwrap_err();
        assert_eq!(refused, NotAddressed::NotAnAddress(Typed("per.ek@".into())));
        assert!(!format!("{refused:?}").contains("per.ek"), "what was typed is for the screen, not for a log");
        let many: Vec<String> = (0..=limits::READERS).map(|n| format!("n{n}@demo.example")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(to(&many), Err(NotAddressed::TooManyRecipients));
        assert_eq!(to(&many[2..]).unwrap().len(), limits::READERS - 1, "the sender is a reader too");
    }

    #[test]
    fn who_gets_a_copy_is_no_second_reader() {
        let cc = |typed: &[&str]| Draft { cc: draft(typed).to, ..draft(&["bjorn@demo.example"]) };
        let addressed = cc(&["Bjorn@demo.example", "elif@demo.example"]).addressed().unwrap();
        assert_eq!((addressed.to.len(), addressed.cc.len()), (1, 1));
        assert!(Draft { to: Vec::new(), ..cc(&["elif@demo.example"]) }.addressed().is_ok());
        assert_ne!(cc(&["elif@demo.example"]).print(), cc(&[]).print());
        let all = Draft {
            bcc: draft(&["BJORN@demo.example", "elif@demo.example", "per@demo.example"]).to,
            ..cc(&["elif@demo.example"])
        };
        let addressed = all.clone().addressed().unwrap();
        assert_eq!((addressed.to.len(), addressed.cc.len(), addressed.bcc.len()), (1, 1, 1));
        assert_ne!(all.print(), Draft { bcc: all.cc.clone(), cc: all.bcc.clone(), ..all.clone() }.print());
        let alone = Draft { to: Vec::new(), cc: Vec::new(), ..all };
        assert_eq!(alone.addressed().err(), Some(NotAddressed::NoRecipients), "a copy of a letter to nobody");
    }

    #[test]
    fn where_each_gets_their_own_there_are_no_copies() {
        let bcc = draft(&["per@demo.example", "bjorn@demo.example"]).to;
        let each = Draft { bcc, each: true, ..draft(&["bjorn@demo.example"]) };
        assert_ne!(each.print(), Draft { each: false, ..each.clone() }.print());
        let addressed = each.addressed().unwrap();
        assert_eq!((addressed.to.len(), addressed.bcc.len()), (2, 0));
    }

    #[test]
    fn the_level_that_a_writer_asks_for_is_a_part_of_what_was_written() {
        let asking = Draft { level: Some(Level::Passkey), ..draft(&["a@b.se"]) };
        assert_ne!(asking.print(), draft(&["a@b.se"]).print());
        assert_ne!(asking.print(), Draft { level: Some(Level::Phone), ..asking.clone() }.print());
        let read = Draft::from_bytes(&asking.to_bytes()).unwrap();
        assert_eq!(read.level, Some(Level::Passkey));
        let addressed = read.addressed().unwrap();
        assert_eq!(addressed.level, Some(Level::Passkey));
        assert_eq!(Draft::of(addressed, asking.saved).print(), asking.print());
    }

    #[test]
    fn a_letter_waits_for_its_files_and_keeps_them_when_it_is_a_draft_again() {
        let file = |uploaded| DraftFile {
            id: FileId::of_letter(LetterId::from_bytes([1; 16]), 0),
            name: "intyg.pdf".into(),
            media_type: "application/pdf".into(),
            size: 0,
            uploaded,
        };
        let attached = |uploaded| Draft { files: vec![file(uploaded)], ..draft(&["a@b.se"]) };
        let part = Part { blob: BlobId::from_bytes([2; 16]), key: PartKey::from_bytes([3; 32]), length: 0 };
        let whole = attached(Some(Uploaded::new((FileHash([4; 32]), vec![part]), None)));
        assert_eq!(attached(None).addressed().err(), Some(NotAddressed::NotUploaded(Typed("intyg.pdf".into()))));
        assert_ne!(attached(None).print(), draft(&["a@b.se"]).print());
        assert_ne!(attached(None).print(), whole.print(), "the server is told of a file that is up");
        assert_eq!((attached(None).blobs(), whole.blobs()), (Vec::new(), vec![BlobId::from_bytes([2; 16])]));
        let read = Draft::from_bytes(&whole.to_bytes()).unwrap();
        assert_eq!(Draft::of(read.addressed().unwrap(), whole.saved).print(), whole.print());
    }

    #[test]
    fn a_subject_that_was_pasted_over_several_lines_goes_out_as_one() {
        let draft = Draft { subject: "Tid\tTisdag\r\nkl. 10".into(), ..draft(&["a@b.se"]) };
        assert_eq!(draft.addressed().unwrap().subject, "Tid Tisdag kl. 10");
    }

    #[test]
    fn the_same_text_has_the_same_print_whenever_it_was_saved() {
        let (one, later) = (draft(&["a@b.se"]), Draft { saved: Timestamp::from_unix_millis(9), ..draft(&["a@b.se"]) });
        assert_eq!(one.print(), later.print());
        for other in [draft(&["a@b.s", "e"]), Draft { text: "Allt är bra".into(), ..draft(&["a@b.se"]) }] {
            assert_ne!(one.print(), other.print());
        }
    }

    #[test]
    fn what_a_newer_client_wrote_into_a_draft_is_carried_along() {
        let text = String::from_utf8(draft(&["a@b.se"]).to_bytes()).unwrap();
        let newer = text.replacen("\"to\"", "\"stamps\":[\"x\"],\"to\"", 1);
        let read = Draft::from_bytes(newer.as_bytes()).unwrap();
        assert!(String::from_utf8(read.to_bytes()).unwrap().contains("\"stamps\":[\"x\"]"));
        assert_eq!(Draft::from_bytes(text.replace("/1 ", "/2 ").as_bytes()).err(), Some(NotADraft));
    }
}
