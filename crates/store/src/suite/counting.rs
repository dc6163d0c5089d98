//! PROTOCOL §9a: what may be done so often, and not once more, whoever asks at once.

use std::time::Duration;

use super::{
    on_both,
    people::{NOW, later},
};
use crate::{
    Store,
    jobs::Sweep,
    tallies::{Count, CountError, CountLess, Counted, Tally, TallyKey},
};

on_both! {
    it_may_be_done_so_often_and_then_anew
    all_tallies_are_counted_or_none
    many_at_once_are_no_way_around_it
    what_was_taken_back_may_be_done_again
}

const HOUR: Duration = Duration::from_secs(60 * 60);

fn tally(key: u8, most: u64) -> Tally {
    Tally { key: [key; 16], most, within: HOUR }
}

async fn done(store: &Store, key: TallyKey) -> u64 {
    store.read(Counted { key, now: NOW }).await.unwrap()
}

async fn it_may_be_done_so_often_and_then_anew(store: Store) {
    let count = |now| store.write(Count { tallies: vec![tally(1, 3)], now });
    for number in 1..=3 {
        assert_eq!(count(later(number)).await.unwrap(), [number]);
    }
    let Err(CountError::TooOften { which: 0, until }) = count(later(9)).await else { panic!("too often") };
    assert_eq!(until, later(1).after(HOUR), "an hour after the first");
    store.write(Sweep { now: until.before(Duration::from_secs(1)) }).await.unwrap();
    assert!(matches!(count(later(9)).await, Err(CountError::TooOften { .. })), "it was swept too early");
    assert_eq!(count(until).await.unwrap(), [1]);
    store.write(Sweep { now: until.after(HOUR) }).await.unwrap();
    assert_eq!(done(&store, [1; 16]).await, 0);
}

async fn all_tallies_are_counted_or_none(store: Store) {
    let both = |first, second| store.write(Count { tallies: vec![first, second], now: NOW });
    assert_eq!(both(tally(2, 5), tally(1, 1)).await.unwrap(), [1, 1]);
    let refused = both(tally(2, 5), tally(1, 1)).await;
    assert!(matches!(refused, Err(CountError::TooOften { which: 1, .. })));
    assert_eq!((done(&store, [2; 16]).await, done(&store, [1; 16]).await), (1, 1));
}

async fn many_at_once_are_no_way_around_it(store: Store) {
    let count = || {
        let store = store.clone();
        // Two tallies, so that two at once might wait for each other.
        tokio::spawn(async move { store.write(Count { tallies: vec![tally(1, 100), tally(2, 5)], now: NOW }).await })
    };
    let all: Vec<_> = (0..20).map(|_| count()).collect();
    let mut counted = 0;
    for one in all {
        match one.await.unwrap() {
            Ok(_) => counted += 1,
            Err(CountError::TooOften { which: 1, .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!((counted, done(&store, [1; 16]).await, done(&store, [2; 16]).await), (5, 5, 5));
}

async fn what_was_taken_back_may_be_done_again(store: Store) {
    let count = || store.write(Count { tallies: vec![tally(1, 1)], now: NOW });
    count().await.unwrap();
    store.write(CountLess { keys: vec![[1; 16]] }).await.unwrap();
    // Never below nothing.
    store.write(CountLess { keys: vec![[1; 16], [9; 16]] }).await.unwrap();
    assert_eq!(count().await.unwrap(), [1]);
    assert!(count().await.is_err());
}
