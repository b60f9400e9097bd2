//! What a driver in Python is given, and the drivers in Rust as such a driver sees them.

use super::PythonDriver;
use super::documents::{Document, Malformed, Part};
use crate::conversion;
use crate::failure::Failure;
use crate::handle::{Answer, of_this_process};
use crate::waiting;
use protector_core::driver::{
    ArraySettings, Capabilities, EpochMark, Error, GroupOrigin, ReplicationSettings, StorageDriver,
};
use protector_core::id::{ArrayVolumeId, ConsistencyGroupId, VolumeId};
use protector_core::secret::{ExposeSecret, SecretString};
use protector_core::transport;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyList;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// Goes with every verb: until when it may take, and whether it is still wanted.
#[pyclass(frozen, module = "protector._native")]
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) context: transport::Context,
}

#[pymethods]
impl Context {
    #[new]
    #[pyo3(signature = (timeout=None))]
    fn new(timeout: Option<f64>) -> PyResult<Self> {
        let context = transport::Context::default();
        let Some(seconds) = timeout else { return Ok(Self { context }) };
        let within = Duration::try_from_secs_f64(seconds);
        let within = within.map_err(|_| PyValueError::new_err("timeout has to be a number of seconds"))?;
        Ok(Self { context: context.within(within) })
    }

    /// Seconds until it has to have ended; none without an end.
    #[getter]
    fn remaining(&self) -> Option<f64> {
        self.context.remaining().map(|left| left.as_secs_f64())
    }

    /// Whether it may go on: neither has its time passed, nor was it cancelled.
    #[getter]
    fn wanted(&self) -> bool {
        self.context.check().is_ok()
    }
}

/// How an array is reached, with the secret read.
#[pyclass(frozen, name = "ArraySettings", module = "protector._native")]
#[derive(Debug)]
pub(crate) struct Settings {
    settings: ArraySettings,
}

impl Settings {
    pub(crate) fn new(settings: ArraySettings) -> Self {
        Self { settings }
    }
}

#[pymethods]
impl Settings {
    #[new]
    #[pyo3(signature = (url, api_token, *, authorities=None, identity=None, verify=true))]
    fn of(
        url: &str,
        api_token: String,
        authorities: Option<Vec<u8>>,
        identity: Option<Vec<u8>>,
        verify: bool,
    ) -> PyResult<Self> {
        let url = url.parse().map_err(|_| PyValueError::new_err("url has to be an absolute URL"))?;
        let mut settings = ArraySettings::new(url, SecretString::from(api_token));
        settings.tls = transport::TlsSettings { authorities, identity, verify };
        Ok(Self { settings })
    }

    #[getter]
    fn url(&self) -> &str {
        self.settings.url.as_str()
    }

    #[getter]
    fn api_token(&self) -> &str {
        self.settings.api_token.expose_secret()
    }

    #[getter]
    fn authorities(&self) -> Option<&[u8]> {
        self.settings.tls.authorities.as_deref()
    }

    #[getter]
    fn identity(&self) -> Option<&[u8]> {
        self.settings.tls.identity.as_deref()
    }

    #[getter]
    fn verify(&self) -> bool {
        self.settings.tls.verify
    }

    fn __repr__(&self) -> String {
        format!("<ArraySettings of {}>", self.settings.url)
    }
}

/// A driver as protector sees it.
#[pyclass(frozen, module = "protector._native")]
#[derive(Debug)]
pub(crate) struct Driver {
    driver: Arc<dyn StorageDriver>,
    process: u32,
}

impl Driver {
    fn new(driver: Arc<dyn StorageDriver>) -> Self {
        Self { driver, process: std::process::id() }
    }
}

#[pymethods]
impl Driver {
    /// Opens a driver that the package brings, as `driver: pure` of `protector.yaml` does.
    #[staticmethod]
    fn open(name: &str, array: &str, settings: &Settings) -> PyResult<Self> {
        let brought = [protector_pure::factory(), protector_mock::factory()];
        let factory = brought.iter().find(|factory| factory.name() == name).ok_or_else(|| {
            let known: Vec<&str> = brought.iter().map(|factory| factory.name()).collect();
            PyValueError::new_err(format!("there is no driver {name}: there are {}", known.join(", ")))
        })?;
        let driver = factory.open(&array.into(), settings.settings.clone()).map_err(Failure::from)?;
        Ok(Self::new(driver))
    }

