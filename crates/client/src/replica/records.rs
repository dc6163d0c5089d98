//! Sealed records in a replica: none goes back to an older version, and a draft that went does not come back (PROTOCOL §2).

use std::collections::BTreeMap;

use securemailbox_protocol::{
    ids::RecordId,
    numbers::{EraseNumber, Version},
    octets::Octets,
    records::{RecordChange, RecordHead, RecordPurpose},
};

use super::{Replica, SyncRefused};

impl Replica {
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

    pub(super) fn drop_draft(&mut self, id: RecordId) {
        self.risen.remove(&id);
        if let Some(head) = self.records.remove(&id) {
            self.spent.insert(id, head.version);
        } else {
            self.spent.entry(id).or_default();
        }
        self.unwritten.records.remove(&id);
        self.unwritten.drafts_erased.insert(id);
    }
}
