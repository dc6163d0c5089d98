//! Factors: what proves that a person is who they say, beside the secret that opens their mailbox (PROTOCOL §6, §9a).

use std::fmt;

use rand::{CryptoRng, Rng, RngCore};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::limits;

/// The six digits of a code, found in whatever was typed or pasted.
///
/// A secret: no `Display`, `Debug` shows no digit, it erases itself and is compared in constant time.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Code([u8; DIGITS]);

/// No code was found in what was typed, or more than one that it could be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a code: expected six digits")]
pub struct NotACode;

const DIGITS: usize = 6;

impl Code {
    /// Finds the code in what was typed or pasted, a whole message perhaps.
    ///
    /// A **number** is digits with nothing between them but spaces, one dash or one dot; a line break, a dot before a space
    /// and everything else ends it. Digits of full width and Arabic ones count, what can't be seen does not. Tried in this
    /// order, and the first kind that there is decides:
    ///
    /// 1. a number of six digits, unbroken or as three and three: `123456`, `123 456`, `123–456`;
    /// 2. six unbroken digits that spaces set off from the rest of a longer number: `123456 10 min`;
    /// 3. a number of six digits that are grouped otherwise: `12 34 56`, `1234 56`;
    /// 4. six digits in all, where there is no letter: `12/34/56`.
    ///
    /// Two different codes of that kind are none: a guess would cost one of five tries.
    ///
    /// # Errors
    /// [`NotACode`]
    pub fn parse(typed: &str) -> Result<Self, NotACode> {
        if typed.len() > limits::CODE_TYPED {
            return Err(NotACode);
        }
        let marks = marks(typed);
        let numbers = numbers(&marks);
        for kind in [Number::plain, Number::set_off, Number::in_all] {
            let mut found = numbers.iter().flat_map(kind);
            if let Some(first) = found.next() {
                return if found.all(|other| other == first) { Ok(first) } else { Err(NotACode) };
            }
        }
        if typed.chars().any(char::is_alphabetic) {
            return Err(NotACode);
        }
        Self::of(marks.iter().filter_map(Mark::digit)).ok_or(NotACode)
    }

    /// A fresh code: six digits, each as likely as the other.
    pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        Self([(); DIGITS].map(|()| rng.gen_range(b'0'..=b'9')))
    }

    /// The digits, for a message to their owner and for what is kept of them.
    #[must_use]
    pub fn digits(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Of exactly six digits.
    fn of(digits: impl IntoIterator<Item = u8>) -> Option<Self> {
        let mut digits = digits.into_iter();
        let mut code = Self([0; DIGITS]);
        for place in &mut code.0 {
            *place = digits.next()?;
        }
        digits.next().is_none().then_some(code)
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Code {}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.digits())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let typed = zeroize::Zeroizing::new(String::deserialize(deserializer)?);
        Self::parse(&typed).map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Code {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some("^[0-9]{6}$"))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Code {}

/// What a character of a message is to someone who looks for numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Mark {
    Digit(u8),
    Space,
    Dash,
    Dot,
    #[default]
    Other,
}

impl Mark {
    fn digit(&self) -> Option<u8> {
        match self {
            Self::Digit(digit) => Some(*digit),
            Self::Space | Self::Dash | Self::Dot | Self::Other => None,
        }
    }
}

/// The characters of a text as marks, without those that can't be seen.
fn marks(text: &str) -> zeroize::Zeroizing<Vec<Mark>> {
    text.chars().filter_map(mark).collect::<Vec<_>>().into()
}

impl zeroize::DefaultIsZeroes for Mark {}

fn mark(character: char) -> Option<Mark> {
    // Zeros of: ASCII, Arabic-Indic, extended Arabic-Indic, full width.
    let digit = ['0', '\u{660}', '\u{6f0}', '\u{ff10}'].into_iter().find_map(|zero| {
        let value = u32::from(character).checked_sub(u32::from(zero))?;
        u8::try_from(value).ok().filter(|value| *value < 10)
    });
    Some(match character {
        '\u{ad}'
        | '\u{61c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}' => {
            return None;
        }
        '\n' | '\u{b}' | '\u{c}' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Mark::Other,
        '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => Mark::Dash,
        '.' | '\u{b7}' | '\u{2022}' | '\u{ff0e}' => Mark::Dot,
        other if other.is_whitespace() => Mark::Space,
        _ => digit.map_or(Mark::Other, |value| Mark::Digit(b'0' + value)),
    })
}

