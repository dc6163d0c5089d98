//! Letters on the wire: posting, listing, reading, receipts, erasing (PROTOCOL §3, §4, §8, §9).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    address::Address,
    ids::{AccountId, BlobId, CertificateHash, ContentHash, ErasureId, LetterId, RecordId, ThreadId},
    invitations::NewGuest,
    levels::Level,
    numbers::{ChangeNumber, EraseNumber, Version},
    octets::Octets,
    time::Timestamp,
};

/// Where an entry lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Folder {
    /// What came.
    Inbox,
    /// What was sent.
    Sent,
    /// Reserved: drafts are records.
    Drafts,
    /// Put away.
    Archive,
    /// Goes when the trash is emptied, or by itself when it has lain there for its time.
    Trash,
}

impl Folder {
    /// Every folder.
    pub const ALL: [Self; 5] = [Self::Inbox, Self::Sent, Self::Drafts, Self::Archive, Self::Trash];

    /// The word in the database, on the wire and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Sent => "sent",
            Self::Drafts => "drafts",
            Self::Archive => "archive",
            Self::Trash => "trash",
        }
    }

    /// The folder of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|folder| folder.as_str() == word)
    }
}

/// The JSON part `letters` of `POST /letters`; part `content-N`, raw, is the content of the Nth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewLetters {
    /// One letter, and one more for each Bcc reader; or one for each reader, where all get their own. All are posted or none.
    pub letters: Vec<NewLetter>,
    /// The sender's draft that these letters were: it goes in the transaction that posts them, so that no crash leaves
    /// both.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub draft: Option<SentDraft>,
    /// Until when the server keeps them from their readers. Absent: not at all.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hold: Option<Hold>,
    /// Readers who have no mailbox, and are made a guest account in the same transaction. At most [`crate::limits::GUESTS`].
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub guests: Vec<NewGuest>,
}

/// How long letters are held after they were taken: their sender may take them back meanwhile. At most
/// [`crate::limits::HOLD`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Hold {
    /// For so many seconds by the server's clock, whatever the sender's says.
    For(u32),
    /// Until a time.
    Until(Timestamp),
}

impl Hold {
    /// When letters that are taken now are released.
    #[must_use]
    pub fn release(self, now: Timestamp) -> Timestamp {
        match self {
            Self::For(seconds) => now.after(Duration::from_secs(seconds.into())),
            Self::Until(time) => time,
        }
    }
}

/// A letter that its sender has and its readers don't, yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Held {
    /// When it goes into their mailboxes.
    pub release: Timestamp,
    /// Why it could not; it is its sender's to take back now.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refused: Option<HoldRefusal>,
}

/// The body of `POST /letters/release` and `POST /letters/take-back`: letters of one's own, such as those of one post. All
/// of them, or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct HeldLetters {
    /// At most [`crate::limits::LETTERS`].
    pub letters: Vec<LetterId>,
}

/// Why a held letter was not released to its readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum HoldRefusal {
    /// A reader has another key by now, or no mailbox.
    StaleKey,
    /// A reader's mailbox is full.
    ReaderFull,
}

/// The draft that goes with a post, as its sender knew it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SentDraft {
    /// Its record.
    pub id: RecordId,
    /// The version whose text the sender has seen; 0 if the server has none, as far as the sender knows. If it has
    /// another one, or none any more, nothing is posted (409 `stale-draft`): somebody wrote on, or sent it elsewhere.
    pub version: Version,
}

/// A letter to post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewLetter {
    /// Made by the client; the same id with the same bytes is the same letter, with others 409 `id-taken`.
    pub id: LetterId,
    /// Its conversation.
    pub thread: ThreadId,
    /// The envelope packet.
    pub envelope: Octets,
    /// SHA-256 of the content part, so that a torn upload is no letter.
    pub content_hash: ContentHash,
    /// The level a reader must have proved, if the sender asked for one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub level: Option<Level>,
    /// Every holder of an entry, the sender among them.
    pub readers: Vec<NewReader>,
    /// The parts of its attachments, each once: whole, and its sender's own, or those of a letter or draft that the sender
    /// has. At most [`crate::limits::BLOBS`].
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub blobs: Vec<BlobId>,
}

/// One holder of an entry of a new letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewReader {
    /// Whose mailbox.
    pub account: AccountId,
    /// The certificate the key was wrapped for; another than the directory's is 409 `stale-key`.
    pub certificate: CertificateHash,
    /// The PKESK packet.
    pub wrapped_key: Octets,
}

/// `201` of `POST /letters`: on disk, in every reader's mailbox or held for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Posted {
    /// In the order they were posted.
    pub letters: Vec<PostedLetter>,
    /// [`crate::sync::Erased::drafts`] of the sender after this post, if it dropped a draft: a device that knew all of
    /// them before need not ask for the ids. Absent where no draft went.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub drafts_erased: Option<EraseNumber>,
}

/// A letter that was posted, now or by an earlier try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PostedLetter {
    /// Its id.
    pub id: LetterId,
    /// When the server took it.
    pub arrived: Timestamp,
}

