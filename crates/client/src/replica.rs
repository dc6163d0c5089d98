//! What this device has of the mailbox, and how it follows the server without believing it (PROTOCOL §4.7, §9a).
//!
//! [`Replica`] is a state machine: answers in, the next question out. It reads no clock, calls nobody, and refuses a server
//! that goes back. In memory it holds an entry in short; what a row of a list shows lies on the device.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use serde::{Deserialize, Serialize};

use securemailbox_protocol::{
    ids::{LetterId, RecordId, ThreadId},
    letters::{Entry, Folder},
    numbers::{ChangeNumber, EraseNumber, Version},
    octets::Octets,
    records::{RecordChange, RecordHead, RecordPurpose},
    sync::{Changes, DraftIds, Erased, LetterIds},
    time::Timestamp,
};

/// How far a replica has followed the server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Followed {
    /// The newest change.
    pub change: ChangeNumber,
    /// The newest erasures.
    pub erased: Erased,
}

impl Followed {
    /// Whether everything that the other one saw was seen here too.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.change >= other.change
            && self.erased.letters >= other.erased.letters
            && self.erased.drafts >= other.erased.drafts
    }
}

/// An entry in short: what is counted, sorted and asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brief {
    /// Its conversation.
    pub thread: ThreadId,
    /// When the server took the letter.
    pub arrived: Timestamp,
    /// When the entry last changed.
    pub change: ChangeNumber,
    /// Where it lies.
    pub folder: Folder,
    /// Whether its holder has opened it.
    pub read: bool,
    /// Whether its holder wants to see it again.
    pub flagged: bool,
    /// One's own letter that was held, and could not be released to its readers.
    pub refused: bool,
}

impl From<&Entry> for Brief {
    fn from(entry: &Entry) -> Self {
        let Entry { thread, arrived, change, folder, read, flagged, held, .. } = *entry;
        let refused = held.is_some_and(|held| held.refused.is_some());
        Self { thread, arrived, change, folder, read, flagged, refused }
    }
}

/// Which letters of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Which {
    /// Every one.
    All,
    /// Not opened yet.
    Unread,
    /// To be seen again.
    Flagged,
}

/// What a list shows of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// The folder.
    pub folder: Folder,
    /// Which of its letters.
    pub which: Which,
    /// And this one in any case: it is open, and must not vanish for having been opened.
    pub open: Option<LetterId>,
}

impl From<Folder> for Choice {
    fn from(folder: Folder) -> Self {
        Self { folder, which: Which::All, open: None }
    }
}

/// What this device has seen of one account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replica {
    followed: Followed,
    entries: BTreeMap<LetterId, Brief>,
    by_arrival: BTreeSet<(u8, Timestamp, LetterId)>,
    records: BTreeMap<RecordId, RecordHead>,
    /// The last version of each draft that was erased: it does not come back.
    spent: BTreeMap<RecordId, Version>,
    /// Drafts that went and that the server has all the same: a request that came late wrote them once more.
    risen: BTreeSet<RecordId>,
    /// What the device's store does not have yet.
    pub(crate) unwritten: Unwritten,
}

/// What changed since the device's store was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Unwritten {
    /// Entries as the server gave them.
    pub(crate) entries: BTreeMap<LetterId, Entry>,
    /// Letters that were erased.
    pub(crate) letters_erased: BTreeSet<LetterId>,
    /// Records, with their bytes where those are known.
    pub(crate) records: BTreeMap<RecordId, (RecordHead, Option<Octets>)>,
    /// Drafts that were erased.
    pub(crate) drafts_erased: BTreeSet<RecordId>,
    /// The letters that there were when ids were compared last: another tab may have written down one that was erased
    /// before this one heard of it.
    pub(crate) letters_there: Option<There>,
    /// The drafts that there were.
    pub(crate) drafts_there: Option<There>,
}

/// What there was at the server, and as of which change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct There {
    change: ChangeNumber,
    ids: Vec<[u8; 16]>,
}

impl There {
    /// Whether something that had last changed at `change` was erased since. What changed later may have been fetched by
    /// itself, before the changes up to there were followed.
    pub(crate) fn lacks(&self, id: &[u8; 16], change: ChangeNumber) -> bool {
        change <= self.change && !has(&self.ids, id)
    }
}

