//! Registering (PROTOCOL §9a): address, phone, password, and then everything at once.

use axum::{extract::State, http::StatusCode, response::Response};
use securemailbox_protocol::{
    accounts::{
        CompleteRegistration, EnteredCode, EnteredPhone, FirstRecord, NewRegistration, PasswordRequest,
        PasswordResponse, Registration,
    },
    factors::Code,
    ids::{AccountId, CertificateHash, RegistrationId},
    limits,
    problems::{ProblemDetails, ProblemType},
    sign_in::NewSession,
};
use securemailbox_store::registrations::{
    self, BeginRegistration, EnterAddressCode, EnterPhoneCode, RegistrationError, RegistrationForPassword, SetPhone,
};
use sha2::{Digest, Sha256};

use super::{Id, proved, slots, within};
use crate::{
    body::Json,
    config::RegistrationPolicy,
    mailroom::Mailroom,
    notices::{Recipient, Text, seal_notice},
    problem::Problem,
    rates::Network,
    session::{self, FromOwnPage, Token},
};

impl From<RegistrationError> for Problem {
    fn from(error: RegistrationError) -> Self {
        match error {
            // Whoever completes has proved the address, so this tells nothing to a stranger.
            RegistrationError::RegistrationOver | RegistrationError::AddressTaken => {
                ProblemType::RegistrationOver.into()
            }
            RegistrationError::SameId => Self::bad_request("each slot and each record has an id of its own"),
            RegistrationError::Store(source) => source.into(),
        }
    }
}

/// Asks for a mailbox. The answer is the same for an address that has one; only the e-mail differs.
#[utoipa::path(post, path = "/registrations", request_body = NewRegistration,
    responses((status = 201, body = Registration), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn begin(
    State(mailroom): State<Mailroom>,
    network: Network,
    Json(new): Json<NewRegistration>,
) -> Result<(StatusCode, Json<Registration>), Problem> {
    match mailroom.registration {
        RegistrationPolicy::Open => {}
        RegistrationPolicy::Invited | RegistrationPolicy::Closed => return Err(ProblemType::RegistrationClosed.into()),
    }
    mailroom.rates.entrance(network)?;
    let now = mailroom.now();
    let mut rng = mailroom.rng();
    let (id, account) = (RegistrationId::new(now, &mut rng), AccountId::new(now, &mut rng));
    let address_lookup = mailroom.seal.address_look_up(&new.address);
    // Per address, so that nobody's e-mail can be filled with codes from many networks.
    mailroom.rates.code(address_lookup.first_chunk().unwrap_or(&[0; 16]))?;
    let digits = Code::generate(&mut rng);
    let to = Recipient::Email(new.address.clone());
    let act = BeginRegistration {
        id,
        account,
        address_lookup,
        address_sealed: mailroom.seal.seal_address(account, &new.address, &mut rng),
        language: new.language,
        code: mailroom.seal.code(id.as_bytes(), &digits),
        code_notice: seal_notice(&mailroom.seal, &to, new.language, &Text::AddressCode { code: digits }, &mut rng),
        taken_notice: seal_notice(&mailroom.seal, &to, new.language, &Text::AlreadyHere, &mut rng),
        now,
    };
    mailroom.store.write(act).await?;
    mailroom.notices.notify_one();
    Ok((StatusCode::CREATED, Json(Registration { id, account })))
}

/// Proves the address with the code from the e-mail.
#[utoipa::path(post, path = "/registrations/{id}/address-code", params(("id" = RegistrationId, Path)), request_body = EnteredCode,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn address_code(
    State(mailroom): State<Mailroom>,
    Id(id): Id<RegistrationId>,
    Json(entered): Json<EnteredCode>,
) -> Result<StatusCode, Problem> {
    let code = mailroom.seal.code(id.as_bytes(), &entered.code);
    proved(mailroom.store.write(EnterAddressCode { id, code, now: mailroom.now() }).await?)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a code to the phone.
#[utoipa::path(post, path = "/registrations/{id}/phone", params(("id" = RegistrationId, Path)), request_body = EnteredPhone,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn phone(
    State(mailroom): State<Mailroom>,
    network: Network,
    Id(id): Id<RegistrationId>,
    Json(entered): Json<EnteredPhone>,
) -> Result<StatusCode, Problem> {
    mailroom.rates.entrance(network)?;
    mailroom.rates.code(id.as_bytes())?;
    let now = mailroom.now();
    let waiting = mailroom.store.read(registrations::RegistrationForPhone { id, now }).await?;
    let mut rng = mailroom.rng();
    let digits = Code::generate(&mut rng);
    let act = SetPhone {
        id,
        phone_sealed: mailroom.seal.seal_phone(waiting.account, &entered.phone, &mut rng),
        code: mailroom.seal.code(id.as_bytes(), &digits),
        notice: mailroom.sms(entered.phone, waiting.language, Text::PhoneCode { code: digits }),
        now,
    };
    mailroom.store.write(act).await?;
    mailroom.notices.notify_one();
    Ok(StatusCode::NO_CONTENT)
}

