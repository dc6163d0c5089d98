//! What stands in a text that was typed or pasted, and means the same to whoever typed it: digits of another script,
//! the many dashes, and characters that can't be seen.

/// The value of a digit: ASCII, Arabic-Indic, extended Arabic-Indic, full width.
#[must_use]
pub fn digit(character: char) -> Option<u8> {
    ['0', '\u{660}', '\u{6f0}', '\u{ff10}'].into_iter().find_map(|zero| {
        let value = u32::from(character).checked_sub(u32::from(zero))?;
        u8::try_from(value).ok().filter(|value| *value < 10)
    })
}

/// Whether a character can't be seen: it comes along with what was copied, and nobody means it.
#[must_use]
pub const fn is_unseen(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
    )
}

/// Whether a character is a dash of any length, or a minus.
#[must_use]
pub const fn is_dash(character: char) -> bool {
    matches!(character, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}')
}
