//! The sealed record: our one way to lock with a symmetric key (PROTOCOL §2).
//!
//! Bytes: salt\[32\] ‖ ciphertext ‖ tag\[16\]. AES-256-GCM (NIST SP 800-38D) with a zero nonce under
//! HKDF-SHA-256(secret, salt, info) (RFC 5869), so every key is used once. The info names the place.

use aes_gcm::{Aes256Gcm, KeyInit, Nonce, aead::Aead};
use hkdf::Hkdf;
use rand::{CryptoRng, RngCore};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::numbers::Version;

/// Salt and tag: how much longer a sealed record is than what it seals.
pub const OVERHEAD: usize = SALT + 16;
const SALT: usize = 32;

/// What a sealed record is for. Part of its place, so one purpose's record never opens as another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A lock slot: the account secret under the slot's key.
    Slot,
    /// The private keys of an account.
    Keyring,
    /// What is known of one person: keys and name.
    Contact,
    /// What its owner chose.
    Settings,
    /// An unsent letter.
    Draft,
    /// On a device only: a row of this table, which the client keeps between two runs.
    Device(&'static str),
    /// Under the server seal: a phone number.
    Phone,
    /// Under the server seal: an address.
    Address,
    /// Under the server seal: a certificate, since its User ID is the address.
    Certificate,
    /// Under the server seal: a TOTP secret.
    Totp,
    /// Under the server seal: the server's share of a slot key.
    Share,
    /// Under the server seal: the OPAQUE seed and key pair.
    OpaqueSetup,
    /// Under the server seal: a notice that waits to be sent.
    Outbox,
}

impl Purpose {
    /// The word in the info.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Slot => "slot",
            Self::Keyring => "keyring",
            Self::Contact => "contact",
            Self::Settings => "settings",
            Self::Draft => "draft",
            Self::Device(table) => table,
            Self::Phone => "phone",
            Self::Address => "address",
            Self::Certificate => "certificate",
            Self::Totp => "totp",
            Self::Share => "share",
            Self::OpaqueSetup => "opaque-setup",
            Self::Outbox => "outbox",
        }
    }
}

/// Where a sealed record belongs. Everything here is bound to the ciphertext, so that nobody can swap two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// What it is for.
    pub purpose: Purpose,
    /// Whose it is: the 16 bytes of the account id; zeros for what belongs to the server as a whole.
    pub account: [u8; 16],
    /// Which one it is: the 16 bytes of the record's or slot's id.
    pub record: [u8; 16],
    /// How often it was written.
    pub version: Version,
}

impl Place {
    /// `securemailbox/1`, purpose, account, record, version; each part after its length as two bytes, big-endian, the
    /// version as eight.
    fn info(&self) -> Vec<u8> {
        let version = self.version.get().to_be_bytes();
        let parts: [&[u8]; 5] =
            [crate::VERSION.as_bytes(), self.purpose.as_str().as_bytes(), &self.account, &self.record, &version];
        let mut info = Vec::with_capacity(80);
        for part in parts {
            // Every part is a constant or a fixed-size array, far below 64 KiB.
            info.extend_from_slice(&(part.len() as u16).to_be_bytes());
            info.extend_from_slice(part);
        }
        info
    }
}

/// Wrong key, wrong place or altered bytes. One answer on purpose: it must not say which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed record did not open")]
pub struct WrongKeyOrPlace;

/// Seals `plain` under `secret` at `place`; the result is [`OVERHEAD`] bytes longer.
pub fn seal(secret: &[u8; 32], place: &Place, plain: &[u8], rng: &mut (impl RngCore + CryptoRng)) -> Vec<u8> {
    let mut salt = [0; SALT];
    rng.fill_bytes(&mut salt);
    #[expect(clippy::expect_used, reason = "AES-GCM refuses only texts over 64 GiB (NIST SP 800-38D §5.2.1.1)")]
    let sealed = cipher(secret, &salt, place).encrypt(&Nonce::default(), plain).expect("a record is under 64 GiB");
    [salt.as_slice(), &sealed].concat()
}

/// Opens what [`seal`] made at the same place.
///
/// # Errors
/// [`WrongKeyOrPlace`]: wrong key, wrong place or altered bytes.
pub fn open(secret: &[u8; 32], place: &Place, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, WrongKeyOrPlace> {
    let (salt, sealed) = sealed.split_first_chunk::<SALT>().ok_or(WrongKeyOrPlace)?;
    cipher(secret, salt, place).decrypt(&Nonce::default(), sealed).map(Zeroizing::new).map_err(|_| WrongKeyOrPlace)
}

fn cipher(secret: &[u8; 32], salt: &[u8; SALT], place: &Place) -> Aes256Gcm {
    let mut key = Zeroizing::new([0; 32]);
    #[expect(clippy::expect_used, reason = "HKDF refuses only outputs over 255 hashes (RFC 5869 §2.3)")]
    Hkdf::<Sha256>::new(Some(salt), secret).expand(&place.info(), key.as_mut_slice()).expect("32 bytes is one hash");
    Aes256Gcm::new(key.as_slice().into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;

    const HERE: Place =
        Place { purpose: Purpose::Keyring, account: [1; 16], record: [2; 16], version: Version::new(3) };

    #[test]
    fn the_info_is_the_one_of_the_protocol() {
        let expected = [
            b"\x00\x0fsecuremailbox/1\x00\x07keyring\x00\x10".as_slice(),
            &[1; 16],
            b"\x00\x10",
            &[2; 16],
            b"\x00\x08",
            &[0, 0, 0, 0, 0, 0, 0, 3],
        ]
        .concat();
        assert_eq!(HERE.info(), expected);
    }

    #[test]
    fn a_record_opens_at_its_own_place_only() {
        let sealed = seal(&[9; 32], &HERE, b"text", &mut ChaCha20Rng::seed_from_u64(1));
        assert_eq!(open(&[9; 32], &HERE, &sealed).unwrap().as_slice(), b"text");
        for elsewhere in [
            Place { purpose: Purpose::Contact, ..HERE },
            Place { account: [3; 16], ..HERE },
            Place { record: [3; 16], ..HERE },
            Place { version: Version::new(2), ..HERE },
        ] {
            assert_eq!(open(&[9; 32], &elsewhere, &sealed), Err(WrongKeyOrPlace));
        }
        assert_eq!(open(&[8; 32], &HERE, &sealed), Err(WrongKeyOrPlace));
    }

    proptest! {
        #[test]
        fn any_flipped_bit_of_a_record_is_refused(plain in any::<Vec<u8>>(), at in any::<prop::sample::Index>(), seed in any::<u64>()) {
            let mut sealed = seal(&[9; 32], &HERE, &plain, &mut ChaCha20Rng::seed_from_u64(seed));
            let opened = open(&[9; 32], &HERE, &sealed).unwrap();
            prop_assert_eq!(opened.as_slice(), plain.as_slice());
            let bit = at.index(sealed.len() * 8);
            sealed[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(open(&[9; 32], &HERE, &sealed), Err(WrongKeyOrPlace));
        }

        #[test]
        fn any_bytes_at_all_do_not_open(bytes in any::<Vec<u8>>()) {
            prop_assert_eq!(open(&[9; 32], &HERE, &bytes), Err(WrongKeyOrPlace));
        }
    }
}
