//! A simulated pair, served by this process.

use crate::handle::of_this_process;
use crate::waiting::{self, Product};
use protector_core::time::SystemClock;
use protector_mock::pair::{Beginning, Folder, Place, ServedPair, Wanted};
use protector_mock::world::Pace;
use pyo3::prelude::*;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// A simulated pair, served.
#[pyclass(frozen, module = "protector._native")]
#[derive(Debug)]
pub(crate) struct Pair {
    served: Mutex<Option<ServedPair>>,
    process: u32,
    directory: PathBuf,
    admin: String,
}

/// A pair that serves, or has ended.
enum Served {
    Pair(Box<ServedPair>),
    Ended,
}

impl Product for Served {
    fn give(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let Self::Pair(served) = self else { return Ok(py.None()) };
        let pair = Pair {
            process: std::process::id(),
            directory: served.file(""),
            admin: served.addresses().origin(Place::Admin),
            served: Mutex::new(Some(*served)),
        };
        Ok(Py::new(py, pair)?.into_any())
    }

    fn abandon(self) {}
}

#[pymethods]
impl Pair {
    /// Serves the pair of a folder, or a new one.
    #[staticmethod]
    #[pyo3(signature = (directory, *, seed=None, estate=None, time_factor=None, profiles=Vec::new()))]
    fn start(
        py: Python<'_>,
        directory: PathBuf,
        seed: Option<u64>,
        estate: Option<PathBuf>,
        time_factor: Option<f64>,
        profiles: Vec<PathBuf>,
    ) -> PyResult<Py<PyAny>> {
        waiting::wait(py, async move {
            let wanted = Wanted {
                seed,
                beginning: estate.map_or(Beginning::Example, Beginning::File),
                pace: time_factor.map(Pace::Factor),
                profiles,
                ..Wanted::default()
            };
            let folder = Folder::open(&directory)?;
            let served = ServedPair::start(folder, &wanted, Arc::new(SystemClock::new())).await?;
            Ok(Served::Pair(Box::new(served)))
        })
    }

    #[getter]
    fn directory(&self) -> &PathBuf {
        &self.directory
    }

    #[getter]
    fn admin(&self) -> &str {
        &self.admin
    }

    /// Ends it; requests that are under way are let end. Twice is as good as once.
    fn close(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        of_this_process("the simulated pair", self.process)?;
        let served = self.served.lock().unwrap_or_else(PoisonError::into_inner).take();
        waiting::wait(py, async move {
            if let Some(served) = served {
                served.end().await;
            }
            Ok(Served::Ended)
        })
    }
}
