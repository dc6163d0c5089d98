//! PROTOCOL §4.3: the outbox.

use std::{collections::BTreeMap, sync::Mutex};

use futures_util::future::join_all;
use securemailbox_protocol::{
    accounts::{AccountUpdate, LetterNotices},
    ids::{LetterId, MailboxId},
    numbers::ChangeNumber,
    time::Timestamp,
};

use super::{
    on_both,
    people::{Dice, NOW, Person, again, empty_trash, later, post, register, trash},
    places,
};
use crate::{
    Act, Db, Store, StoreError,
    accounts::{AccountById, UpdateAccount},
    letters::DeliveriesOf,
    notices::{ClaimNotices, DropNotice, DueNotice, Lane, NoticeContent, NoticeFailed, NoticeRefused, NoticeSent},
    sync::{Changes, ChangesSince, Look, Scope},
};

on_both! {
    a_notice_is_claimed_by_one_until_the_claim_is_over
    codes_do_not_wait_behind_the_news_of_letters
    of_three_workers_and_one_that_is_killed_none_sends_twice
    a_claim_that_is_over_does_not_put_off_who_claimed_it_next
    a_failed_notice_waits_for_its_next_time
    a_sent_notice_of_a_letter_shows_to_the_sender
    a_reader_is_told_once_until_they_look
    a_reader_who_could_not_be_told_is_told_of_the_next_letter
    a_refused_notice_shows_to_each_sender_until_the_reader_looks
    a_refused_notice_is_forgotten_when_the_next_one_is_taken
    a_reader_who_looked_before_the_mail_server_took_it_is_told_once
    a_notice_to_nobody_keeps_no_other_from_being_claimed
    who_wants_no_notice_gets_none_and_the_sender_sees_none
    who_wants_one_a_day_is_told_in_the_morning_of_what_they_have_not_looked_at
    a_choice_takes_what_waited_with_it
    a_reader_who_erased_a_letter_is_not_told_of_it_and_the_others_are
}

/// Takes what the registrations left out of the way.
async fn drop_all(store: &Store) {
    for DueNotice { id, .. } in due(store, 0).await {
        store.write(DropNotice { id }).await.unwrap();
    }
}

async fn due(store: &Store, seconds: u64) -> Vec<DueNotice> {
    let (codes, letters) =
        tokio::join!(claim(store, Lane::Emails, later(seconds), 100), claim(store, Lane::Letters, later(seconds), 100));
    [codes, letters].concat()
}

/// Claims for a minute.
async fn claim(store: &Store, lane: Lane, now: Timestamp, limit: u32) -> Vec<DueNotice> {
    let until = now.after(std::time::Duration::from_secs(60));
    store.write(ClaimNotices { lane, now, limit, until }).await.unwrap()
}

