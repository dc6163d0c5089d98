//! One-time codes: a look-up secret on paper (PROTOCOL §7; NIST SP 800-63B-4 §3.1.2).

use std::fmt;

use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{base32, limits};

const CHARACTERS: usize = 12;
const GROUP: usize = 4;

/// A code of 60 random bits, 12 characters of Crockford's base32. A secret: `Debug` shows nothing of it; `Display` writes it
/// in three groups of four, for the sheet and nothing else.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct OneTimeCode([u8; CHARACTERS]);

/// What was typed is no one-time code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAOneTimeCode {
    /// Another number of characters than 12.
    #[error("a one-time code has 12 characters; this has {found}")]
    Length {
        /// How many there were, without spaces and hyphens.
        found: usize,
    },
    /// A character that no code has.
    #[error("a one-time code has no such character as number {position}")]
    Character {
        /// Which one, counted from 1, without spaces and hyphens.
        position: usize,
    },
}

impl OneTimeCode {
    /// A fresh code.
    pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut random = Zeroizing::new([0; CHARACTERS]);
        rng.fill_bytes(random.as_mut_slice());
        Self(random.map(|byte| byte & 0b11111))
    }

    /// Takes what people type and paste: any case, spaces, line breaks, dashes, digits of other scripts, `O` for 0, `I` and `L`
    /// for 1.
    ///
    /// # Errors
    /// [`NotAOneTimeCode`] says what is wrong with it, before it costs a try.
    pub fn parse(typed: &str) -> Result<Self, NotAOneTimeCode> {
        if typed.len() > limits::CODE_TYPED {
            return Err(NotAOneTimeCode::Length { found: typed.chars().count() });
        }
        let typed = Zeroizing::new(typed.chars().filter(|c| !base32::is_between(*c)).collect::<Vec<_>>());
        if typed.len() != CHARACTERS {
            return Err(NotAOneTimeCode::Length { found: typed.len() });
        }
        let mut code = Self([0; CHARACTERS]);
        for (at, (digit, character)) in code.0.iter_mut().zip(typed.iter()).enumerate() {
            *digit = base32::value(*character).ok_or(NotAOneTimeCode::Character { position: at + 1 })?;
        }
        Ok(code)
    }

    /// Twelve bytes of five bits each, for what is kept of it.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; CHARACTERS] {
        &self.0
    }
}

impl fmt::Display for OneTimeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, digit) in self.0.iter().enumerate() {
            if at > 0 && at % GROUP == 0 {
                f.write_str("-")?;
            }
            write!(f, "{}", base32::character(*digit))?;
        }
        Ok(())
    }
}

impl fmt::Debug for OneTimeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeCode(…)")
    }
}

impl Serialize for OneTimeCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(self.to_string()))
    }
}

impl<'de> Deserialize<'de> for OneTimeCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let typed = Zeroizing::new(String::deserialize(deserializer)?);
        Self::parse(&typed).map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for OneTimeCode {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some("^([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}$"))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for OneTimeCode {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn a_code(seed: u64) -> OneTimeCode {
        OneTimeCode::generate(&mut <rand_chacha::ChaCha20Rng as rand::SeedableRng>::seed_from_u64(seed))
    }

    proptest! {
        #[test]
        fn a_code_is_read_however_it_was_written_down(
            seed in any::<u64>(), between in prop::sample::select(vec!["", " ", "-", "\u{2011}", "\u{a0}", "\n"]), lower in any::<bool>(),
        ) {
            let code = a_code(seed);
            let mut written = code.to_string().replace('-', between);
            if lower {
                written = written.to_lowercase().replace('0', "o").replace('1', "l");
            }
            prop_assert_eq!(OneTimeCode::parse(&written), Ok(code));
        }

        #[test]
        fn whatever_is_typed_is_a_code_or_a_reason(typed in "(?s).{0,40}") {
            if let Ok(code) = OneTimeCode::parse(&typed) {
                prop_assert_eq!(OneTimeCode::parse(&code.to_string()), Ok(code));
            }
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(OneTimeCode::parse("4K7T-9WXM-2HV"), Err(NotAOneTimeCode::Length { found: 11 }));
        assert_eq!(OneTimeCode::parse("4K7T-9WXM-2HVU"), Err(NotAOneTimeCode::Character { position: 12 }));
    }

    #[test]
    fn a_code_keeps_out_of_debug_output_and_travels_as_it_is_written() {
        let code = OneTimeCode::parse("4k7t9wxm2hvb").unwrap();
        assert_eq!(format!("{code:?}"), "OneTimeCode(…)");
        assert_eq!(serde_json::to_string(&code).unwrap(), r#""4K7T-9WXM-2HVB""#);
        assert_eq!(serde_json::from_str::<OneTimeCode>(r#""4K7T-9WXM-2HVB""#).unwrap(), code);
    }
}
