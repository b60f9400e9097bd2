//! An operation that is under way, here or elsewhere: what has happened, what comes next, and how it ended.

use crate::failure::Failure;
use crate::handle::Opened;
use crate::waiting::{self, Product};
use protector_core::domain::{Finding, OperationStatus, Remnant};
use protector_core::engine::Plan;
use protector_core::error::{Class, Code};
use protector_core::faces::{documents, exit, trouble};
use protector_core::id::{OperationId, SiteName};
use protector_core::protector::{OperationHandle, OperationReport, Protector, Watcher};
use pyo3::prelude::*;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How often it is looked whether an operation of another process was left.
const LOOK: Duration = Duration::from_secs(1);

/// How an operation ended, as a document: what came of it, or the error.
pub(crate) type End = Result<Value, Value>;

/// What has happened so far. Whoever reads it begins at the beginning.
#[derive(Debug)]
pub(crate) struct Course {
    events: Mutex<Vec<Value>>,
    /// How many events there are, and how it ended once it has.
    state: watch::Sender<(usize, Option<End>)>,
    stop: CancellationToken,
}

impl Course {
    pub(crate) fn new(stop: CancellationToken) -> Arc<Self> {
        let (events, state) = (Mutex::new(Vec::new()), watch::Sender::new((0, None)));
        Arc::new(Self { events, state, stop })
    }

    pub(crate) fn went(&self, event: Value) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.push(event);
        let count = events.len();
        drop(events);
        self.state.send_modify(|state| state.0 = count);
    }

    fn ended(&self, end: Result<End, Failure>) {
        let end = end.unwrap_or_else(|failure| Err(failure.document()));
        self.state.send_modify(|state| state.1 = Some(end));
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.state.borrow().1.is_some()
    }

    /// Runs what follows it to its end. That a task is lost is an end, too: nobody waits for it for ever.
    pub(crate) fn led_by(
        self: &Arc<Self>,
        followed: impl Future<Output = Result<End, Failure>> + Send + 'static,
    ) {
        let (course, followed) = (Arc::clone(self), tokio::spawn(followed));
        tokio::spawn(async move {
            course.ended(followed.await.unwrap_or_else(|lost| Err(Failure::of_task(lost))));
        });
    }

    /// Nothing new is begun.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Waits until it is over.
    pub(crate) async fn end(&self) -> End {
        let mut state = self.state.subscribe();
        let lost = || Err(Failure::Panicked("the task of a run was lost".to_owned()).document());
        match state.wait_for(|(_, end)| end.is_some()).await {
            Ok(state) => state.1.clone().unwrap_or_else(lost),
            Err(_) => lost(),
        }
    }

    /// What happened at that place; none if it ended before.
    async fn event(&self, place: usize) -> Option<Value> {
        let mut state = self.state.subscribe();
        // The sender is in here: it is not gone.
        drop(state.wait_for(|(count, end)| *count > place || end.is_some()).await);
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.get(place).cloned()
    }
}

/// Follows an operation that this process runs.
pub(crate) fn follow(protector: Protector, handle: OperationHandle, begun: Begun) -> Arc<Course> {
    let (id, course) = (handle.id(), Course::new(handle.stop_token()));
    let told = Arc::clone(&course);
    course.led_by(async move {
        let mut handle = handle;
        while let Some(progress) = handle.next().await {
            told.went(documents::progress(id, &progress));
        }
        let report = handle.finish().await?;
        let remains = protector.remains(report.operation.id).await?;
        Ok(accounted(&report, &remains, &begun))
    });
    course
}

/// How an operation was begun.
#[derive(Debug, Default)]
pub(crate) struct Begun {
    /// What its plan warned of.
    pub(crate) warnings: Vec<Finding>,
    /// Whether it is to be undone: that it is rolled back is what is wanted then.
    pub(crate) to_be_undone: bool,
}

fn accounted(report: &OperationReport, remains: &[Remnant], begun: &Begun) -> End {
    let outcome = documents::outcome(report, &begun.warnings, remains);
    let exit = exit::of_outcome(report, remains);
    let undone = begun.to_be_undone && exit == exit::ROLLED_BACK;
    let trouble = trouble(report).filter(|_| !undone);
    ended_with((outcome, exit), trouble, (None, &begun.warnings))
}

/// An outcome, with what the command would have ended with; if something is wrong it is part of an error, which is about a site
/// if it is about one.
pub(crate) fn ended_with(
    (mut outcome, exit): (Value, u8),
    trouble: Option<(Code, String)>,
    (site, warnings): (Option<&SiteName>, &[Finding]),
) -> End {
    if let Some(fields) = outcome.as_object_mut() {
        fields.insert("exit_code".to_owned(), json!(exit));
    }
    let Some((code, message)) = trouble else { return Ok(outcome) };
    Err(json!({
        "error": {"code": code, "message": message, "hint": code.hint(), "site": site, "request_ids": [],
            "retryable": code.class() == Class::Transient, "exit_code": exit},
        "findings": [], "warnings": warnings, "outcome": outcome,
    }))
}

