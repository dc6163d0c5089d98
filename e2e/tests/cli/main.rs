//! The command line against a real server (issue 3, item 6; DESIGN 8): what it answers, how it fails, how it behaves.

mod answering;
mod attaching;
mod checking;
mod damage;
mod demo;
mod devices;
mod factors;
mod failures;
mod filing;
mod forensics;
mod guests;
mod levels;
mod lies;
mod manners;
mod passwords;
mod renewal;
mod running;
mod slowly;
mod story;
mod swedish;
mod ways_back;

use std::path::Path;

use securemailbox_e2e::{
    command::{Ended, Terminal},
    server::Server,
};
use serde_json::Value;

/// A person in these tests, with a profile of their own.
struct Person {
    name: &'static str,
    address: &'static str,
    phone: &'static str,
    password: &'static str,
}

const ANNA: Person = Person {
    name: "Anna Lindqvist",
    address: "anna.cli@example.se",
    phone: "+46701740614",
    password: "fyra gröna lejon äter glass",
};
const BJORN: Person = Person {
    name: "Björn Ek",
    address: "bjorn.cli@example.se",
    phone: "+46701740615",
    password: "åtta blå vantar på en lina",
};

const CECILIA: Person = Person {
    name: "Cecilia Åberg",
    address: "cecilia.cli@example.se",
    phone: "+46701740616",
    password: "sju gula skor under en bro",
};

impl Person {
    /// Their terminal, with nothing in its profile yet.
    fn terminal(&self, folder: &Path) -> Terminal {
        Terminal::new(folder, self.name, self.password)
    }

    /// Their terminal, registered and signed in.
    fn at(&self, server: &Server, folder: &Path) -> Terminal {
        let terminal = self.terminal(folder);
        terminal.register(server, self.address, self.phone, self.name);
        terminal
    }
}

/// Checks that a document has these members with these values. It may have more.
#[track_caller]
fn assert_holds(document: &Value, expected: &Value) {
    for (name, value) in expected.as_object().expect("members") {
        assert_eq!(document.get(name), Some(value), "{name} in {document}");
    }
}

/// Checks how a command failed: the exit code, and one document that names the failure and says something about it.
#[track_caller]
fn assert_failed(ended: &Ended, code: i32, kind: &str) {
    assert_eq!(ended.code, code, "{ended:?}");
    let document = ended.json();
    assert_eq!(document["error"]["type"], kind, "{document}");
    let detail = document["error"]["detail"].as_str().expect("a detail");
    assert!(detail.len() > 20 && detail.ends_with(['.', ')', '\'']), "no sentence: {detail}");
    assert_eq!(document.as_object().map(serde_json::Map::len), Some(1), "{document}");
}

/// The id of the letter a document is about.
#[track_caller]
fn id(document: &Value) -> String {
    text(document, "id").to_owned()
}

/// The text of a member of a JSON document.
#[track_caller]
fn text<'a>(document: &'a Value, member: &str) -> &'a str {
    document[member].as_str().unwrap_or_else(|| panic!("no {member} in {document}"))
}
