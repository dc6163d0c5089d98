//! What goes by itself when its time is over.

use securemailbox_protocol::{limits, time::Timestamp};

use crate::{Act, Db, Room, StoreError, domains, tallies, waits};

/// How many rows of each table one [`Sweep`] deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Registrations older than an hour.
    pub registrations: u64,
    /// Sign-ins older than five minutes, or ten minutes after their last code.
    pub sign_ins: u64,
    /// Recoveries older than an hour.
    pub recoveries: u64,
    /// Sessions, with their device slots.
    pub sessions: u64,
}

/// Deletes what is over: registrations, sign-ins, recoveries, sessions with their shares, receipts nobody asked for again,
/// what waited in vain, security events of which the time is over, domains that nobody looks up any more.
pub struct Sweep {
    /// Whatever expired at this moment or before it goes.
    pub now: Timestamp,
}

impl Act for Sweep {
    type Output = Swept;
    type Error = StoreError;
    const ROOM: Room = Room::Erases;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const PROOFS: &str = "
            DELETE FROM proof
             WHERE holder_id IN (SELECT registration_id FROM registration WHERE expires <= $1)
                OR holder_id IN (SELECT sign_in_id FROM sign_in WHERE expires <= $1)
                OR holder_id IN (SELECT recovery_id FROM recovery WHERE expires <= $1)
                OR holder_id IN (SELECT session_id FROM session WHERE expires <= $1)
                OR holder_id IN (SELECT factor_id FROM enrolment WHERE expires <= $1)";
        const ENROLMENTS: &str = "
            DELETE FROM enrolment
             WHERE expires <= $1 OR session_id IN (SELECT session_id FROM session WHERE expires <= $1)";
        // A registration that was completed is gone, and its factors are the account's.
        const FACTORS: &str = "
            DELETE FROM factor WHERE mailbox_id IN (SELECT account_id FROM registration WHERE expires <= $1)";
        const SHARES: &str = "
            DELETE FROM slot WHERE session_id IN (SELECT session_id FROM session WHERE expires <= $1)";
        db.exec(PROOFS, &[&self.now]).await?;
        db.exec(FACTORS, &[&self.now]).await?;
        db.exec(SHARES, &[&self.now]).await?;
        db.exec(ENROLMENTS, &[&self.now]).await?;
        db.exec("DELETE FROM receipt WHERE expires <= $1", &[&self.now]).await?;
        db.exec("DELETE FROM enrolling_passkey WHERE expires <= $1", &[&self.now]).await?;
        db.exec("DELETE FROM renewed_record WHERE expires <= $1", &[&self.now]).await?;
        db.exec("DELETE FROM put_out_device WHERE until <= $1", &[&self.now]).await?;
        domains::sweep(db, self.now).await?;
        tallies::sweep(db, self.now).await?;
        waits::sweep(db, self.now).await?;
        let events = self.now.before(limits::SECURITY_EVENT_LIFE);
        db.exec("DELETE FROM security_event WHERE at <= $1", &[&events]).await?;
        Ok(Swept {
            registrations: db.exec("DELETE FROM registration WHERE expires <= $1", &[&self.now]).await?,
            sign_ins: db.exec("DELETE FROM sign_in WHERE expires <= $1", &[&self.now]).await?,
            recoveries: db.exec("DELETE FROM recovery WHERE expires <= $1", &[&self.now]).await?,
            sessions: db.exec("DELETE FROM session WHERE expires <= $1", &[&self.now]).await?,
        })
    }
}
