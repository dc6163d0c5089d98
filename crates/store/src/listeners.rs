//! Who waits for news of which mailbox (PROTOCOL §9a, Sync): each is woken for their own mailbox only, however many others
//! are written to, and hears the newest pulse however many came.

use std::{
    collections::{HashMap, hash_map},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use securemailbox_protocol::{ids::MailboxId, sync::Pulse};
use tokio::sync::watch;

/// The newest pulse of a mailbox, as its listeners share it.
#[derive(Debug, Clone, Copy, Default)]
struct Heard {
    newest: Option<Pulse>,
    /// How often the newest was told again: a session has ended. Counted, so that no pulse after it hides it.
    again: u64,
}

/// The listeners of all mailboxes that have some.
#[derive(Default)]
pub(crate) struct Listeners(Mutex<HashMap<MailboxId, watch::Sender<Heard>>>);

impl Listeners {
    /// Tells whoever listens to this mailbox. On PostgreSQL a pulse may come late: an older one says nothing.
    pub(crate) fn tell(&self, mailbox: MailboxId, pulse: Pulse) {
        let listeners = self.lock();
        let Some(listeners) = listeners.get(&mailbox) else { return };
        listeners.send_if_modified(|heard| match heard.newest {
            Some(newest) if newest == pulse => {
                heard.again += 1;
                true
            }
            Some(newest) if is_older(pulse, newest) => false,
            Some(_) | None => {
                heard.newest = Some(pulse);
                true
            }
        });
    }

    pub(crate) fn listen(self: &Arc<Self>, mailbox: MailboxId) -> Listener {
        let heard = match self.lock().entry(mailbox) {
            hash_map::Entry::Occupied(place) => place.get().subscribe(),
            hash_map::Entry::Vacant(place) => place.insert(watch::Sender::default()).subscribe(),
        };
        // What was told to others before is no news to this one.
        let again = heard.borrow().again;
        Listener { mailbox, heard, again, listeners: Arc::clone(self) }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<MailboxId, watch::Sender<Heard>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn is_older(pulse: Pulse, than: Pulse) -> bool {
    pulse.change.get() < than.change.get()
        || pulse.erased.letters.get() < than.erased.letters.get()
        || pulse.erased.drafts.get() < than.erased.drafts.get()
}

/// Hears of one mailbox, from its making on.
pub struct Listener {
    mailbox: MailboxId,
    heard: watch::Receiver<Heard>,
    again: u64,
    listeners: Arc<Listeners>,
}

/// What an event stream is told when it wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct News {
    /// The mailbox's numbers now; pulses that came in between are not told one by one.
    pub pulse: Pulse,
    /// Whether one was told although nothing was new: a session has ended, and whoever listens for one has to look.
    pub session_ended: bool,
}

impl Listener {
    /// The next news. Ready at once if there were some since the last.
    pub async fn next(&mut self) -> News {
        loop {
            // Its other end lives as long as this listener, which keeps it in the map.
            let _ = self.heard.changed().await;
            let Heard { newest, again } = *self.heard.borrow_and_update();
            if let Some(pulse) = newest {
                let session_ended = again != self.again;
                self.again = again;
                return News { pulse, session_ended };
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut listeners = self.listeners.lock();
        // The last one takes the place along. Nobody can join meanwhile: the map is locked.
        if listeners.get(&self.mailbox).is_some_and(|others| others.receiver_count() <= 1) {
            listeners.remove(&self.mailbox);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use securemailbox_protocol::{
        numbers::{ChangeNumber, EraseNumber},
        sync::Erased,
    };

    use super::*;

    const ANNA: MailboxId = MailboxId::from_bytes([1; 16]);
    const BJORN: MailboxId = MailboxId::from_bytes([2; 16]);

    fn pulse(change: u64) -> Pulse {
        let erased = Erased { letters: EraseNumber::ZERO, drafts: EraseNumber::ZERO };
        Pulse { change: ChangeNumber::new(change), erased }
    }

    fn hears(listener: &mut Listener) -> Option<News> {
        listener.next().now_or_never()
    }

    #[test]
    fn nobody_is_woken_for_another_ones_mailbox() {
        let all = Arc::<Listeners>::default();
        let (mut anna, mut bjorn) = (all.listen(ANNA), all.listen(BJORN));
        all.tell(BJORN, pulse(1));
        assert_eq!(hears(&mut anna), None);
        assert_eq!(hears(&mut bjorn), Some(News { pulse: pulse(1), session_ended: false }));
        assert_eq!(hears(&mut bjorn), None);
    }

    #[test]
    fn a_thousand_writes_are_one_piece_of_news_and_hide_no_ended_session() {
        let all = Arc::<Listeners>::default();
        let mut anna = all.listen(ANNA);
        (1..=1000).for_each(|change| all.tell(ANNA, pulse(change)));
        assert_eq!(hears(&mut anna), Some(News { pulse: pulse(1000), session_ended: false }));
        for change in [1000, 1001] {
            all.tell(ANNA, pulse(change));
        }
        assert_eq!(hears(&mut anna), Some(News { pulse: pulse(1001), session_ended: true }));
    }

    #[test]
    fn a_pulse_that_comes_late_is_not_told() {
        let all = Arc::<Listeners>::default();
        let mut anna = all.listen(ANNA);
        all.tell(ANNA, pulse(2));
        all.tell(ANNA, pulse(1));
        assert_eq!(hears(&mut anna).unwrap().pulse, pulse(2));
        assert_eq!(hears(&mut anna), None);
    }

    #[test]
    fn a_mailbox_that_nobody_listens_to_takes_no_room() {
        let all = Arc::<Listeners>::default();
        let (one, mut other) = (all.listen(ANNA), all.listen(ANNA));
        drop(one);
        all.tell(ANNA, pulse(1));
        assert!(hears(&mut other).is_some());
        drop(other);
        assert!(all.lock().is_empty());
    }
}
