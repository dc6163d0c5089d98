//! Claiming (PROTOCOL §5): somebody who came by a link makes a mailbox of their own, in a registration like any other. Everything
//! that they were written moves there, and what their key says of the one in its place is kept for whoever wrote.

use securemailbox_protocol::{
    factors::FactorKind,
    ids::{AccountId, CertificateHash, LetterId, MailboxId, RegistrationId},
    letters::Ending,
    levels::Level,
    limits,
    records::RecordPurpose,
    time::Timestamp,
};

use crate::{
    Act, Db, ReadOnly, StoreError, ToParam,
    accounts::AddressLookup,
    factors::{self, Factor},
    invitations,
    proofs::{self, CodeProof, HolderId},
    pulse, records,
    registrations::{self, FirstRecord, RegistrationError},
    sessions::TokenHash,
};

/// Who came by a link and asks for a mailbox.
#[derive(Debug)]
pub struct Guest {
    /// The guest account.
    pub account: AccountId,
    /// The phone that was proved.
    pub phone: Factor,
}

/// The guest of a session that proved its phone within [`limits::REGISTRATION_LIFE`].
pub struct GuestOfSession {
    /// SHA-256 of the session's token.
    pub token_hash: TokenHash,
    /// When.
    pub now: Timestamp,
}

impl Act for GuestOfSession {
    type Output = Option<Guest>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        let Some(Proved { account, .. }) = proved(db, &self.token_hash, self.now).await? else { return Ok(None) };
        let factors = factors::of_account(db, account).await?;
        let phone = factors.into_iter().find(|factor| factor.kind == FactorKind::Phone);
        Ok(phone.map(|phone| Guest { account, phone }))
    }
}

impl ReadOnly for GuestOfSession {}

/// The phone that a guest proved is the phone of a registration of the same address: no second code goes out for it.
pub struct ProvePhoneByGuest {
    /// The registration, whose address was proved.
    pub id: RegistrationId,
    /// SHA-256 of the token of the guest's session.
    pub token_hash: TokenHash,
    /// The phone, sealed for the account that the registration reserves.
    pub phone: Factor,
    /// When.
    pub now: Timestamp,
}

impl Act for ProvePhoneByGuest {
    type Output = ();
    type Error = RegistrationError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        let (account, address_lookup) = registrations::with_address(db, self.id, self.now).await?;
        let guest =
            proved(db, &self.token_hash, self.now).await?.filter(|guest| guest.address_lookup == address_lookup);
        let guest = guest.ok_or(RegistrationError::NotTheGuest)?;
        factors::drop_kind(db, account, FactorKind::Phone).await?;
        factors::add(db, account, &self.phone, self.now).await?;
        let proof = CodeProof::Proved { at: guest.at };
        Ok(proofs::keep(db, HolderId::Registration(self.id), self.phone.id, &proof).await?)
    }
}

/// What a guest leaves to the mailbox that is made of it.
pub struct NewClaim {
    /// SHA-256 of the token of the guest's session.
    pub token_hash: TokenHash,
    /// The key of whoever wrote, for the new mailbox, where it is known.
    pub contact: Option<FirstRecord>,
    /// When its key signed what it says.
    pub signed_at: Timestamp,
    /// What it signed: a detached signature.
    pub signature: Vec<u8>,
}

impl NewClaim {
    /// Moves the letters of a guest to the new mailbox of the same address, and removes the guest.
    pub(crate) async fn take<D: Db>(
        &self,
        db: &mut D,
        claimant: AccountId,
        address_lookup: AddressLookup,
        now: Timestamp,
    ) -> Result<(), RegistrationError> {
        const CLAIM: &str = "
            INSERT INTO claim (guest_id, sender_id, claimant_id, signed_at, signature) VALUES ($1, $2, $3, $4, $5)";
        let guest = proved(db, &self.token_hash, now).await?.filter(|guest| guest.address_lookup == address_lookup);
        let Proved { account: guest, sender, .. } = guest.ok_or(RegistrationError::NotTheGuest)?;
        if let Some(FirstRecord { id, sealed }) = &self.contact {
            let created = records::create(db, claimant.mailbox(), *id, RecordPurpose::Contact, sealed).await?;
            created.ok_or(RegistrationError::SameId)?;
        }
        move_letters(db, guest, claimant).await?;
        let claim: [&dyn ToParam; 5] = [&guest, &sender, &claimant, &self.signed_at, &self.signature];
        db.exec(CLAIM, &claim).await?;
        Ok(invitations::end(db, guest, Ending::Claimed, now).await?)
    }
}

/// Moves the letters of a guest to the mailbox that a member of the same address has, as a registration does that claims it.
pub struct Claim {
    /// The member.
    pub account: AccountId,
    /// What the guest leaves. The member's keyring opens it by now.
    pub claim: NewClaim,
    /// When.
    pub now: Timestamp,
}

