//! What can be seen of a database from beside, while a server may have it open: for `securemailbox check`.

use securemailbox_protocol::time::Timestamp;

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

impl Inspection {
    /// Of a database without tables.
    pub(crate) const fn of_nothing(engine: String, way: Way, known: i64) -> Self {
        Self { engine, way, migration: 0, known, seal: None, newest: None, passkeys: Vec::new() }
    }

    /// With what its rows say.
    pub(crate) fn with(self, seal: Option<Vec<u8>>, newest: Option<i64>, passkeys: Vec<(Vec<u8>, i64)>) -> Self {
        let newest = newest.and_then(|millis| u64::try_from(millis).ok()).map(Timestamp::from_unix_millis);
        let of = |(host, people): (Vec<u8>, i64)| {
            (String::from_utf8_lossy(&host).into_owned(), u64::try_from(people).unwrap_or_default())
        };
        Self { seal, newest, passkeys: passkeys.into_iter().map(of).collect(), ..self }
    }
}
