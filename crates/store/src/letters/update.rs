//! Marking and moving (PROTOCOL §9a).

use securemailbox_protocol::{
    ids::{AccountId, LetterId},
    letters::EntryUpdate,
};

use crate::{Act, Db, StoreError, letters::Entry};

/// Why an entry was not changed.
#[derive(Debug, thiserror::Error)]
pub enum UpdateEntryError {
    /// The account has no such entry.
    #[error("the account has no such entry")]
    NotFound,
    /// Nothing moves to the folder of drafts: they are records.
    #[error("letters do not go to the folder of drafts")]
    NotAFolderForLetters,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Moves or marks an entry. What is so already raises no change number.
pub struct UpdateEntry {
    /// Whose.
    pub account: AccountId,
    /// Which.
    pub letter: LetterId,
    /// What changes.
    pub update: EntryUpdate,
}

impl Act for UpdateEntry {
    type Output = Entry;
    type Error = UpdateEntryError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}
