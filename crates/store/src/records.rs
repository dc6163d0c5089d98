//! Sealed records (PROTOCOL §2, §9a).

use securemailbox_protocol::{
    ids::{MailboxId, RecordId},
    numbers::Version,
    records::{Record, RecordChange, RecordHead, RecordPurpose},
};

use crate::{
    Act, Db, ReadOnly, Row, StoreError, ToParam,
    blobs::{self, ReferError, Referring},
    pulse,
    quotas::{self, Quota},
};

/// Why a record was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteRecordError {
    /// The mailbox has this record, or another of a purpose that has one only.
    #[error("the mailbox has such a record already")]
    Exists,
    /// Another device wrote it meanwhile.
    #[error("the record has another version by now")]
    StaleVersion,
    /// The keyring was written meanwhile: by a renewal, perhaps.
    #[error("the keyring has another version by now")]
    StaleKeyring,
    /// The mailbox has no such record.
    #[error("the mailbox has no such record")]
    NotFound,
    /// The mailbox holds as much as it may.
    #[error("the mailbox is full")]
    Full,
    /// A blob of a draft is not there, not whole, or another's.
    #[error("a blob of the draft is not there, not whole, or another's")]
    BlobMissing,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl From<ReferError> for WriteRecordError {
    fn from(error: ReferError) -> Self {
        match error {
            ReferError::Missing => Self::BlobMissing,
            ReferError::Store(source) => source.into(),
        }
    }
}

/// Why a record was not erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseRecordError {
    /// The mailbox has no such record, or the record is no draft: only drafts may be erased.
    #[error("the mailbox has no such draft")]
    NotFound,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Reads the newest version of one record.
pub struct ReadRecord {
    /// The mailbox that the record belongs to.
    pub mailbox: MailboxId,
    /// The record's id, made by the client.
    pub id: RecordId,
}

impl Act for ReadRecord {
    type Output = Option<Record>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT record_id, purpose, version, change, sealed FROM record WHERE mailbox_id = $1 AND record_id = $2";
        let Some(mut row) = db.row(SQL, &[&self.mailbox, &self.id]).await? else { return Ok(None) };
        Ok(Some(Record { head: head(&mut row)?, sealed: row.take()? }))
    }
}

impl ReadOnly for ReadRecord {}

/// Writes a record's next version, if it has the version its writer has seen.
pub struct WriteRecord {
    /// The mailbox that the record belongs to.
    pub mailbox: MailboxId,
    /// The record's id, made by the client.
    pub id: RecordId,
    /// What the record is for: part of the place that its bytes are sealed under.
    pub purpose: RecordPurpose,
    /// The version it replaces; none for a new record.
    pub expected: Option<Version>,
    /// The version of the keyring that its writer holds: what was sealed before a renewal opens no more. None for the keyring
    /// itself.
    pub keyring: Option<Version>,
    /// Its bytes, sealed by the client at the next version.
    pub sealed: Vec<u8>,
    /// The blobs that a draft refers to. Those of any other record are none.
    pub refers: Referring,
    /// How much the mailbox may hold. What it can't do without is written all the same: what it reads by, and what its
    /// owner chose.
    pub quota: Quota,
}

impl Act for WriteRecord {
    type Output = RecordHead;
    type Error = WriteRecordError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        if let Some(keyring) = self.keyring {
            self.hold_to(db, keyring).await?;
        }
        let blobs = match self.purpose {
            RecordPurpose::Draft => blobs::of_draft(db, self.mailbox, self.id, &self.refers).await?,
            RecordPurpose::Keyring | RecordPurpose::Contact | RecordPurpose::Settings => 0,
        };
        match self.expected {
            None => {
                let created = create_with(db, self.mailbox, self.id, self.purpose, &self.sealed, blobs).await?;
                let (head, bytes) = created.ok_or(WriteRecordError::Exists)?;
                let many = match self.purpose {
                    RecordPurpose::Draft => self.drafts(db).await? > self.quota.drafts,
                    RecordPurpose::Keyring | RecordPurpose::Contact | RecordPurpose::Settings => false,
                };
                if many || !self.quota.allows(0, bytes) { Err(WriteRecordError::Full) } else { Ok(head) }
            }
            Some(expected) => self.replace(db, expected, blobs).await,
        }
    }
}

