//! The clock of a demo: behind while its past is made, and on time ever after.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rand::rngs::OsRng;
use securemailbox_client::{device::Memory, world::World};
use securemailbox_protocol::time::Timestamp;

use crate::{
    http::Http,
    terminal::{self, Terminal},
};

/// Shared by the server and those who write in it, so that letters of last week are dated and arrive last week.
#[derive(Clone, Default)]
pub(crate) struct DemoClock(Arc<AtomicU64>);

impl DemoClock {
    /// What it shows.
    pub(crate) fn now(&self) -> Timestamp {
        terminal::now().before(Duration::from_millis(self.0.load(Ordering::Relaxed)))
    }

    /// Puts it so far behind.
    pub(crate) fn be_behind(&self, by: Duration) {
        self.0.store(u64::try_from(by.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// A terminal that goes by this clock.
pub(crate) struct DemoWorld {
    terminal: Terminal<Memory>,
    clock: DemoClock,
}

impl DemoWorld {
    pub(crate) fn new(http: Http, clock: &DemoClock) -> Self {
        Self { terminal: Terminal { http, device: Memory::default() }, clock: clock.clone() }
    }
}

impl World for DemoWorld {
    type Transport = Http;
    type Device = Memory;
    type Rng = OsRng;

    fn transport(&self) -> &Http {
        &self.terminal.http
    }

    fn device(&self) -> &Memory {
        &self.terminal.device
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn rng(&self) -> OsRng {
        OsRng
    }
}
