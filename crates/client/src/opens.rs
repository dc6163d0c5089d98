//! Opening a mailbox on this device, keeping it, locking it, and what its owner settles: the way in and out.

use std::collections::BTreeMap;

use securemailbox_protocol::{
    accounts::{Account, AccountUpdate, Language, LetterNotices, TrashLife},
    address::Address,
    endpoints,
    ids::SessionId,
    numbers::Version,
    octets::Octets,
    records::{RecordHead, RecordPurpose},
    security::SecurityEvents,
    sessions::Sessions,
    slots::{NewRecoverySlot, SlotKind},
};
use securemailbox_vault::{keyring::Keyring, recovery::RecoveryCode};

use crate::{
    comparing::DigitsRow,
    device::{Device, DeviceFailed, Table},
    devices::DeviceNames,
    directory::Warning,
    failure::{CallError, Class, ClientProblem, Explained, Failure, explained},
    keeping::{self, Loaded, PinRow, Stored},
    mailbox::{Mailbox, State},
    opening::Opening,
    owner::Owner,
    records::{self, RecordError},
    replica::SyncRefused,
    rows::Rows,
    session::{LocalError, Session, SessionError},
    settings::{Name, Settings},
    slots::recovery_slot,
    sync,
    world::World,
};

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
    /// There is no session that opens it.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// This device's own store failed.
    #[error(transparent)]
    Local(#[from] LocalError),
    /// One of its records can't be read or written.
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
                ClientProblem::SomebodyElse,
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

impl Mailbox {
    /// Opens the mailbox that is signed in on this device, as the device left it; a device that has nothing of it yet asks
    /// the server for its records. [`Mailbox::sync`] brings it up to date.
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
    ///
    /// # Errors
    /// [`OpenError`]
    pub async fn begin(world: &impl World, opening: Opening) -> Result<(Self, Vec<Warning>), OpenError> {
        let (account, sheet_owed) = (opening.account, opening.sheet_owed);
        let named = opening.session.zip(opening.device.clone().or_else(|| world.device_name()));
        let owner = Owner { account, secret: opening.secret.clone() };
        let session = Session::keep(world, &opening).await?;
        let mailbox = Self::with(world, session, owner).await?;
        if opening.guest {
            // Nobody has a sheet, a name for the device or a listing.
            return Ok((mailbox, Vec::new()));
        }
        if sheet_owed || mailbox.lost_its_sheet(world).await {
            mailbox.settle_sheet(world, true).await?;
        }
        if let Some((session, device)) = named {
            let name = |settings: Settings| {
                let devices = settings.devices.clone().with(session, device.clone());
                Settings { devices, ..settings }
            };
            // A device without a name is told by its time.
            let _ = mailbox.change_settings(world, name).await;
        }
        // A directory that can't be asked now is asked at the next opening.
        let warnings = mailbox.check_own_listing(world).await.unwrap_or_default();
        Ok((mailbox, warnings))
    }

    async fn with(world: &impl World, session: Session, owner: Owner) -> Result<Self, OpenError> {
        let rows = Rows::new(world.device(), &owner);
        let mut state = State::default();
        let mut sealed = BTreeMap::new();
        match keeping::load(&rows).await? {
            Loaded::Nothing => {}
            Loaded::Stored(stored) if has_its_own_records(&stored.replica, &stored.sealed) => {
                let Stored { replica, followed, sealed: there, .. } = *stored;
                (state.replica, state.stored, sealed) = (replica, Some(followed), there);
            }
            Loaded::Stored(stored) => keeping::clear(&rows, stored.tag).await?,
            Loaded::OfAnotherForm(tag) => keeping::clear(&rows, tag).await?,
        }
        let api = session.api(world);
        if state.stored.is_none() {
            sync::follow_records(&api, &owner, &mut state).await?;
        }
        let mut one_of = async |purpose| {
            let head = state.replica.record(purpose).cloned().ok_or(SyncRefused::RecordMissing)?;
            let bytes = match sealed.remove(&head.id) {
                Some(bytes) => bytes,
                None => {
                    let record = records::fetch(&api, head.id, purpose).await?;
                    state.replica.take_record(record.head.clone(), Some(record.sealed.clone()))?;
                    return records::open(&owner, &record.head, &record.sealed.0);
                }
            };
            records::open(&owner, &head, &bytes.0)
        };
        let keyring = one_of(RecordPurpose::Keyring).await?;
        let keyring =
            Keyring::from_bytes(&keyring, session.address(), world.now()).map_err(|_| RecordError::UnknownForm)?;
        let settings = one_of(RecordPurpose::Settings).await?;
        let settings = Settings::from_bytes(&settings).map_err(|_| RecordError::UnknownForm)?;
        for head in state.replica.records().cloned().collect::<Vec<_>>() {
            if let Some(bytes) = sealed.get(&head.id).filter(|_| head.purpose == RecordPurpose::Contact)
                && let Some((address, contact)) = records::open_contact(&owner, &head, &bytes.0)?
            {
                state.take_card(head.id, address, contact);
            }
        }
        take_local(&rows, &mut state).await?;
        let keyring_seen = state.replica.record(RecordPurpose::Keyring).map_or(Version::ZERO, |head| head.version);
        let mailbox = Self::new(session, owner, keyring, settings.name, state);
        mailbox.keyring_seen.set(keyring_seen);
        mailbox.sheet_owed.set(settings.sheet_owed);
        mailbox.rewrapping.set(settings.rewrapping);
        mailbox.look_at_unsent(world).await?;
        Ok(mailbox)
    }

    /// Writes down what was seen, as [`Mailbox::keep`] does, and closes.
    ///
    /// # Errors
    /// [`OpenError`]: the pins stay on this device and go out the next time.
    pub async fn close(self, world: &impl World) -> Result<(), OpenError> {
        self.keep(world).await
    }

    /// Writes down what was seen: on this device, and what was learnt about keys at the server.
    ///
    /// # Errors
    /// [`OpenError`]
    pub async fn keep(&self, world: &impl World) -> Result<(), OpenError> {
        self.write_down(world).await?;
        let written = self.write_pins(world).await;
        self.write_down(world).await?;
        Ok(written?)
    }

    /// Locks: the device forgets its half of the slot, then the server is told, and the keys go with the last holder of
    /// `self`; the session stays, and [`crate::sign_in::unlock`] opens it again (PROTOCOL §9a).
    ///
    /// # Errors
    /// [`OpenError`]: the device has forgotten its half of the slot in any case.
    pub async fn lock(&self, world: &impl World) -> Result<(), OpenError> {
        let kept = self.write_down(world).await;
        // The device first: a server that does not answer must not keep a mailbox open.
        world.device().forget_session().await?;
        self.session.api(world).delete(endpoints::DROP_DEVICE_SLOT.here()).await?;
        Ok(kept?)
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
    pub async fn replace_sheet(&self, world: &impl World, sheet: &NewSheet) -> Result<(), OpenError> {
        self.session.api(world).tell(endpoints::PUT_RECOVERY_SLOT.here(), &sheet.slot).await?;
        self.settle_sheet(world, false).await
    }

    /// The person has the sheet that was made with the password.
    ///
    /// # Errors
    /// [`OpenError`]
    pub async fn first_sheet_kept(&self, world: &impl World) -> Result<(), OpenError> {
        self.settle_sheet(world, false).await
    }

    /// Gives the owner another name: it goes out with letters from now on.
    ///
    /// # Errors
    /// [`RecordError`]
    pub async fn rename(&self, world: &impl World, name: Name) -> Result<(), RecordError> {
        self.change_settings(world, |settings| Settings { name: name.clone(), ..settings }).await?;
        *self.name.borrow_mut() = name;
        // At once: a tab that is opened now shows it.
        Ok(self.write_records_down(world).await?)
    }

    /// Takes what another device chose: the name that goes out with letters. Best effort: the next sync tries again.
    pub(crate) async fn renew_settings(&self, world: &impl World) {
        let newest = self.state.borrow().replica.record(RecordPurpose::Settings).map(|head| head.version);
        if newest.is_none_or(|newest| newest == self.settings_seen.get()) {
            return;
        }
        if let Ok((head, settings)) = self.newest_settings(world).await {
            self.settings_seen.set(head.version);
            *self.name.borrow_mut() = settings.name;
            self.sheet_owed.set(settings.sheet_owed);
            self.rewrapping.set(settings.rewrapping);
        }
    }

    /// Takes the keys as another device has written them, which put a former one beside the present (PROTOCOL §5). After a renewal
    /// elsewhere they open no more, and this session is over.
    pub(crate) async fn renew_keyring(&self, world: &impl World) {
        if !self.has_newer_keyring() {
            return;
        }
        // What can't be read now is read after the next sync.
        if let Ok((head, keyring)) = self.newest_keyring(world).await {
            self.take_keyring(head.version, keyring);
        }
    }

    pub(crate) async fn newest_keyring(&self, world: &impl World) -> Result<(RecordHead, Keyring), RecordError> {
        let head = self.state.borrow().replica.record(RecordPurpose::Keyring).cloned();
        let (head, text) = self.newest(world, &head.ok_or(SyncRefused::RecordMissing)?).await?;
        let keyring = Keyring::from_bytes(&text, self.address(), world.now()).map_err(|_| RecordError::UnknownForm)?;
        Ok((head, keyring))
    }

    /// Whether no sheet opens this mailbox, by the server's word: one is owed then. It was shown for a recovery that was stopped.
    async fn lost_its_sheet(&self, world: &impl World) -> bool {
        !self.owes_sheet()
            && self.account(world).await.is_ok_and(|account| !account.opens.contains(&SlotKind::Recovery))
    }

    pub(crate) async fn settle_sheet(&self, world: &impl World, owed: bool) -> Result<(), OpenError> {
        self.change_settings(world, |settings| Settings { sheet_owed: owed, ..settings }).await?;
        self.sheet_owed.set(owed);
        Ok(())
    }

    /// The sessions of this account.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn sessions(&self, world: &impl World) -> Result<Sessions, CallError> {
        self.session.api(world).get(endpoints::LIST_SESSIONS.here()).await
    }

    /// What the devices of these sessions are called.
    ///
    /// # Errors
    /// [`RecordError`]
    pub async fn device_names(&self, world: &impl World) -> Result<DeviceNames, RecordError> {
        Ok(self.newest_settings(world).await?.1.devices)
    }

    /// Ends another session: its device opens nothing any more.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn end_session(&self, world: &impl World, id: SessionId) -> Result<(), CallError> {
        self.session.api(world).delete(endpoints::END_SESSION.of(id)).await
    }

    /// Ends all sessions but this one, and every sign-in that is under way.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn end_other_sessions(&self, world: &impl World) -> Result<(), CallError> {
        self.session.api(world).delete(endpoints::END_OTHER_SESSIONS.here()).await
    }

    /// Takes the password away: a passkey opens the mailbox from then on, or the sheet.
    ///
    /// # Errors
    /// [`CallError`]; `last-way-in` where there is no passkey that opens it.
    pub async fn remove_password(&self, world: &impl World) -> Result<(), CallError> {
        self.session.api(world).delete(endpoints::REMOVE_PASSWORD_SLOT.here()).await
    }

    /// What was done about who may open this mailbox, by the server's word, newest first.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn security_events(&self, world: &impl World) -> Result<SecurityEvents, CallError> {
        self.session.api(world).get(endpoints::LIST_SECURITY_EVENTS.here()).await
    }

    /// This account, as the server has it.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn account(&self, world: &impl World) -> Result<Account, CallError> {
        self.session.api(world).get(endpoints::READ_ACCOUNT.here()).await
    }

    /// Chooses the language of e-mails and SMS.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn set_language(&self, world: &impl World, language: Language) -> Result<(), CallError> {
        let update = AccountUpdate { language: Some(language), ..AccountUpdate::default() };
        self.session.api(world).tell(endpoints::UPDATE_ACCOUNT.here(), &update).await
    }

    /// Chooses how long letters lie in the trash.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn set_trash_life(&self, world: &impl World, life: TrashLife) -> Result<(), CallError> {
        let update = AccountUpdate { trash_life: Some(life), ..AccountUpdate::default() };
        self.session.api(world).tell(endpoints::UPDATE_ACCOUNT.here(), &update).await
    }

    /// Chooses when to be told of letters by e-mail.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn set_notices(&self, world: &impl World, notices: LetterNotices) -> Result<(), CallError> {
        let update = AccountUpdate { notices: Some(notices), ..AccountUpdate::default() };
        self.session.api(world).tell(endpoints::UPDATE_ACCOUNT.here(), &update).await
    }
}

