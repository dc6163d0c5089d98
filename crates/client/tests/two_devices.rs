//! Two devices of one account, one of them with two tabs, over a line that loses, repeats and delays: whatever the order,
//! and wherever a tab ends in the middle of an act, all end equal to the server, nothing is lost, and nothing is there
//! twice (PROTOCOL §1, §4.7, §9a).
//!
//! What is driven is the real [`Mailbox`]. A tab has a person, who does one thing after the other, and runs of its own
//! accord, which go on beside that.

#![expect(clippy::unwrap_used, reason = "a test that meets what it does not expect ends")]
#![expect(clippy::print_stdout, reason = "a day that fails is named")]

mod erased;
mod fake_server;
mod tab;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use fake_server::{FakeServer, MORNING, OWNER, People, Taken};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use securemailbox_client::{
    contacts::{ContactError, Contacts, Description, Note},
    device::Table,
    letters::{Addressed, Draft, SavedDraft, TakeBackError},
    mailbox::Mailbox,
    opening::Opening,
    owner::Owner,
    records::RecordError,
    replica::SyncRefused,
    settings::Name,
};
use securemailbox_protocol::{
    address::Address,
    coding::base64url,
    ids::{LetterId, RecordId},
    letters::{Entry, Folder, Hold},
    phone::PhoneNumber,
    records::{Record, RecordHead},
    time::Timestamp,
};
use securemailbox_vault::{
    keyring::Keyring,
    known_keys::KeyState,
    letters::{Expected, open_content, open_envelope, unwrap},
    records::{self, RecordPlace},
    secrets::AccountSecret,
};
use tab::{Desk, Line, TabWorld};

/// How many interleavings each of the four tests runs, at the same time. `a_thousand_days` runs more of them.
const INTERLEAVINGS: u64 = 40;
/// How many times somebody goes on in a day.
const STEPS: usize = 600;
const FOLDERS: [Folder; 4] = [Folder::Inbox, Folder::Sent, Folder::Archive, Folder::Trash];

type Act = Pin<Box<dyn Future<Output = ()>>>;

/// One tab: closed, or open with what its person has before them.
struct Tab {
    world: TabWorld,
    mailbox: RefCell<Option<Rc<Mailbox>>>,
    /// The draft that is open, as it is typed so far.
    editor: RefCell<Option<(RecordId, Draft)>>,
    /// A letter that was sent and may be taken back.
    held: RefCell<Option<(RecordId, Draft)>>,
    /// A letter that the server has and holds.
    held_there: RefCell<Option<Vec<LetterId>>>,
    /// What the person does, and what goes on beside it.
    running: RefCell<[Option<Act>; 2]>,
}

/// What was promised in a day.
#[derive(Default)]
struct Book {
    /// Letters that somebody was told are sent.
    acknowledged: BTreeSet<LetterId>,
    /// Drafts that somebody was told are sent.
    sent: BTreeSet<RecordId>,
    /// Paragraphs that somebody was told are saved or sent.
    saved: BTreeSet<usize>,
    /// Paragraphs that stood in a draft when somebody erased it.
    excused: BTreeSet<usize>,
    /// Whom somebody was shown, once that was written down.
    looked_up: BTreeSet<Address>,
    /// Whose digits were said to match.
    compared: BTreeSet<Address>,
    /// When somebody was last told that "differs" is remembered: when that act began.
    differed: BTreeMap<Address, usize>,
    /// When "they match" was last being said.
    matched: BTreeMap<Address, usize>,
    /// What else happened, to be sure that it does.
    happened: BTreeMap<&'static str, usize>,
}

struct Day {
    people: Rc<People>,
    server: Rc<FakeServer>,
    clock: Rc<Cell<Timestamp>>,
    owner: Owner,
    rng: RefCell<StdRng>,
    step: Cell<usize>,
    paragraphs: Cell<usize>,
    book: RefCell<Book>,
}

/// Says that a draft is being erased at a device for as long as it is there.
struct Erasing(Rc<Desk>, RecordId);

impl Erasing {
    fn new(desk: &Rc<Desk>, id: RecordId) -> Self {
        desk.erasing.borrow_mut().insert(id);
        Self(Rc::clone(desk), id)
    }
}

impl Drop for Erasing {
    fn drop(&mut self) {
        self.0.erasing.borrow_mut().remove(&self.1);
    }
}

/// Says that digits are said to match for as long as it is there: whatever becomes of the act, it may have been taken.
struct Matching<'a>(&'a Day, Address);

impl Drop for Matching<'_> {
    fn drop(&mut self) {
        self.0.book.borrow_mut().matched.insert(self.1.clone(), self.0.step.get());
    }
}

impl Day {
    fn roll(&self, sides: u32) -> u32 {
        self.rng.borrow_mut().gen_range(0..sides)
    }

