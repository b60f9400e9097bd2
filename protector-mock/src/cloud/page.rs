//! Pages of lists: which part is asked for, and how the rest is found.

use crate::http::Query;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::cmp::Ordering;

/// Part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Whether it holds as many as were asked for: the services then give a link to the next, even if that is empty.
    pub full: bool,
    /// Whether there is more behind it.
    pub more: bool,
}

/// A marker names nothing in the list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("marker [{0}] not found")]
pub struct UnknownMarker(pub String);

impl<T> Page<T> {
    /// The part of a list behind a marker, with at most so many. A limit of 0 gives an empty page that has no next.
    ///
    /// # Errors
    /// The marker names nothing in the list.
    pub fn of(
        mut items: Vec<T>,
        id: impl Fn(&T) -> &str,
        marker: Option<&str>,
        limit: Option<usize>,
    ) -> Result<Self, UnknownMarker> {
        if let Some(marker) = marker {
            let found = items.iter().position(|item| id(item) == marker);
            let found = found.ok_or_else(|| UnknownMarker(marker.to_owned()))?;
            items.drain(..=found);
        }
        let limit = limit.unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        Ok(Self { full: limit > 0 && items.len() == limit, more, items })
    }

    /// The same with other items, one for each.
    pub fn map<U>(self, each: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(each).collect(), full: self.full, more: self.more }
    }
}

/// What Python's `urlencode` leaves as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'.').remove(b'-').remove(b'~');

/// A query with some names set or, with `None`, taken out. What is set stands at the end, as with the services.
pub fn query_with(query: &Query, changes: &[(&str, Option<&str>)]) -> String {
    let kept = query.pairs().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    let set = changes.iter().filter_map(|(name, value)| value.map(|value| (*name, value)));
    let encode = |text: &str| utf8_percent_encode(text, PLAIN).to_string().replace("%20", "+");
    let pairs: Vec<String> =
        kept.chain(set).map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

/// Puts a list in order, by keys of which each goes up or, with `true`, down. Equal ones keep their order.
pub fn sort<T>(items: &mut [T], keys: &[(String, bool)], value: impl Fn(&T, &str) -> Value) {
    items.sort_by(|left, right| {
        for (key, descending) in keys {
            let order = compare(&value(left, key), &value(right, key));
            let order = if *descending { order.reverse() } else { order };
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    });
}

/// As a database compares: nothing first, numbers by size, texts without regard to case.
fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        (Value::Number(left), Value::Number(right)) => {
            let number = |number: &serde_json::Number| number.as_f64().unwrap_or_default();
            number(left).total_cmp(&number(right))
        }
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::String(left), Value::String(right)) => left.to_lowercase().cmp(&right.to_lowercase()),
        (left, right) => left.to_string().cmp(&right.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn page(marker: Option<&str>, limit: Option<usize>) -> Result<Page<&'static str>, UnknownMarker> {
        Page::of(vec!["a", "b", "c"], |item| item, marker, limit)
    }

    #[test]
    fn a_page_begins_behind_the_marker_and_knows_whether_it_is_full() {
        let all = page(None, None).unwrap();
        assert_eq!((all.items, all.full, all.more), (vec!["a", "b", "c"], false, false));
        let first = page(None, Some(2)).unwrap();
        assert_eq!((first.items, first.full, first.more), (vec!["a", "b"], true, true));
        let last = page(Some("b"), Some(1)).unwrap();
        assert_eq!((last.items, last.full, last.more), (vec!["c"], true, false));
        let none = page(None, Some(0)).unwrap();
        assert_eq!((none.items, none.full), (vec![], false));
        assert_eq!(page(Some("x"), None), Err(UnknownMarker("x".to_owned())));
    }

    #[test]
    fn a_changed_query_keeps_the_rest_and_is_encoded() {
        let query = Query::parse("limit=2&marker=old&name=a%20b%26c&page_reverse=True");
        let changed = query_with(&query, &[("marker", Some("new")), ("page_reverse", None)]);
        assert_eq!(changed, "limit=2&name=a+b%26c&marker=new");
    }

    #[test]
    fn lists_are_sorted_by_several_keys() {
        let mut items = vec![
            json!({"n": "b", "s": 10}),
            json!({"n": "A", "s": 9}),
            json!({"n": "a", "s": 10}),
            json!({"s": 1}),
        ];
        let keys = [("n".to_owned(), false), ("s".to_owned(), true)];
        sort(&mut items, &keys, |item, key| item.get(key).cloned().unwrap_or_default());
        let sizes: Vec<i64> = items.iter().filter_map(|item| item["s"].as_i64()).collect();
        assert_eq!(sizes, [1, 10, 9, 10]);
    }
}