/// One account's copy of a letter, as lists and changes carry it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Entry {
    /// The letter's id.
    pub id: LetterId,
    /// Its conversation.
    pub thread: ThreadId,
    /// Who posted it, by the server's word; a client believes the signature only.
    pub sender: Sender,
    /// Where it lies.
    pub folder: Folder,
    /// Whether its holder has opened it.
    pub read: bool,
    /// Whether its holder wants to see it again.
    #[serde(default)]
    pub flagged: bool,
    /// The level its sender demanded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub level: Option<Level>,
    /// When it last changed.
    pub change: ChangeNumber,
    /// When the server took it.
    pub arrived: Timestamp,
    /// Size of the content packet, in bytes.
    pub content_length: u64,
    /// One's own letter that its readers don't have yet.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub held: Option<Held>,
    /// When its sender withdrew it. Its readers have nothing of it any more but this.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub withdrawn: Option<Timestamp>,
    /// When it was put into the trash, for one that lies there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub binned: Option<Timestamp>,
    /// What opens it; absent while the session lacks the level.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub released: Option<Released>,
}

/// What opens an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Released {
    /// The envelope packet.
    pub envelope: Octets,
    /// The PKESK packet of this holder.
    pub wrapped_key: Octets,
}

/// Who posted a letter, by the server's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sender {
    /// The address of the account that posted.
    pub address: Address,
    /// Its certificate today, to fetch from `GET /directory/certificates/{hash}`.
    pub certificate: CertificateHash,
}

/// `GET /letters?folder=&cursor=`: newest arrival first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EntryPage {
    /// At most a page.
    pub entries: Vec<Entry>,
    /// Asks for what follows; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next: Option<String>,
}

/// `PATCH /letters/{id}`: moves or marks one's own entry. Absent is unchanged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EntryUpdate {
    /// Where to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub folder: Option<Folder>,
    /// Read or not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub read: Option<bool>,
    /// Flagged or not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub flagged: Option<bool>,
}

/// `POST /letters/{id}/receipt`: the reader says, signed, that the letter was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReadReceipt {
    /// When, as signed.
    pub at: Timestamp,
    /// A detached v6 signature over [`read_statement`].
    pub signature: Octets,
}

/// The text a read receipt signs: `securemailbox/1 read`, id, content hash and time, a line each (PROTOCOL §4.5).
#[must_use]
pub fn read_statement(id: LetterId, content: ContentHash, at: Timestamp) -> String {
    format!("{} read\n{id}\n{content}\n{at}\n", crate::VERSION)
}

/// `GET /letters/{id}/deliveries`, for the sender: what became of the letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Deliveries {
    /// One for each reader but the sender.
    pub deliveries: Vec<Delivery>,
}

/// What became of a letter at one reader. All but a receipt's signature is the server's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Delivery {
    /// The reader.
    pub reader: Sender,
    /// When it lay in the mailbox.
    pub delivered: Timestamp,
    /// When the mail server took the notice.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub notified: Option<Timestamp>,
    /// The e-mail address refused the notice, and the reader has not looked since.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub notice_refused: bool,
    /// When it was opened, and at which level, with the reader's signature.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub read: Option<DeliveryRead>,
    /// When all of its attachments lay on the reader's device, by the word of the reader's client.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub saved: Option<Timestamp>,
    /// Of somebody who came by a link: how far they are.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub guest: Option<GuestDelivery>,
    /// The conversation by a link is over, with everything that its reader had.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ended: Option<ConversationEnded>,
}

/// How far somebody is who was written to and has no mailbox (PROTOCOL §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct GuestDelivery {
    /// When the phone was proved first.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub proved: Option<Timestamp>,
    /// When the first code was sent to the phone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code_asked: Option<Timestamp>,
    /// A code was refused for good on its way to the phone, and none was proved.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub code_refused: bool,
    /// When somebody who has the link said that the phone is not theirs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub wrong_number: Option<Timestamp>,
}

/// A conversation by a link came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ConversationEnded {
    /// When.
    pub at: Timestamp,
    /// By what.
    pub ending: Ending,
}

/// What ended a conversation by a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Its time was over: everything was erased, read or not.
    Expired,
    /// Its reader did not want it: everything was erased.
    Declined,
    /// Whoever wrote took everything back.
    Withdrawn,
    /// Its reader has a mailbox of their own by now, and everything lies there.
    Claimed,
}

/// A reader opened a letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeliveryRead {
    /// The signed statement.
    pub receipt: ReadReceipt,
    /// What the reader's session had proved.
    pub level: Level,
}

/// `POST /trash/empty`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EmptyTrash {
    /// Made by the client. The same id again, within [`crate::limits::RECEIPT_LIFE`] and before another one, erases nothing
    /// more and is answered as the first time.
    pub id: ErasureId,
    /// Only these, of what lies there. Absent: everything.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub letters: Option<Vec<LetterId>>,
}

/// The answer to `POST /trash/empty`: what was erased, step by step (PROTOCOL §8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ErasureReceipt {
    /// When it was done.
    pub at: Timestamp,
    /// How many letters left this mailbox.
    pub erased: u64,
    /// In the order they were taken.
    pub steps: Vec<ErasureStep>,
}

/// One step of an erasure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ErasureStep {
    /// What was done.
    pub step: ErasureStepKind,
    /// False where this store can't take it.
    pub taken: bool,
    /// To how many.
    pub count: u64,
}

/// The steps of an erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum ErasureStepKind {
    /// Wrapped keys of this mailbox were deleted.
    KeysDestroyed,
    /// Letters that nobody else holds were overwritten.
    LettersOverwritten,
    /// Parts of attachments that nothing else refers to were overwritten.
    FilesOverwritten,
    /// They were deleted from an object store, which can't overwrite.
    FilesDeleted,
    /// The database's log was overwritten.
    LogOverwritten,
    /// The database was made to reclaim what was deleted (PostgreSQL).
    Vacuumed,
}
