use proptest::prelude::*;

use super::*;

fn anna() -> Address {
    Address::parse("anna@demo.example").unwrap()
}

fn key(id: u8, signed_at: u64, state: KeyState) -> KnownKey {
    let (fingerprint, signed_at) = (Fingerprint::from_bytes([id; 32]), Timestamp::from_unix_millis(signed_at));
    KnownKey { fingerprint, signed_at, state }
}

fn met(id: u8, state: KeyState) -> Edit {
    Edit { address: anna(), event: Event::Met(key(id, 1, state)) }
}

fn accepted(id: u8) -> Edit {
    Edit { address: anna(), event: Event::Accepted(Fingerprint::from_bytes([id; 32])) }
}

fn compared(id: u8) -> Edit {
    Edit { address: anna(), event: Event::Compared(Fingerprint::from_bytes([id; 32])) }
}

fn after(edits: &[Edit]) -> Contacts {
    let mut contacts = Contacts::default();
    edits.iter().for_each(|edit| contacts.apply(edit));
    contacts
}

fn standing(edits: &[Edit], id: u8) -> Standing {
    after(edits).standing(&anna(), &Fingerprint::from_bytes([id; 32]))
}

#[test]
fn a_key_is_new_then_known_then_compared_and_never_less() {
    assert_eq!(standing(&[], 1), Standing::New);
    assert_eq!(standing(&[met(1, KeyState::New)], 1), Standing::New);
    assert_eq!(standing(&[met(1, KeyState::New), met(1, KeyState::Known)], 1), Standing::Known);
    assert_eq!(standing(&[met(1, KeyState::New), compared(1), met(1, KeyState::Known)], 1), Standing::Compared);
}

#[test]
fn another_key_is_changed_until_it_is_accepted_and_then_new() {
    let offered = [met(1, KeyState::Known), met(2, KeyState::New)];
    assert_eq!((standing(&offered, 2), standing(&offered, 1)), (Standing::Changed, Standing::Known));
    let taken = [offered.as_slice(), &[accepted(2)]].concat();
    assert_eq!((standing(&taken, 2), standing(&taken, 1)), (Standing::New, Standing::Former));
    assert_eq!(standing(&taken, 3), Standing::Changed);
}

#[test]
fn a_key_that_was_never_offered_is_not_accepted() {
    let edits = [met(1, KeyState::Known), met(2, KeyState::New), accepted(3), compared(3)];
    assert_eq!(after(&edits), after(&edits[..2]));
}

#[test]
fn a_former_key_is_not_offered_again() {
    let edits = [met(1, KeyState::Known), met(2, KeyState::New), accepted(2), met(1, KeyState::New)];
    assert_eq!(after(&edits).get(&anna()).unwrap().offered, None);
}

#[test]
fn no_account_leaves_the_known_key_and_is_remembered() {
    let contacts = after(&[met(1, KeyState::Compared), Edit { address: anna(), event: Event::Gone }]);
    assert_eq!(contacts.get(&anna()).unwrap().offered, Some(Offer::NoAccount));
    assert_eq!(contacts.get(&anna()).unwrap().key.state, KeyState::Compared);
}

fn named(of: &str, name: &str) -> [Edit; 2] {
    let address = Address::parse(of).unwrap();
    let met = Edit { address: address.clone(), event: Event::Met(key(1, 1, KeyState::Known)) };
    [met, Edit { address, event: Event::Named(Name::parse(name).unwrap()) }]
}

#[test]
fn a_name_stands_alone_only_if_it_is_the_contacts_and_nobody_elses() {
    let reader = Name::parse("Björn Ek").unwrap();
    let shown = |edits: &[Edit], claimed| after(edits).names(&reader).shown(&anna(), claimed);
    let alone = |edits: &[Edit], claimed| shown(edits, claimed).alone;
    let annas = named("anna@demo.example", "Anna Lindqvist");
    assert!(!alone(&[], Some("Anna Lindqvist")), "a claim nobody has read yet");
    assert!(alone(&annas, Some("Anna Lindqvist")));
    assert!(alone(&annas, None));
    assert!(!alone(&annas, Some("Chefsläkaren")), "another name than before");
    assert_eq!(shown(&annas, Some("Chefsläkaren")).name.as_deref(), Some("Chefsläkaren"));
    let both = [annas.clone(), named("annna@demo.example", "Anna Lindqvist")].concat();
    assert!(!alone(&both, Some("Anna Lindqvist")), "two of one name");
    let alike = [annas.clone(), named("annna@demo.example", "anna lind\u{200b}qvist")].concat();
    assert!(!alone(&alike, None), "two that look alike");
    assert!(!alone(&named("anna@demo.example", "Björn  Ek"), None), "the reader's own name");
    assert_eq!(shown(&annas, Some("Anna\u{202e}")).name, None, "no name at all");
    let renamed = [annas.as_slice(), &named("anna@demo.example", "Chefsläkaren")[1..]].concat();
    assert!(alone(&renamed, Some("Anna Lindqvist")), "the first name stays");
}

#[test]
fn digits_that_differ_are_remembered_until_they_match() {
    let differed = Edit { address: anna(), event: Event::Differed(Fingerprint::from_bytes([1; 32])) };
    let edits = [met(1, KeyState::Known), differed];
    assert!(after(&edits).get(&anna()).unwrap().differs.is_some());
    assert_eq!(after(&[edits.as_slice(), &[compared(1)]].concat()).get(&anna()).unwrap().differs, None);
}

