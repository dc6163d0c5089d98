//! The directory: whom one can write to (PROTOCOL §4.1). Its word is taken only as far as `vault` says.

use serde::{Deserialize, Serialize};

use crate::{
    address::Address,
    ids::{AccountId, CertificateHash},
    invitations::ClaimStatement,
    levels::Level,
    octets::Octets,
    phone::PhoneNumber,
};

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
    /// The asker wrote to them by a link, and they have made a mailbox of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub claimed: Option<Claimed>,
}

/// Somebody made a mailbox of what they were written by a link.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Claimed {
    /// The certificate that was made for them.
    pub guest: CertificateHash,
    /// What its key says.
    pub statement: ClaimStatement,
}

/// `POST /directory/numbers`: whether the owner of an address is who somebody knows by this number (PROTOCOL §6).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NumberToCheck {
    /// Whose number it should be.
    pub address: Address,
    /// As the asker knows it.
    pub phone: PhoneNumber,
}

/// What the directory says of a number. The same for an address that nobody has as for another number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NumberChecked {
    /// Whether the account of that address proved it as its owner's own.
    pub matches: bool,
}
