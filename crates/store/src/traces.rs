//! What deleted and overwritten rows leave behind (PROTOCOL §8), and when it is made to go.
//!
//! A statement that deletes or overwrites a secret leaves its bytes in the log of SQLite, and in a dead row of
//! PostgreSQL. Each engine notes the tables here once the statement is on disk. Whoever promised that nothing is left
//! waits for it; everybody else's traces are gathered, and go together a few seconds later.

use std::{
    collections::BTreeSet,
    mem,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::Notify;

use crate::StoreError;

/// Names of tables, each at most once.
pub(crate) type Tables = BTreeSet<&'static str>;

/// The tables whose deleted rows are secrets.
pub(crate) const DELETED: [&str; 31] = [
    "entry",
    "content",
    "letter",
    "letter_blob",
    "draft_blob",
    "blob",
    "blob_piece",
    "delivery",
    "hold",
    "held_reader",
    "notice",
    "record",
    "renewed_record",
    "slot",
    "session",
    "security_event",
    "proof",
    "factor",
    "passkey",
    "enrolling_passkey",
    "registration",
    "sign_in",
    "recovery",
    "wait",
    "receipt",
    "erasing",
    "one_time_code",
    "invitation",
    "certificate",
    "member",
    "mailbox",
];

/// Those of them in which a secret is also overwritten: an older version, a code, the server's half of a sign-in.
const OVERWRITTEN: [&str; 6] = ["record", "proof", "registration", "sign_in", "member", "invitation"];
/// What overwrites a secret in a table whose other columns are marked all day: a key, and who uploaded a file.
const ONE_OVERWRITTEN: [&str; 2] = ["UPDATE entry SET wrapped_key", "UPDATE blob SET uploader_id"];

/// The tables that an emptied trash deletes from.
pub(crate) const OF_LETTERS: [&str; 11] = [
    "entry",
    "content",
    "letter",
    "letter_blob",
    "blob",
    "blob_piece",
    "delivery",
    "hold",
    "held_reader",
    "notice",
    "erasing",
];

/// In which table a statement leaves a secret behind, if it changes a row.
pub(crate) fn left_by(sql: &str) -> Option<&'static str> {
    let mut words = sql.split_ascii_whitespace();
    let (verb, second, third) = (words.next()?, words.next()?, words.next()?);
    let (tables, table): (&[&'static str], &str) = match verb {
        "DELETE" => (&DELETED, third),
        "UPDATE" if ONE_OVERWRITTEN.iter().any(|begins| sql.trim_start().starts_with(begins)) => (&DELETED, second),
        "UPDATE" => (&OVERWRITTEN, second),
        "INSERT" if sql.contains("DO UPDATE") => (&OVERWRITTEN, third),
        _ => return None,
    };
    tables.iter().copied().find(|known| *known == table)
}

/// The tables in which traces were left since they were last seen to.
#[derive(Default)]
pub(crate) struct Traces {
    tables: Mutex<Tables>,
    left: Notify,
}

impl Traces {
    /// Notes that traces were left in these tables.
    pub(crate) fn add(&self, tables: Tables) {
        if !tables.is_empty() {
            self.tables.lock().unwrap_or_else(PoisonError::into_inner).extend(tables);
            self.left.notify_one();
        }
    }

    /// Takes over the tables noted so far, to see to them.
    pub(crate) fn take(&self) -> Taken<'_> {
        Taken { traces: self, tables: mem::take(&mut *self.tables.lock().unwrap_or_else(PoisonError::into_inner)) }
    }

    /// Waits until something was noted since this was waited for last.
    pub(crate) async fn left(&self) {
        self.left.notified().await;
    }
}

/// Tables that somebody sees to. Noted again if this is dropped before they were seen to: by an error, or because nobody
/// waits for the answer any more.
pub(crate) struct Taken<'a> {
    traces: &'a Traces,
    tables: Tables,
}

