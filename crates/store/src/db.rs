//! The least that both databases have in common: text with `$1` placeholders in, rows out.

use std::{borrow::Cow, future::Future};

use securemailbox_protocol::{
    accounts::{AccountKind, Language, LetterNotices, TrashLife},
    factors::FactorKind,
    ids::{
        AccountId, BlobId, CertificateHash, ContentHash, ErasureId, FactorId, LetterId, MailboxId, RecordId,
        RecoveryId, RegistrationId, SessionId, SignInId, SlotId, ThreadId,
    },
    invitations::LinkState,
    letters::{Ending, Folder, HoldRefusal},
    levels::Level,
    numbers::{ChangeNumber, EraseNumber, Version},
    octets::Octets,
    public_pages::{PageName, PageTitle},
    records::RecordPurpose,
    security::SecurityEventKind,
    slots::SlotKind,
    sync::Pulse,
    time::Timestamp,
    waits::WaitKind,
};

use crate::{
    meta::MetaKey,
    notices::{Lane, NoticeId},
    pieces::PieceName,
    registrations::Wanted,
    traces::Tables,
};

/// A database inside a transaction.
pub trait Db: Send {
    /// Runs `sql` and returns how many rows it wrote.
    fn exec(
        &mut self,
        sql: &'static str,
        params: &[&dyn ToParam],
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Runs `sql` and returns its rows.
    fn rows(
        &mut self,
        sql: &'static str,
        params: &[&dyn ToParam],
    ) -> impl Future<Output = Result<Vec<Row>, StoreError>> + Send;

    /// Runs `sql` and returns its first row.
    fn row(
        &mut self,
        sql: &'static str,
        params: &[&dyn ToParam],
    ) -> impl Future<Output = Result<Option<Row>, StoreError>> + Send {
        async move { Ok(self.rows(sql, params).await?.into_iter().next()) }
    }

    /// Remembers whom to tell, once this is on disk, that there is something new.
    fn touched(&mut self, mailbox: MailboxId, pulse: Pulse);
}

/// The work that follows once a transaction is on disk.
#[derive(Default)]
pub(crate) struct AfterCommit {
    /// Whom to tell that there is something new.
    pub(crate) pulses: Vec<(MailboxId, Pulse)>,
    /// In which tables secrets were deleted or overwritten.
    pub(crate) traces: Tables,
}

/// Why the store could not do it. Holds no row's content, so that it may be logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// More is waiting to be written than we promise to remember, or too many tried the same at once.
    #[error("the store has more to do than it can")]
    Busy,
    /// There is no room on the disk. Erasing goes on; the rest may be tried again when there is.
    #[error("the disk is full")]
    Full,
    /// The store was closed, or its database can't be reached.
    #[error("the store can't be reached")]
    Unreachable,
    /// An operation panicked. Nothing of it was kept.
    #[error("an operation of the store panicked")]
    Panicked,
    /// A row does not hold what we wrote.
    #[error("a row holds what we never write: {0}")]
    Damaged(&'static str),
    /// The database refused, with its own code (SQLite's extended result code, PostgreSQL's SQLSTATE).
    #[error("the database failed with code {0}")]
    Database(String),
    /// Where files are kept does not answer, or refuses. It may be tried again.
    #[error("the place of the files can't be reached")]
    FilesAway,
    /// A file could not be written.
    #[error("a file of the store could not be written: {0}")]
    File(std::io::ErrorKind),
}

/// A value on its way into a statement.
#[derive(Clone)]
pub enum Param<'a> {
    /// SQL's `NULL`.
    Null,
    /// A number, a time, a truth value.
    Int(i64),
    /// Bytes: ids, hashes, everything sealed.
    Bytes(Cow<'a, [u8]>),
    /// A word of a closed list, such as a slot's kind; never something that a person typed.
    Text(&'a str),
}

/// A value that can go into a statement.
pub trait ToParam: Sync {
    /// As the database takes it.
    fn to_param(&self) -> Param<'_>;
}

/// A value on its way out of a row.
#[derive(Clone)]
pub enum Value {
    /// SQL's `NULL`.
    Null,
    /// A number, a time, a truth value.
    Int(i64),
    /// The bytes of a `BLOB` (SQLite) or `bytea` (PostgreSQL).
    Bytes(Vec<u8>),
    /// A word of a closed list, such as a slot's kind.
    Text(String),
}

/// A row, taken apart from the left.
pub struct Row(std::vec::IntoIter<Value>);

impl Row {
    pub(crate) fn new(values: Vec<Value>) -> Self {
        Self(values.into_iter())
    }

    /// The next column.
    ///
    /// # Errors
    /// [`StoreError::Damaged`]: there is none, or it holds something else than a `T`.
    pub fn take<T: FromValue>(&mut self) -> Result<T, StoreError> {
        T::from_value(self.0.next().ok_or(StoreError::Damaged("too few columns"))?)
    }
}

/// A type that can come out of a row.
pub trait FromValue: Sized {
    /// From what the database gave.
    ///
    /// # Errors
    /// [`StoreError::Damaged`]: it is something else.
    fn from_value(value: Value) -> Result<Self, StoreError>;
}

macro_rules! fixed_bytes {
    ($($name:ident $length:literal)+) => { $(
        impl ToParam for $name {
            fn to_param(&self) -> Param<'_> {
                Param::Bytes(Cow::Borrowed(self.as_bytes()))
            }
        }

        impl FromValue for $name {
            fn from_value(value: Value) -> Result<Self, StoreError> {
                Ok(Self::from_bytes(<[u8; $length]>::from_value(value)?))
            }
        }
    )+ };
}

fixed_bytes! {
    AccountId 16
    LetterId 16
    MailboxId 16
    RecordId 16
    SlotId 16
    SessionId 16
    RegistrationId 16
    SignInId 16
    RecoveryId 16
    ErasureId 16
    FactorId 16
    ThreadId 16
    NoticeId 16
    BlobId 16
    PieceName 16
    ContentHash 32
    CertificateHash 32
}

macro_rules! numbers {
    ($($name:ident $get:ident $new:ident)+) => { $(
        impl ToParam for $name {
            fn to_param(&self) -> Param<'_> {
                Param::Int(i64::try_from(self.$get()).unwrap_or(i64::MAX))
            }
        }

        impl FromValue for $name {
            fn from_value(value: Value) -> Result<Self, StoreError> {
                Ok(Self::$new(u64::from_value(value)?))
            }
        }
    )+ };
}

