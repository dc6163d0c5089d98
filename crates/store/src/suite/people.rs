//! People and letters for the tests. Random bytes stand for everything sealed.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use rand::{RngCore as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use securemailbox_protocol::{
    accounts::Language,
    factors::FactorKind,
    ids::{
        AccountId, CertificateHash, ContentHash, ErasureId, FactorId, LetterId, RecordId, RegistrationId, SessionId,
        SlotId, ThreadId,
    },
    letters::{ErasureReceipt, Folder, NewLetter, NewReader},
    records::RecordPurpose,
    time::Timestamp,
};

use crate::{
    Store, StoreError,
    accounts::AddressLookup,
    blobs::Referring,
    devices::Device,
    factors::{Factor, FactorsOf},
    letters::{PostLetter, PostLetters, PostLettersError, UpdateEntry},
    notices::{Lane, NewNotice, NoticeId},
    proofs::{CodeHmac, Holder, HolderId, Verdict},
    proving::{ChooseError, EnterCode, Entered, ExpectCode, OffersTo},
    quotas::Quota,
    records::WriteRecord,
    registrations::{
        BeginRegistration, CompleteRegistration, FirstRecord, FirstWay, NamePhone, Registering, RegistrationError,
        Wanted,
    },
    sessions::{NewSession, TokenHash},
    slots::{PasswordSlot, RecoverySlot},
};

/// When the tests happen.
pub(super) const NOW: Timestamp = Timestamp::from_unix_millis(1_764_000_000_000);

/// A little later.
pub(super) fn later(seconds: u64) -> Timestamp {
    NOW.after(Duration::from_secs(seconds))
}

pub(super) const ADDRESS_CODE: [u8; 32] = [1; 32];
pub(super) const PHONE_CODE: [u8; 32] = [2; 32];
pub(super) const WRONG_CODE: [u8; 32] = [3; 32];

/// A source of ids and of bytes that stand for something sealed.
pub(super) struct Dice(pub(super) ChaCha20Rng);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha20Rng::seed_from_u64(seed))
    }

    pub(super) fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    pub(super) fn device(&mut self) -> Device {
        let mut octets = [0; 16];
        self.0.fill_bytes(&mut octets);
        octets
    }

    pub(super) fn hash(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    pub(super) fn notice(&mut self) -> NewNotice {
        NewNotice { id: NoticeId::new(&mut self.0), lane: Lane::Emails, sealed: self.bytes(120) }
    }

    pub(super) fn session(&mut self, now: Timestamp) -> NewSession {
        NewSession {
            id: SessionId::new(now, &mut self.0),
            token_hash: self.hash(),
            device: self.device(),
            now,
            new_device: None,
        }
    }

    pub(super) fn password(&mut self) -> PasswordSlot {
        PasswordSlot { id: SlotId::new(NOW, &mut self.0), sealed: self.bytes(80), opaque_record: self.bytes(192) }
    }

    pub(super) fn recovery(&mut self) -> RecoverySlot {
        RecoverySlot { id: SlotId::new(NOW, &mut self.0), sealed: self.bytes(80), proof_hash: self.hash() }
    }

    pub(super) fn first_record(&mut self) -> FirstRecord {
        FirstRecord { id: RecordId::new(NOW, &mut self.0), sealed: self.bytes(300) }
    }

    pub(super) fn begin_registration(&mut self, address_lookup: AddressLookup) -> BeginRegistration {
        BeginRegistration {
            id: RegistrationId::new(NOW, &mut self.0),
            account: AccountId::new(NOW, &mut self.0),
            address_lookup,
            address: self.factor(FactorKind::Address),
            language: Language::Sv,
            wants: Wanted::Mailbox,
            now: NOW,
        }
    }

    pub(super) fn factor(&mut self, kind: FactorKind) -> Factor {
        Factor { id: FactorId::new(NOW, &mut self.0), kind, sealed: self.bytes(70) }
    }

    pub(super) fn complete_registration(&mut self, id: RegistrationId) -> CompleteRegistration {
        let password = self.password();
        self.complete_with(id, password)
    }

    pub(super) fn complete_with(&mut self, id: RegistrationId, password: PasswordSlot) -> CompleteRegistration {
        CompleteRegistration {
            id,
            certificate_sealed: self.bytes(1500),
            certificate_hash: CertificateHash::from_bytes(self.hash()),
            first_way: FirstWay::Password(password),
            recovery: self.recovery(),
            keyring: self.first_record(),
            settings: self.first_record(),
            session: self.session(NOW),
            claim: None,
            now: NOW,
        }
    }

    /// A letter from the first of `people` to all of them.
    pub(super) fn letter(&mut self, people: &[&Person]) -> PostLetter {
        let readers = people.iter().map(|person| NewReader {
            account: person.account,
            certificate: person.certificate,
            wrapped_key: self.bytes(1200).into(),
        });
        let readers = readers.collect();
        let new = NewLetter {
            id: LetterId::new(NOW, &mut self.0),
            thread: ThreadId::new(&mut self.0),
            envelope: self.bytes(500).into(),
            content_hash: ContentHash::from_bytes(self.hash()),
            level: None,
            blobs: Vec::new(),
            readers,
        };
        let length = 200 + usize::try_from(self.0.next_u32() % 3000).expect("small");
        PostLetter { new, content: self.bytes(length) }
    }
}

/// Someone with a mailbox.
#[derive(Clone)]
pub(super) struct Person {
    pub(super) account: AccountId,
    pub(super) certificate: CertificateHash,
    pub(super) address_lookup: AddressLookup,
    pub(super) proof_hash: [u8; 32],
    pub(super) token_hash: TokenHash,
    pub(super) session: SessionId,
    pub(super) phone: FactorId,
}

