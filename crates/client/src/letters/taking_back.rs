//! Taking one's own letter back while the server holds it: it is a draft again, with every word (PROTOCOL §4.3).

use securemailbox_protocol::{endpoints, ids::LetterId, letters::HoldRefusal, problems::ProblemType};
use securemailbox_vault::letters::Letter;

use crate::{
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
    /// Makes a letter that is held a draft again. The draft is written first: whatever breaks, no word is lost.
    ///
    /// # Errors
    /// [`TakeBackError`]
    pub async fn take_letter_back(&self, world: &impl World, id: LetterId) -> Result<SavedDraft, TakeBackError> {
        let letter = self.peek(world, id).await?;
        let saved = self.save_draft(world, None, Draft::of(as_written(&letter), world.now())).await?;
        self.forget_unanswered(world, id).await?;
        match self.session.api(world).tell(endpoints::TAKE_BACK.of(id), &()).await {
            Ok(()) => Ok(saved),
            Err(error) => match error.problem() {
                // An earlier try took it back, and its answer was lost.
                Some(ProblemType::NotFound) => Ok(saved),
                Some(ProblemType::AlreadyReleased) => {
                    self.erase_draft(world, saved.id).await?;
                    Err(TakeBackError::Released)
                }
                _ => Err(error.into()),
            },
        }
    }

    /// Where its post was never answered it waits here as well, and would be posted once more.
    async fn forget_unanswered(&self, world: &impl World, id: LetterId) -> Result<(), DeviceFailed> {
        for (row, _, waiting) in self.rows(world).scan::<Waiting>(Table::Waiting).await? {
            if waiting.id == id {
                self.forget_waiting(world, row).await?;
            }
        }
        Ok(())
    }

    /// Lets a letter go that is held: its writer does not want it back.
    ///
    /// # Errors
    /// [`CallError`]: it goes by itself when its time has come.
    pub async fn release_letter(&self, world: &impl World, id: LetterId) -> Result<(), CallError> {
        self.session.api(world).tell(endpoints::RELEASE.of(id), &()).await
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
            if let Ok(saved) = self.take_letter_back(world, id).await {
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

/// What was sealed, as it was written.
fn as_written(letter: &Letter) -> Addressed {
    let answers = letter.references().split_last().map(|(answered, before)| Answers {
        thread: letter.thread(),
        letter: *answered,
        references: before.to_vec(),
    });
    Addressed {
        to: letter.to().to_vec(),
        cc: letter.cc().to_vec(),
        subject: letter.subject().into(),
        text: letter.text().into(),
        answers,
    }
}
