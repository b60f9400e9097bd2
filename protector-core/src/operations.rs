//! Planners: facts in, frozen plan out, one file an operation. No IO; a new operation imitates a neighbour.

mod add_member;
mod admission;
mod attributes;
mod commit;
mod credential;
mod failover;
mod held;
mod housekeeping;
mod placement;
mod protect;
mod prune;
mod removal;
mod remove_member;
mod replication;
mod reprotect;
mod set_policy;
mod sync;
mod test_cleanup;
mod test_failover;
mod turns;
mod twins;
mod unprotect;

pub use add_member::{AddMemberFacts, plan_add_member};
pub use commit::plan_commit;
pub use failover::{FailoverFacts, MoveMode, plan_failover};
pub use held::held;
pub use housekeeping::{GroupSnapshots, HousekeepingFacts, leftovers};
pub use protect::{ProtectFacts, ProtectRequest, plan_protect};
pub use prune::{PruneFacts, plan_prune};
pub use remove_member::{RemoveMemberFacts, plan_remove_member};
pub use reprotect::{ReprotectFacts, plan_reprotect};
pub use set_policy::{PolicyChange, SetPolicyFacts, plan_set_policy};
pub use sync::{SyncFacts, plan_sync};
pub(crate) use test_cleanup::remains_in;
pub use test_cleanup::{TestCleanupFacts, plan_test_cleanup};
pub use test_failover::{TestFailoverFacts, plan_test_failover};
pub use unprotect::{MadeObject, UnprotectFacts, plan_unprotect};

use crate::domain::{Finding, ReplicationForecast};
use crate::engine::{Plan, PlanError, StepBuilder};
use crate::id::StepId;
use crate::inventory::{ArrayFacts, SiteFacts};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

/// What is known of one site.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Its OpenStack.
    pub site: &'a SiteFacts,
    /// Its arrays.
    pub arrays: &'a ArrayFacts,
}

/// What planning came to: a plan, or why there is none. All findings of one attempt are there at once.
#[derive(Debug)]
pub struct Planned {
    /// The plan, if nothing refuses it.
    pub plan: Option<Plan>,
    /// What refuses it.
    pub findings: Vec<Finding>,
    /// What the operator should know.
    pub warnings: Vec<Finding>,
    /// What an unplanned move would lose.
    pub loss: Option<LossForecast>,
    /// What the last replication of a planned move is likely to cost; none if the target's array does not tell of its points.
    pub replication: Option<ReplicationForecast>,
}

/// What an unplanned move would lose, before it is begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LossForecast {
    /// The recovery point that the group would go on from.
    pub point: String,
    /// The moment that it holds: what was written before is there, what was written after it is lost.
    pub from: Timestamp,
    /// When the source was heard of last, if it is known: until then, at least, it may have written.
    pub last_contact: Option<Timestamp>,
    /// Now: until now, at the most, it may have written.
    pub until: Timestamp,
}

impl Planned {
    pub(crate) fn refused(findings: Vec<Finding>, warnings: Vec<Finding>) -> Self {
        Self { plan: None, findings, warnings, loss: None, replication: None }
    }

    pub(crate) fn ready(plan: Plan) -> Self {
        let warnings = plan.warnings.clone();
        Self { plan: Some(plan), findings: Vec::new(), warnings, loss: None, replication: None }
    }
}

/// A planner contradicted itself, or a value cannot be written as JSON.
#[derive(Debug, thiserror::Error)]
#[error("failed to put the plan together")]
pub struct PlanningError(#[from] PlanError);

impl crate::error::Coded for PlanningError {
    fn code(&self) -> crate::error::Code {
        crate::error::Code::Internal
    }
}

/// A reference to a whole [`crate::domain::SiteVolume`] that a step will return.
fn site_volume(step: &StepId) -> Value {
    let fields = ["volume_id", "array", "array_volume_id", "serial", "array_volume_name"];
    let fields = fields.map(|field| (field.to_owned(), crate::engine::output(step, field)));
    Value::Object(fields.into_iter().collect())
}

/// A step that changes the group's document.
fn record_group(id: &str, title: &str, patch: &Value, restore: &Value) -> StepBuilder {
    StepBuilder::new("record_group", id, title)
        .input(json!({"patch": patch, "restore": restore}))
        .call("write the group's document to both site stores")
}
