//! Letters: sealed by their sender, opened by their readers, and shown only when verified (PROTOCOL §3, §4.4).
//!
//! A content is a MIME message, an envelope is JSON; each is signed for its readers, padded, and encrypted into exactly
//! one packet. What was decrypted is [`Unverified`] and has no text; only `verify` turns it into an [`Envelope`] or a
//! [`Letter`], and nothing else makes one of those:
//!
//! ```compile_fail,E0599
//! use securemailbox_vault::letters::{Letter, Unverified};
//! fn show(letter: &Unverified<Letter>) -> &str {
//!     letter.text()
//! }
//! ```
//!
//! ```
//! use securemailbox_vault::letters::Letter;
//! fn show(letter: &Letter) -> &str {
//!     letter.text()
//! }
//! ```

mod contents;
mod envelope;
mod foreign;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod layers;
mod letter;
mod manifest;
mod open;
mod padding;
mod seal;

pub use envelope::Envelope;
pub use foreign::{ForeignMessage, open_foreign};
pub use letter::Letter;
pub use open::{Expected, Refused, Unverified, open_content, open_envelope, rewrap, unwrap};
pub use padding::padme;
pub use seal::{Outgoing, SealRefused, SealedLetter, SessionKey, WrappedKey, seal, seal_blind_copy};

pub use crate::packets::LockedRefused;

pub(crate) use contents::message_id;
pub(crate) use seal::wrap;

#[cfg(test)]
mod tests;
