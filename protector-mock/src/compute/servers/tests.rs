use crate::compute::fixture::{ADMIN, Bed, OTHER, OWNER, SMALL, on};
use http::Method;
use serde_json::{Value, json};

fn bed() -> (Bed, String, String) {
    let bed = Bed::new();
    let network = bed.network("front");
    let (port, volume) = (bed.port(&network), bed.volume());
    (bed, port, volume)
}

fn running() -> (Bed, String) {
    let (bed, port, volume) = bed();
    let id = bed.server(&port, &volume);
    (bed, id)
}

#[test]
fn a_server_is_built_in_time_and_holds_its_port_and_volume() {
    let (bed, port, volume) = bed();
    let made = bed.post(OWNER, "/servers", &on(&port, &volume));
    assert_eq!(made.status, 202, "{}", made.body);
    let id = made.body["server"]["id"].as_str().unwrap().to_owned();
    assert!(made.headers["location"].to_str().unwrap().ends_with(&format!("/v2.1/servers/{id}")));
    assert_eq!(bed.volume_status(&volume), "reserved");
    let mut tasks = Vec::new();
    for _ in 0..25 {
        let shown = bed.shown(&id);
        let task = shown["OS-EXT-STS:task_state"].clone();
        if tasks.last() != Some(&task) {
            tasks.push(task);
        }
        bed.pass(0.1);
    }
    assert_eq!(json!(tasks), json!(["scheduling", "networking", "block_device_mapping", "spawning", null]));
    let shown = bed.shown(&id);
    assert_eq!((&shown["status"], &shown["OS-EXT-STS:power_state"]), (&json!("ACTIVE"), &json!(1)));
    assert_eq!(bed.volume_status(&volume), "in-use");
    let bound = bed.show_port(&port);
    assert_eq!((&bound["device_id"], &bound["device_owner"]), (&json!(id), &json!("compute:nova")));
    assert_eq!(bound["status"], "ACTIVE");
    let address = &shown["addresses"]["front"][0];
    assert_eq!(address["OS-EXT-IPS-MAC:mac_addr"], bound["mac_address"]);
    assert_eq!(address["addr"], bound["fixed_ips"][0]["ip_address"]);
    let attached = json!([{"id": volume, "delete_on_termination": false}]);
    assert_eq!(shown["os-extended-volumes:volumes_attached"], attached);
    assert_eq!(shown["security_groups"], json!([{"name": "default"}]));
    let actions = bed.get(OWNER, &format!("/servers/{id}/os-instance-actions"));
    assert_eq!(actions.body["instanceActions"][0]["action"], "create");
}

#[test]
fn a_second_server_on_a_port_or_boot_volume_in_use_is_refused() {
    let (bed, id) = running();
    let shown = bed.shown(&id);
    let volume = shown["os-extended-volumes:volumes_attached"][0]["id"].as_str().unwrap().to_owned();
    let interfaces = bed.get(OWNER, &format!("/servers/{id}/os-interface"));
    let port = interfaces.body["interfaceAttachments"][0]["port_id"].as_str().unwrap().to_owned();
    let network = interfaces.body["interfaceAttachments"][0]["net_id"].as_str().unwrap().to_owned();
    let twice = bed.post(OWNER, "/servers", &on(&port, &bed.volume()));
    assert_eq!(twice.error(), (409, format!("Port {port} is still in use.").as_str()));
    let twice = bed.post(OWNER, "/servers", &on(&bed.port(&network), &volume));
    let (status, sentence) = twice.error();
    assert_eq!(status, 400, "{sentence}");
    assert!(sentence.starts_with("Invalid volume: "), "{sentence}");
    assert!(sentence.contains("status must be available"), "{sentence}");
    assert_eq!(bed.get(OWNER, "/servers").body["servers"].as_array().unwrap().len(), 1);
}

