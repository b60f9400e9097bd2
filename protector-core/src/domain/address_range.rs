//! Ranges of addresses, as subnets have them. Pure.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A range of addresses in CIDR notation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    first: u128,
    length: u32,
    four: bool,
}

impl AddressRange {
    /// Reads `10.1.0.0/24` or `fd00::/64`; an address alone is a range of one.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address.parse().ok()?, Some(length.parse().ok()?)),
            None => (text.parse::<IpAddr>().ok()?, None),
        };
        let four = address.is_ipv4();
        let bits = if four { 32 } else { 128 };
        let length: u32 = length.unwrap_or(bits);
        let hosts = bits.checked_sub(length)?;
        Some(Self { first: number(address) & !host_mask(hosts), length, four })
    }

    /// Whether an address is in it.
    pub fn contains(self, address: IpAddr) -> bool {
        address.is_ipv4() == self.four && (self.first..=self.last()).contains(&number(address))
    }

    /// Whether Neutron gives an address of it to a port.
    // neutron/ipam/utils.py (check_subnet_ip), 2026.2
    pub fn has_room_for(self, address: IpAddr) -> bool {
        let number = number(address);
        let end = self.four && (number == self.first || number == self.last());
        self.contains(address) && !end
    }

    /// What is in another range of the same size where an address is in this one.
    pub fn translate(self, address: IpAddr, to: Self) -> Option<IpAddr> {
        if !self.contains(address) || (self.four, self.length) != (to.four, to.length) {
            return None;
        }
        to.address(to.first | (number(address) & self.host_mask()))
    }

    /// The first and the last address that are given to ports by themselves: neither end of the range.
    pub fn inner(self) -> Option<(u128, u128)> {
        let (first, last) = (self.first.checked_add(1)?, self.last().checked_sub(1)?);
        (first <= last).then_some((first, last))
    }

    /// The address of a number.
    pub fn address(self, number: u128) -> Option<IpAddr> {
        Some(if self.four {
            Ipv4Addr::from_bits(u32::try_from(number).ok()?).into()
        } else {
            Ipv6Addr::from_bits(number).into()
        })
    }

    fn host_mask(self) -> u128 {
        host_mask(if self.four { 32 } else { 128 } - self.length)
    }

    fn last(self) -> u128 {
        self.first | self.host_mask()
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address(self.first) {
            Some(first) => write!(formatter, "{first}/{}", self.length),
            None => write!(formatter, "{}/{}", self.first, self.length),
        }
    }
}

/// The number of an address.
pub(crate) fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn host_mask(hosts: u32) -> u128 {
    1_u128.checked_shl(hosts).map_or(u128::MAX, |size| size - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn range(text: &str) -> AddressRange {
        AddressRange::parse(text).unwrap()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_range_is_read_with_its_address_and_its_length() {
        for (text, told) in [
            ("10.1.0.0/24", "10.1.0.0/24"),
            ("10.1.0.7/24", "10.1.0.0/24"),
            ("10.1.0.7", "10.1.0.7/32"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("FD00:0::/64", "fd00::/64"),
            ("::/0", "::/0"),
        ] {
            assert_eq!(range(text).to_string(), told, "{text}");
        }
        for text in ["", "10.1.0.0/33", "10.1.0/24", "fd00::/129", "10.1.0.0/x", "10.1.0.0/-1"] {
            assert_eq!(AddressRange::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_ends_of_a_range_are_given_to_no_port_where_they_are_no_hosts() {
        for (cidr, given, not_given) in [
            (
                "10.1.0.0/24",
                &["10.1.0.1", "10.1.0.254"] as &[&str],
                &["10.1.0.0", "10.1.0.255", "10.2.0.1"] as &[&str],
            ),
            ("fd00::/64", &["fd00::", "fd00::1", "fd00::ffff:ffff:ffff:ffff"], &["fd01::1", "10.1.0.1"]),
        ] {
            for text in given {
                assert!(range(cidr).has_room_for(address(text)), "{text} in {cidr}");
            }
            for text in not_given {
                assert!(!range(cidr).has_room_for(address(text)), "{text} in {cidr}");
            }
        }
    }

    #[test]
    fn an_address_keeps_its_place_in_a_range_of_the_same_size() {
        let translated = |from: &str, text: &str, to: &str| {
            range(from).translate(address(text), range(to)).map(|address| address.to_string())
        };
        assert_eq!(translated("10.1.0.0/24", "10.1.0.7", "10.2.0.0/24").as_deref(), Some("10.2.0.7"));
        assert_eq!(translated("10.1.0.0/22", "10.1.3.7", "172.16.4.0/22").as_deref(), Some("172.16.7.7"));
        assert_eq!(translated("fd00::/64", "fd00::a:7", "fd01:2::/64").as_deref(), Some("fd01:2::a:7"));
        assert_eq!(translated("10.1.0.0/24", "10.1.1.7", "10.2.0.0/24"), None, "not of the range");
        assert_eq!(translated("10.1.0.0/24", "10.1.0.7", "10.2.0.0/23"), None, "of another size");
        assert_eq!(translated("10.1.0.0/24", "10.1.0.7", "fd00::/24"), None, "of another kind");
    }

    proptest! {
        #[test]
        fn what_is_translated_there_comes_back(from: u128, to: u128, host: u128, length in 0_u32..=128, four: bool) {
            let of = |bits: u128| -> IpAddr {
                if four {
                    Ipv4Addr::from_bits((bits & u128::from(u32::MAX)) as u32).into()
                } else {
                    Ipv6Addr::from_bits(bits).into()
                }
            };
            let length = if four { length % 33 } else { length };
            let (from, to) = (range(&format!("{}/{length}", of(from))), range(&format!("{}/{length}", of(to))));
            let original = from.address(from.first | (host & from.host_mask())).unwrap();
            let there = from.translate(original, to).unwrap();
            prop_assert!(to.contains(there));
            prop_assert_eq!(to.translate(there, from), Some(original));
        }
    }
}
