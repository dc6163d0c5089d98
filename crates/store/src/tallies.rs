//! How often something was done within a time, kept where neither a restart nor a second process forgets it: what costs the
//! operator money, and what guesses (PROTOCOL §9a). What is counted is named by an HMAC of the server's, so that the
//! database tells of no number, address or network.

use std::time::Duration;

use securemailbox_protocol::time::Timestamp;

use crate::{Act, Db, ReadOnly, Room, StoreError};

/// The HMAC of what is counted and within which time.
pub type TallyKey = [u8; 16];

/// Something that may be done so often within a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Names what is counted.
    pub key: TallyKey,
    /// How often at most.
    pub most: u64,
    /// From the first time on. After that it is counted anew.
    pub within: Duration,
}

/// Why nothing was counted.
#[derive(Debug, thiserror::Error)]
pub enum CountError {
    /// One of them was done as often as it may be.
    #[error("it was done as often as it may be")]
    TooOften {
        /// Which of the tallies, by its place.
        which: usize,
        /// When it is counted anew.
        until: Timestamp,
    },
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Counts one more of each, or of none if one of them is full: how often each was done by now.
pub struct Count {
    /// What is about to be done, by each way that it is counted.
    pub tallies: Vec<Tally>,
    /// When.
    pub now: Timestamp,
}

impl Act for Count {
    type Output = Vec<u64>;
    type Error = CountError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            INSERT INTO tally (tally_key, done, until) VALUES ($1, 1, $3)
            ON CONFLICT (tally_key) DO UPDATE
               SET done  = CASE WHEN tally.until > $2 THEN tally.done + 1 ELSE 1 END,
                   until = CASE WHEN tally.until > $2 THEN tally.until ELSE EXCLUDED.until END
            RETURNING done, until";
        // In the order of keys, so that two counts at once wait for each other in one order.
        let mut each: Vec<(usize, &Tally)> = self.tallies.iter().enumerate().collect();
        each.sort_by_key(|(_, tally)| tally.key);
        let mut counts = vec![0; each.len()];
        for (which, tally) in each {
            let fresh = self.now.after(tally.within);
            let row = db.row(SQL, &[&tally.key, &self.now, &fresh]).await?;
            let mut row = row.ok_or(StoreError::Damaged("a tally"))?;
            let (done, until): (u64, Timestamp) = (row.take()?, row.take()?);
            if done > tally.most {
                return Err(CountError::TooOften { which, until });
            }
            counts[which] = done;
        }
        Ok(counts)
    }
}

/// Takes back one of each that was counted: it was no guess after all, or was not sent.
pub struct CountLess {
    /// What was counted.
    pub keys: Vec<TallyKey>,
}

impl Act for CountLess {
    type Output = ();
    type Error = StoreError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "UPDATE tally SET done = done - 1 WHERE tally_key = $1 AND done > 0";
        let mut keys = self.keys.clone();
        keys.sort_unstable();
        for key in &keys {
            db.exec(SQL, &[key]).await?;
        }
        Ok(())
    }
}

/// Counts something anew from now on.
pub struct CountAnew {
    /// Names what was counted.
    pub key: TallyKey,
}

impl Act for CountAnew {
    type Output = ();
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        db.exec("DELETE FROM tally WHERE tally_key = $1", &[&self.key]).await.map(drop)
    }
}

/// How often it was done by now, within the time that runs.
pub struct Counted {
    /// Names what is counted.
    pub key: TallyKey,
    /// What was counted until this moment is over.
    pub now: Timestamp,
}

impl Act for Counted {
    type Output = u64;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "SELECT done FROM tally WHERE tally_key = $1 AND until > $2";
        match db.row(SQL, &[&self.key, &self.now]).await? {
            Some(mut row) => row.take(),
            None => Ok(0),
        }
    }
}

impl ReadOnly for Counted {}

/// Deletes what is counted anew the next time.
pub(crate) async fn sweep<D: Db>(db: &mut D, now: Timestamp) -> Result<(), StoreError> {
    db.exec("DELETE FROM tally WHERE until <= $1", &[&now]).await.map(drop)
}
