//! Files of a letter (PROTOCOL §8): no byte of them and no row is left when the last letter with them is erased, nor after a kill.

use securemailbox_e2e::{
    files::{Files, noise},
    person::Person,
    server::{Server, Start},
    traces,
};
use securemailbox_protocol::{ids::BlobId, letters::ErasureStepKind};

use crate::{ANNA, none_left, sample};

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

/// Killed wherever it is, in the middle of uploads and erasures: what was acknowledged is whole, and what was erased goes.
#[tokio::test(flavor = "current_thread")]
async fn a_kill_in_the_middle_leaves_whole_files_and_no_others() {
    const PIECE: usize = 100_000;
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(Start::demo(folder.path()));
    let anna = Person::at(&server);
    drop(anna.register(&server, ANNA.0, ANNA.1, ANNA.2).await);
    let kept = noise(250_000);
    let keeps = Files::of(&server, &anna).upload(&kept, PIECE).await;
    Files::of(&server, &anna).keep(vec![keeps]).await;
    let mut erased: Vec<(BlobId, Vec<u8>)> = Vec::new();
    for round in 0..4_u64 {
        let files = Files::of(&server, &anna);
        let bytes = noise(1_000_000);
        let blob = files.upload(&bytes, PIECE).await;
        let letter = [files.keep(vec![blob]).await];
        erased.push((blob, bytes));
        let begun = files.begin(1_000_000).await;
        let working = async {
            let erase = files.erase(&letter);
            let upload = async {
                for number in 0..10 {
                    files.piece(begun, number * PIECE, &kept[..PIECE]).await;
                }
            };
            tokio::join!(erase, upload)
        };
        // Wherever it is by then; whoever waits for an answer gets none.
        let _ = tokio::time::timeout(std::time::Duration::from_millis(20 + round * 25), working).await;
        server.kill();
        server = server.again();
        let files = Files::of(&server, &anna);
        assert!(files.there(begun).await.is_multiple_of(PIECE), "a piece is whole or not at all");
        assert!(files.get(keeps, None).await.bytes().await.unwrap() == kept);
        // The emptying may have come too late for the kill.
        files.erase(&[]).await;
    }
    none_left(&server.data().join("mailbox.sqlite"), "SELECT COUNT(*) FROM blob_piece WHERE erase = 0").await;
    for (blob, bytes) in erased {
        let is_there = Files::of(&server, &anna).get(blob, None).await.status().is_success();
        let found = traces::find(&server.data().join("blobs"), &needles(&bytes, PIECE));
        assert!(is_there || found.is_empty(), "{found:?}");
    }
    server.stop();
}
