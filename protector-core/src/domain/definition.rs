use crate::id::{LineageId, PortId, ServerId, SiteName, VolumeId};
use crate::secret::sealed::Sealed;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// All that is needed to make a VM again, as it was read where it ran. See [`super::attribute`] for what is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerDefinition {
    /// The VM's identity through all moves.
    pub lineage: LineageId,
    /// Where it was read.
    pub site: SiteName,
    /// When it was read.
    pub captured_at: Timestamp,
    /// The server there.
    pub server_id: ServerId,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// Its flavor.
    pub flavor: FlavorDefinition,
    /// Its metadata, without protector's markers.
    pub metadata: BTreeMap<String, String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its keypair.
    pub keypair: Option<KeypairDefinition>,
    /// Whether it has a configuration drive.
    pub config_drive: bool,
    /// The availability zone that was asked for; `None` leaves it to the scheduler.
    pub availability_zone: Option<String>,
    /// The host name that the guest is told.
    pub hostname: Option<String>,
    /// The addresses, IPv4 and IPv6, that clients are told to use.
    pub access_addresses: Vec<String>,
    /// Base64, encrypted. `None` if there is none, or it may not be read.
    pub user_data: Option<Sealed>,
    /// Whether `user_data` could be read: Nova shows it to administrators only.
    pub user_data_known: bool,
    /// Its server group.
    pub server_group: Option<ServerGroupDefinition>,
    /// Whether it runs.
    pub running: bool,
    /// Its volumes, root first.
    pub volumes: Vec<VolumeDefinition>,
    /// Its ports, in order.
    pub ports: Vec<PortDefinition>,
}

/// A flavor as a server was made from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlavorDefinition {
    /// Its name.
    pub name: String,
    /// Processors.
    pub vcpus: u64,
    /// MiB.
    pub memory: u64,
}

/// A keypair: the name and the public key, which is what another user needs to import it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeypairDefinition {
    /// Its name.
    pub name: String,
    /// Its public key; unknown if it belongs to a user whose keypairs may not be read.
    pub public_key: Option<String>,
    /// `ssh` or `x509`.
    pub kind: String,
}

/// A server group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerGroupDefinition {
    /// Its name.
    pub name: String,
    /// Its policy.
    pub policy: String,
    /// The rules of its policy.
    pub rules: BTreeMap<String, Value>,
}

/// A volume of a VM.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolumeDefinition {
    /// The volume's identity through all moves.
    pub lineage: LineageId,
    /// The volume there.
    pub volume_id: VolumeId,
    /// Its name; may be empty.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// GiB.
    pub size: u64,
    /// Its type.
    pub volume_type: String,
    /// Its metadata, without protector's markers.
    pub metadata: BTreeMap<String, String>,
    /// Whether it can be booted from.
    pub bootable: bool,
    /// What it knows of the image that was written to it.
    pub image_metadata: BTreeMap<String, String>,
    /// The device name that the guest was told.
    pub device: Option<String>,
    /// The tag that the guest sees.
    pub tag: Option<String>,
    /// Whether it is deleted with the server.
    pub delete_on_termination: bool,
}

impl VolumeDefinition {
    /// The image that was written to it, by id and name, as far as it knows.
    pub fn images(&self) -> impl Iterator<Item = &str> {
        let known = [IMAGE_ID, IMAGE_NAME].into_iter();
        known.filter_map(|key| self.image_metadata.get(key).map(String::as_str))
    }
}

/// Under what a volume keeps the id of the image that was written to it.
// cinder/volume/volume_utils.py (copy_image_to_volume), 2026.2
pub(crate) const IMAGE_ID: &str = "image_id";
/// Under what it keeps the image's name.
pub(crate) const IMAGE_NAME: &str = "image_name";

/// A port of a VM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortDefinition {
    /// The port's identity through all moves.
    pub lineage: LineageId,
    /// The port there.
    pub port_id: PortId,
    /// Its name; may be empty.
    pub name: String,
    /// Its description.
    pub description: String,
    /// The network's name.
    pub network: String,
    /// Its MAC address.
    pub mac_address: String,
    /// Its fixed addresses, in order.
    pub fixed_addresses: Vec<FixedAddress>,
    /// Other addresses it may use.
    pub allowed_address_pairs: Vec<AllowedAddressPair>,
    /// The names of its security groups.
    pub security_groups: Vec<String>,
    /// Whether security groups are applied at all; `None` where Neutron lacks the extension.
    pub port_security_enabled: Option<bool>,
    /// Its tags, without protector's markers.
    pub tags: Vec<String>,
    /// Whether it is up.
    pub admin_state_up: bool,
    /// How it is plugged.
    pub vnic_type: Option<String>,
    /// Options for DHCP.
    pub extra_dhcp_options: Vec<Value>,
    /// The tag that the guest sees.
    pub tag: Option<String>,
    /// The floating IPs that lead to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub floating_ips: Vec<FloatingAddress>,
}

/// A floating IP that leads to a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FloatingAddress {
    /// The address outside.
    pub address: String,
    /// The external network's name, where the service credential sees whose address it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
}

/// A fixed address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixedAddress {
    /// The subnet's name; may be empty.
    pub subnet: String,
    /// The subnet; unknown of what was captured before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet_id: Option<String>,
    /// The subnet's range, to find its counterpart by.
    pub cidr: String,
    /// The address.
    pub address: String,
}

/// An address, or range, that a port may use besides its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllowedAddressPair {
    /// The address or range.
    pub ip_address: String,
    /// The MAC address; the port's own if absent.
    pub mac_address: Option<String>,
}
