//! Read receipts: the reader's signed word that a letter was opened (PROTOCOL §4.5).

use rand::{CryptoRng, RngCore};

use securemailbox_protocol::{
    ids::{ContentHash, LetterId},
    letters::ReadReceipt,
    time::Timestamp,
};

use crate::{certificates::Certificate, identities::Identity, signatures::SignatureRefused};

/// Signs that the letter was opened at `at`.
pub fn sign(
    _letter: LetterId,
    _content: ContentHash,
    _at: Timestamp,
    _reader: &Identity,
    _rng: &mut (impl RngCore + CryptoRng),
) -> ReadReceipt {
    todo!()
}

/// Checks a receipt against the reader's certificate, the letter and its content; `now` is the client's clock.
///
/// # Errors
/// [`SignatureRefused`]: the server's word only, or less (ATTACKS 11).
pub fn verify(
    _receipt: &ReadReceipt,
    _letter: LetterId,
    _content: ContentHash,
    _reader: &Certificate,
    _now: Timestamp,
) -> Result<(), SignatureRefused> {
    todo!()
}
