//! One person's mailbox on one device: opened by a session, brought up to date, closed with everything written down.

use std::collections::{BTreeMap, BTreeSet};

use securemailbox_protocol::{
    accounts::{AccountUpdate, Language},
    address::Address,
    ids::{Fingerprint, LetterId, RecordId, SessionId},
    records::RecordPurpose,
    sessions::Sessions,
    slots::NewRecoverySlot,
};
use securemailbox_vault::{keyring::Keyring, recovery::RecoveryCode};

use crate::{
    accounts::recovery_slot,
    contacts::{Contacts, Edit, Event, Names},
    failure::{CallError, Class, Explained, Failure, explained},
    index::{self, Index, LocalError, Owner},
    letters::{Answers, Unsent},
    opening::Opening,
    records::{RecordError, Records},
    session::{Session, SessionError},
    settings::Settings,
    sync,
    transport::Method,
    world::{Device, DeviceFailed, Item, World},
};

/// An open mailbox. Everything in it was verified or is one's own.
///
/// Whoever opens one must [`Mailbox::close`] it: what was seen is what makes the next run refuse older things.
pub struct Mailbox {
    pub(crate) session: Session,
    pub(crate) owner: Owner,
    pub(crate) keyring: Keyring,
    pub(crate) contacts: Contacts,
    pub(crate) settings: Settings,
    pub(crate) index: Index,
    pub(crate) unsent: Unsent,
    /// What is needed to answer the letters that were read, so that an answer can be kept without a network.
    pub(crate) answerable: BTreeMap<LetterId, Answers>,
    /// Outgoing drafts that their writer may still take back here.
    pub(crate) holding: BTreeSet<RecordId>,
}

/// A recovery sheet that was made and does not count yet.
pub struct NewSheet {
    code: RecoveryCode,
    slot: NewRecoverySlot,
}

impl NewSheet {
    /// The code for the sheet.
    #[must_use]
    pub const fn code(&self) -> &RecoveryCode {
        &self.code
    }
}

/// A mailbox does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// See there.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// See there.
    #[error(transparent)]
    Local(#[from] LocalError),
    /// See there.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Somebody else is signed in on this device.
    #[error("another mailbox is signed in on this device")]
    SomebodyElse,
}

impl Failure for OpenError {
    fn explain(&self) -> Explained {
        match self {
            Self::Session(error) => error.explain(),
            Self::Local(error) => error.explain(),
            Self::Record(error) => error.explain(),
            Self::SomebodyElse => explained(
                "somebody-else",
                Class::Refused,
                "Sign out first, or use another profile folder for this mailbox.",
            ),
        }
    }
}

impl From<DeviceFailed> for OpenError {
    fn from(failed: DeviceFailed) -> Self {
        Self::Local(failed.into())
    }
}

impl From<CallError> for OpenError {
    fn from(error: CallError) -> Self {
        Self::Session(error.into())
    }
}

/// Something a person should know that stops nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// The directory shows others a certificate for this address that is not one's own (ATTACKS 5).
    OwnCertificateDiffers,
}

impl Warning {
    /// The stable name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::OwnCertificateDiffers => "own-certificate-differs",
        }
    }
}

impl Mailbox {
    /// Opens the mailbox that is signed in on this device, and brings it up to date.
    ///
    /// # Errors
    /// [`OpenError`]; then nothing on the device changed.
    pub async fn open(world: &impl World) -> Result<Self, OpenError> {
        let session = Session::load(world).await?.ok_or(SessionError::NotSignedIn)?;
        let owner = session.open(world).await?;
        Self::with(world, session, owner).await
    }

