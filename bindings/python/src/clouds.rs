//! Lists of the typed OpenStack clients. What came is kept as it was read, and turned into Python item by item.

use crate::conversion::{arguments, field, to_python};
use crate::failure::Failure;
use crate::handle::of_this_process;
use crate::waiting::{self, Product};
use futures::TryStreamExt;
use protector_core::config::{Clouds, Environment};
use protector_core::faces::arguments::{ArgumentError, Arguments};
use protector_core::id::SiteName;
use protector_core::openstack;
use protector_core::protector::{self, connect};
use protector_core::time::SystemClock;
use protector_core::transport::{Context, HttpTransports};
use pyo3::exceptions::{PyAttributeError, PyIndexError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList};
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const KINDS: &[&str] = &[
    "servers",
    "flavors",
    "volumes",
    "volume_types",
    "snapshots",
    "ports",
    "networks",
    "subnets",
    "security_groups",
    "floating_ips",
    "images",
];

/// One cloud's typed clients, and their session.
#[pyclass(frozen, module = "protector._native")]
#[derive(Debug)]
pub(crate) struct Cloud {
    cloud: openstack::Cloud,
    process: u32,
}

#[pymethods]
impl Cloud {
    /// Reads `clouds.yaml`; nothing is sent yet.
    #[staticmethod]
    #[pyo3(signature = (name, *, region=None, clouds=None))]
    #[expect(clippy::needless_pass_by_value, reason = "what comes from Python is owned")]
    fn open(name: &str, region: Option<&str>, clouds: Option<PathBuf>) -> PyResult<Self> {
        let cloud = opened(name, region, clouds.as_deref()).map_err(Failure::from)?;
        Ok(Self { cloud, process: std::process::id() })
    }

    #[getter]
    fn name(&self) -> &str {
        self.cloud.session().site().as_str()
    }

    /// Lists, and waits for the whole list.
    fn list(&self, py: Python<'_>, kind: &str, filters: &Bound<'_, PyDict>) -> PyResult<Py<PyAny>> {
        waiting::wait(py, self.listing(kind, filters)?)
    }

    /// Lists, and gives an awaitable.
    fn list_async<'py>(
        &self,
        py: Python<'py>,
        kind: &str,
        filters: &Bound<'_, PyDict>,
    ) -> PyResult<Bound<'py, PyAny>> {
        waiting::awaitable(py, self.listing(kind, filters)?)
    }
}

impl Cloud {
    fn listing(
        &self,
        kind: &str,
        filters: &Bound<'_, PyDict>,
    ) -> PyResult<impl Future<Output = Result<Listed, Failure>> + Send + use<>> {
        of_this_process("the cloud", self.process)?;
        Ok(listed(self.cloud.clone(), kind.to_owned(), arguments(filters)?))
    }
}

fn opened(
    name: &str,
    region: Option<&str>,
    clouds: Option<&Path>,
) -> Result<openstack::Cloud, protector::Error> {
    let known = Clouds::load(&Environment::process(), clouds)?;
    connect(&SiteName::from(name), &known.cloud(name, region)?, &HttpTransports)
}

async fn listed(
    cloud: openstack::Cloud,
    kind: String,
    filters: Map<String, Value>,
) -> Result<Listed, Failure> {
    let context = Context::new(Arc::new(SystemClock::new()));
    let mut given = Arguments::new(format!("the list of {kind}"), filters);
    // A filter is the name of one of the query's fields: the service filters.
    macro_rules! all {
        ($client:expr) => {{
            given.end()?;
            Arc::new($client.list(&context).try_collect::<Vec<_>>().await.map_err(protector::Error::from)?)
        }};
        ($client:expr, $query:ty: $($filter:ident),*) => {{
            let mut query = <$query>::default();
            $(query.$filter = given.optional(stringify!($filter))?;)*
            given.end()?;
            let all = $client.list(&context, &query).try_collect::<Vec<_>>().await;
            Arc::new(all.map_err(protector::Error::from)?)
        }};
    }
    let rows: Arc<dyn Rows> = match kind.as_str() {
        "servers" => all!(cloud.servers(), openstack::compute::ServerQuery: name),
        "flavors" => all!(cloud.flavors()),
        "volumes" => all!(cloud.volumes(), openstack::block_storage::VolumeQuery: name, status, group_id),
        "volume_types" => all!(cloud.volume_types()),
        "snapshots" => {
            all!(cloud.snapshots(), openstack::block_storage::SnapshotQuery: volume_id, name, status)
        }
        "ports" => all!(cloud.ports(), openstack::network::PortQuery:
            network_id, mac_address, device_id, name, ip_address, project_id),
        "networks" => all!(cloud.networks(), openstack::network::NetworkQuery: name, project_id),
        "subnets" => all!(cloud.subnets(), openstack::network::SubnetQuery: network_id),
        "security_groups" => {
            all!(cloud.security_groups(), openstack::network::SecurityGroupQuery: name, project_id)
        }
        "floating_ips" => all!(cloud.floating_ips(), openstack::network::FloatingIpQuery:
            port_id, floating_ip_address, floating_network_id, project_id),
        "images" => all!(cloud.images(), openstack::image::ImageQuery: name, status, visibility, owner),
        other => {
            let (kind, known) = ("list", KINDS.to_vec());
            return Err(ArgumentError::NotOffered { kind, name: other.to_owned(), known }.into());
        }
    };
    Ok(Listed(rows))
}

