//! Letters that are being written: sealed on this device at once, and at the server as `draft` records when it answers
//! (PROTOCOL §3, §9a), so that they survive a lock, a reload and a lost network.
//!
//! A draft may be open in two tabs, or on two devices. Whoever saves writes over texts that were written or read in the
//! same place, and over no other: a text that somebody else put there stays, and this one becomes a draft beside it.

use serde::{Deserialize, Serialize};

use securemailbox_protocol::{
    endpoints,
    ids::{LetterId, RecordId},
    numbers::Version,
    problems::ProblemType,
    records::{RecordHead, RecordPurpose},
};

use crate::{
    device::{DeviceFailed, Expected, Table, Tag, Write, Written},
    failure::{CallError, Class, ClientProblem, Explained, Failure, explained},
    keeping::RecordRow,
    mailbox::{Mailbox, State},
    records::{self, RecordError, is_stale, new_head},
    rows::{self, Found},
    world::World,
};

use super::{Addressed, Answers, Draft, ReadError, TextPrint, Waiting};

/// How often a draft is saved over what another tab saved meanwhile.
const TRIES: usize = 8;
/// How many of a draft's texts are remembered as one's own: more than are saved while a server does not answer.
const SEEN: usize = 64;

/// A draft in a list, or why it is not shown.
pub struct DraftRow {
    /// Its record.
    pub id: RecordId,
    /// What it holds.
    pub draft: Result<Draft, RecordError>,
}

/// A draft is on this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SavedDraft {
    /// Its record: another one than before if that one was erased, or if somebody else wrote on in it.
    pub id: RecordId,
    /// The draft that somebody else wrote on in, and that is kept as well.
    pub beside: Option<Beside>,
}

/// The same draft was written on in another place, and both texts are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beside(pub RecordId);

/// What became of a draft that was handed in to the server.
#[derive(Debug)]
pub struct HandedIn {
    /// The record it was saved under.
    pub record: RecordId,
    /// The record it has now, and whether somebody else's text stands in the former one; or why the server refused it.
    pub handed_in: Result<SavedDraft, DraftError>,
}

