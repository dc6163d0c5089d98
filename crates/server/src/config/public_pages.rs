//! What strangers may write by the public pages of members.

use securemailbox_protocol::public_pages::MOST_WORK;
use serde::{Deserialize, Serialize};

use super::ConfigurationError;

/// How many letters come by public pages, from strangers of whom nothing is known but their network. A network that many share, and
/// that `limits.networks` names, may send as many times more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PublicPages {
    /// Letters of one network in an hour.
    pub letters_an_hour_from: u32,
    /// Letters of one network in a day.
    pub letters_a_day_from: u32,
    /// Letters to one page in a day.
    pub letters_a_day_to: u32,
    /// Letters to all pages in a day.
    pub letters_a_day: u32,
    /// How much a browser computes for each letter: two to the power of this, hashes. 0 asks for nothing.
    pub work_bits: u8,
}

impl Default for PublicPages {
    fn default() -> Self {
        Self {
            letters_an_hour_from: 10,
            letters_a_day_from: 30,
            letters_a_day_to: 100,
            letters_a_day: 2000,
            work_bits: 0,
        }
    }
}

impl PublicPages {
    /// Refuses more work than a page may ask of a phone.
    pub(super) const fn check(self) -> Result<(), ConfigurationError> {
        if self.work_bits > MOST_WORK { Err(ConfigurationError::TooMuchWork(self.work_bits)) } else { Ok(()) }
    }
}
