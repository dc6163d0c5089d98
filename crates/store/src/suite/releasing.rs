//! PROTOCOL §4.3: letters that are held for a while.

use securemailbox_protocol::{
    ids::LetterId,
    letters::{Folder, Held, HoldRefusal},
    time::Timestamp,
};

use super::{
    on_both,
    people::{Dice, NOW, Person, again, empty_trash, later, post, register, trash},
    together::Count,
};
use crate::{
    Act, Db, Store, StoreError,
    accounts::AccountById,
    letters::{
        DeliveriesOf, EndHold, EndHoldError, Entry, PostLetter, PostLetters, PostLettersError, ReadContent, ReadEntry,
        ReleaseLetter, TakeBack, TakeBackError,
    },
    pulse::PulseOf,
    quotas::Quota,
    sync::LetterIdsOf,
};

on_both! {
    a_held_letter_is_its_senders_alone_until_it_is_released
    a_letter_that_is_taken_back_leaves_nothing_and_one_that_went_out_stays
    letters_of_one_post_are_taken_back_all_or_none
    a_held_letter_whose_reader_has_another_key_or_no_room_waits_for_its_sender
    a_held_letter_that_is_erased_goes_to_nobody
    a_hold_that_its_sender_ends_is_due_at_once
    of_a_release_and_a_taking_back_at_once_one_wins
    the_same_held_letter_again_is_the_same_letter
    a_held_letter_for_somebody_whose_key_is_another_is_refused_at_once
}

/// Until when the letters here are held.
const HELD: u64 = 10;

async fn post_held(store: &Store, sender: &Person, letter: PostLetter) -> Result<(), PostLettersError> {
    let (sender, release) = (sender.account.mailbox(), Some(later(HELD)));
    let act = PostLetters {
        proved: None,
        sender,
        letters: vec![letter],
        guests: Vec::new(),
        draft: None,
        release,
        quota: Quota::NONE,
        now: NOW,
    };
    store.write(act).await.map(drop)
}

async fn entry(store: &Store, holder: &Person, letter: LetterId) -> Option<Entry> {
    store.read(ReadEntry { mailbox: holder.account.mailbox(), letter }).await.unwrap()
}

async fn count(store: &Store, table: &'static str) -> i64 {
    store.read(Count(table)).await.unwrap()
}

async fn notices(store: &Store) -> i64 {
    count(store, "SELECT COUNT(*) FROM notice WHERE letter_id IS NOT NULL").await
}

async fn held_rows(store: &Store) -> i64 {
    count(store, "SELECT (SELECT COUNT(*) FROM hold) + (SELECT COUNT(*) FROM held_reader)").await
}

async fn release(store: &Store, now: Timestamp) -> usize {
    store.release_due(Quota::NONE, now).await.unwrap()
}

async fn a_held_letter_is_its_senders_alone_until_it_is_released(store: Store) {
    let mut dice = Dice::new(1);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let letter = dice.letter(&[&anna, &bjorn]);
    let id = letter.new.id;
    let bjorns = PulseOf { mailbox: bjorn.account.mailbox() };
    let before = store.read(bjorns).await.unwrap();
    post_held(&store, &anna, again(&letter)).await.unwrap();
    let own = entry(&store, &anna, id).await.unwrap();
    assert_eq!(own.held, Some(Held { release: later(HELD), refused: None }));
    assert_eq!(own.folder, Folder::Sent);
    assert_eq!(entry(&store, &bjorn, id).await, None);
    let mailbox = bjorn.account.mailbox();
    assert_eq!(store.read(ReadContent { mailbox, letter: id }).await, Ok(None));
    assert_eq!(store.read(PulseOf { mailbox }).await, Ok(before));
    assert_eq!((release(&store, later(HELD - 1)).await, notices(&store).await), (0, 0));

    assert_eq!(release(&store, later(HELD)).await, 1);
    let theirs = entry(&store, &bjorn, id).await.unwrap();
    assert_eq!((theirs.arrived, theirs.folder, theirs.held), (later(HELD), Folder::Inbox, None));
    assert_eq!(store.read(ReadContent { mailbox, letter: id }).await, Ok(Some(letter.content)));
    let sent = entry(&store, &anna, id).await.unwrap();
    assert_eq!(sent.held, None);
    assert!(sent.change > own.change, "its sender is told");
    let deliveries = store.read(DeliveriesOf { mailbox: anna.account.mailbox(), letter: id }).await.unwrap().unwrap();
    assert_eq!(deliveries.iter().map(|delivery| delivery.delivered).collect::<Vec<_>>(), [later(HELD)]);
    assert_eq!((notices(&store).await, held_rows(&store).await), (1, 0));
    assert_eq!(release(&store, later(2 * HELD)).await, 0);
}

