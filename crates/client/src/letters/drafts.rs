//! Letters that are being written: kept sealed on this device at once, and at the server as `draft` records (PROTOCOL
//! §3, §9a), so that they survive a lock, a reload and a lost network.

use serde::{Deserialize, Serialize};

use securemailbox_protocol::{
    ids::{LetterId, RecordId},
    problems::ProblemType,
    records::RecordPurpose,
    time::Timestamp,
};

use crate::{
    failure::{CallError, Class, Explained, Failure, explained},
    index::Index,
    mailbox::Mailbox,
    records::{RecordError, Records},
    sync,
    world::{DeviceFailed, World},
};

use super::{Answers, Draft, ReadError};

const FORMAT: &str = "securemailbox/1 draft";

/// A letter as far as it is written.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unfinished {
    /// The addresses, and whatever was typed in their place.
    pub to: Vec<String>,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The letter that it answers.
    pub answers: Option<Answers>,
    /// When it was saved, by the clock of the device that saved it.
    pub saved: Timestamp,
}

/// A draft, or why it is not shown.
pub struct Kept {
    /// Its record.
    pub id: RecordId,
    /// What it holds.
    pub draft: Result<Unfinished, RecordError>,
}

impl Kept {
    fn saved(&self) -> Option<Timestamp> {
        self.draft.as_ref().map(|draft| draft.saved).ok()
    }
}

/// A draft is kept on this device.
pub struct SavedDraft {
    /// Its record: another one than before if that one was erased meanwhile.
    pub id: RecordId,
    /// Why the server does not have it, if it won't take it later either.
    pub refused: Option<DraftError>,
}

/// A draft can't be kept or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// See there.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// See there.
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
            Self::NotFound => {
                explained("no-draft", Class::NotFound, "It was sent or erased. Look among the sent letters.")
            }
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    draft: Unfinished,
}

impl Unfinished {
    /// What a letter that was to go out is again.
    pub(super) fn of(draft: Draft, saved: Timestamp) -> Self {
        let to = draft.to.iter().map(|address| address.as_str().into()).collect();
        Self { to, subject: draft.subject, text: draft.text, answers: draft.answers, saved }
    }

    fn to_bytes(&self) -> Vec<u8> {
        #[expect(clippy::expect_used, reason = "our own type: string keys, no fallible Serialize")]
        serde_json::to_vec(&File { format: FORMAT.into(), draft: self.clone() }).expect("a draft is JSON")
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, RecordError> {
        let file: File = serde_json::from_slice(bytes).map_err(|_| RecordError::UnknownForm)?;
        if file.format == FORMAT { Ok(file.draft) } else { Err(RecordError::UnknownForm) }
    }
}

impl Mailbox {
    /// What is needed to answer a letter, from the draft that answers it already or from the letter itself.
    ///
    /// # Errors
    /// [`ReadError`]
    pub async fn answers(
        &mut self,
        world: &impl World,
        draft: Option<RecordId>,
        letter: LetterId,
    ) -> Result<Answers, ReadError> {
        if let Some(id) = draft
            && let Ok(Unfinished { answers: Some(answers), .. }) = self.draft(world, id).await
            && answers.letter() == letter
        {
            return Ok(answers);
        }
        match self.answerable.get(&letter) {
            Some(answers) => Ok(answers.clone()),
            None => Ok(Answers::to(&self.peek(world, letter).await?)),
        }
    }

    /// Keeps a letter as far as it is written: on this device when this returns, at the server as soon as it answers.
    ///
    /// # Errors
    /// [`DeviceFailed`]: it is kept nowhere.
    pub async fn save_draft(
        &mut self,
        world: &impl World,
        id: Option<RecordId>,
        draft: Unfinished,
    ) -> Result<SavedDraft, DeviceFailed> {
        let id = self.unspent(world, id);
        self.load_unsent(world).await?;
        self.unsent.drafts.insert(id, draft);
        self.save_unsent(world).await?;
        Ok(match self.hand_in(world, id).await {
            Ok(id) => SavedDraft { id, refused: None },
            Err(error) if error.explain().class == Class::Unavailable => SavedDraft { id, refused: None },
            Err(error) => SavedDraft { id, refused: Some(error) },
        })
    }

