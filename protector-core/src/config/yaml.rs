//! YAML read into a tree in which every value knows its file and line, so that an error can say where and never
//! has to repeat a value, which may be a secret.

use super::ConfigError;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, NonFiniteFloatPolicy, Options, Spanned};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// The largest configuration file that is read, in bytes.
pub(super) const MAXIMUM_BYTES: usize = 1 << 20;

/// A value and where it stands.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) file: Arc<Path>,
    pub(super) line: u64,
    pub(super) value: Value,
}

/// What stands there. A scalar is the text as written: `0123`, `1e5` and `yes` may be a password or an id.
#[derive(Clone)]
pub(super) enum Value {
    Null,
    Scalar(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    /// Reads one document; an empty one is null.
    pub(super) fn parse(file: &Path, text: &str) -> Result<Self, ConfigError> {
        bounded(file, text)?;
        // A tree accepts every type, so that only the syntax can be wrong, and no value is named.
        let tree: Tree = serde_saphyr::from_str_with_options(text, options())
            .map_err(|error| malformed(file, &error, "is not valid YAML"))?;
        Ok(tree.place(&Arc::from(file), text))
    }

    /// Lays `over` upon `self`: maps are merged, everything else is replaced.
    pub(super) fn merge(&mut self, over: Node) {
        match (&mut self.value, over.value) {
            (Value::Map(entries), Value::Map(new)) => {
                for (key, node) in new {
                    match entries.iter_mut().find(|(known, _)| *known == key) {
                        Some((_, known)) => known.merge(node),
                        None => entries.push((key, node)),
                    }
                }
            }
            (_, value) => *self = Node { file: over.file, line: over.line, value },
        }
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Node({}:{})", self.file.display(), self.line)
    }
}

/// Reads one document, within the same bounds, as a type that says by itself which keys it knows. It must hold no secret: a value
/// that is of no use is named.
pub(crate) fn read_as<T: DeserializeOwned>(file: &Path, text: &str) -> Result<T, ConfigError> {
    bounded(file, text)?;
    serde_saphyr::from_str_with_options(text, options())
        .map_err(|error| malformed(file, &error, "cannot be used"))
}

fn bounded(file: &Path, text: &str) -> Result<(), ConfigError> {
    if text.len() > MAXIMUM_BYTES {
        return Err(ConfigError::malformed(file, 0, format!("is larger than {MAXIMUM_BYTES} bytes")));
    }
    Ok(())
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 32,
            flow_nesting_limit: 32,
            max_nodes: 50_000,
            max_events: 200_000,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_documents: 2,
            max_total_scalar_bytes: MAXIMUM_BYTES,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 50_000,
            max_replay_stack_depth: 8,
        },
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        with_snippet: false,
    }
}

fn malformed(file: &Path, error: &serde_saphyr::Error, otherwise: &str) -> ConfigError {
    use serde_saphyr::Error;
    let line = error.location().map_or(0, |location| location.line());
    let problem = match error.without_snippet() {
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("gives the key `{key}` twice: keep one"),
        Error::MultipleDocuments { .. } => "holds more than one document: keep one".to_owned(),
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            "is too large or too deeply nested for a configuration file".to_owned()
        }
        other => format!("{otherwise}: {}", without_location(&other.to_string())),
    };
    ConfigError::malformed(file, line, problem)
}

fn without_location(text: &str) -> &str {
    text.rsplit_once(" at line ").map_or(text, |(problem, _)| problem)
}

/// A node as the parser gives it: without its file, and with scalars that it took for numbers not yet put back.
struct Tree {
    /// Where the value stands.
    location: Location,
    /// The line of the value's key, or of the value where it has none.
    line: u64,
    shape: Shape,
}

