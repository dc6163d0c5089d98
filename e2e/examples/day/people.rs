//! People who come and go.

use std::{
    env,
    error::Error,
    fmt,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use futures_util::future::join_all;
use reqwest::{Client, Response};
use securemailbox_client::sign_in;
use securemailbox_e2e::{
    events::Events,
    outage::{Gateway, code_in, dead_senders, free_port},
    person::{PASSWORD, Person, Wire},
    server::{Server, Start},
};
use securemailbox_protocol::address::Address;
use securemailbox_vault::passwords::Password;
use tempfile::TempDir;
use tokio::{
    runtime::{Builder, Runtime},
    time::{Instant, sleep, sleep_until, timeout_at},
};

/// How many register at once.
const AT_ONCE: usize = 4;
/// Who stays until the server ends the session.
const STAYS: usize = 10;

/// What happened so far.
#[derive(Default)]
pub struct Counts {
    signed_in: AtomicUsize,
    failed: AtomicUsize,
    signed_out: AtomicUsize,
    streams: AtomicUsize,
    ended: AtomicUsize,
}

impl Counts {
    /// More than one in a thousand.
    pub fn many_failed(&self) -> bool {
        self.failed.load(Relaxed) > self.signed_in.load(Relaxed) / 1000
    }
}

/// As cells of a table.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |count: &AtomicUsize| count.load(Relaxed);
        let Self { signed_in, failed, signed_out, streams, ended } = self;
        write!(f, "{} | {} | {} | {} | {}", of(signed_in), of(failed), of(signed_out), of(streams), of(ended))
    }
}

/// A server with a clock that is quick, and the people who have a mailbox there.
pub struct Place {
    pub server: Server,
    people: usize,
    gateway: Gateway,
    client: Client,
    _folder: TempDir,
}

fn address(number: usize) -> String {
    format!("person{number}@example.se")
}

/// Written to by nobody but the gateway of this program.
fn phone(number: usize) -> String {
    format!("+4670174{number:04}")
}

impl Place {
    /// Registers them at a demo, whose codes are easy to come by, and starts the server on the same data.
    pub fn with(people: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let start = Start::demo(folder.path());
        let mut demo = Server::start(start.clone());
        runtime().block_on(async {
            for first in (0..people).step_by(AT_ONCE) {
                let new = first..people.min(first + AT_ONCE);
                join_all(new.map(async |number| {
                    let (person, name) = (Person::at(&demo), format!("Person {number}"));
                    drop(person.register(&demo, &address(number), &phone(number), &name).await);
                }))
                .await;
            }
        });
        demo.stop();
        let sms = free_port();
        let gateway = Gateway::listen(sms, "200 OK");
        let start = Start { binary: env::current_exe().expect("a program knows where it lies"), ..start };
        let server = Server::start(
            dead_senders(start, free_port())
                .with("SMS__URL", &format!("http://localhost:{sms}/"))
                .with("SMS__A_DAY", "1000000")
                .with("LIMITS__NETWORKS", "[{name=\"here\",addresses=[\"127.0.0.1\"],times=1000}]"),
        );
        Self { server, people, gateway, client: Client::new(), _folder: folder }
    }

    /// Has them sign in so many times in a day that lasts so long.
    pub fn live(&self, counts: &Counts, sign_ins: u32, day: Duration) {
        let lives = (0..self.people).map(|number| self.life(number, counts, sign_ins, day));
        runtime().block_on(join_all(lives));
    }

    async fn life(&self, number: usize, counts: &Counts, sign_ins: u32, day: Duration) {
        let stays = number.is_multiple_of(STAYS);
        let (times, pause) = if stays { (1, day) } else { (sign_ins, day / sign_ins) };
        // Nobody comes at the same moment as somebody else.
        sleep((day / sign_ins).mul_f64(number as f64 / self.people as f64)).await;
        let mut before: Option<Person> = None;
        for time in 0..times {
            let next = Instant::now() + pause;
            match self.sign_in(number).await {
                Ok((person, mut events)) => {
                    counts.signed_in.fetch_add(1, Relaxed);
                    if let Some(before) = before.replace(person).filter(|_| time % 2 == 1) {
                        counts.signed_out.fetch_add(usize::from(sign_in::sign_out(&before).await.is_ok()), Relaxed);
                    }
                    counts.streams.fetch_add(1, Relaxed);
                    let over = timeout_at(next, async { while events.next().await.is_some() {} }).await.is_ok();
                    counts.streams.fetch_sub(1, Relaxed);
                    counts.ended.fetch_add(usize::from(over), Relaxed);
                }
                Err(why) => {
                    if counts.failed.fetch_add(1, Relaxed) == 0 {
                        println!("The first to fail: {why}");
                    }
                }
            }
            sleep_until(next).await;
        }
    }

    /// Signs in, asks for what is new, and begins to listen.
    async fn sign_in(&self, number: usize) -> Result<(Person, Events), String> {
        let person =
            Person { transport: Wire::through(self.client.clone(), self.server.url()), device: Default::default() };
        let (address, phone) = (Address::parse(&address(number)).map_err(told)?, phone(number));
        let newest = || self.gateway.newest_to(&phone);
        let before = newest();
        let step = sign_in::sign_in(&person, &address, Password::new(PASSWORD)).await.map_err(told)?;
        let step = step.choose(step.only().ok_or("one factor is offered")?);
        step.asked().send(&person).await.map_err(told)?;
        let mut text = newest();
        while text == before {
            sleep(Duration::from_millis(20)).await;
            text = newest();
        }
        let code = text.as_deref().and_then(code_in).ok_or("no code in the SMS")?;
        let (mailbox, _) = step.enter(&person, &code.into()).await.map_err(told)?;
        mailbox.sync(&person).await.map_err(told)?;
        let events = self.client.get(format!("{}/api/v1/events", self.server.url())).bearer_auth(person.token());
        let events = events.send().await.and_then(Response::error_for_status).map_err(told)?;
        Ok((person, Events::of(events)))
    }
}

fn told(error: impl Error) -> String {
    error.to_string()
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}
