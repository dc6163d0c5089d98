//! Drafts on their way out: what a writer wants sent stands on the device until it has gone or can't go, so that a page
//! that is closed, locked or without a network breaks no promise.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use securemailbox_protocol::{
    address::Address,
    ids::{LetterId, RecordId},
    letters::{Hold, HoldRefusal},
    problems::ProblemType,
    time::Timestamp,
};

use crate::{
    device::{DeviceFailed, Expected, Table, Write},
    failure::{Class, ClientProblem, Explained, Failure, explained},
    mailbox::{Mailbox, State},
    rows,
    world::World,
};

use super::{Draft, DraftError, NotAddressed, SendError, StillWaiting, Typed};

/// For how long only the tab that holds a letter may send it.
const HELD: Duration = Duration::from_secs(60);

/// A draft that is to go out, as the device keeps it.
#[derive(Serialize, Deserialize)]
pub(super) struct Going {
    /// Not before this.
    from: Timestamp,
    /// And its readers get it not before this.
    hold: Option<Hold>,
}

/// A letter that was to go out and is a draft again.
pub struct GivenBack {
    /// The draft.
    pub record: RecordId,
    /// What stood in the way of its post.
    pub cause: NotSent,
}

/// Why what was written did not go out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// It could not be sealed or posted.
    #[error(transparent)]
    Send(#[from] SendError),
    /// Its draft could not be read.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The server could not be asked for the readers' keys. It goes by itself, as a draft that is to go out.
    #[error("nobody could be looked up, and the letter waits on this device")]
    Later,
    /// Somebody it is to has no address, or nobody has.
    #[error(transparent)]
    NotAddressed(#[from] NotAddressed),
    /// It was held, and its readers could not be given it when its time had come.
    #[error("the letter was held, and could not be released")]
    NotReleased(HoldRefusal),
}

impl NotSent {
    /// Whom it is about, as it was typed.
    #[must_use]
    pub fn about(&self) -> Option<&str> {
        match self {
            Self::NotAddressed(NotAddressed::NotAnAddress(Typed(typed)) | NotAddressed::NotUploaded(Typed(typed))) => {
                Some(typed)
            }
            Self::Send(error) => error.reader().map(Address::as_str),
            Self::NotAddressed(NotAddressed::NoRecipients | NotAddressed::TooManyRecipients)
            | Self::Draft(_)
            | Self::NotReleased(_)
            | Self::Later => None,
        }
    }

    /// It was sent or erased meanwhile, and there is nothing to go on with.
    const fn has_gone(&self) -> bool {
        matches!(self, Self::Draft(DraftError::NotFound) | Self::Send(SendError::NoDraft))
    }

    /// Nothing stands in its way that may not go away: it is tried again.
    fn may_go_yet(&self) -> bool {
        self.explain().class == Class::Unavailable
    }

    /// Nobody could be looked up, so nothing could be sealed.
    fn could_not_ask(&self) -> bool {
        matches!(self, Self::Send(SendError::LookUp { .. })) && self.may_go_yet()
    }
}

impl Failure for NotSent {
    fn explain(&self) -> Explained {
        match self {
            // It goes out by itself too; but not when the network is back, and its writer may wonder.
            Self::Send(SendError::Waiting { cause, .. }) if cause.problem() == Some(ProblemType::TooManyLetters) => {
                Explained { class: Class::Unavailable, ..cause.explain() }
            }
            // Sealed or not, it goes out by itself: nothing is to be done, whatever the server said of the post.
            Self::Later | Self::Send(SendError::Waiting { .. }) => {
                explained(ClientProblem::Waiting, Class::Unavailable, "It goes out when the server can be reached.")
            }
            Self::Send(error) => error.explain(),
            Self::Draft(error) => error.explain(),
            Self::NotReleased(refusal) => {
                let kind = match refusal {
                    HoldRefusal::StaleKey => ProblemType::StaleKey,
                    HoldRefusal::ReaderFull => ProblemType::ReaderFull,
                };
                explained(kind, Class::Refused, kind.advice())
            }
            Self::NotAddressed(NotAddressed::NotUploaded(_)) => explained(
                ClientProblem::FileNotUploaded,
                Class::Refused,
                "Wait until it is there, or take it out of the letter.",
            ),
            Self::NotAddressed(NotAddressed::NotAnAddress(_)) => {
                explained(ClientProblem::NotAnAddress, Class::Refused, "Correct it, and send the letter again.")
            }
            Self::NotAddressed(NotAddressed::NoRecipients) => {
                explained(ClientProblem::NoRecipients, Class::Refused, "Say to whom.")
            }
            Self::NotAddressed(NotAddressed::TooManyRecipients) => explained(
                ClientProblem::TooManyRecipients,
                Class::Refused,
                "Take some of them out, or send several letters.",
            ),
        }
    }
}

impl Mailbox {
    /// The writer wants a draft sent, and may still take it back: it goes out by [`Mailbox::send_written`], or by
    /// [`Mailbox::send_outgoing`] of another tab or a later opening if this one ends before.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn hold(&self, world: &impl World, record: RecordId, hold: Option<Hold>) -> Result<(), DeviceFailed> {
        self.state.borrow_mut().holding.insert(record);
        self.send_after(world, record, HELD, hold).await
    }

    /// The writer wants a draft sent as soon as the server can be reached.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn send_when_reached(
        &self,
        world: &impl World,
        record: RecordId,
        hold: Option<Hold>,
    ) -> Result<(), DeviceFailed> {
        self.state.borrow_mut().holding.remove(&record);
        self.send_after(world, record, Duration::ZERO, hold).await
    }

    async fn send_after(
        &self,
        world: &impl World,
        record: RecordId,
        delay: Duration,
        hold: Option<Hold>,
    ) -> Result<(), DeviceFailed> {
        let (rows, from) = (self.rows(world), world.now().after(delay));
        // It has waited long enough to be undone when it goes; but a time that its writer chose is kept.
        let going = Going { from, hold: hold.filter(|hold| matches!(hold, Hold::Until(_))) };
        let write = rows.put(Table::Outgoing, *record.as_bytes(), Expected::Anything, &going, &mut world.rng());
        rows.write(vec![write]).await.map(drop)?;
        self.state.borrow_mut().outgoing.insert(record);
        Ok(())
    }

    /// The draft stays one: its writer took it back, or it can't go out.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn take_back(&self, world: &impl World, record: RecordId) -> Result<(), DeviceFailed> {
        {
            let mut state = self.state.borrow_mut();
            state.holding.remove(&record);
            state.outgoing.remove(&record);
        }
        let erased = rows::erase(Table::Outgoing, *record.as_bytes(), Expected::Anything);
        self.rows(world).write(vec![erased]).await.map(drop)
    }

    /// Whether a draft is on its way: not to be written on, and not to be sent again.
    #[must_use]
    pub fn is_outgoing(&self, record: RecordId) -> bool {
        self.state.borrow().is_outgoing(record)
    }

    /// How many letters are on their way.
    #[must_use]
    pub fn count_outgoing(&self) -> usize {
        let state = self.state.borrow();
        state.outgoing.len() + state.waiting.len()
    }

    /// Sends what waits and what was held long enough. What can't go is a draft again, and is told of.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn send_outgoing(&self, world: &impl World) -> Result<Vec<GivenBack>, DeviceFailed> {
        let mut given_back = Vec::new();
        for StillWaiting { row, written, record, seen, cause, .. } in self.send_waiting(world).await? {
            let cause = NotSent::from(cause);
            if cause.may_go_yet() {
                continue;
            }
            let draft = Draft::of(written, world.now());
            if cause.has_gone() && seen.contains(&draft.print()) {
                // Another device sent or erased this very text, or this one has it still.
                self.forget_waiting(world, row).await?;
                continue;
            }
            let saved = self.save_given_back(world, record, draft, &seen).await?;
            self.forget_waiting(world, row).await?;
            given_back.push(GivenBack { record: saved.id, cause });
        }
        let (now, rows) = (world.now(), self.rows(world));
        for (row, tag, going) in rows.scan::<Going>(Table::Outgoing).await? {
            let record = RecordId::from_bytes(row);
            if going.from > now || self.state.borrow().holding.contains(&record) {
                continue;
            }
            // Whoever erases the row sends the letter.
            let taken = rows::erase(Table::Outgoing, row, Expected::Row(tag));
            match self.send_draft(world, record, going.hold, taken).await {
                Ok(()) => {}
                Err(cause) if cause.may_go_yet() => {}
                Err(cause) => {
                    self.take_back(world, record).await?;
                    if !cause.has_gone() {
                        given_back.push(GivenBack { record, cause });
                    }
                }
            }
        }
        given_back.extend(self.take_refused_back(world).await);
        Ok(given_back)
    }

    async fn send_draft(
        &self,
        world: &impl World,
        record: RecordId,
        hold: Option<Hold>,
        taken: Write,
    ) -> Result<(), NotSent> {
        let (draft, _) = self.draft_text(world, record).await?;
        self.send_from(world, &draft.addressed()?, Some(record), hold, vec![taken]).await?;
        Ok(())
    }

    /// Sends what was written; the draft that it was goes in the same act. The server may hold it for a while, so that its
    /// writer can take it back. Where nobody could be looked up it is a draft that is to go out; where it can't go it is a
    /// draft like any other.
    ///
    /// # Errors
    /// [`NotSent`]
    pub async fn send_written(
        &self,
        world: &impl World,
        record: Option<RecordId>,
        draft: Draft,
        hold: Option<Hold>,
    ) -> Result<Vec<LetterId>, NotSent> {
        match self.send_as_typed(world, record, draft.clone(), hold).await {
            Ok(letters) => Ok(letters),
            Err(error) if error.could_not_ask() => {
                let saved = self.save_draft(world, record, draft).await.map_err(SendError::from)?;
                self.send_when_reached(world, saved.id, hold).await.map_err(SendError::from)?;
                Err(NotSent::Later)
            }
            Err(waiting @ NotSent::Send(SendError::Waiting { .. } | SendError::OnItsWay)) => Err(waiting),
            Err(error) => {
                if let Some(record) = record {
                    self.take_back(world, record).await.map_err(SendError::from)?;
                }
                Err(error)
            }
        }
    }

    async fn send_as_typed(
        &self,
        world: &impl World,
        record: Option<RecordId>,
        draft: Draft,
        hold: Option<Hold>,
    ) -> Result<Vec<LetterId>, NotSent> {
        let taken = record.map(|record| rows::erase(Table::Outgoing, *record.as_bytes(), Expected::Anything));
        let sent = self.send_from(world, &draft.addressed()?, record, hold, taken.into_iter().collect()).await?;
        Ok(sent.ids)
    }

    /// Gives up what the server does not have: letters that are on their way, and drafts.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn give_up_unsent(&self, world: &impl World) -> Result<(), DeviceFailed> {
        self.rows(world).erase_tables(&[Table::Draft, Table::Outgoing, Table::Waiting]).await?;
        self.state.borrow_mut().give_up_words();
        self.write_pins_down(world).await?;
        self.look_at_unsent(world).await
    }
}

