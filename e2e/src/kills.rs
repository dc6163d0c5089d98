//! Thirty kills among uploads, posts and erasures of files (PROTOCOL §8; ATTACKS 33), wherever rows and pieces are kept.

use std::{
    fs,
    future::Future,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use securemailbox_protocol::ids::{BlobId, LetterId};

use crate::{
    files::{Files, noise},
    person::Person,
    server::{Server, Start, binary},
};

/// So many of each kind.
pub const ROUNDS: u32 = 10;
const PIECE: usize = 100_000;
/// Three pieces, of which the last is shorter.
const FILE: usize = 2 * PIECE + 50_000;
/// The demo's words for a number that gets no SMS.
const ANNA: (&str, &str, &str) = ("anna.kills@example.se", "+46701740627", "Anna Lindqvist");

/// Makes an hour pass for what was being written when the server was killed: it is given up then. The server stands still.
pub const AN_HOUR_LATER: &str = "UPDATE blob_piece SET erase = 1 WHERE erase > 0";

/// Where rows and pieces are kept.
pub struct Scene<'a> {
    /// How the server is started.
    pub start: Start,
    /// Does [`AN_HOUR_LATER`] to the database.
    pub later: &'a mut dyn FnMut(),
    /// How many pieces lie where they are kept.
    pub pieces: &'a mut dyn FnMut() -> usize,
}

/// What was done to a file by the time of a kill.
struct Known {
    blob: BlobId,
    bytes: Vec<u8>,
}

/// How often a kill came before the answer, of uploads, posts and erasures.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Unanswered {
    /// A piece was on its way.
    pub uploads: u32,
    /// A letter was.
    pub posts: u32,
    /// The trash was being emptied.
    pub erasures: u32,
}

