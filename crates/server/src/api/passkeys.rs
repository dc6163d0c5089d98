//! Passkeys (PROTOCOL §7): added in two ceremonies, listed, and signed in with alone. As a factor beside something
//! else they are proved like any other ([`super::proofs`]).

use axum::{extract::State, http::StatusCode, response::Response};
use rand::RngCore;
use securemailbox_protocol::{
    ids::{AccountId, FactorId, SignInId},
    limits,
    passkeys::{
        Assertion, EnterPasskey, MadeCredential, Passkey, PasskeySignIn, PasskeyToMake, PasskeyToUse, Passkeys,
        UsedPasskey,
    },
    problems::{ProblemDetails, ProblemType},
    security::SecurityEventKind,
    sessions::NewSession,
};
use securemailbox_store::{
    factors::FactorsOf,
    passkeys::{
        self, AddPasskey, AddPasskeyError, AuthenticatorRow, BeginPasskey, BeginPasskeySignIn, Challenge, Enrolling,
        ListPasskeys, Owned, PasskeyByCredential, PasskeyMade, PasskeySlot, RemovePasskey, RemovePasskeyError,
        SignInByPasskey, TakeEnrolling, TakePasskeySignIn,
    },
    proofs::HolderId,
};

use super::{Id, proofs, security, within};
use crate::{
    body::Json,
    devices::Caller,
    mailroom::Mailroom,
    problem::Problem,
    session::{self, FromOwnPage, Session, Token},
    webauthn::{AuthenticatorState, Credential, RelyingParty},
};

impl From<AddPasskeyError> for Problem {
    fn from(error: AddPasskeyError) -> Self {
        match error {
            AddPasskeyError::NoSession => ProblemType::NotSignedIn.into(),
            AddPasskeyError::TooMany => {
                Self::bad_request("an account has no more passkeys than this").with("limit", limits::PASSKEYS as u64)
            }
            // Whether another account has a credential is nobody's business.
            AddPasskeyError::Over | AddPasskeyError::Taken => ProblemType::PasskeyRefused.into(),
            AddPasskeyError::SlotExists => Self::bad_request("`slot.id` is another slot's"),
            AddPasskeyError::Store(source) => source.into(),
        }
    }
}

impl From<RemovePasskeyError> for Problem {
    fn from(error: RemovePasskeyError) -> Self {
        match error {
            RemovePasskeyError::NotFound => ProblemType::NotFound.into(),
            RemovePasskeyError::LastWayIn => ProblemType::LastWayIn.into(),
            RemovePasskeyError::Store(source) => source.into(),
        }
    }
}

/// This account's passkeys, oldest first.
#[utoipa::path(get, path = "/passkeys", responses((status = 200, body = Passkeys), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn list(State(mailroom): State<Mailroom>, session: Session) -> Result<Json<Passkeys>, Problem> {
    let rows = mailroom.store.read(ListPasskeys { account: session.account }).await?;
    let passkey = |row: passkeys::PasskeyRow| {
        let passkeys::PasskeyRow { factor: id, opens, added, used, .. } = row;
        Passkey { id, opens, added, used }
    };
    Ok(Json(Passkeys { passkeys: rows.into_iter().map(passkey).collect() }))
}

/// Begins to add a passkey: what it is to be made with. Asks for a fresh proof. It counts for nothing yet.
#[utoipa::path(post, path = "/passkeys", responses((status = 201, body = PasskeyToMake), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn begin(
    State(mailroom): State<Mailroom>,
    session: Session,
) -> Result<(StatusCode, Json<PasskeyToMake>), Problem> {
    proofs::demand_best_or_reserve(&mailroom, &session).await?;
    let (now, challenge) = (mailroom.now(), challenge(&mailroom));
    let factor = FactorId::new(now, &mut mailroom.rng());
    let Session { account, id: session, .. } = session;
    let exclude = mailroom.store.write(BeginPasskey { account, session, factor, challenge, now }).await?;
    let exclude = exclude.into_iter().map(Into::into).collect();
    Ok((StatusCode::CREATED, Json(PasskeyToMake { id: factor, challenge: challenge.to_vec().into(), exclude })))
}

