//! The one strict look at a signature (PROTOCOL §4.4, §11; RFC 9580 §5.2).
//!
//! `pgp` answers one question, whether the mathematics hold. Everything else that makes a signature worth showing is
//! asked here: version, algorithms, type, times, who signed, and that no subpacket says what we do not understand.

use pgp::{
    crypto::{hash::HashAlgorithm, public_key::PublicKeyAlgorithm},
    packet::{PublicKey, Signature, SignatureConfig, SignatureType, Subpacket, SubpacketData},
    types::{Fingerprint as PgpFingerprint, KeyDetails, Tag},
};
use rand::{CryptoRng, RngCore};

use securemailbox_protocol::{ids::Fingerprint, limits, time::Timestamp};

use crate::packets::{self, Packet};

/// Why a signature is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureRefused {
    /// A signature is missing where there must be one.
    #[error("unsigned")]
    Missing,
    /// The bytes are no signature packet.
    #[error("not a signature packet")]
    NotASignature,
    /// The signature packet is of another version than 6.
    #[error("not a signature of version 6")]
    Version,
    /// Another algorithm than Ed25519.
    #[error("not an Ed25519 signature")]
    Algorithm,
    /// Another hash than SHA-512.
    #[error("not over SHA-512")]
    Hash,
    /// Made for another use, such as a certification where a document's is needed.
    #[error("a signature of another type")]
    Type,
    /// Names no key, or another one than the sender's.
    #[error("signed by another key")]
    OtherIssuer,
    /// The signature has no creation time (RFC 9580 §5.2.3.11).
    #[error("the signature has no time")]
    NoTime,
    /// Made more than a day after now.
    #[error("signed in the future")]
    FromTheFuture,
    /// Made more than a day before its key.
    #[error("signed before the key was made")]
    BeforeItsKey,
    /// It says when it ends. None of ours does: else a letter that was read could be shown as damaged later.
    #[error("the signature has an end")]
    Ends,
    /// It says when the key that it speaks of ends. None of ours does, for the same reason.
    #[error("the signature sets an end to a key")]
    KeyEnds,
    /// A critical subpacket or notation that this program does not understand.
    #[error("the signature has a critical part that is unknown")]
    UnknownCritical,
    /// A subpacket that has no place in this kind of signature.
    #[error("the signature has a part that does not belong")]
    Unexpected,
    /// A subpacket that may occur once occurs twice.
    #[error("the signature says something twice")]
    Repeated,
    /// Subpackets that the signature does not cover.
    #[error("the signature has parts that it does not cover")]
    Uncovered,
    /// The mathematics: altered, or made by another key.
    #[error("the signature does not fit what it signs")]
    Wrong,
}

/// What a signature is for: which types do, and which subpackets may occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// A document: letter, envelope, receipt.
    Document,
    /// The primary key's own word on itself.
    Key,
    /// The primary key's word on its User ID.
    UserId,
    /// The primary key's word on a subkey.
    Subkey,
}

/// A signature whose form is right. Whether it fits is asked by the one who knows what it signs.
pub(crate) struct WellFormed {
    pub(crate) signature: Signature,
    pub(crate) created: Timestamp,
}

impl WellFormed {
    pub(crate) fn subpackets(&self) -> impl Iterator<Item = &SubpacketData> {
        self.signature.config().into_iter().flat_map(SignatureConfig::hashed_subpackets).map(|packet| &packet.data)
    }
}

/// Looks at everything of a signature but what it signs.
pub(crate) fn well_formed(
    packet: &Packet<'_>,
    purpose: Use,
    signer: &PublicKey,
    now: Timestamp,
) -> Result<WellFormed, SignatureRefused> {
    let signature = parse(packet)?;
    let config = signature.config().ok_or(SignatureRefused::Version)?;
    if !is_type_for(config.typ(), purpose) {
        return Err(SignatureRefused::Type);
    }
    has_no_end(config)?;
    if config.unhashed_subpackets().next().is_some() {
        return Err(SignatureRefused::Uncovered);
    }
    let stated = Stated::collect(config, purpose)?;
    if stated.issuer != Some(signer.fingerprint()) {
        return Err(SignatureRefused::OtherIssuer);
    }
    let created = stated.created.ok_or(SignatureRefused::NoTime)?;
    check_times(created, from_seconds(signer.created_at().as_secs()), now)?;
    Ok(WellFormed { signature, created })
}

