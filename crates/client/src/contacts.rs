//! Contacts: whose key is whose, as this person knows it (PROTOCOL §2, Known keys). A sealed record each.
//!
//! What happened is an [`Edit`]; contacts change by edits only. An edit says the same twice, and on top of whatever
//! another device wrote meanwhile, so that a write can be lost, repeated or merged (PROTOCOL §9a). Two devices that meet
//! somebody at the same time make two records of one contact, which are read as one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use securemailbox_protocol::{address::Address, ids::Fingerprint, time::Timestamp};
use securemailbox_vault::{
    certificates::Certificate,
    known_keys::{KeyRefused, KeyState, KnownKey},
};

use crate::settings::Name;

const FORMAT: &str = "securemailbox/1 contact";
/// A contact's text has a length that is a multiple of this, so that its record does not tell how long a name is.
const PADDING: usize = 512;

/// Everyone whose key was met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contacts(BTreeMap<Address, Contact>);

/// One address, and the key it is known by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The key that is written to, and that this person's letters are signed by.
    pub key: KnownKey,
    /// Keys this contact had before, each given up by accepting another: their old letters stay readable.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub former: BTreeSet<Fingerprint>,
    /// What the directory offers instead, until the person accepts it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub offered: Option<Offer>,
    /// The name they signed the first letter with that was read here. A claim, kept with the pin (PROTOCOL §3).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<Name>,
    /// The key whose digits the person compared and found to differ: nothing goes out to it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub differs: Option<Fingerprint>,
    /// What a newer client added, carried along.
    #[serde(flatten)]
    pub(crate) rest: Map<String, Value>,
}

/// A name as a list may show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownName {
    /// The name; none for whom nobody named.
    pub name: Option<String>,
    /// Whether it may stand without the address: the contact has this very name, and nobody else has one like it.
    pub alone: bool,
}

/// What people are called. Names that look alike are one name: whoever shares it is shown with the address.
pub struct Names<'a> {
    contacts: &'a Contacts,
    taken: BTreeMap<String, usize>,
}

