use super::*;

#[test]
fn a_volume_is_made_on_the_array_in_time_and_says_where() {
    let bed = Bed::new();
    let made = bed.made("volumes", &json!({"volume": {"size": 2, "name": "root", "metadata": {"a": "b"}}}));
    let volume = &made["volume"];
    assert_eq!((&volume["status"], &volume["bootable"]), (&json!("creating"), &json!("false")));
    let id = id(volume);
    bed.later(5);
    let shown = bed.get(&format!("volumes/{id}"))["volume"].clone();
    let name = format!("volume-{id}-cinder");
    assert_eq!(shown["status"], "available");
    assert_eq!(shown["metadata"], json!({"a": "b", "array_name": "array-a", "array_volume_name": name}));
    assert_eq!(shown["os-vol-host-attr:host"], "site-a@pure#pure");
    assert_eq!(shown["volume_type"], "__DEFAULT__");
    let found = bed.on_array(|transaction| arrays::volumes::get(transaction, "array-a", &name));
    assert_eq!(found.provisioned, 2 << 30);
}

#[test]
fn a_deleted_volume_is_gone_from_cinder_and_the_array() {
    let bed = Bed::new();
    let id = bed.volume(&json!({"size": 1}));
    assert_eq!(bed.delete(&format!("volumes/{id}")).status, 202);
    assert_eq!(bed.get(&format!("volumes/{id}"))["volume"]["status"], "deleting");
    bed.later(5);
    let gone = bed.send("admin", "3.0", Method::GET, &format!("volumes/{id}"), &Value::Null);
    refuse(404, &format!("Volume {id} could not be found."), &gone);
    let name = format!("volume-{id}-cinder");
    let on_array = bed.world.transact(|transaction| arrays::volumes::get(transaction, "array-a", &name));
    assert!(on_array.is_err());
    let quota = bed.get(&format!("os-quota-sets/{PROJECT}?usage=True"));
    assert_eq!(quota["quota_set"]["gigabytes"]["in_use"], 0);
}

#[test]
fn a_copy_has_the_source_s_content_and_at_least_its_size() {
    let bed = Bed::new();
    let source = bed.volume(&json!({"size": 2}));
    bed.on_array(|transaction| {
        arrays::volumes::write(transaction, "array-a", &format!("volume-{source}-cinder"), 0, b"data")
    });
    let small = bed.post("volumes", &json!({"volume": {"size": 1, "source_volid": source}}));
    refuse(
        400,
        "Invalid input received: Volume size '1'GB cannot be smaller than original volume size  2GB. They must be >= \
         original volume size.",
        &small,
    );
    let snapshot = bed.made("snapshots", &json!({"snapshot": {"volume_id": source, "name": "s"}}));
    bed.later(5);
    for origin in
        [json!({"source_volid": source}), json!({"snapshot_id": snapshot["snapshot"]["id"], "size": 3})]
    {
        let copy = bed.volume(&origin);
        let size = bed.get(&format!("volumes/{copy}"))["volume"]["size"].as_u64().unwrap();
        let found = bed.on_array(|transaction| {
            arrays::volumes::read(transaction, "array-a", &format!("volume-{copy}-cinder"), 0, 4)
        });
        assert_eq!(found, b"data");
        assert_eq!(size, if origin.get("size").is_some() { 3 } else { 2 });
    }
    let kept = bed.delete(&format!("volumes/{source}"));
    assert_eq!(kept.status, 400, "a volume with snapshots stays: {}", kept.body);
    assert_eq!(bed.delete(&format!("volumes/{source}?cascade=true")).status, 202);
    bed.later(5);
    assert_eq!(bed.get("snapshots/detail")["snapshots"], json!([]));
}

