//! A day of a person and their client, lived from a script: against a server while it is recorded, and against the
//! record afterwards, natively and as WebAssembly alike. With the same clock, the same randomness and the same answers
//! the same happens; whatever else happens is what one changed answer did (ATTACKS).

use std::{
    cell::RefCell,
    collections::BTreeMap,
    future::Future,
    pin::pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use rand::{CryptoRng, RngCore, SeedableRng, rngs::StdRng};
use securemailbox_client::{
    accounts,
    attachments::{Download, Here, Sink, SinkFailed},
    device::{Memory, Table},
    directory::Warning,
    factors::{CodeToEnter, FactorToChoose},
    failure::Failure,
    letters::{Addressed, Draft, Form, ReaderDelivery, Reading, Rewrapping, Row},
    links::{self, LinkToProve},
    mailbox::Mailbox,
    passkeys::{self, PasskeyAsked, PasskeySignedIn},
    records::RecordError,
    renewals::Extent,
    settings::{Name, Settings},
    sign_in,
    transcript::{Recorded, Replayer},
    transport::Transport,
    world::World,
};
use securemailbox_protocol::{
    accounts::Language,
    address::Address,
    coding::{base64url, hex},
    factors::Code,
    ids::{AccountId, LetterId, RecordId},
    letters::Folder,
    octets::Octets,
    opaque::KeyStretching,
    passkeys::Assertion,
    phone::PhoneNumber,
    time::Timestamp,
};
use securemailbox_vault::{links::LinkSecret, passwords::Password, recovery::RecoveryCode, secrets::PrfOutput};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// What an act shows that its time has not come for, or has gone: nothing was opened that it could work on.
pub const OUT_OF_TURN: &str = "out-of-turn";

/// What a passkey shows that proves its owner and opens nothing: the session waits for the password.
pub const LOCKED: &str = "locked";

/// One thing that a person does on a day.
#[expect(missing_docs, reason = "the fields are what their types and the act say")]
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Act {
    /// Asks for a mailbox; then come [`Act::Code`], [`Act::Phone`], [`Act::Code`] and [`Act::Choose`].
    Register { address: Address },
    /// Names the phone of a registration.
    Phone { phone: PhoneNumber },
    /// Chooses a first password and a name.
    Choose { password: String, name: String },
    /// Signs in; then comes [`Act::Code`].
    SignIn { address: Address, password: String },
    /// Takes the recovery sheet; then come [`Act::Code`] and [`Act::NewPassword`].
    Recover { address: Address, code: String },
    /// Chooses a new password in the place of a forgotten one.
    NewPassword { password: String },
    /// Types the code that was sent, whichever step asks for it.
    Code { code: String },
    /// Begins to sign in by a passkey alone; shows what it is to sign.
    AskForPasskey,
    /// Has it signed, and its PRF output beside that.
    ShowPasskey { assertion: Assertion, output: Octets },
    /// Shows a link, what stands behind its `#`: says who wrote. Then comes [`Act::Code`].
    ShowLink { link: String },
    /// Opens the mailbox that is signed in on this device, and asks for what is new.
    Open,
    /// Opens it as this device left it.
    OpenAsLeft,
    /// Asks the server what is new.
    Sync,
    /// Lists a folder.
    List { folder: Folder },
    /// Opens a letter and reads it.
    Read { id: LetterId },
    /// Saves a file of a letter, and says so to its sender.
    Save { id: LetterId, number: usize },
    /// Looks, in a list, what became of a letter of one's own.
    Told { id: LetterId },
    /// Sends a letter.
    Send { letter: Addressed },
    /// Writes a draft, and hands it in.
    Write { to: Address, subject: String, text: String },
    /// Sends the draft of this subject.
    SendDraft { subject: String },
    /// Lists the drafts.
    Drafts,
    /// Looks at the sixty digits.
    Compare { address: Address },
    /// Says that they are alike.
    Matches { address: Address },
    /// Accepts a changed key.
    Accept { address: Address },
    /// Asks whether a number is that of somebody.
    CheckNumber { address: Address, phone: PhoneNumber },
    /// Writes to them although it was not.
    WriteAnyway { address: Address },
    /// Changes all locks, and opens the mailbox by the new ones.
    Renew { password: String },
    /// Wraps each letter's key anew, and gives up the former subkeys.
    Rewrap,
    /// Moves a letter to another folder.
    Move { id: LetterId, folder: Folder },
    /// Empties the trash of the mailbox.
    EmptyTrash,
    /// Takes a letter along, readable or as stored.
    Export { id: LetterId, encrypted: bool },
    /// Puts the mailbox away; the device keeps its session.
    Close,
    /// Signs out; the device keeps nothing.
    SignOut,
}

/// What lies on a device, as it is written down: the session under its name, a row under `table/account/id`.
pub type Contents = BTreeMap<String, Octets>;

const SESSION: &str = "session";

/// A day that was recorded, and can be lived again.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Day {
    /// The device's clock, which stands still.
    pub now: Timestamp,
    /// Where its randomness begins.
    pub seed: u64,
    /// What lay on the device in the morning.
    pub device: Contents,
    /// What the person did, in order.
    pub acts: Vec<Act>,
    /// Every call of the client, with the answer that it got.
    pub transcript: Vec<Recorded>,
}

