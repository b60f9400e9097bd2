//! Who has which role where: `keystone/api/role_assignments.py` and the grants in `projects.py`, `domains.py`, `system.py`.

use super::domains::Domain;
use super::projects::Project;
use super::roles::{self, Role};
use super::users::{self, User};
use super::{application_credentials, wire};
use crate::cloud::{Call, Fault, Reply, Route};
use crate::world::{Record, Transaction, WorldError};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A user's role at a target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// Names it: target, user and role.
    pub id: String,
    /// Where: `projects/<id>`, `domains/<id>`, or `system`.
    pub target: String,
    /// Id of the user.
    pub user: String,
    /// Id of the role.
    pub role: String,
}

impl Record for Assignment {
    const KIND: &'static str = "identity.assignment";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![
            ("target", self.target.clone()),
            ("user", self.user.clone()),
            ("role", self.role.clone()),
            ("user-target", format!("{}/{}", self.user, self.target)),
        ]
    }
}

/// The target of a token for the whole system.
pub(super) const SYSTEM: &str = "system";

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v3/role_assignments", list),
    Route::new(Method::GET, "/v3/projects/{project_id}/users/{user_id}/roles", list_granted),
    Route::new(Method::PUT, "/v3/projects/{project_id}/users/{user_id}/roles/{role_id}", grant_role),
    Route::new(Method::GET, "/v3/projects/{project_id}/users/{user_id}/roles/{role_id}", check),
    Route::new(Method::DELETE, "/v3/projects/{project_id}/users/{user_id}/roles/{role_id}", revoke),
    Route::new(Method::GET, "/v3/domains/{domain_id}/users/{user_id}/roles", list_granted),
    Route::new(Method::PUT, "/v3/domains/{domain_id}/users/{user_id}/roles/{role_id}", grant_role),
    Route::new(Method::GET, "/v3/domains/{domain_id}/users/{user_id}/roles/{role_id}", check),
    Route::new(Method::DELETE, "/v3/domains/{domain_id}/users/{user_id}/roles/{role_id}", revoke),
    Route::new(Method::GET, "/v3/system/users/{user_id}/roles", list_granted),
    Route::new(Method::PUT, "/v3/system/users/{user_id}/roles/{role_id}", grant_role),
    Route::new(Method::GET, "/v3/system/users/{user_id}/roles/{role_id}", check),
    Route::new(Method::DELETE, "/v3/system/users/{user_id}/roles/{role_id}", revoke),
];

/// Gives a user a role on a project. It may be there already.
///
/// # Errors
/// The world cannot be changed.
pub fn grant(
    transaction: &mut Transaction<'_>,
    site: &str,
    user: &str,
    role: &str,
    project: &str,
) -> Result<(), WorldError> {
    put(transaction, site, &format!("projects/{project}"), user, role)
}

pub(super) fn put(
    transaction: &mut Transaction<'_>,
    site: &str,
    target: &str,
    user: &str,
    role: &str,
) -> Result<(), WorldError> {
    let assignment = Assignment {
        id: format!("{target}/users/{user}/roles/{role}"),
        target: target.to_owned(),
        user: user.to_owned(),
        role: role.to_owned(),
    };
    transaction.put(site, &assignment)
}

/// Removes all with a key of a value.
pub(super) fn remove_all(
    transaction: &mut Transaction<'_>,
    site: &str,
    key: &str,
    value: &str,
) -> Result<(), WorldError> {
    for assignment in transaction.find::<Assignment>(site, key, value)? {
        transaction.remove::<Assignment>(site, &assignment.id)?;
    }
    Ok(())
}

/// The roles that a user has at a target, with those that they imply.
pub(super) fn effective(
    transaction: &Transaction<'_>,
    site: &str,
    user: &str,
    target: &str,
) -> Result<Vec<Role>, WorldError> {
    let assigned: Vec<Assignment> = transaction.find(site, "user-target", &format!("{user}/{target}"))?;
    roles::with_implied(transaction, site, assigned.into_iter().map(|assignment| assignment.role))
}