impl Act for Claim {
    type Output = ();
    type Error = RegistrationError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "SELECT address_lookup FROM member WHERE mailbox_id = $1";
        let mut row = db.row(SQL, &[&self.account]).await?.ok_or(RegistrationError::NotTheGuest)?;
        self.claim.take(db, self.account, row.take()?, self.now).await
    }
}

async fn move_letters<D: Db>(db: &mut D, from: AccountId, to: AccountId) -> Result<(), StoreError> {
    const LETTERS: &str = "
        SELECT e.letter_id, l.content_length + LENGTH(l.envelope) + LENGTH(e.wrapped_key)
               + CASE WHEN LENGTH(e.wrapped_key) > 0 THEN l.blobs_length ELSE 0 END
          FROM entry e JOIN letter l ON l.letter_id = e.letter_id
         WHERE e.mailbox_id = $1 ORDER BY e.change";
    const MOVE: &str = "UPDATE entry SET mailbox_id = $2, change = $4 WHERE mailbox_id = $1 AND letter_id = $3";
    // Its own letters are the mailbox's from now on; by whose key they are signed is in the entries.
    const OWN: &str = "
        UPDATE letter SET sender_id = $2
         WHERE sender_id = $1 AND letter_id IN (SELECT letter_id FROM entry WHERE mailbox_id = $2)";
    const COUNT: &str = "
        UPDATE mailbox SET letters = (SELECT COUNT(*) FROM entry WHERE mailbox_id = $1) WHERE mailbox_id = $1";
    for mut row in db.rows(LETTERS, &[&from]).await? {
        let (letter, bytes): (LetterId, i64) = (row.take()?, row.take()?);
        let (change, _) = pulse::raise_change_and_bytes(db, to.mailbox(), bytes).await?;
        db.exec(MOVE, &[&from, &to, &letter, &change]).await?;
    }
    db.exec(OWN, &[&from, &to]).await?;
    db.exec(COUNT, &[&to]).await.map(drop)
}

/// A guest whose phone was proved, by session.
struct Proved {
    account: AccountId,
    sender: MailboxId,
    address_lookup: AddressLookup,
    at: Timestamp,
}

async fn proved<D: Db>(db: &mut D, token_hash: &TokenHash, now: Timestamp) -> Result<Option<Proved>, StoreError> {
    const SQL: &str = "
        SELECT s.mailbox_id, i.sender_id, i.address_lookup, s.proved
          FROM session s JOIN invitation i ON i.mailbox_id = s.mailbox_id
         WHERE s.token_hash = $1 AND s.expires > $2 AND s.level >= $3 AND s.proved > $4 AND i.expires > $2";
    let since = now.before(limits::REGISTRATION_LIFE);
    let Some(mut row) = db.row(SQL, &[token_hash, &now, &Level::Phone, &since]).await? else { return Ok(None) };
    let (account, sender) = (row.take()?, row.take()?);
    Ok(Some(Proved { account, sender, address_lookup: row.take()?, at: row.take()? }))
}

/// What the key of a guest said of the one that took its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The certificate of the guest.
    pub certificate: CertificateHash,
    /// When it was signed.
    pub signed_at: Timestamp,
    /// A detached signature.
    pub signature: Vec<u8>,
    /// Whether whoever had written was told of it before ([`ClaimTold`]).
    pub told: bool,
}

/// The claim of a member, for whoever had written to them by a link; the newest, if there were several.
pub struct ClaimTo {
    /// Who had written, and asks.
    pub sender: MailboxId,
    /// Who has a mailbox now.
    pub claimant: AccountId,
}

impl Act for ClaimTo {
    type Output = Option<Claimed>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            SELECT b.certificate_hash, c.signed_at, c.signature, c.told
              FROM claim c JOIN mailbox b ON b.mailbox_id = c.guest_id
             WHERE c.sender_id = $1 AND c.claimant_id = $2
             ORDER BY c.signed_at DESC, c.guest_id LIMIT 1";
        let Some(mut row) = db.row(SQL, &[&self.sender, &self.claimant]).await? else { return Ok(None) };
        let (certificate, signed_at) = (row.take()?, row.take()?);
        Ok(Some(Claimed { certificate, signed_at, signature: row.take()?, told: row.take()? }))
    }
}

impl ReadOnly for ClaimTo {}

/// Whoever wrote was told of a claim: it need not outlive the letters any more.
pub struct ClaimTold {
    /// Who had written.
    pub sender: MailboxId,
    /// Who has a mailbox now.
    pub claimant: AccountId,
}

impl Act for ClaimTold {
    type Output = ();
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "UPDATE claim SET told = 1 WHERE sender_id = $1 AND claimant_id = $2 AND told = 0";
        db.exec(SQL, &[&self.sender, &self.claimant]).await.map(drop)
    }
}
