//! The domains of verified senders (PROTOCOL §5): when each is looked up in DNS, and when its record was found last. Which ones there
//! are, the operator's configuration says.

use std::time::Duration;

use securemailbox_protocol::{address::Domain, time::Timestamp};

use crate::{Act, Db, ReadOnly, Room, StoreError, ToParam};

/// A domain counts as verified for so long after its record was found: a resolver that is away for a day takes no name from anybody.
pub const PROVED_FOR: Duration = Duration::from_secs(3 * 24 * 60 * 60);
/// What was due so long ago is looked up by nobody: the operator does not name it any more.
const FORGOTTEN: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What came of one look-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookedUp {
    /// The record is there.
    Found,
    /// DNS says that it is not: there is none, or another one.
    Absent,
    /// DNS said nothing that can be believed.
    Unanswered,
}

/// Whether a domain is verified now.
pub struct IsProved {
    /// Which.
    pub domain: Domain,
    /// When.
    pub now: Timestamp,
}

impl Act for IsProved {
    type Output = bool;
    type Error = StoreError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "SELECT 1 FROM domain WHERE domain = $1 AND proved > $2";
        let since = self.now.before(PROVED_FOR);
        Ok(db.row(SQL, &[&self.domain.as_str(), &since]).await?.is_some())
    }
}

impl ReadOnly for IsProved {}

/// Whether a domain is to be looked up: it never was, or not for long enough.
pub struct IsDue {
    /// Which.
    pub domain: Domain,
    /// When.
    pub now: Timestamp,
}

impl Act for IsDue {
    type Output = bool;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "SELECT 1 FROM domain WHERE domain = $1 AND due > $2";
        Ok(db.row(SQL, &[&self.domain.as_str(), &self.now]).await?.is_none())
    }
}

impl ReadOnly for IsDue {}

/// Claims a domain that is due, to look it up. False if another process has it, or has looked meanwhile.
pub struct ClaimDomain {
    /// Which.
    pub domain: Domain,
    /// When.
    pub now: Timestamp,
    /// Until when nobody else gets it. The look-up is to be over by then.
    pub until: Timestamp,
}

impl Act for ClaimDomain {
    type Output = bool;
    type Error = StoreError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            INSERT INTO domain (domain, due, proved) VALUES ($1, $3, NULL)
            ON CONFLICT (domain) DO UPDATE SET due = EXCLUDED.due WHERE domain.due <= $2";
        Ok(db.exec(SQL, &[&self.domain.as_str(), &self.now, &self.until]).await? > 0)
    }
}

/// Writes down what came of a look-up. Says nothing if the claim is over and somebody else's.
pub struct DomainLookedUp {
    /// Which.
    pub domain: Domain,
    /// The end of the claim under which it was looked up.
    pub claimed_until: Timestamp,
    /// What DNS said. An answer that it is absent counts at once, and none leaves what was known.
    pub outcome: LookedUp,
    /// When.
    pub now: Timestamp,
    /// When it is looked up again.
    pub next_due: Timestamp,
}

impl Act for DomainLookedUp {
    type Output = ();
    type Error = StoreError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const FOUND: &str = "UPDATE domain SET due = $3, proved = $4 WHERE domain = $1 AND due = $2";
        const ABSENT: &str = "UPDATE domain SET due = $3, proved = NULL WHERE domain = $1 AND due = $2";
        const UNANSWERED: &str = "UPDATE domain SET due = $3 WHERE domain = $1 AND due = $2";
        let domain = self.domain.as_str();
        let looked: [&dyn ToParam; 4] = [&domain, &self.claimed_until, &self.next_due, &self.now];
        match self.outcome {
            LookedUp::Found => db.exec(FOUND, &looked).await,
            LookedUp::Absent => db.exec(ABSENT, &looked[..3]).await,
            LookedUp::Unanswered => db.exec(UNANSWERED, &looked[..3]).await,
        }
        .map(drop)
    }
}

/// Forgets domains that nobody looks up any more.
pub(crate) async fn sweep<D: Db>(db: &mut D, now: Timestamp) -> Result<(), StoreError> {
    let over = now.before(FORGOTTEN);
    db.exec("DELETE FROM domain WHERE due <= $1", &[&over]).await.map(drop)
}
