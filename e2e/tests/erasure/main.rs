//! What is left on the disk, and what a kill breaks (PROTOCOL §8; ATTACKS 21, 24, 33, 34).

#![expect(clippy::unwrap_used, reason = "a test ends where it fails, also in what tests share")]

mod files;
mod links;
mod public_pages;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    rc::Rc,
    time::Duration,
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use securemailbox_client::{
    api::Api,
    letters::{Addressed, SendError},
    mailbox::Mailbox,
    transport::{Method, Request, Response, Transport, Unreachable},
    world::World as _,
};
use securemailbox_e2e::{
    kills::spin,
    outage::{MailServer, dead_senders, free_port},
    person::{PASSWORD, Person, Wire},
    server::{Server, Start},
    traces,
};
use securemailbox_protocol::{
    address::Address,
    endpoints,
    factors::{Code, PhoneRole},
    ids::LetterId,
    letters::{Entry, Folder},
    phone::PhoneNumber,
};
use totp_rs::{Algorithm, Secret, TOTP};

const ANNA: (&str, &str, &str) = ("anna.erasure@example.se", "+46701740621", "Anna Lindqvist-Ek");
const RESERVE: &str = "+46701740623";
const BJORN: (&str, &str, &str) = ("bjorn.erasure@example.se", "+46701740622", "Björn Sandström-Ask");
const SUBJECT: &str = "Provsvaren från den tolfte november";
const TEXT: &str = "Hej Björn, alla värden är fina och du behöver inte komma hit igen.";

fn letter(to: &str, subject: &str, text: &str) -> Addressed {
    Addressed {
        to: vec![Address::parse(to).unwrap()],
        subject: subject.into(),
        text: text.into(),
        ..Addressed::default()
    }
}

/// Anna and Björn at a demo in `folder`.
async fn two_people(folder: &Path) -> (Server, (Person, Mailbox), (Person, Mailbox)) {
    let server = Server::start(Start::demo(folder));
    let (anna, bjorn) = (Person::at(&server), Person::at(&server));
    let annas = anna.register(&server, ANNA.0, ANNA.1, ANNA.2).await;
    let bjorns = bjorn.register(&server, BJORN.0, BJORN.1, BJORN.2).await;
    (server, (anna, annas), (bjorn, bjorns))
}

/// The server's own bytes of an entry.
async fn raw(person: &Person, server: &Server, id: LetterId) -> (Entry, Vec<u8>) {
    let token = person.token();
    let get = async |path: String| {
        let answer = reqwest::Client::new()
            .get(format!("{}/api/v1{path}", server.url()))
            .bearer_auth(&token)
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_success(), "{path}");
        answer.bytes().await.unwrap().to_vec()
    };
    let entry = serde_json::from_slice(&get(format!("/letters/{id}")).await).unwrap();
    (entry, get(format!("/letters/{id}/content")).await)
}

/// A piece from the middle, which no header shares.
fn sample(bytes: &[u8]) -> Vec<u8> {
    let middle = bytes.len() / 2;
    bytes[middle..(middle + 24).min(bytes.len())].to_vec()
}