    /// Hands in what was kept while the server could not be reached; says whether everything was.
    pub async fn hand_in_drafts(&mut self, world: &impl World) -> bool {
        if self.load_unsent(world).await.is_err() {
            return false;
        }
        let mut all = true;
        for id in self.unsent.drafts.keys().copied().collect::<Vec<_>>() {
            all &= self.hand_in(world, id).await.is_ok();
        }
        all
    }

    /// Hands one in, and says under which id.
    async fn hand_in(&mut self, world: &impl World, id: RecordId) -> Result<RecordId, DraftError> {
        let Some(bytes) = self.unsent.drafts.get(&id).map(Unfinished::to_bytes) else { return Ok(id) };
        let mut to = self.unspent(world, Some(id));
        let mut written = self.records(world).write_draft(&mut world.rng(), to, &bytes).await;
        if matches!(&written, Err(RecordError::Call(error)) if is_not_found(error)) {
            // Erased since the last sync, by whoever sent it or threw it away elsewhere: this is another draft now.
            to = RecordId::new(world.now(), &mut world.rng());
            written = self.records(world).write_draft(&mut world.rng(), to, &bytes).await;
        }
        written?;
        self.unsent.drafts.remove(&id);
        self.save_unsent(world).await?;
        Ok(to)
    }

    /// An id to write under. That of an erased record is spent: the server would begin anew at version 1, which every
    /// device that saw a higher one refuses (ATTACKS 7).
    fn unspent(&self, world: &impl World, id: Option<RecordId>) -> RecordId {
        let unspent = id.filter(|id| !self.index.held.was_erased(*id));
        unspent.unwrap_or_else(|| RecordId::new(world.now(), &mut world.rng()))
    }

    /// Every draft, newest first.
    ///
    /// # Errors
    /// [`DraftError`]
    pub async fn drafts(&mut self, world: &impl World) -> Result<Vec<Kept>, DraftError> {
        self.load_unsent(world).await?;
        let mut kept: Vec<Kept> = Vec::new();
        for id in self.draft_ids() {
            let draft = match self.draft(world, id).await {
                Ok(draft) => Ok(draft),
                Err(DraftError::Record(RecordError::Call(error))) => return Err(RecordError::Call(error).into()),
                Err(DraftError::Record(error)) => Err(error),
                Err(DraftError::NotFound) => continue,
                Err(error @ (DraftError::Device(_) | DraftError::Answered(_))) => return Err(error),
            };
            let draft = Kept { id, draft };
            let place = kept.iter().position(|other| other.saved() < draft.saved()).unwrap_or(kept.len());
            kept.insert(place, draft);
        }
        Ok(kept)
    }

    /// How many drafts there are.
    #[must_use]
    pub fn count_drafts(&self) -> usize {
        self.draft_ids().len()
    }

    /// One draft.
    ///
    /// # Errors
    /// [`DraftError`]
    pub async fn draft(&mut self, world: &impl World, id: RecordId) -> Result<Unfinished, DraftError> {
        if let Some(draft) = self.unsent.drafts.get(&id) {
            return Ok(draft.clone());
        }
        match self.records(world).read_draft(id).await {
            Ok(plain) => Ok(Unfinished::from_bytes(&plain)?),
            Err(RecordError::Call(error)) if is_not_found(&error) => Err(DraftError::NotFound),
            Err(error) => Err(error.into()),
        }
    }

