//! Where each step of an operation stands, and what follows from all of them together: kept up to date with every change, so
//! that nobody has to go over the whole plan after each event.

use super::StepState;
use super::index::{Place, PlanIndex};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Where the steps stand.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    steps: Vec<Stand>,
    /// The steps that may be begun or have to be skipped, in the order in which they should be.
    ready: BTreeSet<(Reverse<usize>, usize)>,
    /// The steps of which something is there and on which nothing stands that is there, last of the plan first; without those
    /// that are being undone.
    revertible: BTreeSet<Reverse<usize>>,
    failed: BTreeSet<usize>,
    running: usize,
    reverting: usize,
    ended: usize,
    touched: usize,
}

#[derive(Debug, Clone)]
struct Stand {
    state: StepState,
    /// Whether it was intended and not undone since.
    touched: bool,
    /// How many steps it still waits for.
    waits_for: usize,
    /// How many of the steps that it comes after the operation goes on without.
    missing_ground: usize,
    /// How many of the steps that build on it are touched.
    in_use: usize,
    /// Where it stands among those that are ready.
    ready: Option<Reverse<usize>>,
}

/// What a step's state means for the others.
#[derive(Clone, Copy, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is counted for itself")]
struct Bearing {
    /// What comes after it may begin.
    there: bool,
    /// Nothing more comes of it on the way forward.
    ended: bool,
    /// The operation goes on without it.
    missing: bool,
    failed: bool,
    running: bool,
    reverting: bool,
}

impl Bearing {
    fn of(state: &StepState, optional: bool) -> Self {
        let failed = matches!(state, StepState::Failed(_));
        Self {
            // What a person has skipped is there, as far as the person knows.
            there: matches!(state, StepState::Done | StepState::Skipped { by: Some(_), .. }),
            ended: matches!(state, StepState::Done | StepState::Skipped { .. }) || (failed && optional),
            missing: matches!(state, StepState::Skipped { by: None, .. }) || (failed && optional),
            failed,
            running: matches!(state, StepState::Running),
            reverting: matches!(state, StepState::Reverting),
        }
    }
}

impl Standing {
    /// Nothing has been begun.
    pub(super) fn new(index: &PlanIndex, steps: usize) -> Self {
        let stand = |position: usize| Stand {
            state: StepState::Pending,
            touched: false,
            waits_for: index.place(position).map_or(0, |place| place.waits_for),
            missing_ground: 0,
            in_use: 0,
            ready: None,
        };
        let mut standing = Self {
            steps: (0..steps).map(stand).collect(),
            ready: BTreeSet::new(),
            revertible: BTreeSet::new(),
            failed: BTreeSet::new(),
            running: 0,
            reverting: 0,
            ended: 0,
            touched: 0,
        };
        (0..steps).for_each(|position| standing.list_anew(index, position));
        standing
    }

    pub(super) fn state(&self, position: usize) -> Option<&StepState> {
        self.steps.get(position).map(|stand| &stand.state)
    }

    pub(super) fn is_touched(&self, position: usize) -> bool {
        self.steps.get(position).is_some_and(|stand| stand.touched)
    }

    /// Whether the operation goes on without something that a step comes after.
    pub(super) fn lacks_ground(&self, position: usize) -> bool {
        self.steps.get(position).is_some_and(|stand| stand.missing_ground > 0)
    }

    /// Whether a step still waits for others.
    pub(super) fn waits(&self, position: usize) -> bool {
        self.steps.get(position).is_some_and(|stand| stand.waits_for > 0)
    }

    /// Whether something stands on a step that builds on it.
    pub(super) fn is_in_use(&self, position: usize) -> bool {
        self.steps.get(position).is_some_and(|stand| stand.in_use > 0)
    }

    /// What may be begun or has to be skipped, in the order in which it should be.
    pub(super) fn ready(&self) -> impl Iterator<Item = usize> {
        self.ready.iter().map(|(_, position)| *position)
    }

    /// What may be undone, last of the plan first.
    pub(super) fn revertible(&self) -> impl Iterator<Item = usize> {
        self.revertible.iter().map(|Reverse(position)| *position)
    }

