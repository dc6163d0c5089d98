//! What a device has of a conversation that was erased: nothing, in any row of any table, by any spelling of it.

use std::{cell::Cell, collections::BTreeSet, rc::Rc};

use rand::{SeedableRng, rngs::StdRng};
use securemailbox_client::{
    device::{RowId, Table},
    letters::Addressed,
    mailbox::Mailbox,
    owner::Owner,
};
use securemailbox_protocol::{coding::base64url, ids::LetterId, letters::Folder};
use securemailbox_vault::secrets::AccountSecret;

use crate::{
    FOLDERS,
    fake_server::{FakeServer, MORNING, OWNER, People},
    finish, opening,
    tab::{Desk, Line, TabWorld},
};

/// An id as a row may say it: its bytes, its text, and its bytes in base64url.
pub fn written(bytes: [u8; 16], text: &str) -> [Vec<u8>; 3] {
    [bytes.to_vec(), text.into(), base64url::encode(&bytes).into()]
}

/// The rows of a device, by table, that say one of these, or are named so.
pub fn traces(desk: &Desk, wanted: &[Vec<u8>]) -> Vec<(Table, RowId)> {
    let says = |bytes: &[u8]| wanted.iter().any(|wanted| bytes.windows(wanted.len()).any(|part| part == wanted));
    let rows = desk.everything().into_iter().filter(|(_, id, bytes)| says(id) || says(bytes));
    rows.map(|(table, id, _)| (table, id)).collect()
}

/// One device of the owner, with one tab.
struct Here {
    desk: Rc<Desk>,
    world: TabWorld,
    mailbox: Mailbox,
}

impl Here {
    /// Looks at everything that there is, and writes all of it down.
    fn look(&self, folders: &[Folder]) {
        finish(self.mailbox.sync(&self.world)).unwrap();
        for folder in folders {
            for row in finish(self.mailbox.list(&self.world, *folder, usize::MAX)).unwrap() {
                let reading = finish(self.mailbox.read(&self.world, row.entry.id)).unwrap();
                finish(self.mailbox.read_with(&self.world, row.entry.id)).unwrap();
                assert_eq!(reading.letter.subject(), row.summary.unwrap().0.subject);
                finish(self.mailbox.told(&self.world, row.entry.id)).unwrap();
            }
        }
        finish(self.mailbox.keep(&self.world)).unwrap();
    }

    fn send(&self, to: &People, answers: Option<LetterId>, oneself: bool) -> LetterId {
        let reader = if oneself { &to.owner } else { &to.others[0] };
        let answers = answers.map(|id| finish(self.mailbox.answers(&self.world, None, id)).unwrap());
        let (subject, text) = ("Kattvakt i augusti".into(), "Nyckeln ligger under krukan.".into());
        let letter = Addressed { to: vec![reader.address.clone()], subject, text, answers, ..Addressed::default() };
        let sent = finish(self.mailbox.send(&self.world, &letter)).unwrap();
        finish(self.mailbox.sync(&self.world)).unwrap();
        sent.id
    }
}

/// Two devices, and a conversation of three letters, two of them one's own to somebody else.
fn two_devices() -> ([Here; 2], Rc<FakeServer>, Vec<LetterId>) {
    let (people, clock, mut rng) = (People::new(1), Rc::new(Cell::new(MORNING)), StdRng::seed_from_u64(7));
    let owner = Owner { account: OWNER, secret: AccountSecret::generate(&mut rng) };
    let server = Rc::new(FakeServer::new(&people, &owner, &clock, &mut rng));
    let seed = Rc::default();
    let here = [0, 1].map(|device| {
        let desk = Desk::new(&owner);
        let world = TabWorld::new(Line::new(&server, device), &desk, &clock, &seed);
        let (mailbox, _) = finish(Mailbox::begin(&world, opening(&people, &owner))).unwrap();
        Here { desk, world, mailbox }
    });
    let first = here[0].send(&people, None, false);
    let answer = here[0].send(&people, Some(first), true);
    let last = here[0].send(&people, Some(answer), false);
    (here, server, vec![first, answer, last])
}

/// What may not be found: ids of letters and of their thread, and words.
fn of_the_conversation(server: &FakeServer, letters: &[LetterId]) -> Vec<Vec<u8>> {
    let threads: BTreeSet<_> = server.taken(|taken| taken.letter.thread).into_iter().collect();
    assert_eq!(threads.len(), 1, "one conversation");
    let ids = letters.iter().map(|id| (*id.as_bytes(), id.to_string()));
    let ids = ids.chain(threads.iter().map(|thread| (*thread.as_bytes(), thread.to_string())));
    let words = ["Kattvakt", "krukan"].map(|word| word.as_bytes().to_vec());
    ids.flat_map(|(bytes, text)| written(bytes, &text)).chain(words).collect()
}

#[test]
fn of_a_conversation_that_was_erased_no_device_that_synced_has_anything() {
    let ([one, other], server, letters) = two_devices();
    let wanted = of_the_conversation(&server, &letters);
    for here in [&one, &other] {
        here.look(&FOLDERS);
        let tables: BTreeSet<_> = traces(&here.desk, &wanted).into_iter().map(|(table, _)| table).collect();
        assert_eq!(tables, BTreeSet::from([Table::Index, Table::Letter]), "there is something to erase");
    }
    for id in &letters {
        finish(one.mailbox.move_letter(&one.world, *id, Folder::Trash)).unwrap();
    }
    other.look(&[Folder::Trash]);
    finish(one.mailbox.erase_letters(&one.world, letters)).unwrap();
    for here in [&one, &other] {
        here.look(&FOLDERS);
        assert_eq!(traces(&here.desk, &wanted), []);
    }
}

#[test]
fn of_a_letter_that_was_erased_elsewhere_before_its_sender_heard_of_it_nothing_is_left_here() {
    let ([one, other], server, letters) = two_devices();
    let wanted = of_the_conversation(&server, &letters);
    finish(other.mailbox.sync(&other.world)).unwrap();
    for id in &letters {
        finish(other.mailbox.move_letter(&other.world, *id, Folder::Trash)).unwrap();
    }
    // Asked for, and on its way while the letters go.
    let told = letters.iter().map(|id| one.mailbox.told(&one.world, *id));
    let mut told: Vec<_> = told.map(Box::pin).collect();
    for _ in 0..3 {
        for told in &mut told {
            let _ = told.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
        }
    }
    finish(other.mailbox.empty_trash(&other.world)).unwrap();
    finish(one.mailbox.sync(&one.world)).unwrap();
    finish(one.mailbox.keep(&one.world)).unwrap();
    for told in told {
        let _ = finish(told);
    }
    finish(one.mailbox.keep(&one.world)).unwrap();
    assert_eq!(traces(&one.desk, &wanted), []);
}
