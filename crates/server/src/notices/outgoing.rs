//! A notice as a sender is given it.

use securemailbox_store::notices::NoticeId;

use super::Recipient;

/// A notice in words, on its way.
pub struct Outgoing {
    /// Its id in the outbox.
    pub id: NoticeId,
    /// The address or the number that the notice goes to.
    pub to: Recipient,
    /// The subject of an e-mail; empty for an SMS.
    pub subject: String,
    /// The text as it goes out, whole.
    pub text: String,
    /// The code in it, for the demo.
    pub code: Option<String>,
}
