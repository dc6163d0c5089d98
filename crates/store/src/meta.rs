//! What the store knows of itself: which seal it belongs to, the OPAQUE set-up.

use crate::{Act, Db, ReadOnly, StoreError};

/// The few values that belong to the whole server: each but the host is made once and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetaKey {
    /// Which server seal this database belongs to (PROTOCOL §2).
    SealId,
    /// The OPAQUE seed and key pair, sealed.
    OpaqueSetup,
    /// A demo made this database, so a demo may show its codes.
    Demo,
    /// The host that people reach this server by, for which passkeys are made. It changes with the configuration.
    Host,
}

/// Reads the value of `key`, if it was ever set.
pub struct ReadMeta {
    /// The value that is asked for.
    pub key: MetaKey,
}

impl Act for ReadMeta {
    type Output = Option<Vec<u8>>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "SELECT value FROM meta WHERE name = $1";
        db.row(SQL, &[&self.key]).await?.map(|mut row| row.take()).transpose()
    }
}

impl ReadOnly for ReadMeta {}

/// Writes what is there once more: whether this store takes anything now.
pub struct TryToWrite;

impl Act for TryToWrite {
    type Output = ();
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "UPDATE meta SET value = value WHERE name = $1";
        db.exec(SQL, &[&MetaKey::SealId]).await.map(drop)
    }
}

/// Keeps `value` unless something is kept already, and answers with what is kept now.
pub struct InitMeta {
    /// The value that is set, unless it is set already.
    pub key: MetaKey,
    /// The value to set, if there is none.
    pub value: Vec<u8>,
}

impl Act for InitMeta {
    type Output = Vec<u8>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const KEEP: &str = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        db.exec(KEEP, &[&self.key, &self.value]).await?;
        ReadMeta { key: self.key }.run(db).await?.ok_or(StoreError::Damaged("meta"))
    }
}
