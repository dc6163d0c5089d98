//! What a device keeps between two runs: a session, and rows of sealed bytes. IndexedDB in a page, SQLite at a terminal.
//!
//! Several tabs or commands share one device, so a row is written only over the row that its writer has read: whoever was
//! slower reads again and merges. Nothing here is locked for longer than one write.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use securemailbox_protocol::ids::AccountId;

/// Names a row within its table.
pub type RowId = [u8; 16];

/// The tables of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// One row: the format of the others, and how far they follow the server.
    Head,
    /// Every entry in short, in pages by the last byte of the letter's id.
    Index,
    /// A letter each: what opens it, what was verified of it, and of one's own what became of it. Everything that is kept of
    /// a letter by its id stands in this one row, which goes when the letter does.
    Letter,
    /// A sealed record of the server's each, at the newest version seen.
    Record,
    /// An erased draft each, so that it does not come back.
    Spent,
    /// A certificate each. They never change.
    Certificate,
    /// Something that happened to a known key each, until the contact's record has it.
    Pin,
    /// Whose digits were shown, and of which key.
    Digits,
    /// A draft each that the server does not have in this form.
    Draft,
    /// A draft each that its writer wants sent.
    Outgoing,
    /// A sealed letter each that the server has not acknowledged.
    Waiting,
    /// A file each that is on its way up: what goes on with it, and nothing of what it says.
    Upload,
}

impl Table {
    /// Every table.
    pub const ALL: [Self; 12] = [
        Self::Head,
        Self::Index,
        Self::Letter,
        Self::Record,
        Self::Spent,
        Self::Certificate,
        Self::Pin,
        Self::Digits,
        Self::Draft,
        Self::Outgoing,
        Self::Waiting,
        Self::Upload,
    ];
    /// Those that the server can fill again. The others hold what exists nowhere else.
    pub const FROM_THE_SERVER: [Self; 6] =
        [Self::Head, Self::Index, Self::Letter, Self::Record, Self::Spent, Self::Certificate];

    /// The table's name on the device, and the purpose that its rows are sealed for.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Head => "device-head",
            Self::Index => "device-index",
            Self::Letter => "device-letter",
            Self::Record => "device-record",
            Self::Spent => "device-spent",
            Self::Certificate => "device-certificate",
            Self::Pin => "device-pin",
            Self::Digits => "device-digits",
            Self::Draft => "device-draft",
            Self::Outgoing => "device-outgoing",
            Self::Waiting => "device-waiting",
            Self::Upload => "device-upload",
        }
    }
}

/// The first 32 bytes of a sealed row, its salt: no two writings of a row have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag(pub [u8; 32]);

impl Tag {
    /// That of some sealed bytes.
    #[must_use]
    pub fn of(sealed: &[u8]) -> Self {
        Self(sealed.first_chunk().copied().unwrap_or_default())
    }
}

/// What must stand at a place for a write to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Whatever does.
    Anything,
    /// No row.
    Nothing,
    /// The row that was read.
    Row(Tag),
}

impl Expected {
    /// Whether a row may be written over.
    #[must_use]
    pub fn allows(self, row: Option<&[u8]>) -> bool {
        match self {
            Self::Anything => true,
            Self::Nothing => row.is_none(),
            Self::Row(tag) => row.is_some_and(|row| Tag::of(row) == tag),
        }
    }
}

/// One row of a write.
#[derive(Debug, Clone)]
pub struct Write {
    /// Its table.
    pub table: Table,
    /// Its id.
    pub id: RowId,
    /// What must be there before.
    pub expected: Expected,
    /// What is there afterwards; none erases.
    pub bytes: Option<Vec<u8>>,
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Written {
    /// All of it is durable.
    Whole,
    /// Nothing was written: one of the rows is another than expected.
    Stale,
}

/// The device could not be read or written. The driver has said why, to whoever can mend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this device's own store could not be read or written")]
pub struct DeviceFailed;

/// What a device can do.
#[expect(
    async_fn_in_trait,
    reason = "a page has one thread: the futures need not be Send, and the callers are generic"
)]
pub trait Device {
    /// The session that was kept last.
    ///
    /// # Errors
    /// [`DeviceFailed`]: the device could not be read.
    async fn session(&self) -> Result<Option<Vec<u8>>, DeviceFailed>;

    /// Keeps a session in place of another. Durable when it returns.
    ///
    /// # Errors
    /// [`DeviceFailed`]: the device could not be written.
    async fn keep_session(&self, bytes: &[u8]) -> Result<(), DeviceFailed>;

    /// Erases the session, if there is one.
    ///
    /// # Errors
    /// [`DeviceFailed`]: the device could not be written.
    async fn forget_session(&self) -> Result<(), DeviceFailed>;

