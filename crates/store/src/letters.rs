//! Letters and the entries that hold them (PROTOCOL §3, §4).

use securemailbox_protocol::{
    ids::{AccountId, CertificateHash, LetterId, ThreadId},
    letters::{Folder, Held, HoldRefusal},
    levels::Level,
    numbers::ChangeNumber,
    time::Timestamp,
};

use crate::{Row, StoreError};

/// A query of [`Entry`] rows: what stands in each, then the rest of the query, whose `e` is the entry, `l` its letter.
macro_rules! entries {
    ($rest:literal) => {
        concat!(
            "SELECT e.letter_id, l.thread_id, e.sender_id, s.address_sealed, b.certificate_hash, e.folder, e.read,
                    e.flagged, l.level, e.change, e.arrived, l.content_length, h.release, h.refused, l.withdrawn,
                    e.binned, l.envelope, e.wrapped_key
               FROM entry e
               JOIN letter l ON l.letter_id = e.letter_id
               JOIN mailbox b ON b.mailbox_id = e.sender_id
               JOIN member s ON s.mailbox_id = e.sender_id
               LEFT JOIN hold h ON h.letter_id = e.letter_id ",
            $rest
        )
    };
}
pub(crate) use entries;

mod arriving;
mod hold;
mod list;
mod post;
mod read;
mod receipts;
mod strangers;
mod update;
mod withdraw;

pub use hold::{DueForRelease, EndHold, EndHoldError, RefuseRelease, ReleaseLetter, TakeBack, TakeBackError};
pub use list::{Cursor, EntryList, ListEntries};
pub use post::{PostLetter, PostLetters, PostLettersError};
pub use read::{ReadContent, ReadEntry, ReadShortContent, ShortContent};
pub use receipts::{DeliveriesOf, Delivery, DeliveryReceipt, PutReceipt, PutReceiptError, SaySaved};
pub(crate) use receipts::{tell_sender, tell_senders_of_untold, tell_senders_to};
pub use strangers::Strangers;
pub use update::{UpdateEntry, UpdateEntryError};
pub use withdraw::{Withdraw, WithdrawError};

/// One mailbox's copy of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The letter's id, which all its readers share.
    pub id: LetterId,
    /// The conversation that the letter belongs to; made by the client that began it.
    pub thread: ThreadId,
    /// The mailbox that posted the letter.
    pub sender: Correspondent,
    /// The folder that the letter lies in, in this mailbox only.
    pub folder: Folder,
    /// Whether its holder has opened it.
    pub read: bool,
    /// Whether its holder wants to see it again.
    pub flagged: bool,
    /// The level its sender demanded.
    pub level: Option<Level>,
    /// The mailbox's change number when this entry was last written.
    pub change: ChangeNumber,
    /// When the server took the letter, by the server's clock.
    pub arrived: Timestamp,
    /// Size of the content packet, in bytes.
    pub content_length: u64,
    /// Its readers don't have it yet; only its sender holds such an entry.
    pub held: Option<Held>,
    /// When its sender withdrew it: then its readers' entries open nothing.
    pub withdrawn: Option<Timestamp>,
    /// When it was put into the trash, where it lies.
    pub binned: Option<Timestamp>,
    /// The encrypted envelope, byte for byte as it was posted.
    pub envelope: Vec<u8>,
    /// The PKESK packet of this holder.
    pub wrapped_key: Vec<u8>,
}

/// A sender or a reader, as the server knows them; on the wire a `Sender`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correspondent {
    /// The member whose mailbox it is.
    pub account: AccountId,
    /// Its owner's address, sealed.
    pub address_sealed: Vec<u8>,
    /// SHA-256 of the certificate that the directory shows for this mailbox now.
    pub certificate: CertificateHash,
}

/// From a row of [`entries!`].
pub(crate) fn entry(mut row: Row) -> Result<Entry, StoreError> {
    Ok(Entry {
        id: row.take()?,
        thread: row.take()?,
        sender: Correspondent { account: row.take()?, address_sealed: row.take()?, certificate: row.take()? },
        folder: row.take()?,
        read: row.take()?,
        flagged: row.take()?,
        level: row.take()?,
        change: row.take()?,
        arrived: row.take()?,
        content_length: row.take()?,
        held: held(row.take()?, row.take()?),
        withdrawn: row.take()?,
        binned: row.take()?,
        envelope: row.take()?,
        wrapped_key: row.take()?,
    })
}

fn held(release: Option<Timestamp>, refused: Option<HoldRefusal>) -> Option<Held> {
    release.map(|release| Held { release, refused })
}
