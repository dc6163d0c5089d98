//! Reading by a link (PROTOCOL §5): who wrote is said for the link alone, and the letter for a code from the phone.

use securemailbox_protocol::{
    address::Address,
    endpoints,
    factors::{Answer, EnterProof, EnterSignInProof},
    ids::SignInId,
    invitations::{EnterLink, LinkSignIn, NewLinkSignIn},
    octets::Octets,
    organisations::Organisation,
    sessions::NewSession,
    slots::{Slot, SlotKind},
    time::Timestamp,
};
use securemailbox_vault::{
    links::LinkSecret,
    passphrases::Passphrase,
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
    /// The organisation that they write for, where its domain is verified: by the server's word, too.
    pub organisation: Option<Organisation>,
    /// To whom.
    pub address: Address,
    /// When everything in the conversation is erased.
    pub expires: Timestamp,
    /// The phone; nothing where the link opens it by itself, since its owner's browser made it. Nothing was sent yet.
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
    let LinkSignIn { id, address, from, organisation, expires, offers } =
        Api::stranger(world.transport()).send(begin, &new).await?;
    let step = LinkToProve { id, address: address.clone(), link: link.clone() };
    let choose = endpoints::CHOOSE_FACTOR_OF_SIGN_IN.of(id);
    let to_choose = match &offers[..] {
        [] => FactorToChoose::nothing(step, choose),
        [_, ..] => FactorToChoose::new(step, choose, offers)?,
    };
    Ok(LinkShown { from, organisation, address, expires, to_choose })
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
        decline(world, self.session.token()).await
    }
}

async fn decline(world: &impl World, token: Option<&str>) -> Result<(), CallError> {
    Api::session(world.transport(), token).tell(endpoints::DECLINE.here(), &()).await
}

/// What a right code at a link comes to.
pub enum LinkProved {
    /// Link and share open it.
    Open(Opening),
    /// They don't: a passphrase was agreed on, or the server gave out something else. It doesn't know which, and neither does this.
    Locked(LockedLink),
}

/// A conversation that opens by its passphrase.
pub struct LockedLink {
    address: Address,
    begun: NewSession,
    link: LinkSecret,
    share: ServerShare,
    slot: Slot,
}

/// What was typed is not what was agreed on. Found out here: nobody is told of it, and nothing is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the words are not those that were agreed on")]
pub struct WrongPassphrase;

impl LinkProved {
    /// Does not want what was written, and looks at none of it: all is erased.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn decline(&self, world: &impl World) -> Result<(), CallError> {
        match self {
            Self::Open(opening) => decline(world, opening.token.as_deref()).await,
            Self::Locked(locked) => locked.decline(world).await,
        }
    }
}

impl LockedLink {
    /// Tries a passphrase, for the price of its stretching.
    ///
    /// # Errors
    /// [`WrongPassphrase`]; another one may be tried.
    pub fn open(&self, world: &impl World, passphrase: &Passphrase) -> Result<Opening, WrongPassphrase> {
        let key = self.link.slot_key_with(&self.share, passphrase, &world.key_stretching());
        let secret = slots::open(&self.place(), &key, &self.slot.sealed.0).map_err(|_| WrongPassphrase)?;
        Ok(Opening::of_guest(&self.address, self.begun.clone(), secret))
    }

    /// Does not want what was written, whatever it is: all of it is erased. No words are asked for.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn decline(&self, world: &impl World) -> Result<(), CallError> {
        decline(world, self.begun.token.as_deref()).await
    }

    /// Leaves it shut: the session ends.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn leave(&self, world: &impl World) -> Result<(), CallError> {
        let api = Api::session(world.transport(), self.begun.token.as_deref());
        api.delete(endpoints::SIGN_OUT.here()).await
    }

    const fn place(&self) -> SlotPlace {
        SlotPlace { account: self.begun.account, slot: self.slot.id }
    }
}

impl FactorToChoose<LinkToProve> {
    /// Opens a conversation by its link alone.
    ///
    /// # Errors
    /// [`SignInError`]; `not-found` for one that opens by a code.
    pub async fn open(&self, world: &impl World) -> Result<Opening, SignInError> {
        let LinkToProve { id, link, .. } = &self.step;
        let shown = EnterLink { token: Octets(link.token().to_vec()), session: world.delivery() };
        let begun = Api::stranger(world.transport()).send(endpoints::ENTER_LINK.of(*id), &shown).await?;
        match self.step.begun(begun)? {
            LinkProved::Open(opening) => Ok(opening),
            LinkProved::Locked(_) => Err(SignInError::SlotDoesNotOpen),
        }
    }
}

impl LinkToProve {
    /// What the server gave out, opened if link and share open it.
    fn begun(&self, begun: NewSession) -> Result<LinkProved, SignInError> {
        let slot = begun.slots.iter().find(|slot| slot.kind == SlotKind::Link).cloned();
        let share = begun.share.as_ref().and_then(|share| ServerShare::from_bytes(&share.0).ok());
        let (slot, share) = slot.zip(share).ok_or(SignInError::SlotDoesNotOpen)?;
        let Self { address, link, .. } = self;
        let locked = LockedLink { address: address.clone(), begun, link: link.clone(), share, slot };
        Ok(match slots::open(&locked.place(), &link.slot_key(&locked.share), &locked.slot.sealed.0) {
            Ok(secret) => LinkProved::Open(Opening::of_guest(address, locked.begun, secret)),
            Err(_) => LinkProved::Locked(locked),
        })
    }
}

impl CodeToEnter<LinkToProve> {
    /// Enters the code and opens a conversation that has no passphrase. A refused code may be entered again.
    ///
    /// # Errors
    /// [`SignInError`]
    pub async fn enter(&self, world: &impl World, answer: &Answer) -> Result<(Mailbox, Vec<Warning>), SignInError> {
        match self.prove(world, answer).await? {
            LinkProved::Open(opening) => Ok(Mailbox::begin(world, opening).await?),
            LinkProved::Locked(_) => Err(SignInError::SlotDoesNotOpen),
        }
    }

    /// Enters the code. A refused one may be entered again.
    ///
    /// # Errors
    /// [`SignInError`]
    pub async fn prove(&self, world: &impl World, answer: &Answer) -> Result<LinkProved, SignInError> {
        let EnterProof { factor, answer } = self.asked().proof(answer);
        let entered = EnterSignInProof { factor, answer, session: world.delivery() };
        let prove = endpoints::PROVE_FACTOR_OF_SIGN_IN.of(self.step.id);
        self.step.begun(Api::stranger(world.transport()).send(prove, &entered).await?)
    }
}
