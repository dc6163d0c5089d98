//! PROTOCOL §9a: how much a mailbox holds, and that no more gets in than it may.

use securemailbox_protocol::{
    ids::{MailboxId, RecordId},
    numbers::Version,
    octets::Octets,
    records::RecordPurpose,
};

use super::{
    on_both,
    people::{Dice, NOW, Person, again, draft, empty_trash, register, trash},
};
use crate::{
    Store,
    accounts::AccountById,
    blobs::Referring,
    letters::{PostLetter, PostLetters, PostLettersError, Strangers},
    quotas::Quota,
    records::{WriteRecord, WriteRecordError},
};

on_both! {
    what_is_written_is_counted_and_what_is_erased_is_not
    a_full_mailbox_takes_nothing_until_there_is_room
    a_full_mailbox_is_read_by_and_set_up_as_before
    drafts_are_so_many
    a_stranger_is_who_never_wrote
}

async fn holds(store: &Store, person: &Person) -> (u64, u64) {
    let account = store.read(AccountById { account: person.account }).await.unwrap().unwrap();
    (account.letters, account.bytes)
}

/// What a letter takes in each mailbox that has it.
fn size(letter: &PostLetter) -> u64 {
    let of = |octets: &Octets| octets.0.len();
    let key = letter.new.readers.first().map_or(0, |reader| of(&reader.wrapped_key));
    (letter.content.len() + of(&letter.new.envelope) + key) as u64
}

async fn post(store: &Store, sender: &Person, letter: &PostLetter, quota: Quota) -> Result<(), PostLettersError> {
    let letters = vec![again(letter)];
    let sender = sender.account.mailbox();
    store
        .write(PostLetters {
            proved: None,
            sender,
            letters,
            guests: Vec::new(),
            draft: None,
            release: None,
            quota,
            now: NOW,
        })
        .await
        .map(drop)
}

fn record(
    mailbox: MailboxId,
    id: RecordId,
    purpose: RecordPurpose,
    expected: Option<u64>,
    length: usize,
) -> WriteRecord {
    let expected = expected.map(Version::new);
    WriteRecord {
        refers: Referring::default(),
        mailbox,
        id,
        purpose,
        expected,
        keyring: None,
        sealed: vec![7; length],
        quota: Quota::NONE,
    }
}

async fn what_is_written_is_counted_and_what_is_erased_is_not(store: Store) {
    let mut dice = Dice::new(1);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let (none, empty) = holds(&store, &anna).await;
    assert_eq!(none, 0);
    let letter = dice.letter(&[&anna, &bjorn]);
    for _ in 0..2 {
        // A repetition is the same letter.
        post(&store, &anna, &letter, Quota::NONE).await.unwrap();
        assert_eq!(holds(&store, &anna).await, (1, empty + size(&letter)));
        assert_eq!(holds(&store, &bjorn).await, (1, empty + size(&letter)));
    }
    let mailbox = anna.account.mailbox();
    let id = RecordId::new(NOW, &mut dice.0);
    store.write(record(mailbox, id, RecordPurpose::Draft, None, 100)).await.unwrap();
    store.write(record(mailbox, id, RecordPurpose::Draft, Some(1), 30)).await.unwrap();
    assert!(store.write(record(mailbox, id, RecordPurpose::Draft, Some(1), 9)).await.is_err());
    assert_eq!(holds(&store, &anna).await, (1, empty + size(&letter) + 30));
    store.erase_draft(mailbox, id).await.unwrap();
    trash(&store, &anna, letter.new.id).await;
    assert_eq!(holds(&store, &anna).await, (1, empty + size(&letter)), "what lies in the trash is still there");
    empty_trash(&store, anna.account, NOW).await.unwrap();
    assert_eq!(holds(&store, &anna).await, (0, empty));
    assert_eq!(holds(&store, &bjorn).await, (1, empty + size(&letter)), "each has it by itself");
}

