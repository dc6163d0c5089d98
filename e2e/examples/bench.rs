//! Ours beside the limits, in one run (`cargo xtask bench`): what a server in production configuration answers, next to
//! empty answers of the same server and raw syncs of the same disk.
//!
//! A machine's figures swing with whatever else runs on it, so each is measured in several short rounds, all of them in
//! turn, and what counts is a ratio within one run. The server's own time on a processor for each answer is told too: it
//! leaves out what the callers cost, who share the machine.

#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "it measures, and says what it measured")]

use std::{
    fs::File,
    io::{Seek, SeekFrom, Write},
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use data_encoding::BASE64URL_NOPAD;
use rand::{RngCore, rngs::OsRng};
use reqwest::Client;
use securemailbox_e2e::{
    person::{Person, now},
    server::{Server, Start},
};
use securemailbox_protocol::{
    accounts::Account,
    ids::{ContentHash, LetterId, ThreadId},
    letters::{NewLetter, NewLetters, NewReader},
    limits,
    sync::Changes,
};
use sha2::{Digest, Sha256};

/// How long each figure is measured in each round.
const SPAN: Duration = Duration::from_millis(1500);
const ROUNDS: usize = 3;
/// How many callers ask at once.
const CALLERS: usize = 64;
/// Sizes of a letter of a page or two, in bytes.
const CONTENT: usize = 4096;
const ENVELOPE: usize = 1024;
const WRAPPED_KEY: usize = 1236;

/// The kinds of call that are measured.
#[derive(Clone, Copy, PartialEq)]
enum Call {
    Empty,
    Account,
    NothingNew,
    Read,
    Page,
    Post,
}

impl Call {
    const ALL: [Self; 6] = [Self::Empty, Self::Account, Self::NothingNew, Self::Read, Self::Page, Self::Post];

    const fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty answer (/healthz)",
            Self::Account => "account",
            Self::NothingNew => "sync with nothing new",
            Self::Read => "read of a letter of 4 KiB",
            Self::Page => "page of 100 changes",
            Self::Post => "post of a letter to one reader",
        }
    }
}

/// What was measured of a call.
#[derive(Clone, Copy, Default)]
struct Figure {
    answers: usize,
    seconds: f64,
    /// Processor time that the server used, in seconds.
    processor_seconds: f64,
}

impl Figure {
    fn rate(&self) -> f64 {
        self.answers as f64 / self.seconds
    }

    fn processor_micros(&self) -> f64 {
        self.processor_seconds * 1e6 / self.answers as f64
    }
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let caller = prepare(folder.path()).await;
    let resident = caller.server.resident_kib();
    let mut fsyncs = Figure::default();
    let mut figures = [Figure::default(); Call::ALL.len()];
    let path = caller.nothing_new().await;
    // Reads first, for the same reason for which `prepare` writes to oneself.
    for is_post in [false, true] {
        for _ in 0..ROUNDS {
            raw_fsyncs(folder.path(), &mut fsyncs);
            let calls = Call::ALL.into_iter().zip(&mut figures);
            for (call, figure) in calls.filter(|(call, _)| (*call == Call::Post) == is_post) {
                measure(&caller, call, &path, figure).await;
            }
        }
    }
    let (empty, raw) = (figures[0], fsyncs.rate());
    println!("{CALLERS} callers on loopback, {ROUNDS} rounds of {} s each\n", SPAN.as_secs_f64());
    println!("{:32}{:>10}{:>12}{:>18}{:>14}", "", "a second", "of empty", "processor, µs", "of raw syncs");
    println!("{:32}{raw:>10.0}", "raw sync of 4 KiB, one by one");
    for (call, figure) in Call::ALL.into_iter().zip(figures) {
        let of_syncs = if call == Call::Post { format!("{:.2}", figure.rate() / raw) } else { String::new() };
        println!(
            "{:32}{:>10.0}{:>12.2}{:>18.0}{of_syncs:>14}",
            call.name(),
            figure.rate(),
            figure.rate() / empty.rate(),
            figure.processor_micros()
        );
    }
    println!("\nmemory: {resident} KiB before, {} KiB after", caller.server.resident_kib());
}

async fn measure(caller: &Caller, call: Call, nothing_new: &str, figure: &mut Figure) {
    let done = AtomicUsize::new(0);
    let (begun, processor) = (Instant::now(), caller.server.processor_seconds());
    let one = async || {
        while begun.elapsed() < SPAN {
            match call {
                Call::Empty => caller.get("/healthz").await,
                Call::Account => caller.get("/api/v1/account").await,
                Call::NothingNew => caller.get(nothing_new).await,
                Call::Read => caller.get(&caller.content).await,
                Call::Page => caller.get("/api/v1/changes?since=0").await,
                Call::Post => drop(caller.post().await),
            }
            done.fetch_add(1, Ordering::Relaxed);
        }
    };
    futures_util::future::join_all((0..CALLERS).map(|_| one())).await;
    figure.answers += done.into_inner();
    figure.seconds += begun.elapsed().as_secs_f64();
    figure.processor_seconds += caller.server.processor_seconds() - processor;
}