    fn one_of<T: Clone>(&self, things: &[T]) -> Option<T> {
        things.choose(&mut *self.rng.borrow_mut()).cloned()
    }

    fn happens(&self, what: &'static str) {
        *self.book.borrow_mut().happened.entry(what).or_default() += 1;
    }

    /// A paragraph like no other, and its number.
    fn paragraph(&self) -> (usize, String) {
        self.paragraphs.set(self.paragraphs.get() + 1);
        (self.paragraphs.get(), format!("<{}>\n", self.paragraphs.get()))
    }

    fn somebody(&self) -> Address {
        let address = |who: &fake_server::Person| who.address.clone();
        let all: Vec<_> = self.people.others.iter().map(address).collect();
        self.one_of(&all).unwrap()
    }

    fn reader(&self) -> Address {
        if self.roll(2) == 0 { self.people.owner.address.clone() } else { self.somebody() }
    }

    async fn open(&self, tab: &Tab) {
        if let Ok(mailbox) = Mailbox::open(&tab.world).await {
            *tab.mailbox.borrow_mut() = Some(Rc::new(mailbox));
        }
    }

    /// Something that a person does.
    async fn persons(self: Rc<Self>, tab: Rc<Tab>) {
        let Some(mailbox) = tab.mailbox.borrow().clone() else { return self.open(&tab).await };
        self.clock.set(self.clock.get().after(Duration::from_secs(1)));
        match self.roll(43) {
            0..10 => drop(self.write_on(&tab, &mailbox).await),
            10..12 => self.send(&tab, &mailbox).await,
            12..17 => self.send_draft(&tab, &mailbox).await,
            17..20 => self.hold(&tab, &mailbox).await,
            20..22 => self.let_go(&tab, &mailbox).await,
            22 => self.take_back(&tab, &mailbox).await,
            23..25 => self.erase(&tab, &mailbox).await,
            25..29 => self.move_something(&tab, &mailbox).await,
            29..31 => drop(mailbox.empty_trash(&tab.world).await),
            31..33 => self.look_up(&tab, &mailbox).await,
            33..38 => self.compare(&tab, &mailbox).await,
            38 => self.read(&tab, &mailbox).await,
            39..41 => self.describe(&tab, &mailbox).await,
            41 => self.forget(&tab, &mailbox).await,
            _ => self.clock.set(self.clock.get().after(Duration::from_secs(61))),
        }
    }

    /// Something that a tab does of its own accord.
    async fn tabs_own(self: Rc<Self>, tab: Rc<Tab>) {
        let Some(mailbox) = tab.mailbox.borrow().clone() else { return };
        match self.roll(8) {
            0..3 => drop(mailbox.sync(&tab.world).await),
            3..5 => self.hand_in(&tab, &mailbox).await,
            5 => self.send_outgoing(&tab, &mailbox).await,
            6 => mailbox.write_down(&tab.world).await.unwrap(),
            _ => drop(mailbox.keep(&tab.world).await),
        }
    }

    /// A letter without a draft.
    async fn send(&self, tab: &Tab, mailbox: &Mailbox) {
        let (number, text) = self.paragraph();
        let letter = Addressed { to: vec![self.reader()], subject: "Brev".into(), text, ..Addressed::default() };
        if let Ok(sent) = mailbox.send(&tab.world, &letter).await {
            let mut book = self.book.borrow_mut();
            book.acknowledged.insert(sent.id);
            book.saved.insert(number);
        }
    }

    /// What the person writes on: what they have before them, another draft, or a new one.
    async fn draft_to_write_on(&self, tab: &Tab, mailbox: &Mailbox) -> Option<(Option<RecordId>, Draft)> {
        let open = tab.editor.borrow().clone();
        if let Some((id, draft)) = open.filter(|(id, _)| self.roll(3) > 0 && !mailbox.is_outgoing(*id)) {
            return Some((Some(id), draft));
        }
        if self.roll(5) > 0 {
            let rows = mailbox.drafts(&tab.world).await.ok()?;
            let ids: Vec<_> = rows.iter().map(|row| row.id).filter(|id| !mailbox.is_outgoing(*id)).collect();
            if let Some(id) = self.one_of(&ids) {
                let draft = mailbox.draft(&tab.world, id).await.ok()?;
                return Some((Some(id), draft));
            }
        }
        let (to, saved) = (vec![self.reader().as_str().into()], self.clock.get());
        Some((
            None,
            Draft {
                to,
                cc: Vec::new(),
                bcc: Vec::new(),
                each: false,
                subject: "Utkast".into(),
                text: String::new(),
                answers: None,
                level: None,
                invite: Vec::new(),
                files: Vec::new(),
                saved,
                rest: serde_json::Map::default(),
            },
        ))
    }

