use crate::machines;
use crate::scene::{GROUP, Scene};
use protector_core::domain::{GroupStatus, OperationStatus};
use protector_core::protector::{MoveRequest, Request};

fn failover() -> MoveRequest {
    MoveRequest::planned(GROUP)
}

/// Nova at B has no room for one VM.
pub(crate) const NO_ROOM: &str = r#"
- target: site-b/compute
  method: POST
  path: "/servers$"
  body: '"name": ?"web-2"'
  action: answer
  status: 403
  answer_body: {forbidden: {code: 403, message: "Quota exceeded for cores: Requested 1, but already used 20 of 20 cores"}}
  times: 1
"#;

#[tokio::test(start_paused = true)]
async fn a_vm_that_cannot_be_made_does_not_stop_the_others_and_is_made_later() {
    let mut scene = Scene::protected().await;
    scene.faults(NO_ROOM);
    let report = scene.run(&Request::Failover(failover())).await;
    assert_eq!(report.operation.status, OperationStatus::Completed, "{:?}", report.operation);
    let why = report.operation.error_message.unwrap();
    assert!(why.contains("create_server/web-2") && why.contains("Quota exceeded"), "{why}");
    let group = scene.group().await;
    assert_eq!(group.status, GroupStatus::FailedOverPartial);
    let absent: Vec<_> = group.members.values().filter(|member| member.absent.is_some()).collect();
    assert_eq!(absent.iter().map(|member| member.name.as_str()).collect::<Vec<_>>(), ["web-2"]);
    let there = machines::read(&scene.b).await.unwrap();
    assert_eq!(there.len(), 4);
    assert!(there.values().all(|machine| machine.status == "ACTIVE"));
    // The rule has fired once: now there is room.
    scene.done(&Request::Failover(failover())).await;
    scene.moved().await;
    scene.check(GroupStatus::FailedOver).await;
    assert!(scene.group().await.members.values().all(|member| member.absent.is_none()));
    scene.live(400).await;
    scene.done(&Request::Failback(failover())).await;
    scene.moved().await;
    scene.check(GroupStatus::Active).await;
}

#[tokio::test(start_paused = true)]
async fn a_vm_may_be_left_out_and_comes_back_with_the_others() {
    let mut scene = Scene::protected().await;
    scene.faults(&NO_ROOM.replace("times: 1", "times: 0"));
    scene.run(&Request::Failover(failover())).await;
    let request = failover().without(["web-2".to_owned()]);
    scene.done(&Request::Failover(request)).await;
    let group = scene.group().await;
    assert_eq!(group.status, GroupStatus::FailedOver);
    assert!(group.members.values().any(|member| member.absent.as_ref().is_some_and(|absent| absent.left)));
    scene.moved().await;
    scene.live(400).await;
    scene.done(&Request::Failback(failover())).await;
    scene.moved().await;
    scene.check(GroupStatus::Active).await;
}
