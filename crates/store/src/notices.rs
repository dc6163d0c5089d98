//! The outbox: notices that wait to be sent, and outlive a crash (PROTOCOL §4.3).

use std::time::Duration;

use rand::{CryptoRng, RngCore};
use securemailbox_protocol::{
    accounts::{Language, LetterNotices},
    ids::{AccountId, LetterId, MailboxId},
    letters::Folder,
    time::Timestamp,
};

use sha2::{Digest as _, Sha256};

use crate::{Act, Db, ReadOnly, Room, Row, StoreError, invitations, letters, proofs::CodeHmac};

/// A notice's id; part of the place under which the server seals it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct NoticeId([u8; 16]);

// Ids stay out of logs (PROTOCOL §8).
impl std::fmt::Debug for NoticeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NoticeId(…)")
    }
}

impl NoticeId {
    /// A random id: unlike the ids of the wire it holds no time.
    pub fn new(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// One for each letter and reader.
    fn of_letter(letter: LetterId, reader: AccountId) -> Self {
        let hash: [u8; 32] =
            Sha256::new().chain_update(letter.as_bytes()).chain_update(reader.as_bytes()).finalize().into();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash[..16]);
        Self(bytes)
    }

    /// The 16 bytes that the database keeps.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes that the database keeps.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// By which way a notice goes. Each is claimed and sent by itself, so that nobody's code waits behind a mail server that is
/// slow, nor behind the news that letters have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Codes, and what else a person waits for, by e-mail.
    Emails,
    /// Codes by SMS.
    Texts,
    /// That a letter waits, by e-mail.
    Letters,
}

impl Lane {
    /// Every lane.
    pub const ALL: [Self; 3] = [Self::Emails, Self::Texts, Self::Letters];
}

/// A notice with its whole content, sealed by the server.
#[derive(Debug, Clone)]
pub struct NewNotice {
    /// The id under which the server sealed the content.
    pub id: NoticeId,
    /// The way that it goes.
    pub lane: Lane,
    /// Whom to tell what, sealed.
    pub sealed: Vec<u8>,
}

/// A notice that is due and was claimed by the caller.
#[derive(Debug, Clone)]
pub struct DueNotice {
    /// The id under which the content was sealed, and by which its end is reported.
    pub id: NoticeId,
    /// Until when nobody else gets it. What is sent is to be over by then.
    pub claimed_until: Timestamp,
    /// The message, or what the server makes one of.
    pub content: NoticeContent,
    /// How often sending it failed.
    pub attempts: u32,
    /// When the notice was queued.
    pub created: Timestamp,
}

/// What a notice says: sealed at once, or made from rows when it is sent.
#[derive(Debug, Clone)]
pub enum NoticeContent {
    /// All of it, sealed by the server.
    Sealed(Vec<u8>),
    /// "A letter has come": no more than to whom.
    Letter {
        /// The member who has a letter to read.
        account: AccountId,
        /// The reader's address, sealed.
        address_sealed: Vec<u8>,
        /// The language of the e-mail, as the member has it now.
        language: Language,
    },
    /// The same, to somebody who has no mailbox: with the link, while it is to be sent (PROTOCOL §5).
    Invitation {
        /// The guest who has a letter to read.
        account: AccountId,
        /// The reader's address, sealed.
        address_sealed: Vec<u8>,
        /// The language of the e-mail.
        language: Language,
        /// The link, sealed; none if it was sent before, so that the reader has it.
        link_sealed: Option<Vec<u8>>,
        /// Who wrote, with their address, sealed.
        from: Option<(AccountId, Vec<u8>)>,
    },
    /// An answer waits for somebody who wrote by a public page, and proved this address. They have the link, and nobody else has.
    Answer {
        /// The guest who has an answer to read.
        account: AccountId,
        /// The address that they proved, sealed.
        address_sealed: Vec<u8>,
        /// The language of the e-mail.
        language: Language,
    },
    /// A letter has come for somebody who is no member any more. One such row must not keep the rest from being claimed.
    Nobody,
}

