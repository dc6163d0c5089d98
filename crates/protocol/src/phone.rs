//! Mobile numbers in E.164 form.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::typed;

/// A mobile number in E.164 form: `+`, country code, at most 15 digits.
/// Personal data: no `Display`, and `Debug` shows the last two digits only.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct PhoneNumber(String);

/// What was typed is not a number with its country code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a mobile number with its country code: expected something like +46 70 174 06 12")]
pub struct NotAPhoneNumber;

/// Sweden, whose language the page speaks first; a number of elsewhere comes with its country code.
const HOME: &str = "46";

/// The longest text that is looked at: a number with a mark around every digit.
const TYPED: usize = 64;

impl PhoneNumber {
    /// Takes what people type and what their contacts and web pages hand over, and keeps the one form. Digits may be of full
    /// width or Arabic, between them may stand spaces, dashes, dots, slashes and brackets, before them `tel:` and `00` for
    /// `+`; what can't be seen, and a comma at the end, was copied along. A zero behind the country code, `(0)` or bare, is
    /// the one that is dialled within that country and goes, unless it is a part of the number there.
    ///
    /// # Errors
    /// [`NotAPhoneNumber`]: no country code, a letter, or not 7 to 15 digits.
    pub fn parse(typed: &str) -> Result<Self, NotAPhoneNumber> {
        Self::of_dialled(&dialled(typed)?)
    }

    /// As [`PhoneNumber::parse`], for people who leave out their own country: a number that begins with one zero is Swedish.
    ///
    /// # Errors
    /// [`NotAPhoneNumber`]
    pub fn parse_at_home(typed: &str) -> Result<Self, NotAPhoneNumber> {
        let dialled = dialled(typed)?;
        match dialled.strip_prefix('0') {
            Some(national) if !national.starts_with('0') => Self::of_dialled(&format!("+{HOME}{national}")),
            Some(_) | None => Self::of_dialled(&dialled),
        }
    }

