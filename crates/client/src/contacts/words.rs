//! What the owner of a mailbox says of a contact: what they call them, a phone, a note (PROTOCOL §2). Their own words, kept
//! apart from what the contact claims.
//!
//! Each is a register whose later writing counts, so what two devices wrote comes to the same whichever was first to
//! reach the server.

use std::time::Duration;

use securemailbox_protocol::{address::normal, phone::PhoneNumber, time::Timestamp};
use serde::{Deserialize, Serialize};

use crate::settings::Name;

/// The longest note, in characters: with everything else at its longest, a contact keeps within its record.
pub const NOTE: usize = 500;

/// What the owner wants to remember of a contact: some lines, at most [`NOTE`] characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Note(String);

/// What was typed will not do as a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a note is 1 to 500 characters")]
pub struct NotANote;

impl Note {
    /// Takes what people type and paste: line breaks of any kind, and no other control characters.
    ///
    /// # Errors
    /// [`NotANote`]: empty, or too long.
    pub fn parse(typed: &str) -> Result<Self, NotANote> {
        let lines = typed.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n").replace('\t', " ");
        let note = normal(lines.trim()).chars().filter(|c| *c == '\n' || !c.is_control()).collect::<String>();
        if note.is_empty() || note.chars().count() > NOTE { Err(NotANote) } else { Ok(Self(note)) }
    }

    /// As it is shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Note {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// What the owner said last of one thing, and when. In this order, so that the greater one is the later one, and of two at
/// one time each device takes the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said<T> {
    at: Timestamp,
    /// None: they took it back.
    #[serde(skip_serializing_if = "Option::is_none", default = "nothing")]
    what: Option<T>,
}

impl<T> Said<T> {
    /// The same, said at the same time, as something else of it.
    pub(crate) fn map(self, of: impl FnOnce(T) -> T) -> Self {
        Self { at: self.at, what: self.what.map(of) }
    }

    /// When they said it.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// What they said, unless they took it back.
    #[must_use]
    pub const fn what(&self) -> Option<&T> {
        self.what.as_ref()
    }
}

fn nothing<T>() -> Option<T> {
    None
}

/// Everything that the owner said of a contact.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    called: Option<Said<Name>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    phone: Option<Said<PhoneNumber>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    note: Option<Said<Note>>,
}

/// How the owner wants a contact described.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Description {
    /// What they call them.
    pub name: Option<Name>,
    /// Where they can be called.
    pub phone: Option<PhoneNumber>,
    /// What there is to remember.
    pub note: Option<Note>,
}

impl Words {
    /// As it is shown.
    #[must_use]
    pub fn description(&self) -> Description {
        Description {
            name: self.called().cloned(),
            phone: self.phone.as_ref().and_then(|said| said.what.clone()),
            note: self.note.as_ref().and_then(|said| said.what.clone()),
        }
    }

    /// What the owner calls them.
    #[must_use]
    pub fn called(&self) -> Option<&Name> {
        self.called.as_ref()?.what.as_ref()
    }

    /// What has to be said at `now` so that it comes to what is `wanted`; nothing of what stands already.
    #[must_use]
    pub fn towards(&self, wanted: Description, now: Timestamp) -> Self {
        let Description { name, phone, note } = wanted;
        Self {
            called: said_anew(self.called.as_ref(), name, now),
            phone: said_anew(self.phone.as_ref(), phone, now),
            note: said_anew(self.note.as_ref(), note, now),
        }
    }

    /// Of each thing, what was said later.
    pub(crate) fn merge(&mut self, other: Self) {
        let Self { called, phone, note } = other;
        self.called = self.called.take().max(called);
        self.phone = self.phone.take().max(phone);
        self.note = self.note.take().max(note);
    }
}

/// After what stands there even where this device's clock is behind that of another: the owner sees it and says otherwise.
pub(super) fn said_anew<T: PartialEq>(before: Option<&Said<T>>, what: Option<T>, now: Timestamp) -> Option<Said<T>> {
    if before.and_then(|said| said.what.as_ref()) == what.as_ref() {
        return None;
    }
    let at = before.map_or(now, |said| now.max(said.at.after(Duration::from_millis(1))));
    Some(Said { at, what })
}
