//! What this device holds of the mailbox, and how it follows the server without believing it (PROTOCOL §4.7, §9a).
//!
//! [`Held`] is a state machine: answers in, the next question out. It reads no clock, calls nobody, and refuses a server
//! that goes back.

use std::collections::{BTreeMap, btree_map};

use serde::{Deserialize, Serialize};

use securemailbox_protocol::{
    ids::{LetterId, RecordId},
    letters::Entry,
    limits,
    numbers::{ChangeNumber, Version},
    records::{RecordHead, RecordPurpose},
    sync::{Changes, DraftIds, Erased, LetterIds},
};

use crate::{
    api::{Api, IDS_ANSWER},
    records::RecordError,
    transport::Transport,
};

const ROUNDS: usize = 100_000;

/// What this device has seen of one account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Held {
    change: ChangeNumber,
    erased: Erased,
    entries: BTreeMap<LetterId, Entry>,
    records: BTreeMap<RecordId, RecordHead>,
    /// The highest version seen of each record. Outlives the record's head, so that erasing a record is no way back.
    versions: BTreeMap<RecordId, Version>,
}

/// What to ask the server next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// More changes, after this number.
    Changes(ChangeNumber),
    /// The ids of letters: some were erased.
    LetterIds,
    /// The ids of drafts: some were erased or sent.
    DraftIds,
    /// Nothing: this device has what the server has.
    Nothing,
}

/// The server's answer can't be true. Nothing of it was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SyncRefused {
    /// A change or erase number lower than one already seen.
    #[error("the server went back to an earlier state")]
    WentBack,
    /// A record at a version lower than one already seen (PROTOCOL §2).
    #[error("the server offers an older version of a sealed record")]
    OlderRecord,
    /// A second keyring or settings.
    #[error("the server offers a second record where there can be one")]
    SecondRecord,
    /// No keyring or settings, where there has to be one.
    #[error("the server lacks a sealed record that can't be erased")]
    RecordMissing,
    /// Numbers that contradict each other.
    #[error("the server's answer contradicts itself")]
    Contradiction,
}

impl Held {
    /// How far this device has followed.
    #[must_use]
    pub const fn change(&self) -> ChangeNumber {
        self.change
    }

    /// Every entry, by id: an id is held once, whatever the server says (PROTOCOL §4.4).
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// One entry.
    #[must_use]
    pub fn entry(&self, id: LetterId) -> Option<&Entry> {
        self.entries.get(&id)
    }

    /// Every record.
    pub fn records(&self) -> impl Iterator<Item = &RecordHead> {
        self.records.values()
    }

    /// The one record of a purpose that there is one of.
    #[must_use]
    pub fn record(&self, purpose: RecordPurpose) -> Option<&RecordHead> {
        self.records.values().find(|head| head.purpose == purpose)
    }

    /// Whether this record was here and is gone: its id is spent.
    #[must_use]
    pub fn was_erased(&self, id: RecordId) -> bool {
        self.versions.contains_key(&id) && !self.records.contains_key(&id)
    }

    /// Takes an answer to `GET /changes?since=` [`Held::change`].
    ///
    /// # Errors
    /// [`SyncRefused`]; then nothing was taken.
    pub fn take_changes(&mut self, changes: Changes) -> Result<Next, SyncRefused> {
        if changes.change < self.change || self.is_after(changes.erased) {
            return Err(SyncRefused::WentBack);
        }
        if changes.more && changes.change == self.change {
            return Err(SyncRefused::Contradiction);
        }
        let in_range = |change: ChangeNumber| change > self.change && change <= changes.change;
        let all_in_range = changes.entries.iter().all(|entry| in_range(entry.change))
            && changes.records.iter().all(|record| in_range(record.head.change));
        if !all_in_range {
            return Err(SyncRefused::Contradiction);
        }
        let before = (self.records.clone(), self.versions.clone());
        for record in changes.records {
            if let Err(refused) = self.take_record(record.head) {
                (self.records, self.versions) = before;
                return Err(refused);
            }
        }
        for entry in changes.entries {
            self.take_entry(entry);
        }
        self.change = changes.change;
        Ok(match changes {
            Changes { more: true, .. } => Next::Changes(self.change),
            Changes { erased, .. } if erased.letters > self.erased.letters => Next::LetterIds,
            Changes { erased, .. } if erased.drafts > self.erased.drafts => Next::DraftIds,
            Changes { .. } => Next::Nothing,
        })
    }

