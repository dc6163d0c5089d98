//! Sessions (PROTOCOL §9a).

use std::time::Duration;

use securemailbox_protocol::{
    accounts::AccountKind,
    factors::FactorKind,
    ids::{AccountId, SessionId},
    limits,
    security::SecurityEventKind,
    time::Timestamp,
};

use crate::{
    Act, Db, ReadOnly, Room, Row, StoreError, ToParam,
    devices::{self, Device},
    enrolments,
    notices::NewNotice,
    proofs::{self, Holder, HolderId, Proved, Standing, Waiting},
    pulse, recoveries, renewals,
    security::{self, SecurityEvent},
    sign_in,
};

/// SHA-256 of a session's token.
pub type TokenHash = [u8; 32];

/// What a session is begun with; its level comes from what was proved.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// As its owner will see it in a list.
    pub id: SessionId,
    /// SHA-256 of the session's token, which only the client has.
    pub token_hash: TokenHash,
    /// The browser or program that it begins on.
    pub device: Device,
    /// The session begins now and lasts 12 hours, unless it is kept.
    pub now: Timestamp,
    /// What tells its owner that a device signed in which had not before; none where it had, or where something else tells of
    /// this session.
    pub new_device: Option<Vec<NewNotice>>,
}

/// What a session that was just begun stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begun {
    /// The account that the session acts for.
    pub account: AccountId,
    /// The level that was proved, and when.
    pub standing: Standing,
}

/// A session as the server sees it on each request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The id by which its owner ends it.
    pub id: SessionId,
    /// The account that the session acts for.
    pub account: AccountId,
    /// The level that was proved, and when.
    pub standing: Standing,
    /// When a factor that is kept in reserve was proved last.
    pub reserve: Option<Timestamp>,
    /// When it began.
    pub begun: Timestamp,
    /// When it was last used, to the minute.
    pub used: Timestamp,
    /// Whether it lasts [`securemailbox_protocol::limits::KEPT_SESSION_LIFE`] after its last use.
    pub kept: bool,
    /// Whether it may do nothing until its password was proved again.
    pub locked: bool,
    /// Whether it is of somebody who came by a link and has no mailbox of their own.
    pub guest: bool,
}

impl Session {
    /// Whether [`TouchSession`] is due.
    #[must_use]
    pub fn is_due_for_touch(&self, now: Timestamp) -> bool {
        now.since(self.used) >= TOUCH_EVERY
    }
}

/// When a session is over that began then, was used then, and is kept or not. Nothing lengthens it beyond what its beginning
/// gives it.
#[must_use]
pub fn end_of(begun: Timestamp, used: Timestamp, kept: bool) -> Timestamp {
    if kept {
        used.after(limits::KEPT_SESSION_LIFE).min(begun.after(limits::KEPT_SESSION_END))
    } else {
        begun.after(limits::SESSION_LIFE)
    }
}

/// How exactly we remember when a session was used.
const TOUCH_EVERY: Duration = Duration::from_secs(60);

/// The living session of a token.
pub struct SessionByToken {
    /// SHA-256 of the token that came with a request.
    pub token_hash: TokenHash,
    /// A session that expired by now is not found.
    pub now: Timestamp,
}

impl Act for SessionByToken {
    type Output = Option<Session>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT s.session_id, s.mailbox_id, s.level, s.proved, s.reserve, s.begun, s.used, s.kept, s.locked, b.kind
              FROM session s JOIN mailbox b ON b.mailbox_id = s.mailbox_id
             WHERE s.token_hash = $1 AND s.expires > $2";
        db.row(SQL, &[&self.token_hash, &self.now]).await?.map(session).transpose()
    }
}

impl ReadOnly for SessionByToken {}

/// Notes that a session was used, at most once a minute.
pub struct TouchSession {
    /// The session that a request came with.
    pub session: SessionId,
    /// When the request came.
    pub now: Timestamp,
}

impl Act for TouchSession {
    type Output = ();
    type Error = StoreError;
    const ROOM: Room = Room::Erases;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const FIND: &str = "SELECT begun, kept FROM session WHERE session_id = $1 AND used <= $2";
        const TOUCH: &str = "UPDATE session SET used = $2, expires = $3 WHERE session_id = $1";
        let due = self.now.before(TOUCH_EVERY);
        let Some(mut row) = db.row(FIND, &[&self.session, &due]).await? else { return Ok(()) };
        let expires = end_of(row.take()?, self.now, row.take()?);
        db.exec(TOUCH, &[&self.session, &self.now, &expires]).await.map(drop)
    }
}

