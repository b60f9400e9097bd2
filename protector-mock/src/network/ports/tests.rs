use super::super::fixture::{ADMIN, Bed, OTHER, OWNER, id};
use crate::cloud::Release;
use serde_json::{Value, json};

fn addresses(port: &Value) -> Vec<&str> {
    port["fixed_ips"].as_array().unwrap().iter().map(|ip| ip["ip_address"].as_str().unwrap()).collect()
}

#[test]
fn ports_get_the_lowest_free_address_and_one_that_was_given_back_is_the_next() {
    let bed = Bed::new();
    let (network, _) = bed.network();
    let made: Vec<Value> = (0..3).map(|_| bed.port(&network, &json!({}))).collect();
    assert_eq!(made.iter().flat_map(addresses).collect::<Vec<_>>(), ["10.1.0.2", "10.1.0.3", "10.1.0.4"]);
    assert_eq!(bed.delete(OWNER, &format!("/v2.0/ports/{}", id(&made[1]))).status, 204);
    assert_eq!(addresses(&bed.port(&network, &json!({}))), ["10.1.0.3"]);
    assert_eq!(addresses(&bed.port(&network, &json!({}))), ["10.1.0.5"]);
}

#[test]
fn a_port_has_the_mac_and_the_address_that_it_asks_for() {
    let bed = Bed::new();
    let (network, subnet) = bed.network();
    let port = bed.port(
        &network,
        &json!({"mac_address": "FA:16:3E:AA:BB:CC", "fixed_ips": [{"ip_address": "10.1.0.77"}], "name": "db"}),
    );
    assert_eq!(port["mac_address"], "fa:16:3e:aa:bb:cc");
    assert_eq!(port["fixed_ips"], json!([{"subnet_id": subnet, "ip_address": "10.1.0.77"}]));
    assert_eq!((&port["status"], &port["device_owner"]), (&json!("DOWN"), &json!("")));
    assert_eq!(port["revision_number"], 1);
    let made = bed.port(&network, &json!({}));
    assert!(made["mac_address"].as_str().unwrap().starts_with("fa:16:3e:"), "{made}");
}

#[test]
fn a_description_changed_together_with_address_pairs_is_two_revisions() {
    let bed = Bed::new();
    let (network, _) = bed.network();
    let path = format!("/v2.0/ports/{}", id(&bed.port(&network, &json!({}))));
    let revision = |changes: Value| {
        bed.put(OWNER, &path, &json!({ "port": changes })).body["port"]["revision_number"].clone()
    };
    let pairs = |address: &str| json!([{ "ip_address": address }]);
    let both = json!({"description": "A port", "allowed_address_pairs": pairs("10.1.0.30")});
    assert_eq!(revision(both), 3);
    assert_eq!(revision(json!({"description": "A web server's"})), 4);
    assert_eq!(revision(json!({"allowed_address_pairs": pairs("10.1.0.31")})), 5);
    let with_name = json!({"name": "web", "description": "Its", "allowed_address_pairs": pairs("10.1.0.32")});
    assert_eq!(revision(with_name), 6);
}

#[test]
fn taken_and_foreign_addresses_are_refused_in_neutrons_words() {
    let bed = Bed::new();
    let (network, subnet) = bed.network();
    let (other_network, other_subnet) = bed.network_of(OWNER, &json!({"name": "back"}), "10.2.0.0/24");
    bed.port(
        &network,
        &json!({"mac_address": "fa:16:3e:00:00:01", "fixed_ips": [{"ip_address": "10.1.0.9"}]}),
    );
    let refused = |more: Value| {
        let body = super::super::fixture::with(&json!({"network_id": network}), &more);
        let answer = bed.post(OWNER, "/v2.0/ports", &json!({ "port": body }));
        let (status, kind, message) = answer.error();
        (status, kind.to_owned(), message.to_owned())
    };
    let expected = |status: u16, kind: &str, message: String| (status, kind.to_owned(), message);
    assert_eq!(
        refused(json!({"fixed_ips": [{"ip_address": "10.1.0.9"}]})),
        expected(
            409,
            "IpAddressAlreadyAllocated",
            format!("IP address 10.1.0.9 already allocated in subnet {subnet}")
        )
    );
    assert_eq!(
        refused(json!({"mac_address": "fa:16:3e:00:00:01"})),
        expected(
            409,
            "MacAddressInUse",
            format!(
                "Unable to complete operation for network {network}. The mac address fa:16:3e:00:00:01 is in use."
            )
        )
    );
    assert_eq!(
        refused(json!({"fixed_ips": [{"ip_address": "192.0.2.1"}]})),
        expected(
            400,
            "InvalidIpForNetwork",
            "IP address 192.0.2.1 is not a valid IP for any of the subnets on the specified network."
                .to_owned()
        )
    );
    assert_eq!(
        refused(json!({"fixed_ips": [{"ip_address": "10.1.0.255", "subnet_id": subnet}]})),
        expected(
            400,
            "InvalidIpForSubnet",
            "IP address 10.1.0.255 is not a valid IP for the specified subnet.".to_owned()
        )
    );
    assert_eq!(
        refused(json!({"fixed_ips": [{"subnet_id": other_subnet}]})).2,
        format!(
            "Invalid input for operation: Failed to create port on network {network}, because fixed_ips included invalid \
             subnet {other_subnet}."
        )
    );
    // The same MAC address on another network is nobody's business.
    assert_eq!(bed.port(&other_network, &json!({"mac_address": "fa:16:3e:00:00:01"}))["name"], "");
}

