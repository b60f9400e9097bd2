//! The rules of security groups.
// neutron/extensions/securitygroup.py, neutron/db/securitygroups_db.py, 2026.2

use super::addresses::Prefix;
use super::attributes::body::{self, Body};
use super::attributes::{Attribute, Check, Missing, Resource};
use super::listing::{self, View};
use super::security_groups::{self, SECURITY_GROUP, SecurityGroup};
use super::standard::Standard;
use super::{faults, policy};
use crate::cloud::{Call, Fault, Reply, Route, python};
use crate::world::{Record, Transaction, WorldError};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rule {
    pub(super) id: String,
    project_id: String,
    security_group_id: String,
    direction: String,
    ethertype: String,
    protocol: Option<String>,
    port_range_min: Option<i64>,
    port_range_max: Option<i64>,
    remote_ip_prefix: Option<String>,
    remote_group_id: Option<String>,
    /// Those that Neutron makes have none.
    description: Option<String>,
    number: u64,
    standard: Standard,
}

impl Record for Rule {
    const KIND: &'static str = "network.security-group-rule";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        let remote = self.remote_group_id.clone().map(|group| ("remote", group));
        let keys = [("group", self.security_group_id.clone()), ("project", self.project_id.clone())];
        keys.into_iter().chain(remote).collect()
    }
}

pub(super) static RULE: Resource = Resource {
    name: "security_group_rule",
    collection: "security_group_rules",
    not_found: ("SecurityGroupRuleNotFound", "Security group rule ", " does not exist"),
    tagged: false,
    attributes: &[
        Attribute::fixed("security_group_id", Check::Text(36), Missing::Required).listed(),
        Attribute::fixed("remote_group_id", Check::TextOrNull(36), Missing::Null).listed(),
        Attribute::fixed("remote_address_group_id", Check::TextOrNull(36), Missing::Null).listed(),
        Attribute::fixed("direction", Check::OneOf(&["ingress", "egress"]), Missing::Required).listed(),
        Attribute::fixed("protocol", Check::Anything, Missing::Null).listed(),
        Attribute::fixed("port_range_min", Check::Anything, Missing::Null).listed(),
        Attribute::fixed("port_range_max", Check::Anything, Missing::Null).listed(),
        Attribute::fixed("ethertype", Check::Anything, Missing::Text("IPv4")).listed(),
        Attribute::fixed("remote_ip_prefix", Check::Anything, Missing::Null).listed(),
        Attribute::shown("normalized_cidr").listed(),
        Attribute::shown("belongs_to_default_sg").filtered().of(Check::BooleanOrNull),
        Attribute::fixed("description", Check::Text(255), Missing::Text("")).filtered(),
    ],
};

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v2.0/security-group-rules", list),
    Route::new(Method::POST, "/v2.0/security-group-rules", create),
    Route::new(Method::GET, "/v2.0/security-group-rules/{rule}", show),
    Route::new(Method::DELETE, "/v2.0/security-group-rules/{rule}", delete),
];

/// The protocols that have names, in the order in which Neutron tells them, and their numbers.
// neutron_lib/constants.py, IP_PROTOCOL_MAP
const PROTOCOLS: &[(&str, u8)] = &[
    ("ah", 51),
    ("dccp", 33),
    ("egp", 8),
    ("esp", 50),
    ("gre", 47),
    ("hopopt", 0),
    ("icmp", 1),
    ("icmpv6", 58),
    ("igmp", 2),
    ("ip", 0),
    ("ipip", 4),
    ("ipv6-encap", 41),
    ("ipv6-frag", 44),
    ("ipv6-icmp", 58),
    ("ipv6-nonxt", 59),
    ("ipv6-opts", 60),
    ("ipv6-route", 43),
    ("ospf", 89),
    ("pgm", 113),
    ("rsvp", 46),
    ("sctp", 132),
    ("tcp", 6),
    ("udp", 17),
    ("udplite", 136),
    ("vrrp", 112),
];

/// With these, ports can be named.
const WITH_PORTS: &[u8] = &[33, 132, 6, 17, 136];

fn number_of(protocol: &str) -> Option<u8> {
    let named = PROTOCOLS.iter().find(|(name, _)| *name == protocol).map(|(_, number)| *number);
    named.or_else(|| protocol.parse().ok())
}

