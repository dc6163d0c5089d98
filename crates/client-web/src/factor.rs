//! A factor to choose, and the one that was: in a sign-in, in a recovery, and where somebody confirms that it is them.

use securemailbox_client::{
    factors::{Asked, CodeToEnter, FactorToChoose, NotTheCode, read_code},
    links::LinkToProve,
    opening::Opening,
    world::World,
};
use securemailbox_protocol::factors::{Answer, FactorKind, NotAOneTimeCode};

use crate::{
    problems::{OrProblem as _, out_of_step, refused},
    views::{Factors, PageProblem, Problem},
};

/// What was typed, as the code of a factor.
pub(crate) fn read(kind: FactorKind, typed: &str) -> Result<Answer, Problem> {
    read_code(kind, typed).map_err(|error| match error {
        NotTheCode::Code(_) => refused(PageProblem::NotACode),
        NotTheCode::OneTimeCode(NotAOneTimeCode::Length { .. }) => refused(PageProblem::OneTimeCodeLength),
        NotTheCode::OneTimeCode(NotAOneTimeCode::Character { .. }) => refused(PageProblem::OneTimeCodeCharacter),
    })
}

/// What there is to choose from, and what was chosen.
pub(crate) struct Factor<S> {
    to_choose: FactorToChoose<S>,
    chosen: Option<CodeToEnter<S>>,
}

impl Factor<LinkToProve> {
    /// Opens what the link opens by itself.
    pub(crate) async fn open_link(&self, world: &impl World) -> Result<Opening, Problem> {
        self.to_choose.open(world).await.or_problem()
    }
}

impl<S: Clone> Factor<S> {
    /// Where there is nothing to choose, the only one is chosen; and the best, which comes first, where nothing is sent for it.
    pub(crate) fn offered(to_choose: FactorToChoose<S>) -> Self {
        let best = to_choose.offers().first().filter(|best| !best.kind.is_sent());
        let chosen = to_choose.only().or(best).map(|offer| to_choose.choose(offer));
        Self { to_choose, chosen }
    }

    pub(crate) fn choose(&mut self, id: &str) {
        let offer = self.to_choose.offers().iter().find(|offer| offer.id.to_string() == id);
        self.chosen = offer.map(|offer| self.to_choose.choose(offer));
    }

    pub(crate) fn chosen(&self) -> Result<&CodeToEnter<S>, Problem> {
        self.chosen.as_ref().ok_or_else(out_of_step)
    }

    /// What was typed, as the code of the one that was chosen.
    pub(crate) fn read(&self, typed: &str) -> Result<Answer, Problem> {
        read(self.chosen()?.offer().kind, typed)
    }

    /// What its code is sent by, where one was chosen.
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
