//! The conformance suite, for drivers in Python: the bench is an object, too.

use crate::driver::documents::{Document, Malformed, Part};
use crate::driver::failures::{Raised, error_of};
use crate::driver::{PythonDriver, ended, in_python};
use crate::failure::Failure;
use crate::handle::Answer;
use crate::{conversion, waiting};
use futures::future::BoxFuture;
use protector_core::driver::conformance::{self, Arranged, Arrangement, Bench, Half, Object};
use protector_core::driver::{Error, StorageDriver};
use protector_core::error::chain;
use protector_core::id::{ArrayName, ArrayVolumeId, VolumeId};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Two arrays in Python, and what the suite has to arrange on them: `protector.testing.Bench`.
struct PythonBench(Arc<Py<PyAny>>);

fn name_of(half: Half) -> &'static str {
    match half {
        Half::A => "a",
        Half::B => "b",
    }
}

impl PythonBench {
    fn arrange<T: Document + Send + 'static>(
        &self,
        what: &'static str,
        given: Vec<Value>,
    ) -> Arrangement<'_, T> {
        let object = Arc::clone(&self.0);
        let call = move || {
            Python::try_attach(|py| {
                let given = given.iter().map(|value| conversion::to_python(py, value));
                let given = given.collect::<PyResult<Vec<_>>>().and_then(|given| PyTuple::new(py, given));
                let answered = given.and_then(|given| object.bind(py).call_method1(what, given));
                let answered = answered.and_then(|answered| conversion::answer(&answered));
                answered.map_err(|raised| Raised::of(py, &raised))
            })
        };
        Box::pin(async move {
            let answered = tokio::task::spawn_blocking(call).await?;
            let answered = answered.ok_or_else(ended)??;
            Ok(T::read(Part::whole(what, answered))?)
        })
    }
}

/// A group that was made; its documents are read only.
impl Document for Given<Arranged> {
    fn write(&self) -> Value {
        json!({"group": self.0.group, "volumes": self.0.volumes})
    }

    fn read(part: Part) -> Result<Self, Malformed> {
        let mut fields = part.fields()?;
        let arranged = Arranged { group: fields.take("group")?, volumes: fields.take("volumes")? };
        fields.end()?;
        Ok(Self(arranged))
    }
}

/// What is on an array: descriptions by name by kind.
impl Document for Given<BTreeMap<Object, String>> {
    fn write(&self) -> Value {
        Value::Null
    }

    fn read(part: Part) -> Result<Self, Malformed> {
        let mut all = BTreeMap::new();
        for (kind, objects) in part.fields()?.all() {
            for (name, description) in objects.fields()?.all() {
                all.insert((kind.clone(), name), String::read(description)?);
            }
        }
        Ok(Self(all))
    }
}

/// What a bench gives.
struct Given<T>(T);

impl Bench for PythonBench {
    fn open(&self, half: Half) -> Result<Arc<dyn StorageDriver>, Error> {
        let name = name_of(half);
        let unnamed = ArrayName::from(name);
        let attempted = format!("open the driver of half {name}");
        let opened = in_python(|py| {
            let made = self.0.bind(py).call_method1("open", (name,)).and_then(|made| {
                let array: String = made.getattr("array")?.extract()?;
                PythonDriver::of(array.into(), &made)
            });
            made.map_err(|raised| error_of(py, &raised, &unnamed, &attempted))
        });
        match opened {
            Some(driver) => Ok(Arc::new(driver?)),
            None => Err(Error::Other { array: unnamed, attempted, source: Box::new(ended()) }),
        }
    }

