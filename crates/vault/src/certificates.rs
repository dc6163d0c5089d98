//! Certificates: OpenPGP v6 (RFC 9580), Ed25519 to certify and sign, ML-KEM-768 + X25519 (RFC 9980) to encrypt to.
//!
//! What a client refuses of them is PROTOCOL §11. One shape is accepted: a primary key, its word on itself, one User
//! ID, and subkeys to encrypt to, each followed by the primary key's signatures over it and by nothing else.

use std::fmt;

use pgp::{
    armor,
    crypto::public_key::PublicKeyAlgorithm,
    packet::{PublicKey, PublicSubkey, SubpacketData, UserId},
    ser::Serialize,
    types::{KeyDetails, PublicParams, Tag},
};
use sha2::{Digest, Sha256};

use securemailbox_protocol::{
    address::Address,
    ids::{CertificateHash, Fingerprint},
    limits,
    time::Timestamp,
};

use crate::{
    packets::{self, Lengths, Packet},
    signatures::{self, SignatureRefused, Use, WellFormed},
};

/// A v6 certificate of an address, strictly checked when it was parsed.
#[derive(Clone)]
pub struct Certificate {
    address: Address,
    bytes: Vec<u8>,
    fingerprint: Fingerprint,
    signed_at: Timestamp,
    primary: PublicKey,
    encryption: PublicSubkey,
}

/// Why a certificate is not taken (PROTOCOL §11, ATTACKS 17).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateRefused {
    /// Over [`limits::CERTIFICATE`].
    #[error("the certificate is too large")]
    TooLarge,
    /// Bytes that are no packets, before, within or after the certificate.
    #[error("not a certificate, or bytes that do not belong to one")]
    NotACertificate,
    /// A packet that has no place in a certificate, or not in this one.
    #[error("the certificate has a part that does not belong")]
    Unexpected,
    /// A key of another version than 6.
    #[error("a key of the certificate is not of version 6")]
    Version,
    /// Another algorithm than Ed25519 (primary key) or ML-KEM-768 + X25519 (subkey).
    #[error("a key of the certificate has another algorithm")]
    Algorithm,
    /// A primary key of small order, under which one signature fits many texts.
    #[error("the primary key is weak")]
    WeakKey,
    /// Its User ID is not exactly the address.
    #[error("the certificate is another address's")]
    OtherAddress,
    /// It has more than one User ID, so it does not say whose address it is.
    #[error("the certificate has several user ids")]
    SeveralUserIds,
    /// It, its User ID or a subkey is revoked.
    #[error("the certificate is revoked")]
    Revoked,
    /// A key made more than a day after now.
    #[error("a key of the certificate was made in the future")]
    FromTheFuture,
    /// The primary key may not both certify and sign, or a key may do what it must not.
    #[error("a key of the certificate has the wrong flags")]
    Flags,
    /// A key or User ID without the primary key's signature over it.
    #[error("a part of the certificate is not signed")]
    Unsigned,
    /// It has no subkey that letters could be encrypted to.
    #[error("the certificate has no key to encrypt to")]
    NoEncryptionKey,
    /// A self-signature is refused.
    #[error("a self-signature is refused: {0}")]
    Signature(#[from] SignatureRefused),
}

impl Certificate {
    /// Takes a certificate as the directory serves it, for exactly this address.
    ///
    /// # Errors
    /// [`CertificateRefused`] names the first thing that is wrong with it.
    pub fn parse(bytes: &[u8], address: &Address, now: Timestamp) -> Result<Self, CertificateRefused> {
        if bytes.len() > limits::CERTIFICATE {
            return Err(CertificateRefused::TooLarge);
        }
        let packets = packets::split(bytes, Lengths::Fixed).map_err(|_| CertificateRefused::NotACertificate)?;
        let components = components(&packets)?;
        let [(key, key_signatures), (user_id, user_id_signatures), subkeys @ ..] = &components[..] else {
            return Err(CertificateRefused::NotACertificate);
        };
        let primary = primary_key(key, now)?;
        let mut judged = Judged { primary: &primary, now, newest: Timestamp::from_unix_millis(0) };
        judged.key(key_signatures)?;
        judged.user_id(user_id, user_id_signatures, address)?;
        let encryption = judged.subkeys(subkeys)?;
        let signed_at = judged.newest;
        let fingerprint = signatures::v6(&primary.fingerprint()).ok_or(CertificateRefused::Version)?;
        Ok(Self { address: address.clone(), bytes: bytes.to_vec(), fingerprint, signed_at, primary, encryption })
    }

