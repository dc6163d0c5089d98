//! Enrolments as rows (PROTOCOL §7): a factor that its owner is adding in a session, and that counts once it was proved.

use securemailbox_protocol::{
    factors::FactorKind,
    ids::{AccountId, FactorId, SessionId},
    limits,
    security::SecurityEventKind,
    time::Timestamp,
};

use crate::{
    Act, Db, ReadOnly, Row, StoreError, ToParam,
    factors::{self, Factor},
    notices::NewNotice,
    proofs::{AppClock, Holder, HolderId, Proved, Step, Waiting},
    security::{self, SecurityEvent},
    sessions,
};

/// Begins one. What the session was adding before is given up.
pub struct BeginEnrolment {
    /// Whose factor it will be.
    pub account: AccountId,
    /// The session that adds it.
    pub session: SessionId,
    /// The factor, sealed.
    pub factor: Factor,
    /// The enrolment begins now, and ends after [`limits::ENROLMENT_LIFE`].
    pub now: Timestamp,
}

impl Act for BeginEnrolment {
    type Output = ();
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            INSERT INTO enrolment (factor_id, mailbox_id, session_id, kind, sealed, expires)
            VALUES ($1, $2, $3, $4, $5, $6)";
        forget(db, self.session).await?;
        let Factor { id, kind, sealed } = &self.factor;
        let expires = self.now.after(limits::ENROLMENT_LIFE);
        let row: [&dyn ToParam; 6] = [id, &self.account, &self.session, kind, sealed, &expires];
        db.exec(SQL, &row).await.map(drop)
    }
}

/// The factor that a session is adding, if it is this one.
pub struct EnrolmentOf {
    /// Whose factor it will be.
    pub account: AccountId,
    /// The session that adds it.
    pub session: SessionId,
    /// Which one.
    pub id: FactorId,
    /// The enrolment must not have expired by now.
    pub now: Timestamp,
}

impl Act for EnrolmentOf {
    type Output = Option<Factor>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT factor_id, kind, sealed FROM enrolment
             WHERE factor_id = $1 AND mailbox_id = $2 AND session_id = $3 AND expires > $4";
        db.row(SQL, &[&self.id, &self.account, &self.session, &self.now]).await?.map(factor).transpose()
    }
}

impl ReadOnly for EnrolmentOf {}

/// An enrolment as the holder of a proof: the right answer makes it a factor that counts, in the place of what it replaces,
/// written down and announced with it.
pub struct Enrolling {
    /// The factor that is proved.
    pub id: FactorId,
    /// The session that adds it.
    pub session: SessionId,
    /// What announces it.
    pub notices: Vec<NewNotice>,
}

impl Holder for Enrolling {
    type Gives = ();

    fn id(&self) -> HolderId {
        HolderId::Enrolment(self.id)
    }

    async fn give<D: Db>(&self, db: &mut D, Proved { account, now, .. }: Proved) -> Result<(), StoreError> {
        count(db, account, self, None, now).await
    }
}

/// An app is being added, and a code of it was typed.
pub struct ConfirmAuthenticator {
    /// Whose it will be.
    pub account: AccountId,
    /// The enrolment.
    pub enrolling: Enrolling,
    /// The steps whose code was typed.
    pub matching: Vec<Step>,
    /// The step of now.
    pub step: Step,
    /// The enrolment must not have expired by now.
    pub now: Timestamp,
}

/// What comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    /// The app counts, and its clock is off by so many steps.
    Counts(i64),
    /// That was no code of it; it may be tried again.
    Wrong,
    /// The session is adding no such app.
    Over,
}

