//! Blobs (PROTOCOL §3, §9): parts of attachments, sealed. A blob is there as long as somebody uploads it, or a draft or a letter
//! refers to it, and goes with the last of them. Its bytes count in each mailbox that has such an upload, draft or entry.

use std::collections::{BTreeMap, BTreeSet};

use securemailbox_protocol::{
    ids::{BlobId, LetterId, MailboxId, RecordId},
    levels::Level,
};

use crate::{Db, StoreError, pieces::PieceName};

mod counting;
mod erasing;
mod reading;
mod uploading;

pub use counting::Counted;
pub use reading::{BlobOf, BlobReader, ReadableBlob};
pub use uploading::{
    BeginUpload, BeginUploadError, GiveUpUpload, NewPiece, PlaceOfPiece, Upload, UploadError, UploadOf,
};

/// The blobs that a draft refers to, as its writer says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Referring {
    /// Each once.
    pub blobs: Vec<BlobId>,
    /// What the session proves now: letters that demand more lend none of theirs.
    pub proved: Option<Level>,
}

/// Why nothing may refer to a blob.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReferError {
    /// It is not there, not whole, or not the mailbox's to refer to.
    #[error("a blob is not there, not whole, or another's")]
    Missing,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Blobs that something of a mailbox is about to refer to.
#[derive(Debug, Default)]
pub(crate) struct TakenOver {
    /// The length of each.
    lengths: BTreeMap<BlobId, i64>,
    /// How many bytes of them the mailbox had as uploads. They count where they are referred to from now on.
    pub(crate) released: i64,
}

impl TakenOver {
    /// How long these are together.
    pub(crate) fn length(&self, blobs: &[BlobId]) -> i64 {
        blobs.iter().filter_map(|blob| self.lengths.get(blob)).sum()
    }
}

/// Whether a mailbox may refer to these; its uploads among them are uploads no more.
pub(crate) async fn take_over<D: Db>(
    db: &mut D,
    mailbox: MailboxId,
    blobs: impl IntoIterator<Item = BlobId>,
    proved: Option<Level>,
) -> Result<TakenOver, ReferError> {
    const FIND: &str = "
        SELECT b.length, CASE WHEN b.uploader_id = $2 THEN 1 ELSE 0 END FROM blob b
         WHERE b.blob_id = $1 AND b.received = b.length
           AND (b.uploader_id = $2
             OR EXISTS (SELECT 1 FROM draft_blob d WHERE d.blob_id = $1 AND d.mailbox_id = $2)
             OR EXISTS (SELECT 1 FROM letter_blob x
                          JOIN entry e ON e.letter_id = x.letter_id
                          JOIN letter l ON l.letter_id = x.letter_id
                         WHERE x.blob_id = $1 AND e.mailbox_id = $2 AND LENGTH(e.wrapped_key) > 0
                           AND (l.level IS NULL OR l.sender_id = $2 OR l.level <= $3)))";
    // From here on nothing ties it to who uploaded it.
    const TAKE: &str = "UPDATE blob SET uploader_id = NULL WHERE blob_id = $1";
    let proved = proved.map_or(0, |level| level as i64);
    let mut taken = TakenOver::default();
    for blob in blobs.into_iter().collect::<BTreeSet<_>>() {
        let mut found = db.row(FIND, &[&blob, &mailbox, &proved]).await?.ok_or(ReferError::Missing)?;
        let (length, is_upload): (i64, bool) = (found.take()?, found.take()?);
        if is_upload {
            db.exec(TAKE, &[&blob]).await?;
            taken.released += length;
        }
        taken.lengths.insert(blob, length);
    }
    Ok(taken)
}

/// A letter refers to these, which its sender may refer to.
pub(crate) async fn of_letter<D: Db>(db: &mut D, letter: LetterId, blobs: &[BlobId]) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO letter_blob (letter_id, blob_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    for blob in blobs {
        db.exec(SQL, &[&letter, blob]).await?;
    }
    Ok(())
}

