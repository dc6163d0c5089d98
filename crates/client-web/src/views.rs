//! What a page is given to show. No key, no secret, and nothing that was not verified or is not marked as such.
//!
//! Types of the client and of the protocol are shown as they are, where they say what a page shows; the others are here.

use securemailbox_client::{
    attachments::FileId,
    contacts::Standing,
    devices::DeviceName,
    failure::{Class, FailureName},
    letters::ReadingWarning,
    replica::ConversationId,
};
use securemailbox_protocol::{
    address::Address,
    factors::FactorOffer,
    ids::{LetterId, RecordId},
    invitations::InvitationRow,
    letters,
    levels::Level,
    octets::Octets,
    organisations::Organisation,
    phone::PhoneNumber,
    sessions::SessionRow,
    slots::SlotKind,
    time::Timestamp,
    waits::Wait,
};
use serde::{Deserialize, Serialize};
#[cfg(test)]
use ts_rs::TS;
use zeroize::Zeroizing;

use crate::arguments::Invited;

/// What a problem is called: the key of the page's sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
#[serde(untagged)]
pub enum ProblemName {
    /// As the client calls it, or the server.
    Failure(FailureName),
    /// What arises before the client is asked.
    Page(PageProblem),
}

impl From<FailureName> for ProblemName {
    fn from(name: FailureName) -> Self {
        Self::Failure(name)
    }
}

impl From<PageProblem> for ProblemName {
    fn from(name: PageProblem) -> Self {
        Self::Page(name)
    }
}

/// What arises before the client is asked, or in a Worker's TypeScript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
#[serde(rename_all = "kebab-case")]
pub enum PageProblem {
    /// A Worker broke.
    BrokenPage,
    /// Something that was written is on this device only.
    DraftWaits,
    /// A part of the link is missing.
    LinkCut,
    /// Something in the link is another character.
    LinkDiffers,
    /// There are no keys here.
    Locked,
    /// No code was typed.
    NotACode,
    /// No name was typed.
    NotAName,
    /// What was typed is too long for a note.
    NotANote,
    /// No name of a page was typed.
    NotAPageName,
    /// A name that is not given out was typed.
    NotAPageNameForYou,
    /// No title was typed.
    NotAPageTitle,
    /// No phone number was typed.
    NotAPhoneNumber,
    /// What the sign-in Worker handed over can't be read.
    NotAnOpening,
    /// The page and the Worker are of different builds.
    OldPage,
    /// Something that can't stand in a one-time code.
    OneTimeCodeCharacter,
    /// Too short or too long for a one-time code.
    OneTimeCodeLength,
    /// A step that is not the next one.
    OutOfStep,
    /// The passkey proves its owner and can't open a mailbox.
    PasskeyOpensNothing,
    /// Something that can't stand on a recovery sheet.
    RecoveryCodeCharacter,
    /// Too short or too long for a recovery sheet.
    RecoveryCodeLength,
    /// This device is clean, and the server could not be told.
    SessionLivesOn,
    /// A recovery code whose check characters do not fit.
    SlipOfThePen,
    /// Other words than those that were agreed on.
    WordsDiffer,
}

/// Why a call was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct Problem {
    /// What it is called.
    pub name: ProblemName,
    /// Its tone.
    pub class: Class,
    /// Whom it is about, where it is about somebody.
    pub address: Option<String>,
    /// Of a letter that is not shown for want of a proof: which one its sender asks for. The server's word.
    pub level: Option<Level>,
    /// After how many seconds trying again may help, where the server said so.
    pub retry_after: Option<u32>,
    /// By what the person may confirm that it is them, where that is what was missing; see `confirm`.
    pub offers: Vec<FactorOffer>,
    /// By which number the operator finds the request in the log, where the server said so.
    pub request: Option<String>,
}

/// An authenticator app that is being added.
#[derive(Clone, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct NewAuthenticator {
    /// What is typed into it: 32 characters of base32.
    pub secret: String,
    /// What the QR code says, and what a press on the phone itself opens.
    pub uri: String,
}

/// A sheet of one-time codes, to be shown and printed once.
#[derive(Clone, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct OneTimeSheet {
    /// When it was made: its name.
    pub made: Timestamp,
    /// Each of three groups of four characters.
    pub codes: Vec<String>,
}

