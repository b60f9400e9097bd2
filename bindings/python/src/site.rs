//! A site that is being left: what has happened to its groups, and what became of each.

use crate::failure::Failure;
use crate::handle::Opened;
use crate::run::{Course, End, Told, end_within, ended_with, event_at};
use crate::waiting;
use protector_core::faces::{documents, exit, site_trouble};
use protector_core::id::SiteName;
use protector_core::protector::{SiteFailoverHandle, SiteFailoverReport, SiteProgress};
use pyo3::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Follows a site that this process leaves.
pub(crate) fn follow(handle: SiteFailoverHandle) -> Arc<Course> {
    let course = Course::new(handle.stop_token());
    let told = Arc::clone(&course);
    course.led_by(async move {
        let (mut handle, mut operations) = (handle, BTreeMap::new());
        while let Some(happened) = handle.next().await {
            if let SiteProgress::Begun { group, operation } = &happened {
                operations.insert(group.clone(), *operation);
            }
            told.went(documents::site_progress(&happened, &operations));
        }
        Ok(accounted(&handle.finish().await?))
    });
    course
}

fn accounted(report: &SiteFailoverReport) -> End {
    let outcome = (json!(report), exit::of_site_failover(report));
    ended_with(outcome, site_trouble(report), (Some(&report.site), &[]))
}

/// A site that is being left.
#[pyclass(frozen, module = "protector._native")]
#[derive(Debug)]
pub(crate) struct SiteRun {
    opened: Arc<Opened>,
    course: Arc<Course>,
    site: SiteName,
}

impl SiteRun {
    pub(crate) fn new(opened: Arc<Opened>, course: Arc<Course>, site: SiteName) -> Self {
        Self { opened, course, site }
    }

    /// Nobody holds it: no other group is begun.
    pub(crate) fn abandon(&self) {
        self.course.stop();
    }

    fn ended(&self, timeout: Option<f64>) -> impl Future<Output = Result<Told, Failure>> + use<> {
        end_within(&self.course, timeout, format!("failover of site {}", self.site))
    }
}

#[pymethods]
impl SiteRun {
    #[getter]
    fn site(&self) -> &str {
        self.site.as_str()
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