/// A device keeps one session. Checked before anything is asked, so that no code is sent in vain.
///
/// # Errors
/// [`OpenError::SomebodyElse`]
pub(crate) async fn refuse_somebody_else(world: &impl World, address: &Address) -> Result<(), OpenError> {
    match Session::load(world).await? {
        Some(session) if session.address() != address => Err(OpenError::SomebodyElse),
        Some(_) | None => Ok(()),
    }
}

/// A store without them was left by a first opening that was broken off.
fn has_its_own_records(
    replica: &crate::replica::Replica,
    sealed: &BTreeMap<securemailbox_protocol::ids::RecordId, Octets>,
) -> bool {
    let there = |purpose| replica.record(purpose).is_some();
    let contacts = replica.records().filter(|head| head.purpose == RecordPurpose::Contact);
    there(RecordPurpose::Keyring)
        && there(RecordPurpose::Settings)
        && contacts.into_iter().all(|head| sealed.contains_key(&head.id))
}

/// What exists on this device only: what happened to keys, and whose digits were shown.
async fn take_local(rows: &Rows<'_, impl Device>, state: &mut State) -> Result<(), DeviceFailed> {
    let mut pins: Vec<_> = rows.scan::<PinRow>(Table::Pin).await?;
    pins.sort_by_key(|(id, _, pin)| (pin.number, *id));
    for (id, _, PinRow { edit, .. }) in pins {
        state.contacts.apply(&edit);
        state.pins.push((id, edit));
    }
    let mut contradicted = Vec::new();
    for (id, _, DigitsRow { address, fingerprint }) in rows.scan(Table::Digits).await? {
        if let Some((_, other)) = state.digits.insert(address.clone(), (id, fingerprint))
            && other != fingerprint
        {
            contradicted.push(address);
        }
    }
    // Two tabs showed the digits of two keys: whoever says that they match has to see them again.
    state.digits.retain(|address, _| !contradicted.contains(address));
    Ok(())
}
