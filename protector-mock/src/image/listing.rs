//! Which images a list holds: `RequestDeserializer.index`, `glance/db/sqlalchemy/api.py: image_get_all`.

use super::images::{Image, Visibility, is_visible, unknown};
use super::members::{self, Member};
use crate::cloud::{Call, Fault, Page, sort};
use jiff::Timestamp;
use serde_json::Value;

/// `[DEFAULT] limit_param_default` and `api_limit_max`.
const LIMIT: usize = 25;
const MOST: usize = 1000;

const SORT_KEYS: [&str; 8] =
    ["name", "status", "container_format", "disk_format", "size", "id", "created_at", "updated_at"];

/// What a list's query has that is no filter.
const NO_FILTERS: [&str; 10] = [
    "limit",
    "marker",
    "member_status",
    "sort",
    "sort_key",
    "sort_dir",
    "tag",
    "visibility",
    "os_hidden",
    "protected",
];

pub(super) fn page(call: &Call<'_, '_>) -> Result<Page<Image>, Fault> {
    let keys = sort_keys(call)?;
    let limit = match call.query.get("limit") {
        None => LIMIT,
        Some(text) => match text.parse::<i64>() {
            Err(_) => return Err(Fault::bad_request("limit param must be an integer")),
            Ok(limit) if limit < 0 => return Err(Fault::bad_request("limit param must be positive")),
            Ok(limit) => usize::try_from(limit).unwrap_or(MOST).min(MOST),
        },
    };
    let mut images = Vec::new();
    for image in call.transaction.list::<Image>(&call.site.name)? {
        if is_listed(call, &image)? && passes(call, &image)? {
            images.push(image);
        }
    }
    sort(&mut images, &keys, |image, key| image.view().get(key).cloned().unwrap_or(Value::Null));
    let id = |image: &Image| image.id.clone();
    let ids: Vec<String> = images.iter().map(id).collect();
    let marker = call.query.get("marker");
    if let Some(marker) = marker.filter(|marker| !ids.iter().any(|id| id == marker)) {
        return Err(Fault::bad_request(unknown(marker).message));
    }
    Page::of(images, |image| &image.id, marker, Some(limit))
        .map_err(|error| Fault::bad_request(error.to_string()))
}

fn sort_keys(call: &Call<'_, '_>) -> Result<Vec<(String, bool)>, Fault> {
    let mut keys: Vec<(String, bool)> = Vec::new();
    let down = |direction: &str| match direction {
        "asc" => Ok(false),
        "desc" => Ok(true),
        other => Err(Fault::bad_request(format!("Invalid sort direction: {other}"))),
    };
    if let Some(asked) = call.query.get("sort") {
        if call.query.get("sort_key").is_some() || call.query.get("sort_dir").is_some() {
            return Err(Fault::bad_request("Old and new sorting syntax cannot be combined"));
        }
        for part in asked.trim().split(',') {
            let (key, direction) = part.split_once(':').unwrap_or((part, "desc"));
            keys.push((key.trim().to_owned(), down(direction.trim())?));
        }
    } else {
        let directions = call.query.all("sort_dir").map(down).collect::<Result<Vec<bool>, _>>()?;
        let named: Vec<&str> = call.query.all("sort_key").collect();
        if directions.len() > 1 && directions.len() != named.len() {
            return Err(Fault::bad_request("Number of sort dirs does not match the number of sort keys"));
        }
        let named = if named.is_empty() { vec!["created_at"] } else { named };
        for (index, key) in named.into_iter().enumerate() {
            let direction = directions.get(index).or(directions.first()).copied().unwrap_or(true);
            keys.push((key.to_owned(), direction));
        }
    }
    if let Some((wrong, _)) = keys.iter().find(|(key, _)| !SORT_KEYS.contains(&key.as_str())) {
        return Err(Fault::bad_request(format!(
            "Invalid sort key: {wrong}. It must be one of the following: {}.",
            SORT_KEYS.join(", ")
        )));
    }
    // glance/db/sqlalchemy/api.py appends these, so that the order is always complete.
    for key in ["created_at", "id"] {
        if keys.iter().all(|(known, _)| known != key) {
            keys.push((key.to_owned(), true));
        }
    }
    Ok(keys)
}

