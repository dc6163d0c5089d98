//! Sending: look up, seal, keep, post, and only then forget (PROTOCOL §4.1–3).

use serde::{Deserialize, Serialize};

use securemailbox_protocol::{
    address::Address,
    ids::{LetterId, RecordId, ThreadId},
    letters::{NewLetter, NewLetters, NewReader},
    octets::Octets,
    problems::ProblemType,
};
use securemailbox_vault::{
    known_keys::KnownKey,
    letters::{Letter, Outgoing, SealRefused, seal},
};

use crate::{
    contacts::{Event, Standing},
    directory::{LookUpError, Recipient},
    failure::{CallError, Class, Explained, Failure, explained},
    index::{self, LocalError},
    mailbox::Mailbox,
    world::{DeviceFailed, Item, World},
};

use super::{DraftError, Waiting, unsent};

/// How often a letter is sealed anew because a reader's key changed between look-up and post.
const TRIES: usize = 3;

/// A letter as its writer has it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// To whom; no address twice.
    pub to: Vec<Address>,
    /// The subject, one line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The letter it answers, with its conversation; none begins a new one.
    pub answers: Option<Answers>,
}

/// Which letter is answered.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// Its conversation.
    thread: ThreadId,
    /// Itself.
    letter: LetterId,
    /// The letters before it, oldest first.
    references: Vec<LetterId>,
}

impl Answers {
    /// Which letter it is.
    #[must_use]
    pub const fn letter(&self) -> LetterId {
        self.letter
    }

    /// To this letter.
    #[must_use]
    pub fn to(letter: &Letter) -> Self {
        Self { thread: letter.thread(), letter: letter.id(), references: letter.references().to_vec() }
    }
}

/// A letter lies in every reader's mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Its id.
    pub id: LetterId,
    /// How each reader's key stood when it went out.
    pub readers: Vec<(Address, Standing)>,
}

