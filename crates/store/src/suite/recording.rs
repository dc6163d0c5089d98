//! PROTOCOL §9a, Records.

use securemailbox_protocol::{
    ids::{AccountId, RecordId},
    numbers::{ChangeNumber, Version},
    records::{RecordChange, RecordHead, RecordPurpose},
    sync::{Erased, Pulse},
};

use super::{
    on_both,
    people::{Dice, NOW, draft, register, write_new},
};
use crate::{
    Store,
    blobs::Referring,
    pulse::PulseOf,
    quotas::Quota,
    records::{EraseRecordError, ReadRecord, WriteRecord, WriteRecordError},
    sync::{ChangesSince, DraftIdsOf, LetterIdsOf, Scope},
};

on_both! {
    a_record_is_written_only_over_the_version_its_writer_saw
    there_is_one_settings_and_there_are_many_contacts_and_drafts
    contacts_come_whole_among_the_changes_and_no_other_record_does
    another_account_neither_reads_nor_writes_a_record
    an_erased_draft_raises_the_number_of_drafts_erased_and_is_no_longer_listed
    nothing_but_a_draft_can_be_erased
}

/// Every record of an account, as the changes tell of it.
async fn records(store: &Store, account: AccountId) -> Vec<RecordChange> {
    store
        .read(ChangesSince {
            mailbox: account.mailbox(),
            since: ChangeNumber::ZERO,
            limit: 100,
            scope: Scope::Everything,
        })
        .await
        .unwrap()
        .records
}

pub(super) async fn head_of(store: &Store, account: AccountId, purpose: RecordPurpose) -> RecordHead {
    records(store, account).await.into_iter().map(|record| record.head).find(|head| head.purpose == purpose).unwrap()
}

async fn a_record_is_written_only_over_the_version_its_writer_saw(store: Store) {
    let mut dice = Dice::new(1);
    let account = register(&store, &mut dice).await.account;
    let RecordHead { id, purpose, version, .. } = head_of(&store, account, RecordPurpose::Settings).await;
    assert_eq!(version, Version::new(1));
    let since = store.read(PulseOf { mailbox: account.mailbox() }).await.unwrap().change;
    let write = |expected, sealed: &[u8]| WriteRecord {
        refers: Referring::default(),
        mailbox: account.mailbox(),
        id,
        purpose,
        expected,
        keyring: None,
        sealed: sealed.to_vec(),
        quota: Quota::NONE,
    };
    // Two devices at once: one writes, the other has to read first.
    let (one, two) = tokio::join!(store.write(write(Some(version), b"one")), store.write(write(Some(version), b"two")));
    let (won, lost) = match one {
        Ok(won) => (won, two),
        Err(_) => (two.unwrap(), one),
    };
    assert!(matches!(lost, Err(WriteRecordError::StaleVersion)));
    assert_eq!(won.version, Version::new(2));
    assert!(matches!(store.write(write(None, b"new")).await, Err(WriteRecordError::Exists)));
    let record = store.read(ReadRecord { mailbox: account.mailbox(), id }).await.unwrap().unwrap();
    assert_eq!(record.head, won);
    assert!([&b"one"[..], b"two"].contains(&record.sealed.as_ref()));
    assert_eq!(store.read(PulseOf { mailbox: account.mailbox() }).await.unwrap().change, won.change);
    let changes = store
        .read(ChangesSince { mailbox: account.mailbox(), since, limit: 10, scope: Scope::Everything })
        .await
        .unwrap();
    assert_eq!(changes.records, [RecordChange { head: won, sealed: None }]);
}

