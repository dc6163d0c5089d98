//! Security events: what was done about who may open a mailbox, as its owner reads it (PROTOCOL §6).

use serde::{Deserialize, Serialize};

use crate::{factors::FactorKind, ids::SessionId, time::Timestamp};

/// What was done. A closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum SecurityEventKind {
    /// A session began.
    SignedIn,
    /// A session began on a device that had not signed in before, or had signed out since; in the place of [`Self::SignedIn`].
    NewDevice,
    /// A recovery sheet took the place of another.
    SheetReplaced,
    /// The keyring was overwritten.
    KeyringReplaced,
    /// A forgotten password was replaced, and the sheet with it; all other sessions ended.
    PasswordReplaced,
    /// Another password took the place of the one before, in a session that was signed in. The sheet stayed, and so did all
    /// sessions.
    PasswordChanged,
    /// The keys were renewed: another account secret, subkey, password and sheet; all other sessions ended.
    KeysRenewed,
    /// The password was taken away: passkeys and the sheet open the mailbox.
    PasswordRemoved,
    /// A session was ended by another one, or by too many wrong tries to unlock it.
    SessionEnded,
    /// All sessions but one were ended by that one.
    OtherSessionsEnded,
    /// A locked session was not unlocked: the password was wrong, once or more often in a row.
    UnlockFailed,
    /// At a sign-in or a forgotten password the code was wrong until no try was left: somebody has the password, or the sheet.
    CodesRefused,
    /// An authenticator app was added, in the place of the one before.
    AuthenticatorAdded,
    /// The authenticator app was taken away.
    AuthenticatorRemoved,
    /// The owner's own phone took the place of another.
    PhoneReplaced,
    /// A reserve phone was added, in the place of the one before.
    ReservePhoneAdded,
    /// The reserve phone was taken away.
    ReservePhoneRemoved,
    /// A sheet of one-time codes was made, and the one before was spent.
    OneTimeCodesMade,
    /// The sheet of one-time codes was taken away.
    OneTimeCodesRemoved,
    /// A one-time code was used.
    OneTimeCodeUsed,
    /// A passkey was added: it opens the mailbox, or proves a person.
    PasskeyAdded,
    /// A passkey was removed.
    PasskeyRemoved,
    /// Somebody showed the recovery sheet and a one-time code, and waits: both are paper.
    RecoveryBegun,
    /// That was stopped: sheet and one-time codes open nothing any more.
    RecoveryStopped,
    /// Somebody proved the address, or was signed in, and wants the account removed: it waits.
    RemovalBegun,
    /// That was stopped.
    RemovalStopped,
}

impl SecurityEventKind {
    /// What it is called that a factor of this kind was enrolled; none of a kind that is added in another way.
    #[must_use]
    pub const fn of_enrolled(kind: FactorKind) -> Option<Self> {
        match kind {
            FactorKind::Phone => Some(Self::PhoneReplaced),
            FactorKind::ReservePhone => Some(Self::ReservePhoneAdded),
            FactorKind::Authenticator => Some(Self::AuthenticatorAdded),
            FactorKind::Address | FactorKind::OneTimeCodes | FactorKind::Passkey => None,
        }
    }

    /// Every kind.
    pub const ALL: [Self; 26] = [
        Self::SignedIn,
        Self::NewDevice,
        Self::SheetReplaced,
        Self::KeyringReplaced,
        Self::PasswordReplaced,
        Self::PasswordChanged,
        Self::KeysRenewed,
        Self::PasswordRemoved,
        Self::SessionEnded,
        Self::OtherSessionsEnded,
        Self::UnlockFailed,
        Self::CodesRefused,
        Self::AuthenticatorAdded,
        Self::AuthenticatorRemoved,
        Self::PhoneReplaced,
        Self::ReservePhoneAdded,
        Self::ReservePhoneRemoved,
        Self::OneTimeCodesMade,
        Self::OneTimeCodesRemoved,
        Self::OneTimeCodeUsed,
        Self::PasskeyAdded,
        Self::PasskeyRemoved,
        Self::RecoveryBegun,
        Self::RecoveryStopped,
        Self::RemovalBegun,
        Self::RemovalStopped,
    ];
}

/// One row of `GET /account/security-events`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SecurityEvent {
    /// What was done.
    pub kind: SecurityEventKind,
    /// When.
    pub at: Timestamp,
    /// The session that it was done in; of one that was ended, that one.
    pub session: SessionId,
    /// Whether that is the session which asks.
    pub current: bool,
}

/// `GET /account/security-events`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecurityEvents {
    /// Newest first, of the last [`crate::limits::SECURITY_EVENT_LIFE`], at most [`crate::limits::PAGE`].
    pub events: Vec<SecurityEvent>,
}
