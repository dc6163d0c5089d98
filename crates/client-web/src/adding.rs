//! A factor that a person at an open mailbox is adding, between two calls of the page.

use std::cell::RefCell;

use securemailbox_client::{
    factors::CodeToEnter,
    identity::{AuthenticatorToConfirm, PhoneToConfirm},
    mailbox::Mailbox,
    world::World,
};
use securemailbox_protocol::factors::{ConfirmedFactor, FactorOffer};

use crate::{
    arguments::NamedPhone,
    factor::read,
    problems::{OrProblem, out_of_step},
    sign_in::{found, parse_phone},
    views::{Done, NewAuthenticator, Problem},
};

/// What is being added, if anything is. Nothing of it is borrowed during a wait.
pub(crate) struct Adding {
    authenticator: RefCell<Option<AuthenticatorToConfirm>>,
    phone: RefCell<Option<CodeToEnter<PhoneToConfirm>>>,
}

impl Adding {
    pub(crate) const fn nothing() -> Self {
        Self { authenticator: RefCell::new(None), phone: RefCell::new(None) }
    }

    pub(crate) async fn begin_authenticator(
        &self,
        world: &impl World,
        mailbox: &Mailbox,
    ) -> Result<NewAuthenticator, Problem> {
        let begun = mailbox.begin_authenticator(world).await.or_problem()?;
        let shown = NewAuthenticator { secret: begun.typed().to_string(), uri: begun.uri().to_owned() };
        *self.authenticator.borrow_mut() = Some(begun);
        Ok(shown)
    }

    /// The secret is let go only once it counts: a lost answer is asked for again.
    pub(crate) async fn confirm_authenticator(
        &self,
        world: &impl World,
        mailbox: &Mailbox,
        typed: &str,
    ) -> Result<ConfirmedFactor, Problem> {
        let begun = self.authenticator.borrow().clone().ok_or_else(out_of_step)?;
        let confirmed = begun.confirm(world, mailbox, &found(typed)?).await.or_problem()?;
        self.authenticator.take();
        Ok(confirmed)
    }

    /// Names the phone and sends its code.
    pub(crate) async fn name_phone(
        &self,
        world: &impl World,
        mailbox: &Mailbox,
        named: NamedPhone,
    ) -> Result<FactorOffer, Problem> {
        let to_enter = mailbox.name_new_phone(world, parse_phone(&named.phone)?, named.role).await.or_problem()?;
        let offer = to_enter.offer().clone();
        *self.phone.borrow_mut() = Some(to_enter);
        self.send_code(world).await?;
        Ok(offer)
    }

    pub(crate) async fn send_code(&self, world: &impl World) -> Result<Done, Problem> {
        self.named()?.asked().send(world).await.or_problem()?;
        Ok(Done {})
    }

    pub(crate) async fn enter_code(&self, world: &impl World, typed: &str) -> Result<Done, Problem> {
        let named = self.named()?;
        named.enter(world, &read(named.offer().kind, typed)?).await.or_problem()?;
        self.phone.take();
        Ok(Done {})
    }

    fn named(&self) -> Result<CodeToEnter<PhoneToConfirm>, Problem> {
        self.phone.borrow().clone().ok_or_else(out_of_step)
    }
}
