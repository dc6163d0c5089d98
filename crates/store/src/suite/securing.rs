//! PROTOCOL §6: security events, what announces them, and wrong passwords at a locked session.

use std::time::Duration;

use securemailbox_protocol::{
    ids::{RecoveryId, SessionId, SignInId, SlotId},
    limits,
    records::{RecordHead, RecordPurpose},
    security::SecurityEventKind::{
        self, KeyringReplaced, PasswordChanged, SessionEnded, SheetReplaced, SignedIn, UnlockFailed,
    },
    time::Timestamp,
};

use super::{
    on_both,
    people::{Dice, NOW, Person, later, register},
    recording::head_of,
    together::Count,
};
use crate::{
    Store,
    blobs::Referring,
    jobs::Sweep,
    notices::{Lane, NewNotice},
    quotas::Quota,
    records::WriteRecord,
    recoveries::{BeginRecovery, PutRecoverySlot},
    security::{ListSecurityEvents, Noted, SecurityEvent},
    sessions::{EndSession, EndSessionError, SessionByToken},
    sign_in::{BeginSignIn, CredentialsByAddress, TakeSignInState},
    slots::{
        DeviceSlot, DeviceSlotOf, HasPasswordSlot, LockSession, PasswordSlot, PutDeviceSlot, PutPasswordSlot,
        PutSlotError, RefuseUnlock, Refused, UnlockSession,
    },
};

on_both! {
    what_is_done_is_written_down_and_announced_with_it_or_not_at_all
    each_kind_is_announced_by_sms_once_a_day_and_by_e_mail_a_few_times
    events_are_kept_for_ninety_days_and_read_by_their_owner_only
    a_list_is_a_page_of_the_newest
    a_locked_session_ends_with_the_tenth_wrong_password_and_says_so_once
    to_lock_again_gives_no_more_tries_and_to_unlock_does
    another_password_takes_the_place_of_the_old_one_and_of_nothing_else
}

async fn kinds(store: &Store, person: &Person, now: Timestamp) -> Vec<SecurityEventKind> {
    let events = store.read(ListSecurityEvents { account: person.account, now }).await.unwrap();
    events.into_iter().map(|event| event.kind).collect()
}

/// One for each channel.
fn both(dice: &mut Dice) -> Vec<NewNotice> {
    vec![dice.notice(), NewNotice { lane: Lane::Texts, ..dice.notice() }]
}

async fn waiting(store: &Store) -> [i64; 2] {
    let mails = store.read(Count("SELECT COUNT(*) FROM notice WHERE lane = 'emails'")).await.unwrap();
    let texts = store.read(Count("SELECT COUNT(*) FROM notice WHERE lane = 'texts'")).await.unwrap();
    [mails, texts]
}

/// A new sheet, at that time.
fn new_sheet(dice: &mut Dice, person: &Person, at: Timestamp) -> Noted<PutRecoverySlot> {
    let Person { account, session, .. } = *person;
    let event = SecurityEvent { kind: SheetReplaced, session, at };
    let act = PutRecoverySlot { account, session, slot: dice.recovery() };
    Noted { act, account, event, notices: both(dice) }
}

async fn what_is_done_is_written_down_and_announced_with_it_or_not_at_all(store: Store) {
    let mut dice = Dice::new(1);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let before = waiting(&store).await;
    let event = SecurityEvent { kind: SessionEnded, session: bjorn.session, at: later(1) };
    let act = EndSession { account: anna.account, session: bjorn.session };
    let ended = store.write(Noted { act, account: anna.account, event, notices: both(&mut dice) }).await;
    assert_eq!(ended, Err(EndSessionError::NotFound));
    assert_eq!((kinds(&store, &anna, later(1)).await, waiting(&store).await), (vec![SignedIn], before));

    store.write(new_sheet(&mut dice, &anna, later(2))).await.unwrap();
    assert_eq!(kinds(&store, &anna, later(2)).await, [SheetReplaced, SignedIn]);
    assert_eq!(waiting(&store).await, [before[0] + 1, before[1] + 1]);
    store.write(EndSession { account: anna.account, session: anna.session }).await.unwrap();
    let late = store.write(new_sheet(&mut dice, &anna, later(3))).await;
    assert!(matches!(late, Err(PutSlotError::NoSession)));
    assert_eq!(waiting(&store).await, [before[0] + 1, before[1] + 1]);
}

