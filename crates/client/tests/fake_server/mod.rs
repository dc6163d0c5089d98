//! A server in memory, as small as PROTOCOL §9a allows, behind a line that loses, repeats and delays.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use securemailbox_client::{
    contacts::Contacts,
    index::Owner,
    transport::{Method, Request, Response, Transport, Unreachable},
};
use securemailbox_protocol::{
    address::Address,
    ids::{AccountId, CertificateHash, LetterId, RecordId},
    letters::{Entry, EntryUpdate, Folder, NewLetter, NewLetters, Posted, PostedLetter, Released, Sender},
    numbers::{ChangeNumber, Version},
    octets::Octets,
    problems::{ProblemDetails, ProblemType},
    records::{Record, RecordChange, RecordHead, RecordPurpose},
    sync::{Changes, DraftIds, Erased, LetterIds},
    time::Timestamp,
};
use securemailbox_vault::records::{self, RecordPlace};
use serde::Serialize;

pub const OWNER: AccountId = AccountId::from_bytes([7; 16]);
/// Small, so that a day has several pages.
const PAGE: usize = 5;
/// One in so many exchanges goes wrong, in each of the ways.
const TROUBLE: u32 = 8;

pub struct FakeServer {
    state: RefCell<State>,
    weather: RefCell<StdRng>,
    healed: Cell<bool>,
    /// Earlier answers to questions, by path, that may come again.
    earlier: RefCell<BTreeMap<String, Response>>,
    troubles: RefCell<BTreeMap<&'static str, usize>>,
}

#[derive(Default)]
struct State {
    change: ChangeNumber,
    erased: Erased,
    entries: BTreeMap<LetterId, Entry>,
    /// What was posted under an id: the same again is the same letter.
    posted: BTreeMap<LetterId, NewLetter>,
    records: BTreeMap<RecordId, Record>,
}

impl FakeServer {
    /// With one account, just registered: no letters, nobody in the contacts.
    pub fn new(owner: &Owner, rng: &mut StdRng) -> Self {
        let mut state = State { change: ChangeNumber::new(1), ..State::default() };
        let (record, purpose, version) = (RecordId::from_bytes([1; 16]), RecordPurpose::Contact, Version::new(1));
        let place = RecordPlace { account: owner.account, record, purpose, version };
        let sealed = records::seal(&place, &owner.secret, &Contacts::default().to_bytes(), rng).into();
        let head = RecordHead { id: record, purpose, version, change: state.change };
        state.records.insert(record, Record { head, sealed });
        Self {
            state: RefCell::new(state),
            weather: RefCell::new(StdRng::from_rng(rng).unwrap()),
            healed: Cell::new(false),
            earlier: RefCell::default(),
            troubles: RefCell::default(),
        }
    }

    /// From now on every request arrives once, and so does every answer.
    pub fn heal(&self) {
        self.healed.set(true);
    }

    pub fn entries(&self) -> Vec<Entry> {
        self.state.borrow().entries.values().cloned().collect()
    }

    pub fn in_trash(&self) -> Vec<LetterId> {
        let state = self.state.borrow();
        state.entries.values().filter(|entry| entry.folder == Folder::Trash).map(|entry| entry.id).collect()
    }

    pub fn contacts(&self, owner: &Owner) -> Contacts {
        let state = self.state.borrow();
        let Record { head, sealed } = state.records.values().next().unwrap();
        let place =
            RecordPlace { account: owner.account, record: head.id, purpose: head.purpose, version: head.version };
        Contacts::from_bytes(&records::open(&place, &owner.secret, &sealed.0).unwrap()).unwrap()
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
}

impl Transport for FakeServer {
    async fn call(&self, request: Request) -> Result<Response, Unreachable> {
        if self.goes_wrong("request lost") {
            return Err(Unreachable);
        }
        let is_question = request.method == Method::Get;
        let earlier = self.earlier.borrow().get(&request.path).cloned();
        if let Some(earlier) = earlier.filter(|_| is_question && self.goes_wrong("stale answer")) {
            return Ok(earlier);
        }
        let mut answer = self.state.borrow_mut().answer(&request);
        if self.goes_wrong("request repeated") {
            answer = self.state.borrow_mut().answer(&request);
        }
        if is_question {
            self.earlier.borrow_mut().entry(request.path).or_insert_with(|| answer.clone());
        }
        if self.goes_wrong("answer lost") { Err(Unreachable) } else { Ok(answer) }
    }
}

impl State {
    fn answer(&mut self, request: &Request) -> Response {
        let path = request.path.strip_prefix("/api/v1/").unwrap();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        match (request.method, path.split('/').collect::<Vec<_>>().as_slice()) {
            (Method::Get, ["changes"]) => ok(&self.changes(query)),
            (Method::Get, ["ids", "letters"]) => ok(&self.letter_ids()),
            (Method::Get, ["ids", "drafts"]) => ok(&self.draft_ids()),
            (Method::Get, ["records", id]) => ok(&self.records[&id.parse().unwrap()]),
            (Method::Put, ["records", id]) => self.write_record(id.parse().unwrap(), request),
            (Method::Post, ["letters"]) => self.post(&request.body),
            (Method::Patch, ["letters", id]) => self.update(id.parse().unwrap(), &request.body),
            (Method::Post, ["trash", "empty"]) => ok(&self.empty_trash()),
            (method, path) => panic!("the fake server knows no {} {path:?}", method.as_str()),
        }
    }

