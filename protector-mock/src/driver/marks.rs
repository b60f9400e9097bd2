//! Marks of volumes, in the tags and the form in which `driver: pure` keeps them.

use super::verb::{Problem, Verb};
use crate::arrays::tags::{self, NewTag};
use crate::arrays::volumes::Volume;
use protector_core::driver::{Content, EpochMark, GroupOrigin};
use protector_core::id::ArrayVolumeId;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const NAMESPACE: &str = "protector";
const CONTENT: &str = "content";
const EPOCH: &str = "epoch";

/// The form of the marks. One of another form is not guessed at.
const FORM: u64 = 1;

/// A volume's mark of a key.
pub(super) fn mark(verb: &Verb<'_, '_>, volume: &Volume, key: &str) -> Result<Option<Value>, Problem> {
    let found = tags::of(verb.at, volume)?;
    let Some(tag) = found.into_iter().find(|tag| tag.namespace == NAMESPACE && tag.key == key) else {
        return Ok(None);
    };
    let unreadable =
        |why: &str| Problem::Refused(format!("tag {NAMESPACE}/{key} of volume {} {why}", volume.name));
    let mark: Value = serde_json::from_str(tag.value.as_deref().unwrap_or_default())
        .map_err(|_| unreadable("is not protector's"))?;
    match mark.get("form").and_then(Value::as_u64) {
        Some(FORM) => Ok(Some(mark)),
        Some(_) => Err(unreadable("is of a newer release of protector")),
        None => Err(unreadable("is not protector's")),
    }
}

pub(super) fn set(
    verb: &mut Verb<'_, '_>,
    volume: &Volume,
    key: &str,
    mut mark: Value,
) -> Result<(), Problem> {
    if let Some(fields) = mark.as_object_mut() {
        fields.insert("form".to_owned(), json!(FORM));
    }
    // What is copied is not what was marked.
    let tag = NewTag {
        namespace: NAMESPACE.to_owned(),
        key: key.to_owned(),
        value: Some(mark.to_string()),
        copyable: false,
    };
    tags::set(verb.at, volume, &tag)?;
    Ok(())
}

fn read<T: DeserializeOwned>(volume: &Volume, key: &str, mark: Value) -> Result<T, Problem> {
    serde_json::from_value(mark).map_err(|_| {
        Problem::Refused(format!("tag {NAMESPACE}/{key} of volume {} is not protector's", volume.name))
    })
}

/// What a volume that has to be there holds for sure.
pub(super) fn content(verb: &mut Verb<'_, '_>, volume: &ArrayVolumeId) -> Result<Option<Content>, Problem> {
    let volume = verb.living_volume(volume)?;
    let mark = mark(verb, &volume, CONTENT)?;
    let Some(mark) = mark.filter(|mark| mark.get("state").and_then(Value::as_str) == Some("whole")) else {
        return Ok(None);
    };
    let text = |name: &str| mark.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let origin = GroupOrigin { array: text("array").into(), group: text("group") };
    Ok(Some(Content { origin, point: text("point") }))
}

/// How many bytes a volume had before an overwrite that another driver has begun and not ended.
pub(super) fn size_before(verb: &Verb<'_, '_>, volume: &Volume) -> Result<Option<u64>, Problem> {
    Ok(mark(verb, volume, CONTENT)?.and_then(|mark| mark.get("size")?.as_u64()))
}

/// Marks what a volume was made to hold: a point's content, or a safety snapshot's.
pub(super) fn set_content(
    verb: &mut Verb<'_, '_>,
    volume: &Volume,
    whole: bool,
    origin: &GroupOrigin,
    point: &str,
) -> Result<(), Problem> {
    let state = if whole { "whole" } else { "restored" };
    let mark = json!({"state": state, "array": origin.array.as_str(), "group": origin.group, "point": point});
    set(verb, volume, CONTENT, mark)
}

pub(super) fn epoch(verb: &mut Verb<'_, '_>, volume: &ArrayVolumeId) -> Result<Option<EpochMark>, Problem> {
    let volume = verb.living_volume(volume)?;
    let mark = mark(verb, &volume, EPOCH)?;
    mark.map(|mark| read(&volume, EPOCH, mark)).transpose()
}

/// An epoch counts within its group: a volume that was in another group before begins anew.
pub(super) fn record_epoch(
    verb: &mut Verb<'_, '_>,
    volumes: &[ArrayVolumeId],
    wanted: &EpochMark,
) -> Result<(), Problem> {
    for id in volumes {
        let volume = verb.living_volume(id)?;
        if let Some(present) = epoch(verb, id)?
            && present.group == wanted.group
            && present.epoch > wanted.epoch
        {
            let (epoch, operation) = (present.epoch, present.operation);
            let reason = format!("volume {id} carries epoch {epoch} of operation {operation}");
            return Err(Problem::Refused(reason));
        }
        let mark = serde_json::to_value(wanted).unwrap_or_default();
        set(verb, &volume, EPOCH, mark)?;
    }
    Ok(())
}

/// What has no marks, or is gone, is no error.
pub(super) fn forget(verb: &mut Verb<'_, '_>, volumes: &[ArrayVolumeId]) -> Result<(), Problem> {
    let keys = [CONTENT.to_owned(), EPOCH.to_owned()];
    for id in volumes {
        if let Some(volume) = verb.volume(id)? {
            tags::remove(verb.at, &volume, NAMESPACE, Some(&keys))?;
        }
    }
    Ok(())
}
