//! Rows 19 and 35: what belongs where, and what is gone.

use securemailbox_client::{records::RecordError, session::SessionError, sign_in::SignInError, sync::SyncRefused};
use securemailbox_protocol::{
    numbers::ChangeNumber,
    records::{Record, RecordChange, RecordPurpose},
    sessions::NewSession,
    sign_in::RecoveredSlot,
    slots::{DeviceSlot, Slot, SlotKind},
    sync::{Changes, LetterIds},
};

use crate::{
    hostile::{plot::failed, stage::Stage},
    suite::Case,
};

use super::{ERASES, MALLORY_SIGNS_IN, READS, RECOVERS, SIGNS_IN};

pub(super) fn swapped(stage: &Stage) -> Vec<Case> {
    let mut cases = swapped_password_slots(stage);
    cases.extend(swapped_other_slots(stage));
    cases.extend(swapped_records(stage));
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
            .shows(2, failed(RecordError::DoesNotOpen))
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

fn swapped_records(stage: &Stage) -> Vec<Case> {
    const ENTER: usize = 1;
    let changes: Changes = stage.answer(SIGNS_IN, "GET /changes");
    let id =
        |purpose| changes.records.iter().find(|record| record.head.purpose == purpose).expect("one of each").head.id;
    let asked = |purpose| format!("GET /records/{}", id(purpose));
    let (contacts, settings) = (asked(RecordPurpose::Contact), asked(RecordPurpose::Settings));
    let (his_contacts, his_settings): (Record, Record) =
        (stage.answer(SIGNS_IN, &contacts), stage.answer(SIGNS_IN, &settings));
    let mut cases = Vec::new();
    for hers in &stage.mallorys_records {
        let purpose = hers.head.purpose;
        let plot = stage.lie(19, SIGNS_IN, &format!("Mallory's record {purpose:?} stands for Björn's"));
        let plot = plot.tells(&asked(purpose), |record: &mut Record| record.sealed = hers.sealed.clone());
        cases.push(plot.stops(ENTER, failed(RecordError::DoesNotOpen)).case());
    }
    let exchanged = |changes: &mut Changes| {
        for RecordChange { head, .. } in &mut changes.records {
            head.purpose = match head.purpose {
                RecordPurpose::Contact => RecordPurpose::Settings,
                RecordPurpose::Settings => RecordPurpose::Contact,
                other @ (RecordPurpose::Keyring | RecordPurpose::Draft) => other,
            };
        }
    };
    cases.push(
        stage
            .lie(19, SIGNS_IN, "the settings stand for the contacts")
            .tells(&contacts, |record: &mut Record| record.sealed = his_settings.sealed.clone())
            .stops(ENTER, failed(RecordError::DoesNotOpen))
            .case(),
    );
    cases.push(
        stage
            .lie(19, SIGNS_IN, "contacts and settings are announced as each other")
            .tells("GET /changes", exchanged)
            .tells(&settings, |record: &mut Record| record.head.purpose = RecordPurpose::Contact)
            .stops(ENTER, failed(RecordError::DoesNotOpen))
            .case(),
    );
    cases.push(
        stage
            .lie(19, SIGNS_IN, "the record that is served is another than was announced")
            .tells(&contacts, |record: &mut Record| *record = his_settings.clone())
            .stops(ENTER, failed(RecordError::Refused(SyncRefused::Contradiction)))
            .case(),
    );
    assert_ne!(his_contacts, his_settings);
    cases
}

/// There are no tombstones: what the list of ids lacks is gone, here too, and a list that can't be true changes nothing.
pub(super) fn erased(stage: &Stage) -> Vec<Case> {
    const OPEN: usize = 0;
    let refused = |refused: SyncRefused| failed(RecordError::Refused(refused));
    let other = stage.other;
    let keeps = stage.lie(35, ERASES, "a second letter is erased");
    let without: Vec<&str> = keeps.shown(1).lines().filter(|line| !line.contains("Återbesök")).collect();
    let without = without.join("\n");
    vec![
        keeps
            .tells("GET /ids/letters", |ids: &mut LetterIds| ids.ids.retain(|id| *id != stage.letter))
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
    ]
}
