//! What has become of a VM since its group was told of it last: a comparison of what is known with what is, nothing else.

use super::{Finding, FindingCode, Member, PortDefinition, ServerDefinition, VolumeDefinition};
use crate::id::{LineageId, SiteName};
use std::collections::BTreeMap;

const GROWS: &str = "`sync` extends the twin; on the way home the move does, too";
const NEXT_MOVE: &str = "`sync` captures it; the next move gives the VM at the other site this size";
const NEW_DISK: &str = "the next planned move takes it along; to have it in recovery points before, take the VM out of the \
                        group and add it again";
const LOST_DISK: &str =
    "attach it again; or, if that is meant, take the VM out of the group and add it again";
const RETYPE: &str = "retype it to the group's type: a consistency group has one";
const CHANGE_THERE: &str = "change it at the other site, too: what is there already stays where it is";
const BRING: &str = "`sync` brings it over now, the next move does in any case";
const CAPTURE: &str = "`sync` captures it; what is made at the other site will have it";

/// What is known of a VM from before.
#[derive(Debug, Clone, Copy)]
pub struct KnownBefore<'a> {
    /// As a member of its group.
    pub member: &'a Member,
    /// As it was captured last.
    pub captured: Option<&'a ServerDefinition>,
    /// The GiB of the twins of its volumes, as far as the other site tells.
    pub twins: &'a BTreeMap<LineageId, u64>,
}

/// What differs between a VM as it is known and as it is where it runs, each with what to do. What was captured at another
/// site tells nothing of this one.
pub fn drift(known: KnownBefore<'_>, present: &ServerDefinition) -> Vec<Finding> {
    let member = known.member;
    let there = member.servers.keys().any(|site| *site != present.site);
    let mut seen = Seen { site: &present.site, server: &member.name, there, findings: Vec::new() };
    let captured = known.captured.filter(|captured| captured.site == present.site);
    seen.of_disks(known, captured, present);
    if let Some(captured) = captured {
        seen.of_server(captured, present);
        seen.of_volumes(captured, present);
        seen.of_ports(captured, present);
    }
    seen.findings
}

struct Seen<'a> {
    site: &'a SiteName,
    server: &'a str,
    /// Whether the VM has a counterpart at the other site.
    there: bool,
    findings: Vec<Finding>,
}

