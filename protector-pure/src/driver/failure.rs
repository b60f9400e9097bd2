use crate::flasharray::{self, Meaning, Version};
use protector_core::driver::Error;
use protector_core::id::ArrayName;

/// Gives a failure of the client its place in the contract.
pub(super) fn of(array: &ArrayName, attempted: &str, error: flasharray::Error) -> Error {
    let (array, attempted) = (array.clone(), attempted.to_owned());
    match error {
        flasharray::Error::Refused { refusal, .. } if refusal.meaning == Meaning::NotFound => {
            let what = refusal.context.clone().unwrap_or_else(|| refusal.message.clone());
            Error::NotFound { array, attempted, what }
        }
        flasharray::Error::Refused { refusal, .. } => {
            Error::Refused { array, attempted, reason: refusal.to_string() }
        }
        flasharray::Error::Call(source) => Error::Call { array, source },
        flasharray::Error::Version { offered, .. } => Error::Unsupported {
            array,
            attempted: format!(
                "{attempted}: REST {} is needed, {offered} is the newest it offers",
                Version::OLDEST
            ),
        },
    }
}
