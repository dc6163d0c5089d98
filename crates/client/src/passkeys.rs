//! Passkeys (PROTOCOL §2, §7): added in two ceremonies, of which the second must open what the first sealed, and signed in with
//! alone. [`first`] makes a mailbox of one. The ceremonies themselves are the page's; what its browser gets out of them comes here.

pub mod first;

use securemailbox_protocol::{
    accounts::Account,
    endpoints,
    ids::{AccountId, FactorId, SessionId, SignInId, SlotId},
    octets::Octets,
    passkeys::{
        Assertion, EnterPasskey, MadeCredential, NewPasskeySlot, Passkey, PasskeySignIn, PasskeyToMake, PasskeyToUse,
        Passkeys, UsedPasskey,
    },
    sessions::{Unlock, UnlockProof},
    slots::SlotKind,
};
use securemailbox_vault::{
    secrets::{AccountSecret, PrfOutput, SlotKey},
    slots::{self, SlotPlace},
};
use serde::{Deserialize, Serialize};

use crate::{
    api::Api,
    failure::CallError,
    mailbox::Mailbox,
    names::Names,
    opening::Opening,
    opens::OpenError,
    records::RecordError,
    session::Session,
    settings::{Settings, turns_direction},
    sign_in::SignInError,
    world::World,
};

/// The longest name of a passkey, in characters.
const NAME: usize = 60;
/// More passkeys than an account may have.
const NAMES: usize = 40;

/// What its owner calls a passkey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct PasskeyName(String);

impl PasskeyName {
    /// As it is shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes what was typed, with single spaces and none around it; none where that is empty, long, or turns the text around it.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        let name = typed.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_one = (1..=NAME).contains(&name.chars().count());
        (is_one && !name.chars().any(|c| c.is_control() || turns_direction(c))).then_some(Self(name))
    }
}

impl<'de> Deserialize<'de> for PasskeyName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).ok_or_else(|| serde::de::Error::custom("not a name"))
    }
}

/// Names by passkey, in the sealed settings.
pub type PasskeyNames = Names<FactorId, PasskeyName, NAMES>;

/// A passkey was made, and counts for nothing yet.
pub struct PasskeyMade {
    id: FactorId,
    slot: Option<NewPasskeySlot>,
}

impl PasskeyMade {
    pub(crate) const fn new(id: FactorId) -> Self {
        Self { id, slot: None }
    }

    /// Seals the account secret for the first output. The next one must open it.
    pub(crate) fn seal(&mut self, world: &impl World, account: AccountId, secret: &AccountSecret, output: &PrfOutput) {
        let id = SlotId::new(world.now(), &mut world.rng());
        let place = SlotPlace { account, slot: id };
        let sealed = slots::seal(&place, &SlotKey::of_passkey(output), secret, &mut world.rng());
        self.slot = Some(NewPasskeySlot { id, sealed: sealed.into() });
    }

    /// The slot, if the output that came now opens what the first one sealed.
    pub(crate) fn slot_opened_by(
        self,
        account: AccountId,
        secret: &AccountSecret,
        output: Option<&PrfOutput>,
    ) -> Option<NewPasskeySlot> {
        let slot = self.slot?;
        let found = opened(SlotPlace { account, slot: slot.id }, output?, &slot.sealed)?;
        (found.as_bytes() == secret.as_bytes()).then_some(slot)
    }

    /// The factor that it will be.
    #[must_use]
    pub const fn id(&self) -> FactorId {
        self.id
    }
}

/// What a passkey that counts is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum PasskeyUse {
    /// Its output opened what it had sealed: it opens the mailbox.
    Opens,
    /// It proves its owner, and the password opens the mailbox.
    Proves,
}

impl Mailbox {
    /// This account's passkeys, by the server's word.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn passkeys(&self, world: &impl World) -> Result<Vec<Passkey>, CallError> {
        let Passkeys { passkeys } = self.session.api(world).get(endpoints::LIST_PASSKEYS.here()).await?;
        Ok(passkeys)
    }

    /// What they are called.
    ///
    /// # Errors
    /// [`RecordError`]
    pub async fn passkey_names(&self, world: &impl World) -> Result<PasskeyNames, RecordError> {
        Ok(self.newest_settings(world).await?.1.passkeys)
    }

    /// Begins to add a passkey: what it is to be made with.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn begin_passkey(&self, world: &impl World) -> Result<PasskeyToMake, CallError> {
        self.session.api(world).send(endpoints::BEGIN_PASSKEY.here(), &()).await
    }

    /// The passkey was made. `output` came with it where its authenticator gives one so early.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn passkey_made(
        &self,
        world: &impl World,
        id: FactorId,
        made: &MadeCredential,
        output: Option<&PrfOutput>,
    ) -> Result<(PasskeyMade, PasskeyToUse), CallError> {
        let to_use = self.session.api(world).send(endpoints::PASSKEY_MADE.of(id), made).await?;
        let mut made = PasskeyMade::new(id);
        if let Some(output) = output {
            self.seal_for_passkey(world, &mut made, output);
        }
        Ok((made, to_use))
    }

    /// Seals the account secret for a passkey's first output. The next one must open it.
    pub fn seal_for_passkey(&self, world: &impl World, made: &mut PasskeyMade, output: &PrfOutput) {
        made.seal(world, self.owner.account, &self.owner.secret, output);
    }

    /// The passkey signed: it counts from here. It opens the mailbox only if the output that came now opens what the first one
    /// sealed; whatever else it gives, it proves its owner, and nothing that opened the mailbox before goes for it.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn passkey_used(
        &self,
        world: &impl World,
        made: PasskeyMade,
        assertion: Assertion,
        output: Option<&PrfOutput>,
    ) -> Result<PasskeyUse, CallError> {
        let id = made.id;
        let slot = made.slot_opened_by(self.owner.account, &self.owner.secret, output);
        let what_for = if slot.is_some() { PasskeyUse::Opens } else { PasskeyUse::Proves };
        self.session.api(world).tell(endpoints::PASSKEY_USED.of(id), &UsedPasskey { assertion, slot }).await?;
        Ok(what_for)
    }

    /// Calls a passkey something.
    ///
    /// # Errors
    /// [`OpenError`]
    pub async fn name_passkey(&self, world: &impl World, id: FactorId, name: PasskeyName) -> Result<(), OpenError> {
        let named = |settings: Settings| {
            let passkeys = settings.passkeys.clone().with(id, name.clone());
            Settings { passkeys, ..settings }
        };
        self.change_settings(world, named).await?;
        // At once: a tab that is opened now shows it.
        Ok(self.write_records_down(world).await?)
    }

    /// Removes a passkey: it proves and opens nothing any more.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn remove_passkey(&self, world: &impl World, id: FactorId) -> Result<(), CallError> {
        self.session.api(world).delete(endpoints::REMOVE_FACTOR.of(id)).await
    }
}

