//! Crockford's base32, as people write it down and type it: the digits and letters without I, L, O and U.

use crate::typed;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The character of five bits; what lies above them is not looked at.
#[must_use]
pub fn character(five_bits: u8) -> char {
    char::from(ALPHABET[usize::from(five_bits & 0b11111)])
}

/// The five bits of a character: any case, digits of other scripts, `O` for 0, `I` and `L` for 1.
#[must_use]
pub fn value(character: char) -> Option<u8> {
    if let Some(digit) = typed::digit(character) {
        return Some(digit);
    }
    let character = match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let at = ALPHABET.iter().position(|symbol| char::from(*symbol) == character)?;
    u8::try_from(at).ok()
}

/// Whether a character stands between others without a meaning: a space, a dash, or what can't be seen.
#[must_use]
pub fn is_between(character: char) -> bool {
    character.is_whitespace() || typed::is_dash(character) || typed::is_unseen(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_is_read_as_what_it_was_written_for() {
        for five_bits in 0..32 {
            let written = character(five_bits);
            assert_eq!(value(written), Some(five_bits));
            assert_eq!(value(written.to_ascii_lowercase()), Some(five_bits));
        }
        assert_eq!(
            [value('o'), value('I'), value('l'), value('３'), value('U')],
            [Some(0), Some(1), Some(1), Some(3), None]
        );
    }
}
