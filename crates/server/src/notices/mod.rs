//! Notices to people: codes and "a letter waits". Durable and sealed in the store's outbox, retried until taken; a dead
//! mail server delays notices, never letters.

mod configured;
mod demo;
mod failures;
mod gateway;
mod lanes;
mod mail;
mod outgoing;
mod senders;
mod texts;

use rand::{CryptoRng, RngCore};
use securemailbox_protocol::{accounts::Language, address::Address, phone::PhoneNumber, sealed::Purpose};
use securemailbox_store::notices::{Lane, NewNotice, NoticeId};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

pub use configured::SenderError;
pub use demo::{DemoMessage, DemoOutbox};
pub use lanes::{labels, name, run};
pub use outgoing::Outgoing;
pub use senders::Senders;
pub use texts::Text;

use crate::seal::{ServerSeal, Unsealed};

/// To whom a notice goes, and so by which way.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Recipient {
    /// An e-mail to this address.
    Email(Address),
    /// An SMS to this number.
    Phone(PhoneNumber),
}

impl Recipient {
    /// The lane of what a person waits for.
    #[must_use]
    pub const fn lane(&self) -> Lane {
        match self {
            Self::Email(_) => Lane::Emails,
            Self::Phone(_) => Lane::Texts,
        }
    }
}

/// Says to each lane that something new waits in it.
#[derive(Default)]
pub struct Bells {
    emails: Notify,
    texts: Notify,
    letters: Notify,
}

impl Bells {
    /// Something was put into the outbox.
    pub fn ring(&self, lane: Lane) {
        self.of(lane).notify_one();
    }

    const fn of(&self, lane: Lane) -> &Notify {
        match lane {
            Lane::Emails => &self.emails,
            Lane::Texts => &self.texts,
            Lane::Letters => &self.letters,
        }
    }
}

/// A notice as it lies sealed in the outbox.
#[derive(Serialize, Deserialize)]
struct Waiting {
    to: Recipient,
    language: Language,
    text: Text,
}

/// Seals a notice for the outbox.
#[must_use]
pub fn seal_notice(
    seal: &ServerSeal,
    to: &Recipient,
    language: Language,
    text: &Text,
    rng: &mut (impl RngCore + CryptoRng),
) -> NewNotice {
    let id = NoticeId::new(rng);
    let waiting = Waiting { to: to.clone(), language, text: text.clone() };
    #[expect(clippy::expect_used, reason = "a struct of strings is JSON")]
    let plain = zeroize::Zeroizing::new(serde_json::to_vec(&waiting).expect("strings"));
    NewNotice { id, lane: to.lane(), sealed: seal.seal(Purpose::Outbox, [0; 16], *id.as_bytes(), &plain, rng) }
}

fn open_notice(seal: &ServerSeal, id: NoticeId, sealed: &[u8]) -> Result<Waiting, Unsealed> {
    let plain = seal.open(Purpose::Outbox, [0; 16], *id.as_bytes(), sealed)?;
    serde_json::from_slice(&plain).map_err(|_| Unsealed)
}

/// What a sealed notice says.
#[cfg(test)]
pub(crate) fn text_of(seal: &ServerSeal, id: NoticeId, sealed: &[u8]) -> Option<Text> {
    Some(open_notice(seal, id, sealed).ok()?.text)
}

/// The language that a sealed notice is written in.
#[cfg(test)]
pub(crate) fn language_of(
    seal: &ServerSeal,
    id: NoticeId,
    sealed: &[u8],
) -> Option<securemailbox_protocol::accounts::Language> {
    Some(open_notice(seal, id, sealed).ok()?.language)
}

/// The code in a sealed notice.
#[cfg(test)]
pub(crate) fn code_of(seal: &ServerSeal, id: NoticeId, sealed: &[u8]) -> Option<securemailbox_protocol::factors::Code> {
    open_notice(seal, id, sealed).ok()?.text.code().cloned()
}
