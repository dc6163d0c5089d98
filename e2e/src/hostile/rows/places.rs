//! Rows 19 and 35: what belongs where, and what is gone.

use securemailbox_client::{records::RecordError, replica::SyncRefused, session::SessionError, sign_in::SignInError};
use securemailbox_protocol::{
    ids::RecordId,
    letters::{Entry, Posted},
    numbers::{ChangeNumber, EraseNumber, Version},
    records::{Record, RecordChange, RecordHead, RecordPurpose},
    sessions::NewSession,
    sign_in::RecoveredSlot,
    slots::{DeviceSlot, Slot, SlotKind},
    sync::{Changes, DraftIds, LetterIds},
};

use crate::{
    hostile::{
        days::{
            ERASES, FIRST_CHANGES, FIRST_RECORDS, MALLORY_SHOWS_HERS, MALLORY_SIGNS_IN, READS, RECOVERS, SENDS_A_DRAFT,
            SHOWS_A_PASSKEY, SHOWS_ANOTHER, SIGNS_IN,
        },
        plot::failed,
        stage::Stage,
    },
    replay::LOCKED,
    suite::Case,
};

use super::links;

pub(super) fn swapped(stage: &Stage) -> Vec<Case> {
    let mut cases = swapped_password_slots(stage);
    cases.extend(swapped_other_slots(stage));
    cases.extend(swapped_records(stage));
    cases.extend(links::swapped(stage));
    cases
}

fn password_slot(session: NewSession) -> Slot {
    session.slots.into_iter().find(|slot| slot.kind == SlotKind::Password).expect("a password slot")
}

fn swapped_password_slots(stage: &Stage) -> Vec<Case> {
    const ENTER: usize = 1;
    let asked = stage.asked(SIGNS_IN, "/proofs/enter");
    let mallorys = stage.session(MALLORY_SIGNS_IN);
    let account = mallorys.account;
    let mallorys = password_slot(mallorys);
    let device: DeviceSlot = stage.answer(READS, "GET /slots/device");
    let recovery: RecoveredSlot = stage.answer(RECOVERS, &stage.asked(RECOVERS, "/proofs/enter"));
    let refused = failed(SignInError::SlotDoesNotOpen);
    let lie = |name: &str, change: &dyn Fn(&mut NewSession)| {
        stage.lie(19, SIGNS_IN, name).tells(&asked, change).stops(ENTER, refused.clone()).case()
    };
    vec![
        lie("Mallory's password slot stands for Björn's", &|session| session.slots = vec![mallorys.clone()]),
        lie("Mallory's password slot stands under Björn's id", &|session| {
            session.slots[0].sealed = mallorys.sealed.clone();
        }),
        lie("Björn is told that the account is Mallory's", &|session| session.account = account),
        lie("a device slot stands for the password slot", &|session| {
            (session.slots[0].id, session.slots[0].sealed) = (device.id, device.sealed.clone());
        }),
        lie("the recovery slot stands for the password slot", &|session| {
            (session.slots[0].id, session.slots[0].sealed) = (recovery.id, recovery.sealed.clone());
        }),
        lie("the password slot is called another kind", &|session| session.slots[0].kind = SlotKind::Recovery),
        lie("there is no password slot", &|session| session.slots.clear()),
    ]
}

