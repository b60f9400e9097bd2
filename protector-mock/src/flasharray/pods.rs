//! `pods`: answers from `FA_2_36` models Pod, Member, PodMember.

use super::space;
use super::volumes::reference_of;
use super::{Asked, Denied, milliseconds, named, reference, text};
use crate::arrays::pods::{self, Pod, PodChange};
use crate::arrays::{objects, replica_links, systems};
use serde_json::{Value, json};

fn view(asked: &Asked<'_, '_>, pod: &Pod) -> Result<Value, Denied> {
    let mut arrays = Vec::new();
    for member in pods::members(asked.transaction, pod)? {
        let system = systems::get(asked.transaction, &member.array)?;
        let own = json!({"id": system.identity, "name": system.name, "resource_type": "arrays"});
        arrays.push(json!({
            "id": system.identity, "name": system.name, "member": own, "status": member.state,
            "mediator_status": member.mediator, "pre_elected": member.pre_elected,
            "frozen_at": member.frozen_at.map(milliseconds), "progress": member.progress,
        }));
    }
    let members: Vec<&Value> = arrays.iter().filter_map(|array| array.get("member")).collect();
    let mut preferences = Vec::new();
    for name in &pod.failover_preferences {
        let system = systems::get(asked.transaction, name)?;
        preferences.push(json!({"id": system.identity, "name": system.name}));
    }
    let (sources, targets) = link_counts(asked, pod)?;
    let used = pods::provisioned(asked.transaction, pod)?;
    Ok(json!({
        "id": pod.id, "name": pod.name,
        "destroyed": pod.destroyed.is_some(), "time_remaining": asked.time_remaining(pod)?,
        "array_count": arrays.len(), "members": members, "arrays": arrays, "link_source_count": sources,
        "link_target_count": targets, "promotion_status": pod.promotion,
        "requested_promotion_state": if pod.requested_promotion { "promoted" } else { "demoted" },
        "mediator": pod.mediator, "mediator_version": "1.0", "failover_preferences": preferences, "footprint": 0,
        "quota_limit": pod.quota_limit, "source": named(&pod.source), "space": space::of_pod(used, 0),
        "eradication_config": {"manual_eradication": "enabled"},
    }))
}

/// How many pods link to a pod, and how many it links to.
fn link_counts(asked: &Asked<'_, '_>, pod: &Pod) -> Result<(usize, usize), Denied> {
    let (mut sources, mut targets) = (0, 0);
    for link in replica_links::of_array(asked.transaction, &asked.system.name)? {
        if let Some((source, target)) = replica_links::pods_of(asked.transaction, &link)? {
            sources += usize::from(target.id == pod.id);
            targets += usize::from(source.id == pod.id);
        }
    }
    Ok((sources, targets))
}

pub(super) fn views(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    asked.candidates()?.iter().map(|pod| view(asked, pod)).collect()
}

/// `pods/space`.
pub(super) fn spaces(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let pods: Vec<Pod> = asked.candidates()?;
    let now = milliseconds(asked.now());
    let view = |pod: &Pod| {
        let used = pods::provisioned(asked.transaction, pod)?;
        Ok(json!({
            "id": pod.id, "name": pod.name, "time": now, "destroyed": pod.destroyed.is_some(),
            "space": space::of_pod(used, 0),
        }))
    };
    pods.iter().map(view).collect()
}

