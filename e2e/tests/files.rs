//! Files as others send and keep them: the client of tus's own authors, and another implementation of S3 (e2e/interop/README.md).

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use reqwest::StatusCode;
use securemailbox_e2e::{
    files::{Files, noise},
    kills::{AN_HOUR_LATER, Scene, check, thirty_kills},
    outage::{Detour, Way},
    person::Person,
    server::{Server, Start},
};
use securemailbox_protocol::{ids::BlobId, letters::ErasureStepKind};
use serde_json::Value;

const ANNA: (&str, &str, &str) = ("anna.files@example.se", "+46701740619", "Anna Lindqvist");

fn script(program: impl AsRef<std::ffi::OsStr>, name: &str) -> Command {
    let mut command = Command::new(program);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("interop").join(name));
    command
}

#[tokio::test(flavor = "current_thread")]
async fn the_client_of_tus_uploads_breaks_off_goes_on_and_gives_up() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = Person::at(&server);
    drop(anna.register(&server, ANNA.0, ANNA.1, ANNA.2).await);
    let (file, bytes) = (folder.path().join("file"), noise(1_500_000));
    std::fs::write(&file, &bytes).unwrap();
    let mut node = script("node", "tus.mjs");
    node.arg(format!("{}/api/v1", server.url())).arg(anna.token()).arg(&file);
    let told = node.output().expect("node runs");
    let said = String::from_utf8_lossy(&told.stderr);
    assert!(told.status.success(), "{said}");
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert!(told["resumed"].as_u64().is_some_and(|from| from >= 512 * 1024), "it went on where it was: {told}");
    assert_eq!(told["given_up"], 404, "{told}");
    let blob: BlobId = told["url"].as_str().unwrap().rsplit('/').next().unwrap().parse().unwrap();
    let got = Files::of(&server, &anna).get(blob, None).await;
    assert!(got.bytes().await.unwrap() == bytes);
}

/// Another implementation of S3, in a process of its own.
struct Service {
    process: Child,
    asked: ChildStdin,
    answers: BufReader<ChildStdout>,
    url: String,
}

impl Service {
    fn start() -> Self {
        let python = std::env::var_os("SECUREMAILBOX_PYTHON").unwrap_or_else(|| "python3".into());
        let mut command = script(python, "bucket.py");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("python runs");
        let asked = process.stdin.take().expect("piped above");
        let mut answers = BufReader::new(process.stdout.take().expect("piped above"));
        let mut url = String::new();
        answers.read_line(&mut url).expect("a line");
        assert!(url.starts_with("http"), "moto did not start: cargo xtask test interop installs it");
        Self { process, asked, answers, url: url.trim().to_owned() }
    }

