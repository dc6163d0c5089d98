//! Names that an owner, or a device, gave to what the server knows by an id: sealed with the settings (PROTOCOL §2).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// At most so many names by id. Where there is no room the oldest goes: these ids are in the order of their time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Names<Id: Ord, Name, const MOST: usize>(BTreeMap<Id, Name>);

impl<Id: Ord, Name, const MOST: usize> Default for Names<Id, Name, MOST> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<Id: Ord, Name, const MOST: usize> Names<Id, Name, MOST> {
    /// What this one is called.
    #[must_use]
    pub fn of(&self, id: Id) -> Option<&Name> {
        self.0.get(&id)
    }

    /// With one more, or another one.
    #[must_use]
    pub(crate) fn with(mut self, id: Id, name: Name) -> Self {
        self.0.insert(id, name);
        while self.0.len() > MOST {
            self.0.pop_first();
        }
        self
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
