//! What a service does after nobody waits for it any more.

use crate::application;
use crate::cloud::text;
use crate::scene::{GROUP, Scene};
use protector_core::domain::GroupStatus;
use protector_core::engine::Event;
use protector_core::id::StepId;
use protector_core::operations::ProtectRequest;
use protector_core::protector::{MoveRequest, Progress, Request};
use protector_mock::cloud::ServiceKind::BlockStorage;
use serde_json::json;

/// Requests for twins are not answered, and have their effect when the program has looked for it and asked again.
const LATE: &str = r#"
- {target: site-b/block-storage, method: POST, path: "/volumes$", action: late, seconds: 4, nth: 2, times: 3}
"#;

#[tokio::test(start_paused = true)]
async fn a_twin_that_is_made_late_is_not_left_beside_the_one_that_took_its_place() {
    let mut scene = Scene::set().await;
    scene.faults(LATE);
    let request = Request::Protect(ProtectRequest {
        name: GROUP.to_owned(),
        source: scene.a.site.into(),
        target: scene.b.site.into(),
        servers: application::names(),
    });
    scene.done(&request).await;
    let fired = scene.pair.surroundings().rules();
    assert_eq!(fired[0].get("fired").and_then(serde_json::Value::as_u64), Some(3), "{fired:?}");
    let twins = scene.b.list(BlockStorage, "/v3/volumes/detail", "volumes").await.unwrap();
    let mut names: Vec<&str> = twins.iter().map(|twin| text(twin, "/name")).collect();
    names.sort_unstable();
    let mut of_originals: Vec<String> = scene
        .running
        .values()
        .flat_map(|machine| &machine.disks)
        .map(|disk| disk.identity["name"].clone())
        .collect();
    of_originals.sort();
    assert_eq!(names, of_originals);
}

/// A request for a VM that nobody waits for any more, as a process leaves it that is killed: Nova has reserved the volume for
/// it already.
#[tokio::test(start_paused = true)]
async fn a_vm_whose_volume_a_lost_request_still_holds_is_waited_for() {
    let mut scene = Scene::protected().await;
    scene.stopped_after(&Request::Failover(MoveRequest::planned(GROUP)), "raise_epoch").await;
    let volumes = scene.b.list(BlockStorage, "/v3/volumes/detail", "volumes").await.unwrap();
    let root = volumes.iter().find(|volume| text(volume, "/name") == "web-2-root").unwrap();
    let action = format!("/v3/volumes/{}/action", text(root, "/id"));
    scene.b.post(BlockStorage, &action, &json!({"os-reserve": null})).await.unwrap();

    let mut handle = scene.protector.resume(None).await.unwrap();
    let step = StepId::from("create_server/web-2");
    let refused =
        |progress: &Progress| matches!(&progress.event, Event::StepTroubled { step: of, .. } if *of == step);
    loop {
        let progress = handle.next().await;
        if refused(&progress.unwrap_or_else(|| panic!("it went on without the VM"))) {
            break;
        }
    }
    scene.b.post(BlockStorage, &action, &json!({"os-unreserve": null})).await.unwrap();
    let report = handle.finish().await.unwrap();
    assert_eq!(report.operation.error_message, None);
    scene.moved().await;
    scene.check(GroupStatus::FailedOver).await;
}