impl Act for ConfirmAuthenticator {
    type Output = Confirmed;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        let Self { account, enrolling, now, .. } = self;
        let of = EnrolmentOf { account: *account, session: enrolling.session, id: enrolling.id, now: *now };
        let measured = AppClock::measured(&self.matching, self.step);
        let Some(factor) = of.run(db).await? else {
            // The answer of a moment ago was lost: the same code for the same app is no second use.
            let clock = factors::clock(db, *account, enrolling.id).await?;
            let again = clock.filter(|clock| clock.last.is_some_and(|last| self.matching.contains(&last)));
            return Ok(again.map_or(Confirmed::Over, |clock| Confirmed::Counts(clock.drift)));
        };
        if factor.kind != FactorKind::Authenticator {
            return Ok(Confirmed::Over);
        }
        let Some(clock) = measured else { return Ok(Confirmed::Wrong) };
        count(db, *account, enrolling, Some(clock), *now).await?;
        Ok(Confirmed::Counts(clock.drift))
    }
}

/// The enrolment is over, and its factor counts in the place of those of its kind.
async fn count<D: Db>(
    db: &mut D,
    account: AccountId,
    enrolling: &Enrolling,
    clock: Option<AppClock>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let new = find(db, account, enrolling.id).await?.ok_or(StoreError::Damaged("an enrolment that was just there"))?;
    factors::drop_kind(db, account, new.kind).await?;
    factors::add(db, account, &new, now).await?;
    if let Some(clock) = clock {
        factors::keep_clock(db, account, new.id, clock, HolderId::Enrolment(new.id)).await?;
    }
    forget(db, enrolling.session).await?;
    let kind = SecurityEventKind::of_enrolled(new.kind).ok_or(StoreError::Damaged("an enrolment of another kind"))?;
    if new.kind == FactorKind::Authenticator {
        // Its code was just entered, so what follows, the reserve, does not ask for the next one. A phone may be somebody else's.
        sessions::stand_by_added(db, enrolling.session, new.kind, now).await?;
    }
    let event = SecurityEvent { kind, session: enrolling.session, at: now };
    security::announce(db, account, event, &enrolling.notices).await.map(drop)
}

/// As the holder of a proof, if its time is not over.
pub(crate) async fn waiting<D: Db>(db: &mut D, id: FactorId, now: Timestamp) -> Result<Option<Waiting>, StoreError> {
    const SQL: &str = "
        SELECT m.mailbox_id, m.language FROM enrolment e JOIN member m ON m.mailbox_id = e.mailbox_id
         WHERE e.factor_id = $1 AND e.expires > $2";
    let Some(mut row) = db.row(SQL, &[&id, &now]).await? else { return Ok(None) };
    Ok(Some(Waiting::of_member(row.take()?, row.take()?)))
}

/// The factor that is being added to an account.
pub(crate) async fn find<D: Db>(db: &mut D, account: AccountId, id: FactorId) -> Result<Option<Factor>, StoreError> {
    const SQL: &str = "SELECT factor_id, kind, sealed FROM enrolment WHERE mailbox_id = $1 AND factor_id = $2";
    db.row(SQL, &[&account, &id]).await?.map(factor).transpose()
}

/// A session adds nothing any more.
pub(crate) async fn forget<D: Db>(db: &mut D, session: SessionId) -> Result<(), StoreError> {
    const PROOFS: &str = "
        DELETE FROM proof
         WHERE holder = 'enrolment' AND holder_id IN (SELECT factor_id FROM enrolment WHERE session_id = $1)";
    db.exec(PROOFS, &[&session]).await?;
    db.exec("DELETE FROM enrolment WHERE session_id = $1", &[&session]).await.map(drop)
}

/// No session of an account adds anything any more.
pub(crate) async fn forget_all<D: Db>(db: &mut D, account: AccountId) -> Result<(), StoreError> {
    const PROOFS: &str = "
        DELETE FROM proof
         WHERE holder = 'enrolment' AND holder_id IN (SELECT factor_id FROM enrolment WHERE mailbox_id = $1)";
    db.exec(PROOFS, &[&account]).await?;
    db.exec("DELETE FROM enrolment WHERE mailbox_id = $1", &[&account]).await.map(drop)
}

fn factor(mut row: Row) -> Result<Factor, StoreError> {
    Ok(Factor { id: row.take()?, kind: row.take()?, sealed: row.take()? })
}
