//! Quotas and limits. Source: nova/api/openstack/compute/{quota_sets,quota_classes,limits}.py, views/limits.py,
//! schemas/quota_sets.py, nova/quota.py, nova/compute/utils.py (`check_num_instances_quota`).

#[cfg(test)]
mod tests;

use super::schema::{check_body, integer, patterns, truth, types};
use super::server_groups::ServerGroup;
use super::servers::Server;
use crate::cloud::{Call, Fault, Reply, Route};
use crate::world::{Record, Transaction, WorldError};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What is limited, and the limit where nobody set another (nova/conf/quota.py).
const RESOURCES: [(&str, i64); 14] = [
    ("cores", 20),
    ("fixed_ips", -1),
    ("floating_ips", -1),
    ("injected_file_content_bytes", 10240),
    ("injected_file_path_bytes", 255),
    ("injected_files", 5),
    ("instances", 10),
    ("key_pairs", 100),
    ("metadata_items", 128),
    ("ram", 51200),
    ("security_group_rules", -1),
    ("security_groups", -1),
    ("server_group_members", 10),
    ("server_groups", 10),
];

/// Limits that were set for a project, or for all (`default`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Limits {
    id: String,
    limits: BTreeMap<String, i64>,
}

impl Record for Limits {
    const KIND: &'static str = "compute.quota";

    fn id(&self) -> &str {
        &self.id
    }
}

/// The quota class whose limits count where a project has none.
const DEFAULT: &str = "class/default";

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v2.1/os-quota-sets/{project}", show),
    Route::new(Method::PUT, "/v2.1/os-quota-sets/{project}", update),
    Route::new(Method::DELETE, "/v2.1/os-quota-sets/{project}", delete),
    Route::new(Method::GET, "/v2.1/os-quota-sets/{project}/detail", detail),
    Route::new(Method::GET, "/v2.1/os-quota-sets/{project}/defaults", defaults),
    Route::new(Method::GET, "/v2.1/os-quota-class-sets/{class}", class),
    Route::new(Method::PUT, "/v2.1/os-quota-class-sets/{class}", update_class),
    Route::new(Method::GET, "/v2.1/limits", limits),
];

/// The limit of a resource for a project; -1 is none.
pub(super) fn limit(
    transaction: &Transaction<'_>,
    scope: &str,
    project: &str,
    resource: &str,
) -> Result<i64, WorldError> {
    for id in [project, DEFAULT] {
        let limits: Option<Limits> = transaction.get(scope, id)?;
        if let Some(limit) = limits.and_then(|limits| limits.limits.get(resource).copied()) {
            return Ok(limit);
        }
    }
    let usual = RESOURCES.iter().find(|(name, _)| *name == resource);
    Ok(usual.map_or(-1, |(_, limit)| *limit))
}

/// Sets a limit of a project, for an estate that is loaded.
///
/// # Errors
/// The world cannot be written.
pub fn set(
    transaction: &mut Transaction<'_>,
    site: &str,
    project: &str,
    resource: &str,
    limit: i64,
) -> Result<(), WorldError> {
    let mut limits = transaction
        .get::<Limits>(site, project)?
        .unwrap_or_else(|| Limits { id: project.to_owned(), limits: BTreeMap::new() });
    limits.limits.insert(resource.to_owned(), limit);
    transaction.put(site, &limits)
}

/// What a project's servers take.
#[derive(Debug, Clone, Copy, Default)]
struct Usage {
    instances: i64,
    cores: i64,
    ram: i64,
}

fn usage(transaction: &Transaction<'_>, scope: &str, project: &str) -> Result<Usage, WorldError> {
    let servers: Vec<Server> = transaction.find(scope, "project", project)?;
    Ok(servers.iter().fold(Usage::default(), |sum, server| Usage {
        instances: sum.instances + 1,
        cores: sum.cores + server.flavor.vcpus,
        ram: sum.ram + server.flavor.ram,
    }))
}