    /// Takes an answer to `GET /ids/letters`: drops the letters that the server no longer has (PROTOCOL §4.7). More
    /// changes come next, which say whether drafts went too.
    ///
    /// # Errors
    /// [`SyncRefused`]; then nothing was dropped.
    pub fn take_letter_ids(&mut self, ids: &LetterIds) -> Result<Next, SyncRefused> {
        // An answer from before our newest change would make us drop what came since.
        if ids.change < self.change || ids.erase < self.erased.letters {
            return Err(SyncRefused::WentBack);
        }
        let there = Sorted::of(ids.ids.iter().map(LetterId::as_bytes));
        self.entries.retain(|id, _| there.contains(id.as_bytes()));
        self.erased.letters = ids.erase;
        Ok(Next::Changes(self.change))
    }

    /// Takes an answer to `GET /ids/drafts`, as [`Held::take_letter_ids`] does for letters.
    ///
    /// # Errors
    /// [`SyncRefused`]; then nothing was dropped.
    pub fn take_draft_ids(&mut self, ids: &DraftIds) -> Result<Next, SyncRefused> {
        if ids.change < self.change || ids.erase < self.erased.drafts {
            return Err(SyncRefused::WentBack);
        }
        let there = Sorted::of(ids.ids.iter().map(RecordId::as_bytes));
        self.records.retain(|id, head| head.purpose != RecordPurpose::Draft || there.contains(id.as_bytes()));
        self.erased.drafts = ids.erase;
        Ok(if ids.change > self.change { Next::Changes(self.change) } else { Next::Nothing })
    }

    /// Whether this device has seen an erasure that the server does not know of.
    fn is_after(&self, erased: Erased) -> bool {
        erased.letters < self.erased.letters || erased.drafts < self.erased.drafts
    }

    /// Takes the head of a record, from changes, from a list, or from our own write.
    ///
    /// # Errors
    /// [`SyncRefused`]; then nothing was taken.
    pub fn take_record(&mut self, head: RecordHead) -> Result<(), SyncRefused> {
        if self.versions.get(&head.id).is_some_and(|seen| head.version < *seen) {
            return Err(SyncRefused::OlderRecord);
        }
        if !head.purpose.are_many() && self.record(head.purpose).is_some_and(|held| held.id != head.id) {
            return Err(SyncRefused::SecondRecord);
        }
        if self.records.get(&head.id).is_some_and(|held| held.purpose != head.purpose) {
            return Err(SyncRefused::Contradiction);
        }
        self.versions.insert(head.id, head.version);
        self.records.insert(head.id, head);
        Ok(())
    }

    /// Forgets what opens an entry: its envelope was opened, and the index keeps what it said.
    pub(crate) fn forget_released(&mut self, id: LetterId) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.released = None;
        }
    }

    fn take_entry(&mut self, entry: Entry) {
        match self.entries.entry(entry.id) {
            btree_map::Entry::Vacant(place) => {
                place.insert(entry);
            }
            // A page can hold an entry twice when it changed while the page was made: the newer one counts.
            btree_map::Entry::Occupied(mut place) if place.get().change < entry.change => {
                place.insert(entry);
            }
            btree_map::Entry::Occupied(_) => {}
        }
    }
}

/// Ids to look up in, whatever they are the ids of: one sort in the page's module instead of two sets.
struct Sorted(Vec<[u8; 16]>);

