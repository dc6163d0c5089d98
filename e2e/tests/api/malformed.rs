//! What no client would send, by either protocol: nobody else waits for it, no connection stays open because of it, nothing
//! of the server breaks, and a request hides in no other.
//! `SECUREMAILBOX_FUZZ_SECONDS=1500 cargo test --workspace --test api no_client_would_send -- --nocapture` goes on for longer.

#![expect(clippy::disallowed_methods, reason = "a real server's time is measured, and octets come in pieces")]

mod http1;
mod http2;

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use reqwest::Client;
use securemailbox_e2e::{
    person::Person,
    server::{Server, Start},
};
use securemailbox_protocol::endpoints;

use crate::{ANNA, ID, strangers};

const BO: (&str, &str) = ("bo.api@example.se", "+46701740614");
/// How long is tried in every run of the tests.
const SECONDS: u64 = 6;
/// Conversations at once.
const THREADS: usize = 64;
/// By how much the server may grow meanwhile.
const GROWTH_KIB: u64 = 64 * 1024;

/// In debug builds only, h2 asserts that no stream is open where a connection is dropped, which is no fault (hyperium/h2#907).
const ASSERTED_BY_H2: &str = "src/proto/streams/counts.rs";

/// Who is spoken to, and what could be meant.
struct Target<'a> {
    host: &'a str,
    token: &'a str,
    paths: &'a [String],
}

impl Target<'_> {
    fn path(&self, random: &mut StdRng) -> &str {
        &self.paths[random.gen_range(0..self.paths.len())]
    }
}

/// Every path of the API but the one whose answer has no end, and some others.
fn paths() -> Vec<String> {
    let api = endpoints::ALL.iter().filter(|(_, path)| *path != "/events");
    let api = api.map(|(_, path)| format!("{}{}", endpoints::ROOT, path.replace("{id}", ID).replace("{hash}", ID)));
    api.chain(["/", "/healthz", "/readyz", "/nothing", "/problems/busy"].map(String::from)).collect()
}

fn one_of<T: Copy>(random: &mut StdRng, all: &[T]) -> T {
    all[random.gen_range(0..all.len())]
}

/// What conversation `number` sends, the same in each run.
fn octets(number: u64, random: &mut StdRng, target: &Target<'_>) -> Vec<u8> {
    let mut sent = if number.is_multiple_of(2) { http1::octets(random, target) } else { http2::octets(random, target) };
    if random.gen_bool(0.3) {
        for _ in 0..random.gen_range(1..6) {
            let at = random.gen_range(0..sent.len());
            sent[at] = random.r#gen();
        }
    }
    if random.gen_bool(0.1) {
        sent.truncate(random.gen_range(1..=sent.len()));
    }
    sent
}

/// Sends it in a few pieces, and reads until the server closes; what came.
fn converse(number: u64, target: &Target<'_>) -> Vec<u8> {
    let mut random = StdRng::seed_from_u64(number);
    let sent = octets(number, &mut random, target);
    let mut stream = TcpStream::connect(target.host.replace("localhost", "127.0.0.1")).expect("there is a place");
    stream.set_write_timeout(Some(strangers::LONG)).expect("a time");
    stream.set_read_timeout(Some(strangers::LONG)).expect("a time");
    for piece in sent.chunks(sent.len().div_ceil(random.gen_range(1..5))) {
        // It may be closed already.
        if stream.write_all(piece).is_err() {
            break;
        }
        thread::sleep(Duration::from_millis(random.gen_range(0..30)));
    }
    if random.gen_bool(0.5) {
        // Whoever asks no more may still listen.
        let _ = stream.shutdown(Shutdown::Write);
    }
    let mut seen = Vec::new();
    if let Err(error) = stream.read_to_end(&mut seen) {
        let is_open = matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut);
        assert!(!is_open, "conversation {number} is still open after {:?}: {}", strangers::LONG, sent.escape_ascii());
    }
    let broken = memchr::memmem::find(&seen, b"/problems/internal").is_some();
    assert!(!broken, "conversation {number} broke something: {}", sent.escape_ascii());
    seen
}

