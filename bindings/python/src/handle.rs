//! What `protector.open` gives: one question in, one answer out.

use crate::conversion::{arguments, to_python};
use crate::driver::PythonFactory;
use crate::failure::Failure;
use crate::questions;
use crate::run::{Course, Run};
use crate::site::SiteRun;
use crate::waiting::{self, Product};
use protector_core::config::{Config, LoadOptions};
use protector_core::faces::arguments::ArgumentError;
use protector_core::faces::documents;
use protector_core::journal::Holder;
use protector_core::operations;
use protector_core::protector::{self, Protector, ProtectorBuilder};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde::de::Error as _;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long what is under way may take to come to a rest when it is closed: what takes longer is resumed later.
const CLOSING_TIME: Duration = Duration::from_secs(5);

/// Both sites, opened by one process.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) protector: Protector,
    process: u32,
    closed: AtomicBool,
    runs: Mutex<Vec<Arc<Course>>>,
}

impl Opened {
    /// That it may be used, here and now: connections and stores do not come along into a fork.
    pub(crate) fn usable(&self) -> Result<(), Failure> {
        of_this_process("protector", self.process)?;
        if self.closed.load(Ordering::SeqCst) {
            return Err(Failure::Closed { what: "protector" });
        }
        Ok(())
    }

    /// Keeps a run in mind until it has ended.
    pub(crate) fn remember(&self, course: &Arc<Course>) {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        runs.retain(|run| !run.has_ended());
        runs.push(Arc::clone(course));
    }

    fn under_way(&self) -> Vec<Arc<Course>> {
        let runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        runs.iter().filter(|run| !run.has_ended()).cloned().collect()
    }

    /// Waits for what was stopped here: it holds its group until it has come to a rest.
    pub(crate) async fn rest(&self) {
        for run in self.under_way().into_iter().filter(|run| run.is_stopped()) {
            drop(run.end().await);
        }
    }

    /// Stops what is under way, and ends the sessions with all arrays.
    async fn close(&self) {
        if self.closed.swap(true, Ordering::SeqCst) {
            return;
        }
        for run in self.under_way() {
            run.stop();
        }
        // What comes to no rest in time is journaled, and resumed later.
        drop(tokio::time::timeout(CLOSING_TIME, self.rest()).await);
        self.protector.close().await;
    }
}

/// That something is used by the process that opened it.
pub(crate) fn of_this_process(what: &'static str, opened_by: u32) -> Result<(), Failure> {
    let process = std::process::id();
    if opened_by == process { Ok(()) } else { Err(Failure::Forked { what, opened_by, process }) }
}

/// An answer.
#[derive(Debug)]
pub(crate) enum Answer {
    Nothing,
    Document(Value),
    Text(String),
    Planned(Planned),
    Run(Run),
    SiteRun(SiteRun),
    Opened(Handle),
}

impl Product for Answer {
    fn give(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self {
            Self::Nothing => Ok(py.None()),
            Self::Document(document) => to_python(py, &document).map(Bound::unbind),
            Self::Text(text) => to_python(py, &text).map(Bound::unbind),
            Self::Planned(planned) => Py::new(py, planned).map(Py::into_any),
            Self::Run(run) => Py::new(py, run).map(Py::into_any),
            Self::SiteRun(run) => Py::new(py, run).map(Py::into_any),
            Self::Opened(handle) => Py::new(py, handle).map(Py::into_any),
        }
    }

    fn abandon(self) {
        match self {
            Self::Run(run) => run.abandon(),
            Self::SiteRun(run) => run.abandon(),
            _ => {}
        }
    }
}

/// What planning came to, with the plan itself.
#[pyclass(frozen, module = "protector._native")]
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) planned: Arc<operations::Planned>,
}

#[pymethods]
impl Planned {
    /// The plan's document.
    fn document<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &documents::planned(&self.planned))
    }

    fn __str__(&self) -> String {
        self.planned.plan.as_ref().map(ToString::to_string).unwrap_or_default()
    }
}

/// Both sites, opened.
#[pyclass(frozen, module = "protector._native")]
#[derive(Debug)]
pub(crate) struct Handle {
    opened: Arc<Opened>,
}

/// Who is at work, for the journal.
fn holder((host, user, program): (String, String, String)) -> Holder {
    Holder { host, process: std::process::id(), program, user }
}

#[pymethods]
impl Handle {
    /// Opens what the files describe; `started_by` is host, user and program.
    #[staticmethod]
    fn open(
        py: Python<'_>,
        config: Option<PathBuf>,
        clouds: Option<PathBuf>,
        started_by: (String, String, String),
        drivers: Vec<(String, Py<PyAny>)>,
    ) -> PyResult<Py<PyAny>> {
        waiting::wait(py, async move {
            let options = LoadOptions { protector: config, clouds, ..LoadOptions::default() };
            let config = Config::load(&options).map_err(protector::Error::from)?;
            let own = [protector_pure::factory(), protector_mock::factory()];
            if let Some(taken) = own.iter().find(|own| drivers.iter().any(|(name, _)| name == own.name())) {
                let why =
                    format!("the package has a driver {} of its own: give yours another name", taken.name());
                let (of, name, source) = ("open".to_owned(), "drivers", serde_json::Error::custom(why));
                return Err(ArgumentError::Unusable { of, name, source }.into());
            }
            let builder = Protector::builder(config).started_by(holder(started_by));
            let mut builder = own.into_iter().fold(builder, ProtectorBuilder::driver);
            for (name, make) in drivers {
                builder = builder.driver(Arc::new(PythonFactory::new(name, make)));
            }
            let protector = builder.open()?;
            let (process, closed) = (std::process::id(), AtomicBool::new(false));
            let opened = Opened { protector, process, closed, runs: Mutex::default() };
            Ok(Answer::Opened(Handle { opened: Arc::new(opened) }))
        })
    }

    /// Asks, and waits for the answer.
    fn ask(
        &self,
        py: Python<'_>,
        question: &str,
        given: &Bound<'_, PyDict>,
        plan: Option<&Bound<'_, Planned>>,
    ) -> PyResult<Py<PyAny>> {
        waiting::wait(py, self.answer(question, given, plan)?)
    }

    /// Asks, and gives an awaitable.
    fn ask_async<'py>(
        &self,
        py: Python<'py>,
        question: &str,
        given: &Bound<'_, PyDict>,
        plan: Option<&Bound<'_, Planned>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        waiting::awaitable(py, self.answer(question, given, plan)?)
    }

    fn close(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        waiting::wait(py, self.closing()?)
    }

    fn close_async<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        waiting::awaitable(py, self.closing()?)
    }
}

impl Handle {
    fn answer(
        &self,
        question: &str,
        given: &Bound<'_, PyDict>,
        plan: Option<&Bound<'_, Planned>>,
    ) -> PyResult<impl Future<Output = Result<Answer, Failure>> + Send + use<>> {
        self.opened.usable()?;
        let (opened, question, given) = (Arc::clone(&self.opened), question.to_owned(), arguments(given)?);
        let plan = plan.map(|plan| Arc::clone(&plan.get().planned));
        Ok(questions::answer(opened, question, given, plan))
    }

    fn closing(&self) -> Result<impl Future<Output = Result<Answer, Failure>> + Send + use<>, Failure> {
        of_this_process("protector", self.opened.process)?;
        let opened = Arc::clone(&self.opened);
        Ok(async move {
            opened.close().await;
            Ok(Answer::Nothing)
        })
    }
}
