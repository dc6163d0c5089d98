//! What goes by itself when its time is over.

use securemailbox_protocol::time::Timestamp;

use crate::{Act, Db, StoreError};

/// How many went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Registrations older than an hour.
    pub registrations: u64,
    /// Sign-ins.
    pub sign_ins: u64,
    /// Recoveries.
    pub recoveries: u64,
    /// Sessions, with their device slots.
    pub sessions: u64,
}

/// Deletes what is over: registrations, sign-ins, recoveries, sessions with their shares.
pub struct Sweep {
    /// When.
    pub now: Timestamp,
}

impl Act for Sweep {
    type Output = Swept;
    type Error = StoreError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}
