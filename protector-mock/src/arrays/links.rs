//! The connections between arrays: all are connected to all for both kinds of replication, unless it is said otherwise.

use super::{ALL, Refused, systems};
use crate::world::{Record, Transaction, WorldError};
use serde::{Deserialize, Serialize};

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// Snapshots are sent.
    Asynchronous,
    /// Pods are stretched.
    Synchronous,
}

/// The connection of two arrays.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Link {
    id: String,
    /// Whether anything gets through.
    pub up: bool,
    /// Bytes a second that get through, for all transfers together; 0: the settings' times alone count.
    pub bandwidth: u64,
    /// Bytes a second that each array lets through, as its connection says.
    pub throttle: Option<u64>,
    /// Whether it is for sending snapshots.
    pub asynchronous: bool,
    /// Whether it is for stretching pods.
    pub synchronous: bool,
}

impl Record for Link {
    const KIND: &'static str = "array.link";

    fn id(&self) -> &str {
        &self.id
    }
}

impl Link {
    /// Bytes a second for one of so many transfers; `None` if nothing limits them.
    pub(super) fn speed(&self, transfers: u64) -> Option<f64> {
        let limits = [Some(self.bandwidth).filter(|speed| *speed > 0), self.throttle];
        let speed = limits.into_iter().flatten().min()?;
        Some(speed.max(1) as f64 / transfers.max(1) as f64)
    }

    /// Whether it is for this.
    pub fn serves(&self, purpose: Purpose) -> bool {
        match purpose {
            Purpose::Asynchronous => self.asynchronous,
            Purpose::Synchronous => self.synchronous,
        }
    }
}

fn id_of(one: &str, other: &str) -> String {
    let (first, second) = if one < other { (one, other) } else { (other, one) };
    format!("{first}/{second}")
}

/// The connection of two arrays.
///
/// # Errors
/// The world cannot be read.
pub fn between(transaction: &Transaction<'_>, one: &str, other: &str) -> Result<Link, WorldError> {
    let id = id_of(one, other);
    Ok(transaction.get::<Link>(ALL, &id)?.unwrap_or(Link {
        id,
        up: true,
        bandwidth: 0,
        throttle: None,
        asynchronous: true,
        synchronous: true,
    }))
}

/// Keeps a connection as it now is, with all that follows for transfers and pods.
///
/// # Errors
/// The world cannot be changed.
pub fn change(transaction: &mut Transaction<'_>, link: &Link) -> Result<(), WorldError> {
    transaction.put(ALL, link)?;
    super::reconsider(transaction)
}

/// Cuts a connection, or mends it.
///
/// # Errors
/// An array is not there.
pub fn set_up(transaction: &mut Transaction<'_>, one: &str, other: &str, up: bool) -> Result<(), Refused> {
    let (one, other) = (systems::get(transaction, one)?, systems::get(transaction, other)?);
    let link = Link { up, ..between(transaction, &one.name, &other.name)? };
    Ok(change(transaction, &link)?)
}

/// Whether two arrays can work together for a purpose now.
pub(super) fn works(
    transaction: &Transaction<'_>,
    one: &str,
    other: &str,
    purpose: Purpose,
) -> Result<bool, WorldError> {
    let link = between(transaction, one, other)?;
    Ok(link.up
        && link.serves(purpose)
        && systems::is_up(transaction, one)?
        && systems::is_up(transaction, other)?)
}
