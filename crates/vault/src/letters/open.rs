//! Opening a letter (PROTOCOL §4.4).

use zeroize::{Zeroize, ZeroizeOnDrop};

use securemailbox_protocol::{
    address::Address,
    ids::{ContentHash, Fingerprint, LetterId, ThreadId},
    time::Timestamp,
};

use super::Envelope;
use crate::{certificates::Certificate, keyring::Keyring, signatures::SignatureRefused};

/// The key of one letter. A client may keep it, sealed, so that a list opens without unwrapping.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SessionKey([u8; 32]);

impl SessionKey {
    /// For where it is kept, sealed.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
    /// From where it was kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// What an entry must be, by everything but its own word.
pub struct Expected<'a> {
    /// The entry's letter.
    pub id: LetterId,
    /// The entry's thread.
    pub thread: ThreadId,
    /// The certificate of the entry's sender.
    pub sender: &'a Certificate,
    /// The keys of the reader: one of them must be an intended recipient.
    pub reader: &'a Keyring,
    /// The client's clock.
    pub now: Timestamp,
}

/// Why a letter is shown as damaged, never as a letter (PROTOCOL §4.4, §11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// See there.
    #[error(transparent)]
    Signature(#[from] SignatureRefused),
}

/// Decrypted, and nothing more: has no text until it is verified.
pub struct Unverified<T> {
    _kind: std::marker::PhantomData<T>,
}

/// What can be opened: [`Envelope`] and [`Letter`].
pub trait Opening {}

/// Unwraps a letter's key with a key of the keyring.
///
/// # Errors
/// [`Refused`] names what is wrong.
pub fn unwrap(_wrapped_key: &[u8], _keyring: &Keyring) -> Result<SessionKey, Refused> {
    todo!()
}

/// Decrypts an envelope.
///
/// # Errors
/// [`Refused`] names what is wrong.
pub fn open_envelope(_envelope: &[u8], _key: &SessionKey) -> Result<Unverified<Envelope>, Refused> {
    todo!()
}

/// Decrypts a content.
///
/// # Errors
/// [`Refused`] names what is wrong.
pub fn open_content(_content: &[u8], _key: &SessionKey) -> Result<Unverified<Letter>, Refused> {
    todo!()
}

impl Unverified<Envelope> {
    /// Checks everything of PROTOCOL §4.4.
    ///
    /// # Errors
    /// [`Refused`] names what is wrong.
    pub fn verify(self, _expected: &Expected<'_>) -> Result<Envelope, Refused> {
        todo!()
    }
}

impl Unverified<Letter> {
    /// Checks everything of PROTOCOL §4.4. The content's hash must be that of the verified envelope.
    ///
    /// # Errors
    /// [`Refused`] names what is wrong.
    pub fn verify(self, _expected: &Expected<'_>, _envelope: &Envelope) -> Result<Letter, Refused> {
        todo!()
    }
}

/// A letter, verified.
pub struct Letter {
    _text: String,
}

impl Letter {
    /// The signer's address.
    #[must_use]
    pub fn from(&self) -> &Address {
        todo!()
    }
    /// The key that signed.
    #[must_use]
    pub fn signer(&self) -> Fingerprint {
        todo!()
    }
    /// The name the sender claims (PROTOCOL §3).
    #[must_use]
    pub fn claimed_name(&self) -> Option<&str> {
        todo!()
    }
    /// To whom.
    #[must_use]
    pub fn to(&self) -> &[Address] {
        todo!()
    }
    /// Copies that everyone sees.
    #[must_use]
    pub fn cc(&self) -> &[Address] {
        todo!()
    }
    /// The subject.
    #[must_use]
    pub fn subject(&self) -> &str {
        todo!()
    }
    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        todo!()
    }
    /// When it was written, by the sender's clock.
    #[must_use]
    pub fn date(&self) -> Timestamp {
        todo!()
    }
    /// Whether the signed date is further than [`securemailbox_protocol::limits::DATE_SLACK`] from the arrival (ATTACKS 8).
    #[must_use]
    pub fn date_is_off(&self, _arrived: Timestamp) -> bool {
        todo!()
    }
    /// Its id, as signed.
    #[must_use]
    pub fn id(&self) -> LetterId {
        todo!()
    }
    /// Its thread, as signed.
    #[must_use]
    pub fn thread(&self) -> ThreadId {
        todo!()
    }
    /// SHA-256 of the content it was opened from.
    #[must_use]
    pub fn content_hash(&self) -> ContentHash {
        todo!()
    }
    /// The letter it answers.
    #[must_use]
    pub fn in_reply_to(&self) -> Option<LetterId> {
        todo!()
    }
    /// The letters before it in the conversation, oldest first.
    #[must_use]
    pub fn references(&self) -> &[LetterId] {
        todo!()
    }
    /// Which key the sender took for each To and Cc reader, so that readers can compare (ATTACKS 16).
    #[must_use]
    pub fn readers(&self) -> &[(Address, Fingerprint)] {
        todo!()
    }
    /// Of a blind copy, the key of the one reader whom no header names; for the sender's own view.
    #[must_use]
    pub fn blind_reader(&self) -> Option<Fingerprint> {
        todo!()
    }
    /// How many parts were not opened: what is encrypted inside a content is never decrypted (ATTACKS 10), and other
    /// kinds are not shown yet.
    #[must_use]
    pub fn unopened_parts(&self) -> usize {
        todo!()
    }
}
