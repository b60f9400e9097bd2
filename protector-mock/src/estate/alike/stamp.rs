use super::super::EstateError;
use super::pattern::{Own, Part, Pattern, uuid_of};
use crate::arrays::{Refused, connections, groups, systems, volumes};
use crate::block_storage::quotas;
use crate::cloud::{Fault, Site};
use crate::compute::alike;
use crate::network::ports::{self, allocation::FreeAddresses};
use crate::world::{Row, Transaction};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::vec::IntoIter;

/// Makes servers after patterns: one for each host, the host with the fewest servers first, as the scheduler chooses.
#[derive(Debug)]
pub(super) struct Stamp<'s> {
    site: &'s Site,
    patterns: &'s BTreeMap<String, Pattern>,
    loads: BTreeSet<(usize, String)>,
    addresses: BTreeMap<String, FreeAddresses>,
    luns: BTreeMap<String, IntoIter<u32>>,
    macs: HashSet<String>,
    /// By the id of a pattern's volume on the array: the ids of the groups that it is in.
    groups: BTreeMap<String, Vec<String>>,
    /// By the id of a group: the volumes that it gets.
    joining: BTreeMap<String, Vec<String>>,
}

/// What is one server's own.
struct Values {
    name: String,
    hostname: String,
    number: String,
    reservation: String,
    request: String,
    drawn: Vec<uuid::Uuid>,
    macs: Vec<String>,
    addresses: Vec<Vec<String>>,
    serials: Vec<String>,
    luns: Vec<u32>,
}

impl<'s> Stamp<'s> {
    pub(super) fn new(
        site: &'s Site,
        patterns: &'s BTreeMap<String, Pattern>,
        count: u64,
    ) -> Result<Self, EstateError> {
        let array = site.array.as_str();
        let stamp = site.world.transact(|transaction| {
            let loads = alike::loads(transaction, &site.name)?.into_iter().collect();
            let mut stamp = Self {
                site,
                patterns,
                loads,
                addresses: BTreeMap::new(),
                luns: BTreeMap::new(),
                macs: HashSet::new(),
                groups: BTreeMap::new(),
                joining: BTreeMap::new(),
            };
            let mut room = 0;
            for pattern in patterns.values() {
                for subnet in pattern.ports.iter().flat_map(|(_, subnets)| subnets) {
                    if let Some(free) = FreeAddresses::of(transaction, &site.name, subnet)? {
                        stamp.addresses.insert(subnet.clone(), free);
                    }
                }
                if let Some(host) = &pattern.array_host {
                    let free: Vec<u32> = connections::free_luns(transaction, array, host)?.collect();
                    room += free.len() / pattern.array_volumes.len().max(1);
                    stamp.luns.insert(host.clone(), free.into_iter());
                }
                for volume in &pattern.array_volumes {
                    let ids = groups::ids_of_volume(transaction, array, volume)?;
                    stamp.groups.insert(volume.clone(), ids);
                }
            }
            if !stamp.luns.is_empty() && (room as u64) < count {
                let what = "Connection limit reached. An estate with more compute_hosts has more room.";
                return Err(stamp.told(what));
            }
            if let Some(pattern) = patterns.values().next() {
                let volumes = count.saturating_mul(pattern.volumes.len() as u64);
                volumes::check_room(transaction, array, volumes).map_err(|refused| stamp.refused(refused))?;
                for volume in &pattern.volumes {
                    quotas::reserve_alike(transaction, &site.name, volume, count)
                        .map_err(|fault| stamp.denied(fault))?;
                }
            }
            Ok::<_, EstateError>(stamp)
        })?;
        Ok(stamp)
    }

    fn told(&self, what: impl Into<String>) -> EstateError {
        EstateError::Refused { site: self.site.name.clone(), what: what.into() }
    }

    fn refused(&self, refused: Refused) -> EstateError {
        match refused {
            Refused::World(error) => error.into(),
            refused @ Refused::Sentence { .. } => self.told(refused.to_string()),
        }
    }

    fn denied(&self, fault: Fault) -> EstateError {
        match fault.source {
            Some(error) => error.into(),
            None => self.told(fault.message),
        }
    }

    /// Makes servers with these names.
    pub(super) fn make(&mut self, names: &[String]) -> Result<(), EstateError> {
        let world = std::sync::Arc::clone(&self.site.world);
        world.transact(|transaction| {
            let mut rows = Vec::new();
            for name in names {
                let pattern = self.next_host()?;
                let values = self.values(transaction, pattern, name)?;
                let moulds = pattern.moulds.iter().filter(|mould| mould.kind == "array.volume");
                for (mould, volume) in moulds.zip(&pattern.array_volumes) {
                    for group in self.groups.get(volume).into_iter().flatten() {
                        self.joining.entry(group.clone()).or_default().push(values.put(&mould.id));
                    }
                }
                rows.extend(pattern.moulds.iter().map(|mould| Row {
                    kind: mould.kind.clone(),
                    scope: mould.scope.clone(),
                    id: values.put(&mould.id),
                    document: values.put(&mould.document),
                    keys: mould.keys.iter().map(|(name, value)| (name.clone(), values.put(value))).collect(),
                }));
            }
            Ok(transaction.add_rows(rows)?)
        })
    }

