//! Posting (PROTOCOL §4.3).

use std::collections::{BTreeMap, BTreeSet};

use securemailbox_protocol::{
    ids::{AccountId, MailboxId},
    letters::{NewLetter, NewReader, Posted, PostedLetter, SentDraft},
    levels::Level,
    numbers::{EraseNumber, Version},
    time::Timestamp,
};

use sha2::{Digest as _, Sha256};

use super::{
    arriving::{Arrival, Arriving},
    hold,
};
use crate::{
    Act, Db, StoreError, ToParam,
    blobs::{self, ReferError, TakenOver},
    erasure,
    invitations::{self, NewGuest},
    quotas::{self, Quota},
};

/// A letter as the sender's client sealed it.
pub struct PostLetter {
    /// All but its content. The caller has held it to the limits.
    pub new: NewLetter,
    /// Its content, whose SHA-256 the caller has compared with `new.content_hash`.
    pub content: Vec<u8>,
}

/// Why nothing of the request was posted, not even the letters that were right.
#[derive(Debug, thiserror::Error)]
pub enum PostLettersError {
    /// A reader has another key by now, or no account.
    #[error("a reader has another key, or none")]
    StaleKey {
        /// The account whose key is another one, or which does not exist.
        reader: AccountId,
    },
    /// Another letter has this id: other bytes, or another sender's.
    #[error("another letter has this id")]
    IdTaken,
    /// The draft that the letters were is at another version, or gone.
    #[error("the draft was written on, sent or erased meanwhile")]
    StaleDraft,
    /// The sender's mailbox holds as much as it may.
    #[error("the sender's mailbox is full")]
    MailboxFull,
    /// A reader's mailbox holds as much as it may.
    #[error("a reader's mailbox is full")]
    ReaderFull {
        /// The account whose mailbox it is.
        reader: AccountId,
    },
    /// The sender is not among the readers of each letter, someone is twice, or a guest is not among them.
    #[error("the readers of a letter are not the sender and others, each once, or a guest reads none")]
    Readers,
    /// A blob is not there, not whole, or not the sender's to refer to.
    #[error("a blob is not there, not whole, or another's")]
    BlobMissing,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl From<ReferError> for PostLettersError {
    fn from(error: ReferError) -> Self {
        match error {
            ReferError::Missing => Self::BlobMissing,
            ReferError::Store(source) => source.into(),
        }
    }
}

/// Puts letters into every reader's mailbox, all or none, and a notice into the outbox for each reader but the sender who was
/// not told of a letter since they last looked.
///
/// Letters that have a release stay with their sender until then. The same id with the same bytes is the same letter: it answers as the first time, whoever erased it meanwhile. The
/// draft goes with the letters, in a repetition too if it is still there as it was.
pub struct PostLetters {
    /// The mailbox that posts, and that gets a copy of each letter.
    pub sender: MailboxId,
    /// One, and one more for each Bcc reader; or one for each reader.
    pub letters: Vec<PostLetter>,
    /// Readers who have no mailbox and are made a guest account. Each reads one of the letters.
    pub guests: Vec<NewGuest>,
    /// The sender's draft that they were.
    pub draft: Option<SentDraft>,
    /// When their readers get them, if not at once.
    pub release: Option<Timestamp>,
    /// What the sender's session proves now: letters that demand more lend none of their blobs.
    pub proved: Option<Level>,
    /// How much each of the mailboxes may hold.
    pub quota: Quota,
    /// When they arrive, if they are new.
    pub now: Timestamp,
}

impl Act for PostLetters {
    type Output = Posted;
    type Error = PostLettersError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        self.check_readers()?;
        let mut arrivals = BTreeMap::new();
        let mut unposted = BTreeMap::new();
        for letter in &self.letters {
            match self.earlier(db, letter).await? {
                Some(arrived) => drop(arrivals.insert(letter.new.id, arrived)),
                None => drop(unposted.insert(letter.new.id, letter)),
            }
        }
        // In a repetition they are there.
        for guest in self.guests.iter().filter(|_| !unposted.is_empty()) {
            if !invitations::make(db, self.sender, guest, self.now).await? {
                return Err(PostLettersError::StaleKey { reader: guest.account });
            }
        }
        let blobs = unposted.values().flat_map(|letter| letter.new.blobs.iter().copied());
        let taken = blobs::take_over(db, self.sender, blobs, self.proved).await?;
        // In the order of ids, letters before accounts, so that two posts at once wait for each other in one order.
        for letter in unposted.values() {
            self.insert_letter(db, letter, &taken).await?;
            arrivals.insert(letter.new.id, self.now);
        }
        let mut mailboxes: BTreeMap<AccountId, Vec<Arrival<'_>>> = BTreeMap::new();
        for letter in unposted.values() {
            for reader in &letter.new.readers {
                mailboxes.entry(reader.account).or_default().push(Arrival {
                    letter: letter.new.id,
                    bytes: quotas::length(&letter.content)
                        + quotas::length(letter.new.envelope.as_ref())
                        + taken.length(&letter.new.blobs),
                    has_others: letter.new.readers.len() > 1,
                    certificate: reader.certificate,
                    wrapped_key: reader.wrapped_key.as_ref(),
                });
            }
        }
        let arriving = Arriving { sender: self.sender, released: taken.released, quota: self.quota, now: self.now };
        for (account, letters) in mailboxes {
            match self.release.filter(|_| account.mailbox() != self.sender) {
                Some(_) => hold::keep(db, account, &letters).await?,
                None => arriving.fill(db, account, &letters).await?,
            }
        }
        if let Some(release) = self.release {
            for letter in unposted.keys() {
                hold::hold(db, *letter, release).await?;
            }
        }
        let letters = self.letters.iter().map(|letter| letter.new.id);
        let arrived = |id| arrivals.get(&id).copied().unwrap_or(self.now);
        let letters = letters.map(|id| PostedLetter { id, arrived: arrived(id) }).collect();
        let drafts_erased = match self.draft {
            Some(draft) => self.drop_draft(db, draft, unposted.is_empty()).await?,
            None => None,
        };
        // Last: a draft of the same files is gone by now, and they count once.
        if !unposted.is_empty() {
            self.check_quota(db).await?;
        }
        Ok(Posted { letters, drafts_erased })
    }
}

