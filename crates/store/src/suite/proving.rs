//! PROTOCOL §6, §9a: one way to prove a factor, for all that it can be proved for.

use std::time::Duration;

use securemailbox_protocol::{
    factors::FactorKind,
    ids::{FactorId, RecoveryId, SignInId},
    levels::Level,
    limits,
};

use super::{
    on_both,
    people::{Dice, NOW, PHONE_CODE, Person, WRONG_CODE, enter, expect, later, register},
    together::Count,
};
use crate::{
    Act, Db, Store, StoreError, ToParam,
    jobs::Sweep,
    notices::{NoticeRefused, NoticeSent},
    proofs::{CodeHmac, HolderId, Standing, Verdict},
    proving::{ChooseError, EnterCode, Entered, ExpectCode, FirstTry, OffersTo, Tried},
    recoveries::{BeginRecovery, Recovering},
    sessions::{EndSession, EndSessionError, SessionByToken, StepUp, is_by_reserve},
    sign_in::{BeginSignIn, PasswordProved, SigningIn, TakeSignInState},
};

on_both! {
    a_code_of_one_holder_proves_no_other
    a_factor_of_somebody_else_cannot_be_chosen
    an_older_code_is_told_apart_and_counts_as_a_try
    a_new_code_has_tries_of_its_own_and_the_one_before_opens_nothing
    a_refused_message_closes_its_own_code_until_another_is_sent
    a_session_proves_afresh_and_lives_no_longer_for_it
    an_ended_session_proves_nothing
}

async fn sign_in(store: &Store, dice: &mut Dice, person: &Person) -> SignInId {
    let (id, account) = (SignInId::new(NOW, &mut dice.0), Some(person.account));
    store.write(BeginSignIn { id, account, state: b"the server's half".to_vec(), now: NOW }).await.unwrap();
    store.write(TakeSignInState { id, now: NOW }).await.unwrap();
    store.write(PasswordProved { id, now: NOW }).await.unwrap();
    id
}

async fn recovery(store: &Store, dice: &mut Dice, person: &Person) -> RecoveryId {
    let id = RecoveryId::new(NOW, &mut dice.0);
    let Person { address_lookup, proof_hash, .. } = *person;
    assert!(store.write(BeginRecovery { id, address_lookup, proof_hash, now: NOW }).await.unwrap().is_some());
    id
}

/// Types a code at a holder, and tells the outcome.
async fn verdict(store: &Store, dice: &mut Dice, holder: HolderId, factor: FactorId, code: CodeHmac) -> Verdict {
    let of = |entered: Option<Verdict>| entered.unwrap_or(Verdict::Proved);
    match holder {
        HolderId::SignIn(id) => {
            let session = dice.session(NOW);
            of(enter(store, SigningIn { id, session }, factor, code).await.err())
        }
        HolderId::Recovery(id) => of(enter(store, Recovering { id, paper: None }, factor, code).await.err()),
        HolderId::Session(id) => of(enter(store, StepUp(id), factor, code).await.err()),
        HolderId::Registration(_) | HolderId::Enrolment(_) => panic!("these people have a mailbox and add nothing"),
    }
}

async fn a_code_of_one_holder_proves_no_other(store: Store) {
    let mut dice = Dice::new(1);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let holders = [
        (HolderId::SignIn(sign_in(&store, &mut dice, &anna).await), anna.phone),
        (HolderId::SignIn(sign_in(&store, &mut dice, &anna).await), anna.phone),
        (HolderId::Recovery(recovery(&store, &mut dice, &anna).await), anna.phone),
        (HolderId::Session(anna.session), anna.phone),
        (HolderId::SignIn(sign_in(&store, &mut dice, &bjorn).await), bjorn.phone),
    ];
    let codes: Vec<CodeHmac> = holders.iter().map(|_| dice.hash()).collect();
    for ((holder, factor), code) in holders.iter().zip(&codes) {
        expect(&store, &mut dice, *holder, *factor, *code).await.unwrap();
    }
    for (at, (holder, factor)) in holders.into_iter().enumerate() {
        // Four others, and so one try is left for the right one.
        for code in codes.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, code)| *code) {
            assert_eq!(verdict(&store, &mut dice, holder, factor, code).await, Verdict::Wrong);
        }
        assert_eq!(verdict(&store, &mut dice, holder, factor, codes[at]).await, Verdict::Proved);
    }
}

