//! Pages of lists, and links. Source: nova/api/openstack/common.py.

use super::schema::{check_parameter, patterns};
use crate::cloud::{Call, Fault, ServiceKind};
use serde_json::{Value, json};

/// Most that a page holds (`[api] max_limit`).
const MOST: usize = 1000;

/// The `self` and `bookmark` links of a resource.
pub(super) fn links(call: &Call<'_, '_>, collection: &str, id: &str) -> Value {
    let url = call.site.url(ServiceKind::Compute);
    json!([
        {"rel": "self", "href": format!("{url}/v2.1/{collection}/{id}")},
        {"rel": "bookmark", "href": format!("{url}/{collection}/{id}")},
    ])
}

/// The `bookmark` link alone.
pub(super) fn bookmark(call: &Call<'_, '_>, collection: &str, id: &str) -> Value {
    let url = call.site.url(ServiceKind::Compute);
    json!([{"rel": "bookmark", "href": format!("{url}/{collection}/{id}")}])
}

/// One page.
pub(super) struct Page<R> {
    /// What is on it.
    pub(super) items: Vec<R>,
    /// The link to the next one, if it may be.
    pub(super) next: Option<Value>,
}

fn limit(call: &Call<'_, '_>) -> Result<Option<usize>, Fault> {
    check_parameter(call, "limit", &json!({"type": "string", "pattern": patterns::DIGITS}))?;
    Ok(call.query.get("limit").filter(|text| !text.is_empty()).map(|text| text.parse().unwrap_or(MOST)))
}

/// The page of `marker` and `limit`; ids are what markers name.
///
/// # Errors
/// 400 if the limit is no number or the marker is not there.
pub(super) fn by_marker<R>(
    call: &Call<'_, '_>,
    all: Vec<R>,
    collection: &str,
    id: fn(&R) -> &str,
    unknown: fn(&str) -> String,
) -> Result<Page<R>, Fault> {
    let limit = limit(call)?;
    let mut items = all;
    if let Some(marker) = call.query.get("marker") {
        let Some(at) = items.iter().position(|item| id(item) == marker) else {
            return Err(Fault::bad_request(unknown(marker)));
        };
        items.drain(..=at);
    }
    let most = limit.unwrap_or(MOST).min(MOST);
    items.truncate(most);
    // Nova links to a next page whenever a page is full: only that one tells that there is no more.
    let full = items.len() == most && most > 0 && (limit.is_some() || items.len() == MOST);
    let next = items.last().filter(|_| full).map(|last| next_link(call, collection, id(last)));
    Ok(Page { items, next })
}

fn next_link(call: &Call<'_, '_>, collection: &str, marker: &str) -> Value {
    let encode = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
            .to_string()
            .replace("%2D", "-")
            .replace("%5F", "_")
            .replace("%2E", ".")
    };
    let mut query: Vec<String> = call
        .query
        .pairs()
        .filter(|(name, _)| *name != "marker")
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    query.push(format!("marker={}", encode(marker)));
    let url = call.site.url(ServiceKind::Compute);
    json!([{"rel": "next", "href": format!("{url}/v2.1/{collection}?{}", query.join("&"))}])
}

/// The part of `offset` and `limit`, as `common.limited` cuts it.
///
/// # Errors
/// 400 if one of them is no number.
pub(super) fn by_offset<R>(call: &Call<'_, '_>, all: Vec<R>) -> Result<Vec<R>, Fault> {
    check_parameter(call, "offset", &json!({"type": "string", "pattern": patterns::DIGITS}))?;
    let limit = limit(call)?.unwrap_or(MOST).min(MOST);
    let offset = call.query.get("offset").and_then(|text| text.parse().ok()).unwrap_or(0);
    let limit = if limit == 0 { MOST } else { limit };
    Ok(all.into_iter().skip(offset).take(limit).collect())
}

/// `marker [x] not found`, as most lists say it.
pub(super) fn bracketed(marker: &str) -> String {
    format!("marker [{marker}] not found")
}

/// `Marker x could not be found.`, as the others do.
pub(super) fn plain(marker: &str) -> String {
    format!("Marker {marker} could not be found.")
}