/// What a body wants of a pod.
fn wanted(asked: &Asked<'_, '_>) -> Result<PodChange, Denied> {
    let name = |array: &Value| {
        if let Some(name) = array.get("name").and_then(Value::as_str) {
            return Ok(systems::get(asked.transaction, name)?.name);
        }
        let id = text(array, "id");
        let found = systems::list(asked.transaction)?.into_iter().find(|system| system.identity == id);
        found.map(|system| system.name).ok_or_else(|| Denied::bad("Array does not exist.", id))
    };
    let preferences = asked.field("failover_preferences").and_then(Value::as_array);
    // Without a limit it is an empty text or nothing.
    let quota = asked.field("quota_limit").map(|limit| limit.as_u64().unwrap_or(0));
    if let Some(limit) = quota.filter(|limit| !limit.is_multiple_of(512)) {
        return Err(Denied::bad("Invalid quota limit: a multiple of 512.", &limit.to_string()));
    }
    Ok(PodChange {
        failover_preferences: preferences.map(|arrays| arrays.iter().map(name).collect()).transpose()?,
        mediator: asked.text_field("mediator")?,
        quota_limit: quota,
        ignore_usage: asked.field("ignore_usage").and_then(Value::as_bool).unwrap_or(false),
    })
}

pub(super) fn create(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let array = asked.array();
    let wanted = wanted(asked)?;
    let source = asked.field("source").map(reference_of);
    let mut made = Vec::new();
    for name in asked.query.new_names()? {
        match &source {
            None => drop(pods::create(asked.transaction, &array, &name)?),
            Some(source) => {
                let found: Option<Pod> = match (&source.name, &source.id) {
                    (Some(name), _) => objects::find(asked.transaction, &array, name)?,
                    (None, Some(id)) => objects::with_id(asked.transaction, &array, id)?,
                    (None, None) => None,
                };
                let found = found.ok_or_else(|| Denied::bad("Source does not exist.", &name))?;
                pods::clone(asked.transaction, &array, &found.name, &name)?;
            }
        }
        made.push(pods::change(asked.transaction, &array, &name, &wanted)?);
    }
    made.iter().map(|pod| view(asked, pod)).collect()
}

/// PATCH: destroy, recover, rename, promote, demote, preferences, mediator, quota.
pub(super) fn change(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let array = asked.array();
    let contents = asked.query.is_set("destroy_contents")?;
    let wanted = wanted(asked)?;
    let mut changed = Vec::new();
    for mut pod in asked.addressed::<Pod>("names", "ids")? {
        let destroyed = asked.field("destroyed").and_then(Value::as_bool);
        if destroyed == Some(false) {
            pod = pods::recover(asked.transaction, &array, &pod.name)?;
        }
        if wanted.failover_preferences.is_some() || wanted.mediator.is_some() || wanted.quota_limit.is_some()
        {
            pod = pods::change(asked.transaction, &array, &pod.name, &wanted)?;
        }
        if let Some(state) = asked.text_field("requested_promotion_state")? {
            pod = change_promotion(asked, &array, &pod, &state)?;
        }
        if let Some(name) = asked.text_field("name")? {
            pod = pods::rename(asked.transaction, &array, &pod.name, &name)?;
        }
        if destroyed == Some(true) {
            pod = pods::destroy(asked.transaction, &array, &pod.name, contents)?;
        }
        changed.push(pod);
    }
    changed.iter().map(|pod| view(asked, pod)).collect()
}

fn change_promotion(asked: &mut Asked<'_, '_>, array: &str, pod: &Pod, state: &str) -> Result<Pod, Denied> {
    let (quiesce, skip) = (asked.query.is_set("quiesce")?, asked.query.is_set("skip_quiesce")?);
    let from = asked.query.text("promote_from").map(str::to_owned);
    match state {
        "promoted" if asked.query.is_set("abort_quiesce")? => {
            Ok(pods::abort_quiesce(asked.transaction, array, &pod.name)?)
        }
        "promoted" => Ok(pods::promote(asked.transaction, array, &pod.name, from.as_deref())?),
        "demoted" => Ok(pods::demote(asked.transaction, array, &pod.name, quiesce, skip)?),
        other => Err(Denied::bad("Invalid promotion state.", other)),
    }
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
    let with_unknown = asked.query.is_set("with_unknown")?;
    let (array, names) = (asked.array(), member_names(asked)?);
    for pod in of_request(asked, word)? {
        for name in &names {
            pods::unstretch(asked.transaction, &array, &pod.name, name, with_unknown)?;
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
