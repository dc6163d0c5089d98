//! Identities: one's own private key with its certificate (PROTOCOL §2).

use std::io::Read;

use pgp::{
    armor,
    composed::KeyType,
    crypto::{aead::AeadAlgorithm, hash::HashAlgorithm, sym::SymmetricKeyAlgorithm},
    packet::{
        Features, KeyFlags, PacketTrait, PubKeyInner, PublicKey, PublicSubkey, SecretKey, SecretSubkey, Signature,
        SignatureType, Subpacket, SubpacketData, UserId,
    },
    ser::Serialize,
    types::{KeyVersion, PublicParams, S2kParams, SecretParams, Tag},
};
use rand::{CryptoRng, RngCore};
use zeroize::Zeroizing;

use securemailbox_protocol::{address::Address, limits, time::Timestamp};

use crate::{
    certificates::{self, Certificate, CertificateRefused},
    packets::{self, Lengths},
    passwords::Password,
    signatures,
};

/// One's own private key with its certificate. Unlocked, in memory only; wiped when dropped. No `Debug`.
#[derive(Clone)]
pub struct Identity {
    certificate: Certificate,
    primary: SecretKey,
    subkeys: Vec<SecretSubkey>,
}

/// Bytes that are not an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentityRefused {
    /// Not a private key with its certificate, or one that is locked.
    #[error("not a private key with its certificate")]
    NotAnIdentity,
    /// Its certificate is refused.
    #[error(transparent)]
    Certificate(#[from] CertificateRefused),
}

impl Identity {
    /// Makes a key and its certificate, self-signed at `now`.
    pub fn generate(address: &Address, now: Timestamp, rng: &mut (impl RngCore + CryptoRng)) -> Self {
        // By hand, since the builder of `pgp` reads the clock for its self-signatures.
        #[expect(clippy::expect_used, reason = "fails only for parameters that we do not have")]
        let (primary, subkey, bytes) = make(address, now, rng).expect("constant parameters");
        #[expect(clippy::expect_used, reason = "held by every test that makes an identity")]
        let certificate = Certificate::parse(&bytes, address, now).expect("we accept what we make");
        Self { certificate, primary, subkeys: vec![subkey] }
    }

    /// The same primary key with another subkey to encrypt to, made and bound at `now`: who is written to stays the same
    /// person (PROTOCOL §10). The former subkey is not in it, and its certificate does not name it any more.
    #[must_use]
    pub fn renewed(&self, now: Timestamp, rng: &mut (impl RngCore + CryptoRng)) -> Self {
        #[expect(clippy::expect_used, reason = "fails only for parameters that we do not have")]
        let (subkey, bytes) = make_subkey(&self.certificate, &self.primary, now, rng).expect("constant parameters");
        #[expect(clippy::expect_used, reason = "held by every test that renews an identity")]
        let certificate = Certificate::parse(&bytes, self.certificate.address(), now).expect("we accept what we make");
        Self { certificate, primary: self.primary.clone(), subkeys: vec![subkey] }
    }

    /// The certificate: the public half, which others encrypt to and verify with.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The private key for other programs: ASCII armor, locked by the passphrase (RFC 9580 §3.7.2.1: Argon2id with
    /// 64 MiB, 3 passes, 4 lanes; AEAD by AES-256-OCB).
    pub fn export(&self, passphrase: &Password, rng: &mut (impl RngCore + CryptoRng)) -> String {
        #[expect(clippy::expect_used, reason = "locking fails only for a key that is locked already")]
        let locked = self.locked(passphrase, rng).expect("an unlocked key");
        certificates::armored(&locked, armor::BlockType::PrivateKey)
    }

    /// The reverse of [`Self::export`]: takes a private key that this program, or another of the same shape, exported.
    ///
    /// # Errors
    /// [`IdentityRefused`]: not such a key, another passphrase, or a certificate that is refused.
    pub fn import(
        armored: &str,
        passphrase: &Password,
        address: &Address,
        now: Timestamp,
    ) -> Result<Self, IdentityRefused> {
        if armored.len() > limits::KEYRING {
            return Err(IdentityRefused::NotAnIdentity);
        }
        let mut bytes = Zeroizing::new(Vec::new());
        let mut armor = armor::Dearmor::new(armored.as_bytes());
        armor.read_to_end(&mut bytes).map_err(|_| IdentityRefused::NotAnIdentity)?;
        Self::read(&bytes, Some(&pgp::types::Password::from(passphrase.as_str())), address, now)
    }

