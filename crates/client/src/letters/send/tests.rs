use securemailbox_protocol::{
    letters::{NewLetters, Posted, PostedLetter},
    numbers::ChangeNumber,
    octets::Octets,
    records::{Record, RecordHead, RecordPurpose},
    time::Timestamp,
};
use securemailbox_vault::records::{self, RecordPlace};

use super::*;
use crate::{
    fixtures::{NOW, TestWorld, address, annas_mailbox, identity, listing, ok, problem, ready},
    letters::Draft,
};

const LOOK_UPS: &str = "/directory/look-ups";

fn written() -> Addressed {
    Addressed {
        to: vec![address("bjorn")],
        subject: "Provsvaren".into(),
        text: "Allt är bra.".into(),
        ..Addressed::default()
    }
}

fn acknowledgement(id: LetterId) -> crate::transport::Response {
    let letters = vec![PostedLetter { id, arrived: Timestamp::from_unix_millis(0) }];
    ok(&Posted { letters, drafts_erased: None })
}

fn waiting_on_the_device(world: &TestWorld, mailbox: &Mailbox) -> Vec<LetterId> {
    let waiting = ready(mailbox.rows(world).scan::<Waiting>(Table::Waiting)).unwrap();
    waiting.into_iter().map(|(_, _, waiting)| waiting.id).collect()
}

#[test]
fn a_letter_without_an_answer_is_kept_and_goes_out_again_with_the_same_bytes() {
    let (world, anna) = (TestWorld::default(), annas_mailbox());
    world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
    let Err(SendError::Waiting { id, .. }) = ready(anna.send(&world, &written())) else { panic!("it was answered") };
    assert_eq!(waiting_on_the_device(&world, &anna), [id]);
    assert_eq!(ready(anna.send_waiting(&world)).unwrap().len(), 1);
    world.server.will("/letters", acknowledgement(id));
    assert_eq!(ready(anna.send_waiting(&world)).unwrap().len(), 0);
    assert!(waiting_on_the_device(&world, &anna).is_empty());
    let posts = world.server.bodies("/letters");
    assert_eq!(posts.len(), 3);
    assert!(posts.iter().all(|post| *post == posts[0]));
}

#[test]
fn a_letter_that_waited_is_held_no_longer() {
    let (world, anna) = (TestWorld::default(), annas_mailbox());
    world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
    let sent = ready(anna.send_from(&world, &written(), None, Some(Hold::For(30)), Vec::new()));
    let Err(SendError::Waiting { id, .. }) = sent else { panic!("it was answered") };
    world.server.will("/letters", acknowledgement(id));
    assert!(ready(anna.send_waiting(&world)).unwrap().is_empty());
    let posts = world.server.bodies("/letters");
    let are_held: Vec<_> = posts.iter().map(|post| String::from_utf8_lossy(post).contains("\"hold\"")).collect();
    assert_eq!(are_held, [true, false]);
    assert_eq!(world.server.bodies("/release").len(), 1, "the first post may have arrived");
}

#[test]
fn an_acknowledgement_of_another_letter_is_none() {
    let (world, anna) = (TestWorld::default(), annas_mailbox());
    world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
    world.server.will("/letters", acknowledgement(LetterId::from_bytes([9; 16])));
    assert!(matches!(ready(anna.send(&world, &written())), Err(SendError::Waiting { .. })));
}

#[test]
fn a_refused_letter_does_not_wait() {
    let (world, anna) = (TestWorld::default(), annas_mailbox());
    world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
    world.server.will("/letters", problem(ProblemType::TooLarge));
    assert!(matches!(ready(anna.send(&world, &written())), Err(SendError::Refused(_))));
    assert!(waiting_on_the_device(&world, &anna).is_empty());
}

#[test]
fn a_stale_key_is_looked_up_again_and_a_changed_one_is_not_written_to() {
    let (world, anna) = (TestWorld::default(), annas_mailbox());
    world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
    world.server.will("/letters", problem(ProblemType::StaleKey));
    world.server.will(LOOK_UPS, listing(&identity("bjorn", 11)));
    let refused = ready(anna.send(&world, &written()));
    assert!(
        matches!(refused, Err(SendError::LookUp { address: who, cause: LookUpError::KeyChanged }) if who == address("bjorn"))
    );
    assert!(waiting_on_the_device(&world, &anna).is_empty());
    assert_eq!(world.server.bodies("/letters").len(), 1);
}

#[test]
fn a_waiting_letter_whose_reader_has_a_changed_key_waits_for_its_sender() {
    let (world, anna) = (TestWorld::default(), annas_mailbox());
    world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
    let Err(SendError::Waiting { id, .. }) = ready(anna.send(&world, &written())) else { panic!("it was answered") };
    world.server.will("/letters", problem(ProblemType::StaleKey));
    world.server.will(LOOK_UPS, listing(&identity("bjorn", 11)));
    let still = ready(anna.send_waiting(&world)).unwrap();
    assert!(matches!(still[0].cause, SendError::LookUp { cause: LookUpError::KeyChanged, .. }));
    assert_eq!(waiting_on_the_device(&world, &anna), [id]);
}

