//! Signing in, signing out, and a forgotten password (PROTOCOL §9a).

use securemailbox_protocol::{
    accounts::Account,
    address::Address,
    endpoints,
    factors::{Answer, EnterProof, EnterSignInProof, FactorKind, Offers},
    ids::{AccountId, RecoveryId, SignInId},
    octets::Octets,
    problems::ProblemType,
    sessions::{SessionDelivery, Unlock, UnlockProof},
    sign_in::{
        CompleteRecovery, FinishSignIn, NewRecovery, NewSignIn, RecoveredSlot, Recovery, RecoveryProved, SignIn,
    },
    slots::SlotKind,
    waits::Wait,
};
use securemailbox_vault::{
    passwords::{Password, PasswordRefused, SigningIn, judge},
    recovery::RecoveryCode,
    secrets::{AccountSecret, SlotKey},
    slots::{self, SlotPlace},
};

use crate::{
    accounts::{RegisterError, explain_password, register_password},
    api::Api,
    device::Device,
    directory::Warning,
    factors::{CodeToEnter, FactorToChoose},
    failure::{CallError, Class, ClientProblem, Explained, Failure, explained},
    mailbox::Mailbox,
    opening::Opening,
    opens::{OpenError, refuse_somebody_else},
    session::{LocalError, Session},
    slots::{password_slot, recovery_slot},
    world::World,
};

