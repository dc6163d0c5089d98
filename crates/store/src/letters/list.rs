//! Lists, newest arrival first (PROTOCOL §9a).

use securemailbox_protocol::{
    ids::{AccountId, LetterId},
    letters::Folder,
    time::Timestamp,
};

use crate::{Act, Db, ReadOnly, StoreError, letters::Entry};

/// After which entry a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Its arrival.
    pub arrived: Timestamp,
    /// Its letter.
    pub letter: LetterId,
}

/// A page of a list.
pub struct EntryList {
    /// At most as many as asked for.
    pub entries: Vec<Entry>,
    /// Where the next page begins; none on the last.
    pub next: Option<Cursor>,
}

/// A page of a folder.
pub struct ListEntries {
    /// Whose.
    pub account: AccountId,
    /// Which folder.
    pub folder: Folder,
    /// After which entry.
    pub cursor: Option<Cursor>,
    /// At most how many.
    pub limit: u32,
}

impl Act for ListEntries {
    type Output = EntryList;
    type Error = StoreError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

impl ReadOnly for ListEntries {}