impl Taken<'_> {
    pub(crate) const fn tables(&self) -> &Tables {
        &self.tables
    }

    /// Says that no trace is left in them, so that they are not noted again.
    pub(crate) fn are_gone(mut self) {
        self.tables.clear();
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.traces.add(mem::take(&mut self.tables));
    }
}

/// Lets those who ask at once share what they ask for.
#[derive(Default)]
pub(crate) struct Shared {
    asked: AtomicU64,
    /// Up to which asker it was done.
    done: tokio::sync::Mutex<u64>,
}

impl Shared {
    /// Does `work`, unless it was begun and ended by somebody else since this was called.
    pub(crate) async fn once(&self, work: impl Future<Output = Result<(), StoreError>>) -> Result<(), StoreError> {
        let mine = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut done = self.done.lock().await;
        if *done < mine {
            // Whoever asked before it begins is served by it.
            let with = self.asked.load(Ordering::SeqCst);
            work.await?;
            *done = with;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt as _, future::join_all};

    use super::*;

    #[test]
    fn a_statement_is_known_by_what_it_leaves() {
        for (sql, left) in [
            ("DELETE FROM slot WHERE session_id = $1", Some("slot")),
            ("\n            DELETE FROM content WHERE letter_id IN (SELECT …)", Some("content")),
            ("UPDATE record SET version = $3, sealed = $5 WHERE record_id = $2", Some("record")),
            (
                "INSERT INTO proof (holder_id) VALUES ($1) ON CONFLICT (holder_id) DO UPDATE SET code = $2",
                Some("proof"),
            ),
            ("INSERT INTO record (mailbox_id) VALUES ($1) ON CONFLICT DO NOTHING", None),
            ("\n            UPDATE entry SET wrapped_key = $3, change = $4 WHERE letter_id = $2", Some("entry")),
            ("UPDATE entry SET folder = $3, read = $4 WHERE letter_id = $2", None),
            ("UPDATE blob SET uploader_id = NULL WHERE blob_id = $1", Some("blob")),
            ("UPDATE blob SET received = $2, used = $3 WHERE blob_id = $1", None),
            ("UPDATE mailbox SET change = change + 1", None),
            ("UPDATE session SET used = $2", None),
            // The queue itself says nothing.
            ("DELETE FROM erasure WHERE number > 0", None),
            ("SELECT record_id FROM record", None),
        ] {
            assert_eq!(left_by(sql), left, "{sql}");
        }
    }

    #[test]
    fn what_was_taken_and_not_seen_to_is_noted_again() {
        let traces = Traces::default();
        traces.add(Tables::from(["slot"]));
        drop(traces.take());
        let taken = traces.take();
        assert_eq!(*taken.tables(), Tables::from(["slot"]));
        taken.are_gone();
        assert!(traces.take().tables().is_empty());
        assert!(traces.left().now_or_never().is_some(), "whoever gathers is told that there is something again");
    }

    #[tokio::test]
    async fn who_asks_while_it_is_under_way_shares_the_next_time() {
        let (shared, times) = (Shared::default(), AtomicU64::new(0));
        let work = async || {
            times.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            Ok(())
        };
        let all = join_all((0..20).map(|_| shared.once(work()))).await;
        assert!(all.iter().all(Result::is_ok));
        // The first began before the others had asked; they share the second.
        assert_eq!(times.load(Ordering::SeqCst), 2);
        shared.once(work()).await.unwrap();
        assert_eq!(times.load(Ordering::SeqCst), 3, "what was done before it was asked for does not count");
    }

    #[tokio::test]
    async fn a_failure_is_told_to_one_and_tried_again_for_the_next() {
        let shared = Shared::default();
        assert_eq!(shared.once(async { Err(StoreError::Busy) }).await, Err(StoreError::Busy));
        let done = AtomicU64::new(0);
        let work = async {
            done.fetch_add(1, Ordering::SeqCst);
            Ok(())
        };
        shared.once(work).await.unwrap();
        assert_eq!(done.into_inner(), 1);
    }
}
