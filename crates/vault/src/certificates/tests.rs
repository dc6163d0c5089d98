//! One test for each way in which a certificate is refused (PROTOCOL §11, ATTACKS 17).

use std::time::Duration;

use pgp::{
    crypto::hash::HashAlgorithm,
    packet::{Notation, SignatureType, Subpacket, SubpacketData},
    types::{Password, Tag},
};
use proptest::prelude::*;

use super::*;
use crate::fixtures::{ANNA, BJÖRN, Forgery, MALLORY, NOW, address, certificate, flip, joined, key_flags, refused};

fn regular(data: SubpacketData) -> Subpacket {
    Subpacket::regular(data).unwrap()
}

#[test]
fn a_certificate_says_whose_it_is() {
    let anna = certificate(&ANNA);
    assert_eq!(anna.address(), &address("anna@example.se"));
    assert_eq!(anna.signed_at(), NOW);
    assert_eq!(anna.hash().as_bytes(), Sha256::digest(anna.bytes()).as_slice());
    assert!(anna.to_armor().starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----"));
}

#[test]
fn the_forger_makes_a_good_certificate_when_nothing_is_wrong() {
    assert_eq!(Forgery::default().refused(), None);
}

#[test]
fn a_certificate_of_another_address_is_refused() {
    let refused = Certificate::parse(certificate(&ANNA).bytes(), &address("bo@example.se"), NOW).err();
    assert_eq!(refused, Some(CertificateRefused::OtherAddress));
    for user_id in ["Anna <anna@example.se>", "Anna@example.se", "anna@example.se "] {
        assert_eq!(Forgery { user_id, ..Forgery::default() }.refused(), Some(CertificateRefused::OtherAddress));
    }
}

#[test]
fn an_oversized_certificate_is_refused_before_it_is_read() {
    let refused = Certificate::parse(&vec![0; limits::CERTIFICATE + 1], &address("anna@example.se"), NOW).err();
    assert_eq!(refused, Some(CertificateRefused::TooLarge));
}

#[test]
fn bytes_after_a_certificate_are_refused() {
    for (tail, expected) in [
        (vec![0], CertificateRefused::NotACertificate),
        (joined(&[(Tag::Padding, vec![0])]), CertificateRefused::Unexpected),
        (joined(&[(Tag::PublicKey, vec![6])]), CertificateRefused::Unexpected),
    ] {
        let bytes = [certificate(&ANNA).bytes(), &tail].concat();
        assert_eq!(Certificate::parse(&bytes, &address("anna@example.se"), NOW).err(), Some(expected));
    }
}

#[test]
fn a_key_of_version_4_is_refused() {
    for component in [0, 4] {
        let mut packets = Forgery::default().packets();
        packets[component].1[0] = 4;
        assert_eq!(refused(&packets), Some(CertificateRefused::Version));
    }
}

#[test]
fn a_key_of_another_algorithm_is_refused() {
    for (component, algorithm) in [(0, 28), (4, 25), (4, 36)] {
        let mut packets = Forgery::default().packets();
        packets[component].1[5] = algorithm;
        assert_eq!(refused(&packets), Some(CertificateRefused::Algorithm));
    }
}

#[test]
fn a_weak_primary_key_is_refused() {
    // The neutral point of the curve: S = 0 and R = the same "sign" every text (RFC 8032 §5.1.7).
    let mut packets = Forgery::default().packets();
    packets[0].1.truncate(10);
    packets[0].1.extend([&[1][..], &[0; 31]].concat());
    assert_eq!(refused(&packets), Some(CertificateRefused::WeakKey));
}

#[test]
fn a_second_user_id_is_refused() {
    let mut packets = Forgery::default().packets();
    packets.splice(4..4, packets[2..4].to_vec());
    assert_eq!(refused(&packets), Some(CertificateRefused::SeveralUserIds));
}

#[test]
fn a_user_id_or_key_that_is_not_signed_is_refused() {
    for signature in [1, 3, 5] {
        let mut packets = Forgery::default().packets();
        packets.remove(signature);
        assert_eq!(refused(&packets), Some(CertificateRefused::Unsigned));
    }
}

#[test]
fn a_certificate_without_a_key_to_encrypt_to_is_refused() {
    assert_eq!(refused(&Forgery::default().packets()[..4]), Some(CertificateRefused::NoEncryptionKey));
}

/// An end that is far away would make of letters that were read damaged ones, on a day that their sender chose.
#[test]
fn a_key_that_will_expire_is_refused_from_the_start_wherever_it_says_so() {
    for seconds in [0, 1, u32::MAX] {
        let lifetime = pgp::types::Duration::from_secs(seconds);
        for (data, expected) in [
            (SubpacketData::KeyExpirationTime(lifetime), SignatureRefused::KeyEnds),
            (SubpacketData::SignatureExpirationTime(lifetime), SignatureRefused::Ends),
        ] {
            let (good, end) = (Forgery::default, vec![regular(data)]);
            for forgery in [
                Forgery { key: [good().key, end.clone()].concat(), ..good() },
                Forgery { user: end.clone(), ..good() },
                Forgery { subkey: [good().subkey, end.clone()].concat(), ..good() },
                Forgery { unhashed: end.clone(), ..good() },
            ] {
                assert_eq!(forgery.refused(), Some(expected.into()), "{seconds} seconds");
            }
        }
    }
}

/// Else a sender could add the end first and take it back for those who must not see it yet.
#[test]
fn a_newer_self_signature_does_not_excuse_an_older_one_with_an_end() {
    let end = regular(SubpacketData::KeyExpirationTime(pgp::types::Duration::from_secs(1)));
    let older = Forgery { key: [Forgery::default().key, vec![end]].concat(), ..Forgery::default() };
    let newer = Forgery { at: NOW.after(Duration::from_secs(5)), ..Forgery::default() };
    let mut packets = older.packets();
    packets.insert(1, newer.packets()[1].clone());
    assert_eq!(refused(&packets), Some(SignatureRefused::KeyEnds.into()));
}

#[test]
fn a_certificate_is_as_good_after_a_hundred_years() {
    let later = NOW.after(Duration::from_secs(86_400 * 365 * 100));
    assert!(Certificate::parse(certificate(&ANNA).bytes(), &address("anna@example.se"), later).is_ok());
}

#[test]
fn a_revoked_key_user_id_or_subkey_is_refused() {
    let key = ANNA.present().primary();
    let revocation = signatures::config(SignatureType::KeyRevocation, NOW, key, &mut crate::fixtures::rng(1))
        .and_then(|config| config.sign_key(key, &Password::empty(), key.public_key()))
        .and_then(|signature| pgp::ser::Serialize::to_bytes(&signature))
        .unwrap();
    for (after, typ) in [(2, 0x20), (4, 0x30), (6, 0x28)] {
        let mut packets = Forgery::default().packets();
        let mut revocation = revocation.clone();
        revocation[1] = typ;
        packets.insert(after, (Tag::Signature, revocation));
        assert_eq!(refused(&packets), Some(CertificateRefused::Revoked));
    }
}

#[test]
fn a_key_with_the_wrong_flags_is_refused() {
    let primary = |set: fn(&mut pgp::packet::KeyFlags)| Forgery { key: vec![key_flags(set)], ..Forgery::default() };
    let subkey = |set: fn(&mut pgp::packet::KeyFlags)| Forgery { subkey: vec![key_flags(set)], ..Forgery::default() };
    for forgery in [
        primary(|flags| flags.set_certify(true)),
        primary(|flags| flags.set_sign(true)),
        primary(|flags| {
            flags.set_certify(true);
            flags.set_sign(true);
            flags.set_encrypt_comms(true);
            flags.set_encrypt_storage(true);
        }),
        Forgery { key: Vec::new(), ..Forgery::default() },
        subkey(|flags| flags.set_encrypt_comms(true)),
        subkey(|flags| flags.set_authentication(true)),
        subkey(|flags| {
            flags.set_encrypt_comms(true);
            flags.set_encrypt_storage(true);
            flags.set_sign(true);
        }),
        Forgery { subkey: Vec::new(), ..Forgery::default() },
    ] {
        assert_eq!(forgery.refused(), Some(CertificateRefused::Flags));
    }
}

#[test]
fn flags_that_are_stated_twice_are_refused() {
    let key = [Forgery::default().key, Forgery::default().key].concat();
    assert_eq!(Forgery { key, ..Forgery::default() }.refused(), Some(SignatureRefused::Repeated.into()));
}

#[test]
fn an_unknown_critical_subpacket_or_notation_is_refused() {
    let unknown = Subpacket::critical(SubpacketData::Experimental(100, vec![1].into())).unwrap();
    let notation = Notation { readable: true, name: "a@example.se".into(), value: "b".into() };
    let notation = Subpacket::critical(SubpacketData::Notation(notation)).unwrap();
    for subpacket in [unknown, notation] {
        let forgery = Forgery { user: vec![subpacket], ..Forgery::default() };
        assert_eq!(forgery.refused(), Some(SignatureRefused::UnknownCritical.into()));
    }
}

#[test]
fn a_self_signature_over_another_hash_is_refused() {
    for hash in [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha3_512] {
        assert_eq!(Forgery { hash, ..Forgery::default() }.refused(), Some(SignatureRefused::Hash.into()));
    }
}

#[test]
fn a_self_signature_in_the_future_is_refused_beyond_a_day() {
    let at = |seconds| Forgery { at: NOW.after(Duration::from_secs(seconds)), ..Forgery::default() }.refused();
    assert_eq!(at(86_400), None);
    assert_eq!(at(86_401), Some(SignatureRefused::FromTheFuture.into()));
}

#[test]
fn a_key_made_in_the_future_is_refused() {
    let before = NOW.before(Duration::from_secs(2 * 86_400));
    let refused = Certificate::parse(certificate(&ANNA).bytes(), &address("anna@example.se"), before).err();
    assert_eq!(refused, Some(CertificateRefused::FromTheFuture));
}

#[test]
fn the_signature_of_another_key_is_refused() {
    let mut packets = Forgery::default().packets();
    let mallory = packets::split(certificate(&MALLORY).bytes(), Lengths::Fixed).unwrap();
    packets[4].1 = mallory[4].body.to_vec();
    assert_eq!(refused(&packets), Some(SignatureRefused::Wrong.into()), "Mallory's subkey in Anna's certificate");
    packets[5].1 = mallory[5].body.to_vec();
    assert_eq!(refused(&packets), Some(SignatureRefused::OtherIssuer.into()), "with Mallory's signature");
}

#[test]
fn what_a_self_signature_does_not_cover_is_refused() {
    let unhashed = vec![regular(SubpacketData::IsPrimary(true))];
    assert_eq!(Forgery { unhashed, ..Forgery::default() }.refused(), Some(SignatureRefused::Uncovered.into()));
}

#[test]
fn of_two_self_signatures_the_newer_one_rules() {
    let certify_only = key_flags(|flags| flags.set_certify(true));
    let older = Forgery { key: vec![certify_only], ..Forgery::default() };
    let newer = Forgery { at: NOW.after(Duration::from_secs(5)), ..Forgery::default() };
    let mut packets = older.packets();
    packets.insert(1, newer.packets()[1].clone());
    let certificate = Certificate::parse(&joined(&packets), &address("anna@example.se"), NOW).unwrap();
    assert_eq!(certificate.signed_at(), NOW.after(Duration::from_secs(5)));
}

#[test]
fn an_international_address_is_a_user_id() {
    assert_eq!(certificate(&BJÖRN).address().as_str(), "björn@example.se");
}

/// A bit of every octet, since `pgp` skips some: it does not look at the length of a key's material (RFC 9580 §5.5.2.3).
#[test]
fn any_flipped_bit_of_a_certificate_is_refused() {
    let mut bytes = certificate(&ANNA).bytes().to_vec();
    for octet in 0..bytes.len() {
        let bit = octet * 8 + octet % 8;
        flip(&mut bytes, bit);
        assert!(Certificate::parse(&bytes, &address("anna@example.se"), NOW).is_err(), "bit {bit}");
        flip(&mut bytes, bit);
    }
}

proptest! {
    #[test]
    fn any_bytes_at_all_are_no_certificate(bytes in any::<Vec<u8>>()) {
        prop_assert!(Certificate::parse(&bytes, &address("anna@example.se"), NOW).is_err());
    }
}
