//! The device slot of a session (PROTOCOL §2, §9a): keeps a person who wants it signed in.

use axum::{extract::State, http::StatusCode};
use securemailbox_protocol::{
    limits,
    problems::{ProblemDetails, ProblemType},
    sealed::Purpose,
    slots::{DeviceSlot, NewDeviceSlot},
};
use securemailbox_store::slots::{self, DeviceSlotOf, DropDeviceSlot, PutDeviceSlot, PutDeviceSlotError};

use super::within;
use crate::{body::Json, mailroom::Mailroom, problem::Problem, session::Session};

/// Bytes of a server share.
const SHARE: usize = 32;

impl From<PutDeviceSlotError> for Problem {
    fn from(error: PutDeviceSlotError) -> Self {
        match error {
            PutDeviceSlotError::NoSession => ProblemType::NotSignedIn.into(),
            PutDeviceSlotError::SlotExists => Self::bad_request("`id` is another slot's"),
            PutDeviceSlotError::Store(source) => source.into(),
        }
    }
}

/// Gives this session a device slot, in place of the one it had.
#[utoipa::path(put, path = "/slots/device", request_body = NewDeviceSlot,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn put_device(
    State(mailroom): State<Mailroom>,
    session: Session,
    Json(new): Json<NewDeviceSlot>,
) -> Result<StatusCode, Problem> {
    within("sealed", &new.sealed.0, limits::SLOT)?;
    if new.share.0.len() != SHARE {
        return Err(Problem::bad_request("`share` is 32 bytes"));
    }
    let share_sealed = mailroom.seal.seal(
        Purpose::Share,
        *session.account.as_bytes(),
        *new.id.as_bytes(),
        &new.share.0,
        &mut mailroom.rng(),
    );
    let slot = slots::DeviceSlot { id: new.id, sealed: new.sealed.0, share_sealed };
    mailroom.store.write(PutDeviceSlot { account: session.account, session: session.id, slot, keep: new.keep }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// This session's device slot with its server share.
#[utoipa::path(get, path = "/slots/device", responses((status = 200, body = DeviceSlot), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn read_device(
    State(mailroom): State<Mailroom>,
    session: Session,
) -> Result<Json<DeviceSlot>, Problem> {
    let slot = mailroom.store.read(DeviceSlotOf { session: session.id }).await?.ok_or(ProblemType::NotFound)?;
    let share =
        mailroom.seal.open(Purpose::Share, *session.account.as_bytes(), *slot.id.as_bytes(), &slot.share_sealed)?;
    Ok(Json(DeviceSlot { id: slot.id, sealed: slot.sealed.into(), share: share.to_vec().into() }))
}

/// Destroys this session's device slot and share; the session stays (Lock).
#[utoipa::path(delete, path = "/slots/device", responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn drop_device(State(mailroom): State<Mailroom>, session: Session) -> Result<StatusCode, Problem> {
    mailroom.store.write(DropDeviceSlot { session: session.id }).await?;
    mailroom.store.scrub_log().await?;
    Ok(StatusCode::NO_CONTENT)
}
