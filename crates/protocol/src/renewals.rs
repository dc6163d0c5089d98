//! Renewing keys (PROTOCOL §10): a new account secret, a new subkey, and what they put in the place of the old ones.

use serde::{Deserialize, Serialize};

use crate::{
    ids::LetterId,
    octets::Octets,
    sessions::SessionDelivery,
    slots::{NewPasswordSlot, NewRecoverySlot},
};

/// `POST /renewal`: every record was sealed anew by `PUT /renewal/records/{id}`, and now takes the place of the one before,
/// together with all of this.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Renewal {
    /// The certificate: the same primary key, another subkey.
    pub certificate: Octets,
    /// The new password.
    pub password: NewPasswordSlot,
    /// The new sheet.
    pub recovery: NewRecoverySlot,
    /// How the token of the one session that is left is handed over.
    pub session: SessionDelivery,
}

/// `POST /letters/keys`: the keys of one's own entries, wrapped for the present subkey.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RewrappedKeys {
    /// At most [`crate::limits::REWRAPPED_KEYS`].
    pub keys: Vec<RewrappedKey>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RewrappedKey {
    /// The letter.
    pub letter: LetterId,
    /// The PKESK packet that takes the place of the one before.
    pub wrapped_key: Octets,
}
