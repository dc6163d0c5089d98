//! Two devices of one account, over a server whose answers get lost, repeated and stale: whatever the order, both end
//! equal to the server, nothing is lost, and nothing is there twice (PROTOCOL §1, §4.7, §9a).
//!
//! Letters are posted with contents that nobody could open: this is about what is held, not about what is read.

#![expect(clippy::unwrap_used, reason = "a test that meets what it does not expect ends")]

mod fake_server;

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::pin,
    task::{Context, Poll, Waker},
};

use fake_server::{FakeServer, OWNER};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use securemailbox_client::{
    api::Api,
    contacts::{Contacts, Edit, Event},
    index::{Index, Owner},
    letters::{Draft, Unsent, Waiting, post},
    records::{RecordError, Records},
    sync::follow,
    transport::Method,
};
use securemailbox_protocol::{
    address::Address,
    ids::{CertificateHash, ContentHash, Fingerprint, LetterId, ThreadId},
    letters::{EntryUpdate, Folder, NewLetter, NewLetters, NewReader},
    octets::Octets,
    records::RecordPurpose,
    time::Timestamp,
};
use securemailbox_vault::{
    known_keys::{KeyState, KnownKey},
    secrets::AccountSecret,
};

const INTERLEAVINGS: u64 = 1_000;
const ACTS: usize = 40;

/// One device, as it is between two commands: what it wrote down, and nothing else.
#[derive(Default)]
struct Device {
    index: Index,
    unsent: Unsent,
}

struct Day<'a> {
    server: &'a FakeServer,
    owner: &'a Owner,
    rng: StdRng,
    /// Letters that some device was told are safe.
    acknowledged: BTreeSet<LetterId>,
    /// Letters that were written at all.
    written: BTreeSet<LetterId>,
    /// Letters that lay in a trash that a device was told is empty, or tried to empty.
    discarded: BTreeSet<LetterId>,
    /// Addresses whose digits a person compared, once the contacts record was written.
    compared: BTreeSet<Address>,
}

impl Day<'_> {
    fn api(&self) -> Api<'_, FakeServer> {
        Api::session(self.server, None)
    }

    async fn act(&mut self, device: &mut Device) {
        match self.rng.gen_range(0..8) {
            0 | 1 => self.write(device).await,
            2 => self.post_waiting(device).await,
            3 => drop(follow(&self.api(), &mut device.index.held).await),
            4 => self.move_something(device).await,
            5 => self.empty_trash(device).await,
            6 => self.meet_somebody(device).await,
            _ => self.compare_somebody(device).await,
        }
    }

    /// Keeps a letter, then posts everything that waits: the crash between the two is a lost line.
    async fn write(&mut self, device: &mut Device) {
        let id = LetterId::new(Timestamp::from_unix_millis(self.rng.gen_range(0..1 << 40)), &mut self.rng);
        let letter = NewLetter {
            id,
            thread: ThreadId::new(&mut self.rng),
            envelope: Octets(vec![1; 8]),
            content_hash: ContentHash::from_bytes([0; 32]),
            level: None,
            readers: vec![NewReader {
                account: OWNER,
                certificate: CertificateHash::from_bytes([0; 32]),
                wrapped_key: Octets(vec![2; 8]),
            }],
        };
        let draft = Draft { to: Vec::new(), subject: String::new(), text: String::new(), answers: None };
        let letters = NewLetters { letters: vec![letter], draft: None };
        self.written.insert(id);
        device.unsent.waiting.push(Waiting { id, letters, contents: vec![Octets(vec![3; 8])], draft, record: None });
        self.post_waiting(device).await;
    }

    async fn post_waiting(&mut self, device: &mut Device) {
        for waiting in device.unsent.waiting.clone() {
            if post(&self.api(), &waiting).await.is_ok() {
                self.acknowledged.insert(waiting.id);
                device.unsent.drop_letter(waiting.id);
            }
        }
    }

    async fn move_something(&mut self, device: &mut Device) {
        let ids: Vec<_> = device.index.held.entries().map(|entry| entry.id).collect();
        let Some(id) = ids.choose(&mut self.rng) else { return };
        let folder = *[Folder::Inbox, Folder::Archive, Folder::Trash].choose(&mut self.rng).unwrap();
        let update = EntryUpdate { folder: Some(folder), read: Some(true) };
        // Refused when the other device erased it; then there is nothing to move.
        let _ = self.api().tell(Method::Patch, &format!("/letters/{id}"), &update).await;
    }

    async fn empty_trash(&mut self, device: &mut Device) {
        self.discarded.extend(self.server.in_trash());
        let emptied = self.api().act::<serde_json::Value>(Method::Post, "/trash/empty").await;
        if emptied.is_ok() {
            let _ = follow(&self.api(), &mut device.index.held).await;
        }
    }

    async fn meet_somebody(&mut self, device: &mut Device) {
        let (address, key) = self.somebody();
        device.index.pins.push(Edit { address, event: Event::Met(key) });
        self.write_pins(device).await;
    }

    async fn compare_somebody(&mut self, device: &mut Device) {
        let (address, key) = self.somebody();
        let edits = [
            Edit { address: address.clone(), event: Event::Met(key) },
            Edit { address: address.clone(), event: Event::Compared(key.fingerprint) },
        ];
        if self.write_contacts(device, &edits).await.is_ok() {
            self.compared.insert(address);
        }
    }

    async fn write_pins(&mut self, device: &mut Device) {
        let pins = device.index.pins.clone();
        if self.write_contacts(device, &pins).await.is_ok() {
            device.index.pins.clear();
        }
    }

    async fn write_contacts(&mut self, device: &mut Device, edits: &[Edit]) -> Result<(), RecordError> {
        if device.index.held.record(RecordPurpose::Contact).is_none() {
            follow(&self.api(), &mut device.index.held).await?;
        }
        let api = Api::session(self.server, None);
        let Index { held, records: kept, .. } = &mut device.index;
        Records { api, owner: self.owner, held, kept }
            .update(&mut self.rng, RecordPurpose::Contact, |before| {
                let mut contacts = Contacts::from_bytes(before).map_err(|_| RecordError::UnknownForm)?;
                edits.iter().for_each(|edit| contacts.apply(edit));
                Ok(contacts.to_bytes())
            })
            .await
    }

    fn somebody(&mut self) -> (Address, KnownKey) {
        let who = self.rng.gen_range(0..6_u8);
        let address = Address::parse(&format!("person{who}@demo.example")).unwrap();
        let (fingerprint, signed_at) = (Fingerprint::from_bytes([who; 32]), Timestamp::from_unix_millis(0));
        (address, KnownKey { fingerprint, signed_at, state: KeyState::Known })
    }

    /// The end of the day: the line is good, each device posts what waits and follows.
    async fn settle(&mut self, devices: &mut [Device; 2]) {
        self.server.heal();
        for device in devices.iter_mut() {
            self.post_waiting(device).await;
            self.write_pins(device).await;
        }
        for device in devices {
            follow(&self.api(), &mut device.index.held).await.unwrap();
            device.index.drop_erased();
            self.write_contacts(device, &[]).await.unwrap();
        }
    }
}

