//! Proving a factor (PROTOCOL §6, §9a): the same two calls for a registration, a sign-in, a recovery and a session. One
//! chooses a factor, and only then anything is sent; again, to have it sent again. One enters what came.

use axum::{extract::State, http::StatusCode, response::Response};
use securemailbox_protocol::{
    factors::{
        Answer, ChooseFactor, Code, EnterProof, EnterSignInProof, FactorKind, FactorOffer, Offers, SessionProof,
    },
    ids::{AccountId, FactorId, RecoveryId, RegistrationId, SignInId},
    levels::Level,
    problems::{ProblemDetails, ProblemType},
    sessions::NewSession,
    sign_in::RecoveredSlot,
};
use securemailbox_store::{
    factors::{Factor, FactorsOf},
    proofs::{CodeHmac, Holder, HolderId, NOBODYS_CODE, Offered, Verdict},
    proving::{ChooseError, ChosenFactor, EnterCode, Entered, ExpectCode, OffersTo},
    recoveries::Recovering,
    registrations::Registering,
    sessions::StepUp,
    sign_in::SigningIn,
};

use super::Id;
use crate::{
    body::Json,
    mailroom::Mailroom,
    notices::{Recipient, Text, seal_notice},
    problem::Problem,
    rates::Network,
    session::{self, FromOwnPage, Session, Token},
};

/// Sends a code for a factor of a registration: to the address, or to the phone once it was named. The answer is the same
/// for an address that has a mailbox already; only the e-mail differs.
#[utoipa::path(post, path = "/registrations/{id}/proofs", params(("id" = RegistrationId, Path)), request_body = ChooseFactor,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn of_registration(
    State(mailroom): State<Mailroom>,
    network: Network,
    Id(id): Id<RegistrationId>,
    Json(choice): Json<ChooseFactor>,
) -> Result<StatusCode, Problem> {
    // Nobody is known yet whose codes could be counted, so the network's are.
    mailroom.rates.entrance(network)?;
    choose(&mailroom, HolderId::Registration(id), &choice).await
}

/// Proves the address or the phone of a registration.
#[utoipa::path(post, path = "/registrations/{id}/proofs/enter", params(("id" = RegistrationId, Path)), request_body = EnterProof,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn enter_of_registration(
    State(mailroom): State<Mailroom>,
    Id(id): Id<RegistrationId>,
    Json(entered): Json<EnterProof>,
) -> Result<StatusCode, Problem> {
    enter(&mailroom, Registering(id), &entered).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a code for the factor that somebody chose who proved the password.
#[utoipa::path(post, path = "/sign-ins/{id}/proofs", params(("id" = SignInId, Path)), request_body = ChooseFactor,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn of_sign_in(
    State(mailroom): State<Mailroom>,
    Id(id): Id<SignInId>,
    Json(choice): Json<ChooseFactor>,
) -> Result<StatusCode, Problem> {
    choose(&mailroom, HolderId::SignIn(id), &choice).await
}

/// Proves a factor of a sign-in; begins a session and gives out its slots.
#[utoipa::path(post, path = "/sign-ins/{id}/proofs/enter", params(("id" = SignInId, Path)), request_body = EnterSignInProof,
    responses((status = 201, body = NewSession), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn enter_of_sign_in(
    State(mailroom): State<Mailroom>,
    own_page: FromOwnPage,
    Id(id): Id<SignInId>,
    Json(entered): Json<EnterSignInProof>,
) -> Result<Response, Problem> {
    let EnterSignInProof { factor, answer, session: delivery } = entered;
    session::check_delivery(delivery, own_page)?;
    let token = Token::generate(&mailroom);
    let session = session::fresh(&mailroom, &token);
    let holder = SigningIn { id, session: session.clone() };
    let signed_in = enter(&mailroom, holder, &EnterProof { factor, answer }).await?;
    Ok(session::hand_over(session::begun(session.id, signed_in.begun, signed_in.slots), &token, delivery))
}

/// Sends a code for the factor that somebody chose who proved the recovery code.
#[utoipa::path(post, path = "/recoveries/{id}/proofs", params(("id" = RecoveryId, Path)), request_body = ChooseFactor,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn of_recovery(
    State(mailroom): State<Mailroom>,
    Id(id): Id<RecoveryId>,
    Json(choice): Json<ChooseFactor>,
) -> Result<StatusCode, Problem> {
    choose(&mailroom, HolderId::Recovery(id), &choice).await
}

