//! PROTOCOL §9a, Registering.

use securemailbox_protocol::{
    accounts::{AccountKind, Language},
    levels::Level,
    limits,
};

use super::{
    on_both,
    people::{ADDRESS_CODE, Dice, NOW, PHONE_CODE, WRONG_CODE, later, prove_both, register},
    together::Count,
};
use crate::{
    Store,
    accounts::{AccountById, SetLanguage},
    directory::{CertificateByHash, ListingByAddress, SealedCertificate},
    factors::Verdict,
    jobs::Sweep,
    notices::{DueNotices, NoticeContent},
    registrations::{
        CompleteRegistration, EnterAddressCode, EnterPhoneCode, RegistrationError, RegistrationForPassword, SetPhone,
    },
};

on_both! {
    a_registration_ends_with_an_account_in_the_directory
    an_address_that_has_a_mailbox_gets_the_other_notice_and_no_code_is_right
    no_step_can_be_taken_before_the_one_before_it
    a_registration_is_gone_after_an_hour
    of_two_registrations_of_one_address_the_first_to_complete_wins
    two_slots_of_one_id_are_refused_and_leave_no_account
    a_language_is_one_accounts_choice
}

async fn a_registration_ends_with_an_account_in_the_directory(store: Store) {
    let mut dice = Dice::new(1);
    let address_lookup = dice.hash();
    let begin = dice.begin_registration(address_lookup);
    let (id, account) = (begin.id, begin.account);
    store.write(begin).await.unwrap();
    prove_both(&store, &mut dice, id).await.unwrap();
    assert_eq!(store.read(RegistrationForPassword { id, now: NOW }).await.unwrap(), account);
    let complete = dice.complete_registration(id);
    let (certificate, hash) = (complete.certificate_sealed.clone(), complete.certificate_hash);
    assert_eq!(store.write(complete).await.unwrap(), account);

    let listing = store.read(ListingByAddress { address_lookup }).await.unwrap().unwrap();
    let sealed = SealedCertificate { account, sealed: certificate };
    assert_eq!((listing.certificate, listing.level), (sealed.clone(), Level::Phone));
    assert_eq!(store.read(CertificateByHash { hash }).await.unwrap(), Some(sealed));
    let row = store.read(AccountById { account }).await.unwrap().unwrap();
    assert_eq!((row.kind, row.language, row.certificate), (AccountKind::Member, Language::Sv, hash));
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM proof")).await, Ok(0));

    let again = dice.complete_registration(id);
    assert!(matches!(store.write(again).await, Err(RegistrationError::RegistrationOver)));
}

async fn an_address_that_has_a_mailbox_gets_the_other_notice_and_no_code_is_right(store: Store) {
    let mut dice = Dice::new(2);
    let person = register(&store, &mut dice).await;
    let begin = dice.begin_registration(person.address_lookup);
    let (id, taken) = (begin.id, begin.taken_notice.clone());
    store.write(begin).await.unwrap();
    let due = store.write(DueNotices { now: NOW, limit: 10, lease_until: later(60) }).await.unwrap();
    let sealed = due.iter().find(|notice| notice.id == taken.id).map(|notice| &notice.content);
    assert!(matches!(sealed, Some(NoticeContent::Sealed(bytes)) if *bytes == taken.sealed));
    // One for the registration of before, one for its phone, and this one.
    assert_eq!(due.len(), 3);
    assert_eq!(store.write(EnterAddressCode { id, code: ADDRESS_CODE, now: NOW }).await, Ok(Verdict::Wrong));
}

