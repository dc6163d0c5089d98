//! SQLite: one writer with group commit, readers beside it, and a log that keeps nothing erased (PROTOCOL §8).

use std::{
    fs::{DirBuilder, File, TryLockError},
    future::{Future, ready},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, Statement, config::DbConfig, types::ValueRef};
use securemailbox_protocol::{ids::MailboxId, sync::Pulse};

use crate::{
    Act, Db, Inspection, OpenError, Param, ReadOnly, Row, StoreError, ToParam, Unusable, Value,
    db::AfterCommit,
    inspection,
    listeners::Listeners,
    migrations::{self, SQLITE},
    traces::{self, Traces},
};

pub(crate) mod log;
mod readers;
mod reserve;
mod writer;

#[cfg(test)]
pub(crate) use log::{Log, STEPS};
pub(crate) use readers::Readers;

/// A store in one folder: one connection writes, a few read.
pub(crate) struct Sqlite {
    writer: writer::Writer,
    readers: Readers,
}

impl Sqlite {
    /// Opens `folder` for this process alone, migrates it, and finishes the erasures that a crash interrupted.
    pub(crate) fn open(folder: &Path, listeners: Arc<Listeners>, traces: Arc<Traces>) -> Result<Self, OpenError> {
        // Nobody but the server's own user looks in.
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|source| unusable_folder(folder, source))?;
        let lock = lock(folder)?;
        let connection = open_writer(folder)?;
        let readers = Readers::new(folder.to_path_buf());
        Ok(Self { writer: writer::Writer::start(connection, lock, folder, listeners, traces)?, readers })
    }

    pub(crate) async fn write<A: Act>(&self, act: A) -> Result<A::Output, A::Error> {
        self.writer.write(act).await
    }

    pub(crate) async fn read<A: ReadOnly>(&self, act: A) -> Result<A::Output, A::Error> {
        self.readers.read(act).await
    }

    /// Takes everything deleted so far out of the log, and empties the queue of erasures. Nothing to do if nothing was.
    pub(crate) async fn finish_erasures(&self) -> Result<(), StoreError> {
        self.writer.finish_erasures().await
    }

    pub(crate) async fn close(&self) {
        self.readers.close();
        self.writer.close().await;
    }
}

/// Keeps other processes out for as long as the file is open: none may write to a log that this one overwrites.
fn lock(folder: &Path) -> Result<File, OpenError> {
    let open = File::open(folder).map_err(|source| unusable_folder(folder, source))?;
    open.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => OpenError::InUse(folder.to_path_buf()),
        TryLockError::Error(source) => unusable_folder(folder, source),
    })?;
    Ok(open)
}

fn unusable_folder(folder: &Path, source: io::Error) -> OpenError {
    OpenError::Folder { folder: folder.to_path_buf(), source }
}

/// Why the file does not open, by SQLite's result code.
fn unusable(folder: &Path, error: &rusqlite::Error) -> OpenError {
    let why = match error.sqlite_error() {
        Some(failure) => match failure.code {
            ErrorCode::NotADatabase => Unusable::NotADatabase,
            ErrorCode::ReadOnly => Unusable::ReadOnly,
            ErrorCode::CannotOpen | ErrorCode::PermissionDenied => Unusable::Closed,
            _ => Unusable::Failed(failure.extended_code),
        },
        None => return StoreError::Damaged("the database's own tables").into(),
    };
    OpenError::File { file: database(folder), why }
}

/// The database file in a data folder.
pub(crate) fn database(folder: &Path) -> PathBuf {
    folder.join("mailbox.sqlite")
}

/// How long we wait for a reader of ours to end; reads take milliseconds.
const PATIENCE: Duration = Duration::from_secs(2);

/// Pages of eight KiB, so that an entry with its wrapped key needs no overflow page.
const PAGE_SIZE: usize = 8192;

/// 256 GiB. Below it, an overflow or freelist page begins with a zero or one (the highest byte of a page number), and
/// can't be taken for a B-tree page when the log is scrubbed.
const MOST_PAGES: u32 = 0x01FF_FFFF;

/// How many statements stay prepared: more than we have.
const STATEMENTS: usize = 190;

/// The one connection that writes.
///
/// `secure_delete=ON` overwrites what is deleted; FAST would leave bodies on the freelist. Nobody but us checkpoints
/// (neither SQLite by itself nor the last connection when it closes), because [`log::Log`] scrubs first.
pub(crate) fn open_writer(folder: &Path) -> Result<Connection, OpenError> {
    let unusable = |error: rusqlite::Error| unusable(folder, &error);
    let mut connection = Connection::open(database(folder)).map_err(unusable)?;
    refuse_unsafe_builds(&connection)?;
    prepare(&connection)?;
    connection
        .execute_batch(&format!(
            "PRAGMA page_size = {PAGE_SIZE};
             PRAGMA secure_delete = ON;
             PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA wal_autocheckpoint = 0;
             PRAGMA max_page_count = {MOST_PAGES};"
        ))
        .map_err(unusable)?;
    let journal: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).map_err(unusable)?;
    if journal != "wal" {
        return Err(OpenError::NoLog(folder.to_path_buf()));
    }
    migrate(&mut connection)?;
    Ok(connection)
}

