//! Address arithmetic: prefixes, ranges and pools, for both versions.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An address as a number.
pub(super) fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

/// The address of a number.
pub(super) fn address(version: u8, number: u128) -> IpAddr {
    if version == 4 {
        IpAddr::V4(Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX)))
    } else {
        IpAddr::V6(Ipv6Addr::from(number))
    }
}

/// 4 or 6.
pub(super) fn version(address: IpAddr) -> u8 {
    if address.is_ipv4() { 4 } else { 6 }
}

/// A prefix, with the address as it was given: `10.0.0.7/24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Prefix {
    given: IpAddr,
    length: u8,
}

impl Prefix {
    /// 4 or 6.
    pub(super) fn version(self) -> u8 {
        version(self.given)
    }

    /// How many bits it has.
    pub(super) fn length(self) -> u8 {
        self.length
    }

    fn width(self) -> u8 {
        if self.given.is_ipv4() { 32 } else { 128 }
    }

    fn host_mask(self) -> u128 {
        let bits = u32::from(self.width() - self.length);
        if bits == 128 { u128::MAX } else { (1_u128 << bits) - 1 }
    }

    /// Its first address, as a number.
    pub(super) fn first(self) -> u128 {
        number(self.given) & !self.host_mask()
    }

    /// Its last address, as a number.
    pub(super) fn last(self) -> u128 {
        number(self.given) | self.host_mask()
    }

    /// The same without the bits behind the prefix.
    pub(super) fn network(self) -> Self {
        Self { given: address(self.version(), self.first()), length: self.length }
    }

    /// Whether nothing is behind the prefix.
    pub(super) fn is_network(self) -> bool {
        self.network() == self
    }

    /// Whether an address is within.
    pub(super) fn contains(self, address: IpAddr) -> bool {
        version(address) == self.version() && (self.first()..=self.last()).contains(&number(address))
    }

    /// Whether both have addresses in common.
    pub(super) fn overlaps(self, other: Self) -> bool {
        self.version() == other.version() && self.first() <= other.last() && other.first() <= self.last()
    }

    /// Whether it begins in the multicast range.
    pub(super) fn is_multicast(self) -> bool {
        self.network().given.is_multicast()
    }

    /// Whether it begins in the loopback range.
    pub(super) fn is_loopback(self) -> bool {
        self.network().given.is_loopback()
    }

    /// The range that ports may have: without network and broadcast address where there are such.
    // neutron/ipam/utils.py, generate_pools, and neutron/db/ipam_backend_mixin.py, validate_allocation_pools
    pub(super) fn usable(self) -> Range {
        let (first, last) = (self.first(), self.last());
        let (first, last) = match self.version() {
            _ if first == last => (first, last),
            4 if self.length > 30 => (first, last),
            4 => (first + 1, last - 1),
            _ => (first + 1, last),
        };
        Range { version: self.version(), first, last }
    }

    /// Whether a port may have this address here.
    // neutron/ipam/utils.py, check_subnet_ip
    pub(super) fn holds(self, address: IpAddr, owner: &str) -> bool {
        let routed = owner.is_empty() || owner.starts_with("network:router");
        let first = number(address) == self.first();
        if self.version() == 4 {
            let broadcast = self.length < 31 && number(address) == self.last();
            self.contains(address) && !(first && self.length < 31) && !broadcast
        } else {
            self.contains(address) && (routed || !first)
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.given, self.length)
    }
}

impl FromStr for Prefix {
    type Err = ();

    /// An address alone is a prefix of its full length.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (given, length) = match text.split_once('/') {
            Some((given, length)) => (given, Some(length)),
            None => (text, None),
        };
        let given: IpAddr = given.parse().map_err(|_| ())?;
        let widest = if given.is_ipv4() { 32 } else { 128 };
        let length = length.map_or(Ok(widest), str::parse).map_err(|_| ())?;
        if length > widest { Err(()) } else { Ok(Self { given, length }) }
    }
}

/// Addresses from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    /// 4 or 6.
    pub(super) version: u8,
    /// As a number.
    pub(super) first: u128,
    /// As a number.
    pub(super) last: u128,
}

