//! People, letters and forgeries that the tests share. ML-KEM is slow in a debug build, so each person is made once.

use std::sync::LazyLock;

use pgp::{
    crypto::hash::HashAlgorithm,
    packet::{KeyFlags, SignatureConfig, SignatureType, Subpacket, SubpacketData},
    ser::Serialize,
    types::{KeyDetails, Password, Tag},
};
use rand::{CryptoRng, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;

use securemailbox_protocol::{
    address::Address,
    ids::{LetterId, ThreadId},
    time::Timestamp,
};

use crate::{
    certificates::{Certificate, CertificateRefused},
    identities::Identity,
    keyring::Keyring,
    letters::Outgoing,
    packets, signatures,
};

/// The moment at which the tests happen: 2026-11-24T10:42:00Z.
pub(crate) const NOW: Timestamp = Timestamp::from_unix_millis(1_795_516_920_000);

pub(crate) static ANNA: LazyLock<Keyring> = LazyLock::new(|| person("anna@example.se", 1));
pub(crate) static BJÖRN: LazyLock<Keyring> = LazyLock::new(|| person("björn@example.se", 2));
pub(crate) static MALLORY: LazyLock<Keyring> = LazyLock::new(|| person("mallory@example.se", 3));

pub(crate) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn person(text: &str, seed: u64) -> Keyring {
    Keyring::new(Identity::generate(&address(text), NOW, &mut rng(seed)))
}

pub(crate) fn certificate(keyring: &Keyring) -> &Certificate {
    keyring.present().certificate()
}

/// Anna's letter to Björn.
pub(crate) fn letter() -> Outgoing {
    Outgoing {
        id: LetterId::from_bytes([7; 16]),
        thread: ThreadId::from_bytes([8; 16]),
        name: Some("Anna Åström".to_owned()),
        to: vec![certificate(&BJÖRN).clone()],
        cc: Vec::new(),
        subject: "Återbesök på torsdag".to_owned(),
        text: "Hej Björn!\n\nVi ses på torsdag klockan nio.\n".to_owned(),
        date: NOW,
        signed: NOW,
        in_reply_to: None,
        references: Vec::new(),
        level: None,
        attachments: Vec::new(),
    }
}

pub(crate) fn flip(bytes: &mut [u8], bit: usize) {
    bytes[bit / 8] ^= 1 << (bit % 8);
}

/// A certificate of Anna's key with one thing wrong.
pub(crate) struct Forgery {
    pub(crate) at: Timestamp,
    pub(crate) hash: HashAlgorithm,
    pub(crate) user_id: &'static str,
    pub(crate) user_id_type: SignatureType,
    pub(crate) key: Vec<Subpacket>,
    pub(crate) user: Vec<Subpacket>,
    pub(crate) subkey: Vec<Subpacket>,
    pub(crate) unhashed: Vec<Subpacket>,
}

pub(crate) fn key_flags(set: impl FnOnce(&mut KeyFlags)) -> Subpacket {
    let mut flags = KeyFlags::default();
    set(&mut flags);
    Subpacket::regular(SubpacketData::KeyFlags(flags)).unwrap()
}

impl Default for Forgery {
    fn default() -> Self {
        Self {
            at: NOW,
            hash: HashAlgorithm::Sha512,
            user_id: "anna@example.se",
            user_id_type: SignatureType::CertPositive,
            key: vec![key_flags(|flags| {
                flags.set_certify(true);
                flags.set_sign(true);
            })],
            user: Vec::new(),
            subkey: vec![key_flags(|flags| {
                flags.set_encrypt_comms(true);
                flags.set_encrypt_storage(true);
            })],
            unhashed: Vec::new(),
        }
    }
}

impl Forgery {
    fn config(&self, typ: SignatureType, extra: &[Subpacket], rng: &mut (impl RngCore + CryptoRng)) -> SignatureConfig {
        let key = ANNA.present().primary();
        let mut config = SignatureConfig::v6(rng, typ, key.algorithm(), self.hash).unwrap();
        config.hashed_subpackets = vec![
            Subpacket::regular(SubpacketData::SignatureCreationTime(signatures::to_seconds(self.at))).unwrap(),
            Subpacket::regular(SubpacketData::IssuerFingerprint(key.fingerprint())).unwrap(),
        ];
        config.hashed_subpackets.extend_from_slice(extra);
        config.unhashed_subpackets.extend_from_slice(&self.unhashed);
        config
    }

    /// Its packets: primary key, signature, User ID, signature, subkey, signature.
    pub(crate) fn packets(&self) -> Vec<(Tag, Vec<u8>)> {
        let (key, subkey) = (ANNA.present().primary(), &ANNA.present().subkeys()[0]);
        let (public, none) = (key.public_key(), Password::empty());
        let rng = &mut rng(77);
        let user_id = pgp::packet::UserId::from_str(pgp::types::PacketHeaderVersion::New, self.user_id).unwrap();
        let on_key = self.config(SignatureType::Key, &self.key, rng).sign_key(key, &none, public).unwrap();
        let on_user = self
            .config(self.user_id_type, &self.user, rng)
            .sign_certification(key, public, &none, Tag::UserId, &user_id)
            .unwrap();
        let on_subkey = self
            .config(SignatureType::SubkeyBinding, &self.subkey, rng)
            .sign_subkey_binding(key, public, &none, subkey.public_key())
            .unwrap();
        vec![
            (Tag::PublicKey, public.to_bytes().unwrap()),
            (Tag::Signature, on_key.to_bytes().unwrap()),
            (Tag::UserId, self.user_id.as_bytes().to_vec()),
            (Tag::Signature, on_user.to_bytes().unwrap()),
            (Tag::PublicSubkey, subkey.public_key().to_bytes().unwrap()),
            (Tag::Signature, on_subkey.to_bytes().unwrap()),
        ]
    }

    pub(crate) fn refused(&self) -> Option<CertificateRefused> {
        refused(&self.packets())
    }
}

pub(crate) fn joined(packets: &[(Tag, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (tag, body) in packets {
        packets::write(*tag, body, &mut out);
    }
    out
}

/// Why a certificate of these packets is not Anna's.
pub(crate) fn refused(packets: &[(Tag, Vec<u8>)]) -> Option<CertificateRefused> {
    Certificate::parse(&joined(packets), &address("anna@example.se"), NOW).err()
}
