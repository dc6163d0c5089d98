//! The slots a session may have (PROTOCOL §2, §9a): its own device slot, another password for the old, and a new sheet for the
//! old.

use axum::{
    extract::State,
    http::StatusCode,
    response::{AppendHeaders, IntoResponse, Response},
};
use securemailbox_protocol::{
    accounts::{PasswordRequest, PasswordResponse},
    ids::{AccountId, SlotId},
    limits,
    octets::Octets,
    problems::{ProblemDetails, ProblemType},
    sealed::Purpose,
    security::SecurityEventKind,
    slots::{DeviceSlot, NewDeviceSlot, NewPasswordSlot, NewRecoverySlot, SlotKind},
};
use securemailbox_store::{
    recoveries::PutRecoverySlot,
    slots::{
        self, DeviceSlotOf, HasPasswordSlot, LockSession, PasswordSlot, PutDeviceSlot, PutPasswordSlot, PutSlotError,
        RecoverySlot, RemovePassword, RemovePasswordError, WaysIn,
    },
};
use sha2::{Digest, Sha256};

use super::{proofs, security, within};
use crate::{
    body::Json,
    mailroom::Mailroom,
    opaque::OpaqueServer,
    problem::Problem,
    session::{LockedOrNot, OfAnybody, PresentedToken, Session},
};

/// The length of a server share, in bytes.
const SHARE: usize = 32;

impl From<PutSlotError> for Problem {
    fn from(error: PutSlotError) -> Self {
        match error {
            PutSlotError::NoSession => ProblemType::NotSignedIn.into(),
            PutSlotError::SlotExists => Self::bad_request("`id` is another slot's"),
            PutSlotError::Store(source) => source.into(),
        }
    }
}

impl From<RemovePasswordError> for Problem {
    fn from(error: RemovePasswordError) -> Self {
        match error {
            RemovePasswordError::NoSession => ProblemType::NotSignedIn.into(),
            RemovePasswordError::LastWayIn => ProblemType::LastWayIn.into(),
            RemovePasswordError::Store(source) => source.into(),
        }
    }
}

/// Gives this session a device slot, in place of the one it had.
#[utoipa::path(put, path = "/slots/device", request_body = NewDeviceSlot,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn put_device(
    State(mailroom): State<Mailroom>,
    OfAnybody(session): OfAnybody,
    PresentedToken(token): PresentedToken,
    Json(new): Json<NewDeviceSlot>,
) -> Result<Response, Problem> {
    within("sealed", &new.sealed.0, limits::SLOT)?;
    let share_sealed = seal_share(&mailroom, session.account, new.id, &new.share.0)?;
    let slot = slots::DeviceSlot { id: new.id, sealed: new.sealed.0, share_sealed };
    mailroom.store.write(PutDeviceSlot { account: session.account, session: session.id, slot, keep: new.keep }).await?;
    let cookie = session.renewed_cookie(&token, new.keep, mailroom.now());
    Ok((StatusCode::NO_CONTENT, AppendHeaders(cookie)).into_response())
}

/// This session's device slot with its server share. A browser that is kept signed in asks for it whenever its page is opened,
/// so its cookie is renewed by the answer.
#[utoipa::path(get, path = "/slots/device", responses((status = 200, body = DeviceSlot), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn read_device(
    State(mailroom): State<Mailroom>,
    OfAnybody(session): OfAnybody,
    PresentedToken(token): PresentedToken,
) -> Result<Response, Problem> {
    let slot = mailroom.store.read(DeviceSlotOf { session: session.id }).await?.ok_or(ProblemType::NotFound)?;
    let share = open_share(&mailroom, session.account, slot.id, &slot.share_sealed)?;
    let cookie = session.renewed_cookie(&token, session.kept, mailroom.now());
    let slot = DeviceSlot { id: slot.id, sealed: slot.sealed.into(), share };
    Ok((AppendHeaders(cookie), axum::Json(slot)).into_response())
}

/// A server share that a client made, as it is kept.
pub(super) fn seal_share(
    mailroom: &Mailroom,
    account: AccountId,
    slot: SlotId,
    share: &[u8],
) -> Result<Vec<u8>, Problem> {
    if share.len() != SHARE {
        return Err(Problem::bad_request("`share` is 32 bytes"));
    }
    let (account, slot) = (*account.as_bytes(), *slot.as_bytes());
    Ok(mailroom.seal.seal(Purpose::Share, account, slot, share, &mut mailroom.rng()))
}

/// The share again, to be given out.
pub(super) fn open_share(
    mailroom: &Mailroom,
    account: AccountId,
    slot: SlotId,
    sealed: &[u8],
) -> Result<Octets, Problem> {
    Ok(mailroom.seal.open(Purpose::Share, *account.as_bytes(), *slot.as_bytes(), sealed)?.to_vec().into())
}

