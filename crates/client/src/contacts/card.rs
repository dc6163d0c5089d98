//! A contact's record as text: JSON, padded, and never longer than a record may be (PROTOCOL §2).

use securemailbox_protocol::{address::Address, limits, sealed};
use serde::{Deserialize, Serialize};

use super::Contact;

const FORMAT: &str = "securemailbox/1 contact";
/// A contact's text has a length that is a multiple of this, so that its record does not tell how long a name is; the
/// longest fill the record.
pub(super) const PADDING: usize = 512;
/// What a record has room for.
pub(super) const ROOM: usize = limits::CONTACT - sealed::OVERHEAD;

/// The sealed record opened, but holds no contact of this protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed contact is in a form this client does not know")]
pub struct NotAContact;

#[derive(Serialize, Deserialize)]
struct File {
    format: String,
    address: Address,
    #[serde(flatten)]
    contact: Contact,
}

/// What lies in the place of a contact that was forgotten: not even whose it was.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Emptied {
    format: String,
    forgotten: bool,
}

impl Contact {
    /// For its sealed record, padded. Where the text would be longer than a record may be, the keys that were given up
    /// first are left out: a letter by one of those is shown as by a changed key.
    #[must_use]
    pub fn to_bytes(&self, address: &Address) -> Vec<u8> {
        let mut file = File { format: FORMAT.into(), address: address.clone(), contact: self.clone() };
        loop {
            let bytes = json(&file);
            if bytes.len() <= ROOM || file.contact.former.is_empty() {
                return padded(bytes);
            }
            file.contact.former.remove(0);
        }
    }

    /// From its sealed record: the address, and what is known of it. None: the contact was forgotten.
    ///
    /// # Errors
    /// [`NotAContact`]: a fault, or the work of a client of another protocol.
    pub fn from_bytes(bytes: &[u8]) -> Result<Option<(Address, Self)>, NotAContact> {
        if let Ok(Emptied { format, forgotten: true }) = serde_json::from_slice(bytes) {
            return if format == FORMAT { Ok(None) } else { Err(NotAContact) };
        }
        let file: File = serde_json::from_slice(bytes).map_err(|_| NotAContact)?;
        if file.format == FORMAT { Ok(Some((file.address, file.contact))) } else { Err(NotAContact) }
    }

    /// For the record of a contact that is forgotten: the same whoever it was.
    #[must_use]
    pub fn forgotten() -> Vec<u8> {
        padded(json(&Emptied { format: FORMAT.into(), forgotten: true }))
    }
}

fn json(text: &impl Serialize) -> Vec<u8> {
    #[expect(clippy::expect_used, reason = "our own types: string keys, no fallible Serialize")]
    serde_json::to_vec(text).expect("a contact is JSON")
}

/// JSON may end in spaces (RFC 8259 §2).
fn padded(mut text: Vec<u8>) -> Vec<u8> {
    let length = text.len().next_multiple_of(PADDING).min(ROOM).max(text.len());
    text.resize(length, b' ');
    text
}
