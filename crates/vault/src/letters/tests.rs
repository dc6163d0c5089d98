//! Letters as their readers get them: whole, altered, moved, and made by people who mean no good.

use proptest::prelude::*;

use pgp::types::Tag;
use securemailbox_protocol::{
    ids::{ContentHash, LetterId, ThreadId},
    limits,
    time::Timestamp,
};
use sha2::{Digest, Sha256};

use super::{layers, *};
use crate::{
    fixtures::{ANNA, BJÖRN, MALLORY, NOW, address, certificate, flip, letter, rng},
    identities::Identity,
    keyring::Keyring,
    packets::{self, LockedRefused},
    signatures::SignatureRefused,
};

fn sealed() -> SealedLetter {
    seal(&letter(), ANNA.present(), &mut rng(9)).unwrap()
}

/// What Björn's client expects of an entry with Anna's letter.
fn expected() -> Expected<'static> {
    Expected { id: letter().id, thread: letter().thread, sender: certificate(&ANNA), reader: &BJÖRN, now: NOW }
}

fn wrapped_for<'a>(sealed: &'a SealedLetter, reader: &Keyring) -> &'a [u8] {
    let wanted = certificate(reader).hash();
    &sealed.wrapped.iter().find(|wrapped| wrapped.certificate == wanted).unwrap().bytes
}

fn key_of(sealed: &SealedLetter) -> SessionKey {
    unwrap(wrapped_for(sealed, &BJÖRN), &BJÖRN).unwrap()
}

fn opened_envelope(sealed: &SealedLetter, expected: &Expected<'_>) -> Result<Envelope, Refused> {
    open_envelope(&sealed.envelope, &key_of(sealed))?.verify(expected)
}

fn opened(sealed: &SealedLetter, expected: &Expected<'_>) -> Result<Letter, Refused> {
    let envelope = opened_envelope(sealed, expected)?;
    open_content(&sealed.content, &key_of(sealed))?.verify(expected, &envelope)
}

#[test]
fn a_letter_arrives_as_it_was_written() {
    let (sealed, written) = (sealed(), letter());
    let envelope = opened_envelope(&sealed, &expected()).unwrap();
    assert_eq!(envelope.from(), certificate(&ANNA).address());
    assert_eq!(envelope.claimed_name(), Some("Anna Åström"));
    assert_eq!((envelope.subject(), envelope.first_line()), (&*written.subject, "Hej Björn!"));
    assert_eq!((envelope.to(), envelope.more_readers()), (&[address("björn@example.se")][..], 0));
    assert_eq!((envelope.date(), envelope.attachments(), envelope.attachments_size()), (NOW, 0, 0));

    let read = opened(&sealed, &expected()).unwrap();
    assert_eq!((read.from(), read.claimed_name()), (certificate(&ANNA).address(), Some("Anna Åström")));
    assert_eq!((read.to(), read.cc()), (&[address("björn@example.se")][..], &[][..]));
    assert_eq!((read.subject(), read.text(), read.date()), (&*written.subject, &*written.text, NOW));
    assert_eq!((read.id(), read.thread()), (written.id, written.thread));
    assert_eq!(read.readers(), [(address("björn@example.se"), certificate(&BJÖRN).fingerprint())]);
    assert_eq!((read.blind_reader(), read.unopened_parts()), (None, 0));
    assert_eq!(read.content_hash(), sealed.content_hash);
}

#[test]
fn a_sender_opens_their_own_letter_with_the_key_from_the_keyring() {
    let sealed = sealed();
    let key = unwrap(wrapped_for(&sealed, &ANNA), &ANNA).unwrap();
    let expected = Expected { reader: &ANNA, ..expected() };
    let envelope = open_envelope(&sealed.envelope, &key).unwrap().verify(&expected).unwrap();
    assert_eq!(
        open_content(&sealed.content, &key).unwrap().verify(&expected, &envelope).unwrap().text(),
        letter().text
    );
}

#[test]
fn a_reply_names_the_letters_before_it() {
    let before = [LetterId::from_bytes([1; 16]), LetterId::from_bytes([2; 16])];
    let reply = Outgoing { in_reply_to: Some(before[1]), references: before.to_vec(), ..letter() };
    let read = opened(&seal(&reply, ANNA.present(), &mut rng(9)).unwrap(), &expected()).unwrap();
    assert_eq!((read.in_reply_to(), read.references()), (Some(before[1]), &before[..]));
}

