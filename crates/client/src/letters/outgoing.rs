//! Drafts on their way out: what a writer wants sent stands on the device until it has gone or can't go, so that a page
//! that is closed, locked or without a network breaks no promise.

use std::{fmt, time::Duration};

use securemailbox_protocol::{address::Address, ids::RecordId, limits};

use crate::{
    failure::{Class, Explained, Failure, explained},
    mailbox::Mailbox,
    world::{DeviceFailed, World},
};

use super::{Draft, DraftError, SendError, Unfinished, Unsent};

/// For how long only the tab that holds a letter may send it.
const HELD: Duration = Duration::from_secs(60);

/// A letter that was to go out and is a draft again.
pub struct GivenBack {
    /// The draft.
    pub record: RecordId,
    /// Why.
    pub cause: NotSent,
}

/// Why what was written did not go out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// See there.
    #[error(transparent)]
    Send(#[from] SendError),
    /// See there.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The server could not be asked for the readers' keys. It goes by itself, as a draft that is to go out.
    #[error("nobody could be looked up, and the letter waits on this device")]
    Later,
    /// What was typed is no address.
    #[error("one of the recipients is not an address")]
    NotAnAddress(Typed),
    /// Nobody is written to.
    #[error("the letter is to nobody")]
    NoRecipients,
    /// More than a letter may have.
    #[error("the letter has more than {} recipients", limits::READERS)]
    TooManyRecipients,
}

/// What a person typed. Its `Debug` does not say.
#[derive(Clone, PartialEq, Eq)]
pub struct Typed(pub String);

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed")
    }
}

impl NotSent {
    /// Whom it is about, as it was typed.
    #[must_use]
    pub fn about(&self) -> Option<&str> {
        match self {
            Self::NotAnAddress(Typed(typed)) => Some(typed),
            Self::Send(error) => error.reader().map(Address::as_str),
            Self::Draft(_) | Self::Later | Self::NoRecipients | Self::TooManyRecipients => None,
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
            // Sealed or not, it goes out by itself: nothing is to be done, whatever the server said of the post.
            Self::Later | Self::Send(SendError::Waiting { .. }) => {
                explained("waiting", Class::Unavailable, "It goes out when the server can be reached.")
            }
            Self::Send(error) => error.explain(),
            Self::Draft(error) => error.explain(),
            Self::NotAnAddress(_) => {
                explained("not-an-address", Class::Refused, "Correct it, and send the letter again.")
            }
            Self::NoRecipients => explained("no-recipients", Class::Refused, "Say to whom."),
            Self::TooManyRecipients => {
                explained("too-many-recipients", Class::Refused, "Take some of them out, or send several letters.")
            }
        }
    }
}

