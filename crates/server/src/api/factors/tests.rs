//! ID-kontroll in a server without a network, whose clock is ours (PROTOCOL §7).

use std::time::Duration;

use securemailbox_protocol::{
    factors::{Answer, Code, FactorOffer, PhoneRole},
    ids::{AccountId, SignInId},
    levels::Level,
    phone::PhoneNumber,
    security::SecurityEventKind,
};
use securemailbox_store::{
    notices::DueNotice,
    security::ListSecurityEvents,
    sessions::StepUp,
    sign_in::{BeginSignIn, PasswordProved, SigningIn, TakeSignInState},
};
use totp_rs::{Algorithm, TOTP};

use super::*;
use crate::{
    api::proofs::tests::{House, caller},
    devices::KnownDevice,
    session::{self, Token},
};

const STEP: u64 = 30;

/// A phone with an authenticator app, whose clock may be off.
struct App {
    id: FactorId,
    totp: TOTP,
    /// In seconds.
    ahead: i64,
}

impl App {
    fn new(begun: &BegunAuthenticator, ahead: i64) -> Self {
        let secret = begun.secret.as_bytes().to_vec();
        Self { id: begun.id, totp: TOTP::new_unchecked(Algorithm::SHA1, 6, 0, STEP, secret), ahead }
    }

    fn shows(&self, house: &House) -> Code {
        let now = i64::try_from(house.mailroom.now().unix_millis() / 1_000).unwrap() + self.ahead;
        Code::parse(&self.totp.generate(u64::try_from(now).unwrap())).unwrap()
    }
}

struct Anna<'a> {
    house: &'a House,
    account: AccountId,
    token: Token,
    phone: FactorId,
}

impl<'a> Anna<'a> {
    async fn registered(house: &'a House) -> Self {
        let (token, phone) = house.registered().await;
        house.outbox().await;
        Self { house, account: house.session(&token).await.account, token, phone }
    }

    fn state(&self) -> State<Mailroom> {
        State(self.house.mailroom.clone())
    }

    async fn session(&self) -> Session {
        self.house.session(&self.token).await
    }

    async fn begin_app(&self, ahead: i64) -> App {
        App::new(&begin_authenticator(self.state(), self.session().await).await.unwrap().1.0, ahead)
    }

    async fn confirm(&self, id: FactorId, answer: impl Into<Answer>) -> Result<i8, ProblemType> {
        let entered = EnterProof { factor: id, answer: answer.into() };
        let confirmed = confirm_new(self.state(), caller(1), self.session().await, Id(id), Json(entered)).await;
        confirmed.map(|confirmed| confirmed.0.drift).map_err(|problem| problem.kind())
    }

    /// Adds an app whose clock is right.
    async fn with_app(&self) -> App {
        let app = self.begin_app(0).await;
        assert_eq!(self.confirm(app.id, app.shows(self.house)).await, Ok(0));
        self.house.outbox().await;
        app
    }

    async fn codes(&self) -> OneTimeCodes {
        let sheet = make_one_time_codes(self.state(), self.session().await).await.unwrap().1.0;
        self.house.outbox().await;
        sheet
    }

    async fn factors(&self) -> Vec<Factor> {
        list(self.state(), self.session().await).await.unwrap().0.factors
    }

    async fn one(&self, kind: FactorKind) -> Option<Factor> {
        self.factors().await.into_iter().find(|factor| factor.kind == kind)
    }

    /// Names a phone and proves it.
    async fn add_phone(&self, number: &str, role: PhoneRole) -> FactorId {
        let new = NewPhone { phone: PhoneNumber::parse(number).unwrap(), role };
        let named = name_phone(self.state(), self.session().await, Json(new)).await.unwrap();
        let [offer] = <[FactorOffer; 1]>::try_from(named.0.offers).unwrap();
        let code = self.house.code(HolderId::Enrolment(offer.id), offer.id).await;
        assert_eq!(self.confirm(offer.id, code).await, Ok(0));
        offer.id
    }

    /// Somebody proves the password.
    async fn sign_in(&self) -> (SignInId, Vec<FactorKind>) {
        let (mailroom, now) = (&self.house.mailroom, self.house.mailroom.now());
        let account = Some(self.account);
        let id = SignInId::new(now, &mut mailroom.rng());
        mailroom.store.write(BeginSignIn { id, account, state: Vec::new(), now }).await.unwrap();
        mailroom.store.write(TakeSignInState { id, now }).await.unwrap();
        let offered = mailroom.store.write(PasswordProved { id, now }).await.unwrap();
        (id, offered.factors.into_iter().map(|factor| factor.kind).collect())
    }

