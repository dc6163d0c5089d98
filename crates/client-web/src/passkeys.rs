//! What a page needs for the ceremonies of a passkey, and what comes of them (PROTOCOL §7). Bytes are base64url. A PRF output is
//! in none of these: it comes to the Worker as bytes, beside a call.

use std::cell::RefCell;

use securemailbox_client::{
    devices::DeviceName,
    passkeys::{PasskeyMade, PasskeyName, PasskeyUse},
    world::World,
};
use securemailbox_protocol::{
    address::Address,
    ids::{AccountId, FactorId},
    octets::Octets,
    passkeys::{
        ALGORITHMS, Assertion, MadeCredential, PRF_INPUT, Passkey, PasskeyToMake, PasskeyToProve, PasskeyToUse,
    },
};
use securemailbox_vault::secrets::PrfOutput;
use serde::{Deserialize, Serialize};
#[cfg(test)]
use ts_rs::TS;

use crate::{
    mailbox::Desk,
    problems::{OrProblem, out_of_step, refused},
    registering::Registering,
    views::{Done, PageProblem, Problem},
};

/// What a passkey is made with.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct PasskeyCreation {
    /// The factor that it will be.
    pub id: FactorId,
    /// What is to be signed.
    pub challenge: Octets,
    /// Credentials of this account, of which there must not be a second one in one place.
    pub exclude: Vec<Octets>,
    /// The handle of its owner: the account id.
    pub user: Octets,
    /// What a browser calls its owner.
    pub address: Address,
    /// The algorithms that are taken (RFC 9053), best first.
    pub algorithms: Vec<i64>,
    /// What its PRF output is asked for.
    pub prf_input: Octets,
}

impl PasskeyCreation {
    pub(crate) fn new(to_make: PasskeyToMake, account: AccountId, address: Address) -> Self {
        let PasskeyToMake { id, challenge, exclude } = to_make;
        let user = Octets(account.as_bytes().to_vec());
        Self { id, challenge, exclude, user, address, algorithms: ALGORITHMS.to_vec(), prf_input: prf_input() }
    }
}

/// What a passkey is used with.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct PasskeyRequest {
    /// What is to be signed.
    pub challenge: Octets,
    /// Which may answer; empty where nobody was named.
    pub credentials: Vec<Octets>,
    /// What its PRF output is asked for; none where nothing is to be opened by it.
    pub prf_input: Option<Octets>,
}

impl PasskeyRequest {
    /// Of anybody's.
    pub(crate) fn of_anybody(challenge: Octets) -> Self {
        Self { challenge, credentials: Vec::new(), prf_input: Some(prf_input()) }
    }

    /// Of one that was just made.
    pub(crate) fn of_new(PasskeyToUse { challenge, credential }: PasskeyToUse) -> Self {
        Self { challenge, credentials: vec![credential], prf_input: Some(prf_input()) }
    }

    /// Of a factor beside a password, a sheet or a session.
    pub(crate) fn of_factor(PasskeyToProve { challenge, credentials }: PasskeyToProve) -> Self {
        Self { challenge, credentials, prf_input: None }
    }
}

fn prf_input() -> Octets {
    Octets(PRF_INPUT.to_vec())
}

/// A passkey that was made.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct CreatedPasskey {
    /// The factor that it will be.
    pub id: FactorId,
    /// What its authenticator says.
    pub made: MadeCredential,
}

/// A passkey that was made for a mailbox that there is not yet.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct CreatedFirstPasskey {
    /// The registration.
    pub registering: Registering,
    /// What was made.
    pub passkey: CreatedPasskey,
}

/// It signed.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct UsedFirstPasskey {
    /// The registration.
    pub registering: Registering,
    /// What was signed, and what its owner calls it.
    pub used: UsedPasskey,
    /// What this device is called.
    pub device: Option<DeviceName>,
}

/// The passkey is asked to sign before it counts.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct PasskeyAsked {
    /// What it is used with.
    pub request: PasskeyRequest,
    /// Whether its first output has come. Where not, the output of the next use is the first, and one more use has to follow.
    pub sealed: bool,
}

/// The passkey signed.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct UsedPasskey {
    /// What it signed.
    pub assertion: Assertion,
    /// What its owner calls it.
    pub name: String,
}

/// The passkey counts.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct PasskeyAdded {
    /// Whether it opens the mailbox.
    pub what_for: PasskeyUse,
    /// What it is called now.
    pub name: String,
}

/// What a passkey signed for a sign-in.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct EnteredPasskey {
    /// What it signed.
    pub assertion: Assertion,
    /// Stay signed in on this device for 30 days.
    pub keep: bool,
    /// What this device is called.
    pub device: Option<DeviceName>,
}

