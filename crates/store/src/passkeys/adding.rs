//! How a passkey is added (PROTOCOL §7): in two ceremonies of one session, or of one registration (§5), and it counts after the
//! second.

use securemailbox_protocol::{
    factors::FactorKind,
    ids::{AccountId, FactorId, RegistrationId, SessionId, SlotId},
    limits,
    slots::SlotKind,
    time::Timestamp,
};

use super::{AuthenticatorRow, Challenge, Credential, of_account, rest_of_credential};
use crate::{
    Act, Db, StoreError, ToParam,
    factors::{self, Factor},
    proofs::HolderId,
    registrations::{self, RegistrationError},
    sessions,
};

/// Why a passkey was not added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddPasskeyError {
    /// The session has ended.
    #[error("the session has ended")]
    NoSession,
    /// The account has as many as it may.
    #[error("the account has as many passkeys as it may")]
    TooMany,
    /// Nothing was begun by this session, or it is too long ago, or another step comes first.
    #[error("the ceremony is over, or not at this step")]
    Over,
    /// An account has this credential already.
    #[error("an account has this credential already")]
    Taken,
    /// Another slot of the account has this id.
    #[error("another slot of the account has this id")]
    SlotExists,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// A session begins to add a passkey, in the place of one that it began before. It counts for nothing yet.
pub struct BeginPasskey {
    /// Whose it will be.
    pub account: AccountId,
    /// The session that adds it, and no other.
    pub session: SessionId,
    /// The factor that it will be.
    pub factor: FactorId,
    /// What its authenticator is to sign when it is made.
    pub challenge: Challenge,
    /// The challenge is good for five minutes from here.
    pub now: Timestamp,
}

impl Act for BeginPasskey {
    /// The ids of the account's credentials.
    type Output = Vec<Vec<u8>>;
    type Error = AddPasskeyError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        if !sessions::lives(db, self.account, self.session).await? {
            return Err(AddPasskeyError::NoSession);
        }
        let passkeys = of_account(db, self.account).await?;
        if passkeys.len() >= limits::PASSKEYS {
            return Err(AddPasskeyError::TooMany);
        }
        begin(db, HolderId::Session(self.session), self.account, self.factor, self.challenge, self.now).await?;
        Ok(passkeys.into_iter().map(|passkey| passkey.credential).collect())
    }
}

/// A registration begins to make the passkey that will open its mailbox, in the place of one that it began before.
pub struct BeginFirstPasskey {
    /// The registration, whose address and phone were proved.
    pub id: RegistrationId,
    /// The account that it reserves.
    pub account: AccountId,
    /// The factor that it will be.
    pub factor: FactorId,
    /// What its authenticator is to sign when it is made.
    pub challenge: Challenge,
    /// The challenge is good for five minutes from here.
    pub now: Timestamp,
}

impl Act for BeginFirstPasskey {
    type Output = ();
    type Error = RegistrationError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        registrations::reserved(db, self.id, self.now).await?;
        Ok(begin(db, HolderId::Registration(self.id), self.account, self.factor, self.challenge, self.now).await?)
    }
}

async fn begin<D: Db>(
    db: &mut D,
    holder: HolderId,
    account: AccountId,
    factor: FactorId,
    challenge: Challenge,
    now: Timestamp,
) -> Result<(), StoreError> {
    const BEGIN: &str = "
        INSERT INTO enrolling_passkey (holder_id, mailbox_id, factor_id, challenge, expires)
        VALUES ($1, $2, $3, $4, $5)";
    forget(db, holder).await?;
    let expires = now.after(limits::CHALLENGE_LIFE);
    db.exec(BEGIN, &[holder.as_bytes(), &account, &factor, &challenge, &expires]).await.map(drop)
}

/// Whoever was adding a passkey adds none any more.
pub(crate) async fn forget<D: Db>(db: &mut D, holder: HolderId) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM enrolling_passkey WHERE holder_id = $1";
    db.exec(SQL, &[holder.as_bytes()]).await.map(drop)
}

/// A passkey that is being added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolling {
    /// What its authenticator was to sign.
    pub challenge: Challenge,
    /// What was made in the first ceremony; none before it.
    pub credential: Option<Credential>,
}

/// Takes the challenge of an enrolment: one answer may be tried.
pub struct TakeEnrolling {
    /// What is adding it, a session or a registration.
    pub holder: HolderId,
    /// The factor that it will be.
    pub factor: FactorId,
    /// The challenge must not have expired by now.
    pub now: Timestamp,
}

impl Act for TakeEnrolling {
    type Output = Option<Enrolling>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const FIND: &str = "
            SELECT challenge, credential_id, public_key, counter, backup_eligible, backed_up FROM enrolling_passkey
             WHERE holder_id = $1 AND factor_id = $2 AND expires > $3 AND challenge IS NOT NULL";
        const TAKE: &str = "UPDATE enrolling_passkey SET challenge = NULL WHERE holder_id = $1";
        let Some(mut row) = db.row(FIND, &[self.holder.as_bytes(), &self.factor, &self.now]).await? else {
            return Ok(None);
        };
        db.exec(TAKE, &[self.holder.as_bytes()]).await?;
        let (challenge, id): (Challenge, Option<Vec<u8>>) = (row.take()?, row.take()?);
        let credential = id.map(|id| rest_of_credential(id, &mut row)).transpose()?;
        Ok(Some(Enrolling { challenge, credential }))
    }
}

