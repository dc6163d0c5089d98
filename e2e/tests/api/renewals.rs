//! Renewing keys (PROTOCOL §10): at an honest server, at one that lies or does not answer, and after somebody took everything.

use std::{cell::Cell, fs, path::Path};

use rand::rngs::OsRng;
use securemailbox_client::{
    contacts::{Description, Standing},
    device::Memory,
    failure::Failure,
    letters::{Addressed, Rewrapping},
    mailbox::Mailbox,
    records::RecordError,
    renewals::{Extent, RenewError},
    replica::SyncRefused,
    sign_in::{self, SignInError},
    transport::{Request, Response, Transport, Unreachable},
    world::World,
};
use securemailbox_e2e::{
    person::{PASSWORD, Person, Wire},
    server::{Server, Start},
};
use securemailbox_protocol::{
    address::Address, endpoints::ROOT, ids::LetterId, opaque::KeyStretching, problems::ProblemType,
    security::SecurityEventKind, sync::Changes, time::Timestamp,
};
use securemailbox_vault::{
    keyring::Keyring,
    letters::unwrap,
    passwords::{Password, PasswordRefused},
    recovery::RecoveryCode,
};

use crate::ANNA;

const BJÖRN: (&str, &str) = ("bjorn.api@example.se", "+46701740614");
const OTHER: &str = "nio runda fat vid en sjö";

fn to(address: &str) -> Address {
    Address::parse(address).unwrap()
}

async fn write(mailbox: &Mailbox, world: &impl World, address: &str, text: &str) -> LetterId {
    let letter = Addressed { to: vec![to(address)], subject: "Svar".into(), text: text.into(), ..Addressed::default() };
    mailbox.send(world, &letter).await.unwrap().id
}

async fn text(mailbox: &Mailbox, world: &impl World, letter: LetterId) -> String {
    mailbox.sync(world).await.unwrap();
    mailbox.read(world, letter).await.unwrap().letter.text().to_owned()
}

/// Renews, and opens the mailbox anew.
pub(crate) async fn renewed(mailbox: Mailbox, world: &impl World, extent: Extent) -> (Mailbox, RecoveryCode) {
    let begun = mailbox.begin_renewal(world, OTHER).await.unwrap();
    let opening = begun.renew(world, &mailbox, extent).await.unwrap();
    drop(mailbox);
    let code = RecoveryCode::parse(&begun.recovery_code().to_string()).unwrap();
    (Mailbox::begin(world, opening).await.unwrap().0, code)
}

async fn wrap_all(mailbox: &Mailbox, world: &impl World, so_far: &mut Rewrapping) {
    while !so_far.is_done() {
        mailbox.rewrap_some(world, so_far).await.unwrap();
    }
}

/// Has every letter's key wrapped anew, and the former subkeys given up.
pub(crate) async fn rewrapped(mailbox: &Mailbox, world: &impl World) -> usize {
    let mut so_far = Rewrapping::new();
    wrap_all(mailbox, world, &mut so_far).await;
    assert_eq!(mailbox.give_up_former_keys(world, &so_far).await, Ok(true));
    so_far.done()
}

