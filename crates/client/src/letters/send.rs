//! Sending: look up, seal, keep, post, and only then forget (PROTOCOL §4.1–3).

use securemailbox_protocol::{
    address::Address,
    ids::{LetterId, RecordId, ThreadId},
    letters::{NewLetter, NewLetters, NewReader, Posted},
    numbers::Version,
    octets::Octets,
    problems::ProblemType,
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
    rows,
    world::World,
};

use super::{Addressed, DraftError, SentTo, TextPrint, Waiting, post};

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
            Self::Seal(_) => {
                explained(ClientProblem::LetterRefused, Class::Refused, "Change the letter, and send it again.")
            }
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
    /// Why.
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
        self.send_from(world, written, None, Vec::new()).await
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
        let from = Source { written, record, seen };
        self.seal_and_post(world, &from, Expected::Nothing, also, IfItCantGo::Forget).await
    }

    async fn seal_and_post(
        &self,
        world: &impl World,
        from: &Source<'_>,
        mut over: Expected,
        mut also: Vec<Write>,
        if_it_cant_go: IfItCantGo,
    ) -> Result<Sent, SendError> {
        let (rows, record) = (self.rows(world), from.record);
        let mut stale = CallError::Unreadable;
        for _ in 0..TRIES {
            let (waiting, readers) = match self.seal(world, from).await {
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
            let write = rows.put(Table::Waiting, row, over, &waiting, &mut world.rng());
            let tag = write.bytes.as_deref().map(Tag::of);
            self.keep_sealed(world, &waiting, write, over, std::mem::take(&mut also)).await?;
            over = tag.map_or(Expected::Anything, Expected::Row);
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

    /// Writes a sealed letter down. The first time that a draft is sealed, what else is known of it here is looked at in
    /// the same act: another tab's letter may have gone meanwhile, or another tab's text may have been handed in.
    async fn keep_sealed(
        &self,
        world: &impl World,
        waiting: &Waiting,
        write: Write,
        over: Expected,
        also: Vec<Write>,
    ) -> Result<(), SendError> {
        let rows = self.rows(world);
        let (Expected::Nothing, Some(record)) = (over, waiting.record) else {
            let writes = also.into_iter().chain([write]).collect();
            let written = rows.write(writes).await?;
            return if written == Written::Whole { Ok(()) } else { Err(SendError::OnItsWay) };
        };
        for _ in 0..TRIES_TO_WRITE {
            let mut writes = also.clone();
            writes.push(write.clone());
            writes.push(rows::erase(Table::Spent, *record.as_bytes(), Expected::Nothing));
            writes.extend(self.taken_back(world, record, &waiting.written, &waiting.seen).await?);
            if rows.write(writes).await? == Written::Whole {
                return Ok(());
            }
            if self.is_spent_here(world, record).await? {
                return Err(SendError::NoDraft);
            }
        }
        Err(SendError::OnItsWay)
    }

    /// Posts what waits from earlier runs: first with the same id and bytes; if a reader's key is another by now, and the
    /// person would be allowed to write to it, sealed anew.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn send_waiting(&self, world: &impl World) -> Result<Vec<StillWaiting>, DeviceFailed> {
        self.look_at_unsent(world).await?;
        let mut still = Vec::new();
        for (row, tag, waiting) in self.rows(world).scan::<Waiting>(Table::Waiting).await? {
            let id = waiting.id;
            match post(&self.session.api(world), &waiting).await {
                Ok(posted) => self.acknowledged(world, &waiting, &posted, &[]).await?,
                Err(error) if must_be_sealed_anew(&error) => {
                    self.forget_look_ups();
                    let Waiting { written, record, seen, .. } = &waiting;
                    let from = Source { written, record: *record, seen: seen.clone() };
                    // A letter without a draft waits under its own id: the new one takes the old one's place by erasing it.
                    let (over, also) = match record {
                        Some(_) => (Expected::Row(tag), Vec::new()),
                        None => (Expected::Nothing, vec![rows::erase(Table::Waiting, row, Expected::Row(tag))]),
                    };
                    match self.seal_and_post(world, &from, over, also, IfItCantGo::Wait).await {
                        Ok(_) | Err(SendError::Waiting { .. } | SendError::OnItsWay) => {}
                        Err(cause) => still.push(StillWaiting {
                            id,
                            row,
                            written: waiting.written,
                            record: waiting.record,
                            cause,
                        }),
                    }
                }
                Err(cause) => {
                    let cause = if may_have_been_taken(&cause) {
                        SendError::Waiting { id, cause }
                    } else {
                        SendError::Refused(cause)
                    };
                    still.push(StillWaiting { id, row, written: waiting.written, record: waiting.record, cause });
                }
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
        let Source { written, record, seen } = from;
        let mut readers = Vec::with_capacity(written.to.len());
        for address in &written.to {
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
            letters: NewLetters { letters: vec![letter], draft: *record },
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
        Outgoing {
            id: LetterId::new(world.now(), &mut world.rng()),
            thread: answers.map_or_else(|| ThreadId::new(&mut world.rng()), |answers| answers.thread),
            name: Some(self.name().into()),
            to: readers.iter().map(|reader| reader.certificate.clone()).collect(),
            cc: Vec::new(),
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
            state.replica.draft_dropped(record, posted.drafts_erased);
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
        numbers::ChangeNumber,
        records::{RecordHead, RecordPurpose},
        time::Timestamp,
    };

    use super::*;
    use crate::{
        fixtures::{NOW, TestWorld, address, annas_mailbox, identity, listing, ok, problem, ready},
        letters::Draft,
    };

    const LOOK_UPS: &str = "/directory/look-ups";

    fn written() -> Addressed {
        Addressed {
            to: vec![address("bjorn")],
            subject: "Provsvaren".into(),
            text: "Allt är bra.".into(),
            answers: None,
        }
    }

    fn acknowledgement(id: LetterId) -> crate::transport::Response {
        let letters = vec![PostedLetter { id, arrived: Timestamp::from_unix_millis(0) }];
        ok(&Posted { letters, drafts_erased: None })
    }

    fn waiting_on_the_device(world: &TestWorld, mailbox: &Mailbox) -> Vec<LetterId> {
        let waiting = ready(mailbox.rows(world).scan::<Waiting>(Table::Waiting)).unwrap();
        waiting.into_iter().map(|(_, _, waiting)| waiting.id).collect()
    }

    #[test]
    fn a_letter_without_an_answer_is_kept_and_goes_out_again_with_the_same_bytes() {
        let (world, anna) = (TestWorld::default(), annas_mailbox());
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
        let Err(SendError::Waiting { id, .. }) = ready(anna.send(&world, &written())) else {
            panic!("it was answered")
        };
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
        let (world, anna) = (TestWorld::default(), annas_mailbox());
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
        world.server.will("/letters", acknowledgement(LetterId::from_bytes([9; 16])));
        assert!(matches!(ready(anna.send(&world, &written())), Err(SendError::Waiting { .. })));
    }

    #[test]
    fn a_refused_letter_does_not_wait() {
        let (world, anna) = (TestWorld::default(), annas_mailbox());
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
        world.server.will("/letters", problem(ProblemType::TooLarge));
        assert!(matches!(ready(anna.send(&world, &written())), Err(SendError::Refused(_))));
        assert!(waiting_on_the_device(&world, &anna).is_empty());
    }

    #[test]
    fn a_stale_key_is_looked_up_again_and_a_changed_one_is_not_written_to() {
        let (world, anna) = (TestWorld::default(), annas_mailbox());
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
        world.server.will("/letters", problem(ProblemType::StaleKey));
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 11)));
        let refused = ready(anna.send(&world, &written()));
        assert!(
            matches!(refused, Err(SendError::LookUp { address: who, cause: LookUpError::KeyChanged }) if who == address("bjorn"))
        );
        assert!(waiting_on_the_device(&world, &anna).is_empty());
        assert_eq!(world.server.bodies("/letters").len(), 1);
    }

    #[test]
    fn a_waiting_letter_whose_reader_has_a_changed_key_waits_for_its_sender() {
        let (world, anna) = (TestWorld::default(), annas_mailbox());
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
        let Err(SendError::Waiting { id, .. }) = ready(anna.send(&world, &written())) else {
            panic!("it was answered")
        };
        world.server.will("/letters", problem(ProblemType::StaleKey));
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 11)));
        let still = ready(anna.send_waiting(&world)).unwrap();
        assert!(matches!(still[0].cause, SendError::LookUp { cause: LookUpError::KeyChanged, .. }));
        assert_eq!(waiting_on_the_device(&world, &anna), [id]);
    }

    #[test]
    fn a_letter_is_wrapped_for_its_reader_and_its_sender_each_in_their_own_account() {
        let (world, anna) = (TestWorld::default(), annas_mailbox());
        let bjorn = identity("bjorn", 10);
        world.server.will(LOOK_UPS, listing(&bjorn));
        assert!(ready(anna.send(&world, &written())).is_err());
        let waiting = ready(anna.rows(&world).scan::<Waiting>(Table::Waiting)).unwrap();
        let readers = &waiting[0].2.letters.letters[0].readers;
        let of = |certificate| readers.iter().find(|reader| reader.certificate == certificate).unwrap().account;
        assert_eq!(readers.len(), 2);
        assert_eq!(of(anna.keyring.present().certificate().hash()), anna.owner.account);
        assert_ne!(of(bjorn.certificate().hash()), anna.owner.account);
        assert_eq!(world.now(), NOW);
    }

    #[test]
    fn whoever_was_looked_up_a_moment_ago_is_not_asked_for_again_when_the_letter_goes() {
        let (world, anna) = (TestWorld::default(), annas_mailbox());
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
        ready(anna.look_up(&world, &address("bjorn"))).unwrap();
        assert!(matches!(ready(anna.send(&world, &written())), Err(SendError::Waiting { .. })));
        assert_eq!(world.server.bodies(LOOK_UPS).len(), 1);
        world.later(std::time::Duration::from_secs(301));
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 11)));
        let refused = ready(anna.send(&world, &written()));
        assert!(
            matches!(refused, Err(SendError::LookUp { cause: LookUpError::KeyChanged, .. })),
            "it counts for minutes"
        );
    }

    #[test]
    fn one_draft_sent_from_two_tabs_is_one_letter() {
        let (world, one, other) = (TestWorld::default(), annas_mailbox(), annas_mailbox());
        let record = RecordId::from_bytes([7; 16]);
        for _ in 0..2 {
            world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
        }
        let first = ready(one.send_from(&world, &written(), Some(record), Vec::new()));
        let Err(SendError::Waiting { id, .. }) = first else { panic!("it was answered") };
        let second = ready(other.send_from(&world, &written(), Some(record), Vec::new()));
        assert_eq!(second, Err(SendError::OnItsWay));
        assert_eq!(waiting_on_the_device(&world, &other), [id]);
        world.server.will("/letters", acknowledgement(id));
        assert!(ready(other.send_waiting(&world)).unwrap().is_empty());
        let third = ready(one.send_from(&world, &written(), Some(record), Vec::new()));
        assert_eq!(third, Err(SendError::NoDraft), "it has gone, whatever this tab knows");
    }

    #[test]
    fn what_another_tab_wrote_into_a_draft_stays_though_that_tab_hears_that_its_letter_went() {
        let (world, one, other) = (TestWorld::default(), annas_mailbox(), annas_mailbox());
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
        let draft = |text: &str| Draft { text: text.into(), ..Draft::of(written(), NOW) };
        let record = ready(one.save_draft(&world, None, draft("Allt är bra."))).unwrap().id;
        let sent = ready(one.send_from(&world, &written(), Some(record), Vec::new()));
        let Err(SendError::Waiting { id, .. }) = sent else { panic!("it was answered") };
        ready(other.draft(&world, record)).unwrap();
        ready(other.save_draft(&world, Some(record), draft("Allt är bra. Ring mig."))).unwrap();
        world.server.will("/letters", acknowledgement(id));
        ready(other.send_waiting(&world)).unwrap();
        let drafts = ready(one.drafts(&world)).unwrap();
        assert_eq!(drafts.len(), 1);
        assert_eq!(drafts[0].draft.as_ref().ok().unwrap().text, "Allt är bra. Ring mig.");
    }

    #[test]
    fn a_letter_takes_no_text_along_that_another_tab_handed_in_unseen() {
        let (world, one, other) = (TestWorld::default(), annas_mailbox(), annas_mailbox());
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
        let draft = |text: &str| Draft { text: text.into(), ..Draft::of(written(), NOW) };
        let record = ready(one.save_draft(&world, None, draft("Allt är bra."))).unwrap().id;
        ready(other.draft(&world, record)).unwrap();
        ready(other.save_draft(&world, Some(record), draft("Allt är bra. Ring mig."))).unwrap();
        let head = RecordHead {
            id: record,
            purpose: RecordPurpose::Draft,
            version: Version::new(1),
            change: ChangeNumber::new(1),
        };
        world.server.will(format!("/records/{record}?purpose=draft").leak(), ok(&head));
        ready(other.hand_in(&world, record)).unwrap();
        assert_eq!(world.device.count(Table::Draft), 0);
        assert!(ready(one.send_from(&world, &written(), Some(record), Vec::new())).is_err());
        assert_eq!(ready(one.draft(&world, record)).ok().unwrap().text, "Allt är bra. Ring mig.");
    }

    #[test]
    fn a_letter_that_went_out_names_its_draft_and_what_another_tab_wrote_into_it_stays() {
        let (world, one, other) = (TestWorld::default(), annas_mailbox(), annas_mailbox());
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
        let draft = |text: &str| Draft { text: text.into(), ..Draft::of(written(), NOW) };
        let record = ready(one.save_draft(&world, None, draft("Allt är bra."))).unwrap().id;
        ready(other.draft(&world, record)).unwrap();
        ready(other.save_draft(&world, Some(record), draft("Allt är bra. Ring mig."))).unwrap();
        let sent = ready(one.send_from(&world, &written(), Some(record), Vec::new()));
        let Err(SendError::Waiting { id, .. }) = sent else { panic!("it was answered") };
        assert!(
            String::from_utf8_lossy(&world.server.bodies("/letters")[0]).contains(&format!("\"draft\":\"{record}\""))
        );
        world.server.will("/letters", acknowledgement(id));
        ready(one.send_waiting(&world)).unwrap();
        let drafts = ready(other.drafts(&world)).unwrap();
        assert_eq!(drafts.len(), 1);
        assert_eq!(drafts[0].draft.as_ref().ok().unwrap().text, "Allt är bra. Ring mig.");
    }
}
