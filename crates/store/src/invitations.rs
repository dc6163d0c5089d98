//! Somebody who has no mailbox and was written to (PROTOCOL §5): a guest account that serves one conversation, with who made it,
//! and is opened by a link and a phone. A guest is a member by row, under an address look-up that no address has: so letters,
//! notices and sessions know of nothing else, and the directory of no guest.

use std::time::Duration;

use securemailbox_protocol::{
    accounts::{AccountKind, Language, LetterNotices, TrashLife},
    factors::FactorKind,
    ids::{AccountId, CertificateHash, MailboxId, SignInId, SlotId},
    invitations::LinkState,
    levels::Level,
    limits,
    records::RecordPurpose,
    slots::SlotKind,
    time::Timestamp,
};

mod endings;
mod tending;

pub(crate) use endings::end;
pub use endings::{DeclineInvitation, DueGuest, ExpireInvitation, InvitationsDue, SenderToTell, WithdrawInvitation};
pub use tending::{ChangeDays, InvitationError, RemindGuest};

use crate::{
    Act, Db, Param, ReadOnly, Room, Row, StoreError, ToParam,
    accounts::{self, AddressLookup},
    directory::{Listing, SealedCertificate},
    factors::{self, Factor},
    letters,
    notices::NoticeId,
    proofs::{Holder as _, HolderId, Offered, Proved},
    records,
    registrations::FirstRecord,
    removals,
    sessions::NewSession,
    sign_in::{SignedIn, SigningIn},
};

/// SHA-256 of the token that a link shows.
pub type LinkHash = [u8; 32];

/// A `link` slot, as it is given out once the phone is proved.
#[derive(Clone)]
pub struct LinkSlot {
    /// The slot's id, made by the client: part of the place that it and the share are sealed under.
    pub id: SlotId,
    /// The account secret, sealed by the client.
    pub sealed: Vec<u8>,
    /// The server share, under the server seal.
    pub share_sealed: Vec<u8>,
}

/// A guest account, as the client of whoever writes has made it.
pub struct NewGuest {
    /// Made by the client. It is nobody's yet.
    pub account: AccountId,
    /// The keyed hash of the address: how its sender's devices find it again.
    pub address_lookup: AddressLookup,
    /// The address, sealed.
    pub address_sealed: Vec<u8>,
    /// The phone by which it is proved.
    pub phone: Factor,
    /// Of what the server writes to it.
    pub language: Language,
    /// The certificate, sealed.
    pub certificate_sealed: Vec<u8>,
    /// SHA-256 of the certificate's bytes before the server sealed them.
    pub certificate_hash: CertificateHash,
    /// The keyring.
    pub keyring: FirstRecord,
    /// The settings.
    pub settings: FirstRecord,
    /// The one contact.
    pub contact: FirstRecord,
    /// What the link opens.
    pub slot: LinkSlot,
    /// By what the link is known.
    pub token_hash: LinkHash,
    /// The link, sealed, where the server sends it.
    pub link_sealed: Option<Vec<u8>>,
}

/// Makes a guest account. False if one of its ids is taken, if its sender has a guest at this address already, or if a member has
/// the address: then its sender's client looks again.
pub(crate) async fn make<D: Db>(
    db: &mut D,
    sender: MailboxId,
    guest: &NewGuest,
    now: Timestamp,
) -> Result<bool, StoreError> {
    const HAS_MAILBOX: &str = "SELECT 1 FROM member WHERE address_lookup = $1";
    if db.row(HAS_MAILBOX, &[&guest.address_lookup]).await?.is_some() {
        return Ok(false);
    }
    // Whom its sender hands the link is told by nobody else.
    let notices = if guest.link_sealed.is_some() { LetterNotices::AtOnce } else { LetterNotices::Never };
    let rows = GuestRows {
        account: guest.account,
        partner: sender,
        address: (&guest.address_lookup, &guest.address_sealed),
        language: guest.language,
        certificate: (guest.certificate_hash, &guest.certificate_sealed),
        records: [&guest.keyring, &guest.settings, &guest.contact],
        slot: &guest.slot,
        token_hash: &guest.token_hash,
        link_sealed: guest.link_sealed.as_ref(),
        page: None,
        notices,
    };
    Ok(rows.insert(db, now).await? && factors::add(db, guest.account, &guest.phone, now).await.map(|()| true)?)
}

