//! A server in memory, as small as PROTOCOL §9a allows, with one account, behind a line that loses, repeats and delays.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use securemailbox_client::{
    owner::Owner,
    settings::{Name, Settings},
    transport::{Method, Request, Response, Unreachable},
};
use securemailbox_protocol::{
    address::Address,
    directory::{Listing, LookUp},
    ids::{AccountId, CertificateHash, LetterId, RecordId},
    letters::{
        Deliveries, EmptyTrash, Entry, EntryPage, EntryUpdate, ErasureReceipt, Folder, Held, HeldLetters, Hold,
        NewLetter, NewLetters, Posted, PostedLetter, Released, Sender,
    },
    levels::Level,
    numbers::{ChangeNumber, EraseNumber, Version},
    octets::Octets,
    problems::{ProblemDetails, ProblemType},
    records::{Record, RecordChange, RecordHead, RecordPurpose},
    slots::{DeviceSlot, NewDeviceSlot},
    sync::{Changes, DraftIds, Erased, LetterIds},
    time::Timestamp,
};
use securemailbox_vault::{
    identities::Identity,
    keyring::Keyring,
    records::{self, RecordPlace},
};
use serde::Serialize;

pub const OWNER: AccountId = AccountId::from_bytes([7; 16]);
/// When every day begins, and every key was made.
pub const MORNING: Timestamp = Timestamp::from_unix_millis(1_764_000_000_000);
/// Small, so that a day has several pages.
const PAGE: usize = 5;
/// One in so many exchanges goes wrong, in each of the ways.
const TROUBLE: u32 = 12;

/// Somebody whom the directory has.
pub struct Person {
    pub address: Address,
    account: AccountId,
    certificate: Octets,
    hash: CertificateHash,
}

/// Everybody, with real keys. Made once: a key is the dearest thing here.
pub struct People {
    pub owner: Person,
    /// The owner's keyring, not sealed yet.
    pub keyring: Vec<u8>,
    pub others: Vec<Person>,
}

impl People {
    pub fn new(others: u8) -> Rc<Self> {
        let mut rng = StdRng::seed_from_u64(1);
        let mut identity = |name: &str| {
            Identity::generate(&Address::parse(&format!("{name}@demo.example")).unwrap(), MORNING, &mut rng)
        };
        let person = |identity: &Identity, account| {
            let certificate = identity.certificate();
            let (address, hash) = (certificate.address().clone(), certificate.hash());
            Person { address, account, certificate: Octets(certificate.bytes().to_vec()), hash }
        };
        let owners = identity("anna");
        let owner = person(&owners, OWNER);
        let others =
            (0..others).map(|who| person(&identity(&format!("person{who}")), AccountId::from_bytes([100 + who; 16])));
        let others = others.collect();
        Rc::new(Self { owner, keyring: Keyring::new(owners).to_bytes().to_vec(), others })
    }

    fn listed(&self, address: &Address) -> Option<&Person> {
        self.others.iter().chain([&self.owner]).find(|person| person.address == *address)
    }
}

/// A letter that the server took, whatever became of it.
pub struct Taken {
    pub letter: NewLetter,
    pub content: Vec<u8>,
    pub draft: Option<RecordId>,
    /// From which device.
    pub device: u8,
}

pub struct FakeServer {
    people: Rc<People>,
    clock: Rc<Cell<Timestamp>>,
    state: RefCell<State>,
    weather: RefCell<StdRng>,
    healed: Cell<bool>,
    /// Earlier answers to questions, by device and path, that may come again.
    earlier: RefCell<BTreeMap<(u8, String), Response>>,
    troubles: RefCell<BTreeMap<&'static str, usize>>,
}

