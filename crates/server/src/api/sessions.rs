//! Sessions: seeing them, ending them, signing out.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use securemailbox_protocol::{
    ids::SessionId,
    problems::{ProblemDetails, ProblemType},
    sessions::{SessionDelivery, SessionRow, Sessions, Unlock},
    slots::Slot,
};
use securemailbox_store::{
    sessions::{EndSession, ListSessions},
    sign_in::TakeSignInState,
    slots::UnlockSession,
};

use super::Id;
use crate::{
    body::Json,
    mailroom::Mailroom,
    opaque::OpaqueServer,
    problem::Problem,
    session::{self, LockedOrNot, Session},
};

/// One's own sessions, newest first.
#[utoipa::path(get, path = "/sessions", responses((status = 200, body = Sessions), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn list(State(mailroom): State<Mailroom>, session: Session) -> Result<Json<Sessions>, Problem> {
    let rows = mailroom.store.read(ListSessions { account: session.account, now: mailroom.now() }).await?;
    let sessions = rows
        .into_iter()
        .map(|row| SessionRow {
            id: row.id,
            current: row.id == session.id,
            level: row.standing.level,
            proved: row.standing.proved,
            used: row.used,
            kept: row.kept,
        })
        .collect();
    Ok(Json(Sessions { sessions }))
}

/// Signs out: the session, its device slot and its server share are destroyed.
#[utoipa::path(delete, path = "/sessions/current", responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn sign_out(
    State(mailroom): State<Mailroom>,
    LockedOrNot { session, .. }: LockedOrNot,
) -> Result<Response, Problem> {
    end_one(&mailroom, &session, session.id).await?;
    Ok(match session.delivery {
        SessionDelivery::Bearer => StatusCode::NO_CONTENT.into_response(),
        SessionDelivery::Cookie => {
            (StatusCode::NO_CONTENT, [(header::SET_COOKIE, session::forget_cookie())]).into_response()
        }
    })
}

/// Unlocks this session: the password is proved by the last message of a sign-in for its address, and no factor is asked
/// for again, since the session has proved one. A wrong password is one try of that sign-in.
#[utoipa::path(post, path = "/sessions/current/unlock", request_body = Unlock,
    responses((status = 200, body = Slot), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn unlock(
    State(mailroom): State<Mailroom>,
    LockedOrNot { session, .. }: LockedOrNot,
    Json(unlock): Json<Unlock>,
) -> Result<Json<Slot>, Problem> {
    let (account, now) = (session.account, mailroom.now());
    let taken = mailroom.store.write(TakeSignInState { id: unlock.sign_in, now }).await?;
    let taken = taken.ok_or(ProblemType::CredentialsRefused)?;
    OpaqueServer::finish_login(&taken.state, &unlock.finalization.0).map_err(|_| ProblemType::CredentialsRefused)?;
    if taken.account != Some(account) {
        return Err(ProblemType::CredentialsRefused.into());
    }
    let unlocked =
        mailroom.store.write(UnlockSession { account, session: session.id, sign_in: unlock.sign_in }).await?;
    Ok(Json(unlocked.ok_or(ProblemType::NotSignedIn)?))
}

/// Ends another of one's own sessions: a lost device opens nothing any more.
#[utoipa::path(delete, path = "/sessions/{id}", params(("id" = SessionId, Path)),
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn end(
    State(mailroom): State<Mailroom>,
    session: Session,
    Id(id): Id<SessionId>,
) -> Result<StatusCode, Problem> {
    end_one(&mailroom, &session, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn end_one(mailroom: &Mailroom, session: &Session, id: SessionId) -> Result<(), Problem> {
    if !mailroom.store.write(EndSession { account: session.account, session: id }).await? {
        return Err(ProblemType::NotFound.into());
    }
    // The share is destroyed only once it is out of the log too.
    mailroom.store.scrub_log().await?;
    Ok(())
}
