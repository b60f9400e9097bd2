use super::*;

#[test]
fn over_quota_is_413_with_a_retry_after_of_zero() {
    let bed = Bed::new();
    let path = format!("os-quota-sets/{PROJECT}");
    assert_eq!(bed.put(&path, &json!({"quota_set": {"volumes": 1, "gigabytes": 5}})).status, 200);
    bed.volume(&json!({"size": 3}));
    let many = bed.post("volumes", &json!({"volume": {"size": 1}}));
    refuse(
        413,
        "VolumeLimitExceeded: Maximum number of volumes allowed (1) exceeded for quota 'volumes'.",
        &many,
    );
    assert_eq!(many.headers.get("retry-after").unwrap(), "0");
    assert_eq!(many.body["overLimit"]["retryAfter"], "0");
    bed.put(&path, &json!({"quota_set": {"volumes": -1}}));
    let large = bed.post("volumes", &json!({"volume": {"size": 3}}));
    refuse(
        413,
        "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. Requested 3G, quota \
         is 5G and 3G has been consumed.",
        &large,
    );
    let used = bed.get(&format!("{path}?usage=true"))["quota_set"]["gigabytes"].clone();
    assert_eq!(used, json!({"limit": 5, "in_use": 3, "reserved": 0}));
    let low = bed.put(&path, &json!({"quota_set": {"gigabytes": 2}}));
    refuse(
        400,
        "Quota gigabytes limit must be equal or greater than existing resources. Current usage is 3 and the requested limit \
         is 2.",
        &low,
    );
    let unknown = bed.put(&path, &json!({"quota_set": {"cakes": 1}}));
    refuse(400, "Invalid input received: Bad key(s) in quota set: cakes", &unknown);
    let limits = bed.get("limits")["limits"]["absolute"].clone();
    assert_eq!((&limits["totalGigabytesUsed"], &limits["maxTotalVolumeGigabytes"]), (&json!(3), &json!(5)));
    assert_eq!(bed.delete(&path).status, 200);
    assert_eq!(bed.get(&path)["quota_set"]["gigabytes"], 1000);
}

#[test]
fn a_type_in_use_stays_and_one_that_is_not_public_is_for_its_projects() {
    let bed = Bed::new();
    let made = bed
        .made("types", &json!({"volume_type": {"name": "gold", "os-volume-type-access:is_public": false}}));
    let gold = id(&made["volume_type"]);
    let create = || {
        let body = json!({"volume": {"size": 1, "volume_type": "gold"}});
        bed.send("member", "3.71", Method::POST, "volumes", &body)
    };
    assert_eq!(create().status, 404);
    let add = json!({"addProjectAccess": {"project": PROJECT}});
    assert_eq!(bed.post(&format!("types/{gold}/action"), &add).status, 202);
    refuse(
        409,
        &format!("Volume type access for {gold} / {PROJECT} combination already exists."),
        &bed.post(&format!("types/{gold}/action"), &add),
    );
    assert_eq!(create().status, 202);
    refuse(400, "Target volume type is still in use.", &bed.delete(&format!("types/{gold}")));
    let specs = bed.post(&format!("types/{gold}/extra_specs"), &json!({"extra_specs": {"a": "b"}}));
    refuse(400, "Volume Type is currently in use.", &specs);
    let same = bed.post("types", &json!({"volume_type": {"name": "gold"}}));
    refuse(409, "Volume Type gold already exists.", &same);
    let quota = bed.get(&format!("os-quota-sets/{PROJECT}?usage=1"))["quota_set"]["volumes_gold"].clone();
    assert_eq!(quota["in_use"], 1);
    let denied = bed.send("member", "3.0", Method::POST, "types", &json!({"volume_type": {"name": "x"}}));
    refuse(403, "Policy doesn't allow volume_extension:type_create to be performed.", &denied);
}

#[test]
fn specs_encryption_and_qos_live_and_die_with_their_type() {
    let bed = Bed::new();
    let made = bed.made("types", &json!({"volume_type": {"name": "t"}}));
    let path = format!("types/{}", id(&made["volume_type"]));
    bed.made(&format!("{path}/extra_specs"), &json!({"extra_specs": {"multiattach": "<is> True", "k": "v"}}));
    let public = bed.send("member", "3.0", Method::GET, &path, &Value::Null).body["volume_type"].clone();
    assert_eq!(public["extra_specs"], json!({"multiattach": "<is> True"}));
    assert_eq!(bed.delete(&format!("{path}/extra_specs/k")).status, 202);
    let encryption = json!({"encryption": {"provider": "luks", "cipher": "aes", "key_size": 256, "control_location": "front-end"}});
    bed.made(&format!("{path}/encryption"), &encryption);
    assert_eq!(bed.get(&format!("{path}/encryption"))["key_size"], 256);
    assert_eq!(bed.delete(&format!("{path}/encryption/any")).status, 202);
    let qos = bed.made("qos-specs", &json!({"qos_specs": {"name": "slow", "maxIOPS": "100"}}));
    let qos_path = format!("qos-specs/{}", id(&qos["qos_specs"]));
    let type_id = id(&made["volume_type"]);
    let associate = format!("{qos_path}/associate?vol_type_id={type_id}");
    assert_eq!(bed.send("admin", "3.0", Method::GET, &associate, &Value::Null).status, 202);
    refuse(400, "Qos specs still in use.", &bed.delete(&qos_path));
    assert_eq!(bed.delete(&format!("{qos_path}?force=True")).status, 202);
    assert_eq!(bed.delete(&path).status, 202);
    assert_eq!(bed.send("admin", "3.0", Method::GET, &path, &Value::Null).status, 404);
}

#[test]
fn methods_of_later_microversions_look_as_if_they_were_not_there() {
    let bed = Bed::new();
    for (version, path) in
        [("3.10", "group_types"), ("3.12", "groups"), ("3.26", "attachments"), ("3.2", "messages")]
    {
        let answer = bed.send("admin", version, Method::GET, path, &Value::Null);
        refuse(404, "The resource could not be found.", &answer);
    }
    let unknown = bed.post("groups/action", &json!({"explode": {}}));
    refuse(
        400,
        "There is no such action: explode. Verify the request body and Content-Type header and try again.",
        &unknown,
    );
}

#[test]
fn the_service_is_listed_frozen_and_thawed() {
    let bed = Bed::new();
    let services = bed.get("os-services")["services"].clone();
    assert_eq!((&services[0]["host"], &services[0]["state"]), (&json!("site-a@pure"), &json!("up")));
    let id = bed.volume(&json!({"size": 1}));
    assert_eq!(bed.put("os-services/freeze", &json!({"host": "site-a@pure"})).status, 200);
    refuse(
        400,
        "Invalid input received: Modification operations are not allowed on frozen storage backends.",
        &bed.delete(&format!("volumes/{id}")),
    );
    assert_eq!(bed.put("os-services/thaw", &json!({"host": "site-a@pure"})).status, 200);
    assert_eq!(bed.delete(&format!("volumes/{id}")).status, 202);
    let member = bed.send("member", "3.0", Method::GET, "scheduler-stats/get_pools", &Value::Null);
    assert_eq!(member.status, 403);
    assert_eq!(bed.get("scheduler-stats/get_pools?detail=true")["pools"][0]["name"], "site-a@pure#pure");
}
