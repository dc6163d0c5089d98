//! Erasure (PROTOCOL §8): rows in one transaction, then every trace of them, then the queue row.
//!
//! The transaction also queues the erasure, so that a crash between it and the last trace is mended when the store is
//! opened again, on PostgreSQL also by another process. The queue holds a number and nothing of what was erased. How the
//! traces go is the engine's matter (docs/decisions/0003-what-sqlite-leaves-behind.md).

use std::{mem, time::Duration};

use securemailbox_protocol::{
    accounts::TrashLife,
    ids::{ErasureId, LetterId, MailboxId, RecordId},
    letters::{ErasureReceipt, ErasureStep, ErasureStepKind},
    limits,
    numbers::{ChangeNumber, EraseNumber},
    time::Timestamp,
};

use crate::{
    Act, Db, Room, Store, StoreError, ToParam,
    blobs::{self, Gone},
    notices,
    pieces::PieceName,
    pulse,
    records::EraseRecordError,
    store::Forgetting,
};

/// How long a receipt waits for files to be overwritten: it may be many GB, and whoever emptied the trash watches. What is not done
/// by then is done after it, and the receipt says so.
const WAITED_FOR_FILES: Duration = Duration::from_secs(20);

impl Store {
    /// Empties the trash of `mailbox`: returns when nothing of what lay there is left (PROTOCOL §8). The same id again is
    /// the same emptying, and has the same receipt.
    ///
    /// # Errors
    /// [`StoreError`]. If it comes after the rows were deleted, the erasure is finished by the next one, by
    /// [`Store::forget_in_time`], at the latest when the store is opened again.
    pub async fn empty_trash(
        &self,
        mailbox: MailboxId,
        id: ErasureId,
        now: Timestamp,
    ) -> Result<ErasureReceipt, StoreError> {
        self.erase(EmptyTrash { mailbox, id, letters: None, now }).await
    }

    /// Erases these of what lies in the trash, in the same way.
    ///
    /// # Errors
    /// As for [`Store::empty_trash`].
    pub async fn erase_letters(
        &self,
        mailbox: MailboxId,
        id: ErasureId,
        letters: Vec<LetterId>,
        now: Timestamp,
    ) -> Result<ErasureReceipt, StoreError> {
        self.erase(EmptyTrash { mailbox, id, letters: Some(letters), now }).await
    }

    /// Erases what has lain in a trash for as long as its owner wants, in the same way: how many entries went (PROTOCOL §8).
    ///
    /// # Errors
    /// [`StoreError`], as for [`Store::empty_trash`].
    pub async fn erase_binned(&self, now: Timestamp) -> Result<u64, StoreError> {
        let until = now.before(limits::TRASH_LIFE);
        let mut erased = 0;
        loop {
            match self.write(EraseBinned { until }).await? {
                0 => break,
                entries => erased += entries,
            }
        }
        if erased > 0 {
            self.erase_queued_pieces().await;
            self.scrub_log().await?;
        }
        Ok(erased)
    }

    async fn erase(&self, what: EmptyTrash) -> Result<ErasureReceipt, StoreError> {
        let now = what.now;
        let mut emptied = self.write(what).await?;
        let pieces = mem::take(&mut emptied.pieces);
        let files_are_gone = emptied.blobs == 0 || self.files_are_gone(pieces, now).await;
        // In a repetition too: the first time may have ended between the rows and their traces.
        self.scrub_log().await?;
        let files = (self.pieces().forgets_by(), files_are_gone);
        Ok(receipt(&emptied, self.forgets_by(), files))
    }