    /// Chooses a factor of that sign-in whose code is not sent.
    async fn choose(&self, id: SignInId, factor: FactorId) -> Result<StatusCode, ProblemType> {
        let choice = ChooseFactor { factor };
        let chosen = proofs::choose(&self.house.mailroom, HolderId::SignIn(id), &choice, caller(1)).await;
        chosen.map(|answer| answer.status()).map_err(|problem| problem.kind())
    }

    /// Enters what proves it: the token of the session that begins.
    async fn enter(&self, id: SignInId, factor: FactorId, answer: impl Into<Answer>) -> Result<Token, Problem> {
        let token = Token::generate(&self.house.mailroom);
        let holder = SigningIn { id, session: session::fresh(&self.house.mailroom, &token, KnownDevice::of_a_test(1)) };
        self.house.answer(holder, factor, answer).await.map(|_| token)
    }

    /// A whole sign-in with one factor.
    async fn signs_in(&self, factor: FactorId, answer: impl Into<Answer>) -> Result<Token, ProblemType> {
        let (id, _) = self.sign_in().await;
        self.choose(id, factor).await?;
        self.enter(id, factor, answer).await.map_err(|problem| problem.kind())
    }

    async fn events(&self) -> Vec<SecurityEventKind> {
        let now = self.house.mailroom.now();
        let events = self.house.mailroom.store.read(ListSecurityEvents { account: self.account, now }).await;
        events.unwrap().into_iter().map(|event| event.kind).collect()
    }
}

fn next_step(house: &House) {
    house.wait(Duration::from_secs(STEP));
}

#[tokio::test]
async fn the_sms_stays_a_factor_until_the_app_has_shown_a_code() {
    let house = House::open().await;
    let anna = Anna::registered(&house).await;
    let app = anna.begin_app(0).await;
    assert_eq!(anna.sign_in().await.1, [FactorKind::Phone], "nothing of it counts yet");
    assert_eq!(anna.confirm(app.id, Code::parse("000000").unwrap()).await, Err(ProblemType::CodeRefused));
    assert_eq!(anna.sign_in().await.1, [FactorKind::Phone]);
    assert_eq!(anna.confirm(app.id, app.shows(&house)).await, Ok(0));
    assert_eq!(anna.sign_in().await.1, [FactorKind::Authenticator], "a code by SMS is weaker");
    let announced: Vec<DueNotice> = house.outbox().await;
    assert_eq!(announced.len(), 2, "by e-mail and SMS");
    assert_eq!(anna.events().await[0], SecurityEventKind::AuthenticatorAdded);
    next_step(&house);
    anna.signs_in(app.id, app.shows(&house)).await.unwrap();
    assert_eq!(anna.choose(anna.sign_in().await.0, anna.phone).await, Err(ProblemType::CredentialsRefused));
}

/// CASES: "Set-up broken off between QR and confirmation: the old way still works"; and a second one takes the place of it.
#[tokio::test]
async fn an_app_that_was_begun_anew_counts_and_the_one_before_does_not() {
    let house = House::open().await;
    let anna = Anna::registered(&house).await;
    let broken_off = anna.begin_app(0).await;
    let app = anna.begin_app(0).await;
    assert_eq!(anna.confirm(broken_off.id, broken_off.shows(&house)).await, Err(ProblemType::NotFound));
    assert_eq!(anna.confirm(app.id, app.shows(&house)).await, Ok(0));

    let late = anna.begin_app(0).await;
    house.wait(limits::ENROLMENT_LIFE + Duration::from_secs(1));
    assert_eq!(anna.confirm(late.id, late.shows(&house)).await, Err(ProblemType::NotFound), "its time is over");
    assert_eq!(anna.one(FactorKind::Authenticator).await.unwrap().id, app.id);
}

