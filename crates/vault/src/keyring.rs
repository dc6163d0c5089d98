//! The keyring: an account's private keys, present and former (PROTOCOL §2). A sealed record.

use zeroize::Zeroizing;

use securemailbox_protocol::{address::Address, time::Timestamp};

use crate::{certificates::CertificateRefused, identities::Identity};

/// An account's private keys. A client encrypts to itself only with keys from here, never with what the directory says.
pub struct Keyring {
    present: Identity,
    former: Vec<Identity>,
}

/// A keyring that opened but is none. It was sealed by its owner, so this is a fault or a newer program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyringRefused {
    /// Not the bytes of a keyring.
    #[error("not a keyring")]
    NotAKeyring,
    /// An identity whose certificate is refused.
    #[error("a certificate in the keyring is refused")]
    Certificate(#[from] CertificateRefused),
}

impl Keyring {
    /// The keyring of a new account.
    #[must_use]
    pub const fn new(present: Identity) -> Self {
        Self { present, former: Vec::new() }
    }

    /// What one signs with and is written to.
    #[must_use]
    pub const fn present(&self) -> &Identity {
        &self.present
    }

    /// The present identity and then the former ones, newest first.
    pub fn identities(&self) -> impl Iterator<Item = &Identity> {
        std::iter::once(&self.present).chain(&self.former)
    }

    /// For [`crate::records::seal`].
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        todo!()
    }

    /// From [`crate::records::open`].
    ///
    /// # Errors
    /// [`KeyringRefused`]: not a keyring of this address.
    pub fn from_bytes(_bytes: &[u8], _address: &Address, _now: Timestamp) -> Result<Self, KeyringRefused> {
        todo!()
    }
}
