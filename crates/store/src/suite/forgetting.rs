//! Nothing of what was erased is left in any file of the data folder (PROTOCOL §8).

use std::{collections::HashSet, path::Path, time::Duration};

use futures_util::future::{join_all, try_join_all};
use securemailbox_protocol::{factors::FactorKind, ids::SlotId, limits};

use super::{
    people::{Dice, NOW, Person, again, draft, empty_trash, post, prove_address, register, trash},
    places,
};
use crate::{
    Store, StoreError,
    jobs::Sweep,
    letters::PostLetter,
    records::ReadRecord,
    registrations::NamePhone,
    sessions::EndSession,
    slots::{DeviceSlot, PutDeviceSlot},
};

/// Eight bytes each of everything by which a letter could be known again.
fn traces(letter: &PostLetter) -> Vec<[u8; 8]> {
    let samples = |bytes: &[u8]| -> Vec<[u8; 8]> {
        bytes.chunks_exact(8).step_by(11).map(|sample| sample.try_into().expect("eight bytes")).collect()
    };
    let mut traces = Vec::new();
    // The second half of an id: the first is the time, which other letters share.
    traces.extend(samples(&letter.new.id.as_bytes()[8..]));
    traces.extend(samples(letter.new.thread.as_bytes()));
    traces.extend(samples(letter.new.envelope.as_ref()));
    traces.extend(samples(letter.new.content_hash.as_bytes()));
    traces.extend(samples(&letter.content));
    for reader in &letter.new.readers {
        traces.extend(samples(reader.wrapped_key.as_ref()));
    }
    traces
}

/// How many traces of `letters` stand in the files of `folder`.
pub(super) fn count_traces<'a>(folder: &Path, letters: impl IntoIterator<Item = &'a PostLetter>) -> usize {
    let wanted: HashSet<[u8; 8]> = letters.into_iter().flat_map(traces).collect();
    // Most places differ in their first two bytes already.
    let mut begins = vec![false; 1 << 16];
    for trace in &wanted {
        begins[usize::from(u16::from_be_bytes([trace[0], trace[1]]))] = true;
    }
    let mut found = HashSet::<[u8; 8]>::new();
    for file in std::fs::read_dir(folder).expect("a folder") {
        let bytes = std::fs::read(file.expect("a file").path()).expect("readable");
        for at in 0..bytes.len().saturating_sub(7) {
            if begins[usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]))] {
                let window: [u8; 8] = bytes[at..at + 8].try_into().expect("eight bytes");
                if wanted.contains(&window) {
                    found.insert(window);
                }
            }
        }
    }
    found.len()
}

async fn crowd(store: &Store, dice: &mut Dice, size: usize) -> Vec<Person> {
    let mut people = Vec::new();
    for _ in 0..size {
        people.push(register(store, dice).await);
    }
    people
}