    /// Begins on this device with a session that was just made. What the device kept of the same mailbox stays, so that
    /// signing in again is no way back to an older state.
    pub(crate) async fn begin(world: &impl World, opening: Opening) -> Result<(Self, Vec<Warning>), OpenError> {
        let (account, sheet_owed) = (opening.account, opening.sheet_owed);
        let session = Session::load(world).await?;
        let owner = Owner { account, secret: opening.secret.clone() };
        if session.is_none_or(|former| former.account() != account) {
            // Left by a lock of this mailbox, or by a sign-out of another that was cut short.
            for item in [Item::Unsent, Item::Index] {
                if !index::opens(world, &owner, item).await? {
                    world.device().erase(item).await?;
                }
            }
        }
        let session = Session::keep(world, &opening).await?;
        let mut mailbox = Self::with(world, session, owner).await?;
        if sheet_owed {
            mailbox.settle_sheet(world, true).await?;
        }
        // A directory that can't be asked now is asked at the next opening.
        let warnings = mailbox.check_own_listing(world).await.unwrap_or_default();
        Ok((mailbox, warnings))
    }

    async fn with(world: &impl World, session: Session, owner: Owner) -> Result<Self, OpenError> {
        let mut index: Index = index::load(world, &owner, Item::Index).await?;
        let unsent = index::load(world, &owner, Item::Unsent).await?;
        sync::follow(&session.api(world), &mut index.held).await?;
        index.drop_erased();
        let Index { held, records: kept, .. } = &mut index;
        let mut records = Records { api: session.api(world), owner: &owner, held, kept };
        let keyring = records.read(RecordPurpose::Keyring).await?;
        let keyring =
            Keyring::from_bytes(&keyring, session.address(), world.now()).map_err(|_| RecordError::UnknownForm)?;
        let contacts = records.read(RecordPurpose::Contact).await?;
        let mut contacts = Contacts::from_bytes(&contacts).map_err(|_| RecordError::UnknownForm)?;
        let settings = records.read(RecordPurpose::Settings).await?;
        let settings = Settings::from_bytes(&settings).map_err(|_| RecordError::UnknownForm)?;
        index.pins.iter().for_each(|pin| contacts.apply(pin));
        let (answerable, holding) = Default::default();
        Ok(Self { session, owner, keyring, contacts, settings, index, unsent, answerable, holding })
    }

    /// Brings an open mailbox up to date with the server.
    ///
    /// # Errors
    /// [`OpenError`]
    pub async fn sync(&mut self, world: &impl World) -> Result<(), OpenError> {
        sync::follow(&self.session.api(world), &mut self.index.held).await?;
        self.index.drop_erased();
        Ok(())
    }

    /// Writes down what was seen: pins to the contacts record, at most once, and the rest to this device.
    ///
    /// # Errors
    /// [`OpenError`]: the pins stay on this device and go out the next time.
    pub async fn close(mut self, world: &impl World) -> Result<(), OpenError> {
        self.keep(world).await
    }

    /// Writes down what was seen, as [`Mailbox::close`] does, and stays open.
    ///
    /// # Errors
    /// [`OpenError`]
    pub async fn keep(&mut self, world: &impl World) -> Result<(), OpenError> {
        let pins = std::mem::take(&mut self.index.pins);
        let written = self.write_contacts(world, &pins).await;
        if written.is_err() {
            self.index.pins = pins;
        }
        index::save(world, &self.owner, Item::Index, &self.index).await?;
        written.map_err(OpenError::from)
    }

