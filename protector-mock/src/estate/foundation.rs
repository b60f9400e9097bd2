//! What servers stand on: types, projects, users, networks, security groups.

use super::requests::Client;
use super::{Estate, EstateError, Ground, Project};
use crate::cloud::ServiceKind::{BlockStorage, Compute, Identity, Network};
use crate::compute;
use serde_json::{Map, Value, json};

pub(super) fn lay(
    estate: &Estate,
    ground: &Ground<'_>,
    administrator: &Client<'_>,
) -> Result<(), EstateError> {
    hosts(estate, ground)?;
    flavors(estate, administrator)?;
    storage_types(estate, administrator)?;
    for project in &estate.projects {
        lay_project(project, ground, administrator)?;
    }
    Ok(())
}

/// A site has one by itself.
fn hosts(estate: &Estate, ground: &Ground<'_>) -> Result<(), EstateError> {
    if estate.compute_hosts < 2 {
        return Ok(());
    }
    let site = ground.site.name.as_str();
    ground.site.world.transact(|transaction| {
        compute::add_host(transaction, site, &format!("{site}-compute"))?;
        for number in 2..=estate.compute_hosts {
            compute::add_host(transaction, site, &format!("{site}-compute-{number}"))?;
        }
        Ok(())
    })
}

fn flavors(estate: &Estate, administrator: &Client<'_>) -> Result<(), EstateError> {
    for flavor in &estate.flavors {
        let fields = json!({
            "name": flavor.name, "vcpus": flavor.vcpus, "ram": flavor.ram, "disk": flavor.disk,
        });
        let id = administrator.made(Compute, "/v2.1/flavors", "flavor", &fields)?;
        if !flavor.extra_specs.is_empty() {
            let path = format!("/v2.1/flavors/{id}/os-extra_specs");
            administrator.post(Compute, &path, &json!({"extra_specs": flavor.extra_specs}))?;
        }
    }
    Ok(())
}

fn storage_types(estate: &Estate, administrator: &Client<'_>) -> Result<(), EstateError> {
    for kind in &estate.volume_types {
        let mut specs: Map<String, Value> =
            kind.extra_specs.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        specs.entry("volume_backend_name").or_insert(json!("pure"));
        if kind.replicated {
            specs.insert("replication_enabled".to_owned(), json!("<is> True"));
            specs.insert("replication_type".to_owned(), json!("<in> async"));
        }
        let fields = json!({
            "name": kind.name, "os-volume-type-access:is_public": true, "extra_specs": specs,
        });
        administrator.made(BlockStorage, "/v3/types", "volume_type", &fields)?;
    }
    for kind in &estate.group_types {
        let fields = json!({"name": kind.name, "is_public": true});
        let id = administrator.made(BlockStorage, "/v3/group_types", "group_type", &fields)?;
        let mut specs = json!({"consistent_group_snapshot_enabled": "<is> True"});
        if kind.replicated
            && let Some(specs) = specs.as_object_mut()
        {
            specs.insert("consistent_group_replication_enabled".to_owned(), json!("<is> True"));
        }
        let path = format!("/v3/group_types/{id}/group_specs");
        administrator.post(BlockStorage, &path, &json!({"group_specs": specs}))?;
    }
    Ok(())
}

fn lay_project(
    project: &Project,
    ground: &Ground<'_>,
    administrator: &Client<'_>,
) -> Result<(), EstateError> {
    let fields = json!({
        "name": project.name, "domain_id": "default", "description": project.description,
    });
    let id = administrator.made(Identity, "/v3/projects", "project", &fields)?;
    let roles = administrator.by_name(Identity, "/v3/roles", "roles")?;
    let unknown = |role: &str| EstateError::Refused {
        site: ground.site.name.clone(),
        what: format!("there is no role {role:?}"),
    };
    for user in &project.users {
        let password = user.password.as_deref().unwrap_or(ground.password);
        let fields = json!({
            "name": user.name, "domain_id": "default", "password": password, "default_project_id": id,
        });
        let user_id = administrator.made(Identity, "/v3/users", "user", &fields)?;
        for role in &user.roles {
            let role = roles.get(role).ok_or_else(|| unknown(role))?;
            administrator.put(Identity, &format!("/v3/projects/{id}/users/{user_id}/roles/{role}"), None)?;
        }
    }
    quotas(project, &id, administrator)?;
    for network in &project.networks {
        let fields = json!({"name": network.name, "project_id": id});
        let network_id = administrator.made(Network, "/v2.0/networks", "network", &fields)?;
        let version = if network.cidr.contains(':') { 6 } else { 4 };
        let fields = json!({
            "name": network.subnet, "project_id": id, "network_id": network_id, "ip_version": version,
            "cidr": network.cidr,
        });
        administrator.made(Network, "/v2.0/subnets", "subnet", &fields)?;
    }
    for group in &project.security_groups {
        let fields = json!({"name": group.name, "project_id": id});
        let group_id = administrator.made(Network, "/v2.0/security-groups", "security_group", &fields)?;
        for rule in &group.rules {
            let fields = json!({
                "security_group_id": group_id, "project_id": id, "direction": "ingress", "ethertype": "IPv4",
                "protocol": rule.protocol, "port_range_min": rule.ports.map(|ports| ports.0),
                "port_range_max": rule.ports.map(|ports| ports.1), "remote_ip_prefix": rule.from,
            });
            administrator.made(Network, "/v2.0/security-group-rules", "security_group_rule", &fields)?;
        }
    }
    Ok(())
}

/// What the services allow by themselves is not enough for large estates.
fn quotas(project: &Project, id: &str, administrator: &Client<'_>) -> Result<(), EstateError> {
    let sum = |count: &dyn Fn(&super::Servers) -> u64| -> u64 {
        project.servers.iter().map(|servers| u64::from(servers.count) * count(servers)).sum()
    };
    let servers = sum(&|_| 1);
    let volumes = sum(&|servers| servers.volumes.len() as u64);
    let gigabytes = sum(&|servers| servers.volumes.iter().map(|volume| volume.size).sum());
    let ports = sum(&|servers| servers.networks.len() as u64);
    let room = |wanted: u64, usual: u64| wanted.saturating_mul(4).max(usual);
    let told = &project.quotas;
    let compute = json!({
        "instances": told.instances.unwrap_or(room(servers, 10)), "cores": -1, "ram": -1,
    });
    administrator.put(Compute, &format!("/v2.1/os-quota-sets/{id}"), Some(&json!({"quota_set": compute})))?;
    let storage = json!({
        "volumes": told.volumes.unwrap_or(room(volumes, 10)),
        "gigabytes": told.gigabytes.unwrap_or(room(gigabytes, 1000)),
        "groups": servers.max(20),
        "snapshots": room(volumes, 10),
    });
    let path = format!("/v3/os-quota-sets/{id}");
    administrator.put(BlockStorage, &path, Some(&json!({"quota_set": storage})))?;
    let quota = json!({"port": told.ports.unwrap_or(room(ports, 500))});
    administrator.put(Network, &format!("/v2.0/quotas/{id}"), Some(&json!({"quota": quota})))?;
    Ok(())
}
