//! A session on this device: the token, and the device's half of what opens the mailbox (PROTOCOL §9a).

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use securemailbox_protocol::{
    address::Address,
    coding::base64url,
    endpoints,
    ids::{AccountId, SlotId},
    octets::Octets,
    problems::ProblemType,
    slots::NewDeviceSlot,
};
use securemailbox_vault::{
    secrets::{DeviceSecret, ServerShare, SlotKey},
    slots::{self, SlotPlace},
};

use crate::{
    api::Api,
    device::{Device, DeviceFailed},
    failure::{CallError, Class, ClientProblem, Explained, Failure, explained},
    opening::Opening,
    owner::Owner,
    world::World,
};

const FORMAT: &str = "securemailbox/1 session";

/// What this device kept of a session can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LocalError {
    /// The device could not be read or written.
    #[error(transparent)]
    Device(#[from] DeviceFailed),
    /// It was altered, or is of another form.
    #[error("what this device kept of the session is damaged")]
    Damaged,
}

impl Failure for LocalError {
    fn explain(&self) -> Explained {
        match self {
            Self::Device(failed) => failed.explain(),
            Self::Damaged => explained(
                ClientProblem::DamagedProfile,
                Class::Damaged,
                "Sign out and in again on this device. Letters the server has acknowledged are not affected.",
            ),
        }
    }
}

/// A session as the device keeps it. Not sealed: it opens nothing without the server's share.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
pub struct Session {
    format: String,
    #[zeroize(skip)]
    address: Address,
    #[zeroize(skip)]
    account: AccountId,
    token: Option<String>,
    device_secret: String,
    kept: bool,
}