impl Names<'_> {
    /// How somebody is named who claims this name, or none (PROTOCOL §3). What is `claimed` and is not the contact's own
    /// name never stands alone, and what is no name is not shown.
    #[must_use]
    pub fn shown(&self, address: &Address, claimed: Option<&str>) -> ShownName {
        let own = self.contacts.get(address).and_then(|contact| contact.name.clone());
        let name = match claimed {
            Some(claimed) => Name::parse(claimed).ok(),
            None => own.clone(),
        };
        let alone = own.is_some() && name == own && {
            let folded = own.as_ref().map(Name::folded);
            folded.is_some_and(|folded| self.taken.get(&folded) == Some(&1))
        };
        ShownName { name: name.map(|name| name.as_str().into()), alone }
    }
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
    /// A letter signed by the known key was read, whose sender claims this name.
    Named(Name),
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
            Some(contact) => contact.key.meet(certificate).map(|key| key.state),
            None => Ok(KeyState::New),
        }
    }

    /// How the key that signed a letter of `address` stands.
    #[must_use]
    pub fn standing(&self, address: &Address, signer: &Fingerprint) -> Standing {
        match self.0.get(address) {
            None => Standing::New,
            Some(contact) if contact.differs == Some(*signer) => Standing::Differs,
            Some(contact) if contact.key.fingerprint == *signer => contact.key.state.into(),
            Some(contact) if contact.former.contains(signer) => Standing::Former,
            Some(_) => Standing::Changed,
        }
    }

    /// What they are called, to somebody who is called `own`.
    #[must_use]
    pub fn names(&self, own: &Name) -> Names<'_> {
        let mut taken = BTreeMap::new();
        for name in self.0.values().filter_map(|contact| contact.name.as_ref()).chain([own]) {
            *taken.entry(name.folded()).or_default() += 1;
        }
        Names { contacts: self, taken }
    }

    /// Takes an edit. The same edit twice changes nothing the second time.
    pub fn apply(&mut self, edit: &Edit) {
        let Edit { address, event } = edit;
        let Some(contact) = self.0.get_mut(address) else {
            if let Event::Met(key) = event {
                self.0.insert(address.clone(), Contact::met(*key));
            }
            return;
        };
        match event {
            Event::Met(key) => contact.meet(*key),
            Event::Gone => contact.offered = Some(Offer::NoAccount),
            Event::Accepted(fingerprint) => contact.take(*fingerprint, KeyState::New),
            Event::Compared(fingerprint) => {
                contact.take(*fingerprint, KeyState::Compared);
                contact.differs = contact.differs.filter(|differs| differs != fingerprint);
            }
            Event::Differed(fingerprint) => contact.differs = Some(*fingerprint),
            Event::Named(name) => {
                contact.name.get_or_insert_with(|| name.clone());
            }
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
}

impl Contact {
    fn met(key: KnownKey) -> Self {
        Self { key, former: BTreeSet::new(), offered: None, name: None, differs: None, rest: Map::new() }
    }

    /// For its sealed record, padded.
    #[must_use]
    pub fn to_bytes(&self, address: &Address) -> Vec<u8> {
        let file = File { format: FORMAT.into(), address: address.clone(), contact: self.clone() };
        #[expect(clippy::expect_used, reason = "our own type: string keys, no fallible Serialize")]
        let mut bytes = serde_json::to_vec(&file).expect("a contact is JSON");
        // JSON may end in spaces (RFC 8259 §2).
        bytes.resize(bytes.len().next_multiple_of(PADDING), b' ');
        bytes
    }

    /// From its sealed record: the address, and what is known of it.
    ///
    /// # Errors
    /// [`NotAContact`]: a fault, or the work of a client of another protocol.
    pub fn from_bytes(bytes: &[u8]) -> Result<(Address, Self), NotAContact> {
        let file: File = serde_json::from_slice(bytes).map_err(|_| NotAContact)?;
        if file.format == FORMAT { Ok((file.address, file.contact)) } else { Err(NotAContact) }
    }

    /// What two records say of one address, read as one. Another key in the other record is one to be decided about.
    #[must_use]
    pub fn merged(mut self, other: Self) -> Self {
        let Self { key, former, offered, name, differs, rest } = other;
        let offers = [self.offered, offered];
        self.meet(key);
        for offer in offers.into_iter().flatten() {
            match offer {
                Offer::Key { fingerprint, signed_at } if fingerprint != self.key.fingerprint => {
                    self.meet(KnownKey { fingerprint, signed_at, state: KeyState::New });
                }
                Offer::Key { .. } => {}
                Offer::NoAccount => self.offered = self.offered.or(Some(Offer::NoAccount)),
            }
        }
        self.former.extend(former.into_iter().filter(|former| *former != self.key.fingerprint));
        self.name = self.name.or(name);
        self.differs = self.differs.or(differs);
        for (member, value) in rest {
            self.rest.entry(member).or_insert(value);
        }
        self
    }

    /// PROTOCOL §9a: another fingerprint is a changed key, else the stronger state wins.
    fn meet(&mut self, key: KnownKey) {
        if key.fingerprint == self.key.fingerprint {
            self.key.state = self.key.state.max(key.state);
            self.key.signed_at = self.key.signed_at.max(key.signed_at);
            self.offered = None;
        } else if !self.former.contains(&key.fingerprint) {
            self.offered = Some(Offer::Key { fingerprint: key.fingerprint, signed_at: key.signed_at });
        }
    }

    /// The person decided for this key. Nothing happens if it is neither the known nor the offered one: another device
    /// saw yet another key meanwhile, and the person has to look at that.
    fn take(&mut self, decided: Fingerprint, state: KeyState) {
        match self.offered {
            Some(Offer::Key { fingerprint, signed_at }) if fingerprint == decided => {
                self.former.insert(self.key.fingerprint);
                self.key = KnownKey { fingerprint, signed_at, state };
                self.offered = None;
            }
            Some(Offer::Key { .. } | Offer::NoAccount) | None if self.key.fingerprint == decided => {
                self.key.state = self.key.state.max(state);
            }
            Some(Offer::Key { .. } | Offer::NoAccount) | None => {}
        }
    }
}

/// The sealed record opened, but holds no contact of this protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed contact is in a form this client does not know")]
pub struct NotAContact;

#[derive(Serialize, Deserialize)]
struct File {
    format: String,
    address: Address,
    #[serde(flatten)]
    contact: Contact,
}

#[cfg(test)]
mod tests;
