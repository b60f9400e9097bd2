//! The arrays themselves.

use super::{ALL, Refused, settings::settings};
use crate::world::{Record, Transaction, WorldError};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use uuid::Uuid;

/// How an array is ill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Failure {
    /// It answers that it is not available.
    Unavailable,
    /// It takes requests and does not answer.
    Hang,
    /// It ends connections.
    Close,
}

/// One array.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct System {
    /// Its identity.
    pub identity: String,
    /// Its name: the scope of what it holds.
    pub name: String,
    /// The token of its user.
    pub token: String,
    /// Which of the arrays it is, from 0.
    pub position: u64,
    /// How it is ill, if it is.
    pub failure: Option<Failure>,
    /// Seconds until destroyed objects are eradicated, if it differs from the settings.
    pub enabled_delay: Option<f64>,
    /// The same, for what cannot be eradicated by hand.
    pub disabled_delay: Option<f64>,
    /// Whether all objects can be eradicated by hand.
    pub manual_eradication: bool,
    /// Whether it reaches the mediator.
    pub mediator: bool,
    last_serial: u64,
}

impl Record for System {
    const KIND: &'static str = "array.system";

    fn id(&self) -> &str {
        &self.name
    }
}

/// Puts an array up; leaves one alone that is there, but for its token.
///
/// # Errors
/// The world cannot be changed.
pub fn add(transaction: &mut Transaction<'_>, name: &str, token: &str) -> Result<System, WorldError> {
    let mut system = match transaction.get::<System>(ALL, name)? {
        Some(system) => system,
        None => System {
            identity: Uuid::new_v5(&Uuid::NAMESPACE_DNS, name.as_bytes()).to_string(),
            name: name.to_owned(),
            token: String::new(),
            position: transaction.count::<System>(ALL, None)?,
            failure: None,
            enabled_delay: None,
            disabled_delay: None,
            manual_eradication: true,
            mediator: true,
            last_serial: 0x1_1000,
        },
    };
    token.clone_into(&mut system.token);
    transaction.put(ALL, &system)?;
    Ok(system)
}

/// All arrays, in the order in which they were put up.
///
/// # Errors
/// The world cannot be read.
pub fn list(transaction: &Transaction<'_>) -> Result<Vec<System>, WorldError> {
    transaction.list(ALL)
}

/// An array, whatever the case of its name.
///
/// # Errors
/// The world cannot be read.
pub fn find(transaction: &Transaction<'_>, name: &str) -> Result<Option<System>, WorldError> {
    if let Some(found) = transaction.get(ALL, name)? {
        return Ok(Some(found));
    }
    Ok(list(transaction)?.into_iter().find(|system| system.name.eq_ignore_ascii_case(name)))
}

/// An array that has to be there.
///
/// # Errors
/// It is not.
pub fn get(transaction: &Transaction<'_>, name: &str) -> Result<System, Refused> {
    find(transaction, name)?.ok_or_else(|| Refused::new("Array does not exist.", name))
}

/// Whether an array answers.
pub(super) fn is_up(transaction: &Transaction<'_>, array: &str) -> Result<bool, WorldError> {
    Ok(transaction.get::<System>(ALL, array)?.is_some_and(|system| system.failure.is_none()))
}

/// Keeps an array as it now is, with all that follows for transfers and pods.
///
/// # Errors
/// The world cannot be changed.
pub fn change(transaction: &mut Transaction<'_>, system: &System) -> Result<(), WorldError> {
    transaction.put(ALL, system)?;
    super::reconsider(transaction)
}

/// Makes an array ill, or well again.
///
/// # Errors
/// It is not there.
pub fn set_failure(
    transaction: &mut Transaction<'_>,
    array: &str,
    failure: Option<Failure>,
) -> Result<(), Refused> {
    let system = System { failure, ..get(transaction, array)? };
    Ok(change(transaction, &system)?)
}

/// The next serial numbers of an array.
pub(crate) fn new_serials(
    transaction: &mut Transaction<'_>,
    array: &str,
    count: usize,
) -> Result<Vec<String>, Refused> {
    (0..count).map(|_| new_serial(transaction, array)).collect()
}

/// The next serial number of an array: its identity, then a counter.
pub(super) fn new_serial(transaction: &mut Transaction<'_>, array: &str) -> Result<String, Refused> {
    let mut system = get(transaction, array)?;
    system.last_serial += 1;
    transaction.put(ALL, &system)?;
    let identity: String = system.identity.replace('-', "").to_uppercase().chars().take(16).collect();
    Ok(format!("{identity}{:08X}", system.last_serial))
}

/// How long destroyed objects can be recovered.
pub(crate) fn eradication_delay(transaction: &Transaction<'_>, array: &str) -> Result<Duration, WorldError> {
    let common = settings(transaction)?.eradication_delay;
    let system = transaction.get::<System>(ALL, array)?;
    let own =
        system.and_then(
            |system| {
                if system.manual_eradication { system.enabled_delay } else { system.disabled_delay }
            },
        );
    Ok(Duration::try_from_secs_f64(own.unwrap_or(common)).unwrap_or(Duration::MAX))
}

/// Refuses to eradicate by hand on an array that does not allow it.
pub(super) fn check_manual_eradication(
    transaction: &Transaction<'_>,
    array: &str,
    name: &str,
) -> Result<(), Refused> {
    if get(transaction, array)?.manual_eradication {
        return Ok(());
    }
    Err(Refused::new("Manual eradication is disabled.", name))
}
