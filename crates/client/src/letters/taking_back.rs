//! Taking one's own letter back while the server holds it: it is a draft again, with every word (PROTOCOL §4.3).

use securemailbox_protocol::{
    endpoints,
    ids::LetterId,
    letters::{HeldLetters, HoldRefusal},
    problems::ProblemType,
};
use securemailbox_vault::{attachments::Attachment, letters::Letter};

use crate::{
    attachments::{DraftFile, FileId},
    device::{DeviceFailed, Table},
    failure::{CallError, Class, Explained, Failure, explained},
    mailbox::Mailbox,
    world::World,
};

use super::{Addressed, Answers, Draft, DraftError, GivenBack, NotSent, ReadError, SavedDraft, Waiting};

/// A letter was not taken back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TakeBackError {
    /// It could not be read, so that nothing could be kept of it; it goes out.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// This device could not keep it; it goes out.
    #[error(transparent)]
    Device(#[from] DeviceFailed),
    /// The server refused, or did not answer: then it may go out, and is a draft all the same.
    #[error(transparent)]
    Call(#[from] CallError),
    /// It lies in its readers' mailboxes, and is no draft.
    #[error("the letter has gone out already")]
    Released,
    /// It lies in its readers' mailboxes, and what should have been its draft could not be erased.
    #[error(transparent)]
    Draft(#[from] DraftError),
}

impl Failure for TakeBackError {
    fn explain(&self) -> Explained {
        match self {
            Self::Read(error) => error.explain(),
            Self::Device(error) => error.explain(),
            Self::Call(error) => error.explain(),
            Self::Released => {
                let kind = ProblemType::AlreadyReleased;
                explained(kind, Class::Refused, kind.advice())
            }
            Self::Draft(error) => error.explain(),
        }
    }
}

impl Mailbox {
    /// Makes letters that are held, and were posted together, a draft again. The draft is written first: whatever breaks, no
    /// word is lost.
    ///
    /// # Errors
    /// [`TakeBackError`]: all of them stay.
    pub async fn take_letters_back(
        &self,
        world: &impl World,
        letters: Vec<LetterId>,
    ) -> Result<SavedDraft, TakeBackError> {
        let mut read = Vec::with_capacity(letters.len());
        for id in &letters {
            read.push(self.peek(world, *id).await?);
        }
        let draft = Draft::of(as_written(&read).ok_or(ReadError::NotFound)?, world.now());
        let mut saved = self.save_draft(world, None, draft).await?;
        if let Some(letter) = read.first().filter(|letter| !letter.attachments().is_empty()) {
            // The files go with the last thing at the server that refers to them: that is the draft, before the letters are gone.
            self.remember_files(letter);
            saved = self.hand_in(world, saved.id).await?;
        }
        self.forget_unanswered(world, &letters).await?;
        match self.session.api(world).tell(endpoints::TAKE_BACK.here(), &HeldLetters { letters }).await {
            Ok(()) => Ok(saved),
            Err(error) => match error.problem() {
                // An earlier try took them back, and its answer was lost.
                Some(ProblemType::NotFound) => Ok(saved),
                Some(ProblemType::AlreadyReleased) => {
                    self.erase_draft(world, saved.id).await?;
                    Err(TakeBackError::Released)
                }
                _ => Err(error.into()),
            },
        }
    }

    /// Where their post was never answered it waits here as well, and would be made once more.
    async fn forget_unanswered(&self, world: &impl World, letters: &[LetterId]) -> Result<(), DeviceFailed> {
        for (row, _, waiting) in self.rows(world).scan::<Waiting>(Table::Waiting).await? {
            if letters.contains(&waiting.id) {
                self.forget_waiting(world, row).await?;
            }
        }
        Ok(())
    }

    /// Lets letters go that are held: their writer does not want them back.
    ///
    /// # Errors
    /// [`CallError`]: they go by themselves when their time has come.
    pub async fn release_letters(&self, world: &impl World, letters: Vec<LetterId>) -> Result<(), CallError> {
        self.session.api(world).tell(endpoints::RELEASE.here(), &HeldLetters { letters }).await
    }

    /// The letters that went out in one post with this one, itself among them; alone, where this device has not heard of it
    /// yet.
    #[must_use]
    pub fn posted_together(&self, id: LetterId) -> Vec<LetterId> {
        let together = self.state.borrow().replica.posted_together(id);
        if together.is_empty() { vec![id] } else { together }
    }

    /// Makes drafts of the letters that were held and could not be released. What can't be taken back now is, later.
    pub(super) async fn take_refused_back(&self, world: &impl World) -> Vec<GivenBack> {
        let refused: Vec<LetterId> = {
            let state = self.state.borrow();
            state.replica.entries().filter(|(_, brief)| brief.refused).map(|(id, _)| id).collect()
        };
        let mut given_back = Vec::new();
        for id in refused {
            let Some(why) = self.why_refused(world, id).await else { continue };
            if let Ok(saved) = self.take_letters_back(world, vec![id]).await {
                self.state.borrow_mut().replica.forget_refusal(id);
                given_back.push(GivenBack { record: saved.id, cause: NotSent::NotReleased(why) });
            }
        }
        given_back
    }

    async fn why_refused(&self, world: &impl World, id: LetterId) -> Option<HoldRefusal> {
        self.found(world, &[id]).await.ok()?.pop().flatten()?.row.entry.held?.refused
    }
}

/// What was sealed, as it was written; none of no letter. A blind copy without the letter that it is a copy of was refused
/// by itself, and is a letter to its reader.
fn as_written(letters: &[Letter]) -> Option<Addressed> {
    let is_named = |letter: &&Letter| letter.blind_reader().is_none();
    let (named, blind): (Vec<&Letter>, Vec<&Letter>) = letters.iter().partition(is_named);
    let blind = blind.into_iter().filter_map(Letter::blind_reader).map(|(address, _)| address.clone());
    let letter = letters.first()?;
    let answers = letter.references().split_last().map(|(answered, before)| Answers {
        thread: letter.thread(),
        letter: *answered,
        references: before.to_vec(),
    });
    let (subject, text, level) = (letter.subject().into(), letter.text().into(), letter.level());
    let file = |(number, attachment): (usize, &Attachment)| {
        DraftFile::of(FileId::of_letter(letter.id(), number), attachment.clone())
    };
    let files = letter.attachments().iter().enumerate().map(file).collect();
    let written = Addressed { subject, text, answers, level, files, ..Addressed::default() };
    Some(match &named[..] {
        [] => Addressed { to: blind.collect(), each: letters.len() > 1, ..written },
        [letter] => Addressed { to: letter.to().to_vec(), cc: letter.cc().to_vec(), bcc: blind.collect(), ..written },
        each => Addressed { to: each.iter().flat_map(|letter| letter.to()).cloned().collect(), each: true, ..written },
    })
}
