//! The people, and the days they lived at a real server.

use std::{collections::BTreeMap, fs, path::Path};

use securemailbox_client::{attachments::DraftFile, invitations::Invite, letters::Addressed, passkeys::PasskeyUse};
use securemailbox_protocol::{
    accounts::{Account, Language},
    address::Address,
    coding::base64url,
    ids::{Fingerprint, LetterId, RecordId},
    letters::{Folder, Posted},
    octets::Octets,
    phone::PhoneNumber,
    records::{Record, RecordHead, RecordPurpose},
    sessions::NewSession,
    slots::DeviceSlot,
    sync::Changes,
};
use securemailbox_vault::{attachments::Attachment, certificates::Certificate, keyring::Keyring, secrets::PrfOutput};
use serde::de::DeserializeOwned;

use crate::{
    person::{PASSWORD, now},
    replay::{Act, Contents, Life},
    server::{Server, Start},
    suite::{Lived, question},
};

use super::{
    authenticator::Authenticator,
    days,
    forge::{Pen, Rewritten},
    recording::{Recording, is_it},
};

mod files;

pub use files::FILE;
use files::send_with;

/// The subject of a letter to somebody without a mailbox.
pub const TO_A_GUEST: &str = "Kallelse till återbesök";
/// The subject of the letters with a file.
pub const WITH_A_FILE: &str = "Med en fil";
const TEXT: &str = "Hej!\n\nVi ses på torsdag klockan nio.";
/// A text of four chunks when it is encrypted.
const LONG: usize = 200_000;

/// Everything that the lies are made of.
pub struct Stage {
    /// Days as they were, by name.
    pub days: BTreeMap<String, Lived>,
    /// Writes to Björn and Mallory.
    pub anna: Cast,
    /// Reads what Anna writes.
    pub bjorn: Cast,
    /// Has an account too, and means no good. Calls herself by Anna's name.
    pub mallory: Cast,
    /// Whom Anna has not written to yet.
    pub cecilia: Cast,
    /// Has no mailbox. What opens what Anna wrote to her.
    pub eva: Cast,
    /// Anna's letter to her.
    pub evas: LetterId,
    /// Anna's letter to Björn and Mallory.
    pub letter: LetterId,
    /// Anna's letter to Björn only.
    pub other: LetterId,
    /// Anna's long letter to Björn.
    pub long: LetterId,
    /// Mallory's letter to Björn, whom she had nothing to say to.
    pub mallorys: LetterId,
    /// Anna's letter to Björn with a file.
    pub filed: LetterId,
    /// Her letter to him with another file, which is as long.
    pub other_filed: LetterId,
    /// Mallory's letter to him with a file.
    pub mallorys_filed: LetterId,
    /// What the rows of these three say.
    pub files: [Attachment; 3],
    /// What Björn knew of Anna before he had read a letter of hers.
    pub old_contact: Record,
    /// What Björn knows of Anna, as the server has it when he accepts her key.
    pub bjorns_contact: Record,
    /// What Björn knows of Mallory.
    pub his_other_contact: Record,
    /// What Anna knows of Björn, as the server has it when she writes to him.
    pub annas_contact: RecordHead,
    /// Mallory's records, with which the server replaces somebody else's.
    pub mallorys_records: Vec<Record>,
    /// Mallory's device slot, with which the server replaces somebody else's.
    pub mallorys_device: DeviceSlot,
}

/// A person of the play, and their keys.
pub struct Cast {
    /// The address that the person registered.
    pub address: Address,
    /// The private keys of the person, as the sealed keyring holds them.
    pub keyring: Keyring,
}

impl Cast {
    /// The certificate that the directory shows for the person.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        self.keyring.present().certificate()
    }

    /// The key that forgeries in the person's name are signed with.
    #[must_use]
    pub fn pen(&self) -> Pen {
        Pen::of(&self.keyring)
    }
}

