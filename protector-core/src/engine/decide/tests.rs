mod invariants;

use super::*;
use crate::domain::OperationType;
use crate::engine::{Plan, PlanBuilder, Recovery, StepBuilder, Trouble};
use crate::error::Code;
use crate::id::GroupId;
use serde_json::{Value, json};
use std::sync::Arc;

/// A plan of steps with the steps each builds on.
fn plan(recovery: Recovery, steps: &[(&str, &[&str])]) -> Arc<Plan> {
    let steps: Vec<_> = steps.iter().map(|(name, after)| (*name, *after, &[][..])).collect();
    plan_in_order(recovery, &steps)
}

/// A plan of steps with the steps each builds on, and those that it merely comes after.
fn plan_in_order(recovery: Recovery, steps: &[(&str, &[&str], &[&str])]) -> Arc<Plan> {
    let mut plan = PlanBuilder::new(
        OperationType::Failover,
        GroupId::new(uuid::Uuid::nil()),
        "web",
        ("site-a".into(), "site-b".into()),
        0,
        recovery,
    );
    let ids = |names: &[&str]| names.iter().map(|name| StepId::from(*name)).collect::<Vec<_>>();
    for (name, after, merely_after) in steps {
        let step = StepBuilder::new("kind", *name, *name);
        plan.add(step.after(&ids(after)).merely_after(&ids(merely_after)));
    }
    Arc::new(plan.build().unwrap())
}

fn trouble(code: Code) -> Trouble {
    Trouble::new(code, code.class(), "it is broken")
}

fn started() -> Event {
    Event::Started { term: 1, holder: "test".to_owned() }
}

fn intended(step: &str) -> Event {
    Event::StepIntended { step: step.into() }
}

fn done(step: &str) -> Event {
    Event::StepDone { step: step.into(), output: Value::Null }
}

fn failed(step: &str) -> Event {
    failed_with(step, Code::RequestRefused)
}

fn failed_with(step: &str, code: Code) -> Event {
    Event::StepFailed { step: step.into(), trouble: trouble(code) }
}

fn rollback() -> Event {
    Event::RollbackBegun { reason: "it is broken".to_owned() }
}

fn reverting(step: &str) -> Event {
    Event::RevertIntended { step: step.into() }
}

fn reverted(step: &str) -> Event {
    Event::RevertDone { step: step.into() }
}

fn revert_failed(step: &str) -> Event {
    Event::RevertFailed { step: step.into(), trouble: trouble(Code::RequestRefused) }
}

fn finished(status: OperationStatus) -> Event {
    Event::Finished { status, error_message: None }
}

fn run(step: &str) -> Command {
    Command::Run { step: step.into(), observe_first: false }
}

fn look(step: &str) -> Command {
    Command::Run { step: step.into(), observe_first: true }
}

fn revert(step: &str) -> Command {
    Command::Revert { step: step.into() }
}

/// The state after `events` and the commands that the last of them led to.
fn after(plan: &Arc<Plan>, events: &[Event]) -> (OperationState, Vec<Command>) {
    let mut state = OperationState::new(Arc::clone(plan));
    let mut commands = Vec::new();
    for event in events {
        commands = decide(&mut state, event).unwrap();
    }
    (state, commands)
}

fn commands(plan: &Arc<Plan>, events: &[Event]) -> Vec<Command> {
    after(plan, events).1
}

/// Asserts that the last event is refused and changes nothing.
#[track_caller]
fn assert_refused(plan: &Arc<Plan>, events: &[Event]) {
    let (last, before) = events.split_last().unwrap();
    let (mut state, _) = after(plan, before);
    let unchanged = format!("{state:?}");
    let result = decide(&mut state, last);
    assert!(result.is_err(), "{last:?} was taken in: {result:?}");
    assert_eq!(format!("{state:?}"), unchanged);
}

const CHAIN: &[(&str, &[&str])] = &[("a", &[]), ("b", &["a"]), ("c", &["b"])];

#[test]
fn what_begins_the_longest_chain_is_run_first() {
    let plan = plan(Recovery::RollBack, &[("short", &[]), ("a", &[]), ("b", &["a"]), ("alone", &[])]);
    assert_eq!(commands(&plan, &[started()]), [run("a"), run("short"), run("alone")]);
}

