//! How often is too often: per network and per account (PROTOCOL §9, §9a).
//!
//! Counters live in memory: they bound load and guessing, and losing them at a restart costs one more burst.

use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{Arc, PoisonError, RwLock},
};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock};
use securemailbox_protocol::{ids::AccountId, limits, problems::ProblemType};

use crate::{config::NetworkLimits, problem::Problem};

/// Where a request comes from: an IPv4 address or an IPv6 /64, which is what one customer gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl Network {
    /// The network of an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(IpAddr::V4(address)),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self(IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)))
            }
        }
    }
}

/// Every limit of how often.
pub struct Rates {
    networks: RwLock<Arc<OfNetworks>>,
    sign_ins: DefaultKeyedRateLimiter<(Network, [u8; 32])>,
    codes: DefaultKeyedRateLimiter<[u8; 16]>,
    look_ups: DefaultKeyedRateLimiter<AccountId>,
    sheets: DefaultKeyedRateLimiter<AccountId>,
}

/// The operator's limits, which may change while the server runs.
struct OfNetworks {
    limits: (u32, u32),
    requests: DefaultKeyedRateLimiter<Network>,
    entrances: DefaultKeyedRateLimiter<Network>,
}

impl OfNetworks {
    fn new(limits: (u32, u32)) -> Arc<Self> {
        let a_second = at_least_one(limits.0);
        Arc::new(Self {
            limits,
            requests: RateLimiter::keyed(Quota::per_second(a_second).allow_burst(a_second.saturating_mul(TEN))),
            entrances: RateLimiter::keyed(Quota::per_minute(at_least_one(limits.1))),
        })
    }

    const fn limits(networks: &NetworkLimits) -> (u32, u32) {
        (networks.requests_a_second, networks.entrances_a_minute)
    }
}

impl Rates {
    /// With the operator's limits for networks and the protocol's for accounts.
    #[must_use]
    pub fn new(networks: &NetworkLimits) -> Self {
        Self {
            networks: RwLock::new(OfNetworks::new(OfNetworks::limits(networks))),
            sign_ins: RateLimiter::keyed(Quota::per_hour(at_least_one(limits::SIGN_INS_AN_HOUR))),
            codes: RateLimiter::keyed(Quota::per_hour(at_least_one(limits::CODES_AN_HOUR))),
            look_ups: RateLimiter::keyed(a_day(limits::LOOK_UPS_A_DAY)),
            sheets: RateLimiter::keyed(a_day(limits::SHEETS_A_DAY)),
        }
    }

    /// Takes the operator's other limits. Where they are the same, what was counted goes on counting.
    pub fn change(&self, networks: &NetworkLimits) {
        let limits = OfNetworks::limits(networks);
        if self.networks().limits != limits {
            *self.networks.write().unwrap_or_else(PoisonError::into_inner) = OfNetworks::new(limits);
        }
    }

    fn networks(&self) -> Arc<OfNetworks> {
        Arc::clone(&self.networks.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Any request of a network.
    ///
    /// # Errors
    /// 429 with `Retry-After`, as for all of these.
    pub fn request(&self, network: Network) -> Result<(), Problem> {
        check(&self.networks().requests, &network)
    }

    /// A sign-in, registration or recovery begins: costly for us, and a guess.
    ///
    /// # Errors
    /// 429.
    pub fn entrance(&self, network: Network) -> Result<(), Problem> {
        check(&self.networks().entrances, &network)
    }

    /// A password or recovery code is tried at one address. Counted per network too, so that a stranger's guesses lock
    /// nobody out.
    ///
    /// # Errors
    /// 429.
    pub fn sign_in(&self, network: Network, address_look_up: [u8; 32]) -> Result<(), Problem> {
        check(&self.sign_ins, &(network, address_look_up))
    }

    /// A code is sent for an account or registration.
    ///
    /// # Errors
    /// 429.
    pub fn code(&self, sent_for: &[u8; 16]) -> Result<(), Problem> {
        check(&self.codes, sent_for)
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

    /// Forgets who has been quiet long enough.
    pub fn sweep(&self) {
        let networks = self.networks();
        networks.requests.retain_recent();
        networks.entrances.retain_recent();
        self.sign_ins.retain_recent();
        self.codes.retain_recent();
        self.look_ups.retain_recent();
        self.sheets.retain_recent();
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

fn check<K: std::hash::Hash + Eq + Clone>(limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> Result<(), Problem> {
    limiter.check_key(key).map_err(|not_until| {
        let wait = not_until.wait_time_from(limiter.clock().now());
        Problem::new(ProblemType::TooManyRequests).retry_after(wait.as_secs() + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eleventh_code_in_an_hour_must_wait() {
        let rates = Rates::new(&NetworkLimits::default());
        for _ in 0..limits::CODES_AN_HOUR {
            assert!(rates.code(&[1; 16]).is_ok());
        }
        assert!(rates.code(&[1; 16]).is_err());
        assert!(rates.code(&[2; 16]).is_ok());
    }

    #[test]
    fn other_limits_count_from_now_on_and_the_same_ones_forget_nothing() {
        let limits = |entrances_a_minute| NetworkLimits { entrances_a_minute, ..NetworkLimits::default() };
        let network = Network::of("192.0.2.1".parse().unwrap());
        let rates = Rates::new(&limits(1));
        rates.entrance(network).unwrap();
        rates.change(&limits(1));
        assert!(rates.entrance(network).is_err());
        rates.change(&limits(2));
        assert!(rates.entrance(network).is_ok());
    }

    #[test]
    fn a_household_with_ipv6_is_one_network() {
        let of = |text: &str| Network::of(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
