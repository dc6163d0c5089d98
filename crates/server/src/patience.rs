//! How long a connection may hold its place without getting on: until its first request, between two, and while an answer
//! is fetched. Whoever holds something holds it for a bounded time.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

use crate::config::NetworkLimits;

/// How long is waited for what.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the handshake, for the first request of a connection, and for the head of each.
    pub head: Duration,
    /// For the next request.
    pub idle: Duration,
    /// For anything to move in a body or in an answer.
    pub stall: Duration,
    /// For requests under way, when the server stops.
    pub drain: Duration,
}

impl Patience {
    /// The operator's.
    #[must_use]
    pub fn new(limits: &NetworkLimits) -> Self {
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        Self {
            head: seconds(limits.head_seconds),
            idle: seconds(limits.idle_seconds),
            stall: seconds(limits.stall_seconds),
            drain: seconds(limits.drain_seconds),
        }
    }
}

/// Why a connection is over that its client would keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overdue {
    /// It asks for nothing. It is told so, where its protocol can.
    Idle,
    /// It does not fetch what it asked for.
    Stalled,
}

/// What happens on one connection. Pings and settings are not seen here, so they keep nothing alive.
#[derive(Debug, Clone)]
pub struct Watched(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// Whether there was a request yet.
    has_asked: bool,
    /// When the last request was over.
    quiet_since: Instant,
    /// By number, of each request under way: since when a piece of its answer lies with the transport.
    under_way: Vec<(u64, Option<Instant>)>,
    next: u64,
}

/// A request under way, until its answer is handed over whole.
#[derive(Debug)]
pub struct UnderWay {
    watched: Watched,
    number: u64,
}

impl Watched {
    /// A connection that is taken now.
    #[must_use]
    pub fn new() -> Self {
        let state = State { has_asked: false, quiet_since: Instant::now(), under_way: Vec::new(), next: 0 };
        Self(Arc::new(Mutex::new(state)))
    }

    /// A request is there.
    #[must_use]
    pub fn begin(&self) -> UnderWay {
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        state.has_asked = true;
        state.under_way.push((number, None));
        UnderWay { watched: self.clone(), number }
    }

    /// Waits until the connection did not get on for too long.
    pub async fn overdue(&self, patience: &Patience) -> Overdue {
        loop {
            let now = Instant::now();
            let due = self.state().due(patience);
            match due {
                Some((at, why)) if at <= now => return why,
                Some((at, _)) => sleep_until(at).await,
                // Nothing lies with the transport: what does in a moment is seen soon enough.
                None => sleep_until(now + patience.stall).await,
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn due(&self, patience: &Patience) -> Option<(Instant, Overdue)> {
        if self.under_way.is_empty() {
            let wait = if self.has_asked { patience.idle } else { patience.head };
            return Some((self.quiet_since + wait, Overdue::Idle));
        }
        let oldest = self.under_way.iter().filter_map(|(_, handed)| *handed).min();
        oldest.map(|handed| (handed + patience.stall, Overdue::Stalled))
    }
}

impl UnderWay {
    /// A piece of the answer was handed to the transport, which asks for the next when it has sent this one.
    pub fn handed(&self) {
        self.set(Some(Instant::now()));
    }

    /// The transport has nothing left to send: whoever is waited for, it is not the client.
    pub fn asked(&self) {
        self.set(None);
    }

    fn set(&self, handed: Option<Instant>) {
        let mut state = self.watched.state();
        if let Some((_, entry)) = state.under_way.iter_mut().find(|(number, _)| *number == self.number) {
            *entry = handed;
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.watched.state();
        state.under_way.retain(|(number, _)| *number != self.number);
        state.quiet_since = Instant::now();
    }
}
