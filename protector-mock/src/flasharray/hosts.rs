//! `hosts` and `host-groups`: answers from `FA_2_36` models Host, HostGroup.

use super::space::space;
use super::{Asked, Denied};
use crate::arrays::connections;
use crate::arrays::hosts::{self, Host, HostGroup};
use crate::arrays::objects;
use serde_json::{Value, json};

const HIDDEN: &str = "****";

fn view(asked: &Asked<'_, '_>, host: &Host) -> Result<Value, Denied> {
    let connected = connections::of_host(asked.transaction, &asked.system.name, &host.id)?.count();
    let hidden = |there: bool| there.then_some(HIDDEN);
    let arrays: Vec<Value> = host.preferred_arrays.iter().map(|name| json!({"name": name})).collect();
    Ok(json!({
        "name": host.name, "iqns": host.iqns, "wwns": host.wwns, "nqns": host.nqns,
        "personality": host.personality, "is_local": true, "host_group": {"name": host.host_group},
        "chap": {
            "host_user": host.chap.host_user, "host_password": hidden(host.chap.host_password),
            "target_user": host.chap.target_user, "target_password": hidden(host.chap.target_password),
        },
        "preferred_arrays": arrays, "vlan": host.vlan, "destroyed": false, "time_remaining": null,
        "port_connectivity": {"details": null, "status": "healthy"}, "connection_count": connected,
        "space": space(0, 0),
    }))
}

pub(super) fn views(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    asked.candidates()?.iter().map(|host| view(asked, host)).collect()
}

