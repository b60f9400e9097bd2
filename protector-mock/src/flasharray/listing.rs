//! Picking, filtering, sorting and paging of lists of views.

use super::filter::{Filter, values_at};
use super::query::Parameters;
use super::{Asked, Denied, text};
use crate::arrays::naming;
use crate::arrays::objects::{self, Object};
use serde_json::{Value, json};
use std::cmp::Ordering;
use std::collections::HashMap;

/// Applies names, ids and destroyed. A named one that is not there, or is there in the other destroyed state, is an error and
/// not an empty list.
pub(super) fn pick(views: Vec<Value>, query: &Parameters, noun: &str) -> Result<Vec<Value>, Denied> {
    let destroyed = query.flag("destroyed")?;
    let as_asked = |view: &Value| {
        destroyed.is_none_or(|wanted| view.get("destroyed").and_then(Value::as_bool) == Some(wanted))
    };
    let missing = |what: &str| Denied::bad(format!("{noun} does not exist."), what);
    if let Some(names) = query.list("names") {
        let by_name: HashMap<String, &Value> =
            views.iter().map(|view| (text(view, "name").to_lowercase(), view)).collect();
        let mut found = Vec::new();
        for name in names {
            if name.contains('*') {
                let fits = |view: &&Value| naming::matches(name, text(view, "name")) && as_asked(view);
                found.extend(views.iter().filter(fits).cloned());
            } else {
                let view = by_name.get(&name.to_lowercase()).filter(|view| as_asked(view));
                found.push((*view.ok_or_else(|| missing(name))?).clone());
            }
        }
        return Ok(found);
    }
    if let Some(ids) = query.list("ids") {
        let by_id: HashMap<&str, &Value> = views.iter().map(|view| (text(view, "id"), view)).collect();
        let find = |id: &String| {
            let view = by_id.get(id.as_str()).filter(|view| as_asked(view));
            view.map(|view| (*view).clone()).ok_or_else(|| missing(id))
        };
        return ids.iter().map(find).collect();
    }
    Ok(views.into_iter().filter(as_asked).collect())
}

/// Applies filter, sort, offset, continuation_token and limit: the answer's body. A page never holds more than `page_size`.
pub(super) fn page(mut views: Vec<Value>, query: &Parameters, page_size: usize) -> Result<Value, Denied> {
    if let Some(filter) = query.text("filter") {
        let filter = Filter::parse(filter)?;
        views.retain(|view| filter.fits(view));
    }
    if let Some(keys) = query.list("sort") {
        views = sorted(views, keys);
    }
    let part = Part::of(query, page_size)?;
    let total = views.len();
    let items: Vec<Value> = views.into_iter().skip(part.start).take(part.size).collect();
    Ok(part.told(items, total, query.has("sort")))
}

/// Which part of a list is asked for.
struct Part {
    start: usize,
    size: usize,
    counted: bool,
}

impl Part {
    fn of(query: &Parameters, page_size: usize) -> Result<Self, Denied> {
        let mut start = query.number("offset")?.unwrap_or(0);
        if let Some(token) = query.text("continuation_token") {
            let offset = token.strip_prefix("at-").and_then(|offset| offset.parse().ok());
            start = offset.ok_or_else(|| Denied::bad("Invalid continuation token.", token))?;
        }
        let limit = query.number("limit")?;
        let size = limit.map_or(page_size, |limit| limit.min(page_size));
        let counted = query.is_set("total_item_count")? || limit == Some(0);
        Ok(Self { start, size, counted })
    }

    fn told(&self, items: Vec<Value>, total: usize, sorted: bool) -> Value {
        let end = self.start.saturating_add(self.size);
        let more = end < total;
        let token = (more && !items.is_empty() && !sorted).then(|| format!("at-{end}"));
        let mut body = json!({
            "more_items_remaining": more,
            "continuation_token": token,
            "total_item_count": self.counted.then_some(total),
        });
        // `json!` would copy them, one by one.
        if let Some(fields) = body.as_object_mut() {
            fields.insert("items".to_owned(), Value::Array(items));
        }
        body
    }
}

/// A page of a list of which only a part is asked for, and all that is in it: nothing else is read. `None`, if the list has to
/// be looked through.
pub(super) fn plain<O: Object>(
    asked: &Asked<'_, '_>,
    view: impl Fn(&O) -> Result<Value, Denied>,
) -> Result<Option<Value>, Denied> {
    const PLAIN: [&str; 4] = ["limit", "offset", "continuation_token", "total_item_count"];
    if asked.query.pairs().any(|(name, _)| !PLAIN.contains(&name)) {
        return Ok(None);
    }
    let part = Part::of(&asked.query, asked.settings.page_size as usize)?;
    let (start, size) = (part.start as u64, part.size as u64);
    let (found, total) = objects::part(asked.transaction, &asked.system.name, start, size)?;
    let items: Vec<Value> = found.iter().map(view).collect::<Result<_, _>>()?;
    Ok(Some(part.told(items, usize::try_from(total).unwrap_or(usize::MAX), false)))
}

/// Sorted by several fields, the first ones first. The vendor's text has the sign of descent before the name, Cinder sends it
/// after: both are taken.
fn sorted(views: Vec<Value>, keys: &[String]) -> Vec<Value> {
    let values = |view: &Value| -> Vec<Option<Value>> {
        let value = |key: &String| values_at(view, key.trim_matches('-')).first().copied().cloned();
        keys.iter().map(value).collect()
    };
    let descends: Vec<bool> = keys.iter().map(|key| key.starts_with('-') || key.ends_with('-')).collect();
    let mut keyed: Vec<_> = views.into_iter().map(|view| (values(&view), view)).collect();
    keyed.sort_by(|(one, _), (other, _)| {
        let orders = one.iter().zip(other).zip(&descends).map(|((one, other), descends)| {
            let order = compare(one.as_ref(), other.as_ref());
            if *descends { order.reverse() } else { order }
        });
        orders.fold(Ordering::Equal, Ordering::then)
    });
    keyed.into_iter().map(|(_, view)| view).collect()
}

fn compare(one: Option<&Value>, other: Option<&Value>) -> Ordering {
    let rank = |value: Option<&Value>| match value {
        None | Some(Value::Null) => 0,
        Some(_) => 1,
    };
    match (one, other) {
        (Some(Value::String(one)), Some(Value::String(other))) => one.cmp(other),
        (Some(Value::Bool(one)), Some(Value::Bool(other))) => one.cmp(other),
        (Some(Value::Number(one)), Some(Value::Number(other))) => {
            one.as_f64().unwrap_or(0.0).total_cmp(&other.as_f64().unwrap_or(0.0))
        }
        (one, other) => rank(one).cmp(&rank(other)),
    }
}