async fn a_notice_is_claimed_by_one_until_the_claim_is_over(store: Store) {
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
    let DueNotice { id: failed, claimed_until, .. } = due(&store, 0).await[0];
    store.write(NoticeFailed { id: failed, claimed_until, next_due: later(600) }).await.unwrap();
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

async fn codes_do_not_wait_behind_the_news_of_letters(store: Store) {
    let mut dice = Dice::new(5);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    drop_all(&store).await;
    post(&store, &anna, vec![dice.letter(&[&anna, &bjorn])], NOW).await.unwrap();
    register(&store, &mut dice).await;
    let codes = claim(&store, Lane::Emails, NOW, 100).await;
    assert_eq!(codes.len(), 2, "the codes of a registration, whatever else waits");
    assert!(codes.iter().all(|notice| matches!(notice.content, NoticeContent::Sealed(_))));
    assert_eq!(claim(&store, Lane::Texts, NOW, 100).await.len(), 0);
    assert_eq!(claim(&store, Lane::Letters, NOW, 100).await.len(), 1);
}

/// A worker that claims as many as it sends at once, until nothing is due. Each send is written down.
async fn work(store: &Store, now: Timestamp, sent: &Mutex<BTreeMap<[u8; 16], u32>>) {
    loop {
        let claimed = claim(store, Lane::Emails, now, 3).await;
        if claimed.is_empty() {
            break;
        }
        for DueNotice { id, .. } in claimed {
            *sent.lock().unwrap().entry(*id.as_bytes()).or_default() += 1;
            tokio::task::yield_now().await;
            store.write(NoticeSent { id, now }).await.unwrap();
        }
    }
}

async fn share_the_work(workers: [&Store; 3]) {
    let mut dice = Dice::new(6);
    for _ in 0..12 {
        register(workers[0], &mut dice).await;
    }
    let killed = claim(workers[0], Lane::Emails, NOW, 3).await;
    assert_eq!(killed.len(), 3);
    let sent = Mutex::default();
    join_all(workers.map(|store| work(store, later(59), &sent))).await;
    let before = sent.lock().unwrap().len();
    assert_eq!(before, 21, "all but those that the killed one holds");
    join_all(workers.map(|store| work(store, later(60), &sent))).await;
    let sent = sent.into_inner().unwrap();
    assert_eq!(sent.len(), 24);
    assert!(sent.values().all(|times| *times == 1), "{:?}", sent.values());
}

async fn of_three_workers_and_one_that_is_killed_none_sends_twice(store: Store) {
    share_the_work([&store, &store, &store]).await;
}

/// As processes do, each with connections of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_three_processes_on_one_postgresql_none_sends_twice() {
    let place = places::postgresql().await;
    let stores = [place.open().await, place.open().await, place.open().await];
    share_the_work([&stores[0], &stores[1], &stores[2]]).await;
    for store in stores {
        store.close().await;
    }
}

async fn a_claim_that_is_over_does_not_put_off_who_claimed_it_next(store: Store) {
    let mut dice = Dice::new(7);
    register(&store, &mut dice).await;
    let late = claim(&store, Lane::Emails, NOW, 1).await.remove(0);
    let next = claim(&store, Lane::Emails, later(60), 100).await;
    assert!(next.iter().any(|notice| notice.id == late.id));
    let failed = NoticeFailed { id: late.id, claimed_until: late.claimed_until, next_due: later(61) };
    store.write(failed).await.unwrap();
    assert_eq!(
        claim(&store, Lane::Emails, later(100), 100).await.len(),
        0,
        "it is the next one's until its claim ends"
    );
    let again = claim(&store, Lane::Emails, later(120), 100).await;
    assert!(again.iter().all(|notice| notice.attempts == 0));
}

/// Two people whose codes are out of the way.
async fn two_people(store: &Store, seed: u64) -> (Dice, Person, Person) {
    let mut dice = Dice::new(seed);
    let (anna, bjorn) = (register(store, &mut dice).await, register(store, &mut dice).await);
    drop_all(store).await;
    (dice, anna, bjorn)
}

async fn look(store: &Store, person: &Person) -> Changes {
    let mailbox = person.account.mailbox();
    let asked = ChangesSince { mailbox, since: ChangeNumber::ZERO, limit: 100, scope: Scope::Everything };
    let found = store.read(asked).await.unwrap();
    if found.told { store.write(Look(asked)).await.unwrap() } else { found }
}

async fn a_reader_is_told_once_until_they_look(store: Store) {
    let (mut dice, anna, bjorn) = two_people(&store, 8).await;
    for round in 0..2 {
        for _ in 0..10 {
            post(&store, &anna, vec![dice.letter(&[&anna, &bjorn])], NOW).await.unwrap();
        }
        let notices = due(&store, 100 * round).await;
        assert_eq!(notices.len(), 1, "one for ten letters");
        store.write(NoticeSent { id: notices[0].id, now: NOW }).await.unwrap();
        post(&store, &anna, vec![dice.letter(&[&anna, &bjorn])], NOW).await.unwrap();
        assert_eq!(due(&store, 100 * round + 1).await.len(), 0, "they know that a letter waits");
        // What the other person does says nothing of this one.
        look(&store, &anna).await;
        let seen = look(&store, &bjorn).await;
        assert!(!seen.told);
        assert_eq!(u64::try_from(seen.entries.len()), Ok(11 * (round + 1)), "and all of them are shown");
    }
}

