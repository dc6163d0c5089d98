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
    /// Whether it is done on a full disk too.
    const ROOM: Room = Room::Grows;

    /// Runs the act's statements on `db`, inside one transaction.
    fn run<D: Db>(&self, db: &mut D) -> impl Future<Output = Result<Self::Output, Self::Error>> + Send;
}

/// What room an act is given when the disk is full, of what is set aside there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// It adds to what is kept: it is refused while the disk has little room, before it has none.
    Grows,
    /// Whoever reads or erases signs in first: it goes on as long as half of what is set aside is left.
    SignsIn,
    /// It erases, or whoever erases needs it: it goes on in all that is left.
    Erases,
}

/// An act that only looks, and so may run beside the writer, on a connection that can't write.
pub trait ReadOnly: Act {
    /// Whether it may take long enough to keep other requests waiting: it then runs on the blocking pool.
    const LONG: bool = false;
}
