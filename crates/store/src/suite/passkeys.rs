//! PROTOCOL §7: passkeys as rows, their slots, and the last way in.

use securemailbox_protocol::{
    factors::FactorKind,
    ids::{FactorId, SlotId},
    levels::Level,
    limits,
    slots::SlotKind,
};

use super::{
    on_both,
    people::{Dice, NOW, Person, later, register, registering},
    together::Count,
};
use crate::{
    Act, Db, Store, StoreError,
    factors::FactorsOf,
    jobs::Sweep,
    meta::{MetaKey, ReadMeta},
    passkeys::{
        AddPasskey, AddPasskeyError, AuthenticatorRow, BeginFirstPasskey, BeginPasskey, BeginPasskeySignIn, Credential,
        KeepHost, ListPasskeys, PasskeyByCredential, PasskeyMade, PasskeySlot, PasskeysElsewhere, PeopleElsewhere,
        RemovePasskey, RemovePasskeyError, SignInByPasskey, TakeEnrolling, TakePasskeySignIn,
    },
    proofs::HolderId,
    registrations::{CompleteRegistration, FirstWay, RegistrationError},
    sessions::{EndSession, SessionByToken},
    slots::WaysIn,
};

on_both! {
    a_passkey_goes_with_its_slot_and_lets_nobody_in_any_more
    the_last_way_in_is_not_removed
    a_session_that_stands_by_a_reserve_stands_no_higher_for_a_passkey_that_it_added
    what_was_begun_ends_with_its_time_and_its_session
    a_credential_is_one_accounts
    passkeys_of_another_host_count_for_nothing_and_come_back_with_it
    a_mailbox_is_made_with_the_passkey_of_its_registration_or_not_at_all
}

const HERE: &str = "mail.example.se";
const NEW: AuthenticatorRow = AuthenticatorRow { counter: 0, backup_eligible: true, backed_up: false };