/// Claims notices of a lane that are due, oldest first. One that is neither [`NoticeSent`] nor [`NoticeFailed`] is due again
/// when the claim is over: whoever claimed it was killed. Several processes may claim from one database; each notice is one
/// claim's at a time.
pub struct ClaimNotices {
    /// The way that the caller sends by.
    pub lane: Lane,
    /// Notices due at this moment or before it are claimed.
    pub now: Timestamp,
    /// The most notices that one call claims: as many as the caller sends at once.
    pub limit: u32,
    /// Until when nobody else gets them.
    pub until: Timestamp,
}

impl Act for ClaimNotices {
    type Output = Vec<DueNotice>;
    type Error = StoreError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const FIND: &str = "
            SELECT n.notice_id, n.attempts, n.created, n.sealed, n.mailbox_id, m.address_sealed, m.language,
                   i.mailbox_id, i.link_sealed, s.mailbox_id, s.address_sealed, i.from_page, i.proved_sealed
              FROM notice n LEFT JOIN member m ON m.mailbox_id = n.mailbox_id
              LEFT JOIN invitation i ON i.mailbox_id = n.mailbox_id
              LEFT JOIN member s ON s.mailbox_id = i.sender_id
             WHERE n.lane = $1 AND n.due <= $2
             ORDER BY n.due, n.notice_id LIMIT $3";
        const CLAIM: &str = "
            UPDATE notice SET due = $4, daily = 0
             WHERE notice_id IN (SELECT notice_id FROM notice WHERE lane = $1 AND due <= $2
                                  ORDER BY due, notice_id LIMIT $3)";
        let limit = i64::from(self.limit);
        let rows = db.rows(FIND, &[&self.lane, &self.now, &limit]).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let notices = rows.into_iter().map(|row| due_notice(row, self.until)).collect::<Result<_, _>>()?;
        db.exec(CLAIM, &[&self.lane, &self.now, &limit, &self.until]).await?;
        Ok(notices)
    }
}

/// How many notices wait in each lane, since when, and when the first of them is due.
pub struct Backlog;

/// What waits in one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingInLane {
    /// The way that they go.
    pub lane: Lane,
    /// How many.
    pub count: u64,
    /// When the first of them is due, or was.
    pub due: Timestamp,
    /// When the oldest of them was queued.
    pub created: Timestamp,
}

impl Act for Backlog {
    type Output = Vec<WaitingInLane>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "SELECT lane, COUNT(*), MIN(due), MIN(created) FROM notice GROUP BY lane ORDER BY lane";
        let rows = db.rows(SQL, &[]).await?.into_iter();
        rows.map(|mut row| {
            let (lane, count, due, created) = (row.take()?, row.take()?, row.take()?, row.take()?);
            Ok(WaitingInLane { lane, count, due, created })
        })
        .collect()
    }
}

impl ReadOnly for Backlog {}

/// The other end has taken the notice: it is deleted, and the sender of a letter sees that its reader was notified.
pub struct NoticeSent {
    /// The notice that was handed to a mail server or an SMS gateway.
    pub id: NoticeId,
    /// When it was handed over; the sender of the letter is told this time.
    pub now: Timestamp,
}

impl Act for NoticeSent {
    type Output = ();
    type Error = StoreError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const LETTER: &str = "SELECT letter_id, mailbox_id FROM notice WHERE notice_id = $1 AND letter_id IS NOT NULL";
        const NOTIFIED: &str = "
            UPDATE delivery SET notified = $3 WHERE letter_id = $1 AND reader_id = $2 AND notified IS NULL";
        const SQL: &str = "DELETE FROM notice WHERE notice_id = $1";
        if let Some(mut row) = db.row(LETTER, &[&self.id]).await? {
            let (letter, reader): (LetterId, AccountId) = (row.take()?, row.take()?);
            if db.exec(NOTIFIED, &[&letter, &reader, &self.now]).await? > 0 {
                letters::tell_sender(db, letter).await?;
            }
            forget_refusal(db, reader.mailbox()).await?;
            invitations::handed_over(db, reader).await?;
        }
        db.exec(SQL, &[&self.id]).await.map(drop)
    }
}

