//! What is left of a conversation by a link when its time has come (PROTOCOL §5).

use std::path::Path;

use rand::rngs::OsRng;
use rusqlite::Connection;
use securemailbox_client::{
    invitations::Invite,
    letters::{Addressed, Answers},
    links::{self, LinkProved},
    mailbox::Mailbox,
};
use securemailbox_e2e::{
    person::Person,
    server::{Server, Start},
    traces,
};
use securemailbox_protocol::{
    accounts::Language, address::Address, coding::base64url, ids::LetterId, letters::Folder, phone::PhoneNumber,
};
use securemailbox_vault::{links::LinkSecret, passphrases::Passphrase};

use crate::{ANNA, SUBJECT, TEXT, bin_and_empty, none_left, raw, sample};

const EVA: (&str, &str) = ("eva.erasure@example.se", "+46701740624");

/// What the database alone has of the guest, all in one row.
const OF_THE_GUEST: &str = "
    SELECT i.mailbox_id, i.token_hash, m.address_sealed, c.sealed, s.slot_id, s.sealed, s.share_sealed, f.factor_id, f.sealed
      FROM invitation i JOIN member m ON m.mailbox_id = i.mailbox_id JOIN certificate c ON c.mailbox_id = i.mailbox_id
      JOIN slot s ON s.mailbox_id = i.mailbox_id AND s.kind = 'link' JOIN factor f ON f.mailbox_id = i.mailbox_id";
const NAMES: [&str; 9] =
    ["account", "token", "address", "certificate", "slot id", "slot", "share", "factor id", "phone"];

fn of_the_guest(file: &Path) -> Vec<(&'static str, Vec<u8>)> {
    let database = Connection::open(file).unwrap();
    let row = |row: &rusqlite::Row<'_>| (0..NAMES.len()).map(|at| row.get::<_, Vec<u8>>(at)).collect();
    let blobs: Vec<Vec<u8>> = database.query_row(OF_THE_GUEST, [], row).unwrap();
    NAMES.into_iter().zip(blobs.iter().map(|blob| sample(blob))).collect()
}

/// Eva opens the link, reads, and answers.
async fn answered(server: &Server, link: &LinkSecret) {
    let eva = Person::at(server);
    let (shown, mailbox) = eva.open_link(server, link, EVA.1).await;
    mailbox.sync(&eva).await.unwrap();
    let id = mailbox.list(&eva, Folder::Inbox, 1).await.unwrap()[0].entry.id;
    let read = mailbox.read(&eva, id).await.unwrap();
    let answers = Some(Answers::to(&read.letter));
    let (to, subject, text) = (vec![shown.from], "Svar".into(), "Tack!".into());
    mailbox.send(&eva, &Addressed { to, subject, text, answers, ..Addressed::default() }).await.unwrap();
}

/// Anna has written to Eva by a link that was mailed, and Eva has answered.
struct Written {
    server: Server,
    anna: Person,
    annas: Mailbox,
    sent: LetterId,
    link: LinkSecret,
    of_the_guest: Vec<(&'static str, Vec<u8>)>,
}

async fn written(folder: &Path) -> Written {
    let server = Server::start(Start::demo(folder));
    let anna = Person::at(&server);
    let annas: Mailbox = anna.register(&server, ANNA.0, ANNA.1, ANNA.2).await;
    let address: Address = EVA.0.parse().unwrap();
    let phone = PhoneNumber::parse(EVA.1).unwrap();
    let invite =
        vec![Invite { address: address.clone(), phone, language: Language::Sv, mailed: true, passphrase: None }];
    let (to, subject, text) = (vec![address.clone()], SUBJECT.into(), TEXT.into());
    let sent = annas.send(&anna, &Addressed { to, subject, text, invite, ..Addressed::default() }).await.unwrap().id;
    let link = LinkSecret::parse(&annas.link_of(&address).unwrap()).unwrap();
    let file = server.data().join("mailbox.sqlite");
    none_left(&file, "SELECT COUNT(*) FROM invitation WHERE link_sealed IS NOT NULL").await; // a mail server has it
    answered(&server, &link).await;
    let of_the_guest = of_the_guest(&file);
    let found = traces::find(server.data(), &of_the_guest);
    for name in NAMES {
        let is_there = found.iter().any(|line| line.starts_with(&format!("{name} in")));
        assert!(is_there, "{name} is not found before: {found:?}");
    }
    Written { server, anna, annas, sent, link, of_the_guest }
}

#[tokio::test(flavor = "current_thread")]
async fn whoever_has_all_that_the_server_has_has_neither_link_nor_passphrase() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(Start::demo(folder.path()));
    let anna = Person::at(&server);
    let annas: Mailbox = anna.register(&server, ANNA.0, ANNA.1, ANNA.2).await;
    let (address, phone): (Address, _) = (EVA.0.parse().unwrap(), PhoneNumber::parse(EVA.1).unwrap());
    let passphrase = Passphrase::generate(Language::Sv, &mut OsRng);
    let agreed = Some(passphrase.clone());
    let invite =
        vec![Invite { address: address.clone(), phone, language: Language::Sv, mailed: false, passphrase: agreed }];
    let (to, subject, text) = (vec![address.clone()], SUBJECT.into(), TEXT.into());
    annas.send(&anna, &Addressed { to, subject, text, invite, ..Addressed::default() }).await.unwrap();
    let link = LinkSecret::parse(&annas.link_of(&address).unwrap()).unwrap();
    let eva = Person::at(&server);
    let (_, proved) = eva.prove_link(&server, &link, EVA.1).await;
    let LinkProved::Locked(locked) = proved else { panic!("it opens by the words") };
    let mailbox = Mailbox::begin(&eva, locked.open(&eva, &passphrase).unwrap()).await.unwrap().0;
    mailbox.sync(&eva).await.unwrap();

