//! Proving a factor (PROTOCOL §6, §9a): the same two calls for a registration, a sign-in, a recovery and a session. One
//! chooses a factor, and only then anything is sent; again, to have it sent again. One enters what came.

use std::time::Duration;

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
    notices::NoticeId,
    proofs::{CodeHmac, Holder, HolderId, NOBODYS_CODE, Offered, Verdict},
    proving::{ChooseError, ChosenFactor, EnterCode, Entered, ExpectCode, FirstTry, Guessed, Guesser, OffersTo, Tried},
    recoveries::Recovering,
    registrations::Registering,
    sessions::StepUp,
    sign_in::SigningIn,
};

use super::Id;
use crate::{
    body::Json,
    devices::Caller,
    mailroom::Mailroom,
    notices::{Recipient, Text, seal_notice},
    problem::Problem,
    session::{self, FromOwnPage, Session, Token},
    tallies::Tallies,
};

/// Sends a code for a factor of a registration: to the address, or to the phone once it was named. The answer is the same
/// for an address that has a mailbox already; only the e-mail differs.
#[utoipa::path(post, path = "/registrations/{id}/proofs", params(("id" = RegistrationId, Path)), request_body = ChooseFactor,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn of_registration(
    State(mailroom): State<Mailroom>,
    caller: Caller,
    Id(id): Id<RegistrationId>,
    Json(choice): Json<ChooseFactor>,
) -> Result<StatusCode, Problem> {
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
    enter(&mailroom, Registering(id), &entered, caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a code for the factor that somebody chose who proved the password.
#[utoipa::path(post, path = "/sign-ins/{id}/proofs", params(("id" = SignInId, Path)), request_body = ChooseFactor,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn of_sign_in(
    State(mailroom): State<Mailroom>,
    caller: Caller,
    Id(id): Id<SignInId>,
    Json(choice): Json<ChooseFactor>,
) -> Result<StatusCode, Problem> {
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
    let session = session::fresh(&mailroom, &token);
    let holder = SigningIn { id, session: session.clone() };
    let signed_in = enter(&mailroom, holder, &EnterProof { factor, answer }, caller).await?;
    let answer = session::begun(session.id, signed_in.begun, signed_in.slots);
    Ok(session::hand_over(&mailroom, answer, &token, delivery, caller.device))
}

/// Sends a code for the factor that somebody chose who proved the recovery code.
#[utoipa::path(post, path = "/recoveries/{id}/proofs", params(("id" = RecoveryId, Path)), request_body = ChooseFactor,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn of_recovery(
    State(mailroom): State<Mailroom>,
    caller: Caller,
    Id(id): Id<RecoveryId>,
    Json(choice): Json<ChooseFactor>,
) -> Result<StatusCode, Problem> {
    choose(&mailroom, HolderId::Recovery(id), &choice, caller).await
}

