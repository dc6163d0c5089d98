//! Registering: what waits between asking for a mailbox and having one (PROTOCOL §9a).

use securemailbox_protocol::{
    accounts::{AccountKind, Language, LetterNotices, TrashLife},
    factors::FactorKind,
    ids::{AccountId, CertificateHash, FactorId, RecordId, RegistrationId},
    levels::Level,
    limits,
    records::RecordPurpose,
    time::Timestamp,
};

use crate::{
    Act, Db, ReadOnly, StoreError, ToParam,
    accounts::AddressLookup,
    claims::NewClaim,
    factors::{self, Factor},
    passkeys::{self, AddPasskeyError, AuthenticatorRow, PasskeySlot, UsedPasskey},
    proofs::{self, Holder, HolderId, Proved, Purpose, Standing, Waiting},
    records,
    sessions::{self, Begun, NewSession},
    slots::{self, PasswordSlot, RecoverySlot},
};

/// Why a step of a registration was not taken.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    /// Unknown, complete, older than an hour, or not at this step.
    #[error("the registration is over, or not at this step")]
    RegistrationOver,
    /// The address got a mailbox meanwhile.
    #[error("the address has a mailbox already")]
    AddressTaken,
    /// What was shown as a guest's session is none of this address that proved its phone lately.
    #[error("no guest of this address proved its phone in that session")]
    NotTheGuest,
    /// The passkey that was to open the mailbox is none that this registration made.
    #[error("the passkey is none that this registration made")]
    PasskeyRefused,
    /// Two slots or two records of the request have one id.
    #[error("two slots or two records have one id")]
    SameId,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// A record's first version, sealed by the client.
pub struct FirstRecord {
    /// The record's id, made by the client.
    pub id: RecordId,
    /// The record's bytes at version 1, sealed by the client.
    pub sealed: Vec<u8>,
}

/// What whoever proves an address asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A mailbox at it.
    Mailbox,
    /// That the mailbox at it is removed.
    Removal,
    /// Nothing else: they write by a public page (PROTOCOL §5).
    Page,
}

/// Begins a registration. The same to its caller whether or not the address has a mailbox.
pub struct BeginRegistration {
    /// Names the steps that follow.
    pub id: RegistrationId,
    /// Reserved for the account.
    pub account: AccountId,
    /// The keyed hash of the address that a mailbox is asked for.
    pub address_lookup: AddressLookup,
    /// The address itself: the first factor, and then the account's to keep.
    pub address: Factor,
    /// The language of e-mails and SMS, during the registration and afterwards.
    pub language: Language,
    /// What is asked for.
    pub wants: Wanted,
    /// The registration begins now and ends after an hour.
    pub now: Timestamp,
}

impl Act for BeginRegistration {
    type Output = ();
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            INSERT INTO registration (registration_id, account_id, address_lookup, language, wants, expires)
            VALUES ($1, $2, $3, $4, $5, $6)";
        let expires = self.now.after(limits::REGISTRATION_LIFE);
        let row: [&dyn ToParam; 6] =
            [&self.id, &self.account, &self.address_lookup, &self.language, &self.wants, &expires];
        db.exec(SQL, &row).await?;
        factors::add(db, self.account, &self.address, self.now).await
    }
}

/// A registration whose address is proved: the account for which a phone is sealed.
pub struct RegistrationForPhone {
    /// The registration whose address was proved.
    pub id: RegistrationId,
    /// The registration must not have expired by now.
    pub now: Timestamp,
}

impl Act for RegistrationForPhone {
    type Output = AccountId;
    type Error = RegistrationError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        Ok(proved(db, self.id, Level::Address, self.now).await?.0.account)
    }
}

impl ReadOnly for RegistrationForPhone {}

/// Names the phone, once the address is proved. Until a phone is proved, another one may be named in its place.
pub struct NamePhone {
    /// The registration whose address was proved.
    pub id: RegistrationId,
    /// The phone that a code will be sent to, in the place of one that was named before.
    pub phone: Factor,
    /// When the phone was named; the registration must not have expired by now.
    pub now: Timestamp,
}

impl Act for NamePhone {
    type Output = ();
    type Error = RegistrationError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        let (account, _) = with_address(db, self.id, self.now).await?;
        factors::drop_kind(db, account, FactorKind::Phone).await?;
        Ok(factors::add(db, account, &self.phone, self.now).await?)
    }
}