/// Phones 45, 75 and 140 seconds off at set-up, which is also a server whose own clock is off.
#[tokio::test]
async fn a_phones_clock_that_is_off_is_measured_and_followed() {
    for ahead in [45, 75, 140, -45, -75, -140] {
        let house = House::open().await;
        let anna = Anna::registered(&house).await;
        let mut app = anna.begin_app(ahead).await;
        let drift = anna.confirm(app.id, app.shows(&house)).await.unwrap();
        assert!((i64::from(drift) * 30 - ahead).abs() <= 30, "{ahead} s: {drift} steps");
        // Months later, and half a minute further off each time.
        for _ in 0..3 {
            house.wait(Duration::from_secs(60 * 60 * 24 * 30));
            app.ahead += ahead.signum() * 30;
            anna.signs_in(app.id, app.shows(&house)).await.unwrap();
        }
    }
    let house = House::open().await;
    let anna = Anna::registered(&house).await;
    let app = anna.begin_app(190).await;
    assert_eq!(anna.confirm(app.id, app.shows(&house)).await, Err(ProblemType::CodeRefused), "too far off");
}

/// CASES: "The set-up code again at the first sign-in".
#[tokio::test]
async fn a_code_of_an_app_opens_one_thing_once() {
    let house = House::open().await;
    let anna = Anna::registered(&house).await;
    let app = anna.with_app().await;
    assert_eq!(anna.signs_in(app.id, app.shows(&house)).await.err(), Some(ProblemType::CodeUsed));
    next_step(&house);
    let code = app.shows(&house);
    anna.signs_in(app.id, code.clone()).await.unwrap();
    assert_eq!(anna.signs_in(app.id, code.clone()).await.err(), Some(ProblemType::CodeUsed), "another sign-in");
    let step_up = StepUp(anna.session().await.id);
    proofs::choose(&house.mailroom, HolderId::Session(step_up.0), &ChooseFactor { factor: app.id }, caller(1))
        .await
        .unwrap();
    let refused = house.answer(step_up, app.id, code).await.unwrap_err();
    assert_eq!(refused.kind(), ProblemType::CodeUsed, "a session that is proved afresh");
    house.wait(Duration::from_secs(3 * STEP));
    let old = App { ahead: -2 * 30, ..app };
    assert_eq!(anna.signs_in(old.id, old.shows(&house)).await.err(), Some(ProblemType::CodeRefused), "too late");
}

/// PROTOCOL §7: whoever did not get the answer asks with the same id and the same code, and no other does.
#[tokio::test]
async fn a_lost_answer_is_asked_for_again_and_is_no_second_use() {
    let house = House::open().await;
    let anna = Anna::registered(&house).await;
    let app = anna.begin_app(45).await;
    let code = app.shows(&house);
    assert_eq!(anna.confirm(app.id, code.clone()).await, anna.confirm(app.id, code).await);

    next_step(&house);
    next_step(&house);
    let code = app.shows(&house);
    let (id, _) = anna.sign_in().await;
    anna.choose(id, app.id).await.unwrap();
    let lost = anna.enter(id, app.id, code.clone()).await.unwrap();
    let again = anna.enter(id, app.id, code.clone()).await.unwrap();
    house.session(&again).await;
    let found = securemailbox_store::sessions::SessionByToken { token_hash: lost.hash(), now: house.mailroom.now() };
    assert_eq!(house.mailroom.store.read(found).await.unwrap(), None, "the session that nobody has is over");
    house.wait(limits::CODE_LIFE);
    assert_eq!(anna.enter(id, app.id, code).await.err().map(|problem| problem.kind()), Some(ProblemType::CodeRefused));

    let sheet = anna.codes().await;
    let paper = anna.one(FactorKind::OneTimeCodes).await.unwrap().id;
    let (id, _) = anna.sign_in().await;
    anna.choose(id, paper).await.unwrap();
    anna.enter(id, paper, Answer::OneTimeCode(sheet.codes[0].clone())).await.unwrap();
    anna.enter(id, paper, Answer::OneTimeCode(sheet.codes[0].clone())).await.unwrap();
    let other = anna.enter(id, paper, Answer::OneTimeCode(sheet.codes[1].clone())).await;
    assert_eq!(
        other.err().map(|problem| problem.kind()),
        Some(ProblemType::CodeRefused),
        "a second code is another sign-in"
    );
}

