//! PROTOCOL §7: factors that are added, sheets of one-time codes, and codes that are not sent.

use securemailbox_protocol::{
    factors::FactorKind,
    ids::{FactorId, SignInId},
    limits,
};

use super::{
    on_both,
    people::{Dice, NOW, PHONE_CODE, Person, enter, expect, later, register},
    together::Count,
};
use crate::{
    Store,
    directory::PhonesByAddress,
    enrolments::{BeginEnrolment, ConfirmAuthenticator, Confirmed, Enrolling, EnrolmentOf},
    factors::{Factor, OwnFactors, RemoveFactor, RemoveFactorError},
    jobs::Sweep,
    one_time_codes::MakeOneTimeCodes,
    proofs::{HolderId, Verdict},
    proving::{AskForCode, EnterKeptCode, Entered, KeptCode, OneTimeCodeUsed},
    sessions::EndSession,
    sign_in::{BeginSignIn, PasswordProved, SigningIn, TakeSignInState},
};

on_both! {
    an_app_counts_once_a_code_of_it_was_entered_and_takes_the_place_of_another
    what_a_session_is_adding_goes_with_it_and_in_time
    a_code_of_a_sheet_is_used_once_and_three_sheets_are_remembered
    tries_at_what_is_not_sent_are_spent_before_they_are_judged
    something_that_is_no_reserve_is_always_left
    an_address_is_known_by_its_owners_own_phone_and_not_by_the_reserve
}

const STEP: i64 = 58_800_000;

fn adding(dice: &mut Dice, person: &Person) -> BeginEnrolment {
    let factor = dice.factor(FactorKind::Authenticator);
    BeginEnrolment { account: person.account, session: person.session, factor, now: NOW }
}

fn confirming(person: &Person, id: FactorId, step: i64) -> ConfirmAuthenticator {
    let enrolling = Enrolling { id, session: person.session, notices: Vec::new() };
    ConfirmAuthenticator { account: person.account, enrolling, matching: vec![step], step: STEP, now: later(1) }
}

async fn kinds(store: &Store, person: &Person) -> Vec<FactorKind> {
    let own = store.read(OwnFactors { account: person.account }).await.unwrap();
    own.into_iter().map(|own| own.factor.kind).collect()
}

/// Somebody proved the password, and chose that factor.
pub(super) async fn asked(store: &Store, dice: &mut Dice, person: &Person, factor: FactorId) -> SignInId {
    let id = SignInId::new(NOW, &mut dice.0);
    let account = Some(person.account);
    store.write(BeginSignIn { id, account, state: Vec::new(), now: NOW }).await.unwrap();
    store.write(TakeSignInState { id, now: NOW }).await.unwrap();
    store.write(PasswordProved { id, now: NOW }).await.unwrap();
    store.write(AskForCode { holder: HolderId::SignIn(id), factor, now: NOW }).await.unwrap();
    id
}

async fn typed(store: &Store, dice: &mut Dice, id: SignInId, factor: FactorId, code: KeptCode) -> Option<Verdict> {
    let holder = SigningIn { id, session: dice.session(NOW) };
    match store.write(EnterKeptCode { holder, factor, code, now: NOW }).await.unwrap() {
        Entered::Proved(_) => None,
        Entered::Refused(verdict) => Some(verdict),
    }
}

pub(super) fn on_paper(dice: &mut Dice, code: [u8; 32]) -> KeptCode {
    KeptCode::OneTime(OneTimeCodeUsed { code, session: dice.session(NOW).id, notices: vec![dice.notice()] })
}

async fn an_app_counts_once_a_code_of_it_was_entered_and_takes_the_place_of_another(store: Store) {
    let mut dice = Dice::new(61);
    let anna = register(&store, &mut dice).await;
    for drift in [2, -5] {
        let begun = adding(&mut dice, &anna);
        let id = begun.factor.id;
        store.write(begun).await.unwrap();
        assert_eq!(store.write(confirming(&anna, id, STEP + 6)).await, Ok(Confirmed::Wrong));
        assert_eq!(store.write(confirming(&anna, id, STEP + drift)).await, Ok(Confirmed::Counts(drift)));
        assert_eq!(
            store.write(confirming(&anna, id, STEP + drift)).await,
            Ok(Confirmed::Counts(drift)),
            "a lost answer"
        );
        assert_eq!(store.write(confirming(&anna, id, STEP)).await, Ok(Confirmed::Over));
        assert_eq!(kinds(&store, &anna).await, [FactorKind::Phone, FactorKind::Authenticator]);
    }
}

async fn what_a_session_is_adding_goes_with_it_and_in_time(store: Store) {
    let mut dice = Dice::new(62);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let of = |person: &Person, begun: &BeginEnrolment| EnrolmentOf {
        account: person.account,
        session: person.session,
        id: begun.factor.id,
        now: NOW,
    };
    let begun = adding(&mut dice, &anna);
    let (found, not_his) = (of(&anna, &begun), of(&bjorn, &begun));
    let Factor { id, .. } = begun.factor;
    store.write(begun).await.unwrap();
    assert!(store.read(found).await.unwrap().is_some());
    assert_eq!(store.read(not_his).await, Ok(None));
    store.write(EndSession { account: anna.account, session: anna.session }).await.unwrap();
    assert_eq!(store.write(confirming(&anna, id, STEP)).await, Ok(Confirmed::Over));
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM enrolment")).await, Ok(0));

    store.write(adding(&mut dice, &bjorn)).await.unwrap();
    store.write(Sweep { now: NOW.after(limits::ENROLMENT_LIFE) }).await.unwrap();
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM enrolment")).await, Ok(0));
}

