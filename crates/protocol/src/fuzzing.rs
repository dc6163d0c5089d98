//! What a fuzzer gives to the parsers of this crate, and what must hold whatever it gives. Part of the tests, which try
//! the seeds in `fuzz/seeds`, and of `cargo xtask fuzz`, whose builds set `cfg(fuzzing)`; never of the product.

use std::str;

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    accounts, address, attachments, directory, factors, invitations, letters, limits, octets, phone, problems,
    public_pages, records, sessions, sign_in, slots, sync, time,
};

/// A property, which panics where it does not hold.
type Property = fn(&[u8]);

/// The properties by the names of their targets, which are those of their seeds' folders.
pub const TARGETS: &[(&str, Property)] = &[("address", address), ("phone", phone), ("json", json), ("blobs", blobs)];

/// The one form of an address is its own one form, and fits.
pub fn address(bytes: &[u8]) {
    let Ok(typed) = str::from_utf8(bytes) else { return };
    if let Ok(address) = address::Address::parse(typed) {
        assert!(address.as_str().len() <= limits::ADDRESS);
        assert_eq!(address::Address::parse(address.as_str()).as_ref(), Ok(&address));
    }
}

/// The one form of a number is its own one form, at home too.
pub fn phone(bytes: &[u8]) {
    let Ok(typed) = str::from_utf8(bytes) else { return };
    for number in [phone::PhoneNumber::parse(typed), phone::PhoneNumber::parse_at_home(typed)].into_iter().flatten() {
        assert!(number.as_str().len() <= 16 && number.last_digits().len() == 2);
        assert_eq!(phone::PhoneNumber::parse(number.as_str()).as_ref(), Ok(&number));
        assert_eq!(phone::PhoneNumber::parse_at_home(number.as_str()), Ok(number));
    }
}

/// Everything that travels as JSON: what is taken is written, and what was written is taken for the same.
pub fn json(bytes: &[u8]) {
    let asked: [Property; 23] = [
        survives::<accounts::NewRegistration>,
        survives::<factors::ChooseFactor>,
        survives::<factors::EnterProof>,
        survives::<accounts::EnteredPhone>,
        survives::<accounts::PasswordRequest>,
        survives::<accounts::CompleteRegistration>,
        survives::<accounts::AccountUpdate>,
        survives::<directory::LookUp>,
        survives::<letters::NewLetters>,
        survives::<letters::EntryUpdate>,
        survives::<letters::ReadReceipt>,
        survives::<sign_in::NewSignIn>,
        survives::<sign_in::FinishSignIn>,
        survives::<factors::EnterSignInProof>,
        survives::<sign_in::NewRecovery>,
        survives::<sign_in::CompleteRecovery>,
        survives::<slots::NewDeviceSlot>,
        survives::<public_pages::PublicPage>,
        survives::<public_pages::NewPageLetter>,
        survives::<invitations::EnterLink>,
        survives::<octets::Octets>,
        survives::<time::Timestamp>,
        survives::<phone::PhoneNumber>,
    ];
    let answered: [Property; 15] = [
        survives::<attachments::NewBlob>,
        survives::<accounts::Account>,
        survives::<directory::Listing>,
        survives::<letters::Posted>,
        survives::<letters::EntryPage>,
        survives::<letters::Deliveries>,
        survives::<problems::ProblemDetails>,
        survives::<records::Record>,
        survives::<factors::Offers>,
        survives::<sync::LetterIds>,
        survives::<sync::DraftIds>,
        survives::<sessions::NewSession>,
        survives::<sessions::Sessions>,
        survives::<sync::Changes>,
        survives::<public_pages::ShownPage>,
    ];
    asked.into_iter().chain(answered).for_each(|holds| holds(bytes));
}

/// The header of a draft that says which blobs it refers to: those that are taken are so many, each once, and written in one form.
pub fn blobs(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Ok(blobs) = attachments::from_a_header(text) {
        assert!(blobs.len() <= limits::BLOBS);
        assert!(blobs.iter().enumerate().all(|(at, blob)| !blobs[..at].contains(blob)));
        assert_eq!(attachments::from_a_header(&attachments::in_a_header(&blobs)), Ok(blobs));
    }
}

fn survives<T: Serialize + DeserializeOwned>(bytes: &[u8]) {
    let Ok(value) = serde_json::from_slice::<T>(bytes) else { return };
    let text = serde_json::to_vec(&value).expect("what was taken is written");
    let again: T = serde_json::from_slice(&text).expect("what was written is taken");
    assert!(serde_json::to_vec(&again).expect("and is written again") == text, "the same");
}

#[cfg(test)]
#[path = "../../../fuzz/seeds.rs"]
mod seeds;

#[cfg(test)]
#[test]
fn every_seed_of_the_fuzzer_holds() {
    seeds::all_hold(TARGETS);
}