#[test]
fn extending_takes_time_and_reaches_the_array() {
    let bed = Bed::new();
    let id = bed.volume(&json!({"size": 1}));
    let path = format!("volumes/{id}/action");
    let same = bed.post(&path, &json!({"os-extend": {"new_size": 1}}));
    refuse(
        400,
        "Invalid input received: New size for extend must be greater than current size. (current: 1, extended: 1).",
        &same,
    );
    assert_eq!(bed.post(&path, &json!({"os-extend": {"new_size": 4}})).status, 202);
    let shown = bed.get(&format!("volumes/{id}"))["volume"].clone();
    assert_eq!((&shown["status"], &shown["size"]), (&json!("extending"), &json!(1)));
    bed.later(5);
    let shown = bed.get(&format!("volumes/{id}"))["volume"].clone();
    assert_eq!((&shown["status"], &shown["size"]), (&json!("available"), &json!(4)));
    let name = format!("volume-{id}-cinder");
    assert_eq!(
        bed.on_array(|transaction| arrays::volumes::get(transaction, "array-a", &name)).provisioned,
        4 << 30
    );
}

#[test]
fn what_the_array_refuses_is_an_error_now_and_was_silence_before() {
    for (release, wanted) in [(Release::R2026_2, "error"), (Release::R2024_1, "available")] {
        let bed = Bed::of(release);
        let made = bed.made("volumes", &json!({"volume": {"size": 1}}));
        let id = id(&made["volume"]);
        let taken = format!("volume-{id}-cinder");
        let size = arrays::volumes::NewVolume { provisioned: 1 << 30, ..Default::default() };
        bed.on_array(|transaction| arrays::volumes::create(transaction, "array-a", &taken, &size));
        bed.later(5);
        assert_eq!(bed.get(&format!("volumes/{id}"))["volume"]["status"], wanted);
        let messages = bed.get("messages")["messages"].as_array().unwrap().len();
        assert_eq!(messages, usize::from(wanted == "error"));
    }
}

#[test]
fn others_volumes_are_not_there_but_for_an_administrator() {
    let bed = Bed::new();
    let id = bed.volume(&json!({"size": 1, "name": "mine"}));
    let path = format!("volumes/{id}");
    assert_eq!(bed.send("other:member", "3.0", Method::GET, &path, &Value::Null).status, 404);
    let listed = |token: &str, query: &str| {
        let path = format!("volumes/detail{query}");
        bed.send(token, "3.0", Method::GET, &path, &Value::Null).body["volumes"].as_array().unwrap().len()
    };
    assert_eq!(listed("other:member", "?all_tenants=1"), 0);
    assert_eq!(listed("other:admin", ""), 0);
    assert_eq!(listed("other:admin", "?all_tenants=1"), 1);
    assert_eq!(listed("member", "?name=mine"), 1);
    let mine = bed.send("member", "3.71", Method::GET, &path, &Value::Null).body["volume"].clone();
    assert!(mine.get("os-vol-host-attr:host").is_none() && mine.get("provider_id").is_none());
    assert_eq!(bed.get(&path)["volume"]["provider_id"], format!("volume-{id}-cinder"));
    let reader = bed.send("reader", "3.0", Method::DELETE, &path, &Value::Null);
    refuse(403, "Policy doesn't allow volume:delete to be performed.", &reader);
}

#[test]
fn the_project_may_stand_in_the_path_if_it_is_the_token_s() {
    let bed = Bed::new();
    bed.volume(&json!({"size": 1}));
    let listed = bed.get(&format!("{PROJECT}/volumes"));
    let link = listed["volumes"][0]["links"][0]["href"].as_str().unwrap();
    assert!(link.starts_with(&format!("http://cinder/v3/{PROJECT}/volumes/")), "{link}");
    let other = bed.send("admin", "3.0", Method::GET, "1234/volumes", &Value::Null);
    refuse(400, "Malformed request url", &other);
}

