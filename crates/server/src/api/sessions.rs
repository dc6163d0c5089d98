//! Sessions: seeing them, ending them, signing out.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};
use securemailbox_protocol::{
    ids::{SessionId, SignInId},
    octets::Octets,
    passkeys::Assertion,
    problems::{ProblemDetails, ProblemType},
    security::SecurityEventKind,
    sessions::{SessionDelivery, SessionRow, Sessions, Unlock, UnlockProof},
    slots::Slot,
};
use securemailbox_store::{
    devices::PutOutSession,
    passkeys::{TakePasskeySignIn, UnlockByPasskey},
    security::SecurityEvent,
    sessions::{EndOtherSessions, EndSession, EndSessionError, ListSessions},
    sign_in::TakeSignInState,
    slots::{RefuseUnlock, Refused, UnlockSession},
};

use super::{Id, passkeys, proofs, security};
use crate::{
    body::Json,
    devices,
    mailroom::Mailroom,
    opaque::OpaqueServer,
    problem::Problem,
    session::{self, LockedOrNot, Session},
};

impl From<EndSessionError> for Problem {
    fn from(error: EndSessionError) -> Self {
        match error {
            EndSessionError::NotFound => ProblemType::NotFound.into(),
            EndSessionError::Store(source) => source.into(),
        }
    }
}

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
    mailroom.store.write(EndSession { account: session.account, session: session.id }).await?;
    // The share is destroyed only once it is out of the log too.
    mailroom.store.scrub_log().await?;
    Ok(match session.delivery {
        SessionDelivery::Bearer => StatusCode::NO_CONTENT.into_response(),
        SessionDelivery::Cookie => {
            let cookies =
                [session::forget_cookie(), devices::forget_cookie()].map(|cookie| (header::SET_COOKIE, cookie));
            (StatusCode::NO_CONTENT, AppendHeaders(cookies)).into_response()
        }
    })
}

/// Unlocks this session, by the last message of a sign-in for its address, or by a passkey that has a slot. No factor is asked
/// for again, since the session has proved one. What is wrong is one try of that sign-in, and of few in a row at this session:
/// then it ends.
#[utoipa::path(post, path = "/sessions/current/unlock", request_body = Unlock,
    responses((status = 200, body = Slot), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn unlock(
    State(mailroom): State<Mailroom>,
    LockedOrNot { session, .. }: LockedOrNot,
    Json(Unlock { sign_in, proof }): Json<Unlock>,
) -> Result<Json<Slot>, Problem> {
    let slot = match proof {
        UnlockProof::Password(finalization) => by_password(&mailroom, &session, sign_in, &finalization).await?,
        UnlockProof::Passkey(assertion) => by_passkey(&mailroom, &session, sign_in, &assertion).await?,
    };
    Ok(Json(slot))
}

async fn by_password(
    mailroom: &Mailroom,
    session: &Session,
    sign_in: SignInId,
    finalization: &Octets,
) -> Result<Slot, Problem> {
    let (account, now) = (session.account, mailroom.now());
    let taken = mailroom.store.write(TakeSignInState { id: sign_in, now }).await?;
    let taken = taken.ok_or(ProblemType::CredentialsRefused)?;
    let proved = OpaqueServer::finish_login(&taken.state, &finalization.0).is_ok();
    if !proved || taken.account != Some(account) {
        return Err(refuse_unlock(mailroom, session, ProblemType::CredentialsRefused).await?.into());
    }
    let unlocked = mailroom.store.write(UnlockSession { account, session: session.id, sign_in }).await?;
    Ok(unlocked.ok_or(ProblemType::NotSignedIn)?)
}

async fn by_passkey(
    mailroom: &Mailroom,
    session: &Session,
    sign_in: SignInId,
    assertion: &Assertion,
) -> Result<Slot, Problem> {
    let (account, now) = (session.account, mailroom.now());
    let taken = mailroom.store.write(TakePasskeySignIn { id: sign_in, now }).await?;
    let challenge = taken.ok_or_else(passkeys::refused)?;
    let proved = passkeys::proved(mailroom, assertion, &challenge, account).await;
    let unlocked = match proved {
        Ok((factor, authenticator)) => {
            let unlock = UnlockByPasskey { account, session: session.id, factor, authenticator, now };
            mailroom.store.write(unlock).await?
        }
        Err(problem) if problem.kind() == ProblemType::PasskeyRefused => None,
        Err(problem) => return Err(problem),
    };
    match unlocked {
        Some(slot) => Ok(slot),
        None => Err(refuse_unlock(mailroom, session, ProblemType::PasskeyRefused).await?.into()),
    }
}

/// Counts a wrong password or passkey. A session that had too many is over.
async fn refuse_unlock(mailroom: &Mailroom, session: &Session, refused: ProblemType) -> Result<ProblemType, Problem> {
    let (account, id, now) = (session.account, session.id, mailroom.now());
    let ended = SecurityEvent { kind: SecurityEventKind::SessionEnded, session: id, at: now };
    let notices = security::announcement(mailroom, account, ended).await?;
    match mailroom.store.write(RefuseUnlock { account, session: id, notices, now }).await? {
        Refused::Again => Ok(refused),
        Refused::Over => {
            security::ring(mailroom);
            mailroom.store.scrub_log().await?;
            Ok(ProblemType::NotSignedIn)
        }
    }
}

/// Ends another of one's own sessions: a lost device opens nothing any more. Asks for a fresh proof, but of whom ends the
/// very session that asks.
#[utoipa::path(delete, path = "/sessions/{id}", params(("id" = SessionId, Path)),
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn end(
    State(mailroom): State<Mailroom>,
    session: Session,
    Id(id): Id<SessionId>,
) -> Result<StatusCode, Problem> {
    let account = session.account;
    if id == session.id {
        mailroom.store.write(EndSession { account, session: id }).await?;
    } else {
        proofs::demand_best(&mailroom, &session).await?;
        let put_out = PutOutSession { account, session: id, by: session.id, now: mailroom.now() };
        let put_out = session.acts(&mailroom, put_out);
        security::write_noted(&mailroom, account, id, SecurityEventKind::SessionEnded, put_out).await?;
    }
    mailroom.store.scrub_log().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all of one's own sessions but the one that asks, and every sign-in and recovery that is under way. Asks for a fresh
/// proof.
#[utoipa::path(delete, path = "/sessions/others", responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn end_others(State(mailroom): State<Mailroom>, session: Session) -> Result<StatusCode, Problem> {
    proofs::demand_best(&mailroom, &session).await?;
    let (account, now) = (session.account, mailroom.now());
    let ended = SecurityEvent { kind: SecurityEventKind::OtherSessionsEnded, session: session.id, at: now };
    let notices = security::announcement(&mailroom, account, ended).await?;
    let others = EndOtherSessions { account, session: session.id, notices, now };
    mailroom.store.write(session.acts(&mailroom, others)).await?;
    security::ring(&mailroom);
    mailroom.store.scrub_log().await?;
    Ok(StatusCode::NO_CONTENT)
}
