//! A mailbox's pulse: its newest change and erasures, how they rise, and who is told (PROTOCOL §9a, Sync).

use securemailbox_protocol::{
    ids::MailboxId,
    numbers::{ChangeNumber, EraseNumber},
    sync::{Erased, Pulse},
};

use crate::{Act, Db, ReadOnly, Row, StoreError};

/// The newest change and erasures.
pub struct PulseOf {
    /// The mailbox whose numbers are read.
    pub mailbox: MailboxId,
}

impl Act for PulseOf {
    type Output = Pulse;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "SELECT change, erase_letters, erase_drafts FROM mailbox WHERE mailbox_id = $1";
        match db.row(SQL, &[&self.mailbox]).await? {
            Some(mut row) => pulse(&mut row),
            None => Ok(Pulse { change: ChangeNumber::ZERO, erased: Erased::default() }),
        }
    }
}

impl ReadOnly for PulseOf {}

/// Has a mailbox's event streams look, after the commit, whether their sessions still live: its pulse is told although
/// nothing in it changed.
pub(crate) async fn wake_event_streams<D: Db>(db: &mut D, mailbox: MailboxId) -> Result<(), StoreError> {
    let pulse = PulseOf { mailbox }.run(db).await?;
    db.touched(mailbox, pulse);
    Ok(())
}

/// Raises a mailbox's change number for one write to an entry or record, and has it told after the commit.
pub(crate) async fn raise_change<D: Db>(db: &mut D, mailbox: MailboxId) -> Result<ChangeNumber, StoreError> {
    const SQL: &str = "
        UPDATE mailbox SET change = change + 1 WHERE mailbox_id = $1 RETURNING change, erase_letters, erase_drafts";
    Ok(raise(db, SQL, mailbox).await?.change)
}

/// Raises a mailbox's number of letter erasures, and has it told after the commit.
pub(crate) async fn raise_letters_erased<D: Db>(db: &mut D, mailbox: MailboxId) -> Result<EraseNumber, StoreError> {
    const SQL: &str = "
        UPDATE mailbox SET erase_letters = erase_letters + 1 WHERE mailbox_id = $1
        RETURNING change, erase_letters, erase_drafts";
    Ok(raise(db, SQL, mailbox).await?.erased.letters)
}

/// Raises a mailbox's number of draft erasures, and has it told after the commit.
pub(crate) async fn raise_drafts_erased<D: Db>(db: &mut D, mailbox: MailboxId) -> Result<EraseNumber, StoreError> {
    const SQL: &str = "
        UPDATE mailbox SET erase_drafts = erase_drafts + 1 WHERE mailbox_id = $1
        RETURNING change, erase_letters, erase_drafts";
    Ok(raise(db, SQL, mailbox).await?.erased.drafts)
}

async fn raise<D: Db>(db: &mut D, sql: &'static str, mailbox: MailboxId) -> Result<Pulse, StoreError> {
    let mut row = db.row(sql, &[&mailbox]).await?.ok_or(StoreError::Damaged("a mailbox"))?;
    let pulse = pulse(&mut row)?;
    db.touched(mailbox, pulse);
    Ok(pulse)
}

/// From a row that begins with `change, erase_letters, erase_drafts`.
pub(crate) fn pulse(row: &mut Row) -> Result<Pulse, StoreError> {
    Ok(Pulse { change: row.take()?, erased: Erased { letters: row.take()?, drafts: row.take()? } })
}