fn head(row: &mut Row) -> Result<RecordHead, StoreError> {
    Ok(RecordHead { id: row.take()?, purpose: row.take()?, version: row.take()?, change: row.take()? })
}

/// From a row of a record's head and, of a contact, its bytes.
pub(crate) fn change(mut row: Row) -> Result<RecordChange, StoreError> {
    Ok(RecordChange { head: head(&mut row)?, sealed: row.take()? })
}

/// Writes a record's first version; none if the mailbox has such a record. Beside its head, how many bytes the mailbox
/// holds with it.
pub(crate) async fn create<D: Db>(
    db: &mut D,
    mailbox: MailboxId,
    id: RecordId,
    purpose: RecordPurpose,
    sealed: &Vec<u8>,
) -> Result<Option<(RecordHead, u64)>, StoreError> {
    create_with(db, mailbox, id, purpose, sealed, 0).await
}

/// The same of a draft, with so many bytes of blobs more in its mailbox.
async fn create_with<D: Db>(
    db: &mut D,
    mailbox: MailboxId,
    id: RecordId,
    purpose: RecordPurpose,
    sealed: &Vec<u8>,
    blobs: i64,
) -> Result<Option<(RecordHead, u64)>, StoreError> {
    const SQL: &str = "
        INSERT INTO record (mailbox_id, record_id, purpose, version, change, sealed) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT DO NOTHING";
    let (change, bytes) = pulse::raise_change_and_bytes(db, mailbox, quotas::length(sealed) + blobs).await?;
    let version = Version::ZERO.next();
    let row: [&dyn ToParam; 6] = [&mailbox, &id, &purpose, &version, &change, sealed];
    let written = db.exec(SQL, &row).await?;
    Ok((written > 0).then_some((RecordHead { id, purpose, version, change }, bytes)))
}

impl WriteRecord {
    /// In the transaction that writes, so that no request that began before a renewal is written after it.
    async fn hold_to<D: Db>(&self, db: &mut D, keyring: Version) -> Result<(), WriteRecordError> {
        const SQL: &str = "SELECT version FROM record WHERE mailbox_id = $1 AND purpose = 'keyring'";
        let mut row = db.row(SQL, &[&self.mailbox]).await?.ok_or(WriteRecordError::StaleKeyring)?;
        if row.take::<Version>()? == keyring { Ok(()) } else { Err(WriteRecordError::StaleKeyring) }
    }

    async fn replace<D: Db>(&self, db: &mut D, expected: Version, blobs: i64) -> Result<RecordHead, WriteRecordError> {
        const FIND: &str = "
            SELECT version, LENGTH(sealed) FROM record
             WHERE mailbox_id = $1 AND record_id = $2 AND purpose = $3";
        const WRITE: &str = "
            UPDATE record SET version = $3, change = $4, sealed = $5 WHERE mailbox_id = $1 AND record_id = $2";
        let found = db.row(FIND, &[&self.mailbox, &self.id, &self.purpose]).await?;
        let mut found = found.ok_or(WriteRecordError::NotFound)?;
        let (found, before): (Version, i64) = (found.take()?, found.take()?);
        if found != expected {
            return Err(WriteRecordError::StaleVersion);
        }
        let more = quotas::length(&self.sealed) - before + blobs;
        let (change, bytes) = pulse::raise_change_and_bytes(db, self.mailbox, more).await?;
        if self.purpose == RecordPurpose::Draft && more > 0 && !self.quota.allows(0, bytes) {
            return Err(WriteRecordError::Full);
        }
        let version = expected.next();
        db.exec(WRITE, &[&self.mailbox, &self.id, &version, &change, &self.sealed]).await?;
        Ok(RecordHead { id: self.id, purpose: self.purpose, version, change })
    }

    async fn drafts<D: Db>(&self, db: &mut D) -> Result<u64, StoreError> {
        const SQL: &str = "SELECT COUNT(*) FROM record WHERE mailbox_id = $1 AND purpose = 'draft'";
        db.row(SQL, &[&self.mailbox]).await?.ok_or(StoreError::Damaged("a count"))?.take()
    }
}
