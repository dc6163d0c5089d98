//! What a person at a terminal is told when the server lies or loses: a small proxy in between does it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{Arc, Mutex},
    thread,
};

use securemailbox_e2e::{
    command::Terminal,
    server::{Server, Start},
};
use serde_json::json;

use crate::{ANNA, BJORN, assert_failed, assert_holds, id};

/// What the proxy does to requests whose first line begins so.
#[derive(Clone, Copy)]
enum Lie {
    /// Nobody has this address (ATTACKS 15).
    NoAccount,
    /// The server acts, and its answer is lost.
    LostAnswer,
}

/// Stands between a client and a server, and tells the truth unless it is told to lie.
struct Proxy {
    url: String,
    lie: Arc<Mutex<Option<(&'static str, Lie)>>>,
}

impl Proxy {
    fn before(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://localhost:{}", listener.local_addr().expect("bound").port());
        let lie = Arc::new(Mutex::new(None));
        let (authority, told) = (server.url().replace("http://", ""), lie.clone());
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let lie = *told.lock().expect("no panic");
                // Who hangs up is answered by the test, not here.
                let _ = pass_on(&client, &authority, lie);
            }
        });
        Self { url, lie }
    }

    fn tell(&self, lie: Option<(&'static str, Lie)>) {
        *self.lie.lock().expect("no panic") = lie;
    }
}

/// One request and its answer.
fn pass_on(mut client: &TcpStream, authority: &str, lie: Option<(&str, Lie)>) -> std::io::Result<()> {
    let mut reader = BufReader::new(client);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line == "\r\n" || line.is_empty() {
            head.push_str("connection: close\r\n\r\n");
            break;
        }
        // The server refuses a request that names another host.
        let line = if lower.starts_with("host:") { format!("host: {authority}\r\n") } else { line };
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let lie = lie.filter(|(of, _)| head.starts_with(of)).map(|(_, lie)| lie);
    if matches!(lie, Some(Lie::NoAccount)) {
        let body = r#"{"type":"/problems/no-account","title":"x","status":404}"#;
        return write!(
            client,
            "HTTP/1.1 404 Not Found\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n\
             connection: close\r\n\r\n{body}",
            body.len()
        );
    }
    let mut server = TcpStream::connect(authority.replace("localhost", "127.0.0.1"))?;
    server.write_all(head.as_bytes())?;
    server.write_all(&body)?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    match lie {
        Some(Lie::LostAnswer) => Ok(()),
        Some(Lie::NoAccount) | None => client.write_all(&answer),
    }
}

/// A server, a proxy before it, and Anna who sees the proxy only.
fn anna_behind_a_proxy(folder: &Path) -> (Server, Proxy, Terminal) {
    let server = Server::start(Start::demo(folder));
    let proxy = Proxy::before(&server);
    let anna = ANNA.terminal(folder);
    let arguments =
        ["register", "--server", &proxy.url, "--email", ANNA.address, "--phone", ANNA.phone, "--name", ANNA.name];
    anna.with_codes(&server, &arguments, &[ANNA.address, ANNA.phone]).done();
    (server, proxy, anna)
}

#[test]
fn a_known_person_who_is_said_to_be_gone_has_a_changed_key_and_is_not_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let (server, proxy, anna) = anna_behind_a_proxy(folder.path());
    let bjorn = BJORN.at(&server, folder.path());
    let send = ["send", "--to", BJORN.address, "--subject", "S", "--text", "T"];
    anna.run(&send).done();
    proxy.tell(Some(("POST /api/v1/directory/look-ups", Lie::NoAccount)));
    assert_failed(&anna.run(&send), 3, "key-changed");
    proxy.tell(None);
    let inbox = bjorn.run(&["list"]).done();
    assert_eq!(inbox.as_array().map(Vec::len), Some(1), "{inbox}");
    assert_holds(&anna.run(&["compare", BJORN.address]).done(), &json!({ "address": BJORN.address, "state": "known" }));
}

#[test]
fn a_letter_whose_answer_was_lost_waits_under_its_id_and_arrives_once() {
    let folder = tempfile::tempdir().unwrap();
    let (server, proxy, anna) = anna_behind_a_proxy(folder.path());
    let bjorn = BJORN.at(&server, folder.path());
    proxy.tell(Some(("POST /api/v1/letters ", Lie::LostAnswer)));
    let ended = anna.run(&["send", "--to", BJORN.address, "--subject", "En gång", "--text", "T"]);
    assert_failed(&ended, 5, "unreachable");
    let waiting = id(&ended.json()["error"]);
    proxy.tell(None);
    // Any command posts what waits.
    anna.run(&["whoami"]).done();
    anna.run(&["whoami"]).done();
    let inbox = bjorn.run(&["list"]).done();
    assert_eq!(inbox.as_array().map(Vec::len), Some(1), "{inbox}");
    assert_holds(&inbox[0], &json!({ "id": waiting, "subject": "En gång" }));
    assert_eq!(anna.run(&["list", "--folder", "sent"]).done().as_array().map(Vec::len), Some(1));
}
