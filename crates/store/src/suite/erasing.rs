//! PROTOCOL §4.7, §8: what goes when a trash is emptied, and what stays.

use securemailbox_protocol::{
    letters::{ErasureStep, ErasureStepKind},
    sync::{Erased, Pulse},
};

use super::{
    on_both,
    people::{Dice, NOW, again, later, post, register, trash},
    places,
    together::Count,
};
use crate::{
    Store,
    letters::{DeliveriesOf, ReadContent, ReadEntry},
    sync::{LetterIdsOf, PulseOf},
};

on_both! {
    one_holders_erasure_leaves_the_other_holders_copy
    an_erasure_raises_the_number_of_letters_erased_once_and_an_empty_trash_none
    only_what_lies_in_the_trash_goes
    a_letter_that_nobody_holds_can_be_posted_again
}

async fn one_holders_erasure_leaves_the_other_holders_copy(store: Store) {
    let mut dice = Dice::new(1);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let letter = dice.letter(&[&anna, &bjorn]);
    let id = letter.new.id;
    post(&store, &anna, vec![again(&letter)], NOW).await.unwrap();
    trash(&store, &anna, id).await;
    assert_eq!(store.empty_trash(anna.account, later(1)).await.unwrap().erased, 1);
    assert_eq!(store.read(ReadEntry { account: anna.account, letter: id }).await, Ok(None));
    assert_eq!(store.read(DeliveriesOf { account: anna.account, letter: id }).await, Ok(None));
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM delivery")).await, Ok(0));
    let content = store.read(ReadContent { account: bjorn.account, letter: id }).await.unwrap();
    assert_eq!(content, Some(letter.content));
    trash(&store, &bjorn, id).await;
    assert_eq!(store.empty_trash(bjorn.account, later(2)).await.unwrap().erased, 1);
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
    let before = store.read(PulseOf { account: anna.account }).await.unwrap();
    assert_eq!(store.empty_trash(anna.account, NOW).await.unwrap().erased, 3);
    let after = store.read(PulseOf { account: anna.account }).await.unwrap();
    let erased = Erased { letters: before.erased.letters.next(), drafts: before.erased.drafts };
    assert_eq!(after, Pulse { change: before.change, erased });
    assert_eq!(store.empty_trash(anna.account, NOW).await.unwrap().erased, 0);
    assert_eq!(store.read(PulseOf { account: anna.account }).await.unwrap(), after);
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
    assert_eq!(store.empty_trash(anna.account, NOW).await.unwrap().erased, 4);
    let kept = |from: usize| {
        let mut ids: Vec<_> = letters[from..].iter().map(|letter| letter.new.id).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(store.read(LetterIdsOf { account: anna.account }).await.unwrap().ids, kept(4));
    assert_eq!(store.read(LetterIdsOf { account: bjorn.account }).await.unwrap().ids, kept(0));
}

async fn a_letter_that_nobody_holds_can_be_posted_again(store: Store) {
    let mut dice = Dice::new(4);
    let anna = register(&store, &mut dice).await;
    let letter = dice.letter(&[&anna]);
    for moment in 0..2 {
        // No tombstone remembers it.
        post(&store, &anna, vec![again(&letter)], later(moment)).await.unwrap();
        trash(&store, &anna, letter.new.id).await;
        assert_eq!(store.empty_trash(anna.account, later(moment)).await.unwrap().erased, 1);
    }
}

/// Which steps were taken, and to how many.
async fn steps_of_one_letter(store: &Store) -> Vec<(ErasureStepKind, bool, u64)> {
    let mut dice = Dice::new(5);
    let anna = register(store, &mut dice).await;
    let letter = dice.letter(&[&anna]);
    post(store, &anna, vec![again(&letter)], NOW).await.unwrap();
    trash(store, &anna, letter.new.id).await;
    let receipt = store.empty_trash(anna.account, later(9)).await.unwrap();
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
