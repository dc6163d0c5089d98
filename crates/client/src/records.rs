//! Sealed records as a client reads and writes them: a version at a time, never an older one, with `If-Match`, merged
//! and tried again when another device was faster (PROTOCOL §2, §9a).

use std::collections::BTreeMap;

use rand::{CryptoRng, RngCore};
use zeroize::Zeroizing;

use securemailbox_protocol::{
    ids::RecordId,
    numbers::{ChangeNumber, Version},
    octets::Octets,
    problems::ProblemType,
    records::{Record, RecordHead, RecordPurpose},
};
use securemailbox_vault::records::{self, RecordPlace};

use crate::{
    api::Api,
    failure::{CallError, Class, Explained, Failure, explained},
    index::Owner,
    sync::{Held, SyncRefused},
    transport::Transport,
};

/// How often a write is merged and tried again before other devices are taken to be too many.
const TRIES: usize = 8;

/// A record can't be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// See there.
    #[error(transparent)]
    Call(#[from] CallError),
    /// See there.
    #[error(transparent)]
    Refused(#[from] SyncRefused),
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
            Self::Refused(SyncRefused::OlderRecord) => explained("older-record", Class::Damaged, TAMPERED),
            Self::Refused(SyncRefused::WentBack) => explained("server-went-back", Class::Damaged, TAMPERED),
            Self::Refused(SyncRefused::SecondRecord) => explained("second-record", Class::Damaged, TAMPERED),
            Self::Refused(SyncRefused::RecordMissing) => explained("record-missing", Class::Damaged, TAMPERED),
            Self::Refused(SyncRefused::Contradiction) => explained("contradiction", Class::Damaged, TAMPERED),
            Self::DoesNotOpen => explained("record-does-not-open", Class::Damaged, TAMPERED),
            Self::UnknownForm => {
                explained("unknown-form", Class::Damaged, "Another device may run a newer client: update this one.")
            }
            Self::Contended => explained("contended", Class::Unavailable, "Try again in a moment."),
        }
    }
}

/// One account's records, as one device sees them for the length of a call.
pub struct Records<'a, T> {
    /// The server.
    pub api: Api<'a, T>,
    /// Whose they are.
    pub owner: &'a Owner,
    /// Which versions were seen.
    pub held: &'a mut Held,
    /// Their bytes, at those versions.
    pub kept: &'a mut BTreeMap<RecordId, Record>,
}