/// The notice could not be sent. Says nothing if the claim is over and somebody else's.
pub struct NoticeFailed {
    /// The notice that could not be handed over.
    pub id: NoticeId,
    /// The end of the claim under which it was tried.
    pub claimed_until: Timestamp,
    /// When the next try is due; before that nobody claims it.
    pub next_due: Timestamp,
}

impl Act for NoticeFailed {
    type Output = ();
    type Error = StoreError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "UPDATE notice SET due = $3, attempts = attempts + 1 WHERE notice_id = $1 AND due = $2";
        db.exec(SQL, &[&self.id, &self.claimed_until, &self.next_due]).await.map(drop)
    }
}

/// Gives a notice up: it is of no use any more, or nobody's. A reader who was to be told of a letter is told of the next one.
pub struct DropNotice {
    /// The notice that is given up.
    pub id: NoticeId,
}

impl Act for DropNotice {
    type Output = ();
    type Error = StoreError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "DELETE FROM notice WHERE notice_id = $1 RETURNING mailbox_id";
        let Some(mut row) = db.row(SQL, &[&self.id]).await? else { return Ok(()) };
        match row.take::<Option<MailboxId>>()? {
            Some(reader) => tell_again(db, reader).await,
            None => Ok(()),
        }
    }
}

/// The other end refused the notice for good. Whoever waits for its code sees that, and so do the senders of the letters
/// that it was to tell of; their reader is told of the next letter.
pub struct NoticeRefused {
    /// The notice that is tried no more.
    pub id: NoticeId,
}

impl Act for NoticeRefused {
    type Output = ();
    type Error = StoreError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "DELETE FROM notice WHERE notice_id = $1 RETURNING mailbox_id, created";
        // Of the newest code only: the one before it is of no matter any more.
        const NOT_SENT: &str = "
            UPDATE proof SET state = 'not-sent', code = $2, older = $3, tries_left = 0
             WHERE notice_id = $1 AND state = 'sent'";
        // Letters that came since the notice was queued have none of their own.
        const REFUSED: &str = "UPDATE mailbox SET refused_since = $2 WHERE mailbox_id = $1 AND refused_since IS NULL";
        let Some(mut row) = db.row(SQL, &[&self.id]).await? else { return Ok(()) };
        let (reader, since): (Option<MailboxId>, Timestamp) = (row.take()?, row.take()?);
        let Some(reader) = reader else {
            invitations::code_refused(db, self.id).await?;
            // What is over keeps no code.
            let (code, older): (CodeHmac, Vec<u8>) = ([0; 32], Vec::new());
            return db.exec(NOT_SENT, &[&self.id, &code, &older]).await.map(drop);
        };
        tell_again(db, reader).await?;
        if db.exec(REFUSED, &[&reader, &since]).await? > 0 {
            letters::tell_senders_of_untold(db, reader, since).await?;
        }
        Ok(())
    }
}

