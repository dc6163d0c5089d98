//! How a device learns what changed (PROTOCOL §4.7, §9a).

use securemailbox_protocol::{
    ids::AccountId,
    numbers::{ChangeNumber, EraseNumber},
    records::RecordHead,
    sync::{Ids, Pulse},
};

use crate::{Act, Db, ReadOnly, StoreError, letters::Entry};

/// What changed after a change number, oldest first.
pub struct Changes {
    /// Up to where this answer is complete: the `since` of the next question.
    pub change: ChangeNumber,
    /// The newest erasure.
    pub erase: EraseNumber,
    /// Whether to ask again at once.
    pub more: bool,
    /// Entries that changed.
    pub entries: Vec<Entry>,
    /// Records that changed.
    pub records: Vec<RecordHead>,
}

/// Entries and records that changed, merged in the order of their changes.
pub struct ChangesSince {
    /// Whose.
    pub account: AccountId,
    /// After which change.
    pub since: ChangeNumber,
    /// At most how many entries and records together.
    pub limit: u32,
}

impl Act for ChangesSince {
    type Output = Changes;
    type Error = StoreError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

impl ReadOnly for ChangesSince {}

/// Everything there is.
pub struct IdsOf {
    /// Whose.
    pub account: AccountId,
}

impl Act for IdsOf {
    type Output = Ids;
    type Error = StoreError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

impl ReadOnly for IdsOf {
    const LONG: bool = true;
}

/// The newest change and erasure.
pub struct PulseOf {
    /// Whose.
    pub account: AccountId,
}

impl Act for PulseOf {
    type Output = Pulse;
    type Error = StoreError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

impl ReadOnly for PulseOf {}