    /// Writes a paragraph into a draft, and says what was saved.
    async fn write_on(&self, tab: &Tab, mailbox: &Mailbox) -> Option<(RecordId, Draft)> {
        let (id, mut draft) = self.draft_to_write_on(tab, mailbox).await?;
        let (number, text) = self.paragraph();
        draft.text.push_str(&text);
        draft.saved = self.clock.get();
        let saved = mailbox.save_draft(&tab.world, id, draft.clone()).await.unwrap();
        self.book.borrow_mut().saved.insert(number);
        if let Some(id) = id {
            self.notice(id, saved);
        }
        *tab.editor.borrow_mut() = Some((saved.id, draft.clone()));
        Some((saved.id, draft))
    }

    /// A draft has another record than before only if that one went, or if somebody else's text stands there.
    fn notice(&self, before: RecordId, saved: SavedDraft) {
        match saved.beside {
            Some(beside) => {
                assert_eq!(beside.0, before);
                assert_ne!(saved.id, before);
                self.happens("two texts kept");
            }
            None if saved.id == before => {}
            None => {
                let is_there = self.server.drafts().iter().any(|record| record.head.id == before);
                let has_gone = self.server.has_gone(before) || !is_there;
                if has_gone {
                    self.happens("a spent draft written anew");
                } else if self.server.has_gone(saved.id) {
                    // Sent or erased before whoever handed it in could look: there is nothing to compare.
                    self.happens("a draft went at once");
                } else {
                    // Two tabs handed the same text in, and one of them could not know that the other had.
                    let text =
                        |id| self.server.drafts().iter().find(|record| record.head.id == id).map(|r| self.text(r));
                    assert_eq!(text(before), text(saved.id), "a draft was kept beside another, and nobody was told");
                    self.happens("the same text twice");
                }
            }
        }
    }

    async fn send_draft(&self, tab: &Tab, mailbox: &Mailbox) {
        let Some((id, mut draft)) = self.draft_to_write_on(tab, mailbox).await else { return };
        let (number, text) = self.paragraph();
        draft.text.push_str(&text);
        if let Ok(letter) = mailbox.send_written(&tab.world, id, draft, Some(Hold::For(30))).await {
            {
                let mut book = self.book.borrow_mut();
                book.saved.insert(number);
                book.sent.extend(id);
            }
            *tab.editor.borrow_mut() = None;
            self.think_again(tab, mailbox, letter).await;
        }
    }

    async fn hold(&self, tab: &Tab, mailbox: &Mailbox) {
        if tab.held.borrow().is_some() {
            return;
        }
        let Some((id, draft)) = self.write_on(tab, mailbox).await else { return };
        *tab.editor.borrow_mut() = None;
        mailbox.hold(&tab.world, id, None).await.unwrap();
        *tab.held.borrow_mut() = Some((id, draft));
    }

    /// The undo is over, or used.
    async fn let_go(&self, tab: &Tab, mailbox: &Mailbox) {
        let Some((id, draft)) = tab.held.borrow_mut().take() else { return };
        if self.roll(2) == 0 {
            return mailbox.take_back(&tab.world, id).await.unwrap();
        }
        if let Ok(letter) = mailbox.send_written(&tab.world, Some(id), draft, None).await {
            self.book.borrow_mut().sent.insert(id);
            self.think_again(tab, mailbox, letter).await;
        }
    }

    /// A second thought comes at once, or much later.
    async fn think_again(&self, tab: &Tab, mailbox: &Mailbox, letters: Vec<LetterId>) {
        *tab.held_there.borrow_mut() = Some(letters);
        if self.roll(2) == 0 {
            self.take_back(tab, mailbox).await;
        }
    }

    /// A letter that the server has is wanted back.
    async fn take_back(&self, tab: &Tab, mailbox: &Mailbox) {
        let Some(letters) = tab.held_there.borrow_mut().take() else { return };
        match mailbox.take_letters_back(&tab.world, letters).await {
            Ok(_) => self.happens("a letter taken back"),
            Err(TakeBackError::Released) => self.happens("a letter that had gone out"),
            Err(_) => {}
        }
    }

    async fn send_outgoing(&self, tab: &Tab, mailbox: &Mailbox) {
        for _ in mailbox.send_outgoing(&tab.world).await.unwrap() {
            self.happens("a letter given back");
        }
    }

    async fn hand_in(&self, tab: &Tab, mailbox: &Mailbox) {
        for handed in mailbox.hand_in_drafts(&tab.world).await.unwrap() {
            let Ok(saved) = handed.handed_in else { continue };
            self.notice(handed.record, saved);
            if let Some((id, _)) = tab.editor.borrow_mut().as_mut().filter(|(id, _)| *id == handed.record) {
                *id = saved.id;
            }
        }
    }

