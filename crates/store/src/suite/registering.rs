//! PROTOCOL §9a, Registering.

use securemailbox_protocol::{
    accounts::{AccountKind, AccountUpdate, Language},
    factors::FactorKind,
    levels::Level,
    limits,
};

use super::{
    on_both,
    people::{ADDRESS_CODE, Dice, NOW, PHONE_CODE, WRONG_CODE, enter, expect, only_offer, prove_both, register},
    together::Count,
};
use crate::{
    Store,
    accounts::{AccountById, UpdateAccount},
    directory::{CertificateByHash, ListingByAddress, SealedCertificate},
    factors::FactorsOf,
    jobs::Sweep,
    proofs::{HolderId, NOBODYS_CODE, Standing, Verdict},
    proving::{ChooseError, ChosenFactor, EnterCode, Entered, OffersTo},
    registrations::{CompleteRegistration, NamePhone, Registering, RegistrationError, RegistrationForPassword},
    sessions::Begun,
    slots::RecoverySlot,
};

on_both! {
    a_registration_ends_with_an_account_in_the_directory
    a_registration_knows_of_its_address_that_it_has_a_mailbox
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
    let standing = Standing { level: Level::Phone, proved: NOW };
    assert_eq!(store.write(complete).await.unwrap(), Begun { account, standing });

    let listing = store.read(ListingByAddress { address_lookup }).await.unwrap().unwrap();
    let sealed = SealedCertificate { account, sealed: certificate };
    assert_eq!((listing.certificate, listing.level), (sealed.clone(), Level::Phone));
    assert_eq!(store.read(CertificateByHash { hash }).await.unwrap(), Some(sealed));
    let row = store.read(AccountById { account }).await.unwrap().unwrap();
    assert_eq!((row.kind, row.language, row.certificate), (AccountKind::Member, Language::Sv, hash));
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM proof")).await, Ok(0));
    let factors = store.read(FactorsOf { account }).await.unwrap();
    let kinds: Vec<_> = factors.iter().map(|factor| factor.kind).collect();
    assert_eq!(kinds, [FactorKind::Phone], "the address is the account's name from now on, and no second factor");

    let again = dice.complete_registration(id);
    assert!(matches!(store.write(again).await, Err(RegistrationError::RegistrationOver)));
}

async fn a_registration_knows_of_its_address_that_it_has_a_mailbox(store: Store) {
    let mut dice = Dice::new(2);
    let person = register(&store, &mut dice).await;
    let (theirs, nobodys) = (person.address_lookup, dice.hash());
    for (address_lookup, has_one) in [(theirs, true), (nobodys, false)] {
        let begin = dice.begin_registration(address_lookup);
        let holder = HolderId::Registration(begin.id);
        store.write(begin).await.unwrap();
        let factor = only_offer(&store, holder).await;
        let chosen = store.read(ChosenFactor { holder, factor, now: NOW }).await.unwrap();
        assert_eq!((chosen.in_vain, chosen.factor.kind), (has_one, FactorKind::Address));
        expect(&store, &mut dice, holder, factor, NOBODYS_CODE).await.unwrap();
        let typed = store.write(EnterCode { holder: registering(holder), factor, code: ADDRESS_CODE, now: NOW }).await;
        assert_eq!(typed, Ok(Entered::Refused(Verdict::Wrong)), "nobody was sent a code");
    }
}

fn registering(holder: HolderId) -> Registering {
    match holder {
        HolderId::Registration(id) => Registering(id),
        HolderId::SignIn(_) | HolderId::Recovery(_) | HolderId::Session(_) | HolderId::Enrolment(_) => {
            panic!("a registration")
        }
    }
}

async fn no_step_can_be_taken_before_the_one_before_it(store: Store) {
    let mut dice = Dice::new(3);
    let lookup = dice.hash();
    let begin = dice.begin_registration(lookup);
    let id = begin.id;
    store.write(begin).await.unwrap();
    let holder = HolderId::Registration(id);
    let phone = |dice: &mut Dice| NamePhone { id, phone: dice.factor(FactorKind::Phone), now: NOW };
    let early = phone(&mut dice);
    assert!(matches!(store.write(early).await, Err(RegistrationError::RegistrationOver)), "the address comes first");
    let address = only_offer(&store, holder).await;
    assert_eq!(enter(&store, Registering(id), address, ADDRESS_CODE).await, Err(Verdict::AlreadyOver), "none was sent");
    expect(&store, &mut dice, holder, address, ADDRESS_CODE).await.unwrap();
    assert_eq!(enter(&store, Registering(id), address, ADDRESS_CODE).await, Ok(()));
    let again = expect(&store, &mut dice, holder, address, ADDRESS_CODE).await;
    assert!(matches!(again, Err(ChooseError::Over)), "what is proved is not asked for again");
    let password = RegistrationForPassword { id, now: NOW };
    assert!(matches!(store.read(password).await, Err(RegistrationError::RegistrationOver)));
    let complete = dice.complete_registration(id);
    assert!(matches!(store.write(complete).await, Err(RegistrationError::RegistrationOver)));
    // A phone that was mistyped can be named anew, and the code that went to the other one proves nothing.
    let (mistyped, named) = (phone(&mut dice), phone(&mut dice));
    let (wrong, right) = (mistyped.phone.id, named.phone.id);
    store.write(mistyped).await.unwrap();
    expect(&store, &mut dice, holder, wrong, WRONG_CODE).await.unwrap();
    store.write(named).await.unwrap();
    assert_eq!(enter(&store, Registering(id), wrong, WRONG_CODE).await, Err(Verdict::AlreadyOver));
    expect(&store, &mut dice, holder, right, PHONE_CODE).await.unwrap();
    assert_eq!(enter(&store, Registering(id), right, WRONG_CODE).await, Err(Verdict::Wrong));
    assert_eq!(enter(&store, Registering(id), right, PHONE_CODE).await, Ok(()));
    let late = phone(&mut dice);
    assert!(matches!(store.write(late).await, Err(RegistrationError::RegistrationOver)), "a proved phone stays");
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
    for left in ["SELECT COUNT(*) FROM proof", "SELECT COUNT(*) FROM factor"] {
        assert_eq!(store.read(Count(left)).await, Ok(0), "{left}");
    }
    let gone = OffersTo { holder: HolderId::Registration(id), now: NOW };
    assert!(matches!(store.read(gone).await, Err(ChooseError::Over)));
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
    let password = dice.password();
    let recovery = RecoverySlot { id: password.id, ..dice.recovery() };
    let complete = CompleteRegistration { recovery, ..dice.complete_with(id, password) };
    assert!(matches!(store.write(complete).await, Err(RegistrationError::SameId)));
    assert_eq!(store.read(AccountById { account }).await, Ok(None));
    let begun = store.write(dice.complete_registration(id)).await.unwrap();
    assert_eq!(begun.account, account, "the registration is still open");
}

async fn a_language_is_one_accounts_choice(store: Store) {
    let mut dice = Dice::new(7);
    let (anna, bjorn) = (register(&store, &mut dice).await.account, register(&store, &mut dice).await.account);
    let update = AccountUpdate { language: Some(Language::En), ..AccountUpdate::default() };
    store.write(UpdateAccount { account: anna, update }).await.unwrap();
    for (account, language) in [(anna, Language::En), (bjorn, Language::Sv)] {
        assert_eq!(store.read(AccountById { account }).await.unwrap().unwrap().language, language);
    }
}
