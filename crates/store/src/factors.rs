//! Factors as rows: what an account, or a registration for the account it reserved, can be proved with (PROTOCOL §6, §7).

use securemailbox_protocol::{
    factors::FactorKind,
    ids::{AccountId, FactorId},
    time::Timestamp,
};

use crate::{Act, Db, ReadOnly, Row, StoreError};

/// A factor as the server keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    /// Its id; part of the place under which it is sealed.
    pub id: FactorId,
    /// Address or phone; the kind decides the level (PROTOCOL §6).
    pub kind: FactorKind,
    /// The address or the phone number itself, under the server seal.
    pub sealed: Vec<u8>,
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

/// The factors of an account, oldest first.
pub(crate) async fn of_account<D: Db>(db: &mut D, account: AccountId) -> Result<Vec<Factor>, StoreError> {
    const SQL: &str = "
        SELECT factor_id, kind, sealed FROM factor
         WHERE mailbox_id = $1
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
        INSERT INTO factor (mailbox_id, factor_id, kind, sealed, created) VALUES ($1, $2, $3, $4, $5)";
    db.exec(SQL, &[&account, &new.id, &new.kind, &new.sealed, &now]).await.map(drop)
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
