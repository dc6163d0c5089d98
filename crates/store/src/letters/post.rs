//! Posting (PROTOCOL §4.3).

use std::collections::{BTreeMap, BTreeSet};

use securemailbox_protocol::{
    ids::{AccountId, CertificateHash, LetterId, MailboxId},
    letters::{Folder, NewLetter, NewReader, Posted, PostedLetter, SentDraft},
    numbers::{ChangeNumber, EraseNumber, Version},
    octets::Octets,
    time::Timestamp,
};

use sha2::{Digest as _, Sha256};

use crate::{
    Act, Db, StoreError, ToParam, erasure, notices, pulse,
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
    /// The sender is not among the readers of each letter, or someone is twice.
    #[error("the readers of a letter are not the sender and others, each once")]
    Readers,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Puts letters into every reader's mailbox, all or none, and a notice into the outbox for each reader but the sender who was
/// not told of a letter since they last looked.
///
/// The same id with the same bytes is the same letter: it answers as the first time, whoever erased it meanwhile. The
/// draft goes with the letters, in a repetition too if it is still there as it was.
pub struct PostLetters {
    /// The mailbox that posts, and that gets a copy of each letter.
    pub sender: MailboxId,
    /// One, and one more for each Bcc reader.
    pub letters: Vec<PostLetter>,
    /// The sender's draft that they were.
    pub draft: Option<SentDraft>,
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
        // In the order of ids, letters before accounts, so that two posts at once wait for each other in one order.
        for letter in unposted.values() {
            self.insert_letter(db, letter).await?;
            arrivals.insert(letter.new.id, self.now);
        }
        let mut mailboxes: BTreeMap<AccountId, Vec<Arrival<'_>>> = BTreeMap::new();
        for letter in unposted.values() {
            for reader in &letter.new.readers {
                let content_length = quotas::length(&letter.content);
                let arrival = Arrival { letter: &letter.new, content_length, reader };
                mailboxes.entry(reader.account).or_default().push(arrival);
            }
        }
        for (account, arriving) in mailboxes {
            self.fill_mailbox(db, account, &arriving).await?;
        }
        let letters = self.letters.iter().map(|letter| letter.new.id);
        let arrived = |id| arrivals.get(&id).copied().unwrap_or(self.now);
        let letters = letters.map(|id| PostedLetter { id, arrived: arrived(id) }).collect();
        let drafts_erased = match self.draft {
            Some(draft) => self.drop_draft(db, draft, unposted.is_empty()).await?,
            None => None,
        };
        Ok(Posted { letters, drafts_erased })
    }
}

/// A letter on its way into one mailbox.
struct Arrival<'a> {
    letter: &'a NewLetter,
    content_length: i64,
    reader: &'a NewReader,
}

impl Arrival<'_> {
    /// What it takes in the mailbox.
    fn bytes(&self) -> i64 {
        let of = |octets: &Octets| quotas::length(octets.as_ref());
        self.content_length + of(&self.letter.envelope) + of(&self.reader.wrapped_key)
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
        Ok(())
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

    async fn insert_letter<D: Db>(&self, db: &mut D, letter: &PostLetter) -> Result<(), PostLettersError> {
        const LETTER: &str = "
            INSERT INTO letter (letter_id, sender_id, thread_id, content_hash, request_hash, content_length, level,
                                arrived, envelope)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            ON CONFLICT DO NOTHING";
        const CONTENT: &str = "INSERT INTO content (letter_id, bytes) VALUES ($1, $2)";
        let PostLetter { new, content } = letter;
        let length = quotas::length(content);
        let hash = request_hash(new);
        let row: [&dyn ToParam; 9] = [
            &new.id,
            &self.sender,
            &new.thread,
            &new.content_hash,
            &hash,
            &length,
            &new.level,
            &self.now,
            &new.envelope,
        ];
        if db.exec(LETTER, &row).await? == 0 {
            return Err(PostLettersError::IdTaken);
        }
        db.exec(CONTENT, &[&new.id, content]).await?;
        Ok(())
    }

    /// Checks that `account` has the certificate its keys were wrapped for, and puts the letters in.
    async fn fill_mailbox<D: Db>(
        &self,
        db: &mut D,
        account: AccountId,
        arriving: &[Arrival<'_>],
    ) -> Result<(), PostLettersError> {
        const RAISE: &str = "
            UPDATE mailbox SET change = change + $2, letters = letters + $2, bytes = bytes + $3 WHERE mailbox_id = $1
            RETURNING change, erase_letters, erase_drafts, certificate_hash, told, letters, bytes";
        const ENTRY: &str = "
            INSERT INTO entry (mailbox_id, letter_id, sender_id, folder, read, arrived, change, wrapped_key)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let count = arriving.len() as u64;
        let more: i64 = arriving.iter().map(Arrival::bytes).sum();
        let raised = db.row(RAISE, &[&account, &ChangeNumber::new(count), &more]).await?;
        let mut raised = raised.ok_or(PostLettersError::StaleKey { reader: account })?;
        let pulse = pulse::pulse(&mut raised)?;
        let (certificate, told): (CertificateHash, bool) = (raised.take()?, raised.take()?);
        let held = (raised.take()?, raised.take()?);
        db.touched(account.mailbox(), pulse);
        for (change, Arrival { letter, reader, .. }) in (pulse.change.get() - count + 1..).zip(arriving) {
            if reader.certificate != certificate {
                return Err(PostLettersError::StaleKey { reader: account });
            }
            let sent = account.mailbox() == self.sender && letter.readers.len() > 1;
            let folder = if sent { Folder::Sent } else { Folder::Inbox };
            let change = ChangeNumber::new(change);
            let row: [&dyn ToParam; 8] =
                [&account, &letter.id, &self.sender, &folder, &sent, &self.now, &change, &reader.wrapped_key];
            db.exec(ENTRY, &row).await?;
            if account.mailbox() != self.sender {
                self.insert_delivery(db, account, letter.id).await?;
            }
        }
        if !self.quota.allows(held.0, held.1) {
            let own = account.mailbox() == self.sender;
            return Err(if own {
                PostLettersError::MailboxFull
            } else {
                PostLettersError::ReaderFull { reader: account }
            });
        }
        match arriving.first() {
            Some(Arrival { letter, .. }) if account.mailbox() != self.sender && !told => {
                Ok(notices::queue_letter(db, letter.id, account, self.now).await?)
            }
            Some(_) | None => Ok(()),
        }
    }

    async fn insert_delivery<D: Db>(&self, db: &mut D, reader: AccountId, letter: LetterId) -> Result<(), StoreError> {
        const SQL: &str = "INSERT INTO delivery (letter_id, reader_id, delivered) VALUES ($1, $2, $3)";
        db.exec(SQL, &[&letter, &reader, &self.now]).await.map(drop)
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
    hash.finalize().into()
}