/// Locks this session: its device slot and share are destroyed, and it may do nothing until it is unlocked.
#[utoipa::path(delete, path = "/slots/device", responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn drop_device(
    State(mailroom): State<Mailroom>,
    LockedOrNot { session, .. }: LockedOrNot,
) -> Result<StatusCode, Problem> {
    mailroom.store.write(LockSession { session: session.id }).await?;
    mailroom.store.scrub_log().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts a new recovery sheet in the place of the old one, which opens nothing any more. Asks for a fresh proof.
#[utoipa::path(put, path = "/slots/recovery", request_body = NewRecoverySlot,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn put_recovery(
    State(mailroom): State<Mailroom>,
    session: Session,
    Json(new): Json<NewRecoverySlot>,
) -> Result<StatusCode, Problem> {
    let slot = recovery_slot(new)?;
    proofs::demand_best(&mailroom, &session).await?;
    mailroom.rates.sheet(session.account)?;
    let Session { account, id, .. } = session;
    let put = PutRecoverySlot { account, session: id, slot };
    security::write_noted(&mailroom, account, id, SecurityEventKind::SheetReplaced, put).await?;
    // The old sheet opens nothing only once its slot is out of the log too.
    mailroom.store.scrub_log().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The server's half of an OPAQUE registration (RFC 9807 §5) for another password. Asks for a fresh proof as well: each answer
/// is one that a guess at the old password needs.
#[utoipa::path(post, path = "/slots/password/begin", request_body = PasswordRequest,
    responses((status = 200, body = PasswordResponse), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn begin_password(
    State(mailroom): State<Mailroom>,
    session: Session,
    Json(request): Json<PasswordRequest>,
) -> Result<Json<PasswordResponse>, Problem> {
    proofs::demand_best(&mailroom, &session).await?;
    mailroom.rates.password(session.account)?;
    mailroom.opaque.answer(session.account, &request)
}

/// Puts another password in the place of the old one, which opens nothing any more. Asks for a fresh proof. The same slot again
/// changes nothing, and is announced no second time.
#[utoipa::path(put, path = "/slots/password", request_body = NewPasswordSlot,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn put_password(
    State(mailroom): State<Mailroom>,
    session: Session,
    Json(new): Json<NewPasswordSlot>,
) -> Result<StatusCode, Problem> {
    let slot = password_slot(new)?;
    proofs::demand_best(&mailroom, &session).await?;
    mailroom.rates.password(session.account)?;
    let Session { account, id, .. } = session;
    if !mailroom.store.read(HasPasswordSlot { account, slot: slot.clone() }).await? {
        let put = PutPasswordSlot { account, session: id, slot };
        security::write_noted(&mailroom, account, id, SecurityEventKind::PasswordChanged, put).await?;
    }
    // The old password opens nothing only once its slot is out of the log too.
    mailroom.store.scrub_log().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes the password away: passkeys that open the mailbox and the sheet are the ways in from then on, and there has to be one of
/// each. Asks for a fresh proof. Another one may be put by who is signed in, as in the place of an old one.
#[utoipa::path(delete, path = "/slots/password",
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn remove_password(State(mailroom): State<Mailroom>, session: Session) -> Result<StatusCode, Problem> {
    proofs::demand_best(&mailroom, &session).await?;
    let Session { account, id, .. } = session;
    // The same again is the retry of a lost answer.
    if mailroom.store.read(WaysIn { account }).await?.contains(&SlotKind::Password) {
        let remove = RemovePassword { account, session: id };
        security::write_noted(&mailroom, account, id, SecurityEventKind::PasswordRemoved, remove).await?;
    }
    // It opens nothing only once its slot is out of the log too.
    mailroom.store.scrub_log().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A password's slot within its limits, with a record that can be used later.
pub(super) fn password_slot(slot: NewPasswordSlot) -> Result<PasswordSlot, Problem> {
    within("password.sealed", &slot.sealed.0, limits::SLOT)?;
    OpaqueServer::check_record(&slot.opaque_record.0)
        .map_err(|_| Problem::bad_request("`password.opaque_record` is not an OPAQUE registration record"))?;
    Ok(PasswordSlot { id: slot.id, sealed: slot.sealed.0, opaque_record: slot.opaque_record.0 })
}

/// A sheet's slot within its limits, with the hash of its proof.
pub(super) fn recovery_slot(slot: NewRecoverySlot) -> Result<RecoverySlot, Problem> {
    within("recovery.sealed", &slot.sealed.0, limits::SLOT)?;
    Ok(RecoverySlot { id: slot.id, sealed: slot.sealed.0, proof_hash: Sha256::digest(&slot.proof.0).into() })
}
