//! What projects used. Source: nova/api/openstack/compute/simple_tenant_usage.py.

use super::servers::{Server, between};
use super::timing;
use crate::cloud::{Call, Fault, Reply, Route};
use http::Method;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v2.1/os-simple-tenant-usage", list),
    Route::new(Method::GET, "/v2.1/os-simple-tenant-usage/{project}", show),
];

/// The time that is asked for; a month until now otherwise.
fn period(call: &Call<'_, '_>) -> Result<(Timestamp, Timestamp), Fault> {
    let now = call.transaction.now();
    let time = |name: &str| {
        call.query.get(name).filter(|text| !text.is_empty()).map(|text| {
            let day = text.parse::<jiff::civil::Date>().ok();
            let day = day.and_then(|day| Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp()));
            timing::parse(text).or(day).ok_or_else(|| {
                Fault::bad_request(format!(
                    "Invalid input for query parameters {name}. Value: {text}. time data '{text}' does not match any \
                     known format"
                ))
            })
        })
    };
    let start = time("start").transpose()?.unwrap_or(now);
    let stop = time("end").transpose()?.unwrap_or(now);
    if start > stop {
        return Err(Fault::bad_request(
            "Invalid start time. The start time cannot occur after the end time.",
        ));
    }
    Ok((start, stop))
}

fn hours(server: &Server, start: Timestamp, stop: Timestamp) -> f64 {
    let Some(launched) = server.launched else { return 0.0 };
    let from = launched.max(start);
    let to = server.terminated.map_or(stop, |terminated| terminated.min(stop));
    to.duration_since(from).max(SignedDuration::ZERO).as_secs_f64() / 3600.0
}

fn usage(project: &str, servers: &[Server], start: Timestamp, stop: Timestamp, detailed: bool) -> Value {
    let precise =
        |time: Timestamp| time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S.%6f").to_string();
    let sum = |of: fn(&Server) -> i64| -> f64 {
        servers.iter().map(|server| hours(server, start, stop) * of(server) as f64).sum()
    };
    let mut usage = Map::from_iter(
        [
            ("tenant_id", json!(project)),
            ("total_hours", json!(sum(|_| 1))),
            ("total_vcpus_usage", json!(sum(|server| server.flavor.vcpus))),
            ("total_memory_mb_usage", json!(sum(|server| server.flavor.ram))),
            ("total_local_gb_usage", json!(sum(|server| server.flavor.disk + server.flavor.ephemeral))),
            ("start", json!(precise(start))),
            ("stop", json!(precise(stop))),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    if detailed {
        let servers: Vec<Value> = servers
            .iter()
            .map(|server| {
                let uptime = stop.duration_since(server.launched.unwrap_or(stop)).as_secs().max(0);
                let state = if server.deleted { "terminated" } else { server.vm_state.name() };
                json!({
                    "hours": hours(server, start, stop),
                    "flavor": server.flavor.name,
                    "instance_id": server.id,
                    "name": server.name,
                    "tenant_id": server.project,
                    "memory_mb": server.flavor.ram,
                    "local_gb": server.flavor.disk + server.flavor.ephemeral,
                    "vcpus": server.flavor.vcpus,
                    "started_at": server.launched.map(timing::plain),
                    "ended_at": server.terminated.map(timing::plain),
                    "state": state,
                    "uptime": uptime,
                })
            })
            .collect();
        usage.insert("server_usages".to_owned(), json!(servers));
    }
    Value::Object(usage)
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    call.require_admin("os_compute_api:os-simple-tenant-usage:list")?;
    let (start, stop) = period(call)?;
    let detailed = call.query.get("detailed") == Some("1");
    let mut projects: BTreeMap<String, Vec<Server>> = BTreeMap::new();
    for server in between(call, None, start, stop)? {
        projects.entry(server.project.clone()).or_default().push(server);
    }
    let usages: Vec<Value> =
        projects.iter().map(|(project, servers)| usage(project, servers, start, stop, detailed)).collect();
    Ok(Reply::ok(json!({"tenant_usages": usages})))
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let project = call.parameter("project").to_owned();
    if project != call.caller.project {
        call.require_admin("os_compute_api:os-simple-tenant-usage:show")?;
    }
    let (start, stop) = period(call)?;
    let servers = between(call, Some(&project), start, stop)?;
    let view = if servers.is_empty() { json!({}) } else { usage(&project, &servers, start, stop, true) };
    Ok(Reply::ok(json!({"tenant_usage": view})))
}
