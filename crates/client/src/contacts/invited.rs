//! The link of somebody who had no mailbox when they were written to (PROTOCOL §5), kept for a reminder until they have one.

use std::fmt;

use securemailbox_protocol::{ids::Fingerprint, time::Timestamp};
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
    /// What stands behind the `#` of the link.
    pub link: String,
    /// Whether the server sent it: then an operator who kept it has the key too.
    #[serde(default = "yes")]
    pub mailed: bool,
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

impl Contact {
    /// The link that was made for them, while they are known by the key that was made with it.
    #[must_use]
    pub fn invited(&self) -> Option<&Invited> {
        let (key, invited) = (self.key?, self.invited.as_ref()?.what()?);
        (invited.key == key.fingerprint).then_some(invited)
    }

    /// Whether a link that was made for them went out by the server, which could have kept it.
    #[must_use]
    pub fn was_mailed_a_link(&self) -> bool {
        self.invited.as_ref().and_then(Said::what).is_some_and(|invited| invited.mailed)
    }

    /// What has to be said at `now` so that it comes to this.
    pub(crate) fn invited_said(&self, invited: Invited, now: Timestamp) -> Option<Said<Invited>> {
        said_anew(self.invited.as_ref(), Some(invited), now)
    }
}
