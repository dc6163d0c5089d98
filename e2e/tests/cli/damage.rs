//! Letters that were damaged on the server's disk: shown as damaged, never as letters, and in nobody's way.

use std::{fs, io::Read, path::Path};

use pgp::armor::Dearmor;
use securemailbox_e2e::{
    command::Terminal,
    server::{Server, Start},
};
use serde_json::json;

use crate::{ANNA, BJORN, assert_failed, assert_holds, id};

#[test]
fn a_damaged_letter_ends_6_and_the_others_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(Start::demo(folder.path()));
    let (anna, bjorn) = (ANNA.at(&server, folder.path()), BJORN.at(&server, folder.path()));
    let [whole, without_key, without_text] = ["Hel", "Utan nyckel", "Utan text"]
        .map(|subject| id(&anna.run(&["send", "--to", BJORN.address, "--subject", subject, "--text", "Hej"]).done()));
    let stored = |letter: &str| exported(&bjorn, folder.path(), letter);
    // The wrapped key comes first in an OpenPGP message, the text last (RFC 9580 §10.3).
    let key = stored(&without_key)[200..240].to_vec();
    let text = stored(&without_text);
    let text = text[text.len() - 60..text.len() - 20].to_vec();
    server.stop();
    flip_a_bit(server.data(), &key);
    flip_a_bit(server.data(), &text);
    let server = server.again();

    // A device that saw nothing before: what it lists, it opened now.
    let bjorn = Terminal::new(folder.path(), "Björns nya dator", BJORN.password);
    bjorn.sign_in(&server, BJORN.address, BJORN.phone).done();
    let inbox = bjorn.run(&["list"]).done();
    let row = |letter: &str| inbox.as_array().unwrap().iter().find(|row| row["id"] == letter).unwrap();
    assert_holds(row(&without_key), &json!({ "id": without_key, "error": "damaged" }));
    for hidden in ["from", "subject", "text", "date"] {
        assert!(row(&without_key).get(hidden).is_none(), "{}", row(&without_key));
    }
    assert_holds(row(&whole), &json!({ "subject": "Hel" }));
    // Its envelope is whole.
    assert_holds(row(&without_text), &json!({ "subject": "Utan text" }));

    assert_failed(&bjorn.run(&["read", &without_key]), 6, "damaged");
    assert_failed(&bjorn.run(&["read", &without_text]), 6, "damaged");
    assert_holds(&bjorn.run(&["read", &whole]).done(), &json!({ "text": "Hej" }));

    let out = folder.path().join("out");
    let export = bjorn.run(&["export", "--out", out.to_str().unwrap()]);
    assert_eq!(export.code, 6, "a backup that lacks something says so: {export:?}");
    let error = &export.json()["error"];
    assert_eq!(error["exported"], json!([whole]));
    assert_eq!(error["damaged"].as_array().map(Vec::len), Some(2), "{error}");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1);

    // They can still be thrown away.
    bjorn.run(&["move", &without_key, "trash"]).done();
    assert_holds(&bjorn.run(&["empty-trash"]).done(), &json!({ "erased": 1 }));
}

/// A letter as the server stores it: wrapped key and content, one OpenPGP message.
fn exported(reader: &Terminal, folder: &Path, letter: &str) -> Vec<u8> {
    let out = folder.join("stored");
    reader.run(&["export", "--encrypted", "--out", out.to_str().expect("UTF-8")]).done();
    let eml = fs::read_to_string(out.join(format!("{letter}.eml"))).expect("exported");
    let armored = &eml[eml.find("-----BEGIN PGP MESSAGE-----").expect("a message")..];
    let mut bytes = Vec::new();
    Dearmor::new(armored.as_bytes()).read_to_end(&mut bytes).expect("armor");
    bytes
}

/// Flips a bit of `bytes` wherever they lie below `folder`.
fn flip_a_bit(folder: &Path, bytes: &[u8]) {
    let mut found = 0;
    for path in fs::read_dir(folder).expect("a folder").map(|file| file.expect("readable").path()) {
        if path.is_dir() {
            continue;
        }
        let mut file = fs::read(&path).expect("readable");
        let places: Vec<usize> = (0..file.len()).filter(|at| file[*at..].starts_with(bytes)).collect();
        for place in &places {
            file[place + bytes.len() / 2] ^= 1;
        }
        if !places.is_empty() {
            fs::write(&path, file).expect("writable");
        }
        found += places.len();
    }
    assert!(found > 0, "the letter does not lie on the disk as it is exported");
}