/// A connection that can't write.
fn open_reader(folder: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(database(folder))?;
    prepare(&connection)?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -1024;")?;
    Ok(connection)
}

/// Looks at the database in `folder` without making or locking anything.
pub(crate) fn inspect(folder: &Path) -> Result<Inspection, OpenError> {
    let engine = format!("SQLite {}", rusqlite::version());
    if !database(folder).try_exists().map_err(|source| unusable_folder(folder, source))? {
        return Ok(Inspection::of_nothing(engine, inspection::Way::File, migrations::newest(&SQLITE)));
    }
    let unusable = |error: rusqlite::Error| unusable(folder, &error);
    let connection = Connection::open(database(folder)).map_err(unusable)?;
    prepare(&connection)?;
    connection.execute_batch("PRAGMA query_only = ON;").map_err(unusable)?;
    let mut found = Inspection::of_nothing(engine, inspection::Way::File, migrations::newest(&SQLITE));
    let tables: i64 = connection
        .query_row("SELECT COUNT(*) FROM sqlite_master WHERE name = 'migration'", [], |row| row.get(0))
        .map_err(unusable)?;
    if tables > 0 {
        found.migration = connection.query_row(migrations::NEWEST, [], |row| row.get(0)).map_err(unusable)?;
    }
    if found.migration > 0 {
        let seal = connection.query_row(inspection::SEAL, [], |row| row.get(0)).map_err(unusable)?;
        let newest: Option<i64> = connection.query_row(inspection::NEWEST, [], |row| row.get(0)).map_err(unusable)?;
        let mut hosts = connection.prepare(inspection::PASSKEYS).map_err(unusable)?;
        let passkeys = hosts.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).and_then(Iterator::collect);
        found = found.with(seal, newest, passkeys.map_err(unusable)?);
        let mut pieces = connection.prepare(inspection::PIECES).map_err(unusable)?;
        let mut rows = pieces.query([]).map_err(unusable)?;
        while let Some(row) = rows.next().map_err(unusable)? {
            let (name, length, lives): (Vec<u8>, i64, bool) = row.try_into().map_err(unusable)?;
            found.add_piece(&name, length, lives);
        }
    }
    Ok(found)
}

fn prepare(connection: &Connection) -> Result<(), StoreError> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.busy_timeout(PATIENCE)?;
    // Statement journals and sorters stay in memory: a temporary file would keep what was erased.
    connection.execute_batch("PRAGMA temp_store = MEMORY;")?;
    Ok(())
}

/// STAT4 keeps samples of rows, erased ones among them; without DBPAGE we can't scrub pages.
fn refuse_unsafe_builds(connection: &Connection) -> Result<(), OpenError> {
    let mut statement = connection.prepare("PRAGMA compile_options").map_err(StoreError::from)?;
    let options: Vec<String> =
        statement.query_map([], |row| row.get(0)).and_then(Iterator::collect).map_err(StoreError::from)?;
    let has = |name: &str| options.iter().any(|option| option == name);
    if has("ENABLE_STAT4") {
        return Err(OpenError::UnsafeBuild("with SQLITE_ENABLE_STAT4"));
    }
    if !has("ENABLE_DBPAGE_VTAB") {
        return Err(OpenError::UnsafeBuild("without SQLITE_ENABLE_DBPAGE_VTAB"));
    }
    Ok(())
}

fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(StoreError::from)?;
    transaction.execute_batch(migrations::TABLE).map_err(StoreError::from)?;
    let found: i64 = transaction.query_row(migrations::NEWEST, [], |row| row.get(0)).map_err(StoreError::from)?;
    for (number, sql) in migrations::missing(&SQLITE, found)? {
        transaction.execute_batch(sql).map_err(StoreError::from)?;
        transaction.execute(migrations::RECORD, [number]).map_err(StoreError::from)?;
    }
    transaction.commit().map_err(|error| StoreError::from(error).into())
}

/// A transaction, or a savepoint in one. Its futures are ready at once.
pub(crate) struct SqliteDb<'a> {
    connection: &'a mut Connection,
    after: &'a mut AfterCommit,
    /// Whether a statement found no room on the disk. SQLite may have ended the transaction then.
    full: bool,
}

impl<'a> SqliteDb<'a> {
    pub(crate) fn new(connection: &'a mut Connection, after: &'a mut AfterCommit) -> Self {
        Self { connection, after, full: false }
    }

    /// Whether a statement found no room on the disk.
    fn is_full(&self) -> bool {
        self.full
    }

