//! Signing in, and a forgotten password (PROTOCOL §9a).

use serde::{Deserialize, Serialize};

use crate::{
    address::Address,
    factors::FactorOffer,
    ids::{AccountId, RecoveryId, SignInId, SlotId},
    octets::Octets,
    sessions::SessionDelivery,
    slots::{NewPasswordSlot, NewRecoverySlot},
    waits::Wait,
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

/// The proof held. Another factor is asked for beside it, and nothing was sent yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Recovery {
    /// Names the steps that follow.
    pub id: RecoveryId,
    /// What there is to choose from.
    pub offers: Vec<FactorOffer>,
    /// What waits for its time since the sheet and a one-time code were shown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub waits: Option<Wait>,
    /// Its time has come: a one-time code, the same as then or another one, is enough beside the sheet.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub waited: bool,
}

/// The answer to `POST /recoveries/{id}/proofs/enter`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum RecoveryProved {
    /// Another thing than paper was proved beside the sheet, or paper whose time has come.
    Slot(RecoveredSlot),
    /// Both are paper: nothing is given out before its time, and the owner is told (PROTOCOL §7).
    Wait(Wait),
}

/// The `recovery` slot, given out for the recovery code and one thing more.
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
