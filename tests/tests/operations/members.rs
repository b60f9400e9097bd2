//! VMs that join and leave a group, and change, while it lives at either site.

use crate::cloud::text;
use crate::machines::{self, Machine, Machines};
use crate::scene::{GROUP, Scene};
use protector_core::domain::{FindingCode, GroupStatus, OperationStatus, judge};
use protector_core::engine::Event;
use protector_core::protector::{MembersRequest, MoveRequest, OperationHandle, Request};
use protector_mock::cloud::ServiceKind;
use std::collections::BTreeSet;

fn add(names: &[&str]) -> Request {
    Request::AddMember(MembersRequest::new(GROUP, names.iter().map(|name| (*name).to_owned())))
}

fn remove(names: &[&str]) -> Request {
    Request::RemoveMember(MembersRequest::new(GROUP, names.iter().map(|name| (*name).to_owned())))
}

fn failover() -> Request {
    Request::Failover(MoveRequest::planned(GROUP))
}

fn failback() -> Request {
    Request::Failback(MoveRequest::planned(GROUP))
}

fn sync() -> Request {
    Request::Sync { group: GROUP.to_owned() }
}

fn unprotect() -> Request {
    Request::Unprotect { group: GROUP.to_owned(), without_site: None }
}

/// The ids of a VM and of all that it has.
fn ids(machine: &Machine) -> BTreeSet<&str> {
    let ports = machine.interfaces.iter().map(|interface| interface.port.as_str());
    let disks = machine.disks.iter().map(|disk| disk.volume.as_str());
    ports.chain(disks).chain([machine.id.as_str()]).collect()
}

fn size(machines: &Machines, name: &str, disk: usize) -> String {
    machines[name].disks[disk].identity["size"].clone()
}

impl Scene {
    /// How the planner's findings are called.
    async fn findings(&self, request: &Request) -> Vec<FindingCode> {
        self.plan(request).await.findings.iter().map(|finding| finding.code).collect()
    }

    /// An operation that has done a step of a kind.
    async fn under_way(&self, request: &Request, kind: &str) -> OperationHandle {
        let plan = self.plan(request).await.plan.unwrap();
        let mut handle = self.protector.apply(plan).await.unwrap();
        while let Some(progress) = handle.next().await {
            if matches!(&progress.event, Event::StepDone { step, .. } if step.as_str().starts_with(kind)) {
                return handle;
            }
        }
        panic!("no {kind} was ever done");
    }

