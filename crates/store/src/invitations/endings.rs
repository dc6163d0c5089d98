//! How a conversation with a guest ends: its time is over, its reader does not want it, or whoever wrote takes it back. Its sender
//! is told of each letter, and the guest goes.

use std::time::Duration;

use securemailbox_protocol::{
    accounts::{Language, LetterNotices},
    ids::{AccountId, MailboxId},
    letters::Ending,
    time::Timestamp,
};

use super::maker;
use crate::{
    Act, Db, ReadOnly, Room, Row, StoreError, letters,
    notices::{self, NewNotice},
    removals,
};

/// The guests whose conversation has come to its end.
pub struct InvitationsDue {
    /// By now.
    pub now: Timestamp,
}

/// A guest whose conversation has come to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueGuest {
    /// The guest.
    pub guest: AccountId,
    /// Whoever wrote, where they are to be told by e-mail: something of theirs was not read, and they want such e-mails.
    pub to_tell: Option<SenderToTell>,
}

/// Whoever wrote, as an e-mail is addressed to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SenderToTell {
    /// The account under which the address is sealed.
    pub account: AccountId,
    /// The address, sealed.
    pub address_sealed: Vec<u8>,
    /// The language of the e-mail.
    pub language: Language,
}

/// How often a sender is told by e-mail that something expired unread.
const TOLD_ONCE_IN: Duration = Duration::from_secs(24 * 60 * 60);
/// So many at once.
const BATCH: i64 = 50;

impl Act for InvitationsDue {
    type Output = Vec<DueGuest>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT i.mailbox_id, m.mailbox_id, m.address_sealed, m.language
              FROM invitation i
              LEFT JOIN member m ON m.mailbox_id = i.sender_id AND m.notices <> $3
                    AND EXISTS (SELECT 1 FROM delivery d JOIN letter l ON l.letter_id = d.letter_id
                                 WHERE d.reader_id = i.mailbox_id AND d.read_at IS NULL AND l.withdrawn IS NULL)
             WHERE i.expires <= $1 ORDER BY i.expires LIMIT $2";
        let due = |mut row: Row| {
            let (guest, sender) = (row.take()?, row.take::<Option<AccountId>>()?);
            let to_tell = match sender {
                Some(account) => Some(SenderToTell { account, address_sealed: row.take()?, language: row.take()? }),
                None => None,
            };
            Ok(DueGuest { guest, to_tell })
        };
        let rows = db.rows(SQL, &[&self.now, &BATCH, &LetterNotices::Never]).await?;
        rows.into_iter().map(due).collect()
    }
}

impl ReadOnly for InvitationsDue {}

/// Removes a guest whose conversation has come to its end, all but its letters, which [`crate::Store::erase_removed`] erases.
/// False, and nothing, if a letter came meanwhile.
pub struct ExpireInvitation {
    /// The guest.
    pub guest: AccountId,
    /// What tells whoever wrote, where they are to be told.
    pub notice: Option<NewNotice>,
    /// Its time must have come by now.
    pub now: Timestamp,
}

impl Act for ExpireInvitation {
    type Output = bool;
    type Error = StoreError;
    const ROOM: Room = Room::Erases;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const DUE: &str = "SELECT sender_id FROM invitation WHERE mailbox_id = $1 AND expires <= $2";
        // Whoever wrote to three hundred has one e-mail of it.
        const TOLD: &str = "
            SELECT 1 FROM delivery d JOIN letter l ON l.letter_id = d.letter_id
             WHERE l.sender_id = $1 AND d.ending = $2 AND d.ended > $3 AND d.read_at IS NULL LIMIT 1";
        let Some(mut row) = db.row(DUE, &[&self.guest, &self.now]).await? else { return Ok(false) };
        let sender: MailboxId = row.take()?;
        let since = self.now.before(TOLD_ONCE_IN);
        let is_told = db.row(TOLD, &[&sender, &Ending::Expired, &since]).await?.is_some();
        end(db, self.guest, Ending::Expired, self.now).await?;
        let notices = if is_told { &[] } else { self.notice.as_slice() };
        notices::queue_all(db, notices, self.now).await?;
        Ok(true)
    }
}

/// A guest does not want what was written to them: removes it, all but its letters, which [`crate::Store::erase_removed`] erases.
/// False for anybody else.
pub struct DeclineInvitation {
    /// The guest.
    pub guest: AccountId,
    /// When.
    pub now: Timestamp,
}

impl Act for DeclineInvitation {
    type Output = bool;
    type Error = StoreError;
    const ROOM: Room = Room::Erases;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        if maker(db, self.guest).await?.is_none() {
            return Ok(false);
        }
        end(db, self.guest, Ending::Declined, self.now).await?;
        Ok(true)
    }
}

/// Whoever wrote takes back everything that a guest of theirs has: removes it, all but its letters, which
/// [`crate::Store::erase_removed`] erases. False if it is no guest of theirs.
pub struct WithdrawInvitation {
    /// Who wrote.
    pub sender: AccountId,
    /// The guest.
    pub guest: AccountId,
    /// When.
    pub now: Timestamp,
}

impl Act for WithdrawInvitation {
    type Output = bool;
    type Error = StoreError;
    const ROOM: Room = Room::Erases;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        if maker(db, self.guest).await? != Some(self.sender) {
            return Ok(false);
        }
        end(db, self.guest, Ending::Withdrawn, self.now).await?;
        Ok(true)
    }
}

/// Ends a conversation: its sender is told of each letter, and the guest goes.
pub(crate) async fn end<D: Db>(db: &mut D, guest: AccountId, ending: Ending, now: Timestamp) -> Result<(), StoreError> {
    const ENDED: &str = "UPDATE delivery SET ended = $2, ending = $3 WHERE reader_id = $1";
    db.exec(ENDED, &[&guest, &now, &ending]).await?;
    letters::tell_senders_to(db, guest).await?;
    removals::remove(db, guest).await
}
