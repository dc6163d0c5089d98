//! Web Authentication Level 3, the relying party's side (PROTOCOL §7): what an authenticator made or signed, judged against the
//! challenge that was given out. Reads no clock and keeps nothing; who a credential belongs to, and that a challenge is good
//! once, is the store's to say. Why not a library: decision 23.

mod cose;

use aws_lc_rs::digest::{SHA256, digest};
use securemailbox_protocol::{
    coding::base64url,
    passkeys::{Assertion, CHALLENGE, MadeCredential},
};
use serde::Deserialize;
use subtle::ConstantTimeEq;

use crate::origin::Origin;
use cose::{NotAKey, PublicKey};

/// 32 random bytes that are good for one ceremony.
pub type Challenge = [u8; CHALLENGE];

/// The site that passkeys are made for.
#[derive(Debug, Clone)]
pub struct RelyingParty {
    /// SHA-256 of the relying party's id: the host that people reach this server by.
    id_hash: [u8; 32],
    /// As browsers write it.
    origin: String,
}

/// A credential as the server keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Chosen by the authenticator, 16 to 1,023 bytes.
    pub id: Vec<u8>,
    /// A `COSE_Key` (RFC 9052 §7).
    pub public_key: Vec<u8>,
    /// How far the authenticator stands.
    pub state: AuthenticatorState,
}

/// What an authenticator says of itself in each ceremony (WebAuthn §6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthenticatorState {
    /// How often it has signed; always 0 where it does not count.
    pub counter: u32,
    /// Whether the credential may be on several devices. Never changes.
    pub backup_eligible: bool,
    /// Whether it is.
    pub backed_up: bool,
}

/// Why a ceremony proves nothing. Told to nobody, who may only hear that it was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The client data are no JSON of that form, or of another ceremony.
    #[error("the client data are not of this ceremony")]
    ClientData,
    /// Another challenge was signed.
    #[error("another challenge was signed")]
    Challenge,
    /// The page was another site's, or stood in another site's frame.
    #[error("it was made for another site")]
    Origin,
    /// The authenticator data are not of the form of WebAuthn §6.1.
    #[error("the authenticator data are damaged")]
    AuthenticatorData,
    /// They name another relying party.
    #[error("it was made for another relying party")]
    RelyingParty,
    /// Nobody touched the authenticator, or it did not ask for finger, face or PIN.
    #[error("the person was not verified")]
    NotVerified,
    /// The public key is of no kind that we take.
    #[error("the public key is of another kind")]
    Key,
    /// The signature is not by the credential's key.
    #[error("the signature is another key's")]
    Signature,
    /// The counter did not rise: there may be a copy of the authenticator (WebAuthn §7.2, step 22).
    #[error("the counter did not rise")]
    Counter,
    /// A credential that was bound to one device says that it is not, or the other way round.
    #[error("the credential is another one by now")]
    Backup,
}

impl From<NotAKey> for Refused {
    fn from(_: NotAKey) -> Self {
        Self::Key
    }
}

/// The kinds of a ceremony, as client data have them.
const CREATE: &str = "webauthn.create";
const GET: &str = "webauthn.get";

/// The longest client data and authenticator data, in bytes: a credential's id has 1,023 at most, an RSA key some 800.
const LONGEST: usize = 4096;

impl RelyingParty {
    /// The one of this origin. An IP address can have passkeys in no browser.
    #[must_use]
    pub fn new(origin: &Origin) -> Self {
        Self::at(origin.url())
    }

    fn at(origin: String) -> Self {
        let hash = digest(&SHA256, id_of(&origin).as_bytes());
        let mut id_hash = [0; 32];
        id_hash.copy_from_slice(hash.as_ref());
        Self { id_hash, origin }
    }

    /// Takes a new credential (WebAuthn §7.1). Without attestation nothing vouches for the key but the second ceremony, which
    /// is asked for before it counts.
    ///
    /// # Errors
    /// [`Refused`]
    pub fn made(&self, made: &MadeCredential, challenge: &Challenge) -> Result<Credential, Refused> {
        self.check_client_data(&made.client_data.0, CREATE, challenge)?;
        let data = AuthenticatorData::parse(&made.authenticator_data.0)?;
        self.check_person(&data)?;
        let (id, public_key) = data.attested.ok_or(Refused::AuthenticatorData)?;
        PublicKey::parse(public_key)?;
        Ok(Credential { id: id.to_vec(), public_key: public_key.to_vec(), state: data.state })
    }

