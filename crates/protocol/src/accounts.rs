//! Accounts, and how one comes to be (PROTOCOL §9a, Registering).

use serde::{Deserialize, Serialize};

use crate::{
    address::Address,
    factors::FactorOffer,
    ids::{AccountId, CertificateHash, FactorId, RecordId, RegistrationId},
    invitations::NewClaim,
    octets::Octets,
    passkeys::{Assertion, MadeCredential, NewPasskeySlot},
    phone::PhoneNumber,
    sessions::SessionDelivery,
    slots::{NewPasswordSlot, NewRecoverySlot, SlotKind},
};

/// Who an account belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum AccountKind {
    /// A person who registered.
    Member,
    /// A person who was written to and has not claimed the account yet (PROTOCOL §5).
    Guest,
    /// A person whose account was removed. What they had sent is with its readers.
    Removed,
}

/// The language of what the server writes to a person: e-mail and SMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Swedish, unless another was chosen.
    #[default]
    Sv,
    /// English.
    En,
}

/// How long a letter lies in the trash before the server erases it (PROTOCOL §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum TrashLife {
    /// [`limits::TRASH_LIFE`](crate::limits::TRASH_LIFE), unless something else was chosen.
    #[default]
    ThirtyDays,
    /// Until its holder erases it.
    Unlimited,
}

/// When the owner of a mailbox is told by e-mail that a letter waits. What concerns their security is always told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum LetterNotices {
    /// When it comes, unless another was chosen.
    #[default]
    AtOnce,
    /// At 07:00 UTC, unless they have looked by then.
    Daily,
    /// Never.
    Never,
}

/// `POST /registrations`: asks for a mailbox.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewRegistration {
    /// Where the code goes.
    pub address: Address,
    /// In which language.
    pub language: Language,
}

/// The same answer whether or not the address has a mailbox already; only the e-mail differs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Registration {
    /// Names the steps that follow.
    pub id: RegistrationId,
    /// Reserved for the account; the OPAQUE credential identifier.
    pub account: AccountId,
    /// The address, which is to be proved first.
    pub offers: Vec<FactorOffer>,
}

/// `POST /registrations/{id}/phone`: names the phone, which is offered then; another one, until it is proved.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EnteredPhone {
    /// Where its code will go.
    pub phone: PhoneNumber,
}

/// An OPAQUE registration request (RFC 9807 §5.1): in a registration, in a forgotten password, and for another password.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PasswordRequest {
    /// `RegistrationRequest`, 32 bytes.
    pub request: Octets,
}

/// The server's half of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasswordResponse {
    /// `RegistrationResponse`, 64 bytes.
    pub response: Octets,
}

/// A record's first version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FirstRecord {
    /// The record's id.
    pub id: RecordId,
    /// Sealed at version 1.
    pub sealed: Octets,
}

/// `POST /registrations/{id}/passkey/made`: the first ceremony of the passkey that is to open the mailbox.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MadeFirstPasskey {
    /// The factor that it will be.
    pub id: FactorId,
    /// What its authenticator says.
    pub made: MadeCredential,
}

/// What opens a mailbox from the first, beside the recovery sheet: one of the two.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum FirstWay {
    /// A password.
    Password(NewPasswordSlot),
    /// The passkey that was made in the registration.
    Passkey(FirstPasskey),
}

/// The second ceremony of a passkey that was made in a registration.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FirstPasskey {
    /// The factor that it will be.
    pub id: FactorId,
    /// Of the credential that was made.
    pub assertion: Assertion,
    /// The slot that was sealed under its first PRF output and opened with the second. One that opens nothing makes no mailbox.
    pub slot: NewPasskeySlot,
}

/// `POST /registrations/{id}/complete`: one transaction makes the account and a session at the level of what was proved.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CompleteRegistration {
    /// The v6 certificate as the directory will serve it, binary.
    pub certificate: Octets,
    /// What opens the mailbox beside the recovery sheet.
    pub first_way: FirstWay,
    /// The recovery sheet.
    pub recovery: NewRecoverySlot,
    /// The private keys.
    pub keyring: FirstRecord,
    /// The owner's name and choices.
    pub settings: FirstRecord,
    /// How the session's token is handed over.
    pub session: SessionDelivery,
    /// Of somebody who came by a link: what they were written moves here.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub claim: Option<NewClaim>,
}

/// `GET /account`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Member or guest.
    pub kind: AccountKind,
    /// Of e-mail and SMS.
    pub language: Language,
    /// Of letters in the trash.
    pub trash_life: TrashLife,
    /// When its owner is told by e-mail that a letter waits.
    pub notices: LetterNotices,
    /// What the server takes its owner's address to be.
    pub address: Address,
    /// Which certificate the directory shows others.
    pub certificate: CertificateHash,
    /// What opens the mailbox besides its devices: of `password`, `passkey` and `recovery` those that there are, each once.
    pub opens: Vec<SlotKind>,
    /// How much the mailbox holds.
    pub holds: Amounts,
    /// How much it may hold, by the operator's choice. More is refused (507).
    pub quota: Amounts,
    /// The largest file that may be attached to a letter, in bytes, by the operator's choice.
    pub largest_file: u64,
}

/// An amount of letters. A letter counts in each mailbox that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Amounts {
    /// Letters, in all folders.
    pub letters: u64,
    /// Bytes of letters and records, as the server has them.
    pub bytes: u64,
}

/// `PATCH /account`. Absent is unchanged.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AccountUpdate {
    /// Of e-mail and SMS, from now on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub language: Option<Language>,
    /// Of letters in the trash, those that lie there already among them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trash_life: Option<TrashLife>,
    /// When to tell of letters, from now on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub notices: Option<LetterNotices>,
}