#[test]
fn pages_follow_their_links_to_the_end() {
    let bed = Bed::new();
    let all: Vec<String> = (0..5).map(|_| bed.volume(&json!({"size": 1}))).collect();
    let mut path = "volumes/detail?limit=2&sort=created_at:asc&with_count=true".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = bed.get(&path);
        seen.extend(page["volumes"].as_array().unwrap().iter().map(id));
        assert_eq!(page["count"], 5);
        let Some(next) = page["volumes_links"][0]["href"].as_str() else { break };
        path = next.trim_start_matches("http://cinder/v3/").to_owned();
        if page["volumes"] == json!([]) {
            break;
        }
    }
    assert_eq!(seen, all);
    let unknown = bed.send("admin", "3.0", Method::GET, "volumes?marker=nobody", &Value::Null);
    refuse(404, "Volume nobody could not be found.", &unknown);
    let wrong = bed.send("admin", "3.0", Method::GET, "volumes?limit=-1", &Value::Null);
    refuse(400, "limit param must be positive", &wrong);
}

#[test]
fn bad_bodies_are_refused_in_the_validator_s_words() {
    let bed = Bed::new();
    for (body, sentence) in [
        (
            json!({"volume": {"size": "big"}}),
            "Invalid input for field/attribute size. Value: big. 'big' does not match '^[0-9]+$'",
        ),
        (
            json!({"volume": {"size": 0}}),
            "Invalid input for field/attribute size. Value: 0. 0 is less than the minimum of 1",
        ),
        (
            json!({"volume": {"size": 1, "colour": "red"}}),
            "Invalid input for field/attribute volume. Value: {'colour': 'red', 'size': 1}. Additional properties are not \
             allowed ('colour' was unexpected)",
        ),
        (json!({"disk": {}}), "Additional properties are not allowed ('disk' was unexpected)"),
        (
            json!({"volume": {}}),
            "Invalid input received: Volume size 'None' must be an integer and greater than 0",
        ),
        (
            json!({"volume": {"size": 1, "name": "x".repeat(256)}}),
            "Invalid input received: name has 256 characters, more than 255.",
        ),
    ] {
        refuse(400, sentence, &bed.post("volumes", &body));
    }
    let known =
        bed.send("admin", "3.52", Method::POST, "volumes", &json!({"volume": {"size": 1, "colour": "red"}}));
    assert_eq!(known.status, 202, "unknown fields pass before 3.53");
    let typed = bed.post("volumes", &json!({"volume": {"size": 1, "volume_type": "fast"}}));
    refuse(404, "Volume type with name fast could not be found.", &typed);
}

#[test]
fn metadata_of_volume_and_image_are_kept_apart() {
    let bed = Bed::new();
    let id = bed.volume(&json!({"size": 1}));
    bed.made(&format!("volumes/{id}/metadata"), &json!({"metadata": {"x": "1"}}));
    let set = json!({"os-set_image_metadata": {"metadata": {"os_type": "linux"}}});
    bed.made(&format!("volumes/{id}/action"), &set);
    let shown = bed.get(&format!("volumes/{id}"))["volume"].clone();
    assert_eq!(shown["volume_image_metadata"], json!({"os_type": "linux"}));
    assert_eq!(shown["metadata"]["x"], "1");
    assert_eq!(bed.delete(&format!("volumes/{id}/metadata/x")).status, 200);
    let again = bed.delete(&format!("volumes/{id}/metadata/x"));
    refuse(404, &format!("Volume {id} has no metadata with key x."), &again);
    let unset = json!({"os-unset_image_metadata": {"key": "os_type"}});
    assert_eq!(bed.post(&format!("volumes/{id}/action"), &unset).status, 200);
    assert!(bed.get(&format!("volumes/{id}"))["volume"].get("volume_image_metadata").is_none());
}

