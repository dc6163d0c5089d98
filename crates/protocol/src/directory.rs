//! The directory: whom one can write to (PROTOCOL §4.1). Its word is taken only as far as `vault` says.

use serde::{Deserialize, Serialize};

use crate::{address::Address, ids::AccountId, levels::Level, octets::Octets};

/// `POST /directory/look-ups`. A body, because addresses stay out of paths and queries.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LookUp {
    /// Whom to look up.
    pub address: Address,
}

/// What the directory says of an address.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Listing {
    /// The account to post to.
    pub account: AccountId,
    /// Its v6 certificate, binary.
    pub certificate: Octets,
    /// How the person is identified when reading.
    pub level: Level,
}