#[test]
fn a_letter_shows_its_length_only_roughly() {
    let of_length = |length| {
        let letter = Outgoing { text: "a".repeat(length), ..letter() };
        seal(&letter, ANNA.present(), &mut rng(9)).unwrap().content.len()
    };
    assert_eq!(of_length(20_000), of_length(20_200));
    assert_ne!(of_length(20_000), of_length(40_000));
}

#[test]
fn a_letter_that_cannot_be_sealed_is_refused_by_name() {
    let refused = |letter: &Outgoing| seal(letter, ANNA.present(), &mut rng(9)).err();
    assert_eq!(refused(&Outgoing { to: Vec::new(), ..letter() }), Some(SealRefused::NoReader));
    let many = vec![certificate(&BJÖRN).clone(); limits::READERS];
    assert_eq!(refused(&Outgoing { cc: many, ..letter() }), Some(SealRefused::TooManyReaders));
    let long = "å".repeat(limits::SUBJECT / 2 + 1);
    assert_eq!(refused(&Outgoing { subject: long, ..letter() }), Some(SealRefused::SubjectTooLong));
    let two_lines = "Hej\r\nBcc: mallory@example.se".to_owned();
    assert_eq!(refused(&Outgoing { subject: two_lines.clone(), ..letter() }), Some(SealRefused::NotOneLine));
    assert_eq!(refused(&Outgoing { name: Some(two_lines), ..letter() }), Some(SealRefused::NotOneLine));
    let text = "a".repeat(limits::CONTENT);
    assert_eq!(refused(&Outgoing { text, ..letter() }), Some(SealRefused::TooLong));
}

#[test]
fn an_envelope_of_a_hundred_readers_and_the_longest_subject_fits() {
    let to = vec![certificate(&BJÖRN).clone(); limits::READERS - 1];
    let letter = Outgoing { to, subject: "å".repeat(limits::SUBJECT / 2), ..letter() };
    let sealed = seal(&letter, ANNA.present(), &mut rng(9)).unwrap();
    assert_eq!(sealed.wrapped.len(), 2, "one wrapped key for one certificate");
    let envelope = opened_envelope(&sealed, &expected()).unwrap();
    assert_eq!(envelope.to().len() + envelope.more_readers() as usize, limits::READERS - 1);
    assert_eq!(opened(&sealed, &expected()).unwrap().to().len(), limits::READERS - 1);
}

#[test]
fn a_blind_copy_is_a_letter_of_its_own_that_only_its_reader_and_the_sender_can_tell() {
    let id = LetterId::from_bytes([9; 16]);
    let copy = seal_blind_copy(&letter(), id, certificate(&MALLORY), ANNA.present(), &mut rng(10)).unwrap();
    assert!(copy.wrapped.iter().all(|wrapped| wrapped.certificate != certificate(&BJÖRN).hash()));
    for reader in [&*MALLORY, &*ANNA] {
        let expected = Expected { id, reader, ..expected() };
        let key = unwrap(wrapped_for(&copy, reader), reader).unwrap();
        let envelope = open_envelope(&copy.envelope, &key).unwrap().verify(&expected).unwrap();
        let read = open_content(&copy.content, &key).unwrap().verify(&expected, &envelope).unwrap();
        assert_eq!((read.id(), read.to()), (id, &[address("björn@example.se")][..]));
        assert_eq!(read.blind_reader(), Some(certificate(&MALLORY).fingerprint()));
    }
    assert_eq!(opened(&sealed(), &expected()).unwrap().blind_reader(), None);
}

// What a server can do: move, swap, replay (ATTACKS 3, 4, 9, 14).

#[test]
fn a_letter_in_another_entry_or_thread_is_refused() {
    let sealed = sealed();
    let entry = Expected { id: LetterId::from_bytes([1; 16]), ..expected() };
    assert_eq!(opened(&sealed, &entry).err(), Some(Refused::OtherId));
    let thread = Expected { thread: ThreadId::from_bytes([1; 16]), ..expected() };
    assert_eq!(opened(&sealed, &thread).err(), Some(Refused::OtherThread));
}

#[test]
fn the_content_of_one_letter_under_the_envelope_of_another_is_refused() {
    let (one, other) = (sealed(), seal(&letter(), ANNA.present(), &mut rng(10)).unwrap());
    let envelope = opened_envelope(&one, &expected()).unwrap();
    let content = open_content(&other.content, &key_of(&other)).unwrap();
    assert_eq!(content.verify(&expected(), &envelope).err(), Some(Refused::OtherContent));
}