    fn next_change(&mut self) -> ChangeNumber {
        self.change = self.change.next();
        self.change
    }

    fn changes(&self, query: &str) -> Changes {
        let since = query.split('&').find_map(|part| part.strip_prefix("since=")).unwrap();
        let since = ChangeNumber::new(since.parse().unwrap());
        let mut changed: Vec<ChangeNumber> = self.entries.values().map(|entry| entry.change).collect();
        changed.extend(self.records.values().map(|record| record.head.change));
        changed.retain(|change| *change > since);
        changed.sort();
        let more = changed.len() > PAGE;
        let change = if more { changed[PAGE - 1] } else { self.change };
        let in_page = |number: ChangeNumber| number > since && number <= change;
        let entries = self.entries.values().filter(|entry| in_page(entry.change)).cloned().collect();
        let heads = self.records.values().map(|record| record.head.clone());
        let records =
            heads.filter(|head| in_page(head.change)).map(|head| RecordChange { head, sealed: None }).collect();
        Changes { change, erased: self.erased, more, entries, records }
    }

    fn letter_ids(&self) -> LetterIds {
        LetterIds { change: self.change, erase: self.erased.letters, ids: self.entries.keys().copied().collect() }
    }

    fn draft_ids(&self) -> DraftIds {
        let drafts = self.records.values().filter(|record| record.head.purpose == RecordPurpose::Draft);
        DraftIds { change: self.change, erase: self.erased.drafts, ids: drafts.map(|record| record.head.id).collect() }
    }

    fn write_record(&mut self, id: RecordId, request: &Request) -> Response {
        let condition = request.headers.iter().find(|(name, _)| *name == "if-match").unwrap();
        let change = self.change.next();
        let head = &mut self.records.get_mut(&id).unwrap().head;
        if condition.1 != format!("\"{}\"", head.version) {
            return problem(ProblemType::StaleVersion);
        }
        *head = RecordHead { version: head.version.next(), change, ..head.clone() };
        let head = head.clone();
        self.change = change;
        self.records.get_mut(&id).unwrap().sealed = Octets(request.body.clone());
        ok(&head)
    }

    fn post(&mut self, body: &[u8]) -> Response {
        // The first part is our JSON, between the first empty line and the next line break.
        let text = String::from_utf8_lossy(body);
        let (_, rest) = text.split_once("\r\n\r\n").unwrap();
        let NewLetters { letters, .. } = serde_json::from_str(rest.split_once("\r\n").unwrap().0).unwrap();
        let mut posted = Vec::new();
        for letter in letters {
            match self.posted.get(&letter.id) {
                Some(former) if *former == letter => {}
                Some(_) => return problem(ProblemType::IdTaken),
                None => self.deliver(letter.clone()),
            }
            posted.push(PostedLetter { id: letter.id, arrived: Timestamp::from_unix_millis(0) });
        }
        ok(&Posted { letters: posted, drafts_erased: None })
    }

    fn deliver(&mut self, letter: NewLetter) {
        let (address, certificate) =
            (Address::parse("anna@demo.example").unwrap(), CertificateHash::from_bytes([0; 32]));
        let wrapped_key = letter.readers[0].wrapped_key.clone();
        let entry = Entry {
            id: letter.id,
            thread: letter.thread,
            sender: Sender { address, certificate },
            folder: Folder::Inbox,
            read: false,
            level: None,
            change: self.next_change(),
            arrived: Timestamp::from_unix_millis(0),
            content_length: 8,
            released: Some(Released { envelope: letter.envelope.clone(), wrapped_key }),
        };
        self.entries.insert(letter.id, entry);
        self.posted.insert(letter.id, letter);
    }

    fn update(&mut self, id: LetterId, body: &[u8]) -> Response {
        let EntryUpdate { folder, read } = serde_json::from_slice(body).unwrap();
        let change = self.change.next();
        let Some(entry) = self.entries.get_mut(&id) else { return problem(ProblemType::NotFound) };
        entry.folder = folder.unwrap_or(entry.folder);
        entry.read = read.unwrap_or(entry.read);
        entry.change = change;
        self.change = change;
        ok(&self.entries[&id])
    }

    /// Erases without a trace: no tombstones, only a number.
    fn empty_trash(&mut self) -> usize {
        let before = self.entries.len();
        self.entries.retain(|_, entry| entry.folder != Folder::Trash);
        let entries = &self.entries;
        self.posted.retain(|id, _| entries.contains_key(id));
        if self.entries.len() < before {
            self.erased.letters = self.erased.letters.next();
        }
        before - self.entries.len()
    }
}

fn ok(body: &impl Serialize) -> Response {
    Response {
        status: 200,
        content_type: "application/json".into(),
        body: serde_json::to_vec(body).unwrap(),
        ..Response::default()
    }
}

fn problem(kind: ProblemType) -> Response {
    let body = serde_json::to_vec(&ProblemDetails::new(kind)).unwrap();
    Response { status: kind.status(), content_type: "application/problem+json".into(), body, ..Response::default() }
}
