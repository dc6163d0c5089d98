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

use super::{Answers, ReadError};

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
        Ok(Answers::to(&self.peek(world, letter).await?))
    }

    /// Keeps a letter as far as it is written: on this device when this returns, at the server as soon as it answers.
    ///
    /// # Errors
    /// [`DraftError`]
    pub async fn save_draft(
        &mut self,
        world: &impl World,
        id: Option<RecordId>,
        draft: Unfinished,
    ) -> Result<RecordId, DraftError> {
        let id = id.unwrap_or_else(|| RecordId::new(world.now(), &mut world.rng()));
        self.load_unsent(world).await?;
        self.unsent.drafts.insert(id, draft);
        self.save_unsent(world).await?;
        match self.hand_in(world, id).await {
            // The server can have it later.
            Err(DraftError::Record(RecordError::Call(error))) if error.explain().class == Class::Unavailable => Ok(id),
            handed_in => handed_in.map(|()| id),
        }
    }

    /// Hands in what this device kept while the server could not be reached; says whether everything was.
    pub async fn hand_in_drafts(&mut self, world: &impl World) -> bool {
        if self.load_unsent(world).await.is_err() {
            return false;
        }
        for id in self.unsent.drafts.keys().copied().collect::<Vec<_>>() {
            if self.hand_in(world, id).await.is_err() {
                return false;
            }
        }
        true
    }

    async fn hand_in(&mut self, world: &impl World, id: RecordId) -> Result<(), DraftError> {
        let Some(bytes) = self.unsent.drafts.get(&id).map(Unfinished::to_bytes) else { return Ok(()) };
        self.records(world).write_draft(&mut world.rng(), id, &bytes).await?;
        self.unsent.drafts.remove(&id);
        Ok(self.save_unsent(world).await?)
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
        numbers::{ChangeNumber, Version},
        records::RecordHead,
    };

    use super::*;
    use crate::fixtures::{NOW, TestWorld, annas_mailbox, ok, ready};
    use crate::{index, letters::Unsent, world::Item};

    fn unfinished(text: &str) -> Unfinished {
        Unfinished { to: vec!["bjorn@".into()], subject: String::new(), text: text.into(), answers: None, saved: NOW }
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
        let id = ready(mailbox.save_draft(&world, None, unfinished("Hemligt"))).unwrap();
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
        let id = ready(mailbox.save_draft(&world, None, unfinished("Hemligt"))).unwrap();
        ready(mailbox.erase_draft(&world, id)).unwrap_err();
        let kept: Unsent = ready(index::load(&world, &mailbox.owner, Item::Unsent)).unwrap();
        assert!(kept.drafts.is_empty());
    }

    #[test]
    fn what_two_tabs_draft_without_a_network_is_handed_in_by_either() {
        let world = TestWorld::default();
        let (mut one, mut other) = (annas_mailbox(), annas_mailbox());
        let first = ready(one.save_draft(&world, None, unfinished("Hej"))).unwrap();
        let second = ready(other.save_draft(&world, None, unfinished("Hej igen"))).unwrap();
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
            assert_eq!(ready(mailbox.save_draft(&world, Some(id), unfinished(text))), Ok(id));
        }
        let conditions: Vec<_> = world.server.asked.borrow().iter().map(|asked| asked.headers[1].clone()).collect();
        assert_eq!(conditions, [("if-none-match", "*".into()), ("if-match", "\"1\"".into())]);
        assert_eq!(ready(mailbox.draft(&world, id)).unwrap().text, "Hej igen");
    }
}