fn due_notice(mut row: Row, claimed_until: Timestamp) -> Result<DueNotice, StoreError> {
    let id = row.take()?;
    let attempts = u32::try_from(row.take::<u64>()?).unwrap_or(u32::MAX);
    let created = row.take()?;
    let content = match row.take()? {
        Some(sealed) => NoticeContent::Sealed(sealed),
        None => {
            let (account, address_sealed, language) = (row.take()?, row.take()?, row.take()?);
            let (guest, link_sealed): (Option<Vec<u8>>, _) = (row.take()?, row.take()?);
            let from: (Option<AccountId>, Option<Vec<u8>>) = (row.take()?, row.take()?);
            let (from_page, proved): (Option<bool>, Option<Vec<u8>>) = (row.take()?, row.take()?);
            match (address_sealed, language) {
                (_, Some(language)) if from_page == Some(true) => match proved {
                    Some(address_sealed) => NoticeContent::Answer { account, address_sealed, language },
                    None => NoticeContent::Nobody,
                },
                (Some(address_sealed), Some(language)) if guest.is_some() => {
                    let from = from.0.zip(from.1);
                    NoticeContent::Invitation { account, address_sealed, language, link_sealed, from }
                }
                (Some(address_sealed), Some(language)) => NoticeContent::Letter { account, address_sealed, language },
                (_, _) => NoticeContent::Nobody,
            }
        }
    };
    Ok(DueNotice { id, claimed_until, content, attempts, created })
}

/// Puts a notice into the outbox.
pub(crate) async fn queue<D: Db>(db: &mut D, new: &NewNotice, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "
        INSERT INTO notice (notice_id, lane, sealed, due, daily, attempts, created) VALUES ($1, $2, $3, $4, 0, 0, $4)";
    db.exec(SQL, &[&new.id, &new.lane, &new.sealed, &now]).await.map(drop)
}

/// Puts notices into the outbox, one for each channel of an account.
pub(crate) async fn queue_all<D: Db>(db: &mut D, notices: &[NewNotice], now: Timestamp) -> Result<(), StoreError> {
    for notice in notices {
        queue(db, notice, now).await?;
    }
    Ok(())
}

