//! PROTOCOL §9a: signing in, forgotten password, sessions and device slots.

use securemailbox_protocol::{
    ids::{RecoveryId, SignInId, SlotId},
    levels::Level,
    limits,
    slots::SlotKind,
};

use super::{
    on_both,
    people::{Dice, NOW, PHONE_CODE, Person, WRONG_CODE, enter, expect, later, register},
    together::Count,
};
use crate::{
    Store,
    jobs::Sweep,
    proofs::{HolderId, Standing, Verdict},
    proving::{ChooseError, EnterCode, Entered, OffersTo},
    recoveries::{
        BeginRecovery, CompleteRecovery, PutRecoverySlot, Recovered, Recovering, RecoveryError, RecoveryForPassword,
    },
    sessions::{Begun, EndSession, EndSessionError, ListSessions, SessionByToken, TouchSession},
    sign_in::{BeginSignIn, CredentialsByAddress, PasswordProved, SignInError, SigningIn, TakeSignInState},
    slots::{DeviceSlot, DeviceSlotOf, LockSession, PutDeviceSlot, PutSlotError, UnlockSession},
};

on_both! {
    a_sign_in_goes_by_password_and_code_to_a_session_and_the_password_slot
    a_third_message_gets_one_try
    a_code_gets_five_tries_and_they_outlive_the_request
    an_unknown_address_gets_no_code
    a_forgotten_password_is_replaced_and_ends_every_session_with_its_slot
    a_wrong_proof_and_an_unknown_address_begin_no_recovery
    a_session_lives_twelve_hours_or_thirty_days_after_its_last_use_and_no_longer_than_half_a_year
    of_too_many_sessions_the_one_that_was_used_longest_ago_ends
    an_ended_session_takes_its_device_slot_along
    a_locked_session_has_no_device_slot_and_stays
    a_locked_session_is_unlocked_for_its_own_account_and_gets_the_slot_of_its_password
    a_new_sheet_spends_the_old_one_and_the_recovery_that_holds_it
    an_ended_session_replaces_no_sheet
}

async fn begin(store: &Store, dice: &mut Dice, person: Option<&Person>) -> SignInId {
    let id = SignInId::new(NOW, &mut dice.0);
    let account = person.map(|person| person.account);
    store.write(BeginSignIn { id, account, state: b"the server's half".to_vec(), now: NOW }).await.unwrap();
    id
}

/// A sign-in whose password was right.
async fn begin_with_password(store: &Store, dice: &mut Dice, person: &Person) -> SignInId {
    let id = begin(store, dice, Some(person)).await;
    store.write(TakeSignInState { id, now: NOW }).await.unwrap();
    store.write(PasswordProved { id, now: NOW }).await.unwrap();
    id
}

async fn a_sign_in_goes_by_password_and_code_to_a_session_and_the_password_slot(store: Store) {
    let mut dice = Dice::new(1);
    let person = register(&store, &mut dice).await;
    let credentials = CredentialsByAddress { address_lookup: person.address_lookup };
    assert!(store.read(credentials).await.unwrap().unwrap().account == person.account);
    let id = begin(&store, &mut dice, Some(&person)).await;
    let (holder, phone) = (HolderId::SignIn(id), person.phone);
    let too_early = async |dice: &mut Dice| {
        let offers = store.read(OffersTo { holder, now: NOW }).await;
        matches!(offers, Err(ChooseError::Over))
            && matches!(expect(&store, dice, holder, phone, PHONE_CODE).await, Err(ChooseError::Over))
    };
    assert!(too_early(&mut dice).await, "no password yet");
    let taken = store.write(TakeSignInState { id, now: NOW }).await.unwrap().unwrap();
    assert!(taken.account == Some(person.account) && taken.state == b"the server's half");
    assert!(too_early(&mut dice).await, "a third message came, and nobody said that it was right");
    let offered = store.write(PasswordProved { id, now: NOW }).await.unwrap();
    assert_eq!(offered.factors.iter().map(|factor| factor.id).collect::<Vec<_>>(), [phone]);
    let again = store.write(PasswordProved { id, now: NOW }).await;
    assert!(matches!(again, Err(SignInError::SignInOver)), "a password is proved once");
    expect(&store, &mut dice, holder, phone, PHONE_CODE).await.unwrap();
    let session = dice.session(later(30));
    let token_hash = session.token_hash;
    let enter = |code| {
        let holder = SigningIn { id, session: session.clone() };
        EnterCode { holder, factor: phone, code, now: later(30) }
    };
    assert!(matches!(store.write(enter(WRONG_CODE)).await.unwrap(), Entered::Refused(Verdict::Wrong)));
    assert_eq!(store.read(SessionByToken { token_hash, now: later(30) }).await, Ok(None));
    let Entered::Proved(signed_in) = store.write(enter(PHONE_CODE)).await.unwrap() else { panic!("the right code") };
    let standing = Standing { level: Level::Phone, proved: later(30) };
    assert_eq!(signed_in.begun, Begun { account: person.account, standing });
    assert_eq!(signed_in.slots.iter().map(|slot| slot.kind).collect::<Vec<_>>(), [SlotKind::Password]);
    let found = store.read(SessionByToken { token_hash, now: later(30) }).await.unwrap().unwrap();
    assert_eq!((found.account, found.standing, found.kept), (person.account, standing, false));
    assert!(matches!(store.write(enter(PHONE_CODE)).await.unwrap(), Entered::Refused(Verdict::AlreadyOver)));
}