    /// Whose it is: its one User ID.
    #[must_use]
    pub const fn address(&self) -> &Address {
        &self.address
    }

    /// Of its primary key: who someone is, whatever subkeys come and go.
    #[must_use]
    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// SHA-256 of its bytes, as the server knows it.
    #[must_use]
    pub fn hash(&self) -> CertificateHash {
        CertificateHash::from_bytes(Sha256::digest(&self.bytes).into())
    }

    /// As the directory serves it, binary.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// When its newest self-signature was made; an older one than was seen is refused (ATTACKS 7).
    #[must_use]
    pub const fn signed_at(&self) -> Timestamp {
        self.signed_at
    }

    /// ASCII armor, for other programs.
    #[must_use]
    pub fn to_armor(&self) -> String {
        armored(&self.bytes, armor::BlockType::PublicKey)
    }

    pub(crate) const fn primary(&self) -> &PublicKey {
        &self.primary
    }

    /// The newest subkey that may be encrypted to.
    pub(crate) const fn encryption(&self) -> &PublicSubkey {
        &self.encryption
    }
}

/// Personal data: only that it is one.
impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificate(…)")
    }
}

/// ASCII armor without the checksum that RFC 9580 §6.1 advises against.
pub(crate) fn armored(bytes: &[u8], kind: armor::BlockType) -> String {
    let mut out = Vec::new();
    #[expect(clippy::expect_used, reason = "writing to memory does not fail")]
    armor::write(&Raw(bytes), kind, &mut out, None, false).expect("memory");
    #[expect(clippy::expect_used, reason = "armor is ASCII (RFC 9580 §6.2)")]
    String::from_utf8(out).expect("ASCII")
}

struct Raw<'a>(&'a [u8]);

impl pgp::ser::Serialize for Raw<'_> {
    fn to_writer<W: std::io::Write>(&self, writer: &mut W) -> pgp::errors::Result<()> {
        writer.write_all(self.0).map_err(Into::into)
    }

    fn write_len(&self) -> usize {
        self.0.len()
    }
}

type Component<'a, 'b> = (&'b Packet<'a>, &'b [Packet<'a>]);

/// Groups packets into a key, a User ID and subkeys, each with the signatures that follow it, in that order.
fn components<'a, 'b>(packets: &'b [Packet<'a>]) -> Result<Vec<Component<'a, 'b>>, CertificateRefused> {
    let mut components = Vec::new();
    let mut rest = packets;
    while let [head, tail @ ..] = rest {
        let expected = match components.len() {
            0 => Tag::PublicKey,
            1 => Tag::UserId,
            _ => Tag::PublicSubkey,
        };
        match head.tag {
            tag if tag == expected => {}
            Tag::UserId => return Err(CertificateRefused::SeveralUserIds),
            _ if components.is_empty() => return Err(CertificateRefused::NotACertificate),
            _ => return Err(CertificateRefused::Unexpected),
        }
        let signatures = tail.iter().take_while(|packet| packet.tag == Tag::Signature).count();
        let (signatures, after) = tail.split_at(signatures);
        components.push((head, signatures));
        rest = after;
    }
    Ok(components)
}

fn primary_key(packet: &Packet<'_>, now: Timestamp) -> Result<PublicKey, CertificateRefused> {
    check_key(packet, PublicKeyAlgorithm::Ed25519)?;
    let key = PublicKey::try_from_reader(packets::header(packet), &*packet.body)
        .map_err(|_| CertificateRefused::NotACertificate)?;
    check_read(&key, packet, now)?;
    match key.public_params() {
        PublicParams::Ed25519(params) if !params.key.is_weak() => Ok(key),
        _ => Err(CertificateRefused::WeakKey),
    }
}

fn subkey(packet: &Packet<'_>, now: Timestamp) -> Result<PublicSubkey, CertificateRefused> {
    check_key(packet, PublicKeyAlgorithm::MlKem768X25519)?;
    let key = PublicSubkey::try_from_reader(packets::header(packet), &*packet.body)
        .map_err(|_| CertificateRefused::NotACertificate)?;
    check_read(&key, packet, now)?;
    Ok(key)
}

/// Version and algorithm stand at fixed places (RFC 9580 §5.5.2.3) and are looked at before anything is parsed.
fn check_key(packet: &Packet<'_>, algorithm: PublicKeyAlgorithm) -> Result<(), CertificateRefused> {
    match *packet.body {
        [6, _, _, _, _, found, ..] if found == u8::from(algorithm) => Ok(()),
        [6, ..] => Err(CertificateRefused::Algorithm),
        _ => Err(CertificateRefused::Version),
    }
}

