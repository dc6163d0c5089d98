//! Settings: what the owner of a mailbox chose (PROTOCOL §2). A sealed record; the server never learns a name.

use serde::{Deserialize, Serialize};

const FORMAT: &str = "securemailbox/1 settings";
/// The longest name, in characters: it stands in a header line and in a table.
pub const NAME: usize = 100;

/// A person's own name, as it goes out with their letters: a claim, shown beside the address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Name(String);

/// What was typed will not do as a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name is one line of 1 to 100 characters")]
pub struct NotAName;

impl Name {
    /// Takes what people type, without the spaces around it.
    ///
    /// # Errors
    /// [`NotAName`]: empty, too long, or with control characters, which could forge a header line.
    pub fn parse(typed: &str) -> Result<Self, NotAName> {
        let name = typed.trim();
        let length = name.chars().count();
        if length == 0 || length > NAME || name.chars().any(char::is_control) {
            return Err(NotAName);
        }
        Ok(Self(name.into()))
    }

    /// As it goes out.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
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
}

/// The sealed record opened, but holds no settings of this protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed settings are in a form this client does not know")]
pub struct NotSettings;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    name: Name,
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    sheet_owed: bool,
}

impl Settings {
    /// A new mailbox's.
    #[must_use]
    pub const fn new(name: Name) -> Self {
        Self { name, sheet_owed: false }
    }

    /// For the sealed record.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        #[expect(clippy::expect_used, reason = "our own type: string keys, no fallible Serialize")]
        serde_json::to_vec(&File { format: FORMAT.into(), name: self.name.clone(), sheet_owed: self.sheet_owed })
            .expect("settings are JSON")
    }

    /// From the sealed record.
    ///
    /// # Errors
    /// [`NotSettings`]: a fault, or the work of a newer client.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotSettings> {
        let file: File = serde_json::from_slice(bytes).map_err(|_| NotSettings)?;
        if file.format == FORMAT { Ok(Self { name: file.name, sheet_owed: file.sheet_owed }) } else { Err(NotSettings) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_not_forge_a_header_line() {
        assert_eq!(Name::parse("Anna\r\nBcc: x@example.se"), Err(NotAName));
        assert_eq!(Name::parse("  "), Err(NotAName));
        assert_eq!(Name::parse(" Anna Lindqvist ").unwrap().as_str(), "Anna Lindqvist");
    }

    #[test]
    fn settings_survive_their_record_and_nothing_else_is_taken_for_settings() {
        for sheet_owed in [false, true] {
            let settings = Settings { name: Name::parse("Björn Ek").unwrap(), sheet_owed };
            assert_eq!(Settings::from_bytes(&settings.to_bytes()), Ok(settings));
        }
        assert_eq!(Settings::from_bytes(br#"{"format":"securemailbox/1 contacts","name":"B"}"#), Err(NotSettings));
        assert_eq!(
            Settings::from_bytes(br#"{"format":"securemailbox/1 settings","name":"B","x":1}"#),
            Err(NotSettings)
        );
    }
}
