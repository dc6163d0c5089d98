//! Letters that are held for a while: whoever pressed Send may close the lid, or think again (PROTOCOL §4.3).

use securemailbox_protocol::{
    ids::{AccountId, CertificateHash, LetterId, MailboxId},
    letters::HoldRefusal,
    time::Timestamp,
};

use super::{
    PostLettersError,
    arriving::{Arrival, Arriving},
    tell_sender,
};
use crate::{Act, Db, ReadOnly, Room, StoreError, erasure, invitations, quotas::Quota};

/// Holds a letter until then.
pub(super) async fn hold<D: Db>(db: &mut D, letter: LetterId, release: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO hold (letter_id, release) VALUES ($1, $2)";
    db.exec(SQL, &[&letter, &release]).await.map(drop)
}

/// A letter is held no longer, and whoever it was held for does not get it.
pub(super) async fn forget<D: Db>(db: &mut D, letter: LetterId) -> Result<(), StoreError> {
    db.exec("DELETE FROM held_reader WHERE letter_id = $1", &[&letter]).await?;
    db.exec("DELETE FROM hold WHERE letter_id = $1", &[&letter]).await.map(drop)
}

/// Keeps letters for a reader who gets them later. That the keys are this reader's is looked at now, and again then.
pub(super) async fn keep<D: Db>(
    db: &mut D,
    reader: AccountId,
    letters: &[Arrival<'_>],
) -> Result<(), PostLettersError> {
    const CERTIFICATE: &str = "SELECT certificate_hash FROM mailbox WHERE mailbox_id = $1";
    const KEEP: &str = "
        INSERT INTO held_reader (letter_id, mailbox_id, certificate_hash, wrapped_key) VALUES ($1, $2, $3, $4)";
    let stale = || PostLettersError::StaleKey { reader };
    let certificate: CertificateHash = db.row(CERTIFICATE, &[&reader]).await?.ok_or_else(stale)?.take()?;
    for letter in letters {
        if letter.certificate != certificate {
            return Err(stale());
        }
        db.exec(KEEP, &[&letter.letter, &reader, &letter.certificate, &letter.wrapped_key]).await?;
    }
    Ok(())
}

/// The letters whose hold is over, the oldest first.
pub struct DueForRelease {
    /// Holds that end at this moment or before it are over.
    pub now: Timestamp,
    /// At most so many.
    pub limit: u32,
}

impl Act for DueForRelease {
    type Output = Vec<LetterId>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT letter_id FROM hold WHERE refused IS NULL AND release <= $1 ORDER BY release, letter_id LIMIT $2";
        let rows = db.rows(SQL, &[&self.now, &i64::from(self.limit)]).await?;
        rows.into_iter().map(|mut row| row.take()).collect()
    }
}

impl ReadOnly for DueForRelease {}

/// Puts a letter whose hold is over into the mailboxes of its readers, all or none. Where it can't be, it stays with its
/// sender, who is told why. Nothing happens to one that was released, taken back or erased meanwhile.
#[derive(Clone, Copy)]
pub struct ReleaseLetter {
    /// The letter.
    pub letter: LetterId,
    /// How much a reader's mailbox may hold.
    pub quota: Quota,
    /// When it arrives.
    pub now: Timestamp,
}

impl Act for ReleaseLetter {
    type Output = ();
    type Error = PostLettersError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const CLAIM: &str = "DELETE FROM hold WHERE letter_id = $1 AND refused IS NULL AND release <= $2";
        const LETTER: &str =
            "SELECT sender_id, content_length + blobs_length + LENGTH(envelope) FROM letter WHERE letter_id = $1";
        const READERS: &str = "
            SELECT mailbox_id, certificate_hash, wrapped_key FROM held_reader WHERE letter_id = $1 ORDER BY mailbox_id";
        const RELEASED: &str = "DELETE FROM held_reader WHERE letter_id = $1";
        if db.exec(CLAIM, &[&self.letter, &self.now]).await? == 0 {
            return Ok(());
        }
        let Some(mut row) = db.row(LETTER, &[&self.letter]).await? else { return Ok(()) };
        let (sender, bytes): (MailboxId, i64) = (row.take()?, row.take()?);
        let arriving = Arriving { sender, released: 0, quota: self.quota, now: self.now };
        for mut row in db.rows(READERS, &[&self.letter]).await? {
            let reader: AccountId = row.take()?;
            let (certificate, wrapped_key): (CertificateHash, Vec<u8>) = (row.take()?, row.take()?);
            let wrapped_key = &wrapped_key;
            let arrival = Arrival { letter: self.letter, bytes, has_others: true, certificate, wrapped_key };
            arriving.fill(db, reader, &[arrival]).await?;
        }
        db.exec(RELEASED, &[&self.letter]).await?;
        Ok(tell_sender(db, self.letter).await?)
    }
}