/// The time of day, UTC, at which whoever wants one e-mail a day is told.
const MORNING: Duration = Duration::from_secs(7 * 60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const DAY_IN_MILLIS: u64 = DAY.as_secs() * 1_000;

/// The morning that comes next.
fn next_morning(now: Timestamp) -> Timestamp {
    let midnight = Timestamp::from_unix_millis(now.unix_millis() / DAY_IN_MILLIS * DAY_IN_MILLIS);
    let todays = midnight.after(MORNING);
    if todays > now { todays } else { todays.after(DAY) }
}

/// Puts "a letter has come" into the outbox as the reader wants to be told, and remembers that they are. Whoever has another
/// such notice waiting needs no second one, whoever is no member has no address, and whoever wants none gets none.
pub(crate) async fn queue_letter<D: Db>(
    db: &mut D,
    letter: LetterId,
    reader: AccountId,
    now: Timestamp,
) -> Result<(), StoreError> {
    const WANTED: &str = "SELECT notices FROM member WHERE mailbox_id = $1";
    const TOLD: &str = "UPDATE mailbox SET told = 1 WHERE mailbox_id = $1";
    let wanted = match db.row(WANTED, &[&reader]).await? {
        Some(mut row) => row.take()?,
        None => LetterNotices::Never,
    };
    let (due, daily) = match wanted {
        LetterNotices::AtOnce => (now, false),
        LetterNotices::Daily => (next_morning(now), true),
        LetterNotices::Never => return Ok(()),
    };
    let id = NoticeId::of_letter(letter, reader);
    insert_of_letter(db, id, (letter, reader), (due, daily), now).await?;
    db.exec(TOLD, &[&reader]).await.map(drop)
}

/// A guest is told of a letter once more, unless that waits to be sent.
pub(crate) async fn queue_reminder<D: Db>(
    db: &mut D,
    id: NoticeId,
    letter: LetterId,
    reader: AccountId,
    now: Timestamp,
) -> Result<(), StoreError> {
    const WAITS: &str = "SELECT 1 FROM notice WHERE mailbox_id = $1";
    if db.row(WAITS, &[&reader]).await?.is_some() {
        return Ok(());
    }
    insert_of_letter(db, id, (letter, reader), (now, false), now).await
}

/// An e-mail that tells a reader of a letter, made from rows when it is sent.
async fn insert_of_letter<D: Db>(
    db: &mut D,
    id: NoticeId,
    (letter, reader): (LetterId, AccountId),
    (due, daily): (Timestamp, bool),
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "
        INSERT INTO notice (notice_id, lane, mailbox_id, letter_id, due, daily, attempts, created)
        VALUES ($1, $2, $3, $4, $5, $6, 0, $7)
        ON CONFLICT DO NOTHING";
    db.exec(SQL, &[&id, &Lane::Letters, &reader, &letter, &due, &daily, &now]).await.map(drop)
}

/// The owner of a mailbox has looked: the next letter is news, and whether the e-mail address took the last notice matters to
/// nobody any more.
pub(crate) async fn looked<D: Db>(db: &mut D, mailbox: MailboxId) -> Result<(), StoreError> {
    const MORNINGS: &str = "DELETE FROM notice WHERE mailbox_id = $1 AND daily = 1";
    db.exec(MORNINGS, &[&mailbox]).await?;
    tell_again(db, mailbox).await?;
    forget_refusal(db, mailbox).await
}

/// The owner of a mailbox chose when to be told: what waits was to be told otherwise.
pub(crate) async fn chosen<D: Db>(db: &mut D, mailbox: MailboxId) -> Result<(), StoreError> {
    const WAITING: &str = "DELETE FROM notice WHERE mailbox_id = $1";
    db.exec(WAITING, &[&mailbox]).await?;
    tell_again(db, mailbox).await
}

/// A letter was withdrawn, of which its reader may not have been told yet: then they are told of another one that waits, if
/// there is one.
pub(crate) async fn withdraw<D: Db>(
    db: &mut D,
    reader: AccountId,
    letter: LetterId,
    now: Timestamp,
) -> Result<(), StoreError> {
    const DELETE: &str = "DELETE FROM notice WHERE mailbox_id = $1 AND letter_id = $2";
    const UNREAD: &str = "
        SELECT letter_id FROM entry WHERE mailbox_id = $1 AND folder = $2 AND read = 0
         ORDER BY arrived DESC, letter_id DESC LIMIT 1";
    if db.exec(DELETE, &[&reader, &letter]).await? == 0 {
        return Ok(());
    }
    tell_again(db, reader.mailbox()).await?;
    match db.row(UNREAD, &[&reader, &Folder::Inbox]).await? {
        Some(mut row) => queue_letter(db, row.take()?, reader, now).await,
        None => Ok(()),
    }
}

/// The owner of a mailbox knows of no letter that waits: the next one is news.
async fn tell_again<D: Db>(db: &mut D, mailbox: MailboxId) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE mailbox SET told = 0 WHERE mailbox_id = $1 AND told <> 0";
    db.exec(SQL, &[&mailbox]).await.map(drop)
}

/// Takes back that an e-mail address took no notice, if that is said of it.
async fn forget_refusal<D: Db>(db: &mut D, mailbox: MailboxId) -> Result<(), StoreError> {
    const SINCE: &str = "SELECT refused_since FROM mailbox WHERE mailbox_id = $1 AND refused_since IS NOT NULL";
    const SQL: &str = "UPDATE mailbox SET refused_since = NULL WHERE mailbox_id = $1";
    let Some(mut row) = db.row(SINCE, &[&mailbox]).await? else { return Ok(()) };
    db.exec(SQL, &[&mailbox]).await?;
    letters::tell_senders_of_untold(db, mailbox, row.take()?).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_morning_is_the_same_day_before_seven_and_the_next_day_from_then_on() {
        let at = |time: &str| format!("2026-11-24T{time}Z").parse::<Timestamp>().unwrap();
        let next = |time| next_morning(at(time)).to_string();
        assert_eq!(next("00:00:00"), "2026-11-24T07:00:00Z");
        assert_eq!(next("06:59:59"), "2026-11-24T07:00:00Z");
        assert_eq!(next("07:00:00"), "2026-11-25T07:00:00Z");
        assert_eq!(next("23:59:59"), "2026-11-25T07:00:00Z");
    }
}
