//! The write-ahead log, and how it is made to forget (PROTOCOL §8;
//! docs/decisions/0003-what-sqlite-leaves-behind.md).
//!
//! Two things keep what `secure_delete` has overwritten. The log holds pages as they were. And where SQLite spreads the
//! cells of a full page over its neighbours (`rebuildPage` in btree.c), it leaves the moved ones in the gap between
//! the page's cell pointers and its cells: live copies at first, a trace once the row is erased.
//!
//! So no page goes from the log to the database file before its gap is zero: every checkpoint is ours, and scrubs
//! first the pages that the log names. The database file then never holds a stale copy, and an erasure has to look
//! only at what changed since the last checkpoint, however large the mailbox.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

use super::PAGE_SIZE;
use crate::StoreError;

/// How many frames the log may have before its pages go to the database file: 8 MiB.
const LONG: i64 = 1000;

/// Bytes before the first frame (sqlite.org/fileformat2.html#walformat).
const LOG_HEADER: usize = 32;
/// Bytes before the page in each frame.
const FRAME_HEADER: usize = 24;

/// One step of making the log forget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Zeroes the gaps of the pages that changed.
    Scrub,
    /// Takes every page to the database file, and waits until no reader needs the log.
    Checkpoint,
    /// Overwrites the log's header. A crash from here on finds no log, which is right: all of it is in the database.
    OverwriteHeader,
    /// Overwrites every frame of the log with zeros.
    OverwriteFrames,
    /// Cuts the log file to length zero, which gives its blocks back to the file system.
    Truncate,
}

/// In the order in which they are taken. The queue of erasures is emptied after the last.
pub(crate) const STEPS: [Step; 5] =
    [Step::Scrub, Step::Checkpoint, Step::OverwriteHeader, Step::OverwriteFrames, Step::Truncate];

/// The write-ahead log of one database (`mailbox.sqlite-wal`).
pub(crate) struct Log {
    path: PathBuf,
}

impl Log {
    pub(crate) fn of(folder: &Path) -> Self {
        Self { path: folder.join("mailbox.sqlite-wal") }
    }

    /// Takes every trace of what was deleted out of the folder, then empties the queue of erasures.
    ///
    /// A queue row is a number and nothing else, so the frames that its own deletion writes say nothing.
    pub(crate) fn finish_erasures(&self, connection: &mut Connection) -> Result<(), StoreError> {
        for step in STEPS {
            self.take(step, connection)?;
        }
        Self::empty_queue(connection)
    }

    pub(crate) fn empty_queue(connection: &Connection) -> Result<(), StoreError> {
        // The condition keeps an empty queue from being written at all.
        connection.prepare_cached("DELETE FROM erasure WHERE number > 0")?.raw_execute()?;
        Ok(())
    }

    /// Takes one step. Each may be taken again.
    pub(crate) fn take(&self, step: Step, connection: &mut Connection) -> Result<(), StoreError> {
        match step {
            Step::Scrub => self.scrub(connection),
            Step::Checkpoint => checkpoint(connection, "PRAGMA wal_checkpoint(RESTART)"),
            Step::OverwriteHeader => self.overwrite(0, LOG_HEADER as u64),
            Step::OverwriteFrames => self.overwrite(LOG_HEADER as u64, u64::MAX),
            Step::Truncate => checkpoint(connection, "PRAGMA wal_checkpoint(TRUNCATE)"),
        }
    }

    /// Takes the pages of a long log to the database file, and lets it be written from its beginning again.
    pub(crate) fn checkpoint_if_long(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let Frames { in_log, in_database, .. } = frames(connection, "PRAGMA wal_checkpoint(NOOP)")?;
        if in_log < LONG || in_log == in_database {
            return Ok(());
        }
        self.scrub(connection)?;
        // A reader may hold back some frames; the next time takes them.
        frames(connection, "PRAGMA wal_checkpoint(PASSIVE)").map(drop)
    }

    /// Zeroes the gaps of the pages that the log holds, in a transaction of its own.
    fn scrub(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let pages = self.pages(connection)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let mut read = transaction.prepare_cached("SELECT data FROM sqlite_dbpage WHERE pgno = ?1")?;
            let mut write = transaction.prepare_cached("UPDATE sqlite_dbpage SET data = ?2 WHERE pgno = ?1")?;
            for number in pages {
                // Absent: the database was longer when this frame was written.
                let Some(mut page) = read.query_row([number], |row| row.get::<_, Vec<u8>>(0)).optional()? else {
                    continue;
                };
                if zero_gap(number, &mut page)? {
                    write.execute((number, page))?;
                }
            }
        }
        Ok(transaction.commit()?)
    }

    /// The numbers of the pages that the log holds, from the headers of its frames.
    fn pages(&self, connection: &Connection) -> Result<BTreeSet<u32>, StoreError> {
        let Frames { in_log, .. } = frames(connection, "PRAGMA wal_checkpoint(NOOP)")?;
        let mut pages = BTreeSet::new();
        if in_log == 0 {
            return Ok(pages);
        }
        let mut log = File::open(&self.path)?;
        for frame in 0..u64::try_from(in_log).unwrap_or(0) {
            log.seek(SeekFrom::Start(LOG_HEADER as u64 + frame * (FRAME_HEADER + PAGE_SIZE) as u64))?;
            let mut number = [0; 4];
            log.read_exact(&mut number)?;
            pages.insert(u32::from_be_bytes(number));
        }
        Ok(pages)
    }

    /// Overwrites the log between two offsets with zeros, and has it on disk.
    fn overwrite(&self, from: u64, to: u64) -> Result<(), StoreError> {
        let mut log = match File::options().write(true).open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            opened => opened?,
        };
        let to = to.min(log.metadata()?.len());
        log.seek(SeekFrom::Start(from))?;
        let zeros = vec![0; 1 << 20];
        let mut left = to.saturating_sub(from);
        while left > 0 {
            let part = zeros.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            log.write_all(&zeros[..part])?;
            left -= part as u64;
        }
        log.sync_data()?;
        Ok(())
    }
}

