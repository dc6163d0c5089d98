//! A server in ordinary configuration, an attacker with a mailbox, and another person who is watched.

use std::{
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use securemailbox_client::{letters::Addressed, mailbox::Mailbox, sign_in};
use securemailbox_e2e::{
    outage::{Gateway, MailServer, code_in, free_port},
    person::{PASSWORD, Person, Wire},
    postgres::Postgres,
    server::{Server, Start},
};
use securemailbox_protocol::{address::Address, factors::Code, limits};
use securemailbox_vault::passwords::Password;
use tempfile::TempDir;

use super::door::{Door, Manner};

const OTHER: (&str, &str) = ("anna.api@example.se", "+46701740605");
const ATTACKER: (&str, &str) = ("mats.api@example.se", "+46701740614");
const METRICS: &str = "METRICS__LISTEN";
/// Sign-ins of the other person while an attack runs; an account has ten codes an hour.
const ROUNDS: u32 = 4;

/// What all attacks of a run have in common.
#[derive(Clone, Copy, Default)]
pub struct Setting {
    pub manner: Manner,
    /// The server is on PostgreSQL.
    pub postgres: bool,
}

pub struct Scene {
    pub server: Server,
    pub door: Door,
    pub mails: MailServer,
    pub gateway: Gateway,
    /// Of the attacker's session.
    pub token: String,
    /// The attacker's client, for one thread at a time.
    pub attacker: Mutex<(Person, Mailbox)>,
    /// Where metrics are read.
    pub metrics: String,
    /// The path of a content of 1.4 MB in the attacker's mailbox.
    pub content: String,
    _postgres: Option<Postgres>,
    _folder: TempDir,
}

/// What the other person saw, and what the server took.
pub struct Report {
    /// Sign-in, send, read.
    pub slowest: [Duration; 3],
    pub failed: Option<String>,
    pub before: u64,
    pub worst: u64,
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

pub fn mebibytes(kib: u64) -> u64 {
    kib / 1024
}

/// As many files as this machine lets a process have.
pub fn raise_files() {
    let pid = std::process::id().to_string();
    let raised = Command::new("prlimit").args(["--nofile=20000:20000", "--pid", &pid]).status();
    assert!(raised.is_ok_and(|status| status.success()), "20,000 files are needed");
}

impl Scene {
    /// `proxied`: what comes from the attacker's address came through a proxy.
    pub fn set(Setting { manner, postgres }: Setting, proxied: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let postgres = postgres.then(Postgres::start);
        let start = Start::demo(folder.path());
        let start = postgres.as_ref().map_or(start.clone(), |postgres| start.on_postgres(&postgres.url()));
        let mut demo = Server::start(start.clone());
        let attacker = Person::at(&demo);
        let (mailbox, content) = runtime().block_on(async {
            drop(Person::at(&demo).register(&demo, OTHER.0, OTHER.1, "Anna").await);
            let mailbox = attacker.register(&demo, ATTACKER.0, ATTACKER.1, "Mats").await;
            let text: String = (0..limits::TEXT as u32).filter_map(|i| char::from_u32(0x1_f300 + i % 512)).collect();
            let sent = mailbox.send(&attacker, &letter(ATTACKER.0, text)).await.expect("there is room");
            (mailbox, format!("/api/v1/letters/{}/content", sent.id))
        });
        demo.stop();
        let (mail, sms, metrics) = (free_port(), free_port(), format!("127.0.0.1:{}", free_port()));
        let (mails, gateway) = (MailServer::listen(mail), Gateway::listen(sms, "200 OK"));
        let start = Start { demo: false, ..start }
            .with("MAIL__URL", &format!("smtp://localhost:{mail}"))
            .with("MAIL__FROM", "noreply@example.se")
            .with("SMS__KIND", "http")
            .with("SMS__URL", &format!("http://localhost:{sms}/"))
            .with("SMS__CONTENT_TYPE", "application/json")
            .with("SMS__BODY", r#"{"to":"{to}","text":"{text}"}"#)
            .with(METRICS, &metrics);
        let (door, start) = Door::of(start, manner, proxied, folder.path());
        let server = Server::start(start);
        let attacker = Person { transport: wire(&door), ..attacker };
        let token = attacker.token();
        let attacker = Mutex::new((attacker, mailbox));
        let (_postgres, _folder) = (postgres, folder);
        Self { server, door, mails, gateway, token, attacker, metrics, content, _postgres, _folder }
    }

    /// A connection of the attacker's to a client of ours.
    pub fn wire(&self) -> Wire {
        wire(&self.door)
    }

    /// Looks at the server's memory and at the other person until the time is over.
    pub fn watch(&self, time: Duration) -> Report {
        let before = self.server.resident_kib();
        let (worst, over) = (AtomicU64::new(before), AtomicBool::new(false));
        let (slowest, failed) = thread::scope(|threads| {
            threads.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    worst.fetch_max(self.server.resident_kib(), Ordering::Relaxed);
                    thread::sleep(Duration::from_millis(50));
                }
            });
            let seen = self.other_person(time);
            over.store(true, Ordering::Relaxed);
            seen
        });
        Report { slowest, failed, before, worst: worst.into_inner() }
    }

    fn other_person(&self, time: Duration) -> ([Duration; 3], Option<String>) {
        let until = Instant::now() + time;
        let mut slowest = [Duration::ZERO; 3];
        for round in 1..=ROUNDS {
            // The attack has begun by then.
            thread::sleep(Duration::from_secs(1));
            match runtime().block_on(self.round()) {
                Ok(took) => (0..3).for_each(|act| slowest[act] = slowest[act].max(took[act])),
                Err(why) => return (slowest, Some(format!("round {round}: {why}"))),
            }
            let left = until.saturating_duration_since(Instant::now());
            thread::sleep((left / (ROUNDS + 1 - round)).saturating_sub(Duration::from_secs(1)));
        }
        thread::sleep(until.saturating_duration_since(Instant::now()));
        (slowest, None)
    }

    /// How long each act took.
    async fn round(&self) -> Result<[Duration; 3], String> {
        let client = self.door.client_of_another().timeout(Duration::from_secs(20)).build().expect("a client");
        let client = Person { transport: Wire::through(client, self.door.url()), device: Default::default() };
        let address = Address::parse(OTHER.0).expect("an address");
        let begun = Instant::now();
        let codes = self.codes_to(OTHER.1).len();
        let step = sign_in::sign_in(&client, &address, Password::new(PASSWORD)).await.map_err(|e| e.to_string())?;
        let step = step.choose(step.only().ok_or("one factor is offered")?);
        step.asked().send(&client).await.map_err(|e| e.to_string())?;
        let code = loop {
            match self.codes_to(OTHER.1).split_off(codes).pop() {
                Some(code) => break code,
                None if begun.elapsed() > Duration::from_secs(20) => return Err("no code came".into()),
                None => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        };
        let (mailbox, _) = step.enter(&client, &code.into()).await.map_err(|e| e.to_string())?;
        let signed_in = begun.elapsed();
        let begun = Instant::now();
        let sent = mailbox.send(&client, &letter(OTHER.0, "hej".into())).await.map_err(|e| e.to_string())?;
        let posted = begun.elapsed();
        let begun = Instant::now();
        mailbox.sync(&client).await.map_err(|e| e.to_string())?;
        mailbox.read(&client, sent.id).await.map_err(|e| e.to_string())?;
        Ok([signed_in, posted, begun.elapsed()])
    }

    /// Codes sent by SMS to `phone`, oldest first.
    pub fn codes_to(&self, phone: &str) -> Vec<Code> {
        self.gateway.asked().iter().filter(|asked| asked.contains(phone)).filter_map(|asked| code_in(asked)).collect()
    }
}

fn wire(door: &Door) -> Wire {
    let client = door.client().pool_max_idle_per_host(0).build().expect("a client");
    Wire::through(client, door.url())
}

pub fn letter(to: &str, text: String) -> Addressed {
    let to = vec![Address::parse(to).expect("an address")];
    Addressed { to, subject: "hej".into(), text, ..Addressed::default() }
}