/// Takes the packet apart, to its last octet, if it is of the one kind that we take.
fn parse(packet: &Packet<'_>) -> Result<Signature, SignatureRefused> {
    if packet.tag != Tag::Signature {
        return Err(SignatureRefused::NotASignature);
    }
    // Version, type, algorithm and hash are the first four octets (RFC 9580 §5.2.3), looked at before anything is parsed.
    match *packet.body {
        [6, _, algorithm, ..] if algorithm != u8::from(PublicKeyAlgorithm::Ed25519) => {
            return Err(SignatureRefused::Algorithm);
        }
        [6, _, _, hash, ..] if hash != u8::from(HashAlgorithm::Sha512) => return Err(SignatureRefused::Hash),
        [6, ..] => {}
        [_, ..] => return Err(SignatureRefused::Version),
        [] => return Err(SignatureRefused::NotASignature),
    }
    let signature = Signature::try_from_reader(packets::header(packet), &*packet.body)
        .map_err(|_| SignatureRefused::NotASignature)?;
    if packets::is_exactly(&signature, packet) { Ok(signature) } else { Err(SignatureRefused::NotASignature) }
}

fn is_type_for(found: SignatureType, purpose: Use) -> bool {
    match purpose {
        Use::Document => found == SignatureType::Binary,
        Use::Key => found == SignatureType::Key,
        Use::UserId => matches!(
            found,
            SignatureType::CertGeneric
                | SignatureType::CertPersona
                | SignatureType::CertCasual
                | SignatureType::CertPositive
        ),
        Use::Subkey => found == SignatureType::SubkeyBinding,
    }
}

/// Nothing of `securemailbox/1` expires (PROTOCOL §11). Zero means "never" (RFC 9580 §5.2.3.13, §5.2.3.18) and is refused
/// too, so that there is one way to say it; and an end that the signature does not cover has the same name as one that it
/// does, since what is wrong is the end.
fn has_no_end(config: &SignatureConfig) -> Result<(), SignatureRefused> {
    for subpacket in config.hashed_subpackets().chain(config.unhashed_subpackets()) {
        match subpacket.data {
            SubpacketData::SignatureExpirationTime(_) => return Err(SignatureRefused::Ends),
            SubpacketData::KeyExpirationTime(_) => return Err(SignatureRefused::KeyEnds),
            _ => {}
        }
    }
    Ok(())
}

/// What the subpackets state that every signature has.
#[derive(Default)]
struct Stated {
    created: Option<Timestamp>,
    issuer: Option<PgpFingerprint>,
    flags: Option<()>,
}

impl Stated {
    fn collect(config: &SignatureConfig, purpose: Use) -> Result<Self, SignatureRefused> {
        let mut stated = Self::default();
        for subpacket in config.hashed_subpackets() {
            match &subpacket.data {
                SubpacketData::SignatureCreationTime(time) => {
                    once(&mut stated.created, from_seconds(time.as_secs()))?;
                }
                SubpacketData::IssuerFingerprint(issuer) => once(&mut stated.issuer, issuer.clone())?,
                SubpacketData::IntendedRecipientFingerprint(_) if purpose == Use::Document => {}
                // Read later; two of them could say two things.
                SubpacketData::KeyFlags(_) if purpose != Use::Document => once(&mut stated.flags, ())?,
                _ if purpose != Use::Document && is_of_a_certificate(&subpacket.data) => {}
                _ => return Err(stranger(subpacket)),
            }
        }
        Ok(stated)
    }
}

/// What self-signatures say of a key and how its owner wants to be written to (RFC 9580 §5.2.3.10 and following).
fn is_of_a_certificate(data: &SubpacketData) -> bool {
    matches!(
        data,
        SubpacketData::Features(_)
            | SubpacketData::IsPrimary(_)
            | SubpacketData::PreferredSymmetricAlgorithms(_)
            | SubpacketData::PreferredHashAlgorithms(_)
            | SubpacketData::PreferredCompressionAlgorithms(_)
            | SubpacketData::PreferredAeadAlgorithms(_)
            | SubpacketData::KeyServerPreferences(_)
    )
}

