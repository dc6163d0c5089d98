//! One person's mailbox on one device, open: who they are, and what is known of the mailbox at this moment.
//!
//! What it does stands in the modules that are named after it. None of them keeps the state borrowed while it waits for
//! the network or the device, so that a person can go on writing while a server does not answer.

use std::{
    cell::{Cell, Ref, RefCell},
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use securemailbox_protocol::{
    address::Address,
    ids::{AccountId, CertificateHash, Fingerprint, LetterId, RecordId},
    letters::{EmptyTrash, Folder},
    numbers::Version,
    records::RecordPurpose,
    time::Timestamp,
    waits::Wait,
};
use securemailbox_vault::{certificates::Certificate, keyring::Keyring};

use crate::{
    attachments::{FileId, Uploaded},
    contacts::{Contact, Contacts, Edit, Event, Names, Standing},
    device::{RowId, Table},
    letters::{Answers, OpenContent, SentTo, TextPrint},
    owner::Owner,
    recipient::Recipient,
    records::RecordError,
    replica::{Choice, Followed, Replica},
    rows::Rows,
    session::Session,
    settings::Name,
    world::World,
};

/// An open mailbox. Everything in it was verified or is one's own.
///
/// Whoever opens one must [`Mailbox::close`] it: what was seen is what makes the next run refuse older things.
pub struct Mailbox {
    pub(crate) session: Session,
    pub(crate) owner: Owner,
    /// Its owner's keys, as of this version of their record: another device may put a former key beside them (PROTOCOL §5).
    keyring: RefCell<Arc<Keyring>>,
    pub(crate) keyring_seen: Cell<Version>,
    /// The owner's name, as of this version of the settings.
    pub(crate) name: RefCell<Name>,
    pub(crate) settings_seen: Cell<Version>,
    pub(crate) sheet_owed: Cell<bool>,
    /// Letters' keys are being wrapped for the present subkey.
    pub(crate) rewrapping: Cell<bool>,
    /// What opens the files of drafts and letters that were met: a page knows them by their ids. Beside the state, since it is
    /// written while a letter is shown by the contacts.
    pub(crate) files: RefCell<BTreeMap<FileId, Uploaded>>,
    pub(crate) state: RefCell<State>,
}

/// What is known at this moment.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) replica: Replica,
    /// How far the device's store has followed, as far as this mailbox wrote or read it.
    pub(crate) stored: Option<Followed>,
    /// The records of each contact, as the server has them: one, or one more for each device that met them at that time.
    pub(crate) cards: BTreeMap<Address, BTreeMap<RecordId, Contact>>,
    /// What all that comes to, with the edits that no record has yet.
    pub(crate) contacts: Contacts,
    /// What happened to known keys and is in no record yet, in the order in which it happened.
    pub(crate) pins: Vec<(RowId, Edit)>,
    /// Those of the edits that the device does not have yet.
    pub(crate) unwritten_pins: BTreeSet<RowId>,
    /// Rows of contacts that were forgotten, which the device may still have.
    pub(crate) forgotten: Vec<(Table, RowId)>,
    /// Whose digits were shown, and of which key: only that key can then be marked as compared.
    pub(crate) digits: BTreeMap<Address, (RowId, Fingerprint)>,
    /// Certificates that were checked. They never change.
    pub(crate) certificates: BTreeMap<CertificateHash, Certificate>,
    /// Whom the directory was asked for a moment ago, and when.
    pub(crate) looked_up: BTreeMap<Address, (Recipient, Timestamp)>,
    /// What is needed to answer the letters that were read, so that an answer can be kept without a network.
    pub(crate) answerable: BTreeMap<LetterId, Answers>,
    /// What the receipts of letters that went out from here must fit: of others their content says it. In memory only, since
    /// such a letter may have been erased elsewhere before this device has a row of it.
    pub(crate) sent_to: BTreeMap<LetterId, SentTo>,
    /// The content of the letter that was read last.
    pub(crate) open_content: Option<OpenContent>,
    /// The texts of each draft that were written or read here, newest last: what they are written over is no loss.
    pub(crate) seen_texts: BTreeMap<RecordId, Vec<TextPrint>>,
    /// The version of each draft that this mailbox wrote or read last.
    pub(crate) seen_versions: BTreeMap<RecordId, Version>,
    /// The text of each draft that is too large for the server or for something on the way to it, and what was said.
    pub(crate) too_large: BTreeMap<RecordId, (TextPrint, RecordError)>,
    /// Drafts that are on the device and that the server does not have in this form, as of the last look.
    pub(crate) drafts_here: BTreeSet<RecordId>,
    /// Drafts that their writer wants sent, and from when on any tab may do it, as of the last look.
    pub(crate) outgoing: BTreeSet<RecordId>,
    /// Letters that were posted and not acknowledged, with the draft each was, as of the last look.
    pub(crate) waiting: BTreeMap<RowId, Option<RecordId>>,
    /// The erasure of the trash that was asked for and not answered.
    pub(crate) emptying: Option<EmptyTrash>,
    /// What waits to be done to the account, as of the last answer.
    pub(crate) waits: Vec<Wait>,
    /// Outgoing drafts that their writer may still take back here.
    pub(crate) holding: BTreeSet<RecordId>,
}

