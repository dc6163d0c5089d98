//! Accounts (PROTOCOL §9a).

use securemailbox_protocol::{
    accounts::{AccountKind, AccountUpdate, Language, LetterNotices, TrashLife},
    ids::{AccountId, CertificateHash},
    levels::Level,
};
use sha2::{Digest as _, Sha256};

use crate::{Act, Db, ReadOnly, StoreError, notices};

/// HMAC of an address in its one form, under the server seal: how an account is found without storing its address.
pub type AddressLookup = [u8; 32];

/// The look-up of an account that no address leads to: no HMAC of ours comes to it.
pub(crate) fn nobodys(account: AccountId) -> AddressLookup {
    Sha256::digest(account.as_bytes()).into()
}

/// An account as the server keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The member's id, which is also the id of the member's own mailbox.
    pub id: AccountId,
    /// Whether a member or a guest has it.
    pub kind: AccountKind,
    /// The language in which e-mails and SMS are written.
    pub language: Language,
    /// How long letters lie in the trash.
    pub trash_life: TrashLife,
    /// When its owner is told by e-mail that a letter waits.
    pub notices: LetterNotices,
    /// Its owner's address, sealed.
    pub address_sealed: Vec<u8>,
    /// SHA-256 of the certificate that the directory shows.
    pub certificate: CertificateHash,
    /// How the person is identified when reading.
    pub level: Level,
    /// How many letters the mailbox holds.
    pub letters: u64,
    /// How many bytes of letters and records it holds.
    pub bytes: u64,
}

/// The account, if there is one.
pub struct AccountById {
    /// The member whose row is read.
    pub account: AccountId,
}

impl Act for AccountById {
    type Output = Option<Account>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT m.mailbox_id, b.kind, m.language, m.trash_life, m.notices, m.address_sealed, b.certificate_hash, m.level,
                   b.letters, b.bytes
              FROM member m JOIN mailbox b ON b.mailbox_id = m.mailbox_id
             WHERE m.mailbox_id = $1";
        let Some(mut row) = db.row(SQL, &[&self.account]).await? else { return Ok(None) };
        Ok(Some(Account {
            id: row.take()?,
            kind: row.take()?,
            language: row.take()?,
            trash_life: row.take()?,
            notices: row.take()?,
            address_sealed: row.take()?,
            certificate: row.take()?,
            level: row.take()?,
            letters: row.take()?,
            bytes: row.take()?,
        }))
    }
}

impl ReadOnly for AccountById {}

/// Changes what a member has chosen.
pub struct UpdateAccount {
    /// The member.
    pub account: AccountId,
    /// The new choices; what is left out stays. Whoever chooses when to be told has looked: what waits to be told is told no
    /// more.
    pub update: AccountUpdate,
}

impl Act for UpdateAccount {
    type Output = ();
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            UPDATE member SET language = COALESCE($2, language), trash_life = COALESCE($3, trash_life),
                              notices = COALESCE($4, notices)
             WHERE mailbox_id = $1";
        let AccountUpdate { language, trash_life, notices } = &self.update;
        db.exec(SQL, &[&self.account, language, trash_life, notices]).await?;
        if notices.is_some() {
            notices::chosen(db, self.account.mailbox()).await?;
        }
        Ok(())
    }
}
