//! Posting (PROTOCOL §4.3).

use securemailbox_protocol::{
    ids::AccountId,
    letters::{NewLetter, Posted},
    time::Timestamp,
};

use crate::{Act, Db, StoreError};

/// A letter to post.
pub struct PostLetter {
    /// All but its content. The caller has held it to the limits.
    pub new: NewLetter,
    /// Its content, whose SHA-256 the caller has compared with `new.content_hash`.
    pub content: Vec<u8>,
}

/// Why nothing was posted.
#[derive(Debug, thiserror::Error)]
pub enum PostLettersError {
    /// A reader has another key by now, or no account.
    #[error("a reader has another key, or none")]
    StaleKey {
        /// Which.
        reader: AccountId,
    },
    /// Another letter has this id: other bytes, or another sender's.
    #[error("another letter has this id")]
    IdTaken,
    /// The sender is not among the readers of each letter, or someone is twice.
    #[error("the readers of a letter are not the sender and others, each once")]
    Readers,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Puts letters into every reader's mailbox, all or none, and a notice for each reader but the sender into the outbox.
///
/// The same id with the same bytes is the same letter: it answers as the first time, whoever erased it meanwhile.
pub struct PostLetters {
    /// Who posts.
    pub sender: AccountId,
    /// One, and one more for each Bcc reader.
    pub letters: Vec<PostLetter>,
    /// When.
    pub now: Timestamp,
}

impl Act for PostLetters {
    type Output = Posted;
    type Error = PostLettersError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}
