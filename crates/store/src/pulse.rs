//! An account's pulse: its newest change and erasures, how they rise, and who is told (PROTOCOL §9a, Sync).

use securemailbox_protocol::{
    ids::AccountId,
    numbers::{ChangeNumber, EraseNumber},
    sync::{Erased, Pulse},
};

use crate::{Act, Db, ReadOnly, Row, StoreError};

/// The newest change and erasures.
pub struct PulseOf {
    /// Whose.
    pub account: AccountId,
}

impl Act for PulseOf {
    type Output = Pulse;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "SELECT change, erase_letters, erase_drafts FROM account WHERE account_id = $1";
        match db.row(SQL, &[&self.account]).await? {
            Some(mut row) => pulse(&mut row),
            None => Ok(Pulse { change: ChangeNumber::ZERO, erased: Erased::default() }),
        }
    }
}

impl ReadOnly for PulseOf {}

/// Has an account's event streams look, after the commit, whether their sessions still live: its pulse is told although
/// nothing in it changed.
pub(crate) async fn wake_event_streams<D: Db>(db: &mut D, account: AccountId) -> Result<(), StoreError> {
    let pulse = PulseOf { account }.run(db).await?;
    db.touched(account, pulse);
    Ok(())
}

/// Raises an account's change number for one write to an entry or record, and has it told after the commit.
pub(crate) async fn raise_change<D: Db>(db: &mut D, account: AccountId) -> Result<ChangeNumber, StoreError> {
    const SQL: &str = "
        UPDATE account SET change = change + 1 WHERE account_id = $1 RETURNING change, erase_letters, erase_drafts";
    Ok(raise(db, SQL, account).await?.change)
}

/// Raises an account's number of letter erasures, and has it told after the commit.
pub(crate) async fn raise_letters_erased<D: Db>(db: &mut D, account: AccountId) -> Result<EraseNumber, StoreError> {
    const SQL: &str = "
        UPDATE account SET erase_letters = erase_letters + 1 WHERE account_id = $1
        RETURNING change, erase_letters, erase_drafts";
    Ok(raise(db, SQL, account).await?.erased.letters)
}

/// Raises an account's number of draft erasures, and has it told after the commit.
pub(crate) async fn raise_drafts_erased<D: Db>(db: &mut D, account: AccountId) -> Result<EraseNumber, StoreError> {
    const SQL: &str = "
        UPDATE account SET erase_drafts = erase_drafts + 1 WHERE account_id = $1
        RETURNING change, erase_letters, erase_drafts";
    Ok(raise(db, SQL, account).await?.erased.drafts)
}

async fn raise<D: Db>(db: &mut D, sql: &'static str, account: AccountId) -> Result<Pulse, StoreError> {
    let mut row = db.row(sql, &[&account]).await?.ok_or(StoreError::Damaged("an account"))?;
    let pulse = pulse(&mut row)?;
    db.touched(account, pulse);
    Ok(pulse)
}

/// From a row that begins with `change, erase_letters, erase_drafts`.
pub(crate) fn pulse(row: &mut Row) -> Result<Pulse, StoreError> {
    Ok(Pulse { change: row.take()?, erased: Erased { letters: row.take()?, drafts: row.take()? } })
}
