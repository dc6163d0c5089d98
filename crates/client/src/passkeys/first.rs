//! The passkey that a mailbox is made with, in the place of a password (PROTOCOL §5). Both ceremonies are held before there is an
//! account, and an account is made only by one that opened what it had sealed: so there is none that nothing opens, whatever
//! becomes of an answer, a device or a second press.

use securemailbox_protocol::{
    accounts::{FirstPasskey, FirstWay, MadeFirstPasskey},
    endpoints,
    ids::FactorId,
    passkeys::{Assertion, MadeCredential, PasskeyToMake, PasskeyToUse},
};
use securemailbox_vault::secrets::{AccountSecret, PrfOutput};

use super::{PasskeyMade, PasskeyName};
use crate::{
    accounts::{AccountToMake, WayToChoose},
    api::Api,
    claims::LeftByGuest,
    failure::CallError,
    settings::Settings,
    world::World,
};

/// A passkey was made for a mailbox that there is not yet, with the secret that it is to open.
pub struct FirstPasskeyMade {
    secret: AccountSecret,
    made: PasskeyMade,
}

impl WayToChoose {
    /// Begins to make a passkey: what it is to be made with.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn begin_passkey(&self, world: &impl World) -> Result<PasskeyToMake, CallError> {
        let begin = endpoints::BEGIN_FIRST_PASSKEY.of(self.registrant.id);
        Api::stranger(world.transport()).send(begin, &()).await
    }

    /// It was made. `output` came with it where its authenticator gives one so early.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn passkey_made(
        &self,
        world: &impl World,
        id: FactorId,
        made: MadeCredential,
        output: Option<&PrfOutput>,
    ) -> Result<(FirstPasskeyMade, PasskeyToUse), CallError> {
        let made_at = endpoints::FIRST_PASSKEY_MADE.of(self.registrant.id);
        let to_use = Api::stranger(world.transport()).send(made_at, &MadeFirstPasskey { id, made }).await?;
        let secret = AccountSecret::generate(&mut world.rng());
        let mut made = FirstPasskeyMade { secret, made: PasskeyMade::new(id) };
        if let Some(output) = output {
            self.seal_for_passkey(world, &mut made, output);
        }
        Ok((made, to_use))
    }

    /// Seals the secret of the mailbox for a passkey's first output. The next one must open it.
    pub fn seal_for_passkey(&self, world: &impl World, made: &mut FirstPasskeyMade, output: &PrfOutput) {
        let FirstPasskeyMade { secret, made } = made;
        made.seal(world, self.registrant.account, secret, output);
    }

    /// The passkey signed: everything of the mailbox that is made of what a guest leaves, as by [`WayToChoose::claim`]. None where
    /// the passkey proves its owner and opens nothing.
    pub fn claim_by_passkey(
        &self,
        world: &impl World,
        made: FirstPasskeyMade,
        (assertion, output): (Assertion, Option<&PrfOutput>),
        (settings, name): (Settings, PasskeyName),
        left: LeftByGuest<'_>,
    ) -> Option<AccountToMake> {
        let FirstPasskeyMade { secret, made } = made;
        let id = made.id();
        let slot = made.slot_opened_by(self.registrant.account, &secret, output)?;
        let way = FirstWay::Passkey(FirstPasskey { id, assertion, slot });
        let passkeys = settings.passkeys.clone().with(id, name);
        Some(self.account(world, secret, way, &Settings { passkeys, ..settings }, Some(left)))
    }
}
