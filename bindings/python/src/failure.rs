//! Why something failed, as an exception of `protector.errors`.

use crate::conversion::to_python;
use crate::driver::documents::Malformed;
use crate::driver::failures::exception_of;
use protector_core::domain::Finding;
use protector_core::driver;
use protector_core::error::{Class, Code, Coded, chain};
use protector_core::faces::arguments::ArgumentError;
use protector_core::faces::confirmation::NotConfirmed;
use protector_core::faces::{documents, exit, origin};
use protector_core::protector;
use protector_mock::pair::PairError;
use pyo3::prelude::*;
use serde_json::{Value, json};
use std::io;
use tokio::task::JoinError;

/// Why something failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// What the library says.
    #[error(transparent)]
    Protector(#[from] protector::Error),
    #[error(transparent)]
    Argument(#[from] ArgumentError),
    /// A driver that is called from Python.
    #[error(transparent)]
    Driver(#[from] driver::Error),
    #[error("an argument of a driver's verb cannot be used")]
    Malformed(#[from] Malformed),
    #[error(transparent)]
    NotConfirmed(#[from] NotConfirmed),
    #[error("failed to start the simulated pair")]
    Pair(#[from] PairError),
    /// What is told of an operation's end, or of an error that was told before.
    #[error("{}", message(.0))]
    Told(Box<Value>),
    #[error("{what} was closed")]
    Closed { what: &'static str },
    #[error(
        "{what} was opened by process {opened_by} and is used by process {process}, which was forked from it"
    )]
    Forked { what: &'static str, opened_by: u32, process: u32 },
    #[error("{what} did not come to its end within {seconds} s; it goes on")]
    Late { what: String, seconds: f64 },
    #[error("failed to start the runtime of this process")]
    Runtime {
        #[source]
        source: io::Error,
    },
    /// A defect.
    #[error("protector met a defect of its own: {0}")]
    Panicked(String),
}

fn message(told: &Value) -> &str {
    told.pointer("/error/message").and_then(Value::as_str).unwrap_or_default()
}

impl Coded for Failure {
    fn code(&self) -> Code {
        match self {
            Self::Protector(error) => error.code(),
            Self::Argument(error) => error.code(),
            Self::NotConfirmed(error) => error.code(),
            Self::Driver(error) => error.code(),
            Self::Malformed(_) => Code::ArgumentInvalid,
            Self::Pair(_) => Code::ServiceFailed,
            Self::Closed { .. } | Self::Forked { .. } => Code::HandleClosed,
            Self::Late { .. } => Code::DeadlineExceeded,
            Self::Told(_) | Self::Runtime { .. } | Self::Panicked(_) => Code::Internal,
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::Protector(error) => error.class(),
            _ => self.code().class(),
        }
    }
}

impl Failure {
    /// A task that came to no end of its own.
    pub(crate) fn of_task(lost: JoinError) -> Self {
        if !lost.is_panic() {
            return Self::Panicked("its task was lost".to_owned());
        }
        let panic = lost.into_panic();
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Self::Panicked(text.unwrap_or("a panic without a word").to_owned())
    }

    fn findings(&self) -> (&[Finding], &[Finding]) {
        match self {
            Self::Protector(error) => documents::findings(error),
            _ => (&[], &[]),
        }
    }

    /// The document that every face gives, with what Python tells besides.
    pub(crate) fn document(&self) -> Value {
        if let Self::Told(told) = self {
            return (**told).clone();
        }
        let mut document = documents::error(self, self.code(), self.findings());
        let (site, requests, exit) = match self {
            Self::Protector(error) => {
                (origin::site(error), origin::request_ids(error), exit::of_error(error, error.code()))
            }
            other => (None, Vec::new(), exit::of_code(other.code())),
        };
        if let Some(error) = document.get_mut("error").and_then(Value::as_object_mut) {
            error.insert("message".to_owned(), json!(chain(self)));
            error.insert("site".to_owned(), json!(site));
            error.insert("request_ids".to_owned(), json!(requests));
            error.insert("retryable".to_owned(), json!(self.class() == Class::Transient));
            error.insert("exit_code".to_owned(), json!(exit));
        }
        document
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        Python::attach(|py| {
            if let Failure::Driver(error) = &failure {
                return exception_of(py, error);
            }
            let made = py
                .import("protector.errors")
                .and_then(|errors| errors.getattr("from_document"))
                .and_then(|make| make.call1((to_python(py, &failure.document())?,)));
            made.map_or_else(|error| error, PyErr::from_value)
        })
    }
}

/// All codes of the published table: name, class, hint.
#[pyfunction]
pub(crate) fn codes() -> Vec<(&'static str, String, &'static str)> {
    let class = |code: &Code| json!(code.class()).as_str().unwrap_or_default().to_owned();
    Code::ALL.iter().map(|code| (code.as_str(), class(code), code.hint())).collect()
}
