use crate::machines;
use crate::scene::{GROUP, Scene};
use protector_core::domain::{
    FailurePolicy, GroupPolicy, GroupStatus, Hook, HookCall, HookMoment, HookSubject, OperationStatus,
    OrderPolicy,
};
use protector_core::id::StepId;
use protector_core::protector::{Error, MoveRequest, OperationReport, Request};

fn failover() -> Request {
    Request::Failover(MoveRequest::planned(GROUP))
}

fn hook(name: &str, when: HookMoment, of: HookSubject, on_failure: FailurePolicy) -> Hook {
    let run = HookCall::Command(vec![format!("/hooks/{name}")]);
    Hook { name: name.to_owned(), when, of, run, within: 20, on_failure, once: false }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn policy(hooks: Vec<Hook>) -> GroupPolicy {
    let tiers = vec![names(&["db-1"]), names(&["app-1", "app-2"]), names(&["web-1", "web-2"])];
    let order = OrderPolicy { tiers, ..OrderPolicy::default() };
    GroupPolicy { order, hooks, ..GroupPolicy::default() }
}

impl Scene {
    async fn hooked(hooks: Vec<Hook>) -> Self {
        let scene = Self::protected().await;
        scene.protector.set_policy(GROUP, &policy(hooks)).await.unwrap();
        scene
    }

    /// The hooks that were run, in order.
    fn ran(&self) -> Vec<String> {
        let ran = self.machine.ran.lock().unwrap();
        ran.iter().map(|command| command.environment["PROTECTOR_HOOK"].clone()).collect()
    }

    fn break_hook(&self, name: &str, code: Option<i32>) {
        self.machine.broken.lock().unwrap().insert(format!("/hooks/{name}"), code);
    }

    async fn resumed(&self, report: &OperationReport) -> OperationReport {
        self.protector.resume(Some(report.operation.id)).await.unwrap().finish().await.unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn hooks_have_their_turn_before_and_after_what_they_are_for() {
    use HookMoment::{After, Before};
    let of = |when, of, name: &str| hook(name, when, of, FailurePolicy::Stop);
    let mut scene = Scene::hooked(vec![
        of(After, HookSubject::Group, "end"),
        of(After, HookSubject::Tier(3), "tier-3-up"),
        of(Before, HookSubject::Tier(2), "tier-2-next"),
        of(After, HookSubject::Tier(1), "tier-1-up"),
        of(After, HookSubject::Vm("db-1".to_owned()), "db-up"),
        of(Before, HookSubject::Vm("db-1".to_owned()), "db-next"),
        of(Before, HookSubject::Group, "begin"),
        of(Before, HookSubject::Group, "begin-2"),
    ])
    .await;
    let turns = ["begin", "begin-2", "db-next", "db-up", "tier-1-up", "tier-2-next", "tier-3-up", "end"];
    let report = scene.done(&failover()).await;
    assert_eq!(scene.ran(), turns);
    let report = scene.protector.report(report.operation.id).await.unwrap();
    let step = report.steps.iter().find(|step| step.id.as_str() == "run_hook/db-up").unwrap();
    assert!(step.remarks.iter().any(|remark| remark.text.contains("/hooks/db-up has run")), "{step:?}");
    let told = scene.machine.ran.lock().unwrap()[2].environment.clone();
    let told = ["GROUP", "OPERATION_TYPE", "SOURCE_SITE", "TARGET_SITE", "WHEN", "VM"]
        .map(|name| told[&format!("PROTECTOR_{name}")].clone());
    assert_eq!(told, [GROUP, "failover", "site-a", "site-b", "before", "db-1"]);
    scene.moved().await;
    scene.check(GroupStatus::FailedOver).await;
    // And in a disaster, where the first one comes before the first start.
    scene.live(400).await;
    scene.machine.ran.lock().unwrap().clear();
    scene.done(&Request::Failback(MoveRequest::unplanned(GROUP, true))).await;
    assert_eq!(scene.ran(), turns);
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_fails_rolls_back_stops_or_is_told() {
    for (on_failure, status) in [
        (FailurePolicy::RollBack, OperationStatus::RolledBack),
        (FailurePolicy::Stop, OperationStatus::Paused),
        (FailurePolicy::Continue, OperationStatus::Completed),
    ] {
        let begin = hook("begin", HookMoment::Before, HookSubject::Group, on_failure);
        let mut scene = Scene::hooked(vec![begin]).await;
        scene.break_hook("begin", Some(3));
        let report = scene.run(&failover()).await;
        assert_eq!(report.operation.status, status, "{:?}", report.operation);
        let why = report.operation.error_message.clone().unwrap();
        assert!(why.contains("hook begin (before the group)") && why.contains("ended with 3"), "{why}");
        assert_eq!(scene.ran(), ["begin"], "{on_failure:?}");
        match status {
            OperationStatus::RolledBack => scene.check(GroupStatus::Active).await,
            OperationStatus::Completed => {
                scene.moved().await;
                scene.check(GroupStatus::FailedOver).await;
            }
            _ => {
                let here = machines::read(&scene.a).await.unwrap();
                assert!(here.values().all(|machine| machine.status == "ACTIVE"), "no VM was stopped");
                scene.break_hook("begin", Some(0));
                let report = scene.resumed(&report).await;
                assert_eq!(report.operation.status, OperationStatus::Completed, "{:?}", report.operation);
                scene.moved().await;
                scene.check(GroupStatus::FailedOver).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_hook_whose_end_is_not_known_is_run_again_unless_it_must_not_be() {
    for once in [false, true] {
        let mut end = hook("end", HookMoment::After, HookSubject::Group, FailurePolicy::Stop);
        end.once = once;
        let mut scene = Scene::hooked(vec![end]).await;
        scene.break_hook("end", None);
        let report = scene.run(&failover()).await;
        assert_eq!(report.operation.status, OperationStatus::Paused, "{:?}", report.operation);
        scene.break_hook("end", Some(0));
        let report = scene.resumed(&report).await;
        if once {
            assert_eq!(report.operation.status, OperationStatus::Paused, "{:?}", report.operation);
            let why = report.operation.error_message.clone().unwrap();
            assert!(why.contains("must not run twice"), "{why}");
            assert_eq!(scene.ran(), ["end"]);
            let step = StepId::from("run_hook/end");
            let handle = scene.protector.skip_step(report.operation.id, &step, "seen").await.unwrap();
            assert_eq!(handle.finish().await.unwrap().operation.status, OperationStatus::Completed);
        } else {
            assert_eq!(report.operation.status, OperationStatus::Completed, "{:?}", report.operation);
            assert_eq!(scene.ran(), ["end", "end"]);
        }
        scene.moved().await;
        scene.check(GroupStatus::FailedOver).await;
    }
}

#[tokio::test(start_paused = true)]
async fn hooks_that_cannot_be_are_refused_all_at_once() {
    let scene = Scene::protected().await;
    let mut wrong = hook("a b", HookMoment::After, HookSubject::Tier(4), FailurePolicy::Stop);
    wrong.within = 0;
    wrong.run = HookCall::Command(vec!["dns".to_owned()]);
    let mut other = hook("x", HookMoment::After, HookSubject::Vm("mail".to_owned()), FailurePolicy::Stop);
    other.run = HookCall::Webhook("ftp://host/".to_owned());
    let wanted = policy(vec![wrong, other.clone(), other]);
    let error = scene.protector.set_policy(GROUP, &wanted).await.unwrap_err();
    let Error::PolicyRefused { reasons, .. } = &error else { panic!("{error:?}") };
    for part in ["a b", "tier 4", "whole path", "mail", "no http", "two hooks", "has 0 s"] {
        assert!(reasons.iter().any(|reason| reason.contains(part)), "{part}: {reasons:?}");
    }
}
