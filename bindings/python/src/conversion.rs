//! The way of values from one language to the other.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString};
use serde::ser::{self, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// A value, as Python has it: objects are dicts, lists are lists.
pub(crate) fn to_python<'py, T: Serialize + ?Sized>(
    py: Python<'py>,
    value: &T,
) -> PyResult<Bound<'py, PyAny>> {
    value.serialize(ToPython { py }).map_err(|failed| failed.0)
}

/// Keyword arguments.
pub(crate) fn arguments(given: &Bound<'_, PyDict>) -> PyResult<Map<String, Value>> {
    match from_python(given.as_any(), "an argument", 0)? {
        Value::Object(fields) => Ok(fields),
        _ => Err(PyTypeError::new_err("arguments are named")),
    }
}

/// What something in Python answered.
pub(crate) fn answer(given: &Bound<'_, PyAny>) -> PyResult<Value> {
    from_python(given, "an answer", 0)
}

/// More than any document has; what contains itself has more.
const DEEPEST: usize = 64;

fn from_python(value: &Bound<'_, PyAny>, role: &str, depth: usize) -> PyResult<Value> {
    if depth > DEEPEST {
        return Err(PyValueError::new_err("the value is nested too deeply"));
    }
    if value.is_none() {
        return Ok(Value::Null);
    }
    if value.is_instance_of::<PyBool>() {
        return Ok(Value::Bool(value.extract()?));
    }
    if value.is_instance_of::<PyInt>() {
        return match value.extract::<i64>() {
            Ok(number) => Ok(number.into()),
            Err(_) => Ok(value.extract::<u64>()?.into()),
        };
    }
    if value.is_instance_of::<PyFloat>() {
        return Ok(value.extract::<f64>()?.into());
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(text.to_str()?.into());
    }
    if let Ok(mapping) = value.cast::<PyMapping>() {
        let mut fields = Map::new();
        for entry in mapping.items()?.iter() {
            let (name, value): (String, Bound<'_, PyAny>) = entry.extract()?;
            fields.insert(name, from_python(&value, role, depth + 1)?);
        }
        return Ok(Value::Object(fields));
    }
    if let Ok(items) = value.try_iter() {
        let items = items.map(|item| from_python(&item?, role, depth + 1));
        return Ok(Value::Array(items.collect::<PyResult<_>>()?));
    }
    let kind = value.get_type().name()?;
    Err(PyTypeError::new_err(format!("a {kind} cannot be {role}: give text, numbers, lists or dicts")))
}

#[derive(Debug)]
struct Failed(PyErr);

impl fmt::Display for Failed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

impl std::error::Error for Failed {}

impl ser::Error for Failed {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(PyValueError::new_err(message.to_string()))
    }
}

impl From<PyErr> for Failed {
    fn from(error: PyErr) -> Self {
        Self(error)
    }
}

#[derive(Clone, Copy)]
struct ToPython<'py> {
    py: Python<'py>,
}

type Given<'py> = Result<Bound<'py, PyAny>, Failed>;

/// A list that is being filled, alone or as the one field of an object.
struct Items<'py> {
    py: Python<'py>,
    values: Vec<Bound<'py, PyAny>>,
    variant: Option<&'static str>,
}

/// An object that is being filled, alone or as the one field of another.
struct Fields<'py> {
    py: Python<'py>,
    object: Bound<'py, PyDict>,
    key: Option<Bound<'py, PyAny>>,
    variant: Option<&'static str>,
}

impl<'py> ToPython<'py> {
    fn items(self, length: Option<usize>, variant: Option<&'static str>) -> Items<'py> {
        Items { py: self.py, values: Vec::with_capacity(length.unwrap_or_default()), variant }
    }

    fn fields(self, variant: Option<&'static str>) -> Fields<'py> {
        Fields { py: self.py, object: PyDict::new(self.py), key: None, variant }
    }
}

fn within<'py>(py: Python<'py>, variant: Option<&'static str>, value: Bound<'py, PyAny>) -> Given<'py> {
    let Some(variant) = variant else { return Ok(value) };
    let object = PyDict::new(py);
    object.set_item(PyString::intern(py, variant), value)?;
    Ok(object.into_any())
}

/// A field as Python names it: services write some of theirs with what they extend before a colon.
pub(crate) fn field(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, field)| field)
}