#[test]
fn an_envelope_served_as_content_does_not_open_nor_the_reverse() {
    let (sealed, not_authentic) = (sealed(), Some(Refused::Locked(LockedRefused::NotAuthentic)));
    assert_eq!(open_content(&sealed.envelope, &key_of(&sealed)).err(), not_authentic);
    let small = sealed.content[..].to_vec();
    assert!(small.len() <= limits::ENVELOPE);
    assert_eq!(open_envelope(&small, &key_of(&sealed)).err(), not_authentic);
}

#[test]
fn a_letter_that_its_entrys_sender_did_not_sign_is_refused() {
    let as_mallory = Expected { sender: certificate(&MALLORY), ..expected() };
    let other = Some(Refused::Signature(SignatureRefused::OtherIssuer));
    assert_eq!(opened_envelope(&sealed(), &as_mallory).err(), other);
    let sealed = sealed();
    let envelope = opened_envelope(&sealed, &expected()).unwrap();
    let content = open_content(&sealed.content, &key_of(&sealed)).unwrap();
    assert_eq!(content.verify(&as_mallory, &envelope).err(), other);
}

#[test]
fn a_letter_signed_for_others_is_refused() {
    // Björn passes Anna's letter on to Mallory as if Anna had written to her.
    let sealed = sealed();
    let to_mallory = Expected { reader: &MALLORY, ..expected() };
    assert_eq!(opened_envelope(&sealed, &to_mallory).err(), Some(Refused::NotToThisReader));
}

#[test]
fn a_key_wrapped_for_another_reader_is_refused() {
    assert_eq!(unwrap(wrapped_for(&sealed(), &BJÖRN), &MALLORY).err(), Some(Refused::WrappedForAnother));
}

#[test]
fn a_wrapped_key_of_another_kind_is_refused() {
    let sealed = sealed();
    let wrapped = wrapped_for(&sealed, &BJÖRN);
    let changed = |at: usize, to: u8| {
        let mut bytes = wrapped.to_vec();
        bytes[packets::HEADER + at] = to;
        unwrap(&bytes, &BJÖRN).err()
    };
    assert_eq!(changed(0, 3), Some(Refused::WrappedKeyVersion));
    assert_eq!(changed(35, 25), Some(Refused::WrappedKeyAlgorithm));
    assert_eq!(changed(100, wrapped[packets::HEADER + 100] ^ 1), Some(Refused::WrappedKeyDamaged));
    assert_eq!(unwrap(&[wrapped, &[0]].concat(), &BJÖRN).err(), Some(Refused::NotAWrappedKey));
    assert_eq!(unwrap(&[wrapped, wrapped].concat(), &BJÖRN).err(), Some(Refused::TooLarge));
    assert_eq!(unwrap(&sealed.envelope[..100], &BJÖRN).err(), Some(Refused::NotAWrappedKey));
}

#[test]
fn a_packet_of_another_kind_is_refused() {
    let (sealed, key) = (sealed(), key_of(&sealed()));
    let changed = |at: usize, to: u8| {
        let mut bytes = sealed.content.clone();
        bytes[at] = to;
        open_content(&bytes, &key).err()
    };
    assert_eq!(changed(0, 0b1100_0000 | 9), Some(Refused::Locked(LockedRefused::NotOnePacket)));
    assert_eq!(changed(6, 1), Some(Refused::Locked(LockedRefused::Version)));
    assert_eq!(changed(7, 7), Some(Refused::Locked(LockedRefused::Cipher)));
    assert_eq!(changed(8, 3), Some(Refused::Locked(LockedRefused::Mode)));
    assert_eq!(changed(9, 6), Some(Refused::Locked(LockedRefused::NotAuthentic)), "another chunk size");
}

#[test]
fn bytes_after_a_packet_are_refused() {
    let sealed = sealed();
    let longer = [&sealed.content[..], &[0]].concat();
    let refused = open_content(&longer, &key_of(&sealed)).err();
    assert_eq!(refused, Some(Refused::Locked(LockedRefused::NotOnePacket)));
}

