//! What is left of a letter by a public page when its time has come (PROTOCOL §5).

use std::path::Path;

use rusqlite::Connection;
use securemailbox_client::{
    letters::Addressed,
    links,
    mailbox::Mailbox,
    public_pages::{Written, look_at},
    settings::Name,
};
use securemailbox_e2e::{
    person::Person,
    server::{Server, Start},
    traces,
};
use securemailbox_protocol::{
    accounts::Language,
    address::Address,
    coding::base64url,
    factors::Code,
    letters::Folder,
    public_pages::{PageName, PageTitle, PublicPage},
};
use securemailbox_vault::links::LinkSecret;

use crate::{ANNA, SUBJECT, TEXT, bin_and_empty, none_left, raw, sample};

const EVA: &str = "eva.page@example.se";

/// What the database alone has of the writer, all in one row.
const OF_THE_WRITER: &str = "
    SELECT i.mailbox_id, i.token_hash, i.proved_sealed, m.address_sealed, c.sealed, s.slot_id, s.sealed, s.share_sealed
      FROM invitation i JOIN member m ON m.mailbox_id = i.mailbox_id JOIN certificate c ON c.mailbox_id = i.mailbox_id
      JOIN slot s ON s.mailbox_id = i.mailbox_id AND s.kind = 'link'";
const NAMES: [&str; 8] = ["account", "token", "proved", "address", "certificate", "slot id", "slot", "share"];

fn of_the_writer(file: &Path) -> Vec<(&'static str, Vec<u8>)> {
    let database = Connection::open(file).unwrap();
    let row = |row: &rusqlite::Row<'_>| (0..NAMES.len()).map(|at| row.get::<_, Vec<u8>>(at)).collect();
    let blobs: Vec<Vec<u8>> = database.query_row(OF_THE_WRITER, [], row).unwrap();
    NAMES.into_iter().zip(blobs.iter().map(|blob| sample(blob))).collect()
}

#[tokio::test(flavor = "current_thread")]
async fn nothing_of_a_letter_by_a_page_is_left_when_its_time_has_come_and_the_link_was_never_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(Start::demo(folder.path()));
    let anna = Person::at(&server);
    let annas: Mailbox = anna.register(&server, ANNA.0, ANNA.1, ANNA.2).await;
    let name = PageName::parse("anna").unwrap();
    annas.open_page(&anna, &PublicPage { name: name.clone(), title: PageTitle::parse("Anna").unwrap() }).await.unwrap();

    let eva = Person::at(&server);
    let page = look_at(&eva, &name).await.unwrap();
    let before = server.messages_to(EVA).await;
    let proving = page.prove(&eva, &Address::parse(EVA).unwrap(), Language::Sv).await.unwrap();
    let code: Code = securemailbox_e2e::person::code(&server, EVA, before).await;
    drop(proving.enter(&eva, &code).await.unwrap());
    let proved = Some(proving.registrant().id);
    let written = Written {
        name: Name::parse("Eva Ek").unwrap(),
        subject: SUBJECT.into(),
        text: TEXT.into(),
        language: Language::Sv,
        proved,
    };
    let mut letter = page.seal(&eva, &written).unwrap();
    letter.post(&eva).await.unwrap();
    let link = LinkSecret::parse(&letter.link()).unwrap();
    annas.sync(&anna).await.unwrap();
    let came = annas.list(&anna, Folder::Inbox, 1).await.unwrap()[0].entry.clone();
    let read = annas.read(&anna, came.id).await.unwrap();
    let to = vec![read.letter.from().clone()];
    let answer = Addressed { to, subject: "Svar".into(), text: "Tack!".into(), ..Addressed::default() };
    let answer = annas.send(&anna, &answer).await.unwrap().id;

    let opening = links::show_link(&eva, &link).await.unwrap().to_choose.open(&eva).await.unwrap();
    let evas = Mailbox::begin(&eva, opening).await.unwrap().0;
    evas.sync(&eva).await.unwrap();
    assert_eq!(evas.list(&eva, Folder::Inbox, 1).await.unwrap()[0].entry.id, answer);

    let file = server.data().join("mailbox.sqlite");
    let of_the_writer = of_the_writer(&file);
    let (at_anna, content) = raw(&anna, &server, came.id).await;
    let shared = [
        ("letter", came.id.as_bytes().to_vec()),
        ("thread", at_anna.thread.as_bytes().to_vec()),
        ("content", sample(&content)),
    ];
    server.stop();
    let never = [("link", base64url::decode(&link.to_text()[..40]).unwrap()), ("address", EVA.as_bytes().to_vec())];
    assert_eq!(traces::find(server.data(), &never), [""; 0], "neither the link nor an address in clear");
    let there = traces::find(server.data(), &of_the_writer);
    for name in NAMES {
        assert!(
            there.iter().any(|line| line.starts_with(&format!("{name} in"))),
            "{name} is not found before: {there:?}"
        );
    }
    let database = Connection::open(&file).unwrap();
    assert_eq!(database.execute("UPDATE invitation SET expires = made", []).unwrap(), 1, "sixty days pass");
    drop(database);

    let mut server = server.again();
    none_left(&file, "SELECT COUNT(*) FROM invitation").await;
    assert!(links::show_link(&eva, &link).await.is_err(), "the link is over");
    annas.sync(&anna).await.unwrap();
    annas.read(&anna, came.id).await.expect("what she was written is hers");
    assert_eq!(bin_and_empty(&anna, &annas, &[came.id, answer]).await, 2);
    server.stop();
    let mut server = server.again();
    none_left(&file, "SELECT COUNT(*) FROM mailbox WHERE kind <> 'member'").await;
    server.stop();
    assert_eq!(traces::find(server.data(), &of_the_writer), [""; 0]);
    assert_eq!(traces::find(server.data(), &shared), [""; 0]);
}
