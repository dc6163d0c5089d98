//! What has lain in the trash for its time (PROTOCOL §8), over the real server.

use std::time::Duration;

use securemailbox_client::{letters::Addressed, mailbox::Mailbox};
use securemailbox_e2e::{
    person::{Person, now},
    server::{Server, Start},
};
use securemailbox_protocol::{accounts::TrashLife, letters::Folder, limits};

use crate::ANNA;

const BJORN: (&str, &str) = ("bjorn.api@example.se", "+46701740633");

/// A letter to oneself, in the trash.
async fn binned(person: &Person, mailbox: &Mailbox) {
    let (to, subject) = (vec![mailbox.address().clone()], "Gammalt".into());
    let letter = Addressed { to, subject, text: "Kan gå.".into(), ..Addressed::default() };
    let sent = mailbox.send(person, &letter).await.unwrap();
    mailbox.move_letter(person, sent.id, Folder::Trash).await.unwrap();
    assert_eq!(in_trash(person, mailbox).await, 1);
}

async fn in_trash(person: &Person, mailbox: &Mailbox) -> usize {
    mailbox.sync(person).await.unwrap();
    let rows = mailbox.list(person, Folder::Trash, 9).await.unwrap();
    assert!(rows.iter().all(|row| row.entry.binned.is_some_and(|binned| binned <= now())));
    rows.len()
}

#[tokio::test(flavor = "current_thread")]
async fn a_letter_goes_from_the_trash_by_itself_unless_its_holder_wants_it_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(Start::demo(folder.path()));
    let (anna, bjorn) = (Person::at(&server), Person::at(&server));
    let annas = anna.register(&server, ANNA.0, ANNA.1, "Anna").await;
    let bjorns = bjorn.register(&server, BJORN.0, BJORN.1, "Björn").await;
    annas.set_trash_life(&anna, TrashLife::Unlimited).await.unwrap();
    let chosen = [annas.account(&anna).await.unwrap(), bjorns.account(&bjorn).await.unwrap()];
    assert_eq!(chosen.map(|account| account.trash_life), [TrashLife::Unlimited, TrashLife::ThirtyDays]);
    binned(&anna, &annas).await;
    binned(&bjorn, &bjorns).await;

    server.stop();
    let database = rusqlite::Connection::open(server.data().join("mailbox.sqlite")).unwrap();
    let month = i64::try_from(limits::TRASH_LIFE.as_millis()).unwrap();
    assert_eq!(database.execute("UPDATE entry SET binned = binned - ?1", [month]).unwrap(), 2, "a month passes");
    drop(database);
    let _server = server.again();
    let mut left = 1;
    for _ in 0..200 {
        left = in_trash(&bjorn, &bjorns).await;
        if left == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(left, 0, "and his device has heard of it");
    assert_eq!(bjorns.account(&bjorn).await.unwrap().holds.letters, 0);
    // Hers lay there before his, and would have gone first.
    assert_eq!(in_trash(&anna, &annas).await, 1);
}
