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
    networks::{NamedNetworks, Network, Scale, TIMES},
    problem::Problem,
};

/// Every limit of how often.
pub struct Rates {
    networks: RwLock<Arc<OfNetworks>>,
    guesses: DefaultKeyedRateLimiter<(Network, [u8; 32])>,
    devices: DefaultKeyedRateLimiter<KnownDevice>,
    look_ups: DefaultKeyedRateLimiter<AccountId>,
    sheets: DefaultKeyedRateLimiter<AccountId>,
    passwords: DefaultKeyedRateLimiter<AccountId>,
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
            passwords: RateLimiter::keyed(a_day(limits::PASSWORDS_A_DAY * CALLS_OF_A_PASSWORD)),
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

    /// One of the two calls by which an account gets another password. The first is as good as a guess at the old one: whoever
    /// may ask it without end need not guess where guesses are counted. The second is as costly as a sheet.
    ///
    /// # Errors
    /// 429.
    pub fn password(&self, account: AccountId) -> Result<(), Problem> {
        check(&self.passwords, &account)
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

    /// Forgets who has been quiet long enough, and gives back the room that they took.
    pub fn sweep(&self) {
        let networks = self.networks();
        networks.requests.sweep();
        networks.entrances.sweep();
        forget_the_quiet(&self.guesses);
        forget_the_quiet(&self.devices);
        forget_the_quiet(&self.one_stranger);
        let (asked, put) = ([&self.look_ups, &self.sheets, &self.passwords], [&self.posts, &self.letters]);
        for by_account in asked.into_iter().chain(put).chain([&self.readers, &self.strangers]) {
            forget_the_quiet(by_account);
        }
    }
}

/// A limit for each network, and for the larger ones that it lies in.
struct PerNetwork {
    /// One for each of [`TIMES`].
    scales: [DefaultKeyedRateLimiter<Scale>; 3],
    named: Vec<DefaultDirectRateLimiter>,
}

impl PerNetwork {
    fn new(names: &NamedNetworks, quota: impl Fn(u32) -> Quota) -> Self {
        let scales = TIMES.map(|times| RateLimiter::keyed(quota(times)));
        let named = names.times().map(|times| RateLimiter::direct(quota(times))).collect();
        Self { scales, named }
    }

    fn check(&self, network: Network, named: Option<(usize, u32)>) -> Result<(), Problem> {
        if let Some(limiter) = named.and_then(|(which, _)| self.named.get(which)) {
            return limiter.check().map_err(|not_until| too_often(&not_until, limiter.clock()));
        }
        let mut each = self.scales.iter().zip(network.scales());
        each.try_for_each(|(limiter, (scale, _))| check(limiter, &scale))
    }

    fn sweep(&self) {
        self.scales.iter().for_each(forget_the_quiet);
    }
}

/// A table that grew in an attack would keep its size without the second step.
fn forget_the_quiet<K: std::hash::Hash + Eq + Clone>(limiter: &Key<K>) {
    limiter.retain_recent();
    limiter.shrink_to_fit();
}

/// It begins, and it is put.
const CALLS_OF_A_PASSWORD: u32 = 2;
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

/// The most that one post can be: as many letters as it may hold, with as many readers each.
const MOST_AT_ONCE: usize = limits::LETTERS * limits::READERS;

/// So many at once. More than ever fit are refused like too many: the same again tomorrow would be as many.
fn check_many<K: std::hash::Hash + Eq + Clone>(limiter: &Key<K>, key: &K, many: usize) -> Result<(), Problem> {
    // The limiter multiplies by a day, which a larger number would carry beyond its 64 bits.
    let many = many.min(MOST_AT_ONCE);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::NamedNetwork, devices::KnownDevice};

    fn rates() -> Rates {
        Rates::new(&NetworkLimits::default(), &Quotas::default())
    }

    fn of(text: &str) -> Network {
        Network::of(text.parse().unwrap())
    }

    /// The address that a number stands for, as it is looked up.
    fn address(number: u32) -> [u8; 32] {
        let mut look_up = [0; 32];
        look_up[..4].copy_from_slice(&number.to_be_bytes());
        look_up
    }