/// Ends the hold of letters: their sender does not want them back. What was released already is as it was asked for.
pub struct EndHold {
    /// The mailbox of their sender.
    pub mailbox: MailboxId,
    /// The letters.
    pub letters: Vec<LetterId>,
    /// They are due from now on.
    pub now: Timestamp,
}

impl Act for EndHold {
    type Output = ();
    type Error = EndHoldError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "UPDATE hold SET release = $2 WHERE letter_id = $1 AND refused IS NULL AND release > $2";
        for letter in &self.letters {
            if !is_own(db, self.mailbox, *letter).await? {
                return Err(EndHoldError::NotFound);
            }
            db.exec(SQL, &[letter, &self.now]).await?;
        }
        Ok(())
    }
}

/// Why a hold was not ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndHoldError {
    /// The mailbox has no such letter of its own.
    #[error("the mailbox has no such letter of its own")]
    NotFound,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

pub(super) async fn is_own<D: Db>(db: &mut D, mailbox: MailboxId, letter: LetterId) -> Result<bool, StoreError> {
    const SQL: &str = "
        SELECT 1 FROM entry e JOIN letter l ON l.letter_id = e.letter_id
         WHERE e.mailbox_id = $1 AND e.letter_id = $2 AND l.sender_id = $1";
    Ok(db.row(SQL, &[&mailbox, &letter]).await?.is_some())
}

/// A held letter could not be released: it waits for its sender, who sees why.
pub struct RefuseRelease {
    /// The letter.
    pub letter: LetterId,
    /// Why.
    pub why: HoldRefusal,
}

impl Act for RefuseRelease {
    type Output = ();
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "UPDATE hold SET refused = $2 WHERE letter_id = $1 AND refused IS NULL";
        if db.exec(SQL, &[&self.letter, &self.why]).await? > 0 {
            tell_sender(db, self.letter).await?;
        }
        Ok(())
    }
}

/// Why letters were not taken back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TakeBackError {
    /// The mailbox has none of them as a letter of its own.
    #[error("the mailbox has no such letter of its own")]
    NotFound,
    /// The readers of one have it.
    #[error("the letter was released")]
    Released,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Takes held letters back, all or none: they go as if they had never been posted, from their sender's mailbox too. Their
/// rows are gone when this is done, their traces some seconds later. One that is not there is passed over, as long as
/// another one is: its sender erased it.
pub struct TakeBack {
    /// The mailbox of their sender.
    pub mailbox: MailboxId,
    /// The letters.
    pub letters: Vec<LetterId>,
}

impl Act for TakeBack {
    type Output = ();
    type Error = TakeBackError;
    const ROOM: Room = Room::Erases;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const CLAIM: &str = "DELETE FROM hold WHERE letter_id = $1";
        let mut found = false;
        for letter in &self.letters {
            if !is_own(db, self.mailbox, *letter).await? {
                continue;
            }
            // Whoever deletes this row has the letter: its release waits for it, and finds nothing.
            if db.exec(CLAIM, &[letter]).await? == 0 {
                return Err(TakeBackError::Released);
            }
            erasure::erase_unreleased(db, self.mailbox, *letter).await?;
            found = true;
        }
        if !found {
            return Err(TakeBackError::NotFound);
        }
        Ok(invitations::drop_unmet(db, self.mailbox).await?)
    }
}

impl crate::Store {
    /// Releases what is due: how many letters went out.
    ///
    /// # Errors
    /// [`StoreError`]: what was not released is, the next time.
    pub async fn release_due(&self, quota: Quota, now: Timestamp) -> Result<usize, StoreError> {
        let due = self.read(DueForRelease { now, limit: RELEASED_TOGETHER }).await?;
        let mut released = 0;
        for letter in due {
            released += usize::from(self.release_letter(letter, quota, now).await?);
        }
        Ok(released)
    }

    /// Releases a letter whose hold is over: false where it waits for its sender instead.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn release_letter(&self, letter: LetterId, quota: Quota, now: Timestamp) -> Result<bool, StoreError> {
        let why = match self.write(ReleaseLetter { letter, quota, now }).await {
            Ok(()) => return Ok(true),
            Err(PostLettersError::StaleKey { .. }) => HoldRefusal::StaleKey,
            Err(PostLettersError::ReaderFull { .. }) => HoldRefusal::ReaderFull,
            Err(PostLettersError::Store(error)) => return Err(error),
            // What a post is refused for and a release is not.
            Err(
                PostLettersError::IdTaken
                | PostLettersError::StaleDraft
                | PostLettersError::MailboxFull
                | PostLettersError::BlobMissing
                | PostLettersError::Readers,
            ) => return Err(StoreError::Damaged("a held letter")),
        };
        self.write(RefuseRelease { letter, why }).await?;
        Ok(false)
    }
}

/// What is due beyond it is, a moment later.
const RELEASED_TOGETHER: u32 = 64;
