//! ID-kontroll at a terminal (PROTOCOL §7): adding an app, signing in by it, codes on paper, a reserve phone.

use securemailbox_e2e::{
    command::{Ended, Terminal},
    person::now,
    server::{Server, Start},
};
use serde_json::{Value, json};
use totp_rs::{Algorithm, Secret, TOTP};

use crate::{ANNA, Person, assert_failed, assert_holds};

const RESERVE: &str = "+46701740633";
const STEP: u64 = 30;

/// An authenticator app that shows each code once.
pub(crate) struct App {
    totp: TOTP,
    last: u64,
}

impl App {
    fn new(secret: &str) -> Self {
        let secret = Secret::Encoded(secret.to_owned()).to_bytes().expect("base32");
        Self { totp: TOTP::new_unchecked(Algorithm::SHA1, 6, 0, STEP, secret), last: 0 }
    }

    /// The server takes one step around now.
    pub(crate) fn next(&mut self) -> String {
        let now = now().unix_millis() / 1_000 / STEP;
        self.last = (now - 1).max(self.last + 1);
        assert!(self.last <= now + 1, "it has shown the codes of this minute");
        self.same()
    }

    fn same(&self) -> String {
        self.totp.generate(self.last * STEP)
    }
}

/// Adds an app: the secret stands on a line of its own, and the question for its code follows.
pub(crate) fn add_app(terminal: &Terminal) -> (App, Value) {
    let mut app = None;
    let ended = terminal.converse(&["factors", "add-authenticator"], |line| {
        let line = line.trim();
        if line.len() == 32 && line.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()) {
            app = Some(App::new(line));
        }
        line.starts_with("The code that your authenticator app shows").then(|| app.as_mut().expect("a secret").next())
    });
    let added = ended.done();
    (app.expect("a secret was shown"), added)
}

/// Signs in on a new profile, the password from the environment; `answer` is given each question.
fn sign_in(server: &Server, terminal: &Terminal, mut answer: impl FnMut(&str) -> Option<String>) -> Ended {
    terminal.converse(&["login", "--server", server.url(), "--email", ANNA.address], |line| answer(line))
}

fn another(folder: &std::path::Path, name: &str) -> Terminal {
    let Person { password, .. } = ANNA;
    Terminal::new(folder, name, password)
}

#[test]
fn an_app_takes_the_place_of_the_sms_and_paper_the_place_of_the_app() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let anna = ANNA.at(&server, folder.path());
    let before = anna.run(&["factors"]).done();
    assert_holds(&before["factors"][0], &json!({ "kind": "phone", "hint": "14", "left": null }));

    let (mut app, added) = add_app(&anna);
    assert_holds(&added, &json!({ "added": "authenticator" }));
    let sheet = anna.run(&["one-time-codes"]).done();
    let codes = sheet["codes"].as_array().expect("a list").clone();
    assert_eq!(codes.len(), 10);
    let code = |number: usize| codes[number].as_str().expect("text").to_owned();
    anna.with_codes(&server, &["factors", "add-reserve-phone", RESERVE], &[RESERVE]).done();
    let kinds = |terminal: &Terminal| {
        let listed = terminal.run(&["factors"]).done();
        let factors = listed["factors"].as_array().expect("a list").clone();
        factors.into_iter().map(|factor| factor["kind"].as_str().expect("text").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&anna), ["phone", "authenticator", "one-time-codes", "reserve-phone"]);

    // The app is the first of the ways, and no SMS is sent for it.
    let sent = runtime.block_on(server.messages_to(ANNA.phone));
    let by_app = |app: &mut App, again: bool| {
        sign_in(&server, &another(folder.path(), "by app"), |line| match line {
            line if line.starts_with("How do you confirm") => Some("1".into()),
            line if line.starts_with("The code that your authenticator") => {
                Some(if again { app.same() } else { app.next() })
            }
            _ => None,
        })
    };
    by_app(&mut app, false).done();
    another(folder.path(), "by app").run(&["logout"]).done();
    assert_failed(&by_app(&mut app, true), 3, "code-used");
    // That a new device signed in is told by SMS, and no code is.
    assert!(runtime.block_on(server.message(ANNA.phone, sent)).contains("En ny enhet"));
    assert_eq!(runtime.block_on(server.messages_to(ANNA.phone)), sent + 1);

    let by_paper = |typed: String| {
        sign_in(&server, &another(folder.path(), "by paper"), move |line| match line {
            line if line.starts_with("How do you confirm") => Some("2".into()),
            line if line.starts_with("A one-time code") => Some(typed.clone()),
            _ => None,
        })
    };
    assert_failed(&by_paper("4K7T-9WXM".into()), 3, "code-refused");
    by_paper(code(0).to_lowercase()).done();
    let paper = another(folder.path(), "by paper");
    let listed = paper.run(&["factors"]).done();
    assert_holds(&listed["factors"][2], &json!({ "kind": "one-time-codes", "left": 9 }));

    // By what was kept in reserve the app is taken away, and the SMS counts again.
    let lost = listed["factors"][1]["id"].as_str().expect("text").to_owned();
    paper.run(&["factors", "remove", &lost]).done();
    assert_eq!(kinds(&paper), ["phone", "one-time-codes", "reserve-phone"]);
    let events = anna.run(&["events"]).done();
    let events: Vec<_> =
        events["events"].as_array().expect("a list").iter().map(|event| event["kind"].clone()).collect();
    for done in [
        "authenticator-removed",
        "one-time-code-used",
        "reserve-phone-added",
        "one-time-codes-made",
        "authenticator-added",
    ] {
        assert!(events.contains(&json!(done)), "{done}: {events:?}");
    }
}

#[test]
fn the_number_is_replaced_and_can_not_be_removed() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = ANNA.at(&server, folder.path());
    anna.with_codes(&server, &["factors", "replace-phone", RESERVE], &[RESERVE]).done();
    let listed = anna.run(&["factors"]).done();
    assert_holds(&listed["factors"][0], &json!({ "kind": "phone", "hint": "33" }));
    let id = listed["factors"][0]["id"].as_str().expect("text").to_owned();
    assert_failed(&anna.run(&["factors", "remove", &id]), 3, "last-way-in");
    let second = another(folder.path(), "second");
    second.sign_in(&server, ANNA.address, RESERVE).done();
}
