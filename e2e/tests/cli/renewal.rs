//! `renew`: new locks, quickly and thoroughly, and what the old ones still open.

use std::fs;

use securemailbox_e2e::{
    command::Terminal,
    server::{Server, Start},
};
use serde_json::json;

use crate::{ANNA, BJORN, assert_failed, assert_holds, id};

const OTHER: &str = "nio runda fat vid en sjö";

#[test]
fn new_locks_open_the_same_letters_and_the_old_ones_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let (anna, bjorn) = (ANNA.at(&server, folder.path()), BJORN.at(&server, folder.path()));
    let letter = id(&bjorn.run(&["send", "--to", ANNA.address, "--subject", "Provsvaren", "--text", "Fina."]).done());
    let lost = Terminal::new(folder.path(), "Annas borttappade", ANNA.password);
    lost.sign_in(&server, ANNA.address, ANNA.phone).done();

    let file = folder.path().join("password");
    fs::write(&file, format!("{OTHER}\n")).unwrap();
    let file = file.to_str().unwrap();
    assert_failed(&anna.run(&["renew", "--finish", "--password-file", file]), 2, "usage");
    assert_holds(&anna.run(&["renew", "--finish"]).done(), &json!({ "letters": null }));
    let renewed = anna.run(&["renew", "--password-file", file]).done();
    assert_holds(&renewed, &json!({ "renewed": true, "letters": 1 }));
    assert!(renewed["recovery_code"].as_str().is_some_and(|code| code.len() >= 28), "{renewed}");
    assert_failed(&lost.run(&["list"]), 3, "not-signed-in");
    assert_holds(&anna.run(&["read", &letter]).done(), &json!({ "text": "Fina.", "verified": true }));
    assert_holds(&anna.run(&["whoami"]).done(), &json!({ "address": ANNA.address }));
    let after = id(&bjorn.run(&["send", "--to", ANNA.address, "--subject", "Efter", "--text", "Än."]).done());
    assert_holds(&anna.run(&["read", &after]).done(), &json!({ "text": "Än.", "verified": true }));
    let kinds = anna.run(&["events"]).done()["events"].to_string();
    assert!(kinds.contains("keys-renewed") && kinds.contains("keyring-replaced"), "{kinds}");

    let quick = anna.run(&["renew", "--quick", "--password-file", file]).done();
    assert_holds(&quick, &json!({ "renewed": true, "letters": null }));
    assert_holds(&anna.run(&["read", &letter]).done(), &json!({ "text": "Fina." }));
    anna.run(&["logout"]).done();
    let login = ["login", "--server", server.url(), "--email", ANNA.address];
    assert_failed(&anna.run(&login), 3, "credentials-refused");
}
