//! PROTOCOL §7: both from paper, 72 announced hours, and whoever says no meanwhile (ATTACKS 23).

use std::time::Duration;

use securemailbox_protocol::{
    factors::FactorKind,
    ids::{FactorId, RecoveryId},
    limits,
    numbers::ChangeNumber,
    security::SecurityEventKind,
    slots::SlotKind,
    time::Timestamp,
    waits::{Wait, WaitKind},
};

use super::{
    on_both,
    people::{Dice, NOW, Person, later, register},
    together::Count,
};
use crate::{
    Store,
    factors::OwnFactors,
    jobs::Sweep,
    notices::{Lane, NewNotice},
    one_time_codes::MakeOneTimeCodes,
    proofs::{HolderId, Verdict},
    proving::{AskForCode, EnterKeptCode, Entered, KeptCode, OneTimeCodeUsed},
    recoveries::{
        BeginRecovery, CompleteRecovery, PutRecoverySlot, Recovered, Recovering, RecoveryError, RecoveryForPassword,
    },
    security::{ListSecurityEvents, SecurityEvent},
    sessions::{EndOtherSessions, ListSessions, SessionByToken, is_by_reserve},
    slots::WaysIn,
    sync::{ChangesSince, Scope},
    waits::{AnnounceWait, NewWait, StopWait, StopWaitError, WaitByLink, WaitsToAnnounce},
};

on_both! {
    both_from_paper_give_nothing_before_their_time_and_then_a_new_beginning
    what_waits_is_one_of_an_account_and_is_forgotten_when_nobody_goes_on
    a_stop_leaves_nothing_of_the_papers_and_wins_over_every_step
    what_is_made_anew_ends_what_waits
    signing_out_all_others_leaves_what_waits_to_be_stopped
    a_wait_that_begins_anew_is_announced_on_every_channel_again
    what_was_not_announced_in_time_is_put_off
    what_waits_is_announced_once_for_each_day_and_not_after_a_stop
}

/// One with a sheet of three codes.
struct Holder {
    person: Person,
    sheet: FactorId,
    codes: Vec<[u8; 32]>,
}

async fn holder(store: &Store, dice: &mut Dice) -> Holder {
    let person = register(store, dice).await;
    let (sheet, codes): (_, Vec<_>) = (dice.factor(FactorKind::OneTimeCodes).id, (0..3).map(|_| dice.hash()).collect());
    let make = MakeOneTimeCodes { account: person.account, id: sheet, codes: codes.clone(), now: NOW };
    store.write(make).await.unwrap();
    Holder { person, sheet, codes }
}

impl Holder {
    /// Somebody types the recovery code: what came of it.
    async fn types_recovery_code(&self, store: &Store, dice: &mut Dice, now: Timestamp) -> (RecoveryId, Option<Wait>) {
        let id = RecoveryId::new(now, &mut dice.0);
        let Person { address_lookup, proof_hash, .. } = self.person;
        let begun = store.write(BeginRecovery { id, address_lookup, proof_hash, now }).await.unwrap().unwrap();
        assert!(begun.offered.factors.iter().any(|factor| factor.id == self.sheet), "paper is offered");
        (id, begun.waits)
    }

    /// And a one-time code.
    async fn types_one_time_code(
        &self,
        store: &Store,
        dice: &mut Dice,
        id: RecoveryId,
        code: usize,
        now: Timestamp,
    ) -> Entered<Recovered> {
        let (holder, factor) = (HolderId::Recovery(id), self.sheet);
        // Refused to whoever proved it and lost the answer: they type it again.
        drop(store.write(AskForCode { holder, factor, now }).await);
        let event = |kind, dice: &mut Dice| SecurityEvent { kind, session: dice.session(now).id, at: now };
        let event = event(SecurityEventKind::RecoveryBegun, dice);
        let stop_hash = dice.hash();
        let paper = Some(NewWait { kind: WaitKind::Recovery, stop_hash, event, notices: vec![dice.notice()] });
        let code = OneTimeCodeUsed { code: self.codes[code], session: event.session, notices: Vec::new() };
        let holder = Recovering { id, paper };
        store.write(EnterKeptCode { holder, factor, code: KeptCode::OneTime(code), now }).await.unwrap()
    }

