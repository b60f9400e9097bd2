//! `pods`: answers from `FA_2_36` models Pod, Member, PodMember.

use super::space::space;
use super::{Asked, Denied, named, reference};
use crate::arrays::objects;
use crate::arrays::pods::{self, Pod};
use crate::arrays::systems;
use serde_json::{Value, json};

fn view(asked: &Asked<'_, '_>, pod: &Pod) -> Result<Value, Denied> {
    let mut arrays = Vec::new();
    for name in &pod.arrays {
        let system = systems::get(asked.transaction, name)?;
        arrays.push(json!({
            "id": system.identity, "name": system.name, "frozen_at": null, "pre_elected": false, "progress": null,
            "status": if system.failure.is_none() { "online" } else { "offline" }, "mediator_status": "online",
        }));
    }
    Ok(json!({
        "id": pod.id, "name": pod.name, "created": super::milliseconds(pod.created),
        "destroyed": pod.destroyed.is_some(), "time_remaining": asked.time_remaining(pod)?,
        "array_count": arrays.len(), "members": arrays, "arrays": arrays, "link_source_count": 0,
        "link_target_count": 0, "promotion_status": "promoted", "requested_promotion_state": "promoted",
        "mediator": "purestorage", "mediator_version": "1.0", "failover_preferences": [], "footprint": 0,
        "quota_limit": null, "source": named(&pod.source), "space": space(0, 0),
        "eradication_config": {"manual_eradication": "enabled"},
    }))
}

pub(super) fn views(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    asked.candidates()?.iter().map(|pod| view(asked, pod)).collect()
}

/// `pods/space`.
pub(super) fn spaces(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let pods: Vec<Pod> = asked.candidates()?;
    let now = super::milliseconds(asked.now());
    let view = |pod: &Pod| {
        json!({
            "id": pod.id, "name": pod.name, "time": now, "destroyed": pod.destroyed.is_some(), "space": space(0, 0),
        })
    };
    Ok(pods.iter().map(view).collect())
}

pub(super) fn create(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    for field in ["source", "failover_preferences", "quota_limit"] {
        if asked.field(field).is_some_and(|value| value.as_array().is_none_or(|list| !list.is_empty())) {
            return Err(Denied::bad(format!("'{field}' is not simulated."), "pods"));
        }
    }
    let array = asked.array();
    let mut made = Vec::new();
    for name in asked.query.new_names()? {
        made.push(pods::create(asked.transaction, &array, &name)?);
    }
    made.iter().map(|pod| view(asked, pod)).collect()
}

/// PATCH: destroy, recover.
pub(super) fn change(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let array = asked.array();
    for (field, value) in asked.body.as_object().into_iter().flatten() {
        if field != "destroyed" && !value.is_null() {
            return Err(Denied::bad(format!("'{field}' is not simulated."), "pods"));
        }
    }
    let contents = asked.query.is_set("destroy_contents")?;
    let mut changed = Vec::new();
    for mut pod in asked.addressed::<Pod>("names", "ids")? {
        match asked.field("destroyed").and_then(Value::as_bool) {
            Some(true) => pod = pods::destroy(asked.transaction, &array, &pod.name, contents)?,
            Some(false) => pod = pods::recover(asked.transaction, &array, &pod.name)?,
            None => {}
        }
        changed.push(pod);
    }
    changed.iter().map(|pod| view(asked, pod)).collect()
}

pub(super) fn eradicate(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let array = asked.array();
    let contents = asked.query.is_set("eradicate_contents")?;
    for pod in asked.addressed::<Pod>("names", "ids")? {
        pods::eradicate(asked.transaction, &array, &pod.name, contents)?;
    }
    Ok(Vec::new())
}

/// The pods and arrays of a request, which calls the pods so or so.
fn of_request(asked: &Asked<'_, '_>, word: &str) -> Result<Vec<Pod>, Denied> {
    let (names, ids) = (format!("{word}_names"), format!("{word}_ids"));
    if asked.names_any(&names, &ids) {
        return asked.addressed(&names, &ids);
    }
    Ok(objects::all(asked.transaction, &asked.system.name)?)
}

fn member_names(asked: &Asked<'_, '_>) -> Result<Vec<String>, Denied> {
    if let Some(ids) = asked.query.list("member_ids") {
        let systems = systems::list(asked.transaction)?;
        let name = |id: &String| {
            let found = systems.iter().find(|system| system.identity == *id);
            let found = found.ok_or_else(|| Denied::bad("Array does not exist.", id))?;
            Ok(found.name.clone())
        };
        return ids.iter().map(name).collect();
    }
    Ok(asked.query.required("member_names")?.to_vec())
}

fn memberships(asked: &Asked<'_, '_>, word: &str) -> Result<Vec<Value>, Denied> {
    let wanted =
        if asked.names_any("member_names", "member_ids") { Some(member_names(asked)?) } else { None };
    let mut found = Vec::new();
    for pod in of_request(asked, word)? {
        for name in &pod.arrays {
            if wanted
                .as_ref()
                .is_none_or(|names| names.iter().any(|wanted| wanted.eq_ignore_ascii_case(name)))
            {
                let system = systems::get(asked.transaction, name)?;
                let member = json!({"id": system.identity, "name": system.name, "resource_type": "arrays"});
                found.push(json!({word: reference(Some(&pod)), "member": member}));
            }
        }
    }
    Ok(found)
}

fn stretch_to(asked: &mut Asked<'_, '_>, word: &str) -> Result<Vec<Value>, Denied> {
    let (array, names) = (asked.array(), member_names(asked)?);
    for pod in of_request(asked, word)? {
        for name in &names {
            pods::stretch(asked.transaction, &array, &pod.name, name)?;
        }
    }
    memberships(asked, word)
}

fn unstretch_from(asked: &mut Asked<'_, '_>, word: &str) -> Result<Vec<Value>, Denied> {
    let (array, names) = (asked.array(), member_names(asked)?);
    for pod in of_request(asked, word)? {
        for name in &names {
            pods::unstretch(asked.transaction, &array, &pod.name, name)?;
        }
    }
    Ok(Vec::new())
}

/// GET pods/arrays.
pub(super) fn arrays(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    memberships(asked, "group")
}

/// POST pods/arrays.
pub(super) fn stretch(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    stretch_to(asked, "group")
}

/// DELETE pods/arrays.
pub(super) fn unstretch(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    unstretch_from(asked, "group")
}

/// GET pods/members, which came in place of pods/arrays.
pub(super) fn members(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    memberships(asked, "pod")
}

/// POST pods/members.
pub(super) fn add_member(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    stretch_to(asked, "pod")
}

/// DELETE pods/members.
pub(super) fn remove_member(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    unstretch_from(asked, "pod")
}

/// GET container-default-protections: none are configured.
pub(super) fn default_protections(asked: &Asked<'_, '_>) -> Vec<Value> {
    let names = asked.query.list("names").map_or_else(|| vec![String::new()], <[_]>::to_vec);
    let view = |name: &String| {
        let kind = if name.is_empty() { "" } else { "pod" };
        json!({"id": null, "name": name, "type": kind, "default_protections": []})
    };
    names.iter().map(view).collect()
}
