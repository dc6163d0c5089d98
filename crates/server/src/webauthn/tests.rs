//! An authenticator in software, and the examples of Web Authentication Level 3, section 16.

use aws_lc_rs::{
    encoding::{AsBigEndian, EcPublicKeyUncompressedBin},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use proptest::prelude::*;
use securemailbox_protocol::{coding::hex, octets::Octets};

use super::*;

const ORIGIN: &str = "https://mail.example.se";
const CHALLENGE: Challenge = [7; 32];
const OTHER: Challenge = [8; 32];

enum Key {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

/// A passkey in software. What it says of itself may be changed between two ceremonies.
pub(crate) struct Authenticator {
    key: Key,
    pub(crate) id: Vec<u8>,
    pub(crate) flags: u8,
    pub(crate) counter: u32,
    pub(crate) origin: String,
}

impl Authenticator {
    /// One of ES256 that verifies its person and does not count.
    pub(crate) fn new(origin: &str, id: u8) -> Self {
        Self::with(origin, id, Key::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap()))
    }

    fn with(origin: &str, id: u8, key: Key) -> Self {
        Self { key, id: vec![id; 32], flags: USER_PRESENT | USER_VERIFIED, counter: 0, origin: origin.into() }
    }

    fn client_data(&self, ceremony: &str, challenge: &Challenge) -> Vec<u8> {
        let challenge = base64url::encode(challenge);
        let origin = &self.origin;
        format!(r#"{{"type":"{ceremony}","challenge":"{challenge}","origin":"{origin}","crossOrigin":false}}"#).into()
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let id_hash = RelyingParty::at(self.origin.clone()).id_hash;
        [id_hash.as_slice(), &[flags], &self.counter.to_be_bytes()].concat()
    }

    fn public_key(&self) -> Vec<u8> {
        match &self.key {
            Key::P256(pair) => {
                let point: EcPublicKeyUncompressedBin<'_> = pair.public_key().as_be_bytes().unwrap();
                let (x, y) = point.as_ref()[1..].split_at(32);
                [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32], x, &[0x22, 0x58, 32], y].concat()
            }
            Key::Ed25519(pair) => {
                [&[0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 32], pair.public_key().as_ref()].concat()
            }
            Key::Rsa(pair) => {
                // `RSAPublicKey` in DER: after nine bytes 256 of the modulus, after two more the exponent.
                let (modulus, rest) = pair.public_key().as_ref()[9..].split_at(256);
                [&[0xa4, 1, 3, 3, 0x39, 1, 0, 0x20, 0x59, 1, 0], modulus, &[0x21, 0x43], &rest[2..]].concat()
            }
        }
    }

    pub(crate) fn make(&self, challenge: &Challenge) -> MadeCredential {
        let mut data = self.data(self.flags | ATTESTED);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        data.extend(self.public_key());
        let client_data = self.client_data(CREATE, challenge).into();
        MadeCredential { client_data, authenticator_data: data.into() }
    }

    pub(crate) fn use_for(&self, challenge: &Challenge) -> Assertion {
        let (client_data, data) = (self.client_data(GET, challenge), self.data(self.flags));
        let signed = [data.as_slice(), digest(&SHA256, &client_data).as_ref()].concat();
        let signature = match &self.key {
            Key::P256(pair) => pair.sign(&SystemRandom::new(), &signed).unwrap().as_ref().to_vec(),
            Key::Ed25519(pair) => pair.sign(&signed).as_ref().to_vec(),
            Key::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &signed, &mut signature).unwrap();
                signature
            }
        };
        Assertion {
            credential: self.id.clone().into(),
            client_data: client_data.into(),
            authenticator_data: data.into(),
            signature: signature.into(),
            user: None,
        }
    }
}

fn here() -> RelyingParty {
    RelyingParty::at(ORIGIN.into())
}

fn made() -> (Authenticator, Credential) {
    let authenticator = Authenticator::new(ORIGIN, 1);
    let credential = here().made(&authenticator.make(&CHALLENGE), &CHALLENGE).unwrap();
    (authenticator, credential)
}

