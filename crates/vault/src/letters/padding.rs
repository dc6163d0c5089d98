//! Padding: how long a letter looks (PROTOCOL §3).

use rand::{CryptoRng, RngCore};

use pgp::types::Tag;

use crate::packets;

/// PADMÉ (Nikitin and others, *Reducing Metadata Leakage from Encrypted Files and Communication with PURBs*, 2019,
/// §4): a length whose lower bits are zero, so that it tells O(log log length) bits, at a cost of at most 12 %.
#[must_use]
pub fn padme(length: u64) -> u64 {
    let Some(exponent) = length.checked_ilog2() else { return 0 };
    let Some(bits_of_exponent) = exponent.checked_ilog2() else { return length };
    let lower = exponent - (bits_of_exponent + 1);
    let mask = (1 << lower) - 1;
    (length + mask) & !mask
}

/// Appends a Padding packet (RFC 9580 §5.14), so that the whole has a PADMÉ length.
pub(super) fn pad(packets: &mut Vec<u8>, rng: &mut (impl RngCore + CryptoRng)) {
    let least = packets.len() + packets::HEADER;
    #[expect(clippy::expect_used, reason = "a letter is far below 4 GiB")]
    let padded = usize::try_from(padme(least as u64)).expect("a short letter");
    let mut noise = vec![0; padded - least];
    rng.fill_bytes(&mut noise);
    packets::write(Tag::Padding, &noise, packets);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_padded_length_is_never_shorter_and_costs_at_most_an_eighth(length in 0..=4_000_000_000_u64) {
            let padded = padme(length);
            prop_assert!(padded >= length);
            prop_assert!((padded - length) * 8 <= length);
            prop_assert_eq!(padme(padded), padded);
        }
    }
}