#[test]
fn a_missing_last_chunk_is_refused() {
    // 200 kB are four chunks. Cut at a chunk's end, with the length mended, so that only the last tag can tell.
    let letter = Outgoing { text: "a".repeat(200_000), ..letter() };
    let sealed = seal(&letter, ANNA.present(), &mut rng(9)).unwrap();
    let body = &sealed.content[packets::HEADER..];
    for chunks in 0..4 {
        let mut cut = Vec::new();
        packets::write(Tag::SymEncryptedProtectedData, &body[..36 + chunks * (65_536 + 16)], &mut cut);
        let refused = open_content(&cut, &key_of(&sealed)).err();
        assert_eq!(refused, Some(Refused::Locked(LockedRefused::NotAuthentic)));
    }
}

#[test]
fn what_is_too_large_is_refused_unread() {
    let key = key_of(&sealed());
    assert_eq!(open_content(&vec![0; limits::CONTENT + 1], &key).err(), Some(Refused::TooLarge));
    assert_eq!(open_envelope(&vec![0; limits::ENVELOPE + 1], &key).err(), Some(Refused::TooLarge));
}

// What a sender can do, with or without the server (ATTACKS 1, 2, 10, 18).

fn locked(plain: &[u8]) -> Option<Refused> {
    let key = SessionKey::from_bytes([5; 32]);
    open_content(&packets::lock(plain, key.as_bytes(), &mut rng(1)), &key).err()
}

fn composed(document: &[u8], sender: &Identity) -> zeroize::Zeroizing<Vec<u8>> {
    let readers = [certificate(&BJÖRN).fingerprint(), sender.certificate().fingerprint()];
    layers::compose(document, &readers, NOW, sender, &mut rng(1))
}

fn packet(tag: Tag, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    packets::write(tag, body, &mut out);
    out
}

#[test]
fn what_is_unsigned_compressed_nested_or_trailing_is_refused() {
    let literal = packet(Tag::LiteralData, b"b\0\0\0\0\0text");
    assert_eq!(locked(&literal), Some(Refused::Signature(SignatureRefused::Missing)));
    assert_eq!(locked(&packet(Tag::CompressedData, &[0])), Some(Refused::Compressed));
    let inner = packets::lock(&composed(b"text", ANNA.present()), &[6; 32], &mut rng(1));
    assert_eq!(locked(&inner), Some(Refused::SecondLayer));
    assert_eq!(locked(&packet(Tag::PublicKeyEncryptedSessionKey, &[6])), Some(Refused::SecondLayer));
    let good = composed(b"text", ANNA.present());
    assert_eq!(locked(&good), None);
    assert_eq!(locked(&[&good[..], &[0]].concat()), Some(Refused::NotAMessage));
    assert_eq!(locked(&[&good[..], &literal].concat()), Some(Refused::NotAMessage));
    assert_eq!(locked(&[&good[..], &packet(Tag::Padding, &[0])].concat()), Some(Refused::NotAMessage));
    assert_eq!(locked(b""), Some(Refused::NotAMessage));
}

#[test]
fn a_file_name_or_date_that_no_signature_covers_is_refused() {
    let plain = composed(b"text", ANNA.present());
    let at = plain.windows(10).position(|window| window == b"b\0\0\0\0\0text").unwrap();
    for changed in [at, at + 2, at + 5] {
        let mut plain = plain.to_vec();
        plain[changed] ^= 1;
        assert_eq!(locked(&plain), Some(Refused::NotAMessage));
    }
}

#[test]
fn an_announcement_that_does_not_fit_its_signature_is_refused() {
    let mut plain = composed(b"text", ANNA.present()).to_vec();
    plain[packets::HEADER + 10] ^= 1;
    let key = SessionKey::from_bytes([5; 32]);
    let content = packets::lock(&plain, key.as_bytes(), &mut rng(1));
    let envelope = opened_envelope(&sealed(), &expected()).unwrap();
    let refused = open_content(&content, &key).unwrap().verify(&expected(), &envelope).err();
    assert_eq!(refused, Some(Refused::Signature(SignatureRefused::NotASignature)));
}

/// A letter whose content and envelope `sender` signed as they stand, however false.
fn told(content: &str, change: impl FnOnce(&mut envelope::Text), sender: &Identity) -> SealedLetter {
    let mut sealed = sealed();
    let key = key_of(&sealed);
    sealed.content = packets::lock(&composed(content.as_bytes(), sender), key.as_bytes(), &mut rng(2));
    sealed.content_hash = ContentHash::from_bytes(Sha256::digest(&sealed.content).into());
    let mut text = opened_envelope(&self::sealed(), &expected()).unwrap().text;
    text.content = sealed.content_hash;
    change(&mut text);
    let text = serde_json::to_vec(&text).unwrap();
    sealed.envelope = packets::lock(&composed(&text, sender), &key.of_envelope(), &mut rng(3));
    sealed
}