/// Waits until this counts none.
async fn none_left(file: &Path, count: &str) {
    for _ in 0..200 {
        let database = rusqlite::Connection::open(file).unwrap();
        if database.query_row(count, [], |row| row.get::<_, i64>(0)).is_ok_and(|count| count == 0) {
            return;
        }
        drop(database);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{count}: some are left");
}

async fn bin_and_empty(person: &Person, mailbox: &Mailbox, ids: &[LetterId]) -> u64 {
    for id in ids {
        mailbox.move_letter(person, *id, Folder::Trash).await.unwrap();
    }
    mailbox.empty_trash(person).await.unwrap().erased
}

#[tokio::test(flavor = "current_thread")]
async fn nothing_of_a_letter_is_left_after_its_holders_erased_it() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, (anna, annas), (bjorn, bjorns)) = two_people(folder.path()).await;
    let (mut kept, mut erased) = (Vec::new(), Vec::new());
    // Among others, so that pages split and rows move before anything is deleted.
    for number in 0..120 {
        let sent =
            annas.send(&anna, &letter(BJORN.0, &format!("Brev {number}"), &"rad\n".repeat(number * 7))).await.unwrap();
        if number % 3 == 1 { erased.push(sent.id) } else { kept.push(sent.id) }
    }
    let mut needles = Vec::new();
    let mut bjorns_keys = Vec::new();
    for id in &erased {
        let (at_anna, content) = raw(&anna, &server, *id).await;
        let (at_bjorn, _) = raw(&bjorn, &server, *id).await;
        let released = at_anna.released.unwrap();
        bjorns_keys.push(("Björn's wrapped key", sample(&at_bjorn.released.unwrap().wrapped_key.0)));
        needles.extend([
            ("id", id.as_bytes().to_vec()),
            ("id as text", id.to_string().into_bytes()),
            ("thread", at_anna.thread.as_bytes().to_vec()),
            ("Anna's wrapped key", sample(&released.wrapped_key.0)),
            ("envelope", sample(&released.envelope.0)),
            ("content", sample(&content)),
        ]);
    }
    let found = traces::find(server.data(), &needles);
    for kind in ["id in", "thread", "Anna's wrapped key", "envelope", "content"] {
        assert!(
            found.iter().any(|line| line.starts_with(kind)),
            "the search does not even find {kind} before: {found:?}"
        );
    }
    assert!(!traces::find(server.data(), &bjorns_keys).is_empty());

    bjorns.sync(&bjorn).await.unwrap();
    assert_eq!(bin_and_empty(&bjorn, &bjorns, &erased).await, erased.len() as u64);
    assert_eq!(traces::find(server.data(), &bjorns_keys), [""; 0], "one holder's keys go with the holder's entry");
    assert_eq!(bin_and_empty(&anna, &annas, &erased).await, erased.len() as u64);
    assert_eq!(traces::find(server.data(), &needles), [""; 0], "while the server runs");
    server.stop();
    assert_eq!(traces::find(server.data(), &needles), [""; 0], "after the server stopped");

    let server = server.again();
    for (person, mailbox) in [(&anna, &annas), (&bjorn, &bjorns)] {
        mailbox.sync(person).await.unwrap();
        for id in &kept {
            mailbox.peek(person, *id).await.expect("a kept letter opens");
        }
    }
    drop(server);
}

/// PROTOCOL §8: what Björn has of Anna is his, until he erases it; then nothing names her.
#[tokio::test(flavor = "current_thread")]
async fn nothing_of_an_account_is_left_after_it_was_removed_and_its_letters_were_erased() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, (anna, annas), (bjorn, bjorns)) = two_people(folder.path()).await;
    let sent = annas.send(&anna, &letter(BJORN.0, SUBJECT, TEXT)).await.unwrap().id;
    let answer = bjorns.send(&bjorn, &letter(ANNA.0, "Svar", "Tack!")).await.unwrap().id;
    annas.sync(&anna).await.unwrap();
    let (at_anna, content) = raw(&anna, &server, sent).await;
    let own = [
        ("wrapped key", sample(&at_anna.released.unwrap().wrapped_key.0)),
        ("session", annas.sessions(&anna).await.unwrap().sessions[0].id.as_bytes().to_vec()),
    ];
    let shared = [
        ("account", annas.account_id().as_bytes().to_vec()),
        ("letter", sent.as_bytes().to_vec()),
        ("content", sample(&content)),
    ];
    assert!(!traces::find(server.data(), &own).is_empty() && !traces::find(server.data(), &shared).is_empty());
    annas.remove_account(&anna).await.unwrap();
    server.stop();
    let file = server.data().join("mailbox.sqlite");
    let database = rusqlite::Connection::open(&file).unwrap();
    assert_eq!(
        database.execute("UPDATE wait SET due = begun, announce = NULL", []).unwrap(),
        1,
        "seven days pass, all of it announced"
    );
    drop(database);
    let mut server = server.again();
    none_left(
        &file,
        "SELECT COUNT(*) FROM entry e JOIN mailbox m ON m.mailbox_id = e.mailbox_id AND m.kind = 'removed'",
    )
    .await;
    none_left(&file, "SELECT COUNT(*) FROM wait").await;
    assert!(annas.sync(&anna).await.is_err(), "nobody is signed in there");
    // Nobody waits for this one: what it leaves is overwritten within seconds.
    for _ in 0..100 {
        if traces::find(server.data(), &own).is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(traces::find(server.data(), &own), [""; 0], "while the server runs");
    bjorns.sync(&bjorn).await.unwrap();
    bjorns.read(&bjorn, sent).await.expect("it is his too");
    assert_eq!(bin_and_empty(&bjorn, &bjorns, &[sent, answer]).await, 2);
    // The last of it goes with the next sweep.
    server.stop();
    let mut server = server.again();
    none_left(&file, "SELECT COUNT(*) FROM mailbox WHERE kind = 'removed'").await;
    server.stop();
    assert_eq!(traces::find(server.data(), &shared), [""; 0]);
}

