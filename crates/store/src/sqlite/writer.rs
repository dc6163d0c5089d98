//! The one thread that writes: what waits together is committed together, each act in a savepoint of its own.

use std::{
    fs::File,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
};

use futures_util::FutureExt as _;
use rusqlite::Connection;
use securemailbox_protocol::{ids::AccountId, sync::Pulse};
use tokio::sync::{broadcast, oneshot};

use super::{SqliteDb, log::Log};
use crate::{Act, OpenError, StoreError};

/// How many acts may share one commit.
const TOGETHER: usize = 128;

/// How many acts may wait. One more is told [`StoreError::Busy`].
pub(crate) const WAITING: usize = 1024;

/// Handle of the writer thread.
pub(crate) struct Writer {
    orders: Mutex<Option<SyncSender<Order>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

enum Order {
    Act(Box<dyn Work>),
    FinishErasures(oneshot::Sender<Result<(), StoreError>>),
}

impl Writer {
    /// Starts the thread, after it has finished the erasures that a crash interrupted.
    pub(crate) fn start(
        mut connection: Connection,
        lock: File,
        folder: &Path,
        pulses: broadcast::Sender<(AccountId, Pulse)>,
    ) -> Result<Self, OpenError> {
        let log = Log::of(folder);
        log.finish_erasures(&mut connection)?;
        let (orders, waiting) = sync_channel(WAITING);
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || {
                Thread { connection, log, pulses }.work(&waiting);
                // Only now may another process open the folder.
                drop(lock);
            })
            .map_err(OpenError::Folder)?;
        Ok(Self { orders: Mutex::new(Some(orders)), thread: Mutex::new(Some(thread)) })
    }

    pub(crate) async fn write<A: Act>(&self, act: A) -> Result<A::Output, A::Error> {
        let (answer, answered) = oneshot::channel();
        self.order(Order::Act(Box::new(Waiting { act, outcome: None, answer })))?;
        answered.await.map_err(|_| StoreError::Unreachable)?
    }

    pub(crate) async fn finish_erasures(&self) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        self.order(Order::FinishErasures(answer))?;
        answered.await.map_err(|_| StoreError::Unreachable)?
    }

    fn order(&self, order: Order) -> Result<(), StoreError> {
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let orders = orders.as_ref().ok_or(StoreError::Unreachable)?;
        orders.try_send(order).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Disconnected(_) => StoreError::Unreachable,
        })
    }

    /// Lets the thread finish what waits, and waits for its end.
    pub(crate) async fn close(&self) {
        drop(self.orders.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let ended = tokio::task::spawn_blocking(move || thread.join()).await;
            if !matches!(ended, Ok(Ok(()))) {
                tracing::error!("the writer thread of the store did not end as it should");
            }
        }
    }
}

/// Whoever drops the store may open its folder again at once.
impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.orders.get_mut().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the writer thread of the store panicked");
        }
    }
}

/// An act with its caller, apart from their types.
trait Work: Send {
    /// Runs the act; whether to keep what it did.
    fn run(&mut self, db: &mut SqliteDb<'_>) -> bool;
    /// Answers its caller: what came of it, or why nothing was kept.
    fn answer(self: Box<Self>, lost: Option<&StoreError>);
}

struct Waiting<A: Act> {
    act: A,
    outcome: Option<Result<A::Output, A::Error>>,
    answer: oneshot::Sender<Result<A::Output, A::Error>>,
}

impl<A: Act> Work for Waiting<A> {
    fn run(&mut self, db: &mut SqliteDb<'_>) -> bool {
        let outcome = catch_unwind(AssertUnwindSafe(|| self.act.run(db).now_or_never()));
        let outcome = match outcome {
            Ok(Some(outcome)) => outcome,
            Ok(None) => Err(StoreError::Damaged("an act that waits for something else than the store").into()),
            Err(_) => Err(StoreError::Panicked.into()),
        };
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        keep
    }

    fn answer(self: Box<Self>, lost: Option<&StoreError>) {
        let outcome = match (self.outcome, lost) {
            (Some(Ok(_)) | None, Some(error)) => Err(error.clone().into()),
            (Some(outcome), _) => outcome,
            (None, None) => Err(StoreError::Unreachable.into()),
        };
        // Whoever stopped waiting for it gets no answer; it is on disk all the same.
        drop(self.answer.send(outcome));
    }
}

struct Thread {
    connection: Connection,
    log: Log,
    pulses: broadcast::Sender<(AccountId, Pulse)>,
}

impl Thread {
    fn work(mut self, orders: &Receiver<Order>) {
        while let Ok(first) = orders.recv() {
            let mut acts = Vec::new();
            let mut erasures = Vec::new();
            for order in std::iter::once(first).chain(orders.try_iter()).take(TOGETHER) {
                match order {
                    Order::Act(act) => acts.push(act),
                    Order::FinishErasures(answer) => erasures.push(answer),
                }
            }
            if !acts.is_empty() {
                self.commit(acts);
            }
            if !erasures.is_empty() {
                // What asked together, or while another was under way, is finished together.
                let finished = self.log.finish_erasures(&mut self.connection);
                for answer in erasures {
                    drop(answer.send(finished.clone()));
                }
            } else if let Err(error) = self.log.checkpoint_if_long(&mut self.connection) {
                tracing::warn!(%error, "the log of the database could not be shortened; it will be tried again");
            }
        }
        // A folder at rest has an empty log.
        if let Err(error) = self.log.finish_erasures(&mut self.connection) {
            tracing::warn!(%error, "the log of the database could not be emptied; opening it again will");
        }
    }

    /// Runs `acts`, commits once, and only then answers.
    fn commit(&mut self, mut acts: Vec<Box<dyn Work>>) {
        let mut touched = Vec::new();
        let committed = self.run_in_one_transaction(&mut acts, &mut touched);
        if let Err(error) = &committed {
            tracing::error!(%error, acts = acts.len(), "the store could not commit");
            touched.clear();
        }
        for (account, pulse) in touched {
            // No receiver, nobody to tell.
            drop(self.pulses.send((account, pulse)));
        }
        for act in acts {
            act.answer(committed.as_ref().err());
        }
    }

    fn run_in_one_transaction(
        &mut self,
        acts: &mut [Box<dyn Work>],
        touched: &mut Vec<(AccountId, Pulse)>,
    ) -> Result<(), StoreError> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let done = self.run_each(acts, touched).and_then(|()| Ok(self.connection.execute_batch("COMMIT")?));
        if done.is_err() && !self.connection.is_autocommit() {
            self.connection.execute_batch("ROLLBACK")?;
        }
        done
    }

    fn run_each(
        &mut self,
        acts: &mut [Box<dyn Work>],
        touched: &mut Vec<(AccountId, Pulse)>,
    ) -> Result<(), StoreError> {
        for act in acts {
            let before = touched.len();
            self.connection.prepare_cached("SAVEPOINT act")?.raw_execute()?;
            if !act.run(&mut SqliteDb::new(&mut self.connection, touched)) {
                touched.truncate(before);
                self.connection.prepare_cached("ROLLBACK TO act")?.raw_execute()?;
            }
            self.connection.prepare_cached("RELEASE act")?.raw_execute()?;
        }
        Ok(())
    }
}
