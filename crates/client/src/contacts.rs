//! Contacts: whose key is whose, and who they are, as this person knows it (PROTOCOL §2). A sealed record each.
//!
//! What happened is an [`Edit`]; contacts change by edits only. An edit says the same twice, and on top of whatever
//! another device wrote meanwhile, so that a write can be lost, repeated or merged (PROTOCOL §9a). Two devices that meet
//! somebody at the same time make two records of one contact, which are read as one. A contact that is forgotten leaves
//! an empty record in the place of each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use securemailbox_protocol::{address::Address, ids::Fingerprint, time::Timestamp};
use securemailbox_vault::{
    certificates::Certificate,
    known_keys::{KeyRefused, KeyState, KnownKey},
};

use crate::settings::Name;

mod card;
mod invited;
mod names;
mod number;
mod owner;
mod words;

pub use card::NotAContact;
pub use invited::Invited;
pub use names::{Names, ShownName};
pub use number::NumberCheck;
pub use owner::ContactError;
pub use words::{Description, NOTE, NotANote, Note, Said, Words};

/// Everyone whose key was met, or whom the owner wrote down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contacts(BTreeMap<Address, Contact>);

/// One address, the key it is known by, and what the owner says of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The key that is written to, and that this person's letters are signed by. None for somebody whom the owner wrote
    /// down, and who had no mailbox when they were looked up.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<KnownKey>,
    /// Keys this contact had before, each given up by accepting another, oldest first: their old letters stay readable.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub former: Vec<Fingerprint>,
    /// What the directory offers instead, until the person accepts it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub offered: Option<Offer>,
    /// The name they signed the first letter with that was read here. A claim, kept with the pin (PROTOCOL §3).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<Name>,
    /// The key whose digits the person compared and found to differ: nothing goes out to it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub differs: Option<Fingerprint>,
    /// Whether the number that the owner knows is theirs, by the server's word; nothing once the owner wants that forgotten.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub number: Option<Said<NumberCheck>>,
    /// The link that the owner made for them, when they had no mailbox.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub invited: Option<Said<Invited>>,
    /// What the owner says of them.
    #[serde(flatten)]
    pub words: Words,
    /// What a newer client added, carried along.
    #[serde(flatten)]
    pub(crate) rest: Map<String, Value>,
}

/// What the directory says of an address that had another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Offer {
    /// Another primary key.
    Key {
        /// Which one.
        fingerprint: Fingerprint,
        /// When its newest self-signature was made.
        signed_at: Timestamp,
    },
    /// "No account", which is a changed key too (ATTACKS 15).
    NoAccount,
}

/// How a key stands, as a person is shown it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// One's own.
    Own,
    /// None is known: somebody whom the owner wrote down, and who had no mailbox then.
    Unmet,
    /// The server's word.
    New,
    /// The key used before.
    Known,
    /// Compared by voice or in person.
    Compared,
    /// One this address had before it was given up for another. Its letters stay readable, and are never called known:
    /// whoever made the sender accept a false key may still hold it.
    Former,
    /// Another key than before; nothing goes out until it is accepted.
    Changed,
    /// One whose digits the person compared and found to differ: nothing goes out to it, and no letter signed by it has a
    /// seal, until they match.
    Differs,
}

impl From<KeyState> for Standing {
    fn from(state: KeyState) -> Self {
        match state {
            KeyState::New => Self::New,
            KeyState::Known => Self::Known,
            KeyState::Compared => Self::Compared,
        }
    }
}

impl Standing {
    /// The word on the command line and on the wire between page and worker.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Unmet => "unmet",
            Self::New => "new",
            Self::Known => "known",
            Self::Compared => "compared",
            Self::Former => "former",
            Self::Changed => "changed",
            Self::Differs => "differs",
        }
    }
}

