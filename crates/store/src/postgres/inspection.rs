//! PostgreSQL seen from beside.

use tokio_postgres::Error;

use super::target::Target;
use crate::{
    Inspection, OpenError,
    inspection::{NEWEST, PASSKEYS, PIECES, SEAL, Way},
    migrations::{self, POSTGRES},
};

/// Looks at the database without making or locking anything.
pub(crate) async fn inspect(url: &str) -> Result<Inspection, OpenError> {
    let target = Target::parse(url)?;
    look(&target).await.map_err(|error| target.refusal(&error))
}

async fn look(target: &Target) -> Result<Inspection, Error> {
    let (client, connection) = target.connect().await?;
    // Over with the client, or with an error that the client is told of.
    let conversation = tokio::spawn(connection);
    let version: String = client.query_one("SHOW server_version", &[]).await?.try_get(0)?;
    let encrypted: Option<bool> =
        client.query_one("SELECT (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid())", &[]).await?.try_get(0)?;
    let way = if encrypted == Some(true) { Way::Tls } else { Way::Local };
    let mut found = Inspection::of_nothing(format!("PostgreSQL {version}"), way, migrations::newest(&POSTGRES));
    let begun: bool = client.query_one("SELECT to_regclass('migration') IS NOT NULL", &[]).await?.try_get(0)?;
    if begun {
        found.migration = client.query_one(migrations::NEWEST, &[]).await?.try_get(0)?;
    }
    if found.migration > 0 {
        let seal = client.query_one(SEAL, &[]).await?.try_get(0)?;
        let newest = client.query_one(NEWEST, &[]).await?.try_get(0)?;
        let mut passkeys = Vec::new();
        for row in client.query(PASSKEYS, &[]).await? {
            passkeys.push((row.try_get(0)?, row.try_get(1)?));
        }
        found = found.with(seal, newest, passkeys);
        for row in client.query(PIECES, &[]).await? {
            let lives: i32 = row.try_get(2)?;
            found.add_piece(row.try_get(0)?, row.try_get(1)?, lives == 1);
        }
    }
    drop(client);
    conversation.abort();
    Ok(found)
}
