//! Certificates with one thing wrong, made by an operator who has a key of their own for the address (ATTACKS 17).

use std::time::Duration;

use pgp::{
    composed::{EncryptionCaps, KeyType, SecretKeyParamsBuilder, SignedSecretKey, SubkeyParamsBuilder},
    crypto::hash::HashAlgorithm,
    packet::{KeyFlags, PublicSubkey, SignatureConfig, SignatureType, Subpacket, SubpacketData, UserId},
    ser::Serialize,
    types::{KeyDetails, KeyVersion, PacketHeaderVersion, Password, Tag},
};
use rand::rngs::OsRng;
use securemailbox_protocol::{address::Address, time::Timestamp};
use securemailbox_vault::{identities::Identity, keyring::Keyring};

use super::forge::{Pen, packet, regular, seconds};

/// A certificate to be spoiled.
pub struct Forgery {
    pen: Pen,
    at: Timestamp,
    user_id: String,
    key: Vec<Subpacket>,
    subkey: Vec<Subpacket>,
    revoked: bool,
}

fn flags(set: impl FnOnce(&mut KeyFlags)) -> Subpacket {
    let mut flags = KeyFlags::default();
    set(&mut flags);
    regular(SubpacketData::KeyFlags(flags))
}

fn certify_and_sign() -> Subpacket {
    flags(|flags| {
        flags.set_certify(true);
        flags.set_sign(true);
    })
}

impl Forgery {
    /// Of the operator's own key, two days old, for this address. As it is, it is in order.
    #[must_use]
    pub fn new(address: &Address, now: Timestamp) -> Self {
        let made = now.before(Duration::from_secs(2 * 86_400));
        Self::by(Pen::of(&Keyring::new(Identity::generate(address, made, &mut OsRng))), address, now)
    }

    /// A certificate of the key behind this pen.
    #[must_use]
    pub fn by(pen: Pen, address: &Address, at: Timestamp) -> Self {
        let encrypt = flags(|flags| {
            flags.set_encrypt_comms(true);
            flags.set_encrypt_storage(true);
        });
        let user_id = address.as_str().to_owned();
        Self { pen, at, user_id, key: vec![certify_and_sign()], subkey: vec![encrypt], revoked: false }
    }

    /// Gives the certificate another User ID.
    #[must_use]
    pub fn named(self, user_id: &str) -> Self {
        Self { user_id: user_id.into(), ..self }
    }

    /// Good for as long as OpenPGP can say, which is not for ever.
    #[must_use]
    pub fn with_an_end(mut self) -> Self {
        let end = pgp::types::Duration::from_secs(u32::MAX);
        self.key.push(regular(SubpacketData::KeyExpirationTime(end)));
        self
    }

    /// Revokes the certificate by its own key.
    #[must_use]
    pub fn revoked(self) -> Self {
        Self { revoked: true, ..self }
    }

    /// A primary key that may certify, and not sign.
    #[must_use]
    pub fn not_to_sign(self) -> Self {
        Self { key: vec![flags(|flags| flags.set_certify(true))], ..self }
    }

    /// A subkey to sign with, and none to encrypt to.
    #[must_use]
    pub fn not_to_encrypt(self) -> Self {
        Self { subkey: vec![flags(|flags| flags.set_sign(true))], ..self }
    }

    /// With a subkey of another kind.
    #[must_use]
    pub fn encrypting_to(mut self, kind: KeyType) -> Self {
        self.pen.subkey = with_subkey(kind).secret_subkeys.swap_remove(0).key;
        self
    }

    /// Its bytes.
    ///
    /// # Panics
    /// When the library refuses.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let (key, subkey, none) = (&self.pen.primary, &self.pen.subkey, Password::empty());
        let (public, user_id) =
            (key.public_key(), UserId::from_str(PacketHeaderVersion::New, &self.user_id).expect("text"));
        let on_key = self.config(SignatureType::Key, &self.key).sign_key(key, &none, public).expect("signed");
        let on_user = self
            .config(SignatureType::CertPositive, &[])
            .sign_certification(key, public, &none, Tag::UserId, &user_id)
            .expect("signed");
        let on_subkey = self
            .config(SignatureType::SubkeyBinding, &self.subkey)
            .sign_subkey_binding(key, public, &none, subkey.public_key())
            .expect("signed");
        let mut parts = vec![
            (Tag::PublicKey, public.to_bytes().expect("memory")),
            (Tag::Signature, on_key.to_bytes().expect("memory")),
        ];
        if self.revoked {
            let revocation = self.config(SignatureType::KeyRevocation, &[]).sign_key(key, &none, public);
            parts.push((Tag::Signature, revocation.expect("signed").to_bytes().expect("memory")));
        }
        parts.extend([
            (Tag::UserId, self.user_id.clone().into_bytes()),
            (Tag::Signature, on_user.to_bytes().expect("memory")),
            (Tag::PublicSubkey, subkey.public_key().to_bytes().expect("memory")),
            (Tag::Signature, on_subkey.to_bytes().expect("memory")),
        ]);
        parts.iter().flat_map(|(tag, body)| packet(*tag, body)).collect()
    }

    fn config(&self, typ: SignatureType, extra: &[Subpacket]) -> SignatureConfig {
        let key = &self.pen.primary;
        let mut config = SignatureConfig::v6(OsRng, typ, key.algorithm(), HashAlgorithm::Sha512).expect("v6");
        config.hashed_subpackets = vec![
            regular(SubpacketData::SignatureCreationTime(seconds(self.at))),
            regular(SubpacketData::IssuerFingerprint(key.fingerprint())),
        ];
        config.hashed_subpackets.extend_from_slice(extra);
        config
    }
}

/// A certificate of another version or of other algorithms, as other programs make them.
///
/// # Panics
/// When the library refuses.
#[must_use]
pub fn of_another_kind(address: &Address, version: KeyVersion, primary: KeyType, subkey: KeyType) -> Vec<u8> {
    key(address.as_str(), version, primary, subkey).to_public_key().to_bytes().expect("memory")
}

/// A subkey of this kind that belongs to nobody here.
///
/// # Panics
/// When the library refuses.
#[must_use]
pub fn subkey_of(kind: KeyType) -> PublicSubkey {
    with_subkey(kind).secret_subkeys[0].key.public_key().clone()
}

fn with_subkey(kind: KeyType) -> SignedSecretKey {
    key("nobody@example.se", KeyVersion::V6, KeyType::Ed25519, kind)
}

fn key(user_id: &str, version: KeyVersion, primary: KeyType, subkey: KeyType) -> SignedSecretKey {
    let subkey = SubkeyParamsBuilder::default()
        .version(version)
        .key_type(subkey)
        .can_encrypt(EncryptionCaps::All)
        .build()
        .expect("parameters");
    let key = SecretKeyParamsBuilder::default()
        .version(version)
        .key_type(primary)
        .can_certify(true)
        .can_sign(true)
        .primary_user_id(user_id.into())
        .subkey(subkey)
        .build()
        .expect("parameters");
    key.generate(OsRng).expect("a key")
}
