//! Back in by paper alone, and out for good, at a terminal (PROTOCOL §7): it waits, is seen and stopped, and goes on when its time
//! has come.

use std::path::Path;

use securemailbox_e2e::{
    command::{Ended, Terminal},
    server::{Server, Start},
};
use serde_json::{Value, json};

use crate::{ANNA, assert_failed, assert_holds};

/// Anna at a terminal, with both papers.
struct Papers {
    anna: Terminal,
    sheet: String,
    codes: Vec<String>,
}

fn papers(server: &Server, folder: &Path) -> Papers {
    let anna = ANNA.terminal(folder);
    let registered = anna.register(server, ANNA.address, ANNA.phone, ANNA.name);
    let (sheet, codes) = with_new_papers(&anna, &registered);
    Papers { anna, sheet, codes }
}

fn with_new_papers(anna: &Terminal, document: &Value) -> (String, Vec<String>) {
    let sheet = document["recovery_code"].as_str().expect("a code").to_owned();
    let made = anna.run(&["one-time-codes"]).done();
    let codes = made["codes"].as_array().expect("a list").iter().map(|code| code.as_str().expect("text").to_owned());
    (sheet, codes.collect())
}

/// Runs `recover` where no phone is at hand.
fn recover(server: &Server, terminal: &Terminal, sheet: &str, code: &str) -> Ended {
    recover_by(server, terminal, sheet, code, "2")
}

/// The same, by the so-manieth of the ways that are offered: what was waited for comes first.
fn recover_by(server: &Server, terminal: &Terminal, sheet: &str, code: &str, way: &str) -> Ended {
    terminal.converse(&["recover", "--server", server.url(), "--email", ANNA.address], |line| match line {
        line if line.starts_with("The code on the recovery sheet") => Some(sheet.to_owned()),
        line if line.starts_with("How do you confirm") => Some(way.to_owned()),
        line if line.starts_with("A one-time code") => Some(code.to_owned()),
        _ => None,
    })
}

/// Whatever waits has waited for long enough.
fn time_has_come(server: &mut Server) -> Server {
    server.stop();
    let database = rusqlite::Connection::open(server.data().join("mailbox.sqlite")).expect("a database");
    assert_eq!(
        database.execute("UPDATE wait SET due = begun, announce = NULL", []).expect("written"),
        1,
        "its time has come"
    );
    drop(database);
    server.again()
}

#[test]
fn paper_alone_waits_and_then_makes_a_new_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(Start::demo(folder.path()));
    let Papers { anna, sheet, codes } = papers(&server, folder.path());
    let elsewhere = Terminal::new(folder.path(), "Annas nya dator", "sju nya ord som ingen annan har");
    let waits = recover(&server, &elsewhere, &sheet, &codes[0]).done();
    assert_eq!(waits["waits"]["kind"], "recovery");
    assert_failed(&elsewhere.run(&["whoami"]), 3, "not-signed-in");
    let again = recover(&server, &elsewhere, &sheet, &codes[1]);
    assert_eq!(again.err, "The code on the recovery sheet:\n", "nothing more is asked while it waits");
    assert_eq!(again.done()["waits"], waits["waits"]);
    let warned = String::from_utf8(anna.command(&["list"]).output().unwrap().stderr).unwrap();
    assert!(warned.contains("Warning: somebody showed your recovery sheet"), "{warned}");

    let server = time_has_come(&mut server);
    let recovered = recover_by(&server, &elsewhere, &sheet, &codes[0], "1").done();
    assert_ne!(recovered["recovery_code"], json!(sheet), "a sheet counts once");
    assert_failed(&anna.run(&["whoami"]), 3, "not-signed-in");
    let left = elsewhere.run(&["factors"]).done();
    let on_paper = left["factors"].as_array().unwrap().iter().find(|one| one["kind"] == "one-time-codes").unwrap();
    assert_eq!(on_paper["left"], 0, "the codes are spent");
    assert_failed(
        &recover(&server, &Terminal::new(folder.path(), "x", "y"), &sheet, &codes[1]),
        3,
        "credentials-refused",
    );
}

#[test]
fn whoever_is_signed_in_stops_it_and_owes_new_papers() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let Papers { anna, sheet, codes } = papers(&server, folder.path());
    assert_eq!(anna.run(&["stop"]).done(), json!({ "stopped": [] }));
    let elsewhere = Terminal::new(folder.path(), "the thief's", "sju nya ord som ingen annan har");
    recover(&server, &elsewhere, &sheet, &codes[0]).done();
    assert_eq!(anna.run(&["stop"]).done(), json!({ "stopped": ["recovery"] }));
    assert_failed(&recover(&server, &elsewhere, &sheet, &codes[1]), 3, "credentials-refused");

    anna.run(&["logout"]).done();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let before = runtime.block_on(server.messages_to(ANNA.phone));
    let back = anna.converse(&["login", "--server", server.url(), "--email", ANNA.address], |line| match line {
        line if line.starts_with("How do you confirm") => Some("1".into()),
        line if line.starts_with("The code from the SMS") => Some(runtime.block_on(server.code(ANNA.phone, before))),
        _ => None,
    });
    assert_holds(&back.done(), &json!({ "sheet_owed": true }));
    let (sheet, codes) = with_new_papers(&anna, &anna.run(&["new-sheet"]).done());
    let waits = recover(&server, &elsewhere, &sheet, &codes[0]).done();
    assert_eq!(waits["waits"]["kind"], "recovery");
}

#[test]
fn a_mailbox_is_removed_after_seven_days_unless_it_is_stopped_and_its_address_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(Start::demo(folder.path()));
    let Papers { anna, .. } = papers(&server, folder.path());
    assert_eq!(anna.run(&["remove-mailbox"]).done()["waits"]["kind"], "removal");
    assert_eq!(anna.run(&["stop"]).done(), json!({ "stopped": ["removal"] }));
    anna.run(&["remove-mailbox"]).done();
    let server = time_has_come(&mut server);
    let is_gone = || anna.run(&["whoami"]).code == 3;
    assert!((0..100).any(|_| is_gone()), "it goes by itself");
    assert_failed(&anna.run(&["whoami"]), 3, "not-signed-in");
    let anew = Terminal::new(folder.path(), "Annas nya", ANNA.password);
    anew.register(&server, ANNA.address, ANNA.phone, ANNA.name);
}
