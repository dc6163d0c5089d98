//! One operation of the store.

use std::future::Future;

use crate::{Db, StoreError};

/// One operation: all of it happens or nothing, and its caller hears only after it is on disk.
///
/// An act that returns an error leaves no trace. On PostgreSQL it may be run again after a serialization failure, so it
/// borrows itself; on SQLite its future is ready at the first poll, because nothing in [`Db`] waits there.
pub trait Act: Send + Sync + 'static {
    /// What the caller gets once the act is on disk.
    type Output: Send + 'static;
    /// Why the act left no trace; a failing database is one of the reasons.
    type Error: From<StoreError> + Send + 'static;
    /// Whether it is done on a full disk too, in the room that is set aside there: it erases, or whoever erases needs it.
    const NEEDED_TO_ERASE: bool = false;

    /// Runs the act's statements on `db`, inside one transaction.
    fn run<D: Db>(&self, db: &mut D) -> impl Future<Output = Result<Self::Output, Self::Error>> + Send;
}

/// An act that only looks, and so may run beside the writer, on a connection that can't write.
pub trait ReadOnly: Act {
    /// Whether it may take long enough to keep other requests waiting: it then runs on the blocking pool.
    const LONG: bool = false;
}
