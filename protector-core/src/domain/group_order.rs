//! Which groups are moved before which, when a site is left.

use super::ProtectionGroup;
use super::order::sorted;
use crate::id::GroupId;
use std::collections::{BTreeMap, BTreeSet};

/// A group's turn among others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupTurn {
    /// The group.
    pub group: GroupId,
    /// The groups whose end it waits for.
    pub after: BTreeSet<GroupId>,
}

/// Groups wait for each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("groups wait for each other: {}", .names.join(" after "))]
pub struct GroupCycle {
    /// Their names; each comes after the next one, the last is the first again.
    pub names: Vec<String>,
}

/// The turns of groups that are moved together: by priority, each after those that its policy names. Groups that a policy names
/// and that are not among these are not waited for.
///
/// # Errors
/// Some wait for each other.
pub fn group_turns(groups: &[ProtectionGroup]) -> Result<Vec<GroupTurn>, GroupCycle> {
    let by_name: BTreeMap<&str, &ProtectionGroup> =
        groups.iter().map(|group| (group.name.as_str(), group)).collect();
    let key = |group: &ProtectionGroup| (group.policy.priority, group.id);
    let before = groups.iter().map(|group| {
        let named = group.policy.after_groups.iter();
        (key(group), named.filter_map(|name| by_name.get(name.as_str())).map(|group| key(group)).collect())
    });
    let (turns, cycle) = sorted(before.collect(), &[]);
    if !cycle.is_empty() {
        let name = |(_, id): &(u32, GroupId)| {
            groups.iter().find(|group| group.id == *id).map(|group| group.name.clone())
        };
        return Err(GroupCycle { names: cycle.iter().filter_map(name).collect() });
    }
    // Who waits for none comes by priority, wherever it stands in a chain.
    let mut left = turns;
    let mut done: BTreeSet<(u32, GroupId)> = BTreeSet::new();
    let mut ordered = Vec::new();
    while let Some(next) = left.iter().filter(|(_, after)| after.is_subset(&done)).map(|(key, _)| *key).min()
    {
        let Some(position) = left.iter().position(|(key, _)| *key == next) else { break };
        let (key, after) = left.remove(position);
        done.insert(key);
        ordered.push(GroupTurn { group: key.1, after: after.into_iter().map(|(_, id)| id).collect() });
    }
    Ok(ordered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing::group;
    use uuid::Uuid;

    fn named(number: u128, name: &str, priority: u32, after: &[&str]) -> ProtectionGroup {
        let mut group = group("a", 1, None);
        group.id = GroupId::new(Uuid::from_u128(number));
        group.name = name.to_owned();
        group.policy.priority = priority;
        group.policy.after_groups = after.iter().map(|name| (*name).to_owned()).collect();
        group
    }

    #[test]
    fn groups_come_by_priority_and_after_those_that_they_wait_for() {
        let groups = [
            named(1, "shop", 5, &["database", "elsewhere"]),
            named(2, "archive", 9, &[]),
            named(3, "database", 7, &[]),
            named(4, "directory", 0, &[]),
        ];
        let turns = group_turns(&groups).unwrap();
        let names: Vec<&str> = turns
            .iter()
            .filter_map(|turn| groups.iter().find(|group| group.id == turn.group))
            .map(|group| group.name.as_str())
            .collect();
        assert_eq!(names, ["directory", "database", "shop", "archive"]);
        assert_eq!(turns[2].after, BTreeSet::from([groups[2].id]));
    }

    #[test]
    fn groups_that_wait_for_each_other_are_named() {
        let groups = [
            named(1, "a", 0, &["b"]),
            named(2, "b", 0, &["c"]),
            named(3, "c", 0, &["a"]),
            named(4, "d", 0, &[]),
        ];
        let error = group_turns(&groups).unwrap_err();
        assert_eq!(error.to_string(), "groups wait for each other: a after b after c after a");
    }
}