#[test]
fn a_key_whose_digits_differ_is_called_neither_known_nor_compared() {
    let differed = Edit { address: anna(), event: Event::Differed(Fingerprint::from_bytes([1; 32])) };
    let edits = [met(1, KeyState::Known), compared(1), differed];
    assert_eq!(standing(&edits, 1), Standing::Differs);
    assert_eq!(standing(&[edits.as_slice(), &[compared(1)]].concat(), 1), Standing::Compared);
}

#[test]
fn a_contact_survives_its_record_and_nothing_else_is_taken_for_one() {
    let edits = [met(1, KeyState::Known), met(2, KeyState::New), accepted(2)];
    let contact = after(&edits).get(&anna()).unwrap().clone();
    assert!(!contact.former.is_empty());
    let bytes = contact.to_bytes(&anna());
    assert_eq!(Contact::from_bytes(&bytes), Ok((anna(), contact)));
    let text = String::from_utf8(bytes).unwrap();
    for (was, is) in [("/1 ", "/2 "), ("\"key\"", "\"kex\""), ("anna@", "anna"), ("known", "sure"), ("[\"", "[x\"")] {
        let altered = text.replacen(was, is, 1);
        if altered != text {
            assert_eq!(Contact::from_bytes(altered.as_bytes()), Err(NotAContact), "{was}");
        }
    }
    assert!(text.contains("\"key\"") && text.contains("anna@") && text.contains("[\""));
}

#[test]
fn what_a_newer_client_wrote_into_a_contact_is_carried_along() {
    let contact = after(&[met(1, KeyState::Known)]).get(&anna()).unwrap().clone();
    let text = String::from_utf8(contact.to_bytes(&anna())).unwrap();
    let newer = text.replacen('{', r#"{"groups":["Kliniken"],"#, 1);
    let (address, read) = Contact::from_bytes(newer.as_bytes()).unwrap();
    let mut contacts = Contacts::default();
    contacts.put(address.clone(), contact.merged(read));
    contacts.apply(&compared(1));
    let written = String::from_utf8(contacts.get(&address).unwrap().to_bytes(&address)).unwrap();
    assert!(written.contains(r#""groups":["Kliniken"]"#), "{written}");
}

#[test]
fn the_length_of_a_record_does_not_tell_the_length_of_a_name() {
    let length = |name: &str| {
        let edits = named("anna@demo.example", name);
        after(&edits).get(&anna()).unwrap().to_bytes(&anna()).len()
    };
    assert_eq!(length("A"), length(&"Anna ".repeat(12)));
    assert_eq!(length("A") % PADDING, 0);
}

#[test]
fn two_records_of_one_contact_are_read_as_one() {
    let of = |edits: &[Edit]| after(edits).get(&anna()).unwrap().clone();
    let differed = Edit { address: anna(), event: Event::Differed(Fingerprint::from_bytes([1; 32])) };
    let one = of(&[met(1, KeyState::New), compared(1)]);
    let other = of(&[met(1, KeyState::Known), differed]);
    let merged = one.clone().merged(other.clone());
    assert_eq!((merged.key.state, merged.differs), (KeyState::Compared, other.differs));
    let foreign = of(&[met(2, KeyState::Known)]);
    assert!(matches!(one.merged(foreign).offered, Some(Offer::Key { .. })), "another key is to be decided about");
}

fn any_edit() -> impl Strategy<Value = Edit> {
    let any_key = (1..4_u8, 0..9_u64, prop_oneof![Just(KeyState::New), Just(KeyState::Known)]);
    prop_oneof![
        any_key.prop_map(|(id, at, state)| Edit { address: anna(), event: Event::Met(key(id, at, state)) }),
        Just(Edit { address: anna(), event: Event::Gone }),
        (1..4_u8).prop_map(accepted),
        (1..4_u8).prop_map(compared),
        (1..4_u8).prop_map(|id| Edit { address: anna(), event: Event::Differed(Fingerprint::from_bytes([id; 32])) }),
        "[AB]".prop_map(|name| Edit { address: anna(), event: Event::Named(Name::parse(&name).unwrap()) }),
    ]
}

proptest! {
    #[test]
    fn an_edit_said_twice_is_said_once(edits in prop::collection::vec(any_edit(), 0..12), last in any_edit()) {
        let mut contacts = after(&edits);
        contacts.apply(&last);
        let once = contacts.clone();
        contacts.apply(&last);
        prop_assert_eq!(contacts, once);
    }

    #[test]
    fn only_a_person_changes_the_key_of_an_address(edits in prop::collection::vec(any_edit(), 1..12)) {
        let mut contacts = after(&[met(1, KeyState::New)]);
        for edit in &edits {
            let before = contacts.get(&anna()).unwrap().clone();
            contacts.apply(edit);
            let now = contacts.get(&anna()).unwrap();
            let decided = matches!(edit.event, Event::Accepted(_) | Event::Compared(_));
            prop_assert!(decided || now.key.fingerprint == before.key.fingerprint);
            prop_assert!(now.key.fingerprint != before.key.fingerprint || now.key.state >= before.key.state);
        }
    }
}
