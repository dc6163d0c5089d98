//! One's own factors (PROTOCOL §7): seeing them, adding one that counts once it is proved, taking one away. Each change asks for
//! a fresh proof, is written down, and is announced to every channel that the account had before and has then.

use axum::{extract::State, http::StatusCode, response::Response};
use securemailbox_protocol::{
    factors::{
        AuthenticatorSecret, BegunAuthenticator, ChooseFactor, ConfirmedFactor, EnterProof, Factor, FactorKind,
        Factors, NewPhone, Offers, OneTimeCode, OneTimeCodes,
    },
    ids::FactorId,
    limits,
    problems::{ProblemDetails, ProblemType},
    security::SecurityEventKind,
};
use securemailbox_store::{
    enrolments::{BeginEnrolment, ConfirmAuthenticator, Confirmed, Enrolling, EnrolmentOf},
    factors::{self, FactorsOf, OwnFactors, RemoveFactor, RemoveFactorError},
    notices::NewNotice,
    one_time_codes::MakeOneTimeCodes,
    proofs::{HolderId, Offered},
    security::SecurityEvent,
};

use super::{Id, passkeys, proofs, security};
use crate::{
    authenticator, body::Json, devices::Caller, mailroom::Mailroom, problem::Problem, session::Session,
    tallies::Tallies,
};

impl From<RemoveFactorError> for Problem {
    fn from(error: RemoveFactorError) -> Self {
        match error {
            RemoveFactorError::NotFound => ProblemType::NotFound.into(),
            RemoveFactorError::LastWayIn => ProblemType::LastWayIn.into(),
            RemoveFactorError::Store(source) => source.into(),
        }
    }
}

/// One's own factors, oldest first.
#[utoipa::path(get, path = "/factors", responses((status = 200, body = Factors), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn list(State(mailroom): State<Mailroom>, session: Session) -> Result<Json<Factors>, Problem> {
    let rows = mailroom.store.read(OwnFactors { account: session.account }).await?;
    let shown = |row: factors::OwnFactor| -> Result<Factor, Problem> {
        let factors::OwnFactor { factor, added, used, left } = row;
        let hint = proofs::hint(&mailroom, session.account, &factor)?;
        Ok(Factor { id: factor.id, kind: factor.kind, hint, added, used, left })
    };
    Ok(Json(Factors { factors: rows.into_iter().map(shown).collect::<Result<_, _>>()? }))
}

