//! What a body has to be, as data, and the sentences in which the services' JSON-schema validator says that it is not.
//!
//! The sentences are those of `jsonschema/_keywords.py`, in the order of checks that the services' schemas have.

use super::{Fault, python};
use serde_json::{Map, Value};

/// What a value has to be.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// Nothing in particular.
    Anything,
    /// `null`.
    Null,
    /// A text with so many characters.
    Text {
        /// At least.
        least: usize,
        /// At most.
        most: usize,
    },
    /// A text of a pattern.
    Matching {
        /// The pattern, as the service's schema has it.
        pattern: &'static str,
        /// Whether a text matches it.
        matches: fn(&str) -> bool,
    },
    /// A text in a format: `uuid`, `date-time`.
    Format {
        /// What the service's schema calls it.
        name: &'static str,
        /// Whether a text is in it.
        matches: fn(&str) -> bool,
    },
    /// One of some texts.
    OneOf(&'static [&'static str]),
    /// A whole number.
    Integer {
        /// At least.
        least: i64,
        /// At most.
        most: i64,
    },
    /// A whole number, or a text of digits.
    LooseInteger {
        /// At least.
        least: i64,
        /// At most.
        most: i64,
    },
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A boolean, or one of the texts that Nova and Cinder take for one.
    LooseBoolean,
    /// A list of so many.
    List {
        /// What each has to be.
        of: &'static Shape,
        /// At least.
        least: usize,
        /// At most.
        most: usize,
    },
    /// An object with known fields.
    Object(&'static Object),
    /// An object with any names, and values of a shape.
    Map(&'static Shape),
    /// The first of these whose type fits.
    Either(&'static [Shape]),
}

impl Shape {
    /// Any text.
    pub const TEXT: Self = Self::Text { least: 0, most: usize::MAX };
    /// A name: 1 to 255 characters.
    pub const NAME: Self = Self::Text { least: 1, most: 255 };
    /// A description, or none: at most 255 characters.
    pub const DESCRIPTION: Self = Self::Either(&[Self::Text { least: 0, most: 255 }, Self::Null]);
    /// Any text or `null`.
    pub const TEXT_OR_NULL: Self = Self::Either(&[Self::TEXT, Self::Null]);
    /// A UUID, with or without hyphens.
    pub const UUID: Self = Self::Format { name: "uuid", matches: is_uuid };
}

/// One field of an object.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What its value has to be.
    pub shape: Shape,
    /// Whether it has to be there.
    pub required: bool,
}

impl Field {
    /// One that has to be there.
    pub const fn required(name: &'static str, shape: Shape) -> Self {
        Self { name, shape, required: true }
    }

    /// One that may be there.
    pub const fn optional(name: &'static str, shape: Shape) -> Self {
        Self { name, shape, required: false }
    }
}

/// What an object has to be.
#[derive(Debug, Clone, Copy)]
pub struct Object {
    /// Its fields.
    pub fields: &'static [Field],
    /// Whether fields of other names may be there.
    pub open: bool,
}

impl Object {
    /// One that has these fields and no others.
    pub const fn closed(fields: &'static [Field]) -> Self {
        Self { fields, open: false }
    }

    /// One that may have more than these fields.
    pub const fn open(fields: &'static [Field]) -> Self {
        Self { fields, open: true }
    }

    /// Checks a body.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn check(&'static self, body: &Value) -> Result<(), Violation> {
        Shape::Object(self).check(body)
    }
}

/// What is wrong with a body.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Violation {
    /// Where, from the outside in; empty for the body itself.
    pub path: Vec<String>,
    /// What is there.
    pub value: Value,
    /// The validator's sentence.
    pub message: String,
}

impl Violation {
    fn new(value: &Value, message: String) -> Self {
        Self { path: Vec::new(), value: value.clone(), message }
    }

    fn inside(mut self, name: impl Into<String>) -> Self {
        self.path.insert(0, name.into());
        self
    }

    /// As Nova and Cinder say it (`nova/api/validation/validators.py`, `cinder/api/validation/validators.py`).
    pub fn sentence(&self) -> String {
        match self.path.last() {
            Some(field) => format!(
                "Invalid input for field/attribute {field}. Value: {}. {}",
                python::str(&self.value),
                self.message
            ),
            None => self.message.clone(),
        }
    }
}

/// 400 in Nova's and Cinder's words.
impl From<Violation> for Fault {
    fn from(violation: Violation) -> Self {
        Self::bad_request(violation.sentence())
    }
}

