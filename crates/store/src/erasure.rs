//! Erasure (PROTOCOL §8).

use securemailbox_protocol::{
    ids::{AccountId, RecordId},
    letters::ErasureReceipt,
    time::Timestamp,
};

use crate::{Store, StoreError, records::EraseRecordError};

impl Store {
    /// Empties the trash of `account`: returns when nothing of what lay there is left (PROTOCOL §8).
    ///
    /// # Errors
    /// [`StoreError`]. If it comes after the rows were deleted, the erasure is finished later, at the latest when the
    /// store is opened again.
    pub async fn empty_trash(&self, _account: AccountId, _now: Timestamp) -> Result<ErasureReceipt, StoreError> {
        Err(StoreError::Unreachable)
    }

    /// Erases a draft: returns when nothing of it is left.
    ///
    /// # Errors
    /// [`EraseRecordError::NotFound`]: the account has no such record, or it is no draft.
    pub async fn erase_draft(&self, _account: AccountId, _draft: RecordId) -> Result<(), EraseRecordError> {
        Err(StoreError::Unreachable.into())
    }

    /// Takes out of the log what was deleted since the last time: sent notices, shares of ended sessions, codes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn scrub_log(&self) -> Result<(), StoreError> {
        Err(StoreError::Unreachable)
    }
}
