//! The envelope: what a list shows (PROTOCOL §3). JSON, signed by the sender, under a key of its own.

use serde::{Deserialize, Serialize};

use securemailbox_protocol::{
    address::Address,
    ids::{ContentHash, Fingerprint, LetterId, ThreadId},
    levels::Level,
    limits,
    time::Timestamp,
};

use crate::attachments::Attachment;

/// How many readers an envelope names; a list has no room for more, and neither have 16 KiB.
pub(super) const READERS_NAMED: usize = 10;
/// How much of the text an envelope shows, in characters.
const FIRST_LINE: usize = 160;

/// The part of a letter that a list shows, verified. The opened letter replaces it on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    pub(super) text: Text,
    pub(super) from: Address,
    pub(super) signer: Fingerprint,
    pub(super) intended: Vec<Fingerprint>,
}

/// The envelope's JSON, which the sender signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    pub(super) id: LetterId,
    pub(super) thread: ThreadId,
    pub(super) content: ContentHash,
    pub(super) date: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) name: Option<String>,
    pub(super) to: Vec<Address>,
    #[serde(skip_serializing_if = "is_zero", default)]
    pub(super) more_readers: u32,
    pub(super) subject: String,
    pub(super) first_line: String,
    pub(super) attachments: Attachments,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) level: Option<Level>,
}

impl Text {
    /// Whether every part is what a sender's client makes: lines without control characters, and no more than a row holds.
    pub(super) fn fits_a_list(&self) -> bool {
        let name = self.name.as_deref().unwrap_or_default();
        [&*self.subject, &*self.first_line, name].into_iter().all(|line| !line.chars().any(char::is_control))
            && [&*self.subject, name].into_iter().all(|line| line.len() <= limits::SUBJECT)
            && self.first_line.chars().count() <= FIRST_LINE
            && self.to.len() <= READERS_NAMED
    }
}

/// How many attachments a letter has, and how long they are together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Attachments {
    pub(super) number: u32,
    pub(super) size: u64,
}

impl Attachments {
    pub(super) fn of(attachments: &[Attachment]) -> Self {
        let number = u32::try_from(attachments.len()).unwrap_or(u32::MAX);
        let size = attachments.iter().fold(0_u64, |size, attachment| size.saturating_add(attachment.size));
        Self { number, size }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Envelope {
    /// The address in the certificate that signed.
    #[must_use]
    pub const fn from(&self) -> &Address {
        &self.from
    }

    /// Fingerprint of the primary key that signed the envelope.
    #[must_use]
    pub const fn signer(&self) -> Fingerprint {
        self.signer
    }

    /// The name the sender claims; shown alone only when the contact has the same (PROTOCOL §3).
    #[must_use]
    pub fn claimed_name(&self) -> Option<&str> {
        self.text.name.as_deref()
    }

    /// The first To and Cc addresses, as the sender wrote them.
    #[must_use]
    pub fn to(&self) -> &[Address] {
        &self.text.to
    }

    /// How many To and Cc readers there are beyond [`Self::to`].
    #[must_use]
    pub const fn more_readers(&self) -> u32 {
        self.text.more_readers
    }

    /// The subject, one line; the same as the content's.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.text.subject
    }

    /// The first line of the text.
    #[must_use]
    pub fn first_line(&self) -> &str {
        &self.text.first_line
    }

    /// When it was written, by the sender's clock.
    #[must_use]
    pub const fn date(&self) -> Timestamp {
        self.text.date
    }

    /// How many attachments the letter has.
    #[must_use]
    pub const fn attachments(&self) -> u32 {
        self.text.attachments.number
    }

    /// Their size together, in bytes.
    #[must_use]
    pub const fn attachments_size(&self) -> u64 {
        self.text.attachments.size
    }

    /// How its sender asked readers to be identified (PROTOCOL §6). The server is who asks them.
    #[must_use]
    pub const fn level(&self) -> Option<Level> {
        self.text.level
    }

    /// The letter's id, as signed.
    #[must_use]
    pub const fn id(&self) -> LetterId {
        self.text.id
    }

    /// The conversation that the sender put the letter into.
    #[must_use]
    pub const fn thread(&self) -> ThreadId {
        self.text.thread
    }

    /// SHA-256 of the content, as signed.
    #[must_use]
    pub const fn content_hash(&self) -> ContentHash {
        self.text.content
    }

    /// Whether the signed date is further than [`limits::DATE_SLACK`] from the arrival (ATTACKS 8).
    #[must_use]
    pub fn date_is_off(&self, arrived: Timestamp) -> bool {
        date_is_off(self.text.date, arrived)
    }
}

/// Whether a signed date is to be marked.
pub(super) fn date_is_off(date: Timestamp, arrived: Timestamp) -> bool {
    date.since(arrived) > limits::DATE_SLACK || arrived.since(date) > limits::DATE_SLACK
}

/// The first line that says something, short enough for a list, without control characters.
pub(super) fn first_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    line.chars().filter(|c| !c.is_control()).take(FIRST_LINE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_first_that_says_something() {
        assert_eq!(first_line("\n \r\n  Hej\u{7} Björn! \nmer"), "Hej Björn!");
        assert_eq!(first_line(&"å".repeat(1000)).chars().count(), FIRST_LINE);
    }

    #[test]
    fn a_date_is_marked_when_more_than_a_day_off_either_way() {
        let arrived = Timestamp::from_unix_millis(1_764_000_000_000);
        let day = limits::DATE_SLACK;
        let second = std::time::Duration::from_secs(1);
        assert!(!date_is_off(arrived.after(day), arrived) && !date_is_off(arrived.before(day), arrived));
        assert!(
            date_is_off(arrived.after(day + second), arrived) && date_is_off(arrived.before(day + second), arrived)
        );
    }
}