    fn locked(&self, passphrase: &Password, rng: &mut (impl RngCore + CryptoRng)) -> pgp::errors::Result<Vec<u8>> {
        let passphrase = pgp::types::Password::from(passphrase.as_str());
        let mut primary = self.primary.clone();
        primary.set_password_with_s2k(&passphrase, S2kParams::new_default(&mut *rng, KeyVersion::V6))?;
        let mut subkeys = self.subkeys.clone();
        for subkey in &mut subkeys {
            subkey.set_password_with_s2k(&passphrase, S2kParams::new_default(&mut *rng, KeyVersion::V6))?;
        }
        let mut bytes = Vec::new();
        merge(self.certificate.bytes(), &primary, &subkeys, &mut bytes)?;
        Ok(bytes)
    }

    /// Unlocked, for the keyring record: the certificate with private keys in the places of the public ones.
    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::new());
        #[expect(clippy::expect_used, reason = "writing to memory does not fail")]
        merge(self.certificate.bytes(), &self.primary, &self.subkeys, &mut bytes).expect("memory");
        bytes
    }

    /// The reverse of [`Self::to_bytes`].
    pub(crate) fn from_bytes(bytes: &[u8], address: &Address, now: Timestamp) -> Result<Self, IdentityRefused> {
        Self::read(bytes, None, address, now)
    }

    /// Reads a transferable secret key: what is locked needs the passphrase, and without one nothing may be locked.
    fn read(
        bytes: &[u8],
        passphrase: Option<&pgp::types::Password>,
        address: &Address,
        now: Timestamp,
    ) -> Result<Self, IdentityRefused> {
        let refused = |_| IdentityRefused::NotAnIdentity;
        let packets = packets::split(bytes, Lengths::Fixed).map_err(|_| IdentityRefused::NotAnIdentity)?;
        let mut public = Vec::new();
        let mut primary = None;
        let mut subkeys = Vec::new();
        for packet in &packets {
            match packet.tag {
                Tag::SecretKey => {
                    let mut key =
                        SecretKey::try_from_reader(packets::header(packet), &*packet.body).map_err(refused)?;
                    if let Some(passphrase) = passphrase {
                        key.remove_password(passphrase).map_err(refused)?;
                    }
                    check_unlocked(key.secret_params())?;
                    packets::write(Tag::PublicKey, &key.public_key().to_bytes().map_err(refused)?, &mut public);
                    primary = Some(key);
                }
                Tag::SecretSubkey => {
                    let mut key =
                        SecretSubkey::try_from_reader(packets::header(packet), &*packet.body).map_err(refused)?;
                    if let Some(passphrase) = passphrase {
                        key.remove_password(passphrase).map_err(refused)?;
                    }
                    check_unlocked(key.secret_params())?;
                    packets::write(Tag::PublicSubkey, &key.public_key().to_bytes().map_err(refused)?, &mut public);
                    subkeys.push(key);
                }
                tag => packets::write(tag, &packet.body, &mut public),
            }
        }
        let certificate = Certificate::parse(&public, address, now)?;
        let primary = primary.ok_or(IdentityRefused::NotAnIdentity)?;
        Ok(Self { certificate, primary, subkeys })
    }

    pub(crate) const fn primary(&self) -> &SecretKey {
        &self.primary
    }

    pub(crate) fn subkeys(&self) -> &[SecretSubkey] {
        &self.subkeys
    }
}

fn check_unlocked(params: &SecretParams) -> Result<(), IdentityRefused> {
    match params {
        SecretParams::Plain(_) => Ok(()),
        SecretParams::Encrypted(_) => Err(IdentityRefused::NotAnIdentity),
    }
}

/// Writes a certificate with private keys in the places of the public ones (RFC 9580 §10.2).
fn merge(
    certificate: &[u8],
    primary: &SecretKey,
    subkeys: &[SecretSubkey],
    out: &mut Vec<u8>,
) -> pgp::errors::Result<()> {
    let mut subkeys = subkeys.iter();
    #[expect(clippy::expect_used, reason = "a certificate was split when it was parsed")]
    let packets = packets::split(certificate, Lengths::Fixed).expect("a parsed certificate");
    for packet in packets {
        match packet.tag {
            Tag::PublicKey => packets::write(Tag::SecretKey, &Zeroizing::new(primary.to_bytes()?), out),
            Tag::PublicSubkey => {
                if let Some(subkey) = subkeys.next() {
                    packets::write(Tag::SecretSubkey, &Zeroizing::new(subkey.to_bytes()?), out);
                }
            }
            tag => packets::write(tag, &packet.body, out),
        }
    }
    Ok(())
}