#[test]
fn two_devices_end_equal_to_the_server_whatever_is_lost_or_repeated() {
    let mut trouble = BTreeMap::<&str, usize>::new();
    for seed in 0..INTERLEAVINGS {
        let mut rng = StdRng::seed_from_u64(seed);
        let owner = Owner { account: OWNER, secret: AccountSecret::generate(&mut rng) };
        let server = FakeServer::new(&owner, &mut rng);
        let mut day = Day {
            server: &server,
            owner: &owner,
            rng,
            acknowledged: BTreeSet::new(),
            written: BTreeSet::new(),
            discarded: BTreeSet::new(),
            compared: BTreeSet::new(),
        };
        let mut devices = [Device::default(), Device::default()];
        for _ in 0..ACTS {
            let which = day.rng.gen_range(0..2);
            ready(day.act(&mut devices[which]));
        }
        ready(day.settle(&mut devices));
        check(&day, &devices, seed);
        for (name, count) in server.troubles() {
            *trouble.entry(name).or_default() += count;
        }
    }
    // A test of loss in which nothing is lost would pass as well.
    for name in ["request lost", "answer lost", "request repeated", "stale answer"] {
        assert!(trouble.get(name).is_some_and(|count| *count > 500), "{name}: {trouble:?}");
    }
}

fn check(day: &Day<'_>, devices: &[Device; 2], seed: u64) {
    let there = day.server.entries();
    for device in devices {
        let held: Vec<_> = device.index.held.entries().cloned().collect();
        assert_eq!(held, there, "seed {seed}: a device differs from the server");
        assert!(device.unsent.waiting.is_empty(), "seed {seed}: something still waits");
    }
    let ids: BTreeSet<_> = there.iter().map(|entry| entry.id).collect();
    assert_eq!(ids.len(), there.len(), "seed {seed}: a letter is there twice");
    assert_eq!(day.written, day.acknowledged, "seed {seed}: a letter was never acknowledged");
    for id in &day.acknowledged {
        assert!(ids.contains(id) || day.discarded.contains(id), "seed {seed}: an acknowledged letter is lost");
    }
    let contacts = day.server.contacts(day.owner);
    for address in &day.compared {
        let state = contacts.get(address).map(|contact| contact.key.state);
        assert_eq!(state, Some(KeyState::Compared), "seed {seed}: a comparison is lost");
    }
}

/// Runs what never waits: the fake server answers at once.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("the fake server never waits"),
    }
}
