//! Lists, newest arrival first (PROTOCOL §9a).

use securemailbox_protocol::{
    ids::{LetterId, MailboxId},
    letters::Folder,
    time::Timestamp,
};

use crate::{
    Act, Db, ReadOnly, StoreError,
    letters::{self, Entry},
};

/// After which entry a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// When the letter before the page arrived.
    pub arrived: Timestamp,
    /// The letter before the page: it orders letters that arrived at the same moment.
    pub letter: LetterId,
}

/// One page of a folder, and where the next one begins.
pub struct EntryList {
    /// At most as many as asked for.
    pub entries: Vec<Entry>,
    /// Where the next page begins; none on the last.
    pub next: Option<Cursor>,
}

/// Reads one page of a folder, newest arrival first.
pub struct ListEntries {
    /// The mailbox that the folder is in.
    pub mailbox: MailboxId,
    /// The folder that is listed.
    pub folder: Folder,
    /// The last entry of the page before; none for the first page.
    pub cursor: Option<Cursor>,
    /// The most entries on the page.
    pub limit: u32,
}

impl Act for ListEntries {
    type Output = EntryList;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = entries!(
            "WHERE e.mailbox_id = $1 AND e.folder = $2 AND (e.arrived, e.letter_id) < ($3, $4)
             ORDER BY e.arrived DESC, e.letter_id DESC LIMIT $5"
        );
        let Cursor { arrived, letter } = self.cursor.unwrap_or(NEWEST);
        let one_more = i64::from(self.limit) + 1;
        let rows = db.rows(SQL, &[&self.mailbox, &self.folder, &arrived, &letter, &one_more]).await?;
        let mut entries = rows.into_iter().map(letters::entry).collect::<Result<Vec<_>, _>>()?;
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = entries.len() > limit;
        entries.truncate(limit);
        let last = entries.last().filter(|_| more);
        let next = last.map(|entry| Cursor { arrived: entry.arrived, letter: entry.id });
        Ok(EntryList { entries, next })
    }
}

impl ReadOnly for ListEntries {}

/// Stands before every entry, so that the first page is asked for like any other.
const NEWEST: Cursor =
    Cursor { arrived: Timestamp::from_unix_millis(u64::MAX), letter: LetterId::from_bytes([0xff; 16]) };
