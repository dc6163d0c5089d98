//! What became of a sent letter: `read` by the reader's own signature, the rest by the server's word (PROTOCOL §4.5).

use serde::{Deserialize, Serialize};

use securemailbox_protocol::{
    address::Address,
    ids::LetterId,
    letters::{Deliveries, Delivery, DeliveryRead},
    levels::Level,
    numbers::ChangeNumber,
    time::Timestamp,
};
use securemailbox_vault::{letters::Letter, receipts};

use super::ReadError;
use crate::{contacts::Standing, directory::LookUpError, failure::CallError, mailbox::Mailbox, world::World};

/// What became of a letter at one reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReaderDelivery {
    /// The reader.
    pub reader: Address,
    /// When it lay in the mailbox. The server's word.
    pub delivered: Timestamp,
    /// When the mail server took the notice. The server's word.
    pub notified: Option<Timestamp>,
    /// When it was opened, by the reader's verified signature.
    pub read: Option<Result<ReadAt, ReceiptRefused>>,
}

/// When a letter was opened, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadAt {
    /// As signed.
    pub at: Timestamp,
    /// What the reader's session had proved. The server's word.
    pub level: Level,
}

/// The server says that the letter was read, and shows no signature of its reader that holds (ATTACKS 11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("the receipt is not signed by the reader's known key")]
pub struct ReceiptRefused;

/// What became of a letter, as of a change of its entry: the server raises it with each news.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    as_of: ChangeNumber,
    deliveries: Vec<ReaderDelivery>,
}

impl Mailbox {
    /// What became of one's own letter, for a list: asked again only when there is news.
    ///
    /// # Errors
    /// [`ReadError`]
    pub async fn told(&mut self, world: &impl World, id: LetterId) -> Result<Vec<ReaderDelivery>, ReadError> {
        let as_of = self.index.held.entry(id).ok_or(ReadError::NotFound)?.change;
        if let Some(told) = self.index.told.get(&id).filter(|told| told.as_of == as_of) {
            return Ok(told.deliveries.clone());
        }
        let letter = self.peek(world, id).await?;
        let deliveries = self.deliveries(world, &letter).await?;
        self.index.told.insert(id, Told { as_of, deliveries: deliveries.clone() });
        Ok(deliveries)
    }

    pub(super) async fn deliveries(
        &mut self,
        world: &impl World,
        letter: &Letter,
    ) -> Result<Vec<ReaderDelivery>, CallError> {
        let path = format!("/letters/{}/deliveries", letter.id());
        let Deliveries { deliveries } = self.session.api(world).get(&path).await?;
        let mut told = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            let read = match &delivery.read {
                Some(read) => Some(self.read_at(world, letter, &delivery, read).await?),
                None => None,
            };
            let Delivery { reader, delivered, notified, .. } = delivery;
            told.push(ReaderDelivery { reader: reader.address, delivered, notified, read });
        }
        Ok(told)
    }

    async fn read_at(
        &mut self,
        world: &impl World,
        letter: &Letter,
        delivery: &Delivery,
        read: &DeliveryRead,
    ) -> Result<Result<ReadAt, ReceiptRefused>, CallError> {
        let reader = &delivery.reader;
        let certificate = match self.certificate(world, reader.certificate, &reader.address).await {
            Ok(certificate) => certificate,
            Err(LookUpError::Call(error @ CallError::Unreachable(_))) => return Err(error),
            Err(_) => return Ok(Err(ReceiptRefused)),
        };
        // The key must be the one that the letter was written to, so the manifest decides, not the server.
        let written_to = letter
            .readers()
            .iter()
            .any(|(address, key)| *address == reader.address && *key == certificate.fingerprint());
        let known = self.standing(&reader.address, &certificate.fingerprint()) != Standing::Changed;
        let receipt = &read.receipt;
        let signed = receipts::verify(receipt, letter.id(), letter.content_hash(), &certificate, world.now()).is_ok();
        let verified = written_to && known && signed;
        Ok(if verified { Ok(ReadAt { at: receipt.at, level: read.level }) } else { Err(ReceiptRefused) })
    }
}