/// ATTACKS 21, 34: everything a thief of the data folder could read.
#[tokio::test(flavor = "current_thread")]
async fn a_stolen_data_folder_says_nothing_of_people() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, (anna, annas), (bjorn, bjorns)) = two_people(folder.path()).await;
    let sent = annas.send(&anna, &letter(BJORN.0, SUBJECT, TEXT)).await.unwrap();
    bjorns.sync(&bjorn).await.unwrap();
    bjorns.read(&bjorn, sent.id).await.unwrap();
    let identity = identity_of(&server, &anna, &annas).await;
    annas.close(&anna).await.unwrap();
    bjorns.close(&bjorn).await.unwrap();
    server.stop();
    let mut secrets: Vec<(&str, Vec<u8>)> =
        [SUBJECT, TEXT, ANNA.0, ANNA.1, ANNA.2, BJORN.0, BJORN.1, BJORN.2, PASSWORD]
            .map(|secret| (secret, secret.as_bytes().to_vec()))
            .into();
    secrets.extend([(ANNA.1, ANNA.1.as_bytes()[3..].to_vec()), ("local part", b"bjorn.erasure".to_vec())]);
    secrets.extend(identity.iter().map(|(name, secret)| (*name, secret.clone())));
    assert_eq!(traces::find(server.data(), &secrets), [""; 0]);
    fs::write(server.data().join("marker"), data_encoding::BASE64.encode(format!("x{SUBJECT}").as_bytes())).unwrap();
    assert_eq!(traces::find(server.data(), &secrets), [format!("{SUBJECT} in marker")], "the search finds a marker");
    let log = server.log();
    assert!(log.contains("stopping"), "there is a log to search: {log}");
    for (name, secret) in &secrets {
        assert!(!log.contains(&*String::from_utf8_lossy(secret)), "the log holds {name}");
    }
}

/// A reserve phone, an app and codes on paper, as somebody has them: what each is known by, in every way that it is written.
async fn identity_of(server: &Server, world: &Person, mailbox: &Mailbox) -> Vec<(&'static str, Vec<u8>)> {
    let before = server.messages_to(RESERVE).await;
    let phone = PhoneNumber::parse(RESERVE).unwrap();
    let phone = mailbox.name_new_phone(world, phone, PhoneRole::Reserve).await.unwrap();
    phone.asked().send(world).await.unwrap();
    let code = Code::parse(&server.code(RESERVE, before).await).unwrap();
    phone.enter(world, &code.into()).await.unwrap();
    let sheet = mailbox.make_one_time_codes(world).await.unwrap();
    let app = mailbox.begin_authenticator(world).await.unwrap();
    let typed = app.typed().replace(' ', "");
    let secret = Secret::Encoded(typed.clone()).to_bytes().unwrap();
    let totp = TOTP::new_unchecked(Algorithm::SHA1, 6, 0, 30, secret.clone());
    let code = Code::parse(&totp.generate(world.now().unix_millis() / 1_000)).unwrap();
    app.confirm(world, mailbox, &code).await.unwrap();
    let mut known = vec![("the reserve phone", RESERVE.as_bytes().to_vec()), ("the app's secret", secret)];
    known.push(("the app's secret as it is typed", typed.into_bytes()));
    for code in &sheet.codes {
        let printed = code.to_string();
        known.push(("a code on paper", printed.replace('-', "").into_bytes()));
        known.push(("a code on paper as it is printed", printed.into_bytes()));
    }
    known
}

/// ATTACKS 24, 22: the server share is gone with the session.
#[tokio::test(flavor = "current_thread")]
async fn a_profile_and_database_stolen_after_the_session_ended_open_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, (anna, annas), _) = two_people(folder.path()).await;
    annas.close(&anna).await.unwrap();
    let thief = anna.clone();
    Mailbox::open(&thief).await.expect("a copy made in time would open");
    securemailbox_client::sign_in::sign_out(&anna).await.unwrap();
    assert!(Mailbox::open(&thief).await.is_err(), "the server still gives the share out");
    server.stop();
    // The same with everything the server has: its folder, its seal, its program.
    let stolen = folder.path().join("stolen");
    fs::create_dir(&stolen).unwrap();
    fs::copy(folder.path().join("data.seal"), folder.path().join("stolen.seal")).unwrap();
    for file in fs::read_dir(server.data()).unwrap().map(Result::unwrap).filter(|file| file.path().is_file()) {
        fs::copy(file.path(), stolen.join(file.file_name())).unwrap();
    }
    let copy = Server::start(Start { data: stolen, ..Start::demo(folder.path()) });
    let thief = Person { transport: Wire::to(copy.url()), ..thief };
    assert!(Mailbox::open(&thief).await.is_err());
}

