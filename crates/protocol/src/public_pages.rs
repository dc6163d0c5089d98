//! A page by which anybody writes to a member (PROTOCOL §5): what its owner says of it, what a stranger sees, and the letter that
//! comes by it, with the guest account that the writer's browser has made for its own owner.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    accounts::{FirstRecord, Language},
    address::Address,
    ids::{AccountId, ContentHash, LetterId, RegistrationId},
    invitations::NewLinkSlot,
    letters::NewLetter,
    octets::Octets,
    organisations::Organisation,
};

/// What stands before the name in the address of a page.
pub const PATH: &str = "/to/";
/// The fewest characters of a name.
pub const SHORTEST_NAME: usize = 3;
/// The most characters of a name.
pub const LONGEST_NAME: usize = 40;
/// The most characters of a title.
pub const LONGEST_TITLE: usize = 80;
/// The most zero bits that an operator may ask for: some seconds of a phone.
pub const MOST_WORK: u8 = 22;

/// Names that whoever reads them would take for the operator's, or for a part of the service.
const RESERVED: [&str; 22] = [
    "abuse",
    "account",
    "admin",
    "administrator",
    "api",
    "demo",
    "drift",
    "help",
    "hjalp",
    "info",
    "kundtjanst",
    "login",
    "mail",
    "noreply",
    "operator",
    "postmaster",
    "root",
    "security",
    "sekretess",
    "service",
    "support",
    "webmaster",
];

/// What stands in the address of a page: `a` to `z`, figures, and single hyphens between them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct PageName(String);

/// What was typed is no name of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAPageName {
    /// Another length, or another character.
    #[error("a name is 3 to 40 of the characters a to z, 0 to 9 and single hyphens between them")]
    Form,
    /// It would be taken for the operator's.
    #[error("this name is not given out")]
    Reserved,
}

impl PageName {
    /// Takes what people type: without what stands around it, in lower case.
    ///
    /// # Errors
    /// [`NotAPageName`]
    pub fn parse(typed: &str) -> Result<Self, NotAPageName> {
        let name = typed.trim().to_ascii_lowercase();
        let of_characters = name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        let single_hyphens = name.split('-').all(|part| !part.is_empty());
        if !of_characters || !single_hyphens || !(SHORTEST_NAME..=LONGEST_NAME).contains(&name.len()) {
            return Err(NotAPageName::Form);
        }
        if RESERVED.contains(&name.as_str()) { Err(NotAPageName::Reserved) } else { Ok(Self(name)) }
    }

    /// As it stands in the address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PageName {
    type Err = NotAPageName;
    fn from_str(text: &str) -> Result<Self, NotAPageName> {
        Self::parse(text)
    }
}

impl<'de> Deserialize<'de> for PageName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// What a page is called: one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct PageTitle(String);

/// What was typed is no title.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a title is one line of 1 to 80 characters, in one direction")]
pub struct NotAPageTitle;

impl PageTitle {
    /// Takes what people type: single spaces, and none around it.
    ///
    /// # Errors
    /// [`NotAPageTitle`]: empty, too long, with control characters or such as turn the direction of the text.
    pub fn parse(typed: &str) -> Result<Self, NotAPageTitle> {
        let title = typed.split_whitespace().collect::<Vec<_>>().join(" ");
        let turns = |c: char| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let is_line = !title.chars().any(|c| c.is_control() || turns(c));
        let is_one = is_line && (1..=LONGEST_TITLE).contains(&title.chars().count());
        if is_one { Ok(Self(title)) } else { Err(NotAPageTitle) }
    }

    /// The line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for PageTitle {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A page as its owner has it: the body of `PUT /account/page`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PublicPage {
    /// What stands in its address.
    pub name: PageName,
    /// What strangers see above it.
    pub title: PageTitle,
}

/// `GET /account/page`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnPage {
    /// None where nobody can write like this.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub page: Option<PublicPage>,
}

/// `GET /pages/{name}`: what a stranger needs to write, by the server's word.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShownPage {
    /// What it is called.
    pub title: PageTitle,
    /// Who reads what is written here.
    pub account: AccountId,
    /// Their address, which stands in the letter.
    pub address: Address,
    /// Their v6 certificate, binary.
    pub certificate: Octets,
    /// The organisation that they write for, where its domain is verified. Absent for everybody else, which says nothing of them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub organisation: Option<Organisation>,
    /// What has to be computed for a letter, where the operator asks for it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub work: Option<WorkAsked>,
}