#[test]
fn bad_input_is_refused_as_the_api_layer_does_it() {
    let bed = Bed::new();
    let (network, _) = bed.network();
    for (body, message) in [
        (json!({}), "Failed to parse request. Required attribute 'network_id' not specified"),
        (json!({"network_id": network, "colour": "red"}), "Unrecognized attribute(s) 'colour'"),
        (json!({"network_id": network, "status": "ACTIVE"}), "Attribute 'status' not allowed in POST"),
        (json!({"network_id": "x"}), "Invalid input for network_id. Reason: 'x' is not a valid UUID."),
        (
            json!({"network_id": network, "mac_address": "x"}),
            "Invalid input for mac_address. Reason: 'x' is not a valid MAC address.",
        ),
        (
            json!({"network_id": network, "name": 7}),
            "Invalid input for name. Reason: '7' is not a valid string.",
        ),
        (
            json!({"network_id": network, "fixed_ips": "x"}),
            "Invalid input for fixed_ips. Reason: Invalid data format for fixed IP: 'x'.",
        ),
        (
            json!({"network_id": network, "binding:vnic_type": "x"}),
            "Invalid input for binding:vnic_type. Reason: x is not in valid_values.",
        ),
    ] {
        let answer = bed.post(OWNER, "/v2.0/ports", &json!({ "port": body }));
        assert_eq!(answer.error(), (400, "HTTPBadRequest", message));
    }
    let answer =
        bed.post(OWNER, "/v2.0/ports", &json!({"port": {"network_id": network, "admin_state_up": "x"}}));
    let message = "Invalid input for operation: 'x' cannot be converted to boolean.";
    assert_eq!(answer.error(), (400, "InvalidInput", message));
    let answer = bed.post(OWNER, "/v2.0/ports", &json!({"network": {}}));
    assert_eq!(answer.error(), (400, "HTTPBadRequest", "Unable to find 'port' in request body"));
}

#[test]
fn a_port_on_a_host_is_active_at_once_and_only_administrators_see_where() {
    let bed = Bed::new();
    let (network, _) = bed.network();
    let port = id(&bed.port(&network, &json!({})));
    let path = format!("/v2.0/ports/{port}");
    let refused = bed.put(OWNER, &path, &json!({"port": {"binding:host_id": "host-1"}}));
    assert_eq!(
        refused.error(),
        (
            403,
            "PolicyNotAuthorized",
            "(rule:update_port and rule:update_port:binding:host_id) is disallowed by policy"
        )
    );
    let bound = bed.put(ADMIN, &path, &json!({"port": {"binding:host_id": "host-1"}})).body["port"].clone();
    assert_eq!((&bound["status"], &bound["binding:vif_type"]), (&json!("ACTIVE"), &json!("ovs")));
    let seen = bed.get(OWNER, &path).body["port"].clone();
    assert_eq!(seen["status"], "ACTIVE");
    assert!(seen.get("binding:host_id").is_none() && seen["binding:vnic_type"] == "normal", "{seen}");
    let unbound = bed.put(ADMIN, &path, &json!({"port": {"binding:host_id": ""}})).body["port"].clone();
    assert_eq!((&unbound["status"], &unbound["binding:vif_type"]), (&json!("DOWN"), &json!("unbound")));
}

#[test]
fn a_port_keeps_of_its_addresses_what_it_is_to_have() {
    let bed = Bed::new();
    let (network, subnet) = bed.network();
    let port = id(&bed.port(&network, &json!({})));
    let path = format!("/v2.0/ports/{port}");
    let wanted = json!([{"subnet_id": subnet, "ip_address": "10.1.0.50"}, {"subnet_id": subnet}]);
    let changed = bed.put(OWNER, &path, &json!({"port": {"fixed_ips": wanted}})).body["port"].clone();
    assert_eq!(addresses(&changed), ["10.1.0.2", "10.1.0.50"]);
    let changed = bed.put(OWNER, &path, &json!({"port": {"fixed_ips": []}})).body["port"].clone();
    assert_eq!(addresses(&changed), Vec::<&str>::new());
    assert_eq!(addresses(&bed.port(&network, &json!({}))), ["10.1.0.2"]);
}

