//! Reading (PROTOCOL §4.4).

use securemailbox_protocol::ids::{LetterId, MailboxId};

use crate::{
    Act, Db, ReadOnly, StoreError,
    letters::{self, Entry},
};

/// A mailbox's entry of a letter.
pub struct ReadEntry {
    /// In which mailbox.
    pub mailbox: MailboxId,
    /// Which.
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

/// The content of a letter that `mailbox` has an entry of.
pub struct ReadContent {
    /// In which mailbox.
    pub mailbox: MailboxId,
    /// Which.
    pub letter: LetterId,
}

impl Act for ReadContent {
    type Output = Option<Vec<u8>>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT c.bytes FROM entry e JOIN content c ON c.letter_id = e.letter_id
             WHERE e.mailbox_id = $1 AND e.letter_id = $2";
        db.row(SQL, &[&self.mailbox, &self.letter]).await?.map(|mut row| row.take()).transpose()
    }
}

impl ReadOnly for ReadContent {
    const LONG: bool = true;
}
