use super::{
    Finding, FindingCode, GroupStatus, ProtectionGroup, RecoveryPoint, StorageGroupReference, judge,
    newest_eligible,
};
use crate::id::{GroupId, SiteName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Whether a group could be brought up at the other site with no more lost than its objective allows. The greater is the
/// worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RpoStatus {
    /// It could.
    Met,
    /// It cannot be told: the array at the other site was not to be asked.
    Unknown,
    /// It could not, or could not be brought up at all.
    Missed,
}

impl RpoStatus {
    /// The name, as JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Unknown => "unknown",
            Self::Missed => "missed",
        }
    }
}

impl fmt::Display for RpoStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// How an array replicates a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicationSchedule {
    /// Whether points are made on a schedule.
    pub enabled: bool,
    /// Time between two of them, seconds.
    pub interval: u64,
    /// How long the other array keeps them, seconds; `None` if the array does not tell.
    pub retention: Option<u64>,
}

/// What the state of an objective is decided on. What could not be read is there as the reason.
#[derive(Debug, Clone)]
pub struct RpoFacts<'a> {
    /// The group.
    pub group: &'a ProtectionGroup,
    /// The time.
    pub now: Timestamp,
    /// The points that have come to the site where the group does not run.
    pub points: Result<Vec<RecoveryPoint>, String>,
    /// The schedule where the group runs; `None` if the array there has no such group.
    pub schedule: Result<Option<ReplicationSchedule>, String>,
    /// The schedule at the other site, which has to be off; `None` as above.
    pub reverse: Result<Option<ReplicationSchedule>, String>,
}

/// Whether points are made on a schedule where the group runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScheduleState {
    /// They are.
    On,
    /// They are not.
    Off,
    /// The array there was not to be asked.
    Unknown,
}

/// A point that has not wholly arrived.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transfer {
    /// Its name.
    pub name: String,
    /// The moment that it holds.
    pub created: Timestamp,
    /// How much of it has arrived, 0 to 1.
    pub progress: f64,
    /// Bytes that were transferred for it, as far as the array tells.
    pub bytes_transferred: Option<u64>,
}

/// The state of a group's recovery point objective.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RpoReport {
    /// The group's id.
    pub group: GroupId,
    /// Its name.
    pub group_name: String,
    /// Where it runs.
    pub current_primary_site: SiteName,
    /// The state.
    pub status: RpoStatus,
    /// Why, in one line.
    pub reason: String,
    /// The objective, seconds.
    pub objective: u64,
    /// How much would be lost now, seconds: the time since the newest eligible point. `None` without one.
    pub age: Option<u64>,
    /// The newest eligible point.
    pub newest: Option<RecoveryPoint>,
    /// Points of this epoch under way, oldest first.
    pub in_transfer: Vec<Transfer>,
    /// Whether points are made on a schedule.
    pub schedule: ScheduleState,
    /// Whether the arrays do as the group's document says; `None` if that cannot be told.
    pub schedule_as_recorded: Option<bool>,
    /// What is not as it should be, and what to do.
    pub findings: Vec<Finding>,
}

/// Decides the state of a group's objective.
pub fn rpo(facts: &RpoFacts<'_>) -> RpoReport {
    let group = facts.group;
    let objective = u64::from(group.rpo_minutes) * 60;
    let points = facts.points.as_deref().unwrap_or_default();
    let newest = newest_eligible(points, group);
    let age = newest.map(|point| seconds_between(point.created, facts.now));
    let (status, reason) = state(facts, objective, age);
    let in_transfer = in_transfer(points, group);
    let schedule = match &facts.schedule {
        Ok(Some(found)) if found.enabled => ScheduleState::On,
        Ok(_) => ScheduleState::Off,
        Err(_) => ScheduleState::Unknown,
    };
    let (schedule_as_recorded, mut findings) = drift(facts, objective);
    let target = group.other_site(&group.current_primary_site);
    let subject = format!("group {}", group.name);
    let found = match status {
        RpoStatus::Met => None,
        RpoStatus::Unknown => Some((FindingCode::RpoUnknown, unknown_remedy(facts).to_owned())),
        RpoStatus::Missed => Some((FindingCode::RpoMissed, missed_remedy(schedule, &in_transfer))),
    };
    if let Some((code, remedy)) = found {
        findings.insert(0, Finding::new(code, target, subject, reason.clone(), remedy));
    }
    RpoReport {
        group: group.id,
        group_name: group.name.clone(),
        current_primary_site: group.current_primary_site.clone(),
        status,
        reason,
        objective,
        age,
        newest: newest.cloned(),
        in_transfer,
        schedule,
        schedule_as_recorded,
        findings,
    }
}

/// Whole seconds. Zero for a moment to come: the array's clock is ahead of ours.
fn seconds_between(earlier: Timestamp, later: Timestamp) -> u64 {
    u64::try_from(later.duration_since(earlier).as_secs()).unwrap_or(0)
}

