//! Whose limit each step counts against, and how much is under way there.

use crate::engine::plan::Plan;
use crate::engine::step::StepKinds;
use crate::id::{SiteName, StepId};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A system of a site: one that is dead must not keep the other site's waiting.
pub(super) type Service = (&'static str, Option<SiteName>);

/// The services of a plan's steps, by number, and the steps under way.
#[derive(Debug)]
pub(super) struct Services {
    of: HashMap<StepId, usize>,
    names: Vec<Service>,
    /// How many steps are under way in each.
    busy: Vec<usize>,
    under_way: BTreeSet<StepId>,
    at_a_time: usize,
}

impl Services {
    pub(super) fn new(plan: &Plan, kinds: &StepKinds, at_a_time: usize) -> Self {
        let mut numbers: BTreeMap<Service, usize> = BTreeMap::new();
        let mut of = HashMap::with_capacity(plan.steps.len());
        for step in &plan.steps {
            let system = kinds.get(&step.kind, 1).map_or("unknown", |kind| kind.system());
            let next = numbers.len();
            let number = *numbers.entry((system, step.site.clone())).or_insert(next);
            of.entry(step.id.clone()).or_insert(number);
        }
        let mut names: Vec<(Service, usize)> = numbers.into_iter().collect();
        names.sort_by_key(|(_, number)| *number);
        let names: Vec<Service> = names.into_iter().map(|(service, _)| service).collect();
        Self {
            of,
            busy: vec![0; names.len()],
            names,
            under_way: BTreeSet::new(),
            at_a_time: at_a_time.max(1),
        }
    }

    /// Where a step is.
    pub(super) fn of(&self, step: &StepId) -> Service {
        let service = self.of.get(step).and_then(|number| self.names.get(*number));
        service.cloned().unwrap_or(("unknown", None))
    }

    /// Whether one more step may be begun where this one is.
    pub(super) fn has_room_for(&self, step: &StepId) -> bool {
        let busy = self.of.get(step).and_then(|number| self.busy.get(*number));
        busy.is_none_or(|busy| *busy < self.at_a_time)
    }

    pub(super) fn begin(&mut self, step: &StepId) {
        if self.under_way.insert(step.clone())
            && let Some(busy) = self.of.get(step).and_then(|number| self.busy.get_mut(*number))
        {
            *busy += 1;
        }
    }

    pub(super) fn end(&mut self, step: &StepId) {
        if self.under_way.remove(step)
            && let Some(busy) = self.of.get(step).and_then(|number| self.busy.get_mut(*number))
        {
            *busy = busy.saturating_sub(1);
        }
    }

    /// Whether nothing is under way anywhere.
    pub(super) fn are_idle(&self) -> bool {
        self.under_way.is_empty()
    }
}
