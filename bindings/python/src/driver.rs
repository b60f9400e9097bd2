//! A storage driver that is written in Python: each verb is a method of an object. It is called on a thread of its own, so that
//! neither other tasks nor the interpreter wait for an array; what it raises and what it answers are looked at here.

pub(crate) mod documents;
mod factory;
pub(crate) mod failures;
pub(crate) mod native;

pub(crate) use factory::{PythonFactory, ended, in_python};

use crate::conversion::{answer, to_python};
use documents::{Document, Malformed, Part, list};
use failures::{Raised, called, error_of};
use futures::future::BoxFuture;
use native::Context as GivenContext;
use protector_core::driver::{
    Answer, ArrayDescription, ArrayVolume, CLOSING_TIME, Capabilities, Content, EpochMark, Error,
    GroupOrigin, RecoveryPoint, ReplicationSettings, SourcePoint, StorageDriver, StorageGroup,
};
use protector_core::id::{ArrayName, ArrayVolumeId, ConsistencyGroupId, VolumeId};
use protector_core::transport::{CallFailure, Context, Stopped};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use serde_json::Value;
use std::sync::Arc;

/// A capability: its name, how it is added, and whether it is there.
type Capability = (&'static str, fn(Capabilities) -> Capabilities, fn(Capabilities) -> bool);

pub(crate) const CAPABILITIES: [Capability; 4] = [
    ("asynchronous", Capabilities::with_asynchronous, |capabilities| capabilities.asynchronous),
    ("overwrite", Capabilities::with_overwrite, |capabilities| capabilities.overwrite),
    ("marks", Capabilities::with_marks, |capabilities| capabilities.marks),
    ("holds", Capabilities::with_holds, |capabilities| capabilities.holds),
];

/// One array, spoken for in Python.
#[derive(Debug)]
pub(crate) struct PythonDriver {
    array: ArrayName,
    capabilities: Capabilities,
    object: Arc<Py<PyAny>>,
}

impl PythonDriver {
    /// Takes an object, which has to be a `StorageDriver`; what it can do is asked once.
    ///
    /// # Errors
    /// It is none, or says that it can do what there is not.
    pub(crate) fn of(array: ArrayName, object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let class = object.py().import("protector.driver")?.getattr("StorageDriver")?;
        if !object.is_instance(&class)? {
            let kind = object.get_type().name()?;
            let told = format!("the driver of {array} has to be a protector.StorageDriver, and is a {kind}");
            return Err(PyTypeError::new_err(told));
        }
        let mut capabilities = Capabilities::none();
        for name in object.getattr("capabilities")?.try_iter()? {
            let name: String = name?.extract()?;
            let with = CAPABILITIES.iter().find(|(known, _, _)| *known == name).map(|(_, with, _)| with);
            capabilities = with.ok_or_else(|| {
                let known = CAPABILITIES.map(|(name, _, _)| name).join(", ");
                PyValueError::new_err(format!("there is no capability {name}: there are {known}"))
            })?(capabilities);
        }
        Ok(Self { array, capabilities, object: Arc::new(object.clone().unbind()) })
    }

    /// Asks a verb. One that does not come back in time is not waited for; it goes on, as a request would that was sent.
    async fn asked<T: Document + Send + 'static>(
        &self,
        context: &Context,
        verb: &'static str,
        attempted: String,
        given: Vec<Value>,
    ) -> Result<T, Error> {
        let stopped = |failure| called(self.array.clone(), attempted.clone(), failure);
        context.check().map_err(|why| stopped(CallFailure::NotSent(why)))?;
        let (object, inner, array, purpose) =
            (Arc::clone(&self.object), context.clone(), self.array.clone(), attempted.clone());
        let call = move || {
            Python::try_attach(|py| {
                // It may have had to wait for a thread, or for the interpreter.
                inner
                    .check()
                    .map_err(|why| called(array.clone(), purpose.clone(), CallFailure::NotSent(why)))?;
                let answered = call(py, &object, verb, inner, &given);
                answered.map_err(|raised| error_of(py, &raised, &array, &purpose))
            })
        };
        let answered = context.before_deadline(tokio::task::spawn_blocking(call)).await;
        let other = |source: Box<dyn std::error::Error + Send + Sync>| Error::Other {
            array: self.array.clone(),
            attempted: attempted.clone(),
            source,
        };
        let value = match answered {
            Err(why @ (Stopped::Deadline | Stopped::Cancelled)) => {
                return Err(stopped(CallFailure::Interrupted(why)));
            }
            Ok(Err(lost)) => return Err(other(Box::new(lost))),
            Ok(Ok(None)) => return Err(other(Box::new(ended()))),
            Ok(Ok(Some(answered))) => answered?,
        };
        let read = value.and_then(|value| T::read(Part::whole(verb, value)));
        read.map_err(|malformed| stopped(CallFailure::Malformed { source: Box::new(malformed) }))
    }

    fn ask<'a, T: Document + Send + 'static>(
        &'a self,
        context: &'a Context,
        verb: &'static str,
        attempted: String,
        given: Vec<Value>,
    ) -> Answer<'a, T> {
        Box::pin(self.asked(context, verb, attempted, given))
    }
}

