//! Read receipts: the reader's signed word that a letter was opened (PROTOCOL §4.5).

use rand::{CryptoRng, RngCore};

use securemailbox_protocol::{
    ids::{ContentHash, LetterId},
    letters::{ReadReceipt, read_statement},
    time::Timestamp,
};

use crate::{certificates::Certificate, identities::Identity, signatures::SignatureRefused, statements};

/// Signs that the letter was opened at `at`.
pub fn sign(
    letter: LetterId,
    content: ContentHash,
    at: Timestamp,
    reader: &Identity,
    rng: &mut (impl RngCore + CryptoRng),
) -> ReadReceipt {
    ReadReceipt { at, signature: statements::sign(&read_statement(letter, content, at), at, reader, rng) }
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
    statements::verify(&receipt.signature, &read_statement(letter, content, receipt.at), reader, now)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use securemailbox_protocol::{limits, octets::Octets};

    use super::*;
    use crate::fixtures::{ANNA, BJÖRN, MALLORY, NOW, certificate, flip, letter, rng};

    const CONTENT: ContentHash = ContentHash::from_bytes([4; 32]);

    fn receipt() -> ReadReceipt {
        sign(letter().id, CONTENT, NOW, BJÖRN.present(), &mut rng(1))
    }

    fn refused(receipt: &ReadReceipt) -> Option<SignatureRefused> {
        verify(receipt, letter().id, CONTENT, certificate(&BJÖRN), NOW).err()
    }

    #[test]
    fn a_receipt_holds_for_its_letter_content_time_and_reader_only() {
        assert_eq!(refused(&receipt()), None);
        assert!(receipt().signature.as_ref().len() <= limits::SIGNATURE);
        let wrong = Err(SignatureRefused::Wrong);
        let other = LetterId::from_bytes([1; 16]);
        assert_eq!(verify(&receipt(), other, CONTENT, certificate(&BJÖRN), NOW), wrong);
        let other = ContentHash::from_bytes([5; 32]);
        assert_eq!(verify(&receipt(), letter().id, other, certificate(&BJÖRN), NOW), wrong);
        let later = ReadReceipt { at: NOW.after(std::time::Duration::from_secs(1)), ..receipt() };
        assert_eq!(refused(&later), Some(SignatureRefused::Wrong));
        let mallory = verify(&receipt(), letter().id, CONTENT, certificate(&MALLORY), NOW);
        assert_eq!(mallory, Err(SignatureRefused::OtherIssuer));
    }

    #[test]
    fn a_receipt_that_the_server_made_up_is_refused() {
        for bytes in [vec![], vec![0; limits::SIGNATURE + 1], b"read".to_vec()] {
            let made_up = ReadReceipt { at: NOW, signature: Octets(bytes) };
            assert_eq!(refused(&made_up), Some(SignatureRefused::NotASignature));
        }
        let by_the_sender = sign(letter().id, CONTENT, NOW, ANNA.present(), &mut rng(1));
        assert_eq!(refused(&by_the_sender), Some(SignatureRefused::OtherIssuer));
    }

    #[test]
    fn bytes_after_a_receipt_are_refused() {
        let mut receipt = receipt();
        receipt.signature.0.push(0);
        assert_eq!(refused(&receipt), Some(SignatureRefused::NotASignature));
    }

    proptest! {
        #[test]
        fn any_flipped_bit_of_a_receipt_is_refused(at in any::<prop::sample::Index>()) {
            let mut receipt = receipt();
            let bits = receipt.signature.0.len() * 8;
            flip(&mut receipt.signature.0, at.index(bits));
            prop_assert!(refused(&receipt).is_some());
        }
    }
}
