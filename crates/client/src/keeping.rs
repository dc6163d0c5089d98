//! What an open mailbox writes down on its device, and what it finds there when it is opened again.
//!
//! Written is what changed. Another tab may have written meanwhile: a row is written only over what was read, and a store
//! that has followed the server further than this mailbox is left as it is.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use securemailbox_protocol::{
    ids::{LetterId, RecordId},
    numbers::Version,
    octets::Octets,
    records::{RecordHead, RecordPurpose},
};

use crate::{
    contacts::Edit,
    device::{Device, DeviceFailed, Expected, RowId, Table, Tag, Write, Written},
    letters::{LetterRow, briefs},
    mailbox::{Mailbox, State},
    replica::{Followed, Replica, There},
    rows::{self, Found, Rows},
    world::World,
};

/// The form of the rows that the server can fill again. A store of another form is filled anew.
const FORMAT: u32 = 1;
/// The row of a table that has one.
const ONE: RowId = [0; 16];
/// How often a write is tried over what another tab wrote meanwhile, before it is left to the next one.
const TRIES: usize = 4;

#[derive(Serialize, Deserialize)]
struct HeadRow {
    format: u32,
    followed: Followed,
}

/// A sealed record of the server's, as the device keeps it.
#[derive(Serialize, Deserialize)]
pub(crate) struct RecordRow {
    pub(crate) head: RecordHead,
    pub(crate) sealed: Option<Octets>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct PinRow {
    /// Where it stands among the others.
    pub(crate) number: u64,
    pub(crate) edit: Edit,
}

/// What opening a mailbox finds on its device.
pub(crate) enum Loaded {
    /// Nothing, or what another tab has begun to write.
    Nothing,
    /// A store of another form. Its head begins so.
    OfAnotherForm(Tag),
    /// A store.
    Stored(Box<Stored>),
}

/// What a device has of a mailbox.
pub(crate) struct Stored {
    /// What its head begins with: whoever writes it anew changes that.
    pub(crate) tag: Tag,
    pub(crate) replica: Replica,
    pub(crate) followed: Followed,
    /// The bytes of records, where it has them.
    pub(crate) sealed: BTreeMap<RecordId, Octets>,
}

/// Reads what the device has.
pub(crate) async fn load(rows: &Rows<'_, impl Device>) -> Result<Loaded, DeviceFailed> {
    let head: Found<HeadRow> = rows.get(Table::Head, ONE).await?;
    let Some(tag) = head.tag else { return Ok(Loaded::Nothing) };
    let Some(HeadRow { format: FORMAT, followed }) = head.value else { return Ok(Loaded::OfAnotherForm(tag)) };
    let mut entries = BTreeMap::new();
    for (_, page) in rows.scan_bytes(Table::Index).await? {
        let Some(page) = briefs::from_bytes(&page) else { return Ok(Loaded::OfAnotherForm(tag)) };
        entries.extend(page);
    }
    let (mut heads, mut sealed) = (Vec::new(), BTreeMap::new());
    for (_, _, row) in rows.scan::<RecordRow>(Table::Record).await? {
        if let Some(bytes) = row.sealed {
            sealed.insert(row.head.id, bytes);
        }
        heads.push(row.head);
    }
    let spent = rows.scan::<Version>(Table::Spent).await?;
    let spent = spent.into_iter().map(|(id, _, version)| (RecordId::from_bytes(id), version)).collect();
    let replica = Replica::restored(followed, entries, heads, spent);
    Ok(Loaded::Stored(Box::new(Stored { tag, replica, followed, sealed })))
}

/// Erases what the server can fill again, if the store is still the one that did not open: else another tab was faster,
/// and has filled it.
pub(crate) async fn clear(rows: &Rows<'_, impl Device>, seen: Tag) -> Result<(), DeviceFailed> {
    match rows.write(vec![rows::erase(Table::Head, ONE, Expected::Row(seen))]).await? {
        Written::Whole => rows.erase_tables(&Table::FROM_THE_SERVER).await,
        Written::Stale => Ok(()),
    }
}

impl Mailbox {
    /// Writes down what was seen on this device.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn write_down(&self, world: &impl World) -> Result<(), DeviceFailed> {
        self.write_pins_down(world).await?;
        for _ in 0..TRIES {
            self.write_records_down(world).await?;
            if self.write_entries_down(world).await? == Written::Whole {
                break;
            }
        }
        Ok(())
    }

