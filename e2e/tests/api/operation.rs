//! What an operator does and meets: a database that is away, certificates that are renewed, configurations that can't work.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use reqwest::{Certificate, Client, StatusCode, header::RETRY_AFTER};
use securemailbox_e2e::{
    authority::{Authority, Identity},
    outage::{dead_senders, free_port},
    postgres::Postgres,
    server::{Server, Start, binary},
};
use serde_json::{Value, json};

/// An ordinary server, which sends nothing.
fn ordinary(folder: &Path) -> Start {
    dead_senders(Start::demo(folder), free_port())
}

async fn register(server: &Server, address: &str) -> (StatusCode, Option<String>, Value) {
    let body = json!({"address": address, "language": "sv"}).to_string();
    let url = format!("{}/api/v1/registrations", server.url());
    let request = Client::new().post(url).header("content-type", "application/json").body(body);
    let answer = request.send().await.unwrap();
    let again = answer.headers().get(RETRY_AFTER).map(|value| value.to_str().unwrap().to_owned());
    (answer.status(), again, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
}

/// Review A18: it was 500, "something went wrong here".
#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_away_requests_are_asked_to_come_again() {
    let folder = tempfile::tempdir().unwrap();
    let postgres = Postgres::start();
    let server = Server::start(Start::demo(folder.path()).on_postgres(&postgres.url()));
    assert_eq!(register(&server, "anna@example.se").await.0, StatusCode::CREATED);
    postgres.stop();
    for _ in 0..20 {
        let (status, again, problem) = register(&server, "anna@example.se").await;
        assert_eq!(
            (status, &problem["type"]),
            (StatusCode::SERVICE_UNAVAILABLE, &json!("/problems/busy")),
            "{problem}"
        );
        assert!(again.is_some_and(|seconds| seconds.parse::<u32>().is_ok()));
    }
    server.await_log("the database is away").await;
    assert!(!server.log().contains("a request failed"), "{}", server.log());
    postgres.go_on();
    server.await_log("the database is back").await;
    assert_eq!(register(&server, "anna@example.se").await.0, StatusCode::CREATED);
}

/// Review A12: a unit gave up within a second.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_waits_for_the_database_until_it_is_there_or_sigterm_comes() {
    let folder = tempfile::tempdir().unwrap();
    let postgres = Postgres::start();
    postgres.stop();
    let log = folder.path().join("waiting.log");
    let mut waiting = Command::new(binary())
        .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder.path().join("none"))
        .env("SECUREMAILBOX_SERVER_DATABASE", postgres.url())
        .stdout(Stdio::null())
        .stderr(fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let said = || fs::read_to_string(&log).unwrap();
    while !said().contains("waiting for the database") {
        assert!(waiting.try_wait().unwrap().is_none(), "it did not wait: {}", said());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(said().contains(&postgres.folder().display().to_string()), "{}", said());
    assert!(Command::new("kill").arg(waiting.id().to_string()).status().unwrap().success());
    assert!(waiting.wait().unwrap().success(), "{}", said());
    assert_eq!(said().matches("waiting for the database").count(), 1, "{}", said());

    let start = Start::demo(folder.path()).on_postgres(&postgres.url());
    let starting = std::thread::spawn(move || Server::start(start));
    let log = folder.path().join("data.log");
    while !fs::read_to_string(&log).unwrap_or_default().contains("waiting for the database") {
        assert!(!starting.is_finished());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    postgres.go_on();
    assert!(starting.join().unwrap().log().contains("made a new database and a new seal"));
}

/// Review A21: sslmode=require could not be had, and clear text was not refused.
#[tokio::test(flavor = "multi_thread")]
async fn postgresql_is_spoken_to_by_tls_with_its_certificate_checked() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, strangers) = (Authority::new(folder.path(), "ours"), Authority::new(folder.path(), "strangers"));
    let (postgres, port) = Postgres::start_encrypted(&ours.issue("localhost", 2));
    let url = |host: &str, authority: &Authority, password: &str| {
        let roots = authority.cert().display();
        format!("postgresql://postgres:{password}@{host}:{port}/postgres?sslmode=verify-full&sslrootcert={roots}")
    };
    let server = Server::start(Start::demo(folder.path()).on_postgres(&url("localhost", &ours, "hemligt")));
    assert_eq!(register(&server, "anna@example.se").await.0, StatusCode::CREATED);
    // Requests and the conversation between processes: nothing that is open came in clear.
    let clear = Command::new("su")
        .args(["postgres", "-c"])
        .arg(format!(
            "psql -h {} -p {port} -Atc \"SELECT count(*) FILTER (WHERE NOT ssl), count(*) FILTER (WHERE ssl) >= 2 \
             FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE client_addr IS NOT NULL\"",
            postgres.folder().display()
        ))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&clear.stdout).trim(), "0|t", "{clear:?}");
    let mut check = Command::new(binary());
    check.args(["check", "--data"]).arg(server.data());
    let seen = check.env("SECUREMAILBOX_SERVER_DATABASE", url("localhost", &ours, "hemligt")).output().unwrap();
    let seen = String::from_utf8_lossy(&seen.stdout).into_owned();
    assert!(seen.contains(", by TLS, certificate checked; as this program has it"), "{seen}");
    assert!(
        seen.contains(&format!("postgres on localhost:{port}, PostgreSQL 1")) && !seen.contains("hemligt"),
        "{seen}"
    );
    for (database, told) in [
        (url("localhost", &strangers, "hemligt"), "can't be reached by TLS: invalid peer certificate: UnknownIssuer"),
        (url("127.0.0.1", &ours, "hemligt"), "can't be reached by TLS: invalid peer certificate"),
        (url("localhost", &ours, "hemlig"), "does not take this user and password (28P01)"),
        (url("localhost", &ours, "hemligt").replace("/postgres?", "/nowhere?"), "does not exist (3D000)"),
        ("postgresql://postgres:hemligt@db.example.se/postgres?sslmode=prefer".into(), "set sslmode=verify-full"),
    ] {
        let refused = Server::try_start(ordinary(&folder.path().join("refused")).on_postgres(&database));
        let (code, log) = refused.map(|_| ()).unwrap_err();
        assert_eq!(code, Some(2), "{log}");
        assert!(log.contains(told) && !log.contains("hemligt"), "{told}: {log}");
    }
}

