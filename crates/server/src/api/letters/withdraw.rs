//! Taking a letter back from its readers (PROTOCOL §4.6).

use axum::{extract::State, http::StatusCode};
use securemailbox_protocol::{
    ids::LetterId,
    problems::{ProblemDetails, ProblemType},
};
use securemailbox_store::{
    letters::{Withdraw, WithdrawError},
    notices::Lane,
};

use crate::{access::Access, api::Id, mailroom::Mailroom, problem::Problem};

impl From<WithdrawError> for Problem {
    fn from(error: WithdrawError) -> Self {
        match error {
            WithdrawError::NotFound => ProblemType::NotFound.into(),
            WithdrawError::Store(source) => source.into(),
        }
    }
}

/// Takes one's own letter out of its readers' mailboxes; answered when the last trace of it there is gone. Whoever had opened
/// it is told that it was withdrawn.
#[utoipa::path(post, path = "/letters/{id}/withdraw", params(("id" = LetterId, Path)),
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn withdraw(
    State(mailroom): State<Mailroom>,
    access: Access,
    Id(letter): Id<LetterId>,
) -> Result<StatusCode, Problem> {
    mailroom
        .store
        .write(access.acts(&mailroom, Withdraw { mailbox: access.mailbox, letter, now: mailroom.now() }))
        .await?;
    mailroom.store.scrub_log().await?;
    // Somebody may have to be told of another letter now.
    mailroom.notices.ring(Lane::Letters);
    Ok(StatusCode::NO_CONTENT)
}
