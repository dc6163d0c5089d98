//! Sending: look up, seal, keep, post, and only then forget (PROTOCOL §4.1–3).

use securemailbox_protocol::{
    address::Address,
    ids::{LetterId, RecordId, ThreadId},
    letters::{Hold, NewLetter, NewLetters, NewReader, Posted, SentDraft},
    numbers::Version,
    octets::Octets,
    problems::ProblemType,
    records::RecordPurpose,
};
use securemailbox_vault::{
    known_keys::KnownKey,
    letters::{Outgoing, SealRefused, seal},
};

use crate::{
    contacts::{Event, Standing},
    device::{DeviceFailed, Expected, RowId, Table, Tag, Write, Written},
    directory::LookUpError,
    failure::{CallError, Class, ClientProblem, Explained, Failure, explained},
    mailbox::Mailbox,
    recipient::Recipient,
    records::{RecordError, new_head},
    rows,
    world::World,
};

use super::{
    Addressed, DraftError, SentTo, TextPrint, Waiting,
    drafts::{TakenBack, is_gone},
    post,
};

/// How often a letter is sealed anew because a reader's key changed between look-up and post.
const TRIES: usize = 3;

/// How often the rows of a letter are written over what another tab writes into its draft meanwhile.
const TRIES_TO_WRITE: usize = 8;

/// What a letter is sealed from.
struct Source<'a> {
    /// What was written.
    written: &'a Addressed,
    /// The draft that it was.
    record: Option<RecordId>,
    /// The texts of that draft that its sender had seen.
    seen: Vec<TextPrint>,
    /// For how long the server holds it.
    hold: Option<Hold>,
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
        /// The reader whose key could not be had.
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
    /// It is on its way already: sealed in another tab, or by an earlier press.
    #[error("the letter is on its way already")]
    OnItsWay,
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
            | Self::OnItsWay
            | Self::Waiting { .. } => None,
            Self::LookUp { address, .. } => Some(address),
        }
    }
}

impl Failure for SendError {
    fn explain(&self) -> Explained {
        match self {
            Self::LookUp { cause, .. } => cause.explain(),
            Self::Seal(refused) => refused.explain(),
            Self::Device(error) => error.explain(),
            Self::Refused(error) => error.explain(),
            Self::NoDraft => DraftError::NotFound.explain(),
            Self::OnItsWay => {
                explained(ClientProblem::Waiting, Class::Unavailable, "It goes out by itself; do not send it again.")
            }
            Self::Waiting { cause, .. } => Explained {
                advice: "Do not send it again: the next command posts it, with the same id, so that it arrives once.",
                retry_after: None,
                ..cause.explain()
            },
        }
    }
}

/// A letter from an earlier run that still waits.
pub struct StillWaiting {
    /// Its id.
    pub id: LetterId,
    /// The row it waits in.
    pub(super) row: RowId,
    /// What it was sealed from.
    pub(super) written: Addressed,
    /// The draft that it was.
    pub(super) record: Option<RecordId>,
    /// The texts of that draft that its sender had seen.
    pub(super) seen: Vec<TextPrint>,
    /// What stood in the way of its post.
    pub cause: SendError,
}

/// What becomes of a sealed letter that can't be sealed anew.
#[derive(Clone, Copy, PartialEq, Eq)]
enum IfItCantGo {
    /// It was never promised, and goes from the device.
    Forget,
    /// It waits for its sender.
    Wait,
}

impl Mailbox {
    /// Sends a letter. When this returns without an error, it lies on disk in every reader's mailbox.
    ///
    /// # Errors
    /// [`SendError`]: nothing went out, except for [`SendError::Waiting`], where the letter is kept and goes out once.
    pub async fn send(&self, world: &impl World, written: &Addressed) -> Result<Sent, SendError> {
        self.send_from(world, written, None, None, Vec::new()).await
    }

    /// Sends a letter as [`Mailbox::send`] does; its draft goes in the same act. `also` is written on the device with the
    /// sealed letter, or the letter is not sent: another tab was faster.
    ///
    /// # Errors
    /// [`SendError`]
    pub(super) async fn send_from(
        &self,
        world: &impl World,
        written: &Addressed,
        record: Option<RecordId>,
        hold: Option<Hold>,
        also: Vec<Write>,
    ) -> Result<Sent, SendError> {
        if let Some(record) = record
            && (self.is_spent_here(world, record).await? || self.state.borrow().replica.was_erased(record))
        {
            return Err(SendError::NoDraft);
        }
        let seen = {
            let state = self.state.borrow();
            record.and_then(|record| state.seen_texts.get(&record)).cloned().unwrap_or_default()
        };
        let from = Source { written, record, seen, hold };
        self.seal_and_post(world, &from, None, Expected::Nothing, also, IfItCantGo::Forget).await
    }

