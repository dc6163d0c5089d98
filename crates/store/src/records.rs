//! Sealed records (PROTOCOL §2, §9a).

use securemailbox_protocol::{
    ids::{AccountId, RecordId},
    numbers::Version,
    records::{Record, RecordHead, RecordPurpose},
};

use crate::{Act, Db, ReadOnly, StoreError};

/// Why a record was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteRecordError {
    /// The account has this record, or another of a purpose that has one only.
    #[error("the account has such a record already")]
    Exists,
    /// Another device wrote it meanwhile.
    #[error("the record has another version by now")]
    StaleVersion,
    /// The account has no such record.
    #[error("the account has no such record")]
    NotFound,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Why a record was not erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseRecordError {
    /// The account has no such record, or it is none that may be erased: only drafts are.
    #[error("the account has no such draft")]
    NotFound,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// An account's records, without their bytes, in the order of their ids.
pub struct ListRecords {
    /// Whose.
    pub account: AccountId,
}

impl Act for ListRecords {
    type Output = Vec<RecordHead>;
    type Error = StoreError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

impl ReadOnly for ListRecords {}

/// A record.
pub struct ReadRecord {
    /// Whose.
    pub account: AccountId,
    /// Which.
    pub id: RecordId,
}

impl Act for ReadRecord {
    type Output = Option<Record>;
    type Error = StoreError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

impl ReadOnly for ReadRecord {}

/// Writes a record's next version, if it has the version its writer has seen.
pub struct WriteRecord {
    /// Whose.
    pub account: AccountId,
    /// Which.
    pub id: RecordId,
    /// What for.
    pub purpose: RecordPurpose,
    /// The version it replaces; none for a new record.
    pub expected: Option<Version>,
    /// Its bytes, sealed by the client at the next version.
    pub sealed: Vec<u8>,
}

impl Act for WriteRecord {
    type Output = RecordHead;
    type Error = WriteRecordError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}