async fn a_letter_that_is_taken_back_leaves_nothing_and_one_that_went_out_stays(store: Store) {
    let mut dice = Dice::new(2);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let (letter, other) = (dice.letter(&[&anna, &bjorn]), dice.letter(&[&anna, &bjorn]));
    let take_back = async |holder: &Person, letter: &PostLetter| {
        store.write(TakeBack { mailbox: holder.account.mailbox(), letters: vec![letter.new.id] }).await
    };
    let before = store.read(AccountById { account: anna.account }).await.unwrap();
    post_held(&store, &anna, again(&letter)).await.unwrap();
    assert_eq!(take_back(&bjorn, &letter).await, Err(TakeBackError::NotFound), "it is not theirs");
    assert_eq!(take_back(&anna, &letter).await, Ok(()));
    assert_eq!(take_back(&anna, &letter).await, Err(TakeBackError::NotFound));
    assert_eq!(release(&store, later(HELD)).await, 0);
    for table in ["SELECT COUNT(*) FROM letter", "SELECT COUNT(*) FROM content", "SELECT COUNT(*) FROM entry"] {
        assert_eq!(count(&store, table).await, 0, "{table}");
    }
    assert_eq!(held_rows(&store).await, 0);
    assert_eq!(store.read(AccountById { account: anna.account }).await.unwrap(), before, "nor does it count");

    post_held(&store, &anna, again(&other)).await.unwrap();
    release(&store, later(HELD)).await;
    assert_eq!(take_back(&anna, &other).await, Err(TakeBackError::Released));
    assert_eq!(take_back(&bjorn, &other).await, Err(TakeBackError::NotFound));
    assert!(entry(&store, &bjorn, other.new.id).await.is_some());
}

async fn letters_of_one_post_are_taken_back_all_or_none(store: Store) {
    let mut dice = Dice::new(9);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let (one, other) = (dice.letter(&[&anna, &bjorn]), dice.letter(&[&anna, &bjorn]));
    let ids = vec![one.new.id, other.new.id];
    let mailbox = anna.account.mailbox();
    for letter in [&one, &other] {
        post_held(&store, &anna, again(letter)).await.unwrap();
    }
    store.write(EndHold { mailbox, letters: vec![other.new.id], now: later(1) }).await.unwrap();
    assert_eq!(release(&store, later(1)).await, 1);
    let take_back = |letters| store.write(TakeBack { mailbox, letters });
    assert_eq!(take_back(ids.clone()).await, Err(TakeBackError::Released));
    assert!(entry(&store, &anna, one.new.id).await.unwrap().held.is_some(), "it stays as it was");
    // Erased meanwhile, on another device.
    trash(&store, &anna, other.new.id).await;
    empty_trash(&store, anna.account, NOW).await.unwrap();
    assert_eq!(take_back(ids.clone()).await, Ok(()));
    assert_eq!(take_back(ids).await, Err(TakeBackError::NotFound));
}

/// Gives everybody another certificate.
struct ChangeCertificates;

impl Act for ChangeCertificates {
    type Output = ();
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<(), StoreError> {
        db.exec("UPDATE mailbox SET certificate_hash = (SELECT content_hash FROM letter LIMIT 1)", &[]).await.map(drop)
    }
}

async fn a_held_letter_whose_reader_has_another_key_or_no_room_waits_for_its_sender(store: Store) {
    let mut dice = Dice::new(3);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let (full, stale) = (dice.letter(&[&anna, &bjorn]), dice.letter(&[&anna, &bjorn]));
    post_held(&store, &anna, again(&full)).await.unwrap();
    let own = entry(&store, &anna, full.new.id).await.unwrap();
    let no_room = Quota { letters: 0, ..Quota::NONE };
    assert_eq!(store.release_due(no_room, later(HELD)).await.unwrap(), 0);
    let refused = entry(&store, &anna, full.new.id).await.unwrap();
    assert_eq!(refused.held.unwrap().refused, Some(HoldRefusal::ReaderFull));
    assert!(refused.change > own.change);
    assert_eq!(entry(&store, &bjorn, full.new.id).await, None);
    assert_eq!(release(&store, later(2 * HELD)).await, 0, "it is not tried again");

    post_held(&store, &anna, again(&stale)).await.unwrap();
    store.write(ChangeCertificates).await.unwrap();
    assert_eq!(release(&store, later(HELD)).await, 0);
    let refused = entry(&store, &anna, stale.new.id).await.unwrap();
    assert_eq!(refused.held.unwrap().refused, Some(HoldRefusal::StaleKey));
    for letter in [full.new.id, stale.new.id] {
        assert_eq!(store.write(TakeBack { mailbox: anna.account.mailbox(), letters: vec![letter] }).await, Ok(()));
    }
    assert_eq!((held_rows(&store).await, notices(&store).await), (0, 0));
}

