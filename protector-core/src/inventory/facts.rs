use super::SiteAccess;
use crate::driver::{ArrayDescription, ArrayVolume, StorageDriver, StorageGroup};
use crate::id::{ArrayName, ConsistencyGroupId, ProjectId, SiteName, VolumeId};
use crate::openstack::Error;
use crate::openstack::block_storage::{
    Group, GroupQuery, GroupType, QuotaUsage, Volume, VolumeQuery, VolumeType,
};
use crate::openstack::compute::{Flavor, Keypair, Limits, Server, ServerGroup, ServerQuery};
use crate::openstack::network::{
    FloatingIp, Network, NetworkQuery, Port, PortQuery, SecurityGroup, SecurityGroupQuery, Subnet,
    SubnetQuery,
};
use crate::transport::Context;
use futures::{TryStreamExt, try_join};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is known of a site, read at one time.
#[derive(Debug, Clone)]
pub struct SiteFacts {
    /// The site.
    pub site: SiteName,
    /// The project.
    pub project: ProjectId,
    /// The user that protector is there.
    pub user: String,
    /// The roles that user has in the project.
    pub roles: Vec<String>,
    /// The project's servers.
    pub servers: Vec<Server>,
    /// Its volumes.
    pub volumes: Vec<Volume>,
    /// Its Cinder groups.
    pub groups: Vec<Group>,
    /// Its ports.
    pub ports: Vec<Port>,
    /// Its floating IPs, where they were asked for: what moves a group has no use for them.
    pub floating_ips: Vec<FloatingIp>,
    /// The networks it sees.
    pub networks: Vec<Network>,
    /// Their subnets.
    pub subnets: Vec<Subnet>,
    /// The security groups it sees.
    pub security_groups: Vec<SecurityGroup>,
    /// The flavors it may use.
    pub flavors: Vec<Flavor>,
    /// The keypairs of protector's user.
    pub keypairs: Vec<Keypair>,
    /// Its server groups.
    pub server_groups: Vec<ServerGroup>,
    /// Of the images that the mappings name there those that are not there, where they were looked for.
    pub missing_images: BTreeSet<String>,
    /// The volume types it may use.
    pub volume_types: Vec<VolumeType>,
    /// The group types it may use.
    pub group_types: Vec<GroupType>,
    /// What it may use of Nova.
    pub compute_limits: Limits,
    /// What it may use of Cinder, by kind.
    pub volume_quotas: BTreeMap<String, QuotaUsage>,
}

impl SiteFacts {
    /// Whether protector's user is an administrator of the project.
    pub fn is_admin(&self) -> bool {
        self.roles.iter().any(|role| role == "admin")
    }

    /// A server by its id.
    pub fn server(&self, id: &crate::id::ServerId) -> Option<&Server> {
        self.servers.iter().find(|server| server.id == *id)
    }

    /// A volume by its id.
    pub fn volume(&self, id: &VolumeId) -> Option<&Volume> {
        self.volumes.iter().find(|volume| volume.id == *id)
    }

    /// A port by its id.
    pub fn port(&self, id: &crate::id::PortId) -> Option<&Port> {
        self.ports.iter().find(|port| port.id == *id)
    }

    /// A network by its name; the project's own before others'.
    pub fn network(&self, name: &str) -> Option<&Network> {
        // An administrator sees other projects' private networks, too: they are none of ours.
        let usable = |network: &&Network| {
            network.name == name && (network.project_id == self.project || network.shared || network.external)
        };
        let named = || self.networks.iter().filter(usable);
        named().find(|network| network.project_id == self.project).or_else(|| named().next())
    }

    /// A flavor by its name.
    pub fn flavor(&self, name: &str) -> Option<&Flavor> {
        self.flavors.iter().find(|flavor| flavor.name == name)
    }

    /// A security group of the project by its name.
    pub fn security_group(&self, name: &str) -> Option<&SecurityGroup> {
        let named = || self.security_groups.iter().filter(|group| group.name == name);
        named().find(|group| group.project_id == self.project).or_else(|| named().next())
    }

    /// A volume type by its name.
    pub fn volume_type(&self, name: &str) -> Option<&VolumeType> {
        self.volume_types.iter().find(|volume_type| volume_type.name == name)
    }
}

