//! The windows for tests, outside the array's API: what it holds, what it should do next. They need no session and answer
//! while the array plays dead.

pub(super) mod bytes;

use super::protection_groups::{retention_view, schedule_view};
use super::{Asked, Denied, milliseconds, named, sessions};
use crate::arrays::connections;
use crate::arrays::content::Content;
use crate::arrays::groups::Group;
use crate::arrays::hosts::Host;
use crate::arrays::objects::{self, Object};
use crate::arrays::pods::Pod;
use crate::arrays::points::Point;
use crate::arrays::snapshots::Snapshot;
use crate::arrays::systems::{self, Failure};
use crate::arrays::volume_groups::VolumeGroup;
use crate::arrays::volumes::{self, Volume};
use crate::arrays::{change_settings, tags, transfers};
use crate::world::{Record, Transaction, WorldError};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};

/// Extents that are written without a body.
const RANDOM_EXTENTS: u64 = 4;

pub(super) fn answer(asked: &mut Asked<'_, '_>, method: &Method, window: &str) -> Result<Value, Denied> {
    match (method.as_str(), window) {
        ("GET", "state") => state(asked),
        ("GET", "content") => content(asked),
        ("POST", "write") => write(asked),
        ("POST", "fail") => fail(asked),
        ("POST", "refuse") => refuse(asked),
        ("GET" | "POST", "settings") => settings(asked),
        ("POST", "expire") => {
            sessions::end_all(asked)?;
            Ok(json!({}))
        }
        ("GET", "sessions") => Ok(json!({"sessions": sessions::open(asked)?})),
        (method, window) => {
            let message = format!("{method} /_{window} is not a window.");
            Err(Denied::new(StatusCode::NOT_FOUND, message, Some(window)))
        }
    }
}

fn extents(asked: &Asked<'_, '_>, content: &Content) -> Result<Value, Denied> {
    let labels = volumes::labels(asked.transaction, content)?;
    Ok(labels
        .into_iter()
        .map(|(number, label)| (number.to_string(), Value::from(label)))
        .collect::<Map<_, _>>()
        .into())
}

fn all<O: Object>(
    asked: &Asked<'_, '_>,
    view: impl Fn(&O) -> Result<Value, Denied>,
) -> Result<Value, Denied> {
    let mut shown = Map::new();
    for object in objects::all::<O>(asked.transaction, &asked.system.name)? {
        let mut view = view(&object)?;
        if let Some(fields) = view.as_object_mut() {
            fields.insert("id".to_owned(), object.id().into());
            fields.insert("name".to_owned(), object.name().into());
            fields.insert("destroyed".to_owned(), object.destroyed().is_some().into());
            let since = object.destroyed().map(|since| milliseconds(since) as f64 / 1000.0);
            fields.insert("destroyed_at".to_owned(), json!(since));
        }
        shown.insert(object.name().to_owned(), view);
    }
    Ok(shown.into())
}

/// GET /_state: everything by name, ids in references resolved.
fn state(asked: &Asked<'_, '_>) -> Result<Value, Denied> {
    let at = &*asked.transaction;
    let array = &asked.system.name;
    let volumes: Vec<Volume> = objects::all(at, array)?;
    let names: HashMap<&str, &str> =
        volumes.iter().map(|volume| (volume.id.as_str(), volume.name.as_str())).collect();
    let hosts: Vec<Host> = objects::all(at, array)?;
    let hosts: HashMap<&str, &str> =
        hosts.iter().map(|host| (host.id.as_str(), host.name.as_str())).collect();
    let connections: Vec<Value> = connections::all(at, array)?
        .iter()
        .map(|connection| {
            json!({
                "host": hosts.get(connection.host.as_str()), "volume": names.get(connection.volume.as_str()),
                "volume_id": connection.volume, "lun": connection.lun,
            })
        })
        .collect();
    let mut marks = Vec::new();
    for volume in &volumes {
        for tag in tags::of(at, volume)? {
            marks.push(json!({
                "resource": volume.name, "resource_id": volume.id, "namespace": tag.namespace, "key": tag.key,
                "value": tag.value, "copyable": tag.copyable,
            }));
        }
    }
    let under_way: Vec<Value> = transfers::all(at)?
        .iter()
        .filter(|transfer| [&transfer.source, &transfer.target].contains(&array))
        .map(|transfer| {
            json!({
                "source": transfer.source, "group": transfer.group, "point": transfer.point,
                "target": transfer.target, "arriving": transfer.arriving, "extents": transfer.extents,
                "elapsed": transfer.elapsed(asked.now()), "duration": transfer.duration(),
            })
        })
        .collect();
    Ok(json!({
        "name": array, "id": asked.system.identity, "up": asked.system.failure.is_none(),
        "volumes": all(asked, |volume| volume_state(asked, volume))?,
        "snapshots": all(asked, |snapshot| snapshot_state(asked, snapshot))?,
        "hosts": all(asked, |host: &Host| Ok(json!({
            "iqns": host.iqns, "wwns": host.wwns, "nqns": host.nqns, "personality": host.personality,
        })))?,
        "protection_groups": all(asked, |group| Ok(group_state(group, &names)))?,
        "protection_group_snapshots": all(asked, |point| point_state(asked, point))?,
        "pods": all(asked, |pod: &Pod| Ok(json!({"arrays": pod.arrays, "created": milliseconds(pod.created)})))?,
        "volume_groups": all(asked, |group: &VolumeGroup| Ok(json!({
            "qos": {"bandwidth_limit": group.bandwidth_limit, "iops_limit": group.iops_limit},
        })))?,
        "connections": connections, "tags": marks, "transfers": under_way,
    }))
}