/// Calls a method; what it answers may still be no document at all.
fn call(
    py: Python<'_>,
    object: &Py<PyAny>,
    method: &str,
    context: Context,
    given: &[Value],
) -> PyResult<Result<Value, Malformed>> {
    let mut arguments = vec![Bound::new(py, GivenContext { context })?.into_any()];
    for value in given {
        arguments.push(to_python(py, value)?);
    }
    let answered = object.bind(py).call_method1(method, PyTuple::new(py, arguments)?)?;
    Ok(answer(&answered).map_err(|error| Malformed::new(method, format!("cannot be used: {error}"))))
}

/// A group as its targets see it.
fn seen(origin: &GroupOrigin) -> String {
    format!("{} of array {}", origin.group, origin.array)
}

impl StorageDriver for PythonDriver {
    fn array(&self) -> &ArrayName {
        &self.array
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn close<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let closing = context.within(CLOSING_TIME);
            let closed: Result<(), Error> =
                self.asked(&closing, "close", "close the driver".to_owned(), Vec::new()).await;
            if let Err(error) = closed {
                drop(tokio::task::spawn_blocking(move || Python::try_attach(|py| noted(py, &error))).await);
            }
        })
    }

    fn describe<'a>(&'a self, context: &'a Context) -> Answer<'a, ArrayDescription> {
        self.ask(context, "describe", "describe itself".to_owned(), Vec::new())
    }

    fn resolve<'a>(
        &'a self,
        context: &'a Context,
        volumes: &'a [VolumeId],
    ) -> Answer<'a, Vec<Option<ArrayVolume>>> {
        Box::pin(async move {
            let attempted = "resolve Cinder volumes".to_owned();
            let found: Vec<Option<ArrayVolume>> =
                self.asked(context, "resolve", attempted.clone(), vec![list(volumes)]).await?;
            if found.len() == volumes.len() {
                return Ok(found);
            }
            let told = format!(
                "has to have {} items, as many as were asked for, and has {}",
                volumes.len(),
                found.len()
            );
            let source = Box::new(Malformed::new("resolve", told));
            Err(called(self.array.clone(), attempted, CallFailure::Malformed { source }))
        })
    }

    fn storage_group<'a>(
        &'a self,
        context: &'a Context,
        group: &'a ConsistencyGroupId,
    ) -> Answer<'a, Option<StorageGroup>> {
        let attempted = format!("look for the storage group of {group}");
        self.ask(context, "storage_group", attempted, vec![group.write()])
    }

    fn storage_group_by_name<'a>(
        &'a self,
        context: &'a Context,
        group: &'a str,
    ) -> Answer<'a, Option<StorageGroup>> {
        let attempted = format!("look for storage group {group}");
        self.ask(context, "storage_group_by_name", attempted, vec![group.into()])
    }

    fn set_replication<'a>(
        &'a self,
        context: &'a Context,
        group: &'a str,
        settings: &'a ReplicationSettings,
    ) -> Answer<'a, ()> {
        let attempted = format!("set the replication of {group}");
        self.ask(context, "set_replication", attempted, vec![group.into(), settings.write()])
    }

    fn allow_replication<'a>(&'a self, context: &'a Context, origin: &'a GroupOrigin) -> Answer<'a, ()> {
        let attempted = format!("allow {} to replicate", seen(origin));
        self.ask(context, "allow_replication", attempted, vec![origin.write()])
    }

    fn replicate_now<'a>(&'a self, context: &'a Context, group: &'a str, point: &'a str) -> Answer<'a, ()> {
        let attempted = format!("replicate {group} as point {point}");
        self.ask(context, "replicate_now", attempted, vec![group.into(), point.into()])
    }

    fn source_point<'a>(
        &'a self,
        context: &'a Context,
        group: &'a str,
        point: &'a str,
    ) -> Answer<'a, Option<RecoveryPoint>> {
        let attempted = format!("look for point {point} of {group}");
        self.ask(context, "source_point", attempted, vec![group.into(), point.into()])
    }

    fn source_points<'a>(&'a self, context: &'a Context, group: &'a str) -> Answer<'a, Vec<SourcePoint>> {
        self.ask(context, "source_points", format!("list the snapshots of {group}"), vec![group.into()])
    }

    fn recovery_points<'a>(
        &'a self,
        context: &'a Context,
        origin: &'a GroupOrigin,
    ) -> Answer<'a, Vec<RecoveryPoint>> {
        let attempted = format!("list the recovery points of {}", seen(origin));
        self.ask(context, "recovery_points", attempted, vec![origin.write()])
    }

    fn hold_point<'a>(
        &'a self,
        context: &'a Context,
        origin: &'a GroupOrigin,
        point: &'a str,
    ) -> Answer<'a, ()> {
        let attempted = format!("hold point {point} of {}", seen(origin));
        self.ask(context, "hold_point", attempted, vec![origin.write(), point.into()])
    }

    fn release_point<'a>(
        &'a self,
        context: &'a Context,
        origin: &'a GroupOrigin,
        point: &'a str,
    ) -> Answer<'a, ()> {
        let attempted = format!("release point {point} of {}", seen(origin));
        self.ask(context, "release_point", attempted, vec![origin.write(), point.into()])
    }

    fn materialize<'a>(
        &'a self,
        context: &'a Context,
        origin: &'a GroupOrigin,
        point: &'a str,
        member: &'a str,
        volume: &'a ArrayVolumeId,
    ) -> Answer<'a, ()> {
        let attempted =
            format!("materialize {member} of point {point} of {} in volume {volume}", seen(origin));
        let given = vec![origin.write(), point.into(), member.into(), volume.write()];
        self.ask(context, "materialize", attempted, given)
    }

    fn content<'a>(&'a self, context: &'a Context, volume: &'a ArrayVolumeId) -> Answer<'a, Option<Content>> {
        self.ask(context, "content", format!("read what volume {volume} holds"), vec![volume.write()])
    }

    fn take_safety_snapshot<'a>(
        &'a self,
        context: &'a Context,
        group: &'a str,
        name: &'a str,
    ) -> Answer<'a, ()> {
        let attempted = format!("take safety snapshot {name} of {group}");
        self.ask(context, "take_safety_snapshot", attempted, vec![group.into(), name.into()])
    }

    fn has_safety_snapshot<'a>(
        &'a self,
        context: &'a Context,
        group: &'a str,
        name: &'a str,
    ) -> Answer<'a, bool> {
        let attempted = format!("look for safety snapshot {name} of {group}");
        self.ask(context, "has_safety_snapshot", attempted, vec![group.into(), name.into()])
    }

    fn restore<'a>(
        &'a self,
        context: &'a Context,
        group: &'a str,
        name: &'a str,
        volume: &'a ArrayVolumeId,
    ) -> Answer<'a, ()> {
        let attempted = format!("restore volume {volume} from safety snapshot {name} of {group}");
        self.ask(context, "restore", attempted, vec![group.into(), name.into(), volume.write()])
    }

    fn record_epoch<'a>(
        &'a self,
        context: &'a Context,
        volumes: &'a [ArrayVolumeId],
        mark: &'a EpochMark,
    ) -> Answer<'a, ()> {
        let attempted = format!("record epoch {} of {}", mark.epoch, mark.group);
        self.ask(context, "record_epoch", attempted, vec![list(volumes), mark.write()])
    }

    fn epoch<'a>(&'a self, context: &'a Context, volume: &'a ArrayVolumeId) -> Answer<'a, Option<EpochMark>> {
        self.ask(context, "epoch", format!("read the epoch of volume {volume}"), vec![volume.write()])
    }

    fn discard_point<'a>(&'a self, context: &'a Context, group: &'a str, point: &'a str) -> Answer<'a, ()> {
        let attempted = format!("discard point {point} of {group}");
        self.ask(context, "discard_point", attempted, vec![group.into(), point.into()])
    }

    fn discard_replica<'a>(
        &'a self,
        context: &'a Context,
        origin: &'a GroupOrigin,
        point: &'a str,
    ) -> Answer<'a, ()> {
        let attempted = format!("discard point {point} of {}", seen(origin));
        self.ask(context, "discard_replica", attempted, vec![origin.write(), point.into()])
    }

    fn discard_volume<'a>(&'a self, context: &'a Context, volume: &'a ArrayVolumeId) -> Answer<'a, ()> {
        self.ask(context, "discard_volume", format!("discard volume {volume}"), vec![volume.write()])
    }

    fn forget_marks<'a>(&'a self, context: &'a Context, volumes: &'a [ArrayVolumeId]) -> Answer<'a, ()> {
        self.ask(context, "forget_marks", "remove the marks of volumes".to_owned(), vec![list(volumes)])
    }

    fn discard_origin<'a>(&'a self, context: &'a Context, origin: &'a GroupOrigin) -> Answer<'a, ()> {
        let attempted = format!("discard what is left of {}", seen(origin));
        self.ask(context, "discard_origin", attempted, vec![origin.write()])
    }
}

/// Tells the log of Python what nobody can do anything about.
fn noted(py: Python<'_>, error: &Error) -> PyResult<()> {
    let log = py.import("logging")?.call_method1("getLogger", ("protector.driver",))?;
    log.call_method1("warning", (Raised::said(protector_core::error::chain(error)).to_string(),))?;
    Ok(())
}