/// What a guest account is made of, whoever made it.
pub(crate) struct GuestRows<'a> {
    pub(crate) account: AccountId,
    /// With whom it has its conversation.
    pub(crate) partner: MailboxId,
    /// By what its partner finds it, and the address, sealed.
    pub(crate) address: (&'a AddressLookup, &'a Vec<u8>),
    pub(crate) language: Language,
    pub(crate) certificate: (CertificateHash, &'a Vec<u8>),
    /// Keyring, settings and the one contact.
    pub(crate) records: [&'a FirstRecord; 3],
    pub(crate) slot: &'a LinkSlot,
    pub(crate) token_hash: &'a LinkHash,
    pub(crate) link_sealed: Option<&'a Vec<u8>>,
    /// Its owner made it, and wrote by the partner's page: with the address that they proved, sealed.
    pub(crate) page: Option<Option<&'a Vec<u8>>>,
    pub(crate) notices: LetterNotices,
}

impl GuestRows<'_> {
    /// False if one of its ids is taken, or if its partner has a guest at this address already.
    pub(crate) async fn insert<D: Db>(&self, db: &mut D, now: Timestamp) -> Result<bool, StoreError> {
        const RESERVED: &str = "SELECT 1 FROM registration WHERE account_id = $1
                                UNION ALL SELECT 1 FROM factor WHERE mailbox_id = $1";
        const MAILBOX: &str = "
            INSERT INTO mailbox (mailbox_id, kind, certificate_hash, change, erase_letters, erase_drafts, told, letters, bytes)
            VALUES ($1, $2, $3, 0, 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING";
        const INVITATION: &str = "
            INSERT INTO invitation (mailbox_id, sender_id, address_lookup, token_hash, link_sealed, made, opened, days, expires,
                                    from_page, proved_sealed)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING";
        const MEMBER: &str = "
            INSERT INTO member (mailbox_id, language, trash_life, notices, address_lookup, address_sealed, level)
            VALUES ($1, $2, $3, $4, $5, $6, $7)";
        const CERTIFICATE: &str = "INSERT INTO certificate (mailbox_id, certificate_hash, sealed) VALUES ($1, $2, $3)";
        const SLOT: &str = "
            INSERT INTO slot (mailbox_id, slot_id, kind, sealed, share_sealed) VALUES ($1, $2, $3, $4, $5)";
        let account = &self.account;
        let (days, expires) = (Days(limits::INVITATION_DAYS), now.after(limits::INVITATION_LIFE));
        let (lookup, address_sealed) = self.address;
        let (hash, certificate_sealed) = self.certificate;
        let from_page = self.page.is_some();
        // Whoever wrote has the link, and was here.
        let opened = from_page.then_some(now);
        let (proved, link) = (self.page.flatten(), self.link_sealed);
        let invitation: [&dyn ToParam; 11] = [
            account,
            &self.partner,
            lookup,
            self.token_hash,
            &link.map(Vec::as_slice),
            &now,
            &opened,
            &days,
            &expires,
            &from_page,
            &proved.map(Vec::as_slice),
        ];
        // An id that a registration reserved has factors of somebody else already.
        let is_new = db.row(RESERVED, &[account]).await?.is_none()
            && db.exec(MAILBOX, &[account, &AccountKind::Guest, &hash]).await? > 0
            && db.exec(INVITATION, &invitation).await? > 0;
        if !is_new {
            return Ok(false);
        }
        let (nobodys, level) = (accounts::nobodys(*account), if from_page { Level::Address } else { Level::Phone });
        let member: [&dyn ToParam; 7] =
            [account, &self.language, &TrashLife::Unlimited, &self.notices, &nobodys, address_sealed, &level];
        db.exec(MEMBER, &member).await?;
        db.exec(CERTIFICATE, &[account, &hash, certificate_sealed]).await?;
        let LinkSlot { id, sealed, share_sealed } = self.slot;
        db.exec(SLOT, &[account, id, &SlotKind::Link, sealed, share_sealed]).await?;
        let purposes = [RecordPurpose::Keyring, RecordPurpose::Settings, RecordPurpose::Contact];
        for (purpose, record) in purposes.into_iter().zip(self.records) {
            if records::create(db, account.mailbox(), record.id, purpose, &record.sealed).await?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Who made a guest; none of anybody else.
pub(crate) async fn maker<D: Db>(db: &mut D, guest: AccountId) -> Result<Option<AccountId>, StoreError> {
    const SQL: &str = "SELECT sender_id FROM invitation WHERE mailbox_id = $1";
    db.row(SQL, &[&guest]).await?.map(|mut row| row.take()).transpose()
}

/// A letter came into the conversation: it stays for another while.
pub(crate) async fn extend<D: Db>(db: &mut D, guest: AccountId, now: Timestamp) -> Result<(), StoreError> {
    const DAYS: &str = "SELECT days FROM invitation WHERE mailbox_id = $1";
    const EXPIRES: &str = "UPDATE invitation SET expires = $2 WHERE mailbox_id = $1";
    let Some(mut row) = db.row(DAYS, &[&guest]).await? else { return Ok(()) };
    let days = Days(row.take()?);
    db.exec(EXPIRES, &[&guest, &now.after(days.life())]).await.map(drop)
}

/// How long a conversation stays after its last letter.
#[derive(Clone, Copy)]
struct Days(u64);

impl Days {
    const fn life(self) -> Duration {
        Duration::from_secs(self.0 * 24 * 60 * 60)
    }
}

impl ToParam for Days {
    fn to_param(&self) -> Param<'_> {
        Param::Int(i64::try_from(self.0).unwrap_or(i64::MAX))
    }
}

/// Letters of a sender were taken back: guests who never came and have nothing left go with them, as if nobody had written.
pub(crate) async fn drop_unmet<D: Db>(db: &mut D, sender: MailboxId) -> Result<(), StoreError> {
    const UNMET: &str = "
        SELECT i.mailbox_id FROM invitation i
         WHERE i.sender_id = $1 AND i.opened IS NULL
           AND NOT EXISTS (SELECT 1 FROM entry e WHERE e.mailbox_id = i.mailbox_id)
           AND NOT EXISTS (SELECT 1 FROM held_reader h WHERE h.mailbox_id = i.mailbox_id)";
    for mut row in db.rows(UNMET, &[&sender]).await? {
        removals::remove(db, row.take()?).await?;
    }
    Ok(())
}

/// A mail server has the link: nobody needs it here any more.
pub(crate) async fn handed_over<D: Db>(db: &mut D, guest: AccountId) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE invitation SET link_sealed = NULL WHERE mailbox_id = $1 AND link_sealed IS NOT NULL";
    db.exec(SQL, &[&guest]).await.map(drop)
}

/// Its owner proved the phone: the slot that the link opens, for a guest and nobody else.
pub(crate) async fn opened<D: Db>(
    db: &mut D,
    account: AccountId,
    now: Timestamp,
) -> Result<Option<LinkSlot>, StoreError> {
    const OPENED: &str = "UPDATE invitation SET opened = $2 WHERE mailbox_id = $1 AND opened IS NULL";
    const SLOT: &str = "SELECT slot_id, sealed, share_sealed FROM slot WHERE mailbox_id = $1 AND kind = $2";
    let Some(mut row) = db.row(SLOT, &[&account, &SlotKind::Link]).await? else { return Ok(None) };
    if db.exec(OPENED, &[&account, &now]).await? > 0 {
        letters::tell_senders_to(db, account).await?;
    }
    Ok(Some(LinkSlot { id: row.take()?, sealed: row.take()?, share_sealed: row.take()? }))
}

/// A code goes to the phone of a guest: whoever wrote learns of the first one, and so that none was typed.
pub(crate) async fn code_asked<D: Db>(db: &mut D, account: AccountId, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE invitation SET code_asked = $2 WHERE mailbox_id = $1 AND code_asked IS NULL";
    if db.exec(SQL, &[&account, &now]).await? > 0 {
        letters::tell_senders_to(db, account).await?;
    }
    Ok(())
}

/// A code on its way to a guest was refused for good: whoever wrote learns that it does not get there.
pub(crate) async fn code_refused<D: Db>(db: &mut D, notice: NoticeId) -> Result<(), StoreError> {
    const WHOSE: &str = "
        SELECT i.mailbox_id FROM proof p JOIN sign_in s ON s.sign_in_id = p.holder_id
          JOIN invitation i ON i.mailbox_id = s.account_id
         WHERE p.notice_id = $1 AND i.code_refused = 0";
    const SQL: &str = "UPDATE invitation SET code_refused = 1 WHERE mailbox_id = $1";
    let Some(mut row) = db.row(WHOSE, &[&notice]).await? else { return Ok(()) };
    let guest: AccountId = row.take()?;
    db.exec(SQL, &[&guest]).await?;
    letters::tell_senders_to(db, guest).await
}

/// Begins a sign-in by a link. Nothing is sent by it, nothing counted and nothing used up: whatever scans an e-mail opens links.
pub struct BeginLinkSignIn {
    /// Names the steps that follow.
    pub id: SignInId,
    /// SHA-256 of the token that the link shows.
    pub token_hash: LinkHash,
    /// The sign-in begins now and ends after ten minutes.
    pub now: Timestamp,
}

/// A sign-in by a link that has begun.
pub struct BegunLinkSignIn {
    /// Whose, and the phone.
    pub offered: Offered,
    /// To whom it was written, sealed.
    pub address_sealed: Vec<u8>,
    /// Who wrote, with their address, sealed.
    pub from: (AccountId, Vec<u8>),
    /// When the conversation is erased.
    pub expires: Timestamp,
}

impl Act for BeginLinkSignIn {
    type Output = Option<BegunLinkSignIn>;
    type Error = StoreError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const FIND: &str = "
            SELECT i.mailbox_id, g.address_sealed, s.mailbox_id, s.address_sealed, i.expires
              FROM invitation i
              JOIN member g ON g.mailbox_id = i.mailbox_id
              JOIN member s ON s.mailbox_id = i.sender_id
             WHERE i.token_hash = $1 AND i.expires > $2";
        const BEGIN: &str = "
            INSERT INTO sign_in (sign_in_id, account_id, step, state, expires) VALUES ($1, $2, 'factors', $3, $4)";
        let Some(mut row) = db.row(FIND, &[&self.token_hash, &self.now]).await? else { return Ok(None) };
        let account: AccountId = row.take()?;
        let ends = self.now.after(limits::CODE_LIFE);
        db.exec(BEGIN, &[&self.id, &account, &[0; 0], &ends]).await?;
        let factors = factors::offered_to(db, account, HolderId::SignIn(self.id)).await?;
        Ok(Some(BegunLinkSignIn {
            offered: Offered { account, factors },
            address_sealed: row.take()?,
            from: (row.take()?, row.take()?),
            expires: row.take()?,
        }))
    }
}

/// Opens by a link alone, whose owner made it: the session is that of somebody who proved no more than that they have it. None
/// for a link that another sign-in began with, or that opens by a code.
pub struct OpenByLink {
    /// The sign-in that the link began.
    pub id: SignInId,
    /// SHA-256 of the token that the link shows.
    pub token_hash: LinkHash,
    /// Begins now.
    pub session: NewSession,
    /// When.
    pub now: Timestamp,
}

impl Act for OpenByLink {
    type Output = Option<SignedIn>;
    type Error = StoreError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        // Once more after a lost answer, which ends the session that it named.
        const FIND: &str = "
            SELECT i.mailbox_id FROM sign_in s JOIN invitation i ON i.mailbox_id = s.account_id
             WHERE s.sign_in_id = $1 AND s.step IN ('factors', 'begun') AND s.expires > $2
               AND i.token_hash = $3 AND i.from_page = 1 AND i.expires > $2";
        let Some(mut row) = db.row(FIND, &[&self.id, &self.now, &self.token_hash]).await? else { return Ok(None) };
        let proved = Proved { account: row.take()?, kind: FactorKind::Address, now: self.now };
        SigningIn { id: self.id, session: self.session.clone() }.give(db, proved).await.map(Some)
    }
}