/// Whether somebody gets past the password.
async fn proves(world: &impl World, password: &str) -> bool {
    match sign_in::sign_in(world, &to(ANNA.0), Password::new(password)).await {
        Ok(_) => true,
        Err(SignInError::Password(PasswordRefused::WrongPasswordOrServer)) => false,
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_renewal_leaves_one_device_and_contacts_see_the_same_person() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let (anna, björn, lost) = (Person::at(&server), Person::at(&server), Person::at(&server));
    let annas = anna.register(&server, ANNA.0, ANNA.1, "Anna Lindqvist").await;
    let björns = björn.register(&server, BJÖRN.0, BJÖRN.1, "Björn Ek").await;
    let before = write(&björns, &björn, ANNA.0, "Före.").await;
    assert_eq!(text(&annas, &anna, before).await, "Före.");
    let answer = write(&annas, &anna, BJÖRN.0, "Tack.").await;
    assert_eq!(text(&björns, &björn, answer).await, "Tack.");
    let sheet = annas.new_sheet(&anna);
    annas.replace_sheet(&anna, &sheet).await.unwrap();
    drop(lost.sign_in(&server, ANNA.0, ANNA.1).await);
    let (fingerprint, messages) = (annas.fingerprint(), server.messages_to(ANNA.0).await);

    let weak = annas.begin_renewal(&anna, "sommar2024sommar").await;
    assert!(matches!(weak, Err(RenewError::WeakPassword(_))));
    let (annas, code) = renewed(annas, &anna, Extent::Quick).await;
    assert!(annas.owes_sheet() && !annas.is_rewrapping());
    assert!(server.message(ANNA.0, messages).await.contains("Låsen till din brevlåda byttes"));
    let events = annas.security_events(&anna).await.unwrap().events;
    assert!(events.iter().any(|event| event.kind == SecurityEventKind::KeysRenewed && event.current));
    assert_eq!(annas.sessions(&anna).await.unwrap().sessions.len(), 1);

    assert!(Mailbox::open(&lost).await.is_err(), "the device that was lost");
    let stranger = Person::at(&server);
    assert!(!proves(&stranger, PASSWORD).await && proves(&stranger, OTHER).await);
    assert!(sign_in::recover(&stranger, &to(ANNA.0), sheet.code()).await.is_err(), "the old sheet");
    assert!(sign_in::recover(&stranger, &to(ANNA.0), &code).await.is_ok());

    assert_eq!(annas.fingerprint(), fingerprint);
    assert_eq!(text(&annas, &anna, before).await, "Före.");
    assert_eq!(text(&annas, &anna, answer).await, "Tack.");
    assert_eq!(annas.contacts().iter().count(), 1, "whom she knows");
    // He looks her key up anew by himself, and sees no other person.
    let after = write(&björns, &björn, ANNA.0, "Efter.").await;
    assert_eq!(text(&annas, &anna, after).await, "Efter.");
    let again = write(&annas, &anna, BJÖRN.0, "Tack igen.").await;
    björns.sync(&björn).await.unwrap();
    let reading = björns.read(&björn, again).await.unwrap();
    assert_eq!((reading.letter.text(), reading.standing), ("Tack igen.", Standing::Known));
    // The device opens by itself the next time.
    annas.close(&anna).await.unwrap();
    let annas = Mailbox::open(&anna).await.unwrap();
    assert_eq!(text(&annas, &anna, before).await, "Före.");
}

/// Every letter's wrapped key, as the server has it.
async fn wrapped_keys(person: &Person) -> Vec<Vec<u8>> {
    let url = format!("{ROOT}/changes?since=0");
    let headers = vec![("authorization", format!("Bearer {}", person.token()))];
    let get = securemailbox_client::transport::Method::Get;
    let request = Request { method: get, path: url, headers, body: Vec::new(), limit: 1 << 20 };
    let answer = person.transport.call(request).await.unwrap();
    let changes: Changes = serde_json::from_slice(&answer.body).unwrap();
    changes.entries.into_iter().filter_map(|entry| Some(entry.released?.wrapped_key.0)).collect()
}

fn opened(keys: &[Vec<u8>], keyring: &Keyring) -> usize {
    keys.iter().filter(|key| unwrap(key, keyring).is_ok()).count()
}

/// Whether some bytes stand in a file of a folder.
fn stands_in(folder: &Path, needle: &[u8]) -> bool {
    fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|file| file.is_file())
        .any(|file| fs::read(file).unwrap().windows(needle.len()).any(|window| window == needle))
}

/// ATTACKS 25. The thief has everything from before: password, sheet, device, keyring, and the data folder of the day.
#[tokio::test(flavor = "current_thread")]
async fn what_was_taken_before_a_thorough_renewal_opens_nothing_of_what_is_there_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(Start::demo(folder.path()));
    let (anna, björn) = (Person::at(&server), Person::at(&server));
    let annas = anna.register(&server, ANNA.0, ANNA.1, "Anna Lindqvist").await;
    let björns = björn.register(&server, BJÖRN.0, BJÖRN.1, "Björn Ek").await;
    let kept = write(&björns, &björn, ANNA.0, "Kvar.").await;
    annas.sync(&anna).await.unwrap();
    let sheet = annas.new_sheet(&anna);
    annas.replace_sheet(&anna, &sheet).await.unwrap();

    let thief = anna.clone();
    let stolen = Keyring::from_bytes(&annas.keyring().to_bytes(), &to(ANNA.0), anna.now()).unwrap();
    let former = wrapped_keys(&anna).await;
    assert_eq!((former.len(), opened(&former, &stolen)), (1, 1), "until then the thief reads along");

    let (annas, _) = renewed(annas, &anna, Extent::Thorough).await;
    assert!(annas.is_rewrapping());
    let between = write(&björns, &björn, ANNA.0, "Emellan.").await;
    // Interrupted: the device is shut and opened in the middle of it.
    annas.rewrap_some(&anna, &mut Rewrapping::new()).await.unwrap();
    annas.close(&anna).await.unwrap();
    let annas = Mailbox::open(&anna).await.unwrap();
    assert!(annas.is_rewrapping());
    assert_eq!(rewrapped(&annas, &anna).await, 2);
    assert!(!annas.is_rewrapping());
    let after = write(&björns, &björn, ANNA.0, "Efter.").await;
    for (letter, said) in [(kept, "Kvar."), (between, "Emellan."), (after, "Efter.")] {
        assert_eq!(text(&annas, &anna, letter).await, said);
    }
    let keys = wrapped_keys(&anna).await;
    assert_eq!((keys.len(), opened(&keys, &stolen)), (3, 0), "the keyring that was taken");
    assert!(Mailbox::open(&thief).await.is_err(), "the device that was taken");
    let stranger = Person::at(&server);
    assert!(!proves(&stranger, PASSWORD).await);
    assert!(sign_in::recover(&stranger, &to(ANNA.0), sheet.code()).await.is_err());
    // A device that comes later reads everything by the keyring as it is now.
    annas.close(&anna).await.unwrap();
    assert!(!Mailbox::open(&anna).await.unwrap().keyring().has_former(), "the former subkey is destroyed");
    server.stop();
    assert!(!stands_in(server.data(), &former[0]), "the key that it opened is in no file");
    assert!(stands_in(server.data(), &keys[0]), "and this test would see it");
}

