//! Removing an account (PROTOCOL §8): everything that is its own goes, and its address is free. What it had sent stays with its
//! readers, and so do the address and certificate by which they know who wrote, until the last of them has erased it.

use securemailbox_protocol::{
    accounts::{AccountKind, LetterNotices},
    ids::{AccountId, MailboxId, RegistrationId},
    limits,
    time::Timestamp,
    waits::{Wait, WaitKind},
};

use crate::{
    Act, Db, ReadOnly, Room, Store, StoreError, accounts, blobs, erasure,
    notices::{self, NewNotice},
    recoveries, registrations, security, sessions, sign_in,
    waits::{self, NewWait},
};

/// The account that somebody wants removed who proved its address; none before that.
pub struct AccountToRemove {
    /// The registration, which asked for a removal.
    pub id: RegistrationId,
    /// It must not have expired by now.
    pub now: Timestamp,
}

impl Act for AccountToRemove {
    type Output = Option<AccountId>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        registrations::to_remove(db, self.id, self.now).await
    }
}

impl ReadOnly for AccountToRemove {}

/// Why nothing began to wait.
#[derive(Debug, thiserror::Error)]
pub enum BeginRemovalError {
    /// The account is gone, or its address was not proved by this registration.
    #[error("the address of the account was not proved")]
    NotProved,
    /// It began [`limits::WAITS_A_DAY`] times within a day, and was stopped.
    #[error("a removal of this account began too often")]
    TooOften,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Begins to wait for a removal, unless one waits.
pub struct BeginRemoval {
    /// Whose account.
    pub account: AccountId,
    /// By whom it was asked for, where it was by nobody who is signed in. It is over then.
    pub registration: Option<RegistrationId>,
    /// What begins to wait.
    pub wait: NewWait,
}

impl Act for BeginRemoval {
    type Output = Wait;
    type Error = BeginRemovalError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        let event = self.wait.event;
        if let Some(id) = self.registration {
            if registrations::to_remove(db, id, event.at).await? != Some(self.account) {
                return Err(BeginRemovalError::NotProved);
            }
            registrations::give_up(db, id).await?;
        }
        let begins = waits::of_kind(db, self.account, WaitKind::Removal).await?.is_none();
        if begins && security::within_a_day(db, self.account, event).await? >= limits::WAITS_A_DAY {
            return Err(BeginRemovalError::TooOften);
        }
        Ok(waits::begin(db, self.account, &self.wait).await?)
    }
}

/// The accounts whose time has come.
pub struct RemovalsDue {
    /// By now.
    pub now: Timestamp,
}

/// So many at once.
const BATCH: i64 = 50;

impl Act for RemovalsDue {
    type Output = Vec<AccountId>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT mailbox_id FROM wait WHERE due <= $1 AND kind = $2 AND announce IS NULL ORDER BY due LIMIT $3";
        let rows = db.rows(SQL, &[&self.now, &WaitKind::Removal, &BATCH]).await?;
        rows.into_iter().map(|mut row| row.take()).collect()
    }
}

impl ReadOnly for RemovalsDue {}

/// Removes an account whose time has come, all but its letters, which [`Store::erase_removed`] erases. False, and nothing, if it
/// was stopped.
pub struct RemoveAccount {
    /// Which one.
    pub account: AccountId,
    /// What tells its channels that it is gone.
    pub notices: Vec<NewNotice>,
    /// Its time must have come by now.
    pub now: Timestamp,
}

impl Act for RemoveAccount {
    type Output = bool;
    type Error = StoreError;
    const ROOM: Room = Room::Erases;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        if !waits::has_come(db, self.account, WaitKind::Removal, self.now).await? {
            return Ok(false);
        }
        remove(db, self.account).await?;
        notices::queue_all(db, &self.notices, self.now).await?;
        Ok(true)
    }
}

