//! PROTOCOL §4.3: the outbox.

use super::{
    on_both,
    people::{Dice, NOW, again, empty_trash, later, post, register, trash},
};
use crate::{
    Store,
    letters::DeliveriesOf,
    notices::{DropNotice, DueNotice, DueNotices, NoticeContent, NoticeFailed, NoticeSent},
};

on_both! {
    a_notice_is_leased_to_one_until_the_lease_ends
    a_failed_notice_waits_for_its_next_time
    a_sent_notice_of_a_letter_shows_to_the_sender
    a_reader_who_erased_a_letter_is_not_told_of_it_and_the_others_are
}

/// Takes what the registrations left out of the way.
async fn drop_all(store: &Store) {
    for DueNotice { id, .. } in due(store, 0).await {
        store.write(DropNotice { id }).await.unwrap();
    }
}

async fn due(store: &Store, seconds: u64) -> Vec<DueNotice> {
    let lease_until = later(seconds + 60);
    store.write(DueNotices { now: later(seconds), limit: 100, lease_until }).await.unwrap()
}

async fn a_notice_is_leased_to_one_until_the_lease_ends(store: Store) {
    let mut dice = Dice::new(1);
    register(&store, &mut dice).await;
    let both = futures_util::future::join(due(&store, 0), due(&store, 0)).await;
    assert_eq!(both.0.len() + both.1.len(), 2, "an e-mail and an SMS, each to one of both");
    assert_eq!(due(&store, 59).await.len(), 0);
    assert_eq!(due(&store, 60).await.len(), 2);
}

async fn a_failed_notice_waits_for_its_next_time(store: Store) {
    let mut dice = Dice::new(2);
    register(&store, &mut dice).await;
    let failed = due(&store, 0).await[0].id;
    store.write(NoticeFailed { id: failed, next_due: later(600) }).await.unwrap();
    assert!(due(&store, 300).await.iter().all(|notice| notice.id != failed));
    let again = due(&store, 600).await.into_iter().find(|notice| notice.id == failed).unwrap();
    assert_eq!((again.attempts, again.created), (1, NOW));
    assert!(matches!(again.content, NoticeContent::Sealed(_)));
}

async fn a_sent_notice_of_a_letter_shows_to_the_sender(store: Store) {
    let mut dice = Dice::new(3);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    drop_all(&store).await;
    let letter = dice.letter(&[&anna, &bjorn]);
    post(&store, &anna, vec![again(&letter)], NOW).await.unwrap();
    let notices = due(&store, 0).await;
    let [DueNotice { id, content: NoticeContent::Letter { account, .. }, .. }] = notices[..] else {
        panic!("one notice, of a letter")
    };
    assert_eq!(account, bjorn.account);
    store.write(NoticeSent { id, now: later(3) }).await.unwrap();
    let deliveries = DeliveriesOf { mailbox: anna.account.mailbox(), letter: letter.new.id };
    assert_eq!(store.read(deliveries).await.unwrap().unwrap()[0].notified, Some(later(3)));
    assert_eq!(due(&store, 3600).await.len(), 0);
}

async fn a_reader_who_erased_a_letter_is_not_told_of_it_and_the_others_are(store: Store) {
    let mut dice = Dice::new(4);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let cecilia = register(&store, &mut dice).await;
    drop_all(&store).await;
    let letter = dice.letter(&[&anna, &bjorn, &cecilia]);
    post(&store, &anna, vec![again(&letter)], NOW).await.unwrap();
    for holder in [&anna, &bjorn] {
        trash(&store, holder, letter.new.id).await;
        empty_trash(&store, holder.account, NOW).await.unwrap();
    }
    let notices = due(&store, 0).await;
    assert_eq!(notices.len(), 1);
    assert!(matches!(notices[0].content, NoticeContent::Letter { account, .. } if account == cecilia.account));
    // The sender's delivery rows went with the sender's entry.
    store.write(NoticeSent { id: notices[0].id, now: NOW }).await.unwrap();
}
