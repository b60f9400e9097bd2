//! `keystone/api/users.py`.

use super::domains::{self, Domain};
use super::projects::Project;
use super::{application_credentials, assignments, passwords, tokens, wire};
use crate::cloud::schema::{Field, Object, Shape};
use crate::cloud::{Call, Fault, Reply, Route};
use crate::world::{Record, Transaction, WorldError};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// Their id.
    pub id: String,
    /// Their name, unique in the domain.
    pub name: String,
    /// Id of their domain.
    pub domain: String,
    /// Whether they can sign in.
    pub enabled: bool,
    /// Id of the project that they sign in to without naming one.
    pub default_project: Option<String>,
    /// What is kept of the password; they cannot sign in by one if there is none.
    pub password: Option<String>,
    /// What else was said of them: `description`, `email`.
    pub extra: Map<String, Value>,
}

impl Record for User {
    const KIND: &'static str = "identity.user";

    fn id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![("domain", self.domain.clone()), ("name", key(&self.domain, &self.name))]
    }
}

fn key(domain: &str, name: &str) -> String {
    format!("{domain}/{}", name.to_lowercase())
}

impl User {
    fn view(&self) -> Value {
        let mut known = json!({
            "id": self.id, "name": self.name, "domain_id": self.domain, "enabled": self.enabled,
            "password_expires_at": null, "options": {},
        });
        if let (Some(project), Some(fields)) = (&self.default_project, known.as_object_mut()) {
            fields.insert("default_project_id".to_owned(), json!(project));
        }
        wire::with_extra(known, &self.extra)
    }

    fn change(&mut self, fields: &Map<String, Value>) {
        for (field, value) in fields {
            match field.as_str() {
                "name" => value.as_str().unwrap_or_default().clone_into(&mut self.name),
                "enabled" => self.enabled = value.as_bool().unwrap_or(true),
                "default_project_id" => self.default_project = value.as_str().map(str::to_owned),
                "id" | "links" | "options" | "domain_id" | "password" | "password_expires_at" => {}
                other => {
                    self.extra.insert(other.to_owned(), value.clone());
                }
            }
        }
    }
}

pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/v3/users", list),
    Route::new(Method::POST, "/v3/users", create),
    Route::new(Method::GET, "/v3/users/{user_id}", show),
    Route::new(Method::PATCH, "/v3/users/{user_id}", update),
    Route::new(Method::DELETE, "/v3/users/{user_id}", delete),
    Route::open(Method::POST, "/v3/users/{user_id}/password", change_password),
    Route::new(Method::GET, "/v3/users/{user_id}/projects", list_projects),
    Route::new(Method::GET, "/v3/users/{user_id}/groups", list_groups),
    Route::new(Method::GET, "/v3/groups", list_groups),
];

// keystone/identity/schema.py: user_create, user_update, password_change
static CREATE: Object = Object::closed(&[Field::required("user", Shape::Object(&NEW))]);
static NEW: Object = Object::open(&[
    Field::required("name", Shape::NAME),
    Field::optional("password", Shape::TEXT_OR_NULL),
    Field::optional("domain_id", Shape::TEXT),
    Field::optional("default_project_id", Shape::TEXT_OR_NULL),
    Field::optional("description", Shape::TEXT_OR_NULL),
    Field::optional("enabled", Shape::Boolean),
]);
static UPDATE: Object = Object::closed(&[Field::required("user", Shape::Object(&CHANGED))]);
static CHANGED: Object = Object::open(&[
    Field::optional("name", Shape::NAME),
    Field::optional("password", Shape::TEXT_OR_NULL),
    Field::optional("default_project_id", Shape::TEXT_OR_NULL),
    Field::optional("description", Shape::TEXT_OR_NULL),
    Field::optional("enabled", Shape::Boolean),
]);
static PASSWORD: Object = Object::open(&[Field::required("user", Shape::Object(&PASSWORDS))]);
static PASSWORDS: Object = Object::open(&[
    Field::required("original_password", Shape::TEXT),
    Field::required("password", Shape::TEXT),
]);

/// Makes a user who can sign in by a password.
///
/// # Errors
/// The domain has one of that name.
pub fn create_user(
    transaction: &mut Transaction<'_>,
    site: &str,
    domain: &str,
    name: &str,
    password: &str,
) -> Result<User, Fault> {
    let user = User {
        id: wire::new_id(transaction)?,
        name: name.to_owned(),
        domain: domain.to_owned(),
        enabled: true,
        default_project: None,
        password: Some(passwords::keep(transaction, password)?),
        extra: Map::new(),
    };
    put(transaction, site, &user)?;
    Ok(user)
}

fn put(transaction: &mut Transaction<'_>, site: &str, user: &User) -> Result<(), Fault> {
    match by_name(transaction, site, &user.domain, &user.name)? {
        Some(other) if other.id != user.id => {
            let details =
                format!("Duplicate entry found with name {} at domain ID {}", user.name, user.domain);
            Err(wire::conflict("user", &details))
        }
        _ => Ok(transaction.put(site, user)?),
    }
}

