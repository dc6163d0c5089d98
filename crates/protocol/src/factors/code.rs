//! The six digits of a code, as people type and paste them.

use std::fmt;

use rand::{CryptoRng, Rng, RngCore};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{limits, typed};

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
    /// 4. six digits in all, where there are only signs between them: `12/34/56`.
    ///
    /// Two different codes of that kind are none: a guess would cost one of five tries.
    ///
    /// # Errors
    /// [`NotACode`]
    pub fn parse(typed: &str) -> Result<Self, NotACode> {
        if typed.len() > limits::CODE_TYPED {
            return Err(NotACode);
        }
        let mut search = Search::default();
        for character in typed.chars() {
            search.read(character);
        }
        search.end().ok_or(NotACode)
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

/// Digits one after the other, of which the first six are kept.
#[derive(Default, Zeroize, ZeroizeOnDrop)]
struct Digits {
    first: [u8; DIGITS],
    count: usize,
}

impl Digits {
    fn push(&mut self, digit: u8) {
        if let Some(place) = self.first.get_mut(self.count) {
            *place = digit;
        }
        self.count += 1;
    }

    /// Takes them out: a code, if they are six.
    fn take(&mut self) -> Option<Code> {
        let Self { first, count } = &*self;
        let code = (*count == DIGITS).then(|| Code(*first));
        self.zeroize();
        code
    }
}

/// The candidates of one kind.
#[derive(Default)]
enum Found {
    #[default]
    None,
    One(Code),
    Several,
}

impl Found {
    fn add(&mut self, code: Option<Code>) {
        let Some(code) = code else { return };
        match self {
            Self::None => *self = Self::One(code),
            Self::One(one) if *one != code => *self = Self::Several,
            Self::One(_) | Self::Several => {}
        }
    }
}

/// What stands between two digits, as far as it was read.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Gap {
    /// Nothing.
    None,
    /// Spaces.
    Spaces,
    /// A dash, with or without spaces.
    Dash,
    /// A dot.
    Dot,
    /// What ends a number.
    #[default]
    End,
}

/// A reading of a text, a character at a time.
#[derive(Default)]
struct Search {
    gap: Gap,
    /// The unbroken digits at hand, and whether spaces or nothing of the number stand before them.
    run: Digits,
    set_off_before: bool,
    /// The number at hand: its digits, how many runs they are, and how long the first one is.
    number: Digits,
    runs: usize,
    first_run: usize,
    /// All digits of the text, and whether there was a letter.
    all: Digits,
    letters: bool,
    /// What was found, by the kinds of [`Code::parse`].
    plain: Found,
    set_off: Found,
    grouped: Found,
}

impl Search {
    fn read(&mut self, character: char) {
        if let Some(value) = typed::digit(character) {
            return self.digit(b'0' + value);
        }
        self.gap = match (character, self.gap) {
            // What can't be seen is not there.
            (unseen, gap) if typed::is_unseen(unseen) => gap,
            ('\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}', _) => Gap::End,
            (dash, Gap::None | Gap::Spaces) if typed::is_dash(dash) => Gap::Dash,
            ('.' | '\u{b7}' | '\u{2022}' | '\u{ff0e}', Gap::None) => Gap::Dot,
            (space, gap) if space.is_whitespace() => match gap {
                Gap::None | Gap::Spaces => Gap::Spaces,
                Gap::Dash => Gap::Dash,
                Gap::Dot | Gap::End => Gap::End,
            },
            (other, _) => {
                self.letters |= other.is_ascii_alphabetic() || !other.is_ascii();
                Gap::End
            }
        };
    }

    fn digit(&mut self, digit: u8) {
        match self.gap {
            Gap::None => {}
            Gap::Spaces => self.end_run(true),
            Gap::Dash | Gap::Dot => self.end_run(false),
            Gap::End => self.end_number(),
        }
        self.gap = Gap::None;
        self.run.push(digit);
        self.number.push(digit);
        self.all.push(digit);
    }

    /// Unbroken digits are over; `by_spaces` or by the number's end, or else by a dash or dot.
    fn end_run(&mut self, by_spaces: bool) {
        if self.runs == 0 {
            self.first_run = self.run.count;
        }
        self.runs += 1;
        let code = self.run.take();
        if self.set_off_before && by_spaces {
            self.set_off.add(code);
        }
        self.set_off_before = by_spaces;
    }

    fn end_number(&mut self) {
        self.end_run(true);
        let plain = self.runs == 1 || (self.runs == 2 && self.first_run * 2 == DIGITS);
        let kind = if plain { &mut self.plain } else { &mut self.grouped };
        kind.add(self.number.take());
        self.runs = 0;
    }

    /// The text is over: the first kind that there is decides.
    fn end(mut self) -> Option<Code> {
        self.end_number();
        let in_all = if self.letters { None } else { self.all.take() };
        for kind in [self.plain, self.set_off, self.grouped] {
            match kind {
                Found::None => {}
                Found::One(code) => return Some(code),
                Found::Several => return None,
            }
        }
        in_all
    }
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
        text.chars().filter(char::is_ascii_digit).collect()
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