    fn exec_now(&mut self, sql: &str, params: &[&dyn ToParam]) -> Result<u64, StoreError> {
        let written = self.exec_as_it_is(sql, params);
        self.full |= written == Err(StoreError::Full);
        if written.as_ref().is_ok_and(|rows| *rows > 0) {
            self.after.traces.extend(traces::left_by(sql));
        }
        written
    }

    fn exec_as_it_is(&self, sql: &str, params: &[&dyn ToParam]) -> Result<u64, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        bind(&mut statement, params)?;
        Ok(statement.raw_execute()? as u64)
    }

    fn rows_now(&mut self, sql: &str, params: &[&dyn ToParam]) -> Result<Vec<Row>, StoreError> {
        let found = self.rows_as_they_are(sql, params);
        self.full |= matches!(found, Err(StoreError::Full));
        // A statement may delete, and say what it deleted.
        if found.as_ref().is_ok_and(|rows| !rows.is_empty()) {
            self.after.traces.extend(traces::left_by(sql));
        }
        found
    }

    fn rows_as_they_are(&self, sql: &str, params: &[&dyn ToParam]) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        bind(&mut statement, params)?;
        let columns = statement.column_count();
        let mut found = statement.raw_query();
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            let values = (0..columns).map(|column| value(row.get_ref(column)?)).collect::<Result<_, _>>()?;
            rows.push(Row::new(values));
        }
        Ok(rows)
    }
}

impl Db for SqliteDb<'_> {
    fn exec(
        &mut self,
        sql: &'static str,
        params: &[&dyn ToParam],
    ) -> impl Future<Output = Result<u64, StoreError>> + Send {
        ready(self.exec_now(sql, params))
    }

    fn rows(
        &mut self,
        sql: &'static str,
        params: &[&dyn ToParam],
    ) -> impl Future<Output = Result<Vec<Row>, StoreError>> + Send {
        ready(self.rows_now(sql, params))
    }

    fn touched(&mut self, mailbox: MailboxId, pulse: Pulse) {
        self.after.pulses.push((mailbox, pulse));
    }
}

/// Binds by name: to SQLite `$2` is a name, numbered by its first appearance and not by its digit.
fn bind(statement: &mut Statement<'_>, params: &[&dyn ToParam]) -> Result<(), StoreError> {
    for (index, param) in params.iter().enumerate() {
        let name = NAMES.get(index).ok_or(StoreError::Damaged("too many parameters"))?;
        match param.to_param() {
            Param::Null => statement.raw_bind_parameter(*name, rusqlite::types::Null)?,
            Param::Int(number) => statement.raw_bind_parameter(*name, number)?,
            Param::Bytes(bytes) => statement.raw_bind_parameter(*name, &*bytes)?,
            Param::Text(text) => statement.raw_bind_parameter(*name, text)?,
        }
    }
    Ok(())
}

const NAMES: [&str; 12] = ["$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11", "$12"];

fn value(value: ValueRef<'_>) -> Result<Value, StoreError> {
    match value {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(number) => Ok(Value::Int(number)),
        ValueRef::Blob(bytes) => Ok(Value::Bytes(bytes.to_vec())),
        ValueRef::Text(text) => {
            String::from_utf8(text.to_vec()).map(Value::Text).map_err(|_| StoreError::Damaged("text that is not UTF-8"))
        }
        ValueRef::Real(_) => Err(StoreError::Damaged("a fraction")),
    }
}

/// `SQLITE_IOERR_SHMSIZE`: the index of a long log could not grow.
const SHARED_MEMORY_FULL: i32 = 4874;

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        if out_of_room(error.kind()) { Self::Full } else { Self::File(error.kind()) }
    }
}

/// Whether the disk, or what its owner allows of it, is full.
fn out_of_room(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// The extended result code only: SQLite's own words may quote a row.
impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error() {
            Some(failure) if failure.code == ErrorCode::DiskFull || failure.extended_code == SHARED_MEMORY_FULL => {
                Self::Full
            }
            Some(failure) => Self::Database(format!("sqlite {}", failure.extended_code)),
            None => Self::Database("sqlite, in use".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_does_not_open_is_named_with_what_to_do() {
        for (code, told, is_for_the_operator) in [
            (rusqlite::ffi::SQLITE_NOTADB, "is not a SQLite database", true),
            (rusqlite::ffi::SQLITE_READONLY_DIRECTORY, "can't be written to", true),
            (rusqlite::ffi::SQLITE_CANTOPEN_ISDIR, "can't be opened", true),
            (rusqlite::ffi::SQLITE_IOERR_READ, "failed with code sqlite 266", false),
        ] {
            let error = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
            let refused = unusable(Path::new("/srv/data"), &error);
            let said = refused.to_string();
            assert!(said.contains("/srv/data/mailbox.sqlite") && said.contains(told), "{said}");
            assert_eq!(refused.is_for_the_operator(), is_for_the_operator, "{said}");
        }
    }
}
