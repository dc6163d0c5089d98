//! Rows 6, 18 and 20: what is sealed, how, and for whom.

use pgp::{
    composed::KeyType,
    crypto::{aead::AeadAlgorithm, hash::HashAlgorithm, sym::SymmetricKeyAlgorithm},
    types::Tag,
};
use rand::rngs::OsRng;
use securemailbox_client::{records::RecordError, sign_in::SignInError};
use securemailbox_protocol::{
    records::{Record, RecordPurpose},
    sign_in::SignIn,
    sync::Changes,
};
use securemailbox_vault::{
    letters::{LockedRefused, Refused},
    passwords::PasswordRefused,
    records::{self, RecordPlace},
    secrets::AccountSecret,
    signatures::SignatureRefused,
};
use serde_json::Value;

use crate::{
    hostile::{
        certificates::subkey_of,
        days::{FIRST_CHANGES, FIRST_RECORDS, MALLORY_SIGNS_IN, READS, READS_LONG, READS_UNHEARD, SIGNS_IN},
        forge::{Forged, LOCK, Lock, Rewritten, envelope_key, flipped, literal, lock_v1, packet, split, wrap},
        plot::{damaged, failed, unread},
        stage::Stage,
    },
    suite::Case,
};

use super::letters::{both_ways, not_read};

/// Bytes in the place of others.
type Bytes<'a> = &'a dyn Fn(&[u8]) -> Vec<u8>;

