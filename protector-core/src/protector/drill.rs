//! What an operation took, step by step, as its journal has it: the record of a drill.

use super::status::Recalled;
use super::{Error, Protector};
use crate::domain::{OperationStatus, OperationType, Remnant};
use crate::engine::{Event, StepState};
use crate::id::{OperationId, SiteName, StepId};
use crate::operations::remains_in;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What an operation took. Seconds count from its first effect: the intent of its first step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DrillRecord {
    /// The operation.
    pub operation: OperationId,
    /// What it is.
    pub operation_type: OperationType,
    /// Where it stands.
    pub status: OperationStatus,
    /// The group's name.
    pub group_name: String,
    /// When its first step was begun.
    pub first_effect_at: Option<Timestamp>,
    /// The recovery point that it used, if it chose one that was there.
    pub point: Option<String>,
    /// How old what the point holds was at the first effect, seconds.
    pub point_age: Option<f64>,
    /// Until the last VM was seen to run, seconds; none if none was.
    pub recovery_time: Option<f64>,
    /// The VMs that were to run.
    pub recovery_times: Vec<RecoveryTime>,
    /// The floating IPs that its copies have, if it is a test that was to have some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub floating_ips: Vec<DrillFloatingIp>,
    /// Its steps that were begun, in the order of the plan.
    pub steps: Vec<DrillStep>,
}

/// A floating IP that was made for a VM's copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DrillFloatingIp {
    /// The VM.
    pub server: String,
    /// The address outside.
    pub address: String,
}

/// When a VM was seen to run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecoveryTime {
    /// The VM.
    pub server: String,
    /// Seconds; none if it was not seen.
    pub seconds: Option<f64>,
}

/// When a step was begun and ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DrillStep {
    /// The step.
    pub id: StepId,
    /// What it does.
    pub title: String,
    /// Where.
    pub site: Option<SiteName>,
    /// Seconds.
    pub begun: f64,
    /// Seconds; none while it has not ended.
    pub ended: Option<f64>,
    /// Whether it was done.
    pub done: bool,
}

impl Protector {
    /// What an operation took.
    ///
    /// # Errors
    /// There is no such operation; the stores cannot be read.
    pub async fn drill(&self, operation: OperationId) -> Result<DrillRecord, Error> {
        Ok(record(&self.recall_one(operation).await?))
    }

    /// What was still there when an operation had removed a test: normally nothing. Empty for an operation that removed none.
    ///
    /// # Errors
    /// There is no such operation; the stores cannot be read.
    pub async fn remains(&self, operation: OperationId) -> Result<Vec<Remnant>, Error> {
        let recalled = self.recall_one(operation).await?;
        let looked = recalled.state.output(&StepId::new("look_for_remains"));
        Ok(looked.as_ref().map(remains_in).unwrap_or_default())
    }
}

fn record(recalled: &Recalled) -> DrillRecord {
    let (plan, state) = (&recalled.plan, &recalled.state);
    let (mut begun, mut ended) = (BTreeMap::new(), BTreeMap::new());
    for (event, at) in recalled.events.iter().zip(&recalled.times) {
        match event {
            Event::StepIntended { step } => {
                begun.entry(step).or_insert(*at);
            }
            Event::StepDone { step, .. } | Event::StepFailed { step, .. } => {
                ended.insert(step, *at);
            }
            _ => {}
        }
    }
    let first = begun.values().min().copied();
    let since = |at: Timestamp| first.map_or(0.0, |first| at.duration_since(first).as_secs_f64());
    let done = |id: &StepId| matches!(state.step(id), Some(StepState::Done));
    let steps = plan.steps.iter().filter_map(|step| {
        Some(DrillStep {
            id: step.id.clone(),
            title: step.title.clone(),
            site: step.site.clone(),
            begun: since(*begun.get(&step.id)?),
            ended: ended.get(&step.id).map(|at| since(*at)),
            done: done(&step.id),
        })
    });
    let servers = plan.steps.iter().filter(|step| step.kind == "verify_server");
    let recovery_times: Vec<RecoveryTime> = servers
        .map(|step| RecoveryTime {
            server: step.id.as_str().trim_start_matches("verify_server/").to_owned(),
            seconds: ended.get(&step.id).filter(|_| done(&step.id)).map(|at| since(*at)),
        })
        .collect();
    let point = point(recalled);
    let age = |created: Timestamp| first.map(|first| first.duration_since(created).as_secs_f64());
    DrillRecord {
        operation: recalled.record.id,
        operation_type: plan.operation_type,
        status: state.status(),
        group_name: plan.group_name.clone(),
        first_effect_at: first,
        point_age: point.as_ref().and_then(|(_, created)| age(*created)),
        point: point.map(|(name, _)| name),
        recovery_time: recovery_times.iter().filter_map(|time| time.seconds).reduce(f64::max),
        recovery_times,
        floating_ips: floating_ips(recalled),
        steps: steps.collect(),
    }
}

/// The floating IPs that were made, in the order of the plan.
fn floating_ips(recalled: &Recalled) -> Vec<DrillFloatingIp> {
    let made = recalled.plan.steps.iter().filter_map(|step| {
        let of = step.id.as_str().strip_prefix("create_test_floating_ip/")?;
        let (server, _) = of.rsplit_once('/')?;
        let output = recalled.state.output(&step.id)?;
        let address = output.pointer("/address").and_then(Value::as_str)?;
        Some(DrillFloatingIp { server: server.to_owned(), address: address.to_owned() })
    });
    made.collect()
}

/// The recovery point that the plan was made for, and the moment that it holds.
fn point(recalled: &Recalled) -> Option<(String, Timestamp)> {
    recalled.plan.steps.iter().find_map(|step| {
        let (name, created) = match step.kind.as_str() {
            "record_test" => ("/point", "/point_created"),
            "record_move" => ("/loss/point", "/loss/from"),
            _ => return None,
        };
        let input = step.input.value();
        let text = |pointer: &str| input.pointer(pointer).and_then(Value::as_str);
        Some((text(name)?.to_owned(), text(created)?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests;
