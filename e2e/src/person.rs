//! A person with a client: the `client` crate over a real connection, its device in memory.

use std::time::{SystemTime, UNIX_EPOCH};

use rand::rngs::OsRng;
use securemailbox_client::{
    accounts,
    device::Memory,
    links::{self, LinkProved, LinkShown},
    mailbox::Mailbox,
    settings::{Name, Settings},
    sign_in,
    transport::{Method, Request, Response, Transport, Unreachable},
    world::World,
};
use securemailbox_protocol::{
    accounts::Language, address::Address, attachments::UPLOAD_OFFSET, factors::Code, opaque::KeyStretching,
    phone::PhoneNumber, time::Timestamp,
};
use securemailbox_vault::{links::LinkSecret, passwords::Password};

use crate::server::Server;

/// The password of everybody made here.
pub const PASSWORD: &str = "fyra gröna lejon äter glass";

/// A connection to a real server.
#[derive(Clone)]
pub struct Wire {
    client: reqwest::Client,
    url: String,
}

impl Wire {
    /// To the server at `url`. Each request has a connection of its own: servers here are killed between two.
    #[must_use]
    pub fn to(url: &str) -> Self {
        let client = reqwest::Client::builder().pool_max_idle_per_host(0).build().expect("a client");
        Self::through(client, url)
    }

    /// The same with a client of the caller's, such as one that believes a proxy.
    #[must_use]
    pub fn through(client: reqwest::Client, url: &str) -> Self {
        Self { client, url: url.to_owned() }
    }
}

impl Transport for Wire {
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
        for (name, value) in request.headers {
            call = call.header(name, value);
        }
        let answer = call.send().await.map_err(|_| Unreachable)?;
        let status = answer.status().as_u16();
        let content_type =
            answer.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let upload_offset = answer.headers().get(UPLOAD_OFFSET).and_then(|value| value.to_str().ok()?.parse().ok());
        let content_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let body = answer.bytes().await.map_err(|_| Unreachable)?.to_vec();
        if body.len() > request.limit {
            return Err(Unreachable);
        }
        Ok(Response { status, content_type, upload_offset, body, ..Response::default() })
    }
}

/// A person's side of things. Their passwords are stretched cheaply: these tests are not about OPAQUE.
#[derive(Clone)]
pub struct Person<T = Wire> {
    /// The person's way to the server.
    pub transport: T,
    /// The device; cloned, it is a thief's copy.
    pub device: Memory,
}

impl Person {
    /// Somebody new at the server.
    #[must_use]
    pub fn at(server: &Server) -> Self {
        Self { transport: Wire::to(server.url()), device: Memory::default() }
    }

    /// Registers, with codes from the demo's outbox, and stays signed in.
    pub async fn register(&self, server: &Server, address: &str, phone: &str, name: &str) -> Mailbox {
        let parsed = Address::parse(address).expect("an address");
        let (mails, messages) = (server.messages_to(address).await, server.messages_to(phone).await);
        let step = accounts::register(self, &parsed, Language::Sv).await.expect("registration is open");
        let step = step.enter(self, &code(server, address, mails).await).await.expect("the code from the e-mail");
        let step = step.enter(self, PhoneNumber::parse(phone).expect("a number")).await.expect("a phone");
        let step = step.enter(self, &code(server, phone, messages).await).await.expect("the code from the SMS");
        let password = Password::new(PASSWORD);
        let settings = Settings::new(Name::parse(name).expect("a name"));
        let made = step.choose(self, password, settings).await.expect("a good password");
        made.make(self).await.expect("an account").0
    }

    /// Signs in as somebody who registered, with the code from the demo's outbox.
    pub async fn sign_in(&self, server: &Server, address: &str, phone: &str) -> Mailbox {
        let parsed = Address::parse(address).expect("an address");
        let messages = server.messages_to(phone).await;
        let step = sign_in::sign_in(self, &parsed, Password::new(PASSWORD)).await.expect("the password");
        let step = step.choose(step.only().expect("one factor is offered"));
        step.asked().send(self).await.expect("a code is sent");
        step.enter(self, &code(server, phone, messages).await.into()).await.expect("the code from the SMS").0
    }

    /// Opens what a link leads to, as somebody without a mailbox: who wrote, and the conversation.
    pub async fn open_link(&self, server: &Server, link: &LinkSecret, phone: &str) -> (LinkShown, Mailbox) {
        let (shown, proved) = self.prove_link(server, link, phone).await;
        let LinkProved::Open(opening) = proved else { panic!("it opens by words only") };
        (shown, Mailbox::begin(self, opening).await.expect("a conversation").0)
    }

    /// Shows a link, and proves the phone.
    pub async fn prove_link(&self, server: &Server, link: &LinkSecret, phone: &str) -> (LinkShown, LinkProved) {
        let shown = links::show_link(self, link).await.expect("the link is one");
        let messages = server.messages_to(phone).await;
        let step = shown.to_choose.choose(shown.to_choose.only().expect("one factor is offered"));
        step.asked().send(self).await.expect("a code is sent");
        let proved = step.prove(self, &code(server, phone, messages).await.into()).await;
        (shown, proved.expect("the code from the SMS"))
    }
}

impl<T> Person<T> {
    /// The bearer token of the session on this device.
    ///
    /// # Panics
    /// When nobody is signed in.
    #[must_use]
    pub fn token(&self) -> String {
        let (session, _) = self.device.parts();
        let session: serde_json::Value = serde_json::from_slice(&session.expect("signed in")).expect("JSON");
        session["token"].as_str().expect("a token").to_owned()
    }
}

impl<T: Transport> World for Person<T> {
    type Transport = T;
    type Device = Memory;
    type Rng = OsRng;

    fn transport(&self) -> &T {
        &self.transport
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

/// The code in the next message to somebody who had so many.
pub async fn code(server: &Server, to: &str, before: usize) -> Code {
    Code::parse(&server.code(to, before).await).expect("six digits")
}

/// The time, since the server under test reads the same clock.
#[expect(clippy::disallowed_methods, reason = "the real server's clock is the real one")]
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
