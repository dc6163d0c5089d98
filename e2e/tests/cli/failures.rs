//! Each exit code, provoked (issue 3, item 6), and the document that says why.

use std::{fs, process::Output};

use securemailbox_e2e::{
    command::Terminal,
    outage::free_port,
    server::{Server, Start},
};
use serde_json::json;

use crate::{ANNA, BJORN, assert_failed, assert_holds};

const NO_LETTER: &str = "0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a11";

#[test]
fn a_command_that_makes_no_sense_ends_2_and_touches_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let anna = ANNA.terminal(folder.path());
    for arguments in [
        vec!["read", "17"],
        vec!["list", "--folder", "attic"],
        vec!["send", "--to", BJORN.address, "--subject", "S"],
        vec!["send", "--to", "nobody", "--subject", "S", "--text", "T"],
        vec!["forward", NO_LETTER],
        vec!["login", "--server", "http://mail.example.se", "--email", ANNA.address],
        vec!["login", "--server", "http://192.168.1.2", "--email", ANNA.address],
        vec!["recover", "--server", "http://mail.example.se", "--email", ANNA.address],
        vec![
            "register",
            "--server",
            "http://0.0.0.0:8025",
            "--email",
            ANNA.address,
            "--phone",
            ANNA.phone,
            "--name",
            "A",
        ],
    ] {
        let ended = anna.run(&arguments);
        assert_eq!((ended.code, &ended.json()["error"]["type"]), (2, &json!("usage")), "{arguments:?}: {ended:?}");
        assert!(!ended.out.contains('\u{1b}'), "{ended:?}");
    }
    assert!(!anna.profile().exists());
}

#[test]
fn a_password_given_as_an_argument_is_refused_and_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let anna = ANNA.terminal(folder.path());
    for option in ["--password=hunter2hunter2", "--code=hunter2hunter2", "--passphrase=hunter2hunter2"] {
        let ended = anna.run(&["login", "--server", "http://localhost:1", "--email", ANNA.address, option]);
        assert_eq!(ended.code, 2, "{ended:?}");
        assert!(!ended.out.contains("hunter2"), "{ended:?}");
    }
}

#[test]
fn a_question_that_nobody_answers_ends_2() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = ANNA.terminal(folder.path());
    let arguments =
        ["register", "--server", server.url(), "--email", ANNA.address, "--phone", ANNA.phone, "--name", "A", "--json"];
    let Output { status, stdout, .. } = anna.command(&arguments).stdin(std::process::Stdio::null()).output().unwrap();
    assert_eq!(status.code(), Some(2), "{}", String::from_utf8_lossy(&stdout));
    assert_failed(&anna.run(&["whoami"]), 3, "not-signed-in");
}

#[test]
fn wrong_credentials_end_3_and_the_profile_stays_signed_out() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    ANNA.at(&server, folder.path());
    let login = ["login", "--server", server.url(), "--email", ANNA.address];
    let elsewhere = Terminal::new(folder.path(), "elsewhere", "fel lösenord, fel lösenord");
    assert_failed(&elsewhere.run(&login), 3, "credentials-refused");
    // Nobody of that address, in the same words.
    let nobody = ["login", "--server", server.url(), "--email", "nobody@example.se"];
    assert_eq!(elsewhere.run(&nobody).out, elsewhere.run(&login).out);

    let elsewhere = Terminal::new(folder.path(), "elsewhere", ANNA.password);
    assert_failed(&elsewhere.converse(&login, |_| Some("not a code".into())), 3, "code-refused");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let before = runtime.block_on(server.messages_to(ANNA.phone));
    let wrong = elsewhere.converse(&login, |_| {
        let code: u32 = runtime.block_on(server.code(ANNA.phone, before)).parse().unwrap();
        Some(format!("{:06}", (code + 1) % 1_000_000))
    });
    assert_failed(&wrong, 3, "code-refused");
    assert_failed(&elsewhere.run(&["whoami"]), 3, "not-signed-in");

    let recover = ["recover", "--server", server.url(), "--email", ANNA.address];
    assert_failed(&elsewhere.converse(&recover, |_| Some("not a recovery code".into())), 3, "recovery-code");
    elsewhere.sign_in(&server, ANNA.address, ANNA.phone).done();
}

