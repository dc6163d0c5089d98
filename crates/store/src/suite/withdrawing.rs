//! PROTOCOL §4.6: a letter that its sender takes back from its readers.

use securemailbox_protocol::{
    ids::{ContentHash, LetterId},
    letters::{EntryUpdate, Folder},
    levels::Level,
    sync::Pulse,
};

use super::{
    forgetting::count_traces,
    on_both,
    people::{Dice, NOW, Person, again, empty_trash, later, post, register, trash},
    places,
    together::Count,
};
use crate::{
    Store,
    accounts::AccountById,
    letters::{
        DeliveryReceipt, Entry, PutReceipt, ReadContent, ReadEntry, ReadShortContent, UpdateEntry, Withdraw,
        WithdrawError,
    },
    pulse::PulseOf,
};

on_both! {
    of_a_letter_that_was_not_opened_nothing_is_left_at_its_reader
    whoever_opened_a_letter_has_a_row_that_says_so_and_nothing_of_it
    a_letter_is_withdrawn_by_its_sender_only_and_once
    whoever_was_not_told_yet_is_told_of_another_letter_that_waits
    a_withdrawn_letter_is_erased_like_any_other
}

async fn withdraw(store: &Store, sender: &Person, letter: LetterId) -> Result<(), WithdrawError> {
    let done = store.write(Withdraw { mailbox: sender.account.mailbox(), letter, now: later(60) }).await;
    store.scrub_log().await.unwrap();
    done
}

async fn entry(store: &Store, holder: &Person, letter: LetterId) -> Option<Entry> {
    store.read(ReadEntry { mailbox: holder.account.mailbox(), letter }).await.unwrap()
}

async fn holdings(store: &Store, person: &Person) -> (u64, u64) {
    let account = store.read(AccountById { account: person.account }).await.unwrap().unwrap();
    (account.letters, account.bytes)
}

async fn open(store: &Store, reader: &Person, letter: LetterId) {
    let update = EntryUpdate { read: Some(true), ..EntryUpdate::default() };
    store.write(UpdateEntry { mailbox: reader.account.mailbox(), letter, update, now: NOW }).await.unwrap();
}

async fn of_a_letter_that_was_not_opened_nothing_is_left_at_its_reader(store: Store) {
    let mut dice = Dice::new(1);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let (before, pulse) = (holdings(&store, &bjorn).await, PulseOf { mailbox: bjorn.account.mailbox() });
    let letter = dice.letter(&[&anna, &bjorn]);
    let id = letter.new.id;
    post(&store, &anna, vec![again(&letter)], NOW).await.unwrap();
    let Pulse { change, erased } = store.read(pulse).await.unwrap();
    withdraw(&store, &anna, id).await.unwrap();
    assert_eq!(entry(&store, &bjorn, id).await, None);
    assert_eq!(holdings(&store, &bjorn).await, before);
    let pulse = store.read(PulseOf { mailbox: bjorn.account.mailbox() }).await.unwrap();
    assert_eq!((pulse.change, pulse.erased.letters), (change, erased.letters.next()));
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM notice WHERE letter_id IS NOT NULL")).await, Ok(0));
    let own = entry(&store, &anna, id).await.unwrap();
    assert_eq!((own.withdrawn, own.wrapped_key.is_empty()), (Some(later(60)), false));
    let content = store.read(ReadContent { mailbox: anna.account.mailbox(), letter: id }).await.unwrap();
    assert_eq!(content, Some(letter.content), "its sender keeps it");
}

async fn whoever_opened_a_letter_has_a_row_that_says_so_and_nothing_of_it(store: Store) {
    let mut dice = Dice::new(2);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let cecilia = register(&store, &mut dice).await;
    let letter = dice.letter(&[&anna, &bjorn, &cecilia]);
    let id = letter.new.id;
    post(&store, &anna, vec![letter], NOW).await.unwrap();
    open(&store, &bjorn, id).await;
    // Marked as unread again, but its sender has the receipt.
    open(&store, &cecilia, id).await;
    let receipt = DeliveryReceipt { at: NOW, signature: vec![1; 64], level: Level::Phone };
    store.write(PutReceipt { mailbox: cecilia.account.mailbox(), letter: id, receipt }).await.unwrap();
    let unread = EntryUpdate { read: Some(false), ..EntryUpdate::default() };
    store
        .write(UpdateEntry { mailbox: cecilia.account.mailbox(), letter: id, update: unread, now: NOW })
        .await
        .unwrap();
    withdraw(&store, &anna, id).await.unwrap();
    for reader in [&bjorn, &cecilia] {
        let left = entry(&store, reader, id).await.unwrap();
        assert_eq!((left.withdrawn, left.folder), (Some(later(60)), Folder::Inbox));
        assert!(left.wrapped_key.is_empty());
        let mailbox = reader.account.mailbox();
        assert_eq!(store.read(ReadContent { mailbox, letter: id }).await, Ok(None));
        assert_eq!(store.read(ReadShortContent { mailbox, letter: id }).await, Ok(None));
    }
}