async fn each_kind_is_announced_by_sms_once_a_day_and_by_e_mail_a_few_times(store: Store) {
    let mut dice = Dice::new(2);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let before = waiting(&store).await;
    let since = async |before: [i64; 2]| {
        let [mails, texts] = waiting(&store).await;
        [mails - before[0], texts - before[1]]
    };
    let most = i64::try_from(limits::ANNOUNCEMENTS_A_DAY).unwrap();
    for second in 0..limits::ANNOUNCEMENTS_A_DAY + 5 {
        store.write(new_sheet(&mut dice, &anna, later(second))).await.unwrap();
    }
    assert_eq!(since(before).await, [most, 1]);
    let noted = kinds(&store, &anna, later(60)).await.into_iter().filter(|kind| *kind == SheetReplaced).count();
    assert_eq!(noted as u64, limits::ANNOUNCEMENTS_A_DAY, "nor is the table filled");
    // Another kind is not silenced by them, and nobody else is.
    let event = SecurityEvent { kind: KeyringReplaced, session: anna.session, at: later(60) };
    let RecordHead { id, version, .. } = head_of(&store, anna.account, RecordPurpose::Keyring).await;
    let act = WriteRecord {
        refers: Referring::default(),
        mailbox: anna.account.mailbox(),
        id,
        purpose: RecordPurpose::Keyring,
        expected: Some(version),
        keyring: None,
        sealed: dice.bytes(300),
        quota: Quota::NONE,
    };
    store.write(Noted { act, account: anna.account, event, notices: both(&mut dice) }).await.unwrap();
    store.write(new_sheet(&mut dice, &bjorn, later(60))).await.unwrap();
    assert_eq!(since(before).await, [most + 2, 3]);
    let next_day = later(60).after(limits::ANNOUNCED_WITHIN);
    store.write(new_sheet(&mut dice, &anna, next_day)).await.unwrap();
    assert_eq!(since(before).await, [most + 3, 4]);
}

async fn events_are_kept_for_ninety_days_and_read_by_their_owner_only(store: Store) {
    let mut dice = Dice::new(3);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    store.write(new_sheet(&mut dice, &anna, later(60))).await.unwrap();
    assert_eq!(kinds(&store, &bjorn, later(60)).await, [SignedIn]);
    let first_is_over = NOW.after(limits::SECURITY_EVENT_LIFE);
    assert_eq!(kinds(&store, &anna, first_is_over.before(Duration::from_millis(1))).await, [SheetReplaced, SignedIn]);
    assert_eq!(kinds(&store, &anna, first_is_over).await, [SheetReplaced]);
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM security_event")).await, Ok(3));
    store.write(Sweep { now: first_is_over }).await.unwrap();
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM security_event")).await, Ok(1));
}

async fn a_list_is_a_page_of_the_newest(store: Store) {
    let mut dice = Dice::new(6);
    let anna = register(&store, &mut dice).await;
    // As often as a day takes.
    let at = |number: u64| later(2 * 60 * 60 * (number + 1));
    for number in 0..2 * limits::PAGE as u64 {
        store.write(new_sheet(&mut dice, &anna, at(number))).await.unwrap();
    }
    let now = at(2 * limits::PAGE as u64);
    let events = store.read(ListSecurityEvents { account: anna.account, now }).await.unwrap();
    assert_eq!(events.len(), limits::PAGE);
    assert_eq!(events[0].at, at(2 * limits::PAGE as u64 - 1));
}

async fn a_locked_session_ends_with_the_tenth_wrong_password_and_says_so_once(store: Store) {
    let mut dice = Dice::new(4);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let (account, session) = (anna.account, anna.session);
    store.write(LockSession { session }).await.unwrap();
    let before = waiting(&store).await;
    for minute in 1..u64::from(limits::UNLOCK_TRIES) {
        let refuse = RefuseUnlock { account, session, notices: both(&mut dice), now: later(60 * minute) };
        assert_eq!(store.write(refuse).await, Ok(Refused::Again), "{minute}");
    }
    assert_eq!(kinds(&store, &anna, later(3600)).await, [UnlockFailed, SignedIn], "one row, not one for each try");
    assert_eq!(waiting(&store).await, before);
    let of_another = RefuseUnlock { account: bjorn.account, session, notices: Vec::new(), now: later(3600) };
    assert_eq!(store.write(of_another).await, Ok(Refused::Over), "no session of theirs");
    assert!(store.read(SessionByToken { token_hash: anna.token_hash, now: later(3600) }).await.unwrap().is_some());
    let last = RefuseUnlock { account, session, notices: both(&mut dice), now: later(3600) };
    assert_eq!(store.write(last).await, Ok(Refused::Over));
    assert!(store.read(SessionByToken { token_hash: anna.token_hash, now: later(3600) }).await.unwrap().is_none());
    assert_eq!(kinds(&store, &anna, later(3600)).await, [SessionEnded, UnlockFailed, SignedIn]);
    assert_eq!(waiting(&store).await, [before[0] + 1, before[1] + 1]);
    let after = RefuseUnlock { account, session, notices: both(&mut dice), now: later(3601) };
    assert_eq!(store.write(after).await, Ok(Refused::Over));
    assert_eq!(kinds(&store, &anna, later(3601)).await.len(), 3, "what is over is not counted");
}

