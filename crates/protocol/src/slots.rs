//! Lock slots: ways to open the account secret (PROTOCOL §2).

use serde::{Deserialize, Serialize};

use crate::{ids::SlotId, octets::Octets};

/// Where a slot's key comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum SlotKind {
    /// The OPAQUE export key.
    Password,
    /// The WebAuthn PRF output.
    Passkey,
    /// The code on the recovery sheet.
    Recovery,
    /// A device secret and a server share; keeps a person who wants it signed in.
    Device,
    /// A link secret and a server share. Reserved.
    Link,
}

/// A slot as given out to a session that passed the account's factors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Slot {
    /// Its id, part of its place.
    pub id: SlotId,
    /// Where its key comes from.
    pub kind: SlotKind,
    /// The account secret, sealed.
    pub sealed: Octets,
}

/// A password and the slot it opens: one row, replaced in one transaction. By itself the body of `PUT /slots/password`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewPasswordSlot {
    /// The slot's id.
    pub id: SlotId,
    /// The account secret, sealed.
    pub sealed: Octets,
    /// `RegistrationRecord` (RFC 9807 §5.1), 192 bytes.
    pub opaque_record: Octets,
}

/// A recovery slot and the proof for which, with one other factor, the server gives it out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewRecoverySlot {
    /// The slot's id.
    pub id: SlotId,
    /// The account secret, sealed.
    pub sealed: Octets,
    /// 32 bytes derived from the recovery code; the server keeps their hash.
    pub proof: Octets,
}

/// `PUT /slots/device`: keeps this session able to open its mailbox. Replaces the session's slot, if it had one.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewDeviceSlot {
    /// Its id.
    pub id: SlotId,
    /// The account secret, sealed under device secret ‖ share.
    pub sealed: Octets,
    /// The server share, 32 bytes made in the client; destroyed with the session.
    pub share: Octets,
    /// Whether the session lasts 30 days after its last use instead of 12 hours.
    pub keep: bool,
}

/// `GET /slots/device`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceSlot {
    /// Its id.
    pub id: SlotId,
    /// The account secret, sealed.
    pub sealed: Octets,
    /// The server share.
    pub share: Octets,
}