impl State {
    /// Whether a draft is on its way, as of the last look at the device.
    pub(super) fn is_outgoing(&self, record: RecordId) -> bool {
        self.outgoing.contains(&record) || self.waiting.values().any(|waiting| *waiting == Some(record))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixtures::{NOW, TestWorld, annas_mailbox, identity, listing, problem, ready},
        transport::Response,
    };

    const LOOK_UPS: &str = "/directory/look-ups";

    fn draft(to: &str) -> Draft {
        let to = vec![to.into()];
        Draft {
            to,
            cc: Vec::new(),
            bcc: Vec::new(),
            each: false,
            subject: "Provsvaren".into(),
            text: "Allt är bra.".into(),
            answers: None,
            level: None,
            invite: Vec::new(),
            files: Vec::new(),
            saved: NOW,
            rest: Default::default(),
        }
    }

    /// A draft that was saved and held without a network.
    fn held(world: &TestWorld, mailbox: &Mailbox, to: &str) -> RecordId {
        let record = ready(mailbox.save_draft(world, None, draft(to))).unwrap().id;
        ready(mailbox.hold(world, record, None)).unwrap();
        record
    }

    /// A draft to Björn that goes out by the next [`Mailbox::send_outgoing`].
    fn to_go(world: &TestWorld, mailbox: &Mailbox) -> RecordId {
        let record = held(world, mailbox, "bjorn@demo.example");
        ready(mailbox.send_when_reached(world, record, None)).unwrap();
        bjorn_can_be_written_to(world);
        record
    }