// nova/api/validation/parameter_types.py, cinder/api/validation/parameter_types.py: boolean
const BOOLEAN_TEXTS: [&str; 20] = [
    "True", "TRUE", "true", "1", "ON", "On", "on", "YES", "Yes", "yes", "False", "FALSE", "false", "0",
    "OFF", "Off", "off", "NO", "No", "no",
];

impl Shape {
    fn types(self) -> Vec<&'static str> {
        match self {
            Self::Anything => Vec::new(),
            Self::Null => vec!["null"],
            Self::Text { .. } | Self::Matching { .. } | Self::Format { .. } | Self::OneOf(_) => {
                vec!["string"]
            }
            Self::Integer { .. } => vec!["integer"],
            Self::LooseInteger { .. } => vec!["integer", "string"],
            Self::Number => vec!["number"],
            Self::Boolean => vec!["boolean"],
            Self::LooseBoolean => vec!["boolean", "string"],
            Self::List { .. } => vec!["array"],
            Self::Object(_) | Self::Map(_) => vec!["object"],
            Self::Either(shapes) => shapes.iter().flat_map(|shape| shape.types()).collect(),
        }
    }

    /// Checks a value.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn check(self, value: &Value) -> Result<(), Violation> {
        let wrong = |message: String| Err(Violation::new(value, message));
        let types = self.types();
        if !types.is_empty() && !types.iter().any(|name| is_of_type(value, name)) {
            let names: Vec<String> = types.iter().map(|name| python::repr_text(name)).collect();
            return wrong(format!("{} is not of type {}", python::repr(value), names.join(", ")));
        }
        let text = value.as_str().unwrap_or_default();
        match self {
            Self::Text { least, most } => length(value, text.chars().count(), least, most),
            Self::Matching { pattern, matches } if !matches(text) => {
                wrong(format!("{} does not match {}", python::repr(value), python::repr_text(pattern)))
            }
            Self::Format { name, matches } if !matches(text) => {
                wrong(format!("{} is not a {}", python::repr(value), python::repr_text(name)))
            }
            Self::OneOf(texts) if !texts.contains(&text) => {
                wrong(format!("{} is not one of {}", python::repr(value), python::repr_texts(texts)))
            }
            Self::Integer { least, most } => range(value, value.as_i64(), least, most),
            Self::LooseInteger { least, most } => {
                if value.is_string() && !text.bytes().all(|byte| byte.is_ascii_digit()) {
                    return wrong(format!("{} does not match '^[0-9]*$'", python::repr(value)));
                }
                range(value, value.as_i64().or_else(|| text.parse().ok()), least, most)
            }
            Self::LooseBoolean if value.is_string() && !BOOLEAN_TEXTS.contains(&text) => {
                let (yes, no) = BOOLEAN_TEXTS.split_at(10);
                let list = |texts: &[&str]| {
                    texts.iter().map(|text| python::repr_text(text)).collect::<Vec<_>>().join(", ")
                };
                wrong(format!(
                    "{} is not one of [True, {}, False, {}]",
                    python::repr(value),
                    list(yes),
                    list(no)
                ))
            }
            Self::List { of, least, most } => {
                let values = value.as_array().map(Vec::as_slice).unwrap_or_default();
                for (index, value) in values.iter().enumerate() {
                    of.check(value).map_err(|violation| violation.inside(index.to_string()))?;
                }
                length(value, values.len(), least, most)
            }
            Self::Object(object) => {
                value.as_object().map_or(Ok(()), |fields| check_fields(object, value, fields))
            }
            Self::Map(shape) => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    shape.check(value).map_err(|violation| violation.inside(name))?;
                }
                Ok(())
            }
            Self::Either(shapes) => {
                let fits = |shape: &&Self| {
                    shape.types().is_empty() || shape.types().iter().any(|name| is_of_type(value, name))
                };
                shapes.iter().find(fits).map_or(Ok(()), |shape| shape.check(value))
            }
            _ => Ok(()),
        }
    }
}

