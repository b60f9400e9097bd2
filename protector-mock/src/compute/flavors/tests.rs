use crate::compute::fixture::{ADMIN, Bed, OTHER, OWNER};
use http::Method;
use serde_json::{Value, json};

#[test]
fn a_flavor_lives_and_is_made_by_administrators_only() {
    let bed = Bed::new();
    let body = json!({"flavor": {"name": "tiny", "id": "7", "ram": "64", "vcpus": 1, "disk": 0}});
    assert_eq!(bed.post(OWNER, "/flavors", &body).status, 403);
    let made = bed.post(ADMIN, "/flavors", &body);
    assert_eq!((made.status, &made.body["flavor"]["ram"]), (200, &json!(64)));
    assert_eq!(bed.post(ADMIN, "/flavors", &body).error(), (409, "Flavor with ID 7 already exists."));
    let other = json!({"flavor": {"name": "tiny", "ram": 64, "vcpus": 1, "disk": 0}});
    assert_eq!(bed.post(ADMIN, "/flavors", &other).error(), (409, "Flavor with name tiny already exists."));
    let old = bed.at("2.1", OWNER, Method::GET, "/flavors/7", None);
    assert_eq!((&old.body["flavor"]["swap"], old.body["flavor"].get("extra_specs")), (&json!(""), None));
    let new = bed.at("2.102", OWNER, Method::GET, "/flavors/7", None);
    assert_eq!((&new.body["flavor"]["swap"], new.body["flavor"].get("rxtx_factor")), (&json!(0), None));
    let named = bed.put(ADMIN, "/flavors/7", &json!({"flavor": {"description": "small"}}));
    assert_eq!(named.body["flavor"]["description"], "small");
    assert_eq!(bed.delete(ADMIN, "/flavors/7").status, 202);
    assert_eq!(bed.get(OWNER, "/flavors/7").error(), (404, "Flavor 7 could not be found."));
}

#[test]
fn extra_specs_are_set_shown_and_unset() {
    let bed = Bed::new();
    let path = "/flavors/small/os-extra_specs";
    let specs = json!({"extra_specs": {"quota:cpu_shares": "2048"}});
    assert_eq!(bed.post(ADMIN, path, &specs).body, specs);
    assert_eq!(bed.get(OWNER, "/flavors/small").body["flavor"]["extra_specs"], specs["extra_specs"]);
    let mismatch = bed.put(ADMIN, &format!("{path}/a"), &json!({"b": "1"}));
    assert_eq!(mismatch.error(), (400, "Request body and URI mismatch"));
    assert_eq!(bed.delete(ADMIN, &format!("{path}/quota:cpu_shares")).status, 200);
    let missing = bed.get(OWNER, &format!("{path}/x"));
    assert_eq!(missing.error(), (404, "Flavor small has no extra specs with key x."));
}

#[test]
fn a_private_flavor_is_seen_by_those_who_were_given_it() {
    let bed = Bed::new();
    let body = json!({"flavor": {"name": "own", "id": "own", "ram": 64, "vcpus": 1, "disk": 1,
        "os-flavor-access:is_public": false}});
    assert_eq!(bed.post(ADMIN, "/flavors", &body).status, 200);
    assert_eq!(bed.get(OTHER, "/flavors/own").status, 404);
    let unknown = bed.post(ADMIN, "/flavors/own/action", &json!({"addTenantAccess": {"tenant": "nobody"}}));
    assert_eq!(unknown.error(), (400, "Project ID nobody is not a valid project."));
    let project = bed.project("bank");
    let give = json!({"addTenantAccess": {"tenant": project}});
    let given = bed.post(ADMIN, "/flavors/own/action", &give);
    assert_eq!(given.body, json!({"flavor_access": [{"flavor_id": "own", "tenant_id": project}]}));
    assert_eq!(bed.post(ADMIN, "/flavors/own/action", &give).status, 409);
    let token = format!("{project}/member");
    assert_eq!(bed.get(&token, "/flavors/own").status, 200);
    let listed: Value = bed.get(OWNER, "/flavors?sort_key=name").body["flavors"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert_eq!(bed.get(ADMIN, "/flavors?is_public=None").body["flavors"].as_array().unwrap().len(), 3);
}
