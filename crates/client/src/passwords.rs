//! Another password in the place of one's own, by whoever is signed in (PROTOCOL §9a, Another password).

use securemailbox_protocol::{
    endpoints,
    problems::ProblemType,
    sessions::{Unlock, UnlockProof},
    sign_in::{NewSignIn, SignIn},
};
use securemailbox_vault::{
    passwords::{Password, PasswordRefused, SigningIn, WeakPassword, judge},
    slots::{self, SlotPlace},
};

use crate::{
    accounts::{explain_password, explain_weak, register_password},
    api::Api,
    failure::{CallError, Class, ClientProblem, Explained, Failure, explained},
    session::{LocalError, Session, SessionError},
    slots::password_slot,
    world::World,
};

/// The password was not changed, or not so that it opens the mailbox.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangePasswordError {
    /// The password will not do. Nothing was sent.
    #[error(transparent)]
    WeakPassword(#[from] WeakPassword),
    /// Nobody is signed in here, or the session opens nothing.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The server was not reached, or refused; after an answer that was lost, the password may be changed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The server's half of the password registration was none.
    #[error(transparent)]
    Password(#[from] PasswordRefused),
    /// The server took it, and does not open the mailbox by it: it kept something else, or answered for another account
    /// (ATTACKS 58).
    #[error("the server says that the password is changed, and the new one does not open the mailbox")]
    NotTaken,
}

impl Failure for ChangePasswordError {
    fn explain(&self) -> Explained {
        match self {
            Self::WeakPassword(_) => explain_weak(),
            Self::Session(error) => error.explain(),
            Self::Call(error) => error.explain(),
            Self::Password(error) => explain_password(*error),
            Self::NotTaken => explained(
                ClientProblem::PasswordNotTaken,
                Class::Damaged,
                "Stay signed in here, and change it once more. If that ends the same, see that you have a recovery sheet, and tell the operator: the server may have been tampered with.",
            ),
        }
    }
}

impl From<LocalError> for ChangePasswordError {
    fn from(error: LocalError) -> Self {
        Self::Session(error.into())
    }
}

/// How well it is known that the new password opens the mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// It did, just now.
    Proved,
    /// The server said so, and could not be asked.
    ByTheServersWord,
}

/// Puts a password in the place of the one that this device's session was opened by. The account secret stays, and with it the
/// sheet and every device slot. The old password is not asked for: whoever has forgotten it needs this most, and against
/// somebody else at the page stands the fresh proof that the server asks for (PROTOCOL §6). `name` is the owner's, against
/// which the password is judged.
///
/// # Errors
/// [`ChangePasswordError`]; `proof-required` before anything is changed.
pub async fn change_password(world: &impl World, name: &str, typed: &str) -> Result<Changed, ChangePasswordError> {
    let session = Session::load(world).await?.ok_or(SessionError::NotSignedIn)?;
    judge(&Password::new(typed), session.address(), name)?;
    let owner = session.open(world).await?;
    let api = session.api(world);
    let begin = endpoints::BEGIN_PASSWORD_SLOT.here();
    let registered = register_password(world, &api, begin, Password::new(typed)).await??;
    let slot = password_slot(world, owner.account, &owner.secret, registered);
    let put = async || api.tell(endpoints::PUT_PASSWORD_SLOT.here(), &slot).await;
    match put().await {
        // The same once more changes nothing where it was done.
        Err(CallError::Unreachable(_)) => put().await?,
        answered => answered?,
    }
    prove(world, &session, typed).await
}

/// Opens the mailbox by the password, as a locked page does. A server that keeps something else is found out here and not at
/// the next sign-in, when this session may be gone.
async fn prove(world: &impl World, session: &Session, typed: &str) -> Result<Changed, ChangePasswordError> {
    let (signing_in, request) = SigningIn::start(Password::new(typed), &mut world.rng());
    let new = NewSignIn { address: session.address().clone(), request: request.into() };
    let begun = Api::stranger(world.transport()).send(endpoints::BEGIN_SIGN_IN.here(), &new).await;
    let Ok(SignIn { id, response, .. }) = begun else { return Ok(Changed::ByTheServersWord) };
    let signed_in = signing_in.finish(&response.0, &world.key_stretching(), &mut world.rng());
    let signed_in = signed_in.map_err(|_| ChangePasswordError::NotTaken)?;
    let unlock = Unlock { sign_in: id, proof: UnlockProof::Password(signed_in.finalization.clone().into()) };
    let slot = match session.api(world).send(endpoints::UNLOCK.here(), &unlock).await {
        Ok(slot) => slot,
        Err(error) if error.problem() == Some(ProblemType::CredentialsRefused) => {
            return Err(ChangePasswordError::NotTaken);
        }
        Err(_) => return Ok(Changed::ByTheServersWord),
    };
    let place = SlotPlace { account: session.account(), slot: slot.id };
    // Only the new slot is sealed under a key of the new password.
    slots::open(&place, &signed_in.slot_key, &slot.sealed.0).map_err(|_| ChangePasswordError::NotTaken)?;
    Ok(Changed::Proved)
}