/// Where an entry lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(TS))]
#[serde(rename_all = "lowercase")]
pub enum Folder {
    /// Letters from others.
    Inbox,
    /// One's own.
    Sent,
    /// Put away.
    Archive,
    /// Binned, until the trash is emptied.
    Trash,
}

impl From<Folder> for letters::Folder {
    fn from(folder: Folder) -> Self {
        match folder {
            Folder::Inbox => Self::Inbox,
            Folder::Sent => Self::Sent,
            Folder::Archive => Self::Archive,
            Folder::Trash => Self::Trash,
        }
    }
}

/// Somebody in a letter or in the contacts. A name is a claim, an address is bound to a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct Correspondent {
    /// The address.
    pub address: Address,
    /// What the owner calls them, or else the name they claim, or the contact's.
    pub name: Option<String>,
    /// Whether the contact has this very name, and nobody else's contact has it: only then may it stand without the address.
    pub name_may_stand_alone: bool,
    /// How their key stands.
    pub standing: Standing,
    /// The number that the owner knows of them, where the server says that it is theirs, of the key that they are known by.
    pub number: Option<PhoneNumber>,
    /// They have no mailbox, and read by a link that the server sent and that opens by itself: whoever runs it could have kept that.
    pub open_to_operator: bool,
}

/// Somebody in the contacts, and what the owner says of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct Contact {
    /// As they are shown everywhere.
    pub who: Correspondent,
    /// What the owner calls them.
    pub called: Option<String>,
    /// What they call themselves, by the first letter of theirs that was read here.
    pub claims: Option<String>,
    /// Where the owner says that they can be called.
    pub phone: Option<PhoneNumber>,
    /// What the owner wants to remember.
    pub note: Option<String>,
    /// What the server said of a number that the owner asked about.
    pub number: Option<CheckedNumber>,
}

/// A number that the owner asked about. The server's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct CheckedNumber {
    /// As it was understood.
    pub phone: PhoneNumber,
    /// Whether their account proved it as its owner's own.
    pub matches: bool,
}

/// Whose mailbox is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct Me {
    /// The address.
    pub address: Address,
    /// The name that goes out with letters.
    pub name: String,
    /// The recovery sheet was left for later: ask again, with a new code.
    pub sheet_owed: bool,
    /// The directory shows others a certificate for this address that is not one's own (ATTACKS 5).
    pub own_certificate_differs: bool,
    /// Stays signed in on this device for 30 days.
    pub kept: bool,
    /// A thorough renewal is not over: `rewrap_some` goes on with it.
    pub rewrapping: bool,
}

/// How far a thorough renewal is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct Rewrapped {
    /// How many letters have a new lock.
    pub done: usize,
    /// How many there are.
    pub total: usize,
    /// The former keys are given up.
    pub over: bool,
}

/// A session without keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct LockedMailbox {
    /// Whose it is.
    pub address: Address,
    /// What opens it, each kind once.
    pub opens: Vec<SlotKind>,
}

/// A row of a folder: a conversation, of which these letters lie there. What is done with it is done with all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct Conversation {
    /// Which one: the same whatever comes or goes.
    pub id: ConversationId,
    /// Its letters in this folder, newest first; at least one.
    pub ids: Vec<LetterId>,
    /// The letter that it opens with: the oldest that was not opened yet, or else the newest.
    pub opens: LetterId,
    /// Whether all of them were opened.
    pub read: bool,
    /// Whether one of them is to be seen again.
    pub flagged: bool,
    /// What the row shows.
    pub newest: Row,
}

/// A letter in a list: `summary` or `damage`, never both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct Row {
    /// The letter's id.
    pub id: LetterId,
    /// Where it lies.
    pub folder: Folder,
    /// Whether it was opened.
    pub read: bool,
    /// Whether it is to be seen again.
    pub flagged: bool,
    /// When it came, by the server's clock.
    pub arrived: Timestamp,
    /// How its sender asks readers to be identified: as signed, or by the server's word while it is not shown.
    pub level: Option<Level>,
    /// One's own letter that the server holds: when its readers get it.
    pub held: Option<Timestamp>,
    /// When its sender withdrew it.
    pub withdrawn: Option<Timestamp>,
    /// When it is erased, if it lies in the trash and letters do not lie there for as long as one likes.
    pub erased: Option<Timestamp>,
    /// What its verified envelope says.
    pub summary: Option<Summary>,
    /// Why nothing of it is shown.
    pub damage: Option<Problem>,
}