    async fn erase(&self, tab: &Tab, mailbox: &Mailbox) {
        let ids: Vec<_> = match mailbox.drafts(&tab.world).await {
            Ok(rows) => rows.iter().map(|row| row.id).filter(|id| !mailbox.is_outgoing(*id)).collect(),
            Err(_) => return,
        };
        let Some(id) = self.one_of(&ids) else { return };
        let erasing = Erasing::new(&tab.world.desk, id);
        drop(mailbox.erase_draft(&tab.world, id).await);
        drop(erasing);
    }

    async fn move_something(&self, tab: &Tab, mailbox: &Mailbox) {
        if let (Some(id), Some(folder)) = (self.one_of(&mailbox.letters()), self.one_of(&FOLDERS)) {
            // Refused when the other device erased it; then there is nothing to move.
            drop(mailbox.move_letter(&tab.world, id, folder).await);
        }
    }

    async fn read(&self, tab: &Tab, mailbox: &Mailbox) {
        if let Some(id) = self.one_of(&mailbox.letters()) {
            drop(mailbox.read(&tab.world, id).await);
        }
    }

    async fn look_up(&self, tab: &Tab, mailbox: &Mailbox) {
        let address = self.somebody();
        if mailbox.look_up(&tab.world, &address).await.is_ok() {
            mailbox.write_pins_down(&tab.world).await.unwrap();
            self.book.borrow_mut().looked_up.insert(address);
        }
    }

    async fn compare(&self, tab: &Tab, mailbox: &Mailbox) {
        let (address, began) = (self.somebody(), self.step.get());
        if mailbox.compare(&tab.world, &address).await.is_err() {
            return;
        }
        mailbox.write_pins_down(&tab.world).await.unwrap();
        self.book.borrow_mut().looked_up.insert(address.clone());
        if self.roll(3) == 0 {
            if mailbox.digits_differ(&tab.world, &address).await.is_ok() {
                self.book.borrow_mut().differed.insert(address, began);
            }
        } else {
            let matching = Matching(self, address.clone());
            if mailbox.digits_match(&tab.world, &address).await.is_ok() {
                self.book.borrow_mut().compared.insert(address);
            }
            drop(matching);
        }
    }

    /// Somebody without a mailbox, of whom nothing is known but what the owner says.
    fn by_hand(&self) -> Address {
        Address::parse("gun@demo.example").unwrap()
    }

    async fn describe(&self, tab: &Tab, mailbox: &Mailbox) {
        let name = |number: u32| Name::parse(&format!("Gun {number}")).ok();
        let description = match self.roll(3) {
            0 => Description { name: name(self.roll(9)), ..Description::default() },
            1 => Description { note: Note::parse(&self.paragraph().1).ok(), ..Description::default() },
            _ => Description { phone: PhoneNumber::parse("+46701740612").ok(), ..Description::default() },
        };
        let was_there = mailbox.contacts().get(&self.by_hand()).is_some();
        let said = if was_there && self.roll(2) == 0 {
            mailbox.describe_contact(&tab.world, &self.by_hand(), description).await
        } else {
            mailbox.add_contact(&tab.world, &self.by_hand(), description).await
        };
        match said {
            Ok(()) => self.happens("a contact described"),
            // Forgotten meanwhile, by another tab or device.
            Err(error) => assert_eq!(error, ContactError::Unknown),
        }
    }

    async fn forget(&self, tab: &Tab, mailbox: &Mailbox) {
        if mailbox.contacts().get(&self.by_hand()).is_some()
            && mailbox.forget_contact(&tab.world, &self.by_hand()).await.is_ok()
        {
            self.happens("a contact forgotten");
        }
    }

