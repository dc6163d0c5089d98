//! One's own account, as the server has it.

use axum::extract::State;
use securemailbox_protocol::{
    accounts::Account,
    problems::{ProblemDetails, ProblemType},
};
use securemailbox_store::accounts::AccountById;

use crate::{body::Json, mailroom::Mailroom, problem::Problem, session::Session};

/// One's own account.
#[utoipa::path(get, path = "/account", responses((status = 200, body = Account), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn read(State(mailroom): State<Mailroom>, session: Session) -> Result<Json<Account>, Problem> {
    let account = mailroom.store.read(AccountById { account: session.account }).await?.ok_or(ProblemType::NotFound)?;
    Ok(Json(Account {
        id: account.id,
        kind: account.kind,
        language: account.language,
        address: mailroom.seal.address(account.id, &account.address_sealed)?,
        certificate: account.certificate,
        phone_ends: mailroom.seal.phone(account.id, &account.phone_sealed)?.last_digits().to_owned(),
    }))
}