impl Mailbox {
    /// The writer wants a draft sent, and may still take it back: it goes out by [`Mailbox::send_from`], or by
    /// [`Mailbox::send_outgoing`] of another tab or a later opening if this one ends before.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn hold(&mut self, world: &impl World, record: RecordId) -> Result<(), DeviceFailed> {
        self.holding.insert(record);
        self.let_go_after(world, record, HELD).await
    }

    /// The writer wants a draft sent as soon as the server can be reached.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn send_later(&mut self, world: &impl World, record: RecordId) -> Result<(), DeviceFailed> {
        self.holding.remove(&record);
        self.let_go_after(world, record, Duration::ZERO).await
    }

    async fn let_go_after(&mut self, world: &impl World, record: RecordId, held: Duration) -> Result<(), DeviceFailed> {
        self.load_unsent(world).await?;
        self.unsent.outgoing.insert(record, world.now().after(held));
        self.save_unsent(world).await
    }

    /// The draft stays one: its writer took it back, or it can't go out.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn take_back(&mut self, world: &impl World, record: RecordId) -> Result<(), DeviceFailed> {
        self.holding.remove(&record);
        self.load_unsent(world).await?;
        self.unsent.outgoing.remove(&record);
        self.save_unsent(world).await
    }

    /// Whether a draft is on its way: not to be written on, and not to be sent again.
    #[must_use]
    pub fn is_outgoing(&self, record: RecordId) -> bool {
        self.unsent.outgoing.contains_key(&record)
            || self.unsent.waiting.iter().any(|waiting| waiting.record == Some(record))
    }

    /// How many letters are on their way.
    #[must_use]
    pub fn count_outgoing(&self) -> usize {
        self.unsent.outgoing.len() + self.unsent.waiting.len()
    }

    /// Sends what waits and what was held long enough. What can't go is a draft again, and is told of.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn send_outgoing(&mut self, world: &impl World) -> Result<Vec<GivenBack>, DeviceFailed> {
        let mut given_back = Vec::new();
        for still in self.send_waiting(world).await? {
            let cause = NotSent::from(still.cause);
            if cause.may_go_yet() {
                continue;
            }
            let Some(at) = self.unsent.waiting.iter().position(|waiting| waiting.id == still.id) else { continue };
            let waiting = self.unsent.waiting.remove(at);
            self.save_unsent(world).await?;
            let draft = Unfinished::of(waiting.draft, world.now());
            let saved = self.save_draft(world, waiting.record, draft).await?;
            given_back.push(GivenBack { record: saved.id, cause });
        }
        for record in self.due(world) {
            match self.send_draft(world, record).await {
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
        Ok(given_back)
    }

    fn due(&self, world: &impl World) -> Vec<RecordId> {
        let now = world.now();
        let outgoing =
            self.unsent.outgoing.iter().filter(|(record, from)| **from <= now && !self.holding.contains(record));
        outgoing.map(|(record, _)| *record).collect()
    }

    async fn send_draft(&mut self, world: &impl World, record: RecordId) -> Result<(), NotSent> {
        let written = self.draft(world, record).await?;
        self.send_as_typed(world, Some(record), &written).await
    }

    /// Sends what was written, and erases the record it was drafted in. Where nobody could be looked up it is a draft that
    /// is to go out; where it can't go it is a draft like any other.
    ///
    /// # Errors
    /// [`NotSent`]
    pub async fn send_written(
        &mut self,
        world: &impl World,
        record: Option<RecordId>,
        written: Unfinished,
    ) -> Result<(), NotSent> {
        match self.send_as_typed(world, record, &written).await {
            Ok(()) => Ok(()),
            Err(error) if error.could_not_ask() => {
                let saved = self.save_draft(world, record, written).await.map_err(SendError::from)?;
                self.send_later(world, saved.id).await.map_err(SendError::from)?;
                Err(NotSent::Later)
            }
            Err(waiting @ NotSent::Send(SendError::Waiting { .. })) => Err(waiting),
            Err(error) => {
                if let Some(record) = record {
                    self.take_back(world, record).await.map_err(SendError::from)?;
                }
                Err(error)
            }
        }
    }

    async fn send_as_typed(
        &mut self,
        world: &impl World,
        record: Option<RecordId>,
        written: &Unfinished,
    ) -> Result<(), NotSent> {
        let Unfinished { to, subject, text, answers, .. } = written.clone();
        let draft = Draft { to: readers(&to)?, subject, text, answers };
        self.send_from(world, &draft, record).await?;
        Ok(())
    }

    /// Gives up what the server does not have: letters that are on their way, and drafts.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn give_up_unsent(&mut self, world: &impl World) -> Result<(), DeviceFailed> {
        self.unsent = Unsent::default();
        self.save_unsent(world).await
    }
}

/// Everybody once, however often and however they were typed.
fn readers(typed: &[String]) -> Result<Vec<Address>, NotSent> {
    let mut readers = Vec::new();
    for typed in typed {
        let address = Address::parse(typed).map_err(|_| NotSent::NotAnAddress(Typed(typed.trim().into())))?;
        if !readers.contains(&address) {
            readers.push(address);
        }
    }
    match readers.len() {
        0 => Err(NotSent::NoRecipients),
        1..=limits::READERS => Ok(readers),
        _ => Err(NotSent::TooManyRecipients),
    }
}

#[cfg(test)]
mod tests {
    use securemailbox_protocol::{
        letters::{Posted, PostedLetter},
        numbers::{ChangeNumber, Version},
        problems::ProblemType,
        records::{RecordHead, RecordPurpose},
        time::Timestamp,
    };

    use super::*;
    use crate::{
        fixtures::{NOW, TestWorld, annas_mailbox, identity, listing, ok, problem, ready},
        index,
        world::Item,
    };

    const LOOK_UPS: &str = "/directory/look-ups";