impl Sorted {
    fn of<'a>(ids: impl Iterator<Item = &'a [u8; 16]>) -> Self {
        let mut ids: Vec<_> = ids.copied().collect();
        ids.sort_unstable();
        Self(ids)
    }

    fn contains(&self, id: &[u8; 16]) -> bool {
        self.0.binary_search(id).is_ok()
    }
}

/// Asks until this device has what the server has.
///
/// # Errors
/// [`RecordError`]; what was taken before the error stays taken, and the next time goes on from there.
pub async fn follow<T: Transport>(api: &Api<'_, T>, held: &mut Held) -> Result<(), RecordError> {
    let mut next = Next::Changes(held.change());
    for _ in 0..ROUNDS {
        next = match next {
            Next::Changes(since) => {
                held.take_changes(api.get(&format!("/changes?since={since}&limit={}", limits::PAGE)).await?)?
            }
            Next::LetterIds => held.take_letter_ids(&api.get_up_to("/ids/letters", IDS_ANSWER).await?)?,
            Next::DraftIds => held.take_draft_ids(&api.get_up_to("/ids/drafts", IDS_ANSWER).await?)?,
            Next::Nothing => return Ok(()),
        };
    }
    // Ten million changes at once: a server that makes them up. What was taken is consistent; the rest can wait.
    Ok(())
}