#[test]
fn a_letter_is_wrapped_for_its_reader_and_its_sender_each_in_their_own_account() {
    let (world, anna) = (TestWorld::default(), annas_mailbox());
    let bjorn = identity("bjorn", 10);
    world.server.will(LOOK_UPS, listing(&bjorn));
    assert!(ready(anna.send(&world, &written())).is_err());
    let waiting = ready(anna.rows(&world).scan::<Waiting>(Table::Waiting)).unwrap();
    let readers = &waiting[0].2.letters.letters[0].readers;
    let of = |certificate| readers.iter().find(|reader| reader.certificate == certificate).unwrap().account;
    assert_eq!(readers.len(), 2);
    assert_eq!(of(anna.keyring().present().certificate().hash()), anna.owner.account);
    assert_ne!(of(bjorn.certificate().hash()), anna.owner.account);
    assert_eq!(world.now(), NOW);
}

#[test]
fn whoever_was_looked_up_a_moment_ago_is_not_asked_for_again_when_the_letter_goes() {
    let (world, anna) = (TestWorld::default(), annas_mailbox());
    world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
    ready(anna.look_up(&world, &address("bjorn"))).unwrap();
    assert!(matches!(ready(anna.send(&world, &written())), Err(SendError::Waiting { .. })));
    assert_eq!(world.server.bodies(LOOK_UPS).len(), 1);
    world.later(std::time::Duration::from_secs(301));
    world.server.will(LOOK_UPS, listing(&identity("bjorn", 11)));
    let refused = ready(anna.send(&world, &written()));
    assert!(matches!(refused, Err(SendError::LookUp { cause: LookUpError::KeyChanged, .. })), "it counts for minutes");
}

#[test]
fn one_draft_sent_from_two_tabs_is_one_letter() {
    let (world, one, other) = (TestWorld::default(), annas_mailbox(), annas_mailbox());
    let record = RecordId::from_bytes([7; 16]);
    for _ in 0..2 {
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
    }
    let first = ready(one.send_from(&world, &written(), Some(record), None, Vec::new()));
    let Err(SendError::Waiting { id, .. }) = first else { panic!("it was answered") };
    let second = ready(other.send_from(&world, &written(), Some(record), None, Vec::new()));
    assert_eq!(second, Err(SendError::OnItsWay));
    assert_eq!(waiting_on_the_device(&world, &other), [id]);
    world.server.will("/letters", acknowledgement(id));
    assert!(ready(other.send_waiting(&world)).unwrap().is_empty());
    let third = ready(one.send_from(&world, &written(), Some(record), None, Vec::new()));
    assert_eq!(third, Err(SendError::NoDraft), "it has gone, whatever this tab knows");
}

#[test]
fn what_another_tab_wrote_into_a_draft_stays_though_that_tab_hears_that_its_letter_went() {
    let (world, one, other) = (TestWorld::default(), annas_mailbox(), annas_mailbox());
    world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
    let draft = |text: &str| Draft { text: text.into(), ..Draft::of(written(), NOW) };
    let record = ready(one.save_draft(&world, None, draft("Allt är bra."))).unwrap().id;
    let sent = ready(one.send_from(&world, &written(), Some(record), None, Vec::new()));
    let Err(SendError::Waiting { id, .. }) = sent else { panic!("it was answered") };
    ready(other.draft(&world, record)).unwrap();
    ready(other.save_draft(&world, Some(record), draft("Allt är bra. Ring mig."))).unwrap();
    world.server.will("/letters", acknowledgement(id));
    ready(other.send_waiting(&world)).unwrap();
    let drafts = ready(one.drafts(&world)).unwrap();
    assert_eq!(drafts.len(), 1);
    assert_eq!(drafts[0].draft.as_ref().ok().unwrap().text, "Allt är bra. Ring mig.");
}

#[test]
fn a_letter_takes_no_text_along_that_another_tab_handed_in_unseen() {
    let (world, one, other) = (TestWorld::default(), annas_mailbox(), annas_mailbox());
    world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
    let draft = |text: &str| Draft { text: text.into(), ..Draft::of(written(), NOW) };
    let record = ready(one.save_draft(&world, None, draft("Allt är bra."))).unwrap().id;
    ready(other.draft(&world, record)).unwrap();
    ready(other.save_draft(&world, Some(record), draft("Allt är bra. Ring mig."))).unwrap();
    world.server.will(format!("/records/{record}?purpose=draft").leak(), ok(&draft_head(record, 1)));
    ready(other.hand_in(&world, record)).unwrap();
    assert_eq!(world.device.count(Table::Draft), 0);
    assert!(ready(one.send_from(&world, &written(), Some(record), None, Vec::new())).is_err());
    assert_eq!(ready(one.draft(&world, record)).ok().unwrap().text, "Allt är bra. Ring mig.");
}