type Made = (SecretKey, SecretSubkey, Vec<u8>);

fn make(address: &Address, now: Timestamp, rng: &mut (impl RngCore + CryptoRng)) -> pgp::errors::Result<Made> {
    let (public, secret) = key_pair(KeyType::Ed25519, now, rng)?;
    let primary = SecretKey::new(PublicKey::from_inner(public)?, secret)?;
    let user_id = UserId::from_str(pgp::types::PacketHeaderVersion::New, address.as_str())?;

    let mut bytes = Vec::new();
    packets::write(Tag::PublicKey, &primary.public_key().to_bytes()?, &mut bytes);
    write_signature(&sign_key(&primary, now, rng)?, &mut bytes)?;
    packets::write(Tag::UserId, address.as_str().as_bytes(), &mut bytes);
    write_signature(&sign_user_id(&primary, &user_id, now, rng)?, &mut bytes)?;
    let subkey = write_subkey(&primary, now, &mut bytes, rng)?;
    Ok((primary, subkey, bytes))
}

/// Another subkey for a certificate, and that certificate with it in the place of every other one.
fn make_subkey(
    certificate: &Certificate,
    primary: &SecretKey,
    now: Timestamp,
    rng: &mut (impl RngCore + CryptoRng),
) -> pgp::errors::Result<(SecretSubkey, Vec<u8>)> {
    #[expect(clippy::expect_used, reason = "a certificate was split when it was parsed")]
    let packets = packets::split(certificate.bytes(), Lengths::Fixed).expect("a parsed certificate");
    let mut bytes = Vec::new();
    for packet in packets.iter().take_while(|packet| packet.tag != Tag::PublicSubkey) {
        packets::write(packet.tag, &packet.body, &mut bytes);
    }
    let subkey = write_subkey(primary, now, &mut bytes, rng)?;
    Ok((subkey, bytes))
}

fn write_subkey(
    primary: &SecretKey,
    now: Timestamp,
    out: &mut Vec<u8>,
    rng: &mut (impl RngCore + CryptoRng),
) -> pgp::errors::Result<SecretSubkey> {
    let (public, secret) = key_pair(KeyType::MlKem768X25519, now, rng)?;
    let subkey = SecretSubkey::new(PublicSubkey::from_inner(public)?, secret)?;
    packets::write(Tag::PublicSubkey, &subkey.public_key().to_bytes()?, out);
    write_signature(&sign_subkey(primary, &subkey, now, rng)?, out)?;
    Ok(subkey)
}

fn key_pair(
    kind: KeyType,
    now: Timestamp,
    rng: &mut (impl RngCore + CryptoRng),
) -> pgp::errors::Result<(PubKeyInner, SecretParams)> {
    let (public, secret): (PublicParams, SecretParams) = kind.generate(rng)?;
    let created = signatures::to_seconds(now);
    Ok((PubKeyInner::new(KeyVersion::V6, kind.to_alg(), created, None, public)?, secret))
}

fn write_signature(signature: &Signature, out: &mut Vec<u8>) -> pgp::errors::Result<()> {
    packets::write(Tag::Signature, &signature.to_bytes()?, out);
    Ok(())
}

/// The primary key's word on itself: what it may do, and how its owner is written to.
fn sign_key(key: &SecretKey, now: Timestamp, rng: &mut (impl RngCore + CryptoRng)) -> pgp::errors::Result<Signature> {
    let mut flags = KeyFlags::default();
    flags.set_certify(true);
    flags.set_sign(true);
    let mut features = Features::default();
    features.set_seipd_v2(true);
    let aead = [(SymmetricKeyAlgorithm::AES256, AeadAlgorithm::Ocb)].into_iter().collect();
    let mut config = signatures::config(SignatureType::Key, now, key, rng)?;
    config.hashed_subpackets.extend([
        Subpacket::critical(SubpacketData::KeyFlags(flags))?,
        Subpacket::regular(SubpacketData::Features(features))?,
        Subpacket::regular(SubpacketData::PreferredHashAlgorithms([HashAlgorithm::Sha512].into_iter().collect()))?,
        Subpacket::regular(SubpacketData::PreferredAeadAlgorithms(aead))?,
    ]);
    config.sign_key(key, &pgp::types::Password::empty(), key.public_key())
}

