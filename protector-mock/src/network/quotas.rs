//! Quotas: how much of each resource a project may have.
// neutron/extensions/{quotasv2,quotasv2_detail}.py, neutron/db/quota/driver.py, neutron/conf/quota.py, 2026.2

use super::floating_ips::FloatingIp;
use super::networks::Network;
use super::ports::Port;
use super::routers::Router;
use super::security_group_rules::Rule;
use super::security_groups::SecurityGroup;
use super::subnets::Subnet;
use super::{faults, policy};
use crate::cloud::{Call, Fault, Reply, Route};
use crate::world::{Record, Transaction, WorldError};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What a project may have where it differs from the default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Limits {
    project: String,
    limits: BTreeMap<String, i64>,
}

impl Record for Limits {
    const KIND: &'static str = "network.quota";

    fn id(&self) -> &str {
        &self.project
    }
}

/// What is limited, and by how much if nobody said otherwise.
const DEFAULTS: [(&str, i64); 10] = [
    ("network", 100),
    ("subnet", 100),
    ("subnetpool", -1),
    ("port", 500),
    ("router", 10),
    ("router_route", 30),
    ("floatingip", 50),
    ("rbac_policy", 10),
    ("security_group", 10),
    ("security_group_rule", 100),
];

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v2.0/quotas", list),
    Route::new(Method::GET, "/v2.0/quotas/{project}", show),
    Route::new(Method::PUT, "/v2.0/quotas/{project}", update),
    Route::new(Method::DELETE, "/v2.0/quotas/{project}", delete),
    Route::new(Method::GET, "/v2.0/quotas/{project}/default", show_default),
    Route::new(Method::GET, "/v2.0/quotas/{project}/details", details),
    Route::new(Method::GET, "/v2.0/quotas/{project}/details.json", details),
];

fn used(
    transaction: &Transaction<'_>,
    scope: &str,
    project: &str,
    resource: &str,
) -> Result<u64, WorldError> {
    let key = Some(("project", project));
    match resource {
        "network" => transaction.count::<Network>(scope, key),
        "subnet" => transaction.count::<Subnet>(scope, key),
        "port" => transaction.count::<Port>(scope, key),
        "router" => transaction.count::<Router>(scope, key),
        "floatingip" => transaction.count::<FloatingIp>(scope, key),
        "security_group" => transaction.count::<SecurityGroup>(scope, key),
        "security_group_rule" => transaction.count::<Rule>(scope, key),
        _ => Ok(0),
    }
}

fn limits(
    transaction: &Transaction<'_>,
    scope: &str,
    project: &str,
) -> Result<BTreeMap<String, i64>, WorldError> {
    let own: Option<Limits> = transaction.get(scope, project)?;
    let mut limits: BTreeMap<String, i64> =
        DEFAULTS.iter().map(|(resource, limit)| ((*resource).to_owned(), *limit)).collect();
    limits.extend(own.unwrap_or_default().limits);
    Ok(limits)
}

/// How many of a resource a project may have; below 0 as many as it likes.
pub(super) fn limit(
    transaction: &Transaction<'_>,
    scope: &str,
    project: &str,
    resource: &str,
) -> Result<i64, WorldError> {
    Ok(limits(transaction, scope, project)?.get(resource).copied().unwrap_or(-1))
}

/// Refuses so many more of a resource if the project may not have them.
pub(super) fn reserve(
    transaction: &Transaction<'_>,
    scope: &str,
    project: &str,
    resource: &str,
    more: u64,
) -> Result<(), Fault> {
    let Ok(limit) = u64::try_from(limit(transaction, scope, project, resource)?) else { return Ok(()) };
    if used(transaction, scope, project, resource)? + more > limit {
        return Err(faults::in_use("OverQuota", format!("Quota exceeded for resources: ['{resource}'].")));
    }
    Ok(())
}

fn require(call: &Call<'_, '_>, project: &str, action: &str) -> Result<(), Fault> {
    let own = action == "get_quota" && project == call.caller.project;
    policy::require(own || call.caller.is_admin(), action)
}