fn check_read(
    key: &(impl KeyDetails + Serialize),
    packet: &Packet<'_>,
    now: Timestamp,
) -> Result<(), CertificateRefused> {
    if !packets::is_exactly(key, packet) {
        return Err(CertificateRefused::NotACertificate);
    }
    if signatures::from_seconds(key.created_at().as_secs()) > now.after(limits::DATE_SLACK) {
        return Err(CertificateRefused::FromTheFuture);
    }
    Ok(())
}

/// The self-signatures of one certificate, looked at one component after the other.
struct Judged<'a> {
    primary: &'a PublicKey,
    now: Timestamp,
    newest: Timestamp,
}

impl Judged<'_> {
    /// The primary key's word on itself: it certifies and signs, and nothing else.
    fn key(&mut self, signatures: &[Packet<'_>]) -> Result<(), CertificateRefused> {
        let newest = self.newest_of(signatures, Use::Key, |signature| signature.signature.verify_key(self.primary))?;
        match flags(&newest) {
            Some(Flags { certify: true, sign: true, encrypt: false, other: false }) => Ok(()),
            _ => Err(CertificateRefused::Flags),
        }
    }

    /// The primary key's word on its one User ID, which is exactly the address.
    fn user_id(
        &mut self,
        packet: &Packet<'_>,
        signatures: &[Packet<'_>],
        address: &Address,
    ) -> Result<(), CertificateRefused> {
        if &*packet.body != address.as_str().as_bytes() {
            return Err(CertificateRefused::OtherAddress);
        }
        let id = UserId::try_from_reader(packets::header(packet), &*packet.body)
            .map_err(|_| CertificateRefused::NotACertificate)?;
        self.newest_of(signatures, Use::UserId, |signature| {
            signature.signature.verify_certification(self.primary, Tag::UserId, &id)
        })
        .map(drop)
    }

    /// The newest subkey. One that is refused refuses the certificate.
    fn subkeys(&mut self, subkeys: &[Component<'_, '_>]) -> Result<PublicSubkey, CertificateRefused> {
        let mut chosen: Option<PublicSubkey> = None;
        for (packet, signatures) in subkeys {
            let key = subkey(packet, self.now)?;
            let newest = self.newest_of(signatures, Use::Subkey, |signature| {
                signature.signature.verify_subkey_binding(self.primary, &key)
            })?;
            if !matches!(flags(&newest), Some(Flags { certify: false, sign: false, encrypt: true, other: false })) {
                return Err(CertificateRefused::Flags);
            }
            if chosen.as_ref().is_none_or(|other| other.created_at() <= key.created_at()) {
                chosen = Some(key);
            }
        }
        chosen.ok_or(CertificateRefused::NoEncryptionKey)
    }

    /// Every signature over a component must hold; the newest says what is so now.
    fn newest_of(
        &mut self,
        packets: &[Packet<'_>],
        purpose: Use,
        fits: impl Fn(&WellFormed) -> pgp::errors::Result<()>,
    ) -> Result<WellFormed, CertificateRefused> {
        let mut newest: Option<WellFormed> = None;
        for packet in packets {
            if is_revocation(packet) {
                return Err(CertificateRefused::Revoked);
            }
            let signature = signatures::well_formed(packet, purpose, self.primary, self.now)?;
            fits(&signature).map_err(|_| SignatureRefused::Wrong)?;
            self.newest = self.newest.max(signature.created);
            if newest.as_ref().is_none_or(|other| other.created <= signature.created) {
                newest = Some(signature);
            }
        }
        newest.ok_or(CertificateRefused::Unsigned)
    }
}

/// A revocation is believed without looking further: it can only stop a letter, and a certificate in which someone
/// without the key placed one is not what its owner published.
fn is_revocation(packet: &Packet<'_>) -> bool {
    matches!(*packet.body, [6, 0x20 | 0x28 | 0x30, ..])
}

/// What a key may do (RFC 9580 §5.2.3.29).
struct Flags {
    certify: bool,
    sign: bool,
    encrypt: bool,
    other: bool,
}

fn flags(signature: &WellFormed) -> Option<Flags> {
    signature.subpackets().find_map(|data| match data {
        SubpacketData::KeyFlags(flags) => Some(Flags {
            certify: flags.certify(),
            sign: flags.sign(),
            encrypt: flags.encrypt_comms() && flags.encrypt_storage(),
            other: flags.authentication()
                || flags.shared()
                || flags.group()
                || flags.adsk()
                || flags.timestamping()
                || flags.encrypt_comms() != flags.encrypt_storage(),
        }),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