/// What a server, or the way to it, does to a renewal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Does {
    /// What it should.
    Right,
    /// Nothing, and no answer comes.
    Nothing,
    /// It, and the answer is lost.
    LosesTheAnswer,
    /// Keeps a letter back while keys are wrapped anew.
    KeepsALetterBack,
}

/// A way to the server.
struct Way {
    wire: Wire,
    does: Cell<Does>,
    /// The session that goes along, as a cookie does whatever page asks.
    cookie: Option<String>,
}

impl Transport for Way {
    async fn call(&self, mut request: Request) -> Result<Response, Unreachable> {
        if let Some(token) = &self.cookie {
            request.headers.retain(|(name, _)| *name != "authorization");
            request.headers.push(("authorization", format!("Bearer {token}")));
        }
        let (does, path) = (self.does.get(), request.path.clone());
        let renews = path.ends_with("/renewal");
        if renews && does == Does::Nothing {
            return Err(Unreachable);
        }
        let mut answer = self.wire.call(request).await?;
        if renews && does == Does::LosesTheAnswer {
            return Err(Unreachable);
        }
        if path.contains("/changes?since=0") && does == Does::KeepsALetterBack {
            let mut changes: Changes = serde_json::from_slice(&answer.body).unwrap();
            changes.entries.pop();
            answer.body = serde_json::to_vec(&changes).unwrap();
        }
        Ok(answer)
    }
}

/// Anna by that way, with her own device.
struct AnnaBy<'a> {
    way: Way,
    device: &'a Memory,
}

impl<'a> AnnaBy<'a> {
    fn new(anna: &'a Person, does: Does) -> Self {
        Self { way: Way { wire: anna.transport.clone(), does: Cell::new(does), cookie: None }, device: &anna.device }
    }
}

impl World for AnnaBy<'_> {
    type Transport = Way;
    type Device = Memory;
    type Rng = OsRng;

    fn transport(&self) -> &Way {
        &self.way
    }

    fn device(&self) -> &Memory {
        self.device
    }

    fn now(&self) -> Timestamp {
        securemailbox_e2e::person::now()
    }

    fn rng(&self) -> OsRng {
        OsRng
    }

    fn key_stretching(&self) -> KeyStretching {
        KeyStretching::cheap_for_tests()
    }
}

