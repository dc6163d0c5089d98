//! How a device learns what changed (PROTOCOL §4.7, §9a).

use securemailbox_protocol::{
    ids::AccountId,
    numbers::{ChangeNumber, EraseNumber},
    records::RecordHead,
    sync::{Ids, Pulse},
};

use crate::{
    Act, Db, ReadOnly, StoreError,
    letters::{self, Entry, entries},
    records,
};

/// What changed after a change number, oldest first.
pub struct Changes {
    /// Up to where this answer is complete: the `since` of the next question.
    pub change: ChangeNumber,
    /// The newest erasure.
    pub erase: EraseNumber,
    /// Whether to ask again at once.
    pub more: bool,
    /// Entries that changed.
    pub entries: Vec<Entry>,
    /// Records that changed.
    pub records: Vec<RecordHead>,
}

/// Entries and records that changed, merged in the order of their changes.
pub struct ChangesSince {
    /// Whose.
    pub account: AccountId,
    /// After which change.
    pub since: ChangeNumber,
    /// At most how many entries and records together.
    pub limit: u32,
}

impl Act for ChangesSince {
    type Output = Changes;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const ENTRIES: &str = entries!("WHERE e.account_id = $1 AND e.change > $2 ORDER BY e.change LIMIT $3");
        const RECORDS: &str = "
            SELECT record_id, purpose, version, change FROM record
             WHERE account_id = $1 AND change > $2
             ORDER BY change LIMIT $3";
        let Pulse { change, erase } = PulseOf { account: self.account }.run(db).await?;
        let one_more = i64::from(self.limit) + 1;
        let entries = db.rows(ENTRIES, &[&self.account, &self.since, &one_more]).await?;
        let entries = entries.into_iter().map(letters::entry).collect::<Result<Vec<_>, _>>()?;
        let records = db.rows(RECORDS, &[&self.account, &self.since, &one_more]).await?;
        let records = records.into_iter().map(|mut row| records::head(&mut row)).collect::<Result<Vec<_>, _>>()?;
        Ok(Changes { change, erase, more: false, entries, records }.cut(self.limit))
    }
}

impl ReadOnly for ChangesSince {}

/// Everything there is.
pub struct IdsOf {
    /// Whose.
    pub account: AccountId,
}

impl Act for IdsOf {
    type Output = Ids;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const LETTERS: &str = "SELECT letter_id FROM entry WHERE account_id = $1 ORDER BY letter_id";
        const RECORDS: &str = "SELECT record_id FROM record WHERE account_id = $1 ORDER BY record_id";
        let Pulse { change, erase } = PulseOf { account: self.account }.run(db).await?;
        let letters = db.rows(LETTERS, &[&self.account]).await?;
        let letters = letters.into_iter().map(|mut row| row.take()).collect::<Result<_, _>>()?;
        let records = db.rows(RECORDS, &[&self.account]).await?;
        let records = records.into_iter().map(|mut row| row.take()).collect::<Result<_, _>>()?;
        Ok(Ids { change, erase, letters, records })
    }
}

impl ReadOnly for IdsOf {
    const LONG: bool = true;
}

/// The newest change and erasure.
pub struct PulseOf {
    /// Whose.
    pub account: AccountId,
}

impl Act for PulseOf {
    type Output = Pulse;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "SELECT change, erase FROM account WHERE account_id = $1";
        let Some(mut row) = db.row(SQL, &[&self.account]).await? else {
            return Ok(Pulse { change: ChangeNumber::ZERO, erase: EraseNumber::ZERO });
        };
        Ok(Pulse { change: row.take()?, erase: row.take()? })
    }
}

impl ReadOnly for PulseOf {}

impl Changes {
    /// Keeps the first `limit`, whether entries or records. Each change number belongs to one of them.
    fn cut(mut self, limit: u32) -> Self {
        let mut changes: Vec<_> = self.entries.iter().map(|entry| entry.change).collect();
        changes.extend(self.records.iter().map(|record| record.change));
        changes.sort_unstable();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        if changes.len() > limit && limit > 0 {
            let last = changes[limit - 1];
            self.entries.retain(|entry| entry.change <= last);
            self.records.retain(|record| record.change <= last);
            (self.change, self.more) = (last, true);
        }
        self
    }
}

/// Has an account's pulse told after the commit although nothing in it changed: its event streams look whether their
/// sessions still live.
pub(crate) async fn have_sessions_looked_at<D: Db>(db: &mut D, account: AccountId) -> Result<(), StoreError> {
    let pulse = PulseOf { account }.run(db).await?;
    db.touched(account, pulse);
    Ok(())
}

/// Raises an account's change number for one write to an entry or record, and has it told after the commit.
pub(crate) async fn raise_change<D: Db>(db: &mut D, account: AccountId) -> Result<ChangeNumber, StoreError> {
    const SQL: &str = "UPDATE account SET change = change + 1 WHERE account_id = $1 RETURNING change, erase";
    Ok(raise(db, SQL, account).await?.change)
}

/// Raises an account's erase number, and has it told after the commit.
pub(crate) async fn raise_erase<D: Db>(db: &mut D, account: AccountId) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE account SET erase = erase + 1 WHERE account_id = $1 RETURNING change, erase";
    raise(db, SQL, account).await.map(drop)
}

async fn raise<D: Db>(db: &mut D, sql: &'static str, account: AccountId) -> Result<Pulse, StoreError> {
    let mut row = db.row(sql, &[&account]).await?.ok_or(StoreError::Damaged("an account"))?;
    let pulse = Pulse { change: row.take()?, erase: row.take()? };
    db.touched(account, pulse);
    Ok(pulse)
}