    /// Both, one after the other.
    async fn waits(&self, store: &Store, dice: &mut Dice, now: Timestamp) -> (RecoveryId, Wait) {
        let (id, _) = self.types_recovery_code(store, dice, now).await;
        match self.types_one_time_code(store, dice, id, 0, now).await {
            Entered::Proved(Recovered::Waits(wait)) => (id, wait),
            other => panic!("{other:?}"),
        }
    }

    /// It is announced as often as it should be.
    async fn is_announced(&self, store: &Store, dice: &mut Dice, wait: Wait) {
        for hours in [24, 48] {
            let now = wait.begun.after(hours * HOUR);
            let announce = AnnounceWait { account: self.person.account, wait, notices: vec![dice.notice()], now };
            store.write(announce).await.unwrap();
        }
    }

    /// Both again, when the time has come.
    async fn goes_on(
        &self,
        store: &Store,
        dice: &mut Dice,
        code: usize,
        now: Timestamp,
    ) -> (RecoveryId, Entered<Recovered>) {
        let (id, _) = self.types_recovery_code(store, dice, now).await;
        (id, self.types_one_time_code(store, dice, id, code, now).await)
    }

    async fn seen_waiting(&self, store: &Store) -> Vec<Wait> {
        let mailbox = self.person.account.mailbox();
        let asked = ChangesSince { mailbox, since: ChangeNumber::ZERO, limit: 100, scope: Scope::Records };
        store.read(asked).await.unwrap().waits
    }

    async fn change(&self, store: &Store) -> ChangeNumber {
        let mailbox = self.person.account.mailbox();
        store.read(crate::pulse::PulseOf { mailbox }).await.unwrap().change
    }

    async fn left(&self, store: &Store) -> Option<u8> {
        let own = store.read(OwnFactors { account: self.person.account }).await.unwrap();
        own.into_iter().find(|own| own.factor.kind == FactorKind::OneTimeCodes).unwrap().left
    }
}

fn complete(dice: &mut Dice, id: RecoveryId, now: Timestamp) -> CompleteRecovery {
    CompleteRecovery { id, password: dice.password(), recovery: dice.recovery(), session: dice.session(now), now }
}

const HOUR: Duration = Duration::from_secs(60 * 60);

