//! What one person or network can make the server hold in memory: answers nobody fetches, bodies that do not end.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::Duration,
};

use reqwest::{Client, StatusCode};
use securemailbox_client::letters::Addressed;
use securemailbox_e2e::{
    h2,
    person::Person,
    server::{Server, Start},
};
use securemailbox_protocol::{address::Address, letters::EntryPage, limits};

use crate::{ANNA, HASH, ID};

const BO: (&str, &str) = ("bo.api@example.se", "+46701740614");

fn connect(server: &Server) -> TcpStream {
    let address = server.url().trim_start_matches("http://").replace("localhost", "127.0.0.1");
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

fn host(server: &Server) -> String {
    server.url().trim_start_matches("http://").to_owned()
}

/// Frames that came so far, of which only their being there matters.
fn read_what_is_there(stream: &mut TcpStream) {
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut buffer = [0; 64 * 1024];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return,
            Err(error) => panic!("{error}"),
        }
    }
}

/// One account, 128 contents of 1.3 MB each that it never fetches: they would be 170 MB.
#[test]
fn answers_that_nobody_fetches_fill_a_bounded_part_of_the_memory() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = Person::at(&server);
    let path = runtime.block_on(async {
        let mailbox = anna.register(&server, ANNA.0, ANNA.1, "Anna").await;
        // As long as a text may be, of characters that are as long as a character may be.
        let text: String = (0..limits::TEXT as u32).filter_map(|i| char::from_u32(0x1_f300 + i % 512)).collect();
        let to = vec![Address::parse(ANNA.0).unwrap()];
        mailbox.send(&anna, &Addressed { to, subject: "stort".into(), text, ..Addressed::default() }).await.unwrap();
        let request =
            Client::new().get(format!("{}/api/v1/letters?folder=inbox", server.url())).bearer_auth(anna.token());
        let page = request.send().await.unwrap().bytes().await.unwrap();
        let page: EntryPage = serde_json::from_slice(&page).unwrap();
        assert!(page.entries[0].content_length > 1_000_000);
        format!("/api/v1/letters/{}/content", page.entries[0].id)
    });
    let before = server.resident_kib();
    let token = format!("Bearer {}", anna.token());
    let ask = |window: u32| {
        let mut stream = connect(&server);
        stream.write_all(&[h2::PREFACE, &h2::settings(window)].concat()).unwrap();
        for request in 0..16 {
            let more = [("authorization", &*token)];
            stream.write_all(&h2::headers(1 + 2 * request, "GET", &path, &host(&server), &more, true)).unwrap();
        }
        stream
    };
    let mut held: Vec<TcpStream> = (0..8).map(|_| ask(0)).collect();
    held.iter_mut().for_each(read_what_is_there);
    let after = server.resident_kib();
    println!("128 contents asked for and not fetched: {before} KiB before, {after} KiB after");
    assert!(after < before + 64 * 1024, "memory grew from {before} to {after} KiB");
    // What was held is there again once they are gone.
    drop(held);
    runtime.block_on(async {
        for _ in 0..16 {
            let answer =
                Client::new().get(format!("{}{path}", server.url())).bearer_auth(anna.token()).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
            assert!(answer.bytes().await.unwrap().len() > 1_000_000);
        }
    });
}

const POST: &str = "POST /api/v1/letters HTTP/1.1\r\nHost: HOST\r\nAuthorization: Bearer TOKEN\r\n\
    Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n--b\r\n";

#[test]
fn posts_that_do_not_end_are_in_nobody_elses_way() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let (anna, bo) = (Person::at(&server), Person::at(&server));
    runtime.block_on(async {
        drop(anna.register(&server, ANNA.0, ANNA.1, "Anna").await);
        let mailbox = bo.register(&server, BO.0, BO.1, "Bo").await;
        let begun = POST.replace("HOST", &host(&server)).replace("TOKEN", &anna.token());
        let mut held: Vec<TcpStream> = (0..12).map(|_| connect(&server)).collect();
        for stream in &mut held {
            stream.write_all(begun.as_bytes()).unwrap();
        }
        let to = vec![Address::parse(BO.0).unwrap()];
        let letter = Addressed { to, subject: "till mig".into(), text: "x".into(), ..Addressed::default() };
        mailbox.send(&bo, &letter).await.expect("another account posts as if nothing were");
        // All but two of them were told to come again, and when.
        let busy = held.iter_mut().filter(|stream| {
            stream.set_read_timeout(Some(Duration::from_secs(8))).unwrap();
            let mut answer = [0; 1024];
            let read = (&mut &**stream).read(&mut answer).unwrap_or_default();
            let answer = String::from_utf8_lossy(&answer[..read]).to_ascii_lowercase();
            answer.starts_with("http/1.1 503") && answer.contains("retry-after: ")
        });
        assert_eq!(busy.count(), 10);
    });
}

/// Whoever has no session, registration or recovery is answered while the body is still to come.
#[test]
fn who_may_not_send_a_body_is_told_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    for (method, path, kind, status) in [
        ("POST", format!("/registrations/{ID}/complete"), "application/json", "409"),
        ("POST", format!("/registrations/{ID}/password"), "application/json", "409"),
        ("POST", format!("/recoveries/{ID}/complete"), "application/json", "403"),
        ("POST", format!("/recoveries/{ID}/password"), "application/json", "403"),
        ("POST", "/letters".into(), "multipart/form-data; boundary=b", "401"),
        ("PUT", format!("/records/{ID}?purpose=draft"), "application/octet-stream", "401"),
        ("PUT", "/slots/device".into(), "application/json", "401"),
    ] {
        let head = [
            format!("{method} /api/v1{path} HTTP/1.1"),
            format!("Host: {}", host(&server)),
            format!("Authorization: Bearer {HASH}"),
            format!("Content-Type: {kind}"),
            "Content-Length: 60000".into(),
        ];
        let mut stream = connect(&server);
        stream.write_all(format!("{}\r\n\r\n", head.join("\r\n")).as_bytes()).unwrap();
        let mut answer = [0; 1024];
        let read = stream.read(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {answer}");
    }
}
