//! The profile folder: what one mailbox keeps on this machine (PROTOCOL §9a). One command at a time.

use std::{
    cell::RefCell,
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OptionalExtension, params};
use securemailbox_client::device::{Device, DeviceFailed, RowId, Table, Write as RowWrite, Written};
use securemailbox_protocol::ids::AccountId;

use crate::{
    files,
    http::{KnownDevice, ServerUrl},
    outcome::Stop,
    words::Sentence,
};

const LOCK: &str = "lock";
const SERVER: &str = "server";
const SESSION: &str = "session";
const KNOWN_DEVICE: &str = "known-device";
const ROWS: &str = "rows.sqlite";

/// A profile folder, locked for as long as this lives: two commands at once would overwrite what each other saw.
pub(crate) struct Profile {
    folder: PathBuf,
    _lock: File,
    /// Opened by whoever needs a row first.
    rows: RefCell<Option<Connection>>,
}

impl Profile {
    /// Opens the folder, makes it if it is not there, and waits until no other command uses it. `waiting` is told of that.
    pub(crate) fn open(folder: Option<&Path>, waiting: impl FnOnce()) -> Result<Self, Stop> {
        let folder = folder.map_or_else(default_folder, |folder| Ok(folder.to_owned()))?;
        let lock = prepare(&folder)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                waiting();
                lock.lock().map_err(|error| trouble(&folder, &error))?;
            }
            Err(TryLockError::Error(error)) => return Err(trouble(&folder, &error)),
        }
        Ok(Self { folder, _lock: lock, rows: RefCell::new(None) })
    }

    /// Whose server this profile is at.
    pub(crate) fn server(&self) -> Result<Option<ServerUrl>, Stop> {
        let Some(bytes) = files::read_whole(&self.folder, SERVER).map_err(|error| trouble(&self.folder, &error))?
        else {
            return Ok(None);
        };
        let url = ServerUrl::parse(String::from_utf8_lossy(&bytes).trim());
        url.map(Some).map_err(|_| Stop::usage(Sentence::ServerFileDamaged))
    }

    /// Writes down which server this profile belongs to.
    pub(crate) fn keep_server(&self, server: &ServerUrl) -> Result<(), Stop> {
        files::write_whole(&self.folder, SERVER, server.as_str().as_bytes())
            .map_err(|error| trouble(&self.folder, &error))
    }

    /// By what the server knows this profile, if it signed in before and did not sign out.
    pub(crate) fn known_device(&self) -> Result<Option<KnownDevice>, Stop> {
        let known = files::read_whole(&self.folder, KNOWN_DEVICE).map_err(|error| trouble(&self.folder, &error))?;
        Ok(known.and_then(|known| KnownDevice::parse(std::str::from_utf8(&known).ok()?)))
    }

    /// Keeps it for the next sign-in.
    pub(crate) fn keep_known_device(&self, known: &KnownDevice) -> Result<(), Stop> {
        files::write_whole(&self.folder, KNOWN_DEVICE, known.as_str().as_bytes())
            .map_err(|error| trouble(&self.folder, &error))
    }

    /// Whether somebody is signed in here.
    pub(crate) fn has_session(&self) -> Result<bool, Stop> {
        let session = files::read_whole(&self.folder, SESSION).map_err(|error| trouble(&self.folder, &error))?;
        Ok(session.is_some())
    }

    /// Does something with the rows.
    fn with_rows<T>(&self, work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>) -> Result<T, DeviceFailed> {
        let mut rows = self.rows.borrow_mut();
        let connection = match rows.take() {
            Some(connection) => connection,
            None => open_rows(&self.folder.join(ROWS))?,
        };
        work(rows.insert(connection)).map_err(|_| DeviceFailed)
    }

    /// Forgets the server, and by what it knew this profile: the last thing of a sign-out.
    pub(crate) fn forget_server(&self) -> Result<(), Stop> {
        for name in [KNOWN_DEVICE, SERVER] {
            files::erase(&self.folder, name).map_err(|error| trouble(&self.folder, &error))?;
        }
        Ok(())
    }
}

