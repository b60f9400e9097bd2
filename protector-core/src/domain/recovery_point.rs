use super::{ProtectionGroup, StorageGroupReference, naming};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A recovery point, as the array has it that would use it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecoveryPoint {
    /// The array and the group there that it came from.
    pub origin: StorageGroupReference,
    /// Its name within the group.
    pub name: String,
    /// The moment that it holds, by the clock of the array that it came from.
    pub created: Timestamp,
    /// When it had wholly arrived; `None` while it has not.
    pub completed: Option<Timestamp>,
    /// How much of it has arrived, 0 to 1.
    pub progress: f64,
    /// Bytes that were transferred for it, as far as the array tells.
    pub bytes_transferred: Option<u64>,
    /// The bytes of each of its volumes, by the name that the volume had on the array that it came from. Known only
    /// once it is complete.
    pub members: BTreeMap<String, u64>,
}

impl RecoveryPoint {
    /// The bytes of its volumes together; `None` while they are not known.
    pub fn size(&self) -> Option<u64> {
        self.completed?;
        Some(self.members.values().fold(0, |sum: u64, size| sum.saturating_add(*size)))
    }
}

/// Whether a group may be brought up from a recovery point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Eligibility {
    /// It has wholly arrived.
    pub complete: bool,
    /// All volumes that the group has now are in it. Not known, and so false, until it is complete.
    pub all_members: bool,
    /// It came from where the group runs now, and not from where it ran before the last move.
    pub current_primary: bool,
    /// It was made since the group's last move: what came from the same array before is older than what the move brought
    /// there.
    pub current_epoch: bool,
    /// What speaks against it, the weightiest first; `None` if nothing does.
    pub reason: Option<String>,
}

impl Eligibility {
    /// Whether nothing speaks against it.
    pub fn is_eligible(&self) -> bool {
        self.complete && self.all_members && self.current_primary && self.current_epoch
    }
}

/// Judges whether `group` may be brought up from `point`. Whoever asks has read the point from the array that would use
/// it; nothing of the site where the group runs is needed.
pub fn judge(point: &RecoveryPoint, group: &ProtectionGroup) -> Eligibility {
    let primary = &group.current_primary_site;
    let current_primary = group.storage_groups.get(primary) == Some(&point.origin);
    let since_move = group.last_failover_at.is_none_or(|moved| point.created > moved);
    // Arrays have clocks of their own. The epoch in the name of a point that a move made is sure: it is the one that the
    // move led to, and the group is beyond it once it has come back.
    let of_earlier_move = naming::epoch_of_point(&point.name).is_some_and(|epoch| epoch < group.epoch);
    let current_epoch = since_move && !of_earlier_move;
    let complete = point.completed.is_some();
    let missing = missing(point, group);
    let all_members = complete && missing.is_empty();
    let reason = if !current_primary {
        let StorageGroupReference { array, name } = &point.origin;
        Some(format!("it is from group {name} of array {array}: the group runs at {primary}"))
    } else if !current_epoch {
        Some(format!("it was made before the group came to run at {primary} in epoch {}", group.epoch))
    } else if !complete {
        // Rounded down: what is not complete never shows as 100 %.
        Some(format!("it has not wholly arrived: {} %", (point.progress.clamp(0.0, 0.99) * 100.0).floor()))
    } else if !all_members {
        Some(format!("it lacks {}", missing.join(", ")))
    } else {
        None
    };
    Eligibility { complete, all_members, current_primary, current_epoch, reason }
}

/// The newest point that nothing speaks against.
pub fn newest_eligible<'a>(
    points: &'a [RecoveryPoint],
    group: &ProtectionGroup,
) -> Option<&'a RecoveryPoint> {
    let eligible = points.iter().filter(|point| judge(point, group).is_eligible());
    eligible.max_by_key(|point| point.created)
}

fn missing(point: &RecoveryPoint, group: &ProtectionGroup) -> Vec<String> {
    let absent = group.volumes().filter(|(_, volume)| {
        let there = volume.sites.get(&group.current_primary_site);
        there.is_none_or(|volume| !point.members.contains_key(&volume.array_volume_name))
    });
    absent.map(|(member, volume)| format!("volume {} of server {}", volume.name, member.name)).collect()
}

#[cfg(test)]
mod tests;