/// An act of a session that was found before its body was read: it is done while the session lives, and not after.
pub struct InSession<A> {
    /// The session that asks.
    pub session: SessionId,
    /// When.
    pub now: Timestamp,
    /// What it asks for.
    pub act: A,
}

/// Why an act of a session was not done.
#[derive(Debug, thiserror::Error)]
pub enum InSessionError<E> {
    /// The session ended while its request was on its way.
    #[error("the session ended meanwhile")]
    Over,
    /// It was locked.
    #[error("the session was locked meanwhile")]
    Locked,
    /// The act itself.
    #[error(transparent)]
    Act(E),
}

impl<E: From<StoreError>> From<StoreError> for InSessionError<E> {
    fn from(failed: StoreError) -> Self {
        Self::Act(failed.into())
    }
}

impl<A: Act> Act for InSession<A> {
    type Output = A::Output;
    type Error = InSessionError<A::Error>;
    const ROOM: Room = A::ROOM;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const LIVES: &str = "SELECT locked FROM session WHERE session_id = $1 AND expires > $2";
        let mut row = db.row(LIVES, &[&self.session, &self.now]).await?.ok_or(InSessionError::Over)?;
        if row.take()? {
            return Err(InSessionError::Locked);
        }
        self.act.run(db).await.map_err(InSessionError::Act)
    }
}

/// The living sessions of an account, newest first.
pub struct ListSessions {
    /// The account whose sessions are listed.
    pub account: AccountId,
    /// Sessions that expired by now are left out.
    pub now: Timestamp,
}

impl Act for ListSessions {
    type Output = Vec<Session>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT s.session_id, s.mailbox_id, s.level, s.proved, s.reserve, s.begun, s.used, s.kept, s.locked, b.kind
              FROM session s JOIN mailbox b ON b.mailbox_id = s.mailbox_id
             WHERE s.mailbox_id = $1 AND s.expires > $2
             ORDER BY s.begun DESC, s.session_id DESC";
        db.rows(SQL, &[&self.account, &self.now]).await?.into_iter().map(session).collect()
    }
}

impl ReadOnly for ListSessions {}

/// Why a session was not ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndSessionError {
    /// The account has no such session.
    #[error("the account has no such session")]
    NotFound,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Ends a session and destroys its device slot and share.
pub struct EndSession {
    /// The account that the session must belong to.
    pub account: AccountId,
    /// The session that ends.
    pub session: SessionId,
}

impl Act for EndSession {
    type Output = ();
    type Error = EndSessionError;
    const ROOM: Room = Room::Erases;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        if !end(db, self.account, self.session).await? {
            return Err(EndSessionError::NotFound);
        }
        Ok(sign_in::forget_begun(db, self.account, self.session).await?)
    }
}

/// Ends every session of an account but one, and what of a sign-in or a forgotten password is under way: somebody else may be
/// halfway in. What waits goes on waiting, and is stopped by [`crate::waits::StopWait`] alone. It is written down and announced if there was another session.
pub struct EndOtherSessions {
    /// The account.
    pub account: AccountId,
    /// The session that asks, and stays.
    pub session: SessionId,
    /// What announces it, as in [`security::Noted`].
    pub notices: Vec<NewNotice>,
    /// When.
    pub now: Timestamp,
}

impl Act for EndOtherSessions {
    type Output = ();
    type Error = StoreError;
    const ROOM: Room = Room::Erases;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const OTHERS: &str = "SELECT session_id FROM session WHERE mailbox_id = $1 AND session_id <> $2";
        let Self { account, session, now: at, .. } = *self;
        sign_in::end_all(db, account).await?;
        // What waits is not ended by this: its owner would hear no more of papers that somebody else holds and that still count.
        recoveries::end_under_way(db, account).await?;
        let others = db.rows(OTHERS, &[&account, &session]).await?;
        if others.is_empty() {
            return Ok(());
        }
        if let Some(own) = devices::of_session(db, session).await? {
            devices::put_out_others(db, account, &own, at).await?;
        }
        for mut other in others {
            end(db, account, other.take()?).await?;
        }
        let event = SecurityEvent { kind: SecurityEventKind::OtherSessionsEnded, session, at };
        security::announce(db, account, event, &self.notices).await.map(drop)
    }
}

/// A session as what a proof is for: it stands at the level of what was proved, from now.
pub struct StepUp(pub SessionId);