enum Shape {
    Null,
    Text(String),
    Inferred(String),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

impl Tree {
    fn place(self, file: &Arc<Path>, text: &str) -> Node {
        let value = match self.shape {
            Shape::Null => Value::Null,
            Shape::Text(scalar) => Value::Scalar(scalar),
            Shape::Inferred(scalar) => Value::Scalar(as_written(self.location, text).unwrap_or(scalar)),
            Shape::List(items) => Value::List(items.into_iter().map(|item| item.place(file, text)).collect()),
            Shape::Map(entries) => {
                Value::Map(entries.into_iter().map(|(key, value)| (key, value.place(file, text))).collect())
            }
        };
        Node { file: Arc::clone(file), line: self.line, value }
    }
}

/// The scalar's own spelling, unless it is quoted or tagged as a number.
fn as_written(location: Location, text: &str) -> Option<String> {
    let start = usize::try_from(location.span().byte_offset()?).ok()?;
    let length = usize::try_from(location.span().byte_len()?).ok()?;
    let written = text.get(start..start.checked_add(length)?)?.trim();
    (!written.is_empty() && !written.starts_with(['!', '"', '\'', '|', '>', '&'])).then(|| written.to_owned())
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Shape>::deserialize(deserializer)?;
        Ok(Tree { location: spanned.defined, line: spanned.defined.line(), shape: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShapeVisitor)
    }
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Shape;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(Shape::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Shape, E> {
        Ok(Shape::Inferred(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Shape, E> {
        Ok(Shape::Inferred(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Shape, E> {
        Ok(Shape::Inferred(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Shape, E> {
        Ok(Shape::Inferred(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Shape, E> {
        Ok(Shape::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Shape, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Shape::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Shape, A::Error> {
        let mut map = Vec::new();
        while let Some((key, value)) = entries.next_entry::<Spanned<String>, Tree>()? {
            map.push((key.value, Tree { line: key.defined.line(), ..value }));
        }
        Ok(Shape::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scalar(text: &str, key: &str) -> String {
        let node = Node::parse(Path::new("f.yaml"), text).unwrap();
        let Value::Map(entries) = node.value else { panic!("no map") };
        match &entries.iter().find(|(name, _)| name == key).unwrap().1.value {
            Value::Scalar(text) => text.clone(),
            _ => panic!("no scalar"),
        }
    }

    #[test]
    fn scalars_keep_the_spelling_of_the_file() {
        for written in
            ["0123", "1e5", "1e999", "1.10", "0x1F", "1_000", "yes", "+7", "00000000000000000000000000000001"]
        {
            assert_eq!(scalar(&format!("é: ü\nid: {written} # note\n"), "id"), written);
            assert_eq!(scalar(&format!("id: \"{written}\"\n"), "id"), written);
            assert_eq!(scalar(&format!("x: &x {written}\nid: *x\n"), "id"), written);
        }
        assert_eq!(scalar("id: !!int \"5\"", "id"), "5");
        assert_eq!(scalar("\u{feff}id: 07", "id"), "07");
        assert_eq!(scalar("base: &b {id: 07}\nid: 1\n", "id"), "1");
    }

    #[test]
    fn malformed_files_are_named_with_their_line_and_no_value() {
        for (text, line) in [
            ("a: 1\nb: [hunter2", "f.yaml:2"),
            ("a: 1\na: hunter2\n", "f.yaml:2"),
            ("a: \"hunter2", "f.yaml:1"),
            ("a: hunter2: x", "f.yaml:1"),
            ("a: hunter2\n---\nb: hunter2\n", "f.yaml:3"),
            ("a: *hunter2", "f.yaml:1"),
        ] {
            let error = Node::parse(Path::new("f.yaml"), text).unwrap_err().to_string();
            assert!(error.contains(line), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn size_depth_and_aliases_are_bounded() {
        let large = format!("a: {}", "x".repeat(MAXIMUM_BYTES));
        let deep = format!("{}{}", "[".repeat(2_000), "]".repeat(2_000));
        let nested: String = (0..2_000).map(|depth| " ".repeat(depth) + "a:\n").collect();
        let laugh = |level: i32| {
            format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 10].join(","))
        };
        let laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned() + &(1..9).map(laugh).collect::<String>();
        for text in [large, deep, nested, laughs] {
            Node::parse(Path::new("f.yaml"), &text).unwrap_err();
        }
    }

    #[test]
    fn merging_replaces_values_and_keeps_the_rest_with_its_place() {
        let mut base = Node::parse(Path::new("base"), "a: {x: 1, y: 2}\nb: [1]\n").unwrap();
        base.merge(Node::parse(Path::new("over"), "\na: {y: 3, z: 4}\nb: 7\n").unwrap());
        let Value::Map(entries) = base.value else { panic!("no map") };
        let Value::Map(a) = &entries[0].1.value else { panic!("no map") };
        let seen: Vec<_> = a.iter().map(|(key, node)| (key.as_str(), node.file.to_str().unwrap())).collect();
        assert_eq!(seen, [("x", "base"), ("y", "over"), ("z", "over")]);
        assert!(matches!(&entries[1].1, Node { line: 3, value: Value::Scalar(text), .. } if text == "7"));
    }

    proptest! {
        #[test]
        fn arbitrary_text_is_read_or_refused_without_a_panic(text in "\\PC*") {
            let _ = Node::parse(Path::new("f.yaml"), &text);
        }

        #[test]
        fn text_made_of_yaml_syntax_is_read_or_refused_without_a_panic(
            text in "([-?:,\\[\\]{}#&*!|>'\"%@` \n\taé07~<=.]|a: |- |\\*a|&a |<<: ){0,60}"
        ) {
            let _ = Node::parse(Path::new("f.yaml"), &text);
        }
    }
}
