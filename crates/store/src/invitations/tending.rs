//! What whoever wrote does about a guest meanwhile: reminds them, and chooses how long everything stays.

use securemailbox_protocol::{
    accounts::LetterNotices,
    ids::{AccountId, LetterId},
    time::Timestamp,
};

use super::Days;
use crate::{
    Act, Db, StoreError,
    notices::{self, NoticeId},
};

/// Why nothing was done about a guest.
#[derive(Debug, thiserror::Error)]
pub enum InvitationError {
    /// No guest of this sender.
    #[error("it is no guest of this sender")]
    NotFound,
    /// Whoever wrote hands the link over: the server has never had it, and has nobody to send it to.
    #[error("its sender hands the link over")]
    HandedOver,
    /// By that, the time would have run out already.
    #[error("the time would be over")]
    Over,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Changes how long everything stays that a guest has: counted from the last letter, whenever that came.
pub struct ChangeDays {
    /// Who wrote.
    pub sender: AccountId,
    /// The guest.
    pub guest: AccountId,
    /// From one to [`securemailbox_protocol::limits::INVITATION_DAYS`].
    pub days: u64,
    /// When.
    pub now: Timestamp,
}

impl Act for ChangeDays {
    type Output = ();
    type Error = InvitationError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const FIND: &str = "SELECT days, expires FROM invitation WHERE mailbox_id = $1 AND sender_id = $2";
        const SQL: &str = "UPDATE invitation SET days = $2, expires = $3 WHERE mailbox_id = $1";
        let row = db.row(FIND, &[&self.guest, &self.sender]).await?;
        let mut row = row.ok_or(InvitationError::NotFound)?;
        let (before, until): (_, Timestamp) = (Days(row.take()?), row.take()?);
        let days = Days(self.days);
        let expires = until.before(before.life()).after(days.life());
        if expires <= self.now {
            return Err(InvitationError::Over);
        }
        Ok(db.exec(SQL, &[&self.guest, &days, &expires]).await.map(drop)?)
    }
}

/// Sends a guest the link once more, which its sender's client has handed in again.
pub struct RemindGuest {
    /// Who wrote.
    pub sender: AccountId,
    /// The guest.
    pub guest: AccountId,
    /// Names the e-mail: it is another one than that of the letter.
    pub notice: NoticeId,
    /// The link, sealed; it is erased as soon as a mail server has it.
    pub link_sealed: Vec<u8>,
    /// When.
    pub now: Timestamp,
}

impl Act for RemindGuest {
    type Output = ();
    type Error = InvitationError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const FIND: &str = "
            SELECT m.notices FROM invitation i JOIN member m ON m.mailbox_id = i.mailbox_id
             WHERE i.mailbox_id = $1 AND i.sender_id = $2 AND i.from_page = 0";
        const NEWEST: &str = "
            SELECT letter_id FROM entry WHERE mailbox_id = $1 AND sender_id = $2
             ORDER BY arrived DESC, letter_id DESC LIMIT 1";
        const LINK: &str = "UPDATE invitation SET link_sealed = $2 WHERE mailbox_id = $1";
        let row = db.row(FIND, &[&self.guest, &self.sender]).await?;
        if row.ok_or(InvitationError::NotFound)?.take::<LetterNotices>()? == LetterNotices::Never {
            return Err(InvitationError::HandedOver);
        }
        let newest = db.row(NEWEST, &[&self.guest, &self.sender]).await?;
        let letter: LetterId = newest.ok_or(InvitationError::NotFound)?.take()?;
        db.exec(LINK, &[&self.guest, &self.link_sealed]).await?;
        Ok(notices::queue_reminder(db, self.notice, letter, self.guest, self.now).await?)
    }
}
