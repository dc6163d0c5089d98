//! The store: one door, two databases behind it.

use std::{path::PathBuf, sync::Arc, time::Duration};

use securemailbox_protocol::ids::MailboxId;

use crate::{
    Act, Listener, ReadOnly, StoreError,
    inspection::Inspection,
    listeners::Listeners,
    measures::UnderWay,
    pieces::Pieces,
    postgres::{self, Postgres},
    sqlite::{self, Sqlite},
    traces::{Shared, Traces},
};

/// Where the data lies: a folder of our own, or a database on a PostgreSQL server.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// In `mailbox.sqlite` in this folder, which is made if it is not there.
    Sqlite(PathBuf),
    /// In a PostgreSQL database, by its URL or its key-value parameters. May hold a password: never logged.
    Postgres(String),
}

impl Location {
    /// As a log or a message names it: without user and password.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Sqlite(folder) => sqlite::database(folder).display().to_string(),
            Self::Postgres(url) => postgres::place_of(url),
        }
    }
}

// The text may hold a password.
impl std::fmt::Debug for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(folder) => f.debug_tuple("Sqlite").field(folder).finish(),
            Self::Postgres(_) => f.write_str("Postgres(…)"),
        }
    }
}

/// Why the store did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder can't be used.
    #[error("the data folder {} can't be used: {source}. Make it, and let the user that the server runs as write to it", .folder.display())]
    Folder {
        /// The data folder.
        folder: PathBuf,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// The database file in it can't be used.
    #[error("the database {} {why}", .file.display())]
    File {
        /// The database file.
        file: PathBuf,
        /// What is the matter with it.
        why: Unusable,
    },
    /// SQLite was compiled so that it would keep what was erased (PROTOCOL §8).
    #[error(
        "this SQLite was compiled with {0}, which keeps samples of erased rows; build with the repository's own .cargo/config.toml"
    )]
    UnsafeBuild(&'static str),
    /// Another process has it open. Two would overwrite each other's log.
    #[error("another process has the data folder {} open: stop it, or name another folder", .0.display())]
    InUse(PathBuf),
    /// SQLite can't keep a write-ahead log here.
    #[error("the data folder {} lies on a file system that can't hold a write-ahead log, such as a network share", .0.display())]
    NoLog(PathBuf),
    /// A newer program wrote this database.
    #[error("the database has migration {found}, but this program knows only {known}: use the newer program")]
    Newer {
        /// The number of the last migration that ran on the database.
        found: i64,
        /// The number of the last migration that this program knows.
        known: i64,
    },
    /// The text that should name a PostgreSQL database does not.
    #[error(
        "the database's URL can't be read: expected postgresql://USER:PASSWORD@HOST/NAME, with %40 for @ and %2F for / in the \
         password. sslmode is verify-full, or on this machine disable; `sslrootcert` may name a file"
    )]
    Url,
    /// PostgreSQL can't be used as it is configured.
    #[error("the database {place} {why}")]
    Postgres {
        /// Database and host.
        place: String,
        /// What is in the way.
        why: Refusal,
    },
    /// PostgreSQL can't be reached now, and may be later.
    #[error(
        "the database {place} can't be reached: {why}. Is PostgreSQL running there, and does it listen on that address?"
    )]
    Away {
        /// Database and host.
        place: String,
        /// What the network or PostgreSQL said.
        why: String,
    },
    /// The database could not be opened, or a migration failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is the matter with a SQLite file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It is something else, or damaged at its beginning.
    #[error("is not a SQLite database, or is damaged: name another data folder, or restore the file")]
    NotADatabase,
    /// It can be read only.
    #[error("can't be written to: its user must be the one that the server runs as")]
    ReadOnly,
    /// It can't be opened at all.
    #[error("can't be opened: it and its folder must belong to the user that the server runs as")]
    Closed,
    /// Something else, by SQLite's extended result code.
    #[error("failed with code sqlite {0}")]
    Failed(i32),
}

