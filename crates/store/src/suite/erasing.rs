//! PROTOCOL §4.7, §8: what goes when a trash is emptied, and what stays.

use std::time::Duration;

use securemailbox_protocol::{
    factors::FactorKind,
    ids::{AccountId, ErasureId},
    letters::{ErasureStep, ErasureStepKind},
    limits,
    sync::{Erased, Pulse},
};

use super::{
    on_both,
    people::{Dice, NOW, again, draft, empty_trash, later, post, prove_address, register, trash},
    places,
    together::Count,
};
use crate::{
    Store,
    jobs::Sweep,
    letters::{DeliveriesOf, ReadContent, ReadEntry},
    pulse::PulseOf,
    registrations::NamePhone,
    sync::LetterIdsOf,
};

on_both! {
    one_holders_erasure_leaves_the_other_holders_copy
    one_letter_is_erased_and_the_others_stay_in_the_trash
    an_erasure_raises_the_number_of_letters_erased_once_and_an_empty_trash_none
    only_what_lies_in_the_trash_goes
    a_letter_that_nobody_holds_can_be_posted_again
    an_emptied_trash_whose_answer_was_lost_is_told_of_again_and_erases_nothing_more
    a_receipt_is_kept_for_minutes_and_goes_with_the_next_one
}

async fn one_holders_erasure_leaves_the_other_holders_copy(store: Store) {
    let mut dice = Dice::new(1);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let letter = dice.letter(&[&anna, &bjorn]);
    let id = letter.new.id;
    post(&store, &anna, vec![again(&letter)], NOW).await.unwrap();
    trash(&store, &anna, id).await;
    assert_eq!(empty_trash(&store, anna.account, later(1)).await.unwrap().erased, 1);
    assert_eq!(store.read(ReadEntry { mailbox: anna.account.mailbox(), letter: id }).await, Ok(None));
    assert_eq!(store.read(DeliveriesOf { mailbox: anna.account.mailbox(), letter: id }).await, Ok(None));
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM delivery")).await, Ok(0));
    let content = store.read(ReadContent { mailbox: bjorn.account.mailbox(), letter: id }).await.unwrap();
    assert_eq!(content, Some(letter.content));
    trash(&store, &bjorn, id).await;
    assert_eq!(empty_trash(&store, bjorn.account, later(2)).await.unwrap().erased, 1);
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM letter")).await, Ok(0));
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM content")).await, Ok(0));
}

async fn an_erasure_raises_the_number_of_letters_erased_once_and_an_empty_trash_none(store: Store) {
    let mut dice = Dice::new(2);
    let anna = register(&store, &mut dice).await;
    for _ in 0..3 {
        let letter = dice.letter(&[&anna]);
        post(&store, &anna, vec![again(&letter)], NOW).await.unwrap();
        trash(&store, &anna, letter.new.id).await;
    }
    let before = store.read(PulseOf { mailbox: anna.account.mailbox() }).await.unwrap();
    assert_eq!(empty_trash(&store, anna.account, NOW).await.unwrap().erased, 3);
    let after = store.read(PulseOf { mailbox: anna.account.mailbox() }).await.unwrap();
    let erased = Erased { letters: before.erased.letters.next(), drafts: before.erased.drafts };
    assert_eq!(after, Pulse { change: before.change, erased });
    assert_eq!(empty_trash(&store, anna.account, NOW).await.unwrap().erased, 0);
    assert_eq!(store.read(PulseOf { mailbox: anna.account.mailbox() }).await.unwrap(), after);
}

