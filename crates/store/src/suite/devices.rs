//! PROTOCOL §6, §9a: devices that are new, and the end of all others.

use securemailbox_protocol::{
    ids::{FactorId, RecoveryId, SignInId},
    limits,
    security::SecurityEventKind::{self, NewDevice, OneTimeCodeUsed, OtherSessionsEnded, SignedIn},
};

use super::{
    enrolling::{asked, on_paper},
    on_both,
    people::{Dice, NOW, Person, later, register},
    together::Count,
};
use crate::{
    Store,
    devices::{IsPutOut, PutOutSession},
    jobs::Sweep,
    notices::{Lane, NewNotice},
    one_time_codes::MakeOneTimeCodes,
    proofs::Verdict,
    proving::{EnterKeptCode, Entered},
    recoveries::BeginRecovery,
    security::ListSecurityEvents,
    sessions::{EndOtherSessions, EndSession, EndSessionError, ListSessions, NewSession},
    sign_in::{BeginSignIn, SigningIn, TakeSignInState},
};

on_both! {
    a_new_device_is_told_of_as_often_as_other_news_and_listed_each_time
    all_others_end_with_what_is_under_way_and_are_told_of_once
    a_session_that_was_ended_is_not_begun_again_by_its_sign_in
    a_device_that_was_put_out_is_known_again_by_a_sign_in_only
}

async fn kinds(store: &Store, person: &Person) -> Vec<SecurityEventKind> {
    let events = store.read(ListSecurityEvents { account: person.account, now: later(3600) }).await.unwrap();
    events.into_iter().map(|event| event.kind).collect()
}

/// E-mails and SMS that wait.
async fn waiting(store: &Store) -> [i64; 2] {
    let mails = store.read(Count("SELECT COUNT(*) FROM notice WHERE lane = 'emails'")).await.unwrap();
    let texts = store.read(Count("SELECT COUNT(*) FROM notice WHERE lane = 'texts'")).await.unwrap();
    [mails, texts]
}

/// Gives somebody a sheet of so many codes.
async fn sheet(store: &Store, dice: &mut Dice, person: &Person, codes: usize) -> (FactorId, Vec<[u8; 32]>) {
    let (id, codes) = (FactorId::new(NOW, &mut dice.0), (0..codes).map(|_| dice.hash()).collect::<Vec<_>>());
    let make = MakeOneTimeCodes { account: person.account, id, codes: codes.clone(), now: NOW };
    store.write(make).await.unwrap();
    (id, codes)
}

/// Signs in by a code of the sheet.
async fn sign_in(
    store: &Store,
    dice: &mut Dice,
    person: &Person,
    (factor, code): (FactorId, [u8; 32]),
    session: NewSession,
) -> SignInId {
    let id = asked(store, dice, person, factor).await;
    let (code, now) = (on_paper(dice, code), session.now);
    let entered = store.write(EnterKeptCode { holder: SigningIn { id, session }, factor, code, now }).await;
    assert!(matches!(entered, Ok(Entered::Proved(_))));
    id
}

async fn a_new_device_is_told_of_as_often_as_other_news_and_listed_each_time(store: Store) {
    let mut dice = Dice::new(71);
    let anna = register(&store, &mut dice).await;
    let times = usize::try_from(limits::ANNOUNCEMENTS_A_DAY).unwrap() + 2;
    let (paper, codes) = sheet(&store, &mut dice, &anna, times).await;
    let [mails, texts] = waiting(&store).await;
    for (second, code) in codes.iter().enumerate() {
        let notices = vec![dice.notice(), NewNotice { lane: Lane::Texts, ..dice.notice() }];
        let session = NewSession { new_device: Some(notices), ..dice.session(later(1 + second as u64)) };
        sign_in(&store, &mut dice, &anna, (paper, *code), session).await;
    }
    let count = |kinds: &[SecurityEventKind], of| kinds.iter().filter(|kind| **kind == of).count();
    let kinds = kinds(&store, &anna).await;
    assert_eq!(count(&kinds, NewDevice), times - 2);
    assert_eq!(count(&kinds, SignedIn), 1 + 2, "the registration, and what was not told any more");
    let [of_codes, most] = [count(&kinds, OneTimeCodeUsed), times - 2].map(|number| i64::try_from(number).unwrap());
    assert_eq!(waiting(&store).await, [mails + of_codes + most, texts + 1]);
}

