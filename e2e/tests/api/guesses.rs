//! ATTACKS 49: thousands of guesses from thousands of networks, and the owner who signs in meanwhile.

use std::{cell::RefCell, net::Ipv4Addr};

use futures_util::{StreamExt, stream};
use rand::rngs::OsRng;
use securemailbox_client::{
    device::Memory,
    mailbox::Mailbox,
    passkeys::{self, PasskeySignedIn, PasskeyUse},
    sign_in::{self, SignInError},
    transport::{Method, Request, Response, Transport, Unreachable},
    world::World,
};
use securemailbox_e2e::{
    hostile::authenticator::Authenticator,
    person::{PASSWORD, now},
    server::{Server, Start},
};
use securemailbox_protocol::{
    address::Address,
    factors::{Code, FactorKind},
    opaque::KeyStretching,
    problems::ProblemType,
    sessions::KNOWN_DEVICE,
    time::Timestamp,
};
use securemailbox_vault::{
    passwords::{Password, PasswordRefused},
    secrets::PrfOutput,
};

use crate::ANNA;

const GUESSES: u32 = 10_000;
/// How many guess at a time.
const AT_ONCE: usize = 64;

/// Somebody with an address of their own, among those that a machine has for itself. Their program remembers by what the server
/// knows its device.
struct Somewhere {
    client: reqwest::Client,
    url: String,
    known: RefCell<Option<String>>,
    device: Memory,
}

impl Somewhere {
    fn at(server: &Server, number: u32) -> Self {
        let [_, a, b, c] = number.to_be_bytes();
        let client = reqwest::Client::builder().local_address(Some(Ipv4Addr::new(127, 1 + a, b, c).into()));
        let client = client.pool_max_idle_per_host(0).tls_certs_only(std::iter::empty()).build().unwrap();
        let url = server.url().replace("localhost", "127.0.0.1");
        Self { client, url, known: RefCell::new(None), device: Memory::default() }
    }
}

impl Transport for Somewhere {
    async fn call(&self, request: Request) -> Result<Response, Unreachable> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Head => reqwest::Method::HEAD,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut call = self.client.request(method, format!("{}{}", self.url, request.path)).body(request.body);
        if let Some(known) = &*self.known.borrow() {
            call = call.header(KNOWN_DEVICE, known);
        }
        for (name, value) in request.headers {
            call = call.header(name, value);
        }
        let answer = call.send().await.map_err(|_| Unreachable)?;
        let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        if let Some(known) = header(KNOWN_DEVICE) {
            *self.known.borrow_mut() = Some(known);
        }
        let (status, content_type) = (answer.status().as_u16(), header("content-type").unwrap_or_default());
        let content_type = content_type.split(';').next().unwrap_or_default().to_owned();
        let body = answer.bytes().await.map_err(|_| Unreachable)?.to_vec();
        Ok(Response { status, content_type, body, ..Response::default() })
    }
}

impl World for Somewhere {
    type Transport = Self;
    type Device = Memory;
    type Rng = OsRng;

    fn transport(&self) -> &Self {
        self
    }

    fn device(&self) -> &Memory {
        &self.device
    }

    fn now(&self) -> Timestamp {
        now()
    }

    fn rng(&self) -> OsRng {
        OsRng
    }

    fn key_stretching(&self) -> KeyStretching {
        KeyStretching::cheap_for_tests()
    }
}

fn anna() -> Address {
    Address::parse(ANNA.0).unwrap()
}

async fn signs_in(server: &Server, world: &Somewhere) -> Mailbox {
    let messages = server.messages_to(ANNA.1).await;
    let step = sign_in::sign_in(world, &anna(), Password::new(PASSWORD)).await.expect("the password");
    let phone = step.offers().iter().find(|offer| offer.kind == FactorKind::Phone).expect("her phone");
    let step = step.choose(phone);
    step.asked().send(world).await.expect("a code is sent");
    let code = Code::parse(&server.code(ANNA.1, messages).await).unwrap();
    step.enter(world, &code.into()).await.expect("the code").0
}

#[tokio::test(flavor = "current_thread")]
async fn of_ten_thousand_guesses_from_as_many_networks_none_is_right_and_the_owner_comes_in_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let person = securemailbox_e2e::person::Person::at(&server);
    person.register(&server, ANNA.0, ANNA.1, "Anna Lindqvist").await.close(&person).await.unwrap();

    // At home she signed in before; and she has a passkey.
    let home = Somewhere::at(&server, 0x00_80_00_01);
    let mailbox = signs_in(&server, &home).await;
    assert!(home.known.borrow().is_some());
    let mut passkey = Authenticator::new(server.url(), 1, 7);
    let output = PrfOutput::from_bytes(&passkey.output).unwrap();
    let to_make = mailbox.begin_passkey(&home).await.unwrap();
    let made = mailbox.passkey_made(&home, to_make.id, &passkey.make(&to_make.challenge.0), Some(&output)).await;
    let (made, to_use) = made.unwrap_or_else(|refused| panic!("{refused}"));
    let used = mailbox.passkey_used(&home, made, passkey.sign(&to_use.challenge.0), Some(&output)).await;
    assert_eq!(used.unwrap(), PasskeyUse::Opens);
    passkey.user = Some(mailbox.account_id());
    mailbox.close(&home).await.unwrap();

    let guess = async |number: u32| {
        let stranger = Somewhere::at(&server, number + 2);
        match sign_in::sign_in(&stranger, &anna(), Password::new(&format!("gissning nummer {number}"))).await {
            Err(SignInError::Password(PasswordRefused::WrongPasswordOrServer)) => true,
            Err(SignInError::Call(error)) if error.problem() == Some(ProblemType::TooManyRequests) => false,
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("guess {number} was right"),
        }
    };
    let guesses = stream::iter(0..GUESSES).map(guess).buffer_unordered(AT_ONCE).collect::<Vec<bool>>();
    let owner = async {
        // By the password, on the device that is known, and by the passkey alone, on one that is not.
        drop(signs_in(&server, &home).await);
        let away = Somewhere::at(&server, 0x00_80_00_02);
        let asked = passkeys::ask_for_passkey(&away).await.unwrap();
        let assertion = passkey.sign(&asked.challenge().0);
        let PasskeySignedIn::Open(opening) = asked.enter(&away, assertion, Some(&output)).await.unwrap() else {
            panic!("it opens the mailbox")
        };
        Mailbox::begin(&away, *opening).await.expect("her mailbox").0.name()
    };
    let (judged, name) = tokio::join!(guesses, owner);
    assert_eq!(name, "Anna Lindqvist");
    let judged = judged.into_iter().filter(|judged| *judged).count();
    assert_eq!(judged, GUESSES as usize, "each from a network that has not guessed yet, and none is right");
    drop(signs_in(&server, &home).await);
}
