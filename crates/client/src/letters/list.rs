//! Listing: an envelope at a time, verified before a word of it is shown (PROTOCOL §4.4).
//!
//! What was opened once is not opened again, and asks the server for nothing. A key is not remembered because a stranger's
//! letter was listed: it is when the letter is opened or answered.

use std::{collections::BTreeMap, ops::Range};

use securemailbox_protocol::{
    endpoints,
    ids::LetterId,
    letters::{Entry, Folder, Released},
    problems::ProblemType,
};
use securemailbox_vault::{
    certificates::Certificate,
    known_keys::{KeyRefused, KnownKey},
    letters::{Envelope, Expected, SessionKey, open_envelope, unwrap},
};

use crate::{
    contacts::{Event, Standing},
    device::{DeviceFailed, Expected as ExpectedRow, Table, Tag, Write},
    directory::LookUpError,
    failure::{CallError, Class, Failure},
    mailbox::Mailbox,
    replica::{Choice, Conversation},
    world::World,
};

use super::{
    Damage, LetterRow, NotShown, Summary,
    damage::released,
    summary::{OpenedEnvelope, Verified},
};

/// A letter in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The entry, without what opens it. Folder, flag and times are the server's word.
    pub entry: Entry,
    /// What the envelope says, and how its sender's key stands; or why it is not shown.
    pub summary: Result<(Summary, Standing), NotShown>,
}

/// A letter's row, and what names its last writing on the device.
pub(super) struct Found {
    pub(super) row: LetterRow,
    pub(super) tag: Option<Tag>,
}

impl Row {
    /// A row of several letters that were posted together is to the readers of all.
    fn posted_with(mut self, other: Self) -> Self {
        if let (Ok((summary, _)), Ok((others, _))) = (&mut self.summary, other.summary) {
            summary.are_readers_too(others);
        }
        self
    }
}

