//! The filter language: = != < <= > >= and or not(..), contains(), tags(), IN lists, dotted fields, wildcards, bare boolean
//! fields, quotes of both kinds with backslash escapes.

use super::Denied;
use crate::arrays::naming;
use serde_json::Value;

/// The values at a dotted path; through a list there are several.
pub(super) fn values_at<'v>(item: &'v Value, path: &str) -> Vec<&'v Value> {
    let mut found = vec![item];
    for part in path.split('.') {
        found = found
            .into_iter()
            .flat_map(|value| match value {
                Value::Array(items) => items.iter().collect(),
                value => vec![value],
            })
            .filter_map(|value| value.get(part))
            .collect();
    }
    found
        .into_iter()
        .flat_map(|value| value.as_array().map_or_else(|| vec![value], |items| items.iter().collect()))
        .collect()
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Text(String),
    Word(String),
    Sign(&'static str),
}

const SIGNS: [&str; 9] = ["!=", ">=", "<=", "=", ">", "<", "(", ")", ","];

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            found.push(Token::Sign(sign));
            rest = rest.get(sign.len()..)?;
        } else if first == '\'' || first == '"' {
            let (mut word, mut end, mut escaped) = (String::new(), None, false);
            for (at, character) in rest.char_indices().skip(1) {
                if escaped {
                    word.push(character);
                    escaped = false;
                } else if character == '\\' {
                    escaped = true;
                } else if character == first {
                    end = Some(at + 1);
                    break;
                } else {
                    word.push(character);
                }
            }
            found.push(Token::Text(word));
            rest = rest.get(end?..)?;
        } else {
            let ends = |c: char| !(c.is_alphanumeric() || "_.-:*/".contains(c));
            let end = rest.find(ends).unwrap_or(rest.len());
            if end == 0 {
                return None;
            }
            found.push(Token::Word(rest.get(..end)?.to_owned()));
            rest = rest.get(end..)?;
        }
        rest = rest.trim_start();
    }
    Some(found)
}

/// A filter, ready to be asked about items.
#[derive(Debug)]
pub(super) enum Filter {
    Any(Vec<Filter>),
    All(Vec<Filter>),
    Not(Box<Filter>),
    Is(String),
    Contains(String, String),
    Tagged(String, String),
    Equal(String, Vec<String>),
    Ordered(String, &'static str, f64),
}

impl Filter {
    pub(super) fn parse(text: &str) -> Result<Self, Denied> {
        let invalid = || Denied::bad("Invalid filter.", text);
        let tokens = tokens(text).ok_or_else(invalid)?;
        let mut parser = Parser { tokens: &tokens };
        let filter = parser.any().ok_or_else(invalid)?;
        if parser.tokens.is_empty() { Ok(filter) } else { Err(invalid()) }
    }

    pub(super) fn fits(&self, item: &Value) -> bool {
        match self {
            Self::Any(parts) => parts.iter().any(|part| part.fits(item)),
            Self::All(parts) => parts.iter().all(|part| part.fits(item)),
            Self::Not(part) => !part.fits(item),
            Self::Is(path) => values_at(item, path).into_iter().any(is_true),
            Self::Contains(path, part) => {
                let part = part.to_lowercase();
                values_at(item, path)
                    .into_iter()
                    .any(|value| value.as_str().is_some_and(|text| text.to_lowercase().contains(&part)))
            }
            Self::Tagged(key, value) => {
                let tags = item.get("tags").and_then(Value::as_array);
                tags.into_iter().flatten().any(|tag| {
                    tag.get("key").and_then(Value::as_str) == Some(key)
                        && tag.get("value").and_then(Value::as_str) == Some(value)
                })
            }
            Self::Equal(path, wanted) => values_at(item, path)
                .into_iter()
                .any(|value| wanted.iter().any(|wanted| equal(value, wanted))),
            Self::Ordered(path, sign, bound) => values_at(item, path).into_iter().any(|value| {
                value.as_f64().is_some_and(|value| match *sign {
                    "<" => value < *bound,
                    "<=" => value <= *bound,
                    ">" => value > *bound,
                    _ => value >= *bound,
                })
            }),
        }
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

/// Numbers are compared as such, also with a quoted one.
fn equal(value: &Value, wanted: &str) -> bool {
    match value {
        Value::Bool(value) => value.to_string().eq_ignore_ascii_case(wanted),
        Value::Number(number) => wanted
            .parse::<f64>()
            .is_ok_and(|wanted| number.as_f64().is_some_and(|number| number.total_cmp(&wanted).is_eq())),
        Value::String(text) => naming::matches(wanted, text),
        _ => false,
    }
}

struct Parser<'t> {
    tokens: &'t [Token],
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<&'t Token> {
        self.tokens.first()
    }

