use super::*;
use crate::openstack::Service;
use crate::openstack::testing::Exchange;
use serde_json::json;

#[tokio::test]
async fn services_are_listed_by_kind_and_those_of_a_dead_cell_with_what_is_known() {
    let services =
        Exchange::new(Service::Compute, "GET", "/os-services?binary=nova-compute", "list compute services")
            .answer(
                200,
                json!({"services": [
                    {"binary": "nova-compute", "host": "compute1", "id": "c1", "zone": "nova", "status": "disabled",
                     "state": "down", "updated_at": "2026-11-22T16:15:34.000000", "disabled_reason": "repair",
                     "forced_down": true},
                    {"binary": "nova-compute", "host": "compute2", "status": "UNKNOWN"}]}),
            )
            .check(async |session| {
                ComputeServices::new(&session).list(&Context::default(), Some("nova-compute")).await
            })
            .await;
    let expected = ComputeService {
        id: Some("c1".to_owned()),
        binary: "nova-compute".to_owned(),
        host: "compute1".to_owned(),
        zone: Some("nova".to_owned()),
        status: "disabled".to_owned(),
        state: Some("down".to_owned()),
        disabled_reason: Some("repair".to_owned()),
        forced_down: true,
        updated_at: Some("2026-11-22T16:15:34Z".parse().unwrap()),
    };
    let unknown = ComputeService {
        id: None,
        host: "compute2".to_owned(),
        zone: None,
        status: "UNKNOWN".to_owned(),
        state: None,
        disabled_reason: None,
        forced_down: false,
        updated_at: None,
        ..expected.clone()
    };
    assert_eq!(services, [expected, unknown]);
}

#[tokio::test]
async fn services_of_every_kind_are_listed_without_a_filter() {
    Exchange::new(Service::Compute, "GET", "/os-services", "list compute services")
        .answer(200, json!({"services": []}))
        .check(async |session| ComputeServices::new(&session).list(&Context::default(), None).await)
        .await;
}