/// The issue: 50 parallel wrong codes against "5 tries".
#[tokio::test]
async fn of_fifty_wrong_codes_at_once_five_are_judged() {
    let house = House::open().await;
    let anna = Anna::registered(&house).await;
    let app = anna.with_app().await;
    next_step(&house);
    let (id, _) = anna.sign_in().await;
    anna.choose(id, app.id).await.unwrap();
    let wrong = || Code::parse("000000").unwrap();
    let tries = (0..50).map(|_| anna.enter(id, app.id, wrong()));
    for tried in futures_util::future::join_all(tries).await {
        let refused = tried.err().map(|problem| problem.kind());
        assert!(matches!(refused, Some(ProblemType::CodeRefused | ProblemType::TooManyRequests)), "{refused:?}");
    }
    assert_eq!(anna.events().await[0], SecurityEventKind::CodesRefused, "somebody has the password");
    assert_eq!(house.outbox().await.len(), 2, "and its owner is told, once");
    assert_eq!(anna.choose(id, app.id).await, Ok(StatusCode::NO_CONTENT));
    let right = anna.enter(id, app.id, app.shows(&house)).await;
    assert!(right.is_err(), "no sixth try, and choosing again gives none");
}

#[tokio::test]
async fn a_one_time_code_works_once_and_says_when() {
    let house = House::open().await;
    let anna = Anna::registered(&house).await;
    let app = anna.with_app().await;
    let first = anna.codes().await;
    house.wait(Duration::from_secs(1));
    let sheet = anna.codes().await;
    let paper = anna.one(FactorKind::OneTimeCodes).await.unwrap();
    assert_eq!((paper.left, paper.added), (Some(10), sheet.made));
    assert_eq!(anna.sign_in().await.1, [FactorKind::Authenticator, FactorKind::OneTimeCodes]);

    let code = |number: usize| Answer::OneTimeCode(sheet.codes[number].clone());
    let token = anna.signs_in(paper.id, code(0)).await.unwrap();
    let used = house.mailroom.now();
    assert_eq!(house.session(&token).await.standing.level, Level::Authenticator);
    let by_paper = house.session(&token).await;
    assert!(proofs::demand_best(&house.mailroom, &by_paper).await.is_err(), "what is kept in reserve replaces nothing");
    proofs::demand_best_or_reserve(&house.mailroom, &by_paper).await.unwrap();
    assert_eq!(house.outbox().await.len(), 2, "each use is announced");
    assert_eq!(anna.events().await[0], SecurityEventKind::OneTimeCodeUsed);
    assert_eq!(anna.one(FactorKind::OneTimeCodes).await.unwrap().left, Some(9));

    house.wait(Duration::from_secs(60));
    let (id, _) = anna.sign_in().await;
    anna.choose(id, paper.id).await.unwrap();
    let again = anna.enter(id, paper.id, code(0)).await.err().unwrap();
    assert_eq!(again.kind(), ProblemType::CodeUsed);
    assert_eq!(again.member("used"), &serde_json::json!(used.unix_millis()));
    let older = anna.enter(id, paper.id, Answer::OneTimeCode(first.codes[0].clone())).await.err().unwrap();
    assert_eq!(older.kind(), ProblemType::OlderSheet);
    let as_app = anna.enter(id, paper.id, app.shows(&house)).await.err().unwrap();
    assert_eq!(as_app.kind(), ProblemType::CodeRefused, "an app's code is none of the sheet");
    for number in 1..10 {
        anna.signs_in(paper.id, code(number)).await.unwrap();
    }
    assert_eq!(anna.one(FactorKind::OneTimeCodes).await.unwrap().left, Some(0));
}

/// Lost authenticator (PROTOCOL §7): password and reserve phone, the old app off, a new one set up.
#[tokio::test]
async fn a_lost_app_is_taken_away_by_what_was_kept_in_reserve() {
    let house = House::open().await;
    let anna = Anna::registered(&house).await;
    let reserve = anna.add_phone("+46701740622", PhoneRole::Reserve).await;
    let lost = anna.with_app().await;
    house.wait(limits::PROOF_LIFE + Duration::from_secs(1));
    let (id, offered) = anna.sign_in().await;
    assert_eq!(offered, [FactorKind::Authenticator, FactorKind::ReservePhone], "the best first, then the reserve");
    let code = house.code(HolderId::SignIn(id), reserve).await;
    let token = anna.enter(id, reserve, code).await.unwrap();
    let anna = Anna { token, ..anna };
    assert_eq!(anna.session().await.standing.level, Level::Phone);
    let replaces_nothing = async || {
        let refused = proofs::demand_best(&house.mailroom, &anna.session().await).await.unwrap_err();
        assert_eq!(refused.kind(), ProblemType::ProofRequired, "it replaces no sheet and no keyring");
    };
    replaces_nothing().await;
    remove(anna.state(), anna.session().await, Id(lost.id)).await.unwrap();
    replaces_nothing().await;
    assert_eq!(anna.events().await[0], SecurityEventKind::AuthenticatorRemoved);
    assert_eq!(anna.sign_in().await.1, [FactorKind::Phone, FactorKind::ReservePhone]);
    let new = anna.with_app().await;
    replaces_nothing().await;
    next_step(&house);
    anna.signs_in(new.id, new.shows(&house)).await.unwrap();
    assert_eq!(anna.choose(anna.sign_in().await.0, lost.id).await, Err(ProblemType::CredentialsRefused));
}

