//! Security groups. Every project has a default one, which is made when it is first needed.
// neutron/extensions/securitygroup.py, neutron/db/securitygroups_db.py, 2026.2

use super::attributes::body;
use super::attributes::{Attribute, Check, Missing, Resource};
use super::listing::{self, View};
use super::ports::Port;
use super::security_group_rules::{self, Rule};
use super::standard::Standard;
use super::{faults, policy, quotas, revisions};
use crate::cloud::{Call, Caller, Fault, Reply, Route};
use crate::world::{Record, Transaction, WorldError};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A security group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityGroup {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub project_id: String,
    stateful: bool,
    is_default: bool,
    #[serde(flatten)]
    pub(super) standard: Standard,
}

impl Record for SecurityGroup {
    const KIND: &'static str = "network.security-group";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        let default = self.is_default.then(|| ("default", self.project_id.clone()));
        [("project", self.project_id.clone())].into_iter().chain(default).collect()
    }
}

impl SecurityGroup {
    /// Whether it is the default one of its project.
    pub(super) fn is_default(&self) -> bool {
        self.is_default
    }
}

pub(super) static SECURITY_GROUP: Resource = Resource {
    name: "security_group",
    collection: "security_groups",
    not_found: ("SecurityGroupNotFound", "Security group ", " does not exist"),
    tagged: true,
    attributes: &[
        Attribute::open("name", Check::GroupName, Missing::Text("")).listed(),
        Attribute::open("stateful", Check::Boolean, Missing::Boolean(true)).filtered(),
        Attribute::shown("security_group_rules"),
        Attribute::shown("shared").filtered().of(Check::Boolean),
    ],
};

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v2.0/security-groups", list),
    Route::new(Method::POST, "/v2.0/security-groups", create),
    Route::new(Method::GET, "/v2.0/security-groups/{security_group}", show),
    Route::new(Method::PUT, "/v2.0/security-groups/{security_group}", update),
    Route::new(Method::DELETE, "/v2.0/security-groups/{security_group}", delete),
];

/// The id of a project's default group, which is made if there is none.
pub(super) fn default_of(
    transaction: &mut Transaction<'_>,
    scope: &str,
    project: &str,
) -> Result<String, Fault> {
    if let Some(group) = transaction.find::<SecurityGroup>(scope, "default", project)?.into_iter().next() {
        return Ok(group.id);
    }
    let group = SecurityGroup {
        id: transaction.new_uuid()?.to_string(),
        name: "default".to_owned(),
        project_id: project.to_owned(),
        stateful: true,
        is_default: true,
        standard: Standard::new(transaction.now(), "Default security group", 1),
    };
    transaction.put(scope, &group)?;
    security_group_rules::begin(transaction, scope, &group.id, project, true)?;
    Ok(group.id)
}

fn all_of(
    transaction: &Transaction<'_>,
    scope: &str,
    caller: &Caller,
) -> Result<Vec<SecurityGroup>, WorldError> {
    let all: Vec<SecurityGroup> = transaction.list(scope)?;
    Ok(all.into_iter().filter(|group| policy::may_see(caller, &group.project_id)).collect())
}

/// A group that the caller sees.
pub(super) fn find(
    transaction: &Transaction<'_>,
    scope: &str,
    caller: &Caller,
    id: &str,
) -> Result<SecurityGroup, Fault> {
    let group = transaction.get::<SecurityGroup>(scope, id)?;
    group.filter(|group| policy::may_see(caller, &group.project_id)).ok_or_else(|| SECURITY_GROUP.missing(id))
}

/// The groups that a port is to have: they have to be there, be the port's project's, and of one kind.
pub(super) fn for_port(
    transaction: &Transaction<'_>,
    scope: &str,
    caller: &Caller,
    project: &str,
    ids: &[String],
) -> Result<Vec<String>, Fault> {
    let mut groups = Vec::new();
    let mut missing: Vec<&str> = Vec::new();
    for id in ids {
        match transaction.get::<SecurityGroup>(scope, id)? {
            Some(group) if policy::is_privileged(caller) || group.project_id == project => groups.push(group),
            _ => missing.push(id),
        }
    }
    if !missing.is_empty() {
        return Err(SECURITY_GROUP.missing(&missing.join(", ")));
    }
    if groups.iter().any(|group| group.stateful) && groups.iter().any(|group| !group.stateful) {
        let message = "Error Cannot apply both stateful and stateless security groups on the same port at the same \
                       time while attempting the operation.";
        return Err(faults::in_use("SecurityGroupConflict", message));
    }
    Ok(groups.into_iter().map(|group| group.id).collect())
}

fn view(transaction: &Transaction<'_>, scope: &str, group: &SecurityGroup) -> Result<View, Fault> {
    let rules: Vec<Rule> = transaction.find(scope, "group", &group.id)?;
    let rules: Vec<Value> =
        rules.iter().map(|rule| Value::Object(security_group_rules::view(rule))).collect();
    let mut view = listing::view(json!({
        "id": group.id, "name": group.name, "tenant_id": group.project_id, "project_id": group.project_id,
        "stateful": group.stateful, "shared": false, "security_group_rules": rules,
    }));
    group.standard.show(&mut view);
    Ok(view)
}

