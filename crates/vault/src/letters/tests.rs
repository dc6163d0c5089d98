//! Letters as their readers get them: whole, altered, moved, and made by people who mean no good.

mod hostile_senders;

use proptest::prelude::*;

use pgp::types::Tag;
use securemailbox_protocol::{
    ids::{BlobId, LetterId, ThreadId},
    levels::Level,
    limits,
};

use super::*;
use crate::{
    attachments::{Attachment, FileHash, Part, PartKey, RowRefused, Thumbnail},
    fixtures::{ANNA, BJÖRN, MALLORY, NOW, address, certificate, flip, letter, rng},
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
fn files_stand_in_the_letter_and_their_number_and_size_in_its_envelope() {
    for name in ["intyg.pdf", "Läkarintyg på 日本語 🩺.pdf", &"lång".repeat(200)] {
        let part =
            |blob, length| Part { blob: BlobId::from_bytes([blob; 16]), key: PartKey::from_bytes([8; 32]), length };
        let row = |name: &str, blob, size| Attachment {
            name: name.into(),
            media_type: "application/pdf".into(),
            size,
            sha256: FileHash([9; 32]),
            parts: vec![part(blob, size)],
            thumbnail: Thumbnail::new(vec![0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 100, 0, 200]),
        };
        let attachments = vec![row(name, 1, 5), row("tom.txt", 2, 0)];
        let sealed =
            seal(&Outgoing { attachments: attachments.clone(), ..letter() }, ANNA.present(), &mut rng(9)).unwrap();
        assert_eq!(opened(&sealed, &expected()).unwrap().attachments(), attachments);
        let envelope = opened_envelope(&sealed, &expected()).unwrap();
        assert_eq!((envelope.attachments(), envelope.attachments_size()), (2, 5));
    }
    let same = |blob| Part { blob, key: PartKey::from_bytes([8; 32]), length: 0 };
    let (id, name) = (BlobId::from_bytes([1; 16]), "a".to_owned());
    let row = Attachment {
        media_type: name.clone(),
        name,
        size: 0,
        sha256: FileHash([9; 32]),
        parts: vec![same(id), same(id)],
        thumbnail: None,
    };
    let refused = seal(&Outgoing { attachments: vec![row], ..letter() }, ANNA.present(), &mut rng(9)).err();
    assert_eq!(refused, Some(SealRefused::Attachments(RowRefused::Parts)));
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
fn the_level_that_a_sender_asks_for_is_signed_and_one_that_asks_for_none_says_nothing_of_it() {
    assert_eq!(opened(&sealed(), &expected()).unwrap().level(), None);
    let asking = Outgoing { level: Some(Level::Passkey), ..letter() };
    let sealed = seal(&asking, ANNA.present(), &mut rng(9)).unwrap();
    assert_eq!(opened_envelope(&sealed, &expected()).unwrap().level(), Some(Level::Passkey));
    assert_eq!(opened(&sealed, &expected()).unwrap().level(), Some(Level::Passkey));
    let copy = seal_blind_copy(&asking, asking.id, certificate(&BJÖRN), ANNA.present(), &mut rng(9)).unwrap();
    assert_eq!(opened_envelope(&copy, &expected()).unwrap().level(), Some(Level::Passkey));
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
    let text = "a".repeat(limits::TEXT + 1);
    assert_eq!(refused(&Outgoing { text, ..letter() }), Some(SealRefused::TooLong));
}

#[test]
fn the_longest_text_of_the_longest_characters_can_be_sealed_and_read() {
    for longest in ["😀", "å", "a", "\n", "=", "\t"] {
        let text = longest.repeat(limits::TEXT);
        let sealed = seal(&Outgoing { text: text.clone(), ..letter() }, ANNA.present(), &mut rng(9)).unwrap();
        assert!(opened(&sealed, &expected()).unwrap().text() == text, "{longest:?}");
    }
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
    let to_nobody = Outgoing { to: Vec::new(), cc: Vec::new(), ..letter() };
    let refused = seal_blind_copy(&to_nobody, id, certificate(&MALLORY), ANNA.present(), &mut rng(10)).err();
    assert_eq!(refused, Some(SealRefused::NoReader));
    let copy = seal_blind_copy(&letter(), id, certificate(&MALLORY), ANNA.present(), &mut rng(10)).unwrap();
    assert!(copy.wrapped.iter().all(|wrapped| wrapped.certificate != certificate(&BJÖRN).hash()));
    for reader in [&*MALLORY, &*ANNA] {
        let expected = Expected { id, reader, ..expected() };
        let key = unwrap(wrapped_for(&copy, reader), reader).unwrap();
        let envelope = open_envelope(&copy.envelope, &key).unwrap().verify(&expected).unwrap();
        let read = open_content(&copy.content, &key).unwrap().verify(&expected, &envelope).unwrap();
        assert_eq!((read.id(), read.to()), (id, &[address("björn@example.se")][..]));
        let mallory = certificate(&MALLORY);
        assert_eq!(read.blind_reader(), Some(&(mallory.address().clone(), mallory.fingerprint())));
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
    fn a_letter_in_any_other_place_is_refused(id in any::<[u8; 16]>(), thread in any::<[u8; 16]>(), which in 0..4) {
        let (id, thread) = (LetterId::from_bytes(id), ThreadId::from_bytes(thread));
        prop_assume!(id != letter().id && thread != letter().thread);
        let elsewhere = match which {
            0 => Expected { id, ..expected() },
            1 => Expected { thread, ..expected() },
            2 => Expected { sender: certificate(&MALLORY), ..expected() },
            _ => Expected { reader: &MALLORY, ..expected() },
        };
        let sealed = sealed();
        let envelope = opened_envelope(&sealed, &expected()).unwrap();
        prop_assert!(opened_envelope(&sealed, &elsewhere).is_err());
        let content = open_content(&sealed.content, &key_of(&sealed)).unwrap();
        prop_assert!(content.verify(&elsewhere, &envelope).is_err());
    }

    #[test]
    fn any_bytes_at_all_open_as_nothing(bytes in any::<Vec<u8>>()) {
        let key = SessionKey::from_bytes([5; 32]);
        prop_assert!(open_content(&bytes, &key).is_err() && open_envelope(&bytes, &key).is_err());
        prop_assert!(unwrap(&bytes, &BJÖRN).is_err());
        prop_assert!(hostile_senders::locked(&bytes).is_some());
    }
}
