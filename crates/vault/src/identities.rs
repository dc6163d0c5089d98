//! Identities: one's own private key with its certificate (PROTOCOL §2).

use rand::{CryptoRng, RngCore};
use securemailbox_protocol::{address::Address, time::Timestamp};

use crate::{certificates::Certificate, passwords::Password};

/// One's own private key with its certificate. Unlocked, in memory only; wiped when dropped.
pub struct Identity {
    certificate: Certificate,
}

impl Identity {
    /// Makes a key and its certificate, self-signed at `now`.
    pub fn generate(_address: &Address, _now: Timestamp, _rng: &mut (impl RngCore + CryptoRng)) -> Self {
        todo!()
    }

    /// What others know of it.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The private key for other programs: ASCII armor, locked by the passphrase (RFC 9580 §3.7.2.1: Argon2id, AEAD).
    pub fn export(&self, _passphrase: &Password, _rng: &mut (impl RngCore + CryptoRng)) -> String {
        todo!()
    }
}