#[test]
fn a_step_runs_when_all_it_depends_on_is_done() {
    let plan = plan(Recovery::RollBack, &[("a", &[]), ("b", &[]), ("c", &["a", "b"])]);
    let mut events = vec![started(), intended("a"), intended("b"), done("a")];
    assert_eq!(commands(&plan, &events), []);
    events.push(done("b"));
    assert_eq!(commands(&plan, &events), [run("c")]);
}

#[test]
fn a_troubled_step_is_still_under_way() {
    let plan = plan(Recovery::RollBack, CHAIN);
    let event = Event::StepTroubled { step: "a".into(), trouble: trouble(Code::Unreachable) };
    assert_eq!(commands(&plan, &[started(), intended("a"), event]), []);
}

#[test]
fn an_intent_without_a_result_is_looked_at_first() {
    let plan = plan(Recovery::RollBack, CHAIN);
    assert_eq!(commands(&plan, &[started(), started()]), [run("a")]);
    assert_eq!(commands(&plan, &[started(), intended("a"), started()]), [look("a")]);
    assert_eq!(commands(&plan, &[started(), intended("a"), done("a"), started()]), [run("b")]);
}

#[test]
fn when_all_is_done_the_operation_is_completed_and_nothing_follows() {
    let plan = plan(Recovery::RollBack, &[("a", &[])]);
    let mut events = vec![started(), intended("a"), done("a")];
    let completed = Command::Finish { status: OperationStatus::Completed, error_message: None };
    assert_eq!(commands(&plan, &events), [completed]);
    events.push(finished(OperationStatus::Completed));
    let (state, commands) = after(&plan, &events);
    assert_eq!((commands.len(), state.status(), state.progress()), (0, OperationStatus::Completed, 100));
    events.push(started());
    assert_refused(&plan, &events);
}

#[test]
fn a_plan_without_steps_is_completed_at_once() {
    let completed = Command::Finish { status: OperationStatus::Completed, error_message: None };
    assert_eq!(commands(&plan(Recovery::RollBack, &[]), &[started()]), [completed]);
}

#[test]
fn a_failure_waits_for_what_is_under_way_and_is_then_rolled_back() {
    let plan = plan(Recovery::RollBack, &[("a", &[]), ("b", &[]), ("c", &[])]);
    let mut events = vec![started(), intended("a"), intended("b"), failed("a")];
    assert_eq!(commands(&plan, &events), []);
    events.push(done("b"));
    assert_eq!(commands(&plan, &events), [Command::RollBack { reason: "a: it is broken".to_owned() }]);
}

#[test]
fn the_intent_of_its_step_is_the_point_of_no_return() {
    let plan = plan(Recovery::RollBackBefore("b".into()), CHAIN);
    let mut events = vec![started(), intended("a"), done("a")];
    assert!(!after(&plan, &events).0.past_point_of_no_return());
    events.push(intended("b"));
    assert!(after(&plan, &events).0.past_point_of_no_return());
    events.push(failed("b"));
    let (state, commands) = after(&plan, &events);
    assert_eq!((commands, state.status()), (vec![Command::Leave], OperationStatus::Paused));
    events.push(rollback());
    assert_refused(&plan, &events);
}

#[test]
fn the_point_of_no_return_stays_behind_a_resume() {
    let plan = plan(Recovery::RollBackBefore("b".into()), CHAIN);
    let events = [started(), intended("a"), done("a"), intended("b"), started()];
    let (state, commands) = after(&plan, &events);
    assert!(state.past_point_of_no_return());
    assert_eq!(commands, [look("b")]);
}

#[test]
fn what_only_goes_forward_never_rolls_back() {
    let plan = plan(Recovery::ForwardOnly, CHAIN);
    let mut events = vec![started(), intended("a"), failed("a")];
    assert_eq!(commands(&plan, &events), [Command::Leave]);
    events.push(rollback());
    assert_refused(&plan, &events);
}

