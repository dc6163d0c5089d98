//! Answering a letter and passing it on: to whom, under which subject, with which words.

use std::{fs, path::Path, process::Stdio};

use securemailbox_e2e::{
    command::Terminal,
    server::{Server, Start},
};
use serde_json::{Value, json};

use crate::{ANNA, BJORN, CECILIA, assert_failed, assert_holds, id, text};

const SUBJECT: &str = "Mötet på torsdag";
const TEXT: &str = "Hej!\n\nKan ni klockan tio?\n";

/// Anna wrote to Björn, with a copy to Cecilia.
struct Scene {
    anna: Terminal,
    bjorn: Terminal,
    cecilia: Terminal,
    letter: String,
}

impl Scene {
    fn set(server: &Server, folder: &Path) -> Self {
        let [anna, bjorn, cecilia] = [ANNA, BJORN, CECILIA].map(|person| person.at(server, folder));
        let send = ["send", "--to", BJORN.address, BJORN.address, "--cc", CECILIA.address, BJORN.address];
        let letter = id(&anna.run(&[&send[..], &["--subject", SUBJECT, "--text", TEXT]].concat()).done());
        Self { anna, bjorn, cecilia, letter }
    }
}

/// To whom a letter that was sent says that it is.
fn readers(terminal: &Terminal, sent: &Value) -> Value {
    let letter = terminal.run(&["read", &id(sent)]).done();
    json!({ "to": letter["to"], "cc": letter["cc"], "subject": letter["subject"], "in_reply_to": letter["in_reply_to"] })
}

#[test]
fn a_copy_is_seen_by_everybody_and_nobody_is_named_twice() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let Scene { bjorn, cecilia, letter, .. } = Scene::set(&server, folder.path());
    for reader in [bjorn, cecilia] {
        let read = reader.run(&["read", &letter]).done();
        assert_holds(&read, &json!({ "to": [BJORN.address], "cc": [CECILIA.address], "text": TEXT }));
    }
}

#[test]
fn an_answer_goes_to_the_sender_in_the_same_conversation() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let Scene { anna, bjorn, cecilia, letter } = Scene::set(&server, folder.path());
    let sent = bjorn.run(&["reply", &letter, "--text", "Det går bra."]).done();
    let re = format!("Re: {SUBJECT}");
    let expected = json!({ "to": [ANNA.address], "cc": [], "subject": re, "in_reply_to": letter });
    assert_eq!(readers(&anna, &sent), expected);
    assert_eq!(cecilia.run(&["list"]).done().as_array().map(Vec::len), Some(1), "it was not to her");
    // To and fro has one mark.
    let again = anna.run(&["reply", &id(&sent), "--text", "Då ses vi."]).done();
    let expected = json!({ "to": [BJORN.address], "cc": [], "subject": re, "in_reply_to": id(&sent) });
    assert_eq!(readers(&bjorn, &again), expected);
    // Whoever answers has not said by that that they read it.
    assert_holds(&bjorn.run(&["list"]).done()[1], &json!({ "id": letter, "read": false }));
}

#[test]
fn an_answer_to_all_never_goes_to_oneself_and_to_each_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let Scene { anna, bjorn, cecilia, letter } = Scene::set(&server, folder.path());
    let sent = bjorn.run(&["reply", &letter, "--all", "--cc", CECILIA.address, "--text", "Ja."]).done();
    let expected = json!({ "to": [ANNA.address, CECILIA.address], "cc": [], "subject": format!("Re: {SUBJECT}"), "in_reply_to": letter });
    assert_eq!(readers(&cecilia, &sent), expected);
    assert_eq!(bjorn.run(&["list"]).done().as_array().map(Vec::len), Some(1), "nothing came to himself");
    // One's own letter is followed up to its readers.
    let more = anna.run(&["reply", &letter, "--text", "Och ta med kaffe."]).done();
    assert_eq!(readers(&bjorn, &more)["to"], json!([BJORN.address, CECILIA.address]));
    // To nobody but oneself there is nobody to answer.
    let note = id(&anna.run(&["send", "--to", ANNA.address, "--subject", "Att minnas", "--text", "Kaffe"]).done());
    assert_failed(&anna.run(&["reply", &note, "--all", "--text", "Och te"]), 3, "no-recipients");
}