/// Digits that belong together: unbroken runs of them, and whether there are spaces, and only those, before each.
struct Number(Vec<Run>);

struct Run {
    digits: zeroize::Zeroizing<Vec<u8>>,
    after_spaces: bool,
}

impl Number {
    /// Six digits, unbroken or as three and three.
    fn plain(&self) -> Vec<Code> {
        match self.0.as_slice() {
            [_] => self.in_all(),
            [first, second] if first.digits.len() == second.digits.len() => self.in_all(),
            _ => Vec::new(),
        }
    }

    /// Each six unbroken digits that spaces set off from the rest.
    fn set_off(&self) -> Vec<Code> {
        let alone = |at: usize| {
            let before = at == 0 || self.0[at].after_spaces;
            before && self.0.get(at + 1).is_none_or(|next| next.after_spaces)
        };
        let runs = self.0.iter().enumerate().filter(|(at, _)| alone(*at));
        runs.filter_map(|(_, run)| Code::of(run.digits.iter().copied())).collect()
    }

    /// Its digits, if they are six.
    fn in_all(&self) -> Vec<Code> {
        Code::of(self.0.iter().flat_map(|run| run.digits.iter().copied())).into_iter().collect()
    }
}

fn numbers(marks: &[Mark]) -> Vec<Number> {
    let mut numbers: Vec<Number> = Vec::new();
    let mut between: Option<usize> = None;
    for (at, mark) in marks.iter().enumerate() {
        let Some(digit) = mark.digit() else { continue };
        let gap = between.map(|end| &marks[end..at]);
        between = Some(at + 1);
        let run = Run { digits: vec![digit].into(), after_spaces: gap.is_some_and(is_spaces) };
        match (gap, numbers.last_mut()) {
            (Some([]), Some(Number(runs))) => {
                if let Some(last) = runs.last_mut() {
                    last.digits.push(digit);
                }
            }
            (Some(gap), Some(Number(runs))) if joins(gap) => runs.push(run),
            (Some(_) | None, _) => numbers.push(Number(vec![run])),
        }
    }
    numbers
}

fn is_spaces(gap: &[Mark]) -> bool {
    !gap.is_empty() && gap.iter().all(|mark| *mark == Mark::Space)
}