/// A draft can't be kept or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// Its record could not be read or written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// This device's own store failed.
    #[error(transparent)]
    Device(#[from] DeviceFailed),
    /// The letter that it answers can't be opened.
    #[error(transparent)]
    Answered(#[from] ReadError),
    /// There is none: it was sent or erased, here or elsewhere.
    #[error("there is no such draft")]
    NotFound,
}

impl Failure for DraftError {
    fn explain(&self) -> Explained {
        match self {
            Self::Record(error) => error.explain(),
            Self::Device(error) => error.explain(),
            Self::Answered(error) => error.explain(),
            Self::NotFound => explained(
                ClientProblem::NoDraft,
                Class::NotFound,
                "It was sent or erased. Look among the sent letters.",
            ),
        }
    }
}

/// A draft that the server does not have in this form, as the device keeps it.
#[derive(Clone, Serialize, Deserialize)]
struct LocalDraft {
    draft: Draft,
    /// The record's version that it is written over.
    version: Version,
    /// The record may be there, or may have been and be gone, without that its writer has seen what it says: it is read
    /// first. One that is gone is not written anew, for that would be an older version to whoever saw it.
    #[serde(default)]
    look_first: bool,
    /// Texts that it may be written over: those that were written or read in the same place.
    seen: Vec<TextPrint>,
}

impl State {
    /// Remembers that this text of a draft was written or read here.
    fn saw(&mut self, id: RecordId, print: TextPrint) {
        let seen = self.seen_texts.entry(id).or_default();
        if !seen.contains(&print) {
            seen.push(print);
            let over = seen.len().saturating_sub(SEEN);
            seen.drain(..over);
        }
    }

    /// Whether this text of a draft was written or read here.
    fn has_seen(&self, id: RecordId, print: TextPrint) -> bool {
        self.seen_texts.get(&id).is_some_and(|seen| seen.contains(&print))
    }

    /// The version that a draft is written over, and whether another tab wrote it: then it is read first.
    fn saw_at(&self, id: RecordId) -> (Version, bool) {
        let head = self.replica.head(id).map(|head| head.version);
        match self.seen_versions.get(&id) {
            Some(seen) => (*seen, false),
            None => (head.unwrap_or(Version::ZERO), head.is_some() && self.seen_texts.contains_key(&id)),
        }
    }
}

impl Mailbox {
    /// What is needed to answer a letter, from the draft that answers it already or from the letter itself.
    ///
    /// # Errors
    /// [`ReadError`]
    pub async fn answers(
        &self,
        world: &impl World,
        draft: Option<RecordId>,
        letter: LetterId,
    ) -> Result<Answers, ReadError> {
        let known = self.state.borrow().answerable.get(&letter).cloned();
        if let Some(answers) = known {
            return Ok(answers);
        }
        if let Some(id) = draft
            && let Ok((Draft { answers: Some(answers), .. }, _)) = self.draft_text(world, id).await
            && answers.letter() == letter
        {
            return Ok(answers);
        }
        Ok(Answers::to(&self.peek(world, letter).await?))
    }

    /// Keeps a letter as far as it is written on this device; the server gets it by [`Mailbox::hand_in`].
    ///
    /// # Errors
    /// [`DeviceFailed`]: it is kept nowhere.
    pub async fn save_draft(
        &self,
        world: &impl World,
        id: Option<RecordId>,
        mut draft: Draft,
    ) -> Result<SavedDraft, DeviceFailed> {
        let mut saved = SavedDraft { id: self.unspent(world, id).await?, beside: None };
        for _ in 0..TRIES {
            let found: Found<LocalDraft> = self.rows(world).get(Table::Draft, *saved.id.as_bytes()).await?;
            let print = draft.print();
            let seen = self.state.borrow().seen_texts.get(&saved.id).cloned().unwrap_or_default();
            let theirs = found.value.as_ref().map(|there| there.draft.print());
            if theirs.is_some_and(|theirs| theirs != print && !seen.contains(&theirs)) {
                saved = SavedDraft { id: RecordId::new(world.now(), &mut world.rng()), beside: Some(Beside(saved.id)) };
                continue;
            }
            let expected = found.expected();
            let (version, look_first) = match found.value {
                Some(there) => {
                    draft.rest = there.draft.rest;
                    (there.version, there.look_first)
                }
                None => self.state.borrow().saw_at(saved.id),
            };
            let seen = seen.into_iter().chain([print]).collect();
            let row = LocalDraft { draft: draft.clone(), version, look_first, seen };
            let rows = self.rows(world);
            let write = rows.put(Table::Draft, *saved.id.as_bytes(), expected, &row, &mut world.rng());
            if rows.write(vec![write]).await? == Written::Whole {
                let mut state = self.state.borrow_mut();
                state.saw(saved.id, print);
                state.drafts_here.insert(saved.id);
                return Ok(saved);
            }
        }
        Err(DeviceFailed)
    }

    /// Hands in every draft that the server does not have in this form, but for those that are on their way out.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn hand_in_drafts(&self, world: &impl World) -> Result<Vec<HandedIn>, DeviceFailed> {
        self.erase_risen(world).await;
        self.look_at_unsent(world).await?;
        let drafts: Vec<RecordId> = {
            let state = self.state.borrow();
            state.drafts_here.iter().filter(|id| !state.is_outgoing(**id)).copied().collect()
        };
        let mut all = Vec::new();
        for record in drafts {
            all.push(HandedIn { record, handed_in: self.hand_in(world, record).await });
        }
        Ok(all)
    }

    /// Hands in one draft, and says under which record.
    ///
    /// # Errors
    /// [`DraftError`]: it stays on this device.
    pub async fn hand_in(&self, world: &impl World, id: RecordId) -> Result<SavedDraft, DraftError> {
        let found: Found<LocalDraft> = self.rows(world).get(Table::Draft, *id.as_bytes()).await?;
        let expected = found.expected();
        let Some(LocalDraft { draft, version, look_first, seen }) = found.value else {
            return Ok(SavedDraft { id, beside: None });
        };
        let (bytes, print) = (draft.to_bytes(), draft.print());
        let mut saved = SavedDraft { id: self.unspent(world, Some(id)).await?, beside: None };
        let mut over = if saved.id == id { version } else { Version::ZERO };
        let is_new = saved.id == id && over == Version::ZERO;
        let written_by_another_tab =
            is_new && self.rows(world).get::<RecordRow>(Table::Record, *id.as_bytes()).await?.tag.is_some();
        let mut look_first = saved.id == id && (look_first || written_by_another_tab);
        if is_new && !look_first {
            // If no answer comes, the record may be there, and may be gone again when this is tried anew.
            let row = LocalDraft { draft, version, look_first: true, seen: seen.clone() };
            let write = self.rows(world).put(Table::Draft, *id.as_bytes(), expected, &row, &mut world.rng());
            if self.rows(world).write(vec![write]).await? == Written::Stale {
                return Err(RecordError::Contended.into());
            }
        }
        for _ in 0..TRIES {
            if std::mem::take(&mut look_first) {
                match self.fetch_record(world, &new_head(saved.id, RecordPurpose::Draft)).await {
                    Ok((head, text)) => {
                        let there = Draft::from_bytes(&text).map_err(|_| RecordError::UnknownForm)?.print();
                        over = head.version;
                        if there != print && !seen.contains(&there) {
                            saved = SavedDraft { id: fresh(world), beside: Some(Beside(saved.id)) };
                            over = Version::ZERO;
                        }
                    }
                    Err(error) if is_gone(&error) => {
                        saved = SavedDraft { id: fresh(world), beside: None };
                        over = Version::ZERO;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            let head = RecordHead { version: over, ..new_head(saved.id, RecordPurpose::Draft) };
            match self.put_record(world, &head, &bytes).await {
                Ok(()) => return self.has_handed_in(world, id, saved, print, over.next()).await,
                Err(error) if is_stale(&error) => look_first = true,
                // Erased since the last sync, by whoever sent it or threw it away elsewhere: this is another draft now.
                Err(error) if is_gone(&error) => {
                    saved = SavedDraft { id: fresh(world), beside: None };
                    over = Version::ZERO;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(RecordError::Contended.into())
    }

    async fn has_handed_in(
        &self,
        world: &impl World,
        id: RecordId,
        saved: SavedDraft,
        print: TextPrint,
        version: Version,
    ) -> Result<SavedDraft, DraftError> {
        {
            let mut state = self.state.borrow_mut();
            // Another tab's text is not seen here by being handed in.
            if state.has_seen(id, print) {
                state.saw(saved.id, print);
                state.seen_versions.insert(saved.id, version);
            }
        }
        // Before the draft goes from the device: another tab that sends it has to know what stands in its record.
        self.write_records_down(world).await?;
        self.handed_in(world, id, saved.id, print, version).await?;
        Ok(saved)
    }

    /// What was handed in goes from the device; what was typed meanwhile stays, to be written over it.
    async fn handed_in(
        &self,
        world: &impl World,
        from: RecordId,
        to: RecordId,
        print: TextPrint,
        version: Version,
    ) -> Result<(), DeviceFailed> {
        let rows = self.rows(world);
        for _ in 0..TRIES {
            let found: Found<LocalDraft> = rows.get(Table::Draft, *from.as_bytes()).await?;
            let expected = found.expected();
            let mut writes = vec![rows::erase(Table::Draft, *from.as_bytes(), expected)];
            let typed_meanwhile = found.value.filter(|there| there.draft.print() != print);
            let stays = typed_meanwhile.is_some();
            if let Some(there) = typed_meanwhile {
                let row = LocalDraft { version, look_first: false, ..there };
                let expected = if from == to { expected } else { Expected::Nothing };
                if from == to {
                    writes.clear();
                }
                writes.push(rows.put(Table::Draft, *to.as_bytes(), expected, &row, &mut world.rng()));
            }
            // A letter that this draft is, or was, takes its record along: then the text stays here until it is known
            // whether that letter has it.
            writes.extend(
                [Table::Waiting, Table::Spent].map(|table| rows::erase(table, *to.as_bytes(), Expected::Nothing)),
            );
            if rows.write(writes).await? == Written::Whole {
                let mut state = self.state.borrow_mut();
                state.drafts_here.remove(&from);
                if stays {
                    state.drafts_here.insert(to);
                }
                if from != to
                    && let Some(seen) = state.seen_texts.get(&from).cloned()
                {
                    state.seen_texts.insert(to, seen);
                }
                return Ok(());
            }
            if self.is_or_was_a_letter(world, to).await? {
                return Ok(());
            }
        }
        Err(DeviceFailed)
    }

    /// An id to write under. That of an erased record is spent: the server would begin anew at version 1, which every
    /// device that saw a higher one refuses (ATTACKS 7).
    async fn unspent(&self, world: &impl World, id: Option<RecordId>) -> Result<RecordId, DeviceFailed> {
        match id.filter(|id| !self.state.borrow().replica.was_erased(*id)) {
            Some(id) if !self.is_spent_here(world, id).await? => Ok(id),
            Some(_) | None => Ok(fresh(world)),
        }
    }

    /// Whether a letter waits here that was this draft, or has gone.
    async fn is_or_was_a_letter(&self, world: &impl World, id: RecordId) -> Result<bool, DeviceFailed> {
        let waits = self.rows(world).get::<Waiting>(Table::Waiting, *id.as_bytes()).await?.tag.is_some();
        Ok(waits || self.is_spent_here(world, id).await?)
    }

    /// What must stand in the record of a draft for its letter to be sealed, and what of it the letter's sender had not
    /// seen: another tab handed it in. It is taken back onto the device, for the letter takes the record along.
    pub(super) async fn taken_back(
        &self,
        world: &impl World,
        id: RecordId,
        written: &Addressed,
        seen: &[TextPrint],
    ) -> Result<Vec<Write>, DeviceFailed> {
        let (rows, row) = (self.rows(world), *id.as_bytes());
        let record: Found<RecordRow> = rows.get(Table::Record, row).await?;
        let expected = record.expected();
        let Some(record) = record.value else { return Ok(vec![rows::erase(Table::Record, row, expected)]) };
        let text = record.sealed.as_ref().and_then(|sealed| records::open(&self.owner, &record.head, &sealed.0).ok());
        let draft = text.and_then(|text| Draft::from_bytes(&text).ok());
        let here: Found<LocalDraft> = rows.get(Table::Draft, row).await?;
        let sent = Draft::of(written.clone(), world.now()).print();
        let seen_there = here.value.as_ref().map(|here| here.seen.as_slice()).unwrap_or_default();
        let unseen = draft.filter(|draft| {
            let print = draft.print();
            print != sent && !seen.contains(&print) && !seen_there.contains(&print)
        });
        let mut writes = vec![rows.put(Table::Record, row, expected, &record, &mut world.rng())];
        if let Some(draft) = unseen {
            let (to, version) = match here.tag {
                None => (id, record.head.version),
                Some(_) => (fresh(world), Version::ZERO),
            };
            let local = LocalDraft { seen: vec![draft.print()], draft, version, look_first: false };
            writes.push(rows.put(Table::Draft, *to.as_bytes(), Expected::Nothing, &local, &mut world.rng()));
        }
        Ok(writes)
    }

    /// Every draft, newest first.
    ///
    /// # Errors
    /// [`DraftError`]
    pub async fn drafts(&self, world: &impl World) -> Result<Vec<DraftRow>, DraftError> {
        self.look_at_unsent(world).await?;
        let mut drafts: Vec<DraftRow> = Vec::new();
        for id in self.draft_ids() {
            let draft = match self.draft_text(world, id).await {
                Ok((draft, _)) => Ok(draft),
                Err(DraftError::Record(error)) => Err(error),
                Err(DraftError::NotFound) => continue,
                Err(error @ (DraftError::Device(_) | DraftError::Answered(_))) => return Err(error),
            };
            let saved = |row: &DraftRow| row.draft.as_ref().map(|draft| draft.saved).ok();
            let row = DraftRow { id, draft };
            let place = drafts.iter().position(|other| saved(other) < saved(&row)).unwrap_or(drafts.len());
            drafts.insert(place, row);
        }
        Ok(drafts)
    }

    /// How many drafts there are.
    #[must_use]
    pub fn count_drafts(&self) -> usize {
        self.draft_ids().len()
    }

    /// One draft, to go on writing it.
    ///
    /// # Errors
    /// [`DraftError`]
    pub async fn draft(&self, world: &impl World, id: RecordId) -> Result<Draft, DraftError> {
        for _ in 0..TRIES {
            let before = self.writing_of(world, id).await?;
            let (draft, version) = self.draft_text(world, id).await?;
            // What was being handed in meanwhile is newer than this text, and would be written over.
            if self.writing_of(world, id).await? == before {
                let mut state = self.state.borrow_mut();
                state.saw(id, draft.print());
                state.seen_versions.insert(id, version);
                return Ok(draft);
            }
        }
        Err(RecordError::Contended.into())
    }

    /// Names the last writing of a draft that this device knows of: its row, and its record's version.
    async fn writing_of(
        &self,
        world: &impl World,
        id: RecordId,
    ) -> Result<(Option<Tag>, Option<Version>), DeviceFailed> {
        let row: Found<LocalDraft> = self.rows(world).get(Table::Draft, *id.as_bytes()).await?;
        let head = self.state.borrow().replica.head(id).map(|head| head.version);
        Ok((row.tag, head))
    }

    /// A draft's text, and the record's version that it is or is written over.
    pub(super) async fn draft_text(&self, world: &impl World, id: RecordId) -> Result<(Draft, Version), DraftError> {
        let found: Found<LocalDraft> = self.rows(world).get(Table::Draft, *id.as_bytes()).await?;
        if let Some(LocalDraft { draft, version, .. }) = found.value {
            return Ok((draft, version));
        }
        let held = self.state.borrow().replica.head(id).cloned();
        let (head, text) = match held {
            Some(head) if head.purpose == RecordPurpose::Draft => self.newest(world, &head).await.map_err(gone)?,
            Some(_) => return Err(DraftError::NotFound),
            None => {
                let head = new_head(id, RecordPurpose::Draft);
                self.newest(world, &head).await.map_err(gone)?
            }
        };
        Ok((Draft::from_bytes(&text).map_err(|_| RecordError::UnknownForm)?, head.version))
    }

    /// Erases a draft, here and at the server.
    ///
    /// # Errors
    /// [`DraftError`]
    pub async fn erase_draft(&self, world: &impl World, id: RecordId) -> Result<(), DraftError> {
        // Before the server is asked: what this device still kept would be handed in again after a reload.
        let here = [Table::Draft, Table::Outgoing].map(|table| rows::erase(table, *id.as_bytes(), Expected::Anything));
        self.rows(world).write(here.into()).await.map(drop)?;
        let only_here = {
            let mut state = self.state.borrow_mut();
            state.drafts_here.remove(&id);
            state.outgoing.remove(&id);
            state.replica.head(id).is_none()
        };
        match self.session.api(world).delete(endpoints::ERASE_RECORD.of(id)).await {
            Err(error) if !is_not_found(&error) && !only_here => return Err(RecordError::Call(error).into()),
            Ok(()) | Err(_) => {}
        }
        if !only_here {
            let version = self.state.borrow().replica.head(id).map(|head| head.version).unwrap_or_default();
            let rows = self.rows(world);
            // At once, so that another tab that has the draft open does not write it anew.
            let spent = rows.put(Table::Spent, *id.as_bytes(), Expected::Anything, &version, &mut world.rng());
            rows.write(vec![spent]).await.map(drop)?;
            self.state.borrow_mut().replica.draft_dropped(id, None);
        }
        Ok(())
    }

    /// Erases drafts at the server that went, here or elsewhere, and were written once more by a request that came late.
    async fn erase_risen(&self, world: &impl World) {
        let risen: Vec<RecordId> = self.state.borrow().replica.risen().collect();
        for id in risen {
            match self.session.api(world).delete(endpoints::ERASE_RECORD.of(id)).await {
                Err(error) if !is_not_found(&error) => {}
                Ok(()) | Err(_) => self.state.borrow_mut().replica.laid_to_rest(id),
            }
        }
    }

    /// The rows of a draft that went out as a letter: gone, but for what its sender had not seen. What this tab has seen
    /// does not count: another one may have sent it.
    pub(super) async fn forget_draft(
        &self,
        world: &impl World,
        id: RecordId,
        letter: &Waiting,
    ) -> Result<Vec<Write>, DeviceFailed> {
        let rows = self.rows(world);
        let found: Found<LocalDraft> = rows.get(Table::Draft, *id.as_bytes()).await?;
        let expected = found.expected();
        let sent = Draft::of(letter.written.clone(), world.now()).print();
        let mut writes = Vec::new();
        if let Some(there) = found.value {
            let print = there.draft.print();
            writes.push(rows::erase(Table::Draft, *id.as_bytes(), expected));
            if print != sent && !letter.seen.contains(&print) {
                let row = LocalDraft { version: Version::ZERO, look_first: false, ..there };
                let beside = *fresh(world).as_bytes();
                writes.push(rows.put(Table::Draft, beside, Expected::Nothing, &row, &mut world.rng()));
            }
        }
        Ok(writes)
    }

    fn draft_ids(&self) -> Vec<RecordId> {
        let state = self.state.borrow();
        let heads = state.replica.records().filter(|head| head.purpose == RecordPurpose::Draft).map(|head| head.id);
        let mut ids: Vec<RecordId> = heads.chain(state.drafts_here.iter().copied()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// What waits is what the device says: another tab of the same browser may have sent or saved something.
    pub(crate) async fn look_at_unsent(&self, world: &impl World) -> Result<(), DeviceFailed> {
        let rows = self.rows(world);
        let drafts = rows.ids(Table::Draft).await?;
        let outgoing = rows.scan(Table::Outgoing).await?;
        let waiting = rows.scan::<Waiting>(Table::Waiting).await?;
        let mut state = self.state.borrow_mut();
        state.drafts_here = drafts.into_iter().map(RecordId::from_bytes).collect();
        state.outgoing = outgoing.into_iter().map(|(id, _, from)| (RecordId::from_bytes(id), from)).collect();
        state.waiting = waiting.into_iter().map(|(row, _, waiting)| (row, waiting.record)).collect();
        Ok(())
    }
}

fn fresh(world: &impl World) -> RecordId {
    RecordId::new(world.now(), &mut world.rng())
}

fn is_not_found(error: &CallError) -> bool {
    error.problem() == Some(ProblemType::NotFound)
}

fn is_gone(error: &RecordError) -> bool {
    matches!(error, RecordError::Call(error) if is_not_found(error))
}

/// A draft that the server does not have was sent or erased.
fn gone(error: RecordError) -> DraftError {
    match error {
        RecordError::Call(error) if is_not_found(&error) => DraftError::NotFound,
        error => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use securemailbox_protocol::{
        numbers::{ChangeNumber, EraseNumber},
        octets::Octets,
        records::Record,
        sync::{DraftIds, Erased},
    };
    use securemailbox_vault::records::{self, RecordPlace};

    use super::*;
    use crate::fixtures::{NOW, TestWorld, annas_mailbox, ok, problem, ready};

    fn draft(text: &str) -> Draft {
        let to = vec!["bjorn@".into()];
        Draft { to, subject: String::new(), text: text.into(), answers: None, saved: NOW, rest: Default::default() }
    }

    fn path(id: RecordId) -> &'static str {
        format!("/records/{id}?purpose=draft").leak()
    }

    fn head(id: RecordId, version: u64) -> RecordHead {
        let (version, change) = (Version::new(version), ChangeNumber::new(version));
        RecordHead { id, purpose: RecordPurpose::Draft, version, change }
    }

    fn written(id: RecordId, version: u64) -> crate::transport::Response {
        ok(&head(id, version))
    }

    /// What the server has of a draft that another device wrote.
    fn there(
        mailbox: &Mailbox,
        world: &TestWorld,
        id: RecordId,
        version: u64,
        text: &str,
    ) -> crate::transport::Response {
        let head = head(id, version);
        let owner = &mailbox.owner;
        let place = RecordPlace { account: owner.account, record: id, purpose: head.purpose, version: head.version };
        let sealed = records::seal(&place, &owner.secret, &draft(text).to_bytes(), &mut world.rng());
        ok(&Record { head, sealed: Octets(sealed) })
    }

    fn save(world: &TestWorld, mailbox: &Mailbox, id: Option<RecordId>, text: &str) -> SavedDraft {
        ready(mailbox.save_draft(world, id, draft(text))).unwrap()
    }

    fn hand_in_all(world: &TestWorld, mailbox: &Mailbox) -> bool {
        ready(mailbox.hand_in_drafts(world)).unwrap().iter().all(|draft| draft.handed_in.is_ok())
    }

    #[test]
    fn what_was_typed_without_a_network_is_kept_sealed_and_handed_in_later() {
        let (world, mailbox) = (TestWorld::default(), annas_mailbox());
        let id = save(&world, &mailbox, None, "Hemligt").id;
        assert!(world.server.asked.borrow().is_empty(), "saving waits for nobody");
        assert_eq!(ready(mailbox.draft(&world, id)).unwrap().text, "Hemligt");
        assert!(world.device.contents().iter().all(|row| !String::from_utf8_lossy(row).contains("Hemligt")));
        assert!(!hand_in_all(&world, &mailbox));
        let record: &'static str = format!("/records/{id}").leak();
        world.server.will(record, there(&mailbox, &world, id, 1, "Hemligt"));
        world.server.will(path(id), written(id, 2));
        assert!(hand_in_all(&world, &mailbox));
        assert_eq!((world.device.count(Table::Draft), mailbox.count_drafts()), (0, 1));
        let sent = world.server.bodies(path(id)).concat();
        assert!(!String::from_utf8_lossy(&sent).contains("Hemligt"));
    }

    #[test]
    fn a_draft_that_was_erased_is_not_handed_in_again_after_a_crash() {
        let (world, mailbox) = (TestWorld::default(), annas_mailbox());
        let id = save(&world, &mailbox, None, "Hemligt").id;
        ready(mailbox.erase_draft(&world, id)).unwrap();
        assert_eq!(world.device.count(Table::Draft), 0);
    }

    #[test]
    fn what_two_tabs_draft_without_a_network_is_handed_in_by_either() {
        let world = TestWorld::default();
        let (one, other) = (annas_mailbox(), annas_mailbox());
        let (first, second) = (save(&world, &one, None, "Hej").id, save(&world, &other, None, "Hej igen").id);
        assert_eq!(ready(one.draft(&world, first)).unwrap().text, "Hej");
        assert_eq!(ready(one.drafts(&world)).unwrap().len(), 2);
        for id in [first, second] {
            world.server.will(path(id), written(id, 1));
        }
        assert!(hand_in_all(&world, &other));
        assert_eq!(world.device.count(Table::Draft), 0);
    }

    #[test]
    fn a_draft_saved_again_is_the_next_version_of_the_same_record() {
        let (world, mailbox) = (TestWorld::default(), annas_mailbox());
        let id = save(&world, &mailbox, None, "Hej").id;
        for (version, text) in [(1, "Hej igen"), (2, "Hej till sist")] {
            world.server.will(path(id), written(id, version));
            assert!(hand_in_all(&world, &mailbox));
            assert_eq!(save(&world, &mailbox, Some(id), text), SavedDraft { id, beside: None });
        }
        assert!(!hand_in_all(&world, &mailbox));
        let conditions: Vec<_> = world.server.asked.borrow().iter().map(|asked| asked.headers[1].clone()).collect();
        let if_match = |version: &str| ("if-match", format!("\"{version}\""));
        assert_eq!(conditions, [("if-none-match", "*".into()), if_match("1"), if_match("2")]);
        assert_eq!(ready(mailbox.draft(&world, id)).unwrap().text, "Hej till sist");
    }

    #[test]
    fn what_two_tabs_write_into_one_draft_is_kept_twice_and_said() {
        let world = TestWorld::default();
        let (one, other) = (annas_mailbox(), annas_mailbox());
        let id = save(&world, &one, None, "Hej").id;
        ready(other.draft(&world, id)).unwrap();
        assert_eq!(save(&world, &other, Some(id), "Hej. Ett stycke."), SavedDraft { id, beside: None });
        let mine = save(&world, &one, Some(id), "Hej. Ett annat stycke.");
        assert_eq!(mine.beside, Some(Beside(id)));
        assert_eq!(save(&world, &one, Some(mine.id), "Hej. Ett annat stycke!").beside, None, "once");
        let texts: Vec<_> = ready(one.drafts(&world)).unwrap().into_iter().map(|row| row.draft.unwrap().text).collect();
        assert!(texts.contains(&"Hej. Ett stycke.".into()) && texts.contains(&"Hej. Ett annat stycke!".into()));
    }

    #[test]
    fn what_two_devices_write_into_one_draft_is_kept_twice_and_said() {
        let (world, mailbox) = (TestWorld::default(), annas_mailbox());
        let id = save(&world, &mailbox, None, "Hej").id;
        world.server.will(path(id), written(id, 1));
        assert!(hand_in_all(&world, &mailbox));
        save(&world, &mailbox, Some(id), "Hej. Ett stycke.");
        world.server.will(path(id), problem(ProblemType::StaleVersion));
        let record: &'static str = format!("/records/{id}").leak();
        world.server.will(record, there(&mailbox, &world, id, 2, "Hej. Ett annat stycke."));
        let refused = ready(mailbox.hand_in(&world, id)).unwrap_err();
        assert_eq!(refused.explain().class, Class::Unavailable, "the new record was not answered for");
        let asked = world.server.asked.borrow().last().unwrap().clone();
        assert!(!asked.path.contains(&id.to_string()) && asked.headers[1].0 == "if-none-match", "under another id");
    }

    #[test]
    fn a_save_whose_answer_was_lost_is_no_other_devices_text() {
        let (world, mailbox) = (TestWorld::default(), annas_mailbox());
        let id = save(&world, &mailbox, None, "Hej").id;
        assert!(!hand_in_all(&world, &mailbox), "taken, and the answer was lost");
        save(&world, &mailbox, Some(id), "Hej igen");
        save(&world, &mailbox, Some(id), "Hej till sist");
        let record: &'static str = format!("/records/{id}").leak();
        world.server.will(record, there(&mailbox, &world, id, 1, "Hej"));
        world.server.will(path(id), written(id, 2));
        assert_eq!(ready(mailbox.hand_in(&world, id)).unwrap(), SavedDraft { id, beside: None });
    }

    #[test]
    fn a_first_save_that_may_have_been_taken_and_erased_is_not_written_anew_under_its_id() {
        let (world, mailbox) = (TestWorld::default(), annas_mailbox());
        let id = save(&world, &mailbox, None, "Hej").id;
        assert!(!hand_in_all(&world, &mailbox), "taken, and the answer was lost");
        world.server.will(format!("/records/{id}").leak(), problem(ProblemType::NotFound));
        assert!(!hand_in_all(&world, &mailbox), "the new record was not answered for");
        let asked = world.server.asked.borrow().last().unwrap().clone();
        assert!(!asked.path.contains(&id.to_string()) && asked.headers[1].0 == "if-none-match", "under another id");
    }

    #[test]
    fn another_tabs_text_is_not_seen_by_being_handed_in() {
        let (world, one, other) = (TestWorld::default(), annas_mailbox(), annas_mailbox());
        let id = save(&world, &one, None, "Hej.").id;
        ready(other.draft(&world, id)).unwrap();
        save(&world, &other, Some(id), "Hej. Ett annat stycke.");
        world.server.will(path(id), written(id, 1));
        assert!(hand_in_all(&world, &one));
        save(&world, &one, Some(id), "Hej. Ett stycke.");
        world.server.will(format!("/records/{id}").leak(), there(&one, &world, id, 1, "Hej. Ett annat stycke."));
        let _ = ready(one.hand_in(&world, id));
        let asked = world.server.asked.borrow().last().unwrap().clone();
        assert!(!asked.path.contains(&id.to_string()), "it was written over");
    }

    #[test]
    fn what_is_written_on_in_an_erased_draft_is_another_draft() {
        let (world, mailbox) = (TestWorld::default(), annas_mailbox());
        let erased = RecordId::from_bytes([7; 16]);
        {
            let mut state = mailbox.state.borrow_mut();
            state.replica.take_record(head(erased, 2), None).unwrap();
            let ids = DraftIds { change: ChangeNumber::new(1), erase: EraseNumber::new(1), ids: Vec::new() };
            state.replica.take_draft_ids(&ids, Erased::default()).unwrap();
        }
        let saved = save(&world, &mailbox, Some(erased), "Hej");
        assert_ne!(saved.id, erased);
        assert!(!hand_in_all(&world, &mailbox));
        assert!(world.server.bodies(path(erased)).is_empty(), "version 1 again would be refused by every other device");
    }

    #[test]
    fn a_draft_that_was_erased_since_the_last_sync_is_another_draft() {
        let (world, mailbox) = (TestWorld::default(), annas_mailbox());
        let erased = RecordId::from_bytes([7; 16]);
        world.server.will(path(erased), problem(ProblemType::NotFound));
        let saved = save(&world, &mailbox, Some(erased), "Hej");
        assert_eq!(saved.id, erased, "until the server has it under the new id");
        assert!(!hand_in_all(&world, &mailbox));
        assert_eq!(ready(mailbox.draft(&world, erased)).unwrap().text, "Hej");
    }

    #[test]
    fn one_draft_that_the_server_refuses_stands_in_no_other_ones_way() {
        let (world, mailbox) = (TestWorld::default(), annas_mailbox());
        let [large, small] = [[1; 16], [2; 16]].map(RecordId::from_bytes);
        save(&world, &mailbox, Some(large), "Lång");
        save(&world, &mailbox, Some(small), "Kort");
        world.server.will(path(large), problem(ProblemType::TooLarge));
        world.server.will(path(small), written(small, 1));
        let handed_in = ready(mailbox.hand_in_drafts(&world)).unwrap();
        let refused: Vec<_> = handed_in.iter().filter_map(|draft| draft.handed_in.as_ref().err()).collect();
        assert_eq!(
            refused.iter().map(|error| error.explain().name).collect::<Vec<_>>(),
            [ProblemType::TooLarge.into()]
        );
        assert_eq!(world.device.count(Table::Draft), 1);
    }
}