async fn all_others_end_with_what_is_under_way_and_are_told_of_once(store: Store) {
    let mut dice = Dice::new(72);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let Person { account, session, .. } = anna;
    let (paper, codes) = sheet(&store, &mut dice, &anna, 2).await;
    for code in codes {
        let session = dice.session(later(1));
        sign_in(&store, &mut dice, &anna, (paper, code), session).await;
    }
    let half_way = SignInId::new(NOW, &mut dice.0);
    store.write(BeginSignIn { id: half_way, account: Some(account), state: vec![1], now: NOW }).await.unwrap();
    let id = RecoveryId::new(NOW, &mut dice.0);
    let recovery = BeginRecovery { id, address_lookup: anna.address_lookup, proof_hash: anna.proof_hash, now: NOW };
    assert!(store.write(recovery).await.unwrap().is_some());
    let [mails, _] = waiting(&store).await;

    for _ in 0..2 {
        let notices = vec![dice.notice()];
        store.write(EndOtherSessions { account, session, notices, now: later(9) }).await.unwrap();
        let left = store.read(ListSessions { account, now: later(9) }).await.unwrap();
        assert_eq!(left.iter().map(|row| row.id).collect::<Vec<_>>(), [session]);
    }
    assert_eq!(waiting(&store).await[0], mails + 1, "with nobody else there, nothing happens");
    assert_eq!(kinds(&store, &anna).await[0], OtherSessionsEnded);
    assert!(store.write(TakeSignInState { id: half_way, now: later(9) }).await.unwrap().is_none());
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM sign_in")).await, Ok(0));
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM recovery")).await, Ok(0));
    let his = store.read(ListSessions { account: bjorn.account, now: later(9) }).await.unwrap();
    assert_eq!(his.len(), 1);
}

async fn a_device_that_was_put_out_is_known_again_by_a_sign_in_only(store: Store) {
    let mut dice = Dice::new(74);
    let anna = register(&store, &mut dice).await;
    let Person { account, session: own, .. } = anna;
    let (paper, codes) = sheet(&store, &mut dice, &anna, 4).await;
    let [lost, tablet] = [dice.device(), dice.device()];
    let mut sessions = Vec::new();
    for (code, device) in codes.iter().zip([lost, tablet]) {
        let session = NewSession { device, ..dice.session(later(1)) };
        sessions.push(session.id);
        sign_in(&store, &mut dice, &anna, (paper, *code), session).await;
    }
    let is_put_out = async |device| store.read(IsPutOut { account, device }).await.unwrap();
    let put_out = |session, by| PutOutSession { account, session, by, now: later(2) };
    store.write(put_out(sessions[0], own)).await.unwrap();
    assert!(is_put_out(lost).await && !is_put_out(tablet).await, "that one only");
    assert_eq!(store.write(put_out(sessions[0], own)).await, Err(EndSessionError::NotFound));

    let again = NewSession { device: lost, ..dice.session(later(3)) };
    sign_in(&store, &mut dice, &anna, (paper, codes[2]), again.clone()).await;
    assert!(!is_put_out(lost).await, "who signs in is known");
    // Another session on the very device that asks is ended, and the device stays known.
    let beside = NewSession { device: lost, ..dice.session(later(4)) };
    sign_in(&store, &mut dice, &anna, (paper, codes[3]), beside.clone()).await;
    store.write(put_out(beside.id, again.id)).await.unwrap();
    assert!(!is_put_out(lost).await);
    store
        .write(EndOtherSessions { account, session: again.id, notices: vec![dice.notice()], now: later(5) })
        .await
        .unwrap();
    assert!(!is_put_out(lost).await && is_put_out(tablet).await, "all others");
    let half_a_year = later(5).after(limits::KNOWN_DEVICE_LIFE);
    store.write(Sweep { now: half_a_year }).await.unwrap();
    assert!(!is_put_out(tablet).await, "by then nobody knows it for having signed in");
}

async fn a_session_that_was_ended_is_not_begun_again_by_its_sign_in(store: Store) {
    let mut dice = Dice::new(73);
    let anna = register(&store, &mut dice).await;
    let (paper, codes) = sheet(&store, &mut dice, &anna, 1).await;
    let session = dice.session(later(1));
    let id = sign_in(&store, &mut dice, &anna, (paper, codes[0]), session.clone()).await;
    store.write(EndSession { account: anna.account, session: session.id }).await.unwrap();
    let holder = SigningIn { id, session: dice.session(later(2)) };
    let code = on_paper(&mut dice, codes[0]);
    let again = store.write(EnterKeptCode { holder, factor: paper, code, now: later(2) }).await;
    assert!(matches!(again, Ok(Entered::Refused(Verdict::AlreadyOver))), "it is no lost answer any more");
}
