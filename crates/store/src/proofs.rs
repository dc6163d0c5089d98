//! What was proved for whom, and codes that wait to be entered, as rows (PROTOCOL §9a). [`CodeProof`] holds the rules, this
//! keeps it between two requests. A registration, a sign-in, a recovery and a session build on this file, and the acts in
//! [`crate::proving`] build on them.

mod authenticator;
mod code;

use std::future::Future;

use securemailbox_protocol::{
    accounts::Language,
    factors::FactorKind,
    ids::{AccountId, FactorId, RecoveryId, RegistrationId, SessionId, SignInId},
    levels::Level,
    limits,
    time::Timestamp,
};

pub use authenticator::{AppClock, Shown, Step};
pub use code::{CodeHmac, CodeProof, NOBODYS_CODE, SentCode, Verdict};

use crate::{Db, Row, StoreError, ToParam, factors::Factor};

/// The row that asks for a proof. A code that was sent for one proves nothing for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HolderId {
    /// Somebody asks for a mailbox.
    Registration(RegistrationId),
    /// Somebody who proved the password.
    SignIn(SignInId),
    /// Somebody who proved the recovery code.
    Recovery(RecoveryId),
    /// Somebody who is signed in, and proves it afresh.
    Session(SessionId),
    /// A factor that somebody who is signed in is adding.
    Enrolment(FactorId),
}

impl HolderId {
    /// The 16 bytes that the database keeps.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        match self {
            Self::Registration(id) => id.as_bytes(),
            Self::SignIn(id) => id.as_bytes(),
            Self::Recovery(id) => id.as_bytes(),
            Self::Session(id) => id.as_bytes(),
            Self::Enrolment(id) => id.as_bytes(),
        }
    }

    /// The word that the database keeps beside it.
    const fn word(&self) -> &'static str {
        match self {
            Self::Registration(_) => "registration",
            Self::SignIn(_) => "sign-in",
            Self::Recovery(_) => "recovery",
            Self::Session(_) => "session",
            Self::Enrolment(_) => "enrolment",
        }
    }

    /// Whether what was proved can be proved again: a session is asked afresh, all else goes on.
    pub(crate) const fn asks_afresh(self) -> bool {
        match self {
            Self::Session(_) => true,
            Self::Registration(_) | Self::SignIn(_) | Self::Recovery(_) | Self::Enrolment(_) => false,
        }
    }
}

/// A holder, and what the right answer gives it.
pub trait Holder: Send + Sync + 'static {
    /// What a right answer comes to, such as the session that begins.
    type Gives: Send + 'static;

    /// The row that the codes are bound to.
    fn id(&self) -> HolderId;

    /// Gives it, in the transaction of the proof.
    fn give<D: Db>(&self, db: &mut D, proved: Proved) -> impl Future<Output = Result<Self::Gives, StoreError>> + Send;
}

/// A factor that was proved in this transaction.
#[derive(Debug, Clone, Copy)]
pub struct Proved {
    /// The account that the factor belongs to.
    pub account: AccountId,
    /// The kind decides the level (PROTOCOL §6).
    pub kind: FactorKind,
    /// When the right answer came.
    pub now: Timestamp,
}

/// How well a person proved who they are, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Standing {
    /// The level of what was proved.
    pub level: Level,
    /// When a factor of that level was proved last.
    pub proved: Timestamp,
}

impl Standing {
    /// By a factor of this kind, then.
    #[must_use]
    pub const fn by(kind: FactorKind, proved: Timestamp) -> Self {
        Self { level: kind.level(), proved }
    }

    /// Whether this level was proved within the last [`limits::PROOF_LIFE`] (PROTOCOL §6).
    #[must_use]
    pub fn proves(self, level: Level, now: Timestamp) -> bool {
        self.level >= level && now.since(self.proved) <= limits::PROOF_LIFE
    }

    /// Another factor was proved now. A weaker one takes the place of a stronger only once that is stale, so that it never
    /// makes the stronger look fresh.
    #[must_use]
    pub fn with(self, kind: FactorKind, now: Timestamp) -> Self {
        let newer = Self::by(kind, now);
        let is_better = self.level > newer.level && self.proves(self.level, now);
        // Whoever asks for a lost answer once more was proved when it was lost.
        let is_later = self.level == newer.level && self.proved > newer.proved;
        if is_better || is_later { self } else { newer }
    }
}

/// The factors of a person who may choose one of them (`offers`, PROTOCOL §9a).
#[derive(Debug)]
pub struct Offered {
    /// Whose mailbox it is or will be.
    pub account: AccountId,
    /// The account's factors, oldest first.
    pub factors: Vec<Factor>,
}

/// A holder whose time is not over, at the step where factors are proved.
pub(crate) struct Waiting {
    /// Whose mailbox it is or will be.
    pub(crate) account: AccountId,
    /// Of the message that brings the code.
    pub(crate) language: Language,
    /// For what.
    pub(crate) purpose: Purpose,
    /// No code for the address may be right: it has a mailbox already, or none that could be removed.
    pub(crate) in_vain: bool,
}

impl Waiting {
    /// Of somebody who has a mailbox, and is to prove that it is them.
    pub(crate) const fn of_member(account: AccountId, language: Language) -> Self {
        Self { account, language, purpose: Purpose::Proof, in_vain: false }
    }
}

/// What a code is for, as its message says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A mailbox is asked for.
    Mailbox,
    /// A mailbox is to be removed.
    Removal,
    /// Somebody proves that it is them.
    Proof,
    /// Somebody who has no mailbox reads by a link.
    Letter,
    /// Somebody writes by a public page, and wants to be told of an answer.
    Page,
}

