//! Uploads: a blob grows by pieces, each whole or not at all (tus 1.0, PROTOCOL §9).

use securemailbox_protocol::{
    ids::{BlobId, MailboxId, SessionId},
    limits,
    time::Timestamp,
};

use std::time::Duration;

use super::queue_pieces;
use crate::{
    Act, Db, ReadOnly, Room, Store, StoreError,
    pieces::PieceName,
    quotas::Quota,
    sessions::{InSession, InSessionError},
};

/// How long a piece may take to be written. One that took longer is erased: whoever wrote it is gone.
const WRITING: Duration = Duration::from_secs(60 * 60);
/// So many uploads that are over go at once: others wait as long as that takes.
const BATCH: i64 = 50;

/// Begins a blob, which its uploader alone can write.
pub struct BeginUpload {
    /// The mailbox that it counts in.
    pub mailbox: MailboxId,
    /// The blob.
    pub blob: BlobId,
    /// How many bytes it will have.
    pub length: u64,
    /// How much the mailbox may hold.
    pub quota: Quota,
    /// When.
    pub now: Timestamp,
}

/// Why an upload was not begun.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BeginUploadError {
    /// The mailbox has [`limits::UPLOADS`] under way.
    #[error("too many uploads are under way")]
    TooMany,
    /// The mailbox holds as much as it may.
    #[error("the mailbox is full")]
    Full,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl Act for BeginUpload {
    type Output = ();
    type Error = BeginUploadError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const COUNT: &str = "SELECT COUNT(*) FROM blob WHERE uploader_id = $1";
        const BLOB: &str = "INSERT INTO blob (blob_id, uploader_id, length, received, used) VALUES ($1, $2, $3, 0, $4)";
        const RAISE: &str = "
            UPDATE mailbox SET bytes = bytes + $2 WHERE mailbox_id = $1 AND kind <> 'removed' RETURNING bytes";
        let gone = StoreError::Damaged("a mailbox");
        let length = i64::try_from(self.length).map_err(|_| BeginUploadError::Full)?;
        let uploads: i64 = db.row(COUNT, &[&self.mailbox]).await?.ok_or(StoreError::Damaged("a count"))?.take()?;
        if usize::try_from(uploads).is_ok_and(|uploads| uploads >= limits::UPLOADS) {
            return Err(BeginUploadError::TooMany);
        }
        let bytes = db.row(RAISE, &[&self.mailbox, &length]).await?.ok_or(gone)?.take()?;
        if !self.quota.allows(0, bytes) {
            return Err(BeginUploadError::Full);
        }
        db.exec(BLOB, &[&self.blob, &self.mailbox, &length, &self.now]).await?;
        Ok(())
    }
}

/// An upload of a mailbox's own.
pub struct UploadOf {
    /// The mailbox.
    pub mailbox: MailboxId,
    /// The blob.
    pub blob: BlobId,
}

/// How far an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upload {
    /// How many bytes the blob will have.
    pub length: u64,
    /// How many of them are there.
    pub received: u64,
}

impl Act for UploadOf {
    type Output = Option<Upload>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "SELECT length, received FROM blob WHERE blob_id = $1 AND uploader_id = $2";
        let Some(mut row) = db.row(SQL, &[&self.blob, &self.mailbox]).await? else { return Ok(None) };
        Ok(Some(Upload { length: row.take()?, received: row.take()? }))
    }
}

impl ReadOnly for UploadOf {}

/// Where a piece belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceOfPiece {
    /// The mailbox that uploads.
    pub mailbox: MailboxId,
    /// The blob.
    pub blob: BlobId,
    /// The byte of the blob at which the piece begins.
    pub offset: u64,
}

/// A piece of a blob.
pub struct NewPiece {
    /// Where it belongs.
    pub place: PlaceOfPiece,
    /// What it is called where it lies.
    pub name: PieceName,
    /// Its bytes, not none.
    pub bytes: Vec<u8>,
    /// When it came.
    pub now: Timestamp,
}

/// Why a piece was not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UploadError {
    /// The mailbox has no such upload.
    #[error("the mailbox has no such upload")]
    NotFound,
    /// The upload stands elsewhere than the piece begins.
    #[error("the upload stands elsewhere")]
    OtherOffset {
        /// How many bytes are there.
        received: u64,
    },
    /// The piece goes beyond the blob's end.
    #[error("the piece goes beyond the end of the blob")]
    TooLong,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl Store {
    /// Adds a piece to an upload: how many bytes are there, all on disk. Of two at one place one is kept.
    ///
    /// # Errors
    /// [`UploadError`]: nothing of the piece is kept, and what of it lies there is erased; after [`StoreError::FilesAway`] an
    /// hour later, since it may come to lie there by then.
    pub async fn upload(&self, session: SessionId, piece: NewPiece) -> Result<u64, InSessionError<UploadError>> {
        let NewPiece { place, name, bytes, now } = piece;
        let length = i64::try_from(bytes.len()).map_err(|_| InSessionError::Act(UploadError::TooLong))?;
        let reserve = ReservePiece { place, name, length, until: now.after(WRITING) };
        self.write(InSession { session, now, act: reserve }).await?;
        let kept = match self.pieces().put(name, bytes).await {
            Ok(()) => self.write(KeepPiece { place, name, length, now }).await,
            // A service that gave no answer may write it yet. Erased now, it would lie there for ever, with no row that says so; and
            // whoever waits would wait for the erasure too, at a service that does not answer.
            Err(away @ StoreError::FilesAway) => return Err(InSessionError::Act(away.into())),
            Err(error) => Err(error.into()),
        };
        if kept.is_err() {
            self.drop_piece(name).await;
        }
        kept.map_err(InSessionError::Act)
    }

    /// Erases a piece that was not kept. What fails is tried again by those that erase what is due.
    async fn drop_piece(&self, name: PieceName) {
        // An answer of the database may have been lost: only what it says now counts.
        if self.write(DropPiece(name)).await == Ok(true) {
            drop(self.erase_pieces(vec![name]).await);
        }
    }

    /// Gives up uploads that nothing was added to for [`limits::UPLOAD_LIFE`], and that nothing refers to: how many they were.
    ///
    /// # Errors
    /// [`StoreError`]: what is left goes the next time.
    pub async fn sweep_uploads(&self, now: Timestamp) -> Result<u64, StoreError> {
        let until = now.before(limits::UPLOAD_LIFE);
        let mut swept = 0;
        loop {
            match self.write(SweepUploads { until }).await? {
                0 => return Ok(swept),
                uploads => swept += uploads,
            }
        }
    }
}