/// How many servers of a flavor a project may have of those that were asked for.
///
/// # Errors
/// 403 with Nova's sentence if it is fewer than the least.
pub(super) fn admit(
    call: &Call<'_, '_>,
    (vcpus, ram): (i64, i64),
    least: i64,
    most: i64,
) -> Result<i64, Fault> {
    let (scope, project) = (&call.site.name, &call.caller.project);
    let used = usage(call.transaction, scope, project)?;
    let mut room = Vec::new();
    // In the order in which Nova sorts what is exceeded.
    for (name, used, each) in
        [("cores", used.cores, vcpus), ("instances", used.instances, 1), ("ram", used.ram, ram)]
    {
        let limit = limit(call.transaction, scope, project, name)?;
        room.push((name, used, each, limit, if limit < 0 { i64::MAX } else { limit - used }));
    }
    let fits = |count: i64| room.iter().all(|(_, _, each, _, room)| count.saturating_mul(*each) <= *room);
    if let Some(count) = (least..=most).rev().find(|count| fits(*count)) {
        return Ok(count);
    }
    let over: Vec<_> =
        room.iter().filter(|(_, _, each, _, room)| most.saturating_mul(*each) > *room).collect();
    let join = |texts: Vec<String>| texts.join(", ");
    let requested = |name: &str, each: i64| match name {
        "instances" if least != most => format!("{least}-{most}"),
        _ => most.saturating_mul(each).to_string(),
    };
    let names = join(over.iter().map(|(name, ..)| (*name).to_owned()).collect());
    Err(Fault::forbidden(format!(
        "Quota exceeded for {names}: Requested {}, but already used {} of {} {names}",
        join(over.iter().map(|(name, _, each, ..)| requested(name, *each)).collect()),
        join(over.iter().map(|(_, used, ..)| used.to_string()).collect()),
        join(over.iter().map(|(_, _, _, limit, _)| limit.to_string()).collect()),
    )))
}

/// Whether a project may have more cores and memory, as a resize asks.
///
/// # Errors
/// 403 with Nova's sentence.
pub(super) fn admit_growth(call: &Call<'_, '_>, project: &str, cores: i64, ram: i64) -> Result<(), Fault> {
    let used = usage(call.transaction, &call.site.name, project)?;
    for (name, used, more) in [("cores", used.cores, cores), ("ram", used.ram, ram)] {
        let limit = limit(call.transaction, &call.site.name, project, name)?;
        if limit >= 0 && more > 0 && used + more > limit {
            return Err(Fault::forbidden(format!(
                "Quota exceeded for {name}: Requested {more}, but already used {used} of {limit} {name}"
            )));
        }
    }
    Ok(())
}

fn shown(call: &Call<'_, '_>, resource: &str) -> bool {
    let proxied = ["fixed_ips", "floating_ips", "security_group_rules", "security_groups"];
    !(call.since(2, 36) && proxied.contains(&resource)
        || call.since(2, 57) && resource.starts_with("injected"))
}

fn in_use(call: &Call<'_, '_>, project: &str) -> Result<BTreeMap<&'static str, i64>, Fault> {
    let scope = &call.site.name;
    let used = usage(call.transaction, scope, project)?;
    let groups = call.transaction.count::<ServerGroup>(scope, Some(("project", project)))?;
    Ok(BTreeMap::from([
        ("instances", used.instances),
        ("cores", used.cores),
        ("ram", used.ram),
        ("server_groups", i64::try_from(groups).unwrap_or(i64::MAX)),
    ]))
}

fn set_of(call: &Call<'_, '_>, id: Option<&str>, project: &str, name: &str) -> Result<Reply, Fault> {
    let mut set = Map::new();
    if let Some(id) = id {
        set.insert("id".to_owned(), json!(id));
    }
    for (resource, _) in RESOURCES.iter().filter(|(resource, _)| shown(call, resource)) {
        let limit = limit(call.transaction, &call.site.name, project, resource)?;
        set.insert((*resource).to_owned(), json!(limit));
    }
    Ok(Reply::ok(json!({name: set})))
}

/// One's own, or any for an administrator.
fn allowed(call: &Call<'_, '_>, rule: &str) -> Result<String, Fault> {
    let project = call.parameter("project");
    if project != call.caller.project {
        call.require_admin(&format!("os_compute_api:os-quota-sets:{rule}"))?;
    }
    Ok(project.to_owned())
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let project = allowed(call, "show")?;
    super::verify_project(call, &project)?;
    set_of(call, Some(&project), &project, "quota_set")
}

fn detail(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let project = allowed(call, "detail")?;
    super::verify_project(call, &project)?;
    let used = in_use(call, &project)?;
    let mut set = Map::from_iter([("id".to_owned(), json!(project))]);
    for (resource, _) in RESOURCES.iter().filter(|(resource, _)| shown(call, resource)) {
        let limit = limit(call.transaction, &call.site.name, &project, resource)?;
        let used = used.get(resource).copied().unwrap_or(0);
        set.insert((*resource).to_owned(), json!({"limit": limit, "in_use": used, "reserved": 0}));
    }
    Ok(Reply::ok(json!({"quota_set": set})))
}

