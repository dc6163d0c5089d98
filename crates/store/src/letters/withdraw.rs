//! Taking a letter back from its readers (PROTOCOL §4.6): whoever has not opened it has nothing left of it, whoever has is told
//! that there was one.

use securemailbox_protocol::{
    ids::{AccountId, LetterId, MailboxId},
    letters::Folder,
    numbers::ChangeNumber,
    time::Timestamp,
};

use super::{hold, tell_sender};
use crate::{Act, Db, Room, Row, StoreError, ToParam, erasure, invitations, notices, pulse};

/// Why a letter was not withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WithdrawError {
    /// The mailbox has no such letter of its own.
    #[error("the mailbox has no such letter of its own")]
    NotFound,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Takes a letter out of its readers' mailboxes: the rows are gone when this is done, the last trace after
/// [`crate::Store::scrub_log`]. The sender keeps it. The same again changes nothing.
pub struct Withdraw {
    /// The mailbox of its sender.
    pub mailbox: MailboxId,
    /// The letter.
    pub letter: LetterId,
    /// When.
    pub now: Timestamp,
}

/// A reader's entry, as far as it matters here.
struct Reader {
    account: AccountId,
    folder: Folder,
    arrived: Timestamp,
    binned: Option<Timestamp>,
    /// Size of the wrapped key.
    key: i64,
    opened: bool,
}

impl Act for Withdraw {
    type Output = ();
    type Error = WithdrawError;
    const ROOM: Room = Room::Erases;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const MARK: &str = "UPDATE letter SET withdrawn = $2 WHERE letter_id = $1 AND withdrawn IS NULL";
        const BYTES: &str = "SELECT content_length + LENGTH(envelope), blobs_length FROM letter WHERE letter_id = $1";
        const READERS: &str = "
            SELECT e.mailbox_id, e.folder, e.arrived, e.binned, LENGTH(e.wrapped_key),
                   CASE WHEN e.read = 1 OR d.read_at IS NOT NULL THEN 1 ELSE 0 END
              FROM entry e LEFT JOIN delivery d ON d.letter_id = e.letter_id AND d.reader_id = e.mailbox_id
             WHERE e.letter_id = $1 AND e.mailbox_id <> $2 ORDER BY e.mailbox_id";
        if !hold::is_own(db, self.mailbox, self.letter).await? {
            return Err(WithdrawError::NotFound);
        }
        if db.exec(MARK, &[&self.letter, &self.now]).await? == 0 {
            return Ok(());
        }
        // One that is still held goes to nobody.
        hold::forget(db, self.letter).await?;
        let mut row = db.row(BYTES, &[&self.letter]).await?.ok_or(StoreError::Damaged("a letter"))?;
        let bytes = (row.take()?, row.take()?);
        let readers = db.rows(READERS, &[&self.letter, &self.mailbox]).await?;
        for reader in readers.into_iter().map(reader) {
            self.take_from(db, &reader?, bytes).await?;
        }
        invitations::drop_unmet(db, self.mailbox).await?;
        erasure::queue(db).await?;
        Ok(tell_sender(db, self.letter).await?)
    }
}

fn reader(mut row: Row) -> Result<Reader, StoreError> {
    Ok(Reader {
        account: row.take()?,
        folder: row.take()?,
        arrived: row.take()?,
        binned: row.take()?,
        key: row.take()?,
        opened: row.take()?,
    })
}

impl Withdraw {
    /// Whoever opened it keeps a row that says so, without the key; and without that the files are none of theirs.
    async fn take_from<D: Db>(
        &self,
        db: &mut D,
        reader: &Reader,
        (bytes, blobs): (i64, i64),
    ) -> Result<(), StoreError> {
        const ENTRY: &str = "DELETE FROM entry WHERE mailbox_id = $1 AND letter_id = $2";
        // A row of its own: the deleted one is overwritten, and an updated one might not be.
        const LEFT: &str = "
            INSERT INTO entry (mailbox_id, letter_id, sender_id, folder, read, arrived, binned, change, wrapped_key)
            VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8)";
        let Reader { account, folder, arrived, binned, key, opened } = reader;
        let mailbox = account.mailbox();
        db.exec(ENTRY, &[account, &self.letter]).await?;
        notices::withdraw(db, *account, self.letter, self.now).await?;
        if !opened {
            pulse::raise_letters_erased(db, mailbox, 1, bytes + blobs + key).await?;
            return Ok(());
        }
        let (change, _): (ChangeNumber, _) = pulse::raise_change_and_bytes(db, mailbox, -key - blobs).await?;
        let nothing: &[u8] = &[];
        let row: [&dyn ToParam; 8] = [account, &self.letter, &self.mailbox, folder, arrived, binned, &change, &nothing];
        db.exec(LEFT, &row).await.map(drop)
    }
}