/// The rows' file. What is erased is overwritten in it, and every write is on the disk when it returns.
fn open_rows(path: &Path) -> Result<Connection, DeviceFailed> {
    // Made before SQLite opens it, so that it, and the journal that takes its mode, are nobody else's to read.
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path).map_err(|_| DeviceFailed)?;
    with_table(path).map_err(|_| DeviceFailed)
}

fn with_table(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = TRUNCATE;
         PRAGMA synchronous = FULL;
         PRAGMA secure_delete = ON;
         PRAGMA temp_store = MEMORY;
         CREATE TABLE IF NOT EXISTS row (
             account_id BLOB NOT NULL,
             name       TEXT NOT NULL,
             row_id     BLOB NOT NULL,
             sealed     BLOB NOT NULL,
             PRIMARY KEY (account_id, name, row_id)
         ) STRICT, WITHOUT ROWID;",
    )?;
    Ok(connection)
}

impl Device for Profile {
    async fn session(&self) -> Result<Option<Vec<u8>>, DeviceFailed> {
        files::read_whole(&self.folder, SESSION).map_err(|_| DeviceFailed)
    }

    async fn keep_session(&self, bytes: &[u8]) -> Result<(), DeviceFailed> {
        files::write_whole(&self.folder, SESSION, bytes).map_err(|_| DeviceFailed)
    }

    async fn forget_session(&self) -> Result<(), DeviceFailed> {
        files::erase(&self.folder, SESSION).map_err(|_| DeviceFailed)
    }

