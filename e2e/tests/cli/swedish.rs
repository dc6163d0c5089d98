//! Where the locale is Swedish a person reads Swedish, and a program reads what it always read.

use std::process::{Command, Stdio};

use securemailbox_e2e::{
    command::{Terminal, converse, in_a_pipe, on_a_screen},
    server::{Server, Start},
};
use serde_json::json;

use crate::{ANNA, BJORN, assert_failed, assert_holds, id, text};

const SUBJECT: &str = "Provsvaren";

fn swedish(terminal: &Terminal, arguments: &[&str]) -> Command {
    let mut command = terminal.command(arguments);
    command.env("LC_ALL", "sv_SE.UTF-8").stdin(Stdio::null());
    command
}

#[test]
fn a_person_is_asked_and_answered_in_swedish() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (_, bjorn) = (ANNA.at(&server, folder.path()), BJORN.at(&server, folder.path()));
    let anna = Terminal::new(folder.path(), "Annas nya dator", "");
    let mut login = swedish(&anna, &["login", "--server", server.url(), "--email", ANNA.address]);
    login.env_remove("SECUREMAILBOX_PASSWORD");
    let before = runtime.block_on(server.messages_to(ANNA.phone));
    let ended = converse(login, |question| {
        let wants_password = question.contains("lösenord");
        Some(if wants_password { ANNA.password.into() } else { runtime.block_on(server.code(ANNA.phone, before)) })
    });
    assert_eq!(ended.err, "Ditt lösenord:\nKoden i SMS:et till numret som slutar på 14:\n");
    let who = format!("Inloggad som {} <{}>.\n", ANNA.name, ANNA.address);
    assert!(ended.code == 0 && ended.out.starts_with(&who), "{ended:?}");

    let sent = in_a_pipe(swedish(&anna, &["send", "--to", BJORN.address, "--subject", SUBJECT, "--text", "Hej!"]));
    let letter = id(&bjorn.run(&["list"]).done()[0]);
    assert_eq!(sent.out, format!("Skickat {letter}.\n{} kan läsa det (nyckel: ny).\n", BJORN.address));
    let answer = bjorn.run(&["reply", &letter, "--text", "Tack!"]).done();
    assert_eq!(in_a_pipe(swedish(&anna, &["move", &id(&answer), "trash"])).out, "Brevet ligger i papperskorgen.\n");
    let emptied = in_a_pipe(swedish(&anna, &["empty-trash"])).out;
    assert!(
        emptied.starts_with("1 brev är borta ur brevlådan för alltid.\n  Klart: nycklarna förstördes (1)\n"),
        "{emptied}"
    );
    assert_eq!(in_a_pipe(swedish(&anna, &["logout"])).out, "Utloggad. Inget finns kvar i den här profilen.\n");
}

#[test]
fn a_screen_shows_lists_and_letters_in_the_language_of_the_locale() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let (anna, bjorn) = (ANNA.at(&server, folder.path()), BJORN.at(&server, folder.path()));
    let letter = id(&anna.run(&["send", "--to", BJORN.address, "--subject", SUBJECT, "--text", "Hej!"]).done());
    bjorn.run(&["flag", &letter]).done();
    let row = bjorn.run(&["list"]).done()[0].clone();
    let date = text(&row, "date");
    for (locale, head, state, time) in [
        (
            "sv_SE.UTF-8",
            ["Id", "Datum", "Läge", "Från", "Nyckel", "Ämne"],
            "oläst flaggat  ",
            date[11..16].replace(':', "."),
        ),
        ("en_GB.UTF-8", ["Id", "Date", "State", "From", "Key", "Subject"], "unread flagged  ", date[11..16].into()),
    ] {
        let mut list = bjorn.command(&["list"]);
        list.env("LC_ALL", locale);
        let shown = on_a_screen(list);
        let (heads, row) = shown.out.split_once('\n').expect("two lines");
        assert_eq!(heads.split_whitespace().collect::<Vec<_>>(), head, "{shown:?}");
        let beginning = format!("{letter}  {} ", date[8..10].trim_start_matches('0'));
        let end = format!(" {} {time}  {state}{}  ", &date[..4], ANNA.address);
        assert!(row.starts_with(&beginning) && row.contains(&end), "{row}");
        // Columns stand under their heads.
        assert_eq!(
            heads.find(head[5]).map(|at| heads[..at].chars().count()),
            row.find(SUBJECT).map(|at| row[..at].chars().count())
        );
    }
    let shown = on_a_screen(swedish(&bjorn, &["read", &letter]));
    let from = format!(
        "Från: {} <{}> (underskriften stämmer, nyckel: ny)\nTill: {}\n",
        ANNA.name, ANNA.address, BJORN.address
    );
    assert!(shown.out.starts_with(&from) && shown.out.ends_with("\nÄmne: Provsvaren\n\nHej!\n"), "{shown:?}");
    let shown = on_a_screen(swedish(&anna, &["read", &letter]));
    assert!(shown.out.contains(&format!("\nMottagare: {} läste det ", BJORN.address)), "{shown:?}");
    assert_eq!(on_a_screen(swedish(&bjorn, &["list", "--folder", "trash"])).out, "Inget i papperskorgen.\n");
}

#[test]
fn a_failure_is_explained_in_swedish_and_named_in_english() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(Start::demo(folder.path()));
    let anna = ANNA.at(&server, folder.path());
    let send = ["send", "--to", "nobody@example.se", "--subject", "S", "--text", "T"];
    let ended = in_a_pipe(swedish(&anna, &send));
    let told = "securemailbox: nobody@example.se har ingen brevlåda här. Kontrollera stavningen.\n";
    assert_eq!((ended.code, ended.out.as_str(), ended.err.as_str()), (4, "", told));
    let document = in_a_pipe(swedish(&anna, &[&send[..], &["--json"]].concat()));
    assert_eq!(document, anna.run(&send));
    assert_failed(&document, 4, "no-account");
    server.stop();
    let ended = in_a_pipe(swedish(&anna, &["list"]));
    let told = "securemailbox: Servern svarar inte. Kontrollera nätet och serverns adress, och försök igen.";
    assert!(ended.code == 5 && ended.err.starts_with(told), "{ended:?}");
}

#[test]
fn a_pipe_and_a_document_are_the_same_in_every_language() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let (anna, bjorn) = (ANNA.at(&server, folder.path()), BJORN.at(&server, folder.path()));
    let letter = id(&anna.run(&["send", "--to", BJORN.address, "--subject", SUBJECT, "--text", "Hej!"]).done());
    bjorn.run(&["read", &letter]).done();
    assert_holds(&bjorn.run(&["list"]).done()[0], &json!({ "id": letter, "key_state": "known" }));
    for arguments in [&["list"][..], &["read", &letter], &["whoami"], &["contacts"], &["events"]] {
        for form in [&[][..], &["--json"]] {
            let arguments = [arguments, form].concat();
            let english = in_a_pipe(bjorn.command(&arguments));
            assert_eq!(in_a_pipe(swedish(&bjorn, &arguments)), english, "{arguments:?}");
        }
    }
}
