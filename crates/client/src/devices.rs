//! What a person's devices are called, for that person alone: each writes its own name into the sealed settings when it signs
//! in, and the server learns nothing of it (PROTOCOL §2).

use securemailbox_protocol::ids::SessionId;
use serde::{Deserialize, Serialize};

use crate::{names::Names, settings::turns_direction};

/// The longest part of a name, in characters.
const PART: usize = 40;
/// As many sessions as anybody has at once.
const NAMES: usize = 50;

/// A program and the system that it runs on, such as Firefox and Windows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct DeviceName {
    /// The browser, or the terminal.
    pub program: String,
    /// The operating system.
    pub system: String,
}

impl DeviceName {
    /// Takes what a program says of itself; none where that is not a short word or two.
    #[must_use]
    pub fn new(program: &str, system: &str) -> Option<Self> {
        let is_a_word = |word: &str| {
            (1..=PART).contains(&word.chars().count()) && !word.chars().any(|c| c.is_control() || turns_direction(c))
        };
        let named = is_a_word(program) && is_a_word(system);
        named.then(|| Self { program: program.into(), system: system.into() })
    }
}

/// Names by session.
pub type DeviceNames = Names<SessionId, DeviceName, NAMES>;

#[cfg(test)]
mod tests {
    use super::*;

    fn firefox() -> DeviceName {
        DeviceName::new("Firefox", "Windows").unwrap()
    }

    #[test]
    fn a_name_is_a_short_word_or_two() {
        for (program, system) in
            [("", "Windows"), ("Fire\nfox", "Windows"), ("Firefox\u{202e}", "Windows"), ("Firefox", &"x".repeat(41))]
        {
            assert_eq!(DeviceName::new(program, system), None);
        }
    }

    #[test]
    fn the_oldest_names_go_first() {
        let session = |number: u8| SessionId::from_bytes([number; 16]);
        let names = (1..=60).fold(DeviceNames::default(), |names, number| names.with(session(number), firefox()));
        assert_eq!(names.of(session(10)), None);
        assert_eq!(names.of(session(60)), Some(&firefox()));
    }
}
