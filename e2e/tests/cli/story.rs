//! From the first registration to the recovery sheet, on both databases.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use data_encoding::BASE64;
use securemailbox_e2e::{
    command::{Ended, Terminal},
    postgres::Postgres,
    server::{Server, Start},
};
use securemailbox_protocol::time::Timestamp;
use serde_json::json;

use crate::{ANNA, BJORN, assert_failed, assert_holds, id, text};

const SUBJECT: &str = "Provsvaren från den tolfte";
const TEXT: &str = "Hej Björn,\n\nalla värden är fina. 🙂\n\n.\nFrom här till evigheten\n";

#[test]
fn two_people_live_the_whole_story_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    live(&Server::start(Start::demo(folder.path())), folder.path());
}

#[test]
fn two_people_live_the_whole_story_on_postgresql() {
    let postgres = Postgres::start();
    let folder = tempfile::tempdir().unwrap();
    live(&Server::start(Start::demo(folder.path()).on_postgres(&postgres.url())), folder.path());
}

fn live(server: &Server, folder: &Path) {
    let (anna, bjorn) = (ANNA.terminal(folder), BJORN.terminal(folder));
    let sheet = register_and_be_known(server, &anna);
    bjorn.register(server, BJORN.address, BJORN.phone, BJORN.name);
    let letter = write_and_read(&anna, &bjorn);
    answer(&anna, &bjorn, &letter);
    compare_and_accept(&anna, &bjorn);
    export(&anna, &letter, folder);
    throw_away(&bjorn, &letter);
    sign_out_and_in(server, &anna);
    see_what_was_done(&recover(server, &anna, &sheet, folder));
}

/// PROTOCOL §6: what was done about who may open the mailbox, newest first; a session that was just proved is asked nothing.
fn see_what_was_done(anna: &Terminal) {
    let events = anna.run(&["events"]).done();
    let kinds: Vec<_> = events["events"].as_array().expect("a list").iter().map(|event| text(event, "kind")).collect();
    assert_eq!(kinds.last(), Some(&"signed-in"), "{events}");
    assert_eq!(kinds.iter().filter(|kind| **kind == "password-replaced").count(), 1, "{events}");
    let sheet = anna.run(&["new-sheet"]).done();
    assert_eq!(text(&sheet, "recovery_code").chars().filter(char::is_ascii_alphanumeric).count(), 28, "{sheet}");
    assert_eq!(anna.run(&["events"]).done()["events"][0]["kind"], "sheet-replaced");
    let sessions = anna.run(&["sessions"]).done();
    let [own] = sessions["sessions"].as_array().expect("a list").as_slice() else { panic!("one session: {sessions}") };
    assert_eq!(own["current"], true);
    assert_failed(&anna.run(&["sessions", "--end", "0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a11"]), 4, "not-found");
}

/// Returns the recovery code.
fn register_and_be_known(server: &Server, anna: &Terminal) -> String {
    let registered = anna.register(server, ANNA.address, ANNA.phone, ANNA.name);
    assert_holds(&registered, &json!({ "address": ANNA.address, "name": ANNA.name, "warnings": [] }));
    // PROTOCOL §1: a fingerprint is SHA-256 (RFC 9580 §5.5.4.3).
    let fingerprint = text(&registered, "fingerprint");
    assert_eq!(fingerprint.chars().filter(char::is_ascii_hexdigit).count(), 64, "{fingerprint}");
    let expected = json!({ "address": ANNA.address, "name": ANNA.name, "fingerprint": fingerprint });
    assert_eq!(anna.run(&["whoami"]).done(), expected);
    text(&registered, "recovery_code").to_owned()
}

