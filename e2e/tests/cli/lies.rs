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
    /// The last proof is too old, or the server says so. It offers nothing, so it is asked what there is.
    ProofRequired,
    /// The server acts, and its answer is lost.
    LostAnswer,
}

impl Lie {
    /// What is answered in the server's place.
    const fn problem(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::NoAccount => Some(("404 Not Found", r#"{"type":"/problems/no-account","title":"x","status":404}"#)),
            Self::ProofRequired => {
                Some(("403 Forbidden", r#"{"type":"/problems/proof-required","title":"x","status":403,"offers":[]}"#))
            }
            Self::LostAnswer => None,
        }
    }
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
    if let Some((status, body)) = lie.and_then(Lie::problem) {
        return write!(
            client,
            "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n\
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
        Some(Lie::NoAccount | Lie::ProofRequired) | None => client.write_all(&answer),
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

/// PROTOCOL §6: an act that needs a fresh proof asks for a code and goes on. ATTACKS 46: it asks once, whatever the server says.
#[test]
fn an_act_that_needs_a_proof_asks_for_one_code_and_goes_on_or_ends() {
    const SHEET: (&str, Lie) = ("PUT /api/v1/slots/recovery", Lie::ProofRequired);
    let folder = tempfile::tempdir().unwrap();
    let (server, proxy, anna) = anna_behind_a_proxy(folder.path());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let new_sheet = |is_honest_then: bool| {
        let (before, mut asked) = (runtime.block_on(server.messages_to(ANNA.phone)), 0);
        proxy.tell(Some(SHEET));
        let ended = anna.converse(&["new-sheet"], |question| {
            assert!(question.contains("SMS"), "{question}");
            asked += 1;
            if is_honest_then {
                proxy.tell(None);
            }
            Some(runtime.block_on(server.code(ANNA.phone, before)))
        });
        assert_eq!(asked, 1, "{ended:?}");
        ended
    };
    assert_failed(&new_sheet(false), 3, "proof-required");
    assert!(new_sheet(true).done()["recovery_code"].is_string());
    proxy.tell(None);
    let events = anna.run(&["events"]).done();
    assert_holds(&events["events"][0], &json!({ "kind": "sheet-replaced", "current": true }));
}
