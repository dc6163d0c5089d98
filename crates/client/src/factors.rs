//! Proving a factor (PROTOCOL §9a): one of those that are offered is chosen, its code is sent, and what came is entered. The
//! same for a sign-in, a forgotten password, a registration, and a session that proves it afresh.

use securemailbox_protocol::{
    endpoints::Operation,
    factors::{
        Answer, ChooseFactor, Code, EnterProof, FactorKind, FactorOffer, NotACode, NotAOneTimeCode, OneTimeCode,
    },
    ids::FactorId,
    passkeys::PasskeyToProve,
};
use zeroize::Zeroizing;

use crate::{api::Api, failure::CallError, world::World};

/// Where a factor is proved, and which.
#[derive(Clone)]
pub struct Asked {
    choose: Operation<ChooseFactor, PasskeyToProve>,
    factor: FactorId,
    token: Option<Zeroizing<String>>,
}

impl Asked {
    /// By somebody who has no session yet, or has it in a cookie.
    pub(crate) const fn new(choose: Operation<ChooseFactor, PasskeyToProve>, factor: FactorId) -> Self {
        Self { choose, factor, token: None }
    }

    /// Sends a code, or another one: the one before counts no more.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn send(&self, world: &impl World) -> Result<(), CallError> {
        self.api(world).tell(self.choose.clone(), &ChooseFactor { factor: self.factor }).await
    }

    /// What a passkey is to sign, where one was chosen. Asked again, it is another challenge.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn challenge(&self, world: &impl World) -> Result<PasskeyToProve, CallError> {
        self.api(world).send(self.choose.clone(), &ChooseFactor { factor: self.factor }).await
    }

    /// Which factor.
    #[must_use]
    pub const fn factor(&self) -> FactorId {
        self.factor
    }

    /// The server as whoever is asked sees it.
    pub(crate) fn api<'a, W: World>(&'a self, world: &'a W) -> Api<'a, W::Transport> {
        Api::session(world.transport(), self.token.as_deref().map(String::as_str))
    }

    /// What is sent for what was entered.
    pub(crate) fn proof(&self, answer: &Answer) -> EnterProof {
        EnterProof { factor: self.factor, answer: answer.clone() }
    }
}

/// What was typed can't be the code of the factor that was chosen. It was not sent, and cost no try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotTheCode {
    /// Of a message or an app: six digits.
    #[error(transparent)]
    Code(#[from] NotACode),
    /// Of a sheet: twelve characters.
    #[error(transparent)]
    OneTimeCode(#[from] NotAOneTimeCode),
}

/// Reads what was typed as the code of a factor of that kind.
///
/// # Errors
/// [`NotTheCode`]
pub fn read_code(kind: FactorKind, typed: &str) -> Result<Answer, NotTheCode> {
    match kind {
        FactorKind::OneTimeCodes => Ok(Answer::OneTimeCode(OneTimeCode::parse(typed)?)),
        FactorKind::Address
        | FactorKind::Phone
        | FactorKind::ReservePhone
        | FactorKind::Authenticator
        | FactorKind::Passkey => Ok(Answer::Code(Code::parse(typed)?)),
    }
}

/// Factors are offered for a step `S`; nothing was sent yet.
pub struct FactorToChoose<S> {
    pub(crate) step: S,
    choose: Operation<ChooseFactor, PasskeyToProve>,
    offers: Vec<FactorOffer>,
    token: Option<Zeroizing<String>>,
}

/// A factor was chosen. Its code comes once it is [sent](Asked::send).
#[derive(Clone)]
pub struct CodeToEnter<S> {
    pub(crate) step: S,
    asked: Asked,
    offer: FactorOffer,
}

impl<S: Clone> FactorToChoose<S> {
    /// Nobody could go on without an offer, and so no server makes none. A hint stands in a sentence of ours, so it is two
    /// digits and nothing that a server would like to say there (ATTACKS 46).
    pub(crate) fn new(
        step: S,
        choose: Operation<ChooseFactor, PasskeyToProve>,
        offers: Vec<FactorOffer>,
    ) -> Result<Self, CallError> {
        let in_order = !offers.is_empty() && offers.iter().all(is_in_order);
        if in_order { Ok(Self { step, choose, offers, token: None }) } else { Err(CallError::Unreadable) }
    }

    /// None, where what was shown opens it by itself.
    pub(crate) const fn nothing(step: S, choose: Operation<ChooseFactor, PasskeyToProve>) -> Self {
        Self { step, choose, offers: Vec::new(), token: None }
    }

    /// The same for somebody whose session has this token.
    pub(crate) fn with_token(self, token: Option<&str>) -> Self {
        Self { token: token.map(|token| Zeroizing::new(token.to_owned())), ..self }
    }

    /// What there is to choose from: at least one, but for a link that opens by itself.
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
        let asked = Asked { token: self.token.clone(), ..Asked::new(self.choose.clone(), offer.id) };
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

fn is_in_order(offer: &FactorOffer) -> bool {
    is_hint(offer.kind, &offer.hint)
}

/// A phone is known by its last two digits, anything else by being the only one of its kind.
pub(crate) fn is_hint(kind: FactorKind, hint: &str) -> bool {
    match kind {
        FactorKind::Phone | FactorKind::ReservePhone => {
            hint.len() == 2 && hint.bytes().all(|byte| byte.is_ascii_digit())
        }
        FactorKind::Address | FactorKind::OneTimeCodes | FactorKind::Authenticator | FactorKind::Passkey => {
            hint.is_empty()
        }
    }
}