/// What to ask the server next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// More changes, after this number.
    Changes(ChangeNumber),
    /// The list of letters: some were erased.
    Letters,
    /// The list of drafts: some were erased.
    Drafts,
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
    /// No keyring or settings.
    #[error("the server lacks a sealed record that can't be erased")]
    RecordMissing,
    /// Numbers that contradict each other.
    #[error("the server's answer contradicts itself")]
    Contradiction,
}

impl Replica {
    /// One that the device's store has already.
    #[must_use]
    pub fn restored(
        followed: Followed,
        entries: impl IntoIterator<Item = (LetterId, Brief)>,
        records: impl IntoIterator<Item = RecordHead>,
        spent: BTreeMap<RecordId, Version>,
    ) -> Self {
        let mut replica = Self { followed, spent, ..Self::default() };
        entries.into_iter().for_each(|(id, brief)| replica.put(id, brief));
        for head in records {
            if replica.was_erased(head.id) {
                replica.risen.insert(head.id);
            } else {
                replica.records.insert(head.id, head);
            }
        }
        replica
    }

    /// How far this device has followed.
    #[must_use]
    pub const fn followed(&self) -> Followed {
        self.followed
    }

    /// Every entry, by id: an id is held once, whatever the server says (PROTOCOL §4.4).
    pub fn entries(&self) -> impl Iterator<Item = (LetterId, &Brief)> {
        self.entries.iter().map(|(id, brief)| (*id, brief))
    }

    /// One entry.
    #[must_use]
    pub fn entry(&self, id: LetterId) -> Option<&Brief> {
        self.entries.get(&id)
    }

    /// A part of what was chosen, newest arrival first.
    #[must_use]
    pub fn part(&self, choice: impl Into<Choice>, range: Range<usize>) -> Vec<LetterId> {
        self.chosen(choice.into()).rev().skip(range.start).take(range.len()).collect()
    }

    /// How many there are of what was chosen.
    #[must_use]
    pub fn size(&self, choice: impl Into<Choice>) -> usize {
        self.chosen(choice.into()).count()
    }

    fn chosen(&self, choice: Choice) -> impl DoubleEndedIterator<Item = LetterId> {
        let Choice { folder, which, open } = choice;
        let of_it = self.in_folder(folder).map(|(_, _, id)| *id);
        of_it.filter(move |id| match (which, self.entries.get(id)) {
            (Which::All, _) | (_, None) => true,
            (Which::Unread, Some(brief)) => !brief.read || open == Some(*id),
            (Which::Flagged, Some(brief)) => brief.flagged || open == Some(*id),
        })
    }

    /// The letters of a conversation that do not lie in the trash, oldest first.
    #[must_use]
    pub fn conversation(&self, thread: ThreadId) -> Vec<LetterId> {
        let of_it = self.entries.iter().filter(|(_, brief)| brief.thread == thread && brief.folder != Folder::Trash);
        let mut ids: Vec<_> = of_it.map(|(id, brief)| (brief.arrived, *id)).collect();
        ids.sort_unstable();
        ids.into_iter().map(|(_, id)| id).collect()
    }

    /// The letters that went out in one post with this one, itself among them, by id: the ids of a post are made at one
    /// moment, and arrive at one.
    #[must_use]
    pub fn posted_together(&self, id: LetterId) -> Vec<LetterId> {
        let Some(arrived) = self.entries.get(&id).map(|brief| brief.arrived) else { return Vec::new() };
        let (first, last) = LetterId::made_at(id.made());
        let of_the_moment = self.entries.range(first..=last);
        of_the_moment.filter(|(_, brief)| brief.arrived == arrived).map(|(id, _)| *id).collect()
    }

    /// How many entries a folder has, and how many of them were not opened yet.
    #[must_use]
    pub fn count(&self, folder: Folder) -> (usize, usize) {
        let unread = self.entries.values().filter(|brief| brief.folder == folder && !brief.read).count();
        (self.in_folder(folder).count(), unread)
    }