/// What a replayed day came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evening {
    /// What each act showed, or `failed:` and the failure's stable name.
    pub shown: Vec<String>,
    /// What was asked beyond the transcript: method and path.
    pub strays: Vec<String>,
    /// What was asked with another body than the recorded one.
    pub other_bodies: Vec<String>,
    /// Calls of the transcript that were not made.
    pub unasked: Vec<Recorded>,
}

/// Lives a recorded day again. Nothing is waited for: a transcript answers at once.
#[must_use]
pub fn live(day: Day) -> Evening {
    let person = Person::new(Replayer::new(day.transcript), day.now, day.seed, &day.device);
    let mut life = Life::default();
    let shown = day.acts.into_iter().map(|act| at_once(life.act(&person, act))).collect();
    let transport = &person.transport;
    let (strays, other_bodies) = (transport.strays(), transport.other_bodies());
    Evening { shown, strays, other_bodies, unasked: transport.unasked() }
}

fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("a transcript answers at once"),
    }
}

/// A person with a device in memory, a clock that stands still, and randomness from a seed.
pub struct Person<T> {
    /// The way to the server, or what takes its place.
    pub transport: T,
    device: Memory,
    now: Timestamp,
    random: Handle,
}

impl<T> Person<T> {
    /// Begins the day with what the device kept from the day before.
    pub fn new(transport: T, now: Timestamp, seed: u64, device: &Contents) -> Self {
        let random = Handle(Rc::new(RefCell::new(StdRng::seed_from_u64(seed))));
        Self { transport, device: with(device), now, random }
    }

    /// What lies on the device now, for the next day.
    pub fn device(&self) -> Contents {
        let (session, rows) = self.device.parts();
        let session = session.map(|session| (SESSION.to_owned(), session.into()));
        let rows = rows.into_iter().map(|((account, table, id), row)| {
            (format!("{}/{account}/{}", table.as_str(), hex::encode(&id)), row.into())
        });
        session.into_iter().chain(rows).collect()
    }
}

/// A device with this on it. What no device of ours wrote is left out, as it would be read by none.
fn with(device: &Contents) -> Memory {
    let rows = device.iter().filter_map(|(name, row)| {
        let mut parts = name.split('/');
        let (table, account, id) = (parts.next()?, parts.next()?, parts.next()?);
        let table = Table::ALL.into_iter().find(|of| of.as_str() == table)?;
        let account: AccountId = account.parse().ok()?;
        Some(((account, table, hex::decode(id).ok()?.try_into().ok()?), row.0.clone()))
    });
    Memory::with(device.get(SESSION).map(|session| session.0.clone()), rows.collect())
}

impl<T: Transport> World for Person<T> {
    type Transport = T;
    type Device = Memory;
    type Rng = Handle;

    fn transport(&self) -> &T {
        &self.transport
    }

