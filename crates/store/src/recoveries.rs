//! A forgotten password: recovery code, then a factor, then a new password and a new sheet (PROTOCOL §9a).

use securemailbox_protocol::{
    factors::FactorKind,
    ids::{AccountId, RecoveryId, SessionId},
    limits,
    slots::{Slot, SlotKind},
    time::Timestamp,
    waits::{Wait, WaitKind},
};

use crate::{
    Act, Db, ReadOnly, StoreError,
    accounts::AddressLookup,
    devices, factors, one_time_codes,
    proofs::{self, Holder, HolderId, Offered, Proved, Standing, Waiting},
    sessions::{self, Begun, NewSession},
    sign_in,
    slots::{self, PasswordSlot, PutSlotError, RecoverySlot},
    waits::{self, NewWait},
};

/// What the recovery code and another proof come to.
#[derive(Debug)]
pub enum Recovered {
    /// The `recovery` slot, which the recovery code opens.
    Slot {
        /// Whose it is.
        account: AccountId,
        /// The slot.
        slot: Slot,
    },
    /// Both were on paper: it waits, and is announced (PROTOCOL §7).
    Waits(Wait),
}

/// A recovery whose code was right.
pub struct BegunRecovery {
    /// What there is to choose from.
    pub offered: Offered,
    /// What waits since a one-time code was shown, if anything does.
    pub waits: Option<Wait>,
    /// Its time has come: a code is shown again.
    pub waited: bool,
}

/// The recovery is unknown, older than its time, or not at this step.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The recovery is unknown or expired, or no factor was proved for it yet.
    #[error("the recovery is over, or not at this step")]
    RecoveryOver,
    /// The new slots have one id, or that of another slot.
    #[error("a new slot has the id of another")]
    SameId,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Begins a recovery if the proof is right; one answer for a wrong proof and an unknown address.
pub struct BeginRecovery {
    /// Names the steps that follow.
    pub id: RecoveryId,
    /// The keyed hash of the address that was typed.
    pub address_lookup: AddressLookup,
    /// SHA-256 of the proof of the recovery code.
    pub proof_hash: [u8; 32],
    /// The recovery begins now and ends after an hour.
    pub now: Timestamp,
}

impl Act for BeginRecovery {
    type Output = Option<BegunRecovery>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const FIND: &str = "
            SELECT m.mailbox_id FROM member m JOIN slot s ON s.mailbox_id = m.mailbox_id
             WHERE m.address_lookup = $1 AND s.kind = 'recovery' AND s.proof_hash = $2";
        const BEGIN: &str = "INSERT INTO recovery (recovery_id, account_id, expires) VALUES ($1, $2, $3)";
        let Some(mut row) = db.row(FIND, &[&self.address_lookup, &self.proof_hash]).await? else { return Ok(None) };
        let account: AccountId = row.take()?;
        // As long as a registration: time for an SMS and for thinking of a password.
        let expires = self.now.after(limits::REGISTRATION_LIFE);
        db.exec(BEGIN, &[&self.id, &account, &expires]).await?;
        let factors = factors::offered_to(db, account, HolderId::Recovery(self.id)).await?;
        let waits = waits::of_kind(db, account, WaitKind::Recovery).await?;
        let waited = waits::has_come(db, account, WaitKind::Recovery, self.now).await?;
        Ok(Some(BegunRecovery { offered: Offered { account, factors }, waits, waited }))
    }
}

/// A recovery as what a proof is for: the first factor that is proved gives out the `recovery` slot; what is on paper too, only
/// once that has waited for its time.
pub struct Recovering {
    /// The recovery whose code was right.
    pub id: RecoveryId,
    /// What begins to wait if a one-time code is what is proved.
    pub paper: Option<NewWait>,
}

impl Holder for Recovering {
    type Gives = Recovered;

    fn id(&self) -> HolderId {
        HolderId::Recovery(self.id)
    }

    async fn give<D: Db>(&self, db: &mut D, proved: Proved) -> Result<Self::Gives, StoreError> {
        let Proved { account, kind, now } = proved;
        if kind != FactorKind::OneTimeCodes {
            return give_out(db, account).await;
        }
        if waits::has_come(db, account, WaitKind::Recovery, now).await? {
            return give_out(db, account).await;
        }
        let wait = match waits::of_kind(db, account, WaitKind::Recovery).await? {
            Some(wait) => wait,
            None => {
                let new = self.paper.as_ref().ok_or(StoreError::Damaged("paper that nobody expected"))?;
                let wait = waits::begin(db, account, new).await?;
                one_time_codes::began_wait(db, account, self.id(), wait.begun).await?;
                wait
            }
        };
        // Nothing is proved by what waits: both are shown again when the time has come.
        proofs::forget(db, self.id()).await?;
        Ok(Recovered::Waits(wait))
    }
}

async fn give_out<D: Db>(db: &mut D, account: AccountId) -> Result<Recovered, StoreError> {
    let slot = slots::of_kind(db, account, SlotKind::Recovery).await?.into_iter().next();
    Ok(Recovered::Slot { account, slot: slot.ok_or(StoreError::Damaged("a recovery slot"))? })
}

/// The account of a recovery that a factor was proved for.
pub struct RecoveryForPassword {
    /// The recovery for which a factor was proved.
    pub id: RecoveryId,
    /// The recovery must not have expired by now.
    pub now: Timestamp,
}

