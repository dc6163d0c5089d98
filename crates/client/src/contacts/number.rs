//! What the server said of a number that the owner knows (PROTOCOL §6). It tells of one key: of another it says nothing.

use securemailbox_protocol::{address::Address, ids::Fingerprint, phone::PhoneNumber, time::Timestamp};
use securemailbox_vault::known_keys::KeyState;
use serde::{Deserialize, Serialize};

use super::{
    Contact, Contacts,
    words::{Said, said_anew},
};

/// A number that was asked about, and what the server said.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NumberCheck {
    /// The key that the directory showed.
    pub key: Fingerprint,
    /// The number, as the owner knows it.
    pub phone: PhoneNumber,
    /// Whether it is one that the account proved.
    pub matches: bool,
}

impl Contact {
    /// What the server said of a number, for the key that they are known by.
    #[must_use]
    pub fn number_check(&self) -> Option<&NumberCheck> {
        let (key, check) = (self.key?, self.number.as_ref()?.what()?);
        (check.key == key.fingerprint).then_some(check)
    }

    /// What has to be said at `now` so that it comes to this; nothing if it stands already.
    pub(crate) fn number_said(&self, check: Option<NumberCheck>, now: Timestamp) -> Option<Said<NumberCheck>> {
        said_anew(self.number.as_ref(), check, now)
    }
}

impl Contacts {
    /// Whether nothing goes out to this key because the number was not theirs. That letters come from it changes nothing: whoever
    /// registered the address first can write them. Only its digits say more.
    #[must_use]
    pub fn number_differs(&self, address: &Address, key: &Fingerprint) -> bool {
        let Some(contact) = self.get(address) else { return false };
        let is_compared = contact.key.is_some_and(|known| known.state == KeyState::Compared);
        !is_compared && contact.number_check().is_some_and(|check| check.key == *key && !check.matches)
    }
}
