//! Where requests come from. What one customer gets is counted as one; and so is, with a larger limit, what a provider gives
//! out to few. A network that the operator names has limits of its own: a municipality goes out through one address.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// How many times as much a /64, a /56 and a /48 may ask for. Whoever gets a /48 has 65,536 times a /64.
pub const TIMES: [u32; 3] = [1, 4, 16];

/// Where a request comes from: an IPv4 address or an IPv6 /64, which is what one customer gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network(IpAddr);

impl Network {
    /// The network of an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(IpAddr::V4(address)),
            IpAddr::V6(address) => Self(IpAddr::V6(masked(address, 64))),
        }
    }

    /// The networks that this one is counted as, each with how many times as much it may ask for, in the order of
    /// [`TIMES`].
    pub fn scales(self) -> impl Iterator<Item = (Scale, u32)> {
        let scale = move |bits| match self.0 {
            IpAddr::V4(_) => (bits == 64).then_some(Scale(self.0, 32)),
            IpAddr::V6(address) => Some(Scale(IpAddr::V6(masked(address, bits)), bits)),
        };
        [64, 56, 48].into_iter().map_while(scale).zip(TIMES)
    }
}

/// One of the networks that a request is counted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scale(IpAddr, u8);

impl Scale {
    /// The octets that name it.
    #[must_use]
    pub fn octets(self) -> Vec<u8> {
        let mut octets = match self.0 {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        octets.push(self.1);
        octets
    }
}

fn masked(address: Ipv6Addr, bits: u8) -> Ipv6Addr {
    Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - bits)))
}

/// A network that many people share, by the operator's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedNetwork {
    /// What the operator calls it.
    pub name: String,
    /// Addresses and prefixes, such as `192.0.2.7` or `2001:db8::/48`.
    pub addresses: Vec<String>,
    /// How many times as much as another network it may ask for.
    pub times: u32,
}

impl NamedNetwork {
    /// Its addresses and prefixes.
    ///
    /// # Errors
    /// The first that is neither, or that is narrower than a network is counted.
    pub fn parsed(&self) -> Result<Vec<IpNet>, &str> {
        let each = self.addresses.iter().map(|text| {
            let net = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            match net.map_err(|_| text.as_str())? {
                // One address of a customer's network stands for all of it, as everywhere here.
                IpNet::V6(net) if net.prefix_len() > 64 => {
                    Ok(IpNet::new_assert(IpAddr::V6(masked(net.addr(), 64)), 64))
                }
                net => Ok(net),
            }
        });
        each.collect()
    }
}

/// The named networks, ready to be asked.
#[derive(Debug, Clone, Default)]
pub struct NamedNetworks(Vec<(Vec<IpNet>, u32)>);

impl NamedNetworks {
    /// Of a configuration that was checked; an address that is none is left out.
    #[must_use]
    pub fn new(named: &[NamedNetwork]) -> Self {
        Self(named.iter().map(|one| (one.parsed().unwrap_or_default(), one.times)).collect())
    }

    /// Which of them it is, if it is one, and how many times as much it may ask for.
    #[must_use]
    pub fn find(&self, network: Network) -> Option<(usize, u32)> {
        let mut named = self.0.iter().enumerate();
        named.find_map(|(which, (nets, times))| {
            nets.iter().any(|net| net.contains(&network.0)).then_some((which, *times))
        })
    }

    /// How many times as much each of them may ask for.
    pub fn times(&self) -> impl Iterator<Item = u32> {
        self.0.iter().map(|(_, times)| *times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Network {
        Network::of(text.parse().unwrap())
    }

    #[test]
    fn a_household_with_ipv6_is_one_network() {
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }

    #[test]
    fn what_a_provider_gives_out_is_counted_together() {
        let scales = |text| of(text).scales().map(|(scale, _)| scale).collect::<Vec<_>>();
        assert_eq!(scales("2001:db8:1:2::1")[2], scales("2001:db8:1:ff02::1")[2]);
        assert_eq!(scales("2001:db8:1:2::1")[1], scales("2001:db8:1:3::1")[1]);
        assert_ne!(scales("2001:db8:1:2::1")[1], scales("2001:db8:1:102::1")[1]);
        assert_ne!(scales("2001:db8:1:2::1")[2], scales("2001:db8:2:2::1")[2]);
        assert_eq!(scales("192.0.2.1").len(), 1);
        // The /64 of all zeros is not the /48 of all zeros.
        let zeros = scales("::");
        assert!(zeros[0] != zeros[1] && zeros[0].octets() != zeros[1].octets());
    }

    #[test]
    fn a_named_network_is_found_by_address_and_prefix() {
        let named = NamedNetwork {
            name: "Kommunhuset".into(),
            addresses: ["192.0.2.7", "198.51.100.0/24", "2001:db8:1:2::5"].map(String::from).into(),
            times: 50,
        };
        let networks = NamedNetworks::new(std::slice::from_ref(&named));
        for inside in ["192.0.2.7", "198.51.100.99", "::ffff:192.0.2.7", "2001:db8:1:2:ffff::1"] {
            assert_eq!(networks.find(of(inside)), Some((0, 50)), "{inside}");
        }
        for outside in ["192.0.2.8", "198.51.101.1", "2001:db8:1:3::5"] {
            assert_eq!(networks.find(of(outside)), None, "{outside}");
        }
        let wrong = NamedNetwork { addresses: vec!["192.0.2.7".into(), "kontoret".into()], ..named };
        assert_eq!(wrong.parsed(), Err("kontoret"));
    }
}
