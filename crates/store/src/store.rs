//! The store: one door, two databases behind it.

use std::path::PathBuf;

use securemailbox_protocol::{ids::AccountId, sync::Pulse};
use tokio::sync::broadcast;

use crate::{Act, ReadOnly, StoreError};

/// Where the data lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// In `mailbox.sqlite` in this folder, which is made if it is not there.
    Sqlite(PathBuf),
    /// In a PostgreSQL database, by its URL or its key-value parameters. May hold a password: never logged.
    Postgres(String),
}

/// Why the store did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder or a file in it can't be used.
    #[error("the data folder can't be used: {0}")]
    Folder(#[source] std::io::Error),
    /// SQLite was compiled so that it would keep what was erased (PROTOCOL §8).
    #[error(
        "this SQLite was compiled with {0}, which keeps samples of erased rows; build with the repository's own .cargo/config.toml"
    )]
    UnsafeBuild(&'static str),
    /// A newer program wrote this database.
    #[error("the database has migration {found}, but this program knows only {known}: use the newer program")]
    Newer {
        /// In the database.
        found: i64,
        /// The newest known here.
        known: i64,
    },
    /// The text that should name a PostgreSQL database does not.
    #[error("the database's URL can't be read")]
    Url,
    /// The database said no.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The store. Cheap to clone; the last clone, or [`Store::close`], ends it.
#[derive(Clone)]
pub struct Store {
    pulses: broadcast::Sender<(AccountId, Pulse)>,
}

impl Store {
    /// Opens the store, makes or migrates its tables, and finishes the erasures that a crash interrupted.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(_location: Location) -> Result<Self, OpenError> {
        Err(StoreError::Unreachable.into())
    }

    /// Does `act`; returns when it is on disk.
    ///
    /// # Errors
    /// Those of the act; [`StoreError::Busy`] when too many are waiting.
    pub async fn write<A: Act>(&self, _act: A) -> Result<A::Output, A::Error> {
        Err(StoreError::Unreachable.into())
    }

    /// Does `act`, which only looks.
    ///
    /// # Errors
    /// Those of the act.
    pub async fn read<A: ReadOnly>(&self, _act: A) -> Result<A::Output, A::Error> {
        Err(StoreError::Unreachable.into())
    }

    /// Who has something new: hints sent after each commit. A receiver that lags asks [`crate::sync::PulseOf`].
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<(AccountId, Pulse)> {
        self.pulses.subscribe()
    }

    /// Waits until what was asked for is on disk, and closes the files. Later acts fail with [`StoreError::Unreachable`].
    pub async fn close(&self) {}
}