fn swapped_other_slots(stage: &Stage) -> Vec<Case> {
    let password = password_slot(stage.session(SIGNS_IN));
    let mallorys = &stage.mallorys_device;
    let lie = |name: &str, change: &dyn Fn(&mut DeviceSlot)| {
        let plot = stage.lie(19, READS, name).tells("GET /slots/device", change);
        plot.stops(0, failed(SessionError::SlotDoesNotOpen)).case()
    };
    let recovered = stage.asked(RECOVERS, "/proofs/enter");
    let recover = |name: &str, change: &dyn Fn(&mut RecoveredSlot)| {
        let plot = stage.lie(19, RECOVERS, name).tells(&recovered, change);
        plot.stops(1, failed(SignInError::SlotDoesNotOpen)).case()
    };
    let account = stage.session(MALLORY_SIGNS_IN).account;
    let completed = stage.asked(RECOVERS, "/complete");
    vec![
        stage
            .lie(19, RECOVERS, "the session after a forgotten password is said to be Mallory's")
            .tells(&completed, |session: &mut NewSession| session.account = account)
            .stops(2, failed(RecordError::DoesNotOpen))
            .case(),
        lie("Mallory's device slot stands for Björn's", &|slot| *slot = mallorys.clone()),
        lie("Mallory's share stands for Björn's", &|slot| slot.share = mallorys.share.clone()),
        lie("the password slot stands for the device slot", &|slot| {
            (slot.id, slot.sealed) = (password.id, password.sealed.clone());
        }),
        recover("the password slot stands for the recovery slot", &|slot| {
            (slot.id, slot.sealed) = (password.id, password.sealed.clone());
        }),
        recover("the recovery slot is said to be Mallory's", &|slot| slot.account = account),
    ]
}

/// Row 61: a passkey's slot is opened by its output, at its account's place, or not at all.
pub(super) fn passkey_slots(stage: &Stage) -> Vec<Case> {
    const SHOW: usize = 1;
    let (asked, truth) = stage.session_by_passkey(SHOWS_A_PASSKEY);
    let (_, mallorys) = stage.session_by_passkey(MALLORY_SHOWS_HERS);
    let (_, other) = stage.session_by_passkey(SHOWS_ANOTHER);
    assert_eq!((truth.slots.len(), mallorys.slots.len(), other.slots.len()), (1, 1, 1));
    let (account, mallorys, other) = (mallorys.account, mallorys.slots[0].clone(), other.slots[0].clone());
    let told = |name: &str, change: &dyn Fn(&mut NewSession)| {
        stage.lie(61, SHOWS_A_PASSKEY, name).tells(&asked, change).stops(SHOW, LOCKED)
    };
    // What the server left open is locked.
    let lie = |name: &str, change: &dyn Fn(&mut NewSession)| {
        told(name, change).also_tells("DELETE /slots/device", &()).case()
    };
    vec![
        lie("Mallory's slot stands for Björn's, sealed under the same output", &|session| {
            session.slots = vec![mallorys.clone()];
        }),
        lie("Mallory's slot stands under the id of Björn's", &|session| {
            session.slots[0].sealed = mallorys.sealed.clone();
        }),
        lie("Björn is told that the account is Mallory's", &|session| session.account = account),
        lie("the slot of his other passkey stands for this one's", &|session| session.slots = vec![other.clone()]),
        lie("the slot of his other passkey stands under this one's id", &|session| {
            session.slots[0].sealed = other.sealed.clone();
        }),
        told("the slot is called another kind", &|session| session.slots[0].kind = SlotKind::Password).case(),
        told("there is no slot", &|session| session.slots.clear()).case(),
    ]
}

