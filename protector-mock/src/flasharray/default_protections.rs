//! `container-default-protections`: the groups that new volumes of an array or of a pod are put into, unless they opt out.
//! Answers from `FA_2_36` model ContainerDefaultProtection.

use super::{Asked, Denied};
use crate::arrays::groups::{self, Group};
use crate::arrays::naming;
use crate::arrays::objects;
use crate::arrays::pods::Pod;
use crate::arrays::volumes::Volume;
use crate::world::Record;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What is kept of one container; the id of the array's own is empty.
#[derive(Debug, Default, Serialize, Deserialize)]
struct DefaultProtection {
    container: String,
    groups: Vec<String>,
}

impl Record for DefaultProtection {
    const KIND: &'static str = "flasharray.default-protection";

    fn id(&self) -> &str {
        &self.container
    }
}

/// The living groups that a container's new volumes are put into.
fn protecting(asked: &Asked<'_, '_>, container: &str) -> Result<Vec<Group>, Denied> {
    let kept: Option<DefaultProtection> = asked.transaction.get(&asked.system.name, container)?;
    let mut found = Vec::new();
    for id in kept.unwrap_or_default().groups {
        let group = objects::with_id::<Group>(asked.transaction, &asked.system.name, &id)?;
        found.extend(group.filter(|group| group.destroyed.is_none()));
    }
    Ok(found)
}

/// The containers that a request names: `None` is the array itself.
fn containers(asked: &Asked<'_, '_>) -> Result<Vec<Option<Pod>>, Denied> {
    let array = &asked.system.name;
    if let Some(names) = asked.query.list("names") {
        let pod = |name: &String| match name.as_str() {
            "" => Ok(None),
            name => Ok(Some(objects::named(asked.transaction, array, name)?)),
        };
        return names.iter().map(pod).collect();
    }
    if asked.query.list("ids").is_some_and(|ids| ids.iter().any(|id| !id.is_empty())) {
        return Ok(asked.addressed::<Pod>("names", "ids")?.into_iter().map(Some).collect());
    }
    let pods = objects::all::<Pod>(asked.transaction, array)?;
    Ok(std::iter::once(None).chain(pods.into_iter().map(Some)).collect())
}

fn view(asked: &Asked<'_, '_>, container: Option<&Pod>) -> Result<Value, Denied> {
    let groups = protecting(asked, container.map_or("", |pod| &pod.id))?;
    let group = |group: &Group| json!({"id": group.id, "name": group.name, "type": "protection_group"});
    Ok(json!({
        "id": container.map(|pod| &pod.id), "name": container.map_or("", |pod| &pod.name),
        "type": if container.is_some() { "pod" } else { "" },
        "default_protections": groups.iter().map(group).collect::<Vec<_>>(),
    }))
}

/// GET. It picks by itself: the array has no name here.
pub(super) fn views(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    containers(asked)?.iter().map(|container| view(asked, container.as_ref())).collect()
}

/// PATCH: an empty list opts the container out.
pub(super) fn change(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    if !asked.names_any("names", "ids") {
        return Err(Denied::bad("'names' is required.", "names"));
    }
    let array = asked.array();
    let chosen = containers(asked)?;
    let wanted = asked.field("default_protections").and_then(Value::as_array).cloned();
    let Some(wanted) = wanted else {
        return Err(Denied::bad("'default_protections' is required.", "container-default-protections"));
    };
    for container in &chosen {
        let mut groups = Vec::new();
        for one in &wanted {
            let name = one.get("name").and_then(Value::as_str).unwrap_or_default();
            let group: Group = objects::usable(asked.transaction, &array, name)?;
            let pod = container.as_ref().map(|pod| pod.name.to_lowercase());
            if naming::pod(&group.name).map(str::to_lowercase) != pod {
                return Err(Denied::bad("Protection group is not in the container.", name));
            }
            groups.push(group.id);
        }
        let container = container.as_ref().map(|pod| pod.id.clone()).unwrap_or_default();
        asked.transaction.put(&array, &DefaultProtection { container, groups })?;
    }
    chosen.iter().map(|container| view(asked, container.as_ref())).collect()
}

/// Puts a new volume into its container's groups.
pub(super) fn protect(asked: &mut Asked<'_, '_>, volume: &Volume) -> Result<(), Denied> {
    let array = asked.array();
    let container = match naming::pod(&volume.name) {
        Some(pod) => objects::named::<Pod>(asked.transaction, &array, pod)?.id,
        None => String::new(),
    };
    for group in protecting(asked, &container)? {
        groups::add_member(asked.transaction, &array, &group.name, &volume.name)?;
    }
    Ok(())
}