/// What is in the way of PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Letters' times and readers would travel in clear.
    #[error(
        "is beyond this machine, and `sslmode` would let letters' times and readers travel in clear: leave it out, or set \
         sslmode=verify-full"
    )]
    InClear,
    /// TLS failed.
    #[error(
        "can't be reached by TLS: {0}. PostgreSQL needs `ssl = on` and a certificate for this very host; `sslrootcert` names \
         the file of an authority of your own"
    )]
    Tls(String),
    /// The certificates to trust can't be used.
    #[error("can't be reached by TLS: `sslrootcert` names {}, which can't be used: {why}", .file.display())]
    Roots {
        /// The file that is named.
        file: PathBuf,
        /// What is the matter with it.
        why: String,
    },
    /// Something that is needed to connect is not said.
    #[error("can't be asked: {0}. Say it in `database`, as postgresql://USER:PASSWORD@HOST/NAME")]
    Incomplete(String),
    /// Wrong user or password.
    #[error(
        "does not take this user and password (28P01): correct them in `database`; in a URL, @ and / of a password are %40 and %2F"
    )]
    Password,
    /// `pg_hba.conf` lets this user not in.
    #[error("does not let this user in from here (28000): see pg_hba.conf on the database's machine")]
    NotAdmitted,
    /// There is no such database.
    #[error("does not exist (3D000): make it with createdb -O USER NAME")]
    NoDatabase,
    /// The user may not make tables.
    #[error("does not let this user make tables (42501): let the user own it, with ALTER DATABASE NAME OWNER TO USER")]
    NotOwner,
    /// Something else, by PostgreSQL's SQLSTATE.
    #[error("failed with code postgresql {0}")]
    Failed(String),
}

impl OpenError {
    /// Whether only the operator can mend it: the next try would end alike.
    #[must_use]
    pub fn is_for_the_operator(&self) -> bool {
        match self {
            Self::UnsafeBuild(_) | Self::Newer { .. } | Self::Url | Self::NoLog(_) => true,
            Self::Postgres { why, .. } => !matches!(why, Refusal::Failed(_)),
            Self::File { why, .. } => !matches!(why, Unusable::Failed(_)),
            Self::Folder { .. } | Self::InUse(_) | Self::Away { .. } | Self::Store(_) => false,
        }
    }
}

/// The store. Cheap to clone. [`Store::close`] ends it, and so does dropping the last clone, which blocks meanwhile.
#[derive(Clone)]
pub struct Store {
    engine: Arc<Engine>,
    pieces: Pieces,
    traces: Arc<Traces>,
    scrubs: Arc<Shared>,
    listeners: Arc<Listeners>,
}

enum Engine {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Store {
    /// Opens the store, makes or migrates its tables, and finishes the erasures that a crash interrupted; those of blobs, whose
    /// bytes lie in `pieces`, go on with [`Store::erase_due_pieces`].
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(location: Location, pieces: Pieces) -> Result<Self, OpenError> {
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
        pieces.clear_remains().await?;
        Ok(Self { engine: Arc::new(engine), pieces, traces, scrubs: Arc::default(), listeners })
    }

    /// Looks at a store from beside, while a server may have it open: makes, migrates and locks nothing.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn inspect(location: Location) -> Result<Inspection, OpenError> {
        match location {
            Location::Sqlite(folder) => Ok(tokio::task::spawn_blocking(move || sqlite::inspect(&folder))
                .await
                .map_err(|_| StoreError::Panicked)??),
            Location::Postgres(url) => postgres::inspect(&url).await,
        }
    }

    /// Does `act`; returns when it is on disk.
    ///
    /// # Errors
    /// Those of the act; [`StoreError::Busy`] when too many are waiting.
    pub async fn write<A: Act>(&self, act: A) -> Result<A::Output, A::Error> {
        let _under_way = UnderWay::begin();
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

    /// Where the bytes of blobs lie.
    pub(crate) const fn pieces(&self) -> &Pieces {
        &self.pieces
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
