//! Codes and notices by mail servers and gateways that misbehave (PROTOCOL §4.3).

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use reqwest::{Client, Response, StatusCode};
use securemailbox_client::{api::Api, letters::Addressed, mailbox::Mailbox};
use securemailbox_e2e::{
    outage::{Gateway, MailServer, Manner, dead_senders, free_port},
    person::{Person, Wire},
    postgres::Postgres,
    server::{Server, Start},
};
use securemailbox_protocol::{
    accounts::{AccountUpdate, LetterNotices},
    address::Address,
    endpoints,
};
use serde_json::{Value, json};

use crate::ANNA;

const BJORN: (&str, &str) = ("bjorn.api@example.se", "+46701740622");
const CECILIA: (&str, &str) = ("cecilia.api@example.se", "+46701740623");

/// A server with real senders; the ports are those of its mail server and its gateway.
fn served(start: Start, mail: u16, sms: u16) -> Server {
    Server::start(
        dead_senders(start, mail)
            .with("SMS__URL", &format!("http://localhost:{sms}/"))
            .with("LIMITS__NETWORKS", "[{name=\"here\",addresses=[\"127.0.0.1\"],times=1000}]")
            .with("OPERATOR__NAME", "Example Clinic")
            .with("OPERATOR__CONTACT", "ask@example.se"),
    )
}

/// Anna, who registered while this was a demo.
async fn anna(folder: &Path) -> Person {
    let mut demo = Server::start(Start::demo(folder));
    let anna = Person::at(&demo);
    drop(anna.register(&demo, ANNA.0, ANNA.1, "Anna").await);
    demo.stop();
    anna
}

async fn post(server: &Server, token: Option<&str>, path: &str, body: &Value) -> Response {
    let request =
        Client::new().post(format!("{}/api/v1{path}", server.url())).header("content-type", "application/json");
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    request.body(body.to_string()).send().await.unwrap()
}

async fn json_of(answer: Response) -> Value {
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

/// Has a code go to an address.
async fn ask_for_an_e_mail(server: &Server, address: &str) -> Response {
    let begun = post(server, None, "/registrations", &json!({"address": address, "language": "sv"})).await;
    assert!(begun.status().is_success(), "{}", begun.status());
    let begun = json_of(begun).await;
    let choice = json!({"factor": begun["offers"][0]["id"]});
    post(server, None, &format!("/registrations/{}/proofs", begun["id"].as_str().unwrap()), &choice).await
}

/// Has a code go to Anna's phone.
async fn ask_for_an_sms(server: &Server, anna: &Person) -> Response {
    let (token, path) = (anna.token(), "/sessions/current/proofs");
    let asked = Client::new().get(format!("{}/api/v1{path}", server.url())).bearer_auth(&token);
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let offers = json_of(answer).await;
    post(server, Some(&token), path, &json!({"factor": offers["offers"][0]["id"]})).await
}

/// Looks again and again, for twenty seconds at most.
async fn until(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..400 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it does not come to that: {what}");
}

#[tokio::test(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "measured is a real server's end")]
async fn a_mail_server_that_hangs_stops_no_sms_and_not_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let anna = anna(folder.path()).await;
    let (mail, sms) = (free_port(), free_port());
    let (mails, gateway) = (MailServer::behaving(mail, Manner::Hangs), Gateway::listen(sms, "200 OK"));
    let mut server = served(Start::demo(folder.path()), mail, sms);
    // At once: each waits a while for its first try.
    let asked = (0..20).map(|number| {
        let server = &server;
        async move { ask_for_an_e_mail(server, &format!("nobody{number}@example.se")).await }
    });
    join_all(asked).await;
    until("the mail server is given something", || !mails.messages().is_empty()).await;
    ask_for_an_sms(&server, &anna).await;
    until("the SMS goes out", || gateway.asked().len() == 1).await;
    let asked = gateway.asked().remove(0);
    assert!(asked.contains(ANNA.1) && asked.contains("Example Clinic"), "{asked}");
    let told = Instant::now();
    server.stop();
    assert!(told.elapsed() < Duration::from_secs(10), "it took {:?}", told.elapsed());
}

