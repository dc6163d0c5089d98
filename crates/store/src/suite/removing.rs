//! PROTOCOL §7, §8: an account is removed after seven announced days, with everything that is its own.

use securemailbox_protocol::{
    ids::{AccountId, RegistrationId},
    letters::Folder,
    limits,
    numbers::ChangeNumber,
    security::SecurityEventKind,
    time::Timestamp,
    waits::{Wait, WaitKind},
};

use super::{
    on_both,
    people::{
        Dice, NOW, Person, WRONG_CODE, empty_trash, enter, later, only_offer, post, prove_address, register, trash,
        write_new,
    },
    together::Count,
};
use crate::{
    Act, Db, ReadOnly, Store, StoreError,
    accounts::AddressLookup,
    directory::ListingByAddress,
    letters::PostLettersError,
    notices::{Lane, NewNotice},
    proofs::HolderId,
    proving::ChosenFactor,
    registrations::{BeginRegistration, Registering, RegistrationForPhone, Wanted},
    removals::{AccountToRemove, BeginRemoval, BeginRemovalError, RemovalsDue, RemoveAccount},
    security::SecurityEvent,
    sessions::SessionByToken,
    sync::{ChangesSince, Scope},
    waits::{AnnounceWait, NewWait, StopWait},
};
use securemailbox_protocol::records::RecordPurpose;

on_both! {
    who_proves_the_address_begins_a_removal_and_nobody_else
    what_is_an_accounts_own_goes_and_what_others_have_stays_until_they_erase_it
    a_removal_that_was_stopped_removes_nothing
    each_removal_is_announced_everywhere_and_so_many_begin_in_a_day
}

fn removal(dice: &mut Dice, at: Timestamp) -> NewWait {
    let event = SecurityEvent { kind: SecurityEventKind::RemovalBegun, session: dice.session(at).id, at };
    NewWait { kind: WaitKind::Removal, stop_hash: dice.hash(), event, notices: vec![dice.notice()] }
}

/// Asks for it with the session of its owner: what waits.
async fn begins(store: &Store, dice: &mut Dice, account: AccountId) -> Wait {
    let begin = BeginRemoval { account, registration: None, wait: removal(dice, NOW) };
    store.write(begin).await.unwrap()
}

async fn each_removal_is_announced_everywhere_and_so_many_begin_in_a_day(store: Store) {
    let mut dice = Dice::new(404);
    let anna = register(&store, &mut dice).await;
    let account = anna.account;
    let begin = |dice: &mut Dice, at| {
        let text = NewNotice { lane: Lane::Texts, ..dice.notice() };
        let wait = NewWait { notices: vec![dice.notice(), text], ..removal(dice, at) };
        BeginRemoval { account, registration: None, wait }
    };
    let queued = async || store.read(Count("SELECT COUNT(*) FROM notice")).await.unwrap();
    let before = queued().await;
    for time in 0..limits::WAITS_A_DAY {
        store.write(begin(&mut dice, later(time))).await.unwrap();
        let waits = store.write(begin(&mut dice, later(time))).await.unwrap();
        assert_eq!(waits.begun, later(time), "one that waits is no other one");
        store.write(StopWait { account, kind: WaitKind::Removal }).await.unwrap();
    }
    let announced = i64::try_from(2 * limits::WAITS_A_DAY).unwrap();
    assert_eq!(queued().await, before + announced, "no phone is left silent");
    let refused = store.write(begin(&mut dice, later(60))).await;
    assert!(matches!(refused, Err(BeginRemovalError::TooOften)), "{refused:?}");
    let next_day = later(60).after(limits::ANNOUNCED_WITHIN);
    store.write(begin(&mut dice, next_day)).await.unwrap();
}

/// Asks for it with the address.
async fn asks(store: &Store, dice: &mut Dice, address_lookup: AddressLookup) -> RegistrationId {
    let begin = BeginRegistration { wants: Wanted::Removal, ..dice.begin_registration(address_lookup) };
    let id = begin.id;
    store.write(begin).await.unwrap();
    id
}