/// The first ceremony held: the credential waits for the second.
pub struct PasskeyMade {
    /// What is adding it, a session or a registration.
    pub holder: HolderId,
    /// The factor that it will be.
    pub factor: FactorId,
    /// What was made.
    pub credential: Credential,
    /// What its authenticator is to sign next.
    pub challenge: Challenge,
    /// The challenge is good for five minutes from here.
    pub now: Timestamp,
}

impl Act for PasskeyMade {
    type Output = ();
    type Error = AddPasskeyError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            UPDATE enrolling_passkey
               SET challenge = $3, expires = $4, credential_id = $5, public_key = $6, counter = $7,
                   backup_eligible = $8, backed_up = $9
             WHERE holder_id = $1 AND factor_id = $2 AND challenge IS NULL AND credential_id IS NULL";
        let Credential { id, public_key, authenticator } = &self.credential;
        let AuthenticatorRow { counter, backup_eligible, backed_up } = authenticator;
        let (expires, counter) = (self.now.after(limits::CHALLENGE_LIFE), i64::from(*counter));
        let row: [&dyn ToParam; 9] = [
            self.holder.as_bytes(),
            &self.factor,
            &self.challenge,
            &expires,
            id,
            public_key,
            &counter,
            backup_eligible,
            backed_up,
        ];
        if db.exec(SQL, &row).await? == 0 { Err(AddPasskeyError::Over) } else { Ok(()) }
    }
}

/// The slot that a passkey opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeySlot {
    /// The slot's id, made by the client: part of the place that it is sealed under.
    pub id: SlotId,
    /// The account secret, sealed by the client.
    pub sealed: Vec<u8>,
}

/// The second ceremony held: from here the passkey is a factor, and opens the mailbox if it has a slot.
pub struct AddPasskey {
    /// Whose it is.
    pub account: AccountId,
    /// The session that adds it.
    pub session: SessionId,
    /// The factor that it is.
    pub factor: FactorId,
    /// How its authenticator stood in the second ceremony.
    pub authenticator: AuthenticatorRow,
    /// Sealed under its PRF output, where it has one that stays the same.
    pub slot: Option<PasskeySlot>,
    /// It is added now.
    pub now: Timestamp,
}

impl Act for AddPasskey {
    type Output = ();
    type Error = AddPasskeyError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        if !sessions::lives(db, self.account, self.session).await? {
            return Err(AddPasskeyError::NoSession);
        }
        let used = UsedPasskey { factor: self.factor, authenticator: self.authenticator, slot: self.slot.as_ref() };
        count(db, HolderId::Session(self.session), self.account, &used, self.now).await?;
        sessions::stand_by_added(db, self.session, FactorKind::Passkey, self.now).await?;
        Ok(())
    }
}

/// A passkey whose second ceremony held.
pub(crate) struct UsedPasskey<'a> {
    /// The factor that it is.
    pub(crate) factor: FactorId,
    /// How its authenticator stood in the second ceremony.
    pub(crate) authenticator: AuthenticatorRow,
    /// The slot that it opens, if it opens one.
    pub(crate) slot: Option<&'a PasskeySlot>,
}

/// From here a passkey is a factor of the account. Nobody is told.
pub(crate) async fn count<D: Db>(
    db: &mut D,
    holder: HolderId,
    account: AccountId,
    used: &UsedPasskey<'_>,
    now: Timestamp,
) -> Result<(), AddPasskeyError> {
    const ADD: &str = "
        INSERT INTO passkey
               (factor_id, mailbox_id, credential_id, public_key, counter, backup_eligible, backed_up, host)
        SELECT e.factor_id, e.mailbox_id, e.credential_id, e.public_key, $3, $4, $5, m.value
          FROM enrolling_passkey e JOIN meta m ON m.name = 'host'
         WHERE e.holder_id = $1 AND e.factor_id = $2 AND e.challenge IS NULL AND e.credential_id IS NOT NULL
        ON CONFLICT DO NOTHING";
    const WAITS: &str = "
        SELECT 1 FROM enrolling_passkey WHERE holder_id = $1 AND factor_id = $2 AND mailbox_id = $3 AND challenge IS NULL";
    const SLOT: &str = "
        INSERT INTO slot (mailbox_id, slot_id, kind, sealed, factor_id) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT DO NOTHING";
    let UsedPasskey { factor, authenticator, slot } = used;
    if db.row(WAITS, &[holder.as_bytes(), factor, &account]).await?.is_none() {
        return Err(AddPasskeyError::Over);
    }
    let AuthenticatorRow { counter, backup_eligible, backed_up } = authenticator;
    let counter = i64::from(*counter);
    let row: [&dyn ToParam; 5] = [holder.as_bytes(), factor, &counter, backup_eligible, backed_up];
    if db.exec(ADD, &row).await? == 0 {
        return Err(AddPasskeyError::Taken);
    }
    if let Some(PasskeySlot { id, sealed }) = slot {
        let row: [&dyn ToParam; 5] = [&account, id, &SlotKind::Passkey, sealed, factor];
        if db.exec(SLOT, &row).await? == 0 {
            return Err(AddPasskeyError::SlotExists);
        }
    }
    // What the authenticator is known by stands beside it; there is nothing to seal.
    let factor = Factor { id: *factor, kind: FactorKind::Passkey, sealed: Vec::new() };
    factors::add(db, account, &factor, now).await?;
    Ok(forget(db, holder).await?)
}
