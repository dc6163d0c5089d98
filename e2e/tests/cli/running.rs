//! What an operator does by docs/running.md: the commands below each heading with ✓ are run as they stand there, with other
//! paths. And the unit.

use std::{fs, os::unix::net::UnixDatagram, path::Path, process::Command, time::Duration};

use securemailbox_e2e::{
    command::Terminal,
    postgres::Postgres,
    server::{Server, Start, binary},
};

use crate::{ANNA, Person};

const GUIDE: &str = include_str!("../../../docs/running.md");
const UNIT: &str = include_str!("../../../deploy/securemailbox.service");

const SEAL: &str = "## 2. The seal ✓";
const NEW_DATABASE: &str = "### PostgreSQL on the same machine ✓";
const COPY: &str = "### SQLite, while the server runs ✓";
const BACK: &str = "### SQLite, back ✓";
const DUMP: &str = "### PostgreSQL, and back ✓";

/// Runs the first commands below a heading, with the guide's folders in `folder`.
fn follow(heading: &str, folder: &Path, environment: &[(&str, &str)]) -> String {
    let (_, section) = GUIDE.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no heading {heading}"));
    let (_, block) = section.split_once("```sh\n").expect("commands");
    let (commands, _) = block.split_once("```\n").expect("their end");
    let own = |name: &str| {
        let own = folder.join(name);
        fs::create_dir_all(&own).expect("a folder to work in");
        own.to_str().expect("a path of text").to_owned()
    };
    let commands = commands
        .replace("/media/copy", &own("media"))
        .replace("/etc/securemailbox", &own("settings"))
        .replace("/var/lib/securemailbox", folder.to_str().expect("a path of text"))
        .replace("/var/backups/securemailbox", &own("backups"));
    assert!(!commands.contains("/etc/") && !commands.contains("/var/"), "a place that is not the test's: {commands}");
    let output = Command::new("sh").args(["-euc", &commands]).envs(environment.iter().copied()).output();
    let output = output.expect("a shell");
    assert!(output.status.success(), "{commands}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// How many letters somebody's inbox has, seen from a device that was never here.
fn inbox(server: &Server, folder: &Path, name: &str, person: &Person) -> usize {
    let terminal = Terminal::new(folder, name, person.password);
    terminal.sign_in(server, person.address, person.phone).done();
    terminal.run(&["list"]).done().as_array().expect("a list").len()
}

fn send_to_oneself(terminal: &Terminal) {
    terminal.run(&["send", "--to", ANNA.address, "--subject", "S", "--text", "T"]).done();
}

#[test]
fn each_heading_that_is_said_to_be_tested_is() {
    let said: Vec<&str> = GUIDE.lines().filter(|line| line.starts_with('#') && line.ends_with('✓')).collect();
    assert_eq!(said, [SEAL, NEW_DATABASE, COPY, BACK, DUMP]);
}

/// A13: the copy of the seal is made first, and opens what the machine's own form of it closed.
#[test]
fn the_copy_of_the_seal_opens_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().expect("a path of text").to_owned();
    let secret = path("secret");
    let this_machine = [("SYSTEMD_CREDENTIAL_SECRET", &*secret)];
    let told = follow(SEAL, folder.path(), &this_machine);
    assert_eq!(told.trim().len(), "  -".len() + 64, "the sum of the seal: {told}");
    // What systemd does when the unit starts.
    fs::create_dir(path("credentials")).unwrap();
    let opened = Command::new("systemd-creds")
        .args(["decrypt", "--name=seal", &path("settings/seal.cred"), &path("credentials/seal")])
        .envs(this_machine)
        .status();
    assert!(opened.unwrap().success());
    let mut start = Start::demo(folder.path());
    start.environment.push(("CREDENTIALS_DIRECTORY".into(), path("credentials")));
    let mut server = Server::start(start);
    drop(ANNA.at(&server, folder.path()));
    server.stop();
    // Another machine, which has the data and the medium.
    let server = Server::start(Start::demo(folder.path()).with("SEAL", &path("media/seal")));
    assert_eq!(inbox(&server, folder.path(), "elsewhere", &ANNA), 0);
    assert!(!folder.path().join("data.seal").exists(), "no other seal was made");
}

/// A30: a copy that is made while the server runs is whole to the last letter.
#[test]
fn a_copy_of_sqlite_is_whole_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(Start::demo(folder.path()));
    let anna = ANNA.at(&server, folder.path());
    send_to_oneself(&anna);
    follow(COPY, folder.path(), &[]);
    send_to_oneself(&anna);
    server.stop();
    follow(BACK, folder.path(), &[]);
    let server = server.again();
    assert_eq!(inbox(&server, folder.path(), "elsewhere", &ANNA), 1, "as it was when the copy was made");
}

#[test]
fn a_dump_of_postgresql_is_whole_and_comes_back() {
    let (folder, postgres) = (tempfile::tempdir().unwrap(), Postgres::start());
    let host = postgres.folder().to_str().expect("a path of text");
    let environment = [("PGHOST", host), ("PGUSER", "postgres")];
    follow(NEW_DATABASE, folder.path(), &environment);
    let on = |database: &str| {
        Start::demo(folder.path()).on_postgres(&format!("host={host} user=securemailbox dbname={database}"))
    };
    let mut server = Server::start(on("securemailbox"));
    let anna = ANNA.at(&server, folder.path());
    send_to_oneself(&anna);
    follow(DUMP, folder.path(), &environment);
    send_to_oneself(&anna);
    server.stop();
    let server = Server::start(on("securemailbox_back"));
    assert_eq!(inbox(&server, folder.path(), "elsewhere", &ANNA), 1, "as it was when the dump was made");
}

#[test]
fn systemd_understands_the_unit_and_finds_little_exposed() {
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("securemailbox.service");
    let installed = "/usr/local/bin/securemailbox";
    assert!(UNIT.contains(installed));
    fs::write(&unit, UNIT.replace(installed, binary().to_str().expect("a path of text"))).unwrap();
    for arguments in [&["verify"][..], &["security", "--offline=yes", "--threshold=20"]] {
        let output =
            Command::new("systemd-analyze").args(arguments).arg(&unit).output().expect("apt-get install systemd");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{arguments:?}: {said}");
    }
}

#[test]
fn the_service_manager_hears_when_the_server_answers_and_when_it_stops() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("notify");
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let heard = || {
        let mut word = [0; 100];
        let length = manager.recv(&mut word).expect("a word");
        String::from_utf8_lossy(&word[..length]).into_owned()
    };
    let mut start = Start::demo(folder.path());
    start.environment.push(("NOTIFY_SOCKET".into(), socket.to_str().expect("a path of text").into()));
    let mut server = Server::start(start);
    assert_eq!(heard(), "READY=1");
    server.stop();
    assert_eq!(heard(), "STOPPING=1");
}
