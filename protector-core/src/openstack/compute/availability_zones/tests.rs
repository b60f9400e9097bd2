use super::*;
use crate::openstack::Service;
use crate::openstack::testing::Exchange;
use serde_json::json;

#[tokio::test]
async fn zones_are_listed_with_their_state() {
    let zones = Exchange::new(Service::Compute, "GET", "/os-availability-zone", "list availability zones")
        .answer(
            200,
            json!({"availabilityZoneInfo": [
                    {"zoneName": "nova", "zoneState": {"available": true}, "hosts": null},
                    {"zoneName": "east", "zoneState": {"available": false}, "hosts": null}]}),
        )
        .check(async |session| AvailabilityZones::new(&session).list(&Context::default()).await)
        .await;
    let zone = |name: &str, available| AvailabilityZone { name: name.to_owned(), available };
    assert_eq!(zones, [zone("nova", true), zone("east", false)]);
}