impl Mailbox {
    /// The newest letters of a folder, newest arrival first, at most `limit`. A damaged one is a row like another.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn list(&self, world: &impl World, folder: Folder, limit: usize) -> Result<Vec<Row>, DeviceFailed> {
        let ids = self.state.borrow().replica.letters(folder, 0..limit);
        self.list_rows(world, ids).await
    }

    /// A part of the conversations of a folder, or of some of them, each with its newest letter; counted from the newest
    /// arrival. Of letters that were posted together it names the readers of all.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn part(
        &self,
        world: &impl World,
        choice: impl Into<Choice>,
        range: Range<usize>,
    ) -> Result<Vec<(Conversation, Row)>, DeviceFailed> {
        let conversations = self.state.borrow().replica.part(choice, range);
        let shown = |conversation: &Conversation| match conversation.is_post {
            true => conversation.letters.clone(),
            false => conversation.letters.first().copied().into_iter().collect(),
        };
        let rows = self.list_rows(world, conversations.iter().flat_map(shown).collect()).await?;
        let mut rows: BTreeMap<_, _> = rows.into_iter().map(|row| (row.entry.id, row)).collect();
        let mut listed = Vec::with_capacity(conversations.len());
        for conversation in conversations {
            let mut of_it = conversation.letters.iter().map_while(|id| rows.remove(id));
            if let Some(newest) = of_it.next() {
                let newest = of_it.fold(newest, Row::posted_with);
                listed.push((conversation, newest));
            }
        }
        Ok(listed)
    }

    /// The letters that are read with one, oldest first; itself among them.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn read_with(&self, world: &impl World, id: LetterId) -> Result<Vec<Row>, DeviceFailed> {
        let ids = self.state.borrow().replica.read_with(id);
        self.list_rows(world, ids).await
    }

    /// The letters that are one row with this one, newest arrival first; itself among them.
    #[must_use]
    pub fn row_of(&self, id: LetterId) -> Vec<LetterId> {
        let row = self.state.borrow().replica.row_of(id);
        row.map_or_else(|| vec![id], |row| row.letters)
    }

    /// What the server says of a letter that is not shown: whom it comes from, and what its sender asks for.
    pub async fn said_of(&self, world: &impl World, id: LetterId) -> Option<Entry> {
        let found = self.found(world, &[id]).await.ok()?.pop().flatten()?;
        Some(Entry { released: None, ..found.row.entry })
    }

    async fn list_rows(&self, world: &impl World, ids: Vec<LetterId>) -> Result<Vec<Row>, DeviceFailed> {
        let (mut rows, mut opened) = (Vec::with_capacity(ids.len()), Vec::new());
        let mut unreachable = None;
        for (id, found) in ids.iter().zip(self.found(world, &ids).await?) {
            let found = match found {
                Some(found) => found,
                // The store of another form, or another tab dropped it: the server knows.
                None => match self.fetch_entry(world, *id).await {
                    Ok(Some(found)) => found,
                    Ok(None) | Err(_) => continue,
                },
            };
            let mut entry = found.row.entry.clone();
            let summary = match &unreachable {
                // One answer that does not come is waited for once.
                Some(error) if found.row.opened.is_none() => Err(NotShown::Call(CallError::clone(error))),
                Some(_) | None => self.opened_envelope(world, &found, &mut opened).await,
            };
            if let Err(NotShown::Call(error @ CallError::Unreachable(_))) = &summary {
                unreachable = Some(error.clone());
            }
            let summary = summary.and_then(|opened| Ok(self.judged(opened.summary)?));
            if let Some(brief) = self.state.borrow().replica.entry(*id) {
                (entry.folder, entry.change) = (brief.folder, brief.change);
                (entry.read, entry.flagged) = (brief.read, brief.flagged);
            }
            entry.released = None;
            rows.push(Row { entry, summary });
        }
        // Another tab may have written them meanwhile; then it opened them, or the next list does.
        let _ = self.rows(world).write(opened).await?;
        Ok(rows)
    }

    /// The rows of some letters: what the server said last, and what the device has of it.
    pub(super) async fn found(&self, world: &impl World, ids: &[LetterId]) -> Result<Vec<Option<Found>>, DeviceFailed> {
        let row_ids: Vec<_> = ids.iter().map(|id| *id.as_bytes()).collect();
        let there = self.rows(world).get_all::<LetterRow>(Table::Letter, &row_ids).await?;
        let state = self.state.borrow();
        let found = ids.iter().zip(there).map(|(id, there)| {
            let tag = there.tag;
            let row = match state.replica.unwritten.entries.get(id) {
                Some(entry) => Some(LetterRow::new(entry.clone(), there.value)),
                None => there.value,
            };
            row.map(|row| Found { row, tag })
        });
        Ok(found.collect())
    }

    /// Writes a letter's row over the one that was read, and over no other: one that went with its letter stays away.
    pub(super) fn row_over(&self, world: &impl World, tag: Tag, row: &LetterRow) -> Write {
        let id = *row.entry.id.as_bytes();
        self.rows(world).put(Table::Letter, id, ExpectedRow::Row(tag), row, &mut world.rng())
    }

    /// Asks the server for an entry; none if it has none.
    pub(super) async fn fetch_entry(&self, world: &impl World, id: LetterId) -> Result<Option<Found>, NotShown> {
        let entry = match self.session.api(world).get(endpoints::READ_ENTRY.of(id)).await {
            Err(error) if error.problem() == Some(ProblemType::NotFound) => return Ok(None),
            answer => answer?,
        };
        if entry.id != id {
            return Err(Damage::OtherLetter.into());
        }
        Ok(Some(Found { row: LetterRow { entry, opened: None, told: None }, tag: None }))
    }

    /// How a verified envelope's sender stands now: the key may have been accepted, or have changed, since it was opened.
    fn judged(&self, summary: Summary) -> Result<(Summary, Standing), Damage> {
        match self.standing(&summary.from, &summary.signer) {
            Standing::Changed => Err(Damage::SenderKeyChanged),
            standing => Ok((summary, standing)),
        }
    }

    /// What was verified of a letter's envelope, or what it says when it is opened now; then `writes` gets the row.
    pub(super) async fn opened_envelope(
        &self,
        world: &impl World,
        found: &Found,
        writes: &mut Vec<Write>,
    ) -> Result<OpenedEnvelope, NotShown> {
        if let Some(opened) = &found.row.opened {
            return Ok(opened.clone());
        }
        let entry = &found.row.entry;
        let released = released(entry)?;
        let sender = self.sender_certificate(world, entry).await?;
        let key = unwrap(released.wrapped_key.as_ref(), &self.keyring()).map_err(Damage::from)?;
        let envelope = self.open_envelope(world, entry, released, &key, &sender)?;
        self.refuse_older(&sender)?;
        let opened = OpenedEnvelope::new(Verified::of(entry, released), Summary::of(&envelope), &key);
        // Not over a row that another tab wrote since; a letter without a row is written down with its entry.
        if let Some(tag) = found.tag {
            let row = LetterRow { opened: Some(opened.clone()), ..found.row.clone() };
            writes.push(self.row_over(world, tag, &row));
        }
        Ok(opened)
    }

    pub(super) fn open_envelope(
        &self,
        world: &impl World,
        entry: &Entry,
        released: &Released,
        key: &SessionKey,
        sender: &Certificate,
    ) -> Result<Envelope, Damage> {
        let expected =
            Expected { id: entry.id, thread: entry.thread, sender, reader: &self.keyring(), now: world.now() };
        Ok(open_envelope(released.envelope.as_ref(), key)?.verify(&expected)?)
    }

    /// The certificate that must have signed: one's own from the keyring, another's by the hash the server names.
    pub(super) async fn sender_certificate(&self, world: &impl World, entry: &Entry) -> Result<Certificate, NotShown> {
        let sender = &entry.sender;
        if sender.address == *self.address() {
            let keyring = self.keyring();
            let own = keyring.certificates().find(|certificate| certificate.hash() == sender.certificate);
            return own.cloned().ok_or_else(|| Damage::SenderKeyChanged.into());
        }
        match self.certificate(world, sender.certificate, &sender.address).await {
            Ok(certificate) => {
                let standing = self.standing(&sender.address, &certificate.fingerprint());
                if standing == Standing::Changed && self.was_invited(&sender.address) {
                    // Whoever had no mailbox may have made one. If the directory does not show it, the key is a changed one.
                    let _ = self.look_up(world, &sender.address).await;
                }
                Ok(certificate)
            }
            Err(LookUpError::Certificate(refused)) => Err(Damage::Certificate(refused).into()),
            // One certificate that the server has lost is one damaged letter; a server that fails says nothing of it.
            Err(LookUpError::Call(error)) => match error.explain().class {
                Class::NotFound | Class::Damaged => Err(Damage::CertificateMissing.into()),
                Class::Refused | Class::Unavailable if error == CallError::Unreadable => {
                    Err(Damage::CertificateMissing.into())
                }
                Class::Refused | Class::Unavailable => Err(error.into()),
            },
            Err(
                LookUpError::NoAccount
                | LookUpError::KeyChanged
                | LookUpError::DigitsDiffer
                | LookUpError::NumberDiffers
                | LookUpError::OtherPassphrase
                | LookUpError::NoLevelByLink
                | LookUpError::OlderCertificate,
            ) => Err(Damage::CertificateMissing.into()),
        }
    }

    /// An older certificate of a known key than one already seen hides what came since (ATTACKS 7).
    pub(super) fn refuse_older(&self, sender: &Certificate) -> Result<(), Damage> {
        match self.state.borrow().contacts.may_write_to(sender) {
            Err(KeyRefused::Older) => Err(Damage::OlderCertificate),
            Ok(_) | Err(KeyRefused::Changed { .. }) => Ok(()),
        }
    }

    /// Remembers the key of a sender whose letter was opened; another key than the known one is remembered as offered.
    pub(super) fn pin_sender(&self, world: &impl World, sender: &Certificate) -> Result<(), Damage> {
        if sender.address() == self.address() {
            return Ok(());
        }
        self.refuse_older(sender)?;
        self.pin(world, sender.address(), Event::Met(KnownKey::first(sender)));
        Ok(())
    }
}
