//! Files of a letter (PROTOCOL §8): no byte of them and no row is left when the last letter with them is erased, nor after a kill.

use securemailbox_e2e::{
    files::{Files, noise},
    kills::{AN_HOUR_LATER, Scene, files_below, thirty_kills},
    person::Person,
    postgres::Postgres,
    server::{Server, Start},
    traces,
};
use securemailbox_protocol::letters::ErasureStepKind;

use crate::{ANNA, sample};

/// Of each piece, since each lies in a file of its own.
fn needles(bytes: &[u8], piece: usize) -> Vec<(&'static str, Vec<u8>)> {
    bytes.chunks(piece).map(|piece| ("a file", sample(piece))).collect()
}

#[tokio::test(flavor = "current_thread")]
async fn nothing_of_a_file_is_left_after_the_last_letter_with_it() {
    const PIECE: usize = 300_000;
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(Start::demo(folder.path()));
    let anna = Person::at(&server);
    drop(anna.register(&server, ANNA.0, ANNA.1, ANNA.2).await);
    let files = Files::of(&server, &anna);
    let bytes = noise(1_000_000);
    let blob = files.upload(&bytes, PIECE).await;
    let (first, second) = (files.keep(vec![blob]).await, files.keep(vec![blob]).await);
    let others = noise(50_000);
    let kept = files.upload(&others, PIECE).await;
    files.keep(vec![kept]).await;
    let mut wanted = needles(&bytes, PIECE);
    wanted.push(("the id of the file", blob.as_bytes().to_vec()));
    assert_eq!(traces::find(server.data(), &needles(&bytes, PIECE)).len(), 4, "the search finds what is there");

    let receipt = files.erase(&[first]).await;
    assert!(receipt.steps.iter().all(|step| step.step != ErasureStepKind::FilesOverwritten), "another letter has it");
    assert!(files.get(blob, None).await.bytes().await.unwrap() == bytes);
    let receipt = files.erase(&[second]).await;
    assert!(receipt.steps.iter().any(|step| step.step == ErasureStepKind::FilesOverwritten && step.taken));
    assert_eq!(traces::find(server.data(), &wanted), [""; 0], "while the server runs");
    server.stop();
    assert_eq!(traces::find(server.data(), &wanted), [""; 0], "after it stopped");
    assert!(!traces::find(server.data(), &needles(&others, PIECE)).is_empty(), "what was kept is there");
}

/// Killed wherever it is, in the middle of uploads, posts and erasures (ATTACKS 33): what was acknowledged is whole, what was erased is
/// nowhere, and no piece is left of which nobody knows. In a bucket: `e2e/tests/files.rs`.
#[tokio::test(flavor = "current_thread")]
async fn thirty_kills_leave_whole_files_and_no_others_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let start = Start::demo(folder.path());
    let (database, blobs) = (start.data.join("mailbox.sqlite"), start.data.join("blobs"));
    let mut later = || {
        rusqlite::Connection::open(&database).unwrap().execute(AN_HOUR_LATER, []).unwrap();
    };
    let scene = Scene { start, later: &mut later, pieces: &mut || files_below(&blobs) };
    let unanswered = thirty_kills(scene).await;
    println!("30 kills, without an answer: {unanswered:?}");
    assert!(unanswered.uploads >= 3 && unanswered.posts >= 3 && unanswered.erasures >= 3, "{unanswered:?}");
}

#[tokio::test(flavor = "current_thread")]
async fn thirty_kills_leave_whole_files_and_no_others_on_postgresql() {
    let (folder, postgres) = (tempfile::tempdir().unwrap(), Postgres::start());
    let start = Start::demo(folder.path()).on_postgres(&postgres.url());
    let blobs = start.data.join("blobs");
    let scene = Scene { start, later: &mut || postgres.run(AN_HOUR_LATER), pieces: &mut || files_below(&blobs) };
    let unanswered = thirty_kills(scene).await;
    println!("30 kills, without an answer: {unanswered:?}");
    assert!(unanswered.uploads >= 3 && unanswered.posts >= 3 && unanswered.erasures >= 3, "{unanswered:?}");
}
