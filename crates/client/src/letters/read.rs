//! Reading: the whole letter, verified, with what a reader should know beside it (PROTOCOL §4.4, §4.5).

use securemailbox_protocol::{
    address::Address,
    endpoints,
    ids::LetterId,
    letters::{Entry, EntryUpdate},
    limits,
    problems::ProblemType,
};
use securemailbox_vault::{
    identities::Identity,
    known_keys::KnownKey,
    letters::{Expected, Letter, open_content},
    receipts,
};
use serde::Serialize;

use crate::{
    contacts::{Event, Standing},
    device::DeviceFailed,
    failure::{CallError, Class, Explained, Failure, explained},
    mailbox::Mailbox,
    settings::Name,
    world::World,
};

use super::{Answers, Damage, NotShown, OpenContent, ReaderDelivery, SentTo, damage::released};

/// A letter, verified.
pub struct Reading {
    /// The letter.
    pub letter: Letter,
    /// Its entry: folder and times are the server's word.
    pub entry: Entry,
    /// How its sender's key stood when it was opened.
    pub standing: Standing,
    /// What the reader should know.
    pub warnings: Vec<ReadingWarning>,
    /// For its sender: what became of it, and of those that were posted with it. Empty for a reader.
    pub deliveries: Vec<ReaderDelivery>,
    /// For its sender: the letters of its post, itself among them, and whom each is to. Empty for a reader.
    pub post: Vec<(LetterId, SentTo)>,
}

/// Something a reader should know of a letter that is otherwise in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "type", content = "address", rename_all = "kebab-case")]
pub enum ReadingWarning {
    /// Signed at a date more than a day from its arrival: late, or delivered again (ATTACKS 8).
    DateIsOff,
    /// The sender used another key for this other reader than the one known here (ATTACKS 16).
    ReaderKeyDiffers(Address),
    /// It holds parts that were not opened (ATTACKS 10).
    UnopenedParts,
    /// The server was not told that it was read; a later reading tells it.
    NotMarked,
    /// Its sender asked for one level, and the server holds its readers to another, or to none (PROTOCOL §6).
    LevelIsOff,
}