impl PostLetters {
    fn check_readers(&self) -> Result<(), PostLettersError> {
        let ids: BTreeSet<_> = self.letters.iter().map(|letter| letter.new.id).collect();
        if ids.len() != self.letters.len() {
            return Err(PostLettersError::IdTaken);
        }
        for PostLetter { new, .. } in &self.letters {
            let readers: BTreeSet<_> = new.readers.iter().map(|reader| reader.account).collect();
            if readers.len() != new.readers.len() || !readers.iter().any(|reader| reader.mailbox() == self.sender) {
                return Err(PostLettersError::Readers);
            }
        }
        let readers = self.letters.iter().flat_map(|letter| &letter.new.readers);
        if !self.guests.iter().all(|guest| readers.clone().any(|reader| reader.account == guest.account)) {
            return Err(PostLettersError::Readers);
        }
        Ok(())
    }

    /// What the sender holds after it.
    async fn check_quota<D: Db>(&self, db: &mut D) -> Result<(), PostLettersError> {
        const SQL: &str = "SELECT letters, bytes FROM mailbox WHERE mailbox_id = $1";
        let mut row = db.row(SQL, &[&self.sender]).await?.ok_or(StoreError::Damaged("a mailbox"))?;
        let (letters, bytes) = (row.take()?, row.take()?);
        if self.quota.allows(letters, bytes) { Ok(()) } else { Err(PostLettersError::MailboxFull) }
    }

    /// The draft goes as its sender has seen it, or nothing is posted.
    async fn drop_draft<D: Db>(
        &self,
        db: &mut D,
        draft: SentDraft,
        is_a_repetition: bool,
    ) -> Result<Option<EraseNumber>, PostLettersError> {
        const SQL: &str = "SELECT version FROM record WHERE mailbox_id = $1 AND record_id = $2 AND purpose = 'draft'";
        let there: Version = match db.row(SQL, &[&self.sender, &draft.id]).await? {
            Some(mut row) => row.take()?,
            None => Version::ZERO,
        };
        if there == draft.version {
            Ok(erasure::drop_draft(db, self.sender, draft.id).await?)
        } else if is_a_repetition {
            Ok(None)
        } else {
            Err(PostLettersError::StaleDraft)
        }
    }

    /// When an earlier try posted this letter, if one did.
    async fn earlier<D: Db>(&self, db: &mut D, letter: &PostLetter) -> Result<Option<Timestamp>, PostLettersError> {
        const SQL: &str = "SELECT sender_id, request_hash, arrived FROM letter WHERE letter_id = $1";
        let Some(mut row) = db.row(SQL, &[&letter.new.id]).await? else { return Ok(None) };
        let (sender, hash): (MailboxId, [u8; 32]) = (row.take()?, row.take()?);
        if sender == self.sender && hash == request_hash(&letter.new) {
            Ok(Some(row.take()?))
        } else {
            Err(PostLettersError::IdTaken)
        }
    }

    async fn insert_letter<D: Db>(
        &self,
        db: &mut D,
        letter: &PostLetter,
        taken: &TakenOver,
    ) -> Result<(), PostLettersError> {
        const LETTER: &str = "
            INSERT INTO letter (letter_id, sender_id, thread_id, content_hash, request_hash, content_length, level,
                                arrived, envelope, blobs_length)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            ON CONFLICT DO NOTHING";
        const CONTENT: &str = "INSERT INTO content (letter_id, bytes) VALUES ($1, $2)";
        let PostLetter { new, content } = letter;
        let length = quotas::length(content);
        let hash = request_hash(new);
        let blobs_length = taken.length(&new.blobs);
        let row: [&dyn ToParam; 10] = [
            &new.id,
            &self.sender,
            &new.thread,
            &new.content_hash,
            &hash,
            &length,
            &new.level,
            &self.now,
            &new.envelope,
            &blobs_length,
        ];
        if db.exec(LETTER, &row).await? == 0 {
            return Err(PostLettersError::IdTaken);
        }
        db.exec(CONTENT, &[&new.id, content]).await?;
        Ok(blobs::of_letter(db, new.id, &new.blobs).await?)
    }
}

/// SHA-256 over everything that a retry must repeat, each part with its length.
fn request_hash(new: &NewLetter) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    part(new.thread.as_bytes());
    part(new.envelope.as_ref());
    part(new.content_hash.as_bytes());
    part(&new.level.map_or(0, |level| level as u64).to_be_bytes());
    for NewReader { account, certificate, wrapped_key } in &new.readers {
        part(account.as_bytes());
        part(certificate.as_bytes());
        part(wrapped_key.as_ref());
    }
    for blob in &new.blobs {
        part(blob.as_bytes());
    }
    hash.finalize().into()
}