async fn a_reader_who_could_not_be_told_is_told_of_the_next_letter(store: Store) {
    let (mut dice, anna, bjorn) = two_people(&store, 9).await;
    for second in 0..3 {
        post(&store, &anna, vec![dice.letter(&[&anna, &bjorn])], later(second)).await.unwrap();
        let notices = due(&store, second).await;
        assert_eq!(notices.len(), 1);
        store.write(DropNotice { id: notices[0].id }).await.unwrap();
    }
}

/// Has the one notice that is due refused.
async fn refuse(store: &Store) {
    let notices = due(store, 0).await;
    assert_eq!(notices.len(), 1);
    store.write(NoticeRefused { id: notices[0].id }).await.unwrap();
}

/// Whether its sender sees that the notice of a letter was refused, as of the change of the sender's mailbox.
async fn refused(store: &Store, sender: &Person, letter: LetterId) -> (bool, ChangeNumber) {
    let mailbox = sender.account.mailbox();
    let deliveries = store.read(DeliveriesOf { mailbox, letter }).await.unwrap().unwrap();
    (deliveries[0].notice_refused, look(store, sender).await.change)
}

async fn a_refused_notice_shows_to_each_sender_until_the_reader_looks(store: Store) {
    let (mut dice, anna, bjorn) = two_people(&store, 12).await;
    let cecilia = register(&store, &mut dice).await;
    drop_all(&store).await;
    let letters = [(&anna, dice.letter(&[&anna, &bjorn])), (&cecilia, dice.letter(&[&cecilia, &bjorn]))];
    let mut seen = Vec::new();
    for (sender, letter) in &letters {
        post(&store, sender, vec![again(letter)], NOW).await.unwrap();
        seen.push(refused(&store, sender, letter.new.id).await);
    }
    refuse(&store).await;
    for ((sender, letter), before) in letters.iter().zip(&mut seen) {
        let now = refused(&store, sender, letter.new.id).await;
        assert!(!before.0 && now.0 && now.1 > before.1, "it is news");
        *before = now;
    }
    look(&store, &bjorn).await;
    for ((sender, letter), before) in letters.iter().zip(seen) {
        let now = refused(&store, sender, letter.new.id).await;
        assert!(!now.0 && now.1 > before.1, "and so is its end");
    }
}

async fn a_refused_notice_is_forgotten_when_the_next_one_is_taken(store: Store) {
    let (mut dice, anna, bjorn) = two_people(&store, 13).await;
    let (first, second) = (dice.letter(&[&anna, &bjorn]), dice.letter(&[&anna, &bjorn]));
    post(&store, &anna, vec![again(&first)], NOW).await.unwrap();
    refuse(&store).await;
    post(&store, &anna, vec![again(&second)], NOW).await.unwrap();
    let before = refused(&store, &anna, first.new.id).await;
    assert!(before.0 && refused(&store, &anna, second.new.id).await.0, "the address is known not to take it");
    let notices = due(&store, 0).await;
    store.write(NoticeSent { id: notices[0].id, now: NOW }).await.unwrap();
    for letter in [first, second] {
        let now = refused(&store, &anna, letter.new.id).await;
        assert!(!now.0 && now.1 > before.1);
    }
}

async fn a_reader_who_looked_before_the_mail_server_took_it_is_told_once(store: Store) {
    let (mut dice, anna, bjorn) = two_people(&store, 10).await;
    for _ in 0..3 {
        post(&store, &anna, vec![dice.letter(&[&anna, &bjorn])], NOW).await.unwrap();
        look(&store, &bjorn).await;
    }
    assert_eq!(due(&store, 0).await.len(), 1);
}

async fn choose(store: &Store, person: &Person, notices: LetterNotices) {
    let account = person.account;
    let update = AccountUpdate { notices: Some(notices), ..AccountUpdate::default() };
    store.write(UpdateAccount { account, update }).await.unwrap();
    assert_eq!(store.read(AccountById { account }).await.unwrap().unwrap().notices, notices);
}

/// From [`NOW`], which is at four in the afternoon, to seven in the morning.
const MORNING: u64 = 15 * 60 * 60;
const DAY: u64 = 24 * 60 * 60;

