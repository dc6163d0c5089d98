//! Following the server: what changed, what was erased, and the first screen of a new device (PROTOCOL §4.7, §9a).

use std::mem;

use securemailbox_protocol::{
    address::Address,
    endpoints,
    ids::RecordId,
    letters::Folder,
    limits,
    numbers::ChangeNumber,
    records::{RecordChange, RecordPurpose},
    sync::Pulse,
};

use crate::{
    api::{Api, IDS_ANSWER},
    contacts::Contact,
    mailbox::{Mailbox, State},
    owner::Owner,
    records::{self, RecordError},
    replica::{Followed, Next, SyncRefused},
    transport::Transport,
    world::World,
};

/// How many answers one following takes. A server that goes on for ever is given up, and asked again later.
const ROUNDS: usize = 100_000;
/// After how many answers what was seen is written down, so that a new device that is interrupted does not begin anew.
const WRITE_DOWN_EVERY: usize = 20;
/// How many drafts are fetched ahead, so that they can be read without a network.
const DRAFTS_AHEAD: usize = 50;

/// Whether there is more to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// This device has what the server has.
    UpToDate,
    /// The server has more.
    More,
}

impl Mailbox {
    /// Brings an open mailbox up to date with the server.
    ///
    /// # Errors
    /// [`RecordError`]
    pub async fn sync(&self, world: &impl World) -> Result<(), RecordError> {
        for _ in 0..ROUNDS / WRITE_DOWN_EVERY {
            if self.sync_some(world).await? == Progress::UpToDate {
                break;
            }
        }
        Ok(())
    }

    /// Takes some of what the server has, and writes it down: a page can show it meanwhile.
    ///
    /// # Errors
    /// [`RecordError`]
    pub async fn sync_some(&self, world: &impl World) -> Result<Progress, RecordError> {
        let before = self.state.borrow().replica.followed();
        let progress = self.follow(world).await;
        if self.state.borrow().replica.followed() != before {
            self.write_down(world).await?;
        }
        if progress == Ok(Progress::UpToDate) {
            self.fetch_drafts(world).await;
            self.renew_settings(world).await;
            self.renew_keyring(world).await;
        }
        progress
    }

    /// Whether the server has nothing new for this device, by what it says of itself.
    #[must_use]
    pub fn has_followed(&self, pulse: &Pulse) -> bool {
        let Pulse { change, erased } = *pulse;
        self.state.borrow().replica.followed().covers(&Followed { change, erased })
    }

    /// Whether this device has not followed the server yet, and shows a first screen only.
    #[must_use]
    pub fn is_new_here(&self) -> bool {
        self.state.borrow().replica.followed().change == ChangeNumber::ZERO
    }

    /// Takes the newest letters of the inbox ahead of all others.
    ///
    /// # Errors
    /// [`RecordError`]
    pub async fn first_screen(&self, world: &impl World) -> Result<(), RecordError> {
        let newest = endpoints::LIST_LETTERS.here().with("folder", Folder::Inbox.as_str());
        let page = self.session.api(world).get(newest).await?;
        let mut state = self.state.borrow_mut();
        page.entries.into_iter().take(limits::PAGE).for_each(|entry| state.replica.take_entry(entry));
        Ok(())
    }

    async fn follow(&self, world: &impl World) -> Result<Progress, RecordError> {
        let api = self.session.api(world);
        let since = self.state.borrow().replica.followed().change;
        let (mut next, mut erased) = (Next::Changes(since), None);
        for _ in 0..WRITE_DOWN_EVERY {
            next = match next {
                Next::Changes(since) => {
                    let mut changes = api.get(endpoints::READ_CHANGES.here().with("since", since)).await?;
                    let contacts = opened_contacts(&api, &self.owner, &mut changes.records).await?;
                    erased = Some(changes.erased);
                    let mut state = self.state.borrow_mut();
                    let waits = mem::take(&mut changes.waits);
                    let next = state.replica.take_changes(changes)?;
                    take_contacts(&mut state, contacts);
                    state.waits = waits;
                    next
                }
                Next::Letters => {
                    let ids = api.get_up_to(endpoints::LIST_LETTER_IDS.here(), IDS_ANSWER).await?;
                    self.state.borrow_mut().replica.take_letter_ids(&ids, erased.unwrap_or_default())?
                }
                Next::Drafts => {
                    let ids = api.get_up_to(endpoints::LIST_DRAFT_IDS.here(), IDS_ANSWER).await?;
                    self.state.borrow_mut().replica.take_draft_ids(&ids, erased.unwrap_or_default())?
                }
                Next::Nothing => return Ok(Progress::UpToDate),
            };
        }
        Ok(if next == Next::Nothing { Progress::UpToDate } else { Progress::More })
    }

    /// Best effort: a draft that does not come now comes when it is opened.
    async fn fetch_drafts(&self, world: &impl World) {
        let drafts: Vec<_> = {
            let state = self.state.borrow();
            let drafts = state.replica.records().filter(|head| head.purpose == RecordPurpose::Draft);
            drafts.take(DRAFTS_AHEAD).cloned().collect()
        };
        let Ok(sealed) = self.sealed_of_all(world, &drafts).await else { return };
        for head in drafts.into_iter().zip(sealed).filter_map(|(head, sealed)| sealed.is_none().then_some(head)) {
            if self.fetch_record(world, &head).await.is_err() {
                break;
            }
        }
    }
}

/// Takes all records of an account ahead of its letters, so that whose key is whose is known before a letter is shown.
///
/// # Errors
/// [`RecordError`]
pub(crate) async fn follow_records<T: Transport>(
    api: &Api<'_, T>,
    owner: &Owner,
    state: &mut State,
) -> Result<(), RecordError> {
    let mut since = ChangeNumber::ZERO;
    for _ in 0..ROUNDS {
        let records = endpoints::READ_CHANGES.here().with("since", since).with("only", "records");
        let mut changes = api.get(records).await?;
        if changes.change < since || (changes.more && changes.change == since) {
            return Err(SyncRefused::Contradiction.into());
        }
        let contacts = opened_contacts(api, owner, &mut changes.records).await?;
        state.replica.take_records(changes.records)?;
        take_contacts(state, contacts);
        if !changes.more {
            break;
        }
        since = changes.change;
    }
    Ok(())
}

/// A contact's record, and what it says; none of one that was forgotten.
type Card = (RecordId, Option<(Address, Contact)>);

/// Opens the contacts among some records before anything of the answer is taken; fetches those whose bytes did not come.
async fn opened_contacts<T: Transport>(
    api: &Api<'_, T>,
    owner: &Owner,
    changes: &mut [RecordChange],
) -> Result<Vec<Card>, RecordError> {
    let mut cards = Vec::new();
    for change in changes.iter_mut().filter(|change| change.head.purpose == RecordPurpose::Contact) {
        if change.sealed.is_none() {
            let record = records::fetch(api, change.head.id, RecordPurpose::Contact).await?;
            if record.head.version < change.head.version {
                return Err(SyncRefused::OlderRecord.into());
            }
            change.sealed = (record.head.version == change.head.version).then_some(record.sealed);
        }
        let Some(sealed) = &change.sealed else { return Err(RecordError::Contended) };
        cards.push((change.head.id, records::open_contact(owner, &change.head, &sealed.0)?));
    }
    Ok(cards)
}

fn take_contacts(state: &mut State, cards: Vec<Card>) {
    for (id, card) in cards {
        match card {
            Some((address, contact)) => state.take_card(id, address, contact),
            None => state.drop_card(id),
        }
    }
}
