//! What a plan says of its steps, by their place in it: an event then costs what it changes, and not what the plan is long.

use crate::engine::plan::Plan;
use crate::id::StepId;
use std::collections::{HashMap, HashSet};
use std::fmt;

/// The steps of a plan and what hangs on each, by position.
pub(super) struct PlanIndex {
    positions: HashMap<StepId, usize>,
    places: Vec<Place>,
}

/// One step's place among the others.
#[derive(Default)]
pub(super) struct Place {
    pub(super) optional: bool,
    /// How many steps stand in the longest chain that begins with it.
    pub(super) chain: usize,
    /// How many steps it waits for, those included that the plan does not have.
    pub(super) waits_for: usize,
    /// The steps that come after it.
    pub(super) dependents: Vec<usize>,
    /// The steps that come after its end, whatever end that is.
    pub(super) after_end: Vec<usize>,
    /// The steps that build on it, in the order of the plan.
    pub(super) built_on_by: Vec<usize>,
    /// The steps that it builds on.
    pub(super) builds_on: Vec<usize>,
}

impl PlanIndex {
    pub(super) fn of(plan: &Plan) -> Self {
        let mut positions = HashMap::with_capacity(plan.steps.len());
        for (position, step) in plan.steps.iter().enumerate() {
            // Of two steps with one name, which only a damaged plan has, the first counts; the other never comes.
            positions.entry(step.id.clone()).or_insert(position);
        }
        let chains = plan.critical_paths();
        let mut places: Vec<Place> = plan.steps.iter().map(|_| Place::default()).collect();
        for (position, step) in plan.steps.iter().enumerate() {
            if positions.get(&step.id) != Some(&position) {
                if let Some(place) = places.get_mut(position) {
                    place.waits_for = 1;
                }
                continue;
            }
            let merely_after: HashSet<&StepId> = step.merely_after.iter().collect();
            let builds_on = step.after.iter().filter(|id| !merely_after.contains(id));
            let builds_on: Vec<usize> = builds_on.filter_map(|id| positions.get(id).copied()).collect();
            for earlier in step.after.iter().filter_map(|id| positions.get(id)) {
                note(&mut places, *earlier, |place| &mut place.dependents, position);
            }
            for earlier in step.after_end_of.iter().filter_map(|id| positions.get(id)) {
                note(&mut places, *earlier, |place| &mut place.after_end, position);
            }
            for earlier in &builds_on {
                note(&mut places, *earlier, |place| &mut place.built_on_by, position);
            }
            if let Some(place) = places.get_mut(position) {
                place.optional = step.optional;
                place.chain = chains.get(&step.id).copied().unwrap_or(0);
                place.waits_for = step.after.len() + step.after_end_of.len();
                place.builds_on = builds_on;
            }
        }
        Self { positions, places }
    }

    /// How many steps there are, each name counted once.
    pub(super) fn len(&self) -> usize {
        self.positions.len()
    }

    pub(super) fn position(&self, id: &StepId) -> Option<usize> {
        self.positions.get(id).copied()
    }

    pub(super) fn place(&self, position: usize) -> Option<&Place> {
        self.places.get(position)
    }
}

fn note(places: &mut [Place], at: usize, list: impl FnOnce(&mut Place) -> &mut Vec<usize>, position: usize) {
    if let Some(place) = places.get_mut(at) {
        list(place).push(position);
    }
}

/// It follows from the plan, beside which it stands.
impl fmt::Debug for PlanIndex {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PlanIndex").finish_non_exhaustive()
    }
}