/// Lists make the default group of the project that is asked for, or of the caller's.
pub(super) fn ensure_default(call: &mut Call<'_, '_>) -> Result<(), Fault> {
    let asked = call.query.get("project_id").or_else(|| call.query.get("tenant_id"));
    let project = asked.unwrap_or(&call.caller.project).to_owned();
    if !project.is_empty() && policy::may_see(&call.caller, &project) {
        default_of(call.transaction, &call.site.name, &project)?;
    }
    Ok(())
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    ensure_default(call)?;
    let groups = all_of(call.transaction, &call.site.name, &call.caller)?;
    let views = groups.iter().map(|group| view(call.transaction, &call.site.name, group));
    let views = views.collect::<Result<_, Fault>>()?;
    listing::list(call, &SECURITY_GROUP, views)
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let group = find(call.transaction, &call.site.name, &call.caller, call.parameter("security_group"))?;
    let view = view(call.transaction, &call.site.name, &group)?;
    Ok(listing::show(call, &SECURITY_GROUP, view))
}

fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    body::create(call, &SECURITY_GROUP, |call, body| {
        let scope = call.scope();
        default_of(call.transaction, &scope, body.project())?;
        quotas::reserve(call.transaction, &scope, body.project(), "security_group_rule", 2)?;
        let group = SecurityGroup {
            id: call.transaction.new_uuid()?.to_string(),
            name: body.text("name").to_owned(),
            project_id: body.project().to_owned(),
            stateful: body.boolean("stateful").unwrap_or(true),
            is_default: false,
            standard: Standard::new(call.transaction.now(), body.text("description"), 1),
        };
        call.transaction.put(&scope, &group)?;
        security_group_rules::begin(call.transaction, &scope, &group.id, &group.project_id, false)?;
        view(call.transaction, &scope, &group)
    })
}

fn is_used(transaction: &Transaction<'_>, scope: &str, group: &SecurityGroup) -> Result<bool, WorldError> {
    Ok(transaction.count::<Port>(scope, Some(("group", &group.id)))? > 0)
}

fn used(group: &SecurityGroup) -> Fault {
    faults::in_use("SecurityGroupInUse", format!("Security Group {} in use.", group.id))
}

fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let body = body::update(call, &SECURITY_GROUP)?;
    let scope = call.scope();
    let mut group = find(call.transaction, &scope, &call.caller, call.parameter("security_group"))?;
    body::allow_update(call, &SECURITY_GROUP, &group.project_id, None, &body)?;
    revisions::expect(call, group.standard.revision_number)?;
    let stateful = body.boolean("stateful").unwrap_or(group.stateful);
    if stateful != group.stateful && is_used(call.transaction, &scope, &group)? {
        return Err(used(&group));
    }
    if group.name == "default" && body.get("name").is_some() {
        let message = "Updating default security group not allowed.";
        return Err(faults::in_use("SecurityGroupCannotUpdateDefault", message));
    }
    group.stateful = stateful;
    body.change_text("name", &mut group.name);
    body.change_text("description", &mut group.standard.description);
    group.standard.touch(call.transaction.now());
    call.transaction.put(&scope, &group)?;
    let view = view(call.transaction, &scope, &group)?;
    Ok(listing::show(call, &SECURITY_GROUP, view))
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let scope = call.scope();
    let group = find(call.transaction, &scope, &call.caller, call.parameter("security_group"))?;
    policy::require(policy::may_change(&call.caller, &group.project_id), "delete_security_group")?;
    revisions::expect(call, group.standard.revision_number)?;
    if is_used(call.transaction, &scope, &group)? {
        return Err(used(&group));
    }
    if group.name == "default" && !call.caller.is_admin() {
        let message = "Insufficient rights for removing default security group.";
        return Err(faults::in_use("SecurityGroupCannotRemoveDefault", message));
    }
    // The database removes with a group its rules, and those that let its members in elsewhere.
    let own: Vec<Rule> = call.transaction.find(&scope, "group", &group.id)?;
    let pointing: Vec<Rule> = call.transaction.find(&scope, "remote", &group.id)?;
    for rule in own.iter().chain(&pointing) {
        call.transaction.remove::<Rule>(&scope, &rule.id)?;
    }
    call.transaction.remove::<SecurityGroup>(&scope, &group.id)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

/// Notes that a group's rules were changed.
pub(super) fn touch(transaction: &mut Transaction<'_>, scope: &str, id: &str) -> Result<(), WorldError> {
    if let Some(mut group) = transaction.get::<SecurityGroup>(scope, id)? {
        group.standard.touch(transaction.now());
        transaction.put(scope, &group)?;
    }
    Ok(())
}