fn sign_user_id(
    key: &SecretKey,
    user_id: &UserId,
    now: Timestamp,
    rng: &mut (impl RngCore + CryptoRng),
) -> pgp::errors::Result<Signature> {
    let mut config = signatures::config(SignatureType::CertPositive, now, key, rng)?;
    config.hashed_subpackets.push(Subpacket::regular(SubpacketData::IsPrimary(true))?);
    config.sign_certification(key, key.public_key(), &pgp::types::Password::empty(), user_id.tag(), user_id)
}

fn sign_subkey(
    key: &SecretKey,
    subkey: &SecretSubkey,
    now: Timestamp,
    rng: &mut (impl RngCore + CryptoRng),
) -> pgp::errors::Result<Signature> {
    let mut flags = KeyFlags::default();
    flags.set_encrypt_comms(true);
    flags.set_encrypt_storage(true);
    let mut config = signatures::config(SignatureType::SubkeyBinding, now, key, rng)?;
    config.hashed_subpackets.push(Subpacket::critical(SubpacketData::KeyFlags(flags))?);
    config.sign_subkey_binding(key, key.public_key(), &pgp::types::Password::empty(), subkey.public_key())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{ANNA, BJÖRN, NOW, address, flip, rng};

    #[test]
    fn an_exported_key_comes_back_with_its_passphrase_only() {
        let anna = ANNA.present();
        let exported = anna.export(&Password::new("sex korrekta hästar"), &mut rng(1));
        assert!(exported.starts_with("-----BEGIN PGP PRIVATE KEY BLOCK-----"));
        let here = address("anna@example.se");
        let back = Identity::import(&exported, &Password::new("sex korrekta hästar"), &here, NOW).unwrap();
        assert_eq!(back.to_bytes(), anna.to_bytes());
        assert_eq!(back.certificate().hash(), anna.certificate().hash());
        for (passphrase, address) in
            [("sju korrekta hästar", "anna@example.se"), ("sex korrekta hästar", "bo@example.se")]
        {
            let refused = Identity::import(&exported, &Password::new(passphrase), &self::address(address), NOW);
            assert!(refused.is_err());
        }
    }

    #[test]
    fn a_locked_key_is_no_identity_without_its_passphrase() {
        let locked = ANNA.present().locked(&Password::new("sex korrekta hästar"), &mut rng(1)).unwrap();
        let refused = Identity::from_bytes(&locked, &address("anna@example.se"), NOW).err();
        assert_eq!(refused, Some(IdentityRefused::NotAnIdentity));
    }

    #[test]
    fn a_renewed_identity_is_the_same_person_with_another_subkey() {
        let (old, later) = (ANNA.present(), NOW.after(std::time::Duration::from_secs(3600)));
        let new = old.renewed(later, &mut rng(9));
        let (before, after) = (old.certificate(), new.certificate());
        assert_eq!(after.fingerprint(), before.fingerprint());
        assert_ne!(after.hash(), before.hash());
        assert!(after.signed_at() > before.signed_at(), "so that the old one is refused where the new one was seen");
        assert_ne!(after.encryption(), before.encryption());
        let back = Identity::from_bytes(&new.to_bytes(), &address("anna@example.se"), later).unwrap();
        assert_eq!(back.certificate().hash(), after.hash());
        let again = new.renewed(later, &mut rng(10));
        assert!(again.certificate().bytes().len() < before.bytes().len() + 8, "subkeys don't pile up");
    }

    #[test]
    fn a_certificate_alone_is_no_identity() {
        let refused =
            Identity::from_bytes(ANNA.present().certificate().bytes(), &address("anna@example.se"), NOW).err();
        assert_eq!(refused, Some(IdentityRefused::NotAnIdentity));
    }

    #[test]
    fn an_identity_is_of_its_address_only() {
        let refused = Identity::from_bytes(&BJÖRN.present().to_bytes(), &address("anna@example.se"), NOW).err();
        assert_eq!(refused, Some(IdentityRefused::Certificate(CertificateRefused::OtherAddress)));
    }

    #[test]
    fn a_public_key_that_is_not_its_private_keys_is_refused() {
        // The public half stands first in a secret key packet; its self-signatures tell.
        let mut bytes = ANNA.present().to_bytes();
        flip(&mut bytes, 8 * (packets::HEADER + 12));
        assert!(Identity::from_bytes(&bytes, &address("anna@example.se"), NOW).is_err());
    }
}
