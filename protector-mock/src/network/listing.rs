//! Lists: filters, order, pages, and which fields are shown.
// neutron/api/api_common.py and neutron/pecan_wsgi/hooks/query_parameters.py, 2026.2. Pages are cut by the core plugin,
// which sorts by id last: without a sort key, lists are in the order of ids.

use super::attributes::{Attribute, Check, Resource};
use super::faults;
use crate::cloud::{Call, Fault, Reply, ServiceKind, python};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};
use std::cmp::Ordering;

/// What somebody sees of a resource.
pub(super) type View = Map<String, Value>;

/// Makes a view of a JSON object.
pub(super) fn view(value: Value) -> View {
    match value {
        Value::Object(view) => view,
        _ => View::new(),
    }
}

const CONTROL: [&str; 6] = ["fields", "sort_key", "sort_dir", "limit", "marker", "page_reverse"];
const TAGS: [&str; 4] = ["tags", "tags-any", "not-tags", "not-tags-any"];

/// Answers with one, or with those of its fields that were asked for.
pub(super) fn show(call: &Call<'_, '_>, resource: &Resource, view: View) -> Reply {
    Reply::ok(json!({ resource.name: cut(call, view) }))
}

fn cut(call: &Call<'_, '_>, mut view: View) -> View {
    let fields: Vec<&str> = call.query.all("fields").filter(|field| !field.is_empty()).collect();
    if !fields.is_empty() {
        view.retain(|name, _| fields.contains(&name.as_str()));
    }
    view
}

/// Answers with those of the views that the query wants, in its order, a page of them.
pub(super) fn list(call: &Call<'_, '_>, resource: &Resource, views: Vec<View>) -> Result<Reply, Fault> {
    let limit = limit(call)?;
    let sorts = sorts(call, resource)?;
    let filters = filters(call, resource)?;
    let marker = call.query.get("marker").filter(|_| limit.is_some());
    let known = |id: &str| views.iter().any(|view| view.get("id").and_then(Value::as_str) == Some(id));
    if let Some(marker) = marker.filter(|marker| !known(marker)) {
        return Err(resource.missing(marker));
    }
    let mut views: Vec<View> =
        views.into_iter().filter(|view| filters.iter().all(|filter| filter.accepts(view))).collect();
    views.sort_by(|one, other| order(one, other, &sorts));
    let Some(limit) = limit else {
        let views: Vec<View> = views.into_iter().map(|view| cut(call, view)).collect();
        return Ok(Reply::ok(json!({ resource.collection: views })));
    };
    let reverse = call.query.get("page_reverse").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let position = marker
        .and_then(|id| views.iter().position(|view| view.get("id").and_then(Value::as_str) == Some(id)));
    let page: Vec<View> = if reverse {
        let end = position.unwrap_or(views.len());
        views.into_iter().take(end).skip(end.saturating_sub(limit)).collect()
    } else {
        views.into_iter().skip(position.map_or(0, |position| position + 1)).take(limit).collect()
    };
    let mut links = Vec::new();
    if page.len() >= limit || reverse {
        links.push(json!({"rel": "next", "href": link(call, page.last(), false)}));
    }
    if page.len() >= limit || !reverse {
        links.push(json!({"rel": "previous", "href": link(call, page.first(), true)}));
    }
    let page: Vec<View> = page.into_iter().map(|view| cut(call, view)).collect();
    let mut answer = view(json!({ resource.collection: page }));
    if !links.is_empty() {
        answer.insert(format!("{}_links", resource.collection), Value::Array(links));
    }
    Ok(Reply::ok(Value::Object(answer)))
}

fn limit(call: &Call<'_, '_>) -> Result<Option<usize>, Fault> {
    let Some(asked) = call.query.get("limit") else { return Ok(None) };
    match asked.trim().parse::<i64>() {
        Ok(0) => Ok(None),
        Ok(limit) if limit > 0 => Ok(usize::try_from(limit).ok()),
        Ok(limit) => Err(wrong_limit(&limit.to_string())),
        Err(_) => Err(wrong_limit(asked)),
    }
}

fn wrong_limit(limit: &str) -> Fault {
    faults::bad_request("limit", format!("Limit must be an integer 0 or greater and not '{limit}'"))
}

/// As Python shows a list of texts.
fn listed(texts: &[&str]) -> String {
    format!("[{}]", texts.iter().map(|text| format!("'{text}'")).collect::<Vec<_>>().join(", "))
}

fn sorts(call: &Call<'_, '_>, resource: &Resource) -> Result<Vec<(String, bool)>, Fault> {
    let given = |name| call.query.all(name).filter(|value| !value.is_empty()).collect::<Vec<&str>>();
    let (keys, directions) = (given("sort_key"), given("sort_dir"));
    if keys.len() != directions.len() {
        return Err(faults::refused_body("The number of sort_keys and sort_dirs must be same"));
    }
    let sortable = |key: &str| resource.attribute(key).is_some_and(|attribute| attribute.sort);
    let absent: Vec<&str> = keys.iter().copied().filter(|key| !sortable(key)).collect();
    if !absent.is_empty() {
        return Err(faults::refused_body(format!("{} is invalid attribute for sort_keys", listed(&absent))));
    }
    let invalid: Vec<&str> =
        directions.iter().copied().filter(|direction| !matches!(*direction, "asc" | "desc")).collect();
    if !invalid.is_empty() {
        return Err(faults::refused_body(format!(
            "{} is invalid value for sort_dirs, valid value is 'asc' and 'desc'",
            listed(&invalid)
        )));
    }
    let sorts = keys.into_iter().zip(directions);
    Ok(sorts.map(|(key, direction)| (key.to_owned(), direction == "asc")).collect())
}

