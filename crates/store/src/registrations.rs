//! Registering: what waits between asking for a mailbox and having one (PROTOCOL §9a).

use securemailbox_protocol::{
    accounts::Language,
    ids::{AccountId, CertificateHash, RecordId, RegistrationId},
    time::Timestamp,
};

use crate::{
    Act, Db, ReadOnly, StoreError,
    accounts::AddressLookup,
    factors::{CodeHmac, Verdict},
    notices::NewNotice,
    sessions::NewSession,
    slots::{PasswordSlot, RecoverySlot},
};

/// Why a step of a registration was not taken.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    /// Unknown, complete, older than an hour, or not at this step.
    #[error("the registration is over, or not at this step")]
    RegistrationOver,
    /// The address got a mailbox meanwhile.
    #[error("the address has a mailbox already")]
    AddressTaken,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// A record's first version, sealed by the client.
pub struct FirstRecord {
    /// Its id.
    pub id: RecordId,
    /// Its bytes.
    pub sealed: Vec<u8>,
}

/// Begins a registration. The same to its caller whether or not the address has a mailbox; if it has, no code is ever right.
pub struct BeginRegistration {
    /// Names the steps that follow.
    pub id: RegistrationId,
    /// Reserved for the account.
    pub account: AccountId,
    /// For whom.
    pub address_lookup: AddressLookup,
    /// The same, for the account to keep.
    pub address_sealed: Vec<u8>,
    /// Of e-mail and SMS.
    pub language: Language,
    /// What the e-mail says.
    pub code: CodeHmac,
    /// Goes out if the address is free.
    pub code_notice: NewNotice,
    /// Goes out if it has a mailbox already.
    pub taken_notice: NewNotice,
    /// When.
    pub now: Timestamp,
}

impl Act for BeginRegistration {
    type Output = ();
    type Error = StoreError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

/// Proves the address.
pub struct EnterAddressCode {
    /// Which registration.
    pub id: RegistrationId,
    /// What was typed.
    pub code: CodeHmac,
    /// When.
    pub now: Timestamp,
}

impl Act for EnterAddressCode {
    type Output = Verdict;
    type Error = StoreError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

/// Sends a code to a phone, once the address is proved; again, or to another phone, until one is proved.
pub struct SetPhone {
    /// Which registration.
    pub id: RegistrationId,
    /// Whose phone it is to be.
    pub phone_sealed: Vec<u8>,
    /// What the SMS says.
    pub code: CodeHmac,
    /// The SMS.
    pub notice: NewNotice,
    /// When.
    pub now: Timestamp,
}

impl Act for SetPhone {
    type Output = ();
    type Error = RegistrationError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

/// Proves the phone.
pub struct EnterPhoneCode {
    /// Which registration.
    pub id: RegistrationId,
    /// What was typed.
    pub code: CodeHmac,
    /// When.
    pub now: Timestamp,
}

impl Act for EnterPhoneCode {
    type Output = Verdict;
    type Error = StoreError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

/// The account reserved by a registration whose address and phone are proved.
pub struct RegistrationForPassword {
    /// Which registration.
    pub id: RegistrationId,
    /// When.
    pub now: Timestamp,
}

impl Act for RegistrationForPassword {
    type Output = AccountId;
    type Error = RegistrationError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

impl ReadOnly for RegistrationForPassword {}

/// Makes the account, its slots, its first records and a session, and ends the registration: all or nothing.
pub struct CompleteRegistration {
    /// Which registration.
    pub id: RegistrationId,
    /// The v6 certificate as the directory will serve it.
    pub certificate: Vec<u8>,
    /// Its SHA-256.
    pub certificate_hash: CertificateHash,
    /// The password.
    pub password: PasswordSlot,
    /// The recovery sheet.
    pub recovery: RecoverySlot,
    /// The private keys.
    pub keyring: FirstRecord,
    /// Known keys.
    pub contacts: FirstRecord,
    /// The owner's choices.
    pub settings: FirstRecord,
    /// The session that begins.
    pub session: NewSession,
    /// When.
    pub now: Timestamp,
}

impl Act for CompleteRegistration {
    type Output = AccountId;
    type Error = RegistrationError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}
