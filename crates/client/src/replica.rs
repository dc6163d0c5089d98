//! What this device has of the mailbox, and how it follows the server without believing it (PROTOCOL §4.7, §9a).
//!
//! [`Replica`] is a state machine: answers in, the next question out. It reads no clock, calls nobody, and refuses a server
//! that goes back. In memory it holds an entry in short; what a row of a list shows lies on the device.

mod listing;
mod records;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use securemailbox_protocol::{
    ids::{LetterId, RecordId, ThreadId},
    letters::{Entry, Folder},
    numbers::{ChangeNumber, Version},
    octets::Octets,
    records::{RecordHead, RecordPurpose},
    sync::{Changes, DraftIds, Erased, LetterIds},
    time::Timestamp,
};

use listing::Listing;
pub use listing::{Choice, Conversation, ConversationId, Which};

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

/// What this device has seen of one account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replica {
    followed: Followed,
    entries: BTreeMap<LetterId, Brief>,
    listing: Listing,
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

    /// The letters that went out in one post with this one, itself among them, by id: the ids of a post are made at one
    /// moment, and arrive at one.
    #[must_use]
    pub fn posted_together(&self, id: LetterId) -> Vec<LetterId> {
        let Some(arrived) = self.entries.get(&id).map(|brief| brief.arrived) else { return Vec::new() };
        let (first, last) = LetterId::made_at(id.made());
        let of_the_moment = self.entries.range(first..=last);
        of_the_moment.filter(|(_, brief)| brief.arrived == arrived).map(|(id, _)| *id).collect()
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
        let Changes { change, erased, more, entries, records, waits: _ } = changes;
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

    fn put(&mut self, id: LetterId, brief: Brief) {
        if let Some(former) = self.entries.insert(id, brief) {
            self.listing.remove(id, &former);
        }
        self.listing.put(id, &brief);
    }

    fn drop_letter(&mut self, id: LetterId) {
        if let Some(former) = self.entries.remove(&id) {
            self.listing.remove(id, &former);
        }
        self.unwritten.entries.remove(&id);
        self.unwritten.letters_erased.insert(id);
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
