//! The outbox: notices that wait to be sent, and outlive a crash (PROTOCOL §4.3).

use rand::{CryptoRng, RngCore};
use securemailbox_protocol::{accounts::Language, ids::AccountId, time::Timestamp};

use crate::{Act, Db, StoreError};

/// A notice's id; part of the place under which the server seals it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NoticeId([u8; 16]);

impl NoticeId {
    /// A fresh id.
    pub fn new(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// The 16 bytes that the database keeps.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes that the database keeps.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// A notice with its whole content, sealed by the server.
#[derive(Debug, Clone)]
pub struct NewNotice {
    /// Its id.
    pub id: NoticeId,
    /// Whom to tell what, sealed.
    pub sealed: Vec<u8>,
}

/// A notice to send now.
#[derive(Debug, Clone)]
pub struct DueNotice {
    /// Its id.
    pub id: NoticeId,
    /// What to send.
    pub content: NoticeContent,
    /// How often sending it failed.
    pub attempts: u32,
    /// Since when it waits.
    pub created: Timestamp,
}

/// What to send.
#[derive(Debug, Clone)]
pub enum NoticeContent {
    /// All of it, sealed by the server.
    Sealed(Vec<u8>),
    /// "A letter has come": no more than to whom.
    Letter {
        /// The reader.
        account: AccountId,
        /// The reader's address, sealed.
        address_sealed: Vec<u8>,
        /// Of the e-mail.
        language: Language,
    },
}

/// Claims notices that are due, oldest first. One that is neither [`NoticeSent`] nor [`NoticeFailed`] is due again when the lease ends.
pub struct DueNotices {
    /// When.
    pub now: Timestamp,
    /// At most how many.
    pub limit: u32,
    /// Until when nobody else gets them.
    pub lease_until: Timestamp,
}

impl Act for DueNotices {
    type Output = Vec<DueNotice>;
    type Error = StoreError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

/// The other end has taken the notice: it is deleted, and the sender of a letter sees that its reader was notified.
pub struct NoticeSent {
    /// Which.
    pub id: NoticeId,
    /// When.
    pub now: Timestamp,
}

impl Act for NoticeSent {
    type Output = ();
    type Error = StoreError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

/// The notice could not be sent.
pub struct NoticeFailed {
    /// Which.
    pub id: NoticeId,
    /// When to try again.
    pub next_due: Timestamp,
}

impl Act for NoticeFailed {
    type Output = ();
    type Error = StoreError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

/// Gives a notice up: its code is no longer good, or it was tried too often.
pub struct DropNotice {
    /// Which.
    pub id: NoticeId,
}

impl Act for DropNotice {
    type Output = ();
    type Error = StoreError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}
