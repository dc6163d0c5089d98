//! Sealing a letter (PROTOCOL §3).

use hkdf::Hkdf;
use pgp::{composed::RawSessionKey, packet::PublicKeyEncryptedSessionKey, ser::Serialize, types::Tag};
use rand::{CryptoRng, RngCore};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use securemailbox_protocol::{
    ids::{BlobId, CertificateHash, ContentHash, Fingerprint, LetterId, ThreadId},
    levels::Level,
    limits,
    time::Timestamp,
};

use super::{contents, envelope, layers};
use crate::{
    attachments::{self, Attachment, RowRefused},
    certificates::Certificate,
    identities::Identity,
    packets,
};

/// A letter in clear, with everything that sealing it needs.
#[derive(Clone)]
pub struct Outgoing {
    /// Its id, made by this client.
    pub id: LetterId,
    /// The conversation that the letter belongs to.
    pub thread: ThreadId,
    /// The sender's own name, if they gave one.
    pub name: Option<String>,
    /// The certificates of the readers in the To header.
    pub to: Vec<Certificate>,
    /// Copies that everyone sees.
    pub cc: Vec<Certificate>,
    /// The subject, one line without control characters.
    pub subject: String,
    /// The text. Line ends go out as line feeds.
    pub text: String,
    /// When it is from, which readers see: it travels in whole seconds. Of a letter that is sent later, when it goes out.
    pub date: Timestamp,
    /// When it is signed.
    pub signed: Timestamp,
    /// The letter that this one answers, if it answers one.
    pub in_reply_to: Option<LetterId>,
    /// The letters before it in the conversation, oldest first.
    pub references: Vec<LetterId>,
    /// How a reader is to be identified, if the sender asks for it.
    pub level: Option<Level>,
    /// The files beside it, which lie at the server already.
    pub attachments: Vec<Attachment>,
}

impl Outgoing {
    /// The blobs of its attachments, in order.
    pub fn blobs(&self) -> impl Iterator<Item = BlobId> {
        attachments::blobs(&self.attachments)
    }
}

/// A letter as it can be posted: two packets and a wrapped key for each reader.
pub struct SealedLetter {
    /// The letter's id, which the signatures name.
    pub id: LetterId,
    /// The content: a SEIPDv2 packet (RFC 9580 §5.13.2).
    pub content: Vec<u8>,
    /// SHA-256 of the content packet.
    pub content_hash: ContentHash,
    /// The envelope: a SEIPDv2 packet of its own.
    pub envelope: Vec<u8>,
    /// One for each reader, the sender first; a reader named twice has one.
    pub wrapped: Vec<WrappedKey>,
}

/// A letter's key, wrapped for one reader.
pub struct WrappedKey {
    /// The certificate it was wrapped for.
    pub certificate: CertificateHash,
    /// The PKESK v6 packet for this reader (RFC 9580 §5.1.2).
    pub bytes: Vec<u8>,
}

/// Why a letter can't be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealRefused {
    /// Nobody is named in To or Cc.
    #[error("a letter needs a reader")]
    NoReader,
    /// Over [`limits::READERS`], the sender included.
    #[error("too many readers")]
    TooManyReaders,
    /// Over [`limits::SUBJECT`] octets.
    #[error("the subject is too long")]
    SubjectTooLong,
    /// A line break or another control character in the subject or the name.
    #[error("the subject and the name are one line each")]
    NotOneLine,
    /// Over [`limits::TEXT`], or over [`limits::CONTENT`] or [`limits::ENVELOPE`] when sealed.
    #[error("the letter is too long")]
    TooLong,
    /// The attachments are not those of one letter.
    #[error("the attachments can't go with a letter: {0}")]
    Attachments(#[from] RowRefused),
}

/// The key of one letter. A client may keep it, sealed, so that a list opens without unwrapping.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SessionKey([u8; 32]);

impl SessionKey {
    pub(super) fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// For where it is kept, sealed.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Takes back the bytes that [`Self::as_bytes`] gave away to be kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// HKDF-SHA-256(session key, `envelope`): of its own, so that content and envelope can't be exchanged (ATTACKS 3).
    pub(super) fn of_envelope(&self) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        #[expect(clippy::expect_used, reason = "HKDF refuses only outputs over 255 hashes (RFC 5869 §2.3)")]
        Hkdf::<Sha256>::new(None, &self.0).expand(b"envelope", key.as_mut_slice()).expect("32 bytes is one hash");
        key
    }
}

