//! Removing an account (PROTOCOL §7, §8): it waits for seven days, whoever asks for it.

use securemailbox_protocol::{
    accounts::{Language, NewRegistration, Registration},
    address::Address,
    endpoints,
    factors::Code,
    ids::RegistrationId,
    waits::Wait,
};

use crate::{api::Api, factors::Asked, failure::CallError, mailbox::Mailbox, world::World};

/// A code was sent to the address whose mailbox is to be removed.
pub struct RemovalToProve {
    id: RegistrationId,
    asked: Asked,
}

/// Asks that the mailbox of an address be removed. The answer is the same whether or not it has one; only the e-mail differs.
///
/// # Errors
/// [`CallError`]
pub async fn ask_for_removal(
    world: &impl World,
    address: &Address,
    language: Language,
) -> Result<RemovalToProve, CallError> {
    let new = NewRegistration { address: address.clone(), language };
    let Registration { id, offers, .. } =
        Api::stranger(world.transport()).send(endpoints::BEGIN_REMOVAL.here(), &new).await?;
    let [only] = offers.as_slice() else { return Err(CallError::Unreadable) };
    let asked = Asked::new(endpoints::CHOOSE_FACTOR_OF_REGISTRATION.of(id), only.id);
    asked.send(world).await?;
    Ok(RemovalToProve { id, asked })
}

impl RemovalToProve {
    /// What its code was sent by, and is sent again.
    #[must_use]
    pub const fn asked(&self) -> &Asked {
        &self.asked
    }

    /// Enters the code from the e-mail: the account waits to be removed. A refused one may be entered again.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn enter(&self, world: &impl World, code: &Code) -> Result<Wait, CallError> {
        let api = Api::stranger(world.transport());
        let prove = endpoints::PROVE_FACTOR_OF_REGISTRATION.of(self.id);
        api.tell(prove, &self.asked.proof(&code.clone().into())).await?;
        api.send(endpoints::REMOVE_BY_ADDRESS.of(self.id), &()).await
    }
}

impl Mailbox {
    /// Asks that this account be removed: it waits. What is refused as `proof-required` may be tried again once the session was
    /// [confirmed](crate::confirming).
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn remove_account(&self, world: &impl World) -> Result<Wait, CallError> {
        self.session.api(world).send(endpoints::REMOVE_ACCOUNT.here(), &()).await
    }
}