/// The MIME message of a good letter, to be changed.
fn mime() -> String {
    String::from_utf8(contents::write(&letter(), letter().id, certificate(&ANNA).address(), &mut rng(4)).to_vec())
        .unwrap()
}

fn refused(content: &str) -> Option<Refused> {
    opened(&told(content, |_| (), ANNA.present()), &expected()).err()
}

#[test]
fn a_content_with_another_from_is_refused() {
    assert_eq!(refused(&mime()), None);
    let other = mime().replace("<anna@example.se>", "<bo@example.se>");
    assert_eq!(refused(&other), Some(Refused::FromIsNotTheSigner));
    let two = mime().replace("<anna@example.se>", "<anna@example.se>, <bo@example.se>");
    assert_eq!(refused(&two), Some(Refused::FromIsNotTheSigner));
}

#[test]
fn a_list_shows_the_signers_address_whatever_the_envelope_claims() {
    let claim = |text: &mut envelope::Text| text.name = Some("Doktor Björn".to_owned());
    let sealed = told(&mime(), claim, ANNA.present());
    let envelope = opened_envelope(&sealed, &expected()).unwrap();
    assert_eq!((envelope.from(), envelope.claimed_name()), (certificate(&ANNA).address(), Some("Doktor Björn")));
}

#[test]
fn an_envelope_rewritten_by_a_reader_is_refused() {
    let sealed = told(&mime(), |text| text.subject = "Annat".to_owned(), BJÖRN.present());
    let refused = opened_envelope(&sealed, &expected()).err();
    assert_eq!(refused, Some(Refused::Signature(SignatureRefused::OtherIssuer)));
}

#[test]
fn a_content_signed_as_an_envelope_and_the_reverse_are_refused() {
    let sealed = sealed();
    let text = opened_envelope(&sealed, &expected()).unwrap().text;
    assert_eq!(refused(&serde_json::to_string(&text).unwrap()), Some(Refused::NotAContent));
    let key = key_of(&sealed);
    let envelope = packets::lock(&composed(mime().as_bytes(), ANNA.present()), &key.of_envelope(), &mut rng(3));
    let refused = open_envelope(&envelope, &key).unwrap().verify(&expected()).err();
    assert_eq!(refused, Some(Refused::NotAnEnvelope));
}

#[test]
fn a_content_with_another_id_thread_or_other_readers_is_refused() {
    let id = letter().id.to_string();
    assert_eq!(refused(&mime().replace(&id, &LetterId::from_bytes([1; 16]).to_string())), Some(Refused::OtherId));
    let thread = letter().thread.to_string();
    let other = mime().replace(&thread, &ThreadId::from_bytes([1; 16]).to_string());
    assert_eq!(refused(&other), Some(Refused::OtherThread));
    let reader = certificate(&BJÖRN).fingerprint().to_string();
    let other = mime().replace(&reader, &certificate(&MALLORY).fingerprint().to_string());
    assert_eq!(refused(&other), Some(Refused::OtherReaders), "a reader the signature does not name");
    let more = mime().replace("<björn@example.se>", "<björn@example.se>, <bo@example.se>");
    assert_eq!(refused(&more), Some(Refused::OtherReaders), "a reader without a key");
}

#[test]
fn an_envelope_signed_for_others_than_the_content_is_refused() {
    let mut sealed = sealed();
    let text = serde_json::to_vec(&opened_envelope(&sealed, &expected()).unwrap().text).unwrap();
    let readers = [BJÖRN.present(), MALLORY.present()].map(|reader| reader.certificate().fingerprint());
    let plain = layers::compose(&text, &readers, NOW, ANNA.present(), &mut rng(1));
    sealed.envelope = packets::lock(&plain, &key_of(&sealed).of_envelope(), &mut rng(3));
    assert_eq!(opened(&sealed, &expected()).err(), Some(Refused::OtherReaders));
}

#[test]
fn a_content_that_says_something_twice_is_refused() {
    for header in
        ["From: <anna@example.se>", "Subject: Annat", "Message-ID: <a@b>", "Date: Tue, 24 Nov 2026 10:42:00 +0000"]
    {
        assert_eq!(refused(&format!("{header}\r\n{}", mime())), Some(Refused::NotAContent), "{header}");
    }
}