impl Holder for StepUp {
    type Gives = Standing;

    fn id(&self) -> HolderId {
        HolderId::Session(self.0)
    }

    async fn give<D: Db>(&self, db: &mut D, proved: Proved) -> Result<Self::Gives, StoreError> {
        let standing = stand(db, self.0, proved.kind, proved.now).await?;
        // It stands in the session now, and may be asked for afresh.
        proofs::forget(db, self.id()).await?;
        Ok(standing)
    }
}

/// A living session, as what a proof is for.
pub(crate) async fn waiting<D: Db>(db: &mut D, id: SessionId, now: Timestamp) -> Result<Option<Waiting>, StoreError> {
    const SQL: &str = "
        SELECT m.mailbox_id, m.language FROM session s JOIN member m ON m.mailbox_id = s.mailbox_id
         WHERE s.session_id = $1 AND s.expires > $2";
    let Some(mut row) = db.row(SQL, &[&id, &now]).await? else { return Ok(None) };
    Ok(Some(Waiting::of_member(row.take()?, row.take()?)))
}

fn session(mut row: Row) -> Result<Session, StoreError> {
    Ok(Session {
        id: row.take()?,
        account: row.take()?,
        standing: Standing { level: row.take()?, proved: row.take()? },
        reserve: row.take()?,
        begun: row.take()?,
        used: row.take()?,
        kept: row.take()?,
        locked: row.take()?,
        guest: row.take::<AccountKind>()? == AccountKind::Guest,
    })
}

/// Begins a session at the level that was proved. What an account has more of than [`limits::SESSIONS`] ends, the one that
/// was used longest ago first.
pub(crate) async fn begin<D: Db>(
    db: &mut D,
    account: AccountId,
    new: &NewSession,
    standing: Standing,
) -> Result<Begun, StoreError> {
    const SQL: &str = "
        INSERT INTO session
            (session_id, mailbox_id, token_hash, device, level, proved, begun, used, kept, locked, tries, expires)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 0, 0, 0, $8)";
    let expires = end_of(new.now, new.now, false);
    let row: [&dyn ToParam; 8] =
        [&new.id, &account, &new.token_hash, &new.device, &standing.level, &standing.proved, &new.now, &expires];
    db.exec(SQL, &row).await?;
    devices::know(db, account, &new.device).await?;
    let event = |kind| SecurityEvent { kind, session: new.id, at: new.now };
    let is_told = match &new.new_device {
        Some(notices) => security::announce(db, account, event(SecurityEventKind::NewDevice), notices).await?,
        None => false,
    };
    // Who came in is listed however often that was told today.
    if !is_told {
        security::note(db, account, event(SecurityEventKind::SignedIn)).await?;
    }
    end_the_oldest(db, account).await?;
    Ok(Begun { account, standing })
}

/// A factor was proved in a session: how it stands from now.
pub(crate) async fn stand<D: Db>(
    db: &mut D,
    session: SessionId,
    kind: FactorKind,
    now: Timestamp,
) -> Result<Standing, StoreError> {
    const FIND: &str = "SELECT level, proved, reserve FROM session WHERE session_id = $1";
    const STAND: &str = "UPDATE session SET level = $2, proved = $3 WHERE session_id = $1";
    let mut row = db.row(FIND, &[&session]).await?.ok_or(StoreError::Damaged("a session that was just there"))?;
    let before = Standing { level: row.take()?, proved: row.take()? };
    let by_reserve = is_by_reserve(before.proved, row.take()?);
    // What was kept in reserve replaces nothing, however high its level: anything else takes its place at once.
    let standing = if by_reserve && !kind.is_reserve() { Standing::by(kind, now) } else { before.with(kind, now) };
    db.exec(STAND, &[&session, &standing.level, &standing.proved]).await?;
    if kind.is_reserve() {
        prove_reserve(db, session, now).await?;
    }
    Ok(standing)
}

/// A factor was added in a session, and has just been proved with it. Whoever added it by what was kept in reserve stands by
/// that, and by nothing better for having added something.
pub(crate) async fn stand_by_added<D: Db>(
    db: &mut D,
    session: SessionId,
    kind: FactorKind,
    now: Timestamp,
) -> Result<(), StoreError> {
    const FIND: &str = "SELECT proved, reserve FROM session WHERE session_id = $1";
    let mut row = db.row(FIND, &[&session]).await?.ok_or(StoreError::Damaged("a session that was just there"))?;
    if !is_by_reserve(row.take()?, row.take()?) {
        stand(db, session, kind, now).await?;
    }
    Ok(())
}

