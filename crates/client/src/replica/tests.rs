use securemailbox_protocol::{
    address::Address, ids::CertificateHash, letters::Sender, numbers::EraseNumber, records::RecordChange,
};

use super::*;

fn entry(id: u8, change: u64) -> Entry {
    Entry {
        id: LetterId::from_bytes([id; 16]),
        thread: ThreadId::from_bytes([0; 16]),
        sender: Sender {
            address: Address::parse("bjorn@demo.example").unwrap(),
            certificate: CertificateHash::from_bytes([0; 32]),
        },
        folder: Folder::Inbox,
        read: false,
        flagged: false,
        level: None,
        change: ChangeNumber::new(change),
        arrived: Timestamp::from_unix_millis(u64::from(id)),
        content_length: 0,
        held: None,
        withdrawn: None,
        binned: None,
        released: None,
    }
}

fn head(id: u8, purpose: RecordPurpose, version: u64, change: u64) -> RecordHead {
    let (version, change) = (Version::new(version), ChangeNumber::new(change));
    RecordHead { id: RecordId::from_bytes([id; 16]), purpose, version, change }
}

fn erased(letters: u64, drafts: u64) -> Erased {
    Erased { letters: EraseNumber::new(letters), drafts: EraseNumber::new(drafts) }
}

fn changes(change: u64, erased: Erased, entries: Vec<Entry>, records: Vec<RecordHead>) -> Changes {
    let records = records.into_iter().map(|head| RecordChange { head, sealed: None }).collect();
    Changes { change: ChangeNumber::new(change), erased, more: false, entries, records, waits: Vec::new() }
}

fn letters(change: u64, erase: u64, ids: &[u8]) -> LetterIds {
    let ids = ids.iter().map(|id| LetterId::from_bytes([*id; 16])).collect();
    LetterIds { change: ChangeNumber::new(change), erase: EraseNumber::new(erase), ids }
}

fn drafts(change: u64, erase: u64, ids: &[u8]) -> DraftIds {
    let ids = ids.iter().map(|id| RecordId::from_bytes([*id; 16])).collect();
    DraftIds { change: ChangeNumber::new(change), erase: EraseNumber::new(erase), ids }
}

fn replica() -> Replica {
    let mut replica = Replica::default();
    let records = vec![head(1, RecordPurpose::Settings, 3, 1), head(2, RecordPurpose::Draft, 1, 2)];
    let next = replica.take_changes(changes(4, erased(0, 0), vec![entry(7, 3), entry(8, 4)], records));
    assert_eq!(next, Ok(Next::Nothing));
    replica
}

fn refused(mut replica: Replica, changes: Changes) -> SyncRefused {
    let before = replica.clone();
    let refused = replica.take_changes(changes).unwrap_err();
    assert_eq!(replica, before, "a refused answer left traces");
    refused
}

#[test]
fn an_id_is_held_once() {
    let mut replica = replica();
    replica.take_changes(changes(6, erased(0, 0), vec![entry(7, 6), entry(7, 5)], vec![])).unwrap();
    assert_eq!(replica.entries().count(), 2);
    assert_eq!(replica.letters(Folder::Inbox, 0..9).len(), 2);
    assert_eq!(replica.entry(LetterId::from_bytes([7; 16])).unwrap().change, ChangeNumber::new(6));
}

#[test]
fn a_folder_is_listed_newest_first_and_an_entry_that_moved_is_in_one_folder_only() {
    let mut replica = replica();
    let moved = Entry { folder: Folder::Archive, read: true, ..entry(8, 5) };
    assert_eq!(replica.letters(Folder::Inbox, 0..1), [LetterId::from_bytes([8; 16])]);
    assert_eq!(replica.letters(Folder::Inbox, 1..9), [LetterId::from_bytes([7; 16])]);
    replica.take_changes(changes(5, erased(0, 0), vec![moved], vec![])).unwrap();
    assert_eq!((replica.count(Folder::Inbox), replica.count(Folder::Archive)), ((1, 1), (1, 0)));
    assert_eq!(replica.letters(Folder::Archive, 0..9), [LetterId::from_bytes([8; 16])]);
}

