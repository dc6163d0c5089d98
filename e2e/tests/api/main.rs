//! Every documented operation over HTTP, asked badly (ATTACKS 37, 38), and what every answer wears.

#![expect(clippy::unwrap_used, reason = "a test ends where it fails, also in what tests share")]

mod burdens;
mod claims;
mod files;
mod guesses;
mod guests;
mod holds;
mod limits;
mod malformed;
mod metrics;
mod notices;
mod numbers;
mod operation;
mod page;
mod passwords;
mod posts;
mod proxies;
mod renewals;
mod sessions;
mod strangers;
mod trash;

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::{Command, Stdio},
};

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use securemailbox_e2e::{
    authority::Authority,
    outage::{dead_senders, free_port},
    person::Person,
    server::{Server, Start},
};
use securemailbox_protocol::endpoints;
use serde_json::Value;

const ANNA: (&str, &str) = ("anna.api@example.se", "+46701740613");
const ID: &str = "0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a11";
const HASH: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// One operation of the OpenAPI document.
struct Operation {
    method: Method,
    path: String,
    body: Option<String>,
    has_query: bool,
}

/// Everything the document lists.
fn operations(document: &Value) -> Vec<Operation> {
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().expect("operations").iter().map(move |(method, operation)| (path, method, operation))
        })
        .map(|(path, method, operation)| Operation {
            method: method.to_uppercase().parse().expect("a method"),
            path: path.clone(),
            body: operation["requestBody"]["content"].as_object().and_then(|content| content.keys().next().cloned()),
            has_query: operation["parameters"].as_array().is_some_and(|all| all.iter().any(|one| one["in"] == "query")),
        })
        .collect()
}

struct Attacker<'a> {
    client: Client,
    url: &'a str,
    token: Option<String>,
}

