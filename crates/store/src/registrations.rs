//! Registering: what waits between asking for a mailbox and having one (PROTOCOL §9a).

use securemailbox_protocol::{
    accounts::{AccountKind, Language},
    ids::{AccountId, CertificateHash, RecordId, RegistrationId},
    levels::Level,
    limits,
    records::RecordPurpose,
    time::Timestamp,
};

use crate::{
    Act, Db, ReadOnly, StoreError, ToParam,
    accounts::AddressLookup,
    factors::{CodeHmac, Verdict},
    notices::{self, NewNotice},
    proofs::{self, Factor},
    records,
    sessions::{self, NewSession},
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
    /// Two slots or two records of the request have one id.
    #[error("two slots or two records have one id")]
    SameId,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// A record's first version, sealed by the client.
pub struct FirstRecord {
    /// Its id.
    pub id: RecordId,
    /// Its bytes.
    pub sealed: Vec<u8>,
}

/// Begins a registration. The same to its caller whether or not the address has a mailbox; if it has, no code is ever right.
pub struct BeginRegistration {
    /// Names the steps that follow.
    pub id: RegistrationId,
    /// Reserved for the account.
    pub account: AccountId,
    /// For whom.
    pub address_lookup: AddressLookup,
    /// The same, for the account to keep.
    pub address_sealed: Vec<u8>,
    /// Of e-mail and SMS.
    pub language: Language,
    /// What the e-mail says.
    pub code: CodeHmac,
    /// Goes out if the address is free.
    pub code_notice: NewNotice,
    /// Goes out if it has a mailbox already.
    pub taken_notice: NewNotice,
    /// When.
    pub now: Timestamp,
}

impl Act for BeginRegistration {
    type Output = ();
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const TAKEN: &str = "SELECT 1 FROM member WHERE address_lookup = $1";
        const BEGIN: &str = "
            INSERT INTO registration (registration_id, account_id, address_lookup, address_sealed, language, expires)
            VALUES ($1, $2, $3, $4, $5, $6)";
        let taken = db.row(TAKEN, &[&self.address_lookup]).await?.is_some();
        let expires = self.now.after(limits::REGISTRATION_LIFE);
        let row: [&dyn ToParam; 6] =
            [&self.id, &self.account, &self.address_lookup, &self.address_sealed, &self.language, &expires];
        db.exec(BEGIN, &row).await?;
        let (code, notice) = if taken { (&NOBODYS_CODE, &self.taken_notice) } else { (&self.code, &self.code_notice) };
        proofs::expect(db, self.id.as_bytes(), Factor::Address, code, self.now).await?;
        notices::queue(db, notice, self.now).await
    }
}

/// Proves the address.
pub struct EnterAddressCode {
    /// Which registration.
    pub id: RegistrationId,
    /// What was typed.
    pub code: CodeHmac,
    /// When.
    pub now: Timestamp,
}

impl Act for EnterAddressCode {
    type Output = Verdict;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        enter(db, self.id, Factor::Address, &self.code, self.now).await
    }
}

/// A registration whose address is proved: for whom a phone is sealed, and in which language its SMS is.
pub struct RegistrationForPhone {
    /// Which registration.
    pub id: RegistrationId,
    /// When.
    pub now: Timestamp,
}

/// What is known before the phone.
pub struct AddressProved {
    /// Reserved for the account.
    pub account: AccountId,
    /// Of the SMS.
    pub language: Language,
}

impl Act for RegistrationForPhone {
    type Output = AddressProved;
    type Error = RegistrationError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        let registration = find(db, self.id, self.now).await?.ok_or(RegistrationError::RegistrationOver)?;
        if !proofs::is_proved(db, self.id.as_bytes(), Factor::Address).await? {
            return Err(RegistrationError::RegistrationOver);
        }
        Ok(AddressProved { account: registration.account, language: registration.language })
    }
}

impl ReadOnly for RegistrationForPhone {}

/// Sends a code to a phone, once the address is proved; again, or to another phone, until one is proved.
pub struct SetPhone {
    /// Which registration.
    pub id: RegistrationId,
    /// Whose phone it is to be.
    pub phone_sealed: Vec<u8>,
    /// What the SMS says.
    pub code: CodeHmac,
    /// The SMS.
    pub notice: NewNotice,
    /// When.
    pub now: Timestamp,
}

impl Act for SetPhone {
    type Output = ();
    type Error = RegistrationError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "UPDATE registration SET phone_sealed = $2 WHERE registration_id = $1";
        find(db, self.id, self.now).await?.ok_or(RegistrationError::RegistrationOver)?;
        let holder = self.id.as_bytes();
        let address_proved = proofs::is_proved(db, holder, Factor::Address).await?;
        if !address_proved || proofs::is_proved(db, holder, Factor::Phone).await? {
            return Err(RegistrationError::RegistrationOver);
        }
        db.exec(SQL, &[&self.id, &self.phone_sealed]).await?;
        proofs::expect(db, holder, Factor::Phone, &self.code, self.now).await?;
        Ok(notices::queue(db, &self.notice, self.now).await?)
    }
}

/// Proves the phone.
pub struct EnterPhoneCode {
    /// Which registration.
    pub id: RegistrationId,
    /// What was typed.
    pub code: CodeHmac,
    /// When.
    pub now: Timestamp,
}

