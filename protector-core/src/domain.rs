//! What the product talks about. No IO, no async.

mod finding;
mod operation;

pub use finding::{Finding, FindingCode};
pub use operation::{OperationStatus, OperationType};