async fn no_step_can_be_taken_before_the_one_before_it(store: Store) {
    let mut dice = Dice::new(3);
    let lookup = dice.hash();
    let begin = dice.begin_registration(lookup);
    let id = begin.id;
    store.write(begin).await.unwrap();
    let phone = SetPhone { id, phone_sealed: dice.bytes(64), code: PHONE_CODE, notice: dice.notice(), now: NOW };
    assert!(matches!(store.write(phone).await, Err(RegistrationError::RegistrationOver)));
    let phone_code = || EnterPhoneCode { id, code: PHONE_CODE, now: NOW };
    assert_eq!(store.write(phone_code()).await, Ok(Verdict::AlreadyOver));
    assert_eq!(store.write(EnterAddressCode { id, code: ADDRESS_CODE, now: NOW }).await, Ok(Verdict::Proved));
    assert_eq!(store.write(phone_code()).await, Ok(Verdict::AlreadyOver));
    let password = RegistrationForPassword { id, now: NOW };
    assert!(matches!(store.read(password).await, Err(RegistrationError::RegistrationOver)));
    let complete = dice.complete_registration(id);
    assert!(matches!(store.write(complete).await, Err(RegistrationError::RegistrationOver)));
    // A phone that was mistyped can be set again, with a code and tries of its own.
    for code in [WRONG_CODE, PHONE_CODE] {
        let phone = SetPhone { id, phone_sealed: dice.bytes(64), code, notice: dice.notice(), now: NOW };
        store.write(phone).await.unwrap();
    }
    assert_eq!(store.write(phone_code()).await, Ok(Verdict::Proved));
    let phone = SetPhone { id, phone_sealed: dice.bytes(64), code: PHONE_CODE, notice: dice.notice(), now: NOW };
    assert!(matches!(store.write(phone).await, Err(RegistrationError::RegistrationOver)), "a proved phone stays");
}

async fn a_registration_is_gone_after_an_hour(store: Store) {
    let mut dice = Dice::new(4);
    let lookup = dice.hash();
    let begin = dice.begin_registration(lookup);
    let id = begin.id;
    store.write(begin).await.unwrap();
    prove_both(&store, &mut dice, id).await.unwrap();
    let over = NOW.after(limits::REGISTRATION_LIFE);
    let complete = CompleteRegistration { now: over, ..dice.complete_registration(id) };
    assert!(matches!(store.write(complete).await, Err(RegistrationError::RegistrationOver)));
    assert_eq!(store.write(Sweep { now: over }).await.unwrap().registrations, 1);
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM proof")).await, Ok(0));
    assert_eq!(store.write(EnterAddressCode { id, code: ADDRESS_CODE, now: NOW }).await, Ok(Verdict::AlreadyOver));
}

async fn of_two_registrations_of_one_address_the_first_to_complete_wins(store: Store) {
    let mut dice = Dice::new(5);
    let lookup = dice.hash();
    let mut completions = Vec::new();
    for _ in 0..2 {
        let begin = dice.begin_registration(lookup);
        let id = begin.id;
        store.write(begin).await.unwrap();
        prove_both(&store, &mut dice, id).await.unwrap();
        completions.push(dice.complete_registration(id));
    }
    let both = completions.into_iter().map(|complete| store.write(complete));
    let answers = futures_util::future::join_all(both).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Err(RegistrationError::AddressTaken))).count(), 1);
}

async fn two_slots_of_one_id_are_refused_and_leave_no_account(store: Store) {
    let mut dice = Dice::new(6);
    let lookup = dice.hash();
    let begin = dice.begin_registration(lookup);
    let (id, account) = (begin.id, begin.account);
    store.write(begin).await.unwrap();
    prove_both(&store, &mut dice, id).await.unwrap();
    let mut complete = dice.complete_registration(id);
    complete.recovery.id = complete.password.id;
    assert!(matches!(store.write(complete).await, Err(RegistrationError::SameId)));
    assert_eq!(store.read(AccountById { account }).await, Ok(None));
    assert_eq!(store.write(dice.complete_registration(id)).await.unwrap(), account, "the registration is still open");
}

async fn a_language_is_one_accounts_choice(store: Store) {
    let mut dice = Dice::new(7);
    let (anna, bjorn) = (register(&store, &mut dice).await.account, register(&store, &mut dice).await.account);
    store.write(SetLanguage { account: anna, language: Language::En }).await.unwrap();
    for (account, language) in [(anna, Language::En), (bjorn, Language::Sv)] {
        assert_eq!(store.read(AccountById { account }).await.unwrap().unwrap().language, language);
    }
}
