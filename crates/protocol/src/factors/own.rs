//! One's own factors: seeing them, adding one, taking one away (PROTOCOL §7).

use std::fmt;

use base32ct::{Base32Upper, Base32UpperUnpadded, Encoding};
use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{FactorKind, OneTimeCode};
use crate::{address::Address, ids::FactorId, phone::PhoneNumber, time::Timestamp};

/// A factor as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Factor {
    /// Its id.
    pub id: FactorId,
    /// What kind it is.
    pub kind: FactorKind,
    /// What its owner knows it by: the last two digits of a phone. Empty where there is nothing to tell apart.
    pub hint: String,
    /// When it was proved first, and began to count.
    pub added: Timestamp,
    /// When it was proved last; none if never since.
    pub used: Option<Timestamp>,
    /// How many codes of a sheet are left.
    pub left: Option<u8>,
}

/// `GET /factors`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Factors {
    /// Oldest first.
    pub factors: Vec<Factor>,
}

/// The shared secret of an authenticator app: 20 bytes, as long as the hash (RFC 4226 §4, R6). It travels, and is typed, as
/// 32 characters of base32 (RFC 4648 §6).
///
/// `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct AuthenticatorSecret([u8; AuthenticatorSecret::LENGTH]);

impl AuthenticatorSecret {
    /// Its length in bytes.
    pub const LENGTH: usize = 20;

    /// A fresh one.
    pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut secret = Self([0; Self::LENGTH]);
        rng.fill_bytes(&mut secret.0);
        secret
    }

    /// From its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// Its bytes, for an HMAC and for what is sealed.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// As it is typed into an app.
    #[must_use]
    pub fn to_base32(&self) -> Zeroizing<String> {
        Zeroizing::new(Base32UpperUnpadded::encode_string(&self.0))
    }

    /// What the QR code says (the Key URI format of authenticator apps). Only what differs from its defaults is named: some
    /// apps read nothing else.
    #[must_use]
    pub fn uri(&self, owner: &Address) -> Zeroizing<String> {
        let issuer = "SecureMailbox";
        let owner: String = owner.as_str().bytes().map(escaped).collect();
        let secret = self.to_base32();
        Zeroizing::new(format!("otpauth://totp/{issuer}:{owner}?secret={}&issuer={issuer}", secret.as_str()))
    }
}

/// A byte of a URI's path, percent-encoded unless it is unreserved (RFC 3986 §2.3).
fn escaped(byte: u8) -> String {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).into(),
        other => format!("%{other:02X}"),
    }
}

impl fmt::Debug for AuthenticatorSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthenticatorSecret(…)")
    }
}

impl Serialize for AuthenticatorSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_base32())
    }
}

impl<'de> Deserialize<'de> for AuthenticatorSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let mut secret = Self([0; Self::LENGTH]);
        let length = Base32Upper::decode(text.as_bytes(), &mut secret.0).map(<[u8]>::len);
        if length == Ok(Self::LENGTH) {
            Ok(secret)
        } else {
            Err(serde::de::Error::custom("not 32 characters of base32"))
        }
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for AuthenticatorSecret {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some("^[A-Z2-7]{32}$"))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for AuthenticatorSecret {}

/// The answer to `POST /factors/authenticator`: it counts once a code of it was entered.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BegunAuthenticator {
    /// Its id.
    pub id: FactorId,
    /// What the app is to know.
    pub secret: AuthenticatorSecret,
}

/// What a phone is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum PhoneRole {
    /// It is the owner's own, in the place of the one before.
    Own,
    /// It is for when that one is lost.
    Reserve,
}

impl PhoneRole {
    /// The kind of factor that it is.
    #[must_use]
    pub const fn kind(self) -> FactorKind {
        match self {
            Self::Own => FactorKind::Phone,
            Self::Reserve => FactorKind::ReservePhone,
        }
    }
}

/// `POST /factors/phones`: it counts once the code that was sent to it was entered.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewPhone {
    /// Where its code will go.
    pub phone: PhoneNumber,
    /// What it is for.
    pub role: PhoneRole,
}

/// The answer to `POST /factors/{id}/proofs/enter`: the factor counts from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ConfirmedFactor {
    /// How far the app's clock goes before the server's, in steps of 30 seconds; less than zero where it is behind. Zero
    /// where there is no app.
    pub drift: i8,
}

/// The answer to `POST /factors/one-time-codes`: a new sheet. The codes are told once, and the older sheet is spent.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OneTimeCodes {
    /// When the sheet was made: its name.
    pub made: Timestamp,
    /// [`crate::limits::ONE_TIME_CODES`] of them.
    pub codes: Vec<OneTimeCode>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> AuthenticatorSecret {
        AuthenticatorSecret::from_bytes(*b"12345678901234567890")
    }

    #[test]
    fn a_secret_travels_as_it_is_typed_and_keeps_out_of_debug_output() {
        assert_eq!(serde_json::to_string(&secret()).unwrap(), r#""GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ""#);
        assert_eq!(
            serde_json::from_str::<AuthenticatorSecret>(r#""GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ""#).unwrap(),
            secret()
        );
        for other in [r#""GEZDGNBV""#, r#""gezdgnbvgy3tqojqgezdgnbvgy3tqoj1""#, r#""""#] {
            assert!(serde_json::from_str::<AuthenticatorSecret>(other).is_err(), "{other}");
        }
        assert_eq!(format!("{:?}", secret()), "AuthenticatorSecret(…)");
    }

    #[test]
    fn the_qr_code_says_what_every_app_reads() {
        let owner = Address::parse("anna+post@brev.example").unwrap();
        assert_eq!(
            secret().uri(&owner).as_str(),
            "otpauth://totp/SecureMailbox:anna%2Bpost%40brev.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=SecureMailbox"
        );
    }
}
