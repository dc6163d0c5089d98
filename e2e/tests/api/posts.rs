//! Several letters in one post: blind copies, one for each reader, and such as go later (PROTOCOL §3, §4.3), over the real
//! server.

use securemailbox_client::{
    letters::{Addressed, Draft, Form},
    mailbox::Mailbox,
};
use securemailbox_e2e::{
    person::{Person, now},
    server::{Server, Start},
};
use securemailbox_protocol::{
    ids::LetterId,
    letters::{Folder, Hold},
};

use crate::ANNA;

const BJORN: (&str, &str) = ("bjorn.api@example.se", "+46701740633");
const CECILIA: (&str, &str) = ("cecilia.api@example.se", "+46701740634");

/// Somebody with a mailbox.
struct Member {
    person: Person,
    mailbox: Mailbox,
}

impl Member {
    async fn register(server: &Server, (address, phone): (&str, &str), name: &str) -> Self {
        let person = Person::at(server);
        let mailbox = person.register(server, address, phone, name).await;
        Self { person, mailbox }
    }

    async fn list(&self, folder: Folder) -> Vec<LetterId> {
        self.mailbox.sync(&self.person).await.unwrap();
        let rows = self.mailbox.list(&self.person, folder, 9).await.unwrap();
        rows.into_iter().map(|row| row.entry.id).collect()
    }

    async fn send(&self, written: &Addressed, hold: Option<Hold>) -> Vec<LetterId> {
        let sent =
            self.mailbox.send_written(&self.person, None, Draft::of(written.clone(), now()), hold).await.unwrap();
        self.mailbox.sync(&self.person).await.unwrap();
        sent
    }

    async fn draft_of(&self, letters: Vec<LetterId>) -> Draft {
        let saved = self.mailbox.take_letters_back(&self.person, letters).await.unwrap();
        self.mailbox.draft(&self.person, saved.id).await.unwrap()
    }
}

async fn three(server: &Server) -> [Member; 3] {
    [
        Member::register(server, ANNA, "Anna").await,
        Member::register(server, BJORN, "Björn").await,
        Member::register(server, CECILIA, "Cecilia").await,
    ]
}

fn written(to: &[&str]) -> Addressed {
    let to = to.iter().map(|to| to.parse().unwrap()).collect();
    Addressed { to, subject: "Kallelse".into(), text: "Välkommen på torsdag.".into(), ..Addressed::default() }
}

#[tokio::test(flavor = "current_thread")]
async fn a_blind_copy_is_known_to_its_reader_and_its_sender_and_comes_back_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let [anna, bjorn, cecilia] = three(&server).await;
    let letter = Addressed { bcc: vec![CECILIA.0.parse().unwrap(), ANNA.0.parse().unwrap()], ..written(&[BJORN.0]) };

    let held = anna.send(&letter, Some(Hold::For(60))).await;
    assert_eq!(held.len(), 2, "none for oneself");
    assert_eq!(anna.mailbox.posted_together(held[1]), held);
    let back = anna.draft_of(held).await;
    assert_eq!((back.to, back.bcc, back.each), (vec![BJORN.0.to_owned()], vec![CECILIA.0.to_owned()], false));
    assert!(anna.list(Folder::Sent).await.is_empty());

    let sent = anna.send(&letter, Some(Hold::For(60))).await;
    anna.mailbox.release_letters(&anna.person, sent.clone()).await.unwrap();
    assert_eq!(bjorn.list(Folder::Inbox).await, sent[..1]);
    let bjorns = bjorn.mailbox.read(&bjorn.person, sent[0]).await.unwrap().letter;
    assert_eq!(bjorns.blind_reader(), None);
    let bytes = bjorn.mailbox.export(&bjorn.person, sent[0], Form::Plain).await.unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains(CECILIA.0));
    assert_eq!(cecilia.list(Folder::Inbox).await, sent[1..]);
    let cecilias = cecilia.mailbox.read(&cecilia.person, sent[1]).await.unwrap().letter;
    assert_eq!(cecilias.to()[0].as_str(), BJORN.0);
    assert_eq!(cecilias.blind_reader().map(|(address, _)| address.as_str()), Some(CECILIA.0));

    // Another device, which never had the letter.
    let again = Person::at(&server);
    let other = Member { mailbox: again.sign_in(&server, ANNA.0, ANNA.1).await, person: again };
    other.mailbox.sync(&other.person).await.unwrap();
    let reading = other.mailbox.read(&other.person, sent[0]).await.unwrap();
    let told: Vec<_> =
        reading.deliveries.iter().map(|told| (told.reader.as_str(), told.blind, told.read.is_some())).collect();
    assert_eq!(told, [(BJORN.0, false, true), (CECILIA.0, true, true)]);
    assert!(reading.deliveries.iter().all(|told| told.read.is_none_or(|read| read.is_ok())), "each by the right key");
}

#[tokio::test(flavor = "current_thread")]
async fn where_each_gets_their_own_nobody_learns_of_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let [anna, bjorn, cecilia] = three(&server).await;
    let letter = Addressed { each: true, ..written(&[BJORN.0, CECILIA.0]) };
    let back = anna.draft_of(anna.send(&letter, Some(Hold::For(60))).await).await;
    assert_eq!((back.to, back.each), (vec![BJORN.0.to_owned(), CECILIA.0.to_owned()], true));

    let sent = anna.send(&letter, None).await;
    let mut threads = Vec::new();
    for (member, (address, _), id) in [(&bjorn, BJORN, sent[0]), (&cecilia, CECILIA, sent[1])] {
        assert_eq!(member.list(Folder::Inbox).await, [id]);
        let reading = member.mailbox.read(&member.person, id).await.unwrap();
        assert_eq!(reading.letter.to().iter().map(ToString::to_string).collect::<Vec<_>>(), [address]);
        assert_eq!(reading.letter.blind_reader(), None);
        threads.push(reading.letter.thread());
    }
    assert_ne!(threads[0], threads[1], "nor by the conversation");
    assert_eq!(anna.mailbox.read(&anna.person, sent[1]).await.unwrap().post.len(), 2);
}

#[tokio::test(flavor = "current_thread")]
async fn a_letter_that_goes_later_is_dated_then() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let [anna, bjorn, _] = three(&server).await;
    let later = now().after(std::time::Duration::from_secs(3 * 24 * 60 * 60));
    let sent = anna.send(&written(&[BJORN.0]), Some(Hold::Until(later))).await;
    let reading = anna.mailbox.read(&anna.person, sent[0]).await.unwrap();
    assert_eq!(reading.letter.date().unix_millis(), later.unix_millis() / 1000 * 1000);
    assert!(reading.warnings.is_empty(), "one's own letter is not late");
    assert!(bjorn.list(Folder::Inbox).await.is_empty());
    anna.mailbox.release_letters(&anna.person, sent.clone()).await.unwrap();
    assert_eq!(bjorn.list(Folder::Inbox).await, sent);
}
