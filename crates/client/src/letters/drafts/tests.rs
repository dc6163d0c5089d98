use securemailbox_protocol::{
    limits,
    numbers::{ChangeNumber, EraseNumber},
    octets::Octets,
    records::{Record, RecordHead},
    sync::{DraftIds, Erased},
};
use securemailbox_vault::records::{self, RecordPlace};

use super::*;
use crate::fixtures::{NOW, TestWorld, annas_mailbox, ok, problem, ready};

fn draft(text: &str) -> Draft {
    let to = vec!["bjorn@".into()];
    Draft {
        to,
        cc: Vec::new(),
        bcc: Vec::new(),
        each: false,
        subject: String::new(),
        text: text.into(),
        answers: None,
        level: None,
        invite: Vec::new(),
        files: Vec::new(),
        saved: NOW,
        rest: Default::default(),
    }
}

fn path(id: RecordId) -> &'static str {
    format!("/records/{id}?purpose=draft").leak()
}

fn head(id: RecordId, version: u64) -> RecordHead {
    let (version, change) = (Version::new(version), ChangeNumber::new(version));
    RecordHead { id, purpose: RecordPurpose::Draft, version, change }
}

fn written(id: RecordId, version: u64) -> crate::transport::Response {
    ok(&head(id, version))
}

/// What the server has of a draft that another device wrote.
fn there(mailbox: &Mailbox, world: &TestWorld, id: RecordId, version: u64, text: &str) -> crate::transport::Response {
    let head = head(id, version);
    let owner = &mailbox.owner;
    let place = RecordPlace { account: owner.account, record: id, purpose: head.purpose, version: head.version };
    let sealed = records::seal(&place, &owner.secret, &draft(text).to_bytes(), &mut world.rng());
    ok(&Record { head, sealed: Octets(sealed) })
}

fn save(world: &TestWorld, mailbox: &Mailbox, id: Option<RecordId>, text: &str) -> SavedDraft {
    ready(mailbox.save_draft(world, id, draft(text))).unwrap()
}

fn hand_in_all(world: &TestWorld, mailbox: &Mailbox) -> bool {
    ready(mailbox.hand_in_drafts(world)).unwrap().iter().all(|draft| draft.handed_in.is_ok())
}

#[test]
fn what_was_typed_without_a_network_is_kept_sealed_and_handed_in_later() {
    let (world, mailbox) = (TestWorld::default(), annas_mailbox());
    let id = save(&world, &mailbox, None, "Hemligt").id;
    assert!(world.server.asked.borrow().is_empty(), "saving waits for nobody");
    assert_eq!(ready(mailbox.draft(&world, id)).unwrap().text, "Hemligt");
    assert!(world.device.contents().iter().all(|row| !String::from_utf8_lossy(row).contains("Hemligt")));
    assert!(!hand_in_all(&world, &mailbox));
    let record: &'static str = format!("/records/{id}").leak();
    world.server.will(record, there(&mailbox, &world, id, 1, "Hemligt"));
    world.server.will(path(id), written(id, 2));
    assert!(hand_in_all(&world, &mailbox));
    assert_eq!((world.device.count(Table::Draft), mailbox.count_drafts()), (0, 1));
    let sent = world.server.bodies(path(id)).concat();
    assert!(!String::from_utf8_lossy(&sent).contains("Hemligt"));
}

#[test]
fn a_draft_that_was_erased_is_not_handed_in_again_after_a_crash() {
    let (world, mailbox) = (TestWorld::default(), annas_mailbox());
    let id = save(&world, &mailbox, None, "Hemligt").id;
    ready(mailbox.erase_draft(&world, id)).unwrap();
    assert_eq!(world.device.count(Table::Draft), 0);
}

#[test]
fn what_two_tabs_draft_without_a_network_is_handed_in_by_either() {
    let world = TestWorld::default();
    let (one, other) = (annas_mailbox(), annas_mailbox());
    let (first, second) = (save(&world, &one, None, "Hej").id, save(&world, &other, None, "Hej igen").id);
    assert_eq!(ready(one.draft(&world, first)).unwrap().text, "Hej");
    assert_eq!(ready(one.drafts(&world)).unwrap().len(), 2);
    for id in [first, second] {
        world.server.will(path(id), written(id, 1));
    }
    assert!(hand_in_all(&world, &other));
    assert_eq!(world.device.count(Table::Draft), 0);
}

