use super::*;
use crate::domain::FindingCode;

fn builder() -> PlanBuilder {
    PlanBuilder::new(
        OperationType::Failover,
        GroupId::new(uuid::Uuid::nil()),
        "web",
        ("site-a".into(), "site-b".into()),
        0,
        Recovery::RollBack,
    )
}

#[test]
fn a_reference_to_an_output_is_a_dependency_and_is_replaced() {
    let mut plan = builder();
    let port = plan.add(StepBuilder::new("create_port", "create_port/web", "create the port"));
    let server = plan.add(
        StepBuilder::new("create_server", "create_server/web", "create the server")
            .input(json!({"networks": [{"port": output(&port, "port_id")}]})),
    );
    let plan = plan.build().unwrap();
    let step = plan.step(&server).unwrap();
    assert_eq!(step.after, vec![port.clone()]);
    let returned = |step: &StepId| (*step == port).then(|| json!({"port_id": "p1"}));
    assert_eq!(Plan::resolve(step, &returned).unwrap(), json!({"networks": [{"port": "p1"}]}));
    assert!(Plan::resolve(step, &|_| None).is_err());
}

#[test]
fn a_step_builds_on_what_it_comes_after_unless_it_is_said_to_come_merely_after_it() {
    let mut plan = builder();
    let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| plan.add(StepBuilder::new("x", name, name)));
    let step = StepBuilder::new("x", "e", "e")
        .after([&a, &d])
        .merely_after([&b, &c, &d])
        .input(json!({"of_b": output(&b, "id"), "of_c": output(&c, "id")}));
    let step = plan.add(step);
    let plan = plan.build().unwrap();
    let step = plan.step(&step).unwrap();
    assert_eq!(step.after, [&a, &b, &c, &d].map(Clone::clone));
    assert_eq!(step.merely_after, [&b, &c].map(Clone::clone));
    assert_eq!([&a, &b, &c, &d].map(|other| step.builds_on(other)), [true, false, false, true]);
    assert!(!step.builds_on(&step.id));
    let read: Plan = serde_json::from_value(json!(plan)).unwrap();
    assert_eq!(read, plan);
    let text = json!(plan);
    assert_eq!(text.pointer("/steps/4/merely_after"), Some(&json!(["b", "c"])));
    assert_eq!(text.pointer("/steps/0/merely_after"), None);
}

#[test]
fn a_step_cannot_stand_before_what_it_needs_nor_twice() {
    let mut plan = builder();
    plan.add(StepBuilder::new("x", "x", "x").after([&StepId::new("y")]));
    assert!(matches!(plan.build(), Err(PlanError::Order { .. })));
    let mut plan = builder();
    plan.add(StepBuilder::new("x", "x", "x"));
    plan.add(StepBuilder::new("x", "x", "x"));
    assert!(matches!(plan.build(), Err(PlanError::Duplicate(_))));
}

#[test]
fn the_point_of_no_return_is_a_step_of_the_plan() {
    let mut plan = builder();
    plan.plan.recovery = Recovery::RollBackBefore("nowhere".into());
    plan.add(StepBuilder::new("x", "x", "x"));
    assert!(matches!(plan.build(), Err(PlanError::NoSuchPoint(step)) if step.as_str() == "nowhere"));
}

#[test]
fn the_hash_follows_the_content() {
    let plan = |title| {
        let mut plan = builder();
        plan.add(StepBuilder::new("x", "x", title));
        plan.build().unwrap()
    };
    assert_eq!(plan("a").hash(), plan("a").hash());
    assert_ne!(plan("a").hash(), plan("b").hash());
}

#[test]
fn the_text_of_a_plan_is_canonical() {
    let plan: Plan = serde_json::from_str(include_str!("../../../golden/plan-v1.json")).unwrap();
    let text = plan.text().unwrap();
    assert_eq!(text.as_str(), crate::journal::canonical::text(&plan).unwrap());
    assert_eq!(text.read::<Plan>().unwrap(), plan);
}

#[test]
fn the_longest_chain_is_the_critical_path() {
    let mut plan = builder();
    let a = plan.add(StepBuilder::new("x", "a", "a"));
    let b = plan.add(StepBuilder::new("x", "b", "b").after([&a]));
    let c = plan.add(StepBuilder::new("x", "c", "c").after([&b]));
    let d = plan.add(StepBuilder::new("x", "d", "d").after([&a]));
    let paths = plan.build().unwrap().critical_paths();
    assert_eq!([&a, &b, &c, &d].map(|id| paths.get(id).copied().unwrap()), [3, 2, 1, 1]);
}