/// What `PRAGMA wal_checkpoint` answers. That it was held up stands there and nowhere else.
struct Frames {
    held_up: bool,
    in_log: i64,
    in_database: i64,
}

fn frames(connection: &Connection, pragma: &str) -> Result<Frames, StoreError> {
    let mut statement = connection.prepare_cached(pragma)?;
    let frames = statement.query_row([], |row| {
        Ok(Frames { held_up: row.get::<_, i64>(0)? != 0, in_log: row.get(1)?, in_database: row.get(2)? })
    })?;
    Ok(frames)
}

/// A checkpoint of everything. Readers are ours and short; one that outlasts our patience leaves the erasure queued.
fn checkpoint(connection: &Connection, pragma: &str) -> Result<(), StoreError> {
    let Frames { held_up, in_log, in_database } = frames(connection, pragma)?;
    if held_up || in_log != in_database { Err(StoreError::Busy) } else { Ok(()) }
}

/// Zeroes what lies between the cell pointers and the cells of a B-tree page; whether anything did
/// (sqlite.org/fileformat2.html#b_tree_pages).
pub(crate) fn zero_gap(number: u32, page: &mut [u8]) -> Result<bool, StoreError> {
    const DAMAGED: StoreError = StoreError::Damaged("a page of the database");
    // The first page begins with the header of the file.
    let header = if number == 1 { 100 } else { 0 };
    let pointers = match page.get(header) {
        Some(2 | 5) => header + 12,
        Some(10 | 13) => header + 8,
        // A page of the freelist, an overflow page: no gap (see MOST_PAGES).
        Some(_) => return Ok(false),
        None => return Err(DAMAGED),
    };
    let short = |at: usize| {
        let bytes = page.get(at..at + 2).ok_or(DAMAGED)?;
        Ok::<_, StoreError>(usize::from(u16::from_be_bytes([bytes[0], bytes[1]])))
    };
    let from = pointers + 2 * short(header + 3)?;
    let to = match short(header + 5)? {
        0 => 65536,
        start => start,
    };
    let gap = page.get_mut(from..to).ok_or(DAMAGED)?;
    let stale = gap.iter().any(|byte| *byte != 0);
    gap.fill(0);
    Ok(stale)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A leaf page of an index with one cell of four bytes, and something stale before it.
    fn leaf() -> Vec<u8> {
        let mut page = vec![0; PAGE_SIZE];
        page[..10].copy_from_slice(&[10, 0, 0, 0, 1, 0x1f, 0xfc, 0, 0x1f, 0xfc]);
        page[PAGE_SIZE - 4..].copy_from_slice(b"kept");
        page[PAGE_SIZE - 9..PAGE_SIZE - 4].copy_from_slice(b"stale");
        page
    }

    #[test]
    fn what_is_stale_in_a_gap_goes_and_cells_and_pointers_stay() {
        let mut page = leaf();
        assert_eq!(zero_gap(2, &mut page), Ok(true));
        assert!(!page.windows(5).any(|window| window == b"stale"));
        assert_eq!((&page[8..10], &page[PAGE_SIZE - 4..]), (&[0x1f, 0xfc][..], &b"kept"[..]));
        assert_eq!(zero_gap(2, &mut page), Ok(false), "nothing is left to do");
    }

    #[test]
    fn an_overflow_page_is_left_as_it_is() {
        let mut page = leaf();
        // The highest byte of the next page's number, up to the most pages there may be.
        for first in [0, u8::try_from(super::super::MOST_PAGES >> 24).unwrap()] {
            page[0] = first;
            let before = page.clone();
            assert_eq!(zero_gap(2, &mut page), Ok(false));
            assert_eq!(page, before);
        }
    }

    proptest! {
        #[test]
        fn no_page_makes_it_panic_or_write_outside_the_gap(
            number in 1..3_u32,
            head in prop::collection::vec(any::<u8>(), 120),
            kind in prop::sample::select(vec![2_u8, 5, 10, 13, 0, 7]),
        ) {
            let mut page = vec![0xaa; PAGE_SIZE];
            page[..120].copy_from_slice(&head);
            page[if number == 1 { 100 } else { 0 }] = kind;
            let before = page.clone();
            if zero_gap(number, &mut page).is_err() {
                prop_assert_eq!(page, before);
            } else {
                prop_assert!(page.iter().zip(&before).all(|(now, then)| now == then || *now == 0));
            }
        }
    }
}