#[test]
fn a_letter_that_went_out_names_its_draft_and_what_another_tab_wrote_into_it_stays() {
    let (world, one, other) = (TestWorld::default(), annas_mailbox(), annas_mailbox());
    world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
    let draft = |text: &str| Draft { text: text.into(), ..Draft::of(written(), NOW) };
    let record = ready(one.save_draft(&world, None, draft("Allt är bra."))).unwrap().id;
    ready(other.draft(&world, record)).unwrap();
    ready(other.save_draft(&world, Some(record), draft("Allt är bra. Ring mig."))).unwrap();
    let sent = ready(one.send_from(&world, &written(), Some(record), None, Vec::new()));
    let Err(SendError::Waiting { id, .. }) = sent else { panic!("it was answered") };
    assert_eq!(drafts_named(&world), [SentDraft { id: record, version: Version::ZERO }]);
    world.server.will("/letters", acknowledgement(id));
    ready(one.send_waiting(&world)).unwrap();
    let drafts = ready(other.drafts(&world)).unwrap();
    assert_eq!(drafts.len(), 1);
    assert_eq!(drafts[0].draft.as_ref().ok().unwrap().text, "Allt är bra. Ring mig.");
}

/// The draft that each post named.
fn drafts_named(world: &TestWorld) -> Vec<SentDraft> {
    let json = |body: &Vec<u8>| {
        let text = String::from_utf8_lossy(body).into_owned();
        let from = text.find("{\"letters\"").unwrap();
        let mut values = serde_json::Deserializer::from_str(&text[from..]).into_iter::<NewLetters>();
        values.next().unwrap().unwrap()
    };
    world.server.bodies("/letters").iter().filter_map(|body| json(body).draft).collect()
}

/// A draft of Anna's that the server has at version 1, and that another device has written on in or sent since.
fn saved_draft(world: &TestWorld, anna: &Mailbox) -> RecordId {
    world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
    let record = ready(anna.save_draft(world, None, Draft::of(written(), NOW))).unwrap().id;
    world.server.will(format!("/records/{record}?purpose=draft").leak(), ok(&draft_head(record, 1)));
    ready(anna.hand_in(world, record)).unwrap();
    world.server.will("/letters", problem(ProblemType::StaleDraft));
    record
}

fn draft_head(id: RecordId, version: u64) -> RecordHead {
    let (version, change) = (Version::new(version), ChangeNumber::new(version));
    RecordHead { id, purpose: RecordPurpose::Draft, version, change }
}

#[test]
fn what_another_device_wrote_into_a_draft_that_is_sent_here_stays_a_draft() {
    let (world, anna) = (TestWorld::default(), annas_mailbox());
    let record = saved_draft(&world, &anna);
    let theirs = Draft { text: "Allt är bra. Ring mig.".into(), ..Draft::of(written(), NOW) };
    let head = draft_head(record, 2);
    let place = RecordPlace { account: anna.owner.account, record, purpose: head.purpose, version: head.version };
    let sealed = Octets(records::seal(&place, &anna.owner.secret, &theirs.to_bytes(), &mut world.rng()));
    world.server.will(format!("/records/{record}").leak(), ok(&Record { head, sealed }));
    let _ = ready(anna.send_from(&world, &written(), Some(record), None, Vec::new()));
    let versions: Vec<u64> = drafts_named(&world).iter().map(|draft| draft.version.get()).collect();
    assert_eq!(versions[..2], [1, 2], "what was read is named, and only then goes");
    let Ok(again) = ready(anna.send_waiting(&world)) else { panic!("the device answers") };
    assert!(again.iter().all(|still| !matches!(still.cause, SendError::Refused(_))));
    let kept = ready(anna.drafts(&world)).unwrap();
    assert!(kept.iter().any(|row| row.draft.as_ref().is_ok_and(|draft| draft.text == theirs.text)));
}

#[test]
fn a_draft_that_another_device_sent_does_not_become_a_second_letter() {
    let (world, anna) = (TestWorld::default(), annas_mailbox());
    let record = saved_draft(&world, &anna);
    world.server.will(format!("/records/{record}").leak(), problem(ProblemType::NotFound));
    let sent = ready(anna.send_from(&world, &written(), Some(record), None, Vec::new()));
    assert_eq!(sent, Err(SendError::NoDraft));
    assert_eq!(world.device.count(Table::Waiting), 0);
    assert_eq!(drafts_named(&world).len(), 1, "it is not posted again");
}

#[test]
fn a_letter_whose_draft_can_not_be_looked_at_waits_as_it_is_said_to() {
    let (world, anna) = (TestWorld::default(), annas_mailbox());
    let record = saved_draft(&world, &anna);
    let sent = ready(anna.send_from(&world, &written(), Some(record), None, Vec::new()));
    assert!(matches!(sent, Err(SendError::Waiting { .. })), "the record was not answered for");
    assert_eq!(world.device.count(Table::Waiting), 1);
}
