//! Identity levels (PROTOCOL §6).

use serde::{Deserialize, Serialize};

/// How well a person's identity was proved (PROTOCOL §6), weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The link in an e-mail.
    Address = 1,
    /// A code by SMS, a restricted authenticator (NIST SP 800-63B-4).
    Phone = 2,
    /// A code from an authenticator app.
    Authenticator = 3,
    /// A passkey; resists phishing.
    Passkey = 4,
    /// An electronic identification.
    Eid = 5,
}

impl Level {
    /// Those that a letter's readers may be asked for: whoever is signed in has proved an address, and nobody here can prove
    /// an electronic identification yet.
    pub const ASKED_FOR: [Self; 3] = [Self::Phone, Self::Authenticator, Self::Passkey];

    /// The word on the wire and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Phone => "phone",
            Self::Authenticator => "authenticator",
            Self::Passkey => "passkey",
            Self::Eid => "eid",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_a_level_is_the_one_on_the_wire() {
        for level in Level::ASKED_FOR.into_iter().chain([Level::Address, Level::Eid]) {
            assert_eq!(serde_json::to_value(level).unwrap(), level.as_str());
        }
    }
}