    /// `ready` is a letter that is sealed already.
    async fn seal_and_post(
        &self,
        world: &impl World,
        from: &Source<'_>,
        mut ready: Option<(Waiting, Vec<Recipient>)>,
        mut over: Expected,
        mut also: Vec<Write>,
        if_it_cant_go: IfItCantGo,
    ) -> Result<Sent, SendError> {
        let record = from.record;
        let mut stale = CallError::Unreadable;
        for _ in 0..TRIES {
            let sealed = match ready.take() {
                Some(sealed) => Ok(sealed),
                None => self.seal(world, from).await,
            };
            let (mut waiting, readers) = match sealed {
                Ok(sealed) => sealed,
                Err(error) => {
                    // A letter without a draft was forgotten when it had to be sealed anew.
                    if let (IfItCantGo::Forget, Some(record), Expected::Row(_)) = (if_it_cant_go, record, over) {
                        self.forget_waiting(world, *record.as_bytes()).await?;
                    }
                    return Err(error);
                }
            };
            let row = waiting.row();
            over = Expected::Row(self.keep_sealed(world, &mut waiting, over, std::mem::take(&mut also)).await?);
            {
                let mut state = self.state.borrow_mut();
                state.waiting.insert(row, record);
                if let Some(record) = record {
                    state.outgoing.remove(&record);
                }
            }
            match post(&self.session.api(world), &waiting).await {
                Ok(posted) => {
                    self.acknowledged(world, &waiting, &posted, &readers).await?;
                    let readers = readers.iter().map(|reader| (reader.certificate.address().clone(), reader.standing));
                    return Ok(Sent { id: waiting.id, readers: readers.collect() });
                }
                Err(error) if must_be_sealed_anew(&error) => {
                    self.forget_look_ups();
                    if record.is_none() {
                        // A letter without a draft waits under its own id, and the next one has another.
                        self.forget_waiting(world, row).await?;
                        over = Expected::Nothing;
                    }
                    stale = error;
                }
                Err(error) if error.problem() == Some(ProblemType::StaleDraft) => {
                    if let Err(error) = self.look_at_sent_draft(world, &waiting).await {
                        // Where nobody could be asked it stays, as it is said to.
                        if error == SendError::NoDraft {
                            self.forget_waiting(world, row).await?;
                        }
                        return Err(error);
                    }
                    ready = Some((waiting, readers));
                    stale = error;
                }
                Err(cause) if may_have_been_taken(&cause) => {
                    return Err(SendError::Waiting { id: waiting.id, cause });
                }
                Err(error) => {
                    self.forget_waiting(world, row).await?;
                    return Err(SendError::Refused(error));
                }
            }
        }
        Err(SendError::Refused(stale))
    }

    /// Writes a sealed letter down, and says what its row begins with. What is known here of its draft is looked at in the
    /// same act: another tab's letter may have gone meanwhile, or another tab's text may have been handed in. The version
    /// that was looked at is the one that goes.
    async fn keep_sealed(
        &self,
        world: &impl World,
        waiting: &mut Waiting,
        over: Expected,
        also: Vec<Write>,
    ) -> Result<Tag, SendError> {
        let rows = self.rows(world);
        for _ in 0..TRIES_TO_WRITE {
            let mut writes = also.clone();
            if let Some(record) = waiting.record {
                let TakenBack { version, writes: of_the_draft } = self.taken_back(world, record, waiting).await?;
                waiting.letters.draft = Some(SentDraft { id: record, version });
                writes.push(rows::erase(Table::Spent, *record.as_bytes(), Expected::Nothing));
                writes.extend(of_the_draft);
            }
            let write = rows.put(Table::Waiting, waiting.row(), over, waiting, &mut world.rng());
            let tag = write.bytes.as_deref().map(Tag::of);
            writes.push(write);
            if let (Written::Whole, Some(tag)) = (rows.write(writes).await?, tag) {
                return Ok(tag);
            }
            let Some(record) = waiting.record else { break };
            if self.is_spent_here(world, record).await? {
                return Err(SendError::NoDraft);
            }
        }
        Err(SendError::OnItsWay)
    }

