use crate::compute::fixture::{ADMIN, Bed, OWNER};
use http::Method;
use serde_json::{Value, json};

#[test]
fn a_quota_is_shown_set_and_taken_back() {
    let bed = Bed::new();
    let project = bed.project("shop");
    let path = format!("/os-quota-sets/{project}");
    let shown = bed.get(ADMIN, &path);
    assert_eq!(
        (&shown.body["quota_set"]["cores"], &shown.body["quota_set"]["id"]),
        (&json!(20), &json!(project))
    );
    assert_eq!(shown.body["quota_set"].get("fixed_ips"), None);
    let old = bed.at("2.1", ADMIN, Method::GET, &path, None);
    assert_eq!(old.body["quota_set"]["injected_files"], 5);
    let set = json!({"quota_set": {"cores": "40"}});
    assert_eq!(bed.put(OWNER, &path, &set).status, 403);
    assert_eq!(bed.put(ADMIN, &path, &set).body["quota_set"]["cores"], 40);
    let detail = bed.get(ADMIN, &format!("{path}/detail"));
    assert_eq!(detail.body["quota_set"]["cores"], json!({"limit": 40, "in_use": 0, "reserved": 0}));
    assert_eq!(bed.get(ADMIN, &format!("{path}/defaults")).body["quota_set"]["cores"], 20);
    assert_eq!(bed.delete(ADMIN, &path).status, 202);
    assert_eq!(bed.get(ADMIN, &path).body["quota_set"]["cores"], 20);
    let unknown = bed.get(ADMIN, "/os-quota-sets/nobody");
    assert_eq!(unknown.error(), (400, "Project ID nobody is not a valid project."));
}

#[test]
fn limits_are_those_of_the_real_ones() {
    let bed = Bed::new();
    let limits: Value = bed.get(OWNER, "/limits").body;
    assert_eq!(
        limits,
        json!({"limits": {"rate": [], "absolute": {"maxTotalCores": 20, "maxTotalInstances": 10,
            "maxTotalKeypairs": 100, "maxServerMeta": 128, "maxTotalRAMSize": 51200, "maxServerGroups": 10,
            "maxServerGroupMembers": 10, "totalRAMUsed": 0, "totalCoresUsed": 0, "totalInstancesUsed": 0,
            "totalServerGroupsUsed": 0}}})
    );
}