/// Somebody whom one wrote to and who has no mailbox yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The guest account.
    pub account: AccountId,
    /// The address, sealed.
    pub address_sealed: Vec<u8>,
    /// The phone; none where they wrote by the public page.
    pub phone: Option<Factor>,
    /// The e-mail address that they proved then, sealed.
    pub proved_sealed: Option<Vec<u8>>,
    /// Where the link is.
    pub link: LinkState,
    /// When it was made.
    pub made: Timestamp,
    /// When the phone was proved first.
    pub opened: Option<Timestamp>,
    /// When somebody who has the link said that the phone is not theirs.
    pub wrong_number: Option<Timestamp>,
    /// How many days after its last letter the conversation is erased.
    pub days: u64,
    /// When the conversation is erased.
    pub expires: Timestamp,
}

/// Lists those that one has made, the newest first.
pub struct ListInvitations {
    /// Whose they are.
    pub sender: MailboxId,
}

impl Act for ListInvitations {
    type Output = Vec<Invitation>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT i.mailbox_id, m.address_sealed, f.factor_id, f.kind, f.sealed, i.proved_sealed,
                   CASE WHEN i.from_page = 1 THEN 'with-writer' WHEN i.link_sealed IS NOT NULL THEN 'waiting' WHEN m.notices = $2 THEN 'with-sender' ELSE 'mailed' END,
                   i.made, i.opened, i.wrong_number, i.days, i.expires
              FROM invitation i
              JOIN member m ON m.mailbox_id = i.mailbox_id
              LEFT JOIN factor f ON f.mailbox_id = i.mailbox_id
             WHERE i.sender_id = $1
             ORDER BY i.made DESC, i.mailbox_id DESC";
        let invitation = |mut row: Row| {
            Ok(Invitation {
                account: row.take()?,
                address_sealed: row.take()?,
                phone: match (row.take()?, row.take()?, row.take()?) {
                    (Some(id), Some(kind), Some(sealed)) => Some(Factor { id, kind, sealed }),
                    (_, _, _) => None,
                },
                proved_sealed: row.take()?,
                link: row.take()?,
                made: row.take()?,
                opened: row.take()?,
                wrong_number: row.take()?,
                days: row.take()?,
                expires: row.take()?,
            })
        };
        // As `make` has it: whom its sender hands the link is told by nobody else.
        db.rows(SQL, &[&self.sender, &LetterNotices::Never]).await?.into_iter().map(invitation).collect()
    }
}