/// Proves a factor of a recovery; gives out the `recovery` slot.
#[utoipa::path(post, path = "/recoveries/{id}/proofs/enter", params(("id" = RecoveryId, Path)), request_body = EnterProof,
    responses((status = 200, body = RecoveredSlot), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn enter_of_recovery(
    State(mailroom): State<Mailroom>,
    Id(id): Id<RecoveryId>,
    Json(entered): Json<EnterProof>,
) -> Result<Json<RecoveredSlot>, Problem> {
    let recovered = enter(&mailroom, Recovering(id), &entered).await?;
    Ok(Json(RecoveredSlot { account: recovered.account, id: recovered.slot.id, sealed: recovered.slot.sealed }))
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
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn of_session(
    State(mailroom): State<Mailroom>,
    session: Session,
    Json(choice): Json<ChooseFactor>,
) -> Result<StatusCode, Problem> {
    choose(&mailroom, HolderId::Session(session.id), &choice).await
}

/// Proves a factor afresh: the session stands at its level from now.
#[utoipa::path(post, path = "/sessions/current/proofs/enter", request_body = EnterProof,
    responses((status = 200, body = SessionProof), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn enter_of_session(
    State(mailroom): State<Mailroom>,
    session: Session,
    Json(entered): Json<EnterProof>,
) -> Result<Json<SessionProof>, Problem> {
    let standing = enter(&mailroom, StepUp(session.id), &entered).await?;
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
    if session.standing.proves(level, mailroom.now()) {
        return Ok(());
    }
    let Offers { offers } = offers_to(mailroom, HolderId::Session(session.id)).await?;
    let enough: Vec<FactorOffer> = offers.into_iter().filter(|offer| offer.kind.level() >= level).collect();
    let offers = serde_json::to_value(enough).map_err(|error| Problem::internal(&error))?;
    Err(Problem::new(refusal).with("offers", offers))
}

/// The same at the best level that the account can prove: asked before what opens a mailbox is replaced, and before another
/// session is ended.
pub(crate) async fn demand_best(mailroom: &Mailroom, session: &Session) -> Result<(), Problem> {
    let factors = mailroom.store.read(FactorsOf { account: session.account }).await?;
    // Whoever can prove nothing may not do it.
    let best = factors.iter().map(|factor| factor.kind.level()).max().unwrap_or(Level::Eid);
    demand(mailroom, session, best, ProblemType::ProofRequired).await
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

/// A factor with what its owner knows it by.
fn offer(mailroom: &Mailroom, account: AccountId, factor: &Factor) -> Result<FactorOffer, Problem> {
    let hint = match factor.kind {
        FactorKind::Address => String::new(),
        FactorKind::Phone => mailroom.seal.phone(account, factor.id, &factor.sealed)?.last_digits().to_owned(),
    };
    Ok(FactorOffer { id: factor.id, kind: factor.kind, hint })
}

async fn choose(mailroom: &Mailroom, holder: HolderId, choice: &ChooseFactor) -> Result<StatusCode, Problem> {
    let (factor, now) = (choice.factor, mailroom.now());
    let chosen = mailroom.store.read(ChosenFactor { holder, factor, now }).await;
    let chosen = chosen.map_err(|error| refused(holder, error))?;
    let (account, sealed) = (chosen.account, &chosen.factor.sealed);
    let (to, counted_by) = match chosen.factor.kind {
        FactorKind::Address => {
            let address = mailroom.seal.address(account, sealed)?;
            // Per address, so that nobody's e-mail can be filled with codes from many networks.
            let counted_by = mailroom.seal.address_look_up(&address).first_chunk().copied().unwrap_or_default();
            (Recipient::Email(address), counted_by)
        }
        FactorKind::Phone => (Recipient::Phone(mailroom.seal.phone(account, factor, sealed)?), *account.as_bytes()),
    };
    mailroom.rates.code(&counted_by)?;
    let mut rng = mailroom.rng();
    let digits = Code::generate(&mut rng);
    let (code, text) = if chosen.taken {
        (NOBODYS_CODE, Text::AlreadyHere)
    } else {
        (hmac(mailroom, holder, choice.factor, &digits), text(holder, chosen.factor.kind, digits))
    };
    let notice = seal_notice(&mailroom.seal, &to, chosen.language, &text, &mut rng);
    let expected = mailroom.store.write(ExpectCode { holder, factor, code, notice, now }).await;
    expected.map_err(|error| refused(holder, error))?;
    mailroom.notices.ring(to.lane());
    Ok(StatusCode::NO_CONTENT)
}

async fn enter<H: Holder>(mailroom: &Mailroom, holder: H, entered: &EnterProof) -> Result<H::Gives, Problem> {
    let EnterProof { factor, answer: Answer::Code(code) } = entered;
    let code = hmac(mailroom, holder.id(), *factor, code);
    match mailroom.store.write(EnterCode { holder, factor: *factor, code, now: mailroom.now() }).await? {
        Entered::Proved(given) => Ok(given),
        Entered::Refused(Verdict::Older) => Err(ProblemType::CodeReplaced.into()),
        Entered::Refused(
            Verdict::Proved | Verdict::Wrong | Verdict::NoTriesLeft | Verdict::TooLate | Verdict::AlreadyOver,
        ) => Err(ProblemType::CodeRefused.into()),
    }
}

/// The HMAC that is kept of a code: of these digits for this holder and factor, and no other.
fn hmac(mailroom: &Mailroom, holder: HolderId, factor: FactorId, digits: &Code) -> CodeHmac {
    mailroom.seal.code(holder.as_bytes(), factor, digits)
}

fn text(holder: HolderId, kind: FactorKind, code: Code) -> Text {
    match (holder, kind) {
        (HolderId::Registration(_), FactorKind::Address) => Text::AddressCode { code },
        (HolderId::Registration(_), FactorKind::Phone) => Text::PhoneCode { code },
        (HolderId::SignIn(_), FactorKind::Address | FactorKind::Phone) => Text::SignInCode { code },
        (HolderId::Recovery(_), FactorKind::Address | FactorKind::Phone) => Text::RecoveryCode { code },
        (HolderId::Session(_), FactorKind::Address | FactorKind::Phone) => Text::ProofCode { code },
    }
}

/// A factor that can't be chosen, in the words of what it was to prove.
fn refused(holder: HolderId, error: ChooseError) -> Problem {
    match error {
        ChooseError::Over => match holder {
            HolderId::Registration(_) => ProblemType::RegistrationOver.into(),
            HolderId::SignIn(_) | HolderId::Recovery(_) => ProblemType::CredentialsRefused.into(),
            HolderId::Session(_) => ProblemType::NotFound.into(),
        },
        ChooseError::Store(source) => source.into(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicU64, Ordering},
        },
        time::Duration,
    };

    use rand::{SeedableRng, rngs::StdRng};
    use securemailbox_protocol::{
        accounts::Language,
        address::Address,
        ids::{CertificateHash, RecordId, SessionId, SlotId},
        limits,
        phone::PhoneNumber,
        sessions::SessionDelivery,
        time::Timestamp,
    };
    use securemailbox_store::{
        Location, Store,
        notices::{ClaimNotices, Lane, NoticeContent},
        registrations::{BeginRegistration, CompleteRegistration, FirstRecord, NamePhone},
        sessions::SessionByToken,
        slots::{PasswordSlot, RecoverySlot},
    };
    use tokio::sync::watch;

    use super::*;
    use crate::{
        config::{NetworkLimits, RegistrationPolicy},
        mailroom::Parts,
        notices::code_of,
        opaque::OpaqueServer,
        origin::Origin,
        rates::Rates,
        seal::ServerSeal,
    };

    const BEGUN: u64 = 1_764_000_000_000;

    /// A server without a network, whose clock is ours.
    pub(in crate::api) struct House {
        pub(in crate::api) mailroom: Mailroom,
        clock: Arc<AtomicU64>,
        _folder: tempfile::TempDir,
    }

    impl House {
        pub(in crate::api) async fn open() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let mut random = StdRng::seed_from_u64(1);
            let parts = Parts {
                store: Store::open(Location::Sqlite(folder.path().into())).await.unwrap(),
                seal: ServerSeal::new(&[7; 32]),
                opaque: OpaqueServer::generate(&mut random),
                origin: Origin::new(None, "127.0.0.1:1".parse().unwrap()),
                rates: Rates::new(&NetworkLimits::default()),
                registration: RegistrationPolicy::Open,
                stopping: watch::channel(false).1,
            };
            let clock = Arc::new(AtomicU64::new(BEGUN));
            let told = clock.clone();
            let tell = Arc::new(move || Timestamp::from_unix_millis(told.load(Ordering::Relaxed)));
            Self { mailroom: Mailroom::new(parts, tell, random), clock, _folder: folder }
        }

        pub(in crate::api) fn wait(&self, time: Duration) {
            self.clock.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
        }

        /// Chooses a factor; the code that goes out.
        pub(in crate::api) async fn code(&self, holder: HolderId, factor: FactorId) -> Code {
            choose(&self.mailroom, holder, &ChooseFactor { factor }).await.unwrap();
            let now = self.mailroom.now();
            let until = now.after(Duration::from_secs(60 * 60));
            let claim = |lane| self.mailroom.store.write(ClaimNotices { lane, now, limit: 10, until });
            let due = [claim(Lane::Emails).await.unwrap(), claim(Lane::Texts).await.unwrap()].concat();
            let NoticeContent::Sealed(sealed) = &due[0].content else { panic!("a code") };
            assert_eq!(due.len(), 1, "one message for one choice");
            code_of(&self.mailroom.seal, due[0].id, sealed).unwrap()
        }

        pub(in crate::api) async fn enter<H: Holder>(
            &self,
            holder: H,
            factor: FactorId,
            code: Code,
        ) -> Result<H::Gives, ProblemType> {
            let entered = EnterProof { factor, answer: Answer::Code(code) };
            enter(&self.mailroom, holder, &entered).await.map_err(|problem| problem.kind())
        }

        /// Registers, and is signed in.
        async fn person(&self) -> (Session, FactorId) {
            let (token, phone) = self.registered().await;
            (self.session(&token).await, phone)
        }

        /// Registers: the token of the session, and the phone.
        pub(in crate::api) async fn registered(&self) -> (Token, FactorId) {
            let (now, mut rng) = (self.mailroom.now(), self.mailroom.rng());
            let (id, account) = (RegistrationId::new(now, &mut rng), AccountId::new(now, &mut rng));
            let address = Address::parse("anna@demo.example").unwrap();
            let factor = |kind, sealed, rng: &mut StdRng| Factor { id: FactorId::new(now, rng), kind, sealed };
            let sealed = self.mailroom.seal.seal_address(account, &address, &mut rng);
            let named = factor(FactorKind::Address, sealed, &mut rng);
            let (first, address_lookup) = (named.id, self.mailroom.seal.address_look_up(&address));
            let begin = BeginRegistration { id, account, address_lookup, address: named, language: Language::Sv, now };
            self.mailroom.store.write(begin).await.unwrap();
            let code = self.code(HolderId::Registration(id), first).await;
            self.enter(Registering(id), first, code).await.unwrap();
            let mut phone = factor(FactorKind::Phone, Vec::new(), &mut rng);
            let number = PhoneNumber::parse("+46701740612").unwrap();
            phone.sealed = self.mailroom.seal.seal_phone(account, phone.id, &number, &mut rng);
            let second = phone.id;
            self.mailroom.store.write(NamePhone { id, phone, now }).await.unwrap();
            let code = self.code(HolderId::Registration(id), second).await;
            self.enter(Registering(id), second, code).await.unwrap();
            let mut record = || FirstRecord { id: RecordId::new(now, &mut rng), sealed: Vec::new() };
            let (keyring, settings) = (record(), record());
            let token = Token::generate(&self.mailroom);
            let slot = SlotId::new(now, &mut rng);
            let complete = CompleteRegistration {
                id,
                certificate_sealed: Vec::new(),
                certificate_hash: CertificateHash::from_bytes([1; 32]),
                password: PasswordSlot { id: slot, sealed: Vec::new(), opaque_record: Vec::new() },
                recovery: RecoverySlot { id: SlotId::new(now, &mut rng), sealed: Vec::new(), proof_hash: [1; 32] },
                keyring,
                settings,
                session: session::fresh(&self.mailroom, &token),
                now,
            };
            self.mailroom.store.write(complete).await.unwrap();
            (token, second)
        }

        pub(in crate::api) async fn session(&self, token: &Token) -> Session {
            let found = SessionByToken { token_hash: token.hash(), now: self.mailroom.now() };
            let row = self.mailroom.store.read(found).await.unwrap().unwrap();
            Session { account: row.account, id: row.id, standing: row.standing, delivery: SessionDelivery::Bearer }
        }

        async fn demand(&self, session: &Session, level: Level) -> Result<(), Problem> {
            demand(&self.mailroom, session, level, ProblemType::ProofRequired).await
        }
    }

    /// PROTOCOL §6: proved within the last 15 minutes, or asked for, with what there is to choose from.
    #[tokio::test]
    async fn a_stale_session_is_asked_for_a_proof_and_stands_afresh_after_it() {
        let house = House::open().await;
        let (session, phone) = house.person().await;
        house.demand(&session, Level::Phone).await.unwrap();
        house.wait(limits::PROOF_LIFE + Duration::from_secs(1));
        let refused = house.demand(&session, Level::Phone).await.unwrap_err();
        assert_eq!(refused.kind(), ProblemType::ProofRequired);
        let offers: Vec<FactorOffer> = serde_json::from_value(refused.member("offers").clone()).unwrap();
        assert_eq!(offers, [FactorOffer { id: phone, kind: FactorKind::Phone, hint: "12".into() }]);

        let holder = HolderId::Session(session.id);
        let older = house.code(holder, phone).await;
        let newer = house.code(holder, phone).await;
        if older != newer {
            let said = house.enter(StepUp(session.id), phone, older).await;
            assert_eq!(said, Err(ProblemType::CodeReplaced));
        }
        let standing = house.enter(StepUp(session.id), phone, newer.clone()).await.unwrap();
        assert_eq!((standing.level, standing.proved), (Level::Phone, house.mailroom.now()));
        let session = Session { standing, ..session };
        house.demand(&session, Level::Phone).await.unwrap();
        assert_eq!(house.enter(StepUp(session.id), phone, newer).await, Err(ProblemType::CodeRefused), "once");
        let more = house.demand(&session, Level::Authenticator).await.unwrap_err();
        assert_eq!(more.member("offers"), &serde_json::json!([]), "no phone gives more than its own level");
    }

    /// PROTOCOL §9a: ten codes an hour for one account, whatever they are for, and however often they are asked for.
    #[tokio::test]
    async fn sending_again_counts_like_sending() {
        let house = House::open().await;
        let (session, phone) = house.person().await;
        let choice = ChooseFactor { factor: phone };
        let mut sent = 0;
        let refused = loop {
            match choose(&house.mailroom, HolderId::Session(session.id), &choice).await {
                Ok(_) => sent += 1,
                Err(problem) => break problem.kind(),
            }
        };
        // One went out while it was registered.
        assert_eq!((sent, refused), (limits::CODES_AN_HOUR - 1, ProblemType::TooManyRequests));
    }

    #[tokio::test]
    async fn a_session_that_is_none_is_offered_nothing() {
        let house = House::open().await;
        house.person().await;
        let nobodys = HolderId::Session(SessionId::from_bytes([9; 16]));
        assert_eq!(offers_to(&house.mailroom, nobodys).await.unwrap_err().kind(), ProblemType::NotFound);
    }
}