/// A letter did not go out, or it is not known whether it did.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// One of the readers can't be written to.
    #[error("{cause}")]
    LookUp {
        /// Who.
        address: Address,
        /// Why not.
        cause: LookUpError,
    },
    /// The letter itself won't do.
    #[error(transparent)]
    Seal(#[from] SealRefused),
    /// This device could not keep the letter, so it was not posted.
    #[error(transparent)]
    Device(#[from] DeviceFailed),
    /// The server refused it.
    #[error(transparent)]
    Refused(CallError),
    /// Its draft is gone: it was sent or erased, here or elsewhere.
    #[error("the draft was sent or erased meanwhile")]
    NoDraft,
    /// The server did not answer for it. The letter is kept, and posted again the next time, once.
    #[error("the letter was not acknowledged, and waits on this device: {cause}")]
    Waiting {
        /// Its id.
        id: LetterId,
        /// What stood in the way.
        cause: CallError,
    },
}

impl SendError {
    /// Which reader can't be written to; none where nobody could be asked for.
    #[must_use]
    pub fn reader(&self) -> Option<&Address> {
        match self {
            Self::LookUp { cause: LookUpError::Call(_), .. }
            | Self::Seal(_)
            | Self::Device(_)
            | Self::Refused(_)
            | Self::NoDraft
            | Self::Waiting { .. } => None,
            Self::LookUp { address, .. } => Some(address),
        }
    }
}

impl Failure for SendError {
    fn explain(&self) -> Explained {
        match self {
            Self::LookUp { cause, .. } => cause.explain(),
            Self::Seal(_) => explained("letter-refused", Class::Refused, "Change the letter, and send it again."),
            Self::Device(error) => error.explain(),
            Self::Refused(error) => error.explain(),
            Self::NoDraft => DraftError::NotFound.explain(),
            Self::Waiting { cause, .. } => Explained {
                advice: "Do not send it again: the next command posts it, with the same id, so that it arrives once.",
                retry_after: None,
                ..cause.explain()
            },
        }
    }
}

/// A letter from an earlier run that still waits.
#[derive(Debug)]
pub struct StillWaiting {
    /// Its id.
    pub id: LetterId,
    /// Why.
    pub cause: SendError,
}

impl Mailbox {
    /// Sends a letter. When this returns without an error, it lies on disk in every reader's mailbox.
    ///
    /// # Errors
    /// [`SendError`]: nothing went out, except for [`SendError::Waiting`], where the letter is kept and goes out once.
    pub async fn send(&mut self, world: &impl World, draft: &Draft) -> Result<Sent, SendError> {
        self.send_from(world, draft, None).await
    }

    /// Sends a letter as [`Mailbox::send`] does, and erases the record it was drafted in once it has gone out.
    ///
    /// # Errors
    /// [`SendError`]
    pub async fn send_from(
        &mut self,
        world: &impl World,
        draft: &Draft,
        record: Option<RecordId>,
    ) -> Result<Sent, SendError> {
        self.load_unsent(world).await?;
        if record.is_some_and(|record| self.index.held.was_erased(record)) {
            return Err(SendError::NoDraft);
        }
        let mut stale = CallError::Unreadable;
        for _ in 0..TRIES {
            let (waiting, readers) = self.seal(world, draft, record).await?;
            self.unsent.waiting.push(waiting.clone());
            self.unsent.outgoing.retain(|outgoing, _| Some(*outgoing) != record);
            if let Err(error) = self.save_unsent(world).await {
                self.unsent.drop_letter(waiting.id);
                return Err(error.into());
            }
            match unsent::post(&self.session.api(world), &waiting).await {
                Ok(_) => {
                    self.acknowledged(world, &waiting, &readers).await?;
                    let readers = readers.iter().map(|reader| (reader.certificate.address().clone(), reader.standing));
                    return Ok(Sent { id: waiting.id, readers: readers.collect() });
                }
                Err(error) if must_be_sealed_anew(&error) => {
                    self.unsent.drop_letter(waiting.id);
                    self.save_unsent(world).await?;
                    stale = error;
                }
                Err(cause) if may_have_been_taken(&cause) => {
                    return Err(SendError::Waiting { id: waiting.id, cause });
                }
                Err(error) => {
                    self.unsent.drop_letter(waiting.id);
                    self.save_unsent(world).await?;
                    return Err(SendError::Refused(error));
                }
            }
        }
        Err(SendError::Refused(stale))
    }

    /// Posts what waits from earlier runs: first with the same id and bytes; if a reader's key is another by now, and the
    /// person would be allowed to write to it, sealed anew.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn send_waiting(&mut self, world: &impl World) -> Result<Vec<StillWaiting>, DeviceFailed> {
        self.load_unsent(world).await?;
        let mut still = Vec::new();
        for waiting in self.unsent.waiting.clone() {
            let id = waiting.id;
            match unsent::post(&self.session.api(world), &waiting).await {
                Ok(_) => self.acknowledged(world, &waiting, &[]).await?,
                Err(error) if must_be_sealed_anew(&error) => {
                    match self.send_from(world, &waiting.draft, waiting.record).await {
                        Ok(_) | Err(SendError::Waiting { .. }) => {
                            self.unsent.drop_letter(id);
                            self.save_unsent(world).await?;
                        }
                        Err(cause) => still.push(StillWaiting { id, cause }),
                    }
                }
                Err(cause) if may_have_been_taken(&cause) => {
                    still.push(StillWaiting { id, cause: SendError::Waiting { id, cause } });
                }
                Err(error) => still.push(StillWaiting { id, cause: SendError::Refused(error) }),
            }
        }
        Ok(still)
    }

    async fn seal(
        &mut self,
        world: &impl World,
        draft: &Draft,
        record: Option<RecordId>,
    ) -> Result<(Waiting, Vec<Recipient>), SendError> {
        let mut readers = Vec::with_capacity(draft.to.len());
        for address in &draft.to {
            let looked_up = self.look_up(world, address).await;
            readers.push(looked_up.map_err(|cause| SendError::LookUp { address: address.clone(), cause })?);
        }
        let id = LetterId::new(world.now(), &mut world.rng());
        let outgoing = Outgoing {
            id,
            thread: draft.answers.as_ref().map_or_else(|| ThreadId::new(&mut world.rng()), |answers| answers.thread),
            name: Some(self.name().into()),
            to: readers.iter().map(|reader| reader.certificate.clone()).collect(),
            cc: Vec::new(),
            subject: draft.subject.clone(),
            text: draft.text.clone(),
            date: world.now(),
            in_reply_to: draft.answers.as_ref().map(|answers| answers.letter),
            references: draft
                .answers
                .as_ref()
                .map_or_else(Vec::new, |answers| answers.references.iter().copied().chain([answers.letter]).collect()),
        };
        let sealed = seal(&outgoing, self.keyring.present(), &mut world.rng())?;
        let own = self.keyring.present().certificate().hash();
        let account_of = |certificate| {
            let other = readers.iter().find(|reader| reader.certificate.hash() == certificate);
            other.map_or(self.owner.account, |reader| reader.account)
        };
        debug_assert!(sealed.wrapped.iter().any(|wrapped| wrapped.certificate == own), "the sender keeps a copy");
        let letter = NewLetter {
            id,
            thread: outgoing.thread,
            envelope: sealed.envelope.into(),
            content_hash: sealed.content_hash,
            level: None,
            readers: sealed
                .wrapped
                .into_iter()
                .map(|wrapped| NewReader {
                    account: account_of(wrapped.certificate),
                    certificate: wrapped.certificate,
                    wrapped_key: wrapped.bytes.into(),
                })
                .collect(),
        };
        let letters = NewLetters { letters: vec![letter], draft: None };
        Ok((Waiting { id, letters, contents: vec![Octets(sealed.content)], draft: draft.clone(), record }, readers))
    }

    async fn acknowledged(
        &mut self,
        world: &impl World,
        waiting: &Waiting,
        readers: &[Recipient],
    ) -> Result<(), DeviceFailed> {
        for reader in readers.iter().filter(|reader| reader.standing != Standing::Own) {
            let key = KnownKey::first(&reader.certificate).used();
            self.pin(reader.certificate.address(), Event::Met(key));
        }
        if let Some(record) = waiting.record {
            // First, so that whoever is stopped between the two posts once more, with the same id, and ends with neither.
            // A draft that stayed would be sent again by a person who finds it.
            match self.erase_draft(world, record).await {
                Err(error) if error.explain().class == Class::Unavailable => return Ok(()),
                Ok(()) | Err(_) => {}
            }
        }
        self.unsent.drop_letter(waiting.id);
        self.save_unsent(world).await
    }

    /// What waits is what the device says: another tab of the same browser may have sent something, or kept something.
    /// What can't be read was not written by this mailbox since it was opened, and is written over.
    pub(super) async fn load_unsent(&mut self, world: &impl World) -> Result<(), DeviceFailed> {
        match index::load(world, &self.owner, Item::Unsent).await {
            Ok(unsent) => self.unsent = unsent,
            Err(LocalError::Device(failed)) => return Err(failed),
            Err(LocalError::Damaged) => {}
        }
        Ok(())
    }

    pub(super) async fn save_unsent(&self, world: &impl World) -> Result<(), DeviceFailed> {
        index::save(world, &self.owner, Item::Unsent, &self.unsent).await
    }
}

