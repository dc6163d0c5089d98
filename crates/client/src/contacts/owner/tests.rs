use rand::{SeedableRng, rngs::StdRng};
use securemailbox_protocol::{
    ids::RecordId,
    numbers::{ChangeNumber, Version},
    octets::Octets,
    phone::PhoneNumber,
    problems::ProblemType,
    records::{Record, RecordChange, RecordHead, RecordPurpose},
    sync::{Changes, Erased},
};
use securemailbox_vault::{
    known_keys::KnownKey,
    records::{self as sealed_records, RecordPlace},
};

use super::*;
use crate::{
    contacts::{Contacts, Edit, Note, Standing},
    device::Table,
    fixtures::{TestWorld, address, annas_mailbox, identity, listing, ok, problem, ready},
    replica::SyncRefused,
    settings::Name,
};

const LOOK_UPS: &str = "/directory/look-ups";
const BJORNS: RecordId = RecordId::from_bytes([4; 16]);

fn head(version: u64) -> RecordHead {
    let (version, change) = (Version::new(version), ChangeNumber::new(version));
    RecordHead { id: BJORNS, purpose: RecordPurpose::Contact, version, change }
}

fn writes() -> &'static str {
    format!("/records/{BJORNS}?purpose=contact").leak()
}

fn bjorn() -> Contact {
    let mut contacts = Contacts::default();
    let key = KnownKey::first(identity("bjorn", 10).certificate()).compared();
    contacts.apply(&Edit { address: address("bjorn"), event: Event::Met(key) });
    contacts.get(&address("bjorn")).unwrap().clone()
}

/// Anna's mailbox with a record of Björn.
fn mailbox() -> Mailbox {
    let mailbox = annas_mailbox();
    let mut state = mailbox.state.borrow_mut();
    state.replica.take_record(head(1), None).unwrap();
    state.take_card(BJORNS, address("bjorn"), bjorn());
    drop(state);
    mailbox
}

fn described() -> Description {
    Description {
        name: Name::parse("Chefsläkaren").ok(),
        phone: PhoneNumber::parse("+46701740612").ok(),
        note: Note::parse("Ring efter sex.").ok(),
    }
}

fn changes(records: Vec<RecordChange>, change: u64) -> Changes {
    let change = ChangeNumber::new(change);
    Changes { change, erased: Erased::default(), more: false, entries: Vec::new(), records, waits: Vec::new() }
}

/// What the owner's other device writes.
fn sealed(mailbox: &Mailbox, version: u64, text: &[u8]) -> Octets {
    let RecordHead { id, purpose, version, .. } = head(version);
    let place = RecordPlace { account: mailbox.owner.account, record: id, purpose, version };
    Octets(sealed_records::seal(&place, &mailbox.owner.secret, text, &mut StdRng::seed_from_u64(7)))
}

/// Every row of a device as its owner can read it, and what the sealed records in it say.
fn device(world: &TestWorld, mailbox: &Mailbox) -> String {
    let rows = mailbox.rows(world);
    let of = |table| ready(rows.scan_bytes(table)).unwrap().into_iter();
    let mut all = Table::ALL.iter().flat_map(|table| of(*table)).map(|(_, row)| row.to_vec()).collect::<Vec<_>>();
    for (_, _, row) in ready(rows.scan::<crate::keeping::RecordRow>(Table::Record)).unwrap() {
        if let Some(sealed) = row.sealed {
            all.push(crate::records::open(&mailbox.owner, &row.head, &sealed.0).unwrap().to_vec());
        }
    }
    String::from_utf8_lossy(&all.concat()).into_owned()
}

#[test]
fn somebody_without_a_mailbox_is_written_down_without_a_network_too() {
    let (world, anna) = (TestWorld::default(), annas_mailbox());
    ready(anna.add_contact(&world, &address("gun"), described())).unwrap();
    assert_eq!(anna.contacts().standing_of(&address("gun")), Standing::Unmet);
    assert!(device(&world, &anna).contains("Chefsläkaren"), "it waits on the device");
    world.server.will(LOOK_UPS, problem(ProblemType::NoAccount));
    let name = Description { name: Name::parse("Gun").ok(), ..Description::default() };
    ready(anna.add_contact(&world, &address("gun"), name.clone())).unwrap();
    let stands = anna.contacts().get(&address("gun")).unwrap().words.description();
    assert_eq!(stands, Description { name: name.name.clone(), ..described() }, "what was left out stays");
    assert_eq!(ready(anna.add_contact(&world, &address("anna"), name)), Err(ContactError::Oneself));
}

#[test]
fn what_is_said_without_a_network_waits_until_it_is_written_or_given_up() {
    let (world, anna) = (TestWorld::default(), mailbox());
    ready(anna.describe_contact(&world, &address("bjorn"), described())).unwrap();
    assert!(ready(anna.write_pins(&world)).is_err(), "there is no network");
    assert!(anna.has_unwritten_words() && device(&world, &anna).contains("Chefsläkaren"));
    ready(anna.give_up_unsent(&world)).unwrap();
    assert!(!anna.has_unwritten_words() && !device(&world, &anna).contains("Chefsläkaren"));
}