fn order(one: &View, other: &View, sorts: &[(String, bool)]) -> Ordering {
    for (key, ascending) in sorts {
        let ordering = compare(one.get(key), other.get(key));
        if ordering != Ordering::Equal {
            return if *ascending { ordering } else { ordering.reverse() };
        }
    }
    compare(one.get("id"), other.get("id"))
}

fn compare(one: Option<&Value>, other: Option<&Value>) -> Ordering {
    match (one.unwrap_or(&Value::Null), other.unwrap_or(&Value::Null)) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        (Value::Number(one), Value::Number(other)) => one.as_i64().cmp(&other.as_i64()),
        (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
        (one, other) => python::str(one).cmp(&python::str(other)),
    }
}

struct Filter {
    name: String,
    wanted: Vec<String>,
}

fn filters(call: &Call<'_, '_>, resource: &Resource) -> Result<Vec<Filter>, Fault> {
    let mut filters: Vec<Filter> = Vec::new();
    let mut invalid: Vec<&str> = Vec::new();
    for (name, value) in call.query.pairs().filter(|(name, _)| !CONTROL.contains(name)) {
        let attribute = resource.attribute(name).filter(|attribute| attribute.filter);
        let other = resource.tagged && TAGS.contains(&name) || name == "changed_since";
        if attribute.is_none() && !other {
            if !invalid.contains(&name) {
                invalid.push(name);
            }
            continue;
        }
        let wanted = attribute.map_or(Ok(value.to_owned()), |attribute| converted(attribute, value))?;
        match filters.iter_mut().find(|filter| filter.name == name) {
            Some(filter) => filter.wanted.push(wanted),
            None => filters.push(Filter { name: name.to_owned(), wanted: vec![wanted] }),
        }
    }
    if invalid.is_empty() {
        Ok(filters)
    } else {
        Err(faults::refused_body(format!("{} is invalid attribute for filtering", listed(&invalid))))
    }
}

fn converted(attribute: &Attribute, value: &str) -> Result<String, Fault> {
    match attribute.check {
        check @ (Check::Boolean
        | Check::BooleanOrNull
        | Check::Integer
        | Check::NonNegative
        | Check::IpVersion) => {
            let value = json!(value);
            check
                .apply(&value)
                .map(|value| python::str(&value))
                .map_err(|refusal| refusal.fault(attribute.name))
        }
        Check::Mac => Ok(value.to_lowercase().replace('-', ":")),
        _ => Ok(value.to_owned()),
    }
}

impl Filter {
    fn accepts(&self, view: &View) -> bool {
        match self.name.as_str() {
            "fixed_ips" => self.accepts_addresses(view),
            "tags" | "tags-any" | "not-tags" | "not-tags-any" => self.accepts_tags(view),
            "changed_since" => {
                let updated = view.get("updated_at").and_then(Value::as_str).unwrap_or_default();
                self.wanted.iter().all(|since| updated >= since.as_str())
            }
            name => match view.get(name).unwrap_or(&Value::Null) {
                Value::Null => self.wanted.iter().any(|wanted| wanted.is_empty() || wanted == "None"),
                Value::Array(items) => items.iter().any(|item| self.wants(item)),
                value => self.wants(value),
            },
        }
    }

    fn wants(&self, value: &Value) -> bool {
        let value = python::str(value);
        self.wanted.contains(&value)
    }

    /// `ip_address=…`, `subnet_id=…` or `ip_address_substr=…`: those of one kind are alternatives, and of each kind that
    /// is named one has to fit.
    fn accepts_addresses(&self, view: &View) -> bool {
        let fixed_ips =
            view.get("fixed_ips").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let any = |key: &str, field: &str, fits: fn(&str, &str) -> bool| {
            let mut asked = self
                .wanted
                .iter()
                .filter_map(|wanted| wanted.split_once('='))
                .filter(|(name, _)| *name == key);
            let none_asked = asked.clone().next().is_none();
            let shown = |ip: &Value| ip.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
            none_asked || asked.any(|(_, wanted)| fixed_ips.iter().any(|ip| fits(&shown(ip), wanted)))
        };
        any("ip_address", "ip_address", |shown, wanted| shown == wanted)
            && any("subnet_id", "subnet_id", |shown, wanted| shown == wanted)
            && any("ip_address_substr", "ip_address", |shown, wanted| shown.contains(wanted))
    }

    fn accepts_tags(&self, view: &View) -> bool {
        let tags: Vec<&str> = view
            .get("tags")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let mut wanted = self.wanted.iter().flat_map(|wanted| wanted.split(','));
        match self.name.as_str() {
            "tags" => wanted.all(|tag| tags.contains(&tag)),
            "tags-any" => wanted.any(|tag| tags.contains(&tag)),
            "not-tags" => !wanted.all(|tag| tags.contains(&tag)),
            _ => !wanted.any(|tag| tags.contains(&tag)),
        }
    }
}

/// What Python's `quote_plus` leaves as it is.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'.').remove(b'-').remove(b'~').remove(b' ');

fn link(call: &Call<'_, '_>, at: Option<&View>, previous: bool) -> String {
    let encode = |text: &str| utf8_percent_encode(text, KEPT).to_string().replace(' ', "+");
    let kept = |name: &str| name != "marker" && name != "page_reverse";
    let mut pairs: Vec<String> = call
        .query
        .pairs()
        .filter(|(name, _)| kept(name))
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    if let Some(id) = at.and_then(|view| view.get("id")).and_then(Value::as_str) {
        pairs.push(format!("marker={}", encode(id)));
    }
    if previous {
        pairs.push("page_reverse=True".to_owned());
    }
    format!("{}{}?{}", call.site.url(ServiceKind::Network), call.path, pairs.join("&"))
}