    /// Lets one tab go on by one step, or begin something, or end wherever it is.
    fn go_on(self: &Rc<Self>, tab: &Rc<Tab>, begins: bool) {
        self.step.set(self.step.get() + 1);
        if begins && self.roll(120) == 0 {
            let was_busy = tab.running.borrow().iter().any(Option::is_some);
            self.happens(if was_busy { "a tab closed in the middle" } else { "a tab closed" });
            *tab.running.borrow_mut() = [None, None];
            *tab.mailbox.borrow_mut() = None;
            *tab.editor.borrow_mut() = None;
            *tab.held.borrow_mut() = None;
            *tab.held_there.borrow_mut() = None;
        }
        let which = self.roll(2) as usize;
        let running = tab.running.borrow_mut()[which].take();
        let mut act: Act = match (running, which) {
            (Some(act), _) => act,
            (None, _) if !begins => return,
            (None, 0) => Box::pin(Rc::clone(self).persons(Rc::clone(tab))),
            (None, _) => Box::pin(Rc::clone(self).tabs_own(Rc::clone(tab))),
        };
        if act.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            tab.running.borrow_mut()[which] = Some(act);
        }
        self.excuse(&tab.world.desk);
    }

    /// What was erased on purpose is not missed.
    fn excuse(&self, desk: &Desk) {
        let mut texts = std::mem::take(&mut *desk.erased.borrow_mut());
        texts.extend(self.server.take_lost().iter().map(|record| self.text(record)));
        self.book.borrow_mut().excused.extend(texts.iter().flat_map(|text| numbers(text)));
    }

    /// The text of a draft at the server.
    fn text(&self, record: &Record) -> String {
        let RecordHead { id, purpose, version, .. } = record.head;
        let place = RecordPlace { account: self.owner.account, record: id, purpose, version };
        let opened = records::open(&place, &self.owner.secret, &record.sealed.0).unwrap();
        Draft::from_bytes(&opened).unwrap().text
    }

    /// The end of the day: the line is good, what runs comes to its end, and each tab does what it still has to do.
    async fn settle(&self, tabs: &[Rc<Tab>]) {
        for tab in tabs {
            if tab.mailbox.borrow().is_none() {
                *tab.mailbox.borrow_mut() = Some(Rc::new(Mailbox::open(&tab.world).await.unwrap()));
            }
        }
        for round in 0..4 {
            self.clock.set(self.clock.get().after(Duration::from_secs(61)));
            for tab in tabs {
                let mailbox = tab.mailbox.borrow().clone().unwrap();
                let held = tab.held.borrow_mut().take();
                if let Some((id, _)) = held {
                    mailbox.send_when_reached(&tab.world, id, None).await.unwrap();
                }
                mailbox.sync(&tab.world).await.unwrap();
                if round < 3 {
                    self.send_outgoing(tab, &mailbox).await;
                    self.hand_in(tab, &mailbox).await;
                }
                mailbox.keep(&tab.world).await.unwrap();
                self.excuse(&tab.world.desk);
            }
        }
    }

    async fn check(&self, tabs: &[Rc<Tab>], desks: &[Rc<Desk>], fresh: &[(TabWorld, Mailbox)]) {
        let there = self.server.entries();
        let open: Vec<_> = tabs.iter().map(|tab| tab.mailbox.borrow().clone().unwrap()).collect();
        let known: BTreeSet<_> = fresh
            .iter()
            .map(|(_, mailbox)| mailbox)
            .chain(open.iter().map(Rc::as_ref))
            .map(|mailbox| format!("{:?}", mailbox.contacts().get(&self.by_hand())))
            .collect();
        assert_eq!(known.len(), 1, "what the owner says of a contact differs: {known:?}");
        for (world, mailbox) in fresh {
            self.check_equal(world, mailbox, &there).await;
        }
        for tab in tabs {
            let mailbox = tab.mailbox.borrow().clone().unwrap();
            self.check_equal(&tab.world, &mailbox, &there).await;
        }
        for desk in desks {
            for table in [Table::Draft, Table::Outgoing, Table::Waiting, Table::Pin] {
                assert_eq!(desk.memory.count(table), 0, "{} holds what still waits", table.as_str());
            }
            let rows: BTreeMap<_, _> = desk.rows::<serde_json::Value>(Table::Letter).into_iter().collect();
            let entry = |row: &serde_json::Value| serde_json::from_value::<Entry>(row["entry"].clone()).unwrap();
            let kept: Vec<_> = rows.values().map(entry).collect();
            assert_eq!(kept, there.values().cloned().collect::<Vec<_>>(), "a device's letters differ");
            self.check_nothing_is_left(desk, &there);
        }
        self.check_letters(&there);
        self.check_paragraphs();
    }

    /// One open mailbox shows what the server has, and what was promised of keys.
    async fn check_equal(&self, world: &TabWorld, mailbox: &Mailbox, there: &BTreeMap<LetterId, Entry>) {
        assert_eq!(mailbox.letters(), there.keys().copied().collect::<Vec<_>>(), "letters differ");
        for folder in FOLDERS {
            let of_it = || there.values().filter(|entry| entry.folder == folder);
            let counts = (of_it().count(), of_it().filter(|entry| !entry.read).count());
            assert_eq!(mailbox.count(folder), counts, "{folder:?} differs");
        }
        assert_eq!(mailbox.count_outgoing(), 0, "something still waits");
        let mut drafts: Vec<_> = mailbox.drafts(world).await.unwrap().into_iter().map(|row| row.id).collect();
        drafts.sort_unstable();
        let at_the_server: Vec<_> = self.server.drafts().iter().map(|record| record.head.id).collect();
        assert_eq!(drafts, at_the_server, "drafts differ");
        let book = self.book.borrow();
        let contacts: &Contacts = &mailbox.contacts();
        for address in &book.looked_up {
            assert!(contacts.get(address).is_some(), "a pin of {} is lost", address.as_str());
        }
        for address in &book.compared {
            let state = contacts.get(address).and_then(|contact| contact.key).map(|key| key.state);
            assert_eq!(state, Some(KeyState::Compared), "a comparison with {} is lost", address.as_str());
        }
        for (address, said) in &book.differed {
            if book.matched.get(address).is_none_or(|matched| matched < said) {
                let differs = contacts.get(address).and_then(|contact| contact.differs);
                assert!(differs.is_some(), "that the digits of {} differ is forgotten", address.as_str());
            }
        }
    }

    fn check_letters(&self, there: &BTreeMap<LetterId, Entry>) {
        let book = self.book.borrow();
        let taken = self.server.taken(|taken| (taken.letter.id, taken.draft, taken.device));
        let (emptied, back) = (self.server.emptied(), self.server.taken_back());
        for (id, ..) in &taken {
            let is_somewhere = there.contains_key(id) || emptied.contains(id) || back.contains(id);
            assert!(is_somewhere, "a letter is lost");
        }
        let ids: BTreeSet<_> = taken.iter().map(|(id, ..)| *id).collect();
        assert!(book.acknowledged.is_subset(&ids), "an acknowledged letter is lost");
        let mut drafts = BTreeMap::<RecordId, BTreeSet<u8>>::new();
        for (_, draft, device) in taken {
            let Some(draft) = draft else { continue };
            assert!(drafts.entry(draft).or_default().insert(device), "one draft is two letters of one device");
        }
        assert!(book.sent.iter().all(|draft| drafts.contains_key(draft)), "a draft that was sent is no letter");
        drop(book);
        for _ in drafts.values().filter(|devices| devices.len() > 1) {
            self.happens("one draft sent from two devices");
        }
    }

    /// Of a letter that is gone no row of a device has anything: neither its id nor, if no other letter has it, its thread.
    fn check_nothing_is_left(&self, desk: &Desk, there: &BTreeMap<LetterId, Entry>) {
        let taken = self.server.taken(|taken| (taken.letter.id, taken.letter.thread));
        for (id, thread) in taken.into_iter().filter(|(id, _)| !there.contains_key(id)) {
            self.happens("a letter erased without a trace");
            assert_eq!(erased::traces(desk, &erased::written(*id.as_bytes(), &id.to_string())), [], "of a letter");
            if there.values().all(|entry| entry.thread != thread) {
                let written = erased::written(*thread.as_bytes(), &thread.to_string());
                assert_eq!(erased::traces(desk, &written), [], "of a thread");
            }
        }
    }

    /// Everything that was saved stands in a draft or in a letter.
    fn check_paragraphs(&self) {
        let book = self.book.borrow();
        let mut missing: BTreeSet<_> = book.saved.difference(&book.excused).copied().collect();
        for record in self.server.drafts() {
            for number in numbers(&self.text(&record)) {
                missing.remove(&number);
            }
        }
        if !missing.is_empty() {
            let owner = &self.people.owner.address;
            let keyring = Keyring::from_bytes(&self.people.keyring, owner, self.clock.get()).unwrap();
            let back = self.server.taken_back();
            let text = |taken: &Taken| {
                (!back.contains(&taken.letter.id)).then(|| letter_text(taken, &keyring, self.clock.get()))
            };
            for text in self.server.taken(text).into_iter().flatten() {
                for number in numbers(&text) {
                    missing.remove(&number);
                }
            }
        }
        assert!(missing.is_empty(), "paragraphs {missing:?} were saved, and are in no draft and no letter");
    }
}