#[test]
fn a_passkey_of_each_kind_of_key_is_taken_and_proves_itself() {
    let keys = [
        Key::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap()),
        Key::Ed25519(Ed25519KeyPair::generate().unwrap()),
        Key::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()),
    ];
    for key in keys {
        let mut authenticator = Authenticator::with(ORIGIN, 1, key);
        let credential = here().made(&authenticator.make(&CHALLENGE), &CHALLENGE).unwrap();
        assert_eq!(credential.id, authenticator.id);
        authenticator.counter = 1;
        let state = here().used(&credential, &authenticator.use_for(&OTHER), &OTHER).unwrap();
        assert_eq!(state, AuthenticatorState { counter: 1, ..credential.state });
    }
}

#[test]
fn the_examples_of_the_specification_are_taken() {
    let octets = |text: &str| Octets(hex::decode(&text.to_ascii_uppercase()).unwrap());
    let specification: serde_json::Value = serde_json::from_str(include_str!("../../vectors/webauthn.json")).unwrap();
    let example = |name: &str| octets(specification[name].as_str().unwrap());
    let party = RelyingParty::at("https://example.org".into());
    let challenge = |name: &str| Challenge::try_from(example(name).0).unwrap();
    let made = MadeCredential {
        client_data: example("creation_client_data"),
        authenticator_data: example("creation_authenticator_data"),
    };
    let credential = party.made(&made, &challenge("creation_challenge")).unwrap();
    let assertion = Assertion {
        credential: credential.id.clone().into(),
        client_data: example("client_data"),
        authenticator_data: example("authenticator_data"),
        signature: example("signature"),
        user: None,
    };
    let given = challenge("challenge");
    let state = party.used(&credential, &assertion, &given).unwrap();
    assert!(state.backup_eligible && !state.backed_up);
    assert_eq!(party.used(&credential, &assertion, &OTHER), Err(Refused::Challenge));
    assert_eq!(here().used(&credential, &assertion, &given), Err(Refused::Origin));
}

#[test]
fn what_was_signed_for_another_challenge_site_or_ceremony_proves_nothing() {
    let (mut authenticator, credential) = made();
    let refused = |assertion: &Assertion| here().used(&credential, assertion, &CHALLENGE).unwrap_err();
    assert_eq!(refused(&authenticator.use_for(&OTHER)), Refused::Challenge);
    let created = authenticator.make(&CHALLENGE);
    let as_created = Assertion { client_data: created.client_data, ..authenticator.use_for(&CHALLENGE) };
    assert_eq!(refused(&as_created), Refused::ClientData);
    for elsewhere in ["https://mail.example.se.evil.example", "http://mail.example.se", "https://mail.example.se:8443"]
    {
        authenticator.origin = elsewhere.into();
        assert_eq!(refused(&authenticator.use_for(&CHALLENGE)), Refused::Origin, "{elsewhere}");
    }
}

