//! `connections`: answers from `FA_2_36` model Connection.

use super::{Asked, Denied, reference};
use crate::arrays::connections::{self, Connection};
use crate::arrays::hosts::{Host, HostGroup};
use crate::arrays::objects::{self, Object};
use crate::arrays::volumes::Volume;
use crate::world::Record;
use serde_json::{Value, json};

fn view(asked: &Asked<'_, '_>, connection: &Connection) -> Result<Value, Denied> {
    let array = &asked.system.name;
    let host: Option<Host> = asked.transaction.get(array, &connection.host)?;
    let volume: Option<Volume> = objects::with_id(asked.transaction, array, &connection.volume)?;
    let group: Option<HostGroup> = match &connection.host_group {
        Some(id) => asked.transaction.get(array, id)?,
        None => None,
    };
    Ok(json!({
        "host": {"name": host.map(|host| host.name)}, "host_group": {"name": group.map(|group| group.name)},
        "volume": reference(volume.as_ref()), "lun": connection.lun, "nsid": null,
        "protocol_endpoint": {"id": null, "name": null},
    }))
}

/// The hosts, host groups and volumes that a request names; `None` where it names none.
struct Ends {
    hosts: Option<Vec<Host>>,
    groups: Option<Vec<HostGroup>>,
    volumes: Option<Vec<Volume>>,
}

fn named<O: Object>(asked: &Asked<'_, '_>, names: &str, ids: &str) -> Result<Option<Vec<O>>, Denied> {
    if asked.names_any(names, ids) { asked.addressed(names, ids).map(Some) } else { Ok(None) }
}

fn ends(asked: &Asked<'_, '_>) -> Result<Ends, Denied> {
    Ok(Ends {
        hosts: named(asked, "host_names", "host_ids")?,
        groups: named(asked, "host_group_names", "host_group_ids")?,
        volumes: named(asked, "volume_names", "volume_ids")?,
    })
}

/// GET.
pub(super) fn views(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let ends = ends(asked)?;
    let array = &asked.system.name;
    let mut found = match &ends.volumes {
        Some(volumes) => {
            let mut found = Vec::new();
            for volume in volumes {
                found.extend(connections::of_volume(asked.transaction, array, &volume.id)?);
            }
            found
        }
        None => connections::all(asked.transaction, array)?,
    };
    if let Some(hosts) = &ends.hosts {
        found.retain(|connection| hosts.iter().any(|host| host.id == connection.host));
    }
    if let Some(groups) = &ends.groups {
        found.retain(|connection| {
            groups.iter().any(|group| connection.host_group.as_deref() == Some(group.id()))
        });
    }
    found.iter().map(|connection| view(asked, connection)).collect()
}

fn required(asked: &Asked<'_, '_>) -> Result<Ends, Denied> {
    let ends = ends(asked)?;
    let hosts = ends.hosts.as_ref().map_or(0, Vec::len) + ends.groups.as_ref().map_or(0, Vec::len);
    let volumes = ends.volumes.as_ref().map_or(0, Vec::len);
    if hosts == 0 || volumes == 0 {
        return Err(Denied::bad("'host_names' and 'volume_names' are required.", "connections"));
    }
    if hosts > 1 && volumes > 1 {
        return Err(Denied::bad("Several hosts and several volumes cannot be mixed.", "connections"));
    }
    Ok(ends)
}

/// POST.
pub(super) fn connect(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let (array, ends) = (asked.array(), required(asked)?);
    // A number that none can be is refused as one.
    let lun = asked.field("lun").map(|lun| lun.as_u64().and_then(|lun| u32::try_from(lun).ok()).unwrap_or(0));
    let mut made = Vec::new();
    for volume in ends.volumes.iter().flatten() {
        for host in ends.hosts.iter().flatten() {
            made.push(connections::connect(asked.transaction, &array, &host.name, &volume.name, lun)?);
        }
        for group in ends.groups.iter().flatten() {
            let at = &mut *asked.transaction;
            made.extend(connections::connect_group(at, &array, &group.name, &volume.name, lun)?);
        }
    }
    made.iter().map(|connection| view(asked, connection)).collect()
}

/// DELETE.
pub(super) fn disconnect(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let (array, ends) = (asked.array(), required(asked)?);
    for volume in ends.volumes.iter().flatten() {
        for host in ends.hosts.iter().flatten() {
            connections::disconnect(asked.transaction, &array, &host.name, &volume.name)?;
        }
        for group in ends.groups.iter().flatten() {
            connections::disconnect_group(asked.transaction, &array, &group.name, &volume.name)?;
        }
    }
    Ok(Vec::new())
}
