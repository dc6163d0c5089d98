//! What a fuzzer gives to the parsers of this crate, and what must hold whatever it gives. Part of the tests, which try
//! the seeds in `fuzz/seeds`, and of `cargo xtask fuzz`, whose builds set `cfg(fuzzing)`; never of the product.

use crate::sqlite::log;

/// A property, which panics where it does not hold.
type Property = fn(&[u8]);

/// The properties by the names of their targets, which are those of their seeds' folders.
pub const TARGETS: &[(&str, Property)] = &[("log", page)];

/// A page of the log, whatever damage it has: only its gap is zeroed, in one piece, and the second time nothing is left to
/// do. The first octet is the number of the page.
pub fn page(bytes: &[u8]) {
    let Some((number, page)) = bytes.split_first() else { return };
    let mut scrubbed = page.to_vec();
    let outcome = log::zero_gap(u32::from(*number), &mut scrubbed);
    let changed =
        || page.iter().zip(&scrubbed).enumerate().filter(|(_, (before, after))| before != after).map(|(at, _)| at);
    match outcome {
        Err(_) => assert_eq!(changed().count(), 0, "what is damaged is left alone"),
        Ok(stale) => {
            assert_eq!(stale, changed().next().is_some());
            if let (Some(first), Some(last)) = (changed().next(), changed().next_back()) {
                assert!(scrubbed[first..=last].iter().all(|octet| *octet == 0));
                let header = if *number == 1 { 100 } else { 0 };
                assert!(first >= header + 8, "the header says where the gap is");
            }
            let mut again = scrubbed.clone();
            assert!(matches!(log::zero_gap(u32::from(*number), &mut again), Ok(false)) && again == scrubbed);
        }
    }
}

#[cfg(test)]
#[path = "../../../fuzz/seeds.rs"]
mod seeds;

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::Index};

    use super::*;

    #[test]
    fn every_seed_of_the_fuzzer_holds() {
        seeds::all_hold(TARGETS);
    }

    proptest! {
        /// Blind, and so no fuzzer; but it runs each time, and the fuzzer needs all that a server links built anew.
        #[test]
        fn a_seed_with_some_octets_changed_holds(
            target in any::<Index>(),
            seed in any::<Index>(),
            changes in vec((any::<Index>(), any::<u8>()), 1..6),
            twice in any::<Index>(),
        ) {
            let (target, holds) = TARGETS[target.index(TARGETS.len())];
            let seeds = seeds::of(target);
            let mut bytes = seeds[seed.index(seeds.len())].clone();
            // A piece of it again, so that lists grow and things are said twice.
            let again = bytes[twice.index(bytes.len())..].to_vec();
            if again.len().is_multiple_of(2) {
                bytes.extend(again);
            }
            for (at, octet) in changes {
                let at = at.index(bytes.len());
                bytes[at] = octet;
            }
            holds(&bytes);
        }
    }
}