/// Seals a letter for its To and Cc readers and, with the key from the keyring, for the sender.
///
/// # Errors
/// [`SealRefused`] says what is wrong with the letter.
pub fn seal(
    letter: &Outgoing,
    sender: &Identity,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<SealedLetter, SealRefused> {
    if letter.to.is_empty() && letter.cc.is_empty() {
        return Err(SealRefused::NoReader);
    }
    let readers: Vec<_> = std::iter::once(sender.certificate()).chain(&letter.to).chain(&letter.cc).collect();
    seal_for(letter, letter.id, &readers, None, sender, rng)
}

/// Seals a Bcc reader's own letter: the same text under another id and session key, with a signature that names To, Cc,
/// the sender and this reader, wrapped for this reader and the sender only. Its Bcc header names this reader (RFC 5322
/// §3.6.3), so that the sender's other devices know whose it is.
///
/// # Errors
/// [`SealRefused`] says what is wrong with the letter.
pub fn seal_blind_copy(
    letter: &Outgoing,
    id: LetterId,
    reader: &Certificate,
    sender: &Identity,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<SealedLetter, SealRefused> {
    if letter.to.is_empty() && letter.cc.is_empty() {
        return Err(SealRefused::NoReader);
    }
    seal_for(letter, id, &[sender.certificate(), reader], Some(reader), sender, rng)
}

/// Seals a letter for these holders of its key.
fn seal_for(
    letter: &Outgoing,
    id: LetterId,
    holders: &[&Certificate],
    bcc: Option<&Certificate>,
    sender: &Identity,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<SealedLetter, SealRefused> {
    check(letter)?;
    let letter = &Outgoing {
        text: letter.text.replace("\r\n", "\n"),
        date: Timestamp::from_unix_millis(letter.date.unix_millis() / 1000 * 1000),
        ..letter.clone()
    };
    let intended = intended(letter, holders);
    let key = SessionKey::generate(rng);

    let mime = contents::write(letter, id, sender.certificate().address(), bcc, rng);
    let plain = layers::compose(&mime, &intended, letter.signed, sender, rng);
    let content = packets::lock(&plain, key.as_bytes(), rng);
    let content_hash = ContentHash::from_bytes(Sha256::digest(&content).into());

    #[expect(clippy::expect_used, reason = "ids, numbers and text are JSON")]
    let text = Zeroizing::new(serde_json::to_vec(&envelope_text(letter, id, content_hash)).expect("text is JSON"));
    let plain = layers::compose(&text, &intended, letter.signed, sender, rng);
    let envelope = packets::lock(&plain, &key.of_envelope(), rng);
    if content.len() > limits::CONTENT || envelope.len() > limits::ENVELOPE {
        return Err(SealRefused::TooLong);
    }

    let mut wrapped: Vec<WrappedKey> = Vec::with_capacity(holders.len());
    for holder in holders {
        if !wrapped.iter().any(|other| other.certificate == holder.hash()) {
            wrapped.push(WrappedKey { certificate: holder.hash(), bytes: wrap(&key, holder, rng) });
        }
    }
    Ok(SealedLetter { id, content, content_hash, envelope, wrapped })
}

fn check(letter: &Outgoing) -> Result<(), SealRefused> {
    if letter.to.len() + letter.cc.len() + 1 > limits::READERS {
        return Err(SealRefused::TooManyReaders);
    }
    if letter.subject.len() > limits::SUBJECT || letter.name.as_ref().is_some_and(|name| name.len() > limits::SUBJECT) {
        return Err(SealRefused::SubjectTooLong);
    }
    let one_line = |text: &str| !text.chars().any(char::is_control);
    if !one_line(&letter.subject) || !letter.name.as_deref().is_none_or(one_line) {
        return Err(SealRefused::NotOneLine);
    }
    if letter.text.chars().count() > limits::TEXT {
        return Err(SealRefused::TooLong);
    }
    Ok(attachments::check(&letter.attachments)?)
}

/// To, Cc, and those who hold the key: the sender, and of a blind copy its reader. Each once.
fn intended(letter: &Outgoing, holders: &[&Certificate]) -> Vec<Fingerprint> {
    let mut intended: Vec<Fingerprint> = Vec::new();
    for certificate in letter.to.iter().chain(&letter.cc).chain(holders.iter().copied()) {
        if !intended.contains(&certificate.fingerprint()) {
            intended.push(certificate.fingerprint());
        }
    }
    intended
}

fn envelope_text(letter: &Outgoing, id: LetterId, content: ContentHash) -> envelope::Text {
    let readers = letter.to.iter().chain(&letter.cc).map(|reader| reader.address().clone());
    let to: Vec<_> = readers.take(envelope::READERS_NAMED).collect();
    let more = letter.to.len() + letter.cc.len() - to.len();
    envelope::Text {
        id,
        thread: letter.thread,
        content,
        date: letter.date,
        name: letter.name.clone(),
        to,
        more_readers: u32::try_from(more).unwrap_or(u32::MAX),
        subject: letter.subject.clone(),
        first_line: envelope::first_line(&letter.text),
        attachments: envelope::Attachments::of(&letter.attachments),
        level: letter.level,
    }
}

/// Wraps a letter's key for one reader: one PKESK packet, v6, ML-KEM-768 + X25519 (RFC 9980 §4.3).
pub(crate) fn wrap(key: &SessionKey, reader: &Certificate, rng: &mut (impl RngCore + CryptoRng)) -> Vec<u8> {
    let raw = RawSessionKey::from(key.as_bytes().as_slice());
    #[expect(clippy::expect_used, reason = "a checked certificate's key takes a key of 32 bytes")]
    let packet = PublicKeyEncryptedSessionKey::from_session_key_v6(rng, &raw, reader.encryption()).expect("a key");
    #[expect(clippy::expect_used, reason = "writing to memory does not fail")]
    let body = packet.to_bytes().expect("memory");
    let mut out = Vec::with_capacity(body.len() + packets::HEADER);
    packets::write(Tag::PublicKeyEncryptedSessionKey, &body, &mut out);
    out
}
