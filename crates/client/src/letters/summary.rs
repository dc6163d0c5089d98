//! What was verified of a letter without its text, as a device keeps it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use securemailbox_protocol::{
    address::Address,
    coding::base64url,
    ids::{ContentHash, Fingerprint, LetterId},
    letters::{Entry, Released},
    levels::Level,
    limits,
    octets::Octets,
    time::Timestamp,
};
use securemailbox_vault::letters::{Envelope, Letter, SessionKey};

use super::deliveries::Told;

/// How many readers a list names: as many as an envelope does.
const READERS_NAMED: usize = 10;

/// What a list shows of a letter: its envelope, opened and verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The address in the certificate that signed.
    pub from: Address,
    /// The key that signed.
    pub signer: Fingerprint,
    /// The name the sender claims. Not to be shown without the address (ATTACKS 1).
    pub claimed_name: Option<String>,
    /// The first To and Cc addresses.
    pub to: Vec<Address>,
    /// How many more there are.
    pub more_readers: u32,
    /// The subject.
    pub subject: String,
    /// The first line of the text.
    pub first_line: String,
    /// When it was written, by the sender's clock.
    pub date: Timestamp,
    /// How its sender asked readers to be identified, as signed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub level: Option<Level>,
    /// How many files lie beside it.
    #[serde(default)]
    pub attachments: u32,
}

impl Summary {
    /// Of an envelope.
    #[must_use]
    pub fn of(envelope: &Envelope) -> Self {
        Self {
            from: envelope.from().clone(),
            signer: envelope.signer(),
            claimed_name: envelope.claimed_name().map(Into::into),
            to: envelope.to().to_vec(),
            more_readers: envelope.more_readers(),
            subject: envelope.subject().into(),
            first_line: envelope.first_line().into(),
            date: envelope.date(),
            level: envelope.level(),
            attachments: envelope.attachments(),
        }
    }

    /// Names the readers of another letter among its own; as many as a list shows, and how many more.
    pub(super) fn are_readers_too(&mut self, other: Self) {
        for reader in other.to {
            if self.to.contains(&reader) {
                continue;
            }
            if self.to.len() < READERS_NAMED {
                self.to.push(reader);
            } else {
                self.more_readers += 1;
            }
        }
    }

    /// Whether it is dated more than a day from its arrival: late, or delivered again (ATTACKS 8).
    #[must_use]
    pub fn date_is_off(&self, arrived: Timestamp) -> bool {
        self.date.since(arrived) > limits::DATE_SLACK || arrived.since(self.date) > limits::DATE_SLACK
    }
}

/// SHA-256 over everything of an entry that verification looks at; folder, flag and arrival may change without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified(Octets);

impl Verified {
    /// That of an entry, and of what opens it.
    #[must_use]
    pub fn of(entry: &Entry, released: &Released) -> Self {
        let address = entry.sender.address.as_str();
        let parts: [&[u8]; 6] = [
            entry.id.as_bytes(),
            entry.thread.as_bytes(),
            entry.sender.certificate.as_bytes(),
            address.as_bytes(),
            released.envelope.as_ref(),
            released.wrapped_key.as_ref(),
        ];
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(Octets(hash.finalize().to_vec()))
    }
}

/// An envelope that was opened and verified, with the letter's key, so that neither is opened twice.
#[derive(Clone, Serialize, Deserialize)]
pub struct OpenedEnvelope {
    /// What of the entry was verified.
    pub(crate) verified: Verified,
    /// What the envelope says.
    pub(crate) summary: Summary,
    key: Zeroizing<String>,
}

impl OpenedEnvelope {
    pub(crate) fn new(verified: Verified, summary: Summary, key: &SessionKey) -> Self {
        Self { verified, summary, key: Zeroizing::new(base64url::encode(key.as_bytes())) }
    }

    /// The letter's key.
    pub(crate) fn key(&self) -> Option<SessionKey> {
        let bytes = Zeroizing::new(base64url::decode(&self.key).ok()?);
        Some(SessionKey::from_bytes(bytes.as_slice().try_into().ok()?))
    }
}

/// A letter, as the device keeps it.
#[derive(Clone, Serialize, Deserialize)]
pub struct LetterRow {
    /// Its entry, as of the last change that this device saw.
    pub(crate) entry: Entry,
    /// Its envelope, once it was opened.
    pub(crate) opened: Option<OpenedEnvelope>,
    /// Of one's own letter, once it was asked for: what became of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) told: Option<Told>,
}

impl LetterRow {
    /// A new entry, with what an older row has of the same letter.
    pub(crate) fn new(entry: Entry, former: Option<Self>) -> Self {
        let (opened, told) = former.map_or((None, None), |former| (former.opened, former.told));
        // Of a letter that was withdrawn nothing stays; of one that asks for another proof by now, what was proved before does.
        let opened = opened.filter(|opened| match &entry.released {
            Some(new) => opened.fits(&entry, new),
            None => entry.withdrawn.is_none(),
        });
        Self { entry, opened, told }
    }
}

impl OpenedEnvelope {
    fn fits(&self, entry: &Entry, released: &Released) -> bool {
        self.verified == Verified::of(entry, released)
    }
}

/// The content of the letter that is open, so that a look at it again asks for nothing.
pub struct OpenContent {
    pub(crate) id: LetterId,
    pub(crate) bytes: Vec<u8>,
}

/// What the receipts of one's own letter must fit: known when it was sealed, and in its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentTo {
    /// SHA-256 of the content.
    pub content: ContentHash,
    /// Which key it was written to, for each reader.
    pub readers: Vec<(Address, Fingerprint)>,
    /// Of a blind copy, whose it is.
    #[serde(default)]
    pub blind: Option<Address>,
}

impl From<&Letter> for SentTo {
    fn from(letter: &Letter) -> Self {
        let blind = letter.blind_reader().cloned();
        let readers = letter.readers().into_iter().chain(blind.clone()).collect();
        Self { content: letter.content_hash(), readers, blind: blind.map(|(address, _)| address) }
    }
}