async fn a_letter_is_withdrawn_by_its_sender_only_and_once(store: Store) {
    let mut dice = Dice::new(3);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let letter = dice.letter(&[&anna, &bjorn]);
    let id = letter.new.id;
    post(&store, &anna, vec![again(&letter)], NOW).await.unwrap();
    assert_eq!(withdraw(&store, &bjorn, id).await, Err(WithdrawError::NotFound));
    open(&store, &bjorn, id).await;
    withdraw(&store, &anna, id).await.unwrap();
    let (own, left) = (entry(&store, &anna, id).await, entry(&store, &bjorn, id).await);
    withdraw(&store, &anna, id).await.unwrap();
    assert_eq!((entry(&store, &anna, id).await, entry(&store, &bjorn, id).await), (own, left));
    // A post that comes once more brings it back to nobody.
    post(&store, &anna, vec![letter], later(90)).await.unwrap();
    assert!(entry(&store, &bjorn, id).await.is_some_and(|left| left.wrapped_key.is_empty()));
}

async fn whoever_was_not_told_yet_is_told_of_another_letter_that_waits(store: Store) {
    let mut dice = Dice::new(4);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let (first, second) = (dice.letter(&[&anna, &bjorn]), dice.letter(&[&anna, &bjorn]));
    let ids = [first.new.id, second.new.id];
    post(&store, &anna, vec![first], NOW).await.unwrap();
    post(&store, &anna, vec![second], later(1)).await.unwrap();
    let notices = Count("SELECT COUNT(*) FROM notice WHERE letter_id IS NOT NULL");
    assert_eq!(store.read(notices).await, Ok(1), "one for both");
    withdraw(&store, &anna, ids[0]).await.unwrap();
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM notice WHERE letter_id IS NOT NULL")).await, Ok(1));
    withdraw(&store, &anna, ids[1]).await.unwrap();
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM notice WHERE letter_id IS NOT NULL")).await, Ok(0));
    let third = dice.letter(&[&anna, &bjorn]);
    post(&store, &anna, vec![third], later(2)).await.unwrap();
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM notice WHERE letter_id IS NOT NULL")).await, Ok(1), "it is news");
}

async fn a_withdrawn_letter_is_erased_like_any_other(store: Store) {
    let mut dice = Dice::new(5);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let before = (holdings(&store, &anna).await, holdings(&store, &bjorn).await);
    let mut letter = dice.letter(&[&anna, &bjorn]);
    letter.new.content_hash = ContentHash::from_bytes(dice.hash());
    let id = letter.new.id;
    post(&store, &anna, vec![letter], NOW).await.unwrap();
    open(&store, &bjorn, id).await;
    withdraw(&store, &anna, id).await.unwrap();
    for holder in [&bjorn, &anna] {
        trash(&store, holder, id).await;
        assert_eq!(empty_trash(&store, holder.account, later(90)).await.unwrap().erased, 1);
    }
    assert_eq!((holdings(&store, &anna).await, holdings(&store, &bjorn).await), before);
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM letter")).await, Ok(0));
}

/// PROTOCOL §8: what was a reader's is overwritten, not only unlinked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_withdrawn_letter_no_readers_key_is_left_in_any_file() {
    let place = places::sqlite();
    let store = place.open().await;
    let mut dice = Dice::new(6);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let letters: Vec<_> = (0..200).map(|_| dice.letter(&[&anna, &bjorn])).collect();
    for (number, letter) in letters.iter().enumerate() {
        post(&store, &anna, vec![again(letter)], NOW).await.unwrap();
        if number % 2 == 0 {
            open(&store, &bjorn, letter.new.id).await;
        }
    }
    // Of each letter only what its reader's entry had.
    let keys: Vec<_> = letters
        .iter()
        .map(|letter| {
            let mut only_key = again(letter);
            only_key.new.readers.remove(0);
            only_key
        })
        .collect();
    let found = count_traces(place.folder(), &keys);
    for letter in &letters {
        store.write(Withdraw { mailbox: anna.account.mailbox(), letter: letter.new.id, now: NOW }).await.unwrap();
    }
    store.scrub_log().await.unwrap();
    let left = count_traces(place.folder(), &keys);
    // Id, thread, envelope, hash and content are the sender's too; the wrapped key is not.
    let wrapped = 200 * (1200_usize / 8).div_ceil(11);
    assert!(found - left >= wrapped, "{found} before, {left} after");
    store.close().await;
}