    /// Erases the pieces of an erasure, or in a repetition whatever is due: whether all of them are gone.
    async fn files_are_gone(&self, pieces: Vec<PieceName>, now: Timestamp) -> bool {
        let gone = async {
            match pieces.is_empty() {
                false => self.erase_pieces(pieces).await,
                true => self.erase_due_pieces(now).await.map(drop),
            }
        };
        match tokio::time::timeout(WAITED_FOR_FILES, gone).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::warn!(%error, "files of erased letters are not overwritten yet; it will be tried again");
                false
            }
            Err(_) => false,
        }
    }

    /// Erases a draft. Its row is gone when this returns, its traces are a few seconds later.
    ///
    /// # Errors
    /// [`EraseRecordError::NotFound`]: the mailbox has no such record, or it is no draft.
    pub async fn erase_draft(&self, mailbox: MailboxId, draft: RecordId) -> Result<(), EraseRecordError> {
        self.write(EraseDraft { mailbox, draft }).await
    }
}

/// What goes of a mailbox: is it its own letter, is this the last entry? Written down for this transaction only.
macro_rules! choose {
    ($which:literal) => {
        concat!(
            "INSERT INTO erasing (mailbox_id, letter_id, sent, last)
             SELECT e.mailbox_id, e.letter_id,
                    CASE WHEN l.sender_id = e.mailbox_id THEN 1 ELSE 0 END,
                    CASE WHEN EXISTS (SELECT 1 FROM entry o
                                       WHERE o.letter_id = e.letter_id AND o.mailbox_id <> e.mailbox_id)
                         THEN 0 ELSE 1 END
               FROM entry e JOIN letter l ON l.letter_id = e.letter_id
              WHERE e.mailbox_id = $1 AND ",
            $which,
            " ON CONFLICT DO NOTHING"
        )
    };
}

/// Deletes the rows of what lies in the trash, and of the letters that nobody holds any more.
pub(crate) struct EmptyTrash {
    pub(crate) mailbox: MailboxId,
    pub(crate) id: ErasureId,
    /// Only these; none: everything.
    pub(crate) letters: Option<Vec<LetterId>>,
    pub(crate) now: Timestamp,
}

/// How much was deleted, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Emptied {
    at: Timestamp,
    /// Entries, each with its wrapped key.
    entries: i64,
    /// Letters that nobody else held.
    letters: i64,
    /// Blobs that nothing else refers to.
    blobs: i64,
    /// The pieces that they were; not known in a repetition.
    pieces: Vec<PieceName>,
}

impl Act for EmptyTrash {
    type Output = Emptied;
    type Error = StoreError;
    const ROOM: Room = Room::Erases;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        match self.earlier(db).await? {
            Some(emptied) => Ok(emptied),
            None => {
                let emptied = self.empty(db).await?;
                self.keep(db, &emptied).await?;
                Ok(emptied)
            }
        }
    }
}

impl EmptyTrash {
    async fn empty<D: Db>(&self, db: &mut D) -> Result<Emptied, StoreError> {
        const CHOOSE: &str = choose!("e.folder = 'trash' AND (e.letter_id = $2 OR $2 IS NULL)");
        let mailbox = &self.mailbox;
        match &self.letters {
            None => drop(db.exec(CHOOSE, &[mailbox, &None::<LetterId>]).await?),
            Some(letters) => {
                for letter in letters {
                    db.exec(CHOOSE, &[mailbox, letter]).await?;
                }
            }
        }
        let Chosen { entries, letters, gone: Gone { blobs, pieces } } = erase_chosen(db, self.mailbox).await?;
        if entries > 0 {
            // Among what went is perhaps what was to tell its owner, who has looked.
            notices::looked(db, self.mailbox).await?;
        }
        Ok(Emptied { at: self.now, entries, letters, blobs, pieces })
    }

    /// The receipt of an earlier try that emptied the trash, and whose answer was lost.
    async fn earlier<D: Db>(&self, db: &mut D) -> Result<Option<Emptied>, StoreError> {
        const SQL: &str = "
            SELECT at, entries, letters, blobs FROM receipt WHERE mailbox_id = $1 AND erasure_id = $2 AND expires > $3";
        let Some(mut row) = db.row(SQL, &[&self.mailbox, &self.id, &self.now]).await? else { return Ok(None) };
        let (at, entries, letters, blobs) = (row.take()?, row.take()?, row.take()?, row.take()?);
        Ok(Some(Emptied { at, entries, letters, blobs, pieces: Vec::new() }))
    }

