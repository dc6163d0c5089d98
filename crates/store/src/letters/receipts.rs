//! What became of a letter: delivered, notified, read (PROTOCOL §4.5).

use securemailbox_protocol::{
    ids::{AccountId, LetterId, MailboxId},
    letters::{ConversationEnded, Folder, GuestDelivery},
    levels::Level,
    time::Timestamp,
};

use super::hold;
use crate::{Act, Db, ReadOnly, Row, StoreError, letters::Correspondent, pulse};

/// How far a letter came with one reader: delivered, notified, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The mailbox that the letter went to, with its certificate of today.
    pub reader: Correspondent,
    /// When it lay in the reader's mailbox.
    pub delivered: Timestamp,
    /// When the mail server took the notice.
    pub notified: Option<Timestamp>,
    /// The e-mail address refused the notice, and the reader has not looked since.
    pub notice_refused: bool,
    /// What the reader's client signed when it opened the letter; none until then.
    pub read: Option<DeliveryReceipt>,
    /// When all of its files lay with the reader, by the word of the reader's client.
    pub saved: Option<Timestamp>,
    /// Of somebody who came by a link: how far they are.
    pub guest: Option<GuestDelivery>,
    /// The conversation by a link is over.
    pub ended: Option<ConversationEnded>,
}

/// A reader's word that a letter was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryReceipt {
    /// When the letter was opened, as the signature says.
    pub at: Timestamp,
    /// A detached v6 signature over the receipt (RFC 9580).
    pub signature: Vec<u8>,
    /// The level that the reader's session had proved when it read.
    pub level: Level,
}

/// Why a receipt was not kept.
#[derive(Debug, thiserror::Error)]
pub enum PutReceiptError {
    /// The mailbox has no such entry.
    #[error("the mailbox has no such entry")]
    NotFound,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Keeps a read receipt for the sender, who sees it as a change; the first one stays. Nothing is kept once the sender has erased the letter.
pub struct PutReceipt {
    /// The mailbox of the reader who opened the letter.
    pub mailbox: MailboxId,
    /// The letter that was opened.
    pub letter: LetterId,
    /// What the reader's client signed.
    pub receipt: DeliveryReceipt,
}

impl Act for PutReceipt {
    type Output = ();
    type Error = PutReceiptError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const HOLDS: &str = "SELECT 1 FROM entry WHERE mailbox_id = $1 AND letter_id = $2";
        const KEEP: &str = "
            UPDATE delivery SET read_at = $3, read_level = $4, signature = $5
             WHERE letter_id = $1 AND read_at IS NULL
               AND (reader_id = $2 OR reader_id IN (SELECT guest_id FROM claim WHERE claimant_id = $2))";
        db.row(HOLDS, &[&self.mailbox, &self.letter]).await?.ok_or(PutReceiptError::NotFound)?;
        let DeliveryReceipt { at, signature, level } = &self.receipt;
        if db.exec(KEEP, &[&self.letter, &self.mailbox, at, level, signature]).await? > 0 {
            tell_sender(db, self.letter).await?;
        }
        Ok(())
    }
}

/// A reader has all files of a letter: its sender sees it as a change; the first time stays.
pub struct SaySaved {
    /// The mailbox of the reader.
    pub mailbox: MailboxId,
    /// The letter.
    pub letter: LetterId,
    /// When.
    pub now: Timestamp,
}

impl Act for SaySaved {
    type Output = ();
    type Error = PutReceiptError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const HAS_FILES: &str = "
            SELECT 1 FROM entry e
              JOIN letter l ON l.letter_id = e.letter_id
              JOIN letter_blob x ON x.letter_id = e.letter_id
             WHERE e.mailbox_id = $1 AND e.letter_id = $2 AND l.sender_id <> $1 AND LENGTH(e.wrapped_key) > 0 LIMIT 1";
        const KEEP: &str = "
            UPDATE delivery SET saved = $3
             WHERE letter_id = $1 AND saved IS NULL
               AND (reader_id = $2 OR reader_id IN (SELECT guest_id FROM claim WHERE claimant_id = $2))";
        db.row(HAS_FILES, &[&self.mailbox, &self.letter]).await?.ok_or(PutReceiptError::NotFound)?;
        if db.exec(KEEP, &[&self.letter, &self.mailbox, &self.now]).await? > 0 {
            tell_sender(db, self.letter).await?;
        }
        Ok(())
    }
}

/// A letter's delivery to each reader; none if `mailbox` did not send it or has erased it.
pub struct DeliveriesOf {
    /// The mailbox of the sender, who alone may ask.
    pub mailbox: MailboxId,
    /// The letter whose readers are asked for.
    pub letter: LetterId,
}

