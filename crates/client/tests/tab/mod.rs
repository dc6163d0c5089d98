//! The world of one tab: a line to the shared server, a device that tabs share, a clock and seeded chance. Every call to
//! the line and to the device waits once before it does anything, so that other tabs act in between.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    future::{pending, poll_fn},
    rc::Rc,
    task::Poll,
};

use rand::{CryptoRng, RngCore, SeedableRng, rngs::StdRng};
use securemailbox_client::{
    device::{Device, DeviceFailed, Memory, RowId, Table, Write, Written},
    owner::Owner,
    rows::Rows,
    transport::{Request, Response, Transport, Unreachable},
    world::World,
};
use securemailbox_protocol::{
    ids::{AccountId, RecordId},
    numbers::Version,
    records::RecordHead,
    time::Timestamp,
};
use serde::Deserialize;
use serde_json::Value;

use crate::{fake_server::FakeServer, now_or_never};

/// Lets others act.
pub async fn pause() {
    let mut paused = false;
    poll_fn(|context| {
        if paused {
            return Poll::Ready(());
        }
        paused = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A device's way to the server.
pub struct Line {
    pub server: Rc<FakeServer>,
    pub device: u8,
    /// The server takes what is asked, and never answers.
    pub silent: Cell<bool>,
}

impl Line {
    pub fn new(server: &Rc<FakeServer>, device: u8) -> Self {
        Self { server: Rc::clone(server), device, silent: Cell::new(false) }
    }
}

impl Transport for Line {
    async fn call(&self, request: Request) -> Result<Response, Unreachable> {
        if self.silent.get() {
            return pending().await;
        }
        pause().await;
        let answer = self.server.call(self.device, &request);
        // An answer is on its way for a while, and other acts of the same tab go on meanwhile.
        pause().await;
        answer
    }
}

/// A device that several tabs share, and that watches what they do to it.
pub struct Desk {
    pub memory: Memory,
    pub owner: Owner,
    /// The highest version of each record that was ever written down here.
    highest: RefCell<BTreeMap<RowId, Version>>,
    /// Drafts that somebody at this device erases at this moment.
    pub erasing: RefCell<BTreeSet<RecordId>>,
    /// Texts of drafts that went from the device while somebody erased them.
    pub erased: RefCell<Vec<String>>,
}

/// The form of a `device-record` row.
#[derive(Deserialize)]
struct RecordRow {
    head: RecordHead,
}

impl Desk {
    pub fn new(owner: &Owner) -> Rc<Self> {
        Rc::new(Self {
            memory: Memory::default(),
            owner: owner.clone(),
            highest: RefCell::default(),
            erasing: RefCell::default(),
            erased: RefCell::default(),
        })
    }

    /// What a row says, whoever wrote it.
    pub fn rows<T: serde::de::DeserializeOwned>(&self, table: Table) -> Vec<(RowId, T)> {
        let rows = Rows::new(&self.memory, &self.owner);
        now_or_never(rows.scan(table)).unwrap().into_iter().map(|(id, _, row)| (id, row)).collect()
    }

    /// Every row that lies here, opened.
    pub fn everything(&self) -> Vec<(Table, RowId, Vec<u8>)> {
        let rows = Rows::new(&self.memory, &self.owner);
        let of_table = |table| {
            let opened = now_or_never(rows.scan_bytes(table)).unwrap();
            assert_eq!(opened.len(), self.memory.count(table), "a row of {} does not open", Table::as_str(table));
            opened.into_iter().map(move |(id, bytes)| (table, id, bytes.to_vec()))
        };
        Table::ALL.into_iter().flat_map(of_table).collect()
    }

    /// The text of a draft as it lies here.
    pub fn draft(&self, id: RowId) -> Option<String> {
        let rows = Rows::new(&self.memory, &self.owner);
        let row: Value = now_or_never(rows.get(Table::Draft, id)).unwrap().value?;
        Some(row["draft"]["text"].as_str().unwrap().into())
    }

    /// What was written down is never lower than what was written down before.
    fn watch(&self, before: &[(RowId, Option<String>)], writes: &[Write]) {
        for Write { id, .. } in writes.iter().filter(|write| write.table == Table::Record && write.bytes.is_some()) {
            let rows = Rows::new(&self.memory, &self.owner);
            let row: RecordRow = now_or_never(rows.get(Table::Record, *id)).unwrap().value.unwrap();
            let former = self.highest.borrow_mut().insert(*id, row.head.version).unwrap_or_default();
            assert!(row.head.version >= former, "a record went back on the device: {:?} after {former}", row.head);
        }
        self.erased.borrow_mut().extend(before.iter().filter_map(|(_, text)| text.clone()));
    }
}

impl Device for Desk {
    async fn session(&self) -> Result<Option<Vec<u8>>, DeviceFailed> {
        pause().await;
        self.memory.session().await
    }

    async fn keep_session(&self, bytes: &[u8]) -> Result<(), DeviceFailed> {
        pause().await;
        self.memory.keep_session(bytes).await
    }

    async fn forget_session(&self) -> Result<(), DeviceFailed> {
        pause().await;
        self.memory.forget_session().await
    }

    async fn scan(&self, account: AccountId, table: Table) -> Result<Vec<(RowId, Vec<u8>)>, DeviceFailed> {
        pause().await;
        self.memory.scan(account, table).await
    }

    async fn get(&self, account: AccountId, table: Table, ids: &[RowId]) -> Result<Vec<Option<Vec<u8>>>, DeviceFailed> {
        pause().await;
        self.memory.get(account, table, ids).await
    }

    async fn write(&self, account: AccountId, writes: Vec<Write>) -> Result<Written, DeviceFailed> {
        pause().await;
        let erased = writes.iter().filter(|write| write.table == Table::Draft && write.bytes.is_none());
        let erased = erased.filter(|write| self.erasing.borrow().contains(&RecordId::from_bytes(write.id)));
        let before: Vec<_> = erased.map(|write| (write.id, self.draft(write.id))).collect();
        let written = self.memory.write(account, writes.clone()).await?;
        if written == Written::Whole {
            self.watch(&before, &writes);
        }
        Ok(written)
    }

    async fn erase_rows(&self) -> Result<(), DeviceFailed> {
        pause().await;
        self.memory.erase_rows().await
    }
}

/// Everything that a tab has of the outside.
pub struct TabWorld {
    pub line: Line,
    pub desk: Rc<Desk>,
    clock: Rc<Cell<Timestamp>>,
    seed: Rc<Cell<u64>>,
}

impl TabWorld {
    /// `seed` is shared by everybody of a day: no two handles give the same bytes.
    pub fn new(line: Line, desk: &Rc<Desk>, clock: &Rc<Cell<Timestamp>>, seed: &Rc<Cell<u64>>) -> Self {
        Self { line, desk: Rc::clone(desk), clock: Rc::clone(clock), seed: Rc::clone(seed) }
    }
}

/// Chance that is the same every time.
pub struct SeededRng(StdRng);

impl World for TabWorld {
    type Transport = Line;
    type Device = Desk;
    type Rng = SeededRng;

    fn transport(&self) -> &Line {
        &self.line
    }

    fn device(&self) -> &Desk {
        &self.desk
    }

    fn now(&self) -> Timestamp {
        self.clock.get()
    }

    fn rng(&self) -> SeededRng {
        self.seed.set(self.seed.get() + 1);
        SeededRng(StdRng::seed_from_u64(self.seed.get()))
    }
}

impl RngCore for SeededRng {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand::Error> {
        self.0.try_fill_bytes(bytes)
    }
}

impl CryptoRng for SeededRng {}
