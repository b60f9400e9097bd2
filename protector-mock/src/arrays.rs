//! Simulated FlashArrays: what they hold and how it behaves, without HTTP.
//!
//! Everything is a function on a transaction that names the array and the object, and returns what came of it or
//! [`Refused`], with the array's sentence. Names are whole: `VOLUME`, `GROUP/VOLUME`, `POD::VOLUME`, `VOLUME.SUFFIX`,
//! `GROUP.SUFFIX.VOLUME`, and `ARRAY:GROUP` for what another array replicates here.

pub mod connections;
pub mod content;
mod eradication;
pub mod groups;
pub mod hosts;
pub mod links;
pub mod naming;
pub mod objects;
pub mod pods;
pub mod points;
mod refused;
mod retention;
mod schedules;
mod settings;
pub mod snapshots;
pub mod systems;
pub mod tags;
pub mod targets;
pub mod transfers;
pub mod volume_groups;
pub mod volumes;

#[cfg(test)]
mod tests;

pub use refused::Refused;
pub use settings::{Settings, change_settings, settings};

use crate::world::{Reaction, Transaction, WorldError};

/// The scope of what belongs to no single array.
const ALL: &str = "arrays";

/// What happens on arrays by itself.
pub const REACTIONS: &[(&str, Reaction)] = &[
    (transfers::ARRIVED, transfers::arrived),
    (schedules::REPLICATION, schedules::replication_due),
    (schedules::SNAPSHOT, schedules::snapshot_due),
    (eradication::DUE, eradication::due),
    (points::EXPIRED, points::expire),
];

/// After an array or a link between two has changed.
fn reconsider(transaction: &mut Transaction<'_>) -> Result<(), WorldError> {
    transfers::retime(transaction)?;
    schedules::catch_up(transaction)
}
