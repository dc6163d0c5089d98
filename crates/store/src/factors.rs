//! Factors as rows: what an account, or a registration for the account it reserved, can be proved with (PROTOCOL §6, §7).

use std::cmp::Reverse;

use securemailbox_protocol::{
    factors::FactorKind,
    ids::{AccountId, FactorId},
    levels::Level,
    time::Timestamp,
    waits::WaitKind,
};

use crate::{
    Act, Db, ReadOnly, Row, StoreError, ToParam, one_time_codes,
    proofs::{AppClock, HolderId},
    waits,
};

/// A factor as the server keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    /// Its id; part of the place under which it is sealed.
    pub id: FactorId,
    /// The kind decides the level (PROTOCOL §6).
    pub kind: FactorKind,
    /// The address, the phone number or the app's secret, under the server seal. A sheet of codes has nothing here.
    pub sealed: Vec<u8>,
}

/// A factor as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnFactor {
    /// The factor.
    pub factor: Factor,
    /// When it began to count.
    pub added: Timestamp,
    /// When it was proved last.
    pub used: Option<Timestamp>,
    /// How many codes of a sheet are left.
    pub left: Option<u8>,
}

/// The factors of an account, oldest first.
pub struct FactorsOf {
    /// The account, or the id that a registration reserved for one.
    pub account: AccountId,
}

impl Act for FactorsOf {
    type Output = Vec<Factor>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        of_account(db, self.account).await
    }
}

impl ReadOnly for FactorsOf {}

/// The factors of an account as their owner sees them, oldest first.
pub struct OwnFactors {
    /// The account.
    pub account: AccountId,
}

impl Act for OwnFactors {
    type Output = Vec<OwnFactor>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT factor_id, kind, sealed, created, used FROM factor
             WHERE mailbox_id = $1
             ORDER BY created, factor_id";
        let mut factors = Vec::new();
        for mut row in db.rows(SQL, &[&self.account]).await? {
            let factor = Factor { id: row.take()?, kind: row.take()?, sealed: row.take()? };
            let (added, used) = (row.take()?, row.take()?);
            let left = match factor.kind {
                FactorKind::OneTimeCodes => Some(one_time_codes::left(db, self.account, added).await?),
                FactorKind::Address
                | FactorKind::Phone
                | FactorKind::ReservePhone
                | FactorKind::Authenticator
                | FactorKind::Passkey => None,
            };
            factors.push(OwnFactor { factor, added, used, left });
        }
        Ok(factors)
    }
}

impl ReadOnly for OwnFactors {}

/// Why a factor was not taken away.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemoveFactorError {
    /// The account has no such factor.
    #[error("the account has no such factor")]
    NotFound,
    /// Nothing that is no reserve would be left to sign in with.
    #[error("without this factor nobody could sign in")]
    LastWayIn,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Takes a factor away: it proves nothing any more.
pub struct RemoveFactor {
    /// Whose it is.
    pub account: AccountId,
    /// Which one.
    pub factor: FactorId,
}

impl Act for RemoveFactor {
    type Output = ();
    type Error = RemoveFactorError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        let Self { account, factor } = self;
        let kind = find(db, *account, *factor).await?.ok_or(RemoveFactorError::NotFound)?.kind;
        let others = of_account(db, *account).await?;
        if !others.iter().any(|other| other.id != *factor && !other.kind.is_reserve()) {
            return Err(RemoveFactorError::LastWayIn);
        }
        drop_one(db, *account, *factor).await?;
        if kind == FactorKind::OneTimeCodes {
            one_time_codes::forget(db, *account).await?;
            waits::end(db, *account, WaitKind::Recovery).await?;
        }
        Ok(())
    }
}

/// The factors of an account by which it can be proved here, oldest first.
pub(crate) async fn of_account<D: Db>(db: &mut D, account: AccountId) -> Result<Vec<Factor>, StoreError> {
    const SQL: &str = "
        SELECT factor_id, kind, sealed FROM factor
         WHERE mailbox_id = $1
           AND (kind <> 'passkey' OR factor_id IN (SELECT factor_id FROM passkey_here WHERE mailbox_id = $1))
         ORDER BY created, factor_id";
    db.rows(SQL, &[&account]).await?.into_iter().map(factor).collect()
}

