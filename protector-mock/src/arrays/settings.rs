use super::Refused;
use crate::world::{Record, Transaction, WorldError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How all arrays of a world behave, where it can be chosen. Seconds, unless said otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// What every transfer takes.
    pub transfer_base: f64,
    /// What each extent that differs takes beside that.
    pub transfer_per_extent: f64,
    /// Stands for the frequency of every replication schedule; 0: each has its own.
    pub schedule_interval: f64,
    /// How many scheduled points are kept on each array; 0: as the groups' retention says.
    pub schedule_keep: u64,
    /// How long what is destroyed can be recovered, on arrays that have no delay of their own.
    pub eradication_delay: f64,
    /// How long a snapshot lives that was made for replication only.
    pub for_replication_life: f64,
    /// Items of a page, at most.
    pub page_size: u64,
    /// A session that was not used for so long has ended.
    pub session_idle: f64,
    /// How long a transition of a pod takes: promotion, demotion, the mediator's decision.
    pub pod_transition: f64,
    /// Volumes, at most, on an array.
    pub volume_limit: u64,
    /// Snapshots of volumes, at most, on an array.
    pub snapshot_limit: u64,
    /// Protection groups, at most, on an array.
    pub group_limit: u64,
    /// Hosts, at most, on an array.
    pub host_limit: u64,
    /// Pods, at most, on an array.
    pub pod_limit: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            transfer_base: 0.6,
            transfer_per_extent: 0.02,
            schedule_interval: 0.0,
            schedule_keep: 0,
            eradication_delay: 86_400.0,
            for_replication_life: 3_600.0,
            page_size: 1_000,
            session_idle: 1_800.0,
            pod_transition: 1.0,
            volume_limit: 20_000,
            snapshot_limit: 100_000,
            group_limit: 250,
            host_limit: 2_000,
            pod_limit: 50,
        }
    }
}

/// All settings are one record.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    settings: Settings,
}

impl Record for Kept {
    const KIND: &'static str = "array.settings";

    fn id(&self) -> &'static str {
        "settings"
    }
}

/// The settings.
///
/// # Errors
/// The world cannot be read.
pub fn settings(transaction: &Transaction<'_>) -> Result<Settings, WorldError> {
    Ok(transaction.get::<Kept>(super::ALL, "settings")?.unwrap_or_default().settings)
}

/// Changes the settings that are named. Texts are taken for the numbers that they say.
///
/// # Errors
/// A name is none of a setting's, or its value no number that is not negative.
pub fn change_settings(
    transaction: &mut Transaction<'_>,
    wanted: &Map<String, Value>,
) -> Result<Settings, Refused> {
    let mut known = serde_json::to_value(settings(transaction)?).unwrap_or_default();
    for (name, value) in wanted {
        let names: Vec<&str> =
            known.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        let names = names.join(", ");
        let Some(place) = known.get_mut(name) else {
            return Err(Refused::new(format!("Unknown setting '{name}'."), names));
        };
        let number = value.as_f64().or_else(|| value.as_str()?.parse().ok());
        let number = number.filter(|number| number.is_finite());
        let Some(number) = number else {
            return Err(Refused::new(format!("'{name}' is not a number."), value.to_string()));
        };
        if number < 0.0 {
            return Err(Refused::new(format!("'{name}' is negative."), value.to_string()));
        }
        *place = if place.is_u64() { Value::from(number as u64) } else { Value::from(number) };
    }
    let changed: Settings = serde_json::from_value(known).unwrap_or_default();
    transaction.put(super::ALL, &Kept { settings: changed.clone() })?;
    super::transfers::retime(transaction)?;
    if wanted.contains_key("schedule_interval") {
        super::schedules::rearm_all(transaction)?;
    }
    if wanted.contains_key("eradication_delay") {
        super::eradication::expect_all(transaction)?;
    }
    Ok(changed)
}