fn volume_state(asked: &Asked<'_, '_>, volume: &Volume) -> Result<Value, Denied> {
    Ok(json!({
        "serial": volume.serial, "provisioned": volume.provisioned, "created": milliseconds(volume.created),
        "source": named(&volume.source),
        "qos": {"bandwidth_limit": volume.bandwidth_limit, "iops_limit": volume.iops_limit},
        "extents": extents(asked, &volume.content)?,
    }))
}

fn snapshot_state(asked: &Asked<'_, '_>, snapshot: &Snapshot) -> Result<Value, Denied> {
    Ok(json!({
        "suffix": snapshot.suffix, "serial": snapshot.serial, "provisioned": snapshot.provisioned,
        "created": milliseconds(snapshot.created), "source": named(&snapshot.source),
        "group_snapshot": snapshot.point, "extents": extents(asked, &snapshot.content)?,
    }))
}

fn group_state(group: &Group, names: &HashMap<&str, &str>) -> Value {
    let targets: BTreeMap<&str, bool> =
        group.targets.iter().map(|(name, target)| (name.as_str(), target.allowed)).collect();
    let volumes: Vec<_> = group.volumes.iter().map(|id| names.get(id.as_str())).collect();
    json!({
        "created": milliseconds(group.created), "is_local": group.is_local, "source": named(&group.source),
        "source_group": group.source_group, "volumes": volumes, "targets": targets, "number": group.number,
        "next_scheduled": group.next_replication.map(|next| milliseconds(next) as f64 / 1000.0),
        "retention_lock": group.retention_lock,
        "replication_schedule": schedule_view(&group.replication, true),
        "snapshot_schedule": schedule_view(&group.snapshot, false),
        "source_retention": retention_view(&group.source_retention),
        "target_retention": retention_view(&group.target_retention),
    })
}

fn point_state(asked: &Asked<'_, '_>, point: &Point) -> Result<Value, Denied> {
    let transfer = transfers::arrival(asked.transaction, point)?.map(|arrival| {
        json!({
            "started": milliseconds(arrival.started), "completed": arrival.completed.map(milliseconds),
            "progress": arrival.progress, "data_transferred": arrival.data_transferred,
            "physical_bytes_written": arrival.data_transferred,
        })
    });
    Ok(json!({
        "suffix": point.suffix, "group": point.group, "created": milliseconds(point.created),
        "scheduled": point.scheduled, "transfer": transfer,
    }))
}

/// GET /_content?volume=NAME or ?snapshot=NAME.
fn content(asked: &Asked<'_, '_>) -> Result<Value, Denied> {
    let at = &*asked.transaction;
    let array = &asked.system.name;
    let (name, id, serial, provisioned, content) = if let Some(name) = asked.query.text("snapshot") {
        let found: Snapshot = objects::named(at, array, name)?;
        (found.name, found.id, found.serial, found.provisioned, found.content)
    } else if let Some(name) = asked.query.text("volume") {
        let found: Volume = objects::named(at, array, name)?;
        (found.name, found.id, found.serial, found.provisioned, found.content)
    } else {
        return Err(Denied::bad("'volume' or 'snapshot' is required.", "/_content"));
    };
    Ok(json!({
        "name": name, "id": id, "serial": serial, "provisioned": provisioned, "extents": extents(asked, &content)?,
    }))
}

