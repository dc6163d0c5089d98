//! One's own account, as the server has it.

use axum::{extract::State, http::StatusCode};
use securemailbox_protocol::{
    accounts::{Account, AccountUpdate, Amounts},
    problems::{ProblemDetails, ProblemType},
};
use securemailbox_store::{
    accounts::{AccountById, UpdateAccount},
    slots::WaysIn,
};

use crate::{
    body::Json,
    mailroom::Mailroom,
    problem::Problem,
    session::{LockedOrNot, Session},
};

/// Reads one's own account.
#[utoipa::path(get, path = "/account", responses((status = 200, body = Account), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn read(
    State(mailroom): State<Mailroom>,
    LockedOrNot { session, .. }: LockedOrNot,
) -> Result<Json<Account>, Problem> {
    let account = mailroom.store.read(AccountById { account: session.account }).await?.ok_or(ProblemType::NotFound)?;
    let mut opens = mailroom.store.read(WaysIn { account: session.account }).await?;
    opens.dedup();
    Ok(Json(Account {
        id: account.id,
        kind: account.kind,
        language: account.language,
        trash_life: account.trash_life,
        notices: account.notices,
        address: mailroom.seal.address(account.id, &account.address_sealed)?,
        certificate: account.certificate,
        opens,
        holds: Amounts { letters: account.letters, bytes: account.bytes },
        largest_file: mailroom.largest_file,
        quota: Amounts { letters: mailroom.quota.letters, bytes: mailroom.quota.bytes },
    }))
}

/// Chooses the language of e-mails and SMS, how long letters lie in the trash, and when to be told of letters. What concerns
/// security is told in any case.
#[utoipa::path(patch, path = "/account", request_body = AccountUpdate,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn update(
    State(mailroom): State<Mailroom>,
    session: Session,
    Json(update): Json<AccountUpdate>,
) -> Result<StatusCode, Problem> {
    mailroom.store.write(session.acts(&mailroom, UpdateAccount { account: session.account, update })).await?;
    Ok(StatusCode::NO_CONTENT)
}
