use crate::compute::fixture::{Bed, OTHER, OWNER, SMALL};
use http::Method;
use serde_json::json;

#[test]
fn a_group_lives_and_keeps_its_servers_apart() {
    let bed = Bed::new();
    let body = json!({"server_group": {"name": "apart", "policy": "anti-affinity"}});
    let made = bed.post(OWNER, "/os-server-groups", &body);
    assert_eq!(made.status, 200, "{}", made.body);
    let id = made.body["server_group"]["id"].as_str().unwrap().to_owned();
    let old = bed.at("2.1", OWNER, Method::GET, &format!("/os-server-groups/{id}"), None);
    assert_eq!(old.body["server_group"]["policies"], json!(["anti-affinity"]));
    let server = json!({"server": {"name": "x", "flavorRef": SMALL, "networks": "none", "block_device_mapping_v2":
        [{"source_type": "blank", "destination_type": "volume", "volume_size": 1, "boot_index": 0}]},
        "os:scheduler_hints": {"group": id}});
    let mut states = Vec::new();
    for _ in 0..2 {
        let made = bed.post(OWNER, "/servers", &server);
        bed.pass(5.0);
        let shown = bed.shown(made.body["server"]["id"].as_str().unwrap());
        assert_eq!(shown["server_groups"], json!([id]));
        states.push(shown["status"].clone());
    }
    assert_eq!(states, ["ACTIVE", "ERROR"], "there is one host");
    let shown = bed.get(OWNER, &format!("/os-server-groups/{id}"));
    assert_eq!(shown.body["server_group"]["members"].as_array().unwrap().len(), 2);
    assert_eq!(bed.get(OTHER, &format!("/os-server-groups/{id}")).status, 404);
    assert_eq!(bed.delete(OWNER, &format!("/os-server-groups/{id}")).status, 204);
    let rules =
        json!({"server_group": {"name": "x", "policy": "affinity", "rules": {"max_server_per_host": 2}}});
    let refused = bed.post(OWNER, "/os-server-groups", &rules);
    assert_eq!(refused.error(), (400, "Only anti-affinity policy supports rules."));
}