/// Takes a factor away. Asks for a fresh proof, for which one that is kept in reserve is enough: whoever lost the phone with
/// the app takes the app away by it.
#[utoipa::path(delete, path = "/factors/{id}", params(("id" = FactorId, Path)),
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn remove(
    State(mailroom): State<Mailroom>,
    session: Session,
    Id(id): Id<FactorId>,
) -> Result<StatusCode, Problem> {
    let factors = mailroom.store.read(FactorsOf { account: session.account }).await?;
    let factor = factors.iter().find(|factor| factor.id == id).ok_or(ProblemType::NotFound)?;
    let event = match factor.kind {
        FactorKind::Authenticator => Some(SecurityEventKind::AuthenticatorRemoved),
        FactorKind::ReservePhone => Some(SecurityEventKind::ReservePhoneRemoved),
        FactorKind::OneTimeCodes => Some(SecurityEventKind::OneTimeCodesRemoved),
        // An account always has a phone of its owner's own: it is replaced, and never missing.
        FactorKind::Address | FactorKind::Phone => return Err(ProblemType::LastWayIn.into()),
        FactorKind::Passkey => None,
    };
    match event {
        Some(event) => {
            proofs::demand_best_or_reserve(&mailroom, &session).await?;
            let removal = session.acts(&mailroom, RemoveFactor { account: session.account, factor: id });
            security::write_noted(&mailroom, session.account, session.id, event, removal).await?;
        }
        // It goes with the slot that it opens.
        None => passkeys::remove(&mailroom, &session, id).await?,
    }
    mailroom.store.scrub_log().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Begins an authenticator app: makes its secret, which counts for nothing before a code of it was entered. Asks for a fresh
/// proof.
#[utoipa::path(post, path = "/factors/authenticator",
    responses((status = 201, body = BegunAuthenticator), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn begin_authenticator(
    State(mailroom): State<Mailroom>,
    session: Session,
) -> Result<(StatusCode, Json<BegunAuthenticator>), Problem> {
    proofs::demand_best_or_reserve(&mailroom, &session).await?;
    let (account, now) = (session.account, mailroom.now());
    let mut rng = mailroom.rng();
    let id = FactorId::new(now, &mut rng);
    let secret = AuthenticatorSecret::generate(&mut rng);
    let sealed = mailroom.seal.seal_authenticator(account, id, &secret, &mut rng);
    let factor = factors::Factor { id, kind: FactorKind::Authenticator, sealed };
    mailroom.store.write(BeginEnrolment { account, session: session.id, factor, now }).await?;
    Ok((StatusCode::CREATED, Json(BegunAuthenticator { id, secret })))
}

/// Names a phone, which counts once the code that is sent to it was entered: the owner's own in the place of the one before,
/// or one for the reserve. Asks for a fresh proof.
#[utoipa::path(post, path = "/factors/phones", request_body = NewPhone,
    responses((status = 200, body = Offers), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn name_phone(
    State(mailroom): State<Mailroom>,
    session: Session,
    Json(new): Json<NewPhone>,
) -> Result<Json<Offers>, Problem> {
    proofs::demand_best_or_reserve(&mailroom, &session).await?;
    mailroom.numbers.check(&new.phone)?;
    let (account, now) = (session.account, mailroom.now());
    let mut rng = mailroom.rng();
    let id = FactorId::new(now, &mut rng);
    let sealed = mailroom.seal.seal_phone(account, id, &new.phone, &mut rng);
    let factor = factors::Factor { id, kind: new.role.kind(), sealed };
    mailroom.store.write(BeginEnrolment { account, session: session.id, factor: factor.clone(), now }).await?;
    Ok(Json(proofs::offers(&mailroom, &Offered { account, factors: vec![factor] })?))
}

/// Sends a code to the phone that is being added; the same again sends another.
#[utoipa::path(post, path = "/factors/{id}/proofs", params(("id" = FactorId, Path)), request_body = ChooseFactor,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn choose_new(
    State(mailroom): State<Mailroom>,
    caller: Caller,
    session: Session,
    Id(id): Id<FactorId>,
    Json(choice): Json<ChooseFactor>,
) -> Result<Response, Problem> {
    enrolled(&mailroom, &session, id).await?.ok_or(ProblemType::NotFound)?;
    proofs::choose(&mailroom, HolderId::Enrolment(id), &choice, caller).await
}

/// Proves the factor that is being added: it counts from now, in the place of the one of its kind.
#[utoipa::path(post, path = "/factors/{id}/proofs/enter", params(("id" = FactorId, Path)), request_body = EnterProof,
    responses((status = 200, body = ConfirmedFactor), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn confirm_new(
    State(mailroom): State<Mailroom>,
    caller: Caller,
    session: Session,
    Id(id): Id<FactorId>,
    Json(entered): Json<EnterProof>,
) -> Result<Json<ConfirmedFactor>, Problem> {
    let adding = enrolled(&mailroom, &session, id).await?;
    let kind = adding.as_ref().map(|factor| factor.kind);
    let enrolling = Enrolling { id, session: session.id, notices: announcement(&mailroom, &session, kind).await? };
    let drift = if matches!(kind, Some(FactorKind::Phone | FactorKind::ReservePhone)) {
        proofs::enter(&mailroom, enrolling, &entered, session.id, caller).await?;
        0
    } else {
        // An app that counts already may be confirmed again: the answer was lost.
        confirm_authenticator(&mailroom, &session, adding, enrolling, &entered, caller).await?
    };
    security::ring(&mailroom);
    mailroom.store.scrub_log().await?;
    Ok(Json(ConfirmedFactor { drift }))
}

async fn confirm_authenticator(
    mailroom: &Mailroom,
    session: &Session,
    adding: Option<factors::Factor>,
    enrolling: Enrolling,
    entered: &EnterProof,
    caller: Caller,
) -> Result<i8, Problem> {
    let (account, now) = (session.account, mailroom.now());
    let factor = match adding {
        Some(factor) => factor,
        None => {
            let factors = mailroom.store.read(FactorsOf { account }).await?;
            let here = factors.into_iter().find(|factor| factor.id == enrolling.id);
            here.filter(|factor| factor.kind == FactorKind::Authenticator).ok_or(ProblemType::NotFound)?
        }
    };
    let device = caller.device.known_still(mailroom, account).await?;
    let wrong = Tallies::of(mailroom).wrong_at_account(account, device);
    wrong.count().await?;
    let matching = proofs::matching(mailroom, account, &factor, &entered.answer)?;
    let step = authenticator::step(now);
    let confirmed = mailroom.store.write(ConfirmAuthenticator { account, enrolling, matching, step, now }).await?;
    match confirmed {
        Confirmed::Counts(drift) => {
            wrong.count_less().await?;
            i8::try_from(drift).map_err(|error| Problem::internal(&error))
        }
        Confirmed::Wrong => Err(ProblemType::CodeRefused.into()),
        Confirmed::Over => Err(ProblemType::NotFound.into()),
    }
}

/// Makes a sheet of one-time codes, in the place of the one before. They are told here and never again. Asks for a fresh proof.
#[utoipa::path(post, path = "/factors/one-time-codes",
    responses((status = 201, body = OneTimeCodes), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn make_one_time_codes(
    State(mailroom): State<Mailroom>,
    session: Session,
) -> Result<(StatusCode, Json<OneTimeCodes>), Problem> {
    proofs::demand_best_or_reserve(&mailroom, &session).await?;
    mailroom.rates.sheet(session.account)?;
    let (account, now) = (session.account, mailroom.now());
    let mut rng = mailroom.rng();
    let codes: Vec<_> = (0..limits::ONE_TIME_CODES).map(|_| OneTimeCode::generate(&mut rng)).collect();
    let kept = codes.iter().map(|code| mailroom.seal.one_time_code(account, code)).collect();
    let making = MakeOneTimeCodes { account, id: FactorId::new(now, &mut rng), codes: kept, now };
    let making = session.acts(&mailroom, making);
    security::write_noted(&mailroom, account, session.id, SecurityEventKind::OneTimeCodesMade, making).await?;
    Ok((StatusCode::CREATED, Json(OneTimeCodes { made: now, codes })))
}

/// The factor that this session is adding, if it is this one.
async fn enrolled(mailroom: &Mailroom, session: &Session, id: FactorId) -> Result<Option<factors::Factor>, Problem> {
    let (account, now) = (session.account, mailroom.now());
    Ok(mailroom.store.read(EnrolmentOf { account, session: session.id, id, now }).await?)
}

/// What announces that a factor counts, to the channels that the account has before: the phone that is replaced among them.
async fn announcement(
    mailroom: &Mailroom,
    session: &Session,
    kind: Option<FactorKind>,
) -> Result<Vec<NewNotice>, Problem> {
    // What is confirmed again is an app whose answer was lost; the act announces nothing for it.
    let kind = kind.and_then(SecurityEventKind::of_enrolled).unwrap_or(SecurityEventKind::AuthenticatorAdded);
    let event = SecurityEvent { kind, session: session.id, at: mailroom.now() };
    security::announcement(mailroom, session.account, event).await
}

#[cfg(test)]
mod tests;