    fn next_host(&mut self) -> Result<&'s Pattern, EstateError> {
        let next = self.loads.pop_first().and_then(|(load, host)| {
            let pattern = self.patterns.get(&host)?;
            self.loads.insert((load + 1, host));
            Some(pattern)
        });
        next.ok_or_else(|| self.told("there is no host for a server"))
    }

    fn values(
        &mut self,
        transaction: &mut Transaction<'_>,
        pattern: &Pattern,
        name: &str,
    ) -> Result<Values, EstateError> {
        let scope = self.site.name.clone();
        let mut drawn = Vec::with_capacity(pattern.draws);
        for _ in 0..pattern.draws {
            drawn.push(uuid_of(&transaction.draw()?));
        }
        let (mut macs, mut addresses) = (Vec::new(), Vec::new());
        for (network, subnets) in &pattern.ports {
            let mac = loop {
                let mac = ports::new_mac(transaction, &scope, network)?;
                // Those of this call are not in the world yet.
                if self.macs.insert(format!("{network}/{mac}")) {
                    break mac;
                }
            };
            macs.push(mac);
            let mut of_port = Vec::new();
            for subnet in subnets {
                let free = self.addresses.get_mut(subnet).map(|free| free.next(transaction, &scope));
                let Some(address) = free.transpose()?.flatten() else {
                    let what = format!("No more IP addresses available on network {network}.");
                    return Err(self.told(what));
                };
                of_port.push(address.to_string());
            }
            addresses.push(of_port);
        }
        let serials = systems::new_serials(transaction, &self.site.array, pattern.volumes.len())
            .map_err(|refused| self.refused(refused))?;
        let luns = match &pattern.array_host {
            None => Vec::new(),
            Some(host) => {
                let free = self.luns.get_mut(host);
                let luns: Vec<u32> = free.into_iter().flatten().take(pattern.volumes.len()).collect();
                if luns.len() < pattern.volumes.len() {
                    return Err(self.told(format!("Connection limit reached at {}.", pattern.host)));
                }
                luns
            }
        };
        let json = Value::from(name).to_string();
        Ok(Values {
            name: json.get(1..json.len() - 1).unwrap_or_default().to_owned(),
            hostname: alike::hostname(name),
            number: alike::number(transaction, &scope)?.to_string(),
            reservation: alike::reservation(&transaction.draw()?),
            request: format!("req-{}", transaction.new_uuid()?),
            drawn,
            macs,
            addresses,
            serials,
            luns,
        })
    }

    /// Keeps what later requests go on from.
    pub(super) fn end(self) -> Result<(), EstateError> {
        let Self { site, addresses, joining, .. } = self;
        site.world.transact(|transaction| {
            for (group, volumes) in joining {
                groups::add_members(transaction, &site.array, &group, volumes)?;
            }
            addresses.into_values().try_for_each(|free| Ok(free.end(transaction, &site.name)?))
        })
    }
}

impl Values {
    fn put(&self, parts: &[Part]) -> String {
        let mut text = String::with_capacity(64 * parts.len());
        for part in parts {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Own(own) => self.own(own, &mut text),
            }
        }
        text
    }

    fn own(&self, own: &Own, text: &mut String) {
        let missing = String::new();
        let of = |list: &[String], index: usize| list.get(index).cloned().unwrap_or_default();
        let mut buffer = uuid::Uuid::encode_buffer();
        match own {
            Own::Name => text.push_str(&self.name),
            Own::Hostname => text.push_str(&self.hostname),
            Own::Number => text.push_str(&self.number),
            Own::Reservation => text.push_str(&self.reservation),
            Own::Request => text.push_str(&self.request),
            Own::Uuid(index) => {
                let drawn = self.drawn.get(*index).copied().unwrap_or_default();
                text.push_str(drawn.hyphenated().encode_lower(&mut buffer));
            }
            Own::Plain(index) => {
                let drawn = self.drawn.get(*index).copied().unwrap_or_default();
                text.push_str(drawn.simple().encode_lower(&mut buffer));
            }
            Own::Mac(port) => text.push_str(self.macs.get(*port).unwrap_or(&missing)),
            Own::Address(port, index) => {
                text.push_str(
                    &self.addresses.get(*port).map(|of_port| of(of_port, *index)).unwrap_or_default(),
                );
            }
            Own::Serial(volume) => text.push_str(&of(&self.serials, *volume)),
            Own::Lowercase(volume) => text.push_str(&of(&self.serials, *volume).to_lowercase()),
            Own::Lun(volume) => {
                text.push_str(&self.luns.get(*volume).map(ToString::to_string).unwrap_or_default());
            }
        }
    }
}
