//! How the command behaves: where passwords come from, what goes where, what is left on the disk.

use std::{fs, os::unix::fs::PermissionsExt, thread};

use securemailbox_e2e::{
    command::{Ended, Terminal, converse, in_a_pipe},
    server::{Server, Start},
    traces,
};
use serde_json::json;

use crate::{ANNA, BJORN, assert_failed, assert_holds, id};

const SUBJECT: &str = "Något som ingen annan ska se";
const TEXT: &str = "Ännu mindre ska någon se det här.";

/// With standard output in a pipe and no `--json`.
fn plainly(terminal: &Terminal, arguments: &[&str]) -> Ended {
    let mut command = terminal.command(arguments);
    // A terminal's own wishes must not reach into a pipe.
    command.env("TERM", "xterm-256color").env("COLORTERM", "truecolor");
    in_a_pipe(command)
}

#[test]
fn a_password_comes_from_a_file_or_the_environment_or_a_line_of_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    ANNA.at(&server, folder.path());
    let login = ["login", "--server", server.url(), "--email", ANNA.address];

    let file = folder.path().join("password");
    fs::write(&file, format!("{}\nnot this\n", ANNA.password)).unwrap();
    let by_file = Terminal::new(folder.path(), "by file", "the environment is asked last");
    let arguments = [&login[..], &["--password-file", file.to_str().unwrap()]].concat();
    by_file.with_codes(&server, &arguments, &[ANNA.phone]).done();

    let by_environment = Terminal::new(folder.path(), "by environment", ANNA.password);
    by_environment.sign_in(&server, ANNA.address, ANNA.phone).done();

    let by_line = Terminal::new(folder.path(), "by line", "");
    let mut command = by_line.command(&login);
    command.env_remove("SECUREMAILBOX_PASSWORD").arg("--json");
    let before = runtime.block_on(server.messages_to(ANNA.phone));
    let ended = converse(command, |question| {
        Some(if question.contains("password") {
            ANNA.password.to_owned()
        } else {
            runtime.block_on(server.code(ANNA.phone, before))
        })
    });
    assert_holds(&ended.done(), &json!({ "address": ANNA.address }));
    assert_eq!(ended.err, "Your password:\nThe code from the SMS to the phone ending in 14:\n");

    let missing = [&login[..], &["--password-file", "/nowhere"]].concat();
    assert_failed(&Terminal::new(folder.path(), "by none", "").run(&missing), 2, "usage");
}

/// DESIGN 8: each question one line of standard error, and nothing else there.
#[test]
fn registering_asks_for_both_codes_and_then_the_password_and_says_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let anna = Terminal::new(folder.path(), "anna", "");
    let mut command = anna.command(&[
        "register",
        "--server",
        server.url(),
        "--email",
        ANNA.address,
        "--phone",
        ANNA.phone,
        "--name",
        ANNA.name,
    ]);
    command.env_remove("SECUREMAILBOX_PASSWORD").arg("--json");
    let ended = converse(command, |question| {
        let from = if question.contains("e-mail") { ANNA.address } else { ANNA.phone };
        Some(if question.contains("password") { ANNA.password.into() } else { runtime.block_on(server.code(from, 0)) })
    });
    ended.done();
    assert_eq!(
        ended.err,
        "The code from the e-mail:\nThe code from the SMS:\nChoose a password, at least 12 characters:\n"
    );
}

#[test]
fn a_pipe_gets_plain_lines_and_a_failure_goes_to_standard_error() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let (anna, bjorn) = (ANNA.at(&server, folder.path()), BJORN.at(&server, folder.path()));
    let sent = plainly(&anna, &["send", "--to", BJORN.address, "--subject", SUBJECT, "--text", "a\u{1b}[2Jb\ttab"]);
    assert_eq!(sent.code, 0, "{sent:?}");
    let letter = id(&bjorn.run(&["list"]).done()[0]);

    let list = plainly(&bjorn, &["list"]);
    let cells: Vec<&str> = list.out.trim_end().split('\t').collect();
    assert!(cells.contains(&letter.as_str()) && cells.contains(&SUBJECT), "{list:?}");
    let read = plainly(&bjorn, &["read", &letter]);
    assert!(read.out.contains(&format!("Subject: {SUBJECT}\n")), "{read:?}");
    // What a stranger wrote does not command a terminal, even by way of `less -R`.
    assert!(read.out.ends_with("\na\u{fffd}[2Jb    tab\n"), "{read:?}");
    for arguments in [
        &["list"][..],
        &["read", &letter],
        &["whoami"],
        &["compare", ANNA.address],
        &["move", &letter, "trash"],
        &["empty-trash"],
        &["export-key"],
        &["list", "--help"],
    ] {
        let ended = plainly(&bjorn, arguments);
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{arguments:?}: {ended:?}");
        assert!(!ended.out.contains('\u{1b}') && ended.out.ends_with('\n'), "{arguments:?}: {ended:?}");
    }
    for (arguments, code) in [(&["read", &letter][..], 4), (&["read", "17"], 2), (&["send", "--to", "x"], 2)] {
        let ended = plainly(&bjorn, arguments);
        assert_eq!((ended.code, ended.out.as_str()), (code, ""), "{ended:?}");
        assert!(!ended.err.is_empty() && !ended.err.contains('\u{1b}'), "{ended:?}");
    }
}