/// Finds a user by name in a domain.
///
/// # Errors
/// The world cannot be read.
pub fn by_name(
    transaction: &Transaction<'_>,
    site: &str,
    domain: &str,
    name: &str,
) -> Result<Option<User>, WorldError> {
    Ok(transaction.find(site, "name", &key(domain, name))?.into_iter().next())
}

/// Removes a user with what hangs on them in Keystone.
pub(super) fn remove(transaction: &mut Transaction<'_>, site: &str, user: &User) -> Result<(), WorldError> {
    assignments::remove_all(transaction, site, "user", &user.id)?;
    application_credentials::remove_all(transaction, site, "user", &user.id)?;
    tokens::revoke_all(transaction, site, &user.id)?;
    transaction.remove::<User>(site, &user.id)?;
    Ok(())
}

pub(super) fn existing(call: &Call<'_, '_>) -> Result<User, Fault> {
    let id = call.parameter("user_id");
    call.transaction.get(&call.site.name, id)?.ok_or_else(|| wire::not_found("user", id))
}

pub(super) fn is_caller(call: &Call<'_, '_>) -> bool {
    call.caller.user == call.parameter("user_id")
}

fn list(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("list_users", wire::reads_all(call))?;
    let users: Vec<User> = call.transaction.list(&call.site.name)?;
    Ok(wire::collection(call, "users", "users", users.iter().map(User::view).collect()))
}

fn show(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("get_user", wire::reads_all(call) || is_caller(call))?;
    let user = existing(call)?;
    Ok(Reply::ok(wire::member(call, "user", "users", user.view())))
}

fn create(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("create_user", call.caller.is_admin())?;
    let fields = wire::body(call, "user", &CREATE)?.clone();
    let site = call.site.name.as_str();
    let domain = wire::text(&fields, "domain_id").unwrap_or_else(|| {
        let own = [&call.caller.domain, &call.caller.project_domain].into_iter().find(|own| !own.is_empty());
        own.cloned().unwrap_or_else(|| domains::DEFAULT.to_owned())
    });
    if call.transaction.get::<Domain>(site, &domain)?.is_none() {
        return Err(wire::not_found("domain", &domain));
    }
    let password = match wire::text(&fields, "password") {
        Some(password) => Some(passwords::keep(call.transaction, &password)?),
        None => None,
    };
    let id = wire::new_id(call.transaction)?;
    let mut user = User {
        id,
        name: String::new(),
        domain,
        enabled: true,
        default_project: None,
        password,
        extra: Map::new(),
    };
    user.change(&fields);
    put(call.transaction, site, &user)?;
    Ok(Reply::created(wire::member(call, "user", "users", user.view())))
}

fn update(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("update_user", call.caller.is_admin())?;
    let fields = wire::body(call, "user", &UPDATE)?.clone();
    let mut user = existing(call)?;
    let site = call.site.name.as_str();
    if wire::text(&fields, "domain_id").is_some_and(|domain| domain != user.domain) {
        return Err(Fault::bad_request("Cannot change Domain ID"));
    }
    user.change(&fields);
    let password = wire::text(&fields, "password");
    if let Some(password) = &password {
        user.password = Some(passwords::keep(call.transaction, password)?);
    }
    // keystone/identity/core.py: update_user revokes when the password changes or the user is disabled.
    if password.is_some() || !user.enabled {
        tokens::revoke_all(call.transaction, site, &user.id)?;
    }
    put(call.transaction, site, &user)?;
    Ok(Reply::ok(wire::member(call, "user", "users", user.view())))
}

fn delete(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("delete_user", call.caller.is_admin())?;
    let user = existing(call)?;
    remove(call.transaction, &call.site.name, &user)?;
    Ok(wire::done())
}

fn change_password(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    let fields = wire::body(call, "user", &PASSWORD)?.clone();
    let site = call.site.name.as_str();
    let id = call.parameter("user_id").to_owned();
    let original = wire::text(&fields, "original_password").unwrap_or_default();
    let user: Option<User> = call.transaction.get(site, &id)?;
    let signs_in = |user: &User| user.password.as_deref().is_some_and(|kept| passwords::is(kept, &original));
    let Some(mut user) = user.filter(signs_in) else { return Err(wire::unauthorized(call.site)) };
    let password = wire::text(&fields, "password").unwrap_or_default();
    user.password = Some(passwords::keep(call.transaction, &password)?);
    tokens::revoke_all(call.transaction, site, &id)?;
    call.transaction.put(site, &user)?;
    Ok(wire::done())
}

fn list_projects(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    wire::allow("list_user_projects", wire::reads_all(call) || is_caller(call))?;
    let user = existing(call)?;
    let projects = assignments::projects_of(call.transaction, &call.site.name, &user.id)?;
    Ok(wire::collection(call, "projects", "projects", projects.iter().map(Project::view).collect()))
}

/// There are no groups here.
#[expect(clippy::unnecessary_wraps, reason = "handlers have one signature")]
fn list_groups(call: &mut Call<'_, '_>) -> Result<Reply, Fault> {
    Ok(wire::collection(call, "groups", "groups", Vec::new()))
}