    /// All rows of a table of one account, in the order of their ids.
    ///
    /// # Errors
    /// [`DeviceFailed`]: the device could not be read.
    async fn scan(&self, account: AccountId, table: Table) -> Result<Vec<(RowId, Vec<u8>)>, DeviceFailed>;

    /// Some rows of a table, in the order of `ids`.
    ///
    /// # Errors
    /// [`DeviceFailed`]: the device could not be read.
    async fn get(&self, account: AccountId, table: Table, ids: &[RowId]) -> Result<Vec<Option<Vec<u8>>>, DeviceFailed>;

    /// Writes rows, all or none, if each stands where it is expected. Durable when it returns.
    ///
    /// # Errors
    /// [`DeviceFailed`]: the device could not be written.
    async fn write(&self, account: AccountId, writes: Vec<Write>) -> Result<Written, DeviceFailed>;

    /// Erases every row of every account.
    ///
    /// # Errors
    /// [`DeviceFailed`]: the device could not be written.
    async fn erase_rows(&self) -> Result<(), DeviceFailed>;
}

/// Rows by account, table and id.
pub type MemoryRows = BTreeMap<(AccountId, Table, RowId), Vec<u8>>;

/// A device that forgets, for tests and for people who are made and signed out in one run. Cloned, it is a thief's copy.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    session: RefCell<Option<Vec<u8>>>,
    rows: RefCell<MemoryRows>,
    written: Cell<usize>,
}

impl Memory {
    /// Everything that lies there, session first.
    #[must_use]
    pub fn contents(&self) -> Vec<Vec<u8>> {
        self.session.borrow().iter().chain(self.rows.borrow().values()).cloned().collect()
    }

    /// One with what lay on another: a session, and rows by account, table and id.
    #[must_use]
    pub fn with(session: Option<Vec<u8>>, rows: MemoryRows) -> Self {
        Self { session: RefCell::new(session), rows: RefCell::new(rows), written: Cell::new(0) }
    }

    /// What lies there: the session, and rows by account, table and id.
    #[must_use]
    pub fn parts(&self) -> (Option<Vec<u8>>, MemoryRows) {
        (self.session.borrow().clone(), self.rows.borrow().clone())
    }

    /// How many bytes of rows were written since it was made.
    #[must_use]
    pub fn bytes_written(&self) -> usize {
        self.written.get()
    }

    /// How many rows a table has, of all accounts.
    #[must_use]
    pub fn count(&self, table: Table) -> usize {
        self.rows.borrow().keys().filter(|(_, other, _)| *other == table).count()
    }
}

impl Device for Memory {
    async fn session(&self) -> Result<Option<Vec<u8>>, DeviceFailed> {
        Ok(self.session.borrow().clone())
    }

    async fn keep_session(&self, bytes: &[u8]) -> Result<(), DeviceFailed> {
        *self.session.borrow_mut() = Some(bytes.to_vec());
        Ok(())
    }

    async fn forget_session(&self) -> Result<(), DeviceFailed> {
        *self.session.borrow_mut() = None;
        Ok(())
    }

    async fn scan(&self, account: AccountId, table: Table) -> Result<Vec<(RowId, Vec<u8>)>, DeviceFailed> {
        let rows = self.rows.borrow();
        let range = rows.range((account, table, [0; 16])..=(account, table, [0xff; 16]));
        Ok(range.map(|((_, _, id), bytes)| (*id, bytes.clone())).collect())
    }

    async fn get(&self, account: AccountId, table: Table, ids: &[RowId]) -> Result<Vec<Option<Vec<u8>>>, DeviceFailed> {
        let rows = self.rows.borrow();
        Ok(ids.iter().map(|id| rows.get(&(account, table, *id)).cloned()).collect())
    }

    async fn write(&self, account: AccountId, writes: Vec<Write>) -> Result<Written, DeviceFailed> {
        let mut rows = self.rows.borrow_mut();
        let as_expected =
            |write: &Write| write.expected.allows(rows.get(&(account, write.table, write.id)).map(Vec::as_slice));
        if !writes.iter().all(as_expected) {
            return Ok(Written::Stale);
        }
        for Write { table, id, bytes, .. } in writes {
            let key = (account, table, id);
            match bytes {
                Some(bytes) => {
                    self.written.set(self.written.get() + bytes.len());
                    rows.insert(key, bytes);
                }
                None => drop(rows.remove(&key)),
            }
        }
        Ok(Written::Whole)
    }

    async fn erase_rows(&self) -> Result<(), DeviceFailed> {
        self.rows.borrow_mut().clear();
        Ok(())
    }
}
