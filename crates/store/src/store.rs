//! The store: one door, two databases behind it.

use std::{path::PathBuf, sync::Arc, time::Duration};

use securemailbox_protocol::ids::MailboxId;

use crate::{
    Act, Listener, ReadOnly, StoreError,
    listeners::Listeners,
    postgres::Postgres,
    sqlite::Sqlite,
    traces::{Shared, Traces},
};

/// Where the data lies: a folder of our own, or a database on a PostgreSQL server.
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
    /// Another process has it open. Two would overwrite each other's log.
    #[error("another process has the data folder open")]
    InUse,
    /// SQLite can't keep a write-ahead log here.
    #[error("the data folder lies on a file system that can't hold a write-ahead log, such as a network share")]
    NoLog,
    /// A newer program wrote this database.
    #[error("the database has migration {found}, but this program knows only {known}: use the newer program")]
    Newer {
        /// The number of the last migration that ran on the database.
        found: i64,
        /// The number of the last migration that this program knows.
        known: i64,
    },
    /// The text that should name a PostgreSQL database does not.
    #[error("the database's URL can't be read")]
    Url,
    /// The database could not be opened, or a migration failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The store. Cheap to clone. [`Store::close`] ends it, and so does dropping the last clone, which blocks meanwhile.
#[derive(Clone)]
pub struct Store {
    engine: Arc<Engine>,
    traces: Arc<Traces>,
    scrubs: Arc<Shared>,
    listeners: Arc<Listeners>,
}

enum Engine {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Store {
    /// Opens the store, makes or migrates its tables, and finishes the erasures that a crash interrupted.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(location: Location) -> Result<Self, OpenError> {
        let (listeners, traces) = (Arc::<Listeners>::default(), Arc::<Traces>::default());
        let (hints, left) = (Arc::clone(&listeners), Arc::clone(&traces));
        let engine = match location {
            Location::Sqlite(folder) => Engine::Sqlite(
                tokio::task::spawn_blocking(move || Sqlite::open(&folder, hints, left))
                    .await
                    .map_err(|_| StoreError::Panicked)??,
            ),
            Location::Postgres(url) => Engine::Postgres(Postgres::open(&url, hints, left).await?),
        };
        Ok(Self { engine: Arc::new(engine), traces, scrubs: Arc::default(), listeners })
    }

    /// Does `act`; returns when it is on disk.
    ///
    /// # Errors
    /// Those of the act; [`StoreError::Busy`] when too many are waiting.
    pub async fn write<A: Act>(&self, act: A) -> Result<A::Output, A::Error> {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.write(act).await,
            Engine::Postgres(postgres) => postgres.write(act).await,
        }
    }

    /// Does `act`, which only looks.
    ///
    /// # Errors
    /// Those of the act.
    pub async fn read<A: ReadOnly>(&self, act: A) -> Result<A::Output, A::Error> {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.read(act).await,
            Engine::Postgres(postgres) => postgres.read(act).await,
        }
    }

    /// Hears, after each commit, of what is new in one mailbox. Hints: on PostgreSQL one may be lost, so whoever listens
    /// also asks [`crate::pulse::PulseOf`] now and then.
    #[must_use]
    pub fn listen(&self, mailbox: MailboxId) -> Listener {
        self.listeners.listen(mailbox)
    }

    /// Takes out of the log what was deleted since the last time; on PostgreSQL, has those tables vacuumed. Who asks at
    /// once shares it, and where nothing was deleted there is nothing to do.
    ///
    /// # Errors
    /// [`StoreError::Busy`]: a reader did not end in time. It is taken out the next time.
    pub async fn scrub_log(&self) -> Result<(), StoreError> {
        let scrub = async {
            match &*self.engine {
                Engine::Sqlite(sqlite) => sqlite.finish_erasures().await,
                Engine::Postgres(postgres) => postgres.finish_erasures().await,
            }
        };
        self.scrubs.once(scrub).await
    }

    /// Has what was deleted go from the log where nobody waits for it: dropped drafts, sent notices, spent codes. What is
    /// deleted within `gathered` goes together. Never ends; what fails is tried again.
    pub async fn forget_in_time(&self, gathered: Duration) {
        loop {
            self.traces.left().await;
            tokio::time::sleep(gathered).await;
            if let Err(error) = self.scrub_log().await {
                tracing::warn!(%error, "what was deleted is not out of the log yet; it will be tried again");
            }
        }
    }

    /// The steps by which this store makes a trace unreadable.
    pub(crate) fn forgets_by(&self) -> Forgetting {
        match &*self.engine {
            Engine::Sqlite(_) => Forgetting::Overwriting,
            Engine::Postgres(_) => Forgetting::Vacuuming,
        }
    }

    /// Waits until what was asked for is on disk, and closes the files. Later acts fail with
    /// [`StoreError::Unreachable`].
    pub async fn close(&self) {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.close().await,
            Engine::Postgres(postgres) => {
                if let Err(error) = self.scrub_log().await {
                    tracing::warn!(%error, "what was deleted is not vacuumed yet; opening it again will");
                }
                postgres.close();
            }
        }
    }
}

/// How a store forgets (PROTOCOL §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forgetting {
    /// SQLite: rows and log are overwritten.
    Overwriting,
    /// PostgreSQL: dead rows are reclaimed; log segments stay until they are recycled.
    Vacuuming,
}
