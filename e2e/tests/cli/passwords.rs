//! `change-password`, and by which rule a password is refused.

use std::{fs, path::Path};

use securemailbox_e2e::{
    command::Terminal,
    server::{Server, Start},
};
use serde_json::json;

use crate::{ANNA, BJORN, assert_failed, assert_holds, id};

const OTHER: &str = "nio runda fat vid en sjö";

/// A file with a password.
fn file(folder: &Path, password: &str) -> String {
    let file = folder.join("password");
    fs::write(&file, format!("{password}\n")).expect("written");
    file.to_str().expect("a path of ours").to_owned()
}

#[test]
fn a_changed_password_opens_the_same_letters_and_the_old_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let (anna, bjorn) = (ANNA.at(&server, folder.path()), BJORN.at(&server, folder.path()));
    let letter = id(&bjorn.run(&["send", "--to", ANNA.address, "--subject", "Provsvaren", "--text", "Fina."]).done());
    let other = file(folder.path(), OTHER);
    let changed = anna.run(&["change-password", "--password-file", &other]).done();
    assert_eq!(changed, json!({ "changed": true, "proved": true }));
    let newest = &anna.run(&["events"]).done()["events"][0];
    assert_holds(newest, &json!({ "kind": "password-changed", "current": true }));
    assert_holds(&anna.run(&["read", &letter]).done(), &json!({ "text": "Fina.", "verified": true }));

    anna.run(&["logout"]).done();
    let login = ["login", "--server", server.url(), "--email", ANNA.address];
    assert_failed(&anna.run(&login), 3, "credentials-refused");
    let with_other = Terminal::new(folder.path(), "Anna igen", OTHER);
    with_other.sign_in(&server, ANNA.address, ANNA.phone).done();
    assert_holds(&with_other.run(&["read", &letter]).done(), &json!({ "text": "Fina." }));
}

#[test]
fn a_refused_password_is_told_by_which_rule_and_what_to_do_in_both_languages() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = ANNA.at(&server, folder.path());
    let rules = [
        ("kort", "at least 12 characters", "färre än 12 tecken"),
        ("asdfghjklöä1", "a row of keys", "en rad på tangentbordet"),
        ("Anna Lindqvist 4", "your name", "ditt namn"),
        ("anna.cli@example", "your address", "din adress"),
        ("sommar2024sommar", "tried first", "prövas först"),
    ];
    for (weak, english, swedish) in rules {
        let weak_file = file(folder.path(), weak);
        let change = ["change-password", "--password-file", &weak_file];
        let refused = anna.run(&change);
        assert_failed(&refused, 3, "weak-password");
        let detail = refused.json()["error"]["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(english) && detail.contains("Choose another"), "{detail}");
        let said = anna.command(&change).env("LC_ALL", "sv_SE.UTF-8").output().unwrap();
        let said = String::from_utf8(said.stderr).unwrap();
        assert!(said.contains(swedish), "{said}");
        assert!(!said.contains(weak) && !detail.contains(weak), "a password is never repeated");
    }
    // Nothing was changed by any of them.
    anna.run(&["logout"]).done();
    anna.sign_in(&server, ANNA.address, ANNA.phone).done();
}
