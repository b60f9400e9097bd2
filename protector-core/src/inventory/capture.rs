use super::{SiteAccess, SiteFacts};
use crate::domain::{
    AddressRange, AllowedAddressPair, Finding, FindingCode, FixedAddress, FlavorDefinition, FloatingAddress,
    KeypairDefinition, PortDefinition, ServerDefinition, ServerGroupDefinition, VolumeDefinition, naming,
};
use crate::id::{GroupId, LineageId, PortId, VolumeId};
use crate::openstack::Error;
use crate::openstack::compute::{Interface, Server, ServerAddress, VolumeAttachment};
use crate::openstack::network::Port;
use crate::secret::SecretString;
use crate::transport::Context;
use futures::try_join;
use serde_json::json;
use std::collections::BTreeMap;

/// A VM as it was read: its definition, what is secret of it, and what there is to say.
#[derive(Debug)]
pub struct Captured {
    /// The definition; `user_data` is still to be encrypted into it.
    pub definition: ServerDefinition,
    /// Base64, as Nova has it.
    pub user_data: Option<SecretString>,
    /// What the operator should know: what could not be read, what is not kept.
    pub warnings: Vec<Finding>,
}

/// Reads a VM's full definition.
///
/// `lineages` gives the identity of each volume and port that already has one; others get one of their own.
///
/// # Errors
/// A list could not be had.
pub async fn capture(
    access: &SiteAccess,
    context: &Context,
    facts: &SiteFacts,
    group: GroupId,
    member: LineageId,
    server: &Server,
    lineages: &Lineages,
) -> Result<Captured, Error> {
    let context = &context.at_site(&access.site);
    let (attachments, interfaces) = (access.cloud.volume_attachments(), access.cloud.interfaces());
    let servers = access.cloud.servers();
    // Only a server that is read by itself tells its server group.
    let (server, attachments, mut interfaces) = try_join!(
        servers.get(context, &server.id),
        attachments.list(context, &server.id),
        interfaces.list(context, &server.id)
    )?;
    let server = &server;
    interfaces.sort_by_key(|interface| place(server, &interface.mac_addr));
    let mut warnings = Vec::new();
    let keypair = keypair(access, context, server, &mut warnings).await?;
    let user_data_known = facts.is_admin();
    if !user_data_known {
        warnings.push(Finding::new(
            FindingCode::UserDataUnknown,
            &access.site,
            format!("server {}", server.name),
            "its user data cannot be read: Nova shows it to administrators of the project only",
            "give the service credential the role admin on the project, or accept that it is missing elsewhere",
        ));
    }
    let definition = ServerDefinition {
        lineage: member,
        site: access.site.clone(),
        captured_at: context.clock().now(),
        server_id: server.id.clone(),
        name: server.name.clone(),
        description: server.description.clone(),
        flavor: FlavorDefinition {
            name: server.flavor.original_name.clone(),
            vcpus: server.flavor.vcpus,
            memory: server.flavor.ram,
        },
        metadata: without_markers(&server.metadata),
        tags: server.tags.clone(),
        keypair,
        config_drive: !server.config_drive.is_empty(),
        availability_zone: server.pinned_availability_zone.clone(),
        hostname: server.hostname.clone(),
        access_addresses: [&server.access_ipv4, &server.access_ipv6]
            .into_iter()
            .filter(|address| !address.is_empty())
            .cloned()
            .collect(),
        user_data: None,
        user_data_known,
        server_group: server_group(facts, server),
        running: server.status == "ACTIVE",
        volumes: volumes(facts, group, lineages, attachments),
        ports: ports(facts, group, lineages, server, &interfaces, &mut warnings),
    };
    let user_data = server.user_data.clone().map(SecretString::from);
    Ok(Captured { definition, user_data, warnings })
}

/// The identities that volumes and ports already have.
#[derive(Debug, Clone, Default)]
pub struct Lineages {
    /// Of volumes.
    pub volumes: BTreeMap<VolumeId, LineageId>,
    /// Of ports.
    pub ports: BTreeMap<PortId, LineageId>,
}