    /// A driver in Python, its answers looked at as protector does.
    #[staticmethod]
    fn of(array: &str, driver: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self::new(Arc::new(PythonDriver::of(array.into(), driver)?)))
    }

    #[getter]
    fn capabilities(&self) -> Vec<&'static str> {
        names_of(self.driver.capabilities())
    }

    /// Asks a verb, and waits for its answer.
    fn ask(
        &self,
        py: Python<'_>,
        verb: String,
        context: &Context,
        given: &Bound<'_, PyList>,
    ) -> PyResult<Py<PyAny>> {
        of_this_process("the driver", self.process)?;
        let (driver, context) = (Arc::clone(&self.driver), context.context.clone());
        let Value::Array(given) = conversion::answer(given.as_any())? else {
            return Err(PyValueError::new_err("arguments are a list"));
        };
        let given = Given { of: verb.clone(), values: given.into_iter() };
        waiting::wait(py, async move {
            if verb == "close" {
                driver.close(&context).await;
                return Ok(Answer::Nothing);
            }
            Ok(Answer::Document(ask(&*driver, &context, &verb, given).await?))
        })
    }
}

/// What a driver can do, by name.
fn names_of(capabilities: Capabilities) -> Vec<&'static str> {
    let named = super::CAPABILITIES.into_iter();
    named.filter(|(_, _, has)| has(capabilities)).map(|(name, _, _)| name).collect()
}

/// The arguments of a verb, each taken once, in their order.
struct Given {
    of: String,
    values: std::vec::IntoIter<Value>,
}

impl Given {
    fn next<T: Document>(&mut self, name: &str) -> Result<T, Malformed> {
        let place = format!("{}.{name}", self.of);
        match self.values.next() {
            Some(value) => T::read(Part::whole(place, value)),
            None => Err(Malformed::new(place, "is missing")),
        }
    }
}

macro_rules! asked {
    (
        ($driver:ident, $context:ident, $verb:ident, $given:ident)
        $($name:ident($($argument:ident: $kind:ty),*);)*
    ) => {
        match $verb {
            $(stringify!($name) => {
                $(let $argument: $kind = $given.next(stringify!($argument))?;)*
                $driver.$name($context $(, &$argument)*).await?.write()
            })*
            unknown => {
                let (array, attempted) = ($driver.array().clone(), unknown.to_owned());
                return Err(Error::Unsupported { array, attempted }.into());
            }
        }
    };
}

async fn ask(
    driver: &dyn StorageDriver,
    context: &transport::Context,
    verb: &str,
    mut given: Given,
) -> Result<Value, Failure> {
    Ok(asked! {
        (driver, context, verb, given)
        describe();
        resolve(volumes: Vec<VolumeId>);
        storage_group(group: ConsistencyGroupId);
        storage_group_by_name(group: String);
        set_replication(group: String, settings: ReplicationSettings);
        allow_replication(origin: GroupOrigin);
        replicate_now(group: String, point: String);
        source_point(group: String, point: String);
        source_points(group: String);
        recovery_points(origin: GroupOrigin);
        hold_point(origin: GroupOrigin, point: String);
        release_point(origin: GroupOrigin, point: String);
        materialize(origin: GroupOrigin, point: String, member: String, volume: ArrayVolumeId);
        content(volume: ArrayVolumeId);
        take_safety_snapshot(group: String, name: String);
        has_safety_snapshot(group: String, name: String);
        restore(group: String, name: String, volume: ArrayVolumeId);
        record_epoch(volumes: Vec<ArrayVolumeId>, mark: EpochMark);
        epoch(volume: ArrayVolumeId);
        discard_point(group: String, point: String);
        discard_replica(origin: GroupOrigin, point: String);
        discard_volume(volume: ArrayVolumeId);
        forget_marks(volumes: Vec<ArrayVolumeId>);
        discard_origin(origin: GroupOrigin);
    })
}
