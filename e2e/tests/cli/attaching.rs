//! Files at a terminal: along with a letter, saved, passed on, interrupted, and gone with it.

use std::{fs, path::Path};

use securemailbox_e2e::server::{Server, Start};
use serde_json::json;

use crate::{ANNA, BJORN, CECILIA, assert_failed, assert_holds, id};

fn file(folder: &Path, name: &str, length: usize) -> (String, Vec<u8>) {
    let bytes: Vec<u8> = (0..length).map(|at| u8::try_from(at * 31 % 253).expect("a file")).collect();
    fs::write(folder.join(name), &bytes).expect("a file");
    (folder.join(name).to_str().expect("a file").to_owned(), bytes)
}

#[test]
fn files_go_along_and_are_saved_whole_under_their_names_and_over_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let [anna, bjorn, cecilia] = [ANNA, BJORN, CECILIA].map(|person| person.at(&server, folder.path()));
    let (intyg, bytes) = file(folder.path(), "Läkarintyg åäö.pdf", 9_000_001);
    let (tom, _) = file(folder.path(), "tom.txt", 0);
    // A file and no text is a letter.
    let sent = anna.run(&["send", "--to", BJORN.address, "--subject", "S", "--attach", &intyg, &tom]).done();
    let letter = id(&sent);
    assert_holds(&bjorn.run(&["list"]).done()[0], &json!({ "attachments": 2 }));
    let read = bjorn.run(&["read", &letter]).done();
    assert_eq!(read["attachments"][0]["name"], "Läkarintyg åäö.pdf");
    assert_holds(&read["attachments"][1], &json!({ "number": 2, "name": "tom.txt", "size": 0, "type": "text/plain" }));

    let out = folder.path().join("ut");
    let out = out.to_str().unwrap();
    for expected in ["Läkarintyg åäö.pdf", "Läkarintyg åäö (2).pdf"] {
        let saved = bjorn.run(&["save", &letter, "--out", out]).done();
        assert_eq!(saved["saved"][0]["path"], format!("{out}/{expected}"));
        assert!(fs::read(format!("{out}/{expected}")).unwrap() == bytes);
    }
    assert_eq!(fs::read(format!("{out}/tom.txt")).unwrap(), b"");
    assert_eq!(fs::read_dir(out).unwrap().count(), 4, "nothing that is not whole");
    let piped = bjorn.command(&["save", &letter, "1", "--out", "-"]).output().unwrap();
    assert!(piped.stdout == bytes, "standard output is the file");
    assert!(anna.run(&["read", &letter]).done()["deliveries"][0]["saved"].is_string());

    // Passed on, and erased by everybody else, they are the third one's.
    let passed = id(&bjorn.run(&["forward", &letter, "--to", CECILIA.address]).done());
    for person in [&anna, &bjorn] {
        person.run(&["move", &letter, "trash"]).done();
        person.run(&["empty-trash"]).done();
    }
    cecilia.run(&["save", &passed, "1", "--out", out]).done();
    assert!(fs::read(format!("{out}/Läkarintyg åäö (3).pdf")).unwrap() == bytes);
}

#[test]
fn what_can_not_be_attached_or_saved_is_told_before_anything_goes_out() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()).with("QUOTAS__LARGEST_FILE_MEBIBYTES", "1"));
    let (anna, bjorn) = (ANNA.at(&server, folder.path()), BJORN.at(&server, folder.path()));
    let (large, _) = file(folder.path(), "stor.bin", 1024 * 1024 + 1);
    let send =
        |file: &str| anna.run(&["send", "--to", BJORN.address, "--subject", "S", "--text", "T", "--attach", file]);
    for refused in [large.as_str(), folder.path().to_str().unwrap(), "/nonexistent.pdf"] {
        assert_failed(&send(refused), 2, "usage");
    }
    assert_eq!(bjorn.run(&["list"]).done(), json!([]));
    let letter = id(&anna.run(&["send", "--to", BJORN.address, "--subject", "S", "--text", "T"]).done());
    assert_failed(&bjorn.run(&["save", &letter]), 4, "not-found");
    let (small, _) = file(folder.path(), "liten.bin", 10);
    let letter = id(&send(&small).done());
    assert_failed(&bjorn.run(&["save", &letter, "2"]), 2, "usage");
}
