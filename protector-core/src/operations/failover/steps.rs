mod changes;
mod checking;
mod ending;
mod hooks;
mod servers;
mod source;
mod target;

use self::hooks::HookTurn;
use super::checks::Shared;
use super::placing::Move;
use super::{FailoverFacts, MoveMode};
use crate::domain::{
    Finding, GroupStatus, HookMoment, HookSubject, OperationType, StartOrder, StorageGroupReference,
};
use crate::driver::GroupOrigin;
use crate::engine::{PlanBuilder, StepBuilder};
use crate::id::{ConsistencyGroupId, LineageId, SiteName, StepId};
use crate::operations::placement::Placement;
use crate::operations::{PlanningError, record_group, replication, test_cleanup};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Writes the steps down.
///
/// A step comes after others in time, but builds on few of them. What is done at the target builds on nothing that is done
/// at the source: else a target that is dead would keep the VMs stopped when all is undone. All build on the group's mark,
/// so that the group is being moved as long as anything is left of it.
///
/// Past the point of no return each VM goes its own way: its steps are optional, and one that cannot be made does not stop
/// the others. What is stored moves as one.
pub(super) struct Writer<'a> {
    pub(super) facts: &'a FailoverFacts<'a>,
    pub(super) operation: OperationType,
    pub(super) source: &'a SiteName,
    pub(super) target: &'a SiteName,
    pub(super) origin: &'a GroupOrigin,
    pub(super) storage: &'a StorageGroupReference,
    pub(super) consistency_group: &'a ConsistencyGroupId,
    pub(super) point: String,
    pub(super) safety: String,
    pub(super) moves: &'a [Move<'a>],
    pub(super) order: StartOrder,
    pub(super) plan: PlanBuilder,
}

/// What steps at the target stand on.
struct Ground {
    /// What they build on.
    on: StepId,
    /// What they merely come after.
    merely_after: Option<StepId>,
    /// Whether the operation goes on without those that concern one VM only.
    past_return: bool,
}

impl Ground {
    fn under(&self, step: StepBuilder) -> StepBuilder {
        step.after([&self.on]).merely_after(&self.merely_after)
    }

    /// Under a step that one VM, or a few, need.
    fn under_some(&self, step: StepBuilder) -> StepBuilder {
        let step = self.under(step);
        if self.past_return { step.optional() } else { step }
    }
}

/// What the servers need.
#[derive(Default)]
struct Prepared {
    twins: BTreeMap<LineageId, Value>,
    ports: BTreeMap<LineageId, Value>,
    server_groups: BTreeMap<String, Value>,
    /// The steps that import keypairs, by name.
    keypairs: BTreeMap<String, StepId>,
    /// The steps that have to be done before the first server is made.
    steps: Vec<StepId>,
    /// The steps that had to be done, and were handed to what comes after them.
    ends: Vec<StepId>,
}

impl Prepared {
    /// Notes a step that some VMs need. Before the point of no return all wait for it, for it may still be undone; past it
    /// only those VMs do.
    fn need(&mut self, step: StepId, ground: &Ground) {
        if !ground.past_return {
            self.steps.push(step);
        }
    }
}

impl<'a> Writer<'a> {
    pub(super) fn write(
        mut self,
        shared: &Shared<'_>,
        warnings: Vec<Finding>,
    ) -> Result<crate::engine::Plan, PlanningError> {
        for warning in warnings {
            self.plan.warn(warning);
        }
        let marked = self.begin();
        match self.facts.mode {
            MoveMode::Planned => self.planned(shared, &marked),
            MoveMode::Unplanned { source_answers, .. } => self.unplanned(shared, &marked, source_answers),
            MoveMode::Completion => self.completion(shared, &marked),
            MoveMode::Undo => self.undo(shared, &marked),
        }
        let moved = [StepId::new("record_move")];
        self.hooks_of_group(HookMoment::After, &moved, true);
        self.end_test();
        Ok(self.plan.build()?)
    }

    fn hooks_of_group(&mut self, when: HookMoment, ground: &[StepId], past_return: bool) -> Vec<StepId> {
        let of = HookSubject::Group;
        self.run_hooks(&HookTurn { when, of, ground, earlier: &[], past_return, wanted: None })
    }

    /// A test of the group that runs where it goes has served: it goes once all else is done.
    fn end_test(&mut self) {
        let group = self.facts.group;
        let Some(test) = group.test.as_ref().filter(|test| test.site == *self.target) else { return };
        let found = test_cleanup::Found::look(test, self.facts.target.site, &[]);
        let moved = StepId::new("record_move");
        test_cleanup::remove(&mut self.plan, (group, test), &found, &moved, true);
    }

