//! What is done to an account only when its time has come (PROTOCOL §7): rows, announced meanwhile, which their owner can stop.

use securemailbox_protocol::{
    ids::{AccountId, MailboxId},
    limits,
    slots::SlotKind,
    time::Timestamp,
    waits::{Wait, WaitKind},
};

use crate::{
    Act, Db, ReadOnly, Room, Row, StoreError, ToParam,
    notices::{self, NewNotice},
    one_time_codes, pulse, recoveries,
    security::{self, SecurityEvent},
    slots,
};

/// SHA-256 of the token that stands in the link of each announcement.
pub type StopHash = [u8; 32];

/// What begins to wait, and what tells its owner of it.
pub struct NewWait {
    /// What waits.
    pub kind: WaitKind,
    /// By which the link in the announcements is known.
    pub stop_hash: StopHash,
    /// How its beginning is written down.
    pub event: SecurityEvent,
    /// What announces it, one for each channel: all of them, each time.
    pub notices: Vec<NewNotice>,
}

/// The wait that a link is about.
pub struct WaitByLink {
    /// SHA-256 of the token in the link.
    pub stop_hash: StopHash,
}

impl Act for WaitByLink {
    type Output = Option<(AccountId, Wait)>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "SELECT mailbox_id, kind, begun, due FROM wait WHERE stop_hash = $1";
        let Some(mut row) = db.row(SQL, &[&self.stop_hash]).await? else { return Ok(None) };
        Ok(Some((row.take()?, wait(row)?)))
    }
}

impl ReadOnly for WaitByLink {}

/// Nothing of that kind waits any more.
#[derive(Debug, thiserror::Error)]
pub enum StopWaitError {
    /// It was stopped already, or done.
    #[error("nothing of that kind waits")]
    NotFound,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Stops what waits. The papers that were shown for a recovery are void: somebody else has seen them.
pub struct StopWait {
    /// Of whom.
    pub account: AccountId,
    /// What.
    pub kind: WaitKind,
}

impl Act for StopWait {
    type Output = ();
    type Error = StopWaitError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        if !end(db, self.account, self.kind).await? {
            return Err(StopWaitError::NotFound);
        }
        match self.kind {
            WaitKind::Recovery => {
                slots::drop_kind(db, self.account, SlotKind::Recovery).await?;
                // The sheet of codes stays a factor with none left, so that its owner makes others.
                one_time_codes::forget(db, self.account).await?;
                Ok(recoveries::end_all(db, self.account).await?)
            }
            WaitKind::Removal => Ok(()),
        }
    }
}

/// What waits and is to be announced once more.
pub struct WaitsToAnnounce {
    /// By now.
    pub now: Timestamp,
}

/// So many are announced at once.
const BATCH: i64 = 50;

impl Act for WaitsToAnnounce {
    type Output = Vec<(AccountId, Wait)>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT mailbox_id, kind, begun, due FROM wait WHERE announce <= $1 ORDER BY announce LIMIT $2";
        let rows = db.rows(SQL, &[&self.now, &BATCH]).await?;
        rows.into_iter().map(|mut row| Ok((row.take()?, wait(row)?))).collect()
    }
}

impl ReadOnly for WaitsToAnnounce {}

/// Announces once more what waits, and nothing if it was stopped or announced by another process meanwhile. What is announced
/// late is put off ([`limits::LAST_WORD`]).
pub struct AnnounceWait {
    /// Of whom.
    pub account: AccountId,
    /// What.
    pub wait: Wait,
    /// What announces it, one for each channel.
    pub notices: Vec<NewNotice>,
    /// When.
    pub now: Timestamp,
}

impl Act for AnnounceWait {
    type Output = ();
    type Error = StoreError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            UPDATE wait SET announce = $4, due = $6
             WHERE mailbox_id = $1 AND kind = $2 AND begun = $3 AND announce <= $5";
        let Wait { kind, begun, due } = put_off(self.wait, self.now);
        let next = next_announcement(&self.wait, self.now);
        let row: [&dyn ToParam; 6] = [&self.account, &kind, &begun, &next, &self.now, &due];
        if db.exec(SQL, &row).await? > 0 {
            notices::queue_all(db, &self.notices, self.now).await?;
            if due != self.wait.due {
                pulse::raise_change(db, self.account.mailbox()).await?;
            }
        }
        Ok(())
    }
}