async fn there_is_one_settings_and_there_are_many_contacts_and_drafts(store: Store) {
    let mut dice = Dice::new(2);
    let account = register(&store, &mut dice).await.account;
    let mut new = |purpose| WriteRecord {
        refers: Referring::default(),
        mailbox: account.mailbox(),
        id: RecordId::new(NOW, &mut dice.0),
        purpose,
        expected: None,
        keyring: None,
        sealed: dice.bytes(100),
        quota: Quota::NONE,
    };
    for one in [RecordPurpose::Keyring, RecordPurpose::Settings] {
        assert!(!one.are_many());
        assert!(matches!(store.write(new(one)).await, Err(WriteRecordError::Exists)));
    }
    for many in [RecordPurpose::Draft, RecordPurpose::Contact] {
        assert!(many.are_many());
        for _ in 0..3 {
            store.write(new(many)).await.unwrap();
        }
    }
    let unknown = WriteRecord { expected: Some(Version::new(1)), ..new(RecordPurpose::Draft) };
    assert!(matches!(store.write(unknown).await, Err(WriteRecordError::NotFound)));
    // What failed raised nothing.
    let Pulse { change, .. } = store.read(PulseOf { mailbox: account.mailbox() }).await.unwrap();
    assert_eq!(change.get(), 8);
    assert_eq!(records(&store, account).await.len(), 8);
}

async fn contacts_come_whole_among_the_changes_and_no_other_record_does(store: Store) {
    let mut dice = Dice::new(6);
    let account = register(&store, &mut dice).await.account;
    let contact = write_new(&store, &mut dice, account, RecordPurpose::Contact).await;
    draft(&store, &mut dice, account).await;
    let written = store.read(ReadRecord { mailbox: account.mailbox(), id: contact }).await.unwrap().unwrap();
    for RecordChange { head, sealed } in records(&store, account).await {
        let whole = (head.purpose == RecordPurpose::Contact).then(|| written.sealed.clone());
        assert_eq!(sealed, whole, "{:?}", head.purpose);
    }
}

async fn another_account_neither_reads_nor_writes_a_record(store: Store) {
    let mut dice = Dice::new(3);
    let (anna, bjorn) = (register(&store, &mut dice).await.account, register(&store, &mut dice).await.account);
    let RecordHead { id, purpose, version, .. } = head_of(&store, anna, RecordPurpose::Keyring).await;
    assert_eq!(store.read(ReadRecord { mailbox: bjorn.mailbox(), id }).await, Ok(None));
    let write = WriteRecord {
        refers: Referring::default(),
        mailbox: bjorn.mailbox(),
        id,
        purpose,
        expected: Some(version),
        keyring: None,
        sealed: dice.bytes(9),
        quota: Quota::NONE,
    };
    assert!(matches!(store.write(write).await, Err(WriteRecordError::NotFound)));
}

async fn an_erased_draft_raises_the_number_of_drafts_erased_and_is_no_longer_listed(store: Store) {
    let mut dice = Dice::new(4);
    let account = register(&store, &mut dice).await.account;
    let id = draft(&store, &mut dice, account).await;
    let before = store.read(PulseOf { mailbox: account.mailbox() }).await.unwrap();
    assert_eq!(
        store.read(DraftIdsOf { mailbox: account.mailbox() }).await.unwrap().ids,
        [id],
        "no other record is among the drafts"
    );
    store.erase_draft(account.mailbox(), id).await.unwrap();
    let ids = store.read(DraftIdsOf { mailbox: account.mailbox() }).await.unwrap();
    assert_eq!((ids.change, ids.erase, ids.ids), (before.change, before.erased.drafts.next(), vec![]));
    // Nobody has to compare letters because a draft went.
    let erased = Erased { letters: before.erased.letters, drafts: before.erased.drafts.next() };
    assert_eq!(
        store.read(PulseOf { mailbox: account.mailbox() }).await.unwrap(),
        Pulse { change: before.change, erased }
    );
    assert_eq!(store.read(LetterIdsOf { mailbox: account.mailbox() }).await.unwrap().erase, before.erased.letters);
}

async fn nothing_but_a_draft_can_be_erased(store: Store) {
    let mut dice = Dice::new(5);
    let account = register(&store, &mut dice).await.account;
    write_new(&store, &mut dice, account, RecordPurpose::Contact).await;
    let before = records(&store, account).await;
    assert_eq!(before.len(), 3);
    for record in &before {
        assert!(matches!(store.erase_draft(account.mailbox(), record.head.id).await, Err(EraseRecordError::NotFound)));
    }
    assert_eq!(records(&store, account).await, before);
}