#[test]
fn what_only_a_person_can_judge_is_left_even_where_there_is_a_way_back() {
    let plan = plan(Recovery::RollBack, &[("a", &[]), ("b", &[])]);
    for code in [Code::StepConflict, Code::NeedsNewerRelease] {
        let mut events = vec![started(), intended("a"), intended("b"), failed_with("b", code)];
        assert_eq!(commands(&plan, &events), []);
        events.push(failed("a"));
        let (state, commands) = after(&plan, &events);
        assert_eq!((commands, state.status()), (vec![Command::Leave], OperationStatus::Paused));
    }
}

#[test]
fn a_step_that_could_not_be_begun_leaves_nothing_to_undo_and_passes_no_point() {
    let plan = plan(Recovery::RollBackBefore("b".into()), CHAIN);
    let refused = |code| vec![started(), intended("a"), done("a"), failed_with("b", code)];
    let mut events = refused(Code::Internal);
    events.push(rollback());
    assert_eq!(commands(&plan, &events), [revert("a")]);
    let mut events = refused(Code::NeedsNewerRelease);
    let (state, commands) = after(&plan, &events);
    assert_eq!((commands, state.past_point_of_no_return()), (vec![Command::Leave], false));
    events.push(started());
    assert_eq!(self::commands(&plan, &events), [run("b")]);
}

#[test]
fn an_interrupted_step_that_could_not_be_begun_again_may_have_left_something() {
    let plan = plan(Recovery::RollBack, CHAIN);
    let mut events = vec![started(), intended("a"), started(), failed_with("a", Code::Internal)];
    events.push(started());
    assert_eq!(commands(&plan, &events), [look("a")]);
    events.extend([failed_with("a", Code::Internal), rollback()]);
    assert_eq!(commands(&plan, &events), [revert("a")]);
}

#[test]
fn a_step_that_failed_is_looked_at_again_when_the_operation_is_taken_up() {
    let plan = plan(Recovery::ForwardOnly, CHAIN);
    let (state, commands) = after(&plan, &[started(), intended("a"), failed("a"), started()]);
    assert_eq!(commands, [look("a")]);
    assert_eq!((state.status(), state.error_message()), (OperationStatus::Running, None));
}

#[test]
fn trouble_past_the_point_of_no_return_is_waiting_and_before_it_is_running() {
    let events = [
        started(),
        intended("a"),
        Event::StepTroubled { step: "a".into(), trouble: trouble(Code::Unreachable) },
    ];
    let status = |recovery| after(&plan(recovery, CHAIN), &events).0.status();
    assert_eq!(status(Recovery::ForwardOnly), OperationStatus::Waiting);
    assert_eq!(status(Recovery::RollBack), OperationStatus::Running);
}

#[test]
fn trouble_that_has_passed_is_forgotten() {
    let troubled = || Event::StepTroubled { step: "a".into(), trouble: trouble(Code::Unreachable) };
    let mut events = vec![started(), intended("a"), troubled(), done("a")];
    let (state, _) = after(&plan(Recovery::ForwardOnly, CHAIN), &events);
    assert_eq!((state.status(), state.error_message()), (OperationStatus::Running, None));
    events.extend([rollback(), reverting("a"), revert_failed("a"), started(), reverting("a"), reverted("a")]);
    let (state, _) = after(&plan(Recovery::RollBack, CHAIN), &events);
    assert_eq!(state.error_message().as_deref(), Some("it is broken"));
}

#[test]
fn what_was_touched_is_reverted_what_depends_on_it_first() {
    let plan = plan(Recovery::RollBack, &[("a", &[]), ("b", &["a"]), ("c", &["a"]), ("d", &["b"])]);
    let mut events = vec![
        started(),
        intended("a"),
        done("a"),
        intended("b"),
        intended("c"),
        done("b"),
        failed("c"),
        rollback(),
    ];
    assert_eq!(commands(&plan, &events), [revert("c"), revert("b")]);
    events.extend([reverting("c"), reverting("b"), reverted("c")]);
    assert_eq!(commands(&plan, &events), []);
    events.push(reverted("b"));
    assert_eq!(commands(&plan, &events), [revert("a")]);
    events.extend([reverting("a"), reverted("a")]);
    let error_message = Some("it is broken".to_owned());
    let rolled_back = Command::Finish { status: OperationStatus::RolledBack, error_message };
    assert_eq!(commands(&plan, &events), [rolled_back]);
}

