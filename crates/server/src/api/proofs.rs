//! Proving a factor (PROTOCOL §6, §9a): the same two calls for a registration, a sign-in, a recovery and a session. One
//! chooses a factor, and only then anything is sent; again, to have it sent again. One enters what came.

use std::time::Duration;

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use securemailbox_protocol::{
    factors::{
        Answer, ChooseFactor, Code, EnterProof, EnterSignInProof, FactorKind, FactorOffer, Offers, SessionProof,
    },
    ids::{AccountId, FactorId, RecoveryId, RegistrationId, SessionId, SignInId},
    invitations::EnterLink,
    levels::Level,
    limits,
    passkeys::{Assertion, PasskeyToProve},
    problems::{ProblemDetails, ProblemType},
    security::SecurityEventKind,
    sessions::NewSession,
    sign_in::RecoveryProved,
    slots::{Slot, SlotKind},
};
use securemailbox_store::{
    factors::{self, Factor, FactorsOf},
    invitations::{LinkSlot, OpenByLink},
    notices::NoticeId,
    passkeys::{Challenged, ExpectPasskey, ProvePasskey, TakeChallenge},
    proofs::{CodeHmac, Holder, HolderId, NOBODYS_CODE, Offered, Purpose, Step, Verdict},
    proving::{
        AskForCode, ChooseError, ChosenFactor, EnterCode, EnterKeptCode, Entered, ExpectCode, FirstTry, Guessed,
        Guesser, KeptCode, OffersTo, OneTimeCodeUsed, Tried,
    },
    recoveries::Recovering,
    registrations::Registering,
    security::SecurityEvent,
    sessions::StepUp,
    sign_in::{SignedIn, SigningIn},
};

use super::{Id, invitations, passkeys, recoveries, security, slots};
use crate::{
    authenticator,
    body::Json,
    devices::Caller,
    mailroom::Mailroom,
    notices::{Recipient, Text, seal_notice},
    problem::Problem,
    session::{self, FromOwnPage, Session, Token},
    tallies::Tallies,
};

/// Where no session is proved or opened.
pub(super) const NO_SESSION: SessionId = SessionId::from_bytes([0; 16]);

/// Sends a code for a factor of a registration: to the address, or to the phone once it was named. The answer is the same
/// for an address that has a mailbox already; only the e-mail differs.
#[utoipa::path(post, path = "/registrations/{id}/proofs", params(("id" = RegistrationId, Path)), request_body = ChooseFactor,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn of_registration(
    State(mailroom): State<Mailroom>,
    caller: Caller,
    Id(id): Id<RegistrationId>,
    Json(choice): Json<ChooseFactor>,
) -> Result<Response, Problem> {
    mailroom.rates.entrance(caller.network)?;
    choose(&mailroom, HolderId::Registration(id), &choice, caller).await
}