#[test]
fn what_no_client_would_send_harms_nobody() {
    let seconds = std::env::var("SECUREMAILBOX_FUZZ_SECONDS").map_or(SECONDS, |text| text.parse().expect("a number"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut patient = Server::start(Start::demo(folder.path()));
    let (anna, bo) = (Person::at(&patient), Person::at(&patient));
    runtime.block_on(async {
        drop(anna.register(&patient, ANNA.0, ANNA.1, "Anna").await);
        drop(bo.register(&patient, BO.0, BO.1, "Bo").await);
    });
    patient.stop();
    let mut start = strangers::impatient(folder.path());
    // Whoever prints where it panicked has read all of a debug build's symbols, which would count as memory.
    start.environment.push(("RUST_BACKTRACE".into(), "0".into()));
    let mut server = Server::start(start);
    let (host, token, paths) = (strangers::host(&server), anna.token(), paths());
    let target = Target { host: &host, token: &token, paths: &paths };
    let (next, answered) = (AtomicU64::new(0), AtomicU64::new(0));
    let run = |until: Instant| {
        thread::scope(|threads| {
            for _ in 0..THREADS {
                threads.spawn(|| {
                    while Instant::now() < until {
                        let seen = converse(next.fetch_add(1, Ordering::Relaxed), &target);
                        answered.fetch_add(u64::from(!seen.is_empty()), Ordering::Relaxed);
                    }
                });
            }
            runtime.block_on(others_are_served(&server, &bo.token(), until));
        });
    };
    // What a server needs once it has needed; the same again must not need more.
    run(Instant::now() + Duration::from_secs(seconds / 3));
    let before = server.resident_kib();
    run(Instant::now() + Duration::from_secs(seconds - seconds / 3));
    let after = server.resident_kib();
    println!(
        "{} conversations, {} of them answered; {before} KiB after a third of them, {after} KiB in the end",
        next.into_inner(),
        answered.into_inner()
    );
    assert!(after < before + GROWTH_KIB, "memory grew from {before} to {after} KiB");
    server.stop();
    let log = server.log();
    assert!(log.contains("serving"), "there is a log to search: {log}");
    let panics = log.lines().filter(|line| line.contains("panicked") && !line.contains(ASSERTED_BY_H2));
    assert_eq!(panics.collect::<Vec<_>>(), Vec::<&str>::new(), "{log}");
    assert!(!log.contains(r#""level":"ERROR""#), "{log}");
}

/// Within the client's own patience; how fast depends on whatever else this machine does.
async fn others_are_served(server: &Server, token: &str, until: Instant) {
    let client = Client::builder().pool_max_idle_per_host(0).timeout(Duration::from_secs(20)).build().unwrap();
    while Instant::now() < until {
        let request = client.get(format!("{}/api/v1/account", server.url())).bearer_auth(token);
        let answer = request.send().await.expect("another person is answered");
        assert_eq!(answer.status(), 200);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A request that would be one by another reading of the one before it (RFC 9112 §11.2): a proxy in front might read so.
#[test]
fn no_request_hides_in_another() {
    const HIDDEN: &str = "GET /healthz HTTP/1.1\r\nHost: hidden\r\n\r\n";
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()).with("LIMITS__IDLE_SECONDS", "3"));
    let host = strangers::host(&server);
    let answers = |framing: &str| {
        let head =
            format!("POST /api/v1/sign-ins HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n{framing}");
        let mut stream = strangers::connect(&server);
        stream.write_all(format!("{head}\r\n\r\n0\r\n\r\n{HIDDEN}").as_bytes()).unwrap();
        let mut seen = Vec::new();
        // A connection that is reset was refused too.
        let _ = stream.read_to_end(&mut seen);
        String::from_utf8_lossy(&seen).into_owned()
    };
    assert!(
        answers("Transfer-Encoding: chunked").contains("HTTP/1.1 204"),
        "what is no secret is a request of its own"
    );
    for framing in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding:\u{b}chunked",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding\t: chunked",
        " Transfer-Encoding: chunked",
        "X: 1\r\n Transfer-Encoding: chunked",
        "X: 1\rTransfer-Encoding: chunked",
        "Content-Length: 0\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 0",
        "Content-Length: 0, 5",
        "Content-Length: +0",
        "Content-Length: -0",
        "Content-Length: 0x0",
        "Content-Length: 0 5",
        "Content-Length : 5",
        "Content-Length\0: 5",
    ] {
        let seen = answers(framing);
        assert!(!seen.contains("HTTP/1.1 204"), "{framing:?}: {seen}");
        assert!(seen.is_empty() || seen.starts_with("HTTP/1.1 4"), "{framing:?}: {seen}");
    }
}
