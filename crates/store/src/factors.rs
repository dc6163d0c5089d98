//! Proof of an address or a phone by a code (PROTOCOL §5.2, §9a): the rules, apart from all storing and sending.

use securemailbox_protocol::{limits, time::Timestamp};
use subtle::ConstantTimeEq;

/// HMAC of a code, under the server seal.
pub type CodeHmac = [u8; 32];

/// Proof by a six-digit code: [`limits::CODE_TRIES`] tries, [`limits::CODE_LIFE`]. Reads no clock, sends nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeProof {
    /// The code is on its way.
    Sent {
        /// What it must match.
        code: CodeHmac,
        /// From when on it is too late.
        until: Timestamp,
        /// How often one may still be wrong, this time included.
        tries_left: u8,
    },
    /// It was entered.
    Proved,
    /// Too late, or too often wrong.
    Closed,
}

/// What entering a code came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is the code.
    Proved,
    /// It is not; try again.
    Wrong,
    /// It is not, and that was the last try.
    NoTriesLeft,
    /// Its time is over.
    TooLate,
    /// Nothing waits for a code here: proved already, closed, or unknown.
    AlreadyOver,
}

/// What entering a code came to, where the right one gives something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entered<T> {
    /// It is the code.
    Proved(T),
    /// It is not, for a reason other than [`Verdict::Proved`].
    Refused(Verdict),
}

impl CodeProof {
    /// A code was sent now.
    #[must_use]
    pub fn sent(code: CodeHmac, now: Timestamp) -> Self {
        Self::Sent { code, until: now.after(limits::CODE_LIFE), tries_left: limits::CODE_TRIES }
    }

    /// Someone typed a code. The caller stores the new state before it acts on the verdict.
    #[must_use]
    pub fn enter(self, typed: &CodeHmac, now: Timestamp) -> (Self, Verdict) {
        match self {
            Self::Sent { until, .. } if now >= until => (Self::Closed, Verdict::TooLate),
            Self::Sent { code, .. } if bool::from(code.ct_eq(typed)) => (Self::Proved, Verdict::Proved),
            Self::Sent { tries_left: 0 | 1, .. } => (Self::Closed, Verdict::NoTriesLeft),
            Self::Sent { code, until, tries_left } => {
                (Self::Sent { code, until, tries_left: tries_left - 1 }, Verdict::Wrong)
            }
            over @ (Self::Proved | Self::Closed) => (over, Verdict::AlreadyOver),
        }
    }
}