struct Listed(Arc<dyn Rows>);

impl Product for Listed {
    fn give(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Ok(Py::new(py, Resources { rows: self.0 })?.into_any())
    }

    fn abandon(self) {}
}

/// What a service has listed, as it was read.
trait Rows: Send + Sync + fmt::Debug {
    fn count(&self) -> usize;
    fn item<'py>(&self, py: Python<'py>, place: usize) -> PyResult<Bound<'py, PyAny>>;
    fn value(&self) -> Value;
}

impl<T: Serialize + Send + Sync + fmt::Debug> Rows for Vec<T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn item<'py>(&self, py: Python<'py>, place: usize) -> PyResult<Bound<'py, PyAny>> {
        let item = self.get(place).ok_or_else(|| PyIndexError::new_err("there is no such item"))?;
        to_python(py, item)
    }

    fn value(&self) -> Value {
        let named = |item: &T| match serde_json::to_value(item) {
            Ok(Value::Object(fields)) => {
                let fields = fields.into_iter().map(|(name, value)| (field(&name).to_owned(), value));
                Value::Object(fields.collect())
            }
            other => other.unwrap_or_default(),
        };
        self.iter().map(named).collect()
    }
}

/// A list that is turned into Python as it is read.
#[pyclass(frozen, module = "protector._native", sequence)]
#[derive(Debug)]
pub(crate) struct Resources {
    rows: Arc<dyn Rows>,
}

#[pymethods]
impl Resources {
    fn __len__(&self) -> usize {
        self.rows.count()
    }

    fn __getitem__(&self, place: isize) -> PyResult<Resource> {
        let count = self.rows.count();
        let from_the_end = || count.checked_sub(place.unsigned_abs());
        let place = if place < 0 { from_the_end() } else { Some(place.unsigned_abs()) };
        let place = place.filter(|place| *place < count);
        let place = place.ok_or_else(|| PyIndexError::new_err(format!("the list has {count} items")))?;
        Ok(Resource { rows: Arc::clone(&self.rows), place, fields: PyOnceLock::new() })
    }

    /// All items as dicts.
    fn to_dicts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let items = (0..self.rows.count()).map(|place| self.rows.item(py, place));
        PyList::new(py, items.collect::<PyResult<Vec<_>>>()?)
    }

    /// All items as one JSON document.
    fn to_json(&self, py: Python<'_>) -> String {
        py.detach(|| self.rows.value().to_string())
    }

    fn __repr__(&self) -> String {
        format!("<{} resources>", self.rows.count())
    }
}

/// One item of a list: its fields are attributes.
#[pyclass(frozen, module = "protector._native")]
pub(crate) struct Resource {
    rows: Arc<dyn Rows>,
    place: usize,
    fields: PyOnceLock<Py<PyDict>>,
}

impl fmt::Debug for Resource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "item {} of {:?}", self.place, self.rows)
    }
}

impl Resource {
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyDict>> {
        let read = || Ok::<_, PyErr>(self.rows.item(py, self.place)?.cast_into::<PyDict>()?.unbind());
        Ok(self.fields.get_or_try_init(py, read)?.bind(py))
    }
}

#[pymethods]
impl Resource {
    fn __getattr__<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let fields = self.fields(py)?;
        fields.get_item(name)?.ok_or_else(|| {
            let known: Vec<String> = fields.keys().iter().map(|key| key.to_string()).collect();
            PyAttributeError::new_err(format!("there is no field {name}: there are {}", known.join(", ")))
        })
    }

    fn __dir__(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        let fields = self.fields(py)?.keys().iter().map(|key| key.to_string());
        Ok(fields.chain(["to_dict".to_owned()]).collect())
    }

    /// All fields.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.fields(py)?.copy()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<{}>", self.fields(py)?.repr()?))
    }
}
