//! A person who takes their time over a code. Meanwhile the server closes the connection that asks for nothing, and what was
//! begun counts all the same.

use std::{thread, time::Duration};

use securemailbox_e2e::{
    authority::Authority,
    command::{Terminal, converse},
    outage::{Gateway, dead_senders, free_port},
    server::{Server, Start},
};
use serde_json::json;

use crate::{ANNA, assert_holds};

/// Longer than the servers below wait for a request, shorter than the command keeps a connection by itself.
const THINKING: Duration = Duration::from_secs(4);

/// A server that waits for nothing longer than a second.
fn impatient(start: Start) -> Server {
    let waits = ["LIMITS__HEAD_SECONDS", "LIMITS__IDLE_SECONDS", "LIMITS__STALL_SECONDS"];
    Server::start(waits.iter().fold(start, |start, key| start.with(key, "1")))
}

fn think() {
    // Nothing wakes this thread, so the whole time passes.
    thread::park_timeout(THINKING);
}

#[test]
fn codes_typed_after_the_server_hung_up_still_register() {
    let folder = tempfile::tempdir().unwrap();
    let server = impatient(Start::demo(folder.path()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let address = ANNA.address;
    let register =
        ["register", "--server", server.url(), "--email", address, "--phone", ANNA.phone, "--name", ANNA.name];
    let mut senders = [address, ANNA.phone].into_iter();
    let ended = ANNA.terminal(folder.path()).converse(&register, |_| {
        think();
        Some(runtime.block_on(server.code(senders.next()?, 0)))
    });
    assert_holds(&ended.done(), &json!({ "address": address }));
}

/// HTTP/2, where the server also asks by pings whether anybody is there.
#[test]
fn a_code_typed_after_the_server_said_farewell_over_http_2_still_signs_in() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Server::start(Start::demo(folder.path()));
    drop(ANNA.at(&demo, folder.path()));
    demo.stop();
    let (port, sms) = (free_port(), free_port());
    let gateway = Gateway::listen(sms, "200 OK");
    let url = format!("https://localhost:{port}");
    let authority = Authority::new(folder.path(), "authority");
    let identity = authority.issue("localhost", 2);
    let start = Start { listen: format!("127.0.0.1:{port}"), ..Start::demo(folder.path()) };
    let _server = impatient(
        dead_senders(start, free_port())
            .with("SMS__URL", &format!("http://localhost:{sms}/"))
            .with("PUBLIC_URL", &url)
            .with("TLS__CERT", identity.cert.to_str().unwrap())
            .with("TLS__KEY", identity.key.to_str().unwrap()),
    );
    let elsewhere = Terminal::new(folder.path(), "elsewhere", ANNA.password);
    let mut login = elsewhere.command(&["login", "--server", &url, "--email", ANNA.address, "--json"]);
    login.env("SSL_CERT_FILE", authority.cert());
    let ended = converse(login, |question| {
        assert!(question.contains("code"), "{question}");
        think();
        Some(code_in(&gateway.asked().pop().expect("an SMS was sent")))
    });
    assert_holds(&ended.done(), &json!({ "address": ANNA.address }));
}

/// The six digits of a message.
fn code_in(message: &str) -> String {
    let digits = |word: &&str| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit());
    message.split(|c: char| !c.is_ascii_alphanumeric()).find(digits).expect("a code").to_owned()
}
