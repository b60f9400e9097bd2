//! What of a VM is otherwise at the other site than where it runs, and the steps that bring it over: names, descriptions,
//! metadata, tags, security groups. Where nothing has changed there is no step.
//!
//! What is mapped is the same if either direction of the mappings has it so: where two names stand for one, because one of them
//! is in a pair and the other is called so, the way home must not choose between them anew.

use super::placement::{Placement, dhcp_options};
use super::twins::volume_label;
use crate::domain::{PortDefinition, ServerDefinition, VolumeDefinition, naming};
use crate::engine::StepBuilder;
use crate::inventory::{own_metadata, without_markers};
use crate::openstack::block_storage::{Volume, VolumeUpdate};
use crate::openstack::compute::{Server, ServerUpdate};
use crate::openstack::network::{AddressPair, ExtraDhcpOption, Port, PortUpdate};
use crate::steps::cinder::UpdateTwinInput;
use crate::steps::neutron::UpdatePortInput;
use crate::steps::nova::UpdateServerInput;
use std::collections::{BTreeMap, BTreeSet};

/// What has changed, by name.
#[derive(Default)]
struct Changed(Vec<&'static str>);

impl Changed {
    /// Notes what has changed, and gives what it is to be.
    fn note<T: PartialEq>(&mut self, what: &'static str, wanted: T, is: &T) -> Option<T> {
        if wanted == *is {
            return None;
        }
        self.0.push(what);
        Some(wanted)
    }

    fn title(&self, of: &str) -> String {
        format!("bring what has changed of {of} over: {}", self.0.join(", "))
    }
}

/// Why a server at the other site is locked, and stays so.
pub(super) fn lock_of(there: &Server) -> Option<String> {
    there.locked.then(|| there.locked_reason.clone()).flatten()
}

/// Brings over what has changed of a server, which stays `locked_with` a reason, if with any.
pub(super) fn update_server(
    placement: &Placement<'_>,
    name: &str,
    definition: &ServerDefinition,
    (there, ports): (&Server, &[(&PortDefinition, &Port)]),
    locked_with: Option<String>,
) -> Option<StepBuilder> {
    let mut changed = Changed::default();
    let access = access_addresses(placement, definition, ports);
    let access = |six: bool| access.iter().find(|address| address.contains(':') == six).cloned();
    let update = ServerUpdate {
        name: changed.note("name", definition.name.clone(), &there.name),
        description: changed.note(
            "description",
            text(definition.description.as_ref()),
            &text(there.description.as_ref()),
        ),
        hostname: definition
            .hostname
            .clone()
            .and_then(|hostname| changed.note("host name", hostname, &text(there.hostname.as_ref()))),
        access_ipv4: access(false)
            .and_then(|address| changed.note("accessIPv4", address, &there.access_ipv4)),
        access_ipv6: access(true).and_then(|address| changed.note("accessIPv6", address, &there.access_ipv6)),
    };
    let metadata = changed.note("metadata", definition.metadata.clone(), &without_markers(&there.metadata));
    let tags = changed.note("tags", sorted(&definition.tags), &sorted(&there.tags));
    if changed.0.is_empty() {
        return None;
    }
    let id = &there.id;
    let mut step = StepBuilder::new("update_server", format!("update_server/{name}"), changed.title(name))
        .at(&placement.target.site);
    if update != ServerUpdate::default() {
        step = step.call(format!("PUT compute /servers/{id}"));
    }
    if metadata.is_some() {
        step = step.call(format!("PUT compute /servers/{id}/metadata"));
    }
    if tags.is_some() {
        step = step.call(format!("PUT compute /servers/{id}/tags"));
    }
    let tags = tags.map(|tags| tags.into_iter().collect());
    Some(step.input(UpdateServerInput { server_id: id.clone(), update, metadata, tags, locked_with }))
}

/// Brings over what has changed of a volume.
pub(super) fn update_twin(
    placement: &Placement<'_>,
    volume: &VolumeDefinition,
    there: &Volume,
) -> Option<StepBuilder> {
    let mut changed = Changed::default();
    let update = VolumeUpdate {
        name: changed.note("name", volume.name.clone(), &text(there.name.as_ref())),
        description: changed.note(
            "description",
            text(volume.description.as_ref()),
            &text(there.description.as_ref()),
        ),
    };
    let metadata = changed.note("metadata", volume.metadata.clone(), &own_metadata(&there.metadata));
    let bootable = changed.note("bootable", volume.bootable, &there.bootable);
    let knows_same = placement.knows_same_image(volume, &there.volume_image_metadata);
    let image_metadata = (!knows_same).then(|| placement.image_metadata(volume));
    if image_metadata.is_some() {
        changed.0.push("image metadata");
    }
    if changed.0.is_empty() {
        return None;
    }
    let (lineage, id) = (volume.lineage, &there.id);
    let of = format!("the twin of {}", volume_label(&volume.name, lineage));
    let mut step = StepBuilder::new("update_twin", format!("update_twin/{lineage}"), changed.title(&of))
        .at(&placement.target.site);
    if update != VolumeUpdate::default() {
        step = step.call(format!("PUT block-storage /volumes/{id}"));
    }
    if metadata.is_some() {
        step = step.call(format!("POST block-storage /volumes/{id}/metadata")).call(format!(
            "DELETE block-storage /volumes/{id}/metadata/{{key}}, of what is not there any more"
        ));
    }
    if bootable.is_some() {
        step = step.call(format!("POST block-storage /volumes/{id}/action os-set_bootable"));
    }
    if image_metadata.is_some() {
        step = step.call(format!(
            "POST block-storage /volumes/{id}/action os-set_image_metadata, os-unset_image_metadata"
        ));
    }
    Some(step.input(UpdateTwinInput { volume_id: id.clone(), update, metadata, bootable, image_metadata }))
}

/// Brings over what has changed of a port, but not where it is: that stays.
pub(super) fn update_port(
    placement: &Placement<'_>,
    server: &str,
    (number, port): (usize, &PortDefinition),
    there: &Port,
) -> Option<StepBuilder> {
    let mut changed = Changed::default();
    let guarded = port.port_security_enabled.unwrap_or(true);
    let update = PortUpdate {
        name: changed.note("name", port.name.clone(), &there.name),
        description: changed.note("description", port.description.clone(), &there.description),
        admin_state_up: changed.note("administrative state", port.admin_state_up, &there.admin_state_up),
        port_security_enabled: port
            .port_security_enabled
            .filter(|_| there.port_security_enabled.is_some())
            .and_then(|enabled| changed.note("port security", Some(enabled), &there.port_security_enabled))
            .flatten(),
        security_groups: security_groups(placement, (server, port), there, guarded, &mut changed),
        allowed_address_pairs: address_pairs(placement, (server, port), there, &mut changed),
        extra_dhcp_opts: dhcp_changes(port, there, &mut changed),
        ..PortUpdate::default()
    };
    let own = there.tags.iter().filter(|tag| !naming::is_marker(tag)).cloned();
    let tags = changed.note("tags", sorted(&port.tags), &own.collect());
    if changed.0.is_empty() {
        return None;
    }
    let id = &there.id;
    let of = format!("port {number} of {server}");
    let mut step =
        StepBuilder::new("update_port", format!("update_port/{server}/{number}"), changed.title(&of))
            .at(&placement.target.site);
    if update != PortUpdate::default() {
        step = step.call(format!("PUT network /ports/{id}"));
    }
    if tags.is_some() {
        step = step.call(format!("PUT network /ports/{id}/tags"));
    }
    let tags = tags.map(|tags| tags.into_iter().collect());
    Some(step.input(UpdatePortInput { port_id: id.clone(), update, tags }))
}

/// What clients are told to use: an address of a port is what has become of it, as far as today's mappings have it where it
/// is.
fn access_addresses(
    placement: &Placement<'_>,
    definition: &ServerDefinition,
    ports: &[(&PortDefinition, &Port)],
) -> Vec<String> {
    let mut became = BTreeMap::new();
    for (port, there) in ports {
        let placed = placement.stands(&definition.name, port, there);
        let addresses = placed.map(|placed| placed.addresses()).unwrap_or_default();
        let before = port.fixed_addresses.iter().map(|fixed| fixed.address.clone());
        became.extend(before.zip(addresses));
    }
    let of_port = |address: &String| {
        let mut fixed = definition.ports.iter().flat_map(|port| &port.fixed_addresses);
        fixed.any(|fixed| fixed.address == *address)
    };
    let addresses = definition.access_addresses.iter();
    addresses
        .filter_map(|address| became.get(address).or_else(|| (!of_port(address)).then_some(address)).cloned())
        .collect()
}

/// Groups that are not there are no reason to take others away.
fn security_groups(
    placement: &Placement<'_>,
    (server, port): (&str, &PortDefinition),
    there: &Port,
    guarded: bool,
    changed: &mut Changed,
) -> Option<Vec<String>> {
    // Neutron takes port security away only with the groups.
    if !guarded {
        return changed.note("security groups", Vec::new(), &there.security_groups);
    }
    let mut unknown = Vec::new();
    let wanted = placement.security_groups(server, port, &mut unknown);
    if !unknown.is_empty() || placement.has_same_security_groups(port, &wanted, &there.security_groups) {
        return None;
    }
    changed.0.push("security groups");
    Some(wanted)
}

fn address_pairs(
    placement: &Placement<'_>,
    (server, port): (&str, &PortDefinition),
    there: &Port,
    changed: &mut Changed,
) -> Option<Vec<AddressPair>> {
    let wanted = placement.stands(server, port, there)?.allowed_address_pairs(port);
    let pairs = |pairs: &[AddressPair]| -> BTreeSet<(String, Option<String>)> {
        // Neutron fills in the port's own.
        let mac = |pair: &AddressPair| pair.mac_address.clone().filter(|mac| *mac != there.mac_address);
        pairs.iter().map(|pair| (pair.ip_address.clone(), mac(pair))).collect()
    };
    if pairs(&wanted) == pairs(&there.allowed_address_pairs) {
        return None;
    }
    changed.0.push("allowed address pairs");
    Some(wanted)
}

/// The options to set, and those to remove.
fn dhcp_changes(port: &PortDefinition, there: &Port, changed: &mut Changed) -> Option<Vec<ExtraDhcpOption>> {
    let (wanted, is) = (dhcp_options(port), &there.extra_dhcp_opts);
    let set = wanted.iter().filter(|option| !is.contains(option)).cloned();
    let same = |one: &ExtraDhcpOption, other: &ExtraDhcpOption| {
        (&one.opt_name, one.ip_version) == (&other.opt_name, other.ip_version)
    };
    let surplus = is.iter().filter(|option| !wanted.iter().any(|wanted| same(wanted, option)));
    let removed = surplus.map(|option| ExtraDhcpOption { opt_value: None, ..option.clone() });
    let options: Vec<ExtraDhcpOption> = set.chain(removed).collect();
    if options.is_empty() {
        return None;
    }
    changed.0.push("DHCP options");
    Some(options)
}

/// Services tell none as nothing or as an empty text.
fn text(text: Option<&String>) -> String {
    text.cloned().unwrap_or_default()
}

fn sorted(words: &[String]) -> BTreeSet<String> {
    words.iter().cloned().collect()
}

#[cfg(test)]
mod tests;