async fn both_from_paper_give_nothing_before_their_time_and_then_a_new_beginning(store: Store) {
    let mut dice = Dice::new(301);
    let anna = holder(&store, &mut dice).await;
    let before = anna.change(&store).await;
    let (id, wait) = anna.waits(&store, &mut dice, NOW).await;
    assert_eq!((wait.begun, wait.due), (NOW, NOW.after(limits::RECOVERY_WAIT)));
    assert_eq!(anna.seen_waiting(&store).await, [wait]);
    assert!(anna.change(&store).await > before, "the account's devices come and ask");
    let again = anna.types_one_time_code(&store, &mut dice, id, 0, later(60)).await;
    assert!(matches!(again, Entered::Proved(Recovered::Waits(same)) if same == wait), "a lost answer");

    let refused = async |id, now, dice: &mut Dice| {
        assert!(matches!(store.read(RecoveryForPassword { id, now }).await, Err(RecoveryError::RecoveryOver)));
        let completed = store.write(complete(dice, id, now)).await;
        assert!(matches!(completed, Err(RecoveryError::RecoveryOver)));
    };
    refused(id, later(60), &mut dice).await;
    let early = wait.due.before(Duration::from_millis(1));
    let (id, waits) = anna.types_recovery_code(&store, &mut dice, early).await;
    assert_eq!(waits, Some(wait));
    refused(id, early, &mut dice).await;
    refused(id, wait.due, &mut dice).await;
    let same = anna.types_one_time_code(&store, &mut dice, id, 0, early).await;
    assert!(matches!(same, Entered::Refused(Verdict::Used(Some(at))) if at == NOW), "once, until the time has come");
    anna.is_announced(&store, &mut dice, wait).await;

    let (id, waits) = anna.types_recovery_code(&store, &mut dice, wait.due).await;
    assert_eq!(waits, Some(wait));
    refused(id, wait.due, &mut dice).await; // the recovery sheet alone
    let gone_on = anna.types_one_time_code(&store, &mut dice, id, 0, wait.due).await;
    assert!(matches!(gone_on, Entered::Proved(Recovered::Slot { account, .. }) if account == anna.person.account));
    let again = anna.types_one_time_code(&store, &mut dice, id, 0, wait.due).await;
    assert!(matches!(again, Entered::Proved(Recovered::Slot { .. })), "a lost answer");
    assert_eq!(store.read(RecoveryForPassword { id, now: wait.due }).await.unwrap(), anna.person.account);
    let complete = complete(&mut dice, id, wait.due);
    let token_hash = complete.session.token_hash;
    store.write(complete).await.unwrap();
    let session = store.read(SessionByToken { token_hash, now: wait.due }).await.unwrap().unwrap();
    assert!(is_by_reserve(session.standing.proved, session.reserve), "it mends factors and replaces nothing more");
    let sessions = store.read(ListSessions { account: anna.person.account, now: wait.due }).await.unwrap();
    assert_eq!(sessions, [session]);
    assert_eq!(anna.left(&store).await, Some(0), "the codes are spent, and so is the sheet");
    let Person { address_lookup, proof_hash, .. } = anna.person;
    let used = BeginRecovery { id: RecoveryId::new(NOW, &mut dice.0), address_lookup, proof_hash, now: wait.due };
    assert!(store.write(used).await.unwrap().is_none());
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM wait")).await, Ok(0));
}

async fn what_waits_is_one_of_an_account_and_is_forgotten_when_nobody_goes_on(store: Store) {
    let mut dice = Dice::new(302);
    let (anna, bjorn) = (holder(&store, &mut dice).await, holder(&store, &mut dice).await);
    let (_, wait) = anna.waits(&store, &mut dice, NOW).await;
    let (id, _) = anna.types_recovery_code(&store, &mut dice, later(600)).await;
    let second = anna.types_one_time_code(&store, &mut dice, id, 1, later(600)).await;
    assert!(matches!(second, Entered::Proved(Recovered::Waits(same)) if same == wait), "its time begins once");
    assert!(bjorn.seen_waiting(&store).await.is_empty());
    let events = store.read(ListSecurityEvents { account: anna.person.account, now: later(600) }).await.unwrap();
    let begun = events.iter().filter(|event| event.kind == SecurityEventKind::RecoveryBegun).count();
    assert_eq!(begun, 1);

    anna.is_announced(&store, &mut dice, wait).await;
    let over = wait.due.after(limits::RECOVERY_OPEN);
    store.write(Sweep { now: over.before(HOUR) }).await.unwrap();
    assert_eq!(anna.seen_waiting(&store).await, [wait]);
    store.write(Sweep { now: over }).await.unwrap();
    assert!(anna.seen_waiting(&store).await.is_empty());
    let (_, waits) = anna.types_recovery_code(&store, &mut dice, over).await;
    assert!(waits.is_none(), "the sheet counts, and waits anew with another code");
}

