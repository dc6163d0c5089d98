//! How a device learns what changed (PROTOCOL §4.7, §9a).

use securemailbox_protocol::{
    ids::MailboxId,
    numbers::ChangeNumber,
    records::RecordChange,
    sync::{DraftIds, Erased, LetterIds, Pulse},
    waits::Wait,
};

use crate::{
    Act, Db, ReadOnly, StoreError,
    letters::{self, Entry, entries},
    notices,
    pulse::{self, PulseOf},
    records, waits,
};

/// The entries and records that changed after a change number, oldest change first.
pub struct Changes {
    /// Up to where this answer is complete: the `since` of the next question.
    pub change: ChangeNumber,
    /// How many erasures there have been, of letters and of drafts.
    pub erased: Erased,
    /// Whether to ask again at once.
    pub more: bool,
    /// Entries that changed since, oldest change first.
    pub entries: Vec<Entry>,
    /// Records that changed, contacts with their bytes.
    pub records: Vec<RecordChange>,
    /// What waits to be done to the account.
    pub waits: Vec<Wait>,
    /// Whether the mailbox's owner was told that a letter waits, or could not be, and has not looked since: the asker then
    /// asks by [`Look`].
    pub told: bool,
}

/// Entries and records that changed, merged in the order of their changes.
#[derive(Clone, Copy)]
pub struct ChangesSince {
    /// The mailbox that is followed.
    pub mailbox: MailboxId,
    /// The last change that the device knows; 0 on a new device.
    pub since: ChangeNumber,
    /// At most how many entries and records together.
    pub limit: u32,
    /// Whether entries belong to the answer.
    pub scope: Scope,
}

/// Of what the changes are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Both entries and records.
    Everything,
    /// Records only: a new device needs them before it shows a letter.
    Records,
}

impl Act for ChangesSince {
    type Output = Changes;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const ENTRIES: &str = entries!("WHERE e.mailbox_id = $1 AND e.change > $2 ORDER BY e.change LIMIT $3");
        const RECORDS: &str = "
            SELECT record_id, purpose, version, change, CASE WHEN purpose = 'contact' THEN sealed END FROM record
             WHERE mailbox_id = $1 AND change > $2
             ORDER BY change LIMIT $3";
        const MAILBOX: &str = "
            SELECT change, erase_letters, erase_drafts, CASE WHEN refused_since IS NULL THEN told ELSE 1 END
              FROM mailbox WHERE mailbox_id = $1";
        let (Pulse { change, erased }, told) = match db.row(MAILBOX, &[&self.mailbox]).await? {
            Some(mut row) => (pulse::pulse(&mut row)?, row.take()?),
            None => (Pulse { change: ChangeNumber::ZERO, erased: Erased::default() }, false),
        };
        let waits = waits::of(db, self.mailbox).await?;
        // Most questions come from a device that has seen everything.
        if change <= self.since {
            return Ok(Changes { change, erased, more: false, entries: Vec::new(), records: Vec::new(), waits, told });
        }
        let one_more = i64::from(self.limit) + 1;
        let entries = match self.scope {
            Scope::Everything => db.rows(ENTRIES, &[&self.mailbox, &self.since, &one_more]).await?,
            Scope::Records => Vec::new(),
        };
        let entries = entries.into_iter().map(letters::entry).collect::<Result<Vec<_>, _>>()?;
        let records = db.rows(RECORDS, &[&self.mailbox, &self.since, &one_more]).await?;
        let records = records.into_iter().map(records::change).collect::<Result<Vec<_>, _>>()?;
        Ok(Changes { change, erased, more: false, entries, records, waits, told }.cut(self.limit))
    }
}

impl ReadOnly for ChangesSince {}

/// The same, and the owner of the mailbox has looked: a letter that comes later is told of. In one transaction, so that no
/// letter is missing in the answer and untold all the same.
pub struct Look(pub ChangesSince);

impl Act for Look {
    type Output = Changes;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        notices::looked(db, self.0.mailbox).await?;
        self.0.run(db).await
    }
}

/// Every letter that a mailbox holds.
pub struct LetterIdsOf {
    /// The mailbox whose letters are meant.
    pub mailbox: MailboxId,
}

impl Act for LetterIdsOf {
    type Output = LetterIds;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "SELECT letter_id FROM entry WHERE mailbox_id = $1 ORDER BY letter_id";
        let Pulse { change, erased } = PulseOf { mailbox: self.mailbox }.run(db).await?;
        let ids = db.rows(SQL, &[&self.mailbox]).await?;
        let ids = ids.into_iter().map(|mut row| row.take()).collect::<Result<_, _>>()?;
        Ok(LetterIds { change, erase: erased.letters, ids })
    }
}

impl ReadOnly for LetterIdsOf {
    const LONG: bool = true;
}

/// Every draft of a mailbox. Served by the index `record_draft (mailbox_id, record_id)`.
pub struct DraftIdsOf {
    /// The mailbox whose drafts are meant.
    pub mailbox: MailboxId,
}

impl Act for DraftIdsOf {
    type Output = DraftIds;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT record_id FROM record WHERE mailbox_id = $1 AND purpose = 'draft' ORDER BY record_id";
        let Pulse { change, erased } = PulseOf { mailbox: self.mailbox }.run(db).await?;
        let ids = db.rows(SQL, &[&self.mailbox]).await?;
        let ids = ids.into_iter().map(|mut row| row.take()).collect::<Result<_, _>>()?;
        Ok(DraftIds { change, erase: erased.drafts, ids })
    }
}

impl ReadOnly for DraftIdsOf {}

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