    /// Erases a draft, here and at the server.
    ///
    /// # Errors
    /// [`DraftError`]
    pub async fn erase_draft(&mut self, world: &impl World, id: RecordId) -> Result<(), DraftError> {
        let only_here = self.index.held.records().all(|head| head.id != id);
        self.load_unsent(world).await?;
        self.unsent.drafts.remove(&id);
        // Before the server is asked: what this device still kept would be handed in again after a reload.
        self.save_unsent(world).await?;
        let api = self.session.api(world);
        match api.delete(&format!("/records/{id}")).await {
            Err(error) if !is_not_found(&error) && !only_here => return Err(RecordError::Call(error).into()),
            _ => {}
        }
        sync::follow(&api, &mut self.index.held).await?;
        self.index.drop_erased();
        Ok(())
    }

    fn draft_ids(&self) -> Vec<RecordId> {
        let heads = self.index.held.records().filter(|head| head.purpose == RecordPurpose::Draft).map(|head| head.id);
        let mut ids: Vec<RecordId> = heads.collect();
        let only_here = self.unsent.drafts.keys().filter(|id| !ids.contains(id)).copied().collect::<Vec<_>>();
        ids.extend(only_here);
        ids
    }

    pub(crate) fn records<'a, W: World>(&'a mut self, world: &'a W) -> Records<'a, W::Transport> {
        let Index { held, records: kept, .. } = &mut self.index;
        Records { api: self.session.api(world), owner: &self.owner, held, kept }
    }
}

fn is_not_found(error: &CallError) -> bool {
    error.problem() == Some(ProblemType::NotFound)
}

#[cfg(test)]
mod tests {
    use securemailbox_protocol::{
        numbers::{ChangeNumber, EraseNumber, Version},
        records::RecordHead,
        sync::DraftIds,
    };

    use super::*;
    use crate::fixtures::{NOW, TestWorld, annas_mailbox, ok, problem, ready};
    use crate::{index, letters::Unsent, world::Item};

    fn unfinished(text: &str) -> Unfinished {
        Unfinished { to: vec!["bjorn@".into()], subject: String::new(), text: text.into(), answers: None, saved: NOW }
    }

    fn no_ids() -> DraftIds {
        DraftIds { change: ChangeNumber::new(0), erase: EraseNumber::new(0), ids: Vec::new() }
    }

    fn path(id: RecordId) -> &'static str {
        format!("/records/{id}?purpose=draft").leak()
    }

    fn written(id: RecordId, version: u64) -> crate::transport::Response {
        let (version, change) = (Version::new(version), ChangeNumber::new(version));
        ok(&RecordHead { id, purpose: RecordPurpose::Draft, version, change })
    }

    #[test]
    fn what_was_typed_without_a_network_is_kept_sealed_and_handed_in_later() {
        let (world, mut mailbox) = (TestWorld::default(), annas_mailbox());
        let id = ready(mailbox.save_draft(&world, None, unfinished("Hemligt"))).unwrap().id;
        assert_eq!(ready(mailbox.draft(&world, id)).unwrap().text, "Hemligt");
        let device = world.device.0.borrow()[&Item::Unsent].clone();
        assert!(!String::from_utf8_lossy(&device).contains("Hemligt"));
        assert!(!ready(mailbox.hand_in_drafts(&world)));
        world.server.will(path(id), written(id, 1));
        assert!(ready(mailbox.hand_in_drafts(&world)));
        assert!(mailbox.unsent.drafts.is_empty());
        assert_eq!(mailbox.count_drafts(), 1);
        let sent = world.server.bodies(path(id)).concat();
        assert!(!String::from_utf8_lossy(&sent).contains("Hemligt"));
    }

    #[test]
    fn a_draft_that_was_erased_is_not_handed_in_again_after_a_crash() {
        let (world, mut mailbox) = (TestWorld::default(), annas_mailbox());
        let id = ready(mailbox.save_draft(&world, None, unfinished("Hemligt"))).unwrap().id;
        ready(mailbox.erase_draft(&world, id)).unwrap_err();
        let kept: Unsent = ready(index::load(&world, &mailbox.owner, Item::Unsent)).unwrap();
        assert!(kept.drafts.is_empty());
    }

