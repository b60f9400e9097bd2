//! What whoever makes servers like one that is there has to know of Nova.

use super::servers::{host_name, word};
use super::{aggregates, hosts, next_number};
use crate::world::{Transaction, WorldError};

/// The compute hosts, with the number of servers on each.
pub(crate) fn loads(
    transaction: &mut Transaction<'_>,
    scope: &str,
) -> Result<Vec<(usize, String)>, WorldError> {
    let mut loads = Vec::new();
    for service in hosts::computes(transaction, scope)? {
        loads.push((aggregates::load(transaction, scope, &service.host, None)?, service.host));
    }
    Ok(loads)
}

/// The number of the next server.
pub(crate) fn number(transaction: &mut Transaction<'_>, scope: &str) -> Result<u64, WorldError> {
    next_number(transaction, scope, "server")
}

/// What a server of a name calls itself.
pub(crate) fn hostname(name: &str) -> String {
    host_name(name)
}

/// A reservation's name.
pub(crate) fn reservation(drawn: &[u8; 32]) -> String {
    format!("r-{}", word(drawn, 8))
}
