//! What holds for the service as a whole: lists, pages, policies, quotas, tags, and what Nova does.

use super::fixture::{ADMIN, Bed, OTHER, OWNER, SCOPE, id};
use super::for_compute::{self, NewPort};
use crate::cloud::{Caller, Fault};
use crate::world::Transaction;
use http::Method;
use serde_json::{Value, json};

#[test]
fn versions_are_told_to_everybody_and_the_rest_to_those_with_a_token() {
    let bed = Bed::new();
    let links = json!([{"rel": "self", "href": "http://network/v2.0/"}]);
    let versions = json!({"versions": [{"id": "v2.0", "status": "CURRENT", "links": links}]});
    assert_eq!(bed.get("", "/").body, versions);
    let refused = bed.get("", "/v2.0/networks");
    assert_eq!((refused.status, &refused.body["error"]["code"]), (401, &json!(401)));
    let missing = bed.get(OWNER, "/v2.0/nothing");
    assert_eq!(missing.error(), (404, "HTTPNotFound", "The resource could not be found."));
}

#[test]
fn extensions_are_those_that_are_served() {
    let bed = Bed::new();
    let extensions = bed.get(OWNER, "/v2.0/extensions").body["extensions"].as_array().unwrap().clone();
    let has = |alias: &str| extensions.iter().any(|extension| extension["alias"] == alias);
    assert!(has("security-group") && has("router") && has("quotas") && !has("trunk"));
    assert_eq!(
        bed.get(OWNER, "/v2.0/extensions/quotas").body["extension"]["name"],
        "Quota management support"
    );
    assert_eq!(bed.get(OWNER, "/v2.0/extensions/trunk").status, 404);
}

#[test]
fn whether_an_internal_network_is_the_default_one_is_said_when_it_is_made_and_never_again() {
    let bed = Bed::new();
    let made = bed.make(OWNER, "/v2.0/networks", "network", &json!({"name": "inside"}));
    assert_eq!(made["is_default"], false);
    let seen = bed.get(OWNER, &format!("/v2.0/networks/{}", id(&made))).body["network"].clone();
    assert_eq!(seen.get("is_default"), None);
}

#[test]
fn a_network_lives_from_its_creation_to_its_deletion() {
    let bed = Bed::new();
    let (network, subnet) = bed.network();
    let path = format!("/v2.0/networks/{network}");
    let seen = bed.get(OWNER, &path).body["network"].clone();
    assert_eq!(
        (&seen["mtu"], &seen["subnets"], &seen["revision_number"]),
        (&json!(1450), &json!([subnet]), &json!(2))
    );
    assert!(seen.get("provider:network_type").is_none());
    assert_eq!(bed.get(ADMIN, &path).body["network"]["provider:network_type"], "vxlan");
    bed.pass(60);
    let changed =
        bed.put(OWNER, &path, &json!({"network": {"name": "renamed", "mtu": 1400}})).body["network"].clone();
    assert_eq!((&changed["name"], &changed["mtu"]), (&json!("renamed"), &json!(1400)));
    assert_ne!(changed["updated_at"], changed["created_at"]);
    let port = id(&bed.port(&network, &json!({})));
    let message = format!(
        "Unable to complete operation on network {network}. There are one or more ports still in use on the network, id for \
         these ports is: {port}."
    );
    assert_eq!(bed.delete(OWNER, &path).error(), (409, "NetworkInUse", message.as_str()));
    assert_eq!(bed.delete(OWNER, &format!("/v2.0/ports/{port}")).status, 204);
    assert_eq!(bed.delete(OWNER, &path).status, 204);
    assert_eq!(bed.get(OWNER, &format!("/v2.0/subnets/{subnet}")).status, 404);
}

