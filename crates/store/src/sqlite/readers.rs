//! Connections that only read, beside the writer.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::FutureExt as _;
use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::{SqliteDb, open_reader};
use crate::{ReadOnly, StoreError, db::AfterCommit};

/// How many read at once.
const READERS: usize = 8;

pub(crate) struct Readers {
    folder: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    free: Arc<Semaphore>,
}

impl Readers {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, idle: Arc::default(), free: Arc::new(Semaphore::new(READERS)) }
    }

    /// Runs `act` on one view of the database. Reads by index take microseconds and run where they are asked for.
    pub(crate) async fn read<A: ReadOnly>(&self, act: A) -> Result<A::Output, A::Error> {
        let turn = Arc::clone(&self.free).acquire_owned().await.map_err(|_| StoreError::Unreachable)?;
        let connection = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let (folder, idle) = (self.folder.clone(), Arc::clone(&self.idle));
        let read = move || {
            let mut connection = connection.map_or_else(|| open_reader(&folder), Ok)?;
            let outcome = look(&mut connection, &act);
            // Only a connection out of its transaction may serve again; another would hold the log back.
            if connection.is_autocommit() {
                idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            }
            drop(turn);
            outcome
        };
        if A::LONG { tokio::task::spawn_blocking(read).await.map_err(|_| StoreError::Panicked)? } else { read() }
    }

    pub(crate) fn close(&self) {
        self.free.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Runs a statement that stays prepared: SQLite would else parse the two that every read begins and ends with.
fn execute(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection.prepare_cached(sql)?.raw_execute()?;
    Ok(())
}

fn look<A: ReadOnly>(connection: &mut Connection, act: &A) -> Result<A::Output, A::Error> {
    execute(connection, "BEGIN")?;
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        act.run(&mut SqliteDb::new(connection, &mut AfterCommit::default())).now_or_never()
    }));
    execute(connection, "COMMIT")?;
    match outcome {
        Ok(Some(outcome)) => outcome,
        Ok(None) => Err(StoreError::Damaged("an act that waits for something else than the store").into()),
        Err(_) => Err(StoreError::Panicked.into()),
    }
}
