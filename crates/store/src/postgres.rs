//! PostgreSQL: a transaction for each act, run again when it collided with another (PROTOCOL §8 says what it can't erase).

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc, time::Duration};

pub(crate) use deadpool_postgres::Pool;
use deadpool_postgres::{Manager, ManagerConfig, PoolError, RecyclingMethod, Runtime, TimeoutType, Transaction};
use futures_util::FutureExt as _;
use securemailbox_protocol::{ids::MailboxId, sync::Pulse};
use tokio_postgres::{
    IsolationLevel,
    error::SqlState,
    types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked},
};

use crate::{
    Act, Db, OpenError, Param, ReadOnly, Row, StoreError, ToParam, Value,
    db::AfterCommit,
    listeners::Listeners,
    migrations::{self, POSTGRES},
    traces::{self, Tables, Traces},
};

mod inspection;
mod pulses;
mod target;
mod tls;

pub(crate) use inspection::inspect;
use target::Target;

/// How many transactions run at once.
const CONNECTIONS: usize = 16;

/// How long an act waits for its turn before it is told [`StoreError::Busy`].
const PATIENCE: Duration = Duration::from_secs(10);

/// How often an act is run before it is told [`StoreError::Busy`].
const TRIES: usize = 50;

/// Those that collided take turns, or each would spoil the next one's try. `LOCK TABLE` takes no snapshot, so what it
/// waited for is seen (PostgreSQL 15, LOCK).
const TAKE_TURNS: &str = "LOCK TABLE turn IN EXCLUSIVE MODE";

/// A store in a PostgreSQL database, which several processes may share.
pub(crate) struct Postgres {
    pool: Pool,
    pulses: pulses::Pulses,
    traces: Arc<Traces>,
}

impl Postgres {
    pub(crate) async fn open(url: &str, listeners: Arc<Listeners>, traces: Arc<Traces>) -> Result<Self, OpenError> {
        let target = Target::parse(url)?;
        let pool = pool_of(&target)?;
        let mut client = pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => target.refusal(&error),
            other => StoreError::from(other).into(),
        })?;
        migrate(&mut client, &target).await?;
        drop(client);
        let store = Self { pool, pulses: pulses::Pulses::start(target, listeners), traces };
        // What a crash left may lie in any of them.
        store.reclaim(Tables::from(traces::DELETED)).await?;
        Ok(store)
    }

    pub(crate) async fn write<A: Act>(&self, act: A) -> Result<A::Output, A::Error> {
        let mut client = self.pool.get().await.map_err(StoreError::from)?;
        for earlier_tries in 0..TRIES {
            let transaction = client
                .build_transaction()
                .isolation_level(IsolationLevel::Serializable)
                .start()
                .await
                .map_err(StoreError::from)?;
            if earlier_tries > 0 {
                transaction.batch_execute(TAKE_TURNS).await.map_err(StoreError::from)?;
            }
            let mut db = PostgresDb { transaction, after: AfterCommit::default(), collided: false };
            let outcome = AssertUnwindSafe(act.run(&mut db)).catch_unwind().await;
            let PostgresDb { transaction, after, collided } = db;
            match outcome {
                Ok(_) if collided => transaction.rollback().await.map_err(StoreError::from)?,
                Ok(Ok(output)) => match transaction.commit().await {
                    Ok(()) => {
                        self.traces.add(after.traces);
                        self.pulses.tell(after.pulses);
                        return Ok(output);
                    }
                    Err(error) if is_collision(&error) => {}
                    Err(error) => return Err(StoreError::from(error).into()),
                },
                Ok(Err(error)) => {
                    transaction.rollback().await.map_err(StoreError::from)?;
                    return Err(error);
                }
                Err(_) => {
                    transaction.rollback().await.map_err(StoreError::from)?;
                    return Err(StoreError::Panicked.into());
                }
            }
        }
        Err(StoreError::Busy.into())
    }

    pub(crate) async fn read<A: ReadOnly>(&self, act: A) -> Result<A::Output, A::Error> {
        read(&self.pool, act).await
    }

    /// Makes PostgreSQL reclaim what was deleted since the last time. Nothing to do if nothing was.
    pub(crate) async fn finish_erasures(&self) -> Result<(), StoreError> {
        let taken = self.traces.take();
        if taken.tables().is_empty() {
            return Ok(());
        }
        self.reclaim(taken.tables().clone()).await?;
        taken.are_gone();
        Ok(())
    }

    /// Makes PostgreSQL reclaim what was deleted in these tables, then empties the queue of erasures.
    async fn reclaim(&self, mut tables: Tables) -> Result<(), StoreError> {
        let client = self.pool.get().await?;
        // Up to which: what another process queues meanwhile waits for its own vacuum.
        let newest = client.query_one("SELECT COALESCE(MAX(number), 0) FROM erasure", &[]).await?;
        let newest: i64 = newest.try_get(0)?;
        if newest > 0 {
            // It may be another process's, which may not live to see to it.
            tables.extend(traces::OF_LETTERS);
        }
        let tables: Vec<_> = tables.into_iter().collect();
        client.batch_execute(&format!("VACUUM {}", tables.join(", "))).await?;
        if newest > 0 {
            client.execute("DELETE FROM erasure WHERE number <= $1", &[&newest]).await?;
        }
        Ok(())
    }

    pub(crate) fn close(&self) {
        self.pulses.stop();
        self.pool.close();
    }
}

