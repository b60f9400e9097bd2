//! What goes over the border between a driver and protector: documents, in `protector.driver` as types. What is read is looked at
//! field by field, and an error names the one that is wrong.

use jiff::Timestamp;
use protector_core::driver::{
    ArrayDescription, ArrayVolume, Content, EpochMark, GroupOrigin, Peer, PointMember, RecoveryPoint,
    ReplicationSettings, ReplicationTarget, SourcePoint, StorageGroup,
};
use protector_core::id::{ArrayName, ArrayVolumeId, ConsistencyGroupId, GroupId, OperationId, VolumeId};
use serde_json::{Map, Value, json};
use std::time::{Duration, SystemTime};

/// A document is not as it has to be.
#[derive(Debug, thiserror::Error)]
#[error("`{place}` {found}")]
pub(crate) struct Malformed {
    place: String,
    found: String,
}

impl Malformed {
    pub(crate) fn new(place: impl Into<String>, found: impl Into<String>) -> Self {
        Self { place: place.into(), found: found.into() }
    }
}

/// A value, and where in a document it is.
#[derive(Debug)]
pub(crate) struct Part {
    place: String,
    value: Value,
}

impl Part {
    /// All that was given or answered; `place` is what it is called.
    pub(crate) fn whole(place: impl Into<String>, value: Value) -> Self {
        Self { place: place.into(), value }
    }

    fn is_not(&self, wanted: &str) -> Malformed {
        let found = match &self.value {
            Value::Null => "None".to_owned(),
            Value::Bool(flag) => if *flag { "True" } else { "False" }.to_owned(),
            Value::Number(number) => number.to_string(),
            Value::String(text) => format!("the text {text:?}"),
            Value::Array(items) => format!("a list of {}", items.len()),
            Value::Object(fields) => format!("a dict with {} keys", fields.len()),
        };
        Malformed::new(&self.place, format!("has to be {wanted}, and is {found}"))
    }

    fn text(self) -> Result<String, Malformed> {
        match self.value {
            Value::String(text) => Ok(text),
            _ => Err(self.is_not("text")),
        }
    }

    pub(crate) fn fields(self) -> Result<Fields, Malformed> {
        match self.value {
            Value::Object(fields) => Ok(Fields { place: self.place, fields }),
            _ => Err(self.is_not("a dict")),
        }
    }
}

/// A dict of which each field is taken once.
pub(crate) struct Fields {
    place: String,
    fields: Map<String, Value>,
}

impl Fields {
    pub(crate) fn take<T: Document>(&mut self, name: &str) -> Result<T, Malformed> {
        let place = format!("{}.{name}", self.place);
        match self.fields.remove(name) {
            Some(value) => T::read(Part { place, value }),
            None => Err(Malformed::new(place, "is missing")),
        }
    }

    /// All of them, whatever they are called.
    pub(crate) fn all(self) -> impl Iterator<Item = (String, Part)> {
        let place = self.place;
        self.fields.into_iter().map(move |(name, value)| {
            let place = format!("{place}.{name}");
            (name, Part { place, value })
        })
    }

    pub(crate) fn end(self) -> Result<(), Malformed> {
        match self.fields.into_iter().next() {
            Some((name, _)) => Err(Malformed::new(format!("{}.{name}", self.place), "is not known")),
            None => Ok(()),
        }
    }
}

/// What goes over the border.
pub(crate) trait Document: Sized {
    /// The document.
    fn write(&self) -> Value;

    /// Reads it.
    ///
    /// # Errors
    /// It is not as it has to be.
    fn read(part: Part) -> Result<Self, Malformed>;
}

impl Document for () {
    fn write(&self) -> Value {
        Value::Null
    }

    fn read(part: Part) -> Result<Self, Malformed> {
        if part.value.is_null() { Ok(()) } else { Err(part.is_not("None")) }
    }
}

impl Document for bool {
    fn write(&self) -> Value {
        json!(self)
    }

    fn read(part: Part) -> Result<Self, Malformed> {
        part.value.as_bool().ok_or_else(|| part.is_not("True or False"))
    }
}

impl Document for u64 {
    fn write(&self) -> Value {
        json!(self)
    }

