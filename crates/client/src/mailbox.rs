//! One person's mailbox on one device: opened by a session, brought up to date, closed with everything written down.

use securemailbox_protocol::{address::Address, ids::Fingerprint, records::RecordPurpose, sign_in::NewSession};
use securemailbox_vault::{keyring::Keyring, secrets::AccountSecret};

use crate::{
    contacts::{Contacts, Edit},
    failure::{CallError, Class, Explained, Failure, explained},
    index::{self, Index, LocalError, Owner},
    letters::Unsent,
    records::{RecordError, Records},
    session::{Session, SessionError},
    settings::Settings,
    sync,
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
    pub(crate) async fn begin(
        world: &impl World,
        address: &Address,
        begun: NewSession,
        secret: AccountSecret,
    ) -> Result<(Self, Vec<Warning>), OpenError> {
        let account = begun.account;
        if Session::load(world).await?.is_none_or(|former| former.account() != account) {
            // What lies here is left from a sign-out that was cut short, and opens under no secret of this account.
            world.device().erase(Item::Unsent).await?;
            world.device().erase(Item::Index).await?;
        }
        let session = Session::keep(world, address, begun, &secret).await?;
        let mailbox = Self::with(world, session, Owner { account, secret }).await?;
        let warnings = mailbox.check_own_listing(world).await?;
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
        let contacts = records.read(RecordPurpose::Contacts).await?;
        let mut contacts = Contacts::from_bytes(&contacts).map_err(|_| RecordError::UnknownForm)?;
        let settings = records.read(RecordPurpose::Settings).await?;
        let settings = Settings::from_bytes(&settings).map_err(|_| RecordError::UnknownForm)?;
        index.pins.iter().for_each(|pin| contacts.apply(pin));
        Ok(Self { session, owner, keyring, contacts, settings, index, unsent })
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
        let pins = std::mem::take(&mut self.index.pins);
        let written = self.write_contacts(world, &pins).await;
        if written.is_err() {
            self.index.pins = pins;
        }
        index::save(world, &self.owner, Item::Index, &self.index).await?;
        written.map_err(OpenError::from)
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
    pub(crate) fn pin(&mut self, edit: Edit) {
        let before = self.contacts.clone();
        self.contacts.apply(&edit);
        if self.contacts != before {
            self.index.pins.push(edit);
        }
    }

    /// Writes a person's decision about a key now, with the pins that wait.
    pub(crate) async fn decide(&mut self, world: &impl World, edit: Edit) -> Result<(), RecordError> {
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
        let Index { held, records: kept, .. } = &mut self.index;
        let mut records = Records { api: self.session.api(world), owner: &self.owner, held, kept };
        records
            .update(&mut world.rng(), RecordPurpose::Contacts, |before| {
                let mut contacts = Contacts::from_bytes(before).map_err(|_| RecordError::UnknownForm)?;
                edits.iter().for_each(|edit| contacts.apply(edit));
                Ok(contacts.to_bytes())
            })
            .await
    }
}