/// How many certificates stay in memory: those of a long list.
const CERTIFICATES: usize = 256;

impl State {
    /// Reads the records of an address as one contact, with the edits that they do not have yet.
    pub(crate) fn renew_contact(&mut self, address: &Address) {
        let cards = self.cards.get(address).into_iter().flat_map(BTreeMap::values).cloned();
        if let Some(contact) = cards.reduce(Contact::merged) {
            self.contacts.put(address.clone(), contact);
            for (_, edit) in self.pins.iter().filter(|(_, edit)| edit.address == *address) {
                self.contacts.apply(edit);
            }
        }
    }

    /// Takes a contact's record as the server has it.
    pub(crate) fn take_card(&mut self, id: RecordId, address: Address, contact: Contact) {
        self.cards.entry(address.clone()).or_default().insert(id, contact);
        self.renew_contact(&address);
    }

    /// A contact's record was emptied, here or by another device. With the last of its records everything of a contact goes,
    /// also what waited to be written: it was said of what is forgotten (PROTOCOL §2).
    pub(crate) fn drop_card(&mut self, id: RecordId) {
        let Some((address, cards)) = self.cards.iter_mut().find(|(_, cards)| cards.contains_key(&id)) else { return };
        cards.remove(&id);
        let (address, was_last) = (address.clone(), cards.is_empty());
        if was_last { self.forget(&address) } else { self.renew_contact(&address) }
    }

    /// Leaves nothing of an address but what its letters need.
    pub(crate) fn forget(&mut self, address: &Address) {
        self.cards.remove(address);
        self.contacts.forget(address);
        self.looked_up.remove(address);
        let pins = self.pins.extract_if(.., |(_, edit)| edit.address == *address).map(|(id, _)| id);
        self.forgotten.extend(pins.map(|id| (Table::Pin, id)));
        let digits = self.digits.remove(address).map(|(id, _)| (Table::Digits, id));
        self.forgotten.extend(digits);
    }

    /// Gives up what the owner said of contacts and the server does not have.
    pub(crate) fn give_up_words(&mut self) {
        let words = self.pins.extract_if(.., |(_, edit)| matches!(edit.event, Event::Said(_))).map(|(id, _)| id);
        self.forgotten.extend(words.map(|id| (Table::Pin, id)));
    }

    /// Remembers a certificate that was checked.
    pub(crate) fn remember_certificate(&mut self, certificate: &Certificate) {
        if self.certificates.len() >= CERTIFICATES {
            self.certificates.clear();
        }
        self.certificates.insert(certificate.hash(), certificate.clone());
    }
}

impl Mailbox {
    pub(crate) fn new(session: Session, owner: Owner, keyring: Keyring, name: Name, state: State) -> Self {
        Self {
            session,
            owner,
            keyring: RefCell::new(Arc::new(keyring)),
            keyring_seen: Cell::new(Version::ZERO),
            name: RefCell::new(name),
            settings_seen: Cell::new(Version::ZERO),
            sheet_owed: Cell::new(false),
            rewrapping: Cell::new(false),
            files: RefCell::default(),
            state: RefCell::new(state),
        }
    }

    /// This mailbox's rows on the device.
    pub(crate) fn rows<'a, W: World>(&'a self, world: &'a W) -> Rows<'a, W::Device> {
        Rows::new(world.device(), &self.owner)
    }

    /// Whose mailbox it is.
    #[must_use]
    pub const fn account_id(&self) -> AccountId {
        self.owner.account
    }