/// Says that a piece is being written, before it is: so that no crash leaves bytes of which nobody knows.
struct ReservePiece {
    place: PlaceOfPiece,
    name: PieceName,
    length: i64,
    /// If it is not kept by then, it is erased.
    until: Timestamp,
}

impl Act for ReservePiece {
    type Output = ();
    type Error = UploadError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            INSERT INTO blob_piece (piece_name, blob_id, start, length, erase) VALUES ($1, NULL, 0, $2, $3)";
        check(db, self.place, self.length).await?;
        db.exec(SQL, &[&self.name, &self.length, &self.until]).await?;
        Ok(())
    }
}

/// A piece is written: it belongs to its blob from now on, if nothing else came there.
struct KeepPiece {
    place: PlaceOfPiece,
    name: PieceName,
    length: i64,
    now: Timestamp,
}

impl Act for KeepPiece {
    type Output = u64;
    type Error = UploadError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const PIECE: &str = "
            UPDATE blob_piece SET blob_id = $2, start = $3, erase = NULL WHERE piece_name = $1 AND erase > 0";
        const BLOB: &str = "UPDATE blob SET received = $2 WHERE blob_id = $1";
        // The other parts of the same file wait for this one.
        const USED: &str = "UPDATE blob SET used = $2 WHERE uploader_id = $1";
        check(db, self.place, self.length).await?;
        let start = i64::try_from(self.place.offset).map_err(|_| UploadError::TooLong)?;
        if db.exec(PIECE, &[&self.name, &self.place.blob, &start]).await? == 0 {
            // It took so long that it was erased.
            return Err(StoreError::Busy.into());
        }
        let received = start + self.length;
        db.exec(BLOB, &[&self.place.blob, &received]).await?;
        db.exec(USED, &[&self.place.mailbox, &self.now]).await?;
        Ok(received.unsigned_abs())
    }
}

/// Whether the next bytes of an upload belong there.
async fn check<D: Db>(db: &mut D, place: PlaceOfPiece, length: i64) -> Result<(), UploadError> {
    let PlaceOfPiece { mailbox, blob, offset } = place;
    let upload = UploadOf { mailbox, blob }.run(db).await?.ok_or(UploadError::NotFound)?;
    if upload.received != offset {
        return Err(UploadError::OtherOffset { received: upload.received });
    }
    if length.unsigned_abs() > upload.length - upload.received { Err(UploadError::TooLong) } else { Ok(()) }
}

/// A piece that was not kept is to be erased; false if it was kept after all.
struct DropPiece(PieceName);

impl Act for DropPiece {
    type Output = bool;
    type Error = StoreError;
    const ROOM: Room = Room::Erases;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "UPDATE blob_piece SET erase = 0 WHERE piece_name = $1 AND erase IS NOT NULL";
        Ok(db.exec(SQL, &[&self.0]).await? > 0)
    }
}

/// Gives up an upload: false if the mailbox has no such one.
pub struct GiveUpUpload {
    /// The mailbox.
    pub mailbox: MailboxId,
    /// The blob.
    pub blob: BlobId,
}

impl Act for GiveUpUpload {
    type Output = bool;
    type Error = StoreError;
    const ROOM: Room = Room::Erases;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const DROP: &str = "DELETE FROM blob WHERE blob_id = $1 AND uploader_id = $2 RETURNING length";
        const LOWER: &str = "UPDATE mailbox SET bytes = bytes - $2 WHERE mailbox_id = $1";
        let Some(mut row) = db.row(DROP, &[&self.blob, &self.mailbox]).await? else { return Ok(false) };
        let length: i64 = row.take()?;
        queue_pieces(db, self.blob).await?;
        db.exec(LOWER, &[&self.mailbox, &length]).await?;
        Ok(true)
    }
}

/// Gives up some of the uploads that nothing was added to since then: how many.
struct SweepUploads {
    until: Timestamp,
}

impl Act for SweepUploads {
    type Output = u64;
    type Error = StoreError;
    const ROOM: Room = Room::Erases;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const OVER: &str = "
            SELECT blob_id, uploader_id FROM blob WHERE uploader_id IS NOT NULL AND used <= $1 ORDER BY used LIMIT $2";
        let over = db.rows(OVER, &[&self.until, &BATCH]).await?;
        let count = over.len() as u64;
        for mut row in over {
            GiveUpUpload { blob: row.take()?, mailbox: row.take()? }.run(db).await?;
        }
        Ok(count)
    }
}
