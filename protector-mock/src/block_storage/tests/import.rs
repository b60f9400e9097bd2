use super::*;

fn existing(bed: &Bed, name: &str) {
    let size = arrays::volumes::NewVolume { provisioned: 3 << 29, ..Default::default() };
    bed.on_array(|transaction| arrays::volumes::create(transaction, "array-a", name, &size));
}

#[test]
fn managing_renames_the_volume_and_drops_the_metadata_that_was_given() {
    let bed = Bed::new();
    bed.replicated();
    existing(&bed, "stage");
    let listed = bed.get("manageable_volumes/detail?host=site-a@pure%23pure");
    assert_eq!(listed["manageable-volumes"][0]["reference"], json!({"name": "stage"}));
    assert_eq!(listed["manageable-volumes"][0]["safe_to_manage"], true);
    let body = json!({"volume": {
        "host": "site-a@pure#pure", "ref": {"source-name": "stage"}, "volume_type": "mirrored", "bootable": true,
        "metadata": {"mine": "yes"}, "name": "root"
    }});
    let made = bed.made("manageable_volumes", &body);
    assert_eq!(made["volume"]["status"], "creating");
    let id = id(&made["volume"]);
    bed.later(5);
    let shown = bed.get(&format!("volumes/{id}"))["volume"].clone();
    let name = format!("volume-{id}-cinder");
    assert_eq!(shown["status"], "available");
    assert_eq!((&shown["size"], &shown["bootable"]), (&json!(2), &json!("true")));
    assert_eq!(shown["metadata"], json!({"array_name": "array-a", "array_volume_name": name}));
    assert_eq!(shown["service_uuid"], Value::Null, "which breaks os-brick's lock");
    assert_eq!(shown["replication_status"], "enabled");
    bed.on_array(|transaction| arrays::volumes::get(transaction, "array-a", &name));
    let again = json!({"volume": {"host": "site-a@pure#pure", "ref": {"source-name": name}}});
    refuse(
        400,
        "Invalid volume: Unable to manage existing volume. The volume is already managed",
        &bed.post("manageable_volumes", &again),
    );
}

#[test]
fn unmanaging_leaves_the_volume_on_the_array_under_another_name() {
    let bed = Bed::new();
    let id = bed.volume(&json!({"size": 1}));
    assert_eq!(bed.post(&format!("volumes/{id}/action"), &json!({"os-unmanage": {}})).status, 202);
    bed.later(5);
    assert_eq!(bed.send("admin", "3.0", Method::GET, &format!("volumes/{id}"), &Value::Null).status, 404);
    let name = format!("volume-{id}-cinder-unmanaged");
    bed.on_array(|transaction| arrays::volumes::get(transaction, "array-a", &name));
}

#[test]
fn what_cannot_be_managed_ends_in_error_and_an_unknown_host_is_told() {
    let bed = Bed::new();
    let body = json!({"volume": {"host": "site-a@pure#pure", "ref": {"source-name": "nothing"}}});
    let id = id(&bed.made("manageable_volumes", &body)["volume"]);
    bed.later(5);
    assert_eq!(bed.get(&format!("volumes/{id}"))["volume"]["status"], "error");
    let elsewhere = bed.send("admin", "3.71", Method::GET, "manageable_volumes?host=x", &Value::Null);
    refuse(404, "Service cinder-volume could not be found on host x.", &elsewhere);
    let member = bed.send("member", "3.71", Method::POST, "manageable_volumes", &body);
    refuse(403, "Policy doesn't allow volume_extension:volume_manage to be performed.", &member);
}

#[test]
fn failing_the_host_over_leaves_in_error_what_is_not_replicated() {
    let bed = Bed::new();
    bed.replicated();
    let mirrored = bed.volume(&json!({"size": 1, "volume_type": "mirrored"}));
    let plain = bed.volume(&json!({"size": 1}));
    bed.on_array(|transaction| {
        let sending = arrays::points::Sending::Now;
        arrays::points::create(transaction, "array-a", "cinder-group", Some("last"), sending)
    });
    bed.later(3600);
    assert_eq!(bed.put("os-services/failover_host", &json!({"host": "site-a@pure"})).status, 202);
    bed.later(5);
    let replication = |id: &str| {
        let shown = bed.get(&format!("volumes/{id}"))["volume"].clone();
        (shown["status"].clone(), shown["replication_status"].clone())
    };
    assert_eq!(replication(&mirrored), (json!("available"), json!("failed-over")));
    assert_eq!(replication(&plain), (json!("error"), json!("not-capable")));
    let service = bed.get("os-services?binary=cinder-volume")["services"][0].clone();
    assert_eq!((&service["status"], &service["active_backend_id"]), (&json!("disabled"), &json!("array-b")));
}