#[test]
fn only_administrators_share_networks_and_everybody_then_uses_them() {
    let bed = Bed::new();
    let refused = bed.post(OWNER, "/v2.0/networks", &json!({"network": {"shared": true}}));
    let message = "(rule:create_network and rule:create_network:shared) is disallowed by policy";
    assert_eq!(refused.error(), (403, "PolicyNotAuthorized", message));
    let (network, _) = bed.network_of(ADMIN, &json!({"shared": true}), "10.5.0.0/24");
    let port = bed.make(OTHER, "/v2.0/ports", "port", &json!({"network_id": network}));
    assert_eq!(port["project_id"], "bank");
    let body = json!({"port": {"network_id": network, "mac_address": "fa:16:3e:00:00:01"}});
    assert_eq!(bed.post(OTHER, "/v2.0/ports", &body).status, 403);
    let refused =
        bed.put(ADMIN, &format!("/v2.0/networks/{network}"), &json!({"network": {"shared": false}}));
    assert_eq!(refused.error().1, "InvalidSharedSetting");
    let body = json!({"network": {"project_id": "bank"}});
    assert_eq!(bed.post(OWNER, "/v2.0/networks", &body).error().1, "HTTPBadRequest");
    assert_eq!(bed.post(ADMIN, "/v2.0/networks", &body).body["network"]["tenant_id"], "bank");
    assert_eq!(bed.post("shop/reader", "/v2.0/networks", &json!({"network": {}})).status, 403);
}

#[test]
fn subnets_are_refused_that_cannot_be() {
    let bed = Bed::new();
    let (network, _) = bed.network();
    let subnet = |more: Value| {
        let body = super::fixture::with(&json!({"network_id": network, "ip_version": 4}), &more);
        let answer = bed.post(OWNER, "/v2.0/subnets", &json!({ "subnet": body }));
        let (status, kind, message) = answer.error();
        (status, kind.to_owned(), message.to_owned())
    };
    for (more, status, kind, message) in [
        (json!({"cidr": "10.1.0.128/25"}), 400, "InvalidInput", "overlaps with another subnet"),
        (json!({"cidr": "10.2.0.0/31"}), 400, "InvalidInput", "incompatible with DHCP service enabled"),
        (
            json!({"cidr": "fd00::/64"}),
            400,
            "InvalidInput",
            "cidr 'fd00::/64' does not match the ip_version '4'",
        ),
        (json!({"cidr": "x"}), 400, "InvalidInput", "x is not in a CIDR format"),
        (json!({}), 400, "BadRequest", "a subnetpool must be specified in the absence of a cidr"),
        (
            json!({"cidr": "10.2.0.0/24", "gateway_ip": "10.2.0.255"}),
            400,
            "InvalidInput",
            "Gateway is not valid",
        ),
        (
            json!({"cidr": "10.2.0.0/24", "allocation_pools": [{"start": "10.2.0.1", "end": "10.2.0.9"}]}),
            409,
            "GatewayConflictWithAllocationPools",
            "Gateway ip 10.2.0.1 conflicts with allocation pool 10.2.0.1-10.2.0.9.",
        ),
        (
            json!({"cidr": "10.2.0.0/24", "allocation_pools": [{"start": "10.2.0.5", "end": "10.3.0.9"}]}),
            400,
            "OutOfBoundsAllocationPool",
            "spans beyond the subnet cidr 10.2.0.0/24.",
        ),
        (
            json!({"cidr": "10.2.0.0/24", "dns_nameservers": ["x"]}),
            400,
            "HTTPBadRequest",
            "Reason: 'x' is not a valid nameserver. 'x' is not a valid IP address.",
        ),
        (
            json!({"cidr": "10.2.0.0/24", "host_routes": [{"destination": "10.9.0.0/24"}]}),
            400,
            "HTTPBadRequest",
            "Expected keys: {'destination', 'nexthop'} Provided keys: {'destination'}",
        ),
    ] {
        let answered = subnet(more.clone());
        assert_eq!((answered.0, answered.1.as_str()), (status, kind), "{more}: {}", answered.2);
        assert!(answered.2.contains(message), "{more}: {}", answered.2);
    }
}