    /// Writes down on the device which keys were met and are not in the contacts record yet, so that a key that was shown
    /// is known from now on, whatever becomes of this run.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn remember_keys(&self, world: &impl World) -> Result<(), DeviceFailed> {
        if self.index.pins.is_empty() {
            return Ok(());
        }
        index::save(world, &self.owner, Item::Index, &self.index).await
    }

    /// Locks: what was seen is written down on the device, the device slot goes, and with `self` the keys; the session
    /// stays, and [`crate::sign_in::unlock`] opens it again (PROTOCOL §9a).
    ///
    /// # Errors
    /// [`OpenError`]: the device has forgotten its half of the slot in any case.
    pub async fn lock(mut self, world: &impl World) -> Result<(), OpenError> {
        let kept = index::save(world, &self.owner, Item::Index, &self.index).await;
        // The device first: a server that does not answer must not keep a mailbox open.
        world.device().erase(Item::Session).await?;
        self.session.api(world).delete("/slots/device").await?;
        self.hand_in_drafts(world).await;
        Ok(kept?)
    }

    /// Whether this device stays signed in for 30 days.
    #[must_use]
    pub const fn stays_signed_in(&self) -> bool {
        self.session.kept()
    }

    /// Whether the recovery sheet was left for later.
    #[must_use]
    pub const fn owes_sheet(&self) -> bool {
        self.settings.sheet_owed
    }

    /// Makes a recovery sheet. The old one counts until [`Mailbox::replace_sheet`].
    #[must_use]
    pub fn new_sheet(&self, world: &impl World) -> NewSheet {
        let code = RecoveryCode::generate(&mut world.rng());
        let slot = recovery_slot(world, self.owner.account, &self.owner.secret, &code);
        NewSheet { code, slot }
    }

    /// The person has the new sheet: it counts from now on, and the old one is spent.
    ///
    /// # Errors
    /// [`OpenError`]
    pub async fn replace_sheet(&mut self, world: &impl World, sheet: &NewSheet) -> Result<(), OpenError> {
        self.session.api(world).tell(Method::Put, "/slots/recovery", &sheet.slot).await?;
        self.settle_sheet(world, false).await
    }

    async fn settle_sheet(&mut self, world: &impl World, owed: bool) -> Result<(), OpenError> {
        self.records(world)
            .update(&mut world.rng(), RecordPurpose::Settings, |before| {
                let settings = Settings::from_bytes(before).map_err(|_| RecordError::UnknownForm)?;
                Ok(Settings { sheet_owed: owed, ..settings }.to_bytes())
            })
            .await?;
        self.settings.sheet_owed = owed;
        Ok(())
    }

    /// The sessions of this account.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn sessions(&self, world: &impl World) -> Result<Sessions, CallError> {
        self.session.api(world).get("/sessions").await
    }

    /// Ends another session: its device opens nothing any more.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn end_session(&self, world: &impl World, id: SessionId) -> Result<(), CallError> {
        self.session.api(world).delete(&format!("/sessions/{id}")).await
    }

    /// Chooses the language of e-mails and SMS.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn set_language(&self, world: &impl World, language: Language) -> Result<(), CallError> {
        self.session.api(world).tell(Method::Patch, "/account", &AccountUpdate { language }).await
    }

    /// Whose mailbox it is.
    #[must_use]
    pub const fn address(&self) -> &Address {
        self.session.address()
    }

    /// Its owner's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.settings.name.as_str()
    }

    /// What everybody is called, to its owner.
    #[must_use]
    pub fn names(&self) -> Names<'_> {
        self.contacts.names(&self.settings.name)
    }

    /// The fingerprint of its owner's key.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.keyring.present().certificate().fingerprint()
    }

    /// Its owner's keys, to export one.
    #[must_use]
    pub const fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Whose keys are known.
    #[must_use]
    pub const fn contacts(&self) -> &Contacts {
        &self.contacts
    }

    /// Remembers something about a key: honoured from now on, written to the contacts record when the mailbox closes.
    pub(crate) fn pin(&mut self, address: &Address, event: Event) {
        let edit = Edit { address: address.clone(), event };
        let before = self.contacts.get(address).cloned();
        self.contacts.apply(&edit);
        if self.contacts.get(address) != before.as_ref() {
            self.index.pins.push(edit);
        }
    }

    /// Writes a person's decision about a key now, with the pins that wait.
    pub(crate) async fn decide(
        &mut self,
        world: &impl World,
        address: &Address,
        event: Event,
    ) -> Result<(), RecordError> {
        let edit = Edit { address: address.clone(), event };
        let edits = [self.index.pins.as_slice(), std::slice::from_ref(&edit)].concat();
        self.write_contacts(world, &edits).await?;
        self.index.pins.clear();
        self.contacts.apply(&edit);
        Ok(())
    }

    async fn write_contacts(&mut self, world: &impl World, edits: &[Edit]) -> Result<(), RecordError> {
        if edits.is_empty() {
            return Ok(());
        }
        self.records(world)
            .update(&mut world.rng(), RecordPurpose::Contact, |before| {
                let mut contacts = Contacts::from_bytes(before).map_err(|_| RecordError::UnknownForm)?;
                edits.iter().for_each(|edit| contacts.apply(edit));
                Ok(contacts.to_bytes())
            })
            .await
    }
}
