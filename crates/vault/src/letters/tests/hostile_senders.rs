//! What a sender can do, with or without the server: sign what is false, or what no client of ours would write
//! (ATTACKS 1, 2, 10, 18, 39).

use pgp::{
    packet::{SignatureType, Subpacket, SubpacketData},
    ser::Serialize,
    types::{Password, Tag},
};
use securemailbox_protocol::{
    ids::{ContentHash, LetterId, ThreadId},
    limits,
    time::Timestamp,
};
use sha2::{Digest, Sha256};

use super::{expected, key_of, opened, opened_envelope, sealed, wrapped_for};
use crate::{
    fixtures::{ANNA, BJÖRN, MALLORY, NOW, certificate, letter, rng},
    identities::Identity,
    letters::{
        Expected, Refused, SealedLetter, SessionKey, contents, envelope, layers, manifest, open_content, open_envelope,
    },
    packets,
    signatures::{self, SignatureRefused},
};

pub(super) fn locked(plain: &[u8]) -> Option<Refused> {
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
    let mut sealed = super::sealed();
    let key = key_of(&sealed);
    sealed.content = packets::lock(&composed(content.as_bytes(), sender), key.as_bytes(), &mut rng(2));
    sealed.content_hash = ContentHash::from_bytes(Sha256::digest(&sealed.content).into());
    let mut text = opened_envelope(&super::sealed(), &expected()).unwrap().text;
    text.content = sealed.content_hash;
    change(&mut text);
    let text = serde_json::to_vec(&text).unwrap();
    sealed.envelope = packets::lock(&composed(&text, sender), &key.of_envelope(), &mut rng(3));
    sealed
}

/// The MIME message of a good letter, to be changed.
fn mime() -> String {
    let mime = contents::write(&letter(), letter().id, certificate(&ANNA).address(), None, &mut rng(4));
    String::from_utf8(mime.to_vec()).unwrap()
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
fn an_envelope_that_would_spoil_a_list_is_refused() {
    let refused =
        |change: fn(&mut envelope::Text)| opened_envelope(&told(&mime(), change, ANNA.present()), &expected()).err();
    assert_eq!(refused(|_| ()), None);
    for change in [
        (|text| text.subject.push('\u{1b}')) as fn(&mut envelope::Text),
        |text| text.first_line.push('\n'),
        |text| text.name = Some("Anna\u{9b}".to_owned()),
        |text| text.subject = "a".repeat(limits::SUBJECT + 1),
        |text| text.first_line = "a".repeat(200),
        |text| text.to = vec![text.to[0].clone(); 11],
    ] {
        assert_eq!(refused(change), Some(Refused::NotAnEnvelope));
    }
}

#[test]
fn parts_within_parts_without_end_neither_hang_nor_overflow() {
    let deep = |part: &str| format!("{part}\r\n\r\n").repeat(limits::CONTENT / part.len() / 3);
    for part in ["Content-Type: message/rfc822", "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a"] {
        assert_eq!(refused(&deep(part)), Some(Refused::NotAContent));
        let written = mime();
        let boundary = written.split("boundary=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let last = format!("--{boundary}\r\nContent-Type: {}", manifest::CONTENT_TYPE);
        let quoting = written.replace(&last, &format!("--{boundary}\r\n{}\r\n{last}", deep(part)));
        let sealed = told(&quoting, |_| (), ANNA.present());
        assert!(sealed.content.len() < limits::CONTENT);
        // Whatever it is taken for, it is taken at once, and what it quotes is not the letter's text.
        if let Ok(read) = opened(&sealed, &expected()) {
            assert_eq!(read.text(), letter().text);
        }
    }
}

#[test]
fn headers_without_end_neither_hang_nor_overflow() {
    for noise in ["(", "<", "\"", "a:", ",", "=?utf-8?q?a?=", "\r\n "] {
        let long = mime().replace("From: ", &format!("From: {}", noise.repeat(limits::CONTENT / noise.len() / 3)));
        // Whatever it is taken for, it is taken at once, and the sender is the one who signed.
        if let Ok(read) = opened(&told(&long, |_| (), ANNA.present()), &expected()) {
            assert_eq!(read.from(), certificate(&ANNA).address());
        }
    }
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
    let bcc = format!("Bcc: <bo@example.se>\r\n{}", mime());
    assert_eq!(refused(&bcc), Some(Refused::OtherReaders), "a blind reader the signature does not name");
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

/// A document that Anna signed with one subpacket more than a client of ours writes.
fn composed_with(document: &[u8], more: SubpacketData) -> Vec<u8> {
    let key = ANNA.present().primary();
    let mut config = signatures::config(SignatureType::Binary, NOW, key, &mut rng(1)).unwrap();
    let readers = [&BJÖRN, &ANNA].map(|reader| certificate(reader).fingerprint());
    let intended = readers
        .map(|reader| SubpacketData::IntendedRecipientFingerprint(pgp::types::Fingerprint::V6(*reader.as_bytes())));
    config.hashed_subpackets.extend(intended.into_iter().chain([more]).map(|data| Subpacket::regular(data).unwrap()));
    let signature = config.sign(key, &Password::empty(), document).unwrap();
    [
        packet(Tag::OnePassSignature, &layers::announcement(&signature, key)),
        packet(Tag::LiteralData, &[b"b\0\0\0\0\0", document].concat()),
        packet(Tag::Signature, &signature.to_bytes().unwrap()),
    ]
    .concat()
}

/// Read today and damaged tomorrow: the reader would think that the server had altered it.
#[test]
fn a_letter_that_would_be_damaged_one_day_is_refused_from_the_first() {
    let a_year = pgp::types::Duration::from_secs(86_400 * 365);
    let mut sealed = sealed();
    let key = key_of(&sealed);
    let text = serde_json::to_vec(&opened_envelope(&sealed, &expected()).unwrap().text).unwrap();
    let harmless = SubpacketData::IntendedRecipientFingerprint(pgp::types::Fingerprint::V6(
        *certificate(&BJÖRN).fingerprint().as_bytes(),
    ));
    let envelope = |more| packets::lock(&composed_with(&text, more), &key.of_envelope(), &mut rng(3));
    sealed.envelope = envelope(harmless);
    assert_eq!(opened_envelope(&sealed, &expected()).err(), None, "only the end is wrong");
    for (end, expected_name) in [
        (SubpacketData::SignatureExpirationTime(a_year), SignatureRefused::Ends),
        (SubpacketData::KeyExpirationTime(a_year), SignatureRefused::KeyEnds),
    ] {
        sealed.envelope = envelope(end);
        assert_eq!(opened_envelope(&sealed, &expected()).err(), Some(Refused::Signature(expected_name)));
    }
    let end = SubpacketData::SignatureExpirationTime(a_year);
    let content = packets::lock(&composed_with(mime().as_bytes(), end), key.as_bytes(), &mut rng(2));
    let envelope = opened_envelope(&super::sealed(), &expected()).unwrap();
    let refused = open_content(&content, &key).unwrap().verify(&expected(), &envelope).err();
    assert_eq!(refused, Some(Refused::Signature(SignatureRefused::Ends)));
}

#[test]
fn an_odd_date_is_marked_and_not_refused() {
    let arrived = Timestamp::from_unix_millis(NOW.unix_millis() + 31 * 86_400_000);
    let expected = Expected { now: arrived, ..expected() };
    let read = opened(&sealed(), &expected).unwrap();
    assert!(read.date_is_off(arrived) && !read.date_is_off(NOW));
}