    async fn go(&mut self, request: &Request, status: GroupStatus) {
        self.done(request).await;
        self.moved().await;
        self.check(status).await;
        self.live(400).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_vm_that_joins_is_in_the_next_point_and_moves_with_the_others() {
    let mut scene = Scene::protected_but(&["web-2"]).await;
    scene.live(20).await;
    let before = scene.protector.recovery_points(GROUP).await.unwrap();
    assert!(before.iter().any(|view| view.eligibility.is_eligible()));
    scene.done(&add(&["web-2"])).await;
    scene.gain("web-2").await;
    scene.check(GroupStatus::Active).await;
    let group = scene.group().await;
    for view in &before {
        let reason = judge(&view.point, &group).reason.unwrap_or_default();
        assert!(reason.contains("web-2-root"), "{}: {reason}", view.point.name);
    }
    let points = scene.protector.recovery_points(GROUP).await.unwrap();
    let usable: Vec<_> = points.iter().filter(|view| view.eligibility.is_eligible()).collect();
    assert_eq!(usable.len(), 1, "{points:?}");
    assert_eq!(
        scene.findings(&add(&["web-2"])).await,
        [FindingCode::ServerProtected, FindingCode::VolumeInOtherGroup]
    );
    scene.go(&failover(), GroupStatus::FailedOver).await;
    scene.go(&failback(), GroupStatus::Active).await;
}

#[tokio::test(start_paused = true)]
async fn a_vm_that_leaves_stays_as_it_was_and_its_twins_go() {
    let mut scene = Scene::protected().await;
    let (here, there) = (machines::left(&scene.a).await.unwrap(), machines::left(&scene.b).await.unwrap());
    let vm = scene.running["app-1"].clone();
    assert_eq!(scene.findings(&remove(&["app-9"])).await, [FindingCode::ServerMissing]);
    let all: Vec<&str> = vec!["web-1", "web-2", "app-1", "app-2", "db-1"];
    assert_eq!(scene.findings(&remove(&all)).await, [FindingCode::LastMember]);
    scene.done(&remove(&["app-1"])).await;
    scene.lose("app-1");
    scene.live(10).await;
    scene.check(GroupStatus::Active).await;
    assert_eq!(machines::left(&scene.a).await.unwrap(), here);
    let left = machines::left(&scene.b).await.unwrap();
    let gone: Vec<_> = there.iter().filter(|item| !left.contains(item)).collect();
    assert_eq!(gone.len(), 2, "{gone:?}");
    assert!(gone.iter().all(|item| item.contains("volumes app-1-")), "{gone:?}");
    let now = machines::read(&scene.a).await.unwrap();
    assert_eq!((ids(&now["app-1"]), now["app-1"].status.as_str()), (ids(&vm), "ACTIVE"));
    assert!(!scene.group().await.members.values().any(|member| member.name == "app-1"));
    // It can come back.
    scene.done(&add(&["app-1"])).await;
    scene.gain("app-1").await;
    scene.go(&failover(), GroupStatus::FailedOver).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_interrupted_is_undone_wholly_or_finished() {
    let mut scene = Scene::protected_but(&["web-2"]).await;
    let before = scene.group().await;
    let (here, there) = (machines::left(&scene.a).await.unwrap(), machines::left(&scene.b).await.unwrap());
    let handle = scene.under_way(&add(&["web-2"]), "replicate_now").await;
    assert_eq!(scene.group().await.status, GroupStatus::Updating);
    assert!(scene.protector.cancel(handle.id(), "not today").await.unwrap().is_none());
    let report = handle.finish().await.unwrap();
    assert_eq!(report.operation.status, OperationStatus::RolledBack, "{:?}", report.operation);
    assert_eq!(scene.group().await, before);
    assert_eq!(
        (machines::left(&scene.a).await.unwrap(), machines::left(&scene.b).await.unwrap()),
        (here, there)
    );

    // Long enough for a wish to be seen.
    scene.faults(r#"- {target: "site-*/block-storage", action: delay, seconds: 2}"#);
    for request in [add(&["web-2"]), remove(&["app-1"])] {
        let handle = scene.under_way(&request, "record_group").await;
        let id = handle.id();
        scene.protector.pause(id).await.unwrap();
        let report = handle.finish().await.unwrap();
        assert_eq!(report.operation.status, OperationStatus::Paused, "{:?}", report.operation);
        let report = scene.protector.resume(Some(id)).await.unwrap().finish().await.unwrap();
        assert_eq!(report.operation.status, OperationStatus::Completed, "{:?}", report.operation);
    }
    scene.gain("web-2").await;
    scene.lose("app-1");
    scene.live(5).await;
    scene.go(&failover(), GroupStatus::FailedOver).await;
}

#[tokio::test(start_paused = true)]
async fn a_group_that_was_never_moved_is_released_without_a_trace() {
    let mut scene = Scene::protected().await;
    scene.done(&unprotect()).await;
    assert_eq!(machines::left(&scene.b).await.unwrap(), Vec::<String>::new());
    let left = machines::left(&scene.a).await.unwrap();
    assert!(!left.iter().any(|item| item.starts_with("groups")), "{left:?}");
    assert!(scene.protector.groups().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_vm_that_joined_away_from_home_keeps_its_original_there() {
    let mut scene = Scene::protected_but(&["web-2"]).await;
    scene.go(&failover(), GroupStatus::FailedOver).await;
    scene.make("cache-1", ("app-back", "10.20.0.77", "fa:16:3e:14:00:77"), None).await;
    let original = machines::read(&scene.b).await.unwrap()["cache-1"].clone();
    scene.live(10).await;
    scene.done(&add(&["cache-1"])).await;
    scene.gain("cache-1").await;
    scene.go(&failback(), GroupStatus::Active).await;
    let at_home = scene.running["cache-1"].clone();
    scene.go(&failover(), GroupStatus::FailedOver).await;
    assert_eq!(ids(&scene.running["cache-1"]), ids(&original));
    scene.go(&failback(), GroupStatus::Active).await;
    assert_eq!(ids(&scene.running["cache-1"]), ids(&at_home));
    scene.done(&unprotect()).await;
    // What protector made of the others is gone there; this one is its owner's.
    let left = machines::read(&scene.b).await.unwrap();
    assert_eq!(left.keys().collect::<Vec<_>>(), ["cache-1"]);
    assert_eq!(ids(&left["cache-1"]), ids(&original));
}

#[tokio::test(start_paused = true)]
async fn what_was_released_away_from_home_is_never_taken_for_a_twin() {
    let mut scene = Scene::protected().await;
    scene.go(&failover(), GroupStatus::FailedOver).await;
    let released = scene.running["app-2"].clone();
    scene.done(&remove(&["app-2"])).await;
    scene.lose("app-2");
    let there = machines::read(&scene.b).await.unwrap();
    assert_eq!((ids(&there["app-2"]), there["app-2"].status.as_str()), (ids(&released), "ACTIVE"));
    scene.go(&failback(), GroupStatus::Active).await;
    let found = scene.findings(&add(&["app-2"])).await;
    assert!(found.contains(&FindingCode::IdentityTaken), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn originals_come_back_with_the_size_that_they_have_got_away_from_home() {
    let mut scene = Scene::protected_but(&["web-2"]).await;
    let originals = machines::read(&scene.a).await.unwrap();
    let inventory = machines::left(&scene.a).await.unwrap();
    scene.done(&add(&["web-2"])).await;
    scene.gain("web-2").await;
    scene.go(&failover(), GroupStatus::FailedOver).await;
    let shadows = machines::left(&scene.b).await.unwrap();

    scene.extend("db-1", 1, 60).await;
    scene.resize("web-1", "app.medium").await;
    let at = scene.clock.now();
    let beyond = 55 << 30;
    scene.guests.write_at(&scene.b, &scene.running, ("db-1".to_owned(), 1), beyond, at);
    scene.done(&remove(&["app-2"])).await;
    scene.lose("app-2");
    scene.done(&sync()).await;
    assert_eq!(size(&machines::read(&scene.a).await.unwrap(), "db-1", 1), "60");

    scene.go(&failback(), GroupStatus::Active).await;
    for name in &scene.members {
        assert_eq!(ids(&scene.running[name]), ids(&originals[name]), "{name}");
    }
    assert_eq!(size(&scene.running, "db-1", 1), "60");
    assert_eq!(scene.running["web-1"].identity["flavor"], "app.medium");
    let released = machines::read(&scene.a).await.unwrap()["app-2"].clone();
    assert_eq!((released.status.as_str(), released.marked), ("SHUTOFF", false));

    // Again, and this time nobody replicates on demand before the way home.
    scene.extend("app-1", 1, 30).await;
    let refused = scene.plan(&failover()).await.findings;
    assert_eq!(refused.iter().map(|finding| finding.code).collect::<Vec<_>>(), [FindingCode::TwinTooSmall]);
    scene.done(&sync()).await;
    scene.go(&failover(), GroupStatus::FailedOver).await;
    assert_eq!(size(&scene.running, "app-1", 1), "30");
    assert_eq!(machines::left(&scene.b).await.unwrap(), shadows);
    scene.extend("db-1", 0, 12).await;
    scene.go(&failback(), GroupStatus::Active).await;
    assert_eq!(size(&scene.running, "db-1", 0), "12");
    assert_eq!(machines::left(&scene.a).await.unwrap(), inventory);
    let returned = machines::read(&scene.a).await.unwrap();
    for (name, original) in &originals {
        let now = &returned[name];
        assert_eq!(ids(now), ids(original), "{name}");
        let same = |field: &str| now.identity[field] == original.identity[field];
        assert!(["keypair", "description", "metadata"].into_iter().all(same), "{name}");
        let interfaces = |machine: &Machine| -> Vec<_> {
            machine.interfaces.iter().map(|interface| interface.identity.clone()).collect()
        };
        assert_eq!(interfaces(now), interfaces(original), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_has_become_of_vms_is_told_with_what_to_do() {
    let mut scene = Scene::protected().await;
    assert_eq!(scene.protector.drift(GROUP).await.unwrap(), []);
    scene.extend("db-1", 1, 60).await;
    scene.resize("web-1", "app.medium").await;
    let told = scene.protector.drift(GROUP).await.unwrap();
    let subjects: Vec<_> = told.iter().map(|finding| finding.subject.as_str()).collect();
    assert_eq!(subjects.len(), 2, "{told:?}");
    assert!(
        subjects.contains(&"server web-1") && subjects.contains(&"volume db-1-data of server db-1"),
        "{told:?}"
    );
    let warnings = scene.plan(&failover()).await.warnings;
    assert!(told.iter().all(|finding| warnings.contains(finding)), "{warnings:?}");
    scene.done(&sync()).await;
    assert_eq!(scene.protector.drift(GROUP).await.unwrap(), []);
    let twins = scene.b.list(ServiceKind::BlockStorage, "/v3/volumes/detail", "volumes").await.unwrap();
    let twin = twins.iter().find(|twin| text(twin, "/name") == "db-1-data").unwrap();
    assert_eq!((twin["size"].as_u64(), text(twin, "/status")), (Some(60), "attaching"));
}
