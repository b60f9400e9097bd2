//! Identities. An identity that crosses a boundary is never a bare string. Copies of one share its text: a large plan names
//! each step in many places.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use uuid::Uuid;

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the text as it is.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into().into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{}({})", stringify!($name), self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(Self::from)
            }
        }
    };
}

macro_rules! uuid_type {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Takes an existing identity.
            pub fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The identity without its prefix.
            pub fn uuid(&self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!($prefix, "{}"), self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!(stringify!($name), "(", $prefix, "{})"), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let parsed = text.strip_prefix($prefix).unwrap_or(text).parse();
                parsed.map(Self).map_err(|source| IdError { text: text.to_owned(), prefix: $prefix, source })
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

/// A text is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no id: it has the form {prefix}01234567-89ab-cdef-0123-456789abcdef")]
pub struct IdError {
    /// The text.
    text: String,
    /// What such an id may begin with.
    prefix: &'static str,
    /// What is wrong with it.
    #[source]
    source: uuid::Error,
}

name_type!(
    /// A site's name, as `protector.yaml` has it.
    SiteName
);
name_type!(
    /// A Keystone project at one site.
    ProjectId
);
name_type!(
    /// A Nova server at one site.
    ServerId
);
name_type!(
    /// A Cinder volume at one site.
    VolumeId
);
name_type!(
    /// A Neutron port at one site.
    PortId
);
name_type!(
    /// A Cinder generic volume group at one site.
    ConsistencyGroupId
);
name_type!(
    /// An array's own name, as its peers know it.
    ArrayName
);
name_type!(
    /// A volume's identity on its array; a name there may change, this does not.
    ArrayVolumeId
);
name_type!(
    /// A step's name within one plan: its kind and its subject, `stop_server/web-1`.
    StepId
);

uuid_type!(
    /// A Protection Group.
    GroupId,
    "pg-"
);
uuid_type!(
    /// A DR Operation. Sorts by the time it was planned.
    OperationId,
    "op-"
);
uuid_type!(
    /// One volume's, server's or port's identity through all moves.
    LineageId,
    ""
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_id_is_told_with_the_form_of_one() {
        let told = "nonsense".parse::<OperationId>().unwrap_err().to_string();
        assert_eq!(told, "\"nonsense\" is no id: it has the form op-01234567-89ab-cdef-0123-456789abcdef");
    }

    #[test]
    fn prefixed_ids_survive_a_round_trip_through_json() {
        let id = GroupId::new(Uuid::from_u128(7));
        let text = serde_json::to_string(&id).unwrap();
        assert_eq!(text, "\"pg-00000000-0000-0000-0000-000000000007\"");
        assert_eq!(serde_json::from_str::<GroupId>(&text).unwrap(), id);
    }

    #[test]
    fn an_id_is_read_with_and_without_its_prefix() {
        let with: OperationId = "op-00000000-0000-0000-0000-000000000001".parse().unwrap();
        let without: OperationId = "00000000-0000-0000-0000-000000000001".parse().unwrap();
        assert_eq!(with, without);
    }
}
