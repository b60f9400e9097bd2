use super::*;
use crate::openstack::Service;
use crate::openstack::testing::Exchange;
use serde_json::json;

#[tokio::test]
async fn services_are_listed_by_kind_with_the_state_of_their_backend() {
    let path = "/os-services?binary=cinder-volume";
    let services = Exchange::new(Service::BlockStorage, "GET", path, "list volume services")
        .answer(
            200,
            json!({"services": [{"binary": "cinder-volume", "host": "site-a@pure", "zone": "nova", "status": "disabled",
                "state": "up", "updated_at": "2026-11-22T16:15:29.000000", "backend_state": "down", "cluster": null,
                "disabled_reason": "failed-over", "replication_status": "failed-over", "active_backend_id": "array-b",
                "frozen": true}]}),
        )
        .check(async |session| VolumeServices::new(&session).list(&Context::default(), Some("cinder-volume")).await)
        .await;
    let expected = VolumeService {
        binary: "cinder-volume".to_owned(),
        host: "site-a@pure".to_owned(),
        zone: Some("nova".to_owned()),
        status: "disabled".to_owned(),
        state: "up".to_owned(),
        disabled_reason: Some("failed-over".to_owned()),
        updated_at: Some("2026-11-22T16:15:29Z".parse().unwrap()),
        backend_state: Some("down".to_owned()),
        replication_status: Some("failed-over".to_owned()),
        active_backend_id: Some("array-b".to_owned()),
        frozen: true,
    };
    assert_eq!(services, [expected]);
}

#[tokio::test]
async fn a_scheduler_has_no_backend() {
    let services = Exchange::new(Service::BlockStorage, "GET", "/os-services", "list volume services")
        .answer(
            200,
            json!({"services": [{"binary": "cinder-scheduler", "host": "site-a", "zone": "nova", "status": "enabled",
                "state": "up", "updated_at": null, "cluster": null, "disabled_reason": null}]}),
        )
        .check(async |session| VolumeServices::new(&session).list(&Context::default(), None).await)
        .await;
    let [scheduler] = services.try_into().unwrap();
    assert_eq!((scheduler.backend_state, scheduler.frozen, scheduler.updated_at), (None, false, None));
}
