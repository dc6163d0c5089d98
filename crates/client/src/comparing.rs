//! Comparing keys, and accepting a changed one: what only a person can decide (PROTOCOL §2).

use securemailbox_protocol::{address::Address, ids::Fingerprint};
use securemailbox_vault::{comparing::Digits, known_keys::KeyState};

use crate::{
    contacts::{Contact, Edit, Offer, Standing},
    directory::LookUpError,
    failure::{Class, Explained, Failure, explained},
    mailbox::Mailbox,
    records::RecordError,
    world::World,
};

/// The sixty digits to read to each other, and how the key stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison {
    /// Alike on both sides if, and only if, each has the other's true key.
    pub digits: Digits,
    /// The other's key that went into them.
    pub fingerprint: Fingerprint,
    /// How it stands.
    pub standing: Standing,
}

/// A decision about a key can't be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecisionError {
    /// See there.
    #[error(transparent)]
    LookUp(#[from] LookUpError),
    /// See there.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// One's own address.
    #[error("this is your own address")]
    Oneself,
    /// Nothing was ever heard of this address.
    #[error("this address is not among the contacts")]
    Unknown,
    /// The former key was compared, or no digits of this one were shown (PROTOCOL §2).
    #[error("the digits of this key were not compared yet")]
    CompareFirst,
}

impl Failure for DecisionError {
    fn explain(&self) -> Explained {
        match self {
            Self::LookUp(error) => error.explain(),
            Self::Record(error) => error.explain(),
            Self::Oneself => explained("oneself", Class::Refused, "Compare with, or accept, somebody else's key."),
            Self::Unknown => explained("unknown-contact", Class::NotFound, "Check the spelling, or `compare` first."),
            Self::CompareFirst => explained(
                "compare-first",
                Class::Refused,
                "Run `compare` with this address, read the sixty digits to each other over a channel you trust, and \
                 say `compare --matches` if they are alike.",
            ),
        }
    }
}

impl Mailbox {
    /// Asks the directory anew and shows the digits of the key that it offers, changed or not.
    ///
    /// # Errors
    /// [`DecisionError`]
    pub async fn compare(&mut self, world: &impl World, address: &Address) -> Result<Comparison, DecisionError> {
        self.ask_about(world, address).await?;
        let contact = self.contacts.get(address).ok_or(DecisionError::Unknown)?;
        let (fingerprint, standing) = at_issue(contact);
        self.index.comparing.insert(address.clone(), fingerprint);
        Ok(Comparison { digits: Digits::of(&self.fingerprint(), &fingerprint), fingerprint, standing })
    }

    /// The person says that the digits are alike. It counts for the key whose digits this device showed; where it showed
    /// none, for the known key if no other is offered. The directory is not asked: it could answer with a third key.
    ///
    /// # Errors
    /// [`DecisionError`]
    pub async fn digits_match(&mut self, world: &impl World, address: &Address) -> Result<Comparison, DecisionError> {
        if address == self.address() {
            return Err(DecisionError::Oneself);
        }
        let contact = self.contacts.get(address).ok_or(DecisionError::Unknown)?;
        let shown = self.index.comparing.get(address).copied();
        let fingerprint = match (shown, contact.offered) {
            (Some(shown), _) => shown,
            (None, None) => contact.key.fingerprint,
            (None, Some(Offer::Key { .. } | Offer::NoAccount)) => return Err(DecisionError::CompareFirst),
        };
        self.decide(world, Edit::Compared { address: address.clone(), fingerprint }).await?;
        self.index.comparing.remove(address);
        let standing = self.contacts.standing(address, &fingerprint);
        if standing == Standing::Compared {
            Ok(Comparison { digits: Digits::of(&self.fingerprint(), &fingerprint), fingerprint, standing })
        } else {
            // Yet another key was offered since the digits were shown.
            Err(DecisionError::CompareFirst)
        }
    }

    /// Takes the changed key that the directory offers. One that replaces a compared key must be compared itself.
    ///
    /// # Errors
    /// [`DecisionError`]
    pub async fn accept(&mut self, world: &impl World, address: &Address) -> Result<Comparison, DecisionError> {
        self.ask_about(world, address).await?;
        let contact = self.contacts.get(address).ok_or(DecisionError::Unknown)?;
        match contact.offered {
            Some(Offer::Key { .. }) if contact.key.state == KeyState::Compared => {
                return Err(DecisionError::CompareFirst);
            }
            Some(Offer::Key { fingerprint, .. }) => {
                self.decide(world, Edit::Accepted { address: address.clone(), fingerprint }).await?;
            }
            Some(Offer::NoAccount) => return Err(LookUpError::NoAccount.into()),
            None => {}
        }
        let contact = self.contacts.get(address).ok_or(DecisionError::Unknown)?;
        let (fingerprint, standing) = at_issue(contact);
        Ok(Comparison { digits: Digits::of(&self.fingerprint(), &fingerprint), fingerprint, standing })
    }

    /// Looks the address up for what it pins; that the key is another one is what the person came to decide.
    async fn ask_about(&mut self, world: &impl World, address: &Address) -> Result<(), DecisionError> {
        if address == self.address() {
            return Err(DecisionError::Oneself);
        }
        match self.look_up(world, address).await {
            Ok(_) | Err(LookUpError::KeyChanged) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// The key a person has to decide about: the offered one, else the known one.
fn at_issue(contact: &Contact) -> (Fingerprint, Standing) {
    match contact.offered {
        Some(Offer::Key { fingerprint, .. }) => (fingerprint, Standing::Changed),
        Some(Offer::NoAccount) => (contact.key.fingerprint, Standing::Changed),
        None => (contact.key.fingerprint, contact.key.state.into()),
    }
}
