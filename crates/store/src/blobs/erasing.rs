//! Pieces on their way out (PROTOCOL §8). The rows that say which are the queue: a row goes when the bytes are gone, so that a crash
//! in between does no more than have the same piece erased again.

use futures_util::{StreamExt as _, stream};
use securemailbox_protocol::time::Timestamp;

use crate::{Act, Db, ReadOnly, Room, Store, StoreError, pieces::PieceName};

/// So many are claimed, and forgotten, in one transaction.
const BATCH: i64 = 64;
/// So many are overwritten at once.
const AT_ONCE: usize = 4;

impl Store {
    /// Erases the pieces that are due, those that a crash left among them: how many.
    ///
    /// # Errors
    /// [`StoreError`]: what is left is due the next time.
    pub async fn erase_due_pieces(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut erased = 0;
        while self.read(AreDue { now }).await? {
            let claimed = self.write(ClaimPieces { now }).await?;
            erased += claimed.len() as u64;
            self.erase_pieces(claimed).await?;
        }
        Ok(erased)
    }

    /// Erases those that nobody has any more, and says in the log if some are left for later.
    pub(crate) async fn erase_queued_pieces(&self) {
        if let Err(error) = self.erase_due_pieces(Timestamp::from_unix_millis(0)).await {
            tracing::warn!(%error, "files of erased letters are not overwritten yet; it will be tried again");
        }
    }

    /// Overwrites and removes these, and then their rows.
    pub(crate) async fn erase_pieces(&self, names: Vec<PieceName>) -> Result<(), StoreError> {
        for batch in names.chunks(BATCH.unsigned_abs().try_into().unwrap_or(1)) {
            let erase = |name: PieceName| async move { (name, self.pieces().erase(name).await) };
            let erased: Vec<_> =
                stream::iter(batch.iter().copied().map(erase)).buffer_unordered(AT_ONCE).collect().await;
            let (gone, left): (Vec<_>, Vec<_>) = erased.into_iter().partition(|(_, erased)| erased.is_ok());
            self.write(ForgetPieces(gone.into_iter().map(|(name, _)| name).collect())).await?;
            if let Some((_, failed)) = left.into_iter().next() {
                return failed;
            }
        }
        Ok(())
    }
}

/// Whether pieces are due.
struct AreDue {
    now: Timestamp,
}

impl Act for AreDue {
    type Output = bool;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "SELECT 1 FROM blob_piece WHERE erase <= $1 LIMIT 1";
        Ok(db.row(SQL, &[&self.now]).await?.is_some())
    }
}

impl ReadOnly for AreDue {}

/// From now on these are erased for sure: a piece that its writer was slow with is not kept any more.
struct ClaimPieces {
    now: Timestamp,
}

impl Act for ClaimPieces {
    type Output = Vec<PieceName>;
    type Error = StoreError;
    const ROOM: Room = Room::Erases;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            UPDATE blob_piece SET erase = 0
             WHERE piece_name IN (SELECT piece_name FROM blob_piece WHERE erase <= $1 ORDER BY erase LIMIT $2)
            RETURNING piece_name";
        db.rows(SQL, &[&self.now, &BATCH]).await?.into_iter().map(|mut row| row.take()).collect()
    }
}

/// The bytes of these are gone.
struct ForgetPieces(Vec<PieceName>);

impl Act for ForgetPieces {
    type Output = ();
    type Error = StoreError;
    const ROOM: Room = Room::Erases;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "DELETE FROM blob_piece WHERE piece_name = $1 AND erase = 0";
        for name in &self.0 {
            db.exec(SQL, &[name]).await?;
        }
        Ok(())
    }
}