#[derive(Default)]
struct State {
    change: ChangeNumber,
    erased: Erased,
    slots: BTreeMap<u8, NewDeviceSlot>,
    entries: BTreeMap<LetterId, Entry>,
    records: BTreeMap<RecordId, Record>,
    /// The first version of each record.
    first: BTreeMap<RecordId, Record>,
    taken: Vec<Taken>,
    /// Letters that were erased with the trash.
    emptied: BTreeSet<LetterId>,
    /// Letters that were taken back before their readers had them.
    taken_back: BTreeSet<LetterId>,
    /// Drafts that were erased or went out as letters.
    gone: BTreeSet<RecordId>,
    /// Drafts as they were when somebody erased them.
    lost: Vec<Record>,
}

impl FakeServer {
    /// With one account, just registered: no letters, nobody in the contacts.
    pub fn new(people: &Rc<People>, owner: &Owner, clock: &Rc<Cell<Timestamp>>, rng: &mut StdRng) -> Self {
        let mut state = State::default();
        let settings = Settings::new(Name::parse("Anna Lindqvist").unwrap()).to_bytes();
        let own = [(RecordPurpose::Keyring, people.keyring.clone()), (RecordPurpose::Settings, settings)];
        for (at, (purpose, text)) in own.into_iter().enumerate() {
            let (record, version) = (RecordId::from_bytes([1 + at as u8; 16]), Version::new(1));
            let place = RecordPlace { account: owner.account, record, purpose, version };
            let sealed = records::seal(&place, &owner.secret, &text, rng);
            state.write(record, purpose, sealed);
        }
        Self {
            people: Rc::clone(people),
            clock: Rc::clone(clock),
            state: RefCell::new(state),
            weather: RefCell::new(StdRng::from_rng(rng).unwrap()),
            healed: Cell::new(true),
            earlier: RefCell::default(),
            troubles: RefCell::default(),
        }
    }

    /// From now on requests and answers get lost, repeated and late.
    pub fn worsen(&self) {
        self.healed.set(false);
    }

    /// From now on every request arrives once, and so does every answer.
    pub fn heal(&self) {
        self.healed.set(true);
    }

    pub fn entries(&self) -> BTreeMap<LetterId, Entry> {
        self.state.borrow().entries.clone()
    }

    pub fn emptied(&self) -> BTreeSet<LetterId> {
        self.state.borrow().emptied.clone()
    }

    pub fn taken_back(&self) -> BTreeSet<LetterId> {
        self.state.borrow().taken_back.clone()
    }

    /// Whether a draft was on the server and is gone, or went out as a letter.
    pub fn has_gone(&self, draft: RecordId) -> bool {
        let state = self.state.borrow();
        state.gone.contains(&draft) || state.taken.iter().any(|taken| taken.draft == Some(draft))
    }

    pub fn drafts(&self) -> Vec<Record> {
        let state = self.state.borrow();
        let drafts = state.records.values().filter(|kept| kept.head.purpose == RecordPurpose::Draft);
        drafts.cloned().collect()
    }

    /// Every draft that somebody erased since the last question.
    pub fn take_lost(&self) -> Vec<Record> {
        std::mem::take(&mut self.state.borrow_mut().lost)
    }

    /// Looks at every letter that was ever taken.
    pub fn taken<T>(&self, look: impl FnMut(&Taken) -> T) -> Vec<T> {
        self.state.borrow().taken.iter().map(look).collect()
    }

    /// Gives a contact, or the settings, out as they were first; none if nothing was written twice.
    pub fn goes_back(&self) -> Option<RecordId> {
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        let kept = state
            .records
            .values_mut()
            .find(|kept| kept.head.purpose != RecordPurpose::Draft && kept.head.version > Version::new(1))?;
        let id = kept.head.id;
        *kept = state.first[&id].clone();
        state.change = state.change.next();
        kept.head.change = state.change;
        Some(id)
    }