    /// How many letters wait, and how many drafts are to go.
    fn unsent(world: &TestWorld) -> (usize, usize) {
        (world.device.count(Table::Waiting), world.device.count(Table::Outgoing))
    }

    fn bjorn_can_be_written_to(world: &TestWorld) {
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
    }

    #[test]
    fn a_held_letter_waits_for_its_writer_here_and_goes_from_a_later_opening() {
        let world = TestWorld::default();
        let (here, later) = (annas_mailbox(), annas_mailbox());
        let record = held(&world, &here, "bjorn@demo.example");
        world.later(HELD);
        assert!(ready(here.send_outgoing(&world)).unwrap().is_empty());
        assert!(world.server.bodies(LOOK_UPS).is_empty(), "its writer may still take it back here");

        bjorn_can_be_written_to(&world);
        assert!(ready(later.send_outgoing(&world)).unwrap().is_empty());
        assert_eq!(unsent(&world), (1, 0), "sealed, posted, and not answered");
        assert!(later.is_outgoing(record));
    }

    #[test]
    fn a_time_that_was_chosen_is_kept_by_whoever_sends_the_letter() {
        let (world, here, later) = (TestWorld::default(), annas_mailbox(), annas_mailbox());
        let record = ready(here.save_draft(&world, None, draft("bjorn@demo.example"))).unwrap().id;
        let until = Hold::Until(NOW.after(Duration::from_secs(86_400)));
        ready(here.hold(&world, record, Some(until))).unwrap();
        world.later(HELD);
        bjorn_can_be_written_to(&world);
        ready(later.send_outgoing(&world)).unwrap();
        ready(later.send_outgoing(&world)).unwrap();
        let posts = world.server.bodies("/letters");
        let are_held = posts.iter().map(|post| String::from_utf8_lossy(post).contains("\"until\"")).collect::<Vec<_>>();
        assert_eq!(are_held, [true, true], "by the post that was not answered, and by the next one");
    }

