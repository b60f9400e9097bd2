use percent_encoding::percent_decode_str;

/// The part behind the question mark, in order, decoded. A name may come several times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Reads it as HTML forms are read: `+` is a space, and a name without `=` has the empty value.
    pub fn parse(raw: &str) -> Self {
        let decode =
            |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
        let pairs = raw
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (decode(name), decode(value))
            })
            .collect();
        Self { pairs }
    }

    /// The last value of a name, as most services take it.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().rev().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// All values of a name, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(found, _)| *found == name).map(|(_, value)| value.as_str())
    }

    /// All pairs, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_and_repeated_names_kept_in_order() {
        let query = Query::parse("name=a%20b+c&sort=x&sort=y&bare&empty=");
        assert_eq!(query.get("name"), Some("a b c"));
        assert_eq!(query.all("sort").collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!((query.get("bare"), query.get("empty"), query.get("none")), (Some(""), Some(""), None));
    }
}
