use proptest::{prelude::*, sample::Index};
use securemailbox_protocol::{ids::AccountId, invitations::LINK, limits, phone::PhoneNumber, sealed};
use securemailbox_vault::passphrases::{LONGEST, Passphrase};

use super::*;
use crate::settings;

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

fn state_of(contact: &Contact) -> Option<KeyState> {
    contact.key.map(|key| key.state)
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
    assert_eq!(state_of(contacts.get(&anna()).unwrap()), Some(KeyState::Compared));
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

/// ATTACKS 92.
#[test]
fn who_writes_by_a_page_under_a_known_name_is_never_taken_for_them() {
    let (reader, writer) = (Name::parse("Björn Ek").unwrap(), Address::of_writer(AccountId::from_bytes([7; 16])));
    let annas = named("anna@demo.example", "Anna Lindqvist");
    let wrote = named(writer.as_str(), "Anna Lindqvist");
    let both = after(&[annas, wrote.clone()].concat());
    let names = both.names(&reader);
    assert!(!names.shown(&writer, Some("Anna Lindqvist")).alone);
    let only = after(&wrote);
    let shown = only.names(&reader).shown(&writer, Some("Anna Lindqvist"));
    assert_eq!(
        shown,
        ShownName { name: Some("Anna Lindqvist".into()), alone: false },
        "also where nobody else is called so"
    );
    let mut called = only;
    called.apply(&Edit { address: writer.clone(), event: named_by_owner("Eva i trappan") });
    assert!(called.names(&reader).shown(&writer, Some("Anna Lindqvist")).alone, "unless the owner calls them so");
}

fn named_by_owner(name: &str) -> Event {
    called(1, name).event
}

fn number_check(id: u8, phone: &str, matches: bool) -> NumberCheck {
    let (key, phone) = (Fingerprint::from_bytes([id; 32]), PhoneNumber::parse(phone).unwrap());
    NumberCheck { key, phone, matches }
}

/// What the server said at this second of a number and a key.
fn numbered(at: u64, check: Option<NumberCheck>) -> Edit {
    let said = Contact { number: None, ..Contact::default() };
    // Taking back says something only where something stands.
    let before = said.number_said(Some(number_check(9, "+46701740699", true)), Timestamp::from_unix_millis(0));
    let said = Contact { number: before, ..said }.number_said(check, Timestamp::from_unix_millis(at * 1000));
    Edit { address: anna(), event: Event::Numbered(said.unwrap()) }
}

#[test]
fn a_number_that_was_not_theirs_stops_the_key_until_its_digits_match_or_the_owner_says_otherwise() {
    let differs = |edits: &[Edit]| after(edits).number_differs(&anna(), &Fingerprint::from_bytes([1; 32]));
    let no = numbered(1, Some(number_check(1, "+46701740612", false)));
    let asked = [met(1, KeyState::New), no];
    assert!(differs(&asked) && !differs(&asked[..1]));
    let written_to = [asked.as_slice(), &[met(1, KeyState::Known)]].concat();
    assert!(differs(&written_to), "whoever registered the address can write letters");
    assert!(!differs(&[asked.as_slice(), &[compared(1)]].concat()));
    assert!(!differs(&[asked.as_slice(), &[numbered(2, None)]].concat()));
    let yes = numbered(2, Some(number_check(1, "+46701740613", true)));
    assert!(!differs(&[asked.as_slice(), &[yes]].concat()));
}

#[test]
fn what_was_said_of_a_number_tells_of_one_key_and_makes_it_no_less_new() {
    let yes = numbered(1, Some(number_check(1, "+46701740612", true)));
    let edits = [met(1, KeyState::New), yes];
    let contacts = after(&edits);
    assert!(contacts.get(&anna()).unwrap().number_check().is_some_and(|check| check.matches));
    assert_eq!(standing(&edits, 1), Standing::New, "the server's word");
    let another = [edits.as_slice(), &[met(2, KeyState::New), accepted(2)]].concat();
    assert_eq!(after(&another).get(&anna()).unwrap().number_check(), None);
}

#[test]
fn of_two_answers_about_a_number_the_later_one_counts_on_each_device() {
    let [no, yes] =
        [(1, false), (2, true)].map(|(at, matches)| numbered(at, Some(number_check(1, "+46701740612", matches))));
    let first = met(1, KeyState::New);
    let one = after(&[first.clone(), no.clone(), yes.clone()]);
    assert_eq!(one, after(&[first.clone(), yes.clone(), no.clone()]));
    let [early, late] = [no, yes].map(|edit| after(&[first.clone(), edit]).get(&anna()).cloned().unwrap());
    assert_eq!(early.clone().merged(late.clone()), late.merged(early));
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
    assert_eq!(Contact::from_bytes(&bytes), Ok(Some((anna(), contact))));
    let text = String::from_utf8(bytes).unwrap();
    for (was, is) in [("/1 ", "/2 "), ("anna@", "anna"), ("new\"", "sure\""), ("[\"", "[x\"")] {
        assert!(text.contains(was), "{was}");
        assert_eq!(Contact::from_bytes(text.replacen(was, is, 1).as_bytes()), Err(NotAContact), "{was}");
    }
}

#[test]
fn what_a_newer_client_wrote_into_a_contact_is_carried_along() {
    let contact = after(&[met(1, KeyState::Known)]).get(&anna()).unwrap().clone();
    let text = String::from_utf8(contact.to_bytes(&anna())).unwrap();
    let newer = text.replacen('{', r#"{"groups":["Kliniken"],"#, 1);
    let (address, read) = Contact::from_bytes(newer.as_bytes()).unwrap().unwrap();
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
    assert_eq!(length("A") % card::PADDING, 0);
}

#[test]
fn two_records_of_one_contact_are_read_as_one() {
    let of = |edits: &[Edit]| after(edits).get(&anna()).unwrap().clone();
    let differed = Edit { address: anna(), event: Event::Differed(Fingerprint::from_bytes([1; 32])) };
    let one = of(&[met(1, KeyState::New), compared(1)]);
    let other = of(&[met(1, KeyState::Known), differed]);
    let merged = one.clone().merged(other.clone());
    assert_eq!((state_of(&merged), merged.differs), (Some(KeyState::Compared), other.differs));
    let foreign = of(&[met(2, KeyState::Known)]);
    assert!(matches!(one.merged(foreign).offered, Some(Offer::Key { .. })), "another key is to be decided about");
}

/// What the owner says at a time, on top of nothing.
fn said(at: u64, description: Description) -> Edit {
    let words = Words::default().towards(description, Timestamp::from_unix_millis(at));
    Edit { address: anna(), event: Event::Said(words) }
}

fn called(at: u64, name: &str) -> Edit {
    said(at, Description { name: Name::parse(name).ok(), ..Description::default() })
}

fn noted(at: u64, note: &str) -> Edit {
    said(at, Description { note: Note::parse(note).ok(), ..Description::default() })
}

#[test]
fn whom_the_owner_names_is_called_so_whatever_they_claim() {
    let reader = Name::parse("Björn Ek").unwrap();
    let shown = |edits: &[Edit], claimed| {
        let ShownName { name, alone } = after(edits).names(&reader).shown(&anna(), claimed);
        (name.unwrap(), alone)
    };
    let edits = [named("anna@demo.example", "Anna Lindqvist").as_slice(), &[called(1, "Min syster")]].concat();
    for claimed in [None, Some("Anna Lindqvist"), Some("Chefsläkaren"), Some("Anna\u{202e}")] {
        assert_eq!(shown(&edits, claimed), ("Min syster".into(), true), "{claimed:?}");
    }
    let claims_the_same = [edits.as_slice(), &named("eva@demo.example", "Min  Syster")].concat();
    assert_eq!(shown(&claims_the_same, None), ("Min syster".into(), false), "somebody else claims that name");
    let taken_back = [edits.as_slice(), &[Edit { address: anna(), event: taken_back(&edits) }]].concat();
    assert_eq!(shown(&taken_back, None), ("Anna Lindqvist".into(), true));
}

/// The owner wants no name of their own any more.
fn taken_back(edits: &[Edit]) -> Event {
    let words = after(edits).get(&anna()).unwrap().words.clone();
    Event::Said(words.towards(Description::default(), Timestamp::from_unix_millis(2)))
}

#[test]
fn who_has_no_mailbox_may_be_a_contact_and_meets_a_key_as_new_later() {
    let edits = [called(1, "Gun Berg"), Edit { address: anna(), event: Event::Gone }];
    let contacts = after(&edits);
    assert_eq!(contacts.standing_of(&anna()), Standing::Unmet);
    assert_eq!(contacts.get(&anna()).unwrap().offered, None, "nobody had a key that went");
    for decided in [accepted(1), compared(1)] {
        assert_eq!(standing(&[edits.as_slice(), &[decided]].concat(), 1), Standing::New, "none was offered");
    }
    assert_eq!(standing(&[edits.as_slice(), &[met(1, KeyState::New)]].concat(), 1), Standing::New);
    let met_first = after(&[met(1, KeyState::Known), called(1, "Gun Berg")]);
    let both = after(&edits).get(&anna()).unwrap().clone().merged(met_first.get(&anna()).unwrap().clone());
    assert_eq!(state_of(&both), Some(KeyState::Known), "a record with a key and one without are one contact");
}

#[test]
fn what_the_owner_says_counts_on_a_device_whose_clock_is_behind() {
    let mut contacts = after(&[called(9_000, "Gun")]);
    let words = contacts.get(&anna()).unwrap().words.clone();
    let corrected = words.towards(
        Description { name: Name::parse("Gunhild").ok(), ..Description::default() },
        Timestamp::from_unix_millis(1),
    );
    contacts.apply(&Edit { address: anna(), event: Event::Said(corrected) });
    assert_eq!(contacts.get(&anna()).unwrap().goes_by().map(Name::as_str), Some("Gunhild"));
}

#[test]
fn nothing_is_said_anew_of_what_stands_already() {
    let words = after(&[called(1, "Gun")]).get(&anna()).unwrap().words.clone();
    assert_eq!(words.towards(words.description(), Timestamp::from_unix_millis(5)), Words::default());
}

#[test]
fn a_note_is_some_lines_and_no_control_character() {
    assert_eq!(Note::parse(" Ring\r\nefter\tsex\u{7}. ").unwrap().as_str(), "Ring\nefter sex.");
    assert_eq!(Note::parse(" \r\n"), Err(NotANote));
    assert!(Note::parse(&"å".repeat(NOTE)).is_ok());
    assert_eq!(Note::parse(&"a".repeat(NOTE + 1)), Err(NotANote));
}

#[test]
fn a_link_that_an_operator_could_open_is_not_forgotten_for_a_later_one_of_another_device() {
    let at = |millis| Timestamp::from_unix_millis(millis);
    let said = |mailed, millis| {
        let invited = Invited { mailed, passphrase: None, open_before: false, ..longest_invited() };
        Contact { invited: Contact::default().invited_said(invited, at(millis)), ..Contact::default() }
    };
    let (mailed, handed) = (said(true, 10), said(false, 20));
    for both in [mailed.clone().merged(handed.clone()), handed.clone().merged(mailed.clone())] {
        assert!(both.was_open_to_operator(at(10)) && !both.was_open_to_operator(at(20)));
        assert_eq!(both.clone().merged(mailed.clone()), both, "and the same again is the same");
    }
    assert_eq!(mailed.clone().merged(mailed.clone()), mailed);
    assert!(!handed.was_open_to_operator(at(10)));
}

fn longest_invited() -> Invited {
    let words = "abcdefghij".repeat(3);
    let passphrase = Passphrase::agree(&format!("{words}a {words}b {words}c {words}d")).ok();
    assert!(passphrase.as_ref().is_some_and(|words| words.as_str().len() + 4 > LONGEST));
    Invited {
        key: key(1, 0, KeyState::New).fingerprint,
        link: "A".repeat(LINK),
        mailed: true,
        passphrase,
        open_before: true,
    }
}

#[test]
fn a_contact_with_everything_at_its_longest_fits_its_record() {
    let wide = '\u{1f600}'.to_string();
    let far = Timestamp::from_unix_millis(u64::MAX);
    let of = |id: u8| KnownKey { signed_at: far, ..key(id, 0, KeyState::Compared) };
    let address = Address::parse(&format!("{}@{}.se", "å".repeat(60), "a.".repeat(64).trim_end_matches('.'))).unwrap();
    let description = Description {
        name: Name::parse(&wide.repeat(settings::NAME)).ok(),
        phone: PhoneNumber::parse("+461234567890123").ok(),
        note: Note::parse(&wide.repeat(NOTE)).ok(),
    };
    let contact = Contact {
        key: Some(of(1)),
        former: (3..13).map(|id| of(id).fingerprint).collect(),
        offered: Some(Offer::Key { fingerprint: of(2).fingerprint, signed_at: far }),
        name: Name::parse(&wide.repeat(settings::NAME)).ok(),
        differs: Some(of(2).fingerprint),
        invited: Contact::default().invited_said(longest_invited(), far),
        number: Contact::default().number_said(Some(number_check(1, "+461234567890123", false)), far),
        words: Words::default().towards(description.clone(), far),
        rest: Map::new(),
    };
    assert!(description.name.is_some() && description.phone.is_some() && description.note.is_some());
    let bytes = contact.to_bytes(&address);
    assert!(bytes.len() + sealed::OVERHEAD <= limits::CONTACT, "{}", bytes.len());
    let (_, read) = Contact::from_bytes(&bytes).unwrap().unwrap();
    assert!(
        read.former.len() >= 2 && contact.former.ends_with(&read.former),
        "the newest of its former keys stay: {}",
        read.former.len()
    );
    assert_eq!(Contact { former: contact.former.clone(), ..read }, contact, "and everything else does");
}

#[test]
fn a_forgotten_contact_leaves_a_record_that_says_nothing_of_it() {
    let contact = after(&[met(1, KeyState::Known), called(1, "Gun Berg")]).get(&anna()).unwrap().clone();
    let emptied = Contact::forgotten();
    assert_eq!(Contact::from_bytes(&emptied), Ok(None));
    assert_eq!(emptied.len(), contact.to_bytes(&anna()).len(), "nor by its length");
    let text = String::from_utf8(emptied).unwrap();
    for altered in
        [text.replacen("/1 ", "/2 ", 1), text.replacen("true", "false", 1), text.replacen("forgotten", "x", 1)]
    {
        assert_eq!(Contact::from_bytes(altered.as_bytes()), Err(NotAContact), "{altered}");
    }
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
        any_words(),
    ]
}

fn any_words() -> impl Strategy<Value = Edit> {
    let phone = prop_oneof![Just("+46701740612"), Just("+46701740613")];
    prop_oneof![
        (0..5_u64, "[AB]").prop_map(|(at, name)| called(at, &name)),
        (0..5_u64, "[AB]").prop_map(|(at, note)| noted(at, &note)),
        (0..5_u64, phone).prop_map(|(at, phone)| {
            said(at, Description { phone: PhoneNumber::parse(phone).ok(), ..Description::default() })
        }),
        (1..5_u64, "[AB]").prop_map(|(at, name)| {
            let words = after(&[called(0, &name)]).get(&anna()).unwrap().words.clone();
            let event = Event::Said(words.towards(Description::default(), Timestamp::from_unix_millis(at)));
            Edit { address: anna(), event }
        }),
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
    fn what_the_owner_says_comes_to_the_same_in_any_order_on_any_devices(
        edits in prop::collection::vec(any_words(), 1..8),
        order in prop::collection::vec(any::<Index>(), 8),
        split in any::<Index>(),
    ) {
        let words = |edits: &[Edit]| after(edits).get(&anna()).map(|contact| contact.words.clone());
        let mut shuffled = edits.clone();
        for (at, other) in order.iter().take(edits.len()).enumerate() {
            shuffled.swap(at, other.index(edits.len()));
        }
        prop_assert_eq!(words(&shuffled), words(&edits));
        // Two devices made a record each, and wrote some of it.
        let (one, other) = edits.split_at(split.index(edits.len()));
        let card = |edits: &[Edit]| after(edits).get(&anna()).cloned().unwrap_or_default();
        prop_assert_eq!(Some(card(one).merged(card(other)).words), words(&edits));
        prop_assert_eq!(Some(card(other).merged(card(one)).words), words(&edits));
    }

    #[test]
    fn a_contact_that_is_forgotten_is_as_one_that_was_never_met(
        before in prop::collection::vec(any_edit(), 0..8),
        afterwards in prop::collection::vec(any_edit(), 0..8),
    ) {
        let mut contacts = after(&before);
        contacts.forget(&anna());
        afterwards.iter().for_each(|edit| contacts.apply(edit));
        prop_assert_eq!(contacts, after(&afterwards));
    }

    #[test]
    fn only_a_person_changes_the_key_of_an_address(edits in prop::collection::vec(any_edit(), 1..12)) {
        let mut contacts = after(&[met(1, KeyState::New)]);
        for edit in &edits {
            let before = contacts.get(&anna()).unwrap().key.unwrap();
            contacts.apply(edit);
            let now = contacts.get(&anna()).unwrap().key.unwrap();
            let decided = matches!(edit.event, Event::Accepted(_) | Event::Compared(_));
            prop_assert!(decided || now.fingerprint == before.fingerprint);
            prop_assert!(now.fingerprint != before.fingerprint || now.state >= before.state);
        }
    }
}
