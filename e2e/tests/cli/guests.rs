//! A letter to somebody who has no mailbox, at two terminals (PROTOCOL §5): the link by e-mail or by hand, the code, the answer.

use securemailbox_e2e::{
    command::{Ended, Terminal},
    server::{Server, Start},
};
use serde_json::{Value, json};

use crate::{ANNA, BJORN, assert_failed, assert_holds, id};

const EVA: &str = "eva@example.se";
const EVAS_PHONE: &str = "+46701740616";

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Opens a link at a terminal that knows nothing, with the code that its phone is sent.
fn open(server: &Server, nobody: &Terminal, link: &str, more: &[&str]) -> Ended {
    let runtime = runtime();
    let before = runtime.block_on(server.messages_to(EVAS_PHONE));
    nobody.converse(&[&["open", link], more].concat(), |line| {
        line.starts_with("The code from the SMS").then(|| runtime.block_on(server.code(EVAS_PHONE, before)))
    })
}

fn send(anna: &Terminal, more: &[&str]) -> Value {
    let letter = ["send", "--to", EVA, "--subject", "Provsvaren", "--text", "Allt är bra."];
    anna.run(&[&letter, more].concat()).done()
}

/// The link in the newest e-mail.
fn link_in_mail(server: &Server) -> String {
    let mail = runtime().block_on(server.message(EVA, 0));
    let line = mail.lines().find(|line| line.contains("/l#")).unwrap_or_else(|| panic!("a link in: {mail}"));
    assert!(!line.contains(' '), "it stands alone on its line: {line}");
    line.to_owned()
}

#[test]
fn who_has_an_address_and_a_phone_reads_and_answers() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = ANNA.at(&server, folder.path());
    let nobody = Terminal::new(folder.path(), "nobody", "");
    assert_failed(&anna.run(&["send", "--to", EVA, "--subject", "S", "--text", "T"]), 4, "no-account");
    let sent = send(&anna, &["--phone", "070-174 06 16"]);
    let letter = id(&sent);
    assert_eq!(sent["link"], Value::Null, "it is the server's to send");
    let link = link_in_mail(&server);
    let invited = anna.run(&["invitations"]).done();
    assert_holds(&invited[0], &json!({ "address": EVA, "hint": "16" }));
    assert_eq!(invited[0].get("opened"), None);

    let read = open(&server, &nobody, &link, &["--answer", "Tack!"]);
    let read = read.done();
    assert_holds(&read, &json!({ "from": ANNA.address }));
    assert_holds(
        &read["letters"][0],
        &json!({ "id": letter, "from": ANNA.address, "subject": "Provsvaren", "text": "Allt är bra.", "warnings": [] }),
    );
    let answered = anna.run(&["list"]).done();
    assert_holds(&answered[0], &json!({ "id": read["answer"], "from": EVA, "subject": "Re: Provsvaren" }));
    assert_holds(
        &anna.run(&["read", read["answer"].as_str().unwrap()]).done(),
        &json!({ "text": "Tack!", "warnings": [] }),
    );
    assert!(anna.run(&["invitations"]).done()[0]["opened"].is_string());
    let own = anna.run(&["read", &letter]).done();
    assert_holds(&own["deliveries"][0]["read"], &json!({ "verified": true, "level": "phone" }));

    // Another letter goes into the same conversation, for the same link.
    let second = id(&send(&anna, &[]));
    let read = open(&server, &nobody, &link, &[]).done();
    assert_eq!(read["letters"].as_array().unwrap().len(), 3);
    assert_eq!(read["letters"][2]["id"], json!(second));
}

#[test]
fn a_link_that_is_handed_over_is_sent_to_nobody_and_opens_only_with_the_code() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let [anna, bjorn] = [ANNA, BJORN].map(|person| person.at(&server, folder.path()));
    let nobody = Terminal::new(folder.path(), "nobody", "");
    let sent = send(&anna, &["--phone", EVAS_PHONE, "--print-link"]);
    let link = sent["link"].as_str().expect("a link").to_owned();
    assert_eq!(runtime().block_on(server.messages_to(EVA)), 0, "the server writes to nobody");

    let cut = nobody.run(&["open", &link[..link.len() - 1]]);
    assert_eq!(cut.code, 2, "{}", cut.err);
    let another = if link.ends_with('A') { "B" } else { "A" };
    assert_eq!(nobody.run(&["open", &format!("{}{another}", &link[..link.len() - 1])]).code, 2);
    let wrong =
        nobody.converse(&["open", &link], |line| line.starts_with("The code from the SMS").then(|| "000000".into()));
    assert_failed(&wrong, 3, "code-refused");

    // Nobody else finds them, and they find nobody else.
    assert_failed(&bjorn.run(&["send", "--to", EVA, "--subject", "S", "--text", "T"]), 4, "no-account");
    assert_eq!(open(&server, &nobody, &link, &[]).done()["letters"][0]["text"], "Allt är bra.");
}

