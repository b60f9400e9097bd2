use super::{Known, Planned, PlanningError, record_group, replication};
use crate::domain::{Finding, FindingCode, GroupStatus, OperationType, ProtectionGroup};
use crate::engine::{PlanBuilder, Recovery};
use serde_json::json;
use std::time::Duration;

/// What of a group's replication policy is to be another; the rest stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyChange {
    /// The time between two scheduled points; whole seconds.
    pub replication_interval: Option<Duration>,
    /// How long the target keeps scheduled points; whole seconds.
    pub retention: Option<Duration>,
    /// The recovery point objective, minutes.
    pub rpo_minutes: Option<u32>,
}

impl PolicyChange {
    /// The group as it would be.
    pub(crate) fn of(self, group: &ProtectionGroup) -> ProtectionGroup {
        let mut changed = group.clone();
        let seconds = |duration: Duration| duration.as_secs();
        changed.replication_interval = self.replication_interval.map_or(group.replication_interval, seconds);
        changed.retention = self.retention.map_or(group.retention, seconds);
        changed.rpo_minutes = self.rpo_minutes.unwrap_or(group.rpo_minutes);
        changed
    }
}

/// What planning another policy needs to know.
#[derive(Debug)]
pub struct SetPolicyFacts<'a> {
    /// The group.
    pub group: &'a ProtectionGroup,
    /// Where it runs.
    pub source: Known<'a>,
    /// What is to be another.
    pub change: PolicyChange,
}

/// Plans that a group gets another replication policy: on the array where it runs, and in its document. The other array gets
/// it when the group moves there.
///
/// # Errors
/// The planner contradicted itself.
pub fn plan_set_policy(facts: &SetPolicyFacts<'_>) -> Result<Planned, PlanningError> {
    let group = facts.group;
    let source = &facts.source.site.site;
    let target = group.other_site(source);
    let changed = facts.change.of(group);
    let mut findings = unusable(&changed, facts);
    let origin = replication::storage_groups(group, source, target).map(|(origin, _)| origin);
    let origin = match origin {
        Ok(origin) if findings.is_empty() => origin,
        Ok(_) => return Ok(Planned::refused(findings, Vec::new())),
        Err(finding) => {
            findings.push(finding);
            return Ok(Planned::refused(findings, Vec::new()));
        }
    };
    let mut plan = PlanBuilder::new(
        OperationType::Set,
        group.id,
        &group.name,
        (source.clone(), target.clone()),
        group.epoch,
        Recovery::RollBack,
    );
    let objective = u64::from(changed.rpo_minutes) * 60;
    if changed.replication_interval >= objective {
        plan.warn(Finding::new(
            FindingCode::RpoTooShort,
            source,
            format!("group {}", group.name),
            format!(
                "a point is made every {} s, and {objective} s are allowed: with its transfer each comes too late",
                changed.replication_interval
            ),
            "give the group a shorter replication_interval or more rpo_minutes",
        ));
    }
    let marked = plan.add(
        record_group(
            "record_group/updating",
            "record that the group's policy changes",
            &json!({"status": GroupStatus::Updating}),
            &json!({"status": group.status}),
        )
        .at(source)
        .reverted_by("the former status"),
    );
    let before = facts.source.arrays.group.as_ref().map(|(_, found)| found.settings.clone());
    let settings = replication::settings(&changed, true);
    let title = "set schedule, interval and retention";
    let scheduled = replication::schedule(source, &origin, settings, before, title);
    let scheduled = plan.add(scheduled.after([&marked]).reverted_by("the schedule as it was"));
    let policy = |group: &ProtectionGroup, status: GroupStatus| {
        json!({"status": status, "replication_interval": group.replication_interval,
            "retention": group.retention, "rpo_minutes": group.rpo_minutes})
    };
    let settled = group.settled_status();
    plan.add(
        record_group(
            &format!("record_group/{settled}"),
            "record the policy",
            &policy(&changed, settled),
            &policy(group, GroupStatus::Updating),
        )
        .at(source)
        .after([&scheduled])
        .reverted_by("the former policy and status"),
    );
    Ok(Planned::ready(plan.build()?))
}

fn unusable(changed: &ProtectionGroup, facts: &SetPolicyFacts<'_>) -> Vec<Finding> {
    let finding = |message: String, remedy: &str| {
        let subject = format!("group {}", changed.name);
        Finding::new(FindingCode::PolicyInvalid, &facts.source.site.site, subject, message, remedy)
    };
    let mut findings = Vec::new();
    for (name, zero) in [
        ("replication_interval", changed.replication_interval == 0),
        ("retention", changed.retention == 0),
        ("rpo_minutes", changed.rpo_minutes == 0),
    ] {
        if zero {
            findings.push(finding(format!("its {name} would be zero"), "give a number above zero"));
        }
    }
    if findings.is_empty() && changed.retention < changed.replication_interval {
        findings.push(finding(
            format!(
                "points would be kept for {} s and made every {} s: there would be times without any",
                changed.retention, changed.replication_interval
            ),
            "keep points for longer than it takes until the next one",
        ));
    }
    if findings.is_empty() && *changed == *facts.group {
        findings.push(finding("its policy is so already".to_owned(), "there is nothing to do"));
    }
    findings
}
