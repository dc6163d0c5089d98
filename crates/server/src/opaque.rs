//! The server's side of OPAQUE (RFC 9807; PROTOCOL §2, §9a). It never sees a password, and nothing a password can be
//! guessed from without the seed kept under the seal.

use rand::{CryptoRng, RngCore};
use securemailbox_protocol::{
    accounts::{PasswordRequest, PasswordResponse},
    ids::AccountId,
    opaque::{
        Suite,
        opaque_ke::{
            CredentialFinalization, CredentialRequest, RegistrationRequest, RegistrationUpload, ServerLogin,
            ServerLoginParameters, ServerRegistration, ServerSetup, errors::ProtocolError,
        },
    },
};
use zeroize::Zeroizing;

use crate::{body::Json, problem::Problem};

/// The OPRF seed and the key pair of this server.
pub struct OpaqueServer(ServerSetup<Suite>);

/// A message was not of the suite, or did not fit the one before. One answer on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an OPAQUE message was refused")]
pub struct OpaqueRefused;

impl From<ProtocolError> for OpaqueRefused {
    fn from(_: ProtocolError) -> Self {
        Self
    }
}

/// What is remembered between the second and the third message, and the second message itself.
pub struct LoginStarted {
    /// The server's state between the second and the third message, as the database keeps it.
    pub state: Vec<u8>,
    /// KE2, the second message of a login (RFC 9807 §6).
    pub response: Vec<u8>,
}

impl OpaqueServer {
    /// A new seed and key pair; made once for a database.
    pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        Self(ServerSetup::new(rng))
    }

    /// From the bytes kept under the seal.
    ///
    /// # Errors
    /// [`OpaqueRefused`]: they are not such bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, OpaqueRefused> {
        Ok(Self(ServerSetup::deserialize(bytes)?))
    }

    /// The set-up's bytes, which are kept under the server seal.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.serialize().to_vec())
    }

    /// Answers a registration request (RFC 9807 §5.2.2) for this credential identifier.
    ///
    /// # Errors
    /// [`OpaqueRefused`].
    pub fn register(&self, request: &[u8], credential: &[u8]) -> Result<Vec<u8>, OpaqueRefused> {
        let request = RegistrationRequest::deserialize(request)?;
        Ok(ServerRegistration::<Suite>::start(&self.0, request, credential)?.message.serialize().to_vec())
    }

    /// The same as an answer, for an account's credential identifier.
    pub(crate) fn answer(
        &self,
        account: AccountId,
        request: &PasswordRequest,
    ) -> Result<Json<PasswordResponse>, Problem> {
        let response = self
            .register(&request.request.0, account.as_bytes())
            .map_err(|_| Problem::bad_request("`request` is not an OPAQUE registration request"))?;
        Ok(Json(PasswordResponse { response: response.into() }))
    }

    /// Whether bytes are a registration record, so that what is kept can be used later.
    ///
    /// # Errors
    /// [`OpaqueRefused`].
    pub fn check_record(record: &[u8]) -> Result<(), OpaqueRefused> {
        RegistrationUpload::<Suite>::deserialize(record)?;
        Ok(())
    }

    /// Answers the first message of a sign-in (RFC 9807 §6.2.2). Without a record it answers as if there were one.
    ///
    /// # Errors
    /// [`OpaqueRefused`].
    pub fn start_login(
        &self,
        record: Option<&[u8]>,
        request: &[u8],
        credential: &[u8],
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<LoginStarted, OpaqueRefused> {
        let record = record.map(ServerRegistration::<Suite>::deserialize).transpose()?;
        let request = CredentialRequest::deserialize(request)?;
        let started = ServerLogin::start(rng, &self.0, record, request, credential, parameters())?;
        Ok(LoginStarted { state: started.state.serialize().to_vec(), response: started.message.serialize().to_vec() })
    }

    /// Checks the third message: whether the client knew the password.
    ///
    /// # Errors
    /// [`OpaqueRefused`].
    pub fn finish_login(state: &[u8], finalization: &[u8]) -> Result<(), OpaqueRefused> {
        let finalization = CredentialFinalization::deserialize(finalization)?;
        ServerLogin::<Suite>::deserialize(state)?.finish(finalization, parameters())?;
        Ok(())
    }
}

fn parameters() -> ServerLoginParameters<'static, 'static> {
    ServerLoginParameters {
        context: Some(securemailbox_protocol::VERSION.as_bytes()),
        ..ServerLoginParameters::default()
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;
    use securemailbox_protocol::opaque::{
        KeyStretching,
        opaque_ke::{
            ClientLogin, ClientLoginFinishParameters, ClientRegistration, ClientRegistrationFinishParameters,
            CredentialResponse, Identifiers, RegistrationResponse,
        },
    };

    use super::*;

    /// What an account that registered with `password` leaves at the server.
    fn record(server: &OpaqueServer, password: &[u8], rng: &mut ChaCha20Rng) -> Vec<u8> {
        let cheap = KeyStretching::cheap_for_tests();
        let start = ClientRegistration::<Suite>::start(rng, password).unwrap();
        let response = server.register(&start.message.serialize(), b"anna").unwrap();
        let response = RegistrationResponse::deserialize(&response).unwrap();
        let parameters = ClientRegistrationFinishParameters::new(Identifiers::default(), Some(&cheap));
        start.state.finish(rng, password, response, parameters).unwrap().message.serialize().to_vec()
    }

    /// Plays a whole sign-in; the client's failure is a refusal too.
    fn sign_in(
        server: &OpaqueServer,
        record: Option<&[u8]>,
        password: &[u8],
        rng: &mut ChaCha20Rng,
    ) -> Result<(), OpaqueRefused> {
        let cheap = KeyStretching::cheap_for_tests();
        let client = ClientLogin::<Suite>::start(rng, password).unwrap();
        let started = server.start_login(record, &client.message.serialize(), b"anna", rng)?;
        let response = CredentialResponse::deserialize(&started.response)?;
        let context = Some(securemailbox_protocol::VERSION.as_bytes());
        let parameters = ClientLoginFinishParameters::new(context, Identifiers::default(), Some(&cheap));
        let finished = client.state.finish(rng, password, response, parameters)?;
        OpaqueServer::finish_login(&started.state, &finished.message.serialize())
    }

    #[test]
    fn only_the_right_password_signs_in() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let server = OpaqueServer::generate(&mut rng);
        let record = record(&server, "korrekt häst".as_bytes(), &mut rng);
        assert_eq!(sign_in(&server, Some(&record), "korrekt häst".as_bytes(), &mut rng), Ok(()));
        assert_eq!(sign_in(&server, Some(&record), "fel häst".as_bytes(), &mut rng), Err(OpaqueRefused));
        assert_eq!(sign_in(&server, None, "korrekt häst".as_bytes(), &mut rng), Err(OpaqueRefused));
        let reopened = OpaqueServer::from_bytes(&server.to_bytes()).unwrap();
        assert_eq!(sign_in(&reopened, Some(&record), "korrekt häst".as_bytes(), &mut rng), Ok(()));
    }

    #[test]
    fn an_unknown_address_is_answered_at_the_same_length() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let server = OpaqueServer::generate(&mut rng);
        let record = record(&server, "korrekt häst".as_bytes(), &mut rng);
        let request = ClientLogin::<Suite>::start(&mut rng, b"x").unwrap().message.serialize();
        let known = server.start_login(Some(&record), &request, b"anna", &mut rng).unwrap().response;
        let unknown = server.start_login(None, &request, b"nobody", &mut rng).unwrap().response;
        assert_eq!(known.len(), unknown.len());
    }
}