    /// Writes down which keys were met and are in no contact's record yet, so that a key that was shown is known from now
    /// on, whatever becomes of this run.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn write_pins_down(&self, world: &impl World) -> Result<(), DeviceFailed> {
        let rows = self.rows(world);
        let (writes, written) = {
            let state = self.state.borrow();
            let unwritten = state.pins.iter().enumerate().filter(|(_, (id, _))| state.unwritten_pins.contains(id));
            let writes = unwritten.map(|(at, (id, edit))| {
                let row = PinRow { number: world.now().unix_millis() + at as u64, edit: edit.clone() };
                rows.put(Table::Pin, *id, Expected::Anything, &row, &mut world.rng())
            });
            (writes.collect::<Vec<_>>(), state.unwritten_pins.clone())
        };
        let _ = rows.write(writes).await?;
        let in_a_record_by_now: Vec<(Table, RowId)> = {
            let mut state = self.state.borrow_mut();
            state.unwritten_pins.retain(|id| !written.contains(id));
            let gone = written.into_iter().filter(|id| state.pins.iter().all(|(pin, _)| pin != id));
            gone.map(|id| (Table::Pin, id)).collect()
        };
        // Another call of this tab wrote them into their records while they were written down here.
        let forgotten = self.state.borrow().forgotten.clone();
        let erased = in_a_record_by_now.iter().chain(&forgotten);
        let erased = erased.map(|(table, id)| rows::erase(*table, *id, Expected::Anything));
        let _ = rows.write(erased.collect()).await?;
        self.state.borrow_mut().forgotten.retain(|row| !forgotten.contains(row));
        Ok(())
    }

    /// Each over the row that was read: the higher version counts, whichever tab saw it.
    pub(crate) async fn write_records_down(&self, world: &impl World) -> Result<(), DeviceFailed> {
        let rows = self.rows(world);
        for _ in 0..TRIES {
            let unwritten: Vec<_> = {
                let state = self.state.borrow();
                state.replica.unwritten.records.iter().map(|(id, row)| (*id, row.clone())).collect()
            };
            let ids: Vec<RowId> = unwritten.iter().map(|(id, _)| *id.as_bytes()).collect();
            let there = rows.get_all::<RecordRow>(Table::Record, &ids).await?;
            let spent = rows.get_all::<Version>(Table::Spent, &ids).await?;
            let mut writes = Vec::new();
            for (((id, (head, sealed)), found), spent) in unwritten.iter().zip(there).zip(spent) {
                // A version that went as another tab sent or erased the draft does not come back.
                if let Some(spent) = spent.value.filter(|spent| *spent >= head.version) {
                    self.state.borrow_mut().replica.may_have_risen(*id, spent);
                    continue;
                }
                let expected = found.expected();
                let newer_there = found.value.as_ref().is_some_and(|row| row.head.version > head.version);
                let kept = found.value.filter(|row| row.head.version == head.version).and_then(|row| row.sealed);
                if !newer_there {
                    let row = RecordRow { head: head.clone(), sealed: sealed.clone().or(kept) };
                    writes.push(rows.put(Table::Record, *id.as_bytes(), expected, &row, &mut world.rng()));
                }
            }
            if rows.write(writes).await? == Written::Whole {
                let mut state = self.state.borrow_mut();
                for (id, row) in unwritten {
                    if state.replica.unwritten.records.get(&id) == Some(&row) {
                        state.replica.unwritten.records.remove(&id);
                    }
                }
                break;
            }
        }
        Ok(())
    }

    async fn write_entries_down(&self, world: &impl World) -> Result<Written, DeviceFailed> {
        let rows = self.rows(world);
        let nothing_new = {
            let state = self.state.borrow();
            let unwritten = &state.replica.unwritten;
            state.stored == Some(state.replica.followed())
                && unwritten.entries.is_empty()
                && unwritten.letters_erased.is_empty()
                && unwritten.drafts_erased.is_empty()
        };
        if nothing_new {
            return Ok(Written::Whole);
        }
        let head: Found<HeadRow> = rows.get(Table::Head, ONE).await?;
        let stored = head.value.as_ref().filter(|head| head.format == FORMAT).map(|head| head.followed);
        let ids: Vec<LetterId> = self.state.borrow().replica.unwritten.entries.keys().copied().collect();
        let row_ids: Vec<RowId> = ids.iter().map(|id| *id.as_bytes()).collect();
        let there = rows.get_all::<LetterRow>(Table::Letter, &row_ids).await?;
        self.drop_what_others_kept(&rows).await?;
        let (writes, taken) = {
            let state = self.state.borrow();
            let followed = state.replica.followed();
            if stored.is_some_and(|stored| !followed.covers(&stored)) {
                // Another tab has followed further. This one is written down when it has caught up.
                return Ok(Written::Whole);
            }
            if stored.is_none() && state.stored.is_some() {
                // The store went, for one of another build. What was written down before is not in memory any more.
                return Ok(Written::Whole);
            }
            let unwritten = &state.replica.unwritten;
            if !unwritten.records.is_empty() || unwritten.entries.keys().any(|id| ids.binary_search(id).is_err()) {
                // Something came meanwhile. Written is how far this tab has followed, so it is written with that or before.
                return Ok(Written::Stale);
            }
            let taken = Taken::of(&state, &ids, stored.unwrap_or_default());
            let mut writes = self.entry_writes(world, &rows, &state, stored, &taken);
            for (id, found) in ids.iter().zip(there) {
                if let Some(entry) = state.replica.unwritten.entries.get(id) {
                    let row = LetterRow::new(entry.clone(), found.value);
                    writes.push(rows.put(Table::Letter, *id.as_bytes(), Expected::Anything, &row, &mut world.rng()));
                }
            }
            let row = HeadRow { format: FORMAT, followed: taken.followed };
            writes.push(rows.put(Table::Head, ONE, head.expected(), &row, &mut world.rng()));
            (writes, taken)
        };
        let written = rows.write(writes).await?;
        if written == Written::Whole {
            taken.settle(&mut self.state.borrow_mut());
        }
        Ok(written)
    }

    /// What another tab wrote down, and what was erased before this one ever heard of it: nobody would ask for its
    /// erasure again.
    async fn drop_what_others_kept(&self, rows: &Rows<'_, impl Device>) -> Result<(), DeviceFailed> {
        let (letters, drafts) = {
            let unwritten = &self.state.borrow().replica.unwritten;
            (unwritten.letters_there.clone(), unwritten.drafts_there.clone())
        };
        if let Some(there) = letters {
            let pages = rows.scan_bytes(Table::Index).await?;
            let kept = pages.iter().filter_map(|(_, page)| briefs::from_bytes(page)).flatten();
            let gone = kept.filter(|(id, brief)| there.lacks(id.as_bytes(), brief.change)).map(|(id, _)| id);
            let replica = &mut self.state.borrow_mut().replica;
            let gone: Vec<_> = gone.filter(|id| replica.entry(*id).is_none()).collect();
            replica.unwritten.letters_erased.extend(gone);
        }
        if let Some(there) = drafts {
            let mut unknown = rows.ids(Table::Record).await?;
            unknown.retain(|id| self.state.borrow().replica.head(RecordId::from_bytes(*id)).is_none());
            let kept = rows.get_all::<RecordRow>(Table::Record, &unknown).await?;
            for RecordRow { head, .. } in kept.into_iter().filter_map(|found| found.value) {
                let is_gone = head.purpose == RecordPurpose::Draft && there.lacks(head.id.as_bytes(), head.change);
                let replica = &mut self.state.borrow_mut().replica;
                if is_gone && replica.head(head.id).is_none() {
                    replica.was_spent(head.id, head.version);
                }
            }
        }
        Ok(())
    }

    /// The pages that an entry changed on since the store was written, and what was erased.
    fn entry_writes(
        &self,
        world: &impl World,
        rows: &Rows<'_, impl Device>,
        state: &State,
        stored: Option<Followed>,
        taken: &Taken,
    ) -> Vec<Write> {
        let since = stored.unwrap_or_default().change;
        let changed = state.replica.entries().filter(|(_, brief)| brief.change > since).map(|(id, _)| id);
        let pages: BTreeSet<u8> = changed.chain(taken.letters_erased.iter().copied()).map(briefs::page_of).collect();
        let mut of_page: BTreeMap<u8, Vec<_>> = pages.iter().map(|page| (*page, Vec::new())).collect();
        for (id, brief) in state.replica.entries() {
            if let Some(page) = of_page.get_mut(&briefs::page_of(id)) {
                page.push((id, brief));
            }
        }
        let mut writes = Vec::new();
        for (page, entries) in of_page {
            let bytes = briefs::to_bytes(entries.into_iter());
            let row = briefs::row_of(page);
            writes.push(rows.put_bytes(Table::Index, row, Expected::Anything, &bytes, &mut world.rng()));
        }
        for id in &taken.letters_erased {
            writes.push(rows::erase(Table::Letter, *id.as_bytes(), Expected::Anything));
        }
        for id in &taken.drafts_erased {
            writes.push(rows::erase(Table::Record, *id.as_bytes(), Expected::Anything));
            let version = state.replica.spent(*id).unwrap_or_default();
            writes.push(rows.put(Table::Spent, *id.as_bytes(), Expected::Anything, &version, &mut world.rng()));
        }
        writes
    }
}