async fn who_proves_the_address_begins_a_removal_and_nobody_else(store: Store) {
    let mut dice = Dice::new(401);
    let anna = register(&store, &mut dice).await;
    let id = asks(&store, &mut dice, anna.address_lookup).await;
    let to_remove = async |id, now| store.read(AccountToRemove { id, now }).await.unwrap();
    assert_eq!(to_remove(id, NOW).await, None, "nothing is proved");
    let factor = only_offer(&store, HolderId::Registration(id)).await;
    super::people::expect(&store, &mut dice, HolderId::Registration(id), factor, [9; 32]).await.unwrap();
    assert!(enter(&store, Registering(id), factor, WRONG_CODE).await.is_err());
    assert_eq!(to_remove(id, NOW).await, None);
    let id = asks(&store, &mut dice, anna.address_lookup).await;
    prove_address(&store, &mut dice, id).await;
    assert_eq!(to_remove(id, NOW).await, Some(anna.account));
    assert!(store.read(RegistrationForPhone { id, now: NOW }).await.is_err(), "it registers nobody");

    let begin =
        |dice: &mut Dice| BeginRemoval { account: anna.account, registration: Some(id), wait: removal(dice, NOW) };
    let wait = store.write(begin(&mut dice)).await.unwrap();
    assert_eq!((wait.begun, wait.due), (NOW, NOW.after(WaitKind::Removal.lasts())));
    let again = store.write(begin(&mut dice)).await;
    assert!(matches!(again, Err(BeginRemovalError::NotProved)), "once");
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM factor WHERE kind = 'address'")).await, Ok(1), "the wrong one's");

    // Who has no mailbox is asked for a code that nobody has.
    let id = asks(&store, &mut dice, dice_hash(7)).await;
    let holder = HolderId::Registration(id);
    let factor = only_offer(&store, holder).await;
    assert!(store.read(ChosenFactor { holder, factor, now: NOW }).await.unwrap().in_vain);
}

fn dice_hash(seed: u64) -> AddressLookup {
    Dice::new(seed).hash()
}

/// In how many rows of any table an account is named.
struct Named(AccountId);

impl Act for Named {
    type Output = Vec<(&'static str, i64)>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const TABLES: [(&str, &str); 18] = [
            ("mailbox", "SELECT COUNT(*) FROM mailbox WHERE mailbox_id = $1"),
            ("member", "SELECT COUNT(*) FROM member WHERE mailbox_id = $1"),
            ("certificate", "SELECT COUNT(*) FROM certificate WHERE mailbox_id = $1"),
            ("factor", "SELECT COUNT(*) FROM factor WHERE mailbox_id = $1"),
            ("one_time_code", "SELECT COUNT(*) FROM one_time_code WHERE mailbox_id = $1"),
            ("sign_in", "SELECT COUNT(*) FROM sign_in WHERE account_id = $1"),
            ("recovery", "SELECT COUNT(*) FROM recovery WHERE account_id = $1"),
            ("wait", "SELECT COUNT(*) FROM wait WHERE mailbox_id = $1"),
            ("session", "SELECT COUNT(*) FROM session WHERE mailbox_id = $1"),
            ("security_event", "SELECT COUNT(*) FROM security_event WHERE mailbox_id = $1"),
            ("slot", "SELECT COUNT(*) FROM slot WHERE mailbox_id = $1"),
            ("record", "SELECT COUNT(*) FROM record WHERE mailbox_id = $1"),
            ("entry", "SELECT COUNT(*) FROM entry WHERE mailbox_id = $1"),
            ("entry from", "SELECT COUNT(*) FROM entry WHERE sender_id = $1"),
            ("letter", "SELECT COUNT(*) FROM letter WHERE sender_id = $1"),
            ("delivery", "SELECT COUNT(*) FROM delivery WHERE reader_id = $1"),
            ("receipt", "SELECT COUNT(*) FROM receipt WHERE mailbox_id = $1"),
            ("notice", "SELECT COUNT(*) FROM notice WHERE mailbox_id = $1"),
        ];
        let mut named = Vec::new();
        for (table, sql) in TABLES {
            let count: i64 = db.row(sql, &[&self.0]).await?.ok_or(StoreError::Damaged("a count"))?.take()?;
            if count > 0 {
                named.push((table, count));
            }
        }
        Ok(named)
    }
}

impl ReadOnly for Named {}