    /// Keeps what came of it, even if nothing did: a request that arrives late must not erase what was put into the trash
    /// after it was answered.
    async fn keep<D: Db>(&self, db: &mut D, emptied: &Emptied) -> Result<(), StoreError> {
        const SQL: &str = "
            INSERT INTO receipt (mailbox_id, erasure_id, at, entries, letters, blobs, expires)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (mailbox_id) DO UPDATE
               SET erasure_id = EXCLUDED.erasure_id, at = EXCLUDED.at, entries = EXCLUDED.entries,
                   letters = EXCLUDED.letters, blobs = EXCLUDED.blobs,
                   expires = EXCLUDED.expires";
        let expires = self.now.after(limits::RECEIPT_LIFE);
        let Emptied { at, entries, letters, blobs, .. } = emptied;
        let row: [&dyn ToParam; 7] = [&self.mailbox, &self.id, at, entries, letters, blobs, &expires];
        db.exec(SQL, &row).await.map(drop)
    }
}

/// What was erased of a mailbox.
#[derive(Default)]
struct Chosen {
    entries: i64,
    /// Letters that nobody else held.
    letters: i64,
    /// Blobs that nothing else refers to.
    gone: Gone,
}

/// Deletes what was chosen of a mailbox.
async fn erase_chosen<D: Db>(db: &mut D, mailbox: MailboxId) -> Result<Chosen, StoreError> {
    const BYTES: &str = "
        SELECT CAST(COALESCE(SUM(l.content_length + LENGTH(l.envelope) + LENGTH(e.wrapped_key)
                                 + CASE WHEN LENGTH(e.wrapped_key) > 0 THEN l.blobs_length ELSE 0 END), 0) AS BIGINT)
          FROM erasing x
          JOIN entry e ON e.mailbox_id = x.mailbox_id AND e.letter_id = x.letter_id
          JOIN letter l ON l.letter_id = x.letter_id
         WHERE x.mailbox_id = $1";
    const ENTRIES: &str = "
        DELETE FROM entry
         WHERE mailbox_id = $1 AND letter_id IN (SELECT letter_id FROM erasing WHERE mailbox_id = $1)";
    // Whoever has an entry without its key has no use for them.
    const BLOBS: &str = "
        DELETE FROM letter_blob
         WHERE letter_id IN (SELECT letter_id FROM erasing WHERE mailbox_id = $1)
           AND NOT EXISTS (SELECT 1 FROM entry e
                            WHERE e.letter_id = letter_blob.letter_id AND LENGTH(e.wrapped_key) > 0)
        RETURNING blob_id";
    const CONTENTS: &str = "
        DELETE FROM content WHERE letter_id IN (SELECT letter_id FROM erasing WHERE mailbox_id = $1 AND last = 1)";
    const LETTERS: &str = "
        DELETE FROM letter WHERE letter_id IN (SELECT letter_id FROM erasing WHERE mailbox_id = $1 AND last = 1)";
    const DELIVERIES: &str = "
        DELETE FROM delivery
         WHERE letter_id IN (SELECT letter_id FROM erasing WHERE mailbox_id = $1 AND (sent = 1 OR last = 1))";
    const HELD: &str = "
        DELETE FROM held_reader
         WHERE letter_id IN (SELECT letter_id FROM erasing WHERE mailbox_id = $1 AND sent = 1)";
    const HOLDS: &str = "
        DELETE FROM hold WHERE letter_id IN (SELECT letter_id FROM erasing WHERE mailbox_id = $1 AND sent = 1)";
    const NOTICES: &str = "
        DELETE FROM notice
         WHERE letter_id IN (SELECT letter_id FROM erasing WHERE mailbox_id = $1)
           AND (mailbox_id = $1
             OR letter_id IN (SELECT letter_id FROM erasing WHERE mailbox_id = $1 AND last = 1))";
    const CHOSEN: &str = "DELETE FROM erasing WHERE mailbox_id = $1";

    // The wrapped keys first (PROTOCOL §8): without them the rest is noise.
    let bytes: i64 = db.row(BYTES, &[&mailbox]).await?.ok_or(StoreError::Damaged("a sum"))?.take()?;
    let entries = db.exec(ENTRIES, &[&mailbox]).await?;
    if entries == 0 {
        return Ok(Chosen::default());
    }
    db.exec(HELD, &[&mailbox]).await?;
    db.exec(HOLDS, &[&mailbox]).await?;
    let blobs = blobs::ids(db.rows(BLOBS, &[&mailbox]).await?)?;
    let gone = blobs::let_go(db, blobs).await?;
    db.exec(CONTENTS, &[&mailbox]).await?;
    let letters = db.exec(LETTERS, &[&mailbox]).await?;
    db.exec(DELIVERIES, &[&mailbox]).await?;
    db.exec(NOTICES, &[&mailbox]).await?;
    db.exec(CHOSEN, &[&mailbox]).await?;
    let count = |rows: u64| i64::try_from(rows).map_err(|_| StoreError::Damaged("a count"));
    let (entries, letters) = (count(entries)?, count(letters)?);
    pulse::raise_letters_erased(db, mailbox, entries, bytes).await?;
    queue(db).await?;
    Ok(Chosen { entries, letters, gone })
}

