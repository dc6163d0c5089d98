//! PROTOCOL §10: what was sealed anew takes the place of the old at once, and keys of entries are wrapped anew.

use securemailbox_protocol::{
    ids::{CertificateHash, RecordId, SessionId, SlotId},
    limits,
    numbers::{ChangeNumber, Version},
    records::{RecordHead, RecordPurpose},
    security::SecurityEventKind,
    time::Timestamp,
};

use super::{
    on_both,
    people::{Dice, NOW, Person, draft, later, post, register, write_new},
    recording::head_of,
    together::Count,
};
use crate::{
    Store,
    blobs::Referring,
    directory::ListingByAddress,
    jobs::Sweep,
    letters::{PostLettersError, ReadEntry},
    pulse::PulseOf,
    quotas::Quota,
    records::{ReadRecord, WriteRecord, WriteRecordError},
    recoveries::BeginRecovery,
    renewals::{Renew, RenewError, RewrapKeys, StageRecord, StageRecordError},
    sessions::{EndSession, SessionByToken},
    sync::{ChangesSince, Scope},
};

on_both! {
    a_renewal_replaces_every_record_slot_and_session_at_once
    nothing_is_replaced_while_one_record_is_not_sealed_anew
    what_was_sealed_anew_goes_with_its_session_and_after_an_hour
    keys_wrapped_anew_take_the_places_of_their_own_entries_only
}

async fn heads(store: &Store, person: &Person) -> Vec<RecordHead> {
    let since = ChangesSince {
        mailbox: person.account.mailbox(),
        since: ChangeNumber::ZERO,
        limit: 100,
        scope: Scope::Everything,
    };
    store.read(since).await.unwrap().records.into_iter().map(|record| record.head).collect()
}

fn stage(dice: &mut Dice, person: &Person, head: &RecordHead, now: Timestamp) -> StageRecord {
    StageRecord {
        mailbox: person.account.mailbox(),
        session: person.session,
        id: head.id,
        purpose: head.purpose,
        expected: head.version,
        sealed: dice.bytes(400),
        now,
    }
}

fn renewal(dice: &mut Dice, person: &Person, now: Timestamp) -> Renew {
    Renew {
        account: person.account,
        session: person.session,
        certificate_sealed: dice.bytes(1500),
        certificate_hash: CertificateHash::from_bytes(dice.hash()),
        password: dice.password(),
        recovery: dice.recovery(),
        begins: dice.session(now),
        now,
    }
}

/// Seals everything anew.
async fn stage_all(store: &Store, dice: &mut Dice, person: &Person, now: Timestamp) {
    for head in heads(store, person).await {
        store.write(stage(dice, person, &head, now)).await.unwrap();
    }
}

