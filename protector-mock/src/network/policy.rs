//! Who may see and do what: the default policies of Neutron.
// neutron/conf/policies/*.py and neutron/policy.py, 2026.2

use super::attributes::{Policy, body::Body};
use super::networks::Network;
use crate::cloud::{Call, Caller, Fault};
use serde_json::Value;

fn has(caller: &Caller, role: &str) -> bool {
    caller.roles.iter().any(|found| found == role)
}

/// Administrators and services see and do everything.
pub(super) fn is_privileged(caller: &Caller) -> bool {
    caller.is_admin() || has(caller, "service")
}

/// Whether somebody may change anything at all.
pub(super) fn is_member(caller: &Caller) -> bool {
    is_privileged(caller) || is_manager(caller) || has(caller, "member")
}

fn is_manager(caller: &Caller) -> bool {
    has(caller, "manager")
}

/// Whether somebody may change what `owner` owns.
pub(super) fn may_change(caller: &Caller, owner: &str) -> bool {
    is_privileged(caller) || is_member(caller) && caller.project == owner
}

/// Whether somebody sees what `owner` owns.
pub(super) fn may_see(caller: &Caller, owner: &str) -> bool {
    is_privileged(caller) || !owner.is_empty() && caller.project == owner
}

/// A network, if there is one that the caller sees.
pub(super) fn network_of(call: &Call<'_, '_>, id: &str) -> Result<Option<Network>, Fault> {
    let network = call.transaction.get::<Network>(&call.site.name, id)?;
    Ok(network.filter(|network| network.is_seen_by(&call.caller)))
}

/// The error of a rule that somebody does not fulfil.
pub(super) fn disallowed(rule: impl std::fmt::Display) -> Fault {
    Fault::forbidden(format!("{rule} is disallowed by policy")).of_kind("PolicyNotAuthorized")
}

/// Lets those pass who may see or do something at all, by the rule's name.
pub(super) fn require(may: bool, action: &str) -> Result<(), Fault> {
    if may { Ok(()) } else { Err(disallowed(format_args!("rule:{action}"))) }
}

/// Lets those pass who fulfil the rule of the action and those of the attributes that are named. As in Neutron, the
/// sentence tells all the rules that were asked.
pub(super) fn enforce(
    caller: &Caller,
    action: &str,
    may: bool,
    rules: &[(&'static str, Policy)],
    network: Option<&Network>,
    body: &Body,
) -> Result<(), Fault> {
    let mut sentence = format!("rule:{action}");
    let mut allowed = may;
    for (attribute, policy) in rules {
        let value = body.get(attribute);
        let mut rule = format!("rule:{action}:{attribute}");
        allowed = allowed && fulfils(caller, *policy, network, value);
        let parts: Vec<String> = value
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_object)
            .flat_map(|entry| entry.keys().map(|key| format!("rule:{action}:{attribute}:{key}")))
            .collect();
        if *attribute == "fixed_ips" && parts.iter().any(|part| part.ends_with(":ip_address")) {
            allowed = allowed && fulfils(caller, Policy::NetworkOwner, network, value);
        }
        if !parts.is_empty() {
            rule = format!("({rule} and ({}))", parts.join(" and "));
        }
        sentence = format!("({sentence} and {rule})");
    }
    if allowed { Ok(()) } else { Err(disallowed(sentence)) }
}

fn fulfils(caller: &Caller, policy: Policy, network: Option<&Network>, value: Option<&Value>) -> bool {
    // A network that is not there is refused by the resource, with a better sentence.
    let owns = network.is_none_or(|network| network.project_id == caller.project);
    let shared = network.is_some_and(|network| network.shared);
    match policy {
        Policy::None | Policy::Everybody => true,
        Policy::Admin => caller.is_admin(),
        Policy::AdminOrService => is_privileged(caller),
        Policy::Service => has(caller, "service"),
        Policy::Manager => caller.is_admin() || is_manager(caller),
        Policy::NetworkOwner => is_privileged(caller) || is_member(caller) && owns,
        Policy::NetworkOwnerOrShared => is_privileged(caller) || shared || is_member(caller) && owns,
        Policy::NetworkManager => is_privileged(caller) || is_manager(caller) && owns,
        Policy::DeviceOwner => {
            let network_device =
                value.and_then(Value::as_str).is_some_and(|owner| owner.starts_with("network:"));
            !network_device || is_privileged(caller) || is_member(caller) && owns
        }
    }
}