/// Starts a request and kills the server while it is under way, when told to.
#[derive(Clone)]
struct Doomed {
    wire: Wire,
    server: Rc<RefCell<Server>>,
    armed: Rc<Cell<Option<(&'static str, Duration)>>>,
    /// Kills that came before the answer.
    unanswered: Rc<Cell<u32>>,
}

impl Transport for Doomed {
    async fn call(&self, request: Request) -> Result<Response, Unreachable> {
        let target =
            self.armed.get().filter(|(path, _)| request.method == Method::Post && request.path.ends_with(path));
        let Some((_, delay)) = target else { return self.wire.call(request).await };
        self.armed.set(None);
        let answer = self.wire.call(request);
        tokio::pin!(answer);
        let answered = tokio::select! {
            answer = &mut answer => Some(answer),
            () = spin(delay) => None,
        };
        self.server.borrow_mut().kill();
        match answered {
            Some(answer) => answer,
            None => {
                // The answer may have crossed the kill on the wire; then it counts as one.
                let late = answer.await;
                if late.is_err() {
                    self.unanswered.set(self.unanswered.get() + 1);
                }
                late
            }
        }
    }
}

impl Doomed {
    fn on(server: Server) -> Self {
        let wire = Wire::to(server.url());
        Self { wire, server: Rc::new(RefCell::new(server)), armed: Rc::default(), unanswered: Rc::default() }
    }