#[test]
fn a_draft_saved_again_is_the_next_version_of_the_same_record() {
    let (world, mailbox) = (TestWorld::default(), annas_mailbox());
    let id = save(&world, &mailbox, None, "Hej").id;
    for (version, text) in [(1, "Hej igen"), (2, "Hej till sist")] {
        world.server.will(path(id), written(id, version));
        assert!(hand_in_all(&world, &mailbox));
        assert_eq!(save(&world, &mailbox, Some(id), text), SavedDraft { id, beside: None });
    }
    assert!(!hand_in_all(&world, &mailbox));
    let conditions: Vec<_> = world.server.asked.borrow().iter().map(|asked| asked.headers[1].clone()).collect();
    let if_match = |version: &str| ("if-match", format!("\"{version}\""));
    assert_eq!(conditions, [("if-none-match", "*".into()), if_match("1"), if_match("2")]);
    assert_eq!(ready(mailbox.draft(&world, id)).unwrap().text, "Hej till sist");
}

#[test]
fn what_two_tabs_write_into_one_draft_is_kept_twice_and_said() {
    let world = TestWorld::default();
    let (one, other) = (annas_mailbox(), annas_mailbox());
    let id = save(&world, &one, None, "Hej").id;
    ready(other.draft(&world, id)).unwrap();
    assert_eq!(save(&world, &other, Some(id), "Hej. Ett stycke."), SavedDraft { id, beside: None });
    let mine = save(&world, &one, Some(id), "Hej. Ett annat stycke.");
    assert_eq!(mine.beside, Some(Beside(id)));
    assert_eq!(save(&world, &one, Some(mine.id), "Hej. Ett annat stycke!").beside, None, "once");
    let texts: Vec<_> = ready(one.drafts(&world)).unwrap().into_iter().map(|row| row.draft.unwrap().text).collect();
    assert!(texts.contains(&"Hej. Ett stycke.".into()) && texts.contains(&"Hej. Ett annat stycke!".into()));
}

#[test]
fn what_two_devices_write_into_one_draft_is_kept_twice_and_said() {
    let (world, mailbox) = (TestWorld::default(), annas_mailbox());
    let id = save(&world, &mailbox, None, "Hej").id;
    world.server.will(path(id), written(id, 1));
    assert!(hand_in_all(&world, &mailbox));
    save(&world, &mailbox, Some(id), "Hej. Ett stycke.");
    world.server.will(path(id), problem(ProblemType::StaleVersion));
    let record: &'static str = format!("/records/{id}").leak();
    world.server.will(record, there(&mailbox, &world, id, 2, "Hej. Ett annat stycke."));
    let refused = ready(mailbox.hand_in(&world, id)).unwrap_err();
    assert_eq!(refused.explain().class, Class::Unavailable, "the new record was not answered for");
    let asked = world.server.asked.borrow().last().unwrap().clone();
    assert!(!asked.path.contains(&id.to_string()) && asked.headers[1].0 == "if-none-match", "under another id");
}

#[test]
fn what_is_too_large_is_not_sent_again_until_it_is_another_text() {
    let (world, mailbox) = (TestWorld::default(), annas_mailbox());
    let id = save(&world, &mailbox, None, "Hej").id;
    world.server.will(path(id), problem(ProblemType::TooLarge));
    for _ in 0..3 {
        assert!(!hand_in_all(&world, &mailbox), "and each time it is told");
    }
    assert_eq!(world.server.bodies(path(id)).len(), 1);
    save(&world, &mailbox, Some(id), "He");
    let record: &'static str = format!("/records/{id}").leak();
    world.server.will(record, problem(ProblemType::NotFound));
    hand_in_all(&world, &mailbox);
    assert_eq!(world.server.asked.borrow().len(), 3, "the shorter one is handed in");
}

#[test]
fn what_is_longer_than_a_letter_stays_on_the_device_and_can_be_thrown_away() {
    let (world, mailbox) = (TestWorld::default(), annas_mailbox());
    let id = save(&world, &mailbox, None, &"å".repeat(limits::TEXT + 1)).id;
    let handed_in = ready(mailbox.hand_in(&world, id));
    assert_eq!(handed_in, Err(DraftError::TooLong));
    assert!(world.server.asked.borrow().is_empty());
    world.server.will(format!("/records/{id}").leak(), problem(ProblemType::NotFound));
    ready(mailbox.erase_draft(&world, id)).unwrap();
    assert!(hand_in_all(&world, &mailbox));
    assert_eq!((world.device.count(Table::Draft), mailbox.count_drafts()), (0, 0));
}