/// What a verified envelope says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct Summary {
    /// Who signed it.
    pub from: Correspondent,
    /// The first To and Cc readers.
    pub to: Vec<Correspondent>,
    /// How many more there are.
    pub more_readers: u32,
    /// The subject; may be empty.
    pub subject: String,
    /// The first line of the text.
    pub first_line: String,
    /// How many files lie beside it.
    pub attachments: u32,
    /// When it was written, by the sender's clock.
    pub date: Timestamp,
    /// Dated more than a day from its arrival (ATTACKS 8).
    pub date_is_off: bool,
}

/// A part of a folder, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct Rows {
    /// The rows that were asked for.
    pub rows: Vec<Conversation>,
    /// How many rows there are.
    pub total: u32,
}

/// How many there are of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct Counts {
    /// Letters in the inbox.
    pub inbox: u32,
    /// Of those, not opened yet.
    pub unread: u32,
    /// Letters sent.
    pub sent: u32,
    /// Letters put away.
    pub archive: u32,
    /// Letters not sent yet, as drafts.
    pub drafts: u32,
    /// Letters in the trash.
    pub trash: u32,
    /// Letters that this sync brought into the inbox.
    pub arrived: u32,
    /// Whether this sync brought anything.
    pub changed: bool,
    /// Whether the server has more: ask again at once.
    pub more: bool,
    /// What waits to be done to the account, unless it is stopped.
    pub waits: Vec<Wait>,
}

/// How much a mailbox holds, and may hold. The server's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct Holdings {
    /// Letters, in all folders.
    pub letters: u64,
    /// At most so many.
    pub most_letters: u64,
    /// Bytes of letters, drafts and contacts, as the server has them.
    pub bytes: u64,
    /// At most so many.
    pub most_bytes: u64,
    /// The largest file that may go with a letter, in bytes.
    #[cfg_attr(test, ts(type = "number"))]
    pub largest_file: u64,
}

/// A letter, verified as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct Letter {
    /// Its id.
    pub id: LetterId,
    /// Where it lies.
    pub folder: Folder,
    /// Whether it is to be seen again.
    pub flagged: bool,
    /// When it came, by the server's clock.
    pub arrived: Timestamp,
    /// When it was written, by the sender's clock.
    pub date: Timestamp,
    /// Who signed it, and how their key stood.
    pub from: Correspondent,
    /// To and Cc readers; for its sender, of letters that went to each by itself, all of them.
    pub to: Vec<Correspondent>,
    /// Readers of a blind copy: for its sender all of them, for such a reader oneself.
    pub bcc: Vec<Correspondent>,
    /// Whether each of them got a letter of their own. Their sender only knows.
    pub each: bool,
    /// For its sender: the letters of its post, itself among them.
    pub together: Vec<LetterId>,
    /// The subject; may be empty.
    pub subject: String,
    /// The text, plain.
    pub text: String,
    /// The files beside it.
    pub files: Vec<LetterFile>,
    /// How its sender asks readers to be identified, as signed.
    pub level: Option<Level>,
    /// What the reader should know.
    pub warnings: Vec<ReadingWarning>,
    /// For its sender: what became of it. Empty for a reader.
    pub deliveries: Vec<Delivery>,
    /// For its sender, while the server holds it: when its readers get it.
    pub held: Option<Timestamp>,
    /// For its sender: when it was withdrawn.
    pub withdrawn: Option<Timestamp>,
    /// The letters of its conversation, oldest first; itself among them. What was binned is shown with what was binned.
    pub conversation: Vec<Row>,
    /// Those of them that are one row with it.
    pub row: Vec<LetterId>,
}

/// What became of a sent letter at one reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct Delivery {
    /// The reader.
    pub reader: Correspondent,
    /// Whether no other reader knows of it.
    pub blind: bool,
    /// When it lay in their mailbox. The server's word.
    pub delivered: Timestamp,
    /// When the mail server took the notice. The server's word.
    pub notified: Option<Timestamp>,
    /// The e-mail address does not take the notice, and the reader has not looked since. The server's word.
    pub notice_refused: bool,
    /// When it was opened, by the reader's verified signature.
    pub read: Option<Timestamp>,
    /// When all of its files lay on the reader's device. The server's word.
    pub saved: Option<Timestamp>,
    /// How the reader was identified. The server's word.
    pub level: Option<Level>,
    /// The server says that it was read, and shows no signature that holds (ATTACKS 11).
    pub receipt_refused: bool,
    /// Of somebody who has no mailbox: how far they are. The server's word.
    pub guest: Option<letters::GuestDelivery>,
    /// The server sent them the link, and that opens it by itself: whoever runs it could have kept it.
    pub open_to_operator: bool,
    /// The conversation by a link is over. The server's word.
    pub ended: Option<letters::ConversationEnded>,
}

