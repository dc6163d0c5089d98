//! Why a letter is not shown.

use std::fmt;

use securemailbox_protocol::letters::{Entry, Released};
use securemailbox_vault::{certificates::CertificateRefused, letters::Refused};
use serde::Serialize;

use crate::failure::{CallError, Class, Explained, Failure, explained};

/// Why an entry is shown as damaged and never as a letter (PROTOCOL §4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// It does not open, or is not what its entry says.
    #[error("the letter is damaged or forged: {0}")]
    Letter(#[from] Refused),
    /// Its sender's certificate can't be used (ATTACKS 17).
    #[error("the sender's certificate can't be used: {0}")]
    Certificate(#[from] CertificateRefused),
    /// The server has no such certificate as it says the sender has.
    #[error("the sender's certificate is missing")]
    CertificateMissing,
    /// It is signed by another key than the one known for its sender (ATTACKS 14).
    #[error("the letter is signed by somebody else's key than the sender's known one")]
    SenderKeyChanged,
    /// The sender's certificate is older than one already seen (ATTACKS 7).
    #[error("the sender's certificate is older than one already seen")]
    OlderCertificate,
    /// The server answered with another entry than the one asked for.
    #[error("the server answered with another letter")]
    OtherLetter,
    /// A stronger proof of who one is must come first.
    #[error("the sender asks for a stronger proof of who you are")]
    LevelRequired,
    /// Its sender took it back; it had been opened here.
    #[error("the letter was withdrawn by its sender")]
    Withdrawn,
}

/// What each damage is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum DamageName {
    /// The letter itself.
    Damaged,
    /// Its sender's certificate.
    CertificateRefused,
    /// There is no such certificate.
    CertificateMissing,
    /// Another key than the known one.
    SenderKeyChanged,
    /// An older certificate than the known one.
    OlderCertificate,
    /// Not the one asked for.
    OtherLetter,
    /// A stronger proof must come first.
    LevelRequired,
    /// Taken back by its sender.
    Withdrawn,
}

/// As programs read it.
impl fmt::Display for DamageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl Damage {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> DamageName {
        match self {
            Self::Letter(_) => DamageName::Damaged,
            Self::Certificate(_) => DamageName::CertificateRefused,
            Self::CertificateMissing => DamageName::CertificateMissing,
            Self::SenderKeyChanged => DamageName::SenderKeyChanged,
            Self::OlderCertificate => DamageName::OlderCertificate,
            Self::OtherLetter => DamageName::OtherLetter,
            Self::LevelRequired => DamageName::LevelRequired,
            Self::Withdrawn => DamageName::Withdrawn,
        }
    }
}

/// What opens an entry, or why nothing does.
pub(super) fn released(entry: &Entry) -> Result<&Released, Damage> {
    let why = if entry.withdrawn.is_some() { Damage::Withdrawn } else { Damage::LevelRequired };
    entry.released.as_ref().ok_or(why)
}

impl Failure for Damage {
    fn explain(&self) -> Explained {
        let (class, advice) = match self {
            Self::SenderKeyChanged => (
                Class::Damaged,
                "Nothing of it is shown. Ask the sender, over another channel, whether they have a new key; then \
                 `accept` it, or `compare` the sixty digits with them, which is surer.",
            ),
            Self::Withdrawn => (Class::NotFound, "Its sender took it back. Ask them if you need what it said."),
            Self::LevelRequired => (Class::Refused, "Confirm that it is you, and open the letter again."),
            Self::Letter(_)
            | Self::Certificate(_)
            | Self::CertificateMissing
            | Self::OlderCertificate
            | Self::OtherLetter => {
                (Class::Damaged, "Nothing of it is shown. Ask the sender to send it anew, and tell the operator.")
            }
        };
        explained(self.name(), class, advice)
    }
}

/// Why one entry is not shown: it never will be as it is, or what is needed could not be asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotShown {
    /// It is damaged, forged, or not for this session.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// The server could not be asked for what is needed to verify it.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl Failure for NotShown {
    fn explain(&self) -> Explained {
        match self {
            Self::Damaged(damage) => damage.explain(),
            Self::Call(error) => error.explain(),
        }
    }
}
