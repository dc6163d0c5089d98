//! How letters are marked, put back and erased one by one, and whom a mailbox knows.

use std::process::Stdio;

use securemailbox_e2e::server::{Server, Start};
use serde_json::json;

use crate::{ANNA, BJORN, CECILIA, assert_failed, assert_holds, id};

const NO_LETTER: &str = "0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a11";

#[test]
fn a_letter_is_flagged_and_marked_as_unread_and_the_list_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let (anna, bjorn) = (ANNA.at(&server, folder.path()), BJORN.at(&server, folder.path()));
    let letter = id(&anna.run(&["send", "--to", BJORN.address, "--subject", "S", "--text", "T"]).done());
    bjorn.run(&["read", &letter]).done();
    assert_holds(&bjorn.run(&["list"]).done()[0], &json!({ "read": true, "flagged": false }));
    assert_eq!(bjorn.run(&["flag", &letter]).done(), json!({ "id": letter, "flagged": true }));
    assert_eq!(bjorn.run(&["unread", &letter]).done(), json!({ "id": letter, "read": false }));
    assert_holds(&bjorn.run(&["list"]).done()[0], &json!({ "read": false, "flagged": true }));
    let list = bjorn.command(&["list"]).stdin(Stdio::null()).output().unwrap().stdout;
    assert_eq!(String::from_utf8(list).unwrap().split('\t').nth(2), Some("unread flagged"));
    assert_holds(&bjorn.run(&["read", &letter]).done(), &json!({ "flagged": true }));
    assert_eq!(bjorn.run(&["unflag", &letter]).done(), json!({ "id": letter, "flagged": false }));
    assert_holds(&bjorn.run(&["list"]).done()[0], &json!({ "read": true, "flagged": false }));
    for command in ["flag", "unflag", "unread", "restore"] {
        assert_failed(&bjorn.run(&[command, NO_LETTER]), 4, "not-found");
        assert_failed(&bjorn.run(&[command, "17"]), 2, "usage");
    }
}

#[test]
fn one_letter_of_the_trash_is_erased_and_the_others_are_put_back_where_they_came_from() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let (anna, bjorn) = (ANNA.at(&server, folder.path()), BJORN.at(&server, folder.path()));
    let [first, second] = ["Ett", "Två"]
        .map(|subject| id(&anna.run(&["send", "--to", BJORN.address, "--subject", subject, "--text", "T"]).done()));
    assert_failed(&bjorn.run(&["erase", &first]), 4, "not-found");
    assert_holds(&bjorn.run(&["read", &first]).done(), &json!({ "subject": "Ett" }));
    for letter in [&first, &second] {
        bjorn.run(&["move", letter, "trash"]).done();
    }
    let receipt = bjorn.run(&["erase", &first]).done();
    assert_holds(&receipt, &json!({ "erased": 1 }));
    assert_holds(&receipt["steps"][0], &json!({ "step": "keys-destroyed", "count": 1, "taken": true }));
    assert_failed(&bjorn.run(&["read", &first]), 4, "not-found");
    assert_eq!(bjorn.run(&["restore", &second]).done(), json!({ "id": second, "folder": "inbox" }));
    assert_holds(&bjorn.run(&["list"]).done()[0], &json!({ "id": second, "folder": "inbox" }));
    anna.run(&["move", &second, "archive"]).done();
    assert_eq!(anna.run(&["restore", &second]).done(), json!({ "id": second, "folder": "sent" }));
}

#[test]
fn the_contacts_are_those_one_wrote_to_or_read_from_and_how_their_keys_stand() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let [anna, bjorn, _] = [ANNA, BJORN, CECILIA].map(|person| person.at(&server, folder.path()));
    assert_eq!(anna.run(&["contacts"]).done(), json!([]));
    let letter = id(&bjorn.run(&["send", "--to", ANNA.address, "--subject", "S", "--text", "T"]).done());
    anna.run(&["read", &letter]).done();
    anna.run(&["send", "--to", CECILIA.address, "--subject", "S", "--text", "T"]).done();
    anna.run(&["compare", BJORN.address, "--matches"]).done();
    let expected = json!([
        { "address": BJORN.address, "name": BJORN.name, "key_state": "compared", "number": null },
        { "address": CECILIA.address, "name": null, "key_state": "known", "number": null },
    ]);
    assert_eq!(anna.run(&["contacts"]).done(), expected);
    let plain = anna.command(&["contacts"]).stdin(Stdio::null()).output().unwrap().stdout;
    let (bjorn, cecilia) = (BJORN.address, CECILIA.address);
    let expected = format!("{}\t{bjorn}\tcompared\t\n\t{cecilia}\tknown\t\n", BJORN.name);
    assert_eq!(String::from_utf8(plain).unwrap(), expected);
}