fn state(facts: &RpoFacts<'_>, objective: u64, age: Option<u64>) -> (RpoStatus, String) {
    let group = facts.group;
    if [&group.primary_site, &group.secondary_site]
        .iter()
        .any(|site| !group.storage_groups.contains_key(*site))
    {
        return (RpoStatus::Unknown, format!("its protection is not complete: it is {}", group.status));
    }
    let points = match &facts.points {
        Ok(points) => points,
        Err(why) => return (RpoStatus::Unknown, format!("its points cannot be read: {why}")),
    };
    match age {
        Some(age) if age <= objective => {
            (RpoStatus::Met, format!("the newest eligible point is {age} s old, {objective} s are allowed"))
        }
        Some(age) => (
            RpoStatus::Missed,
            format!("the newest eligible point is {age} s old, {objective} s are allowed"),
        ),
        None => {
            let newest = points.iter().max_by_key(|point| point.created);
            let why = newest.and_then(|point| {
                let reason = judge(point, group).reason?;
                Some(format!("none of {} is eligible; of the newest, {}: {reason}", points.len(), point.name))
            });
            let why = why.unwrap_or_else(|| "none has come there".to_owned());
            (RpoStatus::Missed, format!("there is no point to bring it up from: {why}"))
        }
    }
}

fn in_transfer(points: &[RecoveryPoint], group: &ProtectionGroup) -> Vec<Transfer> {
    let mut transfers: Vec<Transfer> = points
        .iter()
        .filter(|point| {
            let judged = judge(point, group);
            !judged.complete && judged.current_primary && judged.current_epoch
        })
        .map(|point| Transfer {
            name: point.name.clone(),
            created: point.created,
            progress: point.progress,
            bytes_transferred: point.bytes_transferred,
        })
        .collect();
    transfers.sort_by_key(|transfer| transfer.created);
    transfers
}

/// Whether the arrays replicate as the group's document says, and what differs.
fn drift(facts: &RpoFacts<'_>, objective: u64) -> (Option<bool>, Vec<Finding>) {
    let group = facts.group;
    let (source, target) = (&group.current_primary_site, group.other_site(&group.current_primary_site));
    let mut findings = Vec::new();
    if group.replication_interval >= objective {
        findings.push(Finding::new(
            FindingCode::RpoTooShort,
            source,
            format!("group {}", group.name),
            format!(
                "a point is made every {} s, and {objective} s are allowed: with its transfer each comes too late",
                group.replication_interval
            ),
            "give the group a shorter replication_interval or more rpo_minutes",
        ));
    }
    // A move switches the schedules itself, and protection begins with switching them.
    if !matches!(group.status, GroupStatus::Active | GroupStatus::FailedOver) {
        return (None, findings);
    }
    let label = |site: &SiteName| {
        group.storage_groups.get(site).map_or_else(
            || format!("the storage group of group {}", group.name),
            |StorageGroupReference { array, name }| format!("group {name} on array {array}"),
        )
    };
    let mut drifted = Vec::new();
    let forward = match &facts.schedule {
        Err(why) => {
            findings.push(unreachable(source, label(source), why));
            None
        }
        Ok(None) => {
            drifted.push((
                source,
                "it is not there any more".to_owned(),
                "unprotect the group and protect it again",
            ));
            Some(false)
        }
        Ok(Some(found)) => {
            let before = drifted.len();
            if !found.enabled {
                let seen = "its schedule is off, and the group runs here: nothing new reaches the other site";
                drifted.push((source, seen.to_owned(), "switch the schedule of that group on again"));
            }
            if found.interval != group.replication_interval {
                let seen = format!(
                    "a point is made every {} s instead of {} s",
                    found.interval, group.replication_interval
                );
                drifted.push((source, seen, "set the interval of that group to the recorded one"));
            }
            if let Some(retention) = found.retention.filter(|retention| *retention != group.retention) {
                let seen = format!("points are kept for {retention} s instead of {} s", group.retention);
                drifted.push((source, seen, "set the retention of that group to the recorded one"));
            }
            Some(drifted.len() == before)
        }
    };
    let backward = match &facts.reverse {
        Err(_) => None,
        Ok(Some(found)) if found.enabled => {
            let seen =
                "its schedule is on, and the group does not run here: empty or old content is sent back";
            drifted.push((target, seen.to_owned(), "switch the schedule of that group off"));
            Some(false)
        }
        Ok(_) => Some(true),
    };
    for (site, seen, remedy) in drifted {
        findings.push(Finding::new(FindingCode::Drift, site, label(site), seen, remedy));
    }
    let as_recorded = match (forward, backward) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    };
    (as_recorded, findings)
}

fn unreachable(site: &SiteName, subject: String, why: &str) -> Finding {
    Finding::new(
        FindingCode::ArrayUnreachable,
        site,
        subject,
        format!("whether its schedule is on cannot be told: {why}"),
        "make the array answer, or, if the site is lost, bring the group up at the other one",
    )
}

fn unknown_remedy(facts: &RpoFacts<'_>) -> &'static str {
    if facts.points.is_err() {
        "make the array at the other site answer this host"
    } else {
        "resume or repeat `protect`"
    }
}

/// What helps most: what stands still is begun again before what is under way is waited for.
fn missed_remedy(schedule: ScheduleState, in_transfer: &[Transfer]) -> String {
    match (schedule, in_transfer.first()) {
        (ScheduleState::Unknown, _) => {
            "make the array of the site where the group runs answer; if that site is lost, bring the group up at the \
             other one: more will not come"
                .to_owned()
        }
        (ScheduleState::Off, _) => "switch the schedule of the group on again".to_owned(),
        (ScheduleState::On, Some(transfer)) => format!(
            "point {} is under way ({} %): if it takes longer than the interval, the connection of the arrays is too slow \
             for what is written",
            transfer.name,
            (transfer.progress.clamp(0.0, 0.99) * 100.0).floor()
        ),
        (ScheduleState::On, None) => {
            "look at the arrays' replication connection and at the group's targets: the schedule is on and nothing arrives"
                .to_owned()
        }
    }
}

#[cfg(test)]
mod tests;