/// What is let through before anybody said anything: what goes out, and, in a default group, what comes from members.
// neutron/extensions/security_groups_default_rules.py; the order is that of the testbed's answers.
pub(super) fn begin(
    transaction: &mut Transaction<'_>,
    scope: &str,
    group: &str,
    project: &str,
    default: bool,
) -> Result<(), WorldError> {
    let inward = [("ingress", "IPv6"), ("ingress", "IPv4")];
    let outward = [("egress", "IPv6"), ("egress", "IPv4")];
    for (direction, ethertype) in inward.into_iter().filter(|_| default).chain(outward) {
        let rule = Rule {
            id: transaction.new_uuid()?.to_string(),
            project_id: project.to_owned(),
            security_group_id: group.to_owned(),
            direction: direction.to_owned(),
            ethertype: ethertype.to_owned(),
            protocol: None,
            port_range_min: None,
            port_range_max: None,
            remote_ip_prefix: None,
            remote_group_id: (direction == "ingress").then(|| group.to_owned()),
            description: None,
            number: super::next_number(transaction, scope)?,
            standard: Standard::new(transaction.now(), "", 0),
        };
        transaction.put(scope, &rule)?;
    }
    Ok(())
}

/// What somebody sees of a rule within its group.
pub(super) fn view(rule: &Rule) -> View {
    let cidr = rule.remote_ip_prefix.as_deref().and_then(|prefix| prefix.parse::<Prefix>().ok());
    let mut view = View::new();
    rule.standard.show(&mut view);
    view.extend(listing::view(json!({
        "id": rule.id, "tenant_id": rule.project_id, "project_id": rule.project_id,
        "security_group_id": rule.security_group_id, "ethertype": rule.ethertype, "direction": rule.direction,
        "protocol": rule.protocol, "port_range_min": rule.port_range_min, "port_range_max": rule.port_range_max,
        "remote_ip_prefix": rule.remote_ip_prefix, "remote_address_group_id": null,
        "normalized_cidr": cidr.map(|cidr| cidr.network().to_string()), "remote_group_id": rule.remote_group_id,
        "standard_attr_id": rule.number, "belongs_to_default_sg": null, "description": rule.description,
    })));
    view
}

/// What somebody sees of a rule by itself: not all that is shown within its group, but whether that is a default one.
fn view_alone(call: &Call<'_, '_>, rule: &Rule) -> Result<View, Fault> {
    let mut view = view(rule);
    view.remove("standard_attr_id");
    view.remove("tags");
    let group: Option<SecurityGroup> = call.transaction.get(&call.site.name, &rule.security_group_id)?;
    let default = group.is_some_and(|group| group.is_default());
    view.insert("belongs_to_default_sg".to_owned(), json!(default));
    Ok(view)
}

fn is_seen_by(call: &Call<'_, '_>, rule: &Rule) -> Result<bool, Fault> {
    if policy::may_see(&call.caller, &rule.project_id) {
        return Ok(true);
    }
    let group: Option<SecurityGroup> = call.transaction.get(&call.site.name, &rule.security_group_id)?;
    Ok(group.is_some_and(|group| policy::may_see(&call.caller, &group.project_id)))
}

fn find(call: &Call<'_, '_>, id: &str) -> Result<Rule, Fault> {
    let rule: Rule = call.transaction.get(&call.site.name, id)?.ok_or_else(|| RULE.missing(id))?;
    if is_seen_by(call, &rule)? { Ok(rule) } else { Err(faults::no_such_path()) }
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    security_groups::ensure_default(call)?;
    let mut views = Vec::new();
    for rule in call.transaction.list::<Rule>(&call.site.name)? {
        if is_seen_by(call, &rule)? {
            views.push(view_alone(call, &rule)?);
        }
    }
    listing::list(call, &RULE, views)
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let rule = find(call, call.parameter("rule"))?;
    let view = view_alone(call, &rule)?;
    Ok(listing::show(call, &RULE, view))
}

fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    body::create(call, &RULE, |call, body| {
        let scope = call.scope();
        let rule = make(call, body)?;
        call.transaction.put(&scope, &rule)?;
        security_groups::touch(call.transaction, &scope, &rule.security_group_id)?;
        view_alone(call, &rule)
    })
}