    fn unfinished(to: &str) -> Unfinished {
        let to = vec![to.into()];
        Unfinished { to, subject: "Provsvaren".into(), text: "Allt är bra.".into(), answers: None, saved: NOW }
    }

    /// A draft that was saved and held without a network.
    fn held(world: &TestWorld, mailbox: &mut Mailbox, to: &str) -> RecordId {
        let record = ready(mailbox.save_draft(world, None, unfinished(to))).unwrap().id;
        ready(mailbox.hold(world, record)).unwrap();
        record
    }

    /// A draft to Björn that goes out by the next [`Mailbox::send_outgoing`].
    fn to_go(world: &TestWorld, mailbox: &mut Mailbox) -> RecordId {
        let record = held(world, mailbox, "bjorn@demo.example");
        ready(mailbox.send_later(world, record)).unwrap();
        bjorn_can_be_written_to(world);
        record
    }

    fn bjorn_can_be_written_to(world: &TestWorld) {
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
    }

    #[test]
    fn a_held_letter_waits_for_its_writer_here_and_goes_from_a_later_opening() {
        let world = TestWorld::default();
        let (mut here, mut later) = (annas_mailbox(), annas_mailbox());
        let record = held(&world, &mut here, "bjorn@demo.example");
        world.later(HELD);
        assert!(ready(here.send_outgoing(&world)).unwrap().is_empty());
        assert!(world.server.bodies(LOOK_UPS).is_empty(), "its writer may still take it back here");

        bjorn_can_be_written_to(&world);
        assert!(ready(later.send_outgoing(&world)).unwrap().is_empty());
        let unsent: Unsent = ready(index::load(&world, &later.owner, Item::Unsent)).unwrap();
        assert_eq!((unsent.waiting.len(), unsent.outgoing.len()), (1, 0), "sealed, posted, and not answered");
        assert!(later.is_outgoing(record));
    }

    #[test]
    fn whoever_is_written_to_is_written_to_once() {
        let to = |typed: &[&str]| readers(&typed.iter().map(|address| (*address).into()).collect::<Vec<_>>());
        assert_eq!(to(&["bjorn@demo.example", " Bjorn@DEMO.example "]).unwrap().len(), 1);
        assert_eq!(to(&[]), Err(NotSent::NoRecipients));
        let refused = to(&["bjorn@demo.example", " per.ek@"]).unwrap_err();
        assert_eq!((refused.explain().name, refused.about()), ("not-an-address", Some("per.ek@")));
        assert!(!format!("{refused:?}").contains("per.ek"), "what was typed is for the screen, not for a log");
        let many: Vec<String> = (0..=limits::READERS).map(|n| format!("n{n}@demo.example")).collect();
        assert_eq!(readers(&many), Err(NotSent::TooManyRecipients));
        assert_eq!(readers(&many[1..]).unwrap().len(), limits::READERS);
    }

    #[test]
    fn a_letter_whose_readers_can_not_be_looked_up_waits_and_goes_later() {
        let (world, mut anna) = (TestWorld::default(), annas_mailbox());
        let refused = ready(anna.send_written(&world, None, unfinished("bjorn@demo.example"))).unwrap_err();
        assert_eq!(refused, NotSent::Later);
        assert_eq!(anna.count_outgoing(), 1);
        bjorn_can_be_written_to(&world);
        let mut later = annas_mailbox();
        assert!(ready(later.send_outgoing(&world)).unwrap().is_empty());
        assert_eq!((later.unsent.waiting.len(), later.unsent.outgoing.len()), (1, 0), "sealed and posted");
    }

    #[test]
    fn a_server_that_has_no_time_for_look_ups_says_nothing_of_a_reader() {
        let (world, mut anna) = (TestWorld::default(), annas_mailbox());
        world.server.will(LOOK_UPS, problem(ProblemType::TooManyRequests));
        let refused = ready(anna.send_written(&world, None, unfinished("bjorn@demo.example"))).unwrap_err();
        assert_eq!((refused.explain().name, refused.about()), ("too-many-requests", None));
    }

