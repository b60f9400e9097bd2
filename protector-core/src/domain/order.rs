//! Which VMs of a group start before which: tiers and dependencies both end here.

use super::{Member, OrderPolicy, ProtectionGroup};
use crate::id::LineageId;
use std::collections::{BTreeMap, BTreeSet};

#[cfg(test)]
mod tests;

/// For each VM of a group, those that start before it; without cycles. Stops go the other way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartOrder {
    /// Each VM after those it waits for.
    turns: Vec<Turn>,
}

/// One VM's turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The VM.
    pub member: LineageId,
    /// Those that start before it.
    pub after: BTreeSet<LineageId>,
}

/// VMs cannot be brought in the order that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OrderError {
    /// It names VMs that the group does not have.
    #[error("the order names {}, and the group has only {}", .names.join(", "), .known.join(", "))]
    Unknown {
        /// The names.
        names: Vec<String>,
        /// Those of the group.
        known: Vec<String>,
    },
    /// A VM stands in more than one tier.
    #[error("{name} stands in two tiers of the order")]
    InTwoTiers {
        /// The VM.
        name: String,
    },
    /// VMs wait for each other.
    #[error("VMs of the order wait for each other: {}", .names.join(" after "))]
    Cycle {
        /// Their names; each starts after the next one, the last is the first again.
        names: Vec<String>,
    },
}

impl From<Vec<(LineageId, BTreeSet<LineageId>)>> for StartOrder {
    fn from(turns: Vec<(LineageId, BTreeSet<LineageId>)>) -> Self {
        Self { turns: turns.into_iter().map(|(member, after)| Turn { member, after }).collect() }
    }
}

impl StartOrder {
    /// The order of a group: what its policy says, else [`Self::standard`]. VMs that the policy names and the group does
    /// not have any more are passed over.
    ///
    /// # Errors
    /// [`OrderError::InTwoTiers`], [`OrderError::Cycle`].
    pub fn of(group: &ProtectionGroup) -> Result<Self, OrderError> {
        if group.policy.order.is_unsaid() {
            return Ok(Self::standard(group));
        }
        let there: BTreeSet<&str> = group.members.values().map(|member| member.name.as_str()).collect();
        let kept = |names: &Vec<String>| -> Vec<String> {
            names.iter().filter(|name| there.contains(name.as_str())).cloned().collect()
        };
        let order = &group.policy.order;
        let of_group = OrderPolicy {
            tiers: order.tiers.iter().map(kept).collect(),
            after: order
                .after
                .iter()
                .filter(|(name, _)| there.contains(name.as_str()))
                .map(|(name, earlier)| (name.clone(), kept(earlier)))
                .collect(),
        };
        Self::resolve(&of_group, group.members.values())
    }

    /// Without a policy: VMs that were shut off when they were protected start last.
    pub fn standard(group: &ProtectionGroup) -> Self {
        let mut tiers: BTreeMap<u32, Vec<LineageId>> = BTreeMap::new();
        for member in group.members.values() {
            tiers.entry(member.order).or_default().push(member.lineage);
        }
        let tiers: Vec<Vec<LineageId>> = tiers.into_values().collect();
        let (turns, _) =
            sorted(group.members.keys().map(|member| (*member, BTreeSet::new())).collect(), &tiers);
        Self::from(turns)
    }