fn swapped_records(stage: &Stage) -> Vec<Case> {
    const ENTER: usize = 1;
    let changes: Changes = stage.answer(SIGNS_IN, FIRST_RECORDS);
    let (contact, other) = (&stage.bjorns_contact, &stage.his_other_contact);
    let of = |purpose| {
        let heads = changes.records.iter().map(|record| &record.head);
        heads.into_iter().find(|head| head.purpose == purpose).expect("one of each").id
    };
    let settings = format!("GET /records/{}", of(RecordPurpose::Settings));
    let his_settings: Record = stage.answer(SIGNS_IN, &settings);
    let keyring = format!("GET /records/{}", of(RecordPurpose::Keyring));
    let asked = format!("GET /records/{}", contact.head.id);
    let lie = |name: &str| stage.lie(19, SIGNS_IN, name);
    let does_not_open = || failed(RecordError::DoesNotOpen);
    let contradicts = || failed(RecordError::Refused(SyncRefused::Contradiction));
    let mut cases = Vec::new();
    for hers in &stage.mallorys_records {
        let purpose = hers.head.purpose;
        let plot = lie(&format!("Mallory's record {purpose:?} stands for Björn's"));
        let plot = match purpose {
            RecordPurpose::Contact => plot.tells(FIRST_RECORDS, |changes: &mut Changes| {
                change_of(changes, contact.head.id).sealed = Some(hers.sealed.clone());
            }),
            RecordPurpose::Keyring | RecordPurpose::Settings | RecordPurpose::Draft => {
                let asked = format!("GET /records/{}", of(purpose));
                plot.tells(&asked, |record: &mut Record| record.sealed = hers.sealed.clone())
            }
        };
        cases.push(plot.stops(ENTER, does_not_open()).case());
    }
    // One's own bytes in a place that is not theirs.
    for (name, bytes) in [("another contact stands", &other.sealed), ("the settings stand", &his_settings.sealed)] {
        let swaps = |changes: &mut Changes| change_of(changes, contact.head.id).sealed = Some(bytes.clone());
        let withholds = |changes: &mut Changes| change_of(changes, contact.head.id).sealed = None;
        let record = Record { sealed: bytes.clone(), ..contact.clone() };
        let fetched = lie(&format!("{name} for a contact whose bytes have to be asked for"));
        let plots = [
            lie(&format!("{name} for a contact")).tells(FIRST_RECORDS, swaps),
            lie(&format!("{name} for a contact that was taken")).tells(FIRST_CHANGES, swaps),
            fetched.tells(FIRST_RECORDS, withholds).also_tells(&asked, &record),
        ];
        cases.extend(plots.map(|plot| plot.stops(ENTER, does_not_open()).case()));
    }
    cases.extend([
        lie("two contacts stand for each other")
            .tells(FIRST_RECORDS, |changes: &mut Changes| {
                change_of(changes, contact.head.id).sealed = Some(other.sealed.clone());
                change_of(changes, other.head.id).sealed = Some(contact.sealed.clone());
            })
            .stops(ENTER, does_not_open())
            .case(),
        lie("a contact stands for the settings")
            .tells(&settings, |record: &mut Record| record.sealed = contact.sealed.clone())
            .stops(ENTER, does_not_open())
            .case(),
        lie("the settings stand for the keyring")
            .tells(&keyring, |record: &mut Record| record.sealed = his_settings.sealed.clone())
            .stops(ENTER, does_not_open())
            .case(),
        lie("a contact and the settings are announced as each other")
            .tells(FIRST_RECORDS, |changes: &mut Changes| {
                for RecordChange { head, sealed } in &mut changes.records {
                    if head.id == contact.head.id {
                        (head.purpose, *sealed) = (RecordPurpose::Settings, None);
                    } else if head.purpose == RecordPurpose::Settings {
                        (head.purpose, *sealed) = (RecordPurpose::Contact, Some(his_settings.sealed.clone()));
                    }
                }
            })
            .stops(ENTER, does_not_open())
            .case(),
        lie("the record that is served is another than was announced")
            .tells(FIRST_RECORDS, |changes: &mut Changes| change_of(changes, contact.head.id).sealed = None)
            .also_tells(&asked, &his_settings)
            .stops(ENTER, contradicts())
            .case(),
        lie("the settings that are served are another record than was announced")
            .tells(&settings, |record: &mut Record| *record = contact.clone())
            .stops(ENTER, contradicts())
            .case(),
    ]);
    cases.extend(contradicted_records(stage));
    cases
}

fn change_of(changes: &mut Changes, id: RecordId) -> &mut RecordChange {
    changes.records.iter_mut().find(|record| record.head.id == id).expect("it is announced")
}