#[test]
fn who_is_written_down_and_has_a_mailbox_is_met() {
    let (world, anna) = (TestWorld::default(), annas_mailbox());
    world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
    ready(anna.add_contact(&world, &address("bjorn"), Description::default())).unwrap();
    assert_eq!(anna.contacts().standing_of(&address("bjorn")), Standing::New);
}

#[test]
fn a_forgotten_contact_leaves_nothing_in_any_row_of_the_device() {
    let (world, anna) = (TestWorld::default(), mailbox());
    world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
    world.server.will("/changes?since=0", ok(&changes(Vec::new(), 1)));
    world.server.will(writes(), ok(&head(2)));
    ready(anna.describe_contact(&world, &address("bjorn"), described())).unwrap();
    ready(anna.compare(&world, &address("bjorn"))).unwrap();
    anna.pin(&world, &address("bjorn"), Event::Named(Name::parse("Björn Ek").unwrap()));
    ready(anna.write_down(&world)).unwrap();
    let traces = ["bjorn@", "Chefsläkaren", "0174", "efter sex", "Björn Ek"];
    assert!(traces.iter().all(|trace| device(&world, &anna).contains(trace)), "{}", device(&world, &anna));

    ready(anna.forget_contact(&world, &address("bjorn"))).unwrap();
    for trace in traces {
        assert!(!device(&world, &anna).contains(trace), "{trace}");
    }
    assert_eq!(anna.contacts().get(&address("bjorn")), None);
    let decided = ready(anna.digits_match(&world, &address("bjorn")));
    assert_eq!(decided, Err(crate::comparing::DecisionError::Unknown), "the digits that were shown are forgotten");
}

#[test]
fn a_server_can_not_bring_a_forgotten_contact_back() {
    let (world, anna) = (TestWorld::default(), mailbox());
    world.server.will(writes(), ok(&head(2)));
    world.server.will("/changes?since=0", ok(&changes(Vec::new(), 2)));
    world.server.will(writes(), ok(&head(3)));
    ready(anna.describe_contact(&world, &address("bjorn"), described())).unwrap();
    ready(anna.write_pins(&world)).unwrap();
    ready(anna.forget_contact(&world, &address("bjorn"))).unwrap();
    let former = Octets(world.server.bodies("purpose=contact").swap_remove(0));

    let followed = anna.followed().change;
    let path: &'static str = format!("/changes?since={followed}").leak();
    let old = RecordHead { change: followed.next(), ..head(2) };
    let again = RecordChange { head: old.clone(), sealed: Some(former.clone()) };
    world.server.will(path, ok(&changes(vec![again], followed.next().get())));
    assert_eq!(ready(anna.sync(&world)), Err(RecordError::Refused(SyncRefused::OlderRecord)));
    let renumbered = RecordHead { version: Version::new(4), ..old };
    let again = RecordChange { head: renumbered, sealed: Some(former) };
    world.server.will(path, ok(&changes(vec![again], followed.next().get())));
    assert_eq!(ready(anna.sync(&world)), Err(RecordError::DoesNotOpen));
    assert_eq!(anna.contacts().get(&address("bjorn")), None);
}

#[test]
fn a_server_can_not_have_a_contact_forgotten() {
    let (world, anna) = (TestWorld::default(), mailbox());
    // Not sealed for this record and version, which no server can do; and no list of ids lets go of a contact.
    let emptied = Octets(Contact::forgotten());
    let change = RecordChange { head: head(2), sealed: Some(emptied) };
    world.server.will("/changes?since=0", ok(&changes(vec![change], 2)));
    assert_eq!(ready(anna.sync(&world)), Err(RecordError::DoesNotOpen));
    let of_another = RecordChange { head: head(3), sealed: Some(sealed(&anna, 2, &Contact::forgotten())) };
    world.server.will("/changes?since=0", ok(&changes(vec![of_another], 3)));
    assert_eq!(ready(anna.sync(&world)), Err(RecordError::DoesNotOpen));
    assert_eq!(anna.contacts().standing_of(&address("bjorn")), Standing::Compared);
}

#[test]
fn what_is_said_of_a_contact_that_another_device_has_just_forgotten_goes_with_it() {
    let (world, anna) = (TestWorld::default(), mailbox());
    let emptied = Record { head: head(2), sealed: sealed(&anna, 2, &Contact::forgotten()) };
    world.server.will(writes(), problem(ProblemType::StaleVersion));
    world.server.will(format!("/records/{BJORNS}").leak(), ok(&emptied));
    ready(anna.describe_contact(&world, &address("bjorn"), described())).unwrap();
    assert!(anna.has_unwritten_words());
    ready(anna.write_pins(&world)).unwrap();
    ready(anna.write_down(&world)).unwrap();
    assert!(!device(&world, &anna).contains("bjorn@") && !anna.has_unwritten_words());
    let said = ready(anna.describe_contact(&world, &address("bjorn"), described()));
    assert_eq!(said, Err(ContactError::Unknown));
    let asked = world.server.asked.borrow().len();
    ready(anna.write_pins(&world)).unwrap();
    assert_eq!(world.server.asked.borrow().len(), asked, "nothing of it waits");
}
