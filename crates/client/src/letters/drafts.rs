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
    records::RecordPurpose,
};

use securemailbox_vault::letters::SealRefused;

use crate::{
    device::{DeviceFailed, Expected, Table, Tag, Write, Written},
    failure::{CallError, Class, ClientProblem, Explained, Failure, explained},
    keeping::RecordRow,
    mailbox::{Mailbox, State},
    records::{self, RecordError, new_head},
    rows::{self, Found},
    world::World,
};

use super::{Answers, Draft, ReadError, TextPrint, Waiting, outgoing::Going};

/// How often a draft is saved over what another tab saved meanwhile.
pub(super) const TRIES: usize = 8;
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
    /// It is longer than a letter may be, so it stays on this device.
    #[error("the draft is longer than a letter may be")]
    TooLong,
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
            Self::TooLong => SealRefused::TooLong.explain(),
        }
    }
}

/// A draft that the server does not have in this form, as the device keeps it.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct LocalDraft {
    pub(super) draft: Draft,
    /// The record's version that it is written over.
    pub(super) version: Version,
    /// The record may be there, or may have been and be gone, without that its writer has seen what it says: it is read
    /// first. One that is gone is not written anew, for that would be an older version to whoever saw it.
    #[serde(default)]
    pub(super) look_first: bool,
    /// Texts that it may be written over: those that were written or read in the same place.
    pub(super) seen: Vec<TextPrint>,
}

/// The record of a draft, as it is when its letter is sealed.
pub(super) struct TakenBack {
    /// The version that this device has read.
    pub(super) version: Version,
    /// That it is still so, and what of it goes on as a draft.
    pub(super) writes: Vec<Write>,
}

impl State {
    /// Remembers that this text of a draft was written or read here.
    pub(super) fn saw(&mut self, id: RecordId, print: TextPrint) {
        let seen = self.seen_texts.entry(id).or_default();
        if !seen.contains(&print) {
            seen.push(print);
            let over = seen.len().saturating_sub(SEEN);
            seen.drain(..over);
        }
    }

    /// Whether this text of a draft was written or read here.
    pub(super) fn has_seen(&self, id: RecordId, print: TextPrint) -> bool {
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
        draft: Draft,
    ) -> Result<SavedDraft, DeviceFailed> {
        self.save(world, id, draft, None).await
    }

    /// Makes a letter that can't go out a draft again. It is written over what its sender had seen when it was sealed:
    /// what this tab has seen does not count, for it may be another one's letter.
    pub(super) async fn save_given_back(
        &self,
        world: &impl World,
        id: Option<RecordId>,
        draft: Draft,
        seen: &[TextPrint],
    ) -> Result<SavedDraft, DeviceFailed> {
        self.save(world, id, draft, Some(seen)).await
    }

