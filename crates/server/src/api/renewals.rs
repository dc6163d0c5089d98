//! Renewing keys (PROTOCOL §10): records sealed anew wait until everything takes the place of the old at once; then the keys of
//! entries are wrapped anew, a few at a time.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use securemailbox_protocol::{
    ids::{CertificateHash, RecordId},
    limits,
    problems::{ProblemDetails, ProblemType},
    records::RecordPurpose,
    renewals::{Renewal, RewrappedKeys},
    security::SecurityEventKind,
    sessions::NewSession,
};
use securemailbox_store::renewals::{Renew, RenewError, RewrapKeys, StageRecord, StageRecordError};
use sha2::{Digest, Sha256};

use super::{Id, Query, proofs, records, security, slots, within};
use crate::{
    access::Access,
    body::{Json, Raw},
    devices::PresentedDevice,
    mailroom::Mailroom,
    problem::Problem,
    session::{self, FromOwnPage, Session, Token},
};

impl From<StageRecordError> for Problem {
    fn from(error: StageRecordError) -> Self {
        match error {
            StageRecordError::NotFound => ProblemType::NotFound.into(),
            StageRecordError::StaleVersion => ProblemType::StaleVersion.into(),
            StageRecordError::Store(source) => source.into(),
        }
    }
}

impl From<RenewError> for Problem {
    fn from(error: RenewError) -> Self {
        match error {
            RenewError::NoSession => ProblemType::NotSignedIn.into(),
            RenewError::Unfinished => ProblemType::StaleVersion.into(),
            RenewError::SameId => Self::bad_request("each slot has an id of its own"),
            RenewError::Store(source) => source.into(),
        }
    }
}

/// Keeps a record as it will be after the renewal: `If-Match: "N"` says that version N was sealed anew, as N + 1. It waits for
/// an hour, at most. Asks for a fresh proof.
#[utoipa::path(put, path = "/renewal/records/{id}",
    params(("id" = RecordId, Path), records::Written, ("If-Match" = String, Header)),
    request_body(content_type = "application/octet-stream", content = [u8], description = "The sealed record"),
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn stage(
    State(mailroom): State<Mailroom>,
    access: Access,
    Id(id): Id<RecordId>,
    Query(records::Written { purpose }): Query<records::Written>,
    headers: HeaderMap,
    Raw(sealed): Raw<{ limits::RECORD }>,
) -> Result<StatusCode, Problem> {
    let expected = records::precondition(&headers)?.ok_or(ProblemType::PreconditionRequired)?;
    match purpose {
        RecordPurpose::Keyring => within("the keyring", &sealed, limits::KEYRING)?,
        RecordPurpose::Contact => within("the contact", &sealed, limits::CONTACT)?,
        RecordPurpose::Settings | RecordPurpose::Draft => {}
    }
    proofs::demand_best(&mailroom, &access.session).await?;
    let (mailbox, session, now) = (access.mailbox, access.session.id, mailroom.now());
    mailroom.store.write(StageRecord { mailbox, session, id, purpose, expected, sealed, now }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts everything new in the place of the old, in one transaction: records, certificate, password and sheet. No other slot and
/// no other session is left. Asks for a fresh proof.
#[utoipa::path(post, path = "/renewal", request_body = Renewal,
    responses((status = 201, body = NewSession), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn renew(
    State(mailroom): State<Mailroom>,
    own_page: FromOwnPage,
    device: PresentedDevice,
    asking: Session,
    Json(renewal): Json<Renewal>,
) -> Result<Response, Problem> {
    session::check_delivery(renewal.session, own_page)?;
    within("certificate", &renewal.certificate.0, limits::CERTIFICATE)?;
    let (password, recovery) = (slots::password_slot(renewal.password)?, slots::recovery_slot(renewal.recovery)?);
    proofs::demand_best(&mailroom, &asking).await?;
    mailroom.rates.password(asking.account)?;
    let (account, token) = (asking.account, Token::generate(&mailroom));
    let device = device.at(&mailroom, account);
    let begins = session::fresh(&mailroom, &token, device);
    let act = Renew {
        account,
        session: asking.id,
        certificate_sealed: mailroom.seal.seal_certificate(account, &renewal.certificate.0, &mut mailroom.rng()),
        certificate_hash: CertificateHash::from_bytes(Sha256::digest(&renewal.certificate.0).into()),
        password,
        recovery,
        begins: begins.clone(),
        now: mailroom.now(),
    };
    let begun = security::write_noted(&mailroom, account, begins.id, SecurityEventKind::KeysRenewed, act).await?;
    // What the old password, sheet and devices could open must not wait in the log for the next erasure.
    // It is done all the same where that fails, and goes with the next scrub.
    if let Err(error) = mailroom.store.scrub_log().await {
        tracing::warn!(%error, "what a renewal replaced is still in the log");
    }
    let answer = session::begun(begins.id, begun, Vec::new());
    Ok(session::hand_over(&mailroom, answer, &token, renewal.session, device))
}

/// Puts keys of one's own entries, wrapped for the present subkey, in the places of those before.
#[utoipa::path(post, path = "/letters/keys", request_body = RewrappedKeys,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn rewrap(
    State(mailroom): State<Mailroom>,
    access: Access,
    Json(RewrappedKeys { keys }): Json<RewrappedKeys>,
) -> Result<StatusCode, Problem> {
    if keys.is_empty() || keys.len() > limits::REWRAPPED_KEYS {
        return Err(Problem::bad_request("`keys` are 1 to 32"));
    }
    for key in &keys {
        if key.wrapped_key.0.is_empty() {
            return Err(Problem::bad_request("`wrapped_key` is a packet"));
        }
        within("wrapped_key", &key.wrapped_key.0, limits::WRAPPED_KEY)?;
    }
    let keys = keys.into_iter().map(|key| (key.letter, key.wrapped_key.0)).collect();
    mailroom.store.write(access.acts(&mailroom, RewrapKeys { mailbox: access.mailbox, keys })).await?;
    Ok(StatusCode::NO_CONTENT)
}
