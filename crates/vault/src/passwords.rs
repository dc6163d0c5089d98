//! Passwords: OPAQUE seen from the client (RFC 9807, PROTOCOL §2), so that a server never learns one.

mod judgement;
mod worth;

use icu_normalizer::ComposingNormalizerBorrowed;
use opaque_ke::{
    ClientLogin, ClientLoginFinishParameters, ClientRegistration, ClientRegistrationFinishParameters,
    CredentialResponse, Identifiers, RegistrationResponse,
};
use rand::{CryptoRng, RngCore};
use zeroize::{Zeroize, Zeroizing};

use securemailbox_protocol::{
    VERSION,
    opaque::{KeyStretching, Suite},
    slots::SlotKind,
};

pub use judgement::{WeakPassword, judge};

use crate::secrets::SlotKey;

/// A password or passphrase in the one form that every keyboard types: NFC, each kind of space as U+0020 (RFC 8265 §4.2), and
/// none at its ends, where pasting and filling in leave some (PROTOCOL §2).
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes what was typed.
    #[must_use]
    pub fn new(typed: &str) -> Self {
        let spaced = |c: char| if c.is_whitespace() { ' ' } else { c };
        let typed = Zeroizing::new(typed.trim().chars().map(spaced).collect::<String>());
        Self(Zeroizing::new(ComposingNormalizerBorrowed::new_nfc().normalize(&typed).into_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The server's answer is no message of OPAQUE, or the password is not the one that was registered.
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

#[cfg(test)]
mod tests {
    use opaque_ke::{
        CredentialFinalization, CredentialRequest, RegistrationRequest, RegistrationUpload, ServerLogin,
        ServerLoginParameters, ServerRegistration, ServerSetup,
    };
    use proptest::prelude::*;

    use super::*;
    use crate::fixtures::{flip, rng};

    const ACCOUNT: &[u8] = &[1; 16];
    const RIGHT: &str = "sex korrekta hästar";

    /// A server that does what RFC 9807 says, for one account.
    struct Server {
        setup: ServerSetup<Suite>,
        record: ServerRegistration<Suite>,
        slot_key: [u8; 32],
    }

    fn registered(stretching: &KeyStretching) -> Server {
        let setup = ServerSetup::<Suite>::new(&mut rng(1));
        let (registering, request) = Registering::start(Password::new(RIGHT), &mut rng(2));
        let request = RegistrationRequest::deserialize(&request).unwrap();
        let response = ServerRegistration::<Suite>::start(&setup, request, ACCOUNT).unwrap().message.serialize();
        let done = registering.finish(&response, stretching, &mut rng(3)).unwrap();
        let record = ServerRegistration::finish(RegistrationUpload::deserialize(&done.record).unwrap());
        assert_eq!(done.record.len(), 192);
        Server { setup, record, slot_key: *done.slot_key.as_bytes() }
    }

    impl Server {
        fn answer(&self, request: &[u8], context: &[u8]) -> (ServerLogin<Suite>, Vec<u8>) {
            let request = CredentialRequest::deserialize(request).unwrap();
            let parameters = ServerLoginParameters { context: Some(context), identifiers: Identifiers::default() };
            let record = Some(self.record.clone());
            let started = ServerLogin::start(&mut rng(4), &self.setup, record, request, ACCOUNT, parameters).unwrap();
            (started.state, started.message.serialize().to_vec())
        }

        fn sign_in(&self, password: &str, stretching: &KeyStretching) -> Result<SignedIn, PasswordRefused> {
            let (signing_in, request) = SigningIn::start(Password::new(password), &mut rng(5));
            let (state, answer) = self.answer(&request, VERSION.as_bytes());
            let signed_in = signing_in.finish(&answer, stretching, &mut rng(6))?;
            let finalization = CredentialFinalization::deserialize(&signed_in.finalization).unwrap();
            let parameters =
                ServerLoginParameters { context: Some(VERSION.as_bytes()), identifiers: Identifiers::default() };
            state.finish(finalization, parameters).unwrap();
            Ok(signed_in)
        }
    }

    #[test]
    fn the_same_password_gives_the_same_slot_key_however_it_is_typed() {
        let cheap = KeyStretching::cheap_for_tests();
        let server = registered(&cheap);
        for typed in [
            RIGHT,
            "sex korrekta ha\u{308}star",
            "sex\u{a0}korrekta\u{202f}hästar",
            " sex korrekta hästar ",
            "sex korrekta hästar\r\n",
        ] {
            assert_eq!(*server.sign_in(typed, &cheap).unwrap().slot_key.as_bytes(), server.slot_key);
        }
    }

    #[test]
    fn another_password_gives_no_key() {
        let cheap = KeyStretching::cheap_for_tests();
        let refused = registered(&cheap).sign_in("sju korrekta hästar", &cheap).err();
        assert_eq!(refused, Some(PasswordRefused::WrongPasswordOrServer));
    }

    #[test]
    fn a_server_with_another_setup_or_context_gets_no_further() {
        let cheap = KeyStretching::cheap_for_tests();
        let server = registered(&cheap);
        let other = Server { setup: ServerSetup::new(&mut rng(9)), ..registered(&cheap) };
        assert_eq!(other.sign_in(RIGHT, &cheap).err(), Some(PasswordRefused::WrongPasswordOrServer));
        let (signing_in, request) = SigningIn::start(Password::new(RIGHT), &mut rng(5));
        let (_, answer) = server.answer(&request, b"securemailbox/2");
        let refused = signing_in.finish(&answer, &cheap, &mut rng(6)).err();
        assert_eq!(refused, Some(PasswordRefused::WrongPasswordOrServer));
    }

    #[test]
    fn a_password_registered_at_full_price_does_not_open_at_a_lower_one() {
        let server = registered(&KeyStretching::default());
        assert!(server.sign_in(RIGHT, &KeyStretching::default()).is_ok());
        let refused = server.sign_in(RIGHT, &KeyStretching::cheap_for_tests()).err();
        assert_eq!(refused, Some(PasswordRefused::WrongPasswordOrServer));
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let cheap = KeyStretching::cheap_for_tests();
        for answer in [&[][..], &[0; 320], &[7; 64]] {
            let (signing_in, _) = SigningIn::start(Password::new(RIGHT), &mut rng(5));
            assert!(signing_in.finish(answer, &cheap, &mut rng(6)).is_err());
            let (registering, _) = Registering::start(Password::new(RIGHT), &mut rng(5));
            let refused = registering.finish(&answer[..answer.len().min(63)], &cheap, &mut rng(6)).err();
            assert_eq!(refused, Some(PasswordRefused::NotAnAnswer));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn any_flipped_bit_of_a_servers_answer_gives_no_key(at in any::<prop::sample::Index>()) {
            let cheap = KeyStretching::cheap_for_tests();
            let server = registered(&cheap);
            let (signing_in, request) = SigningIn::start(Password::new(RIGHT), &mut rng(5));
            let (_, mut answer) = server.answer(&request, VERSION.as_bytes());
            let bits = answer.len() * 8;
            flip(&mut answer, at.index(bits));
            prop_assert!(signing_in.finish(&answer, &cheap, &mut rng(6)).is_err());
        }
    }
}
