//! A letter that asks for a level (PROTOCOL §6), and a number that its sender knows, at a terminal.

use securemailbox_e2e::{
    command::Terminal,
    server::{Server, Start},
};
use serde_json::json;

use crate::{
    ANNA, BJORN, CECILIA, assert_failed, assert_holds,
    factors::{App, add_app},
    id,
};

#[test]
fn a_letter_that_asks_for_an_app_is_read_once_there_is_one_and_its_sender_sees_by_what() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let [anna, bjorn] = [ANNA, BJORN].map(|person| person.at(&server, folder.path()));
    let sent = anna
        .run(&[
            "send",
            "--to",
            BJORN.address,
            "--subject",
            "Provsvaren",
            "--text",
            "Allt är bra.",
            "--level",
            "authenticator",
        ])
        .done();
    assert_holds(&sent, &json!({ "level": "authenticator" }));
    let letter = id(&sent);
    let listed = bjorn.run(&["list"]).done();
    assert_holds(&listed[0], &json!({ "id": letter, "error": "level-required", "level": "authenticator" }));
    assert_failed(&bjorn.run(&["read", &letter]), 3, "level-required");
    assert_failed(&bjorn.run(&["forward", &letter, "--to", ANNA.address]), 3, "level-required");

    // The app is added on another device: the session of this one stands where its SMS put it.
    let other = Terminal::new(folder.path(), "another", BJORN.password);
    other.with_codes(&server, &["login", "--server", server.url(), "--email", BJORN.address], &[BJORN.phone]).done();
    let (mut app, _) = add_app(&other);
    let read = bjorn.converse(&["read", &letter], |line| by_app(line, &mut app)).done();
    assert_holds(
        &read,
        &json!({ "subject": "Provsvaren", "text": "Allt är bra.", "level": "authenticator", "warnings": [] }),
    );
    // The proof is fresh for a while.
    assert_holds(&bjorn.run(&["read", &letter]).done(), &json!({ "subject": "Provsvaren" }));
    // What holds its words asks for the same, unless its writer says otherwise.
    let answer = |level: &[&str]| bjorn.run(&[&["reply", &letter, "--text", "Tack."], level].concat()).done();
    assert_holds(&answer(&[]), &json!({ "level": "authenticator" }));
    assert_holds(&answer(&["--level", "none"]), &json!({ "level": null }));
    let passed_on = bjorn.run(&["forward", &letter, "--to", ANNA.address]).done();
    assert_holds(&passed_on, &json!({ "level": "authenticator" }));
    let plain = String::from_utf8(bjorn.command(&["list"]).output().unwrap().stdout).unwrap();
    assert!(plain.contains("\tread authenticator\t") && plain.contains("Provsvaren"), "{plain}");

    let own = anna.run(&["read", &letter]).done();
    assert_holds(&own, &json!({ "level": "authenticator" }));
    assert_holds(&own["deliveries"][0]["read"], &json!({ "verified": true, "level": "authenticator" }));
}

fn by_app(line: &str, app: &mut App) -> Option<String> {
    line.starts_with("The code that your authenticator app shows").then(|| app.next())
}

#[test]
fn a_passkey_is_shown_to_a_browser_and_no_level_is_nobodys() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let [anna, bjorn] = [ANNA, BJORN].map(|person| person.at(&server, folder.path()));
    let send =
        |level: &str| anna.run(&["send", "--to", BJORN.address, "--subject", "S", "--text", "T", "--level", level]);
    let letter = id(&send("passkey").done());
    assert_failed(&bjorn.run(&["read", &letter]), 3, "level-required");
    assert_eq!(send("eid").code, 2, "nobody here can prove one yet");
    // Whoever has just signed in by SMS has proved that much.
    let letter = id(&send("phone").done());
    assert_holds(&bjorn.run(&["read", &letter]).done(), &json!({ "level": "phone", "text": "T" }));
}

#[test]
fn a_number_that_is_not_theirs_stops_the_sending_until_the_sender_says_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let [anna, bjorn, _] = [ANNA, BJORN, CECILIA].map(|person| person.at(&server, folder.path()));
    let send = |to: &str| anna.run(&["send", "--to", to, "--subject", "S", "--text", "T"]);
    let checked = anna.run(&["contacts", "check-number", BJORN.address, "070-174 06 15"]).done();
    assert_eq!(checked, json!({ "address": BJORN.address, "phone": BJORN.phone, "matches": true }));
    let checked = anna.run(&["contacts", "check-number", CECILIA.address, BJORN.phone]).done();
    assert_eq!(checked, json!({ "address": CECILIA.address, "phone": BJORN.phone, "matches": false }));
    let contacts = anna.run(&["contacts"]).done();
    assert_holds(&contacts[0], &json!({ "key_state": "new", "number": { "phone": BJORN.phone, "matches": true } }));
    assert_holds(&contacts[1], &json!({ "key_state": "new", "number": { "phone": BJORN.phone, "matches": false } }));
    send(BJORN.address).done();
    let refused = send(CECILIA.address);
    assert_eq!((refused.code, &refused.json()["error"]["type"]), (3, &json!("number-differs")));
    assert_eq!(refused.json()["error"]["address"], CECILIA.address);
    let anyway = anna.run(&["contacts", "write-anyway", CECILIA.address]).done();
    assert_eq!(anyway, json!({ "address": CECILIA.address, "key_state": "new" }));
    send(CECILIA.address).done();
    assert_failed(&anna.run(&["contacts", "check-number", ANNA.address, ANNA.phone]), 3, "oneself");
    assert_failed(&bjorn.run(&["contacts", "check-number", "nobody@example.se", ANNA.phone]), 4, "no-account");
}