/// Returns the id of the letter.
fn write_and_read(anna: &Terminal, bjorn: &Terminal) -> String {
    assert_eq!(bjorn.run(&["list"]).done(), json!([]));
    let sent = anna.run(&["send", "--to", BJORN.address, "--subject", SUBJECT, "--text", TEXT]).done();
    let letter = id(&sent);
    let in_sent = anna.run(&["list", "--folder", "sent"]).done();
    assert_holds(&in_sent[0], &json!({ "id": letter, "folder": "sent", "from": ANNA.address, "read": true }));

    let inbox = bjorn.run(&["list"]).done();
    assert_eq!(inbox.as_array().map(Vec::len), Some(1), "{inbox}");
    let expected = json!({
        "id": letter,
        "from": ANNA.address,
        "to": [BJORN.address],
        "subject": SUBJECT,
        "read": false,
        "folder": "inbox",
    });
    assert_holds(&inbox[0], &expected);
    let date = text(&inbox[0], "date");
    assert!(date.parse::<Timestamp>().is_ok(), "{date}");

    let read = bjorn.run(&["read", &letter]).done();
    let expected = json!({
        "id": letter,
        "from": ANNA.address,
        "to": [BJORN.address],
        "subject": SUBJECT,
        "text": TEXT,
        "date": date,
        "verified": true,
        "key_state": "new",
    });
    assert_holds(&read, &expected);
    assert_holds(&bjorn.run(&["list"]).done()[0], &json!({ "read": true, "id": letter }));
    let receipt = &anna.run(&["read", &letter]).done()["deliveries"][0];
    assert_holds(receipt, &json!({ "address": BJORN.address }));
    assert_holds(&receipt["read"], &json!({ "verified": true }));
    letter
}

fn answer(anna: &Terminal, bjorn: &Terminal, letter: &str) {
    let re = format!("Re: {SUBJECT}");
    let sent =
        bjorn.run(&["send", "--to", ANNA.address, "--subject", &re, "--text", "Tack!", "--reply-to", letter]).done();
    let answer = anna.run(&["read", &id(&sent)]).done();
    // Anna wrote to Björn's key before: it is known by now.
    let expected = json!({ "from": BJORN.address, "text": "Tack!", "in_reply_to": letter, "key_state": "known" });
    assert_holds(&answer, &expected);
}

fn compare_and_accept(anna: &Terminal, bjorn: &Terminal) {
    let annas = anna.run(&["compare", BJORN.address]).done();
    let bjorns = bjorn.run(&["compare", ANNA.address]).done();
    assert_holds(&annas, &json!({ "address": BJORN.address, "state": "known" }));
    assert_eq!(annas["digits"], bjorns["digits"]);
    let digits = text(&annas, "digits");
    let groups: Vec<&str> = digits.split(' ').collect();
    assert_eq!(groups.len(), 12, "{digits}");
    assert!(groups.iter().all(|group| group.len() == 5 && group.bytes().all(|byte| byte.is_ascii_digit())), "{digits}");

    let compared = anna.run(&["compare", BJORN.address, "--matches"]).done();
    assert_holds(&compared, &json!({ "address": BJORN.address, "state": "compared", "digits": digits }));
    // Nothing is offered that could be accepted: what was compared stays so.
    assert_holds(&anna.run(&["accept", BJORN.address]).done(), &json!({ "state": "compared", "digits": digits }));
    let sent = anna.run(&["send", "--to", BJORN.address, "--subject", "Till", "--text", "dig"]).done();
    assert_holds(&sent["to"][0], &json!({ "address": BJORN.address, "key_state": "compared" }));
}

