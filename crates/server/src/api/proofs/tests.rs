//! Proving, in a server without a network whose clock is ours.

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
    passkeys::KeepHost,
    pieces::Pieces,
    recoveries::{BeginRecovery, BegunRecovery},
    registrations::{BeginRegistration, CompleteRegistration, FirstRecord, FirstWay, NamePhone, Wanted},
    sessions::SessionByToken,
    slots::{PasswordSlot, RecoverySlot},
};
use tokio::sync::watch;

use super::*;
use crate::{
    devices::{KnownDevice, PresentedDevice},
    networks::Network,
    notices::code_of,
    organisations::Organisations,
};

const BEGUN: u64 = 1_764_000_000_000;

/// Somebody in a network of that number, whose browser is not known.
pub(in crate::api) fn caller(network: u8) -> Caller {
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
        Self::with(Organisations::default()).await
    }

    /// One that knows these organisations.
    pub(in crate::api) async fn with(organisations: Organisations) -> Self {
        Self::of(organisations, tempfile::tempdir().unwrap(), Arc::new(AtomicU64::new(BEGUN))).await
    }

    async fn of(organisations: Organisations, folder: tempfile::TempDir, clock: Arc<AtomicU64>) -> Self {
        let store = Store::open(Location::Sqlite(folder.path().into()), Pieces::in_folder(folder.path().join("blobs")))
            .await
            .unwrap();
        store.write(KeepHost("localhost".into())).await.unwrap();
        let told = clock.clone();
        let tell = Arc::new(move || Timestamp::from_unix_millis(told.load(Ordering::Relaxed)));
        let mailroom = Mailroom::with_organisations(organisations, store, watch::channel(false).1, tell);
        Self { mailroom, clock, _folder: folder }
    }

    /// The same server, stopped and started again.
    pub(in crate::api) async fn restarted(self) -> Self {
        let Self { mailroom, clock, _folder: folder } = self;
        mailroom.store.close().await;
        let house = Self::of(Organisations::default(), folder, clock).await;
        // It begins with the same dice, and must not throw the same ids.
        (0..1000).for_each(|_| drop(house.mailroom.rng()));
        house
    }

    pub(in crate::api) fn wait(&self, time: Duration) {
        self.clock.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
    }

    /// Takes out of the outbox what is in it.
    pub(in crate::api) async fn outbox(&self) -> Vec<DueNotice> {
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
        self.answer(holder, factor, code).await.map_err(|problem| problem.kind())
    }

    /// Enters whatever proves a factor.
    pub(in crate::api) async fn answer<H: Holder>(
        &self,
        holder: H,
        factor: FactorId,
        answer: impl Into<Answer>,
    ) -> Result<H::Gives, Problem> {
        let entered = EnterProof { factor, answer: answer.into() };
        enter(&self.mailroom, holder, &entered, NO_SESSION, caller(1)).await
    }

    /// Registers, and is signed in.
    async fn person(&self) -> (Session, FactorId) {
        let (token, phone) = self.registered().await;
        (self.session(&token).await, phone)
    }

    /// Registers: the token of the session, and the phone.
    pub(in crate::api) async fn registered(&self) -> (Token, FactorId) {
        self.registered_at("anna@demo.example", "+46701740612").await
    }

    /// The same of somebody else.
    pub(in crate::api) async fn registered_at(&self, address: &str, phone: &str) -> (Token, FactorId) {
        let Newcomer { id, phone: second, .. } = self.newcomer(address, phone).await;
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
            first_way: FirstWay::Password(PasswordSlot { id: slot, sealed: Vec::new(), opaque_record: Vec::new() }),
            recovery: RecoverySlot { id: SlotId::new(now, &mut rng), sealed: Vec::new(), proof_hash: [1; 32] },
            keyring,
            settings,
            session: session::fresh(&self.mailroom, &token, KnownDevice::of_a_test(1)),
            claim: None,
            now,
        };
        self.mailroom.store.write(complete).await.unwrap();
        (token, second)
    }

    pub(in crate::api) async fn session(&self, token: &Token) -> Session {
        let found = SessionByToken { token_hash: token.hash(), now: self.mailroom.now() };
        let row = self.mailroom.store.read(found).await.unwrap().unwrap();
        Session {
            account: row.account,
            id: row.id,
            standing: row.standing,
            reserve: row.reserve,
            begun: row.begun,
            kept: row.kept,
            guest: row.guest,
            delivery: SessionDelivery::Bearer,
        }
    }

    /// Somebody types the code of Anna's recovery sheet.
    pub(in crate::api) async fn recovery(&self) -> Option<(RecoveryId, BegunRecovery)> {
        let (now, address) = (self.mailroom.now(), Address::parse("anna@demo.example").unwrap());
        let id = RecoveryId::new(now, &mut self.mailroom.rng());
        let address_lookup = self.mailroom.seal.address_look_up(&address);
        let begin = BeginRecovery { id, address_lookup, proof_hash: [1; 32], now };
        self.mailroom.store.write(begin).await.unwrap().map(|begun| (id, begun))
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
pub(in crate::api) struct Newcomer {
    pub(in crate::api) id: RegistrationId,
    pub(in crate::api) phone: FactorId,
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
        let (language, wants) = (Language::Sv, Wanted::Mailbox);
        let begin = BeginRegistration { id, account, address_lookup, address: named, language, wants, now };
        self.mailroom.store.write(begin).await.unwrap();
        (id, account, first)
    }

    /// The address is proved, and the phone is named.
    pub(in crate::api) async fn newcomer(&self, address: &str, phone: &str) -> Newcomer {
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
        let wrong = house.enter(Registering(stranger.id), stranger.phone, Code::generate(&mut house.mailroom.rng()));
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
        let tries = guesses
            .iter()
            .map(|guess| enter(&house.mailroom, Registering(newcomer.id), guess, NO_SESSION, caller(200)));
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

/// Whoever has the password may make as many known browsers as they like, and gets no more codes in a day for it.
#[tokio::test]
async fn many_known_browsers_have_one_days_codes() {
    let house = House::open().await;
    let account = AccountId::from_bytes([9; 16]);
    let mut counted = 0;
    for number in 0..50 {
        let nonce = [number; 16];
        let device = PresentedDevice::of_a_test(nonce, house.mailroom.seal.device(account, &nonce));
        for _ in 0..4 {
            let code = Tallies::of(&house.mailroom)
                .code_of(account, device.known_still(&house.mailroom, account).await.unwrap());
            counted += u32::from(code.count().await.is_ok());
        }
    }
    assert_eq!(counted, 90);
}

/// Whoever has the password guesses codes twenty times a day, over however many sign-ins, and the right one is judged no more.
#[tokio::test]
async fn of_one_account_twenty_wrong_codes_a_day_are_judged() {
    let house = House::open().await;
    let (session, phone) = house.person().await;
    let holder = HolderId::Session(session.id);
    let (mut wrong, mut refused) = (0, 0);
    for _ in 0..6 {
        let right = house.code(holder, phone).await;
        for guess in other_codes(&right) {
            match house.enter(StepUp(session.id), phone, guess).await.unwrap_err() {
                ProblemType::CodeRefused => wrong += 1,
                ProblemType::TooManyRequests => refused += 1,
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!((wrong, refused), (20, 10));
}

/// Five codes that are not this one.
fn other_codes(right: &Code) -> [Code; 5] {
    let number: u32 = right.digits().parse().unwrap();
    [1, 2, 3, 4, 5].map(|more| Code::parse(&format!("{:06}", (number + more) % 1_000_000)).unwrap())
}

#[tokio::test]
async fn a_session_that_is_none_is_offered_nothing() {
    let house = House::open().await;
    house.person().await;
    let nobodys = HolderId::Session(SessionId::from_bytes([9; 16]));
    assert_eq!(offers_to(&house.mailroom, nobodys).await.unwrap_err().kind(), ProblemType::NotFound);
}