async fn a_third_message_gets_one_try(store: Store) {
    let mut dice = Dice::new(2);
    let person = register(&store, &mut dice).await;
    let id = begin(&store, &mut dice, Some(&person)).await;
    let late = begin(&store, &mut dice, Some(&person)).await;
    let tries = (0..8).map(|_| store.write(TakeSignInState { id, now: NOW }));
    let tries = futures_util::future::try_join_all(tries).await.unwrap();
    assert_eq!(tries.iter().flatten().count(), 1);
    let over = NOW.after(limits::SIGN_IN_LIFE);
    assert!(store.write(TakeSignInState { id: late, now: over }).await.unwrap().is_none());
    assert_eq!(store.write(Sweep { now: over }).await.unwrap().sign_ins, 2);
}

async fn a_code_gets_five_tries_and_they_outlive_the_request(store: Store) {
    let mut dice = Dice::new(3);
    let person = register(&store, &mut dice).await;
    let id = begin_with_password(&store, &mut dice, &person).await;
    expect(&store, &mut dice, HolderId::SignIn(id), person.phone, PHONE_CODE).await.unwrap();
    let mut verdicts = Vec::new();
    for code in [WRONG_CODE; 5].into_iter().chain([PHONE_CODE]) {
        let holder = SigningIn { id, session: dice.session(NOW) };
        match enter(&store, holder, person.phone, code).await {
            Err(verdict) => verdicts.push(verdict),
            Ok(_) => panic!("the tries are used up"),
        }
    }
    assert_eq!(verdicts[..4], [Verdict::Wrong; 4]);
    assert_eq!(verdicts[4..], [Verdict::NoTriesLeft, Verdict::AlreadyOver]);
}

async fn an_unknown_address_gets_no_code(store: Store) {
    let mut dice = Dice::new(4);
    let id = begin(&store, &mut dice, None).await;
    assert!(store.write(TakeSignInState { id, now: NOW }).await.unwrap().unwrap().account.is_none());
    let proved = store.write(PasswordProved { id, now: NOW }).await;
    assert!(matches!(proved, Err(SignInError::SignInOver)), "nobody knows a password that nobody has");
    assert!(matches!(store.read(OffersTo { holder: HolderId::SignIn(id), now: NOW }).await, Err(ChooseError::Over)));
}