/// The form of a plan. What is in it stays as it is; a change of form is a new version with a new file.
const GOLDEN: &str = include_str!("../../../golden/plan-v1.json");

fn small_plan() -> Plan {
    let mut plan = PlanBuilder::new(
        OperationType::Failover,
        GroupId::new(uuid::Uuid::from_u128(7)),
        "prod-web-app",
        ("site-a".into(), "site-b".into()),
        4,
        Recovery::RollBackBefore("raise_epoch".into()),
    );
    plan.warn(Finding::new(
        FindingCode::AttributeDropped,
        &"site-b".into(),
        "server web-1",
        "its console log stays behind",
        "keep a copy",
    ));
    let port = plan.add(
        StepBuilder::new("create_port", "create_port/web-1", "create port web-1")
            .at(&"site-b".into())
            .input(json!({"name": "web-1", "fixed_ips": ["192.0.2.7"]}))
            .call("POST network /v2.0/ports")
            .reverted_by("DELETE network /v2.0/ports/{id}"),
    );
    let epoch =
        plan.add(StepBuilder::new("raise_epoch", "raise_epoch", "raise the epoch to 5").after([&port]));
    plan.add(
        StepBuilder::new("create_server", "create_server/web-1", "create server web-1")
            .at(&"site-b".into())
            .after([&epoch])
            .input(json!({"networks": [{"port": output(&port, "port_id")}], "name": "web-1"}))
            .call("POST compute /servers")
            .call("GET compute /servers/{id}"),
    );
    plan.build().unwrap()
}

#[test]
fn a_plan_is_written_as_it_was_ever_written() {
    let text = serde_json::to_string_pretty(&json!(small_plan())).unwrap();
    assert_eq!(text + "\n", GOLDEN);
}

#[test]
fn a_plan_that_was_ever_written_is_read() {
    let plan: Plan = serde_json::from_str(GOLDEN).unwrap();
    assert_eq!(plan, small_plan());
    assert_eq!(plan.hash(), "19f3a4ba1c933f6cc6df4070d5fd7e4f2910d88be0dc9f8bf5ffd350edec487a");
}

#[test]
fn a_plan_of_a_newer_release_is_an_error_and_no_guess() {
    let with = |key: &str, value: Value| {
        let mut plan: Value = serde_json::from_str(GOLDEN).unwrap();
        plan[key] = value;
        Plan::deserialize(plan)
    };
    assert!(with("epoch", json!(5)).is_ok());
    assert!(with("urgency", json!(3)).is_err());
    assert!(with("operation_type", json!("teleport")).is_err());
    assert!(with("recovery", json!("perhaps")).is_err());
}

#[test]
fn every_way_to_recover_is_written_and_read() {
    let written = |recovery: Recovery| {
        let value = json!(recovery);
        assert_eq!(Recovery::deserialize(&value).unwrap(), recovery);
        value
    };
    assert_eq!(written(Recovery::RollBack), json!("roll_back"));
    assert_eq!(written(Recovery::ForwardOnly), json!("forward_only"));
    assert_eq!(written(Recovery::RollBackBefore("a".into())), json!({"roll_back_before": "a"}));
}

#[test]
fn what_something_stands_in_for_is_waited_for_and_not_built_on() {
    let mut plan = builder();
    let server = plan.add(StepBuilder::new("x", "server", "server").optional());
    let record = plan.add(StepBuilder::new("x", "record", "record").input(json!({
        "server": output_or(&server, "id", &Value::Null), "count": output_or(&server, "count", &json!(0)),
        "runs": done(&server)})));
    let plan = plan.build().unwrap();
    let step = plan.step(&record).unwrap();
    assert_eq!((step.after.len(), step.after_end_of.as_slice()), (0, [server.clone()].as_slice()));
    assert_eq!(Plan::resolve(step, &|_| None).unwrap(), json!({"server": null, "count": 0, "runs": false}));
    let returned = |step: &StepId| (*step == server).then(|| json!({"id": "s1"}));
    assert_eq!(Plan::resolve(step, &returned).unwrap(), json!({"server": "s1", "count": 0, "runs": true}));
    assert_eq!(serde_json::from_value::<Plan>(json!(plan)).unwrap(), plan);
}

#[test]
fn what_the_operation_needs_cannot_come_after_what_it_can_go_on_without() {
    let mut plan = builder();
    let server = plan.add(StepBuilder::new("x", "server", "server").optional());
    plan.add(StepBuilder::new("x", "record", "record").after([&server]));
    assert!(matches!(plan.build(), Err(PlanError::OnOptional { .. })));
}
