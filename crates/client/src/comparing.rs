//! Comparing keys, and accepting a changed one: what only a person can decide (PROTOCOL §2).

use securemailbox_protocol::{address::Address, ids::Fingerprint};
use securemailbox_vault::{comparing::Digits, known_keys::KeyState};

use serde::{Deserialize, Serialize};

use crate::{
    contacts::{Contact, Edit, Event, Offer, Standing},
    device::{DeviceFailed, Expected, RowId, Table},
    directory::LookUpError,
    failure::{Class, ClientProblem, Explained, Failure, explained},
    mailbox::{Mailbox, random_row},
    records::{Happened, RecordError},
    rows,
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
    /// The key before it was compared, so this one has to be.
    pub must_be_compared: bool,
    /// The person said of this key that its digits differ.
    pub differs: bool,
}

/// A decision about a key can't be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecisionError {
    /// The other one could not be looked up.
    #[error(transparent)]
    LookUp(#[from] LookUpError),
    /// The decision could not be written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// This device could not remember whose digits were shown.
    #[error(transparent)]
    Device(#[from] DeviceFailed),
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
            Self::Device(error) => error.explain(),
            Self::Oneself => explained(ClientProblem::Oneself, Class::Refused, "Name somebody else's address."),
            Self::Unknown => {
                explained(ClientProblem::UnknownContact, Class::NotFound, "Check the spelling, or `compare` first.")
            }
            Self::CompareFirst => explained(
                ClientProblem::CompareFirst,
                Class::Refused,
                "Run `compare` with this address, read the sixty digits to each other over a channel you trust, and \
                 say `compare --matches` if they are alike.",
            ),
        }
    }
}

/// Whose digits were shown, as the device keeps it.
#[derive(Serialize, Deserialize)]
pub(crate) struct DigitsRow {
    pub(crate) address: Address,
    pub(crate) fingerprint: Fingerprint,
}

impl Mailbox {
    /// Asks the directory anew and shows the digits of the key that it offers, changed or not.
    ///
    /// # Errors
    /// [`DecisionError`]
    pub async fn compare(&self, world: &impl World, address: &Address) -> Result<Comparison, DecisionError> {
        self.ask_about(world, address).await?;
        if self.contact(address).is_some_and(|contact| contact.offered == Some(Offer::NoAccount)) {
            return Err(LookUpError::NoAccount.into());
        }
        let comparison = self.comparison(address)?;
        self.digits_shown(world, address, comparison.fingerprint).await?;
        Ok(comparison)
    }

    /// The person says that the digits differ: nothing goes out to this key until they match (PROTOCOL §2).
    ///
    /// # Errors
    /// [`DecisionError`]
    pub async fn digits_differ(&self, world: &impl World, address: &Address) -> Result<Comparison, DecisionError> {
        if address == self.address() {
            return Err(DecisionError::Oneself);
        }
        let fingerprint = self.shown_of(address).ok_or(DecisionError::CompareFirst)?;
        self.decide(world, address, Event::Differed(fingerprint)).await?;
        self.comparison(address)
    }

    /// What there is to compare, as far as it is known here.
    fn comparison(&self, address: &Address) -> Result<Comparison, DecisionError> {
        let contact = self.contact(address).ok_or(DecisionError::Unknown)?;
        let (fingerprint, standing) = at_issue(&contact).ok_or(DecisionError::Unknown)?;
        Ok(self.comparison_of(&contact, fingerprint, standing))
    }

    fn comparison_of(&self, contact: &Contact, fingerprint: Fingerprint, standing: Standing) -> Comparison {
        let differs = contact.differs == Some(fingerprint);
        Comparison {
            digits: Digits::of(&self.fingerprint(), &fingerprint),
            fingerprint,
            standing: if differs && standing != Standing::Changed { Standing::Differs } else { standing },
            must_be_compared: standing == Standing::Changed && was_compared(contact),
            differs,
        }
    }

    /// The person says that the digits are alike. It counts for the key whose digits this device showed; where it showed
    /// none, for the known key if no other is offered. The directory is not asked: it could answer with a third key.
    ///
    /// # Errors
    /// [`DecisionError`]
    pub async fn digits_match(&self, world: &impl World, address: &Address) -> Result<Comparison, DecisionError> {
        if address == self.address() {
            return Err(DecisionError::Oneself);
        }
        let contact = self.contact(address).ok_or(DecisionError::Unknown)?;
        let fingerprint = match (self.shown_of(address), contact.offered) {
            (Some(shown), _) => shown,
            (None, None) => contact.key.ok_or(DecisionError::Unknown)?.fingerprint,
            (None, Some(Offer::Key { .. } | Offer::NoAccount)) => return Err(DecisionError::CompareFirst),
        };
        self.decide(world, address, Event::Compared(fingerprint)).await?;
        self.forget_digits(world, address).await?;
        let standing = self.standing(address, &fingerprint);
        if standing == Standing::Compared {
            let contact = self.contact(address).ok_or(DecisionError::Unknown)?;
            Ok(self.comparison_of(&contact, fingerprint, standing))
        } else {
            // Yet another key was offered since the digits were shown.
            Err(DecisionError::CompareFirst)
        }
    }