async fn a_stop_leaves_nothing_of_the_papers_and_wins_over_every_step(store: Store) {
    let mut dice = Dice::new(303);
    let anna = holder(&store, &mut dice).await;
    let account = anna.person.account;
    let (_, wait) = anna.waits(&store, &mut dice, NOW).await;
    anna.is_announced(&store, &mut dice, wait).await;
    let (id, gone_on) = anna.goes_on(&store, &mut dice, 1, wait.due).await;
    assert!(matches!(gone_on, Entered::Proved(Recovered::Slot { .. })), "a new password is being chosen");
    let stop = || StopWait { account, kind: WaitKind::Recovery };
    store.write(stop()).await.unwrap();
    let late = store.write(complete(&mut dice, id, wait.due)).await;
    assert!(matches!(late, Err(RecoveryError::RecoveryOver)));
    assert!(matches!(store.write(stop()).await, Err(StopWaitError::NotFound)), "once");
    let Person { address_lookup, proof_hash, session, .. } = anna.person;
    let used = BeginRecovery { id: RecoveryId::new(NOW, &mut dice.0), address_lookup, proof_hash, now: wait.due };
    assert!(store.write(used).await.unwrap().is_none(), "the sheet is void");
    assert_eq!(anna.left(&store).await, Some(0), "and so are the codes");
    assert!(!store.read(WaysIn { account }).await.unwrap().contains(&SlotKind::Recovery), "which is owed");
    store.write(PutRecoverySlot { account, session, slot: dice.recovery() }).await.unwrap();
    assert!(store.read(WaysIn { account }).await.unwrap().contains(&SlotKind::Recovery));
    let sessions = store.read(ListSessions { account, now: NOW }).await.unwrap();
    assert_eq!(sessions.len(), 1, "nobody is signed out");
}

async fn signing_out_all_others_leaves_what_waits_to_be_stopped(store: Store) {
    let mut dice = Dice::new(306);
    let anna = holder(&store, &mut dice).await;
    let Person { account, session, .. } = anna.person;
    let (_, wait) = anna.waits(&store, &mut dice, NOW).await;
    anna.is_announced(&store, &mut dice, wait).await;
    let (id, gone_on) = anna.goes_on(&store, &mut dice, 1, wait.due).await;
    assert!(matches!(gone_on, Entered::Proved(Recovered::Slot { .. })));
    store.write(EndOtherSessions { account, session, notices: Vec::new(), now: later(9) }).await.unwrap();
    assert_eq!(anna.seen_waiting(&store).await, [wait], "its owner still sees that somebody holds the papers");
    let late = store.write(complete(&mut dice, id, wait.due)).await;
    assert!(matches!(late, Err(RecoveryError::RecoveryOver)), "who was halfway in is out");
    store.write(StopWait { account, kind: WaitKind::Recovery }).await.unwrap();
    assert_eq!(anna.left(&store).await, Some(0), "a stop voids the papers");
}

async fn a_wait_that_begins_anew_is_announced_on_every_channel_again(store: Store) {
    let mut dice = Dice::new(307);
    let anna = holder(&store, &mut dice).await;
    let begin = async |code: usize, dice: &mut Dice| {
        let event = SecurityEvent { kind: SecurityEventKind::RecoveryBegun, session: dice.session(NOW).id, at: NOW };
        let text = NewNotice { lane: Lane::Texts, ..dice.notice() };
        let paper = Some(NewWait { kind: WaitKind::Recovery, stop_hash: dice.hash(), event, notices: vec![text] });
        let (id, _) = anna.types_recovery_code(&store, dice, NOW).await;
        let (holder, factor) = (Recovering { id, paper }, anna.sheet);
        store.write(AskForCode { holder: HolderId::Recovery(id), factor, now: NOW }).await.unwrap();
        let code = OneTimeCodeUsed { code: anna.codes[code], session: event.session, notices: Vec::new() };
        store.write(EnterKeptCode { holder, factor, code: KeptCode::OneTime(code), now: NOW }).await.unwrap()
    };
    let texts = async || store.read(Count("SELECT COUNT(*) FROM notice WHERE lane = 'texts'")).await.unwrap();
    let before = texts().await;
    for code in 0..2 {
        begin(code, &mut dice).await;
        let wait = anna.seen_waiting(&store).await[0];
        anna.is_announced(&store, &mut dice, wait).await;
        store.write(Sweep { now: NOW.after(limits::RECOVERY_WAIT).after(limits::RECOVERY_OPEN) }).await.unwrap();
        assert!(anna.seen_waiting(&store).await.is_empty(), "it was not gone on with");
    }
    assert_eq!(texts().await, before + 2);
}

