//! Many at once.

use std::sync::{Mutex, mpsc};

use futures_util::{
    FutureExt as _, StreamExt as _,
    future::{join_all, try_join_all},
    stream::FuturesUnordered,
};
use securemailbox_protocol::sync::Pulse;

use super::{
    on_both,
    people::{Dice, NOW, again, empty_trash, later, post, register, trash},
    places,
};
use crate::{
    Act, Db, News, ReadOnly, Store, StoreError,
    letters::ListEntries,
    meta::{InitMeta, MetaKey, ReadMeta},
    pulse::PulseOf,
    sessions::EndSession,
    sync::{ChangesSince, Scope},
};

on_both! {
    an_act_that_panics_or_fails_leaves_nothing_and_takes_no_other_with_it
    of_many_that_begin_together_one_wins
    posts_from_many_at_once_all_arrive_and_their_changes_have_no_gap
    two_last_holders_who_erase_at_once_leave_no_letter
    a_pulse_is_told_after_the_commit_and_not_after_a_failure
}

/// Writes, and then panics or fails.
struct Spoiled {
    panics: bool,
}

impl Act for Spoiled {
    type Output = ();
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<(), StoreError> {
        InitMeta { key: MetaKey::SealId, value: b"spoiled".to_vec() }.run(db).await?;
        assert!(!self.panics, "as it was told to");
        Err(StoreError::Damaged("as it was told to"))
    }
}