async fn only_what_lies_in_the_trash_goes(store: Store) {
    let mut dice = Dice::new(3);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let letters: Vec<_> = (0..10).map(|_| dice.letter(&[&anna, &bjorn])).collect();
    for letter in &letters {
        post(&store, &anna, vec![again(letter)], NOW).await.unwrap();
    }
    for letter in &letters[..4] {
        trash(&store, &anna, letter.new.id).await;
    }
    // What lies in another's trash is another's.
    trash(&store, &bjorn, letters[9].new.id).await;
    assert_eq!(empty_trash(&store, anna.account, NOW).await.unwrap().erased, 4);
    let kept = |from: usize| {
        let mut ids: Vec<_> = letters[from..].iter().map(|letter| letter.new.id).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(store.read(LetterIdsOf { mailbox: anna.account.mailbox() }).await.unwrap().ids, kept(4));
    assert_eq!(store.read(LetterIdsOf { mailbox: bjorn.account.mailbox() }).await.unwrap().ids, kept(0));
}

async fn a_letter_that_nobody_holds_can_be_posted_again(store: Store) {
    let mut dice = Dice::new(4);
    let anna = register(&store, &mut dice).await;
    let letter = dice.letter(&[&anna]);
    for moment in 0..2 {
        // No tombstone remembers it.
        post(&store, &anna, vec![again(&letter)], later(moment)).await.unwrap();
        trash(&store, &anna, letter.new.id).await;
        assert_eq!(empty_trash(&store, anna.account, later(moment)).await.unwrap().erased, 1);
    }
}

async fn an_emptied_trash_whose_answer_was_lost_is_told_of_again_and_erases_nothing_more(store: Store) {
    let mut dice = Dice::new(6);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    for full in [true, false] {
        let id = ErasureId::new(NOW, &mut dice.0);
        if full {
            let letter = dice.letter(&[&anna]);
            post(&store, &anna, vec![again(&letter)], NOW).await.unwrap();
            trash(&store, &anna, letter.new.id).await;
        }
        let receipt = store.empty_trash(anna.account.mailbox(), id, later(1)).await.unwrap();
        assert_eq!((receipt.at, receipt.erased), (later(1), u64::from(full)));
        // What lies in the trash by now was not there when the person emptied it.
        let since = dice.letter(&[&anna]);
        post(&store, &anna, vec![again(&since)], NOW).await.unwrap();
        trash(&store, &anna, since.new.id).await;
        assert_eq!(store.empty_trash(anna.account.mailbox(), id, later(9)).await.unwrap(), receipt);
        assert_eq!(
            store.empty_trash(bjorn.account.mailbox(), id, later(9)).await.unwrap().erased,
            0,
            "another's id is another's"
        );
        assert_eq!(empty_trash(&store, anna.account, later(10)).await.unwrap().erased, 1);
    }
}

async fn one_letter_is_erased_and_the_others_stay_in_the_trash(store: Store) {
    let mut dice = Dice::new(16);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let letters: Vec<_> = (0..3).map(|_| dice.letter(&[&anna])).collect();
    post(&store, &anna, letters.iter().map(again).collect(), NOW).await.unwrap();
    for binned in &letters[..2] {
        trash(&store, &anna, binned.new.id).await;
    }
    // One that lies elsewhere stays where it is, and one that is named twice goes once.
    let named = vec![letters[0].new.id, letters[2].new.id, letters[0].new.id];
    let erase = |account: AccountId, id| store.erase_letters(account.mailbox(), id, named.clone(), later(1));
    assert_eq!(erase(bjorn.account, ErasureId::from_bytes([1; 16])).await.unwrap().erased, 0, "another's letters");
    assert_eq!(erase(anna.account, ErasureId::from_bytes([2; 16])).await.unwrap().erased, 1);
    assert_eq!(empty_trash(&store, anna.account, later(2)).await.unwrap().erased, 1);
}

async fn a_receipt_is_kept_for_minutes_and_goes_with_the_next_one(store: Store) {
    let mut dice = Dice::new(7);
    let anna = register(&store, &mut dice).await;
    let receipts = async || store.read(Count("SELECT COUNT(*) FROM receipt")).await.unwrap();
    for _ in 0..2 {
        empty_trash(&store, anna.account, NOW).await.unwrap();
        assert_eq!(receipts().await, 1);
    }
    let over = NOW.after(limits::RECEIPT_LIFE);
    store.write(Sweep { now: over.before(Duration::from_millis(1)) }).await.unwrap();
    assert_eq!(receipts().await, 1);
    store.write(Sweep { now: over }).await.unwrap();
    assert_eq!(receipts().await, 0);
}

/// The steps of a receipt: whether each was taken, and to how many rows.
async fn steps_of_one_letter(store: &Store) -> Vec<(ErasureStepKind, bool, u64)> {
    let mut dice = Dice::new(5);
    let anna = register(store, &mut dice).await;
    let letter = dice.letter(&[&anna]);
    post(store, &anna, vec![again(&letter)], NOW).await.unwrap();
    trash(store, &anna, letter.new.id).await;
    let receipt = empty_trash(store, anna.account, later(9)).await.unwrap();
    assert_eq!(receipt.at, later(9));
    receipt.steps.into_iter().map(|ErasureStep { step, taken, count }| (step, taken, count)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_overwrites_and_says_so() {
    let place = places::sqlite();
    let store = place.open().await;
    let expected = [
        (ErasureStepKind::KeysDestroyed, true, 1),
        (ErasureStepKind::LettersOverwritten, true, 1),
        (ErasureStepKind::LogOverwritten, true, 1),
        (ErasureStepKind::Vacuumed, false, 0),
    ];
    assert_eq!(steps_of_one_letter(&store).await, expected);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_vacuums_and_does_not_claim_to_overwrite() {
    let place = places::postgresql().await;
    let store = place.open().await;
    let expected = [
        (ErasureStepKind::KeysDestroyed, true, 1),
        (ErasureStepKind::LettersOverwritten, false, 0),
        (ErasureStepKind::LogOverwritten, false, 0),
        (ErasureStepKind::Vacuumed, true, 1),
    ];
    assert_eq!(steps_of_one_letter(&store).await, expected);
    store.close().await;
}

/// How often PostgreSQL has vacuumed a table.
macro_rules! vacuums {
    ($store:expr, $table:literal) => {
        $store.read(Count(concat!("SELECT pg_stat_get_vacuum_count('", $table, "'::regclass)"))).await.unwrap()
    };
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_vacuums_what_was_touched_and_no_other_table() {
    let place = places::postgresql().await;
    let store = place.open().await;
    let mut dice = Dice::new(8);
    let anna = register(&store, &mut dice).await;
    let letter = dice.letter(&[&anna]);
    post(&store, &anna, vec![again(&letter)], NOW).await.unwrap();
    let id = draft(&store, &mut dice, anna.account).await;
    store.scrub_log().await.unwrap();
    let counts = async || (vacuums!(store, "record"), vacuums!(store, "entry"), vacuums!(store, "slot"));
    let (records, entries, slots) = counts().await;
    store.scrub_log().await.unwrap();
    assert_eq!(counts().await, (records, entries, slots), "nothing was deleted since");
    store.erase_draft(anna.account.mailbox(), id).await.unwrap();
    assert_eq!(counts().await, (records, entries, slots), "nobody waits for a draft's traces");
    store.scrub_log().await.unwrap();
    assert_eq!(counts().await, (records + 1, entries, slots));
    trash(&store, &anna, letter.new.id).await;
    empty_trash(&store, anna.account, NOW).await.unwrap();
    assert_eq!(counts().await, (records + 1, entries + 1, slots), "a receipt is given after its vacuum");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_vacuums_the_factors_when_one_was_deleted() {
    let place = places::postgresql().await;
    let store = place.open().await;
    let mut dice = Dice::new(9);
    let lookup = dice.hash();
    let begin = dice.begin_registration(lookup);
    let id = begin.id;
    store.write(begin).await.unwrap();
    prove_address(&store, &mut dice, id).await;
    store.write(NamePhone { id, phone: dice.factor(FactorKind::Phone), now: NOW }).await.unwrap();
    store.scrub_log().await.unwrap();
    let before = vacuums!(store, "factor");
    store.write(NamePhone { id, phone: dice.factor(FactorKind::Phone), now: NOW }).await.unwrap();
    store.scrub_log().await.unwrap();
    assert_eq!(vacuums!(store, "factor"), before + 1);
    store.close().await;
}