/// Another key, or an id that is taken: these bytes will never be accepted.
fn must_be_sealed_anew(error: &CallError) -> bool {
    matches!(error.problem(), Some(ProblemType::StaleKey | ProblemType::IdTaken))
}

/// Whether the letter has to stay: the server may have it, or will take it later as it is.
fn may_have_been_taken(error: &CallError) -> bool {
    match error {
        CallError::Unreachable(_) | CallError::Unreadable => true,
        CallError::UnknownProblem(status) => *status >= 500,
        CallError::Problem(problem) => matches!(
            problem.kind,
            ProblemType::Internal
                | ProblemType::Busy
                | ProblemType::RequestTimeout
                | ProblemType::TooManyRequests
                | ProblemType::NotSignedIn
        ),
    }
}

#[cfg(test)]
mod tests {
    use securemailbox_protocol::{
        letters::{Posted, PostedLetter},
        time::Timestamp,
    };

    use super::*;
    use crate::{
        fixtures::{NOW, TestWorld, address, annas_mailbox, identity, listing, ok, problem, ready},
        letters::Unsent,
    };

    const LOOK_UPS: &str = "/directory/look-ups";

    fn draft() -> Draft {
        Draft { to: vec![address("bjorn")], subject: "Provsvaren".into(), text: "Allt är bra.".into(), answers: None }
    }