    /// How often each thing went wrong.
    pub fn troubles(&self) -> BTreeMap<&'static str, usize> {
        self.troubles.borrow().clone()
    }

    fn goes_wrong(&self, how: &'static str) -> bool {
        let wrong = !self.healed.get() && self.weather.borrow_mut().gen_ratio(1, TROUBLE);
        if wrong {
            *self.troubles.borrow_mut().entry(how).or_default() += 1;
        }
        wrong
    }

    /// A request of a device, over the line.
    pub fn call(&self, device: u8, request: &Request) -> Result<Response, Unreachable> {
        if self.goes_wrong("request lost") {
            return Err(Unreachable);
        }
        let is_question = request.method == Method::Get;
        let place = (device, request.path.clone());
        let earlier = self.earlier.borrow().get(&place).cloned();
        if let Some(earlier) = earlier.filter(|_| is_question && self.goes_wrong("stale answer")) {
            return Ok(earlier);
        }
        let mut answer = self.answer(device, request);
        if self.goes_wrong("request repeated") {
            answer = self.answer(device, request);
        }
        if is_question && answer.status == 200 {
            self.earlier.borrow_mut().entry(place).or_insert_with(|| answer.clone());
        }
        if self.goes_wrong("answer lost") {
            Err(Unreachable)
        } else if self.goes_wrong("somebody else answered") {
            Ok(a_stranger())
        } else {
            Ok(answer)
        }
    }

    fn answer(&self, device: u8, request: &Request) -> Response {
        let path = request.path.strip_prefix("/api/v1/").unwrap();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut state = self.state.borrow_mut();
        state.release(self.clock.get());
        match (request.method, path.split('/').collect::<Vec<_>>().as_slice()) {
            (Method::Put, ["slots", "device"]) => {
                state.slots.insert(device, serde_json::from_slice(&request.body).unwrap());
                ok(&serde_json::Value::Null)
            }
            (Method::Get, ["slots", "device"]) => {
                let NewDeviceSlot { id, sealed, share, .. } = state.slots[&device].clone();
                ok(&DeviceSlot { id, sealed, share })
            }
            (Method::Get, ["changes"]) => ok(&state.changes(query)),
            (Method::Get, ["ids", "letters"]) => ok(&state.letter_ids()),
            (Method::Get, ["ids", "drafts"]) => ok(&state.draft_ids()),
            (Method::Get, ["records", id]) => {
                let kept = state.records.get(&id.parse().unwrap());
                kept.map_or_else(|| problem(ProblemType::NotFound), ok)
            }
            (Method::Put, ["records", id]) => state.write_record(id.parse().unwrap(), query, request),
            (Method::Delete, ["records", id]) => state.erase_draft(id.parse().unwrap()),
            (Method::Post, ["letters"]) => state.post(device, &self.people, self.clock.get(), &request.body),
            (Method::Get, ["letters"]) => ok(&state.newest(query)),
            (Method::Get, ["letters", id]) => {
                let entry = state.entries.get(&id.parse().unwrap());
                entry.map_or_else(|| problem(ProblemType::NotFound), ok)
            }
            (Method::Get, ["letters", id, "content"]) => state.content(id.parse().unwrap()),
            (Method::Post, ["letters", "release"]) => state.end_hold(&request.body),
            (Method::Post, ["letters", "take-back"]) => state.take_back(&request.body),
            (Method::Get, ["letters", _, "deliveries"]) => ok(&Deliveries { deliveries: Vec::new() }),
            (Method::Patch, ["letters", id]) => state.update(id.parse().unwrap(), &request.body),
            (Method::Post, ["trash", "empty"]) => ok(&state.empty_trash(&request.body, self.clock.get())),
            (Method::Post, ["directory", "look-ups"]) => self.look_up(&request.body),
            // Asked whether a sheet is there; who is not answered goes on.
            (Method::Get, ["account"]) => problem(ProblemType::NotFound),
            (method, path) => panic!("the fake server knows no {} {path:?}", method.as_str()),
        }
    }

    fn look_up(&self, body: &[u8]) -> Response {
        let LookUp { address } = serde_json::from_slice(body).unwrap();
        let Some(person) = self.people.listed(&address) else { return problem(ProblemType::NoAccount) };
        ok(&Listing {
            account: person.account,
            certificate: person.certificate.clone(),
            level: Level::Phone,
            claimed: None,
        })
    }
}

