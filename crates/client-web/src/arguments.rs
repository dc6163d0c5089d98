//! What the calls of a page take, as it was typed or chosen.

use securemailbox_client::{devices::DeviceName, failure::FailureName, invitations::Invite, replica::Which, waits};
use securemailbox_protocol::{
    accounts::{Language, LetterNotices, TrashLife},
    factors::{FactorOffer, PhoneRole},
    levels::Level,
    problems::ProblemType,
    sync::Pulse,
    time::Timestamp,
    waits::{WaitKind, WaitLink},
};
use securemailbox_vault::passphrases::Passphrase;
use serde::{Deserialize, Serialize};
#[cfg(test)]
use ts_rs::TS;
use zeroize::Zeroizing;

use crate::{
    problems::refused,
    views::{Folder, Problem},
};

/// No arguments.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct Nothing {}

/// What the event stream said, where it was that which asks for a sync.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct Heard {
    /// How far the server is: nothing is asked if this device is as far.
    #[serde(default)]
    pub pulse: Option<Pulse>,
}

/// Who asks for a mailbox.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct NewMailbox {
    /// The name that goes out with letters.
    pub name: String,
    /// The address.
    pub address: String,
    /// The language of e-mails and SMS.
    pub language: Language,
}

/// How long everything stays that somebody has who was written to by a link.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct ChangedDays {
    /// Whose.
    pub address: String,
    /// Days after the last letter.
    #[cfg_attr(test, ts(type = "number"))]
    pub days: u64,
}

/// Somebody who came by a link asks for a mailbox.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct NewClaim {
    /// The name that goes out with letters.
    pub name: String,
    /// The language of e-mails and SMS.
    pub language: Language,
}

/// Somebody who came by a link does not want what was written.
#[derive(Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct Declining {
    /// The code from the SMS as typed or pasted, where nothing was opened yet.
    pub code: Option<String>,
}

/// Whose mailbox is to be removed.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct NewRemoval {
    /// The address.
    pub address: String,
    /// The language of the e-mail.
    pub language: Language,
}

/// A name as typed.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct NewName {
    /// The name that goes out with letters.
    pub name: String,
}

/// A choice of language.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct NewLanguage {
    /// Which one.
    pub language: Language,
}

/// The link of an announcement, or what stands behind its `#`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct StopLink {
    /// As it stands in the page's address.
    pub link: String,
}

impl StopLink {
    pub(crate) fn read(&self) -> Result<WaitLink, Problem> {
        waits::read_link(&self.link).ok_or_else(|| refused(FailureName::Server(ProblemType::NotFound)))
    }
}

/// The link of somebody who has no mailbox, or what stands behind its `#`.
#[derive(Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct ShownLink {
    /// As it stood in the page's address.
    pub link: String,
}

/// An answer to a letter that came by a link.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct NewAnswer {
    /// The letter.
    pub id: String,
    /// One line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The files beside it, all of them at the server.
    pub files: Vec<NamedFile>,
}

/// What waits, and is to be stopped.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct WaitToStop {
    /// What.
    pub kind: WaitKind,
}

/// A choice of how long letters lie in the trash.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct NewTrashLife {
    /// How long.
    pub life: TrashLife,
}

/// A choice of when to be told of letters by e-mail.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct NewNotices {
    /// When.
    pub notices: LetterNotices,
}

/// A code as typed or pasted.
#[derive(Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct Code {
    /// Six digits, or the whole message they stand in.
    pub code: String,
}

/// What two agreed on, as one of them typed it.
#[derive(Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct Spoken {
    /// Its words.
    #[cfg_attr(test, ts(type = "string"))]
    pub words: Zeroizing<String>,
}

/// In which language words are to be.
#[derive(Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct WordsIn {
    /// Of the two who say and hear them.
    pub language: Language,
}

/// The last code of a sign-in.
#[derive(Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct LastCode {
    /// Six digits, or the whole message they stand in.
    pub code: String,
    /// Stay signed in on this device for 30 days.
    pub keep: bool,
    /// What this device is called.
    pub device: Option<DeviceName>,
}

/// What was refused for want of a fresh proof.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct Confirmation {
    /// The offers of the refusal; empty where it had none, then the server is asked.
    pub offers: Vec<FactorOffer>,
}

/// A phone number as typed.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct NewPhone {
    /// As typed: a Swedish number, or one with a country code.
    pub phone: String,
}

/// A phone number as typed, and what the phone is for.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct NamedPhone {
    /// As typed: a Swedish number, or one with a country code.
    pub phone: String,
    /// What for.
    pub role: PhoneRole,
}

/// A password as typed, and whose it would be.
#[derive(Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct JudgedPassword {
    /// As typed.
    #[cfg_attr(test, ts(type = "string"))]
    pub password: Zeroizing<String>,
    /// The address.
    pub address: String,
    /// The name; empty where it is still sealed.
    pub name: String,
}

/// A new password as typed, in the place of a forgotten one.
#[derive(Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct NewPassword {
    /// As typed.
    #[cfg_attr(test, ts(type = "string"))]
    pub password: Zeroizing<String>,
    /// What this device is called.
    pub device: Option<DeviceName>,
}