/// Review A20, A23, A36: what only the operator can mend ends 2, names the thing, and leaves nothing behind.
#[test]
fn a_configuration_that_can_not_work_ends_2_and_names_the_thing() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("mailbox.toml");
    let nothing = folder.path().join("nothing.pem");
    fs::write(&nothing, "").unwrap();
    for (toml, told) in [
        ("lisen = '127.0.0.1:1'", "`lisen` is not a key"),
        ("public_url = 'http://mail.example.se'", "`public_url`"),
        ("public_url = 'https://Mail Example'", "`public_url`"),
        ("registration = 'invited'", "`registration`"),
        ("[metrics]\nlisten = '0.0.0.0:9464'", "`metrics.listen`"),
        ("[limits]\nconnections = 0", "`limits.connections`"),
        ("[tls]\ncert = 'nothing.pem'\nkey = 'nothing.pem'", "nothing.pem, which holds no certificate"),
        ("[tls]\ncert = 'no.pem'\nkey = 'no.pem'", "no.pem, which can't be read"),
        ("database = 'postgresql://u:hemligt@h/d?sslmode=perhaps'", "database's URL can't be read"),
    ] {
        fs::write(&config, toml).unwrap();
        let start = Start { config: Some(config.clone()), ..ordinary(&folder.path().join("made")) };
        let (code, log) = Server::try_start(start).map(|_| ()).unwrap_err();
        assert_eq!(code, Some(2), "{toml}: {log}");
        assert!(log.contains(told) && !log.contains("hemligt"), "{toml}: {log}");
        assert!(!folder.path().join("made/data").exists() && !folder.path().join("made/data.seal").exists(), "{toml}");
        fs::remove_file(folder.path().join("made/data.log")).unwrap();
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let start = Start { listen: taken.local_addr().unwrap().to_string(), ..ordinary(&folder.path().join("made")) };
    let (code, log) = Server::try_start(start).map(|_| ()).unwrap_err();
    assert!(code == Some(5) && log.contains("Is another server running there?"), "{log}");
    assert!(!folder.path().join("made/data").exists(), "it bound its address before it made anything");
    let other = folder.path().join("other");
    fs::create_dir_all(other.join("data")).unwrap();
    fs::write(other.join("data/mailbox.sqlite"), "not a database, and long enough to be looked at as one").unwrap();
    let (code, log) = Server::try_start(ordinary(&other)).map(|_| ()).unwrap_err();
    assert_eq!(code, Some(2), "{log}");
    assert!(log.contains("data/mailbox.sqlite is not a SQLite database"), "{log}");
}

/// Review M5: it would show everybody's codes.
#[test]
fn a_demo_takes_no_database_that_it_did_not_make() {
    let folder = tempfile::tempdir().unwrap();
    Server::start(ordinary(folder.path())).stop();
    let (code, log) = Server::try_start(Start::demo(folder.path())).map(|_| ()).unwrap_err();
    assert_eq!(code, Some(2), "{log}");
    assert!(log.contains("was not made by a demo"), "{log}");
    let own = tempfile::tempdir().unwrap();
    Server::start(Start::demo(own.path())).stop();
    Server::start(Start::demo(own.path())).stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn domains_let_their_own_in_and_tell_others_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("mailbox.toml");
    fs::write(&config, "registration = 'domains'\nregistration_domains = ['kommun.se']").unwrap();
    let server = Server::start(Start { config: Some(config), ..ordinary(folder.path()) });
    assert_eq!(register(&server, "anna@kommun.se").await.0, StatusCode::CREATED);
    let (status, _, problem) = register(&server, "anna@example.se").await;
    assert_eq!((status, &problem["type"]), (StatusCode::FORBIDDEN, &json!("/problems/other-domain")));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_limits_are_taken_at_sighup() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("mailbox.toml");
    fs::write(&config, "").unwrap();
    let server = Server::start(Start { config: Some(config.clone()), ..ordinary(folder.path()) });
    for _ in 0..3 {
        assert_eq!(register(&server, "anna@example.se").await.0, StatusCode::CREATED);
    }
    fs::write(&config, "[limits]\nentrances_at_once = 1").unwrap();
    server.signal("HUP");
    server.await_log("the configuration was read again").await;
    assert_eq!(register(&server, "anna@example.se").await.0, StatusCode::CREATED);
    assert_eq!(register(&server, "anna@example.se").await.0, StatusCode::TOO_MANY_REQUESTS);
}