numbers! {
    ChangeNumber get new
    EraseNumber get new
    Version get new
    Timestamp unix_millis from_unix_millis
}

macro_rules! words {
    ($($name:ident { $($variant:ident $word:literal)+ })+) => { $(
        impl ToParam for $name {
            fn to_param(&self) -> Param<'_> {
                Param::Text(match self { $(Self::$variant => $word,)+ })
            }
        }

        impl FromValue for $name {
            fn from_value(value: Value) -> Result<Self, StoreError> {
                match String::from_value(value)?.as_str() {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(StoreError::Damaged(stringify!($name))),
                }
            }
        }
    )+ };
}

words! {
    MetaKey { SealId "seal-id" OpaqueSetup "opaque-setup" Demo "demo" Host "host" }
    FactorKind {
        Address "address" Phone "phone" ReservePhone "reserve-phone" OneTimeCodes "one-time-codes"
        Authenticator "authenticator" Passkey "passkey"
    }
    AccountKind { Member "member" Guest "guest" Removed "removed" }
    Language { Sv "sv" En "en" }
    TrashLife { ThirtyDays "thirty-days" Unlimited "unlimited" }
    LetterNotices { AtOnce "at-once" Daily "daily" Never "never" }
    Folder { Inbox "inbox" Sent "sent" Drafts "drafts" Archive "archive" Trash "trash" }
    HoldRefusal { StaleKey "stale-key" ReaderFull "reader-full" }
    RecordPurpose { Keyring "keyring" Contact "contact" Settings "settings" Draft "draft" }
    LinkState { WithSender "with-sender" Waiting "waiting" Mailed "mailed" WithWriter "with-writer" }
    Wanted { Mailbox "mailbox" Removal "removal" Page "page" }
    Ending { Expired "expired" Declined "declined" Withdrawn "withdrawn" Claimed "claimed" }
    Lane { Emails "emails" Texts "texts" Letters "letters" }
    SecurityEventKind {
        SignedIn "signed-in" SheetReplaced "sheet-replaced" KeyringReplaced "keyring-replaced"
        PasswordReplaced "password-replaced" PasswordChanged "password-changed" PasswordRemoved "password-removed" KeysRenewed "keys-renewed"
        SessionEnded "session-ended" OtherSessionsEnded "other-sessions-ended" NewDevice "new-device"
        UnlockFailed "unlock-failed" CodesRefused "codes-refused"
        AuthenticatorAdded "authenticator-added" AuthenticatorRemoved "authenticator-removed"
        PhoneReplaced "phone-replaced" ReservePhoneAdded "reserve-phone-added"
        ReservePhoneRemoved "reserve-phone-removed" OneTimeCodesMade "one-time-codes-made"
        OneTimeCodesRemoved "one-time-codes-removed" OneTimeCodeUsed "one-time-code-used"
        PasskeyAdded "passkey-added" PasskeyRemoved "passkey-removed"
        RecoveryBegun "recovery-begun" RecoveryStopped "recovery-stopped"
        RemovalBegun "removal-begun" RemovalStopped "removal-stopped"
    }
    WaitKind { Recovery "recovery" Removal "removal" }
    SlotKind { Password "password" Passkey "passkey" Recovery "recovery" Device "device" Link "link" }
}

