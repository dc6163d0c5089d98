//! How often is too often: per network and per account (PROTOCOL §9, §9a).
//!
//! Counters live in memory: they bound load and guessing, and losing them at a restart costs one more burst. What a restart
//! must not forget is counted in [`crate::tallies`].

use std::{
    num::NonZeroU32,
    sync::{Arc, PoisonError, RwLock},
};

use governor::{
    DefaultDirectRateLimiter, DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use securemailbox_protocol::{ids::AccountId, limits, problems::ProblemType};

use crate::{
    config::{NetworkLimits, Quotas},
    devices::KnownDevice,
    networks::{NamedNetworks, Network, Scale},
    problem::Problem,
};

/// Every limit of how often.
pub struct Rates {
    networks: RwLock<Arc<OfNetworks>>,
    guesses: DefaultKeyedRateLimiter<(Network, [u8; 32])>,
    devices: DefaultKeyedRateLimiter<KnownDevice>,
    look_ups: DefaultKeyedRateLimiter<AccountId>,
    sheets: DefaultKeyedRateLimiter<AccountId>,
    posts: DefaultKeyedRateLimiter<AccountId>,
    letters: DefaultKeyedRateLimiter<AccountId>,
    readers: DefaultKeyedRateLimiter<AccountId>,
    strangers: DefaultKeyedRateLimiter<AccountId>,
    one_stranger: DefaultKeyedRateLimiter<(AccountId, AccountId)>,
}

/// The operator's limits for networks, which may change while the server runs.
struct OfNetworks {
    limits: NetworkLimits,
    named: NamedNetworks,
    requests: PerNetwork,
    entrances: PerNetwork,
}

impl OfNetworks {
    fn new(limits: &NetworkLimits) -> Arc<Self> {
        let named = NamedNetworks::new(&limits.networks);
        let requests = PerNetwork::new(&named, |times| {
            let a_second = at_least_one(limits.requests_a_second.saturating_mul(times));
            Quota::per_second(a_second).allow_burst(a_second.saturating_mul(TEN))
        });
        let entrances = PerNetwork::new(&named, |times| {
            let at_once = at_least_one(limits.entrances_at_once.saturating_mul(times));
            a_day(limits.entrances_a_day.saturating_mul(times)).allow_burst(at_once)
        });
        Arc::new(Self { limits: limits.clone(), named, requests, entrances })
    }
}

impl Rates {
    /// With the operator's limits for networks and mailboxes, and the protocol's for accounts.
    #[must_use]
    pub fn new(networks: &NetworkLimits, quotas: &Quotas) -> Self {
        Self {
            networks: RwLock::new(OfNetworks::new(networks)),
            guesses: RateLimiter::keyed(Quota::per_hour(at_least_one(limits::SIGN_INS_AN_HOUR))),
            devices: RateLimiter::keyed(Quota::per_hour(at_least_one(limits::SIGN_INS_AN_HOUR))),
            look_ups: RateLimiter::keyed(a_day(limits::LOOK_UPS_A_DAY)),
            sheets: RateLimiter::keyed(a_day(limits::SHEETS_A_DAY)),
            posts: RateLimiter::keyed(Quota::per_minute(at_least_one(quotas.posts_a_minute))),
            letters: RateLimiter::keyed(a_day(quotas.letters_a_day)),
            readers: RateLimiter::keyed(a_day(quotas.readers_a_day)),
            strangers: RateLimiter::keyed(a_day(quotas.strangers_a_day)),
            one_stranger: RateLimiter::keyed(a_day(quotas.letters_a_day_to_a_stranger)),
        }
    }

    /// Takes the operator's other limits for networks. Where they are the same, what was counted goes on counting.
    pub fn change(&self, networks: &NetworkLimits) {
        if self.networks().limits != *networks {
            *self.networks.write().unwrap_or_else(PoisonError::into_inner) = OfNetworks::new(networks);
        }
    }

    /// Which of the networks that the operator named it is, if it is one, and how many times as much it may ask for.
    #[must_use]
    pub fn named(&self, network: Network) -> Option<(usize, u32)> {
        self.networks().named.find(network)
    }

    fn networks(&self) -> Arc<OfNetworks> {
        Arc::clone(&self.networks.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Any request of a network.
    ///
    /// # Errors
    /// 429 with `Retry-After`, as for all of these.
    pub fn request(&self, network: Network) -> Result<(), Problem> {
        let networks = self.networks();
        networks.requests.check(network, networks.named.find(network))
    }

    /// A registration begins, or somebody without a mailbox asks for a code.
    ///
    /// # Errors
    /// 429.
    pub fn entrance(&self, network: Network) -> Result<(), Problem> {
        let networks = self.networks();
        networks.entrances.check(network, networks.named.find(network))
    }

    /// A password or recovery code is tried at one address. Counted per network and address, and per network; for a device
    /// that signed in at this address before, by the device alone, so that nobody's guesses lock its owner out.
    ///
    /// # Errors
    /// 429.
    pub fn guess(&self, network: Network, address: [u8; 32], device: Option<KnownDevice>) -> Result<(), Problem> {
        match device {
            Some(device) => check(&self.devices, &device),
            None => check(&self.guesses, &(network, address)).and_then(|()| self.entrance(network)),
        }
    }

    /// An account asks the directory.
    ///
    /// # Errors
    /// 429.
    pub fn look_up(&self, account: AccountId) -> Result<(), Problem> {
        check(&self.look_ups, &account)
    }

    /// An account replaces its recovery sheet: costly for us, since the log is overwritten each time.
    ///
    /// # Errors
    /// 429.
    pub fn sheet(&self, account: AccountId) -> Result<(), Problem> {
        check(&self.sheets, &account)
    }

    /// An account posts. Asked before the post is read.
    ///
    /// # Errors
    /// 429.
    pub fn post(&self, account: AccountId) -> Result<(), Problem> {
        check(&self.posts, &account)
    }

    /// So many letters of a post, for so many readers beside the sender.
    ///
    /// # Errors
    /// 429.
    pub fn letters(&self, account: AccountId, letters: usize, readers: usize) -> Result<(), Problem> {
        check_many(&self.letters, &account, letters)?;
        check_many(&self.readers, &account, readers)
    }

    /// One letter to each of these, who never wrote to the sender.
    ///
    /// # Errors
    /// 429.
    pub fn strangers(&self, account: AccountId, strangers: &[AccountId]) -> Result<(), Problem> {
        strangers.iter().try_for_each(|stranger| check(&self.one_stranger, &(account, *stranger)))?;
        check_many(&self.strangers, &account, strangers.len())
    }

    /// Forgets who has been quiet long enough.
    pub fn sweep(&self) {
        let networks = self.networks();
        networks.requests.sweep();
        networks.entrances.sweep();
        self.guesses.retain_recent();
        self.devices.retain_recent();
        self.one_stranger.retain_recent();
        for by_account in [&self.look_ups, &self.sheets, &self.posts, &self.letters, &self.readers, &self.strangers] {
            by_account.retain_recent();
        }
    }
}

/// A limit for each network, and for the larger ones that it lies in.
struct PerNetwork {
    /// Those that may ask for 1, 4 and 16 times as much.
    scales: Vec<(u32, DefaultKeyedRateLimiter<Scale>)>,
    named: Vec<DefaultDirectRateLimiter>,
}

impl PerNetwork {
    fn new(names: &NamedNetworks, quota: impl Fn(u32) -> Quota) -> Self {
        let scales = [1, 4, 16].map(|times| (times, RateLimiter::keyed(quota(times)))).into();
        let named = names.times().map(|times| RateLimiter::direct(quota(times))).collect();
        Self { scales, named }
    }

    fn check(&self, network: Network, named: Option<(usize, u32)>) -> Result<(), Problem> {
        if let Some(limiter) = named.and_then(|(which, _)| self.named.get(which)) {
            return limiter.check().map_err(|not_until| too_often(&not_until, limiter.clock()));
        }
        network.scales().into_iter().try_for_each(|(scale, times)| {
            let limiter = self.scales.iter().find(|(of, _)| *of == times);
            limiter.map_or(Ok(()), |(_, limiter)| check(limiter, &scale))
        })
    }

    fn sweep(&self) {
        for (_, limiter) in &self.scales {
            limiter.retain_recent();
        }
    }
}

const TEN: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);

/// So many at once, and as many again over a day.
fn a_day(many: u32) -> Quota {
    let many = at_least_one(many);
    Quota::with_period(std::time::Duration::from_secs(24 * 60 * 60) / many.get())
        .unwrap_or_else(|| Quota::per_hour(NonZeroU32::MIN))
        .allow_burst(many)
}

fn at_least_one(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}

type Key<T> = DefaultKeyedRateLimiter<T>;

fn check<K: std::hash::Hash + Eq + Clone>(limiter: &Key<K>, key: &K) -> Result<(), Problem> {
    limiter.check_key(key).map_err(|not_until| too_often(&not_until, limiter.clock()))
}

/// So many at once. More than ever fit are refused like too many: the same again tomorrow would be as many.
fn check_many<K: std::hash::Hash + Eq + Clone>(limiter: &Key<K>, key: &K, many: usize) -> Result<(), Problem> {
    let Some(many) = u32::try_from(many).ok().and_then(NonZeroU32::new) else { return Ok(()) };
    match limiter.check_key_n(key, many) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(not_until)) => Err(too_often(&not_until, limiter.clock())),
        Err(_) => Err(ProblemType::TooManyRequests.into()),
    }
}

fn too_often(not_until: &NotUntil<<DefaultClock as Clock>::Instant>, clock: &DefaultClock) -> Problem {
    let wait = not_until.wait_time_from(clock.now());
    Problem::new(ProblemType::TooManyRequests).retry_after(wait.as_secs() + 1)
}
