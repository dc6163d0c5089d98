//! Sealed records: keyring, settings, contacts and drafts under the account secret (PROTOCOL §2).

use rand::{CryptoRng, RngCore};
use zeroize::Zeroizing;

use securemailbox_protocol::{
    ids::{AccountId, RecordId},
    numbers::Version,
    records::RecordPurpose,
    sealed::{self, Place, WrongKeyOrPlace},
};

use crate::secrets::AccountSecret;

/// Where a record belongs. Bound to the ciphertext: neither another account's, nor another purpose's, nor another
/// version's opens here. That a version is not older than one already seen is for its reader to remember.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordPlace {
    /// The id of the mailbox that the record belongs to.
    pub account: AccountId,
    /// The record's id.
    pub record: RecordId,
    /// What the record is for, such as a keyring.
    pub purpose: RecordPurpose,
    /// How often it was written, this time included.
    pub version: Version,
}

impl RecordPlace {
    fn sealed(&self) -> Place {
        Place {
            purpose: self.purpose.into(),
            account: *self.account.as_bytes(),
            record: *self.record.as_bytes(),
            version: self.version,
        }
    }
}

/// Seals a record for the server to keep.
pub fn seal(
    place: &RecordPlace,
    secret: &AccountSecret,
    plain: &[u8],
    rng: &mut (impl RngCore + CryptoRng),
) -> Vec<u8> {
    sealed::seal(secret.as_bytes(), &place.sealed(), plain, rng)
}

/// Opens a record.
///
/// # Errors
/// [`WrongKeyOrPlace`]: wrong secret, wrong place or altered bytes; it does not say which.
pub fn open(place: &RecordPlace, secret: &AccountSecret, record: &[u8]) -> Result<Zeroizing<Vec<u8>>, WrongKeyOrPlace> {
    sealed::open(secret.as_bytes(), &place.sealed(), record)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;

    const PURPOSES: [RecordPurpose; 4] =
        [RecordPurpose::Keyring, RecordPurpose::Contact, RecordPurpose::Settings, RecordPurpose::Draft];

    fn place(purpose: RecordPurpose) -> RecordPlace {
        RecordPlace {
            account: AccountId::from_bytes([1; 16]),
            record: RecordId::from_bytes([2; 16]),
            purpose,
            version: Version::new(3),
        }
    }

    #[test]
    fn a_record_of_one_purpose_opens_as_no_other() {
        let secret = AccountSecret::from_bytes(&[9; 32]).unwrap();
        for purpose in PURPOSES {
            let record = seal(&place(purpose), &secret, b"text", &mut ChaCha20Rng::seed_from_u64(1));
            for other in PURPOSES {
                let opened = open(&place(other), &secret, &record);
                assert_eq!(opened.is_ok(), other == purpose);
            }
        }
    }

    #[test]
    fn a_record_of_an_older_version_another_account_or_another_id_does_not_open() {
        let secret = AccountSecret::from_bytes(&[9; 32]).unwrap();
        let here = place(RecordPurpose::Contact);
        let record = seal(&here, &secret, b"text", &mut ChaCha20Rng::seed_from_u64(1));
        for elsewhere in [
            RecordPlace { version: Version::new(2), ..here },
            RecordPlace { account: AccountId::from_bytes([3; 16]), ..here },
            RecordPlace { record: RecordId::from_bytes([3; 16]), ..here },
        ] {
            assert_eq!(open(&elsewhere, &secret, &record), Err(WrongKeyOrPlace));
        }
    }

    proptest! {
        #[test]
        fn a_record_opens_and_any_flipped_bit_of_it_is_refused(
            plain in any::<Vec<u8>>(), which in 0..PURPOSES.len(), at in any::<prop::sample::Index>(), seed in any::<u64>(),
        ) {
            let (secret, here) = (AccountSecret::from_bytes(&[9; 32]).unwrap(), place(PURPOSES[which]));
            let mut record = seal(&here, &secret, &plain, &mut ChaCha20Rng::seed_from_u64(seed));
            prop_assert_eq!(open(&here, &secret, &record).map(|plain| plain.to_vec()), Ok(plain));
            let bit = at.index(record.len() * 8);
            record[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(open(&here, &secret, &record), Err(WrongKeyOrPlace));
        }
    }
}
