//! Comparing two keys by voice or in person (PROTOCOL §2, §9a).

use std::fmt;

use sha2::{Digest, Sha512};

use securemailbox_protocol::ids::Fingerprint;

const GROUPS: usize = 12;
const GROUP_BYTES: usize = 5;

/// Sixty digits that two people see alike if, and only if, each has the other's true key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digits([u32; GROUPS]);

impl Digits {
    /// SHA-512(`securemailbox/1 compare` ‖ lower fingerprint ‖ higher), twelve groups of five bytes, each mod 100000.
    /// The order of the two does not matter.
    #[must_use]
    pub fn of(one: &Fingerprint, other: &Fingerprint) -> Self {
        let (lower, higher) = if one <= other { (one, other) } else { (other, one) };
        let hash = Sha512::new()
            .chain_update(securemailbox_protocol::VERSION)
            .chain_update(b" compare")
            .chain_update(lower.as_bytes())
            .chain_update(higher.as_bytes())
            .finalize();
        let mut groups = [0; GROUPS];
        for (group, bytes) in groups.iter_mut().zip(hash.chunks_exact(GROUP_BYTES)) {
            let number = bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
            *group = (number % 100_000) as u32;
        }
        Self(groups)
    }
}

/// Twelve groups of five, parted by spaces.
impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, group) in self.0.iter().enumerate() {
            let gap = if at == 0 { "" } else { " " };
            write!(f, "{gap}{group:05}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_people_see_the_same_digits() {
        let (anna, björn) = (Fingerprint::from_bytes([1; 32]), Fingerprint::from_bytes([2; 32]));
        assert_eq!(Digits::of(&anna, &björn), Digits::of(&björn, &anna));
        assert_eq!(Digits::of(&anna, &björn).to_string().len(), 12 * 5 + 11);
    }

    #[test]
    fn another_key_shows_other_digits() {
        let (anna, björn, mallory) =
            (Fingerprint::from_bytes([1; 32]), Fingerprint::from_bytes([2; 32]), Fingerprint::from_bytes([3; 32]));
        assert_ne!(Digits::of(&anna, &björn), Digits::of(&anna, &mallory));
    }
}
