use super::{SiteAccess, missing_images};
use crate::config::Mappings;
use crate::domain::mapping_report::SiteNames;
use crate::domain::subnet_mapping::KnownSubnet;
use crate::openstack::Error;
use crate::openstack::network::{Network, NetworkQuery, SecurityGroupQuery, SubnetQuery};
use crate::transport::Context;
use futures::{TryStreamExt, try_join};
use std::collections::{BTreeMap, BTreeSet};

/// Reads what a site has that can be mapped.
///
/// # Errors
/// A list could not be had.
pub async fn read_names(
    access: &SiteAccess,
    context: &Context,
    mappings: &Mappings,
) -> Result<SiteNames, Error> {
    let context = &context.at_site(&access.site);
    let cloud = &access.cloud;
    let project = cloud.session().project(context).await?;
    let (networks, subnets, flavors) = (cloud.networks(), cloud.subnets(), cloud.flavors());
    let (security_groups, zones) = (cloud.security_groups(), cloud.availability_zones());
    let (keypairs, server_groups) = (cloud.keypairs(), cloud.server_groups());
    let (networks, subnets, flavors, security_groups, zones, keypairs, server_groups, missing_images) = try_join!(
        networks.list(context, &NetworkQuery::default()).try_collect::<Vec<_>>(),
        subnets.list(context, &SubnetQuery::default()).try_collect::<Vec<_>>(),
        flavors.list(context).try_collect::<Vec<_>>(),
        security_groups.list(context, &SecurityGroupQuery::default()).try_collect::<Vec<_>>(),
        zones.list(context),
        keypairs.list(context).try_collect::<Vec<_>>(),
        server_groups.list(context).try_collect::<Vec<_>>(),
        missing_images(access, context, mappings),
    )?;
    let mut policies: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for group in server_groups {
        policies.entry(group.name).or_default().insert(group.policy.policy);
    }
    // An administrator sees other projects' private networks and security groups, too: they are none of ours.
    let own = |network: &&Network| network.project_id == project;
    let usable = networks.iter().filter(|network| own(network) || network.shared || network.external);
    let mut named: BTreeMap<String, &Network> = BTreeMap::new();
    for network in usable {
        let known = named.entry(network.name.clone()).or_insert(network);
        if !own(&&**known) && own(&network) {
            *known = network;
        }
    }
    let inside = |network: &Network| {
        let inside = subnets.iter().filter(|subnet| subnet.network_id == network.id);
        let known = inside.map(|subnet| KnownSubnet {
            id: subnet.id.clone(),
            name: subnet.name.clone(),
            cidr: subnet.cidr.clone(),
        });
        known.collect()
    };
    Ok(SiteNames {
        site: access.site.clone(),
        networks: named.into_iter().map(|(name, network)| (name, inside(network))).collect(),
        flavors: flavors.into_iter().map(|flavor| (flavor.name, (flavor.vcpus, flavor.ram))).collect(),
        security_groups: security_groups
            .into_iter()
            .filter(|group| group.project_id == project)
            .map(|group| group.name)
            .collect(),
        availability_zones: zones.into_iter().map(|zone| zone.name).collect(),
        keypairs: keypairs.into_iter().map(|keypair| (keypair.name, keypair.public_key)).collect(),
        server_groups: policies,
        missing_images,
    })
}