#[test]
fn an_address_of_another_domain_is_told_which_one_to_use() {
    let folder = tempfile::tempdir().unwrap();
    let domains = Start::demo(folder.path())
        .with("REGISTRATION", "domains")
        .with("REGISTRATION_DOMAINS", r#"["kommun.se", "demo.example"]"#);
    let server = Server::start(domains);
    let anna = ANNA.terminal(folder.path());
    let ended = anna.run(&[
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
    assert_failed(&ended, 3, "other-domain");
    assert!(ended.out.contains("such as the one of your work"), "{ended:?}");
    anna.register(&server, "anna@kommun.se", ANNA.phone, ANNA.name);
}

#[test]
fn a_weak_password_is_refused_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // Nobody listens there: whoever would send something ends 5.
    let nowhere = format!("http://localhost:{}", free_port());
    for weak in ["kort", "aaaaaaaaaaaaaaaa", "anna.cli@example.se"] {
        for url in [server.url(), &nowhere] {
            let anna = Terminal::new(folder.path(), "weak", weak);
            let arguments =
                ["register", "--server", url, "--email", ANNA.address, "--phone", ANNA.phone, "--name", "Anna"];
            assert_failed(&anna.run(&arguments), 3, "weak-password");
        }
    }
    assert_eq!(runtime.block_on(server.messages_to(ANNA.address)), 0);
}

#[test]
fn what_is_not_there_ends_4() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = ANNA.at(&server, folder.path());
    let send = ["send", "--to", ANNA.address, "--to", "nobody@example.se", "--subject", "S", "--text", "T"];
    let refused = anna.run(&send);
    assert_failed(&refused, 4, "no-account");
    assert_eq!(refused.json()["error"]["address"], "nobody@example.se", "{refused:?}");
    assert_eq!(anna.run(&["list", "--folder", "sent"]).done(), json!([]));
    assert_failed(&anna.run(&["read", NO_LETTER]), 4, "not-found");
    assert_failed(&anna.run(&["move", NO_LETTER, "trash"]), 4, "not-found");
    assert_failed(&anna.run(&["compare", "nobody@example.se"]), 4, "no-account");
    assert_failed(&anna.run(&["accept", "nobody@example.se"]), 4, "no-account");
    assert_failed(&anna.run(&["compare", "nobody@example.se", "--matches"]), 4, "unknown-contact");
}

#[test]
fn a_server_that_is_down_ends_5_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(Start::demo(folder.path()));
    let (anna, bjorn) = (ANNA.at(&server, folder.path()), BJORN.at(&server, folder.path()));
    server.stop();
    let send = ["send", "--to", BJORN.address, "--subject", "S", "--text", "T"];
    for arguments in [&["whoami"][..], &["list"], &["read", NO_LETTER], &["empty-trash"], &send] {
        let ended = anna.run(arguments);
        assert_eq!(ended.json()["error"]["type"], "unreachable", "{ended:?}");
        assert_failed(&ended, 5, "unreachable");
    }
    let _server = server.again();
    anna.run(&send).done();
    let inbox = bjorn.run(&["list"]).done();
    assert_eq!(inbox.as_array().map(Vec::len), Some(1), "what failed was said to be unsent: {inbox}");
}

#[test]
fn signing_out_without_a_server_empties_the_profile_and_says_what_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(Start::demo(folder.path()));
    let anna = ANNA.at(&server, folder.path());
    server.stop();
    let ended = anna.run(&["logout"]);
    assert_failed(&ended, 5, "unreachable");
    assert!(ended.json()["error"]["detail"].as_str().unwrap().contains("end it from another device"));
    let left: Vec<_> = fs::read_dir(anna.profile()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left, ["lock"]);
    assert_failed(&anna.run(&["whoami"]), 3, "not-signed-in");
}

/// PROTOCOL §9a: a device slot is worth nothing without the server's share.
#[test]
fn after_a_session_was_ended_a_copy_of_its_profile_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = ANNA.at(&server, folder.path());
    let copy = Terminal::new(folder.path(), "copy", "");
    fs::create_dir(copy.profile()).unwrap();
    for file in fs::read_dir(anna.profile()).unwrap().map(Result::unwrap) {
        fs::copy(file.path(), copy.profile().join(file.file_name())).unwrap();
    }
    assert_holds(&copy.run(&["whoami"]).done(), &json!({ "address": ANNA.address }));
    anna.run(&["logout"]).done();
    let out = folder.path().join("never");
    for arguments in [&["whoami"][..], &["list"], &["export", "--out", out.to_str().unwrap()], &["export-key"]] {
        assert_failed(&copy.run(arguments), 3, "not-signed-in");
    }
    assert!(!out.exists(), "what can't be exported leaves no folder");
}
