//! `pod-replica-links`: answers from `FA_2_36` models PodReplicaLink, PodReplicaLinkLag.

use super::{Asked, Denied, milliseconds, reference};
use crate::arrays::objects;
use crate::arrays::pods::Pod;
use crate::arrays::replica_links::{self, ReplicaLink};
use crate::arrays::systems;
use serde_json::{Value, json};

/// A link with its pods: the one here, then the one on the other array.
struct Seen {
    link: ReplicaLink,
    local: Pod,
    remote: Pod,
    outbound: bool,
}

/// The links that a request is about.
fn seen(asked: &Asked<'_, '_>) -> Result<Vec<Seen>, Denied> {
    let array = &asked.system.name;
    // A pod that is named has to be there; that it has no link is an empty list.
    let locals: Option<Vec<Pod>> = if asked.names_any("local_pod_names", "local_pod_ids") {
        Some(asked.addressed("local_pod_names", "local_pod_ids")?)
    } else {
        None
    };
    let named = |list: &str, value: &str| {
        asked.query.list(list).is_none_or(|wanted| wanted.iter().any(|one| one.eq_ignore_ascii_case(value)))
    };
    let mut found = Vec::new();
    for link in replica_links::of_array(asked.transaction, array)? {
        let Some((source, target)) = replica_links::pods_of(asked.transaction, &link)? else { continue };
        let outbound = source.home == *array;
        let (local, remote) = if outbound { (source, target) } else { (target, source) };
        let other = systems::get(asked.transaction, &remote.home)?;
        let here = locals.as_ref().is_none_or(|locals| locals.iter().any(|pod| pod.id == local.id));
        let there = named("remote_pod_names", &remote.name)
            && named("remote_pod_ids", &remote.id)
            && named("remote_names", &other.name)
            && named("remote_ids", &other.identity)
            && named("ids", &link.id);
        if here && there {
            found.push(Seen { link, local, remote, outbound });
        }
    }
    Ok(found)
}

fn view(asked: &Asked<'_, '_>, seen: &Seen) -> Result<Value, Denied> {
    let system = systems::get(asked.transaction, &seen.remote.home)?;
    let now = asked.now();
    let point = replica_links::recovery_point(&seen.link, now);
    let lag = point.map(|point| milliseconds(now) - milliseconds(point));
    Ok(json!({
        "id": seen.link.id, "direction": if seen.outbound { "outbound" } else { "inbound" }, "lag": lag,
        "local_pod": reference(Some(&seen.local)), "remote_pod": reference(Some(&seen.remote)),
        "remotes": [{"id": system.identity, "name": system.name}], "paused": seen.link.paused,
        "recovery_point": point.map(milliseconds), "status": replica_links::status(asked.transaction, &seen.link)?,
    }))
}

/// GET.
pub(super) fn views(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let mut found = Vec::new();
    for seen in seen(asked)? {
        found.push(view(asked, &seen)?);
    }
    Ok(found)
}

/// GET .../lag.
pub(super) fn lags(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let mut found = views(asked)?;
    for view in &mut found {
        let Some(fields) = view.as_object_mut() else { continue };
        let lag = fields.remove("lag").unwrap_or_default();
        fields.insert("lag".to_owned(), json!({"avg": lag, "max": lag}));
        fields.insert("time".to_owned(), json!(milliseconds(asked.now())));
        fields.remove("paused");
    }
    Ok(found)
}

fn only<'n>(asked: &'n Asked<'_, '_>, name: &str) -> Result<&'n str, Denied> {
    match asked.query.required(name)? {
        [one] => Ok(one),
        _ => Err(Denied::bad(format!("'{name}' takes one name."), name)),
    }
}

/// POST, at either array; the pod that is demoted is the target.
pub(super) fn create(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let array = asked.array();
    let locals: Vec<Pod> = asked.addressed("local_pod_names", "local_pod_ids")?;
    let [local] = locals.as_slice() else {
        return Err(Denied::bad("'local_pod_names' takes one name.", "local_pod_names"));
    };
    let other = match asked.query.list("remote_ids").and_then(<[_]>::first) {
        Some(id) => {
            let found = systems::list(asked.transaction)?.into_iter().find(|system| system.identity == *id);
            found.ok_or_else(|| Denied::bad("Array does not exist.", id))?.name
        }
        None => only(asked, "remote_names")?.to_owned(),
    };
    let remote = match asked.query.list("remote_pod_ids").and_then(<[_]>::first) {
        Some(id) => {
            let found: Option<Pod> = objects::with_id(asked.transaction, &other, id)?;
            found.ok_or_else(|| Denied::bad("Pod does not exist.", id))?.name
        }
        None => only(asked, "remote_pod_names")?.to_owned(),
    };
    let paused = asked.field("paused").and_then(Value::as_bool).unwrap_or(false);
    let at = &mut *asked.transaction;
    let made = replica_links::create(at, &array, &local.name, &other, &remote, paused)?;
    let found = seen(asked)?.into_iter().filter(|seen| seen.link.id == made.id);
    found.map(|seen| view(asked, &seen)).collect()
}

fn chosen(asked: &Asked<'_, '_>) -> Result<Vec<Seen>, Denied> {
    let found = seen(asked)?;
    if found.is_empty() {
        return Err(Denied::bad("Pod replica link does not exist.", "pod-replica-links"));
    }
    Ok(found)
}

/// PATCH: pause, resume.
pub(super) fn change(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let paused = asked.field("paused").and_then(Value::as_bool);
    let mut changed = Vec::new();
    for mut seen in chosen(asked)? {
        if let Some(paused) = paused {
            seen.link = replica_links::set_paused(asked.transaction, &seen.link, paused)?;
        }
        changed.push(view(asked, &seen)?);
    }
    Ok(changed)
}

/// DELETE.
pub(super) fn remove(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    for seen in chosen(asked)? {
        replica_links::remove(asked.transaction, &seen.link)?;
    }
    Ok(Vec::new())
}