    fn planned(&mut self, shared: &Shared<'_>, marked: &StepId) {
        let joined = self.join_new_volumes(marked);
        let captured = self.capture(marked);
        let hooked = self.hooks_of_group(HookMoment::Before, std::slice::from_ref(marked), false);
        let fenced = self.stop_and_lock(marked, &hooked);
        let (paused, arrived) = self.replicate(marked, &fenced, joined.as_ref());
        let ground = Ground { on: marked.clone(), merely_after: Some(arrived.clone()), past_return: false };
        let mut prepared = Prepared { steps: vec![captured, paused, arrived], ..Prepared::default() };
        let made = self.make_twins(&mut prepared, marked);
        self.prepare(&mut prepared, shared, marked, &ground);
        self.materialize(&mut prepared, &made, &ground);
        let before: Vec<StepId> = std::mem::take(&mut prepared.steps);
        let raised = self.raise_epoch(&prepared, (&before, &hooked));
        prepared.ends = vec![raised.clone()];
        let servers = self.start(shared, &prepared, (std::slice::from_ref(&raised), &[]));
        let reversed = self.reverse(&raised);
        self.record_move(&prepared, &servers, ending::Data::Reversed(reversed));
    }

    /// The epoch rises first: whatever comes of the rest, the other site is not the primary any more.
    fn unplanned(&mut self, shared: &Shared<'_>, marked: &StepId, source_answers: bool) {
        let mut prepared = Prepared::default();
        let held = self.hold_point(marked);
        let made = self.make_twins(&mut prepared, marked);
        let raised = self.raise_epoch(&prepared, (&[&made[..], &[marked.clone(), held]].concat(), &[]));
        let fenced = if source_answers { self.fence(&raised) } else { Vec::new() };
        let ground = Ground { on: raised.clone(), merely_after: None, past_return: true };
        self.prepare(&mut prepared, shared, &raised, &ground);
        self.materialize(&mut prepared, &[], &ground);
        prepared.ends = std::mem::take(&mut prepared.steps);
        let before = prepared.ends.clone();
        self.release_point(&before);
        let hooked = self.hooks_of_group(HookMoment::Before, &before, true);
        let servers = self.start(shared, &prepared, (&before, &hooked));
        self.record_move(&prepared, &servers, ending::Data::Lost { fenced });
    }

    /// The data is there, and the group is primary here: what is missing are VMs.
    fn completion(&mut self, shared: &Shared<'_>, marked: &StepId) {
        let mut prepared = Prepared { ends: vec![marked.clone()], ..Prepared::default() };
        self.make_twins(&mut prepared, marked);
        let ground = Ground { on: marked.clone(), merely_after: None, past_return: true };
        self.prepare(&mut prepared, shared, marked, &ground);
        let servers = self.start(shared, &prepared, (std::slice::from_ref(marked), &[]));
        self.record_move(&prepared, &servers, ending::Data::Stays);
    }

    /// Nothing is moved: the target's volumes hold what they held when the group was stopped there. What has been written
    /// since is kept in a snapshot where it was written.
    fn undo(&mut self, shared: &Shared<'_>, marked: &StepId) {
        let hooked = self.hooks_of_group(HookMoment::Before, std::slice::from_ref(marked), false);
        let fenced = self.stop_and_lock(marked, &hooked);
        let paused = self.pause_schedule(marked, &fenced);
        let kept = self.keep_source(marked, &fenced);
        let mut prepared = Prepared::default();
        self.make_twins(&mut prepared, marked);
        let ground = Ground { on: marked.clone(), merely_after: None, past_return: false };
        self.prepare(&mut prepared, shared, marked, &ground);
        let before = [vec![paused, kept], fenced].concat();
        let raised = self.raise_epoch(&prepared, (&before, &hooked));
        prepared.ends = vec![raised.clone()];
        let servers = self.start(shared, &prepared, (std::slice::from_ref(&raised), &[]));
        let reversed = self.reverse(&raised);
        self.record_move(&prepared, &servers, ending::Data::Reversed(reversed));
    }

    /// Sees that the target can be used, and marks the group.
    fn begin(&mut self) -> StepId {
        let planned = matches!(self.facts.mode, MoveMode::Planned | MoveMode::Undo);
        let peer = planned.then_some(&self.origin.array);
        let validate = self.plan.add(replication::validate(self.target, &self.storage.array, peer));
        let moving = match self.operation {
            OperationType::Failback => GroupStatus::FailingBack,
            _ => GroupStatus::FailingOver,
        };
        self.plan.add(
            record_group(
                &format!("record_group/{moving}"),
                "record that the group is being moved",
                &json!({"status": moving}),
                &json!({"status": self.facts.group.status}),
            )
            .at(self.target)
            .after([&validate])
            .reverted_by("the former status"),
        )
    }

    fn placement(&self) -> Placement<'a> {
        let mappings = &self.facts.config.mappings;
        Placement { target: self.facts.target.site, mappings, source_site: self.source }
    }

    fn placement_of(&self, one: &Move<'a>) -> Placement<'a> {
        self.placement().of(one.definition)
    }

    fn move_of(&self, member: LineageId) -> Option<&'a Move<'a>> {
        self.moves.iter().find(|one| one.member.lineage == member)
    }

    /// The VMs that are there where the group runs.
    fn running_moves(&self) -> impl Iterator<Item = &'a Move<'a>> + use<'a> {
        let source = self.source.clone();
        self.moves.iter().filter(move |one| one.definition.site == source)
    }
}
