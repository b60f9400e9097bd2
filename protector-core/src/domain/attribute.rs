//! What becomes of every attribute that Nova, Cinder and Neutron know of a VM when it moves.

use super::FindingCode;

/// What becomes of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// It is the same at the other site.
    Kept,
    /// It is what the mapping says at the other site.
    Mapped,
    /// The service at the other site makes its own.
    Renewed,
    /// It is not there at the other site; the plan says so.
    Dropped,
    /// A VM that has it is refused at protect.
    Refused(FindingCode),
}

/// An attribute of a service's resource.
#[derive(Debug, Clone, Copy)]
pub struct Attribute {
    /// `server`, `volume` or `port`.
    pub resource: &'static str,
    /// The name in the service's API.
    pub name: &'static str,
    /// What becomes of it.
    pub treatment: Treatment,
    /// What there is to know.
    pub note: &'static str,
}

const fn row(
    resource: &'static str,
    name: &'static str,
    treatment: Treatment,
    note: &'static str,
) -> Attribute {
    Attribute { resource, name, treatment, note }
}

use Treatment::{Dropped, Kept, Mapped, Refused, Renewed};

/// The table. Server attributes as of Nova 2.96, volumes as of Cinder 3.70, ports as of Neutron 2026.2 with ML2.
pub const TABLE: &[Attribute] = &[
    row("server", "name", Kept, ""),
    row("server", "description", Kept, ""),
    row("server", "flavor", Mapped, "by name; processors and memory must be equal"),
    row("server", "image", Refused(FindingCode::ImageBooted), "only what boots from a volume can be moved"),
    row(
        "server",
        "flavor.ephemeral",
        Refused(FindingCode::EphemeralDisk),
        "its content is on the compute host",
    ),
    row("server", "flavor.swap", Refused(FindingCode::EphemeralDisk), "its content is on the compute host"),
    row("server", "metadata", Kept, "protector's markers are added at the other site"),
    row("server", "tags", Kept, ""),
    row(
        "server",
        "key_name",
        Mapped,
        "by name; what is missing is imported under the service user, if its public key is known: else dropped, and said",
    ),
    row("server", "user_data", Kept, "shown to administrators of the project only: else dropped, and said"),
    row("server", "config_drive", Kept, ""),
    row("server", "OS-EXT-SRV-ATTR:hostname", Kept, ""),
    row("server", "OS-EXT-AZ:availability_zone", Renewed, "the scheduler chooses, unless one was asked for"),
    row("server", "pinned_availability_zone", Mapped, "by name"),
    row(
        "server",
        "server_groups",
        Mapped,
        "by name, or made with the same policy; Nova is told by its scheduler hint",
    ),
    row("server", "block_device order", Kept, "root first, then by device name"),
    row("server", "delete_on_termination", Kept, "per volume"),
    row("server", "interface order", Kept, ""),
    row("server", "power state", Kept, "a VM that is shut off runs for a moment when it is first made"),
    row("server", "locked", Kept, "the source's servers are locked while the group runs elsewhere"),
    row("server", "OS-DCF:diskConfig", Renewed, "has no meaning without a local disk"),
    row("server", "accessIPv4, accessIPv6", Kept, "what is an address of its ports: as that one"),
    row("server", "trusted_image_certificates", Dropped, "concern images only"),
    row("server", "adminPass", Dropped, "Nova does not keep it"),
    row("server", "id, hostId, host, hypervisor_hostname, instance_name, reservation_id", Renewed, ""),
    row("server", "created, updated, launched_at, terminated_at", Renewed, ""),
    row("server", "user_id", Renewed, "the service user at the other site"),
    row("server", "tenant_id", Mapped, "the project of the other site's credential"),
    row("volume", "name", Kept, ""),
    row("volume", "description", Kept, ""),
    row("volume", "size", Kept, ""),
    row("volume", "volume_type", Mapped, "by name; must replicate, too"),
    row(
        "volume",
        "metadata",
        Kept,
        "protector's markers are added at the other site; the Pure driver writes its own",
    ),
    row("volume", "bootable", Kept, ""),
    row(
        "volume",
        "volume_image_metadata",
        Kept,
        "`image_id` and `image_name` are mapped, if `images` lists them; what is not there then is said",
    ),
    row("volume", "encrypted", Refused(FindingCode::VolumeEncrypted), "the key would have to move, too"),
    row("volume", "multiattach", Refused(FindingCode::VolumeShared), "if more than one server uses it"),
    row("volume", "availability_zone", Renewed, "the other site's default"),
    row("volume", "id, created_at, updated_at, user_id, host, snapshot_id, source_volid", Renewed, ""),
    row("volume", "group_id, replication_status", Renewed, "the other site's group"),
    row("port", "name", Kept, ""),
    row("port", "description", Kept, ""),
    row("port", "network_id", Mapped, "by name"),
    row("port", "mac_address", Kept, ""),
    row(
        "port",
        "fixed_ips",
        Mapped,
        "in the mapped subnet, else in that of the same range, else of the same name; kept, translated or by a table",
    ),
    row("port", "allowed_address_pairs", Kept, "what is of a mapped subnet: as its addresses"),
    row("port", "security_groups", Mapped, "by name; their rules are the other site's"),
    row("port", "port_security_enabled", Kept, ""),
    row("port", "tags", Kept, "protector's marker is added at the other site"),
    row("port", "admin_state_up", Kept, ""),
    row("port", "binding:vnic_type", Refused(FindingCode::PortKind), "if it is not `normal`"),
    row("port", "extra_dhcp_opts", Kept, ""),
    row("port", "qos_policy_id", Dropped, "if set"),
    row("port", "dns_name, dns_domain", Renewed, "Nova sets the name from the server's"),
    row("port", "floating IP", Dropped, "belongs to the site; a test makes new ones if that is asked for"),
    row("port", "id, created_at, updated_at, revision_number, binding:host_id, status", Renewed, ""),
];