    fn device(&self) -> &Memory {
        &self.device
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn rng(&self) -> Handle {
        self.random.clone()
    }

    fn key_stretching(&self) -> KeyStretching {
        KeyStretching::cheap_for_tests()
    }
}

/// A handle on one stream of randomness, so that two of them never give the same bytes.
#[derive(Clone)]
pub struct Handle(Rc<RefCell<StdRng>>);

impl RngCore for Handle {
    fn next_u32(&mut self) -> u32 {
        self.0.borrow_mut().next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.0.borrow_mut().next_u64()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.borrow_mut().fill_bytes(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand::Error> {
        self.0.borrow_mut().try_fill_bytes(bytes)
    }
}

impl CryptoRng for Handle {}

/// How far a person has come.
#[derive(Default)]
pub enum Life {
    /// Nobody has signed in, or the mailbox was put away.
    #[default]
    Outside,
    /// The e-mail's code is asked for.
    Address(accounts::AddressToProve),
    /// The registration waits for a phone.
    Phone(accounts::PhoneToName),
    /// The phone's code is asked for.
    PhoneCode(accounts::PhoneToProve),
    /// The registration waits for a password.
    Password(accounts::WayToChoose),
    /// Signing in, the phone's code is asked for.
    SignIn(CodeToEnter<sign_in::PasswordProved>),
    /// Recovering, the phone's code is asked for.
    Recovery(CodeToEnter<sign_in::SheetProved>),
    /// Recovering, a new password is asked for.
    NewPassword(sign_in::NewPasswordToChoose),
    /// Signing in, a passkey is asked for.
    Passkey(PasskeyAsked),
    /// By a link, the phone's code is asked for.
    Link(CodeToEnter<LinkToProve>),
    /// The mailbox is open.
    Inside(Box<Mailbox>),
}

/// What an act shows, or the stable name of its failure and what it says.
type Shown = Result<String, String>;

impl Life {
    /// Does one thing, and says what a person would see.
    pub async fn act(&mut self, world: &impl World, act: Act) -> String {
        let shown = match self {
            Self::Inside(mailbox) => inside(mailbox, world, &act).await,
            Self::Outside
            | Self::Address(_)
            | Self::Phone(_)
            | Self::PhoneCode(_)
            | Self::Password(_)
            | Self::SignIn(_)
            | Self::Recovery(_)
            | Self::NewPassword(_)
            | Self::Passkey(_)
            | Self::Link(_) => None,
        };
        let shown = match shown {
            Some(shown) => shown,
            None => self.step(world, act).await,
        };
        shown.unwrap_or_else(|failure| format!("failed: {failure}"))
    }

    fn recovered(recovered: sign_in::Recovered) -> Result<Self, String> {
        match recovered {
            sign_in::Recovered::Open(step) => Ok(Self::NewPassword(step)),
            sign_in::Recovered::Waits(_) => Err("waits".to_owned()),
        }
    }

    /// What changes whether a mailbox is open.
    async fn step(&mut self, world: &impl World, act: Act) -> Shown {
        let next = match (std::mem::take(self), act) {
            (Self::Outside, Act::Register { address }) => {
                Self::Address(accounts::register(world, &address, Language::Sv).await.map_err(name)?)
            }
            (Self::Address(step), Act::Code { code }) => {
                Self::Phone(step.enter(world, &found(&code)?).await.map_err(name)?)
            }
            (Self::Phone(step), Act::Phone { phone }) => Self::PhoneCode(step.enter(world, phone).await.map_err(name)?),
            (Self::PhoneCode(step), Act::Code { code }) => {
                Self::Password(step.enter(world, &found(&code)?).await.map_err(name)?)
            }
            (Self::Password(step), Act::Choose { password, name: called }) => {
                let called = Name::parse(&called).map_err(|_| "not-a-name".to_owned())?;
                let made = step.choose(world, Password::new(&password), Settings::new(called)).await.map_err(name)?;
                let shown = self.enter(world, made.make(world).await.map_err(name)?).await?;
                return Ok(format!("{shown}\n{}", made.recovery_code()));
            }
            (Self::Outside, Act::SignIn { address, password }) => {
                let to_choose = sign_in::sign_in(world, &address, Password::new(&password)).await.map_err(name)?;
                Self::SignIn(chosen(world, &to_choose).await?)
            }
            (Self::SignIn(step), Act::Code { code }) => {
                let entered = step.enter(world, &found(&code)?.into()).await.map_err(name)?;
                return self.enter(world, entered).await;
            }
            (Self::Outside, Act::Recover { address, code }) => {
                let code = RecoveryCode::parse(&code).map_err(|_| "not-a-recovery-code".to_owned())?;
                let begun = sign_in::recover(world, &address, &code).await.map_err(name)?;
                match begun.waits {
                    Some(wait) => Self::recovered(sign_in::Recovered::Waits(wait))?,
                    None => Self::Recovery(chosen(world, &begun.to_choose).await?),
                }
            }
            (Self::Recovery(step), Act::Code { code }) => {
                Self::recovered(step.enter(world, &found(&code)?.into()).await.map_err(name)?)?
            }
            (Self::NewPassword(step), Act::NewPassword { password }) => {
                let made = step.choose(world, Password::new(&password)).await.map_err(name)?;
                let entered = made.complete(world).await.map_err(name)?;
                return self.enter(world, entered).await;
            }
            (Self::Outside, Act::AskForPasskey) => {
                let asked = passkeys::ask_for_passkey(world).await.map_err(name)?;
                let shown = base64url::encode(&asked.challenge().0);
                *self = Self::Passkey(asked);
                return Ok(shown);
            }
            (Self::Passkey(asked), Act::ShowPasskey { assertion, output }) => {
                // Boxed: unoptimised, a step with all of this in it is more than a thread has room for.
                return Box::pin(self.show(world, asked, assertion, output)).await;
            }
            (Self::Outside, Act::ShowLink { link }) => return Box::pin(self.show_link(world, &link)).await,
            (Self::Link(step), Act::Code { code }) => {
                let entered = Box::pin(step.enter(world, &found(&code)?.into())).await.map_err(name)?;
                return self.enter(world, entered).await;
            }
            (Self::Outside, Act::Open) => {
                let opened = Mailbox::open(world).await.map_err(name)?;
                return self.enter(world, (opened, Vec::new())).await;
            }
            (Self::Outside, Act::OpenAsLeft) => {
                let opened = Mailbox::open(world).await.map_err(name)?;
                return Ok(self.inside((opened, Vec::new())));
            }
            (Self::Inside(mailbox), Act::Renew { password }) => {
                let entered = renew(&mailbox, world, &password).await?;
                return self.enter(world, entered).await;
            }
            (Self::Inside(mailbox), Act::Close) => {
                mailbox.close(world).await.map_err(name)?;
                Self::Outside
            }
            (Self::Outside, Act::SignOut) => {
                sign_in::sign_out(world).await.map_err(name)?;
                Self::Outside
            }
            (stays, _) => {
                *self = stays;
                return Err(OUT_OF_TURN.into());
            }
        };
        *self = next;
        Ok(String::new())
    }

    /// A passkey signed: the mailbox is open, or waits for the password.
    async fn show(&mut self, world: &impl World, asked: PasskeyAsked, assertion: Assertion, output: Octets) -> Shown {
        let output = PrfOutput::from_bytes(&output.0).ok();
        match asked.enter(world, assertion, output.as_ref()).await.map_err(name)? {
            PasskeySignedIn::Open(opening) => {
                let entered = Mailbox::begin(world, *opening).await.map_err(name)?;
                self.enter(world, entered).await
            }
            PasskeySignedIn::Locked { .. } => Ok(LOCKED.into()),
        }
    }

    /// Who wrote, by the server's word.
    async fn show_link(&mut self, world: &impl World, link: &str) -> Shown {
        let link = LinkSecret::parse(link).map_err(|_| "not-a-link".to_owned())?;
        let shown = links::show_link(world, &link).await.map_err(name)?;
        *self = Self::Link(chosen(world, &shown.to_choose).await?);
        Ok(shown.from.to_string())
    }

    /// Nobody comes in to what is old: a mailbox that can't be brought up to date is not shown here.
    async fn enter(&mut self, world: &impl World, entered: (Mailbox, Vec<Warning>)) -> Shown {
        entered.0.sync(world).await.map_err(name)?;
        Ok(self.inside(entered))
    }

    fn inside(&mut self, (mailbox, warnings): (Mailbox, Vec<Warning>)) -> String {
        let shown = format!("{} <{}>", mailbox.name(), mailbox.address());
        *self = Self::Inside(Box::new(mailbox));
        warnings.iter().fold(shown, |shown, warning| format!("{shown} {}", kind(warning)))
    }
}

/// The first factor that is offered.
async fn chosen<S: Clone>(world: &impl World, to_choose: &FactorToChoose<S>) -> Result<CodeToEnter<S>, String> {
    let chosen = to_choose.choose(&to_choose.offers()[0]);
    chosen.asked().send(world).await.map_err(name)?;
    Ok(chosen)
}

/// The code in what was typed.
fn found(typed: &str) -> Result<Code, String> {
    Code::parse(typed).map_err(|_| "not-a-code".to_owned())
}

/// What is done with an open mailbox; none if the act ends it, or belongs before it.
async fn inside(mailbox: &Mailbox, world: &impl World, act: &Act) -> Option<Shown> {
    Some(match act {
        Act::Sync => mailbox.sync(world).await.map(|()| String::new()).map_err(name),
        Act::List { folder } => list(mailbox, world, *folder).await,
        Act::Read { id } => read(mailbox, world, *id).await,
        Act::Save { id, number } => save(mailbox, world, *id, *number).await,
        Act::Told { id } => mailbox.told(world, *id).await.map(told).map_err(name),
        Act::Send { letter } => send(mailbox, world, letter).await,
        Act::Write { to, subject, text } => write(mailbox, world, to, subject, text).await,
        Act::SendDraft { subject } => send_draft(mailbox, world, subject).await,
        Act::Drafts => drafts(mailbox, world)
            .await
            .map(|drafts| drafts.into_iter().map(|(_, draft)| draft.subject).collect::<Vec<_>>().join("\n")),
        Act::Compare { address } => {
            mailbox.compare(world, address).await.map(|seen| seen.digits.to_string()).map_err(name)
        }
        Act::Matches { address } => {
            mailbox.digits_match(world, address).await.map(|seen| seen.standing.as_str().into()).map_err(name)
        }
        Act::Accept { address } => {
            mailbox.accept(world, address).await.map(|seen| seen.standing.as_str().into()).map_err(name)
        }
        Act::CheckNumber { address, phone } => check_number(mailbox, world, address, phone).await,
        Act::WriteAnyway { address } => {
            let forgotten = mailbox.write_anyway(world, address).await.map_err(name);
            forgotten.map(|()| mailbox.contacts().standing_of(address).as_str().into())
        }
        Act::Rewrap => rewrap(mailbox, world).await.map_err(name),
        Act::Move { id, folder } => {
            mailbox.move_letter(world, *id, *folder).await.map(|()| String::new()).map_err(name)
        }
        Act::EmptyTrash => mailbox.empty_trash(world).await.map(|receipt| receipt.erased.to_string()).map_err(name),
        Act::Export { id, encrypted } => {
            let form = if *encrypted { Form::Encrypted } else { Form::Plain };
            mailbox.export(world, *id, form).await.map(|file| format!("{} bytes", file.len())).map_err(name)
        }
        Act::Register { .. }
        | Act::Phone { .. }
        | Act::Choose { .. }
        | Act::SignIn { .. }
        | Act::Recover { .. }
        | Act::NewPassword { .. }
        | Act::Code { .. }
        | Act::AskForPasskey
        | Act::ShowPasskey { .. }
        | Act::ShowLink { .. }
        | Act::Open
        | Act::OpenAsLeft
        | Act::Renew { .. }
        | Act::Close
        | Act::SignOut => return None,
    })
}

async fn check_number(mailbox: &Mailbox, world: &impl World, address: &Address, phone: &PhoneNumber) -> Shown {
    let matches = mailbox.check_number(world, address, phone.clone()).await.map_err(name)?;
    let standing = mailbox.contacts().standing_of(address);
    Ok(format!("{} ({})", if matches { "match" } else { "no match" }, standing.as_str()))
}

async fn renew(mailbox: &Mailbox, world: &impl World, password: &str) -> Result<(Mailbox, Vec<Warning>), String> {
    let begun = mailbox.begin_renewal(world, password).await.map_err(name)?;
    let opening = begun.renew(world, mailbox, Extent::Thorough).await.map_err(name)?;
    Mailbox::begin(world, opening).await.map_err(name)
}

async fn rewrap(mailbox: &Mailbox, world: &impl World) -> Result<String, RecordError> {
    let mut so_far = Rewrapping::new();
    loop {
        while !so_far.is_done() {
            mailbox.rewrap_some(world, &mut so_far).await?;
        }
        if mailbox.give_up_former_keys(world, &so_far).await? {
            return Ok(so_far.done().to_string());
        }
        so_far.look_again();
    }
}

async fn list(mailbox: &Mailbox, world: &impl World, folder: Folder) -> Shown {
    let rows = mailbox.list(world, folder, usize::MAX).await.map_err(name)?;
    Ok(rows.into_iter().map(row).collect::<Vec<_>>().join("\n"))
}

fn row(row: Row) -> String {
    match row.summary {
        Ok((summary, standing)) => {
            let off = if summary.date_is_off(row.entry.arrived) { ", date is off" } else { "" };
            let called = summary.claimed_name.map(|name| format!(", calls itself {name}")).unwrap_or_default();
            format!("{} ({}{called}{off}): {}", summary.from, standing.as_str(), summary.subject)
        }
        Err(not) => name(not),
    }
}

async fn read(mailbox: &Mailbox, world: &impl World, id: LetterId) -> Shown {
    let Reading { letter, standing, warnings, deliveries, .. } = mailbox.read(world, id).await.map_err(name)?;
    let mut shown = vec![format!("{} ({}): {}", letter.from(), standing.as_str(), letter.subject())];
    shown.push(letter.text().trim_end().to_owned());
    shown.extend(warnings.iter().map(|warning| format!("warning: {}", kind(warning))));
    if !deliveries.is_empty() {
        shown.push(told(deliveries));
    }
    Ok(shown.join("\n"))
}

/// Keeps what it is given, as a folder does with what is not whole yet.
#[derive(Default)]
struct Unsaved(RefCell<Vec<u8>>);

impl Sink for Unsaved {
    async fn write(&self, bytes: Zeroizing<Vec<u8>>) -> Result<(), SinkFailed> {
        self.0.borrow_mut().extend_from_slice(&bytes);
        Ok(())
    }
}

async fn save(mailbox: &Mailbox, world: &impl World, id: LetterId, number: usize) -> Shown {
    let files = mailbox.attachments(world, id).await.map_err(name)?;
    let file = files.get(number).ok_or("there is no such file")?;
    let (sink, mut download) = (Unsaved::default(), Download::new(file.clone()));
    // A Worker of a page has the browser's own AES in the place of this one; all that is refused is refused by the same code.
    mailbox.download(world, &mut download, (&sink, &Here), &|_| {}).await.map_err(name)?;
    mailbox.say_saved(world, id).await.map_err(name)?;
    Ok(format!("saved {}: {} bytes", file.name, sink.0.borrow().len()))
}

fn told(deliveries: Vec<ReaderDelivery>) -> String {
    let lines = deliveries.into_iter().map(|delivery| match delivery.read {
        None => format!("{}: not read", delivery.reader),
        Some(Ok(_)) => format!("{}: read", delivery.reader),
        Some(Err(refused)) => format!("{}: {refused}", delivery.reader),
    });
    lines.collect::<Vec<_>>().join("\n")
}

async fn write(mailbox: &Mailbox, world: &impl World, to: &Address, subject: &str, text: &str) -> Shown {
    let draft = Draft {
        to: vec![to.as_str().into()],
        cc: Vec::new(),
        bcc: Vec::new(),
        each: false,
        subject: subject.into(),
        text: text.into(),
        answers: None,
        level: None,
        invite: Vec::new(),
        files: Vec::new(),
        saved: world.now(),
        rest: serde_json::Map::new(),
    };
    let saved = mailbox.save_draft(world, None, draft).await.map_err(name)?;
    mailbox.hand_in(world, saved.id).await.map(|_| String::new()).map_err(name)
}

async fn drafts(mailbox: &Mailbox, world: &impl World) -> Result<Vec<(RecordId, Draft)>, String> {
    mailbox.drafts(world).await.map_err(name)?.into_iter().map(|row| Ok((row.id, row.draft.map_err(name)?))).collect()
}

async fn send_draft(mailbox: &Mailbox, world: &impl World, subject: &str) -> Shown {
    let draft = drafts(mailbox, world).await?.into_iter().find(|(_, draft)| draft.subject == subject);
    let (id, draft) = draft.ok_or("there is no such draft")?;
    mailbox.send_written(world, Some(id), draft, None).await.map(|_| String::new()).map_err(name)
}

async fn send(mailbox: &Mailbox, world: &impl World, letter: &Addressed) -> Shown {
    let sent = mailbox.send(world, letter).await.map_err(name)?;
    let readers = sent.readers.iter().map(|(reader, standing)| format!("{reader} ({})", standing.as_str()));
    Ok(readers.collect::<Vec<_>>().join("\n"))
}

fn kind(warning: &impl Serialize) -> String {
    serde_json::json!(warning)["type"].as_str().unwrap_or_default().into()
}

fn name(failure: impl Failure) -> String {
    format!("{}: {failure}", failure.explain().name)
}
