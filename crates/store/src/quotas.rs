//! How much a mailbox may hold, and how much it holds (PROTOCOL §9a): two numbers beside its pulse, which rise and fall with
//! what is written and erased.

/// How much one mailbox may hold. The operator chooses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Letters, in all folders.
    pub letters: u64,
    /// Bytes of letters and records, as they lie here. A letter counts in each mailbox that has it.
    pub bytes: u64,
    /// Drafts.
    pub drafts: u64,
}

impl Quota {
    /// For those who have no limit.
    pub const NONE: Self = Self { letters: u64::MAX, bytes: u64::MAX, drafts: u64::MAX };

    /// Whether a mailbox may hold so many letters and bytes.
    pub(crate) const fn allows(&self, letters: u64, bytes: u64) -> bool {
        letters <= self.letters && bytes <= self.bytes
    }
}

/// The length of something sealed, as the database counts.
pub(crate) fn length(bytes: &[u8]) -> i64 {
    i64::try_from(bytes.len()).unwrap_or(i64::MAX)
}