async fn a_renewal_replaces_every_record_slot_and_session_at_once(store: Store) {
    let mut dice = Dice::new(1);
    let (anna, björn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    draft(&store, &mut dice, anna.account).await;
    write_new(&store, &mut dice, anna.account, RecordPurpose::Contact).await;
    let (before, others) = (heads(&store, &anna).await, heads(&store, &björn).await);
    let mut sealed = Vec::new();
    for head in &before {
        let stage = stage(&mut dice, &anna, head, NOW);
        sealed.push(stage.sealed.clone());
        store.write(stage).await.unwrap();
    }
    assert_eq!(heads(&store, &anna).await, before, "nothing is replaced yet");
    let renew = renewal(&mut dice, &anna, later(1));
    let (token_hash, certificate_sealed) = (renew.begins.token_hash, renew.certificate_sealed.clone());
    let (certificate, proof_hash) = (renew.certificate_hash, renew.recovery.proof_hash);
    store.write(renew).await.unwrap();

    for (head, sealed) in before.iter().zip(&sealed) {
        let record = store.read(ReadRecord { mailbox: anna.account.mailbox(), id: head.id }).await.unwrap().unwrap();
        assert_eq!((record.head.version, record.sealed.as_ref()), (head.version.next(), &sealed[..]));
    }
    let changes: Vec<_> = heads(&store, &anna).await.into_iter().map(|head| head.change).collect();
    assert!(changes.is_sorted_by(|one, two| one < two), "each write has a change number of its own");
    let held = store.read(Count("SELECT CAST(SUM(bytes) AS BIGINT) FROM mailbox")).await.unwrap();
    let there = store.read(Count("SELECT CAST(SUM(LENGTH(sealed)) AS BIGINT) FROM record")).await.unwrap();
    assert_eq!(held, there, "what the mailboxes hold is counted right");

    let by_token = |token_hash| SessionByToken { token_hash, now: later(2) };
    assert_eq!(store.read(by_token(anna.token_hash)).await.unwrap(), None);
    assert!(store.read(by_token(token_hash)).await.unwrap().is_some());
    assert!(store.read(by_token(björn.token_hash)).await.unwrap().is_some());
    let recover = |proof_hash, dice: &mut Dice| BeginRecovery {
        id: securemailbox_protocol::ids::RecoveryId::new(NOW, &mut dice.0),
        address_lookup: anna.address_lookup,
        proof_hash,
        now: later(2),
    };
    assert!(store.write(recover(anna.proof_hash, &mut dice)).await.unwrap().is_none(), "the old sheet");
    assert!(store.write(recover(proof_hash, &mut dice)).await.unwrap().is_some(), "the new one");
    let listing = store.read(ListingByAddress { address_lookup: anna.address_lookup }).await.unwrap().unwrap();
    assert_eq!(listing.certificate.sealed, certificate_sealed);
    let slots = store.read(Count("SELECT COUNT(*) FROM slot")).await.unwrap();
    assert_eq!(slots, 4, "two of each, and no device's");
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM renewed_record")).await.unwrap(), 0);
    assert_eq!(heads(&store, &björn).await, others);

    // A request that began before it, or a page that holds the former secret, writes nothing that would open for nobody.
    let keyring = heads(&store, &anna).await.into_iter().find(|head| head.purpose == RecordPurpose::Keyring).unwrap();
    let late = |keyring, dice: &mut Dice| WriteRecord {
        refers: Referring::default(),
        mailbox: anna.account.mailbox(),
        id: RecordId::new(NOW, &mut dice.0),
        purpose: RecordPurpose::Contact,
        expected: None,
        keyring: Some(keyring),
        sealed: dice.bytes(100),
        quota: Quota::NONE,
    };
    let refused = store.write(late(Version::new(1), &mut dice)).await;
    assert!(matches!(refused, Err(WriteRecordError::StaleKeyring)));
    store.write(late(keyring.version, &mut dice)).await.unwrap();

    // Who writes to her has to look her key up anew.
    let letter = dice.letter(&[&björn, &anna]);
    assert!(matches!(post(&store, &björn, vec![letter], later(3)).await, Err(PostLettersError::StaleKey { .. })));
    let renewed = Person { certificate, ..anna };
    let letter = dice.letter(&[&björn, &renewed]);
    post(&store, &björn, vec![letter], later(3)).await.unwrap();
}

async fn nothing_is_replaced_while_one_record_is_not_sealed_anew(store: Store) {
    let mut dice = Dice::new(2);
    let anna = register(&store, &mut dice).await;
    stage_all(&store, &mut dice, &anna, NOW).await;
    // Another device writes its settings meanwhile.
    let settings = head_of(&store, anna.account, RecordPurpose::Settings).await;
    let written = WriteRecord {
        refers: Referring::default(),
        mailbox: anna.account.mailbox(),
        id: settings.id,
        purpose: settings.purpose,
        expected: Some(settings.version),
        keyring: None,
        sealed: dice.bytes(9),
        quota: Quota::NONE,
    };
    let written = store.write(written).await.unwrap();
    let before = heads(&store, &anna).await;
    let unfinished = |done| matches!(done, Err(RenewError::Unfinished));
    assert!(unfinished(store.write(renewal(&mut dice, &anna, later(1))).await));
    let stale = store.write(stage(&mut dice, &anna, &settings, NOW)).await;
    assert!(matches!(stale, Err(StageRecordError::StaleVersion)));
    assert_eq!(heads(&store, &anna).await, before);
    // One that is new by now has to be sealed anew as well.
    store.write(stage(&mut dice, &anna, &written, NOW)).await.unwrap();
    let contact = write_new(&store, &mut dice, anna.account, RecordPurpose::Contact).await;
    assert!(unfinished(store.write(renewal(&mut dice, &anna, later(1))).await));
    let contact = heads(&store, &anna).await.into_iter().find(|head| head.id == contact).unwrap();
    store.write(stage(&mut dice, &anna, &contact, NOW)).await.unwrap();

    let unknown = RecordHead { id: RecordId::new(NOW, &mut dice.0), ..contact };
    let unknown = store.write(stage(&mut dice, &anna, &unknown, NOW)).await;
    assert!(matches!(unknown, Err(StageRecordError::NotFound)));
    let other = Renew { session: SessionId::new(NOW, &mut dice.0), ..renewal(&mut dice, &anna, later(1)) };
    assert!(matches!(store.write(other).await, Err(RenewError::NoSession)));
    let mut same = renewal(&mut dice, &anna, later(1));
    same.recovery.id = SlotId::from_bytes(*same.password.id.as_bytes());
    assert!(matches!(store.write(same).await, Err(RenewError::SameId)), "and nothing of it was done");
    assert!(unfinished(store.write(renewal(&mut dice, &anna, NOW.after(limits::RENEWAL_LIFE))).await), "an hour later");
    store.write(renewal(&mut dice, &anna, later(1))).await.unwrap();
}

async fn what_was_sealed_anew_goes_with_its_session_and_after_an_hour(store: Store) {
    let mut dice = Dice::new(3);
    let anna = register(&store, &mut dice).await;
    let count = || Count("SELECT COUNT(*) FROM renewed_record");
    stage_all(&store, &mut dice, &anna, NOW).await;
    stage_all(&store, &mut dice, &anna, NOW).await;
    assert_eq!(store.read(count()).await.unwrap(), 2, "one of each record");
    store.write(Sweep { now: later(10) }).await.unwrap();
    assert_eq!(store.read(count()).await.unwrap(), 2);
    store.write(Sweep { now: NOW.after(limits::RENEWAL_LIFE) }).await.unwrap();
    assert_eq!(store.read(count()).await.unwrap(), 0);
    stage_all(&store, &mut dice, &anna, NOW).await;
    store.write(EndSession { account: anna.account, session: anna.session }).await.unwrap();
    assert_eq!(store.read(count()).await.unwrap(), 0);
    let events = store.read(Count("SELECT COUNT(*) FROM security_event")).await.unwrap();
    assert_eq!(events, 1, "{:?} is noted by who ends it", SecurityEventKind::SessionEnded);
}

async fn keys_wrapped_anew_take_the_places_of_their_own_entries_only(store: Store) {
    let mut dice = Dice::new(4);
    let (anna, björn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let letter = dice.letter(&[&björn, &anna]);
    let id = letter.new.id;
    post(&store, &björn, vec![letter], NOW).await.unwrap();
    let read = |person: &Person| ReadEntry { mailbox: person.account.mailbox(), letter: id };
    let theirs = store.read(read(&björn)).await.unwrap().unwrap();
    let before = store.read(read(&anna)).await.unwrap().unwrap();
    let unknown = dice.letter(&[&anna]).new.id;
    let key = dice.bytes(1300);
    let keys = vec![(unknown, dice.bytes(1300)), (id, key.clone())];
    store.write(RewrapKeys { mailbox: anna.account.mailbox(), keys }).await.unwrap();
    let after = store.read(read(&anna)).await.unwrap().unwrap();
    assert_eq!(after.wrapped_key, key);
    assert!(after.change > before.change, "so that her other devices take it");
    assert_eq!(after.change, store.read(PulseOf { mailbox: anna.account.mailbox() }).await.unwrap().change);
    assert_eq!(store.read(read(&björn)).await.unwrap().unwrap(), theirs);
}
