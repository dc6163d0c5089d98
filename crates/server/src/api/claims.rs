//! A conversation by a link moves to the mailbox that its reader has already (PROTOCOL §5).

use axum::{extract::State, http::StatusCode};
use securemailbox_protocol::{
    invitations::NewClaim,
    problems::{ProblemDetails, ProblemType},
};
use securemailbox_store::{claims::Claim, registrations::RegistrationError, sessions::InSessionError};

use super::registrations;
use crate::{body::Json, mailroom::Mailroom, problem::Problem, session::Session};

/// Moves everything that a guest of this member's address was written to this mailbox, and removes the guest. 404 if the session
/// shown beside is none of such a guest, or proved its phone more than an hour ago.
#[utoipa::path(post, path = "/claims", request_body = NewClaim,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn claim(
    State(mailroom): State<Mailroom>,
    session: Session,
    Json(new): Json<NewClaim>,
) -> Result<StatusCode, Problem> {
    let claim = registrations::claim(new)?;
    let act = Claim { account: session.account, claim, now: mailroom.now() };
    match mailroom.store.write(session.acts(&mailroom, act)).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        // Not `not-signed-in`: it is not this session that is over.
        Err(InSessionError::Act(RegistrationError::NotTheGuest)) => Err(ProblemType::NotFound.into()),
        Err(error) => Err(error.into()),
    }
}
