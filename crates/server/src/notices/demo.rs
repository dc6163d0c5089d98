//! The demo's outbox, in the place of a mail server and a gateway.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use securemailbox_protocol::time::Timestamp;
use serde::Serialize;

use super::Outgoing;

/// The most messages that the demo's outbox remembers.
const DEMO_OUTBOX: usize = 1000;

/// The demo's outbox: everything that would have been sent. Memory only.
#[derive(Clone, Default)]
pub struct DemoOutbox(Arc<Mutex<VecDeque<DemoMessage>>>);

/// One message in the demo's outbox.
#[derive(Clone, Serialize)]
pub struct DemoMessage {
    /// The word `email` or `sms`.
    pub channel: &'static str,
    /// The address or the number that it would have gone to.
    pub to: String,
    /// The subject of an e-mail; an SMS has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The text as it would have gone out, whole.
    pub text: String,
    /// The code in the text, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The link in the text, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// When it would have gone out.
    pub at: Timestamp,
}

impl DemoMessage {
    pub(super) fn new(channel: &'static str, to: &str, outgoing: &Outgoing, at: Timestamp) -> Self {
        let link = outgoing.text.split_whitespace().find(|word| word.starts_with("http")).map(ToOwned::to_owned);
        let subject = Some(outgoing.subject.clone()).filter(|subject| !subject.is_empty());
        Self { channel, to: to.to_owned(), subject, text: outgoing.text.clone(), code: outgoing.code.clone(), link, at }
    }
}

impl DemoOutbox {
    pub(super) fn put(&self, message: DemoMessage) {
        let mut messages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if messages.len() == DEMO_OUTBOX {
            messages.pop_front();
        }
        messages.push_back(message);
    }

    /// All messages, oldest first.
    #[must_use]
    pub fn messages(&self) -> Vec<DemoMessage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
