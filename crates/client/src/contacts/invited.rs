//! The link of somebody who had no mailbox when they were written to (PROTOCOL §5), kept for a reminder until they have one.

use std::fmt;

use securemailbox_protocol::{ids::Fingerprint, time::Timestamp};
use securemailbox_vault::passphrases::Passphrase;
use serde::{Deserialize, Serialize};

use super::{
    Contact,
    words::{Said, said_anew},
};

/// What its owner made for somebody: the key, and the link that opens it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invited {
    /// The key that was made for them.
    pub key: Fingerprint,
    /// What stands behind the `#` of the link; nothing once it is over.
    pub link: String,
    /// Whether the server sent it: then an operator who kept it has the key too.
    #[serde(default = "yes")]
    pub mailed: bool,
    /// What was agreed on beside it, for whoever forgot it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub passphrase: Option<Passphrase>,
    /// Whether an operator could have opened what went out by a link before this.
    #[serde(default)]
    pub open_before: bool,
}

/// The weaker of the two, where nothing is said.
const fn yes() -> bool {
    true
}

// A link opens letters.
impl fmt::Debug for Invited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invited").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Invited {
    /// Whether an operator who kept the link could open what it opens.
    #[must_use]
    pub const fn opens_for_operator(&self) -> bool {
        self.mailed && self.passphrase.is_none()
    }

    /// What is left of it when all that it opened is erased, or is in a mailbox of their own: the key, and whether an operator could have
    /// it, which outlives the link.
    #[must_use]
    pub(crate) const fn over(&self) -> Self {
        let mailed = self.opens_for_operator();
        Self { key: self.key, link: String::new(), mailed, passphrase: None, open_before: self.was_open() }
    }

    /// Whether nothing goes out by it any more.
    const fn is_over(&self) -> bool {
        self.link.is_empty()
    }

    const fn was_open(&self) -> bool {
        self.open_before || self.opens_for_operator()
    }
}

/// The later of what two devices said. What an operator could have opened by the earlier one is not forgotten for it.
pub(super) fn later(one: Option<Said<Invited>>, other: Option<Said<Invited>>) -> Option<Said<Invited>> {
    let (winner, loser) = if one >= other { (one, other) } else { (other, one) };
    let Some(lost) = loser.as_ref().and_then(Said::what) else { return winner };
    let same = winner.as_ref().map(Said::at) == loser.as_ref().map(Said::at);
    let open = if same { lost.open_before } else { lost.was_open() };
    winner.map(|said| said.map(|invited| Invited { open_before: invited.open_before || open, ..invited }))
}

impl Contact {
    /// The link that was made for them, while they are known by the key that was made with it.
    #[must_use]
    pub fn invited(&self) -> Option<&Invited> {
        let (key, invited) = (self.key?, self.invited.as_ref()?.what()?);
        (invited.key == key.fingerprint).then_some(invited)
    }

    /// Whether what is written to them now goes to a key that an operator could have: by a link that was mailed, and opens by itself.
    #[must_use]
    pub fn is_open_to_operator(&self) -> bool {
        self.invited().is_some_and(Invited::opens_for_operator)
    }

    /// Whether an operator could have opened what was written to them then. Of what went out by an earlier link, no better is known than
    /// whether any of those was open.
    #[must_use]
    pub fn was_open_to_operator(&self, written: Timestamp) -> bool {
        let Some(said) = &self.invited else { return false };
        said.what().is_some_and(|invited| match written < said.at() {
            true => invited.open_before,
            false => invited.opens_for_operator() && !invited.is_over(),
        })
    }

    /// What has to be said at `now` so that it comes to this.
    pub(crate) fn invited_said(&self, invited: Invited, now: Timestamp) -> Option<Said<Invited>> {
        let before = self.invited.as_ref().and_then(Said::what);
        let open_before = invited.open_before || before.is_some_and(Invited::was_open);
        said_anew(self.invited.as_ref(), Some(Invited { open_before, ..invited }), now)
    }
}
