//! Devices that a mailbox knows: a browser or a program, from a sign-in until it signs out or is put out (PROTOCOL §9a, Codes). What a
//! device says of itself stands in no row; only those are kept that are known no more, though they say so.

use securemailbox_protocol::{
    ids::{AccountId, SessionId},
    limits,
    time::Timestamp,
};

use crate::{
    Act, Db, ReadOnly, Room, StoreError,
    sessions::{EndSession, EndSessionError},
};

/// By what a browser or a program is known to one mailbox, from a sign-in to a sign-out: random octets.
pub type Device = [u8; 16];

/// Ends a session of its owner's on another device, which is known no more: who signs in on it again is announced.
pub struct PutOutSession {
    /// The account that the session must belong to.
    pub account: AccountId,
    /// The session that ends.
    pub session: SessionId,
    /// The one that asks.
    pub by: SessionId,
    /// When.
    pub now: Timestamp,
}

impl Act for PutOutSession {
    type Output = ();
    type Error = EndSessionError;
    const ROOM: Room = Room::Erases;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const IT: &str = "
            INSERT INTO put_out_device (mailbox_id, device, until)
            SELECT s.mailbox_id, s.device, CAST($4 AS BIGINT) FROM session s
             WHERE s.mailbox_id = $1 AND s.session_id = $2 AND s.device <> $3
            ON CONFLICT (mailbox_id, device) DO UPDATE SET until = excluded.until";
        let Self { account, session, by, now } = *self;
        if let Some(own) = of_session(db, by).await? {
            db.exec(IT, &[&account, &session, &own, &now.after(limits::KNOWN_DEVICE_LIFE)]).await?;
        }
        EndSession { account, session }.run(db).await
    }
}

/// Whether a browser or a program was put out by its owner, and has not signed in again.
pub struct IsPutOut {
    /// The account that it was known to.
    pub account: AccountId,
    /// By what.
    pub device: Device,
}

impl Act for IsPutOut {
    type Output = bool;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "SELECT until FROM put_out_device WHERE mailbox_id = $1 AND device = $2";
        Ok(db.row(SQL, &[&self.account, &self.device]).await?.is_some())
    }
}

impl ReadOnly for IsPutOut {}

/// Whoever signs in on a device makes it known, again too.
pub(crate) async fn know<D: Db>(db: &mut D, account: AccountId, device: &Device) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM put_out_device WHERE mailbox_id = $1 AND device = $2";
    db.exec(SQL, &[&account, device]).await.map(drop)
}

/// The devices of all sessions of an account but this one are known no more.
pub(crate) async fn put_out_others<D: Db>(
    db: &mut D,
    account: AccountId,
    own: &Device,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "
        INSERT INTO put_out_device (mailbox_id, device, until)
        SELECT DISTINCT s.mailbox_id, s.device, CAST($3 AS BIGINT) FROM session s
         WHERE s.mailbox_id = $1 AND s.device <> $2
        ON CONFLICT (mailbox_id, device) DO UPDATE SET until = excluded.until";
    db.exec(SQL, &[&account, own, &now.after(limits::KNOWN_DEVICE_LIFE)]).await.map(drop)
}

/// The device of a session.
pub(crate) async fn of_session<D: Db>(db: &mut D, session: SessionId) -> Result<Option<Device>, StoreError> {
    let row = db.row("SELECT device FROM session WHERE session_id = $1", &[&session]).await?;
    row.map(|mut row| row.take()).transpose()
}