    fn account(number: u8) -> AccountId {
        AccountId::from_bytes([number; 16])
    }

    /// How often something is let through before it is refused, up to a bound.
    fn times(most: u32, mut one: impl FnMut(u32) -> Result<(), Problem>) -> u32 {
        (0..most).take_while(|number| one(*number).is_ok()).count().try_into().unwrap()
    }

    /// Review M3, A25: one device locked everybody out behind one address.
    #[test]
    fn a_browser_that_signed_in_before_is_not_locked_out_by_guesses_from_elsewhere() {
        let (rates, office, anna) = (rates(), of("192.0.2.7"), address(1));
        assert_eq!(times(100, |_| rates.guess(office, anna, None)), limits::SIGN_INS_AN_HOUR);
        rates.guess(of("192.0.2.8"), anna, None).expect("from elsewhere");
        while rates.entrance(office).is_ok() {}
        let device = KnownDevice::of_a_test(3);
        assert_eq!(times(100, |_| rates.guess(office, anna, Some(device))), limits::SIGN_INS_AN_HOUR);
        rates.guess(office, anna, Some(KnownDevice::of_a_test(4))).expect("another one of hers");
    }

    #[test]
    fn five_thousand_people_behind_one_address_sign_in_at_eight() {
        let (rates, office) = (rates(), of("192.0.2.7"));
        assert_eq!(times(6000, |number| rates.guess(office, address(number), None)), 5000);
        rates.guess(of("192.0.2.8"), address(1), None).unwrap();
    }

    /// Review M2: a /48 was 65,536 networks.
    #[test]
    fn a_larger_network_asks_for_a_few_times_as_much_and_no_more() {
        let limits = NetworkLimits { entrances_at_once: 10, entrances_a_day: 1, ..NetworkLimits::default() };
        let rates = Rates::new(&limits, &Quotas::default());
        let each = |number: u32| rates.entrance(of(&format!("2001:db8:1:{number:x}::1")));
        assert_eq!(times(65_536, each), 40, "those of the first /56");
        assert_eq!(times(65_536, |number| each(256 * (number + 1))), 120, "the rest of the /48");
        rates.entrance(of("2001:db8:2::1")).unwrap();
    }

    #[test]
    fn a_network_that_the_operator_named_asks_for_more_and_other_limits_are_taken_while_it_runs() {
        let mut limits = NetworkLimits { entrances_at_once: 10, entrances_a_day: 1, ..NetworkLimits::default() };
        let rates = Rates::new(&limits, &Quotas::default());
        let hall = || rates.entrance(of("192.0.2.7"));
        assert_eq!(times(100, |_| hall()), 10);
        rates.change(&limits);
        assert!(hall().is_err(), "the same limits go on counting");
        let (name, addresses) = ("Town hall".into(), vec!["192.0.2.0/24".into()]);
        limits.networks.push(NamedNetwork { name, addresses, times: 3 });
        rates.change(&limits);
        assert_eq!(times(100, |_| hall()), 30);
        assert!(rates.entrance(of("192.0.2.8")).is_err(), "all of it together");
    }

    /// Review H4: 301 letters to one stranger in no time.
    #[test]
    fn a_member_writes_so_often_to_somebody_who_never_answered() {
        let (rates, sender) = (rates(), account(1));
        assert_eq!(times(100, |_| rates.strangers(sender, &[account(2)])), 20);
        rates.strangers(sender, &[account(3)]).expect("to somebody else");
        rates.strangers(account(4), &[account(2)]).expect("somebody else to them");
        let all = times(1000, |number| rates.strangers(sender, &[AccountId::from_bytes([(number % 200) as u8; 16])]));
        assert!(all < 500, "{all} to strangers beside those before");
    }

    #[test]
    fn a_member_posts_so_often_and_to_so_many() {
        let (rates, sender) = (rates(), account(1));
        assert_eq!(times(100, |_| rates.post(sender)), 60);
        rates.post(account(2)).unwrap();
        assert_eq!(times(100, |_| rates.letters(sender, 1, 100)), 50, "readers of a day");
        rates.letters(sender, 1, 0).expect("a letter to oneself");
        assert!(rates.letters(account(2), 1, usize::MAX).is_err());
    }
}