/// The place of an interface: the list of interfaces has no order, the addresses have. Those without an address
/// come last.
fn place(server: &Server, mac_address: &str) -> usize {
    let of_interface = |addresses: &[ServerAddress]| {
        addresses.iter().any(|address| address.mac_address.eq_ignore_ascii_case(mac_address))
    };
    let found = server.addresses.iter().position(|(_, addresses)| of_interface(addresses));
    found.unwrap_or(usize::MAX)
}

fn without_markers(metadata: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    metadata
        .iter()
        .filter(|(key, _)| !naming::is_marker(key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// The Pure driver keeps the array's name and the volume's name there in the metadata of each volume: they belong to
/// the site.
// cinder/volume/drivers/pure.py (_add_volume_metadata: array_volume_name, array_name), 2026.2
fn own_metadata(metadata: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut own = without_markers(metadata);
    own.retain(|key, _| key != "array_volume_name" && key != "array_name");
    own
}

async fn keypair(
    access: &SiteAccess,
    context: &Context,
    server: &Server,
    warnings: &mut Vec<Finding>,
) -> Result<Option<KeypairDefinition>, Error> {
    let Some(name) = &server.key_name else { return Ok(None) };
    let own = access.cloud.session().user(context).await?;
    let owner = (server.user_id != own).then_some(server.user_id.as_str());
    match access.cloud.keypairs().get(context, name, owner).await {
        Ok(keypair) => Ok(Some(KeypairDefinition {
            name: keypair.name,
            public_key: Some(keypair.public_key),
            kind: keypair.kind,
        })),
        Err(error) if error.is_forbidden() || error.is_not_found() => {
            warnings.push(Finding::new(
                FindingCode::AttributeDropped,
                &access.site,
                format!("keypair {name} of server {}", server.name),
                "its public key cannot be read: it belongs to another user, or is gone",
                "give the service credential the role admin on the project, or import the keypair at the other site \
                 under the service user",
            ));
            Ok(Some(KeypairDefinition { name: name.clone(), public_key: None, kind: "ssh".to_owned() }))
        }
        Err(error) => Err(error),
    }
}

fn server_group(facts: &SiteFacts, server: &Server) -> Option<ServerGroupDefinition> {
    let id = server.server_groups.as_ref()?.first()?;
    let group = facts.server_groups.iter().find(|group| group.id == *id)?;
    Some(ServerGroupDefinition {
        name: group.name.clone(),
        policy: group.policy.policy.clone(),
        rules: group.policy.rules.clone(),
    })
}

fn volumes(
    facts: &SiteFacts,
    group: GroupId,
    lineages: &Lineages,
    mut attachments: Vec<VolumeAttachment>,
) -> Vec<VolumeDefinition> {
    // Nova tells no boot index; the root device has the lowest name. /dev/vdb stands before /dev/vdaa.
    attachments.sort_by_key(|attachment| {
        let device = attachment.device.clone().unwrap_or_default();
        (device.len(), device)
    });
    attachments
        .into_iter()
        .filter_map(|attachment| {
            let volume = facts.volume(&attachment.volume_id)?;
            let own = || naming::lineage_id(group, "volume", attachment.volume_id.as_str());
            Some(VolumeDefinition {
                lineage: lineages.volumes.get(&attachment.volume_id).copied().unwrap_or_else(own),
                volume_id: volume.id.clone(),
                name: volume.name.clone().unwrap_or_default(),
                description: volume.description.clone(),
                size: volume.size,
                volume_type: volume.volume_type.clone().unwrap_or_default(),
                metadata: own_metadata(&volume.metadata),
                bootable: volume.bootable,
                image_metadata: volume.volume_image_metadata.clone(),
                device: attachment.device,
                tag: attachment.tag,
                delete_on_termination: attachment.delete_on_termination,
            })
        })
        .collect()
}

fn ports(
    facts: &SiteFacts,
    group: GroupId,
    lineages: &Lineages,
    server: &Server,
    interfaces: &[Interface],
    warnings: &mut Vec<Finding>,
) -> Vec<PortDefinition> {
    let of_server = |interface: &Interface| {
        let port = facts.ports.iter().find(|port| port.id == interface.port_id)?;
        if port.qos_policy_id.is_some() {
            warnings.push(Finding::new(
                FindingCode::AttributeDropped,
                &facts.site,
                format!("port {} of server {}", port.id, server.id),
                "its QoS policy is not carried over",
                "set one at the other site if it is needed there",
            ));
        }
        let own = || naming::lineage_id(group, "port", port.id.as_str());
        Some(port_definition(
            facts,
            port,
            lineages.ports.get(&port.id).copied().unwrap_or_else(own),
            interface.tag.clone(),
            floating_ips(facts, server, &port.mac_address),
        ))
    };
    interfaces.iter().filter_map(of_server).collect()
}

fn port_definition(
    facts: &SiteFacts,
    port: &Port,
    lineage: LineageId,
    tag: Option<String>,
    floating_ips: Vec<FloatingAddress>,
) -> PortDefinition {
    let network = facts.networks.iter().find(|network| network.id == port.network_id);
    let fixed_addresses = port.fixed_ips.iter().filter_map(|fixed| {
        let subnet = facts.subnets.iter().find(|subnet| subnet.id == fixed.subnet_id)?;
        Some(FixedAddress {
            subnet: subnet.name.clone(),
            subnet_id: Some(subnet.id.clone()),
            cidr: subnet.cidr.clone(),
            address: fixed.ip_address.clone()?,
        })
    });
    let security_groups = port.security_groups.iter().map(|id| {
        let known = facts.security_groups.iter().find(|group| group.id == *id);
        known.map_or_else(|| id.clone(), |group| group.name.clone())
    });
    PortDefinition {
        lineage,
        port_id: port.id.clone(),
        name: port.name.clone(),
        description: port.description.clone(),
        network: network.map_or_else(|| port.network_id.clone(), |network| network.name.clone()),
        mac_address: port.mac_address.clone(),
        fixed_addresses: fixed_addresses.collect(),
        allowed_address_pairs: port
            .allowed_address_pairs
            .iter()
            .map(|pair| AllowedAddressPair {
                ip_address: pair.ip_address.clone(),
                // Neutron fills in the port's own.
                mac_address: pair.mac_address.clone().filter(|mac| *mac != port.mac_address),
            })
            .collect(),
        security_groups: security_groups.collect(),
        port_security_enabled: port.port_security_enabled,
        tags: port.tags.iter().filter(|tag| !naming::is_marker(tag)).cloned().collect(),
        admin_state_up: port.admin_state_up,
        vnic_type: port.vnic_type.clone(),
        extra_dhcp_options: port.extra_dhcp_opts.iter().map(|option| json!(option)).collect(),
        tag,
        floating_ips,
    }
}

/// The floating IPs that lead to an interface, as Nova tells them: that spares a move a question to Neutron.
// nova/api/openstack/common.py (get_networks_for_instance_from_nw_info), 2026.2
fn floating_ips(facts: &SiteFacts, server: &Server, mac_address: &str) -> Vec<FloatingAddress> {
    let addresses = server.addresses.iter().flat_map(|(_, addresses)| addresses);
    let outside = addresses.filter(|address| {
        address.kind == "floating" && address.mac_address.eq_ignore_ascii_case(mac_address)
    });
    let known = |address: &str| {
        let number = address.parse().ok()?;
        let mut holding = facts
            .subnets
            .iter()
            .filter(|subnet| AddressRange::parse(&subnet.cidr).is_some_and(|range| range.contains(number)));
        holding.find_map(|subnet| {
            facts.networks.iter().find(|network| network.external && network.id == subnet.network_id)
        })
    };
    outside
        .map(|address| FloatingAddress {
            address: address.addr.clone(),
            network: known(&address.addr).map(|network| network.name.clone()),
        })
        .collect()
}
