//! PROTOCOL §8: what has lain in the trash for its time is erased as if its holder had emptied it, and nothing else is.

use securemailbox_protocol::{
    accounts::{AccountUpdate, TrashLife},
    ids::LetterId,
    letters::{EntryUpdate, Folder},
    limits,
    sync::{Erased, Pulse},
    time::Timestamp,
};

use super::{
    forgetting::count_traces,
    on_both,
    people::{Dice, NOW, Person, again, empty_trash, move_to, post, register},
    places,
    together::Count,
};
use crate::{
    Store,
    accounts::UpdateAccount,
    letters::{Entry, PostLetters, ReadContent, ReadEntry, UpdateEntry, Withdraw},
    pulse::PulseOf,
    quotas::Quota,
};

on_both! {
    a_letter_is_erased_after_its_time_in_the_trash_as_if_the_trash_were_emptied
    whoever_wants_the_trash_kept_loses_nothing_until_they_change_their_mind
    the_time_begins_anew_when_a_letter_was_out_of_the_trash_and_not_when_it_is_marked
    a_held_letter_whose_time_in_the_trash_is_over_goes_to_nobody
    a_withdrawn_letter_goes_with_the_time_that_it_had
    a_full_trash_goes_in_several_batches_and_every_trash_goes
}

fn day(number: u64) -> Timestamp {
    NOW.after(std::time::Duration::from_secs(number * 24 * 60 * 60))
}

async fn bin(store: &Store, holder: &Person, letter: LetterId, now: Timestamp) {
    move_to(store, holder, letter, Folder::Trash, now).await;
}

async fn entry(store: &Store, holder: &Person, letter: LetterId) -> Option<Entry> {
    store.read(ReadEntry { mailbox: holder.account.mailbox(), letter }).await.unwrap()
}

async fn pulse(store: &Store, person: &Person) -> Pulse {
    store.read(PulseOf { mailbox: person.account.mailbox() }).await.unwrap()
}

/// A letter between two people.
async fn sent(store: &Store, dice: &mut Dice, from: &Person, to: &Person) -> LetterId {
    let letter = dice.letter(&[from, to]);
    post(store, from, vec![again(&letter)], NOW).await.unwrap();
    letter.new.id
}

async fn a_letter_is_erased_after_its_time_in_the_trash_as_if_the_trash_were_emptied(store: Store) {
    let mut dice = Dice::new(1);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let (id, stays) = (sent(&store, &mut dice, &anna, &bjorn).await, sent(&store, &mut dice, &anna, &bjorn).await);
    bin(&store, &bjorn, id, NOW).await;
    bin(&store, &bjorn, stays, day(1)).await;
    assert_eq!(entry(&store, &bjorn, id).await.unwrap().binned, Some(NOW));
    let before = pulse(&store, &bjorn).await;
    let end = NOW.after(limits::TRASH_LIFE);
    assert_eq!(store.erase_binned(Timestamp::from_unix_millis(end.unix_millis() - 1)).await.unwrap(), 0);
    assert_eq!(store.erase_binned(end).await.unwrap(), 1);
    assert_eq!(entry(&store, &bjorn, id).await, None);
    assert!(entry(&store, &bjorn, stays).await.is_some() && entry(&store, &anna, id).await.is_some());
    let erased = Erased { letters: before.erased.letters.next(), drafts: before.erased.drafts };
    assert_eq!(pulse(&store, &bjorn).await, Pulse { change: before.change, erased }, "a device asks what is gone");
    assert!(store.read(ReadContent { mailbox: anna.account.mailbox(), letter: id }).await.unwrap().is_some());
    bin(&store, &anna, id, NOW).await;
    assert_eq!(store.erase_binned(end).await.unwrap(), 1);
    for count in ["SELECT COUNT(*) FROM letter", "SELECT COUNT(*) FROM content", "SELECT COUNT(*) FROM delivery"] {
        assert_eq!(store.read(Count(count)).await, Ok(1), "{count}");
    }
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM erasure")).await, Ok(0), "every trace is gone");
}

async fn whoever_wants_the_trash_kept_loses_nothing_until_they_change_their_mind(store: Store) {
    let mut dice = Dice::new(2);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let id = sent(&store, &mut dice, &anna, &bjorn).await;
    for holder in [&anna, &bjorn] {
        bin(&store, holder, id, NOW).await;
    }
    let choose = |life| UpdateAccount {
        account: bjorn.account,
        update: AccountUpdate { trash_life: Some(life), ..AccountUpdate::default() },
    };
    store.write(choose(TrashLife::Unlimited)).await.unwrap();
    assert_eq!(store.erase_binned(day(400)).await.unwrap(), 1, "hers");
    assert!(entry(&store, &bjorn, id).await.is_some());
    store.write(choose(TrashLife::ThirtyDays)).await.unwrap();
    assert_eq!(store.erase_binned(day(400)).await.unwrap(), 1);
}

