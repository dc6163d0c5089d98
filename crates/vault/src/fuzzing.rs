//! What a fuzzer gives to the parsers of this crate, and what must hold whatever it gives. Part of the tests, which try
//! the seeds in `fuzz/seeds`, and of `cargo xtask fuzz`, whose builds set `cfg(fuzzing)`; never of the product.

use std::{borrow::Cow, str, sync::LazyLock};

use pgp::types::Tag;
use serde::Deserialize;

use securemailbox_protocol::{address::Address, coding::base64url, limits, time::Timestamp};

use crate::{
    attachments::{self, Attachment, HEAD, Layout, PartCipher, PartKey, PartRefused, parts_of},
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
    ("attachments", attachments),
    ("part", part),
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

/// The rows of a manifest: those that a letter may have name one line, each blob once, and parts that make up their files; and what lies
/// where in such a part has no gap and no overlap.
pub fn attachments(bytes: &[u8]) {
    let Ok(rows) = serde_json::from_slice::<Vec<Attachment>>(bytes) else { return };
    let written = serde_json::to_vec(&rows).expect("rows are JSON");
    assert_eq!(serde_json::from_slice::<Vec<Attachment>>(&written).expect("what was written is taken"), rows);
    if attachments::check(&rows).is_err() {
        return;
    }
    let blobs: Vec<_> = attachments::blobs(&rows).collect();
    assert!(rows.len() <= limits::ATTACHMENTS && blobs.len() <= limits::BLOBS);
    assert!(blobs.iter().enumerate().all(|(at, blob)| !blobs[..at].contains(blob)));
    for row in &rows {
        assert!(!format!("{}{}", row.name, row.media_type).contains(char::is_control));
        assert!(row.parts.iter().map(|part| part.length).eq(parts_of(row.size)));
        let layouts: Vec<_> = row.layouts().collect();
        assert_eq!(layouts.len(), row.parts.len());
        assert_eq!(layouts.iter().map(|(_, layout)| layout.data()).sum::<u64>(), row.size);
        for (_, layout) in layouts {
            assert!(layout.blob() <= limits::BLOB && layout.text() > layout.data());
            for number in [0, layout.chunks() / 2, layout.chunks() - 1] {
                let chunk = layout.chunk(number).expect("it is below their number");
                // The beginning of the first one is that of the blob, with what stands before it.
                let begins = if number == 0 { 0 } else { chunk.sealed.start };
                assert_eq!(layout.boundary(begins), Some((number, begins)));
                let next = layout.chunk(number + 1).map_or(layout.blob() - attachments::TAG, |next| next.sealed.start);
                assert_eq!(chunk.sealed.end, next);
            }
        }
    }
}

/// A part of a file, as a server gives it to somebody with its key: a beginning that is taken is the one there is, a chunk opens only as it
/// was sealed, and what it may hold is the file and nothing beside it. The first two octets say how long the file is, the third whether
/// this is its last part.
pub fn part(bytes: &[u8]) {
    let [a, b, is_last, bytes @ ..] = bytes else { return };
    let layout = Layout::of(u64::from(u16::from_be_bytes([*a, *b])), is_last % 2 == 1).expect("a short part");
    assert_eq!(layout.chunks(), 1, "64 KiB are one chunk");
    let (head, text) = bytes.split_at(bytes.len().min(usize::try_from(HEAD).expect("short")));
    let salt = PartCipher::read_head(&layout, head);
    if let Ok(salt) = salt {
        assert_eq!(PartCipher::head(&layout, &salt), head);
    }
    let cipher = PartCipher::new(layout, &PartKey::from_bytes([7; 32]), &salt.unwrap_or([9; 32]));
    match cipher.read_text(0, text) {
        Ok(file) => {
            let data = &text[file.clone()];
            let (mut again, mut sealed) = (Vec::new(), Vec::new());
            cipher.write_text(0, data, &mut again);
            assert_eq!(again, text, "what is around the file has one form");
            cipher.seal(0, data, &mut sealed);
            assert_eq!(sealed.len() as u64 + HEAD + attachments::TAG, layout.blob());
            assert_eq!(cipher.open(0, &mut sealed.clone()), Ok(file));
            let at = bytes.len() % sealed.len();
            sealed[at] ^= 1;
            assert_eq!(cipher.open(0, &mut sealed), Err(PartRefused::Chunk));
        }
        Err(refused) => assert_eq!(refused, PartRefused::Text),
    }
    assert!(cipher.open(0, &mut text.to_vec()).is_err(), "nobody guesses a tag");
    assert_eq!(cipher.check_last_tag(text).is_ok(), text == cipher.last_tag());
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