/// Kills the server thirty times, ten each in the middle of an upload, a post and an erasure, from their beginning to their end.
/// Nothing that was acknowledged is lost, nothing that was erased is there, and in the end there is a piece for each row and a row
/// for each piece. Says how many of them had no answer.
///
/// # Panics
/// When it is not so.
pub async fn thirty_kills(scene: Scene<'_>) -> Unanswered {
    let mut server = Server::start(scene.start.clone());
    let anna = Person::at(&server);
    drop(anna.register(&server, ANNA.0, ANNA.1, ANNA.2).await);
    let (mut kept, mut erased) = (Vec::new(), Vec::new());
    let mut unanswered = Unanswered::default();
    let takes = measure(&Files::of(&server, &anna), &mut kept).await;
    for round in 0..ROUNDS {
        // From the first moment of each to a little after its end.
        let at = |takes: Duration| takes * (2 * round + 1) / (2 * ROUNDS - 4);
        unanswered.uploads += u32::from(upload(&mut server, &anna, at(takes[0]), &mut kept).await);
        unanswered.posts += u32::from(post(&mut server, &anna, at(takes[1]), &mut kept).await);
        unanswered.erasures += u32::from(erase(&mut server, &anna, at(takes[2]), &mut erased).await);
    }
    server.stop();
    (scene.later)();
    let server = server.again();
    let files = Files::of(&server, &anna);
    let wanted = kept.len() * FILE.div_ceil(PIECE);
    for _ in 0..200 {
        if (scene.pieces)() == wanted {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!((scene.pieces)(), wanted, "a piece for each that was kept, and no other");
    for Known { blob, bytes } in &kept {
        let got = files.get(*blob, None).await.bytes().await.expect("whole");
        assert!(got == *bytes, "what was acknowledged is whole");
    }
    for Known { blob, .. } in &erased {
        assert_eq!(files.get(*blob, None).await.status(), 404, "what was erased came back");
    }
    let told = check(&scene.start);
    let said = format!("{wanted} pieces of files, none missing and none too many");
    assert!(told.contains(&said), "not {said}: {told}");
    unanswered
}

/// How long a piece, a post and an emptying take here; the file of it is kept.
async fn measure(files: &Files, kept: &mut Vec<Known>) -> [Duration; 3] {
    let (bytes, other) = (noise(FILE), noise(FILE));
    let blob = files.begin(FILE).await;
    assert!(files.piece(blob, 0, &bytes[..PIECE]).await.status().is_success());
    let piece = timed(files.piece(blob, PIECE, &bytes[PIECE..2 * PIECE])).await;
    assert!(files.piece(blob, 2 * PIECE, &bytes[2 * PIECE..]).await.status().is_success());
    let letter = files.letter(vec![blob]).await;
    let post = timed(files.post(&letter)).await;
    kept.push(Known { blob, bytes });
    let gone = files.upload(&other, PIECE).await;
    files.bin(files.keep(vec![gone]).await).await;
    let erasure = timed(files.empty_trash()).await;
    [piece, post, erasure]
}

/// The second of three pieces is cut: it is there whole or not at all, the first one is, and the upload goes on.
async fn upload(server: &mut Server, anna: &Person, at: Duration, kept: &mut Vec<Known>) -> bool {
    let files = Files::of(server, anna);
    let bytes = noise(FILE);
    let blob = files.begin(FILE).await;
    assert!(files.piece(blob, 0, &bytes[..PIECE]).await.status().is_success());
    let answer = cut(server, at, files.piece(blob, PIECE, &bytes[PIECE..2 * PIECE])).await;
    let files = Files::of(server, anna);
    let there = files.there(blob).await;
    let acknowledged = answer.as_ref().is_some_and(|answer| answer.status().is_success());
    assert!(there == 2 * PIECE || (there == PIECE && !acknowledged), "{there} are there");
    if there == PIECE {
        assert!(files.piece(blob, PIECE, &bytes[PIECE..2 * PIECE]).await.status().is_success());
    }
    assert!(files.piece(blob, 2 * PIECE, &bytes[2 * PIECE..]).await.status().is_success());
    files.keep(vec![blob]).await;
    kept.push(Known { blob, bytes });
    answer.is_none()
}

/// A letter that refers to a file is cut: posted again, it is the same letter, and has its file.
async fn post(server: &mut Server, anna: &Person, at: Duration, kept: &mut Vec<Known>) -> bool {
    let files = Files::of(server, anna);
    let bytes = noise(FILE);
    let blob = files.upload(&bytes, PIECE).await;
    let letter = files.letter(vec![blob]).await;
    let answer = cut(server, at, files.post(&letter)).await;
    let files = Files::of(server, anna);
    if answer.is_some() {
        assert!(files.has(letter.id).await, "an acknowledged letter is gone");
    }
    assert!(files.post(&letter).await.status().is_success(), "it is not the same letter any more");
    assert!(files.has(letter.id).await);
    kept.push(Known { blob, bytes });
    answer.is_none()
}

/// An emptying of the trash is cut: it is done, or done again.
async fn erase(server: &mut Server, anna: &Person, at: Duration, erased: &mut Vec<Known>) -> bool {
    let files = Files::of(server, anna);
    let bytes = noise(FILE);
    let blob = files.upload(&bytes, PIECE).await;
    let letter: LetterId = files.keep(vec![blob]).await;
    files.bin(letter).await;
    let answer = cut(server, at, files.empty_trash()).await;
    let files = Files::of(server, anna);
    let is_there = files.has(letter).await;
    assert!(!is_there || answer.is_none(), "an erased letter came back");
    assert_eq!(files.get(blob, None).await.status().is_success(), is_there, "a file without its letter");
    if is_there {
        files.empty_trash().await;
    }
    erased.push(Known { blob, bytes });
    answer.is_none()
}

/// Does it until then, kills the server, and starts it again: the answer, if it came before.
async fn cut<T>(server: &mut Server, at: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::pin!(work);
    let answer = tokio::select! {
        answer = &mut work => Some(answer),
        () = spin(at) => None,
    };
    server.kill();
    *server = server.again();
    answer
}

#[expect(clippy::disallowed_methods, reason = "kills are spread over what an act really takes")]
async fn timed<T>(work: impl Future<Output = T>) -> Duration {
    let begun = Instant::now();
    work.await;
    begun.elapsed()
}

/// Waits to the microsecond; a timer's millisecond is as long as a whole request.
#[expect(clippy::disallowed_methods, reason = "a kill must hit at a moment of the request, whatever it does")]
pub async fn spin(delay: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < delay {
        tokio::task::yield_now().await;
    }
}

/// What `securemailbox check` says of a server that runs.
///
/// # Panics
/// When it does not start.
#[must_use]
pub fn check(start: &Start) -> String {
    let mut command = Command::new(binary());
    command.arg("check").arg("--data").arg(&start.data).envs(start.environment.iter().map(|(key, value)| (key, value)));
    let output = command.output().expect("it starts");
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// How many files lie below a folder.
#[must_use]
pub fn files_below(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let of = |path: PathBuf| if path.is_dir() { files_below(&path) } else { usize::from(path.is_file()) };
    entries.map(|entry| of(entry.path())).sum()
}
