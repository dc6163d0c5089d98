//! Ours beside the limits, in one run: posts, lists and reads a second next to raw syncs of the same disk and empty
//! answers of the same server. `cargo run --release --package securemailbox-e2e --example figures`, with
//! `SECUREMAILBOX_BIN` naming a release build of the command.

#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "it measures, and says what it measured")]

use std::{
    fs::File,
    io::{Seek, SeekFrom, Write},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
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
    ids::{ContentHash, LetterId, ThreadId},
    letters::{NewLetter, NewLetters, NewReader},
};
use sha2::{Digest, Sha256};

/// How long each figure is measured.
const SPAN: Duration = Duration::from_secs(5);
/// Callers at once.
const CALLERS: usize = 32;
/// Sizes of a letter of a page or two, in bytes.
const CONTENT: usize = 4096;
const ENVELOPE: usize = 1024;
const WRAPPED_KEY: usize = 1236;

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let fsyncs = raw_fsyncs(folder.path());
    let (server, token, letter) = prepare(folder.path()).await;
    println!("memory at rest {} KiB", server.resident_kib());
    let shared = Arc::new(Shared { client: Client::new(), url: server.url().to_owned(), token, letter });
    let empty = rate("empty answers", &shared, async |shared| shared.get("/healthz").await).await;
    let posts = rate("posts of a letter to one reader", &shared, async |shared| shared.post().await).await;
    let lists = rate("lists of 100", &shared, async |shared| shared.get("/api/v1/letters?folder=sent").await).await;
    let path = format!("/api/v1/letters/{}/content", shared.post().await);
    let reads = rate("reads of a content", &shared, async |shared| shared.get(&path).await).await;
    println!("raw fsyncs {fsyncs:.0}/s, one after the other");
    println!(
        "posts : raw fsyncs = {:.2}; posts : empty = {:.2}; lists : empty = {:.2}; reads : empty = {:.2}",
        posts / fsyncs,
        posts / empty,
        lists / empty,
        reads / empty
    );
    println!("memory after {} KiB", server.resident_kib());
}

/// Two people, and what a letter between them is posted with. The server can't tell ciphertext from noise, so noise it is:
/// what is measured is the server.
async fn prepare(folder: &Path) -> (Server, String, NewLetter) {
    let server = Server::start(Start::demo(folder));
    let (anna, bjorn) = (Person::at(&server), Person::at(&server));
    drop(anna.register(&server, "anna.figures@example.se", "+46701740651", "Anna").await);
    drop(bjorn.register(&server, "bjorn.figures@example.se", "+46701740652", "Björn").await);
    let mut readers = Vec::new();
    for person in [&anna, &bjorn] {
        let answer =
            Client::new().get(format!("{}/api/v1/account", server.url())).bearer_auth(person.token()).send().await;
        let account = answer.expect("an answer").bytes().await.expect("whole");
        let account: securemailbox_protocol::accounts::Account = serde_json::from_slice(&account).expect("an account");
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
        readers,
    };
    (server, anna.token(), letter)
}

struct Shared {
    client: Client,
    url: String,
    token: String,
    letter: NewLetter,
}

impl Shared {
    async fn get(&self, path: &str) {
        let answer =
            self.client.get(format!("{}{path}", self.url)).bearer_auth(&self.token).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{}", answer.status());
        answer.bytes().await.expect("whole");
    }

    async fn post(&self) -> LetterId {
        let content = noise(CONTENT);
        let id = LetterId::new(now(), &mut OsRng);
        let content_hash = ContentHash::from_bytes(Sha256::digest(&content).into());
        let letters = NewLetters { letters: vec![NewLetter { id, content_hash, ..self.letter.clone() }], draft: None };
        let boundary = BASE64URL_NOPAD.encode(&noise(18));
        let mut body = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"letters\"\r\n\r\n").into_bytes();
        body.extend(serde_json::to_vec(&letters).expect("JSON"));
        body.extend(format!("\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"content-0\"\r\n\r\n").bytes());
        body.extend(content);
        body.extend(format!("\r\n--{boundary}--\r\n").bytes());
        let request = self.client.post(format!("{}/api/v1/letters", self.url)).bearer_auth(&self.token);
        let request = request.header("content-type", format!("multipart/form-data; boundary={boundary}"));
        let answer = request.body(body).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{}", answer.status());
        id
    }
}

/// Calls a second, by [`CALLERS`] at once over [`SPAN`].
async fn rate<T>(what: &str, shared: &Arc<Shared>, call: impl AsyncFn(&Shared) -> T) -> f64 {
    let done = AtomicUsize::new(0);
    let begun = Instant::now();
    let caller = async || {
        while begun.elapsed() < SPAN {
            call(shared).await;
            done.fetch_add(1, Ordering::Relaxed);
        }
    };
    let callers = tokio::task::LocalSet::new();
    callers.run_until(futures_util::future::join_all((0..CALLERS).map(|_| caller()))).await;
    let rate = done.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64();
    println!("{what}: {rate:.0}/s, {CALLERS} callers");
    rate
}

/// What the disk gives: 4 KiB written and synced, one after the other.
fn raw_fsyncs(folder: &Path) -> f64 {
    let mut file = File::create(folder.join("raw")).expect("a file");
    let page = noise(4096);
    let begun = Instant::now();
    let mut count = 0_u32;
    while begun.elapsed() < SPAN {
        file.seek(SeekFrom::Start(0))
            .and_then(|_| file.write_all(&page))
            .and_then(|()| file.sync_data())
            .expect("a disk");
        count += 1;
    }
    f64::from(count) / begun.elapsed().as_secs_f64()
}

fn noise(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    OsRng.fill_bytes(&mut bytes);
    bytes
}
