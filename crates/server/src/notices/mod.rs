//! Notices to people: codes and "a letter waits". Durable and sealed in the store's outbox, retried until taken; a dead
//! mail server delays notices, never letters.

mod senders;
mod texts;
mod worker;

use rand::{CryptoRng, RngCore};
use securemailbox_protocol::{accounts::Language, address::Address, phone::PhoneNumber, sealed::Purpose};
use securemailbox_store::notices::{NewNotice, NoticeId};
use serde::{Deserialize, Serialize};

pub use senders::{DemoMessage, DemoOutbox, Outgoing, SenderError, Senders};
pub use texts::Text;
pub use worker::run;

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
    NewNotice { id, sealed: seal.seal(Purpose::Outbox, [0; 16], *id.as_bytes(), &plain, rng) }
}

fn open_notice(seal: &ServerSeal, id: NoticeId, sealed: &[u8]) -> Result<Waiting, Unsealed> {
    let plain = seal.open(Purpose::Outbox, [0; 16], *id.as_bytes(), sealed)?;
    serde_json::from_slice(&plain).map_err(|_| Unsealed)
}

/// The code in a sealed notice.
#[cfg(test)]
pub(crate) fn code_of(seal: &ServerSeal, id: NoticeId, sealed: &[u8]) -> Option<securemailbox_protocol::factors::Code> {
    open_notice(seal, id, sealed).ok()?.text.code().cloned()
}
