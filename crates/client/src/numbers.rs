//! The mobile number that the owner of a mailbox knows of somebody: whether it is one that their account proved (PROTOCOL §6).
//! By the server's word, and asked only when a person asks.

use securemailbox_protocol::{
    address::Address, directory::NumberToCheck, endpoints, ids::Fingerprint, phone::PhoneNumber,
};

use crate::{
    comparing::DecisionError,
    contacts::{Event, NumberCheck},
    directory::LookUpError,
    mailbox::Mailbox,
    world::World,
};

impl Mailbox {
    /// Asks whether this is the number of whoever has the address, and remembers what the server said, of the key that the
    /// directory shows now. Where it said no, nothing goes out to that key until its digits match, or the person says otherwise.
    ///
    /// # Errors
    /// [`DecisionError`]: nothing was learnt.
    pub async fn check_number(
        &self,
        world: &impl World,
        address: &Address,
        phone: PhoneNumber,
    ) -> Result<bool, DecisionError> {
        let key = self.key_at_issue(world, address).await?;
        let question = NumberToCheck { address: address.clone(), phone };
        let answer = self.session.api(world).send(endpoints::CHECK_NUMBER.here(), &question).await;
        let matches = answer.map_err(LookUpError::from)?.matches;
        self.keep_number(world, address, Some(NumberCheck { key, phone: question.phone, matches })).await?;
        Ok(matches)
    }

    /// The person wants to write although the number was not theirs, by the server's word: what it said is forgotten, and the
    /// key stands as it did before anybody asked.
    ///
    /// # Errors
    /// [`DecisionError`]
    pub async fn write_anyway(&self, world: &impl World, address: &Address) -> Result<(), DecisionError> {
        self.keep_number(world, address, None).await
    }

    /// The key that a letter would go to.
    async fn key_at_issue(&self, world: &impl World, address: &Address) -> Result<Fingerprint, DecisionError> {
        if address == self.address() {
            return Err(DecisionError::Oneself);
        }
        match self.look_up(world, address).await {
            Ok(recipient) => Ok(recipient.certificate.fingerprint()),
            // Another number was not theirs: this one may be.
            Err(LookUpError::NumberDiffers) => self.known_key(address).ok_or(DecisionError::Unknown),
            Err(error) => Err(error.into()),
        }
    }

    fn known_key(&self, address: &Address) -> Option<Fingerprint> {
        self.state.borrow().contacts.get(address).and_then(|contact| contact.key).map(|key| key.fingerprint)
    }

    async fn keep_number(
        &self,
        world: &impl World,
        address: &Address,
        check: Option<NumberCheck>,
    ) -> Result<(), DecisionError> {
        let said = {
            let state = self.state.borrow();
            state.contacts.get(address).ok_or(DecisionError::Unknown)?.number_said(check, world.now())
        };
        if let Some(said) = said {
            self.decide(world, address, Event::Numbered(said)).await?;
        }
        Ok(())
    }
}