/// What a write holds of what was not written down.
struct Taken {
    followed: Followed,
    entries: Vec<(LetterId, securemailbox_protocol::numbers::ChangeNumber)>,
    letters_erased: Vec<LetterId>,
    drafts_erased: Vec<RecordId>,
    there: [Option<There>; 2],
}

impl Taken {
    fn of(state: &State, ids: &[LetterId], stored: Followed) -> Self {
        let unwritten = &state.replica.unwritten;
        let entries = ids.iter().filter_map(|id| Some((*id, unwritten.entries.get(id)?.change)));
        Self {
            followed: state.replica.followed_for_good(stored),
            entries: entries.collect(),
            letters_erased: unwritten.letters_erased.iter().copied().collect(),
            drafts_erased: unwritten.drafts_erased.iter().copied().collect(),
            there: [unwritten.letters_there.clone(), unwritten.drafts_there.clone()],
        }
    }

    fn settle(self, state: &mut State) {
        let unwritten = &mut state.replica.unwritten;
        for (id, change) in self.entries {
            if unwritten.entries.get(&id).is_some_and(|entry| entry.change == change) {
                unwritten.entries.remove(&id);
            }
        }
        for id in self.letters_erased {
            unwritten.letters_erased.remove(&id);
        }
        for id in self.drafts_erased {
            unwritten.drafts_erased.remove(&id);
        }
        let [letters, drafts] = self.there;
        if unwritten.letters_there == letters {
            unwritten.letters_there = None;
        }
        if unwritten.drafts_there == drafts {
            unwritten.drafts_there = None;
        }
        state.stored = Some(self.followed);
    }
}