#[test]
fn a_transfer_gives_the_volume_to_whoever_has_the_key() {
    let bed = Bed::new();
    let id = bed.volume(&json!({"size": 1}));
    let made = bed.made("volume-transfers", &json!({"transfer": {"volume_id": id}}));
    let transfer = made["transfer"].clone();
    let path = format!("volume-transfers/{}/accept", transfer["id"].as_str().unwrap());
    let accept = |key: &Value| {
        bed.send("other:member", "3.71", Method::POST, &path, &json!({"accept": {"auth_key": key}}))
    };
    assert_eq!(accept(&json!("guess")).status, 400);
    assert_eq!(accept(&transfer["auth_key"]).status, 202);
    let shown = bed.send("other:member", "3.0", Method::GET, &format!("volumes/{id}"), &Value::Null);
    assert_eq!(shown.body["volume"]["status"], "available");
    let quota = bed.get(&format!("os-quota-sets/{PROJECT}?usage=True"));
    assert_eq!(quota["quota_set"]["volumes"]["in_use"], 0);
}

#[test]
fn retyping_joins_and_leaves_the_group_of_all_replicated() {
    let bed = Bed::new();
    bed.replicated();
    let id = bed.volume(&json!({"size": 1}));
    for (new_type, status, members) in [("mirrored", "enabled", 1), ("__DEFAULT__", "disabled", 0)] {
        let body = json!({"os-retype": {"new_type": new_type}});
        assert_eq!(bed.post(&format!("volumes/{id}/action"), &body).status, 202);
        bed.later(5);
        let shown = bed.get(&format!("volumes/{id}"))["volume"].clone();
        assert_eq!((&shown["volume_type"], &shown["replication_status"]), (&json!(new_type), &json!(status)));
        let all = bed.on_array(|transaction| arrays::groups::get(transaction, "array-a", "cinder-group"));
        assert_eq!(all.volumes.len(), members);
    }
}

#[test]
fn an_image_becomes_a_bootable_volume_and_a_volume_an_image() {
    use crate::image::{Visibility, for_others};
    let bed = Bed::new();
    let new = for_others::NewImage {
        name: "cirros",
        owner: "other",
        visibility: Visibility::Public,
        disk_format: "raw",
        min_disk: 2,
        min_ram: 0,
        properties: BTreeMap::from([("hw_disk_bus".to_owned(), "scsi".to_owned())]),
        bytes: Some(b"boot"),
    };
    let image = bed
        .world
        .transact::<_, WorldError>(|transaction| for_others::create(transaction, "site-a", &new))
        .unwrap()
        .id;
    let small = bed.post("volumes", &json!({"volume": {"size": 1, "imageRef": image}}));
    refuse(
        400,
        "Invalid input received: Volume size 1GB cannot be smaller than the image minDisk size 2GB.",
        &small,
    );
    let unknown = bed.post("volumes", &json!({"volume": {"size": 2, "imageRef": "nothing"}}));
    refuse(400, "Invalid image identifier or unable to access requested image.", &unknown);
    let volume = bed.volume(&json!({"size": 2, "imageRef": image}));
    let shown = bed.get(&format!("volumes/{volume}"))["volume"].clone();
    assert_eq!((&shown["bootable"], &shown["status"]), (&json!("true"), &json!("available")));
    assert_eq!(shown["volume_image_metadata"]["image_name"], "cirros");
    assert_eq!(shown["volume_image_metadata"]["hw_disk_bus"], "scsi");
    let name = format!("volume-{volume}-cinder");
    let bytes = bed.on_array(|transaction| arrays::volumes::read(transaction, "array-a", &name, 0, 4));
    assert_eq!(bytes, b"boot");
    let upload = json!({"os-volume_upload_image": {"image_name": "copy"}});
    let told = bed.made(&format!("volumes/{volume}/action"), &upload);
    assert_eq!(told["os-volume_upload_image"]["status"], "uploading");
    bed.later(5);
    let copy = told["os-volume_upload_image"]["image_id"].as_str().unwrap().to_owned();
    let bytes = bed.world.transact(|transaction| for_others::bytes(transaction, "site-a", &copy)).unwrap();
    assert_eq!(bytes, b"boot");
}
