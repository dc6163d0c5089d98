//! A forgotten password: recovery code, then SMS code, then a new password and a new sheet (PROTOCOL §9a).

use securemailbox_protocol::{
    accounts::Language,
    ids::{AccountId, RecoveryId},
    slots::Slot,
    time::Timestamp,
};

use crate::{
    Act, Db, ReadOnly, StoreError,
    accounts::AddressLookup,
    factors::{CodeHmac, Entered},
    notices::NewNotice,
    sessions::NewSession,
    slots::{PasswordSlot, RecoverySlot},
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

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
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

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
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

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
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

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
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

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}
