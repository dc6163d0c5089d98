//! What one mailbox may hold and send.

use securemailbox_protocol::limits;
use securemailbox_store::quotas::Quota;
use serde::{Deserialize, Serialize};

use super::ConfigurationError;

/// What one mailbox may hold and send. The defaults are those of a busy clinic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quotas {
    /// Letters that a mailbox holds, in all folders.
    pub letters: u32,
    /// MiB of letters, files and records that a mailbox holds. A letter counts in each mailbox that has it, with its files.
    pub mebibytes: u32,
    /// MiB of the largest file that may be attached to a letter.
    pub largest_file_mebibytes: u32,
    /// Drafts that a mailbox holds.
    pub drafts: u32,
    /// Posts of a member in a minute, each a letter with as many readers as it has.
    pub posts_a_minute: u32,
    /// Letters of a member in a day.
    pub letters_a_day: u32,
    /// Readers of a member's letters in a day, counted once for each letter.
    pub readers_a_day: u32,
    /// Letters of a member in a day to people who never wrote to them.
    pub strangers_a_day: u32,
    /// Letters of a member in a day to one person who never wrote to them.
    pub letters_a_day_to_a_stranger: u32,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            letters: 50_000,
            mebibytes: 20_480,
            largest_file_mebibytes: 5120,
            drafts: 200,
            posts_a_minute: 60,
            letters_a_day: 1000,
            readers_a_day: 5000,
            strangers_a_day: 500,
            letters_a_day_to_a_stranger: 20,
        }
    }
}

impl Quotas {
    /// A demo's: its people are written to by tests, and by programs that fill mailboxes.
    pub(super) fn of_a_demo() -> Self {
        let much = 1_000_000;
        Self {
            posts_a_minute: much,
            letters_a_day: much,
            readers_a_day: much,
            strangers_a_day: much,
            letters_a_day_to_a_stranger: much,
            ..Self::default()
        }
    }

    /// What a mailbox may hold.
    #[must_use]
    pub const fn of_a_mailbox(&self) -> Quota {
        let bytes = (self.mebibytes as u64) << 20;
        Quota { letters: self.letters as u64, bytes, drafts: self.drafts as u64 }
    }

    /// The largest file that may be attached, in bytes.
    #[must_use]
    pub const fn largest_file(&self) -> u64 {
        (self.largest_file_mebibytes as u64) << 20
    }

    /// Refuses a number with which a letter that the protocol allows could never be sent.
    pub(super) fn check(&self) -> Result<(), ConfigurationError> {
        // One post may hold as many letters, and one letter as many readers.
        let (letters, readers) = (u32::try_from(limits::LETTERS), u32::try_from(limits::READERS));
        let (letters, readers) = (letters.unwrap_or(u32::MAX), readers.unwrap_or(u32::MAX));
        let numbers = [
            ("letters", self.letters, 1),
            ("mebibytes", self.mebibytes, 8),
            ("largest_file_mebibytes", self.largest_file_mebibytes, 1),
            ("drafts", self.drafts, 1),
            ("posts_a_minute", self.posts_a_minute, 1),
            ("letters_a_day", self.letters_a_day, letters),
            ("readers_a_day", self.readers_a_day, readers),
            ("strangers_a_day", self.strangers_a_day, readers),
            ("letters_a_day_to_a_stranger", self.letters_a_day_to_a_stranger, 1),
        ];
        if let Some((key, number, least)) = numbers.into_iter().find(|(_, number, least)| number < least) {
            return Err(ConfigurationError::TooLittle { key, number, least });
        }
        let (file, mailbox) = (self.largest_file_mebibytes, self.mebibytes);
        if file > mailbox { Err(ConfigurationError::FileOverMailbox { file, mailbox }) } else { Ok(()) }
    }
}
