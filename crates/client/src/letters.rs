//! Letters: sent without loss, listed and read only when verified (PROTOCOL §3, §4).

mod deliveries;
mod drafts;
mod export;
mod list;
mod outgoing;
mod read;
mod send;
mod unsent;

pub use deliveries::{ReadAt, ReaderDelivery, ReceiptRefused, Told};
pub use drafts::{DraftError, Kept, SavedDraft, Unfinished};
pub use export::Form;
pub use list::{ListError, Row};
pub use outgoing::{GivenBack, NotSent, Typed};
pub use read::{ReadError, Reading, ReadingWarning};
pub use send::{Answers, Draft, SendError, Sent, StillWaiting};
pub use unsent::{Unsent, Waiting, post};

use serde::{Deserialize, Serialize};

use securemailbox_protocol::{
    address::Address,
    ids::{ErasureId, Fingerprint, LetterId},
    letters::{EmptyTrash, EntryUpdate, ErasureReceipt, Folder},
    limits,
    octets::Octets,
    time::Timestamp,
};
use securemailbox_vault::{certificates::CertificateRefused, letters::Refused};

use crate::{
    failure::{CallError, Class, Explained, Failure, explained},
    mailbox::{Mailbox, OpenError},
    transport::Method,
    world::World,
};

/// What a list shows of a letter: its envelope, opened and verified. Kept in the sealed index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// SHA-256 of everything that was verified, so that a changed entry is opened again.
    pub(crate) verified: Octets,
}

impl Summary {
    /// Whether it is dated more than a day from its arrival: late, or delivered again (ATTACKS 8).
    #[must_use]
    pub fn date_is_off(&self, arrived: Timestamp) -> bool {
        self.date.since(arrived) > limits::DATE_SLACK || arrived.since(self.date) > limits::DATE_SLACK
    }
}

/// Why an entry is shown as damaged and never as a letter (PROTOCOL §4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// It does not open, or is not what its entry says.
    #[error("the letter is damaged or forged: {0}")]
    Letter(#[from] Refused),
    /// Its sender's certificate can't be used (ATTACKS 17).
    #[error("the sender's certificate can't be used: {0}")]
    Certificate(#[from] CertificateRefused),
    /// The server has no such certificate as it says the sender has.
    #[error("the sender's certificate is missing")]
    CertificateMissing,
    /// It is signed by another key than the one known for its sender (ATTACKS 14).
    #[error("the letter is signed by somebody else's key than the sender's known one")]
    SenderKeyChanged,
    /// The sender's certificate is older than one already seen (ATTACKS 7).
    #[error("the sender's certificate is older than one already seen")]
    OlderCertificate,
    /// The server answered with another entry than the one asked for.
    #[error("the server answered with another letter")]
    OtherLetter,
    /// A stronger proof of who one is must come first.
    #[error("the sender asks for a stronger proof of who you are")]
    LevelRequired,
}

impl Damage {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Letter(_) => "damaged",
            Self::Certificate(_) => "certificate-refused",
            Self::CertificateMissing => "certificate-missing",
            Self::SenderKeyChanged => "sender-key-changed",
            Self::OlderCertificate => "older-certificate",
            Self::OtherLetter => "other-letter",
            Self::LevelRequired => "level-required",
        }
    }
}

impl Failure for Damage {
    fn explain(&self) -> Explained {
        let (class, advice) = match self {
            Self::SenderKeyChanged => (
                Class::Damaged,
                "Nothing of it is shown. Ask the sender, over another channel, whether they have a new key; then \
                 `accept` it, or `compare` the sixty digits with them, which is surer.",
            ),
            Self::LevelRequired => (Class::Refused, "Confirm that it is you, and open the letter again."),
            Self::Letter(_)
            | Self::Certificate(_)
            | Self::CertificateMissing
            | Self::OlderCertificate
            | Self::OtherLetter => {
                (Class::Damaged, "Nothing of it is shown. Ask the sender to send it anew, and tell the operator.")
            }
        };
        explained(self.name(), class, advice)
    }
}

impl Mailbox {
    /// Puts an entry into a folder.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn move_letter(&self, world: &impl World, id: LetterId, to: Folder) -> Result<(), CallError> {
        let update = EntryUpdate { folder: Some(to), read: None };
        self.session.api(world).tell(Method::Patch, &format!("/letters/{id}"), &update).await
    }

    /// Erases what lies in the trash, at the server and here (PROTOCOL §8).
    ///
    /// # Errors
    /// [`OpenError`]
    pub async fn empty_trash(&mut self, world: &impl World) -> Result<ErasureReceipt, OpenError> {
        let empty = EmptyTrash { id: ErasureId::new(world.now(), &mut world.rng()) };
        let receipt: ErasureReceipt = self.session.api(world).send(Method::Post, "/trash/empty", &empty).await?;
        self.sync(world).await?;
        Ok(receipt)
    }
}
