//! A sealed letter that the server has not acknowledged: posted with the same id and the same bytes until it is.

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
    /// The letter's id.
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
    /// What its readers' receipts must fit.
    pub sent_to: SentTo,
}

impl Waiting {
    /// The row it waits in: its draft's where there is one, so that one draft is never two letters.
    #[must_use]
    pub fn row(&self) -> RowId {
        self.record.map_or(*self.id.as_bytes(), |record| *record.as_bytes())
    }
}

/// Posts a letter. The same bytes every time, so that the server can tell a repetition from another letter.
///
/// # Errors
/// [`CallError`]; unless the server refused it, the letter may have been taken.
pub async fn post<T: Transport>(api: &Api<'_, T>, waiting: &Waiting) -> Result<Posted, CallError> {
    let contents: Vec<&[u8]> = waiting.contents.iter().map(|content| content.0.as_slice()).collect();
    let posted = api.post_parts(endpoints::POST_LETTERS.here(), "letters", &waiting.letters, &contents).await?;
    let asked = waiting.letters.letters.iter().map(|letter| letter.id);
    if posted.letters.iter().map(|letter| letter.id).eq(asked) { Ok(posted) } else { Err(CallError::Unreadable) }
}