fn texts(asked: &Asked<'_, '_>, name: &str) -> Option<Vec<String>> {
    let items = asked.field(name)?.as_array()?;
    Some(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

/// The host as the body wants it, but for its name and group.
fn changed(asked: &Asked<'_, '_>, mut host: Host) -> Result<Host, Denied> {
    for (kind, place) in [("iqns", &mut host.iqns), ("wwns", &mut host.wwns), ("nqns", &mut host.nqns)] {
        if let Some(ports) = texts(asked, kind) {
            *place = ports;
        }
        for port in texts(asked, &format!("add_{kind}")).unwrap_or_default() {
            if place.contains(&port) {
                return Err(Denied::bad("The specified port is already in use.", &port));
            }
            place.push(port);
        }
        for port in texts(asked, &format!("remove_{kind}")).unwrap_or_default() {
            if !place.contains(&port) {
                return Err(Denied::bad("Host port does not exist.", &port));
            }
            place.retain(|kept| *kept != port);
        }
    }
    if let Some(personality) = asked.text_field("personality")? {
        host.personality = Some(personality).filter(|personality| !personality.is_empty());
    }
    if let Some(vlan) = asked.text_field("vlan")? {
        host.vlan = Some(vlan).filter(|vlan| !vlan.is_empty());
    }
    if let Some(arrays) = asked.field("preferred_arrays").and_then(Value::as_array) {
        let name = |array: &Value| array.get("name").and_then(Value::as_str).map(str::to_owned);
        host.preferred_arrays = arrays.iter().filter_map(name).collect();
    }
    if let Some(chap) = asked.field("chap") {
        let text = |name| chap.get(name).and_then(Value::as_str);
        if let Some(user) = text("host_user") {
            host.chap.host_user = Some(user.to_owned()).filter(|user| !user.is_empty());
        }
        if let Some(user) = text("target_user") {
            host.chap.target_user = Some(user.to_owned()).filter(|user| !user.is_empty());
        }
        host.chap.host_password =
            text("host_password").map_or(host.chap.host_password, |word| !word.is_empty());
        host.chap.target_password =
            text("target_password").map_or(host.chap.target_password, |word| !word.is_empty());
    }
    Ok(host)
}

pub(super) fn create(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let array = asked.array();
    let mut made = Vec::new();
    for name in asked.query.new_names()? {
        let host = hosts::create(asked.transaction, &array, &name)?;
        let host = changed(asked, host)?;
        hosts::change(asked.transaction, &host)?;
        made.push(host);
    }
    made.iter().map(|host| view(asked, host)).collect()
}

/// PATCH.
pub(super) fn change(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let array = asked.array();
    let group = asked.field("host_group").and_then(|group| group.get("name")?.as_str().map(str::to_owned));
    let mut names = Vec::new();
    for host in asked.addressed::<Host>("names", "ids")? {
        let host = changed(asked, host)?;
        hosts::change(asked.transaction, &host)?;
        if let Some(group) = &group {
            if let Some(left) = &host.host_group {
                hosts::leave(asked.transaction, &array, left, &host.name)?;
            }
            if !group.is_empty() {
                hosts::join(asked.transaction, &array, group, &host.name)?;
            }
        }
        names.push(match asked.text_field("name")? {
            Some(new) => hosts::rename(asked.transaction, &array, &host.name, &new)?.name,
            None => host.name,
        });
    }
    let find = |name: &String| view(asked, &objects::named(asked.transaction, &array, name)?);
    names.iter().map(find).collect()
}

pub(super) fn remove(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let array = asked.array();
    for name in asked.query.required("names")?.to_vec() {
        hosts::remove(asked.transaction, &array, &name)?;
    }
    Ok(Vec::new())
}

fn group_view(asked: &Asked<'_, '_>, group: &HostGroup) -> Result<Value, Denied> {
    let shared: Vec<_> =
        connections::of_host_group(asked.transaction, &asked.system.name, &group.id)?.collect();
    let mut volumes: Vec<&str> = shared.iter().map(|connection| connection.volume.as_str()).collect();
    volumes.sort_unstable();
    volumes.dedup();
    Ok(json!({
        "name": group.name, "is_local": true, "destroyed": false, "time_remaining": null,
        "host_count": hosts::members(asked.transaction, group)?.len(), "connection_count": volumes.len(),
        "space": space(0, 0),
    }))
}

/// GET host-groups.
pub(super) fn group_views(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    asked.candidates()?.iter().map(|group| group_view(asked, group)).collect()
}

/// POST host-groups.
pub(super) fn create_groups(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let array = asked.array();
    let mut made = Vec::new();
    for name in asked.query.new_names()? {
        made.push(hosts::create_group(asked.transaction, &array, &name)?);
    }
    made.iter().map(|group| group_view(asked, group)).collect()
}

/// PATCH host-groups.
pub(super) fn change_groups(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let array = asked.array();
    let mut changed = Vec::new();
    for group in asked.addressed::<HostGroup>("names", "ids")? {
        changed.push(match asked.text_field("name")? {
            Some(new) => hosts::rename_group(asked.transaction, &array, &group.name, &new)?,
            None => group,
        });
    }
    changed.iter().map(|group| group_view(asked, group)).collect()
}

/// DELETE host-groups.
pub(super) fn remove_groups(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let array = asked.array();
    for name in asked.query.required("names")?.to_vec() {
        hosts::remove_group(asked.transaction, &array, &name)?;
    }
    Ok(Vec::new())
}

/// GET host-groups/hosts: groups and members; `hosts/host-groups` is the same list.
pub(super) fn memberships(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let named = |names: Option<&[String]>, name: &str| {
        names.is_none_or(|names| names.iter().any(|wanted| wanted.eq_ignore_ascii_case(name)))
    };
    let (groups, members) = (asked.query.list("group_names"), asked.query.list("member_names"));
    let hosts: Vec<Host> = objects::all(asked.transaction, &asked.system.name)?;
    let mut found = Vec::new();
    for host in hosts {
        let Some(group) = &host.host_group else { continue };
        if named(groups, group) && named(members, &host.name) {
            found.push(json!({"group": {"name": group}, "member": {"name": host.name}}));
        }
    }
    Ok(found)
}

fn pairs(asked: &Asked<'_, '_>) -> Result<Vec<(String, String)>, Denied> {
    let groups = asked.query.required("group_names")?;
    let members = asked.query.required("member_names")?;
    Ok(groups
        .iter()
        .flat_map(|group| members.iter().map(move |member| (group.clone(), member.clone())))
        .collect())
}

/// POST host-groups/hosts.
pub(super) fn join(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let array = asked.array();
    let mut made = Vec::new();
    for (group, host) in pairs(asked)? {
        hosts::join(asked.transaction, &array, &group, &host)?;
        made.push(json!({"group": {"name": group}, "member": {"name": host}}));
    }
    Ok(made)
}

/// DELETE host-groups/hosts.
pub(super) fn leave(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let array = asked.array();
    for (group, host) in pairs(asked)? {
        hosts::leave(asked.transaction, &array, &group, &host)?;
    }
    Ok(Vec::new())
}