    let of_the_guest = of_the_guest(&server.data().join("mailbox.sqlite"));
    server.stop();
    let secret = base64url::decode(&link.to_text()[..40]).unwrap();
    let theirs = [("link", secret), ("passphrase", passphrase.as_str().as_bytes().to_vec())];
    assert_eq!(traces::find(server.data(), &theirs), [""; 0]);
    let there = traces::find(server.data(), &of_the_guest);
    assert!(there.iter().any(|line| line.starts_with("slot in")), "its slot is found in the same way: {there:?}");
}

#[tokio::test(flavor = "current_thread")]
async fn nothing_of_a_conversation_by_a_link_is_left_when_its_time_has_come() {
    let folder = tempfile::tempdir().unwrap();
    let Written { mut server, anna, annas, sent, link, of_the_guest } = written(folder.path()).await;
    let file = server.data().join("mailbox.sqlite");
    let (at_anna, content) = raw(&anna, &server, sent).await;
    let shared = [
        ("letter", sent.as_bytes().to_vec()),
        ("thread", at_anna.thread.as_bytes().to_vec()),
        ("content", sample(&content)),
    ];
    server.stop();
    let database = Connection::open(&file).unwrap();
    assert_eq!(database.execute("UPDATE invitation SET expires = made", []).unwrap(), 1, "sixty days pass");
    drop(database);
    let mut server = server.again();
    none_left(&file, "SELECT COUNT(*) FROM invitation").await;
    none_left(
        &file,
        "SELECT COUNT(*) FROM entry e JOIN mailbox m ON m.mailbox_id = e.mailbox_id AND m.kind <> 'member'",
    )
    .await;
    assert!(links::show_link(&Person::at(&server), &link).await.is_err(), "the link is over");
    // Anna has her letter and the answer, until she erases them.
    annas.sync(&anna).await.unwrap();
    let inbox = annas.list(&anna, Folder::Inbox, 1).await.unwrap();
    annas.read(&anna, inbox[0].entry.id).await.expect("the answer is hers");
    assert_eq!(bin_and_empty(&anna, &annas, &[sent, inbox[0].entry.id]).await, 2);
    server.stop();
    let mut server = server.again();
    none_left(&file, "SELECT COUNT(*) FROM mailbox WHERE kind <> 'member'").await;
    server.stop();
    assert_eq!(traces::find(server.data(), &of_the_guest), [""; 0]);
    assert_eq!(traces::find(server.data(), &shared), [""; 0]);
}

#[tokio::test(flavor = "current_thread")]
async fn what_opens_a_conversation_is_gone_when_a_guest_was_told_that_it_is_declined() {
    let folder = tempfile::tempdir().unwrap();
    let Written { mut server, annas, anna, link, of_the_guest, .. } = written(folder.path()).await;
    let eva = Person::at(&server);
    let (_, mailbox) = eva.open_link(&server, &link, EVA.1).await;
    mailbox.decline(&eva).await.unwrap();
    server.kill(); // nothing is done after the answer
    // By its address and certificate Anna knows who wrote, and its id names both.
    let names = ["account", "address", "certificate"];
    let gone: Vec<_> = of_the_guest.into_iter().filter(|(name, _)| !names.contains(name)).collect();
    assert_eq!(traces::find(server.data(), &gone), [""; 0]);
    let mut server = server.again();
    annas.sync(&anna).await.unwrap();
    let inbox = annas.list(&anna, Folder::Inbox, 1).await.unwrap();
    annas.read(&anna, inbox[0].entry.id).await.expect("the answer is hers");
    server.stop();
}