/// A sign-in, or a step of one, did not go through.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// The server was not reached, or refused.
    #[error(transparent)]
    Call(#[from] CallError),
    /// Wrong password, or not the server it was registered with. No key was used (ATTACKS 20).
    #[error(transparent)]
    Password(#[from] PasswordRefused),
    /// The server gave no slot of the right kind, or one that does not open (ATTACKS 19).
    #[error("the server's slot for this account does not open")]
    SlotDoesNotOpen,
    /// The password was right, and the mailbox does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl Failure for SignInError {
    fn explain(&self) -> Explained {
        match self {
            Self::Call(error) => error.explain(),
            Self::Password(error) => explain_password(*error),
            Self::SlotDoesNotOpen => explained(
                ClientProblem::SlotDoesNotOpen,
                Class::Damaged,
                "Tell the operator: the server may have been tampered with.",
            ),
            Self::Open(error) => error.explain(),
        }
    }
}

impl From<LocalError> for SignInError {
    fn from(error: LocalError) -> Self {
        Self::Open(error.into())
    }
}

/// The password was right, and the server is the one it was registered with.
#[derive(Clone)]
pub struct PasswordProved {
    id: SignInId,
    address: Address,
    slot_key: SlotKey,
}

/// Proves the password, and makes the server prove that it holds this account's record.
///
/// # Errors
/// [`SignInError`]
pub async fn sign_in(
    world: &impl World,
    address: &Address,
    password: Password,
) -> Result<FactorToChoose<PasswordProved>, SignInError> {
    refuse_somebody_else(world, address).await?;
    let api = Api::stranger(world.transport());
    let (signing_in, request) = SigningIn::start(password, &mut world.rng());
    let new = NewSignIn { address: address.clone(), request: request.into() };
    let SignIn { id, response, .. } = api.send(endpoints::BEGIN_SIGN_IN.here(), &new).await?;
    let signed_in = signing_in.finish(&response.0, &world.key_stretching(), &mut world.rng())?;
    let finish = FinishSignIn { finalization: signed_in.finalization.clone().into() };
    let Offers { offers } = api.send(endpoints::FINISH_SIGN_IN.of(id), &finish).await?;
    let step = PasswordProved { id, address: address.clone(), slot_key: signed_in.slot_key };
    Ok(FactorToChoose::new(step, endpoints::CHOOSE_FACTOR_OF_SIGN_IN.of(id), offers)?)
}

impl CodeToEnter<PasswordProved> {
    /// Enters the code and opens the mailbox on this device. A refused code may be entered again.
    ///
    /// # Errors
    /// [`SignInError`]
    pub async fn enter(&self, world: &impl World, answer: &Answer) -> Result<(Mailbox, Vec<Warning>), SignInError> {
        Ok(Mailbox::begin(world, self.prove(world, answer).await?).await?)
    }

    /// Enters the code; the mailbox is opened elsewhere. A refused code may be entered again.
    ///
    /// # Errors
    /// [`SignInError`]
    pub async fn prove(&self, world: &impl World, answer: &Answer) -> Result<Opening, SignInError> {
        let EnterProof { factor, answer } = self.asked().proof(answer);
        let entered = EnterSignInProof { factor, answer, session: world.delivery() };
        let PasswordProved { id, address, slot_key } = &self.step;
        let prove = endpoints::PROVE_FACTOR_OF_SIGN_IN.of(*id);
        let begun = Api::stranger(world.transport()).send(prove, &entered).await?;
        let slot =
            begun.slots.iter().find(|slot| slot.kind == SlotKind::Password).ok_or(SignInError::SlotDoesNotOpen)?;
        let place = SlotPlace { account: begun.account, slot: slot.id };
        let secret = slots::open(&place, slot_key, &slot.sealed.0).map_err(|_| SignInError::SlotDoesNotOpen)?;
        Ok(Opening::new(address, begun, secret))
    }
}

/// The recovery code was proved.
#[derive(Clone)]
pub struct SheetProved {
    id: RecoveryId,
    address: Address,
    slot_key: SlotKey,
}

/// The account secret is open again; which password from now on?
pub struct NewPasswordToChoose {
    id: RecoveryId,
    address: Address,
    account: AccountId,
    secret: AccountSecret,
}

/// What the recovery code and another proof come to.
pub enum Recovered {
    /// The account secret is open.
    Open(NewPasswordToChoose),
    /// Both were on paper: nothing is given out before its time (PROTOCOL §7). Both are shown again then.
    Waits(Wait),
}

/// The recovery code is right.
pub struct BegunRecovery {
    /// What there is to choose from beside it: no one-time code while one waits already, and that first when its time has come.
    pub to_choose: FactorToChoose<SheetProved>,
    /// What waits for its time since a one-time code was shown.
    pub waits: Option<Wait>,
    /// Its time has come: one is shown again.
    pub waited: bool,
}

/// Begins a forgotten password with the code on the recovery sheet.
///
/// # Errors
/// [`SignInError`]
pub async fn recover(world: &impl World, address: &Address, code: &RecoveryCode) -> Result<BegunRecovery, SignInError> {
    refuse_somebody_else(world, address).await?;
    let new = NewRecovery { address: address.clone(), proof: Octets(code.proof().to_vec()) };
    let begin = endpoints::BEGIN_RECOVERY.here();
    let Recovery { id, mut offers, waits, waited } = Api::stranger(world.transport()).send(begin, &new).await?;
    let step = SheetProved { id, address: address.clone(), slot_key: code.slot_key() };
    if waits.is_some() {
        offers.retain(|offer| offer.kind != FactorKind::OneTimeCodes);
    }
    if waited {
        offers.sort_by_key(|offer| offer.kind != FactorKind::OneTimeCodes);
    }
    let to_choose = FactorToChoose::new(step, endpoints::CHOOSE_FACTOR_OF_RECOVERY.of(id), offers)?;
    Ok(BegunRecovery { to_choose, waits, waited })
}

impl SheetProved {
    fn recovered(&self, proved: RecoveryProved) -> Result<Recovered, SignInError> {
        let RecoveredSlot { account, id, sealed } = match proved {
            RecoveryProved::Slot(slot) => slot,
            RecoveryProved::Wait(wait) => return Ok(Recovered::Waits(wait)),
        };
        let place = SlotPlace { account, slot: id };
        let secret = slots::open(&place, &self.slot_key, &sealed.0).map_err(|_| SignInError::SlotDoesNotOpen)?;
        Ok(Recovered::Open(NewPasswordToChoose { id: self.id, address: self.address.clone(), account, secret }))
    }
}

impl CodeToEnter<SheetProved> {
    /// Enters the code; the `recovery` slot opens, or it waits. A refused code may be entered again.
    ///
    /// # Errors
    /// [`SignInError`]
    pub async fn enter(&self, world: &impl World, answer: &Answer) -> Result<Recovered, SignInError> {
        let prove = endpoints::PROVE_FACTOR_OF_RECOVERY.of(self.step.id);
        let proved = Api::stranger(world.transport()).send(prove, &self.asked().proof(answer)).await?;
        self.step.recovered(proved)
    }
}

/// The new password and sheet are made and wait to be posted. Posting may be repeated: the same bytes go out.
pub struct RecoveryToComplete {
    id: RecoveryId,
    address: Address,
    body: CompleteRecovery,
    secret: AccountSecret,
    recovery_code: RecoveryCode,
}

impl NewPasswordToChoose {
    /// Takes the new password and makes a new recovery sheet; the old one is spent.
    ///
    /// # Errors
    /// [`RegisterError`]
    pub async fn choose(&self, world: &impl World, password: Password) -> Result<RecoveryToComplete, RegisterError> {
        // Whoever forgot the password has a name too, which is still sealed.
        judge(&password, &self.address, "")?;
        let api = Api::stranger(world.transport());
        let registered = register_password(world, &api, endpoints::REPLACE_PASSWORD.of(self.id), password).await??;
        let recovery_code = RecoveryCode::generate(&mut world.rng());
        let body = CompleteRecovery {
            password: password_slot(world, self.account, &self.secret, registered),
            recovery: recovery_slot(world, self.account, &self.secret, &recovery_code),
            session: world.delivery(),
        };
        let (id, address) = (self.id, self.address.clone());
        Ok(RecoveryToComplete { id, address, body, secret: self.secret.clone(), recovery_code })
    }
}

impl RecoveryToComplete {
    /// The code for the new sheet. If the answer to posting is lost, it may count already.
    #[must_use]
    pub const fn recovery_code(&self) -> &RecoveryCode {
        &self.recovery_code
    }

    /// Replaces password and sheet, ends the other sessions, and signs in on this device.
    ///
    /// # Errors
    /// [`RegisterError`]
    pub async fn complete(&self, world: &impl World) -> Result<(Mailbox, Vec<Warning>), RegisterError> {
        Ok(Mailbox::begin(world, self.post(world).await?).await?)
    }

    /// Replaces password and sheet and ends the other sessions; the mailbox is opened elsewhere.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn post(&self, world: &impl World) -> Result<Opening, CallError> {
        let complete = endpoints::COMPLETE_RECOVERY.of(self.id);
        let begun = Api::stranger(world.transport()).send(complete, &self.body).await?;
        Ok(Opening::new(&self.address, begun, self.secret.clone()))
    }
}