    #[test]
    fn a_letter_whose_readers_can_not_be_looked_up_waits_and_goes_later() {
        let (world, anna) = (TestWorld::default(), annas_mailbox());
        let refused = ready(anna.send_written(&world, None, draft("bjorn@demo.example"), None)).unwrap_err();
        assert_eq!(refused, NotSent::Later);
        assert_eq!(anna.count_outgoing(), 1);
        bjorn_can_be_written_to(&world);
        let later = annas_mailbox();
        assert!(ready(later.send_outgoing(&world)).unwrap().is_empty());
        assert_eq!(unsent(&world), (1, 0), "sealed and posted");
    }

    #[test]
    fn a_server_that_has_no_time_for_look_ups_says_nothing_of_a_reader() {
        let (world, anna) = (TestWorld::default(), annas_mailbox());
        world.server.will(LOOK_UPS, problem(ProblemType::TooManyRequests));
        let refused = ready(anna.send_written(&world, None, draft("bjorn@demo.example"), None)).unwrap_err();
        assert_eq!((refused.explain().name, refused.about()), (ProblemType::TooManyRequests.into(), None));
    }

    #[test]
    fn a_held_letter_to_somebody_without_a_mailbox_is_a_draft_again_and_names_them() {
        let (world, anna) = (TestWorld::default(), annas_mailbox());
        let record = held(&world, &anna, "per.ek@demo.example");
        world.server.will(LOOK_UPS, problem(ProblemType::NoAccount));
        let refused = ready(anna.send_written(&world, Some(record), draft("per.ek@demo.example"), None)).unwrap_err();
        assert_eq!(
            (refused.explain().name, refused.about()),
            (ProblemType::NoAccount.into(), Some("per.ek@demo.example"))
        );
        assert!(!anna.is_outgoing(record));
    }

    #[test]
    fn a_letter_that_was_taken_back_is_a_draft_like_any_other() {
        let (world, anna) = (TestWorld::default(), annas_mailbox());
        let record = held(&world, &anna, "bjorn@demo.example");
        ready(anna.take_back(&world, record)).unwrap();
        world.later(HELD);
        assert!(!anna.is_outgoing(record));
        assert!(ready(annas_mailbox().send_outgoing(&world)).unwrap().is_empty());
        assert!(world.server.bodies(LOOK_UPS).is_empty());
    }