    fn take(&mut self) -> Option<&'t Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    fn take_sign(&mut self, wanted: &str) -> Option<()> {
        matches!(self.take()?, Token::Sign(sign) if *sign == wanted).then_some(())
    }

    fn at_sign(&self, wanted: &str) -> bool {
        matches!(self.peek(), Some(Token::Sign(sign)) if *sign == wanted)
    }

    fn at_word(&self, wanted: &str) -> bool {
        matches!(self.peek(), Some(Token::Word(word)) if word == wanted)
    }

    fn take_value(&mut self) -> Option<String> {
        match self.take()? {
            Token::Text(text) | Token::Word(text) => Some(text.clone()),
            Token::Sign(_) => None,
        }
    }

    fn any(&mut self) -> Option<Filter> {
        let mut parts = vec![self.all()?];
        while self.at_word("or") {
            self.take()?;
            parts.push(self.all()?);
        }
        Some(Filter::Any(parts))
    }

    fn all(&mut self) -> Option<Filter> {
        let mut parts = vec![self.one()?];
        while self.at_word("and") {
            self.take()?;
            parts.push(self.one()?);
        }
        Some(Filter::All(parts))
    }

    fn one(&mut self) -> Option<Filter> {
        if self.at_word("not") {
            self.take()?;
            return Some(Filter::Not(Box::new(self.one()?)));
        }
        if self.at_sign("(") {
            self.take()?;
            let filter = self.any()?;
            self.take_sign(")")?;
            return Some(filter);
        }
        if self.at_word("and") || self.at_word("or") {
            return None;
        }
        let name = self.take_value()?;
        if self.at_sign("(") && (name == "contains" || name == "tags") {
            self.take()?;
            let first = self.take_value()?;
            self.take_sign(",")?;
            let second = self.take_value()?;
            self.take_sign(")")?;
            let function = if name == "contains" { Filter::Contains } else { Filter::Tagged };
            return Some(function(first, second));
        }
        match self.peek() {
            Some(Token::Sign(sign @ ("=" | "!=" | "<" | "<=" | ">" | ">="))) => {
                self.take()?;
                self.comparison(name, sign)
            }
            _ => Some(Filter::Is(name)),
        }
    }

    fn comparison(&mut self, name: String, sign: &'static str) -> Option<Filter> {
        let wanted = if self.at_sign("(") { self.list()? } else { vec![self.take_value()?] };
        match sign {
            "=" => Some(Filter::Equal(name, wanted)),
            "!=" => Some(Filter::Not(Box::new(Filter::Equal(name, wanted)))),
            sign => Some(Filter::Ordered(name, sign, wanted.first()?.parse().ok()?)),
        }
    }

    /// `('a','b')`, and `(('a','b'))` as the vendor's Python builder writes it.
    fn list(&mut self) -> Option<Vec<String>> {
        self.take_sign("(")?;
        if self.at_sign("(") {
            let values = self.list()?;
            self.take_sign(")")?;
            return Some(values);
        }
        let mut values = vec![self.take_value()?];
        while self.at_sign(",") {
            self.take()?;
            values.push(self.take_value()?);
        }
        self.take_sign(")")?;
        Some(values)
    }
}
