//! Signing in (PROTOCOL §9a): OPAQUE, then, and only then, an SMS code.

use axum::{extract::State, http::StatusCode, response::Response};
use securemailbox_protocol::{
    accounts::Level,
    factors::Code,
    ids::SignInId,
    problems::{ProblemDetails, ProblemType},
    sign_in::{FinishSignIn, NewSession, NewSignIn, NextFactor, SignIn, SignInCode},
};
use securemailbox_store::{
    accounts::AccountById,
    factors::Entered,
    sign_in::{BeginSignIn, CredentialsByAddress, EnterSignInCode, ExpectSignInCode, SignInError, TakeSignInState},
};

use super::{Id, proved};
use crate::{
    body::Json,
    mailroom::Mailroom,
    notices::Text,
    opaque::OpaqueServer,
    problem::Problem,
    rates::Network,
    session::{self, FromOwnPage, Token},
};

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::SignInOver => ProblemType::CredentialsRefused.into(),
            SignInError::Store(source) => source.into(),
        }
    }
}

/// Begins a sign-in. An address without a mailbox is answered alike, twice the same, and as slowly.
#[utoipa::path(post, path = "/sign-ins", request_body = NewSignIn,
    responses((status = 201, body = SignIn), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn begin(
    State(mailroom): State<Mailroom>,
    network: Network,
    Json(new): Json<NewSignIn>,
) -> Result<(StatusCode, Json<SignIn>), Problem> {
    let address_lookup = mailroom.seal.address_look_up(&new.address);
    mailroom.rates.entrance(network)?;
    mailroom.rates.sign_in(network, address_lookup)?;
    let credentials = mailroom.store.read(CredentialsByAddress { address_lookup }).await?;
    let no_account = mailroom.seal.no_account(&new.address);
    let (account, record, credential) = match &credentials {
        Some(found) => (Some(found.account), Some(found.opaque_record.as_slice()), found.account.as_bytes().as_slice()),
        None => (None, None, no_account.as_slice()),
    };
    let mut rng = mailroom.rng();
    let started = mailroom
        .opaque
        .start_login(record, &new.request.0, credential, &mut rng)
        .map_err(|_| Problem::bad_request("`request` is not the first message of an OPAQUE sign-in"))?;
    let now = mailroom.now();
    let id = SignInId::new(now, &mut rng);
    mailroom.store.write(BeginSignIn { id, account, state: started.state, now }).await?;
    Ok((StatusCode::CREATED, Json(SignIn { id, response: started.response.into() })))
}

/// Proves the password, and sends an SMS code.
#[utoipa::path(post, path = "/sign-ins/{id}/finish", params(("id" = SignInId, Path)), request_body = FinishSignIn,
    responses((status = 200, body = NextFactor), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn finish(
    State(mailroom): State<Mailroom>,
    Id(id): Id<SignInId>,
    Json(finish): Json<FinishSignIn>,
) -> Result<Json<NextFactor>, Problem> {
    let now = mailroom.now();
    let taken = mailroom.store.write(TakeSignInState { id, now }).await?.ok_or(ProblemType::CredentialsRefused)?;
    // Also for an address without a mailbox, so that both take as long; it never succeeds there.
    OpaqueServer::finish_login(&taken.state, &finish.finalization.0).map_err(|_| ProblemType::CredentialsRefused)?;
    let id_of_account = taken.account.ok_or(ProblemType::CredentialsRefused)?;
    let account =
        mailroom.store.read(AccountById { account: id_of_account }).await?.ok_or(ProblemType::CredentialsRefused)?;
    mailroom.rates.code(id_of_account.as_bytes())?;
    let phone = mailroom.seal.phone(id_of_account, &account.phone_sealed)?;
    let factor = NextFactor { level: Level::Phone, phone_ends: phone.last_digits().to_owned() };
    let digits = Code::generate(&mut mailroom.rng());
    let code = mailroom.seal.code(id.as_bytes(), &digits);
    let notice = mailroom.sms(phone, account.language, Text::SignInCode { code: digits });
    mailroom.store.write(ExpectSignInCode { id, code, notice, now }).await?;
    mailroom.notices.notify_one();
    Ok(Json(factor))
}

/// Proves the phone; begins a session and gives out its slots.
#[utoipa::path(post, path = "/sign-ins/{id}/code", params(("id" = SignInId, Path)), request_body = SignInCode,
    responses((status = 201, body = NewSession), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn code(
    State(mailroom): State<Mailroom>,
    own_page: FromOwnPage,
    Id(id): Id<SignInId>,
    Json(entered): Json<SignInCode>,
) -> Result<Response, Problem> {
    session::check_delivery(entered.session, own_page)?;
    let code = mailroom.seal.code(id.as_bytes(), &entered.code);
    let token = Token::generate(&mailroom);
    let session = session::fresh(&mailroom, &token);
    let now = mailroom.now();
    match mailroom.store.write(EnterSignInCode { id, code, session: session.clone(), now }).await? {
        Entered::Proved(signed_in) => {
            let answer = NewSession {
                id: session.id,
                account: signed_in.account,
                level: session.level,
                proved: now,
                token: None,
                slots: signed_in.slots,
            };
            Ok(session::hand_over(answer, &token, entered.session))
        }
        Entered::Refused(verdict) => Err(refused(verdict)),
    }
}

/// A code that was not the right one.
pub(super) fn refused(verdict: securemailbox_store::factors::Verdict) -> Problem {
    proved(verdict).err().unwrap_or_else(|| ProblemType::CodeRefused.into())
}