/// A person at a server, from day to day.
struct Actor<'a> {
    server: &'a Server,
    cast: Cast,
    phone: &'a str,
    recovery_code: String,
    device: Contents,
    /// Of whom, and how many days there were.
    seed: u64,
}

impl<'a> Actor<'a> {
    async fn register(server: &'a Server, number: u64, address: &'a str, phone: &'a str, name: &str) -> Self {
        let cast = Address::parse(address).expect("an address");
        let mut day = Recording::begin(server.url(), number * 1000, Contents::new());
        let (mails, messages) = (server.messages_to(address).await, server.messages_to(phone).await);
        day.act(Act::Register { address: cast.clone() }).await;
        day.act(Act::Code { code: server.code(address, mails).await }).await;
        day.act(Act::Phone { phone: PhoneNumber::parse(phone).expect("a number") }).await;
        day.act(Act::Code { code: server.code(phone, messages).await }).await;
        let shown = day.act(Act::Choose { password: PASSWORD.into(), name: name.into() }).await;
        let Life::Inside(mailbox) = day.life() else { panic!("registered") };
        let keyring = Keyring::from_bytes(&mailbox.keyring().to_bytes(), &cast, now()).expect("a keyring");
        day.act(Act::Close).await;
        let (_, device) = day.end();
        let recovery_code = shown.lines().last().expect("shown with the name").to_owned();
        Self { server, cast: Cast { address: cast, keyring }, phone, recovery_code, device, seed: number * 1000 }
    }

    /// The same person with another device.
    fn elsewhere(&self, seed: u64) -> Self {
        let keyring = Keyring::from_bytes(&self.cast.keyring.to_bytes(), &self.cast.address, now());
        let keyring = keyring.expect("a keyring");
        let cast = Cast { address: self.cast.address.clone(), keyring };
        Self { cast, device: Contents::new(), seed, recovery_code: self.recovery_code.clone(), ..*self }
    }

    fn begin(&mut self) -> Recording {
        self.seed += 1;
        Recording::begin(self.server.url(), self.seed, std::mem::take(&mut self.device))
    }

    async fn lives(&mut self, acts: Vec<Act>) -> Lived {
        let mut day = self.begin();
        for act in acts {
            day.act(act).await;
        }
        self.end(day)
    }

    fn end(&mut self, day: Recording) -> Lived {
        let (lived, device) = day.end();
        self.device = device;
        lived
    }

    /// Does something that sends a code to the phone, enters the code, and goes on.
    async fn lives_with_code(&mut self, first: Act, then: Vec<Act>) -> Lived {
        let before = self.server.messages_to(self.phone).await;
        let mut day = self.begin();
        day.act(first).await;
        day.act(Act::Code { code: self.server.code(self.phone, before).await }).await;
        for act in then {
            day.act(act).await;
        }
        self.end(day)
    }

    /// Opens the mailbox on this device, and adds a passkey.
    async fn adds_passkey(&mut self, passkey: &mut Authenticator) {
        let account: Account = self.asks("/account").await;
        let mut day = self.begin();
        day.act(Act::Open).await;
        let Life::Inside(mailbox) = day.life() else { panic!("open") };
        let (world, output) = (day.person(), PrfOutput::from_bytes(&passkey.output).expect("an output"));
        let to_make = mailbox.begin_passkey(world).await.expect("begun");
        let credential = passkey.make(&to_make.challenge.0);
        let made = mailbox.passkey_made(world, to_make.id, &credential, Some(&output)).await;
        let (made, to_use) = made.unwrap_or_else(|refused| panic!("{refused}"));
        let assertion = passkey.sign(&to_use.challenge.0);
        let what_for = mailbox.passkey_used(world, made, assertion, Some(&output)).await.expect("used");
        assert_eq!(what_for, PasskeyUse::Opens);
        passkey.user = Some(account.id);
        day.act(Act::Close).await;
        self.end(day);
    }

