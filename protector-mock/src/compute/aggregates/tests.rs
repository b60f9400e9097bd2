use crate::cloud::Release;
use crate::compute::fixture::{ADMIN, Bed, OWNER};
use http::Method;
use serde_json::json;

#[test]
fn an_aggregate_makes_a_zone_of_its_hosts() {
    let bed = Bed::new();
    let body = json!({"aggregate": {"name": "left", "availability_zone": "left"}});
    assert_eq!(bed.post(OWNER, "/os-aggregates", &body).status, 403);
    let made = bed.post(ADMIN, "/os-aggregates", &body);
    assert_eq!((made.status, &made.body["aggregate"]["id"]), (200, &json!(1)));
    let add = json!({"add_host": {"host": "site-a-compute"}});
    assert_eq!(bed.post(ADMIN, "/os-aggregates/1/action", &add).status, 200);
    let shown = bed.get(ADMIN, "/os-aggregates/1").body["aggregate"].clone();
    assert_eq!((&shown["hosts"], &shown["updated_at"]), (&json!(["site-a-compute"]), &json!(null)));
    let twice = bed.post(ADMIN, "/os-aggregates/1/action", &add);
    assert_eq!(twice.error(), (409, "Aggregate 1 already has host site-a-compute."));
    let zones = bed.get(OWNER, "/os-availability-zone");
    assert_eq!(zones.body["availabilityZoneInfo"][0]["zoneName"], "left");
    let unknown = json!({"add_host": {"host": "none"}});
    let refused = bed.post(ADMIN, "/os-aggregates/1/action", &unknown);
    assert_eq!(refused.error(), (404, "Compute host none could not be found."));
    assert_eq!(bed.delete(ADMIN, "/os-aggregates/1").status, 400);
    let remove = json!({"remove_host": {"host": "site-a-compute"}});
    assert_eq!(bed.post(ADMIN, "/os-aggregates/1/action", &remove).status, 200);
    assert_eq!(bed.delete(ADMIN, "/os-aggregates/1").status, 200);
}

#[test]
fn hypervisors_and_versions_are_told_as_their_release_has_them() {
    let bed = Bed::of(Release::R2024_1);
    let versions = bed.at("2.1", OWNER, Method::GET, "/", None);
    assert_eq!(versions.body["version"]["version"], "2.96");
    let refused = bed.at("2.97", OWNER, Method::GET, "/servers", None);
    let sentence = "Version 2.97 is not supported by the API. Minimum is 2.1 and maximum is 2.96.";
    assert_eq!(refused.error(), (406, sentence));
    assert_eq!(bed.get(OWNER, "/os-hypervisors").status, 403);
    let new = bed.get(ADMIN, "/os-hypervisors/detail");
    assert_eq!(new.body["hypervisors"][0].get("vcpus"), None);
    let old = bed.at("2.53", ADMIN, Method::GET, "/os-hypervisors/detail", None);
    assert_eq!(old.body["hypervisors"][0]["vcpus"], 1000);
    assert_eq!(bed.get(ADMIN, "/os-hypervisors/statistics").status, 404);
}
