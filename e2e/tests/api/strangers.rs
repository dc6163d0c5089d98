//! What a stranger can hold, and for how long: places for connections, by HTTP/1.1 and by HTTP/2, and the server's end.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    process::Command,
    thread,
    time::Duration,
};

use securemailbox_e2e::{
    h2,
    server::{Server, Start},
};

/// Long past every limit below: whoever waits that long has found a connection that is never closed.
pub const LONG: Duration = Duration::from_secs(30);

/// A server that waits a second, so that a test does not wait a minute. What is left open is what must not be.
pub fn impatient(folder: &std::path::Path) -> Start {
    Start::demo(folder)
        .with("LIMITS__HEAD_SECONDS", "1")
        .with("LIMITS__IDLE_SECONDS", "1")
        .with("LIMITS__STALL_SECONDS", "2")
        .with("LIMITS__DRAIN_SECONDS", "1")
}

pub fn host(server: &Server) -> String {
    server.url().trim_start_matches("http://").to_owned()
}

pub fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(host(server).replace("localhost", "127.0.0.1")).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream
}

/// Answers pings and settings as a good client does, asks for nothing, and tells once the server has closed.
fn wait_for_the_end(mut stream: TcpStream, who: &str) {
    let mut seen = Vec::new();
    let mut answered = 0;
    let mut buffer = [0; 16 * 1024];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return,
            Ok(read) => seen.extend_from_slice(&buffer[..read]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return,
            Err(error) => panic!("{who}: still open ({error})"),
        }
        if !seen.starts_with(b"HTTP/1") {
            answered = h2::answer_pings(&seen, answered, &mut stream);
        }
    }
}

/// What can be sent and then left, by either protocol. A list of the kind: whoever thinks of another one adds it.
fn unfinished(host: &str) -> Vec<(&'static str, Vec<u8>)> {
    let h1 = |text: &str| text.replace("HOST", host).into_bytes();
    let begun = [h2::PREFACE, &h2::settings(65_535)].concat();
    let body = |length: usize| {
        let head = [("content-type", "application/json"), ("content-length", "1000")];
        [&begun[..], &h2::headers(1, "POST", "/api/v1/sign-ins", host, &head, false), &h2::data(1, &vec![b' '; length])]
            .concat()
    };
    vec![
        ("nothing", Vec::new()),
        ("one octet", b"G".to_vec()),
        ("an octet of the preface", b"P".to_vec()),
        ("half a preface", h2::PREFACE[..9].to_vec()),
        ("all of the preface but one octet", h2::PREFACE[..23].to_vec()),
        ("a preface", h2::PREFACE.to_vec()),
        ("a preface and settings", begun.clone()),
        ("half a head", h1("GET /healthz HTTP/1.1\r\nHost: HOST\r\nX-Slow: ")),
        ("half a head of HTTP/2", [&begun[..], &h2::headers(1, "GET", "/healthz", host, &[], true)[..20]].concat()),
        ("a whole request", h1("GET /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n")),
        ("a whole request of HTTP/2", [&begun[..], &h2::headers(1, "GET", "/healthz", host, &[], true)].concat()),
        (
            "half a body",
            h1(
                "POST /api/v1/sign-ins HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
            ),
        ),
        ("half a body that nobody reads", h1("POST /healthz HTTP/1.1\r\nHost: HOST\r\nContent-Length: 1000\r\n\r\n{")),
        ("no octet of a body of HTTP/2", body(0)),
        ("half a body of HTTP/2", body(500)),
    ]
}

#[test]
fn no_connection_is_held_by_doing_nothing_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(impatient(folder.path()));
    let begun: Vec<_> = unfinished(&host(&server))
        .into_iter()
        .map(|(who, sent)| {
            let mut stream = connect(&server);
            stream.write_all(&sent).unwrap();
            (who, stream)
        })
        .collect();
    let waiting: Vec<_> =
        begun.into_iter().map(|(who, stream)| thread::spawn(move || wait_for_the_end(stream, who))).collect();
    for waited in waiting {
        waited.join().unwrap();
    }
}

/// What comes now and then keeps nothing open either, if it is no request.
#[test]
fn a_body_that_trickles_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(impatient(folder.path()));
    let mut stream = connect(&server);
    let head = "POST /api/v1/sign-ins HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n";
    stream.write_all(head.replace("HOST", &host(&server)).as_bytes()).unwrap();
    // An octet at a time, always before anything stalls, for as long as nothing is answered.
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let mut answer = [0; 64];
    let answered = (0..300).find_map(|_| {
        let sent = stream.write_all(b" ");
        match stream.read(&mut answer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock && sent.is_ok() => None,
            over => Some(over.unwrap_or_default()),
        }
    });
    let answered = answered.expect("the whole trickle was taken");
    assert!(answer[..answered].starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&answer[..answered]));
}

