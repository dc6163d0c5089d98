//! What is done to an account only when its time has come, announced meanwhile so that its owner can stop it (PROTOCOL §7).

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{limits, octets::Octets, time::Timestamp};

/// What waits. An account has at most one of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum WaitKind {
    /// Somebody who showed nothing but paper, the recovery sheet and a one-time code, is to choose a new password.
    Recovery,
    /// The account is to be removed, with all of its letters.
    Removal,
}

impl WaitKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Recovery, Self::Removal];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Recovery => "recovery",
            Self::Removal => "removal",
        }
    }

    /// How long it waits.
    #[must_use]
    pub const fn lasts(self) -> Duration {
        match self {
            Self::Recovery => limits::RECOVERY_WAIT,
            Self::Removal => limits::REMOVAL_WAIT,
        }
    }

    /// How often it is announced, until its time has come.
    #[must_use]
    pub const fn announced_every(self) -> Duration {
        match self {
            Self::Recovery => limits::RECOVERY_ANNOUNCED_EVERY,
            Self::Removal => limits::REMOVAL_ANNOUNCED_EVERY,
        }
    }
}

impl fmt::Display for WaitKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Wait {
    /// What waits.
    pub kind: WaitKind,
    /// Since when.
    pub begun: Timestamp,
    /// When its time has come, by the server's clock.
    pub due: Timestamp,
}

/// `POST /waits/find` and `POST /waits/stop`: what the link in an announcement says, behind its `#`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WaitLink {
    /// 16 bytes, which only the account's own channels were told.
    pub token: Octets,
}

/// How many bytes the token of a link has.
pub const TOKEN: usize = 16;

/// The page that a link leads to; the token stands behind it as `#` and 22 characters of base64url, which no server is sent.
pub const PAGE: &str = "/stop";
