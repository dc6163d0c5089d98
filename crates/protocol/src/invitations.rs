//! A letter to somebody who has no mailbox (PROTOCOL §5): what its sender's client makes for them, and how they come to read.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    accounts::{FirstRecord, Language},
    address::Address,
    factors::FactorOffer,
    ids::{AccountId, Fingerprint, SignInId, SlotId},
    octets::Octets,
    organisations::Organisation,
    phone::PhoneNumber,
    sessions::SessionDelivery,
    time::Timestamp,
};

/// The page that a link leads to; the secret stands behind it as `#` and characters of base64url, which no server is sent.
pub const PAGE: &str = "/l";
/// How many bytes the token has that is derived from a link.
pub const TOKEN: usize = 32;
/// How many characters stand behind the `#` of a link.
pub const LINK: usize = 48;

/// A guest account, complete but for its owner: part of the `POST /letters` that brings its first letter, all or nothing. It serves
/// one conversation, with who made it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewGuest {
    /// Its id, which the letter names as a reader.
    pub account: AccountId,
    /// Who is written to.
    pub address: Address,
    /// By which they are proved before they read.
    pub phone: PhoneNumber,
    /// The language of what the server writes to them.
    pub language: Language,
    /// The v6 certificate that its sender's client made, binary.
    pub certificate: Octets,
    /// Its private key.
    pub keyring: FirstRecord,
    /// Nothing yet.
    pub settings: FirstRecord,
    /// The one pin: the key of whoever wrote.
    pub contact: FirstRecord,
    /// What the link opens.
    pub slot: NewLinkSlot,
    /// What stands behind the `#`, where the server is to send the link: it is held sealed, and erased as soon as a mail server
    /// has it. Absent where its sender hands it over; then no operator could ever open it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub link: Option<String>,
}

impl fmt::Debug for NewGuest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewGuest").field("account", &self.account).finish_non_exhaustive()
    }
}

/// A `link` slot: opened by what stands in the link and the server's share together.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewLinkSlot {
    /// Its id.
    pub id: SlotId,
    /// The account secret, sealed.
    pub sealed: Octets,
    /// The server share, 32 bytes made in the client, given out with the slot once the phone is proved.
    pub share: Octets,
    /// [`TOKEN`] bytes derived from the link; the server keeps their hash.
    pub token: Octets,
}

/// `POST /sign-ins/link`: somebody has a link. Nothing is sent, counted or used up by it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewLinkSignIn {
    /// [`TOKEN`] bytes derived from the link.
    pub token: Octets,
}

/// The link is one. Who wrote is said, and never what.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkSignIn {
    /// Names the steps that follow, which are those of a sign-in.
    pub id: SignInId,
    /// To whom it was written, which a client holds to the certificate.
    pub address: Address,
    /// Who wrote.
    pub from: Address,
    /// The organisation that they write for, where its domain is verified. Absent for everybody else, which says nothing of them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub organisation: Option<Organisation>,
    /// When everything in the conversation is erased.
    pub expires: Timestamp,
    /// The phone, by its last two digits. None where the link opens it by itself.
    pub offers: Vec<FactorOffer>,
}

/// `POST /sign-ins/{id}/link`: the link is all that there is to show, since its owner made it (PROTOCOL §5).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EnterLink {
    /// [`TOKEN`] bytes derived from the link.
    pub token: Octets,
    /// How the session is to be handed over.
    pub session: SessionDelivery,
}

/// A session of somebody who came by a link, shown beside what is asked for.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GuestSession {
    /// Its token.
    pub token: String,
}

impl fmt::Debug for GuestSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuestSession").finish_non_exhaustive()
    }
}

/// Part of the `POST /registrations/{id}/complete` of somebody who came by a link, and `POST /claims` of somebody who came by one
/// and has a mailbox: everything that they were written moves there, all or nothing, and the guest account is gone with its link.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewClaim {
    /// The guest's session, which proved the phone.
    pub guest: GuestSession,
    /// The key of whoever wrote, and nothing else that they said of themselves. Absent where none is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub contact: Option<FirstRecord>,
    /// By the guest's key: which one takes its place.
    pub statement: ClaimStatement,
}

/// What the key of a guest says of the one that takes its place (PROTOCOL §5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ClaimStatement {
    /// When, as signed.
    pub at: Timestamp,
    /// A detached v6 signature over [`claim_statement`].
    pub signature: Octets,
}

/// The text that a claim signs: `securemailbox/1 claim`, the address, the guest's fingerprint, that of the key in its place, and the
/// time, a line each (PROTOCOL §5).
#[must_use]
pub fn claim_statement(address: &Address, guest: Fingerprint, claimant: Fingerprint, at: Timestamp) -> String {
    format!("{} claim\n{address}\n{guest}\n{claimant}\n{at}\n", crate::VERSION)
}

/// Whose hands a link is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum LinkState {
    /// Only whoever wrote has it, to hand it over. The server never had it.
    WithSender,
    /// The server has it, sealed, and no mail server has taken it yet.
    Waiting,
    /// A mail server has taken it, and the server has erased it.
    Mailed,
    /// Only whoever wrote by the public page has it: their browser made it.
    WithWriter,
}

/// One row of `GET /invitations`: somebody whom one wrote to, and who has no mailbox yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct InvitationRow {
    /// The guest account.
    pub account: AccountId,
    /// Who was written to.
    pub address: Address,
    /// The last two digits of the phone; empty where there is none.
    pub hint: String,
    /// Where the link is.
    pub link: LinkState,
    /// The e-mail address that they proved who wrote by the public page, by the server's word.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub proved: Option<Address>,
    /// When it was made.
    pub made: Timestamp,
    /// When its phone was proved first.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub opened: Option<Timestamp>,
    /// When somebody who has the link said that the phone is not theirs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub wrong_number: Option<Timestamp>,
    /// How many days after the last letter that is.
    pub days: u64,
    /// As many wrong codes were typed as a link stands: it opens nothing until its sender allows more.
    pub shut: bool,
    /// When everything in the conversation is erased.
    pub expires: Timestamp,
}

/// `PATCH /invitations/{id}`: how long everything stays after the last letter.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct InvitationUpdate {
    /// From one day to [`limits::INVITATION_DAYS`](crate::limits::INVITATION_DAYS).
    pub days: u64,
}

/// `POST /invitations/{id}/reminder`: the server sends the link once more, which it had erased.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewReminder {
    /// What stands behind the `#`.
    pub link: String,
}

impl fmt::Debug for NewReminder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewReminder").finish_non_exhaustive()
    }
}

/// `GET /invitations`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Invitations {
    /// The newest first.
    pub invitations: Vec<InvitationRow>,
}