/// Something that happened to what is known of an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// Whose.
    pub address: Address,
    /// What.
    pub event: Event,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// The key was met: its state is `new` if the server said it, `known` if a letter went to it or came from it.
    Met(KnownKey),
    /// The directory says that nobody has this address.
    Gone,
    /// The person took this key.
    Accepted(Fingerprint),
    /// The person compared the digits of this key, and they match.
    Compared(Fingerprint),
    /// The person compared the digits of this key, and they do not match.
    Differed(Fingerprint),
    /// The server was asked about a number that the owner knows, or the owner wants its answer forgotten.
    Numbered(Said<NumberCheck>),
    /// The owner made a key and a link for them.
    Invited(Said<Invited>),
    /// A letter signed by the known key was read, whose sender claims this name.
    Named(Name),
    /// The owner said something of them, or wrote down somebody whose key was never met.
    Said(Words),
}

impl Contacts {
    /// Everyone, by address.
    pub fn iter(&self) -> impl Iterator<Item = (&Address, &Contact)> {
        self.0.iter()
    }

    /// What is known of an address.
    #[must_use]
    pub fn get(&self, address: &Address) -> Option<&Contact> {
        self.0.get(address)
    }

    /// Whether a letter may go to this certificate.
    ///
    /// # Errors
    /// [`KeyRefused`]: another key than the one known, or an older certificate.
    pub fn may_write_to(&self, certificate: &Certificate) -> Result<KeyState, KeyRefused> {
        match self.0.get(certificate.address()) {
            Some(Contact { key: Some(known), .. }) => known.meet(certificate).map(|key| key.state),
            Some(Contact { key: None, .. }) | None => Ok(KeyState::New),
        }
    }

    /// How the key that signed a letter of `address` stands.
    #[must_use]
    pub fn standing(&self, address: &Address, signer: &Fingerprint) -> Standing {
        match self.0.get(address) {
            None => Standing::New,
            Some(contact) if contact.differs == Some(*signer) => Standing::Differs,
            Some(Contact { key: Some(known), .. }) if known.fingerprint == *signer => known.state.into(),
            Some(contact) if contact.former.contains(signer) => Standing::Former,
            Some(Contact { key: Some(_), .. }) => Standing::Changed,
            Some(Contact { key: None, .. }) => Standing::New,
        }
    }

    /// How the key of an address stands, whatever it is: the one it is known by, unless the directory offers another.
    #[must_use]
    pub fn standing_of(&self, address: &Address) -> Standing {
        match self.0.get(address) {
            None => Standing::New,
            Some(Contact { offered: Some(_), .. }) => Standing::Changed,
            Some(Contact { key: Some(known), .. }) => self.standing(address, &known.fingerprint),
            Some(Contact { key: None, .. }) => Standing::Unmet,
        }
    }

    /// What they are called, to somebody who is called `own`.
    #[must_use]
    pub fn names(&self, own: &Name) -> Names<'_> {
        Names::new(self, own)
    }

    /// Takes an edit. The same edit twice changes nothing the second time.
    pub fn apply(&mut self, edit: &Edit) {
        let Edit { address, event } = edit;
        let Some(contact) = self.0.get_mut(address) else {
            let met = match event {
                Event::Met(key) => Contact { key: Some(*key), ..Contact::default() },
                Event::Said(words) => Contact { words: words.clone(), ..Contact::default() },
                Event::Gone
                | Event::Accepted(_)
                | Event::Compared(_)
                | Event::Differed(_)
                | Event::Numbered(_)
                | Event::Invited(_)
                | Event::Named(_) => return,
            };
            self.0.insert(address.clone(), met);
            return;
        };
        match event {
            Event::Met(key) => contact.meet(*key),
            Event::Gone if contact.key.is_some() => contact.offered = Some(Offer::NoAccount),
            Event::Gone => {}
            Event::Accepted(fingerprint) => contact.take(*fingerprint, KeyState::New),
            Event::Compared(fingerprint) => {
                contact.take(*fingerprint, KeyState::Compared);
                contact.differs = contact.differs.filter(|differs| differs != fingerprint);
            }
            Event::Differed(fingerprint) => contact.differs = Some(*fingerprint),
            Event::Numbered(said) => contact.number = contact.number.take().max(Some(said.clone())),
            Event::Invited(said) => contact.invited = invited::later(contact.invited.take(), Some(said.clone())),
            Event::Named(name) => {
                contact.name.get_or_insert_with(|| name.clone());
            }
            Event::Said(words) => contact.words.merge(words.clone()),
        }
    }

    /// What is known of one address only, to see what an edit would make of it.
    #[must_use]
    pub fn clone_of(&self, address: &Address) -> Self {
        Self(
            self.0
                .get_key_value(address)
                .map(|(address, contact)| (address.clone(), contact.clone()))
                .into_iter()
                .collect(),
        )
    }

    /// Puts a contact in the place of what was known of its address.
    pub fn put(&mut self, address: Address, contact: Contact) {
        self.0.insert(address, contact);
    }

    /// Leaves nothing of an address.
    pub fn forget(&mut self, address: &Address) {
        self.0.remove(address);
    }
}

