//! Reading from beside, while a server may have the store open: makes, migrates and locks nothing.

use crate::{
    Location, OpenError, ReadOnly, Store,
    postgres::{self, Pool},
    sqlite::Readers,
};

/// A store that somebody else may have open.
pub struct Beside(Kind);

enum Kind {
    Sqlite(Readers),
    Postgres(Pool),
}

impl Beside {
    /// The store at `location`, if there is one yet.
    ///
    /// # Errors
    /// [`OpenError`]: a newer program wrote it, too.
    pub async fn at(location: Location) -> Result<Option<Self>, OpenError> {
        let found = Store::inspect(location.clone()).await?;
        if found.migration > found.known {
            return Err(OpenError::Newer { found: found.migration, known: found.known });
        }
        if found.migration == 0 {
            return Ok(None);
        }
        Ok(Some(Self(match location {
            Location::Sqlite(folder) => Kind::Sqlite(Readers::new(folder)),
            Location::Postgres(url) => Kind::Postgres(postgres::pool(&url)?),
        })))
    }

    /// Does `act`, which only looks.
    ///
    /// # Errors
    /// Those of the act.
    pub async fn read<A: ReadOnly>(&self, act: A) -> Result<A::Output, A::Error> {
        match &self.0 {
            Kind::Sqlite(readers) => readers.read(act).await,
            Kind::Postgres(pool) => postgres::read(pool, act).await,
        }
    }
}
