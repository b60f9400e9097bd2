use super::super::fixture::{ADMIN, Bed, OTHER, OWNER, id};
use serde_json::{Value, json};

fn router(bed: &Bed, more: &Value) -> Value {
    bed.make(OWNER, "/v2.0/routers", "router", more)
}

#[test]
fn a_router_lives_with_its_interfaces() {
    let bed = Bed::new();
    let (network, subnet) = bed.network();
    let router = id(&router(&bed, &json!({"name": "edge"})));
    let path = format!("/v2.0/routers/{router}");
    let body = json!({ "subnet_id": subnet });
    let added = bed.put(OWNER, &format!("{path}/add_router_interface"), &body);
    assert_eq!((added.status, &added.body["subnet_ids"]), (200, &json!([subnet])));
    let port = added.body["port_id"].as_str().unwrap().to_owned();
    let seen = bed.get(OWNER, &format!("/v2.0/ports/{port}")).body["port"].clone();
    assert_eq!(seen["fixed_ips"][0]["ip_address"], "10.1.0.1");
    assert_eq!(
        (&seen["device_owner"], &seen["security_groups"]),
        (&json!("network:router_interface"), &json!([]))
    );
    let again = bed.put(OWNER, &format!("{path}/add_router_interface"), &body);
    let message = format!("Bad router request: Router already has a port on subnet {subnet}.");
    assert_eq!(again.error(), (400, "BadRequest", message.as_str()));
    let message = format!(
        "Port {port} cannot be deleted directly via the port API: has device owner network:router_interface."
    );
    assert_eq!(
        bed.delete(OWNER, &format!("/v2.0/ports/{port}")).error(),
        (409, "ServicePortInUse", message.as_str())
    );
    let message = format!("Router {router} has ports still attached: {port}");
    assert_eq!(bed.delete(OWNER, &path).error(), (409, "RouterInUse", message.as_str()));
    let change = json!({"subnet": {"gateway_ip": "10.1.0.9"}});
    assert_eq!(bed.put(OWNER, &format!("/v2.0/subnets/{subnet}"), &change).error().1, "GatewayIpInUse");
    let ways = json!([{"destination": "10.9.0.0/24", "nexthop": "10.1.0.77"}]);
    assert_eq!(bed.put(OWNER, &path, &json!({"router": {"routes": ways}})).body["router"]["routes"], ways);
    let removed = bed.put(OWNER, &format!("{path}/remove_router_interface"), &body);
    assert_eq!(removed.error().1, "RouterInterfaceInUseByRoute");
    let refused = bed.put(
        OWNER,
        &path,
        &json!({"router": {"routes": [{"destination": "10.9.0.0/24", "nexthop": "192.0.2.1"}]}}),
    );
    assert_eq!(refused.error().1, "InvalidRoutes");
    assert_eq!(bed.put(OWNER, &path, &json!({"router": {"routes": []}})).status, 200);
    let removed = bed.put(OWNER, &format!("{path}/remove_router_interface"), &json!({ "port_id": port }));
    assert_eq!(removed.body["network_id"], json!(network));
    let gone = bed.put(OWNER, &format!("{path}/remove_router_interface"), &body);
    assert_eq!(gone.error().1, "RouterInterfaceNotFoundForSubnet");
    assert_eq!(bed.delete(OWNER, &path).status, 204);
    let message = format!("Router {router} could not be found");
    assert_eq!(bed.get(OWNER, &path).error(), (404, "RouterNotFound", message.as_str()));
}

#[test]
fn a_gateway_is_on_an_external_network_and_parts_of_it_are_the_administrators() {
    let bed = Bed::new();
    let (inside, _) = bed.network();
    let (outside, subnet) = bed.network_of(ADMIN, &json!({"router:external": true}), "192.0.2.0/24");
    let router = id(&router(&bed, &json!({})));
    let path = format!("/v2.0/routers/{router}");
    let set = |who: &str, gateway: Value| {
        bed.put(who, &path, &json!({"router": {"external_gateway_info": gateway}}))
    };
    let message = format!("Bad router request: Network {inside} is not an external network.");
    assert_eq!(set(OWNER, json!({"network_id": inside})).error(), (400, "BadRequest", message.as_str()));
    let gateway = set(OWNER, json!({"network_id": outside})).body["router"]["external_gateway_info"].clone();
    let fixed = json!([{"subnet_id": subnet, "ip_address": "192.0.2.2"}]);
    assert_eq!(gateway, json!({"network_id": outside, "external_fixed_ips": fixed, "enable_snat": true}));
    assert_eq!(
        set(OWNER, json!({"network_id": outside, "enable_snat": false})).error().2,
        "(rule:update_router and (rule:update_router:external_gateway_info and \
         (rule:update_router:external_gateway_info:network_id and \
         rule:update_router:external_gateway_info:enable_snat))) is disallowed by policy"
    );
    let changed = set(ADMIN, json!({"network_id": outside, "enable_snat": false}));
    assert_eq!(changed.body["router"]["external_gateway_info"]["enable_snat"], false);
    assert_eq!(set(OTHER, Value::Null).status, 404);
    let refused =
        bed.put(ADMIN, &format!("/v2.0/networks/{outside}"), &json!({"network": {"router:external": false}}));
    assert_eq!(refused.error().1, "ExternalNetworkInUse");
    assert_eq!(set(OWNER, Value::Null).body["router"]["external_gateway_info"], Value::Null);
    assert_eq!(bed.get(ADMIN, "/v2.0/ports").body["ports"], json!([]));
}
