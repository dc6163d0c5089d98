//! How letters come into a mailbox: posted, or released.

use securemailbox_protocol::{
    accounts::AccountKind,
    ids::{AccountId, CertificateHash, LetterId, MailboxId},
    letters::Folder,
    numbers::ChangeNumber,
    time::Timestamp,
};

use super::PostLettersError;
use crate::{Db, StoreError, ToParam, invitations, notices, pulse, quotas, quotas::Quota};

/// Letters of one sender on their way into mailboxes.
pub(super) struct Arriving {
    /// The mailbox that posted them.
    pub(super) sender: MailboxId,
    /// How many bytes of theirs the sender had as uploads, and has in the letters from now on.
    pub(super) released: i64,
    /// How much a mailbox may hold.
    pub(super) quota: Quota,
    /// When they arrive.
    pub(super) now: Timestamp,
}

/// A letter on its way into one mailbox.
pub(super) struct Arrival<'a> {
    /// The letter's id.
    pub(super) letter: LetterId,
    /// Size of content, envelope and blobs.
    pub(super) bytes: i64,
    /// Whether somebody besides its sender reads it.
    pub(super) has_others: bool,
    /// The certificate that the key was wrapped for.
    pub(super) certificate: CertificateHash,
    /// The PKESK packet of this reader.
    pub(super) wrapped_key: &'a [u8],
}

impl Arriving {
    /// Checks that `account` has the certificate its keys were wrapped for, and puts the letters in.
    pub(super) async fn fill<D: Db>(
        &self,
        db: &mut D,
        account: AccountId,
        letters: &[Arrival<'_>],
    ) -> Result<(), PostLettersError> {
        const RAISE: &str = "
            UPDATE mailbox SET change = change + $2, letters = letters + $2, bytes = bytes + $3
             WHERE mailbox_id = $1 AND kind <> 'removed'
            RETURNING change, erase_letters, erase_drafts, certificate_hash, told, letters, bytes, kind";
        const ENTRY: &str = "
            INSERT INTO entry (mailbox_id, letter_id, sender_id, folder, read, arrived, change, wrapped_key)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let own = account.mailbox() == self.sender;
        let count = letters.len() as u64;
        let more: i64 = letters.iter().map(|letter| letter.bytes + quotas::length(letter.wrapped_key)).sum();
        let more = if own { more - self.released } else { more };
        let raised = db.row(RAISE, &[&account, &ChangeNumber::new(count), &more]).await?;
        let mut raised = raised.ok_or(PostLettersError::StaleKey { reader: account })?;
        let pulse = pulse::pulse(&mut raised)?;
        let (certificate, told): (CertificateHash, bool) = (raised.take()?, raised.take()?);
        let holds = (raised.take()?, raised.take()?);
        if raised.take::<AccountKind>()? == AccountKind::Guest {
            invitations::extend(db, account, self.now).await?;
        }
        db.touched(account.mailbox(), pulse);
        for (change, arrival) in (pulse.change.get() - count + 1..).zip(letters) {
            if arrival.certificate != certificate {
                return Err(PostLettersError::StaleKey { reader: account });
            }
            let sent = own && arrival.has_others;
            let folder = if sent { Folder::Sent } else { Folder::Inbox };
            let (change, key) = (ChangeNumber::new(change), arrival.wrapped_key);
            let row: [&dyn ToParam; 8] =
                [&account, &arrival.letter, &self.sender, &folder, &sent, &self.now, &change, &key];
            db.exec(ENTRY, &row).await?;
            if !own {
                self.insert_delivery(db, account, arrival.letter).await?;
            }
        }
        // What the sender holds is looked at when the draft is gone.
        if !own && !self.quota.allows(holds.0, holds.1) {
            return Err(PostLettersError::ReaderFull { reader: account });
        }
        match letters.first() {
            Some(first) if !own && !told => Ok(notices::queue_letter(db, first.letter, account, self.now).await?),
            Some(_) | None => Ok(()),
        }
    }

    async fn insert_delivery<D: Db>(&self, db: &mut D, reader: AccountId, letter: LetterId) -> Result<(), StoreError> {
        const SQL: &str = "INSERT INTO delivery (letter_id, reader_id, delivered) VALUES ($1, $2, $3)";
        db.exec(SQL, &[&letter, &reader, &self.now]).await.map(drop)
    }
}
