//! Lock slots: sealed ways to open the account secret (PROTOCOL §2).

use securemailbox_protocol::{
    ids::{AccountId, SessionId, SignInId, SlotId},
    limits,
    security::SecurityEventKind,
    slots::{Slot, SlotKind},
    time::Timestamp,
};

use crate::{
    Act, Db, ReadOnly, Room, StoreError, ToParam,
    notices::NewNotice,
    security::{self, SecurityEvent},
    sessions, sign_in,
};

/// A password and the slot it opens: one row, so that the two can't part.
#[derive(Clone)]
pub struct PasswordSlot {
    /// The slot's id, made by the client: part of the place that it is sealed under.
    pub id: SlotId,
    /// The account secret, sealed by the client.
    pub sealed: Vec<u8>,
    /// `RegistrationRecord` (RFC 9807 §5.1).
    pub opaque_record: Vec<u8>,
}

/// The slot of a recovery sheet.
#[derive(Clone)]
pub struct RecoverySlot {
    /// The slot's id, made by the client: part of the place that it is sealed under.
    pub id: SlotId,
    /// The account secret, sealed by the client.
    pub sealed: Vec<u8>,
    /// SHA-256 of the proof for which it is given out.
    pub proof_hash: [u8; 32],
}

/// The slot of one session: it goes with the session.
#[derive(Clone)]
pub struct DeviceSlot {
    /// The slot's id, made by the client: part of the place that it and the share are sealed under.
    pub id: SlotId,
    /// The account secret, sealed by the client.
    pub sealed: Vec<u8>,
    /// The server share, under the server seal.
    pub share_sealed: Vec<u8>,
}

/// Why a session could not put a slot.
#[derive(Debug, thiserror::Error)]
pub enum PutSlotError {
    /// There is no such session.
    #[error("the session has ended")]
    NoSession,
    /// Another slot of the account has this id.
    #[error("another slot of the account has this id")]
    SlotExists,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Gives a session a device slot, in place of the one it had.
pub struct PutDeviceSlot {
    /// The account that the session must belong to.
    pub account: AccountId,
    /// The session that the slot goes with.
    pub session: SessionId,
    /// The slot in the place of the one that the session had.
    pub slot: DeviceSlot,
    /// Whether the session lasts 30 days after its last use.
    pub keep: bool,
}

impl Act for PutDeviceSlot {
    type Output = ();
    type Error = PutSlotError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const DROP: &str = "DELETE FROM slot WHERE session_id = $1";
        const PUT: &str = "
            INSERT INTO slot (mailbox_id, slot_id, kind, sealed, session_id, share_sealed)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT DO NOTHING";
        if !sessions::keep(db, self.account, self.session, self.keep).await? {
            return Err(PutSlotError::NoSession);
        }
        db.exec(DROP, &[&self.session]).await?;
        let DeviceSlot { id, sealed, share_sealed } = &self.slot;
        let row: [&dyn ToParam; 6] = [&self.account, id, &SlotKind::Device, sealed, &self.session, share_sealed];
        match db.exec(PUT, &row).await? {
            0 => Err(PutSlotError::SlotExists),
            _ => Ok(()),
        }
    }
}

/// Puts another password in the place of the one before, which opens nothing any more (PROTOCOL §2): record and slot in one row.
/// Device slots and the sheet hold the same account secret, and stay.
pub struct PutPasswordSlot {
    /// The account whose password is replaced.
    pub account: AccountId,
    /// The session that does it.
    pub session: SessionId,
    /// The slot of the new password.
    pub slot: PasswordSlot,
}

impl Act for PutPasswordSlot {
    type Output = ();
    type Error = PutSlotError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        // A session that ended meanwhile, by a forgotten password perhaps, must not replace what replaced it.
        if !sessions::lives(db, self.account, self.session).await? {
            return Err(PutSlotError::NoSession);
        }
        if !replace_password(db, self.account, &self.slot).await? {
            return Err(PutSlotError::SlotExists);
        }
        // A sign-in under way has proved the old one.
        Ok(sign_in::end_all(db, self.account).await?)
    }
}

/// Why a password was not removed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemovePasswordError {
    /// There is no such session.
    #[error("the session has ended")]
    NoSession,
    /// Without it there would be no passkey that opens the mailbox, or no sheet.
    #[error("it is one of the last ways in")]
    LastWayIn,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Takes an account's password away: from then on a passkey opens the mailbox, or the sheet.