/// Rows of a table.
pub(super) struct Count(pub(super) &'static str);

impl Act for Count {
    type Output = i64;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<i64, StoreError> {
        db.row(self.0, &[]).await?.ok_or(StoreError::Damaged("a count"))?.take()
    }
}

impl ReadOnly for Count {}

async fn an_act_that_panics_or_fails_leaves_nothing_and_takes_no_other_with_it(store: Store) {
    let kept = || store.write(InitMeta { key: MetaKey::OpaqueSetup, value: b"kept".to_vec() });
    let (first, panicked, failed, last) =
        tokio::join!(kept(), store.write(Spoiled { panics: true }), store.write(Spoiled { panics: false }), kept());
    assert_eq!((first, last), (Ok(b"kept".to_vec()), Ok(b"kept".to_vec())));
    assert_eq!(panicked, Err(StoreError::Panicked));
    assert_eq!(failed, Err(StoreError::Damaged("as it was told to")));
    assert_eq!(store.read(ReadMeta { key: MetaKey::SealId }).await, Ok(None));
    assert_eq!(store.read(ReadMeta { key: MetaKey::OpaqueSetup }).await, Ok(Some(b"kept".to_vec())));
}

async fn of_many_that_begin_together_one_wins(store: Store) {
    let tries = (0..50_u8).map(|value| store.write(InitMeta { key: MetaKey::SealId, value: vec![value] }));
    let winners = try_join_all(tries).await.unwrap();
    assert!(winners.iter().all(|winner| *winner == winners[0]));
}

async fn posts_from_many_at_once_all_arrive_and_their_changes_have_no_gap(store: Store) {
    let mut dice = Dice::new(1);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let before = store.read(PulseOf { mailbox: bjorn.account.mailbox() }).await.unwrap().change;
    let letters: Vec<_> = (0..64)
        .map(|number| {
            if number % 2 == 0 {
                (&anna, dice.letter(&[&anna, &bjorn]))
            } else {
                (&bjorn, dice.letter(&[&bjorn, &anna]))
            }
        })
        .collect();
    // Each twice, as a client does that lost the answer.
    let twice = letters.iter().chain(&letters);
    try_join_all(twice.map(|(sender, letter)| post(&store, sender, vec![again(letter)], NOW))).await.unwrap();
    let changes = store
        .read(ChangesSince { mailbox: bjorn.account.mailbox(), since: before, limit: 100, scope: Scope::Everything })
        .await
        .unwrap();
    let numbers: Vec<_> = changes.entries.iter().map(|entry| entry.change.get()).collect();
    assert_eq!(numbers, (before.get() + 1..=before.get() + 64).collect::<Vec<_>>());
}

async fn two_last_holders_who_erase_at_once_leave_no_letter(store: Store) {
    let mut dice = Dice::new(2);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    for _ in 0..8 {
        let letter = dice.letter(&[&anna, &bjorn]);
        post(&store, &anna, vec![again(&letter)], NOW).await.unwrap();
        trash(&store, &anna, letter.new.id).await;
        trash(&store, &bjorn, letter.new.id).await;
        let both = [anna.account, bjorn.account].map(|account| empty_trash(&store, account, later(1)));
        for receipt in join_all(both).await {
            assert_eq!(receipt.unwrap().erased, 1);
        }
        for table in [
            "SELECT COUNT(*) FROM letter",
            "SELECT COUNT(*) FROM content",
            "SELECT COUNT(*) FROM entry",
            "SELECT COUNT(*) FROM delivery",
            "SELECT COUNT(*) FROM notice WHERE letter_id IS NOT NULL",
            "SELECT COUNT(*) FROM erasing",
            "SELECT COUNT(*) FROM erasure",
        ] {
            assert_eq!(store.read(Count(table)).await, Ok(0), "{table}");
        }
    }
}

async fn a_pulse_is_told_after_the_commit_and_not_after_a_failure(store: Store) {
    let mut dice = Dice::new(3);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let Pulse { change, erased } = store.read(PulseOf { mailbox: bjorn.account.mailbox() }).await.unwrap();
    let mut bjorns = store.listen(bjorn.account.mailbox());
    let mut stale = dice.letter(&[&anna, &bjorn]);
    stale.new.readers[1].certificate = anna.certificate;
    post(&store, &anna, vec![stale], NOW).await.unwrap_err();
    assert_eq!(bjorns.next().now_or_never(), None);
    let letter = dice.letter(&[&anna, &bjorn]);
    post(&store, &anna, vec![letter], NOW).await.unwrap();
    let pulse = Pulse { change: change.next(), erased };
    assert_eq!(bjorns.next().await, News { pulse, session_ended: false });
    store.write(EndSession { account: bjorn.account, session: bjorn.session }).await.unwrap();
    assert_eq!(bjorns.next().await, News { pulse, session_ended: true });
    let listed = ListEntries {
        mailbox: bjorn.account.mailbox(),
        folder: securemailbox_protocol::letters::Folder::Inbox,
        cursor: None,
        limit: 10,
    };
    assert_eq!(store.read(listed).await.unwrap().entries.len(), 1);
}

/// Says that it began, and keeps the writer busy until it is told to go on.
struct Wait {
    began: tokio::sync::mpsc::UnboundedSender<()>,
    go_on: Mutex<mpsc::Receiver<()>>,
}

impl Act for Wait {
    type Output = ();
    type Error = StoreError;

    async fn run<D: Db>(&self, _: &mut D) -> Result<(), StoreError> {
        self.began.send(()).map_err(|_| StoreError::Damaged("nobody waits"))?;
        self.go_on.lock().unwrap().recv().map_err(|_| StoreError::Damaged("nobody says go on"))
    }
}

/// A store whose writer is busy until something is sent.
async fn busy_writer(store: &Store) -> (tokio::task::JoinHandle<Result<(), StoreError>>, mpsc::Sender<()>) {
    let (began, mut beginning) = tokio::sync::mpsc::unbounded_channel();
    let (go_on, wait) = mpsc::channel();
    let store = store.clone();
    let busy = tokio::spawn(async move { store.write(Wait { began, go_on: Mutex::new(wait) }).await });
    beginning.recv().await.unwrap();
    (busy, go_on)
}

/// A disk that does not answer must not keep a server from its end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_no_longer_for_a_store_to_close_is_free() {
    let place = places::sqlite();
    let store = place.open().await;
    let (busy, go_on) = busy_writer(&store).await;
    assert!(tokio::time::timeout(std::time::Duration::from_millis(50), store.close()).await.is_err());
    drop(store);
    assert!(!busy.is_finished(), "dropping it waited for nothing");
    go_on.send(()).unwrap();
    busy.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_says_busy_and_what_waits_in_it_is_done() {
    let place = places::sqlite();
    let store = place.open().await;
    let (busy, go_on) = busy_writer(&store).await;
    let tries: Vec<_> = (0..2000).map(|_| InitMeta { key: MetaKey::SealId, value: vec![1] }).collect();
    let mut answers: FuturesUnordered<_> = tries.into_iter().map(|act| store.write(act)).collect();
    // Only those who are turned away are answered before the writer goes on.
    assert_eq!(answers.next().await, Some(Err(StoreError::Busy)));
    go_on.send(()).unwrap();
    busy.await.unwrap().unwrap();
    let answers: Vec<_> = answers.collect().await;
    let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert!(!done.is_empty());
    assert!(refused.iter().all(|answer| *answer == Err(StoreError::Busy)));
    store.close().await;
    assert_eq!(store.write(InitMeta { key: MetaKey::SealId, value: vec![2] }).await, Err(StoreError::Unreachable));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_process_on_the_same_postgresql_is_told_too() {
    let place = places::postgresql().await;
    let (here, elsewhere) = (place.open().await, place.open().await);
    let mut dice = Dice::new(4);
    let person = register(&here, &mut dice).await;
    let mut heard = elsewhere.listen(person.account.mailbox());
    // A hint may be lost while the other still connects: write until one arrives.
    loop {
        post(&here, &person, vec![dice.letter(&[&person])], NOW).await.unwrap();
        if tokio::time::timeout(std::time::Duration::from_millis(100), heard.next()).await.is_ok() {
            break;
        }
    }
    here.close().await;
    elsewhere.close().await;
}