/// A letter that was taken by the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct SentLetter {
    /// Its id; where readers got letters of their own, each one's.
    pub ids: Vec<LetterId>,
}

/// A letter that is being written, as it is kept: sealed, at the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct Draft {
    /// The record's id.
    pub id: RecordId,
    /// The addresses, and whatever was typed in their place.
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
    pub answers: Option<LetterId>,
    /// How its readers are to be identified, if its writer asks for it.
    pub level: Option<Level>,
    /// Those who are to be written to though they have no mailbox.
    pub invite: Vec<Invited>,
    /// The files beside it.
    pub files: Vec<DraftFile>,
    /// When it was saved, by this or another device's clock.
    pub saved: Timestamp,
    /// It is on its way: not to be written on, and not to be sent again.
    pub waiting: bool,
    /// Why nothing of it is shown.
    pub damage: Option<Problem>,
}

/// A file of a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct DraftFile {
    /// Names it.
    #[cfg_attr(test, ts(type = "string"))]
    pub id: FileId,
    /// What it is called.
    pub name: String,
    /// Its media type.
    #[serde(rename = "type")]
    pub media_type: String,
    /// How long it is, in bytes.
    #[cfg_attr(test, ts(type = "number"))]
    pub size: u64,
    /// Whether all of it is at the server. If not, its bytes are where it was chosen.
    pub up: bool,
}

/// A file beside a letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct LetterFile {
    /// Names it, for who passes it on.
    #[cfg_attr(test, ts(type = "string"))]
    pub id: FileId,
    /// What its sender calls it. A page looks at it before it shows it, and before anything is saved under it.
    pub name: String,
    /// Its media type, by its sender's word.
    #[serde(rename = "type")]
    pub media_type: String,
    /// How long it is, in bytes.
    #[cfg_attr(test, ts(type = "number"))]
    pub size: u64,
    /// What it looks like by its sender's word, where it is a picture: a small JPEG, base64url.
    #[cfg_attr(test, ts(type = "string | null"))]
    pub thumbnail: Option<Octets>,
}

/// Where a draft was saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct Saved {
    /// The record's id, for the next time: another one than before if the draft was erased meanwhile.
    pub id: RecordId,
    /// When.
    pub saved: Timestamp,
    /// Somebody else wrote on in the same draft: both texts are kept, this one under another id.
    pub beside: bool,
}

/// What became of a draft at the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct DraftNews {
    /// The record it was saved under.
    pub id: RecordId,
    /// The one it has now.
    pub now: RecordId,
    /// Another device wrote on in the same draft: both texts are kept.
    pub beside: bool,
    /// Why it is on this device only, if trying again won't help.
    pub refused: Option<Problem>,
}

/// What became of the letters that were on their way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct WentOut {
    /// How many still are.
    pub waiting: u32,
    /// Those that can't go out as they stand: drafts again.
    pub given_back: Vec<GivenBack>,
    /// Drafts that are others now, or that the server refused.
    pub drafts: Vec<DraftNews>,
}

/// A letter that was to go out and is a draft again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct GivenBack {
    /// The draft's id.
    pub draft: RecordId,
    /// Why.
    pub problem: Problem,
}

/// The sixty digits to read to each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct Comparison {
    /// With whom, and how the key stands now.
    pub who: Correspondent,
    /// Twelve groups of five.
    pub digits: Vec<String>,
    /// The former key was compared: this one can't be accepted without comparing it.
    pub must_be_compared: bool,
    /// The person said of this key that its digits do not match.
    pub digits_differ: bool,
}

/// One's own certificate, as others get it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct OwnCertificate {
    /// 64 hexadecimal digits.
    pub fingerprint: String,
    /// ASCII-armored (RFC 9580 §6.2).
    pub armored: String,
    /// The directory shows others another one (ATTACKS 5).
    pub differs: bool,
}

