//! Claims: the key that was made for somebody who had no mailbox says which key takes its place (PROTOCOL §5). Whoever made it,
//! and so knew it all along, could have signed this too, and so could an operator who kept a link that was mailed.

use rand::{CryptoRng, RngCore};

use securemailbox_protocol::{
    invitations::{ClaimStatement, claim_statement},
    time::Timestamp,
};

use crate::{certificates::Certificate, identities::Identity, signatures::SignatureRefused, statements};

/// Signs, by the key of a guest, that `claimant` takes its place. Both are of one address.
pub fn sign(
    guest: &Identity,
    claimant: &Certificate,
    at: Timestamp,
    rng: &mut (impl RngCore + CryptoRng),
) -> ClaimStatement {
    let statement = text(guest.certificate(), claimant, at);
    ClaimStatement { at, signature: statements::sign(&statement, at, guest, rng) }
}

/// Checks a claim of `claimant` against the certificate of the guest; `now` is the client's clock.
///
/// # Errors
/// [`SignatureRefused`]: the server's word only, or less (ATTACKS 29).
pub fn verify(
    claim: &ClaimStatement,
    guest: &Certificate,
    claimant: &Certificate,
    now: Timestamp,
) -> Result<(), SignatureRefused> {
    statements::verify(&claim.signature, &text(guest, claimant, claim.at), guest, now)
}

fn text(guest: &Certificate, claimant: &Certificate, at: Timestamp) -> String {
    claim_statement(claimant.address(), guest.fingerprint(), claimant.fingerprint(), at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use securemailbox_protocol::{limits, octets::Octets};

    use super::*;
    use crate::fixtures::{BJÖRN, MALLORY, NOW, address, certificate, flip, rng};

    /// Björn has a mailbox of his own, beside the key that was made for him.
    fn own() -> Certificate {
        Identity::generate(&address("bjorn@example.se"), NOW, &mut rng(60)).certificate().clone()
    }

    fn claim() -> ClaimStatement {
        sign(BJÖRN.present(), &own(), NOW, &mut rng(1))
    }

    #[test]
    fn a_claim_holds_for_its_two_keys_and_time_only() {
        let (guest, claim) = (certificate(&BJÖRN), claim());
        assert_eq!(verify(&claim, guest, &own(), NOW), Ok(()));
        assert!(claim.signature.as_ref().len() <= limits::SIGNATURE);
        let wrong = Err(SignatureRefused::Wrong);
        assert_eq!(verify(&claim, guest, certificate(&MALLORY), NOW), wrong, "another key in its place");
        let later = ClaimStatement { at: NOW.after(std::time::Duration::from_secs(1)), ..claim.clone() };
        assert_eq!(verify(&later, guest, &own(), NOW), wrong);
        let by_mallory = verify(&claim, certificate(&MALLORY), &own(), NOW);
        assert_eq!(by_mallory, Err(SignatureRefused::OtherIssuer));
        let made_up = ClaimStatement { at: NOW, signature: Octets(b"claim".to_vec()) };
        assert_eq!(verify(&made_up, guest, &own(), NOW), Err(SignatureRefused::NotASignature));
    }

    proptest! {
        #[test]
        fn any_flipped_bit_of_a_claim_is_refused(at in any::<prop::sample::Index>()) {
            let mut claim = claim();
            let bits = claim.signature.0.len() * 8;
            flip(&mut claim.signature.0, at.index(bits));
            prop_assert!(verify(&claim, certificate(&BJÖRN), &own(), NOW).is_err());
        }
    }
}
