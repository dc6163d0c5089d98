//! What a device keeps of a mailbox between two runs, sealed under the account secret (PROTOCOL §2, purpose `index`).
//!
//! A copy of the device alone opens nothing: the account secret comes from the device slot, whose other half the server
//! gives to a living session only.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use securemailbox_protocol::{
    address::Address,
    ids::{AccountId, CertificateHash, Fingerprint, LetterId, RecordId},
    numbers::Version,
    octets::Octets,
    records::Record,
    sealed::{self, Place, Purpose},
};
use securemailbox_vault::secrets::AccountSecret;

use crate::{
    contacts::Edit,
    failure::{Class, Explained, Failure, explained},
    letters::{Summary, Told},
    sync::Held,
    world::{Device, DeviceFailed, Item, World},
};

/// What was seen of the mailbox.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// Entries, records' versions, change and erase numbers.
    pub held: Held,
    /// Records as the server gave them, at the versions in `held`: fetched again only when they changed.
    pub records: BTreeMap<RecordId, Record>,
    /// Certificates by what names them; they never change.
    pub certificates: BTreeMap<CertificateHash, Octets>,
    /// Envelopes that were opened and verified.
    pub summaries: BTreeMap<LetterId, Summary>,
    /// What happened to known keys and is not in the contacts record yet.
    pub pins: Vec<Edit>,
    /// What became of one's own letters.
    #[serde(default)]
    pub told: BTreeMap<LetterId, Told>,
    /// Whose digits were shown, and of which key: only that key can then be marked as compared.
    pub comparing: BTreeMap<Address, Fingerprint>,
}

impl Index {
    /// Drops what is left of letters that this device no longer holds (PROTOCOL §4.7).
    pub fn drop_erased(&mut self) {
        let held = &self.held;
        self.summaries.retain(|id, _| held.entry(*id).is_some());
        self.told.retain(|id, _| held.entry(*id).is_some());
        self.records.retain(|id, _| held.records().any(|head| head.id == *id));
    }
}

/// Whose mailbox it is, and what opens it.
pub struct Owner {
    /// The account.
    pub account: AccountId,
    /// Its secret.
    pub secret: AccountSecret,
}

/// What this device kept can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LocalError {
    /// The device could not be read or written.
    #[error(transparent)]
    Device(#[from] DeviceFailed),
    /// It was altered, or is another account's.
    #[error("what this device kept of the mailbox is damaged")]
    Damaged,
}

impl Failure for LocalError {
    fn explain(&self) -> Explained {
        match self {
            Self::Device(failed) => failed.explain(),
            Self::Damaged => explained(
                "damaged-profile",
                Class::Damaged,
                "Sign out and in again on this device. Letters the server has acknowledged are not affected.",
            ),
        }
    }
}

/// Reads what [`save`] kept; the default if nothing was.
///
/// # Errors
/// [`LocalError`]
pub async fn load<T: DeserializeOwned + Default>(
    world: &impl World,
    owner: &Owner,
    item: Item,
) -> Result<T, LocalError> {
    let Some(sealed) = world.device().load(item).await? else { return Ok(T::default()) };
    let plain = sealed::open(owner.secret.as_bytes(), &place(owner, item), &sealed).map_err(|_| LocalError::Damaged)?;
    serde_json::from_slice(&plain).map_err(|_| LocalError::Damaged)
}

/// Whether what is kept was kept by this owner, or nothing is.
///
/// # Errors
/// [`DeviceFailed`]
pub async fn opens(world: &impl World, owner: &Owner, item: Item) -> Result<bool, DeviceFailed> {
    let Some(sealed) = world.device().load(item).await? else { return Ok(true) };
    Ok(sealed::open(owner.secret.as_bytes(), &place(owner, item), &sealed).is_ok())
}

/// Keeps something on the device, sealed.
///
/// # Errors
/// [`DeviceFailed`]
pub async fn save(world: &impl World, owner: &Owner, item: Item, value: &impl Serialize) -> Result<(), DeviceFailed> {
    #[expect(clippy::expect_used, reason = "our own types have string keys and no fallible Serialize")]
    let plain = Zeroizing::new(serde_json::to_vec(value).expect("what is kept is JSON"));
    let sealed = sealed::seal(owner.secret.as_bytes(), &place(owner, item), &plain, &mut world.rng());
    world.device().save(item, &sealed).await
}

/// The device's items have no ids and no server that could go back to an older version; the item's name is its place.
fn place(owner: &Owner, item: Item) -> Place {
    let mut record = [0; 16];
    record[..item.as_str().len()].copy_from_slice(item.as_str().as_bytes());
    Place { purpose: Purpose::Device, account: *owner.account.as_bytes(), record, version: Version::ZERO }
}
