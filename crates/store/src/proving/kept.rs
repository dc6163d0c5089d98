//! Proving a factor whose code is not sent: its owner has it, in an app or on paper (PROTOCOL §7).

use securemailbox_protocol::{
    factors::FactorKind,
    ids::{AccountId, FactorId, SessionId},
    security::SecurityEventKind,
    time::Timestamp,
};

use super::{ChooseError, Entered, chosen, factor_of, waiting};
use crate::{
    Act, Db, Room, StoreError,
    factors::{self, Factor},
    notices::NewNotice,
    one_time_codes::{self, OnSheet, OneTimeHmac},
    proofs::{self, AppClock, CodeProof, Holder, HolderId, Proved, Shown, Step, Verdict},
    security::{self, SecurityEvent},
    sign_in,
};

/// A factor was chosen whose code is not sent: from now on there are tries.
pub struct AskForCode {
    /// The holder for which something is to be proved.
    pub holder: HolderId,
    /// The factor that its person chose.
    pub factor: FactorId,
    /// The holder must not have expired by now.
    pub now: Timestamp,
}

impl Act for AskForCode {
    type Output = ();
    type Error = ChooseError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        let Self { holder, factor, now } = *self;
        chosen(db, holder, factor, now).await?;
        let proof = CodeProof::asked(proofs::find(db, holder, factor).await?, now);
        proofs::keep(db, holder, factor, &proof).await?;
        if let HolderId::SignIn(id) = holder {
            sign_in::wait_for_code(db, id, now).await?;
        }
        Ok(())
    }
}

/// What was typed.
pub enum KeptCode {
    /// A code of an app: the steps whose code it is, and the step of now.
    Authenticator {
        /// Those within reach of now; none if it is no code of the app.
        matching: Vec<Step>,
        /// The step of now.
        step: Step,
    },
    /// A code from a sheet.
    OneTime(OneTimeCodeUsed),
}

/// A code from a sheet, and what is written down and announced if it is used up.
pub struct OneTimeCodeUsed {
    /// Its HMAC.
    pub code: OneTimeHmac,
    /// The session that it opens, or proves afresh.
    pub session: SessionId,
    /// What announces it.
    pub notices: Vec<NewNotice>,
}

/// A code that was not sent was typed. The right one gives what its holder waits for; each is a try before it is looked at.
pub struct EnterKeptCode<H> {
    /// The holder, with what the right code gives it.
    pub holder: H,
    /// The factor whose code was typed.
    pub factor: FactorId,
    /// What was typed.
    pub code: KeptCode,
    /// When it was typed.
    pub now: Timestamp,
}

impl<H: Holder> Act for EnterKeptCode<H> {
    type Output = Entered<H::Gives>;
    type Error = StoreError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        let (holder, now) = (self.holder.id(), self.now);
        let over = Entered::Refused(Verdict::AlreadyOver);
        let Some(account) = whose(db, holder, now).await? else { return Ok(over) };
        let Some(Factor { kind, .. }) = factor_of(db, account, holder, self.factor).await? else { return Ok(over) };
        let judged = match self.judge(db, account, kind).await? {
            // Whoever lost the answer types nothing new: it costs no try, uses nothing up, and proves nothing afresh.
            Judged::Again(used) => {
                return Ok(Entered::Proved(self.holder.give(db, Proved { account, kind, now: used }).await?));
            }
            Judged::Right(spent) => Ok(spent),
            Judged::Refused(verdict) => Err(verdict),
        };
        let Some(proof) = proofs::find(db, holder, self.factor).await? else { return Ok(over) };
        let Some(proof) = proof.tried() else { return Ok(over) };
        proofs::keep(db, holder, self.factor, &proof).await?;
        match judged {
            Ok(spent) => {
                self.use_up(db, account, &spent).await?;
                proofs::keep(db, holder, self.factor, &CodeProof::Proved { at: now }).await?;
                factors::used(db, account, self.factor, now).await?;
                Ok(Entered::Proved(self.holder.give(db, Proved { account, kind, now }).await?))
            }
            Err(Verdict::Wrong) if matches!(proof, CodeProof::Asked { tries_left: 0, .. }) => {
                Ok(Entered::Refused(Verdict::NoTriesLeft))
            }
            Err(verdict) => Ok(Entered::Refused(verdict)),
        }
    }
}