impl Seen<'_> {
    fn add(&mut self, what: &str, message: impl Into<String>, remedy: &str) {
        let subject = match what {
            "" => format!("server {}", self.server),
            what => format!("{what} of server {}", self.server),
        };
        self.findings.push(Finding::new(FindingCode::Drift, self.site, subject, message, remedy));
    }

    /// What is made anew is where it was captured; what is there already stays where it is.
    fn placed(&mut self, what: &str, message: impl Into<String>) {
        let remedy = if self.there { CHANGE_THERE } else { CAPTURE };
        self.add(what, message, remedy);
    }

    /// What is brought over to what is there already.
    fn brought(&mut self, what: &str, message: impl Into<String>) {
        let remedy = if self.there { BRING } else { CAPTURE };
        self.add(what, message, remedy);
    }

    fn of_server(&mut self, captured: &ServerDefinition, present: &ServerDefinition) {
        let (before, now) = (&captured.flavor, &present.flavor);
        if before != now {
            let message = format!(
                "it was resized from {} ({} processors, {} MiB) to {} ({} processors, {} MiB)",
                before.name, before.vcpus, before.memory, now.name, now.vcpus, now.memory
            );
            self.add("", message, NEXT_MOVE);
        }
        for (what, same) in [
            ("name", captured.name == present.name),
            ("description", captured.description == present.description),
            ("metadata", captured.metadata == present.metadata),
            ("tags", captured.tags == present.tags),
            ("host name", captured.hostname == present.hostname),
            ("access addresses", captured.access_addresses == present.access_addresses),
        ] {
            if !same {
                self.brought("", format!("its {what} has changed"));
            }
        }
    }

    /// Which disks it has, and whether their twins have room for them.
    fn of_disks(
        &mut self,
        known: KnownBefore<'_>,
        captured: Option<&ServerDefinition>,
        present: &ServerDefinition,
    ) {
        for now in &present.volumes {
            let what = format!("volume {}", volume_name(now));
            if !known.member.volumes.iter().any(|volume| volume.lineage == now.lineage) {
                self.add(&what, "it was attached since", NEW_DISK);
                continue;
            }
            let before = captured.and_then(|captured| volume_of(captured, now.lineage));
            match (known.twins.get(&now.lineage), before) {
                (Some(twin), _) if *twin < now.size => {
                    self.add(&what, format!("it has {} GiB and its twin {twin}", now.size), GROWS);
                }
                (None, Some(before)) if before.size < now.size => {
                    let message = format!("it was extended from {} to {} GiB", before.size, now.size);
                    self.add(&what, message, GROWS);
                }
                _ => {}
            }
        }
        let here = |volume: &&super::VolumeLineage| volume.sites.contains_key(&present.site);
        for before in known.member.volumes.iter().filter(here) {
            if volume_of(present, before.lineage).is_none() {
                self.add(&format!("volume {}", before.name), "it was detached since", LOST_DISK);
            }
        }
    }

    fn of_volumes(&mut self, captured: &ServerDefinition, present: &ServerDefinition) {
        for now in &present.volumes {
            let Some(before) = volume_of(captured, now.lineage) else { continue };
            let what = format!("volume {}", volume_name(now));
            if before.volume_type != now.volume_type {
                let message = format!("its type was {} and is {}", before.volume_type, now.volume_type);
                self.add(&what, message, RETYPE);
            }
            for (attribute, same) in [
                ("name", before.name == now.name),
                ("description", before.description == now.description),
                ("metadata", before.metadata == now.metadata),
                ("bootable flag", before.bootable == now.bootable),
                ("image metadata", before.image_metadata == now.image_metadata),
            ] {
                // Its twin is there, whether its server is or not.
                if !same {
                    self.add(&what, format!("its {attribute} has changed"), BRING);
                }
            }
        }
    }

    fn of_ports(&mut self, captured: &ServerDefinition, present: &ServerDefinition) {
        let has = |ports: &[PortDefinition], port: &PortDefinition| {
            ports.iter().any(|other| other.lineage == port.lineage)
        };
        for now in &present.ports {
            let what = format!("port {}", now.mac_address);
            let Some(before) = captured.ports.iter().find(|before| before.lineage == now.lineage) else {
                self.placed(&what, "it was plugged in since");
                continue;
            };
            let told = |changes: &[(&'static str, bool)]| {
                let changed: Vec<&str> =
                    changes.iter().filter_map(|(name, same)| (!same).then_some(*name)).collect();
                (!changed.is_empty()).then(|| format!("changed since: {}", changed.join(", ")))
            };
            let moved = told(&[
                ("network", before.network == now.network),
                ("MAC address", before.mac_address == now.mac_address),
                ("addresses", places(before) == places(now)),
            ]);
            let changed = told(&[
                ("name", before.name == now.name),
                ("description", before.description == now.description),
                ("tags", before.tags == now.tags),
                ("DHCP options", before.extra_dhcp_options == now.extra_dhcp_options),
                ("allowed address pairs", before.allowed_address_pairs == now.allowed_address_pairs),
                ("security groups", before.security_groups == now.security_groups),
                ("port security", before.port_security_enabled == now.port_security_enabled),
                ("administrative state", before.admin_state_up == now.admin_state_up),
            ]);
            if let Some(message) = moved {
                self.placed(&what, message);
            }
            if let Some(message) = changed {
                self.brought(&what, message);
            }
        }
        for before in captured.ports.iter().filter(|before| !has(&present.ports, before)) {
            self.placed(&format!("port {}", before.mac_address), "it was unplugged since");
        }
    }
}

/// Where a port is, without what older captures do not tell.
fn places(port: &PortDefinition) -> Vec<(&str, &str, &str)> {
    let fixed = port.fixed_addresses.iter();
    fixed.map(|fixed| (fixed.subnet.as_str(), fixed.cidr.as_str(), fixed.address.as_str())).collect()
}

fn volume_of(definition: &ServerDefinition, lineage: LineageId) -> Option<&VolumeDefinition> {
    definition.volumes.iter().find(|volume| volume.lineage == lineage)
}

fn volume_name(volume: &VolumeDefinition) -> &str {
    if volume.name.is_empty() { volume.volume_id.as_str() } else { &volume.name }
}

#[cfg(test)]
mod tests;
