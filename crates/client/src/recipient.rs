//! Somebody one may write to.

use securemailbox_protocol::{ids::AccountId, levels::Level};
use securemailbox_vault::certificates::Certificate;

use crate::contacts::Standing;

/// Somebody whom the directory has, with a key that fits what is known of them.
#[derive(Clone)]
pub struct Recipient {
    /// Where the server puts the letter.
    pub account: AccountId,
    /// What the letter's key is wrapped for.
    pub certificate: Certificate,
    /// How sure one is of it. Whoever sends must have shown this.
    pub standing: Standing,
    /// How the person is identified when reading, by the server's word; one's own is not asked for.
    pub level: Option<Level>,
}
