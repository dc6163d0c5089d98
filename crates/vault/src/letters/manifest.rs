//! The manifest: what a letter says of itself beside its text (PROTOCOL §3). The last part of its MIME message.

use serde::{Deserialize, Serialize};

use securemailbox_protocol::ids::{Fingerprint, ThreadId};

use crate::attachments::Attachment;

pub(super) const CONTENT_TYPE: &str = "application/vnd.securemailbox.manifest+json";

/// The manifest of a letter.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// The conversation that the letter belongs to.
    pub(super) thread: ThreadId,
    /// The primary key of each To and then each Cc reader, in the order of the headers, so that readers can check each
    /// other's keys (ATTACKS 16).
    pub(super) readers: Vec<Fingerprint>,
    /// A row for each attachment.
    pub(super) attachments: Vec<Attachment>,
}