    /// What failed for good.
    pub(super) fn failed(&self) -> impl Iterator<Item = usize> {
        self.failed.iter().copied()
    }

    pub(super) fn is_running(&self) -> bool {
        self.running > 0
    }

    pub(super) fn is_reverting(&self) -> bool {
        self.reverting > 0
    }

    /// How many steps have come to an end on the way forward.
    pub(super) fn ended(&self) -> usize {
        self.ended
    }

    /// Whether something of any step is there.
    pub(super) fn is_anything_touched(&self) -> bool {
        self.touched > 0
    }

    /// A step stands elsewhere now.
    pub(super) fn put(&mut self, index: &PlanIndex, position: usize, state: StepState) {
        let (Some(stand), Some(place)) = (self.steps.get_mut(position), index.place(position)) else {
            return;
        };
        let was = Bearing::of(&stand.state, place.optional);
        let is = Bearing::of(&state, place.optional);
        stand.state = state;
        count(&mut self.running, was.running, is.running);
        count(&mut self.reverting, was.reverting, is.reverting);
        count(&mut self.ended, was.ended, is.ended);
        if is.failed {
            self.failed.insert(position);
        } else {
            self.failed.remove(&position);
        }
        if (was.there, was.missing) != (is.there, is.missing) {
            for later in &place.dependents {
                if let Some(stand) = self.steps.get_mut(*later) {
                    // Who waits counts what is not there.
                    count(&mut stand.waits_for, !was.there, !is.there);
                    count(&mut stand.missing_ground, was.missing, is.missing);
                }
                self.list_anew(index, *later);
            }
        }
        if was.ended != is.ended {
            for later in &place.after_end {
                if let Some(stand) = self.steps.get_mut(*later) {
                    count(&mut stand.waits_for, !was.ended, !is.ended);
                }
                self.list_anew(index, *later);
            }
        }
        self.list_anew(index, position);
    }

    /// Something of a step is there now, or is not any more.
    pub(super) fn touch(&mut self, index: &PlanIndex, position: usize, touched: bool) {
        let (Some(stand), Some(place)) = (self.steps.get_mut(position), index.place(position)) else {
            return;
        };
        let was = std::mem::replace(&mut stand.touched, touched);
        count(&mut self.touched, was, touched);
        self.list_anew(index, position);
        if was == touched {
            return;
        }
        for earlier in &place.builds_on {
            if let Some(stand) = self.steps.get_mut(*earlier) {
                count(&mut stand.in_use, was, touched);
            }
            self.list_anew(index, *earlier);
        }
    }

    /// Lists a step where it belongs after a change.
    fn list_anew(&mut self, index: &PlanIndex, position: usize) {
        let (Some(stand), Some(place)) = (self.steps.get_mut(position), index.place(position)) else {
            return;
        };
        let ready = stand.readiness(place);
        let was = std::mem::replace(&mut stand.ready, ready);
        let reverting = matches!(stand.state, StepState::Reverting);
        let revertible = stand.touched && stand.in_use == 0 && !reverting;
        if was != ready {
            if let Some(was) = was {
                self.ready.remove(&(was, position));
            }
            if let Some(ready) = ready {
                self.ready.insert((ready, position));
            }
        }
        if revertible {
            self.revertible.insert(Reverse(position));
        } else {
            self.revertible.remove(&Reverse(position));
        }
    }
}

impl Stand {
    /// What begins the longest chain is begun first; before all of them it is said what is not run.
    fn readiness(&self, place: &Place) -> Option<Reverse<usize>> {
        match (&self.state, self.missing_ground, self.waits_for) {
            (StepState::Pending | StepState::Interrupted, 1.., _) => Some(Reverse(usize::MAX)),
            (StepState::Pending | StepState::Interrupted, 0, 0) => Some(Reverse(place.chain)),
            _ => None,
        }
    }
}

/// One more or one less, if something has begun or ended to count.
fn count(number: &mut usize, was: bool, is: bool) {
    match (was, is) {
        (false, true) => *number = number.saturating_add(1),
        (true, false) => *number = number.saturating_sub(1),
        _ => {}
    }
}