    /// When the newest letter came into a folder.
    #[must_use]
    pub fn newest_arrival(&self, folder: Folder) -> Option<Timestamp> {
        self.in_folder(folder).next_back().map(|(_, arrived, _)| *arrived)
    }

    /// Every record.
    pub fn records(&self) -> impl Iterator<Item = &RecordHead> {
        self.records.values()
    }

    /// One record.
    #[must_use]
    pub fn head(&self, id: RecordId) -> Option<&RecordHead> {
        self.records.get(&id)
    }

    /// The one record of a purpose that there is one of.
    #[must_use]
    pub fn record(&self, purpose: RecordPurpose) -> Option<&RecordHead> {
        self.records.values().find(|head| head.purpose == purpose)
    }

    /// Whether this draft was here and is gone: its id is spent.
    #[must_use]
    pub fn was_erased(&self, id: RecordId) -> bool {
        self.spent.contains_key(&id)
    }

    /// The last version of an erased draft.
    #[must_use]
    pub(crate) fn spent(&self, id: RecordId) -> Option<Version> {
        self.spent.get(&id).copied()
    }

    /// Drafts that went and are at the server all the same, to be erased there.
    pub(crate) fn risen(&self) -> impl Iterator<Item = RecordId> {
        self.risen.iter().copied()
    }

    /// A draft that another tab of this device sent or erased, and that the server showed to this one: before or after,
    /// which only the server can tell.
    pub(crate) fn may_have_risen(&mut self, id: RecordId, spent: Version) {
        self.drop_draft(id);
        self.was_spent(id, spent);
        self.risen.insert(id);
    }

    /// The server has no such draft any more.
    pub(crate) fn laid_to_rest(&mut self, id: RecordId) {
        if self.risen.remove(&id) {
            self.unwritten.drafts_erased.insert(id);
        }
    }

    /// How far a device that forgets everything else has followed: not over a draft that has risen, for the server tells
    /// of it once.
    pub(crate) fn followed_for_good(&self, before: Followed) -> Followed {
        if self.risen.is_empty() { self.followed } else { before }
    }

    /// Takes an answer to `GET /changes?since=` [`Followed::change`].
    ///
    /// # Errors
    /// [`SyncRefused`]; then nothing was taken.
    pub fn take_changes(&mut self, changes: Changes) -> Result<Next, SyncRefused> {
        let Changes { change, erased, more, entries, records } = changes;
        let now = Followed { change, erased };
        if !now.covers(&self.followed) {
            return Err(SyncRefused::WentBack);
        }
        if more && change == self.followed.change {
            return Err(SyncRefused::Contradiction);
        }
        let in_range = |of: ChangeNumber| of > self.followed.change && of <= change;
        let all_in_range = entries.iter().all(|entry| in_range(entry.change))
            && records.iter().all(|record| in_range(record.head.change));
        if !all_in_range {
            return Err(SyncRefused::Contradiction);
        }
        self.take_records(records)?;
        for entry in entries {
            self.take_entry(entry);
        }
        self.followed.change = change;
        Ok(if more { Next::Changes(change) } else { self.erasures_to_ask_for(erased) })
    }

    /// Takes records ahead of the entries, so that a new device knows whose key is whose before it shows a letter.
    ///
    /// # Errors
    /// [`SyncRefused`]; then nothing was taken.
    pub fn take_records(&mut self, records: Vec<RecordChange>) -> Result<(), SyncRefused> {
        let mut taken = BTreeMap::new();
        for RecordChange { head, .. } in &records {
            self.check(head, &taken)?;
            taken.insert(head.id, head.clone());
        }
        for RecordChange { head, sealed } in records {
            self.put_record(head, sealed);
        }
        Ok(())
    }

    /// Takes what we wrote ourselves. If it is the very next change, nothing happened between, and this device has followed
    /// so far without asking.
    ///
    /// # Errors
    /// [`SyncRefused`]; then nothing was taken.
    pub fn take_own_record(&mut self, head: RecordHead, sealed: Octets) -> Result<(), SyncRefused> {
        let change = head.change;
        self.take_record(head, Some(sealed))?;
        if change == self.followed.change.next() {
            self.followed.change = change;
        }
        Ok(())
    }