impl Act for DeliveriesOf {
    type Output = Option<Vec<Delivery>>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT d.reader_id, m.address_sealed, b.certificate_hash, d.delivered, d.notified,
                   b.refused_since, i.mailbox_id, i.opened, i.code_asked, i.code_refused, i.wrong_number,
                   d.ended, d.ending, d.saved, d.read_at, d.signature, d.read_level
              FROM delivery d
              LEFT JOIN invitation i ON i.mailbox_id = d.reader_id
              JOIN mailbox b ON b.mailbox_id = d.reader_id
              JOIN member m ON m.mailbox_id = d.reader_id
             WHERE d.letter_id = $1 ORDER BY d.reader_id";
        if !hold::is_own(db, self.mailbox, self.letter).await? {
            return Ok(None);
        }
        let rows = db.rows(SQL, &[&self.letter]).await?;
        rows.into_iter().map(delivery).collect::<Result<_, _>>().map(Some)
    }
}

impl ReadOnly for DeliveriesOf {}

fn delivery(mut row: Row) -> Result<Delivery, StoreError> {
    let reader = Correspondent { account: row.take()?, address_sealed: row.take()?, certificate: row.take()? };
    let (delivered, notified, refused_since): (Timestamp, Option<_>, Option<Timestamp>) =
        (row.take()?, row.take()?, row.take()?);
    let (guest, proved, code_asked): (Option<AccountId>, Option<Timestamp>, _) =
        (row.take()?, row.take()?, row.take()?);
    let (refused_once, wrong_number): (Option<bool>, _) = (row.take()?, row.take()?);
    let code_refused = refused_once == Some(true) && proved.is_none();
    let guest = guest.map(|_| GuestDelivery { proved, code_asked, code_refused, wrong_number });
    let (ended, ending): (Option<Timestamp>, Option<_>) = (row.take()?, row.take()?);
    let ended = ended.zip(ending).map(|(at, ending)| ConversationEnded { at, ending });
    let saved = row.take()?;
    let read = match row.take::<Option<Timestamp>>()? {
        Some(at) => Some(DeliveryReceipt { at, signature: row.take()?, level: row.take()? }),
        None => None,
    };
    let refused = refused_since.is_some_and(|since| since <= delivered);
    let notice_refused = refused && notified.is_none() && read.is_none();
    Ok(Delivery { reader, delivered, notified, notice_refused, read, saved, guest, ended })
}

/// Has a delivery's news appear among the sender's changes. Nothing to tell once the sender has erased the letter.
pub(crate) async fn tell_sender<D: Db>(db: &mut D, letter: LetterId) -> Result<(), StoreError> {
    const SENDER: &str = "
        SELECT e.mailbox_id FROM letter l JOIN entry e ON e.letter_id = l.letter_id AND e.mailbox_id = l.sender_id
         WHERE l.letter_id = $1";
    const TELL: &str = "UPDATE entry SET change = $3 WHERE mailbox_id = $1 AND letter_id = $2";
    let Some(mut row) = db.row(SENDER, &[&letter]).await? else { return Ok(()) };
    let sender: MailboxId = row.take()?;
    let change = pulse::raise_change(db, sender).await?;
    db.exec(TELL, &[&sender, &letter, &change]).await.map(drop)
}

/// Has it appear among its senders' changes how far somebody is who has letters of theirs.
pub(crate) async fn tell_senders_to<D: Db>(db: &mut D, reader: AccountId) -> Result<(), StoreError> {
    const SQL: &str = "SELECT letter_id FROM delivery WHERE reader_id = $1 ORDER BY delivered, letter_id";
    for mut row in db.rows(SQL, &[&reader]).await? {
        tell_sender(db, row.take()?).await?;
    }
    Ok(())
}

/// Has it appear among their senders' changes whether a reader could be told of the letters that came since then. Whoever
/// was not told has not looked, so the letters lie in the inbox.
pub(crate) async fn tell_senders_of_untold<D: Db>(
    db: &mut D,
    reader: MailboxId,
    since: Timestamp,
) -> Result<(), StoreError> {
    const UNTOLD: &str = "
        SELECT e.letter_id FROM entry e JOIN delivery d ON d.letter_id = e.letter_id AND d.reader_id = e.mailbox_id
         WHERE e.mailbox_id = $1 AND e.folder = $2 AND e.arrived >= $3 AND d.notified IS NULL AND d.read_at IS NULL
         ORDER BY e.arrived, e.letter_id";
    for mut row in db.rows(UNTOLD, &[&reader, &Folder::Inbox, &since]).await? {
        tell_sender(db, row.take()?).await?;
    }
    Ok(())
}
