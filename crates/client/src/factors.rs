//! Proving a factor (PROTOCOL §9a): one of those that are offered is chosen, its code is sent, and what came is entered. The
//! same for a sign-in, a forgotten password and a registration.

use securemailbox_protocol::{
    endpoints::Operation,
    factors::{Answer, ChooseFactor, Code, EnterProof, FactorOffer},
    ids::FactorId,
};

use crate::{api::Api, failure::CallError, world::World};

/// Where a factor is proved, and which.
#[derive(Clone)]
pub struct Asked {
    choose: Operation<ChooseFactor, ()>,
    factor: FactorId,
}

impl Asked {
    pub(crate) const fn new(choose: Operation<ChooseFactor, ()>, factor: FactorId) -> Self {
        Self { choose, factor }
    }

    /// Sends a code, or another one: the one before counts no more.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn send(&self, world: &impl World) -> Result<(), CallError> {
        Api::stranger(world.transport()).tell(self.choose.clone(), &ChooseFactor { factor: self.factor }).await
    }

    /// What is sent for a code that was entered.
    pub(crate) fn proof(&self, code: &Code) -> EnterProof {
        EnterProof { factor: self.factor, answer: Answer::Code(code.clone()) }
    }
}

/// Factors are offered for a step `S`; nothing was sent yet.
pub struct FactorToChoose<S> {
    step: S,
    choose: Operation<ChooseFactor, ()>,
    offers: Vec<FactorOffer>,
}

/// A factor was chosen. Its code comes once it is [sent](Asked::send).
pub struct CodeToEnter<S> {
    pub(crate) step: S,
    asked: Asked,
    offer: FactorOffer,
}

impl<S: Clone> FactorToChoose<S> {
    /// Nobody could go on without an offer, and so no server makes none.
    pub(crate) fn new(
        step: S,
        choose: Operation<ChooseFactor, ()>,
        offers: Vec<FactorOffer>,
    ) -> Result<Self, CallError> {
        if offers.is_empty() { Err(CallError::Unreadable) } else { Ok(Self { step, choose, offers }) }
    }

    /// What there is to choose from: at least one.
    #[must_use]
    pub fn offers(&self) -> &[FactorOffer] {
        &self.offers
    }

    /// The only offer, where there is nothing to choose.
    #[must_use]
    pub fn only(&self) -> Option<&FactorOffer> {
        match self.offers.as_slice() {
            [only] => Some(only),
            [] | [_, _, ..] => None,
        }
    }

    /// Chooses an offer. Another one may be chosen afterwards.
    #[must_use]
    pub fn choose(&self, offer: &FactorOffer) -> CodeToEnter<S> {
        let asked = Asked::new(self.choose.clone(), offer.id);
        CodeToEnter { step: self.step.clone(), asked, offer: offer.clone() }
    }
}

impl<S> CodeToEnter<S> {
    /// What was chosen.
    #[must_use]
    pub const fn offer(&self) -> &FactorOffer {
        &self.offer
    }

    /// What its code is sent by.
    #[must_use]
    pub const fn asked(&self) -> &Asked {
        &self.asked
    }
}