/// Proves the address or the phone of a registration.
#[utoipa::path(post, path = "/registrations/{id}/proofs/enter", params(("id" = RegistrationId, Path)), request_body = EnterProof,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn enter_of_registration(
    State(mailroom): State<Mailroom>,
    caller: Caller,
    Id(id): Id<RegistrationId>,
    Json(entered): Json<EnterProof>,
) -> Result<StatusCode, Problem> {
    enter(&mailroom, Registering(id), &entered, NO_SESSION, caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a code for the factor that somebody chose who proved the password.
#[utoipa::path(post, path = "/sign-ins/{id}/proofs", params(("id" = SignInId, Path)), request_body = ChooseFactor,
    responses((status = 200, body = PasskeyToProve), (status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn of_sign_in(
    State(mailroom): State<Mailroom>,
    caller: Caller,
    Id(id): Id<SignInId>,
    Json(choice): Json<ChooseFactor>,
) -> Result<Response, Problem> {
    choose(&mailroom, HolderId::SignIn(id), &choice, caller).await
}

/// Proves a factor of a sign-in; begins a session and gives out its slots.
#[utoipa::path(post, path = "/sign-ins/{id}/proofs/enter", params(("id" = SignInId, Path)), request_body = EnterSignInProof,
    responses((status = 201, body = NewSession), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn enter_of_sign_in(
    State(mailroom): State<Mailroom>,
    caller: Caller,
    own_page: FromOwnPage,
    Id(id): Id<SignInId>,
    Json(entered): Json<EnterSignInProof>,
) -> Result<Response, Problem> {
    let EnterSignInProof { factor, answer, session: delivery } = entered;
    session::check_delivery(delivery, own_page)?;
    let token = Token::generate(&mailroom);
    let whose = Guessed { holder: HolderId::SignIn(id), now: mailroom.now() };
    let (account, is_guest) = match mailroom.store.read(whose).await? {
        Some(Guesser::Account(account)) => (account, false),
        Some(Guesser::Guest(guest)) => (guest, true),
        Some(Guesser::Registering(_)) | None => return Err(ProblemType::CodeRefused.into()),
    };
    let device = caller.device.at(&mailroom, account);
    let mut session = session::fresh(&mailroom, &token, device);
    if !is_guest {
        session = security::on_device(&mailroom, account, caller.device, session).await?;
    }
    let holder = SigningIn { id, session: session.clone() };
    let signed_in = enter(&mailroom, holder, &EnterProof { factor, answer }, session.id, caller).await?;
    security::ring(&mailroom);
    let answer = begun(&mailroom, session.id, signed_in)?;
    Ok(session::hand_over(&mailroom, answer, &token, delivery, device))
}

/// Opens what a link opens by itself, since its owner's browser made it; begins a session and gives out its slot. Tries are counted by
/// their network, as those at a link that is none.
#[utoipa::path(post, path = "/sign-ins/{id}/link", params(("id" = SignInId, Path)), request_body = EnterLink,
    responses((status = 201, body = NewSession), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn enter_link(
    State(mailroom): State<Mailroom>,
    caller: Caller,
    own_page: FromOwnPage,
    Id(id): Id<SignInId>,
    Json(EnterLink { token: shown, session: delivery }): Json<EnterLink>,
) -> Result<Response, Problem> {
    session::check_delivery(delivery, own_page)?;
    mailroom.rates.entrance(caller.network)?;
    let (now, token_hash) = (mailroom.now(), invitations::token_hash(&shown.0)?);
    let Some(Guesser::Guest(guest)) = mailroom.store.read(Guessed { holder: HolderId::SignIn(id), now }).await? else {
        return Err(ProblemType::NotFound.into());
    };
    let token = Token::generate(&mailroom);
    let device = caller.device.at(&mailroom, guest);
    let session = session::fresh(&mailroom, &token, device);
    let opened = OpenByLink { id, token_hash, session: session.clone(), now };
    let opened = mailroom.store.write(opened).await?.ok_or(ProblemType::NotFound)?;
    let answer = begun(&mailroom, session.id, opened)?;
    Ok(session::hand_over(&mailroom, answer, &token, delivery, device))
}

/// A session that a sign-in began, with what opens the mailbox.
fn begun(mailroom: &Mailroom, session: SessionId, signed_in: SignedIn) -> Result<NewSession, Problem> {
    let mut answer = session::begun(session, signed_in.begun, signed_in.slots);
    if let Some(LinkSlot { id, sealed, share_sealed }) = signed_in.link {
        answer.share = Some(slots::open_share(mailroom, answer.account, id, &share_sealed)?);
        answer.slots.push(Slot { id, kind: SlotKind::Link, sealed: sealed.into() });
    }
    Ok(answer)
}

/// Sends a code for the factor that somebody chose who proved the recovery code.
#[utoipa::path(post, path = "/recoveries/{id}/proofs", params(("id" = RecoveryId, Path)), request_body = ChooseFactor,
    responses((status = 200, body = PasskeyToProve), (status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn of_recovery(
    State(mailroom): State<Mailroom>,
    caller: Caller,
    Id(id): Id<RecoveryId>,
    Json(choice): Json<ChooseFactor>,
) -> Result<Response, Problem> {
    choose(&mailroom, HolderId::Recovery(id), &choice, caller).await
}

/// Proves a factor of a recovery; gives out the `recovery` slot, or begins to wait where that was on paper too.
#[utoipa::path(post, path = "/recoveries/{id}/proofs/enter", params(("id" = RecoveryId, Path)), request_body = EnterProof,
    responses((status = 200, body = RecoveryProved), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn enter_of_recovery(
    State(mailroom): State<Mailroom>,
    caller: Caller,
    Id(id): Id<RecoveryId>,
    Json(entered): Json<EnterProof>,
) -> Result<Json<RecoveryProved>, Problem> {
    let paper = match &entered.answer {
        Answer::OneTimeCode(_) => Some(recoveries::of_paper(&mailroom, id).await?),
        Answer::Code(_) | Answer::Passkey(_) => None,
    };
    let recovered = enter(&mailroom, Recovering { id, paper }, &entered, NO_SESSION, caller).await?;
    security::ring(&mailroom);
    Ok(Json(recoveries::proved(recovered)))
}

/// Lists the factors by which this session can be proved afresh.
#[utoipa::path(get, path = "/sessions/current/proofs",
    responses((status = 200, body = Offers), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn offers_to_session(
    State(mailroom): State<Mailroom>,
    session: Session,
) -> Result<Json<Offers>, Problem> {
    Ok(Json(offers_to(&mailroom, HolderId::Session(session.id)).await?))
}

/// Sends a code for a factor that this session proves afresh.
#[utoipa::path(post, path = "/sessions/current/proofs", request_body = ChooseFactor,
    responses((status = 200, body = PasskeyToProve), (status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn of_session(
    State(mailroom): State<Mailroom>,
    caller: Caller,
    session: Session,
    Json(choice): Json<ChooseFactor>,
) -> Result<Response, Problem> {
    choose(&mailroom, HolderId::Session(session.id), &choice, caller).await
}

/// Proves a factor afresh: the session stands at its level from now.
#[utoipa::path(post, path = "/sessions/current/proofs/enter", request_body = EnterProof,
    responses((status = 200, body = SessionProof), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn enter_of_session(
    State(mailroom): State<Mailroom>,
    caller: Caller,
    session: Session,
    Json(entered): Json<EnterProof>,
) -> Result<Json<SessionProof>, Problem> {
    let standing = enter(&mailroom, StepUp(session.id), &entered, session.id, caller).await?;
    Ok(Json(SessionProof { level: standing.level, proved: standing.proved }))
}

/// Refuses, with what there is to choose from, unless the session proved `level` within the last 15 minutes (PROTOCOL §6).
/// The one place where that is asked; `refusal` says to whom it matters.
pub(crate) async fn demand(
    mailroom: &Mailroom,
    session: &Session,
    level: Level,
    refusal: ProblemType,
) -> Result<(), Problem> {
    if session.may_open(Some(level), mailroom.now()) {
        return Ok(());
    }
    refuse(mailroom, session, refusal, |kind| kind.level() >= level && !kind.is_reserve()).await
}

/// Refuses, with those of the offers that would be enough.
async fn refuse(
    mailroom: &Mailroom,
    session: &Session,
    refusal: ProblemType,
    is_enough: impl Fn(FactorKind) -> bool,
) -> Result<(), Problem> {
    let Offers { offers } = offers_to(mailroom, HolderId::Session(session.id)).await?;
    let enough: Vec<FactorOffer> = offers.into_iter().filter(|offer| is_enough(offer.kind)).collect();
    let offers = serde_json::to_value(enough).map_err(|error| Problem::internal(&error))?;
    Err(Problem::new(refusal).with("offers", offers))
}

/// The same at the best level that the account can prove, and not by what is kept in reserve: asked before what opens a mailbox
/// is replaced, and before another session is ended.
pub(crate) async fn demand_best(mailroom: &Mailroom, session: &Session) -> Result<(), Problem> {
    let best = best(mailroom, session).await?;
    if session.standing.proves(best, mailroom.now()) && !session.stands_by_reserve() {
        return Ok(());
    }
    let is_enough = |kind: FactorKind| kind.level() >= best && !kind.is_reserve();
    refuse(mailroom, session, ProblemType::ProofRequired, is_enough).await
}

/// The same, where a fresh proof by what is kept in reserve is enough: whoever lost the better one mends that by it.
pub(crate) async fn demand_best_or_reserve(mailroom: &Mailroom, session: &Session) -> Result<(), Problem> {
    let factors = mailroom.store.read(FactorsOf { account: session.account }).await?;
    demand_best_or_reserve_of(mailroom, session, &factors).await
}

/// The same, of these factors of the account only.
pub(crate) async fn demand_best_or_reserve_of(
    mailroom: &Mailroom,
    session: &Session,
    factors: &[Factor],
) -> Result<(), Problem> {
    let best = factors::best(factors).unwrap_or(Level::Eid);
    let now = mailroom.now();
    let by_reserve = session.reserve.is_some_and(|proved| now.since(proved) <= limits::PROOF_LIFE);
    if by_reserve || session.standing.proves(best, now) {
        return Ok(());
    }
    let is_enough = |kind: FactorKind| kind.level() >= best || kind.is_reserve();
    refuse(mailroom, session, ProblemType::ProofRequired, is_enough).await
}

/// The best level that the account of a session can prove. Whoever can prove nothing may do nothing that asks for it.
async fn best(mailroom: &Mailroom, session: &Session) -> Result<Level, Problem> {
    let factors = mailroom.store.read(FactorsOf { account: session.account }).await?;
    Ok(factors::best(&factors).unwrap_or(Level::Eid))
}

/// Reads the factors that a holder may choose from, as they travel.
pub(crate) async fn offers_to(mailroom: &Mailroom, holder: HolderId) -> Result<Offers, Problem> {
    let offered = mailroom.store.read(OffersTo { holder, now: mailroom.now() }).await;
    offers(mailroom, &offered.map_err(|error| refused(holder, error))?)
}

/// The same, of what was offered.
pub(crate) fn offers(mailroom: &Mailroom, offered: &Offered) -> Result<Offers, Problem> {
    let each = offered.factors.iter().map(|factor| offer(mailroom, offered.account, factor));
    Ok(Offers { offers: each.collect::<Result<_, _>>()? })
}

fn offer(mailroom: &Mailroom, account: AccountId, factor: &Factor) -> Result<FactorOffer, Problem> {
    Ok(FactorOffer { id: factor.id, kind: factor.kind, hint: hint(mailroom, account, factor)? })
}

/// What its owner knows a factor by.
pub(crate) fn hint(mailroom: &Mailroom, account: AccountId, factor: &Factor) -> Result<String, Problem> {
    Ok(match factor.kind {
        FactorKind::Phone | FactorKind::ReservePhone => {
            mailroom.seal.phone(account, factor.id, &factor.sealed)?.last_digits().to_owned()
        }
        FactorKind::Address | FactorKind::OneTimeCodes | FactorKind::Authenticator | FactorKind::Passkey => {
            String::new()
        }
    })
}

/// A factor was chosen: what is sent is sent, and of an app or a sheet of codes the tries begin.
pub(crate) async fn choose(
    mailroom: &Mailroom,
    holder: HolderId,
    choice: &ChooseFactor,
    caller: Caller,
) -> Result<Response, Problem> {
    let (factor, now) = (choice.factor, mailroom.now());
    let chosen = mailroom.store.read(ChosenFactor { holder, factor, now }).await;
    let chosen = chosen.map_err(|error| refused(holder, error))?;
    let (account, sealed) = (chosen.account, &chosen.factor.sealed);
    let to = match chosen.factor.kind {
        FactorKind::Address => Recipient::Email(mailroom.seal.address(account, sealed)?),
        FactorKind::Phone | FactorKind::ReservePhone => Recipient::Phone(mailroom.seal.phone(account, factor, sealed)?),
        FactorKind::Passkey => return expect_passkey(mailroom, holder, factor).await,
        FactorKind::OneTimeCodes | FactorKind::Authenticator => {
            let asked = mailroom.store.write(AskForCode { holder, factor, now }).await;
            asked.map_err(|error| refused(holder, error))?;
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
    };
    match (chosen.purpose, &to) {
        (Purpose::Letter, Recipient::Phone(phone)) => {
            Tallies::of(mailroom).code_of_link(account, phone, caller.network).count().await?;
        }
        _ => message(mailroom, holder, account, &to, caller).await?.count().await?,
    }
    let mut rng = mailroom.rng();
    let digits = Code::generate(&mut rng);
    let (code, text) = match (chosen.in_vain, chosen.purpose) {
        (true, Purpose::Removal) => (NOBODYS_CODE, Text::NotHere),
        (true, Purpose::Mailbox | Purpose::Proof | Purpose::Letter | Purpose::Page) => {
            (NOBODYS_CODE, Text::AlreadyHere)
        }
        (false, Purpose::Removal) => {
            (hmac(mailroom, holder, choice.factor, &digits), Text::RemovalCode { code: digits })
        }
        (false, Purpose::Letter) => (hmac(mailroom, holder, choice.factor, &digits), Text::LetterCode { code: digits }),
        (false, Purpose::Page) => (hmac(mailroom, holder, choice.factor, &digits), Text::PageCode { code: digits }),
        (false, Purpose::Mailbox | Purpose::Proof) => {
            (hmac(mailroom, holder, choice.factor, &digits), text(holder, chosen.factor.kind, digits))
        }
    };
    let notice = seal_notice(&mailroom.seal, &to, chosen.language, &text, &mut rng);
    let id = notice.id;
    let expected = mailroom.store.write(ExpectCode { holder, factor, code, notice, now }).await;
    expected.map_err(|error| refused(holder, error))?;
    mailroom.notices.ring(to.lane());
    first_try(mailroom, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Gives out a challenge for any passkey of the account.
async fn expect_passkey(mailroom: &Mailroom, holder: HolderId, factor: FactorId) -> Result<Response, Problem> {
    let (now, challenge) = (mailroom.now(), passkeys::challenge(mailroom));
    let credentials = mailroom.store.write(ExpectPasskey { holder, factor, challenge, now }).await;
    let credentials = credentials.map_err(|error| refused(holder, error))?;
    let credentials = credentials.into_iter().map(Into::into).collect();
    Ok(axum::Json(PasskeyToProve { challenge: challenge.to_vec().into(), credentials }).into_response())
}

/// Waits, not for long, for the first try to send a code: who mistyped an address hears of it where they can mend it. The
/// same for an address that has a mailbox, which is sent a message too.
async fn first_try(mailroom: &Mailroom, notice: NoticeId) -> Result<(), Problem> {
    const PAUSE: Duration = Duration::from_millis(50);
    let mut waited = Duration::ZERO;
    while waited < mailroom.first_try {
        tokio::time::sleep(PAUSE).await;
        waited += PAUSE;
        match mailroom.store.read(FirstTry { notice }).await? {
            Tried::NotYet => {}
            Tried::OnItsWay => return Ok(()),
            Tried::Refused => return Err(ProblemType::CodeNotSent.into()),
        }
    }
    Ok(())
}

/// What a message with a code is counted by.
async fn message<'a>(
    mailroom: &'a Mailroom,
    holder: HolderId,
    account: AccountId,
    to: &Recipient,
    caller: Caller,
) -> Result<Tallies<'a>, securemailbox_store::StoreError> {
    let tallies = Tallies::of(mailroom);
    Ok(match (holder, to) {
        (HolderId::Registration(_), Recipient::Email(address)) => tallies.email_to_stranger(address, caller.network),
        (HolderId::Registration(_), Recipient::Phone(phone)) => tallies.text_to_stranger(phone, caller.network),
        (HolderId::SignIn(_) | HolderId::Recovery(_) | HolderId::Session(_) | HolderId::Enrolment(_), to) => {
            let tallies = tallies.code_of(account, caller.device.known_still(mailroom, account).await?);
            match to {
                Recipient::Email(_) => tallies,
                Recipient::Phone(_) => tallies.text(),
            }
        }
    })
}

/// Every try is counted as a wrong one before it is looked at, so that many at once are no way around it; the right one is
/// taken back. `session` is the one that is opened or proved, for what is written down of it.
pub(crate) async fn enter<H: Holder>(
    mailroom: &Mailroom,
    holder: H,
    entered: &EnterProof,
    session: SessionId,
    caller: Caller,
) -> Result<H::Gives, Problem> {
    let EnterProof { factor, answer } = entered;
    let (id, factor, now) = (holder.id(), *factor, mailroom.now());
    let whose = mailroom.store.read(Guessed { holder: id, now }).await?.ok_or(ProblemType::CodeRefused)?;
    let wrong = match &whose {
        Guesser::Registering(address_lookup) => {
            Tallies::of(mailroom).wrong_at_registration(address_lookup, caller.network)
        }
        Guesser::Account(account) => {
            let device = caller.device.known_still(mailroom, *account).await?;
            Tallies::of(mailroom).wrong_at_account(*account, device)
        }
        Guesser::Guest(guest) => Tallies::of(mailroom).wrong_at_link(*guest),
    };
    wrong.count().await.map_err(|problem| shut(&whose, problem))?;
    if let Answer::Passkey(assertion) = answer {
        let given = enter_passkey(mailroom, holder, factor, assertion).await?;
        wrong.count_less().await?;
        return Ok(given);
    }
    let entered = match typed(mailroom, id, factor, answer, &whose, session).await? {
        Typed::Sent(code) => mailroom.store.write(EnterCode { holder, factor, code, now }).await?,
        Typed::Kept(code) => mailroom.store.write(EnterKeptCode { holder, factor, code, now }).await?,
    };
    match entered {
        Entered::Proved(given) => {
            wrong.count_less().await?;
            Ok(given)
        }
        Entered::Refused(verdict) => {
            if verdict == Verdict::NoTriesLeft {
                tell_of_wrong_codes(mailroom, id, &whose, session).await?;
            }
            Err(why_refused(verdict))
        }
    }
}

/// A link whose tries are used up is shut for as long as it lives: nobody is told to wait.
fn shut(whose: &Guesser, problem: Problem) -> Problem {
    match (whose, problem.kind()) {
        (Guesser::Guest(_), ProblemType::TooManyRequests) => ProblemType::LinkShut.into(),
        _ => problem,
    }
}

/// Whoever types five wrong codes at a sign-in has the password, or the sheet: its owner is told.
async fn tell_of_wrong_codes(
    mailroom: &Mailroom,
    holder: HolderId,
    whose: &Guesser,
    session: SessionId,
) -> Result<(), Problem> {
    match (holder, whose) {
        (HolderId::SignIn(_) | HolderId::Recovery(_), Guesser::Account(account)) => {
            security::happened(mailroom, *account, session, SecurityEventKind::CodesRefused).await
        }
        _ => Ok(()),
    }
}

/// Judges an assertion: the challenge is spent, whatever comes of it.
async fn enter_passkey<H: Holder>(
    mailroom: &Mailroom,
    holder: H,
    offered: FactorId,
    assertion: &Assertion,
) -> Result<H::Gives, Problem> {
    let now = mailroom.now();
    let taken = mailroom.store.write(TakeChallenge { holder: holder.id(), factor: offered, now }).await?;
    let Challenged { account, challenge } = taken.ok_or_else(passkeys::refused)?;
    let (answered, authenticator) = passkeys::proved(mailroom, assertion, &challenge, account).await?;
    let proved = ProvePasskey { holder, offered, answered, authenticator, now };
    mailroom.store.write(proved).await?.ok_or_else(passkeys::refused)
}

fn why_refused(verdict: Verdict) -> Problem {
    match verdict {
        Verdict::Older => ProblemType::CodeReplaced.into(),
        Verdict::NotSent => ProblemType::CodeNotSent.into(),
        Verdict::Used(None) => ProblemType::CodeUsed.into(),
        Verdict::Used(Some(at)) => Problem::new(ProblemType::CodeUsed).with("used", at.unix_millis()),
        Verdict::OlderSheet => ProblemType::OlderSheet.into(),
        Verdict::Proved | Verdict::Wrong | Verdict::NoTriesLeft | Verdict::TooLate | Verdict::AlreadyOver => {
            ProblemType::CodeRefused.into()
        }
    }
}

/// What was typed, as the store judges it.
enum Typed {
    /// The code of a message.
    Sent(CodeHmac),
    /// A code that its owner keeps.
    Kept(KeptCode),
}

async fn typed(
    mailroom: &Mailroom,
    holder: HolderId,
    factor: FactorId,
    answer: &Answer,
    whose: &Guesser,
    session: SessionId,
) -> Result<Typed, Problem> {
    match (answer, whose) {
        (Answer::Code(code), Guesser::Registering(_) | Guesser::Guest(_)) => {
            Ok(Typed::Sent(hmac(mailroom, holder, factor, code)))
        }
        (Answer::Code(code), Guesser::Account(account)) => {
            let factors = mailroom.store.read(FactorsOf { account: *account }).await?;
            match factors.iter().find(|one| one.id == factor && one.kind == FactorKind::Authenticator) {
                Some(app) => {
                    let matching = matching(mailroom, *account, app, answer)?;
                    let step = authenticator::step(mailroom.now());
                    Ok(Typed::Kept(KeptCode::Authenticator { matching, step }))
                }
                None => Ok(Typed::Sent(hmac(mailroom, holder, factor, code))),
            }
        }
        (Answer::OneTimeCode(code), Guesser::Account(account)) => {
            let at = mailroom.now();
            let event = SecurityEvent { kind: SecurityEventKind::OneTimeCodeUsed, session, at };
            let notices = match holder {
                // What begins to wait by it is announced, and says more.
                HolderId::Recovery(_) => Vec::new(),
                HolderId::Registration(_) | HolderId::SignIn(_) | HolderId::Session(_) | HolderId::Enrolment(_) => {
                    security::announcement(mailroom, *account, event).await?
                }
            };
            let code = mailroom.seal.one_time_code(*account, code);
            Ok(Typed::Kept(KeptCode::OneTime(OneTimeCodeUsed { code, session, notices })))
        }
        (Answer::OneTimeCode(_), Guesser::Registering(_) | Guesser::Guest(_)) | (Answer::Passkey(_), _) => {
            Err(ProblemType::CodeRefused.into())
        }
    }
}

/// The steps of which an answer is an app's code.
pub(crate) fn matching(
    mailroom: &Mailroom,
    account: AccountId,
    app: &Factor,
    answer: &Answer,
) -> Result<Vec<Step>, Problem> {
    let Answer::Code(code) = answer else { return Ok(Vec::new()) };
    let secret = mailroom.seal.authenticator(account, app.id, &app.sealed)?;
    Ok(authenticator::matching(&secret, code, mailroom.now()))
}

/// The HMAC that is kept of a code: of these digits for this holder and factor, and no other.
fn hmac(mailroom: &Mailroom, holder: HolderId, factor: FactorId, digits: &Code) -> CodeHmac {
    mailroom.seal.code(holder.as_bytes(), factor, digits)
}

fn text(holder: HolderId, kind: FactorKind, code: Code) -> Text {
    match (holder, kind) {
        (HolderId::Registration(_), FactorKind::Address) => Text::AddressCode { code },
        (HolderId::Registration(_) | HolderId::Enrolment(_), _) => Text::PhoneCode { code },
        (HolderId::SignIn(_), _) => Text::SignInCode { code },
        (HolderId::Recovery(_), _) => Text::RecoveryCode { code },
        (HolderId::Session(_), _) => Text::ProofCode { code },
    }
}

/// A factor that can't be chosen, in the words of what it was to prove.
fn refused(holder: HolderId, error: ChooseError) -> Problem {
    match error {
        ChooseError::Over => match holder {
            HolderId::Registration(_) => ProblemType::RegistrationOver.into(),
            HolderId::SignIn(_) | HolderId::Recovery(_) => ProblemType::CredentialsRefused.into(),
            HolderId::Session(_) | HolderId::Enrolment(_) => ProblemType::NotFound.into(),
        },
        ChooseError::Store(source) => source.into(),
    }
}

#[cfg(test)]
pub(super) mod tests;
