//! What can be seen of a database from beside, while a server may have it open: for `securemailbox check`.

use securemailbox_protocol::time::Timestamp;

use crate::pieces::PieceName;

/// What a database says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The engine and its version.
    pub engine: String,
    /// How it was reached.
    pub way: Way,
    /// The number of the last migration that ran on it; 0 if nothing is there yet.
    pub migration: i64,
    /// The number of the last migration that this program knows.
    pub known: i64,
    /// Which server seal it belongs to.
    pub seal: Option<Vec<u8>>,
    /// When its newest letter arrived.
    pub newest: Option<Timestamp>,
    /// The hosts for which there are passkeys, and of how many people.
    pub passkeys: Vec<(String, u64)>,
    /// The pieces of files that it knows of.
    pub(crate) pieces: Vec<KnownPiece>,
}

/// A piece of a file, as its row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownPiece {
    pub(crate) name: PieceName,
    /// How many bytes it has.
    pub(crate) length: u64,
    /// Whether it belongs to a blob. Any other is being written, or erased.
    pub(crate) lives: bool,
}

/// How a database is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A file on this machine.
    File,
    /// A connection that does not leave this machine.
    Local,
    /// A connection by TLS, whose certificate was checked.
    Tls,
}

/// The id of the seal, in the form that both engines read; NULL if there is none.
pub(crate) const SEAL: &str = "SELECT (SELECT value FROM meta WHERE name = 'seal-id')";
/// When the newest letter arrived, in milliseconds; NULL without letters.
pub(crate) const NEWEST: &str = "SELECT MAX(arrived) FROM letter";

/// The hosts of passkeys, and how many people have some of each.
pub(crate) const PASSKEYS: &str = "SELECT host, COUNT(DISTINCT mailbox_id) FROM passkey GROUP BY host ORDER BY host";

/// The pieces of files, and whether each is a blob's.
pub(crate) const PIECES: &str =
    "SELECT piece_name, length, CASE WHEN blob_id IS NULL THEN 0 ELSE 1 END FROM blob_piece";

impl Inspection {
    /// Of a database without tables.
    pub(crate) const fn of_nothing(engine: String, way: Way, known: i64) -> Self {
        Self { engine, way, migration: 0, known, seal: None, newest: None, passkeys: Vec::new(), pieces: Vec::new() }
    }

    /// With what its rows say.
    pub(crate) fn with(self, seal: Option<Vec<u8>>, newest: Option<i64>, passkeys: Vec<(Vec<u8>, i64)>) -> Self {
        let newest = newest.and_then(|millis| u64::try_from(millis).ok()).map(Timestamp::from_unix_millis);
        let of = |(host, people): (Vec<u8>, i64)| {
            (String::from_utf8_lossy(&host).into_owned(), u64::try_from(people).unwrap_or_default())
        };
        Self { seal, newest, passkeys: passkeys.into_iter().map(of).collect(), ..self }
    }

    /// With a row of [`PIECES`]; one that holds what we never write is passed over.
    pub(crate) fn add_piece(&mut self, name: &[u8], length: i64, lives: bool) {
        if let (Ok(name), Ok(length)) = (<[u8; 16]>::try_from(name), u64::try_from(length)) {
            self.pieces.push(KnownPiece { name: PieceName::from_bytes(name), length, lives });
        }
    }
}