fn defaults(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let project = call.parameter("project").to_owned();
    super::verify_project(call, &project)?;
    set_of(call, Some(&project), DEFAULT, "quota_set")
}

fn schema(call: &Call<'_, '_>) -> Value {
    let limit = json!({"type": ["integer", "string"], "pattern": patterns::SIGNED, "minimum": -1,
        "maximum": i32::MAX});
    let mut properties = Map::new();
    for (resource, _) in RESOURCES.iter().filter(|(resource, _)| shown(call, resource)) {
        properties.insert((*resource).to_owned(), limit.clone());
    }
    properties.insert("force".to_owned(), types::boolean());
    Value::Object(properties)
}

fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-quota-sets:update")?;
    let project = call.parameter("project").to_owned();
    super::verify_project(call, &project)?;
    check_body(call, &types::body("quota_set", types::object(schema(call), &[])))?;
    let given = call.body.get("quota_set").cloned().unwrap_or_default();
    let used = if given.get("force").is_some_and(truth) { BTreeMap::new() } else { in_use(call, &project)? };
    let scope = call.scope();
    for (resource, value) in given.as_object().into_iter().flatten().filter(|(name, _)| *name != "force") {
        let Some(limit) = integer(Some(value)) else { continue };
        let least = used.get(resource.as_str()).copied().unwrap_or(0);
        if limit >= 0 && limit < least {
            return Err(Fault::bad_request(format!(
                "Quota limit {limit} for {resource} must be greater than or equal to already used and reserved \
                 {least}."
            )));
        }
        set(call.transaction, &scope, &project, resource, limit)?;
    }
    set_of(call, None, &project, "quota_set")
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-quota-sets:delete")?;
    let (scope, project) = (call.scope(), call.parameter("project").to_owned());
    call.transaction.remove::<Limits>(&scope, &project)?;
    Ok(Reply::empty(StatusCode::ACCEPTED))
}

fn class(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-quota-class-sets:show")?;
    set_of(call, Some(call.parameter("class")), DEFAULT, "quota_class_set")
}

fn update_class(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-quota-class-sets:update")?;
    check_body(call, &types::body("quota_class_set", types::object(schema(call), &[])))?;
    let given = call.body.get("quota_class_set").cloned().unwrap_or_default();
    let scope = call.scope();
    for (resource, value) in given.as_object().into_iter().flatten() {
        if let Some(limit) = integer(Some(value)) {
            set(call.transaction, &scope, DEFAULT, resource, limit)?;
        }
    }
    set_of(call, None, DEFAULT, "quota_class_set")
}

fn limits(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let project = match call.query.get("tenant_id") {
        Some(other) if other != call.caller.project => {
            call.require_admin("os_compute_api:limits:other_project")?;
            other.to_owned()
        }
        _ => call.caller.project.clone(),
    };
    let mut absolute = Map::new();
    for (resource, name) in [
        ("ram", "maxTotalRAMSize"),
        ("instances", "maxTotalInstances"),
        ("cores", "maxTotalCores"),
        ("key_pairs", "maxTotalKeypairs"),
        ("floating_ips", "maxTotalFloatingIps"),
        ("metadata_items", "maxServerMeta"),
        ("metadata_items", "maxImageMeta"),
        ("injected_files", "maxPersonality"),
        ("injected_file_content_bytes", "maxPersonalitySize"),
        ("security_groups", "maxSecurityGroups"),
        ("security_group_rules", "maxSecurityGroupRules"),
        ("server_groups", "maxServerGroups"),
        ("server_group_members", "maxServerGroupMembers"),
    ] {
        if shown(call, resource) && !(name == "maxImageMeta" && call.since(2, 39)) {
            let limit = limit(call.transaction, &call.site.name, &project, resource)?;
            absolute.insert(name.to_owned(), json!(limit));
        }
    }
    let used = in_use(call, &project)?;
    for (resource, name) in [
        ("ram", "totalRAMUsed"),
        ("cores", "totalCoresUsed"),
        ("instances", "totalInstancesUsed"),
        ("floating_ips", "totalFloatingIpsUsed"),
        ("security_groups", "totalSecurityGroupsUsed"),
        ("server_groups", "totalServerGroupsUsed"),
    ] {
        if shown(call, resource) {
            absolute.insert(name.to_owned(), json!(used.get(resource).copied().unwrap_or(0)));
        }
    }
    Ok(Reply::ok(json!({"limits": {"rate": [], "absolute": absolute}})))
}
