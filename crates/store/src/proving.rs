//! Proving a factor (PROTOCOL §9a): what there is to choose from, a code that goes out, and the code that is entered. One way
//! for all that a proof can be for: a registration, a sign-in, a recovery, a session.

mod kept;

use securemailbox_protocol::{
    accounts::Language,
    factors::FactorKind,
    ids::{AccountId, FactorId},
    time::Timestamp,
};

use crate::{
    Act, Db, ReadOnly, Room, StoreError,
    accounts::AddressLookup,
    enrolments,
    factors::{self, Factor},
    invitations,
    notices::{self, NewNotice, NoticeId},
    proofs::{self, CodeHmac, CodeProof, Holder, HolderId, Offered, Proved, Purpose, Verdict, Waiting},
    recoveries, registrations, sessions, sign_in,
};

pub use kept::{AskForCode, EnterKeptCode, KeptCode, OneTimeCodeUsed};

/// Why a factor can't be chosen.
#[derive(Debug, thiserror::Error)]
pub enum ChooseError {
    /// The holder is over or not at this step, or the factor is not one of its account's, or it was proved already.
    #[error("there is nothing to prove, or not by this")]
    Over,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Reads which factors a holder may choose from.
pub struct OffersTo {
    /// The holder that asks what it may choose from.
    pub holder: HolderId,
    /// The holder must not have expired by now.
    pub now: Timestamp,
}

impl Act for OffersTo {
    type Output = Offered;
    type Error = ChooseError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        let Waiting { account, .. } = waiting(db, self.holder, self.now).await?.ok_or(ChooseError::Over)?;
        let factors = factors::offered_to(db, account, self.holder).await?;
        Ok(Offered { account, factors })
    }
}

impl ReadOnly for OffersTo {}

/// A factor that was chosen: what its code is made of, and where it goes.
pub struct ChosenFactor {
    /// The holder for which something is to be proved.
    pub holder: HolderId,
    /// The factor that its person chose.
    pub factor: FactorId,
    /// The holder must not have expired by now.
    pub now: Timestamp,
}

/// Everything that the server must know before it sends a code.
#[derive(Debug)]
pub struct ToProve {
    /// Whose mailbox it is or will be.
    pub account: AccountId,
    /// The language of the message that brings the code.
    pub language: Language,
    /// The chosen factor, sealed as it lies in the database.
    pub factor: Factor,
    /// For what the code is.
    pub purpose: Purpose,
    /// No code for this address may be right: it has a mailbox already, or none that could be removed.
    pub in_vain: bool,
}

impl Act for ChosenFactor {
    type Output = ToProve;
    type Error = ChooseError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        let (waiting, factor) = chosen(db, self.holder, self.factor, self.now).await?;
        let Waiting { account, language, purpose, in_vain } = waiting;
        let in_vain = in_vain && factor.kind == FactorKind::Address;
        Ok(ToProve { account, language, factor, purpose, in_vain })
    }
}

impl ReadOnly for ChosenFactor {}

/// A code goes out for the chosen factor; again, in the place of the one before.
pub struct ExpectCode {
    /// The holder for which the code is good, and no other.
    pub holder: HolderId,
    /// The factor that the code goes to.
    pub factor: FactorId,
    /// HMAC of the six digits in the message.
    pub code: CodeHmac,
    /// The message, sealed, for the outbox.
    pub notice: NewNotice,
    /// The code lives from now on.
    pub now: Timestamp,
}

impl Act for ExpectCode {
    type Output = ();
    type Error = ChooseError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const BROUGHT_BY: &str = "UPDATE proof SET notice_id = $3 WHERE holder_id = $1 AND factor_id = $2";
        let (Waiting { account, purpose, .. }, _) = chosen(db, self.holder, self.factor, self.now).await?;
        let proof = match proofs::find(db, self.holder, self.factor).await? {
            Some(before) => before.sent_again(self.code, self.now),
            None => CodeProof::sent(self.code, self.now),
        };
        proofs::keep(db, self.holder, self.factor, &proof).await?;
        db.exec(BROUGHT_BY, &[self.holder.as_bytes(), &self.factor, &self.notice.id]).await?;
        if let HolderId::SignIn(id) = self.holder {
            sign_in::wait_for_code(db, id, self.now).await?;
        }
        if purpose == Purpose::Letter {
            invitations::code_asked(db, account, self.now).await?;
        }
        Ok(notices::queue(db, &self.notice, self.now).await?)
    }
}

/// Reads what came of the first try to send a code.
pub struct FirstTry {
    /// The message that brings the code.
    pub notice: NoticeId,
}

/// How far the message with a code came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// It was not tried yet, or is being tried.
    NotYet,
    /// It was taken, or is tried again later.
    OnItsWay,
    /// It was refused for good.
    Refused,
}

impl Act for FirstTry {
    type Output = Tried;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const WAITS: &str = "SELECT attempts FROM notice WHERE notice_id = $1";
        const REFUSED: &str = "SELECT 1 FROM proof WHERE notice_id = $1 AND state = 'not-sent'";
        if let Some(mut row) = db.row(WAITS, &[&self.notice]).await? {
            return Ok(if row.take::<u64>()? == 0 { Tried::NotYet } else { Tried::OnItsWay });
        }
        Ok(if db.row(REFUSED, &[&self.notice]).await?.is_some() { Tried::Refused } else { Tried::OnItsWay })
    }
}

