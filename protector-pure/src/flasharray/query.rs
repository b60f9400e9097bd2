use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stays as it is in a value; a comma does not, for commas separate values.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A list in a query is at most this long, in bytes, so that addresses stay below the 4 KiB that every server takes.
const LONGEST_LIST: usize = 3072;

/// A query string in the array's own form: values of a list are separated by literal commas, commas inside a value
/// are encoded. (`Url::query_pairs_mut` would encode both.)
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Query {
    pairs: Vec<(&'static str, String)>,
}

impl Query {
    /// The same with a list.
    pub(super) fn list<T: AsRef<str>>(self, key: &'static str, values: &[T]) -> Self {
        let encoded: Vec<String> = values.iter().map(|value| encoded(value.as_ref())).collect();
        self.raw(key, encoded.join(","))
    }

    /// The same with one value.
    pub(super) fn value(self, key: &'static str, value: &str) -> Self {
        self.raw(key, encoded(value))
    }

    /// The same with a truth.
    pub(super) fn flag(self, key: &'static str, value: bool) -> Self {
        self.raw(key, value.to_string())
    }

    /// The same with a number.
    pub(super) fn number(self, key: &'static str, value: usize) -> Self {
        self.raw(key, value.to_string())
    }

    /// The same without `key`.
    pub(super) fn without(mut self, key: &'static str) -> Self {
        self.pairs.retain(|(present, _)| *present != key);
        self
    }

    fn raw(mut self, key: &'static str, encoded: String) -> Self {
        self.pairs.push((key, encoded));
        self
    }

    /// The string after the question mark; `None` without parameters.
    pub(super) fn encoded(&self) -> Option<String> {
        if self.pairs.is_empty() {
            return None;
        }
        let pairs: Vec<String> = self.pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
        Some(pairs.join("&"))
    }
}

pub(super) fn encoded(value: &str) -> String {
    utf8_percent_encode(value, KEPT).to_string()
}

/// Cuts a list into parts, none empty, each short enough for one address.
pub(super) fn parts<T: AsRef<str>>(values: &[T]) -> Vec<&[T]> {
    parts_by_length(values, |value| encoded(value.as_ref()).len() + 1)
}

/// The same for values that take `length` bytes each.
pub(super) fn parts_by_length<T>(mut values: &[T], length: impl Fn(&T) -> usize) -> Vec<&[T]> {
    let mut parts = Vec::new();
    while !values.is_empty() {
        let mut total = 0;
        let fitting = values
            .iter()
            .take_while(|value| {
                total += length(value);
                total <= LONGEST_LIST
            })
            .count();
        let (part, rest) = values.split_at(fitting.max(1));
        parts.push(part);
        values = rest;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_separate_values_and_are_encoded_inside_them() {
        let query = Query::default().list("names", &["pod::a b", "v,2"]).flag("destroyed", false);
        assert_eq!(query.encoded().as_deref(), Some("names=pod%3A%3Aa%20b,v%2C2&destroyed=false"));
    }

    #[test]
    fn an_empty_query_has_no_question_mark() {
        assert_eq!(Query::default().encoded(), None);
    }

    #[test]
    fn long_lists_are_cut_without_losing_or_repeating_a_value() {
        let names: Vec<String> = (0..500).map(|number| format!("volume-{number:036}-cinder")).collect();
        let parts = parts(&names);
        assert!(parts.len() > 1);
        for part in &parts {
            assert!(!part.is_empty());
            assert!(Query::default().list("names", part).encoded().unwrap().len() <= 4096);
        }
        assert_eq!(parts.concat(), names);
    }

    #[test]
    fn a_value_that_is_too_long_for_any_part_still_gets_one() {
        let names = ["x".repeat(5000), "y".to_owned()];
        assert_eq!(parts(&names).len(), 2);
    }
}
