//! E-mail addresses in their one form (PROTOCOL §9a).

use std::{fmt, str::FromStr};

use icu_normalizer::ComposingNormalizerBorrowed;
use serde::{Deserialize, Serialize};

use crate::{ids::AccountId, limits};

/// An e-mail address in the one form that User ID, look-up and From use: trimmed, NFC, lower case throughout, the
/// domain as IDNA A-label, at most 254 octets. Personal data: `Debug` shows the domain only.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Address(String);

/// What the addresses end with of those who wrote by a public page.
const WRITERS: &str = "@write.invalid";

/// What was typed is not an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address: expected something like anna@example.se")]
pub struct NotAnAddress;

impl Address {
    /// Takes what people type and keeps the one form.
    ///
    /// # Errors
    /// [`NotAnAddress`]: no single `@`, an empty side, a domain that IDNA refuses (UTS 46), a character that would need
    /// quoting in a header (RFC 5322 §3.2.3), or over 254 octets.
    pub fn parse(typed: &str) -> Result<Self, NotAnAddress> {
        if typed.len() > limits::ADDRESS_TYPED {
            return Err(NotAnAddress);
        }
        let typed = normal(typed.trim());
        let (local, domain) = typed.rsplit_once('@').ok_or(NotAnAddress)?;
        let local = normal(&local.to_lowercase());
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| NotAnAddress)?;
        let dots_are_single = local.split('.').all(|atom| !atom.is_empty());
        let labels = domain.split('.').count();
        if !local.chars().all(is_atom_char) || !dots_are_single || labels < 2 || domain.split('.').any(str::is_empty) {
            return Err(NotAnAddress);
        }
        let address = format!("{local}@{domain}");
        if address.len() > limits::ADDRESS { Err(NotAnAddress) } else { Ok(Self(address)) }
    }

    /// That of somebody who wrote by a public page (PROTOCOL §5): no e-mail comes there, since no name ends so (RFC 6761 §6.4).
    #[must_use]
    pub fn of_writer(account: AccountId) -> Self {
        Self(format!("{account}{WRITERS}"))
    }

    /// Whether it is one of those.
    #[must_use]
    pub fn is_of_writer(&self) -> bool {
        self.0.ends_with(WRITERS)
    }

    /// The one form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The domain of it.
    #[must_use]
    pub fn domain(&self) -> Domain {
        Domain(self.0.rsplit_once('@').map_or_else(String::new, |(_, domain)| domain.to_owned()))
    }
}

/// A domain in the one form that addresses have it in: the IDNA A-label, in lower case. People, and what travels, have it as it is
/// written: `vård.example.se`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Domain(String);

/// What was written is no domain that an address could have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a domain: expected something like example.se")]
pub struct NotADomain;

impl Domain {
    /// Takes what people write and keeps the one form.
    ///
    /// # Errors
    /// [`NotADomain`]: what no address could have after its `@`, a single label among that, or the number of a machine.
    pub fn parse(written: &str) -> Result<Self, NotADomain> {
        let address = Address::parse(&format!("x@{}", written.trim())).map_err(|_| NotADomain)?;
        let domain = address.domain();
        let last = domain.0.rsplit('.').next().unwrap_or_default();
        let is_number = last.bytes().all(|byte| byte.is_ascii_digit());
        if address.0.starts_with("x@") && !is_number { Ok(domain) } else { Err(NotADomain) }
    }

    /// The one form: A-labels.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// As people write it.
impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&idna::domain_to_unicode(&self.0).0)
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Domain({})", self.0)
    }
}

impl FromStr for Domain {
    type Err = NotADomain;
    fn from_str(text: &str) -> Result<Self, NotADomain> {
        Self::parse(text)
    }
}

impl Serialize for Domain {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Domain {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// The one spelling of a text: its normalization form C (UAX 15).
#[must_use]
pub fn normal(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc().normalize(text).into_owned()
}

/// RFC 5322 `atext` and the dot, and above ASCII what RFC 6532 adds, less spaces and control characters.
fn is_atom_char(c: char) -> bool {
    match c {
        '.' => true,
        c if c.is_ascii() => c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c),
        c => c.is_alphanumeric(),
    }
}

impl FromStr for Address {
    type Err = NotAnAddress;
    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        Self::parse(text)
    }
}

/// On a terminal, in a header or in an answer to its owner; never in a log.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address(…@{})", self.0.rsplit_once('@').map_or("", |(_, domain)| domain))
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_has_one_form() {
        for typed in ["Björn@EXAMPLE.se", " bjo\u{308}rn@example.se ", "BJÖRN@Example.Se"] {
            assert_eq!(Address::parse(typed).unwrap().as_str(), "björn@example.se");
        }
    }

    #[test]
    fn what_is_not_an_address_is_refused() {
        for typed in [
            "",
            "anna",
            "@example.se",
            "anna@",
            "anna@localhost",
            "a b@example.se",
            "a@b@example.se",
            "a..b@example.se",
            ".a@example.se",
            "a@exa mple.se",
            "a@-x.se",
            "<a@example.se>",
            "a\r\nBcc:@example.se",
            "a@example..se",
        ] {
            assert_eq!(Address::parse(typed), Err(NotAnAddress), "{typed:?}");
        }
        assert_eq!(Address::parse(&format!("{}@example.se", "a".repeat(250))), Err(NotAnAddress));
    }

    #[test]
    fn a_domain_is_compared_as_addresses_have_it_and_shown_as_people_write_it() {
        for written in ["Brevlåda.se", " brevla\u{30a}da.SE", "xn--brevlda-ixa.se", "brev\u{ad}låda.se"] {
            let domain = Domain::parse(written).unwrap();
            assert_eq!(domain, Address::parse("anna@brevlåda.se").unwrap().domain());
            assert_eq!((domain.as_str(), domain.to_string().as_str()), ("xn--brevlda-ixa.se", "brevlåda.se"));
        }
        // The Cyrillic letter is another domain, and is shown as one.
        let other = Domain::parse("ljungg\u{430}rden.se").unwrap();
        assert_ne!(other, Domain::parse("ljunggarden.se").unwrap());
        for none in
            ["", "se", "localhost", "a@example.se", "example.se.", "192.0.2.1", "example.se/x", "exa mple.se", "*.se"]
        {
            assert_eq!(Domain::parse(none), Err(NotADomain), "{none:?}");
        }
    }

    #[test]
    fn the_address_of_a_writer_is_in_its_one_form_and_known_as_one() {
        let writer = Address::of_writer(AccountId::from_bytes([7; 16]));
        assert_eq!(Address::parse(writer.as_str()), Ok(writer.clone()));
        assert!(writer.is_of_writer());
        assert!(!Address::parse("anna@example.se").unwrap().is_of_writer());
    }

    proptest::proptest! {
        #[test]
        fn the_one_form_is_its_own_form(typed in "\\PC{1,12}@\\PC{1,12}\\.se") {
            if let Ok(address) = Address::parse(&typed) {
                proptest::prop_assert_eq!(Address::parse(address.as_str()), Ok(address));
            }
        }
    }
}
