//! Random plans, random orders of what happens, crashes at any moment: what must hold in every one of them.

mod simulation;

use super::*;
use proptest::prelude::*;
use simulation::{Ending, Fate, Simulation};
use std::collections::{BTreeMap, BTreeSet};

/// A plan with what becomes of each step, and the dice that order what happens.
#[derive(Debug, Clone)]
struct Case {
    plan: Arc<Plan>,
    fates: BTreeMap<StepId, Fate>,
    dice: Vec<u16>,
}

fn name(position: usize) -> String {
    format!("step-{position}")
}

/// Of three masks of earlier steps, two say together which it comes after, and the third on which of those it does not build.
fn build(shape: &[(u16, u16, u16)], recovery: u8) -> Arc<Plan> {
    let names: Vec<String> = (0..shape.len()).map(name).collect();
    let before: Vec<(Vec<&str>, Vec<&str>)> = shape
        .iter()
        .enumerate()
        .map(|(position, (one, other, merely))| {
            let chosen = |earlier: &usize| one & other & (1 << earlier) != 0;
            let (ordered, ground): (Vec<usize>, Vec<usize>) =
                (0..position).filter(chosen).partition(|earlier| merely & (1 << earlier) != 0);
            let listed = |steps: Vec<usize>| steps.into_iter().map(|step| names[step].as_str()).collect();
            (listed(ground), listed(ordered))
        })
        .collect();
    let steps: Vec<(&str, &[&str], &[&str])> = names
        .iter()
        .zip(&before)
        .map(|(name, (after, merely_after))| (name.as_str(), after.as_slice(), merely_after.as_slice()))
        .collect();
    let recovery = match recovery {
        0 => Recovery::RollBack,
        1 => Recovery::ForwardOnly,
        point => Recovery::RollBackBefore(name(usize::from(point) % shape.len()).into()),
    };
    plan_in_order(recovery, &steps)
}

fn cases(fate: impl Strategy<Value = Fate> + Clone + 'static) -> impl Strategy<Value = Case> {
    (1_usize..9)
        .prop_flat_map(move |count| {
            (
                prop::collection::vec(any::<(u16, u16, u16)>(), count),
                0_u8..12,
                prop::collection::vec(fate.clone(), count),
                prop::collection::vec(any::<u16>(), 0..160),
            )
        })
        .prop_map(|(shape, recovery, fates, dice)| {
            let plan = build(&shape, recovery);
            let fates = plan.steps.iter().map(|step| step.id.clone()).zip(fates).collect();
            Case { plan, fates, dice }
        })
}

fn any_fate() -> impl Strategy<Value = Fate> + Clone {
    prop_oneof![
        6 => Just(Fate::Succeeds),
        2 => (1_u8..4).prop_map(Fate::SucceedsAfterTroubles),
        1 => Just(Fate::Fails),
        1 => Just(Fate::Conflicts),
        1 => Just(Fate::CannotBegin),
        1 => Just(Fate::FailsToRevertOnce),
    ]
}

fn fate_that_cannot_be_undone() -> impl Strategy<Value = Fate> + Clone {
    prop_oneof![4 => Just(Fate::Succeeds), 2 => Just(Fate::Fails), 2 => Just(Fate::FailsToRevert)]
}

fn fate_that_passes() -> impl Strategy<Value = Fate> + Clone {
    prop_oneof![Just(Fate::Succeeds), (1_u8..4).prop_map(Fate::SucceedsAfterTroubles)]
}

impl Case {
    fn having(&self, fate: Fate) -> Vec<&StepId> {
        self.fates.iter().filter(|(_, other)| **other == fate).map(|(step, _)| step).collect()
    }

    /// All that `step` depends on, however far.
    fn needed_by(&self, step: &StepId) -> BTreeSet<StepId> {
        let mut needed: BTreeSet<StepId> = BTreeSet::from([step.clone()]);
        for step in self.plan.steps.iter().rev() {
            if needed.contains(&step.id) {
                needed.extend(step.after.iter().cloned());
            }
        }
        needed.remove(step);
        needed
    }