    fn read(part: Part) -> Result<Self, Malformed> {
        part.value.as_u64().ok_or_else(|| part.is_not("a whole number that is not negative"))
    }
}

impl Document for f64 {
    fn write(&self) -> Value {
        json!(self)
    }

    fn read(part: Part) -> Result<Self, Malformed> {
        part.value.as_f64().ok_or_else(|| part.is_not("a number"))
    }
}

/// Seconds.
impl Document for Duration {
    fn write(&self) -> Value {
        if self.subsec_nanos() == 0 { json!(self.as_secs()) } else { json!(self.as_secs_f64()) }
    }

    fn read(part: Part) -> Result<Self, Malformed> {
        let seconds = part.value.as_f64().and_then(|seconds| Self::try_from_secs_f64(seconds).ok());
        seconds.ok_or_else(|| part.is_not("a number of seconds"))
    }
}

/// RFC 3339.
impl Document for SystemTime {
    fn write(&self) -> Value {
        json!(Timestamp::try_from(*self).ok().map(|moment| moment.to_string()))
    }

    fn read(part: Part) -> Result<Self, Malformed> {
        let moment = part.value.as_str().and_then(|text| text.parse::<Timestamp>().ok());
        let moment = moment.ok_or_else(|| part.is_not("a moment with its offset, as RFC 3339 writes it"))?;
        Ok(moment.into())
    }
}

impl Document for String {
    fn write(&self) -> Value {
        json!(self)
    }

    fn read(part: Part) -> Result<Self, Malformed> {
        part.text()
    }
}

impl<T: Document> Document for Option<T> {
    fn write(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::write)
    }

    fn read(part: Part) -> Result<Self, Malformed> {
        if part.value.is_null() { Ok(None) } else { T::read(part).map(Some) }
    }
}

impl<T: Document> Document for Vec<T> {
    fn write(&self) -> Value {
        list(self)
    }

    fn read(part: Part) -> Result<Self, Malformed> {
        let Value::Array(items) = part.value else { return Err(part.is_not("a list")) };
        let item = |(place, value)| T::read(Part { place: format!("{}[{place}]", part.place), value });
        items.into_iter().enumerate().map(item).collect()
    }
}

/// Several, as a list.
pub(crate) fn list<T: Document>(items: &[T]) -> Value {
    items.iter().map(T::write).collect()
}

macro_rules! names {
    ($($name:ident),*) => {
        $(impl Document for $name {
            fn write(&self) -> Value {
                json!(self)
            }

            fn read(part: Part) -> Result<Self, Malformed> {
                part.text().map(Self::from)
            }
        })*
    };
}

names!(ArrayName, ArrayVolumeId, ConsistencyGroupId, VolumeId);

macro_rules! ids {
    ($($name:ident),*) => {
        $(impl Document for $name {
            fn write(&self) -> Value {
                json!(self)
            }

            fn read(part: Part) -> Result<Self, Malformed> {
                let place = part.place.clone();
                part.text()?.parse().map_err(|error| Malformed::new(place, format!("cannot be used: {error}")))
            }
        })*
    };
}

ids!(GroupId, OperationId);

macro_rules! records {
    ($($name:ident { $($field:ident),* })*) => {
        $(impl Document for $name {
            fn write(&self) -> Value {
                let mut fields = Map::new();
                $(fields.insert(stringify!($field).to_owned(), self.$field.write());)*
                Value::Object(fields)
            }

            fn read(part: Part) -> Result<Self, Malformed> {
                let mut fields = part.fields()?;
                let record = Self { $($field: fields.take(stringify!($field))?),* };
                fields.end()?;
                Ok(record)
            }
        })*
    };
}

records! {
    ArrayDescription { name, id, version, peers }
    Peer { name, connected }
    ArrayVolume { id, name, serial, size }
    StorageGroup { name, members, targets, settings }
    ReplicationTarget { array, allowed }
    ReplicationSettings { enabled, interval, retention }
    GroupOrigin { array, group }
    RecoveryPoint { name, created, completed, progress, bytes_transferred, bytes, held, members }
    PointMember { name, size }
    SourcePoint { name, created, bytes, destroyed }
    Content { origin, point }
    EpochMark { group, epoch, operation }
}
