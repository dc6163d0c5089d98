//! Measures whether the time of an answer says who has a mailbox: the first question of a sign-in and of a forgotten password, for
//! an address that has a mailbox, one that has an authenticator app besides, and one that has none, in turn and each time from
//! another network. `cargo run --release --package securemailbox-e2e --example sign_in_times -- FOLDER [ROUNDS]`, with
//! `SECUREMAILBOX_BIN` naming the command. The statistic is Mann and Whitney's: under 1.96, two of the three look alike at 5 %.

#![expect(clippy::print_stdout, reason = "it says what it measured")]

use std::{
    cmp::Ordering,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Instant,
};

use rand::rngs::OsRng;
use securemailbox_e2e::{
    person::{Person, now},
    server::{Server, Start},
};
use securemailbox_protocol::{
    address::Address,
    factors::Code,
    octets::Octets,
    sign_in::{NewRecovery, NewSignIn},
};
use securemailbox_vault::passwords::{Password, SigningIn};
use serde::Serialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
};
use totp_rs::{Algorithm, Secret, TOTP};

const ROUNDS: u32 = 1_000;
const KINDS: [&str; 3] = ["a mailbox", "a mailbox with an app", "no mailbox"];
const MAILBOX: (&str, &str) = ("anna.t@example.se", "+46701740641");
const WITH_APP: (&str, &str) = ("bjorn.t@example.se", "+46701740642");
const NONE: &str = "cecilia.t@example.se";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().expect("a folder to keep the server's data in"));
    let rounds: u32 = arguments.next().map_or(ROUNDS, |number| number.parse().expect("how many rounds"));
    let server = Server::start(Start::demo(&folder));
    for (address, phone) in [MAILBOX, WITH_APP] {
        let person = Person::at(&server);
        let mailbox = person.register(&server, address, phone, "Någon").await;
        if address == WITH_APP.0 {
            let app = mailbox.begin_authenticator(&person).await.expect("begun");
            let secret = Secret::Encoded(app.typed().replace(' ', "")).to_bytes().expect("base32");
            let totp = TOTP::new_unchecked(Algorithm::SHA1, 6, 0, 30, secret);
            let code = Code::parse(&totp.generate(now().unix_millis() / 1_000)).expect("six digits");
            app.confirm(&person, &mailbox, &code).await.expect("it shows a code");
        }
    }
    let addresses = [MAILBOX.0, WITH_APP.0, NONE].map(|address| Address::parse(address).expect("an address"));
    let port = server.url().rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let at = Asking { port, host: format!("localhost:{port}") };
    let mut number = 0;
    for question in ["/sign-ins", "/recoveries"] {
        let mut times = [Vec::new(), Vec::new(), Vec::new()];
        let mut lengths = [usize::MAX; 3];
        for round in 0..rounds {
            for place in 0..KINDS.len() {
                // Whoever comes first in a round may find the server asleep.
                let kind = (place + round as usize) % KINDS.len();
                let body = if question == "/sign-ins" { sign_in(&addresses[kind]) } else { recovery(&addresses[kind]) };
                number += 1;
                let (micros, length) = at.asks(number, question, &body).await;
                times[kind].push(micros);
                lengths[kind] = length;
            }
        }
        println!("POST {question}, {rounds} of each, in microseconds:");
        for (kind, (times, length)) in KINDS.iter().zip(times.iter().zip(lengths)) {
            let [low, median, high] = quartiles(times);
            println!("  {kind:22} {low:8.0} {median:8.0} {high:8.0}   {length} octets");
        }
        for (one, two) in [(0, 2), (1, 2), (0, 1)] {
            println!("  {} and {}: z = {:.2}", KINDS[one], KINDS[two], mann_whitney(&times[one], &times[two]));
        }
    }
}

fn json(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("JSON")
}

fn sign_in(address: &Address) -> Vec<u8> {
    let (_, request) = SigningIn::start(Password::new("fel lösenord här"), &mut OsRng);
    json(&NewSignIn { address: address.clone(), request: request.into() })
}

fn recovery(address: &Address) -> Vec<u8> {
    json(&NewRecovery { address: address.clone(), proof: Octets(vec![7; 32]) })
}

struct Asking {
    port: u16,
    host: String,
}

impl Asking {
    /// Asks from an address of this machine that nobody asked from yet: the microseconds until the answer begins, and its
    /// length without the number of the request, which is as long in all.
    async fn asks(&self, number: u32, question: &str, body: &[u8]) -> (f64, usize) {
        let [_, a, b, c] = number.to_be_bytes();
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::from((Ipv4Addr::new(127, 2 + a, b, c), 0))).expect("an address of this machine");
        let mut stream = socket.connect(SocketAddr::from(([127, 0, 0, 1], self.port))).await.expect("the server");
        stream.set_nodelay(true).expect("a socket");
        let head = format!(
            "POST /api/v1{question} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            self.host,
            body.len()
        );
        let request = [head.as_bytes(), body].concat();
        let mut answer = vec![0; 64 * 1024];
        #[expect(clippy::disallowed_methods, reason = "a time is what is measured")]
        let begun = Instant::now();
        stream.write_all(&request).await.expect("sent");
        let mut read = stream.read(&mut answer).await.expect("an answer");
        let micros = begun.elapsed().as_secs_f64() * 1e6;
        while let Ok(more @ 1..) = stream.read(&mut answer[read..]).await {
            read += more;
        }
        let text = String::from_utf8_lossy(&answer[..read]);
        assert!(!text.starts_with("HTTP/1.1 429"), "{text}");
        (micros, read)
    }
}

fn quartiles(times: &[f64]) -> [f64; 3] {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| sorted[sorted.len() * quarter / 4])
}

/// The rank-sum of two samples as a standard normal variable (Mann and Whitney, 1947), without a correction for ties, which
/// times in nanoseconds have next to none of.
fn mann_whitney(one: &[f64], two: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> = one.iter().map(|time| (*time, true)).collect();
    all.extend(two.iter().map(|time| (*time, false)));
    all.sort_by(|a, b| a.0.partial_cmp(&b.0).unwrap_or(Ordering::Equal));
    let ranks: f64 = all.iter().zip(1..).filter(|((_, of_one), _)| *of_one).map(|(_, rank)| f64::from(rank)).sum();
    let (n, m) = (one.len() as f64, two.len() as f64);
    let u = ranks - n * (n + 1.0) / 2.0;
    (u - n * m / 2.0) / (n * m * (n + m + 1.0) / 12.0).sqrt()
}