/// No mailbox opens on this device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// Nobody is signed in here.
    #[error("nobody is signed in on this device")]
    NotSignedIn,
    /// The device slot does not open the account secret: altered, or another account's (ATTACKS 19).
    #[error("the server's slot for this device does not open")]
    SlotDoesNotOpen,
    /// The server was not reached, or refused.
    #[error(transparent)]
    Call(#[from] CallError),
    /// What this device kept can't be read.
    #[error(transparent)]
    Local(#[from] LocalError),
}

impl Failure for SessionError {
    fn explain(&self) -> Explained {
        match self {
            Self::NotSignedIn => explained(ProblemType::NotSignedIn, Class::Refused, "Sign in, or register, first."),
            Self::SlotDoesNotOpen => explained(
                ClientProblem::SlotDoesNotOpen,
                Class::Damaged,
                "Sign out and in again. If it stays, tell the operator: the server may have been tampered with.",
            ),
            Self::Call(error) => error.explain(),
            Self::Local(error) => error.explain(),
        }
    }
}

impl From<DeviceFailed> for SessionError {
    fn from(failed: DeviceFailed) -> Self {
        Self::Local(failed.into())
    }
}

impl Session {
    /// Who is signed in on this device, if someone is.
    ///
    /// # Errors
    /// [`LocalError`]
    pub async fn load(world: &impl World) -> Result<Option<Self>, LocalError> {
        let Some(bytes) = world.device().session().await?.map(Zeroizing::new) else { return Ok(None) };
        let session: Self = serde_json::from_slice(&bytes).map_err(|_| LocalError::Damaged)?;
        if session.format == FORMAT { Ok(Some(session)) } else { Err(LocalError::Damaged) }
    }

    #[cfg(test)]
    pub(crate) fn for_tests(address: Address, account: AccountId) -> Self {
        Self { format: FORMAT.into(), address, account, token: None, device_secret: String::new(), kept: true }
    }

    /// Whose it is.
    #[must_use]
    pub const fn address(&self) -> &Address {
        &self.address
    }

    /// Whether it stays for 30 days after its last use, on this device.
    #[must_use]
    pub const fn kept(&self) -> bool {
        self.kept
    }

    /// The account.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// The token; none where it is a cookie.
    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The server as this session sees it.
    pub fn api<'a, W: World>(&'a self, world: &'a W) -> Api<'a, W::Transport> {
        Api::session(world.transport(), self.token())
    }

    /// Keeps a session that has just begun: makes a device slot, and writes the session down once the server has it.
    ///
    /// # Errors
    /// [`SessionError`]: nothing was kept.
    pub(crate) async fn keep(world: &impl World, opening: &Opening) -> Result<Self, SessionError> {
        let (device, share) = (DeviceSecret::generate(&mut world.rng()), ServerShare::generate(&mut world.rng()));
        let id = SlotId::new(world.now(), &mut world.rng());
        let place = SlotPlace { account: opening.account, slot: id };
        let sealed = slots::seal(&place, &SlotKey::of_device(&device, &share), &opening.secret, &mut world.rng());
        let share = Octets(share.as_bytes().to_vec());
        let slot = NewDeviceSlot { id, sealed: sealed.into(), share, keep: opening.keep };
        let session = Self {
            format: FORMAT.into(),
            address: opening.address.clone(),
            account: opening.account,
            token: opening.token.clone(),
            device_secret: base64url::encode(device.as_bytes()),
            kept: opening.keep,
        };
        session.api(world).tell(endpoints::PUT_DEVICE_SLOT.here(), &slot).await?;
        #[expect(clippy::expect_used, reason = "our own type: string keys, no fallible Serialize")]
        let bytes = Zeroizing::new(serde_json::to_vec(&session).expect("a session is JSON"));
        world.device().keep_session(&bytes).await?;
        Ok(session)
    }

    /// Opens the account secret with both halves: this device's and the server's.
    ///
    /// # Errors
    /// [`SessionError`]; after the session was ended elsewhere the server has no share any more (ATTACKS 24).
    pub(crate) async fn open(&self, world: &impl World) -> Result<Owner, SessionError> {
        let slot = self.api(world).get(endpoints::READ_DEVICE_SLOT.here()).await?;
        let device = Zeroizing::new(base64url::decode(&self.device_secret).map_err(|_| LocalError::Damaged)?);
        let device = DeviceSecret::from_bytes(&device).map_err(|_| LocalError::Damaged)?;
        let share = ServerShare::from_bytes(&slot.share.0).map_err(|_| SessionError::SlotDoesNotOpen)?;
        let place = SlotPlace { account: self.account, slot: slot.id };
        let secret = slots::open(&place, &SlotKey::of_device(&device, &share), &slot.sealed.0)
            .map_err(|_| SessionError::SlotDoesNotOpen)?;
        Ok(Owner { account: self.account, secret })
    }
}

#[cfg(test)]
mod tests {
    use securemailbox_protocol::{ids::SessionId, levels::Level, sessions::NewSession, slots::DeviceSlot};

    use securemailbox_vault::secrets::AccountSecret;

    use super::*;
    use crate::fixtures::{NOW, TestWorld, address, ok, problem, ready};

    const ACCOUNT: AccountId = AccountId::from_bytes([1; 16]);

    /// A session that was just kept, and the slot that the server got.
    fn kept(world: &TestWorld) -> (Session, NewDeviceSlot) {
        world.server.will("/slots/device", ok(&()));
        let begun = NewSession {
            id: SessionId::from_bytes([5; 16]),
            account: ACCOUNT,
            level: Level::Phone,
            proved: NOW,
            token: Some("token".into()),
            slots: Vec::new(),
            share: None,
        };
        let opening = Opening::new(&address("anna"), begun, AccountSecret::from_bytes(&[9; 32]).unwrap());
        let session = ready(Session::keep(world, &opening)).unwrap();
        let slot = serde_json::from_slice(&world.server.bodies("/slots/device")[0]).unwrap();
        (session, slot)
    }

    fn given_back(slot: &NewDeviceSlot) -> DeviceSlot {
        DeviceSlot { id: slot.id, sealed: slot.sealed.clone(), share: slot.share.clone() }
    }

    #[test]
    fn a_kept_session_opens_with_both_halves() {
        let world = TestWorld::default();
        let (_, slot) = kept(&world);
        world.server.will("/slots/device", ok(&given_back(&slot)));
        let session = ready(Session::load(&world)).unwrap().unwrap();
        assert_eq!(ready(session.open(&world)).unwrap().secret.as_bytes(), &[9; 32]);
    }

    #[test]
    fn without_the_servers_share_a_profile_opens_nothing() {
        let world = TestWorld::default();
        let (session, slot) = kept(&world);
        world.server.will("/slots/device", problem(securemailbox_protocol::problems::ProblemType::NotSignedIn));
        assert!(matches!(ready(session.open(&world)), Err(SessionError::Call(_))));
        world.server.will("/slots/device", ok(&DeviceSlot { share: Octets(vec![0; 32]), ..given_back(&slot) }));
        assert!(matches!(ready(session.open(&world)), Err(SessionError::SlotDoesNotOpen)));
    }

    #[test]
    fn what_lies_on_the_device_holds_neither_share_nor_account_secret() {
        let world = TestWorld::default();
        let (_, slot) = kept(&world);
        let file = ready(world.device.session()).unwrap().unwrap();
        for secret in [slot.share.as_ref(), &[9; 32]] {
            let encoded = base64url::encode(secret);
            assert!(!file.windows(32).any(|window| window == secret));
            assert!(!String::from_utf8_lossy(&file).contains(&encoded));
        }
    }
}