    /// `by_another` is what somebody else had seen of the draft, if it is their text.
    async fn save(
        &self,
        world: &impl World,
        id: Option<RecordId>,
        mut draft: Draft,
        by_another: Option<&[TextPrint]>,
    ) -> Result<SavedDraft, DeviceFailed> {
        let mut saved = SavedDraft { id: self.unspent(world, id).await?, beside: None };
        for _ in 0..TRIES {
            let found: Found<LocalDraft> = self.rows(world).get(Table::Draft, *saved.id.as_bytes()).await?;
            let print = draft.print();
            let seen = match by_another {
                None => self.state.borrow().seen_texts.get(&saved.id).cloned().unwrap_or_default(),
                Some(seen) if id == Some(saved.id) => seen.to_vec(),
                Some(_) => Vec::new(),
            };
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
                if by_another.is_none() {
                    state.saw(saved.id, print);
                }
                state.drafts_here.insert(saved.id);
                return Ok(saved);
            }
        }
        Err(DeviceFailed)
    }

    /// An id to write under. That of an erased record is spent: the server would begin anew at version 1, which every
    /// device that saw a higher one refuses (ATTACKS 7).
    pub(super) async fn unspent(&self, world: &impl World, id: Option<RecordId>) -> Result<RecordId, DeviceFailed> {
        match id.filter(|id| !self.state.borrow().replica.was_erased(*id)) {
            Some(id) if !self.is_spent_here(world, id).await? => Ok(id),
            Some(_) | None => Ok(fresh(world)),
        }
    }

    /// Whether a letter waits here that was this draft, or has gone.
    pub(super) async fn is_or_was_a_letter(&self, world: &impl World, id: RecordId) -> Result<bool, DeviceFailed> {
        let waits = self.rows(world).get::<Waiting>(Table::Waiting, *id.as_bytes()).await?.tag.is_some();
        Ok(waits || self.is_spent_here(world, id).await?)
    }

    /// What must stand in the record of a draft for its letter to be sealed, and what of it the letter's sender had not
    /// seen: another tab or device handed it in. It is taken back onto the device, for the letter takes the record along.
    pub(super) async fn taken_back(
        &self,
        world: &impl World,
        id: RecordId,
        letter: &Waiting,
    ) -> Result<TakenBack, DeviceFailed> {
        let (rows, row) = (self.rows(world), *id.as_bytes());
        let record: Found<RecordRow> = rows.get(Table::Record, row).await?;
        let expected = record.expected();
        let Some(record) = record.value else {
            return Ok(TakenBack { version: Version::ZERO, writes: vec![rows::erase(Table::Record, row, expected)] });
        };
        let unchanged = rows.put(Table::Record, row, expected, &record, &mut world.rng());
        let text = record.sealed.as_ref().and_then(|sealed| records::open(&self.owner, &record.head, &sealed.0).ok());
        let Some(draft) = text.and_then(|text| Draft::from_bytes(&text).ok()) else {
            // Nobody has read it here: the server refuses to drop it unread.
            return Ok(TakenBack { version: Version::ZERO, writes: vec![unchanged] });
        };
        let here: Found<LocalDraft> = rows.get(Table::Draft, row).await?;
        let sent = Draft::of(letter.written.clone(), world.now()).print();
        let print = draft.print();
        let seen_there = here.value.as_ref().is_some_and(|here| here.seen.contains(&print));
        let mut writes = vec![unchanged];
        if print != sent && !letter.seen.contains(&print) && !seen_there {
            let (to, version) = match here.tag {
                None => (id, record.head.version),
                Some(_) => (fresh(world), Version::ZERO),
            };
            let local = LocalDraft { seen: vec![print], draft, version, look_first: false };
            writes.push(rows.put(Table::Draft, *to.as_bytes(), Expected::Nothing, &local, &mut world.rng()));
        }
        Ok(TakenBack { version: record.head.version, writes })
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
                Err(error @ (DraftError::Device(_) | DraftError::Answered(_) | DraftError::TooLong)) => {
                    return Err(error);
                }
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
                drop(state);
                self.remember_draft(&draft);
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
            self.state.borrow_mut().replica.draft_erased(id);
        }
        Ok(())
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
        let outgoing = rows.scan::<Going>(Table::Outgoing).await?;
        let waiting = rows.scan::<Waiting>(Table::Waiting).await?;
        let mut state = self.state.borrow_mut();
        state.drafts_here = drafts.into_iter().map(RecordId::from_bytes).collect();
        state.outgoing = outgoing.into_iter().map(|(id, ..)| RecordId::from_bytes(id)).collect();
        state.waiting = waiting.into_iter().map(|(row, _, waiting)| (row, waiting.record)).collect();
        Ok(())
    }
}

pub(super) fn fresh(world: &impl World) -> RecordId {
    RecordId::new(world.now(), &mut world.rng())
}

pub(super) fn is_not_found(error: &CallError) -> bool {
    error.problem() == Some(ProblemType::NotFound)
}

pub(super) fn is_gone(error: &RecordError) -> bool {
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
mod tests;