impl ReadOnly for ListInvitations {}

/// The guest whom one has made at an address. Found by nobody else (PROTOCOL §5).
pub struct GuestByAddress {
    /// Who looks.
    pub sender: MailboxId,
    /// The keyed hash of the address.
    pub address_lookup: AddressLookup,
}

impl Act for GuestByAddress {
    type Output = Option<Listing>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT i.mailbox_id, c.sealed, m.level
              FROM invitation i JOIN certificate c ON c.mailbox_id = i.mailbox_id JOIN member m ON m.mailbox_id = i.mailbox_id
             WHERE i.sender_id = $1 AND i.address_lookup = $2";
        let Some(mut row) = db.row(SQL, &[&self.sender, &self.address_lookup]).await? else { return Ok(None) };
        let certificate = SealedCertificate { account: row.take()?, sealed: row.take()? };
        Ok(Some(Listing { certificate, level: row.take()? }))
    }
}

impl ReadOnly for GuestByAddress {}

/// Who made a guest: the only one whom it may write to.
pub struct MakerOfGuest {
    /// The guest.
    pub guest: AccountId,
}

impl Act for MakerOfGuest {
    type Output = Option<AccountId>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        maker(db, self.guest).await
    }
}

impl ReadOnly for MakerOfGuest {}

/// Whether a guest may write now. Whoever came by a page is a stranger: their first letter is followed by another one for each
/// answer that they got, and no sooner.
pub struct MayWrite {
    /// The guest.
    pub guest: AccountId,
}

