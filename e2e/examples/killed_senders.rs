//! Three processes on one PostgreSQL send what waits, and every second one of them is killed and started again: nothing is
//! lost, and no more is sent twice than was on its way (PROTOCOL §4.3). Prints what came of it, and ends with 1 where that
//! does not hold. Takes five minutes: what a killed process had claimed is due again after two.
//! `cargo run --release --package securemailbox-e2e --example killed_senders`; `SECUREMAILBOX_BIN` names the command.

#![expect(clippy::print_stdout, reason = "it prints what came of it")]
#![expect(clippy::disallowed_methods, reason = "real servers' time is measured")]

use std::{
    collections::BTreeMap,
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream};
use reqwest::Client;
use securemailbox_e2e::{
    outage::{MailServer, Manner, dead_senders, free_port},
    postgres::Postgres,
    server::{Server, Start},
};
use serde_json::{Value, json};

const PROCESSES: usize = 3;
/// Codes that wait for a mail server.
const WAITING: usize = 1500;
/// How long the mail server thinks about each.
const THOUGHT: Duration = Duration::from_millis(500);
const KILLS: usize = 30;
/// What one process has on its way at once.
const AT_ONCE: usize = 8;
/// A claim holds two minutes, and then somebody has to look.
const LONGEST: Duration = Duration::from_secs(300);

fn main() -> ExitCode {
    let (folder, postgres) = (tempfile::tempdir().expect("a folder"), Postgres::start());
    let (mail, seal) = (free_port(), folder.path().join("seal"));
    let start = |number: usize| {
        let start = Start::demo(&folder.path().join(number.to_string())).on_postgres(&postgres.url());
        Server::start(
            dead_senders(start, mail)
                .with("SEAL", seal.to_str().expect("a path of text"))
                .with("LIMITS__NETWORKS", "[{name=\"here\",addresses=[\"127.0.0.1\"],times=1000}]"),
        )
    };
    let mut servers: Vec<Server> = (0..PROCESSES).map(start).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let client = Client::new();
    let asked = stream::iter(0..WAITING).map(|number| ask(&client, servers[number % PROCESSES].url(), number));
    let waiting = runtime.block_on(asked.buffer_unordered(32).filter(|taken| std::future::ready(*taken)).count());
    let mails = MailServer::behaving(mail, Manner::Slow(THOUGHT));
    let begun = Instant::now();
    for kill in 0..KILLS {
        let server = &mut servers[kill % PROCESSES];
        server.kill();
        *server = server.again();
        thread::sleep(Duration::from_secs(1));
    }
    let (killing, sent_then) = (begun.elapsed(), by_reader(&mails).len());
    while by_reader(&mails).len() < waiting && begun.elapsed() < LONGEST {
        thread::sleep(Duration::from_secs(1));
    }
    let taken = begun.elapsed();
    // Whatever else is claimed would come within that time.
    thread::sleep(Duration::from_secs(130));
    let sent = by_reader(&mails);
    let (twice, most) = (sent.values().map(|times| times - 1).sum::<usize>(), sent.values().copied().max());
    println!(
        "{waiting} codes waited; {KILLS} kills in {} s, {sent_then} sent by then; {} sent after {} s, {} lost; {twice} \
         sent again, no code more than {} times (the most there could be: {} again).",
        killing.as_secs(),
        sent.len(),
        taken.as_secs(),
        waiting - sent.len(),
        most.unwrap_or_default(),
        KILLS * AT_ONCE,
    );
    if sent.len() == waiting && twice <= KILLS * AT_ONCE { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Has a code go to an address, which waits since no mail server listens. Whether it was taken on.
async fn ask(client: &Client, url: &str, number: usize) -> bool {
    let post = async |path: &str, body: Value| {
        let request = client.post(format!("{url}/api/v1{path}")).header("content-type", "application/json");
        request.body(body.to_string()).send().await.expect("nobody is killed yet")
    };
    let begun =
        post("/registrations", json!({"address": format!("nobody{number}@example.se"), "language": "sv"})).await;
    let begun: Value = serde_json::from_slice(&begun.bytes().await.expect("whole")).expect("JSON");
    let path = format!("/registrations/{}/proofs", begun["id"].as_str().expect("an id"));
    post(&path, json!({"factor": begun["offers"][0]["id"]})).await.status().is_success()
}

/// How often each reader was written to.
fn by_reader(mails: &MailServer) -> BTreeMap<String, usize> {
    let mut readers = BTreeMap::new();
    for message in mails.messages() {
        let to = message.lines().find(|line| line.starts_with("To: ")).expect("a reader");
        *readers.entry(to.to_owned()).or_default() += 1;
    }
    readers
}
