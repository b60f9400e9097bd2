//! Where the fixed addresses of a port go: which subnet stands for theirs at the other site, and what they are in it. Pure.

use super::{AddressRange, FindingCode, FixedAddress};
use crate::config::{AddressRule, Mappings};
use crate::id::SiteName;
use std::net::IpAddr;

/// A subnet, as far as addresses are placed in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSubnet {
    /// Its id.
    pub id: String,
    /// Its name; may be empty.
    pub name: String,
    /// Its range.
    pub cidr: String,
}

/// A fixed address where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedAddress<'s> {
    /// The subnet.
    pub subnet: &'s KnownSubnet,
    /// Whether a mapping names the subnet; otherwise its range is the same, or its name.
    pub explicit: bool,
    /// The address in it.
    pub address: String,
}

/// Why an address has no place: what kind of finding it is, what was found, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoPlace {
    /// What kind.
    pub code: FindingCode,
    /// What was found of the network.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

/// From one site to the other.
#[derive(Debug, Clone, Copy)]
pub struct Direction<'a> {
    /// What the subnets are called on each site.
    pub mappings: &'a Mappings,
    /// Where the addresses are.
    pub from: &'a SiteName,
    /// Where they go.
    pub to: &'a SiteName,
}

/// What stands for a subnet.
struct Counterpart<'a, 's> {
    subnet: &'s KnownSubnet,
    rule: &'a AddressRule,
    explicit: bool,
}

impl FixedAddress {
    /// The words by which a mapping may mean its subnet.
    pub fn known_as(&self) -> Vec<&str> {
        let id = self.subnet_id.as_deref();
        id.into_iter().chain([self.subnet.as_str()]).filter(|word| !word.is_empty()).collect()
    }

    /// What its subnet is called, or its range where it has no name.
    pub fn subnet_label(&self) -> &str {
        if self.subnet.is_empty() { &self.cidr } else { &self.subnet }
    }
}

impl KnownSubnet {
    /// What it is called, or its range where it has no name.
    pub fn label(&self) -> &str {
        if self.name.is_empty() { &self.cidr } else { &self.name }
    }

    /// Whether a mapping means it by this word.
    pub fn is(&self, word: &str) -> bool {
        self.id == word || self.name == word
    }
}