impl Range {
    /// From two addresses of one version, in order.
    pub(super) fn between(start: IpAddr, end: IpAddr) -> Option<Self> {
        let range = Self { version: version(start), first: number(start), last: number(end) };
        (version(start) == version(end) && range.first <= range.last).then_some(range)
    }

    /// How many addresses it has; as many as fit if there are more.
    pub(super) fn size(self) -> u128 {
        (self.last - self.first).saturating_add(1)
    }

    /// Whether an address is within.
    pub(super) fn contains(self, address: IpAddr) -> bool {
        version(address) == self.version && (self.first..=self.last).contains(&number(address))
    }

    /// Whether both have addresses in common.
    pub(super) fn overlaps(self, other: Self) -> bool {
        self.version == other.version && self.first <= other.last && other.first <= self.last
    }

    /// What is left without one address.
    pub(super) fn without(self, address: Option<IpAddr>) -> Vec<Self> {
        let Some(address) = address.filter(|address| self.contains(*address)) else { return vec![self] };
        let number = number(address);
        let below = (number > self.first).then(|| Self { last: number - 1, ..self });
        let above = (number < self.last).then(|| Self { first: number + 1, ..self });
        below.into_iter().chain(above).collect()
    }

    /// Its first address.
    pub(super) fn start(self) -> IpAddr {
        address(self.version, self.first)
    }

    /// Its last address.
    pub(super) fn end(self) -> IpAddr {
        address(self.version, self.last)
    }
}

/// As netaddr shows a range.
impl fmt::Display for Range {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.start(), self.end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str) -> Prefix {
        text.parse().unwrap()
    }

    #[test]
    fn the_usable_range_leaves_out_network_and_broadcast_where_there_are_such() {
        for (text, usable) in [
            ("10.0.0.0/24", "10.0.0.1-10.0.0.254"),
            ("10.0.0.0/31", "10.0.0.0-10.0.0.1"),
            ("10.0.0.9/32", "10.0.0.9-10.0.0.9"),
            ("fd00::/64", "fd00::1-fd00::ffff:ffff:ffff:ffff"),
        ] {
            assert_eq!(prefix(text).usable().to_string(), usable);
        }
    }

    #[test]
    fn a_range_without_its_gateway_is_what_is_below_and_above() {
        let range = prefix("10.0.0.0/29").usable();
        let left = |gateway: &str| {
            range.without(gateway.parse().ok()).iter().map(Range::to_string).collect::<Vec<_>>()
        };
        assert_eq!(left("10.0.0.1"), ["10.0.0.2-10.0.0.6"]);
        assert_eq!(left("10.0.0.3"), ["10.0.0.1-10.0.0.2", "10.0.0.4-10.0.0.6"]);
        assert_eq!(left("10.0.0.6"), ["10.0.0.1-10.0.0.5"]);
        assert_eq!(left("10.9.9.9"), ["10.0.0.1-10.0.0.6"]);
    }

    #[test]
    fn a_port_may_not_have_the_network_or_the_broadcast_address() {
        let holds = |cidr: &str, address: &str| prefix(cidr).holds(address.parse().unwrap(), "compute:nova");
        assert!(holds("10.0.0.0/24", "10.0.0.7"));
        assert!(!holds("10.0.0.0/24", "10.0.0.0"));
        assert!(!holds("10.0.0.0/24", "10.0.0.255"));
        assert!(!holds("10.0.0.0/24", "10.0.1.1"));
        assert!(!holds("10.0.0.0/24", "fd00::1"));
        assert!(!holds("fd00::/64", "fd00::"));
    }

    #[test]
    fn what_is_no_prefix_is_refused() {
        for text in ["", "10.0.0.0/33", "10.0.0/24", "x/24", "10.0.0.0/", "fd00::/129"] {
            assert!(text.parse::<Prefix>().is_err(), "{text}");
        }
        assert_eq!(prefix("10.0.0.7/24").network().to_string(), "10.0.0.0/24");
    }
}
