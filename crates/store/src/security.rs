//! Security events (PROTOCOL §6): what was done about who may open a mailbox, written down and announced in the transaction
//! that does it.

use securemailbox_protocol::{
    ids::{AccountId, SessionId},
    limits,
    security::SecurityEventKind,
    time::Timestamp,
};

use crate::{
    Act, Db, ReadOnly, Room, Row, StoreError, ToParam,
    notices::{self, Lane, NewNotice},
};

/// One event as the server keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecurityEvent {
    /// What was done.
    pub kind: SecurityEventKind,
    /// The session that it was done in; of one that was ended, that one.
    pub session: SessionId,
    /// When.
    pub at: Timestamp,
}

/// An act that is a security event: written down with it, and announced, or none of the three.
pub struct Noted<A> {
    /// What is done.
    pub act: A,
    /// Whose mailbox it is about.
    pub account: AccountId,
    /// What it is called.
    pub event: SecurityEvent,
    /// What tells the owner of it, one for each channel: of each kind the first in [`limits::ANNOUNCED_WITHIN`] goes by SMS
    /// too, and [`limits::ANNOUNCEMENTS_A_DAY`] by e-mail.
    pub notices: Vec<NewNotice>,
}

impl<A: Act> Act for Noted<A> {
    type Output = A::Output;
    type Error = A::Error;
    const ROOM: Room = A::ROOM;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        let output = self.act.run(db).await?;
        announce(db, self.account, self.event, &self.notices).await?;
        Ok(output)
    }
}

/// Something that happened and changes nothing: written down and announced.
pub struct Happened {
    /// Whose mailbox it is about.
    pub account: AccountId,
    /// What it is called.
    pub event: SecurityEvent,
    /// What tells the owner of it, as in [`Noted`].
    pub notices: Vec<NewNotice>,
}

impl Act for Happened {
    type Output = ();
    type Error = StoreError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        announce(db, self.account, self.event, &self.notices).await.map(drop)
    }
}

/// The events of an account, newest first, at most [`limits::PAGE`].
pub struct ListSecurityEvents {
    /// Whose.
    pub account: AccountId,
    /// Events that are older than [`limits::SECURITY_EVENT_LIFE`] by now are left out.
    pub now: Timestamp,
}

impl Act for ListSecurityEvents {
    type Output = Vec<SecurityEvent>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT kind, session_id, at FROM security_event
             WHERE mailbox_id = $1 AND at > $2
             ORDER BY at DESC, kind, session_id LIMIT $3";
        let (since, limit) = (self.now.before(limits::SECURITY_EVENT_LIFE), limits::PAGE as i64);
        let rows = db.rows(SQL, &[&self.account, &since, &limit]).await?;
        let event = |mut row: Row| Ok(SecurityEvent { kind: row.take()?, session: row.take()?, at: row.take()? });
        rows.into_iter().map(event).collect()
    }
}

impl ReadOnly for ListSecurityEvents {}

/// Writes an event down.
pub(crate) async fn note<D: Db>(db: &mut D, account: AccountId, event: SecurityEvent) -> Result<(), StoreError> {
    const SQL: &str = "
        INSERT INTO security_event (mailbox_id, at, kind, session_id) VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING";
    let row: [&dyn ToParam; 4] = [&account, &event.at, &event.kind, &event.session];
    db.exec(SQL, &row).await.map(drop)
}

/// Writes an event down and queues what announces it, within the limits of [`Noted::notices`]: an SMS costs, and an e-mail is
/// in the way of others. They are counted for each kind, so that nobody uses them up by something harmless before something
/// that is not. What was announced so often today is not written down again either: a session with a fresh proof could fill
/// the table, and push what its owner should see out of the list. Whether it was written down.
pub(crate) async fn announce<D: Db>(
    db: &mut D,
    account: AccountId,
    event: SecurityEvent,
    notices: &[NewNotice],
) -> Result<bool, StoreError> {
    let earlier = within_a_day(db, account, event).await?;
    if earlier >= limits::ANNOUNCEMENTS_A_DAY {
        return Ok(false);
    }
    note(db, account, event).await?;
    for notice in notices {
        let is_due = match notice.lane {
            Lane::Texts => earlier == 0,
            Lane::Emails | Lane::Letters => true,
        };
        if is_due {
            notices::queue(db, notice, event.at).await?;
        }
    }
    Ok(true)
}

/// How many events of its kind were written down within [`limits::ANNOUNCED_WITHIN`] before this one.
pub(crate) async fn within_a_day<D: Db>(
    db: &mut D,
    account: AccountId,
    event: SecurityEvent,
) -> Result<u64, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM security_event WHERE mailbox_id = $1 AND kind = $2 AND at > $3";
    let since = event.at.before(limits::ANNOUNCED_WITHIN);
    let row = db.row(SQL, &[&account, &event.kind, &since]).await?;
    row.ok_or(StoreError::Damaged("a count"))?.take()
}
