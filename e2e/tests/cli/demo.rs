//! The demo (DESIGN 8): people whom everybody may be, and an outbox that shows every code.

use std::process::Command;

use securemailbox_e2e::{
    command::Terminal,
    server::{Server, Start, binary},
};
use securemailbox_protocol::time::Timestamp;
use serde_json::{Value, json};

use crate::{ANNA, BJORN, assert_holds, text};

async fn get(server: &Server, path: &str) -> String {
    let answer = reqwest::get(format!("{}{path}", server.url())).await.expect("the demo answers");
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    answer.text().await.expect("text")
}

fn blocking<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

fn members(document: &Value) -> Vec<&str> {
    document.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn the_people_of_a_demo_can_sign_in_and_are_still_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(Start::demo(folder.path()));
    let accounts: Vec<Value> = serde_json::from_str(&blocking(get(&server, "/demo/accounts.json"))).unwrap();
    assert!(accounts.len() >= 4, "{accounts:?}");
    let terminals: Vec<(Terminal, &Value)> = accounts
        .iter()
        .map(|person| {
            assert_eq!(members(person), ["address", "name", "password", "phone"]);
            let (address, phone) = (text(person, "address"), text(person, "phone"));
            let terminal = Terminal::new(folder.path(), text(person, "name"), text(person, "password"));
            let signed_in = terminal.sign_in(&server, address, phone).done();
            assert_holds(&signed_in, &json!({ "address": address, "name": person["name"] }));
            (terminal, person)
        })
        .collect();
    let to = text(&accounts[1], "address");
    let (first, _) = &terminals[0];
    first.run(&["send", "--to", to, "--subject", "Före omstarten", "--text", "…"]).done();

    server.stop();
    let server = server.again();
    let (second, person) = &terminals[1];
    assert_eq!(second.run(&["list"]).done()[0]["subject"], "Före omstarten");
    let identity = second.run(&["whoami"]).done();
    second.run(&["logout"]).done();
    let again = second.sign_in(&server, text(person, "address"), text(person, "phone")).done();
    assert_holds(&again, &identity);
    assert_eq!(serde_json::from_str::<Vec<Value>>(&blocking(get(&server, "/demo/accounts.json"))).unwrap(), accounts);
}

/// Review: whoever followed the README met an empty mailbox.
#[test]
fn the_people_of_a_demo_have_written_to_each_other_for_a_fortnight() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(Start { with_letters: true, ..Start::demo(folder.path()) });
    let accounts: Vec<Value> = serde_json::from_str(&blocking(get(&server, "/demo/accounts.json"))).unwrap();
    let anna = &accounts[0];
    let terminal = Terminal::new(folder.path(), text(anna, "name"), text(anna, "password"));
    terminal.sign_in(&server, text(anna, "address"), text(anna, "phone")).done();
    let inbox = terminal.run(&["list"]).done();
    let rows = inbox.as_array().unwrap();
    let unread = rows.iter().filter(|row| row["read"] == json!(false)).count();
    assert!(rows.len() >= 6 && (2..rows.len()).contains(&unread), "{inbox}");
    let arrived: Vec<Timestamp> = rows.iter().map(|row| text(row, "arrived").parse().unwrap()).collect();
    let days = arrived[0].since(*arrived.last().unwrap()).as_secs() / (24 * 60 * 60);
    assert!((6..14).contains(&days), "{days}");
    assert!(!inbox.to_string().contains("date-is-off"), "dated and arrived at one time");
    for folder in ["sent", "trash", "archive"] {
        assert!(!terminal.run(&["list", "--folder", folder]).done().as_array().unwrap().is_empty(), "{folder}");
    }
    let keys = terminal.run(&["compare", text(&accounts[1], "address")]).done();
    assert_eq!(keys["state"], "compared", "{keys}");
    // A restart tells nothing a second time.
    server.stop();
    let _server = server.again();
    assert_eq!(terminal.run(&["list"]).done().as_array().unwrap().len(), rows.len());
}

#[test]
fn the_outbox_shows_what_would_have_been_sent_newest_last() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = ANNA.at(&server, folder.path());
    BJORN.at(&server, folder.path());
    anna.run(&["send", "--to", BJORN.address, "--subject", "Hemligt ämne", "--text", "Hemlig text"]).done();
    let notice = blocking(async {
        for _ in 0..500 {
            let outbox = server.outbox().await;
            if let Some(notice) =
                outbox.iter().rfind(|message| message["to"] == BJORN.address && message["code"].is_null())
            {
                return notice.clone();
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("no notice came")
    });
    assert_eq!(members(&notice), ["at", "channel", "link", "subject", "text", "to"]);
    assert_eq!(notice["channel"], "email");
    assert!(!notice.to_string().contains("Hemlig"), "{notice}");

    let outbox = blocking(server.outbox());
    let times: Vec<Timestamp> = outbox.iter().map(|message| message["at"].as_str().unwrap().parse().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
    let to = |address: &str| outbox.iter().find(|message| message["to"] == address).unwrap();
    let (email, sms) = (to(ANNA.address), to(ANNA.phone));
    assert_eq!((&email["channel"], &sms["channel"]), (&"email".into(), &"sms".into()));
    assert_eq!(members(sms), ["at", "channel", "code", "text", "to"]);
    for message in [email, sms] {
        let code = message["code"].as_str().unwrap();
        assert!(code.len() == 6 && message["text"].as_str().unwrap().contains(code), "{message}");
    }
}

#[test]
fn a_demo_refuses_to_be_seen_from_other_machines() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut serve = Command::new(binary());
    serve.args(["serve", "--demo", "--listen", "0.0.0.0:0", "--data"]).arg(&data);
    let output = serve.env("SECUREMAILBOX_SERVER_PUBLIC_URL", "https://mail.example.se").output().unwrap();
    assert_ne!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stderr).contains("loopback"), "{output:?}");
    assert!(!data.exists(), "it said no before it made anything");
}
