use super::{PureDriver, names};
use crate::flasharray::{
    GroupChange, Meaning, ProtectionGroup, ProtectionGroupTargets, ProtectionGroups, Retention, Schedule,
};
use futures::TryStreamExt;
use protector_core::driver::{Error, GroupOrigin, ReplicationSettings};
use protector_core::transport::Context;
use std::ops::RangeInclusive;

/// Seconds between two scheduled points that arrays take.
// OpenAPI FA2.36, schema _snapshot_schedule: 300000 to 34560000000 ms
const INTERVALS: RangeInclusive<u64> = 300..=34_560_000;

/// Seconds of retention that all arrays take.
// OpenAPI FA2.36, schema _retentionPolicy: the range of releases before 6.8.2
const RETENTIONS: RangeInclusive<u64> = 60..=34_560_000;

impl PureDriver {
    pub(super) async fn set_group_replication(
        &self,
        context: &Context,
        group: &str,
        settings: &ReplicationSettings,
    ) -> Result<(), Error> {
        let attempted = format!("set the replication of {group}");
        let groups = ProtectionGroups::new(&self.array);
        let read = async || groups.get(context, group).await.map_err(|error| self.failed(&attempted, error));
        let change = change_to(&read().await?, settings);
        if change == GroupChange::default() {
            return Ok(());
        }
        if let Some(fault) = fault_of(&change, settings) {
            return Err(self.refused(&attempted, fault));
        }
        groups.change(context, group, &change).await.map_err(|error| self.failed(&attempted, error))?;
        let kept = read().await?;
        if change_to(&kept, settings) == GroupChange::default() {
            return Ok(());
        }
        Err(self.refused(&attempted, format!("the array accepted it, and yet {}", as_it_is(&kept))))
    }

    pub(super) async fn allow_peers_group(
        &self,
        context: &Context,
        origin: &GroupOrigin,
    ) -> Result<(), Error> {
        let name = names::replica(origin);
        let attempted = format!("allow {name} to replicate");
        match ProtectionGroupTargets::new(&self.array).allow(context, &name).await {
            Ok(()) => Ok(()),
            Err(error) => match error.meaning() {
                Some(Meaning::AlreadySo) => Ok(()),
                Some(Meaning::NotFound) => {
                    let what = format!(
                        "{name} (it appears a while after its own array has made this one its target: try again)"
                    );
                    Err(self.not_found(&attempted, what))
                }
                _ => Err(self.failed(&attempted, error)),
            },
        }
    }

    /// A point that is sent nowhere is no recovery point: arrays make one without complaint.
    pub(super) async fn require_allowed_target(
        &self,
        context: &Context,
        attempted: &str,
        group: &str,
    ) -> Result<(), Error> {
        let targets = ProtectionGroupTargets::new(&self.array);
        let targets: Vec<_> = targets
            .of_group(context, group)
            .try_collect()
            .await
            .map_err(|error| self.failed(attempted, error))?;
        if targets.iter().any(|target| target.allowed == Some(true)) {
            return Ok(());
        }
        let names: Vec<&str> = targets.iter().map(|target| target.member.name()).collect();
        let reason = if names.is_empty() {
            format!("{group} has no target: make the other array its target first")
        } else {
            format!("no target of {group} allows it: allow it on {} first", names.join(" or "))
        };
        Err(self.refused(attempted, reason))
    }
}

/// What has to change for a group to replicate as wished; nothing, if it does.
fn change_to(group: &ProtectionGroup, settings: &ReplicationSettings) -> GroupChange {
    let (schedule, retention) = (&group.replication_schedule, &group.target_retention);
    let interval = u64::try_from(settings.interval.as_millis()).unwrap_or(u64::MAX);
    let same_interval = schedule.frequency == Some(interval);
    let same_schedule = same_interval && schedule.enabled == Some(settings.enabled);
    let wished = settings.retention.map(|retention| Retention {
        all_for_sec: Some(retention.as_secs()),
        days: Some(0),
        per_day: Some(0),
    });
    GroupChange {
        schedule: (!same_schedule).then_some(Schedule {
            enabled: Some(settings.enabled),
            frequency: (!same_interval).then_some(interval),
        }),
        retention: wished.filter(|wished| !is_kept(wished, retention)),
    }
}

fn as_it_is(group: &ProtectionGroup) -> String {
    let (schedule, retention) = (&group.replication_schedule, &group.target_retention);
    let told = |number: Option<u64>| number.map_or_else(|| "unknown".to_owned(), |number| number.to_string());
    format!(
        "its schedule is {}, its interval {} ms, its retention {} s and {} a day for {} days",
        if schedule.enabled == Some(true) { "on" } else { "off" },
        told(schedule.frequency),
        told(retention.all_for_sec),
        told(retention.per_day),
        told(retention.days)
    )
}

/// Without points of each day it does not matter for how many days they would be kept.
fn is_kept(wished: &Retention, present: &Retention) -> bool {
    let none_of_each_day = present.days.unwrap_or(0) == 0 || present.per_day.unwrap_or(0) == 0;
    wished.all_for_sec == present.all_for_sec && none_of_each_day
}

/// What an array would refuse, or silently do otherwise. An interval that Cinder has set too short does not keep anybody
/// from switching the schedule off.
fn fault_of(change: &GroupChange, settings: &ReplicationSettings) -> Option<String> {
    let outside = |name: &str, seconds: u64, range: &RangeInclusive<u64>| {
        let (least, most) = (range.start(), range.end());
        (!range.contains(&seconds))
            .then(|| format!("{name} is {seconds} s, and arrays take {least} to {most} s"))
    };
    let sent = change.schedule.is_some_and(|schedule| schedule.frequency.is_some());
    let interval = outside("the interval", settings.interval.as_secs(), &INTERVALS);
    let retention = change.retention.and_then(|retention| retention.all_for_sec);
    interval
        .filter(|_| sent || settings.enabled)
        .or_else(|| retention.and_then(|seconds| outside("the retention", seconds, &RETENTIONS)))
}