/// POST /_write?volume=NAME, body {"extents": {"0": "label"}} or none for random content; answers with what was written. An
/// extent then holds its label's text and zeros.
fn write(asked: &mut Asked<'_, '_>) -> Result<Value, Denied> {
    let array = asked.array();
    let name = asked.query.text("volume").unwrap_or_default().to_owned();
    let volume: Volume = objects::usable(asked.transaction, &array, &name)?;
    let mut labels = BTreeMap::new();
    match asked.field("extents").and_then(Value::as_object) {
        Some(extents) => {
            for (number, label) in extents {
                let beyond = || Denied::bad("Extent is beyond the volume.", number);
                let label = match label {
                    Value::Null => None,
                    Value::String(label) => Some(label.clone()),
                    _ => return Err(Denied::bad("A content id is a text or null.", number)),
                };
                labels.insert(number.parse().map_err(|_| beyond())?, label);
            }
        }
        None => {
            for number in 0..RANDOM_EXTENTS.min(volume.provisioned >> 20) {
                let label = asked.transaction.new_uuid()?.simple().to_string();
                labels.insert(number as u32, Some(label));
            }
        }
    }
    let volume = volumes::write_labels(asked.transaction, &array, &name, &labels)?;
    let written: Map<String, Value> =
        labels.into_iter().map(|(number, label)| (number.to_string(), json!(label))).collect();
    Ok(json!({
        "name": volume.name, "id": volume.id, "written": written, "extents": extents(asked, &volume.content)?,
    }))
}

/// POST /_fail?on=1[&mode=unavailable|hang|close]; on=0 ends it.
fn fail(asked: &mut Asked<'_, '_>) -> Result<Value, Denied> {
    let mode = match asked.query.text("mode").unwrap_or("unavailable") {
        "unavailable" => Failure::Unavailable,
        "hang" => Failure::Hang,
        "close" => Failure::Close,
        other => return Err(Denied::bad("mode is one of unavailable, hang, close.", other)),
    };
    let failure = (asked.query.text("on").unwrap_or("1") != "0").then_some(mode);
    let array = asked.array();
    systems::set_failure(asked.transaction, &array, failure)?;
    Ok(json!({"failure": failure}))
}

/// A refusal that somebody has ordered.
#[derive(Debug, Serialize, Deserialize)]
struct Order {
    id: String,
    what: String,
    times: Option<u64>,
    query: String,
    message: String,
}

impl Record for Order {
    const KIND: &'static str = "flasharray.refusal";

    fn id(&self) -> &str {
        &self.id
    }
}

/// POST /_refuse?what=POST+volumes[&times=N][&message=TEXT][&query=PART]: such requests, those whose query contains PART, get
/// 400; an empty `what` ends all of it.
fn refuse(asked: &mut Asked<'_, '_>) -> Result<Value, Denied> {
    let array = asked.array();
    let what = asked.query.text("what").unwrap_or_default().to_owned();
    if what.is_empty() {
        for order in asked.transaction.list::<Order>(&array)? {
            asked.transaction.remove::<Order>(&array, &order.id)?;
        }
    } else {
        let order = Order {
            id: asked.transaction.new_uuid()?.to_string(),
            what,
            times: asked.query.number("times")?.map(|times| times as u64),
            query: asked.query.text("query").unwrap_or_default().to_owned(),
            message: asked.query.text("message").unwrap_or("Refused by the array (test).").to_owned(),
        };
        asked.transaction.put(&array, &order)?;
    }
    let orders = asked.transaction.list::<Order>(&array)?;
    let view = |order: &Order| json!({"what": order.what, "times": order.times, "query": order.query, "message": order.message});
    Ok(json!({"refusals": orders.iter().map(view).collect::<Vec<_>>()}))
}

/// Refuses what somebody has ordered to be.
pub(super) fn check_refusals(
    asked: &Asked<'_, '_>,
    method: &str,
    path: &str,
    raw_query: &str,
) -> Result<(), Denied> {
    for order in asked.transaction.list::<Order>(&asked.system.name)? {
        if order.what == format!("{method} {path}") && raw_query.contains(&order.query) {
            return Err(Denied { ordered: Some(order.id), ..Denied::bad(order.message, "test") });
        }
    }
    Ok(())
}

/// An ordered refusal has happened once more.
pub(super) fn use_up(transaction: &mut Transaction<'_>, array: &str, order: &str) -> Result<(), WorldError> {
    let Some(mut order) = transaction.get::<Order>(array, order)? else { return Ok(()) };
    let Some(times) = order.times else { return Ok(()) };
    if times <= 1 {
        transaction.remove::<Order>(array, &order.id)?;
        return Ok(());
    }
    order.times = Some(times - 1);
    transaction.put(array, &order)
}

/// GET and POST /_settings; to change, name them in the query or in a JSON body. They hold for all arrays of the world.
fn settings(asked: &mut Asked<'_, '_>) -> Result<Value, Denied> {
    let mut wanted: Map<String, Value> =
        asked.query.pairs().map(|(name, value)| (name.to_owned(), value.into())).collect();
    wanted.extend(asked.body.as_object().cloned().into_iter().flatten());
    let settings = change_settings(asked.transaction, &wanted)?;
    Ok(serde_json::to_value(settings).unwrap_or_default())
}
