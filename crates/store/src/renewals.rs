//! Renewing keys (PROTOCOL §10): everything that the old account secret sealed is sealed anew in one transaction, and every
//! entry's key is wrapped anew, a few at a time.

use securemailbox_protocol::{
    ids::{AccountId, CertificateHash, LetterId, MailboxId, RecordId, SessionId},
    limits,
    numbers::Version,
    records::RecordPurpose,
    time::Timestamp,
};

use crate::{
    Act, Db, StoreError, ToParam, devices,
    proofs::Standing,
    pulse, quotas, recoveries,
    sessions::{self, Begun, NewSession},
    sign_in,
    slots::{self, PasswordSlot, RecoverySlot},
};

/// Why a record sealed anew was not kept.
#[derive(Debug, thiserror::Error)]
pub enum StageRecordError {
    /// The mailbox has no such record.
    #[error("the mailbox has no such record")]
    NotFound,
    /// Another device wrote it meanwhile.
    #[error("the record has another version by now")]
    StaleVersion,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Keeps a record as it will be after a renewal. A mailbox has one of each record at the most, so that what waits is never
/// more than what there is; another session's takes its place.
pub struct StageRecord {
    /// The mailbox that the record belongs to.
    pub mailbox: MailboxId,
    /// The session that renews.
    pub session: SessionId,
    /// The record.
    pub id: RecordId,
    /// What the record is for.
    pub purpose: RecordPurpose,
    /// The version that was sealed anew, as the next one.
    pub expected: Version,
    /// Its bytes under the new account secret.
    pub sealed: Vec<u8>,
    /// It waits from now, for [`limits::RENEWAL_LIFE`].
    pub now: Timestamp,
}

impl Act for StageRecord {
    type Output = ();
    type Error = StageRecordError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const FIND: &str = "SELECT version FROM record WHERE mailbox_id = $1 AND record_id = $2 AND purpose = $3";
        const STAGE: &str = "
            INSERT INTO renewed_record (mailbox_id, record_id, session_id, version, sealed, expires)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (mailbox_id, record_id) DO UPDATE
               SET session_id = excluded.session_id, version = excluded.version, sealed = excluded.sealed,
                   expires = excluded.expires";
        let found = db.row(FIND, &[&self.mailbox, &self.id, &self.purpose]).await?;
        let version: Version = found.ok_or(StageRecordError::NotFound)?.take()?;
        if version != self.expected {
            return Err(StageRecordError::StaleVersion);
        }
        let expires = self.now.after(limits::RENEWAL_LIFE);
        let row: [&dyn ToParam; 6] = [&self.mailbox, &self.id, &self.session, &self.expected, &self.sealed, &expires];
        Ok(db.exec(STAGE, &row).await.map(drop)?)
    }
}

/// Why a mailbox was not renewed.
#[derive(Debug, thiserror::Error)]
pub enum RenewError {
    /// There is no such session.
    #[error("the session has ended")]
    NoSession,
    /// A record was not sealed anew at the version that it has.
    #[error("a record has not been sealed anew")]
    Unfinished,
    /// The new slots have one id.
    #[error("the new slots have one id")]
    SameId,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Puts the new in the place of the old: every record, the certificate, and the slots, of which no old one stays. All
/// sessions end, and one begins that stands as the one that renewed.
pub struct Renew {
    /// The account that is renewed.
    pub account: AccountId,
    /// The session that renews.
    pub session: SessionId,
    /// The certificate with the new subkey, sealed by the server.
    pub certificate_sealed: Vec<u8>,
    /// SHA-256 of the certificate's bytes before the server sealed them.
    pub certificate_hash: CertificateHash,
    /// The slot of the new password.
    pub password: PasswordSlot,
    /// The slot of the new sheet.
    pub recovery: RecoverySlot,
    /// The session in the place of all others.
    pub begins: NewSession,
    /// What was sealed anew must not have expired by now.
    pub now: Timestamp,
}

impl Act for Renew {
    type Output = Begun;
    type Error = RenewError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        let standing = self.standing(db).await?.ok_or(RenewError::NoSession)?;
        self.replace_records(db).await?;
        self.replace_certificate(db).await?;
        slots::drop_all(db, self.account).await?;
        let slots = slots::replace_password(db, self.account, &self.password).await?
            && slots::replace_recovery(db, self.account, &self.recovery).await?;
        if !slots {
            return Err(RenewError::SameId);
        }
        devices::put_out_others(db, self.account, &self.begins.device, self.now).await?;
        sessions::end_all(db, self.account).await?;
        sign_in::end_all(db, self.account).await?;
        recoveries::end_all(db, self.account).await?;
        Ok(sessions::begin(db, self.account, &self.begins, standing).await?)
    }
}

