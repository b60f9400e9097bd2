//! `keystone/api/roles.py`, `keystone/api/role_inferences.py`.

use super::{assignments, wire};
use crate::cloud::schema::{Field, Object, Shape};
use crate::cloud::{Call, Fault, Reply, Route};
use crate::world::{Record, Transaction, WorldError};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A role.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Role {
    /// Its id.
    pub id: String,
    /// Its name, unique at the site.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whether it came with the bootstrap and stays as it is.
    pub immutable: bool,
    /// Ids of the roles that whoever has it has, too.
    pub implies: Vec<String>,
    /// What else was said of it.
    pub extra: Map<String, Value>,
}

impl Record for Role {
    const KIND: &'static str = "identity.role";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![("name", self.name.to_lowercase())]
    }
}

impl Role {
    pub(super) fn view(&self) -> Value {
        let options = if self.immutable { json!({"immutable": true}) } else { json!({}) };
        let known = json!({
            "id": self.id, "name": self.name, "domain_id": null, "description": self.description, "options": options,
        });
        wire::with_extra(known, &self.extra)
    }

    fn change(&mut self, fields: &Map<String, Value>) {
        for (field, value) in fields {
            match field.as_str() {
                "name" => value.as_str().unwrap_or_default().clone_into(&mut self.name),
                "description" => self.description = value.as_str().map(str::to_owned),
                "options" => self.immutable = value.get("immutable") == Some(&Value::Bool(true)),
                "id" | "links" | "domain_id" => {}
                other => {
                    self.extra.insert(other.to_owned(), value.clone());
                }
            }
        }
    }

    fn brief(&self, call: &Call<'_, '_>) -> Value {
        wire::linked(call.site, "roles", json!({"id": self.id, "name": self.name}))
    }
}

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v3/roles", list),
    Route::new(Method::POST, "/v3/roles", create),
    Route::new(Method::GET, "/v3/roles/{role_id}", show),
    Route::new(Method::PATCH, "/v3/roles/{role_id}", update),
    Route::new(Method::DELETE, "/v3/roles/{role_id}", delete),
    Route::new(Method::GET, "/v3/roles/{role_id}/implies", list_implied),
    Route::new(Method::PUT, "/v3/roles/{role_id}/implies/{implied_id}", imply),
    Route::new(Method::DELETE, "/v3/roles/{role_id}/implies/{implied_id}", stop_implying),
    Route::new(Method::GET, "/v3/role_inferences", list_inferences),
];

// keystone/assignment/schema.py: role_create_request_body, role_update_request_body
static CREATE: Object = Object::closed(&[Field::required("role", Shape::Object(&NEW))]);
static NEW: Object = Object::open(&[
    Field::required("name", Shape::NAME),
    Field::optional("description", Shape::TEXT_OR_NULL),
    Field::optional("domain_id", Shape::TEXT_OR_NULL),
]);
static UPDATE: Object = Object::closed(&[Field::required("role", Shape::Object(&CHANGED))]);
static CHANGED: Object = Object::open(&[
    Field::optional("name", Shape::NAME),
    Field::optional("description", Shape::TEXT_OR_NULL),
]);

/// Finds a role by its name.
///
/// # Errors
/// The world cannot be read.
pub fn by_name(transaction: &Transaction<'_>, site: &str, name: &str) -> Result<Option<Role>, WorldError> {
    Ok(transaction.find(site, "name", &name.to_lowercase())?.into_iter().next())
}

/// Makes a role, or finds the one that has the name.
///
/// # Errors
/// The world cannot be changed.
pub fn ensure(transaction: &mut Transaction<'_>, site: &str, name: &str) -> Result<Role, Fault> {
    if let Some(role) = by_name(transaction, site, name)? {
        return Ok(role);
    }
    let role = Role {
        id: wire::new_id(transaction)?,
        name: name.to_owned(),
        description: None,
        immutable: false,
        implies: Vec::new(),
        extra: Map::new(),
    };
    transaction.put(site, &role)?;
    Ok(role)
}

/// Roles with all those that they imply, each once.
pub(super) fn with_implied(
    transaction: &Transaction<'_>,
    site: &str,
    ids: impl IntoIterator<Item = String>,
) -> Result<Vec<Role>, WorldError> {
    let mut found: Vec<Role> = Vec::new();
    let mut open: Vec<String> = ids.into_iter().collect();
    while let Some(id) = open.pop() {
        if found.iter().any(|role| role.id == id) {
            continue;
        }
        if let Some(role) = transaction.get::<Role>(site, &id)? {
            open.extend(role.implies.iter().cloned());
            found.push(role);
        }
    }
    Ok(found)
}

pub(super) fn of_id(call: &Call<'_, '_>, id: &str) -> Result<Role, Fault> {
    call.transaction.get(&call.site.name, id)?.ok_or_else(|| wire::not_found("role", id))
}

