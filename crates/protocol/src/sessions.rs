//! Sessions: how they begin, and how their owner sees them (PROTOCOL §9a).

use serde::{Deserialize, Serialize};

use crate::{
    ids::{AccountId, SessionId, SignInId},
    levels::Level,
    octets::Octets,
    passkeys::Assertion,
    slots::Slot,
    time::Timestamp,
};

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

/// The header by which a program is known to a mailbox that it signed in to before: in the answer that begins its session, and
/// in its requests from then on (PROTOCOL §9a, Codes). A browser has the cookie `__Host-device`.
pub const KNOWN_DEVICE: &str = "known-device";

/// A session has begun.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewSession {
    /// The session, as its owner will see it in a list.
    pub id: SessionId,
    /// The account it is a session of.
    pub account: AccountId,
    /// What was proved.
    pub level: Level,
    /// When it was proved.
    pub proved: Timestamp,
    /// 32 bytes, base64url, for `Authorization: Bearer`; absent where a cookie was set.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub token: Option<String>,
    /// What the proved factors give a right to.
    pub slots: Vec<Slot>,
    /// The server's share of a `link` slot.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub share: Option<Octets>,
}

/// `POST /sessions/current/unlock`: the end of a sign-in that was begun at a locked session, in the place of a second session.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Unlock {
    /// The sign-in whose first message was answered.
    pub sign_in: SignInId,
    /// What proves that it is the same person.
    pub proof: UnlockProof,
}

/// What unlocks a session.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum UnlockProof {
    /// KE3, 64 bytes, of a sign-in for the session's address. It proves the password, and no factor is asked for again.
    Password(Octets),
    /// What a passkey of the account that has a slot signed for a sign-in by a passkey alone.
    Passkey(Assertion),
}

/// One row of `GET /sessions`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SessionRow {
    /// As `DELETE /sessions/{id}` takes it.
    pub id: SessionId,
    /// Whether it is the one that asks.
    pub current: bool,
    /// What was proved.
    pub level: Level,
    /// When it was proved.
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