/// Whether a list without filters holds it, or one that asks for its visibility.
fn is_listed(call: &Call<'_, '_>, image: &Image) -> Result<bool, Fault> {
    let asked = call.query.get("visibility").filter(|asked| !asked.is_empty());
    if let Some(asked) = asked
        && asked != "all"
        && Visibility::of(asked).is_none()
    {
        return Err(Fault::bad_request(format!("Invalid visibility value: {asked}")));
    }
    let status = call.query.get("member_status").unwrap_or("accepted");
    if status != "all" && !members::STATUSES.contains(&status) {
        return Err(Fault::bad_request(format!("Invalid status: {status}")));
    }
    let site = call.site.name.as_str();
    if !is_visible(call.transaction, site, &call.caller, image)? {
        return Ok(false);
    }
    if asked.is_some_and(|asked| asked != "all" && asked != image.visibility.name()) {
        return Ok(false);
    }
    if image.owner == call.caller.project || call.caller.is_admin() || image.visibility == Visibility::Public
    {
        return Ok(true);
    }
    if image.visibility == Visibility::Community {
        return Ok(asked.is_some());
    }
    let member = call.transaction.get::<Member>(site, &Member::key(&image.id, &call.caller.project))?;
    Ok(member.is_some_and(|member| status == "all" || member.status == status))
}

fn flag(call: &Call<'_, '_>, name: &str) -> Result<Option<bool>, Fault> {
    match call.query.get(name).map(str::to_lowercase).as_deref() {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(other) => Err(Fault::bad_request(format!(
            "Invalid value '{other}' for '{name}' filter. Valid values are 'true' or 'false'."
        ))),
    }
}

fn passes(call: &Call<'_, '_>, image: &Image) -> Result<bool, Fault> {
    if image.hidden != flag(call, "os_hidden")?.unwrap_or(false) {
        return Ok(false);
    }
    if flag(call, "protected")?.is_some_and(|wanted| wanted != image.protected) {
        return Ok(false);
    }
    if !call.query.all("tag").all(|tag| image.tags.iter().any(|found| found == tag)) {
        return Ok(false);
    }
    let view = image.view();
    for (name, wanted) in call.query.pairs().filter(|(name, _)| !NO_FILTERS.contains(name)) {
        let passes = match name {
            "size_min" | "size_max" => {
                let bound: u64 = wanted.parse().map_err(|_| {
                    Fault::bad_request(format!(
                        "Unable to filter on a range with a non-numeric value: {wanted}"
                    ))
                })?;
                image.size.is_some_and(|size| if name == "size_min" { size >= bound } else { size <= bound })
            }
            "created_at" => is_in_time(image.created_at, name, wanted)?,
            "updated_at" => is_in_time(image.updated_at, name, wanted)?,
            "name" | "id" | "status" | "container_format" | "disk_format" => {
                let found = view.get(name).and_then(Value::as_str).unwrap_or_default();
                match wanted.strip_prefix("in:") {
                    Some(list) => list.split(',').any(|one| one.trim_matches('"') == found),
                    None => wanted.strip_prefix("eq:").unwrap_or(wanted) == found,
                }
            }
            _ => match view.get(name) {
                Some(Value::String(found)) => found == wanted,
                Some(Value::Null) | None => false,
                Some(other) => *other == wanted.parse::<Value>().unwrap_or_default(),
            },
        };
        if !passes {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_in_time(found: Timestamp, name: &str, wanted: &str) -> Result<bool, Fault> {
    let known = ["neq", "gte", "lte", "eq", "gt", "lt"];
    let (operator, text) = match wanted.split_once(':') {
        Some((operator, text)) if known.contains(&operator) => (operator, text),
        _ => ("eq", wanted),
    };
    let bound: Timestamp =
        text.parse().map_err(|_| Fault::bad_request(format!("Bad {name} query parameter: {text}")))?;
    let (found, bound) = (found.as_second(), bound.as_second());
    Ok(match operator {
        "neq" => found != bound,
        "gte" => found >= bound,
        "lte" => found <= bound,
        "gt" => found > bound,
        "lt" => found < bound,
        _ => found == bound,
    })
}
