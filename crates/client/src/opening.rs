//! What a registration, a sign-in, a recovery or an unlocking comes to: everything that opens a mailbox, here or, in a
//! browser, in another Worker than the one that knew the password.

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use securemailbox_protocol::{
    address::Address,
    coding::base64url,
    ids::{AccountId, SessionId},
    sessions::NewSession,
};
use securemailbox_vault::secrets::AccountSecret;

use crate::devices::DeviceName;

/// A session that has begun, and the secret of its account.
pub struct Opening {
    pub(crate) address: Address,
    pub(crate) account: AccountId,
    pub(crate) token: Option<String>,
    pub(crate) secret: AccountSecret,
    /// Stay signed in on this device for 30 days (PROTOCOL §9a).
    pub keep: bool,
    /// The session, where it began just now; its device is called so.
    pub(crate) session: Option<SessionId>,
    /// What the device is called.
    pub device: Option<DeviceName>,
    /// The recovery sheet is new, and was not shown yet.
    pub sheet_owed: bool,
    /// Whether it is of somebody who came by a link.
    pub(crate) guest: bool,
}

/// The bytes are no [`Opening`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what was handed over does not open a mailbox")]
pub struct NotAnOpening;

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
struct HandedOver {
    #[zeroize(skip)]
    address: Address,
    #[zeroize(skip)]
    account: AccountId,
    token: Option<String>,
    secret: String,
    keep: bool,
    sheet_owed: bool,
    #[serde(default)]
    guest: bool,
    #[zeroize(skip)]
    #[serde(default)]
    session: Option<SessionId>,
    #[zeroize(skip)]
    #[serde(default)]
    device: Option<DeviceName>,
}

impl Opening {
    /// Of the browser's session, which was locked.
    pub(crate) const fn of_this_session(address: Address, account: AccountId, secret: AccountSecret) -> Self {
        Self {
            address,
            account,
            token: None,
            secret,
            keep: false,
            session: None,
            device: None,
            sheet_owed: false,
            guest: false,
        }
    }

    pub(crate) fn new(address: &Address, begun: NewSession, secret: AccountSecret) -> Self {
        let NewSession { id, account, token, .. } = begun;
        let session = Some(id);
        let address = address.clone();
        Self { address, account, token, secret, keep: true, session, device: None, sheet_owed: false, guest: false }
    }

    /// Of somebody who came by a link: it stays for as long as its tab, and no longer.
    pub(crate) fn of_guest(address: &Address, begun: NewSession, secret: AccountSecret) -> Self {
        Self { keep: false, guest: true, ..Self::new(address, begun, secret) }
    }

    /// Whose mailbox it opens.
    #[must_use]
    pub const fn address(&self) -> &Address {
        &self.address
    }

    /// Its session has just begun, and its device has no name yet.
    pub fn began(&mut self, session: SessionId) {
        self.session = Some(session);
    }

    /// To hand it from one Worker to another. Goes through no page and onto no disk.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let handed = HandedOver {
            address: self.address.clone(),
            account: self.account,
            token: self.token.clone(),
            secret: base64url::encode(self.secret.as_bytes()),
            keep: self.keep,
            sheet_owed: self.sheet_owed,
            guest: self.guest,
            session: self.session,
            device: self.device.clone(),
        };
        #[expect(clippy::expect_used, reason = "our own type: string keys, no fallible Serialize")]
        Zeroizing::new(serde_json::to_vec(&handed).expect("an opening is JSON"))
    }

    /// From what was handed over.
    ///
    /// # Errors
    /// [`NotAnOpening`]
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotAnOpening> {
        let handed: HandedOver = serde_json::from_slice(bytes).map_err(|_| NotAnOpening)?;
        let secret = Zeroizing::new(base64url::decode(&handed.secret).map_err(|_| NotAnOpening)?);
        Ok(Self {
            address: handed.address.clone(),
            account: handed.account,
            token: handed.token.clone(),
            secret: AccountSecret::from_bytes(&secret).map_err(|_| NotAnOpening)?,
            keep: handed.keep,
            sheet_owed: handed.sheet_owed,
            guest: handed.guest,
            session: handed.session,
            device: handed.device.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opening_survives_being_handed_over_and_nothing_else_is_taken_for_one() {
        let opening = Opening {
            address: Address::parse("anna@demo.example").unwrap(),
            account: AccountId::from_bytes([1; 16]),
            token: None,
            secret: AccountSecret::from_bytes(&[9; 32]).unwrap(),
            keep: true,
            session: Some(SessionId::from_bytes([5; 16])),
            device: DeviceName::new("Firefox", "Windows"),
            sheet_owed: false,
            guest: false,
        };
        let bytes = opening.to_bytes();
        let taken = Opening::from_bytes(&bytes).unwrap();
        assert_eq!((taken.account, taken.secret.as_bytes()), (opening.account, opening.secret.as_bytes()));
        assert!(taken.keep && !taken.sheet_owed);
        assert_eq!((taken.session, &taken.device), (opening.session, &opening.device));
        assert!(Opening::from_bytes(&bytes[1..]).is_err());
        assert!(Opening::from_bytes(b"{}").is_err());
    }
}
