//! Registering (PROTOCOL §9a): address, phone, password, and then everything at once.

use axum::{
    extract::{FromRequestParts, State},
    http::{StatusCode, request::Parts},
    response::Response,
};
use securemailbox_protocol::{
    accounts::{
        CompleteRegistration, EnteredPhone, FirstPasskey, FirstRecord, FirstWay, MadeFirstPasskey, NewRegistration,
        PasswordRequest, PasswordResponse, Registration,
    },
    factors::{FactorKind, Offers},
    ids::{AccountId, CertificateHash, FactorId, RegistrationId},
    invitations::{self, ClaimStatement, GuestSession},
    limits,
    passkeys::{PasskeyToMake, PasskeyToUse},
    phone::PhoneNumber,
    problems::{ProblemDetails, ProblemType},
    sessions::NewSession,
};
use securemailbox_store::{
    claims::{GuestOfSession, NewClaim, ProvePhoneByGuest},
    factors::Factor,
    passkeys::{BeginFirstPasskey, PasskeySlot},
    proofs::{HolderId, Offered},
    registrations::{
        self, BeginRegistration, NamePhone, RegistrationError, RegistrationForPassword, RegistrationForPhone, Wanted,
    },
};
use sha2::{Digest, Sha256};

use super::{Id, passkeys, proofs, slots, within};
use crate::{
    body::Json,
    devices::PresentedDevice,
    mailroom::Mailroom,
    networks::Network,
    problem::Problem,
    session::{self, FromOwnPage, Token},
    tallies::Tallies,
};

impl From<RegistrationError> for Problem {
    fn from(error: RegistrationError) -> Self {
        match error {
            // Whoever completes has proved the address, so this tells nothing to a stranger.
            RegistrationError::RegistrationOver | RegistrationError::AddressTaken => {
                ProblemType::RegistrationOver.into()
            }
            // Its hour is over, or it is of another address: the link opens another one.
            RegistrationError::NotTheGuest => ProblemType::NotSignedIn.into(),
            RegistrationError::PasskeyRefused => passkeys::refused(),
            RegistrationError::SameId => Self::bad_request("each slot and each record has an id of its own"),
            RegistrationError::Store(source) => source.into(),
        }
    }
}