/// Deletes what has lain in the trash of one mailbox since `until` or longer, if its owner wants that, in the same way: at
/// most [`BATCH`] entries, and how many they were.
struct EraseBinned {
    until: Timestamp,
}

/// So many entries at once: others wait as long as that takes.
const BATCH: i64 = 50;

impl Act for EraseBinned {
    type Output = u64;
    type Error = StoreError;
    const ROOM: Room = Room::Erases;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const DUE: &str = "
            SELECT e.mailbox_id FROM entry e JOIN member m ON m.mailbox_id = e.mailbox_id
             WHERE e.binned <= $1 AND m.trash_life = $2
             ORDER BY e.binned LIMIT 1";
        const CHOOSE: &str = choose!("e.binned <= $2 ORDER BY e.binned, e.letter_id LIMIT $3");
        let Some(mut due) = db.row(DUE, &[&self.until, &TrashLife::ThirtyDays]).await? else { return Ok(0) };
        let mailbox: MailboxId = due.take()?;
        db.exec(CHOOSE, &[&mailbox, &self.until, &BATCH]).await?;
        Ok(erase_chosen(db, mailbox).await?.entries.unsigned_abs())
    }
}

/// Deletes what one removed account holds, in the same way: at most [`BATCH`] entries, and how many they were.
pub(crate) struct EraseOfRemoved;

impl Act for EraseOfRemoved {
    type Output = u64;
    type Error = StoreError;
    const ROOM: Room = Room::Erases;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const REMOVED: &str = "
            SELECT b.mailbox_id FROM mailbox b
             WHERE b.kind = 'removed' AND EXISTS (SELECT 1 FROM entry e WHERE e.mailbox_id = b.mailbox_id) LIMIT 1";
        const CHOOSE: &str = choose!("e.change > $2 ORDER BY e.change LIMIT $3");
        let Some(mut removed) = db.row(REMOVED, &[]).await? else { return Ok(0) };
        let mailbox: MailboxId = removed.take()?;
        db.exec(CHOOSE, &[&mailbox, &ChangeNumber::ZERO, &BATCH]).await?;
        Ok(erase_chosen(db, mailbox).await?.entries.unsigned_abs())
    }
}

/// Deletes the row of a draft.
struct EraseDraft {
    mailbox: MailboxId,
    draft: RecordId,
}