    /// The order that a policy means for these VMs.
    ///
    /// # Errors
    /// It names others, one of them in two tiers, or has a cycle.
    pub fn resolve<'a>(
        order: &OrderPolicy,
        members: impl IntoIterator<Item = &'a Member>,
    ) -> Result<Self, OrderError> {
        let names: BTreeMap<LineageId, &str> =
            members.into_iter().map(|member| (member.lineage, member.name.as_str())).collect();
        let lineages: BTreeMap<&str, LineageId> =
            names.iter().map(|(lineage, name)| (*name, *lineage)).collect();
        let unknown: BTreeSet<&str> = order.names().filter(|name| !lineages.contains_key(name)).collect();
        if !unknown.is_empty() {
            return Err(OrderError::Unknown {
                names: unknown.into_iter().map(str::to_owned).collect(),
                known: lineages.keys().map(|name| (*name).to_owned()).collect(),
            });
        }
        let mut placed = BTreeSet::new();
        if let Some(name) = order.tiers.iter().flatten().find(|name| !placed.insert(name.as_str())) {
            return Err(OrderError::InTwoTiers { name: name.clone() });
        }
        let known = |names: &[String]| -> Vec<LineageId> {
            names.iter().filter_map(|name| lineages.get(name.as_str()).copied()).collect()
        };
        let tiers: Vec<Vec<LineageId>> = order.tiers.iter().map(|tier| known(tier)).collect();
        let mut before: BTreeMap<LineageId, BTreeSet<LineageId>> =
            names.keys().map(|lineage| (*lineage, BTreeSet::new())).collect();
        for (name, earlier) in &order.after {
            if let Some(of_vm) = lineages.get(name.as_str()).and_then(|lineage| before.get_mut(lineage)) {
                of_vm.extend(known(earlier));
            }
        }
        let (turns, cycle) = sorted(before, &tiers);
        if cycle.is_empty() {
            return Ok(Self::from(turns));
        }
        let names = cycle.iter().filter_map(|lineage| names.get(lineage)).map(|name| (*name).to_owned());
        Err(OrderError::Cycle { names: names.collect() })
    }

    /// The turns of some of the VMs, each after those that it waits for. Who waits for one that is not among them waits
    /// for those that one would have waited for.
    pub fn among(&self, present: &BTreeSet<LineageId>) -> Vec<Turn> {
        let mut stand_for: BTreeMap<LineageId, BTreeSet<LineageId>> = BTreeMap::new();
        let mut turns = Vec::new();
        for Turn { member, after } in &self.turns {
            let after: BTreeSet<LineageId> =
                after.iter().filter_map(|earlier| stand_for.get(earlier)).flatten().copied().collect();
            if present.contains(member) {
                stand_for.insert(*member, BTreeSet::from([*member]));
                turns.push(Turn { member: *member, after });
            } else {
                stand_for.insert(*member, after);
            }
        }
        turns
    }

    /// The same the other way round: whoever starts first stops last.
    pub fn reversed_among(&self, present: &BTreeSet<LineageId>) -> Vec<Turn> {
        let forward = self.among(present);
        let mut after: BTreeMap<LineageId, BTreeSet<LineageId>> = BTreeMap::new();
        for turn in &forward {
            for earlier in &turn.after {
                after.entry(*earlier).or_default().insert(turn.member);
            }
        }
        let reversed = forward.into_iter().rev();
        reversed
            .map(|turn| Turn { member: turn.member, after: after.remove(&turn.member).unwrap_or_default() })
            .collect()
    }
}

/// What waits for what, and tiers besides: each after those it waits for, by the longest chain before it, then by key. If
/// they wait for each other: a cycle among them, whose last is its first.
pub(super) fn sorted<K: Ord + Copy>(
    mut before: BTreeMap<K, BTreeSet<K>>,
    tiers: &[Vec<K>],
) -> (Vec<(K, BTreeSet<K>)>, Vec<K>) {
    let filled = || tiers.iter().filter(|tier| !tier.is_empty());
    for (earlier, tier) in filled().zip(filled().skip(1)) {
        for member in tier {
            before.entry(*member).or_default().extend(earlier);
        }
    }
    let mut turns = Vec::new();
    let mut placed: BTreeSet<K> = BTreeSet::new();
    loop {
        let ready: Vec<K> = before
            .iter()
            .filter(|(_, earlier)| earlier.iter().all(|one| placed.contains(one)))
            .map(|(member, _)| *member)
            .collect();
        if ready.is_empty() {
            return (turns, cycle(&before));
        }
        for member in ready {
            let after = before.remove(&member).unwrap_or_default();
            placed.insert(member);
            turns.push((member, after));
        }
    }
}

/// Each of these waits for another one of them, so that whoever goes from one to the next comes back.
fn cycle<K: Ord + Copy>(waiting: &BTreeMap<K, BTreeSet<K>>) -> Vec<K> {
    let mut way: Vec<K> = Vec::new();
    let mut next = waiting.keys().next().copied();
    while let Some(member) = next {
        let seen = way.iter().position(|one| *one == member);
        way.push(member);
        if let Some(first) = seen {
            return way.split_off(first);
        }
        let earlier = waiting.get(&member);
        next = earlier.and_then(|earlier| earlier.iter().find(|one| waiting.contains_key(one)).copied());
    }
    Vec::new()
}
