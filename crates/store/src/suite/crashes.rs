//! A process that is killed leaves its files as they are: a copy of the folder, taken while the store runs, is that.

use std::path::Path;

use futures_util::FutureExt as _;
use securemailbox_protocol::ids::ErasureId;
use tempfile::TempDir;

use super::{
    forgetting::count_traces,
    people::{Dice, NOW, Person, again, empty_trash, post, register, trash},
    places,
};
use crate::{
    Act as _, Location, OpenError, Store,
    db::AfterCommit,
    erasure::EmptyTrash,
    letters::{PostLetter, ReadContent},
    pieces::Pieces,
    sqlite::{Log, STEPS, SqliteDb, open_writer},
    sync::LetterIdsOf,
};

fn copy(folder: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        std::fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    copy
}

fn pieces(folder: &Path) -> Pieces {
    Pieces::in_folder(folder.join("blobs"))
}

async fn open(folder: &TempDir) -> Store {
    Store::open(Location::Sqlite(folder.path().to_path_buf()), pieces(folder.path())).await.unwrap()
}

/// Whether `person` has exactly `letters`, each with its content.
async fn assert_holds(store: &Store, person: &Person, letters: &[&PostLetter]) {
    let mut expected: Vec<_> = letters.iter().map(|letter| letter.new.id).collect();
    expected.sort_unstable();
    assert!(store.read(LetterIdsOf { mailbox: person.account.mailbox() }).await.unwrap().ids == expected);
    for letter in letters {
        let content =
            store.read(ReadContent { mailbox: person.account.mailbox(), letter: letter.new.id }).await.unwrap();
        assert!(content.as_ref() == Some(&letter.content));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_crash() {
    let place = places::sqlite();
    let store = place.open().await;
    let mut dice = Dice::new(1);
    let person = register(&store, &mut dice).await;
    let mut letters = Vec::new();
    for _ in 0..20 {
        let letter = dice.letter(&[&person]);
        post(&store, &person, vec![again(&letter)], NOW).await.unwrap();
        letters.push(letter);
        let image = copy(place.folder());
        let after_a_crash = open(&image).await;
        assert_holds(&after_a_crash, &person, &letters.iter().collect::<Vec<_>>()).await;
        after_a_crash.close().await;
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_between_any_two_steps_of_an_erasure_loses_nothing_kept_and_brings_nothing_back() {
    let place = places::sqlite();
    let store = place.open().await;
    let mut dice = Dice::new(2);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let letters: Vec<_> = (0..60).map(|_| dice.letter(&[&anna, &bjorn])).collect();
    for letter in &letters {
        post(&store, &anna, vec![again(letter)], NOW).await.unwrap();
    }
    let (erased, kept): (Vec<_>, Vec<_>) = letters.iter().partition(|letter| letter.new.id.as_bytes()[15] % 2 == 0);
    for letter in &erased {
        trash(&store, &anna, letter.new.id).await;
        trash(&store, &bjorn, letter.new.id).await;
    }
    empty_trash(&store, bjorn.account, NOW).await.unwrap();

    // The same erasure that the writer thread runs, one step at a time, on what a crash would have left.
    let crashed = copy(place.folder());
    store.close().await;
    let mut writer = open_writer(crashed.path()).unwrap();
    let log = Log::of(crashed.path());
    let mut images = vec![("before", copy(crashed.path()))];
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (mailbox, id) = (anna.account.mailbox(), ErasureId::from_bytes([9; 16]));
    let empty = EmptyTrash { mailbox, id, letters: None, now: NOW };
    empty.run(&mut SqliteDb::new(&mut writer, &mut AfterCommit::default())).now_or_never().unwrap().unwrap();
    images.push(("uncommitted", copy(crashed.path())));
    writer.execute_batch("COMMIT").unwrap();
    let committed = images.len();
    images.push(("committed", copy(crashed.path())));
    for step in STEPS {
        log.take(step, &mut writer).unwrap();
        images.push(("stepped", copy(crashed.path())));
    }
    Log::empty_queue(&writer).unwrap();
    images.push(("done", copy(crashed.path())));
    assert_eq!(count_traces(images.last().unwrap().1.path(), erased.iter().copied()), 0);

    for (number, (moment, image)) in images.iter().enumerate() {
        let store = open(image).await;
        let all: Vec<_> = letters.iter().collect();
        assert_holds(&store, &anna, if number < committed { &all } else { &kept }).await;
        assert_holds(&store, &bjorn, &kept).await;
        if number >= committed {
            assert_eq!(count_traces(image.path(), erased.iter().copied()), 0, "{moment} {number}: opening finishes it");
        }
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_dropped_can_be_opened_again_at_once() {
    let place = places::sqlite();
    let store = place.open().await;
    let mut dice = Dice::new(3);
    let person = register(&store, &mut dice).await;
    let letter = dice.letter(&[&person]);
    post(&store, &person, vec![again(&letter)], NOW).await.unwrap();
    drop(store);
    let store = place.open().await;
    assert_holds(&store, &person, &[&letter]).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_is_open_is_not_opened_twice() {
    let place = places::sqlite();
    let store = place.open().await;
    let location = Location::Sqlite(place.folder().to_path_buf());
    assert!(matches!(Store::open(location, place.pieces()).await, Err(OpenError::InUse(_))));
    store.close().await;
    place.open().await.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_a_newer_program_is_left_alone() {
    let place = places::sqlite();
    place.open().await.close().await;
    let newer = rusqlite::Connection::open(place.folder().join("mailbox.sqlite")).unwrap();
    newer.execute("INSERT INTO migration (number) VALUES (99)", []).unwrap();
    drop(newer);
    let location = Location::Sqlite(place.folder().to_path_buf());
    assert!(matches!(Store::open(location, place.pieces()).await, Err(OpenError::Newer { found: 99, .. })));
}