async fn a_full_mailbox_takes_nothing_until_there_is_room(store: Store) {
    let mut dice = Dice::new(2);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let first = dice.letter(&[&anna, &bjorn]);
    post(&store, &anna, &first, Quota::NONE).await.unwrap();
    let held = holds(&store, &bjorn).await;
    let one = Quota { letters: 1, ..Quota::NONE };
    let as_it_is = Quota { bytes: held.1, ..Quota::NONE };
    for full in [one, as_it_is] {
        let second = dice.letter(&[&bjorn]);
        let refused = post(&store, &bjorn, &second, full).await;
        assert!(matches!(refused, Err(PostLettersError::MailboxFull)), "{refused:?}");
        assert_eq!(holds(&store, &bjorn).await, held, "nothing of it was kept");
        post(&store, &anna, &first, full).await.expect("what is there already is no more");
    }
    // Another's mailbox, by its name.
    trash(&store, &anna, first.new.id).await;
    empty_trash(&store, anna.account, NOW).await.unwrap();
    let second = dice.letter(&[&anna, &bjorn]);
    let refused = post(&store, &anna, &second, one).await;
    assert!(matches!(refused, Err(PostLettersError::ReaderFull { reader }) if reader == bjorn.account));
    trash(&store, &bjorn, first.new.id).await;
    empty_trash(&store, bjorn.account, NOW).await.unwrap();
    post(&store, &anna, &second, one).await.unwrap();
}

async fn a_full_mailbox_is_read_by_and_set_up_as_before(store: Store) {
    let mut dice = Dice::new(3);
    let anna = register(&store, &mut dice).await;
    let mailbox = anna.account.mailbox();
    let old = draft(&store, &mut dice, anna.account).await;
    let contact = RecordId::new(NOW, &mut dice.0);
    store.write(record(mailbox, contact, RecordPurpose::Contact, None, 100)).await.unwrap();
    let full = |write: WriteRecord| WriteRecord { quota: Quota { bytes: 1, ..Quota::NONE }, ..write };
    store.write(full(record(mailbox, contact, RecordPurpose::Contact, Some(1), 200))).await.unwrap();
    store
        .write(full(record(mailbox, old, RecordPurpose::Draft, Some(1), 10)))
        .await
        .expect("it takes less than before");
    let longer = store.write(full(record(mailbox, old, RecordPurpose::Draft, Some(2), 11))).await;
    assert!(matches!(longer, Err(WriteRecordError::Full)));
    let new = RecordId::new(NOW, &mut dice.0);
    let another = store.write(full(record(mailbox, new, RecordPurpose::Draft, None, 1))).await;
    assert!(matches!(another, Err(WriteRecordError::Full)));
}

async fn drafts_are_so_many(store: Store) {
    let mut dice = Dice::new(4);
    let anna = register(&store, &mut dice).await;
    let mailbox = anna.account.mailbox();
    let quota = Quota { drafts: 2, ..Quota::NONE };
    let mut write = |purpose| {
        let id = RecordId::new(NOW, &mut dice.0);
        store.write(WriteRecord { quota, ..record(mailbox, id, purpose, None, 1) })
    };
    for _ in 0..2 {
        write(RecordPurpose::Draft).await.unwrap();
    }
    assert!(matches!(write(RecordPurpose::Draft).await, Err(WriteRecordError::Full)));
    for _ in 0..3 {
        write(RecordPurpose::Contact).await.unwrap();
    }
}

async fn a_stranger_is_who_never_wrote(store: Store) {
    let mut dice = Dice::new(5);
    let mut people = Vec::new();
    for _ in 0..3 {
        people.push(register(&store, &mut dice).await);
    }
    let [anna, bjorn, cecilia] = &people[..] else { panic!("three") };
    let among = vec![bjorn.account, cecilia.account];
    let strangers = || store.read(Strangers { mailbox: anna.account.mailbox(), among: among.clone() });
    post(&store, anna, &dice.letter(&[anna, bjorn]), Quota::NONE).await.unwrap();
    assert_eq!(strangers().await.unwrap(), among, "who was only written to");
    post(&store, bjorn, &dice.letter(&[bjorn, anna]), Quota::NONE).await.unwrap();
    assert_eq!(strangers().await.unwrap(), [cecilia.account]);
}