/// Connections to a database that another process may have open. Makes none yet.
pub(crate) fn pool(url: &str) -> Result<Pool, OpenError> {
    Ok(pool_of(&Target::parse(url)?)?)
}

fn pool_of(target: &Target) -> Result<Pool, StoreError> {
    let fast = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    Pool::builder(Manager::from_config(target.config.clone(), target.tls.clone(), fast))
        .max_size(CONNECTIONS)
        .wait_timeout(Some(PATIENCE))
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|_| StoreError::Unreachable)
}

/// Runs `act` on one view of the database.
pub(crate) async fn read<A: ReadOnly>(pool: &Pool, act: A) -> Result<A::Output, A::Error> {
    let mut client = pool.get().await.map_err(StoreError::from)?;
    let transaction = client
        .build_transaction()
        .isolation_level(IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await
        .map_err(StoreError::from)?;
    let mut db = PostgresDb { transaction, after: AfterCommit::default(), collided: false };
    let outcome = AssertUnwindSafe(act.run(&mut db)).catch_unwind().await;
    db.transaction.rollback().await.map_err(StoreError::from)?;
    outcome.map_err(|_| StoreError::Panicked)?
}

/// Database and host of a URL, as messages name them.
pub(crate) fn place_of(url: &str) -> String {
    Target::parse(url).map_or_else(|_| "of PostgreSQL".to_owned(), |target| target.place)
}

async fn migrate(client: &mut deadpool_postgres::Client, target: &Target) -> Result<(), OpenError> {
    let refused = |error: tokio_postgres::Error| target.refusal(&error);
    let transaction = client.transaction().await.map_err(refused)?;
    // Several processes may start at once: one migrates, the others find it done.
    transaction.batch_execute("SELECT pg_advisory_xact_lock(7011001)").await.map_err(refused)?;
    transaction.batch_execute(migrations::TABLE).await.map_err(refused)?;
    let found: i64 =
        transaction.query_one(migrations::NEWEST, &[]).await.and_then(|row| row.try_get(0)).map_err(refused)?;
    for (number, sql) in migrations::missing(&POSTGRES, found)? {
        transaction.batch_execute(sql).await.map_err(refused)?;
        transaction.execute(migrations::RECORD, &[&number]).await.map_err(refused)?;
    }
    transaction.commit().await.map_err(refused)
}

struct PostgresDb<'a> {
    transaction: Transaction<'a>,
    after: AfterCommit,
    /// Another transaction was in the way: whatever the act makes of it, it is run again.
    collided: bool,
}

impl PostgresDb<'_> {
    fn note(&mut self, error: tokio_postgres::Error) -> StoreError {
        self.collided |= is_collision(&error);
        error.into()
    }
}

