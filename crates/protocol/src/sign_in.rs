//! Signing in, and a forgotten password (PROTOCOL §9a).

use serde::{Deserialize, Serialize};

use crate::{
    address::Address,
    ids::{AccountId, RecoveryId, SignInId, SlotId},
    levels::Level,
    octets::Octets,
    sessions::SessionDelivery,
    slots::{NewPasswordSlot, NewRecoverySlot},
};

/// `POST /sign-ins`: the first OPAQUE message (RFC 9807 §6.1).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewSignIn {
    /// Whose mailbox.
    pub address: Address,
    /// KE1, 96 bytes.
    pub request: Octets,
}

/// The second OPAQUE message. An unknown address gets one that looks the same.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignIn {
    /// Names the steps that follow; good for five minutes.
    pub id: SignInId,
    /// KE2, 320 bytes.
    pub response: Octets,
}

/// `POST /sign-ins/{id}/finish`: the third OPAQUE message.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FinishSignIn {
    /// KE3, 64 bytes.
    pub finalization: Octets,
}

/// Which factor is asked for next, and where its code went.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NextFactor {
    /// The level its proof gives.
    pub level: Level,
    /// The last two digits of the phone.
    pub phone_ends: String,
}

/// `POST /sign-ins/{id}/code`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignInCode {
    /// Six digits, as typed.
    pub code: String,
    /// How the token is handed over.
    pub session: SessionDelivery,
}

/// `POST /recoveries`: a forgotten password begins with the proof of the recovery code.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewRecovery {
    /// Whose mailbox.
    pub address: Address,
    /// 32 bytes derived from the recovery code.
    pub proof: Octets,
}

/// The proof held, and an SMS code is on its way.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Recovery {
    /// Names the steps that follow.
    pub id: RecoveryId,
    /// Where the code went.
    pub factor: NextFactor,
}

/// The answer to the right code: the `recovery` slot.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecoveredSlot {
    /// Whose it is.
    pub account: AccountId,
    /// The slot's id.
    pub id: SlotId,
    /// The account secret, sealed.
    pub sealed: Octets,
}

/// `POST /recoveries/{id}/complete`: a new password and a new sheet in one transaction; other sessions end.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CompleteRecovery {
    /// The new password.
    pub password: NewPasswordSlot,
    /// The new sheet; the old one is spent.
    pub recovery: NewRecoverySlot,
    /// How the token is handed over.
    pub session: SessionDelivery,
}
