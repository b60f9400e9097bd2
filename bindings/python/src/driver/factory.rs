use super::PythonDriver;
use super::failures::{Raised, error_of};
use super::native::Settings;
use protector_core::driver::{ArraySettings, DriverFactory, Error, StorageDriver};
use protector_core::id::ArrayName;
use pyo3::prelude::*;
use std::sync::Arc;

/// Makes the drivers of one kind by calling what was handed to `protector.open`: a subclass of `StorageDriver`, or a function.
#[derive(Debug)]
pub(crate) struct PythonFactory {
    name: String,
    make: Py<PyAny>,
}

impl PythonFactory {
    pub(crate) fn new(name: String, make: Py<PyAny>) -> Self {
        Self { name, make }
    }
}

/// Does something in Python where tasks run: what waits for the interpreter keeps no task waiting.
pub(crate) fn in_python<T>(action: impl FnOnce(Python<'_>) -> T) -> Option<T> {
    tokio::task::block_in_place(|| Python::try_attach(action))
}

/// Nothing can be asked in Python any more.
pub(crate) fn ended() -> Raised {
    Raised::said("the interpreter has ended")
}

impl DriverFactory for PythonFactory {
    fn name(&self) -> &str {
        &self.name
    }

    fn open(&self, array: &ArrayName, settings: ArraySettings) -> Result<Arc<dyn StorageDriver>, Error> {
        let attempted = format!("make the driver {}", self.name);
        let opened = in_python(|py| {
            let settings = Settings::new(settings);
            let made = self.make.bind(py).call1((array.as_str(), settings));
            let made = made.and_then(|made| PythonDriver::of(array.clone(), &made));
            made.map_err(|raised| error_of(py, &raised, array, &attempted))
        });
        match opened {
            Some(driver) => Ok(Arc::new(driver?)),
            None => Err(Error::Other { array: array.clone(), attempted, source: Box::new(ended()) }),
        }
    }
}
