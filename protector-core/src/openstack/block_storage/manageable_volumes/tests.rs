use super::*;
use crate::openstack::Service;
use crate::openstack::testing::{Exchange, MockCloud, all};

const HOST: &str = "site-b@pure#pure";
const LIST: &str = "/manageable_volumes/detail?host=site-b%40pure%23pure";

#[tokio::test]
async fn list_asks_for_pages_until_one_is_empty() {
    let mut cloud = MockCloud::start().await;
    let (path, version) = (format!("/volume/v3{LIST}"), Some("volume 3.70"));
    let first = json!({"manageable-volumes": [
        {"reference": {"name": "stage-1"}, "size": 1, "safe_to_manage": true, "reason_not_safe": null, "cinder_id": null,
         "extra_info": null},
        {"reference": {"name": "volume-v1-cinder"}, "size": 2, "safe_to_manage": false,
         "reason_not_safe": "Volume already managed", "cinder_id": "v1", "extra_info": null}]});
    let first = cloud.expect("GET", &path, version, None, 200, first).await;
    let last = json!({"manageable-volumes": []});
    let last = cloud.expect("GET", &format!("{path}&offset=2"), version, None, 200, last).await;
    let volumes = ManageableVolumes::new(&cloud.session);
    let found = all(volumes.list(&Context::default(), HOST)).await.unwrap();
    first.assert_async().await;
    last.assert_async().await;
    let free = ManageableVolume {
        reference: json!({"name": "stage-1"}),
        size: 1,
        safe_to_manage: true,
        reason_not_safe: None,
        cinder_id: None,
    };
    let managed = ManageableVolume {
        reference: json!({"name": "volume-v1-cinder"}),
        size: 2,
        safe_to_manage: false,
        reason_not_safe: Some("Volume already managed".to_owned()),
        cinder_id: Some("v1".into()),
    };
    assert_eq!(found, [free, managed]);
}

#[tokio::test]
async fn an_empty_pool_takes_one_request() {
    let found = Exchange::new(Service::BlockStorage, "GET", LIST, "list the volumes on site-b@pure#pure")
        .answer(200, json!({"manageable-volumes": []}))
        .check(async |session| all(ManageableVolumes::new(&session).list(&Context::default(), HOST)).await)
        .await;
    assert!(found.is_empty());
}

fn exchange(body: &Value) -> Exchange {
    Exchange::new(
        Service::BlockStorage,
        "POST",
        "/manageable_volumes",
        "manage volume web-data on site-b@pure#pure",
    )
    .body(json!({"volume": body}))
    // Without the fields of later microversions, as Cinder gives it whatever is asked for.
    .answer(202, json!({"volume": {"id": "v9", "status": "creating", "size": 0, "name": "web-data"}}))
}

#[tokio::test]
async fn manage_sends_all_that_is_said() {
    let volume = VolumeToManage {
        host: HOST.to_owned(),
        reference: json!({"source-name": "stage-1"}),
        name: "web-data".to_owned(),
        description: Some("of web-1".to_owned()),
        volume_type: Some("app-replicated".to_owned()),
        availability_zone: Some("nova".to_owned()),
        bootable: true,
        metadata: [("protector".to_owned(), "pg-1".to_owned())].into(),
    };
    let id = exchange(&json!({"host": HOST, "ref": {"source-name": "stage-1"}, "name": "web-data",
        "description": "of web-1", "volume_type": "app-replicated", "availability_zone": "nova", "bootable": true,
        "metadata": {"protector": "pg-1"}}))
    .check(async |session| ManageableVolumes::new(&session).manage(&Context::default(), &volume).await)
    .await;
    assert_eq!(id.as_str(), "v9");
}

#[tokio::test]
async fn manage_sends_nothing_that_is_not_said() {
    let volume = VolumeToManage {
        host: HOST.to_owned(),
        reference: json!({"source-name": "stage-1"}),
        name: "web-data".to_owned(),
        description: None,
        volume_type: None,
        availability_zone: None,
        bootable: false,
        metadata: BTreeMap::new(),
    };
    exchange(
        &json!({"host": HOST, "ref": {"source-name": "stage-1"}, "name": "web-data", "bootable": false}),
    )
    .check(async |session| ManageableVolumes::new(&session).manage(&Context::default(), &volume).await)
    .await;
}
