//! Renewing keys (PROTOCOL §10): one act for a stolen password, a lost device and a fresh start. A new account secret and a new
//! subkey take the place of the old ones at once; where it is done thoroughly, every letter's key is wrapped anew after that,
//! and the old subkey is given up last.

use std::collections::BTreeMap;

use securemailbox_protocol::{
    endpoints,
    ids::RecordId,
    numbers::Version,
    octets::Octets,
    problems::ProblemType,
    records::{RecordHead, RecordPurpose},
    renewals::Renewal,
    slots::{NewPasswordSlot, NewRecoverySlot},
};
use securemailbox_vault::{
    keyring::Keyring,
    passwords::{Password, PasswordRefused, WeakPassword, judge},
    records::{self, RecordPlace},
    recovery::RecoveryCode,
    secrets::AccountSecret,
};

use crate::{
    accounts::{explain_password, explain_weak, register_password},
    device::{Device, DeviceFailed},
    failure::{CallError, Class, ClientProblem, Explained, Failure, explained},
    mailbox::Mailbox,
    opening::Opening,
    opens::OpenError,
    owner::Owner,
    records::{RecordError, TRIES},
    replica::SyncRefused,
    session::LocalError,
    settings::Settings,
    slots::{password_slot, recovery_slot},
    world::World,
};

/// With more former subkeys than these a renewal is thorough, whoever chose what: twenty-four fill a keyring.
const FORMER_KEYS: usize = 8;

/// The keys are not renewed, or nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenewError {
    /// The password will not do. Nothing was sent.
    #[error(transparent)]
    WeakPassword(#[from] WeakPassword),
    /// Something lies on this device only, sealed under the secret that would go.
    #[error("something on this device is not saved at the server yet")]
    Unsaved,
    /// What this device or the server has could not be read or written.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A record can't be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The server was not reached, or refused.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The server's half of the password registration was none.
    #[error(transparent)]
    Password(#[from] PasswordRefused),
    /// Everything was sent and no answer came.
    #[error("the server did not answer; the keys may be renewed")]
    Unanswered,
}

impl Failure for RenewError {
    fn explain(&self) -> Explained {
        match self {
            Self::WeakPassword(_) => explain_weak(),
            Self::Unsaved => explained(
                ClientProblem::Unsaved,
                Class::Refused,
                "Let drafts be saved and letters be sent first, with a network, and do it again.",
            ),
            Self::Open(error) => error.explain(),
            Self::Record(error) => error.explain(),
            Self::Call(error) => error.explain(),
            Self::Password(error) => explain_password(*error),
            Self::Unanswered => explained(
                ClientProblem::RenewalUnanswered,
                Class::Unavailable,
                "Sign in with the new password. If it is not taken, nothing was changed: sign in with the old one.",
            ),
        }
    }
}

impl From<DeviceFailed> for RenewError {
    fn from(failed: DeviceFailed) -> Self {
        Self::Open(LocalError::from(failed).into())
    }
}

/// How much is locked anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// What is written from now on.
    Quick,
    /// The letters that there are as well, by [`Mailbox::rewrap_some`], until the former subkeys can be given up.
    Thorough,
}

/// A renewal that has begun: the new password is chosen and will do, and nothing is changed yet.
pub struct RenewalBegun {
    owner: Owner,
    password: NewPasswordSlot,
    recovery: NewRecoverySlot,
    recovery_code: RecoveryCode,
}

/// What was sealed anew so far, and what goes with it.
#[derive(Default)]
struct Anew {
    staged: BTreeMap<RecordId, Version>,
    certificate: Vec<u8>,
}

impl Mailbox {
    /// Begins to renew: judges the password, and sees that nothing lies on this device only, where it would open no more.
    ///
    /// # Errors
    /// [`RenewError`]; `proof-required` among them.
    pub async fn begin_renewal(&self, world: &impl World, typed: &str) -> Result<RenewalBegun, RenewError> {
        judge(&Password::new(typed), self.address(), &self.name())?;
        self.sync(world).await?;
        self.keep(world).await?;
        self.refuse_unsaved(world).await?;
        let begin = endpoints::BEGIN_PASSWORD_SLOT.here();
        let api = self.session.api(world);
        let registered = register_password(world, &api, begin, Password::new(typed)).await??;
        let owner = Owner { account: self.owner.account, secret: AccountSecret::generate(&mut world.rng()) };
        let password = password_slot(world, owner.account, &owner.secret, registered);
        let recovery_code = RecoveryCode::generate(&mut world.rng());
        let recovery = recovery_slot(world, owner.account, &owner.secret, &recovery_code);
        Ok(RenewalBegun { owner, password, recovery, recovery_code })
    }

    async fn refuse_unsaved(&self, world: &impl World) -> Result<(), RenewError> {
        self.look_at_unsent(world).await?;
        let state = self.state.borrow();
        let all_saved = state.pins.is_empty()
            && state.drafts_here.is_empty()
            && state.outgoing.is_empty()
            && state.waiting.is_empty();
        if all_saved { Ok(()) } else { Err(RenewError::Unsaved) }
    }
}

