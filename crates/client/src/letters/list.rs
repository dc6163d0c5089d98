//! Listing: an envelope at a time, verified before a word of it is shown (PROTOCOL §4.4).

use std::ops::Range;

use sha2::{Digest, Sha256};

use securemailbox_protocol::{
    address::Address,
    ids::{Fingerprint, LetterId, ThreadId},
    letters::{Entry, Folder, Released},
    octets::Octets,
    time::Timestamp,
};
use securemailbox_vault::{
    certificates::Certificate,
    known_keys::{KeyRefused, KnownKey},
    letters::{Envelope, Expected, open_envelope, unwrap},
};

use crate::{
    contacts::{Event, Standing},
    directory::LookUpError,
    failure::{CallError, Class, Explained, Failure},
    mailbox::Mailbox,
    world::World,
};

use super::{Damage, Summary};

/// A line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The entry, without what opens it. Folder, flag and times are the server's word.
    pub entry: Entry,
    /// What the envelope says, and how its sender's key stands; or why it is not shown.
    pub summary: Result<(Summary, Standing), Damage>,
}

/// A list can't be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// See there.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl Failure for ListError {
    fn explain(&self) -> Explained {
        match self {
            Self::Call(error) => error.explain(),
        }
    }
}

/// Why one entry is not shown, or why none is.
pub(super) enum NotOpened {
    Damaged(Damage),
    Call(CallError),
}

impl From<Damage> for NotOpened {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}

impl<E: Into<CallError>> From<E> for NotOpened {
    fn from(error: E) -> Self {
        Self::Call(error.into())
    }
}

impl Mailbox {
    /// The newest letters of a folder, newest arrival first, at most `limit`. A damaged one is a row like another.
    ///
    /// # Errors
    /// [`ListError`]: the server could not be asked for something that is needed.
    pub async fn list(&mut self, world: &impl World, folder: Folder, limit: usize) -> Result<Vec<Row>, ListError> {
        self.part(world, folder, 0..limit).await
    }

    /// A part of a folder, counted from the newest arrival.
    ///
    /// # Errors
    /// [`ListError`]
    pub async fn part(
        &mut self,
        world: &impl World,
        folder: Folder,
        range: Range<usize>,
    ) -> Result<Vec<Row>, ListError> {
        let entries = self.by_arrival(|entry| entry.folder == folder);
        let entries = entries.into_iter().rev().skip(range.start).take(range.len()).cloned().collect();
        self.rows(world, entries).await
    }

    /// The letters of a conversation that do not lie in the trash, oldest first.
    ///
    /// # Errors
    /// [`ListError`]
    pub async fn conversation(&mut self, world: &impl World, thread: ThreadId) -> Result<Vec<Row>, ListError> {
        let entries = self.by_arrival(|entry| entry.thread == thread && entry.folder != Folder::Trash);
        let entries = entries.into_iter().cloned().collect();
        self.rows(world, entries).await
    }

    /// Some of the entries, oldest arrival first.
    fn by_arrival(&self, wanted: impl Fn(&Entry) -> bool) -> Vec<&Entry> {
        let mut entries: Vec<_> = self.index.held.entries().filter(|entry| wanted(entry)).collect();
        entries.sort_unstable_by_key(|entry| (entry.arrived, entry.id));
        entries
    }

    /// Whom a letter comes from by the server's word, for one that is not shown.
    #[must_use]
    pub fn said_from(&self, id: LetterId) -> Option<&Address> {
        self.index.held.entry(id).map(|entry| &entry.sender.address)
    }

    /// How many entries a folder has, and how many of them were not opened yet.
    #[must_use]
    pub fn count(&self, folder: Folder) -> (usize, usize) {
        let entries = self.index.held.entries().filter(|entry| entry.folder == folder);
        entries.fold((0, 0), |(all, unread), entry| (all + 1, unread + usize::from(!entry.read)))
    }

    /// When the newest letter came into the inbox.
    #[must_use]
    pub fn newest_arrival(&self) -> Option<Timestamp> {
        self.inbox().map(|entry| entry.arrived).max()
    }

    /// How many unread letters came into the inbox after the newest one of an earlier look.
    #[must_use]
    pub fn arrived_since(&self, newest: Option<Timestamp>) -> usize {
        self.inbox().filter(|entry| !entry.read && newest.is_none_or(|newest| entry.arrived > newest)).count()
    }

    fn inbox(&self) -> impl Iterator<Item = &Entry> {
        self.index.held.entries().filter(|entry| entry.folder == Folder::Inbox)
    }

    async fn rows(&mut self, world: &impl World, entries: Vec<Entry>) -> Result<Vec<Row>, ListError> {
        let mut rows = Vec::with_capacity(entries.len());
        for mut entry in entries {
            let summary = match self.summary(world, &entry).await {
                Ok(summary) => self.judged(summary),
                Err(NotOpened::Damaged(damage)) => Err(damage),
                Err(NotOpened::Call(error)) => return Err(error.into()),
            };
            entry.released = None;
            rows.push(Row { entry, summary });
        }
        Ok(rows)
    }

