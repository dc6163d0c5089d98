//! What the server does not have yet: letters that were not acknowledged, posted with the same id and the same bytes until
//! they are, and drafts that were saved without a network.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use securemailbox_protocol::{
    ids::{LetterId, RecordId},
    letters::{NewLetters, Posted},
    octets::Octets,
    time::Timestamp,
};

use crate::{api::Api, failure::CallError, transport::Transport};

use super::{Draft, Unfinished};

/// Everything that waits. Kept on the device, sealed, as one item for all tabs of a browser.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unsent {
    /// The posts that wait, oldest first.
    pub waiting: Vec<Waiting>,
    /// Drafts that the server does not have in this form.
    #[serde(default)]
    pub drafts: BTreeMap<RecordId, Unfinished>,
    /// Drafts that their writer wants sent, and from when on any tab may do it.
    #[serde(default)]
    pub outgoing: BTreeMap<RecordId, Timestamp>,
}

/// A post that waits for its acknowledgement.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiting {
    /// The letter's id.
    pub id: LetterId,
    /// What is posted.
    pub letters: NewLetters,
    /// The contents, in the order of the letters.
    pub contents: Vec<Octets>,
    /// What it was sealed from, to seal it anew if a reader's key is another by now.
    pub draft: Draft,
    /// The record it was drafted in, erased when the letter has gone out.
    #[serde(default)]
    pub record: Option<RecordId>,
}

impl Unsent {
    /// Drops what was acknowledged, or what is given up.
    pub fn drop_letter(&mut self, id: LetterId) {
        self.waiting.retain(|waiting| waiting.id != id);
    }
}

/// Posts a letter. The same bytes every time, so that the server can tell a repetition from another letter.
///
/// # Errors
/// [`CallError`]; unless the server refused it, the letter may have been taken.
pub async fn post<T: Transport>(api: &Api<'_, T>, waiting: &Waiting) -> Result<Posted, CallError> {
    #[expect(clippy::expect_used, reason = "our own type: string keys, no fallible Serialize")]
    let letters = serde_json::to_vec(&waiting.letters).expect("letters are JSON");
    let contents: Vec<Vec<u8>> = waiting.contents.iter().map(|content| content.0.clone()).collect();
    let posted: Posted = api.post_parts("/letters", "letters", &letters, &contents).await?;
    let asked = waiting.letters.letters.iter().map(|letter| letter.id);
    if posted.letters.iter().map(|letter| letter.id).eq(asked) { Ok(posted) } else { Err(CallError::Unreadable) }
}
