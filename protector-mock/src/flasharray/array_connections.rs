//! `array-connections`: answers from `FA_2_36` models ArrayConnection, ArrayConnectionKey, ArrayConnectionPath.

use super::appliance::PURITY;
use super::{Asked, Denied};
use crate::arrays::links::{self, Link, Purpose};
use crate::arrays::systems::{self, System};
use serde_json::{Value, json};
use uuid::Uuid;

const KINDS: [(&str, Purpose); 2] =
    [("async-replication", Purpose::Asynchronous), ("sync-replication", Purpose::Synchronous)];

fn status(asked: &Asked<'_, '_>, other: &System, link: &Link) -> &'static str {
    if link.up && other.failure.is_none() && asked.system.failure.is_none() {
        "connected"
    } else {
        "connecting"
    }
}

fn view(asked: &Asked<'_, '_>, other: &System, link: &Link, kind: &str) -> Value {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_DNS, format!("{}.{kind}", other.name).as_bytes()).to_string();
    json!({
        "id": id, "name": other.name, "type": kind, "encryption": "unencrypted", "encryption_mode": null,
        "management_address": "127.0.0.1", "replication_addresses": ["127.0.0.1"],
        "replication_transport": "ip", "version": PURITY, "status": status(asked, other, link),
        "throttle": {"default_limit": link.throttle, "window": null, "window_limit": null},
    })
}

fn others(asked: &Asked<'_, '_>) -> Result<Vec<(System, Link)>, Denied> {
    let mut found = Vec::new();
    for other in systems::list(asked.transaction)? {
        if other.name != asked.system.name {
            let link = links::between(asked.transaction, &asked.system.name, &other.name)?;
            found.push((other, link));
        }
    }
    Ok(found)
}

/// GET. Arrays that are connected for both kinds are listed twice, so that a name is no one's alone.
pub(super) fn views(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let wanted = asked.query.list("names");
    let mut found = Vec::new();
    for (other, link) in others(asked)? {
        let named =
            |names: &[String]| names.iter().any(|name| crate::arrays::naming::matches(name, &other.name));
        if !wanted.is_none_or(named) {
            continue;
        }
        let kinds = KINDS.iter().filter(|(_, purpose)| link.serves(*purpose));
        found.extend(kinds.map(|(kind, _)| view(asked, &other, &link, kind)));
    }
    match wanted {
        Some(names) if found.is_empty() => {
            Err(Denied::bad("Array connection does not exist.", &names.join(",")))
        }
        _ => Ok(found),
    }
}

/// What another array is to be told to connect to this one.
fn key(system: &System) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, system.identity.as_bytes()).to_string()
}

/// GET .../connection-key.
pub(super) fn connection_key(asked: &Asked<'_, '_>) -> Vec<Value> {
    vec![json!({"connection_key": key(&asked.system)})]
}

/// GET .../path.
pub(super) fn paths(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let mut found = Vec::new();
    for (other, link) in others(asked)? {
        if KINDS.iter().any(|(_, purpose)| link.serves(*purpose)) {
            found.push(json!({
                "name": other.name, "local_port": "ct0.eth2", "local_address": "127.0.0.1",
                "remote_port": "ct0.eth2", "remote_address": "127.0.0.1", "replication_transport": "ip",
                "encryption": "unencrypted", "status": status(asked, &other, &link),
            }));
        }
    }
    Ok(found)
}

fn purpose(kind: &str) -> Result<Purpose, Denied> {
    let found = KINDS.iter().find(|(known, _)| *known == kind);
    found.map(|(_, purpose)| *purpose).ok_or_else(|| Denied::bad("Invalid connection type.", kind))
}

fn serving(mut link: Link, purpose: Purpose, serves: bool) -> Link {
    match purpose {
        Purpose::Asynchronous => link.asynchronous = serves,
        Purpose::Synchronous => link.synchronous = serves,
    }
    link
}

/// POST: with the key that the other array has told.
pub(super) fn create(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let kind = asked.text_field("type")?.unwrap_or_default();
    let purpose = purpose(&kind)?;
    let given = asked.text_field("connection_key")?.unwrap_or_default();
    let found = others(asked)?.into_iter().find(|(other, _)| key(other) == given);
    let (other, link) = found.ok_or_else(|| Denied::bad("Invalid connection key.", "array-connections"))?;
    if link.serves(purpose) {
        return Err(Denied::bad("Array connection already exists.", &other.name));
    }
    let link = serving(link, purpose, true);
    links::change(asked.transaction, &link)?;
    Ok(vec![view(asked, &other, &link, &kind)])
}

fn named(asked: &Asked<'_, '_>) -> Result<Vec<(System, Link)>, Denied> {
    let mut found = Vec::new();
    for name in asked.query.required("names")? {
        let one = others(asked)?.into_iter().find(|(other, link)| {
            other.name.eq_ignore_ascii_case(name) && KINDS.iter().any(|(_, purpose)| link.serves(*purpose))
        });
        found.push(one.ok_or_else(|| Denied::bad("Array connection does not exist.", name))?);
    }
    Ok(found)
}

/// PATCH: the throttle.
pub(super) fn change(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let mut changed = Vec::new();
    for (other, mut link) in named(asked)? {
        if let Some(throttle) = asked.field("throttle") {
            link.throttle = throttle.get("default_limit").and_then(Value::as_u64);
        }
        links::change(asked.transaction, &link)?;
        let kinds = KINDS.iter().filter(|(_, purpose)| link.serves(*purpose));
        changed.extend(kinds.map(|(kind, _)| view(asked, &other, &link, kind)));
    }
    Ok(changed)
}

/// DELETE.
pub(super) fn remove(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    for (_, link) in named(asked)? {
        let link = serving(serving(link, Purpose::Asynchronous, false), Purpose::Synchronous, false);
        links::change(asked.transaction, &link)?;
    }
    Ok(Vec::new())
}

/// GET arrays/performance/by-link: the links are sets of arrays, as in `FA_2_36` model ArrayPerformanceByLink.
pub(super) fn by_link(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let now = super::milliseconds(asked.now());
    let view = |(other, _): (System, Link)| {
        json!({
            "id": asked.system.identity, "name": asked.system.name, "time": now,
            "link": [
                {"id": asked.system.identity, "name": asked.system.name},
                {"id": other.identity, "name": other.name},
            ],
            "mirrored_writes_per_sec": 0, "mirrored_write_bytes_per_sec": 0, "bytes_per_mirrored_write": 0,
            "usec_per_mirrored_write_op": 500, "san_usec_per_mirrored_write_op": 400,
            "service_usec_per_mirrored_write_op": 100, "qos_rate_limit_usec_per_mirrored_write_op": 0,
            "queue_usec_per_mirrored_write_op": 0,
        })
    };
    Ok(others(asked)?.into_iter().map(view).collect())
}
