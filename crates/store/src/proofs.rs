//! Codes that wait to be entered, as rows: [`CodeProof`] holds the rules, this keeps it between two requests.

use securemailbox_protocol::time::Timestamp;

use crate::{
    Db, StoreError,
    factors::{CodeHmac, CodeProof, Verdict},
};

/// Whose proof it is: the bytes of a registration's, a sign-in's or a recovery's id.
pub(crate) type Holder = [u8; 16];

/// What is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Factor {
    /// That the e-mail address is theirs.
    Address,
    /// That the phone is theirs.
    Phone,
}

/// A code was sent: it takes the place of an earlier one.
pub(crate) async fn expect<D: Db>(
    db: &mut D,
    holder: &Holder,
    factor: Factor,
    code: &CodeHmac,
    now: Timestamp,
) -> Result<(), StoreError> {
    keep(db, holder, factor, CodeProof::sent(*code, now)).await
}

/// A code was typed.
pub(crate) async fn enter<D: Db>(
    db: &mut D,
    holder: &Holder,
    factor: Factor,
    typed: &CodeHmac,
    now: Timestamp,
) -> Result<Verdict, StoreError> {
    let Some(proof) = find(db, holder, factor).await? else { return Ok(Verdict::AlreadyOver) };
    let (proof, verdict) = proof.enter(typed, now);
    keep(db, holder, factor, proof).await?;
    Ok(verdict)
}

/// Whether the right code was entered.
pub(crate) async fn is_proved<D: Db>(db: &mut D, holder: &Holder, factor: Factor) -> Result<bool, StoreError> {
    Ok(find(db, holder, factor).await? == Some(CodeProof::Proved))
}

/// The holder is over.
pub(crate) async fn forget<D: Db>(db: &mut D, holder: &Holder) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM proof WHERE holder_id = $1";
    db.exec(SQL, &[holder]).await.map(drop)
}

async fn find<D: Db>(db: &mut D, holder: &Holder, factor: Factor) -> Result<Option<CodeProof>, StoreError> {
    const SQL: &str = "
        SELECT state, code, until, tries_left FROM proof
         WHERE holder_id = $1 AND factor = $2";
    let Some(mut row) = db.row(SQL, &[holder, &factor]).await? else { return Ok(None) };
    Ok(Some(match row.take::<String>()?.as_str() {
        "sent" => {
            let (code, until) = (row.take()?, row.take()?);
            let tries_left = u8::try_from(row.take::<u64>()?).map_err(|_| StoreError::Damaged("tries"))?;
            CodeProof::Sent { code, until, tries_left }
        }
        "proved" => CodeProof::Proved,
        "closed" => CodeProof::Closed,
        _ => return Err(StoreError::Damaged("the state of a proof")),
    }))
}

async fn keep<D: Db>(db: &mut D, holder: &Holder, factor: Factor, proof: CodeProof) -> Result<(), StoreError> {
    const SQL: &str = "
        INSERT INTO proof (holder_id, factor, state, code, until, tries_left)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (holder_id, factor) DO UPDATE
           SET state = EXCLUDED.state, code = EXCLUDED.code, until = EXCLUDED.until,
               tries_left = EXCLUDED.tries_left";
    // What is over keeps no code.
    let over = ([0; 32], Timestamp::from_unix_millis(0), 0);
    let (state, (code, until, tries_left)) = match proof {
        CodeProof::Sent { code, until, tries_left } => ("sent", (code, until, i64::from(tries_left))),
        CodeProof::Proved => ("proved", over),
        CodeProof::Closed => ("closed", over),
    };
    db.exec(SQL, &[holder, &factor, &state, &code, &until, &tries_left]).await.map(drop)
}
