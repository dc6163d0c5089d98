//! Reading a blob: by whoever uploads it, has a draft with it, or an entry of a letter with it; piece by piece, never the whole.

use std::collections::VecDeque;

use securemailbox_protocol::{
    ids::{BlobId, MailboxId},
    levels::Level,
};

use crate::{Act, Db, ReadOnly, Store, StoreError, pieces::PieceName};

/// What a mailbox may have of a blob; nothing where it may not know that there is one.
pub struct BlobOf {
    /// The mailbox.
    pub mailbox: MailboxId,
    /// The blob.
    pub blob: BlobId,
}

/// A whole blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadableBlob {
    /// How many bytes it has.
    pub length: u64,
    /// The level that a session must prove for it: the least that a letter with it demands.
    pub level: Option<Level>,
}

impl Act for BlobOf {
    type Output = Option<ReadableBlob>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const BLOB: &str = "
            SELECT b.length,
                   CASE WHEN b.uploader_id = $2
                          OR EXISTS (SELECT 1 FROM draft_blob d WHERE d.blob_id = $1 AND d.mailbox_id = $2)
                        THEN 1 ELSE 0 END
              FROM blob b WHERE b.blob_id = $1 AND b.received = b.length";
        // One's own letter is one's own. Those that demand nothing come first.
        const BY_LETTER: &str = "
            SELECT CASE WHEN l.sender_id = $2 THEN NULL ELSE l.level END
              FROM letter_blob x
              JOIN entry e ON e.letter_id = x.letter_id
              JOIN letter l ON l.letter_id = x.letter_id
             WHERE x.blob_id = $1 AND e.mailbox_id = $2 AND LENGTH(e.wrapped_key) > 0
             ORDER BY COALESCE(CASE WHEN l.sender_id = $2 THEN NULL ELSE l.level END, 0) LIMIT 1";
        let Some(mut row) = db.row(BLOB, &[&self.blob, &self.mailbox]).await? else { return Ok(None) };
        let (length, is_own): (u64, bool) = (row.take()?, row.take()?);
        if is_own {
            return Ok(Some(ReadableBlob { length, level: None }));
        }
        let Some(mut row) = db.row(BY_LETTER, &[&self.blob, &self.mailbox]).await? else { return Ok(None) };
        Ok(Some(ReadableBlob { length, level: row.take()? }))
    }
}

impl ReadOnly for BlobOf {}

/// The pieces of a blob from a byte on: some of them.
struct PiecesFrom {
    blob: BlobId,
    at: u64,
}

/// So many pieces are looked up at once.
const LOOKED_UP: i64 = 64;

#[derive(Debug, Clone, Copy)]
struct Piece {
    name: PieceName,
    start: u64,
    length: u64,
}

impl Act for PiecesFrom {
    type Output = VecDeque<Piece>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT piece_name, start, length FROM blob_piece
             WHERE blob_id = $1 AND start + length > $2 ORDER BY start LIMIT $3";
        let at = i64::try_from(self.at).unwrap_or(i64::MAX);
        let piece = |mut row: crate::Row| Ok(Piece { name: row.take()?, start: row.take()?, length: row.take()? });
        db.rows(SQL, &[&self.blob, &at, &LOOKED_UP]).await?.into_iter().map(piece).collect()
    }
}

impl ReadOnly for PiecesFrom {}

/// Reads a range of a blob, from its beginning to its end.
pub struct BlobReader {
    store: Store,
    blob: BlobId,
    at: u64,
    end: u64,
    pieces: VecDeque<Piece>,
}

impl Store {
    /// Reads a blob from byte `start` up to `end`, which is not read any more. Whether somebody may is asked by [`BlobOf`].
    #[must_use]
    pub fn read_blob(&self, blob: BlobId, start: u64, end: u64) -> BlobReader {
        BlobReader { store: self.clone(), blob, at: start, end, pieces: VecDeque::new() }
    }
}

impl BlobReader {
    /// The next bytes, `most` of them at the most; none at the end.
    ///
    /// # Errors
    /// [`StoreError`]: the blob was erased meanwhile, or its bytes can't be read.
    pub async fn next(&mut self, most: usize) -> Result<Option<Vec<u8>>, StoreError> {
        if self.at >= self.end {
            return Ok(None);
        }
        if self.pieces.is_empty() {
            self.pieces = self.store.read(PiecesFrom { blob: self.blob, at: self.at }).await?;
        }
        let piece = self.pieces.front().copied().filter(|piece| piece.start <= self.at);
        let piece = piece.ok_or(StoreError::Damaged("a blob without a piece"))?;
        let until = self.end.min(piece.start + piece.length);
        let length = usize::try_from(until - self.at).unwrap_or(most).min(most);
        let bytes = self.store.pieces().read(piece.name, self.at - piece.start, length).await?;
        self.at += length as u64;
        if self.at == piece.start + piece.length {
            self.pieces.pop_front();
        }
        Ok(Some(bytes))
    }
}