/// A new device asks for the records ahead of all else: what is said then and what is said later must fit each other.
fn contradicted_records(stage: &Stage) -> Vec<Case> {
    const ENTER: usize = 1;
    let contact = stage.bjorns_contact.head.id;
    let lie = |name: &str| stage.lie(19, SIGNS_IN, name);
    let refused = |refused: SyncRefused| failed(RecordError::Refused(refused));
    let without = |purpose: RecordPurpose| {
        move |changes: &mut Changes| changes.records.retain(|record| record.head.purpose != purpose)
    };
    let second = |changes: &mut Changes| {
        let settings = changes.records.iter().find(|record| record.head.purpose == RecordPurpose::Settings);
        let mut second = settings.expect("there are some").clone();
        second.head.id = RecordId::from_bytes([7; 16]);
        changes.records.push(second);
    };
    vec![
        lie("the settings are hidden from a new device")
            .tells(FIRST_RECORDS, without(RecordPurpose::Settings))
            .stops(ENTER, refused(SyncRefused::RecordMissing))
            .case(),
        lie("the keyring is hidden from a new device")
            .tells(FIRST_RECORDS, without(RecordPurpose::Keyring))
            .stops(ENTER, refused(SyncRefused::RecordMissing))
            .case(),
        lie("a new device is told of two settings")
            .tells(FIRST_RECORDS, second)
            .stops(ENTER, refused(SyncRefused::SecondRecord))
            .case(),
        lie("there are other settings among the changes than among the records")
            .tells(FIRST_CHANGES, second)
            .stops(ENTER, refused(SyncRefused::SecondRecord))
            .case(),
        lie("a record has another purpose among the changes than among the records")
            .tells(FIRST_CHANGES, |changes: &mut Changes| {
                let change = change_of(changes, contact);
                (change.head.purpose, change.sealed) = (RecordPurpose::Draft, None);
            })
            .stops(ENTER, refused(SyncRefused::Contradiction))
            .case(),
        lie("there are more records for ever")
            .tells(FIRST_RECORDS, |changes: &mut Changes| {
                (changes.more, changes.change) = (true, ChangeNumber::ZERO);
            })
            .stops(ENTER, refused(SyncRefused::Contradiction))
            .case(),
        // What is hidden from one answer comes with the other, and what was in one is not lost by the other.
        lie("a contact is among the records and not among the changes")
            .tells(FIRST_CHANGES, |changes: &mut Changes| changes.records.retain(|record| record.head.id != contact))
            .case(),
        lie("a contact is among the changes and not among the records")
            .tells(FIRST_RECORDS, |changes: &mut Changes| changes.records.retain(|record| record.head.id != contact))
            .case(),
    ]
}

/// There are no tombstones: what the list of ids lacks is gone, here too, and a list that can't be true changes nothing.
pub(super) fn erased(stage: &Stage) -> Vec<Case> {
    const OPEN: usize = 0;
    let refused = |refused: SyncRefused| failed(RecordError::Refused(refused));
    let (letter, other) = (stage.letter, stage.other);
    let lacks = |ids: &mut LetterIds| ids.ids.retain(|id| *id != letter);
    let keeps = stage.lie(35, ERASES, "a second letter is erased");
    let without: Vec<&str> = keeps.shown(1).lines().filter(|line| !line.contains("Återbesök")).collect();
    let without = without.join("\n");
    let of_the_tablet: Changes = stage.answer(SIGNS_IN, FIRST_CHANGES);
    let entry = of_the_tablet.entries.into_iter().find(|entry| entry.id == letter).expect("it is there");
    let mut cases = vec![
        keeps.tells("GET /ids/letters", lacks).shows(1, without.clone()).shows(3, without.clone()).case(),
        stage
            .lie(35, ERASES, "a letter that was never erased is missing in the list of ids, and changes later")
            .tells("GET /ids/letters", lacks)
            .tells_last("GET /changes", |changes: &mut Changes| {
                changes.change = ChangeNumber::new(changes.change.get() + 1);
                changes.entries.push(Entry { change: changes.change, ..entry.clone() });
            })
            .shows(1, without)
            .case(),
        stage
            .lie(35, ERASES, "the list of ids is older than what was seen")
            .tells("GET /ids/letters", |ids: &mut LetterIds| {
                ids.change = ChangeNumber::ZERO;
                ids.ids.push(other);
            })
            .stops(OPEN, refused(SyncRefused::WentBack))
            .case(),
        stage
            .lie(35, ERASES, "fewer letters were erased than before")
            .tells_last("GET /changes", |changes: &mut Changes| changes.erased.letters = EraseNumber::ZERO)
            .shows(2, refused(SyncRefused::WentBack))
            .case(),
    ];
    cases.extend(drafts_erased(stage));
    cases
}

