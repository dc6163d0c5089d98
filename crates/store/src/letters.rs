//! Letters and the entries that hold them (PROTOCOL §3, §4).

use securemailbox_protocol::{
    accounts::Level,
    ids::{AccountId, CertificateHash, LetterId, ThreadId},
    letters::Folder,
    numbers::ChangeNumber,
    time::Timestamp,
};

mod list;
mod post;
mod read;
mod receipts;
mod update;

pub use list::{Cursor, EntryList, ListEntries};
pub use post::{PostLetter, PostLetters, PostLettersError};
pub use read::{ReadContent, ReadEntry};
pub use receipts::{DeliveriesOf, Delivery, DeliveryReceipt, PutReceipt, PutReceiptError};
pub use update::{UpdateEntry, UpdateEntryError};

/// One account's copy of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The letter's id.
    pub id: LetterId,
    /// Its conversation.
    pub thread: ThreadId,
    /// Who posted it.
    pub sender: Correspondent,
    /// Where it lies.
    pub folder: Folder,
    /// Whether its holder has opened it.
    pub read: bool,
    /// The level its sender demanded.
    pub level: Option<Level>,
    /// When it last changed.
    pub change: ChangeNumber,
    /// When the server took it.
    pub arrived: Timestamp,
    /// Size of the content packet, in bytes.
    pub content_length: u64,
    /// The envelope packet.
    pub envelope: Vec<u8>,
    /// The PKESK packet of this holder.
    pub wrapped_key: Vec<u8>,
}

/// A sender or a reader, as the server knows them; on the wire a `Sender`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correspondent {
    /// The account.
    pub account: AccountId,
    /// Its owner's address, sealed.
    pub address_sealed: Vec<u8>,
    /// Its certificate today.
    pub certificate: CertificateHash,
}