impl ToParam for Level {
    fn to_param(&self) -> Param<'_> {
        Param::Int(*self as i64)
    }
}

impl FromValue for Level {
    fn from_value(value: Value) -> Result<Self, StoreError> {
        match i64::from_value(value)? {
            1 => Ok(Self::Address),
            2 => Ok(Self::Phone),
            3 => Ok(Self::Authenticator),
            4 => Ok(Self::Passkey),
            5 => Ok(Self::Eid),
            _ => Err(StoreError::Damaged("Level")),
        }
    }
}

impl<T: ToParam> ToParam for Option<T> {
    fn to_param(&self) -> Param<'_> {
        self.as_ref().map_or(Param::Null, ToParam::to_param)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Result<Self, StoreError> {
        match value {
            Value::Null => Ok(None),
            Value::Int(_) | Value::Bytes(_) | Value::Text(_) => T::from_value(value).map(Some),
        }
    }
}

impl ToParam for i64 {
    fn to_param(&self) -> Param<'_> {
        Param::Int(*self)
    }
}

impl FromValue for i64 {
    fn from_value(value: Value) -> Result<Self, StoreError> {
        match value {
            Value::Int(number) => Ok(number),
            Value::Null | Value::Bytes(_) | Value::Text(_) => Err(StoreError::Damaged("a number")),
        }
    }
}

impl FromValue for u64 {
    fn from_value(value: Value) -> Result<Self, StoreError> {
        Self::try_from(i64::from_value(value)?).map_err(|_| StoreError::Damaged("a number below zero"))
    }
}

impl ToParam for bool {
    fn to_param(&self) -> Param<'_> {
        Param::Int(i64::from(*self))
    }
}

impl FromValue for bool {
    fn from_value(value: Value) -> Result<Self, StoreError> {
        match i64::from_value(value)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(StoreError::Damaged("neither true nor false")),
        }
    }
}

impl ToParam for &str {
    fn to_param(&self) -> Param<'_> {
        Param::Text(self)
    }
}

impl FromValue for String {
    fn from_value(value: Value) -> Result<Self, StoreError> {
        match value {
            Value::Text(text) => Ok(text),
            Value::Null | Value::Int(_) | Value::Bytes(_) => Err(StoreError::Damaged("a word")),
        }
    }
}

macro_rules! lines {
    ($($name:ident)+) => { $(
        impl ToParam for $name {
            fn to_param(&self) -> Param<'_> {
                Param::Text(self.as_str())
            }
        }

        impl FromValue for $name {
            fn from_value(value: Value) -> Result<Self, StoreError> {
                Self::parse(&String::from_value(value)?).map_err(|_| StoreError::Damaged(stringify!($name)))
            }
        }
    )+ };
}

lines! { PageName PageTitle }

impl ToParam for &[u8] {
    fn to_param(&self) -> Param<'_> {
        Param::Bytes(Cow::Borrowed(self))
    }
}

impl ToParam for Vec<u8> {
    fn to_param(&self) -> Param<'_> {
        Param::Bytes(Cow::Borrowed(self))
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: Value) -> Result<Self, StoreError> {
        match value {
            Value::Bytes(bytes) => Ok(bytes),
            Value::Null | Value::Int(_) | Value::Text(_) => Err(StoreError::Damaged("bytes")),
        }
    }
}

impl ToParam for Octets {
    fn to_param(&self) -> Param<'_> {
        Param::Bytes(Cow::Borrowed(&self.0))
    }
}

impl FromValue for Octets {
    fn from_value(value: Value) -> Result<Self, StoreError> {
        Vec::from_value(value).map(Self)
    }
}

impl<const N: usize> ToParam for [u8; N] {
    fn to_param(&self) -> Param<'_> {
        Param::Bytes(Cow::Borrowed(self))
    }
}

impl<const N: usize> FromValue for [u8; N] {
    fn from_value(value: Value) -> Result<Self, StoreError> {
        Vec::from_value(value)?.try_into().map_err(|_| StoreError::Damaged("bytes of another length"))
    }
}
