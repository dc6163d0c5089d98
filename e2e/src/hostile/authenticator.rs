//! A passkey in software, for days that are recorded at a real server.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use securemailbox_protocol::{
    coding::base64url,
    ids::AccountId,
    octets::Octets,
    passkeys::{Assertion, MadeCredential},
};
use sha2::{Digest, Sha256};

/// Of Web Authentication Level 3, section 6.1: somebody was there, and was verified; a credential comes along.
const VERIFIED: u8 = 0x05;
const ATTESTED: u8 = 0x40;

/// A passkey of a person at a server on this machine. Its PRF output is whatever the test says.
pub struct Authenticator {
    key: Ed25519KeyPair,
    origin: String,
    id: [u8; 32],
    /// The PRF output.
    pub output: [u8; 32],
    /// Whose it is, once it was added.
    pub user: Option<AccountId>,
}

impl Authenticator {
    /// A new one, known by a number.
    ///
    /// # Panics
    /// When there is no randomness.
    #[must_use]
    pub fn new(origin: &str, number: u8, output: u8) -> Self {
        let key = Ed25519KeyPair::generate().expect("randomness");
        Self { key, origin: origin.to_owned(), id: [number; 32], output: [output; 32], user: None }
    }

    /// The first ceremony.
    #[must_use]
    pub fn make(&self, challenge: &[u8]) -> MadeCredential {
        let key = [&[0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 32], self.key.public_key().as_ref()].concat();
        let data = [&self.data(VERIFIED | ATTESTED)[..], &[0; 16], &[0, 32], &self.id, &key].concat();
        MadeCredential { client_data: self.client_data("create", challenge).into(), authenticator_data: data.into() }
    }

    /// Every other one.
    #[must_use]
    pub fn sign(&self, challenge: &[u8]) -> Assertion {
        let (client_data, data) = (self.client_data("get", challenge), self.data(VERIFIED));
        let signed = [&data[..], &Sha256::digest(&client_data)].concat();
        Assertion {
            credential: Octets(self.id.to_vec()),
            client_data: client_data.into(),
            authenticator_data: data.into(),
            signature: self.key.sign(&signed).as_ref().to_vec().into(),
            user: self.user.map(|user| Octets(user.as_bytes().to_vec())),
        }
    }

    fn client_data(&self, ceremony: &str, challenge: &[u8]) -> Vec<u8> {
        let (challenge, origin) = (base64url::encode(challenge), &self.origin);
        format!(r#"{{"type":"webauthn.{ceremony}","challenge":"{challenge}","origin":"{origin}","crossOrigin":false}}"#)
            .into()
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        [&Sha256::digest("localhost")[..], &[flags], &[0; 4]].concat()
    }
}
