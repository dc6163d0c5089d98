//! Ids: UUIDv7 (RFC 9562 §5.7), each noun with a type of its own. An id is never a permission (PROTOCOL §9).

use std::{fmt, str::FromStr};

use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    coding::{self, NotOctets},
    time::Timestamp,
};

/// The text was not a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id: expected a UUID such as 0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a11")]
pub struct NotAnId;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh id: `now` in its first 48 bits, 74 random bits.
            pub fn new(now: Timestamp, rng: &mut (impl RngCore + CryptoRng)) -> Self {
                let mut random = [0; 10];
                rng.fill_bytes(&mut random);
                Self(uuid::Builder::from_unix_timestamp_millis(now.unix_millis(), &random).into_uuid())
            }

            /// The 16 bytes that the database keeps.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The 16 bytes that the database keeps.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                Uuid::try_parse(text).map(Self).map_err(|_| NotAnId)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        // Ids stay out of logs (PROTOCOL §8), so `Debug` shows none.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

uuid_id!(
    /// An account; also its OPAQUE credential identifier, so it is reserved before the account exists (PROTOCOL §9a).
    AccountId
);
uuid_id!(
    /// A mailbox: what entries, records, slots and sessions belong to, and who a letter's sender is. A member's own has the
    /// bytes of the member's account; another one would have others, and so the two are not the same type.
    MailboxId
);

impl AccountId {
    /// The account's own mailbox.
    #[must_use]
    pub const fn mailbox(self) -> MailboxId {
        MailboxId(self.0)
    }
}

uuid_id!(
    /// A letter, made by the sender's client; in the signed Message-ID and the idempotency key of posting (PROTOCOL §3).
    LetterId
);
impl LetterId {
    /// When its sender made it: those of one post, at one moment.
    #[must_use]
    pub fn made(self) -> Timestamp {
        let mut millis = [0; 8];
        millis[2..].copy_from_slice(&self.as_bytes()[..6]);
        Timestamp::from_unix_millis(u64::from_be_bytes(millis))
    }

    /// The first and the last id that can be made at a moment.
    #[must_use]
    pub fn made_at(time: Timestamp) -> (Self, Self) {
        let id = |rest| {
            let mut bytes = [rest; 16];
            bytes[..6].copy_from_slice(&time.unix_millis().to_be_bytes()[2..]);
            Self::from_bytes(bytes)
        };
        (id(0), id(u8::MAX))
    }
}

uuid_id!(
    /// A sealed record: keyring, settings, a contact or a draft.
    RecordId
);
uuid_id!(
    /// A lock slot, one way to open the account secret.
    SlotId
);
uuid_id!(
    /// A session as its owner sees it in a list. The token is another thing, and a secret.
    SessionId
);
uuid_id!(
    /// A registration under way.
    RegistrationId
);
uuid_id!(
    /// A sign-in under way.
    SignInId
);
uuid_id!(
    /// One emptying of a trash, made by the client: the same id is the same emptying (PROTOCOL §8).
    ErasureId
);
uuid_id!(
    /// A forgotten password under way.
    RecoveryId
);

uuid_id!(
    /// A part of an attachment, sealed, as the server has it. Where its bytes lie has another name.
    BlobId
);

uuid_id!(
    /// A factor: one address, one phone.
    FactorId
);

macro_rules! octet_id {
    ($(#[$doc:meta])* $name:ident, $length:literal, $coding:ident, $pattern:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $length]);

        impl $name {
            #[doc = concat!("From its ", stringify!($length), " bytes.")]
            #[must_use]
            pub const fn from_bytes(bytes: [u8; $length]) -> Self {
                Self(bytes)
            }

            #[doc = concat!("Its ", stringify!($length), " bytes.")]
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&coding::$coding::encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl FromStr for $name {
            type Err = NotOctets;
            fn from_str(text: &str) -> Result<Self, NotOctets> {
                let bytes = coding::$coding::decode(text)?;
                bytes.try_into().map(Self).map_err(|_| NotOctets)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some($pattern))
                    .into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {}
    };
}

octet_id!(
    /// What ties a conversation together: 16 random bytes made with its first letter, never a letter's id, so that an
    /// erased letter leaves no id in the thread (PROTOCOL §3). Base64url in JSON.
    ThreadId, 16, base64url, "^[A-Za-z0-9_-]{22}$"
);
octet_id!(
    /// SHA-256 of a content packet, base64url in JSON.
    ContentHash, 32, base64url, "^[A-Za-z0-9_-]{43}$"
);
octet_id!(
    /// SHA-256 of a certificate as the directory serves it: which key a letter was wrapped for, without the server
    /// having to read OpenPGP. Base64url in JSON.
    CertificateHash, 32, base64url, "^[A-Za-z0-9_-]{43}$"
);
octet_id!(
    /// The fingerprint of a v6 primary key (RFC 9580 §5.5.4.3), hexadecimal.
    Fingerprint, 32, hex, "^[0-9A-F]{64}$"
);

impl ThreadId {
    /// A fresh thread.
    pub fn new(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_carries_its_time_and_version() {
        let mut rng = <rand_chacha::ChaCha20Rng as rand::SeedableRng>::seed_from_u64(1);
        let id = LetterId::new(Timestamp::from_unix_millis(1_764_000_000_000), &mut rng);
        assert_eq!(id.0.get_version_num(), 7);
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn an_id_keeps_out_of_debug_output() {
        assert_eq!(format!("{:?}", LetterId::from_bytes([7; 16])), "LetterId(…)");
    }
}