fn make(call: &mut Call<'_, '_>, body: &Body) -> Result<Rule, Fault> {
    let scope = call.scope();
    let given = |name: &str| body.get(name).unwrap_or(&Value::Null);
    let mut rule = Rule {
        id: call.transaction.new_uuid()?.to_string(),
        project_id: body.project().to_owned(),
        security_group_id: body.text("security_group_id").to_owned(),
        direction: body.text("direction").to_owned(),
        ethertype: ethertype(given("ethertype"))?,
        protocol: protocol(given("protocol"))?,
        port_range_min: port(given("port_range_min"))?,
        port_range_max: port(given("port_range_max"))?,
        remote_ip_prefix: prefix(given("remote_ip_prefix"))?,
        remote_group_id: given("remote_group_id")
            .as_str()
            .filter(|group| !group.is_empty())
            .map(str::to_owned),
        description: Some(body.text("description").to_owned()),
        number: super::next_number(call.transaction, &scope)?,
        standard: Standard::new(call.transaction.now(), "", 0),
    };
    if rule.ethertype == "IPv6" {
        rule.protocol = rule.protocol.map(|protocol| match protocol.as_str() {
            "icmp" | "icmpv6" => "ipv6-icmp".to_owned(),
            "1" => "58".to_owned(),
            _ => protocol,
        });
    }
    if (rule.port_range_min, rule.port_range_max) == (Some(1), Some(65535)) {
        (rule.port_range_min, rule.port_range_max) = (None, None);
    }
    refuse_ports(&rule)?;
    refuse_versions(&rule)?;
    if let Some(group) = given("remote_address_group_id").as_str().filter(|group| !group.is_empty()) {
        let message = format!("Address group {group} could not be found.");
        return Err(faults::not_found("AddressGroupNotFound", message));
    }
    for id in rule.remote_group_id.iter().chain([&rule.security_group_id]) {
        let group: Option<SecurityGroup> = call.transaction.get(&scope, id)?;
        let seen = group.is_some_and(|group| {
            call.caller.is_admin()
                || group.project_id == rule.project_id
                || policy::may_see(&call.caller, &group.project_id)
        });
        if !seen {
            return Err(SECURITY_GROUP.missing(id));
        }
    }
    for other in call.transaction.find::<Rule>(&scope, "group", &rule.security_group_id)? {
        if key(&other) == key(&rule) {
            let message = format!("Security group rule already exists. Rule id is {}.", other.id);
            return Err(faults::in_use("SecurityGroupRuleExists", message));
        }
    }
    Ok(rule)
}

fn input(kind: &'static str, message: String) -> Fault {
    Fault::bad_request(message).of_kind(kind)
}

fn ethertype(value: &Value) -> Result<String, Fault> {
    let known = ["IPv4", "IPv6"]
        .into_iter()
        .find(|known| value.as_str().is_some_and(|it| it.eq_ignore_ascii_case(known)));
    known.map(str::to_owned).ok_or_else(|| {
        let message = format!(
            "Security group rule for ethertype '{}' not supported. Allowed values are ['IPv4', 'IPv6'].",
            python::str(value)
        );
        input("SecurityGroupRuleInvalidEtherType", message)
    })
}

fn protocol(value: &Value) -> Result<Option<String>, Fault> {
    let text = match value {
        Value::Null => return Ok(None),
        other => python::str(other),
    };
    // neutron/common/_constants.py, SG_RULE_PROTO_ANY
    if text == "any" {
        return Ok(None);
    }
    let lower = text.to_lowercase();
    let number = text.parse::<i64>().ok();
    if number.is_some_and(|number| (0..=255).contains(&number)) {
        return Ok(Some(text));
    }
    if number.is_none() && value.is_string() && PROTOCOLS.iter().any(|(name, _)| *name == lower) {
        return Ok(Some(lower));
    }
    let names: Vec<String> = PROTOCOLS.iter().map(|(name, _)| format!("'{name}'")).collect();
    let message = format!(
        "Security group rule protocol {text} not supported. Only protocol values (None, 'any', {}) and integer \
         representations [0 to 255] are supported.",
        names.join(", ")
    );
    Err(input("SecurityGroupRuleInvalidProtocol", message))
}

fn port(value: &Value) -> Result<Option<i64>, Fault> {
    let port = match value {
        Value::Null => return Ok(None),
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    port.filter(|port| (0..=65535).contains(port)).map(Some).ok_or_else(|| invalid_port(&python::str(value)))
}

fn invalid_port(port: &str) -> Fault {
    input("SecurityGroupInvalidPortValue", format!("Invalid value for port {port}"))
}

fn prefix(value: &Value) -> Result<Option<String>, Fault> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) if text.is_empty() => return Ok(None),
        other => python::str(other),
    };
    match text.parse::<Prefix>() {
        Ok(prefix) => Ok(Some(prefix.to_string())),
        Err(()) => Err(input("InvalidCIDR", format!("Invalid CIDR {text} given as IP prefix."))),
    }
}

