//! Verified senders (PROTOCOL §5): the organisation of whoever wrote, whose domain the server looks up in DNS and whose name its
//! operator vouches for.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::{
    address::{Domain, normal},
    typed::is_unseen,
};

/// The organisation that a verified sender writes for. By the server's word, both of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Organisation {
    /// What it is called, as the operator says.
    pub name: OrganisationName,
    /// The verified domain: that of the sender's address.
    pub domain: Domain,
}

/// The longest name, in characters.
const LONGEST: usize = 80;

/// What an organisation is called: one line that reads as it is written. It stands in e-mails and beside a mark that is believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct OrganisationName(String);

/// What was written is no name of an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name is 1 to {LONGEST} characters of one line, a letter or digit among them, and none that can't be seen")]
pub struct NotAnOrganisationName;

impl OrganisationName {
    /// Takes what the operator wrote, without spaces at the ends and in NFC.
    ///
    /// # Errors
    /// [`NotAnOrganisationName`]: nothing to read in it, over 80 characters, or a character that breaks the line, turns its direction
    /// (UAX 9) or can't be seen.
    pub fn parse(written: &str) -> Result<Self, NotAnOrganisationName> {
        // Each character of NFC comes from one written, or from several; so this bounds the work.
        if written.chars().nth(4 * LONGEST).is_some() {
            return Err(NotAnOrganisationName);
        }
        let name = normal(written.trim());
        let is_plain = |c: char| !c.is_control() && !is_unseen(c) && !matches!(c, '\u{2028}' | '\u{2029}');
        let is_read = name.chars().any(char::is_alphanumeric) && name.chars().all(is_plain);
        if is_read && name.chars().count() <= LONGEST { Ok(Self(name)) } else { Err(NotAnOrganisationName) }
    }

    /// As people read it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same for names that a person could take for each other: without case, and without how they are spaced.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Display for OrganisationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for OrganisationName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_that_reads_as_it_is_written() {
        let name = OrganisationName::parse("  Ljungga\u{30a}rdens vårdcentral ").unwrap();
        assert_eq!(name.as_str(), "Ljunggårdens vårdcentral");
        OrganisationName::parse(&"å".repeat(80)).unwrap();
        for none in [
            "",
            "  ",
            "–",
            "Vårdcentralen\r\nBcc: eva@example.se",
            "Vård\u{2028}centralen",
            "Vård\u{202e}centralen",
            "Vård\u{200b}centralen",
            "Vård\0centralen",
            &"å".repeat(81),
            &"a\u{301}\u{302}\u{303}".repeat(100_000),
        ] {
            assert_eq!(OrganisationName::parse(none), Err(NotAnOrganisationName), "{}", none.escape_debug());
        }
    }

    #[test]
    fn names_that_a_person_takes_for_each_other_are_one() {
        let folded = |name| OrganisationName::parse(name).unwrap().folded();
        assert_eq!(folded("Region  Sund"), folded("REGION\u{a0}sund"));
        assert_ne!(folded("Region Sund"), folded("Region Sand"));
    }

    #[test]
    fn what_a_server_sends_is_held_to_the_same() {
        let read = |text: &str| serde_json::from_str::<Organisation>(text);
        let organisation = read(r#"{"name":"Vårdcentralen","domain":"vård.example.se"}"#).unwrap();
        assert_eq!(organisation.domain.as_str(), "xn--vrd-ula.example.se");
        assert_eq!(
            serde_json::to_string(&organisation).unwrap(),
            r#"{"name":"Vårdcentralen","domain":"vård.example.se"}"#
        );
        assert!(read("{\"name\":\"V\\u202eard\",\"domain\":\"example.se\"}").is_err());
        assert!(read(r#"{"name":"Vårdcentralen","domain":"example.se/x"}"#).is_err());
    }
}