#[test]
fn a_subnet_changes_and_is_kept_while_ports_are_on_it() {
    let bed = Bed::new();
    let (network, subnet) = bed.network();
    let path = format!("/v2.0/subnets/{subnet}");
    let seen = bed.get(OWNER, &path).body["subnet"].clone();
    assert_eq!(seen["allocation_pools"], json!([{"start": "10.1.0.2", "end": "10.1.0.254"}]));
    assert_eq!((&seen["gateway_ip"], &seen["revision_number"]), (&json!("10.1.0.1"), &json!(0)));
    let pools = json!([{"start": "10.1.0.100", "end": "10.1.0.110"}]);
    let routes = json!([{"destination": "10.9.0.0/24", "nexthop": "10.1.0.9"}]);
    let change = json!({"subnet": {
        "allocation_pools": pools, "host_routes": routes, "dns_nameservers": ["192.0.2.53"], "gateway_ip": null,
    }});
    let changed = bed.put(OWNER, &path, &change).body["subnet"].clone();
    assert_eq!((&changed["allocation_pools"], &changed["host_routes"]), (&pools, &routes));
    assert_eq!(changed["gateway_ip"], Value::Null);
    let port = bed.port(&network, &json!({}));
    assert_eq!(port["fixed_ips"][0]["ip_address"], "10.1.0.100");
    let refused = bed.put(OWNER, &path, &json!({"subnet": {"cidr": "10.2.0.0/24"}}));
    assert_eq!(refused.error().2, "Cannot update read-only attribute cidr");
    assert_eq!(bed.delete(OWNER, &path).error().1, "SubnetInUse");
    assert_eq!(bed.delete(OWNER, &format!("/v2.0/ports/{}", id(&port))).status, 204);
    assert_eq!(bed.delete(OWNER, &path).status, 204);
}

