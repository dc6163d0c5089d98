//! The envelope: what a list shows (PROTOCOL §3).

use securemailbox_protocol::{
    address::Address,
    ids::{ContentHash, Fingerprint, LetterId, ThreadId},
    time::Timestamp,
};

/// What a list shows of a letter, verified. What was opened replaces what the envelope said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    pub(super) from: Address,
    pub(super) signer: Fingerprint,
}

impl Envelope {
    /// The address in the certificate that signed.
    #[must_use]
    pub const fn from(&self) -> &Address {
        &self.from
    }
    /// The key that signed.
    #[must_use]
    pub const fn signer(&self) -> Fingerprint {
        self.signer
    }
    /// The name the sender claims; shown alone only when the contact has the same (PROTOCOL §3).
    #[must_use]
    pub fn claimed_name(&self) -> Option<&str> {
        todo!()
    }
    /// The first To and Cc addresses, as the sender wrote them.
    #[must_use]
    pub fn to(&self) -> &[Address] {
        todo!()
    }
    /// How many To and Cc readers there are beyond [`Self::to`].
    #[must_use]
    pub fn more_readers(&self) -> u32 {
        todo!()
    }
    /// The subject.
    #[must_use]
    pub fn subject(&self) -> &str {
        todo!()
    }
    /// The first line of the text.
    #[must_use]
    pub fn first_line(&self) -> &str {
        todo!()
    }
    /// When it was written, by the sender's clock.
    #[must_use]
    pub fn date(&self) -> Timestamp {
        todo!()
    }
    /// Number of attachments.
    #[must_use]
    pub fn attachments(&self) -> u32 {
        todo!()
    }
    /// Their size together, in bytes.
    #[must_use]
    pub fn attachments_size(&self) -> u64 {
        todo!()
    }
    /// The letter's id, as signed.
    #[must_use]
    pub fn id(&self) -> LetterId {
        todo!()
    }
    /// The thread, as signed.
    #[must_use]
    pub fn thread(&self) -> ThreadId {
        todo!()
    }
    /// SHA-256 of the content, as signed.
    #[must_use]
    pub fn content_hash(&self) -> ContentHash {
        todo!()
    }
    /// Whether the signed date is further than [`securemailbox_protocol::limits::DATE_SLACK`] from the arrival (ATTACKS 8).
    #[must_use]
    pub fn date_is_off(&self, _arrived: Timestamp) -> bool {
        todo!()
    }
}
