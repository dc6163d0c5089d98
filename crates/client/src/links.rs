//! Reading by a link (PROTOCOL §5): who wrote is said for the link alone, and the letter for a code from the phone.

use securemailbox_protocol::{
    address::Address,
    endpoints,
    factors::{Answer, EnterProof, EnterSignInProof},
    ids::SignInId,
    invitations::{LinkSignIn, NewLinkSignIn},
    octets::Octets,
    slots::SlotKind,
    time::Timestamp,
};
use securemailbox_vault::{
    links::LinkSecret,
    secrets::ServerShare,
    slots::{self, SlotPlace},
};

use crate::{
    api::Api,
    directory::Warning,
    factors::{CodeToEnter, FactorToChoose},
    failure::CallError,
    mailbox::Mailbox,
    opening::Opening,
    sign_in::SignInError,
    world::World,
};

/// A link that the server knows.
pub struct LinkShown {
    /// Who wrote, by the server's word until the letter is open.
    pub from: Address,
    /// To whom.
    pub address: Address,
    /// When everything in the conversation is erased.
    pub expires: Timestamp,
    /// The phone. Nothing was sent yet.
    pub to_choose: FactorToChoose<LinkToProve>,
}

/// The link was shown; the phone is proved next.
#[derive(Clone)]
pub struct LinkToProve {
    id: SignInId,
    address: Address,
    link: LinkSecret,
}

/// Shows a link. Nothing is sent, counted or used up by it.
///
/// # Errors
/// [`CallError`]; `not-found` for one that is over, withdrawn or never was.
pub async fn show_link(world: &impl World, link: &LinkSecret) -> Result<LinkShown, CallError> {
    let new = NewLinkSignIn { token: Octets(link.token().to_vec()) };
    let begin = endpoints::BEGIN_LINK_SIGN_IN.here();
    let LinkSignIn { id, address, from, expires, offers } = Api::stranger(world.transport()).send(begin, &new).await?;
    let step = LinkToProve { id, address: address.clone(), link: link.clone() };
    let to_choose = FactorToChoose::new(step, endpoints::CHOOSE_FACTOR_OF_SIGN_IN.of(id), offers)?;
    Ok(LinkShown { from, address, expires, to_choose })
}

/// Says that the phone by which a link is proved is not that of whoever was written to. Who wrote is told, once.
///
/// # Errors
/// [`CallError`]; `not-found` for a link that is over.
pub async fn report_wrong_number(world: &impl World, link: &LinkSecret) -> Result<(), CallError> {
    let shown = NewLinkSignIn { token: Octets(link.token().to_vec()) };
    Api::stranger(world.transport()).tell(endpoints::REPORT_WRONG_NUMBER.here(), &shown).await
}

impl Mailbox {
    /// Does not want what was written to somebody who came by a link: all of it is erased, and this is of no use any more.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn decline(&self, world: &impl World) -> Result<(), CallError> {
        self.session.api(world).tell(endpoints::DECLINE.here(), &()).await
    }
}

impl CodeToEnter<LinkToProve> {
    /// Enters the code and opens the conversation. A refused code may be entered again.
    ///
    /// # Errors
    /// [`SignInError`]
    pub async fn enter(&self, world: &impl World, answer: &Answer) -> Result<(Mailbox, Vec<Warning>), SignInError> {
        Ok(Mailbox::begin(world, self.prove(world, answer).await?).await?)
    }

    /// Enters the code; the conversation is opened elsewhere.
    ///
    /// # Errors
    /// [`SignInError`]
    pub async fn prove(&self, world: &impl World, answer: &Answer) -> Result<Opening, SignInError> {
        let EnterProof { factor, answer } = self.asked().proof(answer);
        let entered = EnterSignInProof { factor, answer, session: world.delivery() };
        let LinkToProve { id, address, link } = &self.step;
        let prove = endpoints::PROVE_FACTOR_OF_SIGN_IN.of(*id);
        let begun = Api::stranger(world.transport()).send(prove, &entered).await?;
        let slot = begun.slots.iter().find(|slot| slot.kind == SlotKind::Link).ok_or(SignInError::SlotDoesNotOpen)?;
        let share = begun.share.as_ref().and_then(|share| ServerShare::from_bytes(&share.0).ok());
        let key = link.slot_key(&share.ok_or(SignInError::SlotDoesNotOpen)?);
        let place = SlotPlace { account: begun.account, slot: slot.id };
        let secret = slots::open(&place, &key, &slot.sealed.0).map_err(|_| SignInError::SlotDoesNotOpen)?;
        Ok(Opening::of_guest(address, begun, secret))
    }
}
