//! Signing in (PROTOCOL §9a): OPAQUE, then, and only then, the factors to choose from.

use axum::{extract::State, http::StatusCode};
use securemailbox_protocol::{
    factors::Offers,
    ids::SignInId,
    problems::{ProblemDetails, ProblemType},
    sign_in::{FinishSignIn, NewSignIn, SignIn},
};
use securemailbox_store::sign_in::{BeginSignIn, CredentialsByAddress, PasswordProved, SignInError, TakeSignInState};

use super::{Id, proofs};
use crate::{body::Json, devices::Caller, even::evenly, mailroom::Mailroom, opaque::OpaqueServer, problem::Problem};

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
    caller: Caller,
    Json(new): Json<NewSignIn>,
) -> Result<(StatusCode, Json<SignIn>), Problem> {
    evenly(begun(mailroom, caller, new)).await
}

async fn begun(
    mailroom: Mailroom,
    Caller { network, device }: Caller,
    new: NewSignIn,
) -> Result<(StatusCode, Json<SignIn>), Problem> {
    let address_lookup = mailroom.seal.address_look_up(&new.address);
    let credentials = mailroom.store.read(CredentialsByAddress { address_lookup }).await?;
    let device = match &credentials {
        Some(found) => device.known_still(&mailroom, found.account).await?,
        None => None,
    };
    mailroom.rates.guess(network, address_lookup, device)?;
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

/// Proves the password, and offers the factors of which one is asked for beside it. Nothing is sent yet.
#[utoipa::path(post, path = "/sign-ins/{id}/finish", params(("id" = SignInId, Path)), request_body = FinishSignIn,
    responses((status = 200, body = Offers), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn finish(
    State(mailroom): State<Mailroom>,
    Id(id): Id<SignInId>,
    Json(finish): Json<FinishSignIn>,
) -> Result<Json<Offers>, Problem> {
    evenly(finished(mailroom, id, finish)).await
}

async fn finished(mailroom: Mailroom, id: SignInId, finish: FinishSignIn) -> Result<Json<Offers>, Problem> {
    let now = mailroom.now();
    let taken = mailroom.store.write(TakeSignInState { id, now }).await?.ok_or(ProblemType::CredentialsRefused)?;
    // Also for an address without a mailbox, so that both take as long; it never succeeds there.
    OpaqueServer::finish_login(&taken.state, &finish.finalization.0).map_err(|_| ProblemType::CredentialsRefused)?;
    let offered = mailroom.store.write(PasswordProved { id, now }).await?;
    Ok(Json(proofs::offers(&mailroom, &offered)?))
}