/// Goes the whole way to a mailbox.
pub(super) async fn register(store: &Store, dice: &mut Dice) -> Person {
    let address_lookup = dice.hash();
    let (id, account) = registering_at(store, dice, address_lookup).await;
    let complete = dice.complete_registration(id);
    let (certificate, proof_hash) = (complete.certificate_hash, complete.recovery.proof_hash);
    let (token_hash, session) = (complete.session.token_hash, complete.session.id);
    assert_eq!(store.write(complete).await.expect("complete").account, account);
    let phone = store.read(FactorsOf { account }).await.expect("factors")[0].id;
    Person { account, certificate, address_lookup, proof_hash, token_hash, session, phone }
}

/// Somebody who has proved address and phone, and has no mailbox yet.
pub(super) async fn registering(store: &Store, dice: &mut Dice) -> (RegistrationId, AccountId) {
    let address_lookup = dice.hash();
    registering_at(store, dice, address_lookup).await
}

async fn registering_at(store: &Store, dice: &mut Dice, address_lookup: AddressLookup) -> (RegistrationId, AccountId) {
    let begin = dice.begin_registration(address_lookup);
    let (id, account) = (begin.id, begin.account);
    store.write(begin).await.expect("begun");
    prove_both(store, dice, id).await.expect("proved");
    (id, account)
}

/// Proves the address of a registration.
pub(super) async fn prove_address(store: &Store, dice: &mut Dice, id: RegistrationId) {
    let holder = HolderId::Registration(id);
    let address = only_offer(store, holder).await;
    expect(store, dice, holder, address, ADDRESS_CODE).await.expect("an address to prove");
    assert_eq!(enter(store, Registering(id), address, ADDRESS_CODE).await, Ok(()));
}

/// Proves address and phone of a registration.
pub(super) async fn prove_both(store: &Store, dice: &mut Dice, id: RegistrationId) -> Result<(), RegistrationError> {
    let holder = HolderId::Registration(id);
    prove_address(store, dice, id).await;
    let phone = dice.factor(FactorKind::Phone);
    let factor = phone.id;
    store.write(NamePhone { id, phone, now: NOW }).await?;
    expect(store, dice, holder, factor, PHONE_CODE).await.expect("a phone to prove");
    assert_eq!(enter(store, Registering(id), factor, PHONE_CODE).await, Ok(()));
    Ok(())
}

/// The one factor that may be chosen.
pub(super) async fn only_offer(store: &Store, holder: HolderId) -> FactorId {
    let offered = store.read(OffersTo { holder, now: NOW }).await.expect("offers");
    let [only] = offered.factors.as_slice() else { panic!("one factor: {:?}", offered.factors) };
    only.id
}

/// Chooses a factor, and this code is sent.
pub(super) async fn expect(
    store: &Store,
    dice: &mut Dice,
    holder: HolderId,
    factor: FactorId,
    code: CodeHmac,
) -> Result<(), ChooseError> {
    store.write(ExpectCode { holder, factor, code, notice: dice.notice(), now: NOW }).await
}

/// Types a code: what it gives, or why not.
pub(super) async fn enter<H: Holder>(
    store: &Store,
    holder: H,
    factor: FactorId,
    code: CodeHmac,
) -> Result<H::Gives, Verdict> {
    match store.write(EnterCode { holder, factor, code, now: NOW }).await.expect("a store") {
        Entered::Proved(given) => Ok(given),
        Entered::Refused(verdict) => Err(verdict),
    }
}

/// Posts one letter at a time of the tests.
pub(super) async fn post(
    store: &Store,
    sender: &Person,
    letters: Vec<PostLetter>,
    now: Timestamp,
) -> Result<(), PostLettersError> {
    store
        .write(PostLetters {
            proved: None,
            sender: sender.account.mailbox(),
            letters,
            guests: Vec::new(),
            draft: None,
            release: None,
            quota: Quota::NONE,
            now,
        })
        .await
        .map(drop)
}

/// Empties a trash, for the first time with this id.
pub(super) async fn empty_trash(
    store: &Store,
    account: AccountId,
    now: Timestamp,
) -> Result<ErasureReceipt, StoreError> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut id = [0; 16];
    id[..8].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    store.empty_trash(account.mailbox(), ErasureId::from_bytes(id), now).await
}

/// Writes a draft.
pub(super) async fn draft(store: &Store, dice: &mut Dice, account: AccountId) -> RecordId {
    write_new(store, dice, account, RecordPurpose::Draft).await
}

/// Writes a record of a purpose that there may be many of.
pub(super) async fn write_new(store: &Store, dice: &mut Dice, account: AccountId, purpose: RecordPurpose) -> RecordId {
    let id = RecordId::new(NOW, &mut dice.0);
    store
        .write(WriteRecord {
            refers: Referring::default(),
            mailbox: account.mailbox(),
            id,
            purpose,
            expected: None,
            keyring: None,
            sealed: dice.bytes(500),
            quota: Quota::NONE,
        })
        .await
        .expect("written");
    id
}

/// Puts an entry into the trash.
pub(super) async fn trash(store: &Store, holder: &Person, letter: LetterId) {
    move_to(store, holder, letter, Folder::Trash, NOW).await;
}

/// Puts an entry into a folder.
pub(super) async fn move_to(store: &Store, holder: &Person, letter: LetterId, folder: Folder, now: Timestamp) {
    let update = securemailbox_protocol::letters::EntryUpdate { folder: Some(folder), ..Default::default() };
    store.write(UpdateEntry { mailbox: holder.account.mailbox(), letter, update, now }).await.expect("moved");
}

/// The same letter again.
pub(super) fn again(letter: &PostLetter) -> PostLetter {
    PostLetter { new: letter.new.clone(), content: letter.content.clone() }
}
