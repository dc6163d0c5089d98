//! PROTOCOL §8, §9: the pieces that blobs are made of. Whatever breaks off in the middle of one, a blob is whole as far as it was
//! acknowledged, and no file stays of which nobody knows.

use std::{
    collections::BTreeMap,
    future::ready,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{FutureExt as _, future::BoxFuture};
use securemailbox_protocol::{letters::ErasureStepKind, time::Timestamp};

use super::{
    attaching::{begin, left, piece, read, upload, with},
    people::{Dice, NOW, empty_trash, later, post, register, trash},
    places::{self, Place},
};
use crate::{
    Store, StoreError,
    blobs::{Counted, GiveUpUpload, UploadError, UploadOf},
    pieces::{Elsewhere, PieceName, Pieces, Step},
};

/// A disk that fails at a step is one whose power was cut there: what was acknowledged is whole after it, and of the rest nothing is
/// left once its time is over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_at_any_step_of_a_piece_leaves_a_whole_blob_and_no_other_file() {
    for step in Step::OF_WRITING {
        let place = places::sqlite();
        let store = place.open().await;
        let mut dice = Dice::new(20);
        let anna = register(&store, &mut dice).await;
        let blob = begin(&store, &mut dice, &anna, 2000).await;
        let bytes = dice.bytes(2000);
        piece(&store, &mut dice, &anna, (blob, 0), &bytes[..1000]).await.unwrap();
        let disk = store.pieces().folder().clone();
        disk.fails_at(Some(step));
        let failed = piece(&store, &mut dice, &anna, (blob, 1000), &bytes[1000..]).await;
        assert!(matches!(failed, Err(UploadError::Store(StoreError::File(_)))), "{step:?}: {failed:?}");
        disk.fails_at(None);
        assert_eq!(
            store.read(UploadOf { mailbox: anna.account.mailbox(), blob }).await.unwrap().unwrap().received,
            1000,
            "{step:?}"
        );
        assert_eq!(piece(&store, &mut dice, &anna, (blob, 1000), &bytes[1000..]).await, Ok(2000));
        assert_eq!(read(&store, &anna, blob).await.as_ref(), Some(&bytes));
        store.erase_due_pieces(NOW).await.unwrap();
        assert_eq!(left(&store).await, [1, 2, 0, 0, 2], "{step:?}");
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_at_any_step_of_an_erasure_is_mended_by_the_next_one() {
    for step in Step::OF_ERASING {
        for reopened in [false, true] {
            let place = places::sqlite();
            let store = place.open().await;
            let mut dice = Dice::new(21);
            let anna = register(&store, &mut dice).await;
            let attached = upload(&store, &mut dice, &anna, 3000).await;
            let letter = with(dice.letter(&[&anna]), &[&attached]);
            let id = letter.new.id;
            post(&store, &anna, vec![letter], NOW).await.unwrap();
            trash(&store, &anna, id).await;
            store.pieces().folder().fails_at(Some(step));
            let receipt = empty_trash(&store, anna.account, NOW).await.unwrap();
            let files = receipt.steps.iter().find(|step| step.step == ErasureStepKind::FilesOverwritten).unwrap();
            assert!(!files.taken && files.count == 0, "it does not claim what is not done: {step:?}");
            assert_eq!(read(&store, &anna, attached.blob).await, None);
            let store = after(&place, store, reopened).await;
            store.erase_due_pieces(NOW).await.unwrap();
            assert_eq!(left(&store).await, [0; 5], "{step:?}, opened again: {reopened}");
            store.close().await;
        }
    }
}

async fn after(place: &Place, store: Store, reopened: bool) -> Store {
    if reopened {
        store.close().await;
        drop(store);
        place.open().await
    } else {
        store.pieces().folder().fails_at(None);
        store
    }
}

/// A process that dies while it writes a piece says nothing more: the row that was there first does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_piece_whose_writer_died_goes_after_an_hour_and_one_that_was_given_up_is_not_kept() {
    let place = places::sqlite();
    let store = place.open().await;
    let mut dice = Dice::new(22);
    let anna = register(&store, &mut dice).await;
    let blob = begin(&store, &mut dice, &anna, 2000).await;
    let name = PieceName::new(&mut dice.0);
    let reserve = "INSERT INTO blob_piece (piece_name, blob_id, start, length, erase) VALUES ($1, NULL, 0, 2000, $2)";
    let until = NOW.after(Duration::from_secs(60 * 60));
    store.write(Sql(reserve, name, until)).await.unwrap();
    store.pieces().put(name, dice.bytes(2000)).await.unwrap();
    assert_eq!(store.erase_due_pieces(until.before(Duration::from_millis(1))).await, Ok(0));
    assert_eq!(store.erase_due_pieces(until).await, Ok(1));
    assert_eq!(left(&store).await, [1, 0, 0, 0, 0]);
    piece(&store, &mut dice, &anna, (blob, 0), &[1; 2000]).await.unwrap();
    store.close().await;
}

struct Sql(&'static str, PieceName, Timestamp);

impl crate::Act for Sql {
    type Output = ();
    type Error = StoreError;

    async fn run<D: crate::Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        db.exec(self.0, &[&self.1, &self.2]).await.map(drop)
    }
}

/// A service that writes what it is given after whoever gave it has stopped waiting.
#[derive(Default)]
struct Late {
    lie: Mutex<BTreeMap<[u8; 16], Vec<u8>>>,
    on_their_way: Mutex<Vec<(PieceName, Vec<u8>)>>,
    is_late: AtomicBool,
}

impl Late {
    fn arrives(&self) {
        self.is_late.store(false, Ordering::Relaxed);
        let arrived = std::mem::take(&mut *self.on_their_way.lock().unwrap());
        self.lie.lock().unwrap().extend(arrived.into_iter().map(|(name, bytes)| (*name.as_bytes(), bytes)));
    }
}

impl Elsewhere for Late {
    fn put(&self, name: PieceName, bytes: Vec<u8>) -> BoxFuture<'_, Result<(), StoreError>> {
        let is_late = self.is_late.load(Ordering::Relaxed);
        self.on_their_way.lock().unwrap().push((name, bytes));
        if !is_late {
            self.arrives();
        }
        ready(if is_late { Err(StoreError::FilesAway) } else { Ok(()) }).boxed()
    }

    fn read(&self, name: PieceName, start: u64, length: usize) -> BoxFuture<'_, Result<Vec<u8>, StoreError>> {
        let (start, lie) = (usize::try_from(start).unwrap(), self.lie.lock().unwrap());
        let read = lie.get(name.as_bytes()).and_then(|bytes| bytes.get(start..start + length)).map(<[u8]>::to_vec);
        ready(read.ok_or(StoreError::Damaged("a piece"))).boxed()
    }

    fn erase(&self, name: PieceName) -> BoxFuture<'_, Result<(), StoreError>> {
        self.lie.lock().unwrap().remove(name.as_bytes());
        ready(Ok(())).boxed()
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<(PieceName, u64)>, StoreError>> {
        let lie = self.lie.lock().unwrap();
        ready(Ok(lie.iter().map(|(name, bytes)| (PieceName::from_bytes(*name), bytes.len() as u64)).collect())).boxed()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_piece_that_is_written_after_nobody_waited_for_it_any_more_is_known_until_it_is_erased() {
    let (place, service) = (places::sqlite(), Arc::new(Late::default()));
    let store = Store::open(place.location().clone(), Pieces::elsewhere(service.clone())).await.unwrap();
    let mut dice = Dice::new(26);
    let anna = register(&store, &mut dice).await;
    let blob = begin(&store, &mut dice, &anna, 2000).await;
    let bytes = dice.bytes(2000);
    service.is_late.store(true, Ordering::Relaxed);
    let refused = piece(&store, &mut dice, &anna, (blob, 0), &bytes).await;
    assert_eq!(refused, Err(UploadError::Store(StoreError::FilesAway)));
    service.arrives();
    assert_eq!(piece(&store, &mut dice, &anna, (blob, 0), &bytes).await, Ok(2000), "the upload goes on meanwhile");
    let count = async || {
        let inspected = Store::inspect(place.location().clone()).await.unwrap();
        inspected.count_pieces(store.pieces(), place.location()).await.unwrap()
    };
    assert_eq!(service.list().await.unwrap().len(), 2);
    assert_eq!(count().await, Counted { all: 1, ..Counted::default() }, "none of which nobody knows");
    assert_eq!(store.erase_due_pieces(later(60 * 60)).await, Ok(1));
    assert_eq!(service.list().await.unwrap().len(), 1);
    assert_eq!(read(&store, &anna, blob).await.as_ref(), Some(&bytes));
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_file_leaves_no_byte_and_only_its_owner_looks_in() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = places::sqlite();
    let store = place.open().await;
    let mut dice = Dice::new(23);
    let anna = register(&store, &mut dice).await;
    let attached = upload(&store, &mut dice, &anna, 3000).await;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let mut at = place.folder().join("blobs");
    for _ in 0..3 {
        assert_eq!(mode(&at), 0o700);
        at = std::fs::read_dir(&at).unwrap().next().unwrap().unwrap().path();
    }
    assert_eq!(mode(&at), 0o600);
    // Whoever has the file open sees what is in it after its erasure.
    let mut open = std::fs::File::open(&at).unwrap();
    assert_eq!(store.write(GiveUpUpload { mailbox: anna.account.mailbox(), blob: attached.blob }).await, Ok(true));
    store.erase_due_pieces(NOW).await.unwrap();
    let mut overwritten = Vec::new();
    std::io::Read::read_to_end(&mut open, &mut overwritten).unwrap();
    assert_eq!(overwritten.len(), 1000);
    assert!(!attached.bytes.windows(8).any(|window| overwritten.windows(8).any(|other| window == other)));
    assert!(!at.exists());
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missing_damaged_or_too_many_is_counted_on_both() {
    for place in [places::sqlite(), places::postgresql().await] {
        let store = place.open().await;
        let count = async || {
            let inspected = Store::inspect(place.location().clone()).await.unwrap();
            inspected.count_pieces(&place.pieces(), place.location()).await.unwrap()
        };
        assert_eq!(count().await, Counted::default(), "no folder is there yet");
        let mut dice = Dice::new(25);
        let anna = register(&store, &mut dice).await;
        let attached = upload(&store, &mut dice, &anna, 3000).await;
        // One that is being written is neither missing nor too many.
        let name = PieceName::new(&mut dice.0);
        let reserve = "INSERT INTO blob_piece (piece_name, blob_id, start, length, erase) VALUES ($1, NULL, 0, 9, $2)";
        store.write(Sql(reserve, name, later(60))).await.unwrap();
        assert_eq!(count().await, Counted { all: 3, ..Counted::default() });
        store.pieces().put(name, vec![1; 5]).await.unwrap();
        assert_eq!(count().await, Counted { all: 3, ..Counted::default() });
        let lie = store.pieces().list().await.unwrap();
        let others: Vec<_> = lie.into_iter().filter(|(found, _)| *found != name).collect();
        store.pieces().erase(others[0].0).await.unwrap();
        store.pieces().erase(others[1].0).await.unwrap();
        store.pieces().put(others[1].0, vec![1; 999]).await.unwrap();
        store.pieces().put(PieceName::new(&mut dice.0), vec![1; 9]).await.unwrap();
        assert_eq!(count().await, Counted { all: 3, missing: 1, damaged: 1, orphaned: 1 });
        let mut reader = store.read_blob(attached.blob, 0, 3000);
        let read = async {
            while reader.next(5000).await?.is_some() {}
            Ok::<_, StoreError>(())
        };
        assert!(read.await.is_err(), "a damaged file is told, and not made up");
        store.close().await;
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]

    /// Pieces of any length at any offset, as clients that lost an answer send them: a blob is what was accepted.
    #[test]
    fn whatever_is_sent_where_a_blob_ends_with_the_bytes_of_its_file(
        sent in proptest::collection::vec((0_u64..3000, 1_usize..900), 1..40)
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let place = places::sqlite();
            let store = place.open().await;
            let mut dice = Dice::new(24);
            let anna = register(&store, &mut dice).await;
            let file = dice.bytes(3000);
            let blob = begin(&store, &mut dice, &anna, file.len()).await;
            let mut there = 0;
            for (offset, length) in sent {
                // Half of them guess right.
                let offset = if length % 2 == 0 { there } else { offset };
                let end = (usize::try_from(offset).unwrap() + length).min(file.len());
                let part = &file[usize::try_from(offset).unwrap().min(end)..end];
                if part.is_empty() {
                    continue;
                }
                match piece(&store, &mut dice, &anna, (blob, offset), part).await {
                    Ok(received) => {
                        assert_eq!((offset, received), (there, there + part.len() as u64));
                        there = received;
                    }
                    Err(error) => assert_eq!(error, UploadError::OtherOffset { received: there }),
                }
            }
            let rest = &file[usize::try_from(there).unwrap()..];
            if !rest.is_empty() {
                piece(&store, &mut dice, &anna, (blob, there), rest).await.unwrap();
            }
            assert_eq!(read(&store, &anna, blob).await.as_ref(), Some(&file));
            store.close().await;
        });
    }
}