impl<'a> Direction<'a> {
    /// Places an address in one of the subnets of the network that stands for its own: in the subnet that a mapping names, else
    /// in the one of the same range, else in the one of the same name.
    ///
    /// # Errors
    /// There is no such subnet, several could be meant, or the address has no place in it.
    pub fn place<'s>(
        self,
        fixed: &FixedAddress,
        subnets: &'s [KnownSubnet],
    ) -> Result<PlacedAddress<'s>, NoPlace> {
        let Counterpart { subnet, rule, explicit } = self.counterpart(fixed, subnets)?;
        let address = self.address(fixed, subnet, rule)?;
        Ok(PlacedAddress { subnet, explicit, address })
    }

    fn counterpart<'s>(
        self,
        fixed: &FixedAddress,
        subnets: &'s [KnownSubnet],
    ) -> Result<Counterpart<'a, 's>, NoPlace> {
        let unmapped = |message: String, remedy: String| {
            Err(NoPlace { code: FindingCode::SubnetUnmapped, message, remedy })
        };
        let label = fixed.subnet_label();
        if let Some((name, rule)) = self.mappings.subnet(self.from, &fixed.known_as(), self.to) {
            let mut named = subnets.iter().filter(|subnet| subnet.is(name));
            return match (named.next(), named.next()) {
                (Some(subnet), None) => Ok(Counterpart { subnet, rule, explicit: true }),
                (Some(_), Some(_)) => unmapped(
                    format!("it has several subnets named {name}"),
                    "name the one that is meant by its id in protector.yaml (mappings.subnets)".to_owned(),
                ),
                (None, _) => unmapped(
                    format!("it has no subnet {name} (for {label} at {})", self.from),
                    "make it in this network, or map another in protector.yaml (mappings.subnets)".to_owned(),
                ),
            };
        }
        let same_kind = |subnet: &&KnownSubnet| subnet.cidr.contains(':') == fixed.cidr.contains(':');
        let same_range = subnets.iter().find(|subnet| subnet.cidr == fixed.cidr);
        let mut same_name = subnets
            .iter()
            .filter(|subnet| !fixed.subnet.is_empty() && subnet.name == fixed.subnet)
            .filter(same_kind);
        let found = same_range.or_else(|| match (same_name.next(), same_name.next()) {
            (Some(one), None) => Some(one),
            _ => None,
        });
        match found {
            Some(subnet) => Ok(Counterpart { subnet, rule: &AddressRule::Keep, explicit: false }),
            None => unmapped(
                format!("it has no subnet {} for the address {}", fixed.cidr, fixed.address),
                format!(
                    "make one of this range in it, or map one in protector.yaml (mappings.subnets: {})",
                    self.example(fixed)
                ),
            ),
        }
    }

    fn example(self, fixed: &FixedAddress) -> String {
        format!("[{{{}: {}, {}: …, addresses: translate}}]", self.from, fixed.subnet_label(), self.to)
    }

    fn address(
        self,
        fixed: &FixedAddress,
        subnet: &KnownSubnet,
        rule: &AddressRule,
    ) -> Result<String, NoPlace> {
        let unplaced = |message: String, remedy: &str| {
            Err(NoPlace { code: FindingCode::AddressUnplaced, message, remedy: remedy.to_owned() })
        };
        // What its own range has is in the same range there.
        if *rule == AddressRule::Keep && subnet.cidr == fixed.cidr {
            return Ok(fixed.address.clone());
        }
        let (label, address) = (subnet.label(), &fixed.address);
        let (Ok(before), Some(range)) = (address.parse::<IpAddr>(), AddressRange::parse(&subnet.cidr)) else {
            return unplaced(
                format!("{address}, or the range {} of {label}, cannot be read", subnet.cidr),
                "see what Neutron tells of that port and subnet",
            );
        };
        let after = match rule {
            AddressRule::Keep => Some(before),
            AddressRule::Translate => {
                let own = AddressRange::parse(&fixed.cidr);
                let Some(after) = own.and_then(|own| own.translate(before, range)) else {
                    return unplaced(
                        format!(
                            "{address} of {} has no counterpart in {label} ({range}), which is of another size",
                            fixed.cidr
                        ),
                        "map a subnet of the same size, or give the mapping a table of addresses (mappings.subnets)",
                    );
                };
                Some(after)
            }
            AddressRule::Table(_) => rule.listed(self.from, before, self.to),
        };
        let Some(after) = after else {
            return unplaced(
                format!("{address} is not in the table of addresses for {label}"),
                "add it to the table in protector.yaml (mappings.subnets)",
            );
        };
        if !range.has_room_for(after) {
            return unplaced(
                format!("{after} is no address for a port in {label} ({range})"),
                "let the addresses be translated, or give them a table, in protector.yaml (mappings.subnets)",
            );
        }
        Ok(after.to_string())
    }

    /// What an address, or a range, is that a port may use besides its own: where one of its own addresses comes to another
    /// subnet, what is of the same subnet comes along.
    pub fn companion(self, allowed: &str, fixed: &FixedAddress, subnet: &KnownSubnet) -> Option<String> {
        let (_, rule) = self.mappings.subnet(self.from, &fixed.known_as(), self.to)?;
        let (address, length) = match allowed.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (allowed, None),
        };
        let before: IpAddr = address.parse().ok()?;
        let after = match rule {
            AddressRule::Keep => None,
            AddressRule::Translate => {
                AddressRange::parse(&fixed.cidr)?.translate(before, AddressRange::parse(&subnet.cidr)?)
            }
            AddressRule::Table(_) => rule.listed(self.from, before, self.to),
        };
        Some(match (after?, length) {
            (after, Some(length)) => format!("{after}/{length}"),
            (after, None) => after.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{AddressPair, MappingKind};

    fn fixed(address: &str) -> FixedAddress {
        let cidr = if address.contains(':') { "fd00:1::/64" } else { "10.1.0.0/24" };
        FixedAddress {
            subnet: "app".to_owned(),
            subnet_id: Some("id-app".to_owned()),
            cidr: cidr.to_owned(),
            address: address.to_owned(),
        }
    }

    fn subnet(id: &str, name: &str, cidr: &str) -> KnownSubnet {
        KnownSubnet { id: id.to_owned(), name: name.to_owned(), cidr: cidr.to_owned() }
    }

    fn mapped(a: &str, b: &str, rule: AddressRule) -> Mappings {
        let mut mappings = Mappings::default();
        let pair = [("a".into(), a.to_owned()), ("b".into(), b.to_owned())].into();
        mappings.insert_subnet(pair, rule).unwrap();
        mappings
    }

    fn placed(mappings: &Mappings, address: &str, subnets: &[KnownSubnet]) -> Result<String, String> {
        let (from, to) = (SiteName::from("a"), SiteName::from("b"));
        let direction = Direction { mappings, from: &from, to: &to };
        match direction.place(&fixed(address), subnets) {
            Ok(placed) => Ok(format!("{} {}", placed.subnet.id, placed.address)),
            Err(none) => Err(format!("{}: {}", none.code.as_str(), none.message)),
        }
    }

    fn table(pairs: &[(&str, &str)]) -> AddressRule {
        let pair = |(a, b): &(&str, &str)| -> AddressPair {
            [("a".into(), a.parse().unwrap()), ("b".into(), b.parse().unwrap())].into()
        };
        AddressRule::Table(pairs.iter().map(pair).collect())
    }

    #[test]
    fn without_a_mapping_the_same_range_comes_before_the_same_name() {
        let none = Mappings::default();
        let (range, name) = (subnet("s1", "other", "10.1.0.0/24"), subnet("s2", "app", "10.1.0.0/16"));
        assert_eq!(placed(&none, "10.1.0.7", &[name.clone(), range]).unwrap(), "s1 10.1.0.7");
        assert_eq!(placed(&none, "10.1.0.7", std::slice::from_ref(&name)).unwrap(), "s2 10.1.0.7");
        let elsewhere = subnet("s2", "app", "10.2.0.0/24");
        let said = placed(&none, "10.1.0.7", &[elsewhere]).unwrap_err();
        assert_eq!(said, "address-unplaced: 10.1.0.7 is no address for a port in app (10.2.0.0/24)");
        let six = subnet("s6", "app", "fd00:1::/64");
        let said = placed(&none, "10.1.0.7", std::slice::from_ref(&six)).unwrap_err();
        assert_eq!(said, "subnet-unmapped: it has no subnet 10.1.0.0/24 for the address 10.1.0.7");
        assert_eq!(placed(&none, "fd00:1::7", &[name.clone(), six]).unwrap(), "s6 fd00:1::7");
        assert_eq!(placed(&none, "10.1.0.7", &[name.clone(), name]).unwrap_err(), said, "two are none");
    }

    #[test]
    fn what_is_missing_is_told_with_the_line_that_would_map_it() {
        let (from, to) = (SiteName::from("a"), SiteName::from("b"));
        let direction = Direction { mappings: &Mappings::default(), from: &from, to: &to };
        let remedy = direction.place(&fixed("10.1.0.7"), &[]).unwrap_err().remedy;
        assert!(remedy.ends_with("(mappings.subnets: [{a: app, b: …, addresses: translate}])"), "{remedy}");
    }

    #[test]
    fn a_mapping_names_the_subnet_by_name_or_id() {
        let subnets = [
            subnet("s1", "dr", "10.2.0.0/24"),
            subnet("s2", "dr", "10.3.0.0/24"),
            subnet("s3", "x", "10.1.0.0/24"),
        ];
        for from in ["app", "id-app"] {
            let by_id = mapped(from, "s2", AddressRule::Translate);
            assert_eq!(placed(&by_id, "10.1.0.7", &subnets).unwrap(), "s2 10.3.0.7", "{from}");
        }
        let by_name = mapped("app", "dr", AddressRule::Translate);
        let said = placed(&by_name, "10.1.0.7", &subnets).unwrap_err();
        assert_eq!(said, "subnet-unmapped: it has several subnets named dr");
        assert_eq!(placed(&by_name, "10.1.0.7", &subnets[..1]).unwrap(), "s1 10.2.0.7");
        // The mapping counts, though there is one of the same range.
        let said = placed(&by_name, "10.1.0.7", &subnets[2..]).unwrap_err();
        assert_eq!(said, "subnet-unmapped: it has no subnet dr (for app at a)");
    }

    #[test]
    fn addresses_are_kept_translated_or_looked_up() {
        let four = subnet("s4", "dr", "10.2.0.0/24");
        let six = subnet("s6", "dr", "fd00:2::/64");
        let place = |rule: AddressRule, address: &str, there: &KnownSubnet| {
            placed(&mapped("app", "dr", rule), address, std::slice::from_ref(there))
        };
        assert_eq!(place(AddressRule::Translate, "10.1.0.7", &four).unwrap(), "s4 10.2.0.7");
        assert_eq!(place(AddressRule::Translate, "fd00:1::a:7", &six).unwrap(), "s6 fd00:2::a:7");
        let rule = table(&[("10.1.0.7", "10.2.0.99"), ("fd00:1::7", "fd00:2::99"), ("10.1.0.8", "10.9.0.8")]);
        assert_eq!(place(rule.clone(), "10.1.0.7", &four).unwrap(), "s4 10.2.0.99");
        assert_eq!(place(rule.clone(), "fd00:1::7", &six).unwrap(), "s6 fd00:2::99");
        for (rule, address, there, said) in [
            (
                rule.clone(),
                "10.1.0.9",
                &four,
                "address-unplaced: 10.1.0.9 is not in the table of addresses for dr",
            ),
            (
                rule,
                "10.1.0.8",
                &four,
                "address-unplaced: 10.9.0.8 is no address for a port in dr (10.2.0.0/24)",
            ),
            (
                AddressRule::Keep,
                "10.1.0.7",
                &four,
                "address-unplaced: 10.1.0.7 is no address for a port in dr (10.2.0.0/24)",
            ),
            (
                AddressRule::Translate,
                "10.1.0.7",
                &subnet("s", "dr", "10.2.0.0/23"),
                "address-unplaced: 10.1.0.7 of 10.1.0.0/24 has no counterpart in dr (10.2.0.0/23), which is of another size",
            ),
            (
                AddressRule::Translate,
                "10.1.0.7",
                &six,
                "address-unplaced: 10.1.0.7 of 10.1.0.0/24 has no counterpart in dr (fd00:2::/64), which is of another size",
            ),
        ] {
            assert_eq!(place(rule, address, there).unwrap_err(), said);
        }
    }

    #[test]
    fn what_a_port_may_use_besides_comes_along_where_it_is_of_the_same_subnet() {
        let (from, to) = (SiteName::from("a"), SiteName::from("b"));
        let there = subnet("s4", "dr", "10.2.0.0/24");
        let companion = |rule: AddressRule, allowed: &str| {
            let mappings = mapped("app", "dr", rule);
            Direction { mappings: &mappings, from: &from, to: &to }.companion(
                allowed,
                &fixed("10.1.0.7"),
                &there,
            )
        };
        assert_eq!(companion(AddressRule::Translate, "10.1.0.100").as_deref(), Some("10.2.0.100"));
        assert_eq!(companion(AddressRule::Translate, "10.1.0.128/25").as_deref(), Some("10.2.0.128/25"));
        assert_eq!(companion(AddressRule::Translate, "192.0.2.1"), None);
        assert_eq!(companion(AddressRule::Translate, "0.0.0.0/0"), None);
        assert_eq!(companion(AddressRule::Keep, "10.1.0.100"), None);
        let rule = table(&[("10.1.0.100", "10.2.0.1")]);
        assert_eq!(companion(rule.clone(), "10.1.0.100").as_deref(), Some("10.2.0.1"));
        assert_eq!(companion(rule, "10.1.0.101"), None);
        let mappings = Mappings::default();
        let direction = Direction { mappings: &mappings, from: &from, to: &to };
        assert_eq!(direction.companion("10.1.0.100", &fixed("10.1.0.7"), &there), None);
        let mut other = Mappings::default();
        let pair = [("a".into(), "app".to_owned()), ("b".into(), "x".to_owned())].into();
        other.insert(MappingKind::Network, pair).unwrap();
        let direction = Direction { mappings: &other, from: &from, to: &to };
        assert_eq!(direction.companion("10.1.0.100", &fixed("10.1.0.7"), &there), None);
    }
}