    /// Takes the changed key that the directory offers. One that replaces a compared key must be compared itself.
    ///
    /// # Errors
    /// [`DecisionError`]
    pub async fn accept(&self, world: &impl World, address: &Address) -> Result<Comparison, DecisionError> {
        self.ask_about(world, address).await?;
        let contact = self.contact(address).ok_or(DecisionError::Unknown)?;
        match contact.offered {
            Some(Offer::Key { .. }) if was_compared(&contact) => {
                return Err(DecisionError::CompareFirst);
            }
            Some(Offer::Key { fingerprint, .. }) if contact.differs == Some(fingerprint) => {
                return Err(DecisionError::CompareFirst);
            }
            Some(Offer::Key { fingerprint, .. }) => {
                self.decide(world, address, Event::Accepted(fingerprint)).await?;
            }
            Some(Offer::NoAccount) => return Err(LookUpError::NoAccount.into()),
            None => {}
        }
        self.comparison(address)
    }

    /// Looks the address up for what it pins; that the key is another one is what the person came to decide.
    async fn ask_about(&self, world: &impl World, address: &Address) -> Result<(), DecisionError> {
        if address == self.address() {
            return Err(DecisionError::Oneself);
        }
        match self.look_up(world, address).await {
            Ok(_) | Err(LookUpError::KeyChanged | LookUpError::DigitsDiffer | LookUpError::NumberDiffers) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes a person's decision about a key now, with what is pinned of the same address.
    pub(crate) async fn decide(&self, world: &impl World, address: &Address, event: Event) -> Result<(), RecordError> {
        let pins: Vec<(RowId, Edit)> = {
            let state = self.state.borrow();
            state.pins.iter().filter(|(_, edit)| edit.address == *address).cloned().collect()
        };
        let edit = Edit { address: address.clone(), event };
        let edits: Vec<Edit> = pins.iter().map(|(_, edit)| edit.clone()).chain([edit]).collect();
        self.write_contact(world, &edits, Happened::Decided).await?;
        self.forget_pins(world, &pins.iter().map(|(id, _)| *id).collect::<Vec<_>>()).await?;
        Ok(())
    }

    fn contact(&self, address: &Address) -> Option<Contact> {
        self.state.borrow().contacts.get(address).cloned()
    }

    fn shown_of(&self, address: &Address) -> Option<Fingerprint> {
        self.state.borrow().digits.get(address).map(|(_, fingerprint)| *fingerprint)
    }

    /// Only that key can be marked as compared from now on, here and in every other tab that is opened.
    async fn digits_shown(
        &self,
        world: &impl World,
        address: &Address,
        fingerprint: Fingerprint,
    ) -> Result<(), DeviceFailed> {
        let known = self.state.borrow().digits.get(address).map(|(id, _)| *id);
        let id = known.unwrap_or_else(|| random_row(world));
        let row = DigitsRow { address: address.clone(), fingerprint };
        let rows = self.rows(world);
        let write = rows.put(Table::Digits, id, Expected::Anything, &row, &mut world.rng());
        rows.write(vec![write]).await.map(drop)?;
        self.state.borrow_mut().digits.insert(address.clone(), (id, fingerprint));
        Ok(())
    }

    async fn forget_digits(&self, world: &impl World, address: &Address) -> Result<(), DeviceFailed> {
        let known = self.state.borrow_mut().digits.remove(address);
        let erased = known.map(|(id, _)| rows::erase(Table::Digits, id, Expected::Anything));
        self.rows(world).write(erased.into_iter().collect()).await.map(drop)
    }
}

/// The key a person has to decide about: the offered one, else the known one; none where none was met.
fn at_issue(contact: &Contact) -> Option<(Fingerprint, Standing)> {
    let known = contact.key?;
    Some(match contact.offered {
        Some(Offer::Key { fingerprint, .. }) => (fingerprint, Standing::Changed),
        Some(Offer::NoAccount) => (known.fingerprint, Standing::Changed),
        None => (known.fingerprint, known.state.into()),
    })
}

fn was_compared(contact: &Contact) -> bool {
    contact.key.is_some_and(|known| known.state == KeyState::Compared)
}

#[cfg(test)]
mod tests {
    use securemailbox_protocol::{
        ids::{CertificateHash, LetterId, RecordId, ThreadId},
        letters::{Entry, Folder, Released, Sender},
        numbers::{ChangeNumber, Version},
        records::{RecordHead, RecordPurpose},
        sync::{Changes, Erased},
    };
    use securemailbox_vault::known_keys::KnownKey;

    use super::*;
    use crate::fixtures::{TestWorld, address, annas_mailbox, identity, listing, ok, problem, ready};

    const LOOK_UPS: &str = "/directory/look-ups";
    const BJORNS: RecordId = RecordId::from_bytes([4; 16]);

    fn head(version: u64) -> RecordHead {
        let (version, change) = (Version::new(version), ChangeNumber::new(version));
        RecordHead { id: BJORNS, purpose: RecordPurpose::Contact, version, change }
    }

    /// Anna's mailbox with a record of Björn, and a server that takes `writes` of it.
    fn mailbox(world: &TestWorld, writes: u64) -> Mailbox {
        let mailbox = annas_mailbox();
        let key = KnownKey::first(identity("bjorn", 10).certificate());
        {
            let mut state = mailbox.state.borrow_mut();
            state.replica.take_record(head(1), None).unwrap();
            let mut contacts = crate::contacts::Contacts::default();
            contacts.apply(&Edit { address: address("bjorn"), event: Event::Met(key) });
            state.take_card(BJORNS, address("bjorn"), contacts.get(&address("bjorn")).unwrap().clone());
        }
        let path: &'static str = format!("/records/{BJORNS}?purpose=contact").leak();
        for version in 2..2 + writes {
            world.server.will(path, ok(&head(version)));
        }
        mailbox
    }

    #[test]
    fn the_digits_count_for_the_key_that_was_shown_even_if_the_server_shows_another_one_later() {
        let world = TestWorld::default();
        let anna = mailbox(&world, 9);
        let (shown, later) = (identity("bjorn", 10), identity("bjorn", 11));
        world.server.will(LOOK_UPS, listing(&shown));
        ready(anna.compare(&world, &address("bjorn"))).unwrap();
        world.server.will(LOOK_UPS, listing(&later));
        assert!(ready(anna.look_up(&world, &address("bjorn"))).is_err());
        let compared = ready(anna.digits_match(&world, &address("bjorn"))).unwrap();
        assert_eq!(compared.fingerprint, shown.certificate().fingerprint());
        let standing = |key: &securemailbox_vault::identities::Identity| {
            anna.standing(&address("bjorn"), &key.certificate().fingerprint())
        };
        assert_eq!((standing(&shown), standing(&later)), (Standing::Compared, Standing::Changed));
    }

    #[test]
    fn ten_thousand_strangers_in_the_inbox_are_no_contacts_and_stop_no_look_up_and_no_comparison() {
        const STRANGERS: u64 = 10_000;
        let world = TestWorld::default();
        let anna = mailbox(&world, 9);
        let stranger = |number: u64| Entry {
            id: LetterId::from_bytes((u128::from(number) << 64).to_be_bytes()),
            thread: ThreadId::from_bytes([0; 16]),
            sender: Sender {
                address: address(&format!("stranger{number}")),
                certificate: CertificateHash::from_bytes([0; 32]),
            },
            folder: Folder::Inbox,
            read: false,
            flagged: false,
            level: None,
            change: ChangeNumber::new(number),
            arrived: world.now(),
            content_length: 0,
            held: None,
            withdrawn: None,
            binned: None,
            released: Some(Released { envelope: vec![1; 8].into(), wrapped_key: vec![2; 8].into() }),
        };
        let changes = Changes {
            change: ChangeNumber::new(STRANGERS),
            erased: Erased::default(),
            more: false,
            entries: (1..=STRANGERS).map(stranger).collect(),
            records: Vec::new(),
            waits: Vec::new(),
        };
        anna.state.borrow_mut().replica.take_changes(changes).unwrap();
        ready(anna.write_down(&world)).unwrap();
        assert_eq!(anna.count(Folder::Inbox).0, 10_000);
        assert_eq!(ready(anna.list(&world, Folder::Inbox, 50)).unwrap().len(), 50);
        for _ in 0..2 {
            world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
        }
        ready(anna.look_up(&world, &address("bjorn"))).unwrap();
        ready(anna.compare(&world, &address("bjorn"))).unwrap();
        assert!(ready(anna.digits_differ(&world, &address("bjorn"))).unwrap().differs);
        let contacts: Vec<_> = anna.contacts().iter().map(|(address, _)| address.clone()).collect();
        assert_eq!(contacts, [address("bjorn")]);
    }

    #[test]
    fn what_a_person_says_is_written_though_this_device_believes_it_stands_there_already() {
        let world = TestWorld::default();
        let anna = mailbox(&world, 2);
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
        ready(anna.compare(&world, &address("bjorn"))).unwrap();
        ready(anna.digits_differ(&world, &address("bjorn"))).unwrap();
        // Another device may have said meanwhile that they match.
        ready(anna.digits_differ(&world, &address("bjorn"))).unwrap();
        assert_eq!(world.server.bodies(&format!("/records/{BJORNS}?purpose=contact")).len(), 2);
    }

    #[test]
    fn a_changed_key_whose_digits_nobody_saw_is_not_compared_by_word() {
        let world = TestWorld::default();
        let anna = mailbox(&world, 0);
        for seed in [10, 11] {
            world.server.will(LOOK_UPS, listing(&identity("bjorn", seed)));
            let _ = ready(anna.look_up(&world, &address("bjorn")));
        }
        let refused = ready(anna.digits_match(&world, &address("bjorn")));
        assert_eq!(refused, Err(DecisionError::CompareFirst));
    }

    #[test]
    fn digits_that_differ_stop_the_sending_until_they_match() {
        let world = TestWorld::default();
        let anna = mailbox(&world, 9);
        for _ in 0..4 {
            world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
        }
        assert_eq!(ready(anna.digits_differ(&world, &address("bjorn"))), Err(DecisionError::CompareFirst));
        ready(anna.compare(&world, &address("bjorn"))).unwrap();
        assert!(ready(anna.digits_differ(&world, &address("bjorn"))).unwrap().differs);
        let stopped = ready(anna.look_up(&world, &address("bjorn"))).err();
        assert_eq!(stopped, Some(LookUpError::DigitsDiffer));
        assert!(ready(anna.compare(&world, &address("bjorn"))).unwrap().differs);
        assert!(!ready(anna.digits_match(&world, &address("bjorn"))).unwrap().differs);
        assert!(ready(anna.look_up(&world, &address("bjorn"))).is_ok());
    }

    #[test]
    fn a_changed_key_whose_digits_differ_is_not_accepted() {
        let world = TestWorld::default();
        let anna = mailbox(&world, 9);
        for seed in [10, 11, 11, 11] {
            world.server.will(LOOK_UPS, listing(&identity("bjorn", seed)));
        }
        ready(anna.compare(&world, &address("bjorn"))).unwrap();
        assert_eq!(ready(anna.compare(&world, &address("bjorn"))).unwrap().standing, Standing::Changed);
        ready(anna.digits_differ(&world, &address("bjorn"))).unwrap();
        assert_eq!(ready(anna.accept(&world, &address("bjorn"))), Err(DecisionError::CompareFirst));
    }

    #[test]
    fn who_has_no_account_any_more_has_no_digits_to_compare() {
        let world = TestWorld::default();
        let anna = mailbox(&world, 9);
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
        world.server.will(LOOK_UPS, problem(securemailbox_protocol::problems::ProblemType::NoAccount));
        ready(anna.compare(&world, &address("bjorn"))).unwrap();
        let refused = ready(anna.compare(&world, &address("bjorn")));
        assert_eq!(refused, Err(DecisionError::LookUp(LookUpError::NoAccount)));
    }

    #[test]
    fn a_changed_key_is_accepted_unless_the_former_was_compared() {
        let world = TestWorld::default();
        let anna = mailbox(&world, 9);
        let keys = [10, 11, 12].map(|seed| identity("bjorn", seed));
        for key in [&keys[0], &keys[1], &keys[1], &keys[1], &keys[2]] {
            world.server.will(LOOK_UPS, listing(key));
        }
        assert_eq!(ready(anna.compare(&world, &address("bjorn"))).unwrap().standing, Standing::New);
        let accepted = ready(anna.accept(&world, &address("bjorn"))).unwrap();
        assert_eq!(accepted.fingerprint, keys[1].certificate().fingerprint());
        assert_eq!(accepted.standing, Standing::New);
        assert!(ready(anna.look_up(&world, &address("bjorn"))).is_ok());
        ready(anna.compare(&world, &address("bjorn"))).unwrap();
        ready(anna.digits_match(&world, &address("bjorn"))).unwrap();
        assert_eq!(ready(anna.accept(&world, &address("bjorn"))), Err(DecisionError::CompareFirst));
    }

    #[test]
    fn there_is_nothing_to_accept_where_nobody_is() {
        let world = TestWorld::default();
        let anna = mailbox(&world, 0);
        world.server.will(LOOK_UPS, listing(&identity("bjorn", 10)));
        world.server.will(LOOK_UPS, problem(securemailbox_protocol::problems::ProblemType::NoAccount));
        ready(anna.look_up(&world, &address("bjorn"))).unwrap();
        let refused = ready(anna.accept(&world, &address("bjorn")));
        assert_eq!(refused, Err(DecisionError::LookUp(LookUpError::NoAccount)));
        assert!(anna.contacts().get(&address("bjorn")).is_some());
    }
}
