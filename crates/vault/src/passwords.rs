//! Passwords: OPAQUE seen from the client (RFC 9807, PROTOCOL §2), so that a server never learns one.

mod judgement;

use opaque_ke::{
    ClientLogin, ClientLoginFinishParameters, ClientRegistration, ClientRegistrationFinishParameters,
    CredentialResponse, Identifiers, RegistrationResponse,
};
use rand::{CryptoRng, RngCore};
use unicode_normalization::UnicodeNormalization;
use zeroize::{Zeroize, Zeroizing};

use securemailbox_protocol::{
    VERSION,
    opaque::{KeyStretching, Suite},
    slots::SlotKind,
};

pub use judgement::{WeakPassword, judge};

use crate::secrets::SlotKey;

/// A password or passphrase as typed, in Unicode's NFC so that every keyboard types the same (RFC 8265 §4.2).
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes what was typed, to the character.
    #[must_use]
    pub fn new(typed: &str) -> Self {
        Self(Zeroizing::new(typed.nfc().collect()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The server's answer is none, or the password is not the one that was registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefused {
    /// The bytes are no OPAQUE message of this suite.
    #[error("the server's answer is no OPAQUE message")]
    NotAnAnswer,
    /// A wrong password, an unknown account, or a server that does not hold this account's record: OPAQUE can't tell
    /// which, and nothing secret was given to either side.
    #[error("wrong password, or not the server that the password was registered with")]
    WrongPasswordOrServer,
}

/// A registration that waits for the server's half.
pub struct Registering {
    password: Password,
    state: ClientRegistration<Suite>,
}

/// A password was registered.
pub struct Registered {
    /// `RegistrationRecord`, 192 bytes, for the server to keep.
    pub record: Vec<u8>,
    /// The key of the `password` slot.
    pub slot_key: SlotKey,
}

impl Registering {
    /// Begins: the request goes to the server.
    pub fn start(password: Password, rng: &mut (impl RngCore + CryptoRng)) -> (Self, Vec<u8>) {
        #[expect(clippy::expect_used, reason = "hashing to ristretto255 refuses only inputs over 64 KiB")]
        let started = ClientRegistration::<Suite>::start(rng, password.as_str().as_bytes()).expect("a short password");
        (Self { password, state: started.state }, started.message.serialize().to_vec())
    }

    /// Ends: runs the key stretching (a third of a second) and makes the record.
    ///
    /// # Errors
    /// [`PasswordRefused::NotAnAnswer`]: the server answered something else.
    pub fn finish(
        self,
        response: &[u8],
        stretching: &KeyStretching,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Registered, PasswordRefused> {
        let response = RegistrationResponse::deserialize(response).map_err(|_| PasswordRefused::NotAnAnswer)?;
        let parameters = ClientRegistrationFinishParameters::new(Identifiers::default(), Some(stretching));
        let mut finished = self
            .state
            .finish(rng, self.password.as_str().as_bytes(), response, parameters)
            .map_err(|_| PasswordRefused::NotAnAnswer)?;
        let slot_key = SlotKey::derive(SlotKind::Password, &finished.export_key);
        finished.export_key.zeroize();
        Ok(Registered { record: finished.message.serialize().to_vec(), slot_key })
    }
}

/// A sign-in that waits for the server's answer. Holds no key, and can't be asked for one.
pub struct SigningIn {
    password: Password,
    state: ClientLogin<Suite>,
}

/// The server proved that it holds this account's record: only now is there a key (ATTACKS 20).
pub struct SignedIn {
    /// KE3, 64 bytes, for the server.
    pub finalization: Vec<u8>,
    /// The key of the `password` slot.
    pub slot_key: SlotKey,
}

impl SigningIn {
    /// Begins: KE1, 96 bytes, goes to the server.
    pub fn start(password: Password, rng: &mut (impl RngCore + CryptoRng)) -> (Self, Vec<u8>) {
        #[expect(clippy::expect_used, reason = "hashing to ristretto255 refuses only inputs over 64 KiB")]
        let started = ClientLogin::<Suite>::start(rng, password.as_str().as_bytes()).expect("a short password");
        (Self { password, state: started.state }, started.message.serialize().to_vec())
    }

    /// Authenticates the server by its answer (KE2) and, only then, gives out the slot's key.
    ///
    /// # Errors
    /// [`PasswordRefused`]: no key was released.
    pub fn finish(
        self,
        response: &[u8],
        stretching: &KeyStretching,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<SignedIn, PasswordRefused> {
        let response = CredentialResponse::deserialize(response).map_err(|_| PasswordRefused::NotAnAnswer)?;
        let parameters =
            ClientLoginFinishParameters::new(Some(VERSION.as_bytes()), Identifiers::default(), Some(stretching));
        let mut finished = self
            .state
            .finish(rng, self.password.as_str().as_bytes(), response, parameters)
            .map_err(|_| PasswordRefused::WrongPasswordOrServer)?;
        let slot_key = SlotKey::derive(SlotKind::Password, &finished.export_key);
        finished.export_key.zeroize();
        finished.session_key.zeroize();
        Ok(SignedIn { finalization: finished.message.serialize().to_vec(), slot_key })
    }
}
