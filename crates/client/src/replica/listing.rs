//! What a list shows of a folder: its letters, and the conversations that are its rows. Both are kept in order as entries
//! come and go, so that nothing is sorted or gathered when somebody looks.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use serde::{Deserialize, Serialize};

use securemailbox_protocol::{
    ids::{LetterId, ThreadId},
    letters::Folder,
    time::Timestamp,
};

use super::{Brief, Replica, place};

/// Which conversations of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Which {
    /// Every one.
    All,
    /// With a letter that was not opened yet.
    Unread,
    /// With a letter that is to be seen again.
    Flagged,
}

/// What a list shows of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// The folder.
    pub folder: Folder,
    /// Which of its conversations.
    pub which: Which,
    /// And the one with this letter in any case: it is open, and must not vanish for having been opened.
    pub open: Option<LetterId>,
}

impl From<Folder> for Choice {
    fn from(folder: Folder) -> Self {
        Self { folder, which: Which::All, open: None }
    }
}

/// What the letters of one row have in common: their thread; of what was sent, the moments in which they were made and
/// posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ConversationId(ThreadId);

impl ConversationId {
    /// Which conversation a letter belongs to. Here, and nowhere else, is decided what is one row. Letters that went to each
    /// reader by itself have threads of their own, and were one letter to their sender.
    #[must_use]
    pub fn of(id: LetterId, letter: &Brief) -> Self {
        if letter.folder != Folder::Sent {
            return Self(letter.thread);
        }
        let mut moments = [0; 16];
        moments[..8].copy_from_slice(&id.made().unix_millis().to_be_bytes());
        moments[8..].copy_from_slice(&letter.arrived.unix_millis().to_be_bytes());
        Self(ThreadId::from_bytes(moments))
    }
}

/// A row of a folder: the letters of one conversation that lie there. What is done with it is done with these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Which one: it is the same whatever comes or goes.
    pub id: ConversationId,
    /// Its letters in this folder, newest arrival first, or in the order of their post; at least one.
    pub letters: Vec<LetterId>,
    /// Whether they are what was sent in one post.
    pub is_post: bool,
    /// The oldest of them that was not opened yet.
    pub unread: Option<LetterId>,
    /// Whether one of them is to be seen again.
    pub flagged: bool,
}

/// The server's arrival time, then the id: no two letters have the same.
type Arrival = (Timestamp, LetterId);

/// The letters of one conversation in one folder, never none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Members {
    letters: BTreeSet<Arrival>,
    unread: BTreeSet<Arrival>,
    flagged: BTreeSet<Arrival>,
}

impl Members {
    fn row(&self, folder: Folder, id: ConversationId) -> Conversation {
        let is_post = folder == Folder::Sent;
        let mut letters: Vec<_> = self.letters.iter().map(|(_, letter)| *letter).collect();
        if !is_post {
            letters.reverse();
        }
        Conversation {
            id,
            letters,
            is_post,
            unread: self.unread.first().map(|(_, letter)| *letter),
            flagged: !self.flagged.is_empty(),
        }
    }
}

/// Letters and rows of every folder, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Listing {
    letters: BTreeSet<(u8, Arrival)>,
    conversations: BTreeMap<(u8, ConversationId), Members>,
    /// Each stands where its newest letter does.
    rows: BTreeMap<(u8, Arrival), ConversationId>,
}

impl Listing {
    /// Lists an entry, which is not listed.
    pub(super) fn put(&mut self, id: LetterId, brief: &Brief) {
        let arrival = (brief.arrived, id);
        self.letters.insert((place(brief.folder), arrival));
        self.change(id, brief, |members| {
            members.letters.insert(arrival);
            if !brief.read {
                members.unread.insert(arrival);
            }
            if brief.flagged {
                members.flagged.insert(arrival);
            }
        });
    }

    /// Takes an entry out as it was put in.
    pub(super) fn remove(&mut self, id: LetterId, brief: &Brief) {
        let arrival = (brief.arrived, id);
        self.letters.remove(&(place(brief.folder), arrival));
        self.change(id, brief, |members| {
            members.letters.remove(&arrival);
            members.unread.remove(&arrival);
            members.flagged.remove(&arrival);
        });
    }

    /// Changes the letters of a conversation; its row follows.
    fn change(&mut self, id: LetterId, brief: &Brief, change: impl FnOnce(&mut Members)) {
        let (folder, id) = (place(brief.folder), ConversationId::of(id, brief));
        let members = self.conversations.entry((folder, id)).or_default();
        let before = members.letters.last().copied();
        change(members);
        let now = members.letters.last().copied();
        if now.is_none() {
            self.conversations.remove(&(folder, id));
        }
        if now != before {
            before.and_then(|newest| self.rows.remove(&(folder, newest)));
            now.and_then(|newest| self.rows.insert((folder, newest), id));
        }
    }