/// Whether this between two digits leaves them one number: spaces, a dash with or without spaces, or a dot without.
fn joins(gap: &[Mark]) -> bool {
    let dashes = gap.iter().filter(|mark| **mark == Mark::Dash).count();
    let spaced = gap.iter().all(|mark| matches!(mark, Mark::Dash | Mark::Space));
    gap == [Mark::Dot] || (spaced && dashes <= 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(typed: &str) -> Option<String> {
        Code::parse(typed).ok().map(|code| code.digits().to_owned())
    }

    #[test]
    fn a_code_is_taken_however_it_was_grouped() {
        for typed in [
            "123456",
            " 123 456 ",
            "123-456",
            "123 - 456",
            "123\u{a0}456",
            "123\u{202f}456",
            "123 456.",
            "123.456",
            "123·456",
            "12 34 56",
            "1 2 3 4 5 6",
            "1234 56",
            "12/34/56",
            "123\n456",
            "\u{202d}123\u{200b}456\u{202c}",
            "１２３４５６",
            "１２３　４５６",
            "١٢٣٤٥٦",
            "۱۲۳ ۴۵۶",
            "Kod: 123456",
            "#123456",
            "コード123456です",
        ] {
            assert_eq!(found(typed).as_deref(), Some("123456"), "{typed:?}");
        }
        for dash in '\u{2010}'..='\u{2015}' {
            assert_eq!(found(&format!("123{dash}456")).as_deref(), Some("123456"), "{dash:?}");
        }
        assert_eq!(found("012 345").as_deref(), Some("012345"), "a zero in front is a digit like any other");
    }

    #[test]
    fn a_code_is_found_in_the_whole_message_that_was_pasted() {
        for message in [
            "SecureMailbox: 123 456 är din kod. Gäller i 10 minuter.",
            "Din kod till SecureMailbox: 123456. Ge den inte till någon.",
            "Din kod är 123456\n\nSkriv den på sidan där du skaffar din brevlåda. Den gäller i tio minuter.",
            "28 nov. 10:15 123456 är din kod",
            "2026-11-28 10:15\nKoden är 123–456. 10 minuter",
            "123456 10 min",
            "123 456 är din kod. Frågor? Ring 08-123 456 78 eller 070-174 06 12.",
            "Your code is 123456.\n\n@mail.example.se #123456",
            "Kod 123456 (2026-11)",
        ] {
            assert_eq!(found(message).as_deref(), Some("123456"), "{message:?}");
        }
    }

    #[test]
    fn what_could_be_two_codes_or_has_none_is_refused() {
        for typed in [
            "",
            "12345",
            "1234567",
            "12345a",
            "123 456 7",
            "123456-7890",
            "123456 654321",
            "123 456 och 654 321",
            "070-174 06 12",
            "10 minuter, kod 1234",
            "123,456 kr",
            "１２３４５",
        ] {
            assert_eq!(found(typed), None, "{typed:?}");
        }
        assert!(Code::parse(&format!("123456{}", " ".repeat(limits::CODE_TYPED))).is_err(), "longer than any message");
    }

    #[test]
    fn a_code_keeps_out_of_debug_output_and_travels_as_its_digits() {
        let code = Code::parse("123 456").unwrap();
        assert_eq!(format!("{code:?}"), "Code(…)");
        assert_eq!(serde_json::to_string(&code).unwrap(), r#""123456""#);
        assert_eq!(serde_json::from_str::<Code>(r#""123-456""#).unwrap(), code);
        assert!(serde_json::from_str::<Code>(r#""12345""#).is_err());
    }

    fn ascii_digits(text: &str) -> String {
        marks(text).iter().filter_map(Mark::digit).map(char::from).collect()
    }

    proptest! {
        #[test]
        fn six_digits_among_words_are_found(
            digits in "[0-9]{6}", before in "[a-zåäö:#(\n ]{0,20}", after in "[a-zåäö:#)\n ]{0,20}",
            gap in prop::sample::select(vec!["", " ", "-", "\u{a0}", "\u{2011}", "\u{2013}", "\u{200b}"]),
        ) {
            let message = format!("{before}{}{gap}{}{after}", &digits[..3], &digits[3..]);
            prop_assert_eq!(found(&message), Some(digits));
        }

        #[test]
        fn what_is_found_is_six_digits_that_stood_there_in_this_order(text in "(?s)[0-9]{0,4}.{0,12}[0-9 .\u{2013}-]{0,16}") {
            if let Some(code) = found(&text) {
                prop_assert!(code.len() == DIGITS && code.bytes().all(|byte| byte.is_ascii_digit()));
                prop_assert!(ascii_digits(&text).contains(&code));
            }
        }

        #[test]
        fn more_or_fewer_digits_in_a_row_are_never_cut_to_six(digits in "[0-9]{1,5}|[0-9]{7,20}") {
            prop_assert_eq!(found(&digits), None);
            prop_assert_eq!(found(&format!("Kod: {digits}!")), None);
        }
    }

    #[test]
    fn every_digit_of_a_fresh_code_comes_up_at_every_place() {
        let mut rng = <rand_chacha::ChaCha20Rng as rand::SeedableRng>::seed_from_u64(1);
        let codes: Vec<_> = (0..500).map(|_| Code::generate(&mut rng)).collect();
        for place in 0..DIGITS {
            let seen: std::collections::BTreeSet<_> = codes.iter().map(|code| code.0[place]).collect();
            assert_eq!(seen.len(), 10);
        }
    }
}