    async fn scan(&self, account: AccountId, table: Table) -> Result<Vec<(RowId, Vec<u8>)>, DeviceFailed> {
        const SQL: &str = "SELECT row_id, sealed FROM row WHERE account_id = ?1 AND name = ?2 ORDER BY row_id";
        self.with_rows(|rows| {
            let mut rows = rows.prepare_cached(SQL)?;
            let rows =
                rows.query_map(params![account.as_bytes(), table.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })
    }

    async fn get(&self, account: AccountId, table: Table, ids: &[RowId]) -> Result<Vec<Option<Vec<u8>>>, DeviceFailed> {
        self.with_rows(|rows| ids.iter().map(|id| one(rows, account, table, id)).collect())
    }

    async fn write(&self, account: AccountId, writes: Vec<RowWrite>) -> Result<Written, DeviceFailed> {
        const PUT: &str = "
            INSERT INTO row (account_id, name, row_id, sealed) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (account_id, name, row_id) DO UPDATE SET sealed = excluded.sealed";
        const ERASE: &str = "DELETE FROM row WHERE account_id = ?1 AND name = ?2 AND row_id = ?3";
        self.with_rows(|rows| {
            let transaction = rows.transaction()?;
            for write in &writes {
                if !write.expected.allows(one(&transaction, account, write.table, &write.id)?.as_deref()) {
                    return Ok(Written::Stale);
                }
            }
            for RowWrite { table, id, bytes, .. } in &writes {
                let table = table.as_str();
                match bytes {
                    Some(bytes) => {
                        transaction.prepare_cached(PUT)?.execute(params![account.as_bytes(), table, id, bytes])?
                    }
                    None => transaction.prepare_cached(ERASE)?.execute(params![account.as_bytes(), table, id])?,
                };
            }
            transaction.commit()?;
            Ok(Written::Whole)
        })
    }

    async fn erase_rows(&self) -> Result<(), DeviceFailed> {
        if !self.folder.join(ROWS).exists() {
            return Ok(());
        }
        self.with_rows(|rows| rows.execute("DELETE FROM row", []))?;
        self.rows.replace(None);
        files::erase(&self.folder, ROWS).map_err(|_| DeviceFailed)?;
        files::erase(&self.folder, &format!("{ROWS}-journal")).map_err(|_| DeviceFailed)
    }
}

fn one(rows: &Connection, account: AccountId, table: Table, id: &RowId) -> rusqlite::Result<Option<Vec<u8>>> {
    const SQL: &str = "SELECT sealed FROM row WHERE account_id = ?1 AND name = ?2 AND row_id = ?3";
    rows.prepare_cached(SQL)?.query_row(params![account.as_bytes(), table.as_str(), id], |row| row.get(0)).optional()
}

/// XDG Base Directory Specification 0.8: `$XDG_STATE_HOME`, else `~/.local/state`.
fn default_folder() -> Result<PathBuf, Stop> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    let state = state.or_else(home).ok_or_else(|| Stop::usage(Sentence::NoHome))?;
    Ok(state.join("securemailbox"))
}

/// A folder of our own is closed to others; a folder with something else in it is not taken over.
fn prepare(folder: &Path) -> Result<File, Stop> {
    let trouble = |error: io::Error| trouble(folder, &error);
    files::make_folder(folder).map_err(trouble)?;
    let ours = folder.join(LOCK).exists();
    if !ours && fs::read_dir(folder).map_err(trouble)?.next().is_some() {
        return Err(Stop::unavailable(Sentence::ProfileHoldsOthers { folder }));
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(trouble)?;
    let mut lock = OpenOptions::new();
    lock.write(true).create(true).truncate(false).mode(0o600).open(folder.join(LOCK)).map_err(trouble)
}

fn trouble(folder: &Path, error: &io::Error) -> Stop {
    Stop::unavailable(Sentence::ProfileUnusable { folder, error: &error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_closed_to_others() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("profile");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        let _profile = Profile::open(Some(&folder), || ()).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::metadata(folder.join(LOCK)).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[tokio::test]
    async fn rows_are_written_all_or_none_and_leave_no_file_behind() {
        use securemailbox_client::device::Expected;
        let folder = tempfile::tempdir().unwrap();
        let profile = Profile::open(Some(folder.path()), || ()).unwrap();
        let account = AccountId::from_bytes([1; 16]);
        let put = |id: u8, expected, byte| RowWrite {
            table: Table::Pin,
            id: [id; 16],
            expected,
            bytes: Some(vec![byte; 40]),
        };
        let both = vec![put(2, Expected::Nothing, 5), put(1, Expected::Nothing, 6)];
        assert_eq!(profile.write(account, both).await, Ok(Written::Whole));
        assert_eq!(fs::metadata(folder.path().join(ROWS)).unwrap().permissions().mode() & 0o777, 0o600);
        let stale = vec![put(3, Expected::Nothing, 7), put(1, Expected::Nothing, 8)];
        assert_eq!(profile.write(account, stale).await, Ok(Written::Stale));
        let rows = profile.scan(account, Table::Pin).await.unwrap();
        assert_eq!(rows, [([1; 16], vec![6; 40]), ([2; 16], vec![5; 40])]);
        assert_eq!(profile.get(account, Table::Pin, &[[3; 16], [2; 16]]).await, Ok(vec![None, Some(vec![5; 40])]));
        assert_eq!(profile.scan(AccountId::from_bytes([2; 16]), Table::Pin).await, Ok(Vec::new()));
        profile.erase_rows().await.unwrap();
        assert!(fs::read_dir(folder.path()).unwrap().all(|file| file.unwrap().file_name() == LOCK));
    }

    #[test]
    fn a_folder_with_other_things_in_it_is_not_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("thesis.txt"), "…").unwrap();
        assert!(Profile::open(Some(folder.path()), || ()).is_err());
    }

    #[test]
    fn a_profile_is_used_by_one_command_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = Profile::open(Some(folder.path()), || ()).unwrap();
        let lock = File::open(folder.path().join(LOCK)).unwrap();
        assert!(matches!(lock.try_lock(), Err(TryLockError::WouldBlock)));
        drop(first);
        assert!(lock.try_lock().is_ok());
    }
}