/// Whose session the browser's cookie is, and what opens it, by the server's word.
///
/// # Errors
/// [`CallError`]; `not-signed-in` if there is none.
pub async fn whose_session(world: &impl World) -> Result<Account, CallError> {
    Api::session(world.transport(), None).get(endpoints::READ_ACCOUNT.here()).await
}

/// In the place of a KE3 that a wrong password gives none of.
const NO_FINALIZATION: [u8; 64] = [0; 64];

/// Opens a locked mailbox: the session lives, its keys and device slot are gone, the password opens again without
/// another code (PROTOCOL §9a, Lock). The session is the browser's cookie.
///
/// # Errors
/// [`SignInError`]
pub async fn unlock(world: &impl World, password: Password) -> Result<Opening, SignInError> {
    let session = Api::session(world.transport(), None);
    let Account { id: account, address, .. } = session.get(endpoints::READ_ACCOUNT.here()).await?;
    let (signing_in, request) = SigningIn::start(password, &mut world.rng());
    let new = NewSignIn { address: address.clone(), request: request.into() };
    let answer = Api::stranger(world.transport()).send(endpoints::BEGIN_SIGN_IN.here(), &new).await?;
    let unlock =
        |finalization: Vec<u8>| Unlock { sign_in: answer.id, proof: UnlockProof::Password(finalization.into()) };
    let signed_in = match signing_in.finish(&answer.response.0, &world.key_stretching(), &mut world.rng()) {
        Ok(signed_in) => signed_in,
        Err(wrong @ PasswordRefused::WrongPasswordOrServer) => {
            // The server can't see that the password was wrong, and it counts for the owner (PROTOCOL §9a, Lock).
            match session.send(endpoints::UNLOCK.here(), &unlock(NO_FINALIZATION.to_vec())).await {
                Err(error) if error.problem() == Some(ProblemType::NotSignedIn) => return Err(error.into()),
                Ok(_) | Err(_) => return Err(wrong.into()),
            }
        }
        Err(no_answer @ PasswordRefused::NotAnAnswer) => return Err(no_answer.into()),
    };
    let slot = session.send(endpoints::UNLOCK.here(), &unlock(signed_in.finalization.clone())).await?;
    let place = SlotPlace { account, slot: slot.id };
    let secret = slots::open(&place, &signed_in.slot_key, &slot.sealed.0).map_err(|_| SignInError::SlotDoesNotOpen)?;
    Ok(Opening::of_this_session(address, account, secret))
}

/// Signs out: session and share at the server, and everything on this device. The device is emptied even when the
/// server can't be reached; the error then says that the session must be ended from another device.
///
/// # Errors
/// [`SignInError`]
pub async fn sign_out(world: &impl World) -> Result<(), SignInError> {
    // A session file that can't be read is erased like any other: a person who signs out wants nothing left.
    let ended = match Session::load(world).await {
        Ok(Some(session)) => session.api(world).delete(endpoints::SIGN_OUT.here()).await,
        // A locked page has nothing on its device, and a session by its cookie.
        Ok(None) if world.delivery() == SessionDelivery::Cookie => {
            Api::session(world.transport(), None).delete(endpoints::SIGN_OUT.here()).await
        }
        Ok(None) | Err(LocalError::Damaged) => Ok(()),
        Err(error @ LocalError::Device(_)) => return Err(error.into()),
    };
    // The session first: it opens the rows.
    world.device().forget_session().await.map_err(LocalError::from)?;
    world.device().erase_rows().await.map_err(LocalError::from)?;
    match ended {
        // It had ended already, here or from afar.
        Err(error) if error.problem() == Some(ProblemType::NotSignedIn) => Ok(()),
        ended => Ok(ended?),
    }
}
