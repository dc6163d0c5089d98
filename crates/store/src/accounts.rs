//! Accounts (PROTOCOL §9a).

use securemailbox_protocol::{
    accounts::{AccountKind, Language, Level},
    ids::{AccountId, CertificateHash},
};

use crate::{Act, Db, ReadOnly, StoreError};

/// HMAC of an address in its one form, under the server seal: how an account is found without storing its address.
pub type AddressLookup = [u8; 32];

/// An account as the server keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Member or guest.
    pub kind: AccountKind,
    /// Of e-mail and SMS.
    pub language: Language,
    /// Its owner's address, sealed.
    pub address_sealed: Vec<u8>,
    /// Its owner's phone, sealed.
    pub phone_sealed: Vec<u8>,
    /// Which certificate the directory shows.
    pub certificate: CertificateHash,
    /// How the person is identified when reading.
    pub level: Level,
}

/// The account, if there is one.
pub struct AccountById {
    /// Whose.
    pub account: AccountId,
}

impl Act for AccountById {
    type Output = Option<Account>;
    type Error = StoreError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

impl ReadOnly for AccountById {}
