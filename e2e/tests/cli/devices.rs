//! What a terminal is as a device: its name in its owner's list, and what the server knows it by.

use std::fs;

use securemailbox_e2e::{
    command::Terminal,
    server::{Server, Start},
};
use securemailbox_protocol::limits;
use serde_json::json;

use crate::{ANNA, assert_failed, assert_holds};

#[test]
fn a_terminal_has_a_name_that_its_owner_sees_however_it_came_in() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = ANNA.at(&server, folder.path());
    let second = Terminal::new(folder.path(), "Annas andra dator", ANNA.password);
    second.sign_in(&server, ANNA.address, ANNA.phone).done();
    let sessions = anna.run(&["sessions"]).done();
    let sessions = sessions["sessions"].as_array().expect("a list");
    assert_eq!(sessions.len(), 2, "{sessions:?}");
    for session in sessions {
        assert_holds(session, &json!({ "device": { "program": "Terminal", "system": "Linux" } }));
    }
    let plain = second.command(&["sessions"]).output().unwrap().stdout;
    let plain = String::from_utf8(plain).unwrap();
    assert_eq!(plain.lines().filter(|line| line.split('\t').nth(2) == Some("Terminal on Linux")).count(), 2, "{plain}");
    assert_eq!(plain.lines().filter(|line| line.ends_with("\tthis session")).count(), 1, "{plain}");
}

/// PROTOCOL §9a, Codes.
#[test]
fn guesses_from_its_network_keep_no_terminal_out_that_signed_in_before_until_it_signs_out() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let anna = ANNA.at(&server, folder.path());
    let login = ["login", "--server", server.url(), "--email", ANNA.address];
    let new = Terminal::new(folder.path(), "Annas nya dator", ANNA.password);
    // Somebody beside her guesses, until nobody from there may go on who is not known.
    runtime.block_on(async {
        let (client, url) = (reqwest::Client::new(), format!("{}/api/v1/sign-ins", server.url()));
        let guess = json!({ "address": ANNA.address, "request": "AA" }).to_string();
        let mut refused = false;
        for _ in 0..=limits::SIGN_INS_AN_HOUR {
            let guess = client.post(&url).header("content-type", "application/json").body(guess.clone());
            refused = guess.send().await.unwrap().status() == reqwest::StatusCode::TOO_MANY_REQUESTS;
        }
        assert!(refused, "guesses are not counted");
    });
    assert_failed(&new.run(&login), 3, "too-many-requests");
    let known = anna.profile().join("known-device");
    let before = fs::read(&known).unwrap();
    anna.sign_in(&server, ANNA.address, ANNA.phone).done();
    assert_eq!(fs::read(&known).unwrap(), before, "signing in again gives no fresh tries");
    // It opens nothing by itself.
    fs::create_dir(new.profile()).ok();
    fs::copy(&known, new.profile().join("known-device")).unwrap();
    assert_failed(&new.run(&["list"]), 3, "not-signed-in");
    anna.run(&["logout"]).done();
    assert!(!known.exists());
    assert_failed(&anna.run(&login), 3, "too-many-requests");
}

/// PROTOCOL §6: a device that is new is told of, and one that signed in before is not; all others are ended at once.
#[test]
fn a_new_device_is_told_of_and_all_others_are_ended_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = ANNA.at(&server, folder.path());
    let newest = || anna.run(&["events"]).done()["events"][0]["kind"].clone();
    let second = Terminal::new(folder.path(), "Annas andra dator", ANNA.password);
    second.sign_in(&server, ANNA.address, ANNA.phone).done();
    assert_eq!(newest(), "new-device");
    second.sign_in(&server, ANNA.address, ANNA.phone).done();
    assert_eq!(newest(), "signed-in", "it is known by then");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let outbox = runtime.block_on(server.outbox());
    for to in [ANNA.address, ANNA.phone] {
        let told = |message: &&serde_json::Value| {
            message["to"] == to
                && ["ny enhet", "new device"].iter().any(|words| message["text"].to_string().contains(words))
        };
        assert_eq!(outbox.iter().filter(told).count(), 1, "{outbox:?}");
    }

    let ended = anna.command(&["sessions", "--end-others"]).output().unwrap();
    assert_eq!(
        String::from_utf8(ended.stdout).unwrap(),
        "All other sessions are ended. Their devices open nothing any more.\n"
    );
    assert_failed(&second.run(&["list"]), 3, "not-signed-in");
    assert_eq!(anna.run(&["sessions"]).done()["sessions"].as_array().map(Vec::len), Some(1));
    assert_eq!(newest(), "other-sessions-ended");
    let events = anna.run(&["events"]).done();
    assert_eq!(anna.run(&["sessions", "--end-others"]).done(), json!({ "ended": "others" }));
    assert_eq!(anna.run(&["events"]).done(), events, "with nobody else there, nothing happens");

    second.sign_in(&server, ANNA.address, ANNA.phone).done();
    assert_eq!(newest(), "new-device", "who was put out is known no more");
    second.sign_in(&server, ANNA.address, ANNA.phone).done();
    assert_eq!(newest(), "signed-in");
    let sessions = anna.run(&["sessions"]).done();
    let of_second = sessions["sessions"].as_array().unwrap().iter().find(|row| row["current"] == json!(false)).unwrap();
    anna.run(&["sessions", "--end", of_second["id"].as_str().unwrap()]).done();
    second.sign_in(&server, ANNA.address, ANNA.phone).done();
    assert_eq!(newest(), "new-device", "nor who was put out alone");
}