    /// Where it must end whatever the order; `None` if that depends on the order.
    fn ending(&self) -> Option<Ending> {
        let failing = self.having(Fate::Fails);
        let left = [self.having(Fate::Conflicts), self.having(Fate::CannotBegin)].concat();
        let stuck: Vec<&StepId> = [failing.clone(), left].concat();
        match (&self.plan.recovery, stuck.as_slice()) {
            (_, []) => Some(Ending::Completed),
            (Recovery::ForwardOnly, _) => Some(Ending::Paused),
            (Recovery::RollBack, stuck) if stuck.len() == failing.len() => Some(Ending::RolledBack),
            (Recovery::RollBackBefore(point), [only]) if self.needed_by(point).contains(*only) => {
                Some(if failing.is_empty() { Ending::Paused } else { Ending::RolledBack })
            }
            (Recovery::RollBackBefore(point), [only])
                if *only == point || self.needed_by(only).contains(point) =>
            {
                Some(Ending::Paused)
            }
            (_, _) if failing.is_empty() => Some(Ending::Paused),
            _ => None,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_can_be_done_is_done_in_any_order_and_through_any_crash(case in cases(fate_that_passes())) {
        let mut simulation = Simulation::new(&case.plan, &case.fates);
        prop_assert_eq!(simulation.run(&case.dice, 3), Ending::Completed);
    }

    #[test]
    fn a_failure_leads_where_the_plan_says_in_any_order_and_through_any_crash(case in cases(any_fate())) {
        let mut simulation = Simulation::new(&case.plan, &case.fates);
        let ending = simulation.run(&case.dice, 3);
        if let Some(expected) = case.ending() {
            prop_assert_eq!(ending, expected);
        }
        if ending == Ending::RolledBack {
            prop_assert!(!case.having(Fate::Fails).is_empty(), "rolled back without a failure");
        }
        if ending == Ending::Paused {
            simulation.mend();
            let ending = simulation.run(&case.dice, 3);
            prop_assert_eq!(ending, Ending::Completed, "mended, it completes");
        }
    }

    #[test]
    fn what_cannot_be_undone_holds_up_only_what_it_builds_on(case in cases(fate_that_cannot_be_undone())) {
        let mut simulation = Simulation::new(&case.plan, &case.fates);
        if simulation.run(&case.dice, 3) == Ending::HeldUp {
            let left = simulation.touched().clone();
            let stuck = |step: &StepId| case.fates.get(step) == Some(&Fate::FailsToRevert);
            let mut held_up: BTreeSet<StepId> = left.iter().filter(|step| stuck(step)).cloned().collect();
            prop_assert!(!held_up.is_empty(), "held up by nothing");
            for step in case.plan.steps.iter().rev().filter(|step| left.contains(&step.id)) {
                if case.plan.steps.iter().any(|later| held_up.contains(&later.id) && later.builds_on(&step.id)) {
                    held_up.insert(step.id.clone());
                }
            }
            prop_assert_eq!(&left, &held_up, "something else is left");
            let said: BTreeSet<StepId> = simulation.state().not_undone().into_iter().collect();
            prop_assert_eq!(&left, &said, "what is left is said");
            simulation.mend();
            prop_assert_eq!(simulation.run(&case.dice, 3), Ending::RolledBack, "mended, it is undone");
        }
    }

    #[test]
    fn an_operation_cut_anywhere_ends_as_the_whole_one(case in cases(any_fate()), seed in any::<u16>()) {
        let mut whole = Simulation::new(&case.plan, &case.fates);
        let ending = whole.run(&case.dice, 0);
        let journal = whole.journal();
        for length in 0..journal.len() {
            let mut cut = Simulation::new(&case.plan, &case.fates);
            cut.take_up(&journal[..length]);
            let other = cut.run(&[seed; 40], 0);
            if case.ending().is_some() {
                prop_assert_eq!(other, ending, "cut after {} events", length);
            }
        }
    }

    #[test]
    fn the_same_events_give_the_same_state(case in cases(any_fate())) {
        let mut simulation = Simulation::new(&case.plan, &case.fates);
        simulation.run(&case.dice, 3);
        let (state, commands) = after(&case.plan, simulation.journal());
        prop_assert_eq!(format!("{state:?}"), format!("{:?}", simulation.state()));
        prop_assert_eq!(&commands, simulation.commands());
    }

    #[test]
    fn what_a_state_refuses_it_refuses_before_it_is_asked_to_take_it_in(
        case in cases(any_fate()),
        dice in prop::collection::vec((0_u8..9, 0_usize..9), 0..60),
    ) {
        let mut state = OperationState::new(Arc::clone(&case.plan));
        for (kind, position) in dice {
            let step = name(position % case.plan.steps.len());
            let event = match kind {
                0 => started(),
                1..=3 => intended(&step),
                4 => done(&step),
                5 => failed(&step),
                6 => rollback(),
                7 => reverting(&step),
                _ => reverted(&step),
            };
            let before = format!("{state:?}");
            let checked = state.check(&event).map_err(|refused| refused.to_string());
            prop_assert_eq!(format!("{:?}", state), before, "looking changes nothing");
            let taken = state.apply(&event).map_err(|refused| refused.to_string());
            prop_assert_eq!(checked, taken);
        }
    }

    #[test]
    fn no_sequence_of_events_is_taken_in_that_breaks_the_order(
        case in cases(any_fate()),
        dice in prop::collection::vec((0_u8..12, 0_usize..9), 0..120),
    ) {
        let mut state = OperationState::new(Arc::clone(&case.plan));
        let mut witness = simulation::Witness::new(&case.plan);
        for (kind, position) in dice {
            let step = name(position % case.plan.steps.len());
            let event = match kind {
                0 => started(),
                1..=3 => intended(&step),
                4 | 5 => done(&step),
                6 => failed(&step),
                7 => rollback(),
                8 => reverting(&step),
                9 => reverted(&step),
                10 => finished(OperationStatus::Completed),
                _ => finished(OperationStatus::RolledBack),
            };
            let unchanged = format!("{state:?}");
            if decide(&mut state, &event).is_ok() {
                witness.take(&event);
            } else {
                prop_assert_eq!(format!("{:?}", state), unchanged);
            }
        }
    }
}