/// What a right code uses up.
enum Spent<'a> {
    /// A step of the app, whose clock stands so from now.
    Step(AppClock),
    /// A code of the sheet.
    OnPaper(&'a OneTimeCodeUsed),
    /// A code that was used up when a wait began.
    Before,
}

/// What a code is, before it costs anything.
enum Judged<'a> {
    Right(Spent<'a>),
    /// It was right, for this very holder, then.
    Again(Timestamp),
    Refused(Verdict),
}

impl<H: Holder> EnterKeptCode<H> {
    async fn judge<D: Db>(&self, db: &mut D, account: AccountId, kind: FactorKind) -> Result<Judged<'_>, StoreError> {
        let holder = self.holder.id();
        Ok(match (&self.code, kind) {
            (KeptCode::Authenticator { matching, step }, FactorKind::Authenticator) => {
                let clock = factors::clock(db, account, self.factor).await?.ok_or(StoreError::Damaged("an app"))?;
                match clock.shown(matching, *step) {
                    Shown::Right(clock) => Judged::Right(Spent::Step(clock)),
                    Shown::Used(step) if clock.last == Some(step) => {
                        let proved = factors::was_proved_for(db, account, self.factor, holder).await?;
                        proved.map_or(Judged::Refused(Verdict::Used(None)), Judged::Again)
                    }
                    Shown::Used(_) => Judged::Refused(Verdict::Used(None)),
                    Shown::Wrong => Judged::Refused(Verdict::Wrong),
                }
            }
            (KeptCode::OneTime(typed), FactorKind::OneTimeCodes) => {
                match one_time_codes::look_up(db, account, &typed.code, holder, self.now).await? {
                    OnSheet::Fresh => Judged::Right(Spent::OnPaper(typed)),
                    OnSheet::Again(used) => Judged::Again(used),
                    OnSheet::Waited => match proofs::find(db, holder, self.factor).await? {
                        Some(CodeProof::Proved { at }) => Judged::Again(at),
                        _ => Judged::Right(Spent::Before),
                    },
                    OnSheet::Used(at) => Judged::Refused(Verdict::Used(Some(at))),
                    OnSheet::Older => Judged::Refused(Verdict::OlderSheet),
                    OnSheet::None => Judged::Refused(Verdict::Wrong),
                }
            }
            (KeptCode::Authenticator { .. } | KeptCode::OneTime(_), _) => Judged::Refused(Verdict::Wrong),
        })
    }

    async fn use_up<D: Db>(&self, db: &mut D, account: AccountId, spent: &Spent<'_>) -> Result<(), StoreError> {
        let holder = self.holder.id();
        match spent {
            Spent::Step(clock) => factors::keep_clock(db, account, self.factor, *clock, holder).await,
            Spent::OnPaper(OneTimeCodeUsed { code, session, notices }) => {
                one_time_codes::use_up(db, account, code, holder, self.now).await?;
                let kind = SecurityEventKind::OneTimeCodeUsed;
                let event = SecurityEvent { kind, session: *session, at: self.now };
                security::announce(db, account, event, notices).await.map(drop)
            }
            Spent::Before => Ok(()),
        }
    }
}

/// Whose a holder is that waits, or a sign-in whose answer may have been lost.
pub(super) async fn whose<D: Db>(
    db: &mut D,
    holder: HolderId,
    now: Timestamp,
) -> Result<Option<AccountId>, StoreError> {
    if let Some(waiting) = waiting(db, holder, now).await? {
        return Ok(Some(waiting.account));
    }
    match holder {
        HolderId::SignIn(id) => Ok(sign_in::begun(db, id, now).await?.map(|begun| begun.account)),
        HolderId::Registration(_) | HolderId::Recovery(_) | HolderId::Session(_) | HolderId::Enrolment(_) => Ok(None),
    }
}