impl State {
    fn next_change(&mut self) -> ChangeNumber {
        self.change = self.change.next();
        self.change
    }

    fn changes(&self, query: &str) -> Changes {
        let since = query.split('&').find_map(|part| part.strip_prefix("since=")).unwrap();
        let since = ChangeNumber::new(since.parse().unwrap());
        let only_records = query.split('&').any(|part| part == "only=records");
        let entries = || self.entries.values().filter(|_| !only_records);
        let mut changed: Vec<ChangeNumber> = entries().map(|entry| entry.change).collect();
        changed.extend(self.records.values().map(|kept| kept.head.change));
        changed.retain(|change| *change > since);
        changed.sort();
        let more = changed.len() > PAGE;
        let change = if more { changed[PAGE - 1] } else { self.change };
        let in_page = |number: ChangeNumber| number > since && number <= change;
        let records = self.records.values().filter(|record| in_page(record.head.change));
        let with_bytes = |record: &Record| RecordChange {
            head: record.head.clone(),
            sealed: (record.head.purpose == RecordPurpose::Contact).then(|| record.sealed.clone()),
        };
        Changes {
            change,
            erased: self.erased,
            more,
            entries: entries().filter(|entry| in_page(entry.change)).cloned().collect(),
            records: records.map(with_bytes).collect(),
            waits: Vec::new(),
        }
    }

    fn letter_ids(&self) -> LetterIds {
        LetterIds { change: self.change, erase: self.erased.letters, ids: self.entries.keys().copied().collect() }
    }

    fn draft_ids(&self) -> DraftIds {
        let drafts = self.records.values().filter(|kept| kept.head.purpose == RecordPurpose::Draft);
        let ids = drafts.map(|kept| kept.head.id).collect();
        DraftIds { change: self.change, erase: self.erased.drafts, ids }
    }

