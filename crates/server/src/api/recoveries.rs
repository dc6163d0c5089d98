//! A forgotten password (PROTOCOL §9a): the recovery code's proof, a factor, then a new password and a new sheet.

use axum::{
    extract::{FromRequestParts, State},
    http::{StatusCode, request::Parts},
    response::Response,
};
use securemailbox_protocol::{
    accounts::{PasswordRequest, PasswordResponse},
    factors::Offers,
    ids::{AccountId, RecoveryId},
    problems::{ProblemDetails, ProblemType},
    security::SecurityEventKind,
    sessions::NewSession,
    sign_in::{CompleteRecovery, NewRecovery, RecoveredSlot, Recovery, RecoveryProved},
    waits::WaitKind,
};
use securemailbox_store::{
    proofs::HolderId,
    proving::{Guessed, Guesser},
    recoveries::{self, BeginRecovery, BegunRecovery, Recovered, RecoveryError, RecoveryForPassword},
    sign_in::CredentialsByAddress,
    waits::NewWait,
};
use sha2::{Digest, Sha256};

use super::{Id, proofs, security, slots, waits};
use crate::{
    body::Json,
    devices::{Caller, PresentedDevice},
    even::evenly,
    mailroom::Mailroom,
    problem::Problem,
    session::{self, FromOwnPage, Token},
};

impl From<RecoveryError> for Problem {
    fn from(error: RecoveryError) -> Self {
        match error {
            RecoveryError::RecoveryOver => ProblemType::CredentialsRefused.into(),
            RecoveryError::SameId => Self::bad_request("each slot has an id of its own"),
            RecoveryError::Store(source) => source.into(),
        }
    }
}

/// Begins with the proof of the recovery code, and offers the factors of which one is asked for beside it. A wrong proof and an unknown address answer alike.
#[utoipa::path(post, path = "/recoveries", request_body = NewRecovery,
    responses((status = 201, body = Recovery), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn begin(
    State(mailroom): State<Mailroom>,
    caller: Caller,
    Json(new): Json<NewRecovery>,
) -> Result<(StatusCode, Json<Recovery>), Problem> {
    evenly(begun(mailroom, caller, new)).await
}

async fn begun(
    mailroom: Mailroom,
    Caller { network, device }: Caller,
    new: NewRecovery,
) -> Result<(StatusCode, Json<Recovery>), Problem> {
    let address_lookup = mailroom.seal.address_look_up(&new.address);
    let found = mailroom.store.read(CredentialsByAddress { address_lookup }).await?;
    let device = match found {
        Some(found) => device.known_still(&mailroom, found.account).await?,
        None => None,
    };
    mailroom.rates.guess(network, address_lookup, device)?;
    let now = mailroom.now();
    let mut rng = mailroom.rng();
    let id = RecoveryId::new(now, &mut rng);
    let act = BeginRecovery { id, address_lookup, proof_hash: Sha256::digest(&new.proof.0).into(), now };
    let BegunRecovery { offered, waits, waited } =
        mailroom.store.write(act).await?.ok_or(ProblemType::CredentialsRefused)?;
    let Offers { offers } = proofs::offers(&mailroom, &offered)?;
    Ok((StatusCode::CREATED, Json(Recovery { id, offers, waits: waits.filter(|_| !waited), waited })))
}

/// What a recovery came to, as it travels.
pub(super) fn proved(recovered: Recovered) -> RecoveryProved {
    match recovered {
        Recovered::Slot { account, slot } => {
            RecoveryProved::Slot(RecoveredSlot { account, id: slot.id, sealed: slot.sealed })
        }
        Recovered::Waits(wait) => RecoveryProved::Wait(wait),
    }
}

/// What begins to wait, should the one-time code be right that was typed for a recovery.
pub(super) async fn of_paper(mailroom: &Mailroom, id: RecoveryId) -> Result<NewWait, Problem> {
    let guessed = Guessed { holder: HolderId::Recovery(id), now: mailroom.now() };
    match mailroom.store.read(guessed).await? {
        Some(Guesser::Account(account)) => waits::new(mailroom, account, WaitKind::Recovery).await,
        Some(Guesser::Registering(_) | Guesser::Guest(_)) | None => Err(ProblemType::CodeRefused.into()),
    }
}

/// A recovery for which a factor is proved, and whose it is. Asked for before a body is read, so that a stranger's never is.
pub(crate) struct Proved {
    id: RecoveryId,
    account: AccountId,
}

impl FromRequestParts<Mailroom> for Proved {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, mailroom: &Mailroom) -> Result<Self, Problem> {
        let Id(id) = Id::from_request_parts(parts, mailroom).await?;
        let account = mailroom.store.read(RecoveryForPassword { id, now: mailroom.now() }).await?;
        Ok(Self { id, account })
    }
}

/// The server's half of an OPAQUE registration (RFC 9807 §5) for the new password.
#[utoipa::path(post, path = "/recoveries/{id}/password", params(("id" = RecoveryId, Path)), request_body = PasswordRequest,
    responses((status = 200, body = PasswordResponse), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn password(
    State(mailroom): State<Mailroom>,
    Proved { account, .. }: Proved,
    Json(request): Json<PasswordRequest>,
) -> Result<Json<PasswordResponse>, Problem> {
    mailroom.opaque.answer(account, &request)
}

/// A new password and a new sheet in one transaction; all other sessions end.
#[utoipa::path(post, path = "/recoveries/{id}/complete", params(("id" = RecoveryId, Path)), request_body = CompleteRecovery,
    responses((status = 201, body = NewSession), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn complete(
    State(mailroom): State<Mailroom>,
    own_page: FromOwnPage,
    device: PresentedDevice,
    Proved { id, account }: Proved,
    Json(complete): Json<CompleteRecovery>,
) -> Result<Response, Problem> {
    session::check_delivery(complete.session, own_page)?;
    let now = mailroom.now();
    let token = Token::generate(&mailroom);
    let device = device.at(&mailroom, account);
    let session = session::fresh(&mailroom, &token, device);
    let act = recoveries::CompleteRecovery {
        id,
        password: slots::password_slot(complete.password)?,
        recovery: slots::recovery_slot(complete.recovery)?,
        session: session.clone(),
        now,
    };
    let event = SecurityEventKind::PasswordReplaced;
    let begun = security::write_noted(&mailroom, account, session.id, event, act).await?;
    // What the old password and sheet could open must not wait in the log for the next erasure.
    mailroom.store.scrub_log().await?;
    let answer = session::begun(session.id, begun, Vec::new());
    Ok(session::hand_over(&mailroom, answer, &token, complete.session, device))
}