impl Act for EnterPhoneCode {
    type Output = Verdict;
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        enter(db, self.id, Factor::Phone, &self.code, self.now).await
    }
}

/// The account reserved by a registration whose address and phone are proved.
pub struct RegistrationForPassword {
    /// Which registration.
    pub id: RegistrationId,
    /// When.
    pub now: Timestamp,
}

impl Act for RegistrationForPassword {
    type Output = AccountId;
    type Error = RegistrationError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        Ok(proved(db, self.id, self.now).await?.account)
    }
}

impl ReadOnly for RegistrationForPassword {}

/// Makes the account, its slots, its first records and a session, and ends the registration: all or nothing.
pub struct CompleteRegistration {
    /// Which registration.
    pub id: RegistrationId,
    /// The v6 certificate that the directory will serve, sealed by the server: it names the address.
    pub certificate_sealed: Vec<u8>,
    /// Its SHA-256.
    pub certificate_hash: CertificateHash,
    /// The password.
    pub password: PasswordSlot,
    /// The recovery sheet.
    pub recovery: RecoverySlot,
    /// The private keys.
    pub keyring: FirstRecord,
    /// The owner's choices.
    pub settings: FirstRecord,
    /// The session that begins.
    pub session: NewSession,
    /// When.
    pub now: Timestamp,
}

impl Act for CompleteRegistration {
    type Output = AccountId;
    type Error = RegistrationError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        let registration = proved(db, self.id, self.now).await?;
        self.insert_account(db, &registration).await?;
        let account = registration.account;
        let slots = slots::replace_password(db, account, &self.password).await?
            && slots::replace_recovery(db, account, &self.recovery).await?;
        if !slots || !self.insert_records(db, account).await? {
            return Err(RegistrationError::SameId);
        }
        sessions::begin(db, account, &self.session).await?;
        forget(db, self.id).await?;
        Ok(account)
    }
}

/// What no code has as its HMAC: the address has a mailbox, and nobody was sent a code.
const NOBODYS_CODE: CodeHmac = [0; 32];

struct Registration {
    account: AccountId,
    address_lookup: AddressLookup,
    address_sealed: Vec<u8>,
    language: Language,
    phone_sealed: Option<Vec<u8>>,
}

/// A registration whose hour is not over.
async fn find<D: Db>(db: &mut D, id: RegistrationId, now: Timestamp) -> Result<Option<Registration>, StoreError> {
    const SQL: &str = "
        SELECT account_id, address_lookup, address_sealed, language, phone_sealed FROM registration
         WHERE registration_id = $1 AND expires > $2";
    let Some(mut row) = db.row(SQL, &[&id, &now]).await? else { return Ok(None) };
    Ok(Some(Registration {
        account: row.take()?,
        address_lookup: row.take()?,
        address_sealed: row.take()?,
        language: row.take()?,
        phone_sealed: row.take()?,
    }))
}

/// A registration whose address and phone are proved; the one is asked for only after the other.
async fn proved<D: Db>(db: &mut D, id: RegistrationId, now: Timestamp) -> Result<Registration, RegistrationError> {
    let registration = find(db, id, now).await?.ok_or(RegistrationError::RegistrationOver)?;
    if proofs::is_proved(db, id.as_bytes(), Factor::Phone).await? {
        Ok(registration)
    } else {
        Err(RegistrationError::RegistrationOver)
    }
}

async fn enter<D: Db>(
    db: &mut D,
    id: RegistrationId,
    factor: Factor,
    typed: &CodeHmac,
    now: Timestamp,
) -> Result<Verdict, StoreError> {
    match find(db, id, now).await? {
        Some(_) => proofs::enter(db, id.as_bytes(), factor, typed, now).await,
        None => Ok(Verdict::AlreadyOver),
    }
}

async fn forget<D: Db>(db: &mut D, id: RegistrationId) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM registration WHERE registration_id = $1";
    proofs::forget(db, id.as_bytes()).await?;
    db.exec(SQL, &[&id]).await.map(drop)
}

impl CompleteRegistration {
    async fn insert_account<D: Db>(&self, db: &mut D, from: &Registration) -> Result<(), RegistrationError> {
        const MEMBER: &str = "
            INSERT INTO member (mailbox_id, language, address_lookup, address_sealed, phone_sealed, level)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT DO NOTHING";
        const MAILBOX: &str = "
            INSERT INTO mailbox (mailbox_id, kind, certificate_hash, change, erase_letters, erase_drafts)
            VALUES ($1, $2, $3, 0, 0, 0)";
        const CERTIFICATE: &str = "INSERT INTO certificate (mailbox_id, certificate_hash, sealed) VALUES ($1, $2, $3)";
        let Registration { account, address_lookup, address_sealed, language, phone_sealed } = from;
        let phone_sealed = phone_sealed.as_ref().ok_or(StoreError::Damaged("a proved phone"))?;
        let (kind, level) = (AccountKind::Member, Level::Phone);
        let row: [&dyn ToParam; 6] = [account, language, address_lookup, address_sealed, phone_sealed, &level];
        if db.exec(MEMBER, &row).await? == 0 {
            return Err(RegistrationError::AddressTaken);
        }
        db.exec(MAILBOX, &[account, &kind, &self.certificate_hash]).await?;
        db.exec(CERTIFICATE, &[account, &self.certificate_hash, &self.certificate_sealed]).await?;
        Ok(())
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