async fn what_is_made_anew_ends_what_waits(store: Store) {
    let mut dice = Dice::new(304);
    let anna = holder(&store, &mut dice).await;
    let Person { account, session, .. } = anna.person;
    anna.waits(&store, &mut dice, NOW).await;
    store.write(PutRecoverySlot { account, session, slot: dice.recovery() }).await.unwrap();
    assert!(anna.seen_waiting(&store).await.is_empty());

    let bjorn = holder(&store, &mut dice).await;
    let (_, wait) = bjorn.waits(&store, &mut dice, NOW).await;
    bjorn.is_announced(&store, &mut dice, wait).await;
    let (id, _) = bjorn.goes_on(&store, &mut dice, 1, wait.due).await;
    let codes = vec![dice.hash()];
    let sheet = dice.factor(FactorKind::OneTimeCodes).id;
    store.write(MakeOneTimeCodes { account: bjorn.person.account, id: sheet, codes, now: wait.due }).await.unwrap();
    assert!(bjorn.seen_waiting(&store).await.is_empty());
    let late = store.write(complete(&mut dice, id, wait.due)).await;
    assert!(matches!(late, Err(RecoveryError::RecoveryOver)));
}

/// Nothing comes to its time that a server which did not run announced too late, or not at all.
async fn what_was_not_announced_in_time_is_put_off(store: Store) {
    let mut dice = Dice::new(308);
    let anna = holder(&store, &mut dice).await;
    let account = anna.person.account;
    let (_, wait) = anna.waits(&store, &mut dice, NOW).await;
    let before = anna.change(&store).await;
    let (id, begun) = anna.types_recovery_code(&store, &mut dice, wait.due).await;
    let early = anna.types_one_time_code(&store, &mut dice, id, 1, wait.due).await;
    assert!(begun.is_some() && matches!(early, Entered::Proved(Recovered::Waits(same)) if same == wait));
    let late = wait.due.after(HOUR);
    store.write(AnnounceWait { account, wait, notices: vec![dice.notice()], now: late }).await.unwrap();
    let put_off = Wait { due: late.after(24 * HOUR), ..wait };
    assert_eq!(anna.seen_waiting(&store).await, [put_off]);
    assert!(anna.change(&store).await > before, "which the account's devices come and see");
    let (_, early) = anna.goes_on(&store, &mut dice, 0, put_off.due.before(HOUR)).await;
    assert!(matches!(early, Entered::Refused(Verdict::Used(_))));
    let (_, gone_on) = anna.goes_on(&store, &mut dice, 0, put_off.due).await;
    assert!(matches!(gone_on, Entered::Proved(Recovered::Slot { .. })));
}

async fn what_waits_is_announced_once_for_each_day_and_not_after_a_stop(store: Store) {
    let mut dice = Dice::new(305);
    let anna = holder(&store, &mut dice).await;
    let account = anna.person.account;
    let before = store.read(Count("SELECT COUNT(*) FROM notice")).await.unwrap();
    let (_, wait) = anna.waits(&store, &mut dice, NOW).await;
    let due = async |now| store.read(WaitsToAnnounce { now }).await.unwrap();
    assert!(due(NOW.after(23 * HOUR)).await.is_empty());
    let announce = |now, dice: &mut Dice| AnnounceWait { account, wait, notices: vec![dice.notice()], now };
    for hours in [24, 50] {
        let now = NOW.after(hours * HOUR);
        assert_eq!(due(now).await, [(account, wait)]);
        // Two processes.
        store.write(announce(now, &mut dice)).await.unwrap();
        store.write(announce(now, &mut dice)).await.unwrap();
    }
    assert!(due(wait.due).await.is_empty());
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM notice")).await, Ok(before + 3));

    let bjorn = holder(&store, &mut dice).await;
    let (id, _) = bjorn.types_recovery_code(&store, &mut dice, NOW).await;
    let begun = bjorn.types_one_time_code(&store, &mut dice, id, 0, NOW).await;
    assert!(matches!(begun, Entered::Proved(_)));
    store.write(StopWait { account: bjorn.person.account, kind: WaitKind::Recovery }).await.unwrap();
    assert!(due(NOW.after(24 * HOUR)).await.is_empty());
    assert!(store.read(WaitByLink { stop_hash: [0; 32] }).await.unwrap().is_none(), "a link that is nobody's");
}
