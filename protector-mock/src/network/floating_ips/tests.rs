use super::super::fixture::{ADMIN, Bed, OWNER, id};
use serde_json::{Value, json};

/// An external network, a router to it from the owner's network, and a port there.
fn estate(bed: &Bed) -> (String, String, String) {
    let (inside, subnet) = bed.network();
    let (outside, _) = bed.network_of(ADMIN, &json!({"router:external": true}), "192.0.2.0/24");
    let gateway = json!({"external_gateway_info": {"network_id": outside}});
    let router = id(&bed.make(OWNER, "/v2.0/routers", "router", &gateway));
    let path = format!("/v2.0/routers/{router}/add_router_interface");
    assert_eq!(bed.put(OWNER, &path, &json!({ "subnet_id": subnet })).status, 200);
    let port = id(&bed.port(&inside, &json!({"name": "web"})));
    (outside, router, port)
}

#[test]
fn a_floating_ip_points_at_a_port_until_one_of_them_goes() {
    let bed = Bed::new();
    let (outside, router, port) = estate(&bed);
    let floating =
        bed.make(OWNER, "/v2.0/floatingips", "floatingip", &json!({"floating_network_id": outside}));
    assert_eq!((&floating["status"], &floating["port_id"]), (&json!("DOWN"), &Value::Null));
    let path = format!("/v2.0/floatingips/{}", id(&floating));
    let pointed = bed.put(OWNER, &path, &json!({"floatingip": {"port_id": port}})).body["floatingip"].clone();
    assert_eq!((&pointed["router_id"], &pointed["fixed_ip_address"]), (&json!(router), &json!("10.1.0.2")));
    assert_eq!((&pointed["status"], &pointed["port_details"]["name"]), (&json!("ACTIVE"), &json!("web")));
    let second = json!({"floatingip": {"floating_network_id": outside, "port_id": port}});
    assert_eq!(bed.post(OWNER, "/v2.0/floatingips", &second).error().1, "FloatingIPPortAlreadyAssociated");
    let gateway = json!({"router": {"external_gateway_info": null}});
    let refused = bed.put(OWNER, &format!("/v2.0/routers/{router}"), &gateway);
    assert_eq!(refused.error().1, "RouterExternalGatewayInUseByFloatingIp");
    let moved = json!({"port": {"fixed_ips": [{"ip_address": "10.1.0.99"}]}});
    assert_eq!(bed.put(OWNER, &format!("/v2.0/ports/{port}"), &moved).error().1, "BadRequest");
    assert_eq!(bed.delete(OWNER, &format!("/v2.0/ports/{port}")).status, 204);
    let left = bed.get(OWNER, &path).body["floatingip"].clone();
    assert_eq!(
        (&left["port_id"], &left["router_id"], &left["status"]),
        (&Value::Null, &Value::Null, &json!("DOWN"))
    );
    assert_eq!(bed.delete(OWNER, &path).status, 204);
    assert_eq!(bed.delete(OWNER, &path).error().1, "FloatingIPNotFound");
}

#[test]
fn what_cannot_be_reached_is_refused() {
    let bed = Bed::new();
    let (outside, _, _) = estate(&bed);
    let (lonely, _) = bed.network_of(OWNER, &json!({}), "10.7.0.0/24");
    let port = id(&bed.port(&lonely, &json!({})));
    let ask = |body: Value| bed.post(OWNER, "/v2.0/floatingips", &json!({ "floatingip": body }));
    let refused = ask(json!({"floating_network_id": outside, "port_id": port}));
    assert_eq!((refused.status, refused.error().1), (404, "ExternalGatewayForFloatingIPNotFound"));
    let refused = ask(json!({ "floating_network_id": lonely }));
    let message = format!("Bad floatingip request: Network {lonely} is not a valid external network.");
    assert_eq!(refused.error(), (400, "BadRequest", message.as_str()));
    let refused = ask(json!({"floating_network_id": outside, "fixed_ip_address": "10.1.0.5"}));
    let message = "Bad floatingip request: fixed_ip_address cannot be specified without a port_id.";
    assert_eq!(refused.error(), (400, "BadRequest", message));
    let refused = ask(json!({"floating_network_id": outside, "floating_ip_address": "192.0.2.9"}));
    assert_eq!(refused.status, 403);
    // Nothing is left outside of what was refused.
    let owner = "device_owner=network:floatingip";
    assert_eq!(bed.get(ADMIN, &format!("/v2.0/ports?{owner}")).body["ports"], json!([]));
}