/// The issue: the new number is proved, and the old one is told.
#[tokio::test]
async fn a_new_number_takes_the_place_of_the_old_one_which_is_told() {
    let house = House::open().await;
    let anna = Anna::registered(&house).await;
    let new = NewPhone { phone: PhoneNumber::parse("+46701740622").unwrap(), role: PhoneRole::Own };
    let named = name_phone(anna.state(), anna.session().await, Json(new)).await.unwrap();
    let id = named.0.offers[0].id;
    assert_eq!(anna.one(FactorKind::Phone).await.unwrap().hint, "12", "until it is proved");
    let code = house.code(HolderId::Enrolment(id), id).await;
    assert_eq!(anna.confirm(id, code).await, Ok(0));
    assert_eq!(anna.one(FactorKind::Phone).await.unwrap().hint, "22");
    assert_eq!(anna.events().await[0], SecurityEventKind::PhoneReplaced);
    assert_eq!(house.outbox().await.len(), 2, "the address and the old number");
    assert_eq!(anna.sign_in().await.1, [FactorKind::Phone]);
    let last = remove(anna.state(), anna.session().await, Id(id)).await.unwrap_err();
    assert_eq!(last.kind(), ProblemType::LastWayIn);
}

/// PROTOCOL §7: the retry of a lost answer proves nothing afresh.
#[tokio::test]
async fn a_code_that_is_typed_again_in_its_session_makes_no_proof_younger() {
    let house = House::open().await;
    let anna = Anna::registered(&house).await;
    let sheet = anna.codes().await;
    let paper = anna.one(FactorKind::OneTimeCodes).await.unwrap().id;
    let step_up = || async { StepUp(anna.session().await.id) };
    let holder = HolderId::Session(anna.session().await.id);
    proofs::choose(&house.mailroom, holder, &ChooseFactor { factor: paper }, caller(1)).await.unwrap();
    let code = || Answer::OneTimeCode(sheet.codes[0].clone());
    let first = house.answer(step_up().await, paper, code()).await.unwrap();
    house.wait(Duration::from_secs(300));
    assert_eq!(house.answer(step_up().await, paper, code()).await.unwrap(), first);
    house.wait(Duration::from_secs(400));
    assert_eq!(house.answer(step_up().await, paper, code()).await.unwrap_err().kind(), ProblemType::CodeRefused);
}

/// PROTOCOL §7: the sheet opens the secret, so a code on paper beside it is offered last; it waits, as `api/waits` has it.
#[tokio::test]
async fn a_code_on_paper_is_the_last_that_is_offered_beside_the_recovery_sheet() {
    let house = House::open().await;
    let anna = Anna::registered(&house).await;
    anna.codes().await;
    anna.with_app().await;
    let (_, begun) = house.recovery().await.unwrap();
    let offered: Vec<_> = begun.offered.factors.into_iter().map(|factor| factor.kind).collect();
    assert_eq!(offered, [FactorKind::Authenticator, FactorKind::OneTimeCodes]);
}

#[tokio::test]
async fn another_session_confirms_nothing_of_what_this_one_adds() {
    let house = House::open().await;
    let anna = Anna::registered(&house).await;
    let app = anna.begin_app(0).await;
    let (id, _) = anna.sign_in().await;
    let code = house.code(HolderId::SignIn(id), anna.phone).await;
    let elsewhere = anna.enter(id, anna.phone, code).await.unwrap();
    let other = Anna { token: elsewhere, ..anna };
    assert_eq!(other.confirm(app.id, app.shows(&house)).await, Err(ProblemType::NotFound));
    assert_eq!(other.one(FactorKind::Authenticator).await, None);
}
