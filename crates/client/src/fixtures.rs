//! For tests: people with real keys, a world without chance, and a server that says what a test tells it to.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    pin::pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use rand::{CryptoRng, RngCore, SeedableRng, rngs::StdRng};
use securemailbox_protocol::{
    address::Address,
    directory::Listing,
    ids::AccountId,
    levels::Level,
    octets::Octets,
    problems::{ProblemDetails, ProblemType},
    time::Timestamp,
};
use securemailbox_vault::{identities::Identity, keyring::Keyring, secrets::AccountSecret};
use serde::Serialize;

use crate::{
    device::Memory,
    mailbox::{Mailbox, State},
    owner::Owner,
    session::Session,
    settings::Name,
    transport::{Request, Response, Transport, Unreachable},
    world::World,
};

pub(crate) const NOW: Timestamp = Timestamp::from_unix_millis(1_764_000_000_000);

/// A world in which the same happens every time.
#[derive(Default)]
pub(crate) struct TestWorld {
    pub(crate) server: Script,
    pub(crate) device: Memory,
    seed: Cell<u64>,
    passed: Cell<Duration>,
}

impl TestWorld {
    /// Time passes.
    pub(crate) fn later(&self, by: Duration) {
        self.passed.set(self.passed.get() + by);
    }
}

/// Answers in the order in which a test gave them, by path; asked for more, it is unreachable.
#[derive(Default)]
pub(crate) struct Script {
    answers: RefCell<BTreeMap<&'static str, VecDeque<Response>>>,
    /// Everything that was asked.
    pub(crate) asked: RefCell<Vec<Request>>,
}

pub(crate) struct SeededRng(StdRng);

impl Script {
    pub(crate) fn will(&self, path: &'static str, answer: Response) {
        self.answers.borrow_mut().entry(path).or_default().push_back(answer);
    }

    /// The bodies of what was asked at a path.
    pub(crate) fn bodies(&self, path: &str) -> Vec<Vec<u8>> {
        let asked = self.asked.borrow();
        asked.iter().filter(|request| request.path.ends_with(path)).map(|request| request.body.clone()).collect()
    }
}

impl Transport for Script {
    async fn call(&self, request: Request) -> Result<Response, Unreachable> {
        let path = request.path.strip_prefix("/api/v1").ok_or(Unreachable)?.to_owned();
        self.asked.borrow_mut().push(request);
        self.answers.borrow_mut().get_mut(path.as_str()).and_then(VecDeque::pop_front).ok_or(Unreachable)
    }
}

impl World for TestWorld {
    type Transport = Script;
    type Device = Memory;
    type Rng = SeededRng;

    fn transport(&self) -> &Script {
        &self.server
    }

    fn device(&self) -> &Memory {
        &self.device
    }

    fn now(&self) -> Timestamp {
        NOW.after(self.passed.get())
    }

    fn rng(&self) -> SeededRng {
        self.seed.set(self.seed.get() + 1);
        SeededRng(StdRng::seed_from_u64(self.seed.get()))
    }
}

impl RngCore for SeededRng {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand::Error> {
        self.0.try_fill_bytes(bytes)
    }
}

impl CryptoRng for SeededRng {}

pub(crate) fn address(of: &str) -> Address {
    Address::parse(&format!("{of}@demo.example")).unwrap()
}

/// A key for an address; another seed is another key.
pub(crate) fn identity(of: &str, seed: u64) -> Rc<Identity> {
    Rc::new(Identity::generate(&address(of), NOW, &mut StdRng::seed_from_u64(seed)))
}

/// Anna's mailbox, open, with nobody in the contacts.
pub(crate) fn annas_mailbox() -> Mailbox {
    let account = AccountId::from_bytes([1; 16]);
    let identity = Identity::generate(&address("anna"), NOW, &mut StdRng::seed_from_u64(1));
    Mailbox::new(
        Session::for_tests(address("anna"), account),
        Owner { account, secret: AccountSecret::generate(&mut StdRng::seed_from_u64(2)) },
        Keyring::new(identity),
        Name::parse("Anna Lindqvist").unwrap(),
        State::default(),
    )
}

/// What a directory says of somebody with this key.
pub(crate) fn listing(identity: &Identity) -> Response {
    let certificate = Octets(identity.certificate().bytes().to_vec());
    ok(&Listing { account: AccountId::from_bytes([2; 16]), certificate, level: Level::Phone, claimed: None })
}

pub(crate) fn ok(body: &impl Serialize) -> Response {
    Response {
        status: 200,
        content_type: "application/json".into(),
        body: serde_json::to_vec(body).unwrap(),
        ..Response::default()
    }
}

pub(crate) fn problem(kind: ProblemType) -> Response {
    let body = serde_json::to_vec(&ProblemDetails::new(kind)).unwrap();
    Response { status: kind.status(), content_type: "application/problem+json".into(), body, ..Response::default() }
}

/// Runs what never waits: a script answers at once.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("a script never waits"),
    }
}