#[test]
fn a_content_that_is_not_ours_is_refused() {
    for (ours, other) in [
        ("hp=\"cipher\"", "hp=\"clear\""),
        ("multipart/mixed", "multipart/alternative"),
        ("text/plain", "text/html"),
        (manifest::CONTENT_TYPE, "application/json"),
        ("\"attachments\":[]", "\"attachments\":[{}]"),
        ("\"attachments\"", "\"attachment\""),
        ("Date: ", "X-Date: "),
        ("Message-ID: ", "X-Message-ID: "),
    ] {
        let changed = mime().replace(ours, other);
        assert_ne!(changed, mime(), "{ours} stands in a content");
        assert_eq!(refused(&changed), Some(Refused::NotAContent), "{other}");
    }
}

#[test]
fn an_encrypted_part_inside_a_content_is_counted_and_never_opened() {
    let secret = sealed();
    let armored = crate::certificates::armored(
        &[wrapped_for(&secret, &BJÖRN), &secret.content].concat(),
        pgp::armor::BlockType::Message,
    );
    let written = mime();
    let boundary = written.split("boundary=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let part = format!("--{boundary}\r\nContent-Type: application/pgp-encrypted\r\n\r\n{armored}\r\n");
    let last = format!("--{boundary}\r\nContent-Type: {}", manifest::CONTENT_TYPE);
    let quoting = written.replace(&last, &format!("{part}{last}"));
    assert_ne!(quoting, written);
    let read = opened(&told(&quoting, |_| (), ANNA.present()), &expected()).unwrap();
    assert_eq!((read.unopened_parts(), read.text()), (1, &*letter().text));
}

#[test]
fn a_reply_to_is_ignored() {
    let with = format!("Reply-To: <mallory@example.se>\r\n{}", mime());
    let read = opened(&told(&with, |_| (), ANNA.present()), &expected()).unwrap();
    assert_eq!(read.from(), certificate(&ANNA).address());
}

#[test]
fn an_odd_date_is_marked_and_not_refused() {
    let arrived = Timestamp::from_unix_millis(NOW.unix_millis() + 31 * 86_400_000);
    let expected = Expected { now: arrived, ..expected() };
    let read = opened(&sealed(), &expected).unwrap();
    assert!(read.date_is_off(arrived) && !read.date_is_off(NOW));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_letter_comes_back_as_it_went(subject in "\\PC{0,80}", text in "(\\PC|\n|\t){0,400}", name in prop::option::of("\\PC{1,40}")) {
        let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        let written = Outgoing { subject: subject.trim().to_owned(), text, name, ..letter() };
        let sealed = seal(&written, ANNA.present(), &mut rng(9)).unwrap();
        let read = opened(&sealed, &expected()).unwrap();
        prop_assert_eq!(read.subject(), written.subject);
        prop_assert_eq!(read.text(), written.text);
        prop_assert_eq!(read.claimed_name(), written.name.as_deref());
    }

    #[test]
    fn any_flipped_bit_of_a_wrapped_key_envelope_or_content_is_refused(which in 0..3, at in any::<prop::sample::Index>()) {
        let mut sealed = sealed();
        let at = |bytes: &[u8]| at.index(bytes.len() * 8);
        let key = key_of(&sealed);
        match which {
            0 => {
                let mut wrapped = wrapped_for(&sealed, &BJÖRN).to_vec();
                let bit = at(&wrapped);
                flip(&mut wrapped, bit);
                prop_assert!(unwrap(&wrapped, &BJÖRN).is_err());
            }
            1 => {
                let bit = at(&sealed.envelope);
                flip(&mut sealed.envelope, bit);
                prop_assert!(open_envelope(&sealed.envelope, &key).is_err());
            }
            _ => {
                let bit = at(&sealed.content);
                flip(&mut sealed.content, bit);
                prop_assert!(open_content(&sealed.content, &key).is_err());
            }
        }
    }

    #[test]
    fn any_bytes_at_all_open_as_nothing(bytes in any::<Vec<u8>>()) {
        let key = SessionKey::from_bytes([5; 32]);
        prop_assert!(open_content(&bytes, &key).is_err() && open_envelope(&bytes, &key).is_err());
        prop_assert!(unwrap(&bytes, &BJÖRN).is_err());
        prop_assert!(locked(&bytes).is_some());
    }
}