async fn a_code_of_a_sheet_is_used_once_and_three_sheets_are_remembered(store: Store) {
    let mut dice = Dice::new(63);
    let anna = register(&store, &mut dice).await;
    let mut sheets = Vec::new();
    for minute in 0..4 {
        let codes: Vec<_> = (0..10).map(|_| dice.hash()).collect();
        let id = FactorId::new(NOW, &mut dice.0);
        let make = MakeOneTimeCodes { account: anna.account, id, codes: codes.clone(), now: later(minute) };
        store.write(make).await.unwrap();
        sheets.push((id, codes));
    }
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM one_time_code")).await, Ok(30));
    let (paper, codes) = sheets.last().unwrap().clone();
    let first = asked(&store, &mut dice, &anna, paper).await;
    for (code, verdict) in
        [(sheets[0].1[0], Verdict::Wrong), (sheets[1].1[0], Verdict::OlderSheet), (dice.hash(), Verdict::Wrong)]
    {
        let code = on_paper(&mut dice, code);
        assert_eq!(typed(&store, &mut dice, first, paper, code).await, Some(verdict));
    }
    for _ in 0..2 {
        let code = on_paper(&mut dice, codes[0]);
        assert_eq!(typed(&store, &mut dice, first, paper, code).await, None, "the second is a lost answer");
    }
    let second = asked(&store, &mut dice, &anna, paper).await;
    let code = on_paper(&mut dice, codes[0]);
    assert_eq!(typed(&store, &mut dice, second, paper, code).await, Some(Verdict::Used(Some(NOW))));
    let own = store.read(OwnFactors { account: anna.account }).await.unwrap();
    assert_eq!(own.last().unwrap().left, Some(9));
    store.write(RemoveFactor { account: anna.account, factor: paper }).await.unwrap();
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM one_time_code")).await, Ok(0));
}

async fn tries_at_what_is_not_sent_are_spent_before_they_are_judged(store: Store) {
    let mut dice = Dice::new(64);
    let anna = register(&store, &mut dice).await;
    let begun = adding(&mut dice, &anna);
    let app = begun.factor.id;
    store.write(begun).await.unwrap();
    store.write(confirming(&anna, app, STEP)).await.unwrap();
    let sign_in = asked(&store, &mut dice, &anna, app).await;
    let shown = |matching| KeptCode::Authenticator { matching, step: STEP + 1 };
    for left in (0..limits::CODE_TRIES).rev() {
        let verdict = if left == 0 { Verdict::NoTriesLeft } else { Verdict::Wrong };
        assert_eq!(typed(&store, &mut dice, sign_in, app, shown(Vec::new())).await, Some(verdict));
    }
    let holder = HolderId::SignIn(sign_in);
    store.write(AskForCode { holder, factor: app, now: NOW }).await.unwrap();
    let right = typed(&store, &mut dice, sign_in, app, shown(vec![STEP + 1])).await;
    assert_eq!(right, Some(Verdict::AlreadyOver), "to choose again gives none");
    let another = asked(&store, &mut dice, &anna, app).await;
    assert_eq!(typed(&store, &mut dice, another, app, shown(vec![STEP])).await, Some(Verdict::Used(None)));
    assert_eq!(typed(&store, &mut dice, another, app, shown(vec![STEP + 1])).await, None);
}

async fn something_that_is_no_reserve_is_always_left(store: Store) {
    let mut dice = Dice::new(65);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let id = FactorId::new(NOW, &mut dice.0);
    let make = MakeOneTimeCodes { account: anna.account, id, codes: vec![dice.hash()], now: NOW };
    store.write(make).await.unwrap();
    let last = RemoveFactor { account: anna.account, factor: anna.phone };
    assert_eq!(store.write(last).await, Err(RemoveFactorError::LastWayIn));
    let not_his = RemoveFactor { account: bjorn.account, factor: id };
    assert_eq!(store.write(not_his).await, Err(RemoveFactorError::NotFound));
}

async fn an_address_is_known_by_its_owners_own_phone_and_not_by_the_reserve(store: Store) {
    let mut dice = Dice::new(68);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let reserve = dice.factor(FactorKind::ReservePhone);
    let id = reserve.id;
    store
        .write(BeginEnrolment { account: anna.account, session: anna.session, factor: reserve, now: NOW })
        .await
        .unwrap();
    expect(&store, &mut dice, HolderId::Enrolment(id), id, PHONE_CODE).await.unwrap();
    let enrolling = Enrolling { id, session: anna.session, notices: Vec::new() };
    assert_eq!(enter(&store, enrolling, id, PHONE_CODE).await, Ok(()));
    assert!(kinds(&store, &anna).await.contains(&FactorKind::ReservePhone), "proved, as the other one is");
    for person in [&anna, &bjorn] {
        let known = store.read(PhonesByAddress { address_lookup: person.address_lookup }).await.unwrap();
        let known: Vec<_> = known.into_iter().map(|phone| (phone.account, phone.factor)).collect();
        assert_eq!(known, [(person.account, person.phone)]);
    }
    assert_eq!(store.read(PhonesByAddress { address_lookup: dice.hash() }).await, Ok(Vec::new()));
}
