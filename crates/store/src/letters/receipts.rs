//! What became of a letter: delivered, notified, read (PROTOCOL §4.5).

use securemailbox_protocol::{
    accounts::Level,
    ids::{AccountId, LetterId},
    time::Timestamp,
};

use crate::{Act, Db, ReadOnly, StoreError, letters::Correspondent};

/// What became of a letter at one reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The reader.
    pub reader: Correspondent,
    /// When it lay in the reader's mailbox.
    pub delivered: Timestamp,
    /// When the mail server took the notice.
    pub notified: Option<Timestamp>,
    /// The signed receipt.
    pub read: Option<DeliveryReceipt>,
}

/// A reader's word that a letter was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryReceipt {
    /// When, as signed.
    pub at: Timestamp,
    /// A detached v6 signature.
    pub signature: Vec<u8>,
    /// What the reader's session had proved.
    pub level: Level,
}

/// Why a receipt was not kept.
#[derive(Debug, thiserror::Error)]
pub enum PutReceiptError {
    /// The account has no such entry.
    #[error("the account has no such entry")]
    NotFound,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Keeps a read receipt for the sender, who sees it as a change; the first one stays. Nothing is kept once the sender has erased the letter.
pub struct PutReceipt {
    /// The reader.
    pub account: AccountId,
    /// Which letter.
    pub letter: LetterId,
    /// The receipt.
    pub receipt: DeliveryReceipt,
}

impl Act for PutReceipt {
    type Output = ();
    type Error = PutReceiptError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

/// What became of a letter at each reader; none if `account` did not send it or has erased it.
pub struct DeliveriesOf {
    /// The sender.
    pub account: AccountId,
    /// Which letter.
    pub letter: LetterId,
}

impl Act for DeliveriesOf {
    type Output = Option<Vec<Delivery>>;
    type Error = StoreError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

impl ReadOnly for DeliveriesOf {}