/// Follows an operation that any process runs, until it ends or nobody goes on with it.
pub(crate) fn watch(protector: Protector, id: OperationId, watcher: Watcher) -> Arc<Course> {
    let stop = CancellationToken::new();
    let course = Course::new(stop.clone());
    let told = Arc::clone(&course);
    course.led_by(async move {
        let mut watcher = watcher;
        let mut left = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                progress = watcher.next() => match progress? {
                    Some(progress) => told.went(documents::progress(id, &progress)),
                    None => break,
                },
                _ = left.tick() => {
                    if protector.operation(id).await?.status == OperationStatus::Paused {
                        break;
                    }
                }
            }
        }
        let operation = protector.operation(id).await?;
        let exit = exit::of_status(operation.status);
        Ok(Ok(json!({"operation": operation, "exit_code": exit})))
    });
    course
}

/// An operation that is under way: what has happened in it, and how it ends.
#[pyclass(frozen, module = "protector._native")]
#[derive(Debug)]
pub(crate) struct Run {
    opened: Arc<Opened>,
    course: Arc<Course>,
    id: OperationId,
    plan: Arc<Plan>,
}

impl Run {
    pub(crate) fn new(opened: Arc<Opened>, course: Arc<Course>, id: OperationId, plan: Arc<Plan>) -> Self {
        Self { opened, course, id, plan }
    }

    /// Nobody holds it: it is stopped where `resume` goes on.
    pub(crate) fn abandon(&self) {
        self.course.stop();
    }
}

/// What a run gives when it is asked.
pub(crate) enum Told {
    Event(Option<Value>),
    End(Value),
}

impl Product for Told {
    fn give(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self {
            Self::Event(event) => crate::conversion::to_python(py, &event).map(Bound::unbind),
            Self::End(end) => crate::conversion::to_python(py, &end).map(Bound::unbind),
        }
    }

    fn abandon(self) {}
}

/// What happened at that place.
pub(crate) fn event_at(
    course: &Arc<Course>,
    place: usize,
) -> impl Future<Output = Result<Told, Failure>> + use<> {
    let course = Arc::clone(course);
    async move { Ok(Told::Event(course.event(place).await)) }
}

/// How it ended, waited for at most so many seconds; `what` is what errors call it.
pub(crate) fn end_within(
    course: &Arc<Course>,
    timeout: Option<f64>,
    what: String,
) -> impl Future<Output = Result<Told, Failure>> + use<> {
    let course = Arc::clone(course);
    async move {
        let Some(seconds) = timeout else { return told(course.end().await) };
        let longest = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX);
        match tokio::time::timeout(longest, course.end()).await {
            Ok(end) => told(end),
            Err(_) => Err(Failure::Late { what, seconds }),
        }
    }
}

fn told(end: End) -> Result<Told, Failure> {
    end.map(Told::End).map_err(|error| Failure::Told(Box::new(error)))
}

impl Run {
    fn ended(&self, timeout: Option<f64>) -> impl Future<Output = Result<Told, Failure>> + use<> {
        let Plan { operation_type, group_name, .. } = &*self.plan;
        let what = format!("{operation_type} of group {group_name} (operation {})", self.id);
        end_within(&self.course, timeout, what)
    }
}

#[pymethods]
impl Run {
    #[getter]
    fn operation_id(&self) -> String {
        self.id.to_string()
    }

    #[getter]
    fn operation_type(&self) -> &'static str {
        self.plan.operation_type.as_str()
    }

    #[getter]
    fn group(&self) -> &str {
        &self.plan.group_name
    }

    #[getter]
    fn plan_hash(&self) -> String {
        self.plan.hash()
    }

    /// The steps' ids and titles, in the plan's order.
    #[getter]
    fn steps(&self) -> Vec<(String, &str)> {
        self.plan.steps.iter().map(|step| (step.id.to_string(), step.title.as_str())).collect()
    }

    #[getter]
    fn ended_already(&self) -> bool {
        self.course.has_ended()
    }

    fn stop(&self) {
        self.course.stop();
    }

    fn event(&self, py: Python<'_>, place: usize) -> PyResult<Py<PyAny>> {
        self.opened.usable()?;
        waiting::wait(py, event_at(&self.course, place))
    }

    fn event_async<'py>(&self, py: Python<'py>, place: usize) -> PyResult<Bound<'py, PyAny>> {
        self.opened.usable()?;
        waiting::awaitable(py, event_at(&self.course, place))
    }

    #[pyo3(signature = (timeout=None))]
    fn result(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<Py<PyAny>> {
        self.opened.usable()?;
        waiting::wait(py, self.ended(timeout))
    }

    #[pyo3(signature = (timeout=None))]
    fn result_async<'py>(&self, py: Python<'py>, timeout: Option<f64>) -> PyResult<Bound<'py, PyAny>> {
        self.opened.usable()?;
        waiting::awaitable(py, self.ended(timeout))
    }
}
