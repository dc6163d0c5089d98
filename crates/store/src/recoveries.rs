//! A forgotten password: recovery code, then SMS code, then a new password and a new sheet (PROTOCOL §9a).

use securemailbox_protocol::{
    accounts::Language,
    ids::{AccountId, RecoveryId, SessionId},
    limits,
    slots::{Slot, SlotKind},
    time::Timestamp,
};

use crate::{
    Act, Db, ReadOnly, StoreError,
    accounts::AddressLookup,
    factors::{CodeHmac, Entered, Verdict},
    notices::{self, NewNotice},
    proofs::{self, Factor},
    sessions::{self, NewSession},
    sign_in,
    slots::{self, PasswordSlot, PutSlotError, RecoverySlot},
};

/// Where to send the code of a recovery.
pub struct RecoveryBegun {
    /// Whose mailbox.
    pub account: AccountId,
    /// Its owner's phone, sealed.
    pub phone_sealed: Vec<u8>,
    /// Of the SMS.
    pub language: Language,
}

/// A recovery whose code was right.
pub struct Recovered {
    /// Whose mailbox.
    pub account: AccountId,
    /// The `recovery` slot.
    pub slot: Slot,
}

/// The recovery is unknown, older than its time, or not at this step.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// It is over.
    #[error("the recovery is over, or not at this step")]
    RecoveryOver,
    /// The new slots have one id, or that of another slot.
    #[error("a new slot has the id of another")]
    SameId,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Begins a recovery if the proof is right; one answer for a wrong proof and an unknown address.
pub struct BeginRecovery {
    /// Names the steps that follow.
    pub id: RecoveryId,
    /// Whose.
    pub address_lookup: AddressLookup,
    /// SHA-256 of the proof of the recovery code.
    pub proof_hash: [u8; 32],
    /// When.
    pub now: Timestamp,
}

impl Act for BeginRecovery {
    type Output = Option<RecoveryBegun>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const FIND: &str = "
            SELECT m.mailbox_id, m.phone_sealed, m.language
              FROM member m JOIN slot s ON s.mailbox_id = m.mailbox_id
             WHERE m.address_lookup = $1 AND s.kind = 'recovery' AND s.proof_hash = $2";
        const BEGIN: &str = "INSERT INTO recovery (recovery_id, account_id, expires) VALUES ($1, $2, $3)";
        let Some(mut row) = db.row(FIND, &[&self.address_lookup, &self.proof_hash]).await? else { return Ok(None) };
        let begun = RecoveryBegun { account: row.take()?, phone_sealed: row.take()?, language: row.take()? };
        // As long as a registration: time for an SMS and for thinking of a password.
        let expires = self.now.after(limits::REGISTRATION_LIFE);
        db.exec(BEGIN, &[&self.id, &begun.account, &expires]).await?;
        Ok(Some(begun))
    }
}

/// Sends a code.
pub struct ExpectRecoveryCode {
    /// Which.
    pub id: RecoveryId,
    /// What the SMS says.
    pub code: CodeHmac,
    /// The SMS.
    pub notice: NewNotice,
    /// When.
    pub now: Timestamp,
}

impl Act for ExpectRecoveryCode {
    type Output = ();
    type Error = RecoveryError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        find(db, self.id, self.now).await?.ok_or(RecoveryError::RecoveryOver)?;
        proofs::expect(db, self.id.as_bytes(), Factor::Phone, &self.code, self.now).await?;
        Ok(notices::queue(db, &self.notice, self.now).await?)
    }
}

/// Proves the phone; the right code gives out the `recovery` slot.
pub struct EnterRecoveryCode {
    /// Which.
    pub id: RecoveryId,
    /// What was typed.
    pub code: CodeHmac,
    /// When.
    pub now: Timestamp,
}

