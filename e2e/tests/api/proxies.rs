//! Behind nginx and behind Caddy, each from its file in `deploy/`: letters of any size, events, limits, logs; and what people
//! are told when a proxy answers in the server's place.

use std::{net::IpAddr, path::Path, time::Duration};

use reqwest::{Certificate, Client, ClientBuilder, StatusCode};
use securemailbox_client::{
    failure::{ClientProblem, Failure, FailureName},
    letters::Addressed,
    mailbox::Mailbox,
};
use securemailbox_e2e::{
    events::Events,
    outage::{dead_senders, free_port},
    person::{Person, Wire},
    proxies::Proxy,
    server::{Server, Start},
};
use securemailbox_protocol::limits;
use serde_json::json;

use crate::ANNA;

/// How long an event may take that nobody holds back; a beat comes after 15 seconds in any case.
const PROMPT: Duration = Duration::from_secs(10);

/// Anna, a server behind a proxy, and the proxy.
struct Behind {
    proxy: Proxy,
    server: Server,
    anna: Person,
    mailbox: Mailbox,
}

impl Behind {
    /// Anna registers while there is no proxy yet.
    async fn new(folder: &Path, proxy: Proxy) -> Self {
        let mut demo = Server::start(Start::demo(folder));
        let directly = Person::at(&demo);
        let mailbox = directly.register(&demo, ANNA.0, ANNA.1, "Anna").await;
        demo.stop();
        let start = Start { listen: format!("127.0.0.1:{}", proxy.server()), ..Start::demo(folder) };
        let server = Server::start(
            dead_senders(start, free_port())
                .with("PUBLIC_URL", &proxy.url())
                .with("PROXIES", r#"["127.0.0.1"]"#)
                .with("LIMITS__ENTRANCES_AT_ONCE", "3")
                .with("LIMITS__ENTRANCES_A_DAY", "1"),
        );
        let client = client(&proxy).pool_max_idle_per_host(0).build().unwrap();
        let anna = Person { transport: Wire::through(client, &proxy.url()), device: directly.device };
        Self { proxy, server, anna, mailbox }
    }

    async fn send(&self, characters: usize) -> Result<String, FailureName> {
        // Nothing that a proxy could shorten, of characters that are as long as a character may be.
        let text: String = (0..characters as u32).filter_map(|i| char::from_u32(0x1_f300 + i % 509)).collect();
        let letter =
            Addressed { to: vec![ANNA.0.parse().unwrap()], subject: "stort".into(), text, ..Addressed::default() };
        match self.mailbox.send(&self.anna, &letter).await {
            Ok(sent) => Ok(sent.id.to_string()),
            Err(error) => Err(error.explain().name),
        }
    }
}

/// Somebody who believes the proxy.
fn client(proxy: &Proxy) -> ClientBuilder {
    Client::builder().tls_certs_only([Certificate::from_pem(&proxy.certificate()).unwrap()])
}

/// Somebody elsewhere on loopback, which is all there is of other networks here.
fn client_at(proxy: &Proxy, address: [u8; 4]) -> Client {
    client(proxy).local_address(IpAddr::from(address)).build().unwrap()
}

async fn serves_people(behind: &Behind) {
    let url = behind.proxy.url();
    // Whether a browser speaks HTTP/2 or not, events are not kept back.
    let (two, one) = (client(&behind.proxy).build().unwrap(), client(&behind.proxy).http1_only().build().unwrap());
    let mut streams = Vec::new();
    for (client, version) in [(two, reqwest::Version::HTTP_2), (one, reqwest::Version::HTTP_11)] {
        let asked = client.get(format!("{url}/api/v1/events")).bearer_auth(behind.anna.token()).send();
        let answer = tokio::time::timeout(PROMPT, asked).await.expect("the head is not kept back").unwrap();
        assert_eq!((answer.status(), answer.version()), (StatusCode::OK, version));
        let mut events = Events::of(answer);
        let first = tokio::time::timeout(PROMPT, events.next_pulse()).await.expect("nor the first event");
        streams.push((events, first));
    }
    let id = behind.send(limits::TEXT).await.unwrap();
    for (events, first) in &mut streams {
        let next = tokio::time::timeout(PROMPT, events.next_pulse()).await.expect("nor the next");
        assert!(next.change > first.change);
    }
    behind.mailbox.sync(&behind.anna).await.unwrap();
    let read = behind.mailbox.read(&behind.anna, id.parse().unwrap()).await.unwrap();
    assert_eq!(read.letter.text().chars().count(), limits::TEXT);

    limits_each_network(&behind.proxy).await;
    let said = behind.proxy.said();
    assert!(!said.contains(&id) && !said.contains("/api/"), "a log of the proxy tells of a letter: {said}");
    assert!(!behind.server.log().contains(&id));
}

/// Three entrances a minute for each network, whatever its people say of themselves.
async fn limits_each_network(proxy: &Proxy) {
    let enter = async |client: &Client, claimed: Option<&str>| {
        let body = json!({"address": "somebody@example.se", "language": "sv"}).to_string();
        let request =
            client.post(format!("{}/api/v1/registrations", proxy.url())).header("content-type", "application/json");
        let request = match claimed {
            Some(claimed) => request.header("x-forwarded-for", claimed),
            None => request,
        };
        request.body(body).send().await.unwrap().status()
    };
    let many = client_at(proxy, [127, 0, 0, 2]);
    for _ in 0..3 {
        assert_eq!(enter(&many, None).await, StatusCode::CREATED);
    }
    assert_eq!(enter(&many, None).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(enter(&many, Some("203.0.113.9")).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(enter(&client_at(proxy, [127, 0, 0, 3]), None).await, StatusCode::CREATED);
}

/// A proxy without a server answers in its place, and nobody is told to update anything.
async fn is_no_server(behind: &mut Behind) {
    let unreachable = FailureName::from(ClientProblem::Unreachable);
    behind.server.stop();
    let error = behind.mailbox.sync(&behind.anna).await.unwrap_err();
    assert_eq!(error.explain().name, unreachable, "{error}");
}

#[tokio::test(flavor = "current_thread")]
async fn nginx_by_the_example_serves_people() {
    let (folder, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut behind = Behind::new(folder.path(), Proxy::nginx(own.path())).await;
    serves_people(&behind).await;
    let log = behind.proxy.said();
    assert!(log.contains("127.0.0.2 [") && log.contains(" POST HTTP/2.0 201 "), "it logs, and not where to: {log}");
    is_no_server(&mut behind).await;
}

#[tokio::test(flavor = "current_thread")]
async fn caddy_by_the_example_serves_people() {
    let (folder, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut behind = Behind::new(folder.path(), Proxy::caddy(own.path())).await;
    serves_people(&behind).await;
    is_no_server(&mut behind).await;
    let said = behind.proxy.said();
    assert!(said.contains("serving initial configuration"), "there is a log: {said}");
    assert!(!said.contains("/api/"), "an error tells of a letter: {said}");
}

/// What nginx does by itself: it takes no more than 1 MB.
#[tokio::test(flavor = "current_thread")]
async fn a_proxy_that_takes_no_large_letter_is_said_to_be_one() {
    let (folder, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let proxy = Proxy::nginx_without(own.path(), "    client_max_body_size 64m;\n");
    let behind = Behind::new(folder.path(), proxy).await;
    assert_eq!(behind.send(limits::TEXT).await, Err(ClientProblem::TooLargeForProxy.into()));
    behind.send(25_000).await.unwrap();
}