    fn ask(&mut self, what: &str) -> Value {
        writeln!(self.asked, "{what}").expect("it listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("a line");
        serde_json::from_str(&line).expect("JSON")
    }

    fn keeps(&self, start: Start, bucket: &str) -> Start {
        Self::keeps_at(start, bucket, &self.url)
    }

    fn keeps_at(start: Start, bucket: &str, url: &str) -> Start {
        start
            .with("BLOBS", &format!("s3://{bucket}"))
            .with("S3__ENDPOINT", url)
            .with("S3__KEY_ID", "testing")
            .with("S3__SECRET", "testing")
    }
}

impl Service {
    /// How many objects there are.
    fn count(&mut self) -> usize {
        self.ask("list plain").as_array().expect("a list").len()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_bucket_keeps_files_and_nothing_of_those_that_were_erased() {
    let mut service = Service::start();
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(service.keeps(Start::demo(folder.path()), "plain/files/of/ours"));
    assert_eq!(service.ask("list plain"), serde_json::json!([]), "what was tried out is gone");
    let anna = Person::at(&server);
    drop(anna.register(&server, ANNA.0, ANNA.1, ANNA.2).await);
    let files = Files::of(&server, &anna);
    let bytes = noise(1_000_000);
    let blob = files.upload(&bytes, 400_000).await;
    assert!(files.get(blob, None).await.bytes().await.unwrap() == bytes);
    let part = files.get(blob, Some("bytes=399990-800010")).await;
    assert!(part.bytes().await.unwrap() == bytes[399_990..=800_010]);
    let listed = service.ask("list plain");
    let names: Vec<_> = listed.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(names.len() == 3 && names.iter().all(|name| name.starts_with("files/of/ours/")), "{names:?}");
    assert!(!server.data().join("blobs").exists(), "and nothing on this disk");

    // The service is away: nothing is half kept, and everything goes on when it is back.
    let second = files.begin(500_000).await;
    service.ask("away");
    let refused = files.piece(second, 0, &bytes[..500_000]).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(files.there(second).await, 0);
    service.ask("back");
    assert_eq!(files.piece(second, 0, &bytes[..500_000]).await.status(), StatusCode::NO_CONTENT);

    let letter = files.keep(vec![blob, second]).await;
    let receipt = files.erase(&[letter]).await;
    let deleted: Vec<_> = receipt.steps.iter().filter(|step| step.step == ErasureStepKind::FilesDeleted).collect();
    assert!(deleted.len() == 1 && deleted[0].taken && deleted[0].count == 2, "{receipt:?}");
    assert_eq!(service.ask("list plain"), serde_json::json!([]));
    assert_eq!(service.ask("versions plain"), 0);
    for secret in ["testing", "files/of/ours/"] {
        assert!(!server.log().contains(secret), "the log holds {secret}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_bucket_that_keeps_versions_or_that_is_not_there_is_refused_at_the_start() {
    let service = Service::start();
    for (bucket, why) in [("versions", "keeps versions"), ("nothing", "no such bucket")] {
        let folder = tempfile::tempdir().unwrap();
        let refused = Server::try_start(service.keeps(Start::demo(folder.path()), bucket));
        let Err((_, log)) = refused else { panic!("{bucket} was taken") };
        assert!(log.contains(why), "{log}");
    }
}

/// ATTACKS 33, where the pieces are objects of a bucket; in a folder: `e2e/tests/erasure/files.rs`.
#[tokio::test(flavor = "current_thread")]
async fn thirty_kills_leave_whole_files_and_no_others_in_a_bucket() {
    let (folder, mut service) = (tempfile::tempdir().unwrap(), Service::start());
    let start = service.keeps(Start::demo(folder.path()), "plain");
    let database = start.data.join("mailbox.sqlite");
    let mut later = || an_hour_later(&database);
    let unanswered = thirty_kills(Scene { start, later: &mut later, pieces: &mut || service.count() }).await;
    println!("30 kills, without an answer: {unanswered:?}");
    assert!(unanswered.uploads >= 3 && unanswered.posts >= 3 && unanswered.erasures >= 3, "{unanswered:?}");
    assert_eq!(service.ask("versions plain"), service.count());
}

fn an_hour_later(database: &Path) {
    let database = rusqlite::Connection::open(database).expect("the database");
    database.execute(AN_HOUR_LATER, []).expect("its pieces");
}

/// A service that refuses or does not answer: whoever uploads is told in time, nothing of the piece counts, and the upload goes on. What
/// the service writes after nobody waited for it any more is known, and erased.
#[tokio::test(flavor = "current_thread")]
async fn a_bucket_that_refuses_or_is_slow_keeps_nothing_half_and_the_upload_goes_on() {
    const PIECE: usize = 200_000;
    let (folder, mut service) = (tempfile::tempdir().unwrap(), Service::start());
    let detour = Detour::to(&service.url);
    let start = Service::keeps_at(Start::demo(folder.path()), "plain", detour.url());
    let mut server = Server::start(start.clone());
    let anna = Person::at(&server);
    drop(anna.register(&server, ANNA.0, ANNA.1, ANNA.2).await);
    let files = Files::of(&server, &anna);
    let bytes = noise(3 * PIECE);
    let blob = files.begin(bytes.len()).await;
    assert_eq!(files.piece(blob, 0, &bytes[..PIECE]).await.status(), StatusCode::NO_CONTENT);
    let refused = async |seconds| {
        let piece = files.piece(blob, PIECE, &bytes[PIECE..2 * PIECE]);
        let refused = tokio::time::timeout(Duration::from_secs(seconds), piece).await.expect("told in time");
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(refused.headers().contains_key("retry-after"));
        let told: Value = serde_json::from_slice(&refused.bytes().await.unwrap()).unwrap();
        assert!(told["type"].as_str().is_some_and(|kind| kind.ends_with("busy")), "{told}");
        assert_eq!(told["detail"], "where files are kept can't be reached");
        assert_eq!(files.there(blob).await, PIECE, "nothing of it counts");
    };
    for (status, code) in [
        ("403 Forbidden", "AccessDenied"),
        ("500 Internal Server Error", "InternalError"),
        ("503 Slow Down", "SlowDown"),
        ("507 Insufficient Storage", "QuotaExceeded"),
    ] {
        detour.becomes(Way::Refuses(status, code));
        refused(20).await;
        detour.becomes(Way::Open);
        assert_eq!(service.count(), 1, "{code}");
    }
    detour.becomes(Way::Held);
    // As long as the server waits for an answer, and a little.
    refused(60).await;
    detour.becomes(Way::Open);
    for _ in 0..100 {
        if service.count() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(service.count(), 2, "it came late");
    for number in [1, 2] {
        let piece = files.piece(blob, number * PIECE, &bytes[number * PIECE..(number + 1) * PIECE]).await;
        assert_eq!(piece.status(), StatusCode::NO_CONTENT);
    }
    let letter = files.keep(vec![blob]).await;
    assert!(files.get(blob, None).await.bytes().await.unwrap() == bytes);
    let told = check(&start);
    assert!(told.contains("3 pieces of files, none missing and none too many"), "{told}");
    server.stop();
    an_hour_later(&start.data.join("mailbox.sqlite"));
    let server = server.again();
    let files = Files::of(&server, &anna);
    for _ in 0..100 {
        if service.count() == 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(service.count(), 3, "what came late is gone");
    files.erase(&[letter]).await;
    assert_eq!(service.ask("list plain"), serde_json::json!([]));
}
