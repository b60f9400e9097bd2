use crate::error::{Class, Code, Coded};
use crate::id::ArrayName;
use crate::transport::CallError;

/// A verb failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What the verb was about is not on the array.
    #[error("failed to {attempted} on array {array}: {what} is not there")]
    NotFound {
        /// The array.
        array: ArrayName,
        /// What was to be done.
        attempted: String,
        /// What is missing.
        what: String,
    },
    /// The array, or the contract, refuses it as things stand.
    #[error("failed to {attempted} on array {array}: {reason}")]
    Refused {
        /// The array.
        array: ArrayName,
        /// What was to be done.
        attempted: String,
        /// Why not.
        reason: String,
    },
    /// The driver does not offer the verb.
    #[error("array {array} cannot {attempted}")]
    Unsupported {
        /// The array.
        array: ArrayName,
        /// What was to be done.
        attempted: String,
    },
    /// The driver's configuration cannot be used.
    #[error("failed to use the configuration of array {array}: {reason}")]
    Configuration {
        /// The array.
        array: ArrayName,
        /// What is wrong.
        reason: String,
    },
    /// The array could not be asked, or its answer not be had.
    #[error("array {array}: {source}")]
    Call {
        /// The array.
        array: ArrayName,
        /// The call.
        source: Box<CallError>,
    },
    /// A driver that does not speak HTTP failed.
    #[error("failed to {attempted} on array {array}")]
    Other {
        /// The array.
        array: ArrayName,
        /// What was to be done.
        attempted: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// The array.
    pub fn array(&self) -> &ArrayName {
        match self {
            Self::NotFound { array, .. }
            | Self::Refused { array, .. }
            | Self::Unsupported { array, .. }
            | Self::Configuration { array, .. }
            | Self::Call { array, .. }
            | Self::Other { array, .. } => array,
        }
    }
}

impl Coded for Error {
    fn code(&self) -> Code {
        match self {
            Self::NotFound { .. } => Code::NotFound,
            Self::Refused { .. } => Code::RequestRefused,
            Self::Unsupported { .. } => Code::CapabilityMissing,
            Self::Configuration { .. } => Code::ConfigurationInvalid,
            Self::Call { source, .. } => source.code(),
            Self::Other { .. } => Code::ServiceFailed,
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::Call { source, .. } => source.class(),
            _ => self.code().class(),
        }
    }
}