#[test]
fn a_page_in_the_frame_of_another_proves_nothing() {
    let (authenticator, credential) = made();
    let honest = authenticator.use_for(&CHALLENGE);
    let text = String::from_utf8(honest.client_data.0.clone()).unwrap();
    for framed in [
        text.replace(r#""crossOrigin":false"#, r#""crossOrigin":true"#),
        text.replace(r#""crossOrigin":false"#, r#""topOrigin":"https://evil.example""#),
    ] {
        let assertion = Assertion { client_data: framed.into_bytes().into(), ..honest.clone() };
        assert_eq!(here().used(&credential, &assertion, &CHALLENGE), Err(Refused::Origin));
    }
}

#[test]
fn a_person_who_was_not_verified_proves_nothing() {
    let mut authenticator = Authenticator::new(ORIGIN, 1);
    for flags in [0, USER_PRESENT, USER_VERIFIED] {
        authenticator.flags = flags;
        assert_eq!(here().made(&authenticator.make(&CHALLENGE), &CHALLENGE), Err(Refused::NotVerified));
    }
    let (mut authenticator, credential) = made();
    authenticator.flags = USER_PRESENT;
    let assertion = authenticator.use_for(&CHALLENGE);
    assert_eq!(here().used(&credential, &assertion, &CHALLENGE), Err(Refused::NotVerified));
}

#[test]
fn another_key_proves_nothing() {
    let (_, credential) = made();
    let other = Authenticator::new(ORIGIN, 1).use_for(&CHALLENGE);
    assert_eq!(here().used(&credential, &other, &CHALLENGE), Err(Refused::Signature));
}

#[test]
fn a_counter_that_does_not_rise_and_a_changed_kind_are_refused() {
    let (mut authenticator, mut credential) = made();
    credential.state.counter = 5;
    for counter in [0, 4, 5] {
        authenticator.counter = counter;
        let assertion = authenticator.use_for(&CHALLENGE);
        assert_eq!(here().used(&credential, &assertion, &CHALLENGE), Err(Refused::Counter), "{counter}");
    }
    authenticator.counter = 6;
    assert_eq!(here().used(&credential, &authenticator.use_for(&CHALLENGE), &CHALLENGE).unwrap().counter, 6);
    authenticator.flags |= BACKUP_ELIGIBLE;
    let assertion = authenticator.use_for(&CHALLENGE);
    assert_eq!(here().used(&credential, &assertion, &CHALLENGE), Err(Refused::Backup));
    authenticator.flags = USER_PRESENT | USER_VERIFIED | BACKED_UP;
    let assertion = authenticator.use_for(&CHALLENGE);
    assert_eq!(here().used(&credential, &assertion, &CHALLENGE), Err(Refused::AuthenticatorData));
}

#[test]
fn a_key_of_another_kind_is_not_taken() {
    let authenticator = Authenticator::new(ORIGIN, 1);
    let key = authenticator.public_key();
    assert!(PublicKey::parse(&key).is_ok());
    let turned = |at: usize, byte: u8| {
        let mut key = key.clone();
        key[at] = byte;
        key
    };
    for (what, key) in [
        ("another key type", turned(2, 1)),
        ("another algorithm", turned(4, 0x27)),
        ("another curve", turned(6, 2)),
        ("a label twice", turned(3, 1)),
        ("a longer form than needed", turned(0, 0xb8)),
        ("something after it", [key.as_slice(), &[0]].concat()),
        ("a byte too few", key[..key.len() - 1].to_vec()),
    ] {
        assert_eq!(PublicKey::parse(&key), Err(NotAKey), "{what}");
    }
}

#[test]
fn an_id_is_the_host_alone() {
    for (origin, id) in [
        ("https://mail.example.se", "mail.example.se"),
        ("https://mail.example.se:8443", "mail.example.se"),
        ("http://localhost:8080", "localhost"),
    ] {
        assert_eq!(id_of(origin), id);
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_or_are_taken(data in prop::collection::vec(any::<u8>(), 0..300), flags in any::<u8>()) {
        let party = here();
        let mut data = data;
        data.splice(0..data.len().min(33), party.id_hash.iter().copied().chain([flags]));
        let honest = Authenticator::new(ORIGIN, 1).make(&CHALLENGE);
        let made = MadeCredential { authenticator_data: data.clone().into(), ..honest };
        // What is taken by chance is at least a whole key.
        if let Ok(credential) = party.made(&made, &CHALLENGE) {
            prop_assert!(PublicKey::parse(&credential.public_key).is_ok());
        }
        let _ = PublicKey::parse(&data);
    }

    #[test]
    fn any_flipped_bit_of_what_was_signed_is_refused(at in any::<prop::sample::Index>()) {
        let (authenticator, credential) = made();
        let mut assertion = authenticator.use_for(&CHALLENGE);
        let lengths = [assertion.client_data.0.len(), assertion.authenticator_data.0.len(), assertion.signature.0.len()];
        let mut bit = at.index(lengths.iter().sum::<usize>() * 8);
        for bytes in [&mut assertion.client_data.0, &mut assertion.authenticator_data.0, &mut assertion.signature.0] {
            if bit < bytes.len() * 8 {
                bytes[bit / 8] ^= 1 << (bit % 8);
                break;
            }
            bit -= bytes.len() * 8;
        }
        prop_assert!(here().used(&credential, &assertion, &CHALLENGE).is_err());
    }
}
