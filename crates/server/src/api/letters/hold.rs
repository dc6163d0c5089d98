//! A held letter: sent at once after all, or taken back (PROTOCOL §4.3).

use axum::{extract::State, http::StatusCode};
use securemailbox_protocol::{
    ids::LetterId,
    letters::HeldLetters,
    limits,
    problems::{ProblemDetails, ProblemType},
};
use securemailbox_store::{
    letters::{EndHold, EndHoldError, TakeBack, TakeBackError},
    notices::Lane,
};

use crate::{access::Access, body::Json, mailroom::Mailroom, problem::Problem};

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

/// Ends the hold of one's own letters: they go out. One that has gone out is answered alike.
#[utoipa::path(post, path = "/letters/release", request_body = HeldLetters,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn release(
    State(mailroom): State<Mailroom>,
    access: Access,
    Json(HeldLetters { letters }): Json<HeldLetters>,
) -> Result<StatusCode, Problem> {
    let (now, letters) = (mailroom.now(), few(letters)?);
    mailroom
        .store
        .write(access.acts(&mailroom, EndHold { mailbox: access.mailbox, letters: letters.clone(), now }))
        .await?;
    // Whoever is told that they went out may count on it.
    for letter in letters {
        mailroom.store.release_letter(letter, mailroom.quota, now).await?;
    }
    mailroom.notices.ring(Lane::Letters);
    Ok(StatusCode::NO_CONTENT)
}

/// Takes one's own letters back before their readers have them, all or none: they go from one's own mailbox, too.
#[utoipa::path(post, path = "/letters/take-back", request_body = HeldLetters,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn take_back(
    State(mailroom): State<Mailroom>,
    access: Access,
    Json(HeldLetters { letters }): Json<HeldLetters>,
) -> Result<StatusCode, Problem> {
    mailroom.store.write(access.acts(&mailroom, TakeBack { mailbox: access.mailbox, letters: few(letters)? })).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// As many as one post may have.
fn few(letters: Vec<LetterId>) -> Result<Vec<LetterId>, Problem> {
    if (1..=limits::LETTERS).contains(&letters.len()) {
        Ok(letters)
    } else {
        Err(Problem::bad_request(format!("`letters` holds 1 to {} letters", limits::LETTERS)))
    }
}