impl Db for PostgresDb<'_> {
    fn exec(
        &mut self,
        sql: &'static str,
        params: &[&dyn ToParam],
    ) -> impl Future<Output = Result<u64, StoreError>> + Send {
        let params: Vec<_> = params.iter().map(|param| Typed(param.to_param())).collect();
        async move {
            let done = async {
                let statement = self.transaction.prepare_cached(sql).await?;
                self.transaction.execute_raw(&statement, &params).await
            };
            let written = done.await.map_err(|error| self.note(error))?;
            if written > 0 {
                self.after.traces.extend(traces::left_by(sql));
            }
            Ok(written)
        }
    }

    fn rows(
        &mut self,
        sql: &'static str,
        params: &[&dyn ToParam],
    ) -> impl Future<Output = Result<Vec<Row>, StoreError>> + Send {
        let params: Vec<_> = params.iter().map(|param| Typed(param.to_param())).collect();
        async move {
            let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|param| param as _).collect();
            let found = async {
                let statement = self.transaction.prepare_cached(sql).await?;
                self.transaction.query(&statement, &params).await
            };
            let found = found.await.map_err(|error| self.note(error))?;
            // A statement may delete, and say what it deleted.
            if !found.is_empty() {
                self.after.traces.extend(traces::left_by(sql));
            }
            found.iter().map(row).collect()
        }
    }

    fn touched(&mut self, mailbox: MailboxId, pulse: Pulse) {
        self.after.pulses.push((mailbox, pulse));
    }
}

fn row(row: &tokio_postgres::Row) -> Result<Row, StoreError> {
    let values = (0..row.len()).map(|column| match *row.columns()[column].type_() {
        Type::INT8 => Ok(row.try_get::<_, Option<i64>>(column)?.map_or(Value::Null, Value::Int)),
        // A constant, as in `SELECT 1`.
        Type::INT4 => {
            Ok(row.try_get::<_, Option<i32>>(column)?.map_or(Value::Null, |number| Value::Int(number.into())))
        }
        Type::BYTEA => Ok(row.try_get::<_, Option<Vec<u8>>>(column)?.map_or(Value::Null, Value::Bytes)),
        Type::TEXT => Ok(row.try_get::<_, Option<String>>(column)?.map_or(Value::Null, Value::Text)),
        _ => Err(StoreError::Damaged("a column of a type we do not use")),
    });
    Ok(Row::new(values.collect::<Result<_, _>>()?))
}

/// A parameter as PostgreSQL takes it. The types of our columns are three.
struct Typed<'a>(Param<'a>);

// `ToSql` asks for it; a parameter may be a secret, so it shows nothing.
impl std::fmt::Debug for Typed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Typed(…)")
    }
}

impl ToSql for Typed<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match &self.0 {
            Param::Null => Ok(IsNull::Yes),
            Param::Int(number) => number.to_sql_checked(ty, out),
            Param::Bytes(bytes) => (&**bytes).to_sql_checked(ty, out),
            Param::Text(text) => text.to_sql_checked(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT8 | Type::BYTEA | Type::TEXT)
    }

    to_sql_checked!();
}

/// Serialization failure and deadlock. Of two inserts of one row at once, `ON CONFLICT` makes the later such a failure.
fn is_collision(error: &tokio_postgres::Error) -> bool {
    error
        .code()
        .is_some_and(|code| [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED].contains(code))
}

/// The SQLSTATE only: PostgreSQL's own words quote rows.
impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.code() {
            Some(code) if target::is_away(code) => Self::Unreachable,
            Some(&SqlState::TOO_MANY_CONNECTIONS) => Self::Busy,
            Some(&SqlState::DISK_FULL) => Self::Full,
            Some(code) => Self::Database(format!("postgresql {}", code.code())),
            None => Self::Unreachable,
        }
    }
}

impl From<PoolError> for StoreError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => error.into(),
            PoolError::Timeout(TimeoutType::Wait) => Self::Busy,
            PoolError::Timeout(TimeoutType::Create | TimeoutType::Recycle)
            | PoolError::Closed
            | PoolError::NoRuntimeSpecified
            | PoolError::PostCreateHook(_) => Self::Unreachable,
        }
    }
}
