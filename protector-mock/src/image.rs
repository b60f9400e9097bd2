//! Glance: images, their data, tags and members.
//!
//! Written from `glance/api/v2` of 2026.2. Data is kept in the world as it came, so images are meant to be small.
//!
//! | fact | what it sets |
//! |---|---|
//! | `duration/image.imported` | how long an import takes, in seconds; half a second without it |

mod data;
mod digests;
pub mod for_others;
mod images;
mod listing;
mod members;
mod patch;
mod schemas;
mod versions;

#[cfg(test)]
mod tests;

pub use images::{Image, Visibility};

use crate::cloud::{Fault, ServiceDescription, ServiceKind};
use crate::world::Reaction;
use serde_json::{Value, json};

/// Glance.
pub static SERVICE: ServiceDescription = ServiceDescription {
    kind: ServiceKind::Image,
    microversions: None,
    routes: &[versions::ROUTES, schemas::ROUTES, images::ROUTES, data::ROUTES, members::ROUTES],
    fault_body,
    authenticate: crate::identity::tokens::authenticate,
};

/// What happens to images by itself.
pub const REACTIONS: &[(&str, Reaction)] = &[("image.imported", data::imported)];

/// The frame tells Glance's errors as pages; this is what such a page says.
fn fault_body(fault: &Fault) -> Value {
    json!({"message": fault.message})
}
