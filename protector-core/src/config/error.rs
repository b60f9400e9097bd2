//! What can be wrong with the configuration. Every message names the file and the place, and no message holds a
//! value, which may be a secret.

use crate::error::{Code, Coded};
use crate::secret::SecretReference;
use std::fmt;
use std::path::{Path, PathBuf};

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No file of that kind is where it is looked for.
    #[error("found no {name} in {}: put one there, or name it with {variable}", folders(.searched))]
    NotFound {
        /// The file's usual name.
        name: &'static str,
        /// The environment variable that names the file.
        variable: &'static str,
        /// The folders that were searched, in this order.
        searched: Vec<PathBuf>,
    },
    /// A file exists or was named, but cannot be read.
    #[error("failed to read {}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A file is no YAML that could be used.
    #[error("{at} {problem}")]
    Malformed {
        /// The file and line.
        at: Position,
        /// What is wrong.
        problem: String,
    },
    /// A key that protector does not know, in a file that is protector's own.
    #[error("{at}: unknown key `{key}`; {}", suggestion(*.nearest, .known))]
    UnknownKey {
        /// The file and line.
        at: Position,
        /// The key, with the keys above it.
        key: String,
        /// The known key that is spelled most like it.
        nearest: Option<&'static str>,
        /// All keys that are known there.
        known: &'static [&'static str],
    },
    /// A needed key is missing, or its value is of no use.
    #[error("{at}: `{key}` {problem}")]
    Invalid {
        /// The file and line.
        at: Position,
        /// The key, with the keys above it.
        key: String,
        /// What is wrong and what is expected.
        problem: String,
    },
    /// `clouds.yaml` does not define the cloud.
    #[error("{} defines no cloud `{cloud}`; it defines {}", .file.display(), listed(.defined))]
    CloudUnknown {
        /// The `clouds.yaml` that was read.
        file: PathBuf,
        /// The name that was asked for.
        cloud: String,
        /// The names that there are.
        defined: Vec<String>,
    },
    /// A referenced secret is not there or is of no use.
    #[error("the secret {reference} {problem}")]
    SecretUnavailable {
        /// Where it was looked for.
        reference: SecretReference,
        /// What is wrong.
        problem: String,
        /// Why it cannot be read, if reading failed.
        #[source]
        source: Option<std::io::Error>,
    },
    /// The encryption key is there, but is no key.
    #[error("the encryption key {reference} {problem}")]
    KeyUnusable {
        /// Where the key is.
        reference: SecretReference,
        /// What is wrong.
        problem: &'static str,
    },
}

impl ConfigError {
    pub(super) fn malformed(file: &Path, line: u64, problem: impl Into<String>) -> Self {
        Self::Malformed { at: Position { file: file.into(), line }, problem: problem.into() }
    }
}

impl Coded for ConfigError {
    fn code(&self) -> Code {
        match self {
            Self::NotFound { .. }
            | Self::Unreadable { .. }
            | Self::Malformed { .. }
            | Self::UnknownKey { .. }
            | Self::Invalid { .. } => Code::ConfigurationInvalid,
            Self::CloudUnknown { .. } => Code::CloudUnknown,
            Self::SecretUnavailable { .. } => Code::SecretUnavailable,
            Self::KeyUnusable { .. } => Code::KeyUnusable,
        }
    }
}

/// A line of a file; line 0 is the whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(formatter, "{}", self.file.display()),
            line => write!(formatter, "{}:{line}", self.file.display()),
        }
    }
}

fn folders(searched: &[PathBuf]) -> String {
    searched.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { format!("`{}`", names.join("`, `")) }
}

fn suggestion(nearest: Option<&'static str>, known: &[&'static str]) -> String {
    match nearest {
        Some(key) => format!("did you mean `{key}`?"),
        None => format!("known here are `{}`", known.join("`, `")),
    }
}