/// A sign-in by a passkey alone has begun.
#[derive(Debug, Clone)]
pub struct PasskeyAsked {
    id: SignInId,
    challenge: Octets,
}

/// What a passkey alone came to.
pub enum PasskeySignedIn {
    /// Its slot opened.
    Open(Box<Opening>),
    /// It proved its owner and opens nothing here: the session waits, locked, for the password ([`crate::sign_in::unlock`]).
    Locked {
        /// Whose it is, by the server's word.
        account: Box<Account>,
        /// The session that waits.
        session: SessionId,
    },
}

/// Begins a sign-in by a passkey alone.
///
/// # Errors
/// [`SignInError`]; `somebody-else` where anybody is signed in on this device, since a passkey says whose it is only at the end.
pub async fn ask_for_passkey(world: &impl World) -> Result<PasskeyAsked, SignInError> {
    if Session::load(world).await?.is_some() {
        return Err(OpenError::SomebodyElse.into());
    }
    let begin = endpoints::BEGIN_PASSKEY_SIGN_IN.here();
    let PasskeySignIn { id, challenge } = Api::stranger(world.transport()).send(begin, &()).await?;
    Ok(PasskeyAsked { id, challenge })
}

impl PasskeyAsked {
    /// What the passkey is to sign.
    #[must_use]
    pub const fn challenge(&self) -> &Octets {
        &self.challenge
    }

    /// Enters what the passkey signed, with the output that came with it; the mailbox is opened elsewhere. A slot that the
    /// output does not open (another output than before, or another slot than the passkey's) is no way in and locks nobody
    /// out: the session is locked, and the password opens it.
    ///
    /// # Errors
    /// [`SignInError`]
    pub async fn enter(
        self,
        world: &impl World,
        assertion: Assertion,
        output: Option<&PrfOutput>,
    ) -> Result<PasskeySignedIn, SignInError> {
        let entered = EnterPasskey { assertion, opens: output.is_some(), session: world.delivery() };
        let begun = Api::stranger(world.transport()).send(endpoints::ENTER_PASSKEY.of(self.id), &entered).await?;
        let session = Api::session(world.transport(), begun.token.as_deref());
        let account = session.get(endpoints::READ_ACCOUNT.here()).await?;
        let slot = begun.slots.iter().find(|slot| slot.kind == SlotKind::Passkey);
        let secret = slot.zip(output).and_then(|(slot, output)| {
            opened(SlotPlace { account: begun.account, slot: slot.id }, output, &slot.sealed)
        });
        if let Some(secret) = secret {
            return Ok(PasskeySignedIn::Open(Box::new(Opening::new(&account.address, begun, secret))));
        }
        if slot.is_some() {
            session.delete(endpoints::DROP_DEVICE_SLOT.here()).await?;
        }
        Ok(PasskeySignedIn::Locked { account: Box::new(account), session: begun.id })
    }

    /// Unlocks the browser's session by what the passkey signed (PROTOCOL §9a, Lock). One that gives no output unlocks nothing, so
    /// the server is not asked, where it would count as wrong.
    ///
    /// # Errors
    /// [`SignInError`]; `slot-does-not-open` where there is no output, or one that does not open the slot: the session is locked
    /// then.
    pub async fn unlock(
        self,
        world: &impl World,
        assertion: Assertion,
        output: Option<&PrfOutput>,
    ) -> Result<Opening, SignInError> {
        let output = output.ok_or(SignInError::SlotDoesNotOpen)?;
        let session = Api::session(world.transport(), None);
        let Account { id: account, address, .. } = session.get(endpoints::READ_ACCOUNT.here()).await?;
        let unlock = Unlock { sign_in: self.id, proof: UnlockProof::Passkey(assertion) };
        let slot = session.send(endpoints::UNLOCK.here(), &unlock).await?;
        match opened(SlotPlace { account, slot: slot.id }, output, &slot.sealed) {
            Some(secret) => Ok(Opening::of_this_session(address, account, secret)),
            None => {
                session.delete(endpoints::DROP_DEVICE_SLOT.here()).await?;
                Err(SignInError::SlotDoesNotOpen)
            }
        }
    }
}

/// The account secret, if this output opens the slot.
fn opened(place: SlotPlace, output: &PrfOutput, sealed: &Octets) -> Option<AccountSecret> {
    slots::open(&place, &SlotKey::of_passkey(output), &sealed.0).ok()
}

#[cfg(test)]
mod tests;
