//! Sealed records as the server keeps them (PROTOCOL §2, §9a).

use serde::{Deserialize, Serialize};

use crate::{
    ids::RecordId,
    numbers::{ChangeNumber, Version},
    octets::Octets,
    sealed::Purpose,
};

/// Which of an account's records one is. There is one keyring, one contacts and one settings; drafts are many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum RecordPurpose {
    /// The account's private keys.
    Keyring,
    /// Known keys and names.
    Contacts,
    /// What its owner chose.
    Settings,
    /// An unsent letter.
    Draft,
}

impl From<RecordPurpose> for Purpose {
    fn from(purpose: RecordPurpose) -> Self {
        match purpose {
            RecordPurpose::Keyring => Self::Keyring,
            RecordPurpose::Contacts => Self::Contacts,
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

/// `GET /records`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Records {
    /// In the order of their ids.
    pub records: Vec<RecordHead>,
}
