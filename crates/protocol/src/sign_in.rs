//! Signing in, sessions, and a forgotten password (PROTOCOL §9a).

use serde::{Deserialize, Serialize};

use crate::{
    accounts::{Level, NewPasswordSlot, NewRecoverySlot},
    address::Address,
    factors::FactorOffer,
    ids::{AccountId, RecoveryId, SessionId, SignInId, SlotId},
    octets::Octets,
    slots::Slot,
    time::Timestamp,
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

/// How a session's token is handed over: `cookie` to a browser, `bearer` to a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum SessionDelivery {
    /// `Set-Cookie: __Host-session`.
    Cookie,
    /// In the answer.
    Bearer,
}

/// A session has begun.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewSession {
    /// The session, as its owner will see it in a list.
    pub id: SessionId,
    /// Whose it is.
    pub account: AccountId,
    /// What was proved.
    pub level: Level,
    /// When.
    pub proved: Timestamp,
    /// 32 bytes, base64url, for `Authorization: Bearer`; absent where a cookie was set.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub token: Option<String>,
    /// What the proved factors give a right to.
    pub slots: Vec<Slot>,
}

/// One row of `GET /sessions`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionRow {
    /// Its id.
    pub id: SessionId,
    /// Whether it is the one that asks.
    pub current: bool,
    /// What was proved.
    pub level: Level,
    /// When.
    pub proved: Timestamp,
    /// When it was last used, to the minute.
    pub used: Timestamp,
    /// Whether it is kept signed in for 30 days after its last use.
    pub kept: bool,
}

/// `GET /sessions`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sessions {
    /// Newest first.
    pub sessions: Vec<SessionRow>,
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
}

/// The answer to the factor's proof: the `recovery` slot.
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