/// What a sign-in would come to.
fn opening(people: &People, owner: &Owner) -> Opening {
    let handed = serde_json::json!({
        "address": people.owner.address, "account": OWNER, "token": null,
        "secret": base64url::encode(owner.secret.as_bytes()), "keep": true, "sheet_owed": false,
    });
    Opening::from_bytes(&serde_json::to_vec(&handed).unwrap()).unwrap()
}

/// The numbers of the paragraphs of a text.
fn numbers(text: &str) -> BTreeSet<usize> {
    text.split('<').filter_map(|part| part.split_once('>')?.0.parse().ok()).collect()
}

fn letter_text(taken: &Taken, keyring: &Keyring, now: Timestamp) -> String {
    let letter = &taken.letter;
    let own = letter.readers.iter().find(|reader| reader.account == OWNER).unwrap();
    let key = unwrap(own.wrapped_key.as_ref(), keyring).unwrap();
    let sender = keyring.present().certificate();
    let expected = Expected { id: letter.id, thread: letter.thread, sender, reader: keyring, now };
    let envelope = open_envelope(letter.envelope.as_ref(), &key).unwrap().verify(&expected).unwrap();
    open_content(&taken.content, &key).unwrap().verify(&expected, &envelope).unwrap().text().into()
}

/// Lives one day, and says what went wrong in it.
fn live(seed: u64, people: &Rc<People>) -> BTreeMap<&'static str, usize> {
    let mut rng = StdRng::seed_from_u64(seed);
    let owner = Owner { account: OWNER, secret: AccountSecret::generate(&mut rng) };
    let clock = Rc::new(Cell::new(MORNING));
    let server = Rc::new(FakeServer::new(people, &owner, &clock, &mut rng));
    let handles = Rc::new(Cell::new(seed << 32));
    let desks = [Desk::new(&owner), Desk::new(&owner)];
    let world = |device: u8, desk: &Rc<Desk>| TabWorld::new(Line::new(&server, device), desk, &clock, &handles);
    let day = Rc::new(Day {
        people: Rc::clone(people),
        server: Rc::clone(&server),
        clock: Rc::clone(&clock),
        owner: owner.clone(),
        rng: RefCell::new(rng),
        step: Cell::new(0),
        paragraphs: Cell::new(0),
        book: RefCell::default(),
    });
    let tabs: Vec<_> = [0, 0, 1]
        .map(|device: u8| {
            Rc::new(Tab {
                world: world(device, &desks[usize::from(device)]),
                mailbox: RefCell::default(),
                editor: RefCell::default(),
                held: RefCell::default(),
                held_there: RefCell::default(),
                running: RefCell::default(),
            })
        })
        .into();
    for first in [&tabs[0], &tabs[2]] {
        let (mailbox, warnings) = finish(Mailbox::begin(&first.world, opening(people, &owner))).unwrap();
        assert!(warnings.is_empty());
        *first.mailbox.borrow_mut() = Some(Rc::new(mailbox));
    }
    server.worsen();
    for _ in 0..STEPS {
        day.go_on(&day.one_of(&tabs).unwrap(), true);
    }
    server.heal();
    while tabs.iter().any(|tab| tab.running.borrow().iter().any(Option::is_some)) {
        day.go_on(&day.one_of(&tabs).unwrap(), false);
    }
    finish(day.settle(&tabs));
    let mut fresh = Vec::new();
    for device in 0..2_u8 {
        let world = world(device, &desks[usize::from(device)]);
        let mailbox = finish(Mailbox::open(&world)).unwrap();
        fresh.push((world, mailbox));
    }
    // A device that was never here has nothing but what the server says.
    let new = world(2, &Desk::new(&owner));
    let (mailbox, _) = finish(Mailbox::begin(&new, opening(people, &owner))).unwrap();
    finish(mailbox.sync(&new)).unwrap();
    fresh.push((new, mailbox));
    finish(day.check(&tabs, &desks, &fresh));
    if seed.is_multiple_of(8) {
        check_lists(&day, &fresh[0]);
    }
    check_no_way_back(&day, world(0, &desks[0]));
    let mut happened = std::mem::take(&mut day.book.borrow_mut().happened);
    happened.extend(server.troubles());
    happened
}