    #[test]
    fn a_held_letter_to_somebody_without_a_mailbox_is_a_draft_again_and_names_them() {
        let (world, mut anna) = (TestWorld::default(), annas_mailbox());
        let record = held(&world, &mut anna, "per.ek@demo.example");
        world.server.will(LOOK_UPS, problem(ProblemType::NoAccount));
        let refused = ready(anna.send_written(&world, Some(record), unfinished("per.ek@demo.example"))).unwrap_err();
        assert_eq!((refused.explain().name, refused.about()), ("no-account", Some("per.ek@demo.example")));
        assert!(!anna.is_outgoing(record));
    }

    #[test]
    fn a_letter_that_was_taken_back_is_a_draft_like_any_other() {
        let (world, mut anna) = (TestWorld::default(), annas_mailbox());
        let record = held(&world, &mut anna, "bjorn@demo.example");
        ready(anna.take_back(&world, record)).unwrap();
        world.later(HELD);
        assert!(!anna.is_outgoing(record));
        assert!(ready(annas_mailbox().send_outgoing(&world)).unwrap().is_empty());
        assert!(world.server.bodies(LOOK_UPS).is_empty());
    }

    #[test]
    fn a_letter_that_can_not_go_is_given_back_with_its_reason() {
        let (world, mut anna) = (TestWorld::default(), annas_mailbox());
        let record = held(&world, &mut anna, "bjorn@");
        ready(anna.send_later(&world, record)).unwrap();
        let given_back = ready(anna.send_outgoing(&world)).unwrap();
        assert_eq!(given_back.len(), 1);
        assert_eq!(
            (given_back[0].record, &given_back[0].cause),
            (record, &NotSent::NotAnAddress(Typed("bjorn@".into())))
        );
        assert!(!anna.is_outgoing(record));
        assert_eq!(ready(anna.draft(&world, record)).unwrap().text, "Allt är bra.");
    }

    #[test]
    fn a_posted_letter_that_the_server_has_no_time_for_stays_the_same_letter() {
        let (world, mut anna) = (TestWorld::default(), annas_mailbox());
        to_go(&world, &mut anna);
        for kind in [ProblemType::TooManyRequests, ProblemType::NotSignedIn, ProblemType::Busy] {
            world.server.will("/letters", problem(kind));
            assert!(ready(anna.send_outgoing(&world)).unwrap().is_empty(), "{kind:?}");
            assert_eq!((anna.unsent.waiting.len(), anna.unsent.outgoing.len()), (1, 0), "{kind:?}");
        }
        let posts = world.server.bodies("/letters");
        assert!(posts.len() == 3 && posts.iter().all(|post| *post == posts[0]));
    }

    #[test]
    fn a_posted_letter_that_is_refused_for_good_is_a_draft_again_with_every_word() {
        let (world, mut anna) = (TestWorld::default(), annas_mailbox());
        to_go(&world, &mut anna);
        assert!(ready(anna.send_outgoing(&world)).unwrap().is_empty());
        world.server.will("/letters", problem(ProblemType::TooLarge));
        let given_back = ready(anna.send_outgoing(&world)).unwrap();
        assert!(matches!(given_back[0].cause, NotSent::Send(SendError::Refused(_))));
        assert_eq!(anna.count_outgoing(), 0);
        assert_eq!(ready(anna.draft(&world, given_back[0].record)).unwrap().text, "Allt är bra.");
    }

    #[test]
    fn a_letter_whose_draft_could_not_be_erased_waits_on_and_is_posted_as_the_same_letter() {
        let (world, mut anna) = (TestWorld::default(), annas_mailbox());
        let record = to_go(&world, &mut anna);
        let (version, change) = (Version::new(1), ChangeNumber::new(1));
        anna.index.held.take_record(RecordHead { id: record, purpose: RecordPurpose::Draft, version, change }).unwrap();
        assert!(ready(anna.send_outgoing(&world)).unwrap().is_empty());
        let (id, arrived) = (anna.unsent.waiting[0].id, Timestamp::from_unix_millis(0));
        world.server.will("/letters", ok(&Posted { letters: vec![PostedLetter { id, arrived }], drafts_erased: None }));
        assert!(ready(anna.send_outgoing(&world)).unwrap().is_empty());
        assert!(anna.is_outgoing(record), "or a person would find the draft and send it again");
        let posts = world.server.bodies("/letters");
        assert!(posts.len() == 2 && posts[0] == posts[1]);
    }
}
