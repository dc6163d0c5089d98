//! Passkeys as rows (PROTOCOL §7): those of an account, how one is removed, and how it signs its owner in by itself. What an
//! authenticator signed is judged before it comes here; a challenge is taken out of its row first, so that it is good once.

mod adding;
mod hosts;
mod proving;
mod unlocking;

use securemailbox_protocol::{
    factors::FactorKind,
    ids::{AccountId, FactorId, SignInId},
    limits,
    slots::Slot,
    time::Timestamp,
};

pub use adding::{
    AddPasskey, AddPasskeyError, BeginFirstPasskey, BeginPasskey, Enrolling, PasskeyMade, PasskeySlot, TakeEnrolling,
};
pub(crate) use adding::{UsedPasskey, count, forget};
pub use hosts::{KeepHost, PasskeysElsewhere, PeopleElsewhere};
pub use proving::{Challenged, ExpectPasskey, ProvePasskey, TakeChallenge};
pub use unlocking::UnlockByPasskey;

use crate::{
    Act, Db, ReadOnly, Room, Row, StoreError, factors,
    proofs::Standing,
    sessions::{self, NewSession},
    sign_in::SignedIn,
    slots,
};

/// 32 random bytes that are good for one ceremony.
pub type Challenge = [u8; 32];

/// A credential as the server keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Its id, chosen by the authenticator. No two accounts have one.
    pub id: Vec<u8>,
    /// Its `COSE_Key`.
    pub public_key: Vec<u8>,
    /// How far its authenticator stood when it was used last.
    pub authenticator: AuthenticatorRow,
}

/// What an authenticator says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthenticatorRow {
    /// How often it has signed.
    pub counter: u32,
    /// Whether the credential may be on several devices.
    pub backup_eligible: bool,
    /// Whether it is.
    pub backed_up: bool,
}

/// One of an account's passkeys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyRow {
    /// The factor that it is.
    pub factor: FactorId,
    /// Its credential's id.
    pub credential: Vec<u8>,
    /// Whether it has a slot.
    pub opens: bool,
    /// When it was added.
    pub added: Timestamp,
    /// When it proved something last, since it was added.
    pub used: Option<Timestamp>,
}

/// The passkeys of an account, oldest first.
pub struct ListPasskeys {
    /// Whose.
    pub account: AccountId,
}

impl Act for ListPasskeys {
    type Output = Vec<PasskeyRow>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        of_account(db, self.account).await
    }
}

impl ReadOnly for ListPasskeys {}

/// Why a passkey was not removed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemovePasskeyError {
    /// The account has no such passkey.
    #[error("the account has no such passkey")]
    NotFound,
    /// Without it the account would have fewer than two ways to its secret, or nothing to prove a person by.
    #[error("it is one of the last ways in")]
    LastWayIn,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Takes a passkey away, with the slot that it opened. What it proved counts no more.
pub struct RemovePasskey {
    /// Whose it is.
    pub account: AccountId,
    /// Which one.
    pub factor: FactorId,
}

impl Act for RemovePasskey {
    type Output = ();
    type Error = RemovePasskeyError;
    const ROOM: Room = Room::Erases;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const PASSKEY: &str = "DELETE FROM passkey WHERE factor_id = $1 AND mailbox_id = $2";
        const SLOT: &str = "DELETE FROM slot WHERE factor_id = $1 AND mailbox_id = $2";
        const PROOFS: &str = "DELETE FROM proof WHERE factor_id = $1";
        const FACTOR: &str = "DELETE FROM factor WHERE factor_id = $1 AND mailbox_id = $2";
        if db.exec(PASSKEY, &[&self.factor, &self.account]).await? == 0 {
            return Err(RemovePasskeyError::NotFound);
        }
        db.exec(SLOT, &[&self.factor, &self.account]).await?;
        db.exec(PROOFS, &[&self.factor]).await?;
        db.exec(FACTOR, &[&self.factor, &self.account]).await?;
        let proves = factors::of_account(db, self.account).await?.iter().any(|one| one.kind != FactorKind::Address);
        if proves && slots::ways(db, self.account).await?.len() >= slots::WAYS {
            Ok(())
        } else {
            Err(RemovePasskeyError::LastWayIn)
        }
    }
}

/// Somebody wants to sign in by a passkey alone, and has not said who they are.
pub struct BeginPasskeySignIn {
    /// Names the step that follows.
    pub id: SignInId,
    /// What the passkey is to sign.
    pub challenge: Challenge,
    /// The challenge is good for five minutes from here.
    pub now: Timestamp,
}

impl Act for BeginPasskeySignIn {
    type Output = ();
    type Error = StoreError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            INSERT INTO sign_in (sign_in_id, account_id, step, state, expires) VALUES ($1, NULL, 'passkey', $2, $3)";
        let expires = self.now.after(limits::CHALLENGE_LIFE);
        db.exec(SQL, &[&self.id, &self.challenge, &expires]).await.map(drop)
    }
}

/// Takes the challenge of such a sign-in: one answer may be tried.
pub struct TakePasskeySignIn {
    /// The sign-in.
    pub id: SignInId,
    /// The challenge must not have expired by now.
    pub now: Timestamp,
}

