use super::query;
use std::fmt;

/// A condition on listed objects, in the array's filter language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter(String);

impl Filter {
    /// `field` equals `value`, in which `*` stands for anything.
    pub fn like(field: &str, value: &str) -> Self {
        let escaped = value.replace('\\', "\\\\").replace('\'', "\\'");
        Self(format!("{field}='{escaped}'"))
    }

    /// Either of both.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        Self(format!("{} or {}", self.0, other.0))
    }

    /// Joins alternatives with `or`, in as few filters as addresses allow.
    pub fn any(alternatives: &[Self]) -> Vec<Self> {
        query::parts_by_length(alternatives, |one| query::encoded(&one.0).len() + " or ".len() * 3)
            .into_iter()
            .filter_map(|part| part.iter().cloned().reduce(|all, one| all.or(&one)))
            .collect()
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes_cannot_end_a_value() {
        assert_eq!(Filter::like("name", r"a'b\c").to_string(), r"name='a\'b\\c'");
    }

    #[test]
    fn alternatives_are_joined_in_filters_that_fit_an_address() {
        let two = [Filter::like("name", "a"), Filter::like("name", "b")];
        assert_eq!(
            Filter::any(&two).first().map(ToString::to_string).as_deref(),
            Some("name='a' or name='b'")
        );
        let many: Vec<Filter> =
            (0..200).map(|n| Filter::like("name", &format!("volume-{n:036}-cinder"))).collect();
        let filters = Filter::any(&many);
        assert!(filters.len() > 1);
        assert!(filters.iter().all(|filter| query::encoded(filter.as_str()).len() < 3500));
        let count: usize = filters.iter().map(|filter| filter.as_str().split(" or ").count()).sum();
        assert_eq!(count, 200);
        assert!(Filter::any(&[]).is_empty());
    }
}