    /// Signs in by a passkey alone, and goes on.
    async fn lives_by_passkey(&mut self, passkey: &Authenticator, then: Vec<Act>) -> Lived {
        let mut day = self.begin();
        let challenge = base64url::decode(&day.act(Act::AskForPasskey).await).expect("a challenge");
        let (assertion, output) = (passkey.sign(&challenge), Octets(passkey.output.to_vec()));
        day.act(Act::ShowPasskey { assertion, output }).await;
        for act in then {
            day.act(act).await;
        }
        self.end(day)
    }

    /// Writes to somebody without a mailbox, whom the link is handed.
    async fn invites(&mut self, address: &Address, phone: &str) -> (String, LetterId) {
        let mut day = self.begin();
        day.act(Act::Open).await;
        let phone = PhoneNumber::parse(phone).expect("a number");
        let invite =
            Invite { address: address.clone(), phone, language: Language::Sv, mailed: false, passphrase: None };
        let (to, invite) = (vec![address.clone()], vec![invite]);
        let (subject, text) = (TO_A_GUEST.into(), TEXT.into());
        day.act(Act::Send { letter: Addressed { to, subject, text, invite, ..Addressed::default() } }).await;
        let Life::Inside(mailbox) = day.life() else { panic!("open") };
        let link = mailbox.link_of(address).expect("a link");
        day.act(Act::Close).await;
        (link, posted(&self.end(day))[0])
    }

    fn signing_in(&self) -> Act {
        Act::SignIn { address: self.cast.address.clone(), password: PASSWORD.into() }
    }

    /// What the server says to this person's session.
    async fn asks<T: DeserializeOwned>(&self, path: &str) -> T {
        let session: serde_json::Value = serde_json::from_slice(&self.device["session"].0).expect("signed in");
        let token = session["token"].as_str().expect("a token");
        let url = format!("{}/api/v1{path}", self.server.url());
        let answer = reqwest::Client::new().get(url).bearer_auth(token).send().await.expect("an answer");
        serde_json::from_slice(&answer.bytes().await.expect("whole")).expect("JSON")
    }

    async fn records(&self) -> Vec<Record> {
        let changes: Changes = self.asks("/changes?since=0").await;
        let mut records = Vec::new();
        for change in changes.records {
            records.push(self.asks(&format!("/records/{}", change.head.id)).await);
        }
        records
    }

    /// The one contact that is not among those known.
    async fn new_contact(&self, known: &[RecordId]) -> Record {
        let mut contacts = self.records().await;
        contacts.retain(|record| record.head.purpose == RecordPurpose::Contact && !known.contains(&record.head.id));
        assert_eq!(contacts.len(), 1, "one contact more");
        contacts.swap_remove(0)
    }

    async fn record(&self, id: RecordId) -> Record {
        self.asks(&format!("/records/{id}")).await
    }
}

/// Somebody without a mailbox shows a link, enters the code, and goes on: the day, and what opened.
async fn by_a_link(server: &Server, seed: u64, link: String, guest: (&Address, &str), then: Vec<Act>) -> (Lived, Cast) {
    let (address, phone) = guest;
    let before = server.messages_to(phone).await;
    let mut day = Recording::begin(server.url(), seed, Contents::new());
    day.act(Act::ShowLink { link }).await;
    day.act(Act::Code { code: server.code(phone, before).await }).await;
    for act in then {
        day.act(act).await;
    }
    let Life::Inside(mailbox) = day.life() else { panic!("open") };
    let keyring = Keyring::from_bytes(&mailbox.keyring().to_bytes(), address, now()).expect("a keyring");
    (day.end().0, Cast { address: address.clone(), keyring })
}