pub(super) fn made_records(stage: &Stage) -> Vec<Case> {
    let changes: Changes = stage.answer(SIGNS_IN, FIRST_RECORDS);
    let account = stage.session(SIGNS_IN).account;
    let mut cases = Vec::new();
    for (at, change) in changes.records.into_iter().enumerate() {
        let (purpose, head) = (change.head.purpose, change.head);
        let place = RecordPlace { account, record: head.id, purpose, version: head.version };
        let made = records::seal(&place, &AccountSecret::generate(&mut OsRng), b"{}", &mut OsRng);
        let true_contact =
            [&stage.bjorns_contact, &stage.his_other_contact].into_iter().find(|contact| contact.head == head);
        let asked = format!("GET /records/{}", head.id);
        let changed = |truth: &[u8]| flipped(truth);
        let lies: [(&str, Bytes<'_>); 3] =
            [("changes", &changed), ("makes up", &|_| made.clone()), ("empties", &|_| Vec::new())];
        for (does, bytes) in lies {
            let lie = |when: &str| {
                let name = format!("the server {does} the {} at place {at}{when}", purpose.as_str());
                stage.lie(6, SIGNS_IN, &name)
            };
            let refused = failed(RecordError::DoesNotOpen);
            let served = |record: &mut Record| record.sealed = bytes(&record.sealed.0).into();
            let announced = |changes: &mut Changes| {
                let sealed = &mut changes.records[at].sealed;
                *sealed = sealed.as_ref().map(|truth| bytes(&truth.0).into());
            };
            let withheld = |changes: &mut Changes| changes.records[at].sealed = None;
            let Some(true_contact) = true_contact else {
                assert_ne!(purpose, RecordPurpose::Contact, "he knows two people");
                cases.push(lie("").tells(&asked, served).stops(1, refused).case());
                continue;
            };
            let mut fetched = true_contact.clone();
            served(&mut fetched);
            cases.push(lie("").tells(FIRST_RECORDS, announced).stops(1, refused.clone()).case());
            let again = lie(", once the true one was taken");
            cases.push(again.tells(FIRST_CHANGES, announced).stops(1, refused.clone()).case());
            let withholding = lie(", and keeps its bytes until they are asked for").tells(FIRST_RECORDS, withheld);
            cases.push(withholding.also_tells(&asked, &fetched).stops(1, refused).case());
        }
    }
    cases
}

pub(super) fn lowered(stage: &Stage) -> Vec<Case> {
    let mut cases = lowered_contents(stage);
    cases.extend(lowered_envelopes(stage));
    cases.extend(lowered_wrapped_keys(stage));
    cases.push(cut_short(stage));
    cases.push(offered_parameters(stage));
    cases
}

const AES_128: Lock = Lock { cipher: SymmetricKeyAlgorithm::AES128, ..LOCK };
const GCM: Lock = Lock { mode: AeadAlgorithm::Gcm, ..LOCK };

fn with_signature(plain: &[u8], change: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let packets = split(plain).into_iter().map(|(tag, mut body)| {
        if tag == Tag::Signature {
            change(&mut body);
        }
        packet(tag, &body)
    });
    packets.collect::<Vec<_>>().concat()
}

/// What Anna's client would have to have written, and the name under which it is refused.
fn lowered_plains(of: &Rewritten, document: &[u8], stage: &Stage) -> Vec<(&'static str, Vec<u8>, Refused)> {
    let (pen, at) = (stage.anna.pen(), of.entry.arrived);
    let plain = pen.sign(document, &of.readers, at, HashAlgorithm::Sha512);
    let sha_256 = pen.sign(document, &of.readers, at, HashAlgorithm::Sha256);
    let signature = |refused| Refused::Signature(refused);
    vec![
        ("compressed", packet(Tag::CompressedData, &[&[0], &plain[..]].concat()), Refused::Compressed),
        ("unsigned", literal(document), signature(SignatureRefused::Missing)),
        ("encrypted twice", LOCK.lock(&plain, &of.key), Refused::SecondLayer),
        ("followed by a byte inside", [&plain[..], &[0]].concat(), Refused::NotAMessage),
        ("followed by another document", [&plain[..], &literal(b"Hej")].concat(), Refused::NotAMessage),
        ("signed over SHA-256", sha_256, signature(SignatureRefused::Hash)),
        ("signed in version 4", with_signature(&plain, |body| body[0] = 4), signature(SignatureRefused::Version)),
        (
            "signed with another algorithm",
            with_signature(&plain, |body| body[2] = 28),
            signature(SignatureRefused::Algorithm),
        ),
    ]
}

fn lowered_contents(stage: &Stage) -> Vec<Case> {
    let rewritten = stage.rewritten();
    let (pen, at, key) = (stage.anna.pen(), rewritten.entry.arrived, &rewritten.key);
    let plain = rewritten.plain(&pen, at);
    let plains = lowered_plains(&rewritten, rewritten.mime.as_bytes(), stage);
    let mut contents: Vec<_> =
        plains.into_iter().map(|(name, plain, refused)| (name, LOCK.lock(&plain, key), refused)).collect();
    let rechunked = {
        let mut content = rewritten.content.clone();
        content[9] = 6;
        content
    };
    contents.extend([
        ("under AES-128", AES_128.lock(&plain, key), Refused::Locked(LockedRefused::Cipher)),
        ("in GCM", GCM.lock(&plain, key), Refused::Locked(LockedRefused::Mode)),
        ("in version 1", lock_v1(&plain, key), Refused::Locked(LockedRefused::Version)),
        ("in other chunks", rechunked, Refused::Locked(LockedRefused::NotAuthentic)),
        ("followed by a byte", [&rewritten.content[..], &[0]].concat(), Refused::Locked(LockedRefused::NotOnePacket)),
        ("not encrypted", plain, Refused::Locked(LockedRefused::NotOnePacket)),
    ]);
    let lie = |(name, content, refused): (&str, Vec<u8>, Refused)| {
        let forged: Forged = rewritten.holding(&content, &pen, at);
        both_ways(stage, 18, &format!("a content {name}"), &forged, not_read(damaged(refused)))
    };
    contents.into_iter().flat_map(lie).collect()
}

fn lowered_envelopes(stage: &Stage) -> Vec<Case> {
    let rewritten = stage.rewritten();
    let key = &envelope_key(&rewritten.key);
    let document = serde_json::to_vec(&rewritten.envelope).expect("JSON");
    let plain = stage.anna.pen().sign(&document, &rewritten.readers, rewritten.entry.arrived, HashAlgorithm::Sha512);
    let plains = lowered_plains(&rewritten, &document, stage);
    let mut envelopes: Vec<_> =
        plains.into_iter().map(|(name, plain, refused)| (name, LOCK.lock(&plain, key), refused)).collect();
    envelopes.extend([
        ("under AES-128", AES_128.lock(&plain, key), Refused::Locked(LockedRefused::Cipher)),
        ("in GCM", GCM.lock(&plain, key), Refused::Locked(LockedRefused::Mode)),
        (
            "followed by a byte",
            [&LOCK.lock(&plain, key)[..], &[0]].concat(),
            Refused::Locked(LockedRefused::NotOnePacket),
        ),
        ("without its last chunk", cut(&LOCK.lock(&plain, key), 0), Refused::Locked(LockedRefused::NotAuthentic)),
    ]);
    let lie = |(name, envelope, refused): (&str, Vec<u8>, Refused)| {
        let plot = stage.lie(18, READS, &format!("an envelope {name}"));
        let entry = rewritten.enveloped(&envelope);
        plot.lists_as(stage.letter, &entry).refuses_letter(damaged(refused)).case()
    };
    envelopes.into_iter().map(lie).collect()
}

fn lowered_wrapped_keys(stage: &Stage) -> Vec<Case> {
    let rewritten = stage.rewritten();
    let wrapped = rewritten.entry.released.clone().expect("released").wrapped_key.0;
    let version_3 = {
        let mut wrapped = wrapped.clone();
        wrapped[6] = 3;
        wrapped
    };
    [
        ("of version 3", version_3, Refused::WrappedKeyVersion),
        ("for X25519", wrap(&rewritten.key, &subkey_of(KeyType::X25519)), Refused::WrappedKeyAlgorithm),
        ("for another key", wrap(&rewritten.key, &subkey_of(KeyType::MlKem768X25519)), Refused::WrappedForAnother),
        ("followed by a byte", [&wrapped[..], &[0]].concat(), Refused::NotAWrappedKey),
        ("with a bit turned", flipped(&wrapped), Refused::WrappedKeyDamaged),
    ]
    .into_iter()
    .flat_map(|(name, wrapped, refused)| {
        let mut entry = rewritten.entry.clone();
        entry.released.as_mut().expect("released").wrapped_key = wrapped.into();
        let listed = stage.lie(18, READS, &format!("a wrapped key {name}"));
        let unheard = stage.lie(18, READS_UNHEARD, &format!("a wrapped key {name}, unheard of"));
        [
            listed.lists_as(stage.letter, &entry).refuses_letter(damaged(refused)).case(),
            unheard.opens_as(stage.letter, &entry).shows(1, unread(damaged(refused))).case(),
        ]
    })
    .collect()
}

/// An encrypted packet with so many of its chunks, in order: the length is mended, and the last tag is missing.
fn cut(locked: &[u8], chunks: usize) -> Vec<u8> {
    const HEAD: usize = 4 + 32;
    const CHUNK: usize = 65_536 + 16;
    let (tag, body) = split(locked).remove(0);
    let length = if chunks == 0 { body.len() - 16 } else { HEAD + chunks * CHUNK };
    packet(tag, &body[..length])
}

fn cut_short(stage: &Stage) -> Case {
    let content = &stage.long_rewritten().content;
    stage
        .lie(18, READS_LONG, "a content without its last chunk")
        .serves(&format!("GET /letters/{}/content", stage.long), &cut(content, 3))
        .shows(1, unread(damaged(Refused::Locked(LockedRefused::NotAuthentic))))
        .case()
}

/// Nothing that a server says chooses a format: what it offers is not heard.
fn offered_parameters(stage: &Stage) -> Case {
    stage
        .lie(18, SIGNS_IN, "the server offers a cheaper Argon2id and an older protocol")
        .tells("POST /sign-ins", |answer: &mut Value| {
            answer["protocol"] = "securemailbox/0".into();
            answer["stretching"] = serde_json::json!({"memory_kib": 8, "passes": 1, "lanes": 1});
        })
        .says_the_same()
}

pub(super) fn wrong_opaque(stage: &Stage) -> Vec<Case> {
    let truth: SignIn = stage.answer(SIGNS_IN, "POST /sign-ins");
    let mallorys: SignIn = stage.answer(MALLORY_SIGNS_IN, "POST /sign-ins");
    let finish = stage.asked(SIGNS_IN, "/finish");
    // KE2 (RFC 9807 §6.3.1): evaluated element, nonce, masked record, server's nonce, key share, MAC.
    let turned = |at: usize| {
        let mut response = truth.response.0.clone();
        response[at] ^= 1;
        response
    };
    let wrong = PasswordRefused::WrongPasswordOrServer;
    [
        ("another account's answer", mallorys.response.0.clone(), wrong),
        ("another masking nonce", turned(40), wrong),
        ("another masked record", turned(100), wrong),
        ("another nonce of the server", turned(200), wrong),
        ("another MAC", turned(319), wrong),
        ("half an answer", truth.response.0[..160].to_vec(), PasswordRefused::NotAnAnswer),
        ("no answer", Vec::new(), PasswordRefused::NotAnAnswer),
    ]
    .into_iter()
    .map(|(name, response, refused)| {
        stage
            .lie(20, SIGNS_IN, &format!("OPAQUE is answered with {name}"))
            .tells("POST /sign-ins", |answer: &mut SignIn| answer.response = response.clone().into())
            .stops(0, failed(SignInError::Password(refused)))
            .never_asks(&finish)
            .case()
    })
    .collect()
}
