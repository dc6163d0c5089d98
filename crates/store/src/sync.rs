//! How a device learns what changed (PROTOCOL §4.7, §9a).

use securemailbox_protocol::{
    ids::AccountId,
    numbers::{ChangeNumber, EraseNumber},
    records::RecordChange,
    sync::{DraftIds, Erased, LetterIds, Pulse},
};

use crate::{
    Act, Db, ReadOnly, Row, StoreError,
    letters::{self, Entry, entries},
    records,
};

/// What changed after a change number, oldest first.
pub struct Changes {
    /// Up to where this answer is complete: the `since` of the next question.
    pub change: ChangeNumber,
    /// What was erased so far.
    pub erased: Erased,
    /// Whether to ask again at once.
    pub more: bool,
    /// Entries that changed.
    pub entries: Vec<Entry>,
    /// Records that changed, contacts with their bytes.
    pub records: Vec<RecordChange>,
}

/// Entries and records that changed, merged in the order of their changes.
pub struct ChangesSince {
    /// Whose.
    pub account: AccountId,
    /// After which change.
    pub since: ChangeNumber,
    /// At most how many entries and records together.
    pub limit: u32,
    /// Whether entries belong to the answer.
    pub scope: Scope,
}

/// Of what the changes are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Entries and records.
    Everything,
    /// Records only: a new device needs them before it shows a letter.
    Records,
}

impl Act for ChangesSince {
    type Output = Changes;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const ENTRIES: &str = entries!("WHERE e.account_id = $1 AND e.change > $2 ORDER BY e.change LIMIT $3");
        const RECORDS: &str = "
            SELECT record_id, purpose, version, change, CASE WHEN purpose = 'contact' THEN sealed END FROM record
             WHERE account_id = $1 AND change > $2
             ORDER BY change LIMIT $3";
        let Pulse { change, erased } = PulseOf { account: self.account }.run(db).await?;
        let one_more = i64::from(self.limit) + 1;
        let entries = match self.scope {
            Scope::Everything => db.rows(ENTRIES, &[&self.account, &self.since, &one_more]).await?,
            Scope::Records => Vec::new(),
        };
        let entries = entries.into_iter().map(letters::entry).collect::<Result<Vec<_>, _>>()?;
        let records = db.rows(RECORDS, &[&self.account, &self.since, &one_more]).await?;
        let records = records.into_iter().map(records::change).collect::<Result<Vec<_>, _>>()?;
        Ok(Changes { change, erased, more: false, entries, records }.cut(self.limit))
    }
}

impl ReadOnly for ChangesSince {}

/// Every letter that an account holds.
pub struct LetterIdsOf {
    /// Whose.
    pub account: AccountId,
}

impl Act for LetterIdsOf {
    type Output = LetterIds;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "SELECT letter_id FROM entry WHERE account_id = $1 ORDER BY letter_id";
        let Pulse { change, erased } = PulseOf { account: self.account }.run(db).await?;
        let ids = db.rows(SQL, &[&self.account]).await?;
        let ids = ids.into_iter().map(|mut row| row.take()).collect::<Result<_, _>>()?;
        Ok(LetterIds { change, erase: erased.letters, ids })
    }
}

impl ReadOnly for LetterIdsOf {
    const LONG: bool = true;
}

/// Every draft of an account.
pub struct DraftIdsOf {
    /// Whose.
    pub account: AccountId,
}

impl Act for DraftIdsOf {
    type Output = DraftIds;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT record_id FROM record WHERE account_id = $1 AND purpose = 'draft' ORDER BY record_id";
        let Pulse { change, erased } = PulseOf { account: self.account }.run(db).await?;
        let ids = db.rows(SQL, &[&self.account]).await?;
        let ids = ids.into_iter().map(|mut row| row.take()).collect::<Result<_, _>>()?;
        Ok(DraftIds { change, erase: erased.drafts, ids })
    }
}

impl ReadOnly for DraftIdsOf {
    // It looks at every record of the account, contacts too.
    const LONG: bool = true;
}

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

impl Changes {
    /// Keeps the first `limit`, whether entries or records. Each change number belongs to one of them.
    fn cut(mut self, limit: u32) -> Self {
        let mut changes: Vec<_> = self.entries.iter().map(|entry| entry.change).collect();
        changes.extend(self.records.iter().map(|record| record.head.change));
        changes.sort_unstable();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        if changes.len() > limit && limit > 0 {
            let last = changes[limit - 1];
            self.entries.retain(|entry| entry.change <= last);
            self.records.retain(|record| record.head.change <= last);
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