    /// The server has another version of a letter's draft than was named, or none. What it has is written down, so that
    /// the next [`Mailbox::keep_sealed`] looks at it.
    async fn look_at_sent_draft(&self, world: &impl World, waiting: &Waiting) -> Result<(), SendError> {
        let Some(record) = waiting.record else { return Ok(()) };
        match self.fetch_record(world, &new_head(record, RecordPurpose::Draft)).await {
            Ok(_) => Ok(self.write_records_down(world).await?),
            Err(error) if is_gone(&error) => Err(SendError::NoDraft),
            Err(RecordError::Call(cause)) => Err(SendError::Waiting { id: waiting.id, cause }),
            Err(_) => Err(SendError::Waiting { id: waiting.id, cause: CallError::Unreadable }),
        }
    }

    /// Posts what waits from earlier runs: first with the same id and bytes; if a reader's key is another by now, and the
    /// person would be allowed to write to it, sealed anew.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn send_waiting(&self, world: &impl World) -> Result<Vec<StillWaiting>, DeviceFailed> {
        self.look_at_unsent(world).await?;
        let mut still = Vec::new();
        for (row, tag, mut waiting) in self.rows(world).scan::<Waiting>(Table::Waiting).await? {
            let id = waiting.id;
            // It has waited long enough to be undone.
            let was_held = waiting.letters.hold.take().is_some();
            let Waiting { written, record, seen, .. } = waiting.clone();
            let from = Source { written: &written, record, seen, hold: None };
            let sent = match post(&self.session.api(world), &waiting).await {
                Ok(posted) => {
                    self.acknowledged(world, &waiting, &posted, &[]).await?;
                    if was_held {
                        // The first post may have arrived. What is not released now is, when its time is over.
                        let _ = self.release_letter(world, id).await;
                    }
                    continue;
                }
                Err(error) if must_be_sealed_anew(&error) => {
                    self.forget_look_ups();
                    // A letter without a draft waits under its own id: the new one takes the old one's place by erasing it.
                    let (over, also) = match record {
                        Some(_) => (Expected::Row(tag), Vec::new()),
                        None => (Expected::Nothing, vec![rows::erase(Table::Waiting, row, Expected::Row(tag))]),
                    };
                    self.seal_and_post(world, &from, None, over, also, IfItCantGo::Wait).await
                }
                Err(error) if error.problem() == Some(ProblemType::StaleDraft) => {
                    match self.look_at_sent_draft(world, &waiting).await {
                        Ok(()) => {
                            let ready = Some((waiting, Vec::new()));
                            self.seal_and_post(world, &from, ready, Expected::Row(tag), Vec::new(), IfItCantGo::Wait)
                                .await
                        }
                        Err(error) => Err(error),
                    }
                }
                Err(cause) if may_have_been_taken(&cause) => Err(SendError::Waiting { id, cause }),
                Err(cause) => Err(SendError::Refused(cause)),
            };
            if let Err(cause) = sent {
                still.push(StillWaiting { id, row, record, seen: from.seen, written, cause });
            }
        }
        Ok(still)
    }

    /// Whether a draft was sent or erased, as far as this device knows, whichever tab did it.
    pub(super) async fn is_spent_here(&self, world: &impl World, record: RecordId) -> Result<bool, DeviceFailed> {
        Ok(self.rows(world).get::<Version>(Table::Spent, *record.as_bytes()).await?.tag.is_some())
    }

    /// Gives a sealed letter up.
    pub(super) async fn forget_waiting(&self, world: &impl World, row: RowId) -> Result<(), DeviceFailed> {
        self.state.borrow_mut().waiting.remove(&row);
        self.rows(world).write(vec![rows::erase(Table::Waiting, row, Expected::Anything)]).await.map(drop)
    }

    async fn seal(&self, world: &impl World, from: &Source<'_>) -> Result<(Waiting, Vec<Recipient>), SendError> {
        let Source { written, record, seen, hold } = from;
        let mut readers = Vec::with_capacity(written.to.len() + written.cc.len());
        for address in written.to.iter().chain(&written.cc) {
            let recipient = self.recipient(world, address).await;
            readers.push(recipient.map_err(|cause| SendError::LookUp { address: address.clone(), cause })?);
        }
        let outgoing = self.outgoing(world, written, &readers);
        let sealed = seal(&outgoing, self.keyring.present(), &mut world.rng())?;
        let account_of = |certificate| {
            let other = readers.iter().find(|reader| reader.certificate.hash() == certificate);
            other.map_or(self.owner.account, |reader| reader.account)
        };
        let holders = sealed.wrapped.into_iter().map(|wrapped| NewReader {
            account: account_of(wrapped.certificate),
            certificate: wrapped.certificate,
            wrapped_key: wrapped.bytes.into(),
        });
        let letter = NewLetter {
            id: outgoing.id,
            thread: outgoing.thread,
            envelope: sealed.envelope.into(),
            content_hash: sealed.content_hash,
            level: None,
            readers: holders.collect(),
        };
        let keys =
            readers.iter().map(|reader| (reader.certificate.address().clone(), reader.certificate.fingerprint()));
        let waiting = Waiting {
            id: outgoing.id,
            letters: NewLetters { letters: vec![letter], draft: None, hold: *hold },
            contents: vec![Octets(sealed.content)],
            written: (*written).clone(),
            record: *record,
            seen: seen.clone(),
            sent_to: SentTo { content: sealed.content_hash, readers: keys.collect() },
        };
        Ok((waiting, readers))
    }

    fn outgoing(&self, world: &impl World, written: &Addressed, readers: &[Recipient]) -> Outgoing {
        let answers = written.answers.as_ref();
        let mut to: Vec<_> = readers.iter().map(|reader| reader.certificate.clone()).collect();
        let cc = to.split_off(written.to.len());
        Outgoing {
            id: LetterId::new(world.now(), &mut world.rng()),
            thread: answers.map_or_else(|| ThreadId::new(&mut world.rng()), |answers| answers.thread),
            name: Some(self.name()),
            to,
            cc,
            subject: written.subject.clone(),
            text: written.text.clone(),
            date: world.now(),
            in_reply_to: answers.map(|answers| answers.letter),
            references: answers
                .map_or_else(Vec::new, |answers| answers.references.iter().copied().chain([answers.letter]).collect()),
        }
    }

    /// The server has it, and dropped its draft in the same act.
    async fn acknowledged(
        &self,
        world: &impl World,
        waiting: &Waiting,
        posted: &Posted,
        readers: &[Recipient],
    ) -> Result<(), DeviceFailed> {
        for reader in readers.iter().filter(|reader| reader.standing != Standing::Own) {
            let key = KnownKey::first(&reader.certificate).used();
            self.pin(world, reader.certificate.address(), Event::Met(key));
        }
        let rows = self.rows(world);
        let mut written = Written::Stale;
        for _ in 0..TRIES_TO_WRITE {
            let mut writes = vec![
                rows::erase(Table::Waiting, waiting.row(), Expected::Anything),
                self.remember_sent(world, waiting.id, waiting.sent_to.clone()),
            ];
            if let Some(record) = waiting.record {
                writes.push(rows::erase(Table::Outgoing, *record.as_bytes(), Expected::Anything));
                writes.extend(self.forget_draft(world, record, waiting).await?);
                let version = self.state.borrow().replica.head(record).map(|head| head.version).unwrap_or_default();
                // At once, so that another tab that has the draft open does not send it again.
                writes.push(rows.put(Table::Spent, *record.as_bytes(), Expected::Anything, &version, &mut world.rng()));
            }
            written = rows.write(writes).await?;
            if written == Written::Whole {
                break;
            }
        }
        if written == Written::Stale {
            return Err(DeviceFailed);
        }
        let mut state = self.state.borrow_mut();
        state.waiting.remove(&waiting.row());
        if let Some(record) = waiting.record {
            state.drafts_here.remove(&record);
            state.outgoing.remove(&record);
            state.replica.draft_sent(record, posted.drafts_erased);
        }
        Ok(())
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
        CallError::TooLargeForProxy => false,
        CallError::UnknownProblem(status) => *status >= 500,
        CallError::Problem(problem) => matches!(
            problem.kind,
            ProblemType::Internal
                | ProblemType::Busy
                | ProblemType::StorageFull
                | ProblemType::RequestTimeout
                | ProblemType::TooManyRequests
                | ProblemType::TooManyLetters
                | ProblemType::NotSignedIn
        ),
    }
}

#[cfg(test)]
mod tests;