/// A registration as what a proof is for: each factor is a step on the way, and gives nothing by itself.
pub struct Registering(pub RegistrationId);

impl Holder for Registering {
    type Gives = ();

    fn id(&self) -> HolderId {
        HolderId::Registration(self.0)
    }

    async fn give<D: Db>(&self, _: &mut D, _: Proved) -> Result<Self::Gives, StoreError> {
        Ok(())
    }
}

/// The account reserved by a registration whose address and phone are proved.
pub struct RegistrationForPassword {
    /// The registration whose address and phone were proved.
    pub id: RegistrationId,
    /// The registration must not have expired by now.
    pub now: Timestamp,
}

impl Act for RegistrationForPassword {
    type Output = AccountId;
    type Error = RegistrationError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        reserved(db, self.id, self.now).await
    }
}

impl ReadOnly for RegistrationForPassword {}

/// The account that a registration reserves whose address and phone are proved.
pub(crate) async fn reserved<D: Db>(
    db: &mut D,
    id: RegistrationId,
    now: Timestamp,
) -> Result<AccountId, RegistrationError> {
    Ok(proved(db, id, Level::Phone, now).await?.0.account)
}

impl From<AddPasskeyError> for RegistrationError {
    fn from(error: AddPasskeyError) -> Self {
        match error {
            AddPasskeyError::Over | AddPasskeyError::Taken => Self::PasskeyRefused,
            AddPasskeyError::SlotExists => Self::SameId,
            // Neither is asked of a registration, which has no session and no passkey yet.
            AddPasskeyError::NoSession | AddPasskeyError::TooMany => Self::RegistrationOver,
            AddPasskeyError::Store(source) => source.into(),
        }
    }
}

/// What opens a mailbox from the first, beside the recovery sheet.
pub enum FirstWay {
    /// The slot that the chosen password opens, with its OPAQUE record.
    Password(PasswordSlot),
    /// The passkey that was made in the registration.
    Passkey {
        /// The factor that it is.
        factor: FactorId,
        /// How its authenticator stood in the second ceremony.
        authenticator: AuthenticatorRow,
        /// Sealed under its PRF output.
        slot: PasskeySlot,
    },
}

/// Makes the account, its slots, its first records and a session, and ends the registration: all or nothing.
pub struct CompleteRegistration {
    /// The registration whose address and phone were proved.
    pub id: RegistrationId,
    /// The v6 certificate that the directory will serve, sealed by the server: it names the address.
    pub certificate_sealed: Vec<u8>,
    /// SHA-256 of the certificate's bytes before the server sealed them.
    pub certificate_hash: CertificateHash,
    /// What opens the mailbox beside the recovery sheet.
    pub first_way: FirstWay,
    /// The slot that the recovery code of the first sheet opens.
    pub recovery: RecoverySlot,
    /// The keyring, which holds the private keys: sealed by the client.
    pub keyring: FirstRecord,
    /// The settings, which hold the owner's name and choices: sealed by the client.
    pub settings: FirstRecord,
    /// The session of the person who registered.
    pub session: NewSession,
    /// What they were written by a link, which moves here.
    pub claim: Option<NewClaim>,
    /// The registration must not have expired by now.
    pub now: Timestamp,
}

impl Act for CompleteRegistration {
    type Output = Begun;
    type Error = RegistrationError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        let (registration, standing) = proved(db, self.id, Level::Phone, self.now).await?;
        self.insert_account(db, &registration, standing.level).await?;
        let account = registration.account;
        let standing = self.insert_first_way(db, account).await?.unwrap_or(standing);
        if !slots::replace_recovery(db, account, &self.recovery).await? || !self.insert_records(db, account).await? {
            return Err(RegistrationError::SameId);
        }
        if let Some(claim) = &self.claim {
            claim.take(db, account, registration.address_lookup, self.now).await?;
        }
        let begun = sessions::begin(db, account, &self.session, standing).await?;
        forget(db, self.id).await?;
        Ok(begun)
    }
}

struct Registration {
    account: AccountId,
    address_lookup: AddressLookup,
    language: Language,
    wants: Wanted,
}