impl RenewalBegun {
    /// The code for the new sheet, which the settings owe until its owner says that they have it. If the answer to
    /// [`Self::renew`] is lost, it may count already.
    #[must_use]
    pub const fn recovery_code(&self) -> &RecoveryCode {
        &self.recovery_code
    }

    /// Puts a new account secret, subkey, password and sheet in the place of the old ones, and ends every session but the one
    /// that this gives. What the device kept goes, since it was sealed under the old secret: the mailbox that was open is to
    /// be dropped, and writes nothing down any more.
    ///
    /// # Errors
    /// [`RenewError`]: nothing is changed, but after [`RenewError::Unanswered`] nobody knows.
    pub async fn renew(&self, world: &impl World, mailbox: &Mailbox, extent: Extent) -> Result<Opening, RenewError> {
        // Since it was asked first, another tab may have saved something here only.
        mailbox.refuse_unsaved(world).await?;
        let mut anew = Anew::default();
        for _ in 0..TRIES {
            match self.stage_all(world, mailbox, extent, &mut anew).await {
                Err(RenewError::Call(error) | RenewError::Record(RecordError::Call(error))) if is_stale(&error) => {
                    mailbox.sync(world).await?;
                    continue;
                }
                staged => staged?,
            }
            let renewal = Renewal {
                certificate: Octets(anew.certificate.clone()),
                password: self.password.clone(),
                recovery: self.recovery.clone(),
                session: world.delivery(),
            };
            match mailbox.session.api(world).send(endpoints::RENEW.here(), &renewal).await {
                Ok(begun) if begun.account != self.owner.account => {
                    return Err(RecordError::from(SyncRefused::Contradiction).into());
                }
                Ok(begun) => {
                    // They were sealed under the old secret, and say who was written to. What stays opens nothing.
                    let _ = world.device().erase_rows().await;
                    let mut opening = Opening::new(mailbox.address(), begun, self.owner.secret.clone());
                    opening.keep = mailbox.session.kept();
                    return Ok(opening);
                }
                Err(error) if is_stale(&error) => {
                    mailbox.sync(world).await?;
                    // What was staged may have been given up: it waits for an hour, and for one session.
                    anew.staged.clear();
                }
                Err(error) if may_be_done(&error) => return Err(RenewError::Unanswered),
                Err(error) => return Err(error.into()),
            }
        }
        Err(RecordError::Contended.into())
    }

    /// Seals each record anew that is not yet, at the version that this device knows of.
    async fn stage_all(
        &self,
        world: &impl World,
        mailbox: &Mailbox,
        extent: Extent,
        anew: &mut Anew,
    ) -> Result<(), RenewError> {
        let owner = &self.owner;
        // A keyring has room for so many former subkeys, and a thorough renewal gives them up.
        let is_long = mailbox.keyring().identities().count() > FORMER_KEYS;
        let heads: Vec<RecordHead> = mailbox.state.borrow().replica.records().cloned().collect();
        for head in heads {
            if anew.staged.get(&head.id) == Some(&head.version) {
                continue;
            }
            let (head, text) = mailbox.newest(world, &head).await?;
            let text = match head.purpose {
                RecordPurpose::Keyring => {
                    let keyring = Keyring::from_bytes(&text, mailbox.address(), world.now());
                    let keyring = keyring.map_err(|_| RecordError::UnknownForm)?;
                    let keyring = keyring.renewed(world.now(), &mut world.rng());
                    anew.certificate = keyring.present().certificate().bytes().to_vec();
                    keyring.to_bytes()
                }
                RecordPurpose::Settings => {
                    let settings = Settings::from_bytes(&text).map_err(|_| RecordError::UnknownForm)?;
                    let rewrapping = extent == Extent::Thorough || settings.rewrapping || is_long;
                    Settings { rewrapping, ..settings.owing_sheet() }.to_bytes().into()
                }
                RecordPurpose::Contact | RecordPurpose::Draft => text,
            };
            let (account, version) = (owner.account, head.version.next());
            let place = RecordPlace { account, record: head.id, purpose: head.purpose, version };
            let sealed = records::seal(&place, &owner.secret, &text, &mut world.rng());
            let stage = endpoints::STAGE_RECORD.of(head.id).with("purpose", head.purpose.as_str());
            let condition = ("if-match", format!("\"{}\"", head.version));
            mailbox.session.api(world).tell_raw(stage, condition, sealed).await?;
            anew.staged.insert(head.id, head.version);
        }
        Ok(())
    }
}

/// Whether the server may have done it all the same.
fn may_be_done(error: &CallError) -> bool {
    match error {
        CallError::Unreachable(_) | CallError::Unreadable => true,
        CallError::UnknownProblem(status) => *status >= 500,
        CallError::Problem(problem) => problem.kind == ProblemType::Internal,
        CallError::TooLargeForProxy => false,
    }
}

/// Another device wrote a record meanwhile, or sent or erased a draft.
fn is_stale(error: &CallError) -> bool {
    matches!(error.problem(), Some(ProblemType::StaleVersion | ProblemType::NotFound))
}