/// A letter is not shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The server could not be asked, or refused.
    #[error(transparent)]
    Call(#[from] CallError),
    /// This device's own store failed.
    #[error(transparent)]
    Device(#[from] DeviceFailed),
    /// There is none with this id.
    #[error("there is no letter with this id in your mailbox")]
    NotFound,
    /// It is damaged, forged, or not for this session.
    #[error(transparent)]
    Damaged(#[from] Damage),
}

impl Failure for ReadError {
    fn explain(&self) -> Explained {
        match self {
            Self::Call(error) => error.explain(),
            Self::Device(error) => error.explain(),
            Self::NotFound => explained(ProblemType::NotFound, Class::NotFound, ProblemType::NotFound.advice()),
            Self::Damaged(damage) => damage.explain(),
        }
    }
}

impl From<NotShown> for ReadError {
    fn from(not: NotShown) -> Self {
        match not {
            NotShown::Damaged(damage) => Self::Damaged(damage),
            NotShown::Call(error) => Self::Call(error),
        }
    }
}

/// A letter with everything it was opened from.
pub(super) struct Opened {
    pub(super) letter: Letter,
    pub(super) entry: Entry,
    pub(super) standing: Standing,
    pub(super) wrapped_key: Vec<u8>,
    pub(super) content: Vec<u8>,
}

impl Mailbox {
    /// Opens a letter, marks it as read, and sends its sender the signed receipt. One's own sent letters come with what
    /// became of them.
    ///
    /// # Errors
    /// [`ReadError`]: nothing of the letter may be shown.
    pub async fn read(&self, world: &impl World, id: LetterId) -> Result<Reading, ReadError> {
        self.look(world, id, true).await
    }

    /// Opens a letter that is being read once more, since something about it changed; tells nobody. Whoever marked it as
    /// unread elsewhere meant it.
    ///
    /// # Errors
    /// [`ReadError`]
    pub async fn look_again(&self, world: &impl World, id: LetterId) -> Result<Reading, ReadError> {
        self.look(world, id, false).await
    }

    async fn look(&self, world: &impl World, id: LetterId, tells: bool) -> Result<Reading, ReadError> {
        let Opened { letter, mut entry, standing, .. } = self.open_letter(world, id).await?;
        {
            let mut state = self.state.borrow_mut();
            state.answerable.insert(id, Answers::to(&letter));
            if let Some(brief) = state.replica.entry(id) {
                (entry.folder, entry.read, entry.flagged) = (brief.folder, brief.read, brief.flagged);
            }
        }
        let mut warnings = self.warnings(&letter, &entry);
        if tells && !entry.read && self.tell_read(world, &letter).await.is_err() {
            warnings.push(ReadingWarning::NotMarked);
        }
        let (mut deliveries, mut post) = (Vec::new(), Vec::new());
        if standing == Standing::Own {
            for other in self.posted_together(id) {
                let (sent_to, told) = if other == id {
                    let sent_to = SentTo::from(&letter);
                    let told = self.deliveries(world, id, &sent_to).await?;
                    (sent_to, told)
                } else {
                    self.told_of_one(world, other).await?
                };
                deliveries.extend(told);
                post.push((other, sent_to));
            }
        }
        Ok(Reading { letter, entry, standing, warnings, deliveries, post })
    }

    /// Opens a letter for answering it or taking it along; tells nobody.
    ///
    /// # Errors
    /// [`ReadError`]
    pub async fn peek(&self, world: &impl World, id: LetterId) -> Result<Letter, ReadError> {
        Ok(self.open_letter(world, id).await?.letter)
    }

    pub(super) async fn open_letter(&self, world: &impl World, id: LetterId) -> Result<Opened, ReadError> {
        let found = self.found(world, &[id]).await?.pop().flatten();
        let found = match found.filter(|found| found.row.entry.released.is_some()) {
            Some(found) => found,
            // This device does not know it yet, or the session may have proved more since it heard of it.
            None => self.fetch_entry(world, id).await?.ok_or(ReadError::NotFound)?,
        };
        if let Err(Damage::LevelRequired) = released(&found.row.entry) {
            // Its refusal says by what this session can be proved.
            return Err(self.content(world, id).await.err().unwrap_or(Damage::LevelRequired.into()));
        }
        let mut rows = Vec::new();
        let opened = self.opened_envelope(world, &found, &mut rows).await;
        // Another tab may have written the row meanwhile; then it is opened once more the next time.
        let _ = self.rows(world).write(rows).await?;
        let (opened, entry) = (opened?, &found.row.entry);
        let released = released(entry)?;
        let content = self.content(world, id).await?;
        let sender = self.sender_certificate(world, entry).await?;
        let key = opened.key().ok_or(Damage::OtherLetter)?;
        let envelope = self.open_envelope(world, entry, released, &key, &sender)?;
        let expected =
            Expected { id: entry.id, thread: entry.thread, sender: &sender, reader: &self.keyring(), now: world.now() };
        let letter = open_content(&content, &key).and_then(|letter| letter.verify(&expected, &envelope));
        let letter = letter.map_err(Damage::from)?;
        let standing = self.standing(letter.from(), &letter.signer());
        self.pin_sender(world, &sender)?;
        match standing {
            Standing::Changed => return Err(Damage::SenderKeyChanged.into()),
            Standing::Own | Standing::Former | Standing::Differs => {}
            Standing::Unmet | Standing::New | Standing::Known | Standing::Compared => {
                let address = letter.from().clone();
                self.pin(world, &address, Event::Met(KnownKey::first(&sender).used()));
                if let Some(Ok(name)) = letter.claimed_name().map(Name::parse) {
                    self.pin(world, &address, Event::Named(name));
                }
            }
        }
        let (entry, wrapped_key) = (entry.clone(), released.wrapped_key.0.clone());
        // A letter that asks for a fresh proof is asked for each time.
        let open =
            (entry.level.is_none() && letter.level().is_none()).then(|| OpenContent { id, bytes: content.clone() });
        self.state.borrow_mut().open_content = open;
        Ok(Opened { letter, entry, standing, wrapped_key, content })
    }

    /// The content of a letter: of the one that is open, as it was verified; of another, from the server.
    async fn content(&self, world: &impl World, id: LetterId) -> Result<Vec<u8>, ReadError> {
        if let Some(open) = self.state.borrow().open_content.as_ref().filter(|open| open.id == id) {
            return Ok(open.bytes.clone());
        }
        match self.session.api(world).get_raw(endpoints::READ_CONTENT.of(id), limits::CONTENT).await {
            Err(error) if error.problem() == Some(ProblemType::NotFound) => Err(ReadError::NotFound),
            content => Ok(content?),
        }
    }

    fn warnings(&self, letter: &Letter, entry: &Entry) -> Vec<ReadingWarning> {
        let readers = letter.readers().into_iter();
        let other_keys = readers
            .filter(|(address, key)| self.standing(address, key) == Standing::Changed)
            .map(|(address, _)| ReadingWarning::ReaderKeyDiffers(address));
        // One's own letter that was held for days is dated when its readers got it.
        let is_off = letter.from() != self.address() && letter.date_is_off(entry.arrived);
        let off = is_off.then_some(ReadingWarning::DateIsOff);
        let unopened = (letter.unopened_parts() > 0).then_some(ReadingWarning::UnopenedParts);
        let level = (letter.level() != entry.level).then_some(ReadingWarning::LevelIsOff);
        off.into_iter().chain(unopened).chain(level).chain(other_keys).collect()
    }

    /// The receipt first: if the second call fails, the letter is still unread and the next reading tells again.
    async fn tell_read(&self, world: &impl World, letter: &Letter) -> Result<(), CallError> {
        let (id, api) = (letter.id(), self.session.api(world));
        if letter.from() != self.address() {
            // By the key that it was written to, which its sender knows: a guest who has a mailbox by now has another one, too.
            // Once that one was given up, nobody can sign by it.
            let written_to: Vec<_> = letter.readers().into_iter().chain(letter.blind_reader().cloned()).collect();
            let is_reader = |own: &&Identity| written_to.iter().any(|(_, key)| *key == own.certificate().fingerprint());
            if let Some(reader) = self.keyring().identities().find(is_reader) {
                let receipt = receipts::sign(id, letter.content_hash(), world.now(), reader, &mut world.rng());
                api.tell(endpoints::PUT_RECEIPT.of(id), &receipt).await?;
            }
        }
        api.tell(endpoints::UPDATE_ENTRY.of(id), &EntryUpdate { read: Some(true), ..EntryUpdate::default() }).await
    }
}
