//! What is kept up to date with every change is what follows from all of it.

use super::*;
use crate::domain::OperationType;
use crate::engine::event::Event;
use crate::engine::{PlanBuilder, StepBuilder};
use crate::error::Code;
use crate::id::GroupId;
use proptest::prelude::*;
use serde_json::json;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Of each step: masks of earlier steps that it comes after, merely after, and after the end of; whether it is optional.
type Shape = (u16, u16, u16, bool);

fn plan(shape: &[Shape]) -> Arc<Plan> {
    let mut plan = PlanBuilder::new(
        OperationType::Failover,
        GroupId::new(uuid::Uuid::nil()),
        "web",
        ("site-a".into(), "site-b".into()),
        0,
        Recovery::RollBack,
    );
    let mut made: Vec<(StepId, bool)> = Vec::new();
    for (position, (after, merely_after, after_end_of, optional)) in shape.iter().enumerate() {
        let chosen = |mask: &u16, optional: bool| -> Vec<StepId> {
            let earlier = made.iter().enumerate();
            let fits = |(number, (_, other)): &(usize, &(StepId, bool))| {
                mask & (1 << number) != 0 && (optional || !other)
            };
            earlier.filter(fits).map(|(_, (id, _))| id.clone()).collect()
        };
        let step = StepBuilder::new("kind", format!("step-{position}"), "a step")
            .after(&chosen(after, *optional))
            .merely_after(&chosen(merely_after, *optional))
            .after_end_of(&chosen(after_end_of, true));
        let id = plan.add(if *optional { step.optional() } else { step });
        made.push((id, *optional));
    }
    Arc::new(plan.build().unwrap())
}

fn event(kind: u8, step: StepId) -> Event {
    let trouble = |untouched| Trouble {
        untouched,
        ..Trouble::new(Code::RequestRefused, Code::RequestRefused.class(), "broken")
    };
    let reason = "said so".to_owned();
    match kind {
        0 => Event::Started { term: 1, holder: "test".to_owned() },
        1..=4 => Event::StepIntended { step },
        5..=8 => Event::StepDone { step, output: json!({}) },
        9 => Event::StepFailed { step, trouble: trouble(false) },
        10 => Event::StepFailed { step, trouble: trouble(true) },
        11 => Event::StepSkipped { step, reason, by: None },
        12 => Event::StepSkipped { step, reason, by: Some("somebody".to_owned()) },
        13 => Event::RollbackBegun { reason },
        14..=16 => Event::RevertIntended { step },
        17..=19 => Event::RevertDone { step },
        _ => Event::RevertFailed { step, trouble: trouble(false) },
    }
}

/// What may be begun or has to be skipped, from where each step stands.
fn ready(state: &OperationState) -> Vec<StepId> {
    let there = |id: &StepId| {
        matches!(state.step(id), Some(StepState::Done | StepState::Skipped { by: Some(_), .. }))
    };
    let goes_without = |id: &StepId| match state.step(id) {
        Some(StepState::Skipped { by: None, .. }) => true,
        Some(StepState::Failed(_)) => state.plan().step(id).unwrap().optional,
        _ => false,
    };
    let chains = state.plan().critical_paths();
    let mut ready = Vec::new();
    for (position, step) in state.plan().steps.iter().enumerate() {
        if !matches!(state.step(&step.id), Some(StepState::Pending | StepState::Interrupted)) {
            continue;
        }
        if step.after.iter().any(goes_without) {
            ready.push((Reverse(usize::MAX), position, step.id.clone()));
        } else if step.after.iter().all(there)
            && step.after_end_of.iter().all(|id| state.has_come_to_an_end(id))
        {
            ready.push((Reverse(chains[&step.id]), position, step.id.clone()));
        }
    }
    ready.sort();
    ready.into_iter().map(|(_, _, id)| id).collect()
}

/// What may be undone, from what is there of each step.
fn revertible(state: &OperationState) -> Vec<StepId> {
    let touched = |step: &&PlannedStep| state.is_touched(&step.id);
    let steps = &state.plan().steps;
    let free = |step: &&PlannedStep| {
        let in_use = steps.iter().filter(touched).any(|later| later.builds_on(&step.id));
        !in_use && !matches!(state.step(&step.id), Some(StepState::Reverting))
    };
    steps.iter().rev().filter(touched).filter(free).map(|step| step.id.clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_kept_up_to_date_is_what_follows_from_all(
        shape in prop::collection::vec(any::<Shape>(), 1..9),
        dice in prop::collection::vec((0_u8..22, 0_usize..9), 0..160),
    ) {
        let mut state = OperationState::new(plan(&shape));
        state.apply(&event(0, "none".into())).unwrap();
        let mut taken = 0;
        for (kind, position) in dice {
            let step = state.plan().steps[position % shape.len()].id.clone();
            taken += usize::from(state.apply(&event(kind, step)).is_ok());
            let steps: Vec<_> = state.plan().steps.iter().map(|step| &step.id).collect();
            let count = |wanted: fn(&StepState) -> bool| {
                steps.iter().filter(|id| wanted(state.step(id).unwrap())).count()
            };
            let ended = steps.iter().filter(|id| state.has_come_to_an_end(id)).count();
            let failed: BTreeSet<&StepId> = state.ended_in_failure().map(|(id, _)| id).collect();
            let ids = |steps: Vec<&PlannedStep>| -> Vec<StepId> {
                steps.into_iter().map(|step| step.id.clone()).collect()
            };
            prop_assert_eq!(ids(state.ready().collect()), ready(&state), "after {} events", taken);
            prop_assert_eq!(ids(state.revertible().collect()), revertible(&state), "after {} events", taken);
            prop_assert_eq!(state.is_running(), count(|state| matches!(state, StepState::Running)) > 0);
            prop_assert_eq!(state.is_reverting(), count(|state| matches!(state, StepState::Reverting)) > 0);
            prop_assert_eq!(failed.len(), count(|state| matches!(state, StepState::Failed(_))));
            prop_assert_eq!(state.standing.ended(), ended);
            prop_assert_eq!(
                state.standing.is_anything_touched(),
                steps.iter().any(|id| state.is_touched(id))
            );
        }
    }
}