/// A draft refers to these from now on, and to no others: how many bytes more its mailbox has by that.
pub(crate) async fn of_draft<D: Db>(
    db: &mut D,
    mailbox: MailboxId,
    draft: RecordId,
    refers: &Referring,
) -> Result<i64, ReferError> {
    const NOW: &str = "
        SELECT d.blob_id, b.length FROM draft_blob d JOIN blob b ON b.blob_id = d.blob_id
         WHERE d.mailbox_id = $1 AND d.record_id = $2";
    const ADD: &str = "INSERT INTO draft_blob (mailbox_id, record_id, blob_id) VALUES ($1, $2, $3)";
    const DROP: &str = "DELETE FROM draft_blob WHERE mailbox_id = $1 AND record_id = $2 AND blob_id = $3";
    let mut before = BTreeMap::new();
    for mut row in db.rows(NOW, &[&mailbox, &draft]).await? {
        before.insert(row.take::<BlobId>()?, row.take::<i64>()?);
    }
    let after: BTreeSet<BlobId> = refers.blobs.iter().copied().collect();
    let added: Vec<BlobId> = after.iter().filter(|blob| !before.contains_key(blob)).copied().collect();
    let taken = take_over(db, mailbox, added.iter().copied(), refers.proved).await?;
    for blob in &added {
        db.exec(ADD, &[&mailbox, &draft, blob]).await?;
    }
    let dropped: BTreeMap<_, _> = before.into_iter().filter(|(blob, _)| !after.contains(blob)).collect();
    for blob in dropped.keys() {
        db.exec(DROP, &[&mailbox, &draft, blob]).await?;
    }
    let_go(db, dropped.keys().copied()).await?;
    Ok(taken.length(&added) - taken.released - dropped.values().sum::<i64>())
}

/// A draft refers to nothing any more: how many bytes its mailbox had by that.
pub(crate) async fn forget_draft<D: Db>(db: &mut D, mailbox: MailboxId, draft: RecordId) -> Result<i64, StoreError> {
    const LENGTH: &str = "
        SELECT CAST(COALESCE(SUM(b.length), 0) AS BIGINT) FROM draft_blob d JOIN blob b ON b.blob_id = d.blob_id
         WHERE d.mailbox_id = $1 AND d.record_id = $2";
    const DROP: &str = "DELETE FROM draft_blob WHERE mailbox_id = $1 AND record_id = $2 RETURNING blob_id";
    let length = db.row(LENGTH, &[&mailbox, &draft]).await?.ok_or(StoreError::Damaged("a sum"))?.take()?;
    let dropped = ids(db.rows(DROP, &[&mailbox, &draft]).await?)?;
    let_go(db, dropped).await?;
    Ok(length)
}

/// A mailbox that is removed uploads nothing more, and has no drafts.
pub(crate) async fn forget_all_of<D: Db>(db: &mut D, mailbox: MailboxId) -> Result<(), StoreError> {
    const DRAFTS: &str = "DELETE FROM draft_blob WHERE mailbox_id = $1 RETURNING blob_id";
    const UPLOADS: &str = "UPDATE blob SET uploader_id = NULL WHERE uploader_id = $1 RETURNING blob_id";
    let mut gone = ids(db.rows(DRAFTS, &[&mailbox]).await?)?;
    gone.extend(ids(db.rows(UPLOADS, &[&mailbox]).await?)?);
    let_go(db, gone).await.map(drop)
}

pub(crate) fn ids(rows: Vec<crate::Row>) -> Result<Vec<BlobId>, StoreError> {
    rows.into_iter().map(|mut row| row.take()).collect()
}

/// Blobs that went, and the pieces that they were.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Gone {
    pub(crate) blobs: i64,
    pub(crate) pieces: Vec<PieceName>,
}

/// Something that referred to these is gone: queues for erasure those that nobody uploads and nothing refers to.
pub(crate) async fn let_go<D: Db>(db: &mut D, blobs: impl IntoIterator<Item = BlobId>) -> Result<Gone, StoreError> {
    const DROP: &str = "
        DELETE FROM blob
         WHERE blob_id = $1 AND uploader_id IS NULL
           AND NOT EXISTS (SELECT 1 FROM letter_blob x WHERE x.blob_id = $1)
           AND NOT EXISTS (SELECT 1 FROM draft_blob d WHERE d.blob_id = $1)";
    let mut gone = Gone::default();
    for blob in blobs.into_iter().collect::<BTreeSet<_>>() {
        if db.exec(DROP, &[&blob]).await? > 0 {
            gone.blobs += 1;
            gone.pieces.extend(queue_pieces(db, blob).await?);
        }
    }
    Ok(gone)
}

/// The pieces of a blob are nobody's any more, and erased as soon as can be.
async fn queue_pieces<D: Db>(db: &mut D, blob: BlobId) -> Result<Vec<PieceName>, StoreError> {
    const SQL: &str = "
        UPDATE blob_piece SET blob_id = NULL, start = 0, erase = 0 WHERE blob_id = $1 RETURNING piece_name";
    db.rows(SQL, &[&blob]).await?.into_iter().map(|mut row| row.take()).collect()
}