/// Reads a site.
///
/// # Errors
/// A list could not be had.
pub async fn read(access: &SiteAccess, context: &Context) -> Result<SiteFacts, Error> {
    let context = &context.at_site(&access.site);
    let cloud = &access.cloud;
    let session = cloud.session();
    // One sign-in before the lists start together.
    let (project, user, roles) =
        (session.project(context).await?, session.user(context).await?, session.roles(context).await?);
    let (servers, volumes, groups) = (cloud.servers(), cloud.volumes(), cloud.groups());
    let (ports, networks, subnets) = (cloud.ports(), cloud.networks(), cloud.subnets());
    let (security_groups, flavors, keypairs) = (cloud.security_groups(), cloud.flavors(), cloud.keypairs());
    let (server_groups, volume_types, group_types) =
        (cloud.server_groups(), cloud.volume_types(), cloud.group_types());
    let (compute_limits, volume_quotas) = (cloud.compute_limits(), cloud.volume_quotas());
    let of_project = PortQuery { project_id: Some(project.clone()), ..PortQuery::default() };
    let (servers, volumes, groups, ports, networks, subnets, security_groups, flavors) = try_join!(
        servers.list(context, &ServerQuery::default()).try_collect::<Vec<_>>(),
        volumes.list(context, &VolumeQuery::default()).try_collect::<Vec<_>>(),
        groups.list(context, &GroupQuery::default()).try_collect::<Vec<_>>(),
        ports.list(context, &of_project).try_collect::<Vec<_>>(),
        networks.list(context, &NetworkQuery::default()).try_collect::<Vec<_>>(),
        subnets.list(context, &SubnetQuery::default()).try_collect::<Vec<_>>(),
        security_groups.list(context, &SecurityGroupQuery::default()).try_collect::<Vec<_>>(),
        flavors.list(context).try_collect::<Vec<_>>(),
    )?;
    let (keypairs, server_groups, volume_types, group_types, compute_limits, volume_quotas) = try_join!(
        keypairs.list(context).try_collect::<Vec<_>>(),
        server_groups.list(context).try_collect::<Vec<_>>(),
        volume_types.list(context).try_collect::<Vec<_>>(),
        group_types.list(context).try_collect::<Vec<_>>(),
        compute_limits.get(context),
        volume_quotas.usage(context, &project),
    )?;
    // An administrator sees other projects' security groups, too: they are none of ours.
    let security_groups = security_groups.into_iter().filter(|group| group.project_id == project).collect();
    Ok(SiteFacts {
        site: access.site.clone(),
        project,
        user,
        roles,
        servers,
        volumes,
        groups,
        ports,
        floating_ips: Vec::new(),
        networks,
        subnets,
        security_groups,
        flavors,
        keypairs,
        server_groups,
        missing_images: BTreeSet::new(),
        volume_types,
        group_types,
        compute_limits,
        volume_quotas,
    })
}

/// Which volumes and group are looked up on a site's arrays.
#[derive(Debug, Clone, Default)]
pub struct FactScope {
    /// Cinder volumes.
    pub volumes: Vec<VolumeId>,
    /// Cinder group.
    pub group: Option<ConsistencyGroupId>,
}

/// What is known of a site's arrays, as far as a plan needs it.
#[derive(Debug, Clone, Default)]
pub struct ArrayFacts {
    /// Each array's own description.
    pub arrays: BTreeMap<ArrayName, ArrayDescription>,
    /// Where each Cinder volume is.
    pub volumes: BTreeMap<VolumeId, (ArrayName, ArrayVolume)>,
    /// Where the group is.
    pub group: Option<(ArrayName, StorageGroup)>,
}

/// Reads what the arrays of a site know of some volumes and a group.
///
/// # Errors
/// An array could not be asked.
pub async fn read_array(
    arrays: &BTreeMap<ArrayName, Arc<dyn StorageDriver>>,
    context: &Context,
    scope: &FactScope,
) -> Result<ArrayFacts, crate::driver::Error> {
    let mut facts = ArrayFacts::default();
    for (name, driver) in arrays {
        let (description, volumes) =
            try_join!(driver.describe(context), driver.resolve(context, &scope.volumes))?;
        facts.arrays.insert(name.clone(), description);
        for (id, volume) in scope.volumes.iter().zip(volumes) {
            if let Some(volume) = volume {
                facts.volumes.insert(id.clone(), (name.clone(), volume));
            }
        }
        if let Some(id) = &scope.group
            && let Some(group) = driver.storage_group(context, id).await?
        {
            facts.group = Some((name.clone(), group));
        }
    }
    Ok(facts)
}
