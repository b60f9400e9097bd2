//! How long things take.

use crate::world::{Transaction, WorldError};
use std::time::Duration;

/// Has an event happen when its time is over: the fact `duration/<event>` says how many seconds that takes, else `usual` does.
pub(super) fn later(
    transaction: &mut Transaction<'_>,
    scope: &str,
    event: &'static str,
    subject: &str,
    usual: f64,
) -> Result<(), WorldError> {
    let set = transaction.fact(&format!("duration/{event}"))?;
    let seconds: f64 = set.and_then(|text| text.parse().ok()).unwrap_or(usual);
    let lasts = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    let at = transaction.now().checked_add(lasts).unwrap_or_else(|_| transaction.now());
    transaction.schedule(at, scope, event, subject)
}
