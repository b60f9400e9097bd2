use super::{SiteAccess, SiteFacts};
use crate::domain::{
    AddressRange, AllowedAddressPair, Finding, FindingCode, FixedAddress, FlavorDefinition, FloatingAddress,
    KeypairDefinition, PortDefinition, ServerDefinition, ServerGroupDefinition, VolumeDefinition, naming,
};
use crate::id::{GroupId, LineageId, PortId, ServerId, VolumeId};
use crate::openstack::Error;
use crate::openstack::block_storage::Volume;
use crate::openstack::compute::{Interface, Keypair, Server, ServerAddress, ServerGroup, VolumeAttachment};
use crate::openstack::network::Port;
use crate::secret::SecretString;
use crate::transport::Context;
use futures::{StreamExt, TryStreamExt, stream, try_join};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

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

/// Reads the full definitions of VMs, in their order.
///
/// `lineages` gives the identity of each volume and port that already has one; others get one of their own.
///
/// # Errors
/// A list could not be had.
pub async fn capture<'a>(
    access: &SiteAccess,
    context: &Context,
    facts: &SiteFacts,
    group: GroupId,
    servers: impl IntoIterator<Item = (LineageId, &'a Server)>,
    lineages: &Lineages,
) -> Result<Vec<Captured>, Error> {
    let context = &context.at_site(&access.site);
    let servers: Vec<_> = servers.into_iter().collect();
    let keypairs = read_keypairs(access, context, servers.iter().map(|(_, server)| *server)).await?;
    let reading = Reading {
        access,
        context,
        facts,
        group,
        lineages,
        keypairs,
        volumes: facts.volumes.iter().map(|volume| (&volume.id, volume)).collect(),
        ports: facts.ports.iter().map(|port| (&port.id, port)).collect(),
        server_groups: server_groups(facts),
    };
    let reading = &reading;
    let captured: Vec<_> =
        servers.into_iter().map(|(member, server)| reading.capture(member, server)).collect();
    stream::iter(captured).buffered(CAPTURED_AT_A_TIME).try_collect().await
}

/// How many VMs are read at a time. What a site takes is the session's to know.
const CAPTURED_AT_A_TIME: usize = 32;

/// What VMs are read with.
struct Reading<'a> {
    access: &'a SiteAccess,
    context: &'a Context,
    facts: &'a SiteFacts,
    group: GroupId,
    lineages: &'a Lineages,
    keypairs: BTreeMap<KeypairKey<'a>, Option<Keypair>>,
    volumes: BTreeMap<&'a VolumeId, &'a Volume>,
    ports: BTreeMap<&'a PortId, &'a Port>,
    server_groups: BTreeMap<&'a ServerId, &'a ServerGroup>,
}