impl Act for EnterRecoveryCode {
    type Output = Entered<Recovered>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        let Some(account) = find(db, self.id, self.now).await? else {
            return Ok(Entered::Refused(Verdict::AlreadyOver));
        };
        match proofs::enter(db, self.id.as_bytes(), Factor::Phone, &self.code, self.now).await? {
            Verdict::Proved => {
                let slot = slots::of_kind(db, account, SlotKind::Recovery).await?.into_iter().next();
                Ok(Entered::Proved(Recovered { account, slot: slot.ok_or(StoreError::Damaged("a recovery slot"))? }))
            }
            refused @ (Verdict::Wrong | Verdict::NoTriesLeft | Verdict::TooLate | Verdict::AlreadyOver) => {
                Ok(Entered::Refused(refused))
            }
        }
    }
}

/// The account of a recovery whose phone is proved.
pub struct RecoveryForPassword {
    /// Which.
    pub id: RecoveryId,
    /// When.
    pub now: Timestamp,
}

impl Act for RecoveryForPassword {
    type Output = AccountId;
    type Error = RecoveryError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        proved(db, self.id, self.now).await
    }
}

impl ReadOnly for RecoveryForPassword {}

/// Replaces password and recovery slot, ends all other sessions with their device slots, and begins one: all or nothing.
pub struct CompleteRecovery {
    /// Which.
    pub id: RecoveryId,
    /// Replaces the old one.
    pub password: PasswordSlot,
    /// Replaces the used one.
    pub recovery: RecoverySlot,
    /// The session that begins.
    pub session: NewSession,
    /// When.
    pub now: Timestamp,
}

impl Act for CompleteRecovery {
    type Output = AccountId;
    type Error = RecoveryError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        let account = proved(db, self.id, self.now).await?;
        let slots = slots::replace_password(db, account, &self.password).await?
            && slots::replace_recovery(db, account, &self.recovery).await?;
        if !slots {
            return Err(RecoveryError::SameId);
        }
        sessions::end_all(db, account).await?;
        sign_in::end_all(db, account).await?;
        // Another recovery under way holds the sheet that was just used up.
        end_all(db, account).await?;
        sessions::begin(db, account, &self.session).await?;
        Ok(account)
    }
}

/// Puts a new recovery sheet in the place of the old one (PROTOCOL §2).
pub struct PutRecoverySlot {
    /// Whose.
    pub account: AccountId,
    /// The session that does it.
    pub session: SessionId,
    /// The slot.
    pub slot: RecoverySlot,
}

impl Act for PutRecoverySlot {
    type Output = ();
    type Error = PutSlotError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        // A session that ended meanwhile, by a forgotten password perhaps, must not replace what replaced its sheet.
        if !sessions::lives(db, self.account, self.session).await? {
            return Err(PutSlotError::NoSession);
        }
        if !slots::replace_recovery(db, self.account, &self.slot).await? {
            return Err(PutSlotError::SlotExists);
        }
        // A recovery under way holds the sheet that is spent now.
        Ok(end_all(db, self.account).await?)
    }
}

/// The account of a recovery whose time is not over.
async fn find<D: Db>(db: &mut D, id: RecoveryId, now: Timestamp) -> Result<Option<AccountId>, StoreError> {
    const SQL: &str = "SELECT account_id FROM recovery WHERE recovery_id = $1 AND expires > $2";
    db.row(SQL, &[&id, &now]).await?.map(|mut row| row.take()).transpose()
}

async fn proved<D: Db>(db: &mut D, id: RecoveryId, now: Timestamp) -> Result<AccountId, RecoveryError> {
    let account = find(db, id, now).await?.ok_or(RecoveryError::RecoveryOver)?;
    if proofs::is_proved(db, id.as_bytes(), Factor::Phone).await? {
        Ok(account)
    } else {
        Err(RecoveryError::RecoveryOver)
    }
}

/// Ends every recovery of an account.
pub(crate) async fn end_all<D: Db>(db: &mut D, account: AccountId) -> Result<(), StoreError> {
    const PROOFS: &str = "
        DELETE FROM proof WHERE holder_id IN (SELECT recovery_id FROM recovery WHERE account_id = $1)";
    const RECOVERIES: &str = "DELETE FROM recovery WHERE account_id = $1";
    db.exec(PROOFS, &[&account]).await?;
    db.exec(RECOVERIES, &[&account]).await.map(drop)
}