/// Begins to wait from the time of its event, written down and announced; what waits already goes on as it is. Announced is
/// each of them, on every channel, apart from the limits of [`security::announce`]: whoever begins, stops and begins again must
/// not leave a phone silent. So a kind that costs no paper begins [`limits::WAITS_A_DAY`] times a day at most.
pub(crate) async fn begin<D: Db>(db: &mut D, account: AccountId, new: &NewWait) -> Result<Wait, StoreError> {
    const SQL: &str = "
        INSERT INTO wait (mailbox_id, kind, begun, due, announce, stop_hash) VALUES ($1, $2, $3, $4, $5, $6)";
    if let Some(before) = of_kind(db, account, new.kind).await? {
        return Ok(before);
    }
    let begun = new.event.at;
    let wait = Wait { kind: new.kind, begun, due: begun.after(new.kind.lasts()) };
    let announce = next_announcement(&wait, begun);
    let row: [&dyn ToParam; 6] = [&account, &wait.kind, &wait.begun, &wait.due, &announce, &new.stop_hash];
    db.exec(SQL, &row).await?;
    security::note(db, account, new.event).await?;
    notices::queue_all(db, &new.notices, begun).await?;
    // The account's devices come and ask.
    pulse::raise_change(db, account.mailbox()).await?;
    Ok(wait)
}

/// Ends what waits, done or not; false if nothing of that kind did.
pub(crate) async fn end<D: Db>(db: &mut D, account: AccountId, kind: WaitKind) -> Result<bool, StoreError> {
    const SQL: &str = "DELETE FROM wait WHERE mailbox_id = $1 AND kind = $2";
    let ended = db.exec(SQL, &[&account, &kind]).await? > 0;
    if ended {
        pulse::raise_change(db, account.mailbox()).await?;
    }
    Ok(ended)
}

/// What waits to be done to an account.
pub(crate) async fn of<D: Db>(db: &mut D, mailbox: MailboxId) -> Result<Vec<Wait>, StoreError> {
    const SQL: &str = "SELECT kind, begun, due FROM wait WHERE mailbox_id = $1 ORDER BY begun, kind";
    db.rows(SQL, &[&mailbox]).await?.into_iter().map(wait).collect()
}

/// What of one kind waits, if any does.
pub(crate) async fn of_kind<D: Db>(db: &mut D, account: AccountId, kind: WaitKind) -> Result<Option<Wait>, StoreError> {
    Ok(of(db, account.mailbox()).await?.into_iter().find(|wait| wait.kind == kind))
}

/// Whether what waits has come to its time, and was announced as often as it should be.
pub(crate) async fn has_come<D: Db>(
    db: &mut D,
    account: AccountId,
    kind: WaitKind,
    now: Timestamp,
) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT 1 FROM wait WHERE mailbox_id = $1 AND kind = $2 AND due <= $3 AND announce IS NULL";
    Ok(db.row(SQL, &[&account, &kind, &now]).await?.is_some())
}

/// Forgets what was not gone on with when its time had come.
pub(crate) async fn sweep<D: Db>(db: &mut D, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM wait WHERE kind = $1 AND due <= $2 AND announce IS NULL RETURNING mailbox_id";
    for mut row in db.rows(SQL, &[&WaitKind::Recovery, &given_up(now)]).await? {
        pulse::raise_change(db, row.take()?).await?;
    }
    Ok(())
}

/// What was due at this time or before it was not gone on with.
fn given_up(now: Timestamp) -> Timestamp {
    now.before(limits::RECOVERY_OPEN)
}

/// When it is announced after now: never more than once for the time that a server did not run.
fn next_announcement(wait: &Wait, now: Timestamp) -> Option<Timestamp> {
    let mut next = wait.begun;
    while next <= now {
        next = next.after(wait.kind.announced_every());
    }
    (next < wait.due).then_some(next)
}

/// What is announced now, with a time that leaves its owner a day to say no.
#[must_use]
pub fn put_off(wait: Wait, now: Timestamp) -> Wait {
    let last = now.after(limits::LAST_WORD);
    if last.since(wait.due) > limits::ANNOUNCED_LATE { Wait { due: last, ..wait } } else { wait }
}

fn wait(mut row: Row) -> Result<Wait, StoreError> {
    Ok(Wait { kind: row.take()?, begun: row.take()?, due: row.take()? })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_recovery_is_announced_after_a_day_and_after_two_and_its_time_is_a_day_after_the_last() {
        let begun = Timestamp::from_unix_millis(1_764_000_000_000);
        let wait = Wait { kind: WaitKind::Recovery, begun, due: begun.after(limits::RECOVERY_WAIT) };
        let hours = |hours: u64| begun.after(Duration::from_secs(hours * 60 * 60));
        for (now, next) in [(0, Some(24)), (23, Some(24)), (24, Some(48)), (40, Some(48)), (48, None), (100, None)] {
            assert_eq!(next_announcement(&wait, hours(now)), next.map(hours), "{now}");
        }
        for (now, due) in [(24, 72), (30, 72), (48, 72), (49, 72), (50, 74), (71, 95), (200, 224)] {
            assert_eq!(put_off(wait, hours(now)).due, hours(due), "announced at {now}");
        }
    }
}
