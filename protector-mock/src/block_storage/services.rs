//! Services, pools, zones and the like. Sources: `cinder/api/v3/services.py`, `cinder/api/contrib/{hosts,scheduler_stats,
//! availability_zones,capabilities}.py`, `cinder/volume/api.py` (`failover`), `cinder/volume/manager.py` (2026.2).

use super::access::since;
use super::faults::invalid_input;
use super::input;
use super::listing::time;
use super::setup::{self, Backend, backend};
use super::volumes::{self, Volume};
use super::{driver, timing, types, unless_broken};
use crate::arrays;
use crate::cloud::{Call, Fault, Reply, Route};
use crate::world::{Due, Reaction, Transaction, WorldError};
use http::StatusCode;
use serde_json::{Value, json};

pub(super) const ROUTES: &[Route] = routes![
    GET "/os-services" => list,
    PUT "/os-services/enable" => enable,
    PUT "/os-services/disable" => disable,
    PUT "/os-services/disable-log-reason" => disable,
    PUT "/os-services/freeze" => freeze,
    PUT "/os-services/thaw" => thaw,
    PUT "/os-services/failover_host" => fail_over,
    PUT "/os-services/failover" => fail_over,
    GET "/os-hosts" => hosts,
    GET "/scheduler-stats/get_pools" => pools,
    GET "/os-availability-zone" => zones,
    GET "/capabilities/{id}" => capabilities,
    GET "/extensions" => extensions,
    GET "/extensions/{id}" => extension,
    GET "/resource_filters" => resource_filters,
    GET "/backups" => no_backups,
    GET "/backups/detail" => no_backups,
    GET "/backups/{id}" => no_backup,
    GET "/clusters" => no_clusters,
    GET "/clusters/detail" => no_clusters,
    GET "/consistencygroups" => no_consistency_groups,
    GET "/consistencygroups/detail" => no_consistency_groups,
];

const FAILED_OVER: &str = "block_storage.host-failed-over";

/// The reactions of services.
pub(super) const REACTIONS: &[(&str, Reaction)] = &[(FAILED_OVER, failed_over)];

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("volume_extension:services:index")?;
    let found = backend(call.transaction, &call.scope())?;
    let seen = time(call.transaction.now());
    let mut volume = json!({
        "binary": "cinder-volume",
        "host": found.host,
        "zone": "nova",
        "status": if found.disabled { "disabled" } else { "enabled" },
        "state": "up",
        "updated_at": seen,
        "disabled_reason": found.disabled_reason,
        "replication_status": found.replication_status,
        "active_backend_id": found.active_backend,
        "frozen": found.frozen,
    });
    let mut scheduler = json!({
        "binary": "cinder-scheduler",
        "host": call.site.name,
        "zone": "nova",
        "status": "enabled",
        "state": "up",
        "updated_at": seen,
        "disabled_reason": null,
    });
    for service in [&mut volume, &mut scheduler] {
        if let Some(fields) = service.as_object_mut() {
            if call.since(3, 7) {
                fields.insert("cluster".to_owned(), Value::Null);
            }
            if call.since(3, 49) && fields.contains_key("frozen") {
                fields.insert("backend_state".to_owned(), json!("up"));
            }
        }
    }
    let wanted = |service: &Value, name: &str| {
        call.query.get(name).is_none_or(|asked| service.get(name).and_then(Value::as_str) == Some(asked))
    };
    let shown: Vec<Value> = [volume, scheduler]
        .into_iter()
        .filter(|service| wanted(service, "host") && wanted(service, "binary"))
        .collect();
    Ok(Reply::ok(json!({"services": shown})))
}