/// A registration whose hour is not over.
async fn find<D: Db>(db: &mut D, id: RegistrationId, now: Timestamp) -> Result<Option<Registration>, StoreError> {
    const SQL: &str = "
        SELECT account_id, address_lookup, language, wants FROM registration
         WHERE registration_id = $1 AND expires > $2";
    let Some(mut row) = db.row(SQL, &[&id, &now]).await? else { return Ok(None) };
    let (account, address_lookup) = (row.take()?, row.take()?);
    Ok(Some(Registration { account, address_lookup, language: row.take()?, wants: row.take()? }))
}

/// The address that a registration is for.
pub(crate) async fn address_of<D: Db>(
    db: &mut D,
    id: RegistrationId,
    now: Timestamp,
) -> Result<Option<AddressLookup>, StoreError> {
    Ok(find(db, id, now).await?.map(|registration| registration.address_lookup))
}

/// The same, as what a proof is for.
pub(crate) async fn waiting<D: Db>(
    db: &mut D,
    id: RegistrationId,
    now: Timestamp,
) -> Result<Option<Waiting>, StoreError> {
    let Some(registration) = find(db, id, now).await? else { return Ok(None) };
    let Registration { account, address_lookup, language, wants } = registration;
    let of_owner = language_at(db, &address_lookup).await?;
    let (purpose, in_vain) = match wants {
        Wanted::Mailbox => (Purpose::Mailbox, of_owner.is_some()),
        Wanted::Removal => (Purpose::Removal, of_owner.is_none()),
        Wanted::Page => (Purpose::Page, false),
    };
    // Whoever has the mailbox is written to in their own language, and not in that of a stranger who asks.
    Ok(Some(Waiting { account, language: of_owner.unwrap_or(language), purpose, in_vain }))
}

async fn language_at<D: Db>(db: &mut D, address_lookup: &AddressLookup) -> Result<Option<Language>, StoreError> {
    const SQL: &str = "SELECT language FROM member WHERE address_lookup = $1";
    db.row(SQL, &[address_lookup]).await?.map(|mut row| row.take()).transpose()
}

/// A registration that proved as much as this. A phone is named, and so proved, only after the address.
async fn proved<D: Db>(
    db: &mut D,
    id: RegistrationId,
    level: Level,
    now: Timestamp,
) -> Result<(Registration, Standing), RegistrationError> {
    let registration = find(db, id, now).await?.filter(|registration| registration.wants == Wanted::Mailbox);
    let registration = registration.ok_or(RegistrationError::RegistrationOver)?;
    match proofs::standing(&proofs::all(db, HolderId::Registration(id), registration.account).await?) {
        Some(standing) if standing.level >= level => Ok((registration, standing)),
        Some(_) | None => Err(RegistrationError::RegistrationOver),
    }
}

/// The account that a registration reserves whose address is proved, and no phone yet, with the look-up of that address.
pub(crate) async fn with_address<D: Db>(
    db: &mut D,
    id: RegistrationId,
    now: Timestamp,
) -> Result<(AccountId, AddressLookup), RegistrationError> {
    let (Registration { account, address_lookup, .. }, standing) = proved(db, id, Level::Address, now).await?;
    if standing.level > Level::Address {
        return Err(RegistrationError::RegistrationOver);
    }
    Ok((account, address_lookup))
}

/// The member who has this address.
async fn member_at<D: Db>(db: &mut D, address_lookup: &AddressLookup) -> Result<Option<AccountId>, StoreError> {
    const SQL: &str = "SELECT mailbox_id FROM member WHERE address_lookup = $1";
    db.row(SQL, &[address_lookup]).await?.map(|mut row| row.take()).transpose()
}

/// The member whose address was proved by somebody who wants their account removed.
pub(crate) async fn to_remove<D: Db>(
    db: &mut D,
    id: RegistrationId,
    now: Timestamp,
) -> Result<Option<AccountId>, StoreError> {
    let Some(registration) = find(db, id, now).await?.filter(|registration| registration.wants == Wanted::Removal)
    else {
        return Ok(None);
    };
    let proved = proofs::all(db, HolderId::Registration(id), registration.account).await?;
    if proved.is_empty() { Ok(None) } else { member_at(db, &registration.address_lookup).await }
}

/// The address that was proved by somebody who writes by a public page, sealed for the account that it was reserved under. It stays
/// until its hour is over, so that a lost answer can be asked for again.
pub struct AddressForPage {
    /// What proved it.
    pub id: RegistrationId,
    /// Its hour must not be over.
    pub now: Timestamp,
}