/// The first ceremony: the passkey was made. It is asked to sign before it counts.
#[utoipa::path(post, path = "/passkeys/{id}/made", params(("id" = FactorId, Path)), request_body = MadeCredential,
    responses((status = 200, body = PasskeyToUse), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn made(
    State(mailroom): State<Mailroom>,
    session: Session,
    Id(factor): Id<FactorId>,
    Json(made): Json<MadeCredential>,
) -> Result<Json<PasskeyToUse>, Problem> {
    Ok(Json(take_made(&mailroom, HolderId::Session(session.id), factor, &made).await?))
}

/// Takes the first ceremony of whatever is being added by this holder.
pub(super) async fn take_made(
    mailroom: &Mailroom,
    holder: HolderId,
    factor: FactorId,
    made: &MadeCredential,
) -> Result<PasskeyToUse, Problem> {
    let now = mailroom.now();
    let taken = mailroom.store.write(TakeEnrolling { holder, factor, now }).await?;
    let Some(Enrolling { challenge: given, credential: None }) = taken else { return Err(refused()) };
    let credential = RelyingParty::new(&mailroom.origin).made(made, &given).map_err(|_| refused())?;
    let (id, challenge) = (credential.id.clone(), challenge(mailroom));
    let made = PasskeyMade { holder, factor, credential: kept(credential), challenge, now };
    mailroom.store.write(made).await?;
    Ok(PasskeyToUse { challenge: challenge.to_vec().into(), credential: id.into() })
}

/// Takes the second one: how its authenticator stands.
pub(super) async fn take_used(
    mailroom: &Mailroom,
    holder: HolderId,
    account: AccountId,
    factor: FactorId,
    assertion: &Assertion,
) -> Result<AuthenticatorRow, Problem> {
    let taken = mailroom.store.write(TakeEnrolling { holder, factor, now: mailroom.now() }).await?;
    let Some(Enrolling { challenge, credential: Some(credential) }) = taken else { return Err(refused()) };
    judged(mailroom, &credential, assertion, &challenge, account)
}

/// The second ceremony: from here the passkey is a factor, and opens the mailbox where it brought a slot.
#[utoipa::path(post, path = "/passkeys/{id}/used", params(("id" = FactorId, Path)), request_body = UsedPasskey,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn used(
    State(mailroom): State<Mailroom>,
    session: Session,
    Id(factor): Id<FactorId>,
    Json(UsedPasskey { assertion, slot }): Json<UsedPasskey>,
) -> Result<StatusCode, Problem> {
    if let Some(slot) = &slot {
        within("slot.sealed", &slot.sealed.0, limits::SLOT)?;
    }
    let (Session { account, id, .. }, now) = (session, mailroom.now());
    let authenticator = take_used(&mailroom, HolderId::Session(id), account, factor, &assertion).await?;
    let slot = slot.map(|slot| PasskeySlot { id: slot.id, sealed: slot.sealed.0 });
    let add = AddPasskey { account, session: id, factor, authenticator, slot, now };
    security::write_noted(&mailroom, account, id, SecurityEventKind::PasskeyAdded, add).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a passkey, and the slot that it opened. Asks for a fresh proof by what the account has besides it: it may be lost.
pub(super) async fn remove(mailroom: &Mailroom, session: &Session, factor: FactorId) -> Result<(), Problem> {
    let Session { account, id, .. } = *session;
    let factors = mailroom.store.read(FactorsOf { account }).await?;
    let others: Vec<_> = factors.into_iter().filter(|other| other.id != factor).collect();
    proofs::demand_best_or_reserve_of(mailroom, session, &others).await?;
    let remove = session.acts(mailroom, RemovePasskey { account, factor });
    security::write_noted(mailroom, account, id, SecurityEventKind::PasskeyRemoved, remove).await
}

/// Begins a sign-in by a passkey alone, by whomever.
#[utoipa::path(post, path = "/sign-ins/passkey",
    responses((status = 201, body = PasskeySignIn), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn begin_sign_in(
    State(mailroom): State<Mailroom>,
    caller: Caller,
) -> Result<(StatusCode, Json<PasskeySignIn>), Problem> {
    mailroom.rates.entrance(caller.network)?;
    let (now, challenge) = (mailroom.now(), challenge(&mailroom));
    let id = SignInId::new(now, &mut mailroom.rng());
    mailroom.store.write(BeginPasskeySignIn { id, challenge, now }).await?;
    Ok((StatusCode::CREATED, Json(PasskeySignIn { id, challenge: challenge.to_vec().into() })))
}

/// Signs in by a passkey alone: begins a session and gives out the passkey's slot. Where that opens nothing here, the session
/// is locked, and the password opens it. A passkey that nobody has, or has any more, is refused like a wrong one.
#[utoipa::path(post, path = "/sign-ins/{id}/passkey", params(("id" = SignInId, Path)), request_body = EnterPasskey,
    responses((status = 201, body = NewSession), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn enter(
    State(mailroom): State<Mailroom>,
    caller: Caller,
    own_page: FromOwnPage,
    Id(id): Id<SignInId>,
    Json(EnterPasskey { assertion, opens, session: delivery }): Json<EnterPasskey>,
) -> Result<Response, Problem> {
    session::check_delivery(delivery, own_page)?;
    let taken = mailroom.store.write(TakePasskeySignIn { id, now: mailroom.now() }).await?;
    let challenge = taken.ok_or_else(refused)?;
    // Nobody was named, so the authenticator has to say whose it is (WebAuthn §7.2, step 6).
    if assertion.user.is_none() {
        return Err(refused());
    }
    let Owned { account, factor, credential } = owner(&mailroom, &assertion).await?;
    let authenticator = judged(&mailroom, &credential, &assertion, &challenge, account)?;
    let token = Token::generate(&mailroom);
    let device = caller.device.at(&mailroom, account);
    let session = session::fresh(&mailroom, &token, device);
    let session = security::on_device(&mailroom, account, caller.device, session).await?;
    let session_id = session.id;
    let sign_in = SignInByPasskey { account, factor, authenticator, opens, session };
    let signed_in = mailroom.store.write(sign_in).await?.ok_or_else(refused)?;
    security::ring(&mailroom);
    let answer = session::begun(session_id, signed_in.begun, signed_in.slots);
    Ok(session::hand_over(&mailroom, answer, &token, delivery, device))
}

/// One answer for everything that is wrong with a passkey.
pub(super) fn refused() -> Problem {
    ProblemType::PasskeyRefused.into()
}

/// 32 random bytes.
pub(super) fn challenge(mailroom: &Mailroom) -> Challenge {
    let mut challenge = Challenge::default();
    mailroom.rng().fill_bytes(&mut challenge);
    challenge
}

/// Whose passkey an assertion names.
async fn owner(mailroom: &Mailroom, assertion: &Assertion) -> Result<Owned, Problem> {
    let credential = assertion.credential.0.clone();
    mailroom.store.read(PasskeyByCredential { credential }).await?.ok_or_else(refused)
}

/// Judges an assertion that should be of any passkey of this account: which one it is of, and how its authenticator stands.
pub(super) async fn proved(
    mailroom: &Mailroom,
    assertion: &Assertion,
    challenge: &Challenge,
    account: AccountId,
) -> Result<(FactorId, AuthenticatorRow), Problem> {
    let Owned { account: owner, factor, credential } = owner(mailroom, assertion).await?;
    if owner != account {
        return Err(refused());
    }
    Ok((factor, judged(mailroom, &credential, assertion, challenge, account)?))
}

/// Judges an assertion that should be of this credential of this account.
fn judged(
    mailroom: &Mailroom,
    credential: &passkeys::Credential,
    assertion: &Assertion,
    challenge: &Challenge,
    account: AccountId,
) -> Result<AuthenticatorRow, Problem> {
    let is_another = assertion.user.as_ref().is_some_and(|user| user.0 != account.as_bytes());
    if is_another || assertion.credential.0 != credential.id {
        return Err(refused());
    }
    let passkeys::Credential { id, public_key, authenticator } = credential.clone();
    let AuthenticatorRow { counter, backup_eligible, backed_up } = authenticator;
    let state = AuthenticatorState { counter, backup_eligible, backed_up };
    let credential = Credential { id, public_key, state };
    let party = RelyingParty::new(&mailroom.origin);
    party.used(&credential, assertion, challenge).map(row).map_err(|_| refused())
}

/// A credential as the store keeps it.
fn kept(credential: Credential) -> passkeys::Credential {
    let Credential { id, public_key, state } = credential;
    passkeys::Credential { id, public_key, authenticator: row(state) }
}

const fn row(state: AuthenticatorState) -> AuthenticatorRow {
    let AuthenticatorState { counter, backup_eligible, backed_up } = state;
    AuthenticatorRow { counter, backup_eligible, backed_up }
}

#[cfg(test)]
mod tests;
