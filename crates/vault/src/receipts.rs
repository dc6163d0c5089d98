//! Read receipts: the reader's signed word that a letter was opened (PROTOCOL §4.5).

use pgp::{ser::Serialize, types::Tag};
use rand::{CryptoRng, RngCore};

use securemailbox_protocol::{
    ids::{ContentHash, LetterId},
    letters::{ReadReceipt, read_statement},
    limits,
    octets::Octets,
    time::Timestamp,
};

use crate::{
    certificates::Certificate,
    identities::Identity,
    packets::{self, Lengths},
    signatures::{self, SignatureRefused},
};

/// Signs that the letter was opened at `at`.
pub fn sign(
    letter: LetterId,
    content: ContentHash,
    at: Timestamp,
    reader: &Identity,
    rng: &mut (impl RngCore + CryptoRng),
) -> ReadReceipt {
    let statement = read_statement(letter, content, at);
    #[expect(clippy::expect_used, reason = "signing fails only for a locked key, and an identity is unlocked")]
    let signature = signatures::sign(statement.as_bytes(), &[], at, reader.primary(), rng).expect("an unlocked key");
    #[expect(clippy::expect_used, reason = "writing to memory does not fail")]
    let body = signature.to_bytes().expect("memory");
    let mut bytes = Vec::with_capacity(body.len() + packets::HEADER);
    packets::write(Tag::Signature, &body, &mut bytes);
    ReadReceipt { at, signature: Octets(bytes) }
}

/// Checks a receipt against the reader's certificate, the letter and its content; `now` is the client's clock.
///
/// # Errors
/// [`SignatureRefused`]: the server's word only, or less (ATTACKS 11).
pub fn verify(
    receipt: &ReadReceipt,
    letter: LetterId,
    content: ContentHash,
    reader: &Certificate,
    now: Timestamp,
) -> Result<(), SignatureRefused> {
    if receipt.signature.as_ref().len() > limits::SIGNATURE {
        return Err(SignatureRefused::NotASignature);
    }
    let packet =
        packets::only(receipt.signature.as_ref(), Lengths::Fixed).map_err(|_| SignatureRefused::NotASignature)?;
    let statement = read_statement(letter, content, receipt.at);
    signatures::verify(&packet, statement.as_bytes(), reader.primary(), now).map(|_| ())
}