    fn of_dialled(dialled: &str) -> Result<Self, NotAPhoneNumber> {
        let digits = dialled.strip_prefix('+').or_else(|| dialled.strip_prefix("00")).ok_or(NotAPhoneNumber)?;
        let (country, national) = digits.split_at(calling_code(digits).min(digits.len()));
        let national = if ZERO_IS_PART_OF_IT.contains(&country) {
            national
        } else {
            match national.strip_prefix('0') {
                Some(rest) if rest.starts_with('0') => return Err(NotAPhoneNumber),
                Some(rest) => rest,
                None => national,
            }
        };
        let number = format!("+{country}{national}");
        // The sign, and 7 to 15 digits.
        if (8..=16).contains(&number.len()) && !country.starts_with('0') {
            Ok(Self(number))
        } else {
            Err(NotAPhoneNumber)
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

/// What would be dialled: digits, perhaps behind a plus.
fn dialled(typed: &str) -> Result<String, NotAPhoneNumber> {
    let seen: String = typed.chars().filter(|c| !typed::is_unseen(*c)).take(TYPED + 1).collect();
    if seen.chars().count() > TYPED {
        return Err(NotAPhoneNumber);
    }
    let seen = seen.trim().trim_end_matches([',', ';', ':', '.']);
    let number = match seen.split_at_checked("tel:".len()) {
        Some((scheme, number)) if scheme.eq_ignore_ascii_case("tel:") => number,
        Some(_) | None => seen,
    };
    let mut dialled = String::with_capacity(number.len());
    for character in number.chars() {
        match character {
            '+' | '\u{ff0b}' if dialled.is_empty() => dialled.push('+'),
            '(' | ')' | '\u{ff08}' | '\u{ff09}' | '.' | '\u{b7}' | '/' => {}
            between if between.is_whitespace() || typed::is_dash(between) => {}
            other => dialled.push(char::from(b'0' + typed::digit(other).ok_or(NotAPhoneNumber)?)),
        }
    }
    Ok(dialled)
}

/// How many digits the country code has that these begin with (ITU-T E.164, list of assigned codes).
fn calling_code(digits: &str) -> usize {
    const OF_TWO: [&str; 44] = [
        "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49",
        "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81", "82", "84",
        "86", "90", "91", "92", "93", "94", "95", "98",
    ];
    if digits.starts_with(['1', '7']) {
        1
    } else if OF_TWO.iter().any(|code| digits.starts_with(code)) {
        2
    } else {
        3
    }
}

/// Country codes behind which a zero is a part of the number: Italy's and its neighbours', and those of African countries
/// that put it there when their numbers grew longer. The server holds this against libphonenumber's plans.
const ZERO_IS_PART_OF_IT: [&str; 7] = ["39", "378", "225", "226", "229", "241", "242"];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_people_type_and_paste_becomes_the_one_form() {
        let cases = [
            ("+46701740612", "+46701740612"),
            ("+46 70-174 06 12", "+46701740612"),
            ("0046 (70) 174 06 12", "+46701740612"),
            ("+46 (0)70-174 06 12", "+46701740612"),
            ("0046 (0)70-174 06 12", "+46701740612"),
            ("+46 070-174 06 12", "+46701740612"),
            ("+358 (0)40 123 4567", "+358401234567"),
            ("+44 (0)20 7946 0018", "+442079460018"),
            ("+39 06 1234 5678", "+390612345678"),
            ("+39 (0)6 1234 5678", "+390612345678"),
            ("+225 07 07 12 34 56", "+2250707123456"),
            ("\u{202d}+46 70 174 06 12\u{202c}", "+46701740612"),
            ("\u{feff}+46\u{200b}701740612", "+46701740612"),
            ("+46\u{a0}70\u{2011}174\u{a0}06\u{a0}12", "+46701740612"),
            ("+46\u{202f}70\u{2013}174\u{202f}06\u{202f}12", "+46701740612"),
            ("tel:+46701740612", "+46701740612"),
            ("TEL:+46-70-174-06-12,", "+46701740612"),
            (
                "\u{ff0b}\u{ff14}\u{ff16}\u{ff17}\u{ff10}\u{ff11}\u{ff17}\u{ff14}\u{ff10}\u{ff16}\u{ff11}\u{ff12}",
                "+46701740612",
            ),
            ("+٤٦ ٧٠ ١٧٤ ٠٦ ١٢", "+46701740612"),
        ];
        for (typed, one_form) in cases {
            assert_eq!(PhoneNumber::parse(typed).unwrap().as_str(), one_form, "{typed:?}");
            assert_eq!(PhoneNumber::parse_at_home(typed).unwrap().as_str(), one_form, "{typed:?}");
        }
    }

    #[test]
    fn at_home_a_zero_stands_for_the_own_country() {
        for typed in ["070-174 06 12", " 0701740612", "(070) 174 06 12", "tel:0701740612", "070\u{2013}174 06 12."] {
            assert_eq!(PhoneNumber::parse_at_home(typed).unwrap().as_str(), "+46701740612", "{typed:?}");
        }
        assert_eq!(PhoneNumber::parse_at_home("+47 401 74 061").unwrap().as_str(), "+4740174061");
        for typed in ["70-174 06 12", "0", "070-ABC", "000701740612"] {
            assert_eq!(PhoneNumber::parse_at_home(typed), Err(NotAPhoneNumber), "{typed:?}");
        }
    }

    #[test]
    fn what_is_no_number_with_a_country_is_refused() {
        for typed in [
            "070-174 06 12",
            "",
            "+",
            "+46",
            "+46 70 ABC",
            "+0701740612",
            "+46 00701740612",
            "+46 70+1740612",
            "+4670174061212345678",
            "+46701740612, +46701740613",
            "Anna +46701740612",
        ] {
            assert_eq!(PhoneNumber::parse(typed), Err(NotAPhoneNumber), "{typed:?}");
        }
        assert_eq!(PhoneNumber::parse(&format!("+46701740612{}x", " ".repeat(TYPED))), Err(NotAPhoneNumber));
    }

    #[test]
    fn a_number_keeps_out_of_debug_output() {
        assert_eq!(format!("{:?}", PhoneNumber::parse("+46701740612").unwrap()), "PhoneNumber(…12)");
    }

    proptest! {
        #[test]
        fn what_stands_between_its_digits_changes_no_number(
            national in "7[0-9]{8}",
            between in prop::collection::vec(prop::sample::select(&[" ", "\u{a0}", "\u{2011}", "\u{200b}", ".", ")(", ""][..]), 9),
        ) {
            let spread: String = national.chars().zip(between).flat_map(|(digit, gap)| [digit.to_string(), gap.to_owned()]).collect();
            for typed in [format!("+46{spread}"), format!("0046 (0){spread}"), format!("0{spread}")] {
                prop_assert_eq!(PhoneNumber::parse_at_home(&typed).unwrap().0, format!("+46{national}"));
            }
        }

        #[test]
        fn the_one_form_stays_as_it_is(digits in "[1-9][0-9]{5,15}") {
            if let Ok(number) = PhoneNumber::parse(&format!("+{digits}")) {
                prop_assert_eq!(PhoneNumber::parse(number.as_str()), Ok(number));
            }
        }
    }
}