#[test]
fn an_interrupted_step_is_reverted_too() {
    let plan = plan(Recovery::RollBack, &[("a", &[]), ("b", &[])]);
    let events = [started(), intended("a"), intended("b"), started(), intended("a"), failed("a"), rollback()];
    assert_eq!(commands(&plan, &events), [revert("b"), revert("a")]);
}

#[test]
fn a_revert_that_was_cut_short_is_repeated() {
    let plan = plan(Recovery::RollBack, CHAIN);
    let events = [started(), intended("a"), failed("a"), rollback(), reverting("a"), started()];
    assert_eq!(commands(&plan, &events), [revert("a")]);
}

#[test]
fn what_can_be_undone_is_undone_though_something_cannot() {
    let plan = plan(Recovery::RollBack, &[("a", &[]), ("b", &["a"]), ("c", &[])]);
    let mut events = vec![started(), intended("a"), intended("c"), done("a"), done("c"), intended("b")];
    events.extend([failed("b"), rollback(), reverting("b"), revert_failed("b")]);
    assert_eq!(commands(&plan, &events), [revert("c")]);
    events.extend([reverting("c"), reverted("c")]);
    let (state, commands) = after(&plan, &events);
    assert_eq!((commands, state.status()), (vec![Command::Leave], OperationStatus::RollingBack));
    let story = "it is broken; b was not undone: it is broken; not undone either: a";
    assert_eq!(state.error_message().as_deref(), Some(story));
    assert_eq!(state.not_undone(), ["a", "b"].map(StepId::from));
    events.push(started());
    assert_eq!(self::commands(&plan, &events), [revert("b")]);
}

#[test]
fn what_comes_merely_before_is_undone_without_waiting() {
    let steps: [(&str, &[&str], &[&str]); 3] =
        [("stop", &[], &[]), ("replicate", &[], &["stop"]), ("overwrite", &["replicate"], &["stop"])];
    let plan = plan_in_order(Recovery::RollBack, &steps);
    let mut events = vec![started()];
    assert_eq!(commands(&plan, &events), [run("stop")]);
    events.extend([intended("stop"), done("stop")]);
    assert_eq!(commands(&plan, &events), [run("replicate")]);
    events.extend([intended("replicate"), done("replicate"), intended("overwrite"), failed("overwrite")]);
    events.push(rollback());
    assert_eq!(commands(&plan, &events), [revert("overwrite"), revert("stop")]);
    events.extend([reverting("overwrite"), reverting("stop"), revert_failed("overwrite")]);
    assert_eq!(commands(&plan, &events), []);
    events.push(reverted("stop"));
    let (state, commands) = after(&plan, &events);
    assert_eq!(commands, [Command::Leave]);
    assert_eq!(state.not_undone(), ["replicate", "overwrite"].map(StepId::from));
}

#[test]
fn nothing_is_said_of_what_is_not_undone_where_nothing_is_undone() {
    let plan = plan(Recovery::ForwardOnly, CHAIN);
    let (state, _) = after(&plan, &[started(), intended("a"), failed("a")]);
    assert_eq!(state.not_undone(), []);
}

#[test]
fn what_steps_returned_outlives_their_undoing() {
    let plan = plan(Recovery::RollBack, &[("a", &[])]);
    let output = json!({"id": "a-1"});
    let returned = Event::StepDone { step: "a".into(), output: output.clone() };
    let (state, _) =
        after(&plan, &[started(), intended("a"), returned, rollback(), reverting("a"), reverted("a")]);
    assert_eq!(state.output(&StepId::from("a")), Some(output));
}

#[test]
fn progress_is_the_share_of_the_steps_that_are_done() {
    let plan = plan(Recovery::RollBack, CHAIN);
    let (state, _) = after(&plan, &[started(), intended("a"), done("a"), intended("b")]);
    assert_eq!(state.progress(), 33);
}

