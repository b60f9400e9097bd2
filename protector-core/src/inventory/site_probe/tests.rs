use super::*;
use crate::openstack::Cloud;
use crate::openstack::testing::MockCloud;
use serde_json::json;

fn utc(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_clock_is_apart_only_beyond_what_the_way_and_whole_seconds_explain() {
    let (begun, ended) = (utc("1994-11-06T08:49:36.5Z"), utc("1994-11-06T08:49:38Z"));
    for (date, seconds) in [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
        ("Sun, 06 Nov 1994 08:49:36 GMT", 0),
        ("Sun, 06 Nov 1994 08:49:48 GMT", 10),
        ("Sun, 06 Nov 1994 08:49:25 GMT", -10),
    ] {
        assert_eq!(ahead(date, begun, ended).map(|ahead| ahead.as_secs()), Some(seconds), "{date}");
    }
    assert_eq!(ahead("yesterday", begun, ended), None);
}

/// A cloud in which everything that is not said otherwise is not found.
async fn seen(cloud: &MockCloud) -> CloudSeen {
    let access = SiteAccess::new(
        "site-a".into(),
        Cloud::new(cloud.session.clone()),
        BTreeMap::new(),
        Duration::from_secs(1),
    );
    let needs = SiteNeeds { instances: 2, ports: 3, ..SiteNeeds::default() };
    Box::pin(super::cloud(&access, &Context::default(), &needs)).await
}

async fn answers(cloud: &mut MockCloud, path: &str, status: usize, body: serde_json::Value) {
    let mock = cloud.server.mock("GET", path).with_status(status);
    mock.with_body(body.to_string()).create_async().await;
}

#[tokio::test]
async fn what_a_member_is_refused_is_not_seen_and_the_rest_is() {
    let mut cloud = MockCloud::start().await;
    let forbidden =
        json!({"forbidden": {"code": 403, "message": "Policy doesn't allow it to be performed."}});
    for path in [
        "/compute/v2.1/os-services",
        "/volume/v3/os-services",
        "/volume/v3/scheduler-stats/get_pools?detail=true",
    ] {
        answers(&mut cloud, path, 403, forbidden.clone()).await;
    }
    let limits = json!({"limits": {"absolute": {"maxTotalInstances": 10, "maxTotalCores": -1, "maxTotalRAMSize": 1024,
        "maxServerGroups": 10, "totalInstancesUsed": 4, "totalCoresUsed": 4, "totalRAMUsed": 512,
        "totalServerGroupsUsed": 0}}});
    answers(&mut cloud, "/compute/v2.1/limits", 200, limits).await;
    let ports = json!({"quota": {"port": {"limit": 5, "used": 1, "reserved": 1}}});
    answers(&mut cloud, "/network/v2.0/quotas/p1/details", 200, ports).await;
    let volume = |id: &str, service: Option<&str>, shared: Option<bool>| {
        json!({"id": id, "name": id, "status": "available", "size": 1, "bootable": "false",
            "service_uuid": service, "shared_targets": shared})
    };
    let volumes = json!({"volumes": [volume("own", Some("s1"), None), volume("taken", None, Some(true)),
        volume("never-locked", None, Some(false)), volume("always-locked", None, None)]});
    answers(&mut cloud, "/volume/v3/volumes/detail", 200, volumes).await;
    let seen = seen(&cloud).await;
    assert_eq!(seen.volume_processes, Err(Unseen::Forbidden));
    assert_eq!(seen.compute_processes, Err(Unseen::Forbidden));
    assert_eq!(seen.backends, Err(Unseen::Forbidden));
    let credential = seen.credential.unwrap();
    assert_eq!((credential.project.as_str(), credential.user.as_str()), ("p1", "u1"));
    assert_eq!((credential.project_name, credential.roles), (None, vec!["member".to_owned()]));
    let quota = |kind, limit, used, needed| QuotaSeen { kind, limit, used, needed };
    let compute = vec![
        quota("instances", Some(10), 4, 2),
        quota("cores", None, 4, 0),
        quota("ram (MiB)", Some(1024), 512, 0),
    ];
    assert_eq!(seen.quotas[0], ("compute", Ok(compute)));
    assert_eq!(seen.quotas[2], ("network", Ok(vec![quota("ports", Some(5), 2, 3)])));
    let imported = |name: &str, everywhere| ImportedVolume { name: name.to_owned(), everywhere };
    assert_eq!(seen.imported, Ok(vec![imported("taken", false), imported("always-locked", true)]));
    let [_, compute, block_storage, ..] = seen.services.as_slice() else { panic!("{:?}", seen.services) };
    let versions = |seen: &ServiceSeen| seen.answer.clone().map(|answer| answer.versions);
    assert_eq!(versions(compute), Ok(Some(((2, 1), (2, 104)))));
    // Its limits were not found: it is not taken for whole because it tells its versions.
    assert!(matches!(versions(block_storage), Err(Unseen::Failed(_))), "{block_storage:?}");
}

#[tokio::test]
async fn a_cloud_that_gives_no_token_is_seen_as_that_and_asked_no_more() {
    let mut cloud = MockCloud::start().await;
    cloud.server.reset();
    let refused =
        json!({"error": {"code": 401, "message": "The request you have made requires authentication."}});
    let sign_in =
        cloud.server.mock("POST", "/v3/auth/tokens").with_status(401).with_body(refused.to_string());
    let sign_in = sign_in.expect_at_least(1).create_async().await;
    let any = mockito::Matcher::Any;
    let others = cloud.server.mock("GET", any).expect(0).create_async().await;
    let seen = seen(&cloud).await;
    sign_in.assert_async().await;
    others.assert_async().await;
    let Err(Unseen::Failed(reason)) = &seen.credential else { panic!("{:?}", seen.credential) };
    assert!(reason.contains("401") || reason.contains("authentication"), "{reason}");
    assert_eq!(seen.services.len(), 5);
    assert!(seen.services.iter().all(|service| service.answer.is_err()));
    assert_eq!(seen.services[0].answer, Err(Unseen::Failed(reason.clone())));
}

#[test]
fn what_stands_in_the_way_of_a_process_is_told() {
    let service = |change: serde_json::Value| {
        let mut body = json!({"binary": "cinder-volume", "host": "a@pure", "zone": "nova", "status": "enabled",
            "state": "up", "backend_state": "up", "frozen": false});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        volume_process(serde_json::from_value(body).unwrap())
    };
    assert_eq!(service(json!({})).trouble, None);
    assert_eq!(service(json!({"active_backend_id": ""})).trouble, None);
    for (change, told) in [
        (json!({"backend_state": "down"}), "does not reach its backend"),
        (json!({"active_backend_id": "array-b"}), "failed over as a whole to array-b"),
        (json!({"frozen": true}), "is frozen"),
    ] {
        assert_eq!(service(change).trouble.as_deref(), Some(told));
    }
}
