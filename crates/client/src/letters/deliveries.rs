//! What became of a sent letter: `read` by the reader's own signature, the rest by the server's word (PROTOCOL §4.5).

use serde::{Deserialize, Serialize};

use securemailbox_protocol::{
    address::Address,
    endpoints,
    ids::LetterId,
    letters::{ConversationEnded, Deliveries, Delivery, DeliveryRead, GuestDelivery},
    levels::Level,
    numbers::ChangeNumber,
    time::Timestamp,
};
use securemailbox_vault::receipts;

use crate::{contacts::Standing, directory::LookUpError, failure::CallError, mailbox::Mailbox, world::World};

use super::{LetterRow, ReadError, SentTo, list::Found};

/// What became of a letter at one reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReaderDelivery {
    /// The reader.
    pub reader: Address,
    /// Whether no other reader knows of it.
    #[serde(default)]
    pub blind: bool,
    /// When it lay in the mailbox. The server's word.
    pub delivered: Timestamp,
    /// When the mail server took the notice. The server's word.
    pub notified: Option<Timestamp>,
    /// The e-mail address does not take the notice, and the reader has not looked since. The server's word.
    pub notice_refused: bool,
    /// When it was opened, by the reader's verified signature.
    pub read: Option<Result<ReadAt, ReceiptRefused>>,
    /// When all of its files lay on the reader's device. The word of the reader's client, by the server's.
    #[serde(default)]
    pub saved: Option<Timestamp>,
    /// Of somebody who came by a link: how far they are. The server's word.
    #[serde(default)]
    pub guest: Option<GuestDelivery>,
    /// The conversation by a link is over. The server's word.
    #[serde(default)]
    pub ended: Option<ConversationEnded>,
}

/// When a letter was opened, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Told {
    sent_to: SentTo,
    as_of: ChangeNumber,
    deliveries: Vec<ReaderDelivery>,
}

impl Mailbox {
    /// What became of one's own letter, and of those that were posted with it.
    ///
    /// # Errors
    /// [`ReadError`]
    pub async fn told(&self, world: &impl World, id: LetterId) -> Result<Vec<ReaderDelivery>, ReadError> {
        let mut told = Vec::new();
        for id in self.posted_together(id) {
            told.extend(self.told_of_one(world, id).await?.1);
        }
        Ok(told)
    }

    /// Whom a letter is to, and what became of it: asked again only when there is news.
    pub(super) async fn told_of_one(
        &self,
        world: &impl World,
        id: LetterId,
    ) -> Result<(SentTo, Vec<ReaderDelivery>), ReadError> {
        let as_of = self.state.borrow().replica.entry(id).ok_or(ReadError::NotFound)?.change;
        let before = self.found(world, &[id]).await?.pop().flatten().and_then(|found| found.row.told);
        let sent_to = match &before {
            Some(before) if before.as_of == as_of => return Ok((before.sent_to.clone(), before.deliveries.clone())),
            Some(before) => before.sent_to.clone(),
            None => self.sent_to(world, id).await?,
        };
        let deliveries = match (self.deliveries(world, id, &sent_to).await, before) {
            // Without a network, what was known last.
            (Err(CallError::Unreachable(_)), Some(before)) => return Ok((sent_to, before.deliveries)),
            (deliveries, _) => deliveries?,
        };
        let told = Told { sent_to: sent_to.clone(), as_of, deliveries: deliveries.clone() };
        // Found once more: the row may have been written meanwhile, or be gone with its letter.
        if let Some(Found { row, tag: Some(tag) }) = self.found(world, &[id]).await?.pop().flatten() {
            let row = LetterRow { told: Some(told), ..row };
            let _ = self.rows(world).write(vec![self.row_over(world, tag, &row)]).await?;
        }
        Ok((sent_to, deliveries))
    }

    /// What the receipts of a letter must fit.
    async fn sent_to(&self, world: &impl World, id: LetterId) -> Result<SentTo, ReadError> {
        let known = self.state.borrow().sent_to.get(&id).cloned();
        match known {
            Some(sent_to) => Ok(sent_to),
            None => Ok(SentTo::from(&self.peek(world, id).await?)),
        }
    }

    pub(super) async fn deliveries(
        &self,
        world: &impl World,
        id: LetterId,
        sent_to: &SentTo,
    ) -> Result<Vec<ReaderDelivery>, CallError> {
        let Deliveries { deliveries } = self.session.api(world).get(endpoints::LIST_DELIVERIES.of(id)).await?;
        let mut told = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            let read = match &delivery.read {
                Some(read) => Some(self.read_at(world, id, sent_to, &delivery, read).await?),
                None => None,
            };
            let Delivery { reader, delivered, notified, notice_refused, saved, guest, ended, .. } = delivery;
            let blind = sent_to.blind.as_ref() == Some(&reader.address);
            let reader = reader.address;
            told.push(ReaderDelivery { reader, blind, delivered, notified, notice_refused, read, saved, guest, ended });
        }
        Ok(told)
    }

    async fn read_at(
        &self,
        world: &impl World,
        id: LetterId,
        sent_to: &SentTo,
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
        let written_to = sent_to
            .readers
            .iter()
            .any(|(address, key)| *address == reader.address && *key == certificate.fingerprint());
        let known = self.standing(&reader.address, &certificate.fingerprint()) != Standing::Changed;
        let receipt = &read.receipt;
        let signed = receipts::verify(receipt, id, sent_to.content, &certificate, world.now()).is_ok();
        let verified = written_to && known && signed;
        Ok(if verified { Ok(ReadAt { at: receipt.at, level: read.level }) } else { Err(ReceiptRefused) })
    }
}