fn check_fields(object: &Object, value: &Value, fields: &Map<String, Value>) -> Result<(), Violation> {
    for field in object.fields {
        if let Some(found) = fields.get(field.name) {
            field.shape.check(found).map_err(|violation| violation.inside(field.name))?;
        }
    }
    if let Some(missing) =
        object.fields.iter().find(|field| field.required && !fields.contains_key(field.name))
    {
        let message = format!("{} is a required property", python::repr_text(missing.name));
        return Err(Violation::new(value, message));
    }
    let unknown: Vec<String> = fields
        .keys()
        .filter(|name| !object.open && object.fields.iter().all(|field| field.name != name.as_str()))
        .map(|name| python::repr_text(name))
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let verb = if unknown.len() == 1 { "was" } else { "were" };
    let message = format!("Additional properties are not allowed ({} {verb} unexpected)", unknown.join(", "));
    Err(Violation::new(value, message))
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "integer" => {
            value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

fn length(value: &Value, found: usize, least: usize, most: usize) -> Result<(), Violation> {
    let message = if found < least {
        if least == 1 { "should be non-empty" } else { "is too short" }
    } else if found > most {
        if most == 0 { "is expected to be empty" } else { "is too long" }
    } else {
        return Ok(());
    };
    Err(Violation::new(value, format!("{} {message}", python::repr(value))))
}

fn range(value: &Value, number: Option<i64>, least: i64, most: i64) -> Result<(), Violation> {
    let Some(number) = number else { return Ok(()) };
    let message = if number < least {
        format!("{number} is less than the minimum of {least}")
    } else if number > most {
        format!("{number} is greater than the maximum of {most}")
    } else {
        return Ok(());
    };
    Err(Violation::new(value, message))
}

/// What `oslo_utils.uuidutils.is_uuid_like` takes for a UUID.
pub fn is_uuid(text: &str) -> bool {
    let hex: String = text.chars().filter(|character| *character != '-').collect();
    hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    static THING: Object = Object::closed(&[
        Field::required("name", Shape::NAME),
        Field::optional("size", Shape::LooseInteger { least: 1, most: 10 }),
        Field::optional("public", Shape::LooseBoolean),
        Field::optional("kind", Shape::OneOf(&["a", "b"])),
        Field::optional("parent", Shape::Either(&[Shape::UUID, Shape::Null])),
        Field::optional("metadata", Shape::Map(&Shape::TEXT)),
        Field::optional("tags", Shape::List { of: &Shape::NAME, least: 0, most: 2 }),
    ]);
    static BODY: Object = Object::closed(&[Field::required("thing", Shape::Object(&THING))]);

    fn sentence(body: &Value) -> String {
        BODY.check(body).unwrap_err().sentence()
    }

    #[test]
    fn a_body_as_it_has_to_be_passes() {
        for thing in [
            json!({"name": "x"}),
            json!({"name": "x", "size": "3", "public": "on", "kind": "a", "parent": null, "metadata": {}, "tags": ["t"]}),
        ] {
            BODY.check(&json!({"thing": thing})).unwrap();
        }
    }

    #[test]
    fn each_violation_has_the_validators_own_sentence() {
        assert_eq!(sentence(&json!({})), "'thing' is a required property");
        assert_eq!(sentence(&json!(null)), "None is not of type 'object'");
        let of = |thing: Value| sentence(&json!({"thing": thing}));
        let field = |name: &str, value: Value| of(json!({"name": "x", name: value}));
        assert_eq!(
            of(json!({})),
            "Invalid input for field/attribute thing. Value: {}. 'name' is a required property"
        );
        assert_eq!(
            field("colour", json!(1)),
            "Invalid input for field/attribute thing. Value: {'colour': 1, 'name': 'x'}. Additional properties are not \
             allowed ('colour' was unexpected)"
        );
        let starts = |name: &str, value: Value, message: &str| {
            let found = field(name, value);
            assert!(found.ends_with(message), "{found}");
        };
        starts(
            "name",
            json!(1),
            "Invalid input for field/attribute name. Value: 1. 1 is not of type 'string'",
        );
        starts("name", json!(""), "'' should be non-empty");
        starts("name", json!("x".repeat(256)), "x' is too long");
        starts("size", json!("x"), "'x' does not match '^[0-9]*$'");
        starts("size", json!(0), "0 is less than the minimum of 1");
        starts("size", json!("11"), "11 is greater than the maximum of 10");
        starts("size", json!(1.5), "1.5 is not of type 'integer', 'string'");
        starts("public", json!("maybe"), "'NO', 'No', 'no']");
        starts("kind", json!("c"), "'c' is not one of ['a', 'b']");
        starts("parent", json!("c"), "'c' is not a 'uuid'");
        starts("parent", json!(1), "1 is not of type 'string', 'null'");
        starts("metadata", json!({"k": 1}), "field/attribute k. Value: 1. 1 is not of type 'string'");
        starts("tags", json!(["a", "b", "c"]), "['a', 'b', 'c'] is too long");
    }
}