    /// How a verified envelope's sender stands now: the key may have been accepted, or have changed, since it was opened.
    fn judged(&self, summary: Summary) -> Result<(Summary, Standing), Damage> {
        match self.standing(&summary.from, &summary.signer) {
            Standing::Changed => Err(Damage::SenderKeyChanged),
            standing => Ok((summary, standing)),
        }
    }

    /// What the index has of an entry, or what its envelope says when it is opened now.
    async fn summary(&mut self, world: &impl World, entry: &Entry) -> Result<Summary, NotOpened> {
        let kept = self.index.summaries.get(&entry.id);
        let Some(released) = &entry.released else {
            return kept.cloned().ok_or_else(|| Damage::LevelRequired.into());
        };
        let verified = digest(entry, released);
        if let Some(kept) = kept.filter(|kept| kept.verified == verified) {
            let kept = kept.clone();
            self.index.held.forget_released(entry.id);
            return Ok(kept);
        }
        self.index.summaries.remove(&entry.id);
        let sender = self.sender_certificate(world, entry).await?;
        let envelope = self.open_envelope(world, entry.id, entry, released, &sender)?;
        self.pin_sender(&sender)?;
        let summary = summary_of(&envelope, verified);
        self.index.summaries.insert(entry.id, summary.clone());
        self.index.held.forget_released(entry.id);
        Ok(summary)
    }

    pub(super) fn open_envelope(
        &self,
        world: &impl World,
        id: LetterId,
        entry: &Entry,
        released: &Released,
        sender: &Certificate,
    ) -> Result<Envelope, Damage> {
        let expected = Expected { id, thread: entry.thread, sender, reader: &self.keyring, now: world.now() };
        let key = unwrap(released.wrapped_key.as_ref(), &self.keyring)?;
        Ok(open_envelope(released.envelope.as_ref(), &key)?.verify(&expected)?)
    }

    /// The certificate that must have signed: one's own from the keyring, another's by the hash the server names.
    pub(super) async fn sender_certificate(
        &mut self,
        world: &impl World,
        entry: &Entry,
    ) -> Result<Certificate, NotOpened> {
        let sender = &entry.sender;
        if sender.address == *self.address() {
            let own = self.keyring.identities().map(|identity| identity.certificate());
            let own = own.into_iter().find(|certificate| certificate.hash() == sender.certificate);
            return own.cloned().ok_or_else(|| Damage::SenderKeyChanged.into());
        }
        match self.certificate(world, sender.certificate, &sender.address).await {
            Ok(certificate) => Ok(certificate),
            Err(LookUpError::Certificate(refused)) => Err(Damage::Certificate(refused).into()),
            // One certificate that the server has lost is one damaged letter; a server that fails is no list at all.
            Err(LookUpError::Call(error)) => match error.explain().class {
                Class::NotFound | Class::Damaged => Err(Damage::CertificateMissing.into()),
                Class::Refused | Class::Unavailable if error == CallError::Unreadable => {
                    Err(Damage::CertificateMissing.into())
                }
                Class::Refused | Class::Unavailable => Err(NotOpened::Call(error)),
            },
            Err(
                LookUpError::NoAccount
                | LookUpError::KeyChanged
                | LookUpError::DigitsDiffer
                | LookUpError::OlderCertificate,
            ) => Err(Damage::CertificateMissing.into()),
        }
    }

    /// Remembers a sender's key as a reader's is remembered, once a signature by it was verified; another key than the
    /// known one is remembered as offered.
    pub(super) fn pin_sender(&mut self, sender: &Certificate) -> Result<(), Damage> {
        if sender.address() == self.address() {
            return Ok(());
        }
        if self.contacts.may_write_to(sender) == Err(KeyRefused::Older) {
            return Err(Damage::OlderCertificate);
        }
        self.pin(sender.address(), Event::Met(KnownKey::first(sender)));
        Ok(())
    }

    pub(super) fn standing(&self, address: &Address, signer: &Fingerprint) -> Standing {
        if address == self.address() {
            let own = self.keyring.identities().any(|identity| identity.certificate().fingerprint() == *signer);
            if own { Standing::Own } else { Standing::Changed }
        } else {
            self.contacts.standing(address, signer)
        }
    }
}

fn summary_of(envelope: &Envelope, verified: Octets) -> Summary {
    Summary {
        from: envelope.from().clone(),
        signer: envelope.signer(),
        claimed_name: envelope.claimed_name().map(Into::into),
        to: envelope.to().to_vec(),
        more_readers: envelope.more_readers(),
        subject: envelope.subject().into(),
        first_line: envelope.first_line().into(),
        date: envelope.date(),
        verified,
    }
}

/// Everything of an entry that verification looks at; folder, flag and arrival may change without it.
fn digest(entry: &Entry, released: &Released) -> Octets {
    let address = entry.sender.address.as_str();
    let parts: [&[u8]; 6] = [
        entry.id.as_bytes(),
        entry.thread.as_bytes(),
        entry.sender.certificate.as_bytes(),
        address.as_bytes(),
        released.envelope.as_ref(),
        released.wrapped_key.as_ref(),
    ];
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    Octets(hash.finalize().to_vec())
}
