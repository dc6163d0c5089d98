//! A mailbox's pulse: its newest change and erasures, how they rise, and who is told (PROTOCOL §9a, Sync).

use securemailbox_protocol::{
    ids::MailboxId,
    numbers::{ChangeNumber, EraseNumber},
    sync::{Erased, Pulse},
};

use crate::{Act, Db, ReadOnly, Row, StoreError, ToParam};

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
    Ok(raise(db, SQL, mailbox, &[&mailbox]).await?.0.change)
}

/// The same for a write that takes so many bytes more, or fewer: how many the mailbox holds after it, too.
pub(crate) async fn raise_change_and_bytes<D: Db>(
    db: &mut D,
    mailbox: MailboxId,
    more: i64,
) -> Result<(ChangeNumber, u64), StoreError> {
    const SQL: &str = "
        UPDATE mailbox SET change = change + 1, bytes = bytes + $2 WHERE mailbox_id = $1
        RETURNING change, erase_letters, erase_drafts, bytes";
    let (pulse, mut row) = raise(db, SQL, mailbox, &[&mailbox, &more]).await?;
    Ok((pulse.change, row.take()?))
}

/// Raises a mailbox's number of letter erasures by one, for so many letters of so many bytes, and has it told after the
/// commit.
pub(crate) async fn raise_letters_erased<D: Db>(
    db: &mut D,
    mailbox: MailboxId,
    letters: i64,
    bytes: i64,
) -> Result<EraseNumber, StoreError> {
    const SQL: &str = "
        UPDATE mailbox SET erase_letters = erase_letters + 1, letters = letters - $2, bytes = bytes - $3
         WHERE mailbox_id = $1
        RETURNING change, erase_letters, erase_drafts";
    Ok(raise(db, SQL, mailbox, &[&mailbox, &letters, &bytes]).await?.0.erased.letters)
}

/// Raises a mailbox's number of draft erasures, for a draft of so many bytes, and has it told after the commit.
pub(crate) async fn raise_drafts_erased<D: Db>(
    db: &mut D,
    mailbox: MailboxId,
    bytes: i64,
) -> Result<EraseNumber, StoreError> {
    const SQL: &str = "
        UPDATE mailbox SET erase_drafts = erase_drafts + 1, bytes = bytes - $2 WHERE mailbox_id = $1
        RETURNING change, erase_letters, erase_drafts";
    Ok(raise(db, SQL, mailbox, &[&mailbox, &bytes]).await?.0.erased.drafts)
}

async fn raise<D: Db>(
    db: &mut D,
    sql: &'static str,
    mailbox: MailboxId,
    params: &[&dyn ToParam],
) -> Result<(Pulse, Row), StoreError> {
    let mut row = db.row(sql, params).await?.ok_or(StoreError::Damaged("a mailbox"))?;
    let pulse = pulse(&mut row)?;
    db.touched(mailbox, pulse);
    Ok((pulse, row))
}

/// From a row that begins with `change, erase_letters, erase_drafts`.
pub(crate) fn pulse(row: &mut Row) -> Result<Pulse, StoreError> {
    Ok(Pulse { change: row.take()?, erased: Erased { letters: row.take()?, drafts: row.take()? } })
}
