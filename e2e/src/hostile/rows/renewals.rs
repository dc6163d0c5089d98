//! Row 25: a renewal at a server that would have it half done.

use std::cell::RefCell;

use securemailbox_client::{records::RecordError, replica::SyncRefused};
use securemailbox_protocol::{
    octets::Octets,
    problems::ProblemType,
    records::{Record, RecordPurpose},
    sessions::NewSession,
    sync::Changes,
};

use crate::{
    hostile::{
        days::{FIRST_CHANGES, FIRST_RECORDS, MALLORY_SIGNS_IN, RENEWS},
        plot::failed,
        stage::Stage,
    },
    suite::Case,
};

const RENEW: usize = 1;
const REWRAP: usize = 2;

pub(super) fn half_done(stage: &Stage) -> Vec<Case> {
    let refused = |refused: SyncRefused| failed(RecordError::Refused(refused));
    let keyring = {
        let changes: Changes = stage.answer(RENEWS, FIRST_RECORDS);
        let heads = changes.records.into_iter().map(|record| record.head);
        heads.into_iter().find(|head| head.purpose == RecordPurpose::Keyring).expect("one of each")
    };
    let write_keyring = format!("PUT /records/{}?purpose=keyring", keyring.id);
    let kept_back = {
        let changes: Changes = stage.answer(RENEWS, FIRST_CHANGES);
        changes.entries[0].id
    };
    // The device asks from the beginning, and from there for what it wrapped itself. When it misses a letter it asks once more
    // from where the second answer ended, and then syncs: both times it is told that there is nothing new.
    let told = RefCell::new(Vec::new());
    let mallorys = stage.session(MALLORY_SIGNS_IN).account;
    let keeps_back = stage
        .lie(25, RENEWS, "a letter is kept back while keys are wrapped anew: the old key is not destroyed")
        .tells_since(FIRST_CHANGES, "GET /changes", |changes: &mut Changes| {
            told.borrow_mut().push((changes.change, changes.erased));
            changes.entries.retain(|entry| entry.id != kept_back);
        });
    let (change, erased) = told.borrow()[1];
    let once_more = format!("GET /changes?since={change}");
    let nothing_new =
        Changes { change, erased, more: false, entries: Vec::new(), records: Vec::new(), waits: Vec::new() };
    vec![
        keeps_back
            .also_tells(&once_more, &nothing_new)
            .also_tells(&once_more, &nothing_new)
            .shows(REWRAP, refused(SyncRefused::Contradiction))
            .never_asks(&write_keyring)
            .case(),
        stage
            .lie(25, RENEWS, "a renewal is answered with another account's session")
            .tells("POST /renewal", |begun: &mut NewSession| begun.account = mallorys)
            .stops(RENEW, refused(SyncRefused::Contradiction))
            .case(),
        stage
            .lie(25, RENEWS, "after the renewal another keyring is served: it does not open by the new secret")
            .tells(&format!("GET /records/{}", keyring.id), |record: &mut Record| record.sealed = Octets(vec![7; 300]))
            .stops(RENEW, failed(RecordError::DoesNotOpen))
            .case(),
        stage
            .lie(25, RENEWS, "the renewal is refused")
            .refuses("POST /renewal", 1, ProblemType::MailboxFull)
            .stops(RENEW, failed_by(ProblemType::MailboxFull))
            .case(),
    ]
}

fn failed_by(problem: ProblemType) -> String {
    format!("failed: {}: {}", problem.slug(), problem.title())
}