impl Reading<'_> {
    async fn capture(&self, member: LineageId, server: &Server) -> Result<Captured, Error> {
        let (attachments, interfaces) =
            (self.access.cloud.volume_attachments(), self.access.cloud.interfaces());
        // Only these tell the tags of devices.
        let (attachments, mut interfaces) =
            try_join!(attachments.list(self.context, &server.id), interfaces.list(self.context, &server.id))?;
        interfaces.sort_by_key(|interface| place(server, &interface.mac_addr));
        let site = &self.access.site;
        let mut warnings = Vec::new();
        let keypair = self.keypair(server, &mut warnings);
        let user_data_known = self.facts.is_admin();
        if !user_data_known {
            warnings.push(Finding::new(
                FindingCode::UserDataUnknown,
                site,
                format!("server {}", server.name),
                "its user data cannot be read: Nova shows it to administrators of the project only",
                "give the service credential the role admin on the project, or accept that it is missing elsewhere",
            ));
        }
        let definition = ServerDefinition {
            lineage: member,
            site: site.clone(),
            captured_at: self.context.clock().now(),
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
            server_group: self.server_groups.get(&server.id).map(|group| ServerGroupDefinition {
                name: group.name.clone(),
                policy: group.policy.policy.clone(),
                rules: group.policy.rules.clone(),
            }),
            running: server.status == "ACTIVE",
            volumes: self.volumes(attachments),
            ports: self.ports(server, &interfaces, &mut warnings),
        };
        let user_data = server.user_data.clone().map(SecretString::from);
        Ok(Captured { definition, user_data, warnings })
    }

    fn keypair(&self, server: &Server, warnings: &mut Vec<Finding>) -> Option<KeypairDefinition> {
        let name = server.key_name.as_ref()?;
        let found = self.keypairs.get(&(name.as_str(), server.user_id.as_str())).and_then(Option::as_ref);
        let Some(keypair) = found else {
            warnings.push(Finding::new(
                FindingCode::AttributeDropped,
                &self.access.site,
                format!("keypair {name} of server {}", server.name),
                "its public key cannot be read: it belongs to another user, or is gone",
                "give the service credential the role admin on the project, or import the keypair at the other site \
                 under the service user",
            ));
            return Some(KeypairDefinition { name: name.clone(), public_key: None, kind: "ssh".to_owned() });
        };
        Some(KeypairDefinition {
            name: keypair.name.clone(),
            public_key: Some(keypair.public_key.clone()),
            kind: keypair.kind.clone(),
        })
    }

    fn volumes(&self, mut attachments: Vec<VolumeAttachment>) -> Vec<VolumeDefinition> {
        // Nova tells no boot index; the root device has the lowest name. /dev/vdb stands before /dev/vdaa.
        attachments.sort_by_key(|attachment| {
            let device = attachment.device.clone().unwrap_or_default();
            (device.len(), device)
        });
        attachments
            .into_iter()
            .filter_map(|attachment| {
                let volume = self.volumes.get(&attachment.volume_id)?;
                let own = || naming::lineage_id(self.group, "volume", attachment.volume_id.as_str());
                Some(VolumeDefinition {
                    lineage: self.lineages.volumes.get(&attachment.volume_id).copied().unwrap_or_else(own),
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
        &self,
        server: &Server,
        interfaces: &[Interface],
        warnings: &mut Vec<Finding>,
    ) -> Vec<PortDefinition> {
        let of_server = |interface: &Interface| {
            let port = self.ports.get(&interface.port_id)?;
            if port.qos_policy_id.is_some() {
                warnings.push(Finding::new(
                    FindingCode::AttributeDropped,
                    &self.facts.site,
                    format!("port {} of server {}", port.id, server.id),
                    "its QoS policy is not carried over",
                    "set one at the other site if it is needed there",
                ));
            }
            let own = || naming::lineage_id(self.group, "port", port.id.as_str());
            let lineage = self.lineages.ports.get(&port.id).copied().unwrap_or_else(own);
            let floating_ips = floating_ips(self.facts, server, &port.mac_address);
            Some(port_definition(self.facts, port, lineage, interface.tag.clone(), floating_ips))
        };
        interfaces.iter().filter_map(of_server).collect()
    }
}

/// A keypair's name, and the user that it belongs to.
type KeypairKey<'a> = (&'a str, &'a str);

/// Reads each keypair of servers once; those that cannot be read are `None`.
async fn read_keypairs<'a>(
    access: &SiteAccess,
    context: &Context,
    servers: impl Iterator<Item = &'a Server>,
) -> Result<BTreeMap<KeypairKey<'a>, Option<Keypair>>, Error> {
    let wanted: BTreeSet<KeypairKey<'a>> =
        servers.filter_map(|server| Some((server.key_name.as_deref()?, server.user_id.as_str()))).collect();
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (own, keypairs) = (access.cloud.session().user(context).await?, access.cloud.keypairs());
    let (own, keypairs) = (own.as_str(), &keypairs);
    let read = |(name, user): KeypairKey<'a>| async move {
        match keypairs.get(context, name, (user != own).then_some(user)).await {
            Ok(keypair) => Ok(((name, user), Some(keypair))),
            Err(error) if error.is_forbidden() || error.is_not_found() => Ok(((name, user), None)),
            Err(error) => Err(error),
        }
    };
    let read: Vec<_> = wanted.into_iter().map(read).collect();
    stream::iter(read).buffered(CAPTURED_AT_A_TIME).try_collect().await
}

/// The server group that each server is in. A list of servers does not tell it.
fn server_groups(facts: &SiteFacts) -> BTreeMap<&ServerId, &ServerGroup> {
    let groups = facts.server_groups.iter();
    groups.flat_map(|group| group.members.iter().map(move |server| (server, group))).collect()
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

/// Metadata without what protector put there.
pub(crate) fn without_markers(metadata: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    metadata
        .iter()
        .filter(|(key, _)| !naming::is_marker(key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// What a site itself keeps in the metadata of a volume: the Pure driver the names of the array and of the volume there, Cinder
/// how the volume is attached.
// cinder/volume/drivers/pure.py (_add_volume_metadata), cinder/api/api_utils.py (_visible_admin_metadata_keys), 2026.2
const SITES_OWN: [&str; 4] = ["array_volume_name", "array_name", "readonly", "attached_mode"];

/// A volume's metadata without what protector or the site put there.
pub(crate) fn own_metadata(metadata: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut own = without_markers(metadata);
    own.retain(|key, _| !SITES_OWN.contains(&key.as_str()));
    own
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