/// The projects on which a user has a role.
pub(super) fn projects_of(
    transaction: &Transaction<'_>,
    site: &str,
    user: &str,
) -> Result<Vec<Project>, WorldError> {
    of_kind(transaction, site, user, "projects/")
}

/// The domains on which a user has a role.
pub(super) fn domains_of(
    transaction: &Transaction<'_>,
    site: &str,
    user: &str,
) -> Result<Vec<Domain>, WorldError> {
    of_kind(transaction, site, user, "domains/")
}

fn of_kind<R: Record>(
    transaction: &Transaction<'_>,
    site: &str,
    user: &str,
    kind: &str,
) -> Result<Vec<R>, WorldError> {
    let assigned: Vec<Assignment> = transaction.find(site, "user", user)?;
    let mut ids: Vec<&str> =
        assigned.iter().filter_map(|assignment| assignment.target.strip_prefix(kind)).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut found = Vec::new();
    for id in ids {
        found.extend(transaction.get(site, id)?);
    }
    Ok(found)
}

fn target(call: &Call<'_, '_>) -> Result<String, Fault> {
    let site = call.site.name.as_str();
    let (project, domain) = (call.parameter("project_id"), call.parameter("domain_id"));
    if !project.is_empty() {
        let found = call.transaction.get::<Project>(site, project)?;
        return found
            .map(|project| format!("projects/{}", project.id))
            .ok_or_else(|| wire::not_found("project", project));
    }
    if !domain.is_empty() {
        let found = call.transaction.get::<Domain>(site, domain)?;
        return found
            .map(|domain| format!("domains/{}", domain.id))
            .ok_or_else(|| wire::not_found("domain", domain));
    }
    Ok(SYSTEM.to_owned())
}

fn name(call: &Call<'_, '_>, what: &str) -> String {
    if call.path.starts_with("/v3/system") {
        format!("{what}_system_grant_for_user")
    } else {
        format!("{what}_grant")
    }
}

fn list_granted(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow(&name(call, "list"), wire::reads_all(call))?;
    let (target, user) = (target(call)?, users::existing(call)?);
    let assigned: Vec<Assignment> =
        call.transaction.find(&call.site.name, "user-target", &format!("{}/{target}", user.id))?;
    let mut found = Vec::new();
    for assignment in assigned {
        let role = roles::of_id(call, &assignment.role)?;
        let options = if role.immutable { json!({"immutable": true}) } else { json!({}) };
        found.push(json!({
            "id": role.id, "name": role.name, "domain_id": null, "description": role.description, "options": options,
        }));
    }
    Ok(wire::collection(call, "roles", "roles", found))
}

fn grant_role(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow(&name(call, "create"), call.caller.is_admin())?;
    let role = roles::of_id(call, call.parameter("role_id"))?;
    let (user, target) = (users::existing(call)?, target(call)?);
    put(call.transaction, &call.site.name, &target, &user.id, &role.id)?;
    Ok(wire::done())
}

fn assignment(call: &Call<'_, '_>) -> Result<Assignment, Fault> {
    let role = roles::of_id(call, call.parameter("role_id"))?;
    let (user, target) = (call.parameter("user_id"), target(call)?);
    let id = format!("{target}/users/{user}/roles/{}", role.id);
    call.transaction.get(&call.site.name, &id)?.ok_or_else(|| {
        // keystone/exception.py: RoleAssignmentNotFound
        let at = target.rsplit('/').next().unwrap_or_default();
        Fault::not_found(format!(
            "Could not find role assignment with role: {}, user or group: {user}, project, domain, or system: {at}.",
            role.id
        ))
    })
}

fn check(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow(&name(call, "check"), wire::reads_all(call))?;
    assignment(call)?;
    Ok(wire::done())
}