async fn a_forgotten_password_is_replaced_and_ends_every_session_with_its_slot(store: Store) {
    let mut dice = Dice::new(5);
    let person = register(&store, &mut dice).await;
    let account = person.account;
    let slot = DeviceSlot { id: SlotId::new(NOW, &mut dice.0), sealed: dice.bytes(80), share_sealed: dice.bytes(80) };
    store.write(PutDeviceSlot { account, session: person.session, slot, keep: true }).await.unwrap();
    // Someone who knows the old password waits for a code.
    let intruder = begin_with_password(&store, &mut dice, &person).await;
    expect(&store, &mut dice, HolderId::SignIn(intruder), person.phone, PHONE_CODE).await.unwrap();

    let id = RecoveryId::new(NOW, &mut dice.0);
    let Person { address_lookup, proof_hash, .. } = person;
    let begun = store.write(BeginRecovery { id, address_lookup, proof_hash, now: NOW }).await.unwrap().unwrap();
    assert!(begun.offered.account == account);
    let complete = |dice: &mut Dice| CompleteRecovery {
        id,
        password: dice.password(),
        recovery: dice.recovery(),
        session: dice.session(NOW),
        now: NOW,
    };
    assert!(matches!(store.write(complete(&mut dice)).await, Err(RecoveryError::RecoveryOver)), "no code yet");
    expect(&store, &mut dice, HolderId::Recovery(id), person.phone, PHONE_CODE).await.unwrap();
    let Ok(recovered) = enter(&store, Recovering { id, paper: None }, person.phone, PHONE_CODE).await else {
        panic!("the right code")
    };
    assert!(
        matches!(recovered, Recovered::Slot { account: of, slot } if of == account && slot.kind == SlotKind::Recovery)
    );
    assert_eq!(store.read(RecoveryForPassword { id, now: NOW }).await.unwrap(), account);
    let complete = complete(&mut dice);
    let (token_hash, opaque_record) = (complete.session.token_hash, complete.password.opaque_record.clone());
    let standing = Standing { level: Level::Phone, proved: NOW };
    assert_eq!(store.write(complete).await.unwrap(), Begun { account, standing });

    let credentials = store.read(CredentialsByAddress { address_lookup }).await.unwrap().unwrap();
    assert!(credentials.opaque_record == opaque_record);
    let sessions = store.read(ListSessions { account, now: NOW }).await.unwrap();
    let new = store.read(SessionByToken { token_hash, now: NOW }).await.unwrap().unwrap();
    assert_eq!(sessions, [new]);
    assert!(store.read(DeviceSlotOf { session: person.session }).await.unwrap().is_none());
    let late = enter(&store, SigningIn { id: intruder, session: dice.session(NOW) }, person.phone, PHONE_CODE).await;
    assert!(matches!(late, Err(Verdict::AlreadyOver)));
    let used = BeginRecovery { id: RecoveryId::new(NOW, &mut dice.0), address_lookup, proof_hash, now: NOW };
    assert!(store.write(used).await.unwrap().is_none(), "the old sheet is spent");
}

async fn a_wrong_proof_and_an_unknown_address_begin_no_recovery(store: Store) {
    let mut dice = Dice::new(6);
    let person = register(&store, &mut dice).await;
    for (address_lookup, proof_hash) in
        [(person.address_lookup, dice.hash()), (dice.hash(), person.proof_hash), (dice.hash(), dice.hash())]
    {
        let id = RecoveryId::new(NOW, &mut dice.0);
        assert!(store.write(BeginRecovery { id, address_lookup, proof_hash, now: NOW }).await.unwrap().is_none());
        let chosen = expect(&store, &mut dice, HolderId::Recovery(id), person.phone, PHONE_CODE).await;
        assert!(matches!(chosen, Err(ChooseError::Over)));
    }
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM recovery")).await, Ok(0));
}