/// What the server says of the draft that a posted letter was.
fn drafts_erased(stage: &Stage) -> Vec<Case> {
    const SYNC: usize = 4;
    let written: RecordHead = {
        let mut lines = stage.days[SENDS_A_DRAFT].day.transcript.iter();
        let put = lines.find(|line| line.path.ends_with("purpose=draft")).expect("it was handed in");
        serde_json::from_slice(&put.body.0).expect("a head")
    };
    let posted: Posted = stage.answer(SENDS_A_DRAFT, "POST /letters");
    let erase = posted.drafts_erased.expect("its draft went");
    let synced: Changes = {
        let mut lines = stage.days[SENDS_A_DRAFT].day.transcript.iter();
        let last = lines.rfind(|line| line.path.contains("/changes")).expect("it was asked");
        serde_json::from_slice(&last.body.0).expect("changes")
    };
    let ids = |ids: Vec<RecordId>| DraftIds { change: synced.change, erase: synced.erased.drafts, ids };
    let refused = |refused: SyncRefused| failed(RecordError::Refused(refused));
    let mut cases = Vec::new();
    // Whatever number it says, the draft is gone here, and the ids are asked for.
    for (name, told) in [
        ("is not told", None),
        ("is told as none", Some(EraseNumber::ZERO)),
        ("is told as another", Some(EraseNumber::new(erase.get() + 6))),
    ] {
        let plot = stage.lie(35, SENDS_A_DRAFT, &format!("how many drafts were erased {name}"));
        cases.push(
            plot.tells("POST /letters", |posted: &mut Posted| posted.drafts_erased = told)
                .also_tells("GET /ids/drafts", &ids(Vec::new()))
                .case(),
        );
    }
    cases.push(
        stage
            .lie(35, SENDS_A_DRAFT, "the draft that was sent is still said to be there")
            .tells("POST /letters", |posted: &mut Posted| posted.drafts_erased = None)
            .also_tells("GET /ids/drafts", &ids(vec![written.id]))
            .case(),
    );
    cases.push(
        stage
            .lie(35, SENDS_A_DRAFT, "fewer drafts were erased than before")
            .tells_last("GET /changes", |changes: &mut Changes| changes.erased.drafts = EraseNumber::ZERO)
            .shows(SYNC, refused(SyncRefused::WentBack))
            .case(),
    );
    // A draft that went is spent on this device, whatever the server says of it: nobody finds it and sends it again.
    for (name, version) in [
        ("the draft that was sent comes again in an older version", Version::ZERO),
        ("the draft that was sent comes again in the same version", written.version),
        ("the draft that was sent comes again in a newer version", written.version.next()),
    ] {
        cases.push(
            stage
                .lie(35, SENDS_A_DRAFT, name)
                .tells_last("GET /changes", |changes: &mut Changes| {
                    let head = RecordHead { version, change: changes.change, ..written.clone() };
                    changes.records.push(RecordChange { head, sealed: None });
                })
                .says_the_same(),
        );
    }
    cases
}
