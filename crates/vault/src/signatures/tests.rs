//! One test for each way in which a signature over a document is refused (PROTOCOL §4.4, §11).

use std::{borrow::Cow, time::Duration};

use pgp::{packet::Notation, ser::Serialize, types::Password};
use proptest::prelude::*;

use super::*;
use crate::fixtures::{ANNA, BJÖRN, MALLORY, NOW, certificate, flip, rng};

const DOCUMENT: &[u8] = b"text";

/// Anna's signature over [`DOCUMENT`], with one thing wrong.
fn signed(change: impl FnOnce(&mut SignatureConfig)) -> Vec<u8> {
    let key = ANNA.present().primary();
    let mut config = config(SignatureType::Binary, NOW, key, &mut rng(5)).unwrap();
    change(&mut config);
    config.sign(key, &Password::empty(), DOCUMENT).unwrap().to_bytes().unwrap()
}

fn with(data: SubpacketData) -> Vec<u8> {
    signed(|config| config.hashed_subpackets.push(Subpacket::regular(data).unwrap()))
}

fn refused(body: &[u8]) -> Option<SignatureRefused> {
    refused_at(body, NOW)
}

fn refused_at(body: &[u8], now: Timestamp) -> Option<SignatureRefused> {
    let packet = Packet { tag: Tag::Signature, body: Cow::Borrowed(body) };
    verify(&packet, DOCUMENT, certificate(&ANNA).primary(), now).err()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_good_signature_is_taken_with_its_time_and_readers() {
    let readers = [certificate(&BJÖRN).fingerprint(), certificate(&MALLORY).fingerprint()];
    let body = sign(DOCUMENT, &readers, NOW, ANNA.present().primary(), &mut rng(5)).unwrap().to_bytes().unwrap();
    let packet = Packet { tag: Tag::Signature, body: Cow::Owned(body) };
    let verified = verify(&packet, DOCUMENT, certificate(&ANNA).primary(), NOW).unwrap();
    assert_eq!((verified.created, verified.intended), (NOW, readers.to_vec()));
}

#[test]
fn a_signature_over_another_text_is_refused() {
    let packet = Packet { tag: Tag::Signature, body: Cow::Owned(signed(|_| ())) };
    let refused = verify(&packet, b"texT", certificate(&ANNA).primary(), NOW).err();
    assert_eq!(refused, Some(SignatureRefused::Wrong));
}

#[test]
fn what_is_no_signature_packet_is_refused() {
    assert_eq!(refused(&[]), Some(SignatureRefused::NotASignature));
    assert_eq!(refused(&signed(|_| ())[..100]), Some(SignatureRefused::NotASignature));
    assert_eq!(refused(&[signed(|_| ()), vec![0]].concat()), Some(SignatureRefused::NotASignature));
    let packet = Packet { tag: Tag::Padding, body: Cow::Owned(signed(|_| ())) };
    let other = verify(&packet, DOCUMENT, certificate(&ANNA).primary(), NOW).err();
    assert_eq!(other, Some(SignatureRefused::NotASignature));
}

#[test]
fn a_signature_of_version_4_is_refused() {
    let mut body = signed(|_| ());
    body[0] = 4;
    assert_eq!(refused(&body), Some(SignatureRefused::Version));
}

#[test]
fn a_signature_of_another_algorithm_is_refused() {
    for algorithm in [22, 28, 30] {
        let mut body = signed(|_| ());
        body[2] = algorithm;
        assert_eq!(refused(&body), Some(SignatureRefused::Algorithm));
    }
}

#[test]
fn a_signature_over_another_hash_is_refused() {
    let body = signed(|config| {
        config.hash_alg = HashAlgorithm::Sha256;
        config.version_specific = pgp::packet::SignatureVersionSpecific::V6 { salt: vec![0; 16] };
    });
    assert_eq!(refused(&body), Some(SignatureRefused::Hash));
}

#[test]
fn a_signature_of_another_type_is_refused() {
    assert_eq!(refused(&signed(|config| config.typ = SignatureType::Text)), Some(SignatureRefused::Type));
}

#[test]
fn a_certification_is_no_signature_over_a_document() {
    let packets = packets::split(certificate(&ANNA).bytes(), packets::Lengths::Fixed).unwrap();
    for at in [1, 3, 5] {
        assert_eq!(refused(&packets[at].body), Some(SignatureRefused::Type));
    }
}

#[test]
fn the_signature_of_another_key_is_refused() {
    let body = sign(DOCUMENT, &[], NOW, MALLORY.present().primary(), &mut rng(5)).unwrap().to_bytes().unwrap();
    assert_eq!(refused(&body), Some(SignatureRefused::OtherIssuer));
}

#[test]
fn a_signature_that_names_no_key_or_another_is_refused() {
    let unnamed = signed(|config| config.hashed_subpackets.truncate(1));
    assert_eq!(refused(&unnamed), Some(SignatureRefused::OtherIssuer));
    let other = SubpacketData::IssuerFingerprint(MALLORY.present().primary().fingerprint());
    let named = signed(|config| config.hashed_subpackets[1] = Subpacket::regular(other).unwrap());
    assert_eq!(refused(&named), Some(SignatureRefused::OtherIssuer));
}

#[test]
fn a_signature_without_a_time_is_refused() {
    let body = signed(|config| drop(config.hashed_subpackets.remove(0)));
    assert_eq!(refused(&body), Some(SignatureRefused::NoTime));
}

#[test]
fn a_signature_more_than_a_day_in_the_future_is_refused() {
    let body = signed(|_| ());
    assert_eq!(refused_at(&body, NOW.before(seconds(86_400))), None);
    assert_eq!(refused_at(&body, NOW.before(seconds(86_401))), Some(SignatureRefused::FromTheFuture));
}

#[test]
fn a_signature_more_than_a_day_older_than_its_key_is_refused() {
    let at = |time: Timestamp| {
        let time = SubpacketData::SignatureCreationTime(to_seconds(time));
        refused(&signed(|config| config.hashed_subpackets[0] = Subpacket::regular(time).unwrap()))
    };
    assert_eq!(at(NOW.before(seconds(86_400))), None);
    assert_eq!(at(NOW.before(seconds(86_401))), Some(SignatureRefused::BeforeItsKey));
}

/// An end that is far away would make of a letter that was read one that is damaged, on a day that its sender chose.
#[test]
fn a_signature_that_will_expire_is_refused_from_the_start_wherever_it_says_so() {
    for (lifetime, critical) in
        [0, 1, 60, u32::MAX].into_iter().flat_map(|lifetime| [(lifetime, false), (lifetime, true)])
    {
        let lifetime = pgp::types::Duration::from_secs(lifetime);
        for (data, expected) in [
            (SubpacketData::SignatureExpirationTime(lifetime), SignatureRefused::Ends),
            (SubpacketData::KeyExpirationTime(lifetime), SignatureRefused::KeyEnds),
        ] {
            let end = || if critical { Subpacket::critical(data.clone()) } else { Subpacket::regular(data.clone()) };
            let hashed = signed(|config| config.hashed_subpackets.push(end().unwrap()));
            let unhashed = signed(|config| config.unhashed_subpackets.push(end().unwrap()));
            for body in [hashed, unhashed] {
                assert_eq!(refused(&body), Some(expected), "{lifetime:?}");
            }
        }
    }
}

#[test]
fn a_signature_without_an_end_is_as_good_after_a_hundred_years() {
    assert_eq!(refused_at(&signed(|_| ()), NOW.after(seconds(86_400 * 365 * 100))), None);
}

#[test]
fn an_unknown_critical_subpacket_or_notation_is_refused() {
    let notation = Notation { readable: true, name: "a@example.se".into(), value: "b".into() };
    for data in [SubpacketData::Experimental(100, vec![1].into()), SubpacketData::Notation(notation)] {
        let body = signed(|config| config.hashed_subpackets.push(Subpacket::critical(data).unwrap()));
        assert_eq!(refused(&body), Some(SignatureRefused::UnknownCritical));
    }
}

#[test]
fn a_subpacket_that_does_not_belong_is_refused() {
    for data in
        [SubpacketData::Experimental(100, vec![1].into()), SubpacketData::PolicyURI("https://example.se".to_owned())]
    {
        assert_eq!(refused(&with(data)), Some(SignatureRefused::Unexpected));
    }
}

#[test]
fn a_second_time_or_issuer_is_refused() {
    for at in [0, 1] {
        let body = signed(|config| config.hashed_subpackets.push(config.hashed_subpackets[at].clone()));
        assert_eq!(refused(&body), Some(SignatureRefused::Repeated));
    }
}

#[test]
fn a_subpacket_that_is_not_covered_is_refused() {
    let intended = SubpacketData::IntendedRecipientFingerprint(MALLORY.present().primary().fingerprint());
    let body = signed(|config| config.unhashed_subpackets.push(Subpacket::regular(intended).unwrap()));
    assert_eq!(refused(&body), Some(SignatureRefused::Uncovered));
}

#[test]
fn an_intended_recipient_of_another_version_is_refused() {
    let intended = SubpacketData::IntendedRecipientFingerprint(PgpFingerprint::V4([1; 20]));
    assert_eq!(refused(&with(intended)), Some(SignatureRefused::Unexpected));
}

proptest! {
    #[test]
    fn any_flipped_bit_of_a_signature_is_refused(at in any::<prop::sample::Index>()) {
        let mut body = signed(|_| ());
        let bits = body.len() * 8;
        flip(&mut body, at.index(bits));
        prop_assert!(refused(&body).is_some());
    }

    #[test]
    fn any_flipped_bit_of_a_document_is_refused(document in "\\PC{1,40}", at in any::<prop::sample::Index>()) {
        let mut document = document.into_bytes();
        let signature = sign(&document, &[], NOW, ANNA.present().primary(), &mut rng(5)).unwrap();
        let packet = Packet { tag: Tag::Signature, body: Cow::Owned(signature.to_bytes().unwrap()) };
        let signer = certificate(&ANNA).primary();
        prop_assert!(verify(&packet, &document, signer, NOW).is_ok());
        let bits = document.len() * 8;
        flip(&mut document, at.index(bits));
        prop_assert_eq!(verify(&packet, &document, signer, NOW).err(), Some(SignatureRefused::Wrong));
    }
}
