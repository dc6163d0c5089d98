//! A locked session that a passkey unlocks (PROTOCOL §9a, Lock): one that has a slot, which is given out.

use securemailbox_protocol::{
    factors::FactorKind,
    ids::{AccountId, FactorId, SessionId},
    slots::Slot,
    time::Timestamp,
};

use super::{AuthenticatorRow, slot_of, used};
use crate::{Act, Db, Room, StoreError, sessions};

/// A passkey was right: the session is unlocked, stands by it, and gets its slot. None if it has no slot, or was removed, or
/// the session ended; then nothing is changed.
pub struct UnlockByPasskey {
    /// The account whose passkey it is.
    pub account: AccountId,
    /// Its session.
    pub session: SessionId,
    /// The passkey.
    pub factor: FactorId,
    /// How its authenticator stands now.
    pub authenticator: AuthenticatorRow,
    /// When.
    pub now: Timestamp,
}

impl Act for UnlockByPasskey {
    type Output = Option<Slot>;
    type Error = StoreError;
    const ROOM: Room = Room::SignsIn;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        let Self { account, session, factor, authenticator, now } = *self;
        let Some(slot) = slot_of(db, account, factor).await? else { return Ok(None) };
        if !sessions::lives(db, account, session).await? || !used(db, account, factor, authenticator, now).await? {
            return Ok(None);
        }
        sessions::unlock(db, session).await?;
        sessions::stand(db, session, FactorKind::Passkey, now).await?;
        Ok(Some(slot))
    }
}
