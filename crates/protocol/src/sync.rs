//! How a device learns what changed (PROTOCOL §4.7, §9a).

use serde::{Deserialize, Serialize};

use crate::{
    ids::{LetterId, RecordId},
    letters::Entry,
    numbers::{ChangeNumber, EraseNumber},
    records::RecordHead,
};

/// `GET /changes?since=N`: what changed after N, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Changes {
    /// Up to where this answer is complete: the `since` of the next question.
    pub change: ChangeNumber,
    /// Higher than before: compare ids.
    pub erase: EraseNumber,
    /// Whether to ask again at once.
    pub more: bool,
    /// Entries that changed.
    pub entries: Vec<Entry>,
    /// Records that changed.
    pub records: Vec<RecordHead>,
}

/// `GET /ids`: everything there is. What a client has and this lacks was erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Ids {
    /// As of which change.
    pub change: ChangeNumber,
    /// As of which erasure.
    pub erase: EraseNumber,
    /// Every entry's letter.
    pub letters: Vec<LetterId>,
    /// Every record.
    pub records: Vec<RecordId>,
}

/// An event of `GET /events`: a hint to ask for changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Pulse {
    /// The account's newest change.
    pub change: ChangeNumber,
    /// The account's newest erasure.
    pub erase: EraseNumber,
}