#[test]
fn an_event_that_cannot_follow_is_refused_and_changes_nothing() {
    let plan = plan(Recovery::RollBack, CHAIN);
    let begun = [started(), intended("a")];
    let following = |events: &[Event]| [&begun[..], events].concat();
    assert_refused(&plan, &[intended("a")]);
    assert_refused(&plan, &[started(), done("a")]);
    assert_refused(&plan, &[started(), intended("nowhere")]);
    assert_refused(&plan, &following(&[intended("a")]));
    assert_refused(&plan, &following(&[rollback()]));
    assert_refused(&plan, &following(&[done("a"), done("a")]));
    assert_refused(&plan, &following(&[failed("a"), reverting("a")]));
    assert_refused(&plan, &following(&[failed("a"), rollback(), reverted("a")]));
    assert_refused(&plan, &following(&[failed("a"), rollback(), reverting("b")]));
    assert_refused(&plan, &following(&[finished(OperationStatus::Paused)]));
}

#[test]
fn an_event_out_of_the_plans_order_is_refused() {
    let plan = plan(Recovery::RollBack, CHAIN);
    let (a, b) = ([started(), intended("a"), done("a")], [intended("b"), done("b")]);
    let following = |events: &[Event]| [&a[..], &b[..], events].concat();
    assert_refused(&plan, &[started(), intended("b")]);
    assert_refused(&plan, &following(&[rollback(), intended("c")]));
    assert_refused(&plan, &following(&[rollback(), rollback()]));
    assert_refused(&plan, &following(&[rollback(), reverting("a")]));
    assert_refused(&plan, &following(&[rollback(), finished(OperationStatus::RolledBack)]));
    assert_refused(&plan, &following(&[finished(OperationStatus::RolledBack)]));
    assert_refused(&plan, &following(&[finished(OperationStatus::Completed)]));
}

#[test]
fn a_plan_with_a_step_that_nothing_leads_to_is_never_completed() {
    let mut plan = (*plan(Recovery::RollBack, CHAIN)).clone();
    plan.steps[2].after.push("nowhere".into());
    let events = [started(), intended("a"), done("a"), intended("b"), done("b")];
    assert_eq!(commands(&Arc::new(plan), &events), [Command::Leave]);
}

#[test]
fn a_step_that_failed_before_any_change_is_not_undone() {
    let plan = plan(Recovery::RollBack, &[("a", &[]), ("b", &["a"])]);
    let trouble = Trouble { untouched: true, ..trouble(Code::ServiceFailed) };
    let events = [
        started(),
        intended("a"),
        done("a"),
        intended("b"),
        Event::StepFailed { step: "b".into(), trouble },
        rollback(),
    ];
    assert_eq!(commands(&plan, &events), [revert("a")]);
}

/// `a`, then `b`, which is optional, with `c` on it; `d` after the end of `b` and of `c`.
fn with_optional(recovery: Recovery) -> Arc<Plan> {
    let mut plan = PlanBuilder::new(
        OperationType::Failover,
        GroupId::new(uuid::Uuid::nil()),
        "web",
        ("site-a".into(), "site-b".into()),
        0,
        recovery,
    );
    let step = |name: &str| StepBuilder::new("kind", name, name);
    let a = plan.add(step("a"));
    let b = plan.add(step("b").after([&a]).optional());
    let c = plan.add(step("c").after([&b]).optional());
    plan.add(step("d").after([&a]).after_end_of([&b, &c]));
    Arc::new(plan.build().unwrap())
}

fn skipped(step: &str, by: Option<&str>) -> Event {
    Event::StepSkipped { step: step.into(), reason: "said so".to_owned(), by: by.map(str::to_owned) }
}

fn skip(step: &str) -> Command {
    Command::Skip { step: step.into(), reason: "what it builds on is not there".to_owned() }
}

fn completed_without(message: Option<&str>) -> Command {
    Command::Finish { status: OperationStatus::Completed, error_message: message.map(str::to_owned) }
}