pub struct RemovePassword {
    /// The account.
    pub account: AccountId,
    /// The session that does it.
    pub session: SessionId,
}

impl Act for RemovePassword {
    type Output = ();
    type Error = RemovePasswordError;
    const ROOM: Room = Room::Erases;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        if !sessions::lives(db, self.account, self.session).await? {
            return Err(RemovePasswordError::NoSession);
        }
        drop_kind(db, self.account, SlotKind::Password).await?;
        let left = ways(db, self.account).await?;
        if !left.contains(&SlotKind::Passkey) || !left.contains(&SlotKind::Recovery) {
            return Err(RemovePasswordError::LastWayIn);
        }
        // A sign-in under way has proved what counts no more.
        Ok(sign_in::end_all(db, self.account).await?)
    }
}

/// What an account has to open its mailbox, besides its devices: the kind of each slot.
pub struct WaysIn {
    /// The account.
    pub account: AccountId,
}

impl Act for WaysIn {
    type Output = Vec<SlotKind>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        ways(db, self.account).await
    }
}

impl ReadOnly for WaysIn {}

/// Whether an account has this very password slot: then it was put already, and the answer was lost.
pub struct HasPasswordSlot {
    /// The account.
    pub account: AccountId,
    /// The slot that is to be put.
    pub slot: PasswordSlot,
}

impl Act for HasPasswordSlot {
    type Output = bool;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT slot_id FROM slot
             WHERE mailbox_id = $1 AND kind = 'password' AND slot_id = $2 AND sealed = $3 AND opaque_record = $4";
        let PasswordSlot { id, sealed, opaque_record } = &self.slot;
        Ok(db.row(SQL, &[&self.account, id, sealed, opaque_record]).await?.is_some())
    }
}

impl ReadOnly for HasPasswordSlot {}

/// Locks a session: its device slot and share are destroyed, and it may do nothing until its password was proved again
/// (PROTOCOL §9a, Lock).
pub struct LockSession {
    /// The session that is locked.
    pub session: SessionId,
}

impl Act for LockSession {
    type Output = ();
    type Error = StoreError;
    const ROOM: Room = Room::Erases;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SLOT: &str = "DELETE FROM slot WHERE session_id = $1";
        db.exec(SLOT, &[&self.session]).await?;
        sessions::lock(db, self.session).await
    }
}

/// Unlocks a session whose password was proved, and gives the slot that the password opens; none if the account has no
/// such session any more.
pub struct UnlockSession {
    /// The account whose password was proved.
    pub account: AccountId,
    /// Its session.
    pub session: SessionId,
    /// The sign-in by which it was proved; it is over.
    pub sign_in: SignInId,
}

impl Act for UnlockSession {
    type Output = Option<Slot>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const END: &str = "DELETE FROM sign_in WHERE sign_in_id = $1 AND account_id = $2";
        db.exec(END, &[&self.sign_in, &self.account]).await?;
        if !sessions::lives(db, self.account, self.session).await? {
            return Ok(None);
        }
        sessions::unlock(db, self.session).await?;
        Ok(of_kind(db, self.account, SlotKind::Password).await?.into_iter().next())
    }
}

/// Counts a wrong password at a session that should be unlocked. The first of a row is a security event; with
/// [`limits::UNLOCK_TRIES`] the session ends, which is another one and is announced. To lock it again starts no new row.
pub struct RefuseUnlock {
    /// The account of the session.
    pub account: AccountId,
    /// The session that stays as it is.
    pub session: SessionId,
    /// What tells its owner that it ended, one for each channel; goes out only if it does.
    pub notices: Vec<NewNotice>,
    /// When the password came.
    pub now: Timestamp,
}

/// Whether a session outlived a wrong password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It may be tried again.
    Again,
    /// The session has ended.
    Over,
}