    /// Takes the head of a record, and its bytes, from an answer to `GET /records/…`.
    ///
    /// # Errors
    /// [`SyncRefused`]; then nothing was taken.
    pub fn take_record(&mut self, head: RecordHead, sealed: Option<Octets>) -> Result<(), SyncRefused> {
        self.check(&head, &BTreeMap::new())?;
        self.put_record(head, sealed);
        Ok(())
    }

    /// Takes an entry ahead of its turn: the first screen of a new device, or one that was asked for.
    pub fn take_entry(&mut self, entry: Entry) {
        // An answer can hold an entry twice when it changed while the answer was made: the newer one counts.
        if self.entries.get(&entry.id).is_none_or(|held| held.change < entry.change) {
            self.put(entry.id, Brief::from(&entry));
            self.unwritten.letters_erased.remove(&entry.id);
            self.unwritten.entries.insert(entry.id, entry);
        }
    }

    /// A letter that could not be released was taken back: its entry goes with the next sync, and is no news until then.
    pub(crate) fn forget_refusal(&mut self, id: LetterId) {
        if let Some(brief) = self.entries.get_mut(&id) {
            brief.refused = false;
        }
    }

    /// Takes an answer to `GET /ids/letters`: drops what the server no longer has (PROTOCOL §4.7).
    ///
    /// # Errors
    /// [`SyncRefused`]; then nothing was dropped.
    pub fn take_letter_ids(&mut self, ids: &LetterIds, asked_for: Erased) -> Result<Next, SyncRefused> {
        // An answer from before our newest change would make us drop what came since.
        if ids.change < self.followed.change || ids.erase < self.followed.erased.letters {
            return Err(SyncRefused::WentBack);
        }
        let there = There { change: ids.change, ids: sorted(ids.ids.iter().map(LetterId::as_bytes)) };
        let gone = self.entries.iter().filter(|(id, brief)| there.lacks(id.as_bytes(), brief.change));
        for id in gone.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.drop_letter(id);
        }
        self.unwritten.letters_there = Some(there);
        self.followed.erased.letters = ids.erase;
        Ok(self.after_ids(ids.change, asked_for))
    }

    /// Takes an answer to `GET /ids/drafts`.
    ///
    /// # Errors
    /// [`SyncRefused`]; then nothing was dropped.
    pub fn take_draft_ids(&mut self, ids: &DraftIds, asked_for: Erased) -> Result<Next, SyncRefused> {
        if ids.change < self.followed.change || ids.erase < self.followed.erased.drafts {
            return Err(SyncRefused::WentBack);
        }
        let there = There { change: ids.change, ids: sorted(ids.ids.iter().map(RecordId::as_bytes)) };
        let drafts = self.records.values().filter(|head| head.purpose == RecordPurpose::Draft);
        let gone = drafts.filter(|head| there.lacks(head.id.as_bytes(), head.change));
        for id in gone.map(|head| head.id).collect::<Vec<_>>() {
            self.drop_draft(id);
        }
        self.unwritten.drafts_there = Some(there);
        self.followed.erased.drafts = ids.erase;
        Ok(self.after_ids(ids.change, asked_for))
    }

    /// A letter went out, and its draft with it: `erase` is the number of drafts erased then, none where the server had no
    /// such draft. One that it showed us all the same was written after the letter came, or this answer is to a letter that
    /// it took before.
    pub fn draft_sent(&mut self, id: RecordId, erase: Option<EraseNumber>) {
        let was_shown = self.records.contains_key(&id);
        self.drop_draft(id);
        if erase.is_none() && was_shown {
            self.risen.insert(id);
        }
        // Ours was the next one, so there is no other to ask for.
        if erase == Some(self.followed.erased.drafts.next()) {
            self.followed.erased.drafts = self.followed.erased.drafts.next();
        }
    }

    /// The server erased a draft because we asked for it.
    pub fn draft_erased(&mut self, id: RecordId) {
        self.drop_draft(id);
    }

    /// Another tab had an older version of a draft that was erased before this one heard of it.
    pub(crate) fn was_spent(&mut self, id: RecordId, version: Version) {
        let spent = self.spent.entry(id).or_default();
        *spent = version.max(*spent);
        self.unwritten.drafts_erased.insert(id);
    }

    fn after_ids(&self, change: ChangeNumber, asked_for: Erased) -> Next {
        match self.erasures_to_ask_for(asked_for) {
            Next::Nothing if change > self.followed.change => Next::Changes(self.followed.change),
            next => next,
        }
    }

    fn erasures_to_ask_for(&self, erased: Erased) -> Next {
        if erased.letters > self.followed.erased.letters {
            Next::Letters
        } else if erased.drafts > self.followed.erased.drafts {
            Next::Drafts
        } else {
            Next::Nothing
        }
    }

    fn check(&self, head: &RecordHead, before: &BTreeMap<RecordId, RecordHead>) -> Result<(), SyncRefused> {
        let held = before.get(&head.id).or_else(|| self.records.get(&head.id));
        if held.is_none() && self.spent.contains_key(&head.id) {
            return Ok(()); // it is not taken
        }
        if held.is_some_and(|held| head.version < held.version) {
            return Err(SyncRefused::OlderRecord);
        }
        if held.is_some_and(|held| held.purpose != head.purpose) {
            return Err(SyncRefused::Contradiction);
        }
        let mut others = self.records.values().chain(before.values());
        if !head.purpose.are_many() && others.any(|other| other.purpose == head.purpose && other.id != head.id) {
            return Err(SyncRefused::SecondRecord);
        }
        Ok(())
    }

    fn put_record(&mut self, head: RecordHead, sealed: Option<Octets>) {
        if self.spent.contains_key(&head.id) {
            // The id of a draft that went is spent, whatever the server says of it (PROTOCOL §2).
            self.risen.insert(head.id);
            return;
        }
        let known = self.unwritten.records.remove(&head.id);
        let known = known.filter(|(known, _)| known.version == head.version).and_then(|(_, sealed)| sealed);
        self.unwritten.records.insert(head.id, (head.clone(), sealed.or(known)));
        self.records.insert(head.id, head);
    }

    fn put(&mut self, id: LetterId, brief: Brief) {
        if let Some(former) = self.entries.insert(id, brief) {
            self.by_arrival.remove(&(place(former.folder), former.arrived, id));
        }
        self.by_arrival.insert((place(brief.folder), brief.arrived, id));
    }

    fn drop_letter(&mut self, id: LetterId) {
        if let Some(former) = self.entries.remove(&id) {
            self.by_arrival.remove(&(place(former.folder), former.arrived, id));
        }
        self.unwritten.entries.remove(&id);
        self.unwritten.letters_erased.insert(id);
    }

    fn drop_draft(&mut self, id: RecordId) {
        self.risen.remove(&id);
        if let Some(head) = self.records.remove(&id) {
            self.spent.insert(id, head.version);
        } else {
            self.spent.entry(id).or_default();
        }
        self.unwritten.records.remove(&id);
        self.unwritten.drafts_erased.insert(id);
    }

    fn in_folder(&self, folder: Folder) -> impl DoubleEndedIterator<Item = &(u8, Timestamp, LetterId)> {
        let first = (place(folder), Timestamp::from_unix_millis(0), LetterId::from_bytes([0; 16]));
        let end = (place(folder) + 1, Timestamp::from_unix_millis(0), LetterId::from_bytes([0; 16]));
        self.by_arrival.range(first..end)
    }
}

/// A folder's place among the others, in memory and on the device.
pub(crate) const fn place(folder: Folder) -> u8 {
    match folder {
        Folder::Inbox => 0,
        Folder::Sent => 1,
        Folder::Drafts => 2,
        Folder::Archive => 3,
        Folder::Trash => 4,
    }
}

/// Ids to look up in, whatever they are the ids of: one sort in the page's module instead of two sets.
fn sorted<'a>(ids: impl Iterator<Item = &'a [u8; 16]>) -> Vec<[u8; 16]> {
    let mut ids: Vec<_> = ids.copied().collect();
    ids.sort_unstable();
    ids
}

fn has(sorted: &[[u8; 16]], id: &[u8; 16]) -> bool {
    sorted.binary_search(id).is_ok()
}

#[cfg(test)]
mod tests;