/// Asks for a mailbox, and offers the address to be proved. The answer is the same for an address that has one already.
#[utoipa::path(post, path = "/registrations", request_body = NewRegistration,
    responses((status = 201, body = Registration), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn begin(
    State(mailroom): State<Mailroom>,
    network: Network,
    Json(new): Json<NewRegistration>,
) -> Result<(StatusCode, Json<Registration>), Problem> {
    mailroom.registration.admits(&new.address)?;
    let begun = reserve(&mailroom, network, new, Wanted::Mailbox).await?;
    Ok((StatusCode::CREATED, Json(begun)))
}

/// Begins a registration, or what goes the same way until the address is proved.
pub(super) async fn reserve(
    mailroom: &Mailroom,
    network: Network,
    new: NewRegistration,
    wants: Wanted,
) -> Result<Registration, Problem> {
    mailroom.rates.entrance(network)?;
    let now = mailroom.now();
    let mut rng = mailroom.rng();
    let (id, account) = (RegistrationId::new(now, &mut rng), AccountId::new(now, &mut rng));
    let sealed = mailroom.seal.seal_address(account, &new.address, &mut rng);
    let address = Factor { id: FactorId::new(now, &mut rng), kind: FactorKind::Address, sealed };
    let factors = vec![address.clone()];
    let address_lookup = mailroom.seal.address_look_up(&new.address);
    let act = BeginRegistration { id, account, address_lookup, address, language: new.language, wants, now };
    mailroom.store.write(act).await?;
    let Offers { offers } = proofs::offers(mailroom, &Offered { account, factors })?;
    Ok(Registration { id, account, offers })
}

/// Names the phone, once the address is proved. Until a phone is proved, another one may be named in its place.
#[utoipa::path(post, path = "/registrations/{id}/phone", params(("id" = RegistrationId, Path)), request_body = EnteredPhone,
    responses((status = 200, body = Offers), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn phone(
    State(mailroom): State<Mailroom>,
    Id(id): Id<RegistrationId>,
    Json(entered): Json<EnteredPhone>,
) -> Result<Json<Offers>, Problem> {
    let now = mailroom.now();
    let account = mailroom.store.read(RegistrationForPhone { id, now }).await?;
    mailroom.numbers.check(&entered.phone)?;
    Tallies::of(&mailroom).number_of(id).count().await?;
    let phone = sealed_phone(&mailroom, account, &entered.phone);
    let factors = vec![phone.clone()];
    mailroom.store.write(NamePhone { id, phone, now }).await?;
    Ok(Json(proofs::offers(&mailroom, &Offered { account, factors })?))
}

/// The phone that somebody proved who came by a link to this address is that of the registration: no second code goes out.
#[utoipa::path(post, path = "/registrations/{id}/guest", params(("id" = RegistrationId, Path)), request_body = GuestSession,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn phone_by_guest(
    State(mailroom): State<Mailroom>,
    Id(id): Id<RegistrationId>,
    Json(shown): Json<GuestSession>,
) -> Result<StatusCode, Problem> {
    let now = mailroom.now();
    let account = mailroom.store.read(RegistrationForPhone { id, now }).await?;
    let token_hash = token_hash(&shown)?;
    let guest = mailroom.store.read(GuestOfSession { token_hash, now }).await?.ok_or(ProblemType::NotSignedIn)?;
    let number = mailroom.seal.phone(guest.account, guest.phone.id, &guest.phone.sealed)?;
    let phone = sealed_phone(&mailroom, account, &number);
    mailroom.store.write(ProvePhoneByGuest { id, token_hash, phone, now }).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn token_hash(shown: &GuestSession) -> Result<[u8; 32], ProblemType> {
    Ok(Token::parse(&shown.token).ok_or(ProblemType::NotSignedIn)?.hash())
}

fn sealed_phone(mailroom: &Mailroom, account: AccountId, number: &PhoneNumber) -> Factor {
    let mut rng = mailroom.rng();
    let id = FactorId::new(mailroom.now(), &mut rng);
    Factor { id, kind: FactorKind::Phone, sealed: mailroom.seal.seal_phone(account, id, number, &mut rng) }
}

/// A registration whose address and phone are proved, and the account that is reserved for it. Asked for before a body is
/// read, so that a stranger's never is.
pub(crate) struct Proved {
    id: RegistrationId,
    account: AccountId,
}

impl FromRequestParts<Mailroom> for Proved {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, mailroom: &Mailroom) -> Result<Self, Problem> {
        let Id(id) = Id::from_request_parts(parts, mailroom).await?;
        let account = mailroom.store.read(RegistrationForPassword { id, now: mailroom.now() }).await?;
        Ok(Self { id, account })
    }
}

/// The server's half of an OPAQUE registration (RFC 9807 §5).
#[utoipa::path(post, path = "/registrations/{id}/password", params(("id" = RegistrationId, Path)), request_body = PasswordRequest,
    responses((status = 200, body = PasswordResponse), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn password(
    State(mailroom): State<Mailroom>,
    Proved { account, .. }: Proved,
    Json(request): Json<PasswordRequest>,
) -> Result<Json<PasswordResponse>, Problem> {
    mailroom.opaque.answer(account, &request)
}

/// Begins to make the passkey that is to open the mailbox: what it is to be made with. It counts for nothing before the account is
/// made.
#[utoipa::path(post, path = "/registrations/{id}/passkey", params(("id" = RegistrationId, Path)),
    responses((status = 201, body = PasskeyToMake), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn begin_passkey(
    State(mailroom): State<Mailroom>,
    Proved { id, account }: Proved,
) -> Result<(StatusCode, Json<PasskeyToMake>), Problem> {
    let (now, challenge) = (mailroom.now(), passkeys::challenge(&mailroom));
    let factor = FactorId::new(now, &mut mailroom.rng());
    mailroom.store.write(BeginFirstPasskey { id, account, factor, challenge, now }).await?;
    let to_make = PasskeyToMake { id: factor, challenge: challenge.to_vec().into(), exclude: Vec::new() };
    Ok((StatusCode::CREATED, Json(to_make)))
}

/// The first ceremony: the passkey was made. It is asked to sign as the account is made.
#[utoipa::path(post, path = "/registrations/{id}/passkey/made", params(("id" = RegistrationId, Path)),
    request_body = MadeFirstPasskey,
    responses((status = 200, body = PasskeyToUse), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn passkey_made(
    State(mailroom): State<Mailroom>,
    Proved { id, .. }: Proved,
    Json(MadeFirstPasskey { id: factor, made }): Json<MadeFirstPasskey>,
) -> Result<Json<PasskeyToUse>, Problem> {
    Ok(Json(passkeys::take_made(&mailroom, HolderId::Registration(id), factor, &made).await?))
}

/// Makes the account and a session, in one transaction.
#[utoipa::path(post, path = "/registrations/{id}/complete", params(("id" = RegistrationId, Path)), request_body = CompleteRegistration,
    responses((status = 201, body = NewSession), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn complete(
    State(mailroom): State<Mailroom>,
    own_page: FromOwnPage,
    device: PresentedDevice,
    Proved { id, account }: Proved,
    Json(complete): Json<CompleteRegistration, { limits::REGISTRATION_BODY }>,
) -> Result<Response, Problem> {
    session::check_delivery(complete.session, own_page)?;
    let now = mailroom.now();
    let token = Token::generate(&mailroom);
    let device = device.at(&mailroom, account);
    let session = session::fresh(&mailroom, &token, device);
    within("certificate", &complete.certificate.0, limits::CERTIFICATE)?;
    // Its place is the account's, which is known once address and phone are proved.
    let certificate_sealed = mailroom.seal.seal_certificate(account, &complete.certificate.0, &mut mailroom.rng());
    let act = registrations::CompleteRegistration {
        id,
        certificate_hash: CertificateHash::from_bytes(Sha256::digest(&complete.certificate.0).into()),
        certificate_sealed,
        first_way: first_way(&mailroom, id, account, complete.first_way).await?,
        recovery: slots::recovery_slot(complete.recovery)?,
        keyring: first_record("keyring", complete.keyring, limits::KEYRING)?,
        settings: first_record("settings", complete.settings, limits::RECORD)?,
        session: session.clone(),
        claim: complete.claim.map(claim).transpose()?,
        now,
    };
    let begun = mailroom.store.write(act).await?;
    let answer = session::begun(session.id, begun, Vec::new());
    Ok(session::hand_over(&mailroom, answer, &token, complete.session, device))
}

/// A passkey's challenge is taken out here, before the transaction that makes the account: whatever fails from here on takes both
/// ceremonies anew.
async fn first_way(
    mailroom: &Mailroom,
    id: RegistrationId,
    account: AccountId,
    way: FirstWay,
) -> Result<registrations::FirstWay, Problem> {
    match way {
        FirstWay::Password(slot) => Ok(registrations::FirstWay::Password(slots::password_slot(slot)?)),
        FirstWay::Passkey(FirstPasskey { id: factor, assertion, slot }) => {
            within("slot.sealed", &slot.sealed.0, limits::SLOT)?;
            let holder = HolderId::Registration(id);
            let authenticator = passkeys::take_used(mailroom, holder, account, factor, &assertion).await?;
            let slot = PasskeySlot { id: slot.id, sealed: slot.sealed.0 };
            Ok(registrations::FirstWay::Passkey { factor, authenticator, slot })
        }
    }
}

pub(super) fn claim(new: invitations::NewClaim) -> Result<NewClaim, Problem> {
    let ClaimStatement { at: signed_at, signature } = new.statement;
    within("signature", &signature.0, limits::SIGNATURE)?;
    Ok(NewClaim {
        token_hash: token_hash(&new.guest)?,
        contact: new.contact.map(|contact| first_record("contact", contact, limits::CONTACT)).transpose()?,
        signed_at,
        signature: signature.0,
    })
}

pub(super) fn first_record(
    name: &str,
    record: FirstRecord,
    limit: usize,
) -> Result<registrations::FirstRecord, Problem> {
    within(name, &record.sealed.0, limit)?;
    Ok(registrations::FirstRecord { id: record.id, sealed: record.sealed.0 })
}
