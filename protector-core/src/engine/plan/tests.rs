use super::*;

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
    let outputs = [(port, json!({"port_id": "p1"}))].into();
    assert_eq!(Plan::resolve(step, &outputs).unwrap(), json!({"networks": [{"port": "p1"}]}));
    assert!(Plan::resolve(step, &BTreeMap::new()).is_err());
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
fn the_longest_chain_is_the_critical_path() {
    let mut plan = builder();
    let a = plan.add(StepBuilder::new("x", "a", "a"));
    let b = plan.add(StepBuilder::new("x", "b", "b").after([&a]));
    let c = plan.add(StepBuilder::new("x", "c", "c").after([&b]));
    let d = plan.add(StepBuilder::new("x", "d", "d").after([&a]));
    let paths = plan.build().unwrap().critical_paths();
    assert_eq!([&a, &b, &c, &d].map(|id| paths.get(id).copied().unwrap()), [3, 2, 1, 1]);
}