async fn a_factor_of_somebody_else_cannot_be_chosen(store: Store) {
    let mut dice = Dice::new(2);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let id = sign_in(&store, &mut dice, &anna).await;
    let nobodys = FactorId::new(NOW, &mut dice.0);
    for factor in [bjorn.phone, nobodys] {
        for holder in [HolderId::SignIn(id), HolderId::Session(anna.session)] {
            let chosen = expect(&store, &mut dice, holder, factor, PHONE_CODE).await;
            assert!(matches!(chosen, Err(ChooseError::Over)));
            assert_eq!(verdict(&store, &mut dice, holder, factor, PHONE_CODE).await, Verdict::AlreadyOver);
        }
    }
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM proof")).await, Ok(0));
}

async fn an_older_code_is_told_apart_and_counts_as_a_try(store: Store) {
    let mut dice = Dice::new(3);
    let person = register(&store, &mut dice).await;
    let (holder, factor) = (HolderId::SignIn(sign_in(&store, &mut dice, &person).await), person.phone);
    let codes: Vec<CodeHmac> = (0..3).map(|_| dice.hash()).collect();
    for code in &codes {
        expect(&store, &mut dice, holder, factor, *code).await.unwrap();
    }
    for (code, expected) in [
        (codes[1], Verdict::Older),
        (codes[0], Verdict::Older),
        (WRONG_CODE, Verdict::Wrong),
        (codes[1], Verdict::Older),
        (codes[0], Verdict::NoTriesLeft),
        (codes[2], Verdict::AlreadyOver),
    ] {
        assert_eq!(verdict(&store, &mut dice, holder, factor, code).await, expected);
    }
}

async fn a_new_code_has_tries_of_its_own_and_the_one_before_opens_nothing(store: Store) {
    let mut dice = Dice::new(4);
    let person = register(&store, &mut dice).await;
    let (holder, factor) = (HolderId::Recovery(recovery(&store, &mut dice, &person).await), person.phone);
    let (first, second) = (dice.hash(), dice.hash());
    expect(&store, &mut dice, holder, factor, first).await.unwrap();
    for _ in 0..limits::CODE_TRIES {
        verdict(&store, &mut dice, holder, factor, WRONG_CODE).await;
    }
    assert_eq!(verdict(&store, &mut dice, holder, factor, first).await, Verdict::AlreadyOver);
    expect(&store, &mut dice, holder, factor, second).await.unwrap();
    assert_eq!(verdict(&store, &mut dice, holder, factor, first).await, Verdict::Wrong, "what is closed is forgotten");
    assert_eq!(verdict(&store, &mut dice, holder, factor, second).await, Verdict::Proved);
}

async fn a_refused_message_closes_its_own_code_until_another_is_sent(store: Store) {
    let mut dice = Dice::new(7);
    let person = register(&store, &mut dice).await;
    let (holder, factor) = (HolderId::Recovery(recovery(&store, &mut dice, &person).await), person.phone);
    let (first, second) = (dice.notice(), dice.notice());
    let ids = [first.id, second.id];
    let tried = async |notice| store.read(FirstTry { notice }).await.unwrap();
    let code = dice.hash();
    let sent = |notice| ExpectCode { holder, factor, code, notice, now: NOW };
    store.write(sent(first)).await.unwrap();
    assert_eq!(tried(ids[0]).await, Tried::NotYet);
    store.write(NoticeRefused { id: ids[0] }).await.unwrap();
    assert_eq!(tried(ids[0]).await, Tried::Refused);
    for typed in [WRONG_CODE, code] {
        assert_eq!(verdict(&store, &mut dice, holder, factor, typed).await, Verdict::NotSent);
    }
    store.write(sent(second)).await.unwrap();
    // Late, and of the message before.
    store.write(NoticeRefused { id: ids[0] }).await.unwrap();
    assert_eq!(tried(ids[1]).await, Tried::NotYet);
    store.write(NoticeSent { id: ids[1], now: NOW }).await.unwrap();
    assert_eq!(tried(ids[1]).await, Tried::OnItsWay);
    assert_eq!(verdict(&store, &mut dice, holder, factor, code).await, Verdict::Proved);
}

