//! Lock slots: sealed ways to open the account secret (PROTOCOL §2).

use securemailbox_protocol::ids::{AccountId, SessionId, SlotId};

use crate::{Act, Db, ReadOnly, StoreError};

/// A password and the slot it opens: one row, so that the two can't part.
#[derive(Clone)]
pub struct PasswordSlot {
    /// Its id.
    pub id: SlotId,
    /// The account secret, sealed by the client.
    pub sealed: Vec<u8>,
    /// `RegistrationRecord` (RFC 9807 §5.1).
    pub opaque_record: Vec<u8>,
}

/// The slot of a recovery sheet.
#[derive(Clone)]
pub struct RecoverySlot {
    /// Its id.
    pub id: SlotId,
    /// The account secret, sealed by the client.
    pub sealed: Vec<u8>,
    /// SHA-256 of the proof for which it is given out.
    pub proof_hash: [u8; 32],
}

/// The slot of a session.
#[derive(Clone)]
pub struct DeviceSlot {
    /// Its id.
    pub id: SlotId,
    /// The account secret, sealed by the client.
    pub sealed: Vec<u8>,
    /// The server share, under the server seal.
    pub share_sealed: Vec<u8>,
}

/// The session ended meanwhile.
#[derive(Debug, thiserror::Error)]
pub enum PutDeviceSlotError {
    /// There is no such session.
    #[error("the session has ended")]
    NoSession,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Gives a session a device slot, in place of the one it had.
pub struct PutDeviceSlot {
    /// Whose.
    pub account: AccountId,
    /// Of which session.
    pub session: SessionId,
    /// The slot.
    pub slot: DeviceSlot,
    /// Whether the session lasts 30 days after its last use.
    pub keep: bool,
}

impl Act for PutDeviceSlot {
    type Output = ();
    type Error = PutDeviceSlotError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

/// Destroys a session's device slot and share; the session stays (PROTOCOL §9a, Lock).
pub struct DropDeviceSlot {
    /// Of which session.
    pub session: SessionId,
}

impl Act for DropDeviceSlot {
    type Output = ();
    type Error = StoreError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

/// The device slot of a living session.
pub struct DeviceSlotOf {
    /// Of which session.
    pub session: SessionId,
}

impl Act for DeviceSlotOf {
    type Output = Option<DeviceSlot>;
    type Error = StoreError;

    async fn run<D: Db>(&self, _db: &mut D) -> Result<Self::Output, Self::Error> {
        Err(StoreError::Unreachable.into())
    }
}

impl ReadOnly for DeviceSlotOf {}
