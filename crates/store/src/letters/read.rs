//! Reading (PROTOCOL §4.4).

use securemailbox_protocol::{
    ids::{AccountId, LetterId, MailboxId},
    levels::Level,
};

use crate::{
    Act, Db, ReadOnly, StoreError,
    letters::{self, Entry},
};

/// A mailbox's entry of a letter.
pub struct ReadEntry {
    /// The mailbox that the entry is in.
    pub mailbox: MailboxId,
    /// The letter's id.
    pub letter: LetterId,
}

impl Act for ReadEntry {
    type Output = Option<Entry>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = entries!("WHERE e.mailbox_id = $1 AND e.letter_id = $2");
        db.row(SQL, &[&self.mailbox, &self.letter]).await?.map(letters::entry).transpose()
    }
}

impl ReadOnly for ReadEntry {}

/// What decides whether a mailbox may have a letter's content, and the content itself if it is short: most are, and one
/// look then says everything.
pub struct ReadShortContent {
    /// The mailbox that holds the letter.
    pub mailbox: MailboxId,
    /// The letter's id.
    pub letter: LetterId,
}

/// The row and, if it is short, the content that [`ReadShortContent`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortContent {
    /// The account that posted the letter.
    pub sender: AccountId,
    /// The level its sender demanded.
    pub level: Option<Level>,
    /// How long the content packet is, in bytes.
    pub length: usize,
    /// The content packet; none if it is longer than 64 KiB, for [`ReadContent`].
    pub content: Option<Vec<u8>>,
}

/// Copied out of the database in less time than a look on the blocking pool takes to begin.
const SHORT: i64 = 64 * 1024;

impl Act for ReadShortContent {
    type Output = Option<ShortContent>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const LETTER: &str = "
            SELECT l.sender_id, l.level, l.content_length
              FROM entry e JOIN letter l ON l.letter_id = e.letter_id
             WHERE e.mailbox_id = $1 AND e.letter_id = $2 AND LENGTH(e.wrapped_key) > 0";
        const CONTENT: &str = "SELECT bytes FROM content WHERE letter_id = $1";
        let Some(mut row) = db.row(LETTER, &[&self.mailbox, &self.letter]).await? else { return Ok(None) };
        let (sender, level, length): (_, _, i64) = (row.take()?, row.take()?, row.take()?);
        let content = match length {
            ..=SHORT => db.row(CONTENT, &[&self.letter]).await?.map(|mut row| row.take()).transpose()?,
            _ => None,
        };
        let length = usize::try_from(length).map_err(|_| StoreError::Damaged("the length of a content"))?;
        Ok(Some(ShortContent { sender, level, length, content }))
    }
}

impl ReadOnly for ReadShortContent {}

/// The content of a letter that `mailbox` has an entry of, with a key: one that was withdrawn has none.
pub struct ReadContent {
    /// The mailbox that holds the letter.
    pub mailbox: MailboxId,
    /// The letter's id.
    pub letter: LetterId,
}

impl Act for ReadContent {
    type Output = Option<Vec<u8>>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT c.bytes FROM entry e JOIN content c ON c.letter_id = e.letter_id
             WHERE e.mailbox_id = $1 AND e.letter_id = $2 AND LENGTH(e.wrapped_key) > 0";
        db.row(SQL, &[&self.mailbox, &self.letter]).await?.map(|mut row| row.take()).transpose()
    }
}

impl ReadOnly for ReadContent {
    const LONG: bool = true;
}