fn quota(call: &Call<'_, '_>, project: &str) -> Result<Value, Fault> {
    Ok(json!({ "quota": limits(call.transaction, &call.site.name, project)? }))
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    require(call, "", "get_quota")?;
    let mut quotas = Vec::new();
    for own in call.transaction.list::<Limits>(&call.site.name)? {
        let mut quota: Map<String, Value> = limits(call.transaction, &call.site.name, &own.project)?
            .into_iter()
            .map(|(resource, limit)| (resource, json!(limit)))
            .collect();
        quota.insert("project_id".to_owned(), json!(own.project));
        quota.insert("tenant_id".to_owned(), json!(own.project));
        quotas.push(quota);
    }
    Ok(Reply::ok(json!({ "quotas": quotas })))
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let project = call.parameter("project");
    // Two that are no projects: who am I?
    if matches!(project, "tenant" | "project") {
        return Ok(Reply::ok(json!({ project: { format!("{project}_id"): call.caller.project } })));
    }
    require(call, project, "get_quota")?;
    Ok(Reply::ok(quota(call, project)?))
}

fn show_default(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    require(call, call.parameter("project"), "get_quota")?;
    let defaults: BTreeMap<&str, i64> = DEFAULTS.into_iter().collect();
    Ok(Reply::ok(json!({ "quota": defaults })))
}

fn details(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let project = call.parameter("project");
    if project != call.caller.project && !call.caller.is_admin() {
        return Err(faults::admin_required("Only admin is authorized to access quotas for another project"));
    }
    let mut details = Map::new();
    for (resource, limit) in limits(call.transaction, &call.site.name, project)? {
        let used = used(call.transaction, &call.site.name, project, &resource)?;
        details.insert(resource, json!({"limit": limit, "used": used, "reserved": 0}));
    }
    Ok(Reply::ok(json!({ "quota": details })))
}

fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let project = call.parameter("project").to_owned();
    require(call, &project, "update_quota")?;
    let scope = call.scope();
    let Some(given) = call.body.get("quota").and_then(Value::as_object).cloned() else {
        return Err(faults::refused_body("Unable to find 'quota' in request body"));
    };
    let forced = given.get("force") == Some(&json!(true));
    let mut wanted: BTreeMap<String, i64> = BTreeMap::new();
    let named = |name: &str| DEFAULTS.iter().any(|(resource, _)| *resource == name);
    let other = |name: &str| matches!(name, "force" | "check_limit" | "project_id" | "tenant_id");
    let unknown: Vec<&str> =
        given.keys().map(String::as_str).filter(|name| !named(name) && !other(name)).collect();
    if !unknown.is_empty() {
        return Err(faults::refused_body(format!("Unrecognized attribute(s) '{}'", unknown.join(", "))));
    }
    for (resource, limit) in given.iter().filter(|(name, _)| named(name)) {
        let limit =
            super::attributes::Check::Limit.apply(limit).map_err(|refusal| refusal.fault(resource))?;
        wanted.insert(resource.clone(), limit.as_i64().unwrap_or(-1));
    }
    for (resource, limit) in wanted.iter().filter(|(_, limit)| !forced && **limit >= 0) {
        let used = used(call.transaction, &scope, &project, resource)?;
        if used > limit.unsigned_abs() {
            return Err(faults::refused_body(format!(
                "Quota limit {limit} for {resource} must be greater than or equal to already used {used}"
            )));
        }
    }
    let mut own: Limits = call.transaction.get(&scope, &project)?.unwrap_or_default();
    own.project.clone_from(&project);
    own.limits.extend(wanted);
    call.transaction.put(&scope, &own)?;
    Ok(Reply::ok(quota(call, &project)?))
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let project = call.parameter("project").to_owned();
    require(call, &project, "delete_quota")?;
    let scope = call.scope();
    if !call.transaction.remove::<Limits>(&scope, &project)? {
        let message = format!("Quota for project {project} could not be found.");
        return Err(faults::not_found("TenantQuotaNotFound", message));
    }
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