async fn a_session_lives_twelve_hours_or_thirty_days_after_its_last_use_and_no_longer_than_half_a_year(store: Store) {
    let mut dice = Dice::new(7);
    let person = register(&store, &mut dice).await;
    let (account, session, token_hash) = (person.account, person.session, person.token_hash);
    let lives = |now| {
        let found = store.read(SessionByToken { token_hash, now });
        async { found.await.unwrap().is_some() }
    };
    let just_before = |end: securemailbox_protocol::time::Timestamp| end.before(std::time::Duration::from_millis(1));
    // Using it does not lengthen an unkept session.
    store.write(TouchSession { session, now: later(3600) }).await.unwrap();
    let end = NOW.after(limits::SESSION_LIFE);
    assert!(lives(just_before(end)).await && !lives(end).await);
    let slot = DeviceSlot { id: SlotId::new(NOW, &mut dice.0), sealed: dice.bytes(80), share_sealed: dice.bytes(80) };
    store.write(PutDeviceSlot { account, session, slot, keep: true }).await.unwrap();
    let end = later(3600).after(limits::KEPT_SESSION_LIFE);
    assert!(lives(just_before(end)).await && !lives(end).await);
    store.write(TouchSession { session, now: later(3600 + 59) }).await.unwrap();
    assert!(!lives(end).await, "noted at most once a minute");
    store.write(TouchSession { session, now: later(3600 + 60) }).await.unwrap();
    assert!(lives(end).await);
    assert_eq!(store.write(Sweep { now: end }).await.unwrap().sessions, 0);
    // Half a year after it began it is over, though it was used each day.
    let over = NOW.after(limits::KEPT_SESSION_END);
    for day in 1..180 {
        store.write(TouchSession { session, now: later(day * 24 * 60 * 60) }).await.unwrap();
    }
    assert!(lives(just_before(over)).await && !lives(over).await);
    assert_eq!(store.write(Sweep { now: over }).await.unwrap().sessions, 1);
    assert!(store.read(DeviceSlotOf { session }).await.unwrap().is_none());
}

async fn of_too_many_sessions_the_one_that_was_used_longest_ago_ends(store: Store) {
    let mut dice = Dice::new(12);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let sign_in = async |dice: &mut Dice, now| {
        let id = begin_with_password(&store, dice, &anna).await;
        let holder = HolderId::SignIn(id);
        expect(&store, dice, holder, anna.phone, PHONE_CODE).await.unwrap();
        let session = dice.session(now);
        let (id_of_session, holder) = (session.id, SigningIn { id, session });
        let entered = EnterCode { holder, factor: anna.phone, code: PHONE_CODE, now };
        assert!(matches!(store.write(entered).await.unwrap(), Entered::Proved(_)));
        id_of_session
    };
    let second = sign_in(&mut dice, later(1)).await;
    for number in 2..limits::SESSIONS as u64 {
        sign_in(&mut dice, later(number)).await;
    }
    let living = async |account| {
        let sessions = store.read(ListSessions { account, now: later(3600) }).await.unwrap();
        sessions.into_iter().map(|session| session.id).collect::<Vec<_>>()
    };
    assert_eq!(living(anna.account).await.len(), limits::SESSIONS);
    // The first one is at work again.
    store.write(TouchSession { session: anna.session, now: later(120) }).await.unwrap();
    sign_in(&mut dice, later(130)).await;
    let left = living(anna.account).await;
    assert_eq!(left.len(), limits::SESSIONS);
    assert!(left.contains(&anna.session) && !left.contains(&second));
    assert_eq!(living(bjorn.account).await, [bjorn.session]);
}

async fn an_ended_session_takes_its_device_slot_along(store: Store) {
    let mut dice = Dice::new(8);
    let (person, other) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let (account, session) = (person.account, person.session);
    let slot = DeviceSlot { id: SlotId::new(NOW, &mut dice.0), sealed: dice.bytes(80), share_sealed: dice.bytes(80) };
    store.write(PutDeviceSlot { account, session, slot: slot.clone(), keep: false }).await.unwrap();
    let of_another = EndSession { account: other.account, session };
    assert_eq!(store.write(of_another).await, Err(EndSessionError::NotFound));
    let found = store.read(DeviceSlotOf { session }).await.unwrap().unwrap();
    assert!(found.share_sealed == slot.share_sealed && found.sealed == slot.sealed);
    store.write(EndSession { account, session }).await.unwrap();
    assert!(store.read(DeviceSlotOf { session }).await.unwrap().is_none());
    assert_eq!(store.read(SessionByToken { token_hash: person.token_hash, now: NOW }).await, Ok(None));
    let put = PutDeviceSlot { account, session, slot, keep: false };
    assert!(matches!(store.write(put).await, Err(PutSlotError::NoSession)));
}

