//! `volumes/tags`: answers from `FA_2_36` model Tag.

use super::{Asked, Denied, reference};
use crate::arrays::objects;
use crate::arrays::tags::{self, NewTag, Tag};
use crate::arrays::volumes::Volume;
use serde_json::{Value, json};

fn view(volume: &Volume, tag: &Tag) -> Value {
    json!({
        "resource": reference(Some(volume)), "namespace": tag.namespace, "key": tag.key, "value": tag.value,
        "copyable": tag.copyable,
    })
}

/// GET; a named resource has to exist.
pub(super) fn views(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let volumes: Vec<Volume> = if asked.names_any("resource_names", "resource_ids") {
        asked.addressed("resource_names", "resource_ids")?
    } else {
        objects::all(asked.transaction, &asked.system.name)?
    };
    if let Some(wanted) = asked.query.flag("resource_destroyed")?
        && let Some(other) = volumes.iter().find(|volume| volume.destroyed.is_some() != wanted)
    {
        return Err(Denied::bad("Volume does not exist.", &other.name));
    }
    let namespaces = asked.query.list("namespaces");
    let mut found = Vec::new();
    for volume in &volumes {
        let tags = tags::of(asked.transaction, volume)?;
        let wanted = |tag: &&Tag| namespaces.is_none_or(|namespaces| namespaces.contains(&tag.namespace));
        found.extend(tags.iter().filter(wanted).map(|tag| view(volume, tag)));
    }
    Ok(found)
}

/// PUT batch: sets the given tags and leaves the others.
pub(super) fn set(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let volumes: Vec<Volume> = asked.addressed("resource_names", "resource_ids")?;
    let Some(wanted) = asked.body.as_array().cloned() else {
        return Err(Denied::bad("The body is a list of tags.", "volumes/tags/batch"));
    };
    let mut set = Vec::new();
    for volume in &volumes {
        for tag in &wanted {
            let text = |name| tag.get(name).and_then(Value::as_str).map(str::to_owned);
            let tag = NewTag {
                namespace: text("namespace").filter(|name| !name.is_empty()).unwrap_or("default".to_owned()),
                key: text("key").unwrap_or_default(),
                value: text("value"),
                copyable: tag.get("copyable").and_then(Value::as_bool) != Some(false),
            };
            let tag = tags::set(asked.transaction, volume, &tag)?;
            set.push(view(volume, &tag));
        }
    }
    Ok(set)
}

pub(super) fn remove(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let volumes: Vec<Volume> = asked.addressed("resource_names", "resource_ids")?;
    let namespaces = asked.query.list("namespaces").map_or_else(|| vec!["default".to_owned()], <[_]>::to_vec);
    let [namespace] = namespaces.as_slice() else {
        return Err(Denied::bad("Only one namespace is allowed.", "namespaces"));
    };
    let keys = asked.query.list("keys").map(<[_]>::to_vec);
    for volume in &volumes {
        tags::remove(asked.transaction, volume, namespace, keys.as_deref())?;
    }
    Ok(Vec::new())
}