/// Every letter that there is opens in a list.
fn check_lists(day: &Day, (world, mailbox): &(TabWorld, Mailbox)) {
    for folder in FOLDERS {
        for row in finish(mailbox.list(world, folder, usize::MAX)).unwrap() {
            let there = &day.server.entries()[&row.entry.id];
            assert_eq!(row.entry, Entry { released: None, ..there.clone() });
            assert!(row.summary.is_ok(), "{:?}", row.summary);
        }
    }
}

/// A server that gives out an older record than the device has seen is refused by a fresh opening.
fn check_no_way_back(day: &Day, world: TabWorld) {
    if day.server.goes_back().is_some() {
        day.happens("the server goes back");
        let mailbox = finish(Mailbox::open(&world)).unwrap();
        let refused = finish(mailbox.sync(&world));
        assert_eq!(refused, Err(RecordError::Refused(SyncRefused::OlderRecord)));
    }
}

/// Lives many days, and is sure that they were bad ones.
fn live_days(days: std::ops::Range<u64>) {
    let people = People::new(4);
    let mut happened = BTreeMap::<&str, usize>::new();
    for seed in days {
        // Said only of a day that fails.
        let said = Said(seed);
        for (what, count) in live(seed, &people) {
            *happened.entry(what).or_default() += count;
        }
        std::mem::forget(said);
    }
    // A test of loss in which nothing is lost would pass as well.
    let often = [
        "a letter erased without a trace",
        "request lost",
        "answer lost",
        "somebody else answered",
        "request repeated",
        "stale answer",
        "a tab closed in the middle",
    ];
    let now_and_then = [
        "two texts kept",
        "a spent draft written anew",
        "a letter given back",
        "a letter taken back",
        "the server goes back",
        "a contact described",
        "a contact forgotten",
    ];
    for (names, least) in [(&often[..], 30), (&now_and_then[..], 2)] {
        for name in names {
            assert!(happened.get(name).is_some_and(|count| *count > least), "{name}: {happened:?}");
        }
    }
    println!("{happened:?}");
}

