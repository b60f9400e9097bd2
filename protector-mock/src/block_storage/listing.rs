//! Lists: filters, order, pages and their links. Source: `cinder/api/common.py`, `cinder/common/sqlalchemyutils.py` (2026.2).

use super::faults::invalid_input;
use crate::cloud::{Call, Fault, ServiceKind};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

const LARGEST_PAGE: usize = 1000;

/// What a list is ordered by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SortKey {
    /// No value.
    Nothing,
    /// A number.
    Number(i128),
    /// A text.
    Text(String),
}

impl From<&str> for SortKey {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Timestamp> for SortKey {
    fn from(time: Timestamp) -> Self {
        Self::Number(time.as_nanosecond())
    }
}

impl From<u64> for SortKey {
    fn from(number: u64) -> Self {
        Self::Number(number.into())
    }
}

impl<T: Into<Self>> From<Option<T>> for SortKey {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nothing, Into::into)
    }
}

/// Which part of a list is asked for, and in which order.
#[derive(Debug, Clone)]
pub(super) struct Page {
    limit: usize,
    marker: Option<String>,
    offset: usize,
    order: Vec<(String, bool)>,
}

impl Page {
    /// Reads it from a query.
    pub(super) fn of(call: &Call<'_, '_>) -> Result<Self, Fault> {
        Self::by_default(call, "created_at")
    }

    /// The same, ordered by another field if the query names none.
    pub(super) fn by_default(call: &Call<'_, '_>, key: &str) -> Result<Self, Fault> {
        let limit = match call.query.get("limit") {
            None => LARGEST_PAGE,
            Some(text) => match text.trim().parse::<i64>() {
                Err(_) => return Err(Fault::bad_request("limit param must be an integer")),
                Ok(number) if number < 0 => return Err(Fault::bad_request("limit param must be positive")),
                Ok(number) => usize::try_from(number).unwrap_or(LARGEST_PAGE).min(LARGEST_PAGE),
            },
        };
        let offset = match call.query.get("offset") {
            None => 0,
            Some(text) => text
                .trim()
                .parse::<i64>()
                .map_err(|_| Fault::bad_request("offset must be an integer"))
                .and_then(|number| {
                    usize::try_from(number).map_err(|_| Fault::bad_request("offset must be >= 0"))
                })?,
        };
        let order = order(call, key)?;
        Ok(Self { limit, marker: call.query.get("marker").map(str::to_owned), offset, order })
    }

