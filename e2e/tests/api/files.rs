//! Files over the network (PROTOCOL §9): what they take of the server's memory, and what a line that breaks leaves.

use std::time::Duration;

use futures_util::{StreamExt as _, future::join_all, stream};
use reqwest::{Body, Client, StatusCode};
use securemailbox_e2e::{
    files::{Files, noise},
    person::Person,
    server::{Server, Start},
};
use securemailbox_protocol::{attachments, limits};

use crate::ANNA;

const MIB: usize = 1024 * 1024;

/// What passes through is not kept: neither what comes nor what is fetched, however much it is and however slowly it goes.
#[tokio::test(flavor = "current_thread")]
async fn a_large_file_goes_up_and_down_in_little_memory() {
    const LENGTH: usize = 160 * MIB;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = Person::at(&server);
    drop(anna.register(&server, ANNA.0, ANNA.1, "Anna").await);
    let files = Files::of(&server, &anna);
    let small = files.upload(&noise(limits::PIECE), limits::PIECE).await;
    files.get(small, None).await.bytes().await.unwrap();
    let before = server.resident_kib();

    let piece = noise(limits::PIECE);
    let blob = files.begin(LENGTH).await;
    for offset in (0..LENGTH).step_by(limits::PIECE) {
        assert_eq!(files.piece(blob, offset, &piece).await.status(), StatusCode::NO_CONTENT);
    }
    let sent = server.resident_kib();
    // Four that read all of it, and four that have begun and read no more.
    let idle: Vec<_> = join_all((0..4).map(|_| files.get(blob, None))).await;
    let read = async || {
        let mut body = files.get(blob, None).await.bytes_stream();
        let mut length = 0;
        while let Some(chunk) = body.next().await {
            length += chunk.unwrap().len();
        }
        assert_eq!(length, LENGTH);
    };
    join_all((0..4).map(|_| read())).await;
    let fetched = server.resident_kib();
    drop(idle);
    println!("resident before {before} KiB, after {} MiB came {sent} KiB, went 4 times {fetched} KiB", LENGTH / MIB);
    assert!(sent < before + 48 * 1024 && fetched < before + 96 * 1024, "{before} {sent} {fetched}");
}

/// A phone that loses its network in the middle of a piece: nothing of that piece is kept, and the next one begins where it stood.
#[tokio::test(flavor = "current_thread")]
async fn a_piece_that_breaks_off_leaves_nothing_and_the_upload_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = Person::at(&server);
    drop(anna.register(&server, ANNA.0, ANNA.1, "Anna").await);
    let files = Files::of(&server, &anna);
    let bytes = noise(MIB);
    let blob = files.begin(bytes.len()).await;
    assert_eq!(files.piece(blob, 0, &bytes[..MIB / 4]).await.status(), StatusCode::NO_CONTENT);
    let half = bytes[MIB / 4..MIB / 2].to_vec();
    let broken = stream::iter([Ok(half), Err(std::io::Error::other("the line broke"))]);
    let request = Client::new()
        .patch(format!("{}/api/v1/blobs/{blob}", server.url()))
        .bearer_auth(anna.token())
        .header(attachments::TUS_RESUMABLE, attachments::TUS_VERSION)
        .header(attachments::UPLOAD_OFFSET, MIB / 4)
        .header("content-type", attachments::PIECE)
        .body(Body::wrap_stream(broken));
    let _ = tokio::time::timeout(Duration::from_secs(10), request.send()).await;
    assert_eq!(files.there(blob).await, MIB / 4);
    assert_eq!(files.piece(blob, MIB / 4, &bytes[MIB / 4..]).await.status(), StatusCode::NO_CONTENT);
    assert!(files.get(blob, None).await.bytes().await.unwrap() == bytes);
}