#[test]
fn the_text_of_an_answer_comes_from_where_that_of_a_letter_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let Scene { anna, bjorn, letter, .. } = Scene::set(&server, folder.path());
    let file = folder.path().join("text");
    fs::write(&file, TEXT).unwrap();
    let from_file = bjorn.run(&["reply", &letter, "--text-file", file.to_str().unwrap()]).done();
    let mut command = bjorn.command(&["reply", &letter, "--text-file", "-", "--json"]);
    let output = command.stdin(fs::File::open(&file).unwrap()).stderr(Stdio::inherit()).output().unwrap();
    let from_input = serde_json::from_slice(&output.stdout).unwrap();
    for sent in [from_file, from_input] {
        assert_holds(&anna.run(&["read", &id(&sent)]).done(), &json!({ "text": TEXT }));
    }
    assert_failed(&bjorn.run(&["reply", &letter]), 2, "usage");
    let nobody = "0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a11";
    assert_failed(&bjorn.run(&["reply", nobody, "--text", "T"]), 4, "not-found");
    assert_failed(&bjorn.run(&["forward", nobody, "--to", ANNA.address]), 4, "not-found");
}

#[test]
fn a_letter_is_passed_on_under_a_head_that_says_whose_words_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let Scene { anna, bjorn, cecilia, letter } = Scene::set(&server, folder.path());
    let date = text(&bjorn.run(&["read", &letter]).done(), "date").to_owned();
    let head = |words: [&str; 5], colon: &str| {
        let [forwarded, from, to, written, subject] = words;
        // 2026-11-29T17:30:12Z, in a zone that is UTC.
        let (year, day, time) = (&date[..4], date[8..10].trim_start_matches('0'), date[11..16].replace(':', colon));
        let (anna, bjorn, cecilia) = (ANNA.address, BJORN.address, CECILIA.address);
        let (bjorn, anna) = (format!("{} <{bjorn}>", BJORN.name), format!("{} <{anna}>", ANNA.name));
        [
            format!("{forwarded}\n{from}: {anna}\n{to}: {bjorn}, {cecilia}\n{written}: {day} "),
            format!(" {year} {time}\n{subject}: {SUBJECT}\n\n{TEXT}"),
        ]
    };
    let forwarded = bjorn.run(&["forward", &letter, "--to", CECILIA.address, "--text", "Ser du detta?\n"]).done();
    let read = cecilia.run(&["read", &id(&forwarded)]).done();
    assert_holds(&read, &json!({ "subject": format!("Fwd: {SUBJECT}"), "to": [CECILIA.address], "in_reply_to": null }));
    let [before, after] = head(["Forwarded letter", "From", "To", "Written", "Subject"], ":");
    let said = text(&read, "text");
    assert!(said.starts_with(&format!("Ser du detta?\n\n{before}")) && said.ends_with(&after), "{said}");

    // Without words of one's own it begins with the head; a Swede passes it on in Swedish.
    let mut swedish = bjorn.command(&["forward", &letter, "--to", CECILIA.address, "--cc", ANNA.address, "--json"]);
    let output = swedish.env("LC_ALL", "sv_SE.UTF-8").output().unwrap();
    let forwarded: Value = serde_json::from_slice(&output.stdout).unwrap();
    let read = anna.run(&["read", &id(&forwarded)]).done();
    assert_holds(&read, &json!({ "subject": format!("Vb: {SUBJECT}"), "cc": [ANNA.address] }));
    let [before, after] = head(["Vidarebefordrat brev", "Från", "Till", "Skrivet", "Ämne"], ".");
    let said = text(&read, "text");
    assert!(said.starts_with(&before) && said.ends_with(&after), "{said}");
}

#[test]
fn a_blind_copy_is_known_to_its_reader_only_and_each_gets_a_letter_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let [anna, bjorn, cecilia] = [ANNA, BJORN, CECILIA].map(|person| person.at(&server, folder.path()));
    let to = ["send", "--to", BJORN.address, "--subject", "Intyg", "--text", "Se nedan.", "--bcc", CECILIA.address];
    let sent = anna.run(&to).done();
    let ids = [0, 1].map(|at| sent["ids"][at].as_str().unwrap().to_owned());
    assert_eq!(bjorn.run(&["read", &ids[0]]).done()["bcc"], Value::Null);
    assert_eq!(cecilia.run(&["read", &ids[1]]).done()["bcc"], CECILIA.address);
    let answer = cecilia.run(&["reply", &ids[1], "--all", "--text", "Tack."]).done();
    assert_eq!(answer["to"].as_array().unwrap().len(), 1, "to its sender, who alone knows of it");

    let each =
        ["send", "--to", BJORN.address, CECILIA.address, "--each", "--subject", "Kallelse", "--text", "Välkommen."];
    let sent = anna.run(&each).done();
    for (at, reader, who) in [(0, &bjorn, BJORN), (1, &cecilia, CECILIA)] {
        let letter = reader.run(&["read", sent["ids"][at].as_str().unwrap()]).done();
        assert_holds(&letter, &json!({ "to": [who.address], "bcc": null }));
    }
}