/// Another password as typed, in the place of one's own.
#[derive(Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct OtherPassword {
    /// As typed.
    #[cfg_attr(test, ts(type = "string"))]
    pub password: Zeroizing<String>,
    /// Its owner's name, against which it is judged.
    pub name: String,
}

/// How the keys are renewed.
#[derive(Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct Renewing {
    /// The letters that there are get new locks as well.
    pub thorough: bool,
    /// What the page calls this device; none if it can't tell.
    pub device: Option<DeviceName>,
}

/// Address and password as typed.
#[derive(Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct Credentials {
    /// The address.
    pub address: String,
    /// The password.
    #[cfg_attr(test, ts(type = "string"))]
    pub password: Zeroizing<String>,
}

/// The password of a locked mailbox.
#[derive(Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct Unlock {
    /// The password.
    #[cfg_attr(test, ts(type = "string"))]
    pub password: Zeroizing<String>,
    /// Stay signed in on this device for 30 days.
    pub keep: bool,
    /// What this device is called, where its session has just begun, by a passkey.
    pub device: Option<DeviceName>,
}

/// What a recovery begins with.
#[derive(Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct RecoveryCode {
    /// The address.
    pub address: String,
    /// The code on the sheet, as typed. `slip-of-the-pen` if its check characters do not fit.
    #[cfg_attr(test, ts(type = "string"))]
    pub recovery_code: Zeroizing<String>,
}

/// A part of a folder.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct Part {
    /// Which folder.
    pub folder: Folder,
    /// Which of its conversations.
    pub which: Which,
    /// And the one with this letter in any case: it is open, and must not vanish for having been opened.
    pub open: Option<String>,
    /// How many of the newest are left out.
    pub from: u32,
    /// At most how many.
    pub count: u32,
}

/// A letter, a draft, a session or a factor.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct Id {
    /// Its id.
    pub id: String,
}

/// Letters.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct Letters {
    /// Their ids.
    pub ids: Vec<String>,
}

/// Letters, and where they go.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct Move {
    /// Their ids.
    pub ids: Vec<String>,
    /// Where to.
    pub to: Folder,
}

/// Letters, and how they are marked. Absent is unchanged.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct Marking {
    /// Their ids.
    pub ids: Vec<String>,
    /// Read or not.
    pub read: Option<bool>,
    /// Flagged or not.
    pub flagged: Option<bool>,
}

/// What of the trash is erased.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct Erasing {
    /// Only these; none: everything.
    pub ids: Option<Vec<String>>,
}

/// An address as typed.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct TypedAddress {
    /// As typed.
    pub address: String,
}

/// A number that somebody is known by, as typed.
#[derive(Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct TypedNumber {
    /// Whose it should be.
    pub address: String,
    /// A Swedish number, or one with a country code.
    pub phone: String,
}

/// A contact as typed.
#[derive(Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct Described {
    /// The address.
    pub address: String,
    /// What the owner calls them.
    pub name: String,
    /// A Swedish number, or one with a country code.
    pub phone: String,
    /// What there is to remember.
    pub note: String,
}

/// A letter that is being written.
#[derive(Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct Writing {
    /// Its draft; none before it was saved first.
    pub id: Option<String>,
    /// The addresses; in a draft, whatever was typed.
    pub to: Vec<String>,
    /// Who gets a copy that everybody sees, likewise.
    pub cc: Vec<String>,
    /// Who gets a copy that nobody else knows of, likewise.
    pub bcc: Vec<String>,
    /// Whether each gets a letter of their own.
    pub each: bool,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The letter that it answers.
    pub answers: Option<String>,
    /// How its readers are to be identified, if its writer asks for it.
    pub level: Option<Level>,
    /// Those who are to be written to though they have no mailbox.
    pub invite: Vec<Invited>,
    /// The files beside it.
    pub files: Vec<NamedFile>,
}

/// A file of a letter that is being written. What opens it stays in the Worker, by its id.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct NamedFile {
    /// Names it, in 32 hexadecimal digits, capitals.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Its media type.
    #[serde(rename = "type")]
    pub media_type: String,
    /// How long it is, in bytes.
    #[cfg_attr(test, ts(type = "number"))]
    pub size: u64,
}

/// Somebody who is written to though they have no mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct Invited {
    /// Whom.
    pub address: String,
    /// The phone that a code goes to, as it was understood.
    pub phone: String,
    /// The language of what the server writes to them.
    pub language: Language,
    /// Whether the server sends the link; else whoever writes hands it over.
    pub mailed: bool,
    /// What the two agreed on, if they did.
    #[cfg_attr(test, ts(type = "string | null"))]
    pub passphrase: Option<Passphrase>,
}

impl From<&Invite> for Invited {
    fn from(invite: &Invite) -> Self {
        let Invite { address, phone, language, mailed, passphrase } = invite.clone();
        Self { address: address.as_str().into(), phone: phone.as_str().into(), language, mailed, passphrase }
    }
}

/// A draft that is to go out.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct Going {
    /// Its id.
    pub id: String,
    /// When its readers are to get it, if that is later.
    pub until: Option<Timestamp>,
}

/// A letter that is to go out.
#[derive(Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct Sending {
    /// What was written.
    pub written: Writing,
    /// For how many seconds the server holds it, so that it can be taken back.
    pub hold: u32,
    /// When its readers are to get it, if that is later.
    pub until: Option<Timestamp>,
}
