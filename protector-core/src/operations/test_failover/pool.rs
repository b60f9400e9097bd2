//! Where Neutron may choose addresses in a test's subnet: beside those that the VMs have.

use crate::domain::{AddressRange, number};
use crate::openstack::network::AllocationPool;
use std::net::IpAddr;

/// The largest range of a subnet that has none of the `used` addresses: what Neutron takes for itself, for DHCP for one,
/// it takes from there. `None` if nothing is free, or it is no range of addresses.
pub(super) fn largest_gap(cidr: &str, used: &[String]) -> Option<AllocationPool> {
    let range = AddressRange::parse(cidr).filter(|_| cidr.contains('/'))?;
    // The first and the last address of a range are not given to ports.
    let (first, last) = range.inner()?;
    let taken = used.iter().filter_map(|address| address.parse::<IpAddr>().ok());
    let mut taken: Vec<u128> = taken
        .filter(|address| range.contains(*address))
        .map(number)
        .filter(|number| (first..=last).contains(number))
        .collect();
    taken.sort_unstable();
    let mut best: Option<(u128, u128)> = None;
    let mut begin = first;
    for end in taken.into_iter().chain([last + 1]) {
        let longest = best.map_or(0, |(from, to)| to - from + 1);
        if end > begin && end - begin > longest {
            best = Some((begin, end - 1));
        }
        begin = end.saturating_add(1);
    }
    let (from, to) = best?;
    Some(AllocationPool { start: range.address(from)?, end: range.address(to)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(cidr: &str, used: &[&str]) -> Option<String> {
        let used: Vec<String> = used.iter().map(|address| (*address).to_owned()).collect();
        largest_gap(cidr, &used).map(|pool| format!("{} to {}", pool.start, pool.end))
    }

    #[test]
    fn the_pool_is_the_largest_range_beside_the_addresses_of_the_vms() {
        for (cidr, used, expected) in [
            ("10.0.0.0/24", &[] as &[&str], "10.0.0.1 to 10.0.0.254"),
            ("10.0.0.0/24", &["10.0.0.11", "10.0.0.12"], "10.0.0.13 to 10.0.0.254"),
            ("10.0.0.0/24", &["10.0.0.250", "10.0.0.200"], "10.0.0.1 to 10.0.0.199"),
            ("10.0.0.8/29", &["10.0.0.9", "10.0.0.14", "192.0.2.1"], "10.0.0.10 to 10.0.0.13"),
            ("fd00::/64", &["fd00::5"], "fd00::6 to fd00::ffff:ffff:ffff:fffe"),
        ] {
            assert_eq!(gap(cidr, used).as_deref(), Some(expected), "{cidr} {used:?}");
        }
    }

    #[test]
    fn a_range_without_a_free_address_has_no_pool() {
        assert_eq!(gap("10.0.0.0/30", &["10.0.0.1", "10.0.0.2"]), None);
        for cidr in ["10.0.0.1/32", "10.0.0.0/31", "10.0.0.0/33", "10.0.0.0", "::1/128", "x/24"] {
            assert_eq!(gap(cidr, &[]), None, "{cidr}");
        }
        let all = gap("::/0", &[]).unwrap();
        assert!(all.starts_with("::1 to ffff:"), "{all}");
    }
}
