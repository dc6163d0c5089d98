//! How a device learns what changed (PROTOCOL §4.7, §9a).

use serde::{Deserialize, Serialize};

use crate::{
    ids::{LetterId, RecordId},
    letters::Entry,
    numbers::{ChangeNumber, EraseNumber},
    records::RecordChange,
    waits::Wait,
};

/// How often something was erased, letters and drafts apart: a sent draft must not make every device fetch the ids of
/// all letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Erased {
    /// Higher than before: compare the letters with `GET /ids/letters`.
    pub letters: EraseNumber,
    /// Higher than before: compare the drafts with `GET /ids/drafts`.
    pub drafts: EraseNumber,
}

/// `GET /changes?since=N`: what changed after N, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Changes {
    /// Up to where this answer is complete: the `since` of the next question.
    pub change: ChangeNumber,
    /// What was erased so far. Higher than before: compare ids.
    pub erased: Erased,
    /// Whether to ask again at once.
    pub more: bool,
    /// Entries that changed.
    pub entries: Vec<Entry>,
    /// Records that changed, contacts with their bytes.
    pub records: Vec<RecordChange>,
    /// What waits to be done to the account, all of it. A change number rises when it begins and when it ends.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub waits: Vec<Wait>,
}

/// `GET /ids/letters`: every letter that the account holds. What a device has and this lacks was erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LetterIds {
    /// As of which change.
    pub change: ChangeNumber,
    /// As of which erasure of letters.
    pub erase: EraseNumber,
    /// Of each entry its letter, in the order of ids.
    pub ids: Vec<LetterId>,
}

/// `GET /ids/drafts`: every draft there is. What a device has and this lacks was sent or erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DraftIds {
    /// As of which change.
    pub change: ChangeNumber,
    /// As of which erasure of drafts.
    pub erase: EraseNumber,
    /// In the order of ids.
    pub ids: Vec<RecordId>,
}

/// An event `beat` of `GET /events`: the stream is alive, and so is everything between its two ends. The first comes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Beat {
    /// For how many seconds the stream is never silent. After some more, whoever listens begins anew.
    pub seconds: u32,
}

/// An event without a name of `GET /events`: a hint to ask for changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Pulse {
    /// The account's newest change.
    pub change: ChangeNumber,
    /// What was erased so far.
    pub erased: Erased,
}
