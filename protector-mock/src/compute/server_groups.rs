//! Server groups. Source: nova/api/openstack/compute/server_groups.py, schemas/server_groups.py.

#[cfg(test)]
mod tests;

use super::schema::{check_body, integer, text, types};
use super::servers::Server;
use super::{paging, quotas};
use crate::cloud::{Call, Fault, Reply, Route};
use crate::world::Record;
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Servers that are to be together, or apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ServerGroup {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) policy: String,
    pub(super) most_per_host: Option<i64>,
    pub(super) project: String,
    pub(super) user: String,
}

impl Record for ServerGroup {
    const KIND: &'static str = "compute.server-group";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![("project", self.project.clone())]
    }
}

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v2.1/os-server-groups", list),
    Route::new(Method::POST, "/v2.1/os-server-groups", create),
    Route::new(Method::GET, "/v2.1/os-server-groups/{group}", show),
    Route::new(Method::DELETE, "/v2.1/os-server-groups/{group}", delete),
];

fn view(call: &Call<'_, '_>, group: &ServerGroup) -> Result<Value, Fault> {
    let members: Vec<Server> = call.transaction.find(&call.site.name, "group", &group.id)?;
    let members: Vec<String> = members.into_iter().map(|server| server.id).collect();
    let mut view = json!({"id": group.id, "name": group.name, "members": members});
    if let Some(view) = view.as_object_mut() {
        if call.since(2, 64) {
            view.insert("policy".to_owned(), json!(group.policy));
            let rules =
                group.most_per_host.map_or_else(|| json!({}), |most| json!({"max_server_per_host": most}));
            view.insert("rules".to_owned(), rules);
        } else {
            view.insert("policies".to_owned(), json!([group.policy]));
            view.insert("metadata".to_owned(), json!({}));
        }
        if call.since(2, 13) {
            view.insert("project_id".to_owned(), json!(group.project));
            view.insert("user_id".to_owned(), json!(group.user));
        }
    }
    Ok(view)
}

fn found(call: &Call<'_, '_>) -> Result<ServerGroup, Fault> {
    let id = call.parameter("group");
    let group: Option<ServerGroup> = call.transaction.get(&call.site.name, id)?;
    group
        .filter(|group| call.caller.is_admin() || group.project == call.caller.project)
        .ok_or_else(|| Fault::not_found(format!("Instance group {id} could not be found.")))
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let everywhere = call.query.get("all_projects").is_some() && call.caller.is_admin();
    let groups = if everywhere {
        call.transaction.list(&call.site.name)?
    } else {
        call.transaction.find(&call.site.name, "project", &call.caller.project)?
    };
    let groups = paging::by_offset(call, groups)?;
    let views = groups.iter().map(|group| view(call, group)).collect::<Result<Vec<_>, _>>()?;
    Ok(Reply::ok(json!({"server_groups": views})))
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let group = found(call)?;
    Ok(Reply::ok(json!({"server_group": view(call, &group)?})))
}

fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let policies = if call.since(2, 15) {
        json!(["anti-affinity", "affinity", "soft-anti-affinity", "soft-affinity"])
    } else {
        json!(["anti-affinity", "affinity"])
    };
    let schema = if call.since(2, 64) {
        let rules = types::object(json!({"max_server_per_host": types::positive()}), &[]);
        let policy = json!({"type": "string", "enum": policies});
        types::object(json!({"name": types::name(), "policy": policy, "rules": rules}), &["name", "policy"])
    } else {
        let policies = json!({"type": "array", "items": {"type": "string", "enum": policies},
            "minItems": 1, "maxItems": 1});
        types::object(json!({"name": types::name(), "policies": policies}), &["name", "policies"])
    };
    check_body(call, &types::body("server_group", schema))?;
    let given = call.body.get("server_group").cloned().unwrap_or_default();
    let scope = call.scope();
    let project = call.caller.project.clone();
    let held = call.transaction.count::<ServerGroup>(&scope, Some(("project", &project)))?;
    let most = quotas::limit(call.transaction, &scope, &project, "server_groups")?;
    if most >= 0 && held >= most.unsigned_abs() {
        return Err(Fault::forbidden("Quota exceeded, too many server groups."));
    }
    let policy = text(given.get("policy")).or_else(|| text(given.pointer("/policies/0"))).unwrap_or_default();
    let most_per_host = integer(given.pointer("/rules/max_server_per_host"));
    if policy != "anti-affinity" && most_per_host.is_some() {
        return Err(Fault::bad_request("Only anti-affinity policy supports rules."));
    }
    let group = ServerGroup {
        id: call.transaction.new_uuid()?.to_string(),
        name: text(given.get("name")).unwrap_or_default(),
        policy,
        most_per_host,
        project,
        user: call.caller.user.clone(),
    };
    call.transaction.put(&scope, &group)?;
    Ok(Reply::ok(json!({"server_group": view(call, &group)?})))
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let group = found(call)?;
    let scope = call.scope();
    call.transaction.remove::<ServerGroup>(&scope, &group.id)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