/// Proves the phone with the code from the SMS.
#[utoipa::path(post, path = "/registrations/{id}/phone-code", params(("id" = RegistrationId, Path)), request_body = EnteredCode,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn phone_code(
    State(mailroom): State<Mailroom>,
    Id(id): Id<RegistrationId>,
    Json(entered): Json<EnteredCode>,
) -> Result<StatusCode, Problem> {
    let code = mailroom.seal.code(id.as_bytes(), &entered.code);
    proved(mailroom.store.write(EnterPhoneCode { id, code, now: mailroom.now() }).await?)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The server's half of an OPAQUE registration (RFC 9807 §5).
#[utoipa::path(post, path = "/registrations/{id}/password", params(("id" = RegistrationId, Path)), request_body = PasswordRequest,
    responses((status = 200, body = PasswordResponse), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn password(
    State(mailroom): State<Mailroom>,
    Id(id): Id<RegistrationId>,
    Json(request): Json<PasswordRequest>,
) -> Result<Json<PasswordResponse>, Problem> {
    let account = mailroom.store.read(RegistrationForPassword { id, now: mailroom.now() }).await?;
    mailroom.opaque.answer(account, &request)
}

/// Makes the account and a session at level `phone`, in one transaction.
#[utoipa::path(post, path = "/registrations/{id}/complete", params(("id" = RegistrationId, Path)), request_body = CompleteRegistration,
    responses((status = 201, body = NewSession), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn complete(
    State(mailroom): State<Mailroom>,
    own_page: FromOwnPage,
    Id(id): Id<RegistrationId>,
    Json(complete): Json<CompleteRegistration, { limits::REGISTRATION_BODY }>,
) -> Result<Response, Problem> {
    session::check_delivery(complete.session, own_page)?;
    let now = mailroom.now();
    let token = Token::generate(&mailroom);
    let session = session::fresh(&mailroom, &token);
    within("certificate", &complete.certificate.0, limits::CERTIFICATE)?;
    // Its place is the account's, which is known once address and phone are proved.
    let reserved = mailroom.store.read(RegistrationForPassword { id, now }).await?;
    let certificate_sealed = mailroom.seal.seal_certificate(reserved, &complete.certificate.0, &mut mailroom.rng());
    let act = registrations::CompleteRegistration {
        id,
        certificate_hash: CertificateHash::from_bytes(Sha256::digest(&complete.certificate.0).into()),
        certificate_sealed,
        password: slots::password_slot(complete.password)?,
        recovery: slots::recovery_slot(complete.recovery)?,
        keyring: first_record("keyring", complete.keyring, limits::KEYRING)?,
        contacts: first_record("contacts", complete.contacts, limits::RECORD)?,
        settings: first_record("settings", complete.settings, limits::RECORD)?,
        session: session.clone(),
        now,
    };
    let account = mailroom.store.write(act).await?;
    let answer =
        NewSession { id: session.id, account, level: session.level, proved: now, token: None, slots: Vec::new() };
    Ok(session::hand_over(answer, &token, complete.session))
}

fn first_record(name: &str, record: FirstRecord, limit: usize) -> Result<registrations::FirstRecord, Problem> {
    within(name, &record.sealed.0, limit)?;
    Ok(registrations::FirstRecord { id: record.id, sealed: record.sealed.0 })
}
