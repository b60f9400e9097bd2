//! `protection-groups/volumes`, `/hosts` and `/host-groups`, and the same the other way round: answers from `FA_2_36` models
//! Member and MemberNoIdAll.

use super::protection_groups::of_request;
use super::{Asked, Denied, reference};
use crate::arrays::groups::{self, Group};
use crate::arrays::hosts::{Host, HostGroup};
use crate::arrays::objects::{self, Object};
use crate::arrays::volumes::Volume;
use serde_json::{Value, json};

fn view<O: Object>(group: &Group, member: &O) -> Value {
    let mut member = reference(Some(member));
    if let Some(fields) = member.as_object_mut() {
        fields.insert("destroyed".to_owned(), json!(false));
    }
    json!({"group": reference(Some(group)), "member": member})
}

/// Hosts have no ids.
fn nameless_view(group: &Group, member: &str) -> Value {
    json!({"group": reference(Some(group)), "member": {"name": member}})
}

/// GET protection-groups/volumes. What stands for another array's group lists none.
pub(super) fn volumes(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let wanted: Option<Vec<Volume>> = if asked.names_any("member_names", "member_ids") {
        Some(asked.addressed("member_names", "member_ids")?)
    } else {
        None
    };
    let mut found = Vec::new();
    for group in of_request(asked)? {
        for id in &group.volumes {
            if wanted.as_ref().is_some_and(|wanted| !wanted.iter().any(|volume| volume.id == *id)) {
                continue;
            }
            if let Some(volume) = asked.transaction.get::<Volume>(&group.home, id)? {
                found.push(view(&group, &volume));
            }
        }
    }
    Ok(found)
}

fn nameless<O: Object>(
    asked: &Asked<'_, '_>,
    members: fn(&Group) -> &Vec<String>,
) -> Result<Vec<Value>, Denied> {
    let wanted = asked.query.list("member_names");
    let mut found = Vec::new();
    for group in of_request(asked)? {
        for id in members(&group) {
            let Some(member) = asked.transaction.get::<O>(&group.array, id)? else { continue };
            let named = |names: &[String]| names.iter().any(|name| name.eq_ignore_ascii_case(member.name()));
            if wanted.is_none_or(named) {
                found.push(nameless_view(&group, member.name()));
            }
        }
    }
    Ok(found)
}

/// GET protection-groups/hosts.
pub(super) fn hosts(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    nameless::<Host>(asked, |group| &group.hosts)
}

/// GET protection-groups/host-groups.
pub(super) fn host_groups(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    nameless::<HostGroup>(asked, |group| &group.host_groups)
}

/// The names of members that a request names: each of them goes into, or out of, each group.
fn member_names(asked: &Asked<'_, '_>) -> Result<Vec<String>, Denied> {
    if let Some(ids) = asked.query.list("member_ids") {
        let name = |id: &String| {
            let found: Option<Volume> = objects::with_id(asked.transaction, &asked.system.name, id)?;
            let found = found.ok_or_else(|| Denied::bad("Volume does not exist.", id))?;
            Ok(found.name)
        };
        return ids.iter().map(name).collect();
    }
    Ok(asked.query.required("member_names")?.to_vec())
}

/// POST protection-groups/volumes.
pub(super) fn add_volumes(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let (array, names) = (asked.array(), member_names(asked)?);
    let mut made = Vec::new();
    for group in asked.addressed::<Group>("group_names", "group_ids")? {
        for name in &names {
            let volume = groups::add_member(asked.transaction, &array, &group.name, name)?;
            made.push(view(&group, &volume));
        }
    }
    Ok(made)
}

/// DELETE protection-groups/volumes.
pub(super) fn remove_volumes(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let (array, names) = (asked.array(), member_names(asked)?);
    for group in asked.addressed::<Group>("group_names", "group_ids")? {
        for name in &names {
            groups::remove_member(asked.transaction, &array, &group.name, name)?;
        }
    }
    Ok(Vec::new())
}

/// POST protection-groups/hosts.
pub(super) fn add_hosts(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let (array, names) = (asked.array(), member_names(asked)?);
    let mut made = Vec::new();
    for group in asked.addressed::<Group>("group_names", "group_ids")? {
        for name in &names {
            let host = groups::add_host(asked.transaction, &array, &group.name, name)?;
            made.push(nameless_view(&group, &host.name));
        }
    }
    Ok(made)
}

/// DELETE protection-groups/hosts.
pub(super) fn remove_hosts(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let (array, names) = (asked.array(), member_names(asked)?);
    for group in asked.addressed::<Group>("group_names", "group_ids")? {
        for name in &names {
            groups::remove_host(asked.transaction, &array, &group.name, name)?;
        }
    }
    Ok(Vec::new())
}

/// POST protection-groups/host-groups.
pub(super) fn add_host_groups(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let (array, names) = (asked.array(), member_names(asked)?);
    let mut made = Vec::new();
    for group in asked.addressed::<Group>("group_names", "group_ids")? {
        for name in &names {
            let hosts = groups::add_host_group(asked.transaction, &array, &group.name, name)?;
            made.push(nameless_view(&group, &hosts.name));
        }
    }
    Ok(made)
}

/// DELETE protection-groups/host-groups.
pub(super) fn remove_host_groups(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let (array, names) = (asked.array(), member_names(asked)?);
    for group in asked.addressed::<Group>("group_names", "group_ids")? {
        for name in &names {
            groups::remove_host_group(asked.transaction, &array, &group.name, name)?;
        }
    }
    Ok(Vec::new())
}