async fn who_wants_no_notice_gets_none_and_the_sender_sees_none(store: Store) {
    let (mut dice, anna, bjorn) = two_people(&store, 14).await;
    let cecilia = register(&store, &mut dice).await;
    drop_all(&store).await;
    choose(&store, &bjorn, LetterNotices::Never).await;
    let letter = dice.letter(&[&anna, &bjorn, &cecilia]);
    post(&store, &anna, vec![again(&letter)], NOW).await.unwrap();
    let notices = due(&store, 7 * DAY).await;
    assert!(
        matches!(notices[..], [DueNotice { content: NoticeContent::Letter { account, .. }, .. }] if account == cecilia.account),
        "{notices:?}"
    );
    store.write(NoticeSent { id: notices[0].id, now: NOW }).await.unwrap();
    let deliveries = DeliveriesOf { mailbox: anna.account.mailbox(), letter: letter.new.id };
    let deliveries = store.read(deliveries).await.unwrap().unwrap();
    let notified =
        |person: &Person| deliveries.iter().find(|row| row.reader.account == person.account).unwrap().notified;
    assert_eq!((notified(&bjorn), notified(&cecilia)), (None, Some(NOW)));
}

async fn who_wants_one_a_day_is_told_in_the_morning_of_what_they_have_not_looked_at(store: Store) {
    let (mut dice, anna, bjorn) = two_people(&store, 15).await;
    choose(&store, &bjorn, LetterNotices::Daily).await;
    for second in 0..3 {
        post(&store, &anna, vec![dice.letter(&[&anna, &bjorn])], later(second)).await.unwrap();
    }
    look(&store, &bjorn).await;
    assert_eq!(due(&store, MORNING).await.len(), 0, "they have looked");
    for hour in 16..20 {
        post(&store, &anna, vec![dice.letter(&[&anna, &bjorn])], later(hour * 3600)).await.unwrap();
    }
    assert_eq!(due(&store, MORNING + DAY - 1).await.len(), 0);
    let notices = due(&store, MORNING + DAY).await;
    assert_eq!(notices.len(), 1, "one for four letters");
    // Claimed already: the look comes too late for it.
    look(&store, &bjorn).await;
    assert_eq!(due(&store, MORNING + DAY + 60).await.len(), 1, "it is tried again");
    store.write(NoticeSent { id: notices[0].id, now: later(MORNING + DAY) }).await.unwrap();
    assert_eq!(due(&store, 9 * DAY).await.len(), 0);
}

async fn a_choice_takes_what_waited_with_it(store: Store) {
    let (mut dice, anna, bjorn) = two_people(&store, 16).await;
    post(&store, &anna, vec![dice.letter(&[&anna, &bjorn])], NOW).await.unwrap();
    choose(&store, &bjorn, LetterNotices::Daily).await;
    assert_eq!(due(&store, 9 * DAY).await.len(), 0, "who chooses has the mailbox open");
    post(&store, &anna, vec![dice.letter(&[&anna, &bjorn])], NOW).await.unwrap();
    choose(&store, &bjorn, LetterNotices::AtOnce).await;
    post(&store, &anna, vec![dice.letter(&[&anna, &bjorn])], later(1)).await.unwrap();
    assert_eq!(due(&store, 1).await.len(), 1, "and the next letter is told as they want");
}

/// Takes a member's row away, as nothing of ours does.
struct Unregister(MailboxId);

impl Act for Unregister {
    type Output = ();
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<(), StoreError> {
        db.exec("DELETE FROM member WHERE mailbox_id = $1", &[&self.0]).await.map(drop)
    }
}

async fn a_notice_to_nobody_keeps_no_other_from_being_claimed(store: Store) {
    let (mut dice, anna, bjorn) = two_people(&store, 11).await;
    let cecilia = register(&store, &mut dice).await;
    drop_all(&store).await;
    post(&store, &anna, vec![dice.letter(&[&anna, &bjorn, &cecilia])], NOW).await.unwrap();
    store.write(Unregister(bjorn.account.mailbox())).await.unwrap();
    let notices = due(&store, 0).await;
    assert_eq!(notices.len(), 2);
    let nobodys = notices.iter().filter(|notice| matches!(notice.content, NoticeContent::Nobody));
    assert_eq!(nobodys.count(), 1);
}
