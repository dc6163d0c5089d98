//! Reading: the whole letter, verified, with what a reader should know beside it (PROTOCOL §4.4, §4.5).

use securemailbox_protocol::{
    address::Address,
    ids::LetterId,
    letters::{Entry, EntryUpdate, Released},
    limits,
    problems::ProblemType,
};
use securemailbox_vault::{
    known_keys::KnownKey,
    letters::{Expected, Letter, open_content, unwrap},
    receipts,
};

use crate::{
    contacts::{Event, Standing},
    failure::{CallError, Class, Explained, Failure, explained},
    mailbox::Mailbox,
    settings::Name,
    transport::Method,
    world::World,
};

use super::{Answers, Damage, ReaderDelivery, list::NotOpened};

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
    /// For its sender: what became of it. Empty for a reader.
    pub deliveries: Vec<ReaderDelivery>,
}

/// Something a reader should know of a letter that is otherwise in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadingWarning {
    /// Signed at a date more than a day from its arrival: late, or delivered again (ATTACKS 8).
    DateIsOff,
    /// The sender used another key for this other reader than the one known here (ATTACKS 16).
    ReaderKeyDiffers(Address),
    /// It holds parts that were not opened (ATTACKS 10).
    UnopenedParts,
    /// The server was not told that it was read; a later reading tells it.
    NotMarked,
}

impl ReadingWarning {
    /// The stable name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::DateIsOff => "date-is-off",
            Self::ReaderKeyDiffers(_) => "reader-key-differs",
            Self::UnopenedParts => "unopened-parts",
            Self::NotMarked => "not-marked",
        }
    }
}

/// A letter is not shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// See there.
    #[error(transparent)]
    Call(#[from] CallError),
    /// There is none with this id.
    #[error("there is no letter with this id in your mailbox")]
    NotFound,
    /// See there.
    #[error(transparent)]
    Damaged(#[from] Damage),
}

impl Failure for ReadError {
    fn explain(&self) -> Explained {
        match self {
            Self::Call(error) => error.explain(),
            Self::NotFound => explained("not-found", Class::NotFound, ProblemType::NotFound.advice()),
            Self::Damaged(damage) => damage.explain(),
        }
    }
}

impl From<NotOpened> for ReadError {
    fn from(not: NotOpened) -> Self {
        match not {
            NotOpened::Damaged(damage) => Self::Damaged(damage),
            NotOpened::Call(error) => Self::Call(error),
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
    pub async fn read(&mut self, world: &impl World, id: LetterId) -> Result<Reading, ReadError> {
        let Opened { letter, entry, standing, .. } = self.open_letter(world, id).await?;
        self.answerable.insert(id, Answers::to(&letter));
        let mut warnings = self.warnings(&letter, &entry);
        if !entry.read && self.tell_read(world, &letter).await.is_err() {
            warnings.push(ReadingWarning::NotMarked);
        }
        let deliveries = match standing {
            Standing::Own => self.deliveries(world, &letter).await?,
            Standing::New | Standing::Known | Standing::Compared | Standing::Former | Standing::Changed => Vec::new(),
        };
        Ok(Reading { letter, entry, standing, warnings, deliveries })
    }

    /// Opens a letter for answering it or taking it along; tells nobody.
    ///
    /// # Errors
    /// [`ReadError`]
    pub async fn peek(&mut self, world: &impl World, id: LetterId) -> Result<Letter, ReadError> {
        Ok(self.open_letter(world, id).await?.letter)
    }

    pub(super) async fn open_letter(&mut self, world: &impl World, id: LetterId) -> Result<Opened, ReadError> {
        let entry: Entry = match self.session.api(world).get(&format!("/letters/{id}")).await {
            Err(error) if error.problem() == Some(ProblemType::NotFound) => return Err(ReadError::NotFound),
            answer => answer?,
        };
        if entry.id != id {
            return Err(Damage::OtherLetter.into());
        }
        let Some(Released { wrapped_key, .. }) = &entry.released else {
            return Err(Damage::LevelRequired.into());
        };
        let wrapped_key = wrapped_key.0.clone();
        let content = self.session.api(world).get_raw(&format!("/letters/{id}/content"), limits::CONTENT).await?;
        let (letter, standing) = self.verified(world, &entry, &content).await?;
        Ok(Opened { letter, entry, standing, wrapped_key, content })
    }

    async fn verified(
        &mut self,
        world: &impl World,
        entry: &Entry,
        content: &[u8],
    ) -> Result<(Letter, Standing), ReadError> {
        let released = entry.released.as_ref().ok_or(Damage::LevelRequired)?;
        let sender = self.sender_certificate(world, entry).await?;
        let envelope = self.open_envelope(world, entry.id, entry, released, &sender)?;
        let expected =
            Expected { id: entry.id, thread: entry.thread, sender: &sender, reader: &self.keyring, now: world.now() };
        let key = unwrap(released.wrapped_key.as_ref(), &self.keyring).map_err(Damage::from)?;
        let letter = open_content(content, &key).and_then(|letter| letter.verify(&expected, &envelope));
        let letter = letter.map_err(Damage::from)?;
        let standing = self.standing(letter.from(), &letter.signer());
        self.pin_sender(&sender)?;
        match standing {
            Standing::Changed => return Err(Damage::SenderKeyChanged.into()),
            Standing::Own | Standing::Former => {}
            Standing::New | Standing::Known | Standing::Compared => {
                let address = letter.from().clone();
                self.pin(&address, Event::Met(KnownKey::first(&sender).used()));
                if let Some(Ok(name)) = letter.claimed_name().map(Name::parse) {
                    self.pin(&address, Event::Named(name));
                }
            }
        }
        Ok((letter, standing))
    }

    fn warnings(&self, letter: &Letter, entry: &Entry) -> Vec<ReadingWarning> {
        let readers = letter.readers().into_iter();
        let other_keys = readers
            .filter(|(address, key)| self.standing(address, key) == Standing::Changed)
            .map(|(address, _)| ReadingWarning::ReaderKeyDiffers(address));
        let off = letter.date_is_off(entry.arrived).then_some(ReadingWarning::DateIsOff);
        let unopened = (letter.unopened_parts() > 0).then_some(ReadingWarning::UnopenedParts);
        off.into_iter().chain(unopened).chain(other_keys).collect()
    }

    /// The receipt first: if the second call fails, the letter is still unread and the next reading tells again.
    async fn tell_read(&self, world: &impl World, letter: &Letter) -> Result<(), CallError> {
        let (id, api) = (letter.id(), self.session.api(world));
        if letter.from() != self.address() {
            let reader = self.keyring.present();
            let receipt = receipts::sign(id, letter.content_hash(), world.now(), reader, &mut world.rng());
            api.tell(Method::Post, &format!("/letters/{id}/receipt"), &receipt).await?;
        }
        api.tell(Method::Patch, &format!("/letters/{id}"), &EntryUpdate { folder: None, read: Some(true) }).await
    }
}
