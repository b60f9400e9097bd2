//! What may be asked: what is not in the table is refused, as an array does, so that a misspelt parameter never passes for a
//! default.

mod answers;
mod table;

pub(super) use answers::reduce;

use super::{Denied, query::Parameters};
use http::StatusCode;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;
use table::{LIST, PLAIN, TABLE};

/// The N of the newest 2.N.
pub(super) const NEWEST: u32 = 36;

/// The versions, oldest first: clients take the last that they know.
pub(super) fn versions() -> Vec<String> {
    (0..=NEWEST).filter(|number| !matches!(number, 12 | 18)).map(|number| format!("2.{number}")).collect()
}

/// What one method of one end-point takes, and since which 2.N.
struct Operation {
    since: u32,
    query: BTreeMap<&'static str, u32>,
    body: Option<BTreeMap<&'static str, u32>>,
}

static OPERATIONS: LazyLock<HashMap<(&'static str, &'static str), Operation>> = LazyLock::new(|| {
    TABLE
        .iter()
        .map(|(method, path, since, query, body)| {
            let operation = Operation { since: *since, query: marked(query), body: body.map(marked) };
            ((*method, *path), operation)
        })
        .collect()
});

fn marked(text: &'static str) -> BTreeMap<&'static str, u32> {
    let mut known = BTreeMap::new();
    for word in text.split_whitespace() {
        let (name, since) = word.split_once('@').unwrap_or((word, "0"));
        let all = match name {
            "PLAIN" => PLAIN,
            "LIST" => LIST,
            name => name,
        };
        known.extend(all.split_whitespace().map(|name| (name, since.parse().unwrap_or(0))));
    }
    known
}

/// Fields inside of others.
fn inside(field: &str) -> Option<&'static str> {
    Some(match field {
        "source" | "pod" | "volume_group" | "protection_group" | "resource" | "target" => "id name",
        "qos" => "bandwidth_limit iops_limit",
        "replication_schedule" => "at enabled frequency blackout",
        "snapshot_schedule" => "at enabled frequency",
        "blackout" => "start end",
        "source_retention" | "target_retention" => "all_for_sec days per_day",
        "chap" => "host_password host_user target_password target_user",
        "host_group" => "name",
        "priority_adjustment" => "priority_adjustment_operator priority_adjustment_value",
        _ => return None,
    })
}

const TRUTHS: &[&str] = &["destroyed", "enabled", "allowed", "copyable", "paused", "ignore_usage"];
const NUMBERS: &[&str] =
    &["provisioned", "frequency", "all_for_sec", "days", "per_day", "lun", "at", "start", "end"];

/// Known to the API, without effect here: refused rather than passed over.
fn is_without_effect(path: &str, name: &str) -> bool {
    match name {
        "protocol_endpoint"
        | "apply_retention"
        | "protocol_endpoint_names"
        | "protocol_endpoint_ids"
        | "eradicate_all_data"
        | "from_member_names"
        | "from_member_ids"
        | "to_member_names"
        | "to_member_ids"
        | "move_with_host_names"
        | "move_with_host_group_names"
        | "convert_source_to_baseline" => true,
        "requested_promotion_state" => path == "volumes",
        "priority_adjustment" => path != "volume-groups",
        "pod" => path == "protection-groups",
        "eradication_config" => path != "arrays",
        _ => false,
    }
}

/// Whether a query parameter holds names or ids, separated by commas.
pub(super) fn is_list(parameter: &str) -> bool {
    matches!(parameter, "names" | "ids" | "keys" | "namespaces" | "sort")
        || parameter.ends_with("_names")
        || parameter.ends_with("_ids")
}

/// Refuses what this version's end-point does not know. `version` is the N of 2.N.
pub(super) fn check(
    version: u32,
    method: &str,
    path: &str,
    query: &Parameters,
    body: &Value,
) -> Result<(), Denied> {
    let operation = OPERATIONS.get(&(method, path)).filter(|operation| operation.since <= version);
    let Some(operation) = operation else {
        let message = format!("{method} {path} is not an end-point of REST 2.{version}.");
        return Err(Denied::new(StatusCode::NOT_FOUND, message, Some(path)));
    };
    for (name, value) in query.pairs() {
        if operation.query.get(name).is_none_or(|since| *since > version) {
            return Err(Denied::bad(format!("Unknown query parameter '{name}'."), path));
        }
        if is_without_effect(path, name) && value != "false" {
            return Err(Denied::bad(format!("'{name}' is not simulated."), path));
        }
        if let Some(start) = name.strip_suffix("names") {
            let ids = format!("{start}ids");
            if query.has(&ids) {
                return Err(Denied::bad(format!("'{name}' and '{ids}' cannot be set together."), path));
            }
        }
    }
    if body.is_null() {
        return Ok(());
    }
    let Some(known) = &operation.body else {
        return Err(Denied::bad("This request takes no body.", path));
    };
    let parts = body.as_array().map_or(std::slice::from_ref(body), Vec::as_slice);
    parts.iter().try_for_each(|part| check_fields(path, part, known, version))
}

fn check_fields(
    path: &str,
    body: &Value,
    known: &BTreeMap<&'static str, u32>,
    version: u32,
) -> Result<(), Denied> {
    let Some(fields) = body.as_object() else {
        return Err(Denied::bad("The body is not an object.", path));
    };
    for (name, value) in fields {
        if known.get(name.as_str()).is_none_or(|since| *since > version) {
            return Err(Denied::bad(format!("Unknown field '{name}'."), path));
        }
        if is_without_effect(path, name) {
            return Err(Denied::bad(format!("'{name}' is not simulated."), path));
        }
        if value.is_null() {
            continue;
        }
        if TRUTHS.contains(&name.as_str()) && !value.is_boolean() {
            return Err(Denied::bad(format!("'{name}' is not a boolean."), path));
        }
        if NUMBERS.contains(&name.as_str()) && !value.is_i64() && !value.is_u64() {
            return Err(Denied::bad(format!("'{name}' is not a whole number."), path));
        }
        match inside(name) {
            // "To clear the blackout period, set to an empty string": the vendor's words.
            Some(_) if value.as_str() == Some("") && name == "blackout" => {}
            Some(known) => check_fields(path, value, &marked(known), version)?,
            None => {}
        }
    }
    Ok(())
}
