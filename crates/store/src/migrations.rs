//! Numbered `.sql` files, a folder per engine, forward only.

use crate::OpenError;

pub(crate) const SQLITE: [&str; 1] = [include_str!("../migrations/sqlite/0001_letters.sql")];
pub(crate) const POSTGRES: [&str; 1] = [include_str!("../migrations/postgres/0001_letters.sql")];

pub(crate) const TABLE: &str = "CREATE TABLE IF NOT EXISTS migration (number BIGINT NOT NULL PRIMARY KEY)";
pub(crate) const NEWEST: &str = "SELECT COALESCE(MAX(number), 0) FROM migration";
pub(crate) const RECORD: &str = "INSERT INTO migration (number) VALUES ($1)";

/// The migrations that a database lacks whose newest one is `found`.
pub(crate) fn missing(
    known: &[&'static str],
    found: i64,
) -> Result<impl Iterator<Item = (i64, &'static str)>, OpenError> {
    let newest = newest(known);
    if found > newest {
        return Err(OpenError::Newer { found, known: newest });
    }
    let numbered: Vec<_> = (1..).zip(known.iter().copied()).filter(|(number, _)| *number > found).collect();
    Ok(numbered.into_iter())
}

/// The number of the last migration that this program knows.
pub(crate) fn newest(known: &[&'static str]) -> i64 {
    i64::try_from(known.len()).unwrap_or(i64::MAX)
}