/// One factor of an account.
pub(crate) async fn find<D: Db>(db: &mut D, account: AccountId, id: FactorId) -> Result<Option<Factor>, StoreError> {
    const SQL: &str = "SELECT factor_id, kind, sealed FROM factor WHERE mailbox_id = $1 AND factor_id = $2";
    db.row(SQL, &[&account, &id]).await?.map(factor).transpose()
}

/// Gives an account one more factor, which nobody has proved yet.
pub(crate) async fn add<D: Db>(db: &mut D, account: AccountId, new: &Factor, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "
        INSERT INTO factor (mailbox_id, factor_id, kind, sealed, created, drift) VALUES ($1, $2, $3, $4, $5, 0)";
    db.exec(SQL, &[&account, &new.id, &new.kind, &new.sealed, &now]).await.map(drop)
}

/// What an account may choose from ([`offered`]).
pub(crate) async fn offered_to<D: Db>(
    db: &mut D,
    account: AccountId,
    holder: HolderId,
) -> Result<Vec<Factor>, StoreError> {
    let factors = of_account(db, account).await?;
    let has_sheet = factors.iter().any(|factor| factor.kind == FactorKind::OneTimeCodes);
    let has_codes = has_sheet && one_time_codes::has_any_left(db, account).await?;
    Ok(offered(factors, holder, has_codes))
}

/// What an account may choose from where it is to be proved: the best first, what is kept in reserve last, and no code by SMS
/// to the owner's own phone once there is something better that is no passkey, or a reserve (PROTOCOL §7). A sheet of codes with
/// none left is no reserve; it is offered all the same, so that a used code is called a used one. Only their owner
/// can tell passkeys apart, so any may answer for all: one is offered.
fn offered(mut factors: Vec<Factor>, holder: HolderId, has_codes: bool) -> Vec<Factor> {
    let best = best(&factors);
    // A passkey that is lost leaves nothing to get back in by, unless there is an app or a reserve.
    let falls_back = factors.iter().any(|Factor { kind, .. }| match kind {
        FactorKind::OneTimeCodes => has_codes,
        kind => *kind == FactorKind::Authenticator || kind.is_reserve(),
    });
    factors.retain(|Factor { kind, .. }| match (holder, kind) {
        (HolderId::Registration(_) | HolderId::Enrolment(_), _) => true,
        (HolderId::SignIn(_) | HolderId::Recovery(_) | HolderId::Session(_), kind) => {
            let is_own_phone = *kind == FactorKind::Phone;
            let is_good = kind.level() > Level::Phone || Some(kind.level()) == best;
            kind.is_reserve() || is_good || (is_own_phone && !falls_back)
        }
    });
    let first_passkey = factors.iter().find(|factor| factor.kind == FactorKind::Passkey).map(|first| first.id);
    factors.retain(|factor| factor.kind != FactorKind::Passkey || Some(factor.id) == first_passkey);
    factors.sort_by_key(|Factor { kind, .. }| (kind.is_reserve(), Reverse(kind.level())));
    factors
}

/// The best level that an account can prove by what is no reserve.
#[must_use]
pub fn best(factors: &[Factor]) -> Option<Level> {
    factors.iter().filter(|factor| !factor.kind.is_reserve()).map(|factor| factor.kind.level()).max()
}

/// A factor was proved.
pub(crate) async fn used<D: Db>(
    db: &mut D,
    account: AccountId,
    id: FactorId,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE factor SET used = $3 WHERE mailbox_id = $1 AND factor_id = $2";
    db.exec(SQL, &[&account, &id, &now]).await.map(drop)
}