    fn chosen(
        &self,
        choice: Choice,
        open: Option<ConversationId>,
    ) -> impl DoubleEndedIterator<Item = (ConversationId, &Members)> {
        let rows = self.rows.range(all_of(choice.folder)).map(|(_, id)| *id);
        let rows = rows.filter_map(move |id| Some((id, self.conversations.get(&(place(choice.folder), id))?)));
        rows.filter(move |(id, members)| match choice.which {
            Which::All => true,
            Which::Unread => !members.unread.is_empty() || open == Some(*id),
            Which::Flagged => !members.flagged.is_empty() || open == Some(*id),
        })
    }
}

impl Replica {
    /// A part of the letters of a folder, newest arrival first.
    #[must_use]
    pub fn letters(&self, folder: Folder, range: Range<usize>) -> Vec<LetterId> {
        let letters = self.listing.letters.range(all_of(folder)).rev();
        letters.skip(range.start).take(range.len()).map(|(_, (_, id))| *id).collect()
    }

    /// A part of the rows that were chosen, newest arrival first.
    #[must_use]
    pub fn part(&self, choice: impl Into<Choice>, range: Range<usize>) -> Vec<Conversation> {
        let choice = choice.into();
        let rows = self.chosen(choice).rev().skip(range.start).take(range.len());
        rows.map(|(id, members)| members.row(choice.folder, id)).collect()
    }

    /// How many rows there are of what was chosen.
    #[must_use]
    pub fn size(&self, choice: impl Into<Choice>) -> usize {
        self.chosen(choice.into()).count()
    }

    fn chosen(&self, choice: Choice) -> impl DoubleEndedIterator<Item = (ConversationId, &Members)> {
        let open = choice.open.and_then(|id| Some((id, self.entries.get(&id)?)));
        let open = open.filter(|(_, brief)| brief.folder == choice.folder);
        let open = open.map(|(id, brief)| ConversationId::of(id, brief));
        self.listing.chosen(choice, open)
    }

    /// The row that a letter is in.
    #[must_use]
    pub fn row_of(&self, id: LetterId) -> Option<Conversation> {
        let brief = self.entries.get(&id)?;
        let id = ConversationId::of(id, brief);
        self.listing.conversations.get(&(place(brief.folder), id)).map(|members| members.row(brief.folder, id))
    }

    /// The letters that are read with one: those of its thread, oldest first. What was binned is read with what was binned,
    /// so that whoever erases a row of the trash has seen what goes. Blind copies of what was sent say the same once more.
    #[must_use]
    pub fn read_with(&self, id: LetterId) -> Vec<LetterId> {
        let Some(open) = self.entries.get(&id) else { return Vec::new() };
        let is_binned = |brief: &Brief| brief.folder == Folder::Trash;
        let read_with = |brief: &Brief| brief.thread == open.thread && is_binned(brief) == is_binned(open);
        let is_copy = |other: LetterId, brief: &Brief| {
            let both_sent = [open, brief].iter().all(|brief| brief.folder == Folder::Sent);
            both_sent && other != id && ConversationId::of(other, brief) == ConversationId::of(id, open)
        };
        let letters = self.entries.iter().filter(|(id, brief)| read_with(brief) && !is_copy(**id, brief));
        let mut arrivals: Vec<Arrival> = letters.map(|(id, brief)| (brief.arrived, *id)).collect();
        arrivals.sort_unstable();
        arrivals.into_iter().map(|(_, id)| id).collect()
    }

    /// How many letters a folder has, and how many of them were not opened yet.
    #[must_use]
    pub fn count(&self, folder: Folder) -> (usize, usize) {
        let conversations = self.listing.conversations.range((place(folder), FIRST)..=(place(folder), LAST));
        conversations.fold((0, 0), |(letters, unread), (_, members)| {
            (letters + members.letters.len(), unread + members.unread.len())
        })
    }

    /// When the newest letter came into a folder.
    #[must_use]
    pub fn newest_arrival(&self, folder: Folder) -> Option<Timestamp> {
        self.listing.letters.range(all_of(folder)).next_back().map(|(_, (arrived, _))| *arrived)
    }
}

const FIRST: ConversationId = ConversationId(ThreadId::from_bytes([0; 16]));
const LAST: ConversationId = ConversationId(ThreadId::from_bytes([0xff; 16]));

fn all_of(folder: Folder) -> Range<(u8, Arrival)> {
    let first = (Timestamp::from_unix_millis(0), LetterId::from_bytes([0; 16]));
    (place(folder), first)..(place(folder) + 1, first)
}

#[cfg(test)]
mod tests;
