//! A large file from one terminal to another, beside the same bytes copied over the same API without encryption, in one run.
//!
//! `cargo run --release -p securemailbox-e2e --example files -- 5120`: so many MiB. Needs three times as much room on the disk.

#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "it measures, and says what it measured")]

use std::{
    fs::{self, File},
    io::{Read, Write},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use rand::{RngCore, rngs::OsRng};
use reqwest::Client;
use securemailbox_e2e::{
    command::Terminal,
    person::{self, Person},
    server::{Server, Start},
};
use securemailbox_protocol::{
    attachments::{NewBlob, PIECE, TUS_RESUMABLE, TUS_VERSION, UPLOAD_LENGTH, UPLOAD_OFFSET},
    limits,
};

const ANNA: (&str, &str, &str) = ("anna.files@example.se", "+46701740651", "Anna");
const BJORN: (&str, &str, &str) = ("bjorn.files@example.se", "+46701740652", "Björn");
const ELIF: (&str, &str, &str) = ("elif.files@example.se", "+46701740653", "Elif");

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mebibytes: u64 = std::env::args().nth(1).map_or(256, |number| number.parse().expect("a number of MiB"));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("stor.bin");
    write_noise(&file, mebibytes << 20);
    let start =
        Start::demo(folder.path()).with("QUOTAS__MEBIBYTES", "1000000").with("LIMITS__REQUESTS_A_SECOND", "100000");
    let server = Server::start(start);
    let [anna, bjorn] = [ANNA, BJORN].map(|(address, phone, name)| {
        let terminal = Terminal::new(folder.path(), name, person::PASSWORD);
        terminal.register(&server, address, phone, name);
        terminal
    });
    let elif = Person::at(&server);
    drop(runtime.block_on(elif.register(&server, ELIF.0, ELIF.1, ELIF.2)));
    let before = server.resident_kib();

    let copy = Copy { client: Client::new(), url: format!("{}/api/v1/blobs", server.url()), token: elif.token() };
    let begun = Instant::now();
    let blobs = runtime.block_on(copy.up(&file));
    let raw_up = begun.elapsed();
    let begun = Instant::now();
    runtime.block_on(copy.down(&blobs, &folder.path().join("copied.bin")));
    let raw_down = begun.elapsed();
    fs::remove_file(folder.path().join("copied.bin")).expect("it was copied");
    runtime.block_on(copy.give_up(&blobs));
    // Erased by now, or soon: that is not to be measured.
    std::thread::sleep(Duration::from_secs(5));

    let path = file.to_str().expect("UTF-8");
    let (up, up_kib) = timed(anna.command(&["send", "--to", BJORN.0, "--subject", "Stor", "--attach", path]));
    let letters = bjorn.run(&["list"]).done();
    let id = letters[0]["id"].as_str().expect("a letter").to_owned();
    let out = folder.path().join("ut");
    let (down, down_kib) = timed(bjorn.command(&["save", &id, "--out", out.to_str().expect("UTF-8")]));
    assert!(same(&file, &out.join("stor.bin")), "what came is what went");

    let rate = |time: Duration| mebibytes as f64 / time.as_secs_f64();
    println!("{mebibytes} MiB{:>14}{:>12}{:>10}{:>20}", "MiB/s", "copied", "ratio", "memory at most");
    println!("up   {:>14.0}{:>12.0}{:>10.2}{up_kib:>16} KiB", rate(up), rate(raw_up), rate(up) / rate(raw_up));
    println!(
        "down {:>14.0}{:>12.0}{:>10.2}{down_kib:>16} KiB",
        rate(down),
        rate(raw_down),
        rate(down) / rate(raw_down)
    );
    println!("server: {before} KiB before, {} KiB after", server.resident_kib());
}

/// Runs a command to its end: how long it took, and how much memory it had at most, in KiB.
fn timed(mut command: Command) -> (Duration, u64) {
    let begun = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().expect("it starts");
    let mut most = 0;
    loop {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let high = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let high = high.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0);
        most = most.max(high);
        if let Some(ended) = child.try_wait().expect("a child") {
            assert!(ended.success(), "{ended}");
            return (begun.elapsed(), most);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn write_noise(path: &Path, length: u64) {
    let mut file = File::create(path).expect("a file");
    let mut noise = vec![0; 8 << 20];
    OsRng.fill_bytes(&mut noise);
    let mut left = length;
    while left > 0 {
        // Not the same twice, at no cost.
        noise[..8].copy_from_slice(&left.to_be_bytes());
        let this = usize::try_from(left).unwrap_or(usize::MAX).min(noise.len());
        file.write_all(&noise[..this]).expect("room");
        left -= this as u64;
    }
    file.sync_all().expect("a disk");
}

fn same(one: &Path, other: &Path) -> bool {
    let [mut one, mut other] = [one, other].map(|path| File::open(path).expect("a file"));
    let [mut a, mut b] = [vec![0; 1 << 20], vec![0; 1 << 20]];
    loop {
        let read = one.read(&mut a).expect("readable");
        if read == 0 {
            return other.read(&mut b).expect("readable") == 0;
        }
        other.read_exact(&mut b[..read]).expect("as long");
        if a[..read] != b[..read] {
            return false;
        }
    }
}

/// The same requests with bytes that nobody encrypts or checks.
struct Copy {
    client: Client,
    url: String,
    token: String,
}

impl Copy {
    async fn up(&self, path: &Path) -> Vec<(String, u64)> {
        let mut file = File::open(path).expect("a file");
        let mut left = file.metadata().expect("a file").len();
        let mut blobs = Vec::new();
        while left > 0 {
            let length = left.min(limits::PART);
            let request = self.client.post(&self.url).bearer_auth(&self.token).header(TUS_RESUMABLE, TUS_VERSION);
            let answer = request.header(UPLOAD_LENGTH, length).send().await.expect("an answer");
            let NewBlob { id } = serde_json::from_slice(&answer.bytes().await.expect("whole")).expect("a blob");
            let url = format!("{}/{id}", self.url);
            let mut offset = 0;
            while offset < length {
                let this = (length - offset).min(limits::PIECE as u64);
                let mut piece = vec![0; usize::try_from(this).expect("a piece")];
                file.read_exact(&mut piece).expect("as long");
                let request = self.client.patch(&url).bearer_auth(&self.token).header(TUS_RESUMABLE, TUS_VERSION);
                let request = request.header(UPLOAD_OFFSET, offset).header("content-type", PIECE).body(piece);
                assert!(request.send().await.expect("an answer").status().is_success());
                offset += this;
            }
            blobs.push((url, length));
            left -= length;
        }
        blobs
    }

    async fn down(&self, blobs: &[(String, u64)], path: &Path) {
        let mut file = File::create(path).expect("a file");
        for (url, length) in blobs {
            let mut offset = 0;
            while offset < *length {
                let end = (*length).min(offset + limits::PIECE as u64);
                let range = format!("bytes={offset}-{}", end - 1);
                let request = self.client.get(url).bearer_auth(&self.token).header("range", range);
                let bytes = request.send().await.expect("an answer").bytes().await.expect("whole");
                file.write_all(&bytes).expect("room");
                offset = end;
            }
        }
        file.sync_all().expect("a disk");
    }

    async fn give_up(&self, blobs: &[(String, u64)]) {
        for (url, _) in blobs {
            let request = self.client.delete(url).bearer_auth(&self.token).header(TUS_RESUMABLE, TUS_VERSION);
            assert!(request.send().await.expect("an answer").status().is_success());
        }
    }
}