impl Act for AddressForPage {
    type Output = Option<(AccountId, Vec<u8>)>;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        let Some(registration) = find(db, self.id, self.now).await?.filter(|found| found.wants == Wanted::Page) else {
            return Ok(None);
        };
        let account = registration.account;
        if proofs::all(db, HolderId::Registration(self.id), account).await?.is_empty() {
            return Ok(None);
        }
        let factors = factors::of_account(db, account).await?;
        let address = factors.into_iter().find(|factor| factor.kind == FactorKind::Address);
        Ok(address.map(|address| (account, address.sealed)))
    }
}

impl ReadOnly for AddressForPage {}

/// A registration is over, and leaves the account that it reserved nothing.
pub(crate) async fn give_up<D: Db>(db: &mut D, id: RegistrationId) -> Result<(), StoreError> {
    const FACTORS: &str = "
        DELETE FROM factor WHERE mailbox_id IN (SELECT account_id FROM registration WHERE registration_id = $1)";
    db.exec(FACTORS, &[&id]).await?;
    forget(db, id).await
}

async fn forget<D: Db>(db: &mut D, id: RegistrationId) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM registration WHERE registration_id = $1";
    proofs::forget(db, HolderId::Registration(id)).await?;
    passkeys::forget(db, HolderId::Registration(id)).await?;
    db.exec(SQL, &[&id]).await.map(drop)
}

impl CompleteRegistration {
    async fn insert_account<D: Db>(
        &self,
        db: &mut D,
        from: &Registration,
        level: Level,
    ) -> Result<(), RegistrationError> {
        const MEMBER: &str = "
            INSERT INTO member (mailbox_id, language, trash_life, notices, address_lookup, address_sealed, level)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT DO NOTHING";
        const MAILBOX: &str = "
            INSERT INTO mailbox (mailbox_id, kind, certificate_hash, change, erase_letters, erase_drafts, told, letters,
                                 bytes)
            VALUES ($1, $2, $3, 0, 0, 0, 0, 0, 0)";
        const CERTIFICATE: &str = "INSERT INTO certificate (mailbox_id, certificate_hash, sealed) VALUES ($1, $2, $3)";
        let Registration { account, address_lookup, language, .. } = from;
        // From now on the address is the account's name, and no factor: only one that is better opens a mailbox.
        let all = factors::of_account(db, *account).await?;
        let address = all.into_iter().find(|factor| factor.kind == FactorKind::Address);
        let address_sealed = address.ok_or(StoreError::Damaged("a proved address"))?.sealed;
        factors::drop_kind(db, *account, FactorKind::Address).await?;
        let kind = AccountKind::Member;
        let (trash_life, notices) = (TrashLife::default(), LetterNotices::default());
        let row: [&dyn ToParam; 7] =
            [account, language, &trash_life, &notices, address_lookup, &address_sealed, &level];
        if db.exec(MEMBER, &row).await? == 0 {
            return Err(RegistrationError::AddressTaken);
        }
        db.exec(MAILBOX, &[account, &kind, &self.certificate_hash]).await?;
        db.exec(CERTIFICATE, &[account, &self.certificate_hash, &self.certificate_sealed]).await?;
        Ok(())
    }

    /// What opens the mailbox; how the person stands by it, where that proves them.
    async fn insert_first_way<D: Db>(
        &self,
        db: &mut D,
        account: AccountId,
    ) -> Result<Option<Standing>, RegistrationError> {
        match &self.first_way {
            FirstWay::Password(slot) => {
                let put = slots::replace_password(db, account, slot).await?;
                if put { Ok(None) } else { Err(RegistrationError::SameId) }
            }
            FirstWay::Passkey { factor, authenticator, slot } => {
                let used = UsedPasskey { factor: *factor, authenticator: *authenticator, slot: Some(slot) };
                passkeys::count(db, HolderId::Registration(self.id), account, &used, self.now).await?;
                Ok(Some(Standing::by(FactorKind::Passkey, self.now)))
            }
        }
    }

    /// False if two of them have one id.
    async fn insert_records<D: Db>(&self, db: &mut D, account: AccountId) -> Result<bool, StoreError> {
        let first = [(RecordPurpose::Keyring, &self.keyring), (RecordPurpose::Settings, &self.settings)];
        for (purpose, record) in first {
            if records::create(db, account.mailbox(), record.id, purpose, &record.sealed).await?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