fn send(to: &[&Actor<'_>], subject: &str, text: &str) -> Act {
    let to = to.iter().map(|actor| actor.cast.address.clone()).collect();
    Act::Send { letter: Addressed { to, subject: subject.into(), text: text.into(), ..Addressed::default() } }
}

fn accepts(actor: &Actor<'_>) -> Act {
    Act::Accept { address: actor.cast.address.clone() }
}

fn inbox() -> Act {
    Act::List { folder: Folder::Inbox }
}

/// The letters that were posted on a day, in that order.
fn posted(lived: &Lived) -> Vec<LetterId> {
    let posts = lived.day.transcript.iter().filter(|line| question(line) == "POST /api/v1/letters");
    let answers = posts.map(|line| serde_json::from_slice::<Posted>(&line.body.0).expect("a post"));
    answers.flat_map(|posted| posted.letters).map(|letter| letter.id).collect()
}

impl Stage {
    /// Lives the days at a demo in this folder.
    pub async fn play(folder: &Path) -> Self {
        fs::create_dir_all(folder).expect("a folder");
        let server = &Server::start(Start::demo(folder));
        let mut anna = Actor::register(server, 1, "anna.l@example.se", "+46701740611", "Anna Lindqvist").await;
        let mut bjorn = Actor::register(server, 2, "bjorn.e@example.se", "+46701740612", "Björn Ek").await;
        let mut mallory = Actor::register(server, 3, "mallory.g@example.se", "+46701740613", "Anna Lindqvist").await;
        let mut cecilia = Actor::register(server, 4, "cecilia.m@example.se", "+46701740614", "Cecilia Mo").await;
        let mut days = BTreeMap::new();
        let mut keep = |name: &str, lived: Lived| days.insert(name.to_owned(), lived);

        let first = anna.lives(vec![Act::Open, send(&[&bjorn], "Första brevet", TEXT), Act::Close]).await;
        let first = posted(&first)[0];
        let annas_contact = anna.new_contact(&[]).await.head.id;
        bjorn.lives(vec![Act::Open, accepts(&anna), Act::Close]).await;
        let old_contact = bjorn.new_contact(&[]).await;
        let of_anna = old_contact.head.id;
        bjorn.lives(vec![Act::Open, inbox(), Act::Read { id: first }, Act::Close]).await;
        let mallorys = mallory.lives(vec![Act::Open, send(&[&bjorn], "Från Mallory", TEXT), Act::Close]).await;
        let mallorys = posted(&mallorys)[0];
        keep(days::LISTS_MALLORYS, bjorn.lives(vec![Act::Open, inbox(), inbox()]).await);
        bjorn.lives(vec![Act::Open, Act::Read { id: mallorys }, Act::Close]).await;
        let his_other_contact = bjorn.new_contact(&[of_anna]).await;

        let three = anna
            .lives(vec![
                Act::Open,
                send(&[&bjorn, &mallory], "Återbesök på torsdag", TEXT),
                send(&[&bjorn], "En annan sak", "En annan text."),
                send(&[&bjorn], "Ett långt brev", &"rad\n".repeat(LONG / 4)),
                Act::Close,
            ])
            .await;
        let [letter, other, long] = posted(&three)[..] else { panic!("three letters") };
        let morning = bjorn.device.clone();
        keep(days::READS, bjorn.lives(vec![Act::Open, inbox(), Act::Read { id: letter }]).await);
        let evening = std::mem::replace(&mut bjorn.device, morning);
        let acts = vec![Act::OpenAsLeft, Act::Read { id: letter }];
        keep(days::READS_UNHEARD, bjorn.lives(acts).await);
        bjorn.device = evening;
        let bjorns_contact = bjorn.record(of_anna).await;
        assert!(bjorns_contact.head.version > old_contact.head.version, "he has read a letter of hers");
        let acts = vec![Act::Open, inbox(), accepts(&anna), inbox()];
        keep(days::ACCEPTS, bjorn.lives(acts).await);
        keep(days::READS_LONG, bjorn.lives(vec![Act::Open, Act::Read { id: long }]).await);
        keep(days::LOOKS, anna.lives(vec![Act::Open, Act::Read { id: letter }]).await);
        let acts = vec![Act::Open, Act::Told { id: letter }];
        keep(days::IS_TOLD, anna.lives(acts).await);

        let annas_contact = anna.record(annas_contact).await.head;
        let address = bjorn.cast.address.clone();
        let writes = || vec![Act::Open, send(&[&bjorn], "Ett brev till", TEXT), accepts(&bjorn)];
        keep(days::WRITES, anna.lives(writes()).await);
        let (compares, matches) =
            (Act::Compare { address: address.clone() }, Act::Matches { address: address.clone() });
        anna.lives(vec![Act::Open, compares, matches, Act::Close]).await;
        keep(days::WRITES_COMPARED, anna.lives(writes()).await);
        keep(days::WRITES_NEW, anna.lives(vec![Act::Open, send(&[&cecilia], "Hej Cecilia", TEXT)]).await);
        let subject = "Ett utkast".to_owned();
        let drafts = vec![
            Act::Open,
            Act::Write { to: address.clone(), subject: subject.clone(), text: TEXT.into() },
            Act::Drafts,
            Act::SendDraft { subject },
            Act::Sync,
            Act::Drafts,
        ];
        keep(days::SENDS_A_DRAFT, anna.lives(drafts).await);

        cecilia.lives(vec![Act::Open, send(&[&anna], "Hej Anna", TEXT), Act::Close]).await;
        let renews = Act::Renew { password: format!("{PASSWORD} igen") };
        keep(days::RENEWS, cecilia.lives(vec![Act::Open, renews, Act::Rewrap, inbox()]).await);

        let mut tablet = bjorn.elsewhere(5000);
        let then = vec![inbox(), send(&[&anna], "Svar", TEXT), Act::Close];
        keep(days::SIGNS_IN, tablet.lives_with_code(tablet.signing_in(), then).await);
        let mut hers = mallory.elsewhere(6000);
        keep(days::MALLORY_SIGNS_IN, hers.lives_with_code(hers.signing_in(), vec![Act::Close]).await);
        let to_trash = Act::Move { id: other, folder: Folder::Trash };
        bjorn.lives(vec![Act::Open, to_trash, Act::EmptyTrash, Act::Close]).await;
        let acts = vec![Act::Open, inbox(), Act::Sync, inbox()];
        keep(days::ERASES, tablet.lives(acts).await);

        let mallorys_records = mallory.records().await;
        let mallorys_device = mallory.asks("/slots/device").await;
        let mut phone = bjorn.elsewhere(7000);
        let recovering = Act::Recover { address: address.clone(), code: bjorn.recovery_code.clone() };
        let then = vec![Act::NewPassword { password: format!("{PASSWORD} igen") }, inbox()];
        keep(days::RECOVERS, phone.lives_with_code(recovering, then).await);

        // Two with the same output, so that nothing but the place tells whose slot is whose.
        let [mut his, mut other_of_his, mut of_mallory] =
            [(1, 7), (2, 8), (3, 7)].map(|(number, output)| Authenticator::new(server.url(), number, output));
        Box::pin(phone.adds_passkey(&mut his)).await;
        Box::pin(phone.adds_passkey(&mut other_of_his)).await;
        Box::pin(hers.adds_passkey(&mut of_mallory)).await;
        let [mut desk, mut other_desk] = [bjorn.elsewhere(8000), bjorn.elsewhere(9000)];
        keep(days::SHOWS_A_PASSKEY, Box::pin(desk.lives_by_passkey(&his, vec![inbox()])).await);
        keep(days::SHOWS_ANOTHER, Box::pin(other_desk.lives_by_passkey(&other_of_his, vec![Act::Close])).await);
        let mut her_desk = mallory.elsewhere(10_000);
        keep(days::MALLORY_SHOWS_HERS, Box::pin(her_desk.lives_by_passkey(&of_mallory, vec![Act::Close])).await);
        let checks = |of: &Actor<'_>, number: &str| Act::CheckNumber {
            address: of.cast.address.clone(),
            phone: PhoneNumber::parse(number).expect("a number"),
        };
        let acts = vec![Act::Open, checks(&bjorn, bjorn.phone), send(&[&bjorn], "Hej Björn", TEXT)];
        keep(days::CHECKS_NUMBER, Box::pin(cecilia.lives(acts)).await);
        let anyway = Act::WriteAnyway { address: mallory.cast.address.clone() };
        let hej = send(&[&mallory], "Hej Mallory", TEXT);
        let acts = vec![Act::Open, checks(&mallory, "+46701740699"), anyway, hej];
        keep(days::WRITES_ANYWAY, Box::pin(cecilia.lives(acts)).await);
        let acts = vec![Act::Open, checks(&anna, "+46701740699")];
        keep(days::CHECKS_ANOTHER_NUMBER, Box::pin(cecilia.lives(acts)).await);

        let (address, phone) = (Address::parse("eva.s@example.se").expect("an address"), "+46701740615");
        let guest = (&address, phone);
        let (link, evas) = Box::pin(anna.invites(&address, phone)).await;
        let then = vec![inbox(), Act::Read { id: evas }];
        let (lived, eva) = Box::pin(by_a_link(server, 11_000, link.clone(), guest, then)).await;
        keep(days::READS_BY_A_LINK, lived);
        let then = vec![send(&[&anna], "Svar", TEXT)];
        keep(days::ANSWERS_BY_A_LINK, Box::pin(by_a_link(server, 11_500, link, guest, then)).await.0);
        let again =
            Addressed { to: vec![address.clone()], subject: "Igen".into(), text: TEXT.into(), ..Addressed::default() };
        let acts = vec![Act::Open, Act::Send { letter: again }];
        keep(days::WRITES_TO_A_GUEST, Box::pin(anna.lives(acts)).await);
        let (link, _) = Box::pin(mallory.invites(&address, phone)).await;
        keep(days::SHOWS_MALLORYS_LINK, Box::pin(by_a_link(server, 12_000, link, guest, Vec::new())).await.0);

        let [one, two, three] = [
            Box::pin(anna.uploads("Provsvar.pdf", 1)).await,
            Box::pin(anna.uploads("Kallelse.pdf", 2)).await,
            Box::pin(mallory.uploads("Faktura.pdf", 3)).await,
        ];
        let sends = |file: &DraftFile, subject: &str| vec![Act::Open, send_with(&bjorn, subject, file), Act::Close];
        let mut laptop = bjorn.elsewhere(13_000);
        Box::pin(laptop.lives_by_passkey(&his, vec![Act::Close])).await;
        let saves = |id: LetterId| vec![Act::Open, Act::Read { id }, Act::Save { id, number: 0 }, Act::Close];
        let sent = Box::pin(anna.lives(sends(&one, WITH_A_FILE))).await;
        let filed = posted(&sent)[0];
        keep(days::SENDS_A_FILE, sent);
        keep(days::SAVES, Box::pin(laptop.lives(saves(filed))).await);
        let mallorys_filed = posted(&Box::pin(mallory.lives(sends(&three, WITH_A_FILE))).await)[0];
        keep(days::SAVES_MALLORYS, Box::pin(laptop.lives(saves(mallorys_filed))).await);
        let other_filed = posted(&Box::pin(anna.lives(sends(&two, "En kallelse"))).await)[0];
        keep(days::SAVES_ANOTHER, Box::pin(laptop.lives(saves(other_filed))).await);
        let files = [one, two, three].map(|file| file.attachment().expect("uploaded"));

        let [anna, bjorn, mallory, cecilia] = [anna, bjorn, mallory, cecilia].map(|actor| actor.cast);
        Self {
            days,
            anna,
            bjorn,
            mallory,
            cecilia,
            eva,
            evas,
            letter,
            other,
            long,
            mallorys,
            filed,
            other_filed,
            mallorys_filed,
            files,
            old_contact,
            bjorns_contact,
            his_other_contact,
            annas_contact,
            mallorys_records,
            mallorys_device,
        }
    }

    /// What was answered to this question on this day, the first time.
    ///
    /// # Panics
    /// When nobody asked.
    #[must_use]
    pub fn answer<T: DeserializeOwned>(&self, day: &str, asked: &str) -> T {
        serde_json::from_slice(&self.bytes(day, asked)).expect("an answer of this type")
    }

    /// The bytes that were answered to this question on this day, the first time.
    ///
    /// # Panics
    /// When nobody asked.
    #[must_use]
    pub fn bytes(&self, day: &str, asked: &str) -> Vec<u8> {
        let (method, path) = asked.split_once(' ').expect("a method and a path");
        let asked = format!("{method} /api/v1{path}");
        let mut lines = self.days[day].day.transcript.iter();
        let line = lines.find(|line| is_it(line, &asked));
        line.unwrap_or_else(|| panic!("nobody asked {asked} on the day {day}")).body.0.clone()
    }

    /// Anna's letter to Björn and Mallory, opened to be rewritten.
    #[must_use]
    pub fn rewritten(&self) -> Rewritten {
        let id = self.letter;
        let readers = [&self.bjorn, &self.mallory, &self.anna].map(|cast| cast.certificate().fingerprint());
        self.opened((days::READS, days::READS), id, readers.to_vec())
    }

    /// Anna's long letter to Björn.
    #[must_use]
    pub fn long_rewritten(&self) -> Rewritten {
        let readers = [&self.bjorn, &self.anna].map(|cast| cast.certificate().fingerprint());
        self.opened((days::READS, days::READS_LONG), self.long, readers.to_vec())
    }

    /// A letter that was new on the first of these days, and opened on the second.
    fn opened(&self, (new, day): (&str, &str), id: LetterId, readers: Vec<Fingerprint>) -> Rewritten {
        let changes: Changes = self.answer(new, "GET /changes");
        let entry = changes.entries.into_iter().find(|entry| entry.id == id).expect("it is new");
        let content = self.bytes(day, &format!("GET /letters/{id}/content"));
        Rewritten::open(&entry, &content, &self.bjorn.keyring, readers)
    }

    /// The session that a sign-in was answered with.
    #[must_use]
    pub fn session(&self, day: &str) -> NewSession {
        let lines = self.days[day].day.transcript.iter();
        let mut codes = lines.filter(|line| line.path.ends_with("/proofs/enter") && line.path.contains("/sign-ins/"));
        serde_json::from_slice(&codes.next().expect("a sign-in").body.0).expect("a session")
    }

    /// The question of this day by which a passkey signed in, and the session that was the answer.
    #[must_use]
    pub fn session_by_passkey(&self, day: &str) -> (String, NewSession) {
        let mut lines = self.days[day].day.transcript.iter().rev();
        let line = lines.find(|line| line.path.starts_with("/api/v1/sign-ins/")).expect("a sign-in");
        (question(line).replacen("/api/v1", "", 1), serde_json::from_slice(&line.body.0).expect("a session"))
    }

    /// The path of the question on this day that ends so, without `/api/v1`.
    ///
    /// # Panics
    /// When nobody asked one.
    #[must_use]
    pub fn asked(&self, day: &str, ending: &str) -> String {
        let asked = self.days[day].day.transcript.iter().map(question);
        let asked = asked.map(|asked| asked.replacen("/api/v1", "", 1));
        let mut found = asked.filter(|asked| asked.split('?').next().is_some_and(|asked| asked.ends_with(ending)));
        found.next().unwrap_or_else(|| panic!("nobody asked …{ending} on the day {day}"))
    }
}