impl Act for RecoveryForPassword {
    type Output = AccountId;
    type Error = RecoveryError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        Ok(proved(db, self.id, self.now).await?.account)
    }
}

impl ReadOnly for RecoveryForPassword {}

/// Replaces password and recovery slot, ends all other sessions with their device slots, and begins one: all or nothing.
pub struct CompleteRecovery {
    /// The recovery for which a factor was proved.
    pub id: RecoveryId,
    /// The slot of the new password, in the place of the old one.
    pub password: PasswordSlot,
    /// The slot of the new sheet, in the place of the one that was used.
    pub recovery: RecoverySlot,
    /// The session of the person who recovered, as the only one.
    pub session: NewSession,
    /// The recovery must not have expired by now.
    pub now: Timestamp,
}

impl Act for CompleteRecovery {
    type Output = Begun;
    type Error = RecoveryError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        let ProvedRecovery { account, standing, by_reserve, by_paper } = proved(db, self.id, self.now).await?;
        let slots = slots::replace_password(db, account, &self.password).await?
            && slots::replace_recovery(db, account, &self.recovery).await?;
        if !slots {
            return Err(RecoveryError::SameId);
        }
        devices::put_out_others(db, account, &self.session.device, self.now).await?;
        sessions::end_all(db, account).await?;
        sign_in::end_all(db, account).await?;
        // Another recovery under way holds the sheet that was just used up.
        end_all(db, account).await?;
        let begun = sessions::begin(db, account, &self.session, standing).await?;
        if by_reserve {
            // It may mend the factors that were lost, and replace nothing else.
            sessions::prove_reserve(db, self.session.id, standing.proved).await?;
        }
        if by_paper {
            // The codes beside the sheet are spent with it.
            one_time_codes::forget(db, account).await?;
        }
        Ok(begun)
    }
}

/// Puts a new recovery sheet in the place of the old one (PROTOCOL §2).
pub struct PutRecoverySlot {
    /// The account whose sheet is replaced.
    pub account: AccountId,
    /// The session that does it.
    pub session: SessionId,
    /// The slot of the new sheet.
    pub slot: RecoverySlot,
}

impl Act for PutRecoverySlot {
    type Output = ();
    type Error = PutSlotError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        // A session that ended meanwhile, by a forgotten password perhaps, must not replace what replaced its sheet.
        if !sessions::lives(db, self.account, self.session).await? {
            return Err(PutSlotError::NoSession);
        }
        if !slots::replace_recovery(db, self.account, &self.slot).await? {
            return Err(PutSlotError::SlotExists);
        }
        // A recovery under way holds the sheet that is spent now.
        Ok(end_all(db, self.account).await?)
    }
}

/// A recovery whose time is not over, as what a proof is for.
pub(crate) async fn waiting<D: Db>(db: &mut D, id: RecoveryId, now: Timestamp) -> Result<Option<Waiting>, StoreError> {
    const SQL: &str = "
        SELECT m.mailbox_id, m.language FROM recovery r JOIN member m ON m.mailbox_id = r.account_id
         WHERE r.recovery_id = $1 AND r.expires > $2";
    let Some(mut row) = db.row(SQL, &[&id, &now]).await? else { return Ok(None) };
    Ok(Some(Waiting::of_member(row.take()?, row.take()?)))
}

/// A recovery that may choose a password.
struct ProvedRecovery {
    account: AccountId,
    standing: Standing,
    /// By nothing but what is kept in reserve.
    by_reserve: bool,
    /// By nothing but paper, which has waited for its time.
    by_paper: bool,
}

async fn proved<D: Db>(db: &mut D, id: RecoveryId, now: Timestamp) -> Result<ProvedRecovery, RecoveryError> {
    let Waiting { account, .. } = waiting(db, id, now).await?.ok_or(RecoveryError::RecoveryOver)?;
    let all = proofs::all(db, HolderId::Recovery(id), account).await?;
    let standing = proofs::standing(&all).ok_or(RecoveryError::RecoveryOver)?;
    let by_reserve = all.iter().all(|(kind, _)| kind.is_reserve());
    let by_paper = all.iter().all(|(kind, _)| *kind == FactorKind::OneTimeCodes);
    Ok(ProvedRecovery { account, standing, by_reserve, by_paper })
}

/// Ends every recovery of an account, one that waits among them: the papers that it began with count no more.
pub(crate) async fn end_all<D: Db>(db: &mut D, account: AccountId) -> Result<(), StoreError> {
    end_under_way(db, account).await?;
    waits::end(db, account, WaitKind::Recovery).await.map(drop)
}

/// Ends every recovery of an account for which somebody is typing now. One that waits goes on waiting.
pub(crate) async fn end_under_way<D: Db>(db: &mut D, account: AccountId) -> Result<(), StoreError> {
    const PROOFS: &str = "
        DELETE FROM proof
         WHERE holder = 'recovery' AND holder_id IN (SELECT recovery_id FROM recovery WHERE account_id = $1)";
    const RECOVERIES: &str = "DELETE FROM recovery WHERE account_id = $1";
    db.exec(PROOFS, &[&account]).await?;
    db.exec(RECOVERIES, &[&account]).await.map(drop)
}
