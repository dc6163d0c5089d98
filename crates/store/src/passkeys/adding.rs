//! How a passkey is added (PROTOCOL §7): in two ceremonies of one session, and it counts after the second.

use securemailbox_protocol::{
    factors::FactorKind,
    ids::{AccountId, FactorId, SessionId, SlotId},
    limits,
    slots::SlotKind,
    time::Timestamp,
};

use super::{AuthenticatorRow, Challenge, Credential, of_account, rest_of_credential};
use crate::{
    Act, Db, StoreError, ToParam,
    factors::{self, Factor},
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
        const FORMER: &str = "DELETE FROM enrolling_passkey WHERE session_id = $1";
        const BEGIN: &str = "
            INSERT INTO enrolling_passkey (session_id, mailbox_id, factor_id, challenge, expires)
            VALUES ($1, $2, $3, $4, $5)";
        if !sessions::lives(db, self.account, self.session).await? {
            return Err(AddPasskeyError::NoSession);
        }
        let passkeys = of_account(db, self.account).await?;
        if passkeys.len() >= limits::PASSKEYS {
            return Err(AddPasskeyError::TooMany);
        }
        let expires = self.now.after(limits::CHALLENGE_LIFE);
        db.exec(FORMER, &[&self.session]).await?;
        db.exec(BEGIN, &[&self.session, &self.account, &self.factor, &self.challenge, &expires]).await?;
        Ok(passkeys.into_iter().map(|passkey| passkey.credential).collect())
    }
}

/// A passkey that a session is adding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolling {
    /// What its authenticator was to sign.
    pub challenge: Challenge,
    /// What was made in the first ceremony; none before it.
    pub credential: Option<Credential>,
}

/// Takes the challenge of an enrolment: one answer may be tried.
pub struct TakeEnrolling {
    /// The session that is adding it.
    pub session: SessionId,
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
             WHERE session_id = $1 AND factor_id = $2 AND expires > $3 AND challenge IS NOT NULL";
        const TAKE: &str = "UPDATE enrolling_passkey SET challenge = NULL WHERE session_id = $1";
        let Some(mut row) = db.row(FIND, &[&self.session, &self.factor, &self.now]).await? else { return Ok(None) };
        db.exec(TAKE, &[&self.session]).await?;
        let (challenge, id): (Challenge, Option<Vec<u8>>) = (row.take()?, row.take()?);
        let credential = id.map(|id| rest_of_credential(id, &mut row)).transpose()?;
        Ok(Some(Enrolling { challenge, credential }))
    }
}

/// The first ceremony held: the credential waits for the second.
pub struct PasskeyMade {
    /// The session that is adding it.
    pub session: SessionId,
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
             WHERE session_id = $1 AND factor_id = $2 AND challenge IS NULL AND credential_id IS NULL";
        let Credential { id, public_key, authenticator } = &self.credential;
        let AuthenticatorRow { counter, backup_eligible, backed_up } = authenticator;
        let (expires, counter) = (self.now.after(limits::CHALLENGE_LIFE), i64::from(*counter));
        let row: [&dyn ToParam; 9] = [
            &self.session,
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
        const ADD: &str = "
            INSERT INTO passkey
                   (factor_id, mailbox_id, credential_id, public_key, counter, backup_eligible, backed_up, host)
            SELECT e.factor_id, e.mailbox_id, e.credential_id, e.public_key, $3, $4, $5, m.value
              FROM enrolling_passkey e JOIN meta m ON m.name = 'host'
             WHERE e.session_id = $1 AND e.factor_id = $2 AND e.challenge IS NULL AND e.credential_id IS NOT NULL
            ON CONFLICT DO NOTHING";
        const WAITS: &str =
            "SELECT 1 FROM enrolling_passkey WHERE session_id = $1 AND factor_id = $2 AND challenge IS NULL";
        const SLOT: &str = "
            INSERT INTO slot (mailbox_id, slot_id, kind, sealed, factor_id) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT DO NOTHING";
        const DONE: &str = "DELETE FROM enrolling_passkey WHERE session_id = $1";
        if !sessions::lives(db, self.account, self.session).await? {
            return Err(AddPasskeyError::NoSession);
        }
        if db.row(WAITS, &[&self.session, &self.factor]).await?.is_none() {
            return Err(AddPasskeyError::Over);
        }
        let AuthenticatorRow { counter, backup_eligible, backed_up } = self.authenticator;
        let counter = i64::from(counter);
        let row: [&dyn ToParam; 5] = [&self.session, &self.factor, &counter, &backup_eligible, &backed_up];
        if db.exec(ADD, &row).await? == 0 {
            return Err(AddPasskeyError::Taken);
        }
        if let Some(PasskeySlot { id, sealed }) = &self.slot {
            let row: [&dyn ToParam; 5] = [&self.account, id, &SlotKind::Passkey, sealed, &self.factor];
            if db.exec(SLOT, &row).await? == 0 {
                return Err(AddPasskeyError::SlotExists);
            }
        }
        // What the authenticator is known by stands beside it; there is nothing to seal.
        let factor = Factor { id: self.factor, kind: FactorKind::Passkey, sealed: Vec::new() };
        factors::add(db, self.account, &factor, self.now).await?;
        sessions::stand_by_added(db, self.session, FactorKind::Passkey, self.now).await?;
        Ok(db.exec(DONE, &[&self.session]).await.map(drop)?)
    }
}
