//! Changes of a group's name and members. `add_volumes` and `remove_volumes` are descriptions to the schema: 255 characters, six
//! ids. Sources: `cinder/group/api.py` (`update`, `_validate_*_volumes`), `cinder/api/schemas/groups.py` (2026.2).

use super::{Group, events, of_call, put};
use crate::block_storage::access::{member, since};
use crate::block_storage::faults::{invalid_group, invalid_volume};
use crate::block_storage::input::{Field, Fields, Kind, read};
use crate::block_storage::timing;
use crate::block_storage::volumes::{self, Volume};
use crate::cloud::{Call, Fault, Reply};
use http::StatusCode;

const REMOVABLE: [&str; 4] = ["available", "in-use", "error", "error_deleting"];
const ADDABLE: [&str; 2] = ["available", "in-use"];

pub(super) fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    since(call, 13)?;
    let fields = read(
        &call.body,
        "group",
        &[
            Field("description", Kind::Text, false),
            Field("name", Kind::Text, false),
            Field("add_volumes", Kind::Text, false),
            Field("remove_volumes", Kind::Text, false),
        ],
    )?;
    if !["name", "description", "add_volumes", "remove_volumes"].iter().any(|name| fields.has(name)) {
        return Err(Fault::bad_request(
            "Invalid input for field/attribute group. Value: {}. {} is not valid under any of the given schemas",
        ));
    }
    let mut group = of_call(call)?;
    member(call, "group:update")?;
    let name = fields.text("name").filter(|name| Some(name) != group.name.as_ref());
    let description = fields.text("description").filter(|text| Some(text) != group.description.as_ref());
    let (add, remove) = (ids(&fields, "add_volumes"), ids(&fields, "remove_volumes"));
    let both: Vec<String> = add.iter().filter(|id| remove.contains(id)).map(|id| format!("'{id}'")).collect();
    if !both.is_empty() {
        return Err(invalid_volume(format!(
            "UUIDs [{}] are in both add and remove volume list.",
            both.join(", ")
        )));
    }
    let scope = call.scope();
    let members = volumes::of_group(call.transaction, &scope, &group.id)?;
    let add = addable(call, &group, &members, add)?;
    let remove = removable(&group, &members, remove)?;
    if name.is_none() && description.is_none() && add.is_empty() && remove.is_empty() {
        return Err(invalid_group(format!(
            "Cannot update group {} because no valid name, description, add_volumes, or remove_volumes were provided.",
            group.id
        )));
    }
    group.name = name.or(group.name);
    group.description = description.or(group.description);
    let changes = !add.is_empty() || !remove.is_empty();
    if changes && group.status != "available" {
        return Err(invalid_group("Group status must be available."));
    }
    if changes {
        "updating".clone_into(&mut group.status);
        (group.adding, group.removing) = (add, remove);
        timing::later(call.transaction, &scope, events::UPDATED, &group.id, 0.4)?;
    } else {
        // A rename alone makes any group available: Cinder's own slip.
        "available".clone_into(&mut group.status);
    }
    put(call.transaction, &scope, &mut group)?;
    Ok(Reply::bare(StatusCode::ACCEPTED))
}

fn ids(fields: &Fields, name: &str) -> Vec<String> {
    let text = fields.text(name).unwrap_or_default();
    text.trim_matches(',').split(',').filter(|id| !id.is_empty()).map(str::to_owned).collect()
}

fn tuple(states: &[&str]) -> String {
    let quoted: Vec<String> = states.iter().map(|state| format!("'{state}'")).collect();
    format!("({})", quoted.join(", "))
}

fn addable(
    call: &Call<'_, '_>,
    group: &Group,
    members: &[Volume],
    ids: Vec<String>,
) -> Result<Vec<String>, Fault> {
    let mut new = Vec::new();
    for id in ids {
        if members.iter().any(|member| member.id == id) {
            continue;
        }
        let cannot =
            |why: &str| invalid_volume(format!("Cannot add volume {id} to group {} because {why}", group.id));
        let found = volumes::seen(call, &id);
        let volume =
            found.map_err(
                |fault| {
                    if fault.source.is_some() { fault } else { cannot("volume cannot be found.") }
                },
            )?;
        if let Some(other) = &volume.group_id {
            return Err(cannot(&format!("it is already in group {other}.")));
        }
        if volume.project != group.project {
            return Err(invalid_volume(format!(
                "Cannot add volume {id} to group {} as they belong to different projects.",
                group.id
            )));
        }
        if !group.volume_types.contains(&volume.type_id) {
            return Err(cannot(&format!("volume type {} is not supported by the group.", volume.type_id)));
        }
        if !volume.is(&ADDABLE) {
            return Err(cannot(&format!(
                "volume is in an invalid state: {}. Valid states are: {}.",
                volume.status,
                tuple(&ADDABLE)
            )));
        }
        if volume.host != group.host {
            return Err(invalid_volume("Volume is not local to this node."));
        }
        new.push(id);
    }
    Ok(new)
}

fn removable(group: &Group, members: &[Volume], ids: Vec<String>) -> Result<Vec<String>, Fault> {
    for id in &ids {
        let cannot = |why: &str| {
            invalid_volume(format!("Cannot remove volume {id} from group {} because {why}", group.id))
        };
        match members.iter().find(|member| member.id == *id) {
            None => return Err(cannot("it is not in the group.")),
            Some(volume) if !volume.is(&REMOVABLE) => {
                return Err(cannot(&format!(
                    "volume is in an invalid state: {}. Valid states are: {}.",
                    volume.status,
                    tuple(&REMOVABLE)
                )));
            }
            Some(_) => {}
        }
    }
    Ok(ids)
}