#[test]
fn port_security_and_what_needs_it_go_together() {
    let bed = Bed::new();
    let (network, _) = bed.network();
    let pairs = json!([{"ip_address": "10.9.0.0/24"}]);
    let port = bed.port(&network, &json!({ "allowed_address_pairs": pairs }));
    assert_eq!(
        port["allowed_address_pairs"],
        json!([{"ip_address": "10.9.0.0/24", "mac_address": port["mac_address"]}])
    );
    assert_eq!(port["security_groups"].as_array().unwrap().len(), 1);
    let path = format!("/v2.0/ports/{}", id(&port));
    let refused = bed.put(OWNER, &path, &json!({"port": {"port_security_enabled": false}}));
    assert_eq!(refused.error().1, "AddressPairAndPortSecurityRequired");
    let change = json!({"port": {"port_security_enabled": false, "allowed_address_pairs": []}});
    assert_eq!(bed.put(OWNER, &path, &change).error().1, "PortSecurityPortHasSecurityGroup");
    let change =
        json!({"port": {"port_security_enabled": false, "allowed_address_pairs": [], "security_groups": []}});
    assert_eq!(bed.put(OWNER, &path, &change).body["port"]["port_security_enabled"], false);
    let missing = "11111111-1111-4111-8111-111111111111";
    let body = json!({"port": {"network_id": network, "security_groups": [missing]}});
    let message = format!("Security group {missing} does not exist");
    assert_eq!(
        bed.post(OWNER, "/v2.0/ports", &body).error(),
        (404, "SecurityGroupNotFound", message.as_str())
    );
}

#[test]
fn others_neither_see_nor_change_a_port() {
    let bed = Bed::new();
    let (network, _) = bed.network();
    let port = id(&bed.port(&network, &json!({})));
    let path = format!("/v2.0/ports/{port}");
    let message = format!("Port {port} could not be found.");
    assert_eq!(bed.get(OTHER, &path).error(), (404, "PortNotFound", message.as_str()));
    assert_eq!(bed.put(OTHER, &path, &json!({"port": {"name": "x"}})).status, 404);
    assert_eq!(bed.delete(OTHER, &path).status, 404);
    assert_eq!(bed.get(OTHER, "/v2.0/ports").body, json!({"ports": []}));
    let body = json!({"port": {"network_id": network}});
    let message = format!("Network {network} could not be found.");
    assert_eq!(bed.post(OTHER, "/v2.0/ports", &body).error(), (404, "NetworkNotFound", message.as_str()));
}

#[test]
fn the_port_of_a_server_is_kept_for_services_in_2026_2_and_was_not_in_2024_1() {
    for (release, status) in [(Release::R2026_2, 403), (Release::R2024_1, 204)] {
        let bed = Bed::of(release);
        let (network, _) = bed.network();
        let port = id(&bed.port(&network, &json!({"device_owner": "compute:nova", "device_id": "server"})));
        assert_eq!(bed.delete(OWNER, &format!("/v2.0/ports/{port}")).status, status);
        assert_eq!(
            bed.delete(ADMIN, &format!("/v2.0/ports/{port}")).status,
            if status == 204 { 404 } else { 204 }
        );
    }
}

#[test]
fn a_network_that_is_full_says_so() {
    let bed = Bed::new();
    let (network, _) = bed.network_of(OWNER, &json!({}), "10.3.0.0/29");
    for _ in 0..5 {
        bed.port(&network, &json!({}));
    }
    let answer = bed.post(OWNER, "/v2.0/ports", &json!({"port": {"network_id": network}}));
    let message = format!("No more IP addresses available on network {network}.");
    assert_eq!(answer.error(), (409, "IpAddressGenerationFailure", message.as_str()));
}

#[test]
fn addresses_of_version_six_are_made_from_the_mac_where_the_subnet_says_so() {
    let bed = Bed::new();
    let (network, _) = bed.network();
    let subnet = json!({
        "network_id": network, "ip_version": 6, "cidr": "fd00:1::/64", "ipv6_ra_mode": "slaac",
        "ipv6_address_mode": "slaac",
    });
    bed.make(OWNER, "/v2.0/subnets", "subnet", &subnet);
    let port = bed.port(&network, &json!({"mac_address": "fa:16:3e:01:02:03"}));
    assert_eq!(addresses(&port), ["10.1.0.2", "fd00:1::f816:3eff:fe01:203"]);
}
