//! The second half of a thorough renewal (PROTOCOL §10): each letter's key is wrapped for the present subkey, and then the former
//! ones are given up. Nothing is kept of how far it went: what is wrapped already says so itself, so that it goes on after any
//! interruption.

use std::collections::BTreeSet;

use securemailbox_protocol::{
    endpoints,
    ids::LetterId,
    letters::{Entry, Released},
    limits,
    numbers::ChangeNumber,
    octets::Octets,
    renewals::{RewrappedKey, RewrappedKeys},
};
use securemailbox_vault::letters::rewrap;

use crate::{
    mailbox::Mailbox,
    records::{RecordError, TRIES, is_stale},
    replica::SyncRefused,
    settings::Settings,
    world::World,
};

/// How far it is.
#[derive(Debug)]
pub struct Rewrapping {
    seen: BTreeSet<LetterId>,
    since: ChangeNumber,
    at_end: bool,
    /// A letter was missing at the end, and is looked for once more.
    missed: bool,
}

impl Default for Rewrapping {
    fn default() -> Self {
        Self::new()
    }
}

impl Rewrapping {
    /// At the beginning; what is done already is found to be so.
    #[must_use]
    pub const fn new() -> Self {
        Self { seen: BTreeSet::new(), since: ChangeNumber::ZERO, at_end: false, missed: false }
    }

    /// How many letters were looked at.
    #[must_use]
    pub fn done(&self) -> usize {
        self.seen.len()
    }

    /// A letter came when all had been looked at.
    pub const fn look_again(&mut self) {
        (self.at_end, self.missed) = (false, true);
    }

    /// Whether every letter was, and the former subkeys can be given up.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.at_end
    }
}

impl Mailbox {
    /// Whether a thorough renewal is not over: letters may be wrapped for a former subkey.
    #[must_use]
    pub fn is_rewrapping(&self) -> bool {
        self.rewrapping.get()
    }

    /// Wraps the keys of some more letters anew.
    ///
    /// # Errors
    /// [`RecordError`]: it can be called again. `level-required` where a letter asks for more than the session has proved.
    pub async fn rewrap_some(&self, world: &impl World, so_far: &mut Rewrapping) -> Result<(), RecordError> {
        let api = self.session.api(world);
        let changes = api.get(endpoints::READ_CHANGES.here().with("since", so_far.since)).await?;
        if changes.change < so_far.since || (changes.more && changes.change == so_far.since) {
            return Err(SyncRefused::Contradiction.into());
        }
        let mut keys = Vec::new();
        for entry in changes.entries {
            let id = entry.id;
            keys.extend(self.rewrapped(world, entry).await?);
            if so_far.seen.insert(id) {
                so_far.missed = false;
            }
        }
        for keys in keys.chunks(limits::REWRAPPED_KEYS) {
            let keys = RewrappedKeys { keys: keys.to_vec() };
            api.tell(endpoints::REWRAP_KEYS.here(), &keys).await?;
        }
        // What was wrapped just now has changed by that, and is asked for once more.
        so_far.at_end = !changes.more && keys.is_empty();
        so_far.since = changes.change;
        Ok(())
    }

    /// The key of an entry for the present subkey; none if it is wrapped for that one already, was withdrawn, or opens by no key
    /// of ours, in which case it is not shown either.
    async fn rewrapped(&self, world: &impl World, entry: Entry) -> Result<Option<RewrappedKey>, RecordError> {
        let (letter, withdrawn) = (entry.id, entry.withdrawn.is_some());
        let released = match entry.released {
            None if !withdrawn => {
                // The refusal says what to prove.
                let read = endpoints::READ_ENTRY.of(letter);
                self.session.api(world).get(read).await?.released
            }
            released => released,
        };
        let Some(Released { wrapped_key, .. }) = released else { return Ok(None) };
        let wrapped = rewrap(&wrapped_key.0, &self.keyring(), &mut world.rng()).ok().flatten();
        Ok(wrapped.map(|wrapped_key| RewrappedKey { letter, wrapped_key: Octets(wrapped_key) }))
    }

    /// Gives up the former subkeys, when every letter that this device knows of was looked at: what is wrapped for them opens no
    /// more, anywhere. False if a letter came meanwhile: then [`Rewrapping::look_again`], and there is more to wrap first.
    ///
    /// # Errors
    /// [`RecordError`]; `proof-required` if the session was not proved lately. A server that keeps a letter back, also when it is
    /// asked once more, is told by [`SyncRefused::Contradiction`], and nothing is given up.
    pub async fn give_up_former_keys(&self, world: &impl World, so_far: &Rewrapping) -> Result<bool, RecordError> {
        self.sync(world).await?;
        let missing = self.letters().into_iter().any(|letter| !so_far.seen.contains(&letter));
        if missing && so_far.missed {
            return Err(SyncRefused::Contradiction.into());
        }
        if missing || !so_far.is_done() {
            return Ok(false);
        }
        for _ in 0..TRIES {
            let (head, keyring) = self.newest_keyring(world).await?;
            if !keyring.has_former() {
                break;
            }
            match self.put_record(world, &head, &keyring.without_former().to_bytes()).await {
                Err(error) if is_stale(&error) => {
                    self.fetch_record(world, &head).await?;
                }
                written => {
                    written?;
                    break;
                }
            }
        }
        self.change_settings(world, |settings| Settings { rewrapping: false, ..settings }).await?;
        self.rewrapping.set(false);
        self.write_records_down(world).await?;
        Ok(true)
    }
}
