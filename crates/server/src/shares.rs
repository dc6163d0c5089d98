//! What there is so much of and no more, such as places for connections or bytes under way: nobody takes all of it, and
//! whoever holds some gives it back by letting it go.

use std::{
    collections::HashMap,
    hash::Hash,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

/// How much there is, and how it is divided.
#[derive(Debug, Clone, Copy)]
pub struct Division {
    /// All of it.
    pub all: usize,
    /// The most that one holder has.
    pub each: usize,
    /// The last of it, which is only for those who hold little, so that a few who hold much leave room for everybody else.
    pub reserve: usize,
    /// What little is.
    pub little: usize,
}

/// Something that is divided among holders.
#[derive(Debug)]
pub struct Shares<K: Eq + Hash> {
    taken: Mutex<Taken<K>>,
    freed: Notify,
}

/// A holder is forgotten with the last of what it held, so there are never more of them than there is to hold.
#[derive(Debug)]
struct Taken<K> {
    division: Division,
    all: usize,
    by: HashMap<K, usize>,
}

/// There is no room for this holder now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no room now")]
pub struct NoRoom;

/// A part of it. Dropped, it goes back.
#[derive(Debug)]
pub struct Share<K: Eq + Hash + Copy> {
    of: Arc<Shares<K>>,
    holder: Option<K>,
    amount: usize,
}

impl<K: Eq + Hash + Copy> Shares<K> {
    /// Nothing of it is taken yet.
    #[must_use]
    pub fn new(division: Division) -> Arc<Self> {
        Arc::new(Self { taken: Mutex::new(Taken { division, all: 0, by: HashMap::new() }), freed: Notify::new() })
    }

    /// Divides it anew. Who holds more than is left to them keeps it until they let it go.
    pub fn divide(&self, division: Division) {
        self.taken().division = division;
        self.freed.notify_waiters();
    }

    /// Takes some at once. Without a holder, only all of it is the limit.
    ///
    /// # Errors
    /// [`NoRoom`]
    pub fn take(self: &Arc<Self>, holder: Option<K>, amount: usize) -> Result<Share<K>, NoRoom> {
        let mut share = Share { of: Arc::clone(self), holder, amount: 0 };
        share.grow(amount)?;
        Ok(share)
    }

    /// Takes some, and waits for it, but not for ever.
    ///
    /// # Errors
    /// [`NoRoom`], after `patience`.
    pub async fn wait_for(
        self: &Arc<Self>,
        holder: Option<K>,
        amount: usize,
        patience: Duration,
    ) -> Result<Share<K>, NoRoom> {
        let mut share = Share { of: Arc::clone(self), holder, amount: 0 };
        share.wait_to_grow(amount, patience).await?;
        Ok(share)
    }

    /// Waits until not all of it is taken.
    pub async fn room(&self) {
        loop {
            let mut freed = pin!(self.freed.notified());
            freed.as_mut().enable();
            let is_full = {
                let taken = self.taken();
                taken.all >= taken.division.all
            };
            if !is_full {
                return;
            }
            freed.await;
        }
    }

    /// How much of it is taken, and how much there is.
    pub fn level(&self) -> (usize, usize) {
        let taken = self.taken();
        (taken.all, taken.division.all)
    }

    fn taken(&self) -> MutexGuard<'_, Taken<K>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash + Copy> Share<K> {
    /// Takes more at once.
    ///
    /// # Errors
    /// [`NoRoom`], and the share is as large as it was.
    pub fn grow(&mut self, amount: usize) -> Result<(), NoRoom> {
        let mut taken = self.of.taken();
        let Division { all, each, reserve, little } = taken.division;
        let after = taken.all.saturating_add(amount);
        if after > all {
            return Err(NoRoom);
        }
        if let Some(holder) = self.holder {
            let held = taken.by.get(&holder).copied().unwrap_or_default().saturating_add(amount);
            if held > each || (held > little && after > all.saturating_sub(reserve)) {
                return Err(NoRoom);
            }
            if held > 0 {
                taken.by.insert(holder, held);
            }
        }
        taken.all = after;
        self.amount += amount;
        Ok(())
    }

    /// Takes more, and waits for it, but not for ever.
    ///
    /// # Errors
    /// [`NoRoom`], after `patience`.
    pub async fn wait_to_grow(&mut self, amount: usize, patience: Duration) -> Result<(), NoRoom> {
        let until = Instant::now() + patience;
        let of = Arc::clone(&self.of);
        loop {
            // Listened for before it is looked at, so that what is freed in between is not missed.
            let mut freed = pin!(of.freed.notified());
            freed.as_mut().enable();
            match self.grow(amount) {
                Ok(()) => return Ok(()),
                Err(NoRoom) => timeout_at(until, freed).await.map_err(|_| NoRoom)?,
            }
        }
    }
}

impl<K: Eq + Hash + Copy> Drop for Share<K> {
    fn drop(&mut self) {
        if self.amount == 0 {
            return;
        }
        let mut taken = self.of.taken();
        taken.all -= self.amount;
        if let Some(holder) = self.holder {
            let held = taken.by.get(&holder).copied().unwrap_or_default().saturating_sub(self.amount);
            if held == 0 {
                taken.by.remove(&holder);
            } else {
                taken.by.insert(holder, held);
            }
        }
        drop(taken);
        self.of.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    const DIVISION: Division = Division { all: 100, each: 60, reserve: 20, little: 5 };

    proptest! {
        /// Whatever is taken and given back, in whatever order.
        #[test]
        fn nobody_has_more_than_a_share_and_what_is_let_go_is_there_again(
            steps in vec((0..8_u8, 0..50_usize, any::<bool>()), 0..200),
        ) {
            let shares = Shares::new(DIVISION);
            let mut held: Vec<Share<u8>> = Vec::new();
            for (holder, amount, gives_back) in steps {
                if gives_back && !held.is_empty() {
                    held.swap_remove(amount % held.len());
                } else if let Ok(share) = shares.take(Some(holder), amount) {
                    held.push(share);
                }
                let of = |holder| held.iter().filter(|share| share.holder == Some(holder)).map(|share| share.amount).sum::<usize>();
                let all: usize = (0..8).map(of).sum();
                prop_assert_eq!(shares.taken().all, all);
                prop_assert!(all <= DIVISION.all && (0..8).all(|holder| of(holder) <= DIVISION.each));
                // Who has nothing yet gets a little, until the very last.
                prop_assert!(all + DIVISION.little > DIVISION.all || shares.take(Some(200), DIVISION.little).is_ok());
            }
            held.clear();
            prop_assert!(shares.taken().by.is_empty() && shares.taken().all == 0);
        }
    }

    #[test]
    fn the_last_of_it_is_for_those_who_hold_little() {
        let shares = Shares::new(DIVISION);
        let _first = shares.take(Some(1), 60).unwrap();
        let _second = shares.take(Some(2), 20).unwrap();
        assert_eq!(shares.take(Some(3), 6).unwrap_err(), NoRoom);
        assert!(shares.take(Some(3), 5).is_ok());
    }

    #[test]
    fn what_is_divided_anew_is_taken_from_nobody() {
        let shares = Shares::new(DIVISION);
        let _held = shares.take(Some(1), 60).unwrap();
        shares.divide(Division { all: 50, each: 10, reserve: 0, little: 5 });
        assert_eq!(shares.take(Some(2), 1).unwrap_err(), NoRoom);
        shares.divide(Division { all: 200, each: 80, reserve: 0, little: 5 });
        assert!(shares.take(Some(1), 20).is_ok());
    }

    #[tokio::test]
    async fn who_waits_gets_what_is_let_go_and_does_not_wait_for_ever() {
        let shares = Shares::new(DIVISION);
        let held = shares.take(Some(1), 60).unwrap();
        assert_eq!(shares.wait_for(Some(1), 1, Duration::from_millis(1)).await.unwrap_err(), NoRoom);
        let waiting = tokio::spawn({
            let shares = Arc::clone(&shares);
            async move { shares.wait_for(Some(1), 60, Duration::from_secs(60)).await.is_ok() }
        });
        tokio::task::yield_now().await;
        drop(held);
        assert!(waiting.await.unwrap());
    }
}
