//! `protection-groups/targets`: answers from `FA_2_36` model TargetProtectionGroup.

use super::protection_groups::{of_request, targets_of};
use super::{Asked, Denied, reference};
use crate::arrays::groups::Group;
use crate::arrays::{systems, targets};
use serde_json::{Value, json};

fn view(asked: &Asked<'_, '_>, group: &Group, target: &str, allowed: bool) -> Result<Value, Denied> {
    let system = systems::get(asked.transaction, target)?;
    Ok(json!({
        "group": reference(Some(group)), "member": {"name": system.name},
        "allowed": allowed,
    }))
}

/// GET. On a target what stands for a group lists this array itself.
pub(super) fn views(asked: &Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let wanted = asked.query.list("member_names");
    let mut found = Vec::new();
    for group in of_request(asked)? {
        for (target, allowed) in targets_of(asked, &group)? {
            if wanted.is_none_or(|names| names.iter().any(|name| name.eq_ignore_ascii_case(&target))) {
                found.push(view(asked, &group, &target, allowed)?);
            }
        }
    }
    Ok(found)
}

/// POST, at the source.
pub(super) fn add(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let (array, names) = (asked.array(), asked.query.required("member_names")?.to_vec());
    let mut made = Vec::new();
    for group in asked.addressed::<Group>("group_names", "group_ids")? {
        for name in &names {
            let group = targets::add(asked.transaction, &array, &group.name, name)?;
            made.push(view(asked, &group, name, false)?);
        }
    }
    Ok(made)
}

/// PATCH {"allowed": ...}, at the target, where the group is called SOURCE:GROUP.
pub(super) fn allow(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let Some(allowed) = asked.field("allowed").and_then(Value::as_bool) else {
        return Err(Denied::bad("'allowed' is required.", "protection-groups/targets"));
    };
    let array = asked.array();
    let mut made = Vec::new();
    for group in asked.addressed::<Group>("group_names", "group_ids")? {
        let group = targets::allow(asked.transaction, &array, &group.name, allowed)?;
        made.push(view(asked, &group, &array, allowed)?);
    }
    Ok(made)
}

/// DELETE, at the source.
pub(super) fn remove(asked: &mut Asked<'_, '_>) -> Result<Vec<Value>, Denied> {
    let (array, names) = (asked.array(), asked.query.required("member_names")?.to_vec());
    for group in asked.addressed::<Group>("group_names", "group_ids")? {
        for name in &names {
            targets::remove(asked.transaction, &array, &group.name, name)?;
        }
    }
    Ok(Vec::new())
}
