//! What is done to an account only when its time has come (PROTOCOL §7): announced to every channel, and stopped by any session of
//! the account, or by whoever has the link of an announcement.

use axum::{extract::State, http::StatusCode};
use securemailbox_protocol::{
    coding::base64url,
    ids::{AccountId, SessionId},
    problems::{ProblemDetails, ProblemType},
    security::SecurityEventKind,
    waits::{TOKEN, Wait, WaitKind, WaitLink},
};
use securemailbox_store::{
    notices::NewNotice,
    removals::{RemovalsDue, RemoveAccount},
    security::SecurityEvent,
    waits::{AnnounceWait, NewWait, StopHash, StopWait, StopWaitError, WaitByLink, WaitsToAnnounce, put_off},
};
use sha2::{Digest, Sha256};

use super::{Id, proofs::NO_SESSION, security};
use crate::{body::Json, devices::Caller, mailroom::Mailroom, notices::Text, problem::Problem, session::Session};

impl From<StopWaitError> for Problem {
    fn from(error: StopWaitError) -> Self {
        match error {
            StopWaitError::NotFound => ProblemType::NotFound.into(),
            StopWaitError::Store(source) => source.into(),
        }
    }
}

/// What the link of an announcement is about. Changes nothing: what scans an e-mail opens its links.
#[utoipa::path(post, path = "/waits/find", request_body = WaitLink,
    responses((status = 200, body = Wait), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn find(
    State(mailroom): State<Mailroom>,
    caller: Caller,
    Json(link): Json<WaitLink>,
) -> Result<Json<Wait>, Problem> {
    Ok(Json(by_link(&mailroom, caller, &link).await?.1))
}

/// Stops what the link of an announcement is about. Nothing but the link is asked for: only its owner's own channels were told.
#[utoipa::path(post, path = "/waits/stop", request_body = WaitLink,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn stop_by_link(
    State(mailroom): State<Mailroom>,
    caller: Caller,
    Json(link): Json<WaitLink>,
) -> Result<StatusCode, Problem> {
    let (account, Wait { kind, .. }) = by_link(&mailroom, caller, &link).await?;
    stopped(&mailroom, account, kind, NO_SESSION).await
}

/// Stops what waits to be done to one's own account. Asks for no fresh proof: whoever is signed in can say no.
#[utoipa::path(delete, path = "/waits/{id}", params(("id" = WaitKind, Path)),
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn stop(
    State(mailroom): State<Mailroom>,
    session: Session,
    Id(kind): Id<WaitKind>,
) -> Result<StatusCode, Problem> {
    stopped(&mailroom, session.account, kind, session.id).await
}

async fn stopped(
    mailroom: &Mailroom,
    account: AccountId,
    kind: WaitKind,
    session: SessionId,
) -> Result<StatusCode, Problem> {
    let event = match kind {
        WaitKind::Recovery => SecurityEventKind::RecoveryStopped,
        WaitKind::Removal => SecurityEventKind::RemovalStopped,
    };
    security::write_noted(mailroom, account, session, event, StopWait { account, kind }).await?;
    // What is void opens nothing only once it is out of the log too.
    mailroom.store.scrub_log().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One answer for a link that was never given out and for one that is over. Tries are counted by their network.
async fn by_link(mailroom: &Mailroom, caller: Caller, link: &WaitLink) -> Result<(AccountId, Wait), Problem> {
    mailroom.rates.entrance(caller.network)?;
    let token: &[u8; TOKEN] = link.token.0.as_slice().try_into().map_err(|_| ProblemType::NotFound)?;
    let found = mailroom.store.read(WaitByLink { stop_hash: hash(token) }).await?;
    Ok(found.ok_or(ProblemType::NotFound)?)
}

/// What begins to wait now, with what announces it.
pub(super) async fn new(mailroom: &Mailroom, account: AccountId, kind: WaitKind) -> Result<NewWait, Problem> {
    let begun = mailroom.now();
    let wait = Wait { kind, begun, due: begun.after(kind.lasts()) };
    let event = match kind {
        WaitKind::Recovery => SecurityEventKind::RecoveryBegun,
        WaitKind::Removal => SecurityEventKind::RemovalBegun,
    };
    let event = SecurityEvent { kind: event, session: NO_SESSION, at: begun };
    let notices = announcement(mailroom, account, wait).await?;
    Ok(NewWait { kind, stop_hash: hash(&mailroom.seal.stop_token(account, &wait)), event, notices })
}

/// Wakes the lanes of what was announced.
pub(super) fn ring(mailroom: &Mailroom) {
    security::ring(mailroom);
}

/// Removes the accounts whose time has come, all but their letters: some of them, the rest the next time. One that fails stands in
/// no other's way.
///
/// # Errors
/// The last that failed. It is tried again.
pub(crate) async fn remove_due(mailroom: &Mailroom) -> Result<(), Problem> {
    let mut outcome = Ok(());
    for account in mailroom.store.read(RemovalsDue { now: mailroom.now() }).await? {
        outcome = remove(mailroom, account).await.and(outcome);
    }
    outcome
}

async fn remove(mailroom: &Mailroom, account: AccountId) -> Result<(), Problem> {
    let notices = security::to_every_channel(mailroom, account, &Text::Removed, &Text::BriefRemoved).await?;
    mailroom.store.write(RemoveAccount { account, notices, now: mailroom.now() }).await?;
    security::ring(mailroom);
    Ok(())
}

/// Announces once more what has waited for long enough: some of it, the rest the next time. One that fails stands in no other's
/// way.
///
/// # Errors
/// The last that failed. It is tried again, and its time does not come before.
pub(crate) async fn announce_due(mailroom: &Mailroom) -> Result<(), Problem> {
    let mut outcome = Ok(());
    for (account, wait) in mailroom.store.read(WaitsToAnnounce { now: mailroom.now() }).await? {
        outcome = announce(mailroom, account, wait).await.and(outcome);
    }
    outcome
}

async fn announce(mailroom: &Mailroom, account: AccountId, wait: Wait) -> Result<(), Problem> {
    let now = mailroom.now();
    let notices = announcement(mailroom, account, put_off(wait, now)).await?;
    mailroom.store.write(AnnounceWait { account, wait, notices, now }).await?;
    security::ring(mailroom);
    Ok(())
}

async fn announcement(mailroom: &Mailroom, account: AccountId, wait: Wait) -> Result<Vec<NewNotice>, Problem> {
    let stop = base64url::encode(&mailroom.seal.stop_token(account, &wait));
    let (long, brief) = (Text::Wait { wait, stop: stop.clone() }, Text::BriefWait { wait, stop });
    security::to_every_channel(mailroom, account, &long, &brief).await
}

fn hash(token: &[u8; TOKEN]) -> StopHash {
    Sha256::digest(token).into()
}

#[cfg(test)]
mod tests;