#[test]
fn a_save_whose_answer_was_lost_is_no_other_devices_text() {
    let (world, mailbox) = (TestWorld::default(), annas_mailbox());
    let id = save(&world, &mailbox, None, "Hej").id;
    assert!(!hand_in_all(&world, &mailbox), "taken, and the answer was lost");
    save(&world, &mailbox, Some(id), "Hej igen");
    save(&world, &mailbox, Some(id), "Hej till sist");
    let record: &'static str = format!("/records/{id}").leak();
    world.server.will(record, there(&mailbox, &world, id, 1, "Hej"));
    world.server.will(path(id), written(id, 2));
    assert_eq!(ready(mailbox.hand_in(&world, id)).unwrap(), SavedDraft { id, beside: None });
}

#[test]
fn a_first_save_that_may_have_been_taken_and_erased_is_not_written_anew_under_its_id() {
    let (world, mailbox) = (TestWorld::default(), annas_mailbox());
    let id = save(&world, &mailbox, None, "Hej").id;
    assert!(!hand_in_all(&world, &mailbox), "taken, and the answer was lost");
    world.server.will(format!("/records/{id}").leak(), problem(ProblemType::NotFound));
    assert!(!hand_in_all(&world, &mailbox), "the new record was not answered for");
    let asked = world.server.asked.borrow().last().unwrap().clone();
    assert!(!asked.path.contains(&id.to_string()) && asked.headers[1].0 == "if-none-match", "under another id");
}

#[test]
fn another_tabs_text_is_not_seen_by_being_handed_in() {
    let (world, one, other) = (TestWorld::default(), annas_mailbox(), annas_mailbox());
    let id = save(&world, &one, None, "Hej.").id;
    ready(other.draft(&world, id)).unwrap();
    save(&world, &other, Some(id), "Hej. Ett annat stycke.");
    world.server.will(path(id), written(id, 1));
    assert!(hand_in_all(&world, &one));
    save(&world, &one, Some(id), "Hej. Ett stycke.");
    world.server.will(format!("/records/{id}").leak(), there(&one, &world, id, 1, "Hej. Ett annat stycke."));
    let _ = ready(one.hand_in(&world, id));
    let asked = world.server.asked.borrow().last().unwrap().clone();
    assert!(!asked.path.contains(&id.to_string()), "it was written over");
}

#[test]
fn what_is_written_on_in_an_erased_draft_is_another_draft() {
    let (world, mailbox) = (TestWorld::default(), annas_mailbox());
    let erased = RecordId::from_bytes([7; 16]);
    {
        let mut state = mailbox.state.borrow_mut();
        state.replica.take_record(head(erased, 2), None).unwrap();
        let ids = DraftIds { change: ChangeNumber::new(2), erase: EraseNumber::new(1), ids: Vec::new() };
        state.replica.take_draft_ids(&ids, Erased::default()).unwrap();
    }
    let saved = save(&world, &mailbox, Some(erased), "Hej");
    assert_ne!(saved.id, erased);
    assert!(!hand_in_all(&world, &mailbox));
    assert!(world.server.bodies(path(erased)).is_empty(), "version 1 again would be refused by every other device");
}

#[test]
fn a_draft_that_was_erased_since_the_last_sync_is_another_draft() {
    let (world, mailbox) = (TestWorld::default(), annas_mailbox());
    let erased = RecordId::from_bytes([7; 16]);
    world.server.will(path(erased), problem(ProblemType::NotFound));
    let saved = save(&world, &mailbox, Some(erased), "Hej");
    assert_eq!(saved.id, erased, "until the server has it under the new id");
    assert!(!hand_in_all(&world, &mailbox));
    assert_eq!(ready(mailbox.draft(&world, erased)).unwrap().text, "Hej");
}

#[test]
fn one_draft_that_the_server_refuses_stands_in_no_other_ones_way() {
    let (world, mailbox) = (TestWorld::default(), annas_mailbox());
    let [large, small] = [[1; 16], [2; 16]].map(RecordId::from_bytes);
    save(&world, &mailbox, Some(large), "Lång");
    save(&world, &mailbox, Some(small), "Kort");
    world.server.will(path(large), problem(ProblemType::TooLarge));
    world.server.will(path(small), written(small, 1));
    let handed_in = ready(mailbox.hand_in_drafts(&world)).unwrap();
    let refused: Vec<_> = handed_in.iter().filter_map(|draft| draft.handed_in.as_ref().err()).collect();
    assert_eq!(refused.iter().map(|error| error.explain().name).collect::<Vec<_>>(), [ProblemType::TooLarge.into()]);
    assert_eq!(world.device.count(Table::Draft), 1);
}
