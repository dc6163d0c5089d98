//! Sheets of one-time codes as rows (PROTOCOL §7): each code once, by its HMAC under the server seal.

use securemailbox_protocol::{
    factors::FactorKind,
    ids::{AccountId, FactorId},
    limits,
    time::Timestamp,
    waits::WaitKind,
};

use crate::{
    Act, Db, StoreError, ToParam,
    factors::{self, Factor},
    proofs::HolderId,
    waits,
};

/// HMAC of a code on a sheet, under the server seal and bound to its account.
pub type OneTimeHmac = [u8; 32];

/// Makes a sheet, which takes the place of the one before.
pub struct MakeOneTimeCodes {
    /// Whose.
    pub account: AccountId,
    /// The sheet as a factor.
    pub id: FactorId,
    /// The HMAC of each code.
    pub codes: Vec<OneTimeHmac>,
    /// The sheet is made now, which is its name.
    pub now: Timestamp,
}

impl Act for MakeOneTimeCodes {
    type Output = ();
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "INSERT INTO one_time_code (mailbox_id, code, made) VALUES ($1, $2, $3)";
        factors::drop_kind(db, self.account, FactorKind::OneTimeCodes).await?;
        let sheet = Factor { id: self.id, kind: FactorKind::OneTimeCodes, sealed: Vec::new() };
        factors::add(db, self.account, &sheet, self.now).await?;
        for code in &self.codes {
            db.exec(SQL, &[&self.account, code, &self.now]).await?;
        }
        // A recovery that waits was begun with a code of the sheet before.
        waits::end(db, self.account, WaitKind::Recovery).await?;
        forget_the_oldest(db, self.account).await
    }
}

/// What a code that was typed is.
pub(crate) enum OnSheet {
    /// It is of the sheet that counts, and was not used.
    Fresh,
    /// It was used for this very holder a moment ago, then, and the answer was lost perhaps.
    Again(Timestamp),
    /// It began the wait of a recovery whose time has come, and is shown once more.
    Waited,
    /// It is of the sheet that counts, and was used.
    Used(Timestamp),
    /// It is of an older sheet.
    Older,
    /// It is of none.
    None,
}

/// Looks a code up that was typed for a holder.
pub(crate) async fn look_up<D: Db>(
    db: &mut D,
    account: AccountId,
    code: &OneTimeHmac,
    holder: HolderId,
    now: Timestamp,
) -> Result<OnSheet, StoreError> {
    const FIND: &str = "
        SELECT c.used, c.used_by, f.factor_id FROM one_time_code c
          LEFT JOIN factor f ON f.mailbox_id = c.mailbox_id AND f.kind = 'one-time-codes' AND f.created = c.made
         WHERE c.mailbox_id = $1 AND c.code = $2";
    let Some(mut row) = db.row(FIND, &[&account, code]).await? else { return Ok(OnSheet::None) };
    let (used, by): (Option<Timestamp>, Option<Vec<u8>>) = (row.take()?, row.take()?);
    let counts = row.take::<Option<Vec<u8>>>()?.is_some();
    Ok(match used {
        _ if !counts => OnSheet::Older,
        None => OnSheet::Fresh,
        Some(used) if by.as_deref() == Some(holder.as_bytes()) && now.since(used) < limits::CODE_LIFE => {
            OnSheet::Again(used)
        }
        Some(used) if began_what_is_due(db, account, used, holder, now).await? => OnSheet::Waited,
        Some(used) => OnSheet::Used(used),
    })
}

/// Whether a code that was used then is the one that began a wait whose time has come. Who has waited shows it again or another
/// one, since nobody can be asked for a code more than the sheet has.
async fn began_what_is_due<D: Db>(
    db: &mut D,
    account: AccountId,
    used: Timestamp,
    holder: HolderId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let HolderId::Recovery(_) = holder else { return Ok(false) };
    let wait = waits::of_kind(db, account, WaitKind::Recovery).await?;
    let began_it = wait.is_some_and(|wait| wait.begun == used);
    Ok(began_it && waits::has_come(db, account, WaitKind::Recovery, now).await?)
}

/// The code that a holder used began a wait, then: by that moment it is known again.
pub(crate) async fn began_wait<D: Db>(
    db: &mut D,
    account: AccountId,
    holder: HolderId,
    begun: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE one_time_code SET used = $3 WHERE mailbox_id = $1 AND used_by = $2";
    let row: [&dyn ToParam; 3] = [&account, holder.as_bytes(), &begun];
    db.exec(SQL, &row).await.map(drop)
}

/// Uses a code up.
pub(crate) async fn use_up<D: Db>(
    db: &mut D,
    account: AccountId,
    code: &OneTimeHmac,
    holder: HolderId,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE one_time_code SET used = $3, used_by = $4 WHERE mailbox_id = $1 AND code = $2";
    let row: [&dyn ToParam; 4] = [&account, code, &now, holder.as_bytes()];
    db.exec(SQL, &row).await.map(drop)
}

/// No code of an account counts any more, nor is one remembered.
pub(crate) async fn forget<D: Db>(db: &mut D, account: AccountId) -> Result<(), StoreError> {
    db.exec("DELETE FROM one_time_code WHERE mailbox_id = $1", &[&account]).await.map(drop)
}

/// How many codes of the sheet that counts are left.
pub(crate) async fn left<D: Db>(db: &mut D, account: AccountId, made: Timestamp) -> Result<u8, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM one_time_code WHERE mailbox_id = $1 AND made = $2 AND used IS NULL";
    let mut row = db.row(SQL, &[&account, &made]).await?.ok_or(StoreError::Damaged("a count"))?;
    u8::try_from(row.take::<u64>()?).map_err(|_| StoreError::Damaged("a count of codes"))
}

/// Whether a code of the sheet that counts is left.
pub(crate) async fn has_any_left<D: Db>(db: &mut D, account: AccountId) -> Result<bool, StoreError> {
    const SQL: &str = "
        SELECT 1 FROM one_time_code c JOIN factor f ON f.mailbox_id = c.mailbox_id AND f.kind = $2 AND f.created = c.made
         WHERE c.mailbox_id = $1 AND c.used IS NULL LIMIT 1";
    Ok(db.row(SQL, &[&account, &FactorKind::OneTimeCodes]).await?.is_some())
}

/// Sheets beyond [`limits::ONE_TIME_SHEETS`] are forgotten.
async fn forget_the_oldest<D: Db>(db: &mut D, account: AccountId) -> Result<(), StoreError> {
    const MADE: &str = "
        SELECT DISTINCT made FROM one_time_code WHERE mailbox_id = $1 ORDER BY made DESC LIMIT 1 OFFSET $2";
    const FORGET: &str = "DELETE FROM one_time_code WHERE mailbox_id = $1 AND made <= $2";
    if let Some(mut row) = db.row(MADE, &[&account, &(limits::ONE_TIME_SHEETS as i64)]).await? {
        let made: Timestamp = row.take()?;
        db.exec(FORGET, &[&account, &made]).await?;
    }
    Ok(())
}