#[test]
fn a_deleted_server_frees_what_it_was_given_and_takes_what_nova_made() {
    let (bed, port, volume) = bed();
    let given = bed.server(&port, &volume);
    let mut body = on(&port, &bed.volume());
    body["server"]["networks"] = json!("auto");
    body["server"]["block_device_mapping_v2"][0]["delete_on_termination"] = json!(true);
    let second = body["server"]["block_device_mapping_v2"][0]["uuid"].as_str().unwrap().to_owned();
    let made = bed.post(OWNER, "/servers", &body);
    assert_eq!(made.status, 202, "{}", made.body);
    let made = made.body["server"]["id"].as_str().unwrap().to_owned();
    bed.pass(5.0);
    let interfaces = bed.get(OWNER, &format!("/servers/{made}/os-interface"));
    let own = interfaces.body["interfaceAttachments"][0]["port_id"].as_str().unwrap().to_owned();
    for id in [&given, &made] {
        assert_eq!(bed.delete(OWNER, &format!("/servers/{id}")).status, 204);
        assert_eq!(bed.shown(id)["OS-EXT-STS:task_state"], "deleting");
    }
    bed.pass(5.0);
    let gone = bed.get(OWNER, &format!("/servers/{given}"));
    assert_eq!(gone.error(), (404, format!("Instance {given} could not be found.").as_str()));
    assert_eq!(
        (bed.show_port(&port)["device_id"].clone(), bed.volume_status(&volume)),
        (json!(""), json!("available"))
    );
    assert_eq!((bed.show_port(&own), bed.volume_status(&second)), (Value::Null, Value::Null));
    let listed = bed.get(ADMIN, "/servers/detail?all_tenants=1&deleted=1");
    assert_eq!(listed.body["servers"].as_array().unwrap().len(), 2);
    assert_eq!(listed.body["servers"][0]["status"], "DELETED");
}

#[test]
fn a_stop_takes_time_and_a_wrong_state_is_a_conflict() {
    let (bed, id) = running();
    let refused = bed.act(OWNER, &id, &json!({"os-start": null}));
    let sentence = format!("Cannot 'start' instance {id} while it is in vm_state active");
    assert_eq!(refused.error(), (409, sentence.as_str()));
    assert_eq!(bed.act(OWNER, &id, &json!({"os-stop": null})).status, 202);
    let refused = bed.act(OWNER, &id, &json!({"os-stop": null}));
    let sentence = format!("Cannot 'stop' instance {id} while it is in task_state powering-off");
    assert_eq!(refused.error(), (409, sentence.as_str()));
    bed.pass(2.0);
    let shown = bed.shown(&id);
    assert_eq!((&shown["status"], &shown["OS-EXT-STS:power_state"]), (&json!("SHUTOFF"), &json!(4)));
    assert_eq!(bed.act(OWNER, &id, &json!({"os-start": null})).status, 202);
    bed.set("duration/compute.server-stopped", "60");
    bed.pass(2.0);
    assert_eq!(bed.act(OWNER, &id, &json!({"os-stop": null})).status, 202);
    bed.pass(59.0);
    assert_eq!(bed.shown(&id)["status"], "ACTIVE");
    bed.pass(2.0);
    assert_eq!(bed.shown(&id)["status"], "SHUTOFF");
}

#[test]
fn a_lock_stops_everybody_but_administrators_and_theirs_is_not_the_owners() {
    let (bed, id) = running();
    assert_eq!(bed.act(OWNER, &id, &json!({"lock": {"locked_reason": "fenced"}})).status, 202);
    let shown = bed.shown(&id);
    assert_eq!((&shown["locked"], &shown["locked_reason"]), (&json!(true), &json!("fenced")));
    let refused = bed.act(OWNER, &id, &json!({"os-stop": null}));
    assert_eq!(refused.error(), (409, format!("Instance {id} is locked").as_str()));
    assert_eq!(bed.delete(OWNER, &format!("/servers/{id}")).status, 409);
    assert_eq!(bed.act(ADMIN, &id, &json!({"os-stop": null})).status, 202);
    assert_eq!(bed.act(OWNER, &id, &json!({"unlock": null})).status, 202);
    assert_eq!(bed.act(ADMIN, &id, &json!({"lock": null})).status, 202);
    let refused = bed.act(OWNER, &id, &json!({"unlock": null}));
    let sentence =
        "Policy doesn't allow os_compute_api:os-lock-server:unlock:unlock_override to be performed.";
    assert_eq!(refused.error(), (403, sentence));
    assert_eq!(bed.act(ADMIN, &id, &json!({"unlock": null})).status, 202);
    assert_eq!(bed.shown(&id)["locked_reason"], Value::Null);
}