    /// Whose it is.
    #[must_use]
    pub const fn address(&self) -> &Address {
        self.session.address()
    }

    /// Its owner's name, as it goes out with letters.
    #[must_use]
    pub fn name(&self) -> String {
        self.name.borrow().as_str().into()
    }

    /// The fingerprint of its owner's key.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.keyring().present().certificate().fingerprint()
    }

    /// Its owner's keys, to export one.
    #[must_use]
    pub fn keyring(&self) -> Arc<Keyring> {
        Arc::clone(&self.keyring.borrow())
    }

    /// Opens by these keys from now on, if they are newer than those at hand.
    pub(crate) fn take_keyring(&self, version: Version, keyring: Keyring) {
        if version > self.keyring_seen.get() {
            self.keyring_seen.set(version);
            *self.keyring.borrow_mut() = Arc::new(keyring);
        }
    }

    /// Whether the record of the keys has a version that was not taken yet.
    pub(crate) fn has_newer_keyring(&self) -> bool {
        let newest = self.state.borrow().replica.record(RecordPurpose::Keyring).map(|head| head.version);
        newest.is_some_and(|newest| newest > self.keyring_seen.get())
    }

    /// Whether this device stays signed in for 30 days.
    #[must_use]
    pub const fn stays_signed_in(&self) -> bool {
        self.session.kept()
    }

    /// Whether the recovery sheet was left for later.
    #[must_use]
    pub fn owes_sheet(&self) -> bool {
        self.sheet_owed.get()
    }

    /// Whose keys are known. Not to be held across a wait.
    #[must_use]
    pub fn contacts(&self) -> Ref<'_, Contacts> {
        Ref::map(self.state.borrow(), |state| &state.contacts)
    }

    /// What everybody in `contacts` is called, to its owner.
    #[must_use]
    pub fn names<'a>(&self, contacts: &'a Contacts) -> Names<'a> {
        contacts.names(&self.name.borrow())
    }

    /// How a key of an address stands.
    pub(crate) fn standing(&self, address: &Address, signer: &Fingerprint) -> Standing {
        if address == self.address() {
            let own = self.keyring().certificates().any(|own| own.fingerprint() == *signer);
            if own { Standing::Own } else { Standing::Changed }
        } else {
            self.state.borrow().contacts.standing(address, signer)
        }
    }

    /// Remembers something about a key: honoured from now on, and written down when the device is.
    pub(crate) fn pin(&self, world: &impl World, address: &Address, event: Event) {
        let edit = Edit { address: address.clone(), event };
        let mut state = self.state.borrow_mut();
        let before = state.contacts.get(address).cloned();
        state.contacts.apply(&edit);
        if state.contacts.get(address) != before.as_ref() {
            let id = random_row(world);
            state.pins.push((id, edit));
            state.unwritten_pins.insert(id);
        }
    }

    /// How far this mailbox has followed the server.
    #[must_use]
    pub fn followed(&self) -> Followed {
        self.state.borrow().replica.followed()
    }

    /// Every letter there is.
    #[must_use]
    pub fn letters(&self) -> Vec<LetterId> {
        self.state.borrow().replica.entries().map(|(id, _)| id).collect()
    }

    /// How many entries a folder has, and how many of them were not opened yet.
    #[must_use]
    pub fn count(&self, folder: Folder) -> (usize, usize) {
        self.state.borrow().replica.count(folder)
    }

    /// How many there are of what was chosen.
    #[must_use]
    pub fn size(&self, choice: impl Into<Choice>) -> usize {
        self.state.borrow().replica.size(choice)
    }

    /// When the newest letter came into the inbox.
    #[must_use]
    pub fn newest_arrival(&self) -> Option<Timestamp> {
        self.state.borrow().replica.newest_arrival(Folder::Inbox)
    }

    /// How many unread letters came into the inbox after the newest one of an earlier look.
    #[must_use]
    pub fn arrived_since(&self, newest: Option<Timestamp>) -> usize {
        let state = self.state.borrow();
        let unread = state.replica.entries().filter(|(_, brief)| brief.folder == Folder::Inbox && !brief.read);
        unread.filter(|(_, brief)| newest.is_none_or(|newest| brief.arrived > newest)).count()
    }
}

/// A name for a new row.
pub(crate) fn random_row(world: &impl World) -> RowId {
    use rand::RngCore;
    let mut id = [0; 16];
    world.rng().fill_bytes(&mut id);
    id
}
