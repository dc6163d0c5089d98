//! A sealed post that the server has not acknowledged: made with the same ids and the same bytes until it is.

use serde::{Deserialize, Serialize};

use securemailbox_protocol::{
    endpoints,
    ids::{LetterId, RecordId},
    letters::{NewLetters, Posted},
    octets::Octets,
};

use crate::{api::Api, device::RowId, failure::CallError, transport::Transport};

use super::{Addressed, SentTo, TextPrint};

/// A post that waits for its acknowledgement, as the device keeps it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Waiting {
    /// The id of its first letter.
    pub id: LetterId,
    /// What is posted.
    pub letters: NewLetters,
    /// The contents, in the order of the letters.
    pub contents: Vec<Octets>,
    /// What it was sealed from, to seal it anew if a reader's key is another by now.
    pub written: Addressed,
    /// The draft that it was.
    pub record: Option<RecordId>,
    /// The texts of that draft that its sender had seen: whatever else stands there is not this letter.
    pub seen: Vec<TextPrint>,
    /// What the receipts of each letter must fit, in the order of the letters.
    pub sent_to: Vec<SentTo>,
}

impl Waiting {
    /// The ids of its letters.
    pub fn ids(&self) -> impl Iterator<Item = LetterId> {
        self.letters.letters.iter().map(|letter| letter.id)
    }

    /// The row it waits in: its draft's where there is one, so that one draft is never two letters.
    #[must_use]
    pub fn row(&self) -> RowId {
        self.record.map_or(*self.id.as_bytes(), |record| *record.as_bytes())
    }
}

/// Posts letters. The same bytes every time, so that the server can tell a repetition from another letter.
///
/// # Errors
/// [`CallError`]; unless the server refused it, the letter may have been taken.
pub async fn post<T: Transport>(api: &Api<'_, T>, waiting: &Waiting) -> Result<Posted, CallError> {
    let contents: Vec<&[u8]> = waiting.contents.iter().map(|content| content.0.as_slice()).collect();
    let posted = api.post_parts(endpoints::POST_LETTERS.here(), "letters", &waiting.letters, &contents).await?;
    if posted.letters.iter().map(|letter| letter.id).eq(waiting.ids()) {
        Ok(posted)
    } else {
        Err(CallError::Unreadable)
    }
}
