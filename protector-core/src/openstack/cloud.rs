use super::Session;
use super::block_storage::{
    GroupSnapshots, GroupTypes, Groups, Limits, ManageableVolumes, Pools, Quotas, Snapshots, VolumeServices,
    VolumeTypes, Volumes,
};
use super::compute::{
    AvailabilityZones, ComputeLimits, ComputeQuotas, ComputeServices, Flavors, Interfaces, Keypairs,
    ServerGroups, Servers, VolumeAttachments,
};
use super::identity::Projects;
use super::image::Images;
use super::network::{
    Extensions, FloatingIps, NetworkQuotas, Networks, Ports, Routers, SecurityGroups, Subnets,
};

/// One site's clients, by resource.
#[derive(Debug, Clone)]
pub struct Cloud {
    session: Session,
}

macro_rules! resources {
    ($($(#[$doc:meta])* $name:ident: $client:ident;)*) => {
        impl Cloud {
            $($(#[$doc])* pub fn $name(&self) -> $client {
                $client::new(&self.session)
            })*
        }
    };
}

resources! {
    /// Servers.
    servers: Servers;
    /// The volumes of servers.
    volume_attachments: VolumeAttachments;
    /// The network interfaces of servers.
    interfaces: Interfaces;
    /// Flavors.
    flavors: Flavors;
    /// Keypairs of the session's user.
    keypairs: Keypairs;
    /// Server groups.
    server_groups: ServerGroups;
    /// What the project may use of Nova.
    compute_limits: ComputeLimits;
    /// What any project may use of Nova, as far as the role may read it.
    compute_quotas: ComputeQuotas;
    /// The processes of Nova.
    compute_services: ComputeServices;
    /// Nova's availability zones.
    availability_zones: AvailabilityZones;
    /// Volumes.
    volumes: Volumes;
    /// Generic volume groups.
    groups: Groups;
    /// Group types.
    group_types: GroupTypes;
    /// Volume types.
    volume_types: VolumeTypes;
    /// What the project may use of Cinder.
    volume_quotas: Quotas;
    /// What the project may use of Cinder, as every user of it may read it.
    volume_limits: Limits;
    /// Snapshots of groups.
    group_snapshots: GroupSnapshots;
    /// Snapshots of volumes.
    snapshots: Snapshots;
    /// The volumes on Cinder's backends.
    manageable_volumes: ManageableVolumes;
    /// The pools of Cinder's backends.
    pools: Pools;
    /// The processes of Cinder.
    volume_services: VolumeServices;
    /// Ports.
    ports: Ports;
    /// Networks.
    networks: Networks;
    /// Subnets.
    subnets: Subnets;
    /// Security groups.
    security_groups: SecurityGroups;
    /// Floating IPs.
    floating_ips: FloatingIps;
    /// Routers.
    routers: Routers;
    /// What the project may use of Neutron.
    network_quotas: NetworkQuotas;
    /// What Neutron can do.
    network_extensions: Extensions;
    /// Images.
    images: Images;
    /// Projects.
    projects: Projects;
}

impl Cloud {
    /// The clients of a session.
    pub fn new(session: Session) -> Self {
        Self { session }
    }

    /// The session.
    pub fn session(&self) -> &Session {
        &self.session
    }
}