#[test]
fn the_operation_goes_on_without_an_optional_step_that_fails_and_without_what_builds_on_it() {
    for recovery in [Recovery::RollBack, Recovery::ForwardOnly, Recovery::RollBackBefore("a".into())] {
        let plan = with_optional(recovery);
        let mut events = vec![started(), intended("a"), done("a"), intended("b")];
        events.push(failed_with("b", Code::StepConflict));
        let (state, commands) = after(&plan, &events);
        assert_eq!((commands, state.status()), (vec![skip("c")], OperationStatus::Running));
        events.push(skipped("c", None));
        assert_eq!(self::commands(&plan, &events), [run("d")]);
        events.extend([intended("d"), done("d")]);
        let (state, commands) = after(&plan, &events);
        assert_eq!((commands, state.progress()), (vec![completed_without(Some("b: it is broken"))], 100));
        events.push(finished(OperationStatus::Completed));
        assert_eq!(after(&plan, &events).0.status(), OperationStatus::Completed);
    }
}

#[test]
fn what_was_done_without_is_tried_again_when_the_operation_is_taken_up_again() {
    let plan = with_optional(Recovery::ForwardOnly);
    let events =
        [started(), intended("a"), done("a"), intended("b"), failed("b"), skipped("c", None), started()];
    assert_eq!(commands(&plan, &events), [look("b")]);
}

#[test]
fn an_optional_step_that_failed_is_undone_with_the_others() {
    let plan = with_optional(Recovery::RollBack);
    let mut events =
        vec![started(), intended("a"), done("a"), intended("b"), failed("b"), skipped("c", None)];
    events.extend([intended("d"), failed("d"), rollback()]);
    assert_eq!(commands(&plan, &events), [revert("d"), revert("b")]);
}

#[test]
fn a_step_is_not_skipped_by_itself_while_what_it_builds_on_may_still_come() {
    let plan = with_optional(Recovery::ForwardOnly);
    assert_refused(&plan, &[started(), skipped("c", None)]);
    assert_refused(
        &plan,
        &[started(), intended("a"), done("a"), intended("b"), done("b"), skipped("c", None)],
    );
    assert_refused(&plan, &[started(), intended("a"), skipped("a", Some("somebody"))]);
}

#[test]
fn what_a_person_has_skipped_counts_as_there() {
    let plan = plan(Recovery::ForwardOnly, CHAIN);
    let mut events = vec![started(), intended("a"), failed_with("a", Code::StepConflict)];
    assert_eq!(commands(&plan, &events), [Command::Leave]);
    events.push(skipped("a", Some("somebody")));
    assert_eq!(commands(&plan, &events), [run("b")]);
    events.extend([intended("b"), done("b"), intended("c"), done("c")]);
    assert_eq!(commands(&plan, &events), [completed_without(None)]);
}

#[test]
fn a_pause_lasts_until_the_operation_is_taken_up_again() {
    let plan = plan(Recovery::RollBack, CHAIN);
    let pause = || Event::PauseRequested { by: "somebody".to_owned() };
    let mut events = vec![started(), intended("a"), pause()];
    assert_eq!(commands(&plan, &events), []);
    events.push(done("a"));
    let (state, commands) = after(&plan, &events);
    assert_eq!((commands, state.status()), (vec![Command::Leave], OperationStatus::Paused));
    events.push(started());
    let (state, commands) = after(&plan, &events);
    assert_eq!((commands, state.status()), (vec![run("b")], OperationStatus::Running));
}

#[test]
fn what_a_person_cancels_is_rolled_back_before_the_point_of_no_return_and_not_after_it() {
    let plan = plan(Recovery::RollBackBefore("b".into()), CHAIN);
    let cancel = || Event::CancelRequested { by: "somebody".to_owned(), reason: "wrong group".to_owned() };
    let mut events = vec![started(), intended("a"), cancel()];
    assert_eq!(commands(&plan, &events), []);
    events.push(done("a"));
    let reason = "cancelled by somebody: wrong group".to_owned();
    let back = [Command::RollBack { reason }];
    assert_eq!(commands(&plan, &events), back);
    events.push(started());
    assert_eq!(commands(&plan, &events), back);
    assert_refused(&plan, &[started(), intended("a"), done("a"), intended("b"), cancel()]);
    assert_refused(&plan, &[started(), intended("a"), failed("a"), rollback(), cancel()]);
}
