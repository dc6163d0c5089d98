//! Sealed records as the server keeps them (PROTOCOL §2, §9a).

use serde::{Deserialize, Serialize};

use crate::{
    ids::RecordId,
    numbers::{ChangeNumber, Version},
    octets::Octets,
    sealed::Purpose,
};

/// The header in which whoever writes a record says at which version they hold the keyring. After a renewal it is another one, and
/// what was sealed before it would open for nobody (PROTOCOL §10).
pub const KEYRING_VERSION: &str = "keyring-version";

/// Which of an account's records one is. There is one keyring and one settings; contacts and drafts are many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum RecordPurpose {
    /// The account's private keys.
    Keyring,
    /// What is known of one person: keys and name.
    Contact,
    /// What its owner chose.
    Settings,
    /// An unsent letter.
    Draft,
}

impl RecordPurpose {
    /// The word in a query and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::Contact => "contact",
            Self::Settings => "settings",
            Self::Draft => "draft",
        }
    }

    /// Whether an account may have several records of this purpose.
    #[must_use]
    pub const fn are_many(self) -> bool {
        match self {
            Self::Keyring | Self::Settings => false,
            Self::Contact | Self::Draft => true,
        }
    }
}

impl From<RecordPurpose> for Purpose {
    fn from(purpose: RecordPurpose) -> Self {
        match purpose {
            RecordPurpose::Keyring => Self::Keyring,
            RecordPurpose::Contact => Self::Contact,
            RecordPurpose::Settings => Self::Settings,
            RecordPurpose::Draft => Self::Draft,
        }
    }
}

/// A record without its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordHead {
    /// Its id.
    pub id: RecordId,
    /// Which one it is.
    pub purpose: RecordPurpose,
    /// How often it was written.
    pub version: Version,
    /// When it last changed.
    pub change: ChangeNumber,
}

/// `GET /records/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Record {
    /// Everything but its bytes.
    #[serde(flatten)]
    pub head: RecordHead,
    /// Its bytes.
    pub sealed: Octets,
}

/// A record among the changes. Contacts bring their bytes along, because a device needs every one of them, and a request
/// for each would be thousands; the others are fetched when they are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordChange {
    /// Everything but its bytes.
    #[serde(flatten)]
    pub head: RecordHead,
    /// The bytes of a contact; absent for every other purpose.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sealed: Option<Octets>,
}