fn export(anna: &Terminal, letter: &str, folder: &Path) {
    let (plain, encrypted) = (folder.join("plain"), folder.join("encrypted"));
    let exported = anna.run(&["export", "--out", plain.to_str().expect("UTF-8")]).done();
    assert_eq!(exported["exported"].as_array().map(Vec::len), Some(3), "{exported}");
    assert_holds(&exported, &json!({ "damaged": [] }));
    anna.run(&["export", "--out", encrypted.to_str().expect("UTF-8"), "--encrypted"]).done();
    let eml = |folder: &Path| {
        let file = folder.join(format!("{letter}.eml"));
        assert_eq!(fs::metadata(&file).expect("exported").permissions().mode() & 0o777, 0o600);
        fs::read_to_string(file).expect("text")
    };
    let first_lines = &BASE64.encode(TEXT.as_bytes())[..76];
    let open = eml(&plain);
    assert!(open.contains(first_lines) && open.contains("\nContent-Type: text/plain; charset=\"utf-8\""), "{open}");
    let sealed = eml(&encrypted);
    assert!(sealed.contains("multipart/encrypted") && sealed.contains("-----BEGIN PGP MESSAGE-----"), "{sealed}");
    assert!(!sealed.contains("värden") && !sealed.contains("Provsvaren") && !sealed.contains(first_lines), "{sealed}");

    let certificate = anna.run(&["export-key"]).done();
    assert!(text(&certificate, "certificate").starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----"));
    let key = anna.converse(&["export-key", "--secret"], |_| Some("en lösenfras".into()));
    assert!(text(&key.done(), "secret_key").starts_with("-----BEGIN PGP PRIVATE KEY BLOCK-----"));
    assert_eq!(key.err, "Choose a passphrase for the exported key:\n");
    let file = folder.join("passphrase");
    for (passphrase, code) in [("en lösenfras", 0), ("", 2)] {
        fs::write(&file, passphrase).expect("writable");
        let arguments = ["export-key", "--secret", "--passphrase-file", file.to_str().expect("UTF-8")];
        assert_eq!(anna.run(&arguments).code, code, "a key never leaves without a passphrase");
    }
}

fn throw_away(bjorn: &Terminal, letter: &str) {
    assert_holds(&bjorn.run(&["move", letter, "archive"]).done(), &json!({ "id": letter, "folder": "archive" }));
    bjorn.run(&["move", letter, "trash"]).done();
    assert_holds(&bjorn.run(&["list", "--folder", "trash"]).done()[0], &json!({ "id": letter, "folder": "trash" }));
    let receipt = bjorn.run(&["empty-trash"]).done();
    assert_holds(&receipt, &json!({ "erased": 1 }));
    let steps = receipt["steps"].as_array().expect("a list");
    assert_holds(&steps[0], &json!({ "step": "keys-destroyed", "count": 1, "taken": true }));
    assert_eq!(bjorn.run(&["list", "--folder", "trash"]).done(), json!([]));
    assert_failed(&bjorn.run(&["read", letter]), 4, "not-found");
    assert_holds(&bjorn.run(&["empty-trash"]).done(), &json!({ "erased": 0 }));
}

fn sign_out_and_in(server: &Server, anna: &Terminal) {
    let before = anna.run(&["whoami"]).done();
    assert_eq!(anna.run(&["logout"]).done(), json!({ "signed_out": true }));
    let left: Vec<_> =
        fs::read_dir(anna.profile()).expect("a folder").map(|file| file.expect("readable").file_name()).collect();
    assert_eq!(left, ["lock"]);
    assert_failed(&anna.run(&["whoami"]), 3, "not-signed-in");
    assert_eq!(anna.run(&["logout"]).done(), json!({ "signed_out": true }), "twice is no mistake");

    let signed_in = anna.sign_in(server, ANNA.address, ANNA.phone);
    assert_eq!(signed_in.err, "The code from the SMS to the phone ending in 14:\n");
    assert_holds(&signed_in.done(), &before);
    // What was compared is remembered by the account, not by the device.
    assert_holds(&anna.run(&["compare", BJORN.address]).done(), &json!({ "state": "compared" }));
}

/// Returns the terminal at which she is signed in from now on.
fn recover(server: &Server, anna: &Terminal, sheet: &str, folder: &Path) -> Terminal {
    let renewed = Terminal::new(folder, "Annas nya dator", "sju nya ord som ingen annan har");
    let arguments = ["recover", "--server", server.url(), "--email", ANNA.address];
    let recovered = with_sheet(server, &renewed, &arguments, sheet);
    assert_eq!(recovered.err, "The code on the recovery sheet:\nThe code from the SMS to the phone ending in 14:\n");
    let recovered = recovered.done();
    assert_ne!(recovered["recovery_code"], sheet, "a sheet counts once");
    let newest = id(&renewed.run(&["list"]).done()[0]);
    assert_holds(&renewed.run(&["read", &newest]).done(), &json!({ "text": "Tack!" }));

    assert_failed(&anna.run(&["whoami"]), 3, "not-signed-in");
    let old_password = Terminal::new(folder, "Annas andra dator", ANNA.password);
    let login = old_password.run(&["login", "--server", server.url(), "--email", ANNA.address]);
    assert_failed(&login, 3, "credentials-refused");
    let again = old_password.converse(&arguments, |_| Some(sheet.into()));
    assert_failed(&again, 3, "credentials-refused");
    renewed
}

/// Runs `recover`: the sheet's code when that is asked for, the SMS code when that is.
fn with_sheet(server: &Server, terminal: &Terminal, arguments: &[&str], sheet: &str) -> Ended {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let before = runtime.block_on(server.messages_to(ANNA.phone));
    terminal.converse(arguments, |question| {
        if question.contains("sheet") {
            Some(sheet.to_owned())
        } else {
            Some(runtime.block_on(server.code(ANNA.phone, before)))
        }
    })
}
