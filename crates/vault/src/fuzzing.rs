//! What a fuzzer gives to the parsers of this crate, and what must hold whatever it gives. Part of the tests, which try
//! the seeds in `fuzz/seeds`, and of `cargo xtask fuzz`, whose builds set `cfg(fuzzing)`; never of the product.

use std::{borrow::Cow, str, sync::LazyLock};

use pgp::types::Tag;
use serde::Deserialize;

use securemailbox_protocol::{address::Address, coding::base64url, time::Timestamp};

use crate::{
    certificates::Certificate,
    identities::Identity,
    keyring::Keyring,
    letters::{self, fuzzing as insides},
    packets::{self, Lengths, Packet},
    recovery,
    signatures::{self, Use},
};

/// A property, which panics where it does not hold.
type Property = fn(&[u8]);

/// The properties by the names of their targets, which are those of their seeds' folders.
pub const TARGETS: &[(&str, Property)] = &[
    ("packets", packets),
    ("signature", signature),
    ("certificate", certificate),
    ("wrapped_key", wrapped_key),
    ("content", content),
    ("envelope", envelope),
    ("keyring", keyring),
    ("recovery_code", recovery_code),
];

/// The moment at which the inputs are read: 2026-11-24T10:42:00Z.
const NOW: Timestamp = Timestamp::from_unix_millis(1_795_516_920_000);
/// OpenPGP's times end in the year 2106.
const LATER: Timestamp = Timestamp::from_unix_millis(4_294_967_295_000);

/// The people of `vectors/letter.json`, whose bytes are seeds.
struct People {
    sender: Certificate,
    reader: Keyring,
}

static PEOPLE: LazyLock<People> = LazyLock::new(|| {
    #[derive(Deserialize)]
    struct Person {
        address: Address,
        #[serde(alias = "certificate")]
        secret_key: String,
    }
    #[derive(Deserialize)]
    struct Letter {
        sender: Person,
        reader: Person,
    }
    let Letter { sender, reader } = serde_json::from_str(include_str!("../vectors/letter.json")).expect("a vector");
    let bytes = |person: &Person| base64url::decode(&person.secret_key).expect("base64url");
    let key = Identity::from_bytes(&bytes(&reader), &reader.address, NOW).expect("the reader's key");
    People {
        sender: Certificate::parse(&bytes(&sender), &sender.address, NOW).expect("the sender's certificate"),
        reader: Keyring::new(key),
    }
});

/// A list of packets, written again, is the same list; and whoever takes packets in parts takes those that are whole.
pub fn packets(bytes: &[u8]) {
    let Ok(generous) = packets::split(bytes, Lengths::Partial) else {
        assert!(packets::split(bytes, Lengths::Fixed).is_err() && packets::only(bytes).is_err());
        return;
    };
    assert!(generous.iter().map(|packet| packet.body.len()).sum::<usize>() <= bytes.len());
    let mut written = Vec::new();
    generous.iter().for_each(|packet| packets::write(packet.tag, &packet.body, &mut written));
    assert!(same(&packets::split(&written, Lengths::Fixed).expect("what was written is split"), &generous));
    match packets::split(bytes, Lengths::Fixed) {
        Ok(strict) => {
            assert!(same(&strict, &generous));
            assert_eq!(packets::only(bytes).is_ok(), strict.len() == 1);
        }
        Err(_) => assert!(packets::only(bytes).is_err()),
    }
}

fn same(one: &[Packet<'_>], other: &[Packet<'_>]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.tag == other.tag && one.body == other.body)
}

/// The first octet says what the signature is for. What is well formed now is so for ever (PROTOCOL §11).
pub fn signature(bytes: &[u8]) {
    let Some((purpose, body)) = bytes.split_first() else { return };
    let purpose = match purpose % 4 {
        0 => Use::Document,
        1 => Use::Key,
        2 => Use::UserId,
        _ => Use::Subkey,
    };
    let packet = Packet { tag: Tag::Signature, body: Cow::Borrowed(body) };
    let signer = PEOPLE.sender.primary();
    if signatures::well_formed(&packet, purpose, signer, NOW).is_ok() {
        assert!(signatures::well_formed(&packet, purpose, signer, LATER).is_ok());
    }
    if let Ok(verified) = signatures::verify(&packet, b"text", signer, NOW) {
        assert_eq!(purpose, Use::Document);
        assert!(packets::is_exactly(&verified.signature, &packet));
    }
}

/// A certificate that is taken is taken as it stands, for its address only, and for ever.
pub fn certificate(bytes: &[u8]) {
    let address = PEOPLE.sender.address();
    if let Ok(certificate) = Certificate::parse(bytes, address, NOW) {
        assert!(certificate.bytes() == bytes && certificate.address() == address);
        assert!(certificate.to_armor().starts_with("-----BEGIN"));
        assert!(Certificate::parse(bytes, PEOPLE.reader.present().certificate().address(), NOW).is_err());
        let later = Certificate::parse(bytes, address, LATER).expect("nothing expires");
        assert_eq!(later.fingerprint(), certificate.fingerprint());
    }
}

/// A wrapped key that opens is one packet, and opens the same way again.
pub fn wrapped_key(bytes: &[u8]) {
    if let Ok(key) = letters::unwrap(bytes, &PEOPLE.reader) {
        assert!(packets::only(bytes).is_ok());
        assert!(letters::unwrap(bytes, &PEOPLE.reader).is_ok_and(|again| again.as_bytes() == key.as_bytes()));
    }
}

/// What an encrypted packet held: taken apart, and its document read as the content of a letter.
pub fn content(bytes: &[u8]) {
    insides::layers(bytes, insides::content);
    insides::content(bytes);
}

/// The same for an envelope.
pub fn envelope(bytes: &[u8]) {
    insides::layers(bytes, insides::envelope);
    insides::envelope(bytes);
    insides::manifest(bytes);
}

/// A keyring that is taken is written as it was read. The bytes are a record, or an identity within one.
pub fn keyring(bytes: &[u8]) {
    let address = PEOPLE.reader.present().certificate().address();
    let wrapped = format!("{{\"present\":\"{}\",\"former\":[]}}", base64url::encode(bytes));
    for record in [bytes, wrapped.as_bytes()] {
        if let Ok(keyring) = Keyring::from_bytes(record, address, NOW) {
            let written = keyring.to_bytes();
            let again = Keyring::from_bytes(&written, address, LATER).expect("what was written is taken");
            assert!(again.to_bytes() == written);
        }
    }
}

/// A code that is taken is written in its one form, which is the same code.
pub fn recovery_code(bytes: &[u8]) {
    let Ok(typed) = str::from_utf8(bytes) else { return };
    if let Ok(code) = recovery::RecoveryCode::parse(typed) {
        let again = recovery::RecoveryCode::parse(&code.to_string()).expect("the one form");
        assert!(again.to_string() == code.to_string() && *again.proof() == *code.proof());
    }
}

#[cfg(test)]
#[path = "../../../fuzz/seeds.rs"]
mod seeds;

#[cfg(test)]
#[test]
fn every_seed_of_the_fuzzer_holds() {
    seeds::all_hold(TARGETS);
}