/// Says which day failed.
struct Said(u64);

impl Drop for Said {
    fn drop(&mut self) {
        println!("day {} failed", self.0);
    }
}

#[test]
fn two_devices_end_equal_to_the_server_whatever_is_lost_or_repeated_first_quarter() {
    live_days(0..INTERLEAVINGS);
}

#[test]
fn two_devices_end_equal_to_the_server_whatever_is_lost_or_repeated_second_quarter() {
    live_days(INTERLEAVINGS..2 * INTERLEAVINGS);
}

#[test]
fn two_devices_end_equal_to_the_server_whatever_is_lost_or_repeated_third_quarter() {
    live_days(2 * INTERLEAVINGS..3 * INTERLEAVINGS);
}

#[test]
fn two_devices_end_equal_to_the_server_whatever_is_lost_or_repeated_fourth_quarter() {
    live_days(3 * INTERLEAVINGS..4 * INTERLEAVINGS);
}

#[test]
fn a_server_that_never_answers_stops_neither_writing_nor_reading_what_is_here_nor_a_lock() {
    let (people, clock) = (People::new(1), Rc::new(Cell::new(MORNING)));
    let mut rng = StdRng::seed_from_u64(1);
    let owner = Owner { account: OWNER, secret: AccountSecret::generate(&mut rng) };
    let server = Rc::new(FakeServer::new(&people, &owner, &clock, &mut rng));
    let desk = Desk::new(&owner);
    let world = TabWorld::new(Line::new(&server, 0), &desk, &clock, &Rc::default());
    let (mailbox, _) = finish(Mailbox::begin(&world, opening(&people, &owner))).unwrap();
    let oneself = vec![people.owner.address.clone()];
    let letter =
        Addressed { to: oneself, subject: "Brev".into(), text: "Allt är bra.".into(), ..Addressed::default() };
    let sent = finish(mailbox.send(&world, &letter)).unwrap().id;
    finish(mailbox.sync(&world)).unwrap();
    finish(mailbox.list(&world, Folder::Inbox, 9)).unwrap();

    world.line.silent.set(true);
    let somebody = &people.others[0].address;
    let mut sync = pin!(mailbox.sync(&world));
    let mut read = pin!(mailbox.read(&world, sent));
    let mut look_up = pin!(mailbox.look_up(&world, somebody));
    for _ in 0..100 {
        let mut context = Context::from_waker(Waker::noop());
        assert!(sync.as_mut().poll(&mut context).is_pending());
        assert!(read.as_mut().poll(&mut context).is_pending());
        assert!(look_up.as_mut().poll(&mut context).is_pending());
    }
    let draft = Draft::of(letter, clock.get());
    let saved = finish(mailbox.save_draft(&world, None, draft.clone())).unwrap();
    assert_eq!(finish(mailbox.drafts(&world)).unwrap().len(), 1);
    assert!(finish(mailbox.draft(&world, saved.id)).is_ok_and(|kept| kept.text == draft.text));
    let rows = finish(mailbox.list(&world, Folder::Inbox, 9)).unwrap();
    assert!(rows.len() == 1 && rows[0].summary.is_ok());
    assert_eq!(mailbox.count(Folder::Inbox), (1, 1));
    let mut lock = pin!(mailbox.lock(&world));
    for _ in 0..100 {
        assert!(lock.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    assert_eq!(desk.memory.parts().0, None, "the device still has its half of the slot");
}

/// One single day, to look at: `DAY=17 cargo test -p securemailbox-client --test two_devices one_day -- --ignored`.
#[test]
#[ignore = "minutes: cargo test --package securemailbox-client --test two_devices a_thousand_days -- --ignored --nocapture"]
fn a_thousand_days() {
    let half = |days: std::ops::Range<u64>| {
        let people = People::new(4);
        let lived = |seed: &u64| {
            let said = Said(*seed);
            let lived = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| live(*seed, &people))).is_ok();
            if lived {
                std::mem::forget(said);
            }
            lived
        };
        days.filter(|seed| !lived(seed)).collect::<Vec<_>>()
    };
    let halves = [0..500, 500..1_000].map(|days| std::thread::spawn(move || half(days)));
    let failed: Vec<u64> = halves.into_iter().flat_map(|half| half.join().unwrap()).collect();
    assert!(failed.is_empty(), "days that failed: {failed:?}");
}

#[test]
#[ignore = "to look at one day"]
fn one_day() {
    let seed = std::env::var("DAY").unwrap().parse().unwrap();
    println!("{:?}", live(seed, &People::new(4)));
}

/// Runs what memory answers at once.
fn now_or_never<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("memory never waits"),
    }
}

/// Runs something to its end, with nobody beside it.
fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return done;
        }
    }
}