impl<T: Transport> Records<'_, T> {
    /// Opens the newest version that this device knows of; fetches it if it was not kept.
    ///
    /// # Errors
    /// [`RecordError`]
    pub async fn read(&mut self, purpose: RecordPurpose) -> Result<Zeroizing<Vec<u8>>, RecordError> {
        let head = self.head(purpose)?;
        if head.version == Version::ZERO {
            return Ok(Zeroizing::default());
        }
        self.read_at(&head).await
    }

    /// The record of a purpose. Until each contact has a record of its own, all lie in one, which is made when the first
    /// is written, under the one id that every device of the account can know: the account's.
    fn head(&self, purpose: RecordPurpose) -> Result<RecordHead, SyncRefused> {
        match self.held.record(purpose) {
            Some(head) => Ok(head.clone()),
            None if purpose == RecordPurpose::Contact => {
                let id = RecordId::from_bytes(*self.owner.account.as_bytes());
                Ok(RecordHead { id, purpose, version: Version::ZERO, change: ChangeNumber::ZERO })
            }
            None => Err(SyncRefused::RecordMissing),
        }
    }

    async fn read_at(&mut self, head: &RecordHead) -> Result<Zeroizing<Vec<u8>>, RecordError> {
        let kept = self.kept.get(&head.id).is_some_and(|record| record.head.version == head.version);
        if !kept {
            self.fetch(head).await?;
        }
        let record = self.kept.get(&head.id).ok_or(RecordError::DoesNotOpen)?;
        let opened = records::open(&self.place(&record.head), &self.owner.secret, &record.sealed.0);
        if opened.is_err() {
            self.kept.remove(&head.id);
        }
        opened.map_err(|_| RecordError::DoesNotOpen)
    }

    /// Writes what `change` makes of the newest text, until no other device came between. No write if nothing changes.
    ///
    /// # Errors
    /// [`RecordError`]; after a lost answer the write may have been taken, and the same change can be written again.
    pub async fn update(
        &mut self,
        rng: &mut (impl RngCore + CryptoRng),
        purpose: RecordPurpose,
        change: impl Fn(&[u8]) -> Result<Vec<u8>, RecordError>,
    ) -> Result<(), RecordError> {
        for _ in 0..TRIES {
            let before = self.read(purpose).await?;
            let after = Zeroizing::new(change(&before)?);
            if after == before {
                return Ok(());
            }
            let head = self.head(purpose)?;
            let place = RecordPlace { version: head.version.next(), ..self.place(&head) };
            let sealed = records::seal(&place, &self.owner.secret, &after, rng);
            match self.put(&head, sealed).await {
                Err(RecordError::Call(error))
                    if matches!(error.problem(), Some(ProblemType::StaleVersion | ProblemType::RecordExists)) =>
                {
                    self.fetch(&head).await?;
                }
                done => return done,
            }
        }
        Err(RecordError::Contended)
    }

    /// Opens a draft at the newest version that this device knows of; `not-found` if it knows of none.
    ///
    /// # Errors
    /// [`RecordError`]
    pub async fn read_draft(&mut self, id: RecordId) -> Result<Zeroizing<Vec<u8>>, RecordError> {
        let held = self.held.records().find(|head| head.id == id).cloned();
        match held {
            Some(head) if head.purpose != RecordPurpose::Draft => Err(SyncRefused::Contradiction.into()),
            Some(head) => self.read_at(&head).await,
            None => {
                self.fetch(&draft_head(id, Version::ZERO)).await?;
                let head = self.kept.get(&id).ok_or(RecordError::DoesNotOpen)?.head.clone();
                self.read_at(&head).await
            }
        }
    }

    /// Writes a draft: a new record, or the next version of one. A person writes one letter on one device at a time, so
    /// the later text counts, and another device's earlier version is written over.
    ///
    /// # Errors
    /// [`RecordError`]
    pub async fn write_draft(
        &mut self,
        rng: &mut (impl RngCore + CryptoRng),
        id: RecordId,
        text: &[u8],
    ) -> Result<(), RecordError> {
        for _ in 0..TRIES {
            let held = self.held.records().find(|head| head.id == id).cloned();
            let head = held.unwrap_or_else(|| draft_head(id, Version::ZERO));
            let place = RecordPlace { version: head.version.next(), ..self.place(&head) };
            match self.put(&head, records::seal(&place, &self.owner.secret, text, rng)).await {
                Err(RecordError::Call(error))
                    if matches!(error.problem(), Some(ProblemType::StaleVersion | ProblemType::RecordExists)) =>
                {
                    self.fetch(&head).await?;
                }
                done => return done,
            }
        }
        Err(RecordError::Contended)
    }

    async fn put(&mut self, head: &RecordHead, sealed: Vec<u8>) -> Result<(), RecordError> {
        let path = format!("/records/{}?purpose={}", head.id, word(head.purpose));
        let condition = if head.version == Version::ZERO {
            ("if-none-match", "*".into())
        } else {
            ("if-match", format!("\"{}\"", head.version))
        };
        let written: RecordHead = self.api.put_raw(&path, condition, sealed.clone()).await?;
        let as_asked = written.id == head.id && written.purpose == head.purpose;
        if !as_asked || written.version != head.version.next() {
            return Err(SyncRefused::Contradiction.into());
        }
        self.held.take_record(written.clone())?;
        self.kept.insert(written.id, Record { head: written, sealed: Octets(sealed) });
        Ok(())
    }

    async fn fetch(&mut self, wanted: &RecordHead) -> Result<(), RecordError> {
        let record: Record = self.api.get(&format!("/records/{}", wanted.id)).await?;
        if record.head.id != wanted.id || record.head.purpose != wanted.purpose {
            return Err(SyncRefused::Contradiction.into());
        }
        self.held.take_record(record.head.clone())?;
        self.kept.insert(record.head.id, record);
        Ok(())
    }

    const fn place(&self, head: &RecordHead) -> RecordPlace {
        RecordPlace { account: self.owner.account, record: head.id, purpose: head.purpose, version: head.version }
    }
}

/// What a draft that this device knows nothing of would be written over.
const fn draft_head(id: RecordId, version: Version) -> RecordHead {
    RecordHead { id, purpose: RecordPurpose::Draft, version, change: ChangeNumber::new(0) }
}

const fn word(purpose: RecordPurpose) -> &'static str {
    match purpose {
        RecordPurpose::Keyring => "keyring",
        RecordPurpose::Contact => "contact",
        RecordPurpose::Settings => "settings",
        RecordPurpose::Draft => "draft",
    }
}