#[test]
fn a_lower_version_of_a_record_is_refused() {
    let older = changes(5, erased(0, 0), vec![entry(9, 5)], vec![head(1, RecordPurpose::Settings, 2, 5)]);
    assert_eq!(refused(replica(), older), SyncRefused::OlderRecord);
    let twice = vec![head(1, RecordPurpose::Settings, 5, 5), head(1, RecordPurpose::Settings, 4, 6)];
    assert_eq!(refused(replica(), changes(6, erased(0, 0), vec![], twice)), SyncRefused::OlderRecord);
}

#[test]
fn a_draft_that_was_erased_does_not_come_back_and_is_erased_where_it_did() {
    let mut replica = replica();
    replica.take_changes(changes(5, erased(0, 0), vec![], vec![head(2, RecordPurpose::Draft, 2, 5)])).unwrap();
    replica.take_draft_ids(&drafts(5, 1, &[]), erased(0, 1)).unwrap();
    assert!(replica.was_erased(RecordId::from_bytes([2; 16])));
    for (version, change) in [(1, 6), (2, 7), (3, 8)] {
        let risen = changes(change, erased(0, 1), vec![], vec![head(2, RecordPurpose::Draft, version, change)]);
        assert_eq!(replica.take_changes(risen), Ok(Next::Nothing));
        assert_eq!(replica.records().filter(|head| head.purpose == RecordPurpose::Draft).count(), 0);
    }
    assert_eq!(replica.risen().collect::<Vec<_>>(), [RecordId::from_bytes([2; 16])]);
    replica.laid_to_rest(RecordId::from_bytes([2; 16]));
    assert_eq!(replica.risen().count(), 0);
}

#[test]
fn a_second_settings_record_is_refused_and_a_second_contact_is_not() {
    let second = changes(5, erased(0, 0), vec![], vec![head(3, RecordPurpose::Settings, 9, 5)]);
    assert_eq!(refused(replica(), second), SyncRefused::SecondRecord);
    let contacts = vec![head(3, RecordPurpose::Contact, 1, 5), head(4, RecordPurpose::Contact, 1, 6)];
    assert_eq!(replica().take_changes(changes(6, erased(0, 0), vec![], contacts)), Ok(Next::Nothing));
    let both = vec![head(3, RecordPurpose::Keyring, 1, 5), head(4, RecordPurpose::Keyring, 1, 6)];
    assert_eq!(refused(replica(), changes(6, erased(0, 0), vec![], both)), SyncRefused::SecondRecord);
}

#[test]
fn a_record_does_not_change_its_purpose() {
    let other = changes(5, erased(0, 0), vec![], vec![head(2, RecordPurpose::Contact, 9, 5)]);
    assert_eq!(refused(replica(), other), SyncRefused::Contradiction);
}

#[test]
fn a_server_that_goes_back_is_refused() {
    assert_eq!(refused(replica(), changes(3, erased(0, 0), vec![], vec![])), SyncRefused::WentBack);
    assert_eq!(replica().take_letter_ids(&letters(3, 1, &[7, 8]), erased(1, 0)), Err(SyncRefused::WentBack));
    let mut later = replica();
    later.take_draft_ids(&drafts(4, 2, &[2]), erased(0, 2)).unwrap();
    assert_eq!(refused(later, changes(5, erased(0, 1), vec![], vec![])), SyncRefused::WentBack);
}

#[test]
fn an_answer_that_would_be_asked_for_ever_is_refused() {
    let endless = Changes { more: true, ..changes(4, erased(0, 0), vec![], vec![]) };
    assert_eq!(refused(replica(), endless), SyncRefused::Contradiction);
    let beyond = changes(5, erased(0, 0), vec![entry(9, 6)], vec![]);
    assert_eq!(refused(replica(), beyond), SyncRefused::Contradiction);
    let before = changes(5, erased(0, 0), vec![entry(9, 4)], vec![]);
    assert_eq!(refused(replica(), before), SyncRefused::Contradiction);
}

#[test]
fn what_was_erased_elsewhere_is_dropped() {
    let mut replica = replica();
    assert_eq!(replica.take_changes(changes(4, erased(1, 1), vec![], vec![])), Ok(Next::Letters));
    assert_eq!(replica.take_letter_ids(&letters(4, 1, &[8]), erased(1, 1)), Ok(Next::Drafts));
    assert_eq!(replica.take_draft_ids(&drafts(4, 1, &[]), erased(1, 1)), Ok(Next::Nothing));
    assert_eq!(replica.entries().map(|(id, _)| id).collect::<Vec<_>>(), [LetterId::from_bytes([8; 16])]);
    assert_eq!(replica.records().count(), 1, "the settings stay");
    assert_eq!(replica.take_changes(changes(4, erased(1, 1), vec![], vec![])), Ok(Next::Nothing));
}