#[cfg(test)]
mod tests {
    use securemailbox_protocol::{
        address::Address,
        ids::{CertificateHash, ThreadId},
        letters::{Folder, Sender},
        numbers::EraseNumber,
        records::RecordChange,
        time::Timestamp,
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
            level: None,
            change: ChangeNumber::new(change),
            arrived: Timestamp::from_unix_millis(0),
            content_length: 0,
            released: None,
        }
    }

    fn head(id: u8, purpose: RecordPurpose, version: u64, change: u64) -> RecordHead {
        let (version, change) = (Version::new(version), ChangeNumber::new(change));
        RecordHead { id: RecordId::from_bytes([id; 16]), purpose, version, change }
    }

    fn changes(change: u64, erase: u64, entries: Vec<Entry>, records: Vec<RecordHead>) -> Changes {
        let (change, erase) = (ChangeNumber::new(change), EraseNumber::new(erase));
        let erased = Erased { letters: erase, drafts: erase };
        let records = records.into_iter().map(|head| RecordChange { head, sealed: None }).collect();
        Changes { change, erased, more: false, entries, records }
    }

    fn letter_ids(change: u64, erase: u64, ids: &[u8]) -> LetterIds {
        let ids = ids.iter().map(|id| LetterId::from_bytes([*id; 16])).collect();
        LetterIds { change: ChangeNumber::new(change), erase: EraseNumber::new(erase), ids }
    }

    fn draft_ids(change: u64, erase: u64, ids: &[u8]) -> DraftIds {
        let ids = ids.iter().map(|id| RecordId::from_bytes([*id; 16])).collect();
        DraftIds { change: ChangeNumber::new(change), erase: EraseNumber::new(erase), ids }
    }

    fn held() -> Held {
        let mut held = Held::default();
        let records = vec![head(1, RecordPurpose::Settings, 3, 1), head(2, RecordPurpose::Draft, 1, 2)];
        let next = held.take_changes(changes(4, 0, vec![entry(7, 3), entry(8, 4)], records));
        assert_eq!(next, Ok(Next::Nothing));
        held
    }

    fn refused(mut held: Held, changes: Changes) -> SyncRefused {
        let before = held.clone();
        let refused = held.take_changes(changes).unwrap_err();
        assert_eq!(held, before, "a refused answer left traces");
        refused
    }

    #[test]
    fn an_id_is_held_once() {
        let mut held = held();
        held.take_changes(changes(6, 0, vec![entry(7, 6), entry(7, 5)], vec![])).unwrap();
        assert_eq!(held.entries().count(), 2);
        assert_eq!(held.entry(LetterId::from_bytes([7; 16])).unwrap().change, ChangeNumber::new(6));
    }

    #[test]
    fn a_lower_version_of_a_record_is_refused() {
        let older = changes(5, 0, vec![entry(9, 5)], vec![head(1, RecordPurpose::Settings, 2, 5)]);
        assert_eq!(refused(held(), older), SyncRefused::OlderRecord);
    }

    #[test]
    fn a_draft_that_was_erased_does_not_come_back_older() {
        let mut held = held();
        held.take_changes(changes(5, 0, vec![], vec![head(2, RecordPurpose::Draft, 2, 5)])).unwrap();
        held.take_draft_ids(&draft_ids(5, 1, &[])).unwrap();
        let older = changes(6, 1, vec![], vec![head(2, RecordPurpose::Draft, 1, 6)]);
        assert_eq!(refused(held, older), SyncRefused::OlderRecord);
    }

    #[test]
    fn a_second_settings_record_is_refused() {
        let second = changes(5, 0, vec![], vec![head(3, RecordPurpose::Settings, 9, 5)]);
        assert_eq!(refused(held(), second), SyncRefused::SecondRecord);
    }

    #[test]
    fn a_record_does_not_change_its_purpose() {
        let other = changes(5, 0, vec![], vec![head(2, RecordPurpose::Contact, 9, 5)]);
        assert_eq!(refused(held(), other), SyncRefused::Contradiction);
    }

    #[test]
    fn a_server_that_goes_back_is_refused() {
        assert_eq!(refused(held(), changes(3, 0, vec![], vec![])), SyncRefused::WentBack);
        assert_eq!(held().take_letter_ids(&letter_ids(3, 1, &[7, 8])), Err(SyncRefused::WentBack));
        assert_eq!(held().take_draft_ids(&draft_ids(3, 1, &[2])), Err(SyncRefused::WentBack));
    }

    #[test]
    fn an_answer_that_would_be_asked_for_ever_is_refused() {
        let endless = Changes { more: true, ..changes(4, 0, vec![], vec![]) };
        assert_eq!(refused(held(), endless), SyncRefused::Contradiction);
        assert_eq!(refused(held(), changes(5, 0, vec![entry(9, 6)], vec![])), SyncRefused::Contradiction);
        assert_eq!(refused(held(), changes(5, 0, vec![entry(9, 4)], vec![])), SyncRefused::Contradiction);
    }

    #[test]
    fn what_was_erased_elsewhere_is_dropped() {
        let mut held = held();
        assert_eq!(held.take_changes(changes(4, 1, vec![], vec![])), Ok(Next::LetterIds));
        assert_eq!(held.take_letter_ids(&letter_ids(4, 1, &[8])), Ok(Next::Changes(ChangeNumber::new(4))));
        assert_eq!(held.take_changes(changes(4, 1, vec![], vec![])), Ok(Next::DraftIds));
        assert_eq!(held.take_draft_ids(&draft_ids(4, 1, &[])), Ok(Next::Nothing));
        assert_eq!(held.entries().map(|entry| entry.id).collect::<Vec<_>>(), [LetterId::from_bytes([8; 16])]);
        assert_eq!(held.records().count(), 1);
        assert_eq!(held.take_changes(changes(4, 1, vec![], vec![])), Ok(Next::Nothing));
    }

    #[test]
    fn an_erase_number_is_not_taken_as_seen_before_the_ids_were_compared() {
        let mut held = held();
        assert_eq!(held.take_changes(changes(5, 1, vec![entry(9, 5)], vec![])), Ok(Next::LetterIds));
        // The answer with the ids was lost; the next sync must ask again.
        assert_eq!(held.take_changes(changes(5, 1, vec![], vec![])), Ok(Next::LetterIds));
    }
}