#[test]
fn quotas_are_enforced_with_the_sentence_of_nova() {
    let bed = Bed::new();
    bed.network("front");
    let body = |count: u32| {
        json!({"server": {"name": "many", "flavorRef": SMALL, "networks": "auto", "min_count": count,
            "max_count": count, "block_device_mapping_v2": [{"source_type": "blank", "destination_type": "volume",
            "volume_size": 1, "boot_index": 0}]}})
    };
    let refused = bed.post(OWNER, "/servers", &body(11));
    let sentence = "Quota exceeded for cores, instances: Requested 22, 11, but already used 0, 0 of 20, 10 cores, \
                    instances";
    assert_eq!(refused.error(), (403, sentence));
    assert_eq!(bed.post(OWNER, "/servers", &body(9)).status, 202);
    let refused = bed.post(OWNER, "/servers", &body(2));
    assert_eq!(refused.error().0, 403);
    let limits = bed.get(OWNER, "/limits");
    assert_eq!(limits.body["limits"]["absolute"]["totalCoresUsed"], 18);
}

#[test]
fn a_host_builds_only_so_many_at_a_time() {
    let bed = Bed::new();
    bed.network("front");
    bed.set("compute/builds-per-host", "2");
    bed.set("duration/compute.server-built", "10");
    let body = json!({"server": {"name": "many", "flavorRef": SMALL, "networks": "auto", "min_count": 5,
        "block_device_mapping_v2": [{"source_type": "blank", "destination_type": "volume", "volume_size": 1,
        "boot_index": 0}]}});
    assert_eq!(bed.post(OWNER, "/servers", &body).status, 202);
    let active =
        |bed: &Bed| bed.get(OWNER, "/servers?status=ACTIVE").body["servers"].as_array().unwrap().len();
    let mut seen = Vec::new();
    for _ in 0..3 {
        bed.pass(15.0);
        seen.push(active(&bed));
    }
    assert_eq!(seen, [2, 4, 5]);
}

#[test]
fn no_host_makes_an_error_with_a_fault() {
    let (bed, port, volume) = bed();
    let services = bed.get(ADMIN, "/os-services?binary=nova-compute");
    let id = services.body["services"][0]["id"].as_str().unwrap();
    let disabled = json!({"status": "disabled"});
    assert_eq!(bed.put(ADMIN, &format!("/os-services/{id}"), &disabled).status, 200);
    let made = bed.post(OWNER, "/servers", &on(&port, &volume));
    let id = made.body["server"]["id"].as_str().unwrap();
    bed.pass(5.0);
    let shown = bed.shown(id);
    assert_eq!(shown["status"], "ERROR");
    assert_eq!(shown["fault"]["message"], "No valid host was found. There are not enough hosts available.");
    assert_eq!(bed.delete(OWNER, &format!("/servers/{id}")).status, 204);
    assert_eq!(bed.volume_status(&volume), "available");
}

