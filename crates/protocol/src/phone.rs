//! Mobile numbers in E.164 form.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A mobile number in E.164 form: `+`, country code, at most 15 digits.
/// Personal data: no `Display`, and `Debug` shows the last two digits only.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct PhoneNumber(String);

/// What was typed is not a number with its country code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a mobile number with its country code: expected something like +46 70 174 06 12")]
pub struct NotAPhoneNumber;

impl PhoneNumber {
    /// Takes what people type (spaces, hyphens, parentheses, `00` for `+`, a `(0)` behind the country code) and keeps the
    /// one form.
    ///
    /// # Errors
    /// [`NotAPhoneNumber`]: no country code, a letter, or not 7 to 15 digits.
    pub fn parse(typed: &str) -> Result<Self, NotAPhoneNumber> {
        if typed.len() > 64 {
            return Err(NotAPhoneNumber);
        }
        let bare: String = typed
            .replacen("(0)", "", 1)
            .chars()
            .filter(|c| !matches!(c, ' ' | '\u{a0}' | '-' | '(' | ')' | '.' | '/'))
            .collect();
        let digits = bare.strip_prefix('+').or_else(|| bare.strip_prefix("00")).ok_or(NotAPhoneNumber)?;
        let in_range = (7..=15).contains(&digits.len()) && !digits.starts_with('0');
        if in_range && digits.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(format!("+{digits}")))
        } else {
            Err(NotAPhoneNumber)
        }
    }

    /// As [`PhoneNumber::parse`], for people who leave out their own country: a number that begins with one zero is one of
    /// the country with this calling code, such as `46`.
    ///
    /// # Errors
    /// [`NotAPhoneNumber`]
    pub fn parse_at_home(typed: &str, calling_code: &str) -> Result<Self, NotAPhoneNumber> {
        match typed.trim().strip_prefix('0') {
            Some(rest) if !rest.starts_with('0') => Self::parse(&format!("+{calling_code} {rest}")),
            Some(_) | None => Self::parse(typed),
        }
    }

    /// The one form, for the SMS gateway and the seal.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last two digits, which a page may show.
    #[must_use]
    pub fn last_digits(&self) -> &str {
        &self.0[self.0.len() - 2..]
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber(…{})", self.last_digits())
    }
}

impl<'de> Deserialize<'de> for PhoneNumber {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_becomes_the_one_form() {
        for typed in ["+46701740612", "+46 70-174 06 12", "0046 (70) 174 06 12", "+46 (0)70-174 06 12"] {
            assert_eq!(PhoneNumber::parse(typed).unwrap().as_str(), "+46701740612");
        }
    }

    #[test]
    fn at_home_a_zero_stands_for_the_own_country() {
        let at_home = |typed| PhoneNumber::parse_at_home(typed, "46");
        for typed in ["070-174 06 12", " 0701740612", "+46 70-174 06 12", "0046701740612"] {
            assert_eq!(at_home(typed).unwrap().as_str(), "+46701740612", "{typed:?}");
        }
        assert_eq!(at_home("+47 401 74 061").unwrap().as_str(), "+4740174061");
        for typed in ["70-174 06 12", "0", "070-ABC", "000701740612"] {
            assert_eq!(at_home(typed), Err(NotAPhoneNumber), "{typed:?}");
        }
    }

    #[test]
    fn a_number_without_a_country_is_refused() {
        for typed in ["070-174 06 12", "+", "+46", "+46 70 ABC", "+0701740612", "+4670174061212345678"] {
            assert_eq!(PhoneNumber::parse(typed), Err(NotAPhoneNumber), "{typed:?}");
        }
    }

    #[test]
    fn a_number_keeps_out_of_debug_output() {
        assert_eq!(format!("{:?}", PhoneNumber::parse("+46701740612").unwrap()), "PhoneNumber(…12)");
    }
}