fn names(answer: &Value, collection: &str) -> Vec<String> {
    let items = answer[collection].as_array().unwrap();
    items.iter().map(|item| item["name"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn lists_are_filtered_sorted_and_cut_and_their_pages_lead_to_all() {
    let bed = Bed::new();
    for number in 0..5 {
        bed.make(
            OWNER,
            "/v2.0/networks",
            "network",
            &json!({"name": format!("n{number}"), "description": "d"}),
        );
    }
    let get = |query: &str| bed.get(OWNER, &format!("/v2.0/networks?{query}"));
    assert_eq!(names(&get("name=n1&name=n3&sort_key=name&sort_dir=desc").body, "networks"), ["n3", "n1"]);
    assert_eq!(names(&get("shared=False").body, "networks").len(), 5);
    assert_eq!(names(&get("admin_state_up=0").body, "networks"), Vec::<String>::new());
    assert_eq!(get("name=n1&fields=name").body, json!({"networks": [{"name": "n1"}]}));
    let ids: Vec<Value> =
        get("").body["networks"].as_array().unwrap().iter().map(|network| network["id"].clone()).collect();
    assert!(ids.is_sorted_by_key(|id| id.as_str().unwrap().to_owned()), "without a key, ids are the order");
    let (mut found, mut query) = (Vec::new(), "limit=2".to_owned());
    loop {
        let page = get(&query).body;
        found.extend(page["networks"].as_array().unwrap().iter().map(|network| network["id"].clone()));
        let links = page["networks_links"].as_array().unwrap().clone();
        let Some(next) = links.iter().find(|link| link["rel"] == "next") else { break };
        let href = next["href"].as_str().unwrap();
        query = href.strip_prefix("http://network/v2.0/networks?").unwrap().to_owned();
    }
    assert_eq!(found, ids);
    let back = get(&format!("limit=2&page_reverse=True&marker={}", ids[3].as_str().unwrap())).body;
    assert_eq!(back["networks"].as_array().unwrap().len(), 2);
    assert_eq!(back["networks"][0]["id"], ids[1]);
    for (query, status, message) in [
        ("colour=red", 400, "['colour'] is invalid attribute for filtering"),
        ("sort_key=x&sort_dir=asc", 400, "['x'] is invalid attribute for sort_keys"),
        ("sort_key=name", 400, "The number of sort_keys and sort_dirs must be same"),
        ("limit=x", 400, "Bad limit request: Limit must be an integer 0 or greater and not 'x'."),
        ("mtu=x", 400, "Invalid input for operation: 'x' is not an integer."),
        ("limit=1&marker=x", 404, "Network x could not be found."),
    ] {
        let answer = get(query);
        assert_eq!((answer.error().0, answer.error().2), (status, message));
    }
}

#[test]
fn ports_are_found_by_their_addresses_and_by_what_uses_them() {
    let bed = Bed::new();
    let (network, subnet) = bed.network();
    bed.port(
        &network,
        &json!({"name": "one", "device_id": "server-1", "fixed_ips": [{"ip_address": "10.1.0.10"}]}),
    );
    bed.port(
        &network,
        &json!({"name": "two", "device_id": "server-2", "fixed_ips": [{"ip_address": "10.1.0.20"}]}),
    );
    let found = |query: &str| names(&bed.get(OWNER, &format!("/v2.0/ports?{query}")).body, "ports");
    assert_eq!(found("fixed_ips=ip_address%3D10.1.0.20"), ["two"]);
    assert_eq!(found(&format!("fixed_ips=ip_address%3D10.1.0.10&fixed_ips=subnet_id%3D{subnet}")), ["one"]);
    assert_eq!(found("fixed_ips=ip_address_substr%3D0.2"), ["two"]);
    assert_eq!(found("device_id=server-1"), ["one"]);
    assert_eq!(found("device_id=server-3"), Vec::<String>::new());
}

#[test]
fn many_are_made_at_once_or_none() {
    let bed = Bed::new();
    let made = bed.post(OWNER, "/v2.0/networks", &json!({"networks": [{"name": "a"}, {"name": "b"}]}));
    assert_eq!((made.status, names(&made.body, "networks")), (201, vec!["a".to_owned(), "b".to_owned()]));
    let refused = bed.post(OWNER, "/v2.0/networks", &json!({"networks": [{"name": "c"}, {"mtu": 9000}]}));
    assert_eq!(refused.error().2, "Invalid input for operation: Requested MTU is too big, maximum is 1450.");
    assert_eq!(names(&bed.get(OWNER, "/v2.0/networks?name=c").body, "networks"), Vec::<String>::new());
    let refused = bed.post(OWNER, "/v2.0/networks", &json!({"networks": []}));
    assert_eq!(refused.error().2, "Resources required");
}

#[test]
fn quotas_are_told_changed_and_enforced() {
    let bed = Bed::new();
    let quota = |who: &str, rest: &str| bed.get(who, &format!("/v2.0/quotas/shop{rest}"));
    assert_eq!(quota(OWNER, "").body["quota"]["port"], 500);
    assert_eq!(quota(OTHER, "").status, 403);
    assert_eq!(bed.put(OWNER, "/v2.0/quotas/shop", &json!({"quota": {"network": 1}})).status, 403);
    let changed = bed.put(ADMIN, "/v2.0/quotas/shop", &json!({"quota": {"network": 1}}));
    assert_eq!(changed.body["quota"]["network"], 1);
    bed.network();
    let refused = bed.post(OWNER, "/v2.0/networks", &json!({"network": {}}));
    assert_eq!(refused.error(), (409, "OverQuota", "Quota exceeded for resources: ['network']."));
    let details = json!({"limit": 1, "used": 1, "reserved": 0});
    assert_eq!(quota(OWNER, "/details").body["quota"]["network"], details);
    assert_eq!(quota(OWNER, "/default").body["quota"]["network"], 100);
    let refused = bed.put(ADMIN, "/v2.0/quotas/shop", &json!({"quota": {"network": 0}}));
    let message = "Quota limit 0 for network must be greater than or equal to already used 1";
    assert_eq!(refused.error(), (400, "HTTPBadRequest", message));
    assert_eq!(
        bed.put(ADMIN, "/v2.0/quotas/shop", &json!({"quota": {"network": 0, "force": true}})).status,
        200
    );
    assert_eq!(bed.delete(ADMIN, "/v2.0/quotas/shop").status, 204);
    assert_eq!(bed.delete(ADMIN, "/v2.0/quotas/shop").error().1, "TenantQuotaNotFound");
    assert_eq!(bed.post(OWNER, "/v2.0/networks", &json!({"network": {}})).status, 201);
}

#[test]
fn tags_are_set_found_and_removed() {
    let bed = Bed::new();
    let (network, _) = bed.network();
    let path = format!("/v2.0/networks/{network}/tags");
    assert_eq!(bed.put(OWNER, &path, &json!({"tags": ["b", "a"]})).body, json!({"tags": ["a", "b"]}));
    assert_eq!(bed.send(OWNER, Method::PUT, &format!("{path}/c"), None).status, 201);
    assert_eq!(bed.get(OWNER, &path).body, json!({"tags": ["a", "b", "c"]}));
    assert_eq!(bed.get(OWNER, &format!("{path}/c")).status, 204);
    let found =
        |query: &str| names(&bed.get(OWNER, &format!("/v2.0/networks?{query}")).body, "networks").len();
    assert_eq!(
        (found("tags=a,b"), found("tags=a,x"), found("tags-any=a,x"), found("not-tags=a")),
        (1, 0, 1, 0)
    );
    assert_eq!(bed.delete(OWNER, &format!("{path}/c")).status, 204);
    let gone = bed.delete(OWNER, &format!("{path}/c"));
    assert_eq!(gone.error(), (404, "TagNotFound", "Tag c could not be found."));
    assert_eq!(bed.put(OWNER, &path, &json!({"tags": "x"})).error().1, "InvalidInput");
    assert_eq!(bed.delete(OWNER, &path).status, 204);
    assert_eq!(bed.get(OTHER, &path).status, 404);
}

#[test]
fn security_groups_begin_with_the_default_one_and_rules_are_not_made_twice() {
    let bed = Bed::new();
    let groups = bed.get(OWNER, "/v2.0/security-groups").body["security_groups"].as_array().unwrap().clone();
    assert_eq!((groups.len(), &groups[0]["name"]), (1, &json!("default")));
    assert_eq!(groups[0]["security_group_rules"].as_array().unwrap().len(), 4);
    let refused = bed.post(OWNER, "/v2.0/security-groups", &json!({"security_group": {"name": "Default"}}));
    assert_eq!(refused.error().1, "SecurityGroupDefaultAlreadyExists");
    let group = bed.make(OWNER, "/v2.0/security-groups", "security_group", &json!({"name": "web"}));
    assert_eq!(group["security_group_rules"].as_array().unwrap().len(), 2);
    assert_eq!(groups[0]["security_group_rules"][0]["belongs_to_default_sg"], Value::Null);
    let alone =
        bed.get(OWNER, &format!("/v2.0/security-groups/{}", id(&groups[0]))).body["security_group"].clone();
    assert_eq!(alone["security_group_rules"][0]["belongs_to_default_sg"], true);
    let rule = json!({
        "security_group_id": id(&group), "direction": "ingress", "protocol": "TCP", "port_range_min": "443",
        "port_range_max": 443, "remote_ip_prefix": "192.0.2.7",
    });
    let path = "/v2.0/security-group-rules";
    let made = bed.make(OWNER, path, "security_group_rule", &rule);
    assert_eq!((&made["protocol"], &made["port_range_min"]), (&json!("tcp"), &json!(443)));
    assert_eq!((&made["remote_ip_prefix"], &made["ethertype"]), (&json!("192.0.2.7/32"), &json!("IPv4")));
    assert_eq!(made["belongs_to_default_sg"], false);
    let message = format!("Security group rule already exists. Rule id is {}.", id(&made));
    let again = bed.post(OWNER, path, &json!({ "security_group_rule": rule }));
    assert_eq!(again.error(), (409, "SecurityGroupRuleExists", message.as_str()));
    for (more, kind) in [
        (json!({"protocol": null}), "SecurityGroupProtocolRequiredWithPorts"),
        (json!({"protocol": "x"}), "SecurityGroupRuleInvalidProtocol"),
        (json!({"port_range_min": 500}), "SecurityGroupInvalidPortRange"),
        (json!({"port_range_min": 70000}), "SecurityGroupInvalidPortValue"),
        (json!({"ethertype": "IPv6"}), "SecurityGroupRuleParameterConflict"),
        (json!({"ethertype": "x"}), "SecurityGroupRuleInvalidEtherType"),
        (json!({"remote_ip_prefix": "x"}), "InvalidCIDR"),
        (json!({"remote_group_id": id(&group)}), "SecurityGroupMultipleRemoteEntites"),
    ] {
        let body = json!({"security_group_rule": super::fixture::with(&rule, &more)});
        assert_eq!(bed.post(OWNER, path, &body).error().1, kind);
    }
    assert_eq!(bed.delete(OWNER, &format!("{path}/{}", id(&made))).status, 204);
    let (network, _) = bed.network();
    let port = bed.port(&network, &json!({"security_groups": [id(&group)]}));
    let group_path = format!("/v2.0/security-groups/{}", id(&group));
    assert_eq!(bed.delete(OWNER, &group_path).error().1, "SecurityGroupInUse");
    assert_eq!(bed.delete(OWNER, &format!("/v2.0/ports/{}", id(&port))).status, 204);
    assert_eq!(bed.delete(OWNER, &group_path).status, 204);
    let default = format!("/v2.0/security-groups/{}", id(&groups[0]));
    assert_eq!(bed.delete(OWNER, &default).error().1, "SecurityGroupCannotRemoveDefault");
}

#[test]
fn a_change_can_be_bound_to_the_revision_that_was_seen() {
    let bed = Bed::new();
    let (network, _) = bed.network();
    let path = format!("/v2.0/networks/{network}");
    let change = json!({"network": {"name": "x"}});
    let send =
        |revision: &str| bed.send_with(OWNER, Method::PUT, &path, Some(&change), &[("if-match", revision)]);
    let refused = send("revision_number=1");
    let message = "Constrained to 1, but current revision is 2";
    assert_eq!(refused.error(), (412, "RevisionNumberConstraintFailed", message));
    assert_eq!(send("revision_number=2").body["network"]["revision_number"], 3);
}

#[test]
fn used_addresses_are_counted() {
    let bed = Bed::new();
    let (network, _) = bed.network();
    bed.port(&network, &json!({}));
    let answer = bed.get(OWNER, &format!("/v2.0/network-ip-availabilities/{network}"));
    let counted = answer.body["network_ip_availability"].clone();
    assert_eq!((&counted["used_ips"], &counted["total_ips"]), (&json!(1), &json!(253)));
    assert_eq!(counted["subnet_ip_availability"][0]["ip_availability_details"]["total_ips_in_subnet"], 254);
    let listed = |query: &str| {
        let answer = bed.get(OWNER, &format!("/v2.0/network-ip-availabilities?{query}"));
        answer.body["network_ip_availabilities"].as_array().unwrap().clone()
    };
    assert_eq!((listed("ip_version=4"), listed("ip_version=6").len()), (vec![counted], 0));
    assert_eq!(bed.get(ADMIN, "/v2.0/agents").body, json!({"agents": []}));
}

fn owner() -> Caller {
    Caller { project: "shop".to_owned(), roles: vec!["member".to_owned()], ..Caller::default() }
}

fn transact<T>(bed: &Bed, action: impl FnOnce(&mut Transaction<'_>) -> Result<T, Fault>) -> T {
    bed.world.transact(action).unwrap()
}

#[test]
fn nova_makes_binds_and_leaves_ports() {
    let bed = Bed::new();
    let (network, _) = bed.network();
    let given = id(&bed.port(&network, &json!({"name": "given"})));
    let made = transact(&bed, |transaction| {
        for_compute::bind(transaction, SCOPE, &given, "server", "nova", "host-1")?;
        let wanted = NewPort {
            network: network.clone(),
            address: Some("10.1.0.40".to_owned()),
            project: "shop".to_owned(),
            server: "server".to_owned(),
            zone: "nova".to_owned(),
            host: "host-1".to_owned(),
            ..NewPort::default()
        };
        let made = for_compute::create_port(transaction, SCOPE, &owner(), &wanted)?;
        assert_eq!(for_compute::ports_of(transaction, SCOPE, "server")?.len(), 2);
        let groups = for_compute::security_group_names(transaction, SCOPE, &made.security_groups)?;
        assert_eq!(groups, ["default"]);
        assert_eq!(for_compute::networks_available(transaction, SCOPE, "shop")?.len(), 1);
        assert_eq!(for_compute::networks_available(transaction, SCOPE, "bank")?.len(), 0);
        Ok(made)
    });
    let seen = bed.get(ADMIN, &format!("/v2.0/ports/{given}")).body["port"].clone();
    assert_eq!((&seen["status"], &seen["device_owner"]), (&json!("ACTIVE"), &json!("compute:nova")));
    assert_eq!((&seen["revision_number"], &seen["binding:host_id"]), (&json!(4), &json!("host-1")));
    assert_eq!((made.status.as_str(), made.fixed_ips.len()), ("ACTIVE", 1));
    transact(&bed, |transaction| {
        for_compute::unbind(transaction, SCOPE, &given)?;
        for_compute::delete(transaction, SCOPE, &made.id)
    });
    let seen = bed.get(ADMIN, &format!("/v2.0/ports/{given}")).body["port"].clone();
    assert_eq!((&seen["status"], &seen["device_id"]), (&json!("DOWN"), &json!("")));
    assert_eq!(bed.get(ADMIN, &format!("/v2.0/ports/{}", made.id)).status, 404);
    let refused = bed.world.transact(|transaction| for_compute::port(transaction, SCOPE, &owner(), &made.id));
    assert_eq!(refused.unwrap_err().message, format!("Port {} could not be found.", made.id));
}