/// What was proved for a holder, and when, by the factors that its account still has.
pub(crate) async fn all<D: Db>(
    db: &mut D,
    holder: HolderId,
    account: AccountId,
) -> Result<Vec<(FactorKind, Timestamp)>, StoreError> {
    const SQL: &str = "
        SELECT f.kind, p.proved FROM proof p JOIN factor f ON f.factor_id = p.factor_id
         WHERE p.holder = $1 AND p.holder_id = $2 AND f.mailbox_id = $3 AND p.state = 'proved'";
    let rows = db.rows(SQL, &[&holder.word(), holder.as_bytes(), &account]).await?;
    rows.into_iter().map(|mut row: Row| Ok((row.take()?, row.take()?))).collect()
}

/// The best of it.
pub(crate) fn standing(proved: &[(FactorKind, Timestamp)]) -> Option<Standing> {
    proved.iter().map(|&(kind, at)| Standing::by(kind, at)).max()
}

/// Deletes all proofs of a holder that is over.
pub(crate) async fn forget<D: Db>(db: &mut D, holder: HolderId) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM proof WHERE holder = $1 AND holder_id = $2";
    db.exec(SQL, &[&holder.word(), holder.as_bytes()]).await.map(drop)
}

/// The proof of a factor for a holder, if a code was ever sent for it.
pub(crate) async fn find<D: Db>(
    db: &mut D,
    holder: HolderId,
    factor: FactorId,
) -> Result<Option<CodeProof>, StoreError> {
    const SQL: &str = "
        SELECT state, code, older, until, tries_left, proved FROM proof
         WHERE holder = $1 AND holder_id = $2 AND factor_id = $3";
    let Some(mut row) = db.row(SQL, &[&holder.word(), holder.as_bytes(), &factor]).await? else { return Ok(None) };
    let state: String = row.take()?;
    let (code, older, until): (CodeHmac, Vec<u8>, Timestamp) = (row.take()?, row.take()?, row.take()?);
    let (tries_left, proved): (u64, Option<Timestamp>) = (row.take()?, row.take()?);
    Ok(Some(match state.as_str() {
        "sent" => CodeProof::Sent(SentCode {
            code,
            older: each_of(&older)?,
            until,
            tries_left: u8::try_from(tries_left).map_err(|_| StoreError::Damaged("tries"))?,
        }),
        "proved" => CodeProof::Proved { at: proved.ok_or(StoreError::Damaged("when it was proved"))? },
        "asked" => {
            CodeProof::Asked { until, tries_left: u8::try_from(tries_left).map_err(|_| StoreError::Damaged("tries"))? }
        }
        "closed" => CodeProof::Closed,
        "not-sent" => CodeProof::NotSent,
        _ => return Err(StoreError::Damaged("the state of a proof")),
    }))
}

/// Keeps a proof in the place of the one before it.
pub(crate) async fn keep<D: Db>(
    db: &mut D,
    holder: HolderId,
    factor: FactorId,
    proof: &CodeProof,
) -> Result<(), StoreError> {
    const SQL: &str = "
        INSERT INTO proof (holder, holder_id, factor_id, state, code, older, until, tries_left, proved)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (holder_id, factor_id) DO UPDATE
           SET state = EXCLUDED.state, code = EXCLUDED.code, older = EXCLUDED.older, until = EXCLUDED.until,
               tries_left = EXCLUDED.tries_left, proved = EXCLUDED.proved";
    // What is over keeps no code.
    let mut over = SentCode { code: [0; 32], older: Vec::new(), until: Timestamp::from_unix_millis(0), tries_left: 0 };
    let (state, sent, proved) = match proof {
        CodeProof::Sent(sent) => ("sent", sent, None),
        CodeProof::Asked { until, tries_left } => {
            over = SentCode { until: *until, tries_left: *tries_left, ..over };
            ("asked", &over, None)
        }
        CodeProof::Proved { at } => ("proved", &over, Some(*at)),
        CodeProof::Closed => ("closed", &over, None),
        CodeProof::NotSent => ("not-sent", &over, None),
    };
    let SentCode { code, older, until, tries_left } = sent;
    let (older, tries_left) = (older.concat(), i64::from(*tries_left));
    let row: [&dyn ToParam; 9] =
        [&holder.word(), holder.as_bytes(), &factor, &state, code, &older, until, &tries_left, &proved];
    db.exec(SQL, &row).await.map(drop)
}

/// HMACs that lie one after the other.
fn each_of(bytes: &[u8]) -> Result<Vec<CodeHmac>, StoreError> {
    let each = bytes.chunks(size_of::<CodeHmac>()).map(CodeHmac::try_from);
    each.collect::<Result<_, _>>().map_err(|_| StoreError::Damaged("older codes"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_millis(1_764_000_000_000);
    const LEVELS: [Level; 5] = [Level::Address, Level::Phone, Level::Authenticator, Level::Passkey, Level::Eid];

    proptest! {
        #[test]
        fn a_session_never_stands_higher_than_what_was_proved_lately(
            first in 0..LEVELS.len(), proofs in prop::collection::vec((0..30_u64, any::<bool>()), 0..12),
        ) {
            let mut standing = Standing { level: LEVELS[first], proved: NOW };
            let (mut proved, mut now) = (vec![standing], NOW);
            for (minutes, by_phone) in proofs {
                now = now.after(Duration::from_secs(minutes * 60));
                let kind = if by_phone { FactorKind::Phone } else { FactorKind::Address };
                standing = standing.with(kind, now);
                proved.push(Standing::by(kind, now));
                prop_assert!(standing.proves(kind.level(), now), "what was proved just now counts");
                for level in LEVELS {
                    let lately = proved.iter().any(|one| one.proves(level, now));
                    prop_assert!(lately || !standing.proves(level, now), "{:?}", level);
                }
            }
        }
    }
}