/// An answer that nobody fetches.
#[test]
fn an_answer_that_is_not_fetched_ends_its_connection() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(impatient(folder.path()));
    let document = h2::headers(1, "GET", "/api/v1/openapi.json", &host(&server), &[], true);
    for (who, sent) in [
        ("no window", [h2::PREFACE, &h2::settings(0), &document].concat()),
        ("a window of one octet", [h2::PREFACE, &h2::settings(1), &document].concat()),
    ] {
        let mut stream = connect(&server);
        stream.write_all(&sent).unwrap();
        wait_for_the_end(stream, who);
    }
}

#[test]
fn one_network_leaves_places_to_others() {
    let folder = tempfile::tempdir().unwrap();
    // Patient, so that only places are what is looked at.
    let start = Start::demo(folder.path())
        .with("LIMITS__CONNECTIONS", "40")
        .with("LIMITS__CONNECTIONS_PER_NETWORK", "30")
        .with("LIMITS__HEAD_SECONDS", "600");
    let server = Server::start(start);
    let held: Vec<TcpStream> = (0..60).map(|_| connect(&server)).collect();
    // One that was taken stays open and says nothing; one too many was closed.
    let open = held.iter().filter(|stream| {
        stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        (&**stream).read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    });
    assert!(open.count() <= 30);
    let answer = Command::new("curl")
        .args(["--silent", "--max-time", "20", "--interface", "127.0.0.9", "--write-out", "%{http_code}"])
        .arg(format!("{}/healthz", server.url().replace("localhost", "127.0.0.1")))
        .output()
        .expect("apt-get install curl");
    assert_eq!(String::from_utf8_lossy(&answer.stdout), "204", "another network is not served");
    // The same network again, once it lets go and the server has seen that.
    drop(held);
    let request = format!("GET /healthz HTTP/1.0\r\nHost: {}\r\n\r\n", host(&server));
    let is_served = (0..100).any(|_| {
        let mut stream = connect(&server);
        let mut answer = String::new();
        // One that comes too early is closed.
        let _ = stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_string(&mut answer));
        answer.contains(" 204 ")
    });
    assert!(is_served, "the network that let go is not served");
}

/// Whatever is open: nothing, requests that wait, and every place there is.
#[test]
fn the_server_stops_while_every_place_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let start = impatient(folder.path())
        .with("LIMITS__HEAD_SECONDS", "600")
        .with("LIMITS__IDLE_SECONDS", "600")
        .with("LIMITS__STALL_SECONDS", "600")
        .with("LIMITS__CONNECTIONS", "16")
        .with("LIMITS__CONNECTIONS_PER_NETWORK", "16");
    let mut server = Server::start(start);
    let mut held = Vec::new();
    for (_, sent) in unfinished(&host(&server)).into_iter().cycle().take(40) {
        let mut stream = connect(&server);
        // It may be closed already.
        let _ = stream.write_all(&sent);
        held.push(stream);
    }
    // One in the kernel's queue gets nothing meanwhile, and the operator is told why.
    let last = held.last_mut().unwrap();
    last.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
    assert!(last.read(&mut [0]).is_err());
    assert!(server.log().contains("all places for connections are taken"), "{}", server.log());
    // Returns only when it has ended, and then with success.
    server.stop();
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[test]
fn a_configuration_that_serves_nobody_is_refused_at_the_start() {
    let refusal = |key: &str, value: &str| {
        let folder = tempfile::tempdir().unwrap();
        let output = Command::new("timeout")
            // A server that starts after all would serve for ever.
            .arg("20")
            .arg(securemailbox_e2e::server::binary())
            .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder.path().join("data"))
            .env(format!("SECUREMAILBOX_SERVER_LIMITS__{key}"), value)
            .output()
            .expect("the command starts");
        assert!(!output.status.success(), "{key} = {value} was taken");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    for (key, value) in [("CONNECTIONS", "0"), ("CONNECTIONS_PER_NETWORK", "0"), ("IDLE_SECONDS", "0")] {
        let said = refusal(key, value);
        assert!(said.contains(&format!("`limits.{}`", key.to_lowercase())), "{said}");
    }
    let said = refusal("CONNECTIONS", "4000000000");
    assert!(said.contains("`limits.connections` is 4000000000") && said.contains("LimitNOFILE="), "{said}");
}