#[test]
fn a_letter_is_declined_and_a_wrong_number_is_told_and_mended() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = ANNA.at(&server, folder.path());
    let nobody = Terminal::new(folder.path(), "nobody", "");
    let sent = send(&anna, &["--phone", "+46701740699", "--print-link"]);
    let link = sent["link"].as_str().expect("a link").to_owned();
    assert_eq!(nobody.run(&["open", &link, "--wrong-number"]).done()["told"], ANNA.address);
    let delivery = |letter: &str| anna.run(&["read", letter]).done()["deliveries"][0].clone();
    assert!(delivery(&id(&sent))["guest"]["wrong_number"].is_string());
    assert!(anna.run(&["invitations"]).done()[0]["wrong_number"].is_string());
    assert_eq!(anna.run(&["invitations", "--withdraw", EVA]).done()["withdrawn"], EVA);
    assert_eq!(anna.run(&["invitations", "--withdraw", EVA]).code, 2, "there is nobody to take it back from");
    assert_holds(&delivery(&id(&sent))["ended"], &json!({ "ending": "withdrawn" }));
    assert_failed(&nobody.run(&["open", &link]), 4, "not-found");

    let sent = send(&anna, &["--phone", EVAS_PHONE, "--print-link"]);
    let link = sent["link"].as_str().expect("a link").to_owned();
    assert_eq!(anna.run(&["invitations", "--keep", EVA, "--days", "7"]).done()["kept"], EVA);
    assert_eq!(anna.run(&["invitations"]).done()[0]["days"], 7);
    assert_eq!(anna.run(&["invitations", "--keep", EVA, "--days", "61"]).code, 2);
    let reminded = anna.run(&["invitations", "--remind", EVA]);
    assert_eq!(reminded.code, 2, "she hands the link over herself");
    assert!(reminded.out.contains(&link), "{}", reminded.out);
    assert_eq!(anna.run(&["invitations", "--new-tries", EVA]).done()["new_tries"], EVA);
    let wrong = |line: &str| line.starts_with("The code from the SMS").then(|| "000000".into());
    assert_failed(&nobody.converse(&["open", &link], wrong), 3, "code-refused");
    assert!(delivery(&id(&sent))["guest"]["code_asked"].is_string(), "a code was sent, and none typed");
    assert_eq!(open(&server, &nobody, &link, &["--decline"]).done()["declined"], ANNA.address);
    assert_holds(&delivery(&id(&sent))["ended"], &json!({ "ending": "declined" }));
    assert_eq!(anna.run(&["invitations"]).done(), json!([]));
    assert_failed(&nobody.run(&["open", &link]), 4, "not-found");
}

#[test]
fn two_agree_on_words_without_which_the_link_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = ANNA.at(&server, folder.path());
    let nobody = Terminal::new(folder.path(), "nobody", "");
    let sent = send(&anna, &["--phone", EVAS_PHONE, "--print-link", "--new-passphrase"]);
    let (link, words) = (sent["link"].as_str().unwrap(), sent["passphrase"].as_str().unwrap());
    assert_eq!(words.split(' ').count(), 4);
    assert_eq!(anna.run(&["invitations", "--passphrase", EVA]).done(), json!({ "passphrase": words }));

    let turned = words.split(' ').rev().collect::<Vec<_>>().join(" ");
    let refused = open_saying(&server, &nobody, link, &turned);
    assert_eq!(refused.code, 2, "{}", refused.err);
    assert!(refused.out.contains("Those are not the words"), "{}", refused.out);
    let before = runtime().block_on(server.messages_to(EVAS_PHONE));
    assert_eq!(nobody.run(&["open", link, "--passphrase-file", "nothing"]).code, 2);
    assert_eq!(runtime().block_on(server.messages_to(EVAS_PHONE)), before, "no code for a file that can't be read");
    let file = folder.path().join("words.txt");
    std::fs::write(&file, format!("{}\n", words.to_uppercase())).unwrap();
    let read = open(&server, &nobody, link, &["--passphrase-file", file.to_str().unwrap()]).done();
    assert_holds(&read["letters"][0], &json!({ "text": "Allt är bra.", "warnings": [] }));

    // A link keeps its words: no others are handed out that would open nothing.
    let letter = ["send", "--to", EVA, "--subject", "S", "--text", "T", "--phone", EVAS_PHONE];
    assert_failed(&anna.run(&[&letter[..], &["--new-passphrase"]].concat()), 3, "other-passphrase");
    assert_eq!(anna.run(&[&letter[..], &["--passphrase-file", "nothing"]].concat()).code, 2);
    assert_eq!(anna.run(&letter).done().get("link"), None, "the same link as before");
    anna.run(&["invitations", "--withdraw", EVA]).done();
    let over = anna.run(&["invitations", "--passphrase", EVA]);
    assert!(over.code == 2 && over.out.contains("is none of those"), "{over:?}");
}

/// Opens a link, and says the words that were agreed on, or others.
fn open_saying(server: &Server, nobody: &Terminal, link: &str, words: &str) -> Ended {
    let runtime = runtime();
    let before = runtime.block_on(server.messages_to(EVAS_PHONE));
    nobody.converse(&["open", link], |line| match line {
        line if line.starts_with("The code from the SMS") => Some(runtime.block_on(server.code(EVAS_PHONE, before))),
        line if line.starts_with("The words that you agreed on") => Some(words.to_owned()),
        _ => None,
    })
}
