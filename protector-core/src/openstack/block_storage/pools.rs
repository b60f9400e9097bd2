use super::read;
use crate::openstack::{Error, Session};
use crate::transport::Context;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A pool of a backend, as `GET /scheduler-stats/get_pools` gives it.
// cinder/api/views/scheduler_stats.py (ViewBuilder.detail), 3.70, 2026.2
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Pool {
    /// `host@backend#pool`.
    pub name: String,
    /// What it is and can.
    pub capabilities: PoolCapabilities,
}

/// What a pool reports of itself.
// cinder/volume/drivers/pure.py (_update_stats), cinder/scheduler/host_manager.py, 2026.2
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct PoolCapabilities {
    /// The name that volume types choose it by.
    pub volume_backend_name: Option<String>,
    /// The driver's version; with Pure it tells the OpenStack release.
    pub driver_version: Option<String>,
    /// Its size, GiB; `None` if unknown or without limit.
    #[serde(default, deserialize_with = "capacity")]
    pub total_capacity_gb: Option<f64>,
    /// What is free, GiB; `None` if unknown or without limit.
    #[serde(default, deserialize_with = "capacity")]
    pub free_capacity_gb: Option<f64>,
    /// Whether it replicates.
    #[serde(default, deserialize_with = "yes_or_no")]
    pub replication_enabled: bool,
    /// How it replicates: `async`, `sync`, `trisync`.
    #[serde(default, deserialize_with = "one_or_more")]
    pub replication_type: Vec<String>,
    /// The names of those it replicates to.
    #[serde(default, deserialize_with = "one_or_more")]
    pub replication_targets: Vec<String>,
    /// Whether it takes snapshots of groups at one moment.
    #[serde(default, deserialize_with = "yes_or_no")]
    pub consistent_group_snapshot_enabled: bool,
    /// Whether it replicates groups. It does not say whether Cinder's actions for that work.
    #[serde(default, deserialize_with = "yes_or_no")]
    pub consistent_group_replication_enabled: bool,
    /// `up` or `down`.
    pub backend_state: Option<String>,
}

// Drivers report a number, `infinite` or `unknown`.
fn capacity<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Ok(Value::deserialize(deserializer)?.as_f64())
}

// Drivers report whatever they like: a boolean, its text, nothing.
fn yes_or_no<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Bool(yes) => yes,
        Value::String(text) => text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("<is> true"),
        _ => false,
    })
}

fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    })
}

/// The pools of Cinder's backends; for administrators.
#[derive(Debug, Clone)]
pub struct Pools {
    session: Session,
}

impl Pools {
    /// The pools of `session`'s cloud.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone() }
    }

    /// Lists pools with their capabilities. There is one page.
    ///
    /// # Errors
    /// `Forbidden` to those who are no administrators; otherwise the call failed.
    pub async fn list(&self, context: &Context) -> Result<Vec<Pool>, Error> {
        let request = read("scheduler-stats/get_pools", "list pools").query("detail", "true");
        self.session.fetch_field(context, &request, "pools").await
    }
}

#[cfg(test)]
mod tests;
