//! Letters: sealed by their sender, opened by their readers, and shown only when verified (PROTOCOL §3, §4.4).
//!
//! What was decrypted is [`Unverified`] and has no text; only `verify` turns it into an [`Envelope`] or a [`Letter`]:
//!
//! ```compile_fail
//! # use securemailbox_vault::letters::{Letter, Unverified};
//! fn show(letter: &Unverified<Letter>) -> &str {
//!     letter.text()
//! }
//! ```

mod envelope;
mod open;
mod seal;

pub use envelope::Envelope;
pub use open::{Expected, Letter, Opening, Refused, SessionKey, Unverified, open_content, open_envelope, unwrap};
pub use seal::{Outgoing, SealRefused, SealedLetter, WrappedKey, seal, seal_blind_copy};
