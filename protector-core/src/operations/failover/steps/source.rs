//! What is done where the group runs, when it answers.

use super::Writer;
use crate::domain::{NotStopped, naming};
use crate::engine::{StepBuilder, Waiting};
use crate::id::{LineageId, StepId, VolumeId};
use crate::operations::replication;
use crate::steps::storage::SafetySnapshotInput;
use serde_json::json;
use std::collections::BTreeMap;

impl Writer<'_> {
    /// Volumes that were attached since: they are replicated with the others from now on.
    pub(super) fn join_new_volumes(&mut self, marked: &StepId) -> Option<StepId> {
        let group_id = self.facts.group.consistency_groups.get(self.source)?.clone();
        let volumes: Vec<VolumeId> = self
            .moves
            .iter()
            .flat_map(|one| &one.volumes)
            .filter(|volume| volume.joins)
            .map(|volume| volume.definition.volume_id.clone())
            .collect();
        if volumes.is_empty() {
            return None;
        }
        let title = "put the volumes that were added since into the consistency group";
        let joined = replication::join(self.source, &json!(group_id), &volumes, &self.origin.array, title);
        Some(self.plan.add(joined.after([marked])))
    }

    pub(super) fn capture(&mut self, marked: &StepId) -> StepId {
        let definitions = self.running_moves().map(|one| one.definition);
        let step = replication::capture(self.source, definitions, true).after([marked]);
        self.plan.add(step)
    }

    /// Stops the VMs, those first that start last, and locks them; none before the end of what is `hooked`.
    pub(super) fn stop_and_lock(&mut self, marked: &StepId, hooked: &[StepId]) -> Vec<StepId> {
        let mut fenced = Vec::new();
        let mut stopped: BTreeMap<LineageId, StepId> = BTreeMap::new();
        let reason = naming::lock_reason(&self.facts.group.name, self.target.as_str());
        let waits = self
            .facts
            .group
            .policy
            .stop
            .map(|stop| Waiting { within: stop.within, without_end: stop.otherwise == NotStopped::Wait });
        let running = self.running_moves().map(|one| one.member.lineage).collect();
        for turn in self.order.reversed_among(&running) {
            let Some(one) = self.move_of(turn.member) else { continue };
            let later: Vec<&StepId> = turn.after.iter().filter_map(|later| stopped.get(later)).collect();
            let later = if later.is_empty() { vec![marked] } else { later };
            let (name, server_id) = (&one.member.name, &one.definition.server_id);
            let stop = replication::stop(self.source, name, server_id, one.definition.running);
            let stop = stop
                .after(later)
                .after_end_of(hooked)
                .reverted_by("POST compute /servers/{id}/action os-start, if it ran");
            let stop = self.plan.add(stop.waiting(waits));
            let lock = replication::lock(self.source, name, server_id, &reason);
            let lock = lock.after([&stop]).reverted_by("POST compute /servers/{id}/action unlock");
            fenced.push(self.plan.add(lock));
            stopped.insert(turn.member, stop);
        }
        fenced
    }

    /// The last replication, and the end of the source's schedule. Returns the steps that ended the schedule and saw
    /// the point arrive.
    pub(super) fn replicate(
        &mut self,
        marked: &StepId,
        fenced: &[StepId],
        joined: Option<&StepId>,
    ) -> (StepId, StepId) {
        let title = "make the last recovery point";
        let replicated = replication::replicate(self.source, self.origin, &self.point, title);
        let replicated = self.plan.add(replicated.after([marked]).merely_after(fenced).merely_after(joined));
        let paused = self.pause_schedule(marked, std::slice::from_ref(&replicated));
        let members = self
            .moves
            .iter()
            .flat_map(|one| &one.volumes)
            .map(|volume| volume.source.array_volume_name.clone())
            .collect();
        let title = "wait until the last recovery point is complete";
        let point = (self.origin, self.point.as_str());
        let arrived = replication::await_point(self.target, &self.storage.array, point, members, title);
        let arrived = self.plan.add(arrived.after([marked]).merely_after([&replicated]));
        (paused, arrived)
    }

    /// The end of the source's schedule.
    pub(super) fn pause_schedule(&mut self, marked: &StepId, earlier: &[StepId]) -> StepId {
        let before = self.facts.source.and_then(|known| known.arrays.group.as_ref());
        let before = before.map(|(_, group)| group.settings.clone());
        let settings = replication::settings(self.facts.group, false);
        let title = "switch the source's schedule off";
        let paused = replication::schedule(self.source, self.origin, settings, before, title);
        self.plan.add(paused.after([marked]).merely_after(earlier).reverted_by("the schedule as it was"))
    }

    /// Keeps what the source's volumes hold now that its VMs are stopped.
    pub(super) fn keep_source(&mut self, marked: &StepId, fenced: &[StepId]) -> StepId {
        self.plan.add(
            StepBuilder::new("safety_snapshot", "safety_snapshot", "keep what was written since the move")
                .at(self.source)
                .after([marked])
                .merely_after(fenced)
                .input(SafetySnapshotInput {
                    array: self.origin.array.clone(),
                    group: self.origin.group.clone(),
                    name: self.safety.clone(),
                })
                .call(format!("snapshot the source's storage group as {}", self.safety))
                .reverted_by("discard the snapshot, recoverably"),
        )
    }
}
