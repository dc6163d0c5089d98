//! What the store has of a letter, as it lies there: for whoever looks whether an erased one is gone (PROTOCOL §8).

use securemailbox_protocol::ids::LetterId;

use crate::{Act, Db, ReadOnly, StoreError, pieces::PieceName};

/// So many rows at once.
const PAGE: i64 = 1000;

/// The ids of letters in their order, those after one: some of them, none after the last.
pub struct LettersAfter(pub Option<LetterId>);

impl Act for LettersAfter {
    type Output = Vec<LetterId>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "SELECT letter_id FROM letter WHERE letter_id > $1 OR $1 IS NULL ORDER BY letter_id LIMIT $2";
        db.rows(SQL, &[&self.0, &PAGE]).await?.into_iter().map(|mut row| row.take()).collect()
    }
}

impl ReadOnly for LettersAfter {}

/// The sealed bytes of a letter; nothing if there is none.
pub struct SealedOf(pub LetterId);

/// A letter as it lies there.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// What lists show.
    pub envelope: Vec<u8>,
    /// The whole.
    pub content: Vec<u8>,
    /// The wrapped key of each who has it or will have it.
    pub keys: Vec<Vec<u8>>,
    /// The pieces of its files, each with its length.
    pub pieces: Vec<(PieceName, u64)>,
}

impl Act for SealedOf {
    type Output = Option<Sealed>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const LETTER: &str = "
            SELECT l.envelope, c.bytes FROM letter l JOIN content c ON c.letter_id = l.letter_id WHERE l.letter_id = $1";
        const KEYS: &str = "
            SELECT wrapped_key FROM entry WHERE letter_id = $1 AND LENGTH(wrapped_key) > 0
            UNION ALL
            SELECT wrapped_key FROM held_reader WHERE letter_id = $1";
        const PIECES: &str = "
            SELECT p.piece_name, p.length FROM letter_blob x JOIN blob_piece p ON p.blob_id = x.blob_id
             WHERE x.letter_id = $1 ORDER BY x.blob_id, p.start";
        let Some(mut letter) = db.row(LETTER, &[&self.0]).await? else { return Ok(None) };
        let keys = db.rows(KEYS, &[&self.0]).await?.into_iter().map(|mut row| row.take()).collect::<Result<_, _>>()?;
        let pieces = db.rows(PIECES, &[&self.0]).await?.into_iter().map(|mut row| Ok((row.take()?, row.take()?)));
        let pieces = pieces.collect::<Result<_, StoreError>>()?;
        Ok(Some(Sealed { envelope: letter.take()?, content: letter.take()?, keys, pieces }))
    }
}

impl ReadOnly for SealedOf {}

/// The pieces of all files by name, those after one, whatever refers to them: some of them, none after the last.
pub struct PiecesAfter(pub Option<PieceName>);

impl Act for PiecesAfter {
    type Output = Vec<(PieceName, u64)>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT piece_name, length FROM blob_piece
             WHERE (piece_name > $1 OR $1 IS NULL) AND blob_id IS NOT NULL ORDER BY piece_name LIMIT $2";
        db.rows(SQL, &[&self.0, &PAGE]).await?.into_iter().map(|mut row| Ok((row.take()?, row.take()?))).collect()
    }
}

impl ReadOnly for PiecesAfter {}
