//! Statements that are signed by themselves, in no letter: read receipts (PROTOCOL §4.5) and claims (§5).

use pgp::{ser::Serialize, types::Tag};
use rand::{CryptoRng, RngCore};

use securemailbox_protocol::{limits, octets::Octets, time::Timestamp};

use crate::{
    certificates::Certificate,
    identities::Identity,
    packets,
    signatures::{self, SignatureRefused},
};

/// A detached v6 signature (RFC 9580 §5.2) over a statement, as a packet.
pub(crate) fn sign(statement: &str, at: Timestamp, signer: &Identity, rng: &mut (impl RngCore + CryptoRng)) -> Octets {
    #[expect(clippy::expect_used, reason = "signing fails only for a locked key, and an identity is unlocked")]
    let signature = signatures::sign(statement.as_bytes(), &[], at, signer.primary(), rng).expect("an unlocked key");
    #[expect(clippy::expect_used, reason = "writing to memory does not fail")]
    let body = signature.to_bytes().expect("memory");
    let mut bytes = Vec::with_capacity(body.len() + packets::HEADER);
    packets::write(Tag::Signature, &body, &mut bytes);
    Octets(bytes)
}

/// Checks that `signer` signed this very statement; `now` is the client's clock.
///
/// # Errors
/// [`SignatureRefused`]
pub(crate) fn verify(
    signature: &Octets,
    statement: &str,
    signer: &Certificate,
    now: Timestamp,
) -> Result<(), SignatureRefused> {
    if signature.as_ref().len() > limits::SIGNATURE {
        return Err(SignatureRefused::NotASignature);
    }
    let packet = packets::only(signature.as_ref()).map_err(|_| SignatureRefused::NotASignature)?;
    signatures::verify(&packet, statement.as_bytes(), signer.primary(), now).map(|_| ())
}
