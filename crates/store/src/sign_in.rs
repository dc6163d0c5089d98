//! Signing in (PROTOCOL §9a): what waits between two requests, in rows and never in memory.

use securemailbox_protocol::{
    accounts::AccountKind,
    ids::{AccountId, SessionId, SignInId},
    limits,
    slots::{Slot, SlotKind},
    time::Timestamp,
};

use crate::{
    Act, Db, ReadOnly, Room, StoreError,
    accounts::AddressLookup,
    factors,
    invitations::{self, LinkSlot},
    proofs::{self, Holder, HolderId, Offered, Proved, Purpose, Standing, Waiting},
    sessions::{self, Begun, NewSession},
    slots,
};

/// The account's part of a sign-in, from which the server's half of OPAQUE makes its answer.
pub struct Credentials {
    /// Whose; the credential identifier.
    pub account: AccountId,
    /// `RegistrationRecord` (RFC 9807 §5.1).
    pub opaque_record: Vec<u8>,
}

/// A sign-in whose second message came.
pub struct TakenSignIn {
    /// Whose; none for an address without a mailbox.
    pub account: Option<AccountId>,
    /// The server's OPAQUE state.
    pub state: Vec<u8>,
}

/// What the last step of a sign-in answers with.
pub struct SignedIn {
    /// Whose mailbox, and what was proved.
    pub begun: Begun,
    /// The `password` slot, to which a password and one factor together give a right.
    pub slots: Vec<Slot>,
    /// The slot that a link opens, where it was a link that began it.
    pub link: Option<LinkSlot>,
}

/// The sign-in is unknown, older than five minutes, or not at this step.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The sign-in is unknown or expired, or another step comes first.
    #[error("the sign-in is over, or not at this step")]
    SignInOver,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// The OPAQUE record of an address, if it has a mailbox.
pub struct CredentialsByAddress {
    /// The keyed hash of the address that was typed.
    pub address_lookup: AddressLookup,
}

impl Act for CredentialsByAddress {
    type Output = Option<Credentials>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT m.mailbox_id, s.opaque_record FROM member m JOIN slot s ON s.mailbox_id = m.mailbox_id
             WHERE m.address_lookup = $1 AND s.kind = 'password'";
        let Some(mut row) = db.row(SQL, &[&self.address_lookup]).await? else { return Ok(None) };
        Ok(Some(Credentials { account: row.take()?, opaque_record: row.take()? }))
    }
}

impl ReadOnly for CredentialsByAddress {}

/// Keeps the server's OPAQUE state until the client's next message, for five minutes.
pub struct BeginSignIn {
    /// Names the steps that follow.
    pub id: SignInId,
    /// Whose; none for an address without a mailbox.
    pub account: Option<AccountId>,
    /// The server's OPAQUE state.
    pub state: Vec<u8>,
    /// The sign-in begins now.
    pub now: Timestamp,
}

impl Act for BeginSignIn {
    type Output = ();
    type Error = StoreError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            INSERT INTO sign_in (sign_in_id, account_id, step, state, expires) VALUES ($1, $2, 'answered', $3, $4)";
        let expires = self.now.after(limits::SIGN_IN_LIFE);
        db.exec(SQL, &[&self.id, &self.account, &self.state, &expires]).await.map(drop)
    }
}

/// Takes the OPAQUE state out: a third message gets one try.
pub struct TakeSignInState {
    /// The sign-in whose second message came.
    pub id: SignInId,
    /// The sign-in must not have expired by now.
    pub now: Timestamp,
}

impl Act for TakeSignInState {
    type Output = Option<TakenSignIn>;
    type Error = StoreError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const FIND: &str = "
            SELECT account_id, state FROM sign_in
             WHERE sign_in_id = $1 AND step = 'answered' AND expires > $2";
        const TAKE: &str = "UPDATE sign_in SET step = 'taken', state = $2 WHERE sign_in_id = $1";
        let Some(mut row) = db.row(FIND, &[&self.id, &self.now]).await? else { return Ok(None) };
        db.exec(TAKE, &[&self.id, &[0; 0]]).await?;
        Ok(Some(TakenSignIn { account: row.take()?, state: row.take()? }))
    }
}

/// The third message was right: its sender may choose from the account's factors, and be sent something.
pub struct PasswordProved {
    /// The sign-in whose password was right.
    pub id: SignInId,
    /// The sign-in must not have expired by now; it lasts ten minutes from here.
    pub now: Timestamp,
}