/// What is remembered of an app.
pub(crate) async fn clock<D: Db>(db: &mut D, account: AccountId, id: FactorId) -> Result<Option<AppClock>, StoreError> {
    const SQL: &str = "
        SELECT drift, step FROM factor WHERE mailbox_id = $1 AND factor_id = $2 AND kind = 'authenticator'";
    let Some(mut row) = db.row(SQL, &[&account, &id]).await? else { return Ok(None) };
    Ok(Some(AppClock { drift: row.take()?, last: row.take()? }))
}

/// When the last code of an app was taken, if it was for this very holder.
pub(crate) async fn was_proved_for<D: Db>(
    db: &mut D,
    account: AccountId,
    id: FactorId,
    holder: HolderId,
) -> Result<Option<Timestamp>, StoreError> {
    const SQL: &str = "SELECT used, used_by FROM factor WHERE mailbox_id = $1 AND factor_id = $2";
    let Some(mut row) = db.row(SQL, &[&account, &id]).await? else { return Ok(None) };
    let (used, by): (Option<Timestamp>, Option<Vec<u8>>) = (row.take()?, row.take()?);
    Ok(used.filter(|_| by.as_deref() == Some(holder.as_bytes())))
}

/// A code of an app was taken.
pub(crate) async fn keep_clock<D: Db>(
    db: &mut D,
    account: AccountId,
    id: FactorId,
    clock: AppClock,
    holder: HolderId,
) -> Result<(), StoreError> {
    const SQL: &str = "
        UPDATE factor SET drift = $3, step = $4, used_by = $5 WHERE mailbox_id = $1 AND factor_id = $2";
    let row: [&dyn ToParam; 5] = [&account, &id, &clock.drift, &clock.last, holder.as_bytes()];
    db.exec(SQL, &row).await.map(drop)
}

async fn drop_one<D: Db>(db: &mut D, account: AccountId, id: FactorId) -> Result<(), StoreError> {
    db.exec("DELETE FROM proof WHERE factor_id = $1", &[&id]).await?;
    db.exec("DELETE FROM factor WHERE mailbox_id = $1 AND factor_id = $2", &[&account, &id]).await.map(drop)
}

/// An account has none of a kind any more. What it proved counts no more either.
pub(crate) async fn drop_kind<D: Db>(db: &mut D, account: AccountId, kind: FactorKind) -> Result<(), StoreError> {
    const PROOFS: &str = "
        DELETE FROM proof WHERE factor_id IN (SELECT factor_id FROM factor WHERE mailbox_id = $1 AND kind = $2)";
    const FACTORS: &str = "DELETE FROM factor WHERE mailbox_id = $1 AND kind = $2";
    db.exec(PROOFS, &[&account, &kind]).await?;
    db.exec(FACTORS, &[&account, &kind]).await.map(drop)
}

fn factor(mut row: Row) -> Result<Factor, StoreError> {
    Ok(Factor { id: row.take()?, kind: row.take()?, sealed: row.take()? })
}

#[cfg(test)]
mod tests {
    use securemailbox_protocol::ids::SignInId;

    use super::*;

    #[test]
    fn a_sheet_with_no_code_left_shuts_nobodys_own_phone_out() {
        let factor = |byte, kind| Factor { id: FactorId::from_bytes([byte; 16]), kind, sealed: Vec::new() };
        let factors = [FactorKind::Phone, FactorKind::Passkey, FactorKind::OneTimeCodes];
        let factors: Vec<Factor> = (1..).zip(factors).map(|(byte, kind)| factor(byte, kind)).collect();
        let holder = HolderId::SignIn(SignInId::from_bytes([9; 16]));
        let kinds = |has_codes| {
            let offered = offered(factors.clone(), holder, has_codes);
            offered.into_iter().map(|factor| factor.kind).collect::<Vec<_>>()
        };
        assert_eq!(kinds(true), [FactorKind::Passkey, FactorKind::OneTimeCodes]);
        assert_eq!(kinds(false), [FactorKind::Passkey, FactorKind::Phone, FactorKind::OneTimeCodes]);
    }
}
