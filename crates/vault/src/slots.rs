//! Lock slots: the account secret sealed under a key that its owner can make again (PROTOCOL §2).

use rand::{CryptoRng, RngCore};

use securemailbox_protocol::{
    ids::{AccountId, SlotId},
    numbers::Version,
    sealed::{self, Place, Purpose, WrongKeyOrPlace},
};

use crate::secrets::{AccountSecret, SlotKey};

/// Slots are never written twice: another key is another slot.
const VERSION: Version = Version::new(1);

/// Where a slot belongs. Bound to the ciphertext, so a slot copied to another account does not open; the kind is bound
/// by the key (see [`SlotKey`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotPlace {
    /// The account whose secret the slot opens.
    pub account: AccountId,
    /// The slot's id.
    pub slot: SlotId,
}

impl SlotPlace {
    const fn sealed(&self) -> Place {
        Place {
            purpose: Purpose::Slot,
            account: *self.account.as_bytes(),
            record: *self.slot.as_bytes(),
            version: VERSION,
        }
    }
}

/// Locks the account secret into a slot: 80 bytes for the server to keep.
pub fn seal(place: &SlotPlace, key: &SlotKey, secret: &AccountSecret, rng: &mut (impl RngCore + CryptoRng)) -> Vec<u8> {
    sealed::seal(key.as_bytes(), &place.sealed(), secret.as_bytes(), rng)
}

/// Opens a lock slot and returns the account secret it guards. Key stretching was paid for before this call.
///
/// # Errors
/// [`WrongKeyOrPlace`]: wrong key, wrong place or altered bytes. One answer on purpose: it must not say which.
pub fn open(place: &SlotPlace, key: &SlotKey, slot: &[u8]) -> Result<AccountSecret, WrongKeyOrPlace> {
    let secret = sealed::open(key.as_bytes(), &place.sealed(), slot)?;
    AccountSecret::from_bytes(&secret).map_err(|_| WrongKeyOrPlace)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;
    use securemailbox_protocol::{limits, slots::SlotKind};

    use super::*;

    const HERE: SlotPlace = SlotPlace { account: AccountId::from_bytes([1; 16]), slot: SlotId::from_bytes([2; 16]) };

    fn sealed_slot(kind: SlotKind, seed: u64) -> (SlotKey, AccountSecret, Vec<u8>) {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let key = SlotKey::derive(kind, &[9; 32]);
        let secret = AccountSecret::generate(&mut rng);
        let slot = seal(&HERE, &key, &secret, &mut rng);
        (key, secret, slot)
    }

    #[test]
    fn a_slot_has_the_length_that_the_protocol_allows() {
        assert_eq!(sealed_slot(SlotKind::Password, 1).2.len(), limits::SLOT);
    }

    #[test]
    fn a_slot_copied_to_another_account_does_not_open() {
        let (key, _, slot) = sealed_slot(SlotKind::Password, 1);
        let elsewhere = SlotPlace { account: AccountId::from_bytes([3; 16]), ..HERE };
        assert_eq!(open(&elsewhere, &key, &slot).err(), Some(WrongKeyOrPlace));
    }

    #[test]
    fn a_slot_served_under_another_id_does_not_open() {
        let (key, _, slot) = sealed_slot(SlotKind::Password, 1);
        let elsewhere = SlotPlace { slot: SlotId::from_bytes([3; 16]), ..HERE };
        assert_eq!(open(&elsewhere, &key, &slot).err(), Some(WrongKeyOrPlace));
    }

    #[test]
    fn a_slot_served_as_another_kind_does_not_open() {
        let (_, _, slot) = sealed_slot(SlotKind::Password, 1);
        assert_eq!(open(&HERE, &SlotKey::derive(SlotKind::Recovery, &[9; 32]), &slot).err(), Some(WrongKeyOrPlace));
    }

    proptest! {
        #[test]
        fn a_slot_opens_and_any_flipped_bit_of_it_is_refused(seed in any::<u64>(), at in any::<prop::sample::Index>()) {
            let (key, secret, mut slot) = sealed_slot(SlotKind::Device, seed);
            prop_assert_eq!(open(&HERE, &key, &slot).map(|opened| *opened.as_bytes()), Ok(*secret.as_bytes()));
            let bit = at.index(slot.len() * 8);
            slot[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(open(&HERE, &key, &slot).err(), Some(WrongKeyOrPlace));
        }
    }
}