async fn a_held_letter_that_is_erased_goes_to_nobody(store: Store) {
    let mut dice = Dice::new(4);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let letter = dice.letter(&[&anna, &bjorn]);
    let id = letter.new.id;
    post_held(&store, &anna, letter).await.unwrap();
    trash(&store, &anna, id).await;
    assert_eq!(empty_trash(&store, anna.account, NOW).await.unwrap().erased, 1);
    assert_eq!((held_rows(&store).await, release(&store, later(HELD)).await), (0, 0));
    assert_eq!(entry(&store, &bjorn, id).await, None);
}

async fn a_hold_that_its_sender_ends_is_due_at_once(store: Store) {
    let mut dice = Dice::new(8);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let letter = dice.letter(&[&anna, &bjorn]);
    let id = letter.new.id;
    let end = async |holder: &Person| {
        store.write(EndHold { mailbox: holder.account.mailbox(), letters: vec![id], now: later(1) }).await
    };
    post_held(&store, &anna, letter).await.unwrap();
    assert_eq!(end(&bjorn).await, Err(EndHoldError::NotFound));
    assert_eq!(release(&store, later(1)).await, 0);
    end(&anna).await.unwrap();
    assert_eq!(release(&store, later(1)).await, 1);
    assert_eq!(end(&anna).await, Ok(()), "that is what was asked for");
    assert!(entry(&store, &bjorn, id).await.is_some());
}

async fn of_a_release_and_a_taking_back_at_once_one_wins(store: Store) {
    let mut dice = Dice::new(5);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    for _ in 0..10 {
        let letter = dice.letter(&[&anna, &bjorn]);
        let id = letter.new.id;
        post_held(&store, &anna, letter).await.unwrap();
        let release = ReleaseLetter { letter: id, quota: Quota::NONE, now: later(HELD) };
        let take_back = TakeBack { mailbox: anna.account.mailbox(), letters: vec![id] };
        let (released, taken) = tokio::join!(store.write(release), store.write(take_back));
        released.unwrap();
        match taken {
            Ok(()) => assert!(entry(&store, &bjorn, id).await.is_none() && entry(&store, &anna, id).await.is_none()),
            Err(error) => {
                assert_eq!(error, TakeBackError::Released);
                assert!(entry(&store, &bjorn, id).await.is_some() && entry(&store, &anna, id).await.is_some());
            }
        }
    }
}

async fn the_same_held_letter_again_is_the_same_letter(store: Store) {
    let mut dice = Dice::new(6);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let letter = dice.letter(&[&anna, &bjorn]);
    post_held(&store, &anna, again(&letter)).await.unwrap();
    post_held(&store, &anna, again(&letter)).await.unwrap();
    assert_eq!(held_rows(&store).await, 2);
    release(&store, later(HELD)).await;
    // The retry comes when it has gone out, or asks for no hold any more.
    post_held(&store, &anna, again(&letter)).await.unwrap();
    post(&store, &anna, vec![letter], later(60)).await.unwrap();
    assert_eq!(held_rows(&store).await, 0);
    assert_eq!(store.read(LetterIdsOf { mailbox: bjorn.account.mailbox() }).await.unwrap().ids.len(), 1);
}

async fn a_held_letter_for_somebody_whose_key_is_another_is_refused_at_once(store: Store) {
    let mut dice = Dice::new(7);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let mut letter = dice.letter(&[&anna, &bjorn]);
    letter.new.readers[1].certificate = anna.certificate;
    let refused = post_held(&store, &anna, letter).await;
    assert!(matches!(refused, Err(PostLettersError::StaleKey { reader }) if reader == bjorn.account));
    assert_eq!((held_rows(&store).await, count(&store, "SELECT COUNT(*) FROM letter").await), (0, 0));
}