/// What a passkey came to that signs somebody in alone.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct PasskeyEntered {
    /// Whose password opens the mailbox, where the passkey does not; the session waits, locked.
    pub password_of: Option<Address>,
}

/// What a passkey signed as a factor.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct PasskeyProof {
    /// What it signed.
    pub assertion: Assertion,
}

/// What a passkey is to be called.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct PasskeyToName {
    /// Which one.
    pub id: FactorId,
    /// As typed.
    pub name: String,
}

impl PasskeyToName {
    pub(crate) fn parsed(&self) -> Result<PasskeyName, Problem> {
        passkey_name(&self.name)
    }
}

/// The name in what was typed.
pub(crate) fn passkey_name(typed: &str) -> Result<PasskeyName, Problem> {
    PasskeyName::parse(typed).ok_or_else(|| refused(PageProblem::NotAName))
}

/// A passkey of this account.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(TS))]
pub struct NamedPasskey {
    /// As the server has it.
    pub passkey: Passkey,
    /// What its owner calls it.
    pub name: Option<String>,
}

/// An output on its way to the call that it came beside, which takes it.
pub(crate) struct Handed(RefCell<Option<PrfOutput>>);

impl Handed {
    pub(crate) const fn none() -> Self {
        Self(RefCell::new(None))
    }

    /// For the next call. What is not 32 bytes is no output.
    pub(crate) fn hand(&self, bytes: &[u8]) {
        *self.0.borrow_mut() = PrfOutput::from_bytes(bytes).ok();
    }

    pub(crate) fn take(&self) -> Option<PrfOutput> {
        self.0.borrow_mut().take()
    }
}

/// The passkey that is being added, if one is. Nothing of it is borrowed during a wait.
pub(crate) struct AddingPasskey(RefCell<Option<PasskeyMade>>);

impl AddingPasskey {
    pub(crate) const fn none() -> Self {
        Self(RefCell::new(None))
    }

    pub(crate) fn keep(&self, made: PasskeyMade) {
        *self.0.borrow_mut() = Some(made);
    }

    pub(crate) fn take(&self) -> Option<PasskeyMade> {
        self.0.borrow_mut().take()
    }
}

impl<W: World> Desk<W> {
    /// For the next call.
    pub fn hand_output(&self, bytes: &[u8]) {
        self.handed.hand(bytes);
    }

    pub(crate) async fn named_passkeys(&self) -> Result<Vec<NamedPasskey>, Problem> {
        let (mailbox, world) = self.open()?;
        let passkeys = mailbox.passkeys(world).await.or_problem()?;
        let names = mailbox.passkey_names(world).await.or_problem()?;
        let named = |passkey: Passkey| {
            let name = names.of(passkey.id).map(|name| name.as_str().to_owned());
            NamedPasskey { passkey, name }
        };
        Ok(passkeys.into_iter().map(named).collect())
    }

    pub(crate) async fn take_made_passkey(&self, args: CreatedPasskey) -> Result<PasskeyAsked, Problem> {
        let output = self.handed.take();
        let (mailbox, world) = self.open()?;
        let CreatedPasskey { id, made } = args;
        let (made, to_use) = mailbox.passkey_made(world, id, &made, output.as_ref()).await.or_problem()?;
        self.adding_passkey.keep(made);
        Ok(PasskeyAsked { request: PasskeyRequest::of_new(to_use), sealed: output.is_some() })
    }

    pub(crate) fn seal_for_passkey(&self) -> Result<Done, Problem> {
        let output = self.handed.take().ok_or_else(out_of_step)?;
        let (mailbox, world) = self.open()?;
        let mut made = self.adding_passkey.take().ok_or_else(out_of_step)?;
        mailbox.seal_for_passkey(world, &mut made, &output);
        self.adding_passkey.keep(made);
        Ok(Done {})
    }

    /// The name goes into the settings after the passkey counts: where that fails, it counts without one.
    pub(crate) async fn take_used_passkey(&self, args: UsedPasskey) -> Result<PasskeyAdded, Problem> {
        let output = self.handed.take();
        let (mailbox, world) = self.open()?;
        let UsedPasskey { assertion, name } = args;
        let name = passkey_name(&name)?;
        let made = self.adding_passkey.take().ok_or_else(out_of_step)?;
        let id = made.id();
        let what_for = mailbox.passkey_used(world, made, assertion, output.as_ref()).await.or_problem()?;
        let _ = mailbox.name_passkey(world, id, name.clone()).await;
        Ok(PasskeyAdded { what_for, name: name.as_str().to_owned() })
    }
}
