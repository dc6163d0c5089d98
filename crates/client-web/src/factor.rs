//! A factor to choose, and the one that was: in a sign-in, in a recovery, and where somebody confirms that it is them.

use securemailbox_client::factors::{Asked, CodeToEnter, FactorToChoose};
use securemailbox_protocol::factors::FactorKind;

use crate::{
    problems::out_of_step,
    views::{Factors, Problem},
};

/// What there is to choose from, and what was chosen.
pub(crate) struct Factor<S> {
    to_choose: FactorToChoose<S>,
    chosen: Option<CodeToEnter<S>>,
}

impl<S: Clone> Factor<S> {
    /// Where there is nothing to choose, the only one is chosen.
    pub(crate) fn offered(to_choose: FactorToChoose<S>) -> Self {
        let chosen = to_choose.only().map(|only| to_choose.choose(only));
        Self { to_choose, chosen }
    }

    pub(crate) fn choose(&mut self, id: &str) {
        let offer = self.to_choose.offers().iter().find(|offer| offer.id.to_string() == id);
        self.chosen = offer.map(|offer| self.to_choose.choose(offer));
    }

    pub(crate) fn chosen(&self) -> Result<&CodeToEnter<S>, Problem> {
        self.chosen.as_ref().ok_or_else(out_of_step)
    }

    /// What its code is sent by, where one was chosen that has one.
    pub(crate) fn asked(&self) -> Option<&Asked> {
        let chosen = self.chosen.as_ref().filter(|chosen| chosen.offer().kind != FactorKind::Passkey);
        chosen.map(CodeToEnter::asked)
    }

    /// By what a passkey is asked, where one was chosen.
    pub(crate) fn asked_passkey(&self) -> Result<&Asked, Problem> {
        let chosen = self.chosen.as_ref().filter(|chosen| chosen.offer().kind == FactorKind::Passkey);
        chosen.map(CodeToEnter::asked).ok_or_else(out_of_step)
    }

    /// As the page shows it.
    pub(crate) fn shown(&self) -> Factors {
        let chosen = self.chosen.as_ref().map(CodeToEnter::offer).cloned();
        Factors { offers: self.to_choose.offers().to_vec(), chosen }
    }
}
