//! Sessions (PROTOCOL §9a).

use securemailbox_protocol::{
    accounts::Level,
    ids::{AccountId, SessionId},
    time::Timestamp,
};

use crate::{Act, Db, ReadOnly, StoreError};

/// SHA-256 of a session's token.
pub type TokenHash = [u8; 32];

/// A session that begins.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// As its owner will see it in a list.
    pub id: SessionId,
    /// SHA-256 of its token.
    pub token_hash: TokenHash,
    /// What was proved.
    pub level: Level,
    /// When; its life begins here.
    pub now: Timestamp,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose.
    pub account: AccountId,
    /// What was proved.
    pub level: Level,
    /// When.
    pub proved: Timestamp,
    /// When it was last used, to the minute.
    pub used: Timestamp,
    /// Whether it lasts [`securemailbox_protocol::limits::KEPT_SESSION_LIFE`] after its last use.
    pub kept: bool,
}

impl Session {
    /// Whether [`TouchSession`] is due.
    #[must_use]
    pub fn is_due_for_touch(&self, now: Timestamp) -> bool {
        now.since(self.used) >= TOUCH_EVERY
    }
}

/// How exactly we remember when a session was used.
const TOUCH_EVERY: std::time::Duration = std::time::Duration::from_secs(60);

/// The living session of a token.
pub struct SessionByToken {
    /// SHA-256 of the token.
    pub token_hash: TokenHash,
    /// When.
    pub now: Timestamp,
}

impl Act for SessionByToken {
    type Output = Option<Session>;
    type Error = StoreError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

impl ReadOnly for SessionByToken {}

/// Notes that a session was used, at most once a minute.
pub struct TouchSession {
    /// Which.
    pub session: SessionId,
    /// When.
    pub now: Timestamp,
}

impl Act for TouchSession {
    type Output = ();
    type Error = StoreError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

/// The living sessions of an account, newest first.
pub struct ListSessions {
    /// Whose.
    pub account: AccountId,
    /// When.
    pub now: Timestamp,
}

impl Act for ListSessions {
    type Output = Vec<Session>;
    type Error = StoreError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

impl ReadOnly for ListSessions {}

/// Ends a session and destroys its device slot and share; false if the account has no such session.
pub struct EndSession {
    /// Whose.
    pub account: AccountId,
    /// Which.
    pub session: SessionId,
}

impl Act for EndSession {
    type Output = bool;
    type Error = StoreError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}