#[test]
fn an_erase_number_is_not_taken_as_seen_before_the_ids_were_compared() {
    let mut replica = replica();
    assert_eq!(replica.take_changes(changes(5, erased(1, 0), vec![entry(9, 5)], vec![])), Ok(Next::Letters));
    // The answer with the ids was lost; the next sync must ask again.
    assert_eq!(replica.take_changes(changes(5, erased(1, 0), vec![], vec![])), Ok(Next::Letters));
}

#[test]
fn a_draft_that_went_out_as_a_letter_asks_for_no_ids() {
    let mut replica = replica();
    replica.draft_sent(RecordId::from_bytes([2; 16]), Some(EraseNumber::new(1)));
    assert_eq!(replica.take_changes(changes(5, erased(0, 1), vec![entry(9, 5)], vec![])), Ok(Next::Nothing));
    // Another device erased one as well, which we would never hear of.
    replica.draft_sent(RecordId::from_bytes([3; 16]), Some(EraseNumber::new(3)));
    assert_eq!(replica.take_changes(changes(5, erased(0, 3), vec![], vec![])), Ok(Next::Drafts));
}

#[test]
fn what_we_wrote_ourselves_needs_no_question_unless_something_happened_between() {
    let mut replica = replica();
    let mut write = |change| {
        let own = head(3, RecordPurpose::Draft, change, change);
        replica.take_own_record(own, Octets(vec![])).unwrap();
        replica.followed().change.get()
    };
    assert_eq!(write(5), 5);
    assert_eq!(write(7), 5, "what change 6 was has to be asked for");
}

#[test]
fn ids_from_before_a_letter_say_nothing_of_it() {
    let mut replica = replica();
    replica.take_entry(entry(9, 5));
    replica.take_letter_ids(&letters(4, 1, &[7]), erased(1, 0)).unwrap();
    let ids: Vec<_> = replica.entries().map(|(id, _)| id.as_bytes()[0]).collect();
    assert_eq!(ids, [7, 9], "8 was erased; 9 came later");
}

#[test]
fn a_draft_that_rose_is_heard_of_until_it_is_erased() {
    let mut replica = replica();
    let before = replica.followed();
    replica.draft_sent(RecordId::from_bytes([2; 16]), None);
    let risen: Vec<_> = replica.risen().collect();
    assert_eq!(risen, [RecordId::from_bytes([2; 16])], "the server dropped none, and has shown one");
    replica.take_changes(changes(6, erased(0, 0), vec![], vec![])).unwrap();
    assert_eq!(replica.followed_for_good(before), before, "a device that forgets hears of it anew");
    replica.laid_to_rest(RecordId::from_bytes([2; 16]));
    assert_eq!(replica.followed_for_good(before), replica.followed());
}

#[test]
fn what_was_posted_together_has_ids_and_an_arrival_of_one_moment() {
    let moment = Timestamp::from_unix_millis(1_764_000_000_000);
    let (first, last) = LetterId::made_at(moment);
    assert_eq!((first.made(), last.made()), (moment, moment));
    let stranger = LetterId::from_bytes({
        let mut bytes = *first.as_bytes();
        bytes[15] = 7;
        bytes
    });
    let entry = |id, arrived| {
        let brief = Brief { arrived: Timestamp::from_unix_millis(arrived), ..Brief::from(&entry(1, 1)) };
        (id, brief)
    };
    let other = LetterId::made_at(moment.after(std::time::Duration::from_millis(1))).0;
    // Whoever makes an id of that moment can't make it arrive then.
    let entries = [entry(first, 9), entry(last, 9), entry(stranger, 10), entry(other, 9)];
    let replica = Replica::restored(Followed::default(), entries, [], BTreeMap::new());
    assert_eq!(replica.posted_together(last), [first, last]);
    assert_eq!(replica.posted_together(stranger), [stranger]);
    assert!(replica.posted_together(LetterId::from_bytes([9; 16])).is_empty());
}
