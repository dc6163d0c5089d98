//! Taking letters along: `.eml` files that other programs read (PROTOCOL §3).

use crate::letters::Letter;

/// The letter as a plain `.eml`: the signed MIME message, as it was written. Keep it as safe as the letter.
#[must_use]
pub fn plain(_letter: &Letter) -> Vec<u8> {
    todo!()
}

/// The letter as PGP/MIME (RFC 3156), encrypted as it is stored: outer headers without the subject, wrapped key ‖ content.
#[must_use]
pub fn encrypted(_letter: &Letter, _wrapped_key: &[u8], _content: &[u8]) -> Vec<u8> {
    todo!()
}