#[tokio::test(flavor = "current_thread")]
async fn a_refusal_is_logged_by_its_class_and_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let anna = anna(folder.path()).await;
    let (mail, sms) = (free_port(), free_port());
    let mails = MailServer::behaving(mail, Manner::Refuses("554 5.7.1 nobody1@example.se is not welcome"));
    let gateway = Gateway::listen(sms, "402 Payment Required");
    let mut server = served(Start::demo(folder.path()), mail, sms);
    // Whoever waits for the code is told, and an address that has a mailbox looks like any other.
    let mut problems = Vec::new();
    for answer in [
        ask_for_an_e_mail(&server, "nobody1@example.se").await,
        ask_for_an_e_mail(&server, ANNA.0).await,
        ask_for_an_sms(&server, &anna).await,
    ] {
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let mut problem = json_of(answer).await;
        problem.as_object_mut().unwrap().remove("request");
        problems.push(problem);
    }
    assert_eq!(problems[0]["type"], "/problems/code-not-sent");
    assert!(problems.iter().all(|problem| *problem == problems[0]), "{problems:?}");
    until("both are refused", || ["message-refused", "no-credit"].iter().all(|cause| server.log().contains(cause)))
        .await;
    // Longer than the pause after a first failure.
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!((mails.messages().len(), gateway.asked().len()), (2, 1));
    server.stop();
    let log = server.log();
    assert!(log.contains(r#""reply":554"#) && log.contains(r#""reply":402"#), "{log}");
    for secret in ["nobody1", "welcome", ANNA.0, &ANNA.1[3..]] {
        assert!(!log.contains(secret), "the log holds {secret}");
    }
}

/// What Björn's mail server says of his address is what Anna sees of her letter, until he looks.
#[tokio::test(flavor = "current_thread")]
async fn a_sender_sees_that_the_readers_address_takes_no_mail() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Server::start(Start::demo(folder.path()));
    let people = [ANNA, BJORN].map(|_| Person::at(&demo));
    for (person, who) in people.iter().zip([ANNA, BJORN]) {
        drop(person.register(&demo, who.0, who.1, "Somebody").await);
    }
    demo.stop();
    let mail = free_port();
    let _refusing = MailServer::behaving(mail, Manner::Refuses("550 5.1.1 no such user"));
    let server = served(Start::demo(folder.path()), mail, 9);
    let [anna, bjorn] =
        people.map(|person| Person { transport: Wire::to(server.url()), device: person.device.clone() });
    let to = vec![Address::parse(BJORN.0).unwrap()];
    let letter = Addressed { to, subject: "Provsvar".into(), text: "Hej".into(), ..Addressed::default() };
    let id = Mailbox::open(&anna).await.unwrap().send(&anna, &letter).await.unwrap().id;
    let refused = async || {
        let asked = endpoints::LIST_DELIVERIES.of(id);
        Api::session(&anna.transport, Some(&anna.token())).get(asked).await.unwrap().deliveries[0].notice_refused
    };
    let until_it_is = async |wanted: bool| {
        for _ in 0..400 {
            if refused().await == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it does not come to that: {wanted}");
    };
    until_it_is(true).await;
    assert_eq!(Mailbox::open(&bjorn).await.unwrap().peek(&bjorn, id).await.unwrap().text(), "Hej");
    until_it_is(false).await;
}

/// Who wants no e-mail of letters gets none, and their sender sees none, until they want them again.
#[tokio::test(flavor = "current_thread")]
async fn a_reader_who_wants_no_notice_gets_none() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Server::start(Start::demo(folder.path()));
    let people = [ANNA, BJORN, CECILIA].map(|_| Person::at(&demo));
    for (person, who) in people.iter().zip([ANNA, BJORN, CECILIA]) {
        drop(person.register(&demo, who.0, who.1, "Somebody").await);
    }
    demo.stop();
    let mail = free_port();
    let mails = MailServer::listen(mail);
    let server = served(Start::demo(folder.path()), mail, 9);
    let [anna, bjorn, _] =
        people.map(|person| Person { transport: Wire::to(server.url()), device: person.device.clone() });
    let choose = async |notices| {
        let (token, update) = (bjorn.token(), AccountUpdate { notices: Some(notices), ..AccountUpdate::default() });
        let api = Api::session(&bjorn.transport, Some(&token));
        api.tell(endpoints::UPDATE_ACCOUNT.here(), &update).await.unwrap();
        assert_eq!(api.get(endpoints::READ_ACCOUNT.here()).await.unwrap().notices, notices);
    };
    let send = async || {
        let to = [BJORN.0, CECILIA.0].map(|address| Address::parse(address).unwrap()).to_vec();
        let letter = Addressed { to, subject: "Provsvar".into(), text: "Hej".into(), ..Addressed::default() };
        Mailbox::open(&anna).await.unwrap().send(&anna, &letter).await.unwrap().id
    };
    let told = |who: (&str, &str)| mails.messages().iter().filter(|message| message.contains(who.0)).count();
    choose(LetterNotices::Never).await;
    let letter = send().await;
    // Both would be claimed in one go.
    until("Cecilia is told", || told(CECILIA) == 1).await;
    choose(LetterNotices::AtOnce).await;
    assert_eq!(told(BJORN), 0);
    send().await;
    until("Björn is told of the next one", || told(BJORN) == 1).await;
    let token = anna.token();
    let deliveries = Api::session(&anna.transport, Some(&token)).get(endpoints::LIST_DELIVERIES.of(letter)).await;
    let of_bjorn = deliveries.unwrap().deliveries.into_iter().find(|row| row.reader.address.as_str() == BJORN.0);
    assert_eq!(of_bjorn.unwrap().notified, None);
}

/// The clients of a mail server that is slow are not sent everything twice by two processes on one database.
#[tokio::test(flavor = "current_thread")]
async fn two_processes_on_one_postgresql_send_each_mail_once() {
    let (folder, postgres) = (tempfile::tempdir().unwrap(), Postgres::start());
    let mail = free_port();
    let mails = MailServer::behaving(mail, Manner::Slow(Duration::from_secs(2)));
    let start = |name: &str| {
        let own = folder.path().join(name);
        let seal = folder.path().join("seal");
        served(Start::demo(&own).on_postgres(&postgres.url()).with("SEAL", seal.to_str().unwrap()), mail, 9)
    };
    let (mut one, mut other) = (start("one"), start("other"));
    let asked = (0..24).map(|number| {
        let server = if number % 2 == 0 { &one } else { &other };
        async move { ask_for_an_e_mail(server, &format!("nobody{number}@example.se")).await }
    });
    join_all(asked).await;
    until("all are sent", || mails.messages().len() >= 24).await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    let mut by_id = BTreeMap::<String, u32>::new();
    for message in mails.messages() {
        assert!(
            message.contains("MIME-Version: 1.0") && message.contains("Auto-Submitted: auto-generated"),
            "{message}"
        );
        let id = message.lines().find(|line| line.starts_with("Message-ID: ")).expect("an id");
        *by_id.entry(id.to_owned()).or_default() += 1;
    }
    assert_eq!((by_id.len(), by_id.values().sum::<u32>()), (24, 24));
    one.stop();
    other.stop();
}
