//! Certificates: OpenPGP v6 (RFC 9580), Ed25519 to certify and sign, ML-KEM-768 + X25519 (RFC 9980) to encrypt to.
//! What a client refuses of them is PROTOCOL §11; nothing here looks at a certificate that was not checked.

use securemailbox_protocol::{
    address::Address,
    ids::{CertificateHash, Fingerprint},
    time::Timestamp,
};

/// A v6 certificate of an address, strictly checked when it was parsed.
#[derive(Clone)]
pub struct Certificate {
    address: Address,
    bytes: Vec<u8>,
    fingerprint: Fingerprint,
    signed_at: Timestamp,
}

/// Why a certificate is not taken (PROTOCOL §11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateRefused {
    /// Over [`securemailbox_protocol::limits::CERTIFICATE`].
    #[error("the certificate is too large")]
    TooLarge,
}

impl Certificate {
    /// Takes a certificate as the directory serves it, for exactly this address.
    ///
    /// # Errors
    /// [`CertificateRefused`] names the first thing that is wrong with it.
    pub fn parse(_bytes: &[u8], _address: &Address, _now: Timestamp) -> Result<Self, CertificateRefused> {
        todo!()
    }

    /// Whose it is: its one User ID.
    #[must_use]
    pub const fn address(&self) -> &Address {
        &self.address
    }

    /// Of its primary key: who someone is, whatever subkeys come and go.
    #[must_use]
    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// SHA-256 of its bytes, as the server knows it.
    #[must_use]
    pub fn hash(&self) -> CertificateHash {
        todo!()
    }

    /// As the directory serves it, binary.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// When its newest self-signature was made; an older one than was seen is refused (ATTACKS 7).
    #[must_use]
    pub const fn signed_at(&self) -> Timestamp {
        self.signed_at
    }

    /// ASCII armor, for other programs.
    #[must_use]
    pub fn to_armor(&self) -> String {
        todo!()
    }
}
