//! The operations of the API (PROTOCOL §9), one list: the client asks by it, and a test holds the server's routes and their
//! description to it.

use std::{fmt, marker::PhantomData};

use crate::{
    accounts::{
        Account, AccountUpdate, CompleteRegistration, EnteredPhone, MadeFirstPasskey, NewRegistration, PasswordRequest,
        PasswordResponse, Registration,
    },
    attachments::NewBlob,
    directory::{Listing, LookUp, NumberChecked, NumberToCheck},
    factors::{
        BegunAuthenticator, ChooseFactor, ConfirmedFactor, EnterProof, EnterSignInProof, Factors, NewPhone, Offers,
        OneTimeCodes, SessionProof,
    },
    ids::{
        AccountId, BlobId, CertificateHash, FactorId, LetterId, RecordId, RecoveryId, RegistrationId, SessionId,
        SignInId,
    },
    invitations::{
        EnterLink, GuestSession, InvitationUpdate, Invitations, LinkSignIn, NewClaim, NewLinkSignIn, NewReminder,
    },
    letters::{
        Deliveries, EmptyTrash, Entry, EntryPage, EntryUpdate, ErasureReceipt, HeldLetters, NewLetters, Posted,
        ReadReceipt,
    },
    notices::NoticeSender,
    passkeys::{
        EnterPasskey, MadeCredential, PasskeySignIn, PasskeyToMake, PasskeyToProve, PasskeyToUse, Passkeys, UsedPasskey,
    },
    public_pages::{NewPageLetter, OwnPage, PageName, PublicPage, ShownPage},
    records::{Record, RecordHead},
    renewals::{Renewal, RewrappedKeys},
    security::SecurityEvents,
    sessions::{NewSession, Sessions, Unlock},
    sign_in::{CompleteRecovery, FinishSignIn, NewRecovery, NewSignIn, Recovery, RecoveryProved, SignIn},
    slots::{DeviceSlot, NewDeviceSlot, NewPasswordSlot, NewRecoverySlot, Slot},
    sync::{Changes, DraftIds, LetterIds, Pulse},
    waits::{Wait, WaitKind, WaitLink},
};

/// Where the API lies.
pub const ROOT: &str = "/api/v1";

/// The methods of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Reads what stands in the headers of an answer.
    Head,
    /// Adds, or does.
    Post,
    /// Writes a whole.
    Put,
    /// Changes a part.
    Patch,
    /// Ends.
    Delete,
}

impl Method {
    /// The word on the wire (RFC 9110 §9).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// Bytes as they are, `application/octet-stream`.
#[derive(Debug, Clone, Copy)]
pub struct Raw;

/// An operation on whatever `Id` names, or on nothing that needs naming: takes a `Sent` and gives an `Answer`.
#[derive(Debug, Clone, Copy)]
pub struct Endpoint<Id, Sent, Answer> {
    method: Method,
    path: &'static str,
    types: PhantomData<fn(Id, Sent) -> Answer>,
}

/// An operation on one thing: what a request is made of.
#[derive(Clone)]
pub struct Operation<Sent, Answer> {
    /// Its method.
    pub method: Method,
    /// Path and query below [`ROOT`].
    pub path: String,
    types: PhantomData<fn(Sent) -> Answer>,
}

impl<Id: fmt::Display, Sent, Answer> Endpoint<Id, Sent, Answer> {
    /// The operation on this one.
    #[must_use]
    pub fn of(self, id: Id) -> Operation<Sent, Answer> {
        let (before, rest) = self.path.split_once('{').unwrap_or((self.path, "}"));
        let after = rest.split_once('}').map_or("", |(_, after)| after);
        Operation { method: self.method, path: format!("{before}{id}{after}"), types: PhantomData }
    }
}

impl<Sent, Answer> Endpoint<(), Sent, Answer> {
    /// The operation.
    #[must_use]
    pub fn here(self) -> Operation<Sent, Answer> {
        Operation { method: self.method, path: self.path.into(), types: PhantomData }
    }
}

impl<Sent, Answer> Operation<Sent, Answer> {
    /// With a member of the query, whose words need no escaping.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        let mark = if self.path.contains('?') { '&' } else { '?' };
        self.path += &format!("{mark}{name}={value}");
        self
    }
}