async fn removes(store: &Store, dice: &mut Dice, person: &Person) {
    let wait = begins(store, dice, person.account).await;
    let remove = |now, dice: &mut Dice| RemoveAccount { account: person.account, notices: vec![dice.notice()], now };
    assert!(store.read(RemovalsDue { now: later(60) }).await.unwrap().is_empty());
    assert!(!store.write(remove(later(60), dice)).await.unwrap(), "not before its time");
    assert!(
        store.read(RemovalsDue { now: wait.due }).await.unwrap().is_empty(),
        "it was not announced as it should be"
    );
    let last = wait.due.before(limits::LAST_WORD);
    let announce = AnnounceWait { account: person.account, wait, notices: vec![dice.notice()], now: last };
    store.write(announce).await.unwrap();
    assert_eq!(store.read(RemovalsDue { now: wait.due }).await.unwrap(), [person.account]);
    assert!(store.write(remove(wait.due, dice)).await.unwrap());
    assert!(!store.write(remove(wait.due, dice)).await.unwrap(), "once");
    store.erase_removed().await.unwrap();
}

async fn what_is_an_accounts_own_goes_and_what_others_have_stays_until_they_erase_it(store: Store) {
    let mut dice = Dice::new(402);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    write_new(&store, &mut dice, anna.account, RecordPurpose::Contact).await;
    let letters = [dice.letter(&[&anna, &bjorn]), dice.letter(&[&bjorn, &anna])];
    let [from_anna, from_bjorn] = [letters[0].new.id, letters[1].new.id];
    for (sender, letter) in [&anna, &bjorn].into_iter().zip(letters) {
        post(&store, sender, vec![letter], NOW).await.unwrap();
    }
    removes(&store, &mut dice, &anna).await;

    assert!(store.read(SessionByToken { token_hash: anna.token_hash, now: NOW }).await.unwrap().is_none());
    assert!(store.read(ListingByAddress { address_lookup: anna.address_lookup }).await.unwrap().is_none());
    let asked = ChangesSince {
        mailbox: bjorn.account.mailbox(),
        since: ChangeNumber::ZERO,
        limit: 100,
        scope: Scope::Everything,
    };
    let entries = store.read(asked).await.unwrap().entries;
    let his: Vec<_> = entries.iter().map(|entry| (entry.id, entry.folder)).collect();
    assert!(his.contains(&(from_anna, Folder::Inbox)) && his.contains(&(from_bjorn, Folder::Sent)), "{his:?}");
    let named = store.read(Named(anna.account)).await.unwrap();
    let left = ["mailbox", "member", "certificate", "entry from", "letter", "delivery"];
    assert_eq!(named.iter().map(|(table, _)| *table).collect::<Vec<_>>(), left, "{named:?}");
    let letter = dice.letter(&[&bjorn, &anna]);
    let written = post(&store, &bjorn, vec![letter], NOW).await;
    assert!(matches!(written, Err(PostLettersError::StaleKey { .. })), "nobody can write to her");
    // The address is free.
    let again = dice.begin_registration(anna.address_lookup);
    let holder = HolderId::Registration(again.id);
    store.write(again).await.unwrap();
    let factor = only_offer(&store, holder).await;
    assert!(!store.read(ChosenFactor { holder, factor, now: NOW }).await.unwrap().in_vain);

    for letter in [from_anna, from_bjorn] {
        trash(&store, &bjorn, letter).await;
    }
    empty_trash(&store, bjorn.account, NOW).await.unwrap();
    store.erase_removed().await.unwrap();
    assert_eq!(store.read(Named(anna.account)).await.unwrap(), [], "nothing names her any more");
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM erasing")).await, Ok(0));
}

async fn a_removal_that_was_stopped_removes_nothing(store: Store) {
    let mut dice = Dice::new(403);
    let anna = register(&store, &mut dice).await;
    let wait = begins(&store, &mut dice, anna.account).await;
    store.write(StopWait { account: anna.account, kind: WaitKind::Removal }).await.unwrap();
    let late = RemoveAccount { account: anna.account, notices: Vec::new(), now: wait.due };
    assert!(!store.write(late).await.unwrap());
    assert!(store.read(SessionByToken { token_hash: anna.token_hash, now: NOW }).await.unwrap().is_some());
}
