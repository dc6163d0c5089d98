//! The code on the recovery sheet (PROTOCOL §2): 128 random bits and 12 bits of their SHA-256 as check, as 28
//! characters of Crockford's base32.

use std::fmt;

use rand::{CryptoRng, RngCore};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use securemailbox_protocol::{base32, slots::SlotKind};

use crate::secrets::{self, SlotKey};

const CHARACTERS: usize = 28;
const GROUP: usize = 4;

/// The code on the recovery sheet. `Display` writes it in seven groups of four, for the sheet and nothing else.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct RecoveryCode([u8; 16]);

/// What was typed is no recovery code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotARecoveryCode {
    /// Another number of characters than 28.
    #[error("a recovery code has 28 characters; this has {found}")]
    Length {
        /// How many there were, without spaces and hyphens.
        found: usize,
    },
    /// A character that no code has.
    #[error("a recovery code has no such character as number {position}")]
    Character {
        /// Which one, counted from 1, without spaces and hyphens.
        position: usize,
    },
    /// The last characters do not fit the others: something is mistyped.
    #[error("the recovery code does not check: something is mistyped")]
    Check,
}

impl RecoveryCode {
    /// A new code of 128 random bits.
    pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut bits = [0; 16];
        rng.fill_bytes(&mut bits);
        Self(bits)
    }

    /// Takes what people type and paste: any case, spaces, line breaks, dashes, digits of other scripts, `O` for 0, `I` and `L`
    /// for 1.
    ///
    /// # Errors
    /// [`NotARecoveryCode`] says what is wrong with it, so that it can be mended before anything is sent.
    pub fn parse(typed: &str) -> Result<Self, NotARecoveryCode> {
        let typed = Zeroizing::new(typed.chars().filter(|c| !base32::is_between(*c)).collect::<Vec<_>>());
        if typed.len() != CHARACTERS {
            return Err(NotARecoveryCode::Length { found: typed.len() });
        }
        let mut digits = Zeroizing::new([0; CHARACTERS]);
        for (at, (digit, character)) in digits.iter_mut().zip(typed.iter()).enumerate() {
            *digit = base32::value(*character).ok_or(NotARecoveryCode::Character { position: at + 1 })?;
        }
        let (code, check) = joined(&digits);
        if check == code.check() { Ok(code) } else { Err(NotARecoveryCode::Check) }
    }

    /// The key of the `recovery` slot.
    #[must_use]
    pub fn slot_key(&self) -> SlotKey {
        SlotKey::derive(SlotKind::Recovery, &self.0)
    }

    /// The proof for which, with one other factor, the server gives the slot out. Tells nothing of the slot's key.
    #[must_use]
    pub fn proof(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(secrets::expand(&self.0, b"securemailbox/1 recovery proof"))
    }

    #[cfg(any(test, feature = "vectors"))]
    pub(crate) const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The first 12 bits of the SHA-256 of the code.
    fn check(&self) -> u16 {
        let hash = Sha256::digest(self.0);
        u16::from_be_bytes([hash[0], hash[1]]) >> 4
    }
}

/// 25 digits and three bits of the 26th are the code; the last twelve bits are the check.
fn joined(digits: &[u8; CHARACTERS]) -> (RecoveryCode, u16) {
    let whole = digits[..25].iter().fold(0_u128, |bits, digit| bits << 5 | u128::from(*digit));
    let code = RecoveryCode((whole << 3 | u128::from(digits[25] >> 2)).to_be_bytes());
    let check = u16::from(digits[25] & 0b11) << 10 | u16::from(digits[26]) << 5 | u16::from(digits[27]);
    (code, check)
}

/// The reverse of [`joined`].
fn parted(code: &RecoveryCode) -> [u8; CHARACTERS] {
    let (bits, check) = (u128::from_be_bytes(code.0), code.check());
    let five = |shifted: u128| (shifted & 0b11111) as u8;
    let mut digits = [0; CHARACTERS];
    for (at, digit) in digits[..25].iter_mut().enumerate() {
        *digit = five(bits >> (123 - 5 * at));
    }
    digits[25] = five(bits << 2) & 0b11100 | five(u128::from(check >> 10));
    digits[26] = five(u128::from(check >> 5));
    digits[27] = five(u128::from(check));
    digits
}

impl fmt::Display for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, digit) in parted(self).into_iter().enumerate() {
            if at > 0 && at % GROUP == 0 {
                f.write_str("-")?;
            }
            write!(f, "{}", base32::character(digit))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = RecoveryCode([0; 16]);
        let shown = code.to_string();
        assert_eq!(shown.split('-').map(str::len).collect::<Vec<_>>(), [4; 7]);
        let typed = format!(" {} ", shown.to_lowercase().replace('0', "o").replace('1', "l").replace('-', " "));
        assert!(RecoveryCode::parse(&typed).is_ok_and(|read| read.0 == code.0));
    }

    #[test]
    fn a_code_is_read_as_programs_hand_it_over() {
        let code = RecoveryCode([0x5a; 16]);
        let shown = code.to_string();
        for between in
            ["\u{2010}", "\u{2011}", "\u{2013}", "\u{2014}", "\u{2015}", "\r\n", "\u{a0}", " \u{2013} ", "\u{200b}"]
        {
            let typed = format!("\u{feff}{}", shown.replace('-', between));
            assert!(RecoveryCode::parse(&typed).is_ok_and(|read| read.0 == code.0), "{between:?}");
        }
        let wide = |c: char| if c.is_ascii_digit() { char::from_u32(u32::from(c) + 0xfee0).unwrap() } else { c };
        assert!(RecoveryCode::parse(&shown.chars().map(wide).collect::<String>()).is_ok());
        let mut groups: Vec<&str> = shown.split('-').collect();
        groups.swap(4, 6);
        assert_eq!(RecoveryCode::parse(&groups.join("-")).err(), Some(NotARecoveryCode::Check), "two groups exchanged");
    }

    #[test]
    fn what_is_wrong_with_a_code_is_said() {
        let shown = RecoveryCode([7; 16]).to_string();
        assert_eq!(RecoveryCode::parse(&shown[1..]).err(), Some(NotARecoveryCode::Length { found: 27 }));
        assert_eq!(
            RecoveryCode::parse(&shown.replacen(&shown[5..6], "U", 1))
                .err()
                .map(|e| matches!(e, NotARecoveryCode::Character { .. })),
            Some(true)
        );
    }

    #[test]
    fn the_proof_is_not_the_key() {
        let code = RecoveryCode([7; 16]);
        assert_ne!(&*code.proof(), code.slot_key().as_bytes());
    }

    proptest! {
        #[test]
        fn every_code_survives_paper(bits in any::<[u8; 16]>()) {
            let code = RecoveryCode(bits);
            prop_assert_eq!(RecoveryCode::parse(&code.to_string()).map(|read| read.0), Ok(bits));
        }

        #[test]
        fn two_neighbours_exchanged_are_noticed_or_equal(bits in any::<[u8; 16]>(), at in 0..24_usize) {
            let mut digits = parted(&RecoveryCode(bits));
            digits.swap(at, at + 1);
            let (code, check) = joined(&digits);
            // One in 4096 slips through a check of 12 bits; the slot then does not open.
            prop_assume!(check != code.check() || code.0 == bits);
            prop_assert!(digits[at] == digits[at + 1] || check != code.check());
        }
    }
}
