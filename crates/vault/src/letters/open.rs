//! Opening a letter (PROTOCOL §4.4): decrypt, then verify, and only then is there anything to show.

use std::marker::PhantomData;

use pgp::{
    composed::PlainSessionKey,
    crypto::public_key::PublicKeyAlgorithm,
    packet::PublicKeyEncryptedSessionKey,
    types::{DecryptionKey, EskType, KeyDetails, Tag},
};
use rand::{CryptoRng, RngCore};
use sha2::{Digest, Sha256};

use securemailbox_protocol::{
    ids::{ContentHash, Fingerprint, LetterId, ThreadId},
    limits,
    time::Timestamp,
};

use super::{Envelope, Letter, SessionKey, contents, layers::Layers, seal};
use crate::{
    certificates::Certificate,
    keyring::Keyring,
    packets::{self, Lengths, LockedRefused, Packet},
    signatures::{SignatureRefused, Verified},
};

/// What an entry must be, as others than its sender say: the server's row and the reader's own records.
pub struct Expected<'a> {
    /// The letter's id that the entry names.
    pub id: LetterId,
    /// The conversation that the entry names.
    pub thread: ThreadId,
    /// The certificate of the entry's sender.
    pub sender: &'a Certificate,
    /// The keys of the reader: one of them must be an intended recipient.
    pub reader: &'a Keyring,
    /// The time at the client, which no signature may be far ahead of.
    pub now: Timestamp,
}