fn refuse_duplicate(call: &Call<'_, '_>, role: &Role) -> Result<(), Fault> {
    match by_name(call.transaction, &call.site.name, &role.name)? {
        Some(other) if other.id != role.id => {
            let details = format!("Duplicate entry found with name {}", role.name);
            Err(wire::conflict("role", &details))
        }
        _ => Ok(()),
    }
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("list_roles", wire::reads_all(call))?;
    // Roles of a domain, of which there are none here, are listed for that domain only.
    let roles: Vec<Role> = match call.query.get("domain_id") {
        Some(_) => Vec::new(),
        None => call.transaction.list(&call.site.name)?,
    };
    Ok(wire::collection(call, "roles", "roles", roles.iter().map(Role::view).collect()))
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("get_role", wire::reads_all(call))?;
    let role = of_id(call, call.parameter("role_id"))?;
    Ok(Reply::ok(wire::member(call, "role", "roles", role.view())))
}

fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("create_role", call.caller.is_admin())?;
    let fields = wire::body(call, "role", &CREATE)?.clone();
    let mut role = Role {
        id: wire::new_id(call.transaction)?,
        name: String::new(),
        description: None,
        immutable: false,
        implies: Vec::new(),
        extra: Map::new(),
    };
    role.change(&fields);
    refuse_duplicate(call, &role)?;
    call.transaction.put(&call.site.name, &role)?;
    Ok(Reply::created(wire::member(call, "role", "roles", role.view())))
}

// keystone/exception.py: ResourceUpdateForbidden, ResourceDeleteForbidden
fn refuse_immutable(role: &Role, what: &str) -> Result<(), Fault> {
    if !role.immutable {
        return Ok(());
    }
    Err(Fault::forbidden(format!(
        "Unable to {what} immutable role resource: `{}. Set resource option 'immutable' to false first.",
        role.id
    )))
}

fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("update_role", call.caller.is_admin())?;
    let fields = wire::body(call, "role", &UPDATE)?.clone();
    let mut role = of_id(call, call.parameter("role_id"))?;
    if !fields.contains_key("options") {
        refuse_immutable(&role, "update")?;
    }
    role.change(&fields);
    refuse_duplicate(call, &role)?;
    call.transaction.put(&call.site.name, &role)?;
    Ok(Reply::ok(wire::member(call, "role", "roles", role.view())))
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("delete_role", call.caller.is_admin())?;
    let role = of_id(call, call.parameter("role_id"))?;
    refuse_immutable(&role, "delete")?;
    assignments::remove_all(call.transaction, &call.site.name, "role", &role.id)?;
    call.transaction.remove::<Role>(&call.site.name, &role.id)?;
    Ok(wire::done())
}

fn inference(call: &Call<'_, '_>, role: &Role) -> Result<Value, Fault> {
    let mut implied = Vec::new();
    for id in &role.implies {
        implied.push(of_id(call, id)?.brief(call));
    }
    Ok(json!({"prior_role": role.brief(call), "implies": implied}))
}

fn list_implied(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("list_implied_roles", wire::reads_all(call))?;
    let role = of_id(call, call.parameter("role_id"))?;
    let link = wire::url(call.site, &format!("roles/{}/implies", role.id));
    Ok(Reply::ok(json!({"role_inference": inference(call, &role)?, "links": {"self": link}})))
}

fn imply(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("create_implied_role", call.caller.is_admin())?;
    let mut role = of_id(call, call.parameter("role_id"))?;
    let implied = of_id(call, call.parameter("implied_id"))?;
    if !role.implies.contains(&implied.id) {
        role.implies.push(implied.id.clone());
    }
    call.transaction.put(&call.site.name, &role)?;
    let link = wire::url(call.site, &format!("roles/{}/implies/{}", role.id, implied.id));
    let body = json!({"prior_role": role.brief(call), "implies": implied.brief(call)});
    Ok(Reply::created(json!({"role_inference": body, "links": {"self": link}})))
}

fn stop_implying(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("delete_implied_role", call.caller.is_admin())?;
    let mut role = of_id(call, call.parameter("role_id"))?;
    let implied = call.parameter("implied_id").to_owned();
    if !role.implies.contains(&implied) {
        return Err(Fault::not_found(format!("{} does not imply {implied}.", role.id)));
    }
    role.implies.retain(|id| *id != implied);
    call.transaction.put(&call.site.name, &role)?;
    Ok(wire::done())
}

fn list_inferences(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("list_role_inference_rules", wire::reads_all(call))?;
    let roles: Vec<Role> = call.transaction.list(&call.site.name)?;
    let mut inferences = Vec::new();
    for role in roles.iter().filter(|role| !role.implies.is_empty()) {
        inferences.push(inference(call, role)?);
    }
    Ok(Reply::ok(json!({"role_inferences": inferences})))
}
