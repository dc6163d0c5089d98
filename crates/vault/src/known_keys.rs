//! Known keys: what one remembers of the keys of others (PROTOCOL §2). Kept per address in the sealed contacts.

use serde::{Deserialize, Serialize};

use securemailbox_protocol::{ids::Fingerprint, time::Timestamp};

use crate::certificates::Certificate;

/// How sure a person can be whose key it is, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyState {
    /// Never seen before: only the server says whose key it is.
    New,
    /// The same key as the last time.
    Known,
    /// Compared by voice or in person.
    Compared,
}

/// The memory of one address's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownKey {
    /// Fingerprint of the primary key (RFC 9580 §5.5.4.3).
    pub fingerprint: Fingerprint,
    /// The newest self-signature seen.
    pub signed_at: Timestamp,
    /// How sure the person can be whose key it is.
    pub state: KeyState,
}

/// Why a certificate is not taken for an address that had another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefused {
    /// Another primary key: stop, until the person accepts it (ATTACKS 14).
    #[error("the key of this contact is another one than before")]
    Changed {
        /// How well the former key was known.
        was: KeyState,
    },
    /// The same key in a certificate older than one already seen (ATTACKS 7).
    #[error("an older certificate than one already seen")]
    Older,
}

impl KnownKey {
    /// The memory of a key that is met for the first time, which only the server vouches for.
    #[must_use]
    pub fn first(certificate: &Certificate) -> Self {
        Self { fingerprint: certificate.fingerprint(), signed_at: certificate.signed_at(), state: KeyState::New }
    }

    /// Meets a certificate for the same address: what is remembered from now on. The state stays; a new subkey signed
    /// by the same primary key is no change.
    ///
    /// # Errors
    /// [`KeyRefused`]: another key, or an older certificate.
    pub fn meet(self, certificate: &Certificate) -> Result<Self, KeyRefused> {
        if certificate.fingerprint() != self.fingerprint {
            return Err(KeyRefused::Changed { was: self.state });
        }
        if certificate.signed_at() < self.signed_at {
            return Err(KeyRefused::Older);
        }
        Ok(Self { signed_at: certificate.signed_at(), ..self })
    }

    /// After a letter went out to it or came from it.
    #[must_use]
    pub fn used(self) -> Self {
        Self { state: self.state.max(KeyState::Known), ..self }
    }

    /// After the sixty digits were found alike.
    #[must_use]
    pub const fn compared(self) -> Self {
        Self { state: KeyState::Compared, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{ANNA, BJÖRN, Forgery, NOW, address, certificate, joined};

    fn renewed() -> Certificate {
        let later = Forgery { at: NOW.after(std::time::Duration::from_secs(60)), ..Forgery::default() };
        Certificate::parse(&joined(&later.packets()), &address("anna@example.se"), NOW).unwrap()
    }

    #[test]
    fn a_key_is_new_then_known_then_compared() {
        let first = KnownKey::first(certificate(&ANNA));
        assert_eq!(first.state, KeyState::New);
        assert_eq!(first.used().state, KeyState::Known);
        assert_eq!(first.compared().used().state, KeyState::Compared, "use does not weaken it");
    }

    #[test]
    fn another_primary_key_is_a_change_whatever_was_known() {
        let known = KnownKey::first(certificate(&ANNA)).compared();
        let changed = Err(KeyRefused::Changed { was: KeyState::Compared });
        assert_eq!(known.meet(certificate(&BJÖRN)), changed);
    }

    #[test]
    fn a_newer_certificate_of_the_same_key_is_no_change_and_an_older_one_is_refused() {
        let known = KnownKey::first(certificate(&ANNA)).compared();
        let renewed = renewed();
        let met = known.meet(&renewed).unwrap();
        assert_eq!((met.state, met.signed_at), (KeyState::Compared, renewed.signed_at()));
        assert_eq!(met.meet(certificate(&ANNA)), Err(KeyRefused::Older));
    }

    #[test]
    fn what_is_known_of_a_key_survives_its_record() {
        let known = KnownKey::first(certificate(&ANNA)).used();
        let text = serde_json::to_string(&known).unwrap();
        assert_eq!(serde_json::from_str::<KnownKey>(&text).unwrap(), known);
    }
}
