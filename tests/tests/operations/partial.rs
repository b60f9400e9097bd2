use crate::machines::{self, Machine};
use crate::scene::{GROUP, Scene};
use protector_core::domain::{GroupStatus, OperationStatus};
use protector_core::protector::{MembersRequest, MoveRequest, Request};

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

/// The networks of a VM.
fn networks(machine: &Machine) -> Vec<&str> {
    machine.interfaces.iter().map(|interface| interface.identity["network"].as_str()).collect()
}

/// app-net is another network at B.
fn to(network: &str) -> String {
    format!("{{networks: [{{site-a: app-net, site-b: {network}}}]}}")
}

impl Scene {
    async fn absent(&self) -> Vec<String> {
        let group = self.group().await;
        let absent = group.members.values().filter(|member| member.absent.is_some());
        let mut names: Vec<String> = absent.map(|member| member.name.clone()).collect();
        names.sort();
        names
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_made_later_is_where_the_mappings_say_then_and_nothing_of_the_first_attempt_is_left() {
    let mut scene = Scene::protected().await;
    scene.make_network_there("wrong-net", "app-subnet", "10.10.0.0/24").await;
    scene.make_network_there("right-net", "app-subnet", "10.10.0.0/24").await;
    scene.map(&to("wrong-net"));
    scene.faults(NO_ROOM);
    scene.run(&Request::Failover(failover())).await;
    assert_eq!(scene.absent().await, ["web-2"]);
    let first = machines::read(&scene.b).await.unwrap();
    scene.map(&to("right-net"));
    scene.done(&Request::Failover(failover())).await;
    scene.moved().await;
    scene.check(GroupStatus::FailedOver).await;
    assert_eq!(networks(&scene.running["web-2"]), ["right-net", "app-back"]);
    for (name, machine) in &first {
        let now = &scene.running[name];
        assert_eq!((&now.id, networks(now)), (&machine.id, networks(machine)), "{name}");
    }
    let ports = machines::left(&scene.b).await.unwrap();
    assert_eq!(ports.iter().filter(|item| item.starts_with("ports ")).count(), 7, "{ports:?}");
    // What stays where it was is said before the next move.
    scene.live(400).await;
    scene.done(&Request::Failback(failover())).await;
    scene.moved().await;
    scene.live(400).await;
    let warnings = scene.plan(&Request::Failover(failover())).await.warnings;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let told = warnings[0].to_string();
    assert!(told.contains("server web-1") && told.contains("would be in network right-net"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn an_unplanned_move_with_a_wrong_mapping_is_completed_with_the_right_one() {
    let mut scene = Scene::protected().await;
    scene.make_network_there("right-net", "app-subnet", "10.10.0.0/24").await;
    scene.live(400).await;
    scene.map(&to("no-net"));
    let report = scene.run(&Request::Failover(MoveRequest::unplanned(GROUP, true))).await;
    assert_eq!(report.operation.status, OperationStatus::Completed, "{:?}", report.operation);
    assert_eq!(scene.absent().await, ["web-1", "web-2"]);
    let group = scene.group().await;
    let why = group.members.values().find_map(|member| member.absent.as_ref()).unwrap();
    assert!(why.reason.contains("there is no network no-net"), "{why:?}");
    // Still the wrong one: what is missing is said again, and nothing is done.
    let refused = scene.plan(&Request::Failover(failover())).await;
    assert_eq!((refused.plan, refused.findings.len()), (None, 2));
    scene.map(&to("right-net"));
    scene.done(&Request::Failover(failover())).await;
    assert_eq!(scene.absent().await, Vec::<String>::new());
    let there = machines::read(&scene.b).await.unwrap();
    for name in &scene.members {
        assert_eq!(there[name].status, "ACTIVE", "{name}");
    }
    assert_eq!(networks(&there["web-1"]), ["right-net", "app-back"]);
}

#[tokio::test(start_paused = true)]
async fn a_failback_with_a_wrong_mapping_is_refused_or_completed_with_the_right_one() {
    let mut scene = Scene::protected().await;
    scene.make_network_there("dr-net", "app-subnet", "10.10.0.0/24").await;
    scene.map(&to("dr-net"));
    scene.done(&Request::Failover(failover())).await;
    scene.moved().await;
    scene.make("cache-1", ("dr-net", "10.10.0.77", "fa:16:3e:0a:00:77"), None).await;
    scene.done(&Request::AddMember(MembersRequest::new(GROUP, ["cache-1".to_owned()]))).await;
    scene.gain("cache-1").await;
    scene.live(400).await;
    // Planned, nothing is touched.
    scene.map("{}");
    let refused = scene.plan(&Request::Failback(failover())).await;
    assert!(refused.plan.is_none() && refused.findings.iter().all(|one| one.to_string().contains("dr-net")));
    // Unplanned, all come home but the one that has no network there.
    let report = scene.run(&Request::Failback(MoveRequest::unplanned(GROUP, true))).await;
    assert_eq!(report.operation.status, OperationStatus::Completed, "{:?}", report.operation);
    assert_eq!(scene.absent().await, ["cache-1"]);
    scene.map(&to("dr-net"));
    scene.done(&Request::Failback(failover())).await;
    assert_eq!((scene.absent().await, scene.group().await.status), (vec![], GroupStatus::Active));
    let home = machines::read(&scene.a).await.unwrap();
    assert_eq!((&*home["cache-1"].status, networks(&home["cache-1"])), ("ACTIVE", vec!["app-net"]));
}