impl Renew {
    async fn standing<D: Db>(&self, db: &mut D) -> Result<Option<Standing>, StoreError> {
        const SQL: &str = "SELECT level, proved FROM session WHERE session_id = $1 AND mailbox_id = $2";
        let Some(mut row) = db.row(SQL, &[&self.session, &self.account]).await? else { return Ok(None) };
        Ok(Some(Standing { level: row.take()?, proved: row.take()? }))
    }

    /// One after the other, since each write has a change number of its own.
    async fn replace_records<D: Db>(&self, db: &mut D) -> Result<(), RenewError> {
        const LEFT: &str = "
            SELECT 1 FROM record r
             WHERE r.mailbox_id = $1 AND NOT EXISTS (
                   SELECT 1 FROM renewed_record n
                    WHERE n.mailbox_id = r.mailbox_id AND n.record_id = r.record_id AND n.version = r.version
                      AND n.session_id = $2 AND n.expires > $3)
             LIMIT 1";
        const STAGED: &str = "
            SELECT r.record_id, r.version, LENGTH(n.sealed), LENGTH(r.sealed)
              FROM record r JOIN renewed_record n ON n.mailbox_id = r.mailbox_id AND n.record_id = r.record_id
             WHERE r.mailbox_id = $1
             ORDER BY r.change";
        const REPLACE: &str = "
            UPDATE record SET version = $3, change = $4, sealed = (
                   SELECT sealed FROM renewed_record WHERE mailbox_id = $1 AND record_id = $2)
             WHERE mailbox_id = $1 AND record_id = $2";
        let mailbox = self.account.mailbox();
        if db.row(LEFT, &[&mailbox, &self.session, &self.now]).await?.is_some() {
            return Err(RenewError::Unfinished);
        }
        for mut row in db.rows(STAGED, &[&mailbox]).await? {
            let (id, version): (RecordId, Version) = (row.take()?, row.take()?);
            let (after, before): (i64, i64) = (row.take()?, row.take()?);
            let (change, _) = pulse::raise_change_and_bytes(db, mailbox, after - before).await?;
            db.exec(REPLACE, &[&mailbox, &id, &version.next(), &change]).await?;
        }
        Ok(())
    }

    async fn replace_certificate<D: Db>(&self, db: &mut D) -> Result<(), StoreError> {
        const MAILBOX: &str = "UPDATE mailbox SET certificate_hash = $2 WHERE mailbox_id = $1";
        const CERTIFICATE: &str = "UPDATE certificate SET certificate_hash = $2, sealed = $3 WHERE mailbox_id = $1";
        db.exec(MAILBOX, &[&self.account, &self.certificate_hash]).await?;
        db.exec(CERTIFICATE, &[&self.account, &self.certificate_hash, &self.certificate_sealed]).await.map(drop)
    }
}

/// Puts keys of entries, wrapped for the present subkey, in the places of those before. An entry that is gone, or that was
/// withdrawn, is passed over.
pub struct RewrapKeys {
    /// The mailbox that the entries are in.
    pub mailbox: MailboxId,
    /// The letters, with their keys wrapped anew.
    pub keys: Vec<(LetterId, Vec<u8>)>,
}

impl Act for RewrapKeys {
    type Output = ();
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const FIND: &str = "SELECT LENGTH(wrapped_key) FROM entry WHERE mailbox_id = $1 AND letter_id = $2";
        const REWRAP: &str = "UPDATE entry SET wrapped_key = $3, change = $4 WHERE mailbox_id = $1 AND letter_id = $2";
        for (letter, key) in &self.keys {
            let Some(mut row) = db.row(FIND, &[&self.mailbox, letter]).await? else { continue };
            let before: i64 = row.take()?;
            if before > 0 {
                let more = quotas::length(key) - before;
                let (change, _) = pulse::raise_change_and_bytes(db, self.mailbox, more).await?;
                db.exec(REWRAP, &[&self.mailbox, letter, key, &change]).await?;
            }
        }
        Ok(())
    }
}

/// What a session sealed anew is given up.
pub(crate) async fn forget<D: Db>(db: &mut D, session: SessionId) -> Result<(), StoreError> {
    db.exec("DELETE FROM renewed_record WHERE session_id = $1", &[&session]).await.map(drop)
}

/// What any session of an account sealed anew is given up.
pub(crate) async fn forget_all<D: Db>(db: &mut D, account: AccountId) -> Result<(), StoreError> {
    db.exec("DELETE FROM renewed_record WHERE mailbox_id = $1", &[&account]).await.map(drop)
}