/// Proves a factor of a recovery; gives out the `recovery` slot.
#[utoipa::path(post, path = "/recoveries/{id}/proofs/enter", params(("id" = RecoveryId, Path)), request_body = EnterProof,
    responses((status = 200, body = RecoveredSlot), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn enter_of_recovery(
    State(mailroom): State<Mailroom>,
    caller: Caller,
    Id(id): Id<RecoveryId>,
    Json(entered): Json<EnterProof>,
) -> Result<Json<RecoveredSlot>, Problem> {
    let recovered = enter(&mailroom, Recovering(id), &entered, caller).await?;
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
    caller: Caller,
    session: Session,
    Json(choice): Json<ChooseFactor>,
) -> Result<StatusCode, Problem> {
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
    let standing = enter(&mailroom, StepUp(session.id), &entered, caller).await?;
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

async fn choose(
    mailroom: &Mailroom,
    holder: HolderId,
    choice: &ChooseFactor,
    caller: Caller,
) -> Result<StatusCode, Problem> {
    let (factor, now) = (choice.factor, mailroom.now());
    let chosen = mailroom.store.read(ChosenFactor { holder, factor, now }).await;
    let chosen = chosen.map_err(|error| refused(holder, error))?;
    let (account, sealed) = (chosen.account, &chosen.factor.sealed);
    let to = match chosen.factor.kind {
        FactorKind::Address => Recipient::Email(mailroom.seal.address(account, sealed)?),
        FactorKind::Phone => Recipient::Phone(mailroom.seal.phone(account, factor, sealed)?),
    };
    message(mailroom, holder, account, &to, caller).count().await?;
    let mut rng = mailroom.rng();
    let digits = Code::generate(&mut rng);
    let (code, text) = if chosen.taken {
        (NOBODYS_CODE, Text::AlreadyHere)
    } else {
        (hmac(mailroom, holder, choice.factor, &digits), text(holder, chosen.factor.kind, digits))
    };
    let notice = seal_notice(&mailroom.seal, &to, chosen.language, &text, &mut rng);
    let id = notice.id;
    let expected = mailroom.store.write(ExpectCode { holder, factor, code, notice, now }).await;
    expected.map_err(|error| refused(holder, error))?;
    mailroom.notices.ring(to.lane());
    first_try(mailroom, id).await?;
    Ok(StatusCode::NO_CONTENT)
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
fn message<'a>(
    mailroom: &'a Mailroom,
    holder: HolderId,
    account: AccountId,
    to: &Recipient,
    caller: Caller,
) -> Tallies<'a> {
    let tallies = Tallies::of(mailroom);
    match (holder, to) {
        (HolderId::Registration(_), Recipient::Email(address)) => tallies.email_to_stranger(address, caller.network),
        (HolderId::Registration(_), Recipient::Phone(phone)) => tallies.text_to_stranger(phone, caller.network),
        (HolderId::SignIn(_) | HolderId::Recovery(_) | HolderId::Session(_), to) => {
            let tallies = tallies.code_of(account, caller.device.known_to(&mailroom.seal, account));
            match to {
                Recipient::Email(_) => tallies,
                Recipient::Phone(_) => tallies.text(),
            }
        }
    }
}

/// Every try is counted as a wrong one before it is looked at, so that many at once are no way around it; the right one is
/// taken back.
async fn enter<H: Holder>(
    mailroom: &Mailroom,
    holder: H,
    entered: &EnterProof,
    caller: Caller,
) -> Result<H::Gives, Problem> {
    let EnterProof { factor, answer: Answer::Code(code) } = entered;
    let (id, now) = (holder.id(), mailroom.now());
    let whose = mailroom.store.read(Guessed { holder: id, now }).await?.ok_or(ProblemType::CodeRefused)?;
    let wrong = || match &whose {
        Guesser::Registering(address_lookup) => {
            Tallies::of(mailroom).wrong_at_registration(address_lookup, caller.network)
        }
        Guesser::Account(account) => {
            Tallies::of(mailroom).wrong_at_account(*account, caller.device.known_to(&mailroom.seal, *account))
        }
    };
    wrong().count().await?;
    let code = hmac(mailroom, id, *factor, code);
    match mailroom.store.write(EnterCode { holder, factor: *factor, code, now }).await? {
        Entered::Proved(given) => {
            wrong().count_less().await?;
            Ok(given)
        }
        Entered::Refused(Verdict::Older) => Err(ProblemType::CodeReplaced.into()),
        Entered::Refused(Verdict::NotSent) => Err(ProblemType::CodeNotSent.into()),
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
    use std::sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    };

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
        notices::{ClaimNotices, DueNotice, Lane, NoticeContent, NoticeRefused},
        registrations::{BeginRegistration, CompleteRegistration, FirstRecord, NamePhone},
        sessions::SessionByToken,
        slots::{PasswordSlot, RecoverySlot},
    };
    use tokio::sync::watch;

    use super::*;
    use crate::{devices::PresentedDevice, networks::Network, notices::code_of};

    const BEGUN: u64 = 1_764_000_000_000;

    /// Somebody in a network of that number, whose browser is not known.
    fn caller(network: u8) -> Caller {
        Caller { network: Network::of([192, 0, 2, network].into()), device: PresentedDevice::unknown() }
    }

    /// A server without a network, whose clock is ours.
    pub(in crate::api) struct House {
        pub(in crate::api) mailroom: Mailroom,
        clock: Arc<AtomicU64>,
        _folder: tempfile::TempDir,
    }

    impl House {
        pub(in crate::api) async fn open() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(Location::Sqlite(folder.path().into())).await.unwrap();
            let clock = Arc::new(AtomicU64::new(BEGUN));
            let told = clock.clone();
            let tell = Arc::new(move || Timestamp::from_unix_millis(told.load(Ordering::Relaxed)));
            let mailroom = Mailroom::of_a_test(store, watch::channel(false).1, tell);
            Self { mailroom, clock, _folder: folder }
        }

        pub(in crate::api) fn wait(&self, time: Duration) {
            self.clock.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
        }

        /// Takes out of the outbox what is in it.
        async fn outbox(&self) -> Vec<DueNotice> {
            let now = self.mailroom.now();
            let until = now.after(Duration::from_secs(60 * 60));
            let claim = |lane| self.mailroom.store.write(ClaimNotices { lane, now, limit: 1000, until });
            [claim(Lane::Emails).await.unwrap(), claim(Lane::Texts).await.unwrap()].concat()
        }

        /// Chooses a factor; the code that goes out.
        pub(in crate::api) async fn code(&self, holder: HolderId, factor: FactorId) -> Code {
            self.outbox().await;
            choose(&self.mailroom, holder, &ChooseFactor { factor }, caller(1)).await.unwrap();
            let due = self.outbox().await;
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
            enter(&self.mailroom, holder, &entered, caller(1)).await.map_err(|problem| problem.kind())
        }

        /// Registers, and is signed in.
        async fn person(&self) -> (Session, FactorId) {
            let (token, phone) = self.registered().await;
            (self.session(&token).await, phone)
        }

        /// Registers: the token of the session, and the phone.
        pub(in crate::api) async fn registered(&self) -> (Token, FactorId) {
            let Newcomer { id, phone: second, .. } = self.newcomer("anna@demo.example", "+46701740612").await;
            let code = self.code(HolderId::Registration(id), second).await;
            self.enter(Registering(id), second, code).await.unwrap();
            let (now, mut rng) = (self.mailroom.now(), self.mailroom.rng());
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

    /// An address that has a mailbox already must look alike.
    #[tokio::test]
    async fn a_code_that_could_not_be_sent_is_told_to_whoever_registers_at_any_address() {
        let house = House::open().await;
        house.person().await;
        for address in ["anna@demo.example", "nobody@demo.example"] {
            let (id, _, factor) = house.registration(address).await;
            house.outbox().await;
            choose(&house.mailroom, HolderId::Registration(id), &ChooseFactor { factor }, caller(1)).await.unwrap();
            let notice = house.outbox().await.remove(0).id;
            house.mailroom.store.write(NoticeRefused { id: notice }).await.unwrap();
            let typed = house.enter(Registering(id), factor, Code::parse("123456").unwrap()).await;
            assert_eq!(typed.err(), Some(ProblemType::CodeNotSent), "{address}");
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

    /// Somebody who asks for a mailbox, and has named a phone.
    struct Newcomer {
        id: RegistrationId,
        phone: FactorId,
    }

    impl House {
        /// Begun, with an address that is not proved yet.
        async fn registration(&self, address: &str) -> (RegistrationId, AccountId, FactorId) {
            let (now, mut rng) = (self.mailroom.now(), self.mailroom.rng());
            let (id, account) = (RegistrationId::new(now, &mut rng), AccountId::new(now, &mut rng));
            let address = Address::parse(address).unwrap();
            let sealed = self.mailroom.seal.seal_address(account, &address, &mut rng);
            let named = Factor { id: FactorId::new(now, &mut rng), kind: FactorKind::Address, sealed };
            let (first, address_lookup) = (named.id, self.mailroom.seal.address_look_up(&address));
            let begin = BeginRegistration { id, account, address_lookup, address: named, language: Language::Sv, now };
            self.mailroom.store.write(begin).await.unwrap();
            (id, account, first)
        }

        /// The address is proved, and the phone is named.
        async fn newcomer(&self, address: &str, phone: &str) -> Newcomer {
            let (id, account, first) = self.registration(address).await;
            let (now, mut rng) = (self.mailroom.now(), self.mailroom.rng());
            let code = self.code(HolderId::Registration(id), first).await;
            self.enter(Registering(id), first, code).await.unwrap();
            let mut named = Factor { id: FactorId::new(now, &mut rng), kind: FactorKind::Phone, sealed: Vec::new() };
            let number = PhoneNumber::parse(phone).unwrap();
            named.sealed = self.mailroom.seal.seal_phone(account, named.id, &number, &mut rng);
            let second = named.id;
            self.mailroom.store.write(NamePhone { id, phone: named, now }).await.unwrap();
            Newcomer { id, phone: second }
        }

        /// Asks for a code until it is refused, from as many networks as it takes: how many went out.
        async fn until_refused(&self, holder: HolderId, factor: FactorId, networks: impl Iterator<Item = u8>) -> u32 {
            let mut sent = 0;
            for network in networks {
                match choose(&self.mailroom, holder, &ChooseFactor { factor }, caller(network)).await {
                    Ok(_) => sent += 1,
                    Err(problem) => assert_eq!(problem.kind(), ProblemType::TooManyRequests),
                }
            }
            sent
        }
    }

    /// Three registrations, thirty networks, one number: three SMS in an hour (review H5, A4).
    #[tokio::test]
    async fn a_number_gets_so_many_codes_whoever_asks_for_them() {
        let house = House::open().await;
        let mut sent = 0;
        for number in 0..3 {
            let newcomer = house.newcomer(&format!("m{number}@demo.example"), "+46701740612").await;
            let holder = HolderId::Registration(newcomer.id);
            sent += house.until_refused(holder, newcomer.phone, 0..30).await;
        }
        assert_eq!(sent, 3);
        let other = house.newcomer("other@demo.example", "+46701740613").await;
        assert_eq!(house.until_refused(HolderId::Registration(other.id), other.phone, 0..30).await, 3);
    }

    /// What strangers do with somebody's number or at somebody's address never keeps its owner from signing in.
    #[tokio::test]
    async fn strangers_lock_out_nobody_who_proved_a_password() {
        let house = House::open().await;
        let (session, phone) = house.person().await;
        let stranger = house.newcomer("stranger@demo.example", "+46701740612").await;
        let holder = HolderId::Registration(stranger.id);
        house.until_refused(holder, stranger.phone, 0..30).await;
        for _ in 0..5 {
            let wrong =
                house.enter(Registering(stranger.id), stranger.phone, Code::generate(&mut house.mailroom.rng()));
            assert!(wrong.await.is_err());
        }
        house.code(HolderId::Session(session.id), phone).await;
    }

    /// A day's SMS have an end, and strangers take no more than half of them (20 in this house).
    #[tokio::test]
    async fn strangers_take_no_more_than_half_of_a_days_messages() {
        let house = House::open().await;
        let (session, phone) = house.person().await;
        let mut sent = 1; // while she registered
        for number in 0..9 {
            let newcomer = house.newcomer(&format!("n{number}@demo.example"), &format!("+4670174060{number}")).await;
            let holder = HolderId::Registration(newcomer.id);
            sent += house.until_refused(holder, newcomer.phone, number..number + 3).await;
        }
        assert_eq!(sent, 10);
        assert_eq!(house.until_refused(HolderId::Session(session.id), phone, 0..30).await, 10);
    }

    /// Review M1: wrong codes are counted per network over all registrations, also when many are typed at once.
    #[tokio::test]
    async fn a_network_guesses_so_often_and_not_once_more() {
        let house = House::open().await;
        let (mut refused, mut wrong) = (0, 0);
        for number in 0..30 {
            let newcomer = house.newcomer(&format!("g{number}@demo.example"), "+46701740612").await;
            let _ = choose(
                &house.mailroom,
                HolderId::Registration(newcomer.id),
                &ChooseFactor { factor: newcomer.phone },
                caller(number),
            )
            .await;
            let answer = || Answer::Code(Code::generate(&mut house.mailroom.rng()));
            let guesses = (0..5).map(|_| EnterProof { factor: newcomer.phone, answer: answer() }).collect::<Vec<_>>();
            let tries =
                guesses.iter().map(|guess| enter(&house.mailroom, Registering(newcomer.id), guess, caller(200)));
            for outcome in futures_util::future::join_all(tries).await {
                match outcome.unwrap_err().kind() {
                    ProblemType::CodeRefused => wrong += 1,
                    ProblemType::TooManyRequests => refused += 1,
                    other => panic!("{other:?}"),
                }
            }
        }
        assert_eq!((wrong, refused), (100, 50));
    }

    /// The right code is no guess: it is taken back.
    #[tokio::test]
    async fn the_right_code_is_not_counted_as_a_wrong_one() {
        let house = House::open().await;
        for number in 0..120 {
            // Each from the same network, 300 of which it may ask for in a day.
            house.wait(Duration::from_secs(3600));
            house.newcomer(&format!("r{number}@demo.example"), "+46701740612").await;
        }
    }

    /// PROTOCOL §9a: ten codes an hour for one account, whatever they are for, and however often they are asked for.
    #[tokio::test]
    async fn sending_again_counts_like_sending() {
        let house = House::open().await;
        let (session, phone) = house.person().await;
        let choice = ChooseFactor { factor: phone };
        let mut sent = 0;
        let refused = loop {
            match choose(&house.mailroom, HolderId::Session(session.id), &choice, caller(1)).await {
                Ok(_) => sent += 1,
                Err(problem) => break problem.kind(),
            }
        };
        assert_eq!((sent, refused), (10, ProblemType::TooManyRequests));
    }

    #[tokio::test]
    async fn a_session_that_is_none_is_offered_nothing() {
        let house = House::open().await;
        house.person().await;
        let nobodys = HolderId::Session(SessionId::from_bytes([9; 16]));
        assert_eq!(offers_to(&house.mailroom, nobodys).await.unwrap_err().kind(), ProblemType::NotFound);
    }
}
