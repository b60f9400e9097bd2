//! `volumes/batch`: volumes of several sizes or sources, with their groups and tags, in one request. The body is a list of
//! `FA_2_36` model VolumeBatchPost.

use super::{Asked, Denied, tags, volumes};
use crate::arrays::volumes::Volume;
use crate::arrays::{groups, objects};
use serde_json::Value;

/// POST. One that is refused leaves none behind.
pub(super) fn create(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let Some(wanted) = asked.body.as_array().cloned() else {
        return Err(Denied::bad("The body is a list of volumes.", "volumes/batch"));
    };
    let mut made = Vec::new();
    for part in wanted {
        let name = part.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        if name.is_empty() {
            return Err(Denied::bad("'name' is required.", "volumes/batch"));
        }
        asked.query.set_list("names", vec![name.clone()]);
        asked.body = part;
        made.extend(volumes::create(asked)?);
        join_groups(asked, &name)?;
        tag(asked, &name)?;
    }
    Ok(made)
}

fn join_groups(asked: &mut Asked<'_, '_>, volume: &str) -> Result<(), Denied> {
    let array = asked.array();
    let Some(wanted) = asked.field("add_to_protection_groups").and_then(Value::as_array).cloned() else {
        return Ok(());
    };
    for group in &wanted {
        let group = group.get("name").and_then(Value::as_str).unwrap_or_default();
        groups::add_member(asked.transaction, &array, group, volume)?;
    }
    Ok(())
}

fn tag(asked: &mut Asked<'_, '_>, volume: &str) -> Result<(), Denied> {
    let Some(wanted) = asked.field("tags").and_then(Value::as_array).cloned() else { return Ok(()) };
    let volume: Volume = objects::named(asked.transaction, &asked.system.name, volume)?;
    tags::set_on(asked, &volume, &wanted)?;
    Ok(())
}
