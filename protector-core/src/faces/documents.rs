//! Answers and errors as JSON documents. What is not here is its type's own serialization.

use super::confirmation::needs_confirmation;
use crate::config::GroupDocument;
use crate::domain::{Finding, OperationType, ProtectionGroup, Remnant, possible};
use crate::error::{Code, chain};
use crate::id::OperationId;
use crate::operations::Planned;
use crate::protector::{
    Error, GroupTask, OperationReport, OperationView, Progress, Pruned, PrunedJournals, RecoveryPointView,
    SiteFailoverPlan, SiteProgress,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// A group with what users look for first, its members as a list, and what is possible with it.
pub fn group(group: &ProtectionGroup) -> Value {
    let mut document = json!(group);
    if let Some(fields) = document.as_object_mut() {
        fields.insert("consistency_group_id".to_owned(), json!(group.consistency_group_id()));
        fields.insert("possible".to_owned(), json!(possible(group)));
        let members = group.members.values().map(|member| {
            let sites = [&group.primary_site, &group.secondary_site].into_iter().map(|site| {
                let ports: Vec<_> = member.ports.iter().filter_map(|port| port.sites.get(site)).collect();
                (site.to_string(), json!({"server_id": member.servers.get(site), "ports": ports}))
            });
            json!({"name": member.name, "lineage": member.lineage, "order": member.order,
                "sites": sites.collect::<Map<_, _>>(), "volumes": member.volumes, "absent": member.absent})
        });
        fields.insert("members".to_owned(), members.collect());
    }
    document
}

/// A group as a document: what reads its YAML reads this, too.
pub fn group_document(document: &GroupDocument) -> Value {
    let GroupDocument { name, primary_site, secondary_site, servers, policy } = document;
    let seconds = |duration: Duration| json!(duration.as_secs());
    let policy = [
        ("replication_interval", policy.replication_interval.map(seconds)),
        ("retention", policy.retention.map(seconds)),
        ("rpo_minutes", policy.rpo_minutes.map(|minutes| json!(minutes))),
    ];
    let policy = policy.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    json!({"name": name, "primary_site": primary_site, "secondary_site": secondary_site, "servers": servers,
        "policy": policy.collect::<Map<_, _>>()})
}

/// What makes a group what a document says, in order: each operation, whether it is begun with the group's name only, and what its
/// plan or its run came to.
pub fn changes(group: &str, changes: impl IntoIterator<Item = (OperationType, Value)>) -> Value {
    let changes = changes.into_iter().map(|(operation_type, answer)| {
        json!({"operation_type": operation_type, "needs_confirmation": needs_confirmation(operation_type),
            "answer": answer})
    });
    json!({"group": group, "changes": changes.collect::<Value>()})
}

/// What came of a removal of what is left over and, if that was asked for, of journals.
pub fn pruned(pruned: &Pruned, journals: Option<&PrunedJournals>) -> Value {
    let mut document = json!(pruned);
    if let Some(fields) = document.as_object_mut() {
        fields.insert("journals".to_owned(), json!(journals));
    }
    document
}

/// What planning came to.
pub fn planned(planned: &Planned) -> Value {
    let plan = planned.plan.as_ref().map(|plan| {
        let steps = plan.steps.iter().map(|step| {
            json!({"id": step.id, "kind": step.kind, "site": step.site, "title": step.title,
                "after": step.after, "calls": step.calls, "revert": step.revert, "optional": step.optional})
        });
        json!({"hash": plan.hash(), "operation_type": plan.operation_type, "group_name": plan.group_name,
            "source_site": plan.source_site, "target_site": plan.target_site,
            "recovery": plan.recovery, "steps": steps.collect::<Value>()})
    });
    json!({"plan": plan, "findings": planned.findings, "warnings": planned.warnings, "loss": planned.loss,
        "replication": planned.replication})
}

/// What is to be done of each group when a site is left, in the order of their turns.
pub fn site_failover_plan(plan: &SiteFailoverPlan) -> Value {
    let groups = plan.groups.iter().map(|group| {
        let (task, more) = match &group.task {
            GroupTask::Done => ("done", Value::Null),
            GroupTask::Move(planned) => ("move", self::planned(planned)),
            GroupTask::Resume(operation) => ("resume", json!({"operation": operation})),
            GroupTask::Refused(planned) => ("refused", self::planned(planned)),
            GroupTask::Failed(reason) => ("failed", json!(reason)),
        };
        json!({"group": group.name, "after": group.after, "task": task, "what": more})
    });
    json!({"site": plan.site, "groups": groups.collect::<Value>()})
}

/// Something that happened to a group of a site that is being left; `operations` are those that have begun, by group.
pub fn site_progress(happened: &SiteProgress, operations: &BTreeMap<String, OperationId>) -> Value {
    let of = |group: &String, happened: &str, what: Value| json!({"group": group, "operation": operations.get(group), "happened": happened, "what": what});
    match happened {
        SiteProgress::Begun { group, .. } => of(group, "begun", Value::Null),
        SiteProgress::Went { group, progress } => {
            let Progress { event, status, progress } = progress;
            of(group, "went", json!({"status": status, "progress": progress, "event": event}))
        }
        SiteProgress::Ended(result) => of(&result.group, "ended", json!(result)),
    }
}

/// A recovery point, with whether a group can be brought up from it.
pub fn recovery_point(view: &RecoveryPointView) -> Value {
    let mut document = json!(view);
    if let Some(fields) = document.as_object_mut() {
        fields.insert("eligible".to_owned(), json!(view.eligibility.is_eligible()));
    }
    document
}

/// Something that happened in an operation.
pub fn progress(operation: OperationId, progress: &Progress) -> Value {
    let Progress { event, status, progress } = progress;
    json!({"operation": operation, "status": status, "progress": progress, "event": event})
}

/// What a run of an operation came to: what its plan warned of, and what of a test is still there.
pub fn outcome(report: &OperationReport, warnings: &[Finding], remains: &[Remnant]) -> Value {
    json!({"operation": report.operation, "group": report.group.as_ref().map(group), "warnings": warnings,
        "remains": remains})
}

/// An operation that another process goes on with, and what its plan warned of.
pub fn begun(operation: &OperationView, warnings: &[Finding]) -> Value {
    json!({"operation": operation, "warnings": warnings})
}

/// An error: its code, what was attempted and why it failed, and what can be done; what refused an operation, and what else there
/// is to know.
pub fn error(
    error: &(dyn std::error::Error + 'static),
    code: Code,
    (findings, warnings): (&[Finding], &[Finding]),
) -> Value {
    json!({"error": {"code": code, "message": chain(error), "hint": code.hint()}, "findings": findings,
        "warnings": warnings})
}

/// What refused an operation, and what else there is to know.
pub fn findings(error: &Error) -> (&[Finding], &[Finding]) {
    match error {
        Error::Refused { findings, warnings, .. } => (findings, warnings),
        _ => (&[], &[]),
    }
}