/// Whether what a session stands by was kept in reserve: the two were proved in one moment.
#[must_use]
pub fn is_by_reserve(proved: Timestamp, reserve: Option<Timestamp>) -> bool {
    reserve == Some(proved)
}

/// A factor that is kept in reserve was proved in a session.
pub(crate) async fn prove_reserve<D: Db>(db: &mut D, session: SessionId, now: Timestamp) -> Result<(), StoreError> {
    db.exec("UPDATE session SET reserve = $2 WHERE session_id = $1", &[&session, &now]).await.map(drop)
}

async fn end_the_oldest<D: Db>(db: &mut D, account: AccountId) -> Result<(), StoreError> {
    const SQL: &str = "
        SELECT session_id FROM session WHERE mailbox_id = $1
         ORDER BY used DESC, session_id DESC LIMIT $2 OFFSET $2";
    for mut row in db.rows(SQL, &[&account, &(limits::SESSIONS as i64)]).await? {
        end(db, account, row.take()?).await?;
    }
    Ok(())
}

/// Ends a session, with its device slot and share; false if the account has no such session.
pub(crate) async fn end<D: Db>(db: &mut D, account: AccountId, session: SessionId) -> Result<bool, StoreError> {
    const SESSION: &str = "DELETE FROM session WHERE session_id = $1 AND mailbox_id = $2";
    const SLOT: &str = "DELETE FROM slot WHERE session_id = $1 AND mailbox_id = $2";
    db.exec(SLOT, &[&session, &account]).await?;
    pulse::wake_event_streams(db, account.mailbox()).await?;
    let ended = db.exec(SESSION, &[&session, &account]).await? > 0;
    if ended {
        enrolments::forget(db, session).await?;
        renewals::forget(db, session).await?;
        proofs::forget(db, HolderId::Session(session)).await?;
    }
    Ok(ended)
}

/// Ends every session of an account, with their device slots and shares.
pub(crate) async fn end_all<D: Db>(db: &mut D, account: AccountId) -> Result<(), StoreError> {
    const PROOFS: &str = "
        DELETE FROM proof
         WHERE holder = 'session' AND holder_id IN (SELECT session_id FROM session WHERE mailbox_id = $1)";
    const SLOTS: &str = "DELETE FROM slot WHERE mailbox_id = $1 AND session_id IS NOT NULL";
    const SESSIONS: &str = "DELETE FROM session WHERE mailbox_id = $1";
    enrolments::forget_all(db, account).await?;
    renewals::forget_all(db, account).await?;
    db.exec(PROOFS, &[&account]).await?;
    db.exec(SLOTS, &[&account]).await?;
    db.exec(SESSIONS, &[&account]).await?;
    pulse::wake_event_streams(db, account.mailbox()).await
}

/// Whether a session has not been ended. Its time is the caller's to judge.
pub(crate) async fn lives<D: Db>(db: &mut D, account: AccountId, session: SessionId) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT used FROM session WHERE session_id = $1 AND mailbox_id = $2";
    Ok(db.row(SQL, &[&session, &account]).await?.is_some())
}

/// A session may do nothing until its password was proved.
pub(crate) async fn lock<D: Db>(db: &mut D, session: SessionId) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE session SET locked = 1 WHERE session_id = $1";
    db.exec(SQL, &[&session]).await.map(drop)
}

/// A session may do what it may; wrong tries are forgotten.
pub(crate) async fn unlock<D: Db>(db: &mut D, session: SessionId) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE session SET locked = 0, tries = 0 WHERE session_id = $1";
    db.exec(SQL, &[&session]).await.map(drop)
}

/// Makes a session last as one that is kept, or as one that is not; false if it has ended.
pub(crate) async fn keep<D: Db>(
    db: &mut D,
    account: AccountId,
    session: SessionId,
    keep: bool,
) -> Result<bool, StoreError> {
    const FIND: &str = "SELECT begun, used FROM session WHERE session_id = $1 AND mailbox_id = $2";
    const KEEP: &str = "UPDATE session SET kept = $2, expires = $3 WHERE session_id = $1";
    let Some(mut row) = db.row(FIND, &[&session, &account]).await? else { return Ok(false) };
    let expires = end_of(row.take()?, row.take()?, keep);
    db.exec(KEEP, &[&session, &keep, &expires]).await?;
    Ok(true)
}