async fn to_lock_again_gives_no_more_tries_and_to_unlock_does(store: Store) {
    let mut dice = Dice::new(5);
    let anna = register(&store, &mut dice).await;
    let (account, session) = (anna.account, anna.session);
    let refused = async |now| store.write(RefuseUnlock { account, session, notices: Vec::new(), now }).await.unwrap();
    for try_ in 1..u64::from(limits::UNLOCK_TRIES) {
        store.write(LockSession { session }).await.unwrap();
        assert_eq!(refused(later(try_)).await, Refused::Again);
    }
    let sign_in = SignInId::new(NOW, &mut dice.0);
    assert!(store.write(UnlockSession { account, session, sign_in }).await.unwrap().is_some());
    for try_ in 1..u64::from(limits::UNLOCK_TRIES) {
        assert_eq!(refused(later(100 + try_)).await, Refused::Again);
    }
    let slot = DeviceSlot { id: SlotId::new(NOW, &mut dice.0), sealed: dice.bytes(80), share_sealed: dice.bytes(80) };
    store.write(PutDeviceSlot { account, session, slot, keep: false }).await.unwrap();
    assert_eq!(refused(later(200)).await, Refused::Over);
    assert!(store.read(DeviceSlotOf { session }).await.unwrap().is_none(), "with its share");
    assert_eq!(kinds(&store, &anna, later(200)).await, [SessionEnded, UnlockFailed, UnlockFailed, SignedIn]);
}

/// PROTOCOL §2, §9a.
async fn another_password_takes_the_place_of_the_old_one_and_of_nothing_else(store: Store) {
    let mut dice = Dice::new(7);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let Person { account, session, address_lookup, proof_hash, .. } = anna;
    let device = DeviceSlot { id: SlotId::new(NOW, &mut dice.0), sealed: dice.bytes(80), share_sealed: dice.bytes(80) };
    store.write(PutDeviceSlot { account, session, slot: device.clone(), keep: true }).await.unwrap();
    // Somebody who knows the old one is signing in.
    let sign_in = SignInId::new(NOW, &mut dice.0);
    store.write(BeginSignIn { id: sign_in, account: Some(account), state: vec![1; 8], now: NOW }).await.unwrap();
    let before = waiting(&store).await;

    let slot = dice.password();
    let put = |session, slot: &PasswordSlot, dice: &mut Dice| Noted {
        act: PutPasswordSlot { account, session, slot: slot.clone() },
        account,
        event: SecurityEvent { kind: PasswordChanged, session, at: later(1) },
        notices: both(dice),
    };
    let has = async |slot: &PasswordSlot| store.read(HasPasswordSlot { account, slot: slot.clone() }).await.unwrap();
    assert!(!has(&slot).await);
    for stranger in [bjorn.session, SessionId::new(NOW, &mut dice.0)] {
        let refused = store.write(put(stranger, &slot, &mut dice)).await;
        assert!(matches!(refused, Err(PutSlotError::NoSession)), "a session of nobody, or of somebody else");
    }
    let taken = PasswordSlot { id: device.id, ..slot.clone() };
    assert!(matches!(store.write(put(session, &taken, &mut dice)).await, Err(PutSlotError::SlotExists)));
    assert_eq!((kinds(&store, &anna, later(1)).await, waiting(&store).await), (vec![SignedIn], before));

    store.write(put(session, &slot, &mut dice)).await.unwrap();
    assert!(has(&slot).await);
    assert!(!has(&PasswordSlot { opaque_record: dice.bytes(192), ..slot.clone() }).await, "only the very same");
    assert_eq!(kinds(&store, &anna, later(1)).await, [PasswordChanged, SignedIn]);
    assert_eq!(waiting(&store).await, [before[0] + 1, before[1] + 1]);
    let credentials = store.read(CredentialsByAddress { address_lookup }).await.unwrap().unwrap();
    assert_eq!(credentials.opaque_record, slot.opaque_record);
    let passwords = Count("SELECT COUNT(*) FROM slot WHERE kind = 'password'");
    assert_eq!(store.read(passwords).await, Ok(2), "hers and his");
    assert!(
        store.write(TakeSignInState { id: sign_in, now: NOW }).await.unwrap().is_none(),
        "the old one proves nothing"
    );
    let kept = store.read(DeviceSlotOf { session }).await.unwrap().unwrap();
    assert_eq!(kept.sealed, device.sealed, "what is signed in stays so");
    let id = RecoveryId::new(NOW, &mut dice.0);
    let begun = store.write(BeginRecovery { id, address_lookup, proof_hash, now: NOW }).await.unwrap();
    assert!(begun.is_some(), "the sheet counts");
}