/// Removes an account, or a guest, all but its letters.
pub(crate) async fn remove<D: Db>(db: &mut D, account: AccountId) -> Result<(), StoreError> {
    // What opens the mailbox first.
    const OWN: [&str; 14] = [
        "DELETE FROM slot WHERE mailbox_id = $1",
        "DELETE FROM record WHERE mailbox_id = $1",
        "DELETE FROM passkey WHERE mailbox_id = $1",
        "DELETE FROM enrolling_passkey WHERE mailbox_id = $1",
        "DELETE FROM one_time_code WHERE mailbox_id = $1",
        "DELETE FROM factor WHERE mailbox_id = $1",
        "DELETE FROM security_event WHERE mailbox_id = $1",
        "DELETE FROM receipt WHERE mailbox_id = $1",
        "DELETE FROM notice WHERE mailbox_id = $1",
        "DELETE FROM invitation WHERE mailbox_id = $1",
        "DELETE FROM public_page WHERE mailbox_id = $1",
        "DELETE FROM put_out_device WHERE mailbox_id = $1",
        "DELETE FROM claim WHERE claimant_id = $1",
        "DELETE FROM claim WHERE sender_id = $1",
    ];
    const MEMBER: &str = "UPDATE member SET address_lookup = $2, notices = $3 WHERE mailbox_id = $1";
    const MAILBOX: &str = "UPDATE mailbox SET kind = $2, told = 0, refused_since = NULL WHERE mailbox_id = $1";
    sessions::end_all(db, account).await?;
    sign_in::end_all(db, account).await?;
    recoveries::end_all(db, account).await?;
    waits::end(db, account, WaitKind::Removal).await?;
    for sql in OWN {
        db.exec(sql, &[&account]).await?;
    }
    blobs::forget_all_of(db, account.mailbox()).await?;
    // Whoever asks for the address that it had may have it.
    db.exec(MEMBER, &[&account, &accounts::nobodys(account), &LetterNotices::Never]).await?;
    db.exec(MAILBOX, &[&account, &AccountKind::Removed]).await?;
    erasure::queue(db).await
}

impl Store {
    /// Erases the letters of removed accounts, and every trace of those of whom nobody has a letter any more: how many entries
    /// went (PROTOCOL §8).
    ///
    /// # Errors
    /// [`StoreError`]: what is left goes the next time.
    pub async fn erase_removed(&self) -> Result<u64, StoreError> {
        let mut erased = 0;
        loop {
            match self.write(erasure::EraseOfRemoved).await? {
                0 => break,
                entries => erased += entries,
            }
        }
        let gone = self.write(DropRemoved).await?;
        if erased > 0 || gone > 0 {
            self.erase_queued_pieces().await;
            self.scrub_log().await?;
        }
        Ok(erased)
    }
}

/// Deletes what is left of removed accounts of whom nobody has a letter, and of whom no sender has a delivery: how many they were.
struct DropRemoved;

impl Act for DropRemoved {
    type Output = u64;
    type Error = StoreError;
    const ROOM: Room = Room::Erases;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const GONE: &str = "
            SELECT b.mailbox_id FROM mailbox b
             WHERE b.kind = 'removed'
               AND NOT EXISTS (SELECT 1 FROM entry e WHERE e.mailbox_id = b.mailbox_id)
               AND NOT EXISTS (SELECT 1 FROM entry e WHERE e.sender_id = b.mailbox_id)
               AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.reader_id = b.mailbox_id)
               AND NOT EXISTS (SELECT 1 FROM claim c WHERE c.guest_id = b.mailbox_id AND c.told = 0)
             LIMIT $1";
        const REST: [&str; 4] = [
            "DELETE FROM claim WHERE guest_id = $1",
            "DELETE FROM certificate WHERE mailbox_id = $1",
            "DELETE FROM member WHERE mailbox_id = $1",
            "DELETE FROM mailbox WHERE mailbox_id = $1",
        ];
        let mut gone = 0;
        for mut row in db.rows(GONE, &[&BATCH]).await? {
            let mailbox: MailboxId = row.take()?;
            for sql in REST {
                db.exec(sql, &[&mailbox]).await?;
            }
            gone += 1;
        }
        if gone > 0 {
            erasure::queue(db).await?;
        }
        Ok(gone)
    }
}
