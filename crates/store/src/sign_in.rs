//! Signing in (PROTOCOL §9a): what waits between two requests, in rows and never in memory.

use securemailbox_protocol::{
    ids::{AccountId, SignInId},
    limits,
    slots::{Slot, SlotKind},
    time::Timestamp,
};

use crate::{
    Act, Db, ReadOnly, StoreError,
    accounts::AddressLookup,
    factors::{CodeHmac, Entered, Verdict},
    notices::{self, NewNotice},
    proofs::{self, Factor},
    sessions::{self, NewSession},
    slots,
};

/// What the server's half of OPAQUE needs.
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

/// A person signed in.
pub struct SignedIn {
    /// Whose mailbox.
    pub account: AccountId,
    /// What the proved factors give a right to: the `password` slot.
    pub slots: Vec<Slot>,
}

/// The sign-in is unknown, older than five minutes, or not at this step.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// It is over.
    #[error("the sign-in is over, or not at this step")]
    SignInOver,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// The OPAQUE record of an address, if it has a mailbox.
pub struct CredentialsByAddress {
    /// Whose.
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
    /// When.
    pub now: Timestamp,
}

impl Act for BeginSignIn {
    type Output = ();
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            INSERT INTO sign_in (sign_in_id, account_id, step, state, expires) VALUES ($1, $2, 'answered', $3, $4)";
        let expires = self.now.after(limits::SIGN_IN_LIFE);
        db.exec(SQL, &[&self.id, &self.account, &self.state, &expires]).await.map(drop)
    }
}

/// Takes the OPAQUE state out: a third message gets one try.
pub struct TakeSignInState {
    /// Which.
    pub id: SignInId,
    /// When.
    pub now: Timestamp,
}

impl Act for TakeSignInState {
    type Output = Option<TakenSignIn>;
    type Error = StoreError;

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

/// Sends a code, once the caller has verified the third message.
pub struct ExpectSignInCode {
    /// Which.
    pub id: SignInId,
    /// What the SMS says.
    pub code: CodeHmac,
    /// The SMS.
    pub notice: NewNotice,
    /// When.
    pub now: Timestamp,
}

impl Act for ExpectSignInCode {
    type Output = ();
    type Error = SignInError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            UPDATE sign_in SET step = 'code', expires = $3
             WHERE sign_in_id = $1 AND step IN ('taken', 'code') AND account_id IS NOT NULL AND expires > $2";
        let expires = self.now.after(limits::CODE_LIFE);
        if db.exec(SQL, &[&self.id, &self.now, &expires]).await? == 0 {
            return Err(SignInError::SignInOver);
        }
        proofs::expect(db, self.id.as_bytes(), Factor::Phone, &self.code, self.now).await?;
        Ok(notices::queue(db, &self.notice, self.now).await?)
    }
}

/// Proves the phone; the right code begins the session and ends the sign-in.
pub struct EnterSignInCode {
    /// Which.
    pub id: SignInId,
    /// What was typed.
    pub code: CodeHmac,
    /// Begins if the code is right.
    pub session: NewSession,
    /// When.
    pub now: Timestamp,
}

impl Act for EnterSignInCode {
    type Output = Entered<SignedIn>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        // An expired row still answers, so that the proof can say "too late".
        const FIND: &str = "SELECT account_id FROM sign_in WHERE sign_in_id = $1 AND step = 'code'";
        const END: &str = "DELETE FROM sign_in WHERE sign_in_id = $1";
        let Some(mut row) = db.row(FIND, &[&self.id]).await? else {
            return Ok(Entered::Refused(Verdict::AlreadyOver));
        };
        let account: AccountId = row.take()?;
        match proofs::enter(db, self.id.as_bytes(), Factor::Phone, &self.code, self.now).await? {
            Verdict::Proved => {
                proofs::forget(db, self.id.as_bytes()).await?;
                db.exec(END, &[&self.id]).await?;
                sessions::begin(db, account, &self.session).await?;
                let slots = slots::of_kind(db, account, SlotKind::Password).await?;
                Ok(Entered::Proved(SignedIn { account, slots }))
            }
            refused @ (Verdict::Wrong | Verdict::NoTriesLeft | Verdict::TooLate | Verdict::AlreadyOver) => {
                Ok(Entered::Refused(refused))
            }
        }
    }
}

/// Ends what of an account is between two steps: its password is another by now.
pub(crate) async fn end_all<D: Db>(db: &mut D, account: AccountId) -> Result<(), StoreError> {
    const PROOFS: &str = "
        DELETE FROM proof WHERE holder_id IN (SELECT sign_in_id FROM sign_in WHERE account_id = $1)";
    const SIGN_INS: &str = "DELETE FROM sign_in WHERE account_id = $1";
    db.exec(PROOFS, &[&account]).await?;
    db.exec(SIGN_INS, &[&account]).await.map(drop)
}