    fn create_group(&self, half: Half, volumes: usize) -> Arrangement<'_, Arranged> {
        Box::pin(async move {
            let given = vec![name_of(half).into(), volumes.into()];
            Ok(self.arrange::<Given<Arranged>>("create_group", given).await?.0)
        })
    }

    fn delete_group<'a>(&'a self, half: Half, group: &'a Arranged) -> Arrangement<'a, ()> {
        let group = Given(group.clone()).write();
        self.arrange("delete_group", vec![name_of(half).into(), group])
    }

    fn create_volume(&self, half: Half) -> Arrangement<'_, VolumeId> {
        self.arrange("create_volume", vec![name_of(half).into()])
    }

    fn create_lookalikes<'a>(&'a self, half: Half, of: &'a Arranged) -> Arrangement<'a, ()> {
        let of = Given(of.clone()).write();
        self.arrange("create_lookalikes", vec![name_of(half).into(), of])
    }

    fn connect<'a>(&'a self, half: Half, volume: &'a ArrayVolumeId) -> Arrangement<'a, ()> {
        self.arrange("connect", vec![name_of(half).into(), volume.write()])
    }

    fn disconnect<'a>(&'a self, half: Half, volume: &'a ArrayVolumeId) -> Arrangement<'a, ()> {
        self.arrange("disconnect", vec![name_of(half).into(), volume.write()])
    }

    fn write<'a>(&'a self, half: Half, volume: &'a ArrayVolumeId, content: &'a str) -> Arrangement<'a, ()> {
        self.arrange("write", vec![name_of(half).into(), volume.write(), content.into()])
    }

    fn read<'a>(&'a self, half: Half, volume: &'a ArrayVolumeId) -> Arrangement<'a, String> {
        self.arrange("read", vec![name_of(half).into(), volume.write()])
    }

    fn slow_transfers(&self) -> Arrangement<'_, ()> {
        self.arrange("slow_transfers", Vec::new())
    }

    fn hold_transfers(&self) -> Arrangement<'_, ()> {
        self.arrange("hold_transfers", Vec::new())
    }

    fn release_transfers(&self) -> Arrangement<'_, ()> {
        self.arrange("release_transfers", Vec::new())
    }

    fn schedule_often(&self, keep: Option<u64>) -> Arrangement<'_, ()> {
        self.arrange("schedule_often", vec![json!(keep)])
    }

    fn schedule_as_set(&self) -> Arrangement<'_, ()> {
        self.arrange("schedule_as_set", Vec::new())
    }

    fn everything(&self, half: Half) -> Arrangement<'_, BTreeMap<Object, String>> {
        Box::pin(async move {
            let given = vec![name_of(half).into()];
            Ok(self.arrange::<Given<BTreeMap<Object, String>>>("everything", given).await?.0)
        })
    }

    fn sessions(&self, half: Half) -> Arrangement<'_, usize> {
        Box::pin(async move {
            let open: u64 = self.arrange("sessions", vec![name_of(half).into()]).await?;
            Ok(usize::try_from(open)?)
        })
    }

    fn kill(&self, half: Half) -> Arrangement<'_, ()> {
        self.arrange("kill", vec![name_of(half).into()])
    }

    fn revive(&self, half: Half) -> Arrangement<'_, ()> {
        self.arrange("revive", vec![name_of(half).into()])
    }

    fn wait(&self) -> BoxFuture<'_, ()> {
        // A bench that cannot even wait fails at what it is asked next.
        Box::pin(async move { drop(self.arrange::<()>("wait", Vec::new()).await) })
    }
}

/// The numbers of the contract's clauses.
#[pyfunction]
pub(crate) fn clauses() -> Vec<u8> {
    conformance::CLAUSES.collect()
}

/// Tries one clause, and tells how it is broken: nothing, if it is kept.
#[pyfunction]
pub(crate) fn try_clause(py: Python<'_>, bench: Py<PyAny>, clause: u8) -> PyResult<Py<PyAny>> {
    let bench = PythonBench(Arc::new(bench));
    waiting::wait(py, async move {
        let Err(violation) = conformance::run(&bench, clause).await else { return Ok(Answer::Nothing) };
        let found = match &violation.source {
            Some(source) => format!("{}: {}", violation.found, chain(&**source)),
            None => violation.found,
        };
        Ok::<_, Failure>(Answer::Text(found))
    })
}