impl Act for PasswordProved {
    type Output = Offered;
    type Error = SignInError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            UPDATE sign_in SET step = 'factors', expires = $3
             WHERE sign_in_id = $1 AND step = 'taken' AND account_id IS NOT NULL AND expires > $2";
        let expires = self.now.after(limits::CODE_LIFE);
        if db.exec(SQL, &[&self.id, &self.now, &expires]).await? == 0 {
            return Err(SignInError::SignInOver);
        }
        let Waiting { account, .. } = waiting(db, self.id, self.now).await?.ok_or(SignInError::SignInOver)?;
        let factors = factors::offered_to(db, account, HolderId::SignIn(self.id)).await?;
        Ok(Offered { account, factors })
    }
}

/// A sign-in as what a proof is for: the first factor that is proved begins the session and ends the sign-in.
pub struct SigningIn {
    /// The sign-in whose password was right.
    pub id: SignInId,
    /// Begins if the code is right.
    pub session: NewSession,
}

impl Holder for SigningIn {
    type Gives = SignedIn;

    fn id(&self) -> HolderId {
        HolderId::SignIn(self.id)
    }

    async fn give<D: Db>(&self, db: &mut D, proved: Proved) -> Result<Self::Gives, StoreError> {
        const END: &str = "UPDATE sign_in SET step = 'begun', state = $2 WHERE sign_in_id = $1";
        let Proved { account, kind, now } = proved;
        proofs::forget(db, self.id()).await?;
        if let Some(lost) = begun(db, self.id, now).await? {
            // The answer that named it did not arrive, or this would not be asked for again.
            sessions::end(db, account, lost.session).await?;
        }
        db.exec(END, &[&self.id, self.session.id.as_bytes()]).await?;
        let begun = sessions::begin(db, account, &self.session, Standing::by(kind, now)).await?;
        if kind.is_reserve() {
            sessions::prove_reserve(db, self.session.id, now).await?;
        }
        let slots = slots::of_kind(db, account, SlotKind::Password).await?;
        Ok(SignedIn { begun, slots, link: invitations::opened(db, account, now).await? })
    }
}

/// A sign-in whose password is proved, as what a proof is for.
pub(crate) async fn waiting<D: Db>(db: &mut D, id: SignInId, now: Timestamp) -> Result<Option<Waiting>, StoreError> {
    const SQL: &str = "
        SELECT m.mailbox_id, m.language, b.kind
          FROM sign_in s JOIN member m ON m.mailbox_id = s.account_id JOIN mailbox b ON b.mailbox_id = m.mailbox_id
         WHERE s.sign_in_id = $1 AND s.step = 'factors' AND s.expires > $2";
    let Some(mut row) = db.row(SQL, &[&id, &now]).await? else { return Ok(None) };
    let waiting = Waiting::of_member(row.take()?, row.take()?);
    let is_guest = row.take::<AccountKind>()? == AccountKind::Guest;
    Ok(Some(if is_guest { Waiting { purpose: Purpose::Letter, ..waiting } } else { waiting }))
}

/// A session that a sign-in has begun.
pub(crate) struct BegunBySignIn {
    /// Whose.
    pub(crate) account: AccountId,
    /// The session.
    pub(crate) session: SessionId,
}

/// The session that a sign-in has begun, while its time is not over: whoever lost the answer asks for it again.
pub(crate) async fn begun<D: Db>(
    db: &mut D,
    id: SignInId,
    now: Timestamp,
) -> Result<Option<BegunBySignIn>, StoreError> {
    const SQL: &str = "
        SELECT account_id, state FROM sign_in WHERE sign_in_id = $1 AND step = 'begun' AND expires > $2";
    let Some(mut row) = db.row(SQL, &[&id, &now]).await? else { return Ok(None) };
    Ok(Some(BegunBySignIn { account: row.take()?, session: row.take()? }))
}

/// A sign-in lasts as long as the code that was sent for it.
pub(crate) async fn wait_for_code<D: Db>(db: &mut D, id: SignInId, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE sign_in SET expires = $2 WHERE sign_in_id = $1";
    db.exec(SQL, &[&id, &now.after(limits::CODE_LIFE)]).await.map(drop)
}

/// The sign-in that began a session is over: whoever repeats its last step, as after a lost answer, gets no other one.
pub(crate) async fn forget_begun<D: Db>(db: &mut D, account: AccountId, session: SessionId) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM sign_in WHERE account_id = $1 AND step = 'begun' AND state = $2";
    db.exec(SQL, &[&account, session.as_bytes()]).await.map(drop)
}

/// Ends what of an account is between two steps: its password is another by now.
pub(crate) async fn end_all<D: Db>(db: &mut D, account: AccountId) -> Result<(), StoreError> {
    const PROOFS: &str = "
        DELETE FROM proof
         WHERE holder = 'sign-in' AND holder_id IN (SELECT sign_in_id FROM sign_in WHERE account_id = $1)";
    const SIGN_INS: &str = "DELETE FROM sign_in WHERE account_id = $1";
    db.exec(PROOFS, &[&account]).await?;
    db.exec(SIGN_INS, &[&account]).await.map(drop)
}