    fn revive(&self) {
        let again = self.server.borrow().again();
        *self.server.borrow_mut() = again;
    }
}

/// A server that people registered at, started again without the demo, which is faster to start; its senders are dead.
fn restarted(mut server: Server, folder: &Path) -> Server {
    server.stop();
    Server::start(dead_senders(Start::demo(folder), free_port()))
}

#[tokio::test(flavor = "current_thread")]
async fn a_hundred_kills_among_sends_lose_and_double_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (server, (anna, annas), (bjorn, bjorns)) = two_people(folder.path()).await;
    drop((annas, bjorns));
    let doomed = Doomed::on(restarted(server, folder.path()));
    let anna = Person { transport: doomed.clone(), device: anna.device };
    let bjorn = Person { transport: doomed.clone(), device: bjorn.device };
    let mailbox = Mailbox::open(&anna).await.unwrap();
    let mut random = StdRng::seed_from_u64(75);
    let (mut expected, mut acknowledged) = (BTreeMap::new(), BTreeSet::new());
    let (mut kills, mut number) = (0, 0);
    // At least a hundred, and until three quarters of a hundred hit a request under way.
    while kills < 100 || (doomed.unanswered.get() < 75 && kills < 400) {
        // A stream: some go through, then one is cut.
        let cut = random.gen_bool(0.7);
        if cut {
            doomed.armed.set(Some(("/letters", Duration::from_micros(random.gen_range(0..1_500)))));
        }
        let text = format!("brev nummer {number}");
        number += 1;
        match mailbox.send(&anna, &letter(BJORN.0, &text, &text)).await {
            Ok(sent) => {
                acknowledged.insert(sent.id);
                expected.insert(sent.id, text);
            }
            Err(SendError::Waiting { id, .. }) => {
                expected.insert(id, text);
            }
            Err(error) => panic!("{error}"),
        }
        if cut {
            kills += 1;
            doomed.revive();
            let waiting = mailbox.send_waiting(&anna).await.unwrap();
            let causes: Vec<_> = waiting.iter().map(|still| &still.cause).collect();
            assert!(causes.is_empty(), "{causes:?}");
        }
    }
    let unanswered = doomed.unanswered.get();
    println!(
        "{kills} kills, {unanswered} of them between request and answer; {} letters, {} acknowledged at once",
        expected.len(),
        acknowledged.len()
    );
    assert!(unanswered >= 75, "only {unanswered} kills hit a request under way");
    for (person, folder) in [(&anna, Folder::Sent), (&bjorn, Folder::Inbox)] {
        let mailbox = Mailbox::open(person).await.unwrap();
        mailbox.sync(person).await.unwrap();
        let rows = mailbox.list(person, folder, usize::MAX).await.unwrap();
        let mut subjects: Vec<_> = rows.iter().map(|row| row.summary.as_ref().unwrap().0.subject.clone()).collect();
        subjects.sort();
        let mut all: Vec<_> = expected.values().cloned().collect();
        all.sort();
        assert_eq!(subjects, all, "none lost, none twice");
        for (id, text) in &expected {
            assert_eq!(mailbox.peek(person, *id).await.unwrap().text(), text, "none half");
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn twenty_kills_inside_the_erasure_lose_nothing_kept_and_bring_nothing_back() {
    let folder = tempfile::tempdir().unwrap();
    let (server, (anna, annas), (bjorn, bjorns)) = two_people(folder.path()).await;
    drop((annas, bjorns));
    let doomed = Doomed::on(restarted(server, folder.path()));
    let anna = Person { transport: doomed.clone(), device: anna.device };
    let to_anna = letter(ANNA.0, "till mig själv", "text");
    let mailbox = Mailbox::open(&anna).await.unwrap();
    let mut random = StdRng::seed_from_u64(20);
    let (mut kept, mut needles) = (Vec::new(), Vec::new());
    for round in 0..20 {
        for number in 0..6 {
            let id = mailbox.send(&anna, &to_anna).await.unwrap().id;
            if number % 2 == 0 {
                kept.push(id);
            } else {
                needles.push(("id", id.as_bytes().to_vec()));
                mailbox.move_letter(&anna, id, Folder::Trash).await.unwrap();
            }
        }
        doomed.armed.set(Some(("/trash/empty", Duration::from_micros(random.gen_range(0..12_000)))));
        let emptied = mailbox.empty_trash(&anna).await.is_ok();
        doomed.revive();
        mailbox.sync(&anna).await.unwrap();
        let left = mailbox.list(&anna, Folder::Trash, usize::MAX).await.unwrap().len();
        assert!(left == 0 || left == 3, "round {round}: {left} of 3 are left");
        assert!(!emptied || left == 0, "round {round}: erased letters came back");
        if left == 0 {
            // Started again, the server has finished what the kill interrupted.
            let data = doomed.server.borrow().data().to_path_buf();
            assert_eq!(traces::find(&data, &needles), [""; 0], "round {round}");
        }
        mailbox.empty_trash(&anna).await.unwrap();
    }
    println!("20 kills, {} of them before the answer", doomed.unanswered.get());
    assert!(doomed.unanswered.get() >= 10, "only {} kills hit an erasure under way", doomed.unanswered.get());
    for id in &kept {
        mailbox.peek(&anna, *id).await.expect("a kept letter opens");
    }
    let data = doomed.server.borrow().data().to_path_buf();
    assert_eq!(traces::find(&data, &needles), [""; 0]);
    drop(bjorn);
}

#[tokio::test(flavor = "current_thread")]
async fn a_dead_mail_server_delays_notices_and_never_letters() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, (anna, annas), (bjorn, bjorns)) = two_people(folder.path()).await;
    drop((annas, bjorns));
    server.stop();
    let port = free_port();
    let mut server = Server::start(dead_senders(Start::demo(folder.path()), port));
    let at =
        |server: &Server, person: &Person| Person { transport: Wire::to(server.url()), device: person.device.clone() };
    let (anna, bjorn) = (at(&server, &anna), at(&server, &bjorn));
    let id = Mailbox::open(&anna).await.unwrap().send(&anna, &letter(BJORN.0, SUBJECT, TEXT)).await.unwrap().id;
    for _ in 0..2 {
        // The letter is there at once, whatever became of the notice.
        assert_eq!(Mailbox::open(&bjorn).await.unwrap().peek(&bjorn, id).await.unwrap().text(), TEXT);
        server.stop();
        server = server.again();
    }
    let mail = MailServer::listen(port);
    let notified = async || {
        let asked = endpoints::LIST_DELIVERIES.of(id);
        let told = Api::session(&anna.transport, Some(&anna.token())).get(asked).await.unwrap();
        told.deliveries[0].notified.is_some()
    };
    for _ in 0..1200 {
        if notified().await {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server.stop();
    let messages = mail.messages();
    assert_eq!(messages.len(), 1, "the notice arrives once: {messages:?}");
    assert!(
        messages[0].contains(BJORN.0) && !messages[0].contains("Anna") && !messages[0].contains("Provsvaren"),
        "{messages:?}"
    );
}
