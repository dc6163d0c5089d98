//! PROTOCOL §9a, Records.

use securemailbox_protocol::{
    ids::RecordId,
    numbers::Version,
    records::{RecordHead, RecordPurpose},
    sync::Pulse,
};

use super::{
    on_both,
    people::{Dice, NOW, register},
};
use crate::{
    Store,
    records::{EraseRecordError, ListRecords, ReadRecord, WriteRecord, WriteRecordError},
    sync::{ChangesSince, IdsOf, PulseOf},
};

on_both! {
    a_record_is_written_only_over_the_version_its_writer_saw
    there_is_one_contacts_and_there_are_many_drafts
    another_account_neither_reads_nor_writes_a_record
    an_erased_draft_raises_the_erase_number_and_is_no_longer_listed
    nothing_but_a_draft_can_be_erased
}

async fn a_record_is_written_only_over_the_version_its_writer_saw(store: Store) {
    let mut dice = Dice::new(1);
    let account = register(&store, &mut dice).await.account;
    let heads = store.read(ListRecords { account }).await.unwrap();
    let RecordHead { id, purpose, version, .. } =
        *heads.iter().find(|head| head.purpose == RecordPurpose::Contacts).unwrap();
    assert_eq!(version, Version::new(1));
    let since = store.read(PulseOf { account }).await.unwrap().change;
    let write = |expected, sealed: &[u8]| WriteRecord { account, id, purpose, expected, sealed: sealed.to_vec() };
    // Two devices at once: one writes, the other has to read first.
    let (one, two) = tokio::join!(store.write(write(Some(version), b"one")), store.write(write(Some(version), b"two")));
    let (won, lost) = match one {
        Ok(won) => (won, two),
        Err(_) => (two.unwrap(), one),
    };
    assert!(matches!(lost, Err(WriteRecordError::StaleVersion)));
    assert_eq!(won.version, Version::new(2));
    assert!(matches!(store.write(write(None, b"new")).await, Err(WriteRecordError::Exists)));
    let record = store.read(ReadRecord { account, id }).await.unwrap().unwrap();
    assert_eq!(record.head, won);
    assert!([&b"one"[..], b"two"].contains(&record.sealed.as_ref()));
    assert_eq!(store.read(PulseOf { account }).await.unwrap().change, won.change);
    let changes = store.read(ChangesSince { account, since, limit: 10 }).await.unwrap();
    assert_eq!(changes.records, [won]);
}

async fn there_is_one_contacts_and_there_are_many_drafts(store: Store) {
    let mut dice = Dice::new(2);
    let account = register(&store, &mut dice).await.account;
    let mut new = |purpose| WriteRecord {
        account,
        id: RecordId::new(NOW, &mut dice.0),
        purpose,
        expected: None,
        sealed: dice.bytes(100),
    };
    assert!(matches!(store.write(new(RecordPurpose::Contacts)).await, Err(WriteRecordError::Exists)));
    for _ in 0..3 {
        store.write(new(RecordPurpose::Draft)).await.unwrap();
    }
    let unknown = WriteRecord { expected: Some(Version::new(1)), ..new(RecordPurpose::Draft) };
    assert!(matches!(store.write(unknown).await, Err(WriteRecordError::NotFound)));
    // What failed raised nothing.
    let Pulse { change, .. } = store.read(PulseOf { account }).await.unwrap();
    assert_eq!(change.get(), 6);
    assert_eq!(store.read(ListRecords { account }).await.unwrap().len(), 6);
}

async fn another_account_neither_reads_nor_writes_a_record(store: Store) {
    let mut dice = Dice::new(3);
    let (anna, bjorn) = (register(&store, &mut dice).await.account, register(&store, &mut dice).await.account);
    let RecordHead { id, purpose, version, .. } = store.read(ListRecords { account: anna }).await.unwrap()[0];
    assert_eq!(store.read(ReadRecord { account: bjorn, id }).await, Ok(None));
    let write = WriteRecord { account: bjorn, id, purpose, expected: Some(version), sealed: dice.bytes(9) };
    assert!(matches!(store.write(write).await, Err(WriteRecordError::NotFound)));
}

async fn an_erased_draft_raises_the_erase_number_and_is_no_longer_listed(store: Store) {
    let mut dice = Dice::new(4);
    let account = register(&store, &mut dice).await.account;
    let id = RecordId::new(NOW, &mut dice.0);
    let draft = WriteRecord { account, id, purpose: RecordPurpose::Draft, expected: None, sealed: dice.bytes(500) };
    store.write(draft).await.unwrap();
    let before = store.read(IdsOf { account }).await.unwrap();
    assert!(before.records.contains(&id));
    store.erase_draft(account, id).await.unwrap();
    let after = store.read(IdsOf { account }).await.unwrap();
    assert!(!after.records.contains(&id));
    assert_eq!((after.change, after.erase), (before.change, before.erase.next()));
}

async fn nothing_but_a_draft_can_be_erased(store: Store) {
    let mut dice = Dice::new(5);
    let account = register(&store, &mut dice).await.account;
    for head in store.read(ListRecords { account }).await.unwrap() {
        assert!(matches!(store.erase_draft(account, head.id).await, Err(EraseRecordError::NotFound)));
    }
    assert_eq!(store.read(ListRecords { account }).await.unwrap().len(), 3);
}