/// The sessions stand by a code that was kept in reserve.
struct ByReserve;

impl Act for ByReserve {
    type Output = u64;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<u64, StoreError> {
        let row: [&dyn ToParam; 2] = [&FactorKind::OneTimeCodes.level(), &later(7200)];
        db.exec("UPDATE session SET level = $1, proved = $2, reserve = $2", &row).await
    }
}

async fn a_session_proves_afresh_and_lives_no_longer_for_it(store: Store) {
    let mut dice = Dice::new(5);
    let Person { session, token_hash, phone, .. } = register(&store, &mut dice).await;
    let holder = HolderId::Session(session);
    let found = async |now| store.read(SessionByToken { token_hash, now }).await.unwrap();
    // Twice: it may be asked for again and again.
    for now in [later(3600), later(7200)] {
        let code = dice.hash();
        store.write(ExpectCode { holder, factor: phone, code, notice: dice.notice(), now }).await.unwrap();
        let before = found(now).await.unwrap().standing;
        let typed = |code| EnterCode { holder: StepUp(session), factor: phone, code, now };
        assert_eq!(store.write(typed(WRONG_CODE)).await, Ok(Entered::Refused(Verdict::Wrong)));
        assert_eq!(found(now).await.unwrap().standing, before, "nothing was proved");
        let standing = Standing { level: Level::Phone, proved: now };
        assert_eq!(store.write(typed(code)).await, Ok(Entered::Proved(standing)));
        assert_eq!(found(now).await.unwrap().standing, standing);
        assert!(standing.proves(Level::Phone, now));
        assert!(!standing.proves(Level::Authenticator, now), "no more than what was proved");
    }
    // What was kept in reserve stands as high as the app, and gives way to the phone at once: it replaces nothing.
    store.write(ByReserve).await.unwrap();
    let (code, now) = (dice.hash(), later(7260));
    store.write(ExpectCode { holder, factor: phone, code, notice: dice.notice(), now }).await.unwrap();
    store.write(EnterCode { holder: StepUp(session), factor: phone, code, now }).await.unwrap();
    let after = found(now).await.unwrap();
    assert_eq!(after.standing, Standing { level: Level::Phone, proved: now });
    assert!(!is_by_reserve(after.standing.proved, after.reserve));
    let end = NOW.after(limits::SESSION_LIFE);
    assert!(found(end.before(Duration::from_millis(1))).await.is_some() && found(end).await.is_none());
}

async fn an_ended_session_proves_nothing(store: Store) {
    let mut dice = Dice::new(6);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    for person in [&anna, &bjorn] {
        expect(&store, &mut dice, HolderId::Session(person.session), person.phone, PHONE_CODE).await.unwrap();
    }
    let others = EndSession { account: bjorn.account, session: anna.session };
    assert_eq!(store.write(others).await, Err(EndSessionError::NotFound));
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM proof")).await, Ok(2), "another's session goes on");
    store.write(EndSession { account: anna.account, session: anna.session }).await.unwrap();
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM proof")).await, Ok(1));
    let holder = HolderId::Session(anna.session);
    assert_eq!(verdict(&store, &mut dice, holder, anna.phone, PHONE_CODE).await, Verdict::AlreadyOver);
    assert!(matches!(store.read(OffersTo { holder, now: NOW }).await, Err(ChooseError::Over)));
    store.write(Sweep { now: NOW.after(limits::SESSION_LIFE) }).await.unwrap();
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM proof")).await, Ok(0));
}