    /// Takes an assertion of a credential (WebAuthn §7.2): how its authenticator stands now.
    ///
    /// # Errors
    /// [`Refused`]
    pub fn used(
        &self,
        credential: &Credential,
        assertion: &Assertion,
        challenge: &Challenge,
    ) -> Result<AuthenticatorState, Refused> {
        let (client_data, authenticator_data) = (&assertion.client_data.0, &assertion.authenticator_data.0);
        self.check_client_data(client_data, GET, challenge)?;
        let data = AuthenticatorData::parse(authenticator_data)?;
        self.check_person(&data)?;
        let signed = [authenticator_data.as_slice(), digest(&SHA256, client_data).as_ref()].concat();
        if !PublicKey::parse(&credential.public_key)?.verifies(&signed, &assertion.signature.0) {
            return Err(Refused::Signature);
        }
        if data.state.backup_eligible != credential.state.backup_eligible {
            return Err(Refused::Backup);
        }
        let (before, now) = (credential.state.counter, data.state.counter);
        if (before, now) != (0, 0) && now <= before {
            return Err(Refused::Counter);
        }
        Ok(data.state)
    }

    fn check_client_data(&self, json: &[u8], ceremony: &str, challenge: &Challenge) -> Result<(), Refused> {
        if json.len() > LONGEST {
            return Err(Refused::ClientData);
        }
        let data: ClientData = serde_json::from_slice(json).map_err(|_| Refused::ClientData)?;
        if data.r#type != ceremony {
            return Err(Refused::ClientData);
        }
        let answered = base64url::decode(&data.challenge).map_err(|_| Refused::Challenge)?;
        if !bool::from(answered.ct_eq(challenge.as_slice())) {
            return Err(Refused::Challenge);
        }
        if data.origin != self.origin || data.cross_origin || data.top_origin.is_some() {
            return Err(Refused::Origin);
        }
        Ok(())
    }

    fn check_person(&self, data: &AuthenticatorData<'_>) -> Result<(), Refused> {
        if data.relying_party != self.id_hash {
            return Err(Refused::RelyingParty);
        }
        if data.flags & USER_PRESENT == 0 || data.flags & USER_VERIFIED == 0 {
            return Err(Refused::NotVerified);
        }
        Ok(())
    }
}

/// The host of an origin.
pub(crate) fn id_of(origin: &str) -> &str {
    let authority = origin.split_once("://").map_or(origin, |(_, authority)| authority);
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) | None => authority,
    }
}

/// `CollectedClientData` (WebAuthn §5.8.1). Browsers may add members, and one does, so that nobody compares the text.
#[derive(Deserialize)]
struct ClientData {
    r#type: String,
    challenge: String,
    origin: String,
    #[serde(rename = "crossOrigin", default)]
    cross_origin: bool,
    #[serde(rename = "topOrigin", default)]
    top_origin: Option<String>,
}

const USER_PRESENT: u8 = 0b0000_0001;
const USER_VERIFIED: u8 = 0b0000_0100;
const BACKUP_ELIGIBLE: u8 = 0b0000_1000;
const BACKED_UP: u8 = 0b0001_0000;
const ATTESTED: u8 = 0b0100_0000;
const EXTENSIONS: u8 = 0b1000_0000;

/// Authenticator data (WebAuthn §6.1).
struct AuthenticatorData<'a> {
    relying_party: [u8; 32],
    flags: u8,
    state: AuthenticatorState,
    /// The credential's id and its `COSE_Key`, where one was made.
    attested: Option<(&'a [u8], &'a [u8])>,
}

impl<'a> AuthenticatorData<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, Refused> {
        if bytes.len() > LONGEST {
            return Err(Refused::AuthenticatorData);
        }
        Self::parts(bytes).ok_or(Refused::AuthenticatorData)
    }

    fn parts(bytes: &'a [u8]) -> Option<Self> {
        let (relying_party, rest) = bytes.split_first_chunk::<32>()?;
        let (&flags, rest) = rest.split_first()?;
        let (counter, mut rest) = rest.split_first_chunk::<4>()?;
        let state = AuthenticatorState {
            counter: u32::from_be_bytes(*counter),
            backup_eligible: flags & BACKUP_ELIGIBLE != 0,
            backed_up: flags & BACKED_UP != 0,
        };
        // What was not copied anywhere may not be said to lie there (WebAuthn §6.1.3).
        if state.backed_up && !state.backup_eligible {
            return None;
        }
        let mut attested = None;
        if flags & ATTESTED != 0 {
            let (_model, after) = rest.split_first_chunk::<16>()?;
            let (length, after) = after.split_first_chunk::<2>()?;
            let length = usize::from(u16::from_be_bytes(*length));
            if !(16..=1023).contains(&length) {
                return None;
            }
            let (id, after) = after.split_at_checked(length)?;
            let (key, after) = after.split_at_checked(cose::length(after)?)?;
            (attested, rest) = (Some((id, key)), after);
        }
        // What extensions say stays unread: the PRF output is for the page, and never here.
        let ends_well = if flags & EXTENSIONS == 0 { rest.is_empty() } else { !rest.is_empty() };
        ends_well.then_some(Self { relying_party: *relying_party, flags, state, attested })
    }
}

#[cfg(test)]
pub(crate) mod tests;
