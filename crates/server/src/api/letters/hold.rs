//! A held letter: sent at once after all, or taken back (PROTOCOL §4.3).

use axum::{extract::State, http::StatusCode};
use securemailbox_protocol::{
    ids::LetterId,
    problems::{ProblemDetails, ProblemType},
};
use securemailbox_store::{
    letters::{EndHold, EndHoldError, TakeBack, TakeBackError},
    notices::Lane,
};

use crate::{access::Access, api::Id, mailroom::Mailroom, problem::Problem};

impl From<EndHoldError> for Problem {
    fn from(error: EndHoldError) -> Self {
        match error {
            EndHoldError::NotFound => ProblemType::NotFound.into(),
            EndHoldError::Store(source) => source.into(),
        }
    }
}

impl From<TakeBackError> for Problem {
    fn from(error: TakeBackError) -> Self {
        match error {
            TakeBackError::NotFound => ProblemType::NotFound.into(),
            TakeBackError::Released => ProblemType::AlreadyReleased.into(),
            TakeBackError::Store(source) => source.into(),
        }
    }
}

/// Ends the hold of one's own letter: it goes out. One that has gone out is answered alike.
#[utoipa::path(post, path = "/letters/{id}/release", params(("id" = LetterId, Path)),
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn release(
    State(mailroom): State<Mailroom>,
    access: Access,
    Id(letter): Id<LetterId>,
) -> Result<StatusCode, Problem> {
    let now = mailroom.now();
    mailroom.store.write(EndHold { mailbox: access.mailbox, letter, now }).await?;
    // Whoever is told that it went out may count on it.
    mailroom.store.release_letter(letter, mailroom.quota, now).await?;
    mailroom.notices.ring(Lane::Letters);
    Ok(StatusCode::NO_CONTENT)
}

/// Takes one's own letter back before its readers have it: it goes from one's own mailbox, too.
#[utoipa::path(post, path = "/letters/{id}/take-back", params(("id" = LetterId, Path)),
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn take_back(
    State(mailroom): State<Mailroom>,
    access: Access,
    Id(letter): Id<LetterId>,
) -> Result<StatusCode, Problem> {
    mailroom.store.write(TakeBack { mailbox: access.mailbox, letter }).await?;
    Ok(StatusCode::NO_CONTENT)
}
