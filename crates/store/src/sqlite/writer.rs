//! The one thread that writes: what waits together is committed together, each act in a savepoint of its own.

use std::{
    fs::File,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
};

use futures_util::FutureExt as _;
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{SqliteDb, log::Log, reserve::Reserve};
use crate::{Act, OpenError, Room, StoreError, db::AfterCommit, listeners::Listeners, traces::Traces};

/// How many acts may share one commit.
const TOGETHER: usize = 128;

/// How many acts may wait. One more is told [`StoreError::Busy`].
pub(crate) const WAITING: usize = 1024;

/// Handle of the writer thread.
pub(crate) struct Writer {
    orders: Mutex<Option<SyncSender<Order>>>,
    thread: Mutex<Option<Running>>,
}

struct Running {
    thread: JoinHandle<()>,
    /// Closed when the thread is about to end, in whatever way.
    ended: oneshot::Receiver<()>,
}

enum Order {
    Act(Box<dyn Work>),
    FinishErasures(oneshot::Sender<Result<(), StoreError>>),
}

impl Writer {
    /// Starts the thread, after it has finished the erasures that a crash interrupted.
    pub(crate) fn start(
        connection: Connection,
        lock: File,
        folder: &Path,
        listeners: Arc<Listeners>,
        traces: Arc<Traces>,
    ) -> Result<Self, OpenError> {
        let (log, reserve) = (Log::of(folder), Reserve::of(folder));
        let mut thread = Thread { connection, log, reserve, listeners, traces };
        thread.forget()?;
        let (orders, waiting) = sync_channel(WAITING);
        let (ending, ended) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || {
                let _ending: oneshot::Sender<()> = ending;
                thread.work(&waiting);
                // Only now may another process open the folder.
                drop(lock);
            })
            .map_err(|error| StoreError::File(error.kind()))?;
        Ok(Self { orders: Mutex::new(Some(orders)), thread: Mutex::new(Some(Running { thread, ended })) })
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

    /// Lets the thread finish what waits, and waits for its end. Who stops waiting leaves it to itself: a disk that does not
    /// answer keeps nobody.
    pub(crate) async fn close(&self) {
        drop(self.orders.lock().unwrap_or_else(PoisonError::into_inner).take());
        let running = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Running { thread, ended }) = running {
            // Nothing is ever sent.
            let _ = ended.await;
            if thread.join().is_err() {
                tracing::error!("the writer thread of the store panicked");
            }
        }
    }
}

/// Whoever drops the store may open its folder again at once.
impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.orders.get_mut().unwrap_or_else(PoisonError::into_inner).take());
        let running = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if running.is_some_and(|running| running.thread.join().is_err()) {
            tracing::error!("the writer thread of the store panicked");
        }
    }
}

/// An act with its caller, apart from their types.
trait Work: Send {
    /// [`Act::ROOM`]
    fn room(&self) -> Room;
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
    fn room(&self) -> Room {
        A::ROOM
    }

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
    reserve: Reserve,
    listeners: Arc<Listeners>,
    traces: Arc<Traces>,
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
                let acts = self.refuse_what_has_no_room(acts);
                self.commit(acts);
            }
            if !erasures.is_empty() {
                let finished = self.finish_erasures();
                for answer in erasures {
                    drop(answer.send(finished.clone()));
                }
            } else if let Err(error) = self.log.checkpoint_if_long(&mut self.connection) {
                tracing::warn!(%error, "the log of the database could not be shortened; it will be tried again");
            }
        }
        // A folder at rest has an empty log.
        if let Err(error) = self.forget() {
            tracing::warn!(%error, "the log of the database could not be emptied; opening it again will");
        }
    }

    /// Takes everything deleted so far out of the log, if anything was.
    fn finish_erasures(&mut self) -> Result<(), StoreError> {
        let traces = Arc::clone(&self.traces);
        let taken = traces.take();
        if taken.tables().is_empty() {
            return Ok(());
        }
        self.forget()?;
        taken.are_gone();
        Ok(())
    }

    /// Makes the log forget, in the room that was set aside if the disk has no other; then sets it aside again.
    fn forget(&mut self) -> Result<(), StoreError> {
        let mut forgotten = self.log.finish_erasures(&mut self.connection);
        if forgotten == Err(StoreError::Full) && self.reserve.release() {
            forgotten = self.log.finish_erasures(&mut self.connection);
        }
        self.reserve.take();
        forgotten
    }

    /// What little room there is goes to those who erase, and to those who sign in for it.
    fn refuse_what_has_no_room(&mut self, acts: Vec<Box<dyn Work>>) -> Vec<Box<dyn Work>> {
        let left = self.reserve.left();
        if left.has_room(Room::Grows) {
            return acts;
        }
        let (needed, refused): (Vec<_>, Vec<_>) = acts.into_iter().partition(|act| left.has_room(act.room()));
        for act in refused {
            act.answer(Some(&StoreError::Full));
        }
        needed
    }

    /// Runs `acts`, commits once, and only then answers.
    fn commit(&mut self, mut acts: Vec<Box<dyn Work>>) {
        let mut after = AfterCommit::default();
        let mut committed = self.run_in_one_transaction(&mut acts, &mut after);
        if committed == Err(StoreError::Full) {
            if acts.len() > 1 {
                // What one of them has no room for must not keep the others back.
                return acts.into_iter().for_each(|act| self.commit(vec![act]));
            }
            if acts.iter().all(|act| act.room() != Room::Grows) && self.reserve.release() {
                after = AfterCommit::default();
                committed = self.run_in_one_transaction(&mut acts, &mut after);
            }
        }
        match &committed {
            Ok(()) => self.traces.add(after.traces),
            Err(error) => {
                tracing::error!(%error, acts = acts.len(), "the store could not commit");
                after.pulses.clear();
            }
        }
        for (mailbox, pulse) in after.pulses {
            self.listeners.tell(mailbox, pulse);
        }
        for act in acts {
            act.answer(committed.as_ref().err());
        }
    }

    fn run_in_one_transaction(
        &mut self,
        acts: &mut [Box<dyn Work>],
        after: &mut AfterCommit,
    ) -> Result<(), StoreError> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let done = self.run_each(acts, after).and_then(|()| Ok(self.connection.execute_batch("COMMIT")?));
        if done.is_err() && !self.connection.is_autocommit() {
            self.connection.execute_batch("ROLLBACK")?;
        }
        done
    }

    fn run_each(&mut self, acts: &mut [Box<dyn Work>], after: &mut AfterCommit) -> Result<(), StoreError> {
        for act in acts {
            let before = after.pulses.len();
            self.connection.prepare_cached("SAVEPOINT act")?.raw_execute()?;
            let mut db = SqliteDb::new(&mut self.connection, after);
            let keep = act.run(&mut db);
            if db.is_full() {
                return Err(StoreError::Full);
            }
            if !keep {
                after.pulses.truncate(before);
                self.connection.prepare_cached("ROLLBACK TO act")?.raw_execute()?;
            }
            self.connection.prepare_cached("RELEASE act")?.raw_execute()?;
        }
        Ok(())
    }
}