async fn a_locked_session_has_no_device_slot_and_stays(store: Store) {
    let mut dice = Dice::new(9);
    let person = register(&store, &mut dice).await;
    let (account, session) = (person.account, person.session);
    let slot = |dice: &mut Dice| DeviceSlot {
        id: SlotId::new(NOW, &mut dice.0),
        sealed: dice.bytes(80),
        share_sealed: dice.bytes(80),
    };
    // The second takes the place of the first.
    for _ in 0..2 {
        let slot = slot(&mut dice);
        store.write(PutDeviceSlot { account, session, slot, keep: false }).await.unwrap();
    }
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM slot WHERE kind = 'device'")).await, Ok(1));
    let locked = async || {
        let found = store.read(SessionByToken { token_hash: person.token_hash, now: NOW }).await.unwrap();
        found.expect("the session stays").locked
    };
    assert!(!locked().await);
    store.write(LockSession { session }).await.unwrap();
    assert!(store.read(DeviceSlotOf { session }).await.unwrap().is_none());
    assert!(locked().await);
}

async fn a_locked_session_is_unlocked_for_its_own_account_and_gets_the_slot_of_its_password(store: Store) {
    let mut dice = Dice::new(10);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let locked = async |person: &Person| {
        let found = store.read(SessionByToken { token_hash: person.token_hash, now: NOW }).await.unwrap();
        found.unwrap().locked
    };
    let unlock = async |account, session| {
        let id = SignInId::new(NOW, &mut Dice::new(77).0);
        let state = vec![1; 8];
        store.write(BeginSignIn { id, account: Some(account), state, now: NOW }).await.unwrap();
        let slot = store.write(UnlockSession { account, session, sign_in: id }).await.unwrap();
        assert!(store.write(TakeSignInState { id, now: NOW }).await.unwrap().is_none(), "the sign-in is over");
        slot
    };
    for person in [&anna, &bjorn] {
        store.write(LockSession { session: person.session }).await.unwrap();
    }
    assert!(unlock(bjorn.account, anna.session).await.is_none(), "another's password");
    assert!(locked(&anna).await);
    assert_eq!(unlock(anna.account, anna.session).await.map(|slot| slot.kind), Some(SlotKind::Password));
    assert_eq!((locked(&anna).await, locked(&bjorn).await), (false, true));
}

async fn a_new_sheet_spends_the_old_one_and_the_recovery_that_holds_it(store: Store) {
    let mut dice = Dice::new(11);
    let person = register(&store, &mut dice).await;
    let Person { account, session, address_lookup, .. } = person;
    let begin = |dice: &mut Dice, proof_hash| BeginRecovery {
        id: RecoveryId::new(NOW, &mut dice.0),
        address_lookup,
        proof_hash,
        now: NOW,
    };
    let under_way = begin(&mut dice, person.proof_hash);
    let id = under_way.id;
    assert!(store.write(under_way).await.unwrap().is_some());
    expect(&store, &mut dice, HolderId::Recovery(id), person.phone, PHONE_CODE).await.unwrap();

    let slot = dice.recovery();
    let proof_hash = slot.proof_hash;
    // Twice, as after an answer that was lost.
    for slot in [slot.clone(), slot] {
        store.write(PutRecoverySlot { account, session, slot }).await.unwrap();
    }
    let entered = enter(&store, Recovering { id, paper: None }, person.phone, PHONE_CODE).await;
    assert!(matches!(entered, Err(Verdict::AlreadyOver)));
    assert!(store.write(begin(&mut dice, person.proof_hash)).await.unwrap().is_none(), "the old sheet is spent");
    assert!(store.write(begin(&mut dice, proof_hash)).await.unwrap().is_some(), "the new one counts");
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM slot WHERE kind = 'recovery'")).await, Ok(1));
}

async fn an_ended_session_replaces_no_sheet(store: Store) {
    let mut dice = Dice::new(12);
    let (person, other) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let (account, slot) = (person.account, dice.recovery());
    let put = |session| PutRecoverySlot { account, session, slot: slot.clone() };
    assert!(matches!(store.write(put(other.session)).await, Err(PutSlotError::NoSession)), "another's session");
    store.write(EndSession { account, session: person.session }).await.unwrap();
    assert!(matches!(store.write(put(person.session)).await, Err(PutSlotError::NoSession)));
    let id = RecoveryId::new(NOW, &mut dice.0);
    let Person { address_lookup, proof_hash, .. } = person;
    assert!(store.write(BeginRecovery { id, address_lookup, proof_hash, now: NOW }).await.unwrap().is_some());
}