#[test]
fn each_microversion_has_its_fields() {
    let (bed, id) = running();
    let at = |version: &str, who: &str| {
        bed.at(version, who, Method::GET, &format!("/servers/{id}"), None).body["server"].take()
    };
    let old = at("2.1", OWNER);
    assert_eq!(old["flavor"]["id"], SMALL);
    for name in ["locked", "description", "tags", "locked_reason", "OS-EXT-SRV-ATTR:hostname", "host_status"]
    {
        assert_eq!(old.get(name), None, "{name}");
    }
    let new = at("2.96", OWNER);
    assert_eq!(new["flavor"]["original_name"], "app.small");
    assert_eq!(new["OS-EXT-SRV-ATTR:hostname"], "web");
    assert_eq!(new["pinned_availability_zone"], Value::Null);
    assert_eq!(new.get("OS-EXT-SRV-ATTR:host"), None);
    let administrator = at("2.104", ADMIN);
    assert_eq!(administrator["OS-EXT-SRV-ATTR:host"], "site-a-compute");
    assert_eq!(administrator["OS-EXT-SRV-ATTR:root_device_name"], "/dev/sda");
    assert_eq!(
        (&administrator["host_status"], &administrator["scheduler_hints"]),
        (&json!("UP"), &json!({}))
    );
    let other = bed.get(OTHER, &format!("/servers/{id}"));
    assert_eq!(other.status, 404);
}

#[test]
fn what_a_body_must_not_have_is_named() {
    let (bed, port, volume) = bed();
    let mut body = on(&port, &volume);
    body["server"]["personality"] = json!([]);
    let refused = bed.post(OWNER, "/servers", &body);
    let (status, sentence) = refused.error();
    assert_eq!(status, 400);
    assert!(sentence.starts_with("Invalid input for field/attribute server. Value: {"), "{sentence}");
    assert!(
        sentence.ends_with("Additional properties are not allowed ('personality' was unexpected)"),
        "{sentence}"
    );
    let refused = bed.post(OWNER, "/servers", &json!({"server": {"name": "x", "flavorRef": SMALL}}));
    assert!(refused.error().1.ends_with("'networks' is a required property"), "{}", refused.body);
    let refused =
        bed.post(OWNER, "/servers", &json!({"server": {"name": 1, "flavorRef": SMALL, "networks": "auto"}}));
    let sentence = "Invalid input for field/attribute name. Value: 1. 1 is not of type 'string'";
    assert_eq!(refused.error(), (400, sentence));
    assert_eq!(bed.post(OWNER, "/servers", &json!({})).error(), (400, "'server' is a required property"));
    let mut body = on(&port, &volume);
    body["server"]["flavorRef"] = json!("none");
    assert_eq!(bed.post(OWNER, "/servers", &body).error(), (400, "Flavor none could not be found."));
    let mut body = on(&port, &volume);
    body["server"]["block_device_mapping_v2"][0]["boot_index"] = json!(1);
    let sentence = "Block Device Mapping is Invalid: Boot sequence for the instance and image/block device mapping \
                    combination is not valid.";
    assert_eq!(bed.post(OWNER, "/servers", &body).error(), (400, sentence));
}