/// Does what it says.
struct Exec(&'static str);

impl Act for Exec {
    type Output = u64;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<u64, StoreError> {
        db.exec(self.0, &[]).await
    }
}

/// Adds a passkey with that credential and a slot.
async fn add(store: &Store, dice: &mut Dice, person: &Person, credential: u8) -> Result<FactorId, AddPasskeyError> {
    let Person { account, session, .. } = *person;
    let factor = FactorId::new(NOW, &mut dice.0);
    if store.read(ReadMeta { key: MetaKey::Host }).await?.is_none() {
        store.write(KeepHost(HERE.into())).await?;
    }
    store.write(BeginPasskey { account, session, factor, challenge: [1; 32], now: NOW }).await?;
    store.write(TakeEnrolling { holder: HolderId::Session(session), factor, now: NOW }).await?.expect("begun");
    let credential = Credential { id: vec![credential; 16], public_key: dice.bytes(77), authenticator: NEW };
    store
        .write(PasskeyMade { holder: HolderId::Session(session), factor, credential, challenge: [2; 32], now: NOW })
        .await?;
    store.write(TakeEnrolling { holder: HolderId::Session(session), factor, now: NOW }).await?.expect("made");
    let slot = Some(PasskeySlot { id: SlotId::new(NOW, &mut dice.0), sealed: dice.bytes(80) });
    store.write(AddPasskey { account, session, factor, authenticator: NEW, slot, now: NOW }).await?;
    Ok(factor)
}

async fn a_passkey_goes_with_its_slot_and_lets_nobody_in_any_more(store: Store) {
    let mut dice = Dice::new(1);
    let person = register(&store, &mut dice).await;
    let account = person.account;
    let factor = add(&store, &mut dice, &person, 7).await.unwrap();
    let listed = store.read(ListPasskeys { account }).await.unwrap();
    assert_eq!((listed.len(), listed[0].factor, listed[0].opens, listed[0].used), (1, factor, true, None));

    let authenticator = AuthenticatorRow { counter: 3, ..NEW };
    let sign_in = |session| SignInByPasskey { account, factor, authenticator, opens: true, session };
    let signed_in = store.write(sign_in(dice.session(later(5)))).await.unwrap().unwrap();
    assert_eq!((signed_in.begun.standing.level, signed_in.slots[0].kind), (Level::Passkey, SlotKind::Passkey));
    assert_eq!(store.read(ListPasskeys { account }).await.unwrap()[0].used, Some(later(5)));
    let known = store.read(PasskeyByCredential { credential: vec![7; 16] }).await.unwrap().unwrap();
    assert_eq!((known.account, known.credential.authenticator.counter), (account, 3));

    store.write(RemovePasskey { account, factor }).await.unwrap();
    assert!(store.write(sign_in(dice.session(later(6)))).await.unwrap().is_none());
    assert!(store.read(PasskeyByCredential { credential: vec![7; 16] }).await.unwrap().is_none());
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM slot WHERE kind = 'passkey'")).await, Ok(0));
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM factor WHERE kind = 'passkey'")).await, Ok(0));
    assert_eq!(store.write(RemovePasskey { account, factor }).await, Err(RemovePasskeyError::NotFound));
}

async fn the_last_way_in_is_not_removed(store: Store) {
    let mut dice = Dice::new(1);
    let person = register(&store, &mut dice).await;
    let account = person.account;
    let factor = add(&store, &mut dice, &person, 7).await.unwrap();
    store.write(Exec("DELETE FROM slot WHERE kind = 'password'")).await.unwrap();
    assert_eq!(store.write(RemovePasskey { account, factor }).await, Err(RemovePasskeyError::LastWayIn));
    assert_eq!(store.read(ListPasskeys { account }).await.unwrap().len(), 1, "nothing of it went");
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM slot WHERE kind = 'passkey'")).await, Ok(1));
    let second = add(&store, &mut dice, &person, 8).await.unwrap();
    store.write(RemovePasskey { account, factor }).await.unwrap();

    store.write(Exec("DELETE FROM factor WHERE kind = 'phone'")).await.unwrap();
    let third = add(&store, &mut dice, &person, 9).await.unwrap();
    store.write(RemovePasskey { account, factor: second }).await.unwrap();
    assert_eq!(store.write(RemovePasskey { account, factor: third }).await, Err(RemovePasskeyError::LastWayIn));
}

async fn a_session_that_stands_by_a_reserve_stands_no_higher_for_a_passkey_that_it_added(store: Store) {
    let mut dice = Dice::new(1);
    let [by_reserve, by_phone] = [register(&store, &mut dice).await, register(&store, &mut dice).await];
    let level = async |person: &Person| {
        let token = SessionByToken { token_hash: person.token_hash, now: NOW };
        store.read(token).await.unwrap().unwrap().standing.level
    };
    add(&store, &mut dice, &by_phone, 1).await.unwrap();
    assert_eq!(level(&by_phone).await, Level::Passkey, "it was proved just now");
    store.write(Exec("UPDATE session SET reserve = proved")).await.unwrap();
    add(&store, &mut dice, &by_reserve, 2).await.unwrap();
    assert_eq!(level(&by_reserve).await, Level::Phone);
}

async fn what_was_begun_ends_with_its_time_and_its_session(store: Store) {
    let mut dice = Dice::new(1);
    let Person { account, session, .. } = register(&store, &mut dice).await;
    let factor = FactorId::new(NOW, &mut dice.0);
    let begin = || BeginPasskey { account, session, factor, challenge: [1; 32], now: NOW };
    store.write(begin()).await.unwrap();
    store.write(Sweep { now: NOW.after(limits::CHALLENGE_LIFE) }).await.unwrap();
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM enrolling_passkey")).await, Ok(0));
    let id = securemailbox_protocol::ids::SignInId::new(NOW, &mut dice.0);
    store.write(BeginPasskeySignIn { id, challenge: [1; 32], now: NOW }).await.unwrap();
    assert_eq!(store.write(TakePasskeySignIn { id, now: later(1) }).await, Ok(Some([1; 32])));
    assert_eq!(store.write(TakePasskeySignIn { id, now: later(1) }).await, Ok(None), "once");
    store.write(begin()).await.unwrap();
    store.write(EndSession { account, session }).await.unwrap();
    assert_eq!(store.write(begin()).await, Err(AddPasskeyError::NoSession));
}

async fn a_credential_is_one_accounts(store: Store) {
    let mut dice = Dice::new(1);
    let [anna, bjorn] = [register(&store, &mut dice).await, register(&store, &mut dice).await];
    add(&store, &mut dice, &anna, 7).await.unwrap();
    assert_eq!(add(&store, &mut dice, &bjorn, 7).await, Err(AddPasskeyError::Taken));
    assert_eq!(store.read(ListPasskeys { account: bjorn.account }).await.unwrap(), []);
    let known = store.read(PasskeyByCredential { credential: vec![7; 16] }).await.unwrap().unwrap();
    assert_eq!(known.account, anna.account);
}

/// PROTOCOL §7: a browser uses them at their own host only.
async fn passkeys_of_another_host_count_for_nothing_and_come_back_with_it(store: Store) {
    let mut dice = Dice::new(1);
    let [anna, bjorn] = [register(&store, &mut dice).await, register(&store, &mut dice).await];
    let factor = add(&store, &mut dice, &anna, 7).await.unwrap();
    add(&store, &mut dice, &bjorn, 8).await.unwrap();
    let elsewhere = async |host: &str| store.read(PasskeysElsewhere { host: host.to_owned() }).await.unwrap();
    assert_eq!(elsewhere(HERE).await, []);
    let of = |people, stranded| [PeopleElsewhere { host: HERE.to_owned(), people, stranded }];
    assert_eq!(elsewhere("post.example.se").await, of(2, 0));
    let sql = "DELETE FROM slot WHERE kind = 'password' AND mailbox_id = (SELECT mailbox_id FROM passkey LIMIT 1)";
    store.write(Exec(sql)).await.unwrap();
    assert_eq!(elsewhere("post.example.se").await, of(2, 1));

    store.write(KeepHost("post.example.se".into())).await.unwrap();
    let kinds = async || {
        let factors = store.read(FactorsOf { account: anna.account }).await.unwrap();
        factors.into_iter().map(|factor| factor.kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds().await, [FactorKind::Phone], "it is asked for nowhere");
    assert_eq!(store.read(ListPasskeys { account: anna.account }).await, Ok(Vec::new()));
    assert_eq!(store.read(PasskeyByCredential { credential: vec![7; 16] }).await, Ok(None));
    let new = add(&store, &mut dice, &anna, 9).await.unwrap();
    assert_eq!(elsewhere("post.example.se").await[0].people, 2);

    store.write(KeepHost(HERE.into())).await.unwrap();
    let listed = store.read(ListPasskeys { account: anna.account }).await.unwrap();
    assert_eq!(listed.iter().map(|row| row.factor).collect::<Vec<_>>(), [factor]);
    assert_eq!(elsewhere(HERE).await[0].host, "post.example.se");
    assert!(new != factor);
}

async fn a_mailbox_is_made_with_the_passkey_of_its_registration_or_not_at_all(store: Store) {
    let mut dice = Dice::new(1);
    let other = register(&store, &mut dice).await;
    add(&store, &mut dice, &other, 9).await.unwrap();
    let (id, account) = registering(&store, &mut dice).await;
    let holder = HolderId::Registration(id);
    let factor = FactorId::new(NOW, &mut dice.0);
    let made = async |dice: &mut Dice, credential: u8| {
        store.write(BeginFirstPasskey { id, account, factor, challenge: [1; 32], now: NOW }).await.unwrap();
        store.write(TakeEnrolling { holder, factor, now: NOW }).await.unwrap().unwrap();
        let credential = Credential { id: vec![credential; 16], public_key: dice.bytes(77), authenticator: NEW };
        store.write(PasskeyMade { holder, factor, credential, challenge: [2; 32], now: NOW }).await.unwrap();
    };
    let complete = async |dice: &mut Dice, factor| {
        let slot = PasskeySlot { id: SlotId::new(NOW, &mut dice.0), sealed: dice.bytes(80) };
        let first_way = FirstWay::Passkey { factor, authenticator: NEW, slot };
        store.write(CompleteRegistration { first_way, ..dice.complete_registration(id) }).await
    };
    let nothing = Count(
        "SELECT COUNT(*) FROM member WHERE mailbox_id NOT IN (SELECT mailbox_id FROM slot WHERE kind = 'password')",
    );

    made(&mut dice, 7).await;
    let refused = complete(&mut dice, factor).await.err();
    assert!(matches!(refused, Some(RegistrationError::PasskeyRefused)), "nothing was signed: its challenge waits");
    made(&mut dice, 9).await;
    store.write(TakeEnrolling { holder, factor, now: NOW }).await.unwrap().unwrap();
    let refused = complete(&mut dice, factor).await.err();
    assert!(matches!(refused, Some(RegistrationError::PasskeyRefused)), "the credential is somebody else's");
    made(&mut dice, 7).await;
    store.write(TakeEnrolling { holder, factor, now: NOW }).await.unwrap().unwrap();
    let another = FactorId::new(NOW, &mut dice.0);
    let refused = complete(&mut dice, another).await.err();
    assert!(matches!(refused, Some(RegistrationError::PasskeyRefused)), "another one is named");
    assert_eq!(store.read(nothing).await, Ok(0), "all or nothing");

    let begun = complete(&mut dice, factor).await.unwrap();
    assert_eq!((begun.account, begun.standing.level), (account, Level::Passkey));
    assert_eq!(store.read(WaysIn { account }).await.unwrap(), [SlotKind::Passkey, SlotKind::Recovery]);
    let listed = store.read(ListPasskeys { account }).await.unwrap();
    assert_eq!((listed.len(), listed[0].factor, listed[0].opens), (1, factor, true));
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM enrolling_passkey")).await, Ok(0));
}
