//! Sealed records as a client reads and writes them: a version at a time, never an older one, with `If-Match`, merged
//! and tried again when another device was faster (PROTOCOL §2, §9a).

use zeroize::Zeroizing;

use securemailbox_protocol::{
    address::Address,
    attachments, endpoints,
    ids::{BlobId, RecordId},
    numbers::{ChangeNumber, Version},
    octets::Octets,
    problems::ProblemType,
    records::{KEYRING_VERSION, Record, RecordHead, RecordPurpose},
};
use securemailbox_vault::records::{self, RecordPlace};

use crate::{
    api::Api,
    contacts::{Contact, Edit},
    device::{DeviceFailed, Table},
    failure::{CallError, Class, ClientProblem, Explained, Failure, explained},
    keeping::RecordRow,
    mailbox::Mailbox,
    owner::Owner,
    replica::SyncRefused,
    rows,
    settings::Settings,
    transport::Transport,
    world::World,
};

/// Where an edit comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happened {
    /// A key or a name was met.
    Seen,
    /// A person said something of a key.
    Decided,
}

/// How often a write is merged and tried again before other devices are taken to be too many.
pub(crate) const TRIES: usize = 8;

/// A record can't be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The server could not be asked, or refused.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The server's answer can't be true.
    #[error(transparent)]
    Refused(#[from] SyncRefused),
    /// The device's own store failed.
    #[error(transparent)]
    Device(#[from] DeviceFailed),
    /// Altered, of another purpose, another account's, or another version than the server says (ATTACKS 6, 7, 19).
    #[error("a sealed record of this mailbox does not open")]
    DoesNotOpen,
    /// It opened, and holds something else than this client knows.
    #[error("a sealed record is in a form this client does not know")]
    UnknownForm,
    /// Other devices wrote faster, every time.
    #[error("other devices write to this mailbox all the time")]
    Contended,
}

impl Failure for RecordError {
    fn explain(&self) -> Explained {
        const TAMPERED: &str = "Nothing of it was used. Tell the operator: the server may have been tampered with, or \
                                restored from an old backup.";
        match self {
            Self::Call(error) => error.explain(),
            Self::Device(error) => error.explain(),
            Self::Refused(SyncRefused::OlderRecord) => explained(ClientProblem::OlderRecord, Class::Damaged, TAMPERED),
            Self::Refused(SyncRefused::WentBack) => explained(ClientProblem::ServerWentBack, Class::Damaged, TAMPERED),
            Self::Refused(SyncRefused::SecondRecord) => {
                explained(ClientProblem::SecondRecord, Class::Damaged, TAMPERED)
            }
            Self::Refused(SyncRefused::RecordMissing) => {
                explained(ClientProblem::RecordMissing, Class::Damaged, TAMPERED)
            }
            Self::Refused(SyncRefused::Contradiction) => {
                explained(ClientProblem::Contradiction, Class::Damaged, TAMPERED)
            }
            Self::DoesNotOpen => explained(ClientProblem::RecordDoesNotOpen, Class::Damaged, TAMPERED),
            Self::UnknownForm => explained(
                ClientProblem::UnknownForm,
                Class::Damaged,
                "Another device may run a newer client: update this one.",
            ),
            Self::Contended => explained(ClientProblem::Contended, Class::Unavailable, "Try again in a moment."),
        }
    }
}

/// Opens a record at the place that its head names.
///
/// # Errors
/// [`RecordError::DoesNotOpen`]
pub(crate) fn open(owner: &Owner, head: &RecordHead, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, RecordError> {
    records::open(&place(owner, head), &owner.secret, sealed).map_err(|_| RecordError::DoesNotOpen)
}

/// Opens a contact's record: whose it is, and what is known of them; none of one that was forgotten.
///
/// # Errors
/// [`RecordError::DoesNotOpen`], [`RecordError::UnknownForm`]
pub(crate) fn open_contact(
    owner: &Owner,
    head: &RecordHead,
    sealed: &[u8],
) -> Result<Option<(Address, Contact)>, RecordError> {
    Contact::from_bytes(&open(owner, head, sealed)?).map_err(|_| RecordError::UnknownForm)
}

const fn place(owner: &Owner, head: &RecordHead) -> RecordPlace {
    RecordPlace { account: owner.account, record: head.id, purpose: head.purpose, version: head.version }
}

/// Fetches a record, which must be the one that was asked for.
///
/// # Errors
/// [`RecordError`]
pub(crate) async fn fetch<T: Transport>(
    api: &Api<'_, T>,
    id: RecordId,
    purpose: RecordPurpose,
) -> Result<Record, RecordError> {
    let record = api.get(endpoints::READ_RECORD.of(id)).await?;
    if record.head.id == id && record.head.purpose == purpose {
        Ok(record)
    } else {
        Err(SyncRefused::Contradiction.into())
    }
}

impl Mailbox {
    /// Changes the settings, on top of what another device chose meanwhile.
    ///
    /// # Errors
    /// [`RecordError`]; after a lost answer the write may have been taken, and the same change can be written again.
    pub(crate) async fn change_settings(
        &self,
        world: &impl World,
        change: impl Fn(Settings) -> Settings,
    ) -> Result<(), RecordError> {
        for _ in 0..TRIES {
            let (head, before) = self.newest_settings(world).await?;
            let after = change(before.clone());
            if after == before {
                return Ok(());
            }
            match self.put_record(world, &head, &after.to_bytes()).await {
                Err(error) if is_stale(&error) => {
                    self.fetch_record(world, &head).await?;
                }
                done => return done,
            }
        }
        Err(RecordError::Contended)
    }

    /// The settings as far as this device knows them, and their place.
    pub(crate) async fn newest_settings(&self, world: &impl World) -> Result<(RecordHead, Settings), RecordError> {
        let head = self.state.borrow().replica.record(RecordPurpose::Settings).cloned();
        let (head, text) = self.newest(world, &head.ok_or(SyncRefused::RecordMissing)?).await?;
        Ok((head, Settings::from_bytes(&text).map_err(|_| RecordError::UnknownForm)?))
    }

    /// Writes what happened to one contact: into each record that there is of it, or into a new one. What was seen
    /// need not be written where it stands already, as far as is known here; what was decided must be: another device
    /// may have been told the contrary meanwhile.
    ///
    /// # Errors
    /// [`RecordError`]; after a lost answer the write may have been taken, and the same edits can be written again.
    pub(crate) async fn write_contact(
        &self,
        world: &impl World,
        edits: &[Edit],
        happened: Happened,
    ) -> Result<(), RecordError> {
        let Some(address) = edits.first().map(|edit| edit.address.clone()) else { return Ok(()) };
        let records: Vec<RecordId> = {
            let state = self.state.borrow();
            state.cards.get(&address).into_iter().flat_map(|cards| cards.keys().copied()).collect()
        };
        let new = [RecordId::new(world.now(), &mut world.rng())];
        for id in if records.is_empty() { &new } else { records.as_slice() } {
            self.write_card(world, *id, edits, happened).await?;
        }
        Ok(())
    }

    async fn write_card(
        &self,
        world: &impl World,
        id: RecordId,
        edits: &[Edit],
        happened: Happened,
    ) -> Result<(), RecordError> {
        for _ in 0..TRIES {
            let (head, address, contact, as_it_was) = {
                let state = self.state.borrow();
                let Some(edit) = edits.first() else { return Ok(()) };
                let mut contacts = state.contacts.clone_of(&edit.address);
                edits.iter().for_each(|edit| contacts.apply(edit));
                let Some(contact) = contacts.get(&edit.address).cloned() else { return Ok(()) };
                let as_it_was = state.cards.get(&edit.address).and_then(|cards| cards.get(&id)).cloned();
                let head = state.replica.head(id).cloned();
                if head.is_some() && as_it_was.is_none() {
                    // The contact was forgotten meanwhile, and so is what was to be written of it.
                    return Ok(());
                }
                (head.unwrap_or(new_head(id, RecordPurpose::Contact)), edit.address.clone(), contact, as_it_was)
            };
            if happened == Happened::Seen && as_it_was.as_ref() == Some(&contact) {
                return Ok(());
            }
            match self.put_record(world, &head, &contact.to_bytes(&address)).await {
                Err(error) if is_stale(&error) => {
                    self.fetch_record(world, &head).await?;
                }
                Err(error) => return Err(error),
                Ok(()) => {
                    self.state.borrow_mut().take_card(id, address, contact);
                    return Ok(());
                }
            }
        }
        Err(RecordError::Contended)
    }

    /// Writes down at the server which keys were met, one record for each contact.
    ///
    /// # Errors
    /// [`RecordError`]: what was not written stays on this device and goes out the next time.
    pub async fn write_pins(&self, world: &impl World) -> Result<(), RecordError> {
        let mut failed = None;
        loop {
            let next = self.state.borrow().pins.first().map(|(_, edit)| edit.address.clone());
            let Some(address) = next else { break };
            match self.write_pins_of(world, &address).await {
                Ok(()) => {}
                // One contact that can't be written stands in no other one's way; it is tried again the next time.
                Err(error) if error.explain().class == Class::Unavailable => {
                    failed = Some(error);
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// The same of one contact.
    ///
    /// # Errors
    /// [`RecordError`]
    pub(crate) async fn write_pins_of(&self, world: &impl World, address: &Address) -> Result<(), RecordError> {
        let pins = {
            let state = self.state.borrow();
            state.pins.iter().filter(|(_, edit)| edit.address == *address).cloned().collect::<Vec<_>>()
        };
        let edits: Vec<Edit> = pins.iter().map(|(_, edit)| edit.clone()).collect();
        self.write_contact(world, &edits, Happened::Seen).await?;
        Ok(self.forget_pins(world, &pins.iter().map(|(id, _)| *id).collect::<Vec<_>>()).await?)
    }

    /// What these edits say stands in a record by now.
    pub(crate) async fn forget_pins(
        &self,
        world: &impl World,
        ids: &[crate::device::RowId],
    ) -> Result<(), DeviceFailed> {
        {
            let mut state = self.state.borrow_mut();
            state.pins.retain(|(id, _)| !ids.contains(id));
            state.unwritten_pins.retain(|id| !ids.contains(id));
        }
        let erased = ids.iter().map(|id| rows::erase(Table::Pin, *id, crate::device::Expected::Anything)).collect();
        self.rows(world).write(erased).await.map(drop)
    }

    /// Opens the newest version of a record that this device knows of; fetches it if the device lacks its bytes.
    ///
    /// # Errors
    /// [`RecordError`]
    pub(crate) async fn newest(
        &self,
        world: &impl World,
        head: &RecordHead,
    ) -> Result<(RecordHead, Zeroizing<Vec<u8>>), RecordError> {
        if let Some(sealed) = self.sealed_here(world, head).await? {
            return Ok((head.clone(), open(&self.owner, head, &sealed.0)?));
        }
        self.fetch_record(world, head).await
    }

    /// The bytes of this version of a record, if the device has them.
    pub(crate) async fn sealed_here(
        &self,
        world: &impl World,
        head: &RecordHead,
    ) -> Result<Option<Octets>, DeviceFailed> {
        let sealed = self.sealed_of_all(world, std::slice::from_ref(head)).await?;
        Ok(sealed.into_iter().next().flatten())
    }

    /// The bytes of these versions of records, in their order, where the device has them.
    pub(crate) async fn sealed_of_all(
        &self,
        world: &impl World,
        heads: &[RecordHead],
    ) -> Result<Vec<Option<Octets>>, DeviceFailed> {
        let ids: Vec<_> = heads.iter().map(|head| *head.id.as_bytes()).collect();
        let rows = self.rows(world).get_all::<RecordRow>(Table::Record, &ids).await?;
        let state = self.state.borrow();
        let unwritten = |head: &RecordHead| {
            let (there, sealed) = state.replica.unwritten.records.get(&head.id)?;
            sealed.clone().filter(|_| there.version == head.version)
        };
        let written =
            |head: &RecordHead, row: Option<RecordRow>| row.filter(|row| row.head.version == head.version)?.sealed;
        Ok(heads.iter().zip(rows).map(|(head, row)| unwritten(head).or_else(|| written(head, row.value))).collect())
    }

    /// Writes the next version of a record, or its first. Where the keyring was written meanwhile, it is read first: after a
    /// renewal by another device it does not open, and nothing is written that would open for nobody.
    pub(crate) async fn put_record(
        &self,
        world: &impl World,
        head: &RecordHead,
        text: &[u8],
    ) -> Result<(), RecordError> {
        self.put_record_with(world, head, text, &[]).await
    }

    /// The same of a draft, with the blobs that it refers to.
    pub(crate) async fn put_record_with(
        &self,
        world: &impl World,
        head: &RecordHead,
        text: &[u8],
        blobs: &[BlobId],
    ) -> Result<(), RecordError> {
        let stale = match self.put_record_once(world, head, text, blobs).await {
            Err(RecordError::Call(error)) if error.problem() == Some(ProblemType::StaleKeyring) => error,
            written => return written,
        };
        let keyring = self.state.borrow().replica.record(RecordPurpose::Keyring).cloned();
        match self.fetch_record(world, &keyring.ok_or(SyncRefused::RecordMissing)?).await {
            Ok(_) => self.put_record_once(world, head, text, blobs).await,
            Err(RecordError::DoesNotOpen) => Err(stale.into()),
            Err(error) => Err(error),
        }
    }

    async fn put_record_once(
        &self,
        world: &impl World,
        head: &RecordHead,
        text: &[u8],
        blobs: &[BlobId],
    ) -> Result<(), RecordError> {
        let next = RecordPlace { version: head.version.next(), ..place(&self.owner, head) };
        let sealed = records::seal(&next, &self.owner.secret, text, &mut world.rng());
        let write = endpoints::WRITE_RECORD.of(head.id).with("purpose", head.purpose.as_str());
        let condition = if head.version == Version::ZERO {
            ("if-none-match", "*".into())
        } else {
            ("if-match", format!("\"{}\"", head.version))
        };
        let keyring = self.state.borrow().replica.record(RecordPurpose::Keyring).map(|keyring| keyring.version);
        let keyring = keyring.filter(|_| head.purpose != RecordPurpose::Keyring);
        let keyring = keyring.map(|version| (KEYRING_VERSION, version.to_string()));
        let blobs = (!blobs.is_empty()).then(|| (attachments::BLOBS, attachments::in_a_header(blobs)));
        let conditions = std::iter::once(condition).chain(keyring).chain(blobs).collect();
        let written = self.session.api(world).put_raw(write, conditions, sealed.clone()).await?;
        let as_asked = written.id == head.id && written.purpose == head.purpose;
        if !as_asked || written.version != head.version.next() {
            return Err(SyncRefused::Contradiction.into());
        }
        Ok(self.state.borrow_mut().replica.take_own_record(written, Octets(sealed))?)
    }

    /// Takes the version that the server has, and opens it.
    pub(crate) async fn fetch_record(
        &self,
        world: &impl World,
        wanted: &RecordHead,
    ) -> Result<(RecordHead, Zeroizing<Vec<u8>>), RecordError> {
        let record = fetch(&self.session.api(world), wanted.id, wanted.purpose).await?;
        let text = open(&self.owner, &record.head, &record.sealed.0)?;
        let contact = match record.head.purpose {
            RecordPurpose::Contact => Some(Contact::from_bytes(&text).map_err(|_| RecordError::UnknownForm)?),
            RecordPurpose::Keyring | RecordPurpose::Settings | RecordPurpose::Draft => None,
        };
        let mut state = self.state.borrow_mut();
        state.replica.take_record(record.head.clone(), Some(record.sealed))?;
        match contact {
            Some(Some((address, contact))) => state.take_card(record.head.id, address, contact),
            Some(None) => state.drop_card(record.head.id),
            None => {}
        }
        Ok((record.head, text))
    }
}

/// Another device wrote the record meanwhile.
pub(crate) fn is_stale(error: &RecordError) -> bool {
    let problem = match error {
        RecordError::Call(error) => error.problem(),
        RecordError::Refused(_)
        | RecordError::Device(_)
        | RecordError::DoesNotOpen
        | RecordError::UnknownForm
        | RecordError::Contended => None,
    };
    matches!(problem, Some(ProblemType::StaleVersion | ProblemType::RecordExists))
}

/// What a record that is not there yet would be written over.
pub(crate) const fn new_head(id: RecordId, purpose: RecordPurpose) -> RecordHead {
    RecordHead { id, purpose, version: Version::ZERO, change: ChangeNumber::ZERO }
}