#[test]
fn a_text_comes_from_a_file_or_from_standard_input_and_a_list_has_a_limit() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = ANNA.at(&server, folder.path());
    let file = folder.path().join("text");
    fs::write(&file, TEXT).unwrap();
    let send = ["send", "--to", ANNA.address, "--subject", "Till mig", "--text-file"];
    anna.run(&[&send[..], &[file.to_str().unwrap()]].concat()).done();

    let mut command = anna.command(&[&send[..], &["-", "--json"]].concat());
    command.stdin(fs::File::open(&file).unwrap());
    assert!(command.output().unwrap().status.success());
    let letters = anna.run(&["list"]).done();
    assert_eq!(letters.as_array().map(Vec::len), Some(2), "{letters}");
    for letter in letters.as_array().unwrap() {
        assert_holds(&anna.run(&["read", &id(letter)]).done(), &json!({ "text": TEXT, "key_state": "own" }));
    }
    assert_eq!(anna.run(&["list", "--limit", "1"]).done(), json!([anna.run(&["list"]).done()[0]]));
    assert_failed(&anna.run(&[&send[..], &["/nowhere"]].concat()), 2, "usage");
}

/// PROTOCOL §9a: what a profile keeps is sealed, except where its server is and which account it belongs to.
#[test]
fn a_profile_is_closed_to_others_and_holds_no_secret_in_the_clear() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let (anna, bjorn) = (ANNA.terminal(folder.path()), BJORN.at(&server, folder.path()));
    let registered = anna.register(&server, ANNA.address, ANNA.phone, ANNA.name);
    let letter = id(&bjorn.run(&["send", "--to", ANNA.address, "--subject", SUBJECT, "--text", TEXT]).done());
    anna.run(&["read", &letter]).done();
    anna.run(&["send", "--to", BJORN.address, "--subject", SUBJECT, "--text", TEXT]).done();
    anna.run(&["compare", BJORN.address, "--matches"]).done();

    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(anna.profile().to_owned()), 0o700);
    let files: Vec<_> = fs::read_dir(anna.profile()).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 4, "{files:?}");
    for file in files {
        assert_eq!(mode(file.clone()), 0o600, "{}", file.display());
    }
    let sheet = registered["recovery_code"].as_str().unwrap();
    let secrets = [
        ("password", ANNA.password),
        ("recovery code", sheet),
        ("phone", ANNA.phone),
        ("subject", SUBJECT),
        ("text", TEXT),
        ("correspondent", BJORN.address),
    ];
    let needles = secrets.map(|(name, secret)| (name, secret.as_bytes().to_vec()));
    assert_eq!(traces::find(anna.profile(), &needles), Vec::<String>::new());
    // The same search finds what may lie there.
    let own = [("own address", ANNA.address.as_bytes().to_vec())];
    assert_eq!(traces::find(anna.profile(), &own), ["own address in session"]);
}

#[test]
fn commands_at_once_on_one_profile_take_turns() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let (anna, bjorn) = (ANNA.at(&server, folder.path()), BJORN.at(&server, folder.path()));
    let sent: Vec<String> = thread::scope(|scope| {
        let sending: Vec<_> = (0..6)
            .map(|number| {
                let anna = &anna;
                scope.spawn(move || {
                    let subject = format!("Brev {number}");
                    id(&anna.run(&["send", "--to", BJORN.address, "--subject", &subject, "--text", TEXT]).done())
                })
            })
            .collect();
        sending.into_iter().map(|sending| sending.join().unwrap()).collect()
    });
    let inbox = bjorn.run(&["list"]).done();
    let mut arrived: Vec<String> = inbox.as_array().unwrap().iter().map(id).collect();
    arrived.sort();
    let mut sent = sent;
    sent.sort();
    assert_eq!(arrived, sent);
    assert_eq!(anna.run(&["list", "--folder", "sent"]).done().as_array().map(Vec::len), Some(6));
}

#[test]
fn a_folder_that_is_no_profile_and_a_profile_in_use_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let thesis = Terminal::new(folder.path(), "thesis", ANNA.password);
    fs::create_dir(thesis.profile()).unwrap();
    fs::write(thesis.profile().join("thesis.txt"), "…").unwrap();
    assert_failed(&thesis.run(&["whoami"]), 5, "failed");
    assert_eq!(fs::read_dir(thesis.profile()).unwrap().count(), 1);

    let anna = ANNA.at(&server, folder.path());
    let somebody_else = anna.run(&["login", "--server", server.url(), "--email", BJORN.address]);
    assert_failed(&somebody_else, 3, "somebody-else");
    let elsewhere = anna.run(&["login", "--server", "http://localhost:9", "--email", ANNA.address]);
    assert_failed(&elsewhere, 2, "usage");
    assert_holds(&anna.run(&["whoami"]).done(), &json!({ "address": ANNA.address }));
}
