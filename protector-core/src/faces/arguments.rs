//! Arguments as a program gives them: by name, as JSON. Each is read once; an error names the argument.

use crate::error::{Code, Coded};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// What was given for something that is wanted; null is not given.
#[derive(Debug)]
pub struct Arguments {
    of: String,
    given: Map<String, Value>,
    known: Vec<&'static str>,
}

/// Why arguments cannot be used. Nothing was asked of anybody.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArgumentError {
    /// Something that is not offered is wanted.
    #[error("there is no {kind} {name}: there are {}", known.join(", "))]
    NotOffered {
        /// What it would be: an operation, for one.
        kind: &'static str,
        /// What it was called.
        name: String,
        /// What is offered.
        known: Vec<&'static str>,
    },
    /// An argument is missing.
    #[error("{of} needs the argument `{name}`")]
    Missing {
        /// What is wanted.
        of: String,
        /// The argument.
        name: &'static str,
    },
    /// An argument is given that there is not.
    #[error("{of} has no argument `{name}`: it has {}", if known.is_empty() { "none".to_owned() } else { known.join(", ") })]
    Unknown {
        /// What is wanted.
        of: String,
        /// The argument.
        name: String,
        /// Those that there are.
        known: Vec<&'static str>,
    },
    /// An argument is of another kind than it has to be.
    #[error("argument `{name}` of {of} cannot be used")]
    Unusable {
        /// What is wanted.
        of: String,
        /// The argument.
        name: &'static str,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// An argument means nothing without another.
    #[error("argument `{name}` of {of} means nothing without `{needed}`")]
    Alone {
        /// What is wanted.
        of: String,
        /// The argument.
        name: &'static str,
        /// The other.
        needed: &'static str,
    },
}

impl Coded for ArgumentError {
    fn code(&self) -> Code {
        Code::ArgumentInvalid
    }
}

impl Arguments {
    /// What was given; `of` is what errors call that which is wanted.
    pub fn new(of: impl Into<String>, given: Map<String, Value>) -> Self {
        Self { of: of.into(), given, known: Vec::new() }
    }

    /// Reads an argument that may be left out.
    ///
    /// # Errors
    /// It is of another kind.
    pub fn optional<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<Option<T>, ArgumentError> {
        self.known.push(name);
        match self.given.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => serde_json::from_value(value)
                .map(Some)
                .map_err(|source| ArgumentError::Unusable { of: self.of.clone(), name, source }),
        }
    }

    /// Reads an argument that has to be there.
    ///
    /// # Errors
    /// It is missing, or of another kind.
    pub fn required<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<T, ArgumentError> {
        let value = self.optional(name)?;
        value.ok_or_else(|| ArgumentError::Missing { of: self.of.clone(), name })
    }

    /// Reads an argument that is a yes or a no; no if it is left out.
    ///
    /// # Errors
    /// It is of another kind.
    pub fn flag(&mut self, name: &'static str) -> Result<bool, ArgumentError> {
        Ok(self.optional(name)?.unwrap_or_default())
    }

    /// That an argument is there together with another.
    ///
    /// # Errors
    /// The argument is there, and the other is not.
    pub fn together(
        &self,
        name: &'static str,
        is_there: bool,
        needed: &'static str,
        needed_is_there: bool,
    ) -> Result<(), ArgumentError> {
        if is_there && !needed_is_there {
            return Err(ArgumentError::Alone { of: self.of.clone(), name, needed });
        }
        Ok(())
    }

    /// That nothing else was given.
    ///
    /// # Errors
    /// Something was; the arguments that there are are named.
    pub fn end(self) -> Result<(), ArgumentError> {
        match self.given.into_iter().next() {
            Some((name, _)) => Err(ArgumentError::Unknown { of: self.of, name, known: self.known }),
            None => Ok(()),
        }
    }
}
