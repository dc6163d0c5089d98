//! Settings: what the owner of a mailbox chose (PROTOCOL §2). A sealed record; the server never learns a name.

use securemailbox_protocol::address::normal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{devices::DeviceNames, passkeys::PasskeyNames};

const FORMAT: &str = "securemailbox/1 settings";
/// The longest name, in characters: it stands in a header line and in a table.
pub const NAME: usize = 100;

/// A person's own name, as it goes out with their letters: a claim, shown beside the address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Name(String);

/// What was typed will not do as a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name is one line of 1 to 100 characters, in one direction")]
pub struct NotAName;

impl Name {
    /// Takes what people type: single spaces, and none around it.
    ///
    /// # Errors
    /// [`NotAName`]: empty, too long, with control characters, which could forge a header line, or with characters that
    /// turn the direction of the text, which could turn round the sentence that the name stands in.
    pub fn parse(typed: &str) -> Result<Self, NotAName> {
        if typed.chars().any(|c| c.is_control() || turns_direction(c)) {
            return Err(NotAName);
        }
        let mut name = String::new();
        for word in typed.split_whitespace() {
            name.push_str(if name.is_empty() { "" } else { " " });
            name.push_str(word);
        }
        let name = normal(&name);
        let visible = name.chars().filter(|c| !is_invisible(*c)).count();
        if visible == 0 || name.chars().count() > NAME { Err(NotAName) } else { Ok(Self(name)) }
    }

    /// The same for names that a person could take for each other: without case, and without what can't be seen.
    pub(crate) fn folded(&self) -> String {
        normal(&self.0.chars().filter(|c| !is_invisible(*c)).flat_map(char::to_lowercase).collect::<String>())
    }

    /// As it goes out.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a character turns the direction of the text around it: a mark, embedding, override or isolate of the Unicode
/// Bidirectional Algorithm (UAX 9 §2). It makes a text read as another, so no name has one and no terminal is given one.
#[must_use]
pub const fn turns_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What a font draws nothing for. Some of it is spelling, such as the joiners of Persian, so a name may have it.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'
            | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// What the owner chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Their name.
    pub name: Name,
    /// The recovery sheet was left for later: each sign-in asks again, with a new code (PROTOCOL §2).
    pub sheet_owed: bool,
    /// Letters' keys are being wrapped for another subkey, until the former ones can be given up (PROTOCOL §10).
    pub rewrapping: bool,
    /// What the owner's devices are called.
    pub devices: DeviceNames,
    /// What the owner's passkeys are called.
    pub passkeys: PasskeyNames,
    /// What a newer client added, carried along.
    pub(crate) rest: Map<String, Value>,
}

/// The sealed record opened, but holds no settings of this protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed settings are in a form this client does not know")]
pub struct NotSettings;

#[derive(Serialize, Deserialize)]
struct File {
    format: String,
    name: Name,
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    sheet_owed: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    rewrapping: bool,
    #[serde(skip_serializing_if = "DeviceNames::is_empty", default)]
    devices: DeviceNames,
    #[serde(skip_serializing_if = "PasskeyNames::is_empty", default)]
    passkeys: PasskeyNames,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl Settings {
    /// A new mailbox's.
    #[must_use]
    pub fn new(name: Name) -> Self {
        let (devices, passkeys) = (DeviceNames::default(), PasskeyNames::default());
        Self { name, sheet_owed: false, rewrapping: false, devices, passkeys, rest: Map::new() }
    }

    /// The same, with a sheet that its owner has not said to have.
    #[must_use]
    pub fn owing_sheet(self) -> Self {
        Self { sheet_owed: true, ..self }
    }

    /// For the sealed record.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        #[expect(clippy::expect_used, reason = "our own type: string keys, no fallible Serialize")]
        serde_json::to_vec(&File {
            format: FORMAT.into(),
            name: self.name.clone(),
            sheet_owed: self.sheet_owed,
            rewrapping: self.rewrapping,
            devices: self.devices.clone(),
            passkeys: self.passkeys.clone(),
            rest: self.rest.clone(),
        })
        .expect("settings are JSON")
    }

    /// From the sealed record.
    ///
    /// # Errors
    /// [`NotSettings`]: a fault, or the work of a newer client.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotSettings> {
        let file: File = serde_json::from_slice(bytes).map_err(|_| NotSettings)?;
        let File { format, name, sheet_owed, rewrapping, devices, passkeys, rest } = file;
        let is_ours = format == FORMAT;
        is_ours.then_some(Self { name, sheet_owed, rewrapping, devices, passkeys, rest }).ok_or(NotSettings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_not_forge_a_header_line() {
        assert_eq!(Name::parse("Anna\r\nBcc: x@example.se"), Err(NotAName));
        assert_eq!(Name::parse("  "), Err(NotAName));
        assert_eq!(Name::parse(" Anna  Lindqvist ").unwrap().as_str(), "Anna Lindqvist");
    }

    #[test]
    fn a_name_can_neither_be_unseen_nor_turn_a_sentence_round() {
        for typed in ["\u{200b}", "Anna\u{202e}", "\u{2067}Anna", "Anna\u{200f}"] {
            assert_eq!(Name::parse(typed), Err(NotAName), "{typed:?}");
        }
    }

    #[test]
    fn each_character_that_turns_the_direction_is_known_and_no_other() {
        // The property `Bidi_Control` of the Unicode Character Database (PropList.txt): twelve characters, none added since
        // Unicode 6.3.
        let controls = [
            '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}',
            '\u{2067}', '\u{2068}', '\u{2069}',
        ];
        for control in controls {
            assert!(turns_direction(control), "{control:?}");
            assert_eq!(Name::parse(&format!("Anna{control}Ek")), Err(NotAName), "{control:?}");
        }
        let known: Vec<char> = ('\0'..=char::MAX).filter(|c| turns_direction(*c)).collect();
        assert_eq!(known, controls);
    }

    #[test]
    fn names_that_look_the_same_are_taken_for_the_same() {
        let bjorn = Name::parse("Björn Ek").unwrap();
        for alike in ["björn ek", "Björn\u{200b} Ek", "Bjo\u{308}rn Ek", "Björn\u{a0}\u{a0}Ek", "BJÖRN E\u{ad}K"] {
            assert_eq!(Name::parse(alike).unwrap().folded(), bjorn.folded(), "{alike:?}");
        }
        assert_ne!(Name::parse("Bjorn Ek").unwrap().folded(), bjorn.folded());
    }

    #[test]
    fn settings_survive_their_record_and_nothing_else_is_taken_for_settings() {
        for sheet_owed in [false, true] {
            let settings = Settings { sheet_owed, ..Settings::new(Name::parse("Björn Ek").unwrap()) };
            assert_eq!(Settings::from_bytes(&settings.to_bytes()), Ok(settings));
        }
        assert_eq!(Settings::from_bytes(br#"{"format":"securemailbox/1 contact","name":"B"}"#), Err(NotSettings));
    }

    #[test]
    fn what_a_newer_client_chose_is_carried_along() {
        let newer = br#"{"format":"securemailbox/1 settings","name":"B","signature":"Hej"}"#;
        let settings = Settings::from_bytes(newer).unwrap();
        let written = Settings { sheet_owed: true, ..settings }.to_bytes();
        assert!(String::from_utf8(written).unwrap().contains(r#""signature":"Hej""#));
    }
}
