//! Passkeys: what travels of Web Authentication Level 3 (PROTOCOL §2, §6, §7). A browser makes and reads more than this; the
//! PRF output above all, which is the key of a lock slot. So nothing here takes a member that it does not name.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{FactorId, SignInId, SlotId},
    octets::Octets,
    sessions::SessionDelivery,
    time::Timestamp,
};

/// What every passkey is asked its PRF output for (WebAuthn §10.1.4): the same for all, since each output is of one
/// credential already.
pub const PRF_INPUT: &[u8] = b"securemailbox/1 passkey slot";

/// The algorithms of the keys that are taken, in the order of our wish: EdDSA, ES256, RS256 (RFC 9053, RFC 8812).
pub const ALGORITHMS: [i64; 3] = [-8, -7, -257];

/// A challenge, in bytes.
pub const CHALLENGE: usize = 32;

/// A new credential, as its authenticator made it (WebAuthn §5.2.1). No attestation is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct MadeCredential {
    /// `clientDataJSON`: what the browser asked for.
    pub client_data: Octets,
    /// Authenticator data (WebAuthn §6.1), with the credential's id and public key.
    pub authenticator_data: Octets,
}

/// An assertion: a passkey was used (WebAuthn §5.2.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Assertion {
    /// The id of the credential.
    pub credential: Octets,
    /// `clientDataJSON`: what the browser asked for.
    pub client_data: Octets,
    /// Authenticator data (WebAuthn §6.1).
    pub authenticator_data: Octets,
    /// The signature over both.
    pub signature: Octets,
    /// Whose the authenticator says that it is: the account id. Absent where it was asked for certain credentials.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub user: Option<Octets>,
}

/// `POST /passkeys`: what a new passkey is made with. The user's handle is the account id.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct PasskeyToMake {
    /// The factor that it will be, once it counts.
    pub id: FactorId,
    /// 32 random bytes, good once and for five minutes.
    pub challenge: Octets,
    /// The account's credentials, so that no authenticator makes a second one.
    pub exclude: Vec<Octets>,
}

/// `POST /passkeys/{id}/made`: the challenge of the second ceremony.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct PasskeyToUse {
    /// 32 random bytes, good once and for five minutes.
    pub challenge: Octets,
    /// The credential that was just made.
    pub credential: Octets,
}

/// `POST …/proofs` where a passkey was chosen: what it is to sign. Nothing is sent to anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct PasskeyToProve {
    /// 32 random bytes, good once and for five minutes.
    pub challenge: Octets,
    /// The account's credentials, any of which may answer.
    pub credentials: Vec<Octets>,
}

/// The lock slot that a passkey opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewPasskeySlot {
    /// The slot's id.
    pub id: SlotId,
    /// The account secret, sealed.
    pub sealed: Octets,
}

/// `POST /passkeys/{id}/used`: the second ceremony. The passkey counts from here.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UsedPasskey {
    /// Of the credential that was made.
    pub assertion: Assertion,
    /// The slot that was sealed under its first PRF output and opened with the second; none where it has no output, or
    /// another one each time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub slot: Option<NewPasskeySlot>,
}

/// One of the account's passkeys. What its owner calls it is sealed in the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Passkey {
    /// The factor that it is.
    pub id: FactorId,
    /// Whether it opens the mailbox by a slot of its own, or proves a person only.
    pub opens: bool,
    /// When it was added.
    pub added: Timestamp,
    /// When it proved something last; none if never since.
    pub used: Option<Timestamp>,
}

/// `GET /passkeys`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Passkeys {
    /// Oldest first.
    pub passkeys: Vec<Passkey>,
}

/// `POST /sign-ins/passkey`: a sign-in that a passkey alone may end. Nobody was named yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasskeySignIn {
    /// Names the step that follows; good once, and for five minutes.
    pub id: SignInId,
    /// 32 random bytes.
    pub challenge: Octets,
}

/// `POST /sign-ins/{id}/passkey`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EnterPasskey {
    /// Of one of the account's passkeys.
    pub assertion: Assertion,
    /// Whether a PRF output came with it. Where none did, or the passkey has no slot, the session begins locked: the password
    /// opens it.
    pub opens: bool,
    /// How the token is handed over.
    pub session: SessionDelivery,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `PublicKeyCredential.toJSON()` carries the PRF output, which is the key of a slot (PROTOCOL §7).
    #[test]
    fn a_body_that_carries_a_prf_output_is_refused() {
        let assertion = r#"{"credential":"AA","client_data":"AA","authenticator_data":"AA","signature":"AA"}"#;
        assert!(serde_json::from_str::<Assertion>(assertion).is_ok());
        let output = r#"{"prf":{"results":{"first":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}}"#;
        for member in ["clientExtensionResults", "prf", "extensions"] {
            let carries = format!(r#"{},"{member}":{output}}}"#, assertion.trim_end_matches('}'));
            assert!(serde_json::from_str::<Assertion>(&carries).is_err(), "{member}");
            let around = format!(r#"{{"assertion":{assertion},"opens":true,"session":"cookie","{member}":{output}}}"#);
            assert!(serde_json::from_str::<EnterPasskey>(&around).is_err(), "{member}");
            let made = format!(r#"{{"client_data":"AA","authenticator_data":"AA","{member}":{output}}}"#);
            assert!(serde_json::from_str::<MadeCredential>(&made).is_err(), "{member}");
            let used = format!(r#"{{"assertion":{assertion},"{member}":{output}}}"#);
            assert!(serde_json::from_str::<UsedPasskey>(&used).is_err(), "{member}");
        }
    }
}