/// Many enough that SQLite spreads cells over neighbouring pages: without the scrubbing, traces are left of this many.
const LETTERS: usize = 2000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_letter_leaves_no_trace_in_any_file() {
    let place = places::sqlite();
    let store = place.open().await;
    let mut dice = Dice::new(1);
    let people = crowd(&store, &mut dice, 7).await;
    let letters: Vec<_> = (0..LETTERS)
        .map(|number| {
            let (sender, reader) = (&people[number % 7], &people[(number * 3 + 1) % 7]);
            let to_oneself = sender.account == reader.account;
            (sender, if to_oneself { dice.letter(&[sender]) } else { dice.letter(&[sender, reader]) })
        })
        .collect();
    for together in letters.chunks(100) {
        try_join_all(together.iter().map(|(sender, letter)| post(&store, sender, vec![again(letter)], NOW)))
            .await
            .unwrap();
    }
    let of_thirds = |wanted: fn(usize) -> bool| {
        letters.iter().enumerate().filter(move |(number, _)| wanted(number % 3)).map(|(_, (_, letter))| letter)
    };
    let (erased, kept) = (|| of_thirds(|third| third == 0), || of_thirds(|third| third != 0));
    assert!(count_traces(place.folder(), erased()) > 0, "the search finds what is there");
    for letter in erased() {
        let holders =
            letter.new.readers.iter().map(|reader| people.iter().find(|person| person.account == reader.account));
        join_all(holders.map(|holder| trash(&store, holder.unwrap(), letter.new.id))).await;
    }
    for person in &people {
        empty_trash(&store, person.account, NOW).await.unwrap();
    }
    assert_eq!(count_traces(place.folder(), erased()), 0, "while the store runs");
    store.close().await;
    assert_eq!(count_traces(place.folder(), erased()), 0, "when it is closed");
    assert!(count_traces(place.folder(), kept()) > LETTERS, "what was kept is there");
    let database = rusqlite::Connection::open(place.folder().join("mailbox.sqlite")).unwrap();
    let check: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok", "the scrubbing wrote into pages by hand");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_of_a_store_at_rest_is_empty() {
    let place = places::sqlite();
    let store = place.open().await;
    let log = place.folder().join("mailbox.sqlite-wal");
    register(&store, &mut Dice::new(2)).await;
    assert!(std::fs::metadata(&log).unwrap().len() > 0);
    store.close().await;
    assert_eq!(std::fs::metadata(&log).unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_share_of_an_ended_session_is_gone_once_the_log_is_scrubbed() {
    let place = places::sqlite();
    let store = place.open().await;
    let mut dice = Dice::new(3);
    let person = register(&store, &mut dice).await;
    let slot = DeviceSlot { id: SlotId::new(NOW, &mut dice.0), sealed: dice.bytes(80), share_sealed: dice.bytes(80) };
    let share: [u8; 16] = slot.share_sealed[..16].try_into().unwrap();
    let (account, session) = (person.account, person.session);
    store.write(PutDeviceSlot { account, session, slot, keep: false }).await.unwrap();
    let stands = || {
        std::fs::read_dir(place.folder())
            .unwrap()
            .any(|file| std::fs::read(file.unwrap().path()).unwrap().windows(16).any(|window| window == share))
    };
    assert!(stands());
    store.write(EndSession { account, session }).await.unwrap();
    store.scrub_log().await.unwrap();
    assert!(!stands());
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_holds_the_log_back_makes_an_erasure_wait_and_not_lie() {
    let place = places::sqlite();
    let store = place.open().await;
    let mut dice = Dice::new(4);
    let person = register(&store, &mut dice).await;
    let letter = dice.letter(&[&person]);
    post(&store, &person, vec![again(&letter)], NOW).await.unwrap();
    let reader = rusqlite::Connection::open(place.folder().join("mailbox.sqlite")).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    reader.query_row("SELECT COUNT(*) FROM letter", [], |row| row.get::<_, i64>(0)).unwrap();
    trash(&store, &person, letter.new.id).await;
    assert_eq!(empty_trash(&store, person.account, NOW).await, Err(StoreError::Busy));
    assert!(count_traces(place.folder(), [&letter]) > 0);
    reader.execute_batch("COMMIT").unwrap();
    store.scrub_log().await.unwrap();
    assert_eq!(count_traces(place.folder(), [&letter]), 0);
    store.close().await;
}

/// Whether these bytes stand in a file of the folder.
fn stands(folder: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(folder)
        .expect("a folder")
        .any(|file| std::fs::read(file.unwrap().path()).unwrap().windows(bytes.len()).any(|window| window == bytes))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dropped_draft_left_goes_by_itself() {
    let place = places::sqlite();
    let store = place.open().await;
    let mut dice = Dice::new(5);
    let account = register(&store, &mut dice).await.account;
    let id = draft(&store, &mut dice, account).await;
    let sealed = store.read(ReadRecord { mailbox: account.mailbox(), id }).await.unwrap().unwrap().sealed.0;
    store.scrub_log().await.unwrap();
    assert!(stands(place.folder(), &sealed[..16]));
    store.erase_draft(account.mailbox(), id).await.unwrap();
    assert!(stands(place.folder(), &sealed[..16]), "who sends a letter does not wait for it");
    let gathering = store.clone();
    let gathering = tokio::spawn(async move { gathering.forget_in_time(Duration::from_millis(1)).await });
    // It ends, or is seen to hang.
    while stands(place.folder(), &sealed[..16]) {
        tokio::task::yield_now().await;
    }
    gathering.abort();
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_factor_is_gone_once_the_log_is_scrubbed() {
    let place = places::sqlite();
    let store = place.open().await;
    let mut dice = Dice::new(7);
    let lookup = dice.hash();
    let begin = dice.begin_registration(lookup);
    let (id, address) = (begin.id, begin.address.sealed.clone());
    store.write(begin).await.unwrap();
    prove_address(&store, &mut dice, id).await;
    let phone = dice.factor(FactorKind::Phone);
    let sealed = phone.sealed.clone();
    store.write(NamePhone { id, phone, now: NOW }).await.unwrap();
    // From here on nothing but a factor is deleted: no code was sent to this phone.
    store.scrub_log().await.unwrap();
    assert!(stands(place.folder(), &sealed), "the search finds what is there");
    let other = dice.factor(FactorKind::Phone);
    let others = other.sealed.clone();
    store.write(NamePhone { id, phone: other, now: NOW }).await.unwrap();
    store.scrub_log().await.unwrap();
    assert!(!stands(place.folder(), &sealed), "another phone was named in its place");
    assert!(stands(place.folder(), &others) && stands(place.folder(), &address), "what is still to be proved stays");
    store.write(Sweep { now: NOW.after(limits::REGISTRATION_LIFE) }).await.unwrap();
    store.scrub_log().await.unwrap();
    assert!(!stands(place.folder(), &others) && !stands(place.folder(), &address), "the registration is over");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_without_traces_is_left_as_it_is() {
    let place = places::sqlite();
    let store = place.open().await;
    let mut dice = Dice::new(6);
    let anna = register(&store, &mut dice).await;
    let length = || std::fs::metadata(place.folder().join("mailbox.sqlite-wal")).unwrap().len();
    store.scrub_log().await.unwrap();
    assert_eq!(length(), 0, "a registration leaves its codes");
    post(&store, &anna, vec![dice.letter(&[&anna])], NOW).await.unwrap();
    let before = length();
    store.scrub_log().await.unwrap();
    assert_eq!(length(), before);
    store.close().await;
}
