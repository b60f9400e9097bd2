//! `os-quota-sets`, `os-quota-class-sets` and `limits`. Sources: `cinder/api/contrib/quotas.py`, `quota_classes.py`,
//! `used_limits.py`, `cinder/api/v3/limits.py` (2026.2).

use super::{Limits, Usage, limits, of_class, of_project, resources};
use crate::block_storage::{faults::invalid_input, input};
use crate::cloud::{Call, Fault, Reply, Route};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub(in crate::block_storage) const ROUTES: &[Route] = routes![
    GET "/os-quota-sets/{id}" => show,
    PUT "/os-quota-sets/{id}" => update,
    DELETE "/os-quota-sets/{id}" => delete,
    GET "/os-quota-sets/{id}/defaults" => defaults,
    GET "/os-quota-class-sets/{id}" => show_class,
    PUT "/os-quota-class-sets/{id}" => update_class,
    GET "/limits" => absolute,
];

/// Accepted and passed over (`NON_QUOTA_KEYS`).
const NO_QUOTAS: [&str; 3] = ["tenant_id", "id", "project_id"];

fn may_show(call: &Call<'_, '_>) -> Result<(), Fault> {
    if call.caller.is_admin() || call.caller.project == call.parameter("id") {
        return Ok(());
    }
    call.require_admin("volume_extension:quotas:show")
}

fn numbers(all: BTreeMap<String, i64>, id: Option<&str>) -> Value {
    let mut told: Map<String, Value> =
        all.into_iter().map(|(name, limit)| (name, Value::from(limit))).collect();
    if let Some(id) = id {
        told.insert("id".to_owned(), json!(id));
    }
    Value::Object(told)
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    may_show(call)?;
    let (scope, project) = (call.scope(), call.parameter("id").to_owned());
    let limits = limits(call.transaction, &scope, &project)?;
    if !call.query.get("usage").is_some_and(input::truth) {
        return Ok(Reply::ok(json!({"quota_set": numbers(limits, Some(&project))})));
    }
    let usage = call.transaction.get::<Usage>(&scope, &project)?.unwrap_or_default();
    let mut told = Map::new();
    for (name, limit) in limits {
        let used = usage.used.get(&name).copied().unwrap_or(0);
        told.insert(name, json!({"limit": limit, "in_use": used, "reserved": 0}));
    }
    told.insert("id".to_owned(), json!(project));
    Ok(Reply::ok(json!({"quota_set": told})))
}

fn defaults(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    may_show(call)?;
    let (scope, project) = (call.scope(), call.parameter("id").to_owned());
    let defaults = resources(call.transaction, &scope)?;
    Ok(Reply::ok(json!({"quota_set": numbers(defaults, Some(&project))})))
}

fn wanted(
    call: &Call<'_, '_>,
    wrapper: &str,
    title: &str,
    known: &BTreeMap<String, i64>,
) -> Result<BTreeMap<String, i64>, Fault> {
    let fields = input::read_with(&call.body, wrapper, &[], true)?;
    let mut set = BTreeMap::new();
    let mut unknown = Vec::new();
    let object = call.body.get(wrapper).and_then(Value::as_object).into_iter().flatten();
    for (name, value) in object {
        if NO_QUOTAS.contains(&name.as_str()) {
            continue;
        }
        if !known.contains_key(name) {
            unknown.push(name.as_str());
            continue;
        }
        let number = value
            .as_i64()
            .or_else(|| fields.text(name).and_then(|text| text.parse().ok()))
            .ok_or_else(|| Fault::bad_request(format!("{name} must be an integer")))?;
        if number < -1 {
            return Err(Fault::bad_request(format!("{name} must be >= -1")));
        }
        set.insert(name.clone(), number);
    }
    if !unknown.is_empty() {
        return Err(invalid_input(format!("Bad key(s) in {title}: {}", unknown.join(", "))));
    }
    Ok(set)
}

fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("volume_extension:quotas:update")?;
    let (scope, project) = (call.scope(), call.parameter("id").to_owned());
    let known = limits(call.transaction, &scope, &project)?;
    let set = wanted(call, "quota_set", "quota set", &known)?;
    let usage = call.transaction.get::<Usage>(&scope, &project)?.unwrap_or_default();
    for (name, limit) in &set {
        let used = usage.used.get(name).copied().unwrap_or(0);
        if *limit != -1 && *limit < used {
            return Err(Fault::bad_request(format!(
                "Quota {name} limit must be equal or greater than existing resources. Current usage is {used} and the \
                 requested limit is {limit}."
            )));
        }
    }
    store(call, of_project(&project), set)?;
    let limits = limits(call.transaction, &scope, &project)?;
    Ok(Reply::ok(json!({"quota_set": numbers(limits, None)})))
}

fn store(call: &mut Call<'_, '_>, id: String, set: BTreeMap<String, i64>) -> Result<(), Fault> {
    let scope = call.scope();
    let mut stored =
        call.transaction.get::<Limits>(&scope, &id)?.unwrap_or(Limits { id, limits: BTreeMap::new() });
    stored.limits.extend(set);
    Ok(call.transaction.put(&scope, &stored)?)
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("volume_extension:quotas:delete")?;
    let (scope, id) = (call.scope(), of_project(call.parameter("id")));
    call.transaction.remove::<Limits>(&scope, &id)?;
    Ok(Reply::empty(http::StatusCode::OK))
}

fn show_class(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("volume_extension:quota_classes:get")?;
    let (scope, class) = (call.scope(), call.parameter("id").to_owned());
    let set = class_of(call, &scope, &class)?;
    Ok(Reply::ok(json!({"quota_class_set": numbers(set, Some(&class))})))
}

fn class_of(call: &Call<'_, '_>, scope: &str, class: &str) -> Result<BTreeMap<String, i64>, Fault> {
    let mut all = resources(call.transaction, scope)?;
    let set = call.transaction.get::<Limits>(scope, &of_class(class))?.unwrap_or_default();
    all.extend(set.limits);
    Ok(all)
}

fn update_class(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("volume_extension:quota_classes:update")?;
    let (scope, class) = (call.scope(), call.parameter("id").to_owned());
    let known = resources(call.transaction, &scope)?;
    let set = wanted(call, "quota_class_set", "quota class set", &known)?;
    store(call, of_class(&class), set)?;
    let set = class_of(call, &scope, &class)?;
    Ok(Reply::ok(json!({"quota_class_set": numbers(set, None)})))
}

fn absolute(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let scope = call.scope();
    let other = call.query.get("project_id").or_else(|| call.query.get("tenant_id"));
    let project = match other {
        Some(project) if call.since(3, 39) && call.caller.is_admin() => project.to_owned(),
        _ => call.caller.project.clone(),
    };
    let limits = limits(call.transaction, &scope, &project)?;
    let usage = call.transaction.get::<Usage>(&scope, &project)?.unwrap_or_default();
    let names = [
        ("volumes", "maxTotalVolumes", "totalVolumesUsed"),
        ("snapshots", "maxTotalSnapshots", "totalSnapshotsUsed"),
        ("gigabytes", "maxTotalVolumeGigabytes", "totalGigabytesUsed"),
        ("backups", "maxTotalBackups", "totalBackupsUsed"),
        ("backup_gigabytes", "maxTotalBackupGigabytes", "totalBackupGigabytesUsed"),
    ];
    let mut told = Map::new();
    for (name, limit, used) in names {
        told.insert(limit.to_owned(), json!(limits.get(name).copied().unwrap_or(-1)));
        told.insert(used.to_owned(), json!(usage.used.get(name).copied().unwrap_or(0)));
    }
    Ok(Reply::ok(json!({"limits": {"rate": [], "absolute": told}})))
}
