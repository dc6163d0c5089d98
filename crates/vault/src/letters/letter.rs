//! A letter that was opened and verified: the only thing with a text.

use zeroize::Zeroizing;

use securemailbox_protocol::{
    address::Address,
    ids::{ContentHash, Fingerprint, LetterId, ThreadId},
    levels::Level,
    time::Timestamp,
};

use crate::attachments::Attachment;

use super::{contents::Content, envelope::date_is_off};

/// A letter, verified. Its Reply-To, if another program wrote one, is not looked at (PROTOCOL §4.4).
pub struct Letter {
    pub(super) content: Content,
    pub(super) hash: ContentHash,
    pub(super) signer: Fingerprint,
    pub(super) blind_reader: Option<(Address, Fingerprint)>,
    pub(super) level: Option<Level>,
    pub(super) mime: Zeroizing<Vec<u8>>,
}

impl Letter {
    /// The address in the certificate of the key that signed.
    #[must_use]
    pub const fn from(&self) -> &Address {
        &self.content.from
    }

    /// Fingerprint of the primary key that signed the content.
    #[must_use]
    pub const fn signer(&self) -> Fingerprint {
        self.signer
    }

    /// The name the sender claims; shown alone only when the contact has the same (PROTOCOL §3).
    #[must_use]
    pub fn claimed_name(&self) -> Option<&str> {
        self.content.name.as_deref()
    }

    /// The readers that the To header names.
    #[must_use]
    pub fn to(&self) -> &[Address] {
        &self.content.to
    }

    /// Copies that everyone sees.
    #[must_use]
    pub fn cc(&self) -> &[Address] {
        &self.content.cc
    }

    /// The subject, one line.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.content.subject
    }

    /// The text, with line feeds only.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.content.text
    }

    /// How its sender asked readers to be identified, as the envelope is signed (PROTOCOL §6).
    #[must_use]
    pub const fn level(&self) -> Option<Level> {
        self.level
    }

    /// When it was written, by the sender's clock.
    #[must_use]
    pub const fn date(&self) -> Timestamp {
        self.content.date
    }

    /// Whether the signed date is further than [`securemailbox_protocol::limits::DATE_SLACK`] from the arrival
    /// (ATTACKS 8).
    #[must_use]
    pub fn date_is_off(&self, arrived: Timestamp) -> bool {
        date_is_off(self.content.date, arrived)
    }

    /// The letter's id, as the sender signed it.
    #[must_use]
    pub const fn id(&self) -> LetterId {
        self.content.id
    }

    /// The letter's conversation, as the sender signed it.
    #[must_use]
    pub const fn thread(&self) -> ThreadId {
        self.content.manifest.thread
    }

    /// SHA-256 of the content it was opened from.
    #[must_use]
    pub const fn content_hash(&self) -> ContentHash {
        self.hash
    }

    /// The letter that this one answers, if it answers one.
    #[must_use]
    pub const fn in_reply_to(&self) -> Option<LetterId> {
        self.content.in_reply_to
    }

    /// The letters before it in the conversation, oldest first.
    #[must_use]
    pub fn references(&self) -> &[LetterId] {
        &self.content.references
    }

    /// The fingerprint that the sender took for each To and Cc reader, so that readers can compare (ATTACKS 16).
    #[must_use]
    pub fn readers(&self) -> Vec<(Address, Fingerprint)> {
        self.content.readers()
    }

    /// Of a blind copy, the one reader that it is for, whom To and Cc don't name.
    #[must_use]
    pub const fn blind_reader(&self) -> Option<&(Address, Fingerprint)> {
        self.blind_reader.as_ref()
    }

    /// The files beside it.
    #[must_use]
    pub fn attachments(&self) -> &[Attachment] {
        &self.content.manifest.attachments
    }

    /// How many parts were not opened: what is encrypted inside a content is never decrypted (ATTACKS 10), and other
    /// kinds than text are not shown yet.
    #[must_use]
    pub const fn unopened_parts(&self) -> usize {
        self.content.unopened_parts
    }

    /// The signed MIME message, as it was written.
    pub(crate) fn mime(&self) -> &[u8] {
        &self.mime
    }
}
