//! What the owner does with their contacts: writes somebody down, says something of them, forgets them (PROTOCOL §2).
//!
//! What is said needs no network: it is a pin, kept on this device until the contact's record has it. To forget does, since
//! every record of the contact must be emptied. No record of a contact is ever erased at the server: then a server could say of
//! any contact that it was, and offer another key for a new one.

use securemailbox_protocol::{address::Address, ids::RecordId};

use super::{Contact, Description, Event, Words};
use crate::{
    device::DeviceFailed,
    failure::{Class, ClientProblem, Explained, Failure, explained},
    mailbox::Mailbox,
    records::{RecordError, TRIES, is_stale},
    world::World,
};

/// A contact can't be changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContactError {
    /// Its record could not be written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// This device could not keep what was said.
    #[error(transparent)]
    Device(#[from] DeviceFailed),
    /// One's own address.
    #[error("this is your own address")]
    Oneself,
    /// Nothing is known of this address; perhaps another device forgot it.
    #[error("this address is not among the contacts")]
    Unknown,
}

impl Failure for ContactError {
    fn explain(&self) -> Explained {
        match self {
            Self::Record(error) => error.explain(),
            Self::Device(error) => error.explain(),
            Self::Oneself => explained(ClientProblem::Oneself, Class::Refused, "Name somebody else's address."),
            Self::Unknown => {
                explained(ClientProblem::UnknownContact, Class::NotFound, "Check the spelling, or add the contact.")
            }
        }
    }
}

impl Mailbox {
    /// Writes somebody down by hand, and looks them up. Who has no mailbox is kept without a key. What is said of
    /// somebody who is a contact already is said of that contact; what is left out stays as it was.
    ///
    /// # Errors
    /// [`ContactError`]
    pub async fn add_contact(
        &self,
        world: &impl World,
        address: &Address,
        said: Description,
    ) -> Result<(), ContactError> {
        if address == self.address() {
            return Err(ContactError::Oneself);
        }
        let before = self.description(address).unwrap_or_default();
        let wanted = Description {
            name: said.name.or(before.name),
            phone: said.phone.or(before.phone),
            note: said.note.or(before.note),
        };
        self.say(world, address, wanted);
        self.write_pins_down(world).await?;
        // Whatever the directory says of them stands at the contact's key by now; nobody is written to yet.
        let _ = self.look_up(world, address).await;
        Ok(self.write_pins_down(world).await?)
    }

    /// Says what the owner wants to stand at a contact: a name, a phone and a note of their own, or none.
    ///
    /// # Errors
    /// [`ContactError`]
    pub async fn describe_contact(
        &self,
        world: &impl World,
        address: &Address,
        wanted: Description,
    ) -> Result<(), ContactError> {
        if self.description(address).is_none() {
            return Err(ContactError::Unknown);
        }
        self.say(world, address, wanted);
        Ok(self.write_pins_down(world).await?)
    }

    /// Whether the owner said something of a contact that is on this device only.
    #[must_use]
    pub fn has_unwritten_words(&self) -> bool {
        self.state.borrow().pins.iter().any(|(_, edit)| matches!(edit.event, Event::Said(_)))
    }

    /// Leaves nothing of a contact, here and at the server: its records are emptied, and what waited to be written into
    /// them goes. Its key is met anew the next time, and its letters stay.
    ///
    /// # Errors
    /// [`ContactError`]: some of it may be left, and it can be forgotten again.
    pub async fn forget_contact(&self, world: &impl World, address: &Address) -> Result<(), ContactError> {
        // Another device may have made a record of them that this one has not heard of.
        self.sync(world).await?;
        let cards: Vec<RecordId> = {
            let state = self.state.borrow();
            state.cards.get(address).into_iter().flat_map(|cards| cards.keys().copied()).collect()
        };
        for id in cards {
            self.empty_card(world, address, id).await?;
        }
        self.state.borrow_mut().forget(address);
        Ok(self.write_down(world).await?)
    }

    async fn empty_card(&self, world: &impl World, address: &Address, id: RecordId) -> Result<(), RecordError> {
        for _ in 0..TRIES {
            let head = {
                let state = self.state.borrow();
                let is_there = state.cards.get(address).is_some_and(|cards| cards.contains_key(&id));
                state.replica.head(id).filter(|_| is_there).cloned()
            };
            // Another device forgot it meanwhile.
            let Some(head) = head else { return Ok(()) };
            match self.put_record(world, &head, &Contact::forgotten()).await {
                Err(error) if is_stale(&error) => {
                    self.fetch_record(world, &head).await?;
                }
                Err(error) => return Err(error),
                Ok(()) => {
                    self.state.borrow_mut().drop_card(id);
                    return Ok(());
                }
            }
        }
        Err(RecordError::Contended)
    }

    fn description(&self, address: &Address) -> Option<Description> {
        self.state.borrow().contacts.get(address).map(|contact| contact.words.description())
    }

    fn say(&self, world: &impl World, address: &Address, wanted: Description) {
        let before = self.state.borrow().contacts.get(address).map(|contact| contact.words.clone());
        let words: Words = before.unwrap_or_default().towards(wanted, world.now());
        self.pin(world, address, Event::Said(words));
    }
}

#[cfg(test)]
mod tests;