    #[test]
    fn what_two_tabs_draft_without_a_network_is_handed_in_by_either() {
        let world = TestWorld::default();
        let (mut one, mut other) = (annas_mailbox(), annas_mailbox());
        let first = ready(one.save_draft(&world, None, unfinished("Hej"))).unwrap().id;
        let second = ready(other.save_draft(&world, None, unfinished("Hej igen"))).unwrap().id;
        assert_eq!(ready(one.draft(&world, first)).unwrap().text, "Hej");
        assert_eq!(ready(one.drafts(&world)).unwrap().len(), 2);
        ready(one.keep(&world)).unwrap();
        for id in [first, second] {
            world.server.will(path(id), written(id, 1));
        }
        assert!(ready(other.hand_in_drafts(&world)));
        let kept: Unsent = ready(index::load(&world, &one.owner, Item::Unsent)).unwrap();
        assert!(kept.drafts.is_empty());
    }

    #[test]
    fn a_draft_saved_again_is_the_next_version_of_the_same_record() {
        let (world, mut mailbox) = (TestWorld::default(), annas_mailbox());
        let id = RecordId::from_bytes([7; 16]);
        world.server.will(path(id), written(id, 1));
        world.server.will(path(id), written(id, 2));
        for text in ["Hej", "Hej igen"] {
            assert_eq!(ready(mailbox.save_draft(&world, Some(id), unfinished(text))).unwrap().id, id);
        }
        let conditions: Vec<_> = world.server.asked.borrow().iter().map(|asked| asked.headers[1].clone()).collect();
        assert_eq!(conditions, [("if-none-match", "*".into()), ("if-match", "\"1\"".into())]);
        assert_eq!(ready(mailbox.draft(&world, id)).unwrap().text, "Hej igen");
    }

    #[test]
    fn what_is_written_on_in_an_erased_draft_is_another_draft() {
        let (world, mut mailbox) = (TestWorld::default(), annas_mailbox());
        let erased = RecordId::from_bytes([7; 16]);
        let head = RecordHead {
            id: erased,
            purpose: RecordPurpose::Draft,
            version: Version::new(2),
            change: ChangeNumber::new(1),
        };
        mailbox.index.held.take_record(head).unwrap();
        mailbox.index.held.take_draft_ids(&DraftIds { change: ChangeNumber::new(1), ..no_ids() }).unwrap();
        let saved = ready(mailbox.save_draft(&world, Some(erased), unfinished("Hej"))).unwrap();
        assert_ne!(saved.id, erased);
        assert!(world.server.bodies(path(erased)).is_empty(), "version 1 again would be refused by every other device");
    }

    #[test]
    fn a_draft_that_was_erased_since_the_last_sync_is_another_draft() {
        let (world, mut mailbox) = (TestWorld::default(), annas_mailbox());
        let erased = RecordId::from_bytes([7; 16]);
        world.server.will(path(erased), problem(ProblemType::NotFound));
        let saved = ready(mailbox.save_draft(&world, Some(erased), unfinished("Hej"))).unwrap();
        assert_eq!(saved.id, erased, "until the server has it under the new id");
        assert_eq!(ready(mailbox.draft(&world, erased)).unwrap().text, "Hej");
    }

    #[test]
    fn one_draft_that_the_server_refuses_stands_in_no_other_ones_way() {
        let (world, mut mailbox) = (TestWorld::default(), annas_mailbox());
        let [large, small] = [[1; 16], [2; 16]].map(RecordId::from_bytes);
        world.server.will(path(large), problem(ProblemType::TooLarge));
        let saved = ready(mailbox.save_draft(&world, Some(large), unfinished("Lång"))).unwrap();
        assert_eq!(saved.refused.unwrap().explain().name, "too-large");
        ready(mailbox.save_draft(&world, Some(small), unfinished("Kort"))).unwrap();
        world.server.will(path(large), problem(ProblemType::TooLarge));
        world.server.will(path(small), written(small, 1));
        assert!(!ready(mailbox.hand_in_drafts(&world)));
        assert_eq!(mailbox.unsent.drafts.keys().copied().collect::<Vec<_>>(), [large]);
    }
}