#[test]
fn lists_have_pages_filters_and_an_order() {
    let bed = Bed::new();
    bed.network("front");
    for name in ["web-1", "web-2", "db"] {
        let body = json!({"server": {"name": name, "flavorRef": SMALL, "networks": "none",
            "block_device_mapping_v2": [{"source_type": "blank", "destination_type": "volume", "volume_size": 1,
            "boot_index": 0}]}});
        assert_eq!(bed.post(OWNER, "/servers", &body).status, 202);
        bed.pass(5.0);
    }
    let names = |path: &str| -> Vec<String> {
        let answer = bed.get(OWNER, path);
        let servers = answer.body["servers"].as_array().unwrap();
        servers.iter().map(|server| server["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("/servers"), ["db", "web-2", "web-1"]);
    assert_eq!(names("/servers?sort_key=display_name&sort_dir=asc"), ["db", "web-1", "web-2"]);
    assert_eq!(names("/servers?name=web"), ["web-2", "web-1"]);
    assert_eq!(names("/servers?name=%5Edb%24"), ["db"]);
    let page = bed.get(OWNER, "/servers?limit=2");
    let next = page.body["servers_links"][0]["href"].as_str().unwrap().to_owned();
    let path = next.strip_prefix("http://compute/v2.1").unwrap();
    assert_eq!(names(path), ["web-1"]);
    assert_eq!(bed.get(OWNER, path).body.get("servers_links"), None);
    assert_eq!(bed.get(OWNER, "/servers?marker=x").error(), (400, "marker [x] not found"));
    let unknown = bed.at("2.104", OWNER, Method::GET, "/servers?foo=1", None);
    assert_eq!(unknown.error(), (400, "'foo' does not match any of the regexes: '^_'"));
    let refused = bed.get(OWNER, "/servers?all_tenants=1");
    let sentence = "Policy doesn't allow os_compute_api:servers:index:get_all_tenants to be performed.";
    assert_eq!(refused.error(), (403, sentence));
}

#[test]
fn a_volume_is_attached_and_detached_in_time() {
    let (bed, id) = running();
    let volume = bed.volume();
    let path = format!("/servers/{id}/os-volume_attachments");
    let made = bed.post(OWNER, &path, &json!({"volumeAttachment": {"volumeId": volume}}));
    assert_eq!(made.status, 200, "{}", made.body);
    assert_eq!(made.body["volumeAttachment"]["device"], "/dev/sdb");
    assert_eq!(made.body["volumeAttachment"]["id"], json!(volume));
    let twice = bed.post(OWNER, &path, &json!({"volumeAttachment": {"volumeId": volume}}));
    let sentence = format!("Invalid volume: volume {volume} is already attached to instances: {id}");
    assert_eq!(twice.error(), (400, sentence.as_str()));
    bed.pass(1.0);
    assert_eq!(bed.volume_status(&volume), "in-use");
    let listed = bed.at("2.1", OWNER, Method::GET, &path, None);
    assert_eq!(listed.body["volumeAttachments"][1]["id"], json!(volume));
    assert_eq!(bed.delete(OWNER, &format!("{path}/{volume}")).status, 202);
    assert_eq!(bed.volume_status(&volume), "detaching");
    bed.pass(1.0);
    assert_eq!(bed.volume_status(&volume), "available");
    let listed = bed.get(OWNER, &path);
    let root = listed.body["volumeAttachments"][0]["volumeId"].as_str().unwrap().to_owned();
    let refused = bed.delete(OWNER, &format!("{path}/{root}"));
    assert_eq!(refused.error(), (400, "Cannot detach a root device volume"));
    let later =
        bed.at("2.101", OWNER, Method::POST, &path, Some(&json!({"volumeAttachment": {"volumeId": volume}})));
    assert_eq!((later.status, later.body), (202, Value::Null));
}

#[test]
fn an_interface_is_added_and_taken_away() {
    let (bed, id) = running();
    let network = bed.network("back");
    let path = format!("/servers/{id}/os-interface");
    let made = bed.post(OWNER, &path, &json!({"interfaceAttachment": {"net_id": network}}));
    assert_eq!(made.status, 200, "{}", made.body);
    let port = made.body["interfaceAttachment"]["port_id"].as_str().unwrap().to_owned();
    assert_eq!(bed.show_port(&port)["device_id"], json!(id));
    assert!(bed.shown(&id)["addresses"]["back"].is_array());
    assert_eq!(bed.delete(OWNER, &format!("{path}/{port}")).status, 202);
    bed.pass(1.0);
    assert_eq!(bed.show_port(&port), Value::Null);
    assert_eq!(bed.delete(OWNER, &format!("{path}/{port}")).status, 404);
}

#[test]
fn a_security_group_that_a_port_has_is_refused_in_neutrons_words() {
    let (bed, id) = running();
    let refused = bed.act(OWNER, &id, &json!({"addSecurityGroup": {"name": "default"}}));
    let (status, message) = refused.error();
    assert_eq!(status, 400);
    assert!(
        message.starts_with("Invalid input for security_groups. Reason: Duplicate items in the list: '"),
        "{message}"
    );
    assert!(message.contains("'.\nNeutron server returns request_ids: ['req-"), "{message}");
}

#[test]
fn a_resize_waits_for_a_word_and_can_be_taken_back() {
    let (bed, id) = running();
    let resize = json!({"resize": {"flavorRef": "large"}});
    for (word, status, flavor) in [("revertResize", 202, "app.small"), ("confirmResize", 204, "app.large")] {
        assert_eq!(bed.act(OWNER, &id, &resize).status, 202);
        assert_eq!(bed.shown(&id)["status"], "RESIZE");
        bed.pass(3.0);
        assert_eq!(bed.shown(&id)["status"], "VERIFY_RESIZE");
        assert_eq!(bed.act(OWNER, &id, &json!({word: null})).status, status);
        bed.pass(3.0);
        let shown = bed.shown(&id);
        assert_eq!((&shown["status"], &shown["flavor"]["original_name"]), (&json!("ACTIVE"), &json!(flavor)));
    }
    let same = bed.act(OWNER, &id, &resize);
    assert_eq!(same.error(), (400, "When resizing, instances must change flavor!"));
}

#[test]
fn metadata_tags_and_names_can_be_changed() {
    let (bed, id) = running();
    let path = |rest: &str| format!("/servers/{id}{rest}");
    let merged = bed.post(OWNER, &path("/metadata"), &json!({"metadata": {"a": "1", "b": "2"}}));
    assert_eq!(merged.body, json!({"metadata": {"a": "1", "b": "2"}}));
    assert_eq!(bed.delete(OWNER, &path("/metadata/a")).status, 204);
    assert_eq!(bed.get(OWNER, &path("/metadata/a")).error(), (404, "Metadata item was not found"));
    assert_eq!(bed.put(OWNER, &path("/tags/blue"), &json!({})).status, 201);
    assert_eq!(bed.put(OWNER, &path("/tags/blue"), &json!({})).status, 204);
    assert_eq!(bed.get(OWNER, &path("/tags")).body, json!({"tags": ["blue"]}));
    assert_eq!(bed.at("2.25", OWNER, Method::GET, &path("/tags"), None).status, 404);
    let renamed = bed.put(OWNER, &path(""), &json!({"server": {"name": "new", "description": "x"}}));
    assert_eq!((renamed.status, &renamed.body["server"]["name"]), (200, &json!("new")));
    assert_eq!(bed.get(OWNER, "/servers?tags=blue").body["servers"].as_array().unwrap().len(), 1);
}

#[test]
fn the_other_states_are_reached_and_left() {
    let (bed, id) = running();
    for (action, status) in [
        (json!({"pause": null}), "PAUSED"),
        (json!({"unpause": null}), "ACTIVE"),
        (json!({"suspend": null}), "SUSPENDED"),
        (json!({"resume": null}), "ACTIVE"),
        (json!({"reboot": {"type": "SOFT"}}), "ACTIVE"),
        (json!({"shelve": null}), "SHELVED_OFFLOADED"),
        (json!({"unshelve": null}), "ACTIVE"),
        (json!({"rescue": null}), "RESCUE"),
        (json!({"unrescue": null}), "ACTIVE"),
    ] {
        let answer = bed.act(OWNER, &id, &action);
        assert!(matches!(answer.status, 200 | 202), "{action}: {}", answer.body);
        bed.pass(3.0);
        assert_eq!(bed.shown(&id)["status"], status, "{action}");
    }
    let error = json!({"os-resetState": {"state": "error"}});
    assert_eq!(bed.act(OWNER, &id, &error).status, 403);
    assert_eq!(bed.act(ADMIN, &id, &error).status, 202);
    assert_eq!(bed.shown(&id)["status"], "ERROR");
    assert_eq!(bed.act(OWNER, &id, &json!({"dance": null})).error(), (400, "There is no such action: dance"));
}
