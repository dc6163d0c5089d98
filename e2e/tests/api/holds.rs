//! Letters that the server holds while they can be taken back (PROTOCOL §4.3), over the real server.

use std::{cell::RefCell, ops::Range, time::Duration};

use rand::rngs::OsRng;
use securemailbox_client::{
    attachments::{Download, DraftFile, FileId, Here, Sink, SinkFailed, Source, SourceChanged, Upload},
    letters::{Draft, TakeBackError},
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

use zeroize::Zeroizing;

use crate::ANNA;

const BJORN: (&str, &str) = ("bjorn.api@example.se", "+46701740633");

fn draft(text: &str) -> Draft {
    Draft {
        to: vec![BJORN.0.into()],
        cc: Vec::new(),
        bcc: Vec::new(),
        each: false,
        subject: "Provsvaren".into(),
        text: text.into(),
        answers: None,
        level: None,
        invite: Vec::new(),
        files: Vec::new(),
        saved: now(),
        rest: serde_json::Map::default(),
    }
}

async fn texts(person: &Person, mailbox: &Mailbox) -> Vec<String> {
    mailbox.sync(person).await.unwrap();
    let mut texts = Vec::new();
    for row in mailbox.list(person, Folder::Inbox, 9).await.unwrap() {
        texts.push(mailbox.peek(person, row.entry.id).await.unwrap().text().to_owned());
    }
    texts
}

async fn send(person: &Person, mailbox: &Mailbox, text: &str, seconds: u32) -> Vec<LetterId> {
    let sent = mailbox.send_written(person, None, draft(text), Some(Hold::For(seconds))).await.unwrap();
    mailbox.sync(person).await.unwrap();
    sent
}

/// Review B1: pressed Send, closed the lid, not sent.
#[tokio::test(flavor = "current_thread")]
async fn a_letter_whose_sender_went_away_goes_out_and_one_that_is_wanted_back_is_a_draft_again() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let (anna, bjorn) = (Person::at(&server), Person::at(&server));
    let annas = anna.register(&server, ANNA.0, ANNA.1, "Anna").await;
    let bjorns = bjorn.register(&server, BJORN.0, BJORN.1, "Björn").await;

    let back = send(&anna, &annas, "Fel text.", 60).await;
    let held = annas.list(&anna, Folder::Sent, 9).await.unwrap();
    assert!(held[0].entry.held.is_some_and(|held| held.release > now()));
    assert!(texts(&bjorn, &bjorns).await.is_empty());
    let saved = annas.take_letters_back(&anna, back).await.unwrap();
    assert_eq!(annas.draft(&anna, saved.id).await.unwrap().text, "Fel text.");
    annas.sync(&anna).await.unwrap();
    assert!(annas.list(&anna, Folder::Sent, 9).await.unwrap().is_empty());

    // Nobody asks for this one any more: its page is closed.
    let left = send(&anna, &annas, "Allt är bra.", 1).await;
    drop(annas);
    let mut arrived = Vec::new();
    for _ in 0..100 {
        arrived = texts(&bjorn, &bjorns).await;
        if !arrived.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(arrived, ["Allt är bra."]);
    let annas = Mailbox::open(&anna).await.unwrap();
    annas.sync(&anna).await.unwrap();
    assert_eq!(annas.take_letters_back(&anna, left).await, Err(TakeBackError::Released));
    let drafts = annas.drafts(&anna).await.unwrap();
    assert_eq!(drafts.iter().map(|row| row.id).collect::<Vec<_>>(), [saved.id], "no copy among the drafts");
}

/// A file that is read from memory, and one that is kept there.
struct InMemory(RefCell<Vec<u8>>);

impl Source for InMemory {
    fn size(&self) -> u64 {
        self.0.borrow().len() as u64
    }

    async fn read(&self, range: Range<u64>) -> Result<Zeroizing<Vec<u8>>, SourceChanged> {
        let range = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
        Ok(Zeroizing::new(self.0.borrow()[range].to_vec()))
    }
}

impl Sink for InMemory {
    async fn write(&self, bytes: Zeroizing<Vec<u8>>) -> Result<(), SinkFailed> {
        self.0.borrow_mut().extend_from_slice(&bytes);
        Ok(())
    }
}

/// The files of a letter that is taken back go with nothing: the draft has them at the server before the letter is gone.
#[tokio::test(flavor = "current_thread")]
async fn a_letter_that_is_wanted_back_keeps_its_files_and_goes_out_with_them_after_all() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let (anna, bjorn) = (Person::at(&server), Person::at(&server));
    let annas = anna.register(&server, ANNA.0, ANNA.1, "Anna").await;
    let bjorns = bjorn.register(&server, BJORN.0, BJORN.1, "Björn").await;
    let file = InMemory(RefCell::new((0..300_000_u32).map(|at| u8::try_from(at % 251).unwrap()).collect()));
    let mut upload = Upload::new(file.size());
    let uploaded = annas.upload(&anna, &mut upload, (&file, &Here), &|_| {}, &async |_| {}).await.unwrap();
    let attachment = Upload::attachment("intyg.pdf".into(), "application/pdf".into(), file.size(), uploaded);
    let with_file = Draft { files: vec![DraftFile::of(FileId::new(&mut OsRng), attachment)], ..draft("Fel text.") };

    let held = annas.send_written(&anna, None, with_file, Some(Hold::For(60))).await.unwrap();
    annas.sync(&anna).await.unwrap();
    let saved = annas.take_letters_back(&anna, held).await.unwrap();
    let back = annas.draft(&anna, saved.id).await.unwrap();
    assert_eq!(back.files.len(), 1);
    let sent =
        annas.send_written(&anna, Some(saved.id), Draft { text: "Rätt text.".into(), ..back }, None).await.unwrap();
    assert_eq!(texts(&bjorn, &bjorns).await, ["Rätt text."]);
    let attachment = bjorns.attachments(&bjorn, sent[0]).await.unwrap().remove(0);
    let (mut download, got) = (Download::new(attachment), InMemory(RefCell::default()));
    bjorns.download(&bjorn, &mut download, (&got, &Here), &|_| {}).await.unwrap();
    assert_eq!(got.0, file.0);
}

#[tokio::test(flavor = "current_thread")]
async fn a_letter_that_need_not_wait_goes_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let (anna, bjorn) = (Person::at(&server), Person::at(&server));
    let annas = anna.register(&server, ANNA.0, ANNA.1, "Anna").await;
    let bjorns = bjorn.register(&server, BJORN.0, BJORN.1, "Björn").await;
    let sent = send(&anna, &annas, "Nu.", 3600).await;
    annas.release_letters(&anna, sent).await.unwrap();
    for _ in 0..100 {
        if texts(&bjorn, &bjorns).await == ["Nu."] {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it did not go");
}