async fn the_time_begins_anew_when_a_letter_was_out_of_the_trash_and_not_when_it_is_marked(store: Store) {
    let mut dice = Dice::new(3);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let (id, marked) = (sent(&store, &mut dice, &anna, &bjorn).await, sent(&store, &mut dice, &anna, &bjorn).await);
    for letter in [id, marked] {
        bin(&store, &bjorn, letter, NOW).await;
    }
    move_to(&store, &bjorn, id, Folder::Archive, day(20)).await;
    assert_eq!(entry(&store, &bjorn, id).await.unwrap().binned, None);
    bin(&store, &bjorn, id, day(25)).await;
    let update = EntryUpdate { folder: Some(Folder::Trash), flagged: Some(true), ..EntryUpdate::default() };
    let mark = UpdateEntry { mailbox: bjorn.account.mailbox(), letter: marked, update, now: day(25) };
    assert_eq!(store.write(mark).await.unwrap().binned, Some(NOW));
    assert_eq!(store.erase_binned(day(30)).await.unwrap(), 1);
    assert_eq!(entry(&store, &bjorn, marked).await, None);
    assert_eq!(store.erase_binned(day(54)).await.unwrap(), 0);
    assert_eq!(store.erase_binned(day(55)).await.unwrap(), 1);
}

async fn a_held_letter_whose_time_in_the_trash_is_over_goes_to_nobody(store: Store) {
    let mut dice = Dice::new(4);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let letter = dice.letter(&[&anna, &bjorn]);
    let (id, sender) = (letter.new.id, anna.account.mailbox());
    let act = PostLetters {
        proved: None,
        sender,
        letters: vec![letter],
        guests: Vec::new(),
        draft: None,
        release: Some(day(40)),
        quota: Quota::NONE,
        now: NOW,
    };
    store.write(act).await.unwrap();
    bin(&store, &anna, id, NOW).await;
    assert_eq!(store.erase_binned(day(30)).await.unwrap(), 1);
    assert_eq!(store.release_due(Quota::NONE, day(40)).await.unwrap(), 0);
    assert_eq!(entry(&store, &bjorn, id).await, None);
    for count in ["SELECT COUNT(*) FROM letter", "SELECT COUNT(*) FROM hold", "SELECT COUNT(*) FROM held_reader"] {
        assert_eq!(store.read(Count(count)).await, Ok(0), "{count}");
    }
}

async fn a_withdrawn_letter_goes_with_the_time_that_it_had(store: Store) {
    let mut dice = Dice::new(5);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let id = sent(&store, &mut dice, &anna, &bjorn).await;
    let update = EntryUpdate { read: Some(true), ..EntryUpdate::default() };
    store.write(UpdateEntry { mailbox: bjorn.account.mailbox(), letter: id, update, now: NOW }).await.unwrap();
    bin(&store, &bjorn, id, NOW).await;
    store.write(Withdraw { mailbox: anna.account.mailbox(), letter: id, now: day(20) }).await.unwrap();
    let left = entry(&store, &bjorn, id).await.unwrap();
    assert_eq!((left.withdrawn, left.binned), (Some(day(20)), Some(NOW)));
    assert_eq!(store.erase_binned(day(30)).await.unwrap(), 1);
    assert_eq!(entry(&store, &bjorn, id).await, None);
    assert!(entry(&store, &anna, id).await.is_some(), "its sender keeps it");
}

async fn a_full_trash_goes_in_several_batches_and_every_trash_goes(store: Store) {
    let mut dice = Dice::new(6);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    for _ in 0..60 {
        let id = sent(&store, &mut dice, &anna, &bjorn).await;
        for holder in [&anna, &bjorn] {
            bin(&store, holder, id, NOW).await;
        }
    }
    let before = pulse(&store, &bjorn).await.erased.letters;
    assert_eq!(store.erase_binned(day(30)).await.unwrap(), 120);
    assert_eq!(pulse(&store, &bjorn).await.erased.letters, before.next().next());
    for table in ["SELECT COUNT(*) FROM entry", "SELECT COUNT(*) FROM letter", "SELECT COUNT(*) FROM erasing"] {
        assert_eq!(store.read(Count(table)).await, Ok(0), "{table}");
    }
    assert_eq!(empty_trash(&store, bjorn.account, day(31)).await.unwrap().erased, 0);
}

/// The promise is that of a trash which its holder empties.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_what_went_by_itself_no_trace_is_in_any_file() {
    let place = places::sqlite();
    let store = place.open().await;
    let mut dice = Dice::new(7);
    let anna = register(&store, &mut dice).await;
    let letters: Vec<_> = (0..200).map(|_| dice.letter(&[&anna])).collect();
    for (letter, number) in letters.iter().zip(0..) {
        post(&store, &anna, vec![again(letter)], NOW).await.unwrap();
        bin(&store, &anna, letter.new.id, day(number % 2)).await;
    }
    let (goes, stays) = (|| letters.iter().step_by(2), || letters.iter().skip(1).step_by(2));
    assert!(count_traces(place.folder(), goes()) > 0, "the search finds what is there");
    assert_eq!(store.erase_binned(day(30)).await.unwrap(), 100);
    assert_eq!(count_traces(place.folder(), goes()), 0, "while the store runs");
    assert!(count_traces(place.folder(), stays()) > 0);
    store.close().await;
    assert_eq!(count_traces(place.folder(), goes()), 0, "when it is closed");
}