impl Act for EraseDraft {
    type Output = ();
    type Error = EraseRecordError;
    const ROOM: Room = Room::Erases;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        match drop_draft(db, self.mailbox, self.draft).await? {
            Some(_) => Ok(()),
            None => Err(EraseRecordError::NotFound),
        }
    }
}

/// Deletes the row of a draft: the mailbox's number of draft erasures after that. None, and nothing deleted, if the
/// mailbox has no such record or it is no draft.
pub(crate) async fn drop_draft<D: Db>(
    db: &mut D,
    mailbox: MailboxId,
    draft: RecordId,
) -> Result<Option<EraseNumber>, StoreError> {
    const SQL: &str = "
        DELETE FROM record WHERE mailbox_id = $1 AND record_id = $2 AND purpose = 'draft' RETURNING LENGTH(sealed)";
    let Some(mut deleted) = db.row(SQL, &[&mailbox, &draft]).await? else { return Ok(None) };
    let bytes = deleted.take::<i64>()? + blobs::forget_draft(db, mailbox, draft).await?;
    pulse::raise_drafts_erased(db, mailbox, bytes).await.map(Some)
}

/// Deletes a letter that nobody but its sender has, whose hold is over.
pub(crate) async fn erase_unreleased<D: Db>(db: &mut D, sender: MailboxId, letter: LetterId) -> Result<(), StoreError> {
    const HELD: &str = "DELETE FROM held_reader WHERE letter_id = $1";
    const ENTRY: &str = "DELETE FROM entry WHERE mailbox_id = $1 AND letter_id = $2 RETURNING LENGTH(wrapped_key)";
    const CONTENT: &str = "DELETE FROM content WHERE letter_id = $1";
    const LETTER: &str = "
        DELETE FROM letter WHERE letter_id = $1 RETURNING content_length + blobs_length + LENGTH(envelope)";
    const BLOBS: &str = "DELETE FROM letter_blob WHERE letter_id = $1 RETURNING blob_id";
    let gone = StoreError::Damaged("a held letter");
    db.exec(HELD, &[&letter]).await?;
    let key: i64 = db.row(ENTRY, &[&sender, &letter]).await?.ok_or(gone.clone())?.take()?;
    db.exec(CONTENT, &[&letter]).await?;
    let bytes: i64 = db.row(LETTER, &[&letter]).await?.ok_or(gone)?.take()?;
    let blobs = blobs::ids(db.rows(BLOBS, &[&letter]).await?)?;
    blobs::let_go(db, blobs).await?;
    pulse::raise_letters_erased(db, sender, 1, key + bytes).await.map(drop)
}

/// Remembers that traces are left.
pub(crate) async fn queue<D: Db>(db: &mut D) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO erasure (number) SELECT COALESCE(MAX(number), 0) + 1 FROM erasure";
    db.exec(SQL, &[]).await.map(drop)
}

/// The steps of a receipt: those that were taken, and those that this store can't take.
fn receipt(emptied: &Emptied, by: Forgetting, (files, are_gone): (ErasureStepKind, bool)) -> ErasureReceipt {
    let overwrites = by == Forgetting::Overwriting;
    let step = |step, taken, count| ErasureStep { step, taken, count: if taken { count } else { 0 } };
    let (entries, letters) = (emptied.entries.unsigned_abs(), emptied.letters.unsigned_abs());
    let mut steps = vec![
        step(ErasureStepKind::KeysDestroyed, true, entries),
        step(ErasureStepKind::LettersOverwritten, overwrites, letters),
    ];
    if emptied.blobs > 0 {
        steps.push(step(files, are_gone, emptied.blobs.unsigned_abs()));
    }
    steps.push(step(ErasureStepKind::LogOverwritten, overwrites, 1));
    steps.push(step(ErasureStepKind::Vacuumed, !overwrites, 1));
    ErasureReceipt { at: emptied.at, erased: entries, steps }
}
