//! Erasure (PROTOCOL §8): rows in one transaction, then every trace of them, then the queue row.
//!
//! The transaction also queues the erasure, so that a crash between it and the last trace is mended when the store is
//! opened again. The queue holds a number and nothing of what was erased. How the traces go is the engine's matter
//! (docs/decisions/0003-what-sqlite-leaves-behind.md).

use securemailbox_protocol::{
    ids::{AccountId, RecordId},
    letters::{ErasureReceipt, ErasureStep, ErasureStepKind},
    numbers::EraseNumber,
    time::Timestamp,
};

use crate::{Act, Db, Store, StoreError, records::EraseRecordError, store::Forgetting, sync};

impl Store {
    /// Empties the trash of `account`: returns when nothing of what lay there is left (PROTOCOL §8).
    ///
    /// # Errors
    /// [`StoreError`]. If it comes after the rows were deleted, the erasure is finished by the next one or by
    /// [`Store::scrub_log`], at the latest when the store is opened again.
    pub async fn empty_trash(&self, account: AccountId, now: Timestamp) -> Result<ErasureReceipt, StoreError> {
        let emptied = self.write(EmptyTrash { account }).await?;
        self.scrub_log().await?;
        Ok(receipt(emptied, self.forgets_by(), now))
    }

    /// Erases a draft: returns when nothing of it is left.
    ///
    /// # Errors
    /// [`EraseRecordError::NotFound`]: the account has no such record, or it is no draft.
    pub async fn erase_draft(&self, account: AccountId, draft: RecordId) -> Result<(), EraseRecordError> {
        self.write(EraseDraft { account, draft }).await?;
        Ok(self.scrub_log().await?)
    }
}

/// Deletes the rows of everything in the trash, and of the letters that nobody holds any more.
pub(crate) struct EmptyTrash {
    pub(crate) account: AccountId,
}

/// How much was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Emptied {
    /// Entries, each with its wrapped key.
    pub(crate) entries: u64,
    /// Letters that nobody else held.
    pub(crate) letters: u64,
}

impl Act for EmptyTrash {
    type Output = Emptied;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        /// What goes: is it the account's own letter, is this the last entry? Written down for this transaction only.
        const CHOOSE: &str = "
            INSERT INTO erasing (account_id, letter_id, sent, last)
            SELECT e.account_id, e.letter_id,
                   CASE WHEN l.sender_id = e.account_id THEN 1 ELSE 0 END,
                   CASE WHEN EXISTS (SELECT 1 FROM entry o
                                      WHERE o.letter_id = e.letter_id AND o.account_id <> e.account_id)
                        THEN 0 ELSE 1 END
              FROM entry e JOIN letter l ON l.letter_id = e.letter_id
             WHERE e.account_id = $1 AND e.folder = 'trash'";
        const ENTRIES: &str = "
            DELETE FROM entry
             WHERE account_id = $1 AND letter_id IN (SELECT letter_id FROM erasing WHERE account_id = $1)";
        const CONTENTS: &str = "
            DELETE FROM content WHERE letter_id IN (SELECT letter_id FROM erasing WHERE account_id = $1 AND last = 1)";
        const LETTERS: &str = "
            DELETE FROM letter WHERE letter_id IN (SELECT letter_id FROM erasing WHERE account_id = $1 AND last = 1)";
        const DELIVERIES: &str = "
            DELETE FROM delivery
             WHERE letter_id IN (SELECT letter_id FROM erasing WHERE account_id = $1 AND (sent = 1 OR last = 1))";
        const NOTICES: &str = "
            DELETE FROM notice
             WHERE letter_id IN (SELECT letter_id FROM erasing WHERE account_id = $1)
               AND (account_id = $1
                 OR letter_id IN (SELECT letter_id FROM erasing WHERE account_id = $1 AND last = 1))";
        const CHOSEN: &str = "DELETE FROM erasing WHERE account_id = $1";

        let account = &self.account;
        if db.exec(CHOOSE, &[account]).await? == 0 {
            return Ok(Emptied { entries: 0, letters: 0 });
        }
        // The wrapped keys first (PROTOCOL §8): without them the rest is noise.
        let entries = db.exec(ENTRIES, &[account]).await?;
        db.exec(CONTENTS, &[account]).await?;
        let letters = db.exec(LETTERS, &[account]).await?;
        db.exec(DELIVERIES, &[account]).await?;
        db.exec(NOTICES, &[account]).await?;
        db.exec(CHOSEN, &[account]).await?;
        sync::raise_letters_erased(db, self.account).await?;
        queue(db).await?;
        Ok(Emptied { entries, letters })
    }
}

/// Deletes the row of a draft.
struct EraseDraft {
    account: AccountId,
    draft: RecordId,
}

impl Act for EraseDraft {
    type Output = ();
    type Error = EraseRecordError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        match drop_draft(db, self.account, self.draft).await? {
            Some(_) => Ok(()),
            None => Err(EraseRecordError::NotFound),
        }
    }
}

/// Deletes the row of a draft, and queues the erasure of its traces: the account's number of draft erasures after that.
/// None, and nothing deleted, if the account has no such record or it is no draft.
pub(crate) async fn drop_draft<D: Db>(
    db: &mut D,
    account: AccountId,
    draft: RecordId,
) -> Result<Option<EraseNumber>, StoreError> {
    const SQL: &str = "DELETE FROM record WHERE account_id = $1 AND record_id = $2 AND purpose = 'draft'";
    if db.exec(SQL, &[&account, &draft]).await? == 0 {
        return Ok(None);
    }
    let erased = sync::raise_drafts_erased(db, account).await?;
    queue(db).await?;
    Ok(Some(erased))
}

/// Remembers that traces are left.
async fn queue<D: Db>(db: &mut D) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO erasure (number) SELECT COALESCE(MAX(number), 0) + 1 FROM erasure";
    db.exec(SQL, &[]).await.map(drop)
}

/// What was done, and what this store can't do.
fn receipt(emptied: Emptied, by: Forgetting, at: Timestamp) -> ErasureReceipt {
    let overwrites = by == Forgetting::Overwriting;
    let step = |step, taken, count| ErasureStep { step, taken, count: if taken { count } else { 0 } };
    ErasureReceipt {
        at,
        erased: emptied.entries,
        steps: vec![
            step(ErasureStepKind::KeysDestroyed, true, emptied.entries),
            step(ErasureStepKind::LettersOverwritten, overwrites, emptied.letters),
            step(ErasureStepKind::LogOverwritten, overwrites, 1),
            step(ErasureStepKind::Vacuumed, !overwrites, 1),
        ],
    }
}