impl Act for MayWrite {
    type Output = bool;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const MUST_WAIT: &str = "
            SELECT 1 FROM invitation
             WHERE mailbox_id = $1 AND from_page = 1
               AND (SELECT COUNT(*) FROM letter WHERE sender_id = $1)
                 > (SELECT COUNT(*) FROM delivery WHERE reader_id = $1)";
        Ok(db.row(MUST_WAIT, &[&self.guest]).await?.is_none())
    }
}

impl ReadOnly for MayWrite {}

/// Whether a guest is nobody's but their own: they came by a public page, and nobody wrote to them first.
pub struct CameByPage {
    /// The guest.
    pub guest: AccountId,
}

impl Act for CameByPage {
    type Output = bool;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "SELECT 1 FROM invitation WHERE mailbox_id = $1 AND from_page = 1";
        Ok(db.row(SQL, &[&self.guest]).await?.is_some())
    }
}

impl ReadOnly for CameByPage {}

/// Somebody who has a link says that the phone is not theirs. Its sender is told once; false for a link that is over.
pub struct ReportWrongNumber {
    /// SHA-256 of the token that the link shows.
    pub token_hash: LinkHash,
    /// When.
    pub now: Timestamp,
}

impl Act for ReportWrongNumber {
    type Output = bool;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const FIND: &str = "
            SELECT mailbox_id FROM invitation WHERE token_hash = $1 AND expires > $2 AND from_page = 0";
        const SAID: &str = "UPDATE invitation SET wrong_number = $2 WHERE mailbox_id = $1 AND wrong_number IS NULL";
        let Some(mut row) = db.row(FIND, &[&self.token_hash, &self.now]).await? else { return Ok(false) };
        let guest: AccountId = row.take()?;
        if db.exec(SAID, &[&guest, &self.now]).await? > 0 {
            letters::tell_senders_to(db, guest).await?;
        }
        Ok(true)
    }
}