    fn write_record(&mut self, id: RecordId, query: &str, request: &Request) -> Response {
        let purpose = query.split('&').find_map(|part| part.strip_prefix("purpose=")).unwrap();
        let purpose: RecordPurpose = serde_json::from_value(purpose.into()).unwrap();
        let condition = |wanted| request.headers.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value);
        let there = self.records.get(&id).map(|kept| kept.head.version);
        match (condition("if-match"), there) {
            (None, None) if condition("if-none-match").is_some_and(|value| value == "*") => {}
            (None, _) => return problem(ProblemType::RecordExists),
            (Some(_), None) => return problem(ProblemType::NotFound),
            (Some(wanted), Some(there)) if *wanted == format!("\"{there}\"") => {}
            (Some(_), Some(_)) => return problem(ProblemType::StaleVersion),
        }
        ok(&self.write(id, purpose, request.body.clone()))
    }

    fn write(&mut self, id: RecordId, purpose: RecordPurpose, sealed: Vec<u8>) -> RecordHead {
        let version = self.records.get(&id).map_or(Version::ZERO, |kept| kept.head.version).next();
        let head = RecordHead { id, purpose, version, change: self.next_change() };
        let record = Record { head: head.clone(), sealed: Octets(sealed) };
        self.first.entry(id).or_insert_with(|| record.clone());
        self.records.insert(id, record);
        head
    }

    fn erase_draft(&mut self, id: RecordId) -> Response {
        let Some(kept) = self.drop_draft(id) else { return problem(ProblemType::NotFound) };
        self.lost.push(kept);
        ok(&serde_json::Value::Null)
    }

    fn drop_draft(&mut self, id: RecordId) -> Option<Record> {
        let kept = self.records.remove(&id)?;
        self.gone.insert(id);
        self.erased.drafts = self.erased.drafts.next();
        Some(kept)
    }

    fn post(&mut self, device: u8, people: &People, now: Timestamp, body: &[u8]) -> Response {
        let (json, content) = parts(body);
        let NewLetters { letters, draft, hold, guests: _ } = serde_json::from_slice(json).unwrap();
        let mut posted = Vec::new();
        let is_known = |letter: &NewLetter| {
            let there = self.taken.iter().any(|taken| taken.letter.id == letter.id);
            there
                && !self.taken_back.contains(&letter.id)
                && (letter.readers.len() > 1 || self.entries.contains_key(&letter.id))
        };
        let version = |id| self.records.get(&id).map(|kept| kept.head.version).unwrap_or_default();
        let goes = draft.is_none_or(|draft| version(draft.id) == draft.version);
        if !goes && !letters.iter().all(is_known) {
            return problem(ProblemType::StaleDraft);
        }
        let draft = draft.map(|draft| draft.id);
        for letter in letters {
            let there = self.taken.iter().find(|taken| taken.letter.id == letter.id);
            // Of a letter that only its sender held and erased, nothing is left that could tell a repetition.
            let is_left = |taken: &&Taken| taken.letter.readers.len() > 1 || self.entries.contains_key(&letter.id);
            match there.filter(|taken| is_left(taken) && !self.taken_back.contains(&letter.id)) {
                Some(taken) if taken.letter == letter => {}
                Some(_) => return problem(ProblemType::IdTaken),
                None => {
                    let (letter, content) = (letter.clone(), content.to_vec());
                    self.deliver(people, now, hold, Taken { letter, content, draft, device });
                }
            }
            posted.push(PostedLetter { id: letter.id, arrived: now });
        }
        let dropped = draft.filter(|_| goes).and_then(|draft| self.drop_draft(draft));
        let drafts_erased: Option<EraseNumber> = dropped.as_ref().map(|_| self.erased.drafts);
        ok(&Posted { letters: posted, drafts_erased })
    }

    fn deliver(&mut self, people: &People, now: Timestamp, hold: Option<Hold>, taken: Taken) {
        let letter = &taken.letter;
        let own = letter.readers.iter().find(|reader| reader.account == OWNER).unwrap();
        let entry = Entry {
            id: letter.id,
            thread: letter.thread,
            sender: Sender { address: people.owner.address.clone(), certificate: people.owner.hash },
            folder: if letter.readers.len() == 1 { Folder::Inbox } else { Folder::Sent },
            read: letter.readers.len() > 1,
            flagged: false,
            level: None,
            change: self.next_change(),
            arrived: now,
            content_length: taken.content.len() as u64,
            held: hold.map(|hold| Held { release: hold.release(now), refused: None }),
            withdrawn: None,
            binned: None,
            released: Some(Released { envelope: letter.envelope.clone(), wrapped_key: own.wrapped_key.clone() }),
        };
        self.emptied.remove(&letter.id);
        self.taken_back.remove(&letter.id);
        self.entries.insert(letter.id, entry);
        if !self.taken.iter().any(|former| former.letter.id == taken.letter.id) {
            self.taken.push(taken);
        }
    }

    /// Holds that are over end.
    fn release(&mut self, now: Timestamp) {
        let due = |entry: &&mut Entry| entry.held.is_some_and(|held| held.release <= now);
        let mut change = self.change;
        for entry in self.entries.values_mut().filter(due) {
            change = change.next();
            (entry.held, entry.change) = (None, change);
        }
        self.change = change;
    }

    fn end_hold(&mut self, body: &[u8]) -> Response {
        let HeldLetters { letters } = serde_json::from_slice(body).unwrap();
        for id in letters {
            let change = self.change.next();
            let Some(entry) = self.entries.get_mut(&id) else { return problem(ProblemType::NotFound) };
            if entry.held.take().is_some() {
                entry.change = change;
                self.change = change;
            }
        }
        ok(&serde_json::Value::Null)
    }

    fn take_back(&mut self, body: &[u8]) -> Response {
        let HeldLetters { letters } = serde_json::from_slice(body).unwrap();
        let there: Vec<_> = letters.into_iter().filter(|id| self.entries.contains_key(id)).collect();
        if there.is_empty() {
            return problem(ProblemType::NotFound);
        }
        if there.iter().any(|id| self.entries[id].held.is_none()) {
            return problem(ProblemType::AlreadyReleased);
        }
        for id in there {
            self.entries.remove(&id);
            self.taken_back.insert(id);
            self.erased.letters = self.erased.letters.next();
        }
        ok(&serde_json::Value::Null)
    }

    fn newest(&self, query: &str) -> EntryPage {
        let folder = query.split('&').find_map(|part| part.strip_prefix("folder=")).unwrap();
        let mut entries: Vec<_> = self.entries.values().filter(|entry| entry.folder.as_str() == folder).collect();
        entries.sort_by_key(|entry| std::cmp::Reverse((entry.arrived, entry.id)));
        EntryPage { entries: entries.into_iter().take(PAGE).cloned().collect(), next: None }
    }

    fn content(&self, id: LetterId) -> Response {
        match self.taken.iter().find(|taken| taken.letter.id == id && self.entries.contains_key(&id)) {
            Some(taken) => Response {
                status: 200,
                content_type: "application/octet-stream".into(),
                body: taken.content.clone(),
                ..Response::default()
            },
            None => problem(ProblemType::NotFound),
        }
    }

    fn update(&mut self, id: LetterId, body: &[u8]) -> Response {
        let EntryUpdate { folder, read, flagged } = serde_json::from_slice(body).unwrap();
        let change = self.change.next();
        let Some(entry) = self.entries.get_mut(&id) else { return problem(ProblemType::NotFound) };
        entry.folder = folder.unwrap_or(entry.folder);
        entry.read = read.unwrap_or(entry.read);
        entry.flagged = flagged.unwrap_or(entry.flagged);
        entry.change = change;
        self.change = change;
        ok(&self.entries[&id])
    }

    /// Erases without a trace: no tombstones, only a number.
    fn empty_trash(&mut self, body: &[u8], at: Timestamp) -> ErasureReceipt {
        let EmptyTrash { letters, .. } = serde_json::from_slice(body).unwrap();
        let goes = |entry: &Entry| {
            entry.folder == Folder::Trash && letters.as_ref().is_none_or(|letters| letters.contains(&entry.id))
        };
        let gone: Vec<_> = self.entries.values().filter(|entry| goes(entry)).map(|entry| entry.id).collect();
        self.entries.retain(|_, entry| !goes(entry));
        if !gone.is_empty() {
            self.erased.letters = self.erased.letters.next();
        }
        self.emptied.extend(&gone);
        ErasureReceipt { at, erased: gone.len() as u64, steps: Vec::new() }
    }
}

