//! Factors: what proves that a person is who they say, beside the secret that opens their mailbox (PROTOCOL §6, §7, §9a).

mod code;
mod one_time;
mod own;

use serde::{Deserialize, Serialize};

use crate::{ids::FactorId, levels::Level, passkeys::Assertion, sessions::SessionDelivery, time::Timestamp};

pub use code::{Code, NotACode};
pub use one_time::{NotAOneTimeCode, OneTimeCode};
pub use own::{
    AuthenticatorSecret, BegunAuthenticator, ConfirmedFactor, Factor, Factors, NewPhone, OneTimeCodes, PhoneRole,
};

/// What kind a factor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum FactorKind {
    /// An e-mail address: a code by e-mail.
    Address,
    /// A mobile phone: a code by SMS.
    Phone,
    /// Another mobile phone, for when the owner's own is lost: a code by SMS.
    ReservePhone,
    /// A sheet of codes on paper, each of which works once.
    OneTimeCodes,
    /// An authenticator app: a code that it shows (RFC 6238).
    Authenticator,
    /// A passkey (WebAuthn).
    Passkey,
}

impl FactorKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Address, Self::Phone, Self::ReservePhone, Self::OneTimeCodes, Self::Authenticator, Self::Passkey];

    /// The level that its proof gives. A code on paper is something that its owner has, and no message that can be
    /// intercepted (a look-up secret, NIST SP 800-63B-4 §3.1.2), so it stands where the app does.
    #[must_use]
    pub const fn level(self) -> Level {
        match self {
            Self::Address => Level::Address,
            Self::Phone | Self::ReservePhone => Level::Phone,
            Self::OneTimeCodes | Self::Authenticator => Level::Authenticator,
            Self::Passkey => Level::Passkey,
        }
    }

    /// Whether it is kept for the day on which another one is lost.
    #[must_use]
    pub const fn is_reserve(self) -> bool {
        match self {
            Self::ReservePhone | Self::OneTimeCodes => true,
            Self::Address | Self::Phone | Self::Authenticator | Self::Passkey => false,
        }
    }

    /// Whether its code comes in a message.
    #[must_use]
    pub const fn is_sent(self) -> bool {
        match self {
            Self::Address | Self::Phone | Self::ReservePhone => true,
            Self::OneTimeCodes | Self::Authenticator | Self::Passkey => false,
        }
    }
}

/// A factor that may be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct FactorOffer {
    /// Its id.
    pub id: FactorId,
    /// What kind it is.
    pub kind: FactorKind,
    /// What its owner knows it by: the last two digits of a phone. Empty where there is nothing to tell apart.
    pub hint: String,
}

/// What there is to choose from. Nothing is sent before one is chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Offers {
    /// Oldest first.
    pub offers: Vec<FactorOffer>,
}

/// `POST …/proofs`: this factor is to be proved, so its code is sent; the same again sends another. Where it is a passkey, the
/// answer is a [`crate::passkeys::PasskeyToProve`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ChooseFactor {
    /// Which one.
    pub factor: FactorId,
}

/// What proves a factor, by its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// The six digits that were sent to an address or a phone, or that an app shows.
    Code(Code),
    /// A code from a sheet.
    OneTimeCode(OneTimeCode),
    /// What a passkey signed.
    Passkey(Assertion),
}

impl From<Code> for Answer {
    fn from(code: Code) -> Self {
        Self::Code(code)
    }
}

/// `POST …/proofs/enter`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EnterProof {
    /// The factor that was chosen.
    pub factor: FactorId,
    /// What proves it.
    pub answer: Answer,
}

/// `POST /sign-ins/{id}/proofs/enter`: the right answer begins a session.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EnterSignInProof {
    /// The factor that was chosen.
    pub factor: FactorId,
    /// What proves it.
    pub answer: Answer,
    /// How the token is handed over.
    pub session: SessionDelivery,
}

/// The answer to `POST /sessions/current/proofs/enter`: how the session stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionProof {
    /// What was proved.
    pub level: Level,
    /// When.
    pub proved: Timestamp,
}