#[tokio::test(flavor = "current_thread")]
async fn after_no_answer_either_the_old_locks_or_the_new_ones_open() {
    for (does, right, wrong) in [(Does::Nothing, PASSWORD, OTHER), (Does::LosesTheAnswer, OTHER, PASSWORD)] {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(Start::demo(folder.path()));
        let anna = Person::at(&server);
        let annas = anna.register(&server, ANNA.0, ANNA.1, "Anna Lindqvist").await;
        let by = AnnaBy::new(&anna, does);
        let begun = annas.begin_renewal(&by, OTHER).await.unwrap();
        assert_eq!(begun.renew(&by, &annas, Extent::Quick).await.err(), Some(RenewError::Unanswered));
        let stranger = Person::at(&server);
        assert!(proves(&stranger, right).await && !proves(&stranger, wrong).await);
        assert_eq!(Mailbox::open(&anna).await.is_ok(), does == Does::Nothing);
        if does == Does::Nothing {
            by.way.does.set(Does::Right);
            begun.renew(&by, &annas, Extent::Quick).await.expect("the same once more");
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_server_that_keeps_a_letter_back_does_not_get_its_key_destroyed() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = Person::at(&server);
    let annas = anna.register(&server, ANNA.0, ANNA.1, "Anna Lindqvist").await;
    let letter = write(&annas, &anna, ANNA.0, "Minnes.").await;
    let (annas, _) = renewed(annas, &anna, Extent::Thorough).await;
    annas.sync(&anna).await.unwrap();
    let by = AnnaBy::new(&anna, Does::KeepsALetterBack);
    let mut so_far = Rewrapping::new();
    wrap_all(&annas, &by, &mut so_far).await;
    assert_eq!(annas.give_up_former_keys(&by, &so_far).await, Ok(false), "it is looked for once more");
    so_far.look_again();
    wrap_all(&annas, &by, &mut so_far).await;
    let refused = annas.give_up_former_keys(&by, &so_far).await;
    assert_eq!(refused, Err(RecordError::Refused(SyncRefused::Contradiction)));
    assert!(annas.is_rewrapping());
    assert_eq!(rewrapped(&annas, &anna).await, 1);
    assert_eq!(text(&annas, &anna, letter).await, "Minnes.");
}

#[tokio::test(flavor = "current_thread")]
async fn a_letter_that_comes_while_its_owner_confirms_is_wrapped_too() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = Person::at(&server);
    let annas = anna.register(&server, ANNA.0, ANNA.1, "Anna Lindqvist").await;
    write(&annas, &anna, ANNA.0, "Minnes.").await;
    let (annas, _) = renewed(annas, &anna, Extent::Thorough).await;
    let mut so_far = Rewrapping::new();
    wrap_all(&annas, &anna, &mut so_far).await;
    let came = write(&annas, &anna, ANNA.0, "Sent.").await;
    assert_eq!(annas.give_up_former_keys(&anna, &so_far).await, Ok(false));
    so_far.look_again();
    wrap_all(&annas, &anna, &mut so_far).await;
    assert_eq!(annas.give_up_former_keys(&anna, &so_far).await, Ok(true));
    assert_eq!(text(&annas, &anna, came).await, "Sent.");
}

/// Whatever still holds the secret from before, such as a page beside the one that renews, writes nothing that would open for
/// nobody.
#[tokio::test(flavor = "current_thread")]
async fn what_is_sealed_by_the_secret_from_before_is_not_taken_after_a_renewal() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = Person::at(&server);
    let annas = anna.register(&server, ANNA.0, ANNA.1, "Anna Lindqvist").await;
    let begun = annas.begin_renewal(&anna, OTHER).await.unwrap();
    let beside = Mailbox::open(&anna).await.unwrap();
    let opening = begun.renew(&anna, &annas, Extent::Quick).await.unwrap();
    drop(annas);
    let annas = Mailbox::begin(&anna, opening).await.unwrap().0;
    // In a browser both pages have the cookie of the new session.
    let name = securemailbox_client::settings::Name::parse("Anna Ek").unwrap();
    let mut by = AnnaBy::new(&anna, Does::Right);
    by.way.cookie = Some(anna.token());
    let described = Description { name: Some(name.clone()), ..Description::default() };
    beside.add_contact(&by, &to(BJÖRN.0), described).await.unwrap();
    let refused = beside.keep(&by).await.unwrap_err().explain();
    assert_eq!(refused.name, ProblemType::StaleKeyring.into());
    assert!(beside.rename(&by, name.clone()).await.is_err());
    annas.rename(&anna, name).await.unwrap();
    annas.close(&anna).await.unwrap();
    assert_eq!(Mailbox::open(&anna).await.unwrap().name(), "Anna Ek");
}

#[tokio::test(flavor = "current_thread")]
async fn another_device_that_writes_meanwhile_is_waited_for_and_nothing_of_it_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let (anna, phone) = (Person::at(&server), Person::at(&server));
    let annas = anna.register(&server, ANNA.0, ANNA.1, "Anna Lindqvist").await;
    let phones = phone.sign_in(&server, ANNA.0, ANNA.1).await;
    let begun = annas.begin_renewal(&anna, OTHER).await.unwrap();
    let name = securemailbox_client::settings::Name::parse("Anna Ek").unwrap();
    phones.rename(&phone, name).await.unwrap();
    let opening = begun.renew(&anna, &annas, Extent::Quick).await.unwrap();
    let annas = Mailbox::begin(&anna, opening).await.unwrap().0;
    assert_eq!(annas.name(), "Anna Ek");
    let ended = phones.sync(&phone).await.unwrap_err().explain();
    assert_eq!(ended.name, ProblemType::NotSignedIn.into());
}