/// What is to be computed before a stranger's letter is read: by that a flood costs whoever sends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkAsked {
    /// Good for this page, and for [`limits::WORK_LIFE`](crate::limits::WORK_LIFE).
    pub challenge: Octets,
    /// How many zero bits SHA-256(challenge ‖ letter id ‖ content hash ‖ number) is to begin with: an id is one letter's only.
    pub bits: u8,
}

/// What was computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WorkDone {
    /// As it was asked.
    pub challenge: Octets,
    /// The number, eight bytes of it in the order of the network.
    pub number: u64,
}

impl WorkDone {
    /// How many zero bits it came to, for the letter of this id and content.
    #[must_use]
    pub fn bits(&self, (letter, content): (LetterId, ContentHash)) -> u32 {
        let hash = Sha256::new()
            .chain_update(&self.challenge.0)
            .chain_update(letter.as_bytes())
            .chain_update(content.as_bytes())
            .chain_update(self.number.to_be_bytes())
            .finalize();
        let zeros = hash.iter().take_while(|byte| **byte == 0).count();
        let rest = hash.get(zeros).map_or(0, |byte| byte.leading_zeros());
        u32::try_from(zeros).unwrap_or(u32::MAX).saturating_mul(8) + rest
    }
}

impl WorkAsked {
    /// Counts until it is done: two to the power of the bits, on average. Nothing where more is asked than any operator may.
    #[must_use]
    pub fn done_for(&self, letter: (LetterId, ContentHash)) -> Option<WorkDone> {
        if self.bits > MOST_WORK {
            return None;
        }
        let mut done = WorkDone { challenge: self.challenge.clone(), number: 0 };
        while done.bits(letter) < u32::from(self.bits) {
            done.number += 1;
        }
        Some(done)
    }
}

/// The guest account that the writer's browser has made for its own owner. It serves one conversation, with the owner of the page.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewWriter {
    /// Its id. Its address is [`Address::of_writer`].
    pub account: AccountId,
    /// The language of what the server writes to them.
    pub language: Language,
    /// The v6 certificate, binary.
    pub certificate: Octets,
    /// Its private key.
    pub keyring: FirstRecord,
    /// Their name.
    pub settings: FirstRecord,
    /// The one pin: the key that the page had.
    pub contact: FirstRecord,
    /// What the link opens, by itself: its owner keeps that, and nobody else has it.
    pub slot: NewLinkSlot,
}

impl fmt::Debug for NewWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewWriter").field("account", &self.account).finish_non_exhaustive()
    }
}

/// The part `letter` of `POST /pages/{name}/letters`; the part `content-0` follows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewPageLetter {
    /// Who writes.
    pub writer: NewWriter,
    /// What, for the writer and the owner of the page and nobody else.
    pub letter: NewLetter,
    /// Where the writer proved an e-mail address, which is told when an answer waits.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub proved: Option<RegistrationId>,
    /// What was computed, where that is asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub work: Option<WorkDone>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_plain_and_nobody_elses() {
        for typed in ["vardcentralen", " Ljunggarden-VC ", "a-1", "123"] {
            assert!(PageName::parse(typed).is_ok(), "{typed}");
        }
        for typed in ["", "ab", "-ab", "ab-", "a--b", "vård", "a b", "a/b", "a%2fb", "../l", &"a".repeat(41)] {
            assert_eq!(PageName::parse(typed), Err(NotAPageName::Form), "{typed}");
        }
        for typed in RESERVED {
            assert_eq!(PageName::parse(typed), Err(NotAPageName::Reserved), "{typed}");
        }
    }

    #[test]
    fn a_title_is_one_line_in_one_direction() {
        assert_eq!(PageTitle::parse("  Ljunggårdens   vårdcentral ").unwrap().as_str(), "Ljunggårdens vårdcentral");
        for typed in ["", "  ", "a\u{202e}b", "a\u{7}b", &"å".repeat(81)] {
            assert_eq!(PageTitle::parse(typed), Err(NotAPageTitle), "{typed:?}");
        }
    }

    #[test]
    fn work_is_for_one_letter_and_has_an_end() {
        let asked = WorkAsked { challenge: Octets(vec![7; 24]), bits: 8 };
        let content = ContentHash::from_bytes([1; 32]);
        let this = (LetterId::from_bytes([1; 16]), content);
        let others = [(LetterId::from_bytes([2; 16]), content), (this.0, ContentHash::from_bytes([2; 32]))];
        let done = asked.done_for(this).unwrap();
        assert!(done.bits(this) >= 8);
        for other in others {
            assert!(done.bits(other) < 8, "of another letter it is none, or this vector wants another byte");
        }
        assert_eq!(
            WorkAsked { bits: MOST_WORK + 1, ..asked }.done_for(this),
            None,
            "a page asks for no day of a phone"
        );
    }
}