    /// Orders a list and cuts the part out. `key` gives what it is ordered by; `None` says that there is no such field.
    pub(super) fn cut<T>(
        &self,
        mut all: Vec<T>,
        id: impl Fn(&T) -> &str,
        key: impl Fn(&T, &str) -> Option<SortKey>,
        absent: impl Fn(&str) -> Fault,
    ) -> Result<Vec<T>, Fault> {
        if let Some(first) = all.first() {
            for (name, _) in &self.order {
                if name != "id" && key(first, name).is_none() {
                    return Err(invalid_input("Sort key supplied is invalid"));
                }
            }
        }
        let sorted_by = |item: &T, name: &str| {
            if name == "id" { SortKey::from(id(item)) } else { key(item, name).unwrap_or(SortKey::Nothing) }
        };
        // Cinder adds the id as the last key; what was made at one moment keeps its order here.
        all.sort_by(|one, other| {
            self.order
                .iter()
                .map(|(name, descending)| {
                    let order = sorted_by(one, name).cmp(&sorted_by(other, name));
                    if *descending { order.reverse() } else { order }
                })
                .find(|order| order.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        let start = match &self.marker {
            None => 0,
            Some(marker) => all
                .iter()
                .position(|item| id(item) == marker)
                .ok_or_else(|| absent(marker))?
                .saturating_add(1),
        };
        Ok(all.into_iter().skip(start).skip(self.offset).take(self.limit).collect())
    }

    /// The link to what follows, if there may be more.
    pub(super) fn next(
        &self,
        call: &Call<'_, '_>,
        collection: &str,
        last: Option<&str>,
        count: usize,
    ) -> Option<Value> {
        let last = last?;
        if self.limit > count {
            return None;
        }
        let mut query: Vec<(&str, &str)> = call.query.pairs().filter(|(name, _)| *name != "marker").collect();
        query.push(("marker", last));
        let query: Vec<String> =
            query.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        Some(
            json!([{"rel": "next", "href": format!("{}/{collection}?{}", base(call, true), query.join("&"))}]),
        )
    }
}

fn order(call: &Call<'_, '_>, default: &str) -> Result<Vec<(String, bool)>, Fault> {
    let query = &call.query;
    let (key, direction) = (query.get("sort_key"), query.get("sort_dir"));
    let descends = |direction: &str| match direction.trim() {
        "asc" => Ok(false),
        "desc" | "" => Ok(true),
        _ => Err(invalid_input("Unknown sort direction, must be one of: asc, desc")),
    };
    match query.get("sort") {
        Some(_) if key.is_some() || direction.is_some() => Err(Fault::bad_request(
            "The 'sort_key' and 'sort_dir' parameters are deprecated and cannot be used with the 'sort' parameter.",
        )),
        Some(sort) => sort
            .trim()
            .split(',')
            .map(|part| {
                let (key, direction) = part.split_once(':').unwrap_or((part, ""));
                Ok((key.trim().to_owned(), descends(direction)?))
            })
            .collect(),
        None => Ok(vec![(key.unwrap_or(default).trim().to_owned(), descends(direction.unwrap_or("desc"))?)]),
    }
}

const KEPT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, &KEPT).to_string()
}

/// Where the API is, with the project if the request named it.
fn base(call: &Call<'_, '_>, version: bool) -> String {
    let url = call.site.url(ServiceKind::BlockStorage);
    let version = if version { "/v3" } else { "" };
    match call.parameter("project_id") {
        "" => format!("{url}{version}"),
        project => format!("{url}{version}/{project}"),
    }
}

/// The two links that a resource has.
pub(super) fn links(call: &Call<'_, '_>, collection: &str, id: &str) -> Value {
    json!([
        {"rel": "self", "href": format!("{}/{collection}/{id}", base(call, true))},
        {"rel": "bookmark", "href": format!("{}/{collection}/{id}", base(call, false))},
    ])
}

const NO_FILTERS: [&str; 9] =
    ["limit", "marker", "offset", "sort", "sort_key", "sort_dir", "all_tenants", "with_count", "list_volume"];

/// The filters of a query. Others than administrators may use those that are `allowed`
/// (`/etc/cinder/resource_filters.json` as it is shipped).
pub(super) fn filters(call: &Call<'_, '_>, allowed: &[&str]) -> Result<Vec<(String, String)>, Fault> {
    let asked: Vec<(String, String)> = call
        .query
        .pairs()
        .filter(|(name, _)| !NO_FILTERS.contains(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    if call.caller.is_admin() {
        return Ok(asked);
    }
    let known = |name: &str| {
        let plain = if call.since(3, 34) { name.trim_end_matches('~') } else { name };
        allowed.contains(&plain)
    };
    let unknown: Vec<&str> =
        asked.iter().map(|(name, _)| name.as_str()).filter(|name| !known(name)).collect();
    if call.since(3, 31) && !unknown.is_empty() {
        let unknown = unknown.join(",");
        return Err(Fault::bad_request(format!("Invalid filters {unknown} are found in query options.")));
    }
    Ok(asked.into_iter().filter(|(name, _)| known(name)).collect())
}

/// Whether a value passes a filter; a filter's name that ends with `~` asks for a part of it.
pub(super) fn passes(name: &str, wanted: &str, value: Option<&str>) -> bool {
    let value = value.unwrap_or_default();
    if name.ends_with('~') {
        return value.to_lowercase().contains(&wanted.to_lowercase());
    }
    value == wanted
}

/// Whether all pairs of a Python or JSON dictionary are among others.
pub(super) fn holds(wanted: &str, all: &std::collections::BTreeMap<String, String>) -> bool {
    let wanted: Option<Value> = serde_json::from_str(&wanted.replace('\'', "\"")).ok();
    let Some(Value::Object(wanted)) = wanted else { return false };
    wanted.iter().all(|(name, value)| all.get(name).map(String::as_str) == value.as_str())
}

/// A time as Cinder shows it; its database keeps whole seconds.
pub(super) fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.000000").to_string()
}