    #[test]
    fn a_letter_that_can_not_go_is_given_back_with_its_reason() {
        let (world, anna) = (TestWorld::default(), annas_mailbox());
        let record = held(&world, &anna, "bjorn@");
        ready(anna.send_when_reached(&world, record, None)).unwrap();
        let given_back = ready(anna.send_outgoing(&world)).unwrap();
        assert_eq!(given_back.len(), 1);
        assert_eq!(
            (given_back[0].record, &given_back[0].cause),
            (record, &NotSent::NotAddressed(NotAddressed::NotAnAddress(Typed("bjorn@".into()))))
        );
        assert!(!anna.is_outgoing(record));
        assert_eq!(ready(anna.draft(&world, record)).unwrap().text, "Allt är bra.");
    }

    #[test]
    fn a_posted_letter_that_the_server_has_no_time_for_stays_the_same_letter() {
        let (world, anna) = (TestWorld::default(), annas_mailbox());
        to_go(&world, &anna);
        for kind in [
            ProblemType::TooManyLetters,
            ProblemType::TooManyRequests,
            ProblemType::NotSignedIn,
            ProblemType::Busy,
            ProblemType::StorageFull,
        ] {
            world.server.will("/letters", problem(kind));
            assert!(ready(anna.send_outgoing(&world)).unwrap().is_empty(), "{kind:?}");
            assert_eq!(unsent(&world), (1, 0), "{kind:?}");
        }
        let posts = world.server.bodies("/letters");
        assert!(posts.len() == 5 && posts.iter().all(|post| *post == posts[0]));
    }

    #[test]
    fn who_sends_too_many_letters_is_told_when_the_last_one_goes() {
        let (world, anna) = (TestWorld::default(), annas_mailbox());
        bjorn_can_be_written_to(&world);
        world.server.will("/letters", Response { retry_after: Some(60), ..problem(ProblemType::TooManyLetters) });
        let told = ready(anna.send_written(&world, None, draft("bjorn@demo.example"), None)).unwrap_err().explain();
        let wanted = (ProblemType::TooManyLetters.into(), Class::Unavailable, Some(60));
        assert_eq!((told.name, told.class, told.retry_after), wanted);
        assert_eq!(unsent(&world), (1, 0));
    }

    #[test]
    fn a_posted_letter_that_is_refused_for_good_is_a_draft_again_with_every_word() {
        let (world, anna) = (TestWorld::default(), annas_mailbox());
        to_go(&world, &anna);
        assert!(ready(anna.send_outgoing(&world)).unwrap().is_empty());
        world.server.will("/letters", problem(ProblemType::TooLarge));
        let given_back = ready(anna.send_outgoing(&world)).unwrap();
        assert!(matches!(given_back[0].cause, NotSent::Send(SendError::Refused(_))));
        assert_eq!(anna.count_outgoing(), 0);
        assert_eq!(ready(anna.draft(&world, given_back[0].record)).unwrap().text, "Allt är bra.");
    }

    #[test]
    fn a_letter_that_comes_back_is_written_over_nothing_that_its_sender_had_not_seen() {
        let (world, one, other) = (TestWorld::default(), annas_mailbox(), annas_mailbox());
        let record = to_go(&world, &one);
        assert!(ready(one.send_outgoing(&world)).unwrap().is_empty(), "sealed, posted, and not answered");
        let on = Draft { text: "Allt är bra. Ring mig.".into(), ..draft("bjorn@demo.example") };
        ready(other.draft(&world, record)).unwrap();
        ready(other.save_draft(&world, Some(record), on.clone())).unwrap();
        // The tab that wrote on is the one that hears that the other one's letter is refused.
        world.server.will("/letters", problem(ProblemType::TooLarge));
        let given_back = ready(other.send_outgoing(&world)).unwrap();
        assert_ne!(given_back[0].record, record);
        assert_eq!(ready(other.draft(&world, record)).unwrap().text, on.text);
        assert_eq!(ready(other.draft(&world, given_back[0].record)).unwrap().text, "Allt är bra.");
    }
}
