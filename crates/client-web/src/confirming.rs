//! A person at an open mailbox confirms that it is them: a factor is chosen, its code is sent, and what came is entered.

use std::cell::RefCell;

use securemailbox_client::{
    confirming::Confirming,
    factors::{CodeToEnter, FactorToChoose},
    world::World,
};
use securemailbox_protocol::{factors::Answer, passkeys::Assertion};

use crate::{
    factor::{self, Factor},
    passkeys::PasskeyRequest,
    problems::{OrProblem, out_of_step},
    views::{Done, Factors, Problem},
};

/// The proof that is on its way, if one is. Nothing of it is borrowed during a wait.
pub(crate) struct Proof(RefCell<Option<Factor<Confirming>>>);

impl Proof {
    pub(crate) const fn none() -> Self {
        Self(RefCell::new(None))
    }

    pub(crate) async fn begin(
        &self,
        world: &impl World,
        to_choose: FactorToChoose<Confirming>,
    ) -> Result<Factors, Problem> {
        self.ask(world, Factor::offered(to_choose)).await
    }

    pub(crate) async fn choose(&self, world: &impl World, id: &str) -> Result<Factors, Problem> {
        let mut factor = self.0.take().ok_or_else(out_of_step)?;
        factor.choose(id);
        self.ask(world, factor).await
    }

    pub(crate) async fn send_again(&self, world: &impl World) -> Result<Done, Problem> {
        self.chosen()?.asked().send(world).await.or_problem()?;
        Ok(Done {})
    }

    pub(crate) async fn enter(&self, world: &impl World, typed: &str) -> Result<Done, Problem> {
        let chosen = self.chosen()?;
        chosen.enter(world, &factor::read(chosen.offer().kind, typed)?).await.or_problem()?;
        self.0.take();
        Ok(Done {})
    }

    pub(crate) async fn passkey_challenge(&self, world: &impl World) -> Result<PasskeyRequest, Problem> {
        let asked = match &*self.0.borrow() {
            Some(factor) => factor.asked_passkey()?.clone(),
            None => return Err(out_of_step()),
        };
        asked.challenge(world).await.or_problem().map(PasskeyRequest::of_factor)
    }

    pub(crate) async fn enter_passkey(&self, world: &impl World, assertion: Assertion) -> Result<Done, Problem> {
        self.chosen()?.enter(world, &Answer::Passkey(assertion)).await.or_problem()?;
        self.0.take();
        Ok(Done {})
    }

    /// Sends the code of the factor that is chosen, if one is, and says what there is to choose from.
    async fn ask(&self, world: &impl World, factor: Factor<Confirming>) -> Result<Factors, Problem> {
        let (factors, asked) = (factor.shown(), factor.asked().cloned());
        *self.0.borrow_mut() = Some(factor);
        if let Some(asked) = asked {
            asked.send(world).await.or_problem()?;
        }
        Ok(factors)
    }

    fn chosen(&self) -> Result<CodeToEnter<Confirming>, Problem> {
        match &*self.0.borrow() {
            Some(factor) => factor.chosen().cloned(),
            None => Err(out_of_step()),
        }
    }
}