impl ReadOnly for FirstTry {}

/// A code was typed. The right one gives what its holder waits for.
pub struct EnterCode<H> {
    /// The holder, with what the right code gives it.
    pub holder: H,
    /// The factor whose code was typed.
    pub factor: FactorId,
    /// HMAC of the six digits that were typed.
    pub code: CodeHmac,
    /// When they were typed: a code may be too old by now.
    pub now: Timestamp,
}

/// The outcome of entering a code, where the right one gives something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entered<T> {
    /// The code was right, and this is what it gave.
    Proved(T),
    /// It is not, for a reason other than [`Verdict::Proved`].
    Refused(Verdict),
}

impl<H: Holder> Act for EnterCode<H> {
    type Output = Entered<H::Gives>;
    type Error = StoreError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        let (holder, now) = (self.holder.id(), self.now);
        let over = Entered::Refused(Verdict::AlreadyOver);
        let Some(Waiting { account, .. }) = waiting(db, holder, now).await? else { return Ok(over) };
        let Some(Factor { kind, .. }) = factor_of(db, account, holder, self.factor).await? else { return Ok(over) };
        let Some(proof) = proofs::find(db, holder, self.factor).await? else { return Ok(over) };
        let (proof, verdict) = proof.enter(&self.code, now);
        proofs::keep(db, holder, self.factor, &proof).await?;
        match verdict {
            Verdict::Proved => {
                factors::used(db, account, self.factor, now).await?;
                Ok(Entered::Proved(self.holder.give(db, Proved { account, kind, now }).await?))
            }
            refused @ (Verdict::Wrong
            | Verdict::Older
            | Verdict::NoTriesLeft
            | Verdict::TooLate
            | Verdict::NotSent
            | Verdict::AlreadyOver
            | Verdict::Used(_)
            | Verdict::OlderSheet) => Ok(Entered::Refused(refused)),
        }
    }
}

/// Reads at whose door a code is typed.
pub struct Guessed {
    /// What the code is to prove something for.
    pub holder: HolderId,
    /// The holder must not have expired by now.
    pub now: Timestamp,
}

/// At whose door a code is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guesser {
    /// Of somebody who asks for a mailbox at this address.
    Registering(AddressLookup),
    /// Of somebody who proved the password or the recovery code of this account.
    Account(AccountId),
    /// Of somebody who has the link of this guest.
    Guest(AccountId),
}

impl Act for Guessed {
    type Output = Option<Guesser>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        if let HolderId::Registration(id) = self.holder {
            return Ok(registrations::address_of(db, id, self.now).await?.map(Guesser::Registering));
        }
        let Some(account) = kept::whose(db, self.holder, self.now).await? else { return Ok(None) };
        let guest = invitations::maker(db, account).await?.is_some();
        Ok(Some(if guest { Guesser::Guest(account) } else { Guesser::Account(account) }))
    }
}

impl ReadOnly for Guessed {}

/// Each holder says in its own file whether it still waits.
pub(crate) async fn waiting<D: Db>(
    db: &mut D,
    holder: HolderId,
    now: Timestamp,
) -> Result<Option<Waiting>, StoreError> {
    match holder {
        HolderId::Registration(id) => registrations::waiting(db, id, now).await,
        HolderId::SignIn(id) => sign_in::waiting(db, id, now).await,
        HolderId::Recovery(id) => recoveries::waiting(db, id, now).await,
        HolderId::Session(id) => sessions::waiting(db, id, now).await,
        HolderId::Enrolment(id) => enrolments::waiting(db, id, now).await,
    }
}

/// The holder and a factor that it may choose now.
pub(crate) async fn chosen<D: Db>(
    db: &mut D,
    holder: HolderId,
    factor: FactorId,
    now: Timestamp,
) -> Result<(Waiting, Factor), ChooseError> {
    let waiting = waiting(db, holder, now).await?.ok_or(ChooseError::Over)?;
    let factor = factor_of(db, waiting.account, holder, factor).await?.ok_or(ChooseError::Over)?;
    match proofs::find(db, holder, factor.id).await? {
        Some(CodeProof::Proved { .. }) if !holder.asks_afresh() => Err(ChooseError::Over),
        Some(
            CodeProof::Proved { .. }
            | CodeProof::Sent(_)
            | CodeProof::Closed
            | CodeProof::NotSent
            | CodeProof::Asked { .. },
        )
        | None => Ok((waiting, factor)),
    }
}

/// A factor that is offered to a holder.
async fn factor_of<D: Db>(
    db: &mut D,
    account: AccountId,
    holder: HolderId,
    factor: FactorId,
) -> Result<Option<Factor>, StoreError> {
    if let HolderId::Enrolment(id) = holder {
        return if id == factor { enrolments::find(db, account, id).await } else { Ok(None) };
    }
    let offered = factors::offered_to(db, account, holder).await?;
    Ok(offered.into_iter().find(|offer| offer.id == factor))
}