impl Contact {
    /// What they are called: as the owner calls them, or else as they call themselves.
    #[must_use]
    pub fn goes_by(&self) -> Option<&Name> {
        self.words.called().or(self.name.as_ref())
    }

    /// What two records say of one address, read as one. Another key in the other record is one to be decided about.
    #[must_use]
    pub fn merged(mut self, other: Self) -> Self {
        let Self { key, former, offered, name, differs, number, invited, words, rest } = other;
        let offers = [self.offered, offered];
        if let Some(key) = key {
            self.meet(key);
        }
        for offer in offers.into_iter().flatten() {
            match offer {
                Offer::Key { fingerprint, signed_at } => {
                    self.meet_another(KnownKey { fingerprint, signed_at, state: KeyState::New });
                }
                Offer::NoAccount => self.offered = self.offered.or(Some(Offer::NoAccount)),
            }
        }
        for fingerprint in former {
            self.give_up(fingerprint);
        }
        self.name = self.name.or(name);
        self.differs = self.differs.or(differs);
        self.number = self.number.take().max(number);
        self.invited = invited::later(self.invited.take(), invited);
        self.words.merge(words);
        for (member, value) in rest {
            self.rest.entry(member).or_insert(value);
        }
        self
    }

    /// PROTOCOL §9a: another fingerprint is a changed key, else the stronger state wins.
    fn meet(&mut self, key: KnownKey) {
        match &mut self.key {
            None => self.key = Some(key),
            Some(known) if known.fingerprint == key.fingerprint => {
                known.state = known.state.max(key.state);
                known.signed_at = known.signed_at.max(key.signed_at);
                self.offered = None;
            }
            Some(_) => self.meet_another(key),
        }
    }

    /// A key that is offered, unless it is the known one or was given up.
    fn meet_another(&mut self, key: KnownKey) {
        let is_known = self.key.is_some_and(|known| known.fingerprint == key.fingerprint);
        if !is_known && !self.former.contains(&key.fingerprint) {
            self.offered = Some(Offer::Key { fingerprint: key.fingerprint, signed_at: key.signed_at });
        }
    }

    /// The person decided for this key. Nothing happens if it is neither the known nor the offered one: another device
    /// saw yet another key meanwhile, and the person has to look at that.
    fn take(&mut self, decided: Fingerprint, state: KeyState) {
        let Some(known) = &mut self.key else { return };
        match self.offered {
            Some(Offer::Key { fingerprint, signed_at }) if fingerprint == decided => {
                let before = known.fingerprint;
                *known = KnownKey { fingerprint, signed_at, state };
                self.offered = None;
                self.give_up(before);
            }
            Some(Offer::Key { .. } | Offer::NoAccount) | None if known.fingerprint == decided => {
                known.state = known.state.max(state);
            }
            Some(Offer::Key { .. } | Offer::NoAccount) | None => {}
        }
    }

    fn give_up(&mut self, fingerprint: Fingerprint) {
        let is_known = self.key.is_some_and(|known| known.fingerprint == fingerprint);
        if !is_known && !self.former.contains(&fingerprint) {
            self.former.push(fingerprint);
        }
    }
}

#[cfg(test)]
mod tests;
