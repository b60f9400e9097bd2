//! What a request's body goes through before its resource sees it.
// neutron/pecan_wsgi/hooks/{body_validation,quota_enforcement,policy_enforcement}.py, neutron/api/v2/base.py
// (prepare_request_body) and neutron_lib/api/attributes.py, 2026.2

use super::{Missing, Policy, Resource};
use crate::cloud::{Call, Caller, Fault, Reply, python};
use crate::network::{faults, policy, quotas};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A body that was found to be right: every value checked and in the form that is stored.
#[derive(Debug, Clone, Default)]
pub(in crate::network) struct Body {
    values: Map<String, Value>,
    /// What decides on policies: named, and not what it would be anyway.
    explicit: BTreeSet<String>,
}

impl Body {
    /// One that is made by another service of the site, not read from a request.
    pub(in crate::network) fn made(resource: &Resource, values: Value) -> Result<Self, Fault> {
        let Value::Object(values) = values else { return Ok(Self::default()) };
        let mut body = Self { values, explicit: BTreeSet::new() };
        body.fill(resource)?;
        body.check(resource)?;
        Ok(body)
    }

    /// What an attribute is; `None` if it was not named and the resource decides.
    pub(in crate::network) fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// A text; empty if there is none.
    pub(in crate::network) fn text(&self, name: &str) -> &str {
        self.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A boolean, if it was named.
    pub(in crate::network) fn boolean(&self, name: &str) -> Option<bool> {
        self.get(name).and_then(Value::as_bool)
    }

    /// A list of texts, if it was named.
    pub(in crate::network) fn texts(&self, name: &str) -> Option<Vec<String>> {
        let items = self.get(name)?.as_array()?;
        Some(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// Whose the resource is going to be.
    pub(in crate::network) fn project(&self) -> &str {
        self.text("project_id")
    }

    /// Changes a text where it was named.
    pub(in crate::network) fn change_text(&self, name: &str, into: &mut String) {
        if let Some(value) = self.get(name) {
            value.as_str().unwrap_or_default().clone_into(into);
        }
    }

    /// Changes a boolean where it was named.
    pub(in crate::network) fn change_boolean(&self, name: &str, into: &mut bool) {
        if let Some(value) = self.boolean(name) {
            *into = value;
        }
    }

    fn fill(&mut self, resource: &Resource) -> Result<(), Fault> {
        for attribute in resource.all() {
            let name = attribute.name;
            if !attribute.post {
                if self.values.contains_key(name) {
                    return Err(faults::refused_body(format!("Attribute '{name}' not allowed in POST")));
                }
                continue;
            }
            if self.values.contains_key(name) {
                continue;
            }
            let value = match attribute.missing {
                Missing::Required => {
                    let message =
                        format!("Failed to parse request. Required attribute '{name}' not specified");
                    return Err(faults::refused_body(message));
                }
                Missing::Unset => continue,
                Missing::Null => Value::Null,
                Missing::Text(text) => json!(text),
                Missing::Boolean(value) => json!(value),
                Missing::Number(number) => json!(number),
                Missing::Empty => json!([]),
            };
            self.values.insert(name.to_owned(), value);
        }
        Ok(())
    }

    fn check(&mut self, resource: &Resource) -> Result<(), Fault> {
        for attribute in resource.all() {
            if let Some(value) = self.values.get_mut(attribute.name) {
                *value = attribute.check.apply(value).map_err(|refusal| refusal.fault(attribute.name))?;
            }
        }
        Ok(())
    }
}

/// Makes what the request asks for, one or many, and answers 201.
pub(in crate::network) fn create(
    call: &mut Call<'_, '_>,
    resource: &Resource,
    make: impl Fn(&mut Call<'_, '_>, &Body) -> Result<Map<String, Value>, Fault>,
) -> Result<Reply, Fault> {
    let given = given(call, resource)?;
    if let Some(items) = given.get(resource.collection) {
        let Some(items) = items.as_array().filter(|items| !items.is_empty()) else {
            return Err(faults::refused_body("Resources required"));
        };
        let bodies = items
            .iter()
            .map(|item| read(call, resource, item.get(resource.name).unwrap_or(item), true))
            .collect::<Result<Vec<Body>, Fault>>()?;
        reserve(call, resource, &bodies)?;
        let mut views = Vec::new();
        for body in &bodies {
            allow_create(call, resource, body)?;
            views.push(Value::Object(make(call, body)?));
        }
        return Ok(Reply::created(json!({ resource.collection: views })));
    }
    let body = read(call, resource, given.get(resource.name).unwrap_or(&Value::Null), true)?;
    reserve(call, resource, std::slice::from_ref(&body))?;
    allow_create(call, resource, &body)?;
    let view = make(call, &body)?;
    Ok(Reply::created(json!({ resource.name: view })))
}

/// The body of a change request. Whether it is allowed is for the resource to ask, see [`allow_update`].
pub(in crate::network) fn update(call: &Call<'_, '_>, resource: &Resource) -> Result<Body, Fault> {
    let given = given(call, resource)?;
    if given.contains_key(resource.collection) {
        return Err(faults::refused_body("Bulk operation not supported"));
    }
    read(call, resource, given.get(resource.name).unwrap_or(&Value::Null), false)
}

fn given(call: &Call<'_, '_>, resource: &Resource) -> Result<Map<String, Value>, Fault> {
    let unfound = || faults::refused_body(format!("Unable to find '{}' in request body", resource.name));
    match &call.body {
        Value::Object(given)
            if given.contains_key(resource.name) || given.contains_key(resource.collection) =>
        {
            Ok(given.clone())
        }
        Value::Null | Value::Object(_) => Err(unfound()),
        _ => Err(faults::refused_body("Body contains invalid data")),
    }
}

fn read(call: &Call<'_, '_>, resource: &Resource, given: &Value, create: bool) -> Result<Body, Fault> {
    let values = match given {
        Value::Null => {
            return Err(faults::refused_body(format!("Unable to find '{}' in request body", resource.name)));
        }
        Value::Object(values) => values.clone(),
        _ => {
            return Err(faults::refused_body(format!("Object '{}' contains invalid data", resource.name)));
        }
    };
    let mut body = Body { values, explicit: BTreeSet::new() };
    own(&call.caller, &mut body.values, create)?;
    let unknown: Vec<&str> =
        body.values.keys().map(String::as_str).filter(|name| resource.attribute(name).is_none()).collect();
    if !unknown.is_empty() {
        return Err(faults::refused_body(format!("Unrecognized attribute(s) '{}'", unknown.join(", "))));
    }
    let mut explicit: BTreeSet<String> = body.values.keys().cloned().collect();
    if create {
        body.fill(resource)?;
    } else {
        for attribute in resource.all().filter(|attribute| !attribute.put) {
            if body.values.contains_key(attribute.name) {
                let message = format!("Cannot update read-only attribute {}", attribute.name);
                return Err(faults::refused_body(message));
            }
        }
    }
    body.check(resource)?;
    if create {
        explicit.retain(|name| {
            let missing = resource.attribute(name).map(|attribute| attribute.missing);
            match (missing, body.get(name)) {
                (Some(Missing::Null), Some(value)) => !value.is_null(),
                (Some(Missing::Text(text)), Some(value)) => value != text,
                (Some(Missing::Boolean(default)), Some(value)) => *value != json!(default),
                (Some(Missing::Number(default)), Some(value)) => *value != json!(default),
                (Some(Missing::Empty), Some(value)) => *value != json!([]),
                _ => true,
            }
        });
    }
    body.explicit = explicit;
    Ok(body)
}

/// Both names of the owner, whichever was given; only some may name another than their own.
fn own(caller: &Caller, values: &mut Map<String, Value>, create: bool) -> Result<(), Fault> {
    match (values.get("project_id").cloned(), values.get("tenant_id").cloned()) {
        (Some(project), Some(tenant)) if project != tenant => {
            return Err(faults::refused_body("'project_id' and 'tenant_id' do not match"));
        }
        (Some(project), None) => {
            values.insert("tenant_id".to_owned(), project);
        }
        (None, Some(tenant)) => {
            values.insert("project_id".to_owned(), tenant);
        }
        _ => {}
    }
    match values.get("project_id") {
        Some(project) if python::str(project) != caller.project && !policy::is_privileged(caller) => {
            Err(faults::refused_body(
                "Specifying 'project_id' other than the authenticated project in request is not allowed for the \
                 current user.",
            ))
        }
        None if create && caller.project.is_empty() => {
            Err(faults::refused_body("Running without keystone AuthN requires that project_id is specified"))
        }
        None if create => {
            values.insert("project_id".to_owned(), json!(caller.project));
            values.insert("tenant_id".to_owned(), json!(caller.project));
            Ok(())
        }
        _ => Ok(()),
    }
}

fn reserve(call: &Call<'_, '_>, resource: &Resource, bodies: &[Body]) -> Result<(), Fault> {
    let mut wanted: BTreeMap<&str, u64> = BTreeMap::new();
    for body in bodies {
        *wanted.entry(body.project()).or_default() += 1;
    }
    for (project, more) in wanted {
        quotas::reserve(call.transaction, &call.site.name, project, resource.name, more)?;
    }
    Ok(())
}

fn allow_create(call: &Call<'_, '_>, resource: &Resource, body: &Body) -> Result<(), Fault> {
    let network = policy::network_of(call, body.text("network_id"))?;
    let owner = if resource.name == "port" || resource.name == "subnet" {
        network.as_ref().map_or("", |network| network.project_id.as_str())
    } else {
        body.project()
    };
    let may = match resource.name {
        "port" => {
            policy::is_privileged(&call.caller)
                || network.as_ref().is_none_or(|network| {
                    network.shared
                        || (policy::is_member(&call.caller) && network.project_id == call.caller.project)
                })
        }
        // A group's rules are allowed by the group's owner, which its handler asks for.
        "security_group_rule" => policy::is_member(&call.caller),
        _ => network.is_none() && body.get("network_id").is_some() || policy::may_change(&call.caller, owner),
    };
    let action = format!("create_{}", resource.name);
    let rules = explicit_rules(resource, body, |attribute| attribute.create_policy);
    policy::enforce(&call.caller, &action, may, &rules, network.as_ref(), body)
}

/// Whether somebody may change a resource of `owner` (on `network`, if it is on one) like this.
pub(in crate::network) fn allow_update(
    call: &Call<'_, '_>,
    resource: &Resource,
    owner: &str,
    network: Option<&crate::network::networks::Network>,
    body: &Body,
) -> Result<(), Fault> {
    let may = policy::may_change(&call.caller, owner)
        || resource.name == "subnet"
            && network.is_some_and(|one| policy::may_change(&call.caller, &one.project_id));
    let action = format!("update_{}", resource.name);
    let rules = explicit_rules(resource, body, |attribute| attribute.update_policy);
    policy::enforce(&call.caller, &action, may, &rules, network, body)
}

fn explicit_rules(
    resource: &Resource,
    body: &Body,
    policy: impl Fn(&super::Attribute) -> Policy,
) -> Vec<(&'static str, Policy)> {
    resource
        .all()
        .filter(|attribute| body.explicit.contains(attribute.name))
        .map(|attribute| (attribute.name, policy(attribute)))
        .filter(|(_, policy)| *policy != Policy::None)
        .collect()
}
