use crate::machines;
use crate::scene::{GROUP, Scene};
use protector_core::domain::{
    BootCheck, BootSign, FailurePolicy, GroupPolicy, GroupStatus, OperationStatus, OrderPolicy,
};
use protector_core::protector::{MoveRequest, Request};
use std::collections::BTreeSet;
use std::net::SocketAddr;

/// What the console of a simulated VM has.
const ON_CONSOLE: &str = "LAST LINE";
/// The first address that Nova shows of web-1.
const WEB: &str = "10.20.0.11:443";

fn failover() -> Request {
    Request::Failover(MoveRequest::planned(GROUP))
}

fn console(vm: &str, text: &str, on_failure: FailurePolicy) -> BootCheck {
    BootCheck { vm: vm.to_owned(), sees: BootSign::Console(text.to_owned()), within: 60, on_failure }
}

/// web-1 has to answer before web-2 starts.
fn policy(on_failure: FailurePolicy) -> GroupPolicy {
    let port = BootSign::Tcp { port: 443, address: None };
    GroupPolicy {
        order: OrderPolicy {
            tiers: Vec::new(),
            after: [("web-2".to_owned(), vec!["web-1".to_owned()])].into(),
        },
        boot_checks: vec![
            console("db-1", ON_CONSOLE, FailurePolicy::Stop),
            BootCheck { vm: "web-1".to_owned(), sees: port, within: 60, on_failure },
        ],
        ..GroupPolicy::default()
    }
}

impl Scene {
    /// A protected application of this policy; web-1 answers if it is `up`.
    async fn checked(policy: &GroupPolicy, up: bool) -> Self {
        let scene = Self::protected().await;
        scene.protector.set_policy(GROUP, policy).await.unwrap();
        if up {
            scene.machine.open.lock().unwrap().insert(WEB.parse().unwrap());
        }
        scene
    }

    async fn names_at_b(&self) -> BTreeSet<String> {
        machines::read(&self.b).await.unwrap().into_keys().collect()
    }
}

#[tokio::test(start_paused = true)]
async fn guests_are_seen_to_be_up_before_the_move_is_done() {
    let mut scene = Scene::checked(&policy(FailurePolicy::Stop), true).await;
    let report = scene.done(&failover()).await;
    assert!(report.operation.steps_completed.contains(&"check_console/db-1/0".into()));
    assert_eq!(*scene.machine.asked.lock().unwrap(), [WEB.parse::<SocketAddr>().unwrap()]);
    scene.moved().await;
    scene.check(GroupStatus::FailedOver).await;
}

#[tokio::test(start_paused = true)]
async fn a_guest_that_does_not_come_up_stops_the_operation_until_it_does() {
    for on_failure in [FailurePolicy::Stop, FailurePolicy::RollBack] {
        let mut scene = Scene::checked(&policy(on_failure), false).await;
        let report = scene.run(&failover()).await;
        assert_eq!(report.operation.status, OperationStatus::Paused, "{:?}", report.operation);
        let why = report.operation.error_message.unwrap();
        assert!(why.contains("web-1 at site-b") && why.contains(WEB) && why.contains("60 s"), "{why}");
        let there = scene.names_at_b().await;
        assert!(there.contains("web-1") && !there.contains("web-2"), "{there:?}");
        scene.machine.open.lock().unwrap().insert(WEB.parse().unwrap());
        let handle = scene.protector.resume(Some(report.operation.id)).await.unwrap();
        let report = handle.finish().await.unwrap();
        assert_eq!(report.operation.status, OperationStatus::Completed, "{:?}", report.operation);
        scene.moved().await;
        scene.check(GroupStatus::FailedOver).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_guest_that_may_be_late_keeps_nobody_and_is_told() {
    let mut wanted = policy(FailurePolicy::Continue);
    wanted.boot_checks.push(console("app-1", "never", FailurePolicy::Continue));
    let mut scene = Scene::checked(&wanted, false).await;
    let report = scene.run(&failover()).await;
    assert_eq!(report.operation.status, OperationStatus::Completed, "{:?}", report.operation);
    let why = report.operation.error_message.unwrap();
    assert!(why.contains("check_port/web-1") && why.contains("check_console/app-1"), "{why}");
    assert!(why.contains(ON_CONSOLE), "{why}");
    scene.moved().await;
    scene.check(GroupStatus::FailedOver).await;
}