fn revoke(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow(&name(call, "revoke"), call.caller.is_admin())?;
    let found = assignment(call)?;
    let site = call.site.name.as_str();
    call.transaction.remove::<Assignment>(site, &found.id)?;
    if let Some(project) = found.target.strip_prefix("projects/") {
        application_credentials::remove_of(call.transaction, site, &found.user, project)?;
    }
    Ok(wire::done())
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("list_role_assignments", wire::reads_all(call))?;
    let names = wire::is_set(call, "include_names");
    let query = |name: &str| call.query.get(name).filter(|value| !value.is_empty());
    let site = call.site.name.as_str();
    let mut found: Vec<Assignment> = match query("user.id") {
        Some(user) => call.transaction.find(site, "user", user)?,
        None => call.transaction.list(site)?,
    };
    let wanted = query("scope.project.id").map(|id| format!("projects/{id}"));
    let wanted = wanted.or_else(|| query("scope.domain.id").map(|id| format!("domains/{id}")));
    let wanted = wanted.or_else(|| query("scope.system").map(|_| SYSTEM.to_owned()));
    found.retain(|assignment| wanted.as_ref().is_none_or(|wanted| *wanted == assignment.target));
    if query("group.id").is_some() || call.query.get("scope.OS-INHERIT:inherited_to").is_some() {
        found.clear();
    }
    found.sort_by(|left, right| left.id.cmp(&right.id));
    let effective = wire::is_set(call, "effective");
    let mut shown = Vec::new();
    for assignment in found {
        let implied = if effective {
            roles::with_implied(call.transaction, site, [assignment.role.clone()])?
        } else {
            vec![roles::of_id(call, &assignment.role)?]
        };
        for role in implied {
            if query("role.id").is_none_or(|wanted| wanted == role.id) {
                shown.push(view(call, &assignment, &role, names)?);
            }
        }
    }
    let here = wire::url(call.site, "role_assignments");
    let here = if call.raw_query.is_empty() { here } else { format!("{here}?{}", call.raw_query) };
    Ok(Reply::ok(json!({"role_assignments": shown, "links": wire::links(&here, None)})))
}

fn view(call: &Call<'_, '_>, assignment: &Assignment, role: &Role, names: bool) -> Result<Value, Fault> {
    let site = call.site.name.as_str();
    let domain_of = |id: &str| -> Result<Value, Fault> {
        let domain = call.transaction.get::<Domain>(site, id)?;
        Ok(json!({"id": id, "name": domain.map(|domain| domain.name)}))
    };
    let mut user = json!({"id": assignment.user});
    let mut shown_role = json!({"id": role.id});
    if names {
        if let Some(found) = call.transaction.get::<User>(site, &assignment.user)? {
            user = json!({"id": found.id, "name": found.name, "domain": domain_of(&found.domain)?});
        }
        shown_role = json!({"id": role.id, "name": role.name});
    }
    let scope = match assignment.target.split_once('/') {
        Some(("projects", id)) => match call.transaction.get::<Project>(site, id)? {
            Some(found) if names => {
                json!({"project": {"id": id, "name": found.name, "domain": domain_of(&found.domain)?}})
            }
            _ => json!({"project": {"id": id}}),
        },
        Some((_, id)) if names => json!({"domain": domain_of(id)?}),
        Some((_, id)) => json!({"domain": {"id": id}}),
        None => json!({"system": {"all": true}}),
    };
    let mut links = json!({"assignment": wire::url(call.site, &assignment.id)});
    if role.id != assignment.role
        && let Some(links) = links.as_object_mut()
    {
        links.insert(
            "prior_role".to_owned(),
            json!(wire::url(call.site, &format!("prior_roles/{}/implies/{}", assignment.role, role.id))),
        );
    }
    Ok(json!({"links": links, "scope": scope, "user": user, "role": shown_role}))
}
