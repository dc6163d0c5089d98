//! Passkeys against a server that says what a test tells it to. The outputs are numbers that a test thinks of.

use securemailbox_protocol::{
    accounts::{AccountKind, Amounts, Language, LetterNotices, TrashLife},
    ids::{AccountId, CertificateHash},
    levels::Level,
    sessions::NewSession,
    slots::Slot,
};

use super::*;
use crate::fixtures::{NOW, TestWorld, address, annas_mailbox, ok, ready};

const ID: FactorId = FactorId::from_bytes([4; 16]);
const SIGN_IN: SignInId = SignInId::from_bytes([6; 16]);
const SESSION: SessionId = SessionId::from_bytes([5; 16]);

fn path(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

fn output(byte: u8) -> PrfOutput {
    PrfOutput::from_bytes(&[byte; 32]).unwrap()
}

fn assertion() -> Assertion {
    let octets = || Octets(vec![1; 32]);
    Assertion {
        credential: octets(),
        client_data: octets(),
        authenticator_data: octets(),
        signature: octets(),
        user: None,
    }
}

/// Adds a passkey that gives these outputs, as far as it gives any; what the server got.
fn added(world: &TestWorld, mailbox: &Mailbox, outputs: [Option<u8>; 2]) -> (PasskeyUse, UsedPasskey) {
    let [first, second] = outputs.map(|byte| byte.map(output));
    let made_at = path(format!("/passkeys/{ID}/made"));
    let to_use = PasskeyToUse { challenge: Octets(vec![2; 32]), credential: Octets(vec![1; 32]) };
    world.server.will(made_at, ok(&to_use));
    let made = MadeCredential { client_data: Octets(vec![1]), authenticator_data: Octets(vec![1]) };
    let (made, _) = ready(mailbox.passkey_made(world, ID, &made, first.as_ref())).unwrap();
    let used_at = path(format!("/passkeys/{ID}/used"));
    world.server.will(used_at, ok(&()));
    let what_for = ready(mailbox.passkey_used(world, made, assertion(), second.as_ref())).unwrap();
    let sent = world.server.bodies(used_at).pop().unwrap();
    (what_for, serde_json::from_slice(&sent).unwrap())
}

#[test]
fn a_passkey_opens_the_mailbox_only_if_its_second_output_opened_what_the_first_had_sealed() {
    let (world, mailbox) = (TestWorld::default(), annas_mailbox());
    let (what_for, sent) = added(&world, &mailbox, [Some(7), Some(7)]);
    assert_eq!(what_for, PasskeyUse::Opens);
    let slot = sent.slot.unwrap();
    let place = SlotPlace { account: mailbox.owner.account, slot: slot.id };
    let secret = opened(place, &output(7), &slot.sealed).unwrap();
    assert_eq!(secret.as_bytes(), mailbox.owner.secret.as_bytes());
    for outputs in [[Some(7), Some(8)], [Some(7), None], [None, Some(7)], [None, None]] {
        let (what_for, sent) = added(&world, &mailbox, outputs);
        assert_eq!((what_for, sent.slot), (PasskeyUse::Proves, None), "{outputs:?}");
    }
}

#[test]
fn no_output_is_in_anything_that_is_sent() {
    let (world, mailbox) = (TestWorld::default(), annas_mailbox());
    added(&world, &mailbox, [Some(7), Some(7)]);
    let text = securemailbox_protocol::coding::base64url::encode(&[7; 32]);
    for request in world.server.asked.borrow().iter() {
        assert!(!request.body.windows(32).any(|window| window == [7; 32]));
        assert!(!String::from_utf8_lossy(&request.body).contains(&text));
    }
}

fn account() -> Account {
    Account {
        id: AccountId::from_bytes([1; 16]),
        kind: AccountKind::Member,
        language: Language::Sv,
        trash_life: TrashLife::ThirtyDays,
        notices: LetterNotices::AtOnce,
        address: address("anna"),
        certificate: CertificateHash::from_bytes([1; 32]),
        opens: vec![SlotKind::Passkey, SlotKind::Password, SlotKind::Recovery],
        holds: Amounts { letters: 0, bytes: 0 },
        largest_file: 5 << 30,
        quota: Amounts { letters: 0, bytes: 0 },
    }
}

/// Signs in with an output, where the server gives these slots.
fn signed_in(world: &TestWorld, slots: Vec<Slot>, with: Option<u8>) -> PasskeySignedIn {
    world.server.will("/sign-ins/passkey", ok(&PasskeySignIn { id: SIGN_IN, challenge: Octets(vec![3; 32]) }));
    let asked = ready(ask_for_passkey(world)).unwrap();
    let begun = NewSession {
        id: SESSION,
        account: account().id,
        level: Level::Passkey,
        proved: NOW,
        token: None,
        slots,
        share: None,
    };
    world.server.will(path(format!("/sign-ins/{SIGN_IN}/passkey")), ok(&begun));
    world.server.will("/account", ok(&account()));
    world.server.will("/slots/device", ok(&()));
    ready(asked.enter(world, assertion(), with.map(output).as_ref())).unwrap()
}

/// A slot of this account for an output.
fn slot_for(secret: &AccountSecret, byte: u8, account: AccountId) -> Slot {
    let id = SlotId::from_bytes([9; 16]);
    let key = SlotKey::of_passkey(&output(byte));
    let sealed = slots::seal(&SlotPlace { account, slot: id }, &key, secret, &mut TestWorld::default().rng());
    Slot { id, kind: SlotKind::Passkey, sealed: sealed.into() }
}

#[test]
fn a_passkey_alone_opens_by_its_own_slot() {
    let secret = AccountSecret::from_bytes(&[3; 32]).unwrap();
    let slot = slot_for(&secret, 7, account().id);
    let PasskeySignedIn::Open(opening) = signed_in(&TestWorld::default(), vec![slot], Some(7)) else {
        panic!("it opens")
    };
    assert_eq!((opening.address(), opening.secret.as_bytes()), (&address("anna"), &[3; 32]));
}

/// ATTACKS: a server that withholds the slot, gives another account's, or one that was sealed for another passkey; and an
/// authenticator that gives another output than before. The password opens the mailbox in each case.
#[test]
fn a_slot_that_does_not_open_is_no_way_in_and_the_session_is_locked() {
    let secret = AccountSecret::from_bytes(&[3; 32]).unwrap();
    let of_another = slot_for(&secret, 7, AccountId::from_bytes([2; 16]));
    for (slots, locks) in [
        (vec![], 0),
        (vec![of_another], 1),
        (vec![slot_for(&secret, 8, account().id)], 1),
        (vec![Slot { kind: SlotKind::Password, ..slot_for(&secret, 7, account().id) }], 0),
    ] {
        let world = TestWorld::default();
        let PasskeySignedIn::Locked { session, .. } = signed_in(&world, slots, Some(7)) else { panic!("it opens") };
        assert_eq!(session, SESSION);
        assert_eq!(world.server.bodies("/slots/device").len(), locks, "what the server left open is locked");
    }
}

#[test]
fn nobody_signs_in_beside_somebody_by_a_passkey_that_says_whose_it_is_at_the_end() {
    let world = TestWorld::default();
    let slot = slot_for(&AccountSecret::from_bytes(&[3; 32]).unwrap(), 7, account().id);
    let PasskeySignedIn::Open(opening) = signed_in(&world, vec![slot], Some(7)) else { panic!("it opens") };
    ready(Session::keep(&world, &opening)).unwrap();
    assert!(matches!(ready(ask_for_passkey(&world)), Err(SignInError::Open(OpenError::SomebodyElse))));
}

#[test]
fn a_name_is_one_line_that_turns_nothing() {
    assert_eq!(PasskeyName::parse("  Annas   telefon ").map(|name| name.0).as_deref(), Some("Annas telefon"));
    for typed in ["", "  ", "Annas\u{202e} telefon", "a\u{0}", &"x".repeat(61)] {
        assert_eq!(PasskeyName::parse(typed), None, "{typed:?}");
    }
}

/// PROTOCOL §9a, Lock; ATTACKS 61: the slot of this passkey and of this account, or the session is locked again.
#[test]
fn a_locked_session_is_unlocked_by_a_passkeys_own_slot_and_by_no_other() {
    let secret = AccountSecret::from_bytes(&[3; 32]).unwrap();
    let unlocked = |slot: Slot, with: Option<u8>| {
        let world = TestWorld::default();
        world.server.will("/sign-ins/passkey", ok(&PasskeySignIn { id: SIGN_IN, challenge: Octets(vec![3; 32]) }));
        let asked = ready(ask_for_passkey(&world)).unwrap();
        world.server.will("/account", ok(&account()));
        world.server.will("/sessions/current/unlock", ok(&slot));
        world.server.will("/slots/device", ok(&()));
        let unlocked = ready(asked.unlock(&world, assertion(), with.map(output).as_ref()));
        let count = |path| world.server.bodies(path).len();
        (
            unlocked.map(|opening| *opening.secret.as_bytes()).ok(),
            count("/sessions/current/unlock"),
            count("/slots/device"),
        )
    };
    let own = slot_for(&secret, 7, account().id);
    assert_eq!(unlocked(own.clone(), Some(7)), (Some([3; 32]), 1, 0));
    assert_eq!(unlocked(own.clone(), Some(8)), (None, 1, 1), "another output");
    assert_eq!(unlocked(slot_for(&secret, 7, AccountId::from_bytes([2; 16])), Some(7)), (None, 1, 1));
    assert_eq!(unlocked(own, None), (None, 0, 0), "without an output nothing is asked");
}