struct Caller {
    server: Server,
    client: Client,
    token: String,
    /// What each letter is posted with.
    letter: NewLetter,
    /// Where the content of one lies.
    content: String,
}

/// Two people, made by a demo, whose mailboxes a server in production configuration then serves: the limits per network
/// are raised, since everybody here comes from one, and codes and notices go nowhere. The server can't tell ciphertext from
/// noise, so noise it is.
async fn prepare(folder: &Path) -> Caller {
    let mut demo = Server::start(Start::demo(folder));
    let (anna, bjorn) = (Person::at(&demo), Person::at(&demo));
    drop(anna.register(&demo, "anna.figures@example.se", "+46701740651", "Anna").await);
    drop(bjorn.register(&demo, "bjorn.figures@example.se", "+46701740652", "Björn").await);
    demo.stop();
    let start = Start { demo: false, ..Start::demo(folder) }
        .with("LIMITS__REQUESTS_A_SECOND", "1000000")
        .with("MAIL__URL", "smtp://127.0.0.1:9")
        .with("MAIL__FROM", "SecureMailbox <no-reply@example.se>")
        .with("SMS__KIND", "http")
        .with("SMS__URL", "http://127.0.0.1:9/")
        .with("SMS__CONTENT_TYPE", "application/x-www-form-urlencoded")
        .with("SMS__BODY", "to={to}&text={text}");
    let server = Server::start(start);
    let client = Client::new();
    let mut readers = Vec::new();
    for person in [&anna, &bjorn] {
        let answer = client.get(format!("{}/api/v1/account", server.url())).bearer_auth(person.token()).send().await;
        let account = answer.expect("an answer").bytes().await.expect("whole");
        let account: Account = serde_json::from_slice(&account).expect("an account");
        readers.push(NewReader {
            account: account.id,
            certificate: account.certificate,
            wrapped_key: noise(WRAPPED_KEY).into(),
        });
    }
    let letter = NewLetter {
        id: LetterId::new(now(), &mut OsRng),
        thread: ThreadId::new(&mut OsRng),
        envelope: noise(ENVELOPE).into(),
        content_hash: ContentHash::from_bytes([0; 32]),
        level: None,
        blobs: Vec::new(),
        readers,
    };
    let mut caller = Caller { server, client, token: anna.token(), letter, content: String::new() };
    // To oneself, since a posted letter has its notice sent, which nobody takes here: the server would go on trying.
    let bjorns = caller.letter.readers.pop().expect("two readers");
    for _ in 0..limits::PAGE {
        caller.content = format!("/api/v1/letters/{}/content", caller.post().await);
    }
    caller.letter.readers.push(bjorns);
    caller
}

impl Caller {
    async fn get(&self, path: &str) {
        self.answer(path).await;
    }

    async fn answer(&self, path: &str) -> Vec<u8> {
        let request = self.client.get(format!("{}{path}", self.server.url())).bearer_auth(&self.token);
        let answer = request.send().await.expect("an answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.bytes().await.expect("whole").into()
    }

    /// Where one's client asks when it has seen everything.
    async fn nothing_new(&self) -> String {
        let mut since = 0;
        loop {
            let path = format!("/api/v1/changes?since={since}");
            let changes: Changes = serde_json::from_slice(&self.answer(&path).await).expect("changes");
            if !changes.more {
                return format!("/api/v1/changes?since={}", changes.change);
            }
            since = changes.change.get();
        }
    }

    async fn post(&self) -> LetterId {
        let content = noise(CONTENT);
        let id = LetterId::new(now(), &mut OsRng);
        let content_hash = ContentHash::from_bytes(Sha256::digest(&content).into());
        let letters = NewLetters {
            letters: vec![NewLetter { id, content_hash, ..self.letter.clone() }],
            draft: None,
            hold: None,
            guests: Vec::new(),
        };
        let boundary = BASE64URL_NOPAD.encode(&noise(18));
        let mut body = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"letters\"\r\n\r\n").into_bytes();
        body.extend(serde_json::to_vec(&letters).expect("JSON"));
        body.extend(format!("\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"content-0\"\r\n\r\n").bytes());
        body.extend(content);
        body.extend(format!("\r\n--{boundary}--\r\n").bytes());
        let request = self.client.post(format!("{}/api/v1/letters", self.server.url())).bearer_auth(&self.token);
        let request = request.header("content-type", format!("multipart/form-data; boundary={boundary}"));
        let answer = request.body(body).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{}", answer.status());
        id
    }
}

/// What the disk gives: 4 KiB written and synced, one after the other.
fn raw_fsyncs(folder: &Path, figure: &mut Figure) {
    let mut file = File::create(folder.join("raw")).expect("a file");
    let page = noise(4096);
    let begun = Instant::now();
    while begun.elapsed() < SPAN {
        file.seek(SeekFrom::Start(0))
            .and_then(|_| file.write_all(&page))
            .and_then(|()| file.sync_data())
            .expect("a disk");
        figure.answers += 1;
    }
    figure.seconds += begun.elapsed().as_secs_f64();
}

fn noise(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    OsRng.fill_bytes(&mut bytes);
    bytes
}
