use crate::application;
use crate::cloud::text;
use crate::scene::{GROUP, Scene};
use protector_core::operations::ProtectRequest;
use protector_core::protector::Request;
use protector_mock::cloud::ServiceKind::BlockStorage;

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