const fn stranger(subpacket: &Subpacket) -> SignatureRefused {
    if subpacket.is_critical { SignatureRefused::UnknownCritical } else { SignatureRefused::Unexpected }
}

fn once<T>(place: &mut Option<T>, value: T) -> Result<(), SignatureRefused> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(SignatureRefused::Repeated),
    }
}

/// A day of slack, since nobody's clock is ours: a date that is only odd is marked, not refused (PROTOCOL §4.4).
fn check_times(created: Timestamp, key_created: Timestamp, now: Timestamp) -> Result<(), SignatureRefused> {
    if created > now.after(limits::DATE_SLACK) {
        return Err(SignatureRefused::FromTheFuture);
    }
    if created.after(limits::DATE_SLACK) < key_created {
        return Err(SignatureRefused::BeforeItsKey);
    }
    Ok(())
}

/// A document's signature that holds.
pub(crate) struct Verified {
    pub(crate) signature: Signature,
    pub(crate) created: Timestamp,
    /// For whom it was made, in the order of the signature.
    pub(crate) intended: Vec<Fingerprint>,
}

/// Whether this is `signer`'s signature over `document`. The best-tested function of the project.
pub(crate) fn verify(
    packet: &Packet<'_>,
    document: &[u8],
    signer: &PublicKey,
    now: Timestamp,
) -> Result<Verified, SignatureRefused> {
    let well_formed = well_formed(packet, Use::Document, signer, now)?;
    well_formed.signature.verify(signer, document).map_err(|_| SignatureRefused::Wrong)?;
    let mut intended = Vec::new();
    for data in well_formed.subpackets() {
        if let SubpacketData::IntendedRecipientFingerprint(fingerprint) = data {
            intended.push(v6(fingerprint).ok_or(SignatureRefused::Unexpected)?);
        }
    }
    Ok(Verified { signature: well_formed.signature, created: well_formed.created, intended })
}

/// Signs a document for these readers: v6, Ed25519, SHA-512.
pub(crate) fn sign(
    document: &[u8],
    readers: &[Fingerprint],
    at: Timestamp,
    key: &pgp::packet::SecretKey,
    rng: &mut (impl RngCore + CryptoRng),
) -> pgp::errors::Result<Signature> {
    let mut config = config(SignatureType::Binary, at, key, rng)?;
    for reader in readers {
        let fingerprint = PgpFingerprint::V6(*reader.as_bytes());
        config.hashed_subpackets.push(Subpacket::regular(SubpacketData::IntendedRecipientFingerprint(fingerprint))?);
    }
    config.sign(key, &pgp::types::Password::empty(), document)
}

/// What every signature of ours begins with: v6, Ed25519, SHA-512, the time, and the key that made it.
pub(crate) fn config(
    typ: SignatureType,
    at: Timestamp,
    key: &pgp::packet::SecretKey,
    rng: &mut (impl RngCore + CryptoRng),
) -> pgp::errors::Result<SignatureConfig> {
    let mut config = SignatureConfig::v6(rng, typ, key.algorithm(), HashAlgorithm::Sha512)?;
    config.hashed_subpackets = vec![
        Subpacket::critical(SubpacketData::SignatureCreationTime(to_seconds(at)))?,
        Subpacket::regular(SubpacketData::IssuerFingerprint(key.fingerprint()))?,
    ];
    Ok(config)
}

/// The fingerprint of a v6 key, or nothing.
pub(crate) fn v6(fingerprint: &PgpFingerprint) -> Option<Fingerprint> {
    match fingerprint {
        PgpFingerprint::V6(bytes) => Some(Fingerprint::from_bytes(*bytes)),
        _ => None,
    }
}

/// OpenPGP's times are whole seconds.
pub(crate) fn from_seconds(seconds: u32) -> Timestamp {
    Timestamp::from_unix_millis(u64::from(seconds) * 1000)
}

/// OpenPGP's times end in the year 2106.
pub(crate) fn to_seconds(time: Timestamp) -> pgp::types::Timestamp {
    pgp::types::Timestamp::from_secs(u32::try_from(time.unix_millis() / 1000).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests;