/// The two parts of a post: JSON, and one content.
fn parts(body: &[u8]) -> (&[u8], &[u8]) {
    let find = |bytes: &[u8], wanted: &[u8]| bytes.windows(wanted.len()).position(|window| window == wanted).unwrap();
    let boundary = &body[..find(body, b"\r\n")];
    let end = [b"\r\n", boundary].concat();
    let first = &body[find(body, b"\r\n\r\n") + 4..];
    let (json, rest) = first.split_at(find(first, &end));
    let second = &rest[find(rest, b"\r\n\r\n") + 4..];
    (json, &second[..find(second, &end)])
}

fn ok(body: &(impl Serialize + ?Sized)) -> Response {
    Response {
        status: 200,
        content_type: "application/json".into(),
        body: serde_json::to_vec(body).unwrap(),
        ..Response::default()
    }
}

/// What a network that wants a person to sign in to it first answers to everything.
fn a_stranger() -> Response {
    let body = b"<html>Welcome to our hotel".into();
    Response { status: 200, content_type: "text/html".into(), body, ..Response::default() }
}

fn problem(kind: ProblemType) -> Response {
    let body = serde_json::to_vec(&ProblemDetails::new(kind)).unwrap();
    Response { status: kind.status(), content_type: "application/problem+json".into(), body, ..Response::default() }
}