// neutron/db/securitygroups_db.py, _validate_port_range
fn refuse_ports(rule: &Rule) -> Result<(), Fault> {
    let (low, high) = (rule.port_range_min, rule.port_range_max);
    if low.is_none() && high.is_none() {
        return Ok(());
    }
    let Some(protocol) = &rule.protocol else {
        let message = "Must also specify protocol if port range is given.".to_owned();
        return Err(input("SecurityGroupProtocolRequiredWithPorts", message));
    };
    let number = number_of(protocol).unwrap_or_default();
    if WITH_PORTS.contains(&number) {
        if low == Some(0) || high == Some(0) {
            return Err(invalid_port("0"));
        }
        if !matches!((low, high), (Some(low), Some(high)) if low <= high) {
            let message = "For TCP/UDP protocols, port_range_min must be <= port_range_max".to_owned();
            return Err(input("SecurityGroupInvalidPortRange", message));
        }
        return Ok(());
    }
    if number == 1 || number == 58 {
        for (value, attribute, field) in [(low, "port_range_min", "type"), (high, "port_range_max", "code")] {
            if let Some(value) = value.filter(|value| !(0..=255).contains(value)) {
                let message =
                    format!("Invalid value for ICMP {field} ({attribute}) {value}. It must be 0 to 255.");
                return Err(input("SecurityGroupInvalidIcmpValue", message));
            }
        }
        if let (None, Some(code)) = (low, high) {
            let message = format!(
                "ICMP code (port-range-max) {code} is provided but ICMP type (port-range-min) is missing."
            );
            return Err(input("SecurityGroupMissingIcmpType", message));
        }
        return Ok(());
    }
    let message = format!(
        "Ports cannot be specified for protocol {number}. Ports are only supported for DCCP, SCTP, TCP, UDP, UDPLITE."
    );
    Err(input("SecurityGroupInvalidProtocolForPort", message))
}

fn refuse_versions(rule: &Rule) -> Result<(), Fault> {
    if let Some(prefix) = &rule.remote_ip_prefix {
        let version = prefix.parse::<Prefix>().map_or(4, Prefix::version);
        if rule.ethertype != format!("IPv{version}") {
            let message = format!("Conflicting value ethertype {} for CIDR {prefix}", rule.ethertype);
            return Err(input("SecurityGroupRuleParameterConflict", message));
        }
    }
    let numbers = ["41", "43", "44", "58", "59", "60"];
    let only_later =
        |protocol: &str| protocol == "icmpv6" || protocol.starts_with("ipv6-") || numbers.contains(&protocol);
    if let Some(protocol) = rule.protocol.as_deref().filter(|one| rule.ethertype == "IPv4" && only_later(one))
    {
        let message = format!("Invalid ethertype IPv4 for protocol {protocol}.");
        return Err(input("SecurityGroupEthertypeConflictWithProtocol", message));
    }
    if rule.remote_ip_prefix.is_some() && rule.remote_group_id.is_some() {
        let message =
            "Only one of remote_ip_prefix or remote_group_id or remote_address_group_id may be provided."
                .to_owned();
        return Err(input("SecurityGroupMultipleRemoteEntites", message));
    }
    Ok(())
}

/// What makes two rules of a group the same.
// neutron/db/securitygroups_db.py, _rule_to_key
fn key(rule: &Rule) -> impl PartialEq + use<> {
    let prefix = rule.remote_ip_prefix.clone().filter(|prefix| prefix != "0.0.0.0/0" && prefix != "::/0");
    let number = rule.protocol.as_deref().map(number_of);
    (
        (rule.direction.clone(), rule.ethertype.clone(), number),
        (rule.port_range_min, rule.port_range_max),
        (prefix, rule.remote_group_id.clone()),
    )
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let rule = find(call, call.parameter("rule"))?;
    let scope = call.scope();
    let group: Option<SecurityGroup> = call.transaction.get(&scope, &rule.security_group_id)?;
    let owner = group.map_or_else(|| rule.project_id.clone(), |group| group.project_id);
    policy::require(policy::may_change(&call.caller, &owner), "delete_security_group_rule")?;
    call.transaction.remove::<Rule>(&scope, &rule.id)?;
    security_groups::touch(call.transaction, &scope, &rule.security_group_id)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