    fn acknowledgement(id: LetterId) -> crate::transport::Response {
        ok(&Posted { letters: vec![PostedLetter { id, arrived: Timestamp::from_unix_millis(0) }], drafts_erased: None })
    }

    fn waiting_on_the_device(world: &TestWorld, mailbox: &Mailbox) -> Vec<LetterId> {
        let unsent: Unsent = ready(index::load(world, &mailbox.owner, Item::Unsent)).unwrap();
        unsent.waiting.iter().map(|waiting| waiting.id).collect()
    }

    #[test]
    fn a_letter_without_an_answer_is_kept_and_goes_out_again_with_the_same_bytes() {
        let (world, mut anna) = (TestWorld::default(), annas_mailbox());
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
        let Err(SendError::Waiting { id, .. }) = ready(anna.send(&world, &draft())) else { panic!("it was answered") };
        assert_eq!(waiting_on_the_device(&world, &anna), [id]);
        assert_eq!(ready(anna.send_waiting(&world)).unwrap().len(), 1);
        world.server.will("/letters", acknowledgement(id));
        assert_eq!(ready(anna.send_waiting(&world)).unwrap().len(), 0);
        assert!(waiting_on_the_device(&world, &anna).is_empty());
        let posts = world.server.bodies("/letters");
        assert_eq!(posts.len(), 3);
        assert!(posts.iter().all(|post| *post == posts[0]));
    }

    #[test]
    fn an_acknowledgement_of_another_letter_is_none() {
        let (world, mut anna) = (TestWorld::default(), annas_mailbox());
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
        world.server.will("/letters", acknowledgement(LetterId::from_bytes([9; 16])));
        assert!(matches!(ready(anna.send(&world, &draft())), Err(SendError::Waiting { .. })));
    }

    #[test]
    fn a_refused_letter_does_not_wait() {
        let (world, mut anna) = (TestWorld::default(), annas_mailbox());
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
        world.server.will("/letters", problem(ProblemType::TooLarge));
        assert!(matches!(ready(anna.send(&world, &draft())), Err(SendError::Refused(_))));
        assert!(waiting_on_the_device(&world, &anna).is_empty());
    }

    #[test]
    fn a_stale_key_is_looked_up_again_and_a_changed_one_is_not_written_to() {
        let (world, mut anna) = (TestWorld::default(), annas_mailbox());
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
        world.server.will("/letters", problem(ProblemType::StaleKey));
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 11)));
        let refused = ready(anna.send(&world, &draft()));
        assert!(
            matches!(refused, Err(SendError::LookUp { address: who, cause: LookUpError::KeyChanged }) if who == address("bjorn"))
        );
        assert!(waiting_on_the_device(&world, &anna).is_empty());
        assert_eq!(world.server.bodies("/letters").len(), 1);
    }

    #[test]
    fn a_waiting_letter_whose_reader_has_a_changed_key_waits_for_its_sender() {
        let (world, mut anna) = (TestWorld::default(), annas_mailbox());
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
        let Err(SendError::Waiting { id, .. }) = ready(anna.send(&world, &draft())) else { panic!("it was answered") };
        world.server.will("/letters", problem(ProblemType::StaleKey));
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 11)));
        let still = ready(anna.send_waiting(&world)).unwrap();
        assert!(matches!(still[0].cause, SendError::LookUp { cause: LookUpError::KeyChanged, .. }));
        assert_eq!(waiting_on_the_device(&world, &anna), [id]);
    }

    #[test]
    fn a_letter_is_wrapped_for_its_reader_and_its_sender_each_in_their_own_account() {
        let (world, mut anna) = (TestWorld::default(), annas_mailbox());
        let bjorn = identity("bjorn", 10);
        world.server.will(LOOK_UPS, listing(&bjorn));
        assert!(ready(anna.send(&world, &draft())).is_err());
        let readers = &anna.unsent.waiting[0].letters.letters[0].readers;
        let of = |certificate| readers.iter().find(|reader| reader.certificate == certificate).unwrap().account;
        assert_eq!(readers.len(), 2);
        assert_eq!(of(anna.keyring.present().certificate().hash()), anna.owner.account);
        assert_ne!(of(bjorn.certificate().hash()), anna.owner.account);
        assert_eq!(world.now(), NOW);
    }
}