impl Act for TakePasskeySignIn {
    type Output = Option<Challenge>;
    type Error = StoreError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const FIND: &str = "
            SELECT state FROM sign_in WHERE sign_in_id = $1 AND step = 'passkey' AND expires > $2";
        const TAKE: &str = "DELETE FROM sign_in WHERE sign_in_id = $1 AND step = 'passkey'";
        let Some(mut row) = db.row(FIND, &[&self.id, &self.now]).await? else { return Ok(None) };
        db.exec(TAKE, &[&self.id]).await?;
        Ok(Some(row.take()?))
    }
}

/// Whose a credential is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    /// The account.
    pub account: AccountId,
    /// The factor that it is there.
    pub factor: FactorId,
    /// What it was known by when it was used last.
    pub credential: Credential,
}

/// The passkey of a credential's id.
pub struct PasskeyByCredential {
    /// As an assertion names it.
    pub credential: Vec<u8>,
}

impl Act for PasskeyByCredential {
    type Output = Option<Owned>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT mailbox_id, factor_id, public_key, counter, backup_eligible, backed_up FROM passkey_here
             WHERE credential_id = $1";
        let Some(mut row) = db.row(SQL, &[&self.credential]).await? else { return Ok(None) };
        let (account, factor) = (row.take()?, row.take()?);
        let credential = rest_of_credential(self.credential.clone(), &mut row)?;
        Ok(Some(Owned { account, factor, credential }))
    }
}

impl ReadOnly for PasskeyByCredential {}

/// A passkey was right: a session begins. None if it was removed meanwhile.
pub struct SignInByPasskey {
    /// Whose it is.
    pub account: AccountId,
    /// Which one.
    pub factor: FactorId,
    /// How its authenticator stands now.
    pub authenticator: AuthenticatorRow,
    /// Whether the slot is asked for. Without one the session begins locked, and the password opens it.
    pub opens: bool,
    /// Begins now.
    pub session: NewSession,
}

impl Act for SignInByPasskey {
    type Output = Option<SignedIn>;
    type Error = StoreError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        let now = self.session.now;
        if !used(db, self.account, self.factor, self.authenticator, now).await? {
            return Ok(None);
        }
        let begun = sessions::begin(db, self.account, &self.session, Standing::by(FactorKind::Passkey, now)).await?;
        let slot = if self.opens { slot_of(db, self.account, self.factor).await? } else { None };
        if slot.is_none() {
            sessions::lock(db, self.session.id).await?;
        }
        Ok(Some(SignedIn { begun, slots: slot.into_iter().collect(), link: None }))
    }
}

/// The slot of a passkey, if it has one.
async fn slot_of<D: Db>(db: &mut D, account: AccountId, factor: FactorId) -> Result<Option<Slot>, StoreError> {
    const SQL: &str = "SELECT slot_id, kind, sealed FROM slot WHERE mailbox_id = $1 AND factor_id = $2";
    let Some(mut row) = db.row(SQL, &[&account, &factor]).await? else { return Ok(None) };
    Ok(Some(Slot { id: row.take()?, kind: row.take()?, sealed: row.take()? }))
}

/// Notes that a passkey was used; false if the account has none such.
pub(crate) async fn used<D: Db>(
    db: &mut D,
    account: AccountId,
    factor: FactorId,
    authenticator: AuthenticatorRow,
    now: Timestamp,
) -> Result<bool, StoreError> {
    const SQL: &str = "
        UPDATE passkey SET counter = $3, backed_up = $4 WHERE factor_id = $1 AND mailbox_id = $2";
    let AuthenticatorRow { counter, backed_up, .. } = authenticator;
    factors::used(db, account, factor, now).await?;
    Ok(db.exec(SQL, &[&factor, &account, &i64::from(counter), &backed_up]).await? > 0)
}

/// The passkeys of an account, oldest first.
pub(crate) async fn of_account<D: Db>(db: &mut D, account: AccountId) -> Result<Vec<PasskeyRow>, StoreError> {
    const SQL: &str = "
        SELECT p.factor_id, p.credential_id, CASE WHEN s.slot_id IS NULL THEN 0 ELSE 1 END, f.created, f.used
          FROM passkey_here p JOIN factor f ON f.factor_id = p.factor_id
          LEFT JOIN slot s ON s.factor_id = p.factor_id
         WHERE p.mailbox_id = $1
         ORDER BY f.created, p.factor_id";
    let passkey = |mut row: Row| {
        Ok(PasskeyRow {
            factor: row.take()?,
            credential: row.take()?,
            opens: row.take()?,
            added: row.take()?,
            used: row.take()?,
        })
    };
    db.rows(SQL, &[&account]).await?.into_iter().map(passkey).collect()
}

/// What follows the id in a row.
fn rest_of_credential(id: Vec<u8>, row: &mut Row) -> Result<Credential, StoreError> {
    let public_key = row.take()?;
    let counter = u32::try_from(row.take::<u64>()?).map_err(|_| StoreError::Damaged("a counter"))?;
    let authenticator = AuthenticatorRow { counter, backup_eligible: row.take()?, backed_up: row.take()? };
    Ok(Credential { id, public_key, authenticator })
}