/// Where the paths begin of whoever has no session yet, or a link: no session is asked for there.
const OF_STRANGERS: [&str; 8] = [
    "/registrations",
    "/removals",
    "/sign-ins",
    "/recoveries",
    "/waits/find",
    "/waits/stop",
    "/notices/sender",
    "/pages/",
];

/// Whether this path, below [`ROOT`], asks for no session.
#[must_use]
pub fn is_of_strangers(path: &str) -> bool {
    OF_STRANGERS.iter().any(|begins| path.starts_with(begins))
}

macro_rules! endpoints {
    ($($name:ident $method:ident $path:literal [$id:ty] $sent:ty => $answer:ty;)+) => {
        $(
            #[doc = concat!("`", stringify!($method), " ", $path, "`")]
            pub const $name: Endpoint<$id, $sent, $answer> =
                Endpoint { method: Method::$method, path: $path, types: PhantomData };
        )+

        /// Method and path of each.
        pub const ALL: &[(Method, &str)] = &[$((Method::$method, $path)),+];
    };
}

endpoints! {
    BEGIN_REGISTRATION Post "/registrations" [()] NewRegistration => Registration;
    NAME_PHONE Post "/registrations/{id}/phone" [RegistrationId] EnteredPhone => Offers;
    PROVE_PHONE_BY_GUEST Post "/registrations/{id}/guest" [RegistrationId] GuestSession => ();
    CHOOSE_FACTOR_OF_REGISTRATION Post "/registrations/{id}/proofs" [RegistrationId] ChooseFactor => PasskeyToProve;
    PROVE_FACTOR_OF_REGISTRATION Post "/registrations/{id}/proofs/enter" [RegistrationId] EnterProof => ();
    REGISTER_PASSWORD Post "/registrations/{id}/password" [RegistrationId] PasswordRequest => PasswordResponse;
    BEGIN_FIRST_PASSKEY Post "/registrations/{id}/passkey" [RegistrationId] () => PasskeyToMake;
    FIRST_PASSKEY_MADE Post "/registrations/{id}/passkey/made" [RegistrationId] MadeFirstPasskey => PasskeyToUse;
    CLAIM Post "/claims" [()] NewClaim => ();
    COMPLETE_REGISTRATION Post "/registrations/{id}/complete" [RegistrationId] CompleteRegistration => NewSession;

    BEGIN_REMOVAL Post "/removals" [()] NewRegistration => Registration;
    REMOVE_BY_ADDRESS Post "/removals/{id}/complete" [RegistrationId] () => Wait;

    BEGIN_SIGN_IN Post "/sign-ins" [()] NewSignIn => SignIn;
    FINISH_SIGN_IN Post "/sign-ins/{id}/finish" [SignInId] FinishSignIn => Offers;
    CHOOSE_FACTOR_OF_SIGN_IN Post "/sign-ins/{id}/proofs" [SignInId] ChooseFactor => PasskeyToProve;
    PROVE_FACTOR_OF_SIGN_IN Post "/sign-ins/{id}/proofs/enter" [SignInId] EnterSignInProof => NewSession;

    BEGIN_LINK_SIGN_IN Post "/sign-ins/link" [()] NewLinkSignIn => LinkSignIn;
    REPORT_WRONG_NUMBER Post "/sign-ins/link/wrong-number" [()] NewLinkSignIn => ();
    ENTER_LINK Post "/sign-ins/{id}/link" [SignInId] EnterLink => NewSession;
    BEGIN_PASSKEY_SIGN_IN Post "/sign-ins/passkey" [()] () => PasskeySignIn;
    ENTER_PASSKEY Post "/sign-ins/{id}/passkey" [SignInId] EnterPasskey => NewSession;

    BEGIN_RECOVERY Post "/recoveries" [()] NewRecovery => Recovery;
    CHOOSE_FACTOR_OF_RECOVERY Post "/recoveries/{id}/proofs" [RecoveryId] ChooseFactor => PasskeyToProve;
    PROVE_FACTOR_OF_RECOVERY Post "/recoveries/{id}/proofs/enter" [RecoveryId] EnterProof => RecoveryProved;
    REPLACE_PASSWORD Post "/recoveries/{id}/password" [RecoveryId] PasswordRequest => PasswordResponse;
    COMPLETE_RECOVERY Post "/recoveries/{id}/complete" [RecoveryId] CompleteRecovery => NewSession;

    FIND_WAIT Post "/waits/find" [()] WaitLink => Wait;
    STOP_WAIT_BY_LINK Post "/waits/stop" [()] WaitLink => ();
    STOP_WAIT Delete "/waits/{id}" [WaitKind] () => ();

    READ_ACCOUNT Get "/account" [()] () => Account;
    UPDATE_ACCOUNT Patch "/account" [()] AccountUpdate => ();
    REMOVE_ACCOUNT Post "/account/removal" [()] () => Wait;
    READ_OWN_PAGE Get "/account/page" [()] () => OwnPage;
    OPEN_PAGE Put "/account/page" [()] PublicPage => ();
    CLOSE_PAGE Delete "/account/page" [()] () => ();
    LIST_SECURITY_EVENTS Get "/account/security-events" [()] () => SecurityEvents;

    LIST_SESSIONS Get "/sessions" [()] () => Sessions;
    END_SESSION Delete "/sessions/{id}" [SessionId] () => ();
    END_OTHER_SESSIONS Delete "/sessions/others" [()] () => ();
    SIGN_OUT Delete "/sessions/current" [()] () => ();
    UNLOCK Post "/sessions/current/unlock" [()] Unlock => Slot;
    FACTORS_OF_SESSION Get "/sessions/current/proofs" [()] () => Offers;
    CHOOSE_FACTOR_OF_SESSION Post "/sessions/current/proofs" [()] ChooseFactor => PasskeyToProve;
    PROVE_FACTOR_OF_SESSION Post "/sessions/current/proofs/enter" [()] EnterProof => SessionProof;

    LIST_FACTORS Get "/factors" [()] () => Factors;
    REMOVE_FACTOR Delete "/factors/{id}" [FactorId] () => ();
    BEGIN_AUTHENTICATOR Post "/factors/authenticator" [()] () => BegunAuthenticator;
    NAME_NEW_PHONE Post "/factors/phones" [()] NewPhone => Offers;
    MAKE_ONE_TIME_CODES Post "/factors/one-time-codes" [()] () => OneTimeCodes;
    CHOOSE_NEW_FACTOR Post "/factors/{id}/proofs" [FactorId] ChooseFactor => PasskeyToProve;
    CONFIRM_NEW_FACTOR Post "/factors/{id}/proofs/enter" [FactorId] EnterProof => ConfirmedFactor;

    PUT_DEVICE_SLOT Put "/slots/device" [()] NewDeviceSlot => ();
    READ_DEVICE_SLOT Get "/slots/device" [()] () => DeviceSlot;
    DROP_DEVICE_SLOT Delete "/slots/device" [()] () => ();
    PUT_RECOVERY_SLOT Put "/slots/recovery" [()] NewRecoverySlot => ();
    BEGIN_PASSWORD_SLOT Post "/slots/password/begin" [()] PasswordRequest => PasswordResponse;
    PUT_PASSWORD_SLOT Put "/slots/password" [()] NewPasswordSlot => ();
    REMOVE_PASSWORD_SLOT Delete "/slots/password" [()] () => ();

    LIST_PASSKEYS Get "/passkeys" [()] () => Passkeys;
    BEGIN_PASSKEY Post "/passkeys" [()] () => PasskeyToMake;
    PASSKEY_MADE Post "/passkeys/{id}/made" [FactorId] MadeCredential => PasskeyToUse;
    PASSKEY_USED Post "/passkeys/{id}/used" [FactorId] UsedPasskey => ();

    READ_RECORD Get "/records/{id}" [RecordId] () => Record;
    WRITE_RECORD Put "/records/{id}" [RecordId] Raw => RecordHead;
    ERASE_RECORD Delete "/records/{id}" [RecordId] () => ();

    STAGE_RECORD Put "/renewal/records/{id}" [RecordId] Raw => ();
    RENEW Post "/renewal" [()] Renewal => NewSession;
    REWRAP_KEYS Post "/letters/keys" [()] RewrappedKeys => ();

    LIST_INVITATIONS Get "/invitations" [()] () => Invitations;
    UPDATE_INVITATION Patch "/invitations/{id}" [AccountId] InvitationUpdate => ();
    REMIND_GUEST Post "/invitations/{id}/reminder" [AccountId] NewReminder => ();
    ALLOW_TRIES Post "/invitations/{id}/tries" [AccountId] () => ();
    WITHDRAW_INVITATION Delete "/invitations/{id}" [AccountId] () => ();
    DECLINE Post "/invitations/decline" [()] () => ();

    READ_NOTICE_SENDER Get "/notices/sender" [()] () => NoticeSender;

    LOOK_UP Post "/directory/look-ups" [()] LookUp => Listing;
    CHECK_NUMBER Post "/directory/numbers" [()] NumberToCheck => NumberChecked;
    READ_CERTIFICATE Get "/directory/certificates/{hash}" [CertificateHash] () => Raw;

    SHOW_PAGE Get "/pages/{name}" [PageName] () => ShownPage;
    BEGIN_PAGE_PROOF Post "/pages/{name}/proofs" [PageName] NewRegistration => Registration;
    WRITE_TO_PAGE Post "/pages/{name}/letters" [PageName] NewPageLetter => Posted;

    POST_LETTERS Post "/letters" [()] NewLetters => Posted;
    LIST_LETTERS Get "/letters" [()] () => EntryPage;
    READ_ENTRY Get "/letters/{id}" [LetterId] () => Entry;
    UPDATE_ENTRY Patch "/letters/{id}" [LetterId] EntryUpdate => Entry;
    WITHDRAW Post "/letters/{id}/withdraw" [LetterId] () => ();
    RELEASE Post "/letters/release" [()] HeldLetters => ();
    TAKE_BACK Post "/letters/take-back" [()] HeldLetters => ();
    READ_CONTENT Get "/letters/{id}/content" [LetterId] () => Raw;
    PUT_RECEIPT Post "/letters/{id}/receipt" [LetterId] ReadReceipt => ();
    LIST_DELIVERIES Get "/letters/{id}/deliveries" [LetterId] () => Deliveries;
    SAY_SAVED Post "/letters/{id}/saved" [LetterId] () => ();
    EMPTY_TRASH Post "/trash/empty" [()] EmptyTrash => ErasureReceipt;

    BEGIN_UPLOAD Post "/blobs" [()] () => NewBlob;
    LOOK_AT_UPLOAD Head "/blobs/{id}" [BlobId] () => ();
    UPLOAD_PIECE Patch "/blobs/{id}" [BlobId] Raw => ();
    GIVE_UP_UPLOAD Delete "/blobs/{id}" [BlobId] () => ();
    READ_BLOB Get "/blobs/{id}" [BlobId] () => Raw;

    READ_CHANGES Get "/changes" [()] () => Changes;
    LIST_LETTER_IDS Get "/ids/letters" [()] () => LetterIds;
    LIST_DRAFT_IDS Get "/ids/drafts" [()] () => DraftIds;
    EVENTS Get "/events" [()] () => Pulse;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stands_where_the_path_names_it() {
        let id = LetterId::from_bytes([7; 16]);
        assert_eq!(READ_CONTENT.of(id).path, format!("/letters/{id}/content"));
        assert_eq!(READ_ENTRY.of(id).path, format!("/letters/{id}"));
    }

    #[test]
    fn a_query_follows_the_path() {
        let asked = READ_CHANGES.here().with("since", 7).with("only", "records");
        assert_eq!(asked.path, "/changes?since=7&only=records");
    }
}
