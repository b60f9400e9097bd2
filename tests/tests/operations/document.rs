//! A group as a document, and a group that becomes what its document says.

use crate::scene::{GROUP, Scene};
use protector_core::config::GroupDocument;
use protector_core::domain::{FindingCode, GroupStatus, OperationType};
use protector_core::operations::PolicyChange;
use protector_core::protector::{Error, Request, SetRequest};
use std::path::Path;
use std::time::Duration;

async fn changes(scene: &Scene, document: &GroupDocument) -> Vec<OperationType> {
    let requests = scene.protector.changes(document).await.unwrap();
    requests.iter().map(Request::operation_type).collect()
}

#[tokio::test(start_paused = true)]
async fn a_group_becomes_what_its_document_says_and_then_there_is_nothing_to_do() {
    let mut scene = Scene::protected_but(&["web-2"]).await;
    let exported = scene.protector.export(GROUP).await.unwrap();
    let mut wanted = GroupDocument::parse(Path::new("group.yaml"), &exported.to_yaml()).unwrap();
    assert_eq!(wanted, exported);
    assert_eq!(changes(&scene, &wanted).await, []);

    wanted.servers.retain(|name| name != "app-1");
    wanted.servers.push("web-2".to_owned());
    wanted.policy.replication_interval = Some(Duration::from_mins(10));
    wanted.policy.rpo_minutes = Some(30);
    let requests = scene.protector.changes(&wanted).await.unwrap();
    let kinds: Vec<_> = requests.iter().map(Request::operation_type).collect();
    assert_eq!(kinds, [OperationType::AddMember, OperationType::RemoveMember, OperationType::Set]);
    for request in &requests {
        scene.done(request).await;
    }
    scene.lose("app-1");
    scene.gain("web-2").await;
    scene.check(GroupStatus::Active).await;
    assert_eq!(changes(&scene, &wanted).await, []);
    let group = scene.group().await;
    assert_eq!((group.replication_interval, group.rpo_minutes), (600, 30));
    let report = scene.protector.rpo(Some(GROUP)).await.unwrap().remove(0);
    assert_eq!((report.schedule_as_recorded, report.objective), (Some(true), 1800));

    wanted.name = "another".to_owned();
    assert_eq!(changes(&scene, &wanted).await, [OperationType::Protect, OperationType::Set]);
    wanted.name = GROUP.to_owned();
    std::mem::swap(&mut wanted.primary_site, &mut wanted.secondary_site);
    let error = scene.protector.changes(&wanted).await.unwrap_err();
    assert!(matches!(error, Error::HomeDiffers { .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_cannot_be_is_refused() {
    let scene = Scene::protected().await;
    let day = Duration::from_hours(24);
    let wanted = |interval: Duration, retention: Duration, minutes: u32| {
        let mut change = PolicyChange::default();
        change.replication_interval = Some(interval);
        change.retention = Some(retention);
        change.rpo_minutes = Some(minutes);
        Request::Set(SetRequest::new(GROUP, change))
    };
    let five = Duration::from_mins(5);
    for request in [
        wanted(Duration::ZERO, day, 15),
        wanted(five, day, 0),
        wanted(day, five, 15),
        Request::Set(SetRequest::new(GROUP, PolicyChange::default())),
    ] {
        let planned = scene.plan(&request).await;
        let codes: Vec<_> = planned.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, [FindingCode::PolicyInvalid], "{request:?}");
        assert!(planned.plan.is_none());
    }
    let planned = scene.plan(&wanted(Duration::from_hours(1), day, 15)).await;
    assert!(planned.plan.is_some());
    assert!(planned.warnings.iter().any(|warning| warning.code == FindingCode::RpoTooShort));
}
