//! Reading (PROTOCOL §4.4).

use securemailbox_protocol::ids::{AccountId, LetterId};

use crate::{Act, Db, ReadOnly, StoreError, letters::Entry};

/// An account's entry of a letter.
pub struct ReadEntry {
    /// Whose.
    pub account: AccountId,
    /// Which.
    pub letter: LetterId,
}

impl Act for ReadEntry {
    type Output = Option<Entry>;
    type Error = StoreError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

impl ReadOnly for ReadEntry {}

/// The content of a letter that `account` has an entry of.
pub struct ReadContent {
    /// Whose.
    pub account: AccountId,
    /// Which.
    pub letter: LetterId,
}

impl Act for ReadContent {
    type Output = Option<Vec<u8>>;
    type Error = StoreError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

impl ReadOnly for ReadContent {
    const LONG: bool = true;
}