impl Attacker<'_> {
    fn request(&self, method: &Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method.clone(), format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// The bad requests of one operation, each with what is wrong with it.
    fn bad_requests(&self, operation: &Operation) -> Vec<(&'static str, RequestBuilder)> {
        let path = operation.path.replace("{hash}", HASH).replace("{id}", ID).replace("{name}", "nobodys");
        let method = &operation.method;
        let good = || self.request(method, &path);
        let mut bad = vec![
            ("another host", good().header("host", "evil.example")),
            ("a method that is none", self.request(&Method::from_bytes(b"PURGE").expect("a token"), &path)),
            ("a slash too many", self.request(method, &format!("{path}/"))),
            ("another case", self.request(method, &path.to_uppercase())),
            ("no such version", self.request(method, &path.replace("/v1/", "/v0/"))),
        ];
        if operation.path.contains('{') {
            for (why, id) in [
                ("an id that is none", "not-an-id"),
                ("bytes that are no text", "%FF%FE"),
                ("an endless id", &"a".repeat(4000)),
            ] {
                let path = operation.path.replace("{hash}", id).replace("{id}", id).replace("{name}", id);
                bad.push((why, self.request(method, &path)));
            }
        }
        if operation.has_query {
            for (why, query) in [
                ("an unknown member", "x=1"),
                ("wrong forms", "limit=-1&since=x&folder=attic&purpose=x"),
                ("a huge number", "since=99999999999999999999&folder=inbox&limit=101&purpose=draft"),
            ] {
                bad.push((why, self.request(method, &format!("{path}?{query}"))));
            }
        }
        if *method != Method::GET {
            bad.push(("another site", good().header("origin", "https://evil.example")));
            bad.push(("another site by its fetch metadata", good().header("sec-fetch-site", "cross-site")));
        }
        if let Some(kind) = &operation.body {
            let typed = || good().header("content-type", kind);
            bad.extend([
                ("no body", typed()),
                ("another type", good().header("content-type", "text/plain").body("hello")),
                ("broken JSON", typed().body("{\"address\": ")),
                ("an unknown member", typed().body(r#"{"surprise": 1}"#)),
                ("the wrong shape", typed().body("[1, 2, 3]")),
                ("depth", typed().body("[".repeat(20_000))),
                ("not UTF-8", typed().body(vec![0xff, 0xfe, 0x00])),
                ("a number too large", typed().body(r#"{"code": 1e999999}"#)),
                ("too many bytes", typed().body(vec![b'a'; 65 * 1024 * 1024])),
            ]);
        }
        if self.token.is_some() {
            bad.push(("two credentials", good().header("cookie", format!("__Host-session={HASH}"))));
        } else {
            bad.push(("half a token", good().header("authorization", "Bearer AAAA")));
            bad.push(("another scheme", good().header("authorization", "Basic YTpi")));
        }
        bad
    }
}

/// Operations that ask for no session: a credential changes nothing there.
fn is_open(operation: &Operation) -> bool {
    operation.path.strip_prefix(endpoints::ROOT).is_some_and(endpoints::is_of_strangers)
}

#[test]
fn every_bad_request_is_a_problem_and_nothing_grows() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = Person::at(&server);
    runtime.block_on(async {
        drop(anna.register(&server, ANNA.0, ANNA.1, "Anna").await);
        let document: Value = get(&server, "/api/v1/openapi.json").await;
        let operations = operations(&document);
        assert!(operations.len() > 30, "the document lost operations");
        let attackers =
            [None, Some(anna.token())].map(|token| Attacker { client: Client::new(), url: server.url(), token });
        // Once to warm up every path, then measured.
        let mut asked = 0;
        attack_all(&attackers, &operations, &mut 0).await;
        let before = server.resident_kib();
        for _ in 0..3 {
            attack_all(&attackers, &operations, &mut asked).await;
        }
        let after = server.resident_kib();
        println!(
            "{asked} bad requests on {} operations; resident before {before} KiB, after {after} KiB",
            operations.len()
        );
        assert!(after < before + 32 * 1024, "memory grew from {before} to {after} KiB");
    });
    let log = server.log();
    assert!(log.contains("serving"), "there is a log to search: {log}");
    for secret in [ANNA.0, ANNA.1, &ANNA.1[3..], ID, HASH, "evil.example", &anna.token()] {
        assert!(!log.contains(secret), "the log holds {secret}");
    }
}

async fn attack_all(attackers: &[Attacker<'_>], operations: &[Operation], asked: &mut u32) {
    for attacker in attackers {
        for operation in operations {
            let mut refused = 0;
            for (why, request) in attacker.bad_requests(operation) {
                if is_open(operation) && ["two credentials", "half a token", "another scheme"].contains(&why) {
                    continue;
                }
                let place = format!("{} {} with {why}", operation.method, operation.path);
                // A server that closes while a body of 65 MiB is on its way is as good an answer.
                let Ok(answer) = request.send().await else {
                    assert_eq!(why, "too many bytes", "{place}");
                    continue;
                };
                let status = answer.status();
                let kind = answer
                    .headers()
                    .get("content-type")
                    .and_then(|kind| kind.to_str().ok())
                    .unwrap_or_default()
                    .to_owned();
                assert!(status.is_client_error(), "{place}: {status}");
                assert_eq!(kind, "application/problem+json", "{place}: {status}");
                refused += 1;
                if operation.method == "HEAD" {
                    // Its answers have no body.
                    continue;
                }
                let problem: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
                assert!(problem["type"].as_str().unwrap().starts_with("/problems/"), "{place}: {problem}");
                assert_eq!(problem["status"], status.as_u16(), "{place}");
            }
            assert!(refused >= 5, "{} {}: only {refused} bad requests", operation.method, operation.path);
            *asked += refused;
        }
    }
}

async fn get(server: &Server, path: &str) -> Value {
    let answer = reqwest::get(format!("{}{path}", server.url())).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

#[tokio::test(flavor = "current_thread")]
async fn every_answer_wears_the_strict_policy() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    for path in
        ["/", "/healthz", "/problems/stale-key", "/nothing", "/api/v1/account", "/demo/outbox", "/api/v1/openapi.json"]
    {
        let answer = reqwest::get(format!("{}{path}", server.url())).await.unwrap();
        let header = |name: &str| {
            answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        assert!(
            header("content-security-policy").starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';"),
            "{path}"
        );
        assert!(header("content-security-policy").contains("require-trusted-types-for 'script'"), "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin", "{path}");
        let cache = if ["/", "/problems/stale-key", "/demo/outbox"].contains(&path) { "no-cache" } else { "no-store" };
        assert_eq!(header("cache-control"), cache, "{path}");
        assert!(!answer.headers().contains_key("strict-transport-security"), "{path}: loopback is not https");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn every_problem_type_has_a_page_that_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    for kind in securemailbox_protocol::problems::ProblemType::ALL {
        let page = reqwest::get(format!("{}{}", server.url(), kind.path())).await.unwrap();
        assert_eq!(page.status(), StatusCode::OK, "{}", kind.slug());
        assert!(page.text().await.unwrap().contains("<p>"), "{}", kind.slug());
    }
}

/// ATTACKS 27: same status, same type, same length, and twice the same masked answer.
#[tokio::test(flavor = "current_thread")]
async fn a_stranger_cannot_tell_who_has_a_mailbox() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = Person::at(&server);
    drop(anna.register(&server, ANNA.0, ANNA.1, "Anna").await);
    let client = Client::new();
    let post = async |path: &str, body: String| {
        let request = client.post(format!("{}/api/v1{path}", server.url())).header("content-type", "application/json");
        let answer = request.body(body).send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().len());
        let mut said = serde_json::from_slice::<Value>(&answer.bytes().await.unwrap()).unwrap_or(Value::Null);
        // Each answer has a number of its own, as long as every other.
        if let Some(number) = said.get_mut("request") {
            *number = number.as_str().unwrap().len().into();
        }
        (status, headers, said)
    };
    let proof = format!(r#""proof":"{HASH}""#);
    let request = {
        // Any valid group element and key share will do.
        let (_, bytes) = securemailbox_vault::passwords::SigningIn::start(
            securemailbox_vault::passwords::Password::new("whatever it is"),
            &mut rand::rngs::OsRng,
        );
        data_encoding::BASE64URL_NOPAD.encode(&bytes)
    };
    let mut shapes = Vec::new();
    for address in [ANNA.0, "nobody@example.se"] {
        let (status, headers, problem) = post("/recoveries", format!(r#"{{"address":"{address}",{proof}}}"#)).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        let (registered, _, registration) =
            post("/registrations", format!(r#"{{"address":"{address}","language":"sv"}}"#)).await;
        // The e-mail is sent to both; a code that nobody was sent is wrong for both.
        let (id, factor) = (registration["id"].as_str().unwrap(), &registration["offers"][0]["id"]);
        let choice = format!(r#"{{"factor":{factor}}}"#);
        assert_eq!(post(&format!("/registrations/{id}/proofs"), choice).await.0, StatusCode::NO_CONTENT);
        let entered = format!(r#"{{"factor":{factor},"answer":{{"code":"123456"}}}}"#);
        let (_, _, wrong) = post(&format!("/registrations/{id}/proofs/enter"), entered).await;
        let (begun, _, first) = post("/sign-ins", format!(r#"{{"address":"{address}","request":"{request}"}}"#)).await;
        let (_, _, second) = post("/sign-ins", format!(r#"{{"address":"{address}","request":"{request}"}}"#)).await;
        // The evaluated element is the first 32 bytes, and depends on address and request only.
        let element = |answer: &Value| answer["response"].as_str().unwrap()[..42].to_owned();
        assert_eq!(element(&first), element(&second), "two tries answer unlike");
        let length = first["response"].as_str().unwrap().len();
        let members: Vec<_> = registration.as_object().unwrap().keys().cloned().collect();
        shapes.push((headers, problem, registered, members, wrong, begun, length));
    }
    assert_eq!(shapes[0], shapes[1]);
}

/// A balancer asks by address, and goes on asking while others ask too much.
#[tokio::test(flavor = "current_thread")]
async fn health_is_told_by_any_host_and_outside_the_limits() {
    let folder = tempfile::tempdir().unwrap();
    let start = dead_senders(Start::demo(folder.path()), free_port());
    let server = Server::start(start.with("LIMITS__REQUESTS_A_SECOND", "1"));
    let client = Client::new();
    let get = async |path: &str, host: &str| {
        client.get(format!("{}{path}", server.url())).header("host", host).send().await.unwrap().status()
    };
    for _ in 0..20 {
        assert_eq!(get("/healthz", "10.1.2.3:8025").await, StatusCode::NO_CONTENT);
        assert_eq!(get("/readyz", "securemailbox-0.internal").await, StatusCode::NO_CONTENT);
    }
    assert_eq!(get("/", "10.1.2.3:8025").await, StatusCode::MISDIRECTED_REQUEST);
    let own = server.url().trim_start_matches("http://");
    for _ in 0..20 {
        get("/problems/busy", own).await;
    }
    assert_eq!(get("/problems/busy", own).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(get("/healthz", own).await, StatusCode::NO_CONTENT);
    assert_eq!(
        client.post(format!("{}/readyz", server.url())).send().await.unwrap().status(),
        StatusCode::METHOD_NOT_ALLOWED
    );
}

#[test]
fn a_request_that_never_ends_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let address = server.url().replace("http://localhost", "127.0.0.1");
    let mut slow = TcpStream::connect(&address).unwrap();
    slow.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").unwrap();
    let mut huge = TcpStream::connect(&address).unwrap();
    // The server may answer and close before it has taken all of it.
    let _ = huge.write_all(format!("GET /healthz HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(1 << 20)).as_bytes());
    let mut answer = Vec::new();
    let _ = huge.read_to_end(&mut answer);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&answer));
    // Returns only because the server closes: nothing more is sent.
    let mut answer = Vec::new();
    let _ = slow.read_to_end(&mut answer);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&answer));
}

/// PROTOCOL §9: where we end TLS it is 1.3, and plain HTTP gets nowhere.
#[test]
fn tls_is_1_3_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let identity = Authority::new(folder.path(), "authority").issue("localhost", 2);
    let openssl = |arguments: &[&str]| {
        let output =
            Command::new("openssl").args(arguments).stdin(Stdio::null()).output().expect("apt-get install openssl");
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let port = free_port();
    let at = format!("127.0.0.1:{port}");
    let start = dead_senders(Start { listen: at.clone(), ..Start::demo(folder.path()) }, free_port());
    let start = start
        .with("PUBLIC_URL", &format!("https://localhost:{port}"))
        .with("TLS__CERT", identity.cert.to_str().unwrap())
        .with("TLS__KEY", identity.key.to_str().unwrap());
    let _server = Server::start(start);
    let (_, modern) = openssl(&["s_client", "-connect", &at, "-tls1_3", "-alpn", "h2"]);
    assert!(modern.contains("TLSv1.3") && modern.contains("ALPN protocol: h2"), "{modern}");
    let (old, told) = openssl(&["s_client", "-connect", &at, "-tls1_2"]);
    assert!(!old || told.contains("Cipher is (NONE)"), "{told}");
    let mut plain = TcpStream::connect(&at).unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{}", String::from_utf8_lossy(&answer));
}
