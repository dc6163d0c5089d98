//! Signing in (PROTOCOL §9a): what waits between two requests, in rows and never in memory.

use securemailbox_protocol::{
    ids::{AccountId, SignInId},
    slots::Slot,
    time::Timestamp,
};

use crate::{
    Act, Db, ReadOnly, StoreError,
    accounts::AddressLookup,
    factors::{CodeHmac, Entered},
    notices::NewNotice,
    sessions::NewSession,
};

/// What the server's half of OPAQUE needs.
pub struct Credentials {
    /// Whose; the credential identifier.
    pub account: AccountId,
    /// `RegistrationRecord` (RFC 9807 §5.1).
    pub opaque_record: Vec<u8>,
}

/// A sign-in whose second message came.
pub struct TakenSignIn {
    /// Whose; none for an address without a mailbox.
    pub account: Option<AccountId>,
    /// The server's OPAQUE state.
    pub state: Vec<u8>,
}

/// A person signed in.
pub struct SignedIn {
    /// Whose mailbox.
    pub account: AccountId,
    /// What the proved factors give a right to: the `password` slot.
    pub slots: Vec<Slot>,
}

/// The sign-in is unknown, older than five minutes, or not at this step.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// It is over.
    #[error("the sign-in is over, or not at this step")]
    SignInOver,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// The OPAQUE record of an address, if it has a mailbox.
pub struct CredentialsByAddress {
    /// Whose.
    pub address_lookup: AddressLookup,
}

impl Act for CredentialsByAddress {
    type Output = Option<Credentials>;
    type Error = StoreError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

impl ReadOnly for CredentialsByAddress {}

/// Keeps the server's OPAQUE state until the client's next message, for five minutes.
pub struct BeginSignIn {
    /// Names the steps that follow.
    pub id: SignInId,
    /// Whose; none for an address without a mailbox.
    pub account: Option<AccountId>,
    /// The server's OPAQUE state.
    pub state: Vec<u8>,
    /// When.
    pub now: Timestamp,
}

impl Act for BeginSignIn {
    type Output = ();
    type Error = StoreError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

/// Takes the OPAQUE state out: a third message gets one try.
pub struct TakeSignInState {
    /// Which.
    pub id: SignInId,
    /// When.
    pub now: Timestamp,
}

impl Act for TakeSignInState {
    type Output = Option<TakenSignIn>;
    type Error = StoreError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

/// Sends a code, once the caller has verified the third message.
pub struct ExpectSignInCode {
    /// Which.
    pub id: SignInId,
    /// What the SMS says.
    pub code: CodeHmac,
    /// The SMS.
    pub notice: NewNotice,
    /// When.
    pub now: Timestamp,
}

impl Act for ExpectSignInCode {
    type Output = ();
    type Error = SignInError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

/// Proves the phone; the right code begins the session and ends the sign-in.
pub struct EnterSignInCode {
    /// Which.
    pub id: SignInId,
    /// What was typed.
    pub code: CodeHmac,
    /// Begins if the code is right.
    pub session: NewSession,
    /// When.
    pub now: Timestamp,
}

impl Act for EnterSignInCode {
    type Output = Entered<SignedIn>;
    type Error = StoreError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}