impl Act for RefuseUnlock {
    type Output = Refused;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const COUNT: &str = "
            UPDATE session SET tries = tries + 1 WHERE session_id = $1 AND mailbox_id = $2 RETURNING tries";
        let Some(mut row) = db.row(COUNT, &[&self.session, &self.account]).await? else { return Ok(Refused::Over) };
        let tries: u64 = row.take()?;
        let event = |kind| SecurityEvent { kind, session: self.session, at: self.now };
        if tries == 1 {
            security::note(db, self.account, event(SecurityEventKind::UnlockFailed)).await?;
        }
        if tries < u64::from(limits::UNLOCK_TRIES) {
            return Ok(Refused::Again);
        }
        sessions::end(db, self.account, self.session).await?;
        security::announce(db, self.account, event(SecurityEventKind::SessionEnded), &self.notices).await?;
        Ok(Refused::Over)
    }
}

/// The device slot of a living session.
pub struct DeviceSlotOf {
    /// The session whose device asks for its slot.
    pub session: SessionId,
}

impl Act for DeviceSlotOf {
    type Output = Option<DeviceSlot>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "SELECT slot_id, sealed, share_sealed FROM slot WHERE session_id = $1";
        let Some(mut row) = db.row(SQL, &[&self.session]).await? else { return Ok(None) };
        Ok(Some(DeviceSlot { id: row.take()?, sealed: row.take()?, share_sealed: row.take()? }))
    }
}

impl ReadOnly for DeviceSlotOf {}

/// Puts a password slot in the place of the old one; false if another slot of the account has its id.
pub(crate) async fn replace_password<D: Db>(
    db: &mut D,
    account: AccountId,
    new: &PasswordSlot,
) -> Result<bool, StoreError> {
    const SQL: &str = "
        INSERT INTO slot (mailbox_id, slot_id, kind, sealed, opaque_record) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT DO NOTHING";
    drop_kind(db, account, SlotKind::Password).await?;
    let row: [&dyn ToParam; 5] = [&account, &new.id, &SlotKind::Password, &new.sealed, &new.opaque_record];
    Ok(db.exec(SQL, &row).await? > 0)
}

/// Puts a recovery slot in the place of the old one; false if another slot of the account has its id.
pub(crate) async fn replace_recovery<D: Db>(
    db: &mut D,
    account: AccountId,
    new: &RecoverySlot,
) -> Result<bool, StoreError> {
    const SQL: &str = "
        INSERT INTO slot (mailbox_id, slot_id, kind, sealed, proof_hash) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT DO NOTHING";
    drop_kind(db, account, SlotKind::Recovery).await?;
    let row: [&dyn ToParam; 5] = [&account, &new.id, &SlotKind::Recovery, &new.sealed, &new.proof_hash];
    Ok(db.exec(SQL, &row).await? > 0)
}

/// Every account keeps at least so many of password, passkey and sheet (PROTOCOL §2).
pub(crate) const WAYS: usize = 2;

/// The kind of each slot that opens an account's mailbox, besides those of its devices.
pub(crate) async fn ways<D: Db>(db: &mut D, account: AccountId) -> Result<Vec<SlotKind>, StoreError> {
    const SQL: &str = "
        SELECT kind FROM slot
         WHERE mailbox_id = $1
           AND (kind IN ('password', 'recovery')
                OR kind = 'passkey' AND factor_id IN (SELECT factor_id FROM passkey_here WHERE mailbox_id = $1))
         ORDER BY kind";
    db.rows(SQL, &[&account]).await?.into_iter().map(|mut row| row.take()).collect()
}

/// The slots of a kind, to be given out.
pub(crate) async fn of_kind<D: Db>(db: &mut D, account: AccountId, kind: SlotKind) -> Result<Vec<Slot>, StoreError> {
    const SQL: &str = "SELECT slot_id, kind, sealed FROM slot WHERE mailbox_id = $1 AND kind = $2 ORDER BY slot_id";
    let rows = db.rows(SQL, &[&account, &kind]).await?;
    rows.into_iter().map(|mut row| Ok(Slot { id: row.take()?, kind: row.take()?, sealed: row.take()? })).collect()
}

/// Leaves no way to open the account secret.
pub(crate) async fn drop_all<D: Db>(db: &mut D, account: AccountId) -> Result<(), StoreError> {
    db.exec("DELETE FROM slot WHERE mailbox_id = $1", &[&account]).await.map(drop)
}

/// An account has no slot of a kind any more.
pub(crate) async fn drop_kind<D: Db>(db: &mut D, account: AccountId, kind: SlotKind) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM slot WHERE mailbox_id = $1 AND kind = $2";
    db.exec(SQL, &[&account, &kind]).await.map(drop)
}
