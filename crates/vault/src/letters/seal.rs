//! Sealing a letter (PROTOCOL §3).

use rand::{CryptoRng, RngCore};

use securemailbox_protocol::{
    ids::{CertificateHash, ContentHash, LetterId, ThreadId},
    time::Timestamp,
};

use crate::{certificates::Certificate, identities::Identity};

/// A letter to be sealed.
#[derive(Clone)]
pub struct Outgoing {
    /// Its id, made by this client.
    pub id: LetterId,
    /// Its conversation.
    pub thread: ThreadId,
    /// The sender's own name, if they gave one.
    pub name: Option<String>,
    /// To whom.
    pub to: Vec<Certificate>,
    /// Copies that everyone sees.
    pub cc: Vec<Certificate>,
    /// The subject, one line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// When it was written.
    pub date: Timestamp,
    /// The letter it answers.
    pub in_reply_to: Option<LetterId>,
    /// The letters before it in the conversation, oldest first.
    pub references: Vec<LetterId>,
}

/// A letter, sealed.
pub struct SealedLetter {
    /// The content packet.
    pub content: Vec<u8>,
    /// SHA-256 of it.
    pub content_hash: ContentHash,
    /// The envelope packet.
    pub envelope: Vec<u8>,
    /// One for each reader, the sender first.
    pub wrapped: Vec<WrappedKey>,
}

/// A letter's key, wrapped for one reader.
pub struct WrappedKey {
    /// The certificate it was wrapped for.
    pub certificate: CertificateHash,
    /// The PKESK packet.
    pub bytes: Vec<u8>,
}

/// Why a letter can't be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealRefused {
    /// Nobody to send to.
    #[error("a letter needs a reader")]
    NoReader,
    /// Over [`securemailbox_protocol::limits::READERS`], the sender included.
    #[error("too many readers")]
    TooManyReaders,
    /// Over [`securemailbox_protocol::limits::SUBJECT`] octets.
    #[error("the subject is too long")]
    SubjectTooLong,
    /// Over [`securemailbox_protocol::limits::CONTENT`] when sealed.
    #[error("the letter is too long")]
    TooLong,
}

/// Seals a letter for its To and Cc readers and, with the key from the keyring, for the sender.
///
/// # Errors
/// [`SealRefused`] says what is wrong with the letter.
pub fn seal(
    _letter: &Outgoing,
    _sender: &Identity,
    _rng: &mut (impl RngCore + CryptoRng),
) -> Result<SealedLetter, SealRefused> {
    todo!()
}

/// Seals a Bcc reader's own letter: the same text under another id and session key, a signature that names To, Cc, the
/// sender and this reader, wrapped for this reader and the sender.
///
/// # Errors
/// [`SealRefused`] says what is wrong with the letter.
pub fn seal_blind_copy(
    _letter: &Outgoing,
    _id: LetterId,
    _reader: &Certificate,
    _sender: &Identity,
    _rng: &mut (impl RngCore + CryptoRng),
) -> Result<SealedLetter, SealRefused> {
    todo!()
}