macro_rules! plain {
    ($($method:ident: $kind:ty;)*) => {
        $(fn $method(self, value: $kind) -> Given<'py> {
            Ok(value.into_pyobject(self.py).map_err(PyErr::from)?.to_owned().into_any())
        })*
    };
}

impl<'py> ser::Serializer for ToPython<'py> {
    type Ok = Bound<'py, PyAny>;
    type Error = Failed;
    type SerializeSeq = Items<'py>;
    type SerializeTuple = Items<'py>;
    type SerializeTupleStruct = Items<'py>;
    type SerializeTupleVariant = Items<'py>;
    type SerializeMap = Fields<'py>;
    type SerializeStruct = Fields<'py>;
    type SerializeStructVariant = Fields<'py>;

    plain! {
        serialize_bool: bool;
        serialize_i8: i8;
        serialize_i16: i16;
        serialize_i32: i32;
        serialize_i64: i64;
        serialize_u8: u8;
        serialize_u16: u16;
        serialize_u32: u32;
        serialize_u64: u64;
        serialize_f32: f32;
        serialize_f64: f64;
        serialize_char: char;
        serialize_str: &str;
    }

    fn serialize_bytes(self, value: &[u8]) -> Given<'py> {
        Ok(PyBytes::new(self.py, value).into_any())
    }

    fn serialize_none(self) -> Given<'py> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Given<'py> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Given<'py> {
        Ok(self.py.None().into_bound(self.py))
    }

    fn serialize_unit_struct(self, _: &'static str) -> Given<'py> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Given<'py> {
        Ok(PyString::intern(self.py, variant).into_any())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Given<'py> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Given<'py> {
        within(self.py, Some(variant), value.serialize(self)?)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Items<'py>, Failed> {
        Ok(self.items(length, None))
    }

    fn serialize_tuple(self, length: usize) -> Result<Items<'py>, Failed> {
        Ok(self.items(Some(length), None))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Items<'py>, Failed> {
        Ok(self.items(Some(length), None))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Items<'py>, Failed> {
        Ok(self.items(Some(length), Some(variant)))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Fields<'py>, Failed> {
        Ok(self.fields(None))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields<'py>, Failed> {
        Ok(self.fields(None))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Fields<'py>, Failed> {
        Ok(self.fields(Some(variant)))
    }
}

impl<'py> Items<'py> {
    fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        self.values.push(value.serialize(ToPython { py: self.py })?);
        Ok(())
    }

    fn list(self) -> Given<'py> {
        within(self.py, self.variant, PyList::new(self.py, self.values)?.into_any())
    }
}

macro_rules! items {
    ($($kind:ident: $method:ident;)*) => {
        $(impl<'py> ser::$kind for Items<'py> {
            type Ok = Bound<'py, PyAny>;
            type Error = Failed;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
                self.add(value)
            }

            fn end(self) -> Given<'py> {
                self.list()
            }
        })*
    };
}

items! {
    SerializeSeq: serialize_element;
    SerializeTuple: serialize_element;
    SerializeTupleStruct: serialize_field;
    SerializeTupleVariant: serialize_field;
}

impl<'py> ser::SerializeMap for Fields<'py> {
    type Ok = Bound<'py, PyAny>;
    type Error = Failed;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Failed> {
        self.key = Some(key.serialize(ToPython { py: self.py })?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        let key = self.key.take().ok_or_else(|| Failed(PyValueError::new_err("a value without a key")))?;
        self.object.set_item(key, value.serialize(ToPython { py: self.py })?)?;
        Ok(())
    }

    fn end(self) -> Given<'py> {
        within(self.py, self.variant, self.object.into_any())
    }
}

macro_rules! fields {
    ($($kind:ident),*) => {
        $(impl<'py> ser::$kind for Fields<'py> {
            type Ok = Bound<'py, PyAny>;
            type Error = Failed;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Failed> {
                let value = value.serialize(ToPython { py: self.py })?;
                self.object.set_item(PyString::intern(self.py, field(name)), value)?;
                Ok(())
            }

            fn end(self) -> Given<'py> {
                within(self.py, self.variant, self.object.into_any())
            }
        })*
    };
}

fields!(SerializeStruct, SerializeStructVariant);