fn text(call: &Call<'_, '_>, name: &str) -> Option<String> {
    call.body.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn of_body(call: &Call<'_, '_>) -> Result<Backend, Fault> {
    call.require_admin("volume_extension:services:update")?;
    let Some(host) = text(call, "host") else { return Err(invalid_input("Host field is missing.")) };
    let found = backend(call.transaction, &call.scope())?;
    if host == found.host || host == found.pool() {
        return Ok(found);
    }
    Err(invalid_input(format!("No service found with host={host}")))
}

fn switch(call: &mut Call<'_, '_>, disabled: bool) -> Result<Reply, Fault> {
    call.require_admin("volume_extension:services:update")?;
    let host = text(call, "host").ok_or_else(|| invalid_input("Host field is missing."))?;
    let (service, binary) =
        (text(call, "service").unwrap_or_default(), text(call, "binary").unwrap_or_default());
    let which = if binary.is_empty() { &service } else { &binary };
    let scope = call.scope();
    let mut found = backend(call.transaction, &scope)?;
    let known = match which.as_str() {
        "cinder-volume" => host == found.host,
        "cinder-scheduler" => host == call.site.name,
        _ => false,
    };
    if !known {
        return Err(Fault::not_found(format!("Service {which} could not be found on host {host}.")));
    }
    let reason = text(call, "disabled_reason");
    if which == "cinder-volume" {
        found.disabled = disabled;
        found.disabled_reason.clone_from(&reason);
        setup::put(call.transaction, &scope, &found)?;
    }
    let mut told = json!({
        "host": host,
        "service": service,
        "binary": binary,
        "status": if disabled { "disabled" } else { "enabled" },
        "disabled": disabled,
    });
    if let (Some(reason), Some(told)) = (reason, told.as_object_mut()) {
        told.insert("disabled_reason".to_owned(), json!(reason));
    }
    Ok(Reply::ok(told))
}

fn enable(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    switch(call, false)
}

fn disable(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    switch(call, true)
}

fn set_frozen(call: &mut Call<'_, '_>, frozen: bool) -> Result<Reply, Fault> {
    let mut found = of_body(call)?;
    if found.frozen == frozen {
        return Err(invalid_input(format!(
            "No service could be changed: frozen in ['{}'] must be {} to failover.",
            found.host,
            input::repr(&json!(!frozen))
        )));
    }
    found.frozen = frozen;
    let scope = call.scope();
    setup::put(call.transaction, &scope, &found)?;
    Ok(Reply::empty(StatusCode::OK))
}

fn freeze(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    set_frozen(call, true)
}

fn thaw(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    set_frozen(call, false)
}

fn fail_over(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let mut found = of_body(call)?;
    if !["enabled", "failed-over"].contains(&found.replication_status.as_str()) {
        return Err(invalid_input(format!(
            "No service could be changed: replication_status in ['{}'] must be enabled or failed-over and must be up to \
             failover.",
            found.host
        )));
    }
    "failing-over".clone_into(&mut found.replication_status);
    let scope = call.scope();
    setup::put(call.transaction, &scope, &found)?;
    let to = text(call, "backend_id").unwrap_or_default();
    timing::later(call.transaction, &scope, FAILED_OVER, &to, 0.5)?;
    Ok(Reply::bare(StatusCode::ACCEPTED))
}

/// The backend goes to the other array, or comes back from it (`failover`, `_async_failover_host`). What is not replicated is in
/// error then; after the way back everything asynchronous is, for its content is old.
fn failed_over(transaction: &mut Transaction<'_>, due: &Due) -> Result<(), WorldError> {
    let scope = due.scope.as_str();
    let Some(mut found) = unless_broken(backend(transaction, scope))? else { return Ok(()) };
    let back = due.subject == "default";
    let target = driver::groups::targets_of(transaction, &found)?
        .into_iter()
        .find(|target| due.subject.is_empty() || target.name == due.subject);
    let all: Vec<Volume> = transaction.list(scope)?;
    if back {
        found.active_backend = None;
        "enabled".clone_into(&mut found.replication_status);
        found.disabled = false;
        found.disabled_reason = None;
        for mut volume in
            all.into_iter().filter(|volume| volume.replication_status.as_deref() == Some("failed-over"))
        {
            "error".clone_into(&mut volume.status);
            volume.replication_status = Some("failover-error".to_owned());
            volumes::put(transaction, scope, &mut volume)?;
        }
        return setup::put(transaction, scope, &found);
    }
    let Some(target) = target else {
        "failover-error".clone_into(&mut found.replication_status);
        found.disabled = true;
        found.disabled_reason = Some("Invalid replication target".to_owned());
        return setup::put(transaction, scope, &found);
    };
    for mut volume in all {
        let replicated = unless_broken(types::get(transaction, scope, &volume.type_id))?
            .is_some_and(|volume_type| volume_type.replication() == Some("async"));
        let there = replicated && driver::fail_over(transaction, &found, &target.name, &volume)?;
        if there {
            volume.replication_status = Some("failed-over".to_owned());
        } else {
            volume.previous_status = Some(std::mem::replace(&mut volume.status, "error".to_owned()));
            volume.replication_status = Some("not-capable".to_owned());
        }
        volumes::put(transaction, scope, &mut volume)?;
    }
    found.active_backend = Some(target.name);
    "failed-over".clone_into(&mut found.replication_status);
    found.disabled = true;
    found.disabled_reason = Some("failed-over".to_owned());
    setup::put(transaction, scope, &found)
}

fn hosts(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("volume_extension:hosts")?;
    let found = backend(call.transaction, &call.scope())?;
    let seen = time(call.transaction.now());
    let host = |name: &str, service: &str, disabled: bool| {
        json!({
            "host_name": name,
            "service": service,
            "zone": "nova",
            "service-status": "available",
            "service-state": if disabled { "disabled" } else { "enabled" },
            "last-update": seen,
        })
    };
    let all = [
        host(&found.host, "cinder-volume", found.disabled),
        host(&call.site.name, "cinder-scheduler", false),
    ];
    Ok(Reply::ok(json!({"hosts": all})))
}

fn pools(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("scheduler_extension:scheduler_stats:get_pools")?;
    let scope = call.scope();
    let found = backend(call.transaction, &scope)?;
    let name = found.pool();
    if call.since(3, 28) && call.query.get("name").is_some_and(|asked| asked != name) {
        return Ok(Reply::ok(json!({"pools": []})));
    }
    if !call.query.get("detail").is_some_and(input::truth) {
        return Ok(Reply::ok(json!({"pools": [{"name": name}]})));
    }
    let volumes = arrays::objects::all::<arrays::volumes::Volume>(call.transaction, &found.array)?;
    let provisioned: u64 = volumes.iter().map(|volume| volume.provisioned).sum::<u64>() >> 30;
    let allocated: u64 = call.transaction.list::<Volume>(&scope)?.iter().map(|volume| volume.size).sum();
    let snapshots =
        arrays::objects::all::<arrays::snapshots::Snapshot>(call.transaction, &found.array)?.len();
    let groups = arrays::objects::all::<arrays::groups::Group>(call.transaction, &found.array)?.len();
    let hosts = call.transaction.count::<arrays::hosts::Host>(&found.array, None)?;
    let targets: Vec<String> =
        driver::groups::targets_of(call.transaction, &found)?.into_iter().map(|target| target.name).collect();
    let total = 102_400.0;
    let capabilities = json!({
        "volume_backend_name": "pure",
        "vendor_name": "Pure Storage",
        "driver_version": if found.older { "18.0.iscsi" } else { "23.0.iscsi" },
        "storage_protocol": "iSCSI",
        "consistencygroup_support": true,
        "thin_provisioning_support": true,
        "multiattach": true,
        "consistent_group_replication_enabled": true,
        "consistent_group_snapshot_enabled": true,
        "QoS_support": true,
        "total_capacity_gb": total,
        "free_capacity_gb": total - 2.0,
        "reserved_percentage": 0,
        "provisioned_capacity_gb": provisioned as f64,
        "max_over_subscription_ratio": 20.0,
        "filter_function": null,
        "goodness_function": null,
        "total_volumes": volumes.len(),
        "total_snapshots": snapshots,
        "total_hosts": hosts,
        "total_pgroups": groups,
        "writes_per_sec": 10,
        "reads_per_sec": 10,
        "input_per_sec": 1000,
        "output_per_sec": 1000,
        "usec_per_read_op": 100,
        "usec_per_write_op": 100,
        "queue_depth": 1,
        "queue_usec_per_mirrored_write_op": 1,
        "queue_usec_per_read_op": 1,
        "queue_usec_per_write_op": 1,
        "replication_capability": "async",
        "replication_enabled": !targets.is_empty(),
        "replication_type": ["async"],
        "replication_count": targets.len(),
        "replication_targets": targets,
        "allocated_capacity_gb": allocated,
        "cacheable": true,
        "timestamp": time(call.transaction.now()),
    });
    Ok(Reply::ok(json!({"pools": [{"name": name, "capabilities": capabilities}]})))
}

fn zones(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let available = !backend(call.transaction, &call.scope())?.disabled;
    let zone = json!({"zoneName": "nova", "zoneState": {"available": available}});
    Ok(Reply::ok(json!({"availabilityZoneInfo": [zone]})))
}

fn capabilities(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("volume_extension:capabilities")?;
    let found = backend(call.transaction, &call.scope())?;
    let asked = call.parameter("id");
    if asked != found.host {
        return Err(Fault::not_found(format!("Can't find service: {asked}")));
    }
    Ok(Reply::ok(json!({
        "namespace": format!("OS::Storage::Capabilities::{asked}"),
        "vendor_name": "Pure Storage",
        "volume_backend_name": "pure",
        "pool_name": null,
        "driver_version": if found.older { "18.0.iscsi" } else { "23.0.iscsi" },
        "storage_protocol": "iSCSI",
        "display_name": null,
        "description": null,
        "visibility": null,
        "replication_targets": [],
        "properties": {},
    })))
}

/// Name, alias, description and date of each.
const EXTENSIONS: [(&str, &str, &str, &str); 15] = [
    (
        "VolumeImageMetadata",
        "os-vol-image-meta",
        "Show image metadata associated with the volume.",
        "2012-12-07",
    ),
    ("VolumeUnmanage", "os-volume-unmanage", "Enable volume unmanage operation.", "2012-05-31"),
    ("UsedLimits", "os-used-limits", "Provide data on limited resources that are being used.", "2013-10-03"),
    ("AdminActions", "os-admin-actions", "Enable admin actions.", "2012-08-25"),
    ("TypesExtraSpecs", "os-types-extra-specs", "Type extra specs support.", "2011-08-24"),
    ("VolumeTypeEncryption", "encryption", "Encryption support for volume types.", "2013-07-01"),
    ("SnapshotActions", "os-snapshot-actions", "Enable snapshot manager actions.", "2013-07-16"),
    ("Quotas", "os-quota-sets", "Quota management support.", "2011-08-08"),
    ("VolumeActions", "os-volume-actions", "Enable volume actions.", "2012-05-31"),
    ("QuotaClasses", "os-quota-class-sets", "Quota classes management support.", "2012-03-12"),
    ("AvailabilityZones", "os-availability-zone", "Describe Availability Zones.", "2013-06-27"),
    ("VolumeTransfer", "os-volume-transfer", "Volume transfer management support.", "2013-05-29"),
    (
        "VolumeManage",
        "os-volume-manage",
        "Allows existing backend storage to be 'managed' by Cinder.",
        "2014-02-10",
    ),
    ("TypesManage", "os-types-manage", "Types manage support.", "2011-08-24"),
    ("VolumeTypeAccess", "os-volume-type-access", "Volume type access support.", "2014-06-26"),
];

fn told(extension: &(&str, &str, &str, &str)) -> Value {
    let (name, alias, description, date) = extension;
    json!({
        "name": name,
        "alias": alias,
        "description": description,
        "updated": format!("{date}T00:00:00+00:00"),
        "links": [],
    })
}

#[expect(clippy::unnecessary_wraps, reason = "a handler is one that may refuse")]
fn extensions(_: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    Ok(Reply::ok(json!({"extensions": EXTENSIONS.iter().map(told).collect::<Vec<_>>()})))
}

fn extension(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let asked = call.parameter("id");
    match EXTENSIONS.iter().find(|(_, alias, ..)| *alias == asked) {
        Some(found) => Ok(Reply::ok(json!({"extension": told(found)}))),
        None => Err(super::faults::no_resource()),
    }
}

fn resource_filters(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    since(call, 33)?;
    let known: [(&str, &[&str]); 9] = [
        (
            "volume",
            &[
                "name",
                "status",
                "metadata",
                "bootable",
                "migration_status",
                "availability_zone",
                "group_id",
                "size",
                "created_at",
                "updated_at",
                "consumes_quota",
            ],
        ),
        ("backup", &["name", "status", "volume_id"]),
        ("snapshot", &["name", "status", "volume_id", "metadata", "availability_zone", "consumes_quota"]),
        ("group", &["name"]),
        ("group_snapshot", &["name", "status", "group_id"]),
        ("attachment", &["volume_id", "status", "instance_id", "attach_status"]),
        ("message", &["resource_uuid", "resource_type", "event_id", "request_id", "message_level"]),
        ("pool", &["name", "volume_type"]),
        ("volume_type", &["is_public", "extra_specs"]),
    ];
    let asked = call.query.get("resource");
    let shown: Vec<Value> = known
        .iter()
        .filter(|(name, _)| asked.is_none_or(|asked| asked == *name))
        .map(|(name, filters)| json!({"resource": name, "filters": filters}))
        .collect();
    Ok(Reply::ok(json!({"resource_filters": shown})))
}

/// There is no backup service here; as with a Cinder that has none, there is nothing to list.
#[expect(clippy::unnecessary_wraps, reason = "a handler is one that may refuse")]
fn no_backups(_: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    Ok(Reply::ok(json!({"backups": []})))
}

fn no_backup(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    Err(Fault::not_found(format!("Backup {} could not be found.", call.parameter("id"))))
}

fn no_clusters(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    since(call, 7)?;
    call.require_admin("clusters:get_all")?;
    Ok(Reply::ok(json!({"clusters": []})))
}

#[expect(clippy::unnecessary_wraps, reason = "a handler is one that may refuse")]
fn no_consistency_groups(_: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    Ok(Reply::ok(json!({"consistencygroups": []})))
}