/// Review A14: SIGHUP killed it, and certificates were read once.
#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_shown_after_sighup_and_no_request_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (before, after) = (Authority::new(folder.path(), "before"), Authority::new(folder.path(), "after"));
    let config = folder.path().join("mailbox.toml");
    let use_them = |identity: &Identity| {
        fs::copy(&identity.cert, folder.path().join("cert.pem")).unwrap();
        fs::copy(&identity.key, folder.path().join("key.pem")).unwrap();
    };
    use_them(&before.issue("localhost", 2));
    let port = free_port();
    let tls = format!("public_url = 'https://localhost:{port}'\n[tls]\ncert = 'cert.pem'\nkey = 'key.pem'\n");
    fs::write(&config, &tls).unwrap();
    let listen = format!("127.0.0.1:{port}");
    let start = Start { config: Some(config.clone()), listen, ..ordinary(folder.path()) };
    let server = Server::start(start);
    let url = format!("{}/healthz", server.url());

    let knows = |authority: &Authority| Certificate::from_pem(&fs::read(authority.cert()).unwrap()).unwrap();
    let (first, second) = (knows(&before), knows(&after));
    let of_both = move || Client::builder().tls_certs_only([first.clone(), second.clone()]).build().unwrap();
    let only_after = || Client::builder().tls_certs_only([knows(&after)]).build().unwrap();
    assert!(only_after().get(&url).send().await.is_err());

    let (over, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let people: Vec<_> = (0..4)
        .map(|person| {
            let (over, done, url, of_both) = (Arc::clone(&over), Arc::clone(&done), url.clone(), of_both.clone());
            tokio::spawn(async move {
                let mut client = of_both();
                while !over.load(Ordering::Relaxed) {
                    // Half of them keep their connection, the others come anew each time.
                    if person % 2 == 0 {
                        client = of_both();
                    }
                    let answer = client.get(&url).send().await.expect("no request is lost");
                    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let more = async || {
        let enough = done.load(Ordering::Relaxed) + 20;
        while done.load(Ordering::Relaxed) < enough {
            assert!(people.iter().all(|person| !person.is_finished()));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    more().await;
    use_them(&after.issue("localhost", 20));
    server.signal("HUP");
    server.await_log("the configuration was read again").await;
    more().await;
    assert_eq!(only_after().get(&url).send().await.unwrap().status(), StatusCode::NO_CONTENT);

    // One that can't be used is refused, and the old one goes on.
    for (toml, told) in [
        (format!("{tls}[limits]\nconnections = 0\n"), "`limits.connections` is 0"),
        (tls.replace("key.pem", "ours.key"), "ours.key, which can't be read"),
    ] {
        fs::write(&config, toml).unwrap();
        server.signal("HUP");
        server.await_log(told).await;
        more().await;
    }
    assert_eq!(server.log().matches("the new configuration is refused; the old one goes on").count(), 2);
    fs::write(&config, format!("registration = 'closed'\n{tls}[log]\nlevel = 'warn'\n")).unwrap();
    server.signal("HUP");
    server.await_log("are taken at the next start").await;
    more().await;
    over.store(true, Ordering::Relaxed);
    for person in people {
        person.await.unwrap();
    }
    let mut server = server;
    server.stop();
    assert!(!server.log().contains("\"stopping\""), "the level was taken: {}", server.log());
}

#[tokio::test(flavor = "current_thread")]
async fn an_answer_has_a_number_that_nobody_but_the_server_gives() {
    const OF_A_STRANGER: &str = "0123456789abcdef";
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let client = Client::new();
    let mut numbers = BTreeSet::new();
    for path in ["/", "/healthz", "/problems/nothing", "/api/v1/account"] {
        let request = client.get(format!("{}{path}", server.url()));
        let request = request.header("request-id", OF_A_STRANGER).header("x-request-id", OF_A_STRANGER);
        let answer = request.send().await.unwrap();
        let number = answer.headers()["request-id"].to_str().unwrap().to_owned();
        assert!(number.len() == 16 && number.bytes().all(|digit| digit.is_ascii_hexdigit()), "{number}");
        assert_ne!(number, OF_A_STRANGER);
        if answer.headers().get("content-type").is_some_and(|kind| kind == "application/problem+json") {
            let problem: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
            assert_eq!(problem["request"], number.as_str());
        }
        numbers.insert(number);
    }
    assert_eq!(numbers.len(), 4, "each has its own");
}