/// A letter to take along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct Exported {
    /// The file's name.
    pub file_name: String,
    /// The file: `.eml`, plain text that anybody can read.
    pub text: String,
}

/// The ways there are, and the one that was chosen: its code was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct Factors {
    /// At least one.
    pub offers: Vec<FactorOffer>,
    /// None while the person has to choose.
    pub chosen: Option<FactorOffer>,
}

/// The recovery code is right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct Recovering {
    /// What there is to choose from beside it.
    pub factors: Factors,
    /// What waits for its time since a one-time code was shown, if anything does.
    pub waits: Option<Wait>,
    /// Its time has come: a one-time code is shown again.
    pub waited: bool,
}

/// What the recovery code and another proof came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct Recovered {
    /// Both were on paper, so it waits; none if the mailbox is open and a new password is to be chosen.
    pub waits: Option<Wait>,
}

/// Who wrote to somebody who has no mailbox. Nothing was sent yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct GuestLink {
    /// Who, by the server's word.
    pub from: Address,
    /// The organisation that they write for, where its domain is verified.
    pub organisation: Option<Organisation>,
    /// To whom.
    pub address: Address,
    /// When everything in the conversation is erased.
    pub expires: Timestamp,
    /// The last two digits of the phone that a code will go to; empty where the link opens it by itself.
    pub hint: String,
}

/// A page by which anybody writes to a member, as a stranger sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct PublicPage {
    /// What it is called.
    pub title: String,
    /// Who reads what is written there, by the server's word.
    pub address: Address,
    /// The organisation that they write for, where its domain is verified.
    pub organisation: Option<Organisation>,
}

/// A letter by a page went out.
#[derive(Clone, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct KeptLink {
    /// What stands behind the `#` of the link to the answer. Nobody else has it.
    #[cfg_attr(test, ts(type = "string"))]
    pub secret: Zeroizing<String>,
    /// When everything is erased if nobody writes any more.
    pub expires: Timestamp,
}

/// One's own page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct OwnPage {
    /// What stands in its address; none where there is no page.
    pub name: Option<String>,
    /// What strangers see above it.
    pub title: Option<String>,
}

/// What a right code at a link comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct GuestEntered {
    /// The conversation; none where it opens by what was agreed on.
    pub letters: Option<GuestLetters>,
}

/// Four words that somebody says to somebody.
#[derive(Clone, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct NewPassphrase {
    /// With a space between them.
    pub words: String,
}

/// The letters of a conversation by a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct GuestLetters {
    /// The guest.
    pub me: Address,
    /// Who wrote.
    pub from: Address,
    /// When everything in it is erased, unless somebody writes.
    pub expires: Timestamp,
    /// Whether it opened by what was agreed on.
    pub agreed: bool,
    /// The oldest first.
    pub letters: Vec<Letter>,
    /// Why others are not shown.
    pub shut: Vec<Problem>,
}

/// Somebody whom one wrote to and who has no mailbox yet, by the server's word but for the link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct Invitation {
    /// Who was written to, where it stands and when it ends.
    #[serde(flatten)]
    pub row: InvitationRow,
    /// What stands behind the `#` of their link; none where another device made it and its contacts are not here yet.
    pub secret: Option<String>,
    /// What was agreed on beside it.
    pub passphrase: Option<String>,
}

/// Whether a password will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Under twelve characters.
    TooShort,
    /// A repeat, a sequence or a row of keys.
    Pattern,
    /// Little more than the person's own name.
    OwnName,
    /// Little more than the address or the name of this service.
    Personal,
    /// Little more than words and numbers that are tried first.
    Known,
    /// Will do; another word would make it better.
    Enough,
    /// Hard to guess.
    Good,
}

/// The password is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct PasswordChange {
    /// Whether it opened the mailbox just now. If not, the server could not be asked, and it is changed by the server's word.
    pub proved: bool,
}

/// Where the owner is signed in: a device, by the name that it gave itself.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct NamedSession {
    /// As the server has it.
    pub row: SessionRow,
    /// What its device is called, where it said so.
    pub device: Option<DeviceName>,
}

/// A recovery sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct Sheet {
    /// 28 characters in seven groups of four, with hyphens.
    pub recovery_code: String,
    /// Whose mailbox it opens.
    pub address: Address,
}

/// Nothing to say but that it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct Done {}