/// Why a letter is shown as damaged, never as a letter (PROTOCOL §4.4, §11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Larger than the protocol allows.
    #[error("too large")]
    TooLarge,
    /// The wrapped key is not exactly one PKESK packet.
    #[error("not a wrapped key")]
    NotAWrappedKey,
    /// The wrapped key has another version than 6.
    #[error("a wrapped key of another version")]
    WrappedKeyVersion,
    /// The wrapped key is not for ML-KEM-768 + X25519.
    #[error("a wrapped key of another algorithm")]
    WrappedKeyAlgorithm,
    /// The wrapped key is for a key that is not in the keyring.
    #[error("wrapped for another reader")]
    WrappedForAnother,
    /// The wrapped key is for a key of the keyring, and does not unwrap.
    #[error("the wrapped key is damaged")]
    WrappedKeyDamaged,
    /// The encrypted packet does not open.
    #[error("does not open: {0}")]
    Locked(#[from] LockedRefused),
    /// What was encrypted is not one signed document and its padding.
    #[error("not one signed document")]
    NotAMessage,
    /// What was encrypted is compressed.
    #[error("compressed")]
    Compressed,
    /// What was encrypted is encrypted again.
    #[error("a second layer of encryption")]
    SecondLayer,
    /// The signature is missing, or refused.
    #[error("the signature is refused: {0}")]
    Signature(#[from] SignatureRefused),
    /// The signature was made for others: a letter passed on as if it had been written to this reader.
    #[error("not written to this reader")]
    NotToThisReader,
    /// The readers named in the content, its signature and the envelope's signature are not the same.
    #[error("the readers are not those that were signed for")]
    OtherReaders,
    /// It is signed as it should be, and what was signed is no envelope.
    #[error("not an envelope")]
    NotAnEnvelope,
    /// It is signed as it should be, and what was signed is no content.
    #[error("not a content")]
    NotAContent,
    /// It is another letter than the entry's.
    #[error("another letter's id")]
    OtherId,
    /// It is of another thread than the entry's.
    #[error("another thread")]
    OtherThread,
    /// The content is not the one that the envelope names.
    #[error("another content than the envelope names")]
    OtherContent,
    /// From names another address than the certificate that signed.
    #[error("the From is not the signer")]
    FromIsNotTheSigner,
}

/// Decrypted, and nothing more: has no text until it is verified.
pub struct Unverified<T> {
    layers: Layers,
    hash: ContentHash,
    kind: PhantomData<T>,
}

/// Unwraps a letter's key with a key of the keyring.
///
/// # Errors
/// [`Refused`] names what is wrong.
pub fn unwrap(wrapped_key: &[u8], keyring: &Keyring) -> Result<SessionKey, Refused> {
    if wrapped_key.len() > limits::WRAPPED_KEY {
        return Err(Refused::TooLarge);
    }
    let packet = packets::only(wrapped_key).map_err(|_| Refused::NotAWrappedKey)?;
    unwrap_packet(&packet, keyring)
}

/// Wraps a letter's key for the present subkey, if it is wrapped for another key of the keyring (PROTOCOL §10); none if it is
/// wrapped for that one already.
///
/// # Errors
/// [`Refused`] names what is wrong; then it opens by no key that is there.
pub fn rewrap(
    wrapped_key: &[u8],
    keyring: &Keyring,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<Option<Vec<u8>>, Refused> {
    let key = unwrap(wrapped_key, keyring)?;
    let packet = packets::only(wrapped_key).map_err(|_| Refused::NotAWrappedKey)?;
    let present = keyring.present();
    let is_present = present.subkeys().iter().any(|subkey| is_of(&packet, subkey));
    Ok((!is_present).then(|| seal::wrap(&key, present.certificate(), rng)))
}

pub(super) fn unwrap_packet(packet: &Packet<'_>, keyring: &Keyring) -> Result<SessionKey, Refused> {
    if packet.tag != Tag::PublicKeyEncryptedSessionKey {
        return Err(Refused::NotAWrappedKey);
    }
    if packet.body.first() != Some(&6) {
        return Err(Refused::WrappedKeyVersion);
    }
    match &*packet.body {
        [6, 33, 6, rest @ ..] if rest.len() >= 32 => {}
        [6, 33, 6, ..] => return Err(Refused::NotAWrappedKey),
        _ => return Err(Refused::WrappedForAnother),
    }
    if packet.body.get(35) != Some(&u8::from(PublicKeyAlgorithm::MlKem768X25519)) {
        return Err(Refused::WrappedKeyAlgorithm);
    }
    let wrapped = PublicKeyEncryptedSessionKey::try_from_reader(packets::header(packet), &*packet.body)
        .map_err(|_| Refused::NotAWrappedKey)?;
    if !packets::is_exactly(&wrapped, packet) {
        return Err(Refused::NotAWrappedKey);
    }
    let subkey = keyring
        .identities()
        .flat_map(|identity| identity.subkeys())
        .find(|subkey| is_of(packet, *subkey))
        .ok_or(Refused::WrappedForAnother)?;
    let values = wrapped.values().map_err(|_| Refused::NotAWrappedKey)?;
    match subkey.decrypt(&pgp::types::Password::empty(), values, EskType::V6) {
        Ok(Ok(PlainSessionKey::V6 { ref key })) => {
            key.as_ref().try_into().map(SessionKey::from_bytes).map_err(|_| Refused::WrappedKeyDamaged)
        }
        _ => Err(Refused::WrappedKeyDamaged),
    }
}

/// Whether a PKESK v6 packet names this key: version, length and version of the fingerprint, fingerprint (RFC 9580 §5.1.2).
fn is_of(packet: &Packet<'_>, key: &impl KeyDetails) -> bool {
    packet.body.strip_prefix(&[6, 33, 6]).is_some_and(|rest| rest.starts_with(key.fingerprint().as_bytes()))
}

/// Decrypts an envelope.
///
/// # Errors
/// [`Refused`] names what is wrong.
pub fn open_envelope(envelope: &[u8], key: &SessionKey) -> Result<Unverified<Envelope>, Refused> {
    open(envelope, limits::ENVELOPE, &key.of_envelope())
}

/// Decrypts a content.
///
/// # Errors
/// [`Refused`] names what is wrong.
pub fn open_content(content: &[u8], key: &SessionKey) -> Result<Unverified<Letter>, Refused> {
    open(content, limits::CONTENT, key.as_bytes())
}

fn open<T>(bytes: &[u8], limit: usize, key: &[u8; 32]) -> Result<Unverified<T>, Refused> {
    if bytes.len() > limit {
        return Err(Refused::TooLarge);
    }
    let packet = packets::only(bytes).map_err(|_| LockedRefused::NotOnePacket)?;
    let plain = zeroize::Zeroizing::new(packets::unlock(&packet, key)?);
    let layers = Layers::parse(&plain, Lengths::Fixed)?;
    Ok(Unverified { layers, hash: ContentHash::from_bytes(Sha256::digest(bytes).into()), kind: PhantomData })
}

impl<T> Unverified<T> {
    /// The document, if the entry's sender signed exactly this for this reader.
    fn signed_document(self, expected: &Expected<'_>) -> Result<(zeroize::Zeroizing<Vec<u8>>, Verified), Refused> {
        let (document, verified) = self.layers.verify(expected.sender.primary(), expected.now)?;
        let is_to = |reader: Fingerprint| verified.intended.contains(&reader);
        if !expected.reader.certificates().any(|own| is_to(own.fingerprint())) {
            return Err(Refused::NotToThisReader);
        }
        Ok((document, verified))
    }
}

impl Unverified<Envelope> {
    /// Checks everything of PROTOCOL §4.4.
    ///
    /// # Errors
    /// [`Refused`] names what is wrong.
    pub fn verify(self, expected: &Expected<'_>) -> Result<Envelope, Refused> {
        let (document, verified) = self.signed_document(expected)?;
        let text: super::envelope::Text = serde_json::from_slice(&document).map_err(|_| Refused::NotAnEnvelope)?;
        if !text.fits_a_list() {
            return Err(Refused::NotAnEnvelope);
        }
        if text.id != expected.id {
            return Err(Refused::OtherId);
        }
        if text.thread != expected.thread {
            return Err(Refused::OtherThread);
        }
        Ok(Envelope {
            text,
            from: expected.sender.address().clone(),
            signer: expected.sender.fingerprint(),
            intended: verified.intended,
        })
    }
}

impl Unverified<Letter> {
    /// Checks everything of PROTOCOL §4.4, against the verified envelope too.
    ///
    /// # Errors
    /// [`Refused`] names what is wrong.
    pub fn verify(self, expected: &Expected<'_>, envelope: &Envelope) -> Result<Letter, Refused> {
        let hash = self.hash;
        let (document, verified) = self.signed_document(expected)?;
        if hash != envelope.content_hash() {
            return Err(Refused::OtherContent);
        }
        let content = contents::read(&document)?;
        if content.id != expected.id || envelope.id() != expected.id {
            return Err(Refused::OtherId);
        }
        if content.manifest.thread != expected.thread {
            return Err(Refused::OtherThread);
        }
        if content.from != *expected.sender.address() {
            return Err(Refused::FromIsNotTheSigner);
        }
        let signer = expected.sender.fingerprint();
        let unnamed = unnamed_reader(&verified.intended, &content.manifest.readers, signer)?;
        let blind_reader = match (&content.bcc, unnamed) {
            (None, None) => None,
            (Some(address), Some(key)) => Some((address.clone(), key)),
            (Some(_), None) | (None, Some(_)) => return Err(Refused::OtherReaders),
        };
        if verified.intended != envelope.intended {
            return Err(Refused::OtherReaders);
        }
        Ok(Letter { content, hash, signer, blind_reader, level: envelope.level(), mime: document })
    }
}

/// The one intended recipient whom To and Cc don't name, if there is one; every named reader must be intended.
fn unnamed_reader(
    intended: &[Fingerprint],
    named: &[Fingerprint],
    signer: Fingerprint,
) -> Result<Option<Fingerprint>, Refused> {
    if named.iter().any(|reader| !intended.contains(reader)) {
        return Err(Refused::OtherReaders);
    }
    let mut unnamed = intended.iter().filter(|reader| **reader != signer && !named.contains(reader));
    match (unnamed.next(), unnamed.next()) {
        (found, None) => Ok(found.copied()),
        (_, Some(_)) => Err(Refused::OtherReaders),
    }
}
